/* walks.h - who walked, and what was visited, in a stretch of time.
 *
 * A patrol lies where its worker says that it began and ended, on the device's
 * own clock; one that began the evening before is in both days. It is open
 * while no end of it has come, which may be because its device has not synced:
 * `came_ms` is when the newest of it reached the log.
 *
 * Read from the newest entities back to those that came to the log a day before
 * the stretch began: nothing that is walked in it can have come earlier. So
 * today is cheap, and a day long past is not.
 */
#ifndef XG_SERVER_REPORT_WALKS_H
#define XG_SERVER_REPORT_WALKS_H

#include "server/store/store.h"
#include "shared/view/route.h"

struct report_walk {
    struct xg_id id;
    char worker[XG_CODE_MAX + 1], unit[XG_CODE_MAX + 1];
    int64_t start_ms, end_ms; /* end: XG_NO_TIME while it is open */
    int64_t came_ms;
    int64_t distance_mm;
    size_t points, gaps;
    int64_t gap_ms;
    bool has_last; /* its last fix that is no simulated one */
    struct xg_track_point last;
};

struct report_visit {
    struct xg_id id;
    char worker[XG_CODE_MAX + 1], unit[XG_CODE_MAX + 1];
    int64_t ms; /* of its record, or `happened` */
    struct xg_bytes place, result;
    bool has_subject; /* one of the lists */
    struct xg_id subject;
    bool has_position;
    int32_t lat_e7, lon_e7;
};

struct report_walks {
    struct report_walk *walks; /* the latest start first */
    size_t walk_count;
    struct report_visit *visits;
    size_t visit_count;
};

/* What touches [from, to); in the arena. `within`: is the unit asked for? */
struct report_walks_asked {
    int64_t from_ms, to_ms;
    bool visits; /* those too */
    void *ctx;
    enum xg_status (*within)(void *ctx, bool *is, const char *unit,
                             struct xg_error *err);
};
XG_MUST_CHECK enum xg_status
report_walks_read(struct report_walks *out, struct xg_arena *arena,
                  struct store *store, const struct report_walks_asked *asked,
                  struct xg_error *err);

/* One of them from the state of its entity; false: it is no patrol, or none
 * whose first record is here. Tracks are unpacked into `scratch`. */
XG_MUST_CHECK enum xg_status
report_walk_of(struct report_walk *out, bool *is, struct xg_arena *scratch,
               struct store *store, const struct store_entity *e,
               const struct xg_brief *brief, struct xg_error *err);

/* When the log's entry at that position was there at the latest. */
XG_MUST_CHECK enum xg_status report_came(int64_t *ms, struct store *store,
                                         uint64_t position,
                                         struct xg_error *err);

#endif
