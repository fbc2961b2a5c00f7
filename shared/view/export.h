/* export.h - entities as CSV and GeoJSON, from their stored states.
 *
 * CSV: RFC 4180 (CRLF, quotes doubled), UTF-8. One row an entity, columns
 *
 *      number id kind status withdrawn conflicts records delivery
 *
 * then the kind's fields in the order of the table: registers and sets (joined
 * by "; "); of photos their SHA-256; of tracks the metres. A position is three
 * columns: position.lat, position.lon, position.accuracy_m. Enums by name,
 * times in UTC. What is shown of a conflict is exported, `conflicts` tells.
 * Text is made safe as for a terminal (text.h), and one that a spreadsheet
 * would take for a formula (= + - @ at its start, full width ones too) gets '
 * before it; numbers do not.
 *
 * GeoJSON: RFC 7946, one FeatureCollection. A patrol is a MultiLineString with
 * one line a segment (so a gap stays a gap; a segment of one point is left
 * out); whatever else has a position is a Point; the rest has geometry null.
 * Coordinates are printed from the integers, never through a float.
 */
#ifndef XG_VIEW_EXPORT_H
#define XG_VIEW_EXPORT_H

#include "shared/view/show.h"

/* Text of a person or of a device, safe to print, as a cell: quoted where it
 * must be, and never taken for a formula. */
void view_csv_cell(struct xg_buf *out, struct xg_bytes text);

/* The heading of a kind's table. `bom` for programs that take a CSV without
 * one for their local encoding. */
void view_csv_head(struct xg_buf *out, const struct xg_kind *kind, bool bom);
/* A row; the brief's kind must be the heading's. */
XG_MUST_CHECK enum xg_status view_csv_row(struct xg_buf *out,
                                          const struct xg_brief *brief,
                                          const struct view_context *view,
                                          struct xg_error *err);

/* Begin, features, end. `*any` starts false and is kept between features. */
void view_geojson_begin(struct xg_buf *out);
XG_MUST_CHECK enum xg_status
view_geojson_feature(struct xg_buf *out, bool *any,
                     const struct xg_brief *brief,
                     const struct view_context *view, struct xg_error *err);
void view_geojson_end(struct xg_buf *out);

#endif
