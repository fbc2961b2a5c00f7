/* store_sqlite.h - what the files of the SQLite engine share. */
#ifndef XG_SERVER_STORE_SQLITE_H
#define XG_SERVER_STORE_SQLITE_H

#include "server/store.h"
#include "server_sql.h"
#include "shared/db/db.h"

struct sqlite_store {
    struct store store;
    struct store_ops ops; /* what store.ops points to */
    struct xg_db *db;
};

static inline struct xg_db *sqlite_db(struct store *s)
{
    return ((struct sqlite_store *)s)->db;
}

/* A list that grows in an arena. */
struct sqlite_rows {
    struct xg_arena *arena;
    size_t size; /* of one item */
    unsigned char *items;
    size_t count, room;
    bool no_memory;
};

/* The next item, zeroed; NULL and no_memory set. */
void *sqlite_rows_add(struct sqlite_rows *rows);
/* Copies of a column; empty and no_memory set. */
struct xg_bytes sqlite_rows_bytes(struct sqlite_rows *rows, struct xg_stmt *s,
                                  int column);
const char *sqlite_rows_text(struct sqlite_rows *rows, struct xg_stmt *s,
                             int column);

/* Read all rows of a bound statement into the list. */
typedef void sqlite_read_row(struct sqlite_rows *rows, struct xg_stmt *s,
                             void *item);
XG_MUST_CHECK enum xg_status sqlite_rows_read(struct sqlite_rows *rows,
                                              struct xg_stmt *s,
                                              sqlite_read_row *read,
                                              struct xg_error *err);
/* Read the only row, if there is one, into *item (untouched otherwise). */
XG_MUST_CHECK enum xg_status
sqlite_row_read(void *item, bool *found, size_t size, struct xg_arena *arena,
                struct xg_stmt *s, sqlite_read_row *read, struct xg_error *err);

/* Text of a column into a field of its struct; too long: XG_CORRUPT. */
void sqlite_text(struct xg_stmt *s, int column, char *out, size_t size);

/* Fill in the verbs about records and entities; about who is told of them;
 * about people and reference data. */
void sqlite_record_verbs(struct store_ops *ops);
void sqlite_scope_verbs(struct store_ops *ops);
void sqlite_people_verbs(struct store_ops *ops);

#endif
