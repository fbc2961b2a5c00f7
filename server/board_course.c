/* board_course.c - of a case: when it came how far, how often what was done,
 * and its clocks. */
#include "server/board_inside.h"

#include <string.h>

#include "shared/core/loop.h"
#include "shared/view/clock.h"

/* ---- moves ---- */

struct walk {
    struct board_entry *e;
    const struct xg_state *s;
    int64_t *times_ms;
    uint64_t status; /* so far */
    uint32_t pauser; /* op that last paused it, or XG_NONE */
};

static void first(int64_t *ms, int64_t at)
{
    if (*ms == XG_NO_TIME)
        *ms = at;
}

static void count_move(struct board_entry *e, uint64_t move)
{
    struct {
        uint64_t move, *count;
    } const counted[] = {
        {XG_MOVE_FILE, &e->filings},         {XG_MOVE_DISPATCH, &e->dispatches},
        {XG_MOVE_DESIGNATE, &e->dispatches}, {XG_MOVE_HAND_DOWN, &e->dispatches},
        {XG_MOVE_RETURN, &e->returned},      {XG_MOVE_REWORK, &e->reworked},
        {XG_MOVE_REOPEN, &e->reopened},      {XG_MOVE_ESCALATE, &e->escalated},
        {XG_MOVE_REMIND, &e->reminded},      {XG_MOVE_SUPERVISE, &e->supervised},
        {XG_MOVE_REPLY, &e->replied},        {XG_MOVE_WHISTLE, &e->whistled},
        {XG_MOVE_SHELVE, &e->shelved},       {XG_MOVE_DEFER, &e->shelved},
        {XG_MOVE_EXTEND, &e->extended},
    };

    for (size_t i = 0; i < sizeof counted / sizeof *counted; i++)
        if (counted[i].move == move)
            ++*counted[i].count;
}

static void enter(struct walk *w, uint64_t status, int64_t at)
{
    struct board_entry *e = w->e;

    w->status = status;
    e->status_ms = at;
    e->settled_ms = xg_status_final(status) ? at : XG_NO_TIME;
    if (status == XG_STATUS_ACCEPTED)
        first(&e->accepted_ms, at);
    if (status == XG_STATUS_FILED)
        first(&e->filed_ms, at);
    if (status == XG_STATUS_DISPATCHED)
        first(&e->dispatched_ms, at);
    if (status == XG_STATUS_HANDLED)
        e->finished_ms = at;
}

/* A dispatch that is taken back leaves the case filed, not filed anew. */
static void take_op(struct walk *w, uint32_t op)
{
    const struct xg_record *r = w->s->ops[op].record;
    const struct xg_transition *t = NULL;
    int64_t at = w->times_ms[op];
    struct xg_cbor_item item;

    if (op == w->s->creator) {
        w->e->received_ms = w->e->holder_ms = at;
        enter(w, w->s->kind->first_status, at);
    }
    if (xg_record_field(r, XG_CASE_UNIT, &item))
        w->e->holder_ms = at;
    if (xg_record_field(r, XG_CASE_ANSWER, &item))
        first(&w->e->answered_ms, at);
    if (r->head.move)
        t = xg_transition_find(r->head.from, r->head.move);
    if (!t)
        return;
    count_move(w->e, r->head.move);
    if (t->to)
        enter(w, t->to, at);
    if (r->head.move == XG_MOVE_SHELVE || r->head.move == XG_MOVE_DEFER)
        w->pauser = op;
}

static enum xg_status take_values(struct board_entry *e, struct xg_arena *arena,
                                  const struct xg_state *s,
                                  struct xg_error *err)
{
    struct xg_cbor_item item;

    if (xg_state_value(s, XG_CASE_SETTLED_LEVEL, &item) &&
        item.type == XG_CBOR_TEXT && item.bytes.len <= XG_CODE_MAX)
        e->settled_level = xg_arena_str(arena, (const char *)item.bytes.at,
                                        item.bytes.len);
    if (!e->settled_level)
        return xg_fail_nomem(err);
    if (xg_state_value(s, XG_CASE_RATING, &item) && item.type == XG_CBOR_UINT)
        e->rating = item.number;
    e->personal = s->kind->number == XG_KIND_INCIDENT &&
                  xg_state_value(s, XG_INCIDENT_CONTACT, &item) &&
                  item.type == XG_CBOR_BYTES;
    return XG_OK;
}

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

/* A clock that stands still is written as it stood when that began; so what is
 * written does not hang on when. Once what was granted is over, it runs. */
static enum xg_status take_clocks(struct walk *w, struct xg_arena *arena,
                                  const struct board_by *by,
                                  const struct fold *fold,
                                  const struct guide_rules *rules,
                                  struct xg_error *err)
{
    struct board_entry *e = w->e;
    struct xg_clock *paused;
    struct xg_cbor_item item;
    int64_t until;

    if (clocks_at(e, arena, fold, rules, INT64_MIN, &paused, err) != XG_OK)
        return err->status;
    if (!paused || w->pauser == XG_NONE)
        return XG_OK;
    e->paused_from = w->times_ms[w->pauser];
    if (e->paused_from < paused->start_ms)
        e->paused_from = paused->start_ms;
    if (!xg_record_field(w->s->ops[w->pauser].record, XG_CASE_UNTIL, &item) ||
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

    if (!main)
        return;
    e->stage = main->stage;
    if (!e->entity.open || !main->limited || main->paused)
        return;
    e->due_ms = main->due_ms;
    e->yellow_ms = yellow_of(main, calendar);
}

enum xg_status board_course_of(struct board_entry *e, struct xg_arena *arena,
                               const struct board_by *by,
                               const struct fold *fold, struct xg_error *err)
{
    struct walk w = {.e = e, .s = &fold->state, .pauser = XG_NONE};
    struct guide_rules rules;

    if (!w.s->kind)
        return XG_OK;
    if (xg_effective_of(&w.times_ms, arena, w.s, fold->whens, err) != XG_OK ||
        guide_rules_of(&rules, by->guide, fold, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < w.s->count; i++)
        if (xg_state_counts(w.s, w.s->order[i]))
            take_op(&w, w.s->order[i]);
    if (take_values(e, arena, w.s, err) != XG_OK ||
        take_clocks(&w, arena, by, fold, &rules, err) != XG_OK ||
        board_figure_of(e, arena, fold, &rules, err) != XG_OK)
        return err->status;
    take_main(e, rules.calendar);
    return XG_OK;
}
