/* draft_judge.c - what is to be said of a draft as it stands: which of it is
 * wrong, what is missing. Nothing is decided by it: `draft finish` runs the
 * command, which judges for itself.
 */
#include "agent/cli/cli.h"

#include "shared/view/photo.h"

enum { TRIAL_ARENA_MAX = 256 << 20 };

/* ---- its photos ---- */

static enum xg_status attach_photos(struct cli_judged *j,
                                    const struct kept_draft *d,
                                    struct xg_error *err)
{
    struct kept_photos at = {.begun = false};
    struct xg_cbor_item photo;

    while (kept_next_photo(d, &at, &photo))
        if (view_photo_attach(&j->act.draft, NULL, &photo, err) != XG_OK &&
            view_judged_problem(&j->said, "photo", err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* ---- its form, what a visit opens ---- */

static enum xg_status judge_form(struct cli_judged *j, struct cli *cli,
                                 const struct xg_state *state,
                                 struct xg_error *err)
{
    struct xg_guide *g = NULL;

    if (cli_guide(cli, &g, err) != XG_OK)
        return view_judged_problem(&j->said, "form", err);
    return view_judge_form(&j->said, g, state, err);
}

static enum xg_status judge_opened(struct cli_judged *j,
                                   const struct kept_draft *d,
                                   struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(XG_KIND_INCIDENT);
    struct xg_draft opened;

    xg_draft_init(&opened, &j->act.arena, kind->number);
    for (size_t i = 0; i < d->opens.count; i++)
        if (view_form_set(&opened, kind, d->opens.list[i],
                          &j->act.resolver.resolver, err) != XG_OK &&
            view_judged_problem(&j->said, "incident", err) != XG_OK)
            return err->status;
    if (d->opens.count)
        view_judge_required(&j->said, &opened, "incident:");
    if (d->opens.count && view_is_given(&j->act.draft, XG_VISIT_RESULT) &&
        !cli_visit_abnormal(&j->act.draft)) {
        xg_ignore(xg_fail(err, XG_USAGE,
                          XG_T("只有异常的走访才转为事件",
                               "only an abnormal visit opens an incident")));
        return view_judged_problem(&j->said, "incident", err);
    }
    return XG_OK;
}

/* ---- a move ---- */

static enum xg_status judge_move(struct cli_judged *j, struct cli *cli,
                                 struct cli_case *at, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(TRIAL_ARENA_MAX);
    struct view_trial trial;
    bool try_it = false;
    enum xg_status status = XG_OK;

    if (cli_guide_move(cli, &j->act, at, err) != XG_OK)
        status = view_judged_problem(&j->said, "move", err);
    if (status == XG_OK)
        status = view_judge_needs(&j->said, &try_it, &at->arena, &at->bench,
                                  &j->act.draft, err);
    /* One thing after the other: no trial of what is not right yet. */
    if (status == XG_OK && try_it && json_array_size(j->said.problems) == 0 &&
        view_try(&trial, &arena, &at->bench, &j->act.draft, &cli->env, err) !=
            XG_OK)
        status = view_judged_problem(&j->said, "move", err);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status judge_later(struct cli_judged *j, struct cli *cli,
                                  const struct kept_draft *d,
                                  struct xg_error *err)
{
    const char *as = cli_flag(cli, "as") ? cli_flag(cli, "as") : d->author;
    struct cli_case at;
    enum xg_status status =
        cli_case_open(&at, cli, &d->about, *as ? as : NULL, err);
    bool is_open = status == XG_OK, moves = false;

    if (!is_open)
        status = view_judged_problem(&j->said, "about", err);
    if (is_open && *d->move) {
        moves = view_move_begin(&j->act.draft, &at.fold.state, at.bench.labels,
                                d->move, err) == XG_OK;
        if (!moves)
            status = view_judged_problem(&j->said, "move", err);
    }
    if (status == XG_OK)
        status = view_judge_words(&j->said, d->words.list, d->words.count,
                                  err);
    if (status == XG_OK)
        status = attach_photos(j, d, err);
    if (status == XG_OK && is_open)
        status = judge_form(j, cli, &at.fold.state, err);
    if (status == XG_OK && moves)
        status = judge_move(j, cli, &at, err);
    cli_case_clear(&at);
    return status;
}

/* ---- all of it ---- */

static enum xg_status judge_new(struct cli_judged *j, struct cli *cli,
                                const struct kept_draft *d,
                                struct xg_error *err)
{
    if (view_judge_words(&j->said, d->words.list, d->words.count, err) !=
            XG_OK ||
        attach_photos(j, d, err) != XG_OK)
        return err->status;
    view_judge_required(&j->said, &j->act.draft, "");
    if (judge_form(j, cli, NULL, err) != XG_OK ||
        view_judge_informant(&j->said, d->informant, err) != XG_OK)
        return err->status;
    return judge_opened(j, d, err);
}

enum xg_status cli_judge_draft(struct cli_judged *out, struct cli *cli,
                               const struct kept_draft *d,
                               struct xg_error *err)
{
    cli_act_init(&out->act, cli, d->kind, d->is_later ? &d->about : NULL);
    if (view_judged_init(&out->said, &out->act.draft,
                         &out->act.resolver.resolver, err) != XG_OK)
        return err->status;
    if (d->is_later)
        out->act.draft.head.entity = d->about;
    enum xg_status status = d->is_later ? judge_later(out, cli, d, err)
                                        : judge_new(out, cli, d, err);
    /* What a refused move would be told. */
    xg_buf_reset(&cli->advice);
    json_decref(cli->advice_json);
    cli->advice_json = NULL;
    return status;
}

void cli_judged_clear(struct cli_judged *j)
{
    view_judged_clear(&j->said);
    cli_act_clear(&j->act);
}
