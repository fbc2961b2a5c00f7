/* value.h - from a stored value to text and to JSON, by its field's type.
 *
 *      type        text                          JSON
 *      TEXT CODE   as it stands, made safe       string
 *      UINT        digits                        integer
 *      BOOL        是 / yes                      true, false
 *      ENUM        its label                     its name
 *      TIME        local, see text.h             "2026-05-01T00:30:00.000Z"
 *      POSITION    31.230416,121.473701,5        {"lat", "lon", "accuracy_m"}
 *      BYTES HASH  hex                           hex
 *      ENTITY      hex                           hex
 *      SOURCE      text, or hex of 16 bytes      same
 *      TEXTS       a; b; c                       array of strings
 *      NUMBERS     1, 2                          array of integers
 *      PHOTO       one line                      {"sha256", "bytes", "role",
 *                                                "origin", "orientation",
 *                                                "taken", "position",
 *                                                "thumbnail": {"sha256",
 *                                                "bytes"}}
 *      TRACK       one line                      {"points", "start", "end",
 *                                                "distance_m"}
 *      GAP         one line                      {"from", "to", "cause"}
 *      TALLY       grid:item:number              {"grid", "item", "number"}
 *
 * What a register was emptied to is null, and "（空）" / "(empty)" as text. A
 * field or number that this version does not know is shown as it is encoded.
 * Text that a person may type (all but PHOTO, TRACK and GAP) goes back through
 * form.h to the same value.
 *
 * `item` is one value: a register's or act's, or one element of a set.
 */
#ifndef XG_VIEW_VALUE_H
#define XG_VIEW_VALUE_H

#include <jansson.h>

#include "shared/base/buf.h"
#include "shared/core/record.h"

/* Append the field's name in the language set; its number where `field` is NULL:
 * unknown. */
void view_put_field(struct xg_buf *out, const struct xg_field *field,
                    uint64_t number);
/* Append the text. `field` NULL: unknown. New lines of a text stay (use
 * view_put_line() or view_put_block() over the result). */
void view_value_text(struct xg_buf *out, const struct xg_field *field,
                     const struct xg_cbor_item *item);

/* A new reference, or NULL when memory is short. */
json_t *view_value_json(const struct xg_field *field,
                        const struct xg_cbor_item *item);

/* Append any JSON in one line, without a new line: keys in their order, reals
 * with 15 digits, so that each of ours (at most 10 digits) is printed exactly
 * as the integer it came from. Takes the reference; NULL is XG_NOMEM. */
XG_MUST_CHECK enum xg_status view_json_put(struct xg_buf *out, json_t *json,
                                           struct xg_error *err);

/* A choice's label, "?" and the number when it is unknown. */
void view_put_choice(struct xg_buf *out, const struct xg_choice *choices,
                     uint64_t number);

/* The parts of values that others compute with. Values are checked ones. */
struct view_position {
    int32_t lat_e7, lon_e7;
    bool has_accuracy;
    int64_t accuracy_mm;
};
struct view_position view_position_of(const struct xg_cbor_item *item);

struct view_photo {
    struct xg_hash sha256;
    uint64_t bytes, role, origin;
    uint64_t orientation;   /* 0: not told */
    struct xg_bytes taken;  /* EXIF's time text, empty: not told */
    bool has_position;
    struct view_position position;
    uint64_t thumbnail_bytes; /* 0: none */
    struct xg_hash thumbnail;
};
struct view_photo view_photo_of(const struct xg_cbor_item *item);

/* The elements that a draft adds to a set by this value; of another field its
 * one value. */
struct xg_cbor view_elements(const struct xg_field *field,
                             struct xg_bytes value);

#endif
