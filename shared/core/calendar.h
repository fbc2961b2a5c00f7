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
 *                          counts from the next time the office opens. Part of
 *                          a day is that part of the office hours up to the
 *                          same time of the next working day
 *
 * Office hours are spans of a day, by season (month and day from .. to); a
 * lunch break is the gap between two spans. The office is open at the first
 * moment of a span and shut at its last; a limit that is used up with the last
 * moment is due then, not on the next morning. A day of the year that no span
 * covers has the default: 08:30-12:00 and 14:00-17:30.
 *
 * Pure integers; Unix milliseconds; every function is O(days spanned *
 * (log years + spans)), whatever the hours. Moments are taken to lie in the
 * years 1970 to 9999; adding more than XG_SPAN_YEARS_MAX years (of 366 days) is
 * cut there, and so is counting between.
 */
#ifndef XG_CORE_CALENDAR_H
#define XG_CORE_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    XG_SPAN_YEARS_MAX = 20,
    XG_ZONE_CHINA_MIN = 480,
    XG_ZONE_MAX_MIN = 18 * 60,
    XG_OFFICE_SPANS_MAX = 64, /* more are not looked at */
    XG_OFFICE_SPANS_DAY = 8,  /* of one day */
};

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

/* A span of office hours, minutes of the day (open < close <= 1440), between
 * two days of the year (month * 100 + day, inclusive; from > to goes over the
 * new year). In any order; those of a day may overlap. */
struct xg_office_span {
    uint16_t from_md, to_md, open_min, close_min;
};

struct xg_calendar {
    int32_t zone_min;
    const struct xg_calendar_year *years; /* ascending */
    size_t year_count;
    const struct xg_office_span *spans; /* none: the default */
    size_t span_count;
};

/* A moment, and whether a year without a calendar had to be guessed. */
struct xg_due {
    int64_t ms;
    bool guessed;
};

/* *guessed is set where a year had to be guessed, else left as it was, so that
 * one flag can gather several answers. */

/* Is this moment within office hours of a working day? */
bool xg_calendar_is_working(const struct xg_calendar *c, int64_t ms,
                            bool *guessed);
/* Is the day of this moment a working day? */
bool xg_calendar_is_workday(const struct xg_calendar *c, int64_t ms,
                            bool *guessed);
/* start + limit. Never before start; more limit is never earlier; no limit
 * (or a negative one) is due at start. */
struct xg_due xg_calendar_add(const struct xg_calendar *c, int64_t start_ms,
                              struct xg_limit limit);
/* How much of the unit lies between two moments, in whole thousandths; negative
 * when to is before from. For "3 working hours left", "2 working days over".
 * between(start, add(start, limit)) is limit, but where add() was cut. */
int64_t xg_calendar_between(const struct xg_calendar *c, int64_t from_ms,
                            int64_t to_ms, enum xg_limit_unit unit,
                            bool *guessed);

/* The moment that is as far from `to` as `due` is from `from`, in the unit, to
 * the millisecond: what is left of a limit after a pause from `from` to `to`.
 * Where nothing was left, the time over stays what it was. Never before due,
 * not even where office hours of another season make a day longer (from <= to).
 */
struct xg_due xg_calendar_shift(const struct xg_calendar *c, int64_t due_ms,
                                int64_t from_ms, int64_t to_ms,
                                enum xg_limit_unit unit);

/* ---- days, for those who fill a calendar ---- */

/* Days since 1970-01-01 of a date, which is checked; false leaves out. */
bool xg_date_days(int64_t *days, int32_t year, uint32_t month, uint32_t day);
/* Day of the year from 0, as in struct xg_calendar_year. */
uint32_t xg_date_yday(int32_t year, uint32_t month, uint32_t day);

#endif
