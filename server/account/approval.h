/* approval.h - codes whose use waits for an operator's yes.
 *
 * The code is marked when it is made. Its first use takes the name that the
 * device will have, and the device is told to wait: pending. The yes enrols
 * that key under that name; the next hello, or the same enrolment again, tells
 * the device.
 */
#ifndef SERVER_APPROVAL_H
#define SERVER_APPROVAL_H

#include "server/data/data.h"

/* From now on the code's use waits. */
XG_MUST_CHECK enum xg_status approval_require(struct data *d,
                                              const struct xg_hash *code,
                                              struct xg_error *err);

/* POST /v1/enrol: use the code, through registry_use_code() or pending. The
 * same statuses. */
XG_MUST_CHECK enum xg_status approval_use(struct data *d,
                                          struct xg_enrolled *out,
                                          const struct xg_enrol *e,
                                          int64_t now_ms, struct xg_error *err);

/* Yes to the device of that name. XG_NOTFOUND; XG_REFUSED: it does not wait. */
XG_MUST_CHECK enum xg_status approval_give(struct data *d, const char *device,
                                           struct xg_error *err);

#endif
