/* cmd_look.c - show, history. */
#include "agent/cli/cli.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/core/loop.h"
#include "shared/view/value.h"

enum { LOOK_ARENA_MAX = 256 << 20, FLUSH_BYTES = 256 << 10 };

/* ---- one entity ---- */

typedef enum xg_status look_fn(struct xg_buf *out, const struct xg_state *state,
                               const struct view_context *view,
                               struct xg_error *err);

static enum xg_status look_at(struct cli *cli, const struct xg_id *id,
                              look_fn *put, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_ARENA_MAX);
    struct cli_view view;
    struct fold fold;

    if (cli_view_init(&view, cli, err) != XG_OK)
        return err->status;
    enum xg_status status = fold_load(cli->home.store, &fold, &arena, id, err);
    view.fold = &fold;
    if (status == XG_OK)
        status = put(&cli->out, &fold.state, &view.context, err);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status cli_put_unfolded(bool *put, struct cli *cli,
                                struct cli_view *view, const struct xg_id *id,
                                struct xg_error *err)
{
    struct store_entity e;

    if (store_load_entity(cli->home.store, &e, NULL, id, err) != XG_OK)
        return err->status;
    *put = !e.folded;
    if (e.folded)
        return XG_OK;
    const struct xg_brief brief = {
        .id = e.id, .kind = e.kind, .records = e.records};
    view->entity = &e;
    enum xg_status status =
        view_list_row(&cli->out, &brief, &view->context, err);
    view->entity = NULL;
    return status;
}

enum xg_status cli_show(struct cli *cli, const struct xg_id *id,
                        struct xg_error *err)
{
    struct cli_view view;
    bool put;

    if (cli_view_init(&view, cli, err) != XG_OK ||
        cli_put_unfolded(&put, cli, &view, id, err) != XG_OK)
        return err->status;
    return put ? XG_OK : look_at(cli, id, view_show, err);
}

static enum xg_status look_at_given(struct cli *cli, look_fn *put,
                                    struct xg_error *err)
{
    struct xg_id id;

    if (store_find_entity(cli->home.store, &id, cli->words[0], err) != XG_OK)
        return err->status;
    return look_at(cli, &id, put, err);
}

enum xg_status cmd_show(struct cli *cli, struct xg_error *err)
{
    int64_t draft = store_draft_number(cli->words[0]);

    if (draft)
        return cli_show_draft(cli, draft, err);
    struct xg_id id;

    if (store_find_entity(cli->home.store, &id, cli->words[0], err) != XG_OK)
        return err->status;
    return cli_show(cli, &id, err);
}

enum xg_status cmd_history(struct cli *cli, struct xg_error *err)
{
    return look_at_given(cli, view_history, err);
}
