/* rounds.h - a thread that does the same again and again, until it is told to
 * stop: the clerk's passes, the questions to witnesses.
 */
#ifndef XG_SERVER_DATA_ROUNDS_H
#define XG_SERVER_DATA_ROUNDS_H

#include "shared/base/error.h"

struct rounds;

/* One round at once, then one `every_s` seconds after the end of the one
 * before. `name` is of the error; `round` fails to nobody: it logs. */
XG_MUST_CHECK enum xg_status rounds_start(struct rounds **r, const char *name,
                                          unsigned every_s,
                                          void (*round)(void *ctx), void *ctx,
                                          struct xg_error *err);
/* Waits for the round at work. NULL is fine. */
void rounds_stop(struct rounds *r);

#endif
