/* test_wait.c - waits: as long as was said, by the clock that nobody sets, and
 * no longer than until somebody wakes. */
#include "tests/lib/test.h"

#include <pthread.h>

#include "shared/base/wait.h"

enum { MS = 1000000, LIMIT_MS = 60, SOON_MS = 20000 };

struct fixture {
    pthread_mutex_t held; /* tells whether it is */
    pthread_cond_t wake;
    bool told;
};

static int set_up(void **state)
{
    static struct fixture f;
    pthread_mutexattr_t strict;

    f.told = false;
    pthread_cond_init(&f.wake, NULL);
    pthread_mutexattr_init(&strict);
    pthread_mutexattr_settype(&strict, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&f.held, &strict);
    pthread_mutexattr_destroy(&strict);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    pthread_cond_destroy(&f->wake);
    pthread_mutex_destroy(&f->held);
    return 0;
}

static int64_t ns_of(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000 * MS + t.tv_nsec;
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return ns_of(t);
}

/* Milliseconds until it says that the moment has come, which is not too early:
 * a condition variable that goes by the time of day takes a moment of this
 * clock for one long ago, and says so at once. */
static int64_t wait_out(struct fixture *f, struct timespec until)
{
    int64_t from = now_ns();

    assert_int_equal(pthread_mutex_lock(&f->held), 0);
    while (xg_wait(&f->wake, &f->held, &until))
        assert_true(now_ns() - from < (int64_t)SOON_MS * MS);
    assert_int_equal(pthread_mutex_unlock(&f->held), 0); /* given back */
    assert_true(now_ns() >= ns_of(until));
    return (now_ns() - from) / MS;
}

/* A thousand of them, so that the nanoseconds run over now and then. */
static void test_moments_are_of_the_clock_that_nobody_sets(void **state)
{
    (void)state;
    for (uint64_t ms = 5000; ms < 6000; ms++) {
        int64_t before = now_ns();
        struct timespec at = xg_wait_until(ms);
        int64_t after = now_ns();

        assert_in_range(at.tv_nsec, 0, 1000 * MS - 1);
        assert_in_range(ns_of(at), before + (int64_t)ms * MS,
                        after + (int64_t)ms * MS);
    }
}

static void test_a_limit_is_waited_out(void **state)
{
    int64_t from = now_ns();

    wait_out(*state, xg_wait_until(LIMIT_MS));
    assert_in_range((now_ns() - from) / MS, LIMIT_MS, SOON_MS);
}

static void test_what_is_over_is_not_waited_for(void **state)
{
    struct timespec begin = {0}, now = xg_wait_until(0);
    int64_t least = INT64_MAX;

    assert_in_range(wait_out(*state, begin), 0, SOON_MS);
    /* Of several, for another program may come in between. */
    for (int i = 0; i < 20; i++) {
        int64_t took = wait_out(*state, now);
        least = took < least ? took : least;
    }
    assert_in_range(least, 0, LIMIT_MS / 2);
}

/* Who waits has the lock, so this comes to it only while that one waits. */
static void *tell(void *ctx)
{
    struct fixture *f = ctx;

    pthread_mutex_lock(&f->held);
    f->told = true;
    pthread_cond_signal(&f->wake);
    pthread_mutex_unlock(&f->held);
    return NULL;
}

static void wait_until_told(struct fixture *f, uint64_t limit_ms)
{
    pthread_t other;

    assert_int_equal(pthread_mutex_lock(&f->held), 0);
    f->told = false;
    struct timespec until = xg_wait_until(limit_ms);
    assert_int_equal(pthread_create(&other, NULL, tell, f), 0);
    while (!f->told)
        assert_true(xg_wait(&f->wake, &f->held, &until));
    assert_int_equal(pthread_mutex_unlock(&f->held), 0);
    pthread_join(other, NULL);
}

static void test_who_is_woken_hears_so(void **state)
{
    int64_t from = now_ns();

    wait_until_told(*state, (uint64_t)10 * SOON_MS);
    assert_in_range((now_ns() - from) / MS, 0, SOON_MS);
}

/* As far away as can be said is not over before it began. */
static void test_no_limit_at_all(void **state)
{
    wait_until_told(*state, UINT64_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_moments_are_of_the_clock_that_nobody_sets),
        TEST(test_a_limit_is_waited_out),
        TEST(test_what_is_over_is_not_waited_for),
        TEST(test_who_is_woken_hears_so),
        TEST(test_no_limit_at_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
