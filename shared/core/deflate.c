/* deflate.c - zlib streams with the preset dictionary. */
#include "shared/core/batch.h"

#include <zlib.h>

enum { LEVEL = 9, WINDOW_BITS = 15, MEM_LEVEL = 8 };

enum xg_status xg_deflate(struct xg_buf *out, struct xg_bytes raw,
                          bool dictionary, struct xg_error *err)
{
    z_stream z = {0};

    if (raw.len > XG_DEFLATE_MAX)
        return xg_fail(err, XG_TOOBIG, "%zu bytes to deflate", raw.len);
    if (deflateInit2(&z, LEVEL, Z_DEFLATED, WINDOW_BITS, MEM_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return xg_fail_nomem(err);
    if (dictionary &&
        deflateSetDictionary(&z, xg_dictionary().at,
                             (uInt)xg_dictionary().len) != Z_OK) {
        deflateEnd(&z);
        return xg_fail(err, XG_IO, "zlib refuses the dictionary");
    }

    uLong bound = deflateBound(&z, (uLong)raw.len);
    uint8_t *room = xg_buf_room(out, (size_t)bound);
    if (room) {
        /* zlib's interface lacks the const; it does not write there. */
        z.next_in = (Bytef *)(uintptr_t)raw.at;
        z.avail_in = (uInt)raw.len;
        z.next_out = room;
        z.avail_out = (uInt)bound;
        if (deflate(&z, Z_FINISH) != Z_STREAM_END)
            out->failed = XG_TOOBIG;
        else
            out->len += (size_t)z.total_out;
    }
    deflateEnd(&z);
    return xg_buf_check(out, err);
}

enum xg_status xg_inflate_upto(uint8_t *raw, size_t *raw_len, size_t room,
                               struct xg_bytes body, bool dictionary,
                               struct xg_error *err)
{
    z_stream z = {0};
    uint8_t spare = 0; /* so that a stream of no bytes has somewhere to go */
    int code;

    if (inflateInit2(&z, WINDOW_BITS) != Z_OK)
        return xg_fail_nomem(err);
    z.next_in = (Bytef *)(uintptr_t)body.at;
    z.avail_in = (uInt)body.len;
    z.next_out = room ? raw : &spare;
    z.avail_out = (uInt)room;
    code = inflate(&z, Z_FINISH);
    if (code == Z_NEED_DICT && dictionary) {
        if (inflateSetDictionary(&z, xg_dictionary().at,
                                 (uInt)xg_dictionary().len) == Z_OK)
            code = inflate(&z, Z_FINISH);
    } else if (code == Z_STREAM_END && dictionary) {
        code = Z_DATA_ERROR; /* states a dictionary and does not use it */
    }
    bool whole = code == Z_STREAM_END && z.avail_in == 0;
    size_t inflated = (size_t)z.total_out;
    inflateEnd(&z);
    if (code == Z_MEM_ERROR)
        return xg_fail_nomem(err);
    if (!whole)
        return xg_fail(err, XG_FORMAT,
                       "the zlib stream is damaged or not of the stated "
                       "length");
    *raw_len = inflated;
    return XG_OK;
}

enum xg_status xg_inflate(uint8_t *raw, size_t raw_len, struct xg_bytes body,
                          bool dictionary, struct xg_error *err)
{
    size_t inflated = 0;

    if (xg_inflate_upto(raw, &inflated, raw_len, body, dictionary, err) !=
        XG_OK)
        return err->status;
    if (inflated != raw_len)
        return xg_fail(err, XG_FORMAT,
                       "the zlib stream is damaged or not of the stated "
                       "length");
    return XG_OK;
}
