/* test_scope.c - who is told of what: by home, by hands, downwards; in pieces;
 * and that a device that was there all along and one that comes late end with
 * the same. */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/data/data.h"
#include "server/merge/inside.h"
#include "server/merge/scope.h"
#include "shared/base/log.h"
#include "tests/lib/device.h"

#define ORIGIN "test.example"

enum { SEEN_MAX = 8192 };

/* What a device holds: records, and which entities were named out. */
struct replica {
    struct xg_hash records[SEEN_MAX];
    struct xg_id entities[SEEN_MAX]; /* of each record */
    size_t count;
    struct xg_id gone[SEEN_MAX];
    size_t gone_count;
    uint64_t to;
    /* Of the last pull. */
    size_t records_now, out_now, branches_now, places_now, pages_now;
    size_t largest; /* bytes of a page */
};

enum { DEVICES_MAX = 64 };

struct setup {
    struct test_world world;
    struct xg_env env;
    struct xg_arena arena;
    struct data *d;
    size_t devices;
    struct test_device *made[DEVICES_MAX]; /* freed at the end */
};

static const uint8_t seed[32] = {7};

static void put_worker(struct setup *s, const char *code, uint32_t role,
                       const char *unit)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_statement says = {.kind = XG_SAYS_WORKER, .role = role};

    snprintf(says.subject, sizeof says.subject, "%s", code);
    snprintf(says.unit, sizeof says.unit, "%s", unit);
    assert_ok(registry_put(s->d->registry, &says, 1, &err));
}

static void put_unit(struct setup *s, const char *code, const char *parent)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_statement says = {.kind = XG_SAYS_UNIT};

    snprintf(says.subject, sizeof says.subject, "%s", code);
    snprintf(says.unit, sizeof says.unit, "%s", parent);
    assert_ok(registry_put(s->d->registry, &says, 1, &err));
}

/* top: street (north, south), departments a and b. */
static void begin(struct setup *s, uint64_t with_seed)
{
    struct xg_error err = XG_ERROR_NONE;

    *s = (struct setup){.world = {.seed = with_seed, .wall_ms = 1780000000000}};
    s->arena = XG_ARENA(512 << 20);
    s->env = test_env(&s->world);
    assert_ok(data_open_memory(&s->d, ORIGIN, seed, NULL, &s->env, &err));
    put_unit(s, "top", "");
    put_unit(s, "street", "top");
    put_unit(s, "north", "street");
    put_unit(s, "south", "street");
    put_unit(s, "a", "top");
    put_unit(s, "b", "top");
    put_unit(s, "b/1", "b");
    put_worker(s, "wn", XG_ROLE_WORKER, "north");
    put_worker(s, "ws", XG_ROLE_WORKER, "south");
    put_worker(s, "desk", XG_ROLE_DISPATCHER, "top");
    put_worker(s, "ha", XG_ROLE_HANDLER, "a");
    put_worker(s, "hb", XG_ROLE_HANDLER, "b");
}

static void end(struct setup *s)
{
    data_close(s->d);
    for (size_t i = 0; i < s->devices; i++)
        test_device_free(s->made[i]);
    xg_arena_clear(&s->arena);
}

static struct test_device *add_device(struct setup *s, const char *worker)
{
    struct xg_error err = XG_ERROR_NONE;
    char expected[XG_KEY_NAME_MAX + 1], name[XG_KEY_NAME_MAX + 1];
    struct test_device *t;

    assert_true(s->devices < DEVICES_MAX);
    registry_device_name(expected, ORIGIN, s->devices + 1);
    t = s->made[s->devices++] = test_device_new(&s->arena, &s->world, expected, ORIGIN,
                        registry_registrar_key(s->d->registry));
    assert_ok(registry_enrol(s->d->registry, name, t->signer.verifier.key,
                             worker, &err));
    assert_string_equal(name, expected);
    return t;
}

static void push(struct setup *s, const struct test_device *t, uint64_t first,
                 size_t count, enum xg_batch_state state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    struct ingest_result result;

    test_seal(&frame, t, first, count);
    assert_ok(
        ingest_put(s->d->ingest, &result, frame.data, frame.len, &err));
    assert_string_equal(xg_batch_state_name(result.state),
                        xg_batch_state_name(state));
    xg_buf_clear(&frame);
}

/* The newest record alone. */
static void push_last(struct setup *s, const struct test_device *t)
{
    uint64_t first = t->count == 2 ? 0 : t->count - 1;

    push(s, t, first, t->count - first, XG_BATCH_STORED);
}

static struct fold look_at(struct setup *s, const struct xg_record *r)
{
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_registry view = registry_view(s->d->registry);
    struct xg_id id = xg_record_entity(r);
    struct store *reader;
    struct fold f;
    bool found = false;

    assert_ok(data_borrow(s->d, &reader, &err));
    assert_ok(fold_of_entity(&f, &found, &s->arena, reader, &view, &id, &err));
    data_return(s->d, reader);
    assert_true(found);
    return f;
}

/* A record about what `of` belongs to, by somebody who has seen all of it;
 * written and sent. */
static const struct xg_record *say(struct setup *s, struct test_device *t,
                                   const struct xg_record *of,
                                   struct xg_draft *d)
{
    struct fold f = look_at(s, of);

    if (d->head.move)
        d->head.from = f.state.status;
    const struct xg_record *r = test_write(t, d, &f.state);
    push_last(s, t);
    return r;
}

static const struct xg_record *move(struct setup *s, struct test_device *t,
                                    const struct xg_record *of, uint64_t number,
                                    const char *unit)
{
    struct xg_draft d;

    xg_draft_init(&d, &s->arena, of->head.kind);
    d.head.move = number;
    if (unit)
        test_text(&d, XG_CASE_UNIT, unit);
    if (number == XG_MOVE_RETURN) {
        test_text(&d, XG_CASE_RULE, "r1");
        test_text(&d, XG_FIELD_WHY, "not ours");
    }
    const struct xg_record *r = say(s, t, of, &d);
    struct fold f = look_at(s, of);
    for (size_t i = 0; i < f.count; i++)
        if (xg_hash_equal(&f.rows[i].hash, &r->hash))
            assert_int_equal(f.state.effects[i], XG_EFFECT_FULL);
    return r;
}

static const struct xg_record *incident(struct setup *s, struct test_device *t,
                                        const char *grid)
{
    struct xg_draft d;

    xg_draft_init(&d, &s->arena, XG_KIND_INCIDENT);
    test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
    test_text(&d, XG_FIELD_GRID, grid);
    const struct xg_record *r = test_write(t, &d, NULL);
    push_last(s, t);
    return r;
}

/* ---- replicas ---- */

static bool same_id(const struct xg_id *a, const struct xg_id *b)
{
    return xg_id_equal(a, b);
}

static bool holds(const struct replica *r, const struct xg_record *record)
{
    for (size_t i = 0; i < r->count; i++)
        if (xg_hash_equal(&r->records[i], &record->hash))
            return true;
    return false;
}

static bool is_gone(const struct replica *r, const struct xg_id *id)
{
    for (size_t i = 0; i < r->gone_count; i++)
        if (same_id(&r->gone[i], id))
            return true;
    return false;
}

static bool knows(const struct replica *r, const struct xg_id *id)
{
    for (size_t i = 0; i < r->count; i++)
        if (same_id(&r->entities[i], id))
            return true;
    return false;
}

/* As agent/store/update.c does. */
static void take(struct replica *r, const struct xg_update *u,
                 const struct test_device *t)
{
    size_t i = 0;

    if (u->kind == XG_UPDATE_OUT) {
        r->out_now++;
        if (knows(r, &u->entity) && !is_gone(r, &u->entity))
            r->gone[r->gone_count++] = u->entity;
    }
    r->branches_now += u->kind == XG_UPDATE_BRANCH;
    r->places_now += u->kind == XG_UPDATE_PLACE;
    if (u->kind != XG_UPDATE_RECORD)
        return;
    struct xg_id id = xg_record_entity(&u->record);
    bool own = xg_hash_equal(&u->chain, &t->chain);
    r->records_now++;
    if (!own || u->position < r->to)
        for (i = 0; i < r->gone_count; i++)
            if (same_id(&r->gone[i], &id))
                r->gone[i--] = r->gone[--r->gone_count];
    for (i = 0; i < r->count; i++)
        if (xg_hash_equal(&r->records[i], &u->record.hash))
            return;
    assert_true(r->count < SEEN_MAX);
    r->records[r->count] = u->record.hash;
    r->entities[r->count++] = id;
}

/* One page; at the end of the log false. */
static bool pull_page(struct setup *s, const struct test_device *t,
                      struct replica *r)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf raw = XG_BUF(XG_UPDATES_RAW_MAX);
    struct xg_checkpoint c;
    struct scope_page page;
    struct store *reader;
    struct xg_update item;
    bool more = true;
    uint64_t before = r->to;

    assert_ok(ledger_published(s->d->ledger, &c, NULL, &err));
    assert_ok(data_borrow(s->d, &reader, &err));
    assert_ok(scope_page(&page, &raw, reader, s->d->registry,
                         t->signer.verifier.name, r->to, c.size, NULL,
                         &err));
    data_return(s->d, reader);
    struct xg_update_reader u = {.rest = xg_buf_bytes(&raw)};
    for (;;) {
        assert_ok(xg_update_next(&u, &item, &more, &err));
        if (!more)
            break;
        take(r, &item, t);
    }
    if (raw.len > r->largest)
        r->largest = raw.len;
    r->pages_now++;
    r->to = page.to;
    xg_buf_clear(&raw);
    assert_true(r->to > before || r->to == c.size);
    return r->to < c.size;
}

static void pull(struct setup *s, const struct test_device *t,
                 struct replica *r)
{
    r->records_now = r->out_now = r->branches_now = r->places_now = 0;
    r->pages_now = r->largest = 0;
    while (pull_page(s, t, r))
        continue;
}

/* Everything holds, and a rebuild gives the same rows. */
static void check(struct setup *s)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(data_check(s->d, NULL, NULL, &err));
    assert_ok(ingest_rebuild(s->d->ingest, &err));
    assert_ok(data_check(s->d, NULL, NULL, &err));
}

/* The log grows until all that waits for an entry has one. */
static void grow(struct setup *s, size_t entries)
{
    for (size_t i = 0; i < entries; i++) {
        char code[32];
        snprintf(code, sizeof code, "filler%zu", i);
        put_worker(s, code, XG_ROLE_WORKER, "nowhere");
    }
}

/* Does the device hold any of it that it did not write itself? */
static bool knows_others(const struct replica *r, const struct test_device *t,
                         const struct xg_id *id)
{
    for (size_t i = 0; i < r->count; i++) {
        bool own = false;
        if (!same_id(&r->entities[i], id))
            continue;
        for (size_t k = 0; k < t->count && !own; k++)
            own = xg_hash_equal(&t->records[k]->hash, &r->records[i]);
        if (!own)
            return true;
    }
    return false;
}

static bool reaches_down(struct setup *s, const struct xg_id *id)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_entity e;
    bool found;

    assert_ok(s->d->store->ops->find_entity(s->d->store, &s->arena, &e, &found,
                                            id, &err));
    const struct xg_kind *kind = found ? xg_kind_find(e.kind) : NULL;
    return kind && kind->reaches_down;
}

/* A device that was there all along holds what one that comes now is given,
 * and of anything else that it has it knows that it is gone. Own records come
 * whatever the scope. */
static void compare_late(struct setup *s, const struct test_device *t,
                         const struct replica *long_there)
{
    struct replica *late = calloc(1, sizeof *late);

    assert_non_null(late);
    pull(s, t, late);
    for (size_t i = 0; i < late->count; i++) {
        const struct xg_id *id = &late->entities[i];
        bool found = false;
        for (size_t k = 0; k < long_there->count && !found; k++)
            found = xg_hash_equal(&late->records[i], &long_there->records[k]);
        assert_true(found);
        if (knows_others(late, t, id)) {
            assert_false(is_gone(late, id));
            assert_false(is_gone(long_there, id));
        }
    }
    for (size_t i = 0; i < long_there->count; i++) {
        const struct xg_id *id = &long_there->entities[i];
        if (!knows_others(long_there, t, id) || knows_others(late, t, id))
            continue;
        /* Receipts may have been seen from above. */
        if (!knows(late, id) || !reaches_down(s, id))
            assert_true(is_gone(long_there, id));
    }
    free(late);
}

/* ---- by hands ---- */

static void test_a_case_goes_with_the_hands_it_is_in(void **unused)
{
    struct setup s;
    (void)unused;

    begin(&s, 1);
    struct test_device *w = add_device(&s, "wn"), *desk = add_device(&s, "desk"),
                       *ha = add_device(&s, "ha"), *hb = add_device(&s, "hb"),
                       *ws = add_device(&s, "ws");
    struct replica *r = calloc(5, sizeof *r);
    struct xg_draft d;
    assert_non_null(r);

    const struct xg_record *lamp = incident(&s, w, "north");
    struct xg_id id = xg_record_entity(lamp);
    xg_draft_init(&d, &s.arena, XG_KIND_CONTACT);
    test_text(&d, XG_CONTACT_NAME, "informant");
    test_text(&d, XG_FIELD_GRID, "north");
    const struct xg_record *contact = test_write(w, &d, NULL);
    push_last(&s, w);
    move(&s, desk, lamp, XG_MOVE_ACCEPT, NULL);
    move(&s, desk, lamp, XG_MOVE_FILE, NULL);
    pull(&s, ha, &r[0]);
    assert_false(knows(&r[0], &id));

    /* To department a: whole, with all that came before, without the name. */
    const struct xg_record *to_a =
        move(&s, desk, lamp, XG_MOVE_DISPATCH, "a");
    pull(&s, ha, &r[0]);
    assert_int_equal(r[0].records_now, 4);
    assert_true(holds(&r[0], lamp) && holds(&r[0], to_a));
    assert_false(holds(&r[0], contact));
    pull(&s, hb, &r[1]);
    pull(&s, ws, &r[2]);
    pull(&s, w, &r[3]);
    pull(&s, desk, &r[4]);
    assert_false(knows(&r[1], &id) || knows(&r[2], &id));
    assert_true(holds(&r[3], to_a));
    assert_int_equal(r[4].records_now, 6); /* its genesis, contact, and all */
    assert_true(holds(&r[4], contact));

    /* Back, and to b: a is told out, b gets it whole, home keeps it. */
    const struct xg_record *back = move(&s, ha, lamp, XG_MOVE_RETURN, NULL);
    const struct xg_record *to_b =
        move(&s, desk, lamp, XG_MOVE_DISPATCH, "b");
    pull(&s, ha, &r[0]);
    assert_int_equal(r[0].out_now, 1);
    assert_true(is_gone(&r[0], &id));
    assert_false(holds(&r[0], to_b));
    pull(&s, hb, &r[1]);
    assert_int_equal(r[1].records_now, 6);
    assert_true(holds(&r[1], lamp) && holds(&r[1], back) && holds(&r[1], to_b));
    pull(&s, w, &r[3]);
    assert_int_equal(r[3].out_now, 0);
    assert_true(holds(&r[3], to_b));
    pull(&s, desk, &r[4]);
    assert_int_equal(r[4].out_now, 0);
    assert_int_equal(r[4].records_now, 2);

    /* A later record is told to b and home, not to a. */
    const struct xg_record *sign = move(&s, hb, lamp, XG_MOVE_SIGN, NULL);
    for (size_t i = 0; i < 5; i++)
        pull(&s, (struct test_device *[]){ha, hb, ws, w, desk}[i], &r[i]);
    assert_true(!holds(&r[0], sign) && !holds(&r[2], sign));
    assert_true(holds(&r[1], sign) && holds(&r[3], sign) && holds(&r[4], sign));
    for (size_t i = 0; i < 5; i++)
        compare_late(&s, (struct test_device *[]){ha, hb, ws, w, desk}[i],
                     &r[i]);
    check(&s);
    free(r);
    end(&s);
}

/* Both departments that a whistle calls see the case, as long as they are
 * called; one below the department does not, one above does. */
static void test_a_whistle_calls_many(void **unused)
{
    struct setup s;
    struct xg_draft d;
    (void)unused;

    begin(&s, 2);
    put_worker(&s, "b1", XG_ROLE_HANDLER, "b/1");
    struct test_device *w = add_device(&s, "wn"), *desk = add_device(&s, "desk"),
                       *ha = add_device(&s, "ha"), *hb = add_device(&s, "hb"),
                       *b1 = add_device(&s, "b1");
    struct replica *r = calloc(4, sizeof *r);
    assert_non_null(r);

    const struct xg_record *lamp = incident(&s, w, "north");
    struct xg_id id = xg_record_entity(lamp);
    xg_draft_init(&d, &s.arena, XG_KIND_INCIDENT);
    d.head.move = XG_MOVE_WHISTLE;
    test_uint(&d, XG_CASE_CLASS, 1);
    test_text(&d, XG_FIELD_WHY, "everybody");
    test_add_text(&d, XG_CASE_CALLED, "a");
    test_add_text(&d, XG_CASE_CALLED, "b/1");
    const struct xg_record *whistle = say(&s, desk, lamp, &d);
    pull(&s, ha, &r[0]);
    pull(&s, hb, &r[1]);
    pull(&s, b1, &r[2]);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(r[i].records_now, 2);
        assert_true(holds(&r[i], whistle));
    }
    /* a is called off; b was never called itself. */
    struct fold f = look_at(&s, lamp);
    const struct xg_set *called = xg_state_set(&f.state, XG_CASE_CALLED);
    xg_draft_init(&d, &s.arena, XG_KIND_INCIDENT);
    for (size_t i = 0; i < called->count; i++) {
        struct xg_cbor c = xg_cbor_over(called->elements[i].value);
        struct xg_cbor_item item;
        struct xg_error err = XG_ERROR_NONE;
        assert_true(xg_cbor_next(&c, &item));
        if (item.bytes.len == 1)
            assert_ok(xg_draft_remove(
                &d, XG_CASE_CALLED,
                &f.state.ops[called->elements[i].op].record->hash,
                called->elements[i].index, &err));
    }
    say(&s, desk, lamp, &d);
    pull(&s, ha, &r[0]);
    pull(&s, hb, &r[1]);
    pull(&s, b1, &r[2]);
    assert_true(is_gone(&r[0], &id));
    assert_int_equal(r[1].records_now, 1);
    assert_int_equal(r[2].records_now, 1);
    for (size_t i = 0; i < 3; i++)
        compare_late(&s, (struct test_device *[]){ha, hb, b1}[i], &r[i]);
    check(&s);
    free(r);
    end(&s);
}

/* Who moves into a department sees what is in its hands; who leaves it is told
 * that it is gone, and that the rest is too. */
static void test_a_worker_moves_into_a_department(void **unused)
{
    struct setup s;
    (void)unused;

    begin(&s, 3);
    struct test_device *w = add_device(&s, "wn"), *desk = add_device(&s, "desk"),
                       *ws = add_device(&s, "ws");
    struct replica *r = calloc(1, sizeof *r);
    assert_non_null(r);
    const struct xg_record *lamp = incident(&s, w, "north");
    const struct xg_record *own = incident(&s, ws, "south");
    struct xg_id id = xg_record_entity(lamp), own_id = xg_record_entity(own);
    move(&s, desk, lamp, XG_MOVE_ACCEPT, NULL);
    move(&s, desk, lamp, XG_MOVE_FILE, NULL);
    move(&s, desk, lamp, XG_MOVE_DISPATCH, "a");
    pull(&s, ws, r);
    assert_false(knows(r, &id));
    put_worker(&s, "ws", XG_ROLE_HANDLER, "a");
    grow(&s, 2);
    pull(&s, ws, r);
    assert_int_equal(r->records_now, 4);
    assert_true(knows(r, &id));
    assert_true(is_gone(r, &own_id));
    compare_late(&s, ws, r);
    put_worker(&s, "ws", XG_ROLE_WORKER, "south");
    grow(&s, 2);
    pull(&s, ws, r);
    assert_true(is_gone(r, &id));
    assert_false(is_gone(r, &own_id));
    compare_late(&s, ws, r);
    check(&s);
    free(r);
    end(&s);
}

/* ---- downwards ---- */

static void test_a_notice_goes_down_and_receipts_go_up(void **unused)
{
    enum { READERS = 20 };
    struct xg_error err = XG_ERROR_NONE;
    struct test_device *readers[READERS];
    struct store_scope *rows;
    struct xg_draft d;
    struct setup s;
    size_t count;
    (void)unused;

    begin(&s, 4);
    put_worker(&s, "clerk", XG_ROLE_COMMUNITY, "street");
    struct test_device *desk = add_device(&s, "desk"),
                       *street = add_device(&s, "clerk");
    struct replica *r = calloc(READERS + 2, sizeof *r);
    assert_non_null(r);
    for (size_t i = 0; i < READERS; i++)
        readers[i] = add_device(&s, i % 2 ? "wn" : "ws");
    xg_draft_init(&d, &s.arena, XG_KIND_NOTICE);
    test_text(&d, 12, "typhoon");
    test_text(&d, 13, "stay in");
    test_text(&d, XG_FIELD_GRID, "top");
    const struct xg_record *notice = test_write(desk, &d, NULL);
    push_last(&s, desk);
    for (size_t i = 0; i < READERS; i++) {
        pull(&s, readers[i], &r[i]);
        assert_true(holds(&r[i], notice));
    }
    for (size_t i = 0; i < READERS; i++) {
        char code[8];
        snprintf(code, sizeof code, "w%zu", i);
        xg_draft_init(&d, &s.arena, XG_KIND_NOTICE);
        test_add_text(&d, XG_NOTICE_READ, code);
        say(&s, readers[i], notice, &d);
    }
    xg_draft_init(&d, &s.arena, XG_KIND_NOTICE);
    test_text(&d, 13, "you may go out");
    const struct xg_record *over = say(&s, desk, notice, &d);
    for (size_t i = 0; i < READERS; i++) {
        size_t before = r[i].count;
        pull(&s, readers[i], &r[i]);
        assert_int_equal(r[i].count, before + 3); /* genesis, own, news */
        assert_true(holds(&r[i], over));
    }
    pull(&s, street, &r[READERS]);
    assert_int_equal(r[READERS].records_now, 2); /* it lies below, too */
    pull(&s, desk, &r[READERS + 1]);
    assert_int_equal(r[READERS + 1].records_now, READERS + 3);
    /* A receipt is one row for those above, and none for those below. */
    struct store *store = s.d->store;
    assert_ok(store->ops->read_scope(store, &s.arena, &rows, &count, ">top", 0,
                                     UINT32_MAX, 1000, &err));
    assert_int_equal(count, 2);
    assert_ok(store->ops->read_scope(store, &s.arena, &rows, &count, "top", 0,
                                     UINT32_MAX, 1000, &err));
    assert_int_equal(count, READERS + 2);
    for (size_t i = 0; i < READERS; i++)
        compare_late(&s, readers[i], &r[i]);

    /* The street is put elsewhere: the notice was not for it. */
    put_unit(&s, "elsewhere", "");
    put_unit(&s, "street", "elsewhere");
    grow(&s, 3);
    struct xg_id id = xg_record_entity(notice);
    for (size_t i = 0; i < READERS; i++) {
        pull(&s, readers[i], &r[i]);
        assert_true(is_gone(&r[i], &id));
        compare_late(&s, readers[i], &r[i]);
    }
    put_unit(&s, "street", "top");
    grow(&s, 3);
    for (size_t i = 0; i < READERS; i++) {
        pull(&s, readers[i], &r[i]);
        assert_false(is_gone(&r[i], &id));
        compare_late(&s, readers[i], &r[i]);
    }
    check(&s);
    free(r);
    end(&s);
}

/* ---- in pieces ---- */

static char *long_text(struct setup *s, size_t len)
{
    char *text = xg_arena_alloc(&s->arena, len + 1);

    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + test_below(&s->world, 26));
    return text;
}

/* Two megabytes about an incident come before its first record. */
static void test_a_late_first_record_is_told_in_pieces(void **unused)
{
    enum { BEFORE = 700 };
    struct setup s;
    (void)unused;

    begin(&s, 5);
    struct test_device *w = add_device(&s, "wn"), *desk = add_device(&s, "desk"),
                       *other = add_device(&s, "wn");
    struct replica *r = calloc(1, sizeof *r);
    struct xg_draft d;
    assert_non_null(r);
    xg_draft_init(&d, &s.arena, XG_KIND_INCIDENT);
    test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
    test_text(&d, XG_FIELD_GRID, "north");
    const struct xg_record *lamp = test_write(w, &d, NULL);
    struct xg_id id = xg_record_entity(lamp);
    for (size_t i = 0; i < BEFORE; i++) {
        xg_draft_init(&d, &s.arena, XG_KIND_INCIDENT);
        d.head.creates = false;
        d.head.entity = id;
        test_add_text(&d, XG_FIELD_NOTE, long_text(&s, 1900));
        test_add_text(&d, XG_FIELD_NOTE, long_text(&s, 1900));
        test_write(desk, &d, NULL);
        if (i % 4 == 3) /* the genesis is one more */
            push(&s, desk, i == 3 ? 0 : desk->count - 4, i == 3 ? 5 : 4,
                 XG_BATCH_STORED);
    }
    pull(&s, other, r);
    assert_int_equal(r->count, 0);
    push(&s, w, 0, 2, XG_BATCH_STORED);
    grow(&s, 12);
    pull(&s, other, r);
    assert_int_equal(r->records_now, BEFORE + 1);
    assert_true(r->pages_now > 2 && r->largest < XG_UPDATES_RAW_MAX);
    compare_late(&s, other, r);
    check(&s);
    free(r);
    end(&s);
}

/* A clone parts from a chain of four thousand records at the third: all later
 * ones are on a branch now. Told in pieces to who has some, to others not. */
static void test_a_fork_of_a_long_chain_is_told_in_pieces(void **unused)
{
    enum { LONG = 4000, STEP = 100 };
    struct setup s;
    (void)unused;

    begin(&s, 6);
    struct test_device *w = add_device(&s, "wn"), *near = add_device(&s, "wn"),
                       *far = add_device(&s, "ws"),
                       *desk = add_device(&s, "desk");
    struct replica *r = calloc(2, sizeof *r);
    struct xg_draft d;
    assert_non_null(r);
    while (w->count < LONG) {
        xg_draft_init(&d, &s.arena, XG_KIND_INCIDENT);
        test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
        test_text(&d, XG_FIELD_GRID, w->count % 3 ? "north" : "street");
        test_write(w, &d, NULL);
    }
    for (size_t at = 0; at < LONG; at += STEP)
        push(&s, w, at, STEP, XG_BATCH_STORED);
    struct test_device *clone = test_device_clone(w);
    clone->count = 3;
    test_incident(clone, "wall");
    struct replica *above = calloc(1, sizeof *above);
    assert_non_null(above);
    pull(&s, near, &r[0]);
    pull(&s, far, &r[1]);
    pull(&s, desk, above);
    push(&s, clone, 3, 1, XG_BATCH_FORKED);
    struct xg_checkpoint c;
    struct xg_error err = XG_ERROR_NONE;
    assert_ok(ledger_published(s.d->ledger, &c, NULL, &err));
    struct store_counts counts;
    assert_ok(s.d->store->ops->get_counts(s.d->store, &counts, &err));
    assert_true(counts.shown > c.size - 3); /* not all at the fork's entry */
    grow(&s, 4);
    pull(&s, near, &r[0]);
    pull(&s, far, &r[1]);
    pull(&s, desk, above);
    size_t north = 0;
    for (size_t i = 3; i < LONG; i++)
        north += i % 3 != 0;
    assert_int_equal(r[0].places_now, north + 1);
    assert_int_equal(r[1].places_now + r[1].branches_now, 0);
    assert_int_equal(above->places_now, LONG - 3 + 1);
    assert_true(above->branches_now >= 2);
    check(&s);
    free(clone);
    free(above);
    free(r);
    end(&s);
}

/* ---- one that outgrows a fold ---- */

static void test_what_outgrows_a_fold_is_kept_and_marked(void **unused)
{
    enum { MANY = 400 };
    struct xg_error err = XG_ERROR_NONE;
    struct setup s;
    struct xg_draft d;
    (void)unused;

    begin(&s, 7);
    s.d->ingest->fold_bytes = s.d->ingest->placer.fold.max_bytes = 256 << 10;
    struct test_device *w = add_device(&s, "wn"), *desk = add_device(&s, "desk");
    struct replica *r = calloc(1, sizeof *r);
    assert_non_null(r);
    const struct xg_record *lamp = incident(&s, w, "north");
    struct xg_id id = xg_record_entity(lamp);
    for (size_t i = 0; i < MANY; i++) {
        xg_draft_init(&d, &s.arena, XG_KIND_INCIDENT);
        d.head.creates = false;
        d.head.entity = id;
        test_add_text(&d, XG_FIELD_NOTE, "again");
        test_write(desk, &d, NULL);
        if (i % 20 == 19)
            push(&s, desk, i == 19 ? 0 : desk->count - 20, i == 19 ? 21 : 20,
                 XG_BATCH_STORED);
    }
    struct store_entity e;
    bool found;
    struct store *store = s.d->store;
    assert_ok(store->ops->find_entity(store, &s.arena, &e, &found, &id, &err));
    assert_true(found && !e.folded);
    assert_int_equal(e.records, MANY + 1);
    assert_int_equal(e.state.len, 0);
    assert_string_equal(e.unit, "north");
    pull(&s, w, r);
    assert_int_equal(r->count, MANY + 2);
    /* Others are as always, in the same batch and after it. */
    const struct xg_record *tree = incident(&s, w, "north");
    struct xg_id tree_id = xg_record_entity(tree);
    assert_ok(
        store->ops->find_entity(store, &s.arena, &e, &found, &tree_id, &err));
    assert_true(found && e.folded);
    check(&s);
    free(r);
    end(&s);
}

/* ---- whatever happens ---- */

enum { MIX_DEVICES = 7, MIX_STEPS = 120, MIX_ENTITIES = 24 };

struct mix {
    struct test_device *devices[MIX_DEVICES];
    struct replica *replicas;
    const struct xg_record *entities[MIX_ENTITIES];
    size_t count;
};

static const char *some_unit(struct setup *s)
{
    static const char *const units[] = {"north", "south", "street", "a",
                                        "b",     "b/1",   "top"};

    return units[test_below(&s->world, sizeof units / sizeof *units)];
}

static void make_entity(struct setup *s, struct mix *m)
{
    struct test_device *t = m->devices[test_below(&s->world, MIX_DEVICES)];
    struct xg_draft d;

    if (m->count == MIX_ENTITIES)
        return;
    if (test_below(&s->world, 4)) {
        m->entities[m->count++] = incident(s, t, some_unit(s));
        return;
    }
    xg_draft_init(&d, &s->arena, XG_KIND_NOTICE);
    test_text(&d, 12, "title");
    test_text(&d, 13, "text");
    test_text(&d, XG_FIELD_GRID, some_unit(s));
    m->entities[m->count++] = test_write(t, &d, NULL);
    push_last(s, t);
}

/* Somebody writes to it, with right or without. */
static void change_entity(struct setup *s, struct mix *m)
{
    const struct xg_record *of = m->entities[test_below(&s->world, m->count)];
    struct test_device *t = m->devices[test_below(&s->world, MIX_DEVICES)];
    struct fold f = look_at(s, of);
    bool notice = of->head.kind == XG_KIND_NOTICE;
    struct xg_draft d;

    xg_draft_init(&d, &s->arena, of->head.kind);
    switch (test_below(&s->world, notice ? 2 : 6)) {
    case 0:
        test_add_text(&d, notice ? XG_NOTICE_READ : XG_FIELD_NOTE, "n");
        break;
    case 1:
        test_text(&d, notice ? 13 : XG_INCIDENT_ADDRESS, "x");
        break;
    case 2: /* decide who has it, as a desk may */
        t = m->devices[0];
        test_text(&d, XG_CASE_UNIT, some_unit(s));
        break;
    default:
        t = m->devices[0];
        d.head.move = f.state.status == XG_STATUS_REPORTED ? XG_MOVE_ACCEPT
                      : f.state.status == XG_STATUS_ACCEPTED
                          ? XG_MOVE_HAND_DOWN
                          : XG_MOVE_WHISTLE;
        if (d.head.move == XG_MOVE_HAND_DOWN)
            test_text(&d, XG_CASE_UNIT, some_unit(s));
        if (d.head.move == XG_MOVE_WHISTLE) {
            test_uint(&d, XG_CASE_CLASS, 1);
            test_text(&d, XG_FIELD_WHY, "why");
            test_add_text(&d, XG_CASE_CALLED, some_unit(s));
        }
    }
    say(s, t, of, &d);
}

static void change_registry(struct setup *s)
{
    static const char *const workers[] = {"wn", "ws", "ha", "hb"};

    switch (test_below(&s->world, 4)) {
    case 0:
        put_unit(s, "street", test_below(&s->world, 2) ? "top" : "a");
        break;
    case 1:
        put_unit(s, "b/1", test_below(&s->world, 2) ? "b" : "a");
        break;
    default:
        put_worker(s, workers[test_below(&s->world, 4)],
                   test_below(&s->world, 2) ? XG_ROLE_WORKER : XG_ROLE_HANDLER,
                   some_unit(s));
    }
}

/* Random doings; devices that pull now and then, sometimes one page of many,
 * end with what one is given that begins then. */
static void test_any_history_ends_in_the_present(void **unused)
{
    static const char *const owners[MIX_DEVICES] = {"desk", "wn", "ws", "ha",
                                                    "hb",   "wn", "ha"};
    (void)unused;

    for (uint64_t round = 0; round < TEST_DRAWS(25); round++) {
        struct mix m = {.count = 0};
        struct setup s;
        begin(&s, 100 + round);
        m.replicas = calloc(MIX_DEVICES, sizeof *m.replicas);
        assert_non_null(m.replicas);
        for (size_t i = 0; i < MIX_DEVICES; i++)
            m.devices[i] = add_device(&s, owners[i]);
        make_entity(&s, &m);
        for (size_t step = 0; step < MIX_STEPS; step++) {
            uint64_t what = test_below(&s.world, 10);
            size_t i = test_below(&s.world, MIX_DEVICES);
            if (what < 2)
                make_entity(&s, &m);
            else if (what < 7)
                change_entity(&s, &m);
            else if (what < 8)
                change_registry(&s);
            else if (what < 9)
                pull_page(&s, m.devices[i], &m.replicas[i]);
            else
                pull(&s, m.devices[i], &m.replicas[i]);
        }
        grow(&s, 20);
        for (size_t i = 0; i < MIX_DEVICES; i++) {
            pull(&s, m.devices[i], &m.replicas[i]);
            compare_late(&s, m.devices[i], &m.replicas[i]);
        }
        check(&s);
        free(m.replicas);
        end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_case_goes_with_the_hands_it_is_in),
        cmocka_unit_test(test_a_whistle_calls_many),
        cmocka_unit_test(test_a_worker_moves_into_a_department),
        cmocka_unit_test(test_a_notice_goes_down_and_receipts_go_up),
        cmocka_unit_test(test_a_late_first_record_is_told_in_pieces),
        cmocka_unit_test(test_a_fork_of_a_long_chain_is_told_in_pieces),
        cmocka_unit_test(test_what_outgrows_a_fold_is_kept_and_marked),
        cmocka_unit_test(test_any_history_ends_in_the_present),
    };
    const char *only = getenv("XG_ONLY"); /* the name of one test */

    if (only)
        cmocka_set_test_filter(only);
    xg_log_level(XG_LOG_ERROR);
    return xg_base_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
