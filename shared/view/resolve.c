/* resolve.c - the record that decides a conflict; see form.h. */
#include "shared/view/form.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/view/conflict.h"

/* Does the hash begin with these hex digits (of either case)? */
static bool begins(const struct xg_hash *hash, const char *prefix)
{
    char hex[2 * XG_HASH_SIZE + 1];
    size_t len = strlen(prefix);

    xg_hex(hex, hash->b, XG_HASH_SIZE);
    for (size_t i = 0; i < len; i++) {
        char c = prefix[i];
        if (i >= 2 * XG_HASH_SIZE ||
            hex[i] != (c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c))
            return false;
    }
    return len > 0;
}

/* Which side of the conflict a person named. */
static enum xg_status find_side(uint32_t *op, const struct xg_state *s,
                                const struct view_conflict *conflict,
                                const char *prefix, struct xg_error *err)
{
    uint32_t found = XG_NONE;

    for (size_t i = 0; i < conflict->side_count; i++) {
        if (!begins(&s->ops[conflict->sides[i]].record->hash, prefix))
            continue;
        if (found != XG_NONE)
            return xg_fail(err, XG_AMBIGUOUS,
                           XG_T("%.64s 不止一方，请多写几位",
                                "%.64s fits more than one side: give more "
                                "digits"),
                           prefix);
        found = conflict->sides[i];
    }
    if (found == XG_NONE)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("冲突各方中没有 %.64s；见 conflicts 的输出",
                            "no side of this conflict is %.64s; see what "
                            "conflicts prints"),
                       prefix);
    *op = found;
    return XG_OK;
}

/* Encoded into `value`: what the choice comes to, for a register. */
static enum xg_status chosen_value(struct xg_buf *value,
                                   const struct xg_state *s,
                                   const struct view_conflict *conflict,
                                   const struct view_choice *choice,
                                   const struct view_resolver *resolver,
                                   struct xg_error *err)
{
    uint32_t op = conflict->sides[0]; /* what is shown comes first */
    struct xg_cbor_item item;

    if (choice->value) {
        if (!conflict->field)
            return xg_fail(err, XG_USAGE,
                           XG_T("本版本不认识这个字段，只能用 --take 或 "
                                "--dismiss",
                                "this version does not know the field: use "
                                "--take or --dismiss"));
        return view_form_value(value, conflict->field, choice->value, resolver,
                               err);
    }
    if (choice->take && find_side(&op, s, conflict, choice->take, err) != XG_OK)
        return err->status;
    if (conflict->number == XG_FIELD_WITHDRAWN) {
        /* Meanwhile it is shown as not withdrawn, so that is what stays. */
        bool withdraw = choice->take && view_withdraws(s, op);
        xg_cbor_put_bool(value, withdraw);
    } else if (xg_record_field(s->ops[op].record, conflict->number, &item)) {
        xg_buf_append(value, item.raw.at, item.raw.len);
    }
    return xg_buf_check(value, err);
}

/* What the taken record said comes with its move: the unit of a dispatch, the
 * result. Overtaken, it had no effect so far. */
static enum xg_status take_fields(struct xg_draft *d,
                                  const struct xg_record *taken,
                                  struct xg_error *err)
{
    struct xg_field_cursor c = xg_record_fields(taken);
    struct xg_cbor_item value;
    uint64_t number;

    while (taken->fields_raw.len && xg_field_next(&c, &number, &value))
        if (number != XG_FIELD_SALT && number != XG_FIELD_WHY &&
            number != XG_FIELD_SOURCE && number != XG_FIELD_SERIAL &&
            number != XG_FIELD_DECIDED &&
            xg_draft_set(d, number, value.raw, err) != XG_OK)
            return err->status;
    return XG_OK;
}

static enum xg_status decide_status(struct xg_draft *d,
                                    const struct xg_state *s,
                                    const struct view_conflict *conflict,
                                    const struct view_choice *choice,
                                    struct xg_error *err)
{
    uint32_t op;

    if (choice->value)
        return xg_fail(err, XG_USAGE,
                       XG_T("状态只能用 --take 或 --dismiss 决定",
                            "a status is decided by --take or --dismiss"));
    if (choice->dismiss)
        return XG_OK; /* the status stays as it is */
    if (find_side(&op, s, conflict, choice->take, err) != XG_OK)
        return err->status;
    uint64_t move = s->ops[op].record->head.move;
    if (!xg_transition_find(s->status, move))
        return xg_fail(err, XG_REFUSED,
                       XG_T("现在的状态不允许这一动作；可用 --dismiss 保留现"
                            "状",
                            "the present status does not allow that move; "
                            "--dismiss keeps it as it is"));
    d->head.move = move;
    d->head.from = s->status;
    return take_fields(d, s->ops[op].record, err);
}

static enum xg_status put_act(struct xg_draft *d, uint64_t number,
                              struct xg_buf *value, struct xg_error *err)
{
    if (xg_buf_check(value, err) != XG_OK)
        return err->status;
    return xg_draft_set(d, number, xg_buf_bytes(value), err);
}

static enum xg_status
decide(struct xg_draft *d, struct xg_buf *value, const struct xg_state *s,
       const struct view_conflict *conflict, const struct view_choice *choice,
       const struct view_resolver *resolver, struct xg_error *err)
{
    const struct xg_field *why = xg_field_find(s->kind, XG_FIELD_WHY);

    if (conflict->reason == VIEW_OVERTAKEN) {
        if (decide_status(d, s, conflict, choice, err) != XG_OK)
            return err->status;
    } else {
        if (chosen_value(value, s, conflict, choice, resolver, err) != XG_OK ||
            put_act(d, conflict->number, value, err) != XG_OK)
            return err->status;
    }
    xg_buf_reset(value);
    if (view_form_value(value, why, choice->why, NULL, err) != XG_OK ||
        put_act(d, XG_FIELD_WHY, value, err) != XG_OK)
        return err->status;
    xg_buf_reset(value);
    xg_cbor_put_array(value, 1);
    xg_cbor_put_uint(value, conflict->number);
    return put_act(d, XG_FIELD_DECIDED, value, err);
}

/* ---- deciding again ---- */

static bool was_decided(const struct xg_state *s, uint64_t number)
{
    for (uint32_t op = 0; op < s->count; op++) {
        struct xg_cbor_item list, item;
        if (!xg_state_counts(s, op) ||
            !xg_record_field(s->ops[op].record, XG_FIELD_DECIDED, &list))
            continue;
        struct xg_cbor c = xg_cbor_inside(&list);
        while (xg_cbor_next(&c, &item))
            if (item.number == number)
                return true;
    }
    return false;
}

/* What was decided once can be decided otherwise: every value that the field
 * ever had is a side then, what holds now first. */
static enum xg_status reopen(struct view_conflict *out, struct xg_arena *arena,
                             const struct xg_state *s,
                             const struct xg_field *field, bool *found,
                             struct xg_error *err)
{
    const struct xg_register *reg = xg_state_register(s, field->number);
    struct xg_cbor_item item;

    *found = reg && reg->head_count && was_decided(s, field->number);
    if (!*found)
        return XG_OK;
    *out = (struct view_conflict){
        .reason = VIEW_FIELD, .field = field, .number = field->number};
    out->sides = xg_arena_array(arena, s->count + 1, sizeof *out->sides);
    if (!out->sides)
        return xg_fail_nomem(err);
    out->sides[out->side_count++] = reg->heads[0];
    for (uint32_t op = 0; op < s->count; op++)
        if (op != reg->heads[0] && xg_state_counts(s, op) &&
            xg_record_field(s->ops[op].record, field->number, &item))
            out->sides[out->side_count++] = op;
    return XG_OK;
}

static enum xg_status find_conflict(struct view_conflict *out,
                                    const struct xg_state *s,
                                    struct xg_arena *arena,
                                    const struct view_choice *choice,
                                    struct xg_error *err)
{
    const char *name = choice->field;
    struct view_conflict *list;
    const struct xg_field *field = NULL;
    bool status = strcmp(name, "status") == 0 || strcmp(name, "状态") == 0;
    size_t count;

    if (!status && view_form_field(&field, s->kind, name, err) != XG_OK)
        return err->status;
    if (view_conflicts_of(&list, &count, arena, s, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (list[i].number == (field ? field->number : 0)) {
            *out = list[i];
            return XG_OK;
        }
    bool again = false;
    if (field && !choice->dismiss &&
        reopen(out, arena, s, field, &again, err) != XG_OK)
        return err->status;
    if (again)
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("%s 没有待决定的冲突", "%s: nothing to decide there"),
                   field ? xg_label(field->zh, field->en) : name);
}

enum xg_status view_form_resolve(struct xg_draft *d,
                                 const struct xg_state *state,
                                 const struct view_choice *choice,
                                 const struct view_resolver *resolver,
                                 struct xg_error *err)
{
    struct xg_draft before = *d;
    struct xg_buf value = XG_BUF(XG_RECORD_MAX);
    struct view_conflict conflict;

    if (!state->kind)
        return xg_fail(err, XG_REFUSED,
                       XG_T("首条记录未到或种类未知，不能决定",
                            "its first record is not here, or its kind not "
                            "known: nothing can be decided"));
    if (!choice->why || !*choice->why)
        return xg_fail(err, XG_USAGE,
                       XG_T("决定须写明理由（--why）",
                            "a decision needs a reason (--why)"));
    if ((choice->take != NULL) + (choice->value != NULL) + choice->dismiss != 1)
        return xg_fail(err, XG_USAGE,
                       XG_T("--take、--value、--dismiss 须且只能用一个",
                            "use exactly one of --take, --value, --dismiss"));
    enum xg_status status =
        find_conflict(&conflict, state, d->arena, choice, err);
    if (status == XG_OK)
        status = decide(d, &value, state, &conflict, choice, resolver, err);
    xg_buf_clear(&value);
    if (status != XG_OK)
        *d = before;
    return status;
}
