/* sqlite_erased.c - what is left of erased records. */
#include "server/store/sqlite.h"

/* In the column of the fields: a byte that no fields begin with, their hash,
 * their length, what is left. */
enum { TRACE_MARK = 0xFF, TRACE_HEAD = 1 + XG_HASH_SIZE + 8 };

void sqlite_put_trace(struct xg_buf *out, const struct store_record *row)
{
    xg_buf_byte(out, TRACE_MARK);
    xg_buf_append(out, row->fields_hash.b, XG_HASH_SIZE);
    xg_buf_u64(out, row->fields_len);
    xg_buf_append(out, row->left.at, row->left.len);
}

void sqlite_read_trace(struct store_record *row)
{
    struct xg_bytes at = row->fields;

    if (at.len < TRACE_HEAD || at.at[0] != TRACE_MARK)
        return;
    memcpy(row->fields_hash.b, at.at + 1, XG_HASH_SIZE);
    row->fields_len = xg_load_u64(at.at + 1 + XG_HASH_SIZE);
    row->left = xg_bytes(at.at + TRACE_HEAD, at.len - TRACE_HEAD);
    row->fields = xg_bytes(NULL, 0);
}

void store_read_record(struct xg_record *out, const struct xg_hash *chain,
                       const struct store_record *row)
{
    out->fields_hash = row->fields_hash;
    xg_record_read(out, chain, row->seq, &row->previous, row->head,
                   row->fields);
}

void store_read_left(struct xg_record *out, const struct store_record *row)
{
    const struct xg_hash nowhere = {{0}};

    store_read_record(out, &nowhere, row);
    if (row->fields.len == 0)
        xg_record_keep(out, out, row->left);
}

static enum xg_status put_erased(struct store *s, const struct store_erased *e,
                                 struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_ERASED_PUT);

    xg_bind_hash(put, 1, &e->record);
    xg_bind_hash(put, 2, &e->act);
    xg_bind_bytes(put, 3, e->entry);
    xg_bind_hash(put, 4, &e->fields_hash);
    xg_bind_u64(put, 5, e->length);
    return xg_stmt_run(put, err);
}

static void read_row(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_erased *e = item;

    e->record = xg_col_hash(s, 0);
    e->act = xg_col_hash(s, 1);
    e->entry = sqlite_rows_bytes(rows, s, 2);
    e->fields_hash = xg_col_hash(s, 3);
    e->length = xg_col_u64(s, 4);
}

static enum xg_status read_erased(struct store *s, struct xg_arena *arena,
                                  struct store_erased **rows, size_t *count,
                                  const struct xg_hash *hash,
                                  struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};
    struct xg_stmt *query =
        xg_stmt(sqlite_db(s),
                hash ? SERVER_STMT_ERASED_OF : SERVER_STMT_ERASED_ALL);

    if (hash)
        xg_bind_hash(query, 1, hash);
    if (sqlite_rows_read(&list, query, read_row, err) != XG_OK)
        return err->status;
    *rows = (struct store_erased *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status erase_record(struct store *s,
                                   const struct store_record *row,
                                   struct xg_error *err)
{
    struct xg_stmt *erase = xg_stmt(sqlite_db(s), SERVER_STMT_RECORD_ERASE);
    struct xg_buf trace = XG_BUF(2 * XG_RECORD_MAX);

    sqlite_put_trace(&trace, row);
    xg_bind_u64(erase, 1, row->number);
    xg_bind_bytes(erase, 2, xg_buf_bytes(&trace));
    enum xg_status status = xg_buf_check(&trace, err);
    if (status == XG_OK)
        status = xg_stmt_run(erase, err);
    xg_buf_clear(&trace);
    if (status != XG_OK)
        return status;
    struct xg_stmt *drop = xg_stmt(sqlite_db(s), SERVER_STMT_PHOTO_DROP_RECORD);
    xg_bind_u64(drop, 1, row->number);
    if (xg_stmt_run(drop, err) != XG_OK)
        return err->status;
    drop = xg_stmt(sqlite_db(s), SERVER_STMT_SOURCE_DROP_RECORD);
    xg_bind_u64(drop, 1, row->number);
    return xg_stmt_run(drop, err);
}

static enum xg_status erase_acts(struct store *s, struct xg_error *err)
{
    return xg_stmt_run(xg_stmt(sqlite_db(s), SERVER_STMT_ACT_ERASE), err);
}

static enum xg_status replace_body(struct store *s, uint64_t position,
                                   struct xg_bytes body, struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_BODY_PUT);

    xg_bind_u64(put, 1, position);
    xg_bind_bytes(put, 2, body);
    return xg_stmt_run(put, err);
}

static enum xg_status put_erased_photo(struct store *s,
                                       const struct xg_hash *hash,
                                       const struct xg_id *entity,
                                       struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_ERASED_PHOTO_PUT);

    xg_bind_hash(put, 1, hash);
    xg_bind_id(put, 2, entity);
    return xg_stmt_run(put, err);
}

static void read_photo_row(struct sqlite_rows *rows, struct xg_stmt *s,
                           void *item)
{
    struct store_erased_photo *p = item;

    (void)rows;
    p->photo = xg_col_hash(s, 0);
    p->entity = xg_col_id(s, 1);
}

static enum xg_status read_erased_photos(struct store *s,
                                         struct xg_arena *arena,
                                         struct store_erased_photo **rows,
                                         size_t *count, struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};

    if (sqlite_rows_read(&list,
                         xg_stmt(sqlite_db(s), SERVER_STMT_ERASED_PHOTO_ALL),
                         read_photo_row, err) != XG_OK)
        return err->status;
    *rows = (struct store_erased_photo *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status has_erased_photo(struct store *s, bool *has,
                                       const struct xg_hash *hash,
                                       struct xg_error *err)
{
    struct xg_stmt *find = xg_stmt(sqlite_db(s), SERVER_STMT_ERASED_PHOTO_FIND);
    bool found;

    xg_bind_hash(find, 1, hash);
    found = xg_stmt_row(find);
    if (xg_stmt_done(find, err) != XG_OK)
        return err->status;
    *has = found;
    return XG_OK;
}

static enum xg_status find_photo_elsewhere(struct store *s,
                                           struct xg_id *entity, bool *found,
                                           const struct xg_hash *hash,
                                           const struct xg_id *but,
                                           struct xg_error *err)
{
    struct xg_stmt *find = xg_stmt(sqlite_db(s), SERVER_STMT_PHOTO_ELSEWHERE);
    struct xg_id other = {{0}};

    xg_bind_hash(find, 1, hash);
    if (but)
        xg_bind_id(find, 2, but);
    else
        xg_bind_bytes(find, 2, xg_bytes(NULL, 0));
    bool named = xg_stmt_row(find);
    if (named)
        other = xg_col_id(find, 0);
    if (xg_stmt_done(find, err) != XG_OK)
        return err->status;
    *found = named;
    if (named)
        *entity = other;
    return XG_OK;
}

static enum xg_status forget(struct store *s, struct xg_error *err)
{
    return xg_db_checkpoint(sqlite_db(s), err);
}

void sqlite_erased_verbs(struct store_ops *ops)
{
    ops->put_erased = put_erased;
    ops->read_erased = read_erased;
    ops->erase_record = erase_record;
    ops->erase_acts = erase_acts;
    ops->replace_body = replace_body;
    ops->put_erased_photo = put_erased_photo;
    ops->read_erased_photos = read_erased_photos;
    ops->has_erased_photo = has_erased_photo;
    ops->find_photo_elsewhere = find_photo_elsewhere;
    ops->forget = forget;
}
