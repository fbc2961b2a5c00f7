/* patrol.h - who walked, and what was visited: a patrol and a visit in the
 * few columns that lists and figures need of one (the board keeps them:
 * board.h).
 *
 * A patrol lies where its worker says that it began and ended, on the device's
 * own clock; one that began the evening before is in both days. It is open
 * while no end of it has come, which may be because its device has not synced:
 * `came_ms` is when the newest of it reached the log. Then it is of the days
 * until that.
 */
#ifndef XG_SERVER_BOARD_PATROL_H
#define XG_SERVER_BOARD_PATROL_H

#include "server/store/store.h"
#include "shared/core/number.h"
#include "shared/view/route.h"

struct report_walk {
    uint64_t number; /* of the entity, in the store */
    struct xg_id id;
    char name[XG_NUMBER_SIZE]; /* its human number, or ""; of the board */
    char worker[XG_CODE_MAX + 1], unit[XG_CODE_MAX + 1];
    int64_t start_ms, end_ms; /* end: XG_NO_TIME while it is open */
    int64_t came_ms;
    int64_t distance_mm;
    uint64_t points, gaps;
    int64_t gap_ms;
    bool has_last; /* its last fix that is no simulated one */
    struct xg_track_point last;
};

/* From the state of its entity; false: it is no patrol, or none whose first
 * record is here. Its way comes out, too, in the arena. */
XG_MUST_CHECK enum xg_status
report_walk_of(struct report_walk *out, struct view_route *route, bool *is,
               struct xg_arena *arena, struct store *store,
               const struct store_entity *e, const struct xg_brief *brief,
               struct xg_error *err);
/* The last moment at which it touches a day; its start where that is later. */
int64_t report_walk_until(const struct report_walk *w);

struct report_visit {
    bool happened; /* its time is told; else that of its first record holds */
    int64_t ms;
    struct xg_bytes place, result; /* lent by the state, and by the schema */
    bool has_subject;              /* one of the lists */
    struct xg_id subject;
    bool has_position;
    int32_t lat_e7, lon_e7;
};
struct report_visit report_visit_of(const struct xg_brief *brief);

/* Is it on the lists, and was not taken off them? */
bool report_is_listed(const struct xg_brief *subject);

/* When the log's entry at that position was there at the latest. */
XG_MUST_CHECK enum xg_status report_came(int64_t *ms, struct store *store,
                                         uint64_t position,
                                         struct xg_error *err);

#endif
