/* filter.h - `list`, `counts`, `overdue`: what is asked of the board, by the
 * options that they share. Of this room only. */
#ifndef SERVER_CLI_FILTER_H
#define SERVER_CLI_FILTER_H

#include "server/board/board.h"
#include "server/cli/look.h"

/* Take in what was published, then open the look with a snapshot of the board
 * that is no younger than its own. filter_close() also after a failure. */
struct filtered {
    struct cmd *c;
    struct look look;
    struct board_reader *board;
    struct board_filter filter;
    bool is_nothing; /* they may see nothing of what they ask for */
    struct list_sheet *sheet; /* of `list` alone, or NULL */
};
XG_MUST_CHECK enum xg_status filter_open(struct filtered *f, struct cmd *c,
                                         struct xg_error *err);
void filter_close(struct filtered *f);

/* The options that every one of them has, and the KIND of the words. What is
 * unknown is told with what there is. XG_USAGE, XG_NOTFOUND, XG_AMBIGUOUS. */
XG_MUST_CHECK enum xg_status filter_read(struct filtered *f,
                                         struct xg_error *err);

/* In place of the options: all of one kind that who asks may see. */
void filter_kind(struct filtered *f, const struct xg_kind *kind);

/* A unit by code or name; an unknown one is told with those that are near. */
XG_MUST_CHECK enum xg_status filter_unit(const char **code, struct filtered *f,
                                         const char *text,
                                         struct xg_error *err);

#endif
