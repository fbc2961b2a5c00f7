/* then.c - see then.h: a fold of fewer records. */
#include "server/cli/then.h"

/* Of the rows those that `keep` says. */
static enum xg_status fold_some(struct then *out, struct xg_arena *arena,
                                struct store *store,
                                const struct xg_registry *registry,
                                const struct fold *now, const bool *keep,
                                struct xg_error *err)
{
    struct fold_rows rows = {.show = true};
    struct then made = {.there = false};

    rows.rows = xg_arena_array(arena, now->count + 1, sizeof *rows.rows);
    if (!rows.rows)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < now->count; i++)
        if (keep[i])
            rows.rows[rows.count++] = now->rows[i];
    if (rows.count && fold_of_rows(&made.fold, arena, store, registry,
                                   &now->entity, &rows, err) != XG_OK)
        return err->status;
    made.there = rows.count && made.fold.state.kind &&
                 made.fold.state.creator != XG_NONE;
    *out = made;
    return XG_OK;
}

enum xg_status then_by_time(struct then *out, struct xg_arena *arena,
                            struct store *store,
                            const struct xg_registry *registry,
                            const struct fold *now, int64_t at_ms,
                            struct xg_error *err)
{
    bool *keep = xg_arena_array(arena, now->count + 1, sizeof *keep);
    int64_t *times_ms;

    if (!keep)
        return xg_fail_nomem(err);
    if (xg_effective_of(&times_ms, arena, &now->state, now->whens, err) !=
        XG_OK)
        return err->status;
    for (size_t i = 0; i < now->count; i++)
        keep[i] = times_ms[i] <= at_ms;
    return fold_some(out, arena, store, registry, now, keep, err);
}

enum xg_status then_by_log(struct then *out, struct xg_arena *arena,
                           struct store *store,
                           const struct xg_registry *registry,
                           const struct fold *now, uint64_t size,
                           struct xg_error *err)
{
    bool *keep = xg_arena_array(arena, now->count + 1, sizeof *keep);

    if (!keep)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < now->count; i++)
        keep[i] = now->rows[i].shown < size && now->rows[i].position < size;
    return fold_some(out, arena, store, registry, now, keep, err);
}

enum xg_status then_overdue(int64_t *due_ms, struct xg_arena *arena,
                            const struct then *then,
                            const struct guide_rules *rules, int64_t at_ms,
                            struct xg_error *err)
{
    struct xg_clock *clocks;
    size_t count;

    *due_ms = XG_NO_TIME;
    if (guide_clocks(&clocks, &count, arena, &then->fold, rules, at_ms, err) !=
        XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        const struct xg_clock *c = &clocks[i];
        bool over = c->end_ms == XG_NO_TIME && c->limited && !c->paused &&
                    c->due_ms != XG_NO_TIME && c->due_ms < at_ms;
        if (over && (*due_ms == XG_NO_TIME || c->due_ms < *due_ms))
            *due_ms = c->due_ms;
    }
    return XG_OK;
}
