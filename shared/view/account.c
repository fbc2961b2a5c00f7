/* account.c - see account.h. */
#include "shared/view/account.h"

#include <string.h>

#include "shared/core/cbor.h"
#include "shared/core/loop.h"
#include "shared/base/lang.h"
#include "shared/view/doubt.h"
#include "shared/view/photo.h"
#include "shared/view/route.h"
#include "shared/view/value.h"

enum {
    TRACK_ARENA = 256 << 20,
    STATE_MAX = 64 << 20,
    HOP_MS_MAX = 60, /* metres a second: nobody walks so */
    HOP_MIN_M = 500,
};

const char *view_flag_name(enum view_flag f)
{
    switch (f) {
#define X(name, json, zh, en)                                                  \
    case name:                                                                 \
        return json;
        VIEW_FLAG_TABLE(X)
#undef X
    case VIEW_FLAGS:
        break;
    }
    return "";
}

const char *view_flag_label(enum view_flag f)
{
    switch (f) {
#define X(name, json, zh, en)                                                  \
    case name:                                                                 \
        return XG_T(zh, en);
        VIEW_FLAG_TABLE(X)
#undef X
    case VIEW_FLAGS:
        break;
    }
    return "";
}

/* ---- marking ---- */

/* Did this person say something about it themselves? */
static bool is_answered(const struct view_account *a, const struct xg_state *s)
{
    const struct xg_set *notes = xg_state_set(s, XG_FIELD_NOTE);

    for (size_t i = 0; notes && i < notes->count; i++)
        if (!notes->elements[i].removed &&
            strcmp(s->ops[notes->elements[i].op].author, a->author) == 0)
            return true;
    return false;
}

static void mark(struct view_account *a, const struct xg_state *s,
                 enum view_flag flag, uint64_t count)
{
    a->flags++;
    a->mark(a->ctx, s, flag, count, is_answered(a, s));
}

/* What is known of one record. */
static enum xg_status know(struct view_account *a, struct view_about *about,
                           const struct xg_op *op, struct xg_error *err)
{
    return a->about(a->ctx, about, op, err);
}

/* ---- clocks ---- */

static enum xg_status look_at_clock(struct view_account *a,
                                    const struct xg_state *s,
                                    struct xg_error *err)
{
    uint64_t count = 0;

    for (size_t i = 0; i < s->count; i++) {
        struct view_about about = {.delivery = VIEW_DRAFT};
        if (strcmp(s->ops[i].author, a->author) != 0)
            continue;
        if (know(a, &about, &s->ops[i], err) != XG_OK)
            return err->status;
        count += about.clock_doubt;
    }
    if (count)
        mark(a, s, VIEW_FLAG_CLOCK, count);
    return XG_OK;
}

/* ---- photos ---- */

static enum xg_status look_at_photos(struct view_account *a,
                                     const struct xg_state *s,
                                     struct xg_error *err)
{
    const struct xg_set *photos = xg_state_set(s, XG_FIELD_PHOTO);
    uint64_t elsewhere = 0, other_time = 0;

    for (size_t i = 0; photos && i < photos->count; i++) {
        const struct xg_element *element = &photos->elements[i];
        const struct xg_op *op = &s->ops[element->op];
        struct view_about about = {.delivery = VIEW_DRAFT};
        struct xg_cbor c = xg_cbor_over(element->value);
        struct xg_cbor_item item;
        if (element->removed || !xg_cbor_next(&c, &item) ||
            strcmp(op->author, a->author) != 0 ||
            view_photo_of(&item).origin != VIEW_ORIGIN_HERE)
            continue; /* of a forwarded one nothing is expected */
        if (know(a, &about, op, err) != XG_OK)
            return err->status;
        struct view_doubts doubts = view_doubts_of(s, element, &about);
        elsewhere += doubts.said[VIEW_DOUBT_PLACE];
        other_time += doubts.said[VIEW_DOUBT_EARLIER] ||
                      doubts.said[VIEW_DOUBT_AHEAD] ||
                      doubts.said[VIEW_DOUBT_UNSET];
    }
    if (elsewhere)
        mark(a, s, VIEW_FLAG_PHOTO_PLACE, elsewhere);
    if (other_time)
        mark(a, s, VIEW_FLAG_PHOTO_TIME, other_time);
    return XG_OK;
}

/* ---- tracks ---- */

static void look_at_segment(const struct xg_track_segment *segment,
                            uint64_t *mock, uint64_t *jumps)
{
    const struct xg_track_point *points = segment->points;

    for (size_t i = 0; i < segment->count; i++) {
        bool simulated = (points[i].flags & XG_POINT_MOCK) != 0;
        *mock += simulated;
        if (i == 0 || simulated)
            continue;
        int64_t mm = xg_hop_mm(points[i - 1].lat_e6, points[i - 1].lon_e6,
                               points[i].lat_e6, points[i].lon_e6);
        int64_t took_ms = points[i].t_ms - points[i - 1].t_ms;
        *jumps += mm < 0 || (mm > INT64_C(1000) * HOP_MIN_M && took_ms > 0 &&
                             mm > took_ms * HOP_MS_MAX);
    }
}

static enum xg_status read_route(struct view_route *route,
                                 struct xg_arena *arena,
                                 const struct view_account *a,
                                 const struct xg_state *s, struct xg_error *err)
{
    struct xg_buf encoded = XG_BUF(STATE_MAX);
    struct xg_brief brief;

    if (a->route) {
        *route = *a->route;
        return XG_OK;
    }
    xg_state_encode(&encoded, s);
    enum xg_status status = xg_buf_check(&encoded, err);
    if (status == XG_OK)
        status = xg_brief_read(&brief, xg_buf_bytes(&encoded), err);
    if (status == XG_OK)
        status = view_route_of(route, arena, &brief, err);
    xg_buf_clear(&encoded);
    return status;
}

static enum xg_status look_at_track(struct view_account *a,
                                    const struct xg_state *s,
                                    struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(TRACK_ARENA);
    uint64_t mock = 0, jumps = 0;
    struct view_route route = {0};
    enum xg_status status = read_route(&route, &arena, a, s, err);

    if (status == XG_OK && !s->withdrawn)
        a->distance_mm += (uint64_t)route.distance_mm;
    for (size_t i = 0; status == XG_OK && i < route.segment_count; i++)
        look_at_segment(&route.segments[i], &mock, &jumps);
    for (size_t i = 0; status == XG_OK && i < route.gap_count; i++)
        mock += route.gaps[i].cause == XG_GAP_MOCK;
    if (status == XG_OK && mock)
        mark(a, s, VIEW_FLAG_MOCK, mock);
    if (status == XG_OK && jumps)
        mark(a, s, VIEW_FLAG_JUMP, jumps);
    xg_arena_clear(&arena);
    return status;
}

/* ---- all ---- */

/* Verified and made a case of, or settled on the spot; and not undone since. */
static bool is_valid(const struct xg_state *s)
{
    return !s->withdrawn && s->status >= XG_STATUS_FILED &&
           s->status != XG_STATUS_VOIDED;
}

static enum xg_status count_one(struct view_account *a,
                                const struct xg_state *s, struct xg_error *err)
{
    if (!s->kind || s->creator == XG_NONE ||
        strcmp(s->ops[s->creator].author, a->author) != 0)
        return XG_OK;
    switch (s->kind->number) {
    case XG_KIND_PATROL:
        a->patrols += !s->withdrawn;
        return look_at_track(a, s, err);
    case XG_KIND_VISIT:
        a->visits += !s->withdrawn;
        break;
    case XG_KIND_INCIDENT:
        a->reports++;
        a->valid += is_valid(s);
        break;
    default:
        break;
    }
    return XG_OK;
}

enum xg_status view_account_add(struct view_account *a,
                                const struct xg_state *s, struct xg_error *err)
{
    if (!s->kind)
        return XG_OK;
    if (count_one(a, s, err) != XG_OK || look_at_clock(a, s, err) != XG_OK)
        return err->status;
    return look_at_photos(a, s, err);
}
