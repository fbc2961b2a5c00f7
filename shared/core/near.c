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

bool xg_spot_of(struct xg_spot *out, const struct xg_state *state)
{
    struct xg_cbor_item category, position;

    return counts(state->kind, state->status, state->withdrawn) &&
           xg_state_value(state, XG_INCIDENT_CATEGORY, &category) &&
           xg_state_value(state, XG_FIELD_POSITION, &position) &&
           fill(out, &state->id, &category, &position);
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

/* ---- pairs ---- */

static int compare_ids(const struct xg_id *a, const struct xg_id *b)
{
    return memcmp(a->b, b->b, XG_ID_SIZE);
}

static int compare_spots(const void *x, const void *y)
{
    const struct xg_spot *a = x, *b = y;
    int order = compare_bytes(a->category, b->category);

    if (order)
        return order;
    if (a->lat_e7 != b->lat_e7)
        return a->lat_e7 < b->lat_e7 ? -1 : 1;
    return compare_ids(&a->id, &b->id);
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

enum xg_status
xg_near_pairs(struct xg_near_pair **pairs, size_t *count,
              struct xg_arena *arena, struct xg_spot *spots, size_t spot_count,
              int64_t (*radius_mm)(void *ctx, struct xg_bytes category),
              void *ctx, struct xg_error *err)
{
    struct pairs p = {0};
    int64_t radius = 0;

    if (spot_count)
        qsort(spots, spot_count, sizeof *spots, compare_spots);
    for (size_t i = 0; i < spot_count; i++) {
        unsigned each = 0;
        if (i == 0 ||
            compare_bytes(spots[i].category, spots[i - 1].category) != 0)
            radius = radius_of(radius_mm, ctx, spots[i].category);
        int64_t strip = radius * 1000 / 11119 + 2; /* in units of latitude */
        for (size_t j = i + 1;
             radius > 0 && j < spot_count && each < XG_NEAR_EACH; j++) {
            int64_t mm;
            if (compare_bytes(spots[i].category, spots[j].category) != 0 ||
                (int64_t)spots[j].lat_e7 - spots[i].lat_e7 > strip)
                break;
            if (!xg_spots_near(&spots[i], &spots[j], radius, &mm))
                continue;
            each++;
            if (add_pair(&p, arena, &spots[i], &spots[j], mm, err) != XG_OK)
                return err->status;
        }
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
