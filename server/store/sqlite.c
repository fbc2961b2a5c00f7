/* sqlite.c - the store on SQLite: opening, the log, batches, chains.
 * sqlite_records.c, _names.c, _scope.c, _photos.c and _people.c have the
 * rest. */
#include "server/store/sqlite.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"

/* The writer keeps the upper pages of its indexes. 64 MiB of log between
 * emptying it make one copy of a page that many groups wrote: of 16 MiB, all
 * that is written was half as much again. Who opens the database after a crash
 * reads the log first: 0.7 s from a cold disk. */
enum {
    WRITER_CACHE_KIB = 12 << 10,
    READER_CACHE_KIB = 512,
    WAL_PAGES = 16384,
    TIDY_PAGES = 1024,
};

/* ---- rows into arenas ---- */

void *sqlite_rows_add(struct sqlite_rows *rows)
{
    if (rows->count == rows->room) {
        size_t room = rows->room ? rows->room * 2 : 8;
        unsigned char *items = xg_arena_array(rows->arena, room, rows->size);
        if (!items) {
            rows->no_memory = true;
            return NULL;
        }
        if (rows->count)
            memcpy(items, rows->items, rows->count * rows->size);
        rows->items = items;
        rows->room = room;
    }
    return rows->items + rows->count++ * rows->size;
}

struct xg_bytes sqlite_rows_bytes(struct sqlite_rows *rows, struct xg_stmt *s,
                                  int column)
{
    struct xg_bytes bytes = xg_col_bytes(s, column);
    void *copy = xg_arena_copy(rows->arena, bytes.at, bytes.len);

    rows->no_memory |= !copy;
    return copy ? xg_bytes(copy, bytes.len) : xg_bytes("", 0);
}

const char *sqlite_rows_text(struct sqlite_rows *rows, struct xg_stmt *s,
                             int column)
{
    const char *text = xg_col_text(s, column);
    const char *copy = xg_arena_str(rows->arena, text, strlen(text));

    rows->no_memory |= !copy;
    return copy ? copy : "";
}

enum xg_status sqlite_rows_read(struct sqlite_rows *rows, struct xg_stmt *s,
                                sqlite_read_row *read, struct xg_error *err)
{
    while (!rows->no_memory && xg_stmt_next(s)) {
        void *item = sqlite_rows_add(rows);
        if (item)
            read(rows, s, item);
    }
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    return rows->no_memory ? xg_fail_nomem(err) : XG_OK;
}

enum xg_status sqlite_row_read(void *item, bool *found, size_t size,
                               struct xg_arena *arena, struct xg_stmt *s,
                               sqlite_read_row *read, struct xg_error *err)
{
    struct sqlite_rows rows = {.arena = arena, .size = size};
    union {
        struct store_batch batch;
        struct store_chain chain;
        struct store_record record;
        struct store_entity entity;
        struct store_statement statement;
        struct store_device device;
        struct store_code code;
        struct store_held held;
        struct store_wanted wanted;
        struct store_seen seen;
        struct store_operator operator;
    } row;
    bool any;

    assert(size <= sizeof row);
    memset(&row, 0, sizeof row);
    any = xg_stmt_row(s);
    if (any)
        read(&rows, s, &row);
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    if (rows.no_memory)
        return xg_fail_nomem(err);
    if (any)
        memcpy(item, &row, size);
    *found = any;
    return XG_OK;
}

void sqlite_text(struct xg_stmt *s, int column, char *out, size_t size)
{
    const char *text = xg_col_text(s, column);

    if (strlen(text) >= size) {
        xg_stmt_corrupt(s, "a text is too long");
        text = "";
    }
    memcpy(out, text, strlen(text) + 1);
}

/* ---- transactions ---- */

static struct sqlite_names *names(struct store *s)
{
    return &((struct sqlite_store *)s)->names;
}

static void close_store(struct store *s)
{
    xg_db_close(sqlite_db(s));
    sqlite_names_clear(names(s));
    free(s);
}

static enum xg_status begin(struct store *s, struct xg_error *err)
{
    if (xg_db_begin(sqlite_db(s), err) != XG_OK)
        return err->status;
    if (sqlite_names_begin((struct sqlite_store *)s, err) != XG_OK) {
        xg_db_rollback(sqlite_db(s));
        return err->status;
    }
    return XG_OK;
}

static enum xg_status commit(struct store *s, struct xg_error *err)
{
    enum xg_status status = xg_db_commit(sqlite_db(s), err);

    sqlite_names_end(names(s), status == XG_OK);
    return status;
}

static void rollback(struct store *s)
{
    xg_db_rollback(sqlite_db(s));
    sqlite_names_end(names(s), false);
}

static enum xg_status begin_read(struct store *s, struct xg_error *err)
{
    return xg_db_begin_read(sqlite_db(s), err);
}

/* ---- the log ---- */

static enum xg_status append_entries(struct store *s, uint64_t first,
                                     const struct xg_bytes *notes, size_t count,
                                     struct xg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        struct xg_stmt *add = xg_stmt(sqlite_db(s), SERVER_STMT_ENTRY_ADD);
        xg_bind_u64(add, 1, first + i);
        xg_bind_bytes(add, 2, notes[i]);
        if (xg_stmt_run(add, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status read_entries(struct store *s, struct xg_arena *arena,
                                   struct xg_bytes **notes, size_t *found,
                                   uint64_t first, size_t count,
                                   size_t max_bytes, struct xg_error *err)
{
    struct sqlite_rows rows = {.arena = arena, .size = sizeof **notes};
    struct xg_stmt *list = xg_stmt(sqlite_db(s), SERVER_STMT_ENTRY_LIST);
    size_t bytes = 0;

    xg_bind_u64(list, 1, first);
    xg_bind_u64(list, 2, count);
    while (bytes < max_bytes && !rows.no_memory && xg_stmt_next(list)) {
        struct xg_bytes *note = sqlite_rows_add(&rows);
        if (note) {
            *note = sqlite_rows_bytes(&rows, list, 0);
            bytes += note->len;
        }
    }
    if (xg_stmt_done(list, err) != XG_OK)
        return err->status;
    if (rows.no_memory)
        return xg_fail_nomem(err);
    *notes = (struct xg_bytes *)(void *)rows.items;
    *found = rows.count;
    return XG_OK;
}

static enum xg_status put_block(struct store *s,
                                const struct store_block *block,
                                struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_BLOCK_PUT);

    xg_bind_u64(put, 1, block->layer);
    xg_bind_u64(put, 2, block->number);
    xg_bind_bytes(put, 3, xg_bytes(block->hashes, block->count * XG_HASH_SIZE));
    return xg_stmt_run(put, err);
}

static enum xg_status read_block(struct store *s, struct store_block *block,
                                 uint64_t layer, uint64_t number,
                                 struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_BLOCK_GET);

    block->layer = layer;
    block->number = number;
    block->count = 0;
    xg_bind_u64(get, 1, layer);
    xg_bind_u64(get, 2, number);
    if (xg_stmt_row(get)) {
        struct xg_bytes hashes = xg_col_bytes(get, 0);
        if (hashes.len > sizeof block->hashes || hashes.len % XG_HASH_SIZE)
            xg_stmt_corrupt(get, "a block of the tree is no row of hashes");
        else
            block->count = hashes.len / XG_HASH_SIZE;
        memcpy(block->hashes, hashes.at, block->count * XG_HASH_SIZE);
    }
    return xg_stmt_done(get, err);
}

static enum xg_status put_time(struct store *s, const struct store_time *t,
                               struct xg_error *err)
{
    struct xg_stmt *add = xg_stmt(sqlite_db(s), SERVER_STMT_TIME_ADD);

    xg_bind_u64(add, 1, t->position);
    xg_bind_i64(add, 2, t->ms);
    return xg_stmt_run(add, err);
}

static enum xg_status find_time(struct store *s, struct store_time *t,
                                bool *found, enum server_stmt which,
                                uint64_t position, struct xg_error *err)
{
    struct xg_stmt *find = xg_stmt(sqlite_db(s), which);
    struct store_time read = {0};

    xg_bind_u64(find, 1, position > INT64_MAX ? INT64_MAX : position);
    bool any = xg_stmt_row(find);
    if (any) {
        read.position = xg_col_u64(find, 0);
        read.ms = xg_col_i64(find, 1);
    }
    if (xg_stmt_done(find, err) != XG_OK)
        return err->status;
    if (any)
        *t = read;
    *found = any;
    return XG_OK;
}

static enum xg_status find_time_below(struct store *s, struct store_time *t,
                                      bool *found, uint64_t position,
                                      struct xg_error *err)
{
    return find_time(s, t, found, SERVER_STMT_TIME_BELOW, position, err);
}

static enum xg_status find_time_from(struct store *s, struct store_time *t,
                                     bool *found, uint64_t position,
                                     struct xg_error *err)
{
    return find_time(s, t, found, SERVER_STMT_TIME_FROM, position, err);
}

static enum xg_status put_checkpoint(struct store *s, uint64_t size,
                                     struct xg_bytes note, struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_CHECKPOINT_PUT);

    xg_bind_u64(put, 1, size);
    xg_bind_bytes(put, 2, note);
    return xg_stmt_run(put, err);
}

static enum xg_status get_checkpoint(struct store *s, struct xg_arena *arena,
                                     uint64_t *size, struct xg_bytes *note,
                                     struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_CHECKPOINT_GET);
    struct sqlite_rows rows = {.arena = arena};
    struct xg_bytes text = {NULL, 0};
    uint64_t found = 0;

    if (xg_stmt_row(get)) {
        found = xg_col_u64(get, 0);
        text = sqlite_rows_bytes(&rows, get, 1);
    }
    if (xg_stmt_done(get, err) != XG_OK)
        return err->status;
    if (rows.no_memory)
        return xg_fail_nomem(err);
    *size = found;
    *note = text;
    return XG_OK;
}

/* ---- the logs that this one is made of ---- */

static enum xg_status put_log(struct store *s, const struct store_log *log,
                              struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_LOG_PUT);

    xg_bind_u64(put, 1, log->first);
    xg_bind_text(put, 2, log->vkey);
    return xg_stmt_run(put, err);
}

static void read_log(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_log *log = item;

    (void)rows;
    log->first = xg_col_u64(s, 0);
    sqlite_text(s, 1, log->vkey, sizeof log->vkey);
}

static enum xg_status read_logs(struct store *s, struct xg_arena *arena,
                                struct store_log **rows, size_t *count,
                                struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};

    if (sqlite_rows_read(&list, xg_stmt(sqlite_db(s), SERVER_STMT_LOG_LIST),
                         read_log, err) != XG_OK)
        return err->status;
    *rows = (struct store_log *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

/* ---- batches ---- */

static enum xg_status put_batch(struct store *s, const struct store_batch *b,
                                struct xg_bytes body, struct xg_error *err)
{
    struct xg_stmt *add = xg_stmt(sqlite_db(s), SERVER_STMT_BATCH_ADD);

    xg_bind_u64(add, 1, b->position);
    xg_bind_hash(add, 2, &b->id);
    xg_bind_hash(add, 3, &b->chain);
    xg_bind_hash(add, 4, &b->tree);
    xg_bind_u64(add, 5, b->first);
    xg_bind_u64(add, 6, b->last);
    xg_bind_u64(add, 7, b->state);
    xg_bind_text(add, 8, b->device);
    xg_bind_u64(add, 9, b->body_len);
    if (xg_stmt_run(add, err) != XG_OK)
        return err->status;
    add = xg_stmt(sqlite_db(s), SERVER_STMT_BODY_ADD);
    xg_bind_u64(add, 1, b->position);
    xg_bind_bytes(add, 2, body);
    return xg_stmt_run(add, err);
}

static void read_batch(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_batch *b = item;

    (void)rows;
    b->position = xg_col_u64(s, 0);
    b->id = xg_col_hash(s, 1);
    b->chain = xg_col_hash(s, 2);
    b->tree = xg_col_hash(s, 3);
    b->first = xg_col_u64(s, 4);
    b->last = xg_col_u64(s, 5);
    b->state = (enum xg_batch_state)xg_col_u64(s, 6);
    sqlite_text(s, 7, b->device, sizeof b->device);
    b->body_len = xg_col_u64(s, 8);
}

static enum xg_status find_batch(struct store *s, struct store_batch *b,
                                 bool *found, const struct xg_hash *id,
                                 struct xg_error *err)
{
    struct xg_stmt *find = xg_stmt(sqlite_db(s), SERVER_STMT_BATCH_FIND);

    xg_bind_hash(find, 1, id);
    return sqlite_row_read(b, found, sizeof *b, NULL, find, read_batch, err);
}

static enum xg_status read_body(struct store *s, struct xg_arena *arena,
                                struct xg_bytes *body, uint64_t position,
                                struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_BODY_GET);
    struct sqlite_rows rows = {.arena = arena};
    struct xg_bytes found = {NULL, 0};

    xg_bind_u64(get, 1, position);
    if (xg_stmt_row(get))
        found = sqlite_rows_bytes(&rows, get, 0);
    else
        xg_stmt_corrupt(get, "the body of a batch is missing");
    if (xg_stmt_done(get, err) != XG_OK)
        return err->status;
    if (rows.no_memory)
        return xg_fail_nomem(err);
    *body = found;
    return XG_OK;
}

static enum xg_status set_batch_state(struct store *s, uint64_t position,
                                      enum xg_batch_state state,
                                      struct xg_error *err)
{
    struct xg_stmt *set = xg_stmt(sqlite_db(s), SERVER_STMT_BATCH_STATE);

    xg_bind_u64(set, 1, position);
    xg_bind_u64(set, 2, state);
    return xg_stmt_run(set, err);
}

static enum xg_status list_batches(struct xg_arena *arena,
                                   struct store_batch **rows, size_t *count,
                                   struct xg_stmt *bound, struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};

    if (sqlite_rows_read(&list, bound, read_batch, err) != XG_OK)
        return err->status;
    *rows = (struct store_batch *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status read_batches(struct store *s, struct xg_arena *arena,
                                   struct store_batch **rows, size_t *count,
                                   uint64_t position, size_t limit,
                                   struct xg_error *err)
{
    struct xg_stmt *list = xg_stmt(sqlite_db(s), SERVER_STMT_BATCH_LIST);

    xg_bind_u64(list, 1, position);
    xg_bind_u64(list, 2, limit);
    return list_batches(arena, rows, count, list, err);
}

static enum xg_status read_waiting(struct store *s, struct xg_arena *arena,
                                   struct store_batch **rows, size_t *count,
                                   const struct xg_hash *chain, uint64_t from,
                                   uint64_t to, struct xg_error *err)
{
    struct xg_stmt *list = xg_stmt(sqlite_db(s), SERVER_STMT_BATCH_WAITING);

    xg_bind_hash(list, 1, chain);
    xg_bind_u64(list, 2, from);
    xg_bind_u64(list, 3, to);
    return list_batches(arena, rows, count, list, err);
}

static enum xg_status read_apart(struct store *s, struct xg_arena *arena,
                                 struct store_batch **rows, size_t *count,
                                 uint64_t position, size_t limit,
                                 struct xg_error *err)
{
    struct xg_stmt *list = xg_stmt(sqlite_db(s), SERVER_STMT_BATCH_APART);

    xg_bind_u64(list, 1, position);
    xg_bind_u64(list, 2, limit);
    return list_batches(arena, rows, count, list, err);
}

static enum xg_status count_waiting(struct store *s, uint64_t *count,
                                    const char *device, struct xg_error *err)
{
    struct xg_stmt *get =
        xg_stmt(sqlite_db(s), SERVER_STMT_BATCH_WAITING_COUNT);
    uint64_t n = 0;

    xg_bind_text(get, 1, device);
    if (xg_stmt_next(get))
        n = xg_col_u64(get, 0);
    if (xg_stmt_done(get, err) != XG_OK)
        return err->status;
    *count = n;
    return XG_OK;
}

/* ---- chains and branches ---- */

static enum xg_status put_chain(struct store *s, const struct store_chain *c,
                                struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_CHAIN_PUT);

    xg_bind_u64(put, 1, c->number);
    xg_bind_hash(put, 2, &c->id);
    xg_bind_u64(put, 3, c->forked);
    xg_bind_text(put, 4, c->device);
    return xg_stmt_run(put, err);
}

static void read_chain(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_chain *c = item;

    (void)rows;
    c->number = xg_col_u64(s, 0);
    c->id = xg_col_hash(s, 1);
    c->forked = xg_col_bool(s, 2);
    sqlite_text(s, 3, c->device, sizeof c->device);
}

static enum xg_status find_chain(struct store *s, struct store_chain *c,
                                 bool *found, const struct xg_hash *id,
                                 struct xg_error *err)
{
    struct xg_stmt *find = xg_stmt(sqlite_db(s), SERVER_STMT_CHAIN_FIND);

    xg_bind_hash(find, 1, id);
    return sqlite_row_read(c, found, sizeof *c, NULL, find, read_chain, err);
}

static enum xg_status get_chain(struct store *s, struct store_chain *c,
                                uint64_t number, struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_CHAIN_GET);
    bool found = false;

    xg_bind_u64(get, 1, number);
    if (sqlite_row_read(c, &found, sizeof *c, NULL, get, read_chain, err) !=
        XG_OK)
        return err->status;
    return found ? XG_OK : xg_fail(err, XG_CORRUPT, "a chain is missing");
}

static enum xg_status read_chains(struct store *s, struct xg_arena *arena,
                                  struct store_chain **rows, size_t *count,
                                  const char *device, struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};
    struct xg_stmt *query =
        xg_stmt(sqlite_db(s),
                device ? SERVER_STMT_CHAIN_OF_DEVICE : SERVER_STMT_CHAIN_LIST);

    if (device)
        xg_bind_text(query, 1, device);
    if (sqlite_rows_read(&list, query, read_chain, err) != XG_OK)
        return err->status;
    *rows = (struct store_chain *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status put_branch(struct store *s, const struct store_branch *b,
                                 struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_BRANCH_PUT);

    xg_bind_u64(put, 1, b->number);
    xg_bind_u64(put, 2, b->chain);
    xg_bind_u64(put, 3, b->parent);
    xg_bind_hash(put, 4, &b->id);
    xg_bind_u64(put, 5, b->start);
    xg_bind_u64(put, 6, b->next);
    xg_bind_hash(put, 7, &b->last);
    xg_bind_u64(put, 8, b->anchor_size);
    return xg_stmt_run(put, err);
}

static void read_branch_row(struct sqlite_rows *rows, struct xg_stmt *s,
                            void *item)
{
    struct store_branch *b = item;

    (void)rows;
    b->number = xg_col_u64(s, 0);
    b->chain = xg_col_u64(s, 1);
    b->parent = xg_col_u64(s, 2);
    b->id = xg_col_hash(s, 3);
    b->start = xg_col_u64(s, 4);
    b->next = xg_col_u64(s, 5);
    b->last = xg_col_hash(s, 6);
    b->anchor_size = xg_col_u64(s, 7);
}

static enum xg_status read_branches(struct store *s, struct xg_arena *arena,
                                    struct store_branch **rows, size_t *count,
                                    uint64_t chain, struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};
    struct xg_stmt *query = xg_stmt(sqlite_db(s), SERVER_STMT_BRANCH_OF_CHAIN);

    xg_bind_u64(query, 1, chain);
    if (sqlite_rows_read(&list, query, read_branch_row, err) != XG_OK)
        return err->status;
    *rows = (struct store_branch *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

/* ---- the whole ---- */

static enum xg_status run(struct xg_db *db, enum server_stmt number,
                          struct xg_error *err)
{
    return xg_stmt_run(xg_stmt(db, number), err);
}

static enum xg_status drop_derived(struct store *s, struct xg_error *err)
{
    static const enum server_stmt drops[] = {
        SERVER_STMT_DROP_CHAIN,  SERVER_STMT_DROP_BRANCH,
        SERVER_STMT_DROP_RECORD, SERVER_STMT_DROP_NAME,
        SERVER_STMT_DROP_ENTITY, SERVER_STMT_DROP_SCOPE,
        SERVER_STMT_DROP_HAND,   SERVER_STMT_DROP_PASSING,
        SERVER_STMT_DROP_MOVED,  SERVER_STMT_DROP_TELLING,
        SERVER_STMT_DROP_TIME,   SERVER_STMT_DROP_PHOTO,
        SERVER_STMT_DROP_HELD,   SERVER_STMT_DROP_SEEN,
        SERVER_STMT_DROP_SOURCE, SERVER_STMT_DROP_NAME_FRESH,
    };

    sqlite_names_dropped(names(s));
    for (size_t i = 0; i < sizeof drops / sizeof *drops; i++)
        if (run(sqlite_db(s), drops[i], err) != XG_OK)
            return err->status;
    return XG_OK;
}

static enum xg_status get_counts(struct store *s, struct store_counts *counts,
                                 struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_COUNTS);
    struct store_counts c = {0};

    if (xg_stmt_row(get)) {
        c.chains = xg_col_u64(get, 0);
        c.branches = xg_col_u64(get, 1);
        c.records = xg_col_u64(get, 2);
        c.entities = xg_col_u64(get, 3);
        c.devices = xg_col_u64(get, 4);
        c.registry_notes = xg_col_u64(get, 5);
    }
    if (xg_stmt_done(get, err) != XG_OK)
        return err->status;

    get = xg_stmt(sqlite_db(s), SERVER_STMT_TELLING_GET);
    if (xg_stmt_row(get)) {
        c.shown = xg_col_u64(get, 0);
        c.shown_bytes = xg_col_u64(get, 1);
    }
    if (xg_stmt_done(get, err) != XG_OK)
        return err->status;
    *counts = c;
    return XG_OK;
}

static enum xg_status sync_all(struct store *s, struct xg_error *err)
{
    return xg_db_sync(sqlite_db(s), err);
}

static enum xg_status tidy(struct store *s, struct xg_error *err)
{
    return xg_db_tidy(sqlite_db(s), TIDY_PAGES, err);
}

static enum xg_status integrity(struct store *s, struct xg_error *err)
{
    return xg_db_integrity(sqlite_db(s), err);
}

/* VACUUM does not run inside a transaction, and reads only: a connection of
 * its own, which db.h has no call for. */
static int copy_into(const char *from, const char *path, struct xg_error *err)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *copy = NULL;
    int code = sqlite3_open_v2(
        from, &handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(
            handle, server_sql.statements[SERVER_STMT_BACKUP], -1, &copy, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(copy, 1, path, -1, SQLITE_STATIC);
    if (code == SQLITE_OK && sqlite3_step(copy) != SQLITE_DONE)
        code = sqlite3_errcode(handle);
    if (code != SQLITE_OK)
        xg_ignore(
            xg_fail(err, code == SQLITE_FULL ? XG_FULL : XG_IO,
                    XG_T("备份到 %s 失败：%s", "copying to %s failed: %s"),
                    path, sqlite3_errmsg(handle)));
    sqlite3_finalize(copy);
    sqlite3_close(handle);
    return code;
}

/* The file is made first, for its mode; VACUUM takes an empty one, and leaves
 * the sync to us. */
static enum xg_status copy_whole(struct store *s, const char *path,
                                 struct xg_error *err)
{
    int fd;
    enum xg_status status = XG_OK;

    unlink(path); /* left over where a copy was cut off; so is a journal */
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return xg_fail_os(err, XG_T("创建 %s", "making %s"), path);
    if (copy_into(xg_db_path(sqlite_db(s)), path, err) != SQLITE_OK)
        status = err->status;
    else if (fsync(fd) != 0)
        status = xg_fail_os(err, XG_T("写入 %s", "writing %s"), path);
    close(fd);
    return status;
}

/* Under its name there is never half a copy. */
static enum xg_status backup(struct store *s, const char *path,
                             struct xg_error *err)
{
    size_t size = strlen(path) + sizeof ".tmp-journal";
    char *part, *journal;
    enum xg_status status;

    if (xg_os_exists(path))
        return xg_fail(
            err, XG_REFUSED,
            XG_T("%s 已存在；请另选文件名", "%s exists; choose another name"),
            path);
    part = malloc(2 * size);
    if (!part)
        return xg_fail_nomem(err);
    journal = part + size;
    snprintf(part, size, "%s.tmp", path);
    snprintf(journal, size, "%s.tmp-journal", path);
    unlink(journal);
    status = copy_whole(s, part, err);
    if (status == XG_OK && rename(part, path) != 0)
        status = xg_fail_os(err, XG_T("命名 %s", "naming %s"), path);
    if (status != XG_OK)
        unlink(part);
    free(part);
    return status;
}

/* ---- opening ---- */

static enum xg_status open_with(struct store **s, const char *path,
                                bool read_only, struct xg_error *err);

static enum xg_status open_reader(struct store *s, struct store **reader,
                                  struct xg_error *err)
{
    return open_with(reader, xg_db_path(sqlite_db(s)), true, err);
}

static const struct store_ops sqlite_ops = {
    .name = "sqlite",
    .close = close_store,
    .open_reader = open_reader,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .begin_read = begin_read,
    .append_entries = append_entries,
    .read_entries = read_entries,
    .put_block = put_block,
    .read_block = read_block,
    .put_time = put_time,
    .find_time_below = find_time_below,
    .find_time_from = find_time_from,
    .put_checkpoint = put_checkpoint,
    .get_checkpoint = get_checkpoint,
    .put_log = put_log,
    .read_logs = read_logs,
    .put_batch = put_batch,
    .find_batch = find_batch,
    .read_body = read_body,
    .set_batch_state = set_batch_state,
    .read_batches = read_batches,
    .read_waiting = read_waiting,
    .read_apart = read_apart,
    .count_waiting = count_waiting,
    .put_chain = put_chain,
    .find_chain = find_chain,
    .get_chain = get_chain,
    .read_chains = read_chains,
    .put_branch = put_branch,
    .read_branches = read_branches,
    .drop_derived = drop_derived,
    .get_counts = get_counts,
    .sync = sync_all,
    .tidy = tidy,
    .integrity = integrity,
    .backup = backup,
};

static enum xg_status open_with(struct store **s, const char *path,
                                bool read_only, struct xg_error *err)
{
    struct xg_db_options options = {
        .read_only = read_only,
        .cache_kib = read_only ? READER_CACHE_KIB : WRITER_CACHE_KIB,
        .wal_pages = WAL_PAGES,
    };
    struct sqlite_store *opened = calloc(1, sizeof *opened);

    if (!opened)
        return xg_fail_nomem(err);
    opened->ops = sqlite_ops;
    sqlite_record_verbs(&opened->ops);
    sqlite_scope_verbs(&opened->ops);
    sqlite_photo_verbs(&opened->ops);
    sqlite_erased_verbs(&opened->ops);
    sqlite_people_verbs(&opened->ops);
    sqlite_operator_verbs(&opened->ops);
    sqlite_witness_verbs(&opened->ops);
    opened->store.ops = &opened->ops;
    if (xg_db_open(&opened->db, path, &server_sql, &options, err) != XG_OK) {
        free(opened);
        return err->status;
    }
    *s = &opened->store;
    return XG_OK;
}

enum xg_status store_sqlite_open(struct store **s, const char *path,
                                 struct xg_error *err)
{
    return open_with(s, path, false, err);
}
