/* test_outline.c - fewer points, and none of what goes farther off than the
 * tolerance; whatever the line is like, in bounded time. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "shared/view/outline.h"

static double metres(struct outline_point a, struct outline_point b)
{
    double y = (a.lat_e6 - b.lat_e6) * 0.111195;
    double x = (a.lon_e6 - b.lon_e6) * 0.111195 * cos(a.lat_e6 / 57.2957795e6);

    return sqrt(x * x + y * y);
}

/* From p to the line a-b, by trying places on it. */
static double off(struct outline_point p, struct outline_point a,
                  struct outline_point b)
{
    double best = 1e9;

    for (int i = 0; i <= 400; i++) {
        struct outline_point at = {
            a.lat_e6 + (int32_t)((b.lat_e6 - a.lat_e6) * (i / 400.0)),
            a.lon_e6 + (int32_t)((b.lon_e6 - a.lon_e6) * (i / 400.0))};
        double d = metres(p, at);
        best = d < best ? d : best;
    }
    return best;
}

static void test_few(void **state)
{
    struct outline_point p[] = {{1, 1}, {1, 1}, {1, 1}};

    (void)state;
    assert_int_equal(outline_simplify(p, 0, 1000), 0);
    assert_int_equal(outline_simplify(p, 1, 1000), 1);
    assert_int_equal(outline_simplify(p, 2, 1000), 2);
    assert_int_equal(outline_simplify(p, 3, 1000), 2);
}

static void test_line_and_corner(void **state)
{
    struct outline_point p[] = {{31000000, 121000000}, {31000050, 121000000},
                                {31000100, 121000000}, {31000200, 121000000},
                                {31000200, 121000100}, {31000200, 121000300}};

    (void)state;
    assert_int_equal(outline_simplify(p, 6, 1000), 3);
    assert_int_equal(p[1].lat_e6, 31000200);
    assert_int_equal(p[1].lon_e6, 121000000);
    assert_int_equal(p[2].lon_e6, 121000300);
}

/* A ring stays a ring. */
static void test_ring(void **state)
{
    struct outline_point p[361];

    (void)state;
    for (int i = 0; i <= 360; i++)
        p[i] = (struct outline_point){
            31000000 + (int32_t)(1000 * sin(i * 0.0174532925)),
            121000000 + (int32_t)(1000 * cos(i * 0.0174532925))};
    p[360] = p[0];
    size_t n = outline_simplify(p, 361, 3000);
    assert_in_range(n, 8, 60);
    assert_memory_equal(&p[0], &p[n - 1], sizeof *p);
}

static void test_walk(void **state)
{
    enum { COUNT = 5000 };
    static struct outline_point all[COUNT], few[COUNT];
    struct outline_point at = {31000000, 121000000};

    (void)state;
    srand(7);
    for (size_t i = 0; i < COUNT; i++) {
        at.lat_e6 += rand() % 41 - 10;
        at.lon_e6 += rand() % 41 - 15;
        all[i] = few[i] = at;
    }
    size_t n = outline_simplify(few, COUNT, 2000), next = 0;
    assert_in_range(n, 10, COUNT / 3);
    /* Each point lies near the piece of the line that stands for it. */
    for (size_t i = 0; i < COUNT; i++) {
        if (next + 1 < n && all[i].lat_e6 == few[next + 1].lat_e6 &&
            all[i].lon_e6 == few[next + 1].lon_e6)
            next++;
        size_t to = next + 1 < n ? next + 1 : next;
        if (i % 7 == 0)
            assert_true(off(all[i], few[next], few[to]) < 2.3);
    }
}

/* The worst there is: nothing can go, and splits are as uneven as they get. */
static void test_worst(void **state)
{
    enum { COUNT = 65536 };
    struct outline_point *p = calloc(COUNT, sizeof *p);
    clock_t begun = clock();

    (void)state;
    assert_non_null(p);
    for (int i = 0; i < COUNT; i++)
        p[i] = (struct outline_point){(i % 2 ? 1 : -1) * (i % 1024) * 800,
                                      i * 10};
    assert_true(outline_simplify(p, COUNT, 1000) > COUNT / 2);
    assert_true((double)(clock() - begun) / CLOCKS_PER_SEC < 5);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few),  cmocka_unit_test(test_line_and_corner),
        cmocka_unit_test(test_ring), cmocka_unit_test(test_walk),
        cmocka_unit_test(test_worst),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
