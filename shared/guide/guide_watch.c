/* guide_watch.c - what a file names and nothing imported knows; see guide.h.
 *
 * One walk a kind. Each thing is told once a file: a duty list of a thousand
 * items for a department that is missing says so once. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "shared/base/lang.h"
#include "shared/guide/boundaries.h"
#include "shared/guide/catalogue.h"
#include "shared/guide/guide.h"

enum { ARENA = 256 << 20, TOLD_MAX = 200 };

struct watch {
    struct xg_guide *g;
    const struct xg_guide_watch *to;
    struct xg_arena arena;
    struct xg_error *err;
    const struct xg_territory *territory;
    const struct xg_levels *levels;
    const struct xg_labels *labels;
    const struct xg_posts *posts;
    const struct xg_catalogue *catalogue; /* or NULL */
    struct {
        char sort;
        const char *code;
    } told[TOLD_MAX];
    size_t told_count;
    size_t more; /* not told any more */
};

/* True the first time. */
static bool is_new(struct watch *w, char sort, const char *code)
{
    for (size_t i = 0; i < w->told_count; i++)
        if (w->told[i].sort == sort && strcmp(w->told[i].code, code) == 0)
            return false;
    if (w->told_count == TOLD_MAX) {
        w->more++;
        return false;
    }
    w->told[w->told_count].sort = sort;
    w->told[w->told_count++].code = code;
    return true;
}

XG_PRINTF(3, 4)
static void warn(struct watch *w, char sort, const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    w->to->warn(w->to->ctx, sort, text);
}

/* "" is nothing to look up. */

static void need_unit(struct watch *w, const char *code, size_t line)
{
    if (!*code || xg_territory_find(w->territory, code) ||
        !is_new(w, 'u', code))
        return;
    warn(w, 'u',
         XG_T("第 %zu 行：区划里没有单位 %s",
                     "line %zu: the territory has no unit %s"),
                line, code);
}

static void need_level(struct watch *w, const char *code, size_t line)
{
    if (!*code || !w->levels->count || xg_levels_named(w->levels, code) ||
        !is_new(w, 'l', code))
        return;
    warn(w, 'l',
         XG_T("第 %zu 行：层级里没有 %s",
                     "line %zu: the levels have no %s"),
                line, code);
}

static void need_board(struct watch *w, const char *code, size_t line)
{
    if (!*code || xg_labels_has_board(w->labels, code) || !is_new(w, 'b', code))
        return;
    warn(w, 'b',
         XG_T("第 %zu 行：叫法里没有板块 %s",
                     "line %zu: the labels name no board %s"),
                line, code);
}

static void need_category(struct watch *w, const char *code,
                                    size_t line)
{
    if (!w->catalogue || xg_catalogue_find(w->catalogue, xg_bytes_of(code)) ||
        !is_new(w, 'c', code))
        return;
    warn(w, 'c',
         XG_T("第 %zu 行：事项类别里没有 %s",
                     "line %zu: the catalogue has no category %s"),
                line, code);
}

static enum xg_status need_worker(struct watch *w, const char *code,
                                  size_t line)
{
    bool known = true;

    if (!*code || !w->to->worker)
        return XG_OK;
    if (w->to->worker(w->to->ctx, &known, code, w->err) != XG_OK)
        return w->err->status;
    if (known || !is_new(w, 'w', code))
        return XG_OK;
    warn(w, 'w',
         XG_T("第 %zu 行：没有登记过人员 %s", "line %zu: no worker %s was added"),
         line, code);
    return XG_OK;
}

/* ---- the kinds ---- */

/* A total beside its parts is counted twice. */
static void need_households_once(struct watch *w, const struct xg_territory *t,
                                 const struct xg_unit *of)
{
    const struct xg_unit *u = of;

    for (int depth = 0; u && *u->parent && depth < XG_UNIT_DEPTH_MAX; depth++) {
        const struct xg_unit *above = xg_territory_find(t, u->parent);
        u = above ? above : xg_territory_find(w->territory, u->parent);
        if (u && u->has_households && u->households && is_new(w, 'h', u->code))
            warn(w, 'h',
                 XG_T("单位 %s 和它上面的 %s 都填了户数，会算两遍：上级只填不属"
                      "任何下级的户数",
                      "unit %s and %s above it both say how many households, "
                      "and are added up: above, count those that no unit below "
                      "has"),
                 of->code, u->code);
    }
}

static enum xg_status watch_territory(struct watch *w, struct xg_bytes content)
{
    struct xg_territory t;

    if (xg_territory_read(&t, &w->arena, content, w->err) != XG_OK)
        return w->err->status;
    for (size_t i = 0; i < t.count; i++) {
        const struct xg_unit *u = &t.units[i];
        if (w->levels->count && !xg_levels_find(w->levels, u->level) &&
            is_new(w, 'l', u->level))
            warn(w, 'l', XG_T("单位 %s：层级里没有 %s",
                         "unit %s: the levels have no %s"),
                 u->code, u->level);
        if (*u->parent && !xg_territory_find(&t, u->parent) &&
            !xg_territory_find(w->territory, u->parent) &&
            is_new(w, 'u', u->parent))
            warn(w, 'u', XG_T("单位 %s：没有上级单位 %s",
                         "unit %s: there is no unit %s above it"),
                 u->code, u->parent);
        if (u->has_households)
            need_households_once(w, &t, u);
    }
    return XG_OK;
}

static enum xg_status watch_boundaries(struct watch *w, struct xg_bytes content)
{
    const char *const *codes;
    size_t count;

    if (xg_boundaries_read(&codes, &count, &w->arena, content, w->err) !=
        XG_OK)
        return w->err->status;
    for (size_t i = 0; i < count; i++)
        if (!xg_territory_find(w->territory, codes[i]) &&
            is_new(w, 'u', codes[i]))
            warn(w, 'u',
                 XG_T("区划里没有单位 %s", "the territory has no unit %s"),
                 codes[i]);
    return XG_OK;
}

static enum xg_status watch_catalogue(struct watch *w, struct xg_bytes content)
{
    struct xg_catalogue c;

    if (xg_catalogue_load(&c, &w->arena, content, w->err) != XG_OK)
        return w->err->status;
    for (size_t i = 0; i < c.count; i++) {
        const struct xg_category *at = &c.all[i];
        need_board(w, at->board, at->line);
        for (size_t s = 0; s <= XG_STAGES; s++)
            need_level(w, at->limits.stages[s].climb, at->line);
        if (*at->post && !xg_posts_find(w->posts, at->post, XG_DAY_MAX) &&
            is_new(w, 'p', at->post))
            warn(w, 'p', XG_T("第 %zu 行：没有岗位 %s",
                         "line %zu: there is no post %s"),
                 at->line, at->post);
    }
    return XG_OK;
}

static bool has_unit_of(const struct xg_territory *t, const char *level)
{
    for (size_t i = 0; i < t->count; i++)
        if (strcmp(t->units[i].level, level) == 0)
            return true;
    return false;
}

static enum xg_status watch_levels(struct watch *w, struct xg_bytes content)
{
    struct xg_levels l;

    if (xg_levels_read(&l, &w->arena, content, w->err) != XG_OK)
        return w->err->status;
    for (size_t i = 0; i < l.count; i++) {
        const struct xg_level *at = &l.rows[i];
        need_unit(w, at->triage, at->line);
        need_unit(w, at->supervise, at->line);
        need_unit(w, at->assess, at->line);
        if (!has_unit_of(w->territory, at->at))
            warn(w, 'e', XG_T("第 %zu 行：区划里没有 %s 一级的单位",
                         "line %zu: the territory has no unit of level %s"),
                 at->line, at->at);
    }
    for (size_t i = 0; i < w->territory->count; i++) {
        const struct xg_unit *u = &w->territory->units[i];
        if (!xg_levels_find(&l, u->level) && is_new(w, 'l', u->level))
            warn(w, 'l', XG_T("单位 %s 的层级 %s 不在其中",
                         "unit %s has level %s, which is not in it"),
                 u->code, u->level);
    }
    return XG_OK;
}

/* In the order of the file: so does who reads the warnings. */

static int compare_duty_lines(const void *a, const void *b)
{
    const struct xg_duty *x = a, *y = b;
    return x->line < y->line ? -1 : x->line > y->line;
}

static enum xg_status watch_duty(struct watch *w, struct xg_bytes content)
{
    struct xg_duties d;
    struct xg_duty *items;

    if (xg_duties_read(&d, &w->arena, content, w->err) != XG_OK)
        return w->err->status;
    items = xg_arena_copy(&w->arena, d.items, d.count * sizeof *items);
    if (!items)
        return xg_fail_nomem(w->err);
    qsort(items, d.count, sizeof *items, compare_duty_lines);
    for (size_t i = 0; i < d.count; i++) {
        const struct xg_duty *item = &items[i];
        need_unit(w, item->unit, item->line);
        for (size_t c = 0; c < item->category_count; c++)
            need_category(w, item->categories[c], item->line);
    }
    return XG_OK;
}

static int compare_post_lines(const void *a, const void *b)
{
    const struct xg_post *x = a, *y = b;
    return x->line < y->line ? -1 : x->line > y->line;
}

static enum xg_status watch_posts(struct watch *w, struct xg_bytes content)
{
    struct xg_posts p;
    struct xg_post *rows;

    if (xg_posts_read(&p, &w->arena, content, w->err) != XG_OK)
        return w->err->status;
    rows = xg_arena_copy(&w->arena, p.rows, p.count * sizeof *rows);
    if (!rows)
        return xg_fail_nomem(w->err);
    qsort(rows, p.count, sizeof *rows, compare_post_lines);
    for (size_t i = 0; i < p.count; i++) {
        const struct xg_post *at = &rows[i];
        need_unit(w, at->unit, at->line);
        need_board(w, at->board, at->line);
        if (need_worker(w, at->a, at->line) != XG_OK ||
            need_worker(w, at->b, at->line) != XG_OK)
            return w->err->status;
    }
    return XG_OK;
}

static enum xg_status watch_templates(struct watch *w, struct xg_bytes content)
{
    const struct xg_templates *kept;
    struct xg_templates t;

    if (xg_templates_read(&t, &w->arena, content, w->err) != XG_OK ||
        xg_guide_templates(w->g, &kept, w->err) != XG_OK)
        return w->err->status;
    for (size_t i = 0; i < t.count; i++)
        for (size_t k = 0; k < kept->count; k++)
            if (strcmp(t.rows[i].code, kept->rows[k].code) == 0 &&
                strcmp(t.rows[i].edition, kept->rows[k].edition) == 0 &&
                strcmp(t.rows[i].source, kept->rows[k].source) != 0)
                return xg_fail(
                    w->err, XG_REFUSED,
                    XG_T("表单 %s@%s 已导入过，内容不同；已有记录按它填写，"
                         "改动请用新的 edition",
                         "template %s@%s was imported before with another "
                         "content, and records were answered by it; give the "
                         "changed one a new edition"),
                    t.rows[i].code, t.rows[i].edition);
    return XG_OK;
}

static enum xg_status load_all(struct watch *w)
{
    if (xg_guide_territory(w->g, &w->territory, w->err) != XG_OK ||
        xg_guide_levels(w->g, &w->levels, w->err) != XG_OK ||
        xg_guide_labels(w->g, &w->labels, w->err) != XG_OK ||
        xg_guide_posts(w->g, &w->posts, w->err) != XG_OK ||
        xg_guide_catalogue(w->g, &w->catalogue, NULL, UINT64_MAX, w->err) !=
            XG_OK)
        return w->err->status;
    return XG_OK;
}

enum xg_status xg_guide_unresolved(struct xg_guide *g, const char *kind,
                                   struct xg_bytes content,
                                   const struct xg_guide_watch *watch,
                                   struct xg_error *err)
{
    static const struct {
        const char *kind;
        enum xg_status (*run)(struct watch *w, struct xg_bytes content);
    } walks[] = {
        {"territory", watch_territory}, {"boundaries", watch_boundaries},
        {"catalogue", watch_catalogue}, {"levels", watch_levels},
        {"duty", watch_duty},           {"posts", watch_posts},
        {"templates", watch_templates},
    };
    struct watch w = {.g = g, .to = watch, .arena = XG_ARENA(ARENA), .err = err};
    enum xg_status status = load_all(&w);

    for (size_t i = 0; status == XG_OK && i < sizeof walks / sizeof *walks; i++)
        if (strcmp(walks[i].kind, kind) == 0)
            status = walks[i].run(&w, content);
    if (status == XG_OK && w.more)
        warn(&w, '+', XG_T("还有 %zu 处", "and %zu more"), w.more);
    xg_arena_clear(&w.arena);
    return status;
}
