/* grids.c - see grids.h. */
#include "shared/view/grids.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/outline.h"

enum {
    BYTES_MAX = 300 << 10,
    ARENA_MAX = 512 << 20,
    FEATURE_BYTES = 200, /* about, without its points */
    POINT_BYTES = 20,
    TOLERANCE_LEAST_M = 2,
    TOLERANCE_MOST_M = 256,
    RING_LEAST = 4, /* positions of a ring */
};

enum rank { OWN, BELOW, ABOVE, BESIDE, ELSEWHERE };

struct ring {
    struct outline_point *whole, *points; /* points: simplified */
    size_t whole_count, count;
    bool outer; /* the first of a polygon */
};

struct grid {
    const struct xg_unit *unit; /* NULL: not in the territory */
    const char *code;
    enum rank rank;
    int steps; /* below the own one */
    struct ring *rings;
    size_t ring_count;
};

struct grids {
    struct xg_arena arena;
    const struct xg_territory *territory;
    const char *own;
    const struct xg_unit *own_unit;
    struct grid *list;
    size_t count, shown;
    unsigned tolerance_m;
};

/* ---- which units ---- */

static void rank_of(const struct grids *g, struct grid *out, const char *code)
{
    const struct xg_unit *unit = xg_territory_find(g->territory, code);
    const char *parent = g->own_unit ? g->own_unit->parent : "";

    out->unit = unit;
    out->steps = unit ? xg_territory_distance(g->territory, code, g->own) : -1;
    if (strcmp(code, g->own) == 0)
        out->rank = OWN;
    else if (out->steps > 0)
        out->rank = BELOW;
    else if (*parent && strcmp(code, parent) == 0)
        out->rank = ABOVE;
    else if (unit && *parent && strcmp(unit->parent, parent) == 0)
        out->rank = BESIDE;
    else
        out->rank = ELSEWHERE;
}

static int by_rank(const void *x, const void *y)
{
    const struct grid *a = x, *b = y;

    if (a->rank != b->rank)
        return a->rank < b->rank ? -1 : 1;
    if (a->steps != b->steps)
        return a->steps < b->steps ? -1 : 1;
    return strcmp(a->code, b->code);
}

/* ---- reading ---- */

static bool read_place(struct outline_point *out, const json_t *pair)
{
    double lon = json_number_value(json_array_get(pair, 0));
    double lat = json_number_value(json_array_get(pair, 1));

    if (json_array_size(pair) < 2 || !(lat >= -90 && lat <= 90) ||
        !(lon >= -180 && lon <= 180))
        return false;
    out->lat_e6 = (int32_t)(lat * 1e6 + (lat < 0 ? -0.5 : 0.5));
    out->lon_e6 = (int32_t)(lon * 1e6 + (lon < 0 ? -0.5 : 0.5));
    return true;
}

/* False: no memory. A ring that is none is left out. */
static bool read_ring(struct grids *g, struct grid *grid, const json_t *from,
                      bool outer)
{
    size_t n = json_array_size(from);
    struct outline_point *points =
        xg_arena_array(&g->arena, 2 * n + 1, sizeof *points);

    if (!points)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!read_place(&points[i], json_array_get(from, i)))
            return true;
    if (n >= RING_LEAST)
        grid->rings[grid->ring_count++] =
            (struct ring){points, points + n, n, n, outer};
    return true;
}

/* The polygons of a geometry: one, or several. */
static const json_t *polygon_at(const json_t *geometry, size_t i)
{
    const char *type = json_string_value(json_object_get(geometry, "type"));
    const json_t *at = json_object_get(geometry, "coordinates");

    if (type && strcmp(type, "MultiPolygon") == 0)
        return json_array_get(at, i);
    return type && strcmp(type, "Polygon") == 0 && i == 0 ? at : NULL;
}

static bool read_rings(struct grids *g, struct grid *grid,
                       const json_t *geometry)
{
    const json_t *polygon;
    size_t count = 0;

    for (size_t i = 0; (polygon = polygon_at(geometry, i)) != NULL; i++)
        count += json_array_size(polygon);
    grid->rings = xg_arena_array(&g->arena, count + 1, sizeof *grid->rings);
    if (!grid->rings)
        return false;
    for (size_t i = 0; (polygon = polygon_at(geometry, i)) != NULL; i++)
        for (size_t r = 0; r < json_array_size(polygon); r++)
            if (!read_ring(g, grid, json_array_get(polygon, r), r == 0))
                return false;
    return true;
}

static enum xg_status read_features(struct grids *g, const json_t *features,
                                    struct xg_error *err)
{
    size_t size = json_array_size(features);

    g->list = xg_arena_array(&g->arena, size + 1, sizeof *g->list);
    if (!g->list)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < size; i++) {
        const json_t *feature = json_array_get(features, i);
        const char *code = json_string_value(json_object_get(
            json_object_get(feature, "properties"), "code"));
        struct grid *grid = &g->list[g->count];
        *grid = (struct grid){.code = code ? code : ""};
        rank_of(g, grid, grid->code);
        if (grid->rank == ELSEWHERE)
            continue;
        if (!read_rings(g, grid, json_object_get(feature, "geometry")))
            return xg_fail_nomem(err);
        g->count += grid->ring_count > 0;
    }
    qsort(g->list, g->count, sizeof *g->list, by_rank);
    return XG_OK;
}

/* ---- making it small ---- */

/* A ring that is smaller than the tolerance would be a line: it goes, unless it
 * is all that the unit has. */
static size_t simplify(struct grid *grid, unsigned tolerance_m)
{
    size_t bytes = FEATURE_BYTES;

    for (size_t i = 0; i < grid->ring_count; i++) {
        struct ring *r = &grid->rings[i];
        memcpy(r->points, r->whole, r->whole_count * sizeof *r->points);
        r->count = outline_simplify(r->points, r->whole_count,
                                    (int64_t)tolerance_m * 1000);
        if (r->count < RING_LEAST && i > 0) {
            r->count = 0;
        } else if (r->count < RING_LEAST) {
            memcpy(r->points, r->whole, r->whole_count * sizeof *r->points);
            r->count = outline_simplify(r->points, r->whole_count, 0);
        }
        bytes += r->count * POINT_BYTES;
    }
    return bytes;
}

static size_t simplify_all(struct grids *g, unsigned tolerance_m)
{
    size_t bytes = 0;

    g->shown = 0;
    for (size_t i = 0; i < g->count; i++) {
        bytes += simplify(&g->list[i], tolerance_m);
        if (bytes <= BYTES_MAX)
            g->shown = i + 1;
    }
    g->tolerance_m = tolerance_m;
    return bytes;
}

static void fit(struct grids *g)
{
    unsigned m = TOLERANCE_LEAST_M;

    while (simplify_all(g, m) > BYTES_MAX && m < TOLERANCE_MOST_M)
        m *= 2;
}

/* ---- telling ---- */

static json_t *ring_json(const struct ring *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->count; i++) {
        json_t *pair = json_array();
        view_json_append(&pair, view_json_decimal(r->points[i].lon_e6, 6));
        view_json_append(&pair, view_json_decimal(r->points[i].lat_e6, 6));
        view_json_append(&list, pair);
    }
    return list;
}

/* Always a MultiPolygon: a hole belongs to the outer ring before it. */
static json_t *geometry_json(const struct grid *grid)
{
    json_t *object = json_object(), *all = json_array(), *polygon = NULL;

    for (size_t i = 0; i < grid->ring_count; i++) {
        const struct ring *r = &grid->rings[i];
        if (r->outer && polygon)
            view_json_append(&all, polygon);
        if (r->outer)
            polygon = r->count ? json_array() : NULL;
        if (polygon && r->count)
            view_json_append(&polygon, ring_json(r));
    }
    if (polygon)
        view_json_append(&all, polygon);
    view_json_set(&object, "type", json_string("MultiPolygon"));
    view_json_set(&object, "coordinates", all);
    return object;
}

static json_t *feature_json(const struct grid *grid)
{
    const struct xg_unit *unit = grid->unit;
    json_t *object = json_object(), *says = json_object();

    view_json_set(&says, "code", json_string(grid->code));
    view_json_set(&says, "name", json_string(unit ? unit->name : grid->code));
    view_json_set(&says, "level", json_string(unit ? unit->level : ""));
    view_json_set(&says, "own",
                  json_boolean(grid->rank == OWN || grid->rank == BELOW));
    view_json_set(&says, "mine", json_boolean(grid->rank == OWN));
    view_json_set(&object, "type", json_string("Feature"));
    view_json_set(&object, "properties", says);
    view_json_set(&object, "geometry", geometry_json(grid));
    return object;
}

static json_t *collection(const struct grids *g, const struct view_grids *of)
{
    json_t *object = json_object(), *features = json_array();
    const char *text = of->text;

    if (!text && g->count == 0)
        text = XG_T("边界文件里没有我的单位",
                    "the boundaries do not have my unit");
    for (size_t i = 0; i < g->shown; i++)
        view_json_append(&features, feature_json(&g->list[i]));
    view_json_set(&object, "type", json_string("FeatureCollection"));
    view_json_set(&object, "state", json_string(of->state));
    view_json_set(&object, "tolerance_m", json_integer(g->tolerance_m));
    view_json_set(&object, "left_out",
                  json_integer((json_int_t)(g->count - g->shown)));
    if (text)
        view_json_set(&object, "text", json_string(text));
    view_json_set(&object, "features", features);
    return object;
}

enum xg_status view_grids(json_t **out, const struct view_grids *of,
                          struct xg_error *err)
{
    struct grids g = {.arena = XG_ARENA(ARENA_MAX),
                      .territory = of->territory,
                      .own = of->own,
                      .own_unit = xg_territory_find(of->territory, of->own)};
    json_t *json = NULL;
    enum xg_status status = XG_OK;

    if (of->boundaries.len > 0) {
        json = json_loadb((const char *)of->boundaries.at, of->boundaries.len,
                          0, NULL);
        status = read_features(&g, json_object_get(json, "features"), err);
    }
    if (status == XG_OK) {
        fit(&g);
        *out = collection(&g, of);
        if (!*out)
            status = xg_fail_nomem(err);
    }
    json_decref(json);
    xg_arena_clear(&g.arena);
    return status;
}
