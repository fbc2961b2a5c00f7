/* case.h - what figures need to know of one case: a row of plain columns
 * that hangs on no clock, so that it can be kept (board.h) and asked at
 * any time after. What the figures make of it: docs/figures.md, report.h.
 *
 * Of a case that was reopened only what came after the last reopening counts,
 * its *round*; but it was received once.
 */
#ifndef XG_SERVER_BOARD_CASE_H
#define XG_SERVER_BOARD_CASE_H

#include "server/merge/fold.h"

/* Was something done in time? Times are XG_NO_TIME where there is none.
 * `done` once it was. Of the clocks that it hangs on (several stages, several
 * turns), `broke` is the first due that one of them ended after, and `runs` the
 * first due of those that still run; one that stands still runs from `resumes`
 * on, and not before (XG_NO_TIME: nothing stands still; INT64_MAX: until a
 * person resumes). `plain`: without pauses and extensions. */
struct report_term {
    bool limited; /* there is a limit at all */
    bool guessed; /* 暂按双休日推算 */
    int64_t done_ms;
    int64_t broke_ms, runs_ms, resumes_ms;
    int64_t plain_broke_ms, plain_runs_ms;
};

enum report_way {
    REPORT_OPEN,
    REPORT_CLOSED,       /* 结案 */
    REPORT_SELF_HANDLED, /* 自行处置 */
    REPORT_VOIDED,
    REPORT_WITHDRAWN,
};

/* Texts are empty where there is none. */
struct report_case {
    uint64_t number; /* of the entity in the store */
    struct xg_id id;
    bool grouped;       /* it is linked with others, of which */
    struct xg_id group; /* this is the smallest id; else its own */
    uint64_t kind, status;
    enum report_way way;
    struct xg_bytes unit;     /* home */
    struct xg_bytes holder;   /* whom it was given to last */
    struct xg_bytes level;    /* at which it stands */
    struct xg_bytes settled;  /* level that settled it, of a closed one */
    struct xg_bytes category; /* of a dispute: its type */
    uint64_t channel;         /* 0: none was told */
    int64_t received_ms;
    /* Each the last of the round. */
    int64_t filed_ms, dispatched_ms, returned_ms, reworked_ms, settled_ms;
    int64_t reopened_ms; /* the last time */
    uint32_t returns, reworks;
    int64_t touched_ms; /* the newest of all of these */
    struct report_term file, handle, close, report_in;
};

/* Is it a kind that figures count: incidents and disputes? */
bool report_counts_kind(uint64_t kind);

/* The row of a fold that knows its times, with the clocks that it has at the
 * end of all time (so that no pause that was granted until some moment is left:
 * REPORT_FOREVER_MS as their now). `group` is its own id: links are the
 * caller's to follow. Texts are lent by the fold. False: it is no case, or its
 * first record has not come. */
#define REPORT_FOREVER_MS XG_WALL_MS_MAX
bool report_case_of(struct report_case *out, const struct fold *fold,
                    const struct xg_clock *clocks, size_t clock_count);

/* The row as bytes, for who keeps it; links are not in it. Read what was
 * written by this version alone (REPORT_CASE_VERSION): false otherwise, and for
 * bytes that were cut. What is read lends its texts from the bytes. */
enum { REPORT_CASE_VERSION = 1 };
void report_case_put(struct xg_buf *out, const struct report_case *row);
bool report_case_get(struct report_case *row, struct xg_bytes bytes);

/* How a term stands at `now_ms`: when it was settled whether it was in time,
 * which is when it was done, or when the limit ran out before; XG_NO_TIME: not
 * yet, or there is no limit. */
int64_t report_term_settled(const struct report_term *t, int64_t now_ms,
                            bool plain, bool *in_time);
/* Is one of its clocks overdue at `now_ms`? */
bool report_term_overdue(const struct report_term *t, int64_t now_ms);

#endif
