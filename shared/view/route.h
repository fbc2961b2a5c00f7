/* route.h - the way of a patrol, for maps: where it went, and where that is not
 * known.
 *
 * A line is a run of fixes without a gap; simulated ones are no line, and
 * nothing ever joins two lines. `between` of a gap are the fixes on either
 * side, where there are both: not a way that anybody went.
 */
#ifndef XG_VIEW_ROUTE_H
#define XG_VIEW_ROUTE_H

#include <jansson.h>

#include "shared/core/merge.h"
#include "shared/core/track.h"

struct view_route {
    struct xg_track_segment *segments; /* in the order of time */
    size_t segment_count;
    struct xg_gap *gaps;
    size_t gap_count;
    size_t fixes;
    int64_t distance_mm; /* between trusted fixes of one segment */
};

/* Segments and gaps of a patrol's state, in the arena. A segment that cannot be
 * read is left out, and so is what comes to more than two million points. */
XG_MUST_CHECK enum xg_status view_route_of(struct view_route *out,
                                           struct xg_arena *arena,
                                           const struct xg_brief *brief,
                                           struct xg_error *err);

/* New references; NULL where memory was short. [[[lon,lat],...],...], with
 * fewer points than it has (outline.h). */
json_t *view_route_lines(const struct view_route *route,
                         struct xg_arena *arena);
/* [{"from","to","cause","between":[[lon,lat],[lon,lat]] or []}] */
json_t *view_route_gaps(const struct view_route *route);
/* The codes of the places reported in at. */
json_t *view_route_checkins(const struct xg_brief *patrol);

/* One of its gaps, as a record has it. */
struct xg_gap view_gap_of(const struct xg_cbor_item *item);

#endif
