/* draft_judge.c - what is to be said of a draft as it stands: which of it is
 * wrong, what is missing. Nothing is decided by it: `draft finish` runs the
 * command, which judges for itself.
 */
#include "agent/cli/cli.h"

#include <string.h>

#include "shared/core/cbor.h"
#include "shared/view/template.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { TRIAL_ARENA_MAX = 256 << 20 };

/* Takes err, which is then as if nothing had happened; only what is no fault of
 * the draft stays. */
static enum xg_status problem(struct cli_judged *j, const char *field,
                              struct xg_error *err)
{
    if (err->status == XG_NOMEM || err->status == XG_IO ||
        err->status == XG_CORRUPT)
        return err->status;
    /* A text may quote a part of what was typed, cut within a character. */
    struct xg_buf safe = XG_BUF(8 << 10);
    view_put_block(&safe, xg_bytes_of(xg_error_text(err)), 0);
    int failed = json_array_append_new(
        j->problems, json_pack("{s:s, s:s}", "field", field, "text",
                               xg_buf_str(&safe)));
    xg_buf_clear(&safe);
    *err = XG_ERROR_NONE;
    return failed ? xg_fail_nomem(err) : XG_OK;
}

static void miss(struct cli_judged *j, const char *prefix, const char *name)
{
    struct xg_buf text = XG_BUF(512);

    xg_buf_format(&text, "%s%s", prefix, name);
    json_array_append_new(j->missing, json_string(xg_buf_str(&text)));
    xg_buf_clear(&text);
}

/* ---- fields ---- */

static enum xg_status judge_words(struct cli_judged *j,
                                  const struct kept_draft *d,
                                  struct xg_error *err)
{
    for (size_t i = 0; i < d->words.count; i++) {
        const struct xg_field *field = NULL;
        if (view_form_judge(&j->act.draft, &field, d->kind, d->words.list[i],
                            &j->act.resolver.resolver, err) != XG_OK &&
            problem(j, field ? field->name : "", err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status attach_photos(struct cli_judged *j,
                                    const struct kept_draft *d,
                                    struct xg_error *err)
{
    struct kept_photos at = {.begun = false};
    struct xg_cbor_item photo;

    while (kept_next_photo(d, &at, &photo))
        if (capture_attach(&j->act.draft, NULL, &photo, err) != XG_OK &&
            problem(j, "photo", err) != XG_OK)
            return err->status;
    return XG_OK;
}

static bool is_given(const struct xg_draft *d, uint64_t number)
{
    struct xg_bytes value = xg_draft_get(d, number);

    return value.len && value.at[0] != 0xF6; /* null */
}

static bool has_problem(const struct cli_judged *j, const char *field)
{
    const json_t *one;
    size_t i;

    json_array_foreach(j->problems, i, one)
        if (strcmp(json_string_value(json_object_get(one, "field")), field) ==
            0)
            return true;
    return false;
}

/* What was typed wrong is not missing: it says so itself. */
static void miss_required(struct cli_judged *j, const struct xg_draft *d,
                          const char *prefix)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);
    const struct xg_field *f;

    for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++)
        if (f->flags & XG_REQUIRED && !is_given(d, f->number) &&
            (*prefix || !has_problem(j, f->name)))
            miss(j, prefix, f->name);
}

/* ---- its form ---- */

static enum xg_status miss_answers(struct cli_judged *j, struct cli *cli,
                                   struct xg_error *err)
{
    struct xg_cbor c = xg_cbor_over(xg_draft_get(&j->act.draft, XG_FIELD_FORM));
    const struct xg_template *t = NULL;
    struct xg_cbor_item form;
    struct xg_guide *g = NULL;
    const json_t *key;
    json_t *list;
    size_t i;

    if (!xg_cbor_next(&c, &form) || form.type != XG_CBOR_TEXT)
        return XG_OK;
    if (cli_guide(cli, &g, err) != XG_OK ||
        xg_guide_template(g, &t, form.bytes, err) != XG_OK)
        return err->status;
    if (!t)
        return XG_OK;
    list = view_template_lacking(t, xg_draft_get(&j->act.draft, XG_FIELD_ITEM));
    if (!list)
        return xg_fail_nomem(err);
    json_array_foreach(list, i, key)
        miss(j, "item:", json_string_value(key));
    json_decref(list);
    return XG_OK;
}

static enum xg_status judge_form(struct cli_judged *j, struct cli *cli,
                                 const struct xg_state *state,
                                 struct xg_error *err)
{
    if (cli_act_form(&j->act, cli, state, false, err) != XG_OK)
        return problem(j, err->status == XG_NOTFOUND ? "form" : "item", err);
    return miss_answers(j, cli, err);
}

/* ---- who told of it, what a visit opens ---- */

static enum xg_status judge_informant(struct cli_judged *j,
                                      const struct kept_draft *d,
                                      struct xg_error *err)
{
    const char *const *told = d->informant;
    bool any = false;

    for (size_t i = 0; i < KEPT_INFORMANTS; i++) {
        const char *one[KEPT_INFORMANTS] = {0};
        struct xg_draft contact;
        one[i] = told[i];
        any |= told[i] && *told[i];
        xg_draft_init(&contact, &j->act.arena, XG_KIND_CONTACT);
        if (cli_contact_fill(&contact, one, false, err) != XG_OK &&
            problem(j, cli_informant_flags[i], err) != XG_OK)
            return err->status;
    }
    if (any && is_given(&j->act.draft, XG_INCIDENT_CONTACT)) {
        xg_ignore(xg_fail(err, XG_USAGE,
                          XG_T("已选了反映人，就不用再填姓名电话",
                               "a known contact was chosen: leave name and "
                               "phone empty")));
        return problem(j, "contact", err);
    }
    if (any && (!told[KEPT_NAME] || !*told[KEPT_NAME]))
        miss(j, "", cli_informant_flags[KEPT_NAME]);
    return XG_OK;
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
            problem(j, "incident", err) != XG_OK)
            return err->status;
    if (d->opens.count)
        miss_required(j, &opened, "incident:");
    if (d->opens.count && is_given(&j->act.draft, XG_VISIT_RESULT) &&
        !cli_visit_abnormal(&j->act.draft)) {
        xg_ignore(xg_fail(err, XG_USAGE,
                          XG_T("只有异常的走访才转为事件",
                               "only an abnormal visit opens an incident")));
        return problem(j, "incident", err);
    }
    return XG_OK;
}

/* ---- a move ---- */

/* What it needs and what it would be better with; a need that nothing in it can
 * meet is a problem. */
static enum xg_status judge_needs(struct cli_judged *j, struct cli_case *at,
                                  bool *try_it, struct xg_error *err)
{
    const struct view_move *found = NULL;
    const char *no_right;
    struct view_move *moves;
    size_t count;

    if (view_moves_of(&moves, &count, &no_right, &at->arena, &at->bench,
                      &j->act.draft, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (moves[i].move->number == j->act.draft.head.move)
            found = &moves[i];
    *try_it = !found || found->blocked;
    if (!found)
        return XG_OK;
    json_t *hard = view_needs_json(found->unmet & (uint32_t)XG_NEED_HARD);
    json_t *wanted = view_needs_json(found->unmet & ~(uint32_t)XG_NEED_HARD);
    *try_it |= json_array_size(hard) == 0;
    json_array_extend(j->missing, hard);
    json_array_extend(j->wanted, wanted);
    json_decref(hard);
    json_decref(wanted);
    return XG_OK;
}

static enum xg_status judge_move(struct cli_judged *j, struct cli *cli,
                                 struct cli_case *at, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(TRIAL_ARENA_MAX);
    struct view_trial trial;
    bool try_it = false;
    enum xg_status status = XG_OK;

    if (cli_guide_move(cli, &j->act, at, err) != XG_OK)
        status = problem(j, "move", err);
    if (status == XG_OK)
        status = judge_needs(j, at, &try_it, err);
    /* One thing after the other: no trial of what is not right yet. */
    if (status == XG_OK && try_it && json_array_size(j->problems) == 0 &&
        view_try(&trial, &arena, &at->bench, &j->act.draft, &cli->env, err) !=
            XG_OK)
        status = problem(j, "move", err);
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
        status = problem(j, "about", err);
    if (is_open && *d->move) {
        moves = view_move_begin(&j->act.draft, &at.fold.state, at.bench.labels,
                                d->move, err) == XG_OK;
        if (!moves)
            status = problem(j, "move", err);
    }
    if (status == XG_OK)
        status = judge_words(j, d, err);
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
    if (judge_words(j, d, err) != XG_OK || attach_photos(j, d, err) != XG_OK)
        return err->status;
    miss_required(j, &j->act.draft, "");
    if (judge_form(j, cli, NULL, err) != XG_OK ||
        judge_informant(j, d, err) != XG_OK)
        return err->status;
    return judge_opened(j, d, err);
}

enum xg_status cli_judge_draft(struct cli_judged *out, struct cli *cli,
                               const struct kept_draft *d,
                               struct xg_error *err)
{
    *out = (struct cli_judged){.problems = json_array(),
                               .missing = json_array(),
                               .wanted = json_array()};
    cli_act_init(&out->act, cli, d->kind, d->is_later ? &d->about : NULL);
    if (!out->problems || !out->missing || !out->wanted)
        return xg_fail_nomem(err);
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
    json_decref(j->problems);
    json_decref(j->missing);
    json_decref(j->wanted);
    cli_act_clear(&j->act);
}
