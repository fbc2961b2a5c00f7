/* about.h - what is known of a map as JSON: in its description (maps.h), and in
 * the answer of the program that looked at it (check.h). Of this room only. */
#ifndef XG_MAP_ABOUT_H
#define XG_MAP_ABOUT_H

#include <jansson.h>

#include "shared/map/mbtiles.h"

/* NULL: no memory. */
json_t *xg_mbtiles_about_json(const struct xg_mbtiles_about *a);
/* Is it that, in range, with texts that are plain and fit? */
bool xg_mbtiles_about_read(struct xg_mbtiles_about *out, json_t *json);

#endif
