/* test_session.c - tokens: who goes when there is no room, against a plain
 * model; what they cost in a full table; many threads at once. */
#include "tests/lib/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/api/session.h"
#include "tests/lib/cost.h"
#include "tests/lib/device.h"

struct fixture {
    struct test_world world;
    struct xg_env env;
    struct session_table *table;
};

static void open_table(struct fixture *f, size_t capacity)
{
    struct xg_error err = XG_ERROR_NONE;

    *f = (struct fixture){.world = {.seed = 1, .mono_ms = 1}};
    f->env = test_env(&f->world);
    assert_ok(session_table_new(&f->table, capacity, &f->env, &err));
}

static struct xg_hash give(struct fixture *f, const char *device)
{
    struct session whose;
    struct xg_hash token;

    snprintf(whose.device, sizeof whose.device, "%s", device);
    session_give(f->table, &token, &whose);
    f->world.mono_ms++;
    return token;
}

static struct xg_hash give_nth(struct fixture *f, uint64_t n)
{
    char device[24];

    snprintf(device, sizeof device, "d%llu", (unsigned long long)n);
    return give(f, device);
}

static bool is_good(struct fixture *f, const struct xg_hash *token,
                    const char *device)
{
    struct session whose = {.device = "nobody"};
    bool found = session_find(f->table, &whose, token);

    assert_string_equal(whose.device, found ? device : "nobody");
    return found;
}

/* ---- who goes ---- */

static void test_a_device_has_its_share(void **state)
{
    struct xg_hash tokens[SESSION_PER_DEVICE + 1], other;
    struct fixture f;

    (void)state;
    open_table(&f, 64);
    other = give(&f, "b");
    for (size_t i = 0; i <= SESSION_PER_DEVICE; i++)
        tokens[i] = give(&f, "a");
    assert_int_equal(session_count(f.table), SESSION_PER_DEVICE + 1);
    assert_false(is_good(&f, &tokens[0], "a"));
    for (size_t i = 1; i <= SESSION_PER_DEVICE; i++)
        assert_true(is_good(&f, &tokens[i], "a"));
    assert_true(is_good(&f, &other, "b"));
    session_table_free(f.table);
}

/* A device that came again, and pushed out its own oldest, is not the next to
 * go for that. */
static void test_the_oldest_of_all_goes(void **state)
{
    struct xg_hash tokens[SESSION_PER_DEVICE + 1];
    struct fixture f;

    (void)state;
    open_table(&f, 2 * SESSION_PER_DEVICE);
    for (size_t i = 0; i < SESSION_PER_DEVICE; i++)
        tokens[i] = give(&f, "a");
    for (size_t i = 0; i < SESSION_PER_DEVICE; i++)
        give_nth(&f, i);
    tokens[SESSION_PER_DEVICE] = give(&f, "a");
    for (size_t i = 1; i < SESSION_PER_DEVICE; i++) {
        give_nth(&f, SESSION_PER_DEVICE + i);
        assert_false(is_good(&f, &tokens[i], "a"));
        assert_true(is_good(&f, &tokens[SESSION_PER_DEVICE], "a"));
        assert_int_equal(session_count(f.table), 2 * SESSION_PER_DEVICE);
    }
    session_table_free(f.table);
}

static void test_they_run_out(void **state)
{
    struct xg_hash first, second;
    struct fixture f;

    (void)state;
    open_table(&f, 8);
    first = give(&f, "a"); /* at 1 */
    f.world.mono_ms = SESSION_LIFE_MS;
    second = give(&f, "a");
    f.world.mono_ms = SESSION_LIFE_MS;
    assert_true(is_good(&f, &first, "a"));
    assert_int_equal(session_count(f.table), 2);
    f.world.mono_ms = SESSION_LIFE_MS + 1;
    assert_false(is_good(&f, &first, "a"));
    assert_true(is_good(&f, &second, "a"));
    assert_int_equal(session_count(f.table), 1);
    f.world.mono_ms = 2 * SESSION_LIFE_MS;
    assert_int_equal(session_count(f.table), 0);
    assert_false(is_good(&f, &second, "a"));
    session_table_free(f.table);
}

/* ---- against a model ---- */

enum { MODEL_CAPACITY = 24, MODEL_STEPS = 20000, MODEL_DEVICES = 14 };

/* All that were ever given, oldest first; `good`: it still holds. */
struct model {
    size_t count;
    struct {
        struct xg_hash token;
        uint64_t device;
        int64_t at_ms;
        bool good;
    } all[MODEL_STEPS];
};

static size_t model_oldest(const struct model *m, uint64_t device, size_t *held)
{
    size_t oldest = m->count;

    *held = 0;
    for (size_t i = m->count; i-- > 0;) {
        if (!m->all[i].good ||
            (device != MODEL_DEVICES && m->all[i].device != device))
            continue;
        oldest = i;
        ++*held;
    }
    return oldest;
}

static void model_give(struct model *m, struct xg_hash token, uint64_t device,
                       int64_t now_ms)
{
    size_t held, oldest = model_oldest(m, device, &held);

    if (held < SESSION_PER_DEVICE) {
        oldest = model_oldest(m, MODEL_DEVICES, &held);
        if (held < MODEL_CAPACITY)
            oldest = m->count;
    }
    if (oldest < m->count)
        m->all[oldest].good = false;
    m->all[m->count].token = token;
    m->all[m->count].device = device;
    m->all[m->count].at_ms = now_ms;
    m->all[m->count++].good = true;
}

/* What has run out; then all of the newest hundred are looked for. */
static size_t model_check(struct model *m, struct fixture *f)
{
    size_t held = 0;
    char device[24];

    for (size_t i = m->count; i-- > 0 && i + 100 > m->count;) {
        m->all[i].good = m->all[i].good &&
                         f->world.mono_ms < m->all[i].at_ms + SESSION_LIFE_MS;
        snprintf(device, sizeof device, "d%llu",
                 (unsigned long long)m->all[i].device);
        assert_int_equal(is_good(f, &m->all[i].token, device), m->all[i].good);
        held += m->all[i].good;
    }
    assert_int_equal(session_count(f->table), held);
    return held;
}

static void test_as_the_model(void **state)
{
    struct model *m = calloc(1, sizeof *m);
    size_t full = 0, emptied = 0;
    struct fixture f;

    (void)state;
    assert_non_null(m);
    open_table(&f, MODEL_CAPACITY);
    for (size_t i = 0; i < MODEL_STEPS / TEST_STRIDE; i++) {
        uint64_t device = test_below(&f.world, MODEL_DEVICES);
        if (device > MODEL_DEVICES / 2)
            device = 0; /* one that comes all the time */
        if (test_below(&f.world, 50) == 0)
            f.world.mono_ms +=
                (int64_t)test_below(&f.world, 2 * SESSION_LIFE_MS);
        size_t held = model_check(m, &f);
        full += held == MODEL_CAPACITY;
        emptied += i > 0 && held == 0;
        model_give(m, give_nth(&f, device), device, f.world.mono_ms - 1);
    }
    assert_true(full > 0 && emptied > 0);
    session_table_free(f.table);
    free(m);
}

/* ---- what it costs ---- */

enum { COST_TURNS = 21, COST_GIVEN = 200 };

/* Of devices that were never seen, of one, and the count, in turns: the
 * microseconds of each of the three. */
static double cost_of(struct fixture *f, uint64_t *devices)
{
    double from = test_thread_us();

    for (int i = 0; i < COST_GIVEN; i++) {
        give_nth(f, ++*devices);
        give(f, "again and again");
        session_count(f->table);
    }
    return (test_thread_us() - from) / 3 / COST_GIVEN;
}

/* A walk through all of them took some two hundred times as long. */
static void test_a_full_table_costs_no_more(void **state)
{
    double few[COST_TURNS], many[COST_TURNS];
    struct fixture small, large;
    uint64_t devices = 0;

    (void)state;
    open_table(&small, 64);
    open_table(&large, 0);
    while (session_count(large.table) < SESSION_CAPACITY)
        give_nth(&large, ++devices);
    for (int i = 0; i < COST_TURNS; i++) {
        few[i] = cost_of(&small, &devices);
        many[i] = cost_of(&large, &devices);
    }
    double of_few = test_median(few, COST_TURNS),
           of_many = test_median(many, COST_TURNS);
    print_message("given and counted, of 64 and of %d: %.2f and %.2f µs\n",
                  SESSION_CAPACITY, of_few, of_many);
    assert_int_equal(session_count(large.table), SESSION_CAPACITY);
    assert_true(of_many < 5 * of_few);
    session_table_free(small.table);
    session_table_free(large.table);
}

/* ---- many at once ---- */

enum { CROWD = 8, CROWD_ROUNDS = 4000 };

struct visitor {
    struct session_table *table;
    int number;
    size_t lost, mistaken;
};

static void *visit(void *ctx)
{
    struct visitor *v = ctx;
    struct session whose, found;
    struct xg_hash token;

    for (int i = 0; i < CROWD_ROUNDS / TEST_STRIDE; i++) {
        snprintf(whose.device, sizeof whose.device, "%d/%d", v->number,
                 i % (2 * SESSION_PER_DEVICE));
        session_give(v->table, &token, &whose);
        if (!session_find(v->table, &found, &token))
            v->lost++;
        else if (strcmp(found.device, whose.device) != 0)
            v->mistaken++;
        session_count(v->table);
    }
    return NULL;
}

/* No device has more than its share, so with room for all nobody loses one. */
static void test_many_threads(void **state)
{
    struct visitor crowd[CROWD];
    struct xg_error err = XG_ERROR_NONE;
    struct xg_env env = xg_env_system();
    struct session_table *table;
    pthread_t threads[CROWD];

    (void)state;
    assert_int_equal(xg_base_init(), 0);
    assert_ok(session_table_new(&table, 0, &env, &err));
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = (struct visitor){table, i, 0, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, visit, &crowd[i]),
                         0);
    }
    for (int i = 0; i < CROWD; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(crowd[i].lost + crowd[i].mistaken, 0);
    }
    assert_int_equal(session_count(table),
                     CROWD * 2 * SESSION_PER_DEVICE * SESSION_PER_DEVICE);
    session_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_device_has_its_share),
        cmocka_unit_test(test_the_oldest_of_all_goes),
        cmocka_unit_test(test_they_run_out),
        cmocka_unit_test(test_as_the_model),
        cmocka_unit_test(test_a_full_table_costs_no_more),
        cmocka_unit_test(test_many_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
