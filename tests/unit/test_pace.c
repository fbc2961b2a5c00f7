/* test_pace.c - chunks, patience and what is promised, on lines that are made
 * up: steady, drifting, cut, silent. */
#include "tests/lib/test.h"

#include "agent/engine/pace.h"

/* A line of so many bytes a second and so much delay a request. */
static int64_t line_ms(uint64_t bytes, uint64_t rate, int64_t delay_ms)
{
    return delay_ms + (int64_t)(bytes * 1000 / rate);
}

static void send_chunks(struct pace *p, unsigned count, uint64_t rate,
                        int64_t delay_ms)
{
    for (unsigned i = 0; i < count; i++) {
        uint64_t n = pace_chunk(p, UINT64_MAX);
        pace_answered(p, n, line_ms(n, rate, delay_ms));
    }
}

static void test_nothing_known(void **state)
{
    struct pace p;

    (void)state;
    pace_init(&p);
    assert_int_equal(pace_chunk(&p, UINT64_MAX), PACE_CHUNK_FIRST);
    assert_int_equal(pace_chunk(&p, 5), 5);
    assert_int_equal(pace_chunk(&p, 0), 0);
    assert_int_equal(pace_eta_s(&p, 1000), -1);
    assert_in_range(pace_silence_s(&p), 30, PACE_SILENCE_MAX_S);
}

/* On every line the chunk comes to take PACE_CHUNK_MS, between the limits. */
static void test_chunk_fits_the_line(void **state)
{
    static const struct {
        uint64_t rate, low, high;
    } lines[] = {
        {400, PACE_CHUNK_MIN, PACE_CHUNK_MIN},
        {1200, PACE_CHUNK_MIN, 20 << 10},
        {8000, 96 << 10, 128 << 10},
        {30000, 400 << 10, 480 << 10},
        {10000000, PACE_CHUNK_MAX, PACE_CHUNK_MAX},
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct pace p;
        pace_init(&p);
        send_chunks(&p, 12, lines[i].rate, 600);
        assert_in_range(pace_chunk(&p, UINT64_MAX), lines[i].low,
                        lines[i].high);
    }
}

static void test_cuts_halve(void **state)
{
    struct pace p;

    (void)state;
    pace_init(&p);
    send_chunks(&p, 12, 1000000, 100);
    assert_int_equal(pace_chunk(&p, UINT64_MAX), PACE_CHUNK_MAX);
    uint64_t rate = p.rate;
    pace_cut(&p);
    assert_int_equal(pace_chunk(&p, UINT64_MAX), PACE_CHUNK_MAX / 2);
    for (int i = 0; i < 100; i++)
        pace_cut(&p);
    assert_int_equal(pace_chunk(&p, UINT64_MAX), PACE_CHUNK_MIN);
    assert_int_equal(p.rate, rate); /* a cut says nothing of the speed */
    /* And back, but not in one leap. */
    send_chunks(&p, 1, 1000000, 100);
    assert_int_equal(pace_chunk(&p, UINT64_MAX), 2 * PACE_CHUNK_MIN);
    send_chunks(&p, 8, 1000000, 100);
    assert_int_equal(pace_chunk(&p, UINT64_MAX), PACE_CHUNK_MAX);
}

/* One quick answer does not make a promise, one slow one does not break it. */
static void test_rate_is_a_mean(void **state)
{
    struct pace p;

    (void)state;
    pace_init(&p);
    send_chunks(&p, 20, 8000, 600);
    assert_in_range(p.rate, 7300, 8000);
    pace_answered(&p, 32 << 10, 10); /* 3 MB/s, for a moment */
    assert_in_range(p.rate, 7300, 9000);
    pace_answered(&p, PACE_CHUNK_MIN, 16000);
    assert_in_range(p.rate, 6000, 8000);
    /* A line that has changed is believed after a minute or two. */
    send_chunks(&p, 8, 2000, 600);
    assert_in_range(p.rate, 1500, 3000);
    /* Small requests are delay, not speed. */
    uint64_t rate = p.rate;
    pace_answered(&p, 100, 9000);
    assert_int_equal(p.rate, rate);
}

/* While a photo goes up on a line whose speed swings by a half around its mean,
 * the promise falls about as fast as time goes by. */
static void test_eta_is_steady(void **state)
{
    struct pace p;
    uint64_t left = 2 << 20;
    int64_t last = -1;

    (void)state;
    pace_init(&p);
    for (unsigned i = 0; left > 0; i++) {
        uint64_t n = pace_chunk(&p, left);
        int64_t took = line_ms(n, i % 2 ? 12000 : 5500, 600);
        pace_answered(&p, n, took);
        left -= n;
        int64_t now = pace_eta_s(&p, left);
        if (i > 3) {
            int64_t jump = now - (last - took / 1000);
            assert_in_range(jump + 1000, 1000 - last / 3 - 2,
                            1000 + last / 3 + 2);
        }
        last = now;
    }
    assert_int_equal(pace_eta_s(&p, 0), 0);
    assert_int_equal(pace_eta_s(&p, 1), 1);
}

static void test_patience(void **state)
{
    struct pace p;

    (void)state;
    pace_init(&p);
    pace_answered(&p, 10, 200);
    assert_int_equal(pace_silence_s(&p), PACE_SILENCE_MIN_S);
    pace_answered(&p, 10, 12000);
    assert_int_equal(pace_silence_s(&p), 48);
    pace_answered(&p, 10, 300); /* the worst that was seen counts */
    assert_int_equal(pace_silence_s(&p), 48);
    pace_cut(&p); /* perhaps because it was too short */
    assert_int_equal(pace_silence_s(&p), 96);
    for (int i = 0; i < 100; i++)
        pace_cut(&p);
    assert_int_equal(pace_silence_s(&p), PACE_SILENCE_MAX_S);
    pace_answered(&p, 10, 300);
    assert_int_equal(pace_silence_s(&p), 48);
    pace_answered(&p, 10, INT32_MAX);
    assert_int_equal(pace_silence_s(&p), PACE_SILENCE_MAX_S);
}

/* Clocks that stand still, and sizes out of this world. */
static void test_extremes(void **state)
{
    struct pace p;

    (void)state;
    pace_init(&p);
    for (int i = 0; i < 50; i++)
        pace_answered(&p, PACE_CHUNK_MAX, i % 2 ? 0 : -5);
    assert_int_equal(pace_chunk(&p, UINT64_MAX), PACE_CHUNK_MAX);
    assert_true(pace_eta_s(&p, UINT64_MAX) >= 0);
    pace_init(&p);
    for (int i = 0; i < 50; i++)
        pace_answered(&p, PACE_CHUNK_MIN, (int64_t)7 * 24 * 3600 * 1000);
    assert_int_equal(pace_chunk(&p, UINT64_MAX), PACE_CHUNK_MIN);
    assert_true(p.rate > 0);
    assert_true(pace_eta_s(&p, UINT64_MAX) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_known),
        cmocka_unit_test(test_chunk_fits_the_line),
        cmocka_unit_test(test_cuts_halve),
        cmocka_unit_test(test_rate_is_a_mean),
        cmocka_unit_test(test_eta_is_steady),
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_extremes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
