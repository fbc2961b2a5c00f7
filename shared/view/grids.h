/* grids.h - the borders of one's own units, of what is below them and of what
 * lies around, as GeoJSON for a map.
 *
 * Own ones come first, then those below, the one above, the neighbours; all are
 * simplified by the smallest of 2, 4, 8 ... 256 m with which they fit into some
 * 300 KB, and what does not fit even so is left out from the end, and counted.
 * Foreign members of the FeatureCollection say how it is:
 *
 *      state        "here"; of a device also "older": a newer edition is not
 *                   here; "not-fetched": it is known, its file is not here;
 *                   "none": the site has none
 *      tolerance_m, left_out, text (what to do, where there is something)
 */
#ifndef XG_VIEW_GRIDS_H
#define XG_VIEW_GRIDS_H

#include <jansson.h>

#include "shared/guide/territory_file.h"

struct view_grids {
    const struct xg_territory *territory;
    const char *own;            /* code of the unit, "" for none */
    struct xg_bytes boundaries; /* an imported file; empty: none is here */
    const char *state;
    const char *text; /* NULL: nothing is to be done */
};

/* A new reference. Of all features time and memory grow with the file. */
XG_MUST_CHECK enum xg_status view_grids(json_t **out,
                                        const struct view_grids *of,
                                        struct xg_error *err);

#endif
