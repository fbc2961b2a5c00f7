/* conflict.h - what a person has to decide in a state, as a list. */
#ifndef XG_VIEW_CONFLICT_H
#define XG_VIEW_CONFLICT_H

#include "shared/core/merge.h"

/* Reason code, and its name in JSON. */
#define VIEW_CONFLICT_TABLE(X)                                               \
    X(VIEW_FIELD, "field")                                                   \
    X(VIEW_WITHDRAW_EDIT, "withdraw-edit")                                   \
    X(VIEW_OVERTAKEN, "overtaken")

enum view_conflict_reason {
#define X(name, json) name,
    VIEW_CONFLICT_TABLE(X)
#undef X
};

const char *view_conflict_name(enum view_conflict_reason reason);

struct view_conflict {
    enum view_conflict_reason reason;
    const struct xg_field *field; /* NULL: of the status, or unknown */
    uint64_t number;              /* of the field; 0 for the status */
    uint32_t *sides; /* ops: of a field, what is shown first; of a withdrawal,
                      * it and then the edits; the overtaken move */
    size_t side_count;
    uint32_t decision; /* the op that decided it last; XG_NONE: it is open */
};

/* All of a state, fields first, lent by the arena. XG_NOMEM. Their number is
 * the state's conflict_count. */
XG_MUST_CHECK enum xg_status
view_conflicts_of(struct view_conflict **conflicts, size_t *count,
                  struct xg_arena *arena, const struct xg_state *state,
                  struct xg_error *err);

/* What was decided, the status first, then by field: of a field every op
 * that wrote it but the decisions, of the status the overtaken moves. What is
 * open again is not among them. Lent by the arena. XG_NOMEM. */
XG_MUST_CHECK enum xg_status
view_decided_of(struct view_conflict **decided, size_t *count,
                struct xg_arena *arena, const struct xg_state *state,
                struct xg_error *err);

/* Was anything decided about that field (0: the status), though it is open
 * again? */
bool view_was_decided(const struct xg_state *state, uint64_t number);

/* Does the op take the report back (withdrawn: true)? */
bool view_withdraws(const struct xg_state *state, uint32_t op);
/* Does it write a register other than `withdrawn`? */
bool view_edits_registers(const struct xg_state *state, uint32_t op);

#endif
