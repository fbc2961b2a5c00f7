/* test_deadline.c - the clocks of cases whose histories are written here move
 * by move, on the official calendar of 2026. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/env.h"
#include "shared/core/deadline.h"
#include "tests/lib/calendar.h"
#include "tests/lib/device.h"

enum { PEOPLE = 3, OPS_MAX = 48 };

/* Who writes: one of the grid, one at the desk, an office above; roles are set
 * by the move. */
struct run {
    struct xg_arena arena;
    struct test_world world;
    struct test_device *devices[PEOPLE];
    struct xg_op ops[OPS_MAX];
    struct xg_when whens[OPS_MAX];
    size_t count;
    struct xg_id id;
    struct xg_state state;
    struct test_calendar calendar;
    struct xg_limits limits;
    struct xg_clock *clocks;
    size_t clock_count;
};

static const uint8_t registrar[32] = {7};
static const char *const codes[PEOPLE] = {"li", "wang", "zhao"};

static struct xg_limit days(int64_t n)
{
    return (struct xg_limit){XG_LIMIT_DAYS, n * 1000};
}

static struct xg_limit hours(int64_t n)
{
    return (struct xg_limit){XG_LIMIT_HOURS, n * 1000};
}

static void fold(struct run *r)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(
        xg_merge(&r->state, &r->arena, &r->id, r->ops, r->count, NULL, &err));
}

static void keep(struct run *r, int who, uint32_t role,
                 const struct xg_record *record)
{
    assert_true(r->count < OPS_MAX);
    r->whens[r->count] = (struct xg_when){0, XG_WALL_MS_MAX};
    r->ops[r->count++] = (struct xg_op){.record = record,
                                        .branch = &r->devices[who]->branch,
                                        .seq = r->devices[who]->count - 1,
                                        .rank = xg_role_find(role)->rank,
                                        .role = role,
                                        .author = codes[who]};
}

/* 2026-03-10 is a Tuesday. */
static void start_case(struct run *r, enum xg_kind_number kind,
                       const char *when)
{
    struct xg_draft draft;

    *r = (struct run){.arena = XG_ARENA(32 << 20),
                      .world = {.seed = 3, .boot = 1}};
    r->world.wall_ms = test_ms(when);
    test_calendar(&r->calendar);
    r->limits.stages[XG_STAGE_ACCEPT] =
        (struct xg_stage_limit){.has = true, .limit = hours(2)};
    r->limits.stages[XG_STAGE_SIGN] =
        (struct xg_stage_limit){.has = true, .limit = hours(4)};
    r->limits.stages[XG_STAGE_HANDLE] = (struct xg_stage_limit){
        .has = true, .limit = days(3), .climb = "street"};
    for (size_t i = 0; i < PEOPLE; i++) {
        char name[40];
        snprintf(name, sizeof name, "log.example/d/%04zu", i + 1);
        r->devices[i] = test_device_new(&r->arena, &r->world, name,
                                        "log.example", registrar);
    }
    xg_draft_init(&draft, &r->arena, kind);
    if (kind == XG_KIND_INCIDENT) {
        test_text(&draft, XG_INCIDENT_CATEGORY, "noise");
    } else {
        test_text(&draft, 12, "清理楼道");
        test_text(&draft, XG_CASE_UNIT, "U7");
    }
    const struct xg_record *first = test_write(r->devices[0], &draft, NULL);
    r->id = xg_record_entity(first);
    keep(r, 0, kind == XG_KIND_TASK ? XG_ROLE_DISPATCHER : XG_ROLE_WORKER,
         first);
    fold(r);
}

static void finish(struct run *r)
{
    for (size_t i = 0; i < PEOPLE; i++)
        test_device_free(r->devices[i]);
    xg_arena_clear(&r->arena);
}

static void fill(struct run *r, struct xg_draft *draft, uint32_t number,
                 const char *say)
{
    const struct xg_field *f = xg_field_find(r->state.kind, number);

    if (f->type == XG_TYPE_UINT || f->type == XG_TYPE_ENUM)
        test_uint(draft, number, 1);
    else if (f->type == XG_TYPE_TIME)
        test_uint(draft, number, (uint64_t)test_ms(say));
    else if (f->merge == XG_MERGE_SET)
        test_add_text(draft, number, say);
    else
        test_text(draft, number, say);
}

/* The move, at that time, by whoever may; each field that it needs says `say`,
 * a time `until`. It must take effect. */
static void act(struct run *r, int who, enum xg_move_number move,
                const char *when, const char *say, const char *until)
{
    const struct xg_transition *t = xg_transition_find(r->state.status, move);
    struct xg_draft draft;
    uint32_t role = XG_ROLE_DISPATCHER;

    assert_non_null(t);
    r->world.wall_ms = test_ms(when);
    xg_draft_init(&draft, &r->arena, r->state.kind->number);
    draft.head.move = move;
    draft.head.from = r->state.status;
    for (const struct xg_need *n = xg_needs; n->bit; n++)
        if (t->needs & n->bit & XG_NEED_HARD && n->field)
            fill(r, &draft, n->field,
                 n->field == XG_CASE_UNTIL || n->field == XG_CASE_REPORT_BY
                     ? until
                     : say);
    if (!(t->who & XG_ROLE_BIT(role)))
        role = XG_ROLE_WORKER;
    assert_true(t->who & XG_ROLE_BIT(role));
    keep(r, who, role, test_write(r->devices[who], &draft, &r->state));
    fold(r);
    if (r->state.effects[r->count - 1] != XG_EFFECT_FULL)
        fail_msg("move %d: %s", (int)move, r->state.reasons[r->count - 1]);
}

static void clocks_at(struct run *r, const char *now)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(xg_clocks_of(&r->clocks, &r->clock_count, &r->arena, &r->state,
                           r->whens, &r->limits, &r->calendar.calendar,
                           test_ms(now), &err));
}

static const struct xg_clock *clock_of(struct run *r, enum xg_stage stage,
                                       uint32_t turn)
{
    size_t i = 0;

    while (i < r->clock_count &&
           (r->clocks[i].stage != stage || r->clocks[i].turn != turn))
        i++;
    if (i == r->clock_count)
        fail_msg("no clock of stage %d, turn %u", (int)stage, (unsigned)turn);
    return &r->clocks[i];
}

static void assert_time(int64_t ms, const char *expected)
{
    char text[64];

    if (!expected)
        assert_true(ms == XG_NO_TIME);
    else if (ms != test_ms(expected))
        fail_msg("%s, not %s",
                 ms == XG_NO_TIME ? "none" : test_text_of_ms(text, ms),
                 expected);
}

/* `due`, `ended` NULL: none. */
static void assert_clock(struct run *r, enum xg_stage stage, uint32_t turn,
                         const char *start, const char *due, const char *ended)
{
    const struct xg_clock *c = clock_of(r, stage, turn);

    assert_time(c->start_ms, start);
    assert_time(c->due_ms, due);
    assert_time(c->end_ms, ended);
    assert_int_equal(c->ended_by == XG_NONE, ended == NULL);
    assert_false(c->provisional);
}

static void to_handling(struct run *r)
{
    start_case(r, XG_KIND_INCIDENT, "2026-03-10 09:00");
    act(r, 1, XG_MOVE_ACCEPT, "2026-03-10 09:30", "", "");
    act(r, 1, XG_MOVE_FILE, "2026-03-10 10:00", "", "");
    act(r, 1, XG_MOVE_DISPATCH, "2026-03-10 10:00", "U1", "");
    act(r, 2, XG_MOVE_SIGN, "2026-03-10 11:00", "", "");
}

static void test_every_stage_along_the_line(void **state)
{
    struct run r;

    (void)state;
    to_handling(&r);
    clocks_at(&r, "2026-03-10 12:00");
    assert_int_equal(r.clock_count, 5);
    assert_clock(&r, XG_STAGE_ACCEPT, 1, "2026-03-10 09:00", "2026-03-10 11:00",
                 "2026-03-10 09:30");
    assert_clock(&r, XG_STAGE_FILE, 1, "2026-03-10 09:30", NULL,
                 "2026-03-10 10:00");
    assert_false(clock_of(&r, XG_STAGE_FILE, 1)->limited);
    assert_clock(&r, XG_STAGE_DISPATCH, 1, "2026-03-10 10:00", NULL,
                 "2026-03-10 10:00");
    assert_clock(&r, XG_STAGE_SIGN, 1, "2026-03-10 10:00", "2026-03-10 16:00",
                 "2026-03-10 11:00");
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 10:00", "2026-03-13 10:00",
                 NULL);
    const struct xg_clock *c = clock_of(&r, XG_STAGE_HANDLE, 1);
    assert_true(xg_bytes_equal(c->unit, xg_bytes_of("U1")));
    assert_int_equal(c->level.len, 0);
    assert_string_equal(c->climb, "street");
    assert_int_equal(clock_of(&r, XG_STAGE_ACCEPT, 1)->unit.len, 0);

    act(&r, 2, XG_MOVE_FINISH, "2026-03-12 16:00", "已劝离", "");
    act(&r, 1, XG_MOVE_CLOSE, "2026-03-13 09:00", "grid", "");
    clocks_at(&r, "2026-04-01 09:00");
    assert_int_equal(r.clock_count, 6);
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 10:00", "2026-03-13 10:00",
                 "2026-03-12 16:00");
    assert_clock(&r, XG_STAGE_INSPECT, 1, "2026-03-12 16:00", NULL,
                 "2026-03-13 09:00");

    act(&r, 1, XG_MOVE_REOPEN, "2026-03-20 09:00", "又响了", "");
    clocks_at(&r, "2026-04-01 09:00");
    assert_clock(&r, XG_STAGE_FILE, 2, "2026-03-20 09:00", NULL, NULL);

    /* Until it is filed again it goes by the catalogue of the first time. */
    uint32_t first = clock_of(&r, XG_STAGE_FILE, 1)->ended_by;
    assert_int_equal(xg_filing_of(&r.state), first);
    act(&r, 1, XG_MOVE_FILE, "2026-03-20 10:00", "", "");
    assert_int_equal(xg_filing_of(&r.state), r.count - 1);
    assert_int_not_equal(first, r.count - 1);
    finish(&r);
}

static void test_handling_may_start_with_the_signature(void **state)
{
    struct run r;

    (void)state;
    to_handling(&r);
    r.limits.stages[XG_STAGE_HANDLE].from_signing = true;
    clocks_at(&r, "2026-03-10 12:00");
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 11:00", "2026-03-13 11:00",
                 NULL);
    assert_int_equal(clock_of(&r, XG_STAGE_HANDLE, 1)->begun_by, 4);
    finish(&r);
}

static void test_refusing_stops_no_clock_and_rework_begins_one(void **state)
{
    struct run r;

    (void)state;
    start_case(&r, XG_KIND_INCIDENT, "2026-03-10 09:00");
    act(&r, 1, XG_MOVE_ACCEPT, "2026-03-10 09:30", "", "");
    act(&r, 1, XG_MOVE_FILE, "2026-03-10 10:00", "", "");
    act(&r, 1, XG_MOVE_DISPATCH, "2026-03-10 10:00", "U1", "");
    act(&r, 2, XG_MOVE_RETURN, "2026-03-10 16:00", "D3", "");
    act(&r, 1, XG_MOVE_DISPATCH, "2026-03-11 09:00", "U2", "");
    act(&r, 2, XG_MOVE_SIGN, "2026-03-11 10:00", "", "");
    act(&r, 2, XG_MOVE_FINISH, "2026-03-12 10:00", "完成", "");
    act(&r, 1, XG_MOVE_REWORK, "2026-03-12 17:00", "没有处理干净", "");
    clocks_at(&r, "2026-03-13 09:00");
    assert_clock(&r, XG_STAGE_SIGN, 1, "2026-03-10 10:00", "2026-03-10 16:00",
                 "2026-03-10 16:00");
    assert_clock(&r, XG_STAGE_SIGN, 2, "2026-03-11 09:00", "2026-03-11 15:00",
                 "2026-03-11 10:00");
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 10:00", "2026-03-13 10:00",
                 "2026-03-12 10:00");
    assert_clock(&r, XG_STAGE_DISPATCH, 2, "2026-03-10 16:00", NULL,
                 "2026-03-11 09:00");
    assert_clock(&r, XG_STAGE_INSPECT, 1, "2026-03-12 10:00", NULL,
                 "2026-03-12 17:00");
    assert_clock(&r, XG_STAGE_HANDLE, 2, "2026-03-12 17:00", "2026-03-17 17:00",
                 NULL);
    assert_true(xg_bytes_equal(clock_of(&r, XG_STAGE_HANDLE, 1)->unit,
                               xg_bytes_of("U2")));

    /* handed down to somebody else: a new turn, of signing too */
    fold(&r);
    finish(&r);
    to_handling(&r);
    act(&r, 1, XG_MOVE_HAND_DOWN, "2026-03-11 09:00", "U3", "");
    clocks_at(&r, "2026-03-11 09:00");
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 10:00", "2026-03-13 10:00",
                 "2026-03-11 09:00");
    assert_clock(&r, XG_STAGE_HANDLE, 2, "2026-03-11 09:00", "2026-03-16 09:00",
                 NULL);
    assert_clock(&r, XG_STAGE_SIGN, 2, "2026-03-11 09:00", "2026-03-11 15:00",
                 NULL);
    finish(&r);
}

static void test_a_pause_leaves_what_was_left(void **state)
{
    const struct xg_clock *c;
    struct run r;

    (void)state;
    to_handling(&r);
    act(&r, 2, XG_MOVE_ASK_SHELVE, "2026-03-11 14:00", "等材料",
        "2026-04-30 17:00");
    act(&r, 1, XG_MOVE_SHELVE, "2026-03-11 15:00", "同意", "2026-04-30 17:00");
    clocks_at(&r, "2026-03-20 15:00");
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 10:00", NULL, NULL);
    c = clock_of(&r, XG_STAGE_HANDLE, 1);
    assert_true(c->paused);
    assert_time(c->due_plain_ms, "2026-03-13 10:00");
    /* until Thursday 15:00, then 2.5 and 1.5 of 7 hours */
    assert_int_equal(c->paused_left, 1000 + 4000 / 7);
    assert_int_equal(xg_clock_left(c, &r.calendar.calendar,
                                   test_ms("2026-03-20 15:00"), false),
                     1571);
    assert_int_equal(c->paused_ms, (int64_t)9 * 86400000);
    assert_int_equal(
        xg_clock_light(c, &r.calendar.calendar, test_ms("2026-03-20 15:00")),
        XG_LIGHT_NONE);
    assert_false(xg_clock_overdue(c, test_ms("2026-03-20 15:00"), false));
    assert_true(xg_clock_overdue(c, test_ms("2026-03-20 15:00"), true));

    act(&r, 2, XG_MOVE_RESUME, "2026-03-20 09:00", "", "");
    clocks_at(&r, "2026-03-20 10:00");
    /* Friday 09:00, Monday 09:00, and four hours */
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 10:00", "2026-03-23 15:00",
                 NULL);
    c = clock_of(&r, XG_STAGE_HANDLE, 1);
    assert_false(c->paused);
    assert_time(c->due_plain_ms, "2026-03-13 10:00");
    finish(&r);
}

static void test_a_pause_ends_with_what_was_granted(void **state)
{
    struct run r;

    (void)state;
    to_handling(&r);
    act(&r, 2, XG_MOVE_ASK_DEFER, "2026-03-11 09:00", "下雨",
        "2026-03-16 10:00");
    act(&r, 1, XG_MOVE_DEFER, "2026-03-11 10:00", "同意", "2026-03-16 10:00");
    clocks_at(&r, "2026-03-16 09:59");
    assert_true(clock_of(&r, XG_STAGE_HANDLE, 1)->paused);
    clocks_at(&r, "2026-03-16 10:00");
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 10:00", "2026-03-18 10:00",
                 NULL);
    /* resumed late, finished later: the grant stands */
    act(&r, 2, XG_MOVE_RESUME, "2026-03-19 10:00", "", "");
    act(&r, 2, XG_MOVE_FINISH, "2026-03-19 15:00", "完成", "");
    clocks_at(&r, "2026-03-30 10:00");
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 10:00", "2026-03-18 10:00",
                 "2026-03-19 15:00");
    const struct xg_clock *c = clock_of(&r, XG_STAGE_HANDLE, 1);
    assert_int_equal(c->paused_ms, (int64_t)5 * 86400000);
    assert_true(xg_clock_overdue(c, 0, false));
    assert_int_equal(xg_clock_left(c, &r.calendar.calendar, 0, false),
                     -(1000 + 3000 / 7));
    finish(&r);
}

static void test_overdue_before_the_pause_stays_so(void **state)
{
    struct run r;

    (void)state;
    to_handling(&r);
    act(&r, 2, XG_MOVE_ASK_SHELVE, "2026-03-16 09:00", "等材料",
        "2026-04-30 17:00");
    act(&r, 1, XG_MOVE_SHELVE, "2026-03-16 10:00", "同意", "2026-04-30 17:00");
    clocks_at(&r, "2026-03-20 10:00");
    assert_int_equal(clock_of(&r, XG_STAGE_HANDLE, 1)->paused_left, -1000);
    act(&r, 2, XG_MOVE_RESUME, "2026-03-23 10:00", "", "");
    clocks_at(&r, "2026-03-23 10:00");
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 10:00", "2026-03-20 10:00",
                 NULL);
    assert_int_equal(xg_clock_left(clock_of(&r, XG_STAGE_HANDLE, 1),
                                   &r.calendar.calendar,
                                   test_ms("2026-03-23 10:00"), false),
                     -1000);
    finish(&r);
}

static void test_an_extension_moves_the_due_on(void **state)
{
    struct run r;

    (void)state;
    to_handling(&r);
    act(&r, 2, XG_MOVE_ASK_EXTEND, "2026-03-11 09:00", "缺件",
        "2026-03-20 17:30");
    clocks_at(&r, "2026-03-11 10:00");
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 10:00", "2026-03-13 10:00",
                 NULL); /* asked is not granted */
    act(&r, 1, XG_MOVE_EXTEND, "2026-03-11 10:00", "", "2026-03-18 17:30");
    clocks_at(&r, "2026-03-12 10:00");
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 10:00", "2026-03-18 17:30",
                 NULL);
    assert_time(clock_of(&r, XG_STAGE_HANDLE, 1)->due_plain_ms,
                "2026-03-13 10:00");
    assert_true(clock_of(&r, XG_STAGE_HANDLE, 1)->extended);
    act(&r, 2, XG_MOVE_ASK_EXTEND, "2026-03-12 09:00", "缺件",
        "2026-03-12 17:30");
    act(&r, 1, XG_MOVE_EXTEND, "2026-03-12 10:00", "", "2026-03-12 17:30");
    clocks_at(&r, "2026-03-12 10:00");
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 10:00", "2026-03-18 17:30",
                 NULL); /* never back */
    finish(&r);

    /* granted before the signature from which the clock starts */
    start_case(&r, XG_KIND_TASK, "2026-03-10 09:00");
    r.limits.stages[XG_STAGE_HANDLE].from_signing = true;
    act(&r, 2, XG_MOVE_ASK_EXTEND, "2026-03-10 10:00", "远",
        "2026-03-20 17:30");
    act(&r, 1, XG_MOVE_EXTEND, "2026-03-10 11:00", "", "2026-03-20 17:30");
    act(&r, 2, XG_MOVE_SIGN, "2026-03-11 09:00", "", "");
    clocks_at(&r, "2026-03-12 10:00");
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-11 09:00", "2026-03-20 17:30",
                 NULL);
    assert_time(clock_of(&r, XG_STAGE_HANDLE, 1)->due_plain_ms,
                "2026-03-16 09:00");
    finish(&r);
}

static void test_a_whistle_runs_until_all_are_present(void **state)
{
    struct run r;

    (void)state;
    to_handling(&r);
    act(&r, 1, XG_MOVE_WHISTLE, "2026-03-10 22:00", "聚集", "");
    clocks_at(&r, "2026-03-10 22:00");
    assert_false(clock_of(&r, XG_STAGE_REPORT_IN, 1)->limited);
    act(&r, 1, XG_MOVE_TRIAGE, "2026-03-10 22:10", "fire", "2026-03-10 23:10");
    act(&r, 1, XG_MOVE_TRIAGE, "2026-03-10 22:15", "police",
        "2026-03-10 23:00");
    act(&r, 2, XG_MOVE_REPORT_IN, "2026-03-10 22:30", "police", "");
    clocks_at(&r, "2026-03-10 22:55");
    assert_clock(&r, XG_STAGE_REPORT_IN, 1, "2026-03-10 22:00",
                 "2026-03-10 23:00", NULL);
    const struct xg_clock *c = clock_of(&r, XG_STAGE_REPORT_IN, 1);
    assert_int_equal(c->limit.milli, 1000);
    assert_int_equal(
        xg_clock_light(c, &r.calendar.calendar, test_ms("2026-03-10 22:40")),
        XG_LIGHT_GREEN);
    assert_int_equal(
        xg_clock_light(c, &r.calendar.calendar, test_ms("2026-03-10 22:50")),
        XG_LIGHT_YELLOW);
    assert_int_equal(
        xg_clock_light(c, &r.calendar.calendar, test_ms("2026-03-10 23:01")),
        XG_LIGHT_RED);
    act(&r, 0, XG_MOVE_REPORT_IN, "2026-03-10 23:05", "fire", "");
    clocks_at(&r, "2026-03-12 22:55");
    assert_clock(&r, XG_STAGE_REPORT_IN, 1, "2026-03-10 22:00",
                 "2026-03-10 23:00", "2026-03-10 23:05");
    /* one more is called: a turn of its own, the others need not come again */
    act(&r, 1, XG_MOVE_TRIAGE, "2026-03-10 23:30", "gas", "2026-03-11 00:30");
    act(&r, 0, XG_MOVE_REPORT_IN, "2026-03-11 00:20", "gas", "");
    /* and a new whistle calls them anew; the case is closed before they come */
    act(&r, 1, XG_MOVE_WHISTLE, "2026-03-11 09:00", "再次聚集", "");
    act(&r, 1, XG_MOVE_TRIAGE, "2026-03-11 09:10", "gas", "2026-03-11 10:00");
    act(&r, 2, XG_MOVE_FINISH, "2026-03-11 09:20", "完成", "");
    act(&r, 1, XG_MOVE_CLOSE, "2026-03-11 09:30", "street", "");
    clocks_at(&r, "2026-03-12 22:55");
    assert_clock(&r, XG_STAGE_REPORT_IN, 2, "2026-03-10 23:30",
                 "2026-03-11 00:30", "2026-03-11 00:20");
    assert_clock(&r, XG_STAGE_REPORT_IN, 3, "2026-03-11 09:00",
                 "2026-03-11 10:00", "2026-03-11 09:30");
    finish(&r);
}

static void test_clocks_that_lie_are_held_to_the_log(void **state)
{
    const struct xg_when known = {100, 200};
    struct run r;

    (void)state;
    assert_int_equal(xg_effective_ms(150, known), 150);
    assert_int_equal(xg_effective_ms(50, known), 100);
    assert_int_equal(xg_effective_ms(500, known), 200);
    assert_int_equal(xg_effective_ms(500, (struct xg_when){100, XG_NO_TIME}),
                     500);
    assert_int_equal(
        xg_effective_ms(50, (struct xg_when){XG_NO_TIME, XG_NO_TIME}), 50);

    to_handling(&r);
    /* the signer's clock is a year ahead, the dispatcher's record not logged */
    r.whens[4].high_ms = test_ms("2026-03-10 10:45");
    r.whens[3].high_ms = XG_NO_TIME;
    clocks_at(&r, "2026-03-10 12:00");
    const struct xg_clock *sign = clock_of(&r, XG_STAGE_SIGN, 1);
    assert_time(sign->end_ms, "2026-03-10 10:45");
    assert_true(sign->provisional);
    assert_true(clock_of(&r, XG_STAGE_HANDLE, 1)->provisional);
    assert_true(clock_of(&r, XG_STAGE_DISPATCH, 1)->provisional);
    assert_false(clock_of(&r, XG_STAGE_FILE, 1)->provisional);
    /* one that lags ends no clock before it began */
    r.whens[4] = (struct xg_when){0, test_ms("2026-03-10 08:00")};
    clocks_at(&r, "2026-03-10 12:00");
    assert_time(clock_of(&r, XG_STAGE_SIGN, 1)->end_ms, "2026-03-10 10:00");
    finish(&r);
}

/* A handler overdue since days, without an anchor, with a clock put back: what
 * was written after a proven record was written after it. */
static void test_no_clock_is_before_what_its_author_saw(void **state)
{
    struct run r;

    (void)state;
    to_handling(&r);
    act(&r, 1, XG_MOVE_REMIND, "2026-04-20 09:00", "", "");
    r.whens[r.count - 1].low_ms = test_ms("2026-04-20 08:59");
    act(&r, 2, XG_MOVE_FINISH, "2026-03-10 11:01", "完成", "");
    clocks_at(&r, "2026-04-21 12:00");
    assert_time(clock_of(&r, XG_STAGE_HANDLE, 1)->end_ms, "2026-04-20 08:59");
    finish(&r);
}

static void test_what_has_no_effect_counts_for_nothing(void **state)
{
    struct run r;

    (void)state;
    to_handling(&r);
    r.ops[4].no_right = "not theirs";
    fold(&r);
    clocks_at(&r, "2026-03-10 12:00");
    assert_clock(&r, XG_STAGE_SIGN, 1, "2026-03-10 10:00", "2026-03-10 16:00",
                 NULL);
    /* without its first record there is nothing to tell */
    r.ops[0] = r.ops[--r.count];
    fold(&r);
    clocks_at(&r, "2026-03-10 12:00");
    assert_int_equal(r.clock_count, 0);
    finish(&r);
}

static void test_withdrawn_stops_the_clocks(void **state)
{
    static const uint8_t yes = 0xf5;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;
    struct run r;

    (void)state;
    start_case(&r, XG_KIND_INCIDENT, "2026-03-10 09:00");
    r.world.wall_ms = test_ms("2026-03-10 09:20");
    xg_draft_init(&draft, &r.arena, XG_KIND_INCIDENT);
    assert_ok(
        xg_draft_set(&draft, XG_FIELD_WITHDRAWN, xg_bytes(&yes, 1), &err));
    keep(&r, 0, XG_ROLE_WORKER, test_write(r.devices[0], &draft, &r.state));
    fold(&r);
    clocks_at(&r, "2026-03-10 12:00");
    assert_clock(&r, XG_STAGE_ACCEPT, 1, "2026-03-10 09:00", "2026-03-10 11:00",
                 "2026-03-10 09:20");
    finish(&r);
}

static void test_years_that_are_guessed_are_told(void **state)
{
    struct run r;

    (void)state;
    start_case(&r, XG_KIND_TASK, "2026-12-30 10:00");
    clocks_at(&r, "2026-12-30 12:00");
    assert_true(clock_of(&r, XG_STAGE_HANDLE, 1)->guessed);
    assert_false(clock_of(&r, XG_STAGE_SIGN, 1)->guessed);
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-12-30 10:00", "2027-01-04 10:00",
                 NULL);
    assert_true(xg_bytes_equal(clock_of(&r, XG_STAGE_SIGN, 1)->unit,
                               xg_bytes_of("U7")));
    finish(&r);
}

static void test_a_task_goes_by_its_own_due(void **state)
{
    struct xg_draft draft;
    struct run r;

    (void)state;
    start_case(&r, XG_KIND_TASK, "2026-03-10 09:00");
    for (int i = 0; i < 2; i++) {
        r.world.wall_ms = test_ms("2026-03-10 10:00");
        xg_draft_init(&draft, &r.arena, XG_KIND_TASK);
        test_uint(
            &draft, XG_TASK_DUE,
            (uint64_t)test_ms(i ? "2026-03-12 09:00" : "2026-03-20 12:00"));
        keep(&r, 0, XG_ROLE_DISPATCHER,
             test_write(r.devices[0], &draft, &r.state));
        fold(&r);
        clocks_at(&r, "2026-03-10 12:00");
        assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 09:00",
                     i ? "2026-03-12 09:00" : "2026-03-20 12:00", NULL);
    }
    assert_int_equal(clock_of(&r, XG_STAGE_HANDLE, 1)->limit.milli, 2000);
    act(&r, 2, XG_MOVE_RETURN, "2026-03-10 16:00", "D3", "");
    act(&r, 1, XG_MOVE_DISPATCH, "2026-03-11 09:00", "U2", "");
    clocks_at(&r, "2026-03-11 12:00");
    assert_clock(&r, XG_STAGE_HANDLE, 1, "2026-03-10 09:00", "2026-03-12 09:00",
                 NULL);
    r.limits.stages[XG_STAGE_HANDLE].has = false;
    clocks_at(&r, "2026-03-11 12:00");
    assert_true(clock_of(&r, XG_STAGE_HANDLE, 1)->limited);
    finish(&r);
}

/* ---- random histories ---- */

static uint32_t random_role(struct run *r, uint32_t who)
{
    uint32_t role;

    do
        role = 1 + (uint32_t)test_below(&r->world, XG_ROLE_SERVER);
    while (!(who & XG_ROLE_BIT(role)));
    return role;
}

/* Some move that the status allows, whatever comes of it, by somebody who has
 * seen all or only what they wrote themselves. */
static void random_act(struct run *r)
{
    static const char *const says[] = {"U1", "U2", "U3"};
    const struct xg_transition *all[64];
    struct xg_draft draft;
    size_t n = 0;
    char until[64];

    for (const struct xg_transition *t = xg_transitions; t->from; t++)
        if (t->from & XG_STATUS_BIT(r->state.status))
            all[n++] = t;
    const struct xg_transition *t = all[test_below(&r->world, n)];
    /* in work, pauses are asked for, granted and ended more often than the
     * table has rows of them */
    if (xg_transition_find(r->state.status, XG_MOVE_SHELVE) &&
        test_below(&r->world, 2))
        t = xg_transition_find(r->state.status,
                               r->state.progress.asked[XG_ASKING_SHELVE] ==
                                       XG_NONE
                                   ? XG_MOVE_ASK_SHELVE
                                   : XG_MOVE_SHELVE);
    else if (xg_transition_find(r->state.status, XG_MOVE_RESUME) &&
             test_below(&r->world, 3) == 0)
        t = xg_transition_find(r->state.status, XG_MOVE_RESUME);
    xg_draft_init(&draft, &r->arena, r->state.kind->number);
    draft.head.move = t->move;
    draft.head.from = r->state.status;
    r->world.wall_ms += (int64_t)test_below(&r->world, 100000000) - 20000000;
    test_text_of_ms(until, r->world.wall_ms +
                               (int64_t)test_below(&r->world, 900000000));
    for (const struct xg_need *need = xg_needs; need->bit; need++)
        if (t->needs & need->bit & XG_NEED_HARD && need->field)
            fill(r, &draft, need->field,
                 need->field == XG_CASE_UNTIL ||
                         need->field == XG_CASE_REPORT_BY
                     ? until
                     : says[test_below(&r->world, 3)]);
    int who = (int)test_below(&r->world, PEOPLE);
    struct xg_state seen = r->state;
    keep(r, who, random_role(r, t->who),
         test_write(r->devices[who], &draft, &seen));
    struct xg_when *when = &r->whens[r->count - 1];
    if (test_below(&r->world, 4) == 0)
        when->high_ms = XG_NO_TIME;
    else if (test_below(&r->world, 4) == 0)
        when->high_ms = r->world.wall_ms - 5000;
    if (test_below(&r->world, 3))
        fold(r);
}

static void assert_sound(struct run *r, int64_t now)
{
    uint32_t turns[XG_STAGES + 1] = {0}, open[XG_STAGES + 1] = {0};
    const struct xg_calendar *calendar = &r->calendar.calendar;

    for (size_t i = 0; i < r->clock_count; i++) {
        const struct xg_clock *c = &r->clocks[i];
        assert_int_equal(c->turn, ++turns[c->stage]);
        assert_int_equal(open[c->stage], 0); /* the turn before has ended */
        open[c->stage] += c->ended_by == XG_NONE;
        assert_int_equal(c->ended_by == XG_NONE, c->end_ms == XG_NO_TIME);
        assert_true(c->end_ms == XG_NO_TIME || c->end_ms >= c->start_ms);
        assert_true(c->paused_ms >= 0);
        assert_int_equal(c->due_plain_ms != XG_NO_TIME, c->limited);
        assert_int_equal(c->due_ms != XG_NO_TIME, c->limited && !c->paused);
        if (c->limited && !c->paused)
            assert_true(c->due_ms >= c->due_plain_ms);
        if (c->limited && c->stage != XG_STAGE_REPORT_IN)
            assert_true(c->due_plain_ms >= c->start_ms);
        bool overdue = xg_clock_overdue(c, now, false);
        int64_t left = xg_clock_left(c, calendar, now, false);
        assert_true(c->paused || (overdue ? left <= 0 : left >= 0));
        assert_int_equal(xg_clock_light(c, calendar, now) == XG_LIGHT_RED,
                         overdue);
    }
    if (xg_status_final(r->state.status))
        for (int stage = 1; stage <= XG_STAGES; stage++)
            assert_int_equal(open[stage], 0);
}

/* The same records in another order of arrival. */
static void shuffle(struct run *r)
{
    for (size_t i = r->count - 1; i > 0; i--) {
        size_t k = test_below(&r->world, i + 1);
        struct xg_op op = r->ops[i];
        struct xg_when when = r->whens[i];
        r->ops[i] = r->ops[k];
        r->whens[i] = r->whens[k];
        r->ops[k] = op;
        r->whens[k] = when;
    }
}

static void assert_same(const struct xg_clock *a, const struct xg_clock *b)
{
    assert_int_equal(a->stage, b->stage);
    assert_int_equal(a->turn, b->turn);
    assert_int_equal(a->start_ms, b->start_ms);
    assert_int_equal(a->end_ms, b->end_ms);
    assert_int_equal(a->due_ms, b->due_ms);
    assert_int_equal(a->due_plain_ms, b->due_plain_ms);
    assert_int_equal(a->paused_left, b->paused_left);
    assert_int_equal(a->paused_ms, b->paused_ms);
    assert_int_equal(a->paused << 2 | a->guessed << 1 | a->provisional,
                     b->paused << 2 | b->guessed << 1 | b->provisional);
    assert_true(xg_bytes_equal(a->unit, b->unit));
}

static void test_random_histories_are_sound_in_any_order(void **state)
{
    const char *text = getenv("XG_SEED");
    uint64_t first = text ? strtoull(text, NULL, 10) : 1;
    size_t paused = 0;
    char now[64];

    (void)state;
    for (uint64_t seed = first; seed < first + 120; seed++) {
        struct run r;
        start_case(&r, seed % 5 ? XG_KIND_INCIDENT : XG_KIND_TASK,
                   "2026-09-15 09:00");
        r.world.seed = seed;
        r.limits.stages[XG_STAGE_HANDLE].from_signing = seed % 2;
        while (r.count < OPS_MAX)
            random_act(&r);
        fold(&r);
        test_text_of_ms(now, r.world.wall_ms);
        clocks_at(&r, now);
        assert_sound(&r, test_ms(now));
        struct xg_clock *clocks = r.clocks;
        size_t count = r.clock_count;
        shuffle(&r);
        fold(&r);
        clocks_at(&r, now);
        assert_int_equal(count, r.clock_count);
        for (size_t i = 0; i < count; i++) {
            assert_same(&clocks[i], &r.clocks[i]);
            paused += clocks[i].paused_ms > 0;
        }
        finish(&r);
    }
    assert_true(paused > 10); /* the histories do reach there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_stage_along_the_line),
        cmocka_unit_test(test_handling_may_start_with_the_signature),
        cmocka_unit_test(test_refusing_stops_no_clock_and_rework_begins_one),
        cmocka_unit_test(test_a_pause_leaves_what_was_left),
        cmocka_unit_test(test_a_pause_ends_with_what_was_granted),
        cmocka_unit_test(test_overdue_before_the_pause_stays_so),
        cmocka_unit_test(test_an_extension_moves_the_due_on),
        cmocka_unit_test(test_a_whistle_runs_until_all_are_present),
        cmocka_unit_test(test_clocks_that_lie_are_held_to_the_log),
        cmocka_unit_test(test_no_clock_is_before_what_its_author_saw),
        cmocka_unit_test(test_what_has_no_effect_counts_for_nothing),
        cmocka_unit_test(test_withdrawn_stops_the_clocks),
        cmocka_unit_test(test_years_that_are_guessed_are_told),
        cmocka_unit_test(test_a_task_goes_by_its_own_due),
        cmocka_unit_test(test_random_histories_are_sound_in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
