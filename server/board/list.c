/* list.c - rows of which nobody knows how many come, into an arena: they are
 * gathered, and kept when all are there; and those that a moment or a time is
 * asked of. */
#include "server/board/inside.h"

#include <string.h>

#define DAY_MS INT64_C(86400000)

/* Behind those of the list. That it grew too large is seen by board_keep(). */
static enum xg_status gather(struct xg_buf *list, size_t each,
                             struct xg_stmt *s, board_read_row *read,
                             struct xg_error *err)
{
    while (list->failed == XG_OK && xg_stmt_next(s)) {
        uint8_t *item = xg_buf_room(list, each);
        if (!item)
            break;
        memset(item, 0, each);
        read(s, item);
        list->len += each;
    }
    return xg_stmt_done(s, err);
}

enum xg_status board_keep(void **out, size_t *count, struct xg_arena *arena,
                          struct xg_buf *list, size_t each,
                          struct xg_error *err)
{
    enum xg_status status = xg_buf_check(list, err);
    void *kept = NULL;

    if (status == XG_OK) {
        kept = xg_arena_array(arena, list->len / each + 1, each);
        if (!kept)
            status = xg_fail_nomem(err);
    }
    if (status == XG_OK) {
        if (list->len)
            memcpy(kept, list->data, list->len);
        *out = kept;
        *count = list->len / each;
    }
    xg_buf_clear(list);
    return status;
}

enum xg_status board_read(void **out, size_t *count, struct xg_arena *arena,
                          size_t each, struct xg_stmt *s, board_read_row *read,
                          struct xg_error *err)
{
    struct xg_buf list = XG_BUF(SIZE_MAX / 2);

    if (gather(&list, each, s, read, err) == XG_OK)
        return board_keep(out, count, arena, &list, each, err);
    xg_buf_clear(&list);
    return err->status;
}

/* ---- spans of time ---- */

int64_t board_span_of(int64_t from_ms, int64_t to_ms)
{
    uint64_t days = ((uint64_t)to_ms - (uint64_t)from_ms) / (uint64_t)DAY_MS;
    int64_t span = 0;

    for (; days; days >>= 1)
        span++;
    return span;
}

/* One of a span that holds the moment began so much before it, at most. */
static int64_t begins_after(int64_t ms, int64_t span)
{
    /* a day is less than 2^27 ms */
    int64_t back = span < 36 ? DAY_MS << span : INT64_MAX;

    return ms < INT64_MIN + back ? INT64_MIN : ms - back;
}

static enum xg_status next_span(struct board_reader *r, size_t statement,
                                int64_t *span, bool *found,
                                struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, statement);

    xg_bind_i64(s, 1, *span);
    *found = xg_stmt_row(s);
    if (*found)
        *span = xg_col_i64(s, 0);
    return xg_stmt_done(s, err);
}

enum xg_status board_read_spans(void **out, size_t *count,
                                struct xg_arena *arena, struct board_reader *r,
                                const struct board_spans *table,
                                int64_t from_ms, int64_t to_ms,
                                struct xg_error *err)
{
    struct xg_buf list = XG_BUF(SIZE_MAX / 2);
    int64_t span = -1;
    bool found = true;
    enum xg_status status = next_span(r, table->spans, &span, &found, err);

    while (status == XG_OK && found) {
        struct xg_stmt *s = xg_stmt(r->db, table->list);
        xg_bind_i64(s, 1, span);
        xg_bind_i64(s, 2, begins_after(from_ms, span));
        xg_bind_i64(s, 3, from_ms);
        xg_bind_i64(s, 4, to_ms);
        status = gather(&list, table->each, s, table->read, err);
        if (status == XG_OK)
            status = next_span(r, table->spans, &span, &found, err);
    }
    if (status == XG_OK)
        return board_keep(out, count, arena, &list, table->each, err);
    xg_buf_clear(&list);
    return status;
}
