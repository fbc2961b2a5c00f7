/* sqlite_people.c - the registry, people, devices, codes, files. */
#include "server/store/sqlite.h"

#include <stdio.h>

/* ---- the registry ---- */

static enum xg_status put_registry_note(struct store *s,
                                        const struct store_registry_note *n,
                                        struct xg_error *err)
{
    struct xg_stmt *add = xg_stmt(sqlite_db(s), SERVER_STMT_REGISTRY_NOTE_ADD);

    xg_bind_u64(add, 1, n->number);
    xg_bind_u64(add, 2, n->position);
    xg_bind_hash(add, 3, &n->leaf);
    return xg_stmt_run(add, err);
}

static void read_note(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_registry_note *n = item;

    (void)rows;
    n->number = xg_col_u64(s, 0);
    n->position = xg_col_u64(s, 1);
    n->leaf = xg_col_hash(s, 2);
}

static enum xg_status read_registry_notes(struct store *s,
                                          struct xg_arena *arena,
                                          struct store_registry_note **rows,
                                          size_t *count, uint64_t after,
                                          size_t limit, struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};
    struct xg_stmt *query =
        xg_stmt(sqlite_db(s), SERVER_STMT_REGISTRY_NOTE_LIST);

    xg_bind_u64(query, 1, after < INT64_MAX ? after : INT64_MAX);
    xg_bind_u64(query, 2, limit);
    if (sqlite_rows_read(&list, query, read_note, err) != XG_OK)
        return err->status;
    *rows = (struct store_registry_note *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status put_line(struct store *s,
                               const struct store_statement *st,
                               struct xg_bytes text, struct xg_error *err)
{
    struct xg_stmt *add = xg_stmt(sqlite_db(s), SERVER_STMT_STATEMENT_ADD);

    xg_bind_i64(add, 1, st->says.kind);
    xg_bind_text(add, 2, st->says.subject);
    xg_bind_u64(add, 3, st->position);
    xg_bind_i64(add, 4, st->line);
    xg_bind_text_bytes(add, 5, text);
    return xg_stmt_run(add, err);
}

static enum xg_status put_statement(struct store *s,
                                    const struct store_statement *st,
                                    struct xg_error *err)
{
    struct store_statement shared = *st;
    struct xg_buf text = XG_BUF(4096);
    enum xg_status status;

    xg_statement_put(&text, &st->says);
    status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = put_line(s, st, xg_buf_bytes(&text), err);
    if (status == XG_OK && xg_statement_shared(&shared.says, &st->says))
        status = put_line(s, &shared, xg_buf_bytes(&text), err);
    xg_buf_clear(&text);
    return status;
}

static void read_statement(struct sqlite_rows *rows, struct xg_stmt *s,
                           void *item)
{
    struct store_statement *st = item;
    struct xg_bytes text = xg_col_text_bytes(s, 2);
    struct xg_statement line;

    (void)rows;
    st->position = xg_col_u64(s, 0);
    st->line = (uint32_t)xg_col_u64(s, 1);
    if (!xg_statement_next(&text, &line))
        xg_stmt_corrupt(s, "a statement is unreadable");
    else if (xg_col_i64(s, 3) != XG_SAYS_SHARED ||
             !xg_statement_shared(&st->says, &line))
        st->says = line;
}

static enum xg_status find_statement(struct store *s,
                                     struct store_statement *st, bool *found,
                                     enum xg_statement_kind kind,
                                     const char *subject, uint64_t size,
                                     struct xg_error *err)
{
    struct xg_stmt *find = xg_stmt(sqlite_db(s), SERVER_STMT_STATEMENT_FIND);

    xg_bind_i64(find, 1, kind);
    xg_bind_text(find, 2, subject);
    xg_bind_u64(find, 3, size < INT64_MAX ? size : INT64_MAX);
    return sqlite_row_read(st, found, sizeof *st, NULL, find, read_statement,
                           err);
}

static enum xg_status read_statements(struct store *s, struct xg_arena *arena,
                                      struct store_statement **rows,
                                      size_t *count, uint64_t position,
                                      uint32_t line, size_t limit,
                                      struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};
    struct xg_stmt *query = xg_stmt(sqlite_db(s), SERVER_STMT_STATEMENT_LIST);

    xg_bind_u64(query, 1, position);
    xg_bind_i64(query, 2, line);
    xg_bind_u64(query, 3, limit);
    if (sqlite_rows_read(&list, query, read_statement, err) != XG_OK)
        return err->status;
    *rows = (struct store_statement *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

/* ---- what waits for the registrar ---- */

static enum xg_status put_waiting(struct store *s,
                                  const struct xg_statement *says,
                                  struct xg_error *err)
{
    struct xg_buf text = XG_BUF(4096);
    enum xg_status status;

    xg_statement_put(&text, says);
    status = xg_buf_check(&text, err);
    if (status == XG_OK) {
        struct xg_stmt *add = xg_stmt(sqlite_db(s), SERVER_STMT_WAITING_ADD);
        xg_bind_text_bytes(add, 1, xg_buf_bytes(&text));
        status = xg_stmt_run(add, err);
    }
    xg_buf_clear(&text);
    return status;
}

static void read_one_waiting(struct sqlite_rows *rows, struct xg_stmt *s,
                             void *item)
{
    struct store_waiting *w = item;
    struct xg_bytes text = xg_col_text_bytes(s, 1);

    (void)rows;
    w->number = xg_col_u64(s, 0);
    if (!xg_statement_next(&text, &w->says))
        xg_stmt_corrupt(s, "a statement that waits is unreadable");
}

static enum xg_status list_waiting(struct store *s, struct xg_arena *arena,
                                   struct store_waiting **rows, size_t *count,
                                   struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};

    if (sqlite_rows_read(&list, xg_stmt(sqlite_db(s), SERVER_STMT_WAITING_LIST),
                         read_one_waiting, err) != XG_OK)
        return err->status;
    *rows = (struct store_waiting *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status delete_waiting(struct store *s, uint64_t number,
                                     struct xg_error *err)
{
    struct xg_stmt *delete = xg_stmt(sqlite_db(s), SERVER_STMT_WAITING_DELETE);

    xg_bind_u64(delete, 1, number);
    return xg_stmt_run(delete, err);
}

static enum xg_status put_request(struct store *s,
                                  const struct store_request *r,
                                  struct xg_error *err)
{
    struct xg_stmt *add = xg_stmt(sqlite_db(s), SERVER_STMT_REQUEST_ADD);

    xg_bind_u64(add, 1, r->through);
    xg_bind_u64(add, 2, r->covers);
    xg_bind_bytes(add, 3, r->file);
    return xg_stmt_run(add, err);
}

static void read_request(struct sqlite_rows *rows, struct xg_stmt *s,
                         void *item)
{
    struct store_request *r = item;

    r->through = xg_col_u64(s, 0);
    r->covers = xg_col_u64(s, 1);
    r->file = sqlite_rows_bytes(rows, s, 2);
}

static enum xg_status read_requests(struct store *s, struct xg_arena *arena,
                                    struct store_request **rows, size_t *count,
                                    struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};

    if (sqlite_rows_read(&list, xg_stmt(sqlite_db(s), SERVER_STMT_REQUEST_LIST),
                         read_request, err) != XG_OK)
        return err->status;
    *rows = (struct store_request *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status drop_requests(struct store *s, struct xg_error *err)
{
    return xg_stmt_run(xg_stmt(sqlite_db(s), SERVER_STMT_REQUEST_CLEAR), err);
}

/* ---- people, devices, codes ---- */

static enum xg_status put_person(struct store *s, const char *code,
                                 const char *name, struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_PERSON_PUT);

    xg_bind_text(put, 1, code);
    xg_bind_text(put, 2, name);
    return xg_stmt_run(put, err);
}

static enum xg_status get_person(struct store *s,
                                 char name[static STORE_NAME_MAX + 1],
                                 bool *found, const char *code,
                                 struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_PERSON_GET);
    char read[STORE_NAME_MAX + 1] = "";

    xg_bind_text(get, 1, code);
    bool any = xg_stmt_row(get);
    if (any)
        sqlite_text(get, 0, read, sizeof read);
    if (xg_stmt_done(get, err) != XG_OK)
        return err->status;
    if (any)
        memcpy(name, read, sizeof read);
    *found = any;
    return XG_OK;
}

static enum xg_status put_operator_key(struct store *s, const char *code,
                                       const struct xg_wrapped_key *key,
                                       struct xg_error *err)
{
    struct xg_stmt *put =
        xg_stmt(sqlite_db(s), key ? SERVER_STMT_OPERATOR_KEY_PUT
                                  : SERVER_STMT_OPERATOR_KEY_DROP);

    xg_bind_text(put, 1, code);
    if (key)
        xg_bind_bytes(put, 2, xg_bytes(key->b, sizeof key->b));
    return xg_stmt_run(put, err);
}

static enum xg_status get_operator_key(struct store *s,
                                       struct xg_wrapped_key *key, bool *found,
                                       const char *code, struct xg_error *err)
{
    struct xg_stmt *get =
        xg_stmt(sqlite_db(s), SERVER_STMT_OPERATOR_KEY_GET);
    struct xg_wrapped_key read;

    xg_bind_text(get, 1, code);
    bool any = xg_stmt_row(get);
    struct xg_bytes bytes =
        any ? xg_col_bytes(get, 0) : xg_bytes(NULL, 0);
    if (any && bytes.len == sizeof read.b)
        memcpy(read.b, bytes.at, sizeof read.b);
    else if (any)
        xg_stmt_corrupt(get, "an operator's key is of another size");
    if (xg_stmt_done(get, err) != XG_OK)
        return err->status;
    if (any)
        *key = read;
    *found = any;
    return XG_OK;
}

static enum xg_status put_device(struct store *s, const struct store_device *d,
                                 struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_DEVICE_PUT);

    xg_bind_text(put, 1, d->name);
    xg_bind_bytes(put, 2, xg_bytes(d->key, sizeof d->key));
    xg_bind_text(put, 3, d->worker);
    xg_bind_i64(put, 4, d->state);
    return xg_stmt_run(put, err);
}

static void read_device(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_device *d = item;

    (void)rows;
    sqlite_text(s, 0, d->name, sizeof d->name);
    xg_col_exact(s, 1, d->key, sizeof d->key);
    sqlite_text(s, 2, d->worker, sizeof d->worker);
    d->state = (enum xg_device_state)xg_col_u64(s, 3);
}

static enum xg_status find_device(struct store *s, struct store_device *d,
                                  bool *found, const char *name,
                                  struct xg_error *err)
{
    struct xg_stmt *find = xg_stmt(sqlite_db(s), SERVER_STMT_DEVICE_FIND);

    xg_bind_text(find, 1, name);
    return sqlite_row_read(d, found, sizeof *d, NULL, find, read_device, err);
}

static enum xg_status read_devices(struct store *s, struct xg_arena *arena,
                                   struct store_device **rows, size_t *count,
                                   struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};

    if (sqlite_rows_read(&list, xg_stmt(sqlite_db(s), SERVER_STMT_DEVICE_LIST),
                         read_device, err) != XG_OK)
        return err->status;
    *rows = (struct store_device *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status put_code(struct store *s, const struct store_code *c,
                               struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_CODE_PUT);

    xg_bind_hash(put, 1, &c->id);
    xg_bind_bytes(put, 2, xg_bytes(c->secret, sizeof c->secret));
    xg_bind_text(put, 3, c->worker);
    xg_bind_i64(put, 4, c->expires_ms);
    xg_bind_i64(put, 5, c->used);
    xg_bind_bytes(put, 6, xg_bytes(c->key, sizeof c->key));
    xg_bind_text(put, 7, c->device);
    return xg_stmt_run(put, err);
}

static void read_code(struct sqlite_rows *rows, struct xg_stmt *s, void *item)
{
    struct store_code *c = item;

    (void)rows;
    c->id = xg_col_hash(s, 0);
    xg_col_exact(s, 1, c->secret, sizeof c->secret);
    sqlite_text(s, 2, c->worker, sizeof c->worker);
    c->expires_ms = xg_col_i64(s, 3);
    c->used = xg_col_bool(s, 4);
    xg_col_exact(s, 5, c->key, sizeof c->key);
    sqlite_text(s, 6, c->device, sizeof c->device);
}

static enum xg_status find_code(struct store *s, struct store_code *c,
                                bool *found, const struct xg_hash *id,
                                struct xg_error *err)
{
    struct xg_stmt *find = xg_stmt(sqlite_db(s), SERVER_STMT_CODE_FIND);

    xg_bind_hash(find, 1, id);
    return sqlite_row_read(c, found, sizeof *c, NULL, find, read_code, err);
}

bool store_fits_name(const char *text)
{
    size_t len = strlen(text);

    if (len > STORE_NAME_MAX || !xg_utf8_valid((const uint8_t *)text, len))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7F)
            return false;
    return true;
}

/* ---- files and references ---- */

static enum xg_status put_file(struct store *s, const struct xg_hash *hash,
                               struct xg_bytes content, struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_FILE_PUT);

    xg_bind_hash(put, 1, hash);
    xg_bind_bytes(put, 2, content);
    return xg_stmt_run(put, err);
}

static enum xg_status read_file(struct store *s, struct xg_arena *arena,
                                struct xg_bytes *content, bool *found,
                                const struct xg_hash *hash,
                                struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_FILE_GET);
    struct sqlite_rows rows = {.arena = arena};
    struct xg_bytes bytes = {NULL, 0};

    xg_bind_hash(get, 1, hash);
    bool any = xg_stmt_row(get);
    if (any)
        bytes = sqlite_rows_bytes(&rows, get, 0);
    if (xg_stmt_done(get, err) != XG_OK)
        return err->status;
    if (rows.no_memory)
        return xg_fail_nomem(err);
    if (any)
        *content = bytes;
    *found = any;
    return XG_OK;
}

static enum xg_status put_reference(struct store *s,
                                    const struct store_reference *r,
                                    struct xg_error *err)
{
    struct xg_stmt *add = xg_stmt(sqlite_db(s), SERVER_STMT_REFERENCE_ADD);

    xg_bind_u64(add, 1, r->position);
    xg_bind_text(add, 2, r->says.kind);
    xg_bind_text(add, 3, r->says.edition);
    xg_bind_hash(add, 4, &r->says.file);
    xg_bind_u64(add, 5, r->says.length);
    return xg_stmt_run(add, err);
}

static void read_reference(struct sqlite_rows *rows, struct xg_stmt *s,
                           void *item)
{
    struct store_reference *r = item;

    (void)rows;
    r->position = xg_col_u64(s, 0);
    sqlite_text(s, 1, r->says.kind, sizeof r->says.kind);
    sqlite_text(s, 2, r->says.edition, sizeof r->says.edition);
    r->says.file = xg_col_hash(s, 3);
    r->says.length = xg_col_u64(s, 4);
}

static enum xg_status read_references(struct store *s, struct xg_arena *arena,
                                      struct store_reference **rows,
                                      size_t *count, struct xg_error *err)
{
    struct sqlite_rows list = {.arena = arena, .size = sizeof **rows};

    if (sqlite_rows_read(&list,
                         xg_stmt(sqlite_db(s), SERVER_STMT_REFERENCE_LIST),
                         read_reference, err) != XG_OK)
        return err->status;
    *rows = (struct store_reference *)(void *)list.items;
    *count = list.count;
    return XG_OK;
}

static enum xg_status count_references(struct store *s, uint64_t *count,
                                       uint64_t below, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(sqlite_db(s), SERVER_STMT_REFERENCE_COUNT);

    xg_bind_u64(q, 1, below);
    return xg_stmt_number(count, NULL, q, err);
}

/* ---- single numbers ---- */

static enum xg_status put_value(struct store *s, const char *name,
                                uint64_t value, struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(sqlite_db(s), SERVER_STMT_VALUE_PUT);

    xg_bind_text(put, 1, name);
    xg_bind_u64(put, 2, value);
    return xg_stmt_run(put, err);
}

static enum xg_status get_value(struct store *s, uint64_t *value,
                                const char *name, struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(sqlite_db(s), SERVER_STMT_VALUE_GET);

    xg_bind_text(get, 1, name);
    return xg_stmt_number(value, NULL, get, err);
}

void sqlite_people_verbs(struct store_ops *ops)
{
    ops->put_registry_note = put_registry_note;
    ops->read_registry_notes = read_registry_notes;
    ops->put_statement = put_statement;
    ops->find_statement = find_statement;
    ops->read_statements = read_statements;
    ops->put_waiting = put_waiting;
    ops->list_waiting = list_waiting;
    ops->delete_waiting = delete_waiting;
    ops->put_request = put_request;
    ops->read_requests = read_requests;
    ops->drop_requests = drop_requests;
    ops->put_person = put_person;
    ops->get_person = get_person;
    ops->put_operator_key = put_operator_key;
    ops->get_operator_key = get_operator_key;
    ops->put_device = put_device;
    ops->find_device = find_device;
    ops->read_devices = read_devices;
    ops->put_code = put_code;
    ops->find_code = find_code;
    ops->put_file = put_file;
    ops->read_file = read_file;
    ops->put_reference = put_reference;
    ops->read_references = read_references;
    ops->count_references = count_references;
    ops->put_value = put_value;
    ops->get_value = get_value;
}
