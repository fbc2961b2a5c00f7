/* tiles.c - see tiles.h. */
#include "agent/bundle/tiles.h"

#include <stdlib.h>

enum { TILE_HEIGHT = 8, TILES_MAX = 4096 }; /* 32 MiB */

enum xg_status tiles_add(struct tiles *t, const struct xg_tile *at,
                         struct xg_bytes hashes, struct xg_error *err)
{
    if (hashes.len != (size_t)at->width * XG_HASH_SIZE)
        return xg_fail(err, XG_FORMAT, "a tile of %zu bytes", hashes.len);
    if (t->count == TILES_MAX)
        return xg_fail(err, XG_TOOBIG, "more than %d tiles", TILES_MAX);
    if (t->count == t->room) {
        size_t room = t->room ? 2 * t->room : 32;
        struct tile_kept *more = realloc(t->list, room * sizeof *more);
        if (!more)
            return xg_fail_nomem(err);
        t->list = more;
        t->room = room;
    }
    uint8_t *copy = malloc(hashes.len);
    if (!copy)
        return xg_fail_nomem(err);
    memcpy(copy, hashes.at, hashes.len);
    t->list[t->count].at = *at;
    t->list[t->count].hashes = copy;
    t->count++;
    return XG_OK;
}

/* The hashes first..first+count-1 of the tile's own level, or NULL. */
static const uint8_t *find(const struct tiles *t, unsigned level,
                           uint64_t index, size_t first, size_t count)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct tile_kept *k = &t->list[i];
        if (k->at.level == level && k->at.index == index &&
            first + count <= k->at.width)
            return k->hashes + first * XG_HASH_SIZE;
    }
    return NULL;
}

/* A node of level 8 * L + r is the root over 2^r hashes of a tile of level L.
 */
static enum xg_status read_node(void *ctx, unsigned level, uint64_t index,
                                struct xg_hash *hash, struct xg_error *err)
{
    unsigned above = level % TILE_HEIGHT;
    struct xg_hash leaves[XG_TILE_WIDTH / 2];
    size_t count = (size_t)1 << above;
    uint64_t first = index << above;
    const uint8_t *at =
        first >> above != index
            ? NULL
            : find(ctx, level / TILE_HEIGHT, first / XG_TILE_WIDTH,
                   (size_t)(first % XG_TILE_WIDTH), count);

    if (!at)
        return xg_fail(err, XG_NOTFOUND, "no tile of node %u/%llu", level,
                       (unsigned long long)index);
    memcpy(leaves, at, count * XG_HASH_SIZE);
    xg_tlog_root(hash, leaves, count);
    return XG_OK;
}

struct xg_node_reader tiles_nodes(struct tiles *t)
{
    return (struct xg_node_reader){t, read_node};
}

void tiles_clear(struct tiles *t)
{
    for (size_t i = 0; i < t->count; i++)
        free(t->list[i].hashes);
    free(t->list);
    *t = (struct tiles){.list = NULL};
}
