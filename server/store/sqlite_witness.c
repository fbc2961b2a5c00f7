/* sqlite_witness.c - what witnesses and devices cosigned; see store.h. */
#include "server/store/sqlite.h"

/* ---- time notes that bring a cosigned checkpoint ---- */

static enum xg_status put_seen(struct store *s, const struct store_seen *seen,
                               struct xg_error *err)
{
    struct xg_stmt *add = xg_stmt(sqlite_db(s), SERVER_STMT_SEEN_ADD);

    xg_bind_u64(add, 1, seen->position);
    xg_bind_u64(add, 2, seen->size);
    return xg_stmt_run(add, err);
}

static void read_seen_row(struct sqlite_rows *rows, struct xg_stmt *s,
                          void *item)
{
    struct store_seen *seen = item;

    (void)rows;
    seen->position = xg_col_u64(s, 0);
    seen->size = xg_col_u64(s, 1);
}

static enum xg_status find_seen(struct store *s, struct store_seen *seen,
                                bool *found, enum server_stmt which,
                                uint64_t bound, struct xg_error *err)
{
    struct xg_stmt *find = xg_stmt(sqlite_db(s), which);

    xg_bind_u64(find, 1, bound > INT64_MAX ? INT64_MAX : bound);
    return sqlite_row_read(seen, found, sizeof *seen, NULL, find, read_seen_row,
                           err);
}

static enum xg_status find_seen_below(struct store *s, struct store_seen *seen,
                                      bool *found, uint64_t position,
                                      struct xg_error *err)
{
    return find_seen(s, seen, found, SERVER_STMT_SEEN_BELOW, position, err);
}

static enum xg_status find_seen_over(struct store *s, struct store_seen *seen,
                                     bool *found, uint64_t size,
                                     struct xg_error *err)
{
    return find_seen(s, seen, found, SERVER_STMT_SEEN_OVER, size, err);
}

/* ---- devices ---- */

static enum xg_status put_cosignature(struct store *s,
                                      const struct store_cosignature *c,
                                      struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_COSIGNATURE_PUT);

    xg_bind_text(put, 1, c->device);
    xg_bind_u64(put, 2, c->ours);
    xg_bind_u64(put, 3, c->size > INT64_MAX ? INT64_MAX : c->size);
    xg_bind_hash(put, 4, &c->root);
    xg_bind_text(put, 5, c->line);
    return xg_stmt_run(put, err);
}

static void read_cosignature_row(struct sqlite_rows *rows, struct xg_stmt *s,
                                 void *item)
{
    struct store_cosignature *c = item;

    sqlite_text(s, 0, c->device, sizeof c->device);
    c->ours = xg_col_u64(s, 1) != 0;
    c->size = xg_col_u64(s, 2);
    c->root = xg_col_hash(s, 3);
    c->line = sqlite_rows_text(rows, s, 4);
}

static enum xg_status read_cosignatures(struct store *s, struct xg_arena *arena,
                                        struct store_cosignature **rows,
                                        size_t *count, bool ours,
                                        const char *device,
                                        struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};
    struct xg_stmt *query = xg_stmt(sqlite_db(s), SERVER_STMT_COSIGNATURE_LIST);

    xg_bind_u64(query, 1, ours);
    xg_bind_text(query, 2, device ? device : "");
    if (sqlite_rows_read(&list, query, read_cosignature_row, err) != XG_OK)
        return err->status;
    *rows = (struct store_cosignature *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

/* ---- documents ---- */

static enum xg_status put_document(struct store *s, const char *name,
                                   struct xg_bytes content,
                                   struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_DOCUMENT_PUT);

    xg_bind_text(put, 1, name);
    xg_bind_bytes(put, 2, content);
    return xg_stmt_run(put, err);
}

static void read_document_row(struct sqlite_rows *rows, struct xg_stmt *s,
                              void *item)
{
    *(struct xg_bytes *)item = sqlite_rows_bytes(rows, s, 0);
}

static enum xg_status get_document(struct store *s, struct xg_arena *arena,
                                   struct xg_bytes *content, const char *name,
                                   struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_DOCUMENT_GET);
    struct xg_bytes read = {NULL, 0};
    bool found;

    xg_bind_text(get, 1, name);
    if (sqlite_row_read(&read, &found, sizeof read, arena, get,
                        read_document_row, err) != XG_OK)
        return err->status;
    *content = read;
    return XG_OK;
}

void sqlite_witness_verbs(struct store_ops *ops)
{
    ops->put_seen = put_seen;
    ops->find_seen_below = find_seen_below;
    ops->find_seen_over = find_seen_over;
    ops->put_cosignature = put_cosignature;
    ops->read_cosignatures = read_cosignatures;
    ops->put_document = put_document;
    ops->get_document = get_document;
}
