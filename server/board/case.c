/* case.c - see case.h. */
#include "server/board/case.h"

#include <string.h>

#include "shared/core/loop.h"

bool report_counts_kind(uint64_t kind)
{
    return kind == XG_KIND_INCIDENT || kind == XG_KIND_DISPUTE;
}

/* ---- terms ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    if (a == XG_NO_TIME || b == XG_NO_TIME)
        return a == XG_NO_TIME ? b : a;
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b; /* XG_NO_TIME is less than any */
}

static bool is_past(int64_t due_ms, int64_t now_ms)
{
    return due_ms != XG_NO_TIME && due_ms < now_ms;
}

bool report_term_overdue(const struct report_term *t, int64_t now_ms)
{
    return is_past(t->runs_ms, now_ms) && t->resumes_ms <= now_ms;
}

int64_t report_term_settled(const struct report_term *t, int64_t now_ms,
                            bool plain, bool *in_time)
{
    int64_t failed = plain ? t->plain_broke_ms : t->broke_ms;

    *in_time = false;
    if (!t->limited)
        return XG_NO_TIME;
    if (plain && is_past(t->plain_runs_ms, now_ms))
        failed = earlier(failed, t->plain_runs_ms);
    if (!plain && report_term_overdue(t, now_ms))
        failed = earlier(failed, t->runs_ms);
    if (failed != XG_NO_TIME)
        return failed;
    *in_time = t->done_ms != XG_NO_TIME;
    return t->done_ms;
}

/* A clock of the term: is it over, by when, how late. */
static void take_clock(struct report_term *t, const struct xg_clock *c)
{
    bool runs = c->end_ms == XG_NO_TIME;

    if (!c->limited)
        return;
    t->limited = true;
    t->guessed |= c->guessed;
    if (runs) {
        t->runs_ms = earlier(t->runs_ms, c->due_ms);
        t->plain_runs_ms = earlier(t->plain_runs_ms, c->due_plain_ms);
        return;
    }
    if (is_past(c->due_ms, c->end_ms))
        t->broke_ms = earlier(t->broke_ms, c->due_ms);
    if (is_past(c->due_plain_ms, c->end_ms))
        t->plain_broke_ms = earlier(t->plain_broke_ms, c->due_plain_ms);
}

/* ---- the walk over the clocks ---- */

static uint64_t move_of(const struct fold *fold, uint32_t op)
{
    return op == XG_NONE ? 0 : fold->state.ops[op].record->head.move;
}

/* Where the last reopening began a clock; 0: it never was. */
static size_t round_of(const struct fold *fold, const struct xg_clock *clocks,
                       size_t count)
{
    for (size_t i = count; i > 0; i--)
        if (move_of(fold, clocks[i - 1].begun_by) == XG_MOVE_REOPEN)
            return i - 1;
    return 0;
}

static void take_beginning(struct report_case *out, const struct xg_clock *c,
                           uint64_t move)
{
    if (c->stage == XG_STAGE_SIGN)
        out->dispatched_ms = c->start_ms;
    if (c->stage == XG_STAGE_DISPATCH && move == XG_MOVE_RETURN) {
        out->returned_ms = c->start_ms;
        out->returns++;
    }
    if (c->stage == XG_STAGE_HANDLE && move == XG_MOVE_REWORK) {
        out->reworked_ms = c->start_ms;
        out->reworks++;
    }
}

/* The turn of a stage counts as done by the move that does it, not where the
 * case went another way. */
static void take_turn(struct report_term *t, const struct xg_clock *c,
                      bool does)
{
    take_clock(t, c);
    t->done_ms = does ? c->end_ms : XG_NO_TIME;
}

static void take_report_in(struct report_term *t, const struct xg_clock *c,
                           uint64_t ended_by)
{
    bool cut_off = ended_by == XG_MOVE_CLOSE || ended_by == XG_MOVE_VOID ||
                   ended_by == XG_MOVE_SELF_HANDLE;

    take_turn(t, c, c->end_ms != XG_NO_TIME && !cut_off);
}

static void take_stage(struct report_case *out, const struct fold *fold,
                       const struct xg_clock *c)
{
    uint64_t ended_by = move_of(fold, c->ended_by);

    take_beginning(out, c, move_of(fold, c->begun_by));
    if (c->stage == XG_STAGE_REPORT_IN) {
        take_report_in(&out->report_in, c, ended_by);
        return;
    }
    if (c->stage == XG_STAGE_FILE)
        take_turn(&out->file, c, ended_by == XG_MOVE_FILE);
    if (c->stage == XG_STAGE_HANDLE)
        take_turn(&out->handle, c, ended_by == XG_MOVE_FINISH);
    take_clock(&out->close, c);
    if (ended_by == XG_MOVE_CLOSE || ended_by == XG_MOVE_SELF_HANDLE)
        out->settled_ms = c->end_ms;
}

/* ---- what stands still ---- */

static int64_t granted_until(const struct fold *fold)
{
    const struct xg_state *s = &fold->state;
    struct xg_cbor_item value;
    int64_t until = INT64_MAX, read;

    for (size_t i = 0; i < s->count; i++) {
        const struct xg_record *r = s->ops[s->order[i]].record;
        if (!xg_state_counts(s, s->order[i]) ||
            (r->head.move != XG_MOVE_SHELVE && r->head.move != XG_MOVE_DEFER))
            continue;
        until = INT64_MAX;
        if (xg_record_field(r, XG_CASE_UNTIL, &value) &&
            xg_cbor_int(&value, &read))
            until = read;
    }
    return until;
}

static void take_pause(struct report_case *out, const struct fold *fold)
{
    bool paused =
        out->way == REPORT_OPEN &&
        (out->status == XG_STATUS_SHELVED || out->status == XG_STATUS_DEFERRED);

    out->handle.resumes_ms = out->close.resumes_ms =
        paused ? granted_until(fold) : XG_NO_TIME;
}

/* ---- the row ---- */

static struct xg_bytes text_of(const struct xg_state *s, uint64_t number)
{
    struct xg_cbor_item value;

    if (!xg_state_value(s, number, &value) || value.type != XG_CBOR_TEXT)
        return xg_bytes("", 0);
    return value.bytes;
}

static enum report_way way_of(const struct xg_state *s)
{
    if (s->withdrawn)
        return REPORT_WITHDRAWN;
    switch (s->status) {
    case XG_STATUS_CLOSED:
        return REPORT_CLOSED;
    case XG_STATUS_SELF_HANDLED:
        return REPORT_SELF_HANDLED;
    case XG_STATUS_VOIDED:
        return REPORT_VOIDED;
    default:
        return REPORT_OPEN;
    }
}

static void take_fields(struct report_case *out, const struct fold *fold)
{
    const struct xg_state *s = &fold->state;
    struct xg_cbor_item channel;

    out->number = fold->entity.number;
    out->id = out->group = fold->entity.id;
    out->kind = s->kind->number;
    out->status = s->status;
    out->way = way_of(s);
    out->unit = xg_bytes_of(fold->entity.unit);
    out->holder = text_of(s, XG_CASE_UNIT);
    out->level = text_of(s, XG_CASE_LEVEL);
    out->settled = out->way == REPORT_CLOSED ? text_of(s, XG_CASE_SETTLED_LEVEL)
                                             : xg_bytes("", 0);
    out->category =
        text_of(s, out->kind == XG_KIND_INCIDENT ? XG_INCIDENT_CATEGORY
                                                 : XG_DISPUTE_TYPE);
    if (xg_state_value(s, XG_CASE_CHANNEL, &channel) &&
        channel.type == XG_CBOR_UINT)
        out->channel = channel.number;
}

static void clear_times(struct report_case *out)
{
    static const struct report_term none = {
        .done_ms = XG_NO_TIME,
        .broke_ms = XG_NO_TIME,
        .runs_ms = XG_NO_TIME,
        .resumes_ms = XG_NO_TIME,
        .plain_broke_ms = XG_NO_TIME,
        .plain_runs_ms = XG_NO_TIME,
    };

    out->file = out->handle = out->close = out->report_in = none;
    out->filed_ms = out->dispatched_ms = out->returned_ms = XG_NO_TIME;
    out->reworked_ms = out->settled_ms = out->reopened_ms = XG_NO_TIME;
    out->received_ms = out->touched_ms = XG_NO_TIME;
}

bool report_case_of(struct report_case *out, const struct fold *fold,
                    const struct xg_clock *clocks, size_t clock_count)
{
    struct report_case row = {.number = 0};

    if (!fold->state.kind || !report_counts_kind(fold->state.kind->number) ||
        fold->state.creator == XG_NONE || clock_count == 0)
        return false;
    clear_times(&row);
    take_fields(&row, fold);
    row.received_ms = clocks[0].start_ms;
    size_t round = round_of(fold, clocks, clock_count);
    if (round)
        row.reopened_ms = clocks[round].start_ms;
    for (size_t i = round; i < clock_count; i++)
        take_stage(&row, fold, &clocks[i]);
    for (size_t i = 0; i < clock_count; i++)
        row.touched_ms =
            later(row.touched_ms, later(clocks[i].start_ms, clocks[i].end_ms));
    row.filed_ms = row.file.done_ms;
    row.close.done_ms = row.way == REPORT_CLOSED ? row.settled_ms : XG_NO_TIME;
    if (row.way == REPORT_SELF_HANDLED)
        row.close.limited = false;
    take_pause(&row, fold);
    *out = row;
    return true;
}

/* ---- as bytes ---- */

enum { TERMS = 4, TEXTS = 5, NUMBERS = 14, TERM_TIMES = 6 };

static void list_terms(struct report_term *terms[static TERMS],
                       struct report_case *row)
{
    terms[0] = &row->file;
    terms[1] = &row->handle;
    terms[2] = &row->close;
    terms[3] = &row->report_in;
}

static void list_times(int64_t *times[static TERM_TIMES],
                       struct report_term *term)
{
    times[0] = &term->done_ms;
    times[1] = &term->broke_ms;
    times[2] = &term->runs_ms;
    times[3] = &term->resumes_ms;
    times[4] = &term->plain_broke_ms;
    times[5] = &term->plain_runs_ms;
}

static void list_texts(struct xg_bytes *texts[static TEXTS],
                       struct report_case *row)
{
    texts[0] = &row->unit;
    texts[1] = &row->holder;
    texts[2] = &row->level;
    texts[3] = &row->settled;
    texts[4] = &row->category;
}

/* All that is a number: the two that are smaller go by way of `small`. */
static void list_numbers(uint64_t *numbers[static NUMBERS],
                         struct report_case *row, uint64_t small[static 3])
{
    int64_t *times[] = {&row->received_ms,   &row->filed_ms,
                        &row->dispatched_ms, &row->returned_ms,
                        &row->reworked_ms,   &row->settled_ms,
                        &row->reopened_ms,   &row->touched_ms};
    size_t n = 0;

    numbers[n++] = &row->kind;
    numbers[n++] = &row->status;
    numbers[n++] = &row->channel;
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        numbers[n++] = (uint64_t *)times[i];
    for (size_t i = 0; i < 3; i++)
        numbers[n++] = &small[i];
}

void report_case_put(struct xg_buf *out, const struct report_case *row)
{
    struct report_case copy = *row;
    uint64_t small[3] = {row->way, row->returns, row->reworks};
    uint64_t *numbers[NUMBERS];
    struct report_term *terms[TERMS];
    struct xg_bytes *texts[TEXTS];
    int64_t *times[TERM_TIMES];

    xg_buf_byte(out, REPORT_CASE_VERSION);
    xg_buf_append(out, row->id.b, sizeof row->id.b);
    list_numbers(numbers, &copy, small);
    for (size_t i = 0; i < NUMBERS; i++)
        xg_buf_u64(out, *numbers[i]);
    list_terms(terms, &copy);
    for (size_t i = 0; i < TERMS; i++) {
        xg_buf_byte(out, (uint8_t)(terms[i]->limited | terms[i]->guessed << 1));
        list_times(times, terms[i]);
        for (size_t k = 0; k < TERM_TIMES; k++)
            xg_buf_u64(out, (uint64_t)*times[k]);
    }
    list_texts(texts, &copy);
    for (size_t i = 0; i < TEXTS; i++) {
        xg_buf_u32(out, (uint32_t)texts[i]->len);
        xg_buf_append(out, texts[i]->at, texts[i]->len);
    }
}

/* Takes from the front; false where there is not so much. */
static bool take(struct xg_bytes *rest, struct xg_bytes *out, size_t len)
{
    if (rest->len < len)
        return false;
    *out = xg_bytes(rest->at, len);
    *rest = xg_bytes(rest->at + len, rest->len - len);
    return true;
}

static bool take_u64(struct xg_bytes *rest, uint64_t *out)
{
    struct xg_bytes part;

    if (!take(rest, &part, sizeof *out))
        return false;
    *out = 0; /* read a hundred times a row: the compiler knows this loop */
    for (size_t i = 0; i < sizeof *out; i++)
        *out = *out << 8 | part.at[i];
    return true;
}

static bool take_term(struct xg_bytes *rest, struct report_term *term)
{
    int64_t *times[TERM_TIMES];
    struct xg_bytes flags;

    if (!take(rest, &flags, 1))
        return false;
    term->limited = flags.at[0] & 1;
    term->guessed = flags.at[0] >> 1 & 1;
    list_times(times, term);
    for (size_t k = 0; k < TERM_TIMES; k++)
        if (!take_u64(rest, (uint64_t *)times[k]))
            return false;
    return true;
}

static bool take_texts(struct xg_bytes *rest, struct report_case *row)
{
    struct xg_bytes *texts[TEXTS], length;

    list_texts(texts, row);
    for (size_t i = 0; i < TEXTS; i++)
        if (!take(rest, &length, 4) ||
            !take(rest, texts[i], xg_load_u32(length.at)))
            return false;
    return true;
}

bool report_case_get(struct report_case *row, struct xg_bytes bytes)
{
    struct report_case r = {.number = row->number};
    struct report_term *terms[TERMS];
    uint64_t *numbers[NUMBERS], small[3];
    struct xg_bytes part;

    if (!take(&bytes, &part, 1) || part.at[0] != REPORT_CASE_VERSION ||
        !take(&bytes, &part, sizeof r.id.b))
        return false;
    memcpy(r.id.b, part.at, sizeof r.id.b);
    r.group = r.id;
    list_numbers(numbers, &r, small);
    for (size_t i = 0; i < NUMBERS; i++)
        if (!take_u64(&bytes, numbers[i]))
            return false;
    list_terms(terms, &r);
    for (size_t i = 0; i < TERMS; i++)
        if (!take_term(&bytes, terms[i]))
            return false;
    if (!take_texts(&bytes, &r) || bytes.len)
        return false;
    r.way = (enum report_way)small[0];
    r.returns = (uint32_t)small[1];
    r.reworks = (uint32_t)small[2];
    *row = r;
    return true;
}
