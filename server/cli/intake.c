/* intake.c - `intake`: work orders of a hotline, from a table.
 *
 * Every row is judged by the code of `add` before the first is written; a row
 * that is wrong is told of, and the others are taken. Each is an act of its
 * own: if the server ends amid a file, what was said to be taken is, and the
 * same file again takes the rest, since an order's own number is taken once
 * (server/merge/source.h).
 */
#define _GNU_SOURCE /* memmem */
#include "server/cli/intake.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/print.h"
#include "server/desk/desk.h"
#include "server/desk/sheet.h"
#include "server/merge/source.h"
#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/value.h"

enum {
    TABLE_ARENA = 64 << 20,
    HEAD_ROWS = 20, /* a title may stand above the names of the columns */
    DAY_PARTS = 3,
    TIME_PARTS = 6,
};

/* One row on its way. */
struct order {
    size_t row;           /* as a spreadsheet counts */
    const char *external; /* "" where it has none */
    struct xg_draft draft, contact;
    bool told, made, held;
    struct xg_id id; /* made, or held */
    const char *problem, *column, *field;
};

struct intake {
    struct look look;
    struct intake_map map;
    struct xg_csv table;
    struct xg_arena cells;
    struct view_resolver resolver;
    struct order **orders;
    size_t count;
    uint8_t secret[64];
};

/* ---- the table ---- */

static bool has_columns(struct xg_bytes line, const struct intake_map *map)
{
    char wanted[3 * XG_CSV_CELL_MAX / 8];

    for (size_t i = 0; i < map->count; i++) {
        int len =
            snprintf(wanted, sizeof wanted, "\"%s\"", map->wanted[i].name);
        if (len < 0 || (size_t)len >= sizeof wanted ||
            !memmem(line.at, line.len, wanted, (size_t)len))
            return false;
    }
    return true;
}

/* Blank what stands above the line that names the columns. */
static void skip_title(struct xg_buf *table, const struct intake_map *map)
{
    size_t at = 0;

    for (int i = 0; i < HEAD_ROWS && at < table->len; i++) {
        const uint8_t *end = memchr(table->data + at, '\n', table->len - at);
        size_t next = end ? (size_t)(end - table->data) : table->len;
        if (has_columns(xg_bytes(table->data + at, next - at), map)) {
            for (size_t n = 0; n < at; n++)
                if (table->data[n] != '\n')
                    table->data[n] = ' ';
            return;
        }
        at = next + 1;
    }
}

static const char *name_of(const struct cmd *c)
{
    return strcmp(c->args[1], "-") == 0 ? XG_T("给的表格", "the table given")
                                        : c->args[1];
}

static enum xg_status read_table(struct intake *in, struct xg_error *err)
{
    struct cmd *c = in->look.c;
    const char *name = name_of(c);
    struct xg_buf table = XG_BUF(SHEET_TABLE_MAX);
    enum xg_status status =
        sheet_read(&table, c->input, name, cmd_option(c, "sheet"), err);

    if (status == XG_OK) {
        skip_title(&table, &in->map);
        status = xg_csv_load(&in->table, &in->cells, xg_buf_bytes(&table),
                             in->map.wanted, err);
    }
    xg_buf_clear(&table);
    if (status != XG_OK)
        return xg_wrap(err, "%s", name);
    if (in->table.row_count > INTAKE_ROWS_MAX)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("%s 有 %zu 行，一次至多 %d 行：请分成几个文件",
                            "%s has %zu rows, and at most %d are taken at "
                            "once: split it"),
                       name, in->table.row_count, INTAKE_ROWS_MAX);
    return XG_OK;
}

/* ---- a row ---- */

/* What is wrong with it; `column` may be NULL. Only what is no fault of what
 * was written there stays an error. */
static enum xg_status problem(struct intake *in, struct order *o,
                              const char *column, const char *field,
                              struct xg_error *err)
{
    if (err->status != XG_USAGE && err->status != XG_NOTFOUND &&
        err->status != XG_AMBIGUOUS && err->status != XG_REFUSED &&
        err->status != XG_TOOBIG && err->status != XG_FORMAT)
        return err->status;
    const char *text = xg_error_text(err);
    if (!o->problem) { /* the first says enough */
        o->problem = xg_arena_str(&in->look.arena, text, strlen(text));
        o->column = column;
        o->field = field;
    }
    *err = XG_ERROR_NONE;
    return o->problem ? XG_OK : xg_fail_nomem(err);
}

/* What stands between the numbers of a time, its length; 0: something that says
 * more, as a zone, parts of a second, or 下午. */
static size_t between(const char *at, size_t count)
{
    static const char *const marks[] = {"-", "/", ":", " ", "年", "月",
                                        "日", "时", "点", "分", "秒"};

    if (*at == '.') /* of a day, not of a second */
        return count < DAY_PARTS;
    if (*at == 'T')
        return count == DAY_PARTS;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strncmp(at, marks[i], strlen(marks[i])) == 0)
            return strlen(marks[i]);
    return 0;
}

/* Digits that follow one another: a number; or, at the beginning, the parts of
 * "20260515" or "20260515083000". 0: neither. */
static size_t numbers(unsigned parts[static TIME_PARTS], size_t *count,
                      const char *at)
{
    size_t digits = strspn(at, "0123456789");
    bool whole = *count == 0 && (digits == 8 || digits == 14);

    if ((digits > 4 && !whole) || *count == TIME_PARTS)
        return 0;
    for (size_t i = 0; i < digits; i++) {
        if (i == 0 || (whole && i >= 4 && i % 2 == 0))
            ++*count;
        parts[*count - 1] = parts[*count - 1] * 10 + (unsigned)(at[i] - '0');
    }
    return digits;
}

/* "2026/5/15 8:30", "2026.5.15", "2026年5月15日8时30分" and the like, of China's
 * clocks; else as it stands. */
static void put_time(struct xg_buf *out, const char *text)
{
    unsigned parts[TIME_PARTS] = {0, 0, 0, 0, 0, 0};
    size_t count = 0, step = 1;
    const char *at = text;

    for (; *at && step; at += step)
        step = *at >= '0' && *at <= '9' ? numbers(parts, &count, at)
                                        : between(at, count);
    if (!step || count < DAY_PARTS || parts[0] < 1900)
        xg_buf_text(out, text);
    else
        xg_buf_format(out, "%04u-%02u-%02uT%02u:%02u:%02u+08:00", parts[0],
                      parts[1], parts[2], parts[3], parts[4], parts[5]);
}

/* A cell as text: what was a new line there is one again. */
static void put_cell(struct xg_buf *out, const char *text)
{
    while (*text) {
        const char *end = strstr(text, "\u2028");
        size_t len = end ? (size_t)(end - text) : strlen(text);
        xg_buf_append(out, text, len);
        if (end)
            xg_buf_byte(out, '\n');
        text += len + (end ? strlen("\u2028") : 0);
    }
}

/* "field=…" of all the columns that are that field, from this one on. */
static enum xg_status assign(struct intake *in, struct order *o,
                             const struct xg_csv_row *row, size_t first,
                             struct xg_error *err)
{
    const struct xg_field *f = in->map.columns[first].field;
    struct xg_buf text = XG_BUF(XG_RECORD_MAX);

    xg_buf_format(&text, "%s=", f->name);
    for (size_t i = first; i < in->map.count; i++) {
        if (in->map.columns[i].field != f || !*row->cells[i])
            continue;
        if (text.data[text.len - 1] != '=')
            xg_buf_text(&text, "\n");
        if (f->type == XG_TYPE_TIME)
            put_time(&text, row->cells[i]);
        else
            put_cell(&text, row->cells[i]);
    }
    enum xg_status status = xg_buf_check(&text, err);
    if (status == XG_OK && text.data[text.len - 1] != '=')
        status = view_form_set(&o->draft, xg_kind_find(XG_KIND_INCIDENT),
                               xg_buf_str(&text), &in->resolver, err);
    xg_buf_clear(&text);
    if (status != XG_OK)
        return problem(in, o, in->map.wanted[first].name, f->name, err);
    return XG_OK;
}

static bool is_first_of_field(const struct intake_map *map, size_t column)
{
    for (size_t i = 0; i < column; i++)
        if (map->columns[i].field == map->columns[column].field)
            return false;
    return true;
}

/* The order's number: what it is taken once by. */
static enum xg_status set_number(struct intake *in, struct order *o,
                                 const char *column, const char *text,
                                 struct xg_error *err)
{
    const struct xg_field *f =
        xg_field_find(xg_kind_find(XG_KIND_INCIDENT), XG_FIELD_SOURCE);
    struct xg_buf value = XG_BUF(XG_RECORD_MAX);
    struct xg_cbor_item item;

    o->external = text;
    xg_cbor_put_text(&value, text, strlen(text));
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK) {
        struct xg_cbor c = xg_cbor_over(xg_buf_bytes(&value));
        xg_cbor_next(&c, &item);
        status =
            *text && !xg_value_check(f, &item)
                ? xg_draft_set(&o->draft, f->number, xg_buf_bytes(&value), err)
                : xg_fail(err, XG_USAGE,
                          XG_T("工单编号要有 1 到 %lld 字节，而不是“%.80s”",
                               "an order's number has 1 to %lld bytes, not "
                               "'%.80s'"),
                          (long long)f->max, text);
    }
    xg_buf_clear(&value);
    return status == XG_OK ? XG_OK : problem(in, o, column, "external", err);
}

static enum xg_status set_columns(struct intake *in, struct order *o,
                                  const struct xg_csv_row *row,
                                  struct xg_error *err)
{
    for (size_t i = 0; i < in->map.count; i++) {
        const struct intake_column *c = &in->map.columns[i];
        enum xg_status status = XG_OK;
        if (c->kind == INTAKE_EXTERNAL)
            status =
                set_number(in, o, in->map.wanted[i].name, row->cells[i], err);
        else if (c->kind == INTAKE_FIELD && is_first_of_field(&in->map, i))
            status = assign(in, o, row, i, err);
        if (status != XG_OK)
            return status;
    }
    return XG_OK;
}

/* What is the same of all: --source, and what the command says itself. */
static enum xg_status set_common(struct intake *in, struct order *o,
                                 struct xg_error *err)
{
    const struct cmd *c = in->look.c;
    const struct xg_kind *kind = xg_kind_find(XG_KIND_INCIDENT);
    const char *source = cmd_option(c, "source");
    char channel[XG_CODE_MAX + 16];

    snprintf(channel, sizeof channel, "channel=%.*s", XG_CODE_MAX,
             source ? source : "hotline");
    if (view_form_set(&o->draft, kind, channel, &in->resolver, err) != XG_OK)
        return err->status;
    for (size_t i = 2; i < c->arg_count; i++)
        if (view_form_set(&o->draft, kind, c->args[i], &in->resolver, err) !=
            XG_OK)
            return err->status;
    return XG_OK;
}

static enum xg_status set_contact(struct intake *in, struct order *o,
                                  const struct xg_csv_row *row,
                                  struct xg_error *err)
{
    const char *told[VIEW_TOLDS] = {NULL};
    const char *column = NULL;

    for (size_t i = 0; i < in->map.count; i++)
        if (in->map.columns[i].kind == INTAKE_TOLD && *row->cells[i]) {
            told[in->map.columns[i].told] = row->cells[i];
            column = in->map.wanted[i].name;
        }
    /* Who leaves a number and no name is called back all the same. */
    if (told[VIEW_TOLD_PHONE] && !told[VIEW_TOLD_NAME])
        told[VIEW_TOLD_NAME] = "未留姓名";
    xg_draft_init(&o->contact, &in->look.arena, XG_KIND_CONTACT);
    if (view_contact_take(&o->contact, &o->told, &o->draft, told, err) == XG_OK)
        return XG_OK;
    return problem(in, o, column, "contact", err);
}

static enum xg_status judge(struct intake *in, struct order *o,
                            const struct xg_csv_row *row, struct xg_error *err)
{
    *o = (struct order){.row = row->line, .external = ""};
    xg_draft_init(&o->draft, &in->look.arena, XG_KIND_INCIDENT);
    o->draft.head.creates = true;
    if (set_common(in, o, err) != XG_OK ||
        set_columns(in, o, row, err) != XG_OK)
        return err->status;
    if (view_form_complete(&o->draft, xg_kind_find(XG_KIND_INCIDENT), err) !=
            XG_OK &&
        problem(in, o, NULL, "", err) != XG_OK)
        return err->status;
    if (view_form_answers(&o->draft, in->look.guide, NULL, true, err) !=
            XG_OK &&
        problem(in, o, NULL, "form", err) != XG_OK)
        return err->status;
    if (set_contact(in, o, row, err) != XG_OK || o->problem)
        return err->status;
    return source_find_of(in->look.store, &o->id, &o->held, &o->draft, err);
}

/* One that stands in this very file before. */
static const struct order *before(const struct intake *in,
                                  const struct order *o)
{
    for (size_t i = 0; i < in->count; i++)
        if (!in->orders[i]->problem && in->orders[i] != o &&
            strcmp(in->orders[i]->external, o->external) == 0)
            return in->orders[i];
    return NULL;
}

static enum xg_status repeated(struct intake *in, struct order *o,
                               struct xg_error *err)
{
    const struct order *first = before(in, o);

    if (!first || o->problem || o->held)
        return XG_OK;
    xg_ignore(xg_fail(err, XG_REFUSED,
                      XG_T("与第 %zu 行是同一个工单编号“%s”",
                           "the same order number as row %zu: '%s'"),
                      first->row, o->external));
    return problem(in, o, NULL, "external", err);
}

static enum xg_status judge_all(struct intake *in, struct xg_error *err)
{
    struct xg_arena *arena = &in->look.arena;

    in->orders =
        xg_arena_array(arena, in->table.row_count + 1, sizeof *in->orders);
    if (!in->orders)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < in->table.row_count; i++) {
        struct order *o = xg_arena_alloc(arena, sizeof *o);
        if (!o)
            return xg_fail_nomem(err);
        if (judge(in, o, &in->table.rows[i], err) != XG_OK ||
            repeated(in, o, err) != XG_OK)
            return err->status;
        in->orders[in->count++] = o;
    }
    return XG_OK;
}

/* ---- writing ---- */

/* Somebody else took the order between the look and the act. */
static enum xg_status look_again(struct intake *in, struct order *o,
                                 struct xg_error *err)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct data *d = in->look.c->data;
    struct store *reader;

    if (err->status != XG_REFUSED)
        return problem(in, o, NULL, "", err);
    if (data_borrow(d, &reader, &ignored) != XG_OK)
        return problem(in, o, NULL, "", err);
    if (source_find_of(reader, &o->id, &o->held, &o->draft, &ignored) != XG_OK)
        o->held = false;
    data_return(d, reader);
    if (!o->held)
        return problem(in, o, NULL, "", err);
    *err = XG_ERROR_NONE;
    return XG_OK;
}

static enum xg_status write_one(struct intake *in, struct order *o,
                                struct xg_error *err)
{
    const struct look *l = &in->look;
    const char *who = cmd_option(l->c, "as");
    const struct desk_act by = {.code = who,
                                .labels = l->view.labels,
                                .contact = o->told ? &o->contact : NULL};
    struct desk_done done;

    if (desk_act(&done, l->c->data, &o->draft, &by, err) == XG_OK) {
        o->made = true;
        o->id = done.id;
        return XG_OK;
    }
    return look_again(in, o, err);
}

static enum xg_status write_all(struct intake *in, struct xg_error *err)
{
    struct cmd *c = in->look.c;
    struct xg_draft signing = {.author_secret = NULL};

    look_give_back(&in->look); /* reading ends before writing begins */
    if (cmd_sign(c, &signing, in->secret, cmd_option(c, "as"), err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < in->count; i++) {
        struct order *o = in->orders[i];
        if (o->problem || o->held)
            continue;
        o->draft.author_secret = signing.author_secret;
        if (write_one(in, o, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* ---- the answer ---- */

static json_t *problem_json(const struct order *o)
{
    if (!o->problem)
        return json_null();
    return json_pack("{s:s?, s:s, s:s}", "column", o->column, "field", o->field,
                     "text", o->problem);
}

static enum xg_status put_order(struct cmd *c, const struct order *o,
                                const char *number, struct xg_error *err)
{
    json_t *json = json_object();

    if (!c->json) {
        xg_buf_format(&c->out, XG_T("第 %zu 行  %s  ", "row %zu  %s  "), o->row,
                      o->external);
        if (o->problem)
            xg_buf_format(&c->out, "! %s%s%s\n", o->column ? o->column : "",
                          o->column ? ": " : "", o->problem);
        else if (o->held)
            xg_buf_format(&c->out, XG_T("已收过：%s\n", "taken before: %s\n"),
                          number);
        else
            xg_buf_format(&c->out, "%s\n",
                          o->made ? number : XG_T("可以收", "can be taken"));
        json_decref(json);
        return XG_OK;
    }
    view_json_set(&json, "row", view_json_uint(o->row));
    view_json_set(&json, "external", json_string(o->external));
    view_json_set(&json, "number",
                  o->made && *number ? json_string(number) : json_null());
    view_json_set(&json, "id",
                  o->made ? view_json_hex(o->id.b, XG_ID_SIZE) : json_null());
    view_json_set(&json, "problem", problem_json(o));
    view_json_set(&json, "same_as",
                  o->held ? view_json_hex(o->id.b, XG_ID_SIZE) : json_null());
    return cmd_put_json(c, json, err);
}

static void put_sums(struct cmd *c, const struct intake *in)
{
    size_t made = 0, held = 0, wrong = 0;

    for (size_t i = 0; i < in->count; i++) {
        made += in->orders[i]->made;
        held += in->orders[i]->held;
        wrong += in->orders[i]->problem != NULL;
    }
    c->must_decide = wrong > 0;
    if (!c->json)
        xg_buf_format(&c->out,
                      XG_T("%zu 行：收下 %zu，已收过 %zu，有问题 %zu%s\n",
                           "%zu rows: %zu taken, %zu taken before, %zu "
                           "wrong%s\n"),
                      in->count, made, held, wrong,
                      cmd_option(c, "dry-run")
                          ? XG_T("（只是检查，没有写入）",
                                 " (only judged, nothing was written)")
                          : "");
}

/* Numbers are read anew: what was made had none before. */
static enum xg_status answer(struct intake *in, struct xg_error *err)
{
    struct cmd *c = in->look.c;
    struct look l;

    look_give_back(&in->look);
    enum xg_status status = look_open(&l, c, err);
    for (size_t i = 0; status == XG_OK && i < in->count; i++) {
        struct view_entity about = {.delivery = VIEW_RECEIVED};
        const struct order *o = in->orders[i];
        if (o->made || o->held)
            status = l.view.entity(&l, &about, &o->id, err);
        if (status == XG_OK)
            status = put_order(c, o, about.number, err);
    }
    look_close(&l);
    put_sums(c, in);
    return status;
}

static enum xg_status begin(struct intake *in, struct cmd *c,
                            struct xg_error *err)
{
    struct xg_judgement actor;
    const char *map;

    *in = (struct intake){.cells = XG_ARENA(TABLE_ARENA)};
    if (look_open(&in->look, c, err) != XG_OK ||
        desk_actor(&actor, c->data, cmd_option(c, "as"), err) != XG_OK ||
        look_guide(&in->look, err) != XG_OK ||
        intake_map_find(&map, &in->look, err) != XG_OK ||
        intake_map_read(&in->map, &in->look.arena, map, err) != XG_OK)
        return err->status;
    in->resolver = look_resolver(&in->look);
    return read_table(in, err);
}

static enum xg_status tell_columns(struct cmd *c, struct xg_error *err)
{
    struct xg_buf table = XG_BUF(SHEET_TABLE_MAX);
    const char *name = name_of(c);
    struct look l;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status =
            sheet_read(&table, c->input, name, cmd_option(c, "sheet"), err);
    if (status == XG_OK &&
        intake_columns(&l, xg_buf_bytes(&table), err) != XG_OK)
        status = xg_wrap(err, "%s", name);
    look_close(&l);
    xg_buf_clear(&table);
    return status;
}

enum xg_status cmd_intake(struct cmd *c, struct xg_error *err)
{
    struct xg_error unsaid = XG_ERROR_NONE;
    struct intake in;

    if (cmd_option(c, "columns"))
        return tell_columns(c, err);
    enum xg_status status = begin(&in, c, err);

    if (status == XG_OK)
        status = judge_all(&in, err);
    if (status == XG_OK && !cmd_option(c, "dry-run")) {
        status = write_all(&in, err);
        if (status == XG_OK)
            status = intake_map_keep(c, err);
        else if (in.count)
            xg_ignore(answer(&in, &unsaid)); /* what was taken is told */
    }
    if (status == XG_OK)
        status = answer(&in, err);
    look_close(&in.look);
    xg_arena_clear(&in.cells);
    sodium_memzero(in.secret, sizeof in.secret);
    return status;
}
