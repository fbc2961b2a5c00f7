/* test_keeper.c - the server's time beside a machine's clock that jumps
 * (server/ledger/keeper.h): while it runs, over a start of the program and of
 * the machine, by an operator's word; and what the log says meanwhile. */
#include "tests/lib/test.h"

#include <string.h>

#include "server/ledger/keeper.h"
#include "shared/base/log.h"
#include "tests/lib/device.h"

#define NOW_MS INT64_C(1795000000000) /* 2026-11 */
#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define YEARS_73_MS (INT64_C(73) * 365 * DAY_MS)
#define MINUTE_MS INT64_C(60000)

struct machine {
    struct test_world world;
    struct xg_env env;
    struct store *store;
    struct keeper keeper;
};

static void turn_on(struct machine *m, int64_t wall_ms)
{
    struct xg_error err = XG_ERROR_NONE;
    struct keeper_kept kept;

    m->world.boot++;
    m->world.mono_ms = 5000;
    m->world.wall_ms = wall_ms;
    assert_ok(keeper_load(&kept, m->store, &err));
    keeper_begin(&m->keeper, &m->env, &kept);
}

static void make(struct machine *m)
{
    struct xg_error err = XG_ERROR_NONE;

    *m = (struct machine){.world = {.seed = 1}};
    m->env = test_env(&m->world);
    assert_ok(store_memory_open(&m->store, &err));
    turn_on(m, NOW_MS);
    assert_int_equal(keeper_ms(&m->keeper), NOW_MS);
}

static void save(struct machine *m)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(m->store->ops->begin(m->store, &err));
    assert_ok(keeper_save(&m->keeper, m->store, &err));
    assert_ok(m->store->ops->commit(m->store, &err));
}

/* The program ends and is started, as whole machines do not. */
static void start_anew(struct machine *m)
{
    struct xg_error err = XG_ERROR_NONE;
    struct keeper_kept kept;

    keeper_end(&m->keeper);
    assert_ok(keeper_load(&kept, m->store, &err));
    keeper_begin(&m->keeper, &m->env, &kept);
}

static void scrap(struct machine *m)
{
    keeper_end(&m->keeper);
    store_close(m->store);
}

static void pass(struct machine *m, int64_t ms)
{
    m->world.mono_ms += ms;
    m->world.wall_ms += ms;
}

static bool doubts(struct machine *m)
{
    struct ledger_clock c;

    keeper_look(&m->keeper, &c);
    return c.doubted;
}

static void test_it_goes_with_a_clock_that_goes(void **unused)
{
    struct machine m;

    (void)unused;
    make(&m);
    pass(&m, HOUR_MS);
    m.world.wall_ms += KEEPER_NEAR_MS; /* set right a little */
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS + HOUR_MS + KEEPER_NEAR_MS);
    m.world.wall_ms -= KEEPER_NEAR_MS;
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS + HOUR_MS);
    assert_false(doubts(&m));
    m.world.wall_ms += KEEPER_NEAR_MS + 1;
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS + HOUR_MS);
    assert_true(doubts(&m));
    scrap(&m);
}

static void test_a_jump_is_not_gone_by(void **unused)
{
    static const int64_t jumps[] = {YEARS_73_MS, -NOW_MS, -HOUR_MS, HOUR_MS,
                                    3 * DAY_MS};
    struct machine m;

    (void)unused;
    make(&m);
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        int64_t before_ms = keeper_ms(&m.keeper);
        m.world.wall_ms += jumps[i];
        assert_int_equal(keeper_ms(&m.keeper), before_ms);
        assert_true(doubts(&m));
        pass(&m, MINUTE_MS); /* it goes on as it went */
        assert_int_equal(keeper_ms(&m.keeper), before_ms + MINUTE_MS);
        m.world.wall_ms -= jumps[i];
        assert_int_equal(keeper_ms(&m.keeper), before_ms + MINUTE_MS);
        assert_false(doubts(&m));
    }
    scrap(&m);
}

/* To and fro, often, for longer than any of it would take to be believed. */
static void test_to_and_fro_is_never_believed(void **unused)
{
    static const int64_t jumps[] = {HOUR_MS, -HOUR_MS, DAY_MS};
    struct machine m;

    (void)unused;
    xg_log_level(XG_LOG_ERROR); /* a line each ten minutes of it */
    make(&m);
    for (int i = 0; i < 100000; i++) {
        int64_t jump_ms = jumps[i % 3];
        m.world.wall_ms += jump_ms;
        assert_int_equal(keeper_ms(&m.keeper), NOW_MS + i * INT64_C(1000));
        m.world.wall_ms -= jump_ms;
        pass(&m, 1000);
    }
    xg_log_level(XG_LOG_WARN);
    scrap(&m);
}

static void test_what_it_stands_by_is_believed(void **unused)
{
    static const int64_t jumps[] = {3 * DAY_MS, -3 * DAY_MS};
    struct ledger_clock c;
    struct machine m;

    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        make(&m);
        m.world.wall_ms += jumps[i];
        keeper_look(&m.keeper, &c);
        assert_int_equal(c.believed_in_ms, 3 * HOUR_MS);
        assert_int_equal(c.machine_ms, NOW_MS + jumps[i]);
        pass(&m, 3 * HOUR_MS - 1);
        assert_int_equal(keeper_ms(&m.keeper), NOW_MS + 3 * HOUR_MS - 1);
        pass(&m, 1);
        keeper_ms(&m.keeper); /* the look that believes */
        assert_int_equal(keeper_ms(&m.keeper), m.world.wall_ms);
        assert_false(doubts(&m));
        scrap(&m);
    }
}

/* One that goes elsewhere meanwhile has to stand by that. */
static void test_another_jump_begins_anew(void **unused)
{
    struct machine m;

    (void)unused;
    make(&m);
    m.world.wall_ms += DAY_MS;
    assert_true(doubts(&m));
    pass(&m, HOUR_MS - 1);
    m.world.wall_ms += DAY_MS;
    assert_true(doubts(&m));
    pass(&m, 2 * HOUR_MS - 1);
    assert_true(doubts(&m));
    pass(&m, 1);
    keeper_ms(&m.keeper);
    assert_false(doubts(&m));
    scrap(&m);
}

static void test_by_an_operators_word(void **unused)
{
    struct machine m;

    (void)unused;
    make(&m);
    m.world.wall_ms += 50 * DAY_MS;
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS);
    keeper_believe(&m.keeper);
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS + 50 * DAY_MS);
    keeper_follow(&m.keeper, true);
    m.world.wall_ms += YEARS_73_MS;
    assert_int_equal(keeper_ms(&m.keeper), m.world.wall_ms);
    save(&m);
    start_anew(&m); /* is remembered */
    m.world.wall_ms -= YEARS_73_MS;
    assert_int_equal(keeper_ms(&m.keeper), m.world.wall_ms);
    keeper_follow(&m.keeper, false);
    m.world.wall_ms += YEARS_73_MS;
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS + 50 * DAY_MS);
    scrap(&m);
}

static void test_started_amid_a_jump(void **unused)
{
    struct machine m;

    (void)unused;
    make(&m);
    save(&m);
    m.world.wall_ms += YEARS_73_MS;
    pass(&m, MINUTE_MS);
    start_anew(&m);
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS + MINUTE_MS);
    assert_true(doubts(&m));
    save(&m); /* what is kept is not the jump */
    m.world.wall_ms -= YEARS_73_MS + NOW_MS;
    pass(&m, MINUTE_MS);
    start_anew(&m);
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS + 2 * MINUTE_MS);
    m.world.wall_ms += NOW_MS;
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS + 2 * MINUTE_MS);
    assert_false(doubts(&m));
    scrap(&m);
}

/* The machine was off, nobody knows how long. */
static void test_another_boot(void **unused)
{
    struct machine m;

    (void)unused;
    make(&m);
    save(&m);
    keeper_end(&m.keeper);
    turn_on(&m, NOW_MS + KEEPER_AWAY_MS);
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS + KEEPER_AWAY_MS);
    assert_false(doubts(&m));
    keeper_end(&m.keeper); /* nothing was written there */
    turn_on(&m, NOW_MS + KEEPER_AWAY_MS + 1);
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS);
    assert_true(doubts(&m));
    keeper_end(&m.keeper);

    /* Its clock has no battery: it gets the time from the network later. */
    turn_on(&m, 1000);
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS);
    assert_true(doubts(&m));
    pass(&m, MINUTE_MS);
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS + MINUTE_MS);
    save(&m);
    start_anew(&m); /* still not sure of it */
    m.world.wall_ms = NOW_MS + 9 * DAY_MS;
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS + 9 * DAY_MS);
    assert_false(doubts(&m));
    m.world.wall_ms += DAY_MS; /* from now on a jump is one */
    assert_true(doubts(&m));
    scrap(&m);
}

/* A first start with a clock that nobody set yet. */
static void test_nothing_was_ever_known(void **unused)
{
    struct machine m;

    (void)unused;
    make(&m);
    keeper_end(&m.keeper); /* nothing was written */
    turn_on(&m, 1000);
    assert_int_equal(keeper_ms(&m.keeper), XG_CLOCK_FLOOR_MS);
    assert_true(doubts(&m));
    m.world.wall_ms = NOW_MS + YEARS_73_MS;
    assert_int_equal(keeper_ms(&m.keeper), XG_CLOCK_FLOOR_MS);
    m.world.wall_ms = NOW_MS;
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS);
    assert_false(doubts(&m));
    scrap(&m);
}

/* A copy of the machine from a moment before: its other clock is earlier. */
static void test_a_machine_set_back_whole(void **unused)
{
    struct machine m;

    (void)unused;
    make(&m);
    pass(&m, HOUR_MS);
    keeper_ms(&m.keeper);
    save(&m);
    m.world.mono_ms -= HOUR_MS;
    m.world.wall_ms += DAY_MS;
    start_anew(&m);
    assert_int_equal(keeper_ms(&m.keeper), NOW_MS + HOUR_MS + DAY_MS);
    assert_false(doubts(&m));
    scrap(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_goes_with_a_clock_that_goes),
        cmocka_unit_test(test_a_jump_is_not_gone_by),
        cmocka_unit_test(test_to_and_fro_is_never_believed),
        cmocka_unit_test(test_what_it_stands_by_is_believed),
        cmocka_unit_test(test_another_jump_begins_anew),
        cmocka_unit_test(test_by_an_operators_word),
        cmocka_unit_test(test_started_amid_a_jump),
        cmocka_unit_test(test_another_boot),
        cmocka_unit_test(test_nothing_was_ever_known),
        cmocka_unit_test(test_a_machine_set_back_whole),
    };

    return xg_base_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
