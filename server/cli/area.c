/* area.c - see area.h. */
#include "server/cli/area.h"

#include <string.h>

#include "server/report/report.h"
#include "shared/base/lang.h"
#include "shared/view/json.h"

enum xg_status area_take_in(struct cmd *c, struct xg_error *err)
{
    struct board *b = c->data->board;
    uint64_t most = board_is_followed(b) ? BOARD_TAKE_IN : UINT64_MAX;
    struct board_at at;

    if (board_take_in(b, &at, most, err) != XG_OK)
        return err->status;
    c->board = (struct cmd_board){
        .read = true, .size = at.size, .behind = at.behind};
    return XG_OK;
}

enum xg_status area_board(struct board_reader **r, struct cmd *c,
                          struct xg_error *err)
{
    if (area_take_in(c, err) != XG_OK)
        return err->status;
    return board_begin(c->data->board, r, err);
}

void area_set_board(json_t **object, struct cmd *c)
{
    view_json_set(object, "at", view_json_uint(c->board.size));
    view_json_set(object, "behind", view_json_uint(c->board.behind));
    c->board.told = true;
}

static enum xg_status is_within(bool *is, struct area *a, const char *unit,
                                const char *top, struct xg_error *err)
{
    *is = true;
    return *top ? xg_unit_within(is, &a->look->registry, unit, top, INT64_MAX,
                                 err)
                : XG_OK;
}

static enum xg_status is_known(bool *known, struct area *a, const char *unit,
                               struct xg_error *err)
{
    const struct xg_registry *r = &a->look->registry;
    const struct xg_territory *territory;
    struct xg_statement says;
    uint64_t position;

    *known = false;
    if (strlen(unit) > XG_CODE_MAX)
        return XG_OK;
    if (r->find(r->ctx, XG_SAYS_UNIT, unit, INT64_MAX, &says, &position, known,
                err) != XG_OK ||
        look_guide(a->look, err) != XG_OK ||
        xg_guide_territory(a->look->guide, &territory, err) != XG_OK)
        return err->status;
    *known = *known || xg_territory_find(territory, unit);
    return XG_OK;
}

enum xg_status area_open(struct area *a, struct look *l, struct xg_error *err)
{
    const char *unit = cmd_option(l->c, "unit");
    const char *within = l->c->within ? l->c->within : "";
    bool known = true, allowed = true;

    *a = (struct area){l, unit ? unit : within};
    if (unit && is_known(&known, a, unit, err) != XG_OK)
        return err->status;
    if (unit && is_within(&allowed, a, unit, within, err) != XG_OK)
        return err->status;
    if (known && allowed)
        return XG_OK;
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("没有单位 %.80s；单位代码见导入的区划",
                        "there is no unit %.80s: see the territory imported"),
                   unit);
}

enum xg_status area_has(struct area *a, bool *is, const char *unit,
                        struct xg_error *err)
{
    return is_within(is, a, unit, a->unit, err);
}

const char *area_unit_name(struct area *a, const char *unit)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const char *name = unit;

    if (look_guide(a->look, &ignored) != XG_OK ||
        xg_guide_unit_name(a->look->guide, &name, unit, &ignored) != XG_OK)
        return unit;
    return name;
}

const char *area_person(struct area *a, const char *code)
{
    struct store *s = a->look->store;
    struct xg_error ignored = XG_ERROR_NONE;
    char name[STORE_NAME_MAX + 1];
    bool found;

    if (s->ops->get_person(s, name, &found, code, &ignored) != XG_OK || !found)
        return "";
    const char *copy = xg_arena_str(&a->look->arena, name, strlen(name));
    return copy ? copy : "";
}

enum xg_status area_day(int64_t *begins_ms, const char *text,
                        const struct look *l, struct xg_error *err)
{
    char today[REPORT_DAY_TEXT];

    if (!text) {
        *begins_ms = report_day_text(today, l->now_ms);
        return XG_OK;
    }
    if (report_day_read(begins_ms, text))
        return XG_OK;
    return xg_fail(err, XG_USAGE,
                   XG_T("“%.40s”不是日期，应写作 2026-10-01",
                        "\"%.40s\" is no day; write it like 2026-10-01"),
                   text);
}
