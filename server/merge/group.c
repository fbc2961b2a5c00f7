/* group.c - see group.h. */
#include "server/merge/group.h"

#include <string.h>

#include "shared/guide/catalogue.h"

enum { PAGE = 500, ROOM_FIRST = 256, PAGE_ARENA = 256 << 20, MM_A_M = 1000 };

/* Walks what a filter lets through. */
typedef enum xg_status each_entity(void *ctx, const struct store_entity *e,
                                   struct xg_error *err);

static enum xg_status walk(struct store *store, struct store_filter filter,
                           each_entity *each, void *ctx, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(PAGE_ARENA);
    enum xg_status status = XG_OK;
    struct store_entity *rows;
    size_t count = 1;

    filter.limit = PAGE;
    while (status == XG_OK && count) {
        xg_arena_reset(&arena);
        status = store->ops->read_entities(store, &arena, &rows, &count,
                                           &filter, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            status = each(ctx, &rows[i], err);
            filter.before = rows[i].number;
        }
    }
    xg_arena_clear(&arena);
    return status;
}

/* Room for one more in a list of the arena. */
static void *grow(struct xg_arena *arena, void *items, size_t count,
                  size_t *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room ? *room * 2 : ROOM_FIRST;
    void *moved = xg_arena_array(arena, *room, size);
    if (moved && count)
        memcpy(moved, items, count * size);
    return moved;
}

/* ---- links ---- */

struct link_list {
    struct xg_arena *arena;
    struct xg_link *links;
    size_t count, room;
};

static enum xg_status add_links(void *ctx, const struct store_entity *e,
                                struct xg_error *err)
{
    struct link_list *list = ctx;
    struct xg_brief_elements at;
    struct xg_cbor_item item;
    struct xg_brief brief;

    if (!e->folded)
        return XG_OK;
    if (xg_brief_read(&brief, e->state, err) != XG_OK)
        return err->status;
    if (!xg_brief_set(&brief, XG_FIELD_SAME_AS, &at))
        return XG_OK;
    while (xg_brief_element(&at, &item)) {
        if (item.type != XG_CBOR_BYTES || item.bytes.len != XG_ID_SIZE)
            continue;
        list->links = grow(list->arena, list->links, list->count, &list->room,
                           sizeof *list->links);
        if (!list->links)
            return xg_fail_nomem(err);
        struct xg_link *link = &list->links[list->count++];
        link->from = e->id;
        memcpy(link->to.b, item.bytes.at, XG_ID_SIZE);
    }
    return XG_OK;
}

enum xg_status group_load(struct group_map *out, struct xg_arena *arena,
                          struct store *store, struct xg_error *err)
{
    struct link_list list = {.arena = arena};
    struct group_map map = {.count = 0};

    if (walk(store, (struct store_filter){.linked = true}, add_links, &list,
             err) != XG_OK ||
        xg_groups_of(&map.all, &map.count, arena, list.links, list.count,
                     err) != XG_OK)
        return err->status;
    *out = map;
    return XG_OK;
}

const struct xg_id *group_find(const struct group_map *map,
                               const struct xg_id *id)
{
    return xg_group_find(map->all, map->count, id);
}

/* ---- candidates ---- */

struct spot_list {
    struct xg_arena *arena;
    struct xg_spot *spots;
    size_t count, room;
};

static enum xg_status add_spot(void *ctx, const struct store_entity *e,
                               struct xg_error *err)
{
    struct spot_list *list = ctx;
    struct xg_brief brief;
    struct xg_spot spot;

    if (!e->folded)
        return XG_OK;
    if (xg_brief_read(&brief, e->state, err) != XG_OK)
        return err->status;
    if (!xg_spot_read(&spot, &brief))
        return XG_OK;
    /* The row goes with its page. */
    spot.category.at =
        xg_arena_copy(list->arena, spot.category.at, spot.category.len);
    list->spots = grow(list->arena, list->spots, list->count, &list->room,
                       sizeof *list->spots);
    if (!list->spots || !spot.category.at)
        return xg_fail_nomem(err);
    list->spots[list->count++] = spot;
    return XG_OK;
}

static int64_t radius_of(void *ctx, struct xg_bytes code)
{
    const struct xg_category *category =
        xg_catalogue_of(ctx, xg_kind_find(XG_KIND_INCIDENT), code);

    return category ? (int64_t)category->radius_m * MM_A_M : -1;
}

static bool together(const struct group_map *map, const struct xg_near_pair *p)
{
    const struct xg_id *a = group_find(map, &p->a->id);
    const struct xg_id *b = group_find(map, &p->b->id);

    return a && b && xg_id_equal(a, b);
}

enum xg_status group_suggest(struct xg_near_pair **pairs, size_t *count,
                             struct xg_arena *arena, struct store *store,
                             struct xg_guide *guide, const struct xg_id *of,
                             struct xg_error *err)
{
    static const struct xg_catalogue none;
    const struct store_filter filter = {.open = true, .kind = XG_KIND_INCIDENT};
    const struct xg_catalogue *catalogue;
    struct spot_list list = {.arena = arena};
    struct xg_near_pair *all;
    struct group_map map;
    size_t n = 0, kept = 0;

    if (xg_guide_catalogue(guide, &catalogue, NULL, UINT64_MAX, err) != XG_OK ||
        group_load(&map, arena, store, err) != XG_OK ||
        walk(store, filter, add_spot, &list, err) != XG_OK)
        return err->status;
    /* What is asked is not changed by it. */
    struct xg_catalogue asked = catalogue ? *catalogue : none;
    if (xg_near_pairs(&all, &n, arena, list.spots, list.count, radius_of,
                      &asked, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < n; i++)
        if ((!of || xg_id_equal(of, &all[i].a->id) ||
             xg_id_equal(of, &all[i].b->id)) &&
            !together(&map, &all[i]))
            all[kept++] = all[i];
    *pairs = all;
    *count = kept;
    return XG_OK;
}

enum xg_status group_near(struct xg_near_spot **near, size_t *count,
                          struct xg_arena *arena, struct store *store,
                          struct xg_guide *guide, const struct xg_spot *own,
                          size_t most, struct xg_error *err)
{
    const struct store_filter filter = {.open = true, .kind = XG_KIND_INCIDENT};
    const struct xg_catalogue *catalogue;
    struct spot_list list = {.arena = arena};
    struct xg_near_spot *found = xg_arena_array(arena, most, sizeof *found);
    int64_t radius = -1;

    if (!found)
        return xg_fail_nomem(err);
    if (xg_guide_catalogue(guide, &catalogue, NULL, UINT64_MAX, err) != XG_OK)
        return err->status;
    if (catalogue) {
        struct xg_catalogue asked = *catalogue; /* which it does not change */
        radius = radius_of(&asked, own->category);
    }
    if (radius != 0 && walk(store, filter, add_spot, &list, err) != XG_OK)
        return err->status;
    *count = xg_spots_nearest(found, most, list.spots, list.count, own,
                              radius < 0 ? XG_NEAR_DEFAULT_MM : radius);
    *near = found;
    return XG_OK;
}
