/* db.h - SQLite, as the rest of the program sees it.
 *
 * The SQL lies in .sql files; cmake/EmbedSql.cmake makes of a folder an enum
 * of its statements and a `struct xg_sql` with their texts and the migrations.
 * Parameters are ?1..?n. Tables are STRICT.
 *
 *      enum xg_status store_head(struct xg_db *db, uint64_t *seq,
 *                                uint64_t log, struct xg_error *err)
 *      {
 *          struct xg_stmt *s = xg_stmt(db, AGENT_STMT_LOG_HEAD);
 *          uint64_t found = 0;
 *
 *          xg_bind_u64(s, 1, log);
 *          if (xg_stmt_row(s))
 *              found = xg_col_u64(s, 0);
 *          if (xg_stmt_done(s, err) != XG_OK)
 *              return err->status;
 *          *seq = found;
 *          return XG_OK;
 *      }
 *
 * Where a query gives one number, xg_stmt_number() is all but the binding.
 *
 * Failure sticks to the statement: once something failed, its other calls do
 * nothing (no row, columns 0 or empty), and xg_stmt_done() or xg_stmt_run()
 * tells. In a transaction it sticks to the transaction too: every later
 * statement fails the same way, and xg_db_commit() rolls back and returns it.
 * So a change is saved whole or not at all, whoever forgot to look.
 *
 * Statuses: XG_FULL no space; XG_BUSY another program kept writing; XG_NOMEM;
 * XG_REFUSED a constraint said no, or the file belongs to a newer program;
 * XG_CORRUPT the file, or a column of another type than asked for; XG_TOOBIG
 * over SQLite's 10^9 bytes; else XG_IO. The text names the file and the
 * statement.
 *
 * Durability: WAL and synchronous=FULL. A save is one fsync; the first save
 * after a checkpoint is two; the save that fills the log to wal_pages empties
 * it into the file, which adds two. When xg_db_commit() returns XG_OK the data
 * survives a power cut. When it fails because the sync itself failed (XG_IO),
 * the data is gone for this program but may come back after a crash: what is
 * saved must bear to be saved again.
 *
 * SQLite 3.7.0 to 3.51.2 can corrupt a WAL database when one connection
 * checkpoints while another commits (Debian 12 has 3.40.1). So every write
 * transaction and every checkpoint happens under an exclusive flock on
 * PATH.lock, also between processes, and closing does not checkpoint. A
 * statement that writes outside xg_db_begin() is a bug and stops the program.
 * A program that goes around this header to write or to checkpoint (also the
 * sqlite3 shell) breaks the rule.
 *
 * A connection belongs to one thread at a time and does not cross fork().
 */
#ifndef XG_SHARED_DB_H
#define XG_SHARED_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/bytes.h"
#include "shared/base/error.h"

/* Migration number i + 1. The checksum is the SHA-256 of the text. */
struct xg_migration {
    const char *name;
    const char *sql;
    struct xg_hash checksum;
};

struct xg_sql {
    const char *const *names;
    const char *const *statements;
    size_t statement_count;
    const struct xg_migration *migrations;
    size_t migration_count;
    const char *newest; /* what they all lead to, for a new file; NULL: they
                         * are run one after the other there, too */
};

/* All zero is right for a program that writes. */
struct xg_db_options {
    bool read_only;        /* the file must be there and migrated */
    bool foreign;          /* read_only, and another program's: whatever its
                            * migrations, the statements must fit */
    bool hostile;          /* foreign, and from strangers: below */
    bool no_wal;           /* make a new file with a rollback journal */
    bool derived;          /* what it holds can be made again: see below */
    uint64_t steps_max;    /* of SQLite's machine a statement, then XG_TOOBIG;
                            * 0: any number */
    unsigned cache_kib;    /* of pages; 0: 1024 */
    unsigned busy_ms;      /* how long to wait for a writer; 0: 10 000 */
    unsigned wal_pages;    /* of 4 KiB: empty the log at; 0: 256 */
    const char *lock_path; /* NULL: PATH.lock */
};

/* A commit to what is derived waits for no disk (synchronous=NORMAL): a power
 * cut takes the newest commits back, each whole, in their order. A checkpoint
 * is synced as everywhere, so after xg_db_checkpoint() what was overwritten is
 * gone for good.
 *
 * A hostile file (a map that somebody brought) is opened immutable: without
 * locks, without a look at a journal beside it; nothing may change it while it
 * is open. No value may be longer than XG_DB_HOSTILE_VALUE. What the file
 * itself says in SQL cannot load, attach or call anything that is not harmless,
 * as in every database here; but a view or a virtual table of it can be made to
 * run for ever, so statements should name tables that xg_db_is_table() has seen,
 * and steps_max should be set. */
enum { XG_DB_HOSTILE_VALUE = 4 << 20 };

struct xg_db;
struct xg_stmt;

/* Open the database, making it (0600) if it is not there, and bring it to the
 * newest migration. `sql` must outlive it. `options` may be NULL. ":memory:"
 * is a database of its own without locks.
 *
 * All migrations that are due run in one transaction, without foreign key
 * actions, then all foreign keys are checked: a crash leaves the old state or
 * the new one. XG_REFUSED: the file is newer than this program, a migration
 * that it had is not the one we have, it belongs to another program, or it is
 * read_only and old. XG_NOTFOUND: read_only and not there. */
XG_MUST_CHECK enum xg_status xg_db_open(struct xg_db **db, const char *path,
                                        const struct xg_sql *sql,
                                        const struct xg_db_options *options,
                                        struct xg_error *err);

/* An open transaction is rolled back. NULL is fine. */
void xg_db_close(struct xg_db *db);

/* Begin to write: wait for the lock, then for SQLite. XG_BUSY after busy_ms.
 * Transactions do not nest. On failure there is no transaction. */
XG_MUST_CHECK enum xg_status xg_db_begin(struct xg_db *db,
                                         struct xg_error *err);

/* Begin to read from one snapshot. No lock; ends with xg_db_rollback(). Does
 * not block writers, but keeps their log from shrinking: be short. */
XG_MUST_CHECK enum xg_status xg_db_begin_read(struct xg_db *db,
                                              struct xg_error *err);

/* Save. On any failure everything is rolled back. Either way the transaction
 * is over and the lock is free. No statement may be in use. */
XG_MUST_CHECK enum xg_status xg_db_commit(struct xg_db *db,
                                          struct xg_error *err);

/* Drop what the transaction did and end every statement that is in use.
 * Nothing when there is no transaction: fit for a done: label. */
void xg_db_rollback(struct xg_db *db);

bool xg_db_in_transaction(const struct xg_db *db);

/* Move the whole log into the file and empty it, under the lock. XG_BUSY when
 * a reader holds on to an old snapshot for busy_ms. */
XG_MUST_CHECK enum xg_status xg_db_checkpoint(struct xg_db *db,
                                              struct xg_error *err);
/* The same where the log is at least so many pages long, and where no reader is
 * in the way; else nothing. For moments when nobody waits: a commit that fills
 * the log keeps who made it until the log is empty. */
XG_MUST_CHECK enum xg_status xg_db_tidy(struct xg_db *db, unsigned least_pages,
                                        struct xg_error *err);

/* What is read here survives a power cut from now on. Whoever committed it may
 * have been killed before its sync: to be called before anybody is told of what
 * an earlier process left. */
XG_MUST_CHECK enum xg_status xg_db_sync(const struct xg_db *db,
                                        struct xg_error *err);

/* Read every page. XG_CORRUPT with the first thing that is wrong. */
XG_MUST_CHECK enum xg_status xg_db_integrity(struct xg_db *db,
                                             struct xg_error *err);

/* The same without a look at what indices hold: a pass over the file. */
XG_MUST_CHECK enum xg_status xg_db_quick_check(struct xg_db *db,
                                               struct xg_error *err);

/* Is there an ordinary table of this name, no view and no virtual one? */
XG_MUST_CHECK enum xg_status xg_db_is_table(bool *is, struct xg_db *db,
                                            const char *name,
                                            struct xg_error *err);

/* For tests: every statement prepares on the migrated schema, is one statement,
 * and its parameter i is written ?i or $i. (SQLite numbers $a, $b by their
 * first appearance: "x = $2 AND y = $1" would bind them swapped.) */
XG_MUST_CHECK enum xg_status xg_db_check_statements(struct xg_db *db,
                                                    struct xg_error *err);

/* Rows that the last INSERT, UPDATE or DELETE touched; what ON CONFLICT DO
 * NOTHING left out does not count. */
int64_t xg_db_changes(const struct xg_db *db);
/* The rowid of the last INSERT. */
int64_t xg_db_last_rowid(const struct xg_db *db);
const char *xg_db_path(const struct xg_db *db);

/* Take the statement with this number of the enum. Prepared at its first use
 * and kept. It is in use until xg_stmt_run() or xg_stmt_done(), exactly one of
 * which must follow; taking it twice is a bug. Never NULL. */
struct xg_stmt *xg_stmt(struct xg_db *db, size_t number);

/* Bind parameter `at`, from 1; each exactly once. Bytes and text are borrowed
 * until the statement is done. SQLite has no integer over INT64_MAX: a larger
 * u64 is a bug. Empty bytes are an empty BLOB, never NULL. Text is UTF-8. */
void xg_bind_i64(struct xg_stmt *s, int at, int64_t value);
void xg_bind_u64(struct xg_stmt *s, int at, uint64_t value);
void xg_bind_bytes(struct xg_stmt *s, int at, struct xg_bytes bytes);
void xg_bind_hash(struct xg_stmt *s, int at, const struct xg_hash *hash);
void xg_bind_id(struct xg_stmt *s, int at, const struct xg_id *id);
void xg_bind_text(struct xg_stmt *s, int at, const char *text);
void xg_bind_text_bytes(struct xg_stmt *s, int at, struct xg_bytes text);
void xg_bind_null(struct xg_stmt *s, int at);

/* Run a statement that gives no rows, and be done with it. */
XG_MUST_CHECK enum xg_status xg_stmt_run(struct xg_stmt *s,
                                         struct xg_error *err);

/* Go to the next row; false after the last one or after a failure. */
bool xg_stmt_next(struct xg_stmt *s);
/* The same for a query that gives one row or none: true when there is one. */
bool xg_stmt_row(struct xg_stmt *s);

/* End it, before its last row too: what the columns lent is gone. Returns what
 * failed since it was taken. Values read on the way count only if it is XG_OK.
 */
XG_MUST_CHECK enum xg_status xg_stmt_done(struct xg_stmt *s,
                                          struct xg_error *err);

/* The whole of a bound query that gives one number or none: 0 where there is no
 * row, which *found tells apart (it may be NULL). After a failure both are as
 * they were. */
XG_MUST_CHECK enum xg_status xg_stmt_number(uint64_t *number, bool *found,
                                            struct xg_stmt *s,
                                            struct xg_error *err);

/* Columns of the current row, from 0. Another type than asked for, NULL too,
 * is XG_CORRUPT. Bytes and text are borrowed until the next row. */
bool xg_col_is_null(struct xg_stmt *s, int column);
int64_t xg_col_i64(struct xg_stmt *s, int column);
uint64_t xg_col_u64(struct xg_stmt *s, int column); /* negative: XG_CORRUPT */
bool xg_col_bool(struct xg_stmt *s, int column);    /* 0 or 1 */
struct xg_bytes xg_col_bytes(struct xg_stmt *s, int column);
struct xg_bytes xg_col_text_bytes(struct xg_stmt *s, int column);
const char *xg_col_text(struct xg_stmt *s, int column); /* holds no NUL */
/* A BLOB of exactly `len` bytes, copied; zeros after a failure. */
void xg_col_exact(struct xg_stmt *s, int column, void *out, size_t len);
struct xg_hash xg_col_hash(struct xg_stmt *s, int column);
struct xg_id xg_col_id(struct xg_stmt *s, int column);

/* Find a value of a row to be a contradiction: XG_CORRUPT, with `what`. */
void xg_stmt_corrupt(struct xg_stmt *s, const char *what);

#endif
