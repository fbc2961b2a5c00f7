/* migrate.c - from the schema that the file has to the one we know.
 *
 * PRAGMA user_version is the number of the last migration; the table
 * `migration` keeps the checksum of each, so that nobody changes one that has
 * been out in the field.
 */
#include "shared/db/internal.h"

#include <inttypes.h>

#include "shared/base/lang.h"

static enum xg_status get_number(int64_t *number, struct xg_db *db,
                                 enum xg_db_stmt query, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt_own(db, query);
    int64_t found = xg_stmt_row(s) ? xg_col_i64(s, 0) : 0;

    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    *number = found;
    return XG_OK;
}

/* The migrations that the file has had must be the first `version` of ours. */
static enum xg_status check_past(struct xg_db *db, int64_t version,
                                 struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt_own(db, XG_DB_STMT_MIGRATION_LIST);
    int64_t seen = 0, other = 0;

    while (!other && xg_stmt_next(s)) {
        int64_t number = xg_col_i64(s, 0);
        struct xg_hash checksum = xg_col_hash(s, 1);

        seen++;
        if (number != seen || seen > version ||
            !xg_hash_equal(&checksum, &db->sql->migrations[seen - 1].checksum))
            other = seen;
    }
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    if (!other && seen != version)
        other = seen + 1;
    if (!other)
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("数据库 %s 的第 %" PRId64 " 次升级与本程序的不同；"
                        "请用原来的程序打开",
                        "database %s: migration %" PRId64 " is not the one of "
                        "this program; open it with the program that made it"),
                   db->path, other);
}

static enum xg_status check_not_newer(struct xg_db *db, int64_t version,
                                      struct xg_error *err)
{
    if (version >= 0 && (uint64_t)version <= db->sql->migration_count)
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("数据库 %s 由更新的程序写成（版本 %" PRId64
                        "，本程序为 %zu）；请升级本程序",
                        "database %s was written by a newer program (version "
                        "%" PRId64 ", ours is %zu); update this program"),
                   db->path, version, db->sql->migration_count);
}

/* A file without a version must have nothing else either. */
static enum xg_status check_empty(struct xg_db *db, struct xg_error *err)
{
    int64_t tables = 0;

    if (get_number(&tables, db, XG_DB_STMT_TABLES, err) != XG_OK)
        return err->status;
    if (tables == 0)
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("%s 是另一个程序的数据库；请换一个路径",
                        "%s is the database of another program; choose "
                        "another path"),
                   db->path);
}

/* The journal mode cannot change inside a transaction. It is kept in the file;
 * a file left here is empty and will be begun anew. */
static enum xg_status set_wal(struct xg_db *db, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt_own(db, XG_DB_STMT_WAL);
    bool wal = xg_stmt_row(s) && strcmp(xg_col_text(s, 0), "wal") == 0;

    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    if (wal)
        return XG_OK;
    return xg_fail(err, XG_IO,
                   XG_T("%s 所在的文件系统不支持共享内存；请换到本地磁盘",
                        "the file system of %s has no shared memory; choose "
                        "a local disk"),
                   db->path);
}

static enum xg_status begin_new(struct xg_db *db, struct xg_error *err)
{
    if (db->no_wal)
        return check_empty(db, err);
    if (xg_db_lock(db, err) != XG_OK)
        return err->status;
    int64_t version = 0;
    enum xg_status status = get_number(&version, db, XG_DB_STMT_VERSION, err);
    if (status == XG_OK && version == 0)
        status = check_empty(db, err);
    if (status == XG_OK && version == 0)
        status = set_wal(db, err);
    xg_db_unlock(db);
    return status;
}

/* The migration is done now. */
static enum xg_status note_done(struct xg_db *db, size_t index,
                                struct xg_error *err)
{
    const struct xg_migration *m = &db->sql->migrations[index];
    struct xg_stmt *s = xg_stmt_own(db, XG_DB_STMT_MIGRATION_ADD);

    xg_bind_u64(s, 1, index + 1);
    xg_bind_text(s, 2, m->name);
    xg_bind_hash(s, 3, &m->checksum);
    return xg_stmt_run(s, err);
}

/* Migrations `from` and on; a file that has had none gets all at once, where
 * that is known. */
static enum xg_status apply(struct xg_db *db, size_t from, struct xg_error *err)
{
    const struct xg_sql *sql = db->sql;
    bool at_once = from == 0 && sql->newest;

    if (at_once && xg_db_exec(db, sql->newest, "newest", err) != XG_OK)
        return err->status;
    for (size_t i = from; i < sql->migration_count; i++) {
        const struct xg_migration *m = &sql->migrations[i];

        if ((!at_once && xg_db_exec(db, m->sql, m->name, err) != XG_OK) ||
            note_done(db, i, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status check_foreign_keys(struct xg_db *db, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt_own(db, XG_DB_STMT_FOREIGN_KEY_CHECK);

    if (xg_stmt_row(s))
        xg_stmt_corrupt(s, xg_col_text(s, 0));
    return xg_stmt_done(s, err);
}

/* Inside a transaction. Another process may have been faster. */
static enum xg_status apply_due(struct xg_db *db, struct xg_error *err)
{
    size_t newest = db->sql->migration_count;
    int64_t version = 0;

    if (get_number(&version, db, XG_DB_STMT_VERSION, err) != XG_OK ||
        check_not_newer(db, version, err) != XG_OK)
        return err->status;
    if (version == 0) {
        if (check_empty(db, err) != XG_OK ||
            xg_db_exec_own(db, XG_DB_STMT_MIGRATION_CREATE, err) != XG_OK)
            return err->status;
    } else if (check_past(db, version, err) != XG_OK) {
        return err->status;
    }
    if ((size_t)version == newest)
        return XG_OK;
    if (apply(db, (size_t)version, err) != XG_OK ||
        xg_db_exec_number(db, XG_DB_STMT_VERSION_SET, (int64_t)newest, err) !=
            XG_OK)
        return err->status;
    return check_foreign_keys(db, err);
}

/* A migration that builds a table anew must be able to drop the old one
 * without its rows' references being followed: so foreign keys are off, and
 * checked at the end. */
static enum xg_status migrate(struct xg_db *db, struct xg_error *err)
{
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
    enum xg_status status = xg_db_begin(db, err);
    if (status == XG_OK)
        status = apply_due(db, err);
    if (status == XG_OK)
        status = xg_db_commit(db, err);
    xg_db_rollback(db);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    return status;
}

enum xg_status xg_db_migrate(struct xg_db *db, struct xg_error *err)
{
    int64_t version = 0;

    if (get_number(&version, db, XG_DB_STMT_VERSION, err) != XG_OK ||
        check_not_newer(db, version, err) != XG_OK)
        return err->status;
    if ((uint64_t)version == db->sql->migration_count)
        return version == 0 ? XG_OK : check_past(db, version, err);
    if (db->read_only)
        return xg_fail(err, XG_REFUSED,
                       XG_T("数据库 %s 需要升级；请先用可写方式打开一次",
                            "database %s needs a migration; open it for "
                            "writing once"),
                       db->path);
    if (version == 0 && begin_new(db, err) != XG_OK)
        return err->status;
    return migrate(db, err);
}
