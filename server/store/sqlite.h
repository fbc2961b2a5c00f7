/* sqlite.h - what the files of the SQLite engine share. */
#ifndef XG_SERVER_STORE_SQLITE_H
#define XG_SERVER_STORE_SQLITE_H

#include "server/store/store.h"
#include "server_sql.h"
#include "shared/db/db.h"

/* Rules a run of names out; sqlite_names.c has the rules. */
struct sqlite_sieve {
    uint8_t *bits;     /* NULL: not made */
    unsigned searched; /* in vain, without it */
};

struct sqlite_names {
    struct sqlite_sieve *sieves; /* by run */
    size_t count;
    uint64_t chunk;  /* whose names lie apart, within one begin() and end */
    bool known;      /* that is */
    int64_t version; /* of the file, as others write to it */
    bool writing;    /* between begin() and commit() or rollback() */
    bool dropped;    /* drop_derived() came in between */
};

struct sqlite_store {
    struct store store;
    struct store_ops ops; /* what store.ops points to */
    struct xg_db *db;
    struct sqlite_names names;
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

/* Names of records. Between begin, after that of the database, and end the
 * sieves are asked; `saved`: it was a commit. */
XG_MUST_CHECK enum xg_status sqlite_names_begin(struct sqlite_store *s,
                                                struct xg_error *err);
void sqlite_names_end(struct sqlite_names *names, bool saved);
void sqlite_names_dropped(struct sqlite_names *names); /* all, in the table */
void sqlite_names_clear(struct sqlite_names *names);
XG_MUST_CHECK enum xg_status sqlite_name_add(struct sqlite_store *s,
                                             const struct xg_id *name,
                                             uint64_t record,
                                             struct xg_error *err);
XG_MUST_CHECK enum xg_status sqlite_name_find(struct sqlite_store *s,
                                              uint64_t *record, bool *found,
                                              const struct xg_id *name,
                                              struct xg_error *err);

/* Fill in the verbs about records and entities; about who is told of them;
 * about photos; about people and reference data; about what was cosigned. */
void sqlite_record_verbs(struct store_ops *ops);
void sqlite_scope_verbs(struct store_ops *ops);
void sqlite_photo_verbs(struct store_ops *ops);
void sqlite_erased_verbs(struct store_ops *ops);

/* What stands in the place of erased fields. */
void sqlite_put_trace(struct xg_buf *out, const struct store_record *row);
void sqlite_read_trace(struct store_record *row);
void sqlite_people_verbs(struct store_ops *ops);
void sqlite_operator_verbs(struct store_ops *ops);
void sqlite_witness_verbs(struct store_ops *ops);

#endif
