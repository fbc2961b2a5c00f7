/* patrol.c - see patrol.h. */
#include "server/board/patrol.h"

#include <string.h>

#include "shared/core/deadline.h"
#include "shared/core/schema.h"
#include "shared/view/value.h"

/* ---- patrols ---- */

static bool time_of(int64_t *ms, const struct xg_brief *b, uint64_t field)
{
    struct xg_cbor_item item;

    return xg_brief_value(b, field, &item) && xg_cbor_int(&item, ms);
}

static void take_last(struct report_walk *w, const struct view_route *route)
{
    for (size_t i = 0; i < route->segment_count; i++) {
        const struct xg_track_segment *s = &route->segments[i];
        if (s->count == 0 || s->points[0].flags & XG_POINT_MOCK)
            continue;
        w->last = s->points[s->count - 1];
        w->has_last = true;
    }
}

enum xg_status report_came(int64_t *ms, struct store *store, uint64_t position,
                           struct xg_error *err)
{
    struct store_time time;
    bool found;

    if (store->ops->find_time_from(store, &time, &found, position, err) !=
        XG_OK)
        return err->status;
    *ms = found ? time.ms : XG_NO_TIME;
    return XG_OK;
}

enum xg_status report_walk_of(struct report_walk *out, struct view_route *route,
                              bool *is, struct xg_arena *arena,
                              struct store *store, const struct store_entity *e,
                              const struct xg_brief *brief,
                              struct xg_error *err)
{
    struct report_walk w = {
        .number = e->number, .id = e->id, .end_ms = XG_NO_TIME};

    *is = brief->kind && brief->kind->number == XG_KIND_PATROL && e->creator &&
          time_of(&w.start_ms, brief, XG_PATROL_START);
    if (!*is)
        return XG_OK;
    time_of(&w.end_ms, brief, XG_PATROL_END);
    memcpy(w.worker, e->author, sizeof w.worker);
    memcpy(w.unit, e->unit, sizeof w.unit);
    if (view_route_of(route, arena, brief, err) != XG_OK ||
        report_came(&w.came_ms, store, e->changed, err) != XG_OK)
        return err->status;
    w.distance_mm = route->distance_mm;
    w.points = route->fixes;
    w.gaps = route->gap_count;
    for (size_t i = 0; i < route->gap_count; i++)
        if (route->gaps[i].to_ms > route->gaps[i].from_ms)
            w.gap_ms += route->gaps[i].to_ms - route->gaps[i].from_ms;
    take_last(&w, route);
    *out = w;
    return XG_OK;
}

int64_t report_walk_until(const struct report_walk *w)
{
    int64_t until = w->end_ms == XG_NO_TIME ? w->came_ms : w->end_ms;

    return until > w->start_ms ? until : w->start_ms;
}

/* ---- visits ---- */

struct report_visit report_visit_of(const struct xg_brief *brief)
{
    struct report_visit v = {.ms = XG_NO_TIME,
                             .place = xg_bytes("", 0),
                             .result = xg_bytes("", 0)};
    const struct xg_choice *result;
    struct xg_cbor_item item;

    v.happened = time_of(&v.ms, brief, XG_FIELD_HAPPENED);
    if (xg_brief_value(brief, XG_VISIT_PLACE, &item) &&
        item.type == XG_CBOR_TEXT)
        v.place = item.bytes;
    if (xg_brief_value(brief, XG_VISIT_RESULT, &item)) {
        result = xg_choice_find(
            xg_field_find(brief->kind, XG_VISIT_RESULT)->choices, item.number);
        v.result = xg_bytes_of(result ? result->name : "");
    }
    if (xg_brief_value(brief, XG_VISIT_SUBJECT_ID, &item) &&
        item.bytes.len == XG_ID_SIZE) {
        memcpy(v.subject.b, item.bytes.at, XG_ID_SIZE);
        v.has_subject = true;
    }
    if (xg_brief_value(brief, XG_FIELD_POSITION, &item)) {
        struct view_position p = view_position_of(&item);
        v.lat_e7 = p.lat_e7;
        v.lon_e7 = p.lon_e7;
        v.has_position = true;
    }
    return v;
}

/* ---- lists ---- */

bool report_is_listed(const struct xg_brief *subject)
{
    struct xg_cbor_item released;

    return !xg_brief_value(subject, XG_SUBJECT_RELEASED, &released) ||
           released.type != XG_CBOR_BOOL || !released.number;
}
