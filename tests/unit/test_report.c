/* test_report.c - figures over rows: who counts, in which period, in time or
 * not; each special case by its name in docs/figures.md. */
#include "tests/lib/test.h"

#include <string.h>

#include "server/report/report.h"
#include "shared/core/loop.h"

#define DAY REPORT_DAY_MS
#define NOW (100 * DAY)

/* A case that came on the day, and nothing else. */
static struct report_case row_of(uint8_t name, int64_t day)
{
    const struct report_term none = {.done_ms = XG_NO_TIME,
                                     .broke_ms = XG_NO_TIME,
                                     .runs_ms = XG_NO_TIME,
                                     .resumes_ms = XG_NO_TIME,
                                     .plain_broke_ms = XG_NO_TIME,
                                     .plain_runs_ms = XG_NO_TIME};
    struct report_case r = {.kind = XG_KIND_INCIDENT,
                            .status = XG_STATUS_REPORTED,
                            .unit = xg_bytes_of("u"),
                            .holder = xg_bytes_of(""),
                            .level = xg_bytes_of(""),
                            .settled = xg_bytes_of(""),
                            .category = xg_bytes_of("hole"),
                            .received_ms = day * DAY,
                            .filed_ms = XG_NO_TIME,
                            .dispatched_ms = XG_NO_TIME,
                            .returned_ms = XG_NO_TIME,
                            .reworked_ms = XG_NO_TIME,
                            .settled_ms = XG_NO_TIME,
                            .reopened_ms = XG_NO_TIME,
                            .touched_ms = day * DAY,
                            .file = none,
                            .handle = none,
                            .close = none,
                            .report_in = none};

    memset(r.id.b, name, sizeof r.id.b);
    r.group = r.id;
    return r;
}

static struct report_case closed_on(uint8_t name, int64_t day)
{
    struct report_case r = row_of(name, day - 1);

    r.way = REPORT_CLOSED;
    r.status = XG_STATUS_CLOSED;
    r.filed_ms = r.received_ms;
    r.settled_ms = day * DAY;
    return r;
}

enum { MOST = 16 };
struct scene {
    struct report_case rows[MOST];
    enum report_fate fates[MOST];
    struct report_set set;
};

/* One whose group another shares is in one. */
static void decide(struct scene *s, size_t count)
{
    struct xg_error err = XG_ERROR_NONE;

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count; k++)
            s->rows[i].grouped |=
                i != k && xg_id_equal(&s->rows[i].group, &s->rows[k].group);

    s->set = (struct report_set){
        .rows = s->rows, .fates = s->fates, .count = count, .now_ms = NOW};
    assert_ok(report_decide(&s->set, &err));
}

/* Numerator and denominator of a figure in [from, to) days. */
static void assert_figure(struct scene *s, const char *name, int64_t from,
                          int64_t to, uint64_t numerator, uint64_t denominator)
{
    const struct report_asked asked = {.figure = report_figure_named(name),
                                       .from_ms = from * DAY,
                                       .to_ms = to * DAY};
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct report_answer a;

    assert_non_null(asked.figure);
    assert_ok(report_compute(&a, &arena, &s->set, &asked, &err));
    assert_int_equal(a.numerator, numerator);
    assert_int_equal(a.denominator, denominator);
    xg_arena_clear(&arena);
}

static void test_a_denominator_of_zero_has_no_value(void **unused)
{
    uint64_t value = 7;

    (void)unused;
    assert_false(report_value(&value, 0, 0));
    assert_int_equal(value, 7);
    assert_true(report_value(&value, 0, 3));
    assert_int_equal(value, 0);
}

static void test_only_all_of_them_are_all(void **unused)
{
    uint64_t value;

    (void)unused;
    assert_true(report_value(&value, 59999, 60000));
    assert_int_equal(value, 9999);
    assert_true(report_value(&value, 60000, 60000));
    assert_int_equal(value, 10000);
    assert_true(report_value(&value, 1, 3));
    assert_int_equal(value, 3333);
    assert_true(report_value(&value, UINT64_MAX, UINT64_MAX));
    assert_int_equal(value, 10000);
}

static void test_a_period_has_its_first_moment_and_not_its_last(void **unused)
{
    struct scene s = {0};

    (void)unused;
    s.rows[0] = row_of(1, 10);
    s.rows[1] = row_of(2, 11);
    decide(&s, 2);
    assert_figure(&s, "received", 10, 11, 1, 0);
    assert_figure(&s, "received", 10, 12, 2, 0);
    assert_figure(&s, "received", 0, 10, 0, 0);
}

static void test_withdrawn_and_voided_count_nowhere_else(void **unused)
{
    struct scene s = {0};

    (void)unused;
    s.rows[0] = row_of(1, 10);
    s.rows[1] = row_of(2, 10);
    s.rows[1].way = REPORT_VOIDED;
    s.rows[2] = row_of(3, 10);
    s.rows[2].way = REPORT_WITHDRAWN;
    s.rows[2].close.limited = true;
    s.rows[2].close.runs_ms = 11 * DAY;
    decide(&s, 3);
    assert_figure(&s, "received", 10, 11, 1, 0);
    assert_figure(&s, "open", 0, 1, 1, 0);
    assert_figure(&s, "overdue_now", 0, 1, 0, 1);
    assert_figure(&s, "closed_in_time", 0, 99, 0, 0);
    assert_figure(&s, "voided", 10, 11, 1, 0);
    assert_figure(&s, "withdrawn", 10, 11, 1, 0);
    assert_figure(&s, "linked", 10, 11, 0, 2);
}

static void test_linked_ones_are_one_case(void **unused)
{
    struct scene s = {0};

    (void)unused;
    s.rows[0] = row_of(9, 8); /* the first to come */
    s.rows[1] = closed_on(5, 12);
    s.rows[2] = row_of(7, 10);
    s.rows[2].way = REPORT_VOIDED;
    s.rows[3] = row_of(6, 6);
    s.rows[3].way = REPORT_WITHDRAWN;
    for (size_t i = 0; i < 4; i++)
        s.rows[i].group = s.rows[1].id;
    decide(&s, 4);
    /* the filed one counts, from when the first was received that counts */
    assert_int_equal(s.fates[0], REPORT_LINKED);
    assert_int_equal(s.fates[1], REPORT_COUNTS);
    assert_int_equal(s.fates[2], REPORT_LINKED);
    assert_int_equal(s.fates[3], REPORT_TAKEN_BACK);
    assert_int_equal(s.rows[1].received_ms, 8 * DAY);
    assert_figure(&s, "received", 0, 99, 1, 0);
    assert_figure(&s, "closed", 12, 13, 1, 0);
    assert_figure(&s, "open", 0, 1, 0, 0);
    assert_figure(&s, "linked", 0, 99, 2, 3);
}

static void test_who_counts_for_a_group(void **unused)
{
    struct scene s = {0};

    (void)unused;
    /* none filed: settled before open; both open: the earlier; then the id */
    s.rows[0] = row_of(3, 5);
    s.rows[1] = row_of(2, 9);
    s.rows[1].way = REPORT_SELF_HANDLED;
    s.rows[1].settled_ms = 9 * DAY;
    s.rows[0].group = s.rows[1].group = s.rows[1].id;
    s.rows[2] = row_of(8, 5);
    s.rows[3] = row_of(7, 5);
    s.rows[4] = row_of(9, 4);
    s.rows[2].group = s.rows[3].group = s.rows[3].id;
    decide(&s, 5);
    assert_int_equal(s.fates[0], REPORT_LINKED);
    assert_int_equal(s.fates[1], REPORT_COUNTS);
    assert_int_equal(s.fates[2], REPORT_LINKED);
    assert_int_equal(s.fates[3], REPORT_COUNTS);
    assert_int_equal(s.fates[4], REPORT_COUNTS);
}

static void test_a_group_of_nothing_but_errors_counts_nothing(void **unused)
{
    struct scene s = {0};

    (void)unused;
    s.rows[0] = row_of(1, 5);
    s.rows[0].way = REPORT_VOIDED;
    s.rows[1] = row_of(2, 5);
    s.rows[1].way = REPORT_WITHDRAWN;
    s.rows[1].group = s.rows[0].id;
    decide(&s, 2);
    assert_int_equal(s.fates[0], REPORT_IS_VOID);
    assert_int_equal(s.fates[1], REPORT_TAKEN_BACK);
    assert_figure(&s, "linked", 0, 99, 0, 1);
}

/* ---- in time ---- */

static void test_late_counts_when_the_limit_ran_out_done_or_not(void **unused)
{
    struct scene s = {0};

    (void)unused;
    s.rows[0] = row_of(1, 1); /* runs, due on day 20: over */
    s.rows[0].handle.limited = true;
    s.rows[0].handle.runs_ms = s.rows[0].handle.plain_runs_ms = 20 * DAY;
    s.rows[1] = row_of(2, 1); /* done on day 30, due on day 21 */
    s.rows[1].handle.limited = true;
    s.rows[1].handle.broke_ms = s.rows[1].handle.plain_broke_ms = 21 * DAY;
    s.rows[1].handle.done_ms = 30 * DAY;
    s.rows[2] = row_of(3, 1); /* done on day 30, in time */
    s.rows[2].handle.limited = true;
    s.rows[2].handle.done_ms = 30 * DAY;
    s.rows[3] = row_of(4, 1); /* runs, and has time */
    s.rows[3].handle.limited = true;
    s.rows[3].handle.runs_ms = s.rows[3].handle.plain_runs_ms = NOW;
    s.rows[4] = row_of(5, 1); /* no limit */
    s.rows[4].handle.done_ms = 30 * DAY;
    decide(&s, 5);
    assert_figure(&s, "handled_in_time", 20, 21, 0, 1);
    assert_figure(&s, "handled_in_time", 21, 22, 0, 1);
    assert_figure(&s, "handled_in_time", 30, 31, 1, 1);
    assert_figure(&s, "handled_in_time", 0, 99, 1, 3);
    /* weeks add up to the month */
    for (int64_t day = 0; day < 120; day++)
        if (day != 20 && day != 21 && day != 30)
            assert_figure(&s, "handled_in_time", day, day + 1, 0, 0);
}

static void test_a_pause_is_told_with_and_without(void **unused)
{
    struct scene s = {0};

    (void)unused;
    s.rows[0] = row_of(1, 1);
    s.rows[0].handle.limited = s.rows[0].close.limited = true;
    s.rows[0].handle.runs_ms = s.rows[0].close.runs_ms = 90 * DAY;
    s.rows[0].handle.plain_runs_ms = 20 * DAY;
    s.rows[0].handle.resumes_ms = s.rows[0].close.resumes_ms = NOW + 1;
    decide(&s, 1);
    /* it stands still: not overdue, though its due is past */
    assert_figure(&s, "handled_in_time", 0, 120, 0, 0);
    assert_figure(&s, "handled_in_time_plain", 20, 21, 0, 1);
    assert_figure(&s, "overdue_now", 0, 1, 0, 1);
    s.rows[0].handle.resumes_ms = s.rows[0].close.resumes_ms = NOW;
    assert_figure(&s, "handled_in_time", 90, 91, 0, 1);
    assert_figure(&s, "overdue_now", 0, 1, 1, 1);
}

static void test_a_whistle_that_waits_is_overdue(void **unused)
{
    struct scene s = {0};

    (void)unused;
    s.rows[0] = row_of(1, 1);
    s.rows[0].report_in.limited = true;
    s.rows[0].report_in.runs_ms = NOW - 1;
    decide(&s, 1);
    assert_figure(&s, "overdue_now", 0, 1, 1, 1);
    assert_figure(&s, "reported_in_in_time", 99, 100, 0, 1);
    s.rows[0].report_in.runs_ms = NOW; /* due now: not over yet */
    assert_figure(&s, "overdue_now", 0, 1, 0, 1);
}

static void test_self_handled_is_closed_and_raises_no_rate(void **unused)
{
    struct scene s = {0};

    (void)unused;
    s.rows[0] = closed_on(1, 12);
    s.rows[0].settled = xg_bytes_of("village");
    s.rows[1] = row_of(2, 12);
    s.rows[1].way = REPORT_SELF_HANDLED;
    s.rows[1].settled_ms = 12 * DAY;
    decide(&s, 2);
    assert_figure(&s, "closed", 12, 13, 2, 0);
    assert_figure(&s, "self_handled", 12, 13, 1, 2);
    assert_figure(&s, "settled_level", 12, 13, 1, 0);
    assert_figure(&s, "rework", 12, 13, 0, 1);
}

static void test_returned_in_one_week_and_sent_out_in_the_next(void **unused)
{
    struct scene s = {0};

    (void)unused;
    s.rows[0] = row_of(1, 1);
    s.rows[0].returned_ms = 10 * DAY;
    s.rows[0].dispatched_ms = 17 * DAY;
    decide(&s, 1);
    assert_figure(&s, "returned", 7, 14, 1, 1);
    assert_figure(&s, "returned", 14, 21, 0, 1);
    assert_figure(&s, "returned", 7, 21, 1, 1);
}

/* ---- rows of a figure ---- */

static void test_shares_of_a_figure_are_of_all_of_it(void **unused)
{
    struct report_asked asked = {.figure = report_figure_named("by_category"),
                                 .by = REPORT_BY_CATEGORY,
                                 .to_ms = NOW};
    struct xg_bytes places[5];
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct report_answer a;
    struct scene s = {0};
    static const char *const names[] = {"hole", "lamp", "hole", "", "tree"};

    (void)unused;
    for (uint8_t i = 0; i < 5; i++) {
        s.rows[i] = row_of(i + 1, 1);
        s.rows[i].category = xg_bytes_of(names[i]);
        places[i] = s.rows[i].unit;
    }
    places[4] = xg_bytes(NULL, 0); /* elsewhere */
    decide(&s, 5);
    s.set.places = places;
    assert_ok(report_compute(&a, &arena, &s.set, &asked, &err));
    assert_int_equal(a.numerator, 4);
    assert_int_equal(a.row_count, 3);
    assert_int_equal(a.rows[0].key.len, 0); /* not told: a row of its own */
    assert_int_equal(a.rows[1].numerator, 2);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(a.rows[i].denominator, 4);
    xg_arena_clear(&arena);
}

/* ---- days, bytes ---- */

static void test_days_are_those_of_china(void **unused)
{
    char text[REPORT_DAY_TEXT];
    int64_t begins;

    (void)unused;
    assert_true(report_day_read(&begins, "1970-01-02"));
    assert_int_equal(begins, DAY - 8 * 3600000);
    assert_int_equal(report_day_text(text, begins), begins);
    assert_string_equal(text, "1970-01-02");
    assert_int_equal(report_day_text(text, begins + DAY - 1), begins);
    assert_true(report_day_read(&begins, "2028-02-29"));
    for (const char *const *bad =
             (const char *const[]){"2026-02-29", "2026-2-1", "",
                                   "2026-10-01T00:00", NULL};
         *bad; bad++)
        assert_false(report_day_read(&begins, *bad));
}

static void test_a_row_comes_back_from_its_bytes(void **unused)
{
    struct report_case row = closed_on(3, 12), back = {.number = 5};
    struct xg_buf bytes = XG_BUF(4096), again = XG_BUF(4096);

    (void)unused;
    row.returns = 2;
    row.settled = xg_bytes_of("village");
    row.handle.limited = row.handle.guessed = true;
    row.handle.resumes_ms = INT64_MAX;
    report_case_put(&bytes, &row);
    assert_true(report_case_get(&back, xg_buf_bytes(&bytes)));
    assert_int_equal(back.number, 5);
    assert_int_equal(back.way, REPORT_CLOSED);
    assert_int_equal(back.returns, 2);
    assert_true(back.handle.guessed && !back.file.limited);
    assert_true(xg_bytes_equal(back.settled, row.settled));
    report_case_put(&again, &back);
    assert_true(xg_bytes_equal(xg_buf_bytes(&again), xg_buf_bytes(&bytes)));
    /* cut anywhere, or with something behind: refused */
    for (size_t n = 0; n < bytes.len; n++)
        assert_false(report_case_get(&back, xg_bytes(bytes.data, n)));
    xg_buf_byte(&bytes, 0);
    assert_false(report_case_get(&back, xg_buf_bytes(&bytes)));
    xg_buf_clear(&bytes);
    xg_buf_clear(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_denominator_of_zero_has_no_value),
        cmocka_unit_test(test_only_all_of_them_are_all),
        cmocka_unit_test(test_a_period_has_its_first_moment_and_not_its_last),
        cmocka_unit_test(test_withdrawn_and_voided_count_nowhere_else),
        cmocka_unit_test(test_linked_ones_are_one_case),
        cmocka_unit_test(test_who_counts_for_a_group),
        cmocka_unit_test(test_a_group_of_nothing_but_errors_counts_nothing),
        cmocka_unit_test(test_late_counts_when_the_limit_ran_out_done_or_not),
        cmocka_unit_test(test_a_pause_is_told_with_and_without),
        cmocka_unit_test(test_a_whistle_that_waits_is_overdue),
        cmocka_unit_test(test_self_handled_is_closed_and_raises_no_rate),
        cmocka_unit_test(test_returned_in_one_week_and_sent_out_in_the_next),
        cmocka_unit_test(test_shares_of_a_figure_are_of_all_of_it),
        cmocka_unit_test(test_days_are_those_of_china),
        cmocka_unit_test(test_a_row_comes_back_from_its_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
