/* patrols.c - `patrols`: who walks, or walked on a day; and the way of one. */
#include <inttypes.h>
#include <string.h>

#include "server/cli/area.h"
#include "server/cli/print.h"
#include "server/report/report.h"
#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum {
    WALKS_BYTES = 512 << 20,
    NUMBER_COLUMNS = 18,
    WHO_COLUMNS = 20,
    VISITS = 100, /* rows of the board at a time */
};

struct job {
    struct board_reader *board;
    struct look look;
    struct area area;
    struct xg_arena arena;
};

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
    view_json_set(&o, "points", view_json_uint(w->points));
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
    xg_buf_format(out,
                  XG_T(" 公里，%" PRIu64 " 处缺口", " km, %" PRIu64 " gaps"),
                  w->gaps);
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
    struct cmd *c = a->look->c;

    if (!c->json) {
        put_walk(&c->out, a, w, w->name);
        return XG_OK;
    }
    json_t *o = walk_json(a, w, w->name);
    view_json_set(&o, "gaps", view_json_uint(w->gaps));
    view_json_set(&o, "gap_s", json_integer(w->gap_ms / 1000));
    return cmd_put_json(c, o, err);
}

static enum xg_status put_day(struct job *j, struct xg_error *err)
{
    struct cmd *c = j->look.c;
    struct report_walk *walks;
    size_t count, shown = 0;
    int64_t from_ms;

    if (area_day(&from_ms, c->arg_count > 1 ? c->args[1] : NULL, &j->look,
                 err) != XG_OK ||
        board_walks(j->board, &j->arena, &walks, &count, from_ms,
                    from_ms + REPORT_DAY_MS, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        bool within = false;
        if (area_has(&j->area, &within, walks[i].unit, err) != XG_OK ||
            (within && put_row(&j->area, &walks[i], err) != XG_OK))
            return err->status;
        shown += within;
    }
    if (!c->json && shown == 0)
        xg_buf_text(&c->out, XG_T("这一天没有巡查。\n",
                                  "Nobody was on patrol that day.\n"));
    return XG_OK;
}

/* ---- one ---- */

static json_t *visit_json(struct look *l, const struct xg_id *id, int64_t ms,
                          const struct report_visit *v)
{
    struct view_entity entity = {.delivery = VIEW_RECEIVED};
    struct xg_error ignored = XG_ERROR_NONE;
    json_t *o = json_object();

    xg_ignore(l->view.entity(l, &entity, id, &ignored));
    view_json_set(&o, "id", view_json_hex(id->b, sizeof id->b));
    view_json_set(&o, "number", json_string(entity.number));
    view_json_set(&o, "time", view_json_time(ms));
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

static enum xg_status add_visit(json_t **visits, struct job *j,
                                const struct board_visit *row,
                                struct xg_error *err)
{
    struct store *s = j->look.store;
    struct store_entity e;
    struct xg_brief brief;
    bool within = false;

    if (s->ops->get_entity(s, &j->arena, &e, row->number, err) != XG_OK ||
        area_has(&j->area, &within, e.unit, err) != XG_OK)
        return err->status;
    if (!within || !e.folded || e.kind != XG_KIND_VISIT)
        return XG_OK;
    if (xg_brief_read(&brief, e.state, err) != XG_OK)
        return err->status;
    struct report_visit v = report_visit_of(&brief);
    view_json_append(visits, visit_json(&j->look, &e.id, row->ms, &v));
    return XG_OK;
}

/* Those of its worker, in its time and in that order. */
static enum xg_status visits_of(json_t **out, struct job *j,
                                const struct report_walk *w,
                                struct xg_error *err)
{
    int64_t from_ms = w->start_ms, to_ms = report_walk_until(w);
    struct board_visit rows[VISITS];
    json_t *visits = json_array();
    enum xg_status status = XG_OK;
    uint64_t after = 0;
    size_t count = VISITS;

    for (size_t i = 0; status == XG_OK && count == VISITS;) {
        status = board_visits(j->board, rows, &count, w->worker, from_ms,
                              after, to_ms, VISITS, err);
        for (i = 0; status == XG_OK && i < count; i++)
            status = add_visit(&visits, j, &rows[i], err);
        if (status == XG_OK && count) {
            from_ms = rows[count - 1].ms;
            after = rows[count - 1].number;
        }
    }
    if (status != XG_OK) {
        json_decref(visits);
        return status;
    }
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
                                struct xg_brief *brief, struct view_route *route,
                                struct job *j, const char *text,
                                struct xg_error *err)
{
    struct look *l = &j->look;
    bool found = false, is = false, within = false;
    struct xg_id id;

    if (look_find_id(l, &id, text, err) != XG_OK ||
        l->store->ops->find_entity(l->store, &j->arena, e, &found, &id, err) !=
            XG_OK)
        return err->status;
    if (found && area_has(&j->area, &within, e->unit, err) != XG_OK)
        return err->status;
    if (!found || !within || !e->folded)
        return no_patrol(text, err);
    if (xg_brief_read(brief, e->state, err) != XG_OK ||
        report_walk_of(w, route, &is, &j->arena, l->store, e, brief, err) != XG_OK)
        return err->status;
    return is ? XG_OK : no_patrol(text, err);
}

static enum xg_status show_one(struct job *j, const char *text,
                               struct xg_error *err)
{
    struct look *l = &j->look;
    struct view_entity entity = {.delivery = VIEW_RECEIVED};
    struct store_entity e;
    struct report_walk w;
    struct view_route route;
    struct xg_brief brief;
    json_t *visits = NULL;

    if (find_walk(&w, &e, &brief, &route, j, text, err) != XG_OK ||
        l->view.entity(l, &entity, &w.id, err) != XG_OK)
        return err->status;
    if (!l->c->json) {
        put_walk(&l->c->out, &j->area, &w, entity.number);
        return XG_OK;
    }
    if (visits_of(&visits, j, &w, err) != XG_OK)
        return err->status;
    json_t *o = walk_json(&j->area, &w, entity.number);
    view_json_set(&o, "running", json_false()); /* that only its device knows */
    view_json_set(&o, "lines", view_route_lines(&route, &j->arena));
    view_json_set(&o, "gaps", view_route_gaps(&route));
    view_json_set(&o, "checkins", view_route_checkins(&brief));
    view_json_set(&o, "visits", visits);
    return cmd_put_json(l->c, o, err);
}

enum xg_status cmd_patrols(struct cmd *c, struct xg_error *err)
{
    const char *one = cmd_option(c, "show");
    struct job j = {.arena = XG_ARENA(WALKS_BYTES)};
    enum xg_status status = area_board(&j.board, c, err);

    if (status == XG_OK)
        status = look_open(&j.look, c, err);
    if (status == XG_OK)
        status = area_open(&j.area, &j.look, err);
    if (status == XG_OK)
        status = one ? show_one(&j, one, err) : put_day(&j, err);
    if (j.look.c)
        look_close(&j.look);
    board_end(c->data->board, j.board);
    xg_arena_clear(&j.arena);
    return status;
}
