/* sqlite_scope.c - who is told of what, and when. */
#include "server/store/sqlite.h"

#include <sodium.h>

/* ---- records as they come ---- */

static enum xg_status put_scope(struct store *s, const char *key,
                                const struct store_scope *row,
                                struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_SCOPE_PUT);

    xg_bind_text(put, 1, key);
    xg_bind_u64(put, 2, row->shown);
    xg_bind_u64(put, 3, row->first);
    xg_bind_u64(put, 4, row->last);
    xg_bind_u64(put, 5, row->more);
    return xg_stmt_run(put, err);
}

static void read_scope_row(struct sqlite_rows *rows, struct xg_stmt *s,
                           void *item)
{
    struct store_scope *row = item;

    (void)rows;
    row->shown = xg_col_u64(s, 0);
    row->first = xg_col_u64(s, 1);
    row->last = xg_col_u64(s, 2);
    row->more = (unsigned)xg_col_u64(s, 3);
}

static enum xg_status read_scope(struct store *s, struct xg_arena *arena,
                                 struct store_scope **rows, size_t *count,
                                 const char *key, uint64_t from, uint64_t to,
                                 size_t limit, struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};
    struct xg_stmt *query = xg_stmt(sqlite_db(s), SERVER_STMT_SCOPE_LIST);

    xg_bind_text(query, 1, key);
    xg_bind_u64(query, 2, from);
    xg_bind_u64(query, 3, to);
    xg_bind_u64(query, 4, limit);
    if (sqlite_rows_read(&list, query, read_scope_row, err) != XG_OK)
        return err->status;
    *rows = (struct store_scope *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

/* ---- hands ---- */

static enum xg_status put_hand(struct store *s, const struct store_hand *h,
                               struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_HAND_PUT);

    xg_bind_u64(put, 1, h->entity);
    xg_bind_u64(put, 2, h->first);
    xg_bind_text(put, 3, h->unit);
    xg_bind_u64(put, 4, h->last);
    xg_bind_u64(put, 5, h->since);
    xg_bind_u64(put, 6, h->until);
    return xg_stmt_run(put, err);
}

static void read_hand(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_hand *h = item;

    (void)rows;
    h->entity = xg_col_u64(s, 0);
    h->first = xg_col_u64(s, 1);
    sqlite_text(s, 2, h->unit, sizeof h->unit);
    h->last = xg_col_u64(s, 3);
    h->since = xg_col_u64(s, 4);
    h->until = xg_col_u64(s, 5);
    h->home = "";
}

static void read_unit_hand(struct sqlite_rows *rows, struct xg_stmt *s,
                           void *item)
{
    struct store_hand *h = item;

    read_hand(rows, s, item);
    h->id = xg_col_id(s, 6);
    h->kind = xg_col_u64(s, 7);
    h->home = sqlite_rows_text(rows, s, 8);
    h->handed = (enum store_handed)xg_col_u64(s, 9);
}

static enum xg_status list_hands(struct xg_arena *arena,
                                 struct store_hand **rows, size_t *count,
                                 struct xg_stmt *bound, sqlite_read_row *read,
                                 struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};

    if (sqlite_rows_read(&list, bound, read, err) != XG_OK)
        return err->status;
    *rows = (struct store_hand *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status read_hands(struct store *s, struct xg_arena *arena,
                                 struct store_hand **rows, size_t *count,
                                 uint64_t entity, struct xg_error *err)
{
    struct xg_stmt *query = xg_stmt(sqlite_db(s), SERVER_STMT_HAND_LIST);

    xg_bind_u64(query, 1, entity);
    return list_hands(arena, rows, count, query, read_hand, err);
}

static enum xg_status read_unit_hands(struct store *s, struct xg_arena *arena,
                                      struct store_hand **rows, size_t *count,
                                      const char *unit, uint64_t entity,
                                      uint64_t first, size_t limit,
                                      struct xg_error *err)
{
    struct xg_stmt *query = xg_stmt(sqlite_db(s), SERVER_STMT_HAND_OF_UNIT);

    xg_bind_text(query, 1, unit);
    xg_bind_u64(query, 2, entity);
    xg_bind_u64(query, 3, first);
    xg_bind_u64(query, 4, limit);
    return list_hands(arena, rows, count, query, read_unit_hand, err);
}

/* ---- passings ---- */

static enum xg_status put_passing(struct store *s, const char *unit,
                                  const struct store_passing *row,
                                  struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_PASSING_PUT);

    xg_bind_text(put, 1, unit);
    xg_bind_u64(put, 2, row->shown);
    xg_bind_u64(put, 3, row->entity);
    xg_bind_u64(put, 4, row->first);
    xg_bind_u64(put, 5, row->last);
    xg_bind_u64(put, 6, row->hand);
    return xg_stmt_run(put, err);
}

static void read_passing(struct sqlite_rows *rows, struct xg_stmt *s,
                         void *item)
{
    struct store_passing *row = item;

    row->shown = xg_col_u64(s, 0);
    row->entity = xg_col_u64(s, 1);
    row->first = xg_col_u64(s, 2);
    row->last = xg_col_u64(s, 3);
    row->hand = xg_col_u64(s, 4);
    row->id = xg_col_id(s, 5);
    row->kind = xg_col_u64(s, 6);
    row->home = sqlite_rows_text(rows, s, 7);
    row->handed = (enum store_handed)xg_col_u64(s, 8);
}

static enum xg_status read_passings(struct store *s, struct xg_arena *arena,
                                    struct store_passing **rows, size_t *count,
                                    const char *unit, uint64_t shown,
                                    struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};
    struct xg_stmt *query = xg_stmt(sqlite_db(s), SERVER_STMT_PASSING_LIST);

    xg_bind_text(query, 1, unit);
    xg_bind_u64(query, 2, shown);
    if (sqlite_rows_read(&list, query, read_passing, err) != XG_OK)
        return err->status;
    *rows = (struct store_passing *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

/* ---- moves by forks ---- */

static enum xg_status put_moved(struct store *s, const char *key,
                                const struct store_moved *row,
                                struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_MOVED_PUT);

    xg_bind_text(put, 1, key);
    xg_bind_u64(put, 2, row->shown);
    xg_bind_u64(put, 3, row->branch);
    xg_bind_u64(put, 4, row->first);
    xg_bind_u64(put, 5, row->last);
    return xg_stmt_run(put, err);
}

static void read_moved_row(struct sqlite_rows *rows, struct xg_stmt *s,
                           void *item)
{
    struct store_moved *row = item;

    (void)rows;
    row->shown = xg_col_u64(s, 0);
    row->branch = xg_col_u64(s, 1);
    row->first = xg_col_u64(s, 2);
    row->last = xg_col_u64(s, 3);
    row->chain = xg_col_u64(s, 4);
}

static enum xg_status read_moved(struct store *s, struct xg_arena *arena,
                                 struct store_moved **rows, size_t *count,
                                 const char *key, uint64_t shown,
                                 struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};
    struct xg_stmt *query = xg_stmt(sqlite_db(s), SERVER_STMT_MOVED_LIST);

    xg_bind_text(query, 1, key);
    xg_bind_u64(query, 2, shown);
    if (sqlite_rows_read(&list, query, read_moved_row, err) != XG_OK)
        return err->status;
    *rows = (struct store_moved *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

/* ---- the telling as a whole ---- */

static enum xg_status put_telling(struct store *s, uint64_t shown,
                                  uint64_t bytes, struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_TELLING_PUT);

    xg_bind_u64(put, 1, shown);
    xg_bind_u64(put, 2, bytes);
    return xg_stmt_run(put, err);
}

/* A table whose rows are a text, then so many numbers, in the order that its
 * statement gives. */
static enum xg_status digest_table(crypto_hash_sha256_state *sum,
                                   struct store *s, enum server_stmt all,
                                   int numbers, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(sqlite_db(s), all);

    while (xg_stmt_next(q)) {
        const char *key = xg_col_text(q, 0);
        crypto_hash_sha256_update(sum, (const uint8_t *)key, strlen(key) + 1);
        for (int n = 1; n <= numbers; n++) {
            uint64_t value = xg_col_u64(q, n);
            uint8_t raw[8];
            for (int b = 0; b < 8; b++)
                raw[b] = (uint8_t)(value >> (8 * b));
            crypto_hash_sha256_update(sum, raw, sizeof raw);
        }
    }
    return xg_stmt_done(q, err);
}

static enum xg_status digest_telling(struct store *s, struct xg_hash *hash,
                                     struct xg_error *err)
{
    static const struct {
        enum server_stmt all;
        int numbers;
    } tables[] = {{SERVER_STMT_SCOPE_ALL, 4},
                  {SERVER_STMT_HAND_ALL, 5},
                  {SERVER_STMT_PASSING_ALL, 5},
                  {SERVER_STMT_MOVED_ALL, 4},
                  {SERVER_STMT_TELLING_ALL, 2}};
    crypto_hash_sha256_state sum;

    crypto_hash_sha256_init(&sum);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (digest_table(&sum, s, tables[i].all, tables[i].numbers, err) !=
            XG_OK)
            return err->status;
    crypto_hash_sha256_final(&sum, hash->b);
    return XG_OK;
}

static enum xg_status digest_sources(struct store *s, struct xg_hash *hash,
                                     struct xg_error *err)
{
    crypto_hash_sha256_state sum;

    crypto_hash_sha256_init(&sum);
    if (digest_table(&sum, s, SERVER_STMT_SOURCE_ALL, 1, err) != XG_OK)
        return err->status;
    crypto_hash_sha256_final(&sum, hash->b);
    return XG_OK;
}

void sqlite_scope_verbs(struct store_ops *ops)
{
    ops->put_scope = put_scope;
    ops->read_scope = read_scope;
    ops->put_hand = put_hand;
    ops->read_hands = read_hands;
    ops->read_unit_hands = read_unit_hands;
    ops->put_passing = put_passing;
    ops->read_passings = read_passings;
    ops->put_moved = put_moved;
    ops->read_moved = read_moved;
    ops->put_telling = put_telling;
    ops->digest_telling = digest_telling;
    ops->digest_sources = digest_sources;
}
