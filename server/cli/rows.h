/* rows.h - the rows that `report` and `review` compute from, read for a unit
 * and a period: from the board, or as of a size of the log. */
#ifndef SERVER_CLI_ROWS_H
#define SERVER_CLI_ROWS_H

#include "server/cli/area.h"
#include "server/report/read.h"

struct rows {
    struct data *data; /* borrowed */
    struct look *look; /* the same; opened */
    struct area area;
    struct xg_arena arena;
    struct report_limited limited;
    struct xg_guide *guide;
    struct report_source from;
    struct report_set set;
    struct report_units *units;
    struct board_reader *board; /* NULL: as of a size */
    bool by_hands; /* what is or was in the unit's hands counts, too */
    struct report_hands hands;
    bool as_of; /* a size was asked for */
};

/* First of all, before look_open(): the board, unless --as-of is asked, so that
 * the store knows all that it names. rows_close() also after a failure. */
XG_MUST_CHECK enum xg_status rows_board(struct rows *r, struct cmd *c,
                                        struct xg_error *err);
/* Then: how far the log is (or --as-of), and its time then (set.now_ms). */
XG_MUST_CHECK enum xg_status rows_open(struct rows *r, struct look *l,
                                       struct xg_error *err);
/* Then: the rows of a period, as of report_read_board(). */
XG_MUST_CHECK enum xg_status rows_read(struct rows *r,
                                       const struct board_period *period,
                                       struct xg_error *err);
/* Is it a case whose home (`unit`), or hands, are asked for? */
XG_MUST_CHECK enum xg_status rows_has(bool *is, struct rows *r, uint64_t number,
                                      uint64_t kind, const char *unit,
                                      struct xg_error *err);
/* `title` of a case, null where it may tell of persons. */
void rows_set_title(json_t **object, const struct store_entity *e);
void rows_close(struct rows *r);

#endif
