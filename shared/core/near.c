/* near.c - see near.h. */
#include "shared/core/near.h"

#include <stdlib.h>

#include "shared/core/loop.h"
#include "shared/core/track.h"

enum { PAIRS_FIRST = 64, LON_E7_MAX = 1800000000 };

/* ---- distance ---- */

int64_t xg_near_distance_mm(int32_t lat1_e7, int32_t lon1_e7, int32_t lat2_e7,
                            int32_t lon2_e7)
{
    /* 10^-7 degree on that sphere is 11.119508 mm. */
    static const int64_t NM_PER_UNIT = 11119508;
    static const int64_t FULL = 2 * (int64_t)LON_E7_MAX;
    static const int64_t NEAR = INT64_C(5000000) << 8;
    int64_t dlat = (int64_t)lat2_e7 - lat1_e7;
    int64_t dlon = (int64_t)lon2_e7 - lon1_e7;

    if (dlon > LON_E7_MAX)
        dlon -= FULL;
    else if (dlon < -LON_E7_MAX)
        dlon += FULL;
    int64_t cos_q30 = xg_cos_q30(((int64_t)lat1_e7 + lat2_e7) / 20);
    int64_t x = dlon * cos_q30 / (1 << 22); /* units * 2^8 */
    int64_t y = dlat * (1 << 8);
    if (x > NEAR || x < -NEAR || y > NEAR || y < -NEAR)
        return -1;
    int64_t way = (int64_t)xg_isqrt((uint64_t)(x * x + y * y));
    int64_t mm = (way * NM_PER_UNIT + 128000000) / 256000000;
    return mm > XG_HOP_MAX_MM ? -1 : mm;
}

/* ---- spots ---- */

static bool read_position(struct xg_spot *spot, const struct xg_cbor_item *item)
{
    struct xg_cbor c = xg_cbor_inside(item);
    struct xg_cbor_item lat, lon;
    int64_t lat_e7, lon_e7;

    if (item->type != XG_CBOR_ARRAY || !xg_cbor_next(&c, &lat) ||
        !xg_cbor_next(&c, &lon) || !xg_cbor_int(&lat, &lat_e7) ||
        !xg_cbor_int(&lon, &lon_e7))
        return false;
    spot->lat_e7 = (int32_t)lat_e7;
    spot->lon_e7 = (int32_t)lon_e7;
    return true;
}

static bool fill(struct xg_spot *out, const struct xg_id *id,
                 const struct xg_cbor_item *category,
                 const struct xg_cbor_item *position)
{
    struct xg_spot spot = {.id = *id, .category = category->bytes};

    if (category->type != XG_CBOR_TEXT || !read_position(&spot, position))
        return false;
    *out = spot;
    return true;
}

static bool counts(const struct xg_kind *kind, uint64_t status, bool withdrawn)
{
    return kind && kind->number == XG_KIND_INCIDENT && !withdrawn &&
           !xg_status_final(status);
}

bool xg_spot_read(struct xg_spot *out, const struct xg_brief *brief)
{
    struct xg_cbor_item category, position;

    return counts(brief->kind, brief->status, brief->withdrawn) &&
           xg_brief_value(brief, XG_INCIDENT_CATEGORY, &category) &&
           xg_brief_value(brief, XG_FIELD_POSITION, &position) &&
           fill(out, &brief->id, &category, &position);
}

static int compare_bytes(struct xg_bytes a, struct xg_bytes b)
{
    size_t least = a.len < b.len ? a.len : b.len;
    int order = least ? memcmp(a.at, b.at, least) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool xg_spots_near(const struct xg_spot *a, const struct xg_spot *b,
                   int64_t radius_mm, int64_t *distance_mm)
{
    int64_t mm =
        xg_near_distance_mm(a->lat_e7, a->lon_e7, b->lat_e7, b->lon_e7);

    if (mm < 0 || mm > radius_mm || xg_id_equal(&a->id, &b->id) ||
        compare_bytes(a->category, b->category) != 0)
        return false;
    if (distance_mm)
        *distance_mm = mm;
    return true;
}

size_t xg_spots_nearest(struct xg_near_spot *out, size_t most,
                        const struct xg_spot *spots, size_t count,
                        const struct xg_spot *own, int64_t radius_mm)
{
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        int64_t mm;
        if (!xg_spots_near(own, &spots[i], radius_mm, &mm))
            continue;
        size_t at = kept < most ? kept++ : most;
        for (; at > 0 && mm < out[at - 1].distance_mm; at--)
            if (at < most)
                out[at] = out[at - 1];
        if (at < most)
            out[at] = (struct xg_near_spot){&spots[i], mm};
    }
    return kept;
}

/* ---- pairs ---- */

static int compare_ids(const struct xg_id *a, const struct xg_id *b)
{
    return memcmp(a->b, b->b, XG_ID_SIZE);
}

static int compare_spots(const void *x, const void *y)
{
    const struct xg_spot *a = x, *b = y;
    int order = compare_bytes(a->category, b->category);

    return order ? order : compare_ids(&a->id, &b->id);
}

static int compare_pairs(const void *x, const void *y)
{
    const struct xg_near_pair *a = x, *b = y;

    if (a->distance_mm != b->distance_mm)
        return a->distance_mm < b->distance_mm ? -1 : 1;
    int order = compare_ids(&a->a->id, &b->a->id);
    return order ? order : compare_ids(&a->b->id, &b->b->id);
}

struct pairs {
    struct xg_near_pair *list;
    size_t count, room;
};

static enum xg_status add_pair(struct pairs *p, struct xg_arena *arena,
                               const struct xg_spot *a, const struct xg_spot *b,
                               int64_t mm, struct xg_error *err)
{
    bool swap = compare_ids(&a->id, &b->id) > 0;

    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : PAIRS_FIRST;
        struct xg_near_pair *list = xg_arena_array(arena, room, sizeof *list);
        if (!list)
            return xg_fail_nomem(err);
        if (p->count)
            memcpy(list, p->list, p->count * sizeof *list);
        p->list = list;
        p->room = room;
    }
    p->list[p->count++] = (struct xg_near_pair){swap ? b : a, swap ? a : b, mm};
    return XG_OK;
}

static int64_t radius_of(int64_t (*radius_mm)(void *, struct xg_bytes),
                         void *ctx, struct xg_bytes category)
{
    int64_t mm = radius_mm ? radius_mm(ctx, category) : -1;

    if (mm < 0)
        mm = XG_NEAR_DEFAULT_MM;
    return mm > XG_NEAR_MOST_MM ? XG_NEAR_MOST_MM : mm;
}

/* The spots of one category lie in strips of latitude, each as high as what is
 * near reaches, and by longitude in each. What is near a spot is then in its
 * own strip or in a neighbour's, between two longitudes: as in the cells of a
 * grid, whose width the latitude gives. */
struct placed {
    int64_t strip;
    const struct xg_spot *spot;
};

static int compare_placed(const void *x, const void *y)
{
    const struct placed *a = x, *b = y;

    if (a->strip != b->strip)
        return a->strip < b->strip ? -1 : 1;
    if (a->spot->lon_e7 != b->spot->lon_e7)
        return a->spot->lon_e7 < b->spot->lon_e7 ? -1 : 1;
    if (a->spot->lat_e7 != b->spot->lat_e7)
        return a->spot->lat_e7 < b->spot->lat_e7 ? -1 : 1;
    return compare_ids(&a->spot->id, &b->spot->id);
}

struct grid {
    struct pairs *pairs;
    struct xg_arena *arena;
    struct placed *at;
    size_t count;
    int64_t radius, height; /* in mm; of a strip, in units of latitude */
};

/* How far apart in longitude the spot and one of its strip or the next can be:
 * no less than xg_near_distance_mm() would have it. */
static int64_t reach_of(const struct grid *g, const struct xg_spot *spot)
{
    /* To either side of any latitude in the middle of the two. */
    int64_t low = xg_cos_q30((spot->lat_e7 - 2 * g->height) / 10 - 1);
    int64_t high = xg_cos_q30((spot->lat_e7 + 2 * g->height) / 10 + 1);
    int64_t cos_q30 = (low < high ? low : high) - (1 << 10);
    int64_t way = (g->radius + 1) * 256000000 / 11119508 + 2;

    if (cos_q30 <= 0 || way * (1 << 22) / cos_q30 >= LON_E7_MAX)
        return LON_E7_MAX; /* about a pole: all of the strip */
    return way * (1 << 22) / cos_q30 + 1;
}

static size_t first_from(const struct grid *g, size_t from, int64_t strip,
                         int64_t lon)
{
    size_t to = g->count;

    while (from < to) {
        size_t middle = from + (to - from) / 2;
        const struct placed *p = &g->at[middle];
        if (p->strip < strip || (p->strip == strip && p->spot->lon_e7 < lon))
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Pairs with what comes after it in that strip. */
static enum xg_status pair_in_strip(struct grid *g, size_t i, int64_t strip,
                                    struct xg_error *err)
{
    static const int64_t FULL = 2 * (int64_t)LON_E7_MAX;
    const struct xg_spot *spot = g->at[i].spot;
    int64_t reach = reach_of(g, spot), lon = spot->lon_e7;
    /* About it, and what is that near over the date line. */
    int64_t ranges[3][2] = {{lon - reach, lon + reach},
                            {lon - reach + FULL, FULL},
                            {-FULL, lon + reach - FULL}};
    unsigned found = 0, tried = 0;

    if (reach >= LON_E7_MAX) {
        ranges[0][0] = -FULL;
        ranges[0][1] = FULL;
    }
    for (size_t r = 0; r < (reach >= LON_E7_MAX ? 1 : 3); r++)
        for (size_t j = first_from(g, i + 1, strip, ranges[r][0]);
             j < g->count && g->at[j].strip == strip &&
             g->at[j].spot->lon_e7 <= ranges[r][1];
             j++) {
            int64_t mm;
            if (found == XG_NEAR_EACH / 2 || tried++ == XG_NEAR_TRIED)
                return XG_OK;
            if (!xg_spots_near(spot, g->at[j].spot, g->radius, &mm))
                continue;
            found++;
            if (add_pair(g->pairs, g->arena, spot, g->at[j].spot, mm, err) !=
                XG_OK)
                return err->status;
        }
    return XG_OK;
}

static enum xg_status pair_category(struct grid *g, const struct xg_spot *spots,
                                    size_t count, struct xg_error *err)
{
    g->height = g->radius * 1000 / 11119 + 2;
    g->count = count;
    for (size_t i = 0; i < count; i++)
        g->at[i] = (struct placed){
            .strip = ((int64_t)spots[i].lat_e7 - INT32_MIN) / g->height,
            .spot = &spots[i]};
    qsort(g->at, count, sizeof *g->at, compare_placed);
    for (size_t i = 0; i < count; i++)
        if (pair_in_strip(g, i, g->at[i].strip, err) != XG_OK ||
            pair_in_strip(g, i, g->at[i].strip + 1, err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status
xg_near_pairs(struct xg_near_pair **pairs, size_t *count,
              struct xg_arena *arena, struct xg_spot *spots, size_t spot_count,
              int64_t (*radius_mm)(void *ctx, struct xg_bytes category),
              void *ctx, struct xg_error *err)
{
    struct pairs p = {0};
    struct grid g = {.pairs = &p, .arena = arena};

    g.at = xg_arena_array(arena, spot_count + 1, sizeof *g.at);
    if (!g.at)
        return xg_fail_nomem(err);
    if (spot_count)
        qsort(spots, spot_count, sizeof *spots, compare_spots);
    for (size_t i = 0, next; i < spot_count; i = next) {
        for (next = i + 1; next < spot_count; next++)
            if (compare_bytes(spots[next].category, spots[i].category) != 0)
                break;
        g.radius = radius_of(radius_mm, ctx, spots[i].category);
        if (g.radius > 0 &&
            pair_category(&g, spots + i, next - i, err) != XG_OK)
            return err->status;
    }
    if (p.count)
        qsort(p.list, p.count, sizeof *p.list, compare_pairs);
    *pairs = p.list;
    *count = p.count;
    return XG_OK;
}

/* ---- groups: union-find, the smaller place always the root ---- */

static int compare_grouped(const void *x, const void *y)
{
    const struct xg_grouped *a = x, *b = y;

    return compare_ids(&a->id, &b->id);
}

static size_t place_of(const struct xg_grouped *all, size_t count,
                       const struct xg_id *id)
{
    const struct xg_grouped key = {.id = *id};
    const struct xg_grouped *found =
        count ? bsearch(&key, all, count, sizeof *all, compare_grouped) : NULL;

    return found ? (size_t)(found - all) : SIZE_MAX;
}

static size_t root_of(size_t *parent, size_t i)
{
    while (parent[i] != i) {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    return i;
}

enum xg_status xg_groups_of(struct xg_grouped **grouped, size_t *count,
                            struct xg_arena *arena, const struct xg_link *links,
                            size_t link_count, struct xg_error *err)
{
    struct xg_grouped *all =
        xg_arena_array(arena, 2 * link_count + 1, sizeof *all);
    size_t *parent = xg_arena_array(arena, 2 * link_count + 1, sizeof *parent);
    size_t n = 0, kept = 0;

    if (!all || !parent)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < link_count; i++) {
        all[n++].id = links[i].from;
        all[n++].id = links[i].to;
    }
    qsort(all, n, sizeof *all, compare_grouped);
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !xg_id_equal(&all[kept - 1].id, &all[i].id))
            all[kept++] = all[i];
    for (size_t i = 0; i < kept; i++)
        parent[i] = i;
    for (size_t i = 0; i < link_count; i++) {
        size_t a = root_of(parent, place_of(all, kept, &links[i].from));
        size_t b = root_of(parent, place_of(all, kept, &links[i].to));
        parent[a > b ? a : b] = a > b ? b : a;
    }
    for (size_t i = 0; i < kept; i++)
        all[i].group = all[root_of(parent, i)].id;
    *grouped = all;
    *count = kept;
    return XG_OK;
}

const struct xg_id *xg_group_find(const struct xg_grouped *grouped,
                                  size_t count, const struct xg_id *id)
{
    size_t at = place_of(grouped, count, id);

    return at == SIZE_MAX ? NULL : &grouped[at].group;
}
