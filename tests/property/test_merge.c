/* test_merge.c - the laws of merging, over random histories of many devices.
 *
 * The seed is XG_SEED or 1; a failure prints it. Histories grow from small to
 * large, so that the first failure is a small one.
 */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/base/env.h"
#include "tests/lib/device.h"

enum { DEVICES = 5, OPS_MAX = 600 };

/* One history of one entity, as the set of its records. */
struct history {
    struct xg_arena arena;
    struct test_world world;
    struct test_device *devices[DEVICES * 2]; /* clones behind the others */
    size_t device_count;
    struct xg_op ops[OPS_MAX];
    size_t count;
    struct xg_id id;
};

static const uint8_t registrar[32] = {3};

static uint32_t role_of(uint32_t rank)
{
    for (const struct xg_role *r = xg_roles; r->name; r++)
        if (r->rank == rank)
            return r->number;
    return 0;
}

static void keep(struct history *h, const struct test_device *d,
                 const struct xg_record *r, uint64_t seq)
{
    assert_true(h->count < OPS_MAX);
    h->ops[h->count++] = (struct xg_op){.record = r,
                                        .branch = &d->branch,
                                        .seq = seq,
                                        .rank = d->rank,
                                        .role = role_of(d->rank),
                                        .author = d->signer.verifier.name};
}

static struct xg_state fold(struct history *h, struct xg_arena *arena,
                            const struct xg_op *ops, size_t count)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_state state;

    assert_ok(xg_merge(&state, arena, &h->id, ops, count, NULL, &err));
    return state;
}

static struct xg_buf encode(struct history *h, const struct xg_op *ops,
                            size_t count)
{
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_state state = fold(h, &arena, ops, count);
    struct xg_buf out = XG_BUF(4 << 20);
    struct xg_error err = XG_ERROR_NONE;
    size_t size;

    xg_state_encode(&out, &state);
    assert_ok(xg_buf_check(&out, &err));
    assert_ok(xg_cbor_check(&size, out.data, out.len, &err));
    assert_int_equal(size, out.len);
    xg_arena_clear(&arena);
    return out;
}

static void begin(struct history *h, uint64_t seed)
{
    *h = (struct history){
        .arena = XG_ARENA(512 << 20),
        .world = {.seed = seed, .wall_ms = 1790000000000, .boot = 1}};
    for (size_t i = 0; i < DEVICES; i++) {
        char name[32];
        snprintf(name, sizeof name, "log.example/d/%04zu", i + 1);
        h->devices[i] = test_device_new(&h->arena, &h->world, name,
                                        "log.example", registrar);
        h->devices[i]->rank = (uint32_t)(20 + 10 * (i % 3));
    }
    h->device_count = DEVICES;
    const struct xg_record *first = test_incident(h->devices[0], "noise");
    h->id = xg_record_entity(first);
    keep(h, h->devices[0], first, 1);
}

static void end(struct history *h)
{
    for (size_t i = 0; i < h->device_count; i++)
        test_device_free(h->devices[i]);
    xg_arena_clear(&h->arena);
}

/* What device d knows: its own path and a random part of the rest, closed
 * under causes (what a sync would have brought). */
static size_t known_to(struct history *h, const struct test_device *d,
                       struct xg_op *out)
{
    size_t upto = 1 + test_below(&h->world, h->count), n = 0;

    for (size_t i = 0; i < h->count; i++)
        if (i < upto || xg_branch_precedes(h->ops[i].branch, h->ops[i].seq,
                                           &d->branch, d->count))
            out[n++] = h->ops[i];
    return n;
}

static const struct xg_record *random_act(struct history *h,
                                          struct test_device *d,
                                          const struct xg_state *seen)
{
    static const char *const words[] = {"甲", "乙", "丙", "丁"};
    struct test_world *w = &h->world;
    struct xg_draft draft;
    uint64_t what = test_below(w, 10);

    xg_draft_init(&draft, &h->arena, XG_KIND_INCIDENT);
    if (what < 5) {
        test_text(&draft,
                  test_below(w, 2) ? XG_INCIDENT_ADDRESS
                                   : XG_INCIDENT_DESCRIPTION,
                  words[test_below(w, 4)]);
    } else if (what < 7) {
        test_add_text(&draft, XG_FIELD_NOTE, words[test_below(w, 4)]);
    } else if (what < 8) {
        struct xg_error err = XG_ERROR_NONE;
        const struct xg_op *any = &h->ops[test_below(w, h->count)];
        assert_ok(xg_draft_remove(&draft, XG_FIELD_NOTE, &any->record->hash, 0,
                                  &err));
    } else if (what < 9) {
        static const uint8_t yes = 0xf5, no = 0xf4;
        struct xg_error err = XG_ERROR_NONE;
        assert_ok(xg_draft_set(&draft, XG_FIELD_WITHDRAWN,
                               xg_bytes(test_below(w, 2) ? &yes : &no, 1),
                               &err));
    } else {
        draft.head.move = XG_MOVE_SELF_HANDLE;
        draft.head.from = seen->status ? seen->status : 1;
        test_add_text(&draft, XG_FIELD_NOTE, "处理");
    }
    return test_write(d, &draft, seen);
}

static void grow(struct history *h, size_t steps)
{
    struct xg_op *known = calloc(OPS_MAX, sizeof *known);

    assert_non_null(known);
    for (size_t i = 0; i < steps; i++) {
        size_t at = test_below(&h->world, h->device_count);
        struct test_device *d = h->devices[at];
        struct xg_arena arena = XG_ARENA(64 << 20);
        struct xg_state seen = fold(h, &arena, known, known_to(h, d, known));
        h->world.wall_ms += (int64_t)test_below(&h->world, 100000) - 50000;
        const struct xg_record *r = random_act(h, d, &seen);
        keep(h, d, r, d->count - 1);
        xg_arena_clear(&arena);
    }
    free(known);
}

static void shuffle(struct history *h, struct xg_op *ops, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = test_below(&h->world, i);
        struct xg_op swap = ops[i - 1];
        ops[i - 1] = ops[j];
        ops[j] = swap;
    }
}

static uint64_t seed_of_run(void)
{
    const char *text = getenv("XG_SEED");
    return text ? strtoull(text, NULL, 10) : 1;
}

/* Equal sets, equal bytes: whatever order the records are given in. */
static void test_order_of_arrival_does_not_matter(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 60; round++) {
        struct history *h = malloc(sizeof *h);
        assert_non_null(h);
        begin(h, seed_of_run() * 1000 + round);
        grow(h, 2 + round * 2);
        struct xg_buf want = encode(h, h->ops, h->count);
        for (int i = 0; i < 5; i++) {
            shuffle(h, h->ops, h->count);
            struct xg_buf got = encode(h, h->ops, h->count);
            if (!xg_bytes_equal(xg_buf_bytes(&want), xg_buf_bytes(&got)))
                fail_msg("seed %llu round %llu: states differ",
                         (unsigned long long)seed_of_run(),
                         (unsigned long long)round);
            xg_buf_clear(&got);
        }
        xg_buf_clear(&want);
        end(h);
        free(h);
    }
}

/* Any subset folds, whatever is missing from it: no crash, and what cites the
 * missing is pending; nothing is lost from sight. */
static void test_partial_delivery_folds(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < 40; round++) {
        struct history *h = malloc(sizeof *h);
        struct xg_op *part = calloc(OPS_MAX, sizeof *part);
        assert_non_null(h);
        assert_non_null(part);
        begin(h, seed_of_run() * 2000 + round);
        grow(h, 40);
        size_t n = 0;
        for (size_t i = 0; i < h->count; i++)
            if (test_below(&h->world, 3))
                part[n++] = h->ops[i];
        struct xg_arena arena = XG_ARENA(64 << 20);
        struct xg_state s = fold(h, &arena, part, n);
        for (uint32_t op = 0; op < s.count; op++) {
            const struct xg_head *head = &s.ops[op].record->head;
            bool missing = s.creator == XG_NONE;
            for (size_t c = 0; c < head->foreign_count; c++) {
                bool here = false;
                for (uint32_t o = 0; o < s.count; o++)
                    here |= xg_hash_equal(xg_head_foreign(head, c),
                                          &s.ops[o].record->hash);
                missing |= !here;
            }
            assert_true(missing == (s.effects[op] == XG_EFFECT_PENDING));
        }
        xg_arena_clear(&arena);
        end(h);
        free(part);
        free(h);
    }
}

/* Causality against the definition, computed the slow way. */
static void test_precedes_is_the_transitive_closure(void **state)
{
    struct history *h = malloc(sizeof *h);
    static bool before[200][200];

    (void)state;
    assert_non_null(h);
    for (uint64_t round = 0; round < 10; round++) {
        begin(h, seed_of_run() * 3000 + round);
        grow(h, 60);
        memset(before, 0, sizeof before);
        struct xg_arena arena = XG_ARENA(64 << 20);
        struct xg_state s = fold(h, &arena, h->ops, h->count);
        size_t n = s.count;
        for (size_t b = 0; b < n; b++) {
            const struct xg_head *head = &s.ops[b].record->head;
            for (size_t a = 0; a < n; a++) {
                before[a][b] =
                    a != b && xg_branch_precedes(s.ops[a].branch, s.ops[a].seq,
                                                 s.ops[b].branch, s.ops[b].seq);
                for (size_t c = 0; c < head->foreign_count; c++)
                    before[a][b] |= xg_hash_equal(xg_head_foreign(head, c),
                                                  &s.ops[a].record->hash);
            }
        }
        for (size_t k = 0; k < n; k++)
            for (size_t a = 0; a < n; a++)
                for (size_t b = 0; b < n; b++)
                    before[a][b] |= before[a][k] && before[k][b];
        for (uint32_t a = 0; a < n; a++)
            for (uint32_t b = 0; b < n; b++)
                assert_int_equal(before[a][b], xg_state_precedes(&s, a, b));
        xg_arena_clear(&arena);
        end(h);
    }
    free(h);
}

/* ---- the rules, one by one ---- */

struct pair {
    struct history h;
    struct test_device *a, *b;
    struct xg_state state;
    struct xg_arena arena;
};

static struct pair *two_devices(void)
{
    struct pair *p = malloc(sizeof *p);

    assert_non_null(p);
    begin(&p->h, 77);
    p->a = p->h.devices[0]; /* rank 20 */
    p->b = p->h.devices[1]; /* rank 30 */
    p->arena = XG_ARENA(64 << 20);
    p->state = fold(&p->h, &p->arena, p->h.ops, p->h.count);
    return p;
}

static void again(struct pair *p)
{
    p->state = fold(&p->h, &p->arena, p->h.ops, p->h.count);
}

static void free_pair(struct pair *p)
{
    xg_arena_clear(&p->arena);
    end(&p->h);
    free(p);
}

static void set(struct pair *p, struct test_device *d, uint64_t field,
                const char *text)
{
    keep(&p->h, d, test_set(d, &p->state, field, text), d->count - 1);
}

static const char *shown(struct pair *p, uint64_t field)
{
    struct xg_cbor_item value;

    assert_true(xg_state_value(&p->state, field, &value));
    return xg_arena_str(&p->arena, (const char *)value.bytes.at,
                        value.bytes.len);
}

static void test_concurrent_values_conflict_until_decided(void **state)
{
    struct pair *p = two_devices();

    (void)state;
    set(p, p->a, XG_INCIDENT_ADDRESS, "东街");
    set(p, p->b, XG_INCIDENT_ADDRESS, "西街");
    again(p);
    assert_int_equal(p->state.conflict_count, 1);
    assert_string_equal(shown(p, XG_INCIDENT_ADDRESS), "西街"); /* rank */
    assert_false(xg_state_parallel(&p->state, 1)); /* it is a conflict */
    set(p, p->a, XG_INCIDENT_ADDRESS, "东街");     /* has seen both */
    again(p);
    assert_int_equal(p->state.conflict_count, 0);
    assert_string_equal(shown(p, XG_INCIDENT_ADDRESS), "东街");
    /* Decided otherwise by somebody who had not seen that decision. */
    free_pair(p);
}

static void test_two_decisions_at_once_conflict_again(void **state)
{
    struct pair *p = two_devices();

    (void)state;
    set(p, p->a, XG_INCIDENT_ADDRESS, "东街");
    set(p, p->b, XG_INCIDENT_ADDRESS, "西街");
    again(p);
    set(p, p->a, XG_INCIDENT_ADDRESS, "东街");
    set(p, p->b, XG_INCIDENT_ADDRESS, "南街");
    again(p);
    assert_int_equal(p->state.conflict_count, 1);
    free_pair(p);
}

static void test_equal_values_are_settled(void **state)
{
    struct pair *p = two_devices();

    (void)state;
    set(p, p->a, XG_INCIDENT_ADDRESS, "东街");
    set(p, p->b, XG_INCIDENT_ADDRESS, "东街");
    again(p);
    assert_int_equal(p->state.conflict_count, 0);
    free_pair(p);
}

static void test_different_fields_merge_as_parallel(void **state)
{
    struct pair *p = two_devices();

    (void)state;
    set(p, p->a, XG_INCIDENT_ADDRESS, "东街");
    set(p, p->b, XG_INCIDENT_DESCRIPTION, "积水");
    again(p);
    assert_int_equal(p->state.conflict_count, 0);
    assert_true(xg_state_parallel(&p->state, 1));
    assert_true(xg_state_parallel(&p->state, 2));
    assert_false(xg_state_parallel(&p->state, 0));
    free_pair(p);
}

static void withdraw(struct pair *p, struct test_device *d)
{
    static const uint8_t yes = 0xf5;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;

    xg_draft_init(&draft, d->arena, XG_KIND_INCIDENT);
    assert_ok(
        xg_draft_set(&draft, XG_FIELD_WITHDRAWN, xg_bytes(&yes, 1), &err));
    keep(&p->h, d, test_write(d, &draft, &p->state), d->count - 1);
}

static void test_withdrawal_against_an_edit_is_a_conflict(void **state)
{
    struct pair *p = two_devices();

    (void)state;
    withdraw(p, p->a);
    set(p, p->b, XG_INCIDENT_ADDRESS, "西街");
    again(p);
    assert_false(p->state.withdrawn);
    assert_true(p->state.withdraw_conflict);
    assert_int_equal(p->state.conflict_count, 1);
    withdraw(p, p->a); /* having seen the edit */
    again(p);
    assert_true(p->state.withdrawn);
    assert_int_equal(p->state.conflict_count, 0);
    free_pair(p);
}

static void test_two_withdrawals_at_once_agree(void **state)
{
    struct pair *p = two_devices();

    (void)state;
    withdraw(p, p->a);
    withdraw(p, p->b);
    again(p);
    assert_true(p->state.withdrawn);
    assert_int_equal(p->state.conflict_count, 0);
    free_pair(p);
}

static void remove_note(struct pair *p, struct test_device *d, uint32_t adder)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;

    xg_draft_init(&draft, d->arena, XG_KIND_INCIDENT);
    assert_ok(xg_draft_remove(&draft, XG_FIELD_NOTE,
                              &p->h.ops[adder].record->hash, 0, &err));
    keep(&p->h, d, test_write(d, &draft, &p->state), d->count - 1);
}

/* A tie of deletions: gone, by whoever comes first in the order of the fold,
 * and another element is untouched. */
static void test_two_who_take_out_one_element_agree(void **state)
{
    struct pair *p = two_devices();
    struct xg_draft draft;

    (void)state;
    for (int i = 0; i < 2; i++) {
        xg_draft_init(&draft, p->a->arena, XG_KIND_INCIDENT);
        test_add_text(&draft, XG_FIELD_NOTE, "看过");
        keep(&p->h, p->a, test_write(p->a, &draft, &p->state), p->a->count - 1);
    }
    again(p);
    remove_note(p, p->a, 1);
    remove_note(p, p->b, 1);
    again(p);
    const struct xg_set *notes = xg_state_set(&p->state, XG_FIELD_NOTE);
    assert_int_equal(notes->count, 2);
    assert_true(notes->elements[0].removed);
    assert_int_equal(notes->elements[0].remover, 4); /* the higher rank */
    assert_false(notes->elements[1].removed);
    assert_int_equal(p->state.conflict_count, 0);
    free_pair(p);
}

/* Out of order: what was written on top waits for what is under it, and then
 * there is no conflict, whoever came first. */
static void
test_a_later_edit_that_comes_first_waits_and_is_no_conflict(void **state)
{
    struct pair *p = two_devices();

    (void)state;
    set(p, p->a, XG_INCIDENT_ADDRESS, "东街");
    again(p);
    set(p, p->b, XG_INCIDENT_ADDRESS, "西街"); /* having seen it */
    struct xg_op earlier = p->h.ops[1];
    p->h.ops[1] = p->h.ops[2];
    p->h.count = 2;
    again(p);
    assert_int_equal(p->state.effects[1], XG_EFFECT_PENDING);
    assert_null(xg_state_register(&p->state, XG_INCIDENT_ADDRESS));
    p->h.ops[p->h.count++] = earlier;
    again(p);
    assert_int_equal(p->state.conflict_count, 0);
    assert_string_equal(shown(p, XG_INCIDENT_ADDRESS), "西街");
    free_pair(p);
}

/* Who noted something after an edit has it in the past, and does not cite it
 * a second time. */
static void test_what_was_seen_is_cited_once(void **state)
{
    struct pair *p = two_devices();
    struct xg_hash cited[XG_FOREIGN_HEADS_MAX];
    struct xg_draft draft;

    (void)state;
    set(p, p->a, XG_INCIDENT_ADDRESS, "东街");
    again(p);
    assert_int_equal(
        xg_state_foreign(&p->state, &p->b->branch, p->b->count, cited), 1);
    xg_draft_init(&draft, p->b->arena, XG_KIND_INCIDENT);
    test_add_text(&draft, XG_FIELD_NOTE, "看过");
    keep(&p->h, p->b, test_write(p->b, &draft, &p->state), p->b->count - 1);
    again(p);
    assert_int_equal(
        xg_state_foreign(&p->state, &p->b->branch, p->b->count, cited), 0);
    /* Unless those below, who do not see the note, could not tell. */
    p->state.kind = xg_kind_find(XG_KIND_NOTICE);
    assert_int_equal(
        xg_state_foreign(&p->state, &p->b->branch, p->b->count, cited), 1);
    p->state.kind = xg_kind_find(XG_KIND_INCIDENT);
    set(p, p->b, XG_INCIDENT_ADDRESS, "西街");
    again(p);
    p->state.kind = xg_kind_find(XG_KIND_NOTICE);
    assert_int_equal(
        xg_state_foreign(&p->state, &p->b->branch, p->b->count, cited), 0);
    free_pair(p);
}

/* A note is not an edit: it never contests a withdrawal. */
static void test_notes_are_never_heads(void **state)
{
    struct pair *p = two_devices();
    struct xg_draft draft;
    struct xg_hash cited[XG_FOREIGN_HEADS_MAX];

    (void)state;
    xg_draft_init(&draft, p->b->arena, XG_KIND_INCIDENT);
    test_add_text(&draft, XG_FIELD_NOTE, "已看");
    keep(&p->h, p->b, test_write(p->b, &draft, &p->state), p->b->count - 1);
    withdraw(p, p->a);
    again(p);
    assert_true(p->state.withdrawn);
    assert_int_equal(
        xg_state_foreign(&p->state, &p->h.devices[2]->branch, 1, cited), 1);
    free_pair(p);
}

static void handle(struct pair *p, struct test_device *d)
{
    struct xg_draft draft;

    xg_draft_init(&draft, d->arena, XG_KIND_INCIDENT);
    draft.head.move = XG_MOVE_SELF_HANDLE;
    draft.head.from = XG_STATUS_REPORTED;
    keep(&p->h, d, test_write(d, &draft, &p->state), d->count - 1);
}

/* A record that says which field (0: the status) was decided. */
static void decide(struct pair *p, struct test_device *d, uint8_t field)
{
    const uint8_t decided[] = {0x81, field};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;

    xg_draft_init(&draft, d->arena, XG_KIND_INCIDENT);
    assert_ok(
        xg_draft_set(&draft, XG_FIELD_DECIDED, xg_bytes(decided, 2), &err));
    keep(&p->h, d, test_write(d, &draft, &p->state), d->count - 1);
}

static void test_the_second_of_two_moves_is_overtaken(void **state)
{
    struct pair *p = two_devices();

    (void)state;
    handle(p, p->a);
    handle(p, p->b);
    again(p);
    assert_int_equal(p->state.status, XG_STATUS_SELF_HANDLED);
    assert_int_equal(p->state.effects[2], XG_EFFECT_FULL); /* higher rank */
    assert_int_equal(p->state.effects[1], XG_EFFECT_OVERTAKEN);
    assert_int_equal(p->state.conflict_count, 1);

    /* A decision about a field, or by who has not seen the move, leaves it. */
    struct xg_state blind = p->state;
    decide(p, p->a, XG_INCIDENT_ADDRESS);
    blind.tip_count = 0;
    p->state = blind;
    decide(p, p->h.devices[2], 0);
    again(p);
    assert_int_equal(p->state.conflict_count, 1);
    /* A person who has seen it lets the status stand. */
    decide(p, p->a, 0);
    again(p);
    assert_int_equal(p->state.conflict_count, 0);
    free_pair(p);
}

/* Rule 1's test: cloned at 9, one side sets X at 10, the other at 12. */
static void test_branches_of_a_fork_do_not_precede_each_other(void **state)
{
    struct pair *p = two_devices();
    struct xg_draft draft;

    (void)state;
    while (p->a->count < 10)
        test_incident(p->a, "garbage");
    struct test_device *clone = test_device_clone(p->a);
    p->h.devices[p->h.device_count++] = clone;

    struct xg_branch trunk = p->a->branch;
    p->h.ops[0].branch = &trunk;
    xg_draft_init(&draft, p->a->arena, XG_KIND_INCIDENT);
    test_text(&draft, XG_INCIDENT_ADDRESS, "东街");
    const struct xg_record *one = test_write(p->a, &draft, &p->state);
    test_incident(clone, "garbage");
    test_incident(clone, "garbage");
    xg_draft_init(&draft, p->a->arena, XG_KIND_INCIDENT);
    test_text(&draft, XG_INCIDENT_ADDRESS, "西街");
    const struct xg_record *two = test_write(clone, &draft, &p->state);

    p->a->branch = (struct xg_branch){one->hash, 10, &trunk};
    clone->branch = (struct xg_branch){clone->records[10]->hash, 10, &trunk};
    keep(&p->h, p->a, one, 10);
    keep(&p->h, clone, two, 12);
    again(p);
    assert_int_equal(p->state.conflict_count, 1);
    assert_true(xg_state_precedes(&p->state, 0, 1));
    assert_true(xg_state_precedes(&p->state, 0, 2));
    free_pair(p);
}

/* What a branch wrote after another left it is not before that other. */
static void test_a_branch_follows_its_parent_up_to_where_it_left(void **state)
{
    struct xg_branch trunk = {.id = {{1}}};
    struct xg_branch side = {.id = {{2}}, .start = 10, .parent = &trunk};
    struct xg_branch twig = {.id = {{3}}, .start = 14, .parent = &side};

    (void)state;
    assert_true(xg_branch_precedes(&trunk, 9, &side, 10));
    assert_false(xg_branch_precedes(&trunk, 10, &side, 11));
    assert_false(xg_branch_precedes(&trunk, 12, &side, 20));
    assert_true(xg_branch_precedes(&trunk, 9, &twig, 20));
    assert_false(xg_branch_precedes(&trunk, 12, &twig, 20));
    assert_true(xg_branch_precedes(&side, 13, &twig, 20));
    assert_false(xg_branch_precedes(&side, 14, &twig, 20));
    assert_false(xg_branch_precedes(&side, 11, &trunk, 20));
    assert_false(xg_branch_precedes(&trunk, 5, &trunk, 5));
}

/* What is told of a state from its bytes is what the state says. */
static void test_a_state_read_again_says_the_same(void **state)
{
    struct pair *p = two_devices();
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(1 << 20);
    struct xg_cbor_item value;
    struct xg_brief b;

    (void)state;
    set(p, p->a, XG_INCIDENT_ADDRESS, "东街");
    set(p, p->b, XG_INCIDENT_ADDRESS, "西街");
    handle(p, p->a);
    handle(p, p->b);
    again(p);
    xg_state_encode(&out, &p->state);
    assert_ok(xg_brief_read(&b, xg_buf_bytes(&out), &err));
    assert_int_equal(b.conflicts, 2);
    assert_int_equal(b.conflicts, p->state.conflict_count);
    assert_int_equal(b.records, 5);
    assert_int_equal(b.status, XG_STATUS_SELF_HANDLED);
    assert_false(b.withdrawn);
    assert_memory_equal(b.id.b, p->h.id.b, XG_ID_SIZE);
    assert_int_equal(b.kind->number, XG_KIND_INCIDENT);
    assert_true(xg_brief_value(&b, XG_INCIDENT_ADDRESS, &value));
    assert_true(xg_bytes_equal(value.bytes, xg_bytes("西街", 6)));
    withdraw(p, p->a);
    again(p);
    xg_buf_reset(&out);
    xg_state_encode(&out, &p->state);
    assert_ok(xg_brief_read(&b, xg_buf_bytes(&out), &err));
    assert_true(b.withdrawn);
    xg_buf_clear(&out);
    free_pair(p);
}

/* What has no right keeps its place in causality and has no effect. */
static void test_without_right_is_shown_and_does_nothing(void **state)
{
    struct pair *p = two_devices();

    (void)state;
    set(p, p->b, XG_INCIDENT_ADDRESS, "西街");
    p->h.ops[1].no_right = "outside the author's grid or unit";
    again(p);
    assert_int_equal(p->state.effects[1], XG_EFFECT_NO_RIGHT);
    assert_null(xg_state_register(&p->state, XG_INCIDENT_ADDRESS));
    set(p, p->a, XG_INCIDENT_ADDRESS, "东街");
    again(p);
    assert_string_equal(shown(p, XG_INCIDENT_ADDRESS), "东街");
    free_pair(p);
}

/* Causality runs through records that have no effect: c edits on what a wrote,
 * and knows it only through b's, which had no right. */
static void test_causality_runs_through_what_has_no_effect(void **state)
{
    struct pair *p = two_devices();
    struct test_device *c = p->h.devices[2];
    struct xg_hash by_b;

    (void)state;
    set(p, p->a, XG_INCIDENT_ADDRESS, "东街");
    again(p);
    set(p, p->b, XG_INCIDENT_ADDRESS, "西街");
    by_b = p->h.ops[2].record->hash;
    struct xg_draft draft;
    xg_draft_init(&draft, c->arena, XG_KIND_INCIDENT);
    test_text(&draft, XG_INCIDENT_ADDRESS, "南街");
    draft.head.creates = false;
    draft.head.entity = p->state.id;
    draft.foreign[0] = by_b;
    draft.foreign_count = 1;
    keep(&p->h, c, test_write(c, &draft, NULL), c->count - 1);
    p->h.ops[2].no_right = "outside the author's grid or unit";
    again(p);
    assert_int_equal(p->state.conflict_count, 0);
    assert_string_equal(shown(p, XG_INCIDENT_ADDRESS), "南街");
    free_pair(p);
}

static void test_a_record_of_another_kind_is_struck_out(void **state)
{
    struct pair *p = two_devices();
    struct xg_draft draft;

    (void)state;
    xg_draft_init(&draft, p->b->arena, XG_KIND_MEETING);
    test_text(&draft, 12, "议题");
    keep(&p->h, p->b, test_write(p->b, &draft, &p->state), p->b->count - 1);
    again(p);
    assert_int_equal(p->state.effects[1], XG_EFFECT_INVALID);
    assert_null(xg_state_register(&p->state, 13));
    free_pair(p);
}

/* Two first records whose hashes begin alike, which nobody has made yet: the
 * greater one is the first everywhere, whichever came first. */
static void test_of_two_first_records_one_is_taken(void **state)
{
    struct pair *p = two_devices();
    struct xg_record *forged =
        xg_arena_copy(&p->arena, p->h.ops[0].record, sizeof *forged);

    (void)state;
    assert_non_null(forged);
    forged->hash.b[XG_ID_SIZE] ^= 1;
    keep(&p->h, p->b, forged, 1);
    bool second = xg_hash_compare(&forged->hash, &p->h.ops[0].record->hash) > 0;
    again(p);
    assert_int_equal(p->state.creator, second);
    struct xg_op swap = p->h.ops[0];
    p->h.ops[0] = p->h.ops[1];
    p->h.ops[1] = swap;
    again(p);
    assert_int_equal(p->state.creator, !second);
    free_pair(p);
}

/* However many others without right write, an honest record can settle. */
static void test_rightless_records_do_not_crowd_out_heads(void **state)
{
    struct pair *p = two_devices();

    (void)state;
    for (size_t i = 0; i < 100; i++) {
        char name[32];
        snprintf(name, sizeof name, "log.example/d/%04zu", i + 100);
        struct test_device *d = test_device_new(&p->h.arena, &p->h.world, name,
                                                "log.example", registrar);
        d->branch.id = d->chain;
        struct test_device *kept = xg_arena_copy(&p->h.arena, d, sizeof *d);
        set(p, kept, XG_INCIDENT_ADDRESS, "北街");
        p->h.ops[p->h.count - 1].no_right = "no";
        test_device_free(d);
    }
    set(p, p->a, XG_INCIDENT_ADDRESS, "东街");
    set(p, p->b, XG_INCIDENT_ADDRESS, "西街");
    again(p);
    assert_int_equal(p->state.conflict_count, 1);
    set(p, p->a, XG_INCIDENT_ADDRESS, "东街");
    again(p);
    assert_int_equal(p->state.conflict_count, 0);
    free_pair(p);
}

static bool known_elsewhere(void *ctx, const struct xg_hash *hash)
{
    return xg_hash_equal(ctx, hash);
}

static void test_citing_another_entity_stays_pending_everywhere(void **state)
{
    struct pair *p = two_devices();
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;

    (void)state;
    const struct xg_record *other = test_incident(p->a, "gas");
    struct xg_hash hash = other->hash;
    struct xg_elsewhere elsewhere = {&hash, known_elsewhere};
    struct xg_state lie = p->state;
    struct xg_op foreign = {.record = other,
                            .branch = &p->a->branch,
                            .seq = 2,
                            .rank = 20,
                            .role = XG_ROLE_WORKER,
                            .author = "w"};
    struct xg_state of_other;
    struct xg_id id = xg_record_entity(other);
    assert_ok(xg_merge(&of_other, &p->arena, &id, &foreign, 1, NULL, &err));
    of_other.id = p->state.id;
    xg_draft_init(&draft, p->b->arena, XG_KIND_INCIDENT);
    test_text(&draft, XG_INCIDENT_ADDRESS, "西街");
    keep(&p->h, p->b, test_write(p->b, &draft, &of_other), p->b->count - 1);
    assert_ok(xg_merge(&lie, &p->arena, &p->h.id, p->h.ops, p->h.count,
                       &elsewhere, &err));
    assert_int_equal(lie.effects[1], XG_EFFECT_PENDING);
    again(p); /* who has not seen the other entity shows the same */
    assert_int_equal(p->state.effects[1], XG_EFFECT_PENDING);
    free_pair(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_concurrent_values_conflict_until_decided),
        cmocka_unit_test(test_two_decisions_at_once_conflict_again),
        cmocka_unit_test(test_equal_values_are_settled),
        cmocka_unit_test(test_different_fields_merge_as_parallel),
        cmocka_unit_test(test_withdrawal_against_an_edit_is_a_conflict),
        cmocka_unit_test(test_two_withdrawals_at_once_agree),
        cmocka_unit_test(test_two_who_take_out_one_element_agree),
        cmocka_unit_test(
            test_a_later_edit_that_comes_first_waits_and_is_no_conflict),
        cmocka_unit_test(test_what_was_seen_is_cited_once),
        cmocka_unit_test(test_notes_are_never_heads),
        cmocka_unit_test(test_the_second_of_two_moves_is_overtaken),
        cmocka_unit_test(test_branches_of_a_fork_do_not_precede_each_other),
        cmocka_unit_test(test_a_branch_follows_its_parent_up_to_where_it_left),
        cmocka_unit_test(test_a_state_read_again_says_the_same),
        cmocka_unit_test(test_without_right_is_shown_and_does_nothing),
        cmocka_unit_test(test_causality_runs_through_what_has_no_effect),
        cmocka_unit_test(test_a_record_of_another_kind_is_struck_out),
        cmocka_unit_test(test_of_two_first_records_one_is_taken),
        cmocka_unit_test(test_rightless_records_do_not_crowd_out_heads),
        cmocka_unit_test(test_citing_another_entity_stays_pending_everywhere),
        cmocka_unit_test(test_order_of_arrival_does_not_matter),
        cmocka_unit_test(test_partial_delivery_folds),
        cmocka_unit_test(test_precedes_is_the_transitive_closure),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
