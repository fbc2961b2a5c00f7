/* more.c - see more.h. */
#include "shared/view/more.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/look.h"
#include "shared/view/text.h"
#include "shared/view/waiting.h"

enum { MORE_ARENA_MAX = 64 << 20, LABEL_COLUMNS = 18, ITEM_COLUMNS = 16 };

static int compare_bytes(struct xg_bytes a, struct xg_bytes b)
{
    size_t least = a.len < b.len ? a.len : b.len;
    int order = least ? memcmp(a.at, b.at, least) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static void put_label(struct xg_buf *out, const char *label)
{
    size_t start = out->len;

    xg_buf_text(out, label);
    view_pad(out, start, LABEL_COLUMNS);
    xg_buf_byte(out, ' ');
}

/* ---- a campaign ---- */

static int by_grid(const void *x, const void *y)
{
    const struct view_count *a = x, *b = y;
    int order = compare_bytes(a->grid, b->grid);

    return order ? order : compare_bytes(a->item, b->item);
}

static int by_item(const void *x, const void *y)
{
    const struct view_count *a = x, *b = y;

    return compare_bytes(a->item, b->item);
}

/* Add up neighbours that compare equal. */
static size_t add_up(struct view_count *list, size_t count,
                     int (*compare)(const void *, const void *))
{
    size_t kept = 0;

    if (count)
        qsort(list, count, sizeof *list, compare);
    for (size_t i = 0; i < count; i++) {
        if (kept && compare(&list[kept - 1], &list[i]) == 0)
            list[kept - 1].number += list[i].number;
        else
            list[kept++] = list[i];
    }
    return kept;
}

enum xg_status view_counts_of(struct view_count **counts, size_t *count,
                              struct xg_arena *arena,
                              const struct xg_state *state,
                              struct xg_error *err)
{
    const struct xg_set *set = xg_state_set(state, XG_CAMPAIGN_TALLY);
    size_t room = set ? set->count : 0, n = 0;
    struct view_count *list = xg_arena_array(arena, room + 1, sizeof *list);

    if (!list)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < room; i++) {
        struct xg_cbor c = xg_cbor_over(set->elements[i].value);
        struct xg_cbor_item tally, grid, item, number;
        if (set->elements[i].removed || !xg_cbor_next(&c, &tally))
            continue;
        c = xg_cbor_inside(&tally);
        if (xg_cbor_next(&c, &grid) && xg_cbor_next(&c, &item) &&
            xg_cbor_next(&c, &number))
            list[n++] =
                (struct view_count){grid.bytes, item.bytes, number.number};
    }
    *count = add_up(list, n, by_grid);
    *counts = list;
    return XG_OK;
}

/* The sums of each item over all grids, and how many grids there are. */
static enum xg_status sums_of(struct view_count **sums, size_t *sum_count,
                              size_t *grids, struct xg_arena *arena,
                              const struct view_count *counts, size_t count,
                              struct xg_error *err)
{
    struct view_count *list = xg_arena_array(arena, count + 1, sizeof *list);

    if (!list)
        return xg_fail_nomem(err);
    *grids = 0;
    for (size_t i = 0; i < count; i++) {
        list[i] = counts[i];
        *grids +=
            i == 0 || compare_bytes(counts[i].grid, counts[i - 1].grid) != 0;
    }
    *sum_count = add_up(list, count, by_item);
    *sums = list;
    return XG_OK;
}

static void put_counts(struct xg_buf *out, const struct view_count *counts,
                       size_t count, const struct view_count *sums,
                       size_t sum_count, size_t grids)
{
    put_label(out, XG_T("清点合计", "counted"));
    xg_buf_format(out, XG_T("已报 %zu 个网格\n", "%zu grids have reported\n"),
                  grids);
    for (size_t i = 0; i < sum_count; i++) {
        xg_buf_text(out, "    ");
        view_put_column(out, sums[i].item, ITEM_COLUMNS);
        xg_buf_format(out, " %" PRIu64 "\n", sums[i].number);
    }
    for (size_t i = 0; i < count; i++) {
        bool first =
            i == 0 || compare_bytes(counts[i].grid, counts[i - 1].grid) != 0;
        if (first) {
            xg_buf_text(out, i ? "\n    " : "    ");
            view_put_column(out, counts[i].grid, ITEM_COLUMNS);
        }
        xg_buf_text(out, first ? " " : XG_T("、", ", "));
        view_put_line(out, counts[i].item);
        xg_buf_format(out, " %" PRIu64, counts[i].number);
    }
    xg_buf_text(out, count ? "\n" : "");
}

static char *text_of(struct xg_arena *arena, struct xg_bytes text)
{
    return xg_arena_str(arena, (const char *)text.at, text.len);
}

static enum xg_status set_counts(json_t **object, struct xg_arena *arena,
                                 const struct view_count *counts, size_t count,
                                 const struct view_count *sums,
                                 size_t sum_count, size_t grids,
                                 struct xg_error *err)
{
    json_t *counted = json_object(), *items = json_object();
    json_t *all = json_object(), *grid = NULL;
    enum xg_status status = XG_OK;

    for (size_t i = 0; i < sum_count && status == XG_OK; i++) {
        const char *key = text_of(arena, sums[i].item);
        if (key)
            view_json_set(&items, key, view_json_uint(sums[i].number));
        else
            status = xg_fail_nomem(err);
    }
    for (size_t i = 0; i < count && status == XG_OK; i++) {
        const char *key = text_of(arena, counts[i].grid);
        const char *item = text_of(arena, counts[i].item);
        if (!key || !item) {
            status = xg_fail_nomem(err);
            continue;
        }
        grid = json_object_get(all, key);
        if (!grid)
            view_json_set(&all, key, json_object());
        grid = json_object_get(all, key);
        if (grid)
            json_object_set_new(grid, item, view_json_uint(counts[i].number));
    }
    view_json_set(&counted, "grids", view_json_uint(grids));
    view_json_set(&counted, "items", items);
    view_json_set(&counted, "by_grid", all);
    view_json_set(object, "counted", counted);
    return status;
}

static enum xg_status campaign(struct xg_buf *out, json_t **object,
                               struct xg_arena *arena,
                               const struct xg_state *state,
                               struct xg_error *err)
{
    struct view_count *counts = NULL, *sums = NULL;
    size_t count = 0, sum_count = 0, grids = 0;

    if (view_counts_of(&counts, &count, arena, state, err) != XG_OK ||
        sums_of(&sums, &sum_count, &grids, arena, counts, count, err) != XG_OK)
        return err->status;
    if (object)
        return set_counts(object, arena, counts, count, sums, sum_count, grids,
                          err);
    put_counts(out, counts, count, sums, sum_count, grids);
    return XG_OK;
}

/* ---- codes in a set, each once ---- */

static int compare_codes(const void *x, const void *y)
{
    const struct xg_bytes *a = x, *b = y;

    return compare_bytes(*a, *b);
}

static enum xg_status codes_of(struct xg_bytes **codes, size_t *count,
                               struct xg_arena *arena,
                               const struct xg_state *state, uint64_t number,
                               struct xg_error *err)
{
    const struct xg_set *set = xg_state_set(state, number);
    size_t room = set ? set->count : 0, n = 0, kept = 0;
    struct xg_bytes *list = xg_arena_array(arena, room + 1, sizeof *list);

    if (!list)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < room; i++) {
        struct xg_cbor c = xg_cbor_over(set->elements[i].value);
        struct xg_cbor_item code;
        if (!set->elements[i].removed && xg_cbor_next(&c, &code) &&
            code.type == XG_CBOR_TEXT)
            list[n++] = code.bytes;
    }
    if (n)
        qsort(list, n, sizeof *list, compare_codes);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || compare_bytes(list[kept - 1], list[i]) != 0)
            list[kept++] = list[i];
    *codes = list;
    *count = kept;
    return XG_OK;
}

static enum xg_status notice(struct xg_buf *out, json_t **object,
                             struct xg_arena *arena,
                             const struct xg_state *state, struct xg_error *err)
{
    struct xg_bytes *codes;
    size_t count;

    if (codes_of(&codes, &count, arena, state, XG_NOTICE_READ, err) != XG_OK)
        return err->status;
    if (object) {
        view_json_set(object, "readers", view_json_uint(count));
        return XG_OK;
    }
    put_label(out, XG_T("已阅", "read by"));
    xg_buf_format(out, XG_T("%zu 人", "%zu"), count);
    for (size_t i = 0; i < count; i++) {
        xg_buf_text(out, i ? XG_T("、", ", ") : XG_T("：", ": "));
        view_put_line(out, codes[i]);
    }
    xg_buf_byte(out, '\n');
    return XG_OK;
}

/* ---- a whistle ---- */

static bool holds(const struct xg_bytes *codes, size_t count,
                  struct xg_bytes code)
{
    return count && bsearch(&code, codes, count, sizeof *codes, compare_codes);
}

static json_t *codes_json(const struct xg_bytes *codes, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        view_json_append(&list, view_json_text(codes[i]));
    return list;
}

static struct xg_cbor_item code_item(struct xg_bytes code)
{
    return (struct xg_cbor_item){.type = XG_CBOR_TEXT, .bytes = code};
}

static json_t *names_json(const struct view_context *view,
                          const struct xg_state *s,
                          const struct xg_bytes *codes, size_t count)
{
    const struct xg_field *field = xg_field_find(s->kind, XG_CASE_CALLED);
    json_t *names = json_object();
    char key[XG_CODE_MAX + 1];

    for (size_t i = 0; i < count; i++) {
        struct xg_cbor_item item = code_item(codes[i]);
        if (codes[i].len > XG_CODE_MAX)
            continue;
        memcpy(key, codes[i].at, codes[i].len);
        key[codes[i].len] = '\0';
        look_set_name(&names, key, view, field, &item);
    }
    return names;
}

static void set_board(json_t **object, const struct view_context *view,
                      const struct xg_state *s, const struct xg_bytes *called,
                      size_t called_count, const struct xg_bytes *present,
                      size_t present_count)
{
    json_t *board = json_object(), *missing = json_array();

    for (size_t i = 0; i < called_count; i++)
        if (!holds(present, present_count, called[i]))
            view_json_append(&missing, view_json_text(called[i]));
    view_json_set(&board, "called", codes_json(called, called_count));
    view_json_set(&board, "present", codes_json(present, present_count));
    view_json_set(&board, "missing", missing);
    view_json_set(&board, "names", names_json(view, s, called, called_count));
    view_json_set(object, "report_in", board);
}

static enum xg_status whistle(struct xg_buf *out, json_t **object,
                              struct xg_arena *arena,
                              const struct xg_state *state,
                              const struct view_context *view,
                              struct xg_error *err)
{
    const struct xg_field *field = xg_field_find(state->kind, XG_CASE_CALLED);
    struct xg_bytes *called, *present;
    size_t called_count, present_count, came = 0, missing = 0;

    if (codes_of(&called, &called_count, arena, state, XG_CASE_CALLED, err) !=
            XG_OK ||
        codes_of(&present, &present_count, arena, state, XG_CASE_PRESENT,
                 err) != XG_OK)
        return err->status;
    if (called_count == 0)
        return XG_OK;
    if (object) {
        set_board(object, view, state, called, called_count, present,
                  present_count);
        return XG_OK;
    }
    for (size_t i = 0; i < called_count; i++)
        came += holds(present, present_count, called[i]);
    put_label(out, XG_T("报到", "reported in"));
    xg_buf_format(out, XG_T("应到 %zu，已到 %zu", "%zu called, %zu came"),
                  called_count, came);
    for (size_t i = 0; i < called_count; i++) {
        if (holds(present, present_count, called[i]))
            continue;
        xg_buf_text(out, missing++ ? XG_T("、", ", ")
                                   : XG_T("；未到：", "; missing: "));
        struct xg_cbor_item item = code_item(called[i]);
        look_put_value(out, view, field, &item);
    }
    xg_buf_byte(out, '\n');
    return XG_OK;
}

/* ---- a case ---- */

static enum xg_status loop(struct xg_buf *out, json_t **object,
                           struct xg_arena *arena, const struct xg_state *state,
                           const struct view_context *view,
                           struct xg_error *err)
{
    enum xg_status status = object ? view_set_waiting(object, state, view, err)
                                   : view_put_waiting(out, state, view, err);

    return status == XG_OK ? whistle(out, object, arena, state, view, err)
                           : status;
}

/* ---- all ---- */

static enum xg_status more(struct xg_buf *out, json_t **object,
                           const struct xg_state *state,
                           const struct view_context *view,
                           struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(MORE_ARENA_MAX);
    const struct xg_kind *kind = state->kind;
    enum xg_status status = XG_OK;

    if (kind && kind->number == XG_KIND_CAMPAIGN)
        status = campaign(out, object, &arena, state, err);
    else if (kind && kind->number == XG_KIND_NOTICE)
        status = notice(out, object, &arena, state, err);
    else if (kind && kind->first_status)
        status = loop(out, object, &arena, state, view, err);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status view_put_more(struct xg_buf *out, const struct xg_state *state,
                             const struct view_context *view,
                             struct xg_error *err)
{
    return more(out, NULL, state, view, err);
}

enum xg_status view_set_more(json_t **object, const struct xg_state *state,
                             const struct view_context *view,
                             struct xg_error *err)
{
    return more(NULL, object, state, view, err);
}
