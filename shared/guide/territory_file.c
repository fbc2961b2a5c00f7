/* territory_file.c - see territory_file.h. */
#include "shared/guide/territory_file.h"

#include <stdlib.h>

#include "shared/base/lang.h"
#include "shared/core/registry.h"
#include "shared/guide/csv.h"

enum { CODE, LEVEL, PARENT, NAME, HOUSEHOLDS };

static const struct xg_csv_column columns[] = {
    [CODE] = {"code", "编码|代码", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [LEVEL] = {"level", "层级|级别", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [PARENT] = {"parent", "上级编码|上级", XG_CSV_REQUIRED},
    [NAME] = {"name", "名称", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [HOUSEHOLDS] = {"households", "户数", 0},
    {NULL, NULL, 0},
};

static int compare_units(const void *a, const void *b)
{
    const struct xg_unit *x = a, *y = b;
    return strcmp(x->code, y->code);
}

const struct xg_unit *xg_territory_find(const struct xg_territory *t,
                                        const char *code)
{
    struct xg_unit key = {.code = code};

    return t->count ? bsearch(&key, t->units, t->count, sizeof *t->units,
                              compare_units)
                    : NULL;
}

/* Parents that are missing may stand in another file. */
static enum xg_status check_depth(const struct xg_territory *t,
                                  struct xg_error *err)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct xg_unit *u = &t->units[i];
        for (int depth = 0; u && *u->parent; depth++) {
            if (depth == XG_UNIT_DEPTH_MAX)
                return xg_fail(err, XG_FORMAT,
                               XG_T("编码 %s 的上级成环或超过 %d 层",
                                    "the units above %s form a circle, or "
                                    "are more than %d"),
                               t->units[i].code, XG_UNIT_DEPTH_MAX);
            u = xg_territory_find(t, u->parent);
        }
    }
    return XG_OK;
}

static enum xg_status read_units(struct xg_unit *units, const struct xg_csv *t,
                                 struct xg_error *err)
{
    for (size_t i = 0; i < t->row_count; i++) {
        const struct xg_csv_row *row = &t->rows[i];
        struct xg_unit u = {.parent = "",
                            .name = row->cells[NAME],
                            .has_households = *row->cells[HOUSEHOLDS] != '\0'};
        if (xg_csv_code(&u.code, t, row, CODE, err) != XG_OK ||
            xg_csv_code(&u.level, t, row, LEVEL, err) != XG_OK ||
            xg_csv_code(&u.parent, t, row, PARENT, err) != XG_OK ||
            xg_csv_uint(&u.households, t, row, HOUSEHOLDS, 0,
                        XG_TERRITORY_HOUSEHOLDS_MAX, err) != XG_OK)
            return err->status;
        /* A registry note writes "-" for no parent. */
        if (strcmp(u.code, "-") == 0)
            return xg_csv_wrong(err, t, row, CODE, "%s",
                                XG_T("“-”不能作编码", "\"-\" is no code"));
        units[i] = u;
    }
    return XG_OK;
}

enum xg_status xg_territory_read(struct xg_territory *out,
                                 struct xg_arena *arena,
                                 struct xg_bytes content, struct xg_error *err)
{
    struct xg_csv t;

    if (xg_csv_load(&t, arena, content, columns, err) != XG_OK)
        return err->status;
    struct xg_unit *units =
        xg_arena_array(arena, t.row_count + 1, sizeof *units);
    if (!units)
        return xg_fail_nomem(err);
    if (read_units(units, &t, err) != XG_OK)
        return err->status;
    qsort(units, t.row_count, sizeof *units, compare_units);
    for (size_t i = 1; i < t.row_count; i++)
        if (compare_units(&units[i - 1], &units[i]) == 0)
            return xg_fail(err, XG_FORMAT,
                           XG_T("编码 %s 出现了两次，请删去一行",
                                "code %s is there twice; leave out one line"),
                           units[i].code);
    struct xg_territory read = {units, t.row_count};
    if (check_depth(&read, err) != XG_OK)
        return err->status;
    *out = read;
    return XG_OK;
}

enum xg_status xg_territory_merge(struct xg_territory *out,
                                  struct xg_arena *arena,
                                  const struct xg_territory *older,
                                  const struct xg_territory *newer,
                                  struct xg_error *err)
{
    struct xg_unit *units =
        xg_arena_array(arena, older->count + newer->count + 1, sizeof *units);
    struct xg_territory merged = {units, 0};
    size_t i = 0, j = 0;

    if (!units)
        return xg_fail_nomem(err);
    while (i < older->count || j < newer->count) {
        int order = i == older->count   ? 1
                    : j == newer->count ? -1
                                        : compare_units(&older->units[i],
                                                        &newer->units[j]);
        units[merged.count++] =
            order < 0 ? older->units[i] : newer->units[j];
        i += order <= 0;
        j += order >= 0;
    }
    if (check_depth(&merged, err) != XG_OK)
        return err->status;
    *out = merged;
    return XG_OK;
}

int xg_territory_distance(const struct xg_territory *t, const char *code,
                          const char *top)
{
    for (int steps = 0; steps <= XG_UNIT_DEPTH_MAX; steps++) {
        if (strcmp(code, top) == 0)
            return steps;
        const struct xg_unit *u = xg_territory_find(t, code);
        if (!u || !*u->parent)
            return -1;
        code = u->parent;
    }
    return -1;
}
