/* ingest.h - batches: judge, keep, log, give every record its place, merge.
 *
 *      prepare (any thread, no locks)   signature, lengths, hashes, inflate,
 *                                       tree, every record read
 *      submit  (any thread)             one transaction for all who wait; back
 *                                       when the batch is published in the log
 *
 * A batch that comes twice changes nothing. States (protocol.h):
 *
 *  stored       new, merged
 *  held         known; or nothing new in it
 *  waiting      earlier records are missing: kept, logged; merged when the gap
 *               closes, then with a later `shown`
 *  forked       it holds another record than ours at some place: kept, logged,
 *               both branches merged; a xunge/fork/v1 entry proves it
 *  quarantined  its device was revoked, or has begun too many chains and forks:
 *               kept, logged, not merged; of one revoked, until the registrar
 *               admits it (admit.c)
 *
 * Nothing in a sound batch can make it fail: a malformed record is kept and
 * struck out, an anchor that names no tree of ours is marked and ignored.
 */
#ifndef XG_SERVER_MERGE_INGEST_H
#define XG_SERVER_MERGE_INGEST_H

#include "server/ledger/ledger.h"
#include "server/merge/fold.h"
#include "server/registry/registry.h"
#include "server/store/store.h"

struct ingest;

/* Everything is borrowed. `device` is the server's own. */
XG_MUST_CHECK enum xg_status
ingest_open(struct ingest **in, struct store *store, struct ledger *ledger,
            struct registry *registry, const struct xg_signer *device,
            const struct xg_env *env, struct xg_error *err);
void ingest_close(struct ingest *in);

struct ingest_batch; /* prepared */

struct ingest_result {
    struct xg_hash id;
    char device[XG_KEY_NAME_MAX + 1]; /* that signed it */
    enum xg_batch_state state;
    uint64_t position; /* of its note in the log */
    size_t records;    /* new ones that were merged, here or released */
};

/* Verify and take apart; `data` is borrowed until the batch is freed. XG_AUTH:
 * unknown device, bad signature, a genesis that names another key. XG_FORMAT,
 * XG_TOOBIG. XG_REFUSED: its genesis names another log or registrar. */
XG_MUST_CHECK enum xg_status ingest_prepare(struct ingest_batch **batch,
                                            struct ingest *in,
                                            const uint8_t *data, size_t len,
                                            struct xg_error *err);
void ingest_batch_free(struct ingest_batch *batch);
/* Borrowed. */
const struct xg_hash *ingest_batch_id(const struct ingest_batch *batch);

/* Store, log, merge, publish. XG_REFUSED: the chain is another device's.
 * Retryable statuses: nothing is promised, send it again. */
XG_MUST_CHECK enum xg_status ingest_submit(struct ingest *in,
                                           struct ingest_result *result,
                                           struct ingest_batch *batch,
                                           struct xg_error *err);
/* Both in one. */
XG_MUST_CHECK enum xg_status ingest_put(struct ingest *in,
                                        struct ingest_result *result,
                                        const uint8_t *data, size_t len,
                                        struct xg_error *err);

/* Append a record to the server's own chain, with the operator (a worker's
 * code) as author, signed where the draft has an author_secret; moment and
 * author are set here. *hash is the record's.
 * The caller has filled kind, entity and fields; what must be cited of the
 * entity is found here, and the serial of one that is created is given here.
 *
 * `ask` may be NULL. Else it is asked in the writer's transaction, so that
 * nothing comes between its look and the record: with the entity as it stands
 * (NULL where the draft creates one, or it is not here). It may complete the
 * draft and put values. An answer other than XG_OK is what ingest_record()
 * fails with; nothing is written then. A status other than XG_OK undoes the
 * group, and it is asked again when the caller tries again.
 *
 * `wrote` (may be NULL) is told of the record in the same transaction, once it
 * lies there; what it puts is kept with it, or neither is. */
struct ingest_ask {
    void *ctx;
    enum xg_status (*ask)(void *ctx, struct xg_error *answer,
                          struct store *store, const struct fold *fold,
                          struct xg_draft *draft, struct xg_error *err);
    enum xg_status (*wrote)(void *ctx, struct store *store,
                            const struct xg_hash *hash, struct xg_error *err);
};
XG_MUST_CHECK enum xg_status
ingest_record(struct ingest *in, struct xg_hash *hash, struct xg_draft *draft,
              const char *operator_code, const struct ingest_ask *ask,
              struct xg_error *err);

/* Something new that the record refers to, whoever told of an incident: it is
 * written just before it, in the same batch, and `field` of the record is set
 * to its id, once `ask` (which is not told of it) has agreed. */
struct ingest_before {
    struct xg_draft *draft;
    uint64_t field;
    struct xg_hash hash; /* of its record, afterwards */
};
/* The same; `before` may be NULL. */
XG_MUST_CHECK enum xg_status
ingest_record_after(struct ingest *in, struct xg_hash *hash,
                    struct ingest_before *before, struct xg_draft *draft,
                    const char *operator_code, const struct ingest_ask *ask,
                    struct xg_error *err);

/* What does not fit into one log entry is told at the entries after (scope.h),
 * so the log must come to have them: each batch brings it as far as one
 * checkpoint may, this brings it further. Writes nothing where all is told. */
XG_MUST_CHECK enum xg_status ingest_catch_up(struct ingest *in,
                                             struct xg_error *err);

/* What the server holds of a chain, for a device that states its own tip: the
 * end of the branch on which the stated record lies, else of the longest.
 * *found false when nothing is held. */
XG_MUST_CHECK enum xg_status ingest_tip(struct store *store,
                                        struct xg_chain_tip *held, bool *forked,
                                        bool *found,
                                        const struct xg_chain_tip *stated,
                                        struct xg_error *err);

/* Write a batch again as it came (framed): GET /v1/batches/<id>. */
XG_MUST_CHECK enum xg_status ingest_read_batch(struct xg_buf *out,
                                               struct store *store,
                                               const struct store_batch *b,
                                               struct xg_error *err);

/* Fill the derived tables of `to` from the log and batches of `from` (the same
 * store, or another that has none): in `to`'s transaction, dropping what was
 * there. */
XG_MUST_CHECK enum xg_status ingest_replay(struct ingest *in,
                                           struct store *from, struct store *to,
                                           struct xg_error *err);
/* The same for our own store, as a job. */
XG_MUST_CHECK enum xg_status ingest_rebuild(struct ingest *in,
                                            struct xg_error *err);

#endif
