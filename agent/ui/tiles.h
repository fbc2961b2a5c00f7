/* tiles.h - tiles of the device's maps, for GET /tiles/MAP/Z/X/Y.
 *
 * May be called from any thread; one tile is read at a time (some 50 us). At
 * most TILES_OPEN_MAX maps are open, each with 512 KiB of cache. A map that was
 * added anew, or removed, is seen at the next request.
 */
#ifndef AGENT_UI_TILES_H
#define AGENT_UI_TILES_H

#include "shared/base/buf.h"
#include "shared/base/error.h"

enum { TILES_OPEN_MAX = 4 };

struct tiles;

/* `home` is the path of the home; nothing is opened yet. */
XG_MUST_CHECK enum xg_status tiles_new(struct tiles **out, const char *home,
                                       struct xg_error *err);
void tiles_free(struct tiles *t); /* NULL is fine */

/* Append the tile to `out`, and say its content type ("image/png"; static).
 * *type NULL: the map has none there (204), and nothing is appended. XYZ
 * numbering, y from the north. XG_NOTFOUND: no map of this name. XG_USAGE: no
 * such place. XG_FORMAT, XG_CORRUPT, XG_TOOBIG, XG_IO: the map is at fault. */
XG_MUST_CHECK enum xg_status tiles_get(struct tiles *t, struct xg_buf *out,
                                       const char **type, const char *map,
                                       uint32_t z, uint32_t x, uint32_t y,
                                       struct xg_error *err);

#endif
