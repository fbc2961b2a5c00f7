/* test_db.c - connections, transactions, statements and migrations, with a
 * VFS between SQLite and the disk that counts, refuses and kills. */
#include "tests/lib/test.h"

#include <inttypes.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/db/db.h"
#include "test_sql.h"
#include "tests/lib/folder.h"

enum { BODY_SIZE = 600 };

/* What the shim has seen, and what it is to do. A countdown of -1 is off. */
static struct {
    int syncs, writes;
    int full_in; /* writes until the disk is full, and stays so */
    bool full_once; /* or has room again at once */
    int kill_in; /* writes and syncs until the process is killed */
} shim;

struct shim_file {
    sqlite3_file base;
    sqlite3_file *real; /* lies right behind */
};

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct shim_file *)(void *)f)->real;
}

static void maybe_kill(void)
{
    if (shim.kill_in >= 0 && shim.kill_in-- == 0)
        raise(SIGKILL);
}

static int shim_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int shim_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), to, n, at);
}

static int shim_write(sqlite3_file *f, const void *from, int n,
                      sqlite3_int64 at)
{
    if (shim.kill_in == 0 && n > 1) /* half of it still arrives */
        real_of(f)->pMethods->xWrite(real_of(f), from, n / 2, at);
    maybe_kill();
    shim.writes++;
    if (shim.full_in == 0) {
        shim.full_in = shim.full_once ? -1 : 0;
        return SQLITE_FULL;
    }
    if (shim.full_in > 0)
        shim.full_in--;
    return real_of(f)->pMethods->xWrite(real_of(f), from, n, at);
}

static int shim_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int shim_sync(sqlite3_file *f, int flags)
{
    maybe_kill();
    shim.syncs++;
    return real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int shim_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int shim_lock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int shim_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int shim_reserved(sqlite3_file *f, int *reserved)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), reserved);
}

static int shim_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int shim_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int shim_device(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int shim_map(sqlite3_file *f, int region, int size, int extend,
                    void volatile **at)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), region, size, extend, at);
}

static int shim_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), offset, n, flags);
}

static void shim_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int shim_unmap(sqlite3_file *f, int remove)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), remove);
}

static const sqlite3_io_methods shim_methods = {
    .iVersion = 2,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_device,
    .xShmMap = shim_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_barrier,
    .xShmUnmap = shim_unmap,
};

static int shim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
                     int flags, int *out)
{
    sqlite3_vfs *unix_vfs = vfs->pAppData;
    struct shim_file *file = (struct shim_file *)(void *)f;

    file->real = (sqlite3_file *)(void *)(file + 1);
    int code = unix_vfs->xOpen(unix_vfs, name, file->real, flags, out);
    f->pMethods = code == SQLITE_OK ? &shim_methods : NULL;
    return code;
}

static int shim_setup(void **state)
{
    static sqlite3_vfs vfs;
    sqlite3_vfs *unix_vfs = sqlite3_vfs_find(NULL);

    (void)state;
    vfs = *unix_vfs;
    vfs.zName = "shim";
    vfs.pAppData = unix_vfs;
    vfs.szOsFile += (int)sizeof(struct shim_file);
    vfs.xOpen = shim_open;
    return sqlite3_vfs_register(&vfs, 1);
}

/* A fresh folder a test. */
static char folder[TEST_FOLDER_SIZE], path[TEST_PATH_SIZE];

static int setup(void **state)
{
    (void)state;
    shim.full_in = shim.kill_in = -1;
    test_folder_make(folder, "db");
    snprintf(path, sizeof path, "%s/t.db", folder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    shim.full_in = shim.kill_in = -1;
    test_folder_remove(folder);
    return 0;
}

static struct xg_db *open_db(const struct xg_db_options *options)
{
    struct xg_error err;
    struct xg_db *db = NULL;

    assert_ok(xg_db_open(&db, path, &test_sql, options, &err));
    return db;
}

static enum xg_status add_page(struct xg_db *db, uint64_t number, size_t size,
                               struct xg_error *err)
{
    static const uint8_t body[64 << 10];
    struct xg_stmt *s = xg_stmt(db, TEST_STMT_PAGE_ADD);

    xg_bind_u64(s, 1, number);
    xg_bind_bytes(s, 2, xg_bytes(body, size));
    return xg_stmt_run(s, err);
}

static enum xg_status save_page(struct xg_db *db, uint64_t number,
                                struct xg_error *err)
{
    if (xg_db_begin(db, err) != XG_OK)
        return err->status;
    xg_ignore(add_page(db, number, BODY_SIZE, err));
    return xg_db_commit(db, err);
}

static int64_t count_pages(struct xg_db *db)
{
    struct xg_error err;
    struct xg_stmt *s = xg_stmt(db, TEST_STMT_PAGE_COUNT);
    int64_t count = xg_stmt_row(s) ? xg_col_i64(s, 0) : -1;

    assert_ok(xg_stmt_done(s, &err));
    return count;
}

static void test_statements_are_sound(void **state)
{
    struct xg_error err;
    struct xg_db *db = NULL;

    (void)state;
    assert_ok(xg_db_open(&db, ":memory:", &test_sql, NULL, &err));
    assert_ok(xg_db_check_statements(db, &err));
    xg_db_close(db);
}

static void test_unsound_statements_are_found(void **state)
{
    static const char *const names[] = {"bad"};
    static const char *const bad[] = {
        "SELECT * FROM page WHERE body = $2 AND number = $1",
        "SELECT ?2",
        "SELECT ?",
        "SELECT :a",
        "SELECT 1; SELECT 2",
        "SELECT nothing FROM page",
    };
    struct xg_error err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct xg_sql sql = test_sql;
        struct xg_db *db = NULL;

        sql.names = names;
        sql.statements = bad + i;
        sql.statement_count = 1;
        assert_ok(xg_db_open(&db, ":memory:", &sql, NULL, &err));
        assert_int_not_equal(xg_db_check_statements(db, &err), XG_OK);
        xg_db_close(db);
    }
}

static void test_embedding_keeps_every_byte(void **state)
{
    struct xg_error err;
    struct xg_db *db = NULL;

    (void)state;
    assert_true(strlen(test_sql.statements[TEST_STMT_LONG_TEXT]) > 4095);
    assert_null(strstr(test_sql.statements[TEST_STMT_PAGE_APPEND], "--"));
    assert_int_equal(test_sql.migration_count, 3);
    assert_string_equal(test_sql.migrations[1].name, "0002_marks");
    assert_ok(xg_db_open(&db, ":memory:", &test_sql, NULL, &err));

    struct xg_stmt *s = xg_stmt(db, TEST_STMT_LONG_TEXT);
    xg_bind_i64(s, 1, 100);
    assert_true(xg_stmt_row(s));
    assert_int_equal(xg_col_i64(s, 0), 100);
    assert_string_equal(xg_col_text(s, 1), "第 99 行 [x] {y} ; \\ ${z} @q@");
    assert_ok(xg_stmt_done(s, &err));

    s = xg_stmt(db, TEST_STMT_MARK_LIST);
    xg_bind_i64(s, 1, 0);
    assert_true(xg_stmt_row(s));
    assert_string_equal(xg_col_text(s, 2), "第一页；'--' is no comment");
    assert_ok(xg_stmt_done(s, &err));
    xg_db_close(db);
}

static void test_values_come_back(void **state)
{
    struct xg_error err;
    struct xg_db *db = open_db(NULL);
    struct xg_hash hash = {{1, 2, 3}};
    struct xg_id id = {{9}};

    (void)state;
    struct xg_stmt *s = xg_stmt(db, TEST_STMT_VALUES_BACK);
    xg_bind_u64(s, 1, INT64_MAX);
    xg_bind_bytes(s, 2, xg_bytes(NULL, 0));
    xg_bind_text(s, 3, "汉字");
    assert_true(xg_stmt_row(s));
    assert_true(xg_col_u64(s, 0) == INT64_MAX);
    assert_false(xg_col_is_null(s, 1));
    assert_int_equal(xg_col_bytes(s, 1).len, 0);
    assert_string_equal(xg_col_text(s, 2), "汉字");
    assert_false(xg_stmt_next(s));
    assert_ok(xg_stmt_done(s, &err));

    s = xg_stmt(db, TEST_STMT_VALUES_BACK);
    xg_bind_hash(s, 1, &hash);
    xg_bind_id(s, 2, &id);
    xg_bind_null(s, 3);
    assert_true(xg_stmt_row(s));
    struct xg_hash hash_back = xg_col_hash(s, 0);
    struct xg_id id_back = xg_col_id(s, 1);
    assert_true(xg_col_is_null(s, 2));
    assert_ok(xg_stmt_done(s, &err));
    assert_true(xg_hash_equal(&hash, &hash_back));
    assert_true(xg_id_equal(&id, &id_back));
    xg_db_close(db);
}

/* A column of row (1, 'a NUL', NULL) read as something that it is not. */
static enum xg_status misread(struct xg_db *db, int which, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(db, TEST_STMT_VALUES_BACK);
    uint8_t out[4] = {1, 1, 1, 1};

    xg_bind_i64(s, 1, -1);
    xg_bind_text_bytes(s, 2, xg_bytes("a\0b", 3));
    xg_bind_bytes(s, 3, xg_bytes("abc", 3));
    assert_true(xg_stmt_row(s));
    switch (which) {
    case 0:
        xg_col_u64(s, 0);
        break;
    case 1:
        xg_col_bool(s, 0);
        break;
    case 2:
        xg_col_bytes(s, 0);
        break;
    case 3:
        assert_string_equal(xg_col_text(s, 1), "");
        break;
    case 4:
        xg_col_i64(s, 1);
        break;
    case 5:
        xg_col_text(s, 2);
        break;
    default:
        xg_col_exact(s, 2, out, sizeof out);
        assert_memory_equal(out, "\0\0\0\0", 4);
        break;
    }
    /* It sticks: nothing more comes out of it. */
    assert_int_equal(xg_col_i64(s, 0), 0);
    assert_int_equal(xg_col_bytes(s, 2).len, 0);
    assert_false(xg_stmt_next(s));
    return xg_stmt_done(s, err);
}

static void test_wrong_type_is_corrupt(void **state)
{
    struct xg_error err;
    struct xg_db *db = open_db(NULL);

    (void)state;
    for (int i = 0; i < 7; i++) {
        assert_status(misread(db, i, &err), XG_CORRUPT);
        assert_non_null(strstr(xg_error_text(&err), "values_back"));
        assert_non_null(strstr(xg_error_text(&err), path));
    }
    /* and is over with the statement */
    assert_int_equal(count_pages(db), 1);
    xg_db_close(db);
}

static enum xg_status body_as_number(uint64_t *number, bool *found,
                                     struct xg_db *db, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(db, TEST_STMT_PAGE_GET);

    xg_bind_i64(s, 1, 0);
    return xg_stmt_number(number, found, s, err);
}

static void test_one_number(void **state)
{
    struct xg_error err;
    struct xg_db *db = open_db(NULL);
    uint64_t number = 7;
    bool found = false;

    (void)state;
    assert_ok(xg_stmt_number(&number, &found, xg_stmt(db, TEST_STMT_PAGE_COUNT),
                             &err));
    assert_int_equal(number, 1);
    assert_true(found);

    struct xg_stmt *s = xg_stmt(db, TEST_STMT_PAGE_LIST);
    xg_bind_i64(s, 1, 50);
    assert_ok(xg_stmt_number(&number, &found, s, &err));
    assert_int_equal(number, 0);
    assert_false(found);
    s = xg_stmt(db, TEST_STMT_VALUES_BACK);
    xg_bind_u64(s, 1, INT64_MAX);
    xg_bind_null(s, 2);
    xg_bind_null(s, 3);
    assert_ok(xg_stmt_number(&number, NULL, s, &err));
    assert_true(number == INT64_MAX);

    /* The first page's body is bytes. */
    assert_status(body_as_number(&number, &found, db, &err), XG_CORRUPT);
    assert_true(number == INT64_MAX);
    assert_false(found);
    xg_db_close(db);
}

static void test_statement_lifecycle(void **state)
{
    struct xg_error err;
    struct xg_db *db = open_db(NULL);

    (void)state;
    assert_ok(xg_db_begin(db, &err));
    for (uint64_t i = 1; i <= 10; i++)
        assert_ok(add_page(db, i, BODY_SIZE, &err));
    assert_ok(xg_db_commit(db, &err));

    /* Left before its end, with another one inside, and taken again. */
    for (int round = 0; round < 2; round++) {
        struct xg_stmt *s = xg_stmt(db, TEST_STMT_PAGE_LIST);
        xg_bind_i64(s, 1, 3);
        for (int64_t i = 3; i < 6; i++) {
            assert_true(xg_stmt_next(s));
            assert_int_equal(xg_col_i64(s, 0), i);
            assert_int_equal(count_pages(db), 11);
        }
        assert_ok(xg_stmt_done(s, &err));
    }

    assert_ok(xg_db_begin(db, &err));
    struct xg_stmt *s = xg_stmt(db, TEST_STMT_PAGE_ADD_IF_NEW);
    xg_bind_i64(s, 1, 10);
    xg_bind_bytes(s, 2, xg_bytes("x", 1));
    assert_ok(xg_stmt_run(s, &err));
    assert_int_equal(xg_db_changes(db), 0);
    s = xg_stmt(db, TEST_STMT_PAGE_DELETE);
    xg_bind_i64(s, 1, 10);
    assert_ok(xg_stmt_run(s, &err));
    assert_int_equal(xg_db_changes(db), 1);
    /* A rollback ends what is still in use. */
    s = xg_stmt(db, TEST_STMT_PAGE_LIST);
    xg_bind_i64(s, 1, 0);
    assert_true(xg_stmt_next(s));
    assert_true(xg_db_in_transaction(db));
    xg_db_rollback(db);
    assert_false(xg_db_in_transaction(db));
    assert_int_equal(count_pages(db), 11);
    xg_db_close(db);
}

static void test_failure_dooms_the_transaction(void **state)
{
    struct xg_error err;
    struct xg_db *db = open_db(NULL);

    (void)state;
    assert_ok(xg_db_begin(db, &err));
    assert_ok(add_page(db, 1, 10, &err));
    assert_status(add_page(db, 1, 10, &err), XG_REFUSED);
    assert_status(add_page(db, 2, 10, &err), XG_REFUSED);
    assert_status(xg_db_commit(db, &err), XG_REFUSED);
    assert_non_null(strstr(xg_error_text(&err), "page_add"));
    assert_int_equal(count_pages(db), 1);

    assert_ok(save_page(db, 1, &err));
    assert_int_equal(count_pages(db), 2);

    /* Foreign keys and STRICT hold. */
    assert_ok(xg_db_begin(db, &err));
    struct xg_stmt *s = xg_stmt(db, TEST_STMT_MARK_ADD);
    xg_bind_i64(s, 1, 77);
    xg_bind_null(s, 2);
    xg_bind_i64(s, 3, 0);
    assert_status(xg_stmt_run(s, &err), XG_REFUSED);
    xg_db_rollback(db);
    assert_ok(xg_db_begin(db, &err));
    s = xg_stmt(db, TEST_STMT_MARK_ADD);
    xg_bind_i64(s, 1, 1);
    xg_bind_bytes(s, 2, xg_bytes("x", 1));
    xg_bind_i64(s, 3, 0);
    assert_status(xg_stmt_run(s, &err), XG_REFUSED);
    xg_db_rollback(db);
    xg_db_close(db);
}

static void write_outside(struct xg_db *db)
{
    struct xg_error err;
    xg_ignore(add_page(db, 1, 10, &err));
}

static void take_twice(struct xg_db *db)
{
    xg_stmt(db, TEST_STMT_PAGE_COUNT);
    xg_stmt(db, TEST_STMT_PAGE_COUNT);
}

static void forget_a_parameter(struct xg_db *db)
{
    xg_stmt_row(xg_stmt(db, TEST_STMT_PAGE_GET));
}

static void commit_with_one_in_use(struct xg_db *db)
{
    struct xg_error err;
    xg_ignore(xg_db_begin(db, &err));
    xg_stmt_row(xg_stmt(db, TEST_STMT_PAGE_COUNT));
    xg_ignore(xg_db_commit(db, &err));
}

static void bind_too_much(struct xg_db *db)
{
    xg_bind_u64(xg_stmt(db, TEST_STMT_PAGE_GET), 1, UINT64_C(1) << 63);
}

static void test_misuse_stops_the_program(void **state)
{
    static void (*const misuses[])(struct xg_db *) = {
        write_outside,          take_twice,    forget_a_parameter,
        commit_with_one_in_use, bind_too_much,
    };

    (void)state;
    for (size_t i = 0; i < sizeof misuses / sizeof *misuses; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            signal(SIGABRT, SIG_DFL);
            close(STDERR_FILENO);
            misuses[i](open_db(NULL));
            _exit(0);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

static void test_snapshot_stands_still(void **state)
{
    struct xg_error err;
    struct xg_db *writer = open_db(NULL);
    struct xg_db *reader = open_db(&(struct xg_db_options){.read_only = true});

    (void)state;
    assert_ok(xg_db_begin_read(reader, &err));
    assert_int_equal(count_pages(reader), 1);
    assert_ok(save_page(writer, 1, &err));
    assert_int_equal(count_pages(reader), 1);
    xg_db_rollback(reader);
    assert_int_equal(count_pages(reader), 2);
    xg_db_close(reader);
    xg_db_close(writer);
}

/* The first `count` of the test's migrations. */
static struct xg_sql migrations_up_to(size_t count)
{
    struct xg_sql sql = test_sql;

    sql.migration_count = count;
    return sql;
}

static void test_migrations_go_forward(void **state)
{
    struct xg_error err;

    (void)state;
    for (size_t count = 1; count <= test_sql.migration_count; count++) {
        struct xg_sql sql = migrations_up_to(count);
        struct xg_db *db = NULL;

        for (int again = 0; again < 2; again++) {
            assert_ok(xg_db_open(&db, path, &sql, NULL, &err));
            assert_int_equal(count_pages(db), count == 1 ? 0 : 1);
            xg_db_close(db);
        }
    }
    /* The mark's page was built anew; the mark is still there. */
    struct xg_db *db = open_db(NULL);
    struct xg_stmt *s = xg_stmt(db, TEST_STMT_MARK_LIST);
    xg_bind_i64(s, 1, 0);
    assert_true(xg_stmt_row(s));
    assert_ok(xg_stmt_done(s, &err));
    assert_ok(xg_db_check_statements(db, &err));
    xg_db_close(db);
}

/* Open with a short way to the newest schema, which is known by its table. */
static bool made_at_once(void)
{
    const struct xg_migration *m = test_sql.migrations;
    struct xg_sql sql = test_sql;
    struct xg_error err;
    struct xg_db *db = NULL;
    char newest[4096];
    bool is = false;

    snprintf(newest, sizeof newest, "%s%s%sCREATE TABLE at_once (x);", m[0].sql,
             m[1].sql, m[2].sql);
    sql.newest = newest;
    assert_ok(xg_db_open(&db, path, &sql, NULL, &err));
    assert_ok(xg_db_is_table(&is, db, "at_once", &err));
    xg_db_close(db);
    /* Who knows no short way finds nothing left to do. */
    db = open_db(NULL);
    assert_int_equal(count_pages(db), 1);
    xg_db_close(db);
    return is;
}

static void test_a_new_file_is_made_at_once(void **state)
{
    (void)state;
    assert_true(made_at_once());
}

static void test_an_old_file_is_migrated_step_by_step(void **state)
{
    struct xg_sql one = migrations_up_to(1);
    struct xg_error err;
    struct xg_db *db = NULL;

    (void)state;
    assert_ok(xg_db_open(&db, path, &one, NULL, &err));
    xg_db_close(db);
    assert_false(made_at_once());
}

/* The journal mode lies in the file: 2 for WAL. */
static int journal_mode(void)
{
    unsigned char head[20];
    FILE *f = fopen(path, "rb");

    assert_non_null(f);
    assert_int_equal(fread(head, 1, sizeof head, f), sizeof head);
    fclose(f);
    return head[18];
}

/* One write of the making of a database has no room: it fails, or it is made
 * as any other. */
static void test_a_file_made_on_a_full_disk_has_its_log(void **state)
{
    struct xg_error err;
    struct xg_db *db;
    bool untouched = false;

    (void)state;
    for (int n = 0; !untouched; n++) {
        shim.full_in = n;
        shim.full_once = true;
        enum xg_status status = xg_db_open(&db, path, &test_sql, NULL, &err);
        untouched = shim.full_in > 0;
        shim.full_in = -1;
        shim.full_once = false;
        if (status == XG_OK)
            xg_db_close(db);
        else
            assert_int_equal(status, XG_FULL);
        xg_db_close(open_db(NULL));
        assert_int_equal(journal_mode(), 2);
        assert_int_equal(unlink(path), 0);
        char log[TEST_PATH_SIZE + 8];
        snprintf(log, sizeof log, "%s-wal", path);
        unlink(log);
    }
}

static void test_new_file_is_private(void **state)
{
    static const char *const suffixes[] = {"", "-wal", ".lock"};
    struct xg_error err;
    struct xg_db *db = open_db(NULL);

    (void)state;
    assert_ok(save_page(db, 1, &err));
    for (size_t i = 0; i < 3; i++) {
        char name[TEST_PATH_SIZE + 8];
        struct stat info;

        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        assert_int_equal(stat(name, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
    }
    xg_db_close(db);
}

static void assert_refused(const struct xg_sql *sql,
                           const struct xg_db_options *options,
                           const char *word)
{
    struct xg_error err;
    struct xg_db *db = NULL;

    assert_status(xg_db_open(&db, path, sql, options, &err), XG_REFUSED);
    assert_null(db);
    if (!strstr(xg_error_text(&err), word))
        fail_msg("no '%s' in: %s", word, xg_error_text(&err));
}

static void test_without_a_log(void **state)
{
    struct xg_error err;
    char lock[TEST_PATH_SIZE + 8];
    struct xg_db_options options = {.no_wal = true, .lock_path = lock};

    (void)state;
    snprintf(lock, sizeof lock, "%s/elsewhere", folder);
    struct xg_db *db = open_db(&options);
    assert_ok(save_page(db, 1, &err));
    assert_ok(xg_db_checkpoint(db, &err));
    assert_int_equal(access(lock, F_OK), 0);
    xg_db_close(db);
    db = open_db(&options);
    assert_int_equal(count_pages(db), 2);
    xg_db_close(db);
    snprintf(lock, sizeof lock, "%s-wal", path);
    assert_int_not_equal(access(lock, F_OK), 0);
}

static long log_bytes(void)
{
    struct stat info;
    char log[TEST_PATH_SIZE + 8];

    snprintf(log, sizeof log, "%s-wal", path);
    return stat(log, &info) == 0 ? (long)info.st_size : 0;
}

/* Also by a connection that has written nothing yet; not where it is short, nor
 * under a reader. */
static void test_a_log_is_emptied_between_rushes(void **state)
{
    struct xg_error err;
    struct xg_db *db = open_db(NULL), *reader;

    (void)state;
    for (uint64_t i = 1; i <= 5; i++)
        assert_ok(save_page(db, i, &err));
    long length = log_bytes();
    assert_true(length > 4 * 4096);
    xg_db_close(db);

    db = open_db(NULL);
    assert_ok(xg_db_tidy(db, (unsigned)(length / 4096) + 1, &err));
    assert_int_equal(log_bytes(), length);
    reader = open_db(&(struct xg_db_options){.read_only = true});
    assert_ok(xg_db_begin_read(reader, &err));
    int64_t before = count_pages(reader);
    assert_ok(xg_db_tidy(db, 4, &err));
    assert_int_equal(log_bytes(), length);
    assert_ok(xg_db_commit(reader, &err));
    xg_db_close(reader);
    assert_ok(xg_db_tidy(db, 4, &err));
    assert_int_equal(log_bytes(), 0);
    assert_int_equal(count_pages(db), before);
    xg_db_close(db);
}

static void test_changed_migration_is_refused(void **state)
{
    struct xg_migration changed[3];
    struct xg_sql sql = test_sql;

    (void)state;
    xg_db_close(open_db(NULL));
    memcpy(changed, test_sql.migrations, sizeof changed);
    changed[1].checksum.b[31] ^= 1;
    sql.migrations = changed;
    assert_refused(&sql, NULL, "migration 2");
    xg_db_close(open_db(NULL));
}

static void test_changed_migration_is_not_built_upon(void **state)
{
    struct xg_error err;
    struct xg_migration changed[3];
    struct xg_sql two = migrations_up_to(2), three = test_sql;
    struct xg_db *db = NULL;

    (void)state;
    assert_ok(xg_db_open(&db, path, &two, NULL, &err));
    xg_db_close(db);
    memcpy(changed, test_sql.migrations, sizeof changed);
    changed[0].checksum.b[0] ^= 1;
    three.migrations = changed;
    assert_refused(&three, NULL, "migration 1");
    assert_ok(xg_db_open(&db, path, &two, NULL, &err));
    xg_db_close(db);
}

static void test_other_files_are_refused(void **state)
{
    struct xg_error err;
    struct xg_sql two = migrations_up_to(2);
    struct xg_db *db = NULL;
    sqlite3 *other;

    (void)state;
    xg_db_close(open_db(NULL));
    assert_refused(&two, NULL, "newer program");

    snprintf(path, sizeof path, "%s/old.db", folder);
    assert_ok(xg_db_open(&db, path, &two, NULL, &err));
    xg_db_close(db);
    assert_refused(&test_sql, &(struct xg_db_options){.read_only = true},
                   "migration");

    snprintf(path, sizeof path, "%s/other.db", folder);
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    sqlite3_exec(other, "CREATE TABLE t (x)", NULL, NULL, NULL);
    sqlite3_close(other);
    assert_refused(&test_sql, NULL, "another program");

    snprintf(path, sizeof path, "%s/none.db", folder);
    db = NULL;
    assert_status(xg_db_open(&db, path, &test_sql,
                             &(struct xg_db_options){.read_only = true}, &err),
                  XG_NOTFOUND);
    assert_int_not_equal(access(path, F_OK), 0);

    snprintf(path, sizeof path, "%s/text.db", folder);
    FILE *f = fopen(path, "w");
    for (int i = 0; i < 100; i++)
        fputs("this is not a database at all. ", f);
    fclose(f);
    assert_status(xg_db_open(&db, path, &test_sql, NULL, &err), XG_CORRUPT);
    assert_null(db);
}

static void test_failed_migration_leaves_nothing(void **state)
{
    struct xg_error err;
    struct xg_migration broken[3];
    struct xg_sql one = migrations_up_to(1), sql = test_sql;
    struct xg_db *db = NULL;

    (void)state;
    assert_ok(xg_db_open(&db, path, &one, NULL, &err));
    xg_db_close(db);
    memcpy(broken, test_sql.migrations, sizeof broken);
    broken[2].sql = "CREATE TABLE more (x TEXT) STRICT; CREATE nonsense;";
    sql.migrations = broken;
    assert_status(xg_db_open(&db, path, &sql, NULL, &err), XG_IO);
    assert_non_null(strstr(xg_error_text(&err), "0003_page_again"));

    broken[2].sql = "DELETE FROM page; "; /* breaks the mark's reference */
    assert_status(xg_db_open(&db, path, &sql, NULL, &err), XG_CORRUPT);

    assert_ok(xg_db_open(&db, path, &one, NULL, &err));
    assert_int_equal(count_pages(db), 0);
    xg_db_close(db);
    xg_db_close(open_db(NULL));
}

/* Kill a process at every write and sync it makes while it creates the
 * database: whatever it leaves opens again. */
static void test_kill_while_creating(void **state)
{
    struct xg_error err;
    int killed = 1, at = 0;

    (void)state;
    for (; killed; at++) {
        snprintf(path, sizeof path, "%s/%d.db", folder, at);
        pid_t pid = fork();
        if (pid == 0) {
            struct xg_db *db = NULL;
            shim.kill_in = at;
            _exit(xg_db_open(&db, path, &test_sql, NULL, &err) != XG_OK);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        killed = WIFSIGNALED(status);
        assert_true(killed || WEXITSTATUS(status) == 0);

        struct xg_db *db = open_db(NULL);
        assert_int_equal(count_pages(db), 1);
        assert_ok(xg_db_integrity(db, &err));
        assert_ok(save_page(db, 1, &err));
        xg_db_close(db);
    }
    assert_in_range(at, 10, 200);
}

static void append_pages(int count)
{
    struct xg_error err;
    struct xg_db_options options = {.wal_pages = 8, .busy_ms = 60000};
    struct xg_db *db = open_db(&options);
    static const uint8_t body[BODY_SIZE];

    for (int i = 0; i < count; i++) {
        assert_ok(xg_db_begin(db, &err));
        struct xg_stmt *s = xg_stmt(db, TEST_STMT_PAGE_APPEND);
        xg_bind_bytes(s, 1, xg_bytes(body, sizeof body));
        assert_ok(xg_stmt_run(s, &err));
        assert_ok(xg_db_commit(db, &err));
        if (i % 50 == 49)
            assert_ok(xg_db_checkpoint(db, &err));
    }
    xg_db_close(db);
}

static void test_two_processes_write(void **state)
{
    enum { EACH = 200 };
    struct xg_error err;
    pid_t pids[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            append_pages(EACH); /* both may be the one that creates it */
            _exit(0);
        }
    }
    for (int i = 0; i < 2; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    struct xg_db *db = open_db(NULL);
    assert_ok(xg_db_integrity(db, &err));
    assert_int_equal(count_pages(db), 1 + 2 * EACH);
    xg_db_close(db);
}

static void test_writer_waits_no_longer_than_told(void **state)
{
    struct xg_error err;
    struct xg_db *one = open_db(NULL);
    struct xg_db *two = open_db(&(struct xg_db_options){.busy_ms = 30});

    (void)state;
    assert_ok(xg_db_begin(one, &err));
    assert_status(xg_db_begin(two, &err), XG_BUSY);
    assert_status(xg_db_checkpoint(two, &err), XG_BUSY);
    assert_non_null(strstr(xg_error_text(&err), "another program"));
    assert_int_equal(count_pages(two), 1);
    xg_db_rollback(one);
    assert_ok(save_page(two, 1, &err));
    xg_db_close(one);
    xg_db_close(two);
}

static void test_full_file(void **state)
{
    struct xg_error err;
    struct xg_db *db = open_db(NULL);

    (void)state;
    struct xg_stmt *s = xg_stmt(db, TEST_STMT_FILE_LIMIT);
    assert_true(xg_stmt_row(s));
    assert_ok(xg_stmt_done(s, &err));

    assert_ok(save_page(db, 1, &err));
    assert_ok(xg_db_begin(db, &err));
    assert_ok(add_page(db, 2, 10, &err));
    assert_status(add_page(db, 3, 64 << 10, &err), XG_FULL);
    assert_non_null(strstr(xg_error_text(&err), "the disk is full"));
    assert_status(add_page(db, 4, 10, &err), XG_FULL);
    assert_status(xg_db_commit(db, &err), XG_FULL);
    assert_int_equal(count_pages(db), 2);
    assert_ok(save_page(db, 2, &err));
    assert_ok(xg_db_integrity(db, &err));
    xg_db_close(db);
}

/* The disk is full from the n-th write on, for every n that a save makes. */
static void test_full_disk_at_every_write(void **state)
{
    struct xg_error err;
    struct xg_db_options options = {.wal_pages = 4};
    int failures = 0;

    (void)state;
    for (int n = 0;; n++) {
        struct xg_db *db = open_db(&options);
        int64_t before = count_pages(db);

        shim.full_in = n;
        enum xg_status status = save_page(db, 1000 + (uint64_t)n, &err);
        bool untouched = shim.full_in > 0;
        shim.full_in = -1;
        if (status != XG_OK) {
            assert_status(status, XG_FULL);
            failures++;
        }
        assert_int_equal(count_pages(db), before + (status == XG_OK));
        assert_ok(save_page(db, 2000 + (uint64_t)n, &err));
        assert_ok(xg_db_integrity(db, &err));
        xg_db_close(db);
        if (untouched)
            break;
    }
    assert_in_range(failures, 2, 50);
}

static int syncs_of_a_save(struct xg_db *db, uint64_t number)
{
    struct xg_error err;

    shim.syncs = 0;
    assert_ok(save_page(db, number, &err));
    return shim.syncs;
}

static void test_syncs_of_a_save(void **state)
{
    struct xg_error err;
    struct xg_db *db = open_db(NULL);

    (void)state;
    for (uint64_t i = 1; i <= 20; i++)
        assert_int_equal(syncs_of_a_save(db, i), 1);
    assert_ok(xg_db_checkpoint(db, &err));
    assert_int_equal(syncs_of_a_save(db, 21), 2);
    assert_int_equal(syncs_of_a_save(db, 22), 1);
    xg_db_close(db);

    /* A process for each save: neither opening nor closing syncs. */
    shim.syncs = 0;
    for (uint64_t i = 23; i < 33; i++) {
        db = open_db(NULL);
        assert_ok(save_page(db, i, &err));
        xg_db_close(db);
    }
    assert_int_equal(shim.syncs, 10);

    /* With its checkpoint a save has two more, and these are rare. */
    db = open_db(NULL);
    int most = 0, over = 0;
    for (uint64_t i = 33; i < 333; i++) {
        int syncs = syncs_of_a_save(db, i);
        most = syncs > most ? syncs : most;
        over += syncs > 1;
    }
    assert_int_equal(most, 3);
    assert_in_range(over, 1, 12);
    xg_db_close(db);
}

static off_t size_of_log(void)
{
    char name[TEST_PATH_SIZE + 8];
    struct stat info;

    snprintf(name, sizeof name, "%s-wal", path);
    assert_int_equal(stat(name, &info), 0);
    return info.st_size;
}

/* Nobody keeps the database open between the saves: what is known of the log
 * beyond its content is lost each time. */
static void test_log_stays_short(void **state)
{
    enum { SAVES = 300, PAGES = 64 };
    struct xg_db_options options = {.wal_pages = PAGES};
    struct xg_error err;
    off_t longest = 0;

    (void)state;
    xg_db_close(open_db(NULL));
    shim.syncs = 0;
    for (uint64_t i = 1; i <= SAVES; i++) {
        struct xg_db *db = open_db(&options);
        assert_ok(save_page(db, i, &err));
        xg_db_close(db);
        longest = size_of_log() > longest ? size_of_log() : longest;
    }
    assert_in_range(longest, 1, (PAGES + 16) * 4200);
    assert_in_range(shim.syncs, SAVES, SAVES + SAVES / 4);

    /* A reader in the way lets it grow, but stops nobody. */
    struct xg_db *reader = open_db(NULL), *db = open_db(&options);
    assert_ok(xg_db_begin_read(reader, &err));
    assert_int_equal(count_pages(reader), SAVES + 1);
    for (uint64_t i = SAVES + 1; i <= 2 * SAVES; i++)
        assert_ok(save_page(db, i, &err));
    assert_int_equal(count_pages(reader), SAVES + 1);
    assert_in_range(size_of_log(), 2 * PAGES * 4096, 1 << 30);
    xg_db_rollback(reader);
    assert_ok(save_page(db, 2 * SAVES + 1, &err));
    assert_int_equal(size_of_log(), 0);
    assert_ok(xg_db_integrity(db, &err));
    xg_db_close(reader);
    xg_db_close(db);
}

static void test_open_writes_nothing(void **state)
{
    (void)state;
    xg_db_close(open_db(NULL));
    shim.writes = shim.syncs = 0;
    xg_db_close(open_db(NULL));
    assert_int_equal(shim.writes, 0);
    assert_int_equal(shim.syncs, 0);
}

static void test_corruption_is_found(void **state)
{
    struct xg_error err;
    struct xg_db *db = open_db(NULL);

    (void)state;
    for (uint64_t i = 1; i < 40; i++)
        assert_ok(save_page(db, i, &err));
    assert_ok(xg_db_checkpoint(db, &err));
    xg_db_close(db);

    FILE *f = fopen(path, "r+");
    fseek(f, -3000, SEEK_END);
    for (int i = 0; i < 2900; i++)
        fputc(0xA5, f);
    fclose(f);
    db = open_db(NULL);
    enum xg_status status = xg_db_integrity(db, &err);
    for (uint64_t i = 0; status == XG_OK && i < 40; i++) {
        struct xg_stmt *s = xg_stmt(db, TEST_STMT_PAGE_GET);
        xg_bind_u64(s, 1, i);
        xg_stmt_row(s);
        status = xg_stmt_done(s, &err);
    }
    xg_db_close(db);
    assert_status(status, XG_CORRUPT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_statements_are_sound),
        TEST(test_unsound_statements_are_found),
        TEST(test_embedding_keeps_every_byte),
        TEST(test_values_come_back),
        TEST(test_wrong_type_is_corrupt),
        TEST(test_one_number),
        TEST(test_statement_lifecycle),
        TEST(test_failure_dooms_the_transaction),
        TEST(test_misuse_stops_the_program),
        TEST(test_snapshot_stands_still),
        TEST(test_migrations_go_forward),
        TEST(test_a_new_file_is_made_at_once),
        TEST(test_an_old_file_is_migrated_step_by_step),
        TEST(test_a_file_made_on_a_full_disk_has_its_log),
        TEST(test_new_file_is_private),
        TEST(test_without_a_log),
        TEST(test_a_log_is_emptied_between_rushes),
        TEST(test_changed_migration_is_refused),
        TEST(test_changed_migration_is_not_built_upon),
        TEST(test_other_files_are_refused),
        TEST(test_failed_migration_leaves_nothing),
        TEST(test_kill_while_creating),
        TEST(test_two_processes_write),
        TEST(test_writer_waits_no_longer_than_told),
        TEST(test_full_file),
        TEST(test_full_disk_at_every_write),
        TEST(test_syncs_of_a_save),
        TEST(test_log_stays_short),
        TEST(test_open_writes_nothing),
        TEST(test_corruption_is_found),
    };

    xg_lang_init("en");
    return cmocka_run_group_tests(tests, shim_setup, NULL);
}
