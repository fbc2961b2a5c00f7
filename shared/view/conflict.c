/* conflict.c - see conflict.h. */
#include "shared/view/conflict.h"

const char *view_conflict_name(enum view_conflict_reason reason)
{
    switch (reason) {
#define X(name, json)                                                          \
    case name:                                                                 \
        return json;
        VIEW_CONFLICT_TABLE(X)
#undef X
    }
    return "";
}

bool view_withdraws(const struct xg_state *state, uint32_t op)
{
    struct xg_cbor_item value;

    return xg_state_counts(state, op) &&
           xg_record_field(state->ops[op].record, XG_FIELD_WITHDRAWN, &value) &&
           value.type == XG_CBOR_BOOL && value.number;
}

bool view_edits_registers(const struct xg_state *state, uint32_t op)
{
    struct xg_field_cursor c;
    struct xg_cbor_item value;
    uint64_t number;

    if (!xg_state_counts(state, op))
        return false;
    for (c = xg_record_fields(state->ops[op].record);
         xg_field_next(&c, &number, &value);) {
        const struct xg_field *f = xg_field_find(state->kind, number);
        if ((!f || f->merge == XG_MERGE_REGISTER) &&
            number != XG_FIELD_WITHDRAWN)
            return true;
    }
    return false;
}

/* Mirrors the rule of merge.c: does it count as an edit beside a withdrawal?
 * Whoever writes a register, moves or decides, and says nothing about the
 * withdrawal itself. */
static bool counts_as_edit(const struct xg_state *s, uint32_t op)
{
    const struct xg_record *r = s->ops[op].record;
    struct xg_cbor_item value;

    if (!xg_state_counts(s, op) ||
        xg_record_field(r, XG_FIELD_WITHDRAWN, &value))
        return false;
    return r->head.creates || r->head.move || view_edits_registers(s, op) ||
           xg_record_field(r, XG_FIELD_DECIDED, &value);
}

static bool concurrent(const struct xg_state *s, uint32_t a, uint32_t b)
{
    return a != b && !xg_state_precedes(s, a, b) && !xg_state_precedes(s, b, a);
}

static bool beside_withdrawal(const struct xg_state *s,
                              const struct xg_register *withdrawn, uint32_t op)
{
    for (size_t h = 0; h < withdrawn->head_count; h++)
        if (concurrent(s, op, withdrawn->heads[h]))
            return counts_as_edit(s, op);
    return false;
}

static enum xg_status withdraw_sides(struct view_conflict *c,
                                     struct xg_arena *arena,
                                     const struct xg_state *s,
                                     struct xg_error *err)
{
    const struct xg_register *reg = xg_state_register(s, XG_FIELD_WITHDRAWN);

    *c = (struct view_conflict){.reason = VIEW_WITHDRAW_EDIT,
                                .field = reg->field,
                                .number = XG_FIELD_WITHDRAWN,
                                .decision = XG_NONE};
    c->sides = xg_arena_array(arena, s->count, sizeof *c->sides);
    if (!c->sides)
        return xg_fail_nomem(err);
    for (size_t h = 0; h < reg->head_count; h++)
        c->sides[c->side_count++] = reg->heads[h];
    for (size_t i = 0; i < s->count; i++)
        if (beside_withdrawal(s, reg, s->order[i]))
            c->sides[c->side_count++] = s->order[i];
    return XG_OK;
}

static bool status_decided_after(const struct xg_state *s, uint32_t overtaken)
{
    for (uint32_t op = 0; op < s->count; op++) {
        struct xg_cbor_item list, first;
        if (!xg_state_counts(s, op) || op == overtaken ||
            !xg_state_precedes(s, overtaken, op) ||
            !xg_record_field(s->ops[op].record, XG_FIELD_DECIDED, &list))
            continue;
        struct xg_cbor c = xg_cbor_inside(&list);
        if (xg_cbor_next(&c, &first) && first.number == 0)
            return true;
    }
    return false;
}

enum xg_status view_conflicts_of(struct view_conflict **conflicts,
                                 size_t *count, struct xg_arena *arena,
                                 const struct xg_state *state,
                                 struct xg_error *err)
{
    struct view_conflict *list = xg_arena_array(
        arena, state->register_count + state->count + 1, sizeof *list);
    size_t n = 0;

    if (!list)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < state->register_count; i++) {
        const struct xg_register *reg = &state->registers[i];
        if (reg->conflict)
            list[n++] =
                (struct view_conflict){VIEW_FIELD,     reg->field,
                                       reg->number,    reg->heads,
                                       reg->head_count, XG_NONE};
    }
    if (state->withdraw_conflict &&
        withdraw_sides(&list[n++], arena, state, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < state->count; i++)
        if (state->effects[state->order[i]] == XG_EFFECT_OVERTAKEN &&
            !status_decided_after(state, state->order[i]))
            list[n++] = (struct view_conflict){
                VIEW_OVERTAKEN, NULL, 0, &state->order[i], 1, XG_NONE};
    *conflicts = list;
    *count = n;
    return XG_OK;
}

/* ---- what was decided ---- */

static bool decides(const struct xg_state *s, uint32_t op, uint64_t number)
{
    struct xg_cbor_item list, item;

    if (!xg_state_counts(s, op) ||
        !xg_record_field(s->ops[op].record, XG_FIELD_DECIDED, &list))
        return false;
    struct xg_cbor c = xg_cbor_inside(&list);
    while (xg_cbor_next(&c, &item))
        if (item.number == number)
            return true;
    return false;
}

static bool is_open(const struct xg_state *s, uint64_t number)
{
    const struct xg_register *reg = xg_state_register(s, number);

    if (number == XG_FIELD_WITHDRAWN && s->withdraw_conflict)
        return true;
    for (uint32_t op = 0; number == 0 && op < s->count; op++)
        if (s->effects[op] == XG_EFFECT_OVERTAKEN &&
            !status_decided_after(s, op))
            return true;
    return reg && reg->conflict;
}

/* Is it one of the versions that were decided between? */
static bool is_version(const struct xg_state *s, uint32_t op, uint64_t number)
{
    struct xg_cbor_item value;

    if (number == 0)
        return s->effects[op] == XG_EFFECT_OVERTAKEN;
    return xg_state_counts(s, op) && !decides(s, op, number) &&
           xg_record_field(s->ops[op].record, number, &value);
}

/* The last decision about that number, in the order of the fold. */
static uint32_t last_decision(const struct xg_state *s, uint64_t number)
{
    uint32_t last = XG_NONE;

    for (size_t i = 0; i < s->count; i++)
        if (decides(s, s->order[i], number))
            last = s->order[i];
    return last;
}

bool view_was_decided(const struct xg_state *state, uint64_t number)
{
    return last_decision(state, number) != XG_NONE;
}

static enum xg_status decided_sides(struct view_conflict *c,
                                    struct xg_arena *arena,
                                    const struct xg_state *s, uint64_t number,
                                    uint32_t decision, struct xg_error *err)
{
    *c = (struct view_conflict){
        .reason = number == 0 ? VIEW_OVERTAKEN : VIEW_FIELD,
        .field = number && s->kind ? xg_field_find(s->kind, number) : NULL,
        .number = number,
        .sides = xg_arena_array(arena, s->count, sizeof *c->sides),
        .decision = decision};
    if (!c->sides)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < s->count; i++)
        if (is_version(s, s->order[i], number))
            c->sides[c->side_count++] = s->order[i];
    return XG_OK;
}

enum xg_status view_decided_of(struct view_conflict **decided, size_t *count,
                               struct xg_arena *arena,
                               const struct xg_state *state,
                               struct xg_error *err)
{
    struct view_conflict *list =
        xg_arena_array(arena, state->register_count + 1, sizeof *list);
    size_t n = 0;

    if (!list)
        return xg_fail_nomem(err);
    for (size_t i = 0; i <= state->register_count; i++) {
        uint64_t number = i ? state->registers[i - 1].number : 0;
        uint32_t decision = last_decision(state, number);
        if (decision == XG_NONE || is_open(state, number))
            continue;
        if (decided_sides(&list[n++], arena, state, number, decision, err) !=
            XG_OK)
            return err->status;
    }
    *decided = list;
    *count = n;
    return XG_OK;
}
