/* clock.c - see clock.h. */
#include "shared/view/clock.h"

#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum { WORDS_MAX = 4096 };

/* ---- which one ---- */

/* The smaller the more pressing. */
static int sort_of(const struct xg_clock *c)
{
    return c->paused ? 1 : c->limited ? 0 : 2;
}

const struct xg_clock *view_clock_main(const struct xg_clock *clocks,
                                       size_t count)
{
    const struct xg_clock *best = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct xg_clock *c = &clocks[i];
        if (c->ended_by != XG_NONE)
            continue;
        if (!best || sort_of(c) < sort_of(best) ||
            (sort_of(c) == 0 && sort_of(best) == 0 && c->due_ms < best->due_ms))
            best = c;
    }
    return best;
}

/* ---- words ---- */

static uint64_t size_of(int64_t milli)
{
    return milli < 0 ? 0 - (uint64_t)milli : (uint64_t)milli;
}

/* Natural hours below one, to the nearest minute. */
static unsigned minutes_of(uint64_t size)
{
    return (unsigned)((size * 60 + 500) / 1000);
}

/* Is it told as less than something? */
static bool tiny(int64_t milli, enum xg_limit_unit unit)
{
    return unit == XG_LIMIT_URGENT ? minutes_of(size_of(milli)) == 0
                                   : size_of(milli) < 100;
}

void view_clock_amount(struct xg_buf *out, int64_t milli,
                       enum xg_limit_unit unit)
{
    uint64_t size = size_of(milli), tenths = size / 100;

    if (unit == XG_LIMIT_URGENT && size < 1000) {
        unsigned minutes = minutes_of(size);
        if (minutes)
            xg_buf_format(out, XG_T("%u 分钟", "%u min"), minutes);
        else
            xg_buf_text(out, XG_T("不足 1 分钟", "less than 1 min"));
        return;
    }
    if (tenths == 0)
        xg_buf_text(out, XG_T("不足 0.1", "less than 0.1"));
    else
        view_put_decimal(out, (int64_t)tenths, 1);
    bool one = tenths == 10;
    if (unit == XG_LIMIT_URGENT)
        xg_buf_text(out,
                    one ? XG_T(" 小时", " hour") : XG_T(" 小时", " hours"));
    else if (unit == XG_LIMIT_HOURS)
        xg_buf_text(out, one ? XG_T(" 个工作时", " working hour")
                             : XG_T(" 个工作时", " working hours"));
    else
        xg_buf_text(out, one ? XG_T(" 个工作日", " working day")
                             : XG_T(" 个工作日", " working days"));
}

/* To the minute, down: a due is not promised later than it is. */
static void put_minute(struct xg_buf *out, int64_t ms)
{
    size_t start = out->len;

    view_put_time(out, ms - (ms % 60000 + 60000) % 60000);
    if (out->len == start + sizeof "2026-10-10 17:00:00" - 1) {
        out->len -= sizeof ":00" - 1;
        out->data[out->len] = '\0';
    }
}

/* The amount between its words: "提前 3 个工作时", "提前不足 0.1 个工作时". */
static void put_amount(struct xg_buf *out, const char *before, int64_t left,
                       enum xg_limit_unit unit, const char *after)
{
    xg_buf_text(out, before);
    if (*before && xg_lang() == XG_LANG_ZH && !tiny(left, unit))
        xg_buf_byte(out, ' ');
    view_clock_amount(out, left, unit);
    xg_buf_text(out, after);
}

static void put_left(struct xg_buf *out, int64_t left, bool overdue,
                     enum xg_limit_unit unit)
{
    if (overdue)
        put_amount(out, XG_T("超期", ""), left, unit, XG_T("", " overdue"));
    else
        put_amount(out, XG_T("剩余", ""), left, unit, XG_T("", " left"));
}

static void put_running(struct xg_buf *out, const struct xg_clock *c,
                        const struct xg_calendar *calendar, int64_t now_ms)
{
    bool overdue = xg_clock_overdue(c, now_ms, false);

    xg_buf_text(out, overdue ? XG_T("已", "") : "");
    put_left(out, xg_clock_left(c, calendar, now_ms, false), overdue,
             c->limit.unit);
    xg_buf_text(out,
                overdue ? XG_T("，应于 ", ", was due ") : XG_T("，", ", due "));
    put_minute(out, c->due_ms);
    xg_buf_text(out, overdue ? "" : XG_T(" 前", ""));
}

static void put_ended(struct xg_buf *out, const struct xg_clock *c,
                      const struct xg_calendar *calendar)
{
    int64_t left = xg_clock_left(c, calendar, c->end_ms, false);

    if (xg_clock_overdue(c, c->end_ms, false))
        put_amount(out, XG_T("完成本环节时超期", "ended "), left, c->limit.unit,
                   XG_T("", " late"));
    else
        put_amount(out, XG_T("按时，提前", "on time, "), left, c->limit.unit,
                   XG_T("", " early"));
}

static void put_paused(struct xg_buf *out, const struct xg_clock *c)
{
    xg_buf_text(out, XG_T("已暂停", "paused"));
    if (!c->limited)
        return;
    xg_buf_text(out,
                c->paused_left < 0 ? XG_T("，此前", ", ") : XG_T("，", ", "));
    put_left(out, c->paused_left, c->paused_left < 0, c->limit.unit);
}

static void put_unlimited(struct xg_buf *out, const struct xg_clock *c,
                          int64_t now_ms)
{
    bool ended = c->ended_by != XG_NONE;
    int64_t to = ended ? c->end_ms : now_ms;

    xg_buf_text(out, ended ? XG_T("未设时限，用时 ", "no limit, took ")
                           : XG_T("未设时限，已 ", "no limit, for "));
    view_put_duration(out, to > c->start_ms ? to - c->start_ms : 0);
}

/* What has to be known beside the figure. */
static void put_remarks(struct xg_buf *out, const struct xg_clock *c,
                        const struct xg_calendar *calendar, int64_t now_ms)
{
    if (c->extended)
        xg_buf_text(out, XG_T("；已延期", "; extended"));
    if (c->limited && (c->extended || c->paused_ms > 0)) {
        xg_buf_text(out, XG_T("；如果不算暂停和延期，则",
                              "; without pauses and extensions "));
        put_left(out, xg_clock_left(c, calendar, now_ms, true),
                 xg_clock_overdue(c, now_ms, true), c->limit.unit);
    }
    if (c->guessed)
        xg_buf_text(out, XG_T("；暂按双休日推算",
                              "; counted by weekends, there is no calendar of "
                              "that year yet"));
    if (c->provisional)
        xg_buf_text(out, XG_T("；有记录尚未入日志，时间待定",
                              "; provisional, a record is not in the log yet"));
}

void view_clock_line(struct xg_buf *out, const struct xg_clock *c,
                     const struct xg_labels *labels,
                     const struct xg_calendar *calendar, int64_t now_ms)
{
    xg_buf_text(out, xg_labels_of(labels, XG_LABEL_STAGE, c->stage));
    if (c->turn > 1)
        xg_buf_format(out, XG_T("（第 %u 次）", " (turn %u)"),
                      (unsigned)c->turn);
    xg_buf_text(out, XG_T(" ", ": "));
    if (c->ended_by == XG_NONE && c->paused)
        put_paused(out, c);
    else if (!c->limited)
        put_unlimited(out, c, now_ms);
    else if (c->ended_by != XG_NONE)
        put_ended(out, c, calendar);
    else
        put_running(out, c, calendar, now_ms);
    put_remarks(out, c, calendar, now_ms);
}

/* The finished turns of a stage: one as its line, several as their sum. */
static void put_finished(struct xg_buf *out, const struct xg_clock *clocks,
                         size_t count, enum xg_stage stage,
                         const struct xg_labels *labels,
                         const struct xg_calendar *calendar, int64_t now_ms,
                         const char *indent)
{
    const struct xg_clock *one = NULL;
    size_t turns = 0, limited = 0, over = 0;

    for (size_t i = 0; i < count; i++) {
        const struct xg_clock *c = &clocks[i];
        if (c->stage != stage || c->ended_by == XG_NONE)
            continue;
        one = c;
        turns++;
        limited += c->limited;
        over += c->limited && xg_clock_overdue(c, now_ms, false);
    }
    if (turns == 0)
        return;
    xg_buf_text(out, indent);
    if (turns == 1) {
        view_clock_line(out, one, labels, calendar, now_ms);
        xg_buf_byte(out, '\n');
        return;
    }
    xg_buf_format(out, XG_T("%s %zu 次", "%s: %zu turns"),
                  xg_labels_of(labels, XG_LABEL_STAGE, stage), turns);
    if (over)
        xg_buf_format(out, XG_T("，%zu 次超期", ", %zu overdue"), over);
    else if (limited)
        xg_buf_text(out, XG_T("，均按时", ", all on time"));
    xg_buf_byte(out, '\n');
}

void view_put_clocks(struct xg_buf *out, const struct xg_clock *clocks,
                     size_t count, const struct xg_labels *labels,
                     const struct xg_calendar *calendar, int64_t now_ms,
                     const char *indent)
{
    for (size_t i = 0; i < count; i++)
        if (clocks[i].ended_by == XG_NONE) {
            xg_buf_text(out, indent);
            view_clock_line(out, &clocks[i], labels, calendar, now_ms);
            xg_buf_byte(out, '\n');
        }
    for (uint32_t stage = 1; stage <= XG_STAGES; stage++)
        put_finished(out, clocks, count, (enum xg_stage)stage, labels, calendar,
                     now_ms, indent);
}

void view_clock_brief(struct xg_buf *out, const struct xg_clock *c,
                      const struct xg_calendar *calendar, int64_t now_ms)
{
    bool overdue = xg_clock_overdue(c, now_ms, false);

    if (c->paused)
        xg_buf_text(out, XG_T("已暂停", "paused"));
    else if (c->limited && c->ended_by != XG_NONE && !overdue)
        xg_buf_text(out, XG_T("按时", "on time"));
    else if (c->limited) {
        xg_buf_text(out, overdue ? XG_T("已", "") : "");
        put_left(out, xg_clock_left(c, calendar, now_ms, false), overdue,
                 c->limit.unit);
    }
}

const char *view_light_name(enum xg_light light)
{
    switch (light) {
    case XG_LIGHT_GREEN:
        return "green";
    case XG_LIGHT_YELLOW:
        return "yellow";
    case XG_LIGHT_RED:
        return "red";
    case XG_LIGHT_NONE:
        break;
    }
    return "none";
}

const char *view_light_label(enum xg_light light)
{
    switch (light) {
    case XG_LIGHT_GREEN:
        return XG_T("绿灯", "green");
    case XG_LIGHT_YELLOW:
        return XG_T("黄灯", "yellow");
    case XG_LIGHT_RED:
        return XG_T("红灯", "red");
    case XG_LIGHT_NONE:
        break;
    }
    return XG_T("无", "none");
}

/* ---- JSON ---- */

static json_t *time_or_null(int64_t ms)
{
    return ms == XG_NO_TIME ? json_null() : view_json_time(ms);
}

static json_t *text_or_null(struct xg_bytes text)
{
    return text.len ? view_json_text(text) : json_null();
}

static json_t *left_or_null(const struct xg_clock *c,
                            const struct xg_calendar *calendar, int64_t now_ms,
                            bool plain)
{
    return c->limited ? json_integer((json_int_t)xg_clock_left(c, calendar,
                                                               now_ms, plain))
                      : json_null();
}

static json_t *unit_or_null(const struct xg_clock *c)
{
    if (!c->limited)
        return json_null();
    return json_string(c->limit.unit == XG_LIMIT_HOURS  ? "hours"
                       : c->limit.unit == XG_LIMIT_DAYS ? "days"
                                                        : "urgent");
}

/* Its words: as a list has them, and all of them. */
static void set_words(json_t **o, const struct xg_clock *c,
                      const struct xg_labels *labels,
                      const struct xg_calendar *calendar, int64_t now_ms)
{
    struct xg_buf words = XG_BUF(WORDS_MAX);

    view_clock_brief(&words, c, calendar, now_ms);
    view_json_set(o, "text", view_json_text(xg_buf_bytes(&words)));
    xg_buf_reset(&words);
    view_clock_line(&words, c, labels, calendar, now_ms);
    view_json_set(o, "line", view_json_text(xg_buf_bytes(&words)));
    xg_buf_clear(&words);
}

json_t *view_clock_json(const struct xg_clock *c,
                        const struct xg_labels *labels,
                        const struct xg_calendar *calendar, int64_t now_ms)
{
    const struct xg_choice *stage = xg_choice_find(xg_stages, c->stage);
    json_t *o = json_object();

    view_json_set(&o, "stage", json_string(stage ? stage->name : "?"));
    view_json_set(&o, "turn", view_json_uint(c->turn));
    view_json_set(&o, "start", view_json_time(c->start_ms));
    view_json_set(&o, "due", time_or_null(c->due_ms));
    view_json_set(&o, "due_plain", time_or_null(c->due_plain_ms));
    view_json_set(&o, "ended", time_or_null(c->end_ms));
    view_json_set(
        &o, "light",
        json_string(view_light_name(xg_clock_light(c, calendar, now_ms))));
    view_json_set(&o, "overdue",
                  json_boolean(xg_clock_overdue(c, now_ms, false)));
    view_json_set(&o, "left", left_or_null(c, calendar, now_ms, false));
    view_json_set(&o, "left_plain", left_or_null(c, calendar, now_ms, true));
    view_json_set(&o, "unit", unit_or_null(c));
    view_json_set(&o, "paused", json_boolean(c->paused));
    view_json_set(&o, "paused_ms", json_integer((json_int_t)c->paused_ms));
    view_json_set(&o, "extended", json_boolean(c->extended));
    view_json_set(&o, "guessed", json_boolean(c->guessed));
    view_json_set(&o, "provisional", json_boolean(c->provisional));
    view_json_set(&o, "with", text_or_null(c->unit));
    view_json_set(&o, "level", text_or_null(c->level));
    set_words(&o, c, labels, calendar, now_ms);
    return o;
}

json_t *view_clocks_json(const struct xg_clock *clocks, size_t count,
                         const struct xg_labels *labels,
                         const struct xg_calendar *calendar, int64_t now_ms)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        view_json_append(&array, view_clock_json(&clocks[i], labels, calendar,
                                                 now_ms));
    return array;
}
