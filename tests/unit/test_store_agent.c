/* What the agent keeps: identity, chains, judging, merging between two homes,
 * the outbox, forks of a restored copy, and nothing readable on the disk. */
#define _GNU_SOURCE /* memmem */
#include "tests/lib/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/record/capture.h"
#include "agent/record/kept_draft.h"
#include "agent/store/fold.h"
#include "agent/store/inside.h"
#include "agent_sql.h"
#include "shared/base/os.h"
#include "tests/lib/home.h"

static struct xg_error err;
static struct test_district district;
static struct xg_arena arena;

static int setup(void **state)
{
    (void)state;
    arena = XG_ARENA(16 << 20);
    test_district_init(&district);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_district_clear(&district);
    xg_arena_clear(&arena);
    return 0;
}

static struct captured report(struct home *h, const char *description)
{
    struct captured c;
    struct xg_draft d;

    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_set_text(&d, XG_INCIDENT_CATEGORY, "garbage", &err));
    assert_ok(capture_set_text(&d, XG_INCIDENT_DESCRIPTION, description, &err));
    assert_ok(capture_create(h->store, &c, &d, NULL, &err));
    return c;
}

static void set_text(struct home *h, const struct xg_id *id, uint64_t field,
                     const char *text)
{
    struct captured c;
    struct xg_draft d;

    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_set_text(&d, field, text, &err));
    assert_ok(capture_change(h->store, &c, id, &d, NULL, &err));
    assert_true(xg_id_equal(&c.id, id));
}

static struct store_entity look(struct home *h, const struct xg_id *id)
{
    struct store_entity e;

    assert_ok(store_load_entity(h->store, &e, NULL, id, &err));
    return e;
}

static struct xg_hash digest(struct home *h)
{
    struct xg_hash sum;

    assert_ok(fold_digest(h->store, &sum, &err));
    return sum;
}

static void assert_alike(struct home *a, struct home *b)
{
    struct xg_hash one = digest(a), other = digest(b);

    assert_memory_equal(one.b, other.b, XG_HASH_SIZE);
}

static void assert_rebuilds(struct home *h)
{
    struct xg_hash before = digest(h);
    size_t count;

    assert_ok(fold_rebuild(h->store, &count, &err));
    struct xg_hash after = digest(h);
    assert_memory_equal(before.b, after.b, XG_HASH_SIZE);
}

static void test_statements_prepare(void **state)
{
    struct home *h = test_home(&district, 0, false);

    (void)state;
    assert_ok(xg_db_check_statements(h->store->db, &err));
}

static void test_identity_survives(void **state)
{
    struct store_identity id;
    struct xg_signer signer, again;
    struct home *h = test_home(&district, 0, false);

    (void)state;
    assert_ok(store_signer(h->store, &signer, NULL, &err));
    test_home_again(&district, 0);
    assert_ok(store_get_identity(h->store, &id, &err));
    assert_true(id.joined);
    assert_string_equal(id.device, "example.org/d/0417");
    assert_string_equal(id.worker, "w00");
    assert_string_equal(id.log.name, "example.org/log");
    assert_ok(store_signer(h->store, &again, NULL, &err));
    assert_memory_equal(signer.secret, again.secret, sizeof again.secret);
}

static void test_nothing_before_joining(void **state)
{
    char path[HOME_PATH_SIZE];
    struct store_identity id;
    struct captured c;
    struct xg_draft d;
    struct home h;

    (void)state;
    snprintf(path, sizeof path, "%s/fresh/below", district.folder);
    assert_status(home_open(&h, path, false, &district.env, &err), XG_NOTFOUND);
    assert_ok(home_open(&h, path, true, &district.env, &err));
    assert_ok(store_get_identity(h.store, &id, &err));
    assert_false(id.joined);
    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_set_text(&d, XG_INCIDENT_CATEGORY, "noise", &err));
    assert_status(capture_create(h.store, &c, &d, NULL, &err), XG_REFUSED);
    home_close(&h);
}

static void test_find_by_what_is_typed(void **state)
{
    struct home *h = test_home(&district, 0, false);
    struct captured first = report(h, "one"), second = report(h, "two");
    char hex[33], wrong[XG_NUMBER_SIZE];
    struct xg_id id;

    (void)state;
    assert_string_equal(first.number, "0417-00001-7");
    assert_memory_equal(second.number, "0417-00002-", 11);
    assert_ok(store_find_entity(h->store, &id, first.number, &err));
    assert_true(xg_id_equal(&id, &first.id));
    xg_hex(hex, second.id.b, XG_ID_SIZE);
    hex[7] = '\0';
    assert_ok(store_find_entity(h->store, &id, hex, &err));
    assert_true(xg_id_equal(&id, &second.id));

    snprintf(wrong, sizeof wrong, "%s", first.number);
    wrong[strlen(wrong) - 1] ^= 1;
    assert_status(store_find_entity(h->store, &id, wrong, &err), XG_USAGE);
    xg_number_print(wrong, "0417", 9);
    assert_status(store_find_entity(h->store, &id, wrong, &err), XG_NOTFOUND);
    assert_status(store_find_entity(h->store, &id, "ffffffffffff", &err),
                  XG_NOTFOUND);
    assert_status(store_find_entity(h->store, &id, "zzzz", &err), XG_USAGE);
    assert_status(store_find_entity(h->store, &id, "abc", &err), XG_USAGE);
    assert_status(store_find_entity(h->store, &id, "draft-3", &err),
                  XG_NOTFOUND);
}

static void test_ambiguous_names_candidates(void **state)
{
    struct home *h = test_home(&district, 0, false);
    struct xg_id id;
    char both[5] = "";

    (void)state;
    /* Of enough entities some share their first four digits. */
    uint8_t *seen = calloc(65536, 1);
    assert_non_null(seen);
    while (!*both) {
        struct captured c = report(h, "x");
        unsigned at = xg_load_u16(c.id.b);
        if (seen[at]++)
            xg_hex(both, c.id.b, 2);
    }
    free(seen);
    assert_status(store_find_entity(h->store, &id, both, &err), XG_AMBIGUOUS);
    assert_non_null(strstr(xg_error_text(&err), "0417-"));
}

static void test_conflict_and_settling(void **state)
{
    struct home *a = test_home(&district, 0, false);
    struct home *b = test_home(&district, 1, false);
    struct captured c = report(a, "楼道堆物");

    (void)state;
    test_deliver(&district, 0);
    assert_int_equal(look(b, &c.id).conflicts, 0);
    assert_string_equal(look(b, &c.id).number, c.number);
    assert_false(look(b, &c.id).mine);
    assert_true(look(a, &c.id).mine);

    set_text(a, &c.id, XG_INCIDENT_ADDRESS, "通达路1号");
    set_text(b, &c.id, XG_INCIDENT_ADDRESS, "通达路2号");
    test_deliver(&district, 0);
    test_deliver(&district, 1);
    assert_int_equal(look(a, &c.id).conflicts, 1);
    assert_int_equal(look(b, &c.id).conflicts, 1);
    assert_alike(a, b);

    /* Somebody who has seen both writes it again. */
    set_text(b, &c.id, XG_INCIDENT_ADDRESS, "通达路3号");
    assert_int_equal(look(b, &c.id).conflicts, 0);
    test_deliver(&district, 1);
    assert_int_equal(look(a, &c.id).conflicts, 0);
    assert_alike(a, b);
    assert_rebuilds(a);
    assert_rebuilds(b);
}

static void test_late_record_waits(void **state)
{
    struct home *a = test_home(&district, 0, false);
    struct home *b = test_home(&district, 1, false);
    struct home *c = test_home(&district, 2, false);
    struct captured made = report(a, "one");

    (void)state;
    test_deliver(&district, 0);
    /* c misses what a writes next, and gets b's answer to it first. */
    home_close(&district.homes[2]);
    set_text(a, &made.id, XG_INCIDENT_ADDRESS, "a");
    struct store_entity e = look(a, &made.id);
    struct fold fold;
    assert_int_equal(e.records, 2);
    assert_ok(fold_load(a->store, &fold, &arena, &made.id, &err));
    size_t late = fold.facts[0].row < fold.facts[1].row ? 1 : 0;
    struct xg_update u = {
        .kind = XG_UPDATE_RECORD,
        .chain = fold.facts[late].chain,
        .seq = fold.facts[late].seq,
        .previous = fold.ops[1 - late].record->hash,
        .position = district.log_size,
        .record = *fold.ops[late].record,
    };
    test_deliver(&district, 0);
    test_home_again(&district, 2);
    set_text(b, &made.id, XG_INCIDENT_ADDRESS, "b");
    test_deliver(&district, 1);

    assert_ok(fold_load(c->store, &fold, &arena, &made.id, &err));
    assert_int_equal(fold.state.count, 2);
    assert_int_equal(fold.state.effects[fold.state.creator == 0 ? 1 : 0],
                     XG_EFFECT_PENDING);
    assert_ok(store_begin(c->store, &err));
    assert_ok(store_apply_update(c->store, &u, &err));
    assert_ok(store_commit(c->store, &err));
    assert_alike(b, c);
    assert_rebuilds(c);
}

static void test_judged_by_the_registry(void **state)
{
    struct home *a = test_home(&district, 0, true); /* not registered yet */
    struct captured c = report(a, "one");
    struct store_registry_end end;
    struct fold fold;

    (void)state;
    /* Provisional: the worker sees the own report. */
    assert_ok(fold_load(a->store, &fold, &arena, &c.id, &err));
    assert_null(fold.ops[0].no_right);
    assert_int_equal(fold.ops[0].rank, 20);
    assert_string_equal(fold.facts[0].judged.author, "w00");

    assert_ok(store_begin(a->store, &err));
    assert_ok(store_registry_end(a->store, &end, &err));
    assert_ok(store_put_registry_note(a->store, &end, 0,
                                      xg_buf_bytes(&district.registry), &err));
    assert_ok(store_commit(a->store, &err));
    assert_string_equal(look(a, &c.id).unit, "371302001");

    /* The same note again is passed over; a gap is not. */
    assert_ok(store_begin(a->store, &err));
    assert_ok(store_put_registry_note(a->store, &end, 0,
                                      xg_buf_bytes(&district.registry), &err));
    store_rollback(a->store);
    uint64_t number;
    struct xg_hash leaf;
    assert_ok(store_registry_newest(a->store, &number, &leaf, &err));
    assert_int_equal(number, 1);
}

/* A new device takes thousands of notes of the registry: what each of them
 * changes here is found without going through all records. */
static void test_a_note_goes_through_no_table(void **state)
{
    struct home *a = test_home(&district, 0, false);
    char path[HOME_PATH_SIZE + 16];
    unsigned asked = 0;
    sqlite3 *db;

    (void)state;
    snprintf(path, sizeof path, "%s/agent.db", a->path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    for (size_t i = 0; i < agent_sql.statement_count; i++) {
        struct xg_buf sql = XG_BUF(4096);
        sqlite3_stmt *s;
        if (strcmp(agent_sql.names[i], "record_entities_of_device") != 0 &&
            strcmp(agent_sql.names[i], "record_entities_anchored_after") != 0)
            continue;
        asked++;
        xg_buf_format(&sql, "EXPLAIN QUERY PLAN %s", agent_sql.statements[i]);
        assert_int_equal(
            sqlite3_prepare_v2(db, xg_buf_str(&sql), -1, &s, NULL), SQLITE_OK);
        while (sqlite3_step(s) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(s, 3);
            if (strncmp(step, "SCAN ", 5) == 0)
                fail_msg("%s: %s", agent_sql.names[i], step);
        }
        sqlite3_finalize(s);
        xg_buf_clear(&sql);
    }
    assert_int_equal(asked, 2);
    sqlite3_close(db);
}

static void test_a_shared_device_is_known(void **state)
{
    struct home *a = test_home(&district, 0, false);
    const struct xg_registry *r = store_registry(a->store);
    struct xg_statement s;
    uint64_t position;
    bool found;

    (void)state;
    assert_ok(r->find(r->ctx, XG_SAYS_SHARED, "example.org/d/0417", 1, &s,
                      &position, &found, &err));
    assert_true(found);
    assert_int_equal(s.kind, XG_SAYS_SHARED);
    assert_string_equal(s.subject, "example.org/d/0417");
    assert_ok(r->find(r->ctx, XG_SAYS_SHARED, "example.org/d/0417", 0, &s,
                      &position, &found, &err));
    assert_false(found);
    assert_ok(r->find(r->ctx, XG_SAYS_SHARED, "example.org/d/0418", 9, &s,
                      &position, &found, &err));
    assert_false(found);
}

static void test_author_and_right(void **state)
{
    struct home *a = test_home(&district, 0, false);
    struct captured c;
    struct xg_draft d;
    struct fold fold;

    (void)state;
    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_set_text(&d, XG_INCIDENT_CATEGORY, "noise", &err));
    assert_ok(capture_create(a->store, &c, &d, "w00", &err));
    assert_ok(fold_load(a->store, &fold, &arena, &c.id, &err));
    assert_int_equal(fold.ops[0].record->head.author.len, 0);

    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_set_text(&d, XG_INCIDENT_CATEGORY, "noise", &err));
    assert_ok(capture_create(a->store, &c, &d, "w01", &err));
    assert_ok(fold_load(a->store, &fold, &arena, &c.id, &err));
    assert_string_equal(fold.facts[0].judged.author, "w01");
    assert_int_equal(fold.facts[0].judged.grade, XG_GRADE_CLAIMED);

    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_set_text(&d, XG_INCIDENT_CATEGORY, "noise", &err));
    assert_ok(capture_create(a->store, &c, &d, "stranger", &err));
    assert_ok(fold_load(a->store, &fold, &arena, &c.id, &err));
    assert_non_null(fold.ops[0].no_right);
}

static void test_anchor_after_a_sync(void **state)
{
    struct home *a = test_home(&district, 0, false);
    struct store_chain chain;
    struct captured c;
    struct fold fold;

    (void)state;
    report(a, "one");
    assert_ok(store_current_chain(a->store, &chain, &err));
    assert_int_equal(chain.next, 2);
    district.log_size = 40;
    test_see_log(&district, 0);
    c = report(a, "two");
    report(a, "three");
    assert_ok(store_current_chain(a->store, &chain, &err));
    assert_int_equal(chain.next, 5); /* genesis, one, anchor, two, three */
    assert_int_equal(chain.anchor_size, 40);
    assert_ok(fold_load(a->store, &fold, &arena, &c.id, &err));
    assert_int_equal(fold.facts[0].anchor_size, 40);
}

static struct store_batch next_due(struct home *h, bool expected)
{
    struct store_batch due = {0};
    bool found;

    assert_ok(store_next_batch(h->store, &due, NULL, &found, 0, &err));
    assert_int_equal(found, expected);
    return due;
}

static void receive(struct home *h, int64_t row, enum xg_batch_state as)
{
    assert_ok(store_begin(h->store, &err));
    assert_ok(store_mark_received(h->store, row, as, 9, xg_bytes_of("proof"),
                                  &err));
    assert_ok(store_commit(h->store, &err));
}

static bool has_receipt(struct home *h, const struct xg_hash *record)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), receipt = XG_BUF(4096);
    struct store_batch of;
    bool found;

    assert_ok(store_receipt_of(h->store, &of, &note, &receipt, &found, record,
                               &err));
    if (found)
        assert_string_equal(xg_buf_str(&receipt), "proof");
    xg_buf_clear(&note);
    xg_buf_clear(&receipt);
    return found;
}

static void test_sealed_batch_opens(void **state)
{
    struct home *a = test_home(&district, 0, false);
    struct captured c = report(a, "one");
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    struct store_counts counts;
    struct store_batch due;
    struct xg_signer signer;
    struct xg_batch batch;
    size_t sealed;
    bool found;

    (void)state;
    assert_ok(store_count(a->store, &counts, &err));
    assert_int_equal(counts.records[STORE_WAITING], 1);
    assert_int_equal(look(a, &c.id).delivery, STORE_WAITING);
    assert_ok(store_signer(a->store, &signer, NULL, &err));
    assert_ok(store_seal_waiting(a->store, &sealed, &signer, &err));
    assert_int_equal(sealed, 1);
    assert_ok(store_seal_waiting(a->store, &sealed, &signer, &err));
    assert_int_equal(sealed, 0);
    assert_int_equal(look(a, &c.id).delivery, STORE_SEALED);

    assert_ok(store_next_batch(a->store, &due, &frame, &found, 0, &err));
    assert_true(found);
    assert_ok(xg_batch_open(&batch, &arena, frame.data, frame.len,
                            &signer.verifier, &err));
    assert_int_equal(batch.count, 2);
    assert_true(xg_hash_equal(&batch.id, &due.id));
    assert_true(xg_hash_equal(&batch.records[1].hash, &c.record));
    assert_null(batch.records[1].malformed);
    xg_buf_clear(&frame);
}

static void test_outbox(void **state)
{
    struct home *a = test_home(&district, 0, false);
    struct captured c = report(a, "one");
    struct xg_signer signer;
    size_t sealed, again;

    (void)state;
    assert_ok(store_signer(a->store, &signer, NULL, &err));
    assert_ok(store_seal_waiting(a->store, &sealed, &signer, &err));
    struct store_batch due = next_due(a, true);
    assert_ok(store_mark_sent(a->store, due.row, &err));
    assert_int_equal(look(a, &c.id).delivery, STORE_SENT);
    assert_false(has_receipt(a, &c.record));

    receive(a, due.row, XG_BATCH_WAITING);
    assert_int_equal(look(a, &c.id).delivery, STORE_RECEIVED);
    next_due(a, true); /* the server waits for earlier ones: push again */
    receive(a, due.row, XG_BATCH_HELD);
    next_due(a, false);
    assert_true(has_receipt(a, &c.record));

    /* A restored server lacks it. */
    assert_ok(store_begin(a->store, &err));
    assert_ok(store_push_again(a->store, &again, &due.chain, 1, &err));
    assert_ok(store_commit(a->store, &err));
    assert_int_equal(again, 1);
    assert_int_equal(look(a, &c.id).delivery, STORE_SEALED);
    next_due(a, true);
}

static void test_batches_fill_up(void **state)
{
    enum { REPORTS = 60 };
    struct home *a = test_home(&district, 0, false);
    struct store_batch due = {0};
    struct xg_signer signer;
    char text[2048];
    size_t sealed, seen = 0;
    uint64_t next = 0;
    bool found;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < REPORTS; i++)
        report(a, text);
    assert_ok(store_signer(a->store, &signer, NULL, &err));
    assert_ok(store_seal_waiting(a->store, &sealed, &signer, &err));
    while (store_next_batch(a->store, &due, NULL, &found, due.row, &err) ==
               XG_OK &&
           found) {
        assert_int_equal(due.first, next);
        next = due.last + 1;
        seen++;
    }
    assert_int_equal(next, REPORTS + 1);
    assert_int_equal(seen, sealed);
    assert_in_range(sealed, 4, 5);
}

/* ---- a restored copy ---- */

static void copy_file(const char *from, const char *to)
{
    struct xg_buf bytes = XG_BUF(64 << 20);

    assert_ok(xg_os_read(&bytes, from, &err));
    assert_ok(xg_os_replace(to, 0600, xg_buf_bytes(&bytes), &err));
    xg_buf_clear(&bytes);
}

static void copy_home(unsigned from, unsigned to)
{
    static const char *const names[] = {"vault", "vault.key", "agent.db",
                                        "agent.db-wal"};
    char a[HOME_PATH_SIZE], b[HOME_PATH_SIZE];

    snprintf(b, sizeof b, "%s/%u", district.folder, to);
    assert_ok(xg_os_mkdir(b, &err));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(a, sizeof a, "%s/%u/%s", district.folder, from, names[i]);
        snprintf(b, sizeof b, "%s/%u/%s", district.folder, to, names[i]);
        if (xg_os_exists(a))
            copy_file(a, b);
    }
}

static void test_restored_copy_forks(void **state)
{
    struct home *a = test_home(&district, 0, false);
    struct captured c = report(a, "one");
    struct captured extra;
    struct store_chain chain;
    struct xg_hash next;
    bool found;

    (void)state;
    copy_home(0, 3);
    test_home_again(&district, 3);
    struct home *copy = &district.homes[3];

    /* Both go on from the same place. */
    set_text(a, &c.id, XG_INCIDENT_ADDRESS, "the original's");
    extra = report(a, "two");
    set_text(copy, &c.id, XG_INCIDENT_ADDRESS, "the copy's");
    test_deliver(&district, 0); /* the copy pulls its own records back */
    assert_int_equal(look(copy, &c.id).conflicts, 1);
    assert_int_equal(look(copy, &extra.id).records, 1);
    assert_string_equal(look(copy, &extra.id).number, extra.number);

    /* Its own branch goes to the original, in which it is a fork as well. */
    assert_ok(store_current_chain(copy->store, &chain, &err));
    assert_ok(store_hash_at(copy->store, &next, &found, &chain.chain, 2, &err));
    assert_true(found && xg_hash_equal(&next, &chain.last));
    test_deliver(&district, 3);
    assert_int_equal(look(a, &c.id).conflicts, 1);
    assert_alike(a, copy);

    /* A new chain, whose record settles it. */
    assert_ok(store_begin(copy->store, &err));
    assert_ok(store_mark_forked(copy->store, &chain.chain, &err));
    assert_ok(store_begin_chain(copy->store, &next, &chain.chain, &err));
    assert_ok(store_commit(copy->store, &err));
    set_text(copy, &c.id, XG_INCIDENT_ADDRESS, "settled");
    assert_int_equal(look(copy, &c.id).conflicts, 0);
    struct captured later = report(copy, "three");
    assert_string_not_equal(later.number, extra.number);
    test_deliver(&district, 3);
    assert_int_equal(look(a, &c.id).conflicts, 0);
    assert_alike(a, copy);
    assert_rebuilds(a);
    assert_rebuilds(copy);
}

/* ---- nothing readable on the disk ---- */

static void assert_not_in(const char *path, const char *const *words)
{
    struct xg_buf bytes = XG_BUF(256 << 20);

    assert_ok(xg_os_read(&bytes, path, &err));
    for (; *words; words++)
        if (memmem(bytes.data, bytes.len, *words, strlen(*words)))
            fail_msg("\"%s\" is readable in %s", *words, path);
    xg_buf_clear(&bytes);
}

static void test_no_plaintext(void **state)
{
    static const char *const words[] = {
        "消防通道堆放纸箱", "张建国",         "电话核实过", "金雀山路",
        "a draft",          "secret edition", "李建军",     NULL};
    struct home *h = test_home(&district, 0, false);
    struct captured c = report(h, "消防通道堆放纸箱");
    struct xg_reference reference = {.kind = "territory", .edition = "1"};
    struct xg_signer signer;
    struct kept_draft kept;
    struct xg_draft d;
    int64_t draft = 0;
    size_t sealed;
    char path[HOME_PATH_SIZE];

    (void)state;
    set_text(h, &c.id, XG_INCIDENT_ADDRESS, "金雀山路18号");
    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_add_text(&d, XG_FIELD_NOTE, "电话核实过", &err));
    assert_ok(capture_change(h->store, &c, &c.id, &d, NULL, &err));
    xg_draft_init(&d, &arena, XG_KIND_CONTACT);
    assert_ok(capture_set_text(&d, XG_CONTACT_NAME, "张建国", &err));
    assert_ok(capture_create(h->store, &c, &d, NULL, &err));
    assert_string_equal(c.number, "");
    kept_init(&kept, &arena, xg_kind_find(XG_KIND_CONTACT));
    assert_ok(kept_add_word(&kept, "name=李建军", &err));
    kept.author = "a draft";
    assert_ok(kept_save(h->store, &draft, &kept, &err));
    assert_ok(store_begin(h->store, &err));
    assert_ok(store_put_reference(h->store, 9, &reference, &err));
    assert_ok(store_put_reference_file(h->store, &reference.file,
                                       xg_bytes_of("secret edition"), &err));
    assert_ok(store_commit(h->store, &err));
    assert_ok(store_signer(h->store, &signer, NULL, &err));
    assert_ok(store_seal_waiting(h->store, &sealed, &signer, &err));

    snprintf(path, sizeof path, "%s/0", district.folder);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_type != DT_REG)
            continue;
        snprintf(path, sizeof path, "%s/0/%s", district.folder, entry->d_name);
        assert_not_in(path, words);
    }
    closedir(dir);

    /* In the log of an open database and in the file of a closed one. */
    assert_ok(xg_db_checkpoint(h->store->db, &err));
    snprintf(path, sizeof path, "%s/0/agent.db", district.folder);
    assert_not_in(path, words);
    struct xg_buf content = XG_BUF(4096);
    bool found;
    assert_ok(store_get_reference_file(h->store, &content, &found,
                                       &reference.file, &err));
    assert_true(found);
    assert_string_equal(xg_buf_str(&content), "secret edition");
    xg_buf_clear(&content);
}

static bool count_entity(void *ctx, const struct store_entity *e,
                         struct xg_bytes state)
{
    struct xg_brief brief;

    assert_ok(xg_brief_read(&brief, state, &err));
    assert_true(xg_id_equal(&brief.id, &e->id));
    ++*(size_t *)ctx;
    return true;
}

static size_t count_listed(struct home *h, struct store_filter filter)
{
    size_t n = 0;

    assert_ok(store_list(h->store, &filter, true, count_entity, &n, &err));
    /* Counted without listing, it is the same. */
    uint64_t counted;
    assert_ok(store_count_listed(h->store, &counted, &filter, &err));
    assert_int_equal(filter.limit && counted > filter.limit ? filter.limit
                                                            : counted,
                     n);
    return n;
}

static void test_lists(void **state)
{
    struct home *a = test_home(&district, 0, false);
    struct home *b = test_home(&district, 1, false);
    struct captured c = report(a, "one");
    struct xg_draft d;

    (void)state;
    report(b, "two");
    test_deliver(&district, 0);
    xg_draft_init(&d, &arena, XG_KIND_CONTACT);
    assert_ok(capture_set_text(&d, XG_CONTACT_NAME, "somebody", &err));
    struct captured contact;
    assert_ok(capture_create(b->store, &contact, &d, NULL, &err));

    assert_int_equal(count_listed(b, (struct store_filter){0}), 2);
    assert_int_equal(count_listed(b, (struct store_filter){.contacts = true}),
                     3);
    assert_int_equal(count_listed(b, (struct store_filter){.mine = true}), 1);
    assert_int_equal(count_listed(b, (struct store_filter){.limit = 1}), 1);
    assert_int_equal(count_listed(b, (struct store_filter){.open = true}), 2);
    assert_int_equal(count_listed(b, (struct store_filter){.settled = true}),
                     0);
    assert_int_equal(
        count_listed(b,
                     (struct store_filter){.deliveries = 1u << STORE_WAITING}),
        1);
    assert_int_equal(count_listed(b, (struct store_filter){.kind = xg_kind_find(
                                                               XG_KIND_VISIT)}),
                     0);

    /* By kinds, by time, and on from a row. */
    assert_int_equal(
        count_listed(b, (struct store_filter){
                            .kinds = 1u << XG_KIND_CONTACT |
                                     1u << XG_KIND_INCIDENT}),
        3);
    int64_t first_ms = look(b, &c.id).first_ms;
    assert_int_equal(
        count_listed(b, (struct store_filter){.since_ms = first_ms + 1,
                                              .until_ms = first_ms}),
        0);
    assert_int_equal(
        count_listed(b, (struct store_filter){.since_ms = first_ms,
                                              .until_ms = first_ms + 1}) +
            count_listed(b, (struct store_filter){.until_ms = first_ms}) +
            count_listed(b, (struct store_filter){.since_ms = first_ms + 1}),
        2);
    int64_t last = look(b, &c.id).rank;
    assert_int_equal(count_listed(b, (struct store_filter){.below = last + 1}),
                     2);
    assert_int_equal(count_listed(b, (struct store_filter){.below = last}), 1);

    /* Out of scope, and back. */
    struct xg_update u = {.kind = XG_UPDATE_OUT, .entity = c.id};
    assert_ok(store_begin(b->store, &err));
    assert_ok(store_apply_update(b->store, &u, &err));
    assert_ok(store_commit(b->store, &err));
    assert_true(look(b, &c.id).out);
    assert_int_equal(count_listed(b, (struct store_filter){0}), 1);
    assert_int_equal(count_listed(b, (struct store_filter){.gone = true}), 2);
}

/* An own record on something of others, as the server tells it at `position`. */
static void tell_again(struct home *h, const struct xg_id *id,
                       uint64_t position)
{
    struct fold fold;
    size_t own = 0;

    assert_ok(fold_load(h->store, &fold, &arena, id, &err));
    while (!fold.facts[own].mine)
        own++;
    struct xg_update u = {
        .kind = XG_UPDATE_RECORD,
        .chain = fold.facts[own].chain,
        .seq = fold.facts[own].seq,
        .previous = fold.facts[own].previous,
        .anchor_size = fold.facts[own].anchor_size,
        .position = position,
        .record = *fold.ops[own].record,
    };
    assert_ok(store_begin(h->store, &err));
    assert_ok(store_apply_update(h->store, &u, &err));
    assert_ok(store_commit(h->store, &err));
}

/* A batch that waited for an earlier one is told when that came: by then what
 * it is about may have left the scope, and a copy of this device may have been
 * faster. */
static void test_own_records_told_again(void **state)
{
    struct home *a = test_home(&district, 0, false);
    struct home *b = test_home(&district, 1, false);
    struct captured c = report(a, "one");
    struct xg_update out = {.kind = XG_UPDATE_OUT, .entity = c.id};
    struct fold fold;

    (void)state;
    test_deliver(&district, 0);
    set_text(b, &c.id, XG_INCIDENT_ADDRESS, "b");
    assert_ok(store_begin(b->store, &err));
    assert_ok(store_apply_update(b->store, &out, &err));
    assert_ok(store_put_since(b->store, 50, &err));
    assert_ok(store_commit(b->store, &err));
    tell_again(b, &c.id, 40);
    assert_true(look(b, &c.id).out);

    /* Its own batch is logged later: the place is where it first was. */
    district.log_size = 60;
    test_deliver(&district, 1);
    assert_ok(fold_load(b->store, &fold, &arena, &c.id, &err));
    for (size_t i = 0; i < fold.state.count; i++)
        if (fold.facts[i].mine)
            assert_int_equal(fold.facts[i].position, 40);
}

/* ---- what outgrows a fold ---- */

static void note_on(struct home *h, const struct xg_id *id, size_t len)
{
    char text[4001] = "";

    memset(text, 'x', len);
    set_text(h, id, XG_INCIDENT_DESCRIPTION, text);
}

struct listed {
    struct xg_id id[4];
    size_t count;
};

static bool see(void *ctx, const struct store_entity *e, struct xg_bytes state)
{
    struct listed *l = ctx;
    struct xg_brief brief;

    assert_ok(xg_brief_read(&brief, state, &err)); /* as of any other */
    assert_true(l->count < 4);
    l->id[l->count++] = e->id;
    return true;
}

/* What a person meets: it is listed and counted with what to look into, acting
 * on it says what to do instead. */
static void assert_shown_unfolded(struct home *h, const struct xg_id *id)
{
    const struct store_filter filter = {.conflicts = true};
    struct listed l = {.count = 0};
    struct store_counts counts;
    struct captured c;
    struct xg_draft d;
    struct fold fold;

    assert_ok(store_list(h->store, &filter, true, see, &l, &err));
    assert_int_equal(l.count, 1);
    assert_true(xg_id_equal(&l.id[0], id));
    assert_ok(store_count(h->store, &counts, &err));
    assert_int_equal(counts.conflicts, 1);
    xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
    assert_ok(capture_set_text(&d, XG_INCIDENT_DESCRIPTION, "y", &err));
    assert_int_equal(capture_change(h->store, &c, id, &d, NULL, &err),
                     XG_TOOBIG);
    assert_non_null(strstr(xg_error_text(&err), "xunge link"));
    err = XG_ERROR_NONE;
    assert_int_equal(fold_load(h->store, &fold, &arena, id, &err), XG_TOOBIG);
    err = XG_ERROR_NONE;
}

/* A page that makes one entity too large is saved, and what comes with it:
 * nothing but that entity waits. */
static void test_one_too_large_holds_up_nobody(void **state)
{
    struct home *a = test_home(&district, 0, false);
    struct home *b = test_home(&district, 1, false);
    struct captured big = report(a, "large"), other;
    size_t count;

    (void)state;
    test_deliver(&district, 0);
    assert_true(look(b, &big.id).folded);
    for (int i = 0; i < 30; i++)
        note_on(a, &big.id, 3000);
    other = report(a, "small");
    b->store->fold.max_bytes = 64 << 10;
    test_deliver(&district, 0);

    struct store_entity e = look(b, &big.id), full = look(a, &big.id);
    assert_false(e.folded);
    assert_int_equal(e.records, 31);
    assert_int_equal(e.status, 0);
    assert_ptr_equal(e.kind, full.kind);
    assert_string_equal(e.number, full.number);
    assert_string_equal(e.unit, full.unit);
    assert_int_equal(e.first_ms, full.first_ms);
    assert_int_equal(e.changed_ms, full.changed_ms);
    assert_true(look(b, &other.id).folded);
    assert_rebuilds(b);
    assert_shown_unfolded(b, &big.id);
    struct captured fresh = report(b, "new");
    assert_true(look(b, &fresh.id).folded);

    /* So does the next page; with more room it is what it is to others. */
    note_on(a, &big.id, 10);
    test_deliver(&district, 0);
    assert_int_equal(look(b, &big.id).records, 32);
    test_deliver(&district, 1);
    b->store->fold.max_bytes = STORE_FOLD_BYTES_MAX;
    assert_ok(fold_rebuild(b->store, &count, &err));
    assert_true(look(b, &big.id).folded);
    assert_alike(a, b);
}

/* The other ceiling: its fold fits, its state does not. */
static void test_a_state_too_large_is_not_kept(void **state)
{
    struct home *a = test_home(&district, 0, false);
    struct captured big = report(a, "x");

    (void)state;
    err = XG_ERROR_NONE;
    a->store->sealed.max = 8192;
    for (int i = 0; i < 16; i++) {
        struct captured c;
        struct xg_draft d;
        char text[2001] = "";
        for (size_t k = 0; k < 2000; k++) /* what no compression takes away */
            text[k] = (char)('0' + randombytes_uniform(64));
        xg_draft_init(&d, &arena, XG_KIND_INCIDENT);
        assert_ok(capture_add_text(&d, XG_FIELD_NOTE, text, &err));
        enum xg_status status =
            capture_change(a->store, &c, &big.id, &d, NULL, &err);
        if (status != XG_OK) /* refused as soon as it is not folded */
            break;
    }
    assert_int_equal(err.status, XG_TOOBIG);
    err = XG_ERROR_NONE;
    assert_false(look(a, &big.id).folded);
    assert_rebuilds(a);
    assert_shown_unfolded(a, &big.id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
        T(test_statements_prepare),
        T(test_identity_survives),
        T(test_nothing_before_joining),
        T(test_find_by_what_is_typed),
        T(test_ambiguous_names_candidates),
        T(test_conflict_and_settling),
        T(test_late_record_waits),
        T(test_judged_by_the_registry),
        T(test_a_note_goes_through_no_table),
        T(test_a_shared_device_is_known),
        T(test_author_and_right),
        T(test_anchor_after_a_sync),
        T(test_sealed_batch_opens),
        T(test_outbox),
        T(test_batches_fill_up),
        T(test_restored_copy_forks),
        T(test_no_plaintext),
        T(test_lists),
        T(test_own_records_told_again),
        T(test_one_too_large_holds_up_nobody),
        T(test_a_state_too_large_is_not_kept),
    };

    return xg_base_init() != 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
