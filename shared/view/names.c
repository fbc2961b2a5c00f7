/* names.c - see names.h. */
#include "shared/view/names.h"

#include <string.h>
#include <strings.h>

#include "shared/guide/catalogue.h"
#include "shared/view/text.h"

enum { CODE_BYTES = 256, TITLE_BYTES = 96, NEAR_EDITS = 2 };

enum named { NO_NAME, A_UNIT, A_LEVEL, A_CATEGORY, A_POST, A_BOARD };

static const char *const sort_names[] = {
    [A_UNIT] = "unit", [A_LEVEL] = "level", [A_CATEGORY] = "category",
    [A_POST] = "post", [A_BOARD] = "board",
};

static enum named named_of(const struct xg_field *f)
{
    static const struct {
        const char *field;
        enum named sort;
    } all[] = {
        {"unit", A_UNIT},         {"grid", A_UNIT},
        {"called", A_UNIT},       {"present", A_UNIT},
        {"level", A_LEVEL},       {"settled_level", A_LEVEL},
        {"category", A_CATEGORY}, {"post", A_POST},
        {"board", A_BOARD},
    };

    for (size_t i = 0;
         f && f->type == XG_TYPE_CODE && i < sizeof all / sizeof *all; i++)
        if (strcmp(f->name, all[i].field) == 0)
            return all[i].sort;
    return NO_NAME;
}

bool view_is_named(const struct xg_field *field)
{
    return named_of(field) != NO_NAME;
}

const char *view_code_sort(const struct xg_field *field)
{
    /* Codes that have no name but what the record says. */
    static const char *const unnamed[][2] = {
        {"handler", "person"}, {"to", "person"},      {"from", "person"},
        {"read", "person"},    {"rule", "duty"},      {"accepted_by", "person"},
        {"form", "template"},  {"checklist", "template"},
    };

    for (size_t i = 0; i < sizeof unnamed / sizeof *unnamed; i++)
        if ((field->type == XG_TYPE_CODE || field->type == XG_TYPE_TEXT) &&
            strcmp(field->name, unnamed[i][0]) == 0)
            return unnamed[i][1];
    return sort_names[named_of(field)];
}

static const char *unit_name(struct xg_guide *g, const char *code)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_territory *t = NULL;
    const struct xg_unit *unit = NULL;

    if (xg_guide_territory(g, &t, &ignored) == XG_OK)
        unit = xg_territory_find(t, code);
    return unit ? unit->name : NULL;
}

static const char *level_name(struct xg_guide *g, const char *code)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_levels *levels = NULL;
    const struct xg_level *level = NULL;

    if (xg_guide_levels(g, &levels, &ignored) == XG_OK)
        level = xg_levels_find(levels, code);
    return level ? xg_level_label(level) : NULL;
}

static const char *category_name(struct xg_guide *g, const char *code)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_catalogue *catalogue = NULL;
    const struct xg_category *category = NULL;

    if (xg_guide_catalogue(g, &catalogue, NULL, UINT64_MAX, &ignored) == XG_OK)
        category = xg_catalogue_find(catalogue, xg_bytes_of(code));
    return category ? xg_category_label(category) : NULL;
}

static const char *post_name(struct xg_guide *g, const char *code, xg_day day)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_posts *posts = NULL;
    const struct xg_post *post = NULL;

    if (xg_guide_posts(g, &posts, &ignored) == XG_OK)
        post = xg_posts_find(posts, code, day);
    return post ? xg_post_label(post) : NULL;
}

static const char *board_name(struct xg_guide *g, const char *code)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_labels *labels = NULL;

    return xg_guide_labels(g, &labels, &ignored) == XG_OK &&
                   xg_labels_has_board(labels, code)
               ? xg_labels_board(labels, code)
               : NULL;
}

void view_put_name(struct xg_buf *out, struct xg_guide *g,
                   const struct xg_field *field, struct xg_bytes code,
                   xg_day day)
{
    enum named sort = named_of(field);
    const char *name = NULL;
    char text[CODE_BYTES];

    if (sort == NO_NAME || code.len == 0 || code.len >= sizeof text)
        return;
    memcpy(text, code.at, code.len);
    text[code.len] = '\0';
    if (sort == A_UNIT)
        name = unit_name(g, text);
    else if (sort == A_LEVEL)
        name = level_name(g, text);
    else if (sort == A_CATEGORY)
        name = category_name(g, text);
    else if (sort == A_POST)
        name = post_name(g, text, day);
    else
        name = board_name(g, text);
    if (name && strcmp(name, text) != 0)
        view_put_line(out, xg_bytes_of(name));
}

/* ---- what a person meant ---- */

typedef void take_code(void *ctx, const char *code, const char *zh,
                       const char *en);

/* Each code of that sort, once at least. */
static void each_code(struct xg_guide *g, enum named sort, take_code *take,
                      void *ctx)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_territory *t = NULL;
    const struct xg_levels *levels = NULL;
    const struct xg_catalogue *c = NULL;
    const struct xg_posts *posts = NULL;

    if (sort == A_UNIT && xg_guide_territory(g, &t, &ignored) == XG_OK)
        for (size_t i = 0; i < t->count; i++)
            take(ctx, t->units[i].code, t->units[i].name, "");
    if (sort == A_LEVEL && xg_guide_levels(g, &levels, &ignored) == XG_OK)
        for (size_t i = 0; i < levels->count; i++)
            take(ctx, levels->rows[i].code, levels->rows[i].zh,
                 levels->rows[i].en);
    if (sort == A_CATEGORY &&
        xg_guide_catalogue(g, &c, NULL, UINT64_MAX, &ignored) == XG_OK)
        for (size_t i = 0; c && i < c->count; i++)
            if (c->all[i].active)
                take(ctx, c->all[i].code, c->all[i].zh, c->all[i].en);
    if (sort == A_POST && xg_guide_posts(g, &posts, &ignored) == XG_OK)
        for (size_t i = 0; i < posts->count; i++)
            take(ctx, posts->rows[i].code, posts->rows[i].zh,
                 posts->rows[i].en);
}

struct meant {
    const char *text, *code; /* code NULL: none so far */
    bool exact, several;
};

static void take_meant(void *ctx, const char *code, const char *zh,
                       const char *en)
{
    struct meant *m = ctx;

    if (strcmp(code, m->text) == 0)
        m->exact = true;
    if (strcasecmp(code, m->text) != 0 && strcmp(zh, m->text) != 0 &&
        strcasecmp(en, m->text) != 0)
        return;
    m->several = m->several || (m->code && strcmp(m->code, code) != 0);
    m->code = code;
}

void view_put_code(struct xg_buf *out, struct xg_guide *g,
                   const struct xg_field *field, const char *text)
{
    struct meant m = {.text = text};

    if (!*text)
        return;
    each_code(g, named_of(field), take_meant, &m);
    if (m.code && !m.exact && !m.several)
        xg_buf_text(out, m.code);
}

struct nearest {
    const char *text, *best;
    unsigned edits;
    bool known, any;
};

static void take_near(void *ctx, const char *code, const char *zh,
                      const char *en)
{
    struct nearest *n = ctx;
    unsigned edits = view_edits(n->text, code);

    (void)zh;
    (void)en;
    n->any = true;
    n->known = n->known || strcmp(n->text, code) == 0;
    if (edits < n->edits && edits < strlen(code)) {
        n->edits = edits;
        n->best = code;
    }
}

void view_put_nearest(struct xg_buf *out, bool *known, struct xg_guide *g,
                      const struct xg_field *field, const char *text)
{
    struct nearest n = {.text = text, .edits = NEAR_EDITS + 1};

    each_code(g, named_of(field), take_near, &n);
    if (known)
        *known = n.known || !n.any;
    if (n.best && !n.known)
        xg_buf_text(out, n.best);
}

void view_put_title(struct xg_buf *out, const struct xg_brief *brief)
{
    struct xg_cbor_item text;
    const struct xg_field *f;

    for (size_t i = 0; brief->kind && (f = xg_field_at(brief->kind, i)) != NULL;
         i++) {
        if (f->number < XG_FIELD_OWN || f->number >= XG_FIELD_SHARED ||
            f->type != XG_TYPE_TEXT || f->merge != XG_MERGE_REGISTER ||
            !xg_brief_value(brief, f->number, &text) ||
            text.type != XG_CBOR_TEXT || text.bytes.len == 0)
            continue;
        size_t len =
            text.bytes.len < TITLE_BYTES ? text.bytes.len : TITLE_BYTES;
        /* Not in the middle of a character. */
        while (len < text.bytes.len && len &&
               (text.bytes.at[len] & 0xC0) == 0x80)
            len--;
        view_put_line(out, xg_bytes(text.bytes.at, len));
        return;
    }
}
