/* list_sheet.c - see list_sheet.h. */
#include "server/cli/list_sheet.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/report/book.h"
#include "server/report/show.h"
#include "shared/base/lang.h"
#include "shared/core/calendar.h"
#include "shared/core/loop.h"
#include "shared/view/export.h"
#include "shared/view/text.h"

enum { CELL_MAX = 64 << 10, MINUTE_MS = 60000, TO_MINUTES = 16 };

struct list_sheet {
    struct xg_buf *out;
    const struct xg_labels *labels;
    struct report_book *book; /* NULL: CSV */
    struct xg_buf cell;
    uint64_t rows;
};

/* ---- cells ---- */

/* "" where it is not there, or null. */
static const char *text_at(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));

    return text ? text : "";
}

static const char *either(const char *text, const char *otherwise)
{
    return *text ? text : otherwise;
}

/* The field's name for people, where it has one. */
static const char *field_of(const json_t *row, const char *name)
{
    return either(text_at(json_object_get(row, "names"), name),
                  text_at(json_object_get(row, "fields"), name));
}

static const char *choice_of(uint64_t field, const char *name)
{
    const struct xg_field *f =
        xg_field_find(xg_kind_find(XG_KIND_INCIDENT), field);
    const struct xg_choice *c = f ? f->choices : NULL;

    while (c && c->name && strcmp(c->name, name) != 0)
        c++;
    return c && c->name ? XG_T(c->zh, c->en) : name;
}

static const char *status_of(const struct list_sheet *s, const json_t *row)
{
    const char *name = text_at(row, "status");

    if (json_is_true(json_object_get(row, "withdrawn")))
        return XG_T("已撤回", "withdrawn");
    for (const struct xg_choice *c = xg_statuses; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return xg_labels_of(s->labels, XG_LABEL_STATUS, c->number);
    return name;
}

/* To the minute, China's time: "2026-05-01 08:30". */
static void put_minute(struct xg_buf *out, const char *time)
{
    struct xg_buf text = XG_BUF(64);
    int64_t ms;

    if (!view_parse_time(&ms, time))
        return;
    int before = view_zone_thread(XG_ZONE_CHINA_MIN);
    view_put_time(&text, ms - ms % MINUTE_MS);
    view_zone_thread(before);
    xg_buf_append(out, text.data, text.len < TO_MINUTES ? text.len : TO_MINUTES);
    xg_buf_clear(&text);
}

/* ---- columns ---- */

enum { COLUMNS = 14, MATTER = 3 };

static void put_cell(struct list_sheet *s, const char *text, bool last)
{
    if (s->book) {
        report_book_text(s->book, xg_bytes_of(text));
        return;
    }
    view_csv_cell(s->out, xg_bytes_of(text));
    xg_buf_text(s->out, last ? "\r\n" : ",");
}

static void put_time_cell(struct list_sheet *s, const char *time)
{
    int64_t ms;

    if (s->book && view_parse_time(&ms, time)) {
        report_book_time(s->book, ms);
        return;
    }
    xg_buf_reset(&s->cell);
    put_minute(&s->cell, time);
    put_cell(s, xg_buf_str(&s->cell), false);
}

static void put_heading(struct list_sheet *s)
{
    static const unsigned widths[] = {6,  16, 14, 34, 44, 10, 12,
                                      24, 17, 24, 12, 12, 17, 20, 0};
    const char *const names[COLUMNS + 1] = {
        XG_T("序号", "no."),         XG_T("编号", "number"),
        XG_T("案卷号", "file"),      XG_T("事项", "matter"),
        XG_T("情况", "what"),        XG_T("紧急程度", "urgency"),
        XG_T("来源", "source"),      XG_T("区域", "area"),
        XG_T("上报时间", "reported"), XG_T("承办单位", "with"),
        XG_T("层级", "level"),       XG_T("状态", "status"),
        XG_T("应于", "due"),         XG_T("时限", "deadline"),
        NULL};

    if (s->book) {
        report_book_sheet(s->book, XG_T("台账", "ledger"), widths);
        report_book_heading(s->book, names);
        return;
    }
    xg_buf_text(s->out, "\xef\xbb\xbf"); /* else it is opened as another code */
    for (size_t i = 0; i < COLUMNS; i++)
        put_cell(s, names[i], i + 1 == COLUMNS);
}

void list_sheet_add(struct list_sheet *s, const json_t *row)
{
    const json_t *clock = json_object_get(row, "clock");

    s->rows++;
    if (s->book)
        report_book_number(s->book, s->rows);
    else
        xg_buf_format(s->out, "%" PRIu64 ",", s->rows);
    put_cell(s, text_at(row, "number"), false);
    put_cell(s, field_of(row, "case_number"), false);
    put_cell(s, text_at(row, "title"), false);
    put_cell(s, either(field_of(row, "description"), text_at(row, "short")),
             false);
    put_cell(s, choice_of(XG_INCIDENT_URGENCY, field_of(row, "urgency")),
             false);
    put_cell(s, choice_of(XG_CASE_CHANNEL, text_at(row, "source")), false);
    put_cell(s, text_at(row, "unit_name"), false);
    put_time_cell(s, text_at(row, "created"));
    put_cell(s, text_at(row, "holder_name"), false);
    put_cell(s, either(field_of(row, "level"), text_at(row, "level")), false);
    put_cell(s, status_of(s, row), false);
    put_time_cell(s, text_at(clock, "due"));
    put_cell(s, text_at(clock, "text"), true);
    if (s->book)
        report_book_line(s->book);
}

/* ---- from the first to the last ---- */

enum xg_status list_sheet_new(struct list_sheet **sheet,
                              enum list_format format, struct xg_buf *out,
                              const struct xg_labels *labels,
                              struct xg_error *err)
{
    struct list_sheet *s = calloc(1, sizeof *s);

    if (!s)
        return xg_fail_nomem(err);
    *s = (struct list_sheet){
        .out = out, .labels = labels, .cell = XG_BUF(CELL_MAX)};
    if (format == LIST_XLSX && report_book_new(&s->book, err) != XG_OK) {
        free(s);
        return err->status;
    }
    put_heading(s);
    *sheet = s;
    return XG_OK;
}

void list_sheet_free(struct list_sheet *s)
{
    if (!s)
        return;
    report_book_free(s->book);
    xg_buf_clear(&s->cell);
    free(s);
}

/* Below the rows, in the column of what the cases are about. */
static void put_lag(struct list_sheet *s, uint64_t size, uint64_t behind)
{
    if (!s->book) {
        report_csv_lag(s->out, size, behind, MATTER, COLUMNS);
        return;
    }
    for (unsigned i = 0; i < MATTER; i++)
        report_book_empty(s->book);
    report_book_text(s->book, xg_buf_bytes(&s->cell));
    report_book_line(s->book);
}

enum xg_status list_sheet_end(struct list_sheet *s, uint64_t size,
                              uint64_t behind, struct xg_error *err)
{
    static const unsigned widths[] = {60, 0};

    xg_buf_reset(&s->cell);
    report_put_lag(&s->cell, size, behind);
    if (behind)
        put_lag(s, size, behind);
    if (s->book) {
        report_book_sheet(s->book, XG_T("截至", "as of"), widths);
        report_book_text(s->book, xg_buf_bytes(&s->cell));
        report_book_line(s->book);
    }
    if (xg_buf_check(&s->cell, err) != XG_OK)
        return err->status;
    return s->book ? report_book_put(s->out, s->book, err)
                   : xg_buf_check(s->out, err);
}
