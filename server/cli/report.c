/* report.c - `report`: figures (docs/figures.md), and the cases of one. */
#include "server/report/show.h"

#include <stdlib.h>
#include <string.h>

#include "server/cli/print.h"
#include "server/cli/rows.h"
#include "shared/base/lang.h"
#include "shared/view/export.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum { FIGURES_MAX = 64, WHY_MAX = 4096 };
#define FIRST "first"

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_XLSX, FORMAT_JSON };

/* One `report` at work. */
struct job {
    struct look look;
    struct rows rows;
    struct report_sheet sheet;
    struct report_asked asked[FIGURES_MAX];
    struct report_answer answers[FIGURES_MAX];
    struct xg_bytes key; /* of --key */
    int64_t from_ms, to_ms;
    enum format format;
};

/* ---- what is asked ---- */

static const struct {
    const char *name;
    enum report_by by;
} ways[] = {
    {"unit", REPORT_BY_UNIT},         {"source", REPORT_BY_SOURCE},
    {"category", REPORT_BY_CATEGORY}, {"level", REPORT_BY_SETTLED},
    {"status", REPORT_BY_STATUS},     {"holder", REPORT_BY_HOLDER},
    {"kind", REPORT_BY_KIND},
};

static enum xg_status read_by(enum report_by *by, const struct cmd *c,
                              struct xg_error *err)
{
    const char *name = cmd_option(c, "by");

    if (!name)
        return XG_OK;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (strcmp(ways[i].name, name) == 0) {
            *by = ways[i].by;
            return XG_OK;
        }
    return xg_fail(err, XG_USAGE,
                   XG_T("--by 不能是 %.40s：unit、source、category、level、"
                        "status、holder 或 kind",
                        "--by cannot be %.40s: unit, source, category, level, "
                        "status, holder or kind"),
                   name);
}

static enum xg_status read_format(enum format *format, const struct cmd *c,
                                  struct xg_error *err)
{
    static const char *const names[] = {"table", "csv", "xlsx", "json"};
    const char *name = cmd_option(c, "format");

    *format = c->json ? FORMAT_JSON : FORMAT_TABLE;
    if (!name)
        return XG_OK;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0) {
            *format = (enum format)i;
            return XG_OK;
        }
    return xg_fail(err, XG_USAGE,
                   XG_T("--format 不能是 %.40s：table、csv、xlsx 或 json",
                        "--format cannot be %.40s: table, csv, xlsx or json"),
                   name);
}

static enum xg_status find_figure(const struct report_figure **figure,
                                  const char *name, struct xg_error *err)
{
    struct xg_buf all = XG_BUF(4096);

    *figure = report_figure_named(name);
    if (*figure)
        return XG_OK;
    for (const struct report_figure *f = report_figures; f->name; f++)
        xg_buf_format(&all, "%s%s", all.len ? " " : "", f->name);
    xg_fail(err, XG_NOTFOUND,
            XG_T("没有指标 %.60s；有：%s",
                 "there is no figure %.60s; there are: %s"),
            name, xg_buf_str(&all));
    xg_buf_clear(&all);
    return err->status;
}

/* Days of China's calendar, both counted; else this month until today, by the
 * time of the log. */
static enum xg_status read_period(struct job *j, const struct cmd *c,
                                  struct xg_error *err)
{
    const char *from = cmd_option(c, "from"), *to = cmd_option(c, "to");
    char month[REPORT_DAY_TEXT];

    int64_t last = report_day_text(month, j->rows.set.now_ms);
    if (to && area_day(&last, to, &j->look, err) != XG_OK)
        return err->status;
    report_day_text(month, last);
    memcpy(month + sizeof "2026-10-" - 1, "01", 2);
    if (area_day(&j->from_ms, from ? from : month, &j->look, err) != XG_OK)
        return err->status;
    j->to_ms = last + REPORT_DAY_MS;
    if (j->from_ms >= j->to_ms)
        return xg_fail(err, XG_USAGE,
                       XG_T("期间是空的：--from 在 --to 之后",
                            "the period is empty: --from is after --to"));
    report_day_text(j->sheet.from, j->from_ms);
    report_day_text(j->sheet.to, last);
    return XG_OK;
}

/* --key: the cases of one row. */
static enum xg_status read_key(struct job *j, const struct cmd *c,
                               struct xg_error *err)
{
    const char *key = cmd_option(c, "key");

    if (!key)
        return XG_OK;
    if (!cmd_option(c, "cases") || j->asked[0].by == REPORT_BY_NOTHING)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("--key 与 --cases 和 --by 一起用：只列这一分项的各件",
                            "--key goes with --cases and --by: the cases of "
                            "that part alone"));
    j->key = xg_bytes_of(key);
    j->asked[0].key = &j->key;
    return XG_OK;
}

/* The figures of the report: all, or the one that is named. */
static enum xg_status choose(struct job *j, const struct cmd *c,
                             struct xg_error *err)
{
    const char *cases = cmd_option(c, "cases");
    const char *name = cases ? cases : c->arg_count > 1 ? c->args[1] : FIRST;
    const struct report_classes *classes = report_units_classes(j->rows.units);
    const struct report_figure *f = report_figures;
    bool all = !cases && strcmp(name, FIRST) == 0;

    if (!all && find_figure(&f, name, err) != XG_OK)
        return err->status;
    j->sheet.name = all ? FIRST : f->name;
    for (; f->name && j->sheet.count < FIGURES_MAX; f++) {
        enum report_by by = f->by;
        if (!all && by == REPORT_BY_NOTHING && !cases)
            by = REPORT_BY_UNIT;
        if (read_by(&by, c, err) != XG_OK)
            return err->status;
        j->asked[j->sheet.count++] =
            (struct report_asked){f, by, j->from_ms, j->to_ms, classes, NULL};
        if (!all)
            break;
    }
    return read_key(j, c, err);
}

/* ---- opening ---- */

static enum xg_status open_job(struct job *j, struct cmd *c,
                               struct xg_error *err)
{
    struct board_period period = {.until_ms = BOARD_NEVER};
    struct rows *r = &j->rows;

    if (read_format(&j->format, c, err) != XG_OK ||
        rows_board(r, c, err) != XG_OK ||
        look_open(&j->look, c, err) != XG_OK ||
        rows_open(r, &j->look, err) != XG_OK ||
        read_period(j, c, err) != XG_OK)
        return err->status;
    period.since_ms = j->from_ms;
    if (rows_read(r, &period, err) != XG_OK)
        return err->status;
    j->sheet.unit = r->area.unit;
    j->sheet.by_hands = r->by_hands;
    j->sheet.set = &r->set;
    j->sheet.units = r->units;
    j->sheet.asked = j->asked;
    j->sheet.answers = j->answers;
    return choose(j, c, err);
}

static void close_job(struct job *j)
{
    rows_close(&j->rows);
    if (j->look.c)
        look_close(&j->look);
}

/* ---- the cases of a figure ---- */

/* One of them as it is listed. */
struct counted {
    const struct xg_id *id;
    struct view_entity entity;
    json_t *title; /* null where it may tell of persons */
    bool counts;   /* in the numerator */
    struct xg_buf why;
};

static enum xg_status read_counted(struct counted *out, struct job *j, size_t i,
                                   enum report_part part, struct xg_error *err)
{
    const struct report_set *set = &j->rows.set;
    struct look *l = &j->look;
    struct store_entity e = {.folded = false};
    json_t *o = json_object();

    *out = (struct counted){.id = &set->rows[i].id,
                            .entity = {.delivery = VIEW_RECEIVED},
                            .counts = part == REPORT_NUMERATOR,
                            .why = XG_BUF(WHY_MAX)};
    enum xg_status status = l->store->ops->get_entity(
        l->store, &l->arena, &e, set->rows[i].number, err);
    l->row = &e; /* so that it is not looked for by its id */
    if (status == XG_OK)
        status = l->view.entity(l, &out->entity, out->id, err);
    l->row = NULL;
    if (status == XG_OK) {
        rows_set_title(&o, &e);
        out->title = json_incref(json_object_get(o, "title"));
        report_put_why(&out->why, set, i, &j->asked[0], part);
    }
    json_decref(o);
    return status;
}

static struct xg_bytes title_of(const struct counted *c)
{
    const char *title = json_string_value(c->title);

    return xg_bytes_of(title ? title : "");
}

static enum xg_status counted_json(struct cmd *c, struct counted *one,
                                   struct xg_error *err)
{
    json_t *o = json_object();

    view_json_set(&o, "id", view_json_hex(one->id->b, sizeof one->id->b));
    view_json_set(&o, "number", *one->entity.number
                                    ? json_string(one->entity.number)
                                    : json_null());
    view_json_set(&o, "title", json_incref(one->title));
    view_json_set(&o, "in", json_string(one->counts ? "numerator" : "rest"));
    view_json_set(&o, "why", view_json_text(xg_buf_bytes(&one->why)));
    return cmd_put_json(c, o, err);
}

static void counted_csv(struct xg_buf *out, const struct counted *one)
{
    xg_buf_format(out, "%s,", one->entity.number);
    xg_buf_hex(out, one->id->b, sizeof one->id->b);
    xg_buf_byte(out, ',');
    view_csv_cell(out, title_of(one));
    xg_buf_format(out, ",%s,", one->counts ? "numerator" : "rest");
    view_csv_cell(out, xg_buf_bytes(&one->why));
    xg_buf_text(out, "\r\n");
}

static void counted_text(struct xg_buf *out, const struct counted *one)
{
    size_t start = out->len;

    if (*one->entity.number)
        xg_buf_text(out, one->entity.number);
    else
        xg_buf_hex(out, one->id->b, 6);
    view_pad(out, start, 18);
    xg_buf_text(out, one->counts ? XG_T("计入  ", "counted  ")
                                 : XG_T("未计入", "the rest "));
    xg_buf_text(out, "  ");
    view_put_line(out, title_of(one));
    xg_buf_format(out, "%s%s\n", title_of(one).len ? XG_T("；", "; ") : "",
                  xg_buf_str(&one->why));
}

static enum xg_status put_case(struct job *j, size_t i, enum report_part part,
                               struct xg_error *err)
{
    struct look *l = &j->look;
    struct counted one;
    enum xg_status status = read_counted(&one, j, i, part, err);

    if (status == XG_OK && j->format == FORMAT_JSON)
        status = counted_json(l->c, &one, err);
    else if (status == XG_OK && j->format == FORMAT_CSV)
        counted_csv(&l->c->out, &one);
    else if (status == XG_OK)
        counted_text(&l->c->out, &one);
    json_decref(one.title);
    xg_buf_clear(&one.why);
    xg_arena_reset(&l->arena);
    return status;
}

/* The place after that case; it need not be one that the figure counts. */
static enum xg_status find_after(size_t *from, struct job *j,
                                 struct xg_error *err)
{
    const char *text = cmd_option(j->look.c, "after");
    const struct report_set *set = &j->rows.set;
    struct xg_id id;
    size_t i = 0;

    *from = 0;
    if (!text)
        return XG_OK;
    if (look_find_id(&j->look, &id, text, err) != XG_OK)
        return err->status;
    while (i < set->count && !xg_id_equal(&set->rows[i].id, &id))
        i++;
    if (i == set->count)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("这个期间没有 %s，请从头列起",
                            "the period has no %s: list from the beginning"),
                       text);
    *from = i + 1;
    return XG_OK;
}

enum { TITLE = 2, COLUMNS = 5 }; /* of CSV */

static enum xg_status put_cases(struct job *j, struct xg_error *err)
{
    unsigned long limit;
    size_t from;

    if (j->format == FORMAT_XLSX)
        return xg_fail(err, XG_USAGE,
                       XG_T("--cases 没有 xlsx 格式：table、csv 或 json",
                            "--cases has no format xlsx: table, csv or json"));
    if (cmd_number(&limit, j->look.c, "limit", INT32_MAX, INT32_MAX, err) !=
            XG_OK ||
        find_after(&from, j, err) != XG_OK)
        return err->status;
    if (j->format == FORMAT_CSV)
        xg_buf_text(&j->look.c->out, "\xEF\xBB\xBFnumber,id,title,in,why\r\n");
    for (size_t i = from; limit && i < j->rows.set.count; i++) {
        enum report_part part = report_part_of(&j->rows.set, i, &j->asked[0]);
        if (part == REPORT_OUT)
            continue;
        if (put_case(j, i, part, err) != XG_OK)
            return err->status;
        limit--;
    }
    const struct cmd *c = j->look.c;
    if (j->format == FORMAT_CSV && c->board.behind)
        report_csv_lag(&j->look.c->out, c->board.size, c->board.behind, TITLE,
                       COLUMNS);
    return XG_OK;
}

/* ---- the command ---- */

static enum xg_status compute(struct job *j, size_t i, struct xg_error *err)
{
    const struct report_asked *asked = &j->asked[i];

    if (report_compute(&j->answers[i], &j->rows.arena, &j->rows.set, asked,
                       err) != XG_OK)
        return err->status;
    return asked->figure->shares && asked->by == REPORT_BY_SETTLED
               ? report_add_classes(&j->answers[i], j->rows.units, err)
               : XG_OK;
}

static enum xg_status put_figures(struct job *j, struct cmd *c,
                                  struct xg_error *err)
{
    for (size_t i = 0; i < j->sheet.count; i++)
        if (compute(j, i, err) != XG_OK)
            return err->status;
    /* Both say how far the board was. */
    c->board.told = j->format == FORMAT_TABLE || j->format == FORMAT_JSON;
    switch (j->format) {
    case FORMAT_TABLE:
        report_put_table(&c->out, &j->sheet);
        break;
    case FORMAT_CSV:
        report_put_csv(&c->out, &j->sheet);
        break;
    case FORMAT_XLSX:
        return report_put_xlsx(&c->out, &j->sheet, err);
    case FORMAT_JSON:
        return cmd_put_json(c, report_json(&j->sheet), err);
    }
    return xg_buf_check(&c->out, err);
}

enum xg_status cmd_report(struct cmd *c, struct xg_error *err)
{
    struct job *j = calloc(1, sizeof *j);

    if (!j)
        return xg_fail_nomem(err);
    enum xg_status status = open_job(j, c, err);
    c->out_is_file = j->format == FORMAT_CSV || j->format == FORMAT_XLSX ||
                     (j->format == FORMAT_JSON && !c->json);
    if (status == XG_OK)
        status =
            cmd_option(c, "cases") ? put_cases(j, err) : put_figures(j, c, err);
    close_job(j);
    free(j);
    return status;
}
