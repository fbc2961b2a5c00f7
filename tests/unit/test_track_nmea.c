/* test_track_nmea.c - NMEA 0183: made-up lines, real captures, damage. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/track/nmea.h"
#include "shared/base/os.h"
#include "tests/lib/source.h"

static struct xg_error err;
static struct xg_buf file = {.max = 1 << 20};
static struct xg_arena arena = {.max_bytes = 64 << 20};
static struct track_import import;

/* Add a sentence with its checksum. */
static void say(const char *text)
{
    unsigned sum = 0;

    for (const char *at = text; *at; at++)
        sum ^= (unsigned char)*at;
    xg_buf_format(&file, "$%s*%02X\r\n", text, sum);
}

static void read_file(void)
{
    xg_arena_clear(&arena);
    assert_ok(track_nmea_read(&import, &arena, xg_buf_bytes(&file), &err));
    xg_buf_reset(&file);
}

static void load(const char *name)
{
    xg_buf_clear(&file);
    file = test_source_read(test_source("tests/data/gps/%s", name));
}

static int64_t utc(int year, int month, int day, int64_t day_ms)
{
    int64_t t_ms = 0;

    assert_true(track_civil_ms(&t_ms, year, month, day, day_ms));
    return t_ms;
}

static void an_epoch(void **state)
{
    (void)state;
    say("BDGGA,074155.80,3114.8950,N,12135.2463,E,1,07,1.3,196.4,M,8.3,M,,");
    say("GNGSA,A,2,25,32,12,14,,,,,,,,,2.1,1.1,1.8");
    say("GBRMC,074155.80,A,3114.9999,N,12135.9999,E,0.23,4.94,250215,,,A");
    say("GPRMC,074156.80,A,3114.8956,S,12135.2463,W,0.23,4.94,250215,,,A");
    read_file();
    assert_int_equal(import.count, 2);
    const struct track_sample *s = import.samples;
    assert_int_equal(s[0].kind, TRACK_FIX);
    assert_int_equal(s[0].lat_e6, 31248250); /* 31 + 14.8950 / 60, GGA's */
    assert_int_equal(s[0].lon_e6, 121587438);
    assert_int_equal(s[0].acc_dm, 65);
    assert_int_equal(s[0].mode, 2);
    assert_int_equal(s[0].gps_ms, utc(2015, 2, 25, 27715800));
    assert_true(s[0].imported && !s[0].mock && !s[0].estimated);
    assert_int_equal(s[1].lat_e6, -31248260);
    assert_int_equal(s[1].lon_e6, -121587438);
    assert_true(s[1].acc_dm == XG_ACC_UNKNOWN);
}

static void qualities(void **state)
{
    static const char *const GNS[][2] = {
        {"AN", "fix"}, {"NE", "est"}, {"NS", "mock"}, {"NN", "none"}};
    char text[200];
    (void)state;

    say("GPZDA,000000.00,01,06,2024,00,00");
    for (int q = 0; q < 9; q++) {
        snprintf(text, sizeof text,
                 "GNGGA,0000%02d,3114.8950,N,12135.2463,E,%d,07,1.3,1,M,8,M,,",
                 q, q);
        say(text);
    }
    for (int i = 0; i < 4; i++) {
        snprintf(text, sizeof text,
                 "GNGNS,0001%02d,3114.8950,N,12135.2463,E,%s,07,1.3,1,8,,",
                 i, GNS[i][0]);
        say(text);
    }
    read_file();
    assert_int_equal(import.count, 13);
    assert_int_equal(import.fixes, 11);
    for (int q = 0; q < 9; q++) {
        assert_int_equal(import.samples[q].kind,
                         q ? TRACK_FIX : TRACK_NO_FIX);
        assert_int_equal(import.samples[q].estimated, q == 6);
        assert_int_equal(import.samples[q].mock, q > 6);
    }
    assert_true(import.samples[10].estimated);
    assert_true(import.samples[11].mock);
    assert_int_equal(import.samples[12].kind, TRACK_NO_FIX);
}

static void one_says_no_fix(void **state)
{
    (void)state;
    say("GPRMC,120000.0,V,,,,,,,010624,,,N");
    say("GPGGA,120000.0,3114.8950,N,12135.2463,E,1,07,1.3,1,M,8,M,,");
    read_file();
    assert_int_equal(import.fixes, 0);
    assert_int_equal(import.samples[0].kind, TRACK_NO_FIX);
}

static void midnight(void **state)
{
    (void)state;
    say("GPGGA,235957,3114.8950,N,12135.2463,E,1,07,1.3,1,M,8,M,,");
    say("GPGGA,235958,3114.8950,N,12135.2463,E,1,07,1.3,1,M,8,M,,");
    say("GPRMC,235958,A,3114.8950,N,12135.2463,E,,,311223,,,A");
    say("GPGGA,235959.5,3114.8950,N,12135.2463,E,1,07,1.3,1,M,8,M,,");
    say("GPGGA,000000.5,3114.8950,N,12135.2463,E,1,07,1.3,1,M,8,M,,");
    say("GPGGA,000001.5,3114.8950,N,12135.2463,E,1,07,1.3,1,M,8,M,,");
    say("GPRMC,000001.5,A,3114.8950,N,12135.2463,E,,,010124,,,A");
    read_file();
    assert_int_equal(import.untimed, 1); /* before any date */
    assert_int_equal(import.count, 4);
    int64_t end = utc(2024, 1, 1, 0);
    assert_int_equal(import.samples[0].gps_ms, end - 2000);
    assert_int_equal(import.samples[1].gps_ms, end - 500);
    assert_int_equal(import.samples[2].gps_ms, end + 500);
    assert_int_equal(import.samples[3].gps_ms, end + 1500);
}

/* A receiver whose weeks roll over on the way; and one from before its first
 * almanac. */
static void rollover(void **state)
{
    (void)state;
    say("GPRMC,120000,A,3114.8950,N,12135.2463,E,,,161034,,,A");
    say("GPRMC,120001,A,3114.8950,N,12135.2463,E,,,161034,,,A");
    say("GPRMC,120002,A,3114.8950,N,12135.2463,E,,,020315,,,A");
    say("GPRMC,120003,A,3114.8950,N,12135.2463,E,,,060180,,,A");
    read_file();
    assert_int_equal(import.fixes, 4);
    assert_int_equal(import.rollovers, 2);
    assert_int_equal(import.samples[2].kind, TRACK_BREAK);
    assert_int_equal(import.samples[3].gps_ms,
                     utc(2015, 3, 2, 43202 * 1000));
}

static void damage(void **state)
{
    static const char *const BAD[] = {
        "$GPGGA,120000,3114.8950,N,12135.2463,E,1,07,1.3,1,M,8,M,,*00\n",
        "$GPGGA,120000,3114.8950,N,12135.2463,E,1,07\n",
        "$GPGGA,120000,3114.8950,N,12135.2463,E,1,07,1.3,1,M,8,M,,*\n",
        "$GPGGA,120000,3114.8950,N,12135.2463,E,1,07,1.3,1,M,8,M,,*6\n",
        "hello\n",
        "\x01\x02\xff$GP\x80GGA*00\n",
        "$\n",
        "$$\n",
        "$*\n",
    };
    static const char *const WRONG[] = {
        "GPGGA,120000,3160.0000,N,12135.2463,E,1,07,1.3,1,M,8,M,,",
        "GPGGA,120000,9000.0001,N,12135.2463,E,1,07,1.3,1,M,8,M,,",
        "GPGGA,120000,3114.8950,E,12135.2463,E,1,07,1.3,1,M,8,M,,",
        "GPGGA,120000,3114.8950,N,18000.0001,E,1,07,1.3,1,M,8,M,,",
        "GPGGA,120000,3114.8950,N,2135.2463,E,1,07,1.3,1,M,8,M,,",
        "GPGGA,120000,31-4.8950,N,12135.2463,E,1,07,1.3,1,M,8,M,,",
        "GPGGA,126000,3114.8950,N,12135.2463,E,1,07,1.3,1,M,8,M,,",
        "GPGGA,240000,3114.8950,N,12135.2463,E,1,07,1.3,1,M,8,M,,",
        "GPGGA,12:000,3114.8950,N,12135.2463,E,1,07,1.3,1,M,8,M,,",
        "GPGGA,120000,3114.8950,N,12135.2463,E,x,07,1.3,1,M,8,M,,",
        "GPGGA,120000",
        "GPRMC,120000,A,3114.8950,N,12135.2463,E,,,310224,,,A",
        "GPRMC,120000,A,3114.8950,N,12135.2463,E,,,3102,,,A",
        "GPZDA,120000,31,02,2024,,",
        "GPGSA,A,9,25,32,12,14,,,,,,,,,2.1,1.1,1.8",
    };
    enum { BADS = sizeof BAD / sizeof *BAD,
           WRONGS = sizeof WRONG / sizeof *WRONG };
    (void)state;

    xg_buf_text(&file, "# a comment\n\n!AIVDM,1,1,,A,13u?etPv2;0n:dDP,0*00\n");
    say("GPTXT,nothing of interest");
    say("PSRF151,3,1833,28693");
    for (int i = 0; i < BADS; i++)
        xg_buf_text(&file, BAD[i]);
    for (int i = 0; i < WRONGS; i++)
        say(WRONG[i]);
    say("GPRMC,120000,A,3114.8950,N,12135.2463,E,,,010624,,,A");
    /* two in one line, the first cut off by the second */
    xg_buf_text(&file, "$GPRMC,1200");
    say("GPRMC,120001,A,3114.8950,N,12135.2463,E,,,010624,,,A");
    read_file();
    assert_int_equal(import.fixes, 2);
    assert_int_equal(import.count, 2);
    assert_true(import.skipped >= BADS + WRONGS + 1);
    assert_int_equal(import.first_skipped, 6);
    assert_string_equal(import.first_why, "the checksum is wrong");
}

static void not_nmea(void **state)
{
    static const char *const FILES[] = {"bu303-moving.log",
                                        "bu303-climbing.log",
                                        "bu303-nofix.log"};
    (void)state;

    for (int i = 0; i < 3; i++) { /* SiRF binary */
        load(FILES[i]);
        assert_status(track_nmea_read(&import, &arena, xg_buf_bytes(&file),
                                      &err),
                      XG_FORMAT);
    }
    xg_buf_reset(&file);
    assert_status(track_nmea_read(&import, &arena, xg_buf_bytes(&file), &err),
                  XG_FORMAT);
}

struct capture {
    const char *name;
    size_t fixes_min;
    int year, month, day;
    int32_t lat_e6, lon_e6; /* within 0.02 degree all the way */
};

static const struct capture CAPTURES[] = {
    {"beidou-bd.log", 5, 2015, 2, 25, 31247950, 121587438},
    {"bundg_zeus_9.log", 140, 2018, 8, 20, 52850142, 5313585},
    {"haicom-305N.log", 60, 2007, 4, 8, -27210867, 153052328},
    {"nmea-fuzzy-cases.log", 14, 2020, 3, 18, 41574970, -93750559},
    {"nmea-rtk.log", 120, 2020, 3, 18, 41574966, -93750572},
    {"quectel.log", 30, 2020, 10, 7, -36745989, 174734548},
    {"telit-he910.log", 180, 2019, 3, 12, 50840203, 4347110},
};

static void check_capture(const struct capture *c)
{
    struct track_rules rules = track_rules_default();
    struct track track;
    size_t bytes = 0, points = 0;
    int64_t day_ms = utc(c->year, c->month, c->day, 0);

    load(c->name);
    read_file();
    assert_true(import.fixes >= c->fixes_min);
    assert_true(import.skipped <= 2);
    assert_int_equal(import.rollovers, 0);
    assert_ok(track_split(&track, &arena, import.samples, import.count,
                          &rules, &err));
    assert_int_equal(track.refused, 0);
    for (size_t i = 0; i < track.segment_count; i++) {
        struct xg_track_segment *s = &track.segments[i];
        struct xg_buf packed = XG_BUF(1 << 20);
        for (size_t k = 0; k < s->count; k++) {
            assert_true(s->points[k].t_ms >= day_ms &&
                        s->points[k].t_ms < day_ms + 86400000);
            assert_true(abs(s->points[k].lat_e6 - c->lat_e6) < 20000);
            assert_true(abs(s->points[k].lon_e6 - c->lon_e6) < 20000);
        }
        assert_ok(xg_track_pack(&packed, s->points, s->count, &err));
        struct xg_track_point *again;
        size_t count;
        assert_ok(xg_track_unpack(&again, &count, &arena,
                                  xg_buf_bytes(&packed), &err));
        assert_int_equal(count, s->count);
        bytes += packed.len;
        points += s->count;
        xg_buf_clear(&packed);
    }
    print_message("%-22s %3zu fixes, %zu skipped, %zu segments, %.1f m, "
                  "%.2f bytes a point\n", c->name, import.fixes,
                  import.skipped, track.segment_count,
                  (double)track.distance_mm / 1000,
                  (double)bytes / (double)points);
}

static void captures(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CAPTURES / sizeof *CAPTURES; i++)
        check_capture(&CAPTURES[i]);
}

/* Captures with bytes changed, dropped, doubled: never a crash. */
static void noise(void **state)
{
    static const uint8_t TELLING[8] = {'$', ',', '*', '\n', '0', '.', '-', 0};
    uint64_t r = 99;
    (void)state;

    for (int round = 0; round < 200; round++) {
        load(CAPTURES[round % 7].name);
        if (file.len > 30000)
            file.len = 30000;
        for (int i = 0; i < 300; i++) {
            r = r * 6364136223846793005u + 1442695040888963407u;
            size_t at = (size_t)(r >> 33) % file.len;
            file.data[at] = round % 2 ? (uint8_t)(r >> 24) : TELLING[r >> 61];
        }
        enum xg_status status = track_nmea_read(&import, &arena,
                                                xg_buf_bytes(&file), &err);
        assert_true(status == XG_OK || status == XG_FORMAT);
        xg_arena_clear(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_epoch),        cmocka_unit_test(qualities),
        cmocka_unit_test(one_says_no_fix), cmocka_unit_test(midnight),
        cmocka_unit_test(rollover),        cmocka_unit_test(damage),
        cmocka_unit_test(not_nmea),        cmocka_unit_test(captures),
        cmocka_unit_test(noise),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    xg_arena_clear(&arena);
    xg_buf_clear(&file);
    return failed;
}
