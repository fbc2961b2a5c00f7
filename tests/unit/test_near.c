/* test_near.c - suggested duplicates and groups: distances against the
 * haversine formula, pairs and groups against searching through all. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/core/near.h"

static struct xg_error err;
static uint64_t seed = 88172645463325252u;

static uint64_t rnd(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * UINT64_C(2685821657736338717);
}

static int64_t between(int64_t lo, int64_t hi)
{
    return lo + (int64_t)((rnd() >> 11) % (uint64_t)(hi - lo + 1));
}

static double haversine_mm(int32_t lat1, int32_t lon1, int32_t lat2,
                           int32_t lon2)
{
    const double rad = 3.14159265358979323846 / 180 / 1e7;
    double a = lat1 * rad, b = lat2 * rad;
    double s = sin((b - a) / 2), t = sin(((double)lon2 - lon1) * rad / 2);

    return 2 * 6371008.8e3 * asin(sqrt(s * s + cos(a) * cos(b) * t * t));
}

static void distances_are_those_of_the_sphere(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        int64_t reach = between(1, 700000);
        int32_t lat = (int32_t)between(-790000000, 790000000);
        int32_t lon = (int32_t)between(-1790000000, 1790000000);
        int32_t lat2 = lat + (int32_t)between(-reach, reach);
        int32_t lon2 = lon + (int32_t)between(-reach, reach);
        double want = haversine_mm(lat, lon, lat2, lon2);
        int64_t got = xg_near_distance_mm(lat, lon, lat2, lon2);
        if (fabs((double)got - want) > want * 0.001 + 1)
            fail_msg("%d,%d %d,%d: %lld, not %f", lat, lon, lat2, lon2,
                     (long long)got, want);
        assert_int_equal(got, xg_near_distance_mm(lat2, lon2, lat, lon));
    }
    assert_int_equal(
        xg_near_distance_mm(312304160, 1214737010, 312304160, 1214737010), 0);
    /* Over the date line, and too far to say. */
    assert_in_range(xg_near_distance_mm(0, 1799999000, 0, -1799999000), 22000,
                    22500);
    assert_int_equal(xg_near_distance_mm(0, 0, 0, 10000000), -1);
    assert_int_equal(xg_near_distance_mm(900000000, 0, -900000000, 0), -1);
}

static int64_t radius_of(void *ctx, struct xg_bytes category)
{
    (void)ctx;
    if (category.at[0] == 'b')
        return 0;
    return category.len == 1 ? 30 * 1000 : -1;
}

/* In a square of about 400 m, so that some are near; few share a category. */
static void scatter(struct xg_spot *spots, size_t count)
{
    static const char *const categories[] = {"a", "ab", "b"};

    for (size_t i = 0; i < count; i++) {
        spots[i] =
            (struct xg_spot){.category = xg_bytes_of(categories[rnd() % 3]),
                             .lat_e7 = 351000000 + (int32_t)between(0, 40000),
                             .lon_e7 = 1183000000 + (int32_t)between(0, 40000)};
        for (size_t b = 0; b < XG_ID_SIZE; b++)
            spots[i].id.b[b] = (uint8_t)rnd();
    }
}

static size_t count_through_all(const struct xg_spot *spots, size_t count)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            int64_t radius = radius_of(NULL, spots[i].category);
            n += radius != 0 &&
                 xg_spots_near(&spots[i], &spots[j],
                               radius < 0 ? XG_NEAR_DEFAULT_MM : radius, NULL);
        }
    return n;
}

static void every_near_pair_is_found_once_nearest_first(void **state)
{
    static struct xg_spot spots[200];
    struct xg_near_pair *pairs;
    size_t count;

    (void)state;
    for (int round = 0; round < 50; round++) {
        struct xg_arena arena = XG_ARENA(8 << 20);
        size_t n = rnd() % 200;
        scatter(spots, n);
        assert_ok(xg_near_pairs(&pairs, &count, &arena, spots, n, radius_of,
                                NULL, &err));
        assert_int_equal(count, count_through_all(spots, n));
        for (size_t i = 0; i < count; i++) {
            int64_t mm = -2;
            assert_true(xg_spots_near(pairs[i].a, pairs[i].b, INT64_MAX, &mm));
            assert_int_equal(mm, pairs[i].distance_mm);
            assert_true(memcmp(&pairs[i].a->id, &pairs[i].b->id, XG_ID_SIZE) <
                        0);
            assert_true(i == 0 || pairs[i - 1].distance_mm <= mm);
            for (size_t j = 0; j < i; j++)
                assert_false(pairs[j].a == pairs[i].a &&
                             pairs[j].b == pairs[i].b);
        }
        xg_arena_clear(&arena);
    }
}

static void a_heap_at_one_place_stays_little_work(void **state)
{
    enum { HEAP = 20000 };
    struct xg_spot *spots = calloc(HEAP, sizeof *spots);
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_near_pair *pairs;
    size_t count;

    (void)state;
    assert_non_null(spots);
    scatter(spots, HEAP);
    for (size_t i = 0; i < HEAP; i++) {
        spots[i].category = xg_bytes_of("a");
        spots[i].lat_e7 = spots[i].lon_e7 = 1;
    }
    assert_ok(
        xg_near_pairs(&pairs, &count, &arena, spots, HEAP, NULL, NULL, &err));
    assert_in_range(count, HEAP - 1, HEAP * XG_NEAR_EACH);
    assert_ok(xg_near_pairs(&pairs, &count, &arena, NULL, 0, NULL, NULL, &err));
    assert_int_equal(count, 0);
    xg_arena_clear(&arena);
    free(spots);
}

/* Where a grid goes wrong: over the date line, the equator, about the poles,
 * at all latitudes, with every reach. */
static int64_t reach_by_letter(void *ctx, struct xg_bytes category)
{
    (void)ctx;
    return category.at[0] == 'a' ? 1 : INT64_C(1000) * (category.at[0] - 'a');
}

static void the_grid_loses_no_pair_anywhere_on_earth(void **state)
{
    static const int32_t lats[] = {0,         351000000,  -330000000,
                                   799000000, -899990000, 899999990};
    static const int32_t lons[] = {0, 1183000000, 1799999900, -1799999900};
    static struct xg_spot spots[40];
    static const char letter[] = "a{z";
    size_t found = 0, total = 0;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct xg_arena arena = XG_ARENA(8 << 20);
        struct xg_near_pair *pairs;
        size_t count, want = 0, n = 2 + rnd() % 38;
        const char *category = &letter[rnd() % 3];
        int64_t spread = between(1, 20000);
        int32_t lat = lats[rnd() % 6], lon = lons[rnd() % 4];
        for (size_t i = 0; i < n; i++) {
            int64_t y = lat + between(-spread, spread);
            int64_t x = lon + between(-spread, spread) *
                                  (labs(lat) > 700000000 ? 30 : 1);
            y = y > 900000000 ? 900000000 : y < -900000000 ? -900000000 : y;
            x = x > 1800000000 ? x - INT64_C(3600000000) : x;
            x = x < -1800000000 ? x + INT64_C(3600000000) : x;
            spots[i] = (struct xg_spot){.category = xg_bytes(category, 1),
                                        .lat_e7 = (int32_t)y,
                                        .lon_e7 = (int32_t)x};
            for (size_t b = 0; b < XG_ID_SIZE; b++)
                spots[i].id.b[b] = (uint8_t)rnd();
        }
        assert_ok(xg_near_pairs(&pairs, &count, &arena, spots, n,
                                reach_by_letter, NULL, &err));
        size_t most = 0;
        for (size_t i = 0; i < n; i++) {
            size_t of = 0;
            for (size_t j = 0; j < n; j++) {
                bool near = j != i &&
                            xg_spots_near(
                                &spots[i], &spots[j],
                                reach_by_letter(NULL, spots[i].category), NULL);
                of += near;
                want += near && j > i;
            }
            most = of > most ? of : most;
        }
        /* With so few about each, none is left out. */
        if (most <= XG_NEAR_EACH / 2)
            assert_int_equal(count, want);
        assert_true(count <= want);
        found += count;
        total += want;
        xg_arena_clear(&arena);
    }
    assert_true(found > 10000 && found * 10 > total);
}

enum shape { ON_ONE_LATITUDE, ON_ONE_LONGITUDE, TWO_HEAPS, SHAPES };

static double seconds_for(enum shape shape, size_t n)
{
    double best = 1e9;

    for (int run = 0; run < 3; run++) {
        struct xg_spot *spots = calloc(n, sizeof *spots);
        struct xg_arena arena = XG_ARENA(512 << 20);
        struct xg_near_pair *pairs;
        size_t count;
        assert_non_null(spots);
        for (size_t i = 0; i < n; i++) {
            int32_t far = (int32_t)i * 10000;
            spots[i] = (struct xg_spot){.category = xg_bytes_of("a"),
                                        .lat_e7 = 351000000,
                                        .lon_e7 = 1183000000};
            xg_store_u64(spots[i].id.b, rnd());
            if (shape == ON_ONE_LATITUDE)
                spots[i].lon_e7 = -1700000000 + far;
            else if (shape == ON_ONE_LONGITUDE)
                spots[i].lat_e7 = -800000000 + far;
            else if (i % 2) { /* in reach by either coordinate, not by both */
                spots[i].lat_e7 += 4000;
                spots[i].lon_e7 += 5000;
            }
        }
        clock_t from = clock();
        assert_ok(
            xg_near_pairs(&pairs, &count, &arena, spots, n, NULL, NULL, &err));
        double took = (double)(clock() - from) / CLOCKS_PER_SEC;
        best = took < best ? took : best;
        assert_int_equal(count == 0, shape != TWO_HEAPS);
        xg_arena_clear(&arena);
        free(spots);
    }
    return best;
}

static void
four_times_the_spots_are_hardly_more_than_four_times_the_work(void **state)
{
    (void)state;
    for (int shape = 0; shape < SHAPES; shape++) {
        double few = seconds_for((enum shape)shape, 10000);
        double many = seconds_for((enum shape)shape, 40000);
        if (many > 6 * few + 0.02)
            fail_msg("shape %d: %f s, then %f s", shape, few, many);
    }
}

/* Spread the smallest label along all links until nothing changes. */
static void label_through_all(uint8_t *label, const struct xg_link *links,
                              size_t count)
{
    bool changed = true;

    while (changed) {
        changed = false;
        for (size_t i = 0; i < count; i++) {
            uint8_t *a = &label[links[i].from.b[0]];
            uint8_t *b = &label[links[i].to.b[0]];
            if (*a == *b)
                continue;
            *a = *b = *a < *b ? *a : *b;
            changed = true;
        }
    }
}

static void groups_are_what_hangs_together(void **state)
{
    struct xg_link links[60];
    struct xg_grouped *grouped;
    uint8_t label[256];
    size_t count;

    (void)state;
    for (int round = 0; round < 300; round++) {
        struct xg_arena arena = XG_ARENA(1 << 20);
        bool named[256] = {false};
        size_t n = rnd() % 60, distinct = 0;
        for (size_t i = 0; i < n; i++) {
            links[i] = (struct xg_link){.from = {{(uint8_t)rnd()}},
                                        .to = {{(uint8_t)rnd()}}};
            named[links[i].from.b[0]] = named[links[i].to.b[0]] = true;
        }
        for (size_t i = 0; i < 256; i++) {
            label[i] = (uint8_t)i;
            distinct += named[i];
        }
        label_through_all(label, links, n);
        assert_ok(xg_groups_of(&grouped, &count, &arena, links, n, &err));
        assert_int_equal(count, distinct);
        for (size_t i = 0; i < 256; i++) {
            struct xg_id id = {{(uint8_t)i}};
            const struct xg_id *group = xg_group_find(grouped, count, &id);
            assert_int_equal(group != NULL, named[i]);
            if (group)
                assert_int_equal(group->b[0], label[i]);
        }
        xg_arena_clear(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_those_of_the_sphere),
        cmocka_unit_test(every_near_pair_is_found_once_nearest_first),
        cmocka_unit_test(a_heap_at_one_place_stays_little_work),
        cmocka_unit_test(the_grid_loses_no_pair_anywhere_on_earth),
        cmocka_unit_test(
            four_times_the_spots_are_hardly_more_than_four_times_the_work),
        cmocka_unit_test(groups_are_what_hangs_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
