/* labels.h - what a record was beside others: for the history. */
#ifndef XG_VIEW_LABELS_H
#define XG_VIEW_LABELS_H

#include "shared/core/merge.h"

enum view_label {
    VIEW_PARALLEL = 1, /* different fields at once: merged */
    VIEW_CONFLICT = 2, /* stood, or stands, against another record */
    VIEW_RESOLVES = 4, /* settled a conflict, on purpose or by a later edit */
};

/* One set of labels an op, lent by the arena. XG_NOMEM. */
XG_MUST_CHECK enum xg_status view_labels_of(unsigned **labels,
                                            struct xg_arena *arena,
                                            const struct xg_state *state,
                                            struct xg_error *err);

/* The last op before this one on its own path, or XG_NONE. */
uint32_t view_previous_of(const struct xg_state *state, uint32_t op);
/* The op of that hash, or XG_NONE. */
uint32_t view_op_of(const struct xg_state *state, const struct xg_hash *hash);

#endif
