/* area.h - which units a command is asked about: --unit and below, and never
 * outside of the unit that the caller works for (struct cmd's `within`). */
#ifndef SERVER_CLI_AREA_H
#define SERVER_CLI_AREA_H

#include "server/cli/look.h"

struct area {
    struct look *look; /* lends registry and guide */
    const char *unit;  /* "" : all */
};

/* XG_NOTFOUND: there is no such unit, or not for the caller. */
XG_MUST_CHECK enum xg_status area_open(struct area *a, struct look *l,
                                       struct xg_error *err);
/* Of the shape that report/walks.h asks for; ctx is the area. */
XG_MUST_CHECK enum xg_status area_has(void *ctx, bool *is, const char *unit,
                                      struct xg_error *err);
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
