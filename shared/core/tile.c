/* tile.c - tiles of a tree and their paths; see tlog.h. */
#include "shared/core/tlog.h"

#include <assert.h>
#include <stdio.h>

enum {
    TILE_HEIGHT = 8, /* levels of the tree a tile is high */
    GROUP = 1000,    /* three digits */
    GROUPS_MAX = 7,  /* 2^64 has twenty digits */
    INDEX_SIZE = 4 * GROUPS_MAX + GROUPS_MAX + 1,
};

/* ---- paths ---- */

void xg_tile_path(char path[static XG_TILE_PATH_SIZE],
                  const struct xg_tile *tile)
{
    char place[16] = "entries", number[INDEX_SIZE], part[8] = "";
    unsigned groups[GROUPS_MAX], count = 0;
    uint64_t rest = tile->index;
    size_t len = 0;

    do {
        groups[count++] = (unsigned)(rest % GROUP);
        rest /= GROUP;
    } while (rest > 0);
    while (count > 0) {
        count--;
        len += (size_t)snprintf(number + len, sizeof number - len,
                                count ? "x%03u/" : "%03u", groups[count]);
    }
    if (!tile->entries)
        snprintf(place, sizeof place, "%u", tile->level);
    if (tile->width < XG_TILE_WIDTH)
        snprintf(part, sizeof part, ".p/%u", tile->width);
    snprintf(path, XG_TILE_PATH_SIZE, "tile/%s/%s%s", place, number, part);
}

/* Step over `word`; false, and no step, when it is not there. */
static bool take(const char **at, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(*at, word, len) != 0)
        return false;
    *at += len;
    return true;
}

/* Step over one to three digits. */
static bool take_digits(const char **at, unsigned *value)
{
    unsigned sum = 0, count = 0;

    for (; count < 3 && **at >= '0' && **at <= '9'; count++, ++*at)
        sum = sum * 10 + (unsigned)(**at - '0');
    *value = sum;
    return count > 0;
}

static bool take_index(const char **at, uint64_t *index)
{
    uint64_t sum = 0;
    bool more;

    do {
        unsigned group;

        more = take(at, "x");
        if (!take_digits(at, &group) || sum > (UINT64_MAX - group) / GROUP)
            return false;
        sum = sum * GROUP + group;
    } while (more && take(at, "/"));
    *index = sum;
    return !more;
}

/* Whatever this reads loosely is refused afterwards, when it is printed. */
static bool parse_path(struct xg_tile *tile, const char *path)
{
    *tile = (struct xg_tile){.width = XG_TILE_WIDTH};
    if (!take(&path, "tile/"))
        return false;
    tile->entries = take(&path, "entries");
    if (!tile->entries && !take_digits(&path, &tile->level))
        return false;
    if (!take(&path, "/") || !take_index(&path, &tile->index))
        return false;
    if (take(&path, ".p/") && !take_digits(&path, &tile->width))
        return false;
    return *path == '\0' && tile->level <= 63 && tile->width >= 1 &&
           tile->width <= XG_TILE_WIDTH;
}

enum xg_status xg_tile_parse(struct xg_tile *tile, const char *path,
                             struct xg_error *err)
{
    struct xg_tile parsed;
    char canonical[XG_TILE_PATH_SIZE];

    if (parse_path(&parsed, path)) {
        xg_tile_path(canonical, &parsed);
        if (strcmp(canonical, path) == 0) {
            *tile = parsed;
            return XG_OK;
        }
    }
    return xg_fail(err, XG_NOTFOUND, "no path of a tile");
}

/* ---- content ---- */

bool xg_tile_exists(const struct xg_tile *tile, uint64_t size)
{
    unsigned shift = tile->entries ? 0 : TILE_HEIGHT * tile->level;
    uint64_t nodes = shift < 64 ? size >> shift : 0;
    uint64_t full = nodes / XG_TILE_WIDTH;

    if (tile->width < 1 || tile->width > XG_TILE_WIDTH)
        return false;
    return tile->index < full ||
           (tile->index == full && tile->width <= nodes % XG_TILE_WIDTH);
}

enum xg_status xg_tile_hashes(struct xg_buf *out, const struct xg_tile *tile,
                              const struct xg_node_reader *nodes,
                              struct xg_error *err)
{
    const unsigned level = TILE_HEIGHT * tile->level;
    const size_t len = (size_t)tile->width * XG_HASH_SIZE;
    uint8_t *room = xg_buf_room(out, len);

    assert(!tile->entries && tile->width <= XG_TILE_WIDTH);
    if (!room)
        return xg_buf_check(out, err);
    for (unsigned i = 0; i < tile->width; i++) {
        struct xg_hash hash;
        enum xg_status status = nodes->read(
            nodes->ctx, level, tile->index * XG_TILE_WIDTH + i, &hash, err);

        if (status != XG_OK)
            return status;
        memcpy(room + (size_t)i * XG_HASH_SIZE, hash.b, XG_HASH_SIZE);
    }
    out->len += len;
    return XG_OK;
}
