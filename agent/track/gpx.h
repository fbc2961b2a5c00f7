/* gpx.h - GPX 1.1 in and out.
 *
 * Source: www.topografix.com/GPX/1/1. Read: trk/trkseg/trkpt with lat, lon,
 * time, and the accuracy that we write ourselves; wpt and rte are passed over.
 * Coordinates are decimal degrees, rounded half away from zero to 10^-6; times
 * xsd:dateTime with Z or an offset.
 *
 * Hostile files: a DOCTYPE is refused (so there are no entities to expand),
 * depth at most 32, points at most TRACK_IMPORT_SAMPLES_MAX. A point that is
 * malformed is skipped and counted; XML that is not well-formed is refused.
 */
#ifndef XG_AGENT_TRACK_GPX_H
#define XG_AGENT_TRACK_GPX_H

#include "agent/track/import.h"
#include "shared/base/buf.h"

/* XG_FORMAT: not well-formed, no gpx root, DOCTYPE; XG_TOOBIG; XG_NOMEM.
 * A file without any usable point is read, with no samples. */
XG_MUST_CHECK enum xg_status track_gpx_read(struct track_import *import,
                                            struct xg_arena *a,
                                            struct xg_bytes file,
                                            struct xg_error *err);

/* Append a GPX document with one trk: every segment a trkseg, gaps in the
 * extensions of trk (namespace urn:xunge:gpx:1), nothing joins them. `name`
 * is any UTF-8. Ask the buffer whether it all fitted. */
void track_gpx_write(struct xg_buf *out, const char *name,
                     const struct xg_track_segment *segments,
                     size_t segment_count, const struct xg_gap *gaps,
                     size_t gap_count);

#endif
