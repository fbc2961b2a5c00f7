/* test_notice.c - a notice to all 1,956 workers of a district, and a campaign
 * counted by 98 grids: what many add to one entity at once. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/core/causality.h"
#include "tests/lib/device.h"

enum { WORKERS = 1956, GRIDS = 98, BOTTLES = 3156 };

static const uint8_t registrar[32] = {7};

struct district {
    struct xg_arena arena;
    struct test_world world;
    struct test_device *centre;
    struct xg_op *ops;
    size_t count;
    struct xg_id id;
};

static void keep(struct district *d, const struct test_device *device,
                 const struct xg_record *r)
{
    d->ops[d->count++] = (struct xg_op){
        .record = r,
        .branch = &device->branch,
        .seq = device->count - 1,
        .rank = xg_role_find(XG_ROLE_WORKER)->rank,
        .role = XG_ROLE_WORKER,
        .author = device->signer.verifier.name,
    };
}

static void begin(struct district *d, size_t room)
{
    *d = (struct district){
        .arena = XG_ARENA(512 << 20),
        .world = {.seed = 1956, .wall_ms = 1790000000000, .boot = 1}};
    d->ops = calloc(room, sizeof *d->ops);
    assert_non_null(d->ops);
    d->centre = test_device_new(&d->arena, &d->world, "log.example/d/0000",
                                "log.example", registrar);
}

static void create(struct district *d, struct xg_draft *draft)
{
    const struct xg_record *first = test_write(d->centre, draft, NULL);

    d->id = xg_record_entity(first);
    keep(d, d->centre, first);
}

static struct xg_state fold_some(struct xg_arena *arena,
                                 const struct district *d, size_t count)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_state state;

    assert_ok(xg_merge(&state, arena, &d->id, d->ops, count, NULL, &err));
    return state;
}

static struct xg_state fold(struct district *d)
{
    return fold_some(&d->arena, d, d->count);
}

static struct xg_buf encode(struct district *d)
{
    struct xg_buf out = XG_BUF(4 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_state state = fold(d);

    xg_state_encode(&out, &state);
    assert_ok(xg_buf_check(&out, &err));
    return out;
}

static void shuffle(struct district *d)
{
    for (size_t i = d->count; i > 1; i--) {
        size_t j = test_below(&d->world, i);
        struct xg_op held = d->ops[i - 1];
        d->ops[i - 1] = d->ops[j];
        d->ops[j] = held;
    }
}

static void end(struct district *d)
{
    test_device_free(d->centre);
    free(d->ops);
    xg_arena_clear(&d->arena);
}

/* Its own chain's first words about an entity of the centre, of which it has
 * seen the first `seen` records. */
static const struct xg_record *add_element(struct district *d, size_t seen,
                                           struct test_device *device,
                                           uint64_t kind, uint64_t field,
                                           struct xg_bytes element)
{
    struct xg_arena scratch = XG_ARENA(64 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_state state = fold_some(&scratch, d, seen);
    struct xg_draft draft;

    xg_draft_init(&draft, &d->arena, kind);
    assert_ok(xg_draft_add(&draft, field, element, &err));
    const struct xg_record *r = test_write(device, &draft, &state);
    xg_arena_clear(&scratch);
    return r;
}

static void test_receipts_of_a_whole_district_are_one_column(void **unused)
{
    static struct test_device *workers[WORKERS];
    struct xg_buf code = XG_BUF(64);
    struct district d;
    struct xg_draft draft;

    (void)unused;
    begin(&d, WORKERS + 1);
    xg_draft_init(&draft, &d.arena, XG_KIND_NOTICE);
    test_text(&draft, 12, "防汛");
    test_text(&draft, 13, "今夜有大雨，低洼处逐户通知。");
    create(&d, &draft);
    for (size_t i = 0; i < WORKERS; i++) {
        char name[40];
        snprintf(name, sizeof name, "log.example/d/%04zu", i + 1);
        workers[i] = test_device_new(&d.arena, &d.world, name, "log.example",
                                     registrar);
        xg_buf_reset(&code);
        xg_cbor_put_text(&code, name + 14, 4);
        const struct xg_record *r =
            add_element(&d, 1, workers[i], XG_KIND_NOTICE, XG_NOTICE_READ,
                        xg_buf_bytes(&code));
        keep(&d, workers[i], r);
    }
    struct xg_state s = fold(&d);
    assert_int_equal(s.clocks->columns, 1); /* the centre's alone */
    assert_int_equal(s.tip_count, 1);       /* a receipt is never a head */
    assert_int_equal(xg_state_set(&s, XG_NOTICE_READ)->count, WORKERS);
    assert_int_equal(s.conflict_count, 0);

    struct xg_buf one = encode(&d);
    shuffle(&d);
    struct xg_buf other = encode(&d);
    assert_true(xg_bytes_equal(xg_buf_bytes(&one), xg_buf_bytes(&other)));
    xg_buf_clear(&one);
    xg_buf_clear(&other);
    xg_buf_clear(&code);
    for (size_t i = 0; i < WORKERS; i++)
        test_device_free(workers[i]);
    end(&d);
}

/* The sum of what stands for an item. */
static uint64_t total(const struct xg_state *s, const char *item)
{
    const struct xg_set *set = xg_state_set(s, XG_CAMPAIGN_TALLY);
    uint64_t sum = 0;

    for (size_t i = 0; i < set->count; i++) {
        struct xg_cbor c = xg_cbor_over(set->elements[i].value);
        struct xg_cbor_item tally, grid, what, number;
        if (set->elements[i].removed)
            continue;
        xg_cbor_next(&c, &tally);
        c = xg_cbor_inside(&tally);
        xg_cbor_next(&c, &grid);
        xg_cbor_next(&c, &what);
        xg_cbor_next(&c, &number);
        if (xg_bytes_equal(what.bytes, xg_bytes_of(item)))
            sum += number.number;
    }
    return sum;
}

static void put_tally(struct xg_buf *out, size_t grid, const char *item,
                      uint64_t number)
{
    char code[32];

    snprintf(code, sizeof code, "330113%03zu", grid);
    xg_buf_reset(out);
    xg_cbor_put_array(out, 3);
    xg_cbor_put_text(out, code, strlen(code));
    xg_cbor_put_text(out, item, strlen(item));
    xg_cbor_put_uint(out, number);
}

static void test_98_grids_are_counted_once(void **unused)
{
    static struct test_device *grids[GRIDS];
    struct xg_buf element = XG_BUF(128);
    struct district d;
    struct xg_draft draft;
    uint64_t left = BOTTLES;

    (void)unused;
    begin(&d, 4 * GRIDS);
    xg_draft_init(&draft, &d.arena, XG_KIND_CAMPAIGN);
    test_text(&draft, 12, "瓶装燃气整治");
    create(&d, &draft);
    for (size_t i = 0; i < GRIDS; i++) {
        char name[40];
        uint64_t n = i + 1 == GRIDS
                         ? left
                         : test_below(&d.world, 2 * left / (GRIDS - i) + 1);
        left -= n;
        snprintf(name, sizeof name, "log.example/d/%04zu", i + 1);
        grids[i] = test_device_new(&d.arena, &d.world, name, "log.example",
                                   registrar);
        put_tally(&element, i, "bottles", n);
        keep(&d, grids[i],
             add_element(&d, d.count, grids[i], XG_KIND_CAMPAIGN, XG_CAMPAIGN_TALLY,
                         xg_buf_bytes(&element)));
        if (i == 7 || i == 70) {
            put_tally(&element, i, "dens", 1);
            keep(&d, grids[i],
                 add_element(&d, d.count, grids[i], XG_KIND_CAMPAIGN, XG_CAMPAIGN_TALLY,
                             xg_buf_bytes(&element)));
        }
    }
    struct xg_state s = fold(&d);
    assert_int_equal(total(&s, "bottles"), BOTTLES);
    assert_int_equal(total(&s, "dens"), 2);
    shuffle(&d);
    s = fold(&d);
    assert_int_equal(total(&s, "bottles"), BOTTLES);
    assert_int_equal(total(&s, "dens"), 2);
    xg_buf_clear(&element);
    for (size_t i = 0; i < GRIDS; i++)
        test_device_free(grids[i]);
    end(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_receipts_of_a_whole_district_are_one_column),
        cmocka_unit_test(test_98_grids_are_counted_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
