/* describe_site.c - the imported files as JSON; see describe.h. */
#include "shared/view/describe.h"

#include <stdio.h>
#include <string.h>

#include "shared/guide/catalogue.h"
#include "shared/view/describe_both.h"
#include "shared/view/json.h"

enum { SITE_ARENA_MAX = 64 << 20 };

struct site {
    struct xg_guide *g;
    struct xg_arena arena;
    const char *unit;
    xg_day today;
    json_t *json, *more;
};

static json_t *text_or_null(const char *text)
{
    return *text ? json_string(text) : json_null();
}

/* Room for one more? Else the list is named as one that was cut. */
static bool has_room(struct site *s, const char *list, size_t count)
{
    if (count < VIEW_SITE_ROWS)
        return true;
    if (count == VIEW_SITE_ROWS)
        view_json_append(&s->more, json_string(list));
    return false;
}

/* ---- categories ---- */

struct limit_said {
    struct xg_arena *arena;
    struct xg_limit limit;
};

static const char *limit_label(const void *ctx, uint64_t number)
{
    const struct limit_said *said = ctx;

    (void)number;
    return xg_limit_text(said->arena, said->limit);
}

static json_t *limit_json(struct site *s, const struct xg_stage_limit *limit)
{
    const struct limit_said said = {&s->arena, limit->limit};
    json_t *json;

    if (!limit->has)
        return json_null();
    json = json_object();
    describe_both(&json, limit_label, &said, 0);
    return json;
}

static json_t *category_json(struct site *s, const struct xg_category *c)
{
    json_t *json = json_pack("{s:s, s:s, s:s, s:s?}", "code", c->code, "zh",
                             c->zh, "en", *c->en ? c->en : c->zh, "parent",
                             c->parent ? c->parent->code : NULL);

    view_json_set(&json, "leaf", json_boolean(c->leaf));
    view_json_set(&json, "active", json_boolean(c->active));
    view_json_set(&json, "radius_m", json_integer(c->radius_m));
    view_json_set(&json, "handle",
                  limit_json(s, &c->limits.stages[XG_STAGE_HANDLE]));
    view_json_set(&json, "file_if", text_or_null(c->file_if));
    view_json_set(&json, "close_if", text_or_null(c->close_if));
    return json;
}

static enum xg_status add_categories(struct site *s, struct xg_error *err)
{
    const struct xg_catalogue *catalogue = NULL;
    json_t *list = json_array();

    if (xg_guide_catalogue(s->g, &catalogue, NULL, UINT64_MAX, err) != XG_OK) {
        json_decref(list);
        return err->status;
    }
    for (size_t i = 0; catalogue && i < catalogue->count; i++)
        view_json_append(&list, category_json(s, &catalogue->all[i]));
    view_json_set(&s->json, "categories", list);
    return XG_OK;
}

/* ---- templates ---- */

/* The newest edition of each comes first. */
static bool is_newest(const struct xg_templates *all, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (strcmp(all->rows[j].code, all->rows[i].code) == 0)
            return false;
    return true;
}

static enum xg_status add_templates(struct site *s, struct xg_error *err)
{
    const struct xg_templates *all = NULL;
    json_t *list;

    if (xg_guide_templates(s->g, &all, err) != XG_OK)
        return err->status;
    list = json_array();
    for (size_t i = 0; i < all->count; i++)
        if (is_newest(all, i))
            view_json_append(&list,
                             json_loads(all->rows[i].source, 0, NULL));
    view_json_set(&s->json, "templates", list);
    return XG_OK;
}

/* ---- units ---- */

static json_t *unit_json(const struct xg_unit *u)
{
    return json_pack("{s:s, s:s, s:s, s:s?}", "code", u->code, "name", u->name,
                     "level", u->level, "parent",
                     *u->parent ? u->parent : NULL);
}

/* Itself, those above it from the nearest on, then those below it: the nearest
 * first, too. */
static enum xg_status add_units(struct site *s, struct xg_error *err)
{
    const struct xg_territory *t = NULL;
    const struct xg_unit *own;
    json_t *list;
    size_t count = 0;
    int *below;
    int deepest = 0;

    if (xg_guide_territory(s->g, &t, err) != XG_OK)
        return err->status;
    own = *s->unit ? xg_territory_find(t, s->unit) : NULL;
    below = xg_arena_array(&s->arena, t->count + 1, sizeof *below);
    if (!below)
        return xg_fail_nomem(err);
    list = json_array();
    for (const struct xg_unit *u = own; u && has_room(s, "units", count);
         u = *u->parent ? xg_territory_find(t, u->parent) : NULL, count++)
        view_json_append(&list, unit_json(u));
    for (size_t i = 0; own && i < t->count; i++) {
        below[i] = xg_territory_distance(t, t->units[i].code, own->code);
        deepest = below[i] > deepest ? below[i] : deepest;
    }
    for (int depth = 1; depth <= deepest; depth++)
        for (size_t i = 0; i < t->count; i++)
            if (below[i] == depth && has_room(s, "units", count++))
                view_json_append(&list, unit_json(&t->units[i]));
    view_json_set(&s->json, "units", list);
    return XG_OK;
}

/* ---- people ---- */

/* The first post that somebody holds today; NULL: none. */
static const struct xg_post *post_of(const struct site *s,
                                     const struct xg_posts *posts,
                                     const char *code)
{
    for (size_t i = 0; i < posts->count; i++) {
        const struct xg_post *in_force =
            xg_posts_find(posts, posts->rows[i].code, s->today);
        const char *holder =
            in_force ? xg_post_holder(in_force, s->today) : NULL;
        if (holder && strcmp(holder, code) == 0)
            return in_force;
    }
    return NULL;
}

static enum xg_status add_people(struct site *s,
                                 const struct view_person *people, size_t count,
                                 struct xg_error *err)
{
    const struct xg_territory *t = NULL;
    const struct xg_posts *posts = NULL;
    json_t *list;
    size_t shown = 0;

    if (xg_guide_territory(s->g, &t, err) != XG_OK ||
        xg_guide_posts(s->g, &posts, err) != XG_OK)
        return err->status;
    list = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct view_person *p = &people[i];
        if (strcmp(p->unit, s->unit) != 0 &&
            xg_territory_distance(t, p->unit, s->unit) < 0)
            continue;
        if (!has_room(s, "people", shown++))
            break;
        const struct xg_post *post = post_of(s, posts, p->code);
        view_json_append(
            &list, json_pack("{s:s, s:s, s:s, s:s?}", "code", p->code, "name",
                             p->name && *p->name ? p->name
                             : post               ? post->zh
                                                  : p->code, "unit", p->unit,
                             "role", p->role ? p->role->name : NULL));
    }
    view_json_set(&s->json, "people", list);
    return XG_OK;
}

/* ---- the rest ---- */

static enum xg_status add_levels(struct site *s, struct xg_error *err)
{
    const struct xg_levels *levels = NULL;
    json_t *list;

    if (xg_guide_levels(s->g, &levels, err) != XG_OK)
        return err->status;
    list = json_array();
    for (size_t i = 0; i < levels->count; i++) {
        const struct xg_level *l = &levels->rows[i];
        view_json_append(
            &list,
            json_pack("{s:s, s:s, s:s, s:I, s:b, s:b}", "code", l->code, "zh",
                      l->zh, "en", l->en, "rank", (json_int_t)l->rank,
                      "whistles", l->whistles, "settles", *l->settles != 0));
    }
    view_json_set(&s->json, "levels", list);
    return XG_OK;
}

static enum xg_status add_boards(struct site *s, struct xg_error *err)
{
    const struct xg_labels *labels = NULL;
    json_t *list;

    if (xg_guide_labels(s->g, &labels, err) != XG_OK)
        return err->status;
    list = json_array();
    for (size_t i = 0; i < labels->count; i++) {
        const struct xg_label_row *r = &labels->rows[i];
        if (r->sort == XG_LABEL_BOARD)
            view_json_append(
                &list, json_pack("{s:s, s:s, s:s}", "code", r->code, "zh",
                                 *r->zh ? r->zh : r->en, "en",
                                 *r->en ? r->en : r->zh));
    }
    view_json_set(&s->json, "boards", list);
    return XG_OK;
}

static enum xg_status add_duties(struct site *s, struct xg_error *err)
{
    const struct xg_duties *duties = NULL;
    json_t *list;

    if (xg_guide_duties(s->g, &duties, err) != XG_OK)
        return err->status;
    list = json_array();
    for (size_t i = 0; i < duties->count && has_room(s, "duties", i); i++) {
        const struct xg_duty *d = &duties->items[i];
        json_t *categories = json_array();
        for (size_t c = 0; c < d->category_count; c++)
            view_json_append(&categories, json_string(d->categories[c]));
        view_json_append(&list, json_pack("{s:s, s:s, s:b, s:s, s:o}", "code",
                                          d->code, "unit", d->unit, "assists",
                                          d->assists, "text", d->text,
                                          "categories", categories));
    }
    view_json_set(&s->json, "duties", list);
    return XG_OK;
}

/* The last day that is counted by an official calendar. */
static enum xg_status add_calendar(struct site *s, struct xg_error *err)
{
    const struct xg_calendar *calendar = NULL;
    json_t *json = json_object();
    char until[32];

    if (xg_guide_calendar(s->g, &calendar, err) != XG_OK) {
        json_decref(json);
        return err->status;
    }
    if (calendar->year_count)
        snprintf(until, sizeof until, "%d-12-31",
                 (int)calendar->years[calendar->year_count - 1].year);
    view_json_set(&json, "known_until",
                  calendar->year_count ? json_string(until) : json_null());
    view_json_set(&s->json, "calendar", json);
    return XG_OK;
}

enum xg_status view_site_json(json_t **site, struct xg_guide *g,
                              const char *unit,
                              const struct view_person *people, size_t count,
                              xg_day today, struct xg_error *err)
{
    struct site s = {.g = g,
                     .arena = XG_ARENA(SITE_ARENA_MAX),
                     .unit = unit,
                     .today = today,
                     .json = json_object(),
                     .more = json_array()};
    enum xg_status status = XG_OK;

    if (add_categories(&s, err) != XG_OK || add_templates(&s, err) != XG_OK ||
        add_units(&s, err) != XG_OK || add_levels(&s, err) != XG_OK ||
        add_boards(&s, err) != XG_OK ||
        add_people(&s, people, count, err) != XG_OK ||
        add_duties(&s, err) != XG_OK || add_calendar(&s, err) != XG_OK)
        status = err->status;
    view_json_set(&s.json, "more", s.more);
    xg_arena_clear(&s.arena);
    if (status == XG_OK && !s.json)
        status = xg_fail_nomem(err);
    if (status != XG_OK) {
        json_decref(s.json);
        return status;
    }
    *site = s.json;
    return XG_OK;
}
