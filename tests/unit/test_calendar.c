/* test_calendar.c - working time, worked out by hand on the official calendars
 * of 2024 to 2026, and against a count by minutes. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/calendar.h"
#include "tests/lib/device.h"

static int begin(void **state)
{
    static struct test_calendar c;

    test_calendar(&c);
    *state = &c;
    return 0;
}

struct sum {
    const char *start, *due;
    enum xg_limit_unit unit;
    int64_t milli;
    bool guessed;
};

static const struct sum sums[] = {
    /* natural hours run on through nights and holidays */
    {"2026-09-30 17:00", "2026-10-01 17:00", XG_LIMIT_URGENT, 24000, false},
    {"2026-12-31 23:30", "2027-01-01 00:30", XG_LIMIT_URGENT, 1000, false},
    {"2027-05-01 10:00", "2027-05-01 10:30", XG_LIMIT_URGENT, 500, false},
    /* working hours: within a span, over noon, over night */
    {"2026-03-10 09:00", "2026-03-10 11:00", XG_LIMIT_HOURS, 2000, false},
    {"2026-03-10 11:00", "2026-03-10 15:00", XG_LIMIT_HOURS, 2000, false},
    {"2026-03-10 11:00", "2026-03-10 12:00", XG_LIMIT_HOURS, 1000, false},
    {"2026-03-10 12:30", "2026-03-10 15:00", XG_LIMIT_HOURS, 1000, false},
    {"2026-03-10 17:00", "2026-03-11 09:00", XG_LIMIT_HOURS, 1000, false},
    {"2026-03-10 02:00", "2026-03-10 09:30", XG_LIMIT_HOURS, 1000, false},
    {"2026-03-10 23:59", "2026-03-11 17:30", XG_LIMIT_HOURS, 7000, false},
    {"2026-03-13 17:30", "2026-03-16 08:45", XG_LIMIT_HOURS, 250, false},
    /* into the long holiday, and out of it with the hours of winter; 10
     * October, a Saturday, is worked */
    {"2026-09-30 17:00", "2026-09-30 18:00", XG_LIMIT_HOURS, 1000, false},
    {"2026-09-30 17:30", "2026-10-08 09:00", XG_LIMIT_HOURS, 1000, false},
    {"2026-10-09 17:00", "2026-10-10 09:00", XG_LIMIT_HOURS, 1000, false},
    {"2026-10-10 17:00", "2026-10-12 09:00", XG_LIMIT_HOURS, 1000, false},
    /* the afternoon is another one in summer */
    {"2026-05-29 17:00", "2026-06-01 15:00", XG_LIMIT_HOURS, 4500, false},
    {"2026-06-02 17:30", "2026-06-03 09:00", XG_LIMIT_HOURS, 1000, false},
    /* working days: the same time of day */
    {"2026-03-10 10:00", "2026-03-13 10:00", XG_LIMIT_DAYS, 3000, false},
    {"2026-03-12 10:00", "2026-03-17 10:00", XG_LIMIT_DAYS, 3000, false},
    {"2026-09-30 10:00", "2026-10-08 10:00", XG_LIMIT_DAYS, 1000, false},
    {"2026-10-09 10:00", "2026-10-10 10:00", XG_LIMIT_DAYS, 1000, false},
    {"2026-10-09 10:00", "2026-10-12 10:00", XG_LIMIT_DAYS, 2000, false},
    {"2026-02-13 10:00", "2026-02-14 10:00", XG_LIMIT_DAYS, 1000, false},
    {"2026-02-13 10:00", "2026-02-24 10:00", XG_LIMIT_DAYS, 2000, false},
    {"2024-02-08 09:00", "2024-02-09 09:00", XG_LIMIT_DAYS, 1000, false},
    {"2024-02-08 09:00", "2024-02-18 09:00", XG_LIMIT_DAYS, 2000, false},
    {"2024-09-27 16:00", "2024-09-30 16:00", XG_LIMIT_DAYS, 2000, false},
    {"2025-09-26 16:00", "2025-10-09 16:00", XG_LIMIT_DAYS, 4000, false},
    {"2024-02-28 16:00", "2024-03-01 16:00", XG_LIMIT_DAYS, 2000, false},
    /* started when the office is shut: from the next opening */
    {"2026-03-10 12:30", "2026-03-11 14:00", XG_LIMIT_DAYS, 1000, false},
    {"2026-03-10 22:00", "2026-03-12 08:30", XG_LIMIT_DAYS, 1000, false},
    {"2026-10-03 03:00", "2026-10-09 08:30", XG_LIMIT_DAYS, 1000, false},
    /* part of a day: that part of seven hours */
    {"2026-03-10 08:30", "2026-03-10 12:00", XG_LIMIT_DAYS, 500, false},
    {"2026-03-10 10:00", "2026-03-11 15:30", XG_LIMIT_DAYS, 1500, false},
    /* over the year's end; 2027 has no calendar here, 2026 and 2025 have */
    {"2025-12-31 16:00", "2026-01-04 16:00", XG_LIMIT_DAYS, 1000, false},
    {"2024-12-31 17:00", "2025-01-02 09:00", XG_LIMIT_HOURS, 1000, false},
    {"2026-12-31 16:00", "2027-01-01 16:00", XG_LIMIT_DAYS, 1000, true},
    {"2026-12-31 17:00", "2027-01-01 09:00", XG_LIMIT_HOURS, 1000, true},
    {"2026-12-31 17:00", "2026-12-31 17:30", XG_LIMIT_HOURS, 500, false},
    {"2027-10-01 10:00", "2027-10-04 10:00", XG_LIMIT_DAYS, 1000, true},
    {"2023-12-29 10:00", "2024-01-02 10:00", XG_LIMIT_DAYS, 1000, true},
    /* nothing, and less */
    {"2026-10-03 03:00", "2026-10-03 03:00", XG_LIMIT_DAYS, 0, false},
    {"2026-10-03 03:00", "2026-10-03 03:00", XG_LIMIT_HOURS, -5, false},
};

static void test_sums_by_hand(void **state)
{
    const struct test_calendar *c = *state;
    char text[64];

    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        const struct sum *s = &sums[i];
        struct xg_due due = xg_calendar_add(
            &c->calendar, test_ms(s->start),
            (struct xg_limit){.unit = s->unit, .milli = s->milli});
        if (due.ms != test_ms(s->due) || due.guessed != s->guessed)
            fail_msg("%s + %lld of unit %d is %s%s, not %s%s", s->start,
                     (long long)s->milli, (int)s->unit,
                     test_text_of_ms(text, due.ms),
                     due.guessed ? " (guessed)" : "", s->due,
                     s->guessed ? " (guessed)" : "");
    }
}

static void between(const struct xg_calendar *c, const char *from,
                    const char *to, enum xg_limit_unit unit, int64_t expected,
                    bool expected_guess)
{
    bool guessed = false;

    assert_int_equal(
        xg_calendar_between(c, test_ms(from), test_ms(to), unit, &guessed),
        expected);
    assert_int_equal(guessed, expected_guess);
    assert_int_equal(
        xg_calendar_between(c, test_ms(to), test_ms(from), unit, &guessed),
        -expected);
}

static void test_between_by_hand(void **state)
{
    const struct xg_calendar *c = &((struct test_calendar *)*state)->calendar;

    between(c, "2026-03-10 09:00", "2026-03-10 10:30", XG_LIMIT_HOURS, 1500,
            false);
    between(c, "2026-03-10 11:00", "2026-03-10 14:30", XG_LIMIT_HOURS, 1500,
            false);
    between(c, "2026-10-01 00:00", "2026-10-08 00:00", XG_LIMIT_HOURS, 0,
            false);
    between(c, "2026-09-30 17:00", "2026-10-12 08:30", XG_LIMIT_HOURS, 22000,
            false);
    between(c, "2026-03-10 12:30", "2026-03-10 13:30", XG_LIMIT_URGENT, 1000,
            false);
    between(c, "2026-03-10 10:00", "2026-03-11 10:00", XG_LIMIT_DAYS, 1000,
            false);
    between(c, "2026-03-10 10:00", "2026-03-11 09:59", XG_LIMIT_DAYS, 997,
            false);
    between(c, "2026-10-09 10:00", "2026-10-11 12:00", XG_LIMIT_DAYS, 1785,
            false);
    between(c, "2026-10-03 10:00", "2026-10-08 08:30", XG_LIMIT_DAYS, 0, false);
    between(c, "2026-12-31 10:00", "2027-01-04 10:00", XG_LIMIT_DAYS, 2000,
            true);
}

static void test_open_and_shut(void **state)
{
    const struct xg_calendar *c = &((struct test_calendar *)*state)->calendar;
    bool guessed = false;

    assert_true(
        xg_calendar_is_workday(c, test_ms("2026-10-10 23:00"), &guessed));
    assert_false(
        xg_calendar_is_workday(c, test_ms("2026-10-11 10:00"), &guessed));
    assert_false(
        xg_calendar_is_workday(c, test_ms("2026-10-05 10:00"), &guessed));
    assert_true(
        xg_calendar_is_working(c, test_ms("2026-10-10 08:30"), &guessed));
    assert_false(
        xg_calendar_is_working(c, test_ms("2026-10-10 12:00"), &guessed));
    assert_true(
        xg_calendar_is_working(c, test_ms("2026-07-01 17:59"), &guessed));
    assert_false(
        xg_calendar_is_working(c, test_ms("2026-07-01 14:15"), &guessed));
    assert_false(guessed);
    assert_false(
        xg_calendar_is_workday(c, test_ms("2028-01-01 10:00"), &guessed));
    assert_true(guessed);
    assert_true(
        xg_calendar_is_workday(c, test_ms("2026-10-10 23:00"), &guessed));
    assert_true(guessed); /* stays: it gathers */
}

static void test_without_hours_the_usual_ones_hold(void **state)
{
    static const struct xg_office_span odd[] = {
        {601, 930, 600, 540},  /* closes before it opens: not looked at */
        {601, 930, 600, 1500}, /* nor over midnight */
        {301, 331, 600, 720},  {301, 331, 660, 780}, {301, 331, 540, 570},
    };
    struct xg_calendar bare = {.zone_min = XG_ZONE_CHINA_MIN};
    bool guessed = false;

    (void)state;
    between(&bare, "2026-03-10 00:00", "2026-03-11 00:00", XG_LIMIT_HOURS, 7000,
            true);
    bare.spans = odd;
    bare.span_count = sizeof odd / sizeof *odd;
    between(&bare, "2026-07-07 00:00", "2026-07-08 00:00", XG_LIMIT_HOURS, 7000,
            true);
    /* 09:00-09:30 and, of two that overlap, 10:00-13:00 */
    between(&bare, "2026-03-10 00:00", "2026-03-11 00:00", XG_LIMIT_HOURS, 3500,
            true);
    assert_true(
        xg_calendar_is_working(&bare, test_ms("2026-03-10 12:59"), &guessed));
}

static void test_extremes_end(void **state)
{
    const struct xg_calendar *c = &((struct test_calendar *)*state)->calendar;
    static const int64_t moments[] = {
        INT64_MIN, -1, 0, 1, INT64_MAX - 1, INT64_MAX, 253402300799999};
    struct xg_calendar_year shut = {.year = 2026};
    struct xg_calendar never = {
        .years = &shut, .year_count = 1, .zone_min = -XG_ZONE_MAX_MIN};
    bool guessed = false;

    for (int unit = XG_LIMIT_URGENT; unit <= XG_LIMIT_DAYS; unit++)
        for (size_t i = 0; i < 7; i++) {
            struct xg_due due = xg_calendar_add(
                c, moments[i],
                (struct xg_limit){(enum xg_limit_unit)unit, INT64_MAX});
            assert_true(due.ms >= moments[i]);
            for (size_t k = 0; k < 7; k++) {
                int64_t n =
                    xg_calendar_between(c, moments[i], moments[k],
                                        (enum xg_limit_unit)unit, &guessed);
                assert_true(moments[k] >= moments[i] ? n >= 0 : n <= 0);
            }
        }
    /* twenty years from a year of which every day is off */
    memset(shut.off, 0xff, sizeof shut.off);
    struct xg_due due =
        xg_calendar_add(&never, test_ms("2026-01-01 12:00"),
                        (struct xg_limit){XG_LIMIT_DAYS, 9000000000});
    int64_t days = (due.ms - test_ms("2026-01-01 12:00")) / 86400000;
    assert_in_range(days, 20 * 366 - 1, 20 * 366 + 1);
}

/* ---- properties ---- */

/* Office time between two moments, a minute at a time. */
static int64_t count_minutes(const struct xg_calendar *c, int64_t a, int64_t b)
{
    bool guessed = false;
    int64_t n = 0;

    for (; a < b; a += 60000)
        n += xg_calendar_is_working(c, a, &guessed);
    return n;
}

static void test_hours_are_what_a_count_by_minutes_finds(void **state)
{
    const struct xg_calendar *c = &((struct test_calendar *)*state)->calendar;
    struct test_world w = {.seed = 5};

    for (int i = 0; i < 150; i++) {
        int64_t a = test_ms("2023-11-20 00:00") +
                    (int64_t)test_below(&w, 1200 * 1440) * 60000;
        int64_t b = a + (int64_t)test_below(&w, 20 * 1440) * 60000;
        bool guessed = false;
        int64_t minutes = count_minutes(c, a, b);
        assert_int_equal(xg_calendar_between(c, a, b, XG_LIMIT_HOURS, &guessed),
                         minutes * 1000 / 60);
        /* the last minute that was needed ends at what add() says */
        struct xg_due due = xg_calendar_add(
            c, a, (struct xg_limit){XG_LIMIT_HOURS, minutes / 60 * 1000});
        assert_int_equal(count_minutes(c, a, due.ms), minutes / 60 * 60);
        if (minutes >= 60)
            assert_true(xg_calendar_is_working(c, due.ms - 1, &guessed));
    }
}

static int64_t random_limit(struct test_world *w)
{
    switch (test_below(w, 3)) {
    case 0:
        return (int64_t)test_below(w, 40) * 1000;
    case 1:
        return (int64_t)test_below(w, 3000);
    default:
        return (int64_t)test_below(w, 400000);
    }
}

static void test_adding_is_monotone_and_counts_back(void **state)
{
    const struct xg_calendar *c = &((struct test_calendar *)*state)->calendar;
    const char *text = getenv("XG_SEED");
    struct test_world w = {.seed = text ? strtoull(text, NULL, 10) : 1};

    for (int i = 0; i < 6000; i++) {
        enum xg_limit_unit unit = (enum xg_limit_unit)(1 + test_below(&w, 3));
        int64_t start = test_ms("2023-06-01 00:00") +
                        (int64_t)test_below(&w, (uint64_t)1600 * 86400000);
        struct xg_limit limit = {unit, random_limit(&w)};
        struct xg_limit more = {unit, limit.milli + random_limit(&w)};
        struct xg_due due = xg_calendar_add(c, start, limit);
        struct xg_due later = xg_calendar_add(c, start, more);
        bool guessed = false;
        int64_t back = xg_calendar_between(c, start, due.ms, unit, &guessed);
        if (due.ms < start || later.ms < due.ms || back != limit.milli)
            fail_msg("seed %llu, round %d: start %lld, unit %d: %lld ends "
                     "%lld and counts %lld; %lld ends %lld",
                     (unsigned long long)w.seed, i, (long long)start, (int)unit,
                     (long long)limit.milli, (long long)due.ms, (long long)back,
                     (long long)more.milli, (long long)later.ms);
        /* a pause of no length changes nothing, one that begins at once
         * starts anew, and one that is later over is never due earlier */
        int64_t from =
            start + (int64_t)test_below(&w, (uint64_t)(due.ms - start) + 1);
        int64_t to = from + (int64_t)test_below(&w, 900000000);
        if (limit.milli) {
            struct xg_due same =
                xg_calendar_shift(c, due.ms, start, start, unit);
            assert_in_range(same.ms - due.ms, 0, unit == XG_LIMIT_DAYS);
        }
        struct xg_due on = xg_calendar_shift(c, due.ms, from, to, unit);
        assert_true(on.ms >= due.ms && (on.ms >= to || due.ms <= from));
        assert_true(
            xg_calendar_shift(c, due.ms, from, to + 86400000, unit).ms >=
            on.ms);
        if (due.ms > from && on.ms > due.ms)
            assert_in_range(
                xg_calendar_between(c, to, on.ms, unit, &guessed) -
                    xg_calendar_between(c, from, due.ms, unit, &guessed) + 1,
                0, 2);
        /* a later start is never due earlier */
        struct xg_due next = xg_calendar_add(
            c, start + (int64_t)test_below(&w, 200000000), limit);
        assert_true(next.ms >= due.ms || limit.milli == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_sums_by_hand, begin),
        cmocka_unit_test_setup(test_between_by_hand, begin),
        cmocka_unit_test_setup(test_open_and_shut, begin),
        cmocka_unit_test_setup(test_without_hours_the_usual_ones_hold, begin),
        cmocka_unit_test_setup(test_extremes_end, begin),
        cmocka_unit_test_setup(test_hours_are_what_a_count_by_minutes_finds,
                               begin),
        cmocka_unit_test_setup(test_adding_is_monotone_and_counts_back, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
