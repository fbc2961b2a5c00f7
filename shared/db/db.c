/* db.c - connections, transactions, and the lock around them. */
#include "shared/db/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"

/* A log of 1 MiB: a program that starts for one save reads it whole (about a
 * ms), and one save in some fifty pays for a checkpoint. */
enum {
    CACHE_KIB = 1024,
    BUSY_MS = 10000,
    WAL_PAGES = 256,
    PAGE_BYTES = 4096,
};
enum { LOCK_POLL_NS = 1000000, STEPS_LOOKED_AT = 1000 };

static enum xg_status status_of(int code, int os_errno)
{
    switch (code & 0xFF) {
    case SQLITE_FULL:
        return XG_FULL;
    case SQLITE_NOMEM:
        return XG_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return XG_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return XG_CORRUPT;
    case SQLITE_CONSTRAINT:
        return XG_REFUSED;
    case SQLITE_TOOBIG:
    case SQLITE_INTERRUPT:
        return XG_TOOBIG;
    case SQLITE_IOERR:
        if (code == SQLITE_IOERR_NOMEM)
            return XG_NOMEM;
        return os_errno == ENOSPC || os_errno == EDQUOT ? XG_FULL : XG_IO;
    default:
        return XG_IO;
    }
}

static const char *headline(enum xg_status status)
{
    if (status == XG_FULL)
        return XG_T("磁盘已满；请删别的文件再试（巡格的数据和未传的照片别删）",
                    "the disk is full; delete other files (not those of Xunge) and try again");
    if (status == XG_NOMEM)
        return XG_T("内存不足；请关闭其他程序后重试",
                    "out of memory; close other programs and try again");
    if (status == XG_BUSY)
        return XG_T("数据库正忙；请稍后重试",
                    "the database is busy; try again in a moment");
    if (status == XG_CORRUPT)
        return XG_T("数据库已损坏；处理之前请先复制该文件",
                    "the database is damaged; copy the file before you do "
                    "anything else");
    if (status == XG_TOOBIG)
        return XG_T("超过数据库的上限", "over a limit of the database");
    if (status == XG_REFUSED)
        return XG_T("数据库的规则不允许", "a rule of the database says no");
    return XG_T("数据库出错", "the database failed");
}

enum xg_status xg_db_fail(struct xg_db *db, int code, const char *what,
                          struct xg_error *err)
{
    int os_errno =
        (code & 0xFF) == SQLITE_IOERR ? sqlite3_system_errno(db->handle) : 0;
    enum xg_status status = status_of(code, os_errno);

    xg_ignore(xg_fail(
        err, status, XG_T("%s（%s，%s：%s，%d）", "%s (%s, %s: %s, %d)"),
        headline(status), db->path, what, sqlite3_errmsg(db->handle), code));
    err->os_errno = os_errno;
    return status;
}

enum xg_status xg_db_exec(struct xg_db *db, const char *sql, const char *what,
                          struct xg_error *err)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? XG_OK : xg_db_fail(db, code, what, err);
}

enum xg_status xg_db_exec_own(struct xg_db *db, enum xg_db_stmt number,
                              struct xg_error *err)
{
    return xg_db_exec(db, xg_db_sql.statements[number], xg_db_sql.names[number],
                      err);
}

enum xg_status xg_db_exec_number(struct xg_db *db, enum xg_db_stmt number,
                                 int64_t value, struct xg_error *err)
{
    const char *sql = xg_db_sql.statements[number];
    const char *mark = strstr(sql, "?1");
    char text[128];

    assert(mark && strlen(sql) < sizeof text - 24);
    snprintf(text, sizeof text, "%.*s%" PRId64 "%s", (int)(mark - sql), sql,
             value, mark + 2);
    return xg_db_exec(db, text, xg_db_sql.names[number], err);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* flock() alone would wait for ever for a writer that hangs. */
enum xg_status xg_db_lock(struct xg_db *db, struct xg_error *err)
{
    const struct timespec pause = {.tv_nsec = LOCK_POLL_NS};

    if (!db->lock_path)
        return XG_OK;
    if (db->lock_fd < 0 &&
        xg_os_lock_open(&db->lock_fd, db->lock_path, err) != XG_OK)
        return err->status;
    if (xg_os_try_lock(db->lock_fd, err) == XG_OK)
        return XG_OK;
    for (int64_t end = now_ms() + db->busy_ms;
         err->status == XG_BUSY && now_ms() < end;) {
        nanosleep(&pause, NULL);
        if (xg_os_try_lock(db->lock_fd, err) == XG_OK)
            return XG_OK;
    }
    if (err->status != XG_BUSY)
        return xg_wrap(err, "%s", db->lock_path);
    return xg_fail(err, XG_BUSY,
                   XG_T("另一个程序正在写入 %s；请稍后重试",
                        "another program is writing to %s; try again in a "
                        "moment"),
                   db->path);
}

void xg_db_unlock(struct xg_db *db)
{
    if (db->lock_fd >= 0)
        xg_os_unlock(db->lock_fd);
}

/* Make the file 0600, which its log inherits; SQLite would make it 0644.
 * O_EXCL, because closing a file that another connection of this process has
 * open would drop that connection's locks. */
static enum xg_status make_file(const char *path, struct xg_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0)
        close(fd);
    else if (errno != EEXIST)
        return xg_fail_os(
            err, XG_T("无法创建数据库 %s", "cannot make database %s"), path);
    return XG_OK;
}

/* As a URI, which alone can say "immutable". Free it. */
static char *immutable_uri(const char *path)
{
    static const char head[] = "file:", tail[] = "?immutable=1";
    size_t size = sizeof head + 3 * strlen(path) + sizeof tail;
    char *uri = malloc(size), *to = uri;

    if (!uri)
        return NULL;
    to += snprintf(to, size, "%s", head);
    for (const char *at = path; *at; at++)
        if (strchr("%?#", *at))
            to += snprintf(to, 4, "%%%02X", (unsigned char)*at);
        else
            *to++ = *at;
    memcpy(to, tail, sizeof tail);
    return uri;
}

static enum xg_status fail_without_file(const struct xg_db *db,
                                        struct xg_error *err)
{
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("没有数据库 %s", "there is no database %s"), db->path);
}

/* No system call of ours where it goes well: held.h. */
static enum xg_status open_hostile(struct xg_db *db, struct xg_error *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    char *uri = immutable_uri(db->path);

    if (!uri)
        return xg_fail_nomem(err);
    int code = sqlite3_open_v2(uri, &db->handle, flags, NULL);
    free(uri);
    if (!db->handle)
        return xg_fail_nomem(err);
    if (code != SQLITE_OK)
        return xg_os_exists(db->path) ? xg_db_fail(db, code, "open", err)
                                      : fail_without_file(db, err);
    sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, XG_DB_HOSTILE_VALUE);
    sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_limit(db->handle, SQLITE_LIMIT_WORKER_THREADS, 0);
    return XG_OK;
}

static enum xg_status open_handle(struct xg_db *db, struct xg_error *err)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (db->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);

    if (db->hostile)
        return open_hostile(db, err);
    if (db->read_only && !xg_os_exists(db->path))
        return fail_without_file(db, err);
    if (db->lock_path && !db->read_only && make_file(db->path, err) != XG_OK)
        return err->status;
    int code = sqlite3_open_v2(db->path, &db->handle, flags, NULL);
    if (!db->handle)
        return xg_fail_nomem(err);
    return code == SQLITE_OK ? XG_OK : xg_db_fail(db, code, "open", err);
}

static int note_log(void *ctx, sqlite3 *handle, const char *name, int pages)
{
    struct xg_db *db = ctx;

    (void)handle, (void)name;
    db->wal_pages = pages;
    return SQLITE_OK;
}

/* Nonzero ends the statement with SQLITE_INTERRUPT. */
static int count_steps(void *ctx)
{
    struct xg_db *db = ctx;

    db->steps += STEPS_LOOKED_AT;
    return db->steps > db->steps_max;
}

static enum xg_status configure(struct xg_db *db,
                                const struct xg_db_options *options,
                                struct xg_error *err)
{
    static const struct {
        int option, value;
    } flags[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
        /* A plan hangs on no bound value. Else a statement that a partial index
         * might serve is parsed again each time it is bound. */
        {SQLITE_DBCONFIG_ENABLE_QPSG, 1},
    };
    unsigned kib = options->cache_kib ? options->cache_kib : CACHE_KIB;

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        int code = sqlite3_db_config(db->handle, flags[i].option,
                                     flags[i].value, NULL);
        if (code != SQLITE_OK)
            return xg_db_fail(db, code, "configure", err);
    }
    sqlite3_busy_timeout(db->handle, (int)db->busy_ms);
    sqlite3_wal_hook(db->handle, note_log, db);
    if (db->steps_max)
        sqlite3_progress_handler(db->handle, STEPS_LOOKED_AT, count_steps, db);
    if (xg_db_exec_own(db, XG_DB_STMT_CONNECT, err) != XG_OK ||
        (options->derived &&
         xg_db_exec_own(db, XG_DB_STMT_DERIVED, err) != XG_OK) ||
        (db->hostile &&
         xg_db_exec_own(db, XG_DB_STMT_HOSTILE, err) != XG_OK))
        return err->status;
    return xg_db_exec_number(db, XG_DB_STMT_CACHE_SIZE, -(int64_t)kib, err);
}

static void name_stmts(struct xg_db *db)
{
    size_t count = db->sql->statement_count;

    for (size_t i = 0; i < count + XG_DB_STMT_COUNT; i++) {
        bool own = i >= count;
        const struct xg_sql *sql = own ? &xg_db_sql : db->sql;
        size_t at = own ? i - count : i;

        db->stmts[i] = (struct xg_stmt){.db = db,
                                        .name = sql->names[at],
                                        .sql = sql->statements[at],
                                        .own = own};
    }
}

static struct xg_db *new_db(const char *path, const struct xg_sql *sql,
                            const struct xg_db_options *options)
{
    struct xg_db *db = calloc(1, sizeof *db);
    bool memory = strcmp(path, ":memory:") == 0;
    const char *lock = options->lock_path ? options->lock_path : path;
    size_t lock_size = strlen(lock) + sizeof ".lock";

    if (!db)
        return NULL;
    db->lock_fd = -1;
    db->sql = sql;
    db->failure = XG_ERROR_NONE;
    db->busy_ms = options->busy_ms ? options->busy_ms : BUSY_MS;
    db->wal_pages_max = options->wal_pages ? options->wal_pages : WAL_PAGES;
    db->read_only = options->read_only || options->hostile;
    db->hostile = options->hostile;
    db->steps_max = options->steps_max;
    db->no_wal = options->no_wal || memory;
    db->path = strdup(path);
    db->stmts =
        calloc(sql->statement_count + XG_DB_STMT_COUNT, sizeof *db->stmts);
    db->lock_path = memory ? NULL : malloc(lock_size);
    if (!db->path || !db->stmts || (!memory && !db->lock_path)) {
        xg_db_close(db);
        return NULL;
    }
    if (!memory)
        snprintf(db->lock_path, lock_size, "%s%s", lock,
                 options->lock_path ? "" : ".lock");
    name_stmts(db);
    return db;
}

enum xg_status xg_db_open(struct xg_db **db, const char *path,
                          const struct xg_sql *sql,
                          const struct xg_db_options *options,
                          struct xg_error *err)
{
    static const struct xg_db_options none;
    struct xg_db *opened = new_db(path, sql, options ? options : &none);

    if (!opened)
        return xg_fail_nomem(err);
    if (open_handle(opened, err) != XG_OK ||
        configure(opened, options ? options : &none, err) != XG_OK ||
        (!(options && (options->foreign || options->hostile)) &&
         xg_db_migrate(opened, err) != XG_OK)) {
        xg_db_close(opened);
        return err->status;
    }
    *db = opened;
    return XG_OK;
}

void xg_db_close(struct xg_db *db)
{
    if (!db)
        return;
    xg_db_rollback(db);
    xg_stmt_abandon_all(db);
    for (size_t i = 0;
         db->stmts && i < db->sql->statement_count + XG_DB_STMT_COUNT; i++)
        sqlite3_finalize(db->stmts[i].handle);
    sqlite3_close(db->handle);
    if (db->lock_fd >= 0)
        close(db->lock_fd);
    free(db->lock_path);
    free(db->path);
    free(db->stmts);
    free(db);
}

enum xg_status xg_db_begin(struct xg_db *db, struct xg_error *err)
{
    assert(db->transaction == XG_DB_NONE && !db->read_only);
    if (xg_db_lock(db, err) != XG_OK)
        return err->status;
    if (xg_db_exec_own(db, XG_DB_STMT_BEGIN_WRITE, err) != XG_OK) {
        xg_db_unlock(db);
        return err->status;
    }
    db->failure = XG_ERROR_NONE;
    db->transaction = XG_DB_WRITE;
    return XG_OK;
}

enum xg_status xg_db_begin_read(struct xg_db *db, struct xg_error *err)
{
    assert(db->transaction == XG_DB_NONE);
    if (xg_db_exec_own(db, XG_DB_STMT_BEGIN_READ, err) != XG_OK)
        return err->status;
    db->failure = XG_ERROR_NONE;
    db->transaction = XG_DB_READ;
    return XG_OK;
}

static int checkpoint(struct xg_db *db)
{
    int code = sqlite3_wal_checkpoint_v2(
        db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    if (code == SQLITE_OK)
        db->wal_pages = 0;
    return code;
}

/* SQLite's own autocheckpoint leaves it to the next writer to begin the log
 * anew. That works only while some process has the database open: the first
 * one to open it reads the log and no longer knows that it is done with, and
 * for a program that starts for each save the log would grow without end. So
 * the log is emptied. What is saved is safe already: a reader in the way, or
 * no space, only mean that the next save tries again. */
static void try_checkpoint(struct xg_db *db)
{
    sqlite3_busy_timeout(db->handle, 0);
    checkpoint(db);
    sqlite3_busy_timeout(db->handle, (int)db->busy_ms);
}

static void shorten_log(struct xg_db *db)
{
    if (db->wal_pages >= 0 && (unsigned)db->wal_pages >= db->wal_pages_max)
        try_checkpoint(db);
}

static void end(struct xg_db *db)
{
    if (db->transaction == XG_DB_WRITE)
        xg_db_unlock(db);
    db->transaction = XG_DB_NONE;
    db->failure = XG_ERROR_NONE;
}

enum xg_status xg_db_commit(struct xg_db *db, struct xg_error *err)
{
    enum xg_status status = db->failure.status;

    assert(db->transaction != XG_DB_NONE && db->in_use == 0);
    if (status != XG_OK)
        *err = db->failure;
    else
        status = xg_db_exec_own(db, XG_DB_STMT_COMMIT, err);
    if (status != XG_OK) {
        xg_db_rollback(db);
        return status;
    }
    if (db->transaction == XG_DB_WRITE)
        shorten_log(db);
    end(db);
    return XG_OK;
}

/* SQLite has rolled back by itself after some failures (no space, no memory);
 * then there is nothing left to do but to unlock. */
void xg_db_rollback(struct xg_db *db)
{
    struct xg_error ignored = XG_ERROR_NONE;

    if (db->transaction == XG_DB_NONE)
        return;
    xg_stmt_abandon_all(db);
    if (!sqlite3_get_autocommit(db->handle))
        xg_ignore(xg_db_exec_own(db, XG_DB_STMT_ROLLBACK, &ignored));
    end(db);
}

bool xg_db_in_transaction(const struct xg_db *db)
{
    return db->transaction != XG_DB_NONE;
}

static enum xg_status name_log(char log[static PATH_MAX],
                               const struct xg_db *db, struct xg_error *err)
{
    if ((size_t)snprintf(log, PATH_MAX, "%s-wal", db->path) >= PATH_MAX)
        return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                       db->path);
    return XG_OK;
}

/* The file itself is synced by whoever empties the log into it. */
enum xg_status xg_db_sync(const struct xg_db *db, struct xg_error *err)
{
    char log[PATH_MAX];

    if (db->no_wal)
        return XG_OK;
    if (name_log(log, db, err) != XG_OK)
        return err->status;
    int fd = open(log, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return XG_OK;
    enum xg_status status = XG_OK;
    if (fd < 0 || fsync(fd) != 0)
        status =
            xg_fail_os(err, XG_T("无法落盘 %s", "cannot sync %s"), log);
    if (fd >= 0)
        close(fd);
    return status == XG_OK ? xg_os_sync_parent(log, err) : status;
}

enum xg_status xg_db_checkpoint(struct xg_db *db, struct xg_error *err)
{
    assert(db->transaction == XG_DB_NONE && !db->read_only);
    if (xg_db_lock(db, err) != XG_OK)
        return err->status;
    int code = checkpoint(db);
    enum xg_status status =
        code == SQLITE_OK ? XG_OK : xg_db_fail(db, code, "checkpoint", err);
    xg_db_unlock(db);
    return status;
}

/* The file's length is asked: of a log that an earlier program left the
 * connection knows nothing before it writes. */
enum xg_status xg_db_tidy(struct xg_db *db, unsigned least_pages,
                          struct xg_error *err)
{
    struct stat log;
    char path[PATH_MAX];

    assert(db->transaction == XG_DB_NONE && !db->read_only);
    if (db->no_wal)
        return XG_OK;
    if (name_log(path, db, err) != XG_OK)
        return err->status;
    if (stat(path, &log) != 0 || log.st_size < (off_t)least_pages * PAGE_BYTES)
        return XG_OK;
    if (xg_db_lock(db, err) != XG_OK)
        return err->status;
    try_checkpoint(db);
    xg_db_unlock(db);
    return XG_OK;
}

static enum xg_status check_pages(struct xg_db *db, enum xg_db_stmt how,
                                  struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt_own(db, how);

    if (xg_stmt_row(s)) {
        const char *finding = xg_col_text(s, 0);
        if (strcmp(finding, "ok") != 0)
            xg_stmt_corrupt(s, finding);
    }
    return xg_stmt_done(s, err);
}

enum xg_status xg_db_integrity(struct xg_db *db, struct xg_error *err)
{
    return check_pages(db, XG_DB_STMT_INTEGRITY_CHECK, err);
}

enum xg_status xg_db_quick_check(struct xg_db *db, struct xg_error *err)
{
    return check_pages(db, XG_DB_STMT_QUICK_CHECK, err);
}

enum xg_status xg_db_is_table(bool *is, struct xg_db *db, const char *name,
                              struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt_own(db, XG_DB_STMT_TABLE_TYPE);
    bool found = false;

    xg_bind_text(s, 1, name);
    if (xg_stmt_row(s))
        found = strcmp(xg_col_text(s, 0), "table") == 0;
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    *is = found;
    return XG_OK;
}

int64_t xg_db_changes(const struct xg_db *db)
{
    return sqlite3_changes64(db->handle);
}

int64_t xg_db_last_rowid(const struct xg_db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

const char *xg_db_path(const struct xg_db *db)
{
    return db->path;
}
