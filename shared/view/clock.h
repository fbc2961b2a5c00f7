/* clock.h - the clocks of a case (core/deadline.h) for people and programs.
 *
 *      处置 剩余 3 个工作时，2026-10-10 17:00 前
 *      签收（第 2 次） 已超期 2 个工作日，应于 2026-10-10 17:00；暂按双休日推算
 *      处置 已暂停，剩余 1.5 个工作日；如果不算暂停和延期，则超期 2 个工作日
 *      受理 按时，提前 1.5 个工作时
 *      派遣 未设时限，已 2 小时 5 分
 *
 * Amounts are in the unit of the limit, cut to a tenth ("不足 0.1 个工作时");
 * natural hours below one are told in minutes. Times are local ones, as in all
 * views, cut to the minute. JSON, an object a clock, stable keys:
 *
 *      stage        accept file dispatch sign handle inspect report_in
 *      turn         from 1
 *      start        "2026-10-10T09:00:00.000Z", as all times here
 *      due          null: no limit, or paused
 *      due_plain    without pauses and extensions; null: no limit
 *      ended        null: running
 *      light        none green yellow red
 *      overdue      true or false
 *      left         thousandths of the unit, negative over; null: no limit
 *      left_plain   the same against due_plain
 *      unit         urgent hours days; null: no limit
 *      paused       true while it stands still
 *      paused_ms    how long it stood still so far
 *      extended     true: due was granted
 *      guessed      a year without a calendar was counted by weekends
 *      provisional  hangs on a record that the log does not hold yet
 *      with         unit that held it when it began; null: none
 *      level        at which it was then; null: none
 *      text         how it stands, as a list says it: "剩余 3 个工作时"; "" where
 *                   there is nothing to say
 *      line         the whole of it, as above
 *
 * `text` and `line` are in the language that is set, all else in none.
 */
#ifndef XG_VIEW_CLOCK_H
#define XG_VIEW_CLOCK_H

#include <jansson.h>

#include "shared/base/buf.h"
#include "shared/core/deadline.h"
#include "shared/guide/labels.h"

/* What a list shows of a case: of the running clocks the one that is due
 * first; else one that is paused, else one without limit. NULL: nothing
 * runs. O(count). */
const struct xg_clock *view_clock_main(const struct xg_clock *clocks,
                                       size_t count);

/* One line without its end, as above; the stage in the site's words, `labels`
 * NULL the usual ones. */
void view_clock_line(struct xg_buf *out, const struct xg_clock *c,
                     const struct xg_labels *labels,
                     const struct xg_calendar *calendar, int64_t now_ms);
/* All of a case, a line each: what runs first; finished turns of a stage as one
 * line, "签收 3 次，均按时", "签收 3 次，1 次超期". Each begins with `indent`. */
void view_put_clocks(struct xg_buf *out, const struct xg_clock *clocks,
                     size_t count, const struct xg_labels *labels,
                     const struct xg_calendar *calendar, int64_t now_ms,
                     const char *indent);
/* Only how it stands: "剩余 3 个工作时", "已超期 2 个工作日", "已暂停", "按时";
 * nothing for a clock without limit that is not paused. For a column of a list.
 */
void view_clock_brief(struct xg_buf *out, const struct xg_clock *c,
                      const struct xg_calendar *calendar, int64_t now_ms);
/* "3 个工作时", "2 working days". The sign is dropped. */
void view_clock_amount(struct xg_buf *out, int64_t milli,
                       enum xg_limit_unit unit);
/* "green" ..., as in JSON; and as a person calls it: "绿灯". */
const char *view_light_name(enum xg_light light);
const char *view_light_label(enum xg_light light);

/* A new reference, NULL when memory is short. */
json_t *view_clock_json(const struct xg_clock *c,
                        const struct xg_labels *labels,
                        const struct xg_calendar *calendar, int64_t now_ms);
/* An array of them. */
json_t *view_clocks_json(const struct xg_clock *clocks, size_t count,
                         const struct xg_labels *labels,
                         const struct xg_calendar *calendar, int64_t now_ms);

#endif
