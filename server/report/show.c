/* show.c - see show.h. */
#include "server/report/show.h"

#include <inttypes.h>

#include "shared/base/lang.h"
#include "shared/view/export.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum { LABEL_COLUMNS = 44, NUMBER_COLUMNS = 16, HUNDRED = 100 };

static const char *label_of(const struct report_figure *f)
{
    return XG_T(f->zh, f->en);
}

static bool has_denominator(const struct report_figure *f, bool row)
{
    return f->rate || (row && f->shares);
}

/* ---- table ---- */

static void put_percent(struct xg_buf *out, uint64_t numerator,
                        uint64_t denominator)
{
    uint64_t value;

    if (report_value(&value, numerator, denominator))
        xg_buf_format(out, "%" PRIu64 ".%02" PRIu64 " %%", value / HUNDRED,
                      value % HUNDRED);
    else
        xg_buf_text(out, "-");
}

static void put_line(struct xg_buf *out, unsigned indent, struct xg_bytes label,
                     uint64_t numerator, uint64_t denominator,
                     bool with_denominator)
{
    size_t start = out->len;

    for (unsigned i = 0; i < indent; i++)
        xg_buf_byte(out, ' ');
    view_put_line(out, label);
    view_pad(out, start, LABEL_COLUMNS);
    xg_buf_byte(out, ' ');
    size_t number = out->len;
    xg_buf_format(out, "%" PRIu64, numerator);
    if (with_denominator) {
        xg_buf_format(out, " / %" PRIu64, denominator);
        view_pad(out, number, NUMBER_COLUMNS);
        put_percent(out, numerator, denominator);
    }
    xg_buf_byte(out, '\n');
}

void report_put_whose(struct xg_buf *out, const struct report_sheet *s)
{
    if (!*s->unit) {
        xg_buf_text(out, XG_T("全部单位", "all units"));
        return;
    }
    view_put_line(out, report_key_name(s->units, REPORT_BY_UNIT,
                                       xg_bytes_of(s->unit)));
    if (s->by_hands)
        xg_buf_text(out, XG_T("（在手和经手的）",
                              " (what is or was in its hands)"));
}

static void put_head(struct xg_buf *out, const struct report_sheet *s)
{
    xg_buf_format(out, XG_T("%s 至 %s · ", "%s to %s · "), s->from, s->to);
    report_put_whose(out, s);
    xg_buf_format(out,
                  XG_T(" · 截至日志第 %" PRIu64 " 条，",
                       " · as of log entry %" PRIu64 ", "),
                  s->set->size);
    view_put_time(out, s->set->now_ms - s->set->now_ms % 1000);
    xg_buf_byte(out, '\n');
    if (s->set->unfolded)
        xg_buf_format(out,
                      XG_T("另有 %" PRIu64 " 件记录太多，没有合并，不在其中\n",
                           "%" PRIu64 " more have too many records to be "
                           "folded, and are in none of it\n"),
                      s->set->unfolded);
}

void report_put_lag(struct xg_buf *out, uint64_t size, uint64_t behind)
{
    xg_buf_format(out,
                  XG_T("截至日志第 %" PRIu64 " 条", "as of log entry %" PRIu64),
                  size);
    if (behind)
        xg_buf_format(out,
                      XG_T("；还差 %" PRIu64 " 件没有算进来，请稍后重做",
                           "; %" PRIu64 " are not taken in yet: make it again "
                           "in a moment"),
                      behind);
}

void report_csv_lag(struct xg_buf *out, uint64_t size, uint64_t behind,
                    unsigned at, unsigned columns)
{
    struct xg_buf text = XG_BUF(1024);

    report_put_lag(&text, size, behind);
    for (unsigned i = 0; i < columns; i++) {
        if (i)
            xg_buf_byte(out, ',');
        if (i == at)
            view_csv_cell(out, xg_buf_bytes(&text));
    }
    xg_buf_text(out, "\r\n");
    xg_buf_clear(&text);
}

static void put_behind(struct xg_buf *out, const struct report_sheet *s)
{
    if (s->set->behind)
        xg_buf_format(out,
                      XG_T("还有 %" PRIu64 " 件正在重算，稍后再看\n",
                           "%" PRIu64 " cases are being reckoned again: ask "
                           "again later\n"),
                      s->set->behind);
}

void report_put_table(struct xg_buf *out, const struct report_sheet *s)
{
    put_head(out, s);
    put_behind(out, s);
    for (size_t i = 0; i < s->count; i++) {
        const struct report_answer *a = &s->answers[i];
        put_line(out, 0, xg_bytes_of(label_of(a->figure)), a->numerator,
                 a->denominator, has_denominator(a->figure, false));
        for (size_t k = 0; k < a->row_count; k++)
            put_line(out, 4,
                     report_key_name(s->units, s->asked[i].by, a->rows[k].key),
                     a->rows[k].numerator, a->rows[k].denominator,
                     has_denominator(a->figure, true));
    }
}

/* ---- CSV ---- */

enum { LABEL = 1, COLUMNS = 7 };

static void csv_line(struct xg_buf *out, const struct report_figure *f,
                     struct xg_bytes key, struct xg_bytes name,
                     const struct report_row *row, bool with_denominator)
{
    struct xg_buf safe = XG_BUF(1 << 16);
    uint64_t value;

    xg_buf_format(out, "%s,", f->name);
    view_csv_cell(out, xg_bytes_of(label_of(f)));
    xg_buf_byte(out, ',');
    view_csv_cell(out, key);
    xg_buf_byte(out, ',');
    view_put_line(&safe, name);
    view_csv_cell(out, xg_buf_bytes(&safe));
    xg_buf_clear(&safe);
    xg_buf_format(out, ",%" PRIu64 ",", row->numerator);
    if (with_denominator)
        xg_buf_format(out, "%" PRIu64, row->denominator);
    xg_buf_byte(out, ',');
    if (with_denominator &&
        report_value(&value, row->numerator, row->denominator))
        xg_buf_format(out, "%" PRIu64 ".%02" PRIu64, value / HUNDRED,
                      value % HUNDRED);
    xg_buf_text(out, "\r\n");
}

void report_put_csv(struct xg_buf *out, const struct report_sheet *s)
{
    xg_buf_text(out, "\xEF\xBB\xBF"
                     "figure,label,key,name,numerator,denominator,percent\r\n");
    for (size_t i = 0; i < s->count; i++) {
        const struct report_answer *a = &s->answers[i];
        const struct report_row all = {xg_bytes("", 0), a->numerator,
                                       a->denominator};
        csv_line(out, a->figure, all.key, all.key, &all,
                 has_denominator(a->figure, false));
        for (size_t k = 0; k < a->row_count; k++)
            csv_line(out, a->figure, a->rows[k].key,
                     report_key_name(s->units, s->asked[i].by, a->rows[k].key),
                     &a->rows[k], has_denominator(a->figure, true));
    }
    if (s->set->behind)
        report_csv_lag(out, s->set->size, s->set->behind, LABEL, COLUMNS);
}

/* ---- JSON ---- */

static json_t *count_or_null(uint64_t count, bool is)
{
    return is ? view_json_uint(count) : json_null();
}

static void set_numbers(json_t **o, uint64_t numerator, uint64_t denominator,
                        bool with_denominator)
{
    uint64_t value = 0;
    bool has = with_denominator && report_value(&value, numerator, denominator);

    view_json_set(o, "numerator", view_json_uint(numerator));
    view_json_set(o, "denominator",
                  count_or_null(denominator, with_denominator));
    view_json_set(o, "value", count_or_null(value, has));
}

static json_t *rows_json(const struct report_sheet *s, size_t i)
{
    const struct report_answer *a = &s->answers[i];
    enum report_by by = s->asked[i].by;
    json_t *rows = json_array();

    if (by == REPORT_BY_NOTHING) {
        json_decref(rows);
        return json_null();
    }
    for (size_t k = 0; k < a->row_count; k++) {
        const struct report_row *r = &a->rows[k];
        json_t *o = json_object();
        view_json_set(&o, "key", view_json_text(r->key));
        view_json_set(&o, "name",
                      view_json_text(report_key_name(s->units, by, r->key)));
        set_numbers(&o, r->numerator, r->denominator,
                    has_denominator(a->figure, true));
        if (by == REPORT_BY_SETTLED)
            view_json_set(
                &o, "target",
                count_or_null(report_target(s->units, r->key) * HUNDRED,
                              report_target(s->units, r->key) != 0));
        view_json_append(&rows, o);
    }
    return rows;
}

json_t *report_json(const struct report_sheet *s)
{
    json_t *o = json_object(), *figures = json_array();

    view_json_set(&o, "name", json_string(s->name));
    view_json_set(&o, "from", json_string(s->from));
    view_json_set(&o, "to", json_string(s->to));
    view_json_set(&o, "unit", *s->unit ? json_string(s->unit) : json_null());
    view_json_set(&o, "whose", json_string(s->by_hands ? "hands" : "home"));
    view_json_set(&o, "as_of", view_json_uint(s->set->size));
    view_json_set(&o, "time", view_json_time(s->set->now_ms));
    view_json_set(&o, "unfolded", view_json_uint(s->set->unfolded));
    view_json_set(&o, "behind", view_json_uint(s->set->behind));
    for (size_t i = 0; i < s->count; i++) {
        const struct report_answer *a = &s->answers[i];
        json_t *figure = json_object();
        view_json_set(&figure, "name", json_string(a->figure->name));
        view_json_set(&figure, "zh", json_string(a->figure->zh));
        view_json_set(&figure, "en", json_string(a->figure->en));
        view_json_set(&figure, "means",
                      json_string(XG_T(a->figure->means_zh,
                                       a->figure->means_en)));
        set_numbers(&figure, a->numerator, a->denominator,
                    has_denominator(a->figure, false));
        view_json_set(&figure, "rows", rows_json(s, i));
        view_json_append(&figures, figure);
    }
    view_json_set(&o, "figures", figures);
    return o;
}

/* ---- why ---- */

static void put_when(struct xg_buf *out, const char *text, int64_t ms)
{
    if (ms == XG_NO_TIME)
        return;
    xg_buf_text(out, out->len ? XG_T("，", ", ") : "");
    xg_buf_text(out, text);
    xg_buf_byte(out, ' ');
    view_put_minute(out, ms);
}

static const char *fate_text(enum report_fate fate)
{
    switch (fate) {
    case REPORT_LINKED:
        return XG_T("与另一件关联，由那一件计",
                    "linked: another counts for it");
    case REPORT_IS_VOID:
        return XG_T("已作废", "voided");
    case REPORT_TAKEN_BACK:
        return XG_T("已撤回", "withdrawn");
    case REPORT_COUNTS:
        break;
    }
    return "";
}

void report_put_why(struct xg_buf *out, const struct report_set *set,
                    size_t row, const struct report_asked *asked,
                    enum report_part part)
{
    const struct report_case *c = &set->rows[row];
    struct xg_buf why = XG_BUF(4096);

    xg_buf_text(&why, fate_text(set->fates[row]));
    if (asked->figure->rate && part == REPORT_REST && c->way == REPORT_OPEN)
        xg_buf_text(&why, XG_T("还没有办结", "still open"));
    put_when(&why, XG_T("收到", "received"), c->received_ms);
    put_when(&why, XG_T("立案", "filed"), c->filed_ms);
    put_when(&why, XG_T("退单", "returned"), c->returned_ms);
    put_when(&why, XG_T("返工", "sent back"), c->reworked_ms);
    put_when(&why, XG_T("最早超期于", "first overdue at"), c->close.broke_ms);
    put_when(&why, XG_T("正在计时，到期", "running, due"), c->close.runs_ms);
    put_when(&why,
             c->way == REPORT_SELF_HANDLED
                 ? XG_T("自行处置", "settled on the spot")
                 : XG_T("结案", "closed"),
             c->settled_ms);
    put_when(&why, XG_T("重新办理", "reopened"), c->reopened_ms);
    xg_buf_append(out, why.data, why.len);
    xg_buf_clear(&why);
}
