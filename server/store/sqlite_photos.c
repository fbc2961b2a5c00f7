/* sqlite_photos.c - photos: who names them, which are held, which are
 * wanted. And where things came from. */
#include "server/store/sqlite.h"

/* ---- named ---- */

static enum xg_status put_photo(struct store *s, const struct store_photo *p,
                                struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_PHOTO_PUT);

    xg_bind_hash(put, 1, &p->hash);
    xg_bind_u64(put, 2, p->record);
    xg_bind_u64(put, 3, p->length);
    xg_bind_i64(put, 4, p->thumbnail);
    return xg_stmt_run(put, err);
}

static void read_photo(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_photo *p = item;

    (void)rows;
    p->hash = xg_col_hash(s, 0);
    p->record = xg_col_u64(s, 1);
    p->length = xg_col_u64(s, 2);
    p->thumbnail = xg_col_bool(s, 3);
}

static enum xg_status list_photos(struct xg_stmt *query, struct xg_arena *arena,
                                  struct store_photo **rows, size_t *count,
                                  const struct xg_hash *hash, uint64_t record,
                                  size_t limit, struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};

    xg_bind_hash(query, 1, hash);
    xg_bind_u64(query, 2, record);
    xg_bind_u64(query, 3, limit);
    if (sqlite_rows_read(&list, query, read_photo, err) != XG_OK)
        return err->status;
    *rows = (struct store_photo *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status read_photos(struct store *s, struct xg_arena *arena,
                                  struct store_photo **rows, size_t *count,
                                  const struct xg_hash *hash, uint64_t record,
                                  size_t limit, struct xg_error *err)
{
    return list_photos(xg_stmt(sqlite_db(s), SERVER_STMT_PHOTO_LIST), arena,
                       rows, count, hash, record, limit, err);
}

static enum xg_status
read_photos_newest(struct store *s, struct xg_arena *arena,
                   struct store_photo **rows, size_t *count,
                   const struct xg_hash *hash, uint64_t record, size_t limit,
                   struct xg_error *err)
{
    return list_photos(xg_stmt(sqlite_db(s), SERVER_STMT_PHOTO_NEWEST), arena,
                       rows, count, hash, record, limit, err);
}

/* ---- held ---- */

static enum xg_status put_held(struct store *s, const struct xg_blob *blob,
                               uint64_t position, struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_HELD_PUT);

    xg_bind_hash(put, 1, &blob->sha256);
    xg_bind_u64(put, 2, blob->length);
    xg_bind_u64(put, 3, position);
    return xg_stmt_run(put, err);
}

static void read_held_row(struct sqlite_rows *rows, struct xg_stmt *s,
                          void *item)
{
    struct store_held *h = item;

    (void)rows;
    h->number = xg_col_u64(s, 0);
    h->blob.sha256 = xg_col_hash(s, 1);
    h->blob.length = xg_col_u64(s, 2);
    h->position = xg_col_u64(s, 3);
}

static enum xg_status find_held(struct store *s, struct store_held *held,
                                bool *found, const struct xg_hash *hash,
                                struct xg_error *err)
{
    struct xg_stmt *find = xg_stmt(sqlite_db(s), SERVER_STMT_HELD_FIND);

    xg_bind_hash(find, 1, hash);
    return sqlite_row_read(held, found, sizeof *held, NULL, find, read_held_row,
                           err);
}

static enum xg_status read_held(struct store *s, struct xg_arena *arena,
                                struct store_held **rows, size_t *count,
                                uint64_t after, size_t limit,
                                struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};
    struct xg_stmt *query = xg_stmt(sqlite_db(s), SERVER_STMT_HELD_LIST);

    xg_bind_u64(query, 1, after);
    xg_bind_u64(query, 2, limit);
    if (sqlite_rows_read(&list, query, read_held_row, err) != XG_OK)
        return err->status;
    *rows = (struct store_held *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

/* ---- wanted ---- */

static enum xg_status put_wanted(struct store *s, const struct store_wanted *w,
                                 struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_WANTED_PUT);

    xg_bind_hash(put, 1, &w->blob.sha256);
    xg_bind_u64(put, 2, w->blob.length);
    xg_bind_id(put, 3, &w->entity);
    xg_bind_text(put, 4, w->device);
    xg_bind_i64(put, 5, w->since_ms);
    return xg_stmt_run(put, err);
}

static enum xg_status drop_wanted(struct store *s, const struct xg_hash *hash,
                                  struct xg_error *err)
{
    struct xg_stmt *drop = xg_stmt(sqlite_db(s), SERVER_STMT_WANTED_DROP);

    xg_bind_hash(drop, 1, hash);
    return xg_stmt_run(drop, err);
}

static void read_wanted_row(struct sqlite_rows *rows, struct xg_stmt *s,
                            void *item)
{
    struct store_wanted *w = item;

    (void)rows;
    w->number = xg_col_u64(s, 0);
    w->blob.sha256 = xg_col_hash(s, 1);
    w->blob.length = xg_col_u64(s, 2);
    w->entity = xg_col_id(s, 3);
    sqlite_text(s, 4, w->device, sizeof w->device);
    w->since_ms = xg_col_i64(s, 5);
}

static enum xg_status find_wanted(struct store *s, struct store_wanted *wanted,
                                  bool *found, const struct xg_hash *hash,
                                  struct xg_error *err)
{
    struct xg_stmt *find = xg_stmt(sqlite_db(s), SERVER_STMT_WANTED_FIND);

    xg_bind_hash(find, 1, hash);
    return sqlite_row_read(wanted, found, sizeof *wanted, NULL, find,
                           read_wanted_row, err);
}

static enum xg_status read_wanted(struct store *s, struct xg_arena *arena,
                                  struct store_wanted **rows, size_t *count,
                                  const char *device, uint64_t after,
                                  size_t limit, struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};
    struct xg_stmt *query =
        xg_stmt(sqlite_db(s), device ? SERVER_STMT_WANTED_OF_DEVICE
                                     : SERVER_STMT_WANTED_LIST);

    xg_bind_u64(query, 1, after);
    xg_bind_u64(query, 2, limit);
    if (device)
        xg_bind_text(query, 3, device);
    if (sqlite_rows_read(&list, query, read_wanted_row, err) != XG_OK)
        return err->status;
    *rows = (struct store_wanted *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status count_photos(struct store *s, struct store_photos *counts,
                                   struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_PHOTO_COUNTS);
    struct store_photos n = {0};

    if (xg_stmt_row(get)) {
        n.held = xg_col_u64(get, 0);
        n.held_bytes = xg_col_u64(get, 1);
        n.wanted = xg_col_u64(get, 2);
    }
    if (xg_stmt_done(get, err) != XG_OK)
        return err->status;
    *counts = n;
    return XG_OK;
}

/* ---- where things came from ---- */

static enum xg_status put_source(struct store *s, struct xg_bytes text,
                                 uint64_t record, struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_SOURCE_PUT);

    xg_bind_text_bytes(put, 1, text);
    xg_bind_u64(put, 2, record);
    return xg_stmt_run(put, err);
}

static enum xg_status find_source(struct store *s, uint64_t *record,
                                  bool *found, struct xg_bytes text,
                                  uint64_t after, struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_SOURCE_OF);

    xg_bind_text_bytes(get, 1, text);
    xg_bind_u64(get, 2, after);
    return xg_stmt_number(record, found, get, err);
}

void sqlite_photo_verbs(struct store_ops *ops)
{
    ops->put_source = put_source;
    ops->find_source = find_source;
    ops->put_photo = put_photo;
    ops->read_photos = read_photos;
    ops->read_photos_newest = read_photos_newest;
    ops->put_held = put_held;
    ops->find_held = find_held;
    ops->read_held = read_held;
    ops->put_wanted = put_wanted;
    ops->drop_wanted = drop_wanted;
    ops->find_wanted = find_wanted;
    ops->read_wanted = read_wanted;
    ops->count_photos = count_photos;
}
