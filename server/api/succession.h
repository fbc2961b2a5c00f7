/* succession.h - what a server whose log follows a restored one tells those who
 * still know the log before (shared/core/successor.h, docs/protocol.md). */
#ifndef XG_SERVER_API_SUCCESSION_H
#define XG_SERVER_API_SUCCESSION_H

#include "server/api/answer.h"

/* Append, framed, the successor notes from the log of that origin on to this
 * one; *found false: it is not one of ours, or it is this one, which nobody
 * follows. */
XG_MUST_CHECK enum xg_status
successor_notes(struct xg_buf *out, bool *found, const struct api_view *v,
                struct xg_bytes origin, struct xg_error *err);

/* A hello that names a log before this one: what it states beyond what we have
 * of that log was lost, and is taken out of it, so that it is answered from
 * what both have. What it knows of the registry and we do not is told to the
 * operator: a revocation may be among it. */
XG_MUST_CHECK enum xg_status successor_clamp(struct xg_hello *says,
                                             const struct api_view *v,
                                             const char *device,
                                             struct xg_error *err);

/* Somebody shows a checkpoint that this log is to have signed. If it did, and
 * does not have it, the server is an old copy: durable in DIR/behind, and from
 * now on nothing is written (ledger_set_behind()). *old: it is so, now or
 * since before. XG_AUTH, XG_FORMAT: not signed by this log, or by one before
 * it; nothing is concluded. */
XG_MUST_CHECK enum xg_status successor_shown(bool *old, struct data *d,
                                             struct xg_bytes note,
                                             struct xg_error *err);

#endif
