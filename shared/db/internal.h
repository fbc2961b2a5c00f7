/* internal.h - what the files of the database room share. */
#ifndef XG_SHARED_DB_INTERNAL_H
#define XG_SHARED_DB_INTERNAL_H

/* What is asserted here keeps the file whole: also in a release. */
#undef NDEBUG
#include <assert.h>
#include <sqlite3.h>

#include "shared/db/db.h"
#include "xg_db_sql.h"

struct xg_stmt {
    struct xg_db *db;
    const char *name, *sql;
    sqlite3_stmt *handle; /* NULL before its first use */
    uint64_t bound;       /* bit i: parameter i + 1 */
    enum xg_status failed;
    bool own; /* of this room: may write outside a transaction */
    bool in_use, stepped, has_row;
};

enum xg_db_transaction { XG_DB_NONE, XG_DB_READ, XG_DB_WRITE };

struct xg_db {
    sqlite3 *handle;
    const struct xg_sql *sql;
    struct xg_stmt *stmts; /* the caller's, then our own */
    size_t in_use;
    enum xg_db_transaction transaction;
    /* The first failure of a statement in this transaction; outside of one,
     * until that statement is done. */
    struct xg_error failure;
    char *path, *lock_path; /* no lock path: no lock (:memory:) */
    int lock_fd;
    unsigned busy_ms, wal_pages_max;
    int wal_pages; /* in the log after the last commit */
    bool read_only, no_wal, hostile;
    uint64_t steps_max, steps; /* allowed a statement; taken by this one */
};

/* Record what SQLite returned for `what`, a statement's or a migration's
 * name. */
enum xg_status xg_db_fail(struct xg_db *db, int code, const char *what,
                          struct xg_error *err);

/* Run a text of several statements, or one of our own. */
XG_MUST_CHECK enum xg_status xg_db_exec(struct xg_db *db, const char *sql,
                                        const char *what, struct xg_error *err);
XG_MUST_CHECK enum xg_status
xg_db_exec_own(struct xg_db *db, enum xg_db_stmt number, struct xg_error *err);
/* One of our own, with a number in place of its `?1`. */
XG_MUST_CHECK enum xg_status xg_db_exec_number(struct xg_db *db,
                                               enum xg_db_stmt number,
                                               int64_t value,
                                               struct xg_error *err);

/* The lock that every commit and checkpoint needs. */
XG_MUST_CHECK enum xg_status xg_db_lock(struct xg_db *db, struct xg_error *err);
void xg_db_unlock(struct xg_db *db);

/* As xg_stmt(), of this room's statements. */
struct xg_stmt *xg_stmt_own(struct xg_db *db, enum xg_db_stmt number);
/* End every statement in use, whatever it was at. */
void xg_stmt_abandon_all(struct xg_db *db);

/* Bring the schema to the newest migration, or refuse. */
XG_MUST_CHECK enum xg_status xg_db_migrate(struct xg_db *db,
                                           struct xg_error *err);

#endif
