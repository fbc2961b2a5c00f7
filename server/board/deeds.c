/* deeds.c - what people did: what a worker made counts for her, and is marked
 * (shared/view/account.h); which moves a day's review lists. Each row is of one
 * entity alone, so an account or a day costs what it shows. */
#include "server/board/inside.h"

#include <string.h>

#include "server/board/case.h"
#include "server/sight/access.h"
#include "shared/core/loop.h"

bool board_lists_move(uint64_t move)
{
    switch (move) {
    case XG_MOVE_REMIND:
    case XG_MOVE_ESCALATE:
    case XG_MOVE_RETURN:
    case XG_MOVE_WHISTLE:
    case XG_MOVE_TRIAGE:
    case XG_MOVE_REPORT_IN:
        return true;
    default:
        return false;
    }
}

/* ---- what is counted and marked for its maker ---- */

struct marking {
    const struct fold *fold;
    struct board_entry *e;
};

/* By what the log proves of a time, and not by any clock of now: a record that
 * is ahead of now was ahead of the note that closed its group, too. */
static enum xg_status about(void *ctx, struct view_about *out,
                            const struct xg_op *op, struct xg_error *err)
{
    const struct marking *m = ctx;
    size_t i = (size_t)(op - m->fold->state.ops);
    const struct xg_when *when = &m->fold->whens[i];
    int64_t wall_ms = op->record->head.moment.wall_ms;

    (void)err;
    out->has_not_before = when->low_ms != XG_NO_TIME;
    out->not_before_ms = when->low_ms;
    out->has_not_after = when->high_ms != XG_NO_TIME;
    out->not_after_ms = when->high_ms;
    out->clock_doubt =
        !op->record->malformed && (view_clock_doubt(wall_ms, 0) ||
                                   view_clock_outside(out, wall_ms));
    return XG_OK;
}

static void mark(void *ctx, const struct xg_state *s, enum view_flag flag,
                 uint64_t count, bool answered)
{
    struct marking *m = ctx;

    (void)s;
    m->e->flags[m->e->flag_count++] =
        (struct board_flag){.flag = flag, .count = count, .answered = answered};
}

static enum xg_status take_account(struct board_entry *e,
                                   struct xg_arena *arena,
                                   const struct fold *fold,
                                   struct xg_error *err)
{
    struct marking m = {fold, e};
    struct view_account a = {.author = e->entity.author,
                             .route = e->walked ? &e->route : NULL,
                             .ctx = &m,
                             .about = about,
                             .mark = mark};

    if (!*e->entity.author)
        return XG_OK;
    e->flags = xg_arena_array(arena, VIEW_FLAGS, sizeof *e->flags);
    if (!e->flags)
        return xg_fail_nomem(err);
    if (view_account_add(&a, &fold->state, err) != XG_OK)
        return err->status;
    e->reported = a.reports > 0;
    e->valid = a.valid > 0;
    return XG_OK;
}

/* ---- what was done ---- */

static bool is_listed(const struct fold *fold, uint32_t op)
{
    const struct xg_record *r = fold->state.ops[op].record;

    return !r->malformed && board_lists_move(r->head.move) &&
           xg_state_counts(&fold->state, op);
}

static enum xg_status take_acts(struct board_entry *e, struct xg_arena *arena,
                                const struct fold *fold, struct xg_error *err)
{
    const struct xg_state *s = &fold->state;
    bool sensitive = access_is_sensitive_fold(fold);

    e->acts = xg_arena_array(arena, s->count + 1, sizeof *e->acts);
    if (!e->acts)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < s->count; i++) {
        uint32_t op = s->order[i];
        if (!is_listed(fold, op))
            continue;
        const struct xg_record *r = s->ops[op].record;
        struct board_act *act = &e->acts[e->act_count++];
        *act = (struct board_act){
            .number = e->entity.number,
            .record = fold->rows[op].number,
            .ms = xg_effective_ms(r->head.moment.wall_ms, fold->whens[op]),
            .move = r->head.move,
            .sensitive = sensitive};
        memcpy(act->author, fold->judgements[op].author, sizeof act->author);
    }
    return XG_OK;
}

enum xg_status board_deeds_of(struct board_entry *e, struct xg_arena *arena,
                              const struct fold *fold, struct xg_error *err)
{
    if (take_account(e, arena, fold, err) != XG_OK)
        return err->status;
    return report_counts_kind(e->entity.kind) ? take_acts(e, arena, fold, err)
                                              : XG_OK;
}

/* ---- writing ---- */

static enum xg_status drop(struct xg_db *db, size_t statement, uint64_t number,
                           struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(db, statement);

    xg_bind_u64(s, 1, number);
    return xg_stmt_run(s, err);
}

static enum xg_status put_report(struct xg_db *db, const struct board_entry *e,
                                 struct xg_error *err)
{
    struct xg_stmt *s;

    if (!e->reported)
        return drop(db, BOARD_STMT_REPORT_DROP, e->entity.number, err);
    s = xg_stmt(db, BOARD_STMT_REPORT_PUT);
    xg_bind_u64(s, 1, e->entity.number);
    xg_bind_text(s, 2, e->entity.author);
    xg_bind_i64(s, 3, e->valid);
    return xg_stmt_run(s, err);
}

static enum xg_status put_flag(struct xg_db *db, const struct board_entry *e,
                               size_t i, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(db, BOARD_STMT_FLAG_PUT);

    xg_bind_u64(s, 1, e->entity.number);
    xg_bind_u64(s, 2, i);
    xg_bind_text(s, 3, e->entity.author);
    xg_bind_i64(s, 4, (int64_t)e->flags[i].flag);
    xg_bind_u64(s, 5, e->flags[i].count);
    xg_bind_i64(s, 6, e->flags[i].answered);
    return xg_stmt_run(s, err);
}

static enum xg_status put_act(struct xg_db *db, const struct board_act *act,
                              size_t place, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(db, BOARD_STMT_ACT_PUT);

    xg_bind_u64(s, 1, act->number);
    xg_bind_u64(s, 2, place);
    xg_bind_i64(s, 3, act->ms);
    xg_bind_u64(s, 4, act->move);
    xg_bind_u64(s, 5, act->record);
    xg_bind_text(s, 6, act->author);
    xg_bind_i64(s, 7, act->sensitive);
    return xg_stmt_run(s, err);
}

enum xg_status board_deeds_put(struct xg_db *db, const struct board_entry *e,
                               struct xg_error *err)
{
    uint64_t number = e->entity.number;

    if (drop(db, BOARD_STMT_FLAG_DROP, number, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < e->flag_count; i++)
        if (put_flag(db, e, i, err) != XG_OK)
            return err->status;
    if (!report_counts_kind(e->entity.kind))
        return XG_OK;
    if (put_report(db, e, err) != XG_OK ||
        drop(db, BOARD_STMT_ACT_DROP, number, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < e->act_count; i++)
        if (put_act(db, &e->acts[i], i, err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* ---- asking ---- */

static enum xg_status sum_patrols(struct board_account *a,
                                  struct board_reader *r, const char *worker,
                                  struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_ACCOUNT_PATROLS);

    xg_bind_text(s, 1, worker);
    while (xg_stmt_next(s)) {
        a->patrols++;
        a->distance_mm += xg_col_i64(s, 0);
    }
    return xg_stmt_done(s, err);
}

enum xg_status board_account(struct board_reader *r, struct board_account *out,
                             const char *worker, struct xg_error *err)
{
    struct board_account a = {.patrols = 0};
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_ACCOUNT_REPORTS);

    xg_bind_text(s, 1, worker);
    if (xg_stmt_row(s)) {
        a.reports = xg_col_u64(s, 0);
        a.valid = xg_col_u64(s, 1);
    }
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    s = xg_stmt(r->db, BOARD_STMT_ACCOUNT_VISITS);
    xg_bind_text(s, 1, worker);
    if (xg_stmt_number(&a.visits, NULL, s, err) != XG_OK ||
        sum_patrols(&a, r, worker, err) != XG_OK)
        return err->status;
    *out = a;
    return XG_OK;
}

static void copy_name(char name[static XG_NUMBER_SIZE], const char *text)
{
    size_t len = strlen(text);

    if (len < XG_NUMBER_SIZE)
        memcpy(name, text, len + 1);
}

static void read_flag(struct xg_stmt *s, void *item)
{
    struct board_flag *f = item;

    *f = (struct board_flag){.number = xg_col_u64(s, 0),
                             .id = xg_col_id(s, 1),
                             .kind = xg_col_u64(s, 2),
                             .flag = (enum view_flag)xg_col_u64(s, 4),
                             .count = xg_col_u64(s, 5),
                             .answered = xg_col_bool(s, 6)};
    copy_name(f->name, xg_col_text(s, 3));
}

enum xg_status board_flags(struct board_reader *r, struct xg_arena *arena,
                           struct board_flag **flags, size_t *count,
                           const char *worker, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_ACCOUNT_FLAGS);
    void *kept;

    xg_bind_text(s, 1, worker);
    if (board_read(&kept, count, arena, sizeof **flags, s, read_flag, err) !=
        XG_OK)
        return err->status;
    *flags = kept;
    return XG_OK;
}

static void read_act(struct xg_stmt *s, void *item)
{
    struct board_act *act = item;

    *act = (struct board_act){.number = xg_col_u64(s, 0),
                              .record = xg_col_u64(s, 1),
                              .ms = xg_col_i64(s, 2),
                              .move = xg_col_u64(s, 3),
                              .sensitive = xg_col_bool(s, 4)};
    board_copy_code(act->author, xg_col_text(s, 5));
}

enum xg_status board_acts(struct board_reader *r, struct xg_arena *arena,
                          struct board_act **acts, size_t *count,
                          int64_t from_ms, int64_t to_ms, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_ACT_LIST);
    void *kept;

    xg_bind_i64(s, 1, from_ms);
    xg_bind_i64(s, 2, to_ms);
    if (board_read(&kept, count, arena, sizeof **acts, s, read_act, err) !=
        XG_OK)
        return err->status;
    *acts = kept;
    return XG_OK;
}

enum xg_status board_case(struct board_reader *r, struct board_case *out,
                          struct xg_arena *arena, uint64_t number,
                          struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_CASE_GET);
    struct board_case c = {.number = number};
    bool found;

    xg_bind_u64(s, 1, number);
    found = xg_stmt_row(s);
    if (found) {
        struct xg_bytes title = xg_col_text_bytes(s, 5);
        c.id = xg_col_id(s, 0);
        c.kind = xg_col_u64(s, 1);
        c.status = xg_col_u64(s, 2);
        board_copy_code(c.unit, xg_col_text(s, 3));
        copy_name(c.name, xg_col_text(s, 4));
        c.title = xg_arena_str(arena, (const char *)title.at, title.len);
    }
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    if (!found)
        return xg_fail(err, XG_NOTFOUND, "case %llu on the board",
                       (unsigned long long)number);
    if (!c.title)
        return xg_fail_nomem(err);
    *out = c;
    return XG_OK;
}

enum xg_status board_name(struct board_reader *r,
                          char name[static XG_NUMBER_SIZE], uint64_t number,
                          struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_NAME_GET);
    char found[XG_NUMBER_SIZE] = "";

    xg_bind_u64(s, 1, number);
    if (xg_stmt_row(s))
        copy_name(found, xg_col_text(s, 0));
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    memcpy(name, found, sizeof found);
    return XG_OK;
}
