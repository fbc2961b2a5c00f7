/* mbtiles.h - reading one offline map: MBTiles 1.3, raster.
 *
 * An SQLite file with the tables
 *
 *      metadata   name, value: name, format, attribution, bounds, ...
 *      tiles      zoom_level, tile_column, tile_row, tile_data
 *
 * where `tiles` may be a view over `map` (zoom_level, tile_column, tile_row,
 * tile_id) and `images` (tile_id, tile_data); then those two are read, never a
 * view. Rows count from the south (TMS); callers of this header count from the
 * north, as web maps do (XYZ).
 *
 * The file comes from anybody. It is opened as hostile (shared/db/db.h), no SQL
 * of its own is run, each statement may take so many steps and each picture so
 * many bytes, and what is given out begins like a PNG, JPEG or WebP.
 */
#ifndef XG_MAP_MBTILES_H
#define XG_MAP_MBTILES_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/buf.h"
#include "shared/base/error.h"
#include "shared/photo/photo.h"

enum {
    XG_MBTILES_ZOOM_MAX = 24,
    XG_MBTILES_TILE_BYTES_MAX = 2 << 20,
    XG_MBTILES_TEXT_SIZE = 256,
};

struct xg_mbtiles;

/* Open it to read tiles. The file must not change while it is open. XG_FORMAT
 * says what it is instead of a map of pictures. */
XG_MUST_CHECK enum xg_status xg_mbtiles_open(struct xg_mbtiles **out,
                                             const char *path,
                                             struct xg_error *err);
void xg_mbtiles_close(struct xg_mbtiles *m); /* NULL is fine */

/* The picture of a place, appended to `out`; *found false: there is none, and
 * nothing is appended. XG_USAGE: no such place. XG_FORMAT: what is there is no
 * picture. XG_TOOBIG: the file asks for too much work. */
XG_MUST_CHECK enum xg_status xg_mbtiles_get(struct xg_mbtiles *m,
                                            struct xg_buf *out, bool *found,
                                            enum xg_photo_type *type,
                                            uint32_t z, uint32_t x, uint32_t y,
                                            struct xg_error *err);

struct xg_mbtiles_about {
    char title[XG_MBTILES_TEXT_SIZE];       /* "" where it says none */
    char attribution[XG_MBTILES_TEXT_SIZE]; /* markup taken out */
    enum xg_photo_type type;                /* of the first picture */
    uint32_t least_zoom, most_zoom;         /* that there are */
    uint64_t tiles;
    bool has_bounds;
    double west, south, east, north; /* degrees */
};

/* Read all of the file once (in a process of its own: check.h): is every page whole, is it a map of pictures, is
 * a tile of it soon found?
 * XG_FORMAT, XG_CORRUPT, XG_TOOBIG, in words for who brought it. */
XG_MUST_CHECK enum xg_status xg_mbtiles_check(struct xg_mbtiles_about *out,
                                              const char *path,
                                              struct xg_error *err);

#endif
