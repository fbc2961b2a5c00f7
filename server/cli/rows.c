/* rows.c - see rows.h. */
#include "server/cli/rows.h"

#include <string.h>

#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/names.h"
#include "shared/view/text.h"

enum { ROWS_BYTES = 1 << 30, TITLE_MAX = 8192 };

static enum xg_status read_size(struct rows *r, struct xg_error *err)
{
    struct cmd *c = r->look->c;
    struct store *store = r->look->store;
    struct xg_bytes note;
    unsigned long asked;
    uint64_t size;

    if (store->ops->get_checkpoint(store, &r->arena, &size, &note, err) !=
            XG_OK ||
        cmd_number(&asked, c, "as-of", 0, (unsigned long)INT64_MAX, err) !=
            XG_OK)
        return err->status;
    if (asked > size)
        return xg_fail(err, XG_USAGE,
                       XG_T("日志现在只有 %llu 条，没有第 %lu 条",
                            "the log has %llu entries, and not %lu"),
                       (unsigned long long)size, asked);
    r->from.size = asked;
    return XG_OK;
}

static bool has_option(const struct cmd *c, const char *name)
{
    for (const struct cmd_option *o = c->spec->options; o->name; o++)
        if (strcmp(o->name, name) == 0)
            return cmd_option(c, name) != NULL;
    return false;
}

/* Nothing is at home with a department: it answers for what is or was in its
 * hands. The levels file says where handlers answer; and a handler who is
 * logged in works for one. */
static enum xg_status find_whose(struct rows *r, struct xg_error *err)
{
    const struct cmd *c = r->look->c;
    const char *unit = r->area.unit;
    const struct xg_level *level = NULL;
    const struct xg_role *role = NULL;

    if (!*unit)
        return XG_OK;
    if (xg_guide_level_of(r->from.guide, &level, unit, err) != XG_OK)
        return err->status;
    if (level)
        role = xg_role_named(level->role);
    else if (c->within && strcmp(unit, c->within) == 0)
        role = c->role;
    r->by_hands = role && role->number == XG_ROLE_HANDLER;
    return XG_OK;
}

enum xg_status rows_board(struct rows *r, struct cmd *c, struct xg_error *err)
{
    *r = (struct rows){.data = c->data,
                       .arena = XG_ARENA(ROWS_BYTES),
                       .as_of = has_option(c, "as-of")};
    if (r->as_of)
        return XG_OK;
    if (area_board(&r->board, c, err) != XG_OK)
        return err->status;
    r->from.size = c->board.size;
    return XG_OK;
}

enum xg_status rows_open(struct rows *r, struct look *l, struct xg_error *err)
{
    r->look = l;
    if (area_open(&r->area, l, err) != XG_OK ||
        (r->as_of && read_size(r, err) != XG_OK))
        return err->status;
    r->from.store = l->store;
    r->from.registry = &l->registry;
    /* of now it is the one that the board goes by too */
    if ((r->as_of ? report_guide(&r->guide, &r->limited, l->store,
                                 r->from.size, err)
                  : look_guide(l, err)) != XG_OK)
        return err->status;
    r->from.guide = r->as_of ? r->guide : l->guide;
    if (find_whose(r, err) != XG_OK)
        return err->status;
    return report_now(&r->set.now_ms, &r->from, err);
}

static enum xg_status read_board(struct rows *r,
                                 const struct board_period *period,
                                 struct xg_error *err)
{
    if (report_read_board(&r->set, &r->arena, &r->from, r->board, period,
                          err) != XG_OK)
        return err->status;
    uint64_t *numbers = NULL;
    if (r->by_hands &&
        board_figures_in_hands(r->board, &r->arena, &numbers, &r->hands.count,
                               r->area.unit, err) != XG_OK)
        return err->status;
    r->hands.numbers = numbers;
    return XG_OK;
}

static enum xg_status read_as_of(struct rows *r, struct xg_error *err)
{
    if (report_read(&r->set, &r->arena, &r->from, err) != XG_OK)
        return err->status;
    return r->by_hands ? report_hands_read(&r->hands, &r->arena, &r->from,
                                           r->area.unit, &r->set, err)
                       : XG_OK;
}

enum xg_status rows_read(struct rows *r, const struct board_period *period,
                         struct xg_error *err)
{
    if ((r->as_of ? read_as_of(r, err) : read_board(r, period, err)) !=
        XG_OK)
        return err->status;
    r->set.behind = r->look->c->board.behind;
    return report_units_open(&r->units, &r->arena, &r->from, r->area.unit,
                             r->by_hands ? &r->hands : NULL, &r->set, err);
}

enum xg_status rows_has(bool *is, struct rows *r, uint64_t number,
                        uint64_t kind, const char *unit, struct xg_error *err)
{
    *is = false;
    if (!report_counts_kind(kind))
        return XG_OK;
    if (area_has(&r->area, is, unit, err) != XG_OK)
        return err->status;
    *is = *is || (r->by_hands && report_in_hands(&r->hands, number));
    return XG_OK;
}

void rows_set_title(json_t **object, const struct store_entity *e)
{
    struct xg_buf title = XG_BUF(TITLE_MAX);
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_brief brief;

    if (e->folded && xg_brief_read(&brief, e->state, &ignored) == XG_OK &&
        !access_is_sensitive_brief(&brief))
        view_put_title(&title, &brief);
    view_json_set(object, "title",
                  title.len ? view_json_text(xg_buf_bytes(&title))
                            : json_null());
    xg_buf_clear(&title);
}

void rows_close(struct rows *r)
{
    if (r->board)
        board_end(r->data->board, r->board);
    r->board = NULL;
    xg_guide_free(r->guide);
    r->guide = NULL;
    xg_arena_clear(&r->arena);
}
