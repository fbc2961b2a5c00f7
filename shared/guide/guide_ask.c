/* guide_ask.c - what is asked of several files at once; see guide.h. */
#include "shared/core/record.h"
#include "shared/core/registry.h"
#include "shared/guide/catalogue.h"
#include "shared/guide/guide.h"

enum xg_status xg_guide_unit_name(struct xg_guide *g, const char **name,
                                  const char *unit, struct xg_error *err)
{
    const struct xg_territory *t;
    const struct xg_unit *u;

    if (xg_guide_territory(g, &t, err) != XG_OK)
        return err->status;
    u = xg_territory_find(t, unit);
    *name = u ? u->name : unit;
    return XG_OK;
}

enum xg_status xg_guide_level_of(struct xg_guide *g,
                                 const struct xg_level **out, const char *unit,
                                 struct xg_error *err)
{
    const struct xg_territory *t;
    const struct xg_levels *l;
    const struct xg_unit *u;

    if (xg_guide_territory(g, &t, err) != XG_OK ||
        xg_guide_levels(g, &l, err) != XG_OK)
        return err->status;
    u = xg_territory_find(t, unit);
    *out = u ? xg_levels_find(l, u->level) : NULL;
    return XG_OK;
}

/* ---- the way up ---- */

/* The unit at or above this one that has such a level; "" where none has. */
static const char *unit_at(const struct xg_territory *t, const char *unit,
                           const char *level)
{
    const struct xg_unit *u = xg_territory_find(t, unit);

    for (size_t n = 0; u && n <= XG_UNIT_DEPTH_MAX; n++) {
        if (strcmp(u->level, level) == 0)
            return u->code;
        u = *u->parent ? xg_territory_find(t, u->parent) : NULL;
    }
    return "";
}

/* The level at which a case stands: the one named, else the unit's. */
static enum xg_status standing(struct xg_guide *g, const struct xg_level **out,
                               const char *unit, const char *level,
                               struct xg_error *err)
{
    const struct xg_levels *l;

    if (!level || !*level)
        return xg_guide_level_of(g, out, unit, err);
    if (xg_guide_levels(g, &l, err) != XG_OK)
        return err->status;
    *out = xg_levels_find(l, level);
    return XG_OK;
}

enum xg_status xg_guide_up(struct xg_guide *g, struct xg_step *out, bool *found,
                           const char *unit, const char *level,
                           struct xg_error *err)
{
    const struct xg_territory *t;
    const struct xg_levels *l;
    const struct xg_level *now;
    struct xg_step step = {NULL, ""};
    int nearest = -1;

    if (xg_guide_territory(g, &t, err) != XG_OK ||
        xg_guide_levels(g, &l, err) != XG_OK ||
        standing(g, &now, unit, level, err) != XG_OK)
        return err->status;
    for (size_t i = 0; now && i < now->up_count; i++) {
        const struct xg_level *up = xg_levels_find(l, now->up[i]);
        const char *there = unit_at(t, unit, up->at);
        int distance = *there ? xg_territory_distance(t, unit, there) : -1;
        if (step.level && (distance < 0 ||
                           (nearest >= 0 && distance >= nearest)))
            continue;
        step = (struct xg_step){up, there};
        nearest = distance;
    }
    *found = step.level != NULL;
    if (step.level)
        *out = step;
    return XG_OK;
}

enum xg_status xg_guide_route(struct xg_guide *g, struct xg_step **steps,
                              size_t *count, struct xg_arena *arena,
                              const char *unit, const char *level,
                              struct xg_error *err)
{
    struct xg_step *list = xg_arena_array(arena, XG_LEVELS_MAX, sizeof *list);
    size_t n = 0;
    bool found = true;

    if (!list)
        return xg_fail_nomem(err);
    /* Ranks grow on the way, so it ends. */
    while (n < XG_LEVELS_MAX) {
        if (xg_guide_up(g, &list[n], &found, unit, level, err) != XG_OK)
            return err->status;
        if (!found)
            break;
        level = list[n].level->code;
        unit = *list[n].unit ? list[n].unit : unit;
        n++;
    }
    *steps = list;
    *count = n;
    return XG_OK;
}

enum xg_status xg_guide_climb(struct xg_guide *g, struct xg_step *out,
                              bool *found, const char *unit, const char *level,
                              const char *climb, struct xg_error *err)
{
    const struct xg_level *wanted, *now;
    const struct xg_levels *l;
    struct xg_step step, best = {NULL, ""};
    bool more = true;

    if (xg_guide_levels(g, &l, err) != XG_OK ||
        standing(g, &now, unit, level, err) != XG_OK)
        return err->status;
    wanted = xg_levels_named(l, climb);
    *found = false;
    if (!wanted || !now || now->rank >= wanted->rank)
        return XG_OK;
    /* A level that no unit on the way has is taken only where none has: ranks
     * grow, so it ends. */
    while (!*found || !*best.unit) {
        if (xg_guide_up(g, &step, &more, unit, level, err) != XG_OK)
            return err->status;
        if (!more)
            break;
        if (step.level->rank >= wanted->rank && (!*found || *step.unit)) {
            best = step;
            *found = true;
        }
        level = step.level->code;
        unit = *step.unit ? step.unit : unit;
    }
    if (*found)
        *out = best;
    return XG_OK;
}

enum xg_status xg_guide_may_whistle(struct xg_guide *g, bool *may, bool *told,
                                    const struct xg_level **level,
                                    const char *unit, struct xg_error *err)
{
    const struct xg_level *l;

    if (xg_guide_level_of(g, &l, unit, err) != XG_OK)
        return err->status;
    *told = l != NULL;
    *may = !l || l->whistles;
    if (level)
        *level = l;
    return XG_OK;
}

/* ---- who is to do it ---- */

struct proposals {
    struct xg_proposal *list;
    size_t count, room;
    const struct xg_territory *territory;
    const struct xg_posts *posts;
    const char *grid;
    xg_day day;
};

/* Does the unit look after the grid? A department does for all that lies in
 * the unit above it; one that the territory does not know, for all. */
static bool serves(const struct proposals *p, const char *unit)
{
    const struct xg_unit *u = xg_territory_find(p->territory, unit);

    if (!p->grid || !*p->grid || !u || !*u->parent ||
        !xg_territory_find(p->territory, p->grid))
        return true;
    return xg_territory_distance(p->territory, p->grid, u->parent) >= 0;
}

static void propose(struct proposals *p, struct xg_proposal proposal)
{
    if (!serves(p, proposal.unit) || p->count == p->room)
        return;
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->list[i].unit, proposal.unit) == 0)
            return;
    p->list[p->count++] = proposal;
}

static void propose_post(struct proposals *p, const struct xg_category *c)
{
    const struct xg_post *post =
        c && *c->post ? xg_posts_find(p->posts, c->post, p->day) : NULL;

    if (!post)
        return;
    const char *holder = xg_post_holder(post, p->day);
    propose(p, (struct xg_proposal){
                   .unit = post->unit,
                   .post = post->code,
                   .board = *c->board ? c->board : post->board,
                   .holder = holder ? holder : ""});
}

static void propose_duties(struct proposals *p, const struct xg_duties *d,
                           const char *category, const char *board,
                           bool assists)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct xg_duty *item = &d->items[i];
        if (item->assists == assists && xg_duty_names(item, category))
            propose(p, (struct xg_proposal){.unit = item->unit,
                                            .post = "",
                                            .board = board,
                                            .assists = assists,
                                            .duty = item,
                                            .holder = ""});
    }
}

/* Its category, then those above it; a category that the catalogue does not
 * know stands alone. */
static const char *next_category(const struct xg_category **c)
{
    *c = *c ? (*c)->parent : NULL;
    return *c ? (*c)->code : NULL;
}

enum xg_status xg_guide_propose(struct xg_guide *g, struct xg_proposal **out,
                                size_t *count, struct xg_arena *arena,
                                const char *category, const char *grid,
                                xg_day day, struct xg_error *err)
{
    struct proposals p = {.grid = grid, .day = day};
    const struct xg_catalogue *catalogue;
    const struct xg_duties *duties;

    if (xg_guide_territory(g, &p.territory, err) != XG_OK ||
        xg_guide_posts(g, &p.posts, err) != XG_OK ||
        xg_guide_duties(g, &duties, err) != XG_OK ||
        xg_guide_catalogue(g, &catalogue, NULL, UINT64_MAX, err) != XG_OK)
        return err->status;
    p.room = duties->count + 1;
    p.list = xg_arena_array(arena, p.room, sizeof *p.list);
    if (!p.list)
        return xg_fail_nomem(err);
    const struct xg_category *first =
        catalogue ? xg_catalogue_find(catalogue, xg_bytes_of(category)) : NULL;
    const char *board = first ? first->board : "";
    propose_post(&p, first);
    /* Whoever leads, at any depth, before who assists. */
    for (int assists = 0; assists <= 1; assists++) {
        const struct xg_category *c = first;
        for (const char *code = category; code; code = next_category(&c))
            propose_duties(&p, duties, code, board, assists);
    }
    *out = p.list;
    *count = p.count;
    return XG_OK;
}

/* ---- a duty that is cited ---- */

/* Does the item speak for the category, or for one above it? */
static bool covers(const struct xg_duty *item, const struct xg_catalogue *c,
                   const char *category)
{
    const struct xg_category *at =
        c ? xg_catalogue_find(c, xg_bytes_of(category)) : NULL;

    for (const char *code = category; code; code = next_category(&at))
        if (xg_duty_names(item, code))
            return true;
    return false;
}

enum xg_status xg_guide_cited(struct xg_guide *g, enum xg_cited *out,
                              const struct xg_duty **item, const char *code,
                              const char *unit, const char *category,
                              struct xg_error *err)
{
    const struct xg_catalogue *catalogue;
    const struct xg_duties *duties;
    const struct xg_duty *found;

    if (xg_guide_duties(g, &duties, err) != XG_OK ||
        xg_guide_catalogue(g, &catalogue, NULL, UINT64_MAX, err) != XG_OK)
        return err->status;
    found = xg_duties_find(duties, code);
    if (item)
        *item = found;
    if (!duties->count)
        *out = XG_CITED_NO_LIST;
    else if (!found)
        *out = XG_CITED_UNKNOWN;
    else if (strcmp(found->unit, unit) == 0 && category && *category &&
             covers(found, catalogue, category))
        *out = XG_CITED_OWN;
    else
        *out = XG_CITED_GOOD;
    return XG_OK;
}

/* ---- posts, templates ---- */

enum xg_status xg_guide_holder(struct xg_guide *g, const struct xg_post **post,
                               const char **holder, const char *code,
                               xg_day day, struct xg_error *err)
{
    const struct xg_posts *posts;

    if (xg_guide_posts(g, &posts, err) != XG_OK)
        return err->status;
    *post = xg_posts_find(posts, code, day);
    *holder = *post ? xg_post_holder(*post, day) : NULL;
    return XG_OK;
}

enum xg_status xg_guide_template(struct xg_guide *g,
                                 const struct xg_template **out,
                                 struct xg_bytes form, struct xg_error *err)
{
    const uint8_t *at = form.len ? memchr(form.at, '@', form.len) : NULL;
    struct xg_bytes code = xg_bytes(form.at, at ? (size_t)(at - form.at)
                                                : form.len);
    struct xg_bytes edition =
        at ? xg_bytes(at + 1, form.len - code.len - 1) : xg_bytes(NULL, 0);
    const struct xg_templates *t;

    if (xg_guide_templates(g, &t, err) != XG_OK)
        return err->status;
    *out = NULL;
    for (size_t i = 0; i < t->count && !*out; i++)
        if (xg_bytes_equal(code, xg_bytes_of(t->rows[i].code)) &&
            (!at || xg_bytes_equal(edition, xg_bytes_of(t->rows[i].edition))))
            *out = &t->rows[i];
    return XG_OK;
}
