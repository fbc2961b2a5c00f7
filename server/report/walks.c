/* walks.c - see walks.h. */
#include "server/report/walks.h"

#include <stdlib.h>
#include <string.h>

#include "server/merge/fold.h"
#include "server/report/each.h"
#include "shared/core/schema.h"
#include "shared/view/value.h"

enum { PAGE = 100, PAGE_BYTES = 256 << 20 };
#define DAY_MS INT64_C(86400000)

/* ---- one ---- */

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

enum xg_status report_walk_of(struct report_walk *out, bool *is,
                              struct xg_arena *scratch, struct store *store,
                              const struct store_entity *e,
                              const struct xg_brief *brief,
                              struct xg_error *err)
{
    struct report_walk w = {.id = e->id, .end_ms = XG_NO_TIME};
    struct view_route route;

    *is = brief->kind && brief->kind->number == XG_KIND_PATROL && e->creator &&
          time_of(&w.start_ms, brief, XG_PATROL_START);
    if (!*is)
        return XG_OK;
    time_of(&w.end_ms, brief, XG_PATROL_END);
    memcpy(w.worker, e->author, sizeof w.worker);
    memcpy(w.unit, e->unit, sizeof w.unit);
    if (view_route_of(&route, scratch, brief, err) != XG_OK ||
        report_came(&w.came_ms, store, e->changed, err) != XG_OK)
        return err->status;
    w.distance_mm = route.distance_mm;
    w.points = route.fixes;
    w.gaps = route.gap_count;
    for (size_t i = 0; i < route.gap_count; i++)
        if (route.gaps[i].to_ms > route.gaps[i].from_ms)
            w.gap_ms += route.gaps[i].to_ms - route.gaps[i].from_ms;
    take_last(&w, &route);
    *out = w;
    return XG_OK;
}

/* ---- all of a stretch ---- */

struct reading {
    const struct report_walks_asked *asked;
    struct store *store;
    struct xg_arena *arena;    /* for what stays */
    struct xg_arena page, one; /* for a page, for an entity */
    struct report_walks out;
    size_t walk_room, visit_room;
};

static enum xg_status take_walk(struct reading *r, const struct store_entity *e,
                                const struct xg_brief *brief,
                                struct xg_error *err)
{
    const struct report_walks_asked *a = r->asked;
    struct report_walk w;
    void *list = r->out.walks;
    bool is;

    if (report_walk_of(&w, &is, &r->one, r->store, e, brief, err) != XG_OK)
        return err->status;
    int64_t until = w.end_ms == XG_NO_TIME ? INT64_MAX : w.end_ms;
    /* one that never ended is of the days until its newest record came */
    if (is && until > w.came_ms && w.end_ms == XG_NO_TIME)
        until = w.came_ms;
    if (!is || w.start_ms >= a->to_ms ||
        (until < a->from_ms && w.start_ms < a->from_ms))
        return XG_OK;
    if (report_room(&list, &r->walk_room, r->out.walk_count, sizeof w, err) !=
        XG_OK)
        return err->status;
    r->out.walks = list;
    r->out.walks[r->out.walk_count++] = w;
    return XG_OK;
}

/* Its first record; *found false: not here. */
static enum xg_status first_record(struct store_record *row, bool *found,
                                   struct reading *r,
                                   const struct store_entity *e,
                                   struct xg_error *err)
{
    struct store_record *rows;
    size_t count = 0;

    if (e->creator &&
        r->store->ops->read_records(r->store, &r->one, &rows, &count,
                                    e->creator, e->creator, 1, err) != XG_OK)
        return err->status;
    *found = count > 0;
    if (count)
        *row = rows[0];
    return XG_OK;
}

static enum xg_status visit_time(int64_t *ms, struct reading *r,
                                 const struct store_entity *e,
                                 const struct xg_brief *brief,
                                 struct xg_error *err)
{
    struct store_record row;
    struct xg_record record;
    struct xg_when when;
    bool found;

    if (time_of(ms, brief, XG_FIELD_HAPPENED))
        return XG_OK;
    *ms = XG_NO_TIME;
    if (first_record(&row, &found, r, e, err) != XG_OK)
        return err->status;
    if (!found)
        return XG_OK;
    store_read_left(&record, &row);
    if (record.malformed)
        return XG_OK;
    if (fold_when(&when, r->store, row.anchor_size, row.position, err) != XG_OK)
        return err->status;
    *ms = xg_effective_ms(record.head.moment.wall_ms, when);
    return XG_OK;
}

static struct xg_bytes copy_text(struct reading *r,
                                 const struct xg_cbor_item *item)
{
    const char *copy =
        item->type == XG_CBOR_TEXT
            ? xg_arena_str(r->arena, (const char *)item->bytes.at,
                           item->bytes.len)
            : NULL;

    return copy ? xg_bytes(copy, item->bytes.len) : xg_bytes("", 0);
}

static void fill_visit(struct report_visit *v, struct reading *r,
                       const struct store_entity *e,
                       const struct xg_brief *brief)
{
    struct xg_cbor_item item;
    const struct xg_choice *result;

    v->id = e->id;
    memcpy(v->worker, e->author, sizeof v->worker);
    memcpy(v->unit, e->unit, sizeof v->unit);
    if (xg_brief_value(brief, XG_VISIT_PLACE, &item))
        v->place = copy_text(r, &item);
    if (xg_brief_value(brief, XG_VISIT_RESULT, &item)) {
        result = xg_choice_find(
            xg_field_find(brief->kind, XG_VISIT_RESULT)->choices, item.number);
        v->result = xg_bytes_of(result ? result->name : "");
    }
    if (xg_brief_value(brief, XG_VISIT_SUBJECT_ID, &item) &&
        item.bytes.len == XG_ID_SIZE) {
        memcpy(v->subject.b, item.bytes.at, XG_ID_SIZE);
        v->has_subject = true;
    }
    if (xg_brief_value(brief, XG_FIELD_POSITION, &item)) {
        struct view_position p = view_position_of(&item);
        v->lat_e7 = p.lat_e7;
        v->lon_e7 = p.lon_e7;
        v->has_position = true;
    }
}

static enum xg_status take_visit(struct reading *r,
                                 const struct store_entity *e,
                                 const struct xg_brief *brief,
                                 struct xg_error *err)
{
    struct report_visit v = {.place = xg_bytes("", 0),
                             .result = xg_bytes("", 0)};
    void *list = r->out.visits;

    if (visit_time(&v.ms, r, e, brief, err) != XG_OK)
        return err->status;
    if (v.ms < r->asked->from_ms || v.ms >= r->asked->to_ms)
        return XG_OK;
    if (report_room(&list, &r->visit_room, r->out.visit_count, sizeof v, err) !=
        XG_OK)
        return err->status;
    r->out.visits = list;
    fill_visit(&v, r, e, brief);
    r->out.visits[r->out.visit_count++] = v;
    return XG_OK;
}

static enum xg_status take(struct reading *r, const struct store_entity *bare,
                           struct xg_error *err)
{
    struct store_entity e;
    struct xg_brief brief;
    bool within = false;

    if (!bare->folded || bare->withdrawn || !bare->creator)
        return XG_OK;
    if (r->asked->within(r->asked->ctx, &within, bare->unit, err) != XG_OK)
        return err->status;
    if (!within)
        return XG_OK;
    if (r->store->ops->get_entity(r->store, &r->one, &e, bare->number, err) !=
            XG_OK ||
        xg_brief_read(&brief, e.state, err) != XG_OK)
        return err->status;
    return e.kind == XG_KIND_PATROL ? take_walk(r, &e, &brief, err)
                                    : take_visit(r, &e, &brief, err);
}

/* Did it come to the log before anything of the stretch could? */
static enum xg_status is_too_old(bool *old, struct reading *r,
                                 const struct store_entity *e,
                                 struct xg_error *err)
{
    struct store_record row;
    int64_t ms;

    if (first_record(&row, old, r, e, err) != XG_OK)
        return err->status;
    if (!*old)
        return XG_OK;
    if (report_came(&ms, r->store, row.position, err) != XG_OK)
        return err->status;
    *old = ms != XG_NO_TIME && ms < r->asked->from_ms - DAY_MS;
    return XG_OK;
}

static enum xg_status read_kind(struct reading *r, uint64_t kind,
                                struct xg_error *err)
{
    struct store_filter filter = {.kind = kind, .bare = true, .limit = PAGE};
    enum xg_status status = XG_OK;
    struct store_entity *rows;
    size_t count = PAGE;
    bool old = false;

    while (status == XG_OK && count == PAGE && !old) {
        status = r->store->ops->read_entities(r->store, &r->page, &rows, &count,
                                              &filter, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            status = take(r, &rows[i], err);
            filter.before = rows[i].number;
            xg_arena_reset(&r->one);
        }
        if (status == XG_OK && count)
            status = is_too_old(&old, r, &rows[count - 1], err);
        xg_arena_reset(&r->one);
        xg_arena_reset(&r->page);
    }
    return status;
}

static int by_start(const void *x, const void *y)
{
    const struct report_walk *a = x, *b = y;

    if (a->start_ms != b->start_ms)
        return a->start_ms > b->start_ms ? -1 : 1;
    return memcmp(a->id.b, b->id.b, XG_ID_SIZE);
}

/* Into the arena. */
static enum xg_status keep(struct report_walks *out, struct reading *r,
                           struct xg_error *err)
{
    struct report_walks kept = r->out;

    kept.walks = xg_arena_copy(r->arena, r->out.walks,
                               r->out.walk_count * sizeof *kept.walks);
    kept.visits = xg_arena_copy(r->arena, r->out.visits,
                                r->out.visit_count * sizeof *kept.visits);
    if ((kept.walk_count && !kept.walks) || (kept.visit_count && !kept.visits))
        return xg_fail_nomem(err);
    if (kept.walk_count)
        qsort(kept.walks, kept.walk_count, sizeof *kept.walks, by_start);
    *out = kept;
    return XG_OK;
}

enum xg_status report_walks_read(struct report_walks *out,
                                 struct xg_arena *arena, struct store *store,
                                 const struct report_walks_asked *asked,
                                 struct xg_error *err)
{
    struct reading r = {.asked = asked,
                        .store = store,
                        .arena = arena,
                        .page = XG_ARENA(PAGE_BYTES),
                        .one = XG_ARENA(PAGE_BYTES)};
    enum xg_status status = read_kind(&r, XG_KIND_PATROL, err);

    if (status == XG_OK && asked->visits)
        status = read_kind(&r, XG_KIND_VISIT, err);
    if (status == XG_OK)
        status = keep(out, &r, err);
    free(r.out.walks);
    free(r.out.visits);
    xg_arena_clear(&r.page);
    xg_arena_clear(&r.one);
    return status;
}
