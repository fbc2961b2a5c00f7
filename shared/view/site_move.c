/* site_move.c - see site_move.h. */
#include "shared/view/site_move.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/cbor.h"
#include "shared/core/loop.h"
#include "shared/guide/catalogue.h"
#include "shared/view/names.h"
#include "shared/view/text.h"

enum { TEXT_MAX = 256, CANDIDATES_SHOWN = 8 };

/* ---- small things ---- */

static void draft_text(char out[static TEXT_MAX], const struct xg_draft *d,
                       uint64_t number)
{
    struct xg_cbor c = xg_cbor_over(xg_draft_get(d, number));
    struct xg_cbor_item item = {.type = XG_CBOR_NULL};

    xg_cbor_next(&c, &item);
    xg_cbor_text(out, TEXT_MAX, &item);
}

static bool has(const struct xg_draft *d, uint64_t number)
{
    return xg_draft_get(d, number).len > 0;
}

/* Who holds the case now: the unit that it was given to, else its home. */
static void holder_of(char out[static TEXT_MAX], const struct view_site_move *m)
{
    xg_state_text(out, TEXT_MAX, m->state, XG_CASE_UNIT);
    if (!*out)
        snprintf(out, TEXT_MAX, "%s", m->home);
}

static enum xg_status set_text(struct xg_draft *d, uint64_t number,
                               const char *text, bool adds,
                               struct xg_error *err)
{
    struct xg_buf value = XG_BUF(2 * TEXT_MAX);

    xg_cbor_put_text(&value, text, strlen(text));
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status = adds ? xg_draft_add(d, number, xg_buf_bytes(&value), err)
                      : xg_draft_set(d, number, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

/* Lists of choices for a program. */
static void advise(const struct view_site_move *m, const char *key, json_t *list)
{
    if (m->advise)
        m->advise(m->ctx, key, list);
    else
        json_decref(list);
}

/* ---- escalate ---- */

static enum xg_status escalate(struct view_site_move *m, struct xg_error *err)
{
    char unit[TEXT_MAX], level[TEXT_MAX];
    const struct xg_role *role = m->actor->role;
    struct xg_step step;
    bool found;

    if (has(m->draft, XG_CASE_LEVEL))
        return XG_OK;
    holder_of(unit, m);
    xg_state_text(level, sizeof level, m->state, XG_CASE_LEVEL);
    if (xg_guide_up(m->guide, &step, &found, unit, level, err) != XG_OK)
        return err->status;
    if (!found)
        return XG_OK; /* the refusal says that level= is needed */
    if (set_text(m->draft, XG_CASE_LEVEL, step.level->code, false, err) !=
        XG_OK)
        return err->status;
    /* Where going up puts it into other hands (loop.h). */
    if (*step.unit && !has(m->draft, XG_CASE_UNIT) && role &&
        xg_move_assigns(XG_MOVE_ESCALATE) &&
        xg_move_allowed(XG_MOVE_ESCALATE, role->number) &&
        set_text(m->draft, XG_CASE_UNIT, step.unit, false, err) != XG_OK)
        return err->status;
    xg_buf_format(m->remarks,
                  XG_T("提到“%s”%s%s。", "It goes up to \"%s\"%s%s."),
            xg_level_label(step.level), *step.unit ? " " : "", step.unit);
    return XG_OK;
}

/* ---- return ---- */

static enum xg_status put_duty(struct view_site_move *m, const struct xg_duty *d,
                               json_t *list, struct xg_error *err)
{
    const char *name;

    if (xg_guide_unit_name(m->guide, &name, d->unit, err) != XG_OK)
        return err->status;
    json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "rule", d->code,
                                          "unit", d->unit, "text", d->text));
    xg_buf_format(m->advice, "  rule=%s  ", d->code);
    view_put_line(m->advice, xg_bytes_of(name));
    xg_buf_text(m->advice, XG_T("：", ": "));
    view_put_line(m->advice, xg_bytes_of(d->text));
    xg_buf_text(m->advice, "\n");
    return XG_OK;
}

/* The items that could be cited: others' that name the category, first. */
static enum xg_status advise_duties(struct view_site_move *m, const char *unit,
                                    const char *category, struct xg_error *err)
{
    const struct xg_duties *duties;
    json_t *list = json_array();
    size_t shown = 0;

    if (xg_guide_duties(m->guide, &duties, err) != XG_OK) {
        json_decref(list);
        return err->status;
    }
    if (duties->count)
        xg_buf_text(m->advice, XG_T("职责清单里可引用的：\n",
                                       "what the duty list has to cite:\n"));
    for (int naming = 1; naming >= 0; naming--)
        for (size_t i = 0; i < duties->count && shown < CANDIDATES_SHOWN; i++) {
            const struct xg_duty *d = &duties->items[i];
            if (strcmp(d->unit, unit) == 0 ||
                xg_duty_names(d, category) != (naming == 1))
                continue;
            shown++;
            if (put_duty(m, d, list, err) != XG_OK) {
                json_decref(list);
                return err->status;
            }
        }
    advise(m, "rules", list);
    return XG_OK;
}

static enum xg_status give_back(struct view_site_move *m, struct xg_error *err)
{
    char unit[TEXT_MAX], category[TEXT_MAX], rule[TEXT_MAX];
    const struct xg_duty *item;
    enum xg_cited cited;

    holder_of(unit, m);
    xg_state_text(category, sizeof category, m->state, XG_INCIDENT_CATEGORY);
    draft_text(rule, m->draft, XG_CASE_RULE);
    if (m->state->kind->number != XG_KIND_INCIDENT)
        category[0] = '\0';
    if (!*rule)
        return advise_duties(m, unit, category, err);
    if (xg_guide_cited(m->guide, &cited, &item, rule, unit, category, err) != XG_OK)
        return err->status;
    if (cited == XG_CITED_GOOD || cited == XG_CITED_NO_LIST)
        return XG_OK;
    if (advise_duties(m, unit, category, err) != XG_OK)
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

static enum xg_status put_proposal(struct view_site_move *m,
                                   const struct xg_proposal *p, json_t *list,
                                   struct xg_error *err)
{
    const char *name;

    if (xg_guide_unit_name(m->guide, &name, p->unit, err) != XG_OK)
        return err->status;
    json_array_append_new(
        list, json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:s}", "unit", p->unit,
                        "name", name, "post", p->post, "board", p->board,
                        "assists", p->assists, "rule",
                        p->duty ? json_string(p->duty->code) : json_null(),
                        "holder", p->holder ? p->holder : ""));
    xg_buf_format(m->advice, "  unit=%s  ", p->unit);
    view_put_line(m->advice, xg_bytes_of(name));
    if (p->assists)
        xg_buf_text(m->advice, XG_T("（协办）", " (assists)"));
    if (p->duty)
        xg_buf_format(m->advice, XG_T("，职责清单 %s", ", by duty %s"),
                      p->duty->code);
    if (*p->post)
        xg_buf_format(m->advice, "  post=%s", p->post);
    if (p->holder && *p->holder)
        xg_buf_format(m->advice, XG_T("（%s）", " (%s)"), p->holder);
    xg_buf_text(m->advice, "\n");
    return XG_OK;
}

/* Board and post of who was chosen, as the catalogue has them. */
static enum xg_status fill_in(struct view_site_move *m,
                              const struct xg_proposal *p,
                              struct xg_error *err)
{
    if (*p->board && !has(m->draft, XG_CASE_BOARD) &&
        set_text(m->draft, XG_CASE_BOARD, p->board, false, err) != XG_OK)
        return err->status;
    if (*p->post && !has(m->draft, XG_CASE_POST) &&
        set_text(m->draft, XG_CASE_POST, p->post, false, err) != XG_OK)
        return err->status;
    return XG_OK;
}

static enum xg_status dispatch(struct view_site_move *m, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(4 << 20);
    char unit[TEXT_MAX], category[TEXT_MAX], grid[TEXT_MAX];
    struct xg_proposal *list;
    json_t *json = json_array();
    size_t count = 0;

    draft_text(unit, m->draft, XG_CASE_UNIT);
    xg_state_text(grid, sizeof grid, m->state, XG_FIELD_GRID);
    xg_state_text(category, sizeof category, m->state, XG_INCIDENT_CATEGORY);
    if (m->state->kind->number != XG_KIND_INCIDENT)
        snprintf(category, sizeof category, "%s", m->state->kind->name);
    enum xg_status status =
        xg_guide_propose(m->guide, &list, &count, &arena, category,
                         *grid ? grid : NULL, m->today, err);
    if (status == XG_OK && count && !*unit)
        xg_buf_text(m->advice,
                    XG_T("按目录和职责清单，可派给：\n",
                         "by the catalogue and the duty list:\n"));
    for (size_t i = 0; status == XG_OK && i < count; i++) {
        if (!*unit)
            status = put_proposal(m, &list[i], json, err);
        else if (strcmp(unit, list[i].unit) == 0)
            status = fill_in(m, &list[i], err);
    }
    advise(m, "proposed", json);
    xg_arena_clear(&arena);
    return status;
}

/* What the line of the post says, where the person did not. */
static enum xg_status by_post(struct view_site_move *m, struct xg_error *err)
{
    const struct xg_post *post = NULL;
    const char *holder = NULL;
    char code[TEXT_MAX];

    draft_text(code, m->draft, XG_CASE_POST);
    if (!*code)
        return XG_OK;
    if (xg_guide_holder(m->guide, &post, &holder, code, m->today, err) != XG_OK)
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
        if (*said[i].text && !has(m->draft, said[i].number) &&
            set_text(m->draft, said[i].number, said[i].text, false, err) !=
                XG_OK)
            return err->status;
    return XG_OK;
}

/* A case that goes to a unit that nobody knows is seen by nobody. */
static enum xg_status known_unit(const struct view_site_move *m,
                                 struct xg_error *err)
{
    const struct xg_field *f =
        xg_field_find(xg_kind_find(m->draft->head.kind), XG_CASE_UNIT);
    struct xg_buf near = XG_BUF(1024);
    char unit[TEXT_MAX];
    bool known = true;

    draft_text(unit, m->draft, XG_CASE_UNIT);
    if (!*unit || !f || m->anyway)
        return XG_OK;
    view_put_nearest(&near, &known, m->guide, f, unit);
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
static enum xg_status report_in(struct view_site_move *m, struct xg_error *err)
{
    const struct xg_territory *t = NULL;
    const char *own = m->actor->unit;
    struct xg_cbor_item item;
    char unit[TEXT_MAX];

    if (!has(m->draft, XG_CASE_PRESENT))
        return *own ? set_text(m->draft, XG_CASE_PRESENT, own, true, err)
                    : XG_OK;
    if (xg_guide_territory(m->guide, &t, err) != XG_OK)
        return err->status;
    for (size_t i = 0; xg_draft_added(&item, m->draft, XG_CASE_PRESENT, i);
         i++) {
        xg_cbor_text(unit, sizeof unit, &item);
        if (strcmp(unit, own) != 0 && xg_territory_find(t, own) &&
            xg_territory_distance(t, unit, own) < 0)
            return xg_fail(err, XG_REFUSED,
                           XG_T("%s 不是您的单位（%s），也不在其下；各单位自己"
                                "报到，不写 present= 就是本单位",
                                "%s is not your unit (%s), nor below it; each "
                                "reports in by itself: without present= it is "
                                "your own"),
                           unit, own);
    }
    return XG_OK;
}

/* ---- whistle ---- */

static enum xg_status whistle(const struct view_site_move *m,
                              struct xg_error *err)
{
    const struct xg_levels *levels;
    const struct xg_level *own = NULL;
    struct xg_buf names = XG_BUF(1024);
    bool may, told;

    if (xg_guide_may_whistle(m->guide, &may, &told, &own, m->actor->unit, err) !=
            XG_OK ||
        xg_guide_levels(m->guide, &levels, err) != XG_OK)
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
                      m->actor->unit, own ? xg_level_label(own) : "?",
                      names.len ? xg_buf_str(&names) : XG_T("没有", "nobody")));
    xg_buf_clear(&names);
    return err->status;
}

enum xg_status view_site_move(struct view_site_move *m, struct xg_error *err)
{
    switch (m->draft->head.move) {
    case XG_MOVE_ESCALATE:
        return escalate(m, err);
    case XG_MOVE_RETURN:
        return give_back(m, err);
    case XG_MOVE_DISPATCH:
    case XG_MOVE_DESIGNATE:
        if (by_post(m, err) != XG_OK ||
            known_unit(m, err) != XG_OK)
            return err->status;
        return dispatch(m, err);
    case XG_MOVE_REPORT_IN:
        return report_in(m, err);
    case XG_MOVE_WHISTLE:
        return whistle(m, err);
    default:
        return XG_OK;
    }
}
