/* levels.c - see levels.h. */
#include "shared/guide/levels.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/record.h"
#include "shared/core/registry.h"
#include "shared/guide/csv.h"
#include "shared/guide/words.h"

enum {
    CODE, ZH, EN, RANK, AT, UP, ROLE, WHISTLE, TRIAGE, SUPERVISE, ASSESS,
    SETTLES, TARGET
};

static const struct xg_csv_column columns[] = {
    [CODE] = {"code", "编码|代码", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [ZH] = {"zh", "名称|中文", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [EN] = {"en", "英文", 0},
    [RANK] = {"rank", "序位", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [AT] = {"at", "所在层级", 0},
    [UP] = {"up", "上报至", XG_CSV_REQUIRED},
    [ROLE] = {"role", "角色", 0},
    [WHISTLE] = {"whistle", "可吹哨", 0},
    [TRIAGE] = {"triage", "分拨单位", 0},
    [SUPERVISE] = {"supervise", "督办单位", 0},
    [ASSESS] = {"assess", "考评单位", 0},
    [SETTLES] = {"settles", "办结层级|化解层级", 0},
    [TARGET] = {"target", "化解占比", 0},
    {NULL, NULL, 0},
};

static enum xg_status read_role(struct xg_level *l, const struct xg_csv *t,
                                const struct xg_csv_row *row,
                                struct xg_error *err)
{
    const char *text = row->cells[ROLE];

    l->role = "";
    if (!*text)
        return XG_OK;
    for (const struct xg_role *r = xg_roles; r->name; r++)
        if (strcmp(r->name, text) == 0 || strcmp(r->zh, text) == 0) {
            l->role = r->name;
            return XG_OK;
        }
    return xg_csv_wrong(err, t, row, ROLE,
                        XG_T("没有角色“%.60s”", "there is no role \"%.60s\""),
                        text);
}

static enum xg_status read_up(struct xg_level *l, struct xg_arena *arena,
                              const struct xg_csv *t,
                              const struct xg_csv_row *row,
                              struct xg_error *err)
{
    struct xg_bytes rest = xg_bytes_of(row->cells[UP]), word;
    const char **list = xg_arena_array(arena, XG_LEVEL_UPS_MAX, sizeof *list);

    if (!list)
        return xg_fail_nomem(err);
    while (xg_words_next(&rest, &word)) {
        if (l->up_count == XG_LEVEL_UPS_MAX || word.len > XG_CODE_MAX ||
            !xg_code_valid(word))
            return xg_csv_wrong(err, t, row, UP,
                                XG_T("应是至多 %d 个层级编码，以空格分隔",
                                     "this is to be at most %d codes of "
                                     "levels with spaces between"),
                                XG_LEVEL_UPS_MAX);
        list[l->up_count] =
            xg_arena_str(arena, (const char *)word.at, word.len);
        if (!list[l->up_count++])
            return xg_fail_nomem(err);
    }
    l->up = list;
    return XG_OK;
}

static enum xg_status read_row(struct xg_level *out, struct xg_arena *arena,
                               const struct xg_csv *t,
                               const struct xg_csv_row *row,
                               struct xg_error *err)
{
    struct xg_level l = {.zh = row->cells[ZH], .en = row->cells[EN],
                         .triage = "", .supervise = "", .assess = "",
                         .settles = "", .line = row->line};
    uint64_t rank = 0, target = 0;

    if (xg_csv_code(&l.code, t, row, CODE, err) != XG_OK)
        return err->status;
    l.at = l.code;
    if (!*l.en)
        l.en = l.zh;
    if (xg_csv_uint(&rank, t, row, RANK, 1, 99, err) != XG_OK ||
        xg_csv_code(&l.at, t, row, AT, err) != XG_OK ||
        read_up(&l, arena, t, row, err) != XG_OK ||
        read_role(&l, t, row, err) != XG_OK ||
        xg_csv_bool(&l.whistles, t, row, WHISTLE, err) != XG_OK ||
        xg_csv_code(&l.triage, t, row, TRIAGE, err) != XG_OK ||
        xg_csv_code(&l.supervise, t, row, SUPERVISE, err) != XG_OK ||
        xg_csv_code(&l.assess, t, row, ASSESS, err) != XG_OK ||
        xg_csv_code(&l.settles, t, row, SETTLES, err) != XG_OK ||
        xg_csv_uint(&target, t, row, TARGET, 0, 100, err) != XG_OK)
        return err->status;
    for (size_t column = TRIAGE; column <= ASSESS; column++)
        if (!l.whistles && *row->cells[column])
            return xg_csv_wrong(err, t, row, column, "%s",
                                XG_T("这一级不能吹哨，不应写单位",
                                     "this level may not whistle; no office "
                                     "belongs here"));
    if (*row->cells[TARGET] && !*l.settles)
        return xg_csv_wrong(err, t, row, TARGET, "%s",
                            XG_T("这一级不化解纠纷，不应写占比",
                                 "nothing is settled at this level; no share "
                                 "belongs here"));
    l.rank = (uint32_t)rank;
    l.target = (uint32_t)target;
    *out = l;
    return XG_OK;
}

static const struct xg_level *find(const struct xg_level *rows, size_t count,
                                   const char *code)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].code, code) == 0)
            return &rows[i];
    return NULL;
}

/* What the rows say of each other; rows[i] is of t->rows[i]. */
static enum xg_status check_links(const struct xg_level *rows,
                                  const struct xg_csv *t, struct xg_error *err)
{
    for (size_t i = 0; i < t->row_count; i++) {
        const struct xg_csv_row *row = &t->rows[i];
        const struct xg_level *l = &rows[i];
        const struct xg_level *at = find(rows, t->row_count, l->at);
        if (find(rows, i, l->code))
            return xg_csv_wrong(err, t, row, CODE,
                                XG_T("%s 出现了两次", "%s is there twice"),
                                l->code);
        if (!at || (at != l && at->at != at->code &&
                    strcmp(at->at, at->code) != 0))
            return xg_csv_wrong(
                err, t, row, AT,
                XG_T("没有设单位的层级 %s",
                     "there is no level %s that has units of its own"),
                l->at);
        for (size_t n = 0; n < l->up_count; n++) {
            const struct xg_level *up = find(rows, t->row_count, l->up[n]);
            if (!up)
                return xg_csv_wrong(err, t, row, UP,
                                    XG_T("没有层级 %s", "there is no level %s"),
                                    l->up[n]);
            if (up->rank <= l->rank)
                return xg_csv_wrong(
                    err, t, row, UP,
                    XG_T("%s 不比 %s 高（看序位）",
                         "%s is not above %s (see their ranks)"),
                    up->code, l->code);
        }
    }
    return XG_OK;
}

/* 6-3-1: one target a class, no more than everything in all. */
static enum xg_status check_targets(const struct xg_level *rows,
                                    const struct xg_csv *t,
                                    struct xg_error *err)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < t->row_count; i++) {
        const struct xg_level *l = &rows[i], *first = NULL;
        for (size_t j = 0; j < i && *l->settles && !first; j++)
            if (strcmp(rows[j].settles, l->settles) == 0)
                first = &rows[j];
        if (first && first->target != l->target)
            return xg_csv_wrong(
                err, t, &t->rows[i], TARGET,
                XG_T("与第 %zu 行同属“%s”，占比却不同",
                     "differs from line %zu, which is of the same class %s"),
                first->line, l->settles);
        if (!first)
            sum += l->target;
        if (sum > 100)
            return xg_csv_wrong(err, t, &t->rows[i], TARGET, "%s",
                                XG_T("各级占比合计超过 100",
                                     "the shares are over 100 in all"));
    }
    return XG_OK;
}

static int compare_levels(const void *a, const void *b)
{
    const struct xg_level *x = a, *y = b;

    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

enum xg_status xg_levels_read(struct xg_levels *out, struct xg_arena *arena,
                              struct xg_bytes content, struct xg_error *err)
{
    struct xg_csv t;

    if (xg_csv_load(&t, arena, content, columns, err) != XG_OK)
        return err->status;
    if (t.row_count == 0 || t.row_count > XG_LEVELS_MAX)
        return xg_fail(err, XG_FORMAT,
                       XG_T("应有 1 到 %d 个层级，而不是 %zu 个",
                            "there are to be 1 to %d levels, not %zu"),
                       XG_LEVELS_MAX, t.row_count);
    struct xg_level *rows = xg_arena_array(arena, t.row_count, sizeof *rows);
    if (!rows)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < t.row_count; i++)
        if (read_row(&rows[i], arena, &t, &t.rows[i], err) != XG_OK)
            return err->status;
    if (check_links(rows, &t, err) != XG_OK ||
        check_targets(rows, &t, err) != XG_OK)
        return err->status;
    qsort(rows, t.row_count, sizeof *rows, compare_levels);
    *out = (struct xg_levels){rows, t.row_count};
    return XG_OK;
}

const struct xg_level *xg_levels_find(const struct xg_levels *l,
                                      const char *code)
{
    return find(l->rows, l->count, code);
}

const struct xg_level *xg_levels_named(const struct xg_levels *l,
                                       const char *name)
{
    const struct xg_level *level = xg_levels_find(l, name);

    for (size_t i = 0; i < l->count && !level; i++)
        if (strcmp(l->rows[i].zh, name) == 0 ||
            strcmp(l->rows[i].en, name) == 0)
            level = &l->rows[i];
    return level;
}

const char *xg_level_label(const struct xg_level *level)
{
    return xg_label(level->zh, level->en);
}
