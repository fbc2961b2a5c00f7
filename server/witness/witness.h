/* witness.h - this server as a witness of other logs (C2SP tlog-witness).
 *
 *      DIR/witness.key     its own key, "<origin>/witness"; made on first use
 *      DIR/witness.db      of each log that it watches: the newest checkpoint
 *                          that it cosigned
 *
 * Who cosigns twice, forgetting in between, may cosign two histories. So a
 * checkpoint is compared with the last one and made durable, in one
 * transaction, before its cosignature leaves; witness.db is not in backups; and
 * a key whose memory is gone is not used any more (XG_REFUSED).
 *
 * Source: C2SP tlog-witness v1.0.0.
 */
#ifndef SERVER_WITNESS_H
#define SERVER_WITNESS_H

#include "shared/base/arena.h"
#include "shared/base/env.h"
#include "shared/core/tlog.h"

struct witness;

/* `origin` of our own log, which is never watched. dir NULL: in memory. Opens
 * no file yet. Every function may be called from any thread. */
XG_MUST_CHECK enum xg_status witness_open(struct witness **w, const char *dir,
                                          const char *origin,
                                          const struct xg_env *env,
                                          struct xg_error *err);
void witness_close(struct witness *w);

/* Its key, which is made where there is none. */
XG_MUST_CHECK enum xg_status
witness_key(struct witness *w, struct xg_verifier *key, struct xg_error *err);

/* From now on cosign what this log's key signed. XG_REFUSED: our own log, or
 * one of that name that is watched by another key. */
XG_MUST_CHECK enum xg_status witness_watch(struct witness *w,
                                           const struct xg_verifier *log,
                                           struct xg_error *err);
/* XG_NOTFOUND. What was cosigned is remembered. */
XG_MUST_CHECK enum xg_status
witness_unwatch(struct witness *w, const char *origin, struct xg_error *err);

struct witness_log {
    char origin[XG_KEY_NAME_MAX + 1];
    struct xg_verifier key;
    bool watched;
    uint64_t size;
    struct xg_hash root;
    struct xg_bytes note; /* in the arena; empty before the first */
};
XG_MUST_CHECK enum xg_status witness_list(struct witness *w,
                                          struct xg_arena *arena,
                                          struct witness_log **logs,
                                          size_t *count, struct xg_error *err);

/* POST add-checkpoint: the HTTP status, and what the answer's body is.
 *      200 signature lines     400 no such body     403 not signed by the log
 *      404 log not watched     409 *size of the last one (text/x.tlog.size)
 *      422 it does not continue the last one, or is no checkpoint
 * `time_s` is stated. Failures (XG_FULL, ...) are ours: nothing is cosigned. */
struct witness_answer {
    int http_status;
    uint64_t size;
    const char *why; /* in English, of a refusal */
};
XG_MUST_CHECK enum xg_status
witness_add_checkpoint(struct witness *w, struct witness_answer *answer,
                       struct xg_buf *lines, struct xg_bytes body,
                       uint64_t time_s, struct xg_error *err);

/* The newest cosigned note of the log whose origin has this SHA-256.
 * XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status witness_checkpoint(struct witness *w,
                                                struct xg_buf *note,
                                                const struct xg_hash *name,
                                                struct xg_error *err);

#endif
