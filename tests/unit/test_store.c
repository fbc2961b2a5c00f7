/* test_store.c - what every engine must do; run on each of them. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/store/sqlite.h"
#include "server_lock_sql.h"
#include "server_sql.h"
#include "shared/base/env.h"
#include "shared/base/os.h"
#include "tests/lib/folder.h"

/* ---- the engines ---- */

struct engine {
    const char *name;
    bool file;
    char dir[TEST_FOLDER_SIZE], path[TEST_PATH_SIZE];
    struct store_fault fault;
};

static void make_folder(struct engine *e)
{
    test_folder_make(e->dir, "store");
    snprintf(e->path, sizeof e->path, "%s/server.db", e->dir);
}

static struct store *open_store(struct engine *e)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store *s = NULL;

    e->fault = (struct store_fault){.status = XG_OK};
    if (e->file) {
        if (!e->dir[0])
            make_folder(e);
        assert_ok(store_sqlite_open(&s, e->path, &err));
    } else {
        assert_ok(store_memory_open(&s, &err));
    }
    if (strcmp(e->name, "fault") == 0)
        assert_ok(store_fault_open(&s, s, &e->fault, &err));
    return s;
}

static void close_store(struct engine *e, struct store *s)
{
    store_close(s);
    if (!e->dir[0])
        return;
    test_folder_remove(e->dir);
    e->dir[0] = '\0';
}

/* ---- small makers ---- */

static struct xg_hash hash_of(uint8_t first, uint8_t last)
{
    struct xg_hash h = {{first}};
    h.b[31] = last;
    return h;
}

static struct store_record record_of(uint64_t number, uint64_t seq,
                                     uint64_t entity, bool creates)
{
    return (struct store_record){.number = number,
                                 .chain = 1,
                                 .branch = 1,
                                 .seq = seq,
                                 .entity = entity,
                                 .creates = creates,
                                 .position = 3,
                                 .shown = 3,
                                 .hash = hash_of((uint8_t)number, 9),
                                 .previous = hash_of((uint8_t)(number - 1), 9),
                                 .head = xg_bytes("head", 4),
                                 .fields = xg_bytes("fields", 6)};
}

static struct store_entity entity_of(uint64_t number, uint64_t record,
                                     const char *unit)
{
    struct xg_hash hash = hash_of((uint8_t)record, 9);
    struct store_entity e = {.number = number,
                             .id = xg_id_of_hash(&hash),
                             .kind = XG_KIND_INCIDENT,
                             .creator = record,
                             .records = 1,
                             .changed = 3,
                             .folded = true,
                             .state = xg_bytes("state", 5)};

    snprintf(e.unit, sizeof e.unit, "%s", unit);
    snprintf(e.author, sizeof e.author, "w1");
    return e;
}

/* ---- transactions ---- */

static void test_transactions(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct store *s = open_store(e);
    uint64_t value = 7;

    assert_ok(s->ops->get_value(s, &value, "x", &err));
    assert_int_equal(value, 0);
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_value(s, "x", 5, &err));
    assert_ok(s->ops->get_value(s, &value, "x", &err));
    assert_int_equal(value, 5);
    s->ops->rollback(s);
    s->ops->rollback(s);
    assert_ok(s->ops->get_value(s, &value, "x", &err));
    assert_int_equal(value, 0);
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_value(s, "x", 5, &err));
    assert_ok(s->ops->put_value(s, "x", 6, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->begin_read(s, &err));
    assert_ok(s->ops->get_value(s, &value, "x", &err));
    s->ops->rollback(s);
    assert_int_equal(value, 6);
    assert_ok(s->ops->integrity(s, &err));
    close_store(e, s);
}

static void test_readers(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct store *s = open_store(e), *reader = NULL;
    uint64_t value = 0;

    assert_ok(s->ops->open_reader(s, &reader, &err));
    if (reader == s) {
        close_store(e, s);
        return;
    }
    assert_ok(reader->ops->begin_read(reader, &err));
    assert_ok(reader->ops->get_value(reader, &value, "x", &err));
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_value(s, "x", 5, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(reader->ops->get_value(reader, &value, "x", &err));
    assert_int_equal(value, 0); /* its snapshot */
    reader->ops->rollback(reader);
    assert_ok(reader->ops->get_value(reader, &value, "x", &err));
    assert_int_equal(value, 5);
    store_close(reader);
    close_store(e, s);
}

/* What was committed is there when it is opened again. */
static void test_durable(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct store *s = open_store(e);
    uint64_t value = 0;

    if (!e->file) {
        close_store(e, s);
        return;
    }
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_value(s, "x", 5, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_value(s, "x", 6, &err));
    store_close(s);
    s = open_store(e);
    assert_ok(s->ops->get_value(s, &value, "x", &err));
    assert_int_equal(value, 5);

    char copy[TEST_PATH_SIZE];
    snprintf(copy, sizeof copy, "%s/copy.db", e->dir);
    struct store *again;
    assert_ok(s->ops->backup(s, copy, &err));
    assert_status(s->ops->backup(s, copy, &err), XG_REFUSED);
    assert_ok(store_sqlite_open(&again, copy, &err));
    assert_ok(again->ops->get_value(again, &value, "x", &err));
    assert_int_equal(value, 5);
    store_close(again);
    close_store(e, s);
}

/* ---- the log ---- */

static void test_log(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(e);
    const struct xg_bytes notes[] = {xg_bytes("one", 3), xg_bytes("two", 3),
                                     xg_bytes("three", 5)};
    struct store_block block = {.layer = 3, .number = 5, .count = 1};
    struct xg_bytes *read, note;
    uint64_t size = 9;
    size_t count;

    assert_ok(s->ops->get_checkpoint(s, &arena, &size, &note, &err));
    assert_int_equal(size, 0);
    assert_int_equal(note.len, 0);
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->append_entries(s, 0, notes, 2, &err));
    assert_ok(s->ops->append_entries(s, 2, notes + 2, 1, &err));
    block.hashes[0] = hash_of(1, 0);
    assert_ok(s->ops->put_block(s, &block, &err));
    block.hashes[block.count++] = hash_of(2, 0);
    assert_ok(s->ops->put_block(s, &block, &err));
    assert_ok(s->ops->put_checkpoint(s, 2, notes[0], &err));
    assert_ok(s->ops->put_checkpoint(s, 3, notes[1], &err));
    assert_ok(s->ops->commit(s, &err));

    assert_ok(
        s->ops->read_entries(s, &arena, &read, &count, 1, 10, 1000, &err));
    assert_int_equal(count, 2);
    assert_true(xg_bytes_equal(read[1], notes[2]));
    assert_ok(s->ops->read_entries(s, &arena, &read, &count, 0, 10, 3, &err));
    assert_int_equal(count, 1);
    assert_ok(s->ops->read_entries(s, &arena, &read, &count, 0, 2, 1000, &err));
    assert_int_equal(count, 2);
    assert_ok(s->ops->read_entries(s, &arena, &read, &count, 3, 2, 1000, &err));
    assert_int_equal(count, 0);
    memset(&block, 0, sizeof block);
    assert_ok(s->ops->read_block(s, &block, 3, 5, &err));
    assert_int_equal(block.layer, 3);
    assert_int_equal(block.number, 5);
    assert_int_equal(block.count, 2);
    const struct xg_hash second = hash_of(2, 0);
    assert_true(xg_hash_equal(&block.hashes[1], &second));
    assert_ok(s->ops->read_block(s, &block, 3, 4, &err));
    assert_int_equal(block.count, 0);
    assert_ok(s->ops->get_checkpoint(s, &arena, &size, &note, &err));
    assert_int_equal(size, 3);
    assert_true(xg_bytes_equal(note, notes[1]));
    xg_arena_clear(&arena);
    close_store(e, s);
}

static void test_batches(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(e);
    struct store_batch b = {.position = 4,
                            .id = hash_of(1, 1),
                            .chain = hash_of(2, 2),
                            .tree = hash_of(3, 3),
                            .first = 10,
                            .last = 19,
                            .state = XG_BATCH_WAITING,
                            .body_len = 4,
                            .device = "o/d/0001"};
    struct store_batch found, *rows;
    struct xg_bytes body;
    size_t count;
    bool any;

    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_batch(s, &b, xg_bytes("body", 4), &err));
    b.position = 6;
    b.id = hash_of(1, 2);
    b.state = XG_BATCH_STORED;
    assert_ok(s->ops->put_batch(s, &b, xg_bytes("", 0), &err));
    b.position = 8;
    b.id = hash_of(1, 3);
    b.state = XG_BATCH_WAITING;
    assert_ok(s->ops->put_batch(s, &b, xg_bytes("more", 4), &err));
    assert_ok(s->ops->commit(s, &err));
    assert_status(s->ops->begin(s, &err), XG_OK);
    b.position = 9; /* the same id again */
    assert_status(s->ops->put_batch(s, &b, xg_bytes("", 0), &err), XG_REFUSED);
    s->ops->rollback(s);
    err = XG_ERROR_NONE;

    struct xg_hash id = hash_of(1, 1), chain = hash_of(2, 2);
    assert_ok(s->ops->find_batch(s, &found, &any, &id, &err));
    assert_true(any);
    assert_int_equal(found.position, 4);
    assert_int_equal(found.state, XG_BATCH_WAITING);
    assert_int_equal(found.last, 19);
    assert_string_equal(found.device, "o/d/0001");
    id.b[0] = 9;
    assert_ok(s->ops->find_batch(s, &found, &any, &id, &err));
    assert_false(any);
    assert_ok(s->ops->read_body(s, &arena, &body, 4, &err));
    assert_true(xg_bytes_equal(body, xg_bytes("body", 4)));
    assert_ok(s->ops->read_body(s, &arena, &body, 6, &err));
    assert_int_equal(body.len, 0);
    assert_ok(s->ops->read_batches(s, &arena, &rows, &count, 5, 10, &err));
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].position, 6);
    assert_ok(s->ops->read_batches(s, &arena, &rows, &count, 0, 1, &err));
    assert_int_equal(count, 1);
    assert_ok(s->ops->read_waiting(s, &arena, &rows, &count, &chain, 0,
                                   INT32_MAX, &err));
    assert_int_equal(count, 2);
    assert_int_equal(rows[1].position, 8);
    uint64_t waiting = 0, begins = rows[1].first;
    assert_ok(s->ops->count_waiting(s, &waiting, rows[1].device, &err));
    assert_int_equal(waiting, 2);
    assert_ok(s->ops->count_waiting(s, &waiting, "nobody", &err));
    assert_int_equal(waiting, 0);
    assert_ok(s->ops->read_waiting(s, &arena, &rows, &count, &chain, begins + 1,
                                   INT32_MAX, &err));
    assert_int_equal(count, 0);
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->set_batch_state(s, 4, XG_BATCH_FORKED, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->read_waiting(s, &arena, &rows, &count, &chain, 0,
                                   INT32_MAX, &err));
    assert_int_equal(count, 1);
    xg_arena_clear(&arena);
    close_store(e, s);
}

static void test_chains(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(e);
    struct store_chain c = {.number = 1, .id = hash_of(5, 5), .device = "a"};
    struct store_chain d = {.number = 2, .id = hash_of(6, 6), .device = "b"};
    struct store_branch b = {.number = 1,
                             .chain = 1,
                             .id = hash_of(5, 5),
                             .next = 4,
                             .last = hash_of(1, 1),
                             .anchor_size = 3};
    struct store_chain *chains, got;
    struct store_branch *branches;
    size_t count;
    bool found;

    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_chain(s, &c, &err));
    assert_ok(s->ops->put_chain(s, &d, &err));
    assert_ok(s->ops->put_branch(s, &b, &err));
    b = (struct store_branch){.number = 2,
                              .chain = 1,
                              .parent = 1,
                              .id = hash_of(8, 8),
                              .start = 4,
                              .next = 5,
                              .last = hash_of(2, 2)};
    assert_ok(s->ops->put_branch(s, &b, &err));
    b.next = 6;
    assert_ok(s->ops->put_branch(s, &b, &err));
    c.forked = true;
    assert_ok(s->ops->put_chain(s, &c, &err));
    assert_ok(s->ops->commit(s, &err));

    assert_ok(s->ops->find_chain(s, &got, &found, &c.id, &err));
    assert_true(found && got.forked);
    assert_int_equal(got.number, 1);
    assert_ok(s->ops->get_chain(s, &got, 2, &err));
    assert_string_equal(got.device, "b");
    assert_status(s->ops->get_chain(s, &got, 3, &err), XG_CORRUPT);
    assert_ok(s->ops->read_chains(s, &arena, &chains, &count, NULL, &err));
    assert_int_equal(count, 2);
    assert_ok(s->ops->read_chains(s, &arena, &chains, &count, "b", &err));
    assert_int_equal(count, 1);
    assert_int_equal(chains[0].number, 2);
    assert_ok(s->ops->read_branches(s, &arena, &branches, &count, 1, &err));
    assert_int_equal(count, 2);
    assert_int_equal(branches[0].anchor_size, 3);
    assert_int_equal(branches[1].next, 6);
    xg_arena_clear(&arena);
    close_store(e, s);
}

/* ---- records and entities ---- */

/* Entity 1: records 2 and 4; entity 2 has record 5 and waits for its first. */
static void fill(struct store *s)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_chain c = {.number = 1, .id = hash_of(5, 5), .device = "a"};
    struct store_branch b = {.number = 1,
                             .chain = 1,
                             .id = hash_of(5, 5),
                             .next = 5,
                             .last = hash_of(5, 9)};
    struct store_record rows[] = {
        record_of(1, 0, 0, false), record_of(2, 1, 1, true),
        record_of(3, 2, 3, true), record_of(4, 3, 1, false),
        record_of(5, 4, 2, false)};
    struct store_entity entities[] = {entity_of(1, 2, "north"),
                                      entity_of(2, 77, ""),
                                      entity_of(3, 3, "south")};

    rows[4].bad_anchor = true;
    rows[4].anchor_size = 12;
    rows[4].shown = 4;
    entities[0].records = 2;
    entities[0].conflicts = 1;
    entities[1].creator = 0;
    entities[2].kind = XG_KIND_CONTACT;
    entities[2].status = 4;
    entities[2].open = true;
    entities[0].links = 2;
    snprintf(entities[2].case_number, sizeof entities[2].case_number,
             "2026-000001");
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_chain(s, &c, &err));
    assert_ok(s->ops->put_branch(s, &b, &err));
    assert_ok(s->ops->put_records(s, rows, 5, &err));
    for (size_t i = 0; i < 3; i++)
        assert_ok(s->ops->put_entity(s, &entities[i], &err));
    assert_ok(s->ops->put_telling(s, 2, 99, &err));
    assert_ok(s->ops->put_telling(s, 4, 10, &err));
    assert_ok(s->ops->commit(s, &err));
}

static void test_records(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(e);
    struct store_record *rows, row;
    struct store_counts counts;
    struct xg_hash hash;
    size_t count;
    bool found;

    fill(s);
    assert_ok(s->ops->read_records(s, &arena, &rows, &count, 2, 5, 10, &err));
    assert_int_equal(count, 4);
    assert_true(rows[0].creates && !rows[0].late);
    assert_string_equal(rows[0].unit, "north");
    assert_int_equal(rows[1].kind, XG_KIND_CONTACT);
    assert_true(rows[3].bad_anchor);
    assert_int_equal(rows[3].anchor_size, 12);
    assert_int_equal(rows[3].shown, 4);
    assert_true(xg_bytes_equal(rows[3].fields, xg_bytes("fields", 6)));
    assert_ok(s->ops->read_records(s, &arena, &rows, &count, 2, 5, 2, &err));
    assert_int_equal(count, 2);
    for (uint8_t number = 1; number <= 5; number++) {
        hash = hash_of(number, 9);
        assert_ok(s->ops->find_record(s, &arena, &row, &found, &hash, &err));
        assert_true(found);
        assert_int_equal(row.number, number);
        assert_int_equal(row.seq, number - 1);
        assert_ok(s->ops->has_record(s, &found, &hash, &err));
        assert_true(found);
    }
    hash = hash_of(2, 8); /* the same first half */
    assert_ok(s->ops->find_record(s, &arena, &row, &found, &hash, &err));
    assert_false(found);
    assert_ok(s->ops->has_record(s, &found, &hash, &err));
    assert_false(found);
    assert_ok(s->ops->read_place(s, &arena, &rows, &count, 1, 3, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].number, 4);
    assert_ok(s->ops->read_place(s, &arena, &rows, &count, 1, 9, &err));
    assert_int_equal(count, 0);
    assert_ok(s->ops->read_entity_records(s, &arena, &rows, &count, 1, &err));
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].number, 2);
    assert_int_equal(rows[1].number, 4);
    assert_ok(s->ops->read_entity_records(s, &arena, &rows, &count, 2, &err));
    assert_int_equal(count, 1);
    assert_ok(s->ops->get_counts(s, &counts, &err));
    assert_int_equal(counts.records, 5);
    assert_int_equal(counts.entities, 3);
    assert_int_equal(counts.shown, 4);
    assert_int_equal(counts.shown_bytes, 10);

    /* What lies on a branch from a place on goes to another. */
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->move_records(s, 1, 3, 2, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->read_branch(s, &arena, &rows, &count, 1, 1, 10, &err));
    assert_int_equal(count, 2);
    assert_int_equal(rows[1].seq, 2);
    assert_ok(s->ops->read_records(s, &arena, &rows, &count, 4, 4, 10, &err));
    assert_int_equal(rows[0].branch, 2);

    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->drop_derived(s, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->get_counts(s, &counts, &err));
    assert_int_equal(counts.records + counts.entities + counts.chains, 0);
    fill(s);
    xg_arena_clear(&arena);
    close_store(e, s);
}

static void expect_time(struct store *s, bool below, uint64_t place,
                        uint64_t position, int64_t ms)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_time t = {99, 99};
    bool found;

    if (below)
        assert_ok(s->ops->find_time_below(s, &t, &found, place, &err));
    else
        assert_ok(s->ops->find_time_from(s, &t, &found, place, &err));
    assert_int_equal(found, ms >= 0);
    assert_int_equal(t.position, ms >= 0 ? position : 99);
    assert_int_equal(t.ms, ms >= 0 ? ms : 99);
}

static void test_time_notes(void **state)
{
    static const struct store_time times[] = {{3, 1000}, {7, 1000}, {8, 5000}};
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct store *s = open_store(e);

    assert_ok(s->ops->begin(s, &err));
    for (size_t i = 0; i < 3; i++)
        assert_ok(s->ops->put_time(s, &times[i], &err));
    assert_ok(s->ops->commit(s, &err));
    expect_time(s, true, 0, 0, -1);
    expect_time(s, true, 3, 0, -1);
    expect_time(s, true, 4, 3, 1000);
    expect_time(s, true, 8, 7, 1000);
    expect_time(s, true, UINT64_MAX, 8, 5000);
    expect_time(s, false, 0, 3, 1000);
    expect_time(s, false, 4, 7, 1000);
    expect_time(s, false, 8, 8, 5000);
    expect_time(s, false, 9, 0, -1);
    expect_time(s, false, UINT64_MAX, 0, -1);
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->drop_derived(s, &err));
    assert_ok(s->ops->commit(s, &err));
    expect_time(s, false, 0, 0, -1);
    close_store(e, s);
}

static void expect_seen(struct store *s, bool below, uint64_t bound,
                        uint64_t position)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_seen seen = {99, 99};
    bool found;

    if (below)
        assert_ok(s->ops->find_seen_below(s, &seen, &found, bound, &err));
    else
        assert_ok(s->ops->find_seen_over(s, &seen, &found, bound, &err));
    assert_int_equal(found, position > 0);
    assert_int_equal(seen.position, position ? position : 99);
}

static void put_cosigned(struct store *s, const char *device, bool ours,
                         uint64_t size)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_cosignature c = {.ours = ours, .size = size, .line = "x\n"};

    snprintf(c.device, sizeof c.device, "%s", device);
    assert_ok(s->ops->put_cosignature(s, &c, &err));
}

static void test_witnesses(void **state)
{
    static const struct store_seen seen[] = {{3, 2}, {7, 5}, {9, 5}};
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(e);
    struct store_cosignature *rows;
    struct xg_bytes text = {NULL, 1};
    size_t count;

    assert_ok(s->ops->get_document(s, &arena, &text, "policy", &err));
    assert_int_equal(text.len, 0);
    assert_ok(s->ops->begin(s, &err));
    for (size_t i = 0; i < 3; i++)
        assert_ok(s->ops->put_seen(s, &seen[i], &err));
    put_cosigned(s, "a", true, 5);
    put_cosigned(s, "a", true, 4); /* the newest stays */
    put_cosigned(s, "b", true, 9);
    put_cosigned(s, "b", false, 7);
    put_cosigned(s, "b", false, 8); /* the first stays */
    assert_ok(s->ops->put_document(s, "policy", xg_bytes_of("old"), &err));
    assert_ok(s->ops->put_document(s, "policy", xg_bytes_of("new"), &err));
    assert_ok(s->ops->commit(s, &err));
    expect_seen(s, true, 3, 0);
    expect_seen(s, true, 8, 7);
    expect_seen(s, true, UINT64_MAX, 9);
    expect_seen(s, false, 0, 3);
    expect_seen(s, false, 2, 7); /* where that size first stands */
    expect_seen(s, false, 5, 0);
    assert_ok(
        s->ops->read_cosignatures(s, &arena, &rows, &count, true, NULL, &err));
    assert_int_equal(count, 2);
    assert_string_equal(rows[0].device, "b");
    assert_int_equal(rows[1].size, 5);
    assert_ok(
        s->ops->read_cosignatures(s, &arena, &rows, &count, true, "a", &err));
    assert_int_equal(count, 1);
    assert_ok(s->ops->read_cosignatures(s, &arena, &rows, &count, false, NULL,
                                        &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].size, 7);
    assert_string_equal(rows[0].line, "x\n");
    assert_ok(s->ops->get_document(s, &arena, &text, "policy", &err));
    assert_true(xg_bytes_equal(text, xg_bytes_of("new")));
    assert_ok(s->ops->begin(s, &err)); /* derived: the notes alone */
    assert_ok(s->ops->drop_derived(s, &err));
    assert_ok(s->ops->commit(s, &err));
    expect_seen(s, false, 0, 0);
    assert_ok(
        s->ops->read_cosignatures(s, &arena, &rows, &count, true, NULL, &err));
    assert_int_equal(count, 2);
    xg_arena_clear(&arena);
    close_store(e, s);
}

static void test_entities(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(e);
    struct store_filter filter = {.kind = 0};
    struct store_entity *rows, one;
    struct xg_hash hash = hash_of(77, 9);
    struct xg_id orphan = xg_id_of_hash(&hash), id;
    size_t count;
    bool found;

    fill(s);
    assert_ok(s->ops->get_entity(s, &arena, &one, 1, &err));
    id = one.id;
    assert_string_equal(one.unit, "north");
    assert_string_equal(one.author, "w1");
    assert_int_equal(one.conflicts, 1);
    assert_true(xg_bytes_equal(one.state, xg_bytes("state", 5)));
    assert_status(s->ops->get_entity(s, &arena, &one, 9, &err), XG_CORRUPT);
    assert_ok(s->ops->find_entity(s, &arena, &one, &found, &id, &err));
    assert_true(found);
    assert_int_equal(one.number, 1);
    assert_ok(s->ops->find_orphan(s, &arena, &one, &found, &id, &err));
    assert_false(found);
    assert_ok(s->ops->find_entity(s, &arena, &one, &found, &orphan, &err));
    assert_true(found);
    assert_ok(s->ops->find_orphan(s, &arena, &one, &found, &orphan, &err));
    assert_true(found);
    assert_int_equal(one.number, 2);

    assert_ok(s->ops->read_entities(s, &arena, &rows, &count, &filter, &err));
    assert_int_equal(count, 3);
    assert_int_equal(rows[0].number, 3);
    filter.limit = 1;
    filter.before = 3;
    assert_ok(s->ops->read_entities(s, &arena, &rows, &count, &filter, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].number, 2);
    filter = (struct store_filter){.unit = "south"};
    assert_ok(s->ops->read_entities(s, &arena, &rows, &count, &filter, &err));
    assert_int_equal(count, 1);
    filter.no_contacts = true;
    assert_ok(s->ops->read_entities(s, &arena, &rows, &count, &filter, &err));
    assert_int_equal(count, 0);
    filter = (struct store_filter){.conflicts = true, .kind = XG_KIND_INCIDENT};
    assert_ok(s->ops->read_entities(s, &arena, &rows, &count, &filter, &err));
    assert_int_equal(count, 1);
    filter.kind = XG_KIND_CONTACT;
    assert_ok(s->ops->read_entities(s, &arena, &rows, &count, &filter, &err));
    assert_int_equal(count, 0);

    filter = (struct store_filter){.linked = true};
    assert_ok(s->ops->read_entities(s, &arena, &rows, &count, &filter, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].number, 1);
    assert_int_equal(rows[0].links, 2);
    filter = (struct store_filter){.open = true};
    assert_ok(s->ops->read_entities(s, &arena, &rows, &count, &filter, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].number, 3);
    assert_int_equal(rows[0].status, 4);
    assert_string_equal(rows[0].case_number, "2026-000001");
    assert_ok(s->ops->read_entities_numbered(s, &arena, &rows, &count,
                                             "2026-000001", 5, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].number, 3);
    assert_ok(
        s->ops->read_entities_numbered(s, &arena, &rows, &count, "", 5, &err));
    assert_int_equal(count, 0);

    assert_ok(s->ops->read_entities_changed(s, &arena, &rows, &count, 0, 0, 9,
                                            &err));
    assert_int_equal(count, 3);
    for (size_t i = 1; i < count; i++)
        assert_true(rows[i - 1].changed < rows[i].changed ||
                    (rows[i - 1].changed == rows[i].changed &&
                     rows[i - 1].number < rows[i].number));
    assert_int_equal(rows[0].state.len, 0);
    uint64_t changed = rows[0].changed, number = rows[0].number, left;
    assert_ok(s->ops->read_entities_changed(s, &arena, &rows, &count, changed,
                                            number, 1, &err));
    assert_int_equal(count, 1);
    assert_true(rows[0].number != number);
    assert_ok(s->ops->count_entities_changed(s, &left, changed, number, &err));
    assert_int_equal(left, 2);
    assert_ok(s->ops->count_entities_changed(s, &left, 1 << 20, 0, &err));
    assert_int_equal(left, 0);

    assert_ok(
        s->ops->read_entities_named(s, &arena, &rows, &count, "02", 5, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].number, 1);
    assert_ok(
        s->ops->read_entities_named(s, &arena, &rows, &count, "4d0", 5, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].number, 2);
    assert_ok(
        s->ops->read_entities_named(s, &arena, &rows, &count, "", 2, &err));
    assert_int_equal(count, 2);
    assert_ok(
        s->ops->read_entities_named(s, &arena, &rows, &count, "xyz", 2, &err));
    assert_int_equal(count, 0);

    /* What it is called stays. */
    struct store_entity other = entity_of(2, 78, "north");
    assert_ok(s->ops->begin(s, &err));
    assert_status(s->ops->put_entity(s, &other, &err), XG_CORRUPT);
    s->ops->rollback(s);
    err = XG_ERROR_NONE;

    /* The first record comes: no orphan any more. */
    struct store_record first = record_of(77, 9, 2, true);
    struct store_entity whole = entity_of(2, 77, "north");
    first.late = true;
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_records(s, &first, 1, &err));
    assert_ok(s->ops->put_entity(s, &whole, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->find_orphan(s, &arena, &one, &found, &orphan, &err));
    assert_false(found);
    assert_ok(s->ops->find_entity(s, &arena, &one, &found, &orphan, &err));
    assert_true(found);
    struct store_record *records;
    assert_ok(
        s->ops->read_entity_records(s, &arena, &records, &count, 2, &err));
    assert_int_equal(count, 2);
    assert_true(records[1].late);
    xg_arena_clear(&arena);
    close_store(e, s);
}

static void test_scope(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(e);
    struct store_scope *rows;
    size_t count;

    assert_ok(s->ops->begin(s, &err));
    for (uint64_t shown = 1; shown < 6; shown++) {
        struct store_scope row = {shown, shown * 10, shown * 10 + 3, 0};
        assert_ok(s->ops->put_scope(s, "north", &row, &err));
        row.first = shown * 10 + 4;
        row.last = shown * 10 + 5;
        assert_ok(s->ops->put_scope(s, "north", &row, &err));
        assert_ok(s->ops->put_scope(s, "@north", &row, &err));
    }
    assert_ok(s->ops->commit(s, &err));
    assert_ok(
        s->ops->read_scope(s, &arena, &rows, &count, "north", 2, 5, 10, &err));
    assert_int_equal(count, 3);
    assert_int_equal(rows[0].first, 20);
    assert_int_equal(rows[0].last, 25);
    assert_ok(
        s->ops->read_scope(s, &arena, &rows, &count, "@north", 0, 9, 2, &err));
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].first, 14);
    assert_ok(
        s->ops->read_scope(s, &arena, &rows, &count, "nort", 0, 9, 2, &err));
    assert_int_equal(count, 0);
    xg_arena_clear(&arena);
    close_store(e, s);
}

/* Entity 1 is put into the hands of "dept", and leaves them. */
static void test_hands(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(e);
    struct store_hand hand = {.entity = 1,
                              .first = 4,
                              .last = STORE_OPEN,
                              .since = 7,
                              .until = STORE_OPEN,
                              .unit = "dept"},
                      *hands;
    struct store_passing in = {.shown = 7, .entity = 1, .first = 2, .last = 3,
                               .hand = 4},
                         *passings;
    struct store_moved moved = {.shown = 8, .branch = 1, .first = 3, .last = 3},
                       *moves;
    struct store_scope mark = {8, STORE_OPEN, 0, STORE_MOVES}, *marks;
    struct store_record *rows;
    struct xg_hash before, after;
    size_t count;

    fill(s);
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_hand(s, &hand, &err));
    hand.first = 5;
    snprintf(hand.unit, sizeof hand.unit, ">top");
    assert_ok(s->ops->put_hand(s, &hand, &err));
    hand.first = 4;
    hand.last = 4;
    hand.until = 9;
    snprintf(hand.unit, sizeof hand.unit, "dept");
    assert_ok(s->ops->put_hand(s, &hand, &err));
    assert_ok(s->ops->put_passing(s, "dept", &in, &err));
    in = (struct store_passing){.shown = 9, .entity = 1, .hand = 4};
    assert_ok(s->ops->put_passing(s, "dept", &in, &err));
    assert_ok(s->ops->put_moved(s, "dept", &moved, &err));
    moved.first = moved.last = 5;
    assert_ok(s->ops->put_moved(s, "dept", &moved, &err));
    assert_ok(s->ops->put_scope(s, "dept", &mark, &err));
    assert_ok(s->ops->digest_telling(s, &before, &err));
    mark = (struct store_scope){8, 4, 4, STORE_PASSINGS};
    assert_ok(s->ops->put_scope(s, "dept", &mark, &err));
    assert_ok(s->ops->digest_telling(s, &after, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_false(xg_hash_equal(&before, &after));

    assert_ok(s->ops->read_hands(s, &arena, &hands, &count, 1, &err));
    assert_int_equal(count, 2);
    assert_string_equal(hands[0].unit, "dept");
    assert_int_equal(hands[0].last, 4);
    assert_int_equal(hands[0].since, 7);
    assert_int_equal(hands[0].until, 9);
    assert_true(hands[1].last == STORE_OPEN);
    assert_ok(s->ops->read_unit_hands(s, &arena, &hands, &count, "dept", 0, 0,
                                      9, &err));
    assert_int_equal(count, 1);
    assert_string_equal(hands[0].home, "north");
    assert_int_equal(hands[0].kind, XG_KIND_INCIDENT);
    assert_ok(s->ops->read_unit_hands(s, &arena, &hands, &count, "dept", 1, 4,
                                      9, &err));
    assert_int_equal(count, 0);
    assert_ok(
        s->ops->read_passings(s, &arena, &passings, &count, "dept", 7, &err));
    assert_int_equal(count, 1);
    assert_int_equal(passings[0].last, 3);
    assert_int_equal(passings[0].hand, 4);
    assert_string_equal(passings[0].home, "north");
    assert_ok(
        s->ops->read_passings(s, &arena, &passings, &count, "dept", 9, &err));
    assert_int_equal(count, 1);
    assert_int_equal(passings[0].first, 0);
    assert_ok(s->ops->read_moved(s, &arena, &moves, &count, "dept", 8, &err));
    assert_int_equal(count, 1);
    assert_int_equal(moves[0].first, 3);
    assert_int_equal(moves[0].last, 5);
    assert_int_equal(moves[0].chain, 1);
    assert_ok(
        s->ops->read_scope(s, &arena, &marks, &count, "dept", 0, 99, 9, &err));
    assert_int_equal(count, 1);
    assert_int_equal(marks[0].more, STORE_MOVES | STORE_PASSINGS);
    assert_int_equal(marks[0].first, 4);
    assert_int_equal(marks[0].last, 4);
    assert_ok(s->ops->read_entity_range(s, &arena, &rows, &count, 1, 1,
                                        STORE_OPEN, 9, &err));
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].number, 2);
    assert_string_equal(rows[1].unit, "north");
    assert_ok(
        s->ops->read_entity_range(s, &arena, &rows, &count, 1, 3, 9, 9, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].number, 4);
    xg_arena_clear(&arena);
    close_store(e, s);
}

/* What is not folded is listed with what a person must look into. */
static void test_unfolded(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(e);
    struct store_filter filter = {.conflicts = true};
    struct store_entity big = entity_of(3, 3, "south"), *rows;
    size_t count;

    fill(s);
    big.folded = false;
    big.handed = STORE_ARRIVED;
    big.state = (struct xg_bytes){NULL, 0};
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_entity(s, &big, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->read_entities(s, &arena, &rows, &count, &filter, &err));
    assert_int_equal(count, 2);
    assert_false(rows[0].folded);
    assert_int_equal(rows[0].handed, STORE_ARRIVED);
    assert_true(rows[1].folded);
    xg_arena_clear(&arena);
    close_store(e, s);
}

/* ---- the registry, people, files ---- */

static void test_registry(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(e);
    struct store_statement st = {.position = 3,
                                 .says = {.kind = XG_SAYS_WORKER,
                                          .subject = "w1",
                                          .unit = "north",
                                          .role = XG_ROLE_WORKER}};
    struct store_statement *rows, found;
    struct store_registry_note note = {1, 3, hash_of(1, 1)}, *notes;
    size_t count;
    bool any;

    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_statement(s, &st, &err));
    st.position = 7;
    st.line = 2;
    memcpy(st.says.unit, "south", 6);
    assert_ok(s->ops->put_statement(s, &st, &err));
    assert_ok(s->ops->put_registry_note(s, &note, &err));
    note = (struct store_registry_note){2, 7, hash_of(2, 2)};
    assert_ok(s->ops->put_registry_note(s, &note, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(
        s->ops->find_statement(s, &found, &any, XG_SAYS_WORKER, "w1", 3, &err));
    assert_false(any);
    assert_ok(
        s->ops->find_statement(s, &found, &any, XG_SAYS_WORKER, "w1", 7, &err));
    assert_true(any);
    assert_string_equal(found.says.unit, "north");
    assert_ok(s->ops->find_statement(s, &found, &any, XG_SAYS_WORKER, "w1",
                                     UINT64_MAX, &err));
    assert_string_equal(found.says.unit, "south");
    assert_int_equal(found.position, 7);
    assert_ok(
        s->ops->find_statement(s, &found, &any, XG_SAYS_UNIT, "w1", 9, &err));
    assert_false(any);
    assert_ok(s->ops->read_statements(s, &arena, &rows, &count, 0, 0, 9, &err));
    assert_int_equal(count, 2);
    assert_ok(s->ops->read_statements(s, &arena, &rows, &count, 7, 2, 9, &err));
    assert_int_equal(count, 1);
    assert_ok(s->ops->read_statements(s, &arena, &rows, &count, 7, 3, 9, &err));
    assert_int_equal(count, 0);
    assert_ok(
        s->ops->read_registry_notes(s, &arena, &notes, &count, 1, 9, &err));
    assert_int_equal(count, 1);
    assert_int_equal(notes[0].position, 7);

    /* An author line is found by its device alone too; it is one line. */
    st = (struct store_statement){.position = 9,
                                  .says = {.kind = XG_SAYS_AUTHOR,
                                           .subject = "d w1",
                                           .owner = "w1"}};
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_statement(s, &st, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(
        s->ops->find_statement(s, &found, &any, XG_SAYS_SHARED, "d", 9, &err));
    assert_false(any);
    assert_ok(
        s->ops->find_statement(s, &found, &any, XG_SAYS_SHARED, "d", 10, &err));
    assert_true(any);
    assert_int_equal(found.says.kind, XG_SAYS_SHARED);
    assert_string_equal(found.says.subject, "d");
    assert_string_equal(found.says.owner, "w1");
    assert_ok(s->ops->read_statements(s, &arena, &rows, &count, 8, 0, 9, &err));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].says.kind, XG_SAYS_AUTHOR);
    xg_arena_clear(&arena);
    close_store(e, s);
}

static void test_people(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(e);
    struct store_device d = {.name = "o/d/0001", .worker = "w1"}, *devices;
    struct store_code c = {.id = hash_of(1, 1),
                           .secret = {1, 2, 3},
                           .worker = "w1",
                           .expires_ms = -5};
    struct store_code code;
    char name[STORE_NAME_MAX + 1];
    size_t count;
    bool found;

    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_person(s, "w1", "王五", &err));
    assert_ok(s->ops->put_person(s, "w1", "赵六", &err));
    assert_ok(s->ops->put_device(s, &d, &err));
    d.state = XG_DEVICE_REVOKED;
    assert_ok(s->ops->put_device(s, &d, &err));
    memcpy(d.name, "o/d/0000", 9);
    assert_ok(s->ops->put_device(s, &d, &err));
    assert_ok(s->ops->put_code(s, &c, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->get_person(s, name, &found, "w1", &err));
    assert_true(found);
    assert_string_equal(name, "赵六");
    assert_ok(s->ops->get_person(s, name, &found, "w2", &err));
    assert_false(found);
    assert_ok(s->ops->find_device(s, &d, &found, "o/d/0001", &err));
    assert_true(found && d.state == XG_DEVICE_REVOKED);
    assert_ok(s->ops->read_devices(s, &arena, &devices, &count, &err));
    assert_int_equal(count, 2);
    assert_string_equal(devices[0].name, "o/d/0001"); /* as they came */
    assert_ok(s->ops->find_code(s, &code, &found, &c.id, &err));
    assert_true(found && !code.used && code.secret[2] == 3);
    assert_int_equal(code.expires_ms, -5);
    c.used = true;
    memset(c.secret, 0, sizeof c.secret);
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_code(s, &c, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->find_code(s, &code, &found, &c.id, &err));
    assert_true(code.used && code.secret[2] == 0);
    xg_arena_clear(&arena);
    close_store(e, s);
}

/* Field by field: what lies between them is the compiler's. */
static void assert_same_act(const struct store_act *a,
                            const struct store_act *b)
{
    assert_string_equal(a->author, b->author);
    assert_memory_equal(a->key, b->key, sizeof a->key);
    assert_memory_equal(&a->asked, &b->asked, sizeof a->asked);
    assert_int_equal(a->done_ms, b->done_ms);
    assert_memory_equal(&a->record, &b->record, sizeof a->record);
    assert_memory_equal(&a->entity, &b->entity, sizeof a->entity);
    assert_memory_equal(&a->contact, &b->contact, sizeof a->contact);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->move, b->move);
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->conflicts, b->conflicts);
    assert_int_equal(a->missing, b->missing);
    assert_string_equal(a->number, b->number);
}

/* Of its author alone, and as long as it is kept. */
static void test_acts(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct store *s = open_store(e);
    struct store_act one = {.author = "d1",
                            .key = {1, 2, 3},
                            .asked = hash_of(1, 2),
                            .done_ms = 1000,
                            .record = hash_of(3, 4),
                            .entity = {{5}},
                            .contact = {{6}},
                            .kind = XG_KIND_INCIDENT,
                            .move = XG_MOVE_FILE,
                            .status = XG_STATUS_FILED,
                            .conflicts = 2,
                            .missing = 3,
                            .number = "2026-000001"};
    struct store_act got = {.kind = 77}, two = one;
    bool found = true;

    snprintf(two.author, sizeof two.author, "d2");
    two.done_ms = 2000;
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_act(s, &one, &err));
    assert_ok(s->ops->put_act(s, &two, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->get_act(s, &got, &found, "d3", one.key, &err));
    assert_false(found);
    assert_int_equal(got.kind, 77);
    assert_ok(s->ops->get_act(s, &got, &found, "d1", one.key, &err));
    assert_true(found);
    assert_same_act(&got, &one);

    /* It is no derived data; once is once. */
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->drop_derived(s, &err));
    assert_true(s->ops->put_act(s, &one, &err) != XG_OK);
    s->ops->rollback(s);
    err = XG_ERROR_NONE;
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->drop_derived(s, &err));
    assert_ok(s->ops->forget_acts(s, 2000, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->get_act(s, &got, &found, "d1", one.key, &err));
    assert_false(found);
    assert_ok(s->ops->get_act(s, &got, &found, "d2", one.key, &err));
    assert_true(found);
    close_store(e, s);
}

static void test_files(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(e);
    struct xg_hash hash = hash_of(1, 1), other = hash_of(2, 2);
    struct store_reference r = {
        .position = 5,
        .says = {
            .kind = "calendar", .edition = "2026", .file = hash, .length = 4}};
    struct store_reference *rows;
    struct xg_bytes content;
    uint64_t below;
    size_t count;
    bool found;

    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_file(s, &hash, xg_bytes("text", 4), &err));
    assert_ok(s->ops->put_file(s, &hash, xg_bytes("text", 4), &err));
    assert_ok(s->ops->put_reference(s, &r, &err));
    r.position = 2;
    assert_ok(s->ops->put_reference(s, &r, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->read_file(s, &arena, &content, &found, &hash, &err));
    assert_true(found && xg_bytes_equal(content, xg_bytes("text", 4)));
    assert_ok(s->ops->read_file(s, &arena, &content, &found, &other, &err));
    assert_false(found);
    assert_ok(s->ops->read_references(s, &arena, &rows, &count, &err));
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].position, 2);
    assert_string_equal(rows[1].says.kind, "calendar");
    assert_ok(s->ops->count_references(s, &below, 2, &err));
    assert_int_equal(below, 0);
    assert_ok(s->ops->count_references(s, &below, 5, &err));
    assert_int_equal(below, 1);
    assert_ok(s->ops->count_references(s, &below, UINT64_MAX / 2, &err));
    assert_int_equal(below, 2);
    xg_arena_clear(&arena);
    close_store(e, s);
}

/* An arena that is too small is a failure, not a short list. */
static struct store_photo photo_of(uint8_t first, uint64_t record,
                                   uint64_t length, bool thumbnail)
{
    return (struct store_photo){hash_of(first, 7), record, length, thumbnail};
}

/* hash[0], record, length and thumbnail of those after the pair. */
static void expect_photos(struct store *s, uint8_t first, uint64_t record,
                          size_t limit, const char *expected)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_hash hash = hash_of(first, first ? 7 : 0);
    struct xg_buf got = XG_BUF(1024);
    struct store_photo *rows;
    size_t count = 0;

    assert_ok(s->ops->read_photos(s, &arena, &rows, &count, &hash, record,
                                  limit, &err));
    xg_buf_text(&got, "");
    for (size_t i = 0; i < count; i++)
        xg_buf_format(&got, "%d:%d:%d%s ", rows[i].hash.b[0],
                      (int)rows[i].record, (int)rows[i].length,
                      rows[i].thumbnail ? "t" : "");
    assert_string_equal(xg_buf_str(&got), expected);
    xg_buf_clear(&got);
    xg_arena_clear(&arena);
}

/* The records that name it, below one. */
static void expect_newest(struct store *s, uint8_t first, uint64_t record,
                          size_t limit, const char *expected)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_hash hash = hash_of(first, 7);
    struct xg_buf got = XG_BUF(1024);
    struct store_photo *rows;
    size_t count = 0;

    assert_ok(s->ops->read_photos_newest(s, &arena, &rows, &count, &hash,
                                         record, limit, &err));
    xg_buf_text(&got, "");
    for (size_t i = 0; i < count; i++) {
        assert_true(xg_hash_equal(&rows[i].hash, &hash));
        xg_buf_format(&got, "%d ", (int)rows[i].record);
    }
    assert_string_equal(xg_buf_str(&got), expected);
    xg_buf_clear(&got);
    xg_arena_clear(&arena);
}

static void test_photos_named(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct store *s = open_store(e);
    const struct store_photo rows[] = {
        photo_of(9, 4, 400, false), photo_of(3, 7, 100, true),
        photo_of(3, 2, 99, false), photo_of(3, 12, 100, false),
        /* twice by one record: once as a thumbnail */
        photo_of(9, 4, 401, true), photo_of(3, 7, 100, false)};

    assert_ok(s->ops->begin(s, &err));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_ok(s->ops->put_photo(s, &rows[i], &err));
    assert_ok(s->ops->commit(s, &err));
    expect_photos(s, 0, 0, 10, "3:2:99 3:7:100 3:12:100 9:4:400 ");
    expect_photos(s, 3, 2, 2, "3:7:100 3:12:100 ");
    expect_photos(s, 9, 4, 2, "");
    expect_newest(s, 3, INT64_MAX, 10, "12 7 2 ");
    expect_newest(s, 3, 12, 1, "7 ");
    expect_newest(s, 3, 2, 1, "");
    expect_newest(s, 4, INT64_MAX, 1, "");
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->drop_derived(s, &err));
    assert_ok(s->ops->commit(s, &err));
    expect_photos(s, 0, 0, 10, "");
    close_store(e, s);
}

static void expect_photo_counts(struct store *s, uint64_t held, uint64_t bytes,
                                uint64_t wanted)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_photos n;

    assert_ok(s->ops->count_photos(s, &n, &err));
    assert_int_equal(n.held, held);
    assert_int_equal(n.held_bytes, bytes);
    assert_int_equal(n.wanted, wanted);
}

static void test_photos_held(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(e);
    struct xg_hash unknown = hash_of(77, 7);
    struct store_held *rows, row;
    size_t count;
    bool found;

    expect_photo_counts(s, 0, 0, 0);
    assert_ok(s->ops->begin(s, &err));
    for (uint8_t i = 1; i <= 3; i++) {
        struct xg_blob blob = {hash_of((uint8_t)(40 - i), 7), i * 1000u};
        assert_ok(s->ops->put_held(s, &blob, 50 + i, &err));
        assert_ok(s->ops->put_held(s, &blob, 90, &err)); /* stays as it is */
    }
    assert_ok(s->ops->commit(s, &err));
    expect_photo_counts(s, 3, 6000, 0);
    assert_ok(s->ops->read_held(s, &arena, &rows, &count, 1, 10, &err));
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].number, 2);
    assert_int_equal(rows[0].blob.sha256.b[0], 38);
    assert_int_equal(rows[1].position, 53);
    assert_ok(s->ops->read_held(s, &arena, &rows, &count, 0, 1, &err));
    assert_int_equal(count, 1);
    assert_ok(s->ops->find_held(s, &row, &found, &rows->blob.sha256, &err));
    assert_true(found);
    assert_int_equal(row.number, 1);
    assert_int_equal(row.blob.length, 1000);
    assert_int_equal(row.position, 51);
    assert_ok(s->ops->find_held(s, &row, &found, &unknown, &err));
    assert_false(found);
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->drop_derived(s, &err));
    assert_ok(s->ops->commit(s, &err));
    expect_photo_counts(s, 0, 0, 0);
    xg_arena_clear(&arena);
    close_store(e, s);
}

static void put_wanted(struct store *s, uint8_t first, const char *device)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_wanted w = {.blob = {hash_of(first, 7), first * 10u},
                             .entity = {{first}},
                             .since_ms = 1800000000000 + first};

    snprintf(w.device, sizeof w.device, "%s", device);
    assert_ok(s->ops->put_wanted(s, &w, &err));
}

static void expect_wanted(struct store *s, const char *device, uint64_t after,
                          const char *expected)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_buf got = XG_BUF(1024);
    struct store_wanted *rows;
    size_t count = 0;

    assert_ok(s->ops->read_wanted(s, &arena, &rows, &count, device, after, 10,
                                  &err));
    xg_buf_text(&got, "");
    for (size_t i = 0; i < count; i++)
        xg_buf_format(&got, "%d:%s ", rows[i].blob.sha256.b[0],
                      rows[i].device);
    assert_string_equal(xg_buf_str(&got), expected);
    xg_buf_clear(&got);
    xg_arena_clear(&arena);
}

/* An operator's wish is no derived data. */
static void test_photos_wanted(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct store *s = open_store(e);
    struct xg_hash second = hash_of(2, 7);
    struct store_wanted row;
    bool found;

    assert_ok(s->ops->begin(s, &err));
    put_wanted(s, 5, "x/d/0001");
    put_wanted(s, 2, "x/d/0002");
    put_wanted(s, 4, "x/d/0001");
    put_wanted(s, 2, "x/d/0009"); /* of one more */
    put_wanted(s, 2, "x/d/0002"); /* stays as it is */
    assert_ok(s->ops->drop_derived(s, &err));
    assert_ok(s->ops->commit(s, &err));
    expect_photo_counts(s, 0, 0, 3);
    expect_wanted(s, NULL, 0, "5:x/d/0001 2:x/d/0002 4:x/d/0001 2:x/d/0009 ");
    expect_wanted(s, "x/d/0009", 0, "2:x/d/0009 ");
    expect_wanted(s, "x/d/0001", 0, "5:x/d/0001 4:x/d/0001 ");
    expect_wanted(s, "x/d/0001", 1, "4:x/d/0001 ");
    expect_wanted(s, "x/d/0003", 0, "");
    assert_ok(s->ops->find_wanted(s, &row, &found, &second, &err));
    assert_true(found);
    assert_int_equal(row.blob.length, 20);
    assert_int_equal(row.entity.b[0], 2);
    assert_int_equal(row.since_ms, 1800000000002);
    assert_string_equal(row.device, "x/d/0002");
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->drop_wanted(s, &second, &err));
    assert_ok(s->ops->drop_wanted(s, &second, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->find_wanted(s, &row, &found, &second, &err));
    assert_false(found);
    expect_wanted(s, NULL, 0, "5:x/d/0001 4:x/d/0001 ");
    close_store(e, s);
}

/* Keys that somebody gave: each stays, until she has another. What failed before
 * is nothing to a call that does not. */
static void test_given(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct store *s = open_store(e);
    struct store_operator o = {.code = "op", .given_by = "reg"}, read;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store_given *rows;
    size_t count;
    bool found;

    xg_ignore(xg_fail(&err, XG_NOTFOUND, "before"));
    assert_int_equal(s->ops->begin(s, &err), XG_OK);
    for (uint8_t n = 1; n <= 2; n++) {
        o.given = hash_of(n, 9);
        o.given_ms = 100 * n;
        assert_int_equal(s->ops->put_operator(s, &o, &err), XG_OK);
        assert_int_equal(s->ops->put_operator(s, &o, &err), XG_OK);
    }
    err = XG_ERROR_NONE;
    assert_ok(s->ops->read_given(s, &arena, &rows, &count, "op", &err));
    assert_int_equal(count, 2);
    assert_true(rows[0].ms == 100 && rows[1].ms == 200);
    assert_true(rows[0].used_ms == 0 && rows[1].used_ms == 0);
    o.used_ms = 300;
    assert_ok(s->ops->put_operator(s, &o, &err));
    o.used_ms = 400; /* hers since the first time */
    assert_ok(s->ops->put_operator(s, &o, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->read_given(s, &arena, &rows, &count, "op", &err));
    assert_true(count == 2 && rows[0].used_ms == 300 && rows[1].used_ms == 300);
    assert_ok(s->ops->read_given(s, &arena, &rows, &count, "other", &err));
    assert_int_equal(count, 0);
    assert_ok(s->ops->get_operator(s, &read, &found, "op", &err));
    assert_true(found && read.used_ms == 400);
    xg_arena_clear(&arena);
    close_store(e, s);
}

static void test_no_memory(void **state)
{
    struct engine *e = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(256);
    struct store *s = open_store(e);
    struct store_record *rows;
    size_t count = 99;

    fill(s);
    assert_status(
        s->ops->read_records(s, &arena, &rows, &count, 1, 5, 10, &err),
        XG_NOMEM);
    assert_int_equal(count, 99);
    xg_arena_clear(&arena);
    close_store(e, s);
}

/* ---- one engine alone ---- */

static void test_faults(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct engine e = {.name = "fault"};
    struct store *s = open_store(&e);
    uint64_t value = 0;
    (void)unused;

    e.fault = (struct store_fault){.status = XG_FULL, .countdown = 1};
    assert_ok(s->ops->begin(s, &err));
    assert_status(s->ops->put_value(s, "x", 1, &err), XG_FULL);
    assert_int_equal(e.fault.failed, 1);
    assert_ok(s->ops->put_value(s, "x", 2, &err)); /* once only */
    assert_ok(s->ops->commit(s, &err));

    e.fault = (struct store_fault){.status = XG_BUSY, .repeat = true};
    assert_status(s->ops->begin(s, &err), XG_BUSY);
    assert_status(s->ops->begin(s, &err), XG_BUSY);
    assert_int_equal(e.fault.failed, 2);

    /* A commit that fails did not happen; a sync that fails did. */
    e.fault = (struct store_fault){.status = XG_OK};
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_value(s, "x", 3, &err));
    e.fault = (struct store_fault){.status = XG_FULL};
    assert_status(s->ops->commit(s, &err), XG_FULL);
    e.fault = (struct store_fault){.status = XG_OK};
    s->ops->rollback(s);
    assert_ok(s->ops->get_value(s, &value, "x", &err));
    assert_int_equal(value, 2);
    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->put_value(s, "x", 4, &err));
    e.fault = (struct store_fault){.status = XG_IO};
    assert_status(s->ops->commit(s, &err), XG_IO);
    e.fault = (struct store_fault){.status = XG_OK};
    s->ops->rollback(s);
    assert_ok(s->ops->get_value(s, &value, "x", &err));
    assert_int_equal(value, 4);
    close_store(&e, s);
}

/* Every statement prepares, and numbers its parameters as it writes them. */
static void test_statements(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_sql *all[] = {&server_sql, &server_lock_sql};
    (void)unused;

    for (size_t i = 0; i < 2; i++) {
        struct xg_db *db;
        assert_ok(xg_db_open(&db, ":memory:", all[i], NULL, &err));
        assert_ok(xg_db_check_statements(db, &err));
        xg_db_close(db);
    }
}

/* Every table and index of a file, by its name, without what nobody obeys:
 * comments and blanks. */
static char *schema_of(const char *path)
{
    static const char all[] =
        "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name";
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    sqlite3 *db;
    sqlite3_stmt *s;

    assert_non_null(out);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, all, -1, &s, NULL), SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        const char *sql = (const char *)sqlite3_column_text(s, 2);

        fprintf(out, "%s %s: ", sqlite3_column_text(s, 0),
                sqlite3_column_text(s, 1));
        for (; sql && *sql; sql++)
            if (strncmp(sql, "--", 2) == 0)
                sql += strcspn(sql, "\n");
            else if (!strchr(" \n", *sql))
                fputc(*sql, out);
        fputc('\n', out);
    }
    sqlite3_finalize(s);
    sqlite3_close(db);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* What a new file is made of is what one that came all the way has. */
static void test_a_new_file_is_like_one_that_was_migrated(void **unused)
{
    struct xg_sql all = server_sql, first = server_sql;
    struct xg_error err = XG_ERROR_NONE;
    struct engine at_once = {.name = "new", .file = true};
    struct engine steps = {.name = "old", .file = true};
    struct xg_db *db;
    (void)unused;

    make_folder(&steps);
    all.newest = first.newest = NULL;
    first.migration_count = 1;
    assert_ok(xg_db_open(&db, steps.path, &first, NULL, &err));
    xg_db_close(db);
    assert_ok(xg_db_open(&db, steps.path, &all, NULL, &err));
    xg_db_close(db);
    struct store *s = open_store(&at_once);
    char *one = schema_of(at_once.path), *other = schema_of(steps.path);
    assert_non_null(strstr(one, "table operator: CREATETABLEoperator(code"));
    assert_string_equal(one, other);
    free(one);
    free(other);
    close_store(&at_once, s);
    /* The one opens as the other does. */
    s = open_store(&steps);
    close_store(&steps, s);
}

/* A search by name goes through all runs: the newest, and old ones. */
static void test_runs(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct engine e = {.name = "memory"};
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store *s = open_store(&e);
    struct store_record row;
    bool found;
    (void)unused;

    assert_ok(s->ops->begin(s, &err));
    for (uint64_t i = 0; i < 5; i++) {
        struct store_record r = record_of(i + 1, i, 0, false);
        r.number = i << 15 | 1;
        r.hash = hash_of((uint8_t)(200 - i), 1);
        assert_ok(s->ops->put_records(s, &r, 1, &err));
    }
    assert_ok(s->ops->commit(s, &err));
    for (uint64_t i = 0; i < 5; i++) {
        struct xg_hash hash = hash_of((uint8_t)(200 - i), 1);
        assert_ok(s->ops->find_record(s, &arena, &row, &found, &hash, &err));
        assert_true(found);
        assert_int_equal(row.seq, i);
    }
    xg_arena_clear(&arena);
    close_store(&e, s);
}

/* ---- sieves over the runs of names ---- */

enum { SIEVED_RUNS = 3, SIEVED_NAMES = 500 };

static struct xg_hash drawn_hash(uint64_t run, uint64_t i)
{
    uint64_t x = run << 32 | i;
    struct xg_hash h;

    /* splitmix64 */
    for (size_t at = 0; at < sizeof h.b; at += sizeof x) {
        uint64_t z = x += UINT64_C(0x9E3779B97F4A7C15);
        z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
        z ^= z >> 31;
        memcpy(h.b + at, &z, sizeof z);
    }
    return h;
}

/* Names from..to of each run; the runs are not full, their numbers are. */
static void put_named(struct store *s, uint64_t from, uint64_t to)
{
    struct xg_error err = XG_ERROR_NONE;

    for (uint64_t run = 0; run < SIEVED_RUNS; run++)
        for (uint64_t i = from; i < to; i++) {
            struct store_record r = record_of(run << 15 | (i + 1),
                                              run << 15 | i, 0, false);
            r.hash = drawn_hash(run, i);
            assert_ok(s->ops->put_records(s, &r, 1, &err));
        }
}

/* Exactly those below `to` are found, as the records that they are. */
static void expect_named(struct store *s, uint64_t to)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store_record row;

    for (uint64_t run = 0; run < SIEVED_RUNS; run++)
        for (uint64_t i = 0; i < SIEVED_NAMES; i++) {
            struct xg_hash hash = drawn_hash(run, i);
            bool found;
            assert_ok(
                s->ops->find_record(s, &arena, &row, &found, &hash, &err));
            assert_int_equal(found, i < to);
            if (found)
                assert_int_equal(row.number, run << 15 | (i + 1));
            xg_arena_reset(&arena);
        }
    xg_arena_clear(&arena);
}

static bool sieved(struct store *s)
{
    struct sqlite_names *names = &((struct sqlite_store *)s)->names;

    for (size_t run = 0; run < SIEVED_RUNS; run++)
        if (run >= names->count || !names->sieves[run].bits)
            return false;
    return true;
}

static void begin_sieved(struct store *s, uint64_t to)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(s->ops->begin(s, &err));
    for (int i = 0; i < 3 && !sieved(s); i++)
        expect_named(s, to);
    assert_true(sieved(s));
}

/* Whatever is added, rolled back, dropped, or written by somebody else. */
static void test_sieves(void **unused)
{
    struct xg_error err = XG_ERROR_NONE;
    struct engine e = {.name = "sqlite", .file = true};
    struct store *s = open_store(&e), *other;
    (void)unused;

    assert_ok(s->ops->begin(s, &err));
    put_named(s, 0, 100);
    assert_ok(s->ops->commit(s, &err));
    expect_named(s, 100);
    assert_false(sieved(s));

    begin_sieved(s, 100);
    put_named(s, 100, 200);
    expect_named(s, 200);
    s->ops->rollback(s);
    begin_sieved(s, 100);
    put_named(s, 100, 200);
    assert_ok(s->ops->commit(s, &err));
    begin_sieved(s, 200);
    expect_named(s, 200);

    assert_ok(s->ops->drop_derived(s, &err));
    assert_false(sieved(s));
    put_named(s, 0, 50);
    for (int i = 0; i < 3 && !sieved(s); i++)
        expect_named(s, 50);
    assert_true(sieved(s));
    s->ops->rollback(s);
    expect_named(s, 200);
    begin_sieved(s, 200);
    expect_named(s, 200);
    assert_ok(s->ops->commit(s, &err));

    assert_ok(store_sqlite_open(&other, e.path, &err));
    assert_ok(other->ops->begin(other, &err));
    put_named(other, 200, 300);
    assert_ok(other->ops->commit(other, &err));
    store_close(other);
    assert_ok(s->ops->begin(s, &err));
    assert_false(sieved(s));
    expect_named(s, 300);
    s->ops->rollback(s);
    close_store(&e, s);
}

/* ---- names that lie apart until their chunk is whole ---- */

/* Records from..to, of the numbers from + 1..to. */
static void put_in_turn(struct store *s, uint64_t from, uint64_t to)
{
    struct xg_error err = XG_ERROR_NONE;

    for (uint64_t i = from; i < to; i++) {
        struct store_record r = record_of(i + 1, i, 0, false);
        r.hash = drawn_hash(7, i);
        assert_ok(s->ops->put_records(s, &r, 1, &err));
    }
}

static void expect_unnamed(struct store *s, uint64_t first)
{
    struct xg_error err = XG_ERROR_NONE;
    uint64_t number = 77;

    assert_ok(s->ops->find_unnamed(s, &number, &err));
    assert_int_equal(number, first);
}

static void put_group(struct store *s, uint64_t from, uint64_t to)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(s->ops->begin(s, &err));
    put_in_turn(s, from, to);
    assert_ok(s->ops->commit(s, &err));
}

/* Exactly the first `to` of `all` are found, as the records that they are. */
static void expect_in_turn(struct store *s, uint64_t to, uint64_t all)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store_record row;

    for (uint64_t i = 0; i < all; i++) {
        struct xg_hash hash = drawn_hash(7, i);
        bool found;
        assert_ok(s->ops->find_record(s, &arena, &row, &found, &hash, &err));
        assert_int_equal(found, i < to);
        if (found)
            assert_int_equal(row.number, i + 1);
        xg_arena_reset(&arena);
    }
    xg_arena_clear(&arena);
}

/* By each connection, before and after they move, and where the transaction in
 * which they moved did not last. */
static void test_names_move(void **unused)
{
    enum { CHUNK = 1 << 12, ALL = 2 * CHUNK + 200 };
    struct xg_error err = XG_ERROR_NONE;
    struct engine e = {.name = "sqlite", .file = true};
    struct store *s = open_store(&e), *other;
    (void)unused;

    put_group(s, 0, CHUNK - 100);
    assert_ok(s->ops->begin(s, &err));
    put_in_turn(s, CHUNK - 100, CHUNK + 100);
    expect_in_turn(s, CHUNK + 100, ALL);
    s->ops->rollback(s);
    expect_in_turn(s, CHUNK - 100, ALL);
    put_group(s, CHUNK - 100, CHUNK + 100);
    expect_in_turn(s, CHUNK + 100, ALL);

    assert_ok(store_sqlite_open(&other, e.path, &err));
    expect_in_turn(other, CHUNK + 100, ALL);
    put_group(other, CHUNK + 100, 2 * CHUNK + 1);
    expect_in_turn(s, 2 * CHUNK + 1, ALL);
    put_group(s, 2 * CHUNK + 1, ALL);
    expect_in_turn(other, ALL, ALL);
    store_close(other);

    assert_ok(s->ops->begin(s, &err));
    assert_ok(s->ops->drop_derived(s, &err));
    expect_in_turn(s, 0, ALL);
    put_in_turn(s, 0, CHUNK + 1);
    expect_in_turn(s, CHUNK + 1, ALL);
    assert_ok(s->ops->commit(s, &err));
    expect_in_turn(s, CHUNK + 1, ALL);

    /* Lost, those that lie apart: from the chunk's first number on. */
    struct xg_db *db = ((struct sqlite_store *)s)->db;
    expect_unnamed(s, 0);
    assert_ok(s->ops->begin(s, &err));
    assert_ok(xg_stmt_run(xg_stmt(db, SERVER_STMT_DROP_NAME_FRESH), &err));
    expect_unnamed(s, CHUNK);
    assert_ok(xg_stmt_run(xg_stmt(db, SERVER_STMT_DROP_NAME), &err));
    expect_unnamed(s, 1);
    s->ops->rollback(s);
    close_store(&e, s);
}

static uint64_t pages_of_group(struct engine *e, struct store *s, uint64_t from,
                               uint64_t to)
{
    char log[TEST_PATH_SIZE + 8];
    struct stat before, after;

    snprintf(log, sizeof log, "%s-wal", e->path);
    assert_int_equal(stat(log, &before), 0);
    put_group(s, from, to);
    assert_int_equal(stat(log, &after), 0);
    return (uint64_t)(after.st_size - before.st_size) / 4096;
}

/* What a group writes does not grow with the run that its names are of. */
static void test_names_write_little(void **unused)
{
    enum { GROUP = 400, FULL = 26000 };
    struct engine e = {.name = "sqlite", .file = true};
    struct store *s = open_store(&e);
    uint64_t first, late;
    (void)unused;

    put_group(s, 0, 100);
    first = pages_of_group(&e, s, 100, 100 + GROUP);
    for (uint64_t at = 100 + GROUP; at < FULL; at += GROUP)
        put_group(s, at, at + GROUP);
    late = pages_of_group(&e, s, FULL + GROUP, FULL + 2 * GROUP);
    if (late > first + 48)
        fail_msg("%" PRIu64 " pages, at first %" PRIu64, late, first);
    close_store(&e, s);
}

/* Of a group that touches each hundredth of many entities, which all have what
 * an index is of, or have it not. */
static uint64_t pages_of_touch(bool indexed)
{
    enum { ENTITIES = 20000, EACH_OF = 100 };
    struct xg_error err = XG_ERROR_NONE;
    struct engine e = {.name = "sqlite", .file = true};
    struct store *s = open_store(&e);
    struct store_entity row = entity_of(1, 7, "north");
    struct stat before, after;
    char log[TEST_PATH_SIZE + 8];

    row.open = indexed;
    row.links = row.conflicts = indexed;
    assert_ok(s->ops->begin(s, &err));
    for (row.number = 1; row.number <= ENTITIES; row.number++)
        assert_ok(s->ops->put_entity(s, &row, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_ok(s->ops->tidy(s, &err));
    row.changed++;
    snprintf(log, sizeof log, "%s-wal", e.path);
    assert_int_equal(stat(log, &before), 0);
    assert_ok(s->ops->begin(s, &err));
    for (row.number = 1; row.number <= ENTITIES; row.number += EACH_OF)
        assert_ok(s->ops->put_entity(s, &row, &err));
    assert_ok(s->ops->commit(s, &err));
    assert_int_equal(stat(log, &after), 0);
    close_store(&e, s);
    return (uint64_t)(after.st_size - before.st_size) / 4096;
}

/* What stays as it is is not written. */
static void test_a_touched_entity_writes_little(void **unused)
{
    uint64_t plain = pages_of_touch(false), indexed = pages_of_touch(true);
    (void)unused;

    assert_true(plain > 100);
    if (indexed > plain + 8)
        fail_msg("%" PRIu64 " pages, without indexes %" PRIu64, indexed, plain);
}

#define EACH(test, engine)                                                     \
    {                                                                          \
#test, test, NULL, NULL, &(engine)                                     \
    }
#define ALL(engine)                                                            \
    EACH(test_transactions, engine), EACH(test_readers, engine),               \
        EACH(test_durable, engine), EACH(test_log, engine),                    \
        EACH(test_batches, engine), EACH(test_chains, engine),                 \
        EACH(test_records, engine), EACH(test_time_notes, engine),             \
        EACH(test_entities, engine), EACH(test_witnesses, engine),                                           \
        EACH(test_scope, engine), EACH(test_hands, engine),                    \
        EACH(test_unfolded, engine), EACH(test_registry, engine),              \
        EACH(test_people, engine), EACH(test_acts, engine),                    \
        EACH(test_given, engine), EACH(test_files, engine),                    \
        EACH(test_photos_named, engine), EACH(test_photos_held, engine),       \
        EACH(test_photos_wanted, engine), EACH(test_no_memory, engine)

int main(void)
{
    static struct engine sqlite = {.name = "sqlite", .file = true};
    static struct engine memory = {.name = "memory"};
    static struct engine fault = {.name = "fault", .file = true};
    const struct CMUnitTest tests[] = {
        ALL(sqlite),
        ALL(memory),
        ALL(fault),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_a_new_file_is_like_one_that_was_migrated),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_sieves),
        cmocka_unit_test(test_names_move),
        cmocka_unit_test(test_names_write_little),
        cmocka_unit_test(test_a_touched_entity_writes_little),
    };

    return xg_base_init() == 0 ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
