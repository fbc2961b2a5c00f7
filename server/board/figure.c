/* figure.c - what figures read: a row a case (server/board/case.h). */
#include "server/board/inside.h"

#include "server/board/case.h"

enum { ROW_MAX = 1 << 16 };

enum xg_status board_figure_of(struct board_entry *e, struct xg_arena *arena,
                               const struct fold *fold,
                               const struct guide_rules *rules,
                               struct xg_error *err)
{
    struct xg_buf bytes = XG_BUF(ROW_MAX);
    struct report_case row;
    struct xg_clock *clocks;
    size_t count;

    if (!report_counts_kind(rules->kind))
        return XG_OK;
    if (guide_clocks(&clocks, &count, arena, fold, rules, REPORT_FOREVER_MS,
                     err) != XG_OK)
        return err->status;
    if (!report_case_of(&row, fold, clocks, count))
        return XG_OK;
    report_case_put(&bytes, &row);
    enum xg_status status = xg_buf_check(&bytes, err);
    uint8_t *copy =
        status == XG_OK ? xg_arena_copy(arena, bytes.data, bytes.len) : NULL;
    if (status == XG_OK && !copy)
        status = xg_fail_nomem(err);
    if (status == XG_OK) {
        e->figure = xg_bytes(copy, bytes.len);
        e->figure_open = row.way == REPORT_OPEN;
        e->touched_ms = row.touched_ms;
        e->received_ms = row.received_ms;
        e->filed_ms = row.filed_ms;
        e->settled_ms = row.settled_ms;
    }
    xg_buf_clear(&bytes);
    return status;
}

static void bind_time(struct xg_stmt *s, int at, int64_t ms)
{
    if (ms == XG_NO_TIME)
        xg_bind_null(s, at);
    else
        xg_bind_i64(s, at, ms);
}

/* One that could not be folded is always listed, as nothing. */
enum xg_status board_figure_put(struct xg_db *db, const struct board_entry *e,
                                struct xg_error *err)
{
    bool unfolded = !e->entity.folded && report_counts_kind(e->entity.kind);
    bool is = e->figure.len || unfolded;
    struct xg_stmt *s =
        xg_stmt(db, is ? BOARD_STMT_FIGURE_PUT : BOARD_STMT_FIGURE_DROP);

    xg_bind_u64(s, 1, e->entity.number);
    if (is) {
        xg_bind_i64(s, 2, e->figure_open || unfolded);
        xg_bind_i64(s, 3, e->touched_ms);
        xg_bind_bytes(s, 4, unfolded ? xg_bytes(NULL, 0) : e->figure);
        bind_time(s, 5, unfolded ? XG_NO_TIME : e->received_ms);
        bind_time(s, 6, unfolded ? XG_NO_TIME : e->filed_ms);
        bind_time(s, 7, unfolded ? XG_NO_TIME : e->settled_ms);
    }
    return xg_stmt_run(s, err);
}

/* ---- asking ---- */

/* Of the groups, who is in them; by number. */
struct member {
    uint64_t number;
    struct xg_id group;
};

/* Numbers as SQLite's json_each() takes them. */
static void put_numbers(struct xg_buf *out, const struct board_period *period)
{
    xg_buf_byte(out, '[');
    for (size_t i = 0; i < period->late_count; i++)
        xg_buf_format(out, "%s%llu", i ? "," : "",
                      (unsigned long long)period->lates[i].number);
    xg_buf_byte(out, ']');
}

/* What a question is asked with. */
struct asked {
    const struct board_period *period;
    struct xg_buf numbers;
};

static struct xg_stmt *ask_period(struct board_reader *r,
                                  const struct asked *asked, size_t since,
                                  size_t days)
{
    bool ends = asked->period->until_ms != BOARD_NEVER;
    struct xg_stmt *s = xg_stmt(r->db, ends ? days : since);

    xg_bind_i64(s, 1, asked->period->since_ms);
    if (ends) {
        xg_bind_i64(s, 2, asked->period->until_ms);
        xg_bind_text_bytes(s, 3, xg_buf_bytes(&asked->numbers));
    }
    return s;
}

static enum xg_status read_groups(struct xg_buf *members,
                                  struct board_reader *r,
                                  const struct asked *asked,
                                  struct xg_error *err)
{
    struct xg_stmt *s = ask_period(r, asked, BOARD_STMT_FIGURE_GROUPS,
                                   BOARD_STMT_FIGURE_DAY_GROUPS);

    while (xg_stmt_next(s)) {
        struct member m = {xg_col_u64(s, 0), xg_col_id(s, 1)};
        xg_buf_append(members, &m, sizeof m);
    }
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    return xg_buf_check(members, err);
}

static struct member member_at(const struct xg_buf *members, size_t i)
{
    struct member m;

    memcpy(&m, members->data + i * sizeof m, sizeof m);
    return m;
}

/* A member that the list has not: of another time, and settled. */
static enum xg_status visit_other(struct board_reader *r,
                                  const struct board_figures *to,
                                  const struct member *m, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_FIGURE_GET);
    enum xg_status status = XG_OK;

    xg_bind_u64(s, 1, m->number);
    if (xg_stmt_row(s))
        status =
            to->visit(to->ctx, m->number, xg_col_bytes(s, 0), &m->group, err);
    struct xg_error ended = XG_ERROR_NONE;
    if (xg_stmt_done(s, &ended) != XG_OK && status == XG_OK) {
        *err = ended;
        status = ended.status;
    }
    return status;
}

static enum xg_status visit_list(struct xg_buf *members, struct board_reader *r,
                                 const struct asked *asked,
                                 const struct board_figures *to,
                                 struct xg_error *err)
{
    struct xg_stmt *s =
        ask_period(r, asked, BOARD_STMT_FIGURE_LIST, BOARD_STMT_FIGURE_DAYS);
    size_t count = members->len / sizeof(struct member), at = 0, left = 0;
    struct xg_error ended = XG_ERROR_NONE;
    enum xg_status status = XG_OK;

    while (status == XG_OK && xg_stmt_next(s)) {
        uint64_t number = xg_col_u64(s, 0);
        struct member m = {0};
        /* those that were passed are not in the list: kept for after */
        for (; at < count && (m = member_at(members, at)).number < number; at++)
            memmove(members->data + left++ * sizeof m,
                    members->data + at * sizeof m, sizeof m);
        bool grouped = at < count && m.number == number;
        at += grouped;
        status = to->visit(to->ctx, number, xg_col_bytes(s, 1),
                           grouped ? &m.group : NULL, err);
    }
    for (; at < count; at++)
        memmove(members->data + left++ * sizeof(struct member),
                members->data + at * sizeof(struct member),
                sizeof(struct member));
    members->len = left * sizeof(struct member);
    if (xg_stmt_done(s, &ended) != XG_OK && status == XG_OK) {
        *err = ended;
        status = ended.status;
    }
    return status;
}

enum xg_status board_figures(struct board_reader *r,
                             const struct board_period *period,
                             const struct board_figures *to,
                             struct xg_error *err)
{
    struct asked asked = {period, XG_BUF(SIZE_MAX / 2)};
    struct xg_buf members = XG_BUF(SIZE_MAX / 2);

    put_numbers(&asked.numbers, period);
    enum xg_status status = xg_buf_check(&asked.numbers, err);
    if (status == XG_OK)
        status = read_groups(&members, r, &asked, err);
    if (status == XG_OK)
        status = visit_list(&members, r, &asked, to, err);
    for (size_t i = 0;
         status == XG_OK && i < members.len / sizeof(struct member); i++) {
        struct member m = member_at(&members, i);
        status = visit_other(r, to, &m, err);
    }
    xg_buf_clear(&members);
    xg_buf_clear(&asked.numbers);
    return status;
}

static void read_number(struct xg_stmt *s, void *item)
{
    uint64_t *number = item;

    *number = xg_col_u64(s, 0);
}

enum xg_status board_figures_in_hands(struct board_reader *r,
                                      struct xg_arena *arena,
                                      uint64_t **numbers, size_t *count,
                                      const char *unit, struct xg_error *err)
{
    struct board_range at = board_unit_range(r, unit);
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_FIGURE_HANDS);
    void *own;

    xg_bind_i64(s, 1, at.from);
    xg_bind_i64(s, 2, at.to);
    if (board_read(&own, count, arena, sizeof **numbers, s, read_number, err) !=
        XG_OK)
        return err->status;
    *numbers = own;
    return XG_OK;
}
