/* test_log_blocks.c - where the hashes of the log's tree lie: proofs out of
 * blocks, with what is kept in memory and without, against a plain tree; after
 * groups that were undone; and out of a store of before there were blocks. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/ledger/ledger.h"
#include "server_sql.h"
#include "shared/core/protocol.h"
#include "shared/db/db.h"
#include "tests/lib/folder.h"

enum { LEVELS = 16, SIZE_MAX_HERE = 1 << 14, RANDOM_SIZES = 320, BEFORE = 6 };

/* ---- a plain tree ---- */

struct plain {
    struct xg_hash *levels[LEVELS];
    size_t counts[LEVELS];
    struct xg_tree tree;
};

static void put_node(void *ctx, unsigned level, uint64_t index,
                     const struct xg_hash *hash)
{
    struct plain *p = ctx;

    assert_int_equal(index, p->counts[level]);
    p->levels[level][p->counts[level]++] = *hash;
}

static enum xg_status read_plain(void *ctx, unsigned level, uint64_t index,
                                 struct xg_hash *hash, struct xg_error *err)
{
    const struct plain *p = ctx;

    if (level >= LEVELS || index >= p->counts[level])
        return xg_fail(err, XG_NOTFOUND, "level %u", level);
    *hash = p->levels[level][index];
    return XG_OK;
}

static struct plain *plain_new(void)
{
    struct plain *p = calloc(1, sizeof *p);

    assert_non_null(p);
    for (size_t i = 0; i < LEVELS; i++) {
        p->levels[i] = calloc(((size_t)SIZE_MAX_HERE >> i) + 1, XG_HASH_SIZE);
        assert_non_null(p->levels[i]);
    }
    xg_tree_init(&p->tree);
    return p;
}

static void plain_free(struct plain *p)
{
    for (size_t i = 0; i < LEVELS; i++)
        free(p->levels[i]);
    free(p);
}

/* ---- a log ---- */

struct world {
    struct xg_env env;
    struct xg_signer signer;
    struct store *store;
    struct store_fault fault;
    struct ledger_lock *lock;
    struct ledger *ledger;
    struct plain *plain;
    struct xg_checkpoint says;
    struct xg_buf note;
    uint64_t seed;
};

static uint64_t below(struct world *w, uint64_t bound)
{
    w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
    return (w->seed >> 33) % bound;
}

static void open_ledger(struct world *w)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(ledger_open(&w->ledger, w->store, w->lock, &w->signer, &w->env,
                          &err));
}

static void open_world(struct world *w, struct store *store)
{
    static const uint8_t seed[32] = {3};
    struct xg_error err = XG_ERROR_NONE;

    *w = (struct world){.env = xg_env_system(), .seed = 11};
    w->note = XG_BUF(XG_NOTE_MAX);
    w->store = store;
    if (!store)
        assert_ok(store_memory_open(&w->store, &err));
    assert_ok(store_fault_open(&w->store, w->store, &w->fault, &err));
    assert_ok(xg_signer_init(&w->signer, "log.example", XG_SIG_ED25519, seed,
                             &err));
    assert_ok(ledger_lock_open_memory(&w->lock, &err));
    w->plain = plain_new();
    open_ledger(w);
}

static void close_world(struct world *w)
{
    ledger_close(w->ledger);
    ledger_lock_close(w->lock);
    store_close(w->store);
    plain_free(w->plain);
    xg_buf_clear(&w->note);
}

struct growing {
    struct ledger_job job;
    uint64_t size; /* with the time note that closes the group */
};

static enum xg_status grow_in(struct ledger_job *job, struct ledger *l,
                              struct store *store, struct xg_error *err)
{
    const struct growing *g = (struct growing *)job;
    uint64_t at;

    (void)store;
    while (ledger_next(l) + 1 < g->size)
        if (ledger_append(l, &at, xg_bytes("an entry", 8), err) != XG_OK)
            return err->status;
    ledger_want(l, g->size);
    return XG_OK;
}

static enum xg_status grow(struct world *w, uint64_t size, struct xg_error *err)
{
    struct growing g = {.job = {.run = grow_in}, .size = size};

    return ledger_submit(w->ledger, &g.job, err);
}

/* What was published, and the same entries in the plain tree. */
static void look(struct world *w)
{
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_bytes *notes;
    struct xg_hash root;
    size_t count;

    xg_buf_reset(&w->note);
    assert_ok(ledger_published(w->ledger, &w->says, &w->note, &err));
    assert_ok(w->store->ops->read_entries(w->store, &arena, &notes, &count,
                                          w->plain->tree.size, SIZE_MAX_HERE,
                                          32 << 20, &err));
    for (size_t i = 0; i < count; i++) {
        struct xg_hash leaf;
        xg_tlog_leaf(&leaf, notes[i].at, notes[i].len);
        xg_tree_append(&w->plain->tree, &leaf, put_node, w->plain);
    }
    assert_int_equal(w->plain->tree.size, w->says.size);
    xg_tree_root(&root, &w->plain->tree);
    assert_true(xg_hash_equal(&root, &w->says.root));
    xg_arena_clear(&arena);
}

/* ---- proofs ---- */

static void same_receipt(struct world *w, uint64_t index)
{
    const struct xg_node_reader plain = {w->plain, read_plain};
    struct xg_buf kept = XG_BUF(16 << 10), read = kept, right = kept;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_proof proof;

    assert_ok(ledger_receipt(&kept, w->ledger, w->store, index, &w->says,
                             xg_buf_bytes(&w->note), &err));
    assert_ok(ledger_receipt(&read, NULL, w->store, index, &w->says,
                             xg_buf_bytes(&w->note), &err));
    assert_ok(xg_prove_inclusion(&proof, index, w->says.size, &plain, &err));
    xg_receipt_print(&right, index, &proof, xg_buf_bytes(&w->note));
    assert_string_equal(xg_buf_str(&kept), xg_buf_str(&right));
    assert_string_equal(xg_buf_str(&read), xg_buf_str(&right));
    xg_buf_clear(&kept);
    xg_buf_clear(&read);
    xg_buf_clear(&right);
}

static void same_consistency(struct world *w, uint64_t old)
{
    const struct xg_node_reader plain = {w->plain, read_plain};
    const struct xg_proof beside = {.count = 0};
    struct xg_buf kept = XG_BUF(16 << 10), read = kept, right = kept;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_proof proof;

    if (old == 0 || old >= w->says.size)
        return;
    assert_ok(ledger_consistency(&kept, w->ledger, w->store, old, &w->says,
                                 xg_bytes(NULL, 0), &err));
    assert_ok(ledger_consistency(&read, NULL, w->store, old, &w->says,
                                 xg_bytes(NULL, 0), &err));
    assert_ok(xg_prove_consistency(&proof, old, w->says.size, &plain, &err));
    xg_proof_put_beside(&right, &proof, &beside);
    assert_string_equal(xg_buf_str(&kept), xg_buf_str(&right));
    assert_string_equal(xg_buf_str(&read), xg_buf_str(&right));
    xg_buf_clear(&kept);
    xg_buf_clear(&read);
    xg_buf_clear(&right);
}

static void same_proofs(struct world *w)
{
    uint64_t size = w->says.size;
    const uint64_t edges[] = {0,        1,        62,       63,       64,
                              65,       127,      128,      4031,     4032,
                              4095,     4096,     4097,     8191,     8192,
                              size - 1, size / 2, size - 2, size - 64};

    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
        if (edges[i] < size)
            same_receipt(w, edges[i]);
        same_consistency(w, edges[i]);
    }
    for (int i = 0; i < 8; i++) {
        same_receipt(w, below(w, size));
        same_consistency(w, below(w, size));
    }
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* At the edges of blocks, and at so many other sizes that more blocks were the
 * last of the lowest layer than are kept. */
static void test_proofs_are_the_same(void **state)
{
    static const uint64_t edges[] = {2,    63,   64,   65,   66,   127,  128,
                                     129,  4095, 4096, 4097, 4098, 4160, 8191,
                                     8192, 8193, 12288};
    enum { EDGES = sizeof edges / sizeof *edges };
    uint64_t sizes[EDGES + RANDOM_SIZES];
    struct xg_error err = XG_ERROR_NONE;
    struct world w;

    (void)state;
    open_world(&w, NULL);
    memcpy(sizes, edges, sizeof edges);
    for (size_t i = EDGES; i < EDGES + RANDOM_SIZES; i++)
        sizes[i] = 2 + below(&w, SIZE_MAX_HERE - 2);
    qsort(sizes, EDGES + RANDOM_SIZES, sizeof *sizes, by_number);
    for (size_t i = 0; i < EDGES + RANDOM_SIZES; i += TEST_STRIDE) {
        if (i % 40 == 39) { /* what grows is loaded, and nothing is kept */
            ledger_close(w.ledger);
            open_ledger(&w);
        }
        if (sizes[i] <= w.plain->tree.size)
            continue;
        assert_ok(grow(&w, sizes[i], &err));
        look(&w);
        assert_int_equal(w.says.size, sizes[i]);
        same_proofs(&w);
    }
    assert_ok(ledger_check(w.ledger, w.store, &err));
    close_world(&w);
}

/* A group is undone, with blocks that had become full in it. */
static void test_undone_groups_leave_nothing(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct world w;

    (void)state;
    open_world(&w, NULL);
    assert_ok(grow(&w, 100, &err));
    look(&w);
    for (unsigned call = 5; call < 400; call += 13 * TEST_STRIDE) {
        uint64_t size = w.says.size;
        w.fault = (struct store_fault){.status = XG_FULL, .countdown = call};
        enum xg_status status = grow(&w, size + 150, &err);
        w.fault = (struct store_fault){.status = XG_OK};
        look(&w);
        assert_int_equal(w.says.size, status == XG_OK ? size + 150 : size);
        same_proofs(&w);
        err = XG_ERROR_NONE;
        assert_ok(grow(&w, w.says.size + 7, &err));
        look(&w);
        same_proofs(&w);
    }
    assert_ok(ledger_check(w.ledger, w.store, &err));
    close_world(&w);
}

/* What lies in the store is altered: who keeps blocks does not see it, who
 * checks does. */
static void test_a_check_reads_the_store(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_block block;
    struct world w;

    (void)state;
    open_world(&w, NULL);
    assert_ok(grow(&w, 300, &err));
    look(&w);
    same_proofs(&w);
    assert_ok(w.store->ops->read_block(w.store, &block, 1, 0, &err));
    block.hashes[1].b[0] ^= 1;
    assert_ok(w.store->ops->begin(w.store, &err));
    assert_ok(w.store->ops->put_block(w.store, &block, &err));
    assert_ok(w.store->ops->commit(w.store, &err));
    assert_status(ledger_check(w.ledger, w.store, &err), XG_ALARM);
    block.hashes[1].b[0] ^= 1;
    block.count--; /* and one too short */
    assert_ok(w.store->ops->begin(w.store, &err));
    assert_ok(w.store->ops->put_block(w.store, &block, &err));
    assert_ok(w.store->ops->commit(w.store, &err));
    assert_status(ledger_check(w.ledger, w.store, &err), XG_CORRUPT);
    close_world(&w);
}

/* ---- a store of before ---- */

static void raw(sqlite3 *db, const char *sql)
{
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
}

/* As the sixth schema had it: every node a row, in the order in which it became
 * complete. */
static void fill_before(const char *path, uint64_t size)
{
    struct xg_sql before = server_sql;
    struct xg_error err = XG_ERROR_NONE;
    struct plain *p = plain_new();
    uint64_t seen[LEVELS] = {0};
    sqlite3_int64 place = 0;
    struct xg_db *db;
    sqlite3 *handle;
    sqlite3_stmt *put;

    before.migration_count = BEFORE;
    before.newest = NULL;
    assert_ok(xg_db_open(&db, path, &before, NULL, &err));
    xg_db_close(db);
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    raw(handle, "BEGIN");
    assert_int_equal(sqlite3_prepare_v2(handle, "INSERT INTO node VALUES (?, ?)",
                                        -1, &put, NULL),
                     SQLITE_OK);
    for (uint64_t i = 0; i < size; i++) {
        struct xg_hash leaf;
        xg_tlog_leaf(&leaf, &i, sizeof i);
        xg_tree_append(&p->tree, &leaf, put_node, p);
        for (size_t l = 0; l < LEVELS && seen[l] < p->counts[l]; l++) {
            sqlite3_bind_int64(put, 1, place++);
            sqlite3_bind_blob(put, 2, p->levels[l][seen[l]++].b, XG_HASH_SIZE,
                              SQLITE_STATIC);
            assert_int_equal(sqlite3_step(put), SQLITE_DONE);
            sqlite3_reset(put);
        }
    }
    sqlite3_finalize(put);
    raw(handle, "COMMIT");
    sqlite3_close(handle);
    plain_free(p);
}

static void test_a_store_of_before(void **state)
{
    static const uint64_t sizes[] = {0, 1, 63, 64, 65, 4096, 4100, 9000};
    struct xg_error err = XG_ERROR_NONE;

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char dir[TEST_FOLDER_SIZE], path[TEST_PATH_SIZE];
        struct ledger_nodes from;
        struct xg_tree plain, tree;
        struct store *s;

        test_folder_make(dir, "blocks");
        snprintf(path, sizeof path, "%s/server.db", dir);
        fill_before(path, sizes[i]);
        assert_ok(store_sqlite_open(&s, path, &err));
        const struct xg_node_reader nodes = ledger_nodes(&from, NULL, s);
        xg_tree_init(&plain);
        for (uint64_t n = 0; n <= sizes[i]; n++) {
            struct xg_hash leaf, root, other;
            assert_ok(xg_tree_load(&tree, n, &nodes, &err));
            xg_tree_root(&root, &tree);
            xg_tree_root(&other, &plain);
            assert_true(xg_hash_equal(&root, &other));
            xg_tlog_leaf(&leaf, &n, sizeof n);
            xg_tree_append(&plain, &leaf, NULL, NULL);
        }
        assert_status(xg_tree_load(&tree, sizes[i] + 1, &nodes, &err),
                      XG_CORRUPT);
        store_close(s);
        test_folder_remove(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_proofs_are_the_same),
        cmocka_unit_test(test_undone_groups_leave_nothing),
        cmocka_unit_test(test_a_check_reads_the_store),
        cmocka_unit_test(test_a_store_of_before),
    };

    return xg_base_init() != 0
               ? 1
               : cmocka_run_group_tests(tests, NULL, NULL);
}
