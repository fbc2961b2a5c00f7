/* filter.c - see filter.h. */
#include "server/cli/filter.h"

#include <stdlib.h>
#include <string.h>

#include "server/cli/area.h"
#include "server/data/guide.h"
#include "server/report/report.h"
#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/guide/catalogue.h"
#include "shared/view/clock.h"
#include "shared/view/text.h"

enum { CANDIDATES = 10, SAID_MAX = 4096 };

enum xg_status filter_open(struct filtered *f, struct cmd *c,
                           struct xg_error *err)
{
    *f = (struct filtered){.c = c};
    if (area_board(&f->board, c, err) != XG_OK)
        return err->status;
    return look_open(&f->look, c, err);
}

void filter_close(struct filtered *f)
{
    board_end(f->c->data->board, f->board);
    if (f->look.c)
        look_close(&f->look);
}

/* ---- units and categories ---- */

/* Gathers what was perhaps meant. */
struct nearby {
    struct xg_buf said;
    const char *typed, *named; /* the code of the last of that very name */
    size_t names, count;
};

static void look_near(struct nearby *n, const char *code, const char *name)
{
    unsigned edits = VIEW_FAR;
    bool same = strcmp(name, n->typed) == 0;

    n->names += same;
    n->named = same ? code : n->named;
    if (n->count < CANDIDATES &&
        (same || strstr(name, n->typed) ||
         view_nearer(&edits, n->typed, code) ||
         view_nearer(&edits, n->typed, name)))
        xg_buf_format(&n->said, "%s%s %s", n->count++ ? XG_T("、", ", ") : "",
                      code, name);
}

enum xg_status filter_unit(const char **code, struct filtered *f,
                           const char *text, struct xg_error *err)
{
    struct nearby n = {.said = XG_BUF(SAID_MAX), .typed = text};
    const struct xg_territory *t;

    if (strcmp(text, BOARD_NONE) == 0) {
        *code = "";
        return XG_OK;
    }
    if (look_guide(&f->look, err) != XG_OK ||
        xg_guide_territory(f->look.guide, &t, err) != XG_OK)
        return err->status;
    if (t->count == 0 || board_knows_unit(f->board, text)) {
        *code = text; /* without a territory every code is as good */
        return XG_OK;
    }
    for (size_t i = 0; i < t->count; i++)
        look_near(&n, t->units[i].code, t->units[i].name);
    enum xg_status status = XG_OK;
    if (n.names == 1)
        *code = n.named;
    else if (n.count)
        status = xg_fail(err, n.names ? XG_AMBIGUOUS : XG_NOTFOUND,
                         XG_T("没有单位 %s；相近的有：%s",
                              "there is no unit %s; near it: %s"),
                         text, xg_buf_str(&n.said));
    else
        status = xg_fail(err, XG_NOTFOUND,
                         XG_T("没有单位 %s；单位代码见导入的区划",
                              "there is no unit %s: see the territory "
                              "imported"),
                         text);
    xg_buf_clear(&n.said);
    return status;
}

static enum xg_status find_category(const char **code, struct filtered *f,
                                    const char *text, struct xg_error *err)
{
    struct nearby n = {.said = XG_BUF(SAID_MAX), .typed = text};
    const struct xg_catalogue *c;
    enum xg_status status = XG_OK;

    if (look_guide(&f->look, err) != XG_OK ||
        xg_guide_catalogue(f->look.guide, &c, NULL, UINT64_MAX, err) != XG_OK)
        return err->status;
    *code = text; /* one of an older catalogue is as good */
    if (!c || xg_catalogue_find(c, xg_bytes_of(text)))
        return XG_OK;
    for (size_t i = 0; i < c->count; i++)
        look_near(&n, c->all[i].code, c->all[i].zh);
    if (n.names == 1)
        *code = n.named;
    else if (n.names)
        status = xg_fail(err, XG_AMBIGUOUS,
                         XG_T("类别 %s 不止一个：%s",
                              "more than one category is called %s: %s"),
                         text, xg_buf_str(&n.said));
    xg_buf_clear(&n.said);
    return status;
}

/* ---- choices ---- */

static void put_choices(struct xg_buf *out, const struct xg_choice *choices)
{
    for (const struct xg_choice *c = choices; c->name; c++)
        xg_buf_format(out, "%s%s %s", c == choices ? "" : XG_T("、", ", "),
                      c->name, c->zh);
}

/* By name, or by its label in Chinese; each that is given is added. */
static enum xg_status read_choices(uint64_t *set, struct cmd *c,
                                   const char *option,
                                   const struct xg_choice *choices,
                                   struct xg_error *err)
{
    const char *value;

    for (size_t at = 0; (value = cmd_option_next(c, option, &at));) {
        const struct xg_choice *found = xg_choice_named(choices, value);
        for (const struct xg_choice *x = choices; !found && x->name; x++)
            if (strcmp(x->zh, value) == 0)
                found = x;
        if (!found) {
            struct xg_buf all = XG_BUF(SAID_MAX);
            put_choices(&all, choices);
            xg_fail(err, XG_USAGE,
                    XG_T("--%s 没有 %s；可用的有：%s",
                         "--%s: there is no %s; one of: %s"),
                    option, value, xg_buf_str(&all));
            xg_buf_clear(&all);
            return err->status;
        }
        *set |= UINT64_C(1) << found->number;
    }
    return XG_OK;
}

static enum xg_status read_statuses(struct filtered *f, struct xg_error *err)
{
    struct cmd *c = f->c;
    const struct xg_labels *labels = f->look.view.labels;
    const char *value;

    for (size_t at = 0; (value = cmd_option_next(c, "status", &at));) {
        const struct xg_choice *found = xg_status_named(value);
        for (const struct xg_choice *x = xg_statuses; !found && x->name; x++)
            if (strcmp(xg_labels_of(labels, XG_LABEL_STATUS, x->number),
                       value) == 0)
                found = x;
        if (!found) {
            struct xg_buf all = XG_BUF(SAID_MAX);
            put_choices(&all, xg_statuses);
            xg_fail(err, XG_USAGE,
                    XG_T("没有状态 %s；可用的有：%s",
                         "there is no status %s; one of: %s"),
                    value, xg_buf_str(&all));
            xg_buf_clear(&all);
            return err->status;
        }
        f->filter.statuses |= UINT64_C(1) << found->number;
    }
    return XG_OK;
}

static enum xg_status read_lights(struct filtered *f, struct xg_error *err)
{
    struct cmd *c = f->c;
    const char *value;

    for (size_t at = 0; (value = cmd_option_next(c, "light", &at));) {
        unsigned light = XG_LIGHT_NONE;
        while (light <= XG_LIGHT_RED &&
               strcmp(view_light_name((enum xg_light)light), value) != 0)
            light++;
        if (light > XG_LIGHT_RED)
            return xg_fail(err, XG_USAGE,
                           XG_T("没有灯 %s；可用的有：red、yellow、green、none",
                                "there is no light %s; one of: red, yellow, "
                                "green, none"),
                           value);
        f->filter.lights |= UINT64_C(1) << light;
    }
    return XG_OK;
}

/* By its name, or as the site calls it; BOARD_NONE: no clock runs. */
static enum xg_status read_stages(struct filtered *f, struct xg_error *err)
{
    struct cmd *c = f->c;
    const char *value;

    for (size_t at = 0; (value = cmd_option_next(c, "stage", &at));) {
        const struct xg_choice *found = xg_choice_named(xg_stages, value);
        bool none = strcmp(value, BOARD_NONE) == 0;
        for (const struct xg_choice *x = xg_stages; !found && x->name; x++)
            if (strcmp(x->zh, value) == 0 ||
                strcmp(xg_labels_of(f->look.view.labels, XG_LABEL_STAGE,
                                    x->number),
                       value) == 0)
                found = x;
        if (!found && !none) {
            struct xg_buf all = XG_BUF(SAID_MAX);
            put_choices(&all, xg_stages);
            xg_fail(err, XG_USAGE,
                    XG_T("没有环节 %s；可用的有：%s，没有在走的写 -",
                         "there is no stage %s; one of: %s; or - where none "
                         "runs"),
                    value, xg_buf_str(&all));
            xg_buf_clear(&all);
            return err->status;
        }
        f->filter.stages |= UINT64_C(1) << (none ? 0 : found->number);
    }
    return XG_OK;
}

/* ---- kinds and times ---- */

static enum xg_status add_kind(struct filtered *f, const char *name,
                               struct xg_error *err)
{
    const struct xg_kind *kind;

    if (view_form_kind(&kind, name, err) != XG_OK)
        return err->status;
    f->filter.kinds |= UINT64_C(1) << kind->number;
    return XG_OK;
}

static enum xg_status read_kinds(struct filtered *f, struct xg_error *err)
{
    struct cmd *c = f->c;
    const char *value;

    if (c->arg_count > 1 && add_kind(f, c->args[1], err) != XG_OK)
        return err->status;
    for (size_t at = 0; (value = cmd_option_next(c, "kind", &at));)
        if (add_kind(f, value, err) != XG_OK)
            return err->status;
    if (cmd_option(c, "case") && !f->filter.kinds)
        for (const struct xg_kind *k = xg_kinds; k->name; k++)
            if (k->first_status)
                f->filter.kinds |= UINT64_C(1) << k->number;
    return XG_OK;
}

/* A day alone is China's, whatever zone the machine is in; `day_ms` later where
 * all of it is meant. */
static enum xg_status read_time(int64_t *ms, struct cmd *c, const char *option,
                                int64_t day_ms, struct xg_error *err)
{
    const char *value = cmd_option(c, option);

    if (value && report_day_read(ms, value)) {
        *ms += day_ms;
        return XG_OK;
    }
    if (value && (!view_parse_time(ms, value) || *ms <= 0))
        return xg_fail(err, XG_USAGE,
                       XG_T("--%s 要一个时间，如 \"2026-10-10 09:00\"，不是 %s",
                            "--%s takes a time, like \"2026-10-10 09:00\", not "
                            "%s"),
                       option, value);
    return XG_OK;
}

/* What the board knows of sight.h. Kinds that reach down are seen from
 * below too: of them there are few, and each row is asked. */
static void limit_sight(struct filtered *f)
{
    struct cmd *c = f->c;
    struct board_filter *b = &f->filter;
    bool informed = c->role && c->role->informed;

    if (!c->within)
        return;
    b->within = c->within;
    for (const struct xg_kind *k = xg_kinds; k->name; k++)
        b->reaching |= k->reaches_down ? UINT64_C(1) << k->number : 0;
    if (b->kinds)
        b->reaching &= b->kinds;
    if (!informed && !b->kinds)
        b->kinds = INT64_MAX;
    if (!informed)
        b->kinds &= ~(UINT64_C(1) << XG_KIND_CONTACT);
    f->is_nothing = b->kinds == 0 && !informed;
}

void filter_kind(struct filtered *f, const struct xg_kind *kind)
{
    f->filter = (struct board_filter){.kinds = UINT64_C(1) << kind->number};
    limit_sight(f);
}

enum xg_status filter_read(struct filtered *f, struct xg_error *err)
{
    struct cmd *c = f->c;
    struct board_filter *b = &f->filter;
    const struct xg_kind *incident = xg_kind_find(XG_KIND_INCIDENT);
    const char *unit = cmd_option(c, "unit");
    const char *holder = cmd_option(c, "holder");
    const char *category = cmd_option(c, "category");

    b->open = cmd_option(c, "open") != NULL;
    b->settled = cmd_option(c, "settled") != NULL;
    b->decide = cmd_option(c, "conflict") != NULL;
    b->alone = cmd_option(c, "alone") != NULL;
    b->level = cmd_option(c, "level");
    b->number = cmd_option(c, "number");
    b->text = cmd_option(c, "text");
    if ((unit && filter_unit(&b->unit, f, unit, err) != XG_OK) ||
        (holder && filter_unit(&b->holder, f, holder, err) != XG_OK) ||
        (category && find_category(&b->category, f, category, err) != XG_OK) ||
        read_kinds(f, err) != XG_OK || read_statuses(f, err) != XG_OK ||
        read_stages(f, err) != XG_OK || read_lights(f, err) != XG_OK ||
        read_choices(&b->urgencies, c, "urgency",
                     xg_field_find(incident, XG_INCIDENT_URGENCY)->choices,
                     err) != XG_OK ||
        read_choices(&b->sources, c, "source",
                     xg_field_find(incident, XG_CASE_CHANNEL)->choices, err) !=
            XG_OK ||
        read_time(&b->since_ms, c, "since", 0, err) != XG_OK ||
        read_time(&b->until_ms, c, "until", REPORT_DAY_MS, err) != XG_OK)
        return err->status;
    limit_sight(f);
    return XG_OK;
}
