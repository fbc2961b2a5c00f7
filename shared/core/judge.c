/* judge.c - see judge.h. */
#include "shared/core/judge.h"

#include <stdio.h>

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

static enum xg_status judge_one(struct xg_judgement *j,
                                const struct xg_home *home,
                                const struct xg_registry *registry,
                                struct xg_error *err)
{
    bool within;

    if (j->no_right || home->creator == XG_NONE ||
        strcmp(j->author, home->author) == 0)
        return XG_OK;
    if (xg_unit_within(&within, registry, home->unit, j->unit, j->size, err) !=
        XG_OK)
        return err->status;
    if (!within)
        j->no_right = "outside the author's grid or unit";
    return XG_OK;
}

enum xg_status xg_judge_ops(struct xg_home *home, struct xg_op *ops,
                            struct xg_judgement *const *judged, size_t count,
                            const struct xg_id *id,
                            const struct xg_registry *registry,
                            struct xg_error *err)
{
    struct xg_home h = {.creator = find_creator(ops, count, id)};

    if (h.creator != XG_NONE)
        find_home(&h, ops, judged);
    for (size_t i = 0; i < count; i++) {
        if (judge_one(judged[i], &h, registry, err) != XG_OK)
            return err->status;
        ops[i].no_right = judged[i]->no_right;
        ops[i].rank = judged[i]->no_right || !judged[i]->role
                          ? 0
                          : judged[i]->role->rank;
    }
    *home = h;
    return XG_OK;
}
