/* sim_down.c - what reaches those below is sound by itself; see sim.h.
 *
 * Of a notice or a campaign they get what writes registers, and not what others
 * only added to sets. So of those records alone each must come behind the same
 * ones as among all: else a value that its author knew, and wrote over, stands
 * beside the new one for them, a conflict that nobody else sees. This is asked
 * of every such entity, whether two wrote the same field or not, and whether
 * anybody below looked.
 */
#include "tests/sim/sim_server.h"

#include <inttypes.h>

#include "server/merge/fold.h"
#include "shared/core/causality.h"

enum { ARENA_MAX = 256 << 20, ROWS_EACH = 200 };

/* Of all records, those that write registers: what[i] is their i-th. */
struct part {
    struct xg_op *ops;
    uint32_t *what;
    size_t count;
    struct xg_state state;
};

static void take_part(struct part *p, struct sim_server *s,
                      struct xg_arena *arena, const struct xg_state *all)
{
    struct xg_error err = XG_ERROR_NONE;

    *p = (struct part){
        .ops = xg_arena_array(arena, all->count + 1, sizeof *p->ops),
        .what = xg_arena_array(arena, all->count + 1, sizeof *p->what)};
    if (!p->ops || !p->what)
        sim_fail(s->world, "no memory to look at what reaches down");
    for (uint32_t i = 0; i < all->count; i++)
        if (all->clocks->writes[i]) {
            p->ops[p->count] = all->ops[i];
            p->what[p->count++] = i;
        }
    sim_ok(s->world, xg_merge(&p->state, arena, &all->id, p->ops, p->count,
                              NULL, &err));
}

static void judge_order(struct sim_server *s, struct xg_arena *arena,
                        const struct xg_state *all)
{
    struct part p;
    char hex[2 * XG_ID_SIZE + 1];

    take_part(&p, s, arena, all);
    for (uint32_t a = 0; a < p.count; a++)
        for (uint32_t b = 0; b < p.count; b++) {
            uint32_t x = p.what[a], y = p.what[b];
            if (a == b || !xg_state_counts(all, x) ||
                !xg_state_counts(all, y))
                continue;
            sim_count(s->world, SIM_CHECKED_DOWN);
            if (xg_state_precedes(all, x, y) ==
                xg_state_precedes(&p.state, a, b))
                continue;
            xg_hex(hex, all->id.b, XG_ID_SIZE);
            sim_fail(s->world,
                     "of %s those below do not see that its author knew what "
                     "a record writes over",
                     hex);
        }
}

static void judge_entity(struct sim_server *s, struct store *reader,
                         const struct store_entity *e)
{
    const struct xg_registry registry = registry_view(s->data->registry);
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct fold fold;

    sim_ok(s->world,
           fold_of_found(&fold, &arena, reader, &registry, e, &err));
    judge_order(s, &arena, &fold.state);
    xg_arena_clear(&arena);
}

void sim_server_judge_down(struct sim_server *s)
{
    struct store_filter filter = {.bare = true, .limit = ROWS_EACH};
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct store *reader = sim_server_borrow(s);
    struct xg_error err = XG_ERROR_NONE;
    struct store_entity *rows;
    size_t count = 1;

    s->world->act = "judging what reaches down";
    while (count > 0) {
        xg_arena_reset(&arena);
        sim_ok(s->world, reader->ops->read_entities(reader, &arena, &rows,
                                                    &count, &filter, &err));
        for (size_t i = 0; i < count; i++) {
            const struct xg_kind *kind = xg_kind_find(rows[i].kind);
            if (kind && kind->reaches_down && rows[i].folded)
                judge_entity(s, reader, &rows[i]);
            filter.before = rows[i].number;
        }
    }
    sim_server_return(s, reader);
    xg_arena_clear(&arena);
}
