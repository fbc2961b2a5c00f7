/* area.h - which units a command is asked about: --unit and below, and never
 * outside of the unit that the caller works for (struct cmd's `within`). */
#ifndef SERVER_CLI_AREA_H
#define SERVER_CLI_AREA_H

#include "server/board/board.h"
#include "server/cli/look.h"

struct area {
    struct look *look; /* lends registry and guide */
    const char *unit;  /* "" : all */
};

/* Take in what was published; how far it is, is told with the answer. */
XG_MUST_CHECK enum xg_status area_take_in(struct cmd *c, struct xg_error *err);
/* Then a snapshot of it, as far as the log or nearly so; board_end(). Before
 * look_open(): then the store knows all that it names. */
XG_MUST_CHECK enum xg_status area_board(struct board_reader **r, struct cmd *c,
                                        struct xg_error *err);
/* "at" and "behind" of an answer that is one object: then no line follows it. */
void area_set_board(json_t **object, struct cmd *c);

/* XG_NOTFOUND: there is no such unit, or not for the caller. */
XG_MUST_CHECK enum xg_status area_open(struct area *a, struct look *l,
                                       struct xg_error *err);
/* Is the unit asked for? */
XG_MUST_CHECK enum xg_status area_has(struct area *a, bool *is,
                                      const char *unit, struct xg_error *err);
/* Its name, or its code. */
const char *area_unit_name(struct area *a, const char *unit);
/* Her name, "" unknown; lent by the look's arena. */
const char *area_person(struct area *a, const char *code);
/* "2026-10-01" of the arguments, else today by the server's time; where it
 * begins, by China's calendar. XG_USAGE. */
XG_MUST_CHECK enum xg_status area_day(int64_t *begins_ms, const char *text,
                                      const struct look *l,
                                      struct xg_error *err);

#endif
