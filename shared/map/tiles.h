/* tiles.h - tiles of the maps that there are, for GET /tiles/MAP/Z/X/Y.
 *
 * May be called from any thread; one tile is read at a time (some 50 us). At
 * most XG_TILES_OPEN_MAX maps are open, each with 512 KiB of cache. A map that
 * was added anew, or removed, is seen at the next request.
 */
#ifndef XG_MAP_TILES_H
#define XG_MAP_TILES_H

#include "shared/base/buf.h"
#include "shared/base/error.h"
#include "shared/map/maps.h"

enum { XG_TILES_OPEN_MAX = 4 };

/* "MAP/Z/X/Y", as it stands in an address. */
struct xg_tile_address {
    char map[XG_MAPS_NAME_MAX + 1];
    uint32_t z, x, y;
};
/* False: it is none. */
bool xg_tile_address_read(struct xg_tile_address *out, const char *text);

struct xg_tiles;

/* Of the maps in DIR/maps; nothing is opened yet. */
XG_MUST_CHECK enum xg_status
xg_tiles_new(struct xg_tiles **out, const char *dir, struct xg_error *err);
void xg_tiles_free(struct xg_tiles *t); /* NULL is fine */

/* Append the tile to `out`, and say its content type ("image/png"; static).
 * *type NULL: the map has none there (204), and nothing is appended. XYZ
 * numbering, y from the north. XG_NOTFOUND: no map of this name. XG_USAGE: no
 * such place. XG_FORMAT, XG_CORRUPT, XG_TOOBIG, XG_IO: the map is at fault. */
XG_MUST_CHECK enum xg_status xg_tiles_get(struct xg_tiles *t,
                                          struct xg_buf *out, const char **type,
                                          const struct xg_tile_address *at,
                                          struct xg_error *err);

#endif
