/* calendar.c - days one after another; within a day, spans. Times in here are
 * local: milliseconds since 1970-01-01 00:00 on the wall of the office. */
#include "shared/core/calendar.h"

#include <stdlib.h>

enum {
    MINUTE_MS = 60000,
    DAY_MS = 86400000,
    MILLI_HOUR_MS = 3600, /* a thousandth of an hour */
    SPAN_DAYS = XG_SPAN_YEARS_MAX * 366,
    THURSDAY = 3, /* 1970-01-01, where Monday is 0 */
};
#define MOMENT_MAX INT64_C(253402300799999) /* 9999-12-31, UTC */

struct date {
    int32_t year;
    uint32_t month, day, yday;
};

struct span {
    int64_t open, close; /* milliseconds of the day */
};

/* A walk over days: what it met, and where it has to end. */
struct walk {
    const struct xg_calendar *c;
    int64_t last_day;
    bool guessed;
};

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

uint32_t xg_date_yday(int32_t year, uint32_t month, uint32_t day)
{
    static const uint16_t before[12] = {0,   31,  59,  90,  120, 151,
                                        181, 212, 243, 273, 304, 334};

    return before[month - 1] + day - 1 + (month > 2 && is_leap(year));
}

/* Days from 1970-01-01 to 1 January of a year since 1970. */
static int64_t year_days(int32_t year)
{
    int64_t y = year - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 - 719162;
}

bool xg_date_days(int64_t *days, int32_t year, uint32_t month, uint32_t day)
{
    static const uint8_t lengths[12] = {31, 28, 31, 30, 31, 30,
                                        31, 31, 30, 31, 30, 31};

    if (year < 1970 || year > 9999 || month < 1 || month > 12 || day < 1 ||
        day > lengths[month - 1] + (uint32_t)(month == 2 && is_leap(year)))
        return false;
    *days = year_days(year) + xg_date_yday(year, month, day);
    return true;
}

/* Eras of 400 years that begin in March: leap days come last in each part. */
static struct date date_of(int64_t days)
{
    int64_t n = days + 719468;
    int64_t era = n / 146097;
    uint32_t doe = (uint32_t)(n - era * 146097);
    uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    uint32_t mp = (5 * doy + 2) / 153;
    struct date d = {.day = doy - (153 * mp + 2) / 5 + 1,
                     .month = mp < 10 ? mp + 3 : mp - 9};

    d.year = (int32_t)(yoe + era * 400) + (d.month <= 2);
    d.yday = xg_date_yday(d.year, d.month, d.day);
    return d;
}

static int by_year(const void *key, const void *item)
{
    const int32_t *year = key;
    const struct xg_calendar_year *y = item;

    return (*year > y->year) - (*year < y->year);
}

static const struct xg_calendar_year *year_of(const struct xg_calendar *c,
                                              int32_t year)
{
    return c->year_count ? bsearch(&year, c->years, c->year_count,
                                   sizeof *c->years, by_year)
                         : NULL;
}

static bool bit(const uint8_t *bits, uint32_t n)
{
    return bits[n / 8] >> (n % 8) & 1;
}

static bool working_day(struct walk *w, int64_t day)
{
    struct date d = date_of(day);
    const struct xg_calendar_year *year = year_of(w->c, d.year);

    if (!year)
        w->guessed = true;
    else if (bit(year->on, d.yday))
        return true;
    else if (bit(year->off, d.yday))
        return false;
    return (day + THURSDAY) % 7 < 5;
}

static bool in_season(const struct xg_office_span *s, uint32_t md)
{
    if (s->from_md <= s->to_md)
        return md >= s->from_md && md <= s->to_md;
    return md >= s->from_md || md <= s->to_md;
}

/* Put a span among those of the day, ascending; overlapping ones are one. */
static size_t put_span(struct span *spans, size_t count, struct span s)
{
    size_t kept = 0, at;

    for (size_t i = 0; i < count; i++) {
        if (spans[i].close < s.open || spans[i].open > s.close) {
            spans[kept++] = spans[i];
            continue;
        }
        s.open = spans[i].open < s.open ? spans[i].open : s.open;
        s.close = spans[i].close > s.close ? spans[i].close : s.close;
    }
    if (kept == XG_OFFICE_SPANS_DAY)
        return kept;
    for (at = kept; at > 0 && spans[at - 1].open > s.open; at--)
        spans[at] = spans[at - 1];
    spans[at] = s;
    return kept + 1;
}

static size_t spans_of_season(struct span *spans,
                              const struct xg_office_span *all, size_t count,
                              uint32_t md)
{
    size_t n = 0;

    for (size_t i = 0; i < count && i < XG_OFFICE_SPANS_MAX; i++)
        if (in_season(&all[i], md) && all[i].open_min < all[i].close_min &&
            all[i].close_min <= DAY_MS / MINUTE_MS)
            n = put_span(spans, n,
                         (struct span){(int64_t)all[i].open_min * MINUTE_MS,
                                       (int64_t)all[i].close_min * MINUTE_MS});
    return n;
}

/* The office hours of a day; none on a day off. */
static size_t spans_of(struct span spans[static XG_OFFICE_SPANS_DAY],
                       struct walk *w, int64_t day)
{
    static const struct xg_office_span otherwise[] = {
        {101, 1231, 8 * 60 + 30, 12 * 60},
        {101, 1231, 14 * 60, 17 * 60 + 30},
    };

    if (!working_day(w, day))
        return 0;
    struct date d = date_of(day);
    uint32_t md = d.month * 100 + d.day;
    size_t n = spans_of_season(spans, w->c->spans, w->c->span_count, md);
    return n ? n : spans_of_season(spans, otherwise, 2, md);
}

/* The first moment from `at` on at which the office is open. */
static int64_t opening(struct walk *w, int64_t at)
{
    struct span spans[XG_OFFICE_SPANS_DAY];

    for (int64_t day = at / DAY_MS; day <= w->last_day; day++) {
        size_t n = spans_of(spans, w, day);
        for (size_t i = 0; i < n; i++) {
            if (day * DAY_MS + spans[i].open >= at)
                return day * DAY_MS + spans[i].open;
            if (day * DAY_MS + spans[i].close > at)
                return at;
        }
    }
    return (w->last_day + 1) * DAY_MS;
}

/* The moment at which the office was open for `amount` since `at`. */
static int64_t add_open(struct walk *w, int64_t at, int64_t amount)
{
    struct span spans[XG_OFFICE_SPANS_DAY];

    if (amount <= 0)
        return at;
    for (int64_t day = at / DAY_MS; day <= w->last_day; day++) {
        size_t n = spans_of(spans, w, day);
        for (size_t i = 0; i < n; i++) {
            int64_t open = day * DAY_MS + spans[i].open;
            int64_t close = day * DAY_MS + spans[i].close;
            if (open < at)
                open = at;
            if (close - open >= amount)
                return open + amount;
            if (close > open)
                amount -= close - open;
        }
    }
    return (w->last_day + 1) * DAY_MS;
}

/* How long the office was open from a to b. */
static int64_t count_open(struct walk *w, int64_t a, int64_t b)
{
    struct span spans[XG_OFFICE_SPANS_DAY];
    int64_t sum = 0;

    for (int64_t day = a / DAY_MS; day * DAY_MS < b && day <= w->last_day;
         day++) {
        size_t n = spans_of(spans, w, day);
        for (size_t i = 0; i < n; i++) {
            int64_t open = day * DAY_MS + spans[i].open;
            int64_t close = day * DAY_MS + spans[i].close;
            open = open < a ? a : open;
            close = close > b ? b : close;
            if (close > open)
                sum += close - open;
        }
    }
    return sum;
}

/* The same time of day, `count` working days later. */
static int64_t add_days(struct walk *w, int64_t at, int64_t count)
{
    int64_t day = at / DAY_MS;

    while (count > 0 && day <= w->last_day)
        if (working_day(w, ++day))
            count--;
    return count > 0 ? (w->last_day + 1) * DAY_MS : day * DAY_MS + at % DAY_MS;
}

/* Working days: whole ones, and office time out of that of one more. */
struct days {
    int64_t whole, part, of;
};

/* n whole days from the opening, then a part of the way to the next. */
static int64_t add_exact_days(struct walk *w, int64_t at, struct days n)
{
    int64_t whole = add_days(w, opening(w, at), n.whole);

    if (n.part == 0 || whole / DAY_MS > w->last_day)
        return whole;
    int64_t next = add_days(w, whole, 1);
    int64_t open = count_open(w, whole, next);
    if (open == 0)
        return next;
    /* Up, so that counting back, which goes down, meets it again. */
    return add_open(w, whole, (open * n.part + n.of - 1) / n.of);
}

static struct days count_days(struct walk *w, int64_t a, int64_t b)
{
    int64_t whole = opening(w, a), time = whole % DAY_MS;
    struct days n = {.of = 1};

    if (whole >= b)
        return n;
    for (int64_t day = whole / DAY_MS + 1;
         day * DAY_MS + time <= b && day <= w->last_day; day++)
        if (working_day(w, day)) {
            n.whole++;
            whole = day * DAY_MS + time;
        }
    n.part = count_open(w, whole, b);
    if (n.part > 0)
        n.of = count_open(w, whole, add_days(w, whole, 1));
    if (n.part >= n.of)
        n.part = n.of - 1;
    return n;
}

static int64_t in_milli(struct days n)
{
    return n.whole * 1000 + n.part * 1000 / n.of;
}

/* ---- from outside ---- */

static int64_t within(int64_t ms)
{
    return ms < 0 ? 0 : ms > MOMENT_MAX ? MOMENT_MAX : ms;
}

/* West of Greenwich 1970 begins a day early. That day is not counted with, so
 * that no division here meets a negative number. */
static int64_t local_of(const struct xg_calendar *c, int64_t ms)
{
    int64_t local = within(ms) + (int64_t)c->zone_min * MINUTE_MS;

    return local < 0 ? 0 : local;
}

static struct walk walk_from(const struct xg_calendar *c, int64_t local)
{
    return (struct walk){.c = c, .last_day = local / DAY_MS + SPAN_DAYS};
}

bool xg_calendar_is_workday(const struct xg_calendar *c, int64_t ms,
                            bool *guessed)
{
    int64_t at = local_of(c, ms);
    struct walk w = walk_from(c, at);
    bool working = working_day(&w, at / DAY_MS);

    *guessed |= w.guessed;
    return working;
}

bool xg_calendar_is_working(const struct xg_calendar *c, int64_t ms,
                            bool *guessed)
{
    struct span spans[XG_OFFICE_SPANS_DAY];
    int64_t at = local_of(c, ms);
    struct walk w = walk_from(c, at);
    size_t n = spans_of(spans, &w, at / DAY_MS);

    *guessed |= w.guessed;
    for (size_t i = 0; i < n; i++)
        if (at % DAY_MS >= spans[i].open && at % DAY_MS < spans[i].close)
            return true;
    return false;
}

struct xg_due xg_calendar_add(const struct xg_calendar *c, int64_t start_ms,
                              struct xg_limit limit)
{
    const int64_t most = (int64_t)SPAN_DAYS * 24 * 1000; /* of any unit */
    int64_t milli = limit.milli < most ? limit.milli : most;
    int64_t at = local_of(c, start_ms), due;
    struct walk w = walk_from(c, at);

    if (milli <= 0 || start_ms >= MOMENT_MAX)
        return (struct xg_due){.ms = start_ms};
    if (limit.unit == XG_LIMIT_HOURS)
        due = add_open(&w, at, milli * MILLI_HOUR_MS);
    else if (limit.unit == XG_LIMIT_DAYS)
        due = add_exact_days(&w, at,
                             (struct days){milli / 1000, milli % 1000, 1000});
    else
        due = at + milli * MILLI_HOUR_MS;
    due -= (int64_t)c->zone_min * MINUTE_MS;
    return (struct xg_due){.ms = due > start_ms ? due : start_ms,
                           .guessed = w.guessed};
}

int64_t xg_calendar_between(const struct xg_calendar *c, int64_t from_ms,
                            int64_t to_ms, enum xg_limit_unit unit,
                            bool *guessed)
{
    int64_t sign = to_ms < from_ms ? -1 : 1, amount;
    int64_t a = local_of(c, sign < 0 ? to_ms : from_ms);
    int64_t b = local_of(c, sign < 0 ? from_ms : to_ms);
    struct walk w = walk_from(c, a);

    if (b > (w.last_day + 1) * DAY_MS)
        b = (w.last_day + 1) * DAY_MS;
    if (unit == XG_LIMIT_HOURS)
        amount = count_open(&w, a, b) / MILLI_HOUR_MS;
    else if (unit == XG_LIMIT_DAYS)
        amount = in_milli(count_days(&w, a, b));
    else
        amount = (b - a) / MILLI_HOUR_MS;
    *guessed |= w.guessed;
    return sign * amount;
}

struct xg_due xg_calendar_shift(const struct xg_calendar *c, int64_t due_ms,
                                int64_t from_ms, int64_t to_ms,
                                enum xg_limit_unit unit)
{
    int64_t due = local_of(c, due_ms), from = local_of(c, from_ms);
    int64_t to = local_of(c, to_ms);
    struct walk back = walk_from(c, from), on = walk_from(c, to);

    if (due <= from || unit == XG_LIMIT_URGENT)
        due += to - from;
    else if (unit == XG_LIMIT_HOURS)
        due = add_open(&on, to, count_open(&back, from, due));
    else
        due = add_exact_days(&on, to, count_days(&back, from, due));
    due -= (int64_t)c->zone_min * MINUTE_MS;
    return (struct xg_due){.ms = due > due_ms ? due : due_ms,
                           .guessed = back.guessed || on.guessed};
}
