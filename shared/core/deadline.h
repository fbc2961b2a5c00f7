/* deadline.h - the clocks of a case: one a stage and a turn, by the catalogue.
 *
 * A pure function of the state, of the effective time of each record, of the
 * catalogue's row and the calendar: the same on the device and on the server.
 *
 * A record's *effective time* is its wall clock, clamped to what the log
 * proves: not before the time note before its anchor, not after the time note
 * that closes the checkpoint in which it first lay. Of a record that is not
 * logged yet only the lower bound is known: what hangs on it is provisional.
 *
 * Nor is it before what is proven of any record of the case that its author had
 * seen: whoever answers a reminder did so after it, whatever their clock says.
 *
 * A stage's clock starts and ends with the moves (loop.h):
 *
 *      accept     reported                 -> accepted, or otherwise settled
 *      file       accepted                 -> filed, or otherwise settled
 *      dispatch   filed; returned          -> dispatched
 *      sign       dispatched               -> signed for, or returned
 *      handle     dispatched, or signed for (the catalogue says which); rework
 *                                          -> handled
 *      inspect    handled                  -> closed, or sent back
 *      report in  whistle, triage          -> every unit called is present; due
 *                                             is `report_by`, around the clock
 *
 * A stage that begins again (handing down, rework, a case reopened) is a new
 * turn with a new clock. A refusal does not stop the clock of handling, nor
 * does the next dispatch start it anew. Whatever runs ends when the case is
 * closed or withdrawn.
 *
 * Granted shelving and deferral stop the clock of handling, until the case is
 * resumed or the granted `until` is over: what was left of the limit runs on
 * after. An extension moves the due of handling to the granted `until`, never
 * to an earlier one; granted before the signature from which the clock starts,
 * it counts from there. `due_plain_ms` is without any of that.
 *
 * A task that names its own `due` goes by that in handling, whatever the
 * catalogue says; its limit is what lies between, in the catalogue's unit (in
 * working days where that has none).
 *
 * Records without effect count for nothing. A move whose fields were erased
 * still counts; what it granted is not known any more: an extension is none,
 * and a pause lasts until the case is resumed.
 */
#ifndef XG_CORE_DEADLINE_H
#define XG_CORE_DEADLINE_H

#include "shared/core/calendar.h"
#include "shared/core/merge.h"
#include "shared/core/registry.h"

#define XG_NO_TIME INT64_MIN

/* Bounds of a record, XG_NO_TIME where not known. */
struct xg_when {
    int64_t low_ms, high_ms;
};
int64_t xg_effective_ms(int64_t wall_ms, struct xg_when when);

/* That of every op of the state, in the order of the ops, lent by the arena;
 * `whens` is parallel to s->ops. XG_NOMEM. */
XG_MUST_CHECK enum xg_status xg_effective_of(int64_t **times,
                                             struct xg_arena *arena,
                                             const struct xg_state *s,
                                             const struct xg_when *whens,
                                             struct xg_error *err);

/* Who had a case from when to when: the unit that it was given to, and the level
 * that it stood at. */
struct xg_holding {
    struct xg_bytes unit, level; /* lent by ops; empty: its home, and no level
                                  * was named */
    int64_t from_ms, to_ms;      /* XG_NO_TIME: it still has it */
    uint32_t moves;              /* that were made meanwhile */
};
/* In the order of time, lent by the arena; none for a kind without a loop, or
 * while the first record is missing. It ends when the case is settled or
 * withdrawn, and begins again where it is reopened. */
XG_MUST_CHECK enum xg_status
xg_holdings_of(struct xg_holding **list, size_t *count, struct xg_arena *arena,
               const struct xg_state *s, const struct xg_when *whens,
               struct xg_error *err);

/* The move that filed the case; of one that was reopened, the last. The case is
 * timed by the catalogue in force where that lies in the log. XG_NONE: none that
 * counts. */
uint32_t xg_filing_of(const struct xg_state *s);

/* What the catalogue says of one stage of one category. */
struct xg_stage_limit {
    bool has;
    struct xg_limit limit;
    bool from_signing; /* HANDLE: starts with the signature, not dispatch */
    char climb[XG_CODE_MAX + 1]; /* level that an overdue case is
                                  * escalated to; "" none */
};

struct xg_limits {
    struct xg_stage_limit stages[XG_STAGES + 1]; /* by enum xg_stage */
};

struct xg_clock {
    enum xg_stage stage;
    uint32_t turn;               /* from 1 */
    uint32_t begun_by, ended_by; /* ops; XG_NONE: still running */
    int64_t start_ms, end_ms;    /* XG_NO_TIME: still running */
    bool limited;                /* there is a limit: due_* hold */
    int64_t due_ms, due_plain_ms;
    struct xg_limit limit; /* of REPORT_IN: from start to due */
    bool paused;           /* at now_ms: due_ms is then XG_NO_TIME */
    int64_t paused_left;   /* while paused: what is left, as xg_clock_left() */
    int64_t paused_ms;     /* natural time that it stood still so far */
    bool extended;         /* due_ms was granted */
    bool guessed;          /* 暂按双休日推算 */
    bool provisional;      /* hangs on a record that is not logged yet */
    struct xg_bytes unit, level; /* who holds it, or held it at its end; lent by ops,
                                  * empty where nobody was named */
    const char *climb; /* level that it climbs to when overdue, "" none;
                        * lent by the limits */
};

/* Clocks in the order in which they began, lent by the arena. `whens` is
 * parallel to s->ops; limits are xg_category_limits() (guide/catalogue.h).
 * `now_ms` closes nothing; it is only for what is paused. Kinds without a loop
 * have none, nor has a case whose first record is missing. O(n + k * d + c * p)
 * for n records, k clocks of d days, c units called of which p are present.
 * XG_NOMEM. */
XG_MUST_CHECK enum xg_status
xg_clocks_of(struct xg_clock **clocks, size_t *count, struct xg_arena *arena,
             const struct xg_state *s, const struct xg_when *whens,
             const struct xg_limits *limits, const struct xg_calendar *calendar,
             int64_t now_ms, struct xg_error *err);

/* How much of the unit is left at `now_ms` (or was when it ended, or was
 * paused), in thousandths; negative when overdue. `plain`: without pauses and
 * extensions. 0 where it has no limit. */
int64_t xg_clock_left(const struct xg_clock *c,
                      const struct xg_calendar *calendar, int64_t now_ms,
                      bool plain);
/* Is it overdue at `now_ms`, or was it when it ended? What is paused is not. */
bool xg_clock_overdue(const struct xg_clock *c, int64_t now_ms, bool plain);

/* How it stands at `now_ms` (or stood when it ended). */
enum xg_light {
    XG_LIGHT_NONE, /* no limit, or paused */
    XG_LIGHT_GREEN,
    XG_LIGHT_YELLOW, /* less than a quarter of the limit is left */
    XG_LIGHT_RED,    /* overdue */
};
enum xg_light xg_clock_light(const struct xg_clock *c,
                             const struct xg_calendar *calendar,
                             int64_t now_ms);

#endif
