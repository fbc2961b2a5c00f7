/* causality.h - who came before whom among the records of one entity; used by
 * merge.c, and by deadline.c.
 *
 * Every branch on which somebody with right wrote a register or moved is a
 * column. An
 * op's clock holds, per column, the ordinal of the last op of that branch that
 * is the op itself or in its past. So "a before b" is one comparison.
 */
#ifndef XG_CORE_CAUSALITY_H
#define XG_CORE_CAUSALITY_H

#include "shared/core/merge.h"

struct xg_clocks {
    size_t columns;
    uint32_t *column;  /* per op: of its branch, or XG_NONE */
    uint32_t *ordinal; /* per op: place among its branch's ops, from 1 */
    uint32_t *clock;   /* count * columns */
    uint32_t *path;    /* per op: the op before it on its own path, XG_NONE */
    uint32_t *by_place; /* ops sorted by (branch id, seq) */
    uint32_t *by_hash;  /* ops sorted by record hash */
    uint32_t *rank_in_order; /* per op: its place in state->order */
    bool *writes;      /* per op: writes a register or moves */
    bool *missing;     /* per op: cites a hash that is not here */
    bool *strays;      /* per op: cites a record of another entity */
};

/* Compute state->order, state->clocks. Needs state->ops and count. */
XG_MUST_CHECK enum xg_status
xg_causality(struct xg_state *state, struct xg_arena *arena,
             const struct xg_elsewhere *elsewhere, struct xg_error *err);

/* The op of this record, or XG_NONE. O(log n). */
uint32_t xg_causality_find(const struct xg_state *state,
                           const struct xg_hash *hash);

/* The last op on the path of a place (exclusive), or XG_NONE. */
uint32_t xg_causality_before(const struct xg_state *state,
                             const struct xg_branch *branch, uint64_t seq);

#endif
