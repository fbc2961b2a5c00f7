/* course.c - of a case: its clocks, and since when who has it. */
#include "server/board/inside.h"

#include "shared/core/loop.h"
#include "shared/view/clock.h"
#include "shared/view/waiting.h"

/* ---- clocks ---- */

static enum xg_status clocks_at(struct board_entry *e, struct xg_arena *arena,
                                const struct fold *fold,
                                const struct guide_rules *rules, int64_t now_ms,
                                struct xg_clock **paused, struct xg_error *err)
{
    *paused = NULL;
    if (guide_clocks(&e->clocks, &e->clock_count, arena, fold, rules, now_ms,
                     err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < e->clock_count; i++)
        if (e->clocks[i].paused)
            *paused = &e->clocks[i];
    return XG_OK;
}

/* The op that granted the pause which lasts: the last to shelve or defer. */
static uint32_t pauser_of(const struct xg_state *s)
{
    uint32_t pauser = XG_NONE;

    for (size_t i = 0; i < s->count; i++) {
        uint32_t op = s->order[i];
        uint64_t move = s->ops[op].record->head.move;
        if (xg_state_counts(s, op) &&
            (move == XG_MOVE_SHELVE || move == XG_MOVE_DEFER))
            pauser = op;
    }
    return pauser;
}

/* A clock that stands still is written as it stood when that began; so what is
 * written does not hang on when. Once what was granted is over, it runs. */
static enum xg_status take_clocks(struct board_entry *e, struct xg_arena *arena,
                                  const struct board_by *by,
                                  const struct fold *fold,
                                  const struct guide_rules *rules,
                                  struct xg_error *err)
{
    const struct xg_state *s = &fold->state;
    struct xg_cbor_item item;
    struct xg_clock *paused;
    int64_t *times_ms, until;

    if (clocks_at(e, arena, fold, rules, INT64_MIN, &paused, err) != XG_OK)
        return err->status;
    uint32_t pauser = paused ? pauser_of(s) : XG_NONE;
    if (pauser == XG_NONE)
        return XG_OK;
    if (xg_effective_of(&times_ms, arena, s, fold->whens, err) != XG_OK)
        return err->status;
    e->paused_from = times_ms[pauser];
    if (e->paused_from < paused->start_ms)
        e->paused_from = paused->start_ms;
    if (!xg_record_field(s->ops[pauser].record, XG_CASE_UNTIL, &item) ||
        !xg_cbor_int(&item, &until))
        return XG_OK;
    if (by->now_ms < until) {
        e->wake_ms = until;
        return XG_OK;
    }
    e->paused_from = XG_NO_TIME;
    return clocks_at(e, arena, fold, rules, by->now_ms, &paused, err);
}

/* The first moment at which its light is not green: it only ever goes on. */
static int64_t yellow_of(const struct xg_clock *c,
                         const struct xg_calendar *calendar)
{
    int64_t low = c->start_ms < c->due_ms ? c->start_ms : c->due_ms;
    int64_t high = c->due_ms + 1; /* red */

    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (xg_clock_light(c, calendar, middle) == XG_LIGHT_GREEN)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void take_main(struct board_entry *e, const struct xg_calendar *calendar)
{
    const struct xg_clock *main = view_clock_main(e->clocks, e->clock_count);

    if (!main || !e->entity.open)
        return;
    e->stage = main->stage;
    e->stage_ms = main->start_ms;
    if (!main->limited || main->paused)
        return;
    e->due_ms = main->due_ms;
    e->yellow_ms = yellow_of(main, calendar);
}

enum xg_status board_course_of(struct board_entry *e, struct xg_arena *arena,
                               const struct board_by *by,
                               const struct fold *fold, struct xg_error *err)
{
    struct guide_rules rules;
    struct xg_holding *held;
    size_t count;

    if (!fold->state.kind)
        return XG_OK;
    if (guide_rules_of(&rules, by->guide, fold, err) != XG_OK ||
        xg_holdings_of(&held, &count, arena, &fold->state, fold->whens, err) !=
            XG_OK ||
        take_clocks(e, arena, by, fold, &rules, err) != XG_OK ||
        board_figure_of(e, arena, fold, &rules, err) != XG_OK)
        return err->status;
    if (e->entity.open && count)
        e->since_ms = held[count - 1].from_ms;
    e->waits = view_waits_set(&fold->state);
    take_main(e, rules.calendar);
    return board_late_of(e, arena, by, fold, err);
}
