/* more.h - what a state comes to beyond its values, for who sees it in full: a
 * campaign's sums, who has read a notice, who came at a whistle. */
#ifndef XG_VIEW_MORE_H
#define XG_VIEW_MORE_H

#include <jansson.h>

#include "shared/base/buf.h"
#include "shared/core/merge.h"
#include "shared/view/show.h"

/* Counted in one grid, of one item; lent by the ops. Counts of the same grid
 * and item add up: to correct one, take it out of the set. */
struct view_count {
    struct xg_bytes grid, item;
    uint64_t number;
};
/* All that a campaign counted, one a grid and item, by grid, then item; lent by
 * the arena. XG_NOMEM. */
XG_MUST_CHECK enum xg_status view_counts_of(struct view_count **counts,
                                            size_t *count,
                                            struct xg_arena *arena,
                                            const struct xg_state *state,
                                            struct xg_error *err);

/* Lines, or keys into the object:
 *
 *      campaign   "counted": {"grids", "items": {item: sum},
 *                 "by_grid": {grid: {item: number}}}
 *      notice     "readers": how many codes have read it
 *      a case     "waiting", "turned_back" (waiting.h); and
 *                 "report_in": {"called", "present", "missing", "names": {code:
 *              name}}, where
 *                 somebody was called
 */
XG_MUST_CHECK enum xg_status view_put_more(struct xg_buf *out,
                                           const struct xg_state *state,
                                           const struct view_context *view,
                                           struct xg_error *err);
XG_MUST_CHECK enum xg_status view_set_more(json_t **object,
                                           const struct xg_state *state,
                                           const struct view_context *view,
                                           struct xg_error *err);

#endif
