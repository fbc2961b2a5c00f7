/* clocks_cli.c - the deadlines of a case, as this device can tell
 * (agent/home/guide.h).
 */
#include "agent/cli/cli.h"

#include "agent/home/guide.h"
#include "shared/view/clock.h"
#include "shared/view/waiting.h"

enum { CLOCK_ARENA_MAX = 256 << 20 };

enum xg_status cli_clocks_of(struct cli *cli, struct cli_clocks *out,
                             struct xg_arena *arena, const struct fold *fold,
                             struct xg_error *err)
{
    struct xg_guide *g = NULL;
    struct cli_clocks c = {.now_ms = xg_wall_ms(&cli->env),
                           .labels = cli_labels(cli)};

    if (!fold->state.kind || !fold->state.kind->first_status) {
        *out = c;
        return XG_OK;
    }
    if (cli_guide(cli, &g, err) != XG_OK ||
        xg_guide_calendar(g, &c.calendar, err) != XG_OK ||
        guide_clocks_of(&c.list, &c.count, arena, g, fold, c.now_ms, err) !=
            XG_OK)
        return err->status;
    *out = c;
    return XG_OK;
}

/* ---- said ---- */

static enum xg_status put_all(struct xg_buf *out, json_t **object,
                              const struct cli_clocks *c, struct xg_error *err)
{
    if (c->count == 0)
        return XG_OK;
    if (object) {
        json_t *list =
            view_clocks_json(c->list, c->count, c->labels, c->calendar,
                             c->now_ms);
        if (!list || json_object_set_new(*object, "clocks", list) != 0)
            return xg_fail_nomem(err);
        return XG_OK;
    }
    xg_buf_text(out, XG_T("时限\n", "deadlines\n"));
    view_put_clocks(out, c->list, c->count, c->labels, c->calendar, c->now_ms,
                    "    ");
    return XG_OK;
}

static enum xg_status put_main(struct xg_buf *out, json_t **object,
                               const struct cli_clocks *c, struct xg_error *err)
{
    const struct xg_clock *running = view_clock_main(c->list, c->count);

    if (object) {
        json_t *json = running
                           ? view_clock_json(running, c->labels, c->calendar,
                                             c->now_ms)
                           : json_null();
        if (!json || json_object_set_new(*object, "clock", json) != 0)
            return xg_fail_nomem(err);
    } else if (running) {
        view_clock_brief(out, running, c->calendar, c->now_ms);
    }
    return XG_OK;
}

static void put_mark(struct cli *cli, struct xg_buf *out, json_t **object,
                     const struct xg_state *s)
{
    struct view_wait waits[VIEW_WAITS_MAX];

    if (out && out->len && view_waits_of(waits, s))
        xg_buf_text(out, " · ");
    view_mark_waiting(out, object, view_waits_set(s), cli_labels(cli));
}

enum xg_status cli_put_clocks(struct cli *cli, struct xg_buf *out,
                              json_t **object, const struct xg_id *id,
                              bool in_full, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(CLOCK_ARENA_MAX);
    struct cli_clocks c = {.count = 0};
    struct fold fold;
    enum xg_status status = fold_load(cli->home.store, &fold, &arena, id, err);

    if (status == XG_OK)
        status = cli_clocks_of(cli, &c, &arena, &fold, err);
    if (status == XG_OK)
        status = in_full ? put_all(out, object, &c, err)
                         : put_main(out, object, &c, err);
    if (status == XG_OK && !in_full)
        put_mark(cli, out, object, &fold.state);
    if (status == XG_OK && !in_full && object && fold.state.count)
        json_object_set_new(
            *object, "author",
            json_string(fold.facts[fold.state.order[0]].judged.author));
    xg_arena_clear(&arena);
    return status;
}

/* What a list shows of the clocks of one case: a copy of the one that matters;
 * *any false: none runs. */
static enum xg_status main_clock(struct xg_clock *out, bool *any,
                                 struct cli_clocks *c, struct cli *cli,
                                 const struct xg_id *id, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(CLOCK_ARENA_MAX);
    struct fold fold;
    enum xg_status status = fold_load(cli->home.store, &fold, &arena, id, err);

    *any = false;
    if (status == XG_OK)
        status = cli_clocks_of(cli, c, &arena, &fold, err);
    if (status == XG_OK) {
        const struct xg_clock *running = view_clock_main(c->list, c->count);
        *any = running != NULL;
        if (running)
            *out = *running;
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status cli_due_of(struct cli *cli, struct cli_due *out,
                          const struct xg_id *id, struct xg_error *err)
{
    struct cli_clocks c = {.count = 0};
    struct xg_clock running;
    bool any;

    if (main_clock(&running, &any, &c, cli, id, err) != XG_OK)
        return err->status;
    *out = (struct cli_due){.ms = XG_NO_TIME};
    if (any && running.limited && !running.paused) {
        out->ms = running.due_ms;
        out->stage = running.stage;
        out->overdue = xg_clock_overdue(&running, c.now_ms, false);
    }
    return XG_OK;
}

enum xg_status cli_light_of(struct cli *cli, enum xg_light *light,
                            const struct xg_id *id, struct xg_error *err)
{
    struct cli_clocks c = {.count = 0};
    struct xg_clock running;
    bool any;

    if (main_clock(&running, &any, &c, cli, id, err) != XG_OK)
        return err->status;
    *light = any ? xg_clock_light(&running, c.calendar, c.now_ms)
                 : XG_LIGHT_NONE;
    return XG_OK;
}
