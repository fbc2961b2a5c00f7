/* test_ledger.c - the ledger's store on disk: what was written goes to its place
 * in the file when nobody writes, and not before; who comes meanwhile waits. */
#include "tests/lib/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/ledger/ledger.h"
#include "tests/lib/folder.h"

enum { ENTRIES = 120, ENTRY_SIZE = 60000, ROUNDS = 20 };

struct world {
    struct xg_env env;
    struct xg_signer signer;
    struct store *store;
    struct ledger_lock *lock;
    struct ledger *ledger;
    char folder[TEST_FOLDER_SIZE], path[TEST_PATH_SIZE];
};

static void open_world(struct world *w)
{
    static const uint8_t seed[32] = {3};
    struct xg_error err = XG_ERROR_NONE;

    *w = (struct world){.folder = ""};
    test_folder_make(w->folder, "ledger");
    snprintf(w->path, sizeof w->path, "%s/server.db", w->folder);
    w->env = xg_env_system();
    assert_ok(store_sqlite_open(&w->store, w->path, &err));
    assert_ok(xg_signer_init(&w->signer, "log.example", XG_SIG_ED25519, seed,
                             &err));
    assert_ok(ledger_lock_open_memory(&w->lock, &err));
    assert_ok(ledger_open(&w->ledger, w->store, w->lock, &w->signer, &w->env,
                          &err));
}

static void close_world(struct world *w)
{
    ledger_close(w->ledger);
    ledger_lock_close(w->lock);
    store_close(w->store);
    test_folder_remove(w->folder);
}

static long log_bytes(const struct world *w)
{
    struct stat info;
    char log[TEST_PATH_SIZE + 8];

    snprintf(log, sizeof log, "%s-wal", w->path);
    return stat(log, &info) == 0 ? (long)info.st_size : 0;
}

struct writing {
    struct ledger_job job;
    size_t count;
};

/* Whoever calls in the midst of it leaves it alone. */
static enum xg_status write_entries(struct ledger_job *job, struct ledger *l,
                                    struct store *store, struct xg_error *err)
{
    static const uint8_t entry[ENTRY_SIZE];
    const struct writing *g = (struct writing *)job;
    uint64_t at;

    (void)store;
    for (size_t i = 0; i < g->count; i++)
        if (ledger_append(l, &at, xg_bytes(entry, sizeof entry), err) != XG_OK)
            return err->status;
    ledger_tidy(l);
    ledger_tidy(l);
    return XG_OK;
}

static uint64_t submit(struct world *w, size_t count)
{
    struct writing g = {.job = {.run = write_entries}, .count = count};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_checkpoint c;

    assert_ok(ledger_submit(w->ledger, &g.job, &err));
    assert_ok(ledger_published(w->ledger, &c, NULL, &err));
    return c.size;
}

static void test_tidied_when_nobody_writes(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct world w;

    (void)state;
    open_world(&w);
    submit(&w, ENTRIES);
    long length = log_bytes(&w);
    assert_true(length > ENTRIES * ENTRY_SIZE);
    ledger_tidy(w.ledger); /* something was published since */
    assert_int_equal(log_bytes(&w), length);
    ledger_tidy(w.ledger);
    assert_int_equal(log_bytes(&w), 0);

    uint64_t size = submit(&w, 1);
    length = log_bytes(&w);
    assert_true(length > 0);
    ledger_tidy(w.ledger);
    ledger_tidy(w.ledger); /* too little to be worth it */
    assert_int_equal(log_bytes(&w), length);
    assert_ok(ledger_check(w.ledger, w.store, &err));
    assert_int_equal(submit(&w, 1), size + 2);
    close_world(&w);
}

static void *write_often(void *ctx)
{
    for (int i = 0; i < ROUNDS; i++)
        submit(ctx, ENTRIES / ROUNDS);
    return NULL;
}

static void test_who_comes_meanwhile_waits(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    pthread_t threads[3];
    struct world w;

    (void)state;
    open_world(&w);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_often, &w), 0);
    for (int i = 0; i < 20 * ROUNDS; i++) {
        ledger_tidy(w.ledger);
        nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL);
    }
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_ok(ledger_check(w.ledger, w.store, &err));
    ledger_tidy(w.ledger);
    ledger_tidy(w.ledger);
    assert_int_equal(log_bytes(&w), 0);
    close_world(&w);
}

static enum xg_status look_if_busy(struct ledger_job *job, struct ledger *l,
                                   struct store *store, struct xg_error *err)
{
    (void)job, (void)store, (void)err;
    assert_true(ledger_is_busy(l));
    return XG_OK;
}

static void test_busy_while_a_job_is_written(void **state)
{
    struct ledger_job job = {.run = look_if_busy};
    struct xg_error err = XG_ERROR_NONE;
    struct world w;

    (void)state;
    open_world(&w);
    assert_false(ledger_is_busy(w.ledger));
    assert_ok(ledger_submit(w.ledger, &job, &err));
    assert_false(ledger_is_busy(w.ledger));
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tidied_when_nobody_writes),
        cmocka_unit_test(test_who_comes_meanwhile_waits),
        cmocka_unit_test(test_busy_while_a_job_is_written),
    };

    return xg_base_init() != 0
               ? 1
               : cmocka_run_group_tests(tests, NULL, NULL);
}
