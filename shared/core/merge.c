/* merge.c - from records to a state; see merge.h for the rules. */
#include "shared/core/merge.h"

#include "shared/base/lang.h"
#include "shared/core/causality.h"
#include "shared/core/erase.h"

const char *xg_effect_label(enum xg_effect effect)
{
    switch (effect) {
    case XG_EFFECT_FULL:
        return XG_T("有效", "in effect");
    case XG_EFFECT_PENDING:
        return XG_T("等待前序记录", "pending");
    case XG_EFFECT_INVALID:
        return XG_T("无效", "invalid");
    case XG_EFFECT_NO_RIGHT:
        return XG_T("无权限", "without right");
    case XG_EFFECT_REDACTED:
        return XG_T("内容已抹除", "redacted");
    case XG_EFFECT_OVERTAKEN:
        return XG_T("晚了一步", "overtaken");
    case XG_EFFECT_LACKING:
        return XG_T("条件不够", "incomplete");
    }
    return "";
}

/* ---- which records count (rules 8, 9, 10) ---- */

bool xg_state_counts(const struct xg_state *s, uint32_t op)
{
    return s->effects[op] == XG_EFFECT_FULL ||
           s->effects[op] == XG_EFFECT_REDACTED;
}

static void strike(struct xg_state *s, uint32_t op, enum xg_effect effect,
                   const char *reason)
{
    s->effects[op] = effect;
    s->reasons[op] = reason;
}

static void find_creator(struct xg_state *s)
{
    s->creator = XG_NONE;
    for (uint32_t op = 0; op < s->count; op++)
        if (xg_creates(s->ops[op].record, &s->id) &&
            (s->creator == XG_NONE ||
             xg_hash_compare(&s->ops[op].record->hash,
                             &s->ops[s->creator].record->hash) > 0))
            s->creator = op;
    if (s->creator != XG_NONE) {
        const struct xg_record *r = s->ops[s->creator].record;
        s->kind = r->malformed ? NULL : xg_kind_find(r->head.kind);
        if (s->kind && !s->kind->entity)
            s->kind = NULL;
    }
}

/* What was erased keeps the verdict. */
static bool oversteps(const struct xg_op *op)
{
    return (op->record->fields_raw.len &&
            xg_record_oversteps(op->record, op->role)) ||
           (op->erasure && xg_erasure_oversteps(op->erasure, op->role));
}

static void judge(struct xg_state *s, uint32_t op)
{
    const struct xg_record *r = s->ops[op].record;
    const struct xg_record *first =
        s->creator == XG_NONE ? NULL : s->ops[s->creator].record;

    if (r->malformed)
        strike(s, op, XG_EFFECT_INVALID, r->malformed);
    else if (!first)
        strike(s, op, XG_EFFECT_PENDING, 
               XG_T("第一条记录尚未到达", "the first record has not arrived"));
    else if (first->malformed)
        strike(s, op, XG_EFFECT_INVALID, 
               XG_T("第一条记录无效", "the first record is struck out"));
    else if (r->head.kind != first->head.kind)
        strike(s, op, XG_EFFECT_INVALID, 
               XG_T("种类与第一条不同", "of another kind than the first"));
    else if (!s->kind)
        strike(s, op, XG_EFFECT_INVALID, 
               XG_T("本版本不认识的种类", "a kind that is not known here"));
    else if (s->clocks->missing[op])
        strike(s, op, XG_EFFECT_PENDING,
               s->clocks->strays[op]
                   ? XG_T("引用了另一对象的记录",
                          "cites a record of another entity")
                   : XG_T("引用的记录尚未到达",
                          "cites a record not yet here"));
    else if (s->ops[op].no_right)
        strike(s, op, XG_EFFECT_NO_RIGHT, s->ops[op].no_right);
    else if (r->head.move == XG_MOVE_ERASE && !s->ops[op].erases)
        strike(s, op, XG_EFFECT_NO_RIGHT,
               XG_T("抹除只能由督办单位在服务器上做",
                    "only a supervising office may erase, on the server"));
    else if (oversteps(&s->ops[op]))
        strike(s, op, XG_EFFECT_NO_RIGHT,
               XG_T("这个角色不能这样填写办理字段",
                    "the author's role may not set such fields of a case"));
    else if (r->fields_raw.len == 0 || s->ops[op].erasure)
        strike(s, op, XG_EFFECT_REDACTED, XG_T("内容已抹除", "the fields were erased"));
}

/* Had the author of this op seen a move into that status? It was one that then
 * did not take effect. */
static bool built_on(const struct xg_state *s, uint32_t op, uint64_t status)
{
    for (uint32_t i = 0; i < s->count; i++) {
        const struct xg_head *h = &s->ops[i].record->head;
        const struct xg_transition *t =
            i == op || !h->move ? NULL : xg_transition_find(h->from, h->move);
        if (t && t->to == status && xg_state_precedes(s, i, op))
            return true;
    }
    return false;
}

/* Rule 10: may this move take effect here? Strikes it out where not. */
static bool may_move(struct xg_state *s, uint32_t op)
{
    const struct xg_head *h = &s->ops[op].record->head;
    const struct xg_transition *t = xg_transition_find(h->from, h->move);
    const struct xg_need *lacking;

    bool bound = h->from != 0; /* to a status */

    if (!t || (bound && s->kind->first_status == 0)) {
        strike(s, op, XG_EFFECT_INVALID,
               XG_T("该状态下没有这个动作", "no such move from that status"));
    } else if (!(t->who & XG_ROLE_BIT(s->ops[op].role))) {
        strike(s, op, XG_EFFECT_NO_RIGHT,
               XG_T("这个角色不能做这一步", "the author's role has not the move"));
    } else if (bound && !t->to &&
               !(s->progress.been & XG_STATUS_BIT(h->from)) &&
               built_on(s, op, h->from)) {
        strike(s, op, XG_EFFECT_OVERTAKEN,
               XG_T("所依据的那一步没有生效",
                    "the step that it builds on did not take effect"));
    } else if (bound && !t->to &&
               !(s->progress.been & XG_STATUS_BIT(h->from))) {
        strike(s, op, XG_EFFECT_INVALID,
               XG_T("此前从没到过记录人说的那个状态",
                    "it never was in the status that its author names"));
    } else if (t->to && h->from != s->status) {
        strike(s, op, XG_EFFECT_OVERTAKEN,
               XG_T("别人已先办了一步，状态变了",
                    "the status had changed before"));
    } else if ((lacking = xg_progress_lacks(&s->progress, s->ops, s, op, t))) {
        uint32_t met = xg_progress_taken_by(&s->progress, s->ops, op, lacking);
        if (met != XG_NONE && !xg_state_precedes(s, met, op))
            strike(s, op, XG_EFFECT_OVERTAKEN,
                   XG_T("别人已先办了一步", "somebody else was first"));
        else
            strike(s, op, XG_EFFECT_LACKING,
                   xg_label(lacking->zh, lacking->en));
    } else {
        if (t->to) {
            s->status = t->to;
            s->progress.been |= XG_STATUS_BIT(s->status);
        }
        return true;
    }
    return false;
}

/* One step of the topological order. */
static void step_status(struct xg_state *s, uint32_t op)
{
    if (!xg_state_counts(s, op))
        return;
    if (op == s->creator) {
        s->status = s->kind->first_status;
        s->progress.been = XG_STATUS_BIT(s->status);
    }
    if (!s->ops[op].record->head.move || may_move(s, op))
        xg_progress_take(&s->progress, s, op);
}

/* ---- registers (rules 2, 3) ---- */

struct register_list {
    struct xg_state *state;
    struct xg_arena *arena;
    size_t register_room, set_room;
    /* The last writer on each branch of the register at hand: any earlier one
     * of that branch is dominated by it. */
    uint32_t *candidates;
};

static bool wins(const struct xg_state *s, uint32_t a, uint32_t b)
{
    const struct xg_op *x = &s->ops[a], *y = &s->ops[b];

    if (x->rank != y->rank)
        return x->rank > y->rank;
    return xg_hash_compare(&x->record->hash, &y->record->hash) > 0;
}

static void settle(struct xg_state *s, struct xg_register *reg)
{
    struct xg_cbor_item shown, other;

    /* Insertion sort: what is shown comes first. */
    for (size_t i = 1; i < reg->head_count; i++) {
        uint32_t op = reg->heads[i];
        size_t j = i;
        for (; j > 0 && wins(s, op, reg->heads[j - 1]); j--)
            reg->heads[j] = reg->heads[j - 1];
        reg->heads[j] = op;
    }
    reg->conflict = false;
    xg_record_field(s->ops[reg->heads[0]].record, reg->number, &shown);
    for (size_t i = 1; i < reg->head_count; i++) {
        xg_record_field(s->ops[reg->heads[i]].record, reg->number, &other);
        if (!xg_bytes_equal(shown.raw, other.raw))
            reg->conflict = true;
    }
    if (reg->conflict)
        s->conflict_count++;
}

/* One more writer, in topological order: it replaces the heads it has seen. */
static enum xg_status write_register(struct register_list *list,
                                     struct xg_register *reg, uint32_t op,
                                     struct xg_error *err)
{
    const struct xg_state *s = list->state;
    size_t kept = 0;

    for (size_t i = 0; i < reg->head_count; i++)
        if (!xg_state_precedes(s, reg->heads[i], op))
            reg->heads[kept++] = reg->heads[i];
    reg->head_count = kept;
    /* Grow by doubling; the arena keeps the outgrown arrays until the end. */
    if ((kept & (kept - 1)) == 0) {
        uint32_t *grown = xg_arena_array(list->arena, kept ? kept * 2 : 1,
                                         sizeof *grown);
        if (!grown)
            return xg_fail_nomem(err);
        if (kept)
            memcpy(grown, reg->heads, kept * sizeof *grown);
        reg->heads = grown;
    }
    reg->heads[reg->head_count++] = op;
    return XG_OK;
}

/* ---- finding the register or set of a number, kept ascending ---- */

static void *slot(void *items, size_t *count, size_t *room, size_t size,
                  size_t at, struct xg_arena *arena)
{
    unsigned char *base = items;

    if (*count == *room) {
        size_t grown = *room ? *room * 2 : 16;
        unsigned char *moved = xg_arena_array(arena, grown, size);
        if (!moved)
            return NULL;
        if (*count)
            memcpy(moved, base, *count * size);
        base = moved;
        *room = grown;
    }
    memmove(base + (at + 1) * size, base + at * size, (*count - at) * size);
    memset(base + at * size, 0, size);
    (*count)++;
    return base;
}

static struct xg_register *register_at(struct register_list *list,
                                       uint64_t number,
                                       const struct xg_field *field)
{
    struct xg_state *s = list->state;
    size_t at = 0;

    while (at < s->register_count && s->registers[at].number < number)
        at++;
    if (at == s->register_count || s->registers[at].number != number) {
        void *moved = slot(s->registers, &s->register_count,
                           &list->register_room, sizeof *s->registers, at,
                           list->arena);
        if (!moved)
            return NULL;
        s->registers = moved;
        s->registers[at].number = number;
        s->registers[at].field = field;
    }
    return &s->registers[at];
}

static struct xg_set *set_at(struct register_list *list, uint64_t number,
                             const struct xg_field *field)
{
    struct xg_state *s = list->state;
    size_t at = 0;

    while (at < s->set_count && s->sets[at].number < number)
        at++;
    if (at == s->set_count || s->sets[at].number != number) {
        void *moved = slot(s->sets, &s->set_count, &list->set_room,
                           sizeof *s->sets, at, list->arena);
        if (!moved)
            return NULL;
        s->sets = moved;
        s->sets[at].number = number;
        s->sets[at].field = field;
    }
    return &s->sets[at];
}

/* ---- sets (rule 6) ---- */

static enum xg_status add_elements(struct register_list *list,
                                   struct xg_set *set, uint32_t op,
                                   const struct xg_cbor_item *added,
                                   struct xg_error *err)
{
    struct xg_cbor c = xg_cbor_inside(added);
    struct xg_cbor_item element;

    for (uint32_t i = 0; xg_cbor_next(&c, &element); i++) {
        if ((set->count & (set->count - 1)) == 0) {
            struct xg_element *grown =
                xg_arena_array(list->arena, set->count ? set->count * 2 : 1,
                               sizeof *grown);
            if (!grown)
                return xg_fail_nomem(err);
            if (set->count)
                memcpy(grown, set->elements, set->count * sizeof *grown);
            set->elements = grown;
        }
        set->elements[set->count++] = (struct xg_element){
            .op = op, .index = i, .value = element.raw, .remover = XG_NONE};
    }
    return XG_OK;
}

/* The element that a removal names, or NULL. Elements lie in the order of the
 * ops that added them, each op's in a row. O(log n). */
static struct xg_element *element_of(const struct xg_state *s,
                                     const struct xg_set *set, uint32_t adder,
                                     uint64_t index)
{
    size_t low = 0, high = set->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->clocks->rank_in_order[set->elements[mid].op] <
            s->clocks->rank_in_order[adder])
            low = mid + 1;
        else
            high = mid;
    }
    if (index >= set->count - low || set->elements[low + index].op != adder)
        return NULL;
    return &set->elements[low + index];
}

static void remove_elements(struct xg_state *s, struct xg_set *set,
                            uint32_t op, const struct xg_cbor_item *removed)
{
    struct xg_cbor c = xg_cbor_inside(removed);
    struct xg_cbor_item pair, hash, index;

    while (xg_cbor_next(&c, &pair)) {
        struct xg_cbor p = xg_cbor_inside(&pair);
        struct xg_hash named;
        xg_cbor_next(&p, &hash);
        xg_cbor_next(&p, &index);
        memcpy(named.b, hash.bytes.at, XG_HASH_SIZE);
        uint32_t adder = xg_causality_find(s, &named);
        struct xg_element *e =
            adder == XG_NONE ? NULL : element_of(s, set, adder, index.number);
        if (e && !e->removed) {
            e->removed = true;
            e->remover = op;
        }
    }
}

/* What one record adds to (pass 1) or removes from (pass 2) its sets. */
static enum xg_status fold_set(struct register_list *list, uint32_t op,
                               const struct xg_field *field,
                               const struct xg_cbor_item *value,
                               uint64_t pass, struct xg_error *err)
{
    struct xg_set *set = set_at(list, field->number, field);
    struct xg_cbor c = xg_cbor_inside(value);
    struct xg_cbor_item key, items;

    if (!set)
        return xg_fail_nomem(err);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &items)) {
        if (key.number != pass)
            continue;
        if (pass == XG_SET_REMOVED)
            remove_elements(list->state, set, op, &items);
        else if (add_elements(list, set, op, &items, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status fold_record(struct register_list *list, uint32_t op,
                                  uint64_t pass, struct xg_error *err)
{
    struct xg_state *s = list->state;
    struct xg_field_cursor c = xg_record_fields(s->ops[op].record);
    struct xg_cbor_item value;
    uint64_t number;

    while (xg_field_next(&c, &number, &value)) {
        const struct xg_field *f = xg_field_find(s->kind, number);
        enum xg_merge merge = f ? f->merge : XG_MERGE_REGISTER;
        if (merge == XG_MERGE_SET) {
            if (fold_set(list, op, f, &value, pass, err) != XG_OK)
                return err->status;
        } else if (merge == XG_MERGE_REGISTER && pass == XG_SET_ADDED) {
            struct xg_register *reg = register_at(list, number, f);
            if (!reg)
                return xg_fail_nomem(err);
            if (write_register(list, reg, op, err) != XG_OK)
                return err->status;
        }
    }
    return XG_OK;
}

static enum xg_status fold_fields(struct xg_state *s, struct xg_arena *arena,
                                  struct xg_error *err)
{
    struct register_list list = {.state = s, .arena = arena};

    for (uint64_t pass = XG_SET_ADDED; pass <= XG_SET_REMOVED; pass++)
        for (size_t i = 0; i < s->count; i++)
            if (xg_state_counts(s, s->order[i]) &&
                fold_record(&list, s->order[i], pass, err) != XG_OK)
                return err->status;
    for (size_t i = 0; i < s->register_count; i++)
        settle(s, &s->registers[i]);
    return XG_OK;
}

/* ---- withdrawal (rule 7) ---- */

static bool writes_number(const struct xg_state *s, uint32_t op,
                          uint64_t number)
{
    struct xg_cbor_item value;
    return xg_record_field(s->ops[op].record, number, &value);
}

/* An erasure changes nothing that a withdrawal could be at odds with. */
static bool edits(const struct xg_state *s, uint32_t op)
{
    return xg_state_counts(s, op) && s->clocks->writes[op] &&
           s->ops[op].record->head.move != XG_MOVE_ERASE;
}

static void fold_withdrawal(struct xg_state *s)
{
    const struct xg_register *reg = xg_state_register(s, XG_FIELD_WITHDRAWN);
    struct xg_cbor_item value;

    if (!reg || !xg_state_value(s, XG_FIELD_WITHDRAWN, &value))
        return;
    if (reg->conflict)
        return; /* counted already; shown as not withdrawn */
    if (value.type != XG_CBOR_BOOL || !value.number)
        return;
    for (size_t h = 0; h < reg->head_count && !s->withdraw_conflict; h++)
        for (uint32_t op = 0; op < s->count; op++)
            if (op != reg->heads[h] && edits(s, op) &&
                !xg_state_precedes(s, op, reg->heads[h]) &&
                !xg_state_precedes(s, reg->heads[h], op) &&
                !writes_number(s, op, XG_FIELD_WITHDRAWN)) {
                s->withdraw_conflict = true;
                break;
            }
    s->withdrawn = !s->withdraw_conflict;
    s->conflict_count += s->withdraw_conflict;
}

/* An overtaken move stays a conflict until a record that has seen it decides
 * the status (field number 0 in `decided`). */
static bool decides_status(const struct xg_state *s, uint32_t op)
{
    struct xg_cbor_item list, first;

    if (!xg_state_counts(s, op) ||
        !xg_record_field(s->ops[op].record, XG_FIELD_DECIDED, &list))
        return false;
    struct xg_cbor c = xg_cbor_inside(&list);
    return xg_cbor_next(&c, &first) && first.number == 0;
}

static enum xg_status count_overtaken(struct xg_state *s,
                                      struct xg_arena *arena,
                                      struct xg_error *err)
{
    uint32_t *deciders = xg_arena_array(arena, s->count + 1, sizeof *deciders);
    size_t count = 0;

    if (!deciders)
        return xg_fail_nomem(err);
    for (uint32_t op = 0; op < s->count; op++)
        if (decides_status(s, op))
            deciders[count++] = op;
    for (uint32_t op = 0; op < s->count; op++) {
        bool decided = false;
        if (s->effects[op] != XG_EFFECT_OVERTAKEN)
            continue;
        for (size_t i = 0; i < count && !decided; i++)
            decided = xg_state_precedes(s, op, deciders[i]);
        s->conflict_count += !decided;
    }
    return XG_OK;
}

/* ---- the heads of the entity: what nobody has seen and built on ---- */

static enum xg_status find_tips(struct xg_state *s, struct xg_arena *arena,
                                struct xg_error *err)
{
    s->tips = xg_arena_array(arena, s->count + 1, sizeof *s->tips);
    if (!s->tips)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < s->count; i++) {
        uint32_t op = s->order[i];
        size_t kept = 0;
        /* Additions to sets are never heads; what is struck out or without
         * right must not crowd out what an honest record has to cite. */
        if (!s->clocks->writes[op] || s->ops[op].no_right ||
            s->effects[op] == XG_EFFECT_INVALID ||
            s->effects[op] == XG_EFFECT_NO_RIGHT ||
            s->effects[op] == XG_EFFECT_LACKING)
            continue;
        for (size_t t = 0; t < s->tip_count; t++)
            if (!xg_state_precedes(s, s->tips[t], op))
                s->tips[kept++] = s->tips[t];
        s->tip_count = kept;
        s->tips[s->tip_count++] = op;
    }
    return XG_OK;
}

enum xg_status xg_merge(struct xg_state *state, struct xg_arena *arena,
                        const struct xg_id *id, const struct xg_op *ops,
                        size_t count, const struct xg_elsewhere *elsewhere,
                        struct xg_error *err)
{
    struct xg_state s = {.id = *id, .ops = ops, .count = count};

    s.effects = xg_arena_array(arena, count + 1, sizeof *s.effects);
    s.reasons = xg_arena_array(arena, count + 1, sizeof *s.reasons);
    if (!s.effects || !s.reasons)
        return xg_fail_nomem(err);
    if (xg_causality(&s, arena, elsewhere, err) != XG_OK)
        return err->status;

    find_creator(&s);
    xg_progress_begin(&s.progress);
    for (uint32_t op = 0; op < count; op++)
        judge(&s, op);
    for (size_t i = 0; i < count; i++)
        step_status(&s, s.order[i]);
    if (fold_fields(&s, arena, err) != XG_OK)
        return err->status;
    fold_withdrawal(&s);
    if (count_overtaken(&s, arena, err) != XG_OK || find_tips(&s, arena, err) != XG_OK)
        return err->status;
    *state = s;
    return XG_OK;
}

/* ---- asking ---- */

const struct xg_register *xg_state_register(const struct xg_state *s,
                                            uint64_t number)
{
    for (size_t i = 0; i < s->register_count; i++)
        if (s->registers[i].number == number)
            return &s->registers[i];
    return NULL;
}

const struct xg_set *xg_state_set(const struct xg_state *s, uint64_t number)
{
    for (size_t i = 0; i < s->set_count; i++)
        if (s->sets[i].number == number)
            return &s->sets[i];
    return NULL;
}

bool xg_state_value(const struct xg_state *s, uint64_t number,
                    struct xg_cbor_item *value)
{
    const struct xg_register *reg = xg_state_register(s, number);

    return reg && xg_record_field(s->ops[reg->heads[0]].record, number,
                                  value) &&
           value->type != XG_CBOR_NULL;
}

bool xg_state_text(char *out, size_t size, const struct xg_state *s,
                   uint64_t number)
{
    struct xg_cbor_item item = {.type = XG_CBOR_NULL};

    xg_state_value(s, number, &item);
    return xg_cbor_text(out, size, &item);
}

/* Do the two write a register in common? */
static bool overlap(const struct xg_state *s, uint32_t a, uint32_t b)
{
    struct xg_field_cursor c = xg_record_fields(s->ops[a].record);
    struct xg_cbor_item value;
    uint64_t number;

    while (xg_field_next(&c, &number, &value)) {
        const struct xg_field *f = xg_field_find(s->kind, number);
        if ((!f || f->merge == XG_MERGE_REGISTER) &&
            writes_number(s, b, number))
            return true;
    }
    return false;
}

bool xg_state_parallel(const struct xg_state *s, uint32_t a)
{
    if (!xg_state_counts(s, a) || !s->clocks->writes[a])
        return false;
    for (uint32_t b = 0; b < s->count; b++)
        if (b != a && xg_state_counts(s, b) && s->clocks->writes[b] &&
            !xg_state_precedes(s, a, b) && !xg_state_precedes(s, b, a) &&
            !overlap(s, a, b))
            return true;
    return false;
}

/* The last record on the own path whose past is known to everybody who will see
 * the new one. Of kinds that reach down those below do not see what only added
 * to sets: what such a record cited has to be cited again. */
static uint32_t past_of(const struct xg_state *s,
                        const struct xg_branch *branch, uint64_t seq)
{
    uint32_t own = xg_causality_before(s, branch, seq);

    while (own != XG_NONE && s->kind && s->kind->reaches_down &&
           !s->clocks->writes[own])
        own = s->clocks->path[own];
    return own;
}

size_t xg_state_foreign(const struct xg_state *s,
                        const struct xg_branch *branch, uint64_t seq,
                        struct xg_hash out[static XG_FOREIGN_HEADS_MAX])
{
    uint32_t own = past_of(s, branch, seq);
    size_t n = 0;

    for (size_t i = 0; i < s->tip_count && n < XG_FOREIGN_HEADS_MAX; i++) {
        uint32_t tip = s->tips[i];
        if (own != XG_NONE && (tip == own || xg_state_precedes(s, tip, own)))
            continue;
        out[n++] = s->ops[tip].record->hash;
    }
    return n;
}

static size_t add_unit(struct xg_bytes out[static XG_UNITS_MAX], size_t n,
                       struct xg_bytes unit)
{
    for (size_t i = 0; i < n; i++)
        if (xg_bytes_equal(out[i], unit))
            return n;
    if (n < XG_UNITS_MAX)
        out[n++] = unit;
    return n;
}

size_t xg_state_units(const struct xg_state *s,
                      struct xg_bytes out[static XG_UNITS_MAX])
{
    uint64_t number = s->kind && s->kind->number == XG_KIND_ASSESSMENT
                          ? XG_ASSESSMENT_SUBJECT
                          : XG_CASE_UNIT;
    const struct xg_register *with = xg_state_register(s, number);
    const struct xg_set *called = xg_state_set(s, XG_CASE_CALLED);
    struct xg_cbor_item value;
    size_t n = 0;

    if (!s->kind || !s->kind->first_status)
        return 0;
    for (size_t i = 0; with && i < with->head_count; i++)
        if (xg_record_field(s->ops[with->heads[i]].record, number, &value) &&
            value.type == XG_CBOR_TEXT)
            n = add_unit(out, n, value.bytes);
    for (size_t i = 0; called && i < called->count; i++) {
        struct xg_cbor c = xg_cbor_over(called->elements[i].value);
        if (!called->elements[i].removed && xg_cbor_next(&c, &value))
            n = add_unit(out, n, value.bytes);
    }
    return n;
}
