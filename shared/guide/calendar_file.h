/* calendar_file.h - the files behind a calendar (core/calendar.h).
 *
 * Days, JSON, one file a year or several years in one:
 *
 *      { "holidays": { "2026-10-01": "National Day,国庆节,3", ... },
 *        "workdays": { "2026-10-10": "National Day,国庆节,3", ... } }
 *
 * The keys of both are the days off and the make-up days that are worked; what
 * they are called is not looked at, nor are other keys (inLieuDays). Either may
 * be an array of days instead. The file tells of every year whose 1 October is
 * off, or of those that "years": [2026] names; a day of any other year is
 * refused, so that a slip of the pen does not stand for a whole year.
 *
 * Office hours, CSV (csv.h), a row a span:
 *
 *      column   alias      is
 *      from     开始日期    the first and the last day of the season, 06-01;
 * both to       结束日期    empty: all year. 10-01 to 05-31 goes over new year
 *      open     上班       08:30
 *      close    下班       12:00, at most 24:00; a night shift is two rows
 *      zone     时区       +08:00; the same wherever it is given; else China's
 *
 * A noon break is the gap between two rows. Spreadsheets rewrite days and
 * times: 6-1, 6/1, 6月1日, 2026-06-01, 8:30 and 8:30:00 are read too.
 */
#ifndef XG_GUIDE_CALENDAR_FILE_H
#define XG_GUIDE_CALENDAR_FILE_H

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"
#include "shared/core/calendar.h"

enum { XG_CALENDAR_BYTES_MAX = 1 << 20, XG_CALENDAR_YEARS_MAX = 100 };

/* Years ascending, each once, at least one; lent by the arena. XG_FORMAT names
 * the day or the line. XG_TOOBIG, XG_NOMEM. */
XG_MUST_CHECK enum xg_status
xg_calendar_years_load(struct xg_calendar_year **years, size_t *count,
                       struct xg_arena *arena, struct xg_bytes content,
                       struct xg_error *err);
/* Years of an older file and of a newer one, ascending: of a year that both
 * have, the newer's. */
XG_MUST_CHECK enum xg_status
xg_calendar_years_join(struct xg_calendar_year **years, size_t *count,
                       struct xg_arena *arena,
                       const struct xg_calendar_year *older, size_t older_count,
                       const struct xg_calendar_year *newer, size_t newer_count,
                       struct xg_error *err);

struct xg_office_hours {
    int32_t zone_min;
    const struct xg_office_span *spans; /* at least one */
    size_t span_count;
};
/* Spans lent by the arena. XG_FORMAT names line and column. */
XG_MUST_CHECK enum xg_status xg_office_hours_load(struct xg_office_hours *out,
                                                  struct xg_arena *arena,
                                                  struct xg_bytes content,
                                                  struct xg_error *err);

#endif
