/* boundaries.h - the areas of units on a map: GeoJSON (RFC 7946).
 *
 *      {"type": "FeatureCollection", "features": [
 *        {"type": "Feature", "properties": {"code": "371302001"},
 *         "geometry": {"type": "Polygon", "coordinates": [[[118.33, 35.05],
 *                                                          ...]]}}]}
 *
 * Polygon or MultiPolygon; longitude before latitude, WGS-84; every ring closed.
 * `properties.code` is a code of the territory; each stands once.
 */
#ifndef XG_GUIDE_BOUNDARIES_H
#define XG_GUIDE_BOUNDARIES_H

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum { XG_BOUNDARIES_MAX = 200000 };

/* The codes whose areas the file tells, sorted, lent by the arena. XG_FORMAT
 * names the feature. */
XG_MUST_CHECK enum xg_status
xg_boundaries_read(const char *const **codes, size_t *count,
                   struct xg_arena *arena, struct xg_bytes content,
                   struct xg_error *err);

#endif
