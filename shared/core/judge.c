/* judge.c - see judge.h. */
#include "shared/core/judge.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/lang.h"

/* The op that creates the entity; of two that share 128 bits of their hash (a
 * forger's work) the greater, the same everywhere. */
static uint32_t find_creator(const struct xg_op *ops, size_t count,
                             const struct xg_id *id)
{
    uint32_t creator = XG_NONE;

    for (uint32_t i = 0; i < count; i++)
        if (xg_creates(ops[i].record, id) &&
            (creator == XG_NONE ||
             xg_hash_compare(&ops[i].record->hash,
                             &ops[creator].record->hash) > 0))
            creator = i;
    return creator;
}

static void find_home(struct xg_home *home, const struct xg_op *ops,
                      struct xg_judgement *const *judged)
{
    const struct xg_record *first = ops[home->creator].record;
    const struct xg_judgement *j = judged[home->creator];
    struct xg_cbor_item grid;

    snprintf(home->author, sizeof home->author, "%s", j->author);
    snprintf(home->unit, sizeof home->unit, "%s", j->unit);
    if (!first->malformed && xg_record_field(first, XG_FIELD_GRID, &grid) &&
        grid.type == XG_CBOR_TEXT && grid.bytes.len <= XG_CODE_MAX)
        snprintf(home->unit, sizeof home->unit, "%.*s", (int)grid.bytes.len,
                 (const char *)grid.bytes.at);
}

/* ---- whose hands it was put into ---- */

/* Distinct units, ascending. Of more than fit the least are kept: the same
 * everywhere, whatever order the records come in. */
struct assigned {
    char units[XG_UNITS_MAX][XG_CODE_MAX + 1];
    size_t count;
};

static void assign(struct assigned *a, const struct xg_cbor_item *value)
{
    char code[XG_CODE_MAX + 1];
    size_t at = 0;

    if (value->type != XG_CBOR_TEXT || value->bytes.len > XG_CODE_MAX)
        return;
    memcpy(code, value->bytes.at, value->bytes.len);
    code[value->bytes.len] = '\0';
    while (at < a->count && strcmp(a->units[at], code) < 0)
        at++;
    if (at == XG_UNITS_MAX ||
        (at < a->count && strcmp(a->units[at], code) == 0))
        return;
    if (a->count < XG_UNITS_MAX)
        a->count++;
    memmove(a->units[at + 1], a->units[at],
            (a->count - 1 - at) * sizeof *a->units);
    memcpy(a->units[at], code, sizeof code);
}

/* Does this record say with right who is to work on the case? Whoever decides
 * a conflict about it, and whoever makes a task, says so without a move. */
static bool may_assign(const struct xg_record *r, uint32_t role)
{
    if (r->head.creates)
        return xg_kind_find(r->head.kind)->first_status ==
               XG_STATUS_DISPATCHED;
    if (r->head.move)
        return xg_move_assigns(r->head.move) &&
               xg_move_allowed(r->head.move, role);
    return xg_move_allowed(XG_MOVE_DISPATCH, role);
}

static void note_assigned(struct assigned *a, const struct xg_record *r,
                          const struct xg_judgement *j)
{
    struct xg_cbor_item value, key;

    if (j->no_right || r->malformed || !j->role ||
        !may_assign(r, j->role->number))
        return;
    if (xg_record_field(r, XG_CASE_UNIT, &value))
        assign(a, &value);
    if (!xg_record_field(r, XG_CASE_CALLED, &value))
        return;
    struct xg_cbor c = xg_cbor_inside(&value);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &value)) {
        struct xg_cbor added = xg_cbor_inside(&value);
        while (key.number == XG_SET_ADDED && xg_cbor_next(&added, &value))
            assign(a, &value);
    }
}

/* ---- one record ---- */

static bool only_adds(const struct xg_record *r, const struct xg_kind *kind)
{
    struct xg_field_cursor c = xg_record_fields(r);
    struct xg_cbor_item value;
    uint64_t number;

    if (r->head.move)
        return false;
    while (xg_field_next(&c, &number, &value)) {
        const struct xg_field *f = xg_field_find(kind, number);
        if (!f || f->merge == XG_MERGE_REGISTER || number == XG_FIELD_DECIDED)
            return false;
    }
    return true;
}

struct bench {
    const struct xg_home *home;
    const struct xg_kind *kind; /* of the entity; NULL unknown */
    const struct xg_registry *registry;
};

/* By their own, or by where the entity is at home. */
static enum xg_status judge_at_home(bool *right, const struct bench *b,
                                    const struct xg_judgement *j,
                                    const struct xg_record *r,
                                    struct xg_error *err)
{
    *right = true;
    if (b->home->creator == XG_NONE || strcmp(j->author, b->home->author) == 0)
        return XG_OK;
    if (xg_unit_within(right, b->registry, b->home->unit, j->unit, j->size,
                       err) != XG_OK)
        return err->status;
    if (!*right && b->kind && b->kind->reaches_down && !r->malformed &&
        only_adds(r, b->kind))
        return xg_unit_within(right, b->registry, j->unit, b->home->unit,
                              j->size, err);
    return XG_OK;
}

static enum xg_status judge_assigned(bool *right, const struct bench *b,
                                     const struct assigned *assigned,
                                     const struct xg_judgement *j,
                                     struct xg_error *err)
{
    *right = false;
    for (size_t i = 0; !*right && i < assigned->count; i++)
        if (xg_unit_within(right, b->registry, assigned->units[i], j->unit,
                           j->size, err) != XG_OK)
            return err->status;
    return XG_OK;
}

static void settle(struct xg_op *op, const struct xg_judgement *j)
{
    const struct xg_role *role = j->no_right ? NULL : j->role;

    op->no_right = j->no_right;
    op->rank = role ? role->rank : 0;
    op->role = role ? role->number : 0;
    op->author = j->author;
}

static const struct xg_kind *kind_of(const struct xg_op *ops, uint32_t creator)
{
    if (creator == XG_NONE || ops[creator].record->malformed)
        return NULL;
    return xg_kind_find(ops[creator].record->head.kind);
}

enum xg_status xg_judge_ops(struct xg_home *home, struct xg_op *ops,
                            struct xg_judgement *const *judged, size_t count,
                            const struct xg_id *id,
                            const struct xg_registry *registry,
                            struct xg_error *err)
{
    struct xg_home h = {.creator = find_creator(ops, count, id)};
    struct bench b = {&h, kind_of(ops, h.creator), registry};
    struct assigned assigned = {.count = 0};
    size_t outside = 0;

    if (h.creator != XG_NONE)
        find_home(&h, ops, judged);
    for (size_t i = 0; i < count; i++) {
        bool right = true;
        if (judged[i]->no_right == NULL &&
            judge_at_home(&right, &b, judged[i], ops[i].record, err) != XG_OK)
            return err->status;
        if (!right)
            judged[i]->no_right = XG_T("不在作者的网格或单位范围内",
                                       "outside the author's grid or unit");
        outside += !right;
        ops[i].no_right = right ? NULL : judged[i]->no_right;
        if (b.kind && b.kind->first_status)
            note_assigned(&assigned, ops[i].record, judged[i]);
    }
    for (size_t i = 0; outside && assigned.count && i < count; i++) {
        bool right;
        if (!ops[i].no_right)
            continue;
        if (judge_assigned(&right, &b, &assigned, judged[i], err) != XG_OK)
            return err->status;
        if (right)
            judged[i]->no_right = NULL;
    }
    for (size_t i = 0; i < count; i++)
        settle(&ops[i], judged[i]);
    *home = h;
    return XG_OK;
}
