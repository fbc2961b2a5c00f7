/* patrols.c - `patrols`: who walks, or walked on a day; and the way of one. */
#include <string.h>

#include "server/cli/area.h"
#include "server/cli/print.h"
#include "server/report/report.h"
#include "server/report/walks.h"
#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum { WALKS_BYTES = 512 << 20, NUMBER_COLUMNS = 18, WHO_COLUMNS = 20 };

static json_t *end_json(const struct report_walk *w)
{
    return w->end_ms == XG_NO_TIME ? json_null() : view_json_time(w->end_ms);
}

static json_t *last_json(const struct report_walk *w)
{
    json_t *o = json_object();

    if (!w->has_last) {
        json_decref(o);
        return json_null();
    }
    view_json_set(&o, "lat", view_json_decimal(w->last.lat_e6, 6));
    view_json_set(&o, "lon", view_json_decimal(w->last.lon_e6, 6));
    view_json_set(&o, "time", view_json_time(w->last.t_ms));
    return o;
}

/* What a line and one shown have in common. */
static json_t *walk_json(struct area *a, const struct report_walk *w,
                         const char *number)
{
    json_t *o = json_object();

    view_json_set(&o, "id", view_json_hex(w->id.b, sizeof w->id.b));
    view_json_set(&o, "number", *number ? json_string(number) : json_null());
    view_json_set(&o, "worker", json_string(w->worker));
    view_json_set(&o, "name", json_string(area_person(a, w->worker)));
    view_json_set(&o, "unit", json_string(w->unit));
    view_json_set(&o, "unit_name", json_string(area_unit_name(a, w->unit)));
    view_json_set(&o, "start", view_json_time(w->start_ms));
    view_json_set(&o, "end", end_json(w));
    view_json_set(&o, "open", json_boolean(w->end_ms == XG_NO_TIME));
    view_json_set(&o, "distance_m", json_integer(w->distance_mm / 1000));
    view_json_set(&o, "points", json_integer((json_int_t)w->points));
    view_json_set(&o, "last", last_json(w));
    view_json_set(&o, "synced", view_json_time(w->came_ms));
    return o;
}

static void put_walk(struct xg_buf *out, struct area *a,
                     const struct report_walk *w, const char *number)
{
    size_t start = out->len;

    xg_buf_text(out, number);
    view_pad(out, start, NUMBER_COLUMNS);
    start = out->len;
    view_put_line(out, xg_bytes_of(w->worker));
    xg_buf_byte(out, ' ');
    view_put_line(out, xg_bytes_of(area_person(a, w->worker)));
    view_pad(out, start, WHO_COLUMNS);
    view_put_time(out, w->start_ms / 1000 * 1000);
    xg_buf_text(out, " – ");
    if (w->end_ms == XG_NO_TIME)
        xg_buf_text(out, XG_T("还没有收到结束", "no end of it came yet"));
    else
        view_put_time(out, w->end_ms / 1000 * 1000);
    xg_buf_text(out, "  ");
    view_put_decimal(out, w->distance_mm / 1000, 3);
    xg_buf_format(out, XG_T(" 公里，%zu 处缺口", " km, %zu gaps"), w->gaps);
    if (w->gap_ms) {
        xg_buf_text(out, XG_T("共 ", " of "));
        view_put_duration(out, w->gap_ms / 1000 * 1000);
    }
    xg_buf_byte(out, '\n');
}

/* ---- a day ---- */

static enum xg_status put_row(struct area *a, const struct report_walk *w,
                              struct xg_error *err)
{
    struct look *l = a->look;
    struct view_entity entity = {.delivery = VIEW_RECEIVED};

    if (l->view.entity(l, &entity, &w->id, err) != XG_OK)
        return err->status;
    if (!l->c->json) {
        put_walk(&l->c->out, a, w, entity.number);
        return XG_OK;
    }
    json_t *o = walk_json(a, w, entity.number);
    view_json_set(&o, "gaps", json_integer((json_int_t)w->gaps));
    view_json_set(&o, "gap_s", json_integer(w->gap_ms / 1000));
    return cmd_put_json(l->c, o, err);
}

static enum xg_status put_day(struct area *a, struct xg_arena *arena,
                              struct xg_error *err)
{
    struct look *l = a->look;
    struct report_walks_asked asked = {.ctx = a, .within = area_has};
    struct report_walks walks;

    if (area_day(&asked.from_ms, l->c->arg_count > 1 ? l->c->args[1] : NULL, l,
                 err) != XG_OK)
        return err->status;
    asked.to_ms = asked.from_ms + REPORT_DAY_MS;
    if (report_walks_read(&walks, arena, l->store, &asked, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < walks.walk_count; i++)
        if (put_row(a, &walks.walks[i], err) != XG_OK)
            return err->status;
    if (!l->c->json && walks.walk_count == 0)
        xg_buf_text(&l->c->out, XG_T("这一天没有巡查。\n",
                                     "Nobody was on patrol that day.\n"));
    return XG_OK;
}

/* ---- one ---- */

static json_t *visit_json(struct look *l, const struct report_visit *v)
{
    struct view_entity entity = {.delivery = VIEW_RECEIVED};
    struct xg_error ignored = XG_ERROR_NONE;
    json_t *o = json_object();

    xg_ignore(l->view.entity(l, &entity, &v->id, &ignored));
    view_json_set(&o, "id", view_json_hex(v->id.b, sizeof v->id.b));
    view_json_set(&o, "number", json_string(entity.number));
    view_json_set(&o, "time", view_json_time(v->ms));
    view_json_set(&o, "place", view_json_text(v->place));
    view_json_set(&o, "result", view_json_text(v->result));
    view_json_set(&o, "lat",
                  v->has_position ? view_json_decimal(v->lat_e7, 7)
                                  : json_null());
    view_json_set(&o, "lon",
                  v->has_position ? view_json_decimal(v->lon_e7, 7)
                                  : json_null());
    return o;
}

/* Those of its worker, in its time. */
static enum xg_status visits_of(json_t **out, struct area *a,
                                const struct report_walk *w,
                                struct xg_arena *arena, struct xg_error *err)
{
    struct report_walks_asked asked = {
        .from_ms = w->start_ms,
        .to_ms = (w->end_ms == XG_NO_TIME ? w->came_ms : w->end_ms) + 1,
        .visits = true,
        .ctx = a,
        .within = area_has};
    struct report_walks found;
    json_t *visits = json_array();

    if (report_walks_read(&found, arena, a->look->store, &asked, err) !=
        XG_OK) {
        json_decref(visits);
        return err->status;
    }
    for (size_t i = 0; i < found.visit_count; i++)
        if (strcmp(found.visits[i].worker, w->worker) == 0)
            view_json_append(&visits, visit_json(a->look, &found.visits[i]));
    *out = visits;
    return XG_OK;
}

static enum xg_status no_patrol(const char *text, struct xg_error *err)
{
    return xg_fail(
        err, XG_NOTFOUND,
        XG_T("%.80s 不是巡查，见 patrols", "%.80s is no patrol: see patrols"),
        text);
}

/* The walk of the entity that the text means. */
static enum xg_status find_walk(struct report_walk *w, struct store_entity *e,
                                struct xg_brief *brief, struct area *a,
                                const char *text, struct xg_arena *arena,
                                struct xg_error *err)
{
    struct look *l = a->look;
    bool found = false, is = false, within = false;
    struct xg_id id;

    if (look_find_id(l, &id, text, err) != XG_OK ||
        l->store->ops->find_entity(l->store, arena, e, &found, &id, err) !=
            XG_OK)
        return err->status;
    if (found && area_has(a, &within, e->unit, err) != XG_OK)
        return err->status;
    if (!found || !within || !e->folded)
        return no_patrol(text, err);
    if (xg_brief_read(brief, e->state, err) != XG_OK ||
        report_walk_of(w, &is, arena, l->store, e, brief, err) != XG_OK)
        return err->status;
    return is ? XG_OK : no_patrol(text, err);
}

static enum xg_status show_one(struct area *a, const char *text,
                               struct xg_arena *arena, struct xg_error *err)
{
    struct look *l = a->look;
    struct view_entity entity = {.delivery = VIEW_RECEIVED};
    struct store_entity e;
    struct report_walk w;
    struct view_route route;
    struct xg_brief brief;
    json_t *visits = NULL;

    if (find_walk(&w, &e, &brief, a, text, arena, err) != XG_OK ||
        l->view.entity(l, &entity, &w.id, err) != XG_OK)
        return err->status;
    if (!l->c->json) {
        put_walk(&l->c->out, a, &w, entity.number);
        return XG_OK;
    }
    if (view_route_of(&route, arena, &brief, err) != XG_OK ||
        visits_of(&visits, a, &w, arena, err) != XG_OK)
        return err->status;
    json_t *o = walk_json(a, &w, entity.number);
    view_json_set(&o, "running", json_false()); /* that only its device knows */
    view_json_set(&o, "lines", view_route_lines(&route, arena));
    view_json_set(&o, "gaps", view_route_gaps(&route));
    view_json_set(&o, "checkins", view_route_checkins(&brief));
    view_json_set(&o, "visits", visits);
    return cmd_put_json(l->c, o, err);
}

enum xg_status cmd_patrols(struct cmd *c, struct xg_error *err)
{
    const char *one = cmd_option(c, "show");
    struct xg_arena arena = XG_ARENA(WALKS_BYTES);
    struct area area;
    struct look l;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = area_open(&area, &l, err);
    if (status == XG_OK)
        status = one ? show_one(&area, one, &arena, err)
                     : put_day(&area, &arena, err);
    look_close(&l);
    xg_arena_clear(&arena);
    return status;
}
