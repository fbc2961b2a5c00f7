/* test_track.c - packed tracks: nothing lost, small, one form; distances. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/track/import.h"
#include "shared/base/os.h"
#include "shared/core/rangecoder.h"
#include "shared/core/track.h"
#include "tests/lib/source.h"

enum { MANY = 4000 };

static struct xg_error err;

/* xorshift64*: the same walks on every run. */
static uint64_t seed = 88172645463325252u;

static uint64_t rnd(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * UINT64_C(2685821657736338717);
}

static int64_t between(int64_t lo, int64_t hi)
{
    return lo + (int64_t)((rnd() >> 11) % (uint64_t)(hi - lo + 1));
}

static bool same(const struct xg_track_point *a,
                 const struct xg_track_point *b)
{
    return a->t_ms == b->t_ms && a->lat_e6 == b->lat_e6 &&
           a->lon_e6 == b->lon_e6 && a->acc_dm == b->acc_dm &&
           a->flags == b->flags;
}

/* Pack, unpack, compare; the packed length. */
static size_t round_trip(const struct xg_track_point *points, size_t count)
{
    struct xg_buf packed = XG_BUF(XG_TRACK_BYTES_MAX);
    struct xg_arena a = XG_ARENA(4 << 20);
    struct xg_track_point *got;
    size_t n, told;

    assert_ok(xg_track_pack(&packed, points, count, &err));
    assert_ok(xg_track_count(&told, xg_buf_bytes(&packed), &err));
    assert_int_equal(told, count);
    assert_ok(xg_track_unpack(&got, &n, &a, xg_buf_bytes(&packed), &err));
    assert_int_equal(n, count);
    for (size_t i = 0; i < count; i++)
        if (!same(&points[i], &got[i]))
            fail_msg("point %zu of %zu differs", i, count);
    size_t len = packed.len;
    xg_arena_clear(&a);
    xg_buf_clear(&packed);
    return len;
}

/* ---- the range coder ---- */

static void rangecoder_round_trip(void **state)
{
    enum { BITS = 20000 };
    static uint8_t bit[BITS];
    static uint32_t p0[BITS];
    (void)state;

    for (int round = 0; round < 60; round++) {
        struct xg_buf out = XG_BUF(1 << 20);
        struct xg_rc rc;
        double information = 0;
        int count = (int)between(0, round < 30 ? 40 : BITS);
        bool likely = round % 3 == 0;

        xg_rc_encode_begin(&rc, &out);
        for (int i = 0; i < count; i++) {
            p0[i] = (uint32_t)(round % 2 ? between(1, 65535)
                               : between(0, 1) ? 1 : 65535);
            bit[i] = likely ? p0[i] < 32768 : (uint8_t)between(0, 1);
            information -= log2((bit[i] ? 65536 - p0[i] : p0[i]) / 65536.0);
            xg_rc_bit(&rc, bit[i], p0[i]);
        }
        xg_rc_encode_end(&rc);
        assert_true((double)out.len * 8 >= floor(information));
        assert_true((double)out.len * 8 <= information * 1.0001 + 17);

        xg_rc_decode_begin(&rc, xg_buf_bytes(&out));
        for (int i = 0; i < count; i++)
            assert_int_equal(xg_rc_bit(&rc, 0, p0[i]), bit[i]);
        xg_buf_clear(&out);
    }
}

static void rangecoder_numbers(void **state)
{
    static const uint32_t VALUES[] = {
        0, 1, 2, 3, 4, 7, 8, 1000, 65535, 65536, 0x7fffffff, 0x80000000,
        0xfffffffd, 0xfffffffe, 5, 5, 5, 0};
    enum { COUNT = sizeof VALUES / sizeof *VALUES };
    struct xg_bin bins[XG_RC_NUMBER_BINS];
    struct xg_buf out = XG_BUF(1 << 20);
    struct xg_rc rc;
    (void)state;

    for (int i = 0; i < XG_RC_NUMBER_BINS; i++)
        bins[i] = XG_BIN;
    xg_rc_encode_begin(&rc, &out);
    for (int i = 0; i < COUNT; i++)
        xg_rc_number(&rc, bins, VALUES[i]);
    xg_rc_encode_end(&rc);

    for (int i = 0; i < XG_RC_NUMBER_BINS; i++)
        bins[i] = XG_BIN;
    xg_rc_decode_begin(&rc, xg_buf_bytes(&out));
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(xg_rc_number(&rc, bins, 0), VALUES[i]);
    xg_buf_clear(&out);
}

/* ---- nothing is lost ---- */

static void edges(void **state)
{
    static const struct xg_track_point EDGES[] = {
        {0, 90000000, 180000000, 0, 0},
        {0, -90000000, -180000000, XG_ACC_UNKNOWN, 63},
        {-1, 90000000, -180000000, UINT32_MAX - 1, 1},
        {XG_TRACK_TIME_MAX, 0, 180000000, 1, 2},
        {-XG_TRACK_TIME_MAX, 0, -180000000, 0, 0},
        {-XG_TRACK_TIME_MAX, 0, -180000000, 0, 0},
        {5, 0, 179999999, XG_ACC_UNKNOWN, 4},
        {6, 0, -179999999, 1, 4},
        {7, 1, 180000000, 1, 4},
        {8, 2, -179999998, 1, 4},
        {9, 89999999, 0, 1, 4},
        {10, 90000000, 30000, 1, 4},
        {11, 89999999, -179999999, 1, 4},
    };
    enum { COUNT = sizeof EDGES / sizeof *EDGES };
    (void)state;

    assert_int_equal(round_trip(NULL, 0), 2);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t n = 1; i + n <= COUNT; n++)
            round_trip(EDGES + i, n);
}

static void still_points_are_cheap(void **state)
{
    static struct xg_track_point points[XG_TRACK_POINTS_MAX];
    (void)state;

    for (int i = 0; i < XG_TRACK_POINTS_MAX; i++)
        points[i] = (struct xg_track_point){
            INT64_C(1790000000000) + i * INT64_C(1000), 35050000, 118340000,
            45, XG_POINT_TRUSTED};
    size_t len = round_trip(points, XG_TRACK_POINTS_MAX);
    print_message("standing still: %.3f bytes a point\n",
                  (double)len / XG_TRACK_POINTS_MAX);
    assert_true(len < XG_TRACK_POINTS_MAX / 4);
}

static void random_walks(void **state)
{
    static struct xg_track_point points[MANY];
    static const int64_t STRIDE[] = {0, 1, 20, 400, 40000, 400000000};
    static const int64_t UNIT[] = {1000, 100, 10, 1, 7};
    (void)state;

    for (int round = 0; round < 150; round++) {
        size_t count = (size_t)between(1, 300);
        int64_t stride = STRIDE[between(0, 5)], unit = UNIT[between(0, 4)];
        int64_t lat = between(-90000000, 90000000);
        int64_t lon = between(-180000000, 180000000);
        int64_t t = between(-1000000, 2000000000) * 1000, step = unit * 30;
        uint32_t acc = (uint32_t)between(0, 200);

        for (size_t i = 0; i < count; i++) {
            lat += between(-stride, stride);
            lon += between(-stride, stride);
            lat = lat > 90000000 ? 90000000 : lat < -90000000 ? -90000000
                                                               : lat;
            while (lon > 180000000)
                lon -= 360000000;
            while (lon < -180000000)
                lon += 360000000;
            t += between(0, 9) ? step : between(-40, 400) * unit;
            if (between(0, 3) == 0)
                acc = (uint32_t)between(0, between(0, 50) ? 200 : 4000000000);
            points[i] = (struct xg_track_point){
                t, (int32_t)lat, (int32_t)lon,
                between(0, 20) ? acc : XG_ACC_UNKNOWN,
                (uint8_t)(between(0, 30) ? 1 : between(0, 63))};
        }
        round_trip(points, count);
    }
}

/* ---- hostile bytes ---- */

/* Refused, or the one form of what it says (xg_track_unpack() promises it;
 * here it is checked from outside). */
static void judge(const uint8_t *data, size_t len)
{
    struct xg_arena a = XG_ARENA(2 << 20);
    struct xg_track_point *points;
    size_t count;

    if (xg_track_unpack(&points, &count, &a, xg_bytes(data, len), &err) ==
        XG_OK) {
        struct xg_buf again = XG_BUF(len);
        assert_ok(xg_track_pack(&again, points, count, &err));
        assert_int_equal(again.len, len);
        assert_memory_equal(again.data, data, len);
        xg_buf_clear(&again);
    }
    xg_arena_clear(&a);
}

static struct xg_buf small_track(size_t count)
{
    static struct xg_track_point points[MANY];
    struct xg_buf packed = XG_BUF(XG_TRACK_BYTES_MAX);

    for (size_t i = 0; i < count; i++)
        points[i] = (struct xg_track_point){
            INT64_C(1790000000000) + (int64_t)i * 30000 +
                (between(0, 9) ? 0 : 1000),
            35050000 + (int32_t)(i * 300) + (int32_t)between(-40, 40),
            118340000 + (int32_t)between(-90, 90),
            (uint32_t)between(30, 80), XG_POINT_TRUSTED};
    assert_ok(xg_track_pack(&packed, points, count, &err));
    return packed;
}

static void cuts_and_flips(void **state)
{
    struct xg_buf packed = small_track(60);
    struct xg_arena a = XG_ARENA(1 << 20);
    struct xg_track_point *points;
    size_t count;
    (void)state;

    for (size_t len = 0; len < packed.len; len++) {
        uint8_t *cut = malloc(len + 1);
        if (len)
            memcpy(cut, packed.data, len);
        assert_int_not_equal(xg_track_unpack(&points, &count, &a,
                                             xg_bytes(cut, len), &err),
                             XG_OK);
        free(cut);
    }
    for (size_t bit = 0; bit < packed.len * 8; bit++) {
        packed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        judge(packed.data, packed.len);
        packed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (int byte = 0; byte < 256; byte++) { /* left over */
        xg_buf_byte(&packed, (uint8_t)byte);
        assert_status(xg_track_unpack(&points, &count, &a,
                                      xg_buf_bytes(&packed), &err),
                      XG_FORMAT);
        packed.len--;
    }
    xg_arena_clear(&a);
    xg_buf_clear(&packed);
}

static void garbage(void **state)
{
    uint8_t data[200];
    (void)state;

    for (int round = 0; round < 3000; round++) {
        size_t len = (size_t)between(0, sizeof data);
        for (size_t i = 0; i < len; i++)
            data[i] = (uint8_t)rnd();
        if (len > 2 && round % 4) {
            data[0] = (uint8_t)(0x10 + between(0, 3));
            data[1] = (uint8_t)between(0, 127);
        }
        judge(data, len);
    }
}

static void caps(void **state)
{
    static const uint8_t MANY_POINTS[] = {0x10, 0x81, 0x80, 0x04, 0};
    static const uint8_t LONG_FORM[] = {0x10, 0x80, 0};
    static const uint8_t NOT_HELD[] = {0x10, 0x40, 1, 2, 3, 4, 5};
    static const uint8_t VERSION[] = {0x20, 0};
    static const uint8_t UNIT[] = {0x14, 0};
    static struct xg_track_point bad[XG_TRACK_POINTS_MAX + 1];
    struct xg_buf out = XG_BUF(100);
    size_t n;
    (void)state;

#define COUNT_OF(bytes) xg_track_count(&n, xg_bytes(bytes, sizeof bytes), &err)
    assert_status(COUNT_OF(MANY_POINTS), XG_TOOBIG);
    assert_status(COUNT_OF(NOT_HELD), XG_FORMAT);
    assert_status(COUNT_OF(VERSION), XG_FORMAT);
    assert_status(COUNT_OF(UNIT), XG_FORMAT);
    judge(LONG_FORM, sizeof LONG_FORM);

    assert_status(xg_track_pack(&out, bad, XG_TRACK_POINTS_MAX + 1, &err),
                  XG_TOOBIG);
    bad[1].lat_e6 = XG_LAT_E6_MAX + 1;
    assert_status(xg_track_pack(&out, bad, 2, &err), XG_FORMAT);
    bad[1] = (struct xg_track_point){.flags = 64};
    assert_status(xg_track_pack(&out, bad, 2, &err), XG_FORMAT);
    assert_int_equal(out.len, 0);
    bad[1] = (struct xg_track_point){.t_ms = XG_TRACK_TIME_MAX + 1};
    assert_status(xg_track_pack(&out, bad, 2, &err), XG_FORMAT);
    for (int i = 0; i < 100; i++) /* nothing to expect: does not fit */
        bad[i] = (struct xg_track_point){between(0, 1 << 30),
                                         (int32_t)between(0, 1 << 26),
                                         (int32_t)between(0, 1 << 26), 0, 0};
    xg_buf_text(&out, "kept");
    assert_status(xg_track_pack(&out, bad, 100, &err), XG_TOOBIG);
    assert_int_equal(out.len, 4);
    xg_buf_clear(&out);
}

/* The packed form is for ever: these bytes must come out on every machine. */
static void golden(void **state)
{
    struct xg_track_point points[24];
    struct xg_buf packed = XG_BUF(1000);
    char hex[2001];
    int32_t lat = 35050000, lon = 118340000;
    (void)state;

    for (int i = 0; i < 24; i++) {
        lat += i < 8 ? 290 + i % 3 * 17 : i < 14 ? i % 2 * 9 - 4 : -33;
        lon += i < 8 ? -12 * (i % 2) : i < 14 ? 5 - i % 4 : 340 + i % 5 * 11;
        points[i] = (struct xg_track_point){
            INT64_C(1790000000000) + i * 30000 + (i % 7 == 3 ? 1000 : 0), lat,
            lon, i == 5 ? XG_ACC_UNKNOWN : (uint32_t)(45 + i * 5 % 11),
            (uint8_t)(i == 9 ? 3 : 1)};
    }
    assert_ok(xg_track_pack(&packed, points, 24, &err));
    xg_hex(hex, packed.data, packed.len);
    assert_string_equal(
        hex, "1018406831131b00208000000b5dd076ca3909d413dc4321a3e1d2282c08"
             "496f469db714514084c7b465f7fe879d4f2fe3f78a7ea79652fae3edb109"
             "f5a43a195ae10066aac303de00f5c4f69448f6c2");
    xg_buf_clear(&packed);
}

/* ---- size ---- */

static const char *number(const char *at, const char *key, int64_t *value,
                          unsigned digits)
{
    at = strstr(at, key);
    assert_non_null(at);
    at += strlen(key);
    size_t len = strcspn(at, ",}");
    assert_true(track_decimal(value, at, len, digits));
    return at + len;
}

static size_t read_track(const char *line, struct xg_track_point *points)
{
    size_t count = 0;
    int64_t t, lat, lon, acc;
    const char *at = strstr(line, "\"track\":[") + 9;

    while (*at == '{' || *at == ',') {
        t = strtoll(at + strcspn(at, ":") + 1, NULL, 10) * 1000;
        at = number(at, "\"lat\":", &lat, 6);
        at = number(at, "\"lon\":", &lon, 6);
        at = number(at, "\"acc\":", &acc, 1);
        assert_int_equal(*at++, '}');
        assert_true(count < MANY);
        points[count++] = (struct xg_track_point){
            t, (int32_t)lat, (int32_t)lon, (uint32_t)acc, XG_POINT_TRUSTED};
    }
    return count;
}

static void whole_shifts(void **state)
{
    static struct xg_track_point points[MANY];
    struct xg_buf file =
        test_source_read(test_source("tests/data/workload/shifts-3.jsonl"));
    size_t bytes = 0, all = 0;
    (void)state;

    for (char *line = strtok((char *)file.data, "\n"); line;
         line = strtok(NULL, "\n")) {
        if (!strstr(line, "\"track\":["))
            continue;
        size_t count = read_track(line, points);
        assert_int_equal(count, 720);
        bytes += round_trip(points, count);
        all += count;
    }
    print_message("%zu points of 3 shifts: %.3f bytes a point\n", all,
                  (double)bytes / (double)all);
    assert_true(all == 3 * 720);
    assert_true((double)bytes <= 3.0 * (double)all);
    xg_buf_clear(&file);
}

/* ---- distance ---- */

static double haversine_mm(const struct xg_track_point *a,
                           const struct xg_track_point *b)
{
    const double RAD = acos(-1) / 180e6;
    double s = sin((b->lat_e6 - a->lat_e6) * RAD / 2);
    double t = sin((b->lon_e6 - (double)a->lon_e6) * RAD / 2);
    double h = s * s + cos(a->lat_e6 * RAD) * cos(b->lat_e6 * RAD) * t * t;

    return 2 * 6371008800.0 * asin(sqrt(h));
}

static void distance_bound(void **state)
{
    double worst = 0;
    (void)state;

    for (int round = 0; round < 200000; round++) {
        int64_t reach = INT64_C(1) << between(4, 19);
        struct xg_track_point p[2] = {{0}};
        int64_t lat = between(-85000000, 85000000);
        int64_t lon = between(-180000000, 180000000);
        int64_t to = lat + between(-reach, reach);
        int64_t east = lon + between(-reach, reach) * (lat % 7 == 0 ? 8 : 1);

        if (to > 85000000 || to < -85000000)
            continue;
        if (east > 180000000)
            east -= 360000000;
        if (east < -180000000)
            east += 360000000;
        p[0] = (struct xg_track_point){0, (int32_t)lat, (int32_t)lon, 0, 1};
        p[1] = (struct xg_track_point){0, (int32_t)to, (int32_t)east, 0, 1};
        double exact = haversine_mm(&p[0], &p[1]);
        int64_t got = xg_track_distance_mm(p, 2);
        if (got == 0 && exact > 49.9e6)
            continue;
        if (exact < 1000) { /* a metre: half a mm of rounding */
            assert_true(fabs((double)got - exact) <= 1.5);
            continue;
        }
        double off = fabs((double)got - exact) / exact;
        worst = off > worst ? off : worst;
    }
    print_message("distance off by at most %.5f %%\n", worst * 100);
    assert_true(worst < 0.001);
}

static void distance_counts_only_trust(void **state)
{
    struct xg_track_point p[5];
    (void)state;

    for (int i = 0; i < 5; i++)
        p[i] = (struct xg_track_point){i * 30000, 35000000 + i * 300,
                                       118000000, 50, XG_POINT_TRUSTED};
    int64_t hop = xg_hop_mm(35000000, 118000000, 35000300, 118000000);
    assert_true(llabs(hop - 33359) <= 1);
    assert_true(llabs(xg_track_distance_mm(p, 5) - 4 * 33359) <= 2);
    p[2].flags |= XG_POINT_MOCK;
    assert_true(llabs(xg_track_distance_mm(p, 5) - 2 * 33359) <= 2);
    p[2].flags = XG_POINT_TRUSTED | XG_POINT_ESTIMATED;
    assert_true(llabs(xg_track_distance_mm(p, 5) - 2 * 33359) <= 2);
    p[2].flags = 0;
    assert_true(llabs(xg_track_distance_mm(p, 5) - 2 * 33359) <= 2);
    p[2] = (struct xg_track_point){0, 36000000, 118000000, 0, 1};
    assert_true(llabs(xg_track_distance_mm(p, 5) - 2 * 33359) <= 2);
    assert_int_equal(xg_track_distance_mm(p, 0), 0);
    assert_int_equal(xg_track_distance_mm(p, 1), 0);
    assert_int_equal(xg_hop_mm(0, 179999900, 0, -179999900),
                     xg_hop_mm(0, 0, 0, 200));
    assert_int_equal(xg_hop_mm(0, 0, 1000000, 0), -1);
    assert_int_equal(xg_hop_mm(-90000000, -180000000, 90000000, 180000000),
                     -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rangecoder_round_trip),
        cmocka_unit_test(rangecoder_numbers),
        cmocka_unit_test(edges),
        cmocka_unit_test(still_points_are_cheap),
        cmocka_unit_test(random_walks),
        cmocka_unit_test(cuts_and_flips),
        cmocka_unit_test(garbage),
        cmocka_unit_test(caps),
        cmocka_unit_test(golden),
        cmocka_unit_test(whole_shifts),
        cmocka_unit_test(distance_bound),
        cmocka_unit_test(distance_counts_only_trust),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
