/* guide.c - the kinds of files, and a site's files read when asked for. */
#include "shared/guide/guide.h"

#include <stdlib.h>

#include "shared/base/lang.h"
#include "shared/guide/boundaries.h"
#include "shared/guide/calendar_file.h"
#include "shared/guide/catalogue.h"

enum {
    CHECK_ARENA = 256 << 20,
    FILES_ARENA = 256 << 20,
    GUIDE_ARENA = 512 << 20,
};

enum kind {
    TERRITORY, BOUNDARIES, CATALOGUE, CALENDAR, HOURS, LEVELS, DUTY, POSTS,
    TEMPLATES, LABELS, KINDS
};

const char *const xg_guide_kinds[] = {
    [TERRITORY] = "territory", [BOUNDARIES] = "boundaries",
    [CATALOGUE] = "catalogue", [CALENDAR] = "calendar",
    [HOURS] = "hours",         [LEVELS] = "levels",
    [DUTY] = "duty",           [POSTS] = "posts",
    [TEMPLATES] = "templates", [LABELS] = "labels",
    [KINDS] = NULL,
};

static enum kind kind_named(const char *name)
{
    for (int k = 0; k < KINDS; k++)
        if (strcmp(xg_guide_kinds[k], name) == 0)
            return (enum kind)k;
    return KINDS;
}

bool xg_guide_is_kind(const char *kind)
{
    return kind_named(kind) != KINDS;
}

const char *xg_guide_kind_label(const char *kind)
{
    switch (kind_named(kind)) {
    case TERRITORY:
        return XG_T("区划", "territory");
    case BOUNDARIES:
        return XG_T("边界", "boundaries");
    case CATALOGUE:
        return XG_T("事项类别", "catalogue");
    case CALENDAR:
        return XG_T("节假日历", "calendar");
    case HOURS:
        return XG_T("办公时间", "office hours");
    case LEVELS:
        return XG_T("层级", "levels");
    case DUTY:
        return XG_T("职责清单", "duty list");
    case POSTS:
        return XG_T("岗位", "posts");
    case TEMPLATES:
        return XG_T("表单", "templates");
    case LABELS:
        return XG_T("叫法", "labels");
    case KINDS:
        break;
    }
    return kind;
}

/* ---- judging a file ---- */

/* One of each kind, and how many rows it had. */
struct read_file {
    struct xg_territory territory;
    struct xg_catalogue catalogue;
    struct xg_levels levels;
    struct xg_duties duties;
    struct xg_posts posts;
    struct xg_templates templates;
    struct xg_labels labels;
    struct xg_calendar_year *years;
    struct xg_office_hours hours;
    const char *const *codes;
    size_t count;
};

static enum xg_status read_as(struct read_file *f, enum kind kind,
                              struct xg_arena *arena, struct xg_bytes content,
                              struct xg_error *err)
{
    enum xg_status status = XG_OK;

    switch (kind) {
    case TERRITORY:
        status = xg_territory_read(&f->territory, arena, content, err);
        f->count = f->territory.count;
        break;
    case BOUNDARIES:
        return xg_boundaries_read(&f->codes, &f->count, arena, content, err);
    case CATALOGUE:
        status = xg_catalogue_load(&f->catalogue, arena, content, err);
        f->count = f->catalogue.count;
        break;
    case CALENDAR:
        return xg_calendar_years_load(&f->years, &f->count, arena, content,
                                      err);
    case HOURS:
        status = xg_office_hours_load(&f->hours, arena, content, err);
        f->count = f->hours.span_count;
        break;
    case LEVELS:
        status = xg_levels_read(&f->levels, arena, content, err);
        f->count = f->levels.count;
        break;
    case DUTY:
        status = xg_duties_read(&f->duties, arena, content, err);
        f->count = f->duties.count;
        break;
    case POSTS:
        status = xg_posts_read(&f->posts, arena, content, err);
        f->count = f->posts.count;
        break;
    case TEMPLATES:
        status = xg_templates_read(&f->templates, arena, content, err);
        f->count = f->templates.count;
        break;
    case LABELS:
        status = xg_labels_read(&f->labels, arena, content, err);
        f->count = f->labels.count;
        break;
    case KINDS:
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("没有这类文件", "there is no such kind of file"));
    }
    return status;
}

enum xg_status xg_guide_check(size_t *count, const char *kind,
                              struct xg_bytes content, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(CHECK_ARENA);
    struct read_file f = {.count = 0};
    enum xg_status status = read_as(&f, kind_named(kind), &arena, content, err);

    if (status == XG_OK && f.count == 0)
        status = xg_fail(err, XG_FORMAT, "%s",
                         XG_T("文件里没有内容，只有表头",
                              "the file holds nothing but its header"));
    if (status == XG_OK)
        *count = f.count;
    xg_arena_clear(&arena);
    return status;
}

/* ---- files, from the source ---- */

struct file {
    struct file *older;
    uint64_t position;
    const char *edition;
    struct xg_bytes content;
};

struct files {
    struct xg_arena arena;
    bool newest_only;
    struct file *newest;
    size_t count;
};

static enum xg_status take_file(void *visitor, const struct xg_guide_file *f,
                                struct xg_error *err)
{
    struct files *files = visitor;
    struct file *file;

    if (files->newest_only) {
        xg_arena_reset(&files->arena);
        files->newest = NULL;
        files->count = 0;
    }
    file = xg_arena_alloc(&files->arena, sizeof *file);
    const char *edition =
        xg_arena_str(&files->arena, f->edition, strlen(f->edition));
    uint8_t *copy =
        xg_arena_copy(&files->arena, f->content.at, f->content.len);
    if (!file || !edition || (!copy && f->content.len))
        return xg_fail_nomem(err);
    *file = (struct file){files->newest, f->position, edition,
                          xg_bytes(copy, f->content.len)};
    files->newest = file;
    files->count++;
    return XG_OK;
}

struct in_force {
    uint64_t position;
    const char *edition;
    struct xg_catalogue catalogue;
};

struct xg_guide {
    struct xg_guide_source source;
    struct xg_arena arena;
    bool has[KINDS];
    struct xg_territory territory;
    struct xg_levels levels;
    struct xg_duties duties;
    struct xg_posts posts;
    struct xg_templates templates;
    struct xg_labels labels;
    struct xg_calendar calendar;
    struct in_force *catalogues; /* oldest first */
    size_t catalogue_count;
};

enum xg_status xg_guide_new(struct xg_guide **g,
                            const struct xg_guide_source *source,
                            struct xg_error *err)
{
    struct xg_guide *made = calloc(1, sizeof *made);

    if (!made)
        return xg_fail_nomem(err);
    made->source = *source;
    made->arena = XG_ARENA(GUIDE_ARENA);
    made->calendar.zone_min = XG_ZONE_CHINA_MIN;
    *g = made;
    return XG_OK;
}

void xg_guide_free(struct xg_guide *g)
{
    if (!g)
        return;
    xg_arena_clear(&g->arena);
    free(g);
}

/* The texts of what is read live in the guide's arena. */
static enum xg_status read_kept(struct xg_guide *g, struct read_file *f,
                                enum kind kind, const struct file *file,
                                struct xg_error *err)
{
    enum xg_status status =
        read_as(f, kind, &g->arena, file->content, err);

    if (status == XG_FORMAT || status == XG_TOOBIG)
        status = err->status = XG_CORRUPT;
    if (status != XG_OK)
        return xg_wrap(err,
                       XG_T("已导入的%s版本 %s 读不出来，请重新导入",
                            "the imported %s, edition %s, does not read; "
                            "import it again"),
                       xg_guide_kind_label(xg_guide_kinds[kind]),
                       file->edition);
    return XG_OK;
}

/* What each kind does with its files, newest first in files->newest. */

static enum xg_status join_territory(struct xg_guide *g, struct files *files,
                                     struct xg_error *err)
{
    struct xg_territory all = {NULL, 0};

    /* Newest first: what is read later is older. */
    for (const struct file *at = files->newest; at; at = at->older) {
        struct read_file f = {.count = 0};
        if (read_kept(g, &f, TERRITORY, at, err) != XG_OK)
            return err->status;
        if (at == files->newest)
            all = f.territory;
        else if (xg_territory_merge(&all, &g->arena, &f.territory, &all,
                                    err) != XG_OK)
            return err->status;
    }
    g->territory = all;
    return XG_OK;
}

static enum xg_status join_catalogues(struct xg_guide *g, struct files *files,
                                      struct xg_error *err)
{
    size_t i = files->count;
    struct in_force *list =
        xg_arena_array(&g->arena, files->count + 1, sizeof *list);

    if (!list)
        return xg_fail_nomem(err);
    for (const struct file *at = files->newest; at; at = at->older) {
        struct read_file f = {.count = 0};
        if (read_kept(g, &f, CATALOGUE, at, err) != XG_OK)
            return err->status;
        list[--i] = (struct in_force){
            at->position,
            xg_arena_str(&g->arena, at->edition, strlen(at->edition)),
            f.catalogue};
        if (!list[i].edition)
            return xg_fail_nomem(err);
    }
    g->catalogues = list;
    g->catalogue_count = files->count;
    return XG_OK;
}

static enum xg_status join_years(struct xg_guide *g, struct files *files,
                                 struct xg_error *err)
{
    struct xg_calendar_year *all = NULL;
    size_t count = 0;

    for (const struct file *at = files->newest; at; at = at->older) {
        struct read_file f = {.count = 0};
        if (read_kept(g, &f, CALENDAR, at, err) != XG_OK ||
            xg_calendar_years_join(&all, &count, &g->arena, f.years, f.count,
                                   all, count, err) != XG_OK)
            return err->status;
    }
    g->calendar.years = all;
    g->calendar.year_count = count;
    return XG_OK;
}

/* Newest file first; of one edition what was imported first holds. */
static void add_template(struct xg_template *rows, size_t *count,
                         const struct xg_template *t)
{
    for (size_t i = 0; i < *count; i++)
        if (strcmp(rows[i].code, t->code) == 0 &&
            strcmp(rows[i].edition, t->edition) == 0) {
            rows[i] = *t;
            return;
        }
    rows[(*count)++] = *t;
}

static enum xg_status join_templates(struct xg_guide *g, struct files *files,
                                     struct xg_error *err)
{
    struct xg_template *all = NULL;
    size_t count = 0;

    for (const struct file *at = files->newest; at; at = at->older) {
        struct read_file f = {.count = 0};
        if (read_kept(g, &f, TEMPLATES, at, err) != XG_OK)
            return err->status;
        struct xg_template *more = xg_arena_array(
            &g->arena, count + f.templates.count, sizeof *more);
        if (!more)
            return xg_fail_nomem(err);
        if (count)
            memcpy(more, all, count * sizeof *more);
        for (size_t i = 0; i < f.templates.count; i++)
            add_template(more, &count, &f.templates.rows[i]);
        all = more;
    }
    g->templates = (struct xg_templates){all, count};
    return XG_OK;
}

static enum xg_status take_newest(struct xg_guide *g, enum kind kind,
                                  struct files *files, struct xg_error *err)
{
    struct read_file f = {.count = 0};

    if (!files->newest)
        return XG_OK;
    if (read_kept(g, &f, kind, files->newest, err) != XG_OK)
        return err->status;
    if (kind == LEVELS)
        g->levels = f.levels;
    else if (kind == DUTY)
        g->duties = f.duties;
    else if (kind == POSTS)
        g->posts = f.posts;
    else if (kind == LABELS)
        g->labels = f.labels;
    else if (kind == HOURS) {
        g->calendar.zone_min = f.hours.zone_min;
        g->calendar.spans = f.hours.spans;
        g->calendar.span_count = f.hours.span_count;
    }
    return XG_OK;
}

static enum xg_status join(struct xg_guide *g, enum kind kind,
                           struct files *files, struct xg_error *err)
{
    switch (kind) {
    case TERRITORY:
        return join_territory(g, files, err);
    case CATALOGUE:
        return join_catalogues(g, files, err);
    case CALENDAR:
        return join_years(g, files, err);
    case TEMPLATES:
        return join_templates(g, files, err);
    case HOURS:
    case LEVELS:
    case DUTY:
    case POSTS:
    case LABELS:
        return take_newest(g, kind, files, err);
    case BOUNDARIES:
    case KINDS:
        break;
    }
    return XG_OK;
}

static enum xg_status need(struct xg_guide *g, enum kind kind,
                           struct xg_error *err)
{
    struct files files = {
        .arena = XG_ARENA(FILES_ARENA),
        .newest_only = kind != TERRITORY && kind != CATALOGUE &&
                       kind != CALENDAR && kind != TEMPLATES,
    };
    enum xg_status status = XG_OK;

    if (g->has[kind])
        return XG_OK;
    status = g->source.each(g->source.ctx, xg_guide_kinds[kind], UINT64_MAX,
                            take_file, &files, err);
    if (status == XG_OK)
        status = join(g, kind, &files, err);
    g->has[kind] = status == XG_OK;
    xg_arena_clear(&files.arena);
    return status;
}

/* ---- the getters ---- */

#define GETTER(name, type, member, kind)                                       \
    enum xg_status xg_guide_##name(struct xg_guide *g,                         \
                                   const struct xg_##type **out,               \
                                   struct xg_error *err)                       \
    {                                                                          \
        if (need(g, kind, err) != XG_OK)                                       \
            return err->status;                                                \
        *out = &g->member;                                                     \
        return XG_OK;                                                          \
    }

GETTER(territory, territory, territory, TERRITORY)
GETTER(levels, levels, levels, LEVELS)
GETTER(duties, duties, duties, DUTY)
GETTER(posts, posts, posts, POSTS)
GETTER(templates, templates, templates, TEMPLATES)
GETTER(labels, labels, labels, LABELS)

enum xg_status xg_guide_calendar(struct xg_guide *g,
                                 const struct xg_calendar **out,
                                 struct xg_error *err)
{
    if (need(g, CALENDAR, err) != XG_OK || need(g, HOURS, err) != XG_OK)
        return err->status;
    *out = &g->calendar;
    return XG_OK;
}

enum xg_status xg_guide_catalogue(struct xg_guide *g,
                                  const struct xg_catalogue **out,
                                  const char **edition, uint64_t size,
                                  struct xg_error *err)
{
    size_t i;

    if (need(g, CATALOGUE, err) != XG_OK)
        return err->status;
    if (g->catalogue_count == 0) {
        *out = NULL;
        return XG_OK;
    }
    i = g->catalogue_count - 1;
    while (i > 0 && g->catalogues[i].position >= size)
        i--;
    *out = &g->catalogues[i].catalogue;
    if (edition)
        *edition = g->catalogues[i].edition;
    return XG_OK;
}
