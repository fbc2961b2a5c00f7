/* duty.c - see duty.h. */
#include "shared/guide/duty.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/record.h"
#include "shared/core/registry.h"
#include "shared/guide/csv.h"
#include "shared/guide/words.h"

enum { CODE, UNIT, PART, CATEGORIES, TEXT };
enum { LEAD = 1, ASSIST = 2 };

static const struct xg_csv_column columns[] = {
    [CODE] = {"code", "条目|编码", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [UNIT] = {"unit", "单位|责任单位", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [PART] = {"part", "主协办", 0},
    [CATEGORIES] = {"categories", "类别", XG_CSV_REQUIRED},
    [TEXT] = {"text", "职责|内容", XG_CSV_REQUIRED | XG_CSV_FILLED},
    {NULL, NULL, 0},
};

static const struct xg_choice parts[] = {
    {LEAD, "lead", "主办", "lead"},
    {ASSIST, "assist", "协办", "assist"},
    {0, NULL, NULL, NULL},
};

bool xg_duty_names(const struct xg_duty *item, const char *category)
{
    for (size_t i = 0; i < item->category_count; i++)
        if (strcmp(item->categories[i], category) == 0)
            return true;
    return false;
}

static enum xg_status read_categories(struct xg_duty *d, struct xg_arena *arena,
                                      const struct xg_csv *t,
                                      const struct xg_csv_row *row,
                                      struct xg_error *err)
{
    struct xg_bytes rest = xg_bytes_of(row->cells[CATEGORIES]), word;
    /* A word and what is between take two bytes at least. */
    const char **list =
        xg_arena_array(arena, rest.len / 2 + 1, sizeof *list);

    if (!list)
        return xg_fail_nomem(err);
    d->categories = list;
    while (xg_words_next(&rest, &word)) {
        char *code = xg_arena_str(arena, (const char *)word.at, word.len);
        if (!code)
            return xg_fail_nomem(err);
        if (word.len > XG_CODE_MAX || !xg_code_valid(word))
            return xg_csv_wrong(err, t, row, CATEGORIES,
                                XG_T("“%.60s”不是类别编码",
                                     "\"%.60s\" is no code of a category"),
                                code);
        if (xg_duty_names(d, code))
            return xg_csv_wrong(err, t, row, CATEGORIES,
                                XG_T("类别 %s 写了两次",
                                     "category %s is there twice"),
                                code);
        if (d->category_count == XG_DUTY_CATEGORIES_MAX)
            return xg_csv_wrong(err, t, row, CATEGORIES,
                                XG_T("超过 %d 个类别",
                                     "there are more than %d categories"),
                                XG_DUTY_CATEGORIES_MAX);
        list[d->category_count++] = code;
    }
    return XG_OK;
}

static enum xg_status read_row(struct xg_duty *out, struct xg_arena *arena,
                               const struct xg_csv *t,
                               const struct xg_csv_row *row,
                               struct xg_error *err)
{
    struct xg_duty d = {.text = row->cells[TEXT], .line = row->line};
    uint32_t part = LEAD;

    if (xg_csv_code(&d.code, t, row, CODE, err) != XG_OK ||
        xg_csv_code(&d.unit, t, row, UNIT, err) != XG_OK ||
        xg_csv_choice(&part, t, row, PART, parts, err) != XG_OK ||
        read_categories(&d, arena, t, row, err) != XG_OK)
        return err->status;
    d.assists = part == ASSIST;
    *out = d;
    return XG_OK;
}

static int compare_items(const void *a, const void *b)
{
    const struct xg_duty *x = a, *y = b;
    return strcmp(x->code, y->code);
}

enum xg_status xg_duties_read(struct xg_duties *out, struct xg_arena *arena,
                              struct xg_bytes content, struct xg_error *err)
{
    struct xg_csv t;

    if (xg_csv_load(&t, arena, content, columns, err) != XG_OK)
        return err->status;
    if (t.row_count > XG_DUTY_MAX)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("超过 %d 条", "there are more than %d items"),
                       XG_DUTY_MAX);
    struct xg_duty *items =
        xg_arena_array(arena, t.row_count + 1, sizeof *items);
    if (!items)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < t.row_count; i++)
        if (read_row(&items[i], arena, &t, &t.rows[i], err) != XG_OK)
            return err->status;
    qsort(items, t.row_count, sizeof *items, compare_items);
    for (size_t i = 1; i < t.row_count; i++)
        if (compare_items(&items[i - 1], &items[i]) == 0)
            return xg_fail(err, XG_FORMAT,
                           XG_T("条目 %s 出现了两次（第 %zu 行和第 %zu 行）",
                                "item %s is there twice (lines %zu and %zu)"),
                           items[i].code, items[i - 1].line, items[i].line);
    *out = (struct xg_duties){items, t.row_count};
    return XG_OK;
}

const struct xg_duty *xg_duties_find(const struct xg_duties *d,
                                     const char *code)
{
    struct xg_duty key = {.code = code};

    return d->count ? bsearch(&key, d->items, d->count, sizeof *d->items,
                              compare_items)
                    : NULL;
}
