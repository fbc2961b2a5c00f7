/* labels.c - see labels.h. */
#include "shared/view/labels.h"

#include "shared/view/conflict.h"

/* The heads of one register while its writers are walked in causal order. */
struct heads {
    uint32_t *ops;
    size_t count;
};

static bool concurrent(const struct xg_state *s, uint32_t a, uint32_t b)
{
    return a != b && !xg_state_precedes(s, a, b) && !xg_state_precedes(s, b, a);
}

static struct xg_bytes value_of(const struct xg_state *s, uint32_t op,
                                uint64_t number)
{
    struct xg_cbor_item item = {0};

    return xg_record_field(s->ops[op].record, number, &item)
               ? item.raw
               : xg_bytes(NULL, 0);
}

static bool differ(const struct xg_state *s, uint32_t a, uint32_t b,
                   uint64_t number)
{
    return !xg_bytes_equal(value_of(s, a, number), value_of(s, b, number));
}

/* One more writer: which heads it has seen it replaces (and settles, where
 * they differed); with the others it stands in conflict. */
static void step(unsigned *labels, const struct xg_state *s,
                 struct heads *heads, uint64_t number, uint32_t op)
{
    size_t kept = 0;
    uint32_t seen = XG_NONE;

    for (size_t i = 0; i < heads->count; i++) {
        uint32_t head = heads->ops[i];
        if (xg_state_precedes(s, head, op)) {
            if (seen != XG_NONE && differ(s, seen, head, number))
                labels[op] |= VIEW_RESOLVES;
            seen = head;
            continue;
        }
        if (differ(s, head, op, number)) {
            labels[head] |= VIEW_CONFLICT;
            labels[op] |= VIEW_CONFLICT;
        }
        heads->ops[kept++] = head;
    }
    heads->ops[kept++] = op;
    heads->count = kept;
}

static void label_register(unsigned *labels, const struct xg_state *s,
                           uint32_t *spare, uint64_t number)
{
    struct heads heads = {spare, 0};

    for (size_t i = 0; i < s->count; i++) {
        uint32_t op = s->order[i];
        if (xg_state_counts(s, op) && value_of(s, op, number).len)
            step(labels, s, &heads, number, op);
    }
}

static void label_withdrawal(unsigned *labels, const struct xg_state *s,
                             uint32_t op)
{
    for (uint32_t other = 0; other < s->count; other++)
        if (concurrent(s, op, other) && view_edits_registers(s, other)) {
            labels[op] |= VIEW_CONFLICT;
            labels[other] |= VIEW_CONFLICT;
        }
}

enum xg_status view_labels_of(unsigned **labels, struct xg_arena *arena,
                              const struct xg_state *state,
                              struct xg_error *err)
{
    unsigned *list = xg_arena_array(arena, state->count + 1, sizeof *list);
    uint32_t *spare = xg_arena_array(arena, state->count + 1, sizeof *spare);
    struct xg_cbor_item item;

    if (!list || !spare)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < state->register_count; i++)
        label_register(list, state, spare, state->registers[i].number);
    for (uint32_t op = 0; op < state->count; op++) {
        if (state->effects[op] == XG_EFFECT_OVERTAKEN)
            list[op] |= VIEW_CONFLICT;
        if (!xg_state_counts(state, op))
            continue;
        if (xg_state_parallel(state, op))
            list[op] |= VIEW_PARALLEL;
        if (view_withdraws(state, op))
            label_withdrawal(list, state, op);
        if (xg_record_field(state->ops[op].record, XG_FIELD_DECIDED, &item))
            list[op] |= VIEW_RESOLVES;
    }
    *labels = list;
    return XG_OK;
}

uint32_t view_previous_of(const struct xg_state *state, uint32_t op)
{
    const struct xg_op *at = &state->ops[op];
    uint32_t last = XG_NONE;

    for (size_t i = 0; i < state->count && state->order[i] != op; i++) {
        const struct xg_op *other = &state->ops[state->order[i]];
        if (xg_branch_precedes(other->branch, other->seq, at->branch, at->seq))
            last = state->order[i];
    }
    return last;
}

uint32_t view_op_of(const struct xg_state *state, const struct xg_hash *hash)
{
    for (uint32_t op = 0; op < state->count; op++)
        if (xg_hash_equal(&state->ops[op].record->hash, hash))
            return op;
    return XG_NONE;
}
