/* cmd_grids.c - `grids`: the borders of the device's own units, of what is
 * below them and of what lies around, as GeoJSON for a map.
 *
 * They come from the newest imported boundaries that are here. Own ones come
 * first, then those below, then the neighbours; all are simplified by the
 * smallest of 2, 4, 8 ... 256 m with which they fit into GRIDS_BYTES_MAX, and
 * what does not fit even so is left out from the end, and counted. Foreign
 * members of the FeatureCollection say how it is:
 *
 *      state        "here"; "older": a newer edition is not; "not-fetched": it
 *                   is known, its file is not here; "none": the site has none
 *      tolerance_m, left_out, text (what to do, where there is something)
 */
#include "agent/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "shared/view/outline.h"
#include "shared/view/json.h"

enum {
    GRIDS_BYTES_MAX = 300 << 10,
    FILE_BYTES_MAX = 64 << 20,
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
    struct cli *cli;
    struct xg_arena arena;
    const struct xg_territory *territory;
    char own[XG_CODE_MAX + 1];
    const struct xg_unit *own_unit;
    struct grid *list;
    size_t count, shown;
    unsigned tolerance_m;
    const char *state;
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

/* The newest edition whose file is here; `state` says what that means. */
static enum xg_status find_file(struct grids *g, struct xg_buf *content,
                                struct xg_error *err)
{
    struct store *s = g->cli->home.store;
    struct store_reference *rows;
    size_t count;
    bool found = false;

    if (store_list_references(s, &g->arena, &rows, &count, "boundaries",
                              UINT64_MAX, err) != XG_OK)
        return err->status;
    g->state = count ? "not-fetched" : "none";
    for (size_t i = count; i > 0 && !found; i--) {
        if (!rows[i - 1].here)
            continue;
        if (store_get_reference_file(s, content, &found,
                                     &rows[i - 1].says.file, err) != XG_OK)
            return err->status;
        if (found)
            g->state = i == count ? "here" : "older";
    }
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
        if (bytes <= GRIDS_BYTES_MAX)
            g->shown = i + 1;
    }
    g->tolerance_m = tolerance_m;
    return bytes;
}

static void fit(struct grids *g)
{
    unsigned m = TOLERANCE_LEAST_M;

    while (simplify_all(g, m) > GRIDS_BYTES_MAX && m < TOLERANCE_MOST_M)
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

/* NULL: there is nothing to say. */
static const char *advice(const struct grids *g)
{
    if (strcmp(g->state, "none") == 0)
        return XG_T("指挥中心没有发布网格边界",
                    "the command centre has published no boundaries");
    if (strcmp(g->state, "not-fetched") == 0)
        return XG_T("网格边界还没有取回（按流量计费时不取）：连上 Wi-Fi 后同步，"
                    "或 xunge sync --unmetered",
                    "the boundaries have not been fetched (they are left for "
                    "another time where bytes cost): sync with Wi-Fi, or xunge "
                    "sync --unmetered");
    if (strcmp(g->state, "older") == 0)
        return XG_T("有更新的网格边界还没有取回：连上 Wi-Fi 后同步",
                    "newer boundaries have not been fetched: sync with Wi-Fi");
    if (g->count == 0)
        return XG_T("边界文件里没有我的单位", "the boundaries do not have my "
                                              "unit");
    return NULL;
}

static enum xg_status put(struct grids *g, struct xg_error *err)
{
    json_t *object = json_object(), *features = json_array();
    const char *text = advice(g);

    for (size_t i = 0; i < g->shown; i++)
        view_json_append(&features, feature_json(&g->list[i]));
    view_json_set(&object, "type", json_string("FeatureCollection"));
    view_json_set(&object, "state", json_string(g->state));
    view_json_set(&object, "tolerance_m", json_integer(g->tolerance_m));
    view_json_set(&object, "left_out",
                  json_integer((json_int_t)(g->count - g->shown)));
    if (text)
        view_json_set(&object, "text", json_string(text));
    view_json_set(&object, "features", features);
    g->cli->data = true;
    if (text)
        cli_say(g->cli, "%s", text);
    return cli_put_json(g->cli, object, err);
}

static enum xg_status know_own(struct grids *g, struct xg_error *err)
{
    struct xg_judgement me = {.no_right = NULL};
    struct xg_guide *guide = NULL;

    if (fold_actor(g->cli->home.store, &me, NULL, err) != XG_OK ||
        cli_guide(g->cli, &guide, err) != XG_OK ||
        xg_guide_territory(guide, &g->territory, err) != XG_OK)
        return err->status;
    memcpy(g->own, me.unit, sizeof g->own);
    g->own_unit = xg_territory_find(g->territory, g->own);
    return XG_OK;
}

enum xg_status cmd_grids(struct cli *cli, struct xg_error *err)
{
    struct grids g = {.cli = cli, .arena = XG_ARENA(ARENA_MAX)};
    struct xg_buf content = XG_BUF(FILE_BYTES_MAX);
    json_t *json = NULL;
    enum xg_status status = know_own(&g, err);

    if (status == XG_OK)
        status = find_file(&g, &content, err);
    if (status == XG_OK && content.len > 0) {
        json = json_loadb((const char *)content.data, content.len, 0, NULL);
        status = read_features(&g, json_object_get(json, "features"), err);
        xg_buf_clear(&content);
    }
    if (status == XG_OK) {
        fit(&g);
        status = put(&g, err);
    }
    json_decref(json);
    xg_buf_clear(&content);
    xg_arena_clear(&g.arena);
    return status;
}
