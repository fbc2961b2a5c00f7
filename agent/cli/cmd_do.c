/* cmd_do.c - `do`: a move of the loop, or what can be done from here.
 *
 * Whatever a person may have forgotten is said before anything is saved: the
 * record is put on trial first, with stand-ins for its photos, and looked at
 * again once it lies in the transaction.
 */
#include "agent/cli/cli.h"

#include <string.h>

#include "shared/core/loop.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { CASE_ARENA_MAX = 256 << 20, TRIAL_ARENA_MAX = 256 << 20 };

/* ---- a case and who acts ---- */

enum xg_status cli_case_open(struct cli_case *c, struct cli *cli,
                             const struct xg_id *id, const char *author,
                             struct xg_error *err)
{
    struct store *s = cli->home.store;

    *c = (struct cli_case){.arena = XG_ARENA(CASE_ARENA_MAX)};
    if (fold_load(s, &c->fold, &c->arena, id, err) != XG_OK ||
        fold_actor(s, &c->actor, author, err) != XG_OK)
        return err->status;
    if (!c->fold.state.kind)
        return xg_fail(err, XG_REFUSED,
                       XG_T("它的第一条记录还没有收到；请先 xunge sync",
                            "its first record has not come yet; run xunge "
                            "sync first"));
    c->judged = xg_arena_array(&c->arena, c->fold.state.count + 1,
                               sizeof(struct xg_judgement *));
    if (!c->judged)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < c->fold.state.count; i++)
        c->judged[i] = &c->fold.facts[i].judged;
    c->bench = (struct view_bench){.state = &c->fold.state,
                                   .judged = c->judged,
                                   .registry = store_registry(s),
                                   .actor = &c->actor,
                                   .labels = cli_labels(cli)};
    return XG_OK;
}

void cli_case_clear(struct cli_case *c)
{
    xg_arena_clear(&c->arena);
}

void cli_case_advise(struct cli_case *c, struct cli *cli,
                     const struct xg_draft *draft)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct view_move *moves;
    const char *no_right;
    size_t count;

    if (c->fold.state.status == 0 ||
        view_moves_of(&moves, &count, &no_right, &c->arena, &c->bench, draft,
                      &ignored) != XG_OK)
        return;
    if (!no_right)
        view_put_moves(&cli->advice, moves, count);
    cli_advise(cli, "possible", view_moves_json(moves, count));
}

enum xg_status cli_set_moves(struct cli *cli, json_t **object,
                             const struct xg_id *id, const char *author,
                             struct xg_error *err)
{
    struct cli_case at;
    struct view_move *moves;
    const char *no_right = NULL;
    size_t count;
    enum xg_status status = cli_case_open(&at, cli, id, author, err);

    if (status == XG_OK)
        status = view_moves_of(&moves, &count, &no_right, &at.arena, &at.bench,
                               NULL, err);
    if (status == XG_OK) {
        json_object_set_new(*object, "moves", view_moves_json(moves, count));
        json_object_set_new(*object, "no_right",
                            no_right ? json_string(no_right) : json_null());
    }
    cli_case_clear(&at);
    return status;
}

/* ---- what can be done ---- */

static enum xg_status possible(struct cli *cli, struct cli_case *at,
                               const struct store_entity *e,
                               struct xg_error *err)
{
    const struct xg_choice *status =
        xg_choice_find(xg_statuses, at->fold.state.status);
    struct view_move *moves;
    const char *no_right;
    size_t count;

    if (view_moves_of(&moves, &count, &no_right, &at->arena, &at->bench, NULL,
                      err) != XG_OK)
        return err->status;
    if (cli->json)
        return cli_put_json(
            cli,
            json_pack("{s:o, s:s, s:o, s:s, s:o, s:o}", "id",
                      cli_json_hex(e->id.b, XG_ID_SIZE), "number", e->number,
                      "status",
                      status ? json_string(status->name) : json_null(), "as",
                      at->actor.author, "no_right",
                      no_right ? json_string(no_right) : json_null(), "moves",
                      view_moves_json(moves, count)),
            err);
    xg_buf_format(&cli->out, "%s  %s\n", e->number,
                  status ? xg_labels_of(at->bench.labels, XG_LABEL_STATUS,
                                        status->number)
                         : XG_T("没有办理流程", "outside the loop"));
    if (no_right)
        xg_buf_format(&cli->out,
                      XG_T("%s 不能办理：%s\n", "%s can do nothing here: %s\n"),
                      at->actor.author, no_right);
    else
        view_put_moves(&cli->out, moves, count);
    return xg_buf_check(&cli->out, err);
}

/* ---- a move ---- */

/* Would it take effect? The draft stays as it is. */
static enum xg_status on_trial(struct cli *cli, struct cli_act *act,
                               struct cli_case *at, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(TRIAL_ARENA_MAX);
    /* Values in its arena are never written again: a whole copy. */
    struct xg_draft before = act->draft;
    struct view_trial trial;
    enum xg_status status = cli_act_photo_roles(act, cli, err);

    if (status == XG_OK)
        status =
            view_try(&trial, &arena, &at->bench, &act->draft, &cli->env, err);
    if (status == XG_OK)
        act->missing = trial.missing;
    if (status == XG_REFUSED) {
        xg_buf_reset(&cli->remarks); /* of what does not happen */
        cli_case_advise(at, cli, &act->draft);
    }
    act->draft = before;
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status make_move(struct cli *cli, struct cli_act *act,
                                struct cli_case *at, struct xg_error *err)
{
    const struct xg_state *s = &at->fold.state;

    if (view_move_begin(&act->draft, s, at->bench.labels, cli->words[1], err) !=
        XG_OK) {
        cli_case_advise(at, cli, NULL);
        return err->status;
    }
    /* The fields after the move: some may be set only in one. */
    if (cli_act_fields(act, cli, 2, err) != XG_OK ||
        cli_act_why(act, cli, err) != XG_OK ||
        cli_guide_move(cli, act, at, err) != XG_OK ||
        on_trial(cli, act, at, err) != XG_OK)
        return err->status;
    cli_warn_codes(cli, &act->draft);
    return cli_act_change(act, cli, &s->id, CLI_DECIDES, err);
}

enum xg_status cmd_do(struct cli *cli, struct xg_error *err)
{
    struct store_entity e = {0};
    struct cli_case at;
    struct cli_act act;

    if (cli_find(cli, &e, cli->words[0], err) != XG_OK)
        return err->status;
    enum xg_status status =
        cli_case_open(&at, cli, &e.id, cli_flag(cli, "as"), err);
    if (status == XG_OK && cli->word_count == 1) {
        status = possible(cli, &at, &e, err);
    } else if (status == XG_OK) {
        cli_act_init(&act, cli, e.kind, &e.id);
        status = make_move(cli, &act, &at, err);
        cli_act_clear(&act);
    }
    cli_case_clear(&at);
    return status;
}
