/* merge.h - the state of an entity: a pure function of the set of its records
 * and of how the registry judges their authors. No arrival order, no clock.
 *
 *  1. Causality is the closure, within one entity, of "cited as a foreign
 *     head" and "earlier on my own path of previous hashes". Two branches of a
 *     forked chain do not precede each other.
 *  2. A register holds the values whose writer no other writer dominates: one,
 *     or equal ones: settled; different ones: a conflict.
 *  3. Meanwhile everyone shows the value of the highest role, then of the
 *     greatest record hash.
 *  4. A record that has all heads in its past settles a conflict.
 *  5. Different fields at once: merged ("parallel").
 *  6. Sets: union; an element is (adding record, index); removal names it.
 *  7. A withdrawal against a concurrent edit: a conflict, not withdrawn.
 *  8. Invalid, without right: kept, shown, without effect. Redacted: with what
 *     is left of it (erase.h).
 *  9. Cited records that are missing: pending, without effect until they come.
 * 10. Transitions fold in topological order; among those ready at once, higher
 *     role, then greater hash. One that meets another status than its author
 *     saw is overtaken; a move beside the line changes none and never is. One
 *     that lacks what the table (loop.h) says it needs has no effect; if it lacks
 *     it because of what its author had not seen, it is overtaken.
 *
 * What a record cites and nobody here has seen may belong to another entity:
 * then the record stays pending for ever. Whether it does cannot change what is
 * shown, since replicas differ in what they have seen of other entities.
 *
 * Cost: O(n log n + n * b) time and memory for n records of which b branches
 * wrote registers or moved with right; a thousand read receipts are one column.
 */
#ifndef XG_CORE_MERGE_H
#define XG_CORE_MERGE_H

#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/core/progress.h"
#include "shared/core/record.h"

/* A stretch of a chain without a fork in it. A chain that never forked has one
 * branch: id is the chain id, start 0, no parent. At a fork each side begins a
 * branch of its own, whose id is the hash of its first record; `parent` holds
 * what came before, up to `start` exclusive. */
struct xg_branch {
    struct xg_hash id;
    uint64_t start;
    const struct xg_branch *parent;
};

/* Does a's place come before b's on b's own path? */
bool xg_branch_precedes(const struct xg_branch *a, uint64_t a_seq,
                        const struct xg_branch *b, uint64_t b_seq);

/* Does this record create the entity of that id? (A malformed one is taken to
 * create what its hash names: nothing more can be known of it.) */
static inline bool xg_creates(const struct xg_record *r,
                              const struct xg_id *id)
{
    return (r->malformed || r->head.creates) &&
           memcmp(r->hash.b, id->b, XG_ID_SIZE) == 0;
}

/* A record of the entity, in its place, judged. All borrowed. */
struct xg_op {
    const struct xg_record *record;
    const struct xg_branch *branch;
    uint64_t seq;
    uint32_t rank, role;  /* of the author, by the registry in force */
    const char *author;   /* whose code this is; "" unknown */
    const char *no_right; /* why it may not take effect, or NULL */
    bool erases; /* its author may erase (judge.h): xg_erase() heeds it */
    const struct xg_erasure *erasure; /* of its fields, or NULL; then `record`
                                       * has what is left (erase.h) */
};

enum xg_effect {
    XG_EFFECT_FULL,
    XG_EFFECT_PENDING,   /* cites what has not arrived */
    XG_EFFECT_INVALID,   /* struck out */
    XG_EFFECT_NO_RIGHT,
    XG_EFFECT_REDACTED,  /* fields erased; what is left counts, and a move */
    XG_EFFECT_OVERTAKEN, /* the status had changed before */
    XG_EFFECT_LACKING,   /* without what the move needs */
};

const char *xg_effect_label(enum xg_effect effect);

struct xg_register {
    const struct xg_field *field; /* NULL: a field that we do not know */
    uint64_t number;
    size_t head_count;
    uint32_t *heads; /* indices of ops; what is shown comes first */
    bool conflict;
};

struct xg_element {
    uint32_t op, index;
    struct xg_bytes value; /* encoded */
    bool removed;
    uint32_t remover; /* op, where removed */
};

struct xg_set {
    const struct xg_field *field;
    uint64_t number;
    size_t count;
    struct xg_element *elements; /* in the order of `order` */
};

#define XG_NONE UINT32_MAX /* no op */

struct xg_state {
    struct xg_id id;
    const struct xg_kind *kind; /* NULL: unknown, or nothing to tell */
    const struct xg_op *ops;    /* borrowed, as given */
    size_t count;
    uint32_t creator;        /* op, or XG_NONE while it has not arrived */
    enum xg_effect *effects; /* one an op */
    const char **reasons;    /* why not FULL, or NULL */
    uint32_t *order;         /* ops, causes before effects */
    struct xg_register *registers; /* ascending numbers */
    size_t register_count;
    struct xg_set *sets;
    size_t set_count;
    uint64_t status;         /* of the loop, 0 where the kind has none */
    struct xg_progress progress;
    bool withdrawn;
    bool withdraw_conflict;  /* rule 7 */
    size_t conflict_count;   /* registers, rule 7, unsettled overtaken moves */
    uint32_t *tips;          /* heads of the entity: what a device cites */
    size_t tip_count;
    struct xg_clocks *clocks;
};

/* Is a record of that hash known that belongs to another entity? */
struct xg_elsewhere {
    void *ctx;
    bool (*known)(void *ctx, const struct xg_hash *hash);
};

/* Fold `count` distinct records of entity `id`, in any order. Everything lives
 * in the arena; ops are borrowed. `elsewhere` may be NULL. Only XG_NOMEM. */
XG_MUST_CHECK enum xg_status xg_merge(struct xg_state *state,
                                      struct xg_arena *arena,
                                      const struct xg_id *id,
                                      const struct xg_op *ops, size_t count,
                                      const struct xg_elsewhere *elsewhere,
                                      struct xg_error *err);

/* Does it count: in full, or with what is left of it? */
bool xg_state_counts(const struct xg_state *s, uint32_t op);
/* Does op a come before op b (a != b)? For ops that write registers or move;
 * of others only what lies on b's own path is known. */
bool xg_state_precedes(const struct xg_state *s, uint32_t a, uint32_t b);
/* Neither before the other, both with effect, and not the same fields: label
 * 5 of the rules. */
bool xg_state_parallel(const struct xg_state *s, uint32_t a);

/* What a record about to be written at (branch, seq) has to cite: heads of the
 * entity that are not in its own past; of kinds that reach down, not in that
 * part of it that those below see. At most XG_FOREIGN_HEADS_MAX. */
size_t xg_state_foreign(const struct xg_state *s,
                        const struct xg_branch *branch, uint64_t seq,
                        struct xg_hash out[static XG_FOREIGN_HEADS_MAX]);

const struct xg_register *xg_state_register(const struct xg_state *s,
                                            uint64_t number);
const struct xg_set *xg_state_set(const struct xg_state *s, uint64_t number);
/* What is shown of a register; false when it has no value. */
bool xg_state_value(const struct xg_state *s, uint64_t number,
                    struct xg_cbor_item *value);
/* The same of a text, as by xg_cbor_text(). */
bool xg_state_text(char *out, size_t size, const struct xg_state *s,
                   uint64_t number);

/* The units beside its home that the entity is with now: those that `unit`
 * names (all sides of a conflict) and those called by a whistle; of an
 * assessment, who is assessed. Distinct, in
 * no order; lent by the ops. At most XG_UNITS_MAX. */
enum { XG_UNITS_MAX = 64 };
size_t xg_state_units(const struct xg_state *s,
                      struct xg_bytes out[static XG_UNITS_MAX]);

/* The state as deterministic CBOR: equal sets of records give equal bytes.
 *
 *      { 1: id, 2: kind, 3: status, 4: withdrawn, 5: conflicts (count),
 *        6: { register: [[hash, value], ...] }   what is shown comes first
 *        7: { set: [[hash, index, value], ...] } removed ones left out
 *        8: [[hash, effect], ...]                records without full effect
 *        9: records (count) }
 */
void xg_state_encode(struct xg_buf *out, const struct xg_state *s);

/* Reading an encoded state (our own bytes; checked when they were made). */
struct xg_brief {
    struct xg_id id;
    const struct xg_kind *kind; /* NULL: unknown */
    uint64_t status, conflicts, records;
    bool withdrawn;
    struct xg_cbor registers, sets;
};
XG_MUST_CHECK enum xg_status xg_brief_read(struct xg_brief *out,
                                           struct xg_bytes encoded,
                                           struct xg_error *err);
bool xg_brief_value(const struct xg_brief *b, uint64_t number,
                    struct xg_cbor_item *value);
/* Elements of a set, one after another: start with *at zeroed. */
struct xg_brief_elements {
    struct xg_cbor at;
};
bool xg_brief_set(const struct xg_brief *b, uint64_t number,
                  struct xg_brief_elements *elements);
bool xg_brief_element(struct xg_brief_elements *elements,
                      struct xg_cbor_item *value);

#endif
