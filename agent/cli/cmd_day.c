/* cmd_day.c - `patrol day`: what was walked on a day, what is not known of the
 * way, and which places were visited; for the map and the page of a day.
 *
 * A line is a run of fixes without a gap; simulated ones are no line. `between`
 * of a gap are the fixes on either side, where there are both. A visit belongs
 * to the patrol in whose time it was made; others stand beside them.
 */
#include "agent/cli/patrol_cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/core/calendar.h"
#include "shared/core/cbor.h"
#include "shared/view/json.h"
#include "shared/view/names.h"
#include "shared/view/route.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum {
    DAY_ARENA_MAX = 512 << 20,
    STATE_MAX = 64 << 20,
};
static const int64_t DAY_MS = INT64_C(86400) * 1000;

struct visit {
    struct xg_id id;
    char number[XG_NUMBER_SIZE];
    int64_t ms;
    bool withdrawn, has_position, taken; /* taken: by a patrol */
    int32_t lat_e7, lon_e7;
    const char *place, *subject, *result; /* "" unknown; a code, a name */
};

/* One patrol of the day. */
struct walk {
    struct xg_id id;
    char number[XG_NUMBER_SIZE];
    int64_t start_ms, end_ms; /* end: now, of the open one */
    bool is_open, is_running;
    struct track track;
    struct cli_live live;
    json_t *checkins;
};

struct day {
    struct cli *cli;
    struct xg_arena arena;
    xg_day date;
    int64_t from_ms, to_ms;
    struct visit *visits;
    size_t visit_count;
    json_t *patrols;
};

/* ---- which day ---- */

static enum xg_status choose_day(struct day *d, struct xg_error *err)
{
    struct cli *cli = d->cli;
    int64_t days;

    d->date = cli_today(cli);
    if (cli->word_count &&
        !xg_day_read(&d->date, cli->words[0], strlen(cli->words[0])))
        return xg_fail(err, XG_USAGE,
                       XG_T("日期写成 2026-05-01：%s",
                            "a date is written 2026-05-01: %s"),
                       cli->words[0]);
    if (!xg_date_days(&days, (int32_t)(d->date / 10000),
                      d->date / 100 % 100, d->date % 100))
        return xg_fail(err, XG_USAGE, "%s", cli->words[0]);
    d->from_ms = days * DAY_MS - (int64_t)XG_ZONE_CHINA_MIN * 60 * 1000;
    d->to_ms = d->from_ms + DAY_MS;
    return XG_OK;
}

/* ---- visits ---- */

static const char *text_of(struct day *d, const struct xg_buf *text)
{
    const char *copy = text->len ? xg_arena_str(&d->arena, xg_buf_str(text),
                                                text->len)
                                 : NULL;
    return copy ? copy : "";
}

static void take_position(struct visit *v, const struct xg_brief *b)
{
    struct xg_cbor_item item;

    if (v->has_position || !xg_brief_value(b, XG_FIELD_POSITION, &item))
        return;
    struct view_position p = view_position_of(&item);
    v->has_position = true;
    v->lat_e7 = p.lat_e7;
    v->lon_e7 = p.lon_e7;
}

/* Whom or what was visited, where it is on a list: its name, and its place
 * where the visit tells none. One that is not here says nothing. */
static void look_at_subject(struct day *d, struct visit *v,
                            const struct xg_brief *visit)
{
    struct xg_buf state = XG_BUF(STATE_MAX), name = XG_BUF(4096);
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_cbor_item item;
    struct store_entity e;
    struct xg_brief b;
    struct xg_id id;

    if (!xg_brief_value(visit, XG_VISIT_SUBJECT_ID, &item) ||
        item.bytes.len != XG_ID_SIZE)
        return;
    memcpy(id.b, item.bytes.at, XG_ID_SIZE);
    if (store_load_entity(d->cli->home.store, &e, &state, &id, &ignored) ==
            XG_OK &&
        e.folded && xg_brief_read(&b, xg_buf_bytes(&state), &ignored) == XG_OK) {
        view_put_title(&name, &b);
        v->subject = text_of(d, &name);
        take_position(v, &b);
    }
    xg_buf_clear(&state);
    xg_buf_clear(&name);
}

static const char *value_text(struct day *d, const struct xg_brief *b,
                              const char *field)
{
    const struct xg_field *f = xg_field_named(b->kind, field);
    struct xg_buf text = XG_BUF(4096);
    struct xg_guide *guide = NULL;
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_cbor_item item;

    if (f && xg_brief_value(b, f->number, &item)) {
        if (view_is_named(f) && item.type == XG_CBOR_TEXT &&
            cli_guide(d->cli, &guide, &ignored) == XG_OK)
            view_put_name(&text, guide, f, item.bytes, d->date);
        if (text.len == 0)
            view_value_text(&text, f, &item);
    }
    const char *copy = text_of(d, &text);
    xg_buf_clear(&text);
    return copy;
}

static enum xg_status read_visit(struct day *d, struct visit *v,
                                 const struct xg_id *id, struct xg_error *err)
{
    struct xg_buf state = XG_BUF(STATE_MAX);
    struct store_entity e;
    struct xg_brief b = {0};
    enum xg_status status =
        store_load_entity(d->cli->home.store, &e, &state, id, err);

    *v = (struct visit){.id = *id, .place = "", .subject = "", .result = ""};
    if (status == XG_OK) {
        memcpy(v->number, e.number, sizeof v->number);
        v->ms = e.first_ms;
        v->withdrawn = e.withdrawn;
    }
    if (status == XG_OK && e.folded)
        status = xg_brief_read(&b, xg_buf_bytes(&state), err);
    if (status == XG_OK && e.folded && b.kind) {
        take_position(v, &b);
        v->place = value_text(d, &b, "place");
        v->result = value_text(d, &b, "result");
        v->subject = value_text(d, &b, "subject");
        look_at_subject(d, v, &b);
    }
    xg_buf_clear(&state);
    return status;
}

static enum xg_status read_visits(struct day *d, struct xg_error *err)
{
    struct xg_id *ids;
    size_t count;

    if (store_list_between(d->cli->home.store, &d->arena, &ids, &count,
                           xg_kind_find(XG_KIND_VISIT), d->from_ms, d->to_ms,
                           err) != XG_OK)
        return err->status;
    d->visits = xg_arena_array(&d->arena, count + 1, sizeof *d->visits);
    if (!d->visits)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        struct visit *v = &d->visits[d->visit_count];
        if (read_visit(d, v, &ids[i], err) != XG_OK)
            return err->status;
        d->visit_count += !v->withdrawn;
    }
    return XG_OK;
}

static json_t *visit_json(const struct visit *v)
{
    json_t *object = json_object();

    view_json_set(&object, "id", view_json_hex(v->id.b, XG_ID_SIZE));
    view_json_set(&object, "number", json_string(v->number));
    view_json_set(&object, "time", view_json_time(v->ms));
    view_json_set(&object, "place", json_string(v->place));
    view_json_set(&object, "subject", json_string(v->subject));
    view_json_set(&object, "result", json_string(v->result));
    view_json_set(&object, "lat",
                  v->has_position ? view_json_decimal(v->lat_e7, 7)
                                  : json_null());
    view_json_set(&object, "lon",
                  v->has_position ? view_json_decimal(v->lon_e7, 7)
                                  : json_null());
    return object;
}

static void put_visit(struct xg_buf *out, const struct visit *v)
{
    xg_buf_text(out, XG_T("  走访 ", "  visit "));
    view_put_time(out, v->ms / 1000 * 1000);
    xg_buf_format(out, "  %s  %s", v->number, v->place);
    if (*v->subject && strcmp(v->subject, v->place) != 0)
        xg_buf_format(out, "  %s", v->subject);
    xg_buf_format(out, "  %s\n", v->result);
}

/* ---- a patrol ---- */

static bool is_within(const struct walk *w, const struct visit *v)
{
    return v->ms >= w->start_ms && v->ms <= w->end_ms;
}

static json_t *walk_json(struct day *d, const struct walk *w)
{
    const struct view_route route = {
        .segments = w->track.segments,
        .segment_count = w->track.segment_count,
        .gaps = w->track.gaps,
        .gap_count = w->track.gap_count,
    };
    json_t *object = json_object(), *visits = json_array();

    for (size_t i = 0; i < d->visit_count; i++)
        if (is_within(w, &d->visits[i]))
            view_json_append(&visits, visit_json(&d->visits[i]));
    view_json_set(&object, "id", view_json_hex(w->id.b, XG_ID_SIZE));
    view_json_set(&object, "number", json_string(w->number));
    view_json_set(&object, "start", view_json_time(w->start_ms));
    view_json_set(&object, "end",
                  w->is_open ? json_null() : view_json_time(w->end_ms));
    view_json_set(&object, "open", json_boolean(w->is_open));
    view_json_set(&object, "running", json_boolean(w->is_running));
    view_json_set(&object, "distance_m",
                  json_integer(w->track.distance_mm / 1000));
    view_json_set(&object, "points", json_integer((json_int_t)w->track.fixes));
    view_json_set(&object, "lines", view_route_lines(&route, &d->arena));
    view_json_set(&object, "gaps", view_route_gaps(&route));
    view_json_set(&object, "checkins", json_incref(w->checkins));
    view_json_set(&object, "visits", visits);
    if (w->is_open)
        cli_live_set(&object, &w->live);
    return object;
}

static void put_walk(struct day *d, const struct walk *w)
{
    struct xg_buf *out = &d->cli->out;

    xg_buf_text(out, w->number);
    xg_buf_text(out, "  ");
    view_put_time(out, w->start_ms / 1000 * 1000);
    xg_buf_text(out, " – ");
    if (w->is_open)
        xg_buf_text(out, w->is_running ? XG_T("进行中", "under way")
                                       : XG_T("已中断", "cut off"));
    else
        view_put_time(out, w->end_ms / 1000 * 1000);
    xg_buf_text(out, "  ");
    view_put_decimal(out, w->track.distance_mm / 1000, 3);
    xg_buf_format(out, XG_T(" 公里，%zu 处缺口\n", " km, %zu gaps\n"),
                  w->track.gap_count);
    for (size_t i = 0; i < w->track.gap_count; i++) {
        const struct xg_gap *gap = &w->track.gaps[i];
        xg_buf_text(out, XG_T("  缺口 ", "  gap "));
        view_put_time(out, gap->from_ms / 1000 * 1000);
        xg_buf_text(out, "  ");
        view_put_duration(out, (gap->to_ms - gap->from_ms) / 1000 * 1000);
        xg_buf_text(out, "  ");
        view_put_choice(out, xg_gap_causes, gap->cause);
        xg_buf_byte(out, '\n');
    }
    if (w->is_open)
        cli_live_put(out, &w->live);
    for (size_t i = 0; i < d->visit_count; i++)
        if (is_within(w, &d->visits[i]))
            put_visit(out, &d->visits[i]);
}

static void add_walk(struct day *d, const struct walk *w)
{
    if (d->cli->json)
        view_json_append(&d->patrols, walk_json(d, w));
    else
        put_walk(d, w);
    for (size_t i = 0; i < d->visit_count; i++)
        d->visits[i].taken |= is_within(w, &d->visits[i]);
}

/* ---- patrols ---- */

static int64_t time_of(const struct xg_brief *b, uint64_t field,
                       int64_t otherwise)
{
    struct xg_cbor_item item;
    int64_t ms;

    return xg_brief_value(b, field, &item) && xg_cbor_int(&item, &ms)
               ? ms
               : otherwise;
}

static enum xg_status fill(struct day *d, struct walk *w,
                           const struct xg_brief *b,
                           const struct cli_patrol *open, struct xg_error *err)
{
    w->checkins = view_route_checkins(b);
    if (!w->is_open)
        return cli_track_of(&w->track, &d->arena, b, err);
    if (cli_patrol_live(&w->live, d->cli, &d->arena, open, err) != XG_OK)
        return err->status;
    w->track = w->live.track;
    w->is_running = open->state.running;
    return XG_OK;
}

/* When it was walked, whenever that was recorded. */
static bool is_of_day(const struct day *d, struct walk *w,
                      const struct xg_brief *b, const struct cli_patrol *open)
{
    w->start_ms = time_of(b, XG_PATROL_START, w->start_ms);
    w->end_ms = time_of(b, XG_PATROL_END, w->start_ms);
    w->is_open = open->state.open && xg_id_equal(&open->state.id, &w->id);
    if (w->is_open)
        w->end_ms = xg_wall_ms(&d->cli->env);
    return w->start_ms < d->to_ms &&
           (w->end_ms >= d->from_ms || w->start_ms >= d->from_ms);
}

static enum xg_status look_at(struct day *d, const struct xg_id *id,
                              const struct cli_patrol *open,
                              struct xg_error *err)
{
    struct xg_buf state = XG_BUF(STATE_MAX);
    struct walk w = {.id = *id};
    struct store_entity e;
    struct xg_brief b;
    enum xg_status status =
        store_load_entity(d->cli->home.store, &e, &state, id, err);

    if (status == XG_OK && e.folded && !e.withdrawn) {
        memcpy(w.number, e.number, sizeof w.number);
        w.start_ms = e.first_ms;
        status = xg_brief_read(&b, xg_buf_bytes(&state), err);
        if (status == XG_OK && is_of_day(d, &w, &b, open)) {
            status = fill(d, &w, &b, open, err);
            if (status == XG_OK)
                add_walk(d, &w);
            json_decref(w.checkins);
        }
    }
    xg_buf_clear(&state);
    return status;
}

static enum xg_status look_at_patrols(struct day *d, struct xg_error *err)
{
    struct cli_patrol open;
    struct xg_id *ids;
    size_t count;

    /* One that began the evening before may reach into the day; the track of
     * another device may have been imported on any day after. */
    if (cli_patrol_look(&open, d->cli, err) != XG_OK ||
        store_list_between(d->cli->home.store, &d->arena, &ids, &count,
                           xg_kind_find(XG_KIND_PATROL), d->from_ms - DAY_MS,
                           INT64_MAX, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (look_at(d, &ids[i], &open, err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* ---- all of it ---- */

static enum xg_status put_json(struct day *d, struct xg_error *err)
{
    json_t *object = json_object(), *others = json_array();
    char date[16];

    snprintf(date, sizeof date, "%04" PRIu32 "-%02" PRIu32 "-%02" PRIu32,
             d->date / 10000, d->date / 100 % 100, d->date % 100);
    for (size_t i = 0; i < d->visit_count; i++)
        if (!d->visits[i].taken)
            view_json_append(&others, visit_json(&d->visits[i]));
    view_json_set(&object, "date", json_string(date));
    view_json_set(&object, "patrols", json_incref(d->patrols));
    view_json_set(&object, "visits", others);
    return cli_put_json(d->cli, object, err);
}

static enum xg_status put_rest(struct day *d, struct xg_error *err)
{
    struct xg_buf *out = &d->cli->out;
    bool any = out->len > 0;

    if (d->cli->json)
        return put_json(d, err);
    for (size_t i = 0; i < d->visit_count; i++)
        if (!d->visits[i].taken) {
            put_visit(out, &d->visits[i]);
            any = true;
        }
    if (!any)
        xg_buf_text(out, XG_T("这一天没有巡查，也没有走访。\n",
                              "No patrol on that day, and no visit.\n"));
    return xg_buf_check(out, err);
}

enum xg_status cmd_patrol_day(struct cli *cli, struct xg_error *err)
{
    struct day d = {.cli = cli,
                    .arena = XG_ARENA(DAY_ARENA_MAX),
                    .patrols = json_array()};
    enum xg_status status = choose_day(&d, err);

    if (status == XG_OK)
        status = read_visits(&d, err);
    if (status == XG_OK)
        status = look_at_patrols(&d, err);
    if (status == XG_OK)
        status = put_rest(&d, err);
    json_decref(d.patrols);
    xg_arena_clear(&d.arena);
    return status;
}
