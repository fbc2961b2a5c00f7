/* test_track_gaps.c - segments, gaps with their causes, and doubts. */
#include "tests/lib/test.h"

#include <stdlib.h>

#include "agent/track/gaps.h"

enum { MANY = 70000 };

static struct xg_error err;
static struct track_sample samples[MANY];
static size_t count;
static struct xg_arena arena = {.max_bytes = 64 << 20};
static struct track track;

static const int64_t WALL = INT64_C(1790000000000);
static const int64_t WEEKS = INT64_C(1024) * 7 * 86400 * 1000;

/* A sample s seconds into the patrol, with every clock right. */
static struct track_sample *add(enum track_sample_kind kind, int64_t s)
{
    struct track_sample *sample = &samples[count++];

    *sample = (struct track_sample){.kind = kind,
                                    .boot = 7,
                                    .wall_ms = WALL + s * 1000,
                                    .mono_ms = 5000000 + s * 1000,
                                    .awake_ms = 4000000 + s * 1000,
                                    .gps_ms = TRACK_NO_TIME,
                                    .acc_dm = 50,
                                    .mode = 3};
    if (kind == TRACK_FIX) {
        sample->gps_ms = sample->wall_ms + 300;
        sample->lat_e6 = 35050000 + (int32_t)(s * 10);
        sample->lon_e6 = 118340000;
    }
    return sample;
}

static void fixes(int64_t from_s, int64_t to_s)
{
    for (int64_t s = from_s; s <= to_s; s += 30)
        add(TRACK_FIX, s);
}

static void split(void)
{
    struct track_rules rules = track_rules_default();

    xg_arena_clear(&arena);
    assert_ok(track_split(&track, &arena, samples, count, &rules, &err));
    count = 0;
}

static void assert_gap(size_t i, int64_t from_s, int64_t to_s,
                       enum xg_gap_cause cause)
{
    assert_true(i < track.gap_count);
    assert_int_equal(track.gaps[i].from_ms, WALL + from_s * 1000);
    assert_int_equal(track.gaps[i].to_ms, WALL + to_s * 1000);
    assert_string_equal(xg_gap_name(track.gaps[i].cause), xg_gap_name(cause));
}

/* Shift the clocks of all samples from the i-th on. */
static void reboot(size_t i, int64_t wall_by_ms)
{
    for (; i < count; i++) {
        samples[i].boot = 8;
        samples[i].mono_ms -= 5000000;
        samples[i].awake_ms -= 4000000;
        samples[i].wall_ms += wall_by_ms;
    }
}

/* However short the patrol: without a receiver all of it is a gap. */
static void not_one_fix_is_all_gap(void **state)
{
    (void)state;
    add(TRACK_STARTED, 0);
    add(TRACK_GPS_OFF, 1);
    add(TRACK_STOPPED, 49);
    split();
    assert_int_equal(track.segment_count, 0);
    assert_int_equal(track.gap_count, 1);
    assert_gap(0, 0, 49, XG_GAP_GPS_OFF);
}

static void nothing(void **state)
{
    (void)state;
    split();
    assert_int_equal(track.segment_count + track.gap_count, 0);
    add(TRACK_STARTED, 0);
    add(TRACK_STOPPED, 3600);
    split();
    assert_int_equal(track.segment_count, 0);
    assert_int_equal(track.gap_count, 1);
    assert_gap(0, 0, 3600, XG_GAP_UNKNOWN);
}

static void whole(void **state)
{
    (void)state;
    add(TRACK_STARTED, 0);
    fixes(10, 610);
    add(TRACK_NO_FIX, 630); /* a moment without a fix is no gap */
    fixes(640, 1240);
    add(TRACK_STOPPED, 1250);
    split();
    assert_int_equal(track.segment_count, 1);
    assert_int_equal(track.gap_count, 0);
    assert_int_equal(track.doubt_count, 0);
    assert_int_equal(track.segments[0].count, 42);
    assert_int_equal(track.segments[0].points[0].t_ms, WALL + 10000);
    assert_int_equal(track.segments[0].points[0].flags, XG_POINT_TRUSTED);
    /* 1,230 s at 10 units of 111.195 mm */
    assert_true(llabs(track.distance_mm - 1367700) < 100);
}

static void silence(void **state)
{
    (void)state;
    fixes(0, 600);
    add(TRACK_NO_FIX, 630);
    fixes(900, 1200);
    add(TRACK_GPS_OFF, 1210);
    add(TRACK_NO_FIX, 1300);
    fixes(1500, 1800);
    fixes(2100, 2400);
    add(TRACK_STOPPED, 3000);
    split();
    assert_int_equal(track.segment_count, 4);
    assert_int_equal(track.gap_count, 4);
    assert_gap(0, 600, 900, XG_GAP_NO_FIX);
    assert_gap(1, 1200, 1500, XG_GAP_GPS_OFF);
    assert_int_equal(track.gaps[1].evidence,
                     1 << XG_GAP_GPS_OFF | 1 << XG_GAP_NO_FIX);
    assert_gap(2, 1800, 2100, XG_GAP_UNKNOWN);
    assert_gap(3, 2400, 3000, XG_GAP_UNKNOWN);
    /* nothing joins the segments: 600 + 300 + 300 + 300 s */
    assert_true(llabs(track.distance_mm - 1667925) < 200);
}

static void first_fix_is_waited_for(void **state)
{
    (void)state;
    add(TRACK_STARTED, 0);
    add(TRACK_NO_FIX, 20);
    fixes(200, 500);
    split();
    assert_int_equal(track.gap_count, 1);
    assert_gap(0, 0, 200, XG_GAP_NO_FIX);
}

static void killed_and_started_again(void **state)
{
    (void)state;
    add(TRACK_STARTED, 0);
    fixes(0, 300);
    add(TRACK_STARTED, 320); /* a gap, however short */
    fixes(330, 600);
    add(TRACK_STOPPED, 610);
    add(TRACK_STARTED, 620);
    fixes(630, 900);
    add(TRACK_PAUSED, 905);
    fixes(930, 990);
    split();
    assert_int_equal(track.gap_count, 3);
    assert_gap(0, 300, 330, XG_GAP_KILLED);
    assert_gap(1, 600, 630, XG_GAP_PAUSED);
    assert_gap(2, 900, 930, XG_GAP_PAUSED);
    assert_int_equal(track.segment_count, 4);
}

static void power_cut(void **state)
{
    (void)state;
    add(TRACK_STARTED, 0);
    fixes(0, 300);
    size_t at = count;
    add(TRACK_STARTED, 400);
    fixes(430, 600);
    reboot(at, 0);
    split();
    assert_int_equal(track.gap_count, 1);
    assert_gap(0, 300, 430, XG_GAP_REBOOT);
    assert_int_equal(track.gaps[0].evidence,
                     1 << XG_GAP_REBOOT | 1 << XG_GAP_KILLED);

    add(TRACK_STARTED, 0); /* the same after a low battery */
    add(TRACK_BATTERY_LOW, 100);
    fixes(120, 300);
    at = count;
    add(TRACK_STARTED, 400);
    fixes(430, 600);
    reboot(at, 0);
    split();
    assert_gap(1, 300, 430, XG_GAP_BATTERY_LOW);
}

/* A flat clock battery: the new run begins in 1970. */
static void power_cut_and_clock_lost(void **state)
{
    (void)state;
    fixes(0, 300);
    size_t at = count;
    fixes(330, 600);
    reboot(at, -WALL);
    split();
    assert_int_equal(track.gap_count, 1);
    assert_int_equal(track.gaps[0].cause, XG_GAP_REBOOT);
    assert_int_equal(track.gaps[0].from_ms, WALL + 300000);
    assert_int_equal(track.gaps[0].to_ms, 330000);
    assert_int_equal(track.segments[1].points[0].t_ms, 330000);
    /* the receiver knows better, which is a doubt and no more */
    assert_true(track.segments[1].points[0].flags & XG_POINT_GPS_TIME);
    assert_int_equal(track.doubt_count, 1);
    assert_int_equal(track.doubts[0].kind, TRACK_DOUBT_GPS_TIME);
}

static void asleep(void **state)
{
    (void)state;
    fixes(0, 300);
    size_t at = count;
    fixes(900, 1200);
    for (; at < count; at++)
        samples[at].awake_ms -= 550000;
    split();
    assert_int_equal(track.gap_count, 1);
    assert_gap(0, 300, 900, XG_GAP_SUSPENDED);
}

/* The clock is set forth, then back: no point moves against another. */
static void clock_jumps(void **state)
{
    (void)state;
    fixes(0, 1200);
    for (size_t i = 10; i < 20; i++)
        samples[i].wall_ms += 3600 * 1000;
    for (size_t i = 30; i < count; i++)
        samples[i].wall_ms -= INT64_C(20) * 365 * 86400 * 1000;
    split();
    assert_int_equal(track.segment_count, 1);
    assert_int_equal(track.gap_count, 0);
    for (size_t i = 0; i < 41; i++) {
        const struct xg_track_point *p = &track.segments[0].points[i];
        assert_int_equal(p->t_ms, WALL + (int64_t)i * 30000);
        assert_int_equal((p->flags & XG_POINT_CLOCK) != 0,
                         (i >= 10 && i < 20) || i >= 30);
    }
    assert_int_equal(track.doubts[0].kind, TRACK_DOUBT_CLOCK);
    assert_int_equal(track.doubts[0].by_ms, 3600 * 1000);
    assert_int_equal(track.doubts[0].at_ms, WALL + 300000);
}

static void monotonic_goes_back(void **state)
{
    (void)state;
    fixes(0, 300);
    size_t at = count;
    fixes(330, 600);
    for (; at < count; at++)
        samples[at].mono_ms -= 4000000;
    split();
    assert_int_equal(track.gap_count, 1);
    assert_gap(0, 300, 330, XG_GAP_CLOCK_JUMP);
    assert_int_equal(track.doubts[0].kind, TRACK_DOUBT_MONO);
}

static void receiver_rolls_over(void **state)
{
    (void)state;
    fixes(0, 600);
    for (size_t i = 5; i < 10; i++)
        samples[i].gps_ms += WEEKS;
    for (size_t i = 10; i < 15; i++)
        samples[i].gps_ms -= 2 * WEEKS;
    for (size_t i = 15; i < 18; i++)
        samples[i].gps_ms -= INT64_C(3) * 365 * 86400 * 1000;
    samples[19].gps_ms = INT64_MAX;
    split();
    assert_int_equal(track.segment_count, 1);
    for (size_t i = 0; i < 21; i++) {
        const struct xg_track_point *p = &track.segments[0].points[i];
        assert_int_equal(p->t_ms, WALL + (int64_t)i * 30000);
        assert_int_equal((p->flags & XG_POINT_GPS_TIME) != 0,
                         (i >= 5 && i < 18) || i == 19);
    }
    assert_int_equal(track.doubt_count, 4);
    assert_int_equal(track.doubts[0].kind, TRACK_DOUBT_ROLLOVER);
    assert_int_equal(track.doubts[0].weeks, 1024);
    assert_int_equal(track.doubts[1].weeks, -2048);
    assert_int_equal(track.doubts[2].kind, TRACK_DOUBT_GPS_TIME);

    assert_int_equal(track_rollovers(WALL, WALL), 0);
    assert_int_equal(track_rollovers(WALL + WEEKS, WALL + 3600000), 1);
    assert_int_equal(track_rollovers(WALL - WEEKS, WALL), -1);
    assert_int_equal(track_rollovers(WALL + WEEKS / 2, WALL), 0);
}

static void simulated(void **state)
{
    (void)state;
    fixes(0, 1200);
    for (size_t i = 10; i < 20; i++)
        samples[i].mock = true;
    split();
    assert_int_equal(track.segment_count, 3);
    assert_int_equal(track.gap_count, 1);
    assert_gap(0, 270, 600, XG_GAP_MOCK);
    assert_int_equal(track.segments[1].count, 10);
    assert_int_equal(track.segments[1].points[0].flags, XG_POINT_MOCK);
    /* 270 s and 600 s are walked; the mocked way is not */
    assert_true(llabs(track.distance_mm - 967397) < 100);

    fixes(0, 300);
    for (size_t i = 0; i < count; i++)
        samples[i].mock = true;
    split();
    assert_int_equal(track.gap_count, 1);
    assert_gap(0, 0, 300, XG_GAP_MOCK);
    assert_int_equal(track.distance_mm, 0);
}

static void bad_fixes(void **state)
{
    (void)state;
    fixes(0, 300);
    samples[2].lat_e6 = XG_LAT_E6_MAX + 1;
    samples[3].lon_e6 = -XG_LON_E6_MAX - 1;
    samples[4].mode = 1;
    samples[5].wall_ms = INT64_MAX;
    samples[6].mono_ms = INT64_MIN;
    samples[7].acc_dm = 501;
    samples[8].acc_dm = XG_ACC_UNKNOWN;
    samples[9].estimated = true;
    split();
    assert_int_equal(track.refused, 5);
    assert_int_equal(track.fixes, 6);
    assert_int_equal(track.gap_count, 1);
    assert_gap(0, 30, 210, XG_GAP_NO_FIX);
    const struct xg_track_point *p = track.segments[1].points;
    assert_int_equal(p[0].flags, 0);
    assert_int_equal(p[1].flags, XG_POINT_TRUSTED);
    assert_int_equal(p[2].flags, XG_POINT_ESTIMATED);
}

static void full_segment(void **state)
{
    (void)state;
    for (int64_t s = 0; s < 66000; s++)
        add(TRACK_FIX, s);
    for (size_t i = 0; i < count; i++)
        samples[i].lat_e6 = 35050000 + (int32_t)(i & 1023);
    split();
    assert_int_equal(track.segment_count, 2);
    assert_int_equal(track.gap_count, 0);
    assert_int_equal(track.segments[0].count, XG_TRACK_POINTS_MAX);
    assert_int_equal(track.segments[1].count, 66000 - 65536 + 1);
    assert_int_equal(track.segments[0].points[65535].t_ms,
                     track.segments[1].points[0].t_ms);
}

/* Whatever comes, it ends, in order, and packs. */
static void noise(void **state)
{
    uint64_t seed = 42;
    (void)state;

    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 200; i++) {
            uint64_t r = seed = seed * 6364136223846793005u + 1;
            struct track_sample *s =
                add((enum track_sample_kind)(r >> 60 < 8 ? 0 : r >> 56 & 7),
                    i * 30);
            s->mock = (r >> 40 & 15) == 0;
            if ((r >> 32 & 31) == 0)
                s->boot++;
            if ((r >> 20 & 15) == 0)
                s->mono_ms = (int64_t)(r * r) >> (r & 31);
            if ((r >> 10 & 15) == 0)
                s->wall_ms = (int64_t)(r * r * r) >> (r & 31);
            if ((r >> 50 & 15) == 0)
                s->gps_ms = (int64_t)(r * 31) >> (r & 31);
        }
        split();
        size_t points = 0;
        for (size_t i = 0; i < track.segment_count; i++) {
            struct xg_buf packed = XG_BUF(1 << 20);
            assert_true(track.segments[i].count > 0);
            points += track.segments[i].count;
            assert_ok(xg_track_pack(&packed, track.segments[i].points,
                                    track.segments[i].count, &err));
            xg_buf_clear(&packed);
        }
        assert_int_equal(points, track.fixes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing),
        cmocka_unit_test(whole),
        cmocka_unit_test(silence),
        cmocka_unit_test(first_fix_is_waited_for),
        cmocka_unit_test(not_one_fix_is_all_gap),
        cmocka_unit_test(killed_and_started_again),
        cmocka_unit_test(power_cut),
        cmocka_unit_test(power_cut_and_clock_lost),
        cmocka_unit_test(asleep),
        cmocka_unit_test(clock_jumps),
        cmocka_unit_test(monotonic_goes_back),
        cmocka_unit_test(receiver_rolls_over),
        cmocka_unit_test(simulated),
        cmocka_unit_test(bad_fixes),
        cmocka_unit_test(full_segment),
        cmocka_unit_test(noise),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    xg_arena_clear(&arena);
    return failed;
}
