/* route.c - see route.h. */
#include "shared/view/route.h"

#include "shared/core/cbor.h"
#include "shared/view/json.h"
#include "shared/view/outline.h"
#include "shared/view/value.h"

enum {
    LINE_TOLERANCE_MM = 2000,
    POINTS_MAX = 2 << 20, /* of a patrol: weeks of one a second; 48 MiB */
};

/* ---- from the state of a patrol ---- */

static size_t count_of(const struct xg_brief *brief, uint64_t field)
{
    struct xg_brief_elements elements = {0};
    struct xg_cbor_item item;
    size_t n = 0;

    if (xg_brief_set(brief, field, &elements))
        while (xg_brief_element(&elements, &item))
            n++;
    return n;
}

/* In the order of time: elements stand in the order of their records. */
static void sort_segments(struct view_route *t)
{
    for (size_t i = 1; i < t->segment_count; i++) {
        struct xg_track_segment one = t->segments[i];
        size_t at = i;
        for (; at > 0 && one.count && t->segments[at - 1].count &&
               t->segments[at - 1].points[0].t_ms > one.points[0].t_ms;
             at--)
            t->segments[at] = t->segments[at - 1];
        t->segments[at] = one;
    }
}

struct xg_gap view_gap_of(const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    struct xg_cbor_item from, to, cause, evidence;
    struct xg_gap gap = {0};

    if (xg_cbor_next(&c, &from))
        xg_cbor_int(&from, &gap.from_ms);
    if (xg_cbor_next(&c, &to))
        xg_cbor_int(&to, &gap.to_ms);
    if (xg_cbor_next(&c, &cause))
        gap.cause = (enum xg_gap_cause)cause.number;
    if (xg_cbor_next(&c, &evidence))
        gap.evidence = (uint32_t)evidence.number;
    return gap;
}

/* What a record holds need not be a track: whoever signed it may have put in
 * anything, and that is no reason to show nothing of the rest. */
static enum xg_status read_segment(struct xg_track_segment *out, bool *readable,
                                   struct xg_arena *arena,
                                   struct xg_bytes packed, size_t most,
                                   struct xg_error *err)
{
    struct xg_error why = XG_ERROR_NONE;
    size_t count;

    *readable = false;
    if (xg_track_count(&count, packed, &why) != XG_OK || count > most)
        return XG_OK;
    enum xg_status status =
        xg_track_unpack(&out->points, &out->count, arena, packed, &why);
    *readable = status == XG_OK;
    if (status == XG_OK || status == XG_FORMAT || status == XG_TOOBIG)
        return XG_OK;
    *err = why;
    return status;
}

enum xg_status view_route_of(struct view_route *out, struct xg_arena *arena,
                             const struct xg_brief *brief, struct xg_error *err)
{
    struct view_route t = {0};
    struct xg_brief_elements elements = {0};
    struct xg_cbor_item item;
    size_t segments = count_of(brief, XG_PATROL_SEGMENT);
    size_t gaps = count_of(brief, XG_PATROL_GAP);

    t.segments = xg_arena_array(arena, segments + 1, sizeof *t.segments);
    t.gaps = xg_arena_array(arena, gaps + 1, sizeof *t.gaps);
    if (!t.segments || !t.gaps)
        return xg_fail_nomem(err);
    if (xg_brief_set(brief, XG_PATROL_SEGMENT, &elements))
        while (xg_brief_element(&elements, &item)) {
            struct xg_track_segment *s = &t.segments[t.segment_count];
            bool readable;
            if (read_segment(s, &readable, arena, item.bytes,
                             POINTS_MAX - t.fixes, err) != XG_OK)
                return err->status;
            if (!readable)
                continue;
            t.segment_count++;
            t.fixes += s->count;
            t.distance_mm += xg_track_distance_mm(s->points, s->count);
        }
    elements = (struct xg_brief_elements){0};
    if (xg_brief_set(brief, XG_PATROL_GAP, &elements))
        while (xg_brief_element(&elements, &item))
            t.gaps[t.gap_count++] = view_gap_of(&item);
    sort_segments(&t);
    *out = t;
    return XG_OK;
}

/* ---- lines and gaps ---- */

static bool is_mock(const struct xg_track_segment *s)
{
    return s->count > 0 && (s->points[0].flags & XG_POINT_MOCK);
}

static json_t *place_json(int32_t lat_e6, int32_t lon_e6)
{
    json_t *pair = json_array();

    view_json_append(&pair, view_json_decimal(lon_e6, 6));
    view_json_append(&pair, view_json_decimal(lat_e6, 6));
    return pair;
}

static json_t *line_json(struct xg_arena *arena,
                         const struct xg_track_segment *s)
{
    struct outline_point *points =
        xg_arena_array(arena, s->count, sizeof *points);
    json_t *line = points ? json_array() : NULL;
    size_t count = points ? s->count : 0;

    for (size_t i = 0; i < count; i++)
        points[i] =
            (struct outline_point){s->points[i].lat_e6, s->points[i].lon_e6};
    count = outline_simplify(points, count, LINE_TOLERANCE_MM);
    for (size_t i = 0; i < count; i++)
        view_json_append(&line, place_json(points[i].lat_e6, points[i].lon_e6));
    return line;
}

json_t *view_route_lines(const struct view_route *t, struct xg_arena *arena)
{
    json_t *lines = json_array();

    for (size_t i = 0; i < t->segment_count; i++)
        if (t->segments[i].count > 0 && !is_mock(&t->segments[i]))
            view_json_append(&lines, line_json(arena, &t->segments[i]));
    return lines;
}

/* The fixes on either side, or an empty list. */
static json_t *between_json(const struct view_route *t,
                            const struct xg_gap *gap)
{
    const struct xg_track_point *before = NULL, *after = NULL;
    json_t *list = json_array();

    for (size_t i = 0; i < t->segment_count; i++) {
        const struct xg_track_segment *s = &t->segments[i];
        if (s->count == 0 || is_mock(s))
            continue;
        if (s->points[s->count - 1].t_ms <= gap->from_ms)
            before = &s->points[s->count - 1];
        if (!after && s->points[0].t_ms >= gap->to_ms)
            after = &s->points[0];
    }
    if (before && after) {
        view_json_append(&list, place_json(before->lat_e6, before->lon_e6));
        view_json_append(&list, place_json(after->lat_e6, after->lon_e6));
    }
    return list;
}

json_t *view_route_gaps(const struct view_route *t)
{
    json_t *gaps = json_array();

    for (size_t i = 0; i < t->gap_count; i++) {
        json_t *gap = json_object();
        view_json_set(&gap, "from", view_json_time(t->gaps[i].from_ms));
        view_json_set(&gap, "to", view_json_time(t->gaps[i].to_ms));
        view_json_set(&gap, "cause",
                      json_string(xg_gap_name(t->gaps[i].cause)));
        view_json_set(&gap, "between", between_json(t, &t->gaps[i]));
        view_json_append(&gaps, gap);
    }
    return gaps;
}

/* ---- places ---- */

json_t *view_route_checkins(const struct xg_brief *b)
{
    const struct xg_field *f = xg_field_named(b->kind, "checkin");
    struct xg_brief_elements elements = {0};
    struct xg_cbor_item item;
    json_t *list = json_array();

    if (f && xg_brief_set(b, f->number, &elements))
        while (xg_brief_element(&elements, &item))
            view_json_append(&list, view_value_json(f, &item));
    return list;
}
