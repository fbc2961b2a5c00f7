/* gaps.c - see gaps.h. One pass over the samples. */
#include "agent/track/gaps.h"

#include <stdlib.h>

#define BIT(cause) (UINT32_C(1) << (cause))

static const int64_t WEEKS_1024_MS = INT64_C(1024) * 7 * 86400 * 1000;
static const int64_t DAY_MS = INT64_C(86400) * 1000;
/* Asleep for longer than this between two samples is a suspend. */
static const int64_t ASLEEP_MS = 5000;
/* A low battery explains a shut-down so long after it was reported. */
static const int64_t BATTERY_MS = INT64_C(45) * 60 * 1000;

/* These part a track however short the time between. */
static const uint32_t FORCING =
    BIT(XG_GAP_REBOOT) | BIT(XG_GAP_KILLED) | BIT(XG_GAP_MOCK) |
    BIT(XG_GAP_PAUSED) | BIT(XG_GAP_FILE) | BIT(XG_GAP_CLOCK_JUMP);

struct split {
    struct track *track;
    const struct track_rules *rules;
    struct xg_track_point *points; /* room for what is still to come */
    /* the run */
    bool running;
    struct track_sample last; /* the last sample of any kind */
    int64_t base_ms;          /* event time - monotonic time */
    int64_t skew_ms;          /* how far the wall clock has jumped since */
    int64_t gps_off_ms;       /* GPS - wall, as last reported; 0: agrees */
    /* since the last genuine fix */
    int64_t since_ms; /* its time, or that of the first sample */
    uint32_t evidence;
    bool started; /* the recorder was started, and not stopped in order */
    bool stopped; /* it once was */
    bool battery_low;
    int64_t battery_ms;
    bool joined, joined_mock; /* the last segment is open; it is of mocks */
    int64_t mock_ms;
};

/* However short: for a track without a point. */
static const struct track_rules NO_SILENCE = {.silence_ms = 0};

struct track_rules track_rules_default(void)
{
    return (struct track_rules){.silence_ms = 95 * 1000,
                                .clock_ms = 2 * 1000,
                                .gps_time_ms = 120 * 1000,
                                .trust_acc_dm = 500,
                                .trust_unknown_acc = true};
}

int track_rollovers(int64_t gps_ms, int64_t wall_ms)
{
    int64_t off = gps_ms - wall_ms;
    int64_t half = off < 0 ? -WEEKS_1024_MS / 2 : WEEKS_1024_MS / 2;
    int64_t times = (off + half) / WEEKS_1024_MS;
    int64_t rest = off - times * WEEKS_1024_MS;

    return rest > DAY_MS || rest < -DAY_MS ? 0 : (int)times;
}

static bool time_usable(int64_t ms)
{
    return ms >= -XG_TRACK_TIME_MAX && ms <= XG_TRACK_TIME_MAX;
}

static bool clocks_usable(const struct track_sample *sample)
{
    return time_usable(sample->wall_ms) && time_usable(sample->mono_ms) &&
           (sample->awake_ms == TRACK_NO_TIME ||
            time_usable(sample->awake_ms));
}

static void doubt(struct split *s, enum track_doubt_kind kind, int64_t at_ms,
                  int64_t by_ms, int weeks)
{
    s->track->doubts[s->track->doubt_count++] =
        (struct track_doubt){kind, at_ms, by_ms, weeks};
}

/* The strongest of the evidence. A low battery explains a shut-down; on its
 * own it is better than nothing. */
static enum xg_gap_cause strongest(uint32_t evidence)
{
    static const enum xg_gap_cause ORDER[] = {
        XG_GAP_MOCK,   XG_GAP_PAUSED,    XG_GAP_FILE,
        XG_GAP_REBOOT, XG_GAP_KILLED,    XG_GAP_SUSPENDED,
        XG_GAP_CLOCK_JUMP, XG_GAP_GPS_OFF, XG_GAP_NO_FIX,
        XG_GAP_BATTERY_LOW};
    static const uint32_t SHUT_DOWN =
        BIT(XG_GAP_REBOOT) | BIT(XG_GAP_KILLED) | BIT(XG_GAP_SUSPENDED);
    static const uint32_t CHOSEN =
        BIT(XG_GAP_MOCK) | BIT(XG_GAP_PAUSED) | BIT(XG_GAP_FILE);

    if ((evidence & BIT(XG_GAP_BATTERY_LOW)) && (evidence & SHUT_DOWN) &&
        !(evidence & CHOSEN))
        return XG_GAP_BATTERY_LOW;
    for (size_t i = 0; i < sizeof ORDER / sizeof *ORDER; i++)
        if (evidence & BIT(ORDER[i]))
            return ORDER[i];
    return XG_GAP_UNKNOWN;
}

/* Between the last genuine fix and `to_ms`: was there a gap? Then part. */
static void close_interval(struct split *s, int64_t to_ms)
{
    uint32_t evidence = s->evidence;

    if (s->battery_low && to_ms - s->battery_ms <= BATTERY_MS)
        evidence |= BIT(XG_GAP_BATTERY_LOW);
    if ((evidence & FORCING) || to_ms - s->since_ms > s->rules->silence_ms) {
        s->track->gaps[s->track->gap_count++] = (struct xg_gap){
            s->since_ms, to_ms, strongest(evidence), evidence};
        s->joined = false;
    }
    s->evidence = 0;
    s->since_ms = to_ms;
}

/* A new boot, or a monotonic clock that went back, starts a new run. */
static void begin_run(struct split *s, const struct track_sample *sample)
{
    s->base_ms = sample->wall_ms - sample->mono_ms;
    s->skew_ms = 0;
    s->gps_off_ms = 0;
}

/* Follow the clocks; returns the sample's event time. */
static int64_t follow_clocks(struct split *s, const struct track_sample *now)
{
    const struct track_sample *last = &s->last;
    /* A receiver that wrote a file corrected itself by a little. */
    int64_t back_ms = now->imported ? s->rules->clock_ms : 0;

    if (!s->running) {
        begin_run(s, now);
        s->since_ms = now->wall_ms;
        s->running = true;
    } else if (now->boot != last->boot) {
        s->evidence |= BIT(XG_GAP_REBOOT);
        begin_run(s, now);
    } else if (now->mono_ms < last->mono_ms - back_ms) {
        s->evidence |= BIT(XG_GAP_CLOCK_JUMP);
        doubt(s, TRACK_DOUBT_MONO, now->wall_ms,
              now->mono_ms - last->mono_ms, 0);
        begin_run(s, now);
    } else if (now->awake_ms != TRACK_NO_TIME &&
               last->awake_ms != TRACK_NO_TIME &&
               (now->mono_ms - last->mono_ms) -
                       (now->awake_ms - last->awake_ms) > ASLEEP_MS) {
        s->evidence |= BIT(XG_GAP_SUSPENDED);
    }

    int64_t at_ms = s->base_ms + now->mono_ms;
    int64_t skew_ms = now->wall_ms - at_ms;
    if (llabs(skew_ms - s->skew_ms) > s->rules->clock_ms) {
        doubt(s, TRACK_DOUBT_CLOCK, at_ms, skew_ms - s->skew_ms, 0);
        s->skew_ms = skew_ms;
    }
    s->last = *now;
    return at_ms;
}

static bool gps_time_doubtful(struct split *s, const struct track_sample *fix,
                              int64_t at_ms)
{
    if (fix->imported || fix->gps_ms == TRACK_NO_TIME)
        return false;

    int64_t gps_ms = fix->gps_ms; /* as the receiver says: anything */
    if (!time_usable(gps_ms))
        gps_ms = XG_TRACK_TIME_MAX;
    int64_t off_ms = gps_ms - fix->wall_ms;
    if (llabs(off_ms) <= s->rules->gps_time_ms) {
        s->gps_off_ms = 0;
        return false;
    }
    if (s->gps_off_ms == 0 ||
        llabs(off_ms - s->gps_off_ms) > s->rules->gps_time_ms) {
        int times = track_rollovers(gps_ms, fix->wall_ms);
        doubt(s, times ? TRACK_DOUBT_ROLLOVER : TRACK_DOUBT_GPS_TIME, at_ms,
              off_ms, times * 1024);
        s->gps_off_ms = off_ms;
    }
    return true;
}

static bool trust(const struct track_rules *rules,
                  const struct track_sample *fix)
{
    if (fix->mock || fix->estimated)
        return false;
    if (fix->acc_dm == XG_ACC_UNKNOWN)
        return rules->trust_unknown_acc;
    return rules->trust_acc_dm == 0 || fix->acc_dm <= rules->trust_acc_dm;
}

static struct xg_track_point point_of(struct split *s,
                                      const struct track_sample *fix,
                                      int64_t at_ms)
{
    unsigned flags = 0;

    if (trust(s->rules, fix))
        flags |= XG_POINT_TRUSTED;
    if (fix->mock)
        flags |= XG_POINT_MOCK;
    if (fix->estimated)
        flags |= XG_POINT_ESTIMATED;
    if (fix->imported)
        flags |= XG_POINT_IMPORTED;
    if (s->skew_ms != 0)
        flags |= XG_POINT_CLOCK;
    if (gps_time_doubtful(s, fix, at_ms))
        flags |= XG_POINT_GPS_TIME;
    return (struct xg_track_point){at_ms, fix->lat_e6, fix->lon_e6,
                                   fix->acc_dm, (uint8_t)flags};
}

/* To the open segment, or as the first of a new one. A segment that is full
 * is followed by one that starts with its last point. */
static void append(struct split *s, const struct xg_track_point *point,
                   bool mock)
{
    struct track *track = s->track;
    struct xg_track_segment *last =
        track->segment_count ? &track->segments[track->segment_count - 1]
                             : NULL;

    if (!s->joined || !last || s->joined_mock != mock) {
        track->segments[track->segment_count++] =
            (struct xg_track_segment){s->points, 1};
    } else if (last->count == XG_TRACK_POINTS_MAX) {
        track->segments[track->segment_count++] =
            (struct xg_track_segment){s->points, 2};
        *s->points++ = last->points[last->count - 1];
    } else {
        last->count++;
    }
    *s->points++ = *point;
    s->joined = true;
    s->joined_mock = mock;
}

static bool fix_in_range(const struct track_sample *fix)
{
    return fix->lat_e6 >= -XG_LAT_E6_MAX && fix->lat_e6 <= XG_LAT_E6_MAX &&
           fix->lon_e6 >= -XG_LON_E6_MAX && fix->lon_e6 <= XG_LON_E6_MAX &&
           fix->mode >= 2;
}

static void take_fix(struct split *s, const struct track_sample *fix,
                     int64_t at_ms)
{
    if (!fix_in_range(fix) || !time_usable(at_ms)) {
        s->track->refused++;
        s->evidence |= BIT(XG_GAP_NO_FIX);
        return;
    }
    s->track->fixes++;
    if (fix->mock) {
        if (s->joined_mock && at_ms - s->mock_ms > s->rules->silence_ms)
            s->joined = false;
        if (s->evidence & FORCING & ~BIT(XG_GAP_MOCK))
            s->joined = false;
        s->evidence |= BIT(XG_GAP_MOCK);
        s->mock_ms = at_ms;
    } else {
        close_interval(s, at_ms);
    }

    struct xg_track_point point = point_of(s, fix, at_ms);
    append(s, &point, fix->mock);
}

static void take(struct split *s, const struct track_sample *sample)
{
    int64_t at_ms = follow_clocks(s, sample);

    switch (sample->kind) {
    case TRACK_FIX:
        take_fix(s, sample, at_ms);
        break;
    case TRACK_NO_FIX:
        s->evidence |= BIT(XG_GAP_NO_FIX);
        break;
    case TRACK_GPS_OFF:
        s->evidence |= BIT(XG_GAP_GPS_OFF);
        break;
    case TRACK_STARTED:
        if (s->started)
            s->evidence |= BIT(XG_GAP_KILLED);
        else if (s->stopped)
            s->evidence |= BIT(XG_GAP_PAUSED);
        s->started = true;
        break;
    case TRACK_STOPPED:
        s->started = false;
        s->stopped = true;
        break;
    case TRACK_PAUSED:
        s->evidence |= BIT(XG_GAP_PAUSED);
        break;
    case TRACK_BATTERY_LOW:
        s->battery_low = true;
        s->battery_ms = at_ms;
        break;
    case TRACK_BREAK:
        if (s->track->fixes)
            s->evidence |= BIT(XG_GAP_FILE);
        break;
    case TRACK_SAMPLE_KINDS:
    default:
        break;
    }
}

/* Room for the worst case; fixes counts them all. */
static bool lend_room(struct track *track, struct xg_track_point **points,
                      struct xg_arena *a, size_t count)
{
    size_t segments = count + count / (XG_TRACK_POINTS_MAX - 1) + 1;

    *points = xg_arena_array(a, segments, sizeof **points);
    track->segments = xg_arena_array(a, segments, sizeof *track->segments);
    track->gaps = xg_arena_array(a, count + 1, sizeof *track->gaps);
    track->doubts = xg_arena_array(a, 2 * count + 1, sizeof *track->doubts);
    return *points && track->segments && track->gaps && track->doubts;
}

enum xg_status track_split(struct track *track, struct xg_arena *a,
                           const struct track_sample *samples, size_t count,
                           const struct track_rules *rules,
                           struct xg_error *err)
{
    struct track made = {0};
    struct split s = {.track = &made, .rules = rules};
    int64_t end_ms = 0;

    if (count > TRACK_SAMPLES_MAX)
        return xg_fail(err, XG_TOOBIG, "a track of %zu samples (at most %d)",
                       count, (int)TRACK_SAMPLES_MAX);
    if (!lend_room(&made, &s.points, a, count))
        return xg_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        if (clocks_usable(&samples[i]))
            take(&s, &samples[i]);
        else
            made.refused++;
    }
    if (s.running) {
        end_ms = s.base_ms + s.last.mono_ms;
        s.evidence &= ~BIT(XG_GAP_FILE); /* nothing follows the break */
        bool nothing = made.segment_count == 0 && made.gap_count == 0;
        if (nothing && end_ms > s.since_ms)
            s.rules = &NO_SILENCE; /* not one point: all of it is a gap */
        close_interval(&s, end_ms);
    }
    for (size_t i = 0; i < made.segment_count; i++)
        made.distance_mm += xg_track_distance_mm(made.segments[i].points,
                                                 made.segments[i].count);
    *track = made;
    return XG_OK;
}
