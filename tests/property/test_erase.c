/* test_erase.c - the laws of erasing, over random histories: whoever has the
 * bytes, has them in part or has them no more comes to the same state, byte for
 * byte; what was decided stays decided; what was erased is nowhere in a state.
 *
 * The seed is XG_SEED or 1; a failure prints it.
 */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/core/erase.h"
#include "tests/lib/device.h"

enum { DEVICES = 4, OPS_MAX = 160, ROUNDS = 80 };

static const uint8_t registrar[32] = {3};
/* What is erased holds this. */
static const char secret[] = "张建国13900001111";

struct history {
    struct xg_arena arena;
    struct test_world world;
    struct test_device *devices[DEVICES]; /* 0 is the server's own */
    struct xg_op ops[OPS_MAX];
    size_t count, plain; /* the first so many are no erasures */
    struct xg_id id;
    uint64_t kind;
};

static uint64_t seed_of_run(void)
{
    const char *text = getenv("XG_SEED");
    return text ? strtoull(text, NULL, 10) : 1;
}

static void keep(struct history *h, size_t device, const struct xg_record *r)
{
    static const uint32_t ranks[] = {70, 20, 60, 40};
    static const uint32_t roles[] = {XG_ROLE_SUPERVISOR, XG_ROLE_WORKER,
                                     XG_ROLE_DISPATCHER, XG_ROLE_COMMUNITY};
    const struct test_device *d = h->devices[device];

    assert_true(h->count < OPS_MAX);
    assert_null(r->malformed);
    h->ops[h->count++] = (struct xg_op){.record = r,
                                        .branch = &d->branch,
                                        .seq = d->count - 1,
                                        .rank = ranks[device],
                                        .role = roles[device],
                                        .author = d->signer.verifier.name,
                                        .erases = device == 0};
}

static struct xg_state fold(struct history *h, struct xg_arena *arena,
                            const struct xg_op *ops, size_t count)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_op *own = xg_arena_array(arena, count + 1, sizeof *own);
    struct xg_state state;

    assert_non_null(own);
    memcpy(own, ops, count * sizeof *own);
    assert_ok(xg_erase(own, count, arena, &err));
    assert_ok(xg_erase(own, count, arena, &err)); /* twice is once */
    assert_ok(xg_merge(&state, arena, &h->id, own, count, NULL, &err));
    return state;
}

static struct xg_buf encode(struct history *h, const struct xg_op *ops,
                            size_t count)
{
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_state state = fold(h, &arena, ops, count);
    struct xg_buf out = XG_BUF(4 << 20);

    xg_state_encode(&out, &state);
    assert_int_equal(out.failed, XG_OK);
    xg_arena_clear(&arena);
    return out;
}

static void begin(struct history *h, uint64_t seed, uint64_t kind)
{
    struct xg_draft draft;

    *h = (struct history){
        .arena = XG_ARENA(256 << 20),
        .kind = kind,
        .world = {.seed = seed, .wall_ms = 1790000000000, .boot = 1}};
    for (size_t i = 0; i < DEVICES; i++) {
        char name[32];
        snprintf(name, sizeof name, "log.example/d/%04zu", i);
        h->devices[i] = test_device_new(&h->arena, &h->world, name,
                                        "log.example", registrar);
    }
    xg_draft_init(&draft, &h->arena, kind);
    test_text(&draft, XG_INCIDENT_CATEGORY, kind == XG_KIND_CONTACT ? secret
                                                                    : "noise");
    test_text(&draft, XG_FIELD_GRID, "g1");
    if (kind == XG_KIND_DISPUTE)
        test_text(&draft, XG_INCIDENT_ADDRESS, secret);
    const struct xg_record *first = test_write(h->devices[1], &draft, NULL);
    h->id = xg_record_entity(first);
    keep(h, 1, first);
}

static void end(struct history *h)
{
    for (size_t i = 0; i < DEVICES; i++)
        test_device_free(h->devices[i]);
    xg_arena_clear(&h->arena);
}

/* A move that its author may make from there, with what it needs. */
static bool any_move(struct history *h, struct xg_draft *d,
                     const struct xg_state *seen, uint32_t role)
{
    const struct xg_transition *fit[64];
    size_t n = 0;

    for (const struct xg_transition *t = xg_transitions; t->from; t++)
        if (t->from & XG_STATUS_BIT(seen->status) &&
            t->who & XG_ROLE_BIT(role) && seen->status)
            fit[n++] = t;
    if (!n)
        return false;
    const struct xg_transition *t = fit[test_below(&h->world, n)];
    d->head.move = t->move;
    d->head.from = seen->status;
    for (const struct xg_need *need = xg_needs; need->bit; need++) {
        const struct xg_field *f =
            need->field && t->needs & need->bit
                ? xg_field_find(xg_kind_find(h->kind), need->field)
                : NULL;
        /* Some lack what they need. */
        if (!f || test_below(&h->world, 8) == 0)
            continue;
        if (f->merge == XG_MERGE_SET)
            test_add_text(d, f->number, f->type == XG_TYPE_CODE ? "cg"
                                                                : secret);
        else if (f->type == XG_TYPE_TEXT)
            test_text(d, f->number, secret);
        else if (f->type == XG_TYPE_CODE)
            test_text(d, f->number, "cg");
        else
            test_uint(d, f->number, 2);
    }
    return true;
}

static void any_change(struct history *h, struct xg_draft *d)
{
    struct test_world *w = &h->world;
    struct xg_error err = XG_ERROR_NONE;
    static const uint8_t yes = 0xf5;

    switch (test_below(w, 6)) {
    case 0:
        test_add_text(d, XG_FIELD_NOTE, secret);
        break;
    case 1: {
        const struct xg_op *op = &h->ops[test_below(w, h->count)];
        test_add_text(d, XG_FIELD_NOTE, "备注");
        assert_ok(xg_draft_remove(d, XG_FIELD_NOTE, &op->record->hash, 0,
                                  &err));
        break;
    }
    case 2:
        assert_ok(xg_draft_set(d, XG_FIELD_WITHDRAWN, xg_bytes(&yes, 1), &err));
        break;
    case 3:
        test_text(d, XG_FIELD_GRID, "g2");
        break;
    default:
        test_text(d, h->kind == XG_KIND_INCIDENT ? XG_INCIDENT_DESCRIPTION
                     : h->kind == XG_KIND_DISPUTE ? 14 : XG_CONTACT_NAME,
                  test_below(w, 2) ? secret : "甲");
    }
}

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

static void grow(struct history *h, size_t steps)
{
    struct xg_op known[OPS_MAX];

    for (size_t i = 0; i < steps; i++) {
        struct xg_arena arena = XG_ARENA(64 << 20);
        size_t at = 1 + test_below(&h->world, DEVICES - 1);
        struct test_device *d = h->devices[at];
        struct xg_state seen = fold(h, &arena, known, known_to(h, d, known));
        struct xg_draft draft;
        static const uint32_t roles[] = {0, XG_ROLE_WORKER, XG_ROLE_DISPATCHER,
                                         XG_ROLE_COMMUNITY};
        xg_draft_init(&draft, &h->arena, h->kind);
        if (test_below(&h->world, 2) || !any_move(h, &draft, &seen, roles[at]))
            any_change(h, &draft);
        keep(h, at, test_write(d, &draft, &seen));
        xg_arena_clear(&arena);
    }
    h->plain = h->count;
}

static int by_hash(const void *a, const void *b)
{
    const struct xg_op *const *x = a, *const *y = b;
    return xg_hash_compare(&(*x)->record->hash, &(*y)->record->hash);
}

/* Everything that may go and holds the secret, of some records or of all. */
static void erase_some(struct history *h, bool all)
{
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_op *sorted[OPS_MAX], known[OPS_MAX];
    struct xg_buf entries = XG_BUF(XG_RECORD_MAX), list = XG_BUF(XG_RECORD_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;
    size_t n = 0, gone;

    struct xg_state seen =
        fold(h, &arena, known, known_to(h, h->devices[0], known));
    for (size_t i = 0; i < h->plain; i++)
        sorted[i] = &h->ops[i];
    qsort(sorted, h->plain, sizeof *sorted, by_hash);
    for (size_t i = 0; i < h->plain; i++) {
        const struct xg_record *r = sorted[i]->record;
        struct xg_field_cursor c = xg_record_fields(r);
        struct xg_cbor_item value;
        uint64_t number, fields[XG_RECORD_FIELDS_MAX];
        size_t count = 0;
        if (!all && test_below(&h->world, 3))
            continue;
        while (xg_field_next(&c, &number, &value)) {
            const struct xg_field *f =
                xg_field_find(xg_kind_find(h->kind), number);
            if (f && xg_field_erasable(f) &&
                (all || test_below(&h->world, 2)))
                fields[count++] = number;
        }
        if (count && entries.len < 20000) {
            gone = 0;
            assert_ok(xg_erased_put(&entries, &gone, r, fields, count, &err));
            n += gone != 0;
        }
    }
    if (n) {
        xg_cbor_put_array(&list, n);
        xg_buf_append(&list, entries.data, entries.len);
        xg_draft_init(&draft, &h->arena, h->kind);
        draft.head.move = XG_MOVE_ERASE;
        test_text(&draft, XG_FIELD_WHY, "当事人要求删除");
        assert_ok(xg_draft_set(&draft, XG_FIELD_ERASED, xg_buf_bytes(&list),
                               &err));
        keep(h, 0, test_write(h->devices[0], &draft, &seen));
    }
    xg_buf_clear(&entries);
    xg_buf_clear(&list);
    xg_arena_clear(&arena);
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

static bool is_named(struct history *h, const struct xg_hash *hash)
{
    struct xg_erased e;

    for (size_t i = h->plain; i < h->count; i++) {
        struct xg_erased_cursor c = xg_erased_of(h->ops[i].record);
        while (xg_erased_next(&c, &e))
            if (xg_hash_equal(&e.record, hash))
                return true;
    }
    return false;
}

/* A replica to which the bytes of some, or all, that were erased never came. */
static size_t without_bytes(struct history *h, struct xg_op *out, bool all)
{
    for (size_t i = 0; i < h->count; i++) {
        out[i] = h->ops[i];
        if (!is_named(h, &out[i].record->hash) ||
            (!all && test_below(&h->world, 2)))
            continue;
        const struct test_device *d = NULL;
        for (size_t k = 0; k < DEVICES; k++)
            if (&h->devices[k]->branch == out[i].branch)
                d = h->devices[k];
        const struct xg_record *was = out[i].record;
        struct xg_record *r = xg_arena_alloc(&h->arena, sizeof *r);
        assert_non_null(r);
        r->fields_hash = was->fields_hash;
        xg_record_read(r, &d->chain, out[i].seq,
                       &d->records[out[i].seq - 1]->hash, was->head_raw,
                       xg_bytes(NULL, 0));
        assert_true(xg_hash_equal(&r->hash, &was->hash));
        out[i].record = r;
    }
    return h->count;
}

static const uint64_t kinds[] = {XG_KIND_INCIDENT, XG_KIND_CONTACT,
                                 XG_KIND_DISPUTE};

/* Any order of arrival, with the bytes and without. */
static void test_all_replicas_come_to_one_state(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct history *h = malloc(sizeof *h);
        assert_non_null(h);
        begin(h, seed_of_run() * 1000 + round, kinds[round % 3]);
        grow(h, 2 + round / 2);
        for (size_t i = 0; i <= round % 3; i++)
            erase_some(h, false);
        struct xg_buf want = encode(h, h->ops, h->count);
        for (int i = 0; i < 6; i++) {
            struct xg_op other[OPS_MAX];
            size_t n = without_bytes(h, other, i % 2);
            shuffle(h, other, n);
            struct xg_buf got = encode(h, other, n);
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

static bool holds(const struct xg_buf *out, const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i + len <= out->len; i++)
        if (memcmp(out->data + i, text, len) == 0)
            return true;
    return false;
}

/* Once all is erased the state holds none of it, whoever folds. */
static void test_what_was_erased_is_in_no_state(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct history *h = malloc(sizeof *h);
        struct xg_buf got;
        assert_non_null(h);
        begin(h, seed_of_run() * 2000 + round, kinds[round % 3]);
        grow(h, 2 + round / 3);
        for (size_t left = 1, tries = 0; left && tries < 8; tries++) {
            erase_some(h, true);
            left = 0;
            for (size_t i = 0; i < h->plain; i++)
                left += !is_named(h, &h->ops[i].record->hash);
        }
        got = encode(h, h->ops, h->count);
        assert_false(holds(&got, secret));
        xg_buf_clear(&got);
        end(h);
        free(h);
    }
}

/* Erasing changes no status, no order, no verdict on a move, no rights. */
static void test_what_was_decided_stays_decided(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct history *h = malloc(sizeof *h);
        struct xg_arena arena = XG_ARENA(64 << 20);
        assert_non_null(h);
        begin(h, seed_of_run() * 3000 + round, kinds[round % 3]);
        grow(h, 10 + round / 2);
        struct xg_state before = fold(h, &arena, h->ops, h->plain);
        erase_some(h, round % 2);
        struct xg_state after = fold(h, &arena, h->ops, h->count);
        assert_int_equal(after.status, before.status);
        assert_int_equal(after.withdrawn, before.withdrawn);
        for (size_t i = 0; i < h->plain; i++) {
            enum xg_effect was = before.effects[i], is = after.effects[i];
            if (was == XG_EFFECT_FULL && after.ops[i].erasure)
                was = XG_EFFECT_REDACTED;
            if (was != is)
                fail_msg("seed %llu round %llu op %zu: %d became %d",
                         (unsigned long long)seed_of_run(),
                         (unsigned long long)round, i, was, is);
        }
        xg_arena_clear(&arena);
        end(h);
        free(h);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_replicas_come_to_one_state),
        cmocka_unit_test(test_what_was_erased_is_in_no_state),
        cmocka_unit_test(test_what_was_decided_stays_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
