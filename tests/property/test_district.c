/* test_district.c - the laws of judging and merging over random histories of a
 * whole district: every kind of entity, every move, people of every role in
 * units that lie in one another, departments, forked chains.
 *
 * The seed is XG_SEED or 1; a failure prints it. Histories grow from small to
 * large, so that the first failure is a small one.
 */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/base/env.h"
#include "shared/core/judge.h"
#include "tests/lib/device.h"

enum { PEOPLE = 14, DEVICES = 24, OPS_MAX = 260, ROUNDS = TEST_DRAWS(150) };

static const uint8_t registrar[32] = {3};

/* ---- the district: its registry, and the same as a table ---- */

static const struct {
    const char *code;
    int parent;
} units[] = {
    {"370", -1},      {"370.a", 0},   {"370.b", 0},     {"370.a.1", 1},
    {"370.a.2", 1},   {"370.b.1", 2}, {"370.a.1.x", 3}, {"dept", 0},
    {"dept.team", 7}, {"other", -1},
};
enum { UNITS = sizeof units / sizeof *units };

static const struct {
    const char *code;
    uint32_t role;
    int unit;
} people[PEOPLE] = {
    {"w1", XG_ROLE_WORKER, 3},     {"w2", XG_ROLE_WORKER, 4},
    {"w3", XG_ROLE_HELPER, 6},     {"w4", XG_ROLE_WORKER, 5},
    {"g1", XG_ROLE_GRID_HEAD, 3},  {"c1", XG_ROLE_COMMUNITY, 1},
    {"c2", XG_ROLE_COMMUNITY, 2},  {"d1", XG_ROLE_DISPATCHER, 0},
    {"d2", XG_ROLE_DISPATCHER, 0}, {"s1", XG_ROLE_SUPERVISOR, 0},
    {"h1", XG_ROLE_HANDLER, 7},    {"h2", XG_ROLE_HANDLER, 8},
    {"v1", XG_ROLE_DELEGATE, 1},   {"a1", XG_ROLE_AUDITOR, 0},
};

static int unit_of(const char *code)
{
    for (int i = 0; i < UNITS; i++)
        if (strcmp(units[i].code, code) == 0)
            return i;
    return -1;
}

static bool lies_in(int unit, int top)
{
    for (; unit >= 0; unit = units[unit].parent)
        if (unit == top)
            return true;
    return false;
}

static void device_name(char name[40], size_t i)
{
    snprintf(name, 40, "log.example/d/%04zu", i + 1);
}

/* Everything was said at position 0, but that dept.team was put under dept
 * only at 20. */
enum { TEAM_MOVED = 20 };

static enum xg_status find(void *ctx, enum xg_statement_kind kind,
                           const char *subject, uint64_t size,
                           struct xg_statement *out, uint64_t *position,
                           bool *found, struct xg_error *err)
{
    char name[40];

    (void)ctx, (void)err;
    *out = (struct xg_statement){.kind = kind};
    *position = 0;
    *found = false;
    if (size == 0)
        return XG_OK;
    snprintf(out->subject, sizeof out->subject, "%s", subject);
    if (kind == XG_SAYS_UNIT && unit_of(subject) >= 0) {
        int parent = units[unit_of(subject)].parent;
        if (strcmp(subject, "dept.team") == 0 && size <= TEAM_MOVED)
            parent = 0;
        snprintf(out->unit, sizeof out->unit, "%s",
                 parent < 0 ? "" : units[parent].code);
        *found = true;
    }
    for (size_t i = 0; i < PEOPLE; i++) {
        device_name(name, i);
        if (kind == XG_SAYS_WORKER && strcmp(people[i].code, subject) == 0) {
            snprintf(out->unit, sizeof out->unit, "%s",
                     units[people[i].unit].code);
            out->role = people[i].role;
            *found = true;
        } else if (kind == XG_SAYS_DEVICE && strcmp(name, subject) == 0) {
            snprintf(out->owner, sizeof out->owner, "%s", people[i].code);
            *found = true;
        }
    }
    return XG_OK;
}

static const struct xg_registry registry = {.find = find};

/* ---- a history ---- */

struct history {
    struct xg_arena arena;
    struct test_world world;
    struct test_device *devices[DEVICES]; /* clones behind the others */
    size_t person[DEVICES];
    bool forked[DEVICES]; /* its next record begins a branch */
    size_t device_count;
    struct xg_op ops[OPS_MAX];
    size_t owner[OPS_MAX]; /* who wrote ops[i] */
    size_t count;
    const struct xg_kind *kind;
    struct xg_id id;
};

/* A set of ops, judged and merged. */
struct fold {
    struct xg_arena arena;
    struct xg_op ops[OPS_MAX];
    struct xg_judgement judged[OPS_MAX];
    struct xg_home home;
    struct xg_state state;
};

static void fold(struct fold *f, const struct history *h,
                 const struct xg_op *ops, size_t count)
{
    struct xg_judgement *at[OPS_MAX];
    struct xg_error err = XG_ERROR_NONE;

    f->arena = XG_ARENA(64 << 20);
    for (size_t i = 0; i < count; i++) {
        f->ops[i] = ops[i];
        at[i] = &f->judged[i];
        /* What its author knew of the registry; else all there is. */
        assert_ok(xg_judge_author(
            at[i], &registry, ops[i].author, "", false,
            ops[i].rank ? ops[i].rank : TEAM_MOVED + 1, &err));
    }
    assert_ok(
        xg_judge_ops(&f->home, &f->arena, f->ops, at, count, &h->id, &registry, &err));
    assert_ok(
        xg_merge(&f->state, &f->arena, &h->id, f->ops, count, NULL, &err));
}

static void fold_clear(struct fold *f)
{
    xg_arena_clear(&f->arena);
}

static void keep(struct history *h, size_t device, const struct xg_record *r)
{
    struct test_device *d = h->devices[device];

    assert_true(h->count < OPS_MAX);
    if (h->forked[device]) {
        struct xg_branch *trunk =
            xg_arena_copy(&h->arena, &d->branch, sizeof d->branch);
        d->branch = (struct xg_branch){r->hash, d->count - 1, trunk};
        h->forked[device] = false;
    }
    h->owner[h->count] = h->person[device];
    h->ops[h->count++] = (struct xg_op){
        .record = r,
        .branch = xg_arena_copy(&h->arena, &d->branch, sizeof d->branch),
        .seq = d->count - 1,
        .author = h->devices[h->person[device]]->signer.verifier.name};
}

/* ---- random things to write ---- */

static uint64_t any(struct history *h, uint64_t bound)
{
    return test_below(&h->world, bound);
}

static void put_value(struct history *h, struct xg_draft *d,
                      const struct xg_field *f)
{
    static const char *const words[] = {"甲", "乙", "丙"};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(1024);

    switch (f->type) {
    case XG_TYPE_TEXT:
        xg_cbor_put_text(&value, words[any(h, 3)], 3);
        break;
    case XG_TYPE_CODE: {
        const char *code = units[any(h, UNITS)].code;
        xg_cbor_put_text(&value, code, strlen(code));
        break;
    }
    case XG_TYPE_UINT:
        xg_cbor_put_uint(&value, (uint64_t)f->min + any(h, 2));
        break;
    case XG_TYPE_BOOL:
        xg_cbor_put_bool(&value, any(h, 2));
        break;
    case XG_TYPE_ENUM:
        xg_cbor_put_uint(&value, f->choices[any(h, 2)].number);
        break;
    case XG_TYPE_TIME:
        xg_cbor_put_uint(&value, 1790000000000 + any(h, 2));
        break;
    case XG_TYPE_TALLY:
        xg_cbor_put_array(&value, 3);
        xg_cbor_put_text(&value, "370.a", 5);
        xg_cbor_put_text(&value, "item", 4);
        xg_cbor_put_uint(&value, any(h, 9));
        break;
    case XG_TYPE_POSITION:
    case XG_TYPE_BYTES:
    case XG_TYPE_ENTITY:
    case XG_TYPE_HASH:
    case XG_TYPE_SOURCE:
    case XG_TYPE_TEXTS:
    case XG_TYPE_NUMBERS:
    case XG_TYPE_ERASED:
    case XG_TYPE_HASHES:
    case XG_TYPE_PHOTO:
    case XG_TYPE_TRACK:
    case XG_TYPE_GAP:
        return;
    }
    if (f->merge == XG_MERGE_SET)
        assert_ok(xg_draft_add(d, f->number, xg_buf_bytes(&value), &err));
    else
        assert_ok(xg_draft_set(d, f->number, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
}

static const struct xg_field *any_field(struct history *h)
{
    size_t n = 0;

    while (xg_field_at(h->kind, n))
        n++;
    for (;;) {
        const struct xg_field *f = xg_field_at(h->kind, any(h, n));
        if (f->number != XG_FIELD_DECIDED && f->number != XG_FIELD_SALT)
            return f;
    }
}

static void put_move(struct history *h, struct xg_draft *d,
                     const struct xg_state *seen)
{
    uint64_t from = seen->status ? seen->status : 1;
    uint64_t move = 1 + any(h, XG_MOVE_CONFIRM);

    /* Mostly what can be done; now and then what cannot. */
    while (any(h, 8) && !xg_transition_find(from, move))
        move = 1 + any(h, XG_MOVE_CONFIRM);
    d->head.move = move;
    d->head.from = from;
    const struct xg_transition *t = xg_transition_find(from, move);
    for (const struct xg_need *n = xg_needs; t && n->bit; n++)
        if (t->needs & n->bit && n->field && any(h, 12)) {
            const struct xg_field *f = xg_field_find(h->kind, n->field);
            if (f)
                put_value(h, d, f);
        }
    test_add_text(d, XG_FIELD_NOTE, "办");
}

static void put_act(struct history *h, struct xg_draft *d,
                    const struct xg_state *seen)
{
    struct xg_error err = XG_ERROR_NONE;
    uint64_t what = any(h, 20);

    if (what < 8 && h->kind->first_status) {
        put_move(h, d, seen);
    } else if (what < 10) {
        const struct xg_op *op = &h->ops[any(h, h->count)];
        assert_ok(
            xg_draft_remove(d, XG_FIELD_NOTE, &op->record->hash, 0, &err));
    } else if (what < 11) {
        static const uint8_t status_decided[] = {0x81, 0x00};
        assert_ok(xg_draft_set(d, XG_FIELD_DECIDED, xg_bytes(status_decided, 2),
                               &err));
    } else {
        for (uint64_t n = 1 + any(h, 2); n; n--)
            put_value(h, d, any_field(h));
        test_add_text(d, XG_FIELD_NOTE, "记");
    }
}

static void begin(struct history *h, uint64_t seed)
{
    struct xg_draft draft;
    size_t first;

    *h = (struct history){
        .arena = XG_ARENA(512 << 20),
        .world = {.seed = seed, .wall_ms = 1790000000000, .boot = 1},
        .device_count = PEOPLE};
    do
        h->kind = &xg_kinds[any(h, 14)];
    while (!h->kind->entity);
    for (size_t i = 0; i < PEOPLE; i++) {
        char name[40];
        device_name(name, i);
        h->devices[i] = test_device_new(&h->arena, &h->world, name,
                                        "log.example", registrar);
        h->person[i] = i;
    }
    first = any(h, PEOPLE);
    xg_draft_init(&draft, &h->arena, h->kind->number);
    const struct xg_field *f;
    for (size_t i = 0; (f = xg_field_at(h->kind, i)) != NULL; i++)
        if (f->flags & XG_REQUIRED)
            put_value(h, &draft, f);
    if (any(h, 2)) /* now and then one that nobody has */
        test_text(&draft, XG_FIELD_GRID,
                  any(h, 9) ? units[any(h, UNITS)].code : "nowhere");
    const struct xg_record *r = test_write(h->devices[first], &draft, NULL);
    h->id = xg_record_entity(r);
    keep(h, first, r);
}

static void end(struct history *h)
{
    for (size_t i = 0; i < h->device_count; i++)
        test_device_free(h->devices[i]);
    xg_arena_clear(&h->arena);
}

static void clone(struct history *h, size_t device)
{
    if (h->device_count == DEVICES || h->forked[device])
        return;
    size_t at = h->device_count++;
    h->devices[at] = test_device_clone(h->devices[device]);
    h->person[at] = h->person[device];
    h->forked[at] = h->forked[device] = true;
}

/* What a device knows: its own path and a stretch of the rest, which is closed
 * under causes. */
static size_t known_to(struct history *h, const struct test_device *d,
                       struct xg_op *out)
{
    size_t upto = 1 + any(h, h->count), n = 0;

    for (size_t i = 0; i < h->count; i++)
        if (i < upto || xg_branch_precedes(h->ops[i].branch, h->ops[i].seq,
                                           &d->branch, d->count))
            out[n++] = h->ops[i];
    return n;
}

static void grow(struct history *h, size_t steps)
{
    struct fold *seen = malloc(sizeof *seen);
    struct xg_op *known = calloc(OPS_MAX, sizeof *known);

    assert_non_null(seen);
    assert_non_null(known);
    for (size_t i = 0; i < steps; i++) {
        size_t at = any(h, h->device_count);
        struct test_device *d = h->devices[at];
        struct xg_draft draft;
        if (any(h, 12) == 0 && d->count > 1)
            clone(h, at);
        h->world.wall_ms++; /* clones do not write the very same record */
        fold(seen, h, known, known_to(h, d, known));
        xg_draft_init(&draft, &h->arena, h->kind->number);
        put_act(h, &draft, &seen->state);
        keep(h, at, test_write(d, &draft, &seen->state));
        fold_clear(seen);
    }
    free(seen);
    free(known);
}

static uint64_t seed_of_run(void)
{
    const char *text = getenv("XG_SEED");
    return text ? strtoull(text, NULL, 10) : 1;
}

static void shuffle(struct history *h, struct xg_op *ops, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = any(h, i);
        struct xg_op swap = ops[i - 1];
        ops[i - 1] = ops[j];
        ops[j] = swap;
    }
}

/* ---- laws ---- */

typedef void law(struct history *h, struct fold *f, uint64_t round);

/* Each law over the same histories: of every kind, small ones first. */
static void over_histories(law *check, uint64_t salt, size_t rounds)
{
    struct history *h = malloc(sizeof *h);
    struct fold *f = malloc(sizeof *f);

    assert_non_null(h);
    assert_non_null(f);
    for (uint64_t round = 0; round < rounds; round++) {
        begin(h, seed_of_run() * 100000 + salt * 1000 + round);
        grow(h, 2 + round * 3 / 2);
        check(h, f, round);
        end(h);
    }
    free(h);
    free(f);
}

static struct xg_buf bytes_of(const struct xg_state *s)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(4 << 20);
    size_t size;

    xg_state_encode(&out, s);
    assert_ok(xg_buf_check(&out, &err));
    assert_ok(xg_cbor_check(&size, out.data, out.len, &err));
    assert_int_equal(size, out.len);
    return out;
}

static void orders_agree(struct history *h, struct fold *f, uint64_t round)
{
    struct xg_op *ops = calloc(OPS_MAX, sizeof *ops);
    struct xg_buf want;

    assert_non_null(ops);
    fold(f, h, h->ops, h->count);
    want = bytes_of(&f->state);
    fold_clear(f);
    memcpy(ops, h->ops, h->count * sizeof *ops);
    for (int i = 0; i < 4; i++) {
        shuffle(h, ops, h->count);
        fold(f, h, ops, h->count);
        struct xg_buf got = bytes_of(&f->state);
        if (!xg_bytes_equal(xg_buf_bytes(&want), xg_buf_bytes(&got)))
            fail_msg("seed %llu round %llu: states differ",
                     (unsigned long long)seed_of_run(),
                     (unsigned long long)round);
        xg_buf_clear(&got);
        fold_clear(f);
    }
    xg_buf_clear(&want);
    free(ops);
}

static void test_order_of_arrival_does_not_matter(void **state)
{
    (void)state;
    over_histories(orders_agree, 1, ROUNDS);
}

/* Two replicas get the records in batches of their own, some of them again,
 * keep each once, and fold whatever is there after each: they end alike. */
static struct xg_buf deliver(struct history *h, struct fold *f)
{
    struct xg_op *here = calloc(OPS_MAX, sizeof *here);
    bool has[OPS_MAX] = {false};
    size_t n = 0;
    struct xg_buf last = XG_BUF(1);

    assert_non_null(here);
    while (n < h->count) {
        size_t from = any(h, h->count), batch = 1 + any(h, 30);
        for (size_t i = from; i < from + batch && i < h->count; i++)
            if (!has[i]) {
                has[i] = true;
                here[n++] = h->ops[i];
            }
        xg_buf_clear(&last);
        fold(f, h, here, n);
        last = bytes_of(&f->state);
        fold_clear(f);
    }
    free(here);
    return last;
}

static void batches_agree(struct history *h, struct fold *f, uint64_t round)
{
    struct xg_buf one = deliver(h, f), two = deliver(h, f);

    if (!xg_bytes_equal(xg_buf_bytes(&one), xg_buf_bytes(&two)))
        fail_msg("seed %llu round %llu: states differ",
                 (unsigned long long)seed_of_run(), (unsigned long long)round);
    xg_buf_clear(&one);
    xg_buf_clear(&two);
}

static void test_batches_and_repeats_do_not_matter(void **state)
{
    (void)state;
    over_histories(batches_agree, 2, 60);
}

/* ---- nothing is lost from sight ---- */

static bool full(const struct xg_state *s, uint32_t op)
{
    return s->effects[op] == XG_EFFECT_FULL;
}

/* The heads of a register by their definition. */
static bool is_head(const struct xg_state *s, uint64_t number, uint32_t op)
{
    struct xg_cbor_item value;

    if (!full(s, op) || !xg_record_field(s->ops[op].record, number, &value))
        return false;
    for (uint32_t o = 0; o < s->count; o++)
        if (o != op && full(s, o) && xg_state_precedes(s, op, o) &&
            xg_record_field(s->ops[o].record, number, &value))
            return false;
    return true;
}

static void check_register(const struct xg_state *s, uint64_t number)
{
    const struct xg_register *reg = xg_state_register(s, number);
    size_t heads = 0;
    bool differ = false;
    struct xg_cbor_item first, value;

    assert_non_null(reg);
    xg_record_field(s->ops[reg->heads[0]].record, number, &first);
    for (uint32_t op = 0; op < s->count; op++) {
        if (!is_head(s, number, op))
            continue;
        heads++;
        xg_record_field(s->ops[op].record, number, &value);
        differ |= !xg_bytes_equal(first.raw, value.raw);
        /* Nobody ranks above what is shown, nor has the greater hash. */
        const struct xg_op *top = &s->ops[reg->heads[0]], *o = &s->ops[op];
        assert_true(
            top->rank > o->rank ||
            (top->rank == o->rank &&
             xg_hash_compare(&top->record->hash, &o->record->hash) >= 0));
    }
    assert_int_equal(heads, reg->head_count);
    assert_int_equal(differ, reg->conflict);
}

/* Does this record take that element out? */
static bool takes_out(const struct xg_state *s, uint32_t op, uint64_t number,
                      const struct xg_element *e)
{
    const struct xg_hash *adder = &s->ops[e->op].record->hash;
    struct xg_cbor_item value, key, list, pair, hash, index;

    if (!full(s, op) || !xg_record_field(s->ops[op].record, number, &value))
        return false;
    struct xg_cbor in = xg_cbor_inside(&value);
    while (xg_cbor_next(&in, &key) && xg_cbor_next(&in, &list)) {
        struct xg_cbor pairs = xg_cbor_inside(&list);
        while (key.number == XG_SET_REMOVED && xg_cbor_next(&pairs, &pair)) {
            struct xg_cbor p = xg_cbor_inside(&pair);
            xg_cbor_next(&p, &hash);
            xg_cbor_next(&p, &index);
            if (index.number == e->index &&
                memcmp(hash.bytes.at, adder->b, XG_HASH_SIZE) == 0)
                return true;
        }
    }
    return false;
}

/* An element is gone if any record with effect takes it out, and it is the
 * first of those in the order of the fold that is named. */
static void check_element(const struct xg_state *s, uint64_t number,
                          const struct xg_element *e)
{
    uint32_t remover = XG_NONE;

    for (size_t i = 0; i < s->count && remover == XG_NONE; i++)
        if (takes_out(s, s->order[i], number, e))
            remover = s->order[i];
    assert_int_equal(e->removed, remover != XG_NONE);
    assert_int_equal(e->remover, remover);
}

static void check_set(const struct xg_state *s, uint64_t number, uint32_t op)
{
    const struct xg_set *set = xg_state_set(s, number);
    bool found = false;

    assert_non_null(set);
    for (size_t e = 0; e < set->count; e++) {
        const struct xg_element *x = &set->elements[e];
        found |= x->op == op;
        check_element(s, number, x);
    }
    /* A record may only take out, and add nothing. */
    struct xg_cbor_item value, map, key;
    xg_record_field(s->ops[op].record, number, &value);
    struct xg_cbor c = xg_cbor_over(value.raw);
    xg_cbor_next(&c, &map);
    c = xg_cbor_inside(&map);
    xg_cbor_next(&c, &key);
    assert_int_equal(found, key.number == XG_SET_ADDED);
}

static void check_written(const struct xg_state *s, uint32_t op)
{
    struct xg_field_cursor c = xg_record_fields(s->ops[op].record);
    struct xg_cbor_item value;
    uint64_t number;

    while (full(s, op) && xg_field_next(&c, &number, &value)) {
        const struct xg_field *f = xg_field_find(s->kind, number);
        if (!f || f->merge == XG_MERGE_REGISTER)
            check_register(s, number);
        else if (f->merge == XG_MERGE_SET)
            check_set(s, number, op);
    }
}

static bool writes(const struct xg_state *s, uint32_t op)
{
    const struct xg_record *r = s->ops[op].record;
    struct xg_field_cursor c = xg_record_fields(r);
    struct xg_cbor_item value;
    uint64_t number;
    bool wrote = r->head.creates || r->head.move;

    while (xg_field_next(&c, &number, &value)) {
        const struct xg_field *f =
            s->kind ? xg_field_find(s->kind, number) : NULL;
        wrote |=
            !f || f->merge == XG_MERGE_REGISTER || number == XG_FIELD_DECIDED;
    }
    return wrote;
}

static bool can_be_tip(const struct xg_state *s, uint32_t op)
{
    return writes(s, op) && !s->ops[op].no_right &&
           s->effects[op] != XG_EFFECT_INVALID &&
           s->effects[op] != XG_EFFECT_NO_RIGHT &&
           s->effects[op] != XG_EFFECT_LACKING;
}

/* What a device cites: what wrote or moved with right, and nothing after it.
 */
static void check_tips(const struct xg_state *s)
{
    size_t tips = 0;

    for (uint32_t op = 0; op < s->count; op++) {
        bool tip = can_be_tip(s, op), told = false;
        for (uint32_t o = 0; tip && o < s->count; o++)
            tip = o == op || !can_be_tip(s, o) || !xg_state_precedes(s, op, o);
        for (size_t t = 0; t < s->tip_count; t++)
            told |= s->tips[t] == op;
        assert_int_equal(tip, told);
        tips += tip;
    }
    assert_int_equal(tips, s->tip_count);
}

static void nothing_lost(struct history *h, struct fold *f, uint64_t round)
{
    bool placed[OPS_MAX] = {false};
    const struct xg_state *s = &f->state;

    (void)round;
    fold(f, h, h->ops, h->count);
    assert_int_equal(s->count, h->count);
    for (size_t i = 0; i < s->count; i++) {
        uint32_t op = s->order[i];
        assert_false(placed[op]); /* each once, causes before effects */
        for (uint32_t o = 0; o < s->count; o++)
            assert_false(placed[o] && s->clocks && xg_state_precedes(s, op, o));
        placed[op] = true;
        assert_true((s->effects[op] == XG_EFFECT_FULL) ==
                    (s->reasons[op] == NULL));
        check_written(s, op);
    }
    check_tips(s);
    fold_clear(f);
}

static void test_nothing_ever_written_is_lost_from_sight(void **state)
{
    (void)state;
    over_histories(nothing_lost, 3, 90);
}

/* ---- parts ---- */

/* Any part of a history folds. What cites the missing is pending; once all is
 * there nothing is. */
static void parts_fold(struct history *h, struct fold *f, uint64_t round)
{
    struct xg_op *part = calloc(OPS_MAX, sizeof *part);
    size_t n = 0;

    (void)round;
    assert_non_null(part);
    for (size_t i = 0; i < h->count; i++)
        if (any(h, 4))
            part[n++] = h->ops[i];
    fold(f, h, part, n);
    for (uint32_t op = 0; op < f->state.count; op++) {
        const struct xg_head *head = &f->state.ops[op].record->head;
        bool missing = f->state.creator == XG_NONE;
        for (size_t c = 0; c < head->foreign_count; c++) {
            bool here = false;
            for (uint32_t o = 0; o < n; o++)
                here |= xg_hash_equal(xg_head_foreign(head, c),
                                      &part[o].record->hash);
            missing |= !here;
        }
        assert_true(missing == (f->state.effects[op] == XG_EFFECT_PENDING));
    }
    if (f->state.kind)
        check_tips(&f->state);
    fold_clear(f);
    fold(f, h, h->ops, h->count);
    for (uint32_t op = 0; op < f->state.count; op++)
        assert_true(f->state.effects[op] != XG_EFFECT_PENDING);
    fold_clear(f);
    free(part);
}

static void test_a_part_folds_and_waits_for_the_rest(void **state)
{
    (void)state;
    over_histories(parts_fold, 4, 60);
}

/* ---- rights, by the words of judge.h and nothing else ---- */

static bool adds_only(const struct history *h, const struct fold *f, size_t op)
{
    struct xg_field_cursor c = xg_record_fields(f->ops[op].record);
    struct xg_cbor_item value, key, list, pair, hash;
    uint64_t number;

    if (f->ops[op].record->head.move)
        return false;
    while (xg_field_next(&c, &number, &value)) {
        const struct xg_field *field = xg_field_find(h->kind, number);
        if (!field || field->merge == XG_MERGE_REGISTER ||
            number == XG_FIELD_DECIDED)
            return false;
        if (field->merge != XG_MERGE_SET)
            continue;
        struct xg_cbor in = xg_cbor_inside(&value);
        while (xg_cbor_next(&in, &key) && xg_cbor_next(&in, &list)) {
            struct xg_cbor removed = xg_cbor_inside(&list);
            while (key.number == XG_SET_REMOVED &&
                   xg_cbor_next(&removed, &pair)) {
                struct xg_cbor p = xg_cbor_inside(&pair);
                xg_cbor_next(&p, &hash);
                for (size_t o = 0; o < h->count; o++)
                    if (memcmp(h->ops[o].record->hash.b, hash.bytes.at, 32) ==
                            0 &&
                        h->owner[o] != h->owner[op])
                        return false;
            }
        }
    }
    return true;
}

static bool right_at_home(const struct history *h, const struct fold *f,
                          size_t op, int home)
{
    size_t who = h->owner[op];
    bool down = h->kind->reaches_down;

    if (people[who].role == XG_ROLE_AUDITOR)
        return false;
    if (!down && who == h->owner[f->home.creator])
        return true;
    return lies_in(home, people[who].unit) ||
           (down && lies_in(people[who].unit, home) && adds_only(h, f, op));
}

static bool hands_give(const struct history *h, const struct fold *f, size_t op,
                       int unit)
{
    const struct xg_record *r = f->ops[op].record;
    uint32_t role = people[h->owner[op]].role;
    struct xg_cbor_item value, key;

    if (r->head.creates && h->kind->number == XG_KIND_ASSESSMENT)
        return xg_move_allowed(XG_MOVE_DISPATCH, role) &&
               xg_record_field(r, XG_ASSESSMENT_SUBJECT, &value) &&
               xg_bytes_equal(value.bytes, xg_bytes(units[unit].code,
                                                    strlen(units[unit].code)));
    if (!xg_move_allowed(XG_MOVE_DISPATCH, role) && !r->head.move)
        return false;
    if (r->head.move && (!xg_move_assigns(r->head.move) ||
                         !xg_move_allowed(r->head.move, role)))
        return false;
    if (r->head.creates && h->kind->number != XG_KIND_TASK)
        return false;
    if (xg_record_field(r, XG_CASE_UNIT, &value) &&
        xg_bytes_equal(value.bytes,
                       xg_bytes(units[unit].code, strlen(units[unit].code))))
        return true;
    if (!xg_move_calls(r->head.move) ||
        !xg_record_field(r, XG_CASE_CALLED, &value))
        return false;
    struct xg_cbor c = xg_cbor_inside(&value);
    xg_cbor_next(&c, &key);
    xg_cbor_next(&c, &value);
    c = xg_cbor_inside(&value);
    while (key.number == XG_SET_ADDED && xg_cbor_next(&c, &value))
        if (xg_bytes_equal(value.bytes, xg_bytes(units[unit].code,
                                                 strlen(units[unit].code))))
            return true;
    return false;
}

static bool right_by_hands(const struct history *h, size_t op,
                           const bool given[UNITS])
{
    if (!h->kind->first_status || people[h->owner[op]].role == XG_ROLE_AUDITOR)
        return false;
    for (int u = 0; u < UNITS; u++)
        if (given[u] && lies_in(u, people[h->owner[op]].unit))
            return true;
    return false;
}

/* Whom those with right gave it to, and those gave it on to. */
static void hands(const struct history *h, const struct fold *f, int home,
                  bool given[UNITS])
{
    bool more = true;

    memset(given, 0, UNITS * sizeof *given);
    while (more) {
        more = false;
        for (size_t by = 0; by < h->count; by++)
            for (int u = 0; u < UNITS; u++)
                if (!given[u] && hands_give(h, f, by, u) &&
                    (right_at_home(h, f, by, home) ||
                     right_by_hands(h, by, given)))
                    given[u] = more = true;
    }
}

static void rights_are_as_said(struct history *h, struct fold *f,
                               uint64_t round)
{
    struct xg_cbor_item grid;
    bool given[UNITS];
    int home;

    fold(f, h, h->ops, h->count);
    home = people[h->owner[f->home.creator]].unit;
    if (xg_record_field(f->ops[f->home.creator].record, XG_FIELD_GRID, &grid))
        for (int u = 0; u < UNITS; u++)
            if (xg_bytes_equal(grid.bytes, xg_bytes(units[u].code,
                                                    strlen(units[u].code))) &&
                (!h->kind->reaches_down ||
                 lies_in(u, people[h->owner[f->home.creator]].unit)))
                home = u;
    assert_string_equal(f->home.unit, units[home].code);
    hands(h, f, home, given);
    for (size_t op = 0; op < h->count; op++) {
        bool want =
            right_at_home(h, f, op, home) || right_by_hands(h, op, given);
        if (want != (f->ops[op].no_right == NULL))
            fail_msg("seed %llu round %llu op %zu: %s by %s in %s, home %s",
                     (unsigned long long)seed_of_run(),
                     (unsigned long long)round, op, h->kind->name,
                     people[h->owner[op]].code,
                     units[people[h->owner[op]].unit].code, f->home.unit);
    }
    fold_clear(f);
}

static void test_rights_are_what_the_rules_say(void **state)
{
    (void)state;
    over_histories(rights_are_as_said, 5, ROUNDS);
}

/* ---- rights, one by one ---- */

/* A case of w1 at home in 370.a.1, and who else writes about it. */
static void begin_case(struct history *h, uint64_t kind)
{
    struct xg_draft draft;
    const struct xg_field *f;

    begin(h, 9);
    h->count = 0;
    h->kind = xg_kind_find(kind);
    xg_draft_init(&draft, &h->arena, kind);
    for (size_t i = 0; (f = xg_field_at(h->kind, i)) != NULL; i++)
        if (f->flags & XG_REQUIRED)
            put_value(h, &draft, f);
    const struct xg_record *r = test_write(h->devices[0], &draft, NULL);
    h->id = xg_record_entity(r);
    keep(h, 0, r);
}

static size_t person(const char *code)
{
    for (size_t i = 0; i < PEOPLE; i++)
        if (strcmp(people[i].code, code) == 0)
            return i;
    fail();
    return 0;
}

/* A record about the case, that cites nothing; filled by the caller. */
static struct xg_draft about(struct history *h, uint64_t move, uint64_t from)
{
    struct xg_draft d;

    xg_draft_init(&d, &h->arena, h->kind->number);
    d.head.creates = false;
    d.head.entity = h->id;
    d.head.move = move;
    d.head.from = from;
    return d;
}

static size_t write_as(struct history *h, const char *who, struct xg_draft *d)
{
    keep(h, person(who), test_write(h->devices[person(who)], d, NULL));
    return h->count - 1;
}

static size_t note_by(struct history *h, const char *who)
{
    struct xg_draft d = about(h, 0, 0);

    test_add_text(&d, XG_FIELD_NOTE, "看过");
    return write_as(h, who, &d);
}

static size_t dispatch_by(struct history *h, const char *who, const char *unit)
{
    struct xg_draft d = about(h, XG_MOVE_DISPATCH, XG_STATUS_FILED);

    test_text(&d, XG_CASE_UNIT, unit);
    return write_as(h, who, &d);
}

/* May ops[op] take effect? Asked in several orders of arrival. */
static bool may(struct history *h, size_t op)
{
    const struct xg_record *r = h->ops[op].record;
    struct fold *f = malloc(sizeof *f);
    struct xg_op *ops = calloc(OPS_MAX, sizeof *ops);
    int answers = 0;

    assert_non_null(f);
    assert_non_null(ops);
    memcpy(ops, h->ops, h->count * sizeof *ops);
    for (int i = 0; i < 6; i++) {
        shuffle(h, ops, h->count);
        fold(f, h, ops, h->count);
        for (size_t o = 0; o < h->count; o++)
            if (f->ops[o].record == r)
                answers += f->ops[o].no_right == NULL;
        fold_clear(f);
    }
    free(ops);
    free(f);
    assert_true(answers == 0 || answers == 6);
    return answers == 6;
}

static void test_a_dispatch_puts_the_case_into_hands(void **state)
{
    struct history *h = malloc(sizeof *h);

    (void)state;
    assert_non_null(h);
    begin_case(h, XG_KIND_INCIDENT);
    size_t before = note_by(h, "h1"), own = note_by(h, "w1"),
           other = note_by(h, "w4"), above = note_by(h, "c1");
    assert_false(may(h, before));
    assert_false(may(h, other));
    assert_true(may(h, own));
    assert_true(may(h, above));
    dispatch_by(h, "d1", "dept");
    assert_true(may(h, before)); /* whenever the dispatch came to be known */
    assert_false(may(h, other));
    assert_false(may(h, note_by(h, "h2"))); /* a team of it was not named */
    dispatch_by(h, "d1", "dept.team");
    assert_true(may(h, h->count - 2));
    end(h);
    free(h);
}

/* Who has no right cannot give any, nor can a role that does not dispatch. */
static void test_only_a_desk_with_right_puts_into_hands(void **state)
{
    struct history *h = malloc(sizeof *h);

    (void)state;
    assert_non_null(h);
    begin_case(h, XG_KIND_INCIDENT);
    size_t h1 = note_by(h, "h1");
    dispatch_by(h, "c2", "dept");       /* of another street */
    dispatch_by(h, "h1", "dept");       /* to themselves */
    dispatch_by(h, "w1", "dept");       /* a worker, whose case it is */
    dispatch_by(h, "a1", "dept");       /* who writes nothing */
    struct xg_draft d = about(h, 0, 0); /* by no move at all */
    test_text(&d, XG_CASE_UNIT, "dept");
    write_as(h, "w1", &d);
    d = about(h, XG_MOVE_REMIND, XG_STATUS_FILED); /* a move of another sort */
    test_text(&d, XG_CASE_UNIT, "dept");
    write_as(h, "d1", &d);
    assert_false(may(h, h1));
    /* Whoever was given it gives it on, if their role dispatches. */
    dispatch_by(h, "d1", "370.b");
    assert_true(may(h, dispatch_by(h, "c2", "dept")));
    assert_true(may(h, h1));
    end(h);
    free(h);
}

/* The hands are judged by what each author knew: dept has its team only from
 * some time on, and what one of its people wrote before stays without right,
 * also beside what they wrote after. */
static void test_hands_are_judged_by_what_the_author_knew(void **state)
{
    struct history *h = malloc(sizeof *h);

    (void)state;
    assert_non_null(h);
    begin_case(h, XG_KIND_INCIDENT);
    size_t before = note_by(h, "h1"), after = note_by(h, "h1"),
           again = note_by(h, "h1");
    dispatch_by(h, "d1", "dept.team");
    h->ops[before].rank = h->ops[again].rank = TEAM_MOVED;
    assert_false(may(h, before));
    assert_true(may(h, after));
    assert_false(may(h, again));
    end(h);
    free(h);
}

/* Taking a unit off the list of those called gives it nothing. */
static void test_a_call_taken_back_by_another_gives_no_right(void **state)
{
    struct history *h = malloc(sizeof *h);
    struct xg_error err = XG_ERROR_NONE;

    (void)state;
    assert_non_null(h);
    begin_case(h, XG_KIND_INCIDENT);
    size_t h1 = note_by(h, "h1");
    struct xg_draft d = about(h, XG_MOVE_TRIAGE, XG_STATUS_FILED);
    test_add_text(&d, XG_CASE_CALLED, "dept");
    size_t call = write_as(h, "h2", &d); /* who may not */
    d = about(h, XG_MOVE_TRIAGE, XG_STATUS_FILED);
    assert_ok(xg_draft_remove(&d, XG_CASE_CALLED, &h->ops[call].record->hash, 0,
                              &err));
    write_as(h, "d1", &d);
    assert_false(may(h, h1));
    end(h);
    free(h);
}

/* However many are called, whoever was called first is not pushed out. */
static void test_more_than_64_units_in_hand_all_keep_it(void **state)
{
    struct history *h = malloc(sizeof *h);
    char code[16];

    (void)state;
    assert_non_null(h);
    begin_case(h, XG_KIND_INCIDENT);
    size_t h1 = note_by(h, "h1");
    dispatch_by(h, "d1", "dept");
    for (int part = 0; part < 3; part++) {
        struct xg_draft d = about(h, XG_MOVE_TRIAGE, XG_STATUS_FILED);
        for (int i = 0; i < 60; i++) {
            snprintf(code, sizeof code, "a%03d", part * 60 + i);
            test_add_text(&d, XG_CASE_CALLED, code);
        }
        write_as(h, "d2", &d);
    }
    assert_true(may(h, h1));
    end(h);
    free(h);
}

/* A notice for a street: everybody in it adds, takes their own back, and
 * changes nothing; who is outside does nothing. */
static void test_what_reaches_down_takes_additions_only(void **state)
{
    struct history *h = malloc(sizeof *h);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft d;

    (void)state;
    assert_non_null(h);
    begin_case(h, XG_KIND_NOTICE);
    h->count = 0;
    xg_draft_init(&d, &h->arena, XG_KIND_NOTICE);
    test_text(&d, 12, "通知");
    test_text(&d, 13, "正文");
    test_text(&d, XG_FIELD_GRID, "370.a");
    const struct xg_record *r = test_write(h->devices[person("d1")], &d, NULL);
    h->id = xg_record_entity(r);
    keep(h, person("d1"), r);

    d = about(h, 0, 0);
    test_add_text(&d, XG_NOTICE_READ, "w1");
    size_t read = write_as(h, "w1", &d);
    assert_true(may(h, read));
    assert_false(may(h, note_by(h, "w4"))); /* of the other street */
    d = about(h, 0, 0);
    test_text(&d, 13, "改了");
    assert_false(may(h, write_as(h, "w1", &d)));
    d = about(h, XG_MOVE_REMIND, XG_STATUS_REPORTED);
    test_add_text(&d, XG_NOTICE_READ, "w1");
    assert_false(may(h, write_as(h, "w1", &d)));
    d = about(h, 0, 0);
    assert_ok(xg_draft_remove(&d, XG_NOTICE_READ, &h->ops[read].record->hash, 0,
                              &err));
    struct xg_draft same = d;
    assert_true(may(h, write_as(h, "w1", &d)));
    assert_false(may(h, write_as(h, "w2", &same))); /* another's */
    end(h);
    free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_dispatch_puts_the_case_into_hands),
        cmocka_unit_test(test_only_a_desk_with_right_puts_into_hands),
        cmocka_unit_test(test_hands_are_judged_by_what_the_author_knew),
        cmocka_unit_test(test_a_call_taken_back_by_another_gives_no_right),
        cmocka_unit_test(test_more_than_64_units_in_hand_all_keep_it),
        cmocka_unit_test(test_what_reaches_down_takes_additions_only),
        cmocka_unit_test(test_order_of_arrival_does_not_matter),
        cmocka_unit_test(test_batches_and_repeats_do_not_matter),
        cmocka_unit_test(test_nothing_ever_written_is_lost_from_sight),
        cmocka_unit_test(test_a_part_folds_and_waits_for_the_rest),
        cmocka_unit_test(test_rights_are_what_the_rules_say),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
