/* test_track_gpx.c - GPX in and out, strange and hostile. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/track/gpx.h"

static struct xg_error err;
static struct xg_arena arena = {.max_bytes = 256 << 20};
static struct track_import import;

#define HEAD                                                                 \
    "<?xml version=\"1.0\"?>\n<gpx version=\"1.1\" creator=\"x\" "           \
    "xmlns=\"http://www.topografix.com/GPX/1/1\">"

static enum xg_status read_gpx(const char *text)
{
    xg_arena_clear(&arena);
    return track_gpx_read(&import, &arena, xg_bytes_of(text), &err);
}

static int64_t utc(int year, int month, int day, int64_t day_ms)
{
    int64_t t_ms = 0;

    assert_true(track_civil_ms(&t_ms, year, month, day, day_ms));
    return t_ms;
}

static void a_track(void **state)
{
    (void)state;
    assert_ok(read_gpx(
        HEAD "<metadata><time>2001-01-01T00:00:00Z</time></metadata>"
             "<wpt lat=\"1\" lon=\"2\"><time>2001-01-01T00:00:00Z</time></wpt>"
             "<rte><rtept lat=\"1\" lon=\"2\"/></rte>"
             "<trk><name>a&amp;b</name><trkseg>"
             "<trkpt lat=\"35.0512345\" lon=\"-118.3\"><ele>7</ele>"
             "<time> 2024-02-29T23:59:59.25Z </time><hdop>1.3</hdop></trkpt>"
             "<trkpt lon=\"118\" lat=\"-.0000005\">"
             "<time>2024-03-01T08:00:01+08:00</time>"
             "<extensions><a:b xmlns:a=\"urn:a\"><a:accuracy>4.26</a:accuracy>"
             "</a:b></extensions></trkpt></trkseg>"
             "<trkseg/><trkseg><trkpt lat=\"90\" lon=\"180.0000004\">"
             "<time>2024-03-01T00:00:02</time></trkpt>"
             "<trkpt lat=\"90\" lon=\"180\"></trkpt></trkseg></trk></gpx>"));
    assert_int_equal(import.fixes, 3);
    assert_int_equal(import.untimed, 1);
    assert_int_equal(import.skipped, 0);
    const struct track_sample *s = import.samples;
    int64_t day = utc(2024, 3, 1, 0);
    assert_int_equal(s[0].lat_e6, 35051235);
    assert_int_equal(s[0].lon_e6, -118300000);
    assert_int_equal(s[0].gps_ms, day - 750);
    assert_int_equal(s[0].acc_dm, 65);
    assert_int_equal(s[1].lat_e6, -1);
    assert_int_equal(s[1].gps_ms, day + 1000);
    assert_int_equal(s[1].acc_dm, 43);
    assert_int_equal(s[2].kind, TRACK_BREAK);
    assert_int_equal(s[3].kind, TRACK_BREAK);
    assert_int_equal(s[4].lon_e6, 180000000);

    struct track_rules rules = track_rules_default();
    struct track track;
    assert_ok(track_split(&track, &arena, s, import.count, &rules, &err));
    assert_int_equal(track.segment_count, 2);
    assert_int_equal(track.gap_count, 1);
    assert_int_equal(track.gaps[0].cause, XG_GAP_FILE);
    assert_int_equal(track.segments[0].points[0].flags,
                     XG_POINT_TRUSTED | XG_POINT_IMPORTED);
}

static void bad_points(void **state)
{
    static const char *const PLACES[] = {
        "lat=\"90.000001\" lon=\"0\"", "lat=\"0\" lon=\"-180.000001\"",
        "lat=\"\" lon=\"0\"",          "lat=\"1e1\" lon=\"0\"",
        "lat=\"nan\" lon=\"0\"",       "lat=\" 1\" lon=\"0\"",
        "lat=\"1\"",                   "lon=\"1\"",
        "lat=\"--1\" lon=\"0\"",       "lat=\"1.2.3\" lon=\"0\"",
        "lat=\"99999999999999999999\" lon=\"0\"",
    };
    static const char *const TIMES[] = {
        "2024-02-30T00:00:00Z", "2024-13-01T00:00:00Z", "24-01-01T00:00:00Z",
        "2024-01-01 00:00:00Z", "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z", "2024-01-01T00:00:61Z",
        "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00X",
        "2024-01-01T00:00:00+8", "2024-01-01T00:00:00+15:00", "", "now",
        "2024-01-01T00:00:00.00000000000000000000000000000000000000000000000Z",
    };
    enum { PLACES_N = sizeof PLACES / sizeof *PLACES,
           TIMES_N = sizeof TIMES / sizeof *TIMES };
    struct xg_buf text = XG_BUF(1 << 20);
    (void)state;

    xg_buf_text(&text, HEAD "\n<trk><trkseg>\n");
    for (int i = 0; i < PLACES_N; i++)
        xg_buf_format(&text, "<trkpt %s><time>2024-01-01T00:00:00Z</time>"
                             "</trkpt>\n", PLACES[i]);
    for (int i = 0; i < TIMES_N; i++)
        xg_buf_format(&text, "<trkpt lat=\"1\" lon=\"2\"><time>%s</time>"
                             "</trkpt>\n", TIMES[i]);
    xg_buf_text(&text, "</trkseg></trk></gpx>");
    assert_ok(read_gpx(xg_buf_str(&text)));
    assert_int_equal(import.fixes, 0);
    assert_int_equal(import.skipped, PLACES_N + TIMES_N);
    assert_int_equal(import.first_skipped, 4);
    xg_buf_clear(&text);
}

static void hostile(void **state)
{
    struct xg_buf deep = XG_BUF(1 << 20);
    (void)state;

    assert_status(read_gpx("<!DOCTYPE gpx [<!ENTITY a \"aaaa\">"
                           "<!ENTITY b \"&a;&a;\">]><gpx>&b;</gpx>"),
                  XG_FORMAT);
    assert_non_null(strstr(xg_error_text(&err), "DOCTYPE"));
    assert_status(read_gpx("<!DOCTYPE gpx SYSTEM \"file:///etc/passwd\">"
                           "<gpx/>"),
                  XG_FORMAT);
    assert_status(read_gpx(""), XG_FORMAT);
    assert_status(read_gpx("<kml/>"), XG_FORMAT);
    assert_status(read_gpx("<gpx>"), XG_FORMAT);
    assert_status(read_gpx("<gpx>&nbsp;</gpx>"), XG_FORMAT);
    assert_status(read_gpx("<gpx></gpx><gpx></gpx>"), XG_FORMAT);
    assert_status(read_gpx("<gpx><trk></gpx></trk>"), XG_FORMAT);
    assert_ok(read_gpx("<gpx/>"));
    assert_int_equal(import.count, 0);

    for (int i = 0; i < 33; i++)
        xg_buf_text(&deep, i ? "<a>" : "<gpx>");
    assert_status(read_gpx(xg_buf_str(&deep)), XG_FORMAT);
    xg_buf_clear(&deep);

    /* points where none belong */
    assert_ok(read_gpx("<gpx><trkpt lat=\"1\" lon=\"1\"/><trk><trkpt/></trk>"
                       "<a><trk><trkseg><trkpt lat=\"1\" lon=\"1\"/></trkseg>"
                       "</trk></a></gpx>"));
    assert_int_equal(import.count + import.skipped + import.untimed, 0);
}

static void too_many_points(void **state)
{
    struct xg_buf text = XG_BUF(TRACK_IMPORT_BYTES_MAX);
    (void)state;

    xg_buf_text(&text, "<gpx><trk><trkseg>");
    for (int i = 0; i <= TRACK_IMPORT_SAMPLES_MAX; i++)
        xg_buf_text(&text, "<trkpt lat=\"1\" lon=\"2\"><time>"
                           "2024-01-01T00:00:00Z</time></trkpt>");
    xg_buf_text(&text, "</trkseg></trk></gpx>");
    assert_status(read_gpx(xg_buf_str(&text)), XG_TOOBIG);
    xg_buf_clear(&text);
}

/* What we write, we read; gaps part the segments, nothing joins them. */
static void out_and_in(void **state)
{
    enum { COUNT = 500 };
    static struct xg_track_point points[COUNT];
    struct xg_track_segment segments[2] = {{points, 200},
                                        {points + 200, COUNT - 200}};
    struct xg_gap gap = {points[0].t_ms, 0, XG_GAP_NO_FIX, 0};
    struct xg_buf text = XG_BUF(1 << 20);
    uint64_t r = 7;
    (void)state;

    for (int i = 0; i < COUNT; i++) {
        r = r * 6364136223846793005u + 1442695040888963407u;
        points[i] = (struct xg_track_point){
            INT64_C(1790000000000) + i * 30000 + (i % 3 ? 0 : 17),
            (int32_t)(r >> 32) % (XG_LAT_E6_MAX + 1),
            (int32_t)(r >> 16) % (XG_LON_E6_MAX + 1),
            i % 11 ? (uint32_t)(r % 1000) : XG_ACC_UNKNOWN, 1};
    }
    gap.from_ms = points[199].t_ms;
    gap.to_ms = points[200].t_ms;
    track_gpx_write(&text, "巡查 <&> \x01", segments, 2, &gap, 1);
    assert_ok(xg_buf_check(&text, &err));
    assert_non_null(strstr(xg_buf_str(&text), "cause=\"no-fix\""));
    assert_non_null(strstr(xg_buf_str(&text), "巡查 &lt;&amp;&gt; </name>"));

    assert_ok(read_gpx(xg_buf_str(&text)));
    assert_int_equal(import.fixes, COUNT);
    assert_int_equal(import.skipped + import.untimed, 0);
    assert_int_equal(import.samples[200].kind, TRACK_BREAK);
    for (size_t i = 0; i < COUNT; i++) {
        const struct track_sample *s = &import.samples[i + (i >= 200)];
        assert_int_equal(s->gps_ms, points[i].t_ms);
        assert_int_equal(s->lat_e6, points[i].lat_e6);
        assert_int_equal(s->lon_e6, points[i].lon_e6);
        assert_int_equal(s->acc_dm, points[i].acc_dm);
    }

    for (size_t len = 0; len < 4000; len += 7) { /* cut anywhere */
        char *cut = strndup(xg_buf_str(&text), len);
        assert_status(read_gpx(cut), XG_FORMAT);
        free(cut);
    }
    xg_buf_clear(&text);
}

static void calendar(void **state)
{
    int64_t t;
    int year, month, day;
    (void)state;

    assert_int_equal(utc(1970, 1, 1, 0), 0);
    assert_int_equal(utc(2000, 2, 29, 1), INT64_C(951782400001));
    assert_int_equal(utc(9999, 12, 31, 86399999), INT64_C(253402300799999));
    assert_int_equal(utc(1, 1, 1, 0), INT64_C(-62135596800000));
    assert_false(track_civil_ms(&t, 1900, 2, 29, 0));
    assert_false(track_civil_ms(&t, 2024, 0, 1, 0));
    for (int64_t d = -800000; d < 3000000; d += 13) {
        int64_t rest;
        track_civil_of(d * 86400000 + 5, &year, &month, &day, &rest);
        assert_int_equal(rest, 5);
        if (year >= 1 && year <= 9999)
            assert_int_equal(utc(year, month, day, 5), d * 86400000 + 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_track),         cmocka_unit_test(bad_points),
        cmocka_unit_test(hostile),         cmocka_unit_test(too_many_points),
        cmocka_unit_test(out_and_in),      cmocka_unit_test(calendar),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    xg_arena_clear(&arena);
    return failed;
}
