/* late.c - when a case was overdue, with whom, and in what status: spans of
 * time, so that the sheet of a day that is past costs what was overdue on its
 * evening.
 *
 * How it stood at a moment is a fold of what had happened by then. Where one
 * thing happened after the other, that is how far the fold of all had come:
 * its spans are read off. A case whose clocks were moved (a pause, an
 * extension, a whistle), that was withdrawn, or of which records stand beside
 * each other, has one span that says: fold it.
 */
#include "server/board/inside.h"

#include <stdlib.h>
#include <string.h>

#include "server/board/case.h"
#include "shared/core/loop.h"
#include "shared/view/conflict.h"

/* ---- does one thing come after the other? ---- */

/* Does it move a due that runs, or stop a clock? */
static bool moves_clocks(uint64_t move)
{
    switch (move) {
    case XG_MOVE_SHELVE:
    case XG_MOVE_DEFER:
    case XG_MOVE_EXTEND:
    case XG_MOVE_RESUME:
    case XG_MOVE_WHISTLE:
    case XG_MOVE_TRIAGE:
    case XG_MOVE_REPORT_IN:
        return true;
    default:
        return false;
    }
}

/* Who it was given to, as far as the walk has come. */
struct given {
    const struct xg_bytes *units; /* each time */
    size_t count;
};

/* Had its author the right to it by what came before? What is given later
 * gives a right to what was done before. */
static enum xg_status had_right(bool *had, const struct fold *fold, uint32_t op,
                                const struct given *given,
                                const struct xg_registry *registry,
                                struct xg_error *err)
{
    const struct xg_judgement *j = &fold->judgements[op];
    const struct xg_judgement *first = &fold->judgements[fold->state.creator];
    char code[XG_CODE_MAX + 1];

    *had = strcmp(j->author, first->author) == 0 ||
           (j->role && j->role->number == XG_ROLE_SERVER);
    if (!*had && xg_unit_within(had, registry, fold->entity.unit, j->unit,
                                j->size, err) != XG_OK)
        return err->status;
    for (size_t i = given->count; !*had && i-- > 0;) {
        if (given->units[i].len > XG_CODE_MAX)
            continue;
        memcpy(code, given->units[i].at, given->units[i].len);
        code[given->units[i].len] = '\0';
        if (xg_unit_within(had, registry, code, j->unit, j->size, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static bool writes_unit(const struct xg_state *s, uint32_t op,
                        struct xg_bytes *unit)
{
    struct xg_cbor_item value;

    if (!xg_record_field(s->ops[op].record, XG_CASE_UNIT, &value))
        return false;
    *unit = value.type == XG_CBOR_TEXT ? value.bytes : xg_bytes("", 0);
    return true;
}

/* After each op of the order: who has it, and what status it is in. */
struct step {
    int64_t from_ms;
    uint64_t status;
    struct xg_bytes unit;
};

/* *plain: the steps hold, and whatever moment is asked for, it stood as at the
 * last of them by then. `units`: room for as many as there are ops. */
static enum xg_status take_steps(struct step *steps, struct xg_bytes *units,
                                 bool *plain, const struct fold *fold,
                                 const int64_t *times_ms,
                                 const struct xg_registry *registry,
                                 struct xg_error *err)
{
    const struct xg_state *s = &fold->state;
    struct given given = {units, 0};
    uint32_t giver = XG_NONE;
    struct step step = {INT64_MIN, 0, xg_bytes("", 0)};
    bool had = true;

    *plain = false;
    for (size_t i = 0; i < s->count; i++) {
        uint32_t op = s->order[i];
        const struct xg_head *h = &s->ops[op].record->head;
        const struct xg_transition *t =
            h->move ? xg_transition_find(h->from, h->move) : NULL;
        if (s->effects[op] != XG_EFFECT_FULL || moves_clocks(h->move) ||
            times_ms[op] < step.from_ms || (i == 0) != (op == s->creator))
            return XG_OK;
        if (had_right(&had, fold, op, &given, registry, err) != XG_OK)
            return err->status;
        if (!had)
            return XG_OK;
        if (i == 0)
            step.status = s->kind->first_status;
        else if (t && t->to)
            step.status = t->to;
        if (writes_unit(s, op, &step.unit)) {
            if (giver != XG_NONE && !xg_state_precedes(s, giver, op))
                return XG_OK;
            giver = op;
            units[given.count++] = step.unit;
        }
        step.from_ms = times_ms[op];
        steps[i] = step;
    }
    *plain = !s->withdrawn && !xg_state_register(s, XG_FIELD_WITHDRAWN);
    return XG_OK;
}

/* ---- spans ---- */

/* The first due of the clocks that ran between two moments; or XG_NO_TIME. */
static int64_t due_between(const struct board_entry *e, const int64_t *times_ms,
                           int64_t from_ms, int64_t to_ms)
{
    int64_t due_ms = XG_NO_TIME;

    for (size_t i = 0; i < e->clock_count; i++) {
        const struct xg_clock *c = &e->clocks[i];
        if (!c->limited || c->due_ms == XG_NO_TIME ||
            times_ms[c->begun_by] > from_ms ||
            (c->ended_by != XG_NONE && times_ms[c->ended_by] < to_ms))
            continue;
        if (due_ms == XG_NO_TIME || c->due_ms < due_ms)
            due_ms = c->due_ms;
    }
    return due_ms;
}

static bool goes_on(const struct board_late *last,
                    const struct board_late *next)
{
    return last->to_ms == next->from_ms && last->due_ms == next->due_ms &&
           last->status == next->status &&
           strcmp(last->holder, next->holder) == 0;
}

/* Up to one a step. */
static void take_spans(struct board_entry *e, const struct step *steps,
                       size_t count, const int64_t *times_ms)
{
    for (size_t i = 0; i < count; i++) {
        int64_t to_ms = i + 1 < count ? steps[i + 1].from_ms : BOARD_NEVER;
        int64_t from_ms = steps[i].from_ms;
        if (from_ms == to_ms) /* with the next, at the same moment */
            continue;
        int64_t due_ms = due_between(e, times_ms, from_ms, to_ms);
        if (due_ms == XG_NO_TIME || due_ms >= to_ms - 1)
            continue;
        struct board_late late = {.from_ms = due_ms >= from_ms ? due_ms + 1
                                                               : from_ms,
                                  .to_ms = to_ms,
                                  .due_ms = due_ms,
                                  .status = steps[i].status};
        if (steps[i].unit.len <= XG_CODE_MAX && steps[i].unit.len)
            memcpy(late.holder, steps[i].unit.at, steps[i].unit.len);
        struct board_late *last =
            e->late_count ? &e->lates[e->late_count - 1] : NULL;
        if (last && goes_on(last, &late))
            last->to_ms = to_ms;
        else
            e->lates[e->late_count++] = late;
    }
}

/* All the time that any clock of it may have run. */
static void take_whole(struct board_entry *e, const struct fold *fold,
                       const int64_t *times_ms)
{
    struct board_late late = {.from_ms = BOARD_NEVER, .fold = true};

    late.to_ms = INT64_MIN;
    for (size_t i = 0; i < fold->count; i++) {
        if (times_ms[i] < late.from_ms)
            late.from_ms = times_ms[i];
        if (times_ms[i] > late.to_ms)
            late.to_ms = times_ms[i];
    }
    for (size_t i = 0; i < e->clock_count; i++)
        if (e->clocks[i].ended_by == XG_NONE)
            late.to_ms = BOARD_NEVER;
    if (late.from_ms < late.to_ms)
        e->lates[e->late_count++] = late;
}

static bool decides(const struct xg_state *s, uint32_t op)
{
    return s->ops[op].record->head.move != 0 || view_edits_registers(s, op) ||
           view_withdraws(s, op);
}

static bool may_conflict(const struct xg_state *s)
{
    for (uint32_t a = 0; a < s->count; a++)
        for (uint32_t b = a + 1; decides(s, a) && b < s->count; b++)
            if (decides(s, b) && !xg_state_precedes(s, a, b) &&
                !xg_state_precedes(s, b, a))
                return true;
    return false;
}

enum xg_status board_late_of(struct board_entry *e, struct xg_arena *arena,
                             const struct board_by *by, const struct fold *fold,
                             struct xg_error *err)
{
    const struct xg_state *s = &fold->state;
    struct step *steps = xg_arena_array(arena, s->count + 1, sizeof *steps);
    struct xg_bytes *units = xg_arena_array(arena, s->count + 1, sizeof *units);
    int64_t *times_ms;
    bool plain;

    e->lates = xg_arena_array(arena, s->count + 1, sizeof *e->lates);
    if (!steps || !units || !e->lates)
        return xg_fail_nomem(err);
    if (!report_counts_kind(e->entity.kind) || s->creator == XG_NONE)
        return XG_OK;
    if (xg_effective_of(&times_ms, arena, s, fold->whens, err) != XG_OK ||
        take_steps(steps, units, &plain, fold, times_ms, &by->registry, err) !=
            XG_OK)
        return err->status;
    e->forked = may_conflict(s);
    if (plain)
        take_spans(e, steps, s->count, times_ms);
    else
        take_whole(e, fold, times_ms);
    return XG_OK;
}

/* ---- keeping them ---- */

static enum xg_status put_late(struct xg_db *db, uint64_t number, size_t place,
                               const struct board_late *late,
                               struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(db, BOARD_STMT_LATE_PUT);

    xg_bind_u64(put, 1, number);
    xg_bind_u64(put, 2, place);
    xg_bind_i64(put, 3, late->from_ms);
    xg_bind_i64(put, 4, late->to_ms);
    xg_bind_i64(put, 5, board_span_of(late->from_ms, late->to_ms));
    if (late->fold) {
        xg_bind_null(put, 6);
        xg_bind_null(put, 7);
    } else {
        xg_bind_i64(put, 6, late->due_ms);
        xg_bind_u64(put, 7, late->status);
    }
    xg_bind_text(put, 8, late->holder);
    return xg_stmt_run(put, err);
}

enum xg_status board_late_put(struct xg_db *db, const struct board_entry *e,
                              struct xg_error *err)
{
    struct xg_stmt *drop = xg_stmt(db, BOARD_STMT_LATE_DROP);

    xg_bind_u64(drop, 1, e->entity.number);
    if (xg_stmt_run(drop, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < e->late_count; i++)
        if (put_late(db, e->entity.number, i, &e->lates[i], err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* ---- asking ---- */

static void read_late(struct xg_stmt *s, void *item)
{
    struct board_late *late = item;

    *late = (struct board_late){.number = xg_col_u64(s, 0),
                                .from_ms = xg_col_i64(s, 1),
                                .to_ms = xg_col_i64(s, 2),
                                .fold = xg_col_is_null(s, 3)};
    if (!late->fold) {
        late->due_ms = xg_col_i64(s, 3);
        late->status = xg_col_u64(s, 4);
    }
    board_copy_code(late->holder, xg_col_text(s, 5));
}

static int by_number(const void *x, const void *y)
{
    const struct board_late *a = x, *b = y;

    return (a->number > b->number) - (a->number < b->number);
}

enum xg_status board_lates(struct board_reader *r, struct xg_arena *arena,
                           struct board_late **out, size_t *out_count,
                           int64_t at_ms, struct xg_error *err)
{
    static const struct board_spans lates = {.spans = BOARD_STMT_LATE_SPANS,
                                             .list = BOARD_STMT_LATE_LIST,
                                             .each = sizeof **out,
                                             .read = read_late};
    void *kept;

    if (board_read_spans(&kept, out_count, arena, r, &lates, at_ms, at_ms,
                         err) != XG_OK)
        return err->status;
    if (*out_count)
        qsort(kept, *out_count, sizeof **out, by_number);
    *out = kept;
    return XG_OK;
}

static void read_fork(struct xg_stmt *s, void *item)
{
    struct board_fork *fork = item;

    *fork = (struct board_fork){xg_col_u64(s, 0), xg_col_id(s, 1)};
}

static enum xg_status read_forks(struct board_fork **out, size_t *out_count,
                                 struct xg_arena *arena, struct xg_stmt *s,
                                 uint64_t changed, uint64_t limit,
                                 struct xg_error *err)
{
    void *kept;

    xg_bind_u64(s, 1, changed);
    xg_bind_u64(s, 2, limit);
    if (board_read(&kept, out_count, arena, sizeof **out, s, read_fork, err) !=
        XG_OK)
        return err->status;
    *out = kept;
    return XG_OK;
}

enum xg_status board_forked(struct board_reader *r, struct xg_arena *arena,
                            struct board_fork **forks, size_t *count,
                            uint64_t changed, size_t limit,
                            struct xg_error *err)
{
    return read_forks(forks, count, arena,
                      xg_stmt(r->db, BOARD_STMT_FORKED_LIST), changed, limit,
                      err);
}

enum xg_status board_forked_decide(struct board_reader *r,
                                   struct xg_arena *arena,
                                   struct board_fork **forks, size_t *count,
                                   uint64_t changed, struct xg_error *err)
{
    return read_forks(forks, count, arena,
                      xg_stmt(r->db, BOARD_STMT_FORKED_DECIDE), changed,
                      INT64_MAX, err);
}
