/* list.c - `list` and `counts`: what the board (board.h) finds, a line
 * each from the store. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/area.h"
#include "server/cli/filter.h"
#include "server/cli/list_sheet.h"
#include "server/cli/print.h"
#include "server/data/guide.h"
#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/view/clock.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum {
    LIST_DEFAULT = 100,
    PAGE = 200, /* rows of the board at a time */
    AFTER_MAX = 2 * XG_ID_SIZE + 24,
};

enum xg_status look_put_row(struct look *l, const struct store_entity *e,
                            struct xg_error *err)
{
    struct xg_brief brief = {.id = e->id,
                             .kind = xg_kind_find(e->kind),
                             .status = e->status,
                             .conflicts = e->conflicts,
                             .records = e->records,
                             .withdrawn = e->withdrawn};

    l->row = e;
    if (e->folded && xg_brief_read(&brief, e->state, err) != XG_OK)
        return err->status;
    l->view.withhold = e->folded && !look_shows(l, &e->id,
                                   access_is_sensitive_brief(&brief));
    return view_list_row(&l->c->out, &brief, &l->view, err);
}

enum xg_status
look_walk(struct look *l, struct store_filter filter, size_t limit,
          enum xg_status (*each)(struct look *l, const struct store_entity *e,
                                 struct xg_error *err),
          struct xg_error *err)
{
    enum xg_status status = XG_OK;
    struct store_entity *rows;
    size_t count = 1;

    while (status == XG_OK && limit && count) {
        filter.limit = limit < PAGE ? limit : PAGE;
        status = l->store->ops->read_entities(l->store, &l->arena, &rows,
                                              &count, &filter, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            bool sees = false;
            status = sight_entity(&sees, &l->sight, &rows[i], err);
            if (status == XG_OK && sees)
                status = each(l, &rows[i], err);
            limit -= sees;
        }
        if (status == XG_OK && count)
            filter.before = rows[count - 1].number;
        xg_arena_reset(&l->arena);
    }
    return status;
}

/* ---- a row's other columns ---- */

static void set_unit(json_t **object, const char *key, const char *name_key,
                     struct look *l, const char *unit)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const char *name = unit;

    if (*unit && (look_guide(l, &ignored) != XG_OK ||
                  xg_guide_unit_name(l->guide, &name, unit, &ignored) != XG_OK))
        name = unit;
    view_json_set(object, key,
                  *unit ? view_json_text(xg_bytes_of(unit)) : json_null());
    view_json_set(object, name_key,
                  *unit ? view_json_text(xg_bytes_of(name)) : json_null());
}

static json_t *choice_json(const struct xg_field *f, uint64_t number)
{
    const struct xg_choice *c =
        f && number ? xg_choice_find(f->choices, number) : NULL;

    return c ? json_string(c->name) : json_null();
}

static json_t *source_json(uint64_t number)
{
    return choice_json(
        xg_field_find(xg_kind_find(XG_KIND_INCIDENT), XG_CASE_CHANNEL), number);
}

/* What is given back to go on after this row, wherever it is by then. */
static json_t *after_json(const struct board_row *row)
{
    char text[AFTER_MAX];
    char id[2 * XG_ID_SIZE + 1];

    xg_hex(id, row->id.b, XG_ID_SIZE);
    snprintf(text, sizeof text, "%s@%" PRId64, id, row->key);
    return json_string(text);
}

void look_set_listed(struct look *l, json_t **object)
{
    const struct board_row *row = l->listed;

    if (!row)
        return;
    set_unit(object, "unit", "unit_name", l, row->unit);
    set_unit(object, "holder", "holder_name", l, row->status ? row->holder : "");
    view_json_set(object, "level",
                  *row->level ? view_json_text(xg_bytes_of(row->level))
                              : json_null());
    view_json_set(object, "source", source_json(row->source));
    view_json_set(object, "changed", view_json_uint(l->row->changed));
    view_json_set(object, "links", view_json_uint(l->row->links));
    view_json_set(object, "after", after_json(row));
}

/* ---- the order ---- */

static enum xg_status read_order(enum board_order *by, const struct cmd *c,
                                 struct xg_error *err)
{
    static const char *const names[] = {"changed", "due", "created"};
    const char *text = cmd_option(c, "by");

    *by = cmd_option(c, "due") ? BOARD_BY_DUE : BOARD_BY_CHANGED;
    if (!text)
        return XG_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], text) == 0) {
            *by = (enum board_order)i;
            return XG_OK;
        }
    return xg_fail(err, XG_USAGE,
                   XG_T("不能按 %s 排列；可用的有：changed、due、created",
                        "there is no order %s; one of: changed, due, created"),
                   text);
}

/* ID, or ID@KEY as a row says it: the row may have moved since. */
static enum xg_status read_after(struct board_after *out, struct filtered *f,
                                 const char *text, enum board_order by,
                                 struct xg_error *err)
{
    char id_text[2 * XG_ID_SIZE + 1];
    const char *at = strchr(text, '@');
    size_t len = at ? (size_t)(at - text) : strlen(text);
    char *end = NULL;
    struct xg_id id;
    bool found = false;

    if (len >= sizeof id_text)
        return xg_fail(err, XG_USAGE,
                       XG_T("--after 要上一页最后一行的 after，不是 %s",
                            "--after takes `after` of the last row before, "
                            "not %s"),
                       text);
    snprintf(id_text, sizeof id_text, "%.*s", (int)len, text);
    if (look_find_id(&f->look, &id, id_text, err) != XG_OK ||
        board_find(f->board, out, &found, &id, by, err) != XG_OK)
        return err->status;
    if (at)
        out->key = strtoll(at + 1, &end, 10);
    if (!found || (at && (end == at + 1 || *end)))
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("看板里没有 %s，请从头列起",
                            "the board has no %s: list from the beginning"),
                       text);
    return XG_OK;
}

/* ---- points of a map ---- */

static json_t *text_json(const char *text)
{
    return *text ? view_json_text(xg_bytes_of(text)) : json_null();
}

static enum xg_status put_point(struct look *l, const struct board_row *row,
                                struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(row->kind);
    const struct xg_choice *status = xg_choice_find(xg_statuses, row->status);
    json_t *json = json_object();

    view_json_set(&json, "id", view_json_hex(row->id.b, XG_ID_SIZE));
    view_json_set(&json, "kind", kind ? json_string(kind->name) : json_null());
    view_json_set(&json, "lat", view_json_decimal(row->lat_e7, 7));
    view_json_set(&json, "lon", view_json_decimal(row->lon_e7, 7));
    view_json_set(&json, "status",
                  status ? json_string(status->name) : json_null());
    view_json_set(&json, "light", json_string(view_light_name(row->light)));
    view_json_set(&json, "category", text_json(row->category));
    view_json_set(&json, "urgency",
                  choice_json(xg_field_find(xg_kind_find(XG_KIND_INCIDENT),
                                            XG_INCIDENT_URGENCY),
                              row->urgency));
    return cmd_put_json(l->c, json, err);
}

/* ---- `list` ---- */

/* The line that was just written goes into the sheet. */
static enum xg_status put_into_sheet(struct filtered *f, struct xg_error *err)
{
    struct xg_buf *line = &f->c->out;
    json_t *row = NULL;

    if (xg_buf_check(line, err) != XG_OK)
        return err->status;
    row = json_loadb((const char *)line->data, line->len, 0, NULL);
    if (!row)
        return xg_fail_nomem(err);
    list_sheet_add(f->sheet, row);
    json_decref(row);
    xg_buf_reset(line);
    return XG_OK;
}

/* *sees: one more was, or would be, shown. */
static enum xg_status put_row(bool *sees, struct filtered *f,
                              const struct board_row *row, bool shows,
                              struct xg_error *err)
{
    struct look *l = &f->look;
    struct store_entity e;

    *sees = false;
    if (l->store->ops->get_entity(l->store, &l->arena, &e, row->number, err) !=
            XG_OK ||
        sight_entity(sees, &l->sight, &e, err) != XG_OK)
        return err->status;
    if (!*sees || !shows)
        return XG_OK;
    l->listed = row;
    enum xg_status status = look_put_row(l, &e, err);
    l->listed = NULL;
    return status == XG_OK && f->sheet ? put_into_sheet(f, err) : status;
}

/* Up to `limit` of them; *seen: how many there were. `shows`: else they are
 * only counted. */
static enum xg_status put_rows(uint64_t *seen, struct filtered *f,
                               enum board_order by, struct board_after *after,
                               size_t limit, bool shows, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    struct look *l = &f->look;
    bool points = shows && cmd_option(f->c, "points") != NULL, sees;
    struct board_row *rows;
    enum xg_status status = XG_OK;
    size_t count = 1, page = points ? BOARD_ROWS_MAX : PAGE;
    struct board_after *from = after->number ? after : NULL;

    *seen = 0;
    while (status == XG_OK && *seen < limit && count) {
        size_t left = limit - (size_t)*seen;
        xg_arena_reset(&arena);
        status = board_list(f->board, &arena, &rows, &count, &f->filter, by,
                            from, left < page ? left : page, l->now_ms, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            sees = true;
            if (!points)
                status = put_row(&sees, f, &rows[i], shows, err);
            else if (rows[i].placed)
                status = put_point(l, &rows[i], err);
            *seen += sees;
            *after = (struct board_after){rows[i].key, rows[i].number};
        }
        xg_arena_reset(&l->arena);
        from = after;
    }
    xg_arena_clear(&arena);
    return status;
}

/* Of kinds that are seen from below, too, each row is asked; the board knows
 * the rest. */
static enum xg_status count_seen(uint64_t *count, struct filtered *f,
                                 struct xg_error *err)
{
    struct board_filter *b = &f->filter;
    const struct board_filter all = *b;
    struct board_after after = {.number = 0};
    uint64_t some = 0;

    if (all.reaching) {
        b->kinds = all.reaching;
        if (put_rows(&some, f, BOARD_BY_CHANGED, &after, BOARD_ROWS_MAX, false,
                     err) != XG_OK)
            return err->status;
        b->kinds = (all.kinds ? all.kinds : INT64_MAX) & ~all.reaching;
        b->reaching = 0;
    }
    *count = 0;
    if ((!all.reaching || b->kinds) &&
        board_count(f->board, count, b, f->look.now_ms, err) != XG_OK)
        return err->status;
    *count += some;
    return XG_OK;
}

static enum xg_status put_count(struct filtered *f, struct xg_error *err)
{
    struct cmd *c = f->c;
    uint64_t count = 0;

    if (!f->is_nothing && count_seen(&count, f, err) != XG_OK)
        return err->status;
    if (!c->json) {
        xg_buf_format(&c->out, "%" PRIu64 "\n", count);
        return XG_OK;
    }
    json_t *json = json_object();
    view_json_set(&json, "count", view_json_uint(count));
    area_set_board(&json, f->c);
    return cmd_put_json(c, json, err);
}

/* ---- as a sheet ---- */

static enum xg_status read_format(enum list_format *out, const struct cmd *c,
                                  struct xg_error *err)
{
    const char *text = cmd_option(c, "format");
    bool csv = text && strcmp(text, "csv") == 0;

    if (text && !csv && strcmp(text, "xlsx") != 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("--format 不能是 %.40s：csv 或 xlsx",
                            "--format cannot be %.40s: csv or xlsx"),
                       text);
    if (text && (cmd_option(c, "count") || cmd_option(c, "points")))
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("--format 与 --count、--points 不能同用",
                            "--format goes with neither --count nor --points"));
    *out = !text ? LIST_LINES : csv ? LIST_CSV : LIST_XLSX;
    return XG_OK;
}

/* Written beside, since the rows come by the output. */
static enum xg_status put_sheet(struct filtered *f, enum list_format format,
                                enum board_order by, struct board_after *after,
                                size_t limit, struct xg_error *err)
{
    struct xg_buf made = XG_BUF(CMD_OUT_MAX);
    uint64_t seen;
    enum xg_status status = list_sheet_new(&f->sheet, format, &made,
                                           f->look.view.labels, err);

    f->look.view.json = f->c->out_is_file = true;
    if (status == XG_OK && !f->is_nothing)
        status = put_rows(&seen, f, by, after, limit, true, err);
    if (status == XG_OK)
        status = list_sheet_end(f->sheet, f->c->board.size,
                                f->c->board.behind, err);
    if (status == XG_OK)
        xg_buf_append(&f->c->out, made.data, made.len);
    list_sheet_free(f->sheet);
    f->sheet = NULL;
    xg_buf_clear(&made);
    return status;
}

static enum xg_status list(struct filtered *f, struct xg_error *err)
{
    struct cmd *c = f->c;
    const char *text = cmd_option(c, "after");
    struct board_after after = {.number = 0};
    bool points = cmd_option(c, "points") != NULL;
    unsigned long limit;
    enum list_format format = LIST_LINES;
    enum board_order by;
    uint64_t seen;

    if (read_format(&format, c, err) != XG_OK ||
        cmd_number(&limit, c, "limit",
                   points || format ? BOARD_ROWS_MAX : LIST_DEFAULT,
                   LOOK_ROWS_MAX, err) != XG_OK ||
        read_order(&by, c, err) != XG_OK || filter_read(f, err) != XG_OK ||
        (text && read_after(&after, f, text, by, err) != XG_OK))
        return err->status;
    if (cmd_option(c, "overdue"))
        f->filter.lights |= UINT64_C(1) << XG_LIGHT_RED;
    if (cmd_option(c, "count"))
        return put_count(f, err);
    if (format)
        return put_sheet(f, format, by, &after, limit, err);
    if (points && !c->json)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("--points 只有 JSON：加 --json",
                            "--points is JSON only: add --json"));
    if (points) /* of the board alone: nobody looks at each */
        f->filter.reaching = 0;
    else
        view_list_head(&c->out, &f->look.view);
    if (!f->is_nothing &&
        put_rows(&seen, f, by, &after, limit, true, err) != XG_OK)
        return err->status;
    return XG_OK;
}

enum xg_status cmd_list(struct cmd *c, struct xg_error *err)
{
    struct filtered f;
    enum xg_status status = filter_open(&f, c, err);

    if (status == XG_OK)
        status = look_reader(&f.look, err);
    f.look.board = f.board;
    if (status == XG_OK)
        status = list(&f, err);
    if (f.look.c)
        status = look_tell(&f.look, XG_ACCESS_LIST, status, err);
    filter_close(&f);
    return status;
}

/* ---- `counts` ---- */

static enum xg_status put_counts(struct filtered *f,
                                 const struct board_counts *counts,
                                 struct xg_error *err)
{
    json_t *json = json_object(), *statuses = json_object();
    json_t *lights = json_object();

    for (const struct xg_choice *s = xg_statuses; s->name; s++)
        if (counts->statuses[s->number])
            view_json_set(&statuses, s->name,
                          view_json_uint(counts->statuses[s->number]));
    for (unsigned i = BOARD_LIGHTS; i-- > 0;)
        view_json_set(&lights, view_light_name((enum xg_light)i),
                      view_json_uint(counts->lights[i]));
    area_set_board(&json, f->c);
    view_json_set(&json, "open", view_json_uint(counts->total));
    view_json_set(&json, "status", statuses);
    view_json_set(&json, "lights", lights);
    view_json_set(&json, "conflicts", view_json_uint(counts->decide));
    return cmd_put_json(f->c, json, err);
}

static void say_counts(struct filtered *f, const struct board_counts *counts)
{
    struct xg_buf *out = &f->c->out;
    const struct xg_labels *labels = f->look.view.labels;

    xg_buf_format(out, XG_T("未办结 %" PRIu64 " 件\n", "%" PRIu64 " open\n"),
                  counts->total);
    for (const struct xg_choice *s = xg_statuses; s->name; s++)
        if (counts->statuses[s->number])
            xg_buf_format(out, "  %s %" PRIu64 "\n",
                          xg_labels_of(labels, XG_LABEL_STATUS, s->number),
                          counts->statuses[s->number]);
    for (unsigned i = BOARD_LIGHTS; i-- > 0;)
        xg_buf_format(out, "  %s %" PRIu64 "\n",
                      view_light_label((enum xg_light)i), counts->lights[i]);
    xg_buf_format(out,
                  XG_T("  有冲突待决定 %" PRIu64 "\n",
                       "  with a conflict to decide %" PRIu64 "\n"),
                  counts->decide);
}

enum xg_status cmd_counts(struct cmd *c, struct xg_error *err)
{
    struct board_counts counts;
    struct filtered f;
    enum xg_status status = filter_open(&f, c, err);

    if (status == XG_OK)
        status = filter_read(&f, err);
    f.filter.open = true;
    f.filter.reaching = 0; /* none of them is a case */
    if (status == XG_OK)
        status = board_counts(f.board, &counts, &f.filter, f.look.now_ms, err);
    if (status == XG_OK && c->json)
        status = put_counts(&f, &counts, err);
    else if (status == XG_OK)
        say_counts(&f, &counts);
    filter_close(&f);
    return status;
}
