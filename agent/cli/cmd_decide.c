/* cmd_decide.c - conflicts and resolve: what a person has to decide. */
#include "agent/cli/cli.h"

enum { DECIDE_ARENA_MAX = 256 << 20 };

static enum xg_status put_conflicts(struct cli *cli, struct cli_view *view,
                                    const struct xg_id *id,
                                    struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(DECIDE_ARENA_MAX);
    struct fold fold;
    bool unfolded;

    if (cli_put_unfolded(&unfolded, cli, view, id, err) != XG_OK)
        return err->status;
    if (unfolded) { /* and so nobody knows whether it is in conflict */
        cli->decide = xg_status_exit(XG_CONFLICT);
        return XG_OK;
    }
    enum xg_status status = fold_load(cli->home.store, &fold, &arena, id, err);
    view->fold = &fold;
    if (status == XG_OK) {
        if (fold.state.conflict_count > 0)
            cli->decide = xg_status_exit(XG_CONFLICT);
        status = view_conflicts(&cli->out, &fold.state, &view->context, err);
    }
    if (status == XG_OK && cli_flag(cli, "decided"))
        status = view_decided(&cli->out, &fold.state, &view->context, err);
    view->fold = NULL;
    xg_arena_clear(&arena);
    return status;
}

enum xg_status cmd_conflicts(struct cli *cli, struct xg_error *err)
{
    const struct store_filter filter = {
        .conflicts = true, .contacts = true, .gone = true};
    struct cli_view view;
    struct cli_ids ids = {0};
    struct xg_id id;
    enum xg_status status = cli_view_init(&view, cli, err);

    if (status == XG_OK && cli->word_count > 0) {
        status = store_find_entity(cli->home.store, &id, cli->words[0], err);
        return status == XG_OK ? put_conflicts(cli, &view, &id, err) : status;
    }
    if (status == XG_OK)
        status = cli_ids_of(&ids, cli, &filter, err);
    for (size_t i = 0; status == XG_OK && i < ids.count; i++)
        status = put_conflicts(cli, &view, &ids.list[i], err);
    if (status == XG_OK && ids.count == 0)
        cli_say(cli, "%s",
                XG_T("没有待决定的冲突。", "There is nothing to decide."));
    cli_ids_clear(&ids);
    return status;
}

static enum xg_status decide(struct cli_act *act, struct cli *cli,
                             const struct fold *fold, const struct xg_id *id,
                             struct xg_error *err)
{
    const struct view_choice choice = {
        .field = cli->words[1],
        .take = cli_flag(cli, "take"),
        .value = cli_flag(cli, "value"),
        .dismiss = cli_flag(cli, "dismiss") != NULL,
        .why = cli_flag(cli, "why"),
    };

    act->draft.head.entity = *id;
    if (view_form_resolve(&act->draft, &fold->state, &choice,
                          &act->resolver.resolver, err) != XG_OK)
        return err->status;
    return cli_act_change(act, cli, id, CLI_DECIDES, err);
}

enum xg_status cmd_resolve(struct cli *cli, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(DECIDE_ARENA_MAX);
    struct cli_act act;
    struct fold fold;
    struct xg_id id;

    if (store_find_entity(cli->home.store, &id, cli->words[0], err) != XG_OK)
        return err->status;
    enum xg_status status = fold_load(cli->home.store, &fold, &arena, &id, err);
    if (status == XG_OK && !fold.state.kind)
        status = xg_fail(err, XG_REFUSED,
                         XG_T("它的第一条记录还没有收到；请先 xunge sync",
                              "its first record has not come yet; run xunge "
                              "sync first"));
    if (status == XG_OK) {
        cli_act_init(&act, cli, fold.state.kind, &id);
        status = decide(&act, cli, &fold, &id, err);
        cli_act_clear(&act);
    }
    xg_arena_clear(&arena);
    return status;
}
