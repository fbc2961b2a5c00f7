/* events.h - what changed, told to whoever looks (GET /api/events).
 *
 * One thread follows the published log, twice a second, and keeps what changed
 * in the last EVENTS_KEPT rounds: which entities, of which units; and whether
 * the maps did, which everybody is told of, on a line of its own. Each reader
 * is told of what she may see (sight/sight.h), at most once a second. Who falls
 * behind is told to look at all; so is everybody of a round that has more than
 * EVENTS_ENTITIES_MAX, or that could not be read.
 */
#ifndef XG_SERVER_CONSOLE_EVENTS_H
#define XG_SERVER_CONSOLE_EVENTS_H

#include "server/console/sessions.h"

enum {
    EVENTS_KEPT = 16,
    EVENTS_ROUND_MS = 500,
    EVENTS_ENTITIES_MAX = 4096, /* of a round; beyond that: look at all */
    EVENTS_TOLD_MAX = 64,       /* cases and units of a line */
};

struct events;

XG_MUST_CHECK enum xg_status events_start(struct events **out, struct data *d,
                                          struct xg_error *err);
/* The same without a thread: it looks when it is told to. */
XG_MUST_CHECK enum xg_status events_open(struct events **out, struct data *d,
                                         struct xg_error *err);
void events_look(struct events *e);
/* NULL is fine. */
void events_stop(struct events *e);

/* The round that comes next. */
uint64_t events_next(struct events *e);
/* Append lines of all that she may see of the rounds from *next on, which goes
 * on; nothing where there is nothing. */
XG_MUST_CHECK enum xg_status events_tell(struct xg_buf *line, struct events *e,
                                         uint64_t *next, const char *within,
                                         const struct xg_role *role,
                                         struct xg_error *err);

#endif
