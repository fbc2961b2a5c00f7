/* test_calendar_file.c - yearly calendars and office hours, as files. */
#include "tests/lib/test.h"

#include <string.h>

#include "shared/base/buf.h"
#include "shared/base/lang.h"
#include "shared/guide/calendar_file.h"
#include "tests/lib/calendar.h"
#include "tests/lib/source.h"

struct world {
    struct xg_arena arena;
    struct xg_calendar_year *years;
    size_t count;
    struct xg_office_hours hours;
};

static int begin(void **state)
{
    static struct world w;

    w = (struct world){.arena = XG_ARENA(4 << 20)};
    *state = &w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    xg_arena_clear(&w->arena);
    return 0;
}

static enum xg_status load(struct world *w, const char *text,
                           struct xg_error *err)
{
    return xg_calendar_years_load(&w->years, &w->count, &w->arena,
                                  xg_bytes_of(text), err);
}

/* The file that the demonstration imports says what was written by hand. */
static void test_the_file_of_2026(void **state)
{
    struct world *w = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf text =
        test_source_read(test_source("packaging/demo/holidays-2026.json"));
    struct test_calendar by_hand;

    assert_ok(xg_calendar_years_load(&w->years, &w->count, &w->arena,
                                     xg_buf_bytes(&text), &err));
    test_calendar(&by_hand);
    assert_int_equal(w->count, 1);
    assert_memory_equal(w->years, &by_hand.years[2], sizeof *w->years);
    xg_buf_clear(&text);
}

static void test_shapes(void **state)
{
    struct world *w = *state;
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(load(w,
                   "\xef\xbb\xbf{\"holidays\":[\"2028-10-01\",\"2027-10-01\","
                   "\"2027-01-01\"],\"workdays\":{\"2028-12-31\":1},"
                   "\"inLieuDays\":7}",
                   &err));
    assert_int_equal(w->count, 2);
    assert_int_equal(w->years[0].year, 2027);
    assert_int_equal(w->years[0].off[0], 1);
    assert_int_equal(w->years[1].year, 2028);
    assert_int_equal(w->years[1].on[45], 1 << 5); /* day 365 of a leap year */
    assert_ok(load(w, "{\"years\":[2030]}", &err));
    assert_int_equal(w->count, 1);
    assert_int_equal(w->years[0].year, 2030);
}

static void refused(struct world *w, const char *text, const char *says)
{
    struct xg_error err = XG_ERROR_NONE;
    struct world before = *w;

    assert_status(load(w, text, &err), XG_FORMAT);
    if (!strstr(xg_error_text(&err), says))
        fail_msg("\"%s\" does not say \"%s\"", xg_error_text(&err), says);
    assert_ptr_equal(before.years, w->years);
}

static void test_refused_days(void **state)
{
    struct world *w = *state;
    struct xg_error err = XG_ERROR_NONE;

    refused(w, "[]", "JSON object");
    refused(w, "{\n\"holidays\":{},\n", "line 3");
    refused(w, "{}", "no year");
    refused(w, "{\"holidays\":{\"2026-05-01\":1}}", "no year");
    refused(w, "{\"holidays\":{\"2026-10-01\":1,\"2025-12-31\":1}}",
            "2025-12-31 is of no year");
    refused(w, "{\"holidays\":{\"2026-10-01\":1,\"2026-02-29\":1}}",
            "\"2026-02-29\" is no day");
    refused(w, "{\"holidays\":{\"2026-10-01\":1,\"2026-1-1\":1}}", "no day");
    refused(w, "{\"years\":[2026],\"workdays\":[\"x\"]}", "\"x\" is no day");
    refused(w, "{\"years\":[2026],\"workdays\":[1]}", "\"workdays\"");
    refused(w, "{\"years\":[2026],\"holidays\":1}", "\"holidays\"");
    refused(w, "{\"years\":2026}", "\"years\"");
    refused(w, "{\"years\":[\"2026\"]}", "no year");
    refused(w,
            "{\"holidays\":{\"2026-10-01\":1},\"workdays\":{\"2026-10-01\":"
            "1}}",
            "both in holidays and in workdays");
    refused(w, "{\"holidays\":{\"2026-10-01\":1,\"2026-10-01\":1}}", "JSON");
    assert_status(
        xg_calendar_years_load(&w->years, &w->count, &w->arena,
                               xg_bytes("{", XG_CALENDAR_BYTES_MAX + 1), &err),
        XG_TOOBIG);
}

static void test_the_later_edition_of_a_year_wins(void **state)
{
    static const struct xg_calendar_year older[] = {{2024, {1}, {0}},
                                                    {2026, {1}, {0}}};
    static const struct xg_calendar_year newer[] = {
        {2025, {2}, {0}}, {2026, {2}, {0}}, {2027, {2}, {0}}};
    struct world *w = *state;
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(xg_calendar_years_join(&w->years, &w->count, &w->arena, older, 2,
                                     newer, 3, &err));
    assert_int_equal(w->count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(w->years[i].year, 2024 + (int)i);
        assert_int_equal(w->years[i].off[0], i ? 2 : 1);
    }
    assert_ok(xg_calendar_years_join(&w->years, &w->count, &w->arena, NULL, 0,
                                     NULL, 0, &err));
    assert_int_equal(w->count, 0);
}

static void test_office_hours(void **state)
{
    struct world *w = *state;
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(xg_office_hours_load(&w->hours, &w->arena,
                                   xg_bytes_of("上班,下班,开始日期,结束日期,"
                                               "时区\n"
                                               "8:30,12:00,,,+08:00\n"
                                               "14:30,18:00:00,6月1日,"
                                               "2026/9/30,\n"
                                               "14:00,17:30,10-01,5/31,"
                                               "+8:00\n"
                                               "19：00,24:00,12-01,02-29,\n"),
                                   &err));
    static const struct xg_office_span expected[] = {
        {101, 1231, 510, 720},
        {601, 930, 870, 1080},
        {1001, 531, 840, 1050},
        {1201, 229, 1140, 1440},
    };
    assert_int_equal(w->hours.zone_min, 480);
    assert_int_equal(w->hours.span_count, 4);
    assert_memory_equal(w->hours.spans, expected, sizeof expected);
    assert_ok(xg_office_hours_load(
        &w->hours, &w->arena,
        xg_bytes_of("open,close,zone\n09:00,17:00,-03:30\n"), &err));
    assert_int_equal(w->hours.zone_min, -210);
}

static void test_refused_hours(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"open,close\n", "no office hours"},
        {"open\n8:00\n", "lacks the column \"close\""},
        {"open,close\n8:00,\n", "may not be empty"},
        {"open,close\n8.00,9:00\n", "line 2, column \"open\": \"8.00\""},
        {"open,close\n8:60,9:00\n", "is no time"},
        {"open,close\n8:00,24:01\n", "is no time"},
        {"open,close\n22:00,06:00\n", "line 2, column \"close\": 06:00 is not"},
        {"open,close,from\n8:00,9:00,06-01\n", "neither"},
        {"open,close,from,to\n8:00,9:00,06-01,06-31\n", "\"06-31\" is no day"},
        {"open,close,from,to\n8:00,9:00,13-01,06-30\n", "\"13-01\" is no day"},
        {"open,close,zone\n8:00,9:00,19:00\n", "is no zone"},
        {"open,close,zone\n8:00,9:00,+08:00\n9:00,10:00,+09:00\n",
         "line 3, column \"zone\""},
        {"open,close\n8:00,12:00\n11:00,13:00\n", "overlaps line 2"},
        {"from,to,open,close\n06-01,09-30,8:00,12:00\n09-30,05-31,8:30,"
         "12:00\n",
         "overlaps line 2"},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct xg_error err = XG_ERROR_NONE;
        assert_status(xg_office_hours_load(&w->hours, &w->arena,
                                           xg_bytes_of(bad[i].text), &err),
                      XG_FORMAT);
        if (!strstr(xg_error_text(&err), bad[i].says))
            fail_msg("\"%s\" does not say \"%s\"", xg_error_text(&err),
                     bad[i].says);
    }
    assert_null(w->hours.spans);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_file_of_2026, begin, end),
        cmocka_unit_test_setup_teardown(test_shapes, begin, end),
        cmocka_unit_test_setup_teardown(test_refused_days, begin, end),
        cmocka_unit_test_setup_teardown(test_the_later_edition_of_a_year_wins,
                                        begin, end),
        cmocka_unit_test_setup_teardown(test_office_hours, begin, end),
        cmocka_unit_test_setup_teardown(test_refused_hours, begin, end),
    };

    xg_lang_thread(XG_LANG_EN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
