/* import.c - what the readers of foreign tracks share. */
#include "agent/track/import.h"

struct track_gather track_gather_begin(void)
{
    return (struct track_gather){
        .samples = XG_BUF((size_t)TRACK_IMPORT_SAMPLES_MAX *
                          sizeof(struct track_sample))};
}

void track_gather_add(struct track_gather *g, struct track_sample sample,
                      int64_t t_ms)
{
    sample.boot = 0;
    sample.wall_ms = sample.mono_ms = sample.gps_ms = t_ms;
    sample.awake_ms = TRACK_NO_TIME;
    sample.imported = true;
    if (sample.kind == TRACK_FIX)
        g->import.fixes++;
    xg_buf_append(&g->samples, &sample, sizeof sample);
}

void track_gather_skip(struct track_gather *g, size_t line, const char *why)
{
    if (g->import.skipped++ == 0) {
        g->import.first_skipped = line;
        g->import.first_why = why;
    }
}

enum xg_status track_gather_end(struct track_import *import,
                                struct xg_arena *a, struct track_gather *g,
                                struct xg_error *err)
{
    enum xg_status status = xg_buf_check(&g->samples, err);

    if (status == XG_OK) {
        g->import.count = g->samples.len / sizeof(struct track_sample);
        g->import.samples = xg_arena_array(a, g->import.count + 1,
                                           sizeof *g->import.samples);
        if (!g->import.samples)
            status = xg_fail_nomem(err);
    }
    if (status == XG_OK) {
        if (g->samples.len)
            memcpy(g->import.samples, g->samples.data, g->samples.len);
        *import = g->import;
    }
    xg_buf_clear(&g->samples);
    return status;
}

/* Days since 1970-01-01, by eras of 400 years from March. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year -
           719468;
}

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool track_civil_ms(int64_t *t_ms, int year, int month, int day,
                    int64_t day_ms)
{
    static const int DAYS[12] = {31, 28, 31, 30, 31, 30,
                                 31, 31, 30, 31, 30, 31};

    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
        day > DAYS[month - 1] + (month == 2 && leap(year)) || day_ms < 0 ||
        day_ms > 86400999)
        return false;
    *t_ms = days_of(year, month, day) * 86400000 + day_ms;
    return true;
}

void track_civil_of(int64_t t_ms, int *year, int *month, int *day,
                    int64_t *day_ms)
{
    int64_t days = t_ms / 86400000 - (t_ms % 86400000 < 0);

    *day_ms = t_ms - days * 86400000;
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
                365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;

    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2));
}

bool track_decimal(int64_t *value, const char *text, size_t len,
                   unsigned digits)
{
    size_t i = 0, before = 0, after = 0;
    bool less = len && text[0] == '-', dot = false, round_up = false;
    int64_t sum = 0;

    if (len && (text[0] == '-' || text[0] == '+'))
        i++;
    for (; i < len; i++) {
        int d = text[i] - '0';
        if (text[i] == '.' && !dot) {
            dot = true;
        } else if (d < 0 || d > 9) {
            return false;
        } else if (!dot) {
            sum = sum * 10 + d;
            before++;
            if (sum >= 1000000000)
                return false;
        } else {
            if (after < digits)
                sum = sum * 10 + d;
            else if (after == digits)
                round_up = d >= 5;
            after++;
        }
    }
    if (before + after == 0)
        return false;
    for (; after < digits; after++)
        sum *= 10;
    sum += round_up;
    *value = less ? -sum : sum;
    return true;
}
