/* rows.c - see rows.h. */
#include "server/cli/rows.h"

#include "shared/base/lang.h"

enum { ROWS_BYTES = 1 << 30 };

static enum xg_status take_in(struct rows *r, struct xg_error *err)
{
    struct board *b = r->look->c->data->board;
    struct board_at at;

    if (board_take_in(b, &at, board_is_followed(b) ? BOARD_TAKE_IN : UINT64_MAX,
                      err) != XG_OK)
        return err->status;
    r->from.size = at.size;
    r->behind = at.behind;
    return XG_OK;
}

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

enum xg_status rows_open(struct rows *r, struct look *l, struct xg_error *err)
{
    *r = (struct rows){.look = l, .arena = XG_ARENA(ROWS_BYTES)};
    if (area_open(&r->area, l, err) != XG_OK)
        return err->status;
    r->as_of = has_option(l->c, "as-of");
    if ((r->as_of ? read_size(r, err) : take_in(r, err)) != XG_OK)
        return err->status;
    r->from.store = l->store;
    r->from.registry = &l->registry;
    if (report_guide(&r->guide, &r->limited, l->store, r->from.size, err) !=
        XG_OK)
        return err->status;
    r->from.guide = r->guide;
    return report_now(&r->set.now_ms, &r->from, err);
}

static enum xg_status read_board(struct rows *r, int64_t since_ms,
                                 struct xg_error *err)
{
    if (board_begin(r->look->c->data->board, &r->board, err) != XG_OK)
        return err->status;
    return report_read_board(&r->set, &r->arena, &r->from, r->board, since_ms,
                             err);
}

enum xg_status rows_read(struct rows *r, int64_t since_ms, struct xg_error *err)
{
    if ((r->as_of ? report_read(&r->set, &r->arena, &r->from, err)
                  : read_board(r, since_ms, err)) != XG_OK)
        return err->status;
    r->set.behind = r->behind;
    return report_units_open(&r->units, &r->arena, &r->from, r->area.unit,
                             &r->set, err);
}

void rows_close(struct rows *r)
{
    if (r->board)
        board_end(r->look->c->data->board, r->board);
    r->board = NULL;
    xg_guide_free(r->guide);
    r->guide = NULL;
    xg_arena_clear(&r->arena);
}
