/* position.h - where the receiver says we are, for `xunge position`: one answer
 * when it is as good as it gets, or a line a second.
 *
 * With JSON a line is
 *
 *      {"lat","lon","accuracy_m","quality","age_s","time","mode","satellites",
 *       "satellites_seen","doubts":[...],"gps_time","text"}
 *  or  {"none":"no-gpsd|no-receiver|no-fix","satellites","satellites_seen",
 *       "last":{"lat","lon","accuracy_m","age_s"},"text"}
 *
 * quality: `good` to POSITION_GOOD_DM, `fair` to POSITION_FAIR_DM (what a track
 * trusts), else `poor`; an accuracy that nobody states is poor. Doubts make it
 * worse:
 *
 *      stale      nothing new since POSITION_STALE_MS, or the receiver repeats
 *                 one fix: poor
 *      jumping    two fixes lie farther apart than anybody moves: poor
 *      mock       not from satellites: poor
 *      estimated  dead reckoning: fair at best
 *      time       the receiver's time is off by more than two minutes
 *                 (receivers are, by 1024 weeks or more); the place may be
 *                 right all the same, and `time` is the system's
 *
 * `text` says it in words, and what to do.
 */
#ifndef AGENT_PATROL_POSITION_H
#define AGENT_PATROL_POSITION_H

#include "agent/patrol/gps.h"

enum {
    POSITION_WAIT_S = 10, /* unless told otherwise */
    POSITION_WAIT_MAX_S = 300,
    POSITION_GOOD_DM = 150,
    POSITION_FAIR_DM = 500,
    POSITION_STALE_MS = 5 * 1000,
    POSITION_LOST_MS = 30 * 1000, /* older: no position any more */
    POSITION_SPEED_MAX_M_S = 50,
};

struct position_request {
    struct gps_options gps;
    int64_t wait_ms; /* for a good one; not with `watch` */
    bool watch, json;
};

/* Written to standard output. XG_OK too where there is none; with `watch` until
 * *stop, or nobody reads. */
XG_MUST_CHECK enum xg_status position_run(const struct position_request *r,
                                          const struct xg_env *env,
                                          const volatile sig_atomic_t *stop,
                                          struct xg_error *err);

#endif
