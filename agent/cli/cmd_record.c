/* cmd_record.c - capture and later acts: incident, visit, ..., set, note,
 * photo, do, withdraw. Drafts are cmd_draft.c's.
 */
#include "agent/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "shared/core/cbor.h"
#include "shared/core/loop.h"
#include "shared/view/template.h"

enum xg_status cli_act_form(struct cli_act *act, struct cli *cli,
                            const struct xg_state *state, bool whole,
                            struct xg_error *err)
{
    struct xg_guide *g = NULL;

    if (cli_guide(cli, &g, err) != XG_OK)
        return err->status;
    return view_form_answers(&act->draft, g, state, whole, err);
}

/* ---- what a visit opens ---- */

bool cli_visit_abnormal(const struct xg_draft *d)
{
    struct xg_cbor c = xg_cbor_over(xg_draft_get(d, XG_VISIT_RESULT));
    struct xg_cbor_item item;
    const struct xg_choice *abnormal = xg_choice_named(
        xg_field_find(xg_kind_find(XG_KIND_VISIT), XG_VISIT_RESULT)->choices,
        "abnormal");

    return xg_cbor_next(&c, &item) && item.number == abnormal->number;
}

/* What the incident has in common with the visit, unless it was given. */
static enum xg_status inherit(struct xg_draft *to, const struct xg_draft *from,
                              struct xg_error *err)
{
    static const uint64_t shared[] = {XG_FIELD_GRID, XG_FIELD_POSITION,
                                      XG_FIELD_HAPPENED};

    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        struct xg_bytes value = xg_draft_get(from, shared[i]);
        if (value.len && xg_draft_get(to, shared[i]).len == 0 &&
            xg_draft_set(to, shared[i], value, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status open_incident(struct cli_act *act, struct cli *cli,
                                    struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(XG_KIND_INCIDENT);
    const char *given;
    size_t at = 0;

    if (act->draft.head.kind != XG_KIND_VISIT)
        return XG_OK;
    if (!cli_flag(cli, "incident")) {
        if (cli_visit_abnormal(&act->draft))
            cli_say(cli, "%s",
                    XG_T("走访异常：要同时报一件事件，加 --incident category=…；"
                         "也可以之后 xunge incident visit=走访编号 category=…。",
                         "Abnormal: --incident category=... opens an incident "
                         "with it; or later, xunge incident visit=ID "
                         "category=..."));
        return XG_OK;
    }
    if (!cli_visit_abnormal(&act->draft))
        return xg_fail(err, XG_USAGE,
                       XG_T("--incident 只用于异常的走访（result=abnormal）",
                            "--incident goes with an abnormal visit "
                            "(result=abnormal)"));
    act->opens = xg_arena_alloc(&act->arena, sizeof *act->opens);
    if (!act->opens)
        return xg_fail_nomem(err);
    xg_draft_init(act->opens, &act->arena, kind->number);
    act->opens->head.creates = true;
    while ((given = cli_flag_next(cli, "incident", &at)) != NULL)
        if (view_form_set(act->opens, kind, given, &act->resolver.resolver,
                          err) != XG_OK)
            return err->status;
    if (inherit(act->opens, &act->draft, err) != XG_OK)
        return err->status;
    return view_form_complete(act->opens, kind, err);
}

enum xg_status cmd_capture(struct cli *cli, struct xg_error *err)
{
    const char *author = cli_flag(cli, "as");
    bool draft = cli_flag(cli, "draft") != NULL;
    struct cli_act act;

    cli_act_init(&act, cli, cli->command.kind, NULL);
    enum xg_status status = cli_act_fields(&act, cli, 0, err);
    if (status == XG_OK)
        status = cli_act_form(&act, cli, NULL, !draft, err);
    if (status == XG_OK)
        status = open_incident(&act, cli, err);
    if (status == XG_OK)
        cli_warn_codes(cli, &act.draft);
    if (status == XG_OK)
        status = draft ? cli_keep_draft(cli, err)
                       : cli_act_create(&act, cli, author, err);
    cli_act_clear(&act);
    return status;
}

/* ---- later acts ---- */

/* The photos that `photo` names; all names and roles before the first is kept.
 */
static enum xg_status attach(struct cli_act *act, struct cli *cli,
                             struct xg_error *err)
{
    struct cli_photo photo;

    for (size_t i = 1; i < cli->word_count; i++)
        if (cli_photo_read(&photo, cli, &act->arena, cli->words[i], err) !=
            XG_OK)
            return err->status;
    for (size_t i = 1; i < cli->word_count; i++)
        if (cli_photo_read(&photo, cli, &act->arena, cli->words[i], err) !=
                XG_OK ||
            cli_act_photo(act, cli, &photo, err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status cli_find(struct cli *cli, struct store_entity *e,
                        const char *text, struct xg_error *err)
{
    struct xg_id id;

    if (store_find_entity(cli->home.store, &id, text, err) != XG_OK ||
        store_load_entity(cli->home.store, e, NULL, &id, err) != XG_OK)
        return err->status;
    if (!e->kind)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 的第一条记录还没有收到；请先 xunge sync",
                            "the first record of %s has not come yet; run "
                            "xunge sync first"),
                       text);
    return XG_OK;
}

/* Fields in conflict that the draft sets: setting one decides it, for which
 * there must be a reason, as for `resolve`. */
static enum xg_status decide_by_setting(struct cli_act *act, struct cli *cli,
                                        const struct xg_state *s,
                                        struct xg_error *err)
{
    struct xg_buf numbers = XG_BUF(1024), names = XG_BUF(1024);
    uint64_t count = 0;
    enum xg_status status = XG_OK;

    for (size_t i = 0; i < s->register_count; i++) {
        const struct xg_register *r = &s->registers[i];
        if (!r->conflict || !r->field ||
            xg_draft_get(&act->draft, r->number).len == 0)
            continue;
        if (count++ == 0)
            xg_buf_reset(&numbers);
        xg_cbor_put_uint(&numbers, r->number);
        xg_buf_format(&names, "%s%s", names.len ? XG_T("、", ", ") : "",
                      xg_label(r->field->zh, r->field->en));
    }
    if (count && xg_draft_get(&act->draft, XG_FIELD_WHY).len == 0)
        status = xg_fail(err, XG_REFUSED,
                         XG_T("“%s”有冲突，改它就等于决定，须写明理由："
                              "--why TEXT；各方的值见 xunge conflicts %s",
                              "\"%s\" is in conflict: to set it decides it, "
                              "for which there must be a reason: --why TEXT; "
                              "xunge conflicts %s shows the sides"),
                         xg_buf_str(&names), cli->words[0]);
    if (count && status == XG_OK) {
        struct xg_buf list = XG_BUF(2048);
        xg_cbor_put_array(&list, count);
        xg_buf_append(&list, numbers.data, numbers.len);
        status = xg_draft_set(&act->draft, XG_FIELD_DECIDED,
                              xg_buf_bytes(&list), err);
        cli_say(cli,
                XG_T("这同时决定了“%s”的冲突。",
                     "This decides the conflict of \"%s\"."),
                xg_buf_str(&names));
        xg_buf_clear(&list);
    }
    xg_buf_clear(&numbers);
    xg_buf_clear(&names);
    return status;
}

/* A draft that only adds notes and photos adds, as `note` and `photo` do. */
static enum cli_saving saving_of(const struct cli *cli,
                                 const struct xg_draft *d)
{
    if (!cli->kept)
        return CLI_DECIDES;
    for (size_t i = 0; i < d->field_count; i++)
        if (d->fields[i].number != XG_FIELD_NOTE)
            return CLI_DECIDES;
    return CLI_ADDS;
}

enum xg_status cmd_set(struct cli *cli, struct xg_error *err)
{
    int64_t draft = store_draft_number(cli->words[0]);
    struct store_entity e = {0};
    struct cli_case at;
    struct cli_act act;

    if (draft)
        return cli_change_draft(cli, draft, false, err);
    if (cli_find(cli, &e, cli->words[0], err) != XG_OK)
        return err->status;
    cli_act_init(&act, cli, e.kind, &e.id);
    enum xg_status status =
        cli_case_open(&at, cli, &e.id, cli_flag(cli, "as"), err);
    if (status == XG_OK)
        status = cli_act_fields(&act, cli, 1, err);
    if (status == XG_OK)
        status = cli_act_form(&act, cli, &at.fold.state, true, err);
    if (status == XG_OK)
        status = cli_act_why(&act, cli, err);
    if (status == XG_OK)
        status = decide_by_setting(&act, cli, &at.fold.state, err);
    if (status == XG_OK)
        cli_warn_codes(cli, &act.draft);
    if (status == XG_OK)
        status = cli_act_change(&act, cli, &e.id, saving_of(cli, &act.draft),
                                err);
    cli_act_clear(&act);
    cli_case_clear(&at);
    return status;
}

enum xg_status cmd_note(struct cli *cli, struct xg_error *err)
{
    struct store_entity e = {0};
    struct cli_act act;

    if (!*cli->words[1])
        return xg_fail(err, XG_USAGE,
                       XG_T("备注不能为空", "a note cannot be empty"));
    if (cli_find(cli, &e, cli->words[0], err) != XG_OK)
        return err->status;
    cli_act_init(&act, cli, e.kind, &e.id);
    enum xg_status status =
        capture_add_text(&act.draft, XG_FIELD_NOTE, cli->words[1], err);
    if (status == XG_OK)
        status = cli_act_change(&act, cli, &e.id, CLI_ADDS, err);
    cli_act_clear(&act);
    return status;
}

enum xg_status cmd_photo(struct cli *cli, struct xg_error *err)
{
    int64_t draft = store_draft_number(cli->words[0]);
    struct store_entity e = {0};
    struct cli_act act;

    if (draft)
        return cli_change_draft(cli, draft, true, err);
    if (cli_find(cli, &e, cli->words[0], err) != XG_OK ||
        cli_may_record(cli, err) != XG_OK)
        return err->status;
    cli_act_init(&act, cli, e.kind, &e.id);
    enum xg_status status = attach(&act, cli, err);
    if (status == XG_OK)
        status = cli_act_change(&act, cli, &e.id, CLI_ADDS, err);
    cli_act_clear(&act);
    return status;
}

enum xg_status cmd_withdraw(struct cli *cli, struct xg_error *err)
{
    static const uint8_t yes[] = {0xf5}; /* CBOR true */
    const char *why = cli_flag(cli, "why");
    struct store_entity e = {0};
    struct cli_act act;

    if (!why || !*why)
        return xg_fail(err, XG_USAGE,
                       XG_T("撤回须写明理由：--why TEXT",
                            "a withdrawal needs a reason: --why TEXT"));
    if (cli_find(cli, &e, cli->words[0], err) != XG_OK)
        return err->status;
    if (e.withdrawn)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 已经撤回", "%s is withdrawn already"),
                       cli->words[0]);
    cli_act_init(&act, cli, e.kind, &e.id);
    enum xg_status status = xg_draft_set(&act.draft, XG_FIELD_WITHDRAWN,
                                         xg_bytes(yes, sizeof yes), err);
    if (status == XG_OK)
        status = capture_set_text(&act.draft, XG_FIELD_WHY, why, err);
    if (status == XG_OK)
        status = cli_act_change(&act, cli, &e.id, CLI_ADDS, err);
    cli_act_clear(&act);
    return status;
}
