/* fold.h - from the records of an entity to its state, and its row.
 *
 * fold_load() gives the whole of an entity: state, records, who wrote each and
 * by what right. fold_entity() derives the row of the table `entity` from it;
 * nothing else writes there.
 *
 * An entity whose records or state outgrow STORE_FOLD_BYTES_MAX or
 * STORE_VALUE_MAX is not folded: the records are kept, its row has an empty
 * state and `folded` false, and everything else goes on. It is tried again
 * whenever one of its records comes, so that the row hangs on the records
 * alone.
 *
 * Own records of a device that the registry does not know yet count as a
 * worker's: provisional, until the registrar has signed.
 */
#ifndef AGENT_FOLD_H
#define AGENT_FOLD_H

#include "agent/store/store.h"
#include "shared/core/judge.h"

/* What is known of a record besides what it says; one an op. */
struct fold_fact {
    const struct xg_record *whole; /* as it lies here: with its fields, if they
                                    * are here, also where they were erased */
    int64_t row;       /* ascending in the order of arrival here */
    bool mine;         /* of a chain of this device */
    bool logged;       /* it has a place in the log: `position` */
    uint64_t position, anchor_size;
    struct xg_hash chain, previous;
    uint64_t seq;
    const char *device; /* key name, "" unknown */
    struct xg_judgement judged;
};

struct fold {
    struct xg_state state; /* state.count is 0 where there is no record */
    struct xg_op *ops;
    struct fold_fact *facts;
    struct xg_when *whens; /* one an op; nothing in the row hangs on them */
    struct xg_home home;
};

/* Everything lives in the arena. XG_TOOBIG, which says what to do, for an entity
 * that is not folded here. */
XG_MUST_CHECK enum xg_status fold_load(struct store *s, struct fold *out,
                                       struct xg_arena *arena,
                                       const struct xg_id *id,
                                       struct xg_error *err);

/* How the author of the next record of this device would be judged now: NULL
 * is its owner, else a worker's code (--as). */
XG_MUST_CHECK enum xg_status fold_actor(struct store *s,
                                        struct xg_judgement *out,
                                        const char *author,
                                        struct xg_error *err);

/* The branch that the next record of an own chain is written on. */
XG_MUST_CHECK enum xg_status
fold_branch_at_end(struct store *s, const struct xg_branch **out,
                   struct xg_arena *arena, const struct store_chain *chain,
                   struct xg_error *err);

/* [t] Load and write the row. */
XG_MUST_CHECK enum xg_status fold_entity(struct store *s,
                                         const struct xg_id *id,
                                         struct xg_error *err);

/* [T] Drop everything that is derived and make it again. The states are then
 * byte for byte what they were. *count entities. */
XG_MUST_CHECK enum xg_status fold_rebuild(struct store *s, size_t *count,
                                          struct xg_error *err);

/* SHA-256 over all states, numbers and units, in the order of the ids. */
XG_MUST_CHECK enum xg_status fold_digest(struct store *s, struct xg_hash *out,
                                         struct xg_error *err);

#endif
