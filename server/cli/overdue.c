/* overdue.c - `overdue`: with whom, at which level, in which stage cases stay
 * (滞留环节): how many are open there, how many of them over their due, and how
 * long they have stayed. The worst first. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/filter.h"
#include "server/cli/print.h"
#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum { CASES_SHOWN = 10, NAME_COLUMNS = 28, ROWS_ARENA = 256 << 20 };

#define DAY_MS INT64_C(86400000)
#define HOUR_MS INT64_C(3600000)

enum overdue_by { BY_HOLDER, BY_LEVEL, BY_STAGE };

/* An open case, and where it stays since when. */
struct item {
    const char *key;
    int64_t since_ms;
    const struct board_row *row;
};

/* All of a key, those that have stayed longest first. */
struct stay {
    const struct item *items;
    size_t count;
    uint64_t red, yellow;
    int64_t oldest_due_ms; /* BOARD_NEVER: none has a due */
    int64_t dwell_ms, median_ms; /* of all together; the median */
};

/* ---- from rows to stays ---- */

static struct item item_of(const struct board_row *row, enum overdue_by by)
{
    const struct xg_choice *stage = xg_choice_find(xg_stages, row->stage);
    int64_t since_ms = by == BY_STAGE ? row->stage_ms : row->since_ms;

    return (struct item){by == BY_HOLDER  ? row->holder
                         : by == BY_LEVEL ? row->level
                         : stage          ? stage->name
                                          : "",
                         since_ms ? since_ms : row->created_ms, row};
}

static int by_key(const void *x, const void *y)
{
    const struct item *a = x, *b = y;
    int order = strcmp(a->key, b->key);

    if (order)
        return order;
    if (a->since_ms != b->since_ms)
        return a->since_ms < b->since_ms ? -1 : 1;
    return a->row->number < b->row->number ? -1
                                           : a->row->number > b->row->number;
}

/* Who has most that is overdue, then what is overdue longest; where nothing is,
 * whose cases have stayed longest. */
static int by_worst(const void *x, const void *y)
{
    const struct stay *a = x, *b = y;

    if (a->red != b->red)
        return a->red > b->red ? -1 : 1;
    if (a->oldest_due_ms != b->oldest_due_ms)
        return a->oldest_due_ms < b->oldest_due_ms ? -1 : 1;
    if (a->median_ms != b->median_ms)
        return a->median_ms > b->median_ms ? -1 : 1;
    return strcmp(a->items->key, b->items->key);
}

static struct stay stay_of(const struct item *items, size_t count,
                           int64_t now_ms)
{
    struct stay s = {.items = items,
                     .count = count,
                     .oldest_due_ms = BOARD_NEVER};

    for (size_t i = 0; i < count; i++) {
        const struct board_row *row = items[i].row;
        s.red += row->light == XG_LIGHT_RED;
        s.yellow += row->light == XG_LIGHT_YELLOW;
        if (row->due_ms < s.oldest_due_ms)
            s.oldest_due_ms = row->due_ms;
        s.dwell_ms += now_ms - items[i].since_ms;
    }
    size_t low = (count - 1) / 2, high = count / 2;
    s.median_ms = now_ms - items[low].since_ms / 2 - items[high].since_ms / 2;
    return s;
}

static enum xg_status find_stays(struct stay **stays, size_t *count,
                                 struct xg_arena *arena, struct filtered *f,
                                 enum overdue_by by, struct xg_error *err)
{
    struct board_row *rows;
    size_t n = 0, kept = 0, row_count;

    f->filter.open = true;
    f->filter.reaching = 0; /* none of them is a case */
    if (board_list(f->board, arena, &rows, &row_count, &f->filter,
                   BOARD_BY_CREATED, NULL, BOARD_ROWS_MAX, f->look.now_ms,
                   err) != XG_OK)
        return err->status;
    struct item *items = xg_arena_array(arena, row_count + 1, sizeof *items);
    struct stay *list = xg_arena_array(arena, row_count + 1, sizeof *list);
    if (!items || !list)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < row_count; i++)
        items[i] = item_of(&rows[i], by);
    qsort(items, row_count, sizeof *items, by_key);
    for (size_t i = 0; i < row_count; i += n) {
        for (n = 1; i + n < row_count &&
                    strcmp(items[i].key, items[i + n].key) == 0;)
            n++;
        list[kept++] = stay_of(&items[i], n, f->look.now_ms);
    }
    qsort(list, kept, sizeof *list, by_worst);
    *stays = list;
    *count = kept;
    return XG_OK;
}

/* ---- showing them ---- */

static const char *name_of(struct filtered *f, const char *key,
                           enum overdue_by by)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_levels *levels;
    const struct xg_choice *stage;
    const char *name = key;

    if (!*key)
        return by == BY_LEVEL ? XG_T("（未定层级）", "(no level)")
                              : XG_T("（无）", "(none)");
    if (by == BY_STAGE) {
        stage = xg_choice_named(xg_stages, key);
        return stage ? xg_labels_of(f->look.view.labels, XG_LABEL_STAGE,
                                    stage->number)
                     : key;
    }
    if (look_guide(&f->look, &ignored) != XG_OK)
        return key;
    if (by == BY_HOLDER)
        return xg_guide_unit_name(f->look.guide, &name, key, &ignored) == XG_OK
                   ? name
                   : key;
    if (xg_guide_levels(f->look.guide, &levels, &ignored) != XG_OK)
        return key;
    const struct xg_level *level = xg_levels_find(levels, key);
    return level ? xg_level_label(level) : key;
}

/* The level of a holder is its unit's. */
static json_t *level_json(struct filtered *f, const char *key,
                          enum overdue_by by)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_level *level = NULL;

    if (by == BY_LEVEL && *key)
        return view_json_text(xg_bytes_of(key));
    if (by == BY_HOLDER && *key && look_guide(&f->look, &ignored) == XG_OK &&
        xg_guide_level_of(f->look.guide, &level, key, &ignored) == XG_OK &&
        level)
        return view_json_text(xg_bytes_of(level->code));
    return json_null();
}

static enum xg_status put_json(struct filtered *f, const struct stay *s,
                               enum overdue_by by, struct xg_error *err)
{
    json_t *json = json_object(), *cases = json_array();
    const char *key = s->items->key;
    size_t shown = 0;

    for (int red = 1; red >= 0; red--)
        for (size_t i = 0; i < s->count && shown < CASES_SHOWN; i++)
            if ((s->items[i].row->light == XG_LIGHT_RED) == (red == 1)) {
                view_json_append(&cases,
                                 view_json_hex(s->items[i].row->id.b,
                                               XG_ID_SIZE));
                shown++;
            }
    view_json_set(&json, "key",
                  *key ? view_json_text(xg_bytes_of(key)) : json_null());
    view_json_set(&json, "name",
                  *key ? view_json_text(xg_bytes_of(name_of(f, key, by)))
                       : json_null());
    view_json_set(&json, "level", level_json(f, key, by));
    view_json_set(&json, "open", view_json_uint(s->count));
    view_json_set(&json, "red", view_json_uint(s->red));
    view_json_set(&json, "yellow", view_json_uint(s->yellow));
    view_json_set(&json, "oldest_due",
                  s->oldest_due_ms == BOARD_NEVER
                      ? json_null()
                      : view_json_time(s->oldest_due_ms));
    view_json_set(&json, "dwell_ms", json_integer(s->dwell_ms));
    view_json_set(&json, "dwell_ms_median", json_integer(s->median_ms));
    view_json_set(&json, "cases", cases);
    return cmd_put_json(f->c, json, err);
}

static void put_span(struct xg_buf *out, int64_t ms)
{
    int64_t days = ms / DAY_MS, hours = ms % DAY_MS / HOUR_MS;

    if (days)
        xg_buf_format(out, XG_T("%" PRId64 " 天 %" PRId64 " 小时",
                                "%" PRId64 " d %" PRId64 " h"),
                      days, hours);
    else
        xg_buf_format(out, XG_T("%" PRId64 " 小时", "%" PRId64 " h"), hours);
}

static void put_text(struct filtered *f, const struct stay *s,
                     enum overdue_by by)
{
    struct xg_buf *out = &f->c->out;

    view_put_column(out, xg_bytes_of(name_of(f, s->items->key, by)),
                    NAME_COLUMNS);
    xg_buf_format(out,
                  XG_T(" 在办 %zu，超期 %" PRIu64 "，将到期 %" PRIu64
                       "；已在此（中位） ",
                       " open %zu, overdue %" PRIu64 ", due soon %" PRIu64
                       "; here for (median) "),
                  s->count, s->red, s->yellow);
    put_span(out, s->median_ms);
    xg_buf_byte(out, '\n');
}

static enum xg_status read_by(enum overdue_by *by, const struct cmd *c,
                              struct xg_error *err)
{
    static const char *const names[] = {"holder", "level", "stage"};
    const char *text = cmd_option(c, "by");

    *by = BY_HOLDER;
    for (size_t i = 0; text && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], text) == 0) {
            *by = (enum overdue_by)i;
            return XG_OK;
        }
    if (text)
        return xg_fail(err, XG_USAGE,
                       XG_T("不能按 %s 分；可用的有：holder、level、stage",
                            "cannot be told apart by %s; one of: holder, "
                            "level, stage"),
                       text);
    return XG_OK;
}

enum xg_status cmd_overdue(struct cmd *c, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ROWS_ARENA);
    struct stay *stays;
    struct filtered f;
    enum overdue_by by;
    size_t count = 0;
    enum xg_status status = filter_open(&f, c, err);

    if (status == XG_OK)
        status = read_by(&by, c, err);
    if (status == XG_OK)
        status = filter_read(&f, err);
    if (status == XG_OK)
        status = find_stays(&stays, &count, &arena, &f, by, err);
    for (size_t i = 0; status == XG_OK && i < count; i++) {
        if (c->json)
            status = put_json(&f, &stays[i], by, err);
        else
            put_text(&f, &stays[i], by);
    }
    if (status == XG_OK && count == 0 && !c->json)
        xg_buf_text(&c->out, XG_T("没有在办的\n", "nothing is open\n"));
    filter_close(&f);
    xg_arena_clear(&arena);
    return status;
}
