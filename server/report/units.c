/* units.c - units, classes and their names, for figures; see
 * read.h. */
#include <stdlib.h>
#include <string.h>

#include "server/report/read.h"
#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/guide/catalogue.h"

enum { HANDS_ARENA = 16 << 20 };

/* A home, and under whose name its cases are told. */
struct home {
    struct xg_bytes unit, key;
    bool within;
};

struct report_units {
    struct report_classes classes;
    struct xg_guide *guide;
    const struct xg_levels *levels;
    const struct xg_labels *labels;
    const struct xg_catalogue *catalogue;
    struct xg_arena *arena;
    struct home *homes; /* by unit */
    size_t count;
};

/* ---- homes ---- */

static int by_unit(const void *x, const void *y)
{
    const struct home *a = x, *b = y;

    return xg_bytes_compare(a->unit, b->unit);
}

/* The way from the unit to the top of all: codes, the unit itself first. */
struct way {
    char codes[XG_UNIT_DEPTH_MAX + 1][XG_CODE_MAX + 1];
    size_t count;
};

static enum xg_status find_way(struct way *way, const struct report_source *s,
                               struct xg_bytes unit, struct xg_error *err)
{
    struct xg_statement parent;
    uint64_t position;
    bool found = true;

    way->count = 0;
    if (unit.len == 0 || unit.len > XG_CODE_MAX)
        return XG_OK;
    memcpy(way->codes[0], unit.at, unit.len);
    way->codes[0][unit.len] = '\0';
    for (way->count = 1; found && way->count < XG_UNIT_DEPTH_MAX;) {
        if (s->registry->find(s->registry->ctx, XG_SAYS_UNIT,
                              way->codes[way->count - 1], s->size, &parent,
                              &position, &found, err) != XG_OK)
            return err->status;
        found = found && *parent.unit;
        if (found)
            memcpy(way->codes[way->count++], parent.unit, sizeof parent.unit);
    }
    return XG_OK;
}

static size_t place_on(const struct way *way, const char *unit)
{
    size_t at = 0;

    while (at < way->count && strcmp(way->codes[at], unit) != 0)
        at++;
    return at;
}

/* Under the top: by the unit right below it on the way, or the top itself. */
static enum xg_status place_home(struct home *h, struct report_units *u,
                                 const struct way *way, const char *top,
                                 struct xg_error *err)
{
    size_t at = place_on(way, top);

    if (*top && at == way->count)
        return XG_OK;
    const char *key = way->count == 0 ? "" : way->codes[at ? at - 1 : 0];
    char *copy = xg_arena_str(u->arena, key, strlen(key));
    if (!copy)
        return xg_fail_nomem(err);
    h->key = xg_bytes_of(copy);
    return XG_OK;
}

/* What all ways end in, where they do. */
static void find_top(char top[static XG_CODE_MAX + 1], const struct way *ways,
                     size_t count)
{
    const char *first = NULL;

    for (size_t i = 0; i < count; i++) {
        if (ways[i].count == 0)
            continue;
        const char *last = ways[i].codes[ways[i].count - 1];
        if (first && strcmp(first, last) != 0)
            return;
        first = last;
    }
    if (first)
        memcpy(top, first, strlen(first) + 1);
}

static size_t distinct(struct home *homes, size_t count)
{
    size_t kept = 0;

    if (count)
        qsort(homes, count, sizeof *homes, by_unit);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !xg_bytes_equal(homes[kept - 1].unit, homes[i].unit))
            homes[kept++] = homes[i];
    return kept;
}

/* Texts of a set are one copy each, so that neighbours are skipped at once. */
static enum xg_status collect(struct report_units *u,
                              const struct report_set *set,
                              struct xg_error *err)
{
    u->homes = xg_arena_array(u->arena, set->count + 1, sizeof *u->homes);
    if (!u->homes)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < set->count; i++)
        if (u->count == 0 ||
            u->homes[u->count - 1].unit.at != set->rows[i].unit.at)
            u->homes[u->count++].unit = set->rows[i].unit;
    u->count = distinct(u->homes, u->count);
    return XG_OK;
}

/* `asked` is whose cases count; they are told apart below `under`. */
static enum xg_status place_homes(struct report_units *u,
                                  const struct report_source *from,
                                  const char *asked, const char *under,
                                  struct xg_error *err)
{
    struct way *ways = calloc(u->count + 1, sizeof *ways);
    char top[XG_CODE_MAX + 1] = "";
    enum xg_status status = XG_OK;

    if (!ways)
        return xg_fail_nomem(err);
    for (size_t i = 0; status == XG_OK && i < u->count; i++)
        status = find_way(&ways[i], from, u->homes[i].unit, err);
    if (*under)
        memcpy(top, under, strlen(under) + 1);
    else
        find_top(top, ways, u->count);
    for (size_t i = 0; status == XG_OK && i < u->count; i++) {
        /* without a home it stands by itself, in the whole */
        bool nowhere = ways[i].count == 0 && !*under;
        u->homes[i].within =
            !*asked || place_on(&ways[i], asked) < ways[i].count;
        status = place_home(&u->homes[i], u, &ways[i], nowhere ? "" : top, err);
    }
    free(ways);
    return status;
}

/* Neighbours of one home are looked up once. */
static enum xg_status place_rows(struct report_units *u,
                                 const struct report_hands *hands,
                                 struct report_set *set, struct xg_error *err)
{
    const struct home *h = NULL;

    set->places = xg_arena_array(u->arena, set->count + 1, sizeof *set->places);
    if (!set->places)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < set->count; i++) {
        const struct home asked = {.unit = set->rows[i].unit};
        if (!h || h->unit.at != asked.unit.at)
            h = bsearch(&asked, u->homes, u->count, sizeof asked, by_unit);
        if (h && (h->within ||
                  (hands && report_in_hands(hands, set->rows[i].number))))
            set->places[i] = h->key;
    }
    return XG_OK;
}

/* ---- hands ---- */

static int by_number(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;

    return a < b ? -1 : a > b;
}

bool report_in_hands(const struct report_hands *h, uint64_t number)
{
    return h->count && bsearch(&number, h->numbers, h->count,
                               sizeof *h->numbers, by_number);
}

/* Whoever has it at that size of the log, or had it before. A key that is no
 * unit's (">" and a code: those below) matches none. */
static enum xg_status was_in_hands(bool *was, struct xg_arena *scratch,
                                   const struct report_source *from,
                                   const char *unit, uint64_t number,
                                   struct xg_error *err)
{
    struct store_hand *hands;
    size_t count;

    *was = false;
    if (from->store->ops->read_hands(from->store, scratch, &hands, &count,
                                     number, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count && !*was; i++)
        if (hands[i].unit[0] != '>' && hands[i].since < from->size &&
            xg_unit_within(was, from->registry, hands[i].unit, unit,
                           from->size, err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status report_hands_read(struct report_hands *out,
                                 struct xg_arena *arena,
                                 const struct report_source *from,
                                 const char *unit, const struct report_set *set,
                                 struct xg_error *err)
{
    struct xg_arena scratch = XG_ARENA(HANDS_ARENA);
    uint64_t *numbers = xg_arena_array(arena, set->count + 1, sizeof *numbers);
    enum xg_status status = numbers ? XG_OK : xg_fail_nomem(err);
    size_t count = 0;

    for (size_t i = 0; status == XG_OK && i < set->count; i++) {
        uint64_t number = set->rows[i].number;
        bool was;
        xg_arena_reset(&scratch);
        status = was_in_hands(&was, &scratch, from, unit, number, err);
        if (status == XG_OK && was)
            numbers[count++] = number;
    }
    xg_arena_clear(&scratch);
    if (status != XG_OK)
        return status;
    if (count)
        qsort(numbers, count, sizeof *numbers, by_number);
    *out = (struct report_hands){numbers, count};
    return XG_OK;
}

/* ---- classes ---- */

static const struct xg_level *level_of(const struct report_units *u,
                                       struct xg_bytes code)
{
    for (size_t i = 0; i < u->levels->count; i++)
        if (xg_bytes_equal(xg_bytes_of(u->levels->rows[i].code), code))
            return &u->levels->rows[i];
    return NULL;
}

static struct xg_bytes settles(void *ctx, struct xg_bytes level)
{
    const struct xg_level *found = level_of(ctx, level);

    return found && *found->settles ? xg_bytes_of(found->settles) : level;
}

static bool is_of_class(const struct xg_level *l, struct xg_bytes key)
{
    return *l->settles && xg_bytes_equal(xg_bytes_of(l->settles), key);
}

uint32_t report_target(const struct report_units *u, struct xg_bytes key)
{
    for (size_t i = 0; i < u->levels->count; i++)
        if (is_of_class(&u->levels->rows[i], key))
            return u->levels->rows[i].target;
    return 0;
}

static bool has_row(const struct report_answer *a, struct xg_bytes key)
{
    for (size_t i = 0; i < a->row_count; i++)
        if (xg_bytes_equal(a->rows[i].key, key))
            return true;
    return false;
}

/* From the ground up, then what is in no class. */
enum xg_status report_add_classes(struct report_answer *answer,
                                  const struct report_units *u,
                                  struct xg_error *err)
{
    struct report_answer a = *answer;

    a.row_count = 0;
    a.rows = xg_arena_array(u->arena, answer->row_count + u->levels->count + 1,
                            sizeof *a.rows);
    if (!a.rows)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < u->levels->count; i++) {
        const struct xg_level *l = &u->levels->rows[i];
        struct report_row row = {.key = xg_bytes_of(l->settles),
                                 .denominator = answer->numerator};
        if (!l->target || has_row(&a, row.key))
            continue;
        for (size_t k = 0; k < answer->row_count; k++)
            if (xg_bytes_equal(answer->rows[k].key, row.key))
                row = answer->rows[k];
        a.rows[a.row_count++] = row;
    }
    for (size_t k = 0; k < answer->row_count; k++)
        if (!has_row(&a, answer->rows[k].key))
            a.rows[a.row_count++] = answer->rows[k];
    *answer = a;
    return XG_OK;
}

/* "村、社区": the levels of the class. */
static struct xg_bytes class_name(const struct report_units *u,
                                  struct xg_bytes key)
{
    const struct xg_level *level = level_of(u, key);
    char *name = NULL;

    for (size_t i = 0; i < u->levels->count; i++) {
        const struct xg_level *l = &u->levels->rows[i];
        if (!is_of_class(l, key))
            continue;
        char *more =
            xg_arena_format(u->arena, "%s%s%s", name ? name : "",
                            name ? XG_T("、", ", ") : "", xg_level_label(l));
        name = more ? more : name;
    }
    if (!name && level)
        return xg_bytes_of(xg_level_label(level));
    return name ? xg_bytes_of(name) : key;
}

/* ---- names ---- */

static struct xg_bytes choice_name(const struct xg_choice *choices,
                                   struct xg_bytes key)
{
    for (; choices->name; choices++)
        if (xg_bytes_equal(xg_bytes_of(choices->name), key))
            return xg_bytes_of(XG_T(choices->zh, choices->en));
    return key;
}

static struct xg_bytes status_name(const struct report_units *u,
                                   struct xg_bytes key)
{
    for (const struct xg_choice *s = xg_statuses; s->name; s++)
        if (xg_bytes_equal(xg_bytes_of(s->name), key))
            return xg_bytes_of(
                xg_labels_of(u->labels, XG_LABEL_STATUS, s->number));
    return key;
}

static struct xg_bytes unit_name(const struct report_units *u,
                                 struct xg_bytes key)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const char *name;
    char *code = xg_arena_str(u->arena, (const char *)key.at, key.len);

    if (!code || xg_guide_unit_name(u->guide, &name, code, &ignored) != XG_OK)
        return key;
    return xg_bytes_of(name);
}

static struct xg_bytes nothing_named(enum report_by by)
{
    if (by == REPORT_BY_HOLDER)
        return xg_bytes_of(XG_T("还没有派给谁", "given to nobody yet"));
    return xg_bytes_of(XG_T("没有注明", "not told"));
}

struct xg_bytes report_key_name(const struct report_units *u, enum report_by by,
                                struct xg_bytes key)
{
    const struct xg_kind *kind = xg_kind_find(XG_KIND_INCIDENT);
    const struct xg_category *category;

    if (key.len == 0)
        return nothing_named(by);
    switch (by) {
    case REPORT_BY_UNIT:
    case REPORT_BY_HOLDER:
        return unit_name(u, key);
    case REPORT_BY_SOURCE:
        return choice_name(xg_field_find(kind, XG_CASE_CHANNEL)->choices, key);
    case REPORT_BY_CATEGORY:
        category = xg_catalogue_find(u->catalogue, key);
        return category ? xg_bytes_of(xg_category_label(category)) : key;
    case REPORT_BY_SETTLED:
        return class_name(u, key);
    case REPORT_BY_STATUS:
        return status_name(u, key);
    case REPORT_BY_KIND:
        for (kind = xg_kinds; kind->name; kind++)
            if (xg_bytes_equal(xg_bytes_of(kind->name), key))
                return xg_bytes_of(XG_T(kind->zh, kind->en));
        break;
    case REPORT_BY_NOTHING:
        break;
    }
    return key;
}

/* ---- opening ---- */

const struct report_classes *report_units_classes(const struct report_units *u)
{
    return &u->classes;
}

enum xg_status report_units_open(struct report_units **out,
                                 struct xg_arena *arena,
                                 const struct report_source *from,
                                 const char *top,
                                 const struct report_hands *hands,
                                 struct report_set *set, struct xg_error *err)
{
    struct report_units *u = xg_arena_alloc(arena, sizeof *u);

    if (!u)
        return xg_fail_nomem(err);
    u->classes = (struct report_classes){u, settles};
    u->guide = from->guide;
    u->arena = arena;
    if (xg_guide_levels(u->guide, &u->levels, err) != XG_OK ||
        xg_guide_labels(u->guide, &u->labels, err) != XG_OK ||
        xg_guide_catalogue(u->guide, &u->catalogue, NULL, UINT64_MAX, err) !=
            XG_OK ||
        collect(u, set, err) != XG_OK ||
        place_homes(u, from, top, hands ? "" : top, err) != XG_OK ||
        place_rows(u, hands, set, err) != XG_OK)
        return err->status;
    *out = u;
    return XG_OK;
}
