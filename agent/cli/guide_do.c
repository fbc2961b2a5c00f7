/* guide_do.c - what the imported reference data says to a move and to what was
 * typed: it proposes, fills in, warns; and refuses where the site's own lists
 * leave no doubt. Without data it says nothing.
 */
#include "agent/cli/cli.h"

#include <string.h>

#include "shared/core/cbor.h"
#include "shared/core/loop.h"
#include "shared/guide/catalogue.h"
#include "shared/view/names.h"
#include "shared/view/text.h"

enum { TEXT_MAX = 256, CANDIDATES_SHOWN = 8 };

#define YEAR_2000_MS INT64_C(946684800000)

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

/* The code that the draft adds to a set as the at-th; false: there is none. */
static bool added_text(char out[static TEXT_MAX], const struct xg_draft *d,
                       uint64_t number, size_t at)
{
    struct xg_cbor c = xg_cbor_over(xg_draft_get(d, number));
    struct xg_cbor_item set, key, items, item;
    size_t i = 0;

    if (!has(d, number) || !xg_cbor_next(&c, &set))
        return false;
    c = xg_cbor_inside(&set);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &items)) {
        struct xg_cbor in = xg_cbor_inside(&items);
        while (key.number == XG_SET_ADDED && xg_cbor_next(&in, &item))
            if (i++ == at) {
                take_text(out, &item);
                return true;
            }
    }
    return false;
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
    return xg_fail(err, XG_REFUSED,
                   XG_T("职责清单里没有 %s 这一条；请换一条依据，或找调度员",
                        "the duty list has no item %s; cite another, or ask a "
                        "dispatcher"),
                   rule);
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

/* What the line of the post says, where the person did not. */
static enum xg_status by_post(struct cli *cli, struct xg_guide *g,
                              struct cli_act *act, struct xg_error *err)
{
    const struct xg_post *post = NULL;
    const char *holder = NULL;
    char code[TEXT_MAX];

    draft_text(code, &act->draft, XG_CASE_POST);
    if (!*code)
        return XG_OK;
    if (xg_guide_holder(g, &post, &holder, code, cli_today(cli), err) != XG_OK)
        return err->status;
    if (!post)
        return XG_OK;
    const struct {
        uint64_t number;
        const char *text;
    } said[] = {{XG_CASE_UNIT, post->unit},
                {XG_CASE_BOARD, post->board},
                {XG_CASE_HANDLER, holder ? holder : ""}};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++)
        if (*said[i].text && !has(&act->draft, said[i].number) &&
            capture_set_text(&act->draft, said[i].number, said[i].text, err) !=
                XG_OK)
            return err->status;
    return XG_OK;
}

/* A case that goes to a unit that nobody knows is seen by nobody. */
static enum xg_status known_unit(struct cli *cli, struct xg_guide *g,
                                 const struct cli_act *act,
                                 struct xg_error *err)
{
    const struct xg_field *f =
        xg_field_find(xg_kind_find(act->draft.head.kind), XG_CASE_UNIT);
    struct xg_buf near = XG_BUF(1024);
    char unit[TEXT_MAX];
    bool known = true;

    draft_text(unit, &act->draft, XG_CASE_UNIT);
    if (!*unit || !f || cli_flag(cli, "anyway"))
        return XG_OK;
    view_put_nearest(&near, &known, g, f, unit);
    if (!known)
        xg_ignore(xg_fail(
            err, XG_REFUSED,
            XG_T("单位“%s”不在导入的区划表里%s%s%s；表还没更新的，加 --anyway",
                 "the imported territory has no unit \"%s\"%s%s%s; where it is "
                 "not up to date, add --anyway"),
            unit, near.len ? XG_T("，是不是 ", ", did you mean ") : "",
            near.len ? xg_buf_str(&near) : "",
            near.len ? XG_T("？", "?") : ""));
    xg_buf_clear(&near);
    return known ? XG_OK : XG_REFUSED;
}

/* ---- report in ---- */

/* One's own unit; another's only where it lies below. */
static enum xg_status report_in(struct xg_guide *g, struct cli_act *act,
                                const struct cli_case *at, struct xg_error *err)
{
    const struct xg_territory *t = NULL;
    const char *own = at->actor.unit;
    char unit[TEXT_MAX];

    if (!has(&act->draft, XG_CASE_PRESENT))
        return *own ? capture_add_text(&act->draft, XG_CASE_PRESENT, own, err)
                    : XG_OK;
    if (xg_guide_territory(g, &t, err) != XG_OK)
        return err->status;
    for (size_t i = 0; added_text(unit, &act->draft, XG_CASE_PRESENT, i); i++)
        if (strcmp(unit, own) != 0 && xg_territory_find(t, own) &&
            xg_territory_distance(t, unit, own) < 0)
            return xg_fail(err, XG_REFUSED,
                           XG_T("%s 不是您的单位（%s），也不在其下；各单位自己"
                                "报到，不写 present= 就是本单位",
                                "%s is not your unit (%s), nor below it; each "
                                "reports in by itself: without present= it is "
                                "your own"),
                           unit, own);
    return XG_OK;
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
        if (by_post(cli, g, act, err) != XG_OK ||
            known_unit(cli, g, act, err) != XG_OK)
            return err->status;
        return dispatch(cli, g, act, at, err);
    case XG_MOVE_REPORT_IN:
        return report_in(g, act, at, err);
    case XG_MOVE_WHISTLE:
        return whistle(g, at, err);
    default:
        return XG_OK;
    }
}

/* ---- codes that nobody knows, times that cannot be ---- */

static void warn_code(struct cli *cli, struct xg_guide *g,
                      const struct xg_field *f, const char *code)
{
    struct xg_buf near = XG_BUF(1024);
    bool known = true;

    view_put_nearest(&near, &known, g, f, code);
    if (!known)
        cli_say(cli,
                XG_T("注意：导入的资料里没有%s“%s”%s%s%s；照样保存，也许是新增"
                     "的、本机还没同步到。",
                     "Mind: the imported data knows no %s \"%s\"%s%s%s; it is "
                     "saved all the same: it may be new and not synced yet."),
                xg_label(f->zh, f->en), code,
                near.len ? XG_T("，是不是 ", "; did you mean ") : "",
                near.len ? xg_buf_str(&near) : "",
                near.len ? XG_T("？", "?") : "");
    xg_buf_clear(&near);
}

/* Clocks lie: a remark, never a refusal. */
static void warn_time(struct cli *cli, const struct xg_field *f,
                      const struct xg_cbor_item *item)
{
    bool ahead = strcmp(f->name, "until") == 0 ||
                 strcmp(f->name, "report_by") == 0 ||
                 strcmp(f->name, "due") == 0;
    int64_t ms, now_ms = xg_wall_ms(&cli->env);
    const char *what = NULL;

    if (!xg_cbor_int(item, &ms))
        return;
    if (ahead && ms < now_ms)
        what = XG_T("已经过去", "is past");
    if (f->number == XG_FIELD_HAPPENED && ms > now_ms + VIEW_CLOCK_TOLERANCE_MS)
        what = XG_T("还没到", "is yet to come");
    if (f->number == XG_FIELD_HAPPENED && ms < YEAR_2000_MS)
        what = XG_T("在 2000 年以前", "is before the year 2000");
    if (what)
        cli_say(cli,
                XG_T("注意：%s按本机的钟%s，请核对；照样保存。",
                     "Mind: by this device's clock, \"%s\" %s; look again. It "
                     "is saved all the same."),
                xg_label(f->zh, f->en), what);
}

void cli_warn_codes(struct cli *cli, const struct xg_draft *d)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_guide *g = NULL;
    struct xg_cbor_item item;
    char code[TEXT_MAX];

    if (cli->json || cli_guide(cli, &g, &ignored) != XG_OK)
        return;
    for (size_t i = 0; i < d->field_count; i++) {
        const struct xg_field *f = xg_field_find(kind, d->fields[i].number);
        struct xg_cbor c;
        if (!f)
            continue;
        if (f->merge == XG_MERGE_SET && f->type == XG_TYPE_CODE) {
            for (size_t at = 0; added_text(code, d, f->number, at); at++)
                warn_code(cli, g, f, code);
            continue;
        }
        c = xg_cbor_over(xg_draft_get(d, f->number));
        if (!xg_cbor_next(&c, &item))
            continue;
        if (f->type == XG_TYPE_TIME)
            warn_time(cli, f, &item);
        take_text(code, &item);
        if (f->type == XG_TYPE_CODE && *code)
            warn_code(cli, g, f, code);
    }
}
