/* test_clerk.c - what the server writes by itself, and that it writes it once.
 */
#include "tests/lib/test.h"

#include <string.h>
#include <time.h>

#include "server/desk/clerk.h"
#include "shared/core/loop.h"
#include "tests/lib/office.h"

#define HOUR_MS INT64_C(3600000)

static const char catalogue[] =
    "code,parent,name,accept,file,dispatch,sign,handle,inspect,climb\n"
    "*,,other,2u,2u,2u,2u,2u,2u,top\n"
    "lamp,,lamp,,,,,,,\n";
static const char levels[] = "code,zh,en,rank,at,up,role,whistle,triage,"
                             "supervise,assess,settles,target\n"
                             "grid,a,grid,1,,top,worker,,,,,,\n"
                             "top,b,top,2,,,dispatcher,,,,,,\n";

static const char territory[] = "code,level,parent,name\n"
                                "top,top,,Top\n"
                                "north,grid,top,North\n";

static void open_office(struct office *o, struct store_fault *fault)
{
    office_open(o, fault);
    office_import(o, "catalogue", "1", catalogue);
    office_import(o, "levels", "1", levels);
    office_import(o, "territory", "1", territory);
}

/* A new clerk each time: one that remembers nothing. */
static enum xg_status pass(struct office *o, int64_t now_ms,
                           struct xg_error *err)
{
    struct clerk *clerk;

    if (clerk_open(&clerk, o->d, err) != XG_OK)
        return err->status;
    enum xg_status status = clerk_run(clerk, now_ms, false, NULL, NULL, err);
    clerk_close(clerk);
    return status;
}

/* How many the server wrote of a move, all with full effect. */
static size_t written(struct office *o, const struct xg_id *id, uint64_t move)
{
    struct fold f = office_fold(o, id);
    size_t n = 0;

    for (size_t i = 0; i < f.count; i++) {
        if (strcmp(f.judgements[i].author, REGISTRY_SERVER) != 0)
            continue;
        assert_int_equal(f.state.effects[i], XG_EFFECT_FULL);
        assert_int_equal(f.state.ops[i].role, XG_ROLE_SERVER);
        n += f.state.ops[i].record->head.move == move;
    }
    return n;
}

static void test_a_second_clerk_finds_it_done(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct office o;

    (void)unused;
    open_office(&o, NULL);
    struct xg_id one = office_report(&o, "lamp");
    int64_t began = o.world.wall_ms;
    assert_ok(pass(&o, began + HOUR_MS, &err));
    assert_int_equal(written(&o, &one, XG_MOVE_REMIND), 0);
    for (int i = 0; i < 3; i++) {
        assert_ok(pass(&o, began + 3 * HOUR_MS, &err));
        assert_int_equal(written(&o, &one, XG_MOVE_REMIND), 1);
        assert_int_equal(written(&o, &one, XG_MOVE_ESCALATE), 1);
    }
    /* Three at most; it is at the top, and climbs no more. */
    for (int64_t hours = 4; hours < 40; hours++)
        assert_ok(pass(&o, began + hours * HOUR_MS, &err));
    assert_int_equal(written(&o, &one, XG_MOVE_REMIND), 3);
    assert_int_equal(written(&o, &one, XG_MOVE_ESCALATE), 1);
    /* A clock that was set back writes nothing anew. */
    assert_ok(pass(&o, began + 3 * HOUR_MS, &err));
    assert_int_equal(written(&o, &one, XG_MOVE_REMIND), 3);
    office_check(&o);
    office_close(&o);
}

/* Call N of the store fails, for every N; where it was the sync, the record is
 * there and only the answer is lost. However often it tries: once. */
static void test_written_once_whatever_call_fails(void **unused)
{
    static const enum xg_status statuses[] = {XG_IO, XG_FULL};
    bool failed = true;

    (void)unused;
    for (size_t kind = 0; kind < 2; kind++, failed = true)
        for (uint64_t n = TEST_SWEEP_FROM(kind); failed; n += TEST_SWEEP(2)) {
            struct store_fault fault = {.status = XG_OK};
            struct xg_error err = XG_ERROR_NONE;
            struct clerk *clerk;
            struct office o;
            open_office(&o, &fault);
            struct xg_id one = office_report(&o, "lamp");
            int64_t now = o.world.wall_ms + 3 * HOUR_MS;
            assert_ok(clerk_open(&clerk, o.d, &err));
            fault =
                (struct store_fault){.status = statuses[kind], .countdown = n};
            enum xg_status first =
                clerk_run(clerk, now, false, NULL, NULL, &err);
            failed = fault.failed > 0;
            fault.status = XG_OK;
            assert_true(failed || first == XG_OK);
            /* The same clerk, which must not think that it is done. */
            assert_ok(clerk_run(clerk, now, false, NULL, NULL, &err));
            assert_int_equal(written(&o, &one, XG_MOVE_REMIND), 1);
            assert_int_equal(written(&o, &one, XG_MOVE_ESCALATE), 1);
            clerk_close(clerk);
            office_check(&o);
            office_close(&o);
        }
}

/* One case that cannot be folded, or written to: the others are reminded all
 * the same, and it is too when that is over. */
static void test_one_bad_case_keeps_no_other_from_its_reminder(void **unused)
{
    static const enum xg_status statuses[] = {XG_NOMEM, XG_TOOBIG, XG_CORRUPT};
    size_t passed_over = 0;
    bool failed = true;

    (void)unused;
    for (size_t kind = 0; kind < 3; kind++, failed = true)
        for (uint64_t n = TEST_SWEEP_FROM(kind); failed; n += TEST_SWEEP(3)) {
            struct store_fault fault = {.status = XG_OK};
            struct xg_error err = XG_ERROR_NONE;
            struct clerk *clerk;
            struct office o;
            open_office(&o, &fault);
            struct xg_id one = office_report(&o, "lamp");
            struct xg_id two = office_report(&o, "lamp");
            int64_t now = o.world.wall_ms + 3 * HOUR_MS;
            assert_ok(clerk_open(&clerk, o.d, &err));
            fault =
                (struct store_fault){.status = statuses[kind], .countdown = n};
            enum xg_status first =
                clerk_run(clerk, now, false, NULL, NULL, &err);
            failed = fault.failed > 0;
            fault.status = XG_OK;
            if (failed && first == XG_OK)
                passed_over += written(&o, &one, XG_MOVE_REMIND) +
                                   written(&o, &two, XG_MOVE_REMIND) ==
                               1;
            assert_ok(clerk_run(clerk, now + CLERK_AGAIN_MS, false, NULL, NULL,
                                &err));
            assert_int_equal(written(&o, &one, XG_MOVE_REMIND), 1);
            assert_int_equal(written(&o, &two, XG_MOVE_REMIND), 1);
            assert_int_equal(written(&o, &one, XG_MOVE_ESCALATE), 1);
            assert_int_equal(written(&o, &two, XG_MOVE_ESCALATE), 1);
            clerk_close(clerk);
            office_close(&o);
        }
    assert_true(passed_over > 3 / TEST_SWEEP(3));
}

/* More cases than a page holds: each is reminded once. */
static void test_cases_come_page_by_page(void **unused)
{
    enum { CASES = 450 };
    struct xg_error err = XG_ERROR_NONE;
    struct xg_id ids[CASES];
    struct clerk *clerk;
    struct office o;

    (void)unused;
    open_office(&o, NULL);
    int64_t now = o.world.wall_ms + 3 * HOUR_MS;
    for (size_t i = 0; i < CASES; i++)
        ids[i] = office_report(&o, "lamp");
    assert_ok(clerk_open(&clerk, o.d, &err));
    for (int i = 0; i < 2; i++)
        assert_ok(clerk_run(clerk, now, false, NULL, NULL, &err));
    for (size_t i = 0; i < CASES; i++)
        assert_int_equal(written(&o, &ids[i], XG_MOVE_REMIND), 1);
    clerk_close(clerk);
    office_close(&o);
}

/* Two that look at the same moment: what one found is written by the other
 * before it comes to it. */
struct beside {
    struct office *o;
    int64_t now_ms;
    size_t told;
};

static void run_beside(void *ctx, const struct clerk_deed *deed)
{
    struct xg_error err = XG_ERROR_NONE;
    struct beside *b = ctx;

    assert_true(deed->written);
    b->told++;
    assert_ok(pass(b->o, b->now_ms, &err));
}

static void test_two_passes_at_once_write_one(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct clerk *clerk;
    struct xg_id ids[3];
    struct office o;

    (void)unused;
    open_office(&o, NULL);
    for (size_t i = 0; i < 3; i++)
        ids[i] = office_report(&o, "lamp");
    struct beside b = {&o, o.world.wall_ms + 3 * HOUR_MS, 0};
    assert_ok(clerk_open(&clerk, o.d, &err));
    assert_ok(clerk_run(clerk, b.now_ms, false, run_beside, &b, &err));
    assert_int_equal(b.told, 1); /* all others were done by then */
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(written(&o, &ids[i], XG_MOVE_REMIND), 1);
        assert_int_equal(written(&o, &ids[i], XG_MOVE_ESCALATE), 1);
    }
    clerk_close(clerk);
    office_close(&o);
}

/* Of a move of the server's, `climb` of each as it folds. */
static size_t numbers(uint64_t climbs[static 8], struct office *o,
                      const struct xg_id *id, uint64_t move)
{
    struct fold f = office_fold(o, id);
    size_t n = 0;

    for (size_t i = 0; i < f.state.count; i++) {
        const struct xg_record *r = f.state.ops[f.state.order[i]].record;
        struct xg_cbor_item item;
        if (r->head.move != move ||
            strcmp(f.judgements[f.state.order[i]].author, REGISTRY_SERVER) != 0)
            continue;
        assert_true(n < 8);
        assert_true(xg_record_field(r, XG_CASE_CLIMB, &item));
        climbs[n++] = item.number;
    }
    return n;
}

/* Nobody served for a long time: what is written then is the first, and what
 * was missed is not made up for, one each pass. */
static void test_what_is_written_is_numbered_as_it_is_written(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    uint64_t climbs[8];
    struct office o;

    (void)unused;
    open_office(&o, NULL);
    struct xg_id one = office_report(&o, "lamp");
    int64_t began = o.world.wall_ms;
    for (int64_t i = 0; i < 5; i++)
        assert_ok(pass(&o, began + 301 * HOUR_MS, &err));
    assert_int_equal(numbers(climbs, &o, &one, XG_MOVE_REMIND), 1);
    assert_int_equal(climbs[0], 1);
    assert_int_equal(numbers(climbs, &o, &one, XG_MOVE_ESCALATE), 1);
    assert_int_equal(climbs[0], 1);
    for (int64_t hours = 302; hours < 340; hours++)
        assert_ok(pass(&o, began + hours * HOUR_MS, &err));
    uint64_t size = office_log_size(&o);
    assert_int_equal(numbers(climbs, &o, &one, XG_MOVE_REMIND), 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(climbs[i], i + 1);
    /* At the top with its three reminders: it ends. */
    for (int64_t days = 20; days < 4000; days += 100)
        assert_ok(pass(&o, began + days * 24 * HOUR_MS, &err));
    assert_int_equal(office_log_size(&o), size);
    office_check(&o);
    office_close(&o);
}

/* The thread of a running server: it passes at once, and ends when told. */
static void test_the_thread_passes_at_once(void **unused)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    struct xg_error err = XG_ERROR_NONE;
    struct clerk_thread *thread;
    struct office o;
    size_t tries = 0;

    (void)unused;
    office_open_files(&o);
    office_import(&o, "catalogue", "1", catalogue);
    struct xg_id one = office_report(&o, "lamp"), two;
    o.world.wall_ms += 3 * HOUR_MS;
    assert_ok(clerk_start(&thread, o.d, &err));
    /* Others write meanwhile. */
    two = office_report(&o, "lamp");
    while (written(&o, &one, XG_MOVE_REMIND) == 0 && tries++ < 500)
        nanosleep(&pause, NULL);
    clerk_stop(thread);
    assert_int_equal(written(&o, &one, XG_MOVE_REMIND), 1);
    assert_int_equal(written(&o, &two, XG_MOVE_REMIND), 0);
    office_check(&o);
    office_close(&o);
}

/* Calls of the store that one pass makes. */
static uint64_t cost(struct clerk *clerk, struct store_fault *fault,
                     int64_t now_ms)
{
    const uint64_t many = UINT64_C(1) << 40;
    struct xg_error err = XG_ERROR_NONE;

    *fault = (struct store_fault){.status = XG_IO, .countdown = many};
    assert_ok(clerk_run(clerk, now_ms, false, NULL, NULL, &err));
    return many - fault->countdown;
}

static void test_what_is_not_due_costs_nothing(void **unused)
{
    struct store_fault fault = {.status = XG_OK};
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;
    struct clerk *clerk;
    struct office o;

    (void)unused;
    open_office(&o, &fault);
    struct xg_id one = office_report(&o, "lamp");
    for (int i = 0; i < 50; i++)
        office_report(&o, "lamp");
    int64_t now = o.world.wall_ms + HOUR_MS;
    assert_ok(clerk_open(&clerk, o.d, &err));
    uint64_t first = cost(clerk, &fault, now);
    uint64_t idle = cost(clerk, &fault, now + 60000);
    assert_true(first > 50);
    assert_true(idle < 20);
    /* To one something happened: that one is looked at. */
    fault.status = XG_OK;
    assert_ok(office_do(&o, &done, &one, "head", XG_MOVE_ACCEPT, &err, 0));
    uint64_t touched = cost(clerk, &fault, now + 120000);
    assert_true(touched > idle && touched < idle + 20);
    /* Another catalogue: all are reckoned anew. */
    fault.status = XG_OK;
    office_import(&o, "catalogue", "2", catalogue);
    assert_true(cost(clerk, &fault, now + 180000) > 50);
    fault.status = XG_OK;
    clerk_close(clerk);
    office_close(&o);
}

static void test_a_dry_pass_writes_nothing_and_forgets(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct clerk *clerk;
    struct office o;

    (void)unused;
    open_office(&o, NULL);
    struct xg_id one = office_report(&o, "lamp");
    int64_t now = o.world.wall_ms + 3 * HOUR_MS;
    uint64_t size = office_log_size(&o);
    assert_ok(clerk_open(&clerk, o.d, &err));
    assert_ok(clerk_run(clerk, now, true, NULL, NULL, &err));
    assert_int_equal(office_log_size(&o), size);
    assert_ok(clerk_run(clerk, now, false, NULL, NULL, &err));
    assert_int_equal(written(&o, &one, XG_MOVE_REMIND), 1);
    clerk_close(clerk);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_second_clerk_finds_it_done),
        cmocka_unit_test(test_what_is_written_is_numbered_as_it_is_written),
        cmocka_unit_test(test_written_once_whatever_call_fails),
        cmocka_unit_test(test_one_bad_case_keeps_no_other_from_its_reminder),
        cmocka_unit_test(test_cases_come_page_by_page),
        cmocka_unit_test(test_two_passes_at_once_write_one),
        cmocka_unit_test(test_the_thread_passes_at_once),
        cmocka_unit_test(test_what_is_not_due_costs_nothing),
        cmocka_unit_test(test_a_dry_pass_writes_nothing_and_forgets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
