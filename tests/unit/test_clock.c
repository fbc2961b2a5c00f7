/* test_clock.c - clocks as a person and as a program reads them. */
#include "tests/lib/test.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/base/lang.h"
#include "shared/view/clock.h"
#include "tests/lib/calendar.h"

struct world {
    struct test_calendar calendar;
    struct xg_buf out;
};

static int begin(void **state)
{
    static struct world w;

    test_calendar(&w.calendar);
    w.out = XG_BUF(4096);
    *state = &w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;

    xg_buf_clear(&w->out);
    return 0;
}

/* Handling, from the limit to 2026-10-10 17:00, a working Saturday. */
static struct xg_clock clock_of(enum xg_limit_unit unit, int64_t milli)
{
    int64_t due = test_ms("2026-10-10 17:00");

    return (struct xg_clock){.stage = XG_STAGE_HANDLE,
                             .turn = 1,
                             .begun_by = 0,
                             .ended_by = XG_NONE,
                             .start_ms = test_ms("2026-10-08 09:00"),
                             .end_ms = XG_NO_TIME,
                             .limited = true,
                             .due_ms = due,
                             .due_plain_ms = due,
                             .limit = {unit, milli},
                             .climb = ""};
}

static void says(struct world *w, const struct xg_clock *c, const char *now,
                 const char *zh, const char *en)
{
    for (int lang = 0; lang < 2; lang++) {
        xg_lang_thread(lang ? XG_LANG_EN : XG_LANG_ZH);
        xg_buf_reset(&w->out);
        view_clock_line(&w->out, c, NULL, &w->calendar.calendar, test_ms(now));
        assert_string_equal(xg_buf_str(&w->out), lang ? en : zh);
    }
}

static void brief(struct world *w, const struct xg_clock *c, const char *now,
                  const char *zh)
{
    xg_lang_thread(XG_LANG_ZH);
    xg_buf_reset(&w->out);
    view_clock_brief(&w->out, c, &w->calendar.calendar, test_ms(now));
    assert_string_equal(xg_buf_str(&w->out), zh);
}

static void test_left_and_overdue(void **state)
{
    struct world *w = *state;
    struct xg_clock c = clock_of(XG_LIMIT_HOURS, 20000);

    says(w, &c, "2026-10-10 14:00", "处置 剩余 3 个工作时，2026-10-10 17:00 前",
         "handle: 3 working hours left, due 2026-10-10 17:00");
    says(w, &c, "2026-10-10 11:30",
         "处置 剩余 3.5 个工作时，2026-10-10 17:00 前",
         "handle: 3.5 working hours left, due 2026-10-10 17:00");
    says(w, &c, "2026-10-10 16:58",
         "处置 剩余不足 0.1 个工作时，2026-10-10 17:00 前",
         "handle: less than 0.1 working hours left, due 2026-10-10 17:00");
    /* by night no working time goes by, but it is over */
    says(w, &c, "2026-10-10 17:01",
         "处置 已超期不足 0.1 个工作时，应于 2026-10-10 17:00",
         "handle: less than 0.1 working hours overdue, was due 2026-10-10 "
         "17:00");
    says(w, &c, "2026-10-12 09:00",
         "处置 已超期 1 个工作时，应于 2026-10-10 17:00",
         "handle: 1 working hour overdue, was due 2026-10-10 17:00");
    brief(w, &c, "2026-10-10 14:00", "剩余 3 个工作时");
    brief(w, &c, "2026-10-12 09:00", "已超期 1 个工作时");

    c = clock_of(XG_LIMIT_DAYS, 3000);
    c.turn = 2;
    c.guessed = true;
    says(w, &c, "2026-10-13 17:00",
         "处置（第 2 次） 已超期 2 个工作日，应于 2026-10-10 17:00；"
         "暂按双休日推算",
         "handle (turn 2): 2 working days overdue, was due 2026-10-10 17:00; "
         "counted by weekends, there is no calendar of that year yet");
    c = clock_of(XG_LIMIT_URGENT, 4000);
    c.provisional = true;
    says(w, &c, "2026-10-10 16:40",
         "处置 剩余 20 分钟，2026-10-10 17:00 前；有记录尚未入日志，时间待定",
         "handle: 20 min left, due 2026-10-10 17:00; provisional, a record is "
         "not in the log yet");
    brief(w, &c, "2026-10-10 14:30", "剩余 2.5 小时");
    brief(w, &c, "2026-10-10 17:00:10", "已超期不足 1 分钟");
}

static void test_with_and_without_pauses(void **state)
{
    struct world *w = *state;
    struct xg_clock c = clock_of(XG_LIMIT_DAYS, 3000);

    c.paused = true;
    c.paused_left = 1500;
    c.paused_ms = 1;
    c.due_ms = XG_NO_TIME;
    says(w, &c, "2026-10-13 17:00",
         "处置 已暂停，剩余 1.5 个工作日；如果不算暂停和延期，则超期 2 个工作日",
         "handle: paused, 1.5 working days left; without pauses and "
         "extensions 2 working days overdue");
    brief(w, &c, "2026-10-13 17:00", "已暂停");
    c.paused_left = -1000;
    says(w, &c, "2026-10-09 17:00",
         "处置 已暂停，此前超期 1 个工作日；如果不算暂停和延期，则剩余 1 个工作日",
         "handle: paused, 1 working day overdue; without pauses and "
         "extensions 1 working day left");
    c = clock_of(XG_LIMIT_DAYS, 3000);
    c.extended = true;
    c.due_ms = test_ms("2026-10-14 17:30");
    says(w, &c, "2026-10-13 17:00",
         "处置 剩余 1 个工作日，2026-10-14 17:30 前；已延期；"
         "如果不算暂停和延期，则超期 2 个工作日",
         "handle: 1 working day left, due 2026-10-14 17:30; extended; without "
         "pauses and extensions 2 working days overdue");
}

static void test_ended_and_unlimited(void **state)
{
    struct world *w = *state;
    struct xg_clock c = clock_of(XG_LIMIT_HOURS, 20000);

    c.ended_by = 3;
    c.end_ms = test_ms("2026-10-10 15:30");
    says(w, &c, "2027-01-01 00:00", "处置 按时，提前 1.5 个工作时",
         "handle: on time, 1.5 working hours early");
    brief(w, &c, "2027-01-01 00:00", "按时");
    c.end_ms = test_ms("2026-10-12 09:30");
    says(w, &c, "2027-01-01 00:00", "处置 完成本环节时超期 1.5 个工作时",
         "handle: ended 1.5 working hours late");
    brief(w, &c, "2027-01-01 00:00", "已超期 1.5 个工作时");
    c.limited = false;
    c.due_ms = c.due_plain_ms = XG_NO_TIME;
    says(w, &c, "2027-01-01 00:00", "处置 未设时限，用时 4 天 0 小时",
         "handle: no limit, took 4 d 0 h");
    c.ended_by = XG_NONE;
    says(w, &c, "2026-10-08 11:05", "处置 未设时限，已 2 小时 5 分",
         "handle: no limit, for 2 h 5 min");
    brief(w, &c, "2026-10-08 11:05", "");
    /* a clock that lags */
    says(w, &c, "2026-10-08 08:00", "处置 未设时限，已 0 秒",
         "handle: no limit, for 0 s");
}

static void test_the_one_that_a_list_shows(void **state)
{
    struct xg_clock c[4];

    (void)state;
    assert_null(view_clock_main(NULL, 0));
    for (int i = 0; i < 4; i++)
        c[i] = clock_of(XG_LIMIT_HOURS, 20000);
    c[0].ended_by = 1; /* over and done */
    c[0].due_ms -= 1000;
    c[1].limited = false;
    c[1].due_ms = XG_NO_TIME;
    c[2].paused = true;
    c[2].due_ms = XG_NO_TIME;
    assert_null(view_clock_main(c, 1));
    assert_ptr_equal(view_clock_main(c, 2), &c[1]);
    assert_ptr_equal(view_clock_main(c, 3), &c[2]);
    assert_ptr_equal(view_clock_main(c, 4), &c[3]);
    c[1] = c[3];
    c[1].due_ms--;
    assert_ptr_equal(view_clock_main(c, 4), &c[1]);
}

static void test_json_keys_are_stable(void **state)
{
    struct world *w = *state;
    struct xg_clock c[2] = {clock_of(XG_LIMIT_HOURS, 20000),
                            clock_of(XG_LIMIT_DAYS, 1000)};

    c[0].unit = xg_bytes_of("U1");
    c[0].climb = "street";
    c[1].stage = XG_STAGE_FILE;
    c[1].limited = false;
    c[1].due_ms = c[1].due_plain_ms = XG_NO_TIME;
    c[1].ended_by = 2;
    c[1].end_ms = test_ms("2026-10-09 09:00");
    json_t *array = view_clocks_json(c, 2, NULL, &w->calendar.calendar,
                                     test_ms("2026-10-12 09:00"));
    /* In words: the same as on a terminal. */
    for (size_t i = 0; i < 2; i++) {
        struct xg_buf words = XG_BUF(512);
        json_t *one = json_array_get(array, i);
        view_clock_brief(&words, &c[i], &w->calendar.calendar,
                         test_ms("2026-10-12 09:00"));
        assert_string_equal(json_string_value(json_object_get(one, "text")),
                            xg_buf_str(&words));
        xg_buf_reset(&words);
        view_clock_line(&words, &c[i], NULL, &w->calendar.calendar,
                        test_ms("2026-10-12 09:00"));
        assert_string_equal(json_string_value(json_object_get(one, "line")),
                            xg_buf_str(&words));
        xg_buf_clear(&words);
        json_object_del(one, "text");
        json_object_del(one, "line");
    }
    char *text = json_dumps(array, JSON_COMPACT);
    assert_string_equal(
        text, "[{\"stage\":\"handle\",\"turn\":1,"
              "\"start\":\"2026-10-08T01:00:00.000Z\","
              "\"due\":\"2026-10-10T09:00:00.000Z\","
              "\"due_plain\":\"2026-10-10T09:00:00.000Z\",\"ended\":null,"
              "\"light\":\"red\",\"overdue\":true,\"left\":-1000,"
              "\"left_plain\":-1000,\"unit\":\"hours\",\"paused\":false,"
              "\"paused_ms\":0,\"extended\":false,\"guessed\":false,"
              "\"provisional\":false,\"with\":\"U1\",\"level\":null},"
              "{\"stage\":\"file\",\"turn\":1,"
              "\"start\":\"2026-10-08T01:00:00.000Z\",\"due\":null,"
              "\"due_plain\":null,\"ended\":\"2026-10-09T01:00:00.000Z\","
              "\"light\":\"none\",\"overdue\":false,\"left\":null,"
              "\"left_plain\":null,\"unit\":null,\"paused\":false,"
              "\"paused_ms\":0,\"extended\":false,\"guessed\":false,"
              "\"provisional\":false,\"with\":null,\"level\":null}]");
    free(text);
    json_decref(array);
}

static void test_lights(void **state)
{
    struct world *w = *state;
    struct xg_clock c = clock_of(XG_LIMIT_HOURS, 20000);
    static const struct {
        const char *now, *name;
    } at[] = {
        {"2026-10-09 14:00", "green"},
        {"2026-10-10 11:00", "yellow"}, /* four of twenty hours */
        {"2026-10-10 10:00", "green"},  /* a quarter is not less */
        {"2026-10-10 17:00", "yellow"},
        {"2026-10-10 17:01", "red"},
    };

    for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        assert_string_equal(view_light_name(xg_clock_light(
                                &c, &w->calendar.calendar, test_ms(at[i].now))),
                            at[i].name);
    xg_lang_thread(XG_LANG_ZH);
    assert_string_equal(view_light_label(XG_LIGHT_RED), "红灯");
    assert_string_equal(view_light_label(XG_LIGHT_NONE), "无");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_left_and_overdue, begin, end),
        cmocka_unit_test_setup_teardown(test_with_and_without_pauses, begin,
                                        end),
        cmocka_unit_test_setup_teardown(test_ended_and_unlimited, begin, end),
        cmocka_unit_test(test_the_one_that_a_list_shows),
        cmocka_unit_test_setup_teardown(test_json_keys_are_stable, begin, end),
        cmocka_unit_test_setup_teardown(test_lights, begin, end),
    };

    setenv("TZ", "CST-8", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
