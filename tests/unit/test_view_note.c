/* test_view_note.c - the daily note over all merged state: when it is due. */
#include "tests/lib/test.h"

#include "server/proof/view_note.h"
#include "tests/lib/office.h"

enum { HOUR_MS = 3600 * 1000 };

static struct xg_error err = {.start = XG_ERROR_SIZE - 1};

/* How many entries a pass appends: the note and the time note, or nothing. */
static uint64_t pass(struct office *o)
{
    uint64_t before = office_log_size(o);

    assert_ok(view_note_daily(o->d, &err));
    return office_log_size(o) - before;
}

static void test_once_a_day_if_anything_changed(void **state)
{
    struct office o;

    (void)state;
    office_open(&o, NULL);
    office_report(&o, "010101");
    assert_int_equal(pass(&o), 0); /* the log is not a day old */
    o.world.wall_ms += 25 * HOUR_MS;
    assert_int_equal(pass(&o), 2);
    assert_int_equal(pass(&o), 0);
    o.world.wall_ms += 25 * HOUR_MS;
    assert_int_equal(pass(&o), 0); /* nothing was written since */
    office_report(&o, "010101");
    assert_int_equal(pass(&o), 2);
    office_report(&o, "010101");
    o.world.wall_ms += 23 * HOUR_MS;
    assert_int_equal(pass(&o), 0);
    o.world.wall_ms += HOUR_MS;
    assert_int_equal(pass(&o), 2);
    o.world.wall_ms -= 400 * 24 * (int64_t)HOUR_MS; /* a clock that fell back */
    office_report(&o, "010101");
    assert_int_equal(pass(&o), 0);
    office_check(&o);
    office_close(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once_a_day_if_anything_changed),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
