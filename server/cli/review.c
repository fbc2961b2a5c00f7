/* review.c - `review`: the day's sheet (一日一研判), from the same rows as the
 * figures (docs/figures.md): what came, was filed and closed that day, what is
 * overdue and with whom, what was reminded of, escalated, returned, whistled
 * for, what waits for a decision, who was on patrol.
 *
 * What is overdue, and what waits for a decision, is so at the end of the day,
 * or now while it lasts (then.h). The sheet is built once, as JSON; text and
 * workbook are written from that. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/print.h"
#include "server/cli/rows.h"
#include "server/cli/then.h"
#include "server/data/guide.h"
#include "server/report/book.h"
#include "server/report/each.h"
#include "server/report/read.h"
#include "server/report/show.h"
#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/view/json.h"
#include "shared/view/names.h"
#include "shared/view/text.h"

enum { FOLDED_MAX = 1000 };
enum { CASE_BYTES = 256 << 20, LINE_MAX = 8192 };

struct job {
    struct look look; /* first: what tells a story knows it alone */
    struct rows rows;
    struct xg_arena one; /* for a case */
    int64_t from_ms, to_ms;
    const struct board_act *act; /* of which is told */
    json_t **lines;              /* of each row what all parts show, or NULL */
    bool past;      /* the day is over: */
    int64_t at_ms;  /* its last moment, else now */
    uint64_t until; /* what lay in the log then, if it is */
    struct board_late *lates; /* what was overdue then, by number */
    size_t late_count;
    bool whole; /* its conflicts are all that were there */
    json_t *sheet;
};

/* The parts of a sheet, in their order. */
static const struct {
    const char *key, *zh, *en;
    const char *figure; /* whose cases it lists; "" otherwise */
} parts[] = {
    {"received", "收到", "received", "received"},
    {"filed", "立案", "filed", "filed"},
    {"closed", "办结", "closed", "closed"},
    {"overdue", "超期", "overdue", "overdue_now"},
    {"reminders", "催办", "reminders", ""},
    {"climbs", "提级", "escalated", ""},
    {"returned", "退单", "returned", ""},
    {"whistles", "吹哨和报到", "whistles and who reported in", ""},
    {"conflicts", "待决定的冲突", "conflicts to decide", ""},
    {"patrols", "巡查", "on patrol", ""},
};
enum { PARTS = sizeof parts / sizeof *parts };

static json_t *part_of(struct job *j, const char *key)
{
    return json_object_get(j->sheet, key);
}

/* ---- a case in a line ---- */

/* What every part shows of a case. */
static enum xg_status case_json(json_t **out, struct job *j, uint64_t number,
                                struct xg_error *err)
{
    const struct xg_choice *status;
    struct board_case c;

    if (board_case(j->rows.board, &c, &j->one, number, err) != XG_OK)
        return err->status;
    status = xg_choice_find(xg_statuses, c.status);
    json_t *o = json_object();
    view_json_set(&o, "id", view_json_hex(c.id.b, sizeof c.id.b));
    view_json_set(&o, "number", *c.name ? json_string(c.name) : json_null());
    view_json_set(&o, "title",
                  *c.title ? view_json_text(xg_bytes_of(c.title))
                           : json_null());
    view_json_set(&o, "status",
                  status ? json_string(status->name) : json_null());
    *out = o;
    return XG_OK;
}

/* A copy; that of a row is made once. */
static enum xg_status row_json(json_t **out, struct job *j, size_t row,
                               struct xg_error *err)
{
    if (!j->lines[row]) {
        if (case_json(&j->lines[row], j, j->rows.set.rows[row].number, err) !=
            XG_OK)
            return err->status;
        xg_arena_reset(&j->one);
    }
    *out = json_copy(j->lines[row]);
    return *out ? XG_OK : xg_fail_nomem(err);
}

static void set_holder(json_t **o, struct job *j, struct xg_bytes holder)
{
    view_json_set(o, "holder",
                  holder.len ? view_json_text(holder) : json_null());
    view_json_set(o, "holder_name",
                  holder.len ? view_json_text(report_key_name(
                                   j->rows.units, REPORT_BY_HOLDER, holder))
                             : json_null());
}

/* ---- cases of a figure ---- */

static int64_t due_of(const struct report_case *row)
{
    int64_t due = row->close.runs_ms;

    if (due == XG_NO_TIME ||
        (row->report_in.runs_ms != XG_NO_TIME && row->report_in.runs_ms < due))
        due = row->report_in.runs_ms;
    return due;
}

static void set_overdue(json_t **o, int64_t due)
{
    struct xg_buf text = XG_BUF(LINE_MAX);

    if (due == XG_NO_TIME)
        return;
    xg_buf_text(&text, XG_T("应于 ", "was due "));
    view_put_minute(&text, due);
    view_json_set(o, "due", view_json_time(due));
    view_json_set(o, "text", view_json_text(xg_buf_bytes(&text)));
    xg_buf_clear(&text);
}

static enum xg_status list_figure(struct job *j, size_t part,
                                  struct xg_error *err)
{
    struct report_asked asked = {
        .figure = report_figure_named(parts[part].figure),
        .from_ms = j->from_ms,
        .to_ms = j->to_ms,
        .classes = report_units_classes(j->rows.units)};
    json_t *list = part_of(j, parts[part].key), *o = NULL;
    bool overdue = strcmp(parts[part].key, "overdue") == 0;

    for (size_t i = 0; i < j->rows.set.count; i++) {
        const struct report_case *row = &j->rows.set.rows[i];
        if (report_part_of(&j->rows.set, i, &asked) != REPORT_NUMERATOR)
            continue;
        if (row_json(&o, j, i, err) != XG_OK)
            return err->status;
        set_holder(&o, j, row->holder);
        if (overdue)
            set_overdue(&o, due_of(row));
        view_json_append(&list, o);
    }
    return XG_OK;
}

/* ---- how it stood at the end of a day that is over ---- */

static void set_stood(json_t **o, struct job *j, uint64_t status_then,
                      struct xg_bytes holder)
{
    const struct xg_choice *status = xg_choice_find(xg_statuses, status_then);

    view_json_set(o, "status",
                  status ? json_string(status->name) : json_null());
    set_holder(o, j, holder);
}

static void set_then(json_t **o, struct job *j, const struct then *then)
{
    const struct xg_state *s = &then->fold.state;
    struct xg_cbor_item unit;
    bool given = xg_state_value(s, XG_CASE_UNIT, &unit) &&
                 unit.type == XG_CBOR_TEXT;

    set_stood(o, j, s->status, given ? unit.bytes : xg_bytes("", 0));
}

/* Was it open then, and may a clock of it have been over? By what is known of
 * it now: no due is before the one without pauses and extensions. */
static bool may_have_been_overdue(const struct job *j,
                                  const struct report_case *row)
{
    const struct report_term *terms[] = {&row->close, &row->report_in};

    if (row->received_ms > j->at_ms || row->way >= REPORT_VOIDED)
        return false;
    if (row->reopened_ms != XG_NO_TIME && row->reopened_ms > j->at_ms)
        return true; /* its round before is not in the row */
    if (row->way != REPORT_OPEN && row->settled_ms <= j->at_ms)
        return false;
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        const struct report_term *t = terms[i];
        if ((t->plain_runs_ms != XG_NO_TIME && t->plain_runs_ms < j->at_ms) ||
            (t->plain_broke_ms != XG_NO_TIME && t->plain_broke_ms < j->at_ms))
            return true;
    }
    return false;
}

/* By its records, as they were then. */
static enum xg_status fold_overdue_then(struct job *j, const struct xg_id *id,
                                        struct xg_error *err)
{
    json_t *list = part_of(j, "overdue"), *o = NULL;
    struct look *l = &j->look;
    struct guide_rules rules;
    struct fold now;
    struct then then;
    int64_t due_ms = XG_NO_TIME;
    bool found;

    if (fold_of_entity(&now, &found, &j->one, l->store, &l->registry, id,
                       err) != XG_OK)
        return err->status;
    if (!found)
        return XG_OK;
    if (guide_rules_of(&rules, j->rows.from.guide, &now, err) != XG_OK ||
        then_by_time(&then, &j->one, l->store, &l->registry, &now, j->at_ms,
                     err) != XG_OK)
        return err->status;
    if (then.there && then_overdue(&due_ms, &j->one, &then, &rules, j->at_ms,
                                   err) != XG_OK)
        return err->status;
    if (due_ms == XG_NO_TIME)
        return XG_OK;
    if (case_json(&o, j, now.entity.number, err) != XG_OK)
        return err->status;
    set_then(&o, j, &then);
    set_overdue(&o, due_ms);
    view_json_append(&list, o);
    return XG_OK;
}

static int by_number(const void *key, const void *item)
{
    const uint64_t *number = key;
    const struct board_late *late = item;

    return (*number > late->number) - (*number < late->number);
}

static const struct board_late *late_of(const struct job *j, uint64_t number)
{
    return j->late_count ? bsearch(&number, j->lates, j->late_count,
                                   sizeof *j->lates, by_number)
                         : NULL;
}

static enum xg_status list_overdue_then(struct job *j, size_t row,
                                        struct xg_error *err)
{
    const struct report_case *known = &j->rows.set.rows[row];
    const struct board_late *late = late_of(j, known->number);
    json_t *list = part_of(j, "overdue"), *o = NULL;

    if (!late || !may_have_been_overdue(j, known))
        return XG_OK;
    if (late->fold)
        return fold_overdue_then(j, &known->id, err);
    if (row_json(&o, j, row, err) != XG_OK)
        return err->status;
    set_stood(&o, j, late->status, xg_bytes_of(late->holder));
    set_overdue(&o, late->due_ms);
    view_json_append(&list, o);
    return XG_OK;
}

static enum xg_status list_all_overdue_then(struct job *j, struct xg_error *err)
{
    const struct report_set *set = &j->rows.set;

    for (size_t i = 0; i < set->count; i++) {
        if (set->fates[i] != REPORT_COUNTS || !set->places[i].at)
            continue;
        if (list_overdue_then(j, i, err) != XG_OK)
            return err->status;
        xg_arena_reset(&j->one);
    }
    return XG_OK;
}

/* `now` changed since: what stood against each other then may be decided, and
 * what does now may not have come yet. */
static enum xg_status list_conflict_then(struct job *j, const struct fold *now,
                                         struct xg_error *err)
{
    json_t *list = part_of(j, "conflicts"), *o = NULL;
    struct look *l = &j->look;
    struct then then;

    if (then_by_log(&then, &j->one, l->store, &l->registry, now, j->until,
                    err) != XG_OK)
        return err->status;
    if (!then.there || then.fold.state.conflict_count == 0)
        return XG_OK;
    if (case_json(&o, j, now->entity.number, err) != XG_OK)
        return err->status;
    set_then(&o, j, &then);
    view_json_append(&list, o);
    return XG_OK;
}

/* ---- what was done ---- */

static const char *part_of_move(uint64_t move)
{
    switch (move) {
    case XG_MOVE_REMIND:
        return "reminders";
    case XG_MOVE_ESCALATE:
        return "climbs";
    case XG_MOVE_RETURN:
        return "returned";
    case XG_MOVE_WHISTLE:
    case XG_MOVE_TRIAGE:
    case XG_MOVE_REPORT_IN:
        return "whistles";
    default:
        return NULL;
    }
}

static void set_field(json_t **o, const char *key, const struct xg_record *r,
                      uint64_t number)
{
    struct xg_cbor_item value;

    if (xg_record_field(r, number, &value) && value.type == XG_CBOR_TEXT)
        view_json_set(o, key, view_json_text(value.bytes));
}

/* Who did it: all that a story asks of a record that it is given alone. */
static enum xg_status about_act(void *ctx, struct view_about *out,
                                const struct xg_op *op, struct xg_error *err)
{
    const struct job *j = ctx;
    struct store *s = j->look.store;
    char name[STORE_NAME_MAX + 1];
    bool found;

    (void)op;
    memcpy(out->author, j->act->author, sizeof out->author);
    if (s->ops->get_person(s, name, &found, out->author, err) != XG_OK)
        return err->status;
    static_assert(sizeof out->author_name >= sizeof name, "cut nowhere");
    if (found)
        memcpy(out->author_name, name, sizeof name);
    return XG_OK;
}

/* Without its case: what was done stands in the record. */
static enum xg_status put_story(struct xg_buf *out, struct job *j,
                                const struct xg_record *r, struct xg_error *err)
{
    struct view_context view = j->look.view;
    struct xg_op op = {.record = r};
    struct xg_state alone = {.ops = &op, .count = 1};

    view.about = about_act;
    return view_put_story(out, &alone, 0, &view, err);
}

static enum xg_status add_act(struct job *j, const struct xg_record *r,
                              struct xg_error *err)
{
    const struct board_act *act = j->act;
    json_t *list = part_of(j, part_of_move(act->move)), *o = NULL;
    struct xg_buf text = XG_BUF(LINE_MAX);
    enum xg_status status = XG_OK;

    if (!act->sensitive)
        status = put_story(&text, j, r, err);
    if (status == XG_OK)
        status = case_json(&o, j, act->number, err);
    if (status == XG_OK) {
        view_json_set(&o, "time", view_json_time(act->ms));
        view_json_set(&o, "by", json_string(act->author));
        set_field(&o, "level", r, XG_CASE_LEVEL);
        if (!act->sensitive)
            set_field(&o, "why", r, XG_FIELD_WHY);
        view_json_set(&o, "text", view_json_text(xg_buf_bytes(&text)));
        view_json_append(&list, o);
    }
    xg_buf_clear(&text);
    return status;
}

static enum xg_status list_act(struct job *j, struct xg_error *err)
{
    struct store *s = j->look.store;
    struct store_record *row;
    struct xg_record record;
    struct board_case c;
    size_t count = 0;
    bool is = false;

    if (board_case(j->rows.board, &c, &j->one, j->act->number, err) != XG_OK ||
        rows_has(&is, &j->rows, c.number, c.kind, c.unit, err) != XG_OK)
        return err->status;
    if (!is)
        return XG_OK;
    if (s->ops->read_records(s, &j->one, &row, &count, j->act->record,
                             j->act->record, 1, err) != XG_OK)
        return err->status;
    if (count == 0)
        return XG_OK;
    store_read_left(&record, row);
    return record.malformed ? XG_OK : add_act(j, &record, err);
}

static enum xg_status list_acts(struct job *j, struct xg_error *err)
{
    struct board_act *acts;
    size_t count;

    if (board_acts(j->rows.board, &j->rows.arena, &acts, &count, j->from_ms,
                   j->to_ms, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        j->act = &acts[i];
        if (list_act(j, err) != XG_OK)
            return err->status;
        xg_arena_reset(&j->one);
    }
    return XG_OK;
}

static enum xg_status list_conflict(void *ctx, const struct store_entity *e,
                                    struct xg_error *err)
{
    struct job *j = ctx;
    json_t *list = part_of(j, "conflicts"), *o = NULL;
    bool is = false;

    if (j->past && e->changed >= j->until)
        return XG_OK; /* list_conflict_then() looks at it */
    if (e->folded &&
        rows_has(&is, &j->rows, e->number, e->kind, e->unit, err) != XG_OK)
        return err->status;
    if (is && case_json(&o, j, e->number, err) != XG_OK)
        return err->status;
    if (is)
        view_json_append(&list, o);
    return XG_OK;
}

/* The first entry of the log that was not there before that moment. */
static enum xg_status first_entry(uint64_t *entry, struct job *j, int64_t at_ms,
                                  struct xg_error *err)
{
    uint64_t low = 0, high = j->rows.from.size;
    int64_t ms;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (report_came(&ms, j->look.store, middle, err) != XG_OK)
            return err->status;
        if (ms != XG_NO_TIME && ms < at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    *entry = low;
    return XG_OK;
}

static enum xg_status look_at_changed(struct job *j,
                                      const struct board_fork *fork,
                                      struct xg_error *err)
{
    struct look *l = &j->look;
    struct board_case c;
    struct fold now;
    bool is = false, found;

    if (board_case(j->rows.board, &c, &j->one, fork->number, err) != XG_OK ||
        rows_has(&is, &j->rows, c.number, c.kind, c.unit, err) != XG_OK)
        return err->status;
    if (!is)
        return XG_OK;
    if (fold_of_entity(&now, &found, &j->one, l->store, &l->registry, &fork->id,
                       err) != XG_OK)
        return err->status;
    return found ? list_conflict_then(j, &now, err) : XG_OK;
}

/* Of what changed since that evening each case is folded as it was, if anything
 * of it may have stood against each other: of a day long past only those that
 * nobody has decided since, and the sheet says so. */
static enum xg_status list_conflicts_then(struct job *j, struct xg_error *err)
{
    struct board_fork *forks;
    size_t count;

    if (board_forked(j->rows.board, &j->rows.arena, &forks, &count, j->until,
                     FOLDED_MAX + 1, err) != XG_OK)
        return err->status;
    j->whole = count <= FOLDED_MAX;
    if (!j->whole &&
        board_forked_decide(j->rows.board, &j->rows.arena, &forks, &count,
                            j->until, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        if (look_at_changed(j, &forks[i], err) != XG_OK)
            return err->status;
        xg_arena_reset(&j->one);
    }
    return XG_OK;
}

/* ---- who was on patrol ---- */

static enum xg_status list_patrols(struct job *j, struct xg_error *err)
{
    json_t *list = part_of(j, "patrols");
    struct report_walk *walks;
    size_t count;

    if (board_walks(j->rows.board, &j->rows.arena, &walks, &count, j->from_ms,
                    j->to_ms, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        const struct report_walk *w = &walks[i];
        struct xg_buf text = XG_BUF(LINE_MAX);
        bool within = false;
        if (area_has(&j->rows.area, &within, w->unit, err) != XG_OK)
            return err->status;
        if (!within)
            continue;
        json_t *o = json_object();
        view_put_decimal(&text, w->distance_mm / 1000, 3);
        xg_buf_format(
            &text, XG_T(" 公里，%" PRIu64 " 处缺口", " km, %" PRIu64 " gaps"),
            w->gaps);
        view_json_set(&o, "patrol", view_json_hex(w->id.b, sizeof w->id.b));
        view_json_set(&o, "worker", json_string(w->worker));
        view_json_set(&o, "name",
                      json_string(area_person(&j->rows.area, w->worker)));
        view_json_set(&o, "unit_name",
                      json_string(area_unit_name(&j->rows.area, w->unit)));
        view_json_set(&o, "time", view_json_time(w->start_ms));
        view_json_set(&o, "text", view_json_text(xg_buf_bytes(&text)));
        view_json_append(&list, o);
        xg_buf_clear(&text);
    }
    return XG_OK;
}

/* ---- the sheet ---- */

static enum xg_status open_job(struct job *j, struct cmd *c,
                               struct xg_error *err)
{
    struct look *l = &j->look;

    j->one = XG_ARENA(CASE_BYTES);
    if (rows_board(&j->rows, c, err) != XG_OK ||
        look_open(l, c, err) != XG_OK || rows_open(&j->rows, l, err) != XG_OK ||
        area_day(&j->from_ms, c->arg_count > 1 ? c->args[1] : NULL, l, err) !=
            XG_OK)
        return err->status;
    j->to_ms = j->from_ms + REPORT_DAY_MS;
    j->past = j->to_ms <= j->rows.set.now_ms;
    j->at_ms = j->past ? j->to_ms - 1 : j->rows.set.now_ms;
    if (j->past && board_lates(j->rows.board, &j->rows.arena, &j->lates,
                               &j->late_count, j->at_ms, err) != XG_OK)
        return err->status;
    struct board_period period = {j->from_ms, j->to_ms, j->lates,
                                  j->late_count};
    if (rows_read(&j->rows, &period, err) != XG_OK)
        return err->status;
    j->lines = calloc(j->rows.set.count + 1, sizeof *j->lines);
    return j->lines ? XG_OK : xg_fail_nomem(err);
}

static enum xg_status list_part(struct job *j, size_t part,
                                struct xg_error *err)
{
    return j->past && strcmp(parts[part].key, "overdue") == 0
               ? list_all_overdue_then(j, err)
               : list_figure(j, part, err);
}

static enum xg_status fill(struct job *j, struct xg_error *err)
{
    char day[REPORT_DAY_TEXT];

    report_day_text(day, j->from_ms);
    j->sheet = json_object();
    view_json_set(&j->sheet, "date", json_string(day));
    view_json_set(&j->sheet, "unit",
                  *j->rows.area.unit ? json_string(j->rows.area.unit)
                                     : json_null());
    view_json_set(&j->sheet, "whose",
                  json_string(j->rows.by_hands ? "hands" : "home"));
    view_json_set(&j->sheet, "as_of", view_json_uint(j->rows.set.size));
    view_json_set(&j->sheet, "time", view_json_time(j->rows.set.now_ms));
    view_json_set(&j->sheet, "open_at",
                  view_json_time(j->past ? j->to_ms : j->at_ms));
    for (size_t i = 0; i < PARTS; i++)
        view_json_set(&j->sheet, parts[i].key, json_array());
    if (!j->sheet)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < PARTS; i++)
        if (*parts[i].figure && list_part(j, i, err) != XG_OK)
            return err->status;
    if (first_entry(&j->until, j, j->to_ms, err) != XG_OK ||
        list_acts(j, err) != XG_OK ||
        (j->past && list_conflicts_then(j, err) != XG_OK) ||
        report_each(j->look.store, (struct store_filter){.conflicts = true}, j,
                    list_conflict, err) != XG_OK)
        return err->status;
    view_json_set(&j->sheet, "conflicts_whole",
                  json_boolean(!j->past || j->whole));
    return list_patrols(j, err);
}

/* ---- as text, and as a workbook ---- */

static const char *text_at(const json_t *line, const char *key)
{
    const char *text = json_string_value(json_object_get(line, key));

    return text ? text : "";
}

/* A time of the sheet as a person reads it. */
static void put_when(struct xg_buf *out, const json_t *line)
{
    const char *time = text_at(line, "time");
    int64_t ms;

    if (*time && view_parse_time(&ms, time))
        view_put_minute(out, ms);
}

static void put_line(struct xg_buf *out, const json_t *line)
{
    static const char *const keys[] = {"number", "worker",      "name",
                                       "title",  "holder_name", "unit_name",
                                       "text"};
    size_t start = out->len;

    xg_buf_text(out, "  ");
    put_when(out, line);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (!*text_at(line, keys[i]))
            continue;
        xg_buf_text(out, out->len > start + 2 ? "  " : "");
        view_put_line(out, xg_bytes_of(text_at(line, keys[i])));
    }
    xg_buf_byte(out, '\n');
}

/* As of when the sheet is. */
static void put_as_of(struct xg_buf *out, const struct job *j)
{
    if (j->past)
        xg_buf_text(out, XG_T("超期和待决定的冲突为当日 24:00 的；",
                              "overdue and to decide: at the end of that day; "));
    if (j->past && !j->whole)
        xg_buf_text(out, XG_T("冲突不含此后已决定的；",
                              "of the conflicts those decided since are not "
                              "listed; "));
    xg_buf_text(out, XG_T("截至 ", "as of "));
    view_put_minute(out, j->rows.set.now_ms);
}

static void put_text(struct xg_buf *out, struct job *j)
{
    xg_buf_format(out, XG_T("每日研判 %s\n", "The day's review, %s\n"),
                  text_at(j->sheet, "date"));
    put_as_of(out, j);
    xg_buf_byte(out, '\n');
    for (size_t i = 0; i < PARTS; i++) {
        json_t *list = part_of(j, parts[i].key), *line;
        size_t at;
        xg_buf_format(out, XG_T("%s %zu\n", "%s: %zu\n"),
                      XG_T(parts[i].zh, parts[i].en), json_array_size(list));
        json_array_foreach(list, at, line) put_line(out, line);
    }
}

/* How many of each: what is read first. */
static void put_summary(struct report_book *b, struct job *j)
{
    static const unsigned widths[] = {36, 20, 0};
    const char *const heading[] = {XG_T("部分", "part"), XG_T("件数", "number"),
                                   NULL};
    struct xg_buf title = XG_BUF(256);

    xg_buf_format(&title, XG_T("每日研判 %s", "The day's review, %s"),
                  text_at(j->sheet, "date"));
    report_book_sheet(b, XG_T("每日研判", "review"), widths);
    report_book_title(b, xg_buf_str(&title));
    report_book_text(b, xg_bytes_of(XG_T("超期和待决定的冲突截至",
                                         "overdue and to decide as of")));
    report_book_time(b, j->past ? j->to_ms : j->at_ms);
    report_book_line(b);
    report_book_text(b, xg_bytes_of(XG_T("其余截至", "the rest as of")));
    report_book_time(b, j->rows.set.now_ms);
    report_book_line(b);
    xg_buf_reset(&title);
    report_put_lag(&title, j->rows.set.size, j->rows.set.behind);
    report_book_text(b, xg_buf_bytes(&title));
    report_book_line(b);
    report_book_heading(b, heading);
    for (size_t i = 0; i < PARTS; i++) {
        report_book_text(b, xg_bytes_of(XG_T(parts[i].zh, parts[i].en)));
        report_book_number(b, json_array_size(part_of(j, parts[i].key)));
        report_book_line(b);
    }
    xg_buf_clear(&title);
}

static void put_time_at(struct report_book *b, const json_t *line)
{
    const char *time = text_at(line, "time");
    int64_t ms;

    if (!*time)
        time = text_at(line, "due");
    if (*time && view_parse_time(&ms, time))
        report_book_time(b, ms);
    else
        report_book_empty(b);
}

static void put_book_part(struct report_book *b, struct job *j, size_t part)
{
    json_t *list = part_of(j, parts[part].key), *line;
    size_t at;

    json_array_foreach(list, at, line)
    {
        const char *who = text_at(line, "holder_name");
        report_book_text(b, xg_bytes_of(XG_T(parts[part].zh, parts[part].en)));
        report_book_number(b, at + 1);
        report_book_text(b, xg_bytes_of(text_at(line, "number")));
        report_book_text(b, xg_bytes_of(text_at(line, "title")));
        report_book_text(b, xg_bytes_of(*who ? who : text_at(line, "name")));
        put_time_at(b, line);
        report_book_text(b, xg_bytes_of(text_at(line, "text")));
        report_book_line(b);
    }
}

static enum xg_status put_book(struct xg_buf *out, struct job *j,
                               struct xg_error *err)
{
    static const unsigned widths[] = {20, 6, 18, 36, 24, 18, 60, 0};
    const char *const heading[] = {XG_T("部分", "part"),
                                   XG_T("序号", "no."),
                                   XG_T("编号", "number"),
                                   XG_T("事项", "case"),
                                   XG_T("单位或人员", "unit or person"),
                                   XG_T("时间", "time"),
                                   XG_T("说明", "told"),
                                   NULL};
    struct report_book *b;

    if (report_book_new(&b, err) != XG_OK)
        return err->status;
    put_summary(b, j);
    report_book_sheet(b, XG_T("明细", "cases"), widths);
    report_book_heading(b, heading);
    for (size_t i = 0; i < PARTS; i++)
        put_book_part(b, j, i);
    enum xg_status status = report_book_put(out, b, err);
    report_book_free(b);
    return status;
}

static enum xg_status put(struct job *j, struct cmd *c, struct xg_error *err)
{
    const char *format = cmd_option(c, "format");

    c->out_is_file = format && strcmp(format, "xlsx") == 0;
    if (c->out_is_file)
        return put_book(&c->out, j, err);
    if (c->json || format) {
        json_t *sheet = j->sheet;
        j->sheet = NULL;
        area_set_board(&sheet, c);
        return cmd_put_json(c, sheet, err);
    }
    put_text(&c->out, j);
    return xg_buf_check(&c->out, err);
}

enum xg_status cmd_review(struct cmd *c, struct xg_error *err)
{
    const char *format = cmd_option(c, "format");
    struct job *j = NULL;

    if (format && strcmp(format, "json") != 0 && strcmp(format, "xlsx") != 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("--format 不能是 %.40s：json 或 xlsx",
                            "--format cannot be %.40s: json or xlsx"),
                       format);
    j = calloc(1, sizeof *j);
    if (!j)
        return xg_fail_nomem(err);
    enum xg_status status = open_job(j, c, err);
    if (status == XG_OK)
        status = fill(j, err);
    if (status == XG_OK)
        status = put(j, c, err);
    for (size_t i = 0; j->lines && i < j->rows.set.count; i++)
        json_decref(j->lines[i]);
    free(j->lines);
    json_decref(j->sheet);
    rows_close(&j->rows);
    if (j->look.c)
        look_close(&j->look);
    xg_arena_clear(&j->one);
    free(j);
    return status;
}
