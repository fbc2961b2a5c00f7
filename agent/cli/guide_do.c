/* guide_do.c - what the imported reference data says to a move and to what was
 * typed: it proposes, fills in, warns; and refuses where the site's own lists
 * leave no doubt. Without data it says nothing.
 */
#include "agent/cli/cli.h"

#include <string.h>

#include "shared/core/cbor.h"
#include "shared/core/loop.h"
#include "shared/guide/catalogue.h"
#include "shared/view/text.h"

enum { TEXT_MAX = 256, CANDIDATES_SHOWN = 8, NEAR_EDITS = 2 };

/* ---- small things ---- */

/* The text that a value of a draft or state holds; "" where there is none. */
static void take_text(char out[static TEXT_MAX], const struct xg_cbor_item *i)
{
    out[0] = '\0';
    if (i->type != XG_CBOR_TEXT || i->bytes.len >= TEXT_MAX)
        return;
    memcpy(out, i->bytes.at, i->bytes.len);
    out[i->bytes.len] = '\0';
}

static void state_text(char out[static TEXT_MAX], const struct xg_state *s,
                       uint64_t number)
{
    struct xg_cbor_item item;

    out[0] = '\0';
    if (xg_state_value(s, number, &item))
        take_text(out, &item);
}

static void draft_text(char out[static TEXT_MAX], const struct xg_draft *d,
                       uint64_t number)
{
    struct xg_cbor c = xg_cbor_over(xg_draft_get(d, number));
    struct xg_cbor_item item;

    out[0] = '\0';
    if (xg_cbor_next(&c, &item))
        take_text(out, &item);
}

static bool has(const struct xg_draft *d, uint64_t number)
{
    return xg_draft_get(d, number).len > 0;
}

/* Who holds the case now: the unit that it was given to, else its home. */
static void holder_of(char out[static TEXT_MAX], const struct cli_case *at)
{
    state_text(out, &at->fold.state, XG_CASE_UNIT);
    if (!*out)
        snprintf(out, TEXT_MAX, "%s", at->fold.home.unit);
}

/* ---- escalate ---- */

static enum xg_status escalate(struct cli *cli, struct xg_guide *g,
                               struct cli_act *act, const struct cli_case *at,
                               struct xg_error *err)
{
    char unit[TEXT_MAX], level[TEXT_MAX];
    const struct xg_role *role = at->actor.role;
    struct xg_step step;
    bool found;

    if (has(&act->draft, XG_CASE_LEVEL))
        return XG_OK;
    holder_of(unit, at);
    state_text(level, &at->fold.state, XG_CASE_LEVEL);
    if (xg_guide_up(g, &step, &found, unit, level, err) != XG_OK)
        return err->status;
    if (!found)
        return XG_OK; /* the refusal says that level= is needed */
    if (capture_set_text(&act->draft, XG_CASE_LEVEL, step.level->code, err) !=
        XG_OK)
        return err->status;
    /* Where going up puts it into other hands (loop.h). */
    if (*step.unit && !has(&act->draft, XG_CASE_UNIT) && role &&
        xg_move_assigns(XG_MOVE_ESCALATE) &&
        xg_move_allowed(XG_MOVE_ESCALATE, role->number) &&
        capture_set_text(&act->draft, XG_CASE_UNIT, step.unit, err) != XG_OK)
        return err->status;
    cli_say(cli, XG_T("提到“%s”%s%s。", "It goes up to \"%s\"%s%s."),
            xg_level_label(step.level), *step.unit ? " " : "", step.unit);
    return XG_OK;
}

/* ---- return ---- */

static enum xg_status put_duty(struct cli *cli, struct xg_guide *g,
                               const struct xg_duty *d, json_t *list,
                               struct xg_error *err)
{
    const char *name;

    if (xg_guide_unit_name(g, &name, d->unit, err) != XG_OK)
        return err->status;
    json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "rule", d->code,
                                          "unit", d->unit, "text", d->text));
    xg_buf_format(&cli->advice, "  rule=%s  ", d->code);
    view_put_line(&cli->advice, xg_bytes_of(name));
    xg_buf_text(&cli->advice, XG_T("：", ": "));
    view_put_line(&cli->advice, xg_bytes_of(d->text));
    xg_buf_text(&cli->advice, "\n");
    return XG_OK;
}

/* The items that could be cited: others' that name the category, first. */
static enum xg_status advise_duties(struct cli *cli, struct xg_guide *g,
                                    const char *unit, const char *category,
                                    struct xg_error *err)
{
    const struct xg_duties *duties;
    json_t *list = json_array();
    size_t shown = 0;

    if (xg_guide_duties(g, &duties, err) != XG_OK) {
        json_decref(list);
        return err->status;
    }
    if (duties->count)
        xg_buf_text(&cli->advice, XG_T("职责清单里可引用的：\n",
                                       "what the duty list has to cite:\n"));
    for (int naming = 1; naming >= 0; naming--)
        for (size_t i = 0; i < duties->count && shown < CANDIDATES_SHOWN; i++) {
            const struct xg_duty *d = &duties->items[i];
            if (strcmp(d->unit, unit) == 0 ||
                xg_duty_names(d, category) != (naming == 1))
                continue;
            shown++;
            if (put_duty(cli, g, d, list, err) != XG_OK) {
                json_decref(list);
                return err->status;
            }
        }
    cli_advise(cli, "rules", list);
    return XG_OK;
}

static enum xg_status give_back(struct cli *cli, struct xg_guide *g,
                                struct cli_act *act, const struct cli_case *at,
                                struct xg_error *err)
{
    char unit[TEXT_MAX], category[TEXT_MAX], rule[TEXT_MAX];
    const struct xg_duty *item;
    enum xg_cited cited;

    holder_of(unit, at);
    state_text(category, &at->fold.state, XG_INCIDENT_CATEGORY);
    draft_text(rule, &act->draft, XG_CASE_RULE);
    if (at->fold.state.kind->number != XG_KIND_INCIDENT)
        category[0] = '\0';
    if (!*rule)
        return advise_duties(cli, g, unit, category, err);
    if (xg_guide_cited(g, &cited, &item, rule, unit, category, err) != XG_OK)
        return err->status;
    if (cited == XG_CITED_GOOD || cited == XG_CITED_NO_LIST)
        return XG_OK;
    if (advise_duties(cli, g, unit, category, err) != XG_OK)
        return err->status;
    if (cited == XG_CITED_OWN)
        return xg_fail(err, XG_REFUSED,
                       XG_T("按职责清单 %s，这件归 %s：%s。不能用这条退单，"
                            "请换一条依据，或找调度员",
                            "the duty list says in %s that it is the duty of "
                            "%s: %s. It is no ground to return it: cite "
                            "another item, or ask a dispatcher"),
                       rule, unit, item ? item->text : "");
    return xg_fail(
        err, XG_REFUSED,
        XG_T("职责清单里没有 %s 这一条；请换一条依据，或找调度员",
             "the duty list has no item %s; cite another, or ask a "
             "dispatcher"), rule);
}

/* ---- dispatch ---- */

static enum xg_status put_proposal(struct cli *cli, struct xg_guide *g,
                                   const struct xg_proposal *p, json_t *list,
                                   struct xg_error *err)
{
    const char *name;

    if (xg_guide_unit_name(g, &name, p->unit, err) != XG_OK)
        return err->status;
    json_array_append_new(
        list, json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:s}", "unit", p->unit,
                        "name", name, "post", p->post, "board", p->board,
                        "assists", p->assists, "rule",
                        p->duty ? json_string(p->duty->code) : json_null(),
                        "holder", p->holder ? p->holder : ""));
    xg_buf_format(&cli->advice, "  unit=%s  ", p->unit);
    view_put_line(&cli->advice, xg_bytes_of(name));
    if (p->assists)
        xg_buf_text(&cli->advice, XG_T("（协办）", " (assists)"));
    if (p->duty)
        xg_buf_format(&cli->advice, XG_T("，职责清单 %s", ", by duty %s"),
                      p->duty->code);
    if (*p->post)
        xg_buf_format(&cli->advice, "  post=%s", p->post);
    if (p->holder && *p->holder)
        xg_buf_format(&cli->advice, XG_T("（%s）", " (%s)"), p->holder);
    xg_buf_text(&cli->advice, "\n");
    return XG_OK;
}

/* Board and post of who was chosen, as the catalogue has them. */
static enum xg_status fill_in(struct cli_act *act, const struct xg_proposal *p,
                              struct xg_error *err)
{
    if (*p->board && !has(&act->draft, XG_CASE_BOARD) &&
        capture_set_text(&act->draft, XG_CASE_BOARD, p->board, err) != XG_OK)
        return err->status;
    if (*p->post && !has(&act->draft, XG_CASE_POST) &&
        capture_set_text(&act->draft, XG_CASE_POST, p->post, err) != XG_OK)
        return err->status;
    return XG_OK;
}

static enum xg_status dispatch(struct cli *cli, struct xg_guide *g,
                               struct cli_act *act, const struct cli_case *at,
                               struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(4 << 20);
    char unit[TEXT_MAX], category[TEXT_MAX], grid[TEXT_MAX];
    struct xg_proposal *list;
    json_t *json = json_array();
    size_t count = 0;

    draft_text(unit, &act->draft, XG_CASE_UNIT);
    state_text(grid, &at->fold.state, XG_FIELD_GRID);
    state_text(category, &at->fold.state, XG_INCIDENT_CATEGORY);
    if (at->fold.state.kind->number != XG_KIND_INCIDENT)
        snprintf(category, sizeof category, "%s", at->fold.state.kind->name);
    enum xg_status status =
        xg_guide_propose(g, &list, &count, &arena, category,
                         *grid ? grid : NULL, cli_today(cli), err);
    if (status == XG_OK && count && !*unit)
        xg_buf_text(&cli->advice,
                    XG_T("按目录和职责清单，可派给：\n",
                         "by the catalogue and the duty list:\n"));
    for (size_t i = 0; status == XG_OK && i < count; i++) {
        if (!*unit)
            status = put_proposal(cli, g, &list[i], json, err);
        else if (strcmp(unit, list[i].unit) == 0)
            status = fill_in(act, &list[i], err);
    }
    cli_advise(cli, "proposed", json);
    xg_arena_clear(&arena);
    return status;
}

/* ---- whistle ---- */

static enum xg_status whistle(struct xg_guide *g, const struct cli_case *at,
                              struct xg_error *err)
{
    const struct xg_levels *levels;
    const struct xg_level *own = NULL;
    struct xg_buf names = XG_BUF(1024);
    bool may, told;

    if (xg_guide_may_whistle(g, &may, &told, &own, at->actor.unit, err) !=
            XG_OK ||
        xg_guide_levels(g, &levels, err) != XG_OK)
        return err->status;
    if (!told || may)
        return XG_OK;
    for (size_t i = 0; i < levels->count; i++)
        if (levels->rows[i].whistles)
            xg_buf_format(&names, "%s%s", names.len ? XG_T("、", ", ") : "",
                          xg_level_label(&levels->rows[i]));
    xg_ignore(xg_fail(err, XG_REFUSED,
                      XG_T("%s（%s）这一级不能吹哨；能吹哨的是：%s",
                           "%s (%s) may not whistle; who may: %s"),
                      at->actor.unit, own ? xg_level_label(own) : "?",
                      names.len ? xg_buf_str(&names) : XG_T("没有", "nobody")));
    xg_buf_clear(&names);
    return err->status;
}

enum xg_status cli_guide_move(struct cli *cli, struct cli_act *act,
                              struct cli_case *at, struct xg_error *err)
{
    struct xg_guide *g = NULL;

    if (cli_guide(cli, &g, err) != XG_OK)
        return err->status;
    switch (act->draft.head.move) {
    case XG_MOVE_ESCALATE:
        return escalate(cli, g, act, at, err);
    case XG_MOVE_RETURN:
        return give_back(cli, g, act, at, err);
    case XG_MOVE_DISPATCH:
    case XG_MOVE_DESIGNATE:
        return dispatch(cli, g, act, at, err);
    case XG_MOVE_WHISTLE:
        return whistle(g, at, err);
    default:
        return XG_OK;
    }
}

/* ---- codes that nobody knows ---- */

struct nearest {
    const char *code, *best;
    unsigned edits;
};

static void try_code(struct nearest *n, const char *candidate)
{
    unsigned edits = view_edits(n->code, candidate);

    if (edits <= NEAR_EDITS && edits < n->edits && edits < strlen(candidate)) {
        n->edits = edits;
        n->best = candidate;
    }
}

static void say_unknown(struct cli *cli, const struct xg_field *f,
                        const struct nearest *n)
{
    cli_say(cli,
            XG_T("注意：导入的资料里没有%s“%s”%s%s%s；照样保存，也许是新增的、"
                 "本机还没同步到。",
                 "Mind: the imported data knows no %s \"%s\"%s%s%s; it is "
                 "saved all the same: it may be new and not synced yet."),
            xg_label(f->zh, f->en), n->code,
            n->best ? XG_T("，是不是 ", "; did you mean ") : "",
            n->best ? n->best : "", n->best ? XG_T("？", "?") : "");
}

static void warn_unit(struct cli *cli, struct xg_guide *g,
                      const struct xg_field *f, const char *code)
{
    struct nearest n = {.code = code, .edits = NEAR_EDITS + 1};
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_territory *t = NULL;

    if (xg_guide_territory(g, &t, &ignored) != XG_OK || t->count == 0 ||
        xg_territory_find(t, code))
        return;
    for (size_t i = 0; i < t->count; i++)
        try_code(&n, t->units[i].code);
    say_unknown(cli, f, &n);
}

static void warn_category(struct cli *cli, struct xg_guide *g,
                          const struct xg_field *f, const char *code)
{
    struct nearest n = {.code = code, .edits = NEAR_EDITS + 1};
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_catalogue *c = NULL;

    if (xg_guide_catalogue(g, &c, NULL, UINT64_MAX, &ignored) != XG_OK || !c ||
        c->count == 0 || xg_catalogue_find(c, xg_bytes_of(code)))
        return;
    for (size_t i = 0; i < c->count; i++)
        if (c->all[i].active)
            try_code(&n, c->all[i].code);
    say_unknown(cli, f, &n);
}

void cli_warn_codes(struct cli *cli, const struct xg_draft *d)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_guide *g = NULL;
    char code[TEXT_MAX];

    if (cli->json || cli_guide(cli, &g, &ignored) != XG_OK)
        return;
    for (size_t i = 0; i < d->field_count; i++) {
        uint64_t number = d->fields[i].number;
        const struct xg_field *f = xg_field_find(kind, number);
        draft_text(code, d, number);
        if (!f || !*code)
            continue;
        if (number == XG_FIELD_GRID || number == XG_CASE_UNIT)
            warn_unit(cli, g, f, code);
        else if (kind->number == XG_KIND_INCIDENT &&
                 number == XG_INCIDENT_CATEGORY)
            warn_category(cli, g, f, code);
    }
}
