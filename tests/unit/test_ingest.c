/* test_ingest.c - batches of devices, as they come and as they should not. */
#include "tests/lib/test.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/data/data.h"
#include "server/merge/inside.h"
#include "shared/base/log.h"
#include "tests/lib/cost.h"
#include "tests/lib/device.h"
#include "tests/lib/folder.h"

#define ORIGIN "test.example"

struct setup {
    struct test_world world;
    struct xg_env env;
    struct xg_arena arena;
    struct data *d;
    size_t devices;
};

static const uint8_t seed[32] = {7};

static void add_people(struct setup *s)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_statement says[] = {
        {.kind = XG_SAYS_UNIT, .subject = "top"},
        {.kind = XG_SAYS_UNIT, .subject = "north", .unit = "top"},
        {.kind = XG_SAYS_UNIT, .subject = "south", .unit = "top"},
        {.kind = XG_SAYS_WORKER,
         .subject = "wn",
         .role = XG_ROLE_WORKER,
         .unit = "north"},
        {.kind = XG_SAYS_WORKER,
         .subject = "ws",
         .role = XG_ROLE_WORKER,
         .unit = "south"},
        {.kind = XG_SAYS_WORKER, .subject = "head", .role = 7, .unit = "top"},
    };

    assert_ok(registry_put(s->d->registry, says, 6, &err));
}

static void open_world(struct setup *s, uint64_t with_seed)
{
    *s = (struct setup){.world = {.seed = with_seed, .wall_ms = 1780000000000}};
    s->arena = XG_ARENA(512 << 20);
    s->env = test_env(&s->world);
}

static void begin(struct setup *s, struct store_fault *fault,
                  uint64_t with_seed)
{
    struct xg_error err = XG_ERROR_NONE;

    open_world(s, with_seed);
    assert_ok(data_open_memory(&s->d, ORIGIN, seed, fault, &s->env, &err));
    add_people(s);
}

static void end(struct setup *s)
{
    data_close(s->d);
    xg_arena_clear(&s->arena);
}

static struct test_device *add_device(struct setup *s, const char *worker)
{
    struct xg_error err = XG_ERROR_NONE;
    char expected[XG_KEY_NAME_MAX + 1], name[XG_KEY_NAME_MAX + 1];
    struct test_device *t;

    registry_device_name(expected, ORIGIN, ++s->devices);
    t = test_device_new(&s->arena, &s->world, expected, ORIGIN,
                        registry_registrar_key(s->d->registry));
    assert_ok(registry_enrol(s->d->registry, name, t->signer.verifier.key,
                             worker, &err));
    assert_string_equal(name, expected);
    return t;
}

/* Send records first..first+count-1 as one batch. */
static enum xg_status push(struct setup *s, struct ingest_result *result,
                           const struct test_device *t, uint64_t first,
                           size_t count, struct xg_error *err)
{
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    enum xg_status status;

    test_seal(&frame, t, first, count);
    status = ingest_put(s->d->ingest, result, frame.data, frame.len, err);
    xg_buf_clear(&frame);
    return status;
}

static struct ingest_result pushed(struct setup *s, const struct test_device *t,
                                   uint64_t first, size_t count,
                                   enum xg_batch_state state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct ingest_result result;

    assert_ok(push(s, &result, t, first, count, &err));
    assert_string_equal(xg_batch_state_name(result.state),
                        xg_batch_state_name(state));
    return result;
}

/* What a device makes of its own records. */
static struct xg_state local_state(struct setup *s, const struct test_device *t,
                                   uint64_t seq)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_id id = xg_record_entity(t->records[seq]);
    struct xg_op *ops = xg_arena_array(&s->arena, t->count, sizeof *ops);
    struct xg_state state;
    size_t n = 0;

    for (size_t i = 0; i < t->count; i++) {
        struct xg_id other = xg_record_entity(t->records[i]);
        if (xg_id_equal(&id, &other))
            ops[n++] = (struct xg_op){.record = t->records[i],
                                      .branch = &t->branch,
                                      .seq = i,
                                      .rank = t->rank};
    }
    assert_ok(xg_merge(&state, &s->arena, &id, ops, n, NULL, &err));
    return state;
}

static struct fold look(struct setup *s, const struct xg_id *id)
{
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_registry view = registry_view(s->d->registry);
    struct store *reader;
    struct fold f;
    bool found = false;

    assert_ok(data_borrow(s->d, &reader, &err));
    assert_ok(fold_of_entity(&f, &found, &s->arena, reader, &view, id, &err));
    data_return(s->d, reader);
    assert_true(found);
    return f;
}

static struct fold look_at(struct setup *s, const struct xg_record *r)
{
    struct xg_id id = xg_record_entity(r);
    return look(s, &id);
}

/* Everything holds, and a rebuild changes nothing. */
static void check_after_rebuild(struct setup *s)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(ingest_rebuild(s->d->ingest, &err));
    assert_ok(data_check(s->d, NULL, NULL, &err));
}

static void check(struct setup *s)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(data_check(s->d, NULL, NULL, &err));
    check_after_rebuild(s);
}

/* The receipt of the entry verifies against the published checkpoint. */
static void check_receipt(struct setup *s, const struct test_device *t,
                          uint64_t first, size_t count, uint64_t position)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX), note = XG_BUF(XG_NOTE_MAX);
    struct xg_buf text = XG_BUF(1 << 20);
    struct xg_bytes batch_note, body, name;
    struct xg_checkpoint c, again;
    struct xg_receipt receipt;
    struct store *reader;
    struct xg_hash leaf;

    test_seal(&frame, t, first, count);
    assert_ok(
        xg_batch_peek(&batch_note, &body, &name, frame.data, frame.len, &err));
    xg_tlog_leaf(&leaf, batch_note.at, batch_note.len);
    assert_ok(ledger_published(s->d->ledger, &c, &note, &err));
    assert_ok(data_borrow(s->d, &reader, &err));
    assert_ok(
        ledger_receipt(&text, NULL, reader, position, &c, xg_buf_bytes(&note), &err));
    data_return(s->d, reader);
    assert_ok(xg_receipt_open(&receipt, &again, text.data, text.len, &leaf,
                              &s->d->log.verifier, &err));
    assert_int_equal(receipt.index, position);
    xg_buf_clear(&frame);
    xg_buf_clear(&note);
    xg_buf_clear(&text);
}

/* ---- the plain way ---- */

static void test_stored_and_held(void **unused)
{
    struct setup s;
    struct ingest_result r, again;
    struct xg_hash tip;
    (void)unused;

    begin(&s, NULL, 1);
    struct test_device *t = add_device(&s, "wn");
    const struct xg_record *incident = test_incident(t, "pothole");
    struct xg_state seen = local_state(&s, t, 1);
    test_set(t, &seen, XG_INCIDENT_ADDRESS, "Main Street 4");

    r = pushed(&s, t, 0, 3, XG_BATCH_STORED);
    assert_int_equal(r.records, 3);
    again = pushed(&s, t, 0, 3, XG_BATCH_HELD);
    assert_int_equal(again.position, r.position);
    check_receipt(&s, t, 0, 3, r.position);

    struct fold f = look_at(&s, incident);
    assert_int_equal(f.count, 2);
    assert_int_equal(f.state.conflict_count, 0);
    assert_string_equal(f.entity.unit, "north");
    assert_string_equal(f.entity.author, "wn");
    assert_null(f.judgements[0].no_right);

    /* What the device states it has is what we say we hold. */
    struct xg_error err = XG_ERROR_NONE;
    struct xg_chain_tip stated = {.chain = t->chain, .next = 3}, held;
    struct store *reader;
    bool forked, found;
    stated.last = tip = t->records[2]->hash;
    assert_ok(data_borrow(s.d, &reader, &err));
    assert_ok(ingest_tip(reader, &held, &forked, &found, &stated, &err));
    data_return(s.d, reader);
    assert_true(found && !forked && xg_hash_equal(&held.last, &tip));
    assert_int_equal(held.next, 3);
    check(&s);
    test_device_free(t);
    end(&s);
}

/* Six batches in every order of a few hundred; all end up stored. */
static void test_waiting(void **unused)
{
    struct setup s;
    (void)unused;

    for (uint64_t round = 0; round < 40; round += TEST_STRIDE) {
        begin(&s, NULL, 100 + round);
        struct test_device *t = add_device(&s, "wn");
        size_t order[6];
        const struct xg_record *incident = test_incident(t, "pothole");
        for (int i = 0; i < 10; i++) {
            struct xg_state seen = local_state(&s, t, 1);
            test_set(t, &seen, XG_INCIDENT_ADDRESS, i % 2 ? "a" : "b");
        }
        for (size_t i = 0; i < 6; i++)
            order[i] = i;
        for (size_t i = 5; i > 0; i--) {
            size_t j = (size_t)test_below(&s.world, i + 1), x = order[i];
            order[i] = order[j];
            order[j] = x;
        }
        size_t merged = 0;
        bool zero = false;
        for (size_t i = 0; i < 6; i++) {
            struct xg_error err = XG_ERROR_NONE;
            struct ingest_result r;
            assert_ok(push(&s, &r, t, order[i] * 2, 2, &err));
            zero |= order[i] == 0;
            merged += r.records;
            if (!zero)
                assert_int_equal(r.state, XG_BATCH_WAITING);
        }
        assert_int_equal(merged, 12);
        for (size_t i = 0; i < 6; i++)
            pushed(&s, t, i * 2, 2, XG_BATCH_HELD);
        struct fold f = look_at(&s, incident);
        assert_int_equal(f.count, 11);
        assert_int_equal(f.state.conflict_count, 0);
        check(&s);
        test_device_free(t);
        end(&s);
    }
}

/* Many batches wait, each with almost the whole chain: the records before them
 * come one by one without a look at them, and one more than is allowed has to
 * come again. */
static void test_what_waits_costs_nothing_until_its_turn(void **unused)
{
    enum { RECORDS = 600, BEGINS = 300, WAITING = 256 };
    const uint64_t many = UINT64_C(1) << 40;
    struct store_fault fault = {.status = XG_OK};
    struct xg_error err = XG_ERROR_NONE;
    struct ingest_result r;
    struct setup s;
    (void)unused;

    begin(&s, &fault, 74);
    struct test_device *t = add_device(&s, "wn"), *o = add_device(&s, "wn");
    while (t->count < RECORDS)
        test_incident(t, "lamp");
    test_incident(o, "lamp");
    for (uint64_t i = 0; i < WAITING; i++)
        pushed(&s, t, BEGINS + i, 30, XG_BATCH_WAITING);
    uint64_t size = s.d->ingest->placer.counts.records;
    assert_status(push(&s, &r, t, BEGINS + WAITING, 2, &err), XG_BUSY);
    assert_true(xg_status_retry(XG_BUSY));
    assert_int_equal(s.d->ingest->placer.counts.records, size);
    pushed(&s, o, 0, 2, XG_BATCH_STORED); /* of another device */
    for (uint64_t i = 0; i < 3; i++) {
        fault = (struct store_fault){.status = XG_IO, .countdown = many};
        pushed(&s, t, i, 1, XG_BATCH_STORED);
        assert_true(many - fault.countdown < 60); /* calls of the store */
        fault.status = XG_OK;
    }
    r = pushed(&s, t, 3, BEGINS - 3, XG_BATCH_STORED);
    assert_int_equal(r.records, BEGINS + WAITING + 29 - 3);
    pushed(&s, t, BEGINS + WAITING, 2, XG_BATCH_STORED);
    check(&s);
    test_device_free(t);
    test_device_free(o);
    end(&s);
}

static void test_overlap(void **unused)
{
    struct setup s;
    (void)unused;

    begin(&s, NULL, 2);
    struct test_device *t = add_device(&s, "wn");
    for (int i = 0; i < 9; i++)
        test_incident(t, "lamp");
    pushed(&s, t, 0, 8, XG_BATCH_STORED);
    struct ingest_result r = pushed(&s, t, 5, 5, XG_BATCH_STORED);
    assert_int_equal(r.records, 2);
    r = pushed(&s, t, 2, 3, XG_BATCH_STORED); /* nothing new, but logged */
    assert_int_equal(r.records, 0);
    check_receipt(&s, t, 2, 3, r.position);
    check(&s);
    test_device_free(t);
    end(&s);
}

/* ---- clones ---- */

/* Clone at 9; one sets X at 10, the other at 12: a conflict, in any order. */
static void test_clone(void **unused)
{
    struct setup s;
    struct xg_buf states[2] = {XG_BUF(1 << 20), XG_BUF(1 << 20)};
    (void)unused;

    for (int swapped = 0; swapped < 2; swapped++) {
        begin(&s, NULL, 3);
        struct test_device *a = add_device(&s, "wn");
        const struct xg_record *incident = test_incident(a, "pothole");
        while (a->count < 10)
            test_incident(a, "lamp");
        struct test_device *b = test_device_clone(a);
        struct xg_state seen = local_state(&s, a, 1);
        test_set(a, &seen, XG_INCIDENT_ADDRESS, "here");
        test_incident(b, "tree");
        test_incident(b, "tree");
        test_set(b, &seen, XG_INCIDENT_ADDRESS, "there");

        pushed(&s, a, 0, 10, XG_BATCH_STORED);
        if (swapped)
            pushed(&s, b, 10, 3, XG_BATCH_STORED);
        pushed(&s, a, 10, 1, swapped ? XG_BATCH_FORKED : XG_BATCH_STORED);
        if (!swapped)
            pushed(&s, b, 10, 3, XG_BATCH_FORKED);

        struct fold f = look_at(&s, incident);
        assert_int_equal(f.state.conflict_count, 1);
        assert_true(xg_state_register(&f.state, XG_INCIDENT_ADDRESS)->conflict);
        xg_state_encode(&states[swapped], &f.state);

        /* Each copy is told of its own branch, and that there are two. */
        struct xg_error err = XG_ERROR_NONE;
        struct xg_chain_tip stated = {.chain = a->chain, .next = 11}, held;
        struct store *reader;
        bool forked, found;
        stated.last = a->records[10]->hash;
        assert_ok(data_borrow(s.d, &reader, &err));
        assert_ok(ingest_tip(reader, &held, &forked, &found, &stated, &err));
        assert_true(found && forked);
        assert_int_equal(held.next, 11);
        stated.next = 13;
        stated.last = b->records[12]->hash;
        assert_ok(ingest_tip(reader, &held, &forked, &found, &stated, &err));
        assert_int_equal(held.next, 13);
        data_return(s.d, reader);

        /* Both go on, and a third branch begins in the middle of one. */
        test_incident(a, "wall");
        pushed(&s, a, 11, 1, XG_BATCH_STORED);
        struct test_device *c = test_device_clone(b);
        c->count = 12;
        test_incident(c, "roof");
        pushed(&s, c, 12, 1, XG_BATCH_FORKED);
        test_incident(b, "door");
        pushed(&s, b, 13, 1, XG_BATCH_STORED);
        /* And one more at the place of the first fork. */
        struct test_device *d = test_device_clone(a);
        d->count = 10;
        test_incident(d, "bridge");
        pushed(&s, d, 10, 1, XG_BATCH_FORKED);
        check(&s);
        test_device_free(a);
        test_device_free(b);
        test_device_free(c);
        test_device_free(d);
        end(&s);
    }
    assert_int_equal(states[0].len, states[1].len);
    assert_memory_equal(states[0].data, states[1].data, states[0].len);
    xg_buf_clear(&states[0]);
    xg_buf_clear(&states[1]);
}

/* The log says who forked, with both paths. */
static void test_fork_entry(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct setup s;
    struct xg_checkpoint c;
    struct xg_bytes *notes;
    struct store *reader;
    size_t count, forks = 0;
    (void)unused;

    begin(&s, NULL, 4);
    struct test_device *a = add_device(&s, "wn");
    for (int i = 0; i < 5; i++)
        test_incident(a, "lamp");
    struct test_device *b = test_device_clone(a);
    b->count = 4;
    test_incident(b, "tree");
    pushed(&s, a, 0, 6, XG_BATCH_STORED);
    pushed(&s, b, 2, 3, XG_BATCH_FORKED);
    assert_ok(ledger_published(s.d->ledger, &c, NULL, &err));
    assert_ok(data_borrow(s.d, &reader, &err));
    assert_ok(reader->ops->read_entries(reader, &s.arena, &notes, &count, 0,
                                        (size_t)c.size, 1 << 20, &err));
    data_return(s.d, reader);
    assert_int_equal(count, c.size);
    for (size_t i = 0; i < count; i++) {
        struct xg_note note;
        struct xg_fork *fork = xg_arena_alloc(&s.arena, sizeof *fork);
        if (xg_note_open(&note, notes[i].at, notes[i].len, &s.d->log.verifier,
                         &err) != XG_OK ||
            xg_fork_read(fork, note.text, &err) != XG_OK)
            continue;
        forks++;
        assert_int_equal(fork->seq, 4);
        assert_true(
            xg_hash_equal(&fork->sides[0].record, &a->records[4]->hash));
        assert_true(
            xg_hash_equal(&fork->sides[1].record, &b->records[4]->hash));
        assert_int_equal(fork->sides[0].index, 4);
        assert_int_equal(fork->sides[1].index, 2);
    }
    assert_int_equal(forks, 1);
    check(&s);
    test_device_free(a);
    test_device_free(b);
    end(&s);
}

/* ---- what must not pass, or not pass quietly ---- */

static void test_refused(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct ingest_result r;
    struct setup s;
    uint8_t other[32] = {9};
    (void)unused;

    begin(&s, NULL, 5);
    struct test_device *t = add_device(&s, "wn");
    test_incident(t, "lamp");
    /* Of no device that we know. */
    struct test_device *x =
        test_device_new(&s.arena, &s.world, ORIGIN "/d/0099", ORIGIN, other);
    assert_status(push(&s, &r, x, 0, 1, &err), XG_AUTH);
    /* A key that is another device's. */
    struct test_device *y = test_device_clone(x);
    y->signer = t->signer;
    assert_status(push(&s, &r, y, 0, 1, &err), XG_AUTH);
    /* Another server's genesis. */
    struct test_device *z = test_device_new(
        &s.arena, &s.world, ORIGIN "/d/0002", "other.example", other);
    char name[XG_KEY_NAME_MAX + 1];
    assert_ok(registry_enrol(s.d->registry, name, z->signer.verifier.key, "wn",
                             &err));
    s.devices++;
    assert_status(push(&s, &r, z, 0, 1, &err), XG_REFUSED);
    /* Another device's chain. */
    struct test_device *u = add_device(&s, "ws");
    pushed(&s, t, 0, 1, XG_BATCH_STORED);
    struct test_device *v = test_device_clone(t);
    v->signer = u->signer;
    assert_status(push(&s, &r, v, 1, 1, &err), XG_REFUSED);
    pushed(&s, t, 1, 1, XG_BATCH_STORED);
    check(&s);
    test_device_free(t);
    test_device_free(u);
    test_device_free(v);
    test_device_free(x);
    test_device_free(y);
    test_device_free(z);
    end(&s);
}

static void test_quarantine(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct setup s;
    (void)unused;

    begin(&s, NULL, 6);
    struct test_device *t = add_device(&s, "wn");
    for (int i = 0; i < 4; i++)
        test_incident(t, "lamp");
    pushed(&s, t, 0, 2, XG_BATCH_STORED);
    pushed(&s, t, 3, 2, XG_BATCH_WAITING);
    assert_ok(registry_revoke(s.d->registry, t->signer.verifier.name, &err));
    assert_ok(registry_revoke(s.d->registry, t->signer.verifier.name, &err));
    struct ingest_result r = pushed(&s, t, 2, 1, XG_BATCH_QUARANTINED);
    assert_int_equal(r.records, 0);
    check_receipt(&s, t, 2, 1, r.position);
    pushed(&s, t, 2, 1, XG_BATCH_QUARANTINED);
    pushed(&s, t, 0, 2, XG_BATCH_HELD);
    struct store_counts counts;
    assert_ok(s.d->store->ops->get_counts(s.d->store, &counts, &err));
    assert_int_equal(counts.records, 2);
    check(&s);
    test_device_free(t);
    end(&s);
}

static void admit(struct setup *s, const struct ingest_result *batch)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_statement says = {.kind = XG_SAYS_ADMIT, .batch = batch->id};

    xg_base64(says.subject, sizeof says.subject, batch->id.b, XG_HASH_SIZE);
    assert_ok(registry_put(s->d->registry, &says, 1, &err));
}

static enum xg_batch_state state_of(struct setup *s,
                                    const struct ingest_result *batch)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_batch row;
    bool found;

    assert_ok(s->d->store->ops->find_batch(s->d->store, &row, &found,
                                           &batch->id, &err));
    assert_true(found);
    return row.state;
}

/* Honest work of a device that was revoked meanwhile: what the cut holds
 * counts, what comes later is apart until a person lets it in. */
static void test_admit(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_counts counts;
    struct store_record *rows;
    struct setup s;
    size_t n;
    (void)unused;

    begin(&s, NULL, 62);
    struct test_device *t = add_device(&s, "wn");
    struct test_device *honest = add_device(&s, "wn");
    for (int i = 0; i < 6; i++)
        test_incident(t, "lamp");
    pushed(&s, t, 0, 2, XG_BATCH_STORED);
    struct ingest_result early = pushed(&s, t, 4, 1, XG_BATCH_WAITING);
    assert_ok(registry_revoke(s.d->registry, t->signer.verifier.name, &err));
    pushed(&s, t, 0, 2, XG_BATCH_HELD); /* within the cut */
    struct ingest_result last = pushed(&s, t, 5, 1, XG_BATCH_QUARANTINED);
    struct ingest_result middle = pushed(&s, t, 2, 2, XG_BATCH_QUARANTINED);
    check(&s);

    /* The later of the two waits for the earlier, which brings both, and what
     * had come before the revocation. */
    admit(&s, &last);
    assert_int_equal(state_of(&s, &last), XG_BATCH_WAITING);
    check(&s);
    test_incident(honest, "noise");
    pushed(&s, honest, 0, 2, XG_BATCH_STORED);
    admit(&s, &middle);
    assert_int_equal(state_of(&s, &middle), XG_BATCH_STORED);
    assert_int_equal(state_of(&s, &early), XG_BATCH_STORED);
    assert_int_equal(state_of(&s, &last), XG_BATCH_STORED);
    assert_ok(s.d->store->ops->get_counts(s.d->store, &counts, &err));
    assert_int_equal(counts.records, 2 + 4 + 2);
    /* They keep their places in the log; they are told at the note's. */
    assert_ok(s.d->store->ops->read_records(s.d->store, &s.arena, &rows, &n, 5,
                                            8, 10, &err));
    assert_int_equal(n, 4);
    assert_int_equal(rows[0].position, middle.position);
    assert_true(rows[0].shown > middle.position);
    for (size_t i = 0; i < n; i++)
        assert_true(rows[i].shown >= rows[0].shown);
    check(&s);

    /* Again, of one that is in, of one that is nowhere: nothing. */
    admit(&s, &middle);
    admit(&s, &early);
    struct ingest_result none = {.id = {{9}}};
    admit(&s, &none);
    pushed(&s, t, 5, 1, XG_BATCH_HELD);
    check(&s);
    test_device_free(t);
    test_device_free(honest);
    end(&s);
}

/* Let in before it comes: it counts when it does. And a fork that is let in is
 * proven as any other. */
static void test_admit_first_and_forks(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct setup s;
    (void)unused;

    begin(&s, NULL, 63);
    struct test_device *t = add_device(&s, "wn");
    test_incident(t, "lamp");
    pushed(&s, t, 0, 2, XG_BATCH_STORED);
    struct test_device *clone = test_device_clone(t);
    s.world.wall_ms++;
    test_incident(clone, "tree");
    test_incident(t, "lamp");
    pushed(&s, t, 2, 1, XG_BATCH_STORED);
    assert_ok(registry_revoke(s.d->registry, t->signer.verifier.name, &err));
    struct ingest_result fork = pushed(&s, clone, 2, 1, XG_BATCH_QUARANTINED);
    admit(&s, &fork);
    assert_int_equal(state_of(&s, &fork), XG_BATCH_FORKED);
    check(&s);

    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    struct xg_bytes note, body, name;
    struct ingest_result coming = {.position = 0};
    test_incident(t, "bench");
    test_seal(&frame, t, 3, 1);
    assert_ok(xg_batch_peek(&note, &body, &name, frame.data, frame.len, &err));
    assert_ok(xg_batch_id(&coming.id, note, &err));
    admit(&s, &coming);
    pushed(&s, t, 3, 1, XG_BATCH_STORED);
    check(&s);
    xg_buf_clear(&frame);
    test_device_free(clone);
    test_device_free(t);
    end(&s);
}

/* A record that breaks the rules, written by hand between good ones. */
/* A device that forks without end: from some number on what it begins is kept
 * apart, its neighbours are served, and it can still be revoked. */
static void test_a_device_that_forks_without_end(void **unused)
{
    enum { TRUNK = 2, FORKS = 90, ROOM = 64 };
    struct xg_error err = XG_ERROR_NONE;
    struct setup s;
    size_t apart = 0;
    (void)unused;

    begin(&s, NULL, 61);
    struct test_device *t = add_device(&s, "wn");
    struct test_device *honest = add_device(&s, "wn");
    test_incident(t, "lamp");
    pushed(&s, t, 0, TRUNK, XG_BATCH_STORED);
    for (int i = 0; i < FORKS; i++) {
        struct test_device *clone = test_device_clone(t);
        struct ingest_result r;
        test_incident(clone, i % 2 ? "lamp" : "tree");
        s.world.wall_ms++;
        assert_ok(push(&s, &r, clone, TRUNK, 1, &err));
        apart += r.state == XG_BATCH_QUARANTINED;
        test_device_free(clone);
    }
    struct store_counts counts;
    assert_ok(s.d->store->ops->get_counts(s.d->store, &counts, &err));
    assert_true(counts.branches <= ROOM + 2);
    assert_true(apart >= FORKS - ROOM);
    test_incident(honest, "noise");
    pushed(&s, honest, 0, 2, XG_BATCH_STORED);
    assert_ok(registry_revoke(s.d->registry, t->signer.verifier.name, &err));
    check(&s);
    test_device_free(t);
    test_device_free(honest);
    end(&s);
}

static void test_malformed(void **unused)
{
    static const uint8_t bad[] = {0xA1, 0x01, 0x03, 0xA0}; /* no moment */
    struct setup s;
    (void)unused;

    begin(&s, NULL, 7);
    struct test_device *t = add_device(&s, "wn");
    test_incident(t, "lamp");
    struct xg_record *r = xg_arena_alloc(&s.arena, sizeof *r);
    xg_record_read(r, &t->chain, t->count, &t->records[t->count - 1]->hash,
                   xg_bytes(bad, 3), xg_bytes(bad + 3, 1));
    assert_non_null(r->malformed);
    t->records[t->count++] = r;
    test_incident(t, "tree");
    struct ingest_result out = pushed(&s, t, 0, 4, XG_BATCH_STORED);
    assert_int_equal(out.records, 4);
    check_receipt(&s, t, 0, 4, out.position);
    struct fold f = look_at(&s, r);
    assert_int_equal(f.state.effects[0], XG_EFFECT_INVALID);
    check(&s);
    test_device_free(t);
    end(&s);
}

/* ---- anchors and judging ---- */

static void write_anchor(struct setup *s, struct test_device *t, uint64_t size,
                         const struct xg_hash *root)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(64);
    struct xg_draft d;

    xg_draft_init(&d, &s->arena, XG_KIND_ANCHOR);
    test_text(&d, XG_ANCHOR_ORIGIN, ORIGIN);
    test_uint(&d, XG_ANCHOR_SIZE, size);
    xg_cbor_put_bytes(&value, root->b, XG_HASH_SIZE);
    assert_ok(xg_draft_set(&d, XG_ANCHOR_ROOT, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
    test_write(t, &d, NULL);
}

/* A worker moved while offline: what was written before the anchor keeps its
 * effect, what comes after it is judged anew. */
static void test_moved_worker(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_checkpoint c;
    struct setup s;
    (void)unused;

    begin(&s, NULL, 8);
    struct test_device *a = add_device(&s, "wn"), *b = add_device(&s, "wn");
    const struct xg_record *incident = test_incident(a, "lamp");
    pushed(&s, a, 0, 2, XG_BATCH_STORED);
    struct fold f = look_at(&s, incident);
    assert_ok(ledger_published(s.d->ledger, &c, NULL, &err));
    write_anchor(&s, b, c.size, &c.root);
    test_set(b, &f.state, XG_INCIDENT_ADDRESS, "before");
    assert_ok(registry_add_worker(s.d->registry, "wn", "Name",
                                  xg_role_named("worker"), "south", &err));
    test_set(b, &f.state, XG_INCIDENT_DESCRIPTION, "still before");
    pushed(&s, b, 0, 4, XG_BATCH_STORED);
    f = look_at(&s, incident);
    for (size_t i = 0; i < f.count; i++)
        assert_int_equal(f.state.effects[i], XG_EFFECT_FULL);

    /* An anchor that names no tree of ours counts for nothing. */
    struct xg_hash wrong = {{1}};
    write_anchor(&s, b, c.size + 1, &wrong);
    test_set(b, &f.state, XG_INCIDENT_ADDRESS, "again before");
    assert_ok(ledger_published(s.d->ledger, &c, NULL, &err));
    write_anchor(&s, b, c.size, &c.root);
    const struct xg_record *after =
        test_set(b, &f.state, XG_INCIDENT_ADDRESS, "after");
    /* An own entity at home in the unit that was left stays open to its
     * author; this one is a's, who is the same worker. */
    pushed(&s, b, 4, 4, XG_BATCH_STORED);
    f = look_at(&s, incident);
    for (size_t i = 0; i < f.count; i++)
        if (xg_hash_equal(&f.rows[i].hash, &after->hash))
            assert_int_equal(f.rows[i].anchor_size, c.size);
    check(&s);
    test_device_free(a);
    test_device_free(b);
    end(&s);
}

static void test_without_right(void **unused)
{
    struct setup s;
    (void)unused;

    begin(&s, NULL, 9);
    struct test_device *a = add_device(&s, "wn"), *b = add_device(&s, "ws");
    const struct xg_record *incident = test_incident(a, "lamp");
    struct xg_state seen = local_state(&s, a, 1);
    test_set(b, &seen, XG_INCIDENT_ADDRESS, "mine now");
    /* The change comes first: pending, then without right. */
    pushed(&s, b, 0, 2, XG_BATCH_STORED);
    struct fold f = look_at(&s, incident);
    assert_int_equal(f.state.effects[0], XG_EFFECT_PENDING);
    pushed(&s, a, 0, 2, XG_BATCH_STORED);
    f = look_at(&s, incident);
    assert_int_equal(f.count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(f.state.effects[i], f.rows[i].creates
                                                 ? XG_EFFECT_FULL
                                                 : XG_EFFECT_NO_RIGHT);
    check(&s);
    test_device_free(a);
    test_device_free(b);
    end(&s);
}

/* Cites a record of another entity: pending, whether that has come or not, for
 * a replica that never gets it must show the same. */
static void test_stray(void **unused)
{
    struct setup s;
    (void)unused;

    begin(&s, NULL, 10);
    struct test_device *a = add_device(&s, "wn"), *b = add_device(&s, "wn");
    const struct xg_record *other = test_incident(b, "tree");
    const struct xg_record *incident = test_incident(a, "lamp");
    struct xg_draft d;
    xg_draft_init(&d, &s.arena, XG_KIND_INCIDENT);
    test_text(&d, XG_INCIDENT_ADDRESS, "x");
    d.head.creates = false;
    d.head.entity = xg_record_entity(incident);
    d.foreign[0] = other->hash;
    d.foreign_count = 1;
    test_write(a, &d, NULL);
    pushed(&s, a, 0, 3, XG_BATCH_STORED);
    struct fold f = look_at(&s, incident);
    assert_int_equal(f.state.effects[1], XG_EFFECT_PENDING);
    pushed(&s, b, 0, 2, XG_BATCH_STORED);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf state = XG_BUF(1 << 20);
    struct store_entity e;
    bool found;
    struct xg_id id = xg_record_entity(incident);
    f = look_at(&s, incident);
    assert_int_equal(f.state.effects[1], XG_EFFECT_PENDING);
    assert_non_null(strstr(f.state.reasons[1], "another entity"));
    xg_state_encode(&state, &f.state);
    assert_ok(s.d->store->ops->find_entity(s.d->store, &s.arena, &e, &found,
                                           &id, &err));
    assert_true(xg_bytes_equal(e.state, xg_buf_bytes(&state)));
    xg_buf_clear(&state);
    check(&s);
    test_device_free(a);
    test_device_free(b);
    end(&s);
}

/* Someone without right cites long records of other entities, over and over:
 * a few kilobytes that would be half a gigabyte if each were read. The fold
 * stays as small as the entity. */
static void test_cited_strays_take_no_memory(void **unused)
{
    enum { CITED = 8, CITING = 1500, LONG = 24000, FOLD = 16 << 20 };
    static char text[LONG / 2 + 1];
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(FOLD);
    struct xg_draft d;
    struct setup s;
    struct fold f;
    bool found = false;
    (void)unused;

    begin(&s, NULL, 71);
    const struct xg_registry view = registry_view(s.d->registry);
    struct test_device *a = add_device(&s, "wn"), *m = add_device(&s, "ws");
    const struct xg_record *incident = test_incident(a, "lamp");
    struct xg_id id = xg_record_entity(incident);
    pushed(&s, a, 0, 2, XG_BATCH_STORED);
    memset(text, 'a', LONG / 2);
    for (int i = 0; i < CITED; i++) {
        xg_draft_init(&d, &s.arena, XG_KIND_INCIDENT);
        test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
        test_text(&d, XG_INCIDENT_DESCRIPTION, text);
        test_add_text(&d, XG_FIELD_NOTE, text);
        test_write(m, &d, NULL);
    }
    pushed(&s, m, 0, CITED + 1, XG_BATCH_STORED);
    for (int i = 0; i < CITING; i++) {
        xg_draft_init(&d, &s.arena, XG_KIND_INCIDENT);
        d.head.creates = false;
        d.head.entity = id;
        for (size_t k = 0; k < CITED; k++)
            d.foreign[k] = m->records[k + 1]->hash;
        d.foreign_count = CITED;
        test_add_text(&d, XG_FIELD_NOTE, "x");
        test_write(m, &d, NULL);
    }
    pushed(&s, m, CITED + 1, CITING, XG_BATCH_STORED);
    assert_ok(fold_of_entity(&f, &found, &arena, s.d->store, &view, &id, &err));
    assert_true(found);
    assert_int_equal(f.count, CITING + 1);
    xg_arena_clear(&arena);
    check(&s);
    test_device_free(a);
    test_device_free(m);
    end(&s);
}

/* The console's chain: a conflict, resolved by an operator. */
static void test_resolve(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash hash;
    struct setup s;
    (void)unused;

    begin(&s, NULL, 11);
    struct test_device *a = add_device(&s, "wn"), *b = add_device(&s, "wn");
    const struct xg_record *incident = test_incident(a, "lamp");
    struct xg_state seen = local_state(&s, a, 1);
    test_set(a, &seen, XG_INCIDENT_ADDRESS, "here");
    test_set(b, &seen, XG_INCIDENT_ADDRESS, "there");
    pushed(&s, a, 0, 3, XG_BATCH_STORED);
    pushed(&s, b, 0, 2, XG_BATCH_STORED);
    struct fold f = look_at(&s, incident);
    assert_int_equal(f.state.conflict_count, 1);
    for (int i = 0; i < 2; i++) {
        struct xg_draft d;
        xg_draft_init(&d, &s.arena, XG_KIND_INCIDENT);
        d.head.creates = false;
        d.head.entity = f.entity.id;
        test_text(&d, XG_INCIDENT_ADDRESS, i ? "elsewhere" : "there");
        assert_ok(ingest_record(s.d->ingest, &hash, &d, "head", NULL,
                                &err));
    }
    f = look_at(&s, incident);
    assert_int_equal(f.state.conflict_count, 0);
    for (size_t i = 0; i < f.count; i++) {
        assert_null(f.judgements[i].no_right);
        if (xg_hash_equal(&f.rows[i].hash, &hash))
            assert_string_equal(f.judgements[i].author, "head");
    }
    check(&s);
    test_device_free(a);
    test_device_free(b);
    end(&s);
}

/* ---- order does not matter ---- */

enum { MIX_DEVICES = 5, MIX_BATCHES = 30 };

struct mix {
    struct test_device *devices[MIX_DEVICES + 1]; /* the last is a clone */
    struct {
        size_t device, first, count;
    } batches[MIX_DEVICES * MIX_BATCHES];
    size_t count;
};

/* The first device makes an incident that all others know of. */
static void write_mix(struct setup *s, struct mix *m)
{
    const struct xg_record *shared;
    struct xg_state seen;

    for (size_t i = 0; i < MIX_DEVICES; i++)
        m->devices[i] = add_device(s, i % 2 ? "wn" : "head");
    shared = test_incident(m->devices[0], "pothole");
    seen = local_state(s, m->devices[0], 1);
    (void)shared;
    for (size_t i = 0; i < MIX_DEVICES; i++) {
        struct test_device *t = m->devices[i];
        for (int n = 0; n < 12; n++) {
            char text[32];
            snprintf(text, sizeof text, "%zu-%d", i, n);
            if (test_below(&s->world, 2))
                test_set(t, &seen,
                         test_below(&s->world, 2) ? XG_INCIDENT_ADDRESS
                                                  : XG_INCIDENT_DESCRIPTION,
                         text);
            else
                test_incident(t, "lamp");
        }
    }
    m->devices[MIX_DEVICES] = test_device_clone(m->devices[1]);
    struct test_device *clone = m->devices[MIX_DEVICES];
    clone->count = 6;
    for (int n = 0; n < 5; n++)
        test_set(clone, &seen, XG_INCIDENT_ADDRESS, "clone");
    m->count = 0;
    for (size_t i = 0; i <= MIX_DEVICES; i++)
        for (size_t at = 0; at < m->devices[i]->count;) {
            size_t n = 1 + (size_t)test_below(&s->world, 4);
            if (n > m->devices[i]->count - at)
                n = m->devices[i]->count - at;
            m->batches[m->count].device = i;
            m->batches[m->count].first = at;
            m->batches[m->count++].count = n;
            at += n;
        }
}

static int compare_bytes(const void *a, const void *b)
{
    const struct store_entity *x = *(const struct store_entity *const *)a;
    const struct store_entity *y = *(const struct store_entity *const *)b;
    return memcmp(x->id.b, y->id.b, XG_ID_SIZE);
}

/* SHA-256 over all states in the order of their ids. */
static struct xg_hash digest(struct setup *s)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_filter all = {.limit = 10000};
    struct store_entity *rows, **sorted;
    crypto_hash_sha256_state state;
    struct store *reader;
    struct xg_hash sum;
    size_t count;

    assert_ok(data_borrow(s->d, &reader, &err));
    assert_ok(reader->ops->read_entities(reader, &s->arena, &rows, &count, &all,
                                         &err));
    data_return(s->d, reader);
    sorted = xg_arena_array(&s->arena, count + 1, sizeof *sorted);
    for (size_t i = 0; i < count; i++)
        sorted[i] = &rows[i];
    qsort(sorted, count, sizeof *sorted, compare_bytes);
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < count; i++) {
        crypto_hash_sha256_update(&state, sorted[i]->state.at,
                                  sorted[i]->state.len);
        crypto_hash_sha256_update(&state, (const uint8_t *)sorted[i]->unit,
                                  strlen(sorted[i]->unit));
    }
    crypto_hash_sha256_final(&state, sum.b);
    return sum;
}

static void test_any_order(void **unused)
{
    struct xg_hash first = {{0}};
    (void)unused;

    for (uint64_t round = 0; round < 12; round++) {
        struct setup s;
        struct mix m;
        begin(&s, NULL, 77);
        write_mix(&s, &m);
        s.world.seed = 1000 + round;
        for (size_t i = m.count - 1; i > 0; i--) {
            size_t j = (size_t)test_below(&s.world, i + 1);
            size_t d = m.batches[i].device, f = m.batches[i].first,
                   n = m.batches[i].count;
            m.batches[i] = m.batches[j];
            m.batches[j].device = d;
            m.batches[j].first = f;
            m.batches[j].count = n;
        }
        for (size_t i = 0; i < m.count; i++)
            for (uint64_t twice = 1 + test_below(&s.world, 2); twice; twice--) {
                struct xg_error err = XG_ERROR_NONE;
                struct ingest_result r;
                assert_ok(push(&s, &r, m.devices[m.batches[i].device],
                               m.batches[i].first, m.batches[i].count, &err));
            }
        struct xg_hash sum = digest(&s);
        if (round == 0)
            first = sum;
        assert_true(xg_hash_equal(&first, &sum));
        check(&s);
        sum = digest(&s);
        assert_true(xg_hash_equal(&first, &sum));
        for (size_t i = 0; i <= MIX_DEVICES; i++)
            test_device_free(m.devices[i]);
        end(&s);
    }
}

/* ---- failures ---- */

/* Call N of the store fails, for every N: what was acknowledged is there, and
 * sending again is all that is needed. */
static void test_store_fails(void **unused)
{
    static const enum xg_status statuses[] = {XG_IO, XG_FULL, XG_NOMEM};
    (void)unused;

    for (size_t kind = 0; kind < 3; kind++)
        for (uint64_t n = TEST_SWEEP_FROM(kind);; n += TEST_SWEEP(3)) {
            struct store_fault fault = {.status = XG_OK};
            struct setup s;
            size_t acknowledged = 0;
            begin(&s, &fault, 12);
            struct test_device *t = add_device(&s, "wn");
            for (int i = 0; i < 5; i++)
                test_incident(t, "lamp");
            struct test_device *clone = test_device_clone(t);
            clone->count = 3;
            test_incident(clone, "tree");
            fault =
                (struct store_fault){.status = statuses[kind], .countdown = n};
            const struct {
                const struct test_device *t;
                uint64_t first;
                size_t count;
            } sent[] = {{t, 0, 2}, {t, 4, 2}, {t, 2, 2}, {clone, 2, 2}};
            for (size_t i = 0; i < 4; i++) {
                struct xg_error err = XG_ERROR_NONE;
                struct ingest_result r;
                if (push(&s, &r, sent[i].t, sent[i].first, sent[i].count,
                         &err) == XG_OK)
                    acknowledged |= (size_t)1 << i;
            }
            bool failed = fault.failed > 0;
            fault.status = XG_OK;
            for (size_t i = 0; i < 4; i++) {
                struct xg_error err = XG_ERROR_NONE;
                struct store_batch held;
                struct ingest_result r;
                bool found = false;
                struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
                struct ingest_batch *b;
                test_seal(&frame, sent[i].t, sent[i].first, sent[i].count);
                assert_ok(ingest_prepare(&b, s.d->ingest, frame.data, frame.len,
                                         &err));
                assert_ok(s.d->store->ops->find_batch(
                    s.d->store, &held, &found, ingest_batch_id(b), &err));
                if (acknowledged & (size_t)1 << i)
                    assert_true(found);
                assert_ok(ingest_submit(s.d->ingest, &r, b, &err));
                ingest_batch_free(b);
                xg_buf_clear(&frame);
            }
            struct store_counts counts;
            struct xg_error err = XG_ERROR_NONE;
            assert_ok(s.d->store->ops->get_counts(s.d->store, &counts, &err));
            assert_int_equal(counts.records, 7);
            check(&s);
            test_device_free(t);
            test_device_free(clone);
            end(&s);
            if (!failed)
                break;
        }
}

/* ---- store and lock ---- */

static void copy_file(const char *dir, const char *from, const char *to)
{
    char command[4096];

    snprintf(command, sizeof command, "cp %s/%s %s/%s", dir, from, dir, to);
    assert_int_equal(system(command), 0);
}

static void begin_in(struct setup *s, const char *dir)
{
    struct xg_error err = XG_ERROR_NONE;
    char inside[1024];

    snprintf(inside, sizeof inside, "%s/data", dir);
    assert_ok(data_init(inside, ORIGIN, NULL, &s->env, &err));
    assert_status(data_init(inside, ORIGIN, NULL, &s->env, &err), XG_REFUSED);
    assert_ok(data_open(&s->d, inside, &s->env, &err));
    add_people(s);
}

static void test_behind_and_ahead(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct setup s;
    char dir[TEST_FOLDER_SIZE], inside[600];
    struct data *second;
    (void)unused;

    test_folder_make(dir, "ingest");
    snprintf(inside, sizeof inside, "%s/data", dir);
    open_world(&s, 13);
    begin_in(&s, dir);
    assert_status(data_open(&second, inside, &s.env, &err), XG_BUSY);
    struct test_device *t = add_device(&s, "wn");
    for (int i = 0; i < 3; i++)
        test_incident(t, "lamp");
    pushed(&s, t, 0, 2, XG_BATCH_STORED);
    data_close(s.d);
    copy_file(inside, "server.db", "old.db");
    copy_file(inside, "server.db-wal", "old.db-wal");
    copy_file(inside, "lock.db", "oldlock.db");
    copy_file(inside, "lock.db-wal", "oldlock.db-wal");

    assert_ok(data_open(&s.d, inside, &s.env, &err));
    pushed(&s, t, 2, 1, XG_BATCH_STORED);
    data_close(s.d);
    copy_file(inside, "server.db", "new.db");
    copy_file(inside, "server.db-wal", "new.db-wal");

    /* Yesterday's store with today's lock. */
    copy_file(inside, "old.db", "server.db");
    copy_file(inside, "old.db-wal", "server.db-wal");
    remove("server.db-shm");
    assert_status(data_open(&s.d, inside, &s.env, &err), XG_REFUSED);
    assert_non_null(strstr(xg_error_text(&err), "server.db"));

    /* A crash between commit and swap: the store is ahead of the lock. */
    copy_file(inside, "new.db", "server.db");
    copy_file(inside, "new.db-wal", "server.db-wal");
    copy_file(inside, "oldlock.db", "lock.db");
    copy_file(inside, "oldlock.db-wal", "lock.db-wal");
    err = XG_ERROR_NONE;
    assert_ok(data_open(&s.d, inside, &s.env, &err));
    pushed(&s, t, 2, 1, XG_BATCH_HELD);
    pushed(&s, t, 3, 1, XG_BATCH_STORED);
    check(&s);

    char copy[700], photos[700];
    struct data_backup done;
    snprintf(copy, sizeof copy, "%s/backup.db", dir);
    snprintf(photos, sizeof photos, "%s/photos", dir);
    assert_ok(data_backup(s.d, &done, copy, photos, &err));
    assert_status(data_backup(s.d, &done, copy, photos, &err), XG_REFUSED);
    data_close(s.d);

    /* A lock that knows nothing. */
    char lock[700];
    snprintf(lock, sizeof lock, "%s/lock.db", inside);
    remove(lock);
    snprintf(lock, sizeof lock, "%s/lock.db-wal", inside);
    remove(lock);
    assert_status(data_open(&s.d, inside, &s.env, &err), XG_REFUSED);
    test_device_free(t);
    xg_arena_clear(&s.arena);
    test_folder_remove(dir);
}

/* ---- what a device gets to see ---- */

struct seen {
    struct xg_hash records[256];
    size_t record_count, out, branches, places, time_count;
    uint64_t to;
    uint64_t held[8]; /* said in asking */
    size_t held_count;
};

static bool saw(const struct seen *seen, const struct xg_record *r)
{
    for (size_t i = 0; i < seen->record_count; i++)
        if (xg_hash_equal(&seen->records[i], &r->hash))
            return true;
    return false;
}

/* The time notes of a page. */
struct times {
    size_t count;
    struct xg_update items[256];
};

static void add_time(struct times *times, const struct xg_update *item)
{
    for (size_t i = 0; i < times->count; i++)
        assert_true(times->items[i].position != item->position);
    assert_true(times->count < 256);
    times->items[times->count++] = *item;
}

/* The page that reaches the end tells the time note that closes the log. */
static void expect_last_note(const struct times *times, uint64_t size)
{
    size_t i = 0;

    while (i < times->count && times->items[i].position != size - 1)
        i++;
    assert_true(i < times->count);
}

/* What came before a record in the page bounds it as the server does. */
static void expect_bounds(struct setup *s, const struct times *times,
                          const struct xg_update *record)
{
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_update *low = NULL, *high = NULL;
    struct store *reader;
    struct xg_when when;

    for (size_t i = 0; i < times->count; i++) {
        const struct xg_update *t = &times->items[i];
        if (t->position < record->anchor_size &&
            (!low || t->position > low->position))
            low = t;
        if (t->position >= record->position &&
            (!high || t->position < high->position))
            high = t;
    }
    assert_ok(data_borrow(s->d, &reader, &err));
    assert_ok(fold_when(&when, reader, record->anchor_size, record->position,
                        &err));
    data_return(s->d, reader);
    assert_true(when.low_ms == (low ? low->time_ms : XG_NO_TIME));
    assert_true(high && when.high_ms == high->time_ms);
}


/* All pages from seen->to on. */
static void pull(struct setup *s, const struct test_device *t,
                 struct seen *seen)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_checkpoint c;
    struct store *reader;

    const struct scope_held held = {seen->held, seen->held_count};

    seen->record_count = seen->out = seen->branches = seen->places = 0;
    seen->time_count = 0;
    assert_ok(ledger_published(s->d->ledger, &c, NULL, &err));
    do {
        struct xg_buf raw = XG_BUF(XG_UPDATES_RAW_MAX);
        struct scope_page page;
        bool more = true;
        uint64_t records = 0;
        assert_ok(data_borrow(s->d, &reader, &err));
        assert_ok(scope_page(&page, &raw, reader, s->d->registry,
                             t->signer.verifier.name, seen->to, c.size, &held,
                             &err));
        data_return(s->d, reader);
        assert_true(page.to > seen->to || page.to == c.size);
        struct xg_update_reader u = {.rest = xg_buf_bytes(&raw)};
        struct xg_update item;
        struct times times = {.count = 0};
        while (more) {
            assert_ok(xg_update_next(&u, &item, &more, &err));
            if (!more)
                break;
            if (item.kind == XG_UPDATE_TIME)
                add_time(&times, &item);
            seen->time_count += item.kind == XG_UPDATE_TIME;
            if (item.kind == XG_UPDATE_RECORD) {
                expect_bounds(s, &times, &item);
                assert_true(seen->record_count < 256);
                seen->records[seen->record_count++] = item.record.hash;
                records++;
            }
            seen->out += item.kind == XG_UPDATE_OUT;
            seen->branches += item.kind == XG_UPDATE_BRANCH;
            seen->places += item.kind == XG_UPDATE_PLACE;
        }
        assert_int_equal(records, page.count);
        if (page.to == c.size && page.from < c.size)
            expect_last_note(&times, c.size);
        seen->to = page.to;
        xg_buf_clear(&raw);
    } while (seen->to < c.size);
}

/* ---- what the log proves of times ---- */

static void set_clock(struct setup *s, int64_t wall_ms)
{
    s->world.wall_ms = wall_ms;
}

static struct xg_when when_of(struct setup *s, const struct xg_record *r)
{
    struct fold f = look_at(s, r);

    for (size_t i = 0; i < f.count; i++)
        if (xg_hash_equal(&f.rows[i].hash, &r->hash))
            return f.whens[i];
    fail_msg("it is not among the records of its entity");
    return (struct xg_when){0, 0};
}

/* Between the last time note below the anchor and the one that closes the
 * checkpoint, whatever the clocks of device and server say: the server's never
 * goes back. */
static void test_times(void **unused)
{
    const int64_t t1 = 1800000000000, late = 4070908800000; /* 2099 */
    struct xg_error err = XG_ERROR_NONE;
    struct store_time odd = {.position = 0, .ms = 5};
    struct xg_when when;
    struct setup s;
    (void)unused;

    begin(&s, NULL, 19);
    struct test_device *a = add_device(&s, "wn");
    set_clock(&s, t1);
    const struct xg_record *first = test_incident(a, "lamp");
    pushed(&s, a, 0, 2, XG_BATCH_STORED);
    when = when_of(&s, first);
    assert_true(when.low_ms == XG_NO_TIME); /* before any anchor */
    assert_true(when.high_ms == t1);

    struct xg_checkpoint c;
    assert_ok(ledger_published(s.d->ledger, &c, NULL, &err));
    write_anchor(&s, a, c.size, &c.root);
    set_clock(&s, 0); /* 1970, on the device */
    const struct xg_record *second = test_incident(a, "tree");
    set_clock(&s, late);
    pushed(&s, a, 2, 2, XG_BATCH_STORED);
    when = when_of(&s, second);
    assert_true(when.low_ms == t1 && when.high_ms == late);

    set_clock(&s, 0); /* on the server, too */
    const struct xg_record *third = test_incident(a, "pit");
    pushed(&s, a, 4, 1, XG_BATCH_STORED);
    when = when_of(&s, third);
    assert_true(when.low_ms == t1 && when.high_ms == late);
    check(&s);
    when = when_of(&s, second);
    assert_true(when.low_ms == t1 && when.high_ms == late);

    struct store *store = s.d->store;
    assert_ok(store->ops->begin(store, &err));
    assert_ok(store->ops->put_time(store, &odd, &err));
    assert_ok(store->ops->commit(store, &err));
    assert_status(data_check(s.d, NULL, NULL, &err), XG_CORRUPT);
    check_after_rebuild(&s);
    assert_ok(store->ops->begin(store, &err));
    assert_ok(store->ops->drop_derived(store, &err));
    assert_ok(store->ops->commit(store, &err));
    assert_status(data_check(s.d, NULL, NULL, &err), XG_CORRUPT);
    check_after_rebuild(&s);
    when = when_of(&s, second);
    assert_true(when.low_ms == t1 && when.high_ms == late);
    test_device_free(a);
    end(&s);
}

static void test_scope(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct seen n = {.to = 0}, h = {.to = 0}, o = {.to = 0};
    struct setup s;
    (void)unused;

    begin(&s, NULL, 14);
    struct test_device *a = add_device(&s, "wn"), *b = add_device(&s, "ws"),
                       *c = add_device(&s, "head"), *e = add_device(&s, "wn");
    const struct xg_record *north = test_incident(a, "lamp");
    const struct xg_record *south = test_incident(b, "tree");
    pushed(&s, a, 0, 2, XG_BATCH_STORED);
    pushed(&s, b, 0, 2, XG_BATCH_STORED);
    pull(&s, e, &n);
    assert_true(saw(&n, north) && !saw(&n, south));
    assert_int_equal(n.record_count, 1);
    pull(&s, c, &h);
    assert_true(saw(&h, north) && saw(&h, south));
    pull(&s, a, &o);
    assert_true(saw(&o, a->records[0]) && saw(&o, north) && !saw(&o, south));
    pull(&s, e, &n);
    assert_int_equal(n.record_count, 0);

    /* Someone from outside writes to it: those in scope are told. */
    struct xg_state seen = local_state(&s, a, 1);
    const struct xg_record *change =
        test_set(c, &seen, XG_INCIDENT_ADDRESS, "told");
    pushed(&s, c, 0, 2, XG_BATCH_STORED);
    pull(&s, e, &n);
    assert_int_equal(n.record_count, 1);
    assert_true(saw(&n, change));

    /* The worker moves: the old unit goes out, the new one arrives whole. */
    assert_ok(registry_add_worker(s.d->registry, "wn", NULL,
                                  xg_role_named("worker"), "south", &err));
    pull(&s, e, &n);
    assert_int_equal(n.out, 1);
    assert_int_equal(n.record_count, 1);
    assert_true(saw(&n, south));
    pull(&s, e, &n);
    assert_int_equal(n.record_count + n.out, 0);

    /* A fork: what e has of that chain is put on a branch. */
    struct test_device *clone = test_device_clone(b);
    clone->count = 1;
    test_incident(clone, "wall");
    pushed(&s, clone, 1, 1, XG_BATCH_FORKED);
    pull(&s, e, &n);
    assert_int_equal(n.record_count, 1);
    assert_int_equal(n.branches, 2);
    assert_int_equal(n.places, 2);

    /* A change that came before what it changes: whole, once it is known. */
    const struct xg_record *late = test_incident(b, "late");
    struct xg_state of = local_state(&s, b, 2);
    const struct xg_record *early =
        test_set(c, &of, XG_INCIDENT_ADDRESS, "early");
    pushed(&s, c, 2, 1, XG_BATCH_STORED);
    pull(&s, e, &n);
    assert_int_equal(n.record_count, 0);
    pushed(&s, b, 2, 1, XG_BATCH_STORED);
    pull(&s, e, &n);
    assert_true(saw(&n, early) && saw(&n, late));
    check(&s);
    test_device_free(a);
    test_device_free(b);
    test_device_free(c);
    test_device_free(e);
    test_device_free(clone);
    end(&s);
}

/* ---- codes ---- */

/* What a device says it holds does not come back; what it lost does, and what
 * others wrote. */
static uint64_t log_size(struct setup *s)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_checkpoint c;

    assert_ok(ledger_published(s->d->ledger, &c, NULL, &err));
    return c.size;
}

struct wanting {
    struct ledger_job job;
    uint64_t size;
};

static enum xg_status run_wanting(struct ledger_job *job, struct ledger *l,
                                  struct store *store, struct xg_error *err)
{
    (void)store, (void)err;
    ledger_want(l, ((struct wanting *)job)->size);
    return XG_OK;
}

/* A long case that goes to and fro between units is told whole at many entries
 * to come. The log goes there at once: whoever reports afterwards is heard. */
static void test_a_case_to_and_fro_keeps_nobody_waiting(void **unused)
{
    enum { LONG = 12000, PIECES = 96, TURNS = 64 / TEST_STRIDE };
    static char text[LONG + 1];
    struct xg_error err = XG_ERROR_NONE;
    struct xg_statement says = {.kind = XG_SAYS_WORKER,
                                .subject = "gh",
                                .role = XG_ROLE_GRID_HEAD,
                                .unit = "north"};
    struct seen n = {.to = 0}, last = {.to = 0};
    struct xg_draft d;
    struct setup s;
    (void)unused;

    begin(&s, NULL, 72);
    assert_ok(registry_put(s.d->registry, &says, 1, &err));
    struct test_device *g = add_device(&s, "gh"), *w = add_device(&s, "wn"),
                       *r = add_device(&s, "wn"), *z = add_device(&s, "ws");
    struct xg_id id = xg_record_entity(test_incident(g, "lamp"));
    pushed(&s, g, 0, 2, XG_BATCH_STORED);
    memset(text, 'b', LONG);
    for (int i = 0; i < PIECES; i++) {
        xg_draft_init(&d, &s.arena, XG_KIND_INCIDENT);
        d.head.creates = false;
        d.head.entity = id;
        test_add_text(&d, XG_FIELD_NOTE, text);
        test_add_text(&d, XG_FIELD_NOTE, text);
        test_write(g, &d, NULL);
    }
    for (uint64_t i = 0; i < PIECES; i += 32)
        pushed(&s, g, 2 + i, 32, XG_BATCH_STORED);
    pull(&s, r, &n);
    uint64_t first = g->count;
    for (uint64_t i = 0; i < TURNS; i++) {
        xg_draft_init(&d, &s.arena, XG_KIND_INCIDENT);
        d.head.creates = false;
        d.head.entity = id;
        test_text(&d, XG_CASE_UNIT, i % 2 ? "south" : "top");
        test_write(g, &d, NULL);
        pushed(&s, g, first + i, 1, XG_BATCH_STORED);
    }
    const struct xg_record *honest = test_incident(w, "lamp");
    pushed(&s, w, 0, 2, XG_BATCH_STORED);
    pull(&s, r, &n);
    assert_true(saw(&n, honest));
    /* Where it is now, it comes whole and once, whatever came before. */
    pull(&s, z, &last);
    assert_int_equal(last.record_count, g->count - 1);
    check(&s);
    test_device_free(z);
    test_device_free(g);
    test_device_free(w);
    test_device_free(r);
    end(&s);
}

static void test_the_log_catches_up_in_steps(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct setup s;
    (void)unused;

    begin(&s, NULL, 73);
    struct test_device *t = add_device(&s, "wn");
    test_incident(t, "lamp");
    pushed(&s, t, 0, 2, XG_BATCH_STORED);
    uint64_t size = log_size(&s);
    assert_ok(ingest_catch_up(s.d->ingest, &err));
    assert_int_equal(log_size(&s), size); /* all is told */
    struct wanting job = {.job = {.run = run_wanting}, .size = size + 300};
    assert_ok(ledger_submit(s.d->ledger, &job.job, &err));
    assert_int_equal(log_size(&s), size + LEDGER_NOTES_MAX);
    assert_ok(ledger_submit(s.d->ledger, &job.job, &err));
    assert_int_equal(log_size(&s), size + 300);
    check(&s);
    /* As if something were told at an entry far off. */
    size = log_size(&s);
    test_incident(t, "lamp");
    pushed(&s, t, 2, 1, XG_BATCH_STORED); /* counted after the rebuild */
    s.d->ingest->placer.counts.shown = size + 302;
    for (int i = 0; i < 3; i++)
        assert_ok(ingest_catch_up(s.d->ingest, &err));
    assert_int_equal(log_size(&s), size + 303);
    test_device_free(t);
    end(&s);
}

static void test_held_is_left_out(void **unused)
{
    struct seen all = {.to = 0}, some = {.to = 0}, other = {.to = 0};
    struct setup s;
    (void)unused;

    begin(&s, NULL, 23);
    struct test_device *a = add_device(&s, "wn"), *b = add_device(&s, "wn");
    const struct xg_record *mine = test_incident(a, "lamp");
    struct ingest_result first = pushed(&s, a, 0, 2, XG_BATCH_STORED);
    const struct xg_record *theirs = test_incident(b, "tree");
    struct ingest_result foreign = pushed(&s, b, 0, 2, XG_BATCH_STORED);
    struct test_device *copy = test_device_clone(a);
    const struct xg_record *later = test_incident(a, "pit");
    struct ingest_result second = pushed(&s, a, 2, 1, XG_BATCH_STORED);

    pull(&s, a, &all);
    assert_int_equal(all.record_count, 4);
    size_t times = all.time_count;
    some.held[0] = first.position;
    some.held[1] = foreign.position;
    some.held_count = 2;
    pull(&s, a, &some);
    assert_int_equal(some.record_count, 2);
    assert_true(saw(&some, theirs) && saw(&some, later) && !saw(&some, mine));
    assert_int_equal(some.time_count, times);
    other.held[0] = first.position; /* said by someone else */
    other.held[1] = second.position;
    other.held_count = 2;
    pull(&s, b, &other);
    assert_true(saw(&other, mine) && saw(&other, later));

    /* Of a forked chain everything comes, and where it lies. */
    const struct xg_record *split = test_incident(copy, "wall");
    pushed(&s, copy, 2, 1, XG_BATCH_FORKED);
    some = (struct seen){.held = {first.position, second.position},
                         .held_count = 2};
    pull(&s, a, &some);
    assert_true(saw(&some, mine) && saw(&some, later) && saw(&some, split));
    assert_true(some.branches == 2);
    check(&s);
    test_device_free(a);
    test_device_free(b);
    test_device_free(copy);
    end(&s);
}

/* A device may wish for a name that a restore lost, and for no other. */
static void test_wished_names(void **unused)
{
    static const char *const wishes[] = {
        ORIGIN "/d/0001",       /* another key's */
        ORIGIN "/d/0002",       /* this log gives names itself */
        ORIGIN "/d/0000",       /* the server's own */
        "other.example/d/0001", /* nothing that came before */
        ORIGIN,
    };
    struct xg_error err = XG_ERROR_NONE;
    struct setup s;
    uint8_t secret[XG_SECRET_SIZE], key[32] = {5}, first[32] = {6};
    char name[XG_KEY_NAME_MAX + 1];
    struct xg_enrol e = {.log = xg_bytes_of(ORIGIN)};
    struct xg_enrolled out;
    (void)unused;

    begin(&s, NULL, 16);
    assert_ok(registry_enrol(s.d->registry, name, first, "wn", &err));
    assert_string_equal(name, wishes[0]);
    assert_ok(registry_make_code(s.d->registry, secret, "wn",
                                 s.world.wall_ms + 1000, &s.env, &err));
    xg_secret_id(&e.code, secret);
    memcpy(e.key.b, key, 32);
    xg_enrol_proof(&e.proof, secret, key);
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        snprintf(e.device, sizeof e.device, "%s", wishes[i]);
        assert_status(
            registry_use_code(s.d->registry, &out, &e, s.world.wall_ms, &err),
            XG_AUTH);
    }
    /* And the code is not used up by that. */
    e.device[0] = '\0';
    assert_ok(
        registry_use_code(s.d->registry, &out, &e, s.world.wall_ms, &err));
    assert_string_equal(out.device, ORIGIN "/d/0002");
    end(&s);
}

static void test_codes(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct setup s;
    uint8_t secret[XG_SECRET_SIZE], key[32] = {3}, other[32] = {4};
    struct xg_enrol e = {.log = xg_bytes_of(ORIGIN)};
    struct xg_enrolled out, again;
    (void)unused;

    begin(&s, NULL, 15);
    assert_status(
        registry_make_code(s.d->registry, secret, "nobody", 10, &s.env, &err),
        XG_NOTFOUND);
    assert_ok(registry_make_code(s.d->registry, secret, "wn",
                                 s.world.wall_ms + 1000, &s.env, &err));
    xg_secret_id(&e.code, secret);
    memcpy(e.key.b, key, 32);
    assert_status(
        registry_use_code(s.d->registry, &out, &e, s.world.wall_ms, &err),
        XG_AUTH); /* no proof */
    xg_enrol_proof(&e.proof, secret, key);
    assert_status(registry_use_code(s.d->registry, &out, &e,
                                    s.world.wall_ms + 1001, &err),
                  XG_AUTH); /* too late */
    assert_ok(
        registry_use_code(s.d->registry, &out, &e, s.world.wall_ms, &err));
    assert_string_equal(out.device, ORIGIN "/d/0001");
    assert_string_equal(out.worker, "wn");
    /* The answer was lost: the same again, even later. */
    assert_ok(registry_use_code(s.d->registry, &again, &e,
                                s.world.wall_ms + 5000, &err));
    assert_string_equal(again.device, out.device);
    memcpy(e.key.b, other, 32);
    xg_enrol_proof(&e.proof, secret, other);
    assert_status(
        registry_use_code(s.d->registry, &again, &e, s.world.wall_ms, &err),
        XG_AUTH);
    check(&s);
    end(&s);
}

static void test_territory(void **unused)
{
    static const char file[] = "code,level,parent,name\n"
                               "d,district,,District\n"
                               "s,street,d,Street\r\n"
                               "g,grid,s,\"Grid, with a comma\"\n";
    struct xg_error err = XG_ERROR_NONE;
    struct xg_reference reference;
    struct setup s;
    bool within;
    (void)unused;

    begin(&s, NULL, 16);
    assert_status(
        registry_add_worker(s.d->registry, "w9", "九", xg_roles, "g", &err),
        XG_NOTFOUND);
    for (int i = 0; i < 2; i++)
        assert_ok(registry_put_reference(s.d->registry, &reference, "territory",
                                         "2023", xg_bytes_of(file), &err));
    assert_ok(
        registry_add_worker(s.d->registry, "w9", "九", xg_roles, "g", &err));
    struct xg_registry view = registry_view(s.d->registry);
    assert_ok(xg_unit_within(&within, &view, "g", "d", UINT64_MAX, &err));
    assert_true(within);
    check(&s);
    end(&s);
}

/* ---- many at once, and how fast ---- */

enum { SHIFT_RECORDS = 60, DEVICES_MAX = 500, SENDERS_MAX = 50 };

struct sender {
    struct setup *s;
    struct xg_buf *frames;
    size_t count, step, first;
};

static void *send_all(void *ctx)
{
    struct sender *sender = ctx;
    struct xg_error err = XG_ERROR_NONE;
    struct ingest_result r;

    for (size_t i = sender->first; i < sender->count; i += sender->step)
        if (ingest_put(sender->s->d->ingest, &r, sender->frames[i].data,
                       sender->frames[i].len, &err) != XG_OK) {
            fprintf(stderr, "%s\n", xg_error_text(&err));
            abort();
        }
    return NULL;
}

/* Every tenth record changes the one before it. */
static void write_shift(struct setup *s, struct test_device *t)
{
    struct xg_error err = XG_ERROR_NONE;

    while (t->count % SHIFT_RECORDS != SHIFT_RECORDS - 1) {
        struct xg_draft d;
        if (t->count % 10 == 9) {
            const struct xg_record *last = t->records[t->count - 1];
            struct xg_id id = xg_record_entity(last);
            struct xg_op op = {.record = last,
                               .branch = &t->branch,
                               .seq = t->count - 1,
                               .rank = t->rank};
            struct xg_state seen;
            assert_ok(xg_merge(&seen, &s->arena, &id, &op, 1, NULL, &err));
            test_set(t, &seen, XG_INCIDENT_ADDRESS, "解放路与沂蒙路交叉口东");
            continue;
        }
        xg_draft_init(&d, &s->arena, XG_KIND_INCIDENT);
        test_text(&d, XG_INCIDENT_CATEGORY, "road/pothole");
        test_text(&d, XG_INCIDENT_DESCRIPTION,
                  "人行道地砖破损约两平方米，雨后积水，影响通行");
        test_text(&d, XG_FIELD_GRID, "north");
        test_write(t, &d, NULL);
    }
    test_incident(t, "last-of-shift");
}

static double seconds_of(struct timespec from, struct timespec to)
{
    return (double)(to.tv_sec - from.tv_sec) +
           (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* One shift of every device, from many senders at once. */
static void send_round(struct setup *s, struct test_device **devices,
                       size_t count, size_t round, size_t sender_count)
{
    struct xg_buf frames[DEVICES_MAX];
    struct sender senders[SENDERS_MAX];
    pthread_t threads[SENDERS_MAX];
    struct timespec from, to;

    for (size_t i = 0; i < count; i++) {
        devices[i]->arena = &s->arena;
        write_shift(s, devices[i]);
        frames[i] = XG_BUF(XG_BATCH_MAX);
        test_seal(&frames[i], devices[i], round * SHIFT_RECORDS, SHIFT_RECORDS);
    }
    clock_gettime(CLOCK_MONOTONIC, &from);
    double used = test_process_us();
    for (size_t i = 0; i < sender_count; i++) {
        senders[i] = (struct sender){s, frames, count, sender_count, i};
        assert_int_equal(
            pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
    }
    for (size_t i = 0; i < sender_count; i++)
        pthread_join(threads[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &to);
    used = test_process_us() - used;
    print_message("%zu records held: %.0f records/s from %zu senders, %.1f us "
                  "of processor each\n",
                  round * count * SHIFT_RECORDS,
                  (double)(count * SHIFT_RECORDS) / seconds_of(from, to),
                  sender_count, used / (double)(count * SHIFT_RECORDS));
    for (size_t i = 0; i < count; i++)
        xg_buf_clear(&frames[i]);
}

/* XG_BENCH says how many rounds of 500 devices and 50 senders (34 make a
 * million records); nothing about speed is asserted. */
static void test_many_at_once(void **unused)
{
    struct setup s;
    const char *asked = getenv("XG_BENCH");
    size_t rounds = asked ? (size_t)strtoul(asked, NULL, 10) : 2;
    size_t count = asked ? DEVICES_MAX : 16;
    struct test_device *devices[DEVICES_MAX];
    struct xg_arena first;
    char dir[TEST_FOLDER_SIZE];
    (void)unused;

    test_folder_make(dir, "ingest");
    open_world(&s, 17);
    begin_in(&s, dir);
    for (size_t i = 0; i < count; i++)
        devices[i] = add_device(&s, "wn");
    first = s.arena;
    for (size_t round = 0; round < rounds; round++) {
        struct xg_arena before = s.arena;
        s.arena = XG_ARENA(512 << 20);
        send_round(&s, devices, count, round, asked ? SENDERS_MAX : 8);
        if (round > 0) /* of the round before only the last hash is used */
            xg_arena_clear(&before);
    }
    struct store_counts counts;
    struct xg_error err = XG_ERROR_NONE;
    assert_ok(s.d->store->ops->get_counts(s.d->store, &counts, &err));
    assert_int_equal(counts.records, rounds * count * SHIFT_RECORDS);
    if (!asked)
        check(&s);
    for (size_t i = 0; i < count; i++)
        test_device_free(devices[i]);
    xg_arena_clear(&first);
    end(&s);
    test_folder_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stored_and_held),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_what_waits_costs_nothing_until_its_turn),
        cmocka_unit_test(test_overlap),
        cmocka_unit_test(test_clone),
        cmocka_unit_test(test_fork_entry),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_quarantine),
        cmocka_unit_test(test_admit),
        cmocka_unit_test(test_admit_first_and_forks),
        cmocka_unit_test(test_a_device_that_forks_without_end),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_moved_worker),
        cmocka_unit_test(test_without_right),
        cmocka_unit_test(test_stray),
        cmocka_unit_test(test_cited_strays_take_no_memory),
        cmocka_unit_test(test_resolve),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_store_fails),
        cmocka_unit_test(test_behind_and_ahead),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_scope),
        cmocka_unit_test(test_held_is_left_out),
        cmocka_unit_test(test_a_case_to_and_fro_keeps_nobody_waiting),
        cmocka_unit_test(test_the_log_catches_up_in_steps),
        cmocka_unit_test(test_codes), cmocka_unit_test(test_wished_names),
        cmocka_unit_test(test_territory),
        cmocka_unit_test(test_many_at_once),
    };

    const char *only = getenv("XG_ONLY"); /* the name of one test */

    if (only)
        cmocka_set_test_filter(only);
    xg_log_level(XG_LOG_ERROR);
    return xg_base_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
