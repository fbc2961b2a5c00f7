/* clock.h - the clocks of a case (core/deadline.h) for people and programs.
 *
 *      处置 剩余 3 个工作时，2026-10-10 17:00 前
 *      签收 超期 2 个工作日（第 2 次）；暂按双休日推算
 *      处置 已暂停，剩余 1.5 个工作日
 *      立案 用时 2 个工作时，按时
 *
 * Amounts are in the unit of the limit, cut to a tenth; an overdue one is never
 * shown as 0. JSON, an object a clock, stable keys:
 *
 *      stage        accept file dispatch sign handle inspect report_in
 *      turn         from 1
 *      start        RFC 3339 in the site's zone, as all times here
 *      due          null: no limit, or paused
 *      due_plain    without pauses and extensions; null: no limit
 *      ended        null: running
 *      light        none green yellow red
 *      left         thousandths of the unit, negative over; null: no limit
 *      left_plain   the same against due_plain
 *      unit         urgent hours days; null: no limit
 *      paused       true while it stands still
 *      guessed      a year without a calendar was counted by weekends
 *      provisional  hangs on a record that the log does not hold yet
 *      with         unit that held it when it began; null: none
 *      level        at which it was then; null: none
 */
#ifndef XG_VIEW_CLOCK_H
#define XG_VIEW_CLOCK_H

#include <jansson.h>

#include "shared/base/buf.h"
#include "shared/core/deadline.h"

/* What a list shows of a case: of the running clocks the one that is due
 * first, one that is over before all; then one that is paused, one without
 * limit. NULL: nothing runs. */
const struct xg_clock *view_clock_main(const struct xg_clock *clocks,
                                       size_t count);

/* One line without its end, as above. */
void view_clock_line(struct xg_buf *out, const struct xg_clock *c,
                     const struct xg_calendar *calendar, int64_t now_ms);
/* Only how it stands: "剩余 3 个工作时", "超期 2 个工作日", "已暂停"; "" for a
 * clock without limit. For a column of a list. */
void view_clock_brief(struct xg_buf *out, const struct xg_clock *c,
                      const struct xg_calendar *calendar, int64_t now_ms);
/* "3 个工作时", "2 working days". The sign is dropped. */
void view_clock_amount(struct xg_buf *out, int64_t milli,
                       enum xg_limit_unit unit);
/* "green" ... as in JSON, and for people. */
const char *view_light_name(enum xg_light light);

/* A new reference, NULL when memory is short. */
json_t *view_clock_json(const struct xg_clock *c,
                        const struct xg_calendar *calendar, int64_t now_ms);
json_t *view_clocks_json(const struct xg_clock *clocks, size_t count,
                         const struct xg_calendar *calendar, int64_t now_ms);

#endif
