/* time.c - times and durations; see text.h. */
#include "shared/view/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "shared/base/lang.h"

enum { YEAR_MAX = 9999, YEAR_ZERO = -1900 };

/* Of this thread; see view_zone_thread(). */
static _Thread_local struct {
    bool set;
    int minutes_east;
} fixed;

int view_zone_thread(int minutes_east)
{
    int before = fixed.set ? fixed.minutes_east : VIEW_ZONE_HERE;

    fixed.set = minutes_east != VIEW_ZONE_HERE;
    fixed.minutes_east = minutes_east;
    return before;
}

static bool local_time(struct tm *tm, time_t t)
{
    if (fixed.set) {
        t += (time_t)fixed.minutes_east * 60;
        return gmtime_r(&t, tm) != NULL;
    }
    tzset(); /* localtime_r() need not look */
    return localtime_r(&t, tm) != NULL;
}

/* ms = *seconds * 1000 + result, 0 <= result < 1000. */
static unsigned split_ms(int64_t *seconds, int64_t ms)
{
    int64_t rest = ms % 1000;

    *seconds = ms / 1000 - (rest < 0);
    return (unsigned)(rest < 0 ? rest + 1000 : rest);
}

static bool in_years(const struct tm *tm)
{
    return tm->tm_year >= YEAR_ZERO && tm->tm_year <= YEAR_MAX + YEAR_ZERO;
}

static void put_fields(struct xg_buf *out, const struct tm *tm, char between)
{
    xg_buf_format(out, "%04d-%02d-%02d%c%02d:%02d:%02d",
                  tm->tm_year - YEAR_ZERO, tm->tm_mon + 1, tm->tm_mday, between,
                  tm->tm_hour, tm->tm_min, tm->tm_sec);
}

static void put_seconds(struct xg_buf *out, int64_t ms)
{
    xg_buf_byte(out, '@');
    view_put_decimal(out, ms, 3);
}

void view_put_time(struct xg_buf *out, int64_t ms)
{
    int64_t seconds;
    unsigned rest = split_ms(&seconds, ms);
    time_t t = (time_t)seconds;
    struct tm tm;

    if (!local_time(&tm, t) || !in_years(&tm)) {
        put_seconds(out, ms);
        return;
    }
    put_fields(out, &tm, ' ');
    if (rest)
        xg_buf_format(out, ".%03u", rest);
}

void view_put_minute(struct xg_buf *out, int64_t ms)
{
    int64_t seconds;
    struct tm tm;

    (void)split_ms(&seconds, ms);
    time_t t = (time_t)seconds;
    if (!local_time(&tm, t) || !in_years(&tm)) {
        put_seconds(out, ms);
        return;
    }
    xg_buf_format(out, "%04d-%02d-%02d %02d:%02d", tm.tm_year + 1900,
                  tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min);
}

void view_put_time_utc(struct xg_buf *out, int64_t ms)
{
    int64_t seconds;
    unsigned rest = split_ms(&seconds, ms);
    time_t t = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&t, &tm) || !in_years(&tm)) {
        put_seconds(out, ms);
        return;
    }
    put_fields(out, &tm, 'T');
    xg_buf_format(out, ".%03uZ", rest);
}

/* ---- reading ---- */

/* `count` digits, stepping over them. */
static bool number(int *value, const char **text, int count)
{
    *value = 0;
    for (; count > 0; count--, (*text)++) {
        if (**text < '0' || **text > '9')
            return false;
        *value = *value * 10 + (**text - '0');
    }
    return true;
}

static bool after(const char **text, char c)
{
    if (**text != c)
        return false;
    (*text)++;
    return true;
}

static bool day_exists(int year, int month, int day)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01 in the Gregorian calendar: years begin in March, so
 * that the leap day is their last. */
static int64_t day_number(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

static bool parse_clock(const char **text, struct tm *tm, int *ms)
{
    if (!number(&tm->tm_hour, text, 2) || !after(text, ':') ||
        !number(&tm->tm_min, text, 2))
        return false;
    if (after(text, ':')) {
        if (!number(&tm->tm_sec, text, 2))
            return false;
        if (after(text, '.')) {
            int unit = 100;
            if (**text < '0' || **text > '9')
                return false;
            for (; **text >= '0' && **text <= '9'; (*text)++, unit /= 10)
                *ms += (**text - '0') * unit;
        }
    }
    return tm->tm_hour <= 23 && tm->tm_min <= 59 && tm->tm_sec <= 59;
}

/* Z or +HH:MM, in seconds east. */
static bool parse_zone(const char **text, int64_t *east)
{
    int hours, minutes = 0;
    bool west = **text == '-';

    *east = 0;
    if (after(text, 'Z') || after(text, 'z'))
        return true;
    if (!after(text, '+') && !after(text, '-'))
        return false;
    if (!number(&hours, text, 2))
        return false;
    after(text, ':');
    if (**text && !number(&minutes, text, 2))
        return false;
    *east = ((int64_t)hours * 60 + minutes) * (west ? -60 : 60);
    return hours <= 18 && minutes <= 59;
}

static bool parse_date_time(int64_t *ms, const char *text)
{
    struct tm tm = {.tm_isdst = -1}, back;
    int year, month, fraction = 0;
    int64_t east = 0;
    bool zone = false;

    if (!number(&year, &text, 4) || !after(&text, '-') ||
        !number(&month, &text, 2) || !after(&text, '-') ||
        !number(&tm.tm_mday, &text, 2) || !day_exists(year, month, tm.tm_mday))
        return false;
    if (*text) {
        if (!after(&text, 'T') && !after(&text, 't') && !after(&text, ' '))
            return false;
        if (!parse_clock(&text, &tm, &fraction))
            return false;
        zone = *text != '\0';
        if (zone && (!parse_zone(&text, &east) || *text))
            return false;
    }
    if (!zone && fixed.set) {
        east = (int64_t)fixed.minutes_east * 60;
        zone = true;
    }
    if (zone) {
        *ms = (day_number(year, month, tm.tm_mday) * 86400 + tm.tm_hour * 3600 +
               tm.tm_min * 60 + tm.tm_sec - east) *
                  1000 +
              fraction;
        return true;
    }
    tm.tm_year = year + YEAR_ZERO;
    tm.tm_mon = month - 1;
    struct tm asked = tm;
    time_t t = mktime(&tm);
    if (!localtime_r(&t, &back) || back.tm_mday != asked.tm_mday ||
        back.tm_hour != asked.tm_hour || back.tm_min != asked.tm_min)
        return false; /* mktime() failed, or that hour does not exist */
    *ms = (int64_t)t * 1000 + fraction;
    return true;
}

/* "20260501" as "2026-05-01"; as seconds it would be of 1970. */
static bool parse_day(int64_t *ms, const char *text)
{
    char day[sizeof "YYYY-MM-DD"];

    snprintf(day, sizeof day, "%.4s-%.2s-%.2s", text, text + 4, text + 6);
    return parse_date_time(ms, day);
}

bool view_parse_time(int64_t *ms, const char *text)
{
    size_t len = strlen(text);
    size_t sign = *text == '@' || *text == '-' || *text == '+';
    int64_t value;

    if (len == 8 && strspn(text, "0123456789") == 8 && parse_day(&value, text)) {
        *ms = value;
        return true;
    }
    if (text[sign + strspn(text + sign, "0123456789.")] == '\0' || *text == '@')
        return view_parse_decimal(ms, text + (*text == '@'),
                                  len - (*text == '@'), 3);
    if (!parse_date_time(&value, text))
        return false;
    *ms = value;
    return true;
}

void view_put_duration(struct xg_buf *out, int64_t ms)
{
    uint64_t s = (ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms) / 1000;

    if (ms < 0)
        xg_buf_byte(out, '-');
    if (s >= 86400)
        xg_buf_format(out,
                      XG_T("%" PRIu64 " 天 %" PRIu64 " 小时",
                           "%" PRIu64 " d %" PRIu64 " h"),
                      s / 86400, s % 86400 / 3600);
    else if (s >= 3600)
        xg_buf_format(out,
                      XG_T("%" PRIu64 " 小时 %" PRIu64 " 分",
                           "%" PRIu64 " h %" PRIu64 " min"),
                      s / 3600, s % 3600 / 60);
    else if (s >= 60)
        xg_buf_format(out,
                      XG_T("%" PRIu64 " 分 %" PRIu64 " 秒",
                           "%" PRIu64 " min %" PRIu64 " s"),
                      s / 60, s % 60);
    else
        xg_buf_format(out, XG_T("%" PRIu64 " 秒", "%" PRIu64 " s"), s);
}
