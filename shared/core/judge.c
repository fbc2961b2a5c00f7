/* judge.c - see judge.h. */
#include "shared/core/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/erase.h"

/* The op that creates the entity; of two that share 128 bits of their hash (a
 * forger's work) the greater, the same everywhere. */
static uint32_t find_creator(const struct xg_op *ops, size_t count,
                             const struct xg_id *id)
{
    uint32_t creator = XG_NONE;

    for (uint32_t i = 0; i < count; i++)
        if (xg_creates(ops[i].record, id) &&
            (creator == XG_NONE ||
             xg_hash_compare(&ops[i].record->hash, &ops[creator].record->hash) >
                 0))
            creator = i;
    return creator;
}

/* A grid that the registry did not know then (no worker has it, or it was
 * mistyped) is nobody's: who wrote it, and those above them, look after it. */
static enum xg_status find_home(struct xg_home *home, const struct xg_op *ops,
                                struct xg_judgement *const *judged,
                                const struct xg_registry *registry,
                                struct xg_error *err)
{
    const struct xg_record *first = ops[home->creator].record;
    const struct xg_judgement *j = judged[home->creator];
    struct xg_statement line;
    struct xg_cbor_item grid;
    char code[XG_CODE_MAX + 1];
    uint64_t position;
    bool known = true;

    snprintf(home->author, sizeof home->author, "%s", j->author);
    snprintf(home->unit, sizeof home->unit, "%s", j->unit);
    if (first->malformed || !xg_record_field(first, XG_FIELD_GRID, &grid) ||
        !xg_cbor_text(code, sizeof code, &grid))
        return XG_OK;
    if (*j->unit && registry->find(registry->ctx, XG_SAYS_UNIT, code, j->size,
                                   &line, &position, &known, err) != XG_OK)
        return err->status;
    if (known)
        memcpy(home->unit, code, sizeof code);
    return XG_OK;
}

/* What reaches down never reaches beyond its author's own unit. */
static enum xg_status hold_down(struct xg_home *home,
                                const struct xg_judgement *j,
                                const struct xg_registry *registry,
                                struct xg_error *err)
{
    bool within;

    if (xg_unit_within(&within, registry, home->unit, j->unit, j->size, err) !=
        XG_OK)
        return err->status;
    if (!within)
        snprintf(home->unit, sizeof home->unit, "%s", j->unit);
    return XG_OK;
}

/* ---- whose hands it was put into ---- */

/* Distinct units, ascending; lent by the records. */
struct assigned {
    struct xg_bytes *units;
    size_t count, room;
};

static int compare_units(struct xg_bytes a, struct xg_bytes b)
{
    int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static enum xg_status assign(struct assigned *a,
                             const struct xg_cbor_item *value,
                             struct xg_error *err)
{
    size_t low = 0, high = a->count;

    if (value->type != XG_CBOR_TEXT || value->bytes.len > XG_CODE_MAX)
        return XG_OK;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare_units(a->units[mid], value->bytes) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < a->count && xg_bytes_equal(a->units[low], value->bytes))
        return XG_OK;
    if (a->count == a->room) {
        size_t room = a->room ? a->room * 2 : 16;
        struct xg_bytes *grown = realloc(a->units, room * sizeof *grown);
        if (!grown)
            return xg_fail_nomem(err);
        a->units = grown;
        a->room = room;
    }
    memmove(a->units + low + 1, a->units + low,
            (a->count++ - low) * sizeof *a->units);
    a->units[low] = value->bytes;
    return XG_OK;
}

/* Who is assessed gets to see it, and may appeal. */
static bool assesses(const struct xg_record *r, uint32_t role)
{
    return r->head.creates && r->head.kind == XG_KIND_ASSESSMENT &&
           xg_move_allowed(XG_MOVE_DISPATCH, role);
}

static enum xg_status note_assigned(struct assigned *a,
                                    const struct xg_record *r,
                                    const struct xg_judgement *j,
                                    struct xg_error *err)
{
    struct xg_cbor_item value, key;

    if (j->no_right || r->malformed || !j->role)
        return XG_OK;
    if (assesses(r, j->role->number) &&
        xg_record_field(r, XG_ASSESSMENT_SUBJECT, &value))
        return assign(a, &value, err);
    if (!xg_record_assigns(r, j->role->number))
        return XG_OK;
    if (xg_record_field(r, XG_CASE_UNIT, &value) &&
        assign(a, &value, err) != XG_OK)
        return err->status;
    if (!xg_move_calls(r->head.move) ||
        !xg_record_field(r, XG_CASE_CALLED, &value))
        return XG_OK;
    struct xg_cbor c = xg_cbor_inside(&value);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &value)) {
        struct xg_cbor added = xg_cbor_inside(&value);
        while (key.number == XG_SET_ADDED && xg_cbor_next(&added, &value))
            if (assign(a, &value, err) != XG_OK)
                return err->status;
    }
    return XG_OK;
}

/* ---- one record ---- */

struct bench {
    const struct xg_home *home;
    const struct xg_kind *kind; /* of the entity; NULL unknown */
    const struct xg_registry *registry;
    const struct xg_op *ops;
    struct xg_judgement *const *judged;
    size_t count;
    struct written *written; /* by hash; of a kind that reaches down */
};

/* Who wrote a record. */
struct written {
    const struct xg_hash *hash;
    const char *author;
};

static int by_hash(const void *a, const void *b)
{
    const struct written *x = a, *y = b;
    return xg_hash_compare(x->hash, y->hash);
}

static enum xg_status index_authors(struct bench *b, struct xg_error *err)
{
    b->written = malloc((b->count + 1) * sizeof *b->written);
    if (!b->written)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < b->count; i++)
        b->written[i] = (struct written){&b->ops[i].record->hash,
                                         b->judged[i]->author};
    qsort(b->written, b->count, sizeof *b->written, by_hash);
    return XG_OK;
}

/* Was the record of that hash written by this author? O(log n). */
static bool is_own(const struct bench *b, const char *author,
                   struct xg_bytes hash)
{
    struct xg_hash named;
    const struct written key = {.hash = &named}, *found;

    memcpy(named.b, hash.at, XG_HASH_SIZE);
    found = bsearch(&key, b->written, b->count, sizeof key, by_hash);
    return found && strcmp(found->author, author) == 0;
}

/* A set's value: nothing is taken out but what the author put in. */
static bool removes_own(const struct bench *b, const char *author,
                        const struct xg_cbor_item *value)
{
    struct xg_cbor c = xg_cbor_inside(value);
    struct xg_cbor_item key, list, pair, hash;

    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &list)) {
        struct xg_cbor removed = xg_cbor_inside(&list);
        while (key.number == XG_SET_REMOVED && xg_cbor_next(&removed, &pair)) {
            struct xg_cbor p = xg_cbor_inside(&pair);
            if (!xg_cbor_next(&p, &hash) || !is_own(b, author, hash.bytes))
                return false;
        }
    }
    return true;
}

/* Additions to sets, and their author's own taken out again; nothing else. */
static bool only_adds(const struct bench *b, const char *author,
                      const struct xg_record *r)
{
    struct xg_field_cursor c = xg_record_fields(r);
    struct xg_cbor_item value;
    uint64_t number;

    if (r->malformed || r->head.move)
        return false;
    while (xg_field_next(&c, &number, &value)) {
        const struct xg_field *f = xg_field_find(b->kind, number);
        if (!f || f->merge == XG_MERGE_REGISTER || number == XG_FIELD_DECIDED)
            return false;
        if (f->merge == XG_MERGE_SET && !removes_own(b, author, &value))
            return false;
    }
    return true;
}

/* A handover is signed by whom it is addressed to, wherever they work. */
static bool is_addressed(const struct bench *b, const char *author)
{
    struct xg_cbor_item to;

    return b->kind && b->kind->number == XG_KIND_HANDOVER &&
           xg_record_field(b->ops[b->home->creator].record, XG_HANDOVER_TO,
                           &to) &&
           to.type == XG_CBOR_TEXT &&
           xg_bytes_equal(to.bytes, xg_bytes_of(author));
}

/* By their own, or by where the entity is at home. What reaches down is made
 * for the author's own unit or one below it: nobody fills the lists of a whole
 * district from a grid. */
static enum xg_status judge_at_home(bool *right, const struct bench *b,
                                    const struct xg_judgement *j,
                                    const struct xg_record *r,
                                    struct xg_error *err)
{
    *right = true;
    bool down = b->kind && b->kind->reaches_down;

    if (b->home->creator == XG_NONE ||
        (!down && strcmp(j->author, b->home->author) == 0) ||
        (j->role && j->role->number == XG_ROLE_SERVER) ||
        is_addressed(b, j->author) ||
        (j->on_server && !r->malformed && r->head.move == XG_MOVE_ERASE))
        return XG_OK;
    if (xg_unit_within(right, b->registry, b->home->unit, j->unit, j->size,
                       err) != XG_OK)
        return err->status;
    if (!*right && down && only_adds(b, j->author, r))
        return xg_unit_within(right, b->registry, j->unit, b->home->unit,
                              j->size, err);
    return XG_OK;
}

static enum xg_status judge_assigned(bool *right, const struct bench *b,
                                     const struct assigned *assigned,
                                     const struct xg_judgement *j,
                                     struct xg_error *err)
{
    char code[XG_CODE_MAX + 1];

    *right = false;
    for (size_t i = 0; !*right && i < assigned->count; i++) {
        struct xg_bytes unit = assigned->units[i];
        snprintf(code, sizeof code, "%.*s", (int)unit.len,
                 (const char *)unit.at);
        if (xg_unit_within(right, b->registry, code, j->unit, j->size, err) !=
            XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* Right by home for each op; how many are outside it. Whom those with right
 * put it in the hands of is noted. */
static enum xg_status judge_all_at_home(struct assigned *assigned,
                                        size_t *outside, const struct bench *b,
                                        struct xg_op *ops, struct xg_error *err)
{
    for (size_t i = 0; i < b->count; i++) {
        struct xg_judgement *j = b->judged[i];
        bool right = true;
        if (j->no_right == NULL &&
            judge_at_home(&right, b, j, ops[i].record, err) != XG_OK)
            return err->status;
        if (!right)
            j->no_right = XG_T("这件不归记录人的网格或单位；该您办的，请让调度员"
                               "派给您",
                               "outside the author's grid or unit; what is "
                               "yours to do, have a dispatcher give you");
        *outside += !right;
        ops[i].no_right = right ? NULL : j->no_right;
        if (b->kind && b->kind->first_status &&
            note_assigned(assigned, ops[i].record, j, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* Who is outside its home but was given it. Many in a row are of one author:
 * the answer for the last one is kept. */
static enum xg_status judge_all_assigned(const struct bench *b,
                                         const struct assigned *assigned,
                                         const struct xg_op *ops,
                                         struct xg_error *err)
{
    const struct xg_judgement *last = NULL;
    bool right = false;

    for (size_t i = 0; i < b->count; i++) {
        struct xg_judgement *j = b->judged[i];
        if (!ops[i].no_right)
            continue;
        if ((!last || last->size != j->size ||
             strcmp(last->unit, j->unit) != 0) &&
            judge_assigned(&right, b, assigned, j, err) != XG_OK)
            return err->status;
        last = j;
        if (right)
            j->no_right = NULL;
    }
    return XG_OK;
}

/* Who was given it, and may hand it on, hands it on: until nobody new has it. */
static enum xg_status judge_hands(const struct bench *b,
                                  struct assigned *assigned,
                                  const struct xg_op *ops,
                                  struct xg_error *err)
{
    size_t known;

    do {
        known = assigned->count;
        if (judge_all_assigned(b, assigned, ops, err) != XG_OK)
            return err->status;
        for (size_t i = 0; i < b->count; i++)
            if (ops[i].no_right && !b->judged[i]->no_right &&
                note_assigned(assigned, ops[i].record, b->judged[i], err) !=
                    XG_OK)
                return err->status;
    } while (assigned->count > known);
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

/* Before anything is read of the records. */
static enum xg_status apply_erasures(struct xg_arena *arena, struct xg_op *ops,
                                     struct xg_judgement *const *judged,
                                     size_t count, struct xg_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct xg_judgement *j = judged[i];
        ops[i].erases = j->on_server && !j->no_right && j->role &&
                        xg_move_allowed(XG_MOVE_ERASE, j->role->number);
    }
    return xg_erase(ops, count, arena, err);
}

enum xg_status xg_judge_ops(struct xg_home *home, struct xg_arena *arena,
                            struct xg_op *ops,
                            struct xg_judgement *const *judged, size_t count,
                            const struct xg_id *id,
                            const struct xg_registry *registry,
                            struct xg_error *err)
{
    if (apply_erasures(arena, ops, judged, count, err) != XG_OK)
        return err->status;

    struct xg_home h = {.creator = find_creator(ops, count, id)};
    struct bench b = {.home = &h,
                      .kind = kind_of(ops, h.creator),
                      .registry = registry,
                      .ops = ops,
                      .judged = judged,
                      .count = count};
    struct assigned assigned = {.count = 0};
    enum xg_status status = XG_OK;
    size_t outside = 0;

    if (h.creator != XG_NONE)
        status = find_home(&h, ops, judged, registry, err);
    if (status == XG_OK && b.kind && b.kind->reaches_down)
        status = hold_down(&h, judged[h.creator], registry, err);
    if (status == XG_OK && b.kind && b.kind->reaches_down)
        status = index_authors(&b, err);
    if (status == XG_OK)
        status = judge_all_at_home(&assigned, &outside, &b, ops, err);
    if (status == XG_OK && outside && assigned.count)
        status = judge_hands(&b, &assigned, ops, err);
    if (status == XG_OK) {
        for (size_t i = 0; i < count; i++)
            settle(&ops[i], judged[i]);
        *home = h;
    }
    free(assigned.units);
    free(b.written);
    return status;
}
