/* test_gate.c - who goes when all places are taken, and what it costs to find
 * out. No sockets: descriptors are numbers that no file has. */
#include "tests/lib/test.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "shared/web/gate.h"
#include "tests/lib/cost.h"

enum { NO_FD = 1 << 20 };

static struct gate *open_gate(unsigned max, unsigned each)
{
    struct xg_error err = XG_ERROR_NONE;
    struct gate *g = calloc(1, sizeof *g);

    assert_non_null(g);
    assert_ok(gate_init(g, max, each, 30000, 1 << 20, &err));
    return g;
}

static void close_gate(struct gate *g)
{
    gate_clear(g);
    free(g);
}

/* Somebody of the n-th address; NULL: no place. */
static struct gate_seat *come(struct gate *g, int number, unsigned address,
                              int64_t now_ms)
{
    struct sockaddr_in from = {.sin_family = AF_INET};

    from.sin_addr.s_addr = htonl(0x0a000000u + address);
    return gate_enter(g, NO_FD + number, (const struct sockaddr *)&from, now_ms)
               ? gate_started(g, NO_FD + number)
               : NULL;
}

/* Four of the first address, two of the second, one of the third: newcomers
 * take what the first has over its share, the idle first, then those who were
 * longest at it; who works stays, and where each has one nobody goes but for
 * one of his own. */
static void test_the_largest_share_gives_way(void **state)
{
    struct gate *g = open_gate(7, 7);
    struct gate_seat *first[4], *second[2];

    (void)state;
    for (int i = 0; i < 4; i++)
        first[i] = come(g, i, 1, i);
    for (int i = 0; i < 2; i++)
        second[i] = come(g, 10 + i, 2, i);
    assert_non_null(come(g, 20, 3, 0));
    gate_turn(g, first[0], GATE_WORK, 0);
    gate_turn(g, first[1], GATE_REPLY, 5);
    gate_turn(g, first[2], GATE_BODY, 6);
    gate_turn(g, first[3], GATE_IDLE, 9);
    assert_non_null(come(g, 30, 4, 10));
    assert_true(first[3]->closing && !first[1]->closing);
    gate_leave(g, first[3]);
    assert_non_null(come(g, 31, 5, 11));
    assert_true(first[1]->closing && !first[2]->closing);
    gate_leave(g, first[1]);
    /* Two each now, one over what a newcomer would have: the idle go first. */
    assert_non_null(come(g, 32, 6, 12));
    assert_true(second[0]->closing && !first[2]->closing);
    gate_leave(g, second[0]);
    assert_non_null(come(g, 33, 7, 13));
    assert_true(first[2]->closing && !second[1]->closing);
    gate_leave(g, first[2]);
    assert_null(come(g, 34, 8, 14));
    assert_non_null(come(g, 35, 7, 15)); /* for the other of his own */
    assert_int_equal(gate_stats(g).open, 7);
    close_gate(g);
}

/* A crowd of one address comes faster than those go whom it replaces: the spare
 * seats, which they hold until then, are not all its own. */
static void test_a_crowd_does_not_take_the_spare_seats(void **state)
{
    enum { MAX = 8 };
    struct gate *g = open_gate(MAX, MAX);
    int refused = 0;

    (void)state;
    for (int i = 0; i < MAX + 4 * GATE_SPARE; i++)
        refused += !come(g, i, 1, i);
    assert_int_equal(refused, 4 * GATE_SPARE - GATE_SPARE / 2);
    for (int i = 0; i < 3; i++)
        assert_non_null(come(g, 1000 + i, 2, 1000));
    close_gate(g);
}

/* What is closing counts no more, and what has gone leaves its address. */
static void test_shares_are_given_back(void **state)
{
    struct gate *g = open_gate(4, 2);

    (void)state;
    for (unsigned round = 0; round < 1000; round++) {
        struct gate_seat *a = come(g, 0, 3 * round, round);
        struct gate_seat *b = come(g, 1, 3 * round, round);
        struct gate_seat *c = come(g, 2, 3 * round, round); /* one too many */
        if (!a || !b || !c) {
            fail_msg("no place in round %u", round);
            return;
        }
        assert_int_equal(a->closing + b->closing + c->closing, 1);
        assert_int_equal(gate_stats(g).open, 2);
        gate_leave(g, a);
        gate_leave(g, b);
        gate_leave(g, c);
        assert_int_equal(gate_stats(g).open, 0);
    }
    for (size_t i = 0; i < g->count; i++)
        assert_int_equal(g->shares[i].seats + g->shares[i].count, 0);
    close_gate(g);
}

/* ---- what it costs ---- */

enum { TURNS = 21, COMERS = 50 };

/* Nobody has over his share, so nobody goes: all that are there are looked at,
 * each time. */
static struct gate *full_gate(unsigned max)
{
    struct gate *g = open_gate(max, max);

    for (unsigned i = 0; i < max; i++)
        assert_non_null(come(g, (int)i, i, 0));
    return g;
}

/* Microseconds for each who comes. */
static double cost_of(struct gate *g)
{
    double from = test_thread_us();

    for (int i = 0; i < COMERS; i++)
        assert_null(come(g, 100000 + i, 1u << 20, 1));
    return (test_thread_us() - from) / COMERS;
}

/* Each place once: sixteen times as many are sixteen times as dear, not the 256
 * that they were while each was weighed against each. */
static void test_a_full_gate_is_looked_through_once(void **state)
{
    struct gate *small = full_gate(64), *large = full_gate(1024);
    double few[TURNS], many[TURNS];

    (void)state;
    for (int i = 0; i < TURNS; i++) {
        few[i] = cost_of(small);
        many[i] = cost_of(large);
    }
    double at_few = test_median(few, TURNS), at_many = test_median(many, TURNS);
    print_message("a newcomer at 64 and at 1024: %.2f and %.2f µs\n", at_few,
                  at_many);
    assert_true(at_many < 64 * at_few);
    close_gate(small);
    close_gate(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_largest_share_gives_way),
        cmocka_unit_test(test_a_crowd_does_not_take_the_spare_seats),
        cmocka_unit_test(test_shares_are_given_back),
        cmocka_unit_test(test_a_full_gate_is_looked_through_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
