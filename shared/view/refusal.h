/* refusal.h - why something was not done, as a program reads it: one line,
 *
 *      {"error": NAME, "exit": N, "text": what it was, in the language set, ...}
 *
 * NAME is that of the status, N what the program exits with, and `more` what is
 * said beside it: what can be done instead, what is missing.
 */
#ifndef XG_VIEW_REFUSAL_H
#define XG_VIEW_REFUSAL_H

#include <jansson.h>

#include "shared/base/buf.h"
#include "shared/base/error.h"

/* Append it, without a new line. `more` is an object or NULL, and borrowed. */
void view_put_refusal(struct xg_buf *out, const struct xg_error *err,
                      json_t *more);

#endif
