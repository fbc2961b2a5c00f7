/* stmt.c - statements: take, bind, step, read, done. */
#include "shared/db/internal.h"

#include <ctype.h>
#include <stdio.h>

#include "shared/base/lang.h"

enum { PARAMETERS_MAX = 63 };

/* The failure of the statement; its text is kept once a connection, for the
 * first that fails. */
static void stick(struct xg_stmt *s, int code)
{
    struct xg_error later = XG_ERROR_NONE;
    struct xg_error *first =
        s->db->failure.status == XG_OK ? &s->db->failure : &later;

    s->failed = xg_db_fail(s->db, code, s->name, first);
}

void xg_stmt_corrupt(struct xg_stmt *s, const char *what)
{
    if (s->failed != XG_OK)
        return;
    s->failed = XG_CORRUPT;
    if (s->db->failure.status == XG_OK)
        xg_ignore(xg_fail(&s->db->failure, XG_CORRUPT,
                          XG_T("数据库已损坏；处理之前请先复制该文件"
                               "（%s，%s：%s）",
                               "the database is damaged; copy the file before "
                               "you do anything else (%s, %s: %s)"),
                          s->db->path, s->name, what));
}

static struct xg_stmt *take(struct xg_stmt *s)
{
    struct xg_db *db = s->db;

    assert(!s->in_use);
    s->in_use = true;
    db->in_use++;
    db->steps = 0;
    s->failed = db->transaction == XG_DB_NONE ? XG_OK : db->failure.status;
    if (s->failed != XG_OK || s->handle)
        return s;
    int code = sqlite3_prepare_v3(db->handle, s->sql, -1,
                                  SQLITE_PREPARE_PERSISTENT, &s->handle, NULL);
    if (code != SQLITE_OK)
        stick(s, code);
    return s;
}

struct xg_stmt *xg_stmt(struct xg_db *db, size_t number)
{
    assert(number < db->sql->statement_count);
    return take(&db->stmts[number]);
}

struct xg_stmt *xg_stmt_own(struct xg_db *db, enum xg_db_stmt number)
{
    return take(&db->stmts[db->sql->statement_count + number]);
}

static void let_go(struct xg_stmt *s)
{
    if (s->handle) {
        sqlite3_reset(s->handle);
        sqlite3_clear_bindings(s->handle); /* they are only borrowed */
    }
    s->bound = 0;
    s->failed = XG_OK;
    s->in_use = s->stepped = s->has_row = false;
    s->db->in_use--;
}

void xg_stmt_abandon_all(struct xg_db *db)
{
    for (size_t i = 0; db->in_use > 0; i++)
        if (db->stmts[i].in_use)
            let_go(&db->stmts[i]);
}

/* May parameter `at` be bound now? */
static bool bindable(struct xg_stmt *s, int at)
{
    assert(s->in_use && !s->stepped && at >= 1 && at <= PARAMETERS_MAX);
    if (s->failed != XG_OK)
        return false;
    uint64_t bit = UINT64_C(1) << (at - 1);
    assert(!(s->bound & bit));
    s->bound |= bit;
    return true;
}

/* An index out of range can only be a bug. */
static void bound(struct xg_stmt *s, int code)
{
    assert(code != SQLITE_RANGE && code != SQLITE_MISUSE);
    if (code != SQLITE_OK)
        stick(s, code);
}

void xg_bind_i64(struct xg_stmt *s, int at, int64_t value)
{
    if (bindable(s, at))
        bound(s, sqlite3_bind_int64(s->handle, at, value));
}

void xg_bind_u64(struct xg_stmt *s, int at, uint64_t value)
{
    assert(value <= INT64_MAX);
    xg_bind_i64(s, at, (int64_t)value);
}

/* SQLite takes a NULL pointer for NULL, whatever the length. */
void xg_bind_bytes(struct xg_stmt *s, int at, struct xg_bytes bytes)
{
    const void *data = bytes.len == 0 ? "" : (const void *)bytes.at;

    if (bindable(s, at))
        bound(s, sqlite3_bind_blob64(s->handle, at, data, bytes.len,
                                     SQLITE_STATIC));
}

void xg_bind_hash(struct xg_stmt *s, int at, const struct xg_hash *hash)
{
    xg_bind_bytes(s, at, xg_bytes(hash->b, sizeof hash->b));
}

void xg_bind_id(struct xg_stmt *s, int at, const struct xg_id *id)
{
    xg_bind_bytes(s, at, xg_bytes(id->b, sizeof id->b));
}

void xg_bind_text(struct xg_stmt *s, int at, const char *text)
{
    xg_bind_text_bytes(s, at, xg_bytes_of(text));
}

void xg_bind_text_bytes(struct xg_stmt *s, int at, struct xg_bytes text)
{
    const char *data = text.len == 0 ? "" : (const char *)text.at;

    if (bindable(s, at))
        bound(s, sqlite3_bind_text64(s->handle, at, data, text.len,
                                     SQLITE_STATIC, SQLITE_UTF8));
}

void xg_bind_null(struct xg_stmt *s, int at)
{
    if (bindable(s, at))
        bound(s, sqlite3_bind_null(s->handle, at));
}

/* The bugs that only show when it runs: a parameter that was forgotten would
 * be NULL; a write without the lock could corrupt the file (db.h). */
static void check_use(const struct xg_stmt *s)
{
    int parameters = sqlite3_bind_parameter_count(s->handle);

    assert(parameters <= PARAMETERS_MAX);
    assert(s->bound == (UINT64_C(1) << parameters) - 1);
    assert(s->own || s->db->transaction == XG_DB_WRITE ||
           sqlite3_stmt_readonly(s->handle));
}

bool xg_stmt_next(struct xg_stmt *s)
{
    assert(s->in_use && (!s->stepped || s->has_row || s->failed));
    s->has_row = false;
    if (s->failed != XG_OK)
        return false;
    if (!s->stepped)
        check_use(s);
    s->stepped = true;
    int code = sqlite3_step(s->handle);
    s->has_row = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        stick(s, code);
    return s->has_row;
}

bool xg_stmt_row(struct xg_stmt *s)
{
    assert(!s->stepped);
    return xg_stmt_next(s);
}

enum xg_status xg_stmt_run(struct xg_stmt *s, struct xg_error *err)
{
    bool row = xg_stmt_row(s);

    assert(!row);
    return xg_stmt_done(s, err);
}

enum xg_status xg_stmt_done(struct xg_stmt *s, struct xg_error *err)
{
    struct xg_db *db = s->db;

    assert(s->in_use);
    /* What writes by itself (PRAGMA journal_mode) and was left at its row is
     * saved, or not, only now. */
    int code = s->handle ? sqlite3_reset(s->handle) : SQLITE_OK;
    if (s->failed == XG_OK && code != SQLITE_OK)
        stick(s, code);
    enum xg_status status = s->failed;
    let_go(s);
    if (status == XG_OK)
        return XG_OK;
    if (db->failure.status != XG_OK)
        *err = db->failure;
    else
        xg_ignore(xg_fail(
            err, status,
            XG_T("数据库出错（%s，%s）", "the database failed (%s, %s)"),
            db->path, s->name));
    if (db->transaction == XG_DB_NONE)
        db->failure = XG_ERROR_NONE;
    return status;
}

enum xg_status xg_stmt_number(uint64_t *number, bool *found, struct xg_stmt *s,
                              struct xg_error *err)
{
    bool any = xg_stmt_row(s);
    uint64_t read = any ? xg_col_u64(s, 0) : 0;

    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    *number = read;
    if (found)
        *found = any;
    return XG_OK;
}

/* Is there a value of this type in the column? After a failure there is no
 * value at all. */
static bool readable(struct xg_stmt *s, int column, int type,
                     const char *type_name)
{
    char what[160];

    assert(s->in_use && (s->has_row || s->failed));
    if (s->failed != XG_OK)
        return false;
    assert(column >= 0 && column < sqlite3_data_count(s->handle));
    if (sqlite3_column_type(s->handle, column) == type)
        return true;
    snprintf(what, sizeof what, "column %s is not %s",
             sqlite3_column_name(s->handle, column), type_name);
    xg_stmt_corrupt(s, what);
    return false;
}

bool xg_col_is_null(struct xg_stmt *s, int column)
{
    assert(s->in_use && (s->has_row || s->failed));
    if (s->failed != XG_OK)
        return true;
    assert(column >= 0 && column < sqlite3_data_count(s->handle));
    return sqlite3_column_type(s->handle, column) == SQLITE_NULL;
}

int64_t xg_col_i64(struct xg_stmt *s, int column)
{
    if (!readable(s, column, SQLITE_INTEGER, "an integer"))
        return 0;
    return sqlite3_column_int64(s->handle, column);
}

uint64_t xg_col_u64(struct xg_stmt *s, int column)
{
    int64_t value = xg_col_i64(s, column);

    if (value >= 0)
        return (uint64_t)value;
    xg_stmt_corrupt(s, "an integer is negative");
    return 0;
}

bool xg_col_bool(struct xg_stmt *s, int column)
{
    int64_t value = xg_col_i64(s, column);

    if (value == 0 || value == 1)
        return value == 1;
    xg_stmt_corrupt(s, "an integer is neither 0 nor 1");
    return false;
}

/* The bytes of a column that has its type; a NULL for bytes that are there
 * means that SQLite found no memory to unfold them. */
static struct xg_bytes lend(struct xg_stmt *s, int column, const void *data)
{
    size_t len = (size_t)sqlite3_column_bytes(s->handle, column);

    if (data || len == 0)
        return xg_bytes(data ? data : "", len);
    stick(s, SQLITE_NOMEM);
    return xg_bytes("", 0);
}

struct xg_bytes xg_col_bytes(struct xg_stmt *s, int column)
{
    if (!readable(s, column, SQLITE_BLOB, "bytes"))
        return xg_bytes("", 0);
    return lend(s, column, sqlite3_column_blob(s->handle, column));
}

struct xg_bytes xg_col_text_bytes(struct xg_stmt *s, int column)
{
    if (!readable(s, column, SQLITE_TEXT, "text"))
        return xg_bytes("", 0);
    return lend(s, column, sqlite3_column_text(s->handle, column));
}

const char *xg_col_text(struct xg_stmt *s, int column)
{
    struct xg_bytes text = xg_col_text_bytes(s, column);

    if (!memchr(text.at, '\0', text.len))
        return (const char *)text.at;
    xg_stmt_corrupt(s, "a text holds a NUL");
    return "";
}

void xg_col_exact(struct xg_stmt *s, int column, void *out, size_t len)
{
    struct xg_bytes bytes = xg_col_bytes(s, column);

    if (s->failed == XG_OK && bytes.len != len)
        xg_stmt_corrupt(s, "bytes have the wrong length");
    if (s->failed == XG_OK)
        memcpy(out, bytes.at, len);
    else
        memset(out, 0, len);
}

struct xg_hash xg_col_hash(struct xg_stmt *s, int column)
{
    struct xg_hash hash = {{0}};

    xg_col_exact(s, column, hash.b, sizeof hash.b);
    return hash;
}

struct xg_id xg_col_id(struct xg_stmt *s, int column)
{
    struct xg_id id = {{0}};

    xg_col_exact(s, column, id.b, sizeof id.b);
    return id;
}

static bool all_space(const char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    return *text == '\0';
}

static enum xg_status check_parameters(sqlite3_stmt *handle, const char *name,
                                       struct xg_error *err)
{
    int count = sqlite3_bind_parameter_count(handle);

    if (count > PARAMETERS_MAX)
        return xg_fail(err, XG_TOOBIG, "statement %s: %d parameters", name,
                       count);
    for (int i = 1; i <= count; i++) {
        const char *written = sqlite3_bind_parameter_name(handle, i);
        char number[16];

        snprintf(number, sizeof number, "%d", i);
        if (!written || !strchr("?$", written[0]) ||
            strcmp(written + 1, number) != 0)
            return xg_fail(err, XG_FORMAT,
                           "statement %s: parameter %d is written %s", name, i,
                           written ? written : "not at all");
    }
    return XG_OK;
}

enum xg_status xg_db_check_statements(struct xg_db *db, struct xg_error *err)
{
    for (size_t i = 0; i < db->sql->statement_count; i++) {
        const char *name = db->sql->names[i], *rest;
        sqlite3_stmt *handle;
        int code = sqlite3_prepare_v2(db->handle, db->sql->statements[i], -1,
                                      &handle, &rest);

        if (code != SQLITE_OK)
            return xg_db_fail(db, code, name, err);
        enum xg_status status = check_parameters(handle, name, err);
        sqlite3_finalize(handle);
        if (status != XG_OK)
            return status;
        if (!all_space(rest))
            return xg_fail(err, XG_FORMAT,
                           "statement %s: more than one statement", name);
    }
    return XG_OK;
}
