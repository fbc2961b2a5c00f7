/* reference.c - reference data: every edition by its place in the log, and
 * the files, found by their hash. A file that two editions share is kept once.
 */
#include "agent/store/inside.h"

#include <stdio.h>

#include "agent_sql.h"

#define FILE_TABLE "reference_file"

enum { ROWS_FIRST = 16 };

enum xg_status store_count_references(struct store *s, uint64_t *count,
                                      uint64_t *next, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_REFERENCE_COUNT);
    uint64_t rows = 0, last = 0;

    if (xg_stmt_row(q)) {
        rows = xg_col_u64(q, 0);
        last = xg_col_u64(q, 1);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *count = rows;
    *next = rows ? last + 1 : 0;
    return XG_OK;
}

enum xg_status store_put_reference(struct store *s, uint64_t position,
                                   const struct xg_reference *reference,
                                   struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_REFERENCE_ADD);

    xg_bind_u64(q, 1, position);
    xg_bind_text(q, 2, reference->kind);
    xg_bind_text(q, 3, reference->edition);
    xg_bind_hash(q, 4, &reference->file);
    xg_bind_u64(q, 5, reference->length);
    return xg_stmt_run(q, err);
}

static struct store_reference *add_row(struct xg_arena *arena,
                                       struct store_reference **rows,
                                       size_t *count, size_t *room)
{
    if (*count == *room) {
        size_t more = *room ? *room * 2 : ROWS_FIRST;
        struct store_reference *moved =
            xg_arena_array(arena, more, sizeof *moved);
        if (!moved)
            return NULL;
        if (*count)
            memcpy(moved, *rows, *count * sizeof *moved);
        *rows = moved;
        *room = more;
    }
    return &(*rows)[(*count)++];
}

/* The rows of a bound statement; ends it. */
static enum xg_status read_rows(struct xg_stmt *q, struct xg_arena *arena,
                                struct store_reference **rows, size_t *count,
                                struct xg_error *err)
{
    struct store_reference *list = NULL, *r;
    size_t n = 0, room = 0;
    bool no_memory = false;

    while (!no_memory && xg_stmt_next(q)) {
        r = add_row(arena, &list, &n, &room);
        no_memory = !r;
        if (!r)
            continue;
        *r = (struct store_reference){.position = xg_col_u64(q, 0),
                                      .here = xg_col_bool(q, 5)};
        snprintf(r->says.kind, sizeof r->says.kind, "%s", xg_col_text(q, 1));
        snprintf(r->says.edition, sizeof r->says.edition, "%s",
                 xg_col_text(q, 2));
        r->says.file = xg_col_hash(q, 3);
        r->says.length = xg_col_u64(q, 4);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    if (no_memory)
        return xg_fail_nomem(err);
    *rows = list;
    *count = n;
    return XG_OK;
}

enum xg_status store_list_references(struct store *s, struct xg_arena *arena,
                                     struct store_reference **rows,
                                     size_t *count, const char *kind,
                                     uint64_t size, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_REFERENCE_LIST);

    xg_bind_text(q, 1, kind);
    xg_bind_u64(q, 2, size > INT64_MAX ? INT64_MAX : size);
    return read_rows(q, arena, rows, count, err);
}

enum xg_status store_missing_references(struct store *s, struct xg_arena *arena,
                                        struct store_reference **rows,
                                        size_t *count, struct xg_error *err)
{
    return read_rows(xg_stmt(s->db, AGENT_STMT_REFERENCE_MISSING), arena, rows,
                     count, err);
}

enum xg_status store_put_reference_file(struct store *s,
                                        const struct xg_hash *hash,
                                        struct xg_bytes content,
                                        struct xg_error *err)
{
    if (store_seal(s, FILE_TABLE, xg_bytes(hash->b, XG_HASH_SIZE), content,
                   err) != XG_OK)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_REFERENCE_FILE_PUT);
    xg_bind_hash(q, 1, hash);
    xg_bind_bytes(q, 2, xg_buf_bytes(&s->sealed));
    return xg_stmt_run(q, err);
}

enum xg_status store_get_reference_file(struct store *s, struct xg_buf *content,
                                        bool *found,
                                        const struct xg_hash *hash,
                                        struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_REFERENCE_FILE_GET);
    enum xg_status status = XG_OK;

    xg_bind_hash(q, 1, hash);
    bool has = xg_stmt_row(q);
    if (has)
        status =
            store_unseal(s, FILE_TABLE, xg_bytes(hash->b, XG_HASH_SIZE),
                         xg_col_bytes(q, 0), err);
    struct xg_error later = XG_ERROR_NONE;
    if (xg_stmt_done(q, status == XG_OK ? err : &later) != XG_OK ||
        status != XG_OK)
        return err->status;
    if (has) {
        xg_buf_append(content, s->plain.data, s->plain.len);
        if (xg_buf_check(content, err) != XG_OK)
            return err->status;
    }
    *found = has;
    return XG_OK;
}
