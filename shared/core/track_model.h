/* track_model.h - what the packed track form expects next. Inside track.c's
 * format; nothing else includes it.
 *
 * The next position is expected as a mixture of movements: standing, going on
 * at the usual or the very last speed, a corner to the left or right, turning
 * back, anything near. Each is a Gaussian, longer or shorter along the way
 * than across it; weight, spread and walking speed are learned as the points
 * go by, starting from a walk of 1.2 m/s. A latitude is coded by halving an
 * interval 16 times, each half as likely as the mixture says; the longitude
 * likewise, given the latitude. What lies outside is coded as it stands.
 *
 * Integers only: the decoder has to expect the very same on any machine.
 */
#ifndef XG_CORE_TRACK_MODEL_H
#define XG_CORE_TRACK_MODEL_H

#include "shared/core/rangecoder.h"
#include "shared/core/track.h"

enum {
    XG_MOVE_STAND, XG_MOVE_WALK, XG_MOVE_LEFT, XG_MOVE_RIGHT, XG_MOVE_BACK,
    XG_MOVE_GLIDE, XG_MOVE_BEND, XG_MOVE_NEAR,
    XG_MOVES
};

/* Spread of a movement: variances along and across, in 1/256 square units (a
 * unit is 10^-6 degree of latitude), and how much was learned. */
struct xg_spread {
    int64_t along, across, seen;
};

struct xg_vec {
    int64_t x, y;
};

struct xg_track_model {
    uint32_t unit_ms;
    size_t coded; /* points so far */
    struct xg_track_point last;
    /* time */
    int64_t step; /* the usual one, in units */
    int64_t last_step;
    int64_t last_odd; /* last deviation from it that was not 0 */
    bool was_odd;
    struct xg_bin even[5][2], early[5][2], time_far;
    struct xg_bin by[2][XG_RC_NUMBER_BINS];
    /* accuracy */
    uint32_t acc, acc_least, acc_most;
    bool acc_known;
    unsigned acc_same_before;
    struct xg_bin acc_none[2], acc_same[12], acc_end[2][10], acc_down[8];
    struct xg_bin acc_by[2][XG_RC_NUMBER_BINS];
    /* flags */
    struct xg_bin flags_same, flags[64];
    /* position */
    struct xg_bin far_away;
    struct xg_vec way[2];  /* the last two moves; 1/16 unit */
    int64_t way_step;      /* time of way[0] */
    struct xg_vec heading; /* unit vector * 2^14 */
    int64_t speed;         /* 1/16 unit a time unit, * 2^16 */
    bool stood;
    struct xg_spread spread[XG_MOVES];
    uint32_t weight[2][XG_MOVES], weight_seen[2]; /* sum 65536 */
};

void xg_track_model_init(struct xg_track_model *m, uint32_t unit_ms);

/* Code one point with `rc`, either way; *point is read when encoding and
 * filled when decoding. A decoded point may be out of any range. */
void xg_track_model_code(struct xg_track_model *m, struct xg_rc *rc,
                         struct xg_track_point *point);

#endif
