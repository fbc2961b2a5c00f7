/* sqlite_records.c - records and entities. */
#include "server/store/sqlite.h"

/* ---- records ---- */

enum { CREATES = 1, CREATES_LATE = 2 }; /* column `creates` */

static enum xg_status add_record(struct xg_stmt *add,
                                 const struct store_record *r,
                                 struct xg_error *err)
{
    struct xg_buf trace = XG_BUF(2 * XG_RECORD_MAX);

    if (r->fields.len == 0)
        sqlite_put_trace(&trace, r);
    xg_bind_bytes(add, 14, r->fields.len ? r->fields : xg_buf_bytes(&trace));
    enum xg_status status = xg_stmt_run(add, err);
    xg_buf_clear(&trace);
    return status;
}

static enum xg_status put_records(struct store *s,
                                  const struct store_record *rows, size_t count,
                                  struct xg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct store_record *r = &rows[i];
        struct xg_stmt *add = xg_stmt(sqlite_db(s), SERVER_STMT_RECORD_ADD);
        xg_bind_u64(add, 1, r->number);
        xg_bind_u64(add, 2, r->chain);
        xg_bind_u64(add, 3, r->branch);
        xg_bind_u64(add, 4, r->seq);
        xg_bind_u64(add, 5, r->entity);
        xg_bind_i64(add, 6, r->late ? CREATES_LATE : r->creates);
        xg_bind_u64(add, 7, r->position);
        xg_bind_u64(add, 8, r->shown);
        xg_bind_u64(add, 9, r->anchor_size);
        xg_bind_i64(add, 10, r->bad_anchor);
        xg_bind_hash(add, 11, &r->hash);
        xg_bind_hash(add, 12, &r->previous);
        xg_bind_bytes(add, 13, r->head);
        if (add_record(add, r, err) != XG_OK)
            return err->status;

        struct xg_id name = xg_id_of_hash(&r->hash);
        if (sqlite_name_add((struct sqlite_store *)s, &name, r->number, err) !=
            XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status move_records(struct store *s, uint64_t branch,
                                   uint64_t seq, uint64_t to,
                                   struct xg_error *err)
{
    struct xg_stmt *move = xg_stmt(sqlite_db(s), SERVER_STMT_RECORD_MOVE);

    xg_bind_u64(move, 1, branch);
    xg_bind_u64(move, 2, seq);
    xg_bind_u64(move, 3, to);
    return xg_stmt_run(move, err);
}

static void read_row(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_record *r = item;
    uint64_t creates;

    r->number = xg_col_u64(s, 0);
    r->chain = xg_col_u64(s, 1);
    r->branch = xg_col_u64(s, 2);
    r->seq = xg_col_u64(s, 3);
    r->entity = xg_col_u64(s, 4);
    creates = xg_col_u64(s, 5);
    r->creates = creates != 0;
    r->late = creates == CREATES_LATE;
    r->position = xg_col_u64(s, 6);
    r->shown = xg_col_u64(s, 7);
    r->anchor_size = xg_col_u64(s, 8);
    r->bad_anchor = xg_col_bool(s, 9);
    r->hash = xg_col_hash(s, 10);
    r->previous = xg_col_hash(s, 11);
    r->head = sqlite_rows_bytes(rows, s, 12);
    r->fields = sqlite_rows_bytes(rows, s, 13);
    sqlite_read_trace(r);
    r->unit = "";
}

static void read_joined(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_record *r = item;

    read_row(rows, s, item);
    if (xg_col_is_null(s, 14))
        return;
    r->entity_id = xg_col_id(s, 14);
    r->kind = xg_col_u64(s, 15);
    r->unit = sqlite_rows_text(rows, s, 16);
    r->handed = (enum store_handed)xg_col_u64(s, 17);
}

static enum xg_status list_records(struct xg_arena *arena,
                                   struct store_record **rows, size_t *count,
                                   struct xg_stmt *bound, sqlite_read_row *read,
                                   struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};

    if (sqlite_rows_read(&list, bound, read, err) != XG_OK)
        return err->status;
    *rows = (struct store_record *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status find_record(struct store *s, struct xg_arena *arena,
                                  struct store_record *row, bool *found,
                                  const struct xg_hash *hash,
                                  struct xg_error *err)
{
    struct xg_id name = xg_id_of_hash(hash);
    struct store_record named = {.number = 0};
    uint64_t number;
    bool any = false;

    if (sqlite_name_find((struct sqlite_store *)s, &number, &any, &name, err) !=
        XG_OK)
        return err->status;
    if (any) {
        struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_RECORD_GET);
        xg_bind_u64(get, 1, number);
        if (sqlite_row_read(&named, &any, sizeof named, arena, get, read_joined,
                            err) != XG_OK)
            return err->status;
    }
    *found = any && xg_hash_equal(&named.hash, hash);
    if (*found)
        *row = named;
    return XG_OK;
}

static enum xg_status has_record(struct store *s, bool *has,
                                 const struct xg_hash *hash,
                                 struct xg_error *err)
{
    struct xg_id name = xg_id_of_hash(hash);
    struct xg_hash named = {{0}};
    uint64_t number;
    bool any = false, row = false;

    if (sqlite_name_find((struct sqlite_store *)s, &number, &any, &name, err) !=
        XG_OK)
        return err->status;
    if (any) {
        struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_RECORD_HASH);
        xg_bind_u64(get, 1, number);
        row = xg_stmt_next(get);
        if (row)
            named = xg_col_hash(get, 0);
        if (xg_stmt_done(get, err) != XG_OK)
            return err->status;
    }
    *has = row && xg_hash_equal(&named, hash);
    return XG_OK;
}

static enum xg_status find_unnamed(struct store *s, uint64_t *number,
                                   struct xg_error *err)
{
    return xg_stmt_number(number, NULL,
                          xg_stmt(sqlite_db(s), SERVER_STMT_NAME_MISSING), err);
}

static enum xg_status read_place(struct store *s, struct xg_arena *arena,
                                 struct store_record **rows, size_t *count,
                                 uint64_t chain, uint64_t seq,
                                 struct xg_error *err)
{
    struct xg_stmt *list = xg_stmt(sqlite_db(s), SERVER_STMT_RECORD_PLACE);

    xg_bind_u64(list, 1, chain);
    xg_bind_u64(list, 2, seq);
    return list_records(arena, rows, count, list, read_joined, err);
}

static enum xg_status read_branch(struct store *s, struct xg_arena *arena,
                                  struct store_record **rows, size_t *count,
                                  uint64_t branch, uint64_t seq, size_t limit,
                                  struct xg_error *err)
{
    struct xg_stmt *list = xg_stmt(sqlite_db(s), SERVER_STMT_RECORD_BRANCH);

    xg_bind_u64(list, 1, branch);
    xg_bind_u64(list, 2, seq);
    xg_bind_u64(list, 3, limit);
    return list_records(arena, rows, count, list, read_joined, err);
}

static enum xg_status read_entity_records(struct store *s,
                                          struct xg_arena *arena,
                                          struct store_record **rows,
                                          size_t *count, uint64_t entity,
                                          struct xg_error *err)
{
    struct xg_stmt *list = xg_stmt(sqlite_db(s), SERVER_STMT_RECORD_ENTITY);

    xg_bind_u64(list, 1, entity);
    return list_records(arena, rows, count, list, read_row, err);
}

static enum xg_status read_entity_range(struct store *s, struct xg_arena *arena,
                                        struct store_record **rows,
                                        size_t *count, uint64_t entity,
                                        uint64_t first, uint64_t last,
                                        size_t limit, struct xg_error *err)
{
    struct xg_stmt *list =
        xg_stmt(sqlite_db(s), SERVER_STMT_RECORD_ENTITY_RANGE);

    xg_bind_u64(list, 1, entity);
    xg_bind_u64(list, 2, first);
    xg_bind_u64(list, 3, last);
    xg_bind_u64(list, 4, limit);
    return list_records(arena, rows, count, list, read_joined, err);
}

static enum xg_status read_records(struct store *s, struct xg_arena *arena,
                                   struct store_record **rows, size_t *count,
                                   uint64_t first, uint64_t last, size_t limit,
                                   struct xg_error *err)
{
    struct xg_stmt *list = xg_stmt(sqlite_db(s), SERVER_STMT_RECORD_RANGE);

    xg_bind_u64(list, 1, first);
    xg_bind_u64(list, 2, last);
    xg_bind_u64(list, 3, limit);
    return list_records(arena, rows, count, list, read_joined, err);
}

static enum xg_status read_bare(struct store *s, struct xg_arena *arena,
                                struct store_record **rows, size_t *count,
                                uint64_t after, size_t limit,
                                struct xg_error *err)
{
    struct xg_stmt *list = xg_stmt(sqlite_db(s), SERVER_STMT_RECORD_BARE);

    xg_bind_u64(list, 1, after < INT64_MAX ? after : INT64_MAX);
    xg_bind_u64(list, 2, limit);
    return list_records(arena, rows, count, list, read_row, err);
}

/* ---- entities ---- */

static enum xg_status run_entity(struct xg_db *db, enum server_stmt which,
                                 const struct store_entity *e,
                                 struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(db, which);

    xg_bind_u64(put, 1, e->number);
    xg_bind_id(put, 2, &e->id);
    xg_bind_u64(put, 3, e->kind);
    xg_bind_u64(put, 4, e->creator);
    xg_bind_text(put, 5, e->unit);
    xg_bind_text(put, 6, e->author);
    xg_bind_u64(put, 7, e->records);
    xg_bind_u64(put, 8, e->conflicts);
    xg_bind_u64(put, 9, e->changed);
    xg_bind_i64(put, 10, e->withdrawn);
    xg_bind_u64(put, 11, e->status);
    xg_bind_i64(put, 12, e->open);
    xg_bind_text(put, 13, e->case_number);
    xg_bind_u64(put, 14, e->links);
    xg_bind_bytes(put, 15, e->state);
    xg_bind_u64(put, 16, e->handed);
    xg_bind_i64(put, 17, e->folded);
    return xg_stmt_run(put, err);
}

static enum xg_status put_entity(struct store *s, const struct store_entity *e,
                                 struct xg_error *err)
{
    static const enum server_stmt ways[] = {SERVER_STMT_ENTITY_ADD,
                                            SERVER_STMT_ENTITY_TOUCH,
                                            SERVER_STMT_ENTITY_PUT};
    struct xg_db *db = sqlite_db(s);

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (run_entity(db, ways[i], e, err) != XG_OK)
            return err->status;
        if (xg_db_changes(db) == 1)
            return XG_OK;
    }
    return xg_fail(err, XG_CORRUPT, "an entity has another id than before");
}

static void read_entity(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_entity *e = item;

    e->number = xg_col_u64(s, 0);
    e->id = xg_col_id(s, 1);
    e->kind = xg_col_u64(s, 2);
    e->creator = xg_col_u64(s, 3);
    sqlite_text(s, 4, e->unit, sizeof e->unit);
    sqlite_text(s, 5, e->author, sizeof e->author);
    e->records = xg_col_u64(s, 6);
    e->conflicts = xg_col_u64(s, 7);
    e->changed = xg_col_u64(s, 8);
    e->withdrawn = xg_col_bool(s, 9);
    e->status = xg_col_u64(s, 10);
    e->open = xg_col_bool(s, 11);
    sqlite_text(s, 12, e->case_number, sizeof e->case_number);
    e->links = xg_col_u64(s, 13);
    e->state = sqlite_rows_bytes(rows, s, 14);
    e->handed = (enum store_handed)xg_col_u64(s, 15);
    e->folded = xg_col_bool(s, 16);
}

static enum xg_status find_orphan(struct store *s, struct xg_arena *arena,
                                  struct store_entity *e, bool *found,
                                  const struct xg_id *id, struct xg_error *err)
{
    struct xg_stmt *find = xg_stmt(sqlite_db(s), SERVER_STMT_ENTITY_ORPHAN);

    xg_bind_id(find, 1, id);
    return sqlite_row_read(e, found, sizeof *e, arena, find, read_entity, err);
}

static enum xg_status find_entity(struct store *s, struct xg_arena *arena,
                                  struct store_entity *e, bool *found,
                                  const struct xg_id *id, struct xg_error *err)
{
    uint64_t creator;
    bool named;

    if (find_orphan(s, arena, e, found, id, err) != XG_OK)
        return err->status;
    if (*found)
        return XG_OK;
    if (sqlite_name_find((struct sqlite_store *)s, &creator, &named, id, err) !=
        XG_OK)
        return err->status;
    if (!named)
        return XG_OK;

    struct xg_stmt *find = xg_stmt(sqlite_db(s), SERVER_STMT_ENTITY_CREATED);
    xg_bind_u64(find, 1, creator);
    return sqlite_row_read(e, found, sizeof *e, arena, find, read_entity, err);
}

static enum xg_status get_entity(struct store *s, struct xg_arena *arena,
                                 struct store_entity *e, uint64_t number,
                                 struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_ENTITY_GET);
    bool found = false;

    xg_bind_u64(get, 1, number);
    if (sqlite_row_read(e, &found, sizeof *e, arena, get, read_entity, err) !=
        XG_OK)
        return err->status;
    return found ? XG_OK : xg_fail(err, XG_CORRUPT, "an entity is missing");
}

static enum xg_status list_entities(struct xg_arena *arena,
                                    struct store_entity **rows, size_t *count,
                                    struct xg_stmt *bound, struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};

    if (sqlite_rows_read(&list, bound, read_entity, err) != XG_OK)
        return err->status;
    *rows = (struct store_entity *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status read_entities(struct store *s, struct xg_arena *arena,
                                    struct store_entity **rows, size_t *count,
                                    const struct store_filter *f,
                                    struct xg_error *err)
{
    struct xg_stmt *list =
        xg_stmt(sqlite_db(s), f->conflicts ? SERVER_STMT_ENTITY_LIST_CONFLICTS
                              : f->open    ? SERVER_STMT_ENTITY_LIST_OPEN
                              : f->linked  ? SERVER_STMT_ENTITY_LIST_LINKED
                                           : SERVER_STMT_ENTITY_LIST);

    xg_bind_u64(list, 1,
                f->before && f->before < INT64_MAX ? f->before : INT64_MAX);
    xg_bind_u64(list, 2, f->kind);
    xg_bind_i64(list, 3, f->unit != NULL);
    xg_bind_text(list, 4, f->unit ? f->unit : "");
    xg_bind_i64(list, 5, f->no_contacts ? XG_KIND_CONTACT : 0);
    xg_bind_u64(list, 6, f->limit ? f->limit : 100);
    xg_bind_i64(list, 7, f->bare);
    return list_entities(arena, rows, count, list, err);
}

static enum xg_status
read_entities_changed(struct store *s, struct xg_arena *arena,
                      struct store_entity **rows, size_t *count,
                      uint64_t changed, uint64_t number, size_t limit,
                      struct xg_error *err)
{
    struct xg_stmt *list = xg_stmt(sqlite_db(s), SERVER_STMT_ENTITY_CHANGED);

    xg_bind_u64(list, 1, changed);
    xg_bind_u64(list, 2, number);
    xg_bind_u64(list, 3, limit);
    return list_entities(arena, rows, count, list, err);
}

static enum xg_status count_entities_changed(struct store *s, uint64_t *count,
                                             uint64_t changed, uint64_t number,
                                             struct xg_error *err)
{
    struct xg_stmt *get =
        xg_stmt(sqlite_db(s), SERVER_STMT_ENTITY_CHANGED_COUNT);

    xg_bind_u64(get, 1, changed);
    xg_bind_u64(get, 2, number);
    return xg_stmt_number(count, NULL, get, err);
}

/* Hex digits as the least and the greatest id that begin with them; false for
 * what are none. */
static bool id_range(struct xg_id *low, struct xg_id *high, const char *prefix)
{
    char digits[2 * XG_ID_SIZE + 1];
    size_t len = strlen(prefix);

    if (len > 2 * XG_ID_SIZE)
        return false;
    memset(digits, '0', 2 * XG_ID_SIZE);
    memcpy(digits, prefix, len);
    if (!xg_unhex(low->b, XG_ID_SIZE, digits, 2 * XG_ID_SIZE))
        return false;
    memset(digits + len, 'f', 2 * XG_ID_SIZE - len);
    return xg_unhex(high->b, XG_ID_SIZE, digits, 2 * XG_ID_SIZE);
}

static enum xg_status read_entities_named(struct store *s,
                                          struct xg_arena *arena,
                                          struct store_entity **rows,
                                          size_t *count, const char *prefix,
                                          size_t limit, struct xg_error *err)
{
    struct xg_id low, high;

    if (!id_range(&low, &high, prefix)) {
        *count = 0;
        return XG_OK;
    }
    struct xg_stmt *list = xg_stmt(sqlite_db(s), SERVER_STMT_ENTITY_NAMED);
    xg_bind_id(list, 1, &low);
    xg_bind_id(list, 2, &high);
    xg_bind_u64(list, 3, limit);
    return list_entities(arena, rows, count, list, err);
}

static enum xg_status read_entities_numbered(
    struct store *s, struct xg_arena *arena, struct store_entity **rows,
    size_t *count, const char *case_number, size_t limit, struct xg_error *err)
{
    struct xg_stmt *list = xg_stmt(sqlite_db(s), SERVER_STMT_ENTITY_NUMBERED);

    xg_bind_text(list, 1, case_number);
    xg_bind_u64(list, 2, limit);
    return list_entities(arena, rows, count, list, err);
}

void sqlite_record_verbs(struct store_ops *ops)
{
    ops->put_records = put_records;
    ops->move_records = move_records;
    ops->find_record = find_record;
    ops->has_record = has_record;
    ops->find_unnamed = find_unnamed;
    ops->read_place = read_place;
    ops->read_branch = read_branch;
    ops->read_entity_records = read_entity_records;
    ops->read_entity_range = read_entity_range;
    ops->read_records = read_records;
    ops->read_bare = read_bare;
    ops->put_entity = put_entity;
    ops->find_orphan = find_orphan;
    ops->find_entity = find_entity;
    ops->get_entity = get_entity;
    ops->read_entities = read_entities;
    ops->read_entities_changed = read_entities_changed;
    ops->count_entities_changed = count_entities_changed;
    ops->read_entities_named = read_entities_named;
    ops->read_entities_numbered = read_entities_numbered;
}
