/* inside.h - what the files of the store share, and fold.c with them. For
 * agent/store*.c and agent/store/fold.c alone. */
#ifndef AGENT_STORE_DB_H
#define AGENT_STORE_DB_H

#include "agent/store/store.h"
#include "shared/core/verdicts.h"
#include "shared/db/db.h"

enum {
    STORE_VALUE_MAX = 64 << 20,
    STORE_FOLD_BYTES_MAX = 256 << 20,
};

struct store {
    struct xg_db *db;
    const struct vault *vault;
    const struct xg_env *env;
    struct xg_registry registry;
    struct store_authors authors;
    char author[XG_CODE_MAX + 1]; /* whose key is open, or "" */
    uint8_t author_secret[XG_SECRET_KEY_SIZE];
    struct xg_verdicts *verdicts; /* of authors' signatures; NULL: none yet */
    struct xg_buf plain;  /* what was opened last; moves */
    struct xg_buf sealed; /* what is bound to a statement */
    struct xg_arena fold; /* of the entity being folded */
    struct xg_id *touched;
    size_t touched_count, touched_room;
};

/* Seal into s->sealed, open into s->plain; both replace what was there. The
 * context is the table's name and the row's key. */
XG_MUST_CHECK enum xg_status store_seal(struct store *s, const char *table,
                                        struct xg_bytes key,
                                        struct xg_bytes plain,
                                        struct xg_error *err);
XG_MUST_CHECK enum xg_status store_unseal(struct store *s, const char *table,
                                          struct xg_bytes key,
                                          struct xg_bytes sealed,
                                          struct xg_error *err);

/* Fold this entity again before the transaction is committed. */
XG_MUST_CHECK enum xg_status store_touch(struct store *s,
                                         const struct xg_id *id,
                                         struct xg_error *err);
/* The same for each row of a statement that gives ids; ends it. */
XG_MUST_CHECK enum xg_status store_touch_rows(struct store *s,
                                              struct xg_stmt *ids,
                                              struct xg_error *err);

/* Where a record is put. */
struct store_place {
    int64_t chain;
    int64_t branch; /* row, 0: the stretch before any fork */
    uint64_t seq;
    struct xg_hash previous;
    uint64_t anchor_size;
    bool logged;
    uint64_t position;
};

/* Add a record that is not here yet, touch its entity and those that missed
 * it. */
XG_MUST_CHECK enum xg_status store_add_record(struct store *s,
                                              const struct store_place *place,
                                              const struct xg_record *r,
                                              struct xg_error *err);

/* The branch that a record which follows `previous` in the chain lies on. */
XG_MUST_CHECK enum xg_status store_branch_after(struct store *s,
                                                int64_t *branch,
                                                int64_t chain,
                                                const struct xg_hash *previous,
                                                struct xg_error *err);

/* The branch of a record that arrives late at a place of a chain whose forks
 * the server has not told of (an own one that was lost and comes back, one of a
 * predecessor): where another record is there already, each side becomes a
 * branch, as the server will say too. */
XG_MUST_CHECK enum xg_status store_place_beside(struct store *s,
                                                struct store_place *place,
                                                const struct xg_update *u,
                                                struct xg_error *err);

/* Drop a record that is here by somebody's word alone: it comes again, with
 * proof. */
XG_MUST_CHECK enum xg_status store_forget(struct store *s,
                                          const struct xg_hash *hash,
                                          struct xg_error *err);

/* The batch in the row of `q` (columns as in batch_due), ending it. What is not
 * wanted is NULL. */
XG_MUST_CHECK enum xg_status
store_take_batch(struct store *s, struct xg_stmt *q, struct store_batch *out,
                 struct xg_buf *frame, struct xg_buf *note,
                 struct xg_buf *receipt, bool *found, struct xg_error *err);

/* *found false where there is no such chain. */
XG_MUST_CHECK enum xg_status store_chain_find(struct store *s,
                                              struct store_chain *out,
                                              bool *found,
                                              const struct xg_hash *chain,
                                              struct xg_error *err);

/* Lend the draft the key of its author, where one is to sign it. XG_LOCKED:
 * nobody opened it. */
XG_MUST_CHECK enum xg_status store_sign(struct store *s, struct xg_draft *draft,
                                        uint64_t anchor_size,
                                        struct xg_error *err);

/* Own record that has a serial: the next one is higher. */
XG_MUST_CHECK enum xg_status store_serial_seen(struct store *s, int64_t chain,
                                               const struct xg_record *r,
                                               struct xg_error *err);

#endif
