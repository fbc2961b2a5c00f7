/* attention.c - see attention.h. */
#include "server/desk/attention.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/core/track.h"
#include "shared/view/conflict.h"
#include "shared/view/doubt.h"
#include "shared/view/route.h"
#include "shared/view/show.h"

enum { MARK_BYTES = 6, MARK_MAX = 128 };

const char *attention_name(enum attention_what what)
{
    switch (what) {
#define X(name, json, zh, en)                                                  \
    case name:                                                                 \
        return json;
        ATTENTION_TABLE(X)
#undef X
    case ATTENTIONS:
        break;
    }
    return "";
}

const char *attention_label(enum attention_what what)
{
    switch (what) {
#define X(name, json, zh, en)                                                  \
    case name:                                                                 \
        return xg_label(zh, en);
        ATTENTION_TABLE(X)
#undef X
    case ATTENTIONS:
        break;
    }
    return "";
}

bool attention_named(enum attention_what *what, const char *name)
{
    for (int i = 0; i < ATTENTIONS; i++)
        if (strcmp(attention_name((enum attention_what)i), name) == 0) {
            *what = (enum attention_what)i;
            return true;
        }
    return false;
}

/* ---- what was seen ---- */

void attention_mark(struct xg_buf *out, enum attention_what what,
                    const struct xg_hash *subject)
{
    xg_buf_format(out, "已核看 %s ", attention_name(what));
    xg_buf_hex(out, subject->b, MARK_BYTES);
    xg_buf_text(out, "：");
}

static bool begins(const struct xg_element *e, const struct xg_buf *mark)
{
    struct xg_cbor c = xg_cbor_over(e->value);
    struct xg_cbor_item item;

    return !e->removed && xg_cbor_next(&c, &item) &&
           item.type == XG_CBOR_TEXT && item.bytes.len > mark->len &&
           memcmp(item.bytes.at, mark->data, mark->len) == 0;
}

/* A worker's word about their own clock settles nothing. */
static bool at_a_desk(const struct fold *fold, uint32_t op)
{
    const struct xg_judgement *j = &fold->judgements[op];

    return fold->state.effects[op] == XG_EFFECT_FULL && j->on_server &&
           j->role && xg_move_allowed(XG_MOVE_DISPATCH, j->role->number);
}

bool attention_is_seen(const struct fold *fold, enum attention_what what,
                       const struct xg_hash *subject)
{
    const struct xg_set *notes = xg_state_set(&fold->state, XG_FIELD_NOTE);
    struct xg_buf mark = XG_BUF(MARK_MAX);
    bool seen = false;

    attention_mark(&mark, what, subject);
    for (size_t i = 0; notes && !mark.failed && !seen && i < notes->count; i++)
        seen = begins(&notes->elements[i], &mark) &&
               at_a_desk(fold, notes->elements[i].op);
    xg_buf_clear(&mark);
    return seen;
}

/* ---- one entity ---- */

struct gathering {
    const struct fold *fold;
    struct xg_arena *arena;
    const int64_t *times;
    struct attention_sign *list;
    size_t count, room;
    bool failed;
};

static void add(struct gathering *g, enum attention_what what, uint32_t op,
                const struct xg_hash *subject, const char *reason,
                const char *detail)
{
    const struct xg_hash *about =
        subject ? subject : &g->fold->state.ops[op].record->hash;

    if (g->failed || (what != ATTENTION_CONFLICT &&
                      what != ATTENTION_OVERTAKEN &&
                      attention_is_seen(g->fold, what, about)))
        return;
    if (g->count == g->room) {
        size_t room = g->room ? 2 * g->room : 16;
        struct attention_sign *list =
            xg_arena_array(g->arena, room, sizeof *list);
        g->failed = !list;
        if (!list)
            return;
        if (g->count)
            memcpy(list, g->list, g->count * sizeof *list);
        g->list = list;
        g->room = room;
    }
    g->list[g->count++] = (struct attention_sign){.what = what,
                                                  .subject = *about,
                                                  .op = op,
                                                  .since_ms = g->times[op],
                                                  .reason = reason,
                                                  .detail = detail ? detail
                                                                   : ""};
}

/* The side that came last is since when they stand against each other. */
static uint32_t last_of(const struct gathering *g, const struct view_conflict *c)
{
    uint32_t last = c->sides[0];

    for (size_t i = 1; i < c->side_count; i++)
        if (g->times[c->sides[i]] > g->times[last])
            last = c->sides[i];
    return last;
}

static enum xg_status add_conflicts(struct gathering *g, struct xg_error *err)
{
    struct view_conflict *all;
    size_t count;

    if (view_conflicts_of(&all, &count, g->arena, &g->fold->state, err) !=
        XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        const struct view_conflict *c = &all[i];
        size_t before = g->count;
        add(g,
            c->reason == VIEW_OVERTAKEN ? ATTENTION_OVERTAKEN
                                        : ATTENTION_CONFLICT,
            last_of(g, c), NULL,
            c->reason == VIEW_FIELD && c->field ? c->field->name
                                                : view_conflict_name(c->reason),
            c->field ? xg_label(c->field->zh, c->field->en) : "");
        if (g->count > before)
            g->list[before].again = view_was_decided(&g->fold->state,
                                                     c->number);
    }
    return XG_OK;
}

static void add_effect(struct gathering *g, uint32_t op)
{
    const struct xg_state *s = &g->fold->state;
    const char *why = s->reasons[op];

    switch (s->effects[op]) {
    case XG_EFFECT_PENDING:
        add(g, ATTENTION_PENDING, op, NULL, "missing", why);
        break;
    case XG_EFFECT_INVALID:
        add(g, ATTENTION_STRUCK, op, NULL, "invalid", why);
        break;
    case XG_EFFECT_NO_RIGHT:
        add(g, ATTENTION_STRUCK, op, NULL, "no-right", why);
        break;
    case XG_EFFECT_LACKING:
        add(g, ATTENTION_STRUCK, op, NULL, "lacking", why);
        break;
    case XG_EFFECT_FULL:
    case XG_EFFECT_REDACTED:
    case XG_EFFECT_OVERTAKEN: /* a conflict, until it is decided */
        break;
    }
}

static struct view_about times_of(const struct fold *fold, uint32_t op)
{
    const struct xg_when *when = &fold->whens[op];

    return (struct view_about){.has_not_before = when->low_ms != XG_NO_TIME,
                               .not_before_ms = when->low_ms,
                               .has_not_after = when->high_ms != XG_NO_TIME,
                               .not_after_ms = when->high_ms};
}

static void add_clock(struct gathering *g, uint32_t op)
{
    const struct xg_record *r = g->fold->state.ops[op].record;
    struct view_about about = times_of(g->fold, op);

    if (r->malformed)
        return;
    int64_t wall_ms = r->head.moment.wall_ms;
    bool late = about.has_not_after && wall_ms > about.not_after_ms;
    if (view_clock_doubt(wall_ms, 0) ||
        view_clock_outside(&about, wall_ms))
        add(g, ATTENTION_CLOCK, op, NULL, late ? "ahead" : "behind", NULL);
}

static void add_photos(struct gathering *g)
{
    const struct xg_state *s = &g->fold->state;
    const struct xg_set *photos = xg_state_set(s, XG_FIELD_PHOTO);

    for (size_t i = 0; photos && i < photos->count; i++) {
        const struct xg_element *e = &photos->elements[i];
        struct view_about about = times_of(g->fold, e->op);
        if (e->removed)
            continue;
        struct view_doubts doubts = view_doubts_of(s, e, &about);
        if (doubts.said[VIEW_DOUBT_PLACE])
            add(g, ATTENTION_POSITION, e->op, NULL, "photo", NULL);
    }
}

static bool is_mock(const struct xg_element *gap)
{
    struct xg_cbor c = xg_cbor_over(gap->value);
    struct xg_cbor_item item;
    struct xg_gap read;

    if (gap->removed || !xg_cbor_next(&c, &item))
        return false;
    read = view_gap_of(&item);
    return read.cause == XG_GAP_MOCK || (read.evidence & 1u << XG_GAP_MOCK);
}

static void add_gaps(struct gathering *g)
{
    const struct xg_state *s = &g->fold->state;
    const struct xg_set *gaps =
        s->kind && s->kind->number == XG_KIND_PATROL
            ? xg_state_set(s, XG_PATROL_GAP)
            : NULL;

    for (size_t i = 0; gaps && i < gaps->count; i++)
        if (is_mock(&gaps->elements[i]))
            add(g, ATTENTION_POSITION, gaps->elements[i].op, NULL, "mock",
                NULL);
}

enum xg_status attention_of(struct attention_sign **list, size_t *count,
                            struct xg_arena *arena, const struct fold *fold,
                            struct xg_error *err)
{
    struct gathering g = {.fold = fold, .arena = arena};
    int64_t *times;

    if (xg_effective_of(&times, arena, &fold->state, fold->whens, err) != XG_OK)
        return err->status;
    g.times = times;
    if (add_conflicts(&g, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < fold->state.count; i++) {
        add_effect(&g, fold->state.order[i]);
        add_clock(&g, fold->state.order[i]);
    }
    add_photos(&g);
    add_gaps(&g);
    if (g.failed)
        return xg_fail_nomem(err);
    *list = g.list;
    *count = g.count;
    return XG_OK;
}

enum xg_status attention_set_of(unsigned *set, struct xg_arena *arena,
                                const struct fold *fold, struct xg_error *err)
{
    struct attention_sign *list;
    size_t count;

    if (attention_of(&list, &count, arena, fold, err) != XG_OK)
        return err->status;
    *set = 0;
    for (size_t i = 0; i < count; i++)
        *set |= 1u << list[i].what;
    return XG_OK;
}
