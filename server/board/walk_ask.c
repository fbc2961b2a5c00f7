/* walk_ask.c - patrols, visits and what they come to, of a snapshot. A
 * patrol is found by when it began and how long it is at most, so that a day of
 * last year costs what was walked on it. */
#include "server/board/inside.h"

#include <stdlib.h>
#include <string.h>

/* ---- patrols ---- */

void board_copy_code(char out[static XG_CODE_MAX + 1], const char *text)
{
    size_t len = strlen(text);

    if (len <= XG_CODE_MAX)
        memcpy(out, text, len + 1);
}

static void read_walk(struct xg_stmt *s, void *item)
{
    struct report_walk *w = item;
    const char *name = xg_col_text(s, 2);

    *w = (struct report_walk){.number = xg_col_u64(s, 0),
                              .id = xg_col_id(s, 1)};
    if (strlen(name) < sizeof w->name)
        memcpy(w->name, name, strlen(name) + 1);
    board_copy_code(w->worker, xg_col_text(s, 3));
    board_copy_code(w->unit, xg_col_text(s, 4));
    w->start_ms = xg_col_i64(s, 5);
    w->end_ms = xg_col_is_null(s, 6) ? XG_NO_TIME : xg_col_i64(s, 6);
    w->came_ms = xg_col_i64(s, 7);
    w->distance_mm = xg_col_i64(s, 8);
    w->points = xg_col_u64(s, 9);
    w->gaps = xg_col_u64(s, 10);
    w->gap_ms = xg_col_i64(s, 11);
    w->has_last = !xg_col_is_null(s, 12);
    if (w->has_last) {
        w->last.t_ms = xg_col_i64(s, 12);
        w->last.lat_e6 = (int32_t)xg_col_i64(s, 13);
        w->last.lon_e6 = (int32_t)xg_col_i64(s, 14);
    }
}

static int by_start(const void *x, const void *y)
{
    const struct report_walk *a = x, *b = y;

    if (a->start_ms != b->start_ms)
        return a->start_ms > b->start_ms ? -1 : 1;
    return memcmp(a->id.b, b->id.b, XG_ID_SIZE);
}

enum xg_status board_walks(struct board_reader *r, struct xg_arena *arena,
                           struct report_walk **out, size_t *out_count,
                           int64_t from_ms, int64_t before_ms,
                           struct xg_error *err)
{
    static const struct board_spans patrols = {
        .spans = BOARD_STMT_PATROL_SPANS,
        .list = BOARD_STMT_PATROL_LIST,
        .each = sizeof **out,
        .read = read_walk};
    void *kept;

    if (board_read_spans(&kept, out_count, arena, r, &patrols, from_ms,
                         before_ms, err) != XG_OK)
        return err->status;
    if (*out_count)
        qsort(kept, *out_count, sizeof **out, by_start);
    *out = kept;
    return XG_OK;
}

/* ---- visits, and days ---- */

enum xg_status board_visits(struct board_reader *r, struct board_visit *rows,
                            size_t *count, const char *worker, int64_t after_ms,
                            uint64_t after, int64_t to_ms, size_t limit,
                            struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_VISIT_LIST);
    size_t n = 0;

    xg_bind_text(s, 1, worker);
    xg_bind_i64(s, 2, after_ms);
    xg_bind_u64(s, 3, after);
    xg_bind_i64(s, 4, to_ms);
    xg_bind_u64(s, 5, limit);
    while (xg_stmt_next(s))
        rows[n++] = (struct board_visit){xg_col_u64(s, 0), xg_col_i64(s, 1)};
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    *count = n;
    return XG_OK;
}

enum xg_status board_covered(struct board_reader *r,
                             char unit[static XG_CODE_MAX + 1], bool *found,
                             struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_COVER_NEXT);

    xg_bind_text(s, 1, unit);
    bool any = xg_stmt_row(s);
    if (any)
        board_copy_code(unit, xg_col_text(s, 0));
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    *found = any;
    return XG_OK;
}

enum xg_status board_cover(struct board_reader *r, const char *unit,
                           int64_t from_day, int64_t to_day, void *ctx,
                           enum xg_status (*visit)(void *ctx,
                                                   const struct board_cover *c,
                                                   struct xg_error *err),
                           struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_COVER_LIST);
    struct xg_error ended = XG_ERROR_NONE;
    enum xg_status status = XG_OK;

    xg_bind_text(s, 1, unit);
    xg_bind_i64(s, 2, from_day);
    xg_bind_i64(s, 3, to_day);
    while (status == XG_OK && xg_stmt_next(s)) {
        struct board_cover c = {.worker = xg_col_text(s, 0),
                                .patrols = xg_col_u64(s, 1),
                                .distance_mm = xg_col_i64(s, 2),
                                .places = xg_col_bytes(s, 3),
                                .subjects = xg_col_bytes(s, 4)};
        status = visit(ctx, &c, err);
    }
    if (xg_stmt_done(s, &ended) != XG_OK && status == XG_OK) {
        *err = ended;
        status = ended.status;
    }
    return status;
}

uint64_t board_cover_place(const struct board_cover *c, size_t i)
{
    uint64_t key = 0;

    for (size_t k = 0; k < BOARD_PLACE_SIZE; k++)
        key = key << 8 | c->places.at[i * BOARD_PLACE_SIZE + k];
    return key;
}

/* ---- the lists ---- */

enum xg_status board_listed(struct board_reader *r, void *ctx,
                            enum xg_status (*visit)(void *ctx, const char *unit,
                                                    uint64_t count,
                                                    struct xg_error *err),
                            struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_LISTED_COUNT);
    struct xg_error ended = XG_ERROR_NONE;
    enum xg_status status = XG_OK;

    while (status == XG_OK && xg_stmt_next(s))
        status = visit(ctx, xg_col_text(s, 0), xg_col_u64(s, 1), err);
    if (xg_stmt_done(s, &ended) != XG_OK && status == XG_OK) {
        *err = ended;
        status = ended.status;
    }
    return status;
}

enum xg_status board_find_listed(struct board_reader *r,
                                 char unit[static XG_CODE_MAX + 1], bool *found,
                                 const struct xg_id *id, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_LISTED_FIND);

    xg_bind_id(s, 1, id);
    bool any = xg_stmt_row(s);
    if (any)
        board_copy_code(unit, xg_col_text(s, 0));
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    *found = any;
    return XG_OK;
}
