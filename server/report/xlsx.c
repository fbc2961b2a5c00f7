/* xlsx.c - figures as a workbook; see show.h. */
#include "server/report/show.h"

#include "server/report/book.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"

static void put_numbers(struct report_book *b, uint64_t numerator,
                        uint64_t denominator, bool with_denominator)
{
    uint64_t value;

    report_book_number(b, numerator);
    if (with_denominator)
        report_book_number(b, denominator);
    if (with_denominator && report_value(&value, numerator, denominator))
        report_book_percent(b, value);
    report_book_line(b);
}

static void put_figure(struct report_book *b, const struct report_sheet *s,
                       size_t i)
{
    const struct report_answer *a = &s->answers[i];
    const struct report_figure *f = a->figure;

    report_book_text(b, xg_bytes_of(XG_T(f->zh, f->en)));
    report_book_empty(b);
    put_numbers(b, a->numerator, a->denominator, f->rate);
    for (size_t k = 0; k < a->row_count; k++) {
        report_book_empty(b);
        report_book_text(
            b, report_key_name(s->units, s->asked[i].by, a->rows[k].key));
        put_numbers(b, a->rows[k].numerator, a->rows[k].denominator,
                    f->rate || f->shares);
    }
}

static void put_sheet(struct report_book *b, const struct report_sheet *s)
{
    static const unsigned widths[] = {44, 28, 12, 12, 12, 0};
    const char *const names[] = {XG_T("指标", "figure"),
                                 XG_T("分项", "of"),
                                 XG_T("分子（数）", "numerator"),
                                 XG_T("分母", "denominator"),
                                 XG_T("比率", "rate"),
                                 NULL};
    struct xg_buf text = XG_BUF(4096);

    report_book_sheet(b, XG_T("指标", "figures"), widths);
    xg_buf_format(&text, XG_T("指标 %s 至 %s", "Figures, %s to %s"), s->from,
                  s->to);
    report_book_title(b, xg_buf_str(&text));
    xg_buf_reset(&text);
    report_put_whose(&text, s);
    xg_buf_text(&text, XG_T("，", ", "));
    report_put_lag(&text, s->set->size, s->set->behind);
    report_book_text(b, xg_buf_bytes(&text));
    report_book_time(b, s->set->now_ms);
    report_book_line(b);
    report_book_heading(b, names);
    for (size_t i = 0; i < s->count; i++)
        put_figure(b, s, i);
    xg_buf_clear(&text);
}

enum xg_status report_put_xlsx(struct xg_buf *out, const struct report_sheet *s,
                               struct xg_error *err)
{
    struct report_book *b;

    if (report_book_new(&b, err) != XG_OK)
        return err->status;
    put_sheet(b, s);
    enum xg_status status = report_book_put(out, b, err);
    report_book_free(b);
    return status;
}
