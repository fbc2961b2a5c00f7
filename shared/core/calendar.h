/* calendar.h - working time: which days, which hours, and adding to a moment.
 *
 * Local time is UTC plus a fixed offset (China has one zone and no summer
 * time). A day is a working day if the calendar of its year says so (make-up
 * days 调休 are, holidays are not); of a year that has none, Monday to Friday,
 * and every result that touched such a year is marked.
 *
 * Units of a limit:
 *
 *      urgent   紧急工作时  natural hours, around the clock
 *      hours    工作时      hours within office hours of working days
 *      days     工作日      working days: due at the same time of day that many
 *                          working days later; started outside office hours it
 *                          counts from the next time the office opens
 *
 * Office hours are spans of a day, by season (month and day from .. to); a
 * lunch break is the gap between two spans. Without any: 08:30-12:00 and
 * 14:00-17:30 all year.
 *
 * Pure integers; Unix milliseconds; every function is O(days spanned). Limits:
 * years 1970 to 9999; adding more than XG_SPAN_YEARS_MAX years is cut there.
 */
#ifndef XG_CORE_CALENDAR_H
#define XG_CORE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { XG_SPAN_YEARS_MAX = 20, XG_ZONE_CHINA_MIN = 480 };

enum xg_limit_unit {
    XG_LIMIT_URGENT = 1,
    XG_LIMIT_HOURS = 2,
    XG_LIMIT_DAYS = 3,
};

/* An amount is in thousandths of the unit: 1.5 hours is 1500. */
struct xg_limit {
    enum xg_limit_unit unit;
    int64_t milli;
};

/* What the official calendar says of one year: bit d (from 0, 1 January) of
 * `off` is set on a holiday, of `on` on a make-up working day. */
struct xg_calendar_year {
    int32_t year;
    uint8_t off[46], on[46];
};

/* A span of office hours, minutes of the day, between two days of the year
 * (month * 100 + day, inclusive; from > to goes over the new year). */
struct xg_office_span {
    uint16_t from_md, to_md, open_min, close_min;
};

struct xg_calendar {
    int32_t zone_min;
    const struct xg_calendar_year *years; /* ascending */
    size_t year_count;
    const struct xg_office_span *spans;   /* none: the default */
    size_t span_count;
};

/* A moment, and whether a year without a calendar had to be guessed. */
struct xg_due {
    int64_t ms;
    bool guessed;
};

bool xg_calendar_is_working(const struct xg_calendar *c, int64_t ms,
                            bool *guessed);
/* start + limit. Never before start; more limit is never earlier. */
struct xg_due xg_calendar_add(const struct xg_calendar *c, int64_t start_ms,
                              struct xg_limit limit);
/* How much of the unit lies between two moments, in thousandths; negative when
 * to is before from. For "3 working hours left", "2 working days over". */
int64_t xg_calendar_between(const struct xg_calendar *c, int64_t from_ms,
                            int64_t to_ms, enum xg_limit_unit unit,
                            bool *guessed);

#endif
