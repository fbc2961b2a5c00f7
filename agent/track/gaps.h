/* gaps.h - from what was observed to segments, gaps and doubts. Pure.
 *
 * A patrol observes *samples*, in the order in which they came: fixes, and
 * what else is evidence (no fix, GPS gone, program started, battery low, ...).
 * track_split() turns them into segments of points, and the gaps between.
 *
 * Time. A point's time is never the receiver's (receivers are off by 1024
 * weeks, or by years before they see the sky) and follows the system clock
 * only once a run: it is
 *
 *      wall clock at the run's first sample + monotonic time since then
 *
 * where a *run* is a series of samples with one boot id. So a clock that is
 * set forth or back in the middle of a patrol moves no point against another;
 * the jump is a doubt, and later points carry XG_POINT_CLOCK. A new boot
 * starts a new run, from the clock as it is then.
 *
 * Gaps. Two successive fixes are joined when they lie in one run of one
 * program start, both genuine or both mock, at most `silence_ms` apart.
 * Otherwise there is a gap, whose cause is the strongest evidence seen between
 * them (strongest() in gaps.c: a low battery explains a shut-down,
 * ...); "unknown" when there is none. Mock fixes are kept, as segments of their own that count no distance,
 * inside a gap of cause mock. A segment that is full goes on in another that
 * begins with its last point. Waiting for the first fix, and after the last,
 * is a gap too when it is longer than silence_ms.
 */
#ifndef XG_AGENT_TRACK_GAPS_H
#define XG_AGENT_TRACK_GAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/base/error.h"
#include "shared/core/track.h"

/* A time that is not known. */
#define TRACK_NO_TIME INT64_MIN

/* Numbers are written to the recorder's spool: append, never renumber. */
enum track_sample_kind {
    TRACK_FIX = 0,
    TRACK_NO_FIX = 1,      /* the receiver lives, but sees too little */
    TRACK_GPS_OFF = 2,     /* no receiver, or no connection to gpsd */
    TRACK_STARTED = 3,     /* the recorder began to run (again) */
    TRACK_STOPPED = 4,     /* it ended in order: patrol closed */
    TRACK_PAUSED = 5,      /* the worker paused; the next fix ends it */
    TRACK_BATTERY_LOW = 6,
    TRACK_BREAK = 7,       /* an imported file starts a new segment */
    TRACK_SAMPLE_KINDS
};

struct track_sample {
    enum track_sample_kind kind;
    uint32_t boot;   /* xg_env's; 0 for an imported file */
    int64_t wall_ms; /* system clock */
    int64_t mono_ms; /* since boot, suspend included */
    int64_t awake_ms; /* since boot, suspend left out, or TRACK_NO_TIME */
    /* of a fix: */
    int64_t gps_ms; /* what the receiver says, or TRACK_NO_TIME */
    int32_t lat_e6, lon_e6;
    uint32_t acc_dm; /* or XG_ACC_UNKNOWN */
    uint8_t mode;    /* 2: 2D, 3: 3D */
    bool mock, estimated, imported;
};

struct track_rules {
    int64_t silence_ms;    /* longer without a fix is a gap */
    int64_t clock_ms;      /* wall against monotonic: more is a jump */
    int64_t gps_time_ms;   /* GPS against wall: more is a doubt */
    uint32_t trust_acc_dm; /* worse, or unknown: not trusted. 0: any */
    bool trust_unknown_acc;
};

/* 95 s (three intervals of 30 s and some), 2 s, 120 s, 50 m, yes. */
struct track_rules track_rules_default(void);

enum track_doubt_kind {
    TRACK_DOUBT_CLOCK,     /* the system clock jumped, by by_ms */
    TRACK_DOUBT_GPS_TIME,  /* GPS minus system clock is by_ms */
    TRACK_DOUBT_ROLLOVER,  /* the same, by `weeks` (n * 1024) within a day */
    TRACK_DOUBT_MONO,      /* the monotonic clock went back: by_ms */
};

/* Reported when it begins or changes, not for every point. */
struct track_doubt {
    enum track_doubt_kind kind;
    int64_t at_ms; /* event time */
    int64_t by_ms;
    int weeks;
};

struct track {
    struct xg_track_segment *segments;
    size_t segment_count;
    struct xg_gap *gaps; /* in the order of their samples */
    size_t gap_count;
    struct track_doubt *doubts;
    size_t doubt_count;
    size_t fixes, refused; /* refused: fixes out of range, not in any segment */
    int64_t distance_mm;
};

enum { TRACK_SAMPLES_MAX = 1 << 20 };

/* Everything in *track is lent by `a` (130 bytes a sample).
 * XG_TOOBIG, XG_NOMEM. */
XG_MUST_CHECK enum xg_status
track_split(struct track *track, struct xg_arena *a,
            const struct track_sample *samples, size_t count,
            const struct track_rules *rules, struct xg_error *err);

/* How many times 1024 weeks GPS time is off the clock (0: it is not, within a
 * day). 19.6 years each. */
int track_rollovers(int64_t gps_ms, int64_t wall_ms);

#endif
