/* deadline.c - one walk through the order of the fold, with the status beside
 * it; see deadline.h for the rules. */
#include "shared/core/deadline.h"

#include <string.h>

#include "shared/core/causality.h"

#define STAGE_BIT(stage) (1u << (stage))

/* A unit called by the whistle of the turn, or present. */
struct call {
    struct xg_bytes unit;
    bool met;
};

struct walk {
    const struct xg_state *s;
    const struct xg_when *whens;
    int64_t *least; /* per op: proven of what its author had seen */
    const struct xg_limits *limits;
    const struct xg_calendar *calendar;
    int64_t now_ms;
    struct xg_clock *clocks;
    size_t count;
    struct xg_clock *open[XG_STAGES + 1]; /* of each stage, or NULL */
    uint32_t turns[XG_STAGES + 1];
    uint64_t status;
    struct xg_bytes unit, level;
    int64_t paused_at, paused_until; /* XG_NO_TIME: not, or no end granted */
    int64_t own_due;                 /* of a task */
    int64_t granted;                 /* until, before handling began */
    bool granted_provisional;
    struct call *calls;
    struct xg_bytes *present;
    size_t call_count, present_count, missing;
};

int64_t xg_effective_ms(int64_t wall_ms, struct xg_when when)
{
    int64_t ms = wall_ms;

    if (when.low_ms != XG_NO_TIME && ms < when.low_ms)
        ms = when.low_ms;
    if (when.high_ms != XG_NO_TIME && ms > when.high_ms)
        ms = when.high_ms;
    return ms;
}

/* A record is not before what is proven of any that its author had seen. */
static int64_t time_of(const struct walk *w, uint32_t op)
{
    struct xg_when when = w->whens[op];

    if (w->least[op] > when.low_ms)
        when.low_ms = w->least[op];
    if (when.high_ms != XG_NO_TIME && when.high_ms < when.low_ms)
        when.high_ms = when.low_ms;
    return xg_effective_ms(w->s->ops[op].record->head.moment.wall_ms, when);
}

static void see(struct walk *w, uint32_t op, uint32_t cause)
{
    if (cause != XG_NONE && w->least[cause] > w->least[op])
        w->least[op] = w->least[cause];
}

/* In the order of the fold causes come first: one pass along the edges.
 * XG_NO_TIME is less than any time. */
static void find_least(struct walk *w)
{
    const struct xg_state *s = w->s;

    for (size_t i = 0; i < s->count; i++) {
        uint32_t op = s->order[i];
        const struct xg_record *r = s->ops[op].record;
        w->least[op] = w->whens[op].low_ms;
        see(w, op, s->clocks->path[op]);
        for (size_t f = 0; !r->malformed && f < r->head.foreign_count; f++)
            see(w, op, xg_causality_find(s, xg_head_foreign(&r->head, f)));
    }
}

static bool counts(const struct xg_state *s, uint32_t op)
{
    return s->effects[op] == XG_EFFECT_FULL ||
           s->effects[op] == XG_EFFECT_REDACTED;
}

static void hang_on(struct walk *w, struct xg_clock *c, uint32_t op)
{
    c->provisional |= w->whens[op].high_ms == XG_NO_TIME;
}

/* ---- one clock ---- */

static void set_due(struct walk *w, struct xg_clock *c)
{
    struct xg_due due = xg_calendar_add(w->calendar, c->start_ms, c->limit);

    c->due_ms = c->due_plain_ms = due.ms;
    c->guessed |= due.guessed;
}

static void extend(struct xg_clock *c, int64_t until)
{
    if (!c->limited || until <= c->due_ms)
        return;
    c->due_ms = until;
    c->extended = true;
}

/* A task's own due stands for the limit of handling. */
static void set_own_due(struct walk *w, struct xg_clock *c)
{
    bool extended = c->extended && c->due_ms > w->own_due;

    if (!c->limited)
        c->limit.unit = XG_LIMIT_DAYS;
    c->limited = true;
    c->limit.milli = 0;
    if (w->own_due > c->start_ms)
        c->limit.milli = xg_calendar_between(
            w->calendar, c->start_ms, w->own_due, c->limit.unit, &c->guessed);
    c->due_plain_ms = w->own_due;
    c->due_ms = extended ? c->due_ms : w->own_due;
}

static void begin(struct walk *w, enum xg_stage stage, uint32_t op)
{
    const struct xg_stage_limit *l = &w->limits->stages[stage];
    struct xg_clock *c = &w->clocks[w->count++];

    *c = (struct xg_clock){.stage = stage,
                           .turn = ++w->turns[stage],
                           .begun_by = op,
                           .ended_by = XG_NONE,
                           .start_ms = time_of(w, op),
                           .end_ms = XG_NO_TIME,
                           .due_ms = XG_NO_TIME,
                           .due_plain_ms = XG_NO_TIME,
                           .unit = w->unit,
                           .level = w->level,
                           .climb = l->climb};
    hang_on(w, c, op);
    w->open[stage] = c;
    c->limited = l->has && stage != XG_STAGE_REPORT_IN;
    if (c->limited) {
        c->limit = l->limit;
        set_due(w, c);
    }
    if (stage == XG_STAGE_HANDLE && w->own_due != XG_NO_TIME)
        set_own_due(w, c);
    if (stage == XG_STAGE_HANDLE && w->granted != XG_NO_TIME) {
        extend(c, w->granted);
        c->provisional |= w->granted_provisional;
    }
}

/* The pause of handling is over at `until`; nothing when there is none. */
static void end_pause(struct walk *w, int64_t until)
{
    struct xg_clock *c = w->open[XG_STAGE_HANDLE];
    int64_t from = w->paused_at;

    if (from == XG_NO_TIME || !c)
        return;
    if (w->paused_until != XG_NO_TIME && until > w->paused_until)
        until = w->paused_until;
    w->paused_at = XG_NO_TIME;
    if (until <= from)
        return;
    c->paused_ms += until - from;
    if (!c->limited)
        return;
    struct xg_due due =
        xg_calendar_shift(w->calendar, c->due_ms, from, until, c->limit.unit);
    c->due_ms = due.ms;
    c->guessed |= due.guessed;
}

static void begin_pause(struct walk *w, uint32_t op, int64_t until)
{
    struct xg_clock *c = w->open[XG_STAGE_HANDLE];
    int64_t at = time_of(w, op);

    if (!c)
        return;
    end_pause(w, at);
    w->paused_at = at < c->start_ms ? c->start_ms : at;
    w->paused_until = until;
    hang_on(w, c, op);
}

static void end(struct walk *w, enum xg_stage stage, uint32_t op)
{
    struct xg_clock *c = w->open[stage];
    int64_t at = time_of(w, op);

    if (!c)
        return;
    if (stage == XG_STAGE_HANDLE)
        end_pause(w, at);
    c->ended_by = op;
    c->end_ms = at < c->start_ms ? c->start_ms : at;
    hang_on(w, c, op);
    w->open[stage] = NULL;
}

/* ---- the line ---- */

/* The stages that run in a status. */
static unsigned stages_in(const struct walk *w, uint64_t status)
{
    uint64_t stage = xg_status_stage(status);
    unsigned stages = stage ? STAGE_BIT(stage) : 0;

    /* Who refuses stops no clock. */
    if (status == XG_STATUS_RETURNED && w->open[XG_STAGE_HANDLE])
        stages |= STAGE_BIT(XG_STAGE_HANDLE);
    if (status == XG_STATUS_DISPATCHED &&
        !w->limits->stages[XG_STAGE_HANDLE].from_signing)
        stages |= STAGE_BIT(XG_STAGE_HANDLE);
    return stages;
}

static void enter(struct walk *w, uint64_t status, uint32_t op)
{
    bool again = w->status == XG_STATUS_RETURNED;
    bool anew = status == XG_STATUS_DISPATCHED && !again;
    unsigned stages = stages_in(w, status);

    w->status = status;
    if (again && status == XG_STATUS_DISPATCHED) {
        /* To another one: a new signature, the same time to handle it. */
        end(w, XG_STAGE_SIGN, op);
        if (w->open[XG_STAGE_HANDLE]) {
            stages |= STAGE_BIT(XG_STAGE_HANDLE);
            w->open[XG_STAGE_HANDLE]->unit = w->unit;
        }
    }
    for (int stage = XG_STAGE_ACCEPT; stage <= XG_STAGE_INSPECT; stage++)
        if (w->open[stage] && (anew || !(stages & STAGE_BIT(stage))))
            end(w, (enum xg_stage)stage, op);
    if (xg_status_final(status))
        end(w, XG_STAGE_REPORT_IN, op);
    if (anew)
        w->granted = XG_NO_TIME;
    for (int stage = XG_STAGE_ACCEPT; stage <= XG_STAGE_INSPECT; stage++)
        if (stages & STAGE_BIT(stage) && !w->open[stage])
            begin(w, (enum xg_stage)stage, op);
}

static bool read_time(int64_t *ms, const struct xg_record *r, uint64_t number)
{
    struct xg_cbor_item value;
    int64_t read;

    if (!xg_record_field(r, number, &value) || !xg_cbor_int(&value, &read))
        return false;
    *ms = read < 0 ? 0 : read > XG_WALL_MS_MAX ? XG_WALL_MS_MAX : read;
    return true;
}

static void grant_extension(struct walk *w, uint32_t op)
{
    struct xg_clock *c = w->open[XG_STAGE_HANDLE];
    int64_t until;

    if (!read_time(&until, w->s->ops[op].record, XG_CASE_UNTIL))
        return;
    if (c) {
        extend(c, until);
        hang_on(w, c, op);
    } else if (w->status == XG_STATUS_DISPATCHED) {
        w->granted = until;
        w->granted_provisional = w->whens[op].high_ms == XG_NO_TIME;
    }
}

/* ---- whistles ---- */

static bool in(const struct xg_bytes *list, size_t count, struct xg_bytes unit)
{
    for (size_t i = 0; i < count; i++)
        if (xg_bytes_equal(list[i], unit))
            return true;
    return false;
}

static void call(struct walk *w, struct xg_bytes unit)
{
    bool met = in(w->present, w->present_count, unit);

    w->calls[w->call_count++] = (struct call){unit, met};
    w->missing += !met;
}

static void take_present(struct walk *w, struct xg_bytes unit)
{
    w->present[w->present_count++] = unit;
    for (size_t i = 0; i < w->call_count; i++)
        if (!w->calls[i].met && xg_bytes_equal(w->calls[i].unit, unit)) {
            w->calls[i].met = true;
            w->missing--;
        }
}

/* Elements of a set that this op added and nobody removed. They stand in the
 * order of the walk: *at goes through them once. */
static void take_elements(struct walk *w, const struct xg_set *set, size_t *at,
                          uint32_t op,
                          void take(struct walk *w, struct xg_bytes unit))
{
    for (; set && *at < set->count && set->elements[*at].op == op; ++*at) {
        struct xg_cbor c = xg_cbor_over(set->elements[*at].value);
        struct xg_cbor_item value;
        if (!set->elements[*at].removed && xg_cbor_next(&c, &value))
            take(w, value.bytes);
    }
}

static void set_report_by(struct walk *w, struct xg_clock *c, uint32_t op)
{
    int64_t by;

    if (!read_time(&by, w->s->ops[op].record, XG_CASE_REPORT_BY))
        return;
    c->limited = true;
    c->due_ms = c->due_plain_ms = by;
    c->limit = (struct xg_limit){
        XG_LIMIT_URGENT, xg_calendar_between(w->calendar, c->start_ms, by,
                                             XG_LIMIT_URGENT, &c->guessed)};
    hang_on(w, c, op);
}

/* What the op says of a whistle; `called`, `arrived`: it called units, or told
 * that they are present. */
static void take_whistle(struct walk *w, uint32_t op, uint64_t move,
                         bool called, bool arrived)
{
    struct xg_clock *c = w->open[XG_STAGE_REPORT_IN];

    /* one that came too late calls nobody to a closed case */
    if (!c && !xg_status_final(w->status) &&
        (move == XG_MOVE_WHISTLE || move == XG_MOVE_TRIAGE)) {
        begin(w, XG_STAGE_REPORT_IN, op);
        c = w->open[XG_STAGE_REPORT_IN];
    }
    if (!c)
        return;
    set_report_by(w, c, op);
    if ((called || arrived) && w->call_count > 0 && w->missing == 0)
        end(w, XG_STAGE_REPORT_IN, op);
}

/* ---- the walk ---- */

static void take_holder(struct walk *w, uint32_t op)
{
    const struct xg_record *r = w->s->ops[op].record;
    struct xg_cbor_item value;

    if (xg_record_field(r, XG_CASE_UNIT, &value))
        w->unit = value.type == XG_CBOR_TEXT ? value.bytes : xg_bytes("", 0);
    if (xg_record_field(r, XG_CASE_LEVEL, &value))
        w->level = value.type == XG_CBOR_TEXT ? value.bytes : xg_bytes("", 0);
}

static void take_own_due(struct walk *w, uint32_t op)
{
    struct xg_clock *c = w->open[XG_STAGE_HANDLE];

    if (w->s->kind->number != XG_KIND_TASK ||
        !read_time(&w->own_due, w->s->ops[op].record, XG_TASK_DUE) || !c)
        return;
    set_own_due(w, c);
    hang_on(w, c, op);
}

static void take_move(struct walk *w, uint32_t op)
{
    const struct xg_head *h = &w->s->ops[op].record->head;
    const struct xg_transition *t = xg_transition_find(h->from, h->move);
    int64_t until = XG_NO_TIME;

    if (!t)
        return;
    if (h->move == XG_MOVE_EXTEND)
        grant_extension(w, op);
    if (h->move == XG_MOVE_RESUME && w->open[XG_STAGE_HANDLE]) {
        end_pause(w, time_of(w, op));
        hang_on(w, w->open[XG_STAGE_HANDLE], op);
    }
    if (t->to)
        enter(w, t->to, op);
    if (h->move == XG_MOVE_SHELVE || h->move == XG_MOVE_DEFER) {
        if (!read_time(&until, w->s->ops[op].record, XG_CASE_UNTIL))
            until = XG_NO_TIME;
        begin_pause(w, op, until);
    }
}

static enum xg_status walk_begin(struct walk *w, struct xg_arena *arena,
                                 struct xg_error *err)
{
    const struct xg_set *called = xg_state_set(w->s, XG_CASE_CALLED);
    const struct xg_set *present = xg_state_set(w->s, XG_CASE_PRESENT);
    size_t moves = 1;

    for (uint32_t op = 0; op < w->s->count; op++)
        moves += counts(w->s, op) && w->s->ops[op].record->head.move != 0;
    /* a move begins two clocks at most, or that of a whistle */
    w->clocks = xg_arena_array(arena, 2 * moves, sizeof *w->clocks);
    w->calls = xg_arena_array(arena, (called ? called->count : 0) + 1,
                              sizeof *w->calls);
    w->present = xg_arena_array(arena, (present ? present->count : 0) + 1,
                                sizeof *w->present);
    w->least = xg_arena_array(arena, w->s->count, sizeof *w->least);
    if (!w->clocks || !w->calls || !w->present || !w->least)
        return xg_fail_nomem(err);
    find_least(w);
    w->paused_at = w->paused_until = XG_NO_TIME;
    w->granted = w->own_due = XG_NO_TIME;
    return XG_OK;
}

static void walk(struct walk *w)
{
    const struct xg_set *called = xg_state_set(w->s, XG_CASE_CALLED);
    const struct xg_set *present = xg_state_set(w->s, XG_CASE_PRESENT);
    size_t at_called = 0, at_present = 0;

    for (size_t i = 0; i < w->s->count; i++) {
        uint32_t op = w->s->order[i];
        uint64_t move = w->s->ops[op].record->head.move;
        if (!counts(w->s, op))
            continue;
        if (!w->open[XG_STAGE_REPORT_IN] && move == XG_MOVE_WHISTLE)
            w->call_count = w->present_count = w->missing = 0;
        size_t calls = w->call_count, arrivals = w->present_count;
        take_elements(w, called, &at_called, op, call);
        take_elements(w, present, &at_present, op, take_present);
        take_holder(w, op);
        take_own_due(w, op);
        if (op == w->s->creator)
            enter(w, w->s->kind->first_status, op);
        take_whistle(w, op, move, w->call_count > calls,
                     w->present_count > arrivals);
        if (move)
            take_move(w, op);
    }
}

/* What is still paused at `now_ms`, and what a withdrawal ends. */
static void walk_end(struct walk *w)
{
    const struct xg_register *withdrawn =
        xg_state_register(w->s, XG_FIELD_WITHDRAWN);
    struct xg_clock *c;

    if (w->s->withdrawn && withdrawn && withdrawn->head_count)
        for (int stage = XG_STAGE_ACCEPT; stage <= XG_STAGES; stage++)
            end(w, (enum xg_stage)stage, withdrawn->heads[0]);
    c = w->open[XG_STAGE_HANDLE];
    if (!c || w->paused_at == XG_NO_TIME)
        return;
    if (w->paused_until != XG_NO_TIME && w->now_ms >= w->paused_until) {
        end_pause(w, w->paused_until);
        return;
    }
    c->paused = true;
    if (w->now_ms > w->paused_at)
        c->paused_ms += w->now_ms - w->paused_at;
    if (!c->limited)
        return;
    c->paused_left = xg_calendar_between(w->calendar, w->paused_at, c->due_ms,
                                         c->limit.unit, &c->guessed);
    c->due_ms = XG_NO_TIME;
}

enum xg_status xg_clocks_of(struct xg_clock **clocks, size_t *count,
                            struct xg_arena *arena, const struct xg_state *s,
                            const struct xg_when *whens,
                            const struct xg_limits *limits,
                            const struct xg_calendar *calendar, int64_t now_ms,
                            struct xg_error *err)
{
    struct walk w = {.s = s,
                     .whens = whens,
                     .limits = limits,
                     .calendar = calendar,
                     .now_ms = now_ms,
                     .unit = xg_bytes("", 0),
                     .level = xg_bytes("", 0)};

    if (s->kind && s->kind->first_status && s->creator != XG_NONE) {
        if (walk_begin(&w, arena, err) != XG_OK)
            return err->status;
        walk(&w);
        walk_end(&w);
    }
    *clocks = w.clocks;
    *count = w.count;
    return XG_OK;
}

/* ---- times, and who had it ---- */

uint32_t xg_filing_of(const struct xg_state *s)
{
    for (size_t i = s->count; i-- > 0;)
        if (counts(s, s->order[i]) &&
            s->ops[s->order[i]].record->head.move == XG_MOVE_FILE)
            return s->order[i];
    return XG_NONE;
}

enum xg_status xg_effective_of(int64_t **times, struct xg_arena *arena,
                               const struct xg_state *s,
                               const struct xg_when *whens,
                               struct xg_error *err)
{
    struct walk w = {.s = s, .whens = whens};
    int64_t *list = xg_arena_array(arena, s->count + 1, sizeof *list);

    w.least = xg_arena_array(arena, s->count + 1, sizeof *w.least);
    if (!list || !w.least)
        return xg_fail_nomem(err);
    find_least(&w);
    for (uint32_t op = 0; op < s->count; op++)
        list[op] = time_of(&w, op);
    *times = list;
    return XG_OK;
}

/* Does the op bring it to an end, or back from one? */
static void take_end(const struct xg_state *s, uint32_t op, bool *ended)
{
    const struct xg_record *r = s->ops[op].record;
    const struct xg_transition *t =
        r->head.move ? xg_transition_find(r->head.from, r->head.move) : NULL;
    struct xg_cbor_item value;

    if (t && t->to)
        *ended = xg_status_final(t->to);
    if (s->withdrawn && xg_record_field(r, XG_FIELD_WITHDRAWN, &value) &&
        value.type == XG_CBOR_BOOL && value.number)
        *ended = true;
}

/* One op: who has it after it, and whether anybody has. */
static size_t hold(struct xg_holding *list, size_t n, struct walk *w,
                   uint32_t op, int64_t at_ms, bool *ended)
{
    struct xg_bytes unit = w->unit, level = w->level;
    bool was = *ended;

    take_holder(w, op);
    take_end(w->s, op, ended);
    bool goes = !xg_bytes_equal(w->unit, unit) ||
                !xg_bytes_equal(w->level, level);
    bool begins = n == 0 || (!*ended && (was || goes));
    if (n)
        list[n - 1].moves += w->s->ops[op].record->head.move != 0;
    if (n && !was && (*ended || begins))
        list[n - 1].to_ms = at_ms;
    if (begins)
        list[n++] = (struct xg_holding){w->unit, w->level, at_ms,
                                        *ended ? at_ms : XG_NO_TIME, 0};
    return n;
}

enum xg_status xg_holdings_of(struct xg_holding **list, size_t *count,
                              struct xg_arena *arena, const struct xg_state *s,
                              const struct xg_when *whens,
                              struct xg_error *err)
{
    struct walk w = {
        .s = s, .unit = xg_bytes("", 0), .level = xg_bytes("", 0)};
    struct xg_holding *all = xg_arena_array(arena, s->count + 1, sizeof *all);
    bool is_case = s->kind && s->kind->first_status && s->creator != XG_NONE;
    int64_t *times;
    size_t n = 0;
    bool ended = false;

    if (!all)
        return xg_fail_nomem(err);
    if (xg_effective_of(&times, arena, s, whens, err) != XG_OK)
        return err->status;
    for (size_t i = 0; is_case && i < s->count; i++)
        if (counts(s, s->order[i]))
            n = hold(all, n, &w, s->order[i], times[s->order[i]], &ended);
    *list = all;
    *count = n;
    return XG_OK;
}

/* ---- how it stands ---- */

static int64_t moment_of(const struct xg_clock *c, int64_t now_ms)
{
    return c->end_ms != XG_NO_TIME ? c->end_ms : now_ms;
}

bool xg_clock_overdue(const struct xg_clock *c, int64_t now_ms, bool plain)
{
    if (!c->limited || (c->paused && !plain))
        return false;
    return moment_of(c, now_ms) > (plain ? c->due_plain_ms : c->due_ms);
}

int64_t xg_clock_left(const struct xg_clock *c,
                      const struct xg_calendar *calendar, int64_t now_ms,
                      bool plain)
{
    bool guessed = false;

    if (!c->limited)
        return 0;
    if (c->paused && !plain)
        return c->paused_left;
    return xg_calendar_between(calendar, moment_of(c, now_ms),
                               plain ? c->due_plain_ms : c->due_ms,
                               c->limit.unit, &guessed);
}

enum xg_light xg_clock_light(const struct xg_clock *c,
                             const struct xg_calendar *calendar, int64_t now_ms)
{
    if (!c->limited || c->paused)
        return XG_LIGHT_NONE;
    if (xg_clock_overdue(c, now_ms, false))
        return XG_LIGHT_RED;
    /* in this order nothing overflows */
    return xg_clock_left(c, calendar, now_ms, false) < c->limit.milli / 4
               ? XG_LIGHT_YELLOW
               : XG_LIGHT_GREEN;
}
