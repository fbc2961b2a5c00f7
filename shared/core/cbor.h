/* cbor.h - the deterministic CBOR subset that records are written in.
 *
 * RFC 8949 section 4.2.1, and no more: unsigned and negative integers, byte
 * strings, UTF-8 text, arrays, maps, false, true, null. Shortest form and
 * definite lengths only; map keys in strictly ascending bytewise order of
 * their encodings (so none twice); no floats, tags, undefined or other simple
 * values; nesting at most XG_CBOR_DEPTH_MAX. A text is valid UTF-8 without
 * U+0000. What the reader accepts, the writer would have written: one meaning,
 * one encoding.
 *
 * Reading is in two steps. xg_cbor_check() walks one item and establishes all
 * of that; afterwards a cursor walks the same bytes and cannot fail, so code
 * that reads a checked item has no error paths for encoding (it still has to
 * look at types). Nothing allocates; cursors borrow the bytes.
 */
#ifndef XG_CORE_CBOR_H
#define XG_CORE_CBOR_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/buf.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum { XG_CBOR_DEPTH_MAX = 8 };

enum xg_cbor_type {
    XG_CBOR_UINT,  /* 0 .. 2^64-1 */
    XG_CBOR_NINT,  /* -1 - value; only -2^63 .. -1 is accepted */
    XG_CBOR_BYTES,
    XG_CBOR_TEXT,
    XG_CBOR_ARRAY,
    XG_CBOR_MAP,
    XG_CBOR_BOOL,
    XG_CBOR_NULL,
};

/* Check the one item at the start of data[0..len). On success *size is how
 * many bytes it takes (the rest is not looked at). XG_FORMAT otherwise: cut
 * off, not shortest, indefinite, unsorted or duplicate key, float, tag, bad
 * UTF-8, too deep. Linear in *size. */
XG_MUST_CHECK enum xg_status xg_cbor_check(size_t *size, const uint8_t *data,
                                           size_t len, struct xg_error *err);

/* A cursor over checked bytes. */
struct xg_cbor {
    const uint8_t *at, *end;
};

static inline struct xg_cbor xg_cbor_over(struct xg_bytes checked)
{
    if (checked.len == 0)
        return (struct xg_cbor){NULL, NULL};
    return (struct xg_cbor){checked.at, checked.at + checked.len};
}

struct xg_cbor_item {
    enum xg_cbor_type type;
    uint64_t number;       /* UINT: the value; NINT: n of -1 - n; BOOL: 0, 1;
                            * ARRAY: items; MAP: pairs */
    struct xg_bytes bytes; /* BYTES, TEXT: the content, borrowed */
    struct xg_bytes raw;   /* the whole encoded item, nested ones included */
};

/* The item at the cursor, stepping over all of it (xg_cbor_next) or only over
 * its head, to walk into an array or map (xg_cbor_enter). False at the end. */
bool xg_cbor_next(struct xg_cbor *c, struct xg_cbor_item *item);
bool xg_cbor_enter(struct xg_cbor *c, struct xg_cbor_item *item);

/* A cursor over what is inside an array or map item. */
struct xg_cbor xg_cbor_inside(const struct xg_cbor_item *item);

/* The integer as int64_t; false when the item is no integer or out of range. */
bool xg_cbor_int(const struct xg_cbor_item *item, int64_t *value);
/* A text, with a NUL behind it; "" and false when the item is none, or has no
 * room there. */
bool xg_cbor_text(char *out, size_t size, const struct xg_cbor_item *item);

/* Writing: appended to `out`, shortest form. The caller writes map keys in
 * order; a debug assertion is not made here, because every record is checked
 * with xg_cbor_check() once it is whole. */
void xg_cbor_put_uint(struct xg_buf *out, uint64_t value);
void xg_cbor_put_int(struct xg_buf *out, int64_t value);
void xg_cbor_put_bytes(struct xg_buf *out, const void *data, size_t len);
void xg_cbor_put_text(struct xg_buf *out, const char *text, size_t len);
void xg_cbor_put_bool(struct xg_buf *out, bool value);
void xg_cbor_put_null(struct xg_buf *out);
void xg_cbor_put_array(struct xg_buf *out, uint64_t items);
void xg_cbor_put_map(struct xg_buf *out, uint64_t pairs);

/* Valid UTF-8 (RFC 3629: shortest form, no surrogates, at most U+10FFFF)
 * without U+0000. */
bool xg_utf8_valid(const uint8_t *text, size_t len);

#endif
