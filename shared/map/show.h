/* show.h - a map in a line, as the commands `maps` of both sides tell it. */
#ifndef XG_MAP_SHOW_H
#define XG_MAP_SHOW_H

#include <jansson.h>

#include "shared/map/maps.h"

/* A new reference (docs/page.md, `maps`); NULL: no memory. */
json_t *xg_map_json(const struct xg_map *m);
void xg_map_put(struct xg_buf *out, const struct xg_map *m);

/* One that was just added. */
const char *xg_map_added_text(bool replaced);

#endif
