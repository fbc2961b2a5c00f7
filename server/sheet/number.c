/* number.c - numbers of a workbook as a person reads them; see sheet.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/sheet/sheet.h"

enum {
    DAY_S = 86400,
    DAYS_MOST = 2958465,     /* 9999-12-31 */
    FROM_1900_DAYS = -25569, /* serial 0 of a sheet, from 1970-01-01 */
    FROM_1904_DAYS = -24107,
    FALSE_LEAP_DAY = 60, /* 1900-02-29, which there never was */
};

struct date {
    int year, month, day;
};

/* Howard Hinnant's civil_from_days, for days since 1970-01-01. */
static struct date date_of(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t in_era = days - era * 146097;
    int64_t years =
        (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * years + years / 4 - years / 100);
    int64_t month = (5 * in_year + 2) / 153;
    struct date d = {
        .day = (int)(in_year - (153 * month + 2) / 5 + 1),
        .month = (int)(month < 10 ? month + 3 : month - 9),
    };
    d.year = (int)(years + era * 400 + (d.month <= 2));
    return d;
}

static void put_date(char out[static SHEET_NUMBER_SIZE], double serial,
                     bool from_1904)
{
    int64_t seconds = llround(serial * DAY_S);
    int64_t days = seconds / DAY_S, rest = seconds % DAY_S;
    int64_t first = from_1904 ? FROM_1904_DAYS : FROM_1900_DAYS;
    char time[16] = "";

    if (!from_1904 && days < FALSE_LEAP_DAY)
        first++;
    snprintf(time, sizeof time, "%02d:%02d:%02d", (int)(rest / 3600),
             (int)(rest / 60 % 60), (int)(rest % 60));
    if (days == 0) {
        snprintf(out, SHEET_NUMBER_SIZE, "%s", time);
        return;
    }
    struct date d = date_of(first + days);
    snprintf(out, SHEET_NUMBER_SIZE, "%04d-%02d-%02d%s%s", d.year, d.month,
             d.day, rest ? " " : "", rest ? time : "");
}

void sheet_number(char out[static SHEET_NUMBER_SIZE], const char *text,
                  bool is_date, bool from_1904)
{
    char *end;
    double value = strtod(text, &end);

    if (end == text || *end || !isfinite(value))
        snprintf(out, SHEET_NUMBER_SIZE, "%.39s", text);
    else if (is_date && value >= 0 && value < DAYS_MOST + 1)
        put_date(out, value, from_1904);
    else if (fabs(value) < 1e15 && value == floor(value))
        snprintf(out, SHEET_NUMBER_SIZE, "%.0f", value);
    else
        snprintf(out, SHEET_NUMBER_SIZE, "%.15g", value);
}
