/* element.c - what a record says of a photo; see photo.h. */
#include "shared/photo/photo.h"

#include <stdio.h>

enum {
    TIME_SIZE = 32,
    PARTS_BARE = 4,   /* SHA-256, bytes, role, origin */
    PARTS_CLAIMS = 7, /* .. orientation, time, position */
    PARTS_ALL = 8,    /* .. the small picture */
};

static void put_time(struct xg_buf *out, const struct xg_photo_exif *exif)
{
    char text[TIME_SIZE];
    int length = 0;

    if (exif->taken_claim == XG_PHOTO_CLAIMED)
        length = snprintf(text, sizeof text, "%s", exif->taken);
    if (length > 0 && exif->offset_claim == XG_PHOTO_CLAIMED) {
        int minutes =
            exif->offset_min < 0 ? -exif->offset_min : exif->offset_min;
        length += snprintf(text + length, sizeof text - (size_t)length,
                           "%c%02d:%02d", exif->offset_min < 0 ? '-' : '+',
                           minutes / 60, minutes % 60);
    }
    if (length > 0)
        xg_cbor_put_text(out, text, (size_t)length);
    else
        xg_cbor_put_null(out);
}

static void put_claims(struct xg_buf *out, const struct xg_photo_exif *exif)
{
    if (exif->orientation_claim == XG_PHOTO_CLAIMED)
        xg_cbor_put_uint(out, exif->orientation);
    else
        xg_cbor_put_null(out);
    put_time(out, exif);
    if (exif->position_claim == XG_PHOTO_CLAIMED) {
        xg_cbor_put_array(out, 2);
        xg_cbor_put_int(out, exif->lat_e7);
        xg_cbor_put_int(out, exif->lon_e7);
    } else {
        xg_cbor_put_null(out);
    }
}

void xg_photo_put_element(struct xg_buf *out, const struct xg_photo *photo,
                          uint64_t role, uint64_t origin)
{
    const struct xg_photo_exif *exif = &photo->exif;
    bool claims = exif->orientation_claim == XG_PHOTO_CLAIMED ||
                  exif->taken_claim == XG_PHOTO_CLAIMED ||
                  exif->position_claim == XG_PHOTO_CLAIMED;
    bool small = photo->thumbnail_length > 0;

    xg_cbor_put_array(out, small    ? PARTS_ALL
                           : claims ? PARTS_CLAIMS
                                    : PARTS_BARE);
    xg_cbor_put_bytes(out, photo->sha256.b, XG_HASH_SIZE);
    xg_cbor_put_uint(out, photo->length);
    xg_cbor_put_uint(out, role);
    xg_cbor_put_uint(out, origin);
    if (claims || small)
        put_claims(out, exif);
    if (small) {
        xg_cbor_put_array(out, 2);
        xg_cbor_put_bytes(out, photo->thumbnail.b, XG_HASH_SIZE);
        xg_cbor_put_uint(out, photo->thumbnail_length);
    }
}

void xg_photo_put_other(struct xg_buf *out, const struct xg_cbor_item *element,
                        uint64_t role, uint64_t origin)
{
    enum { ROLE = 2, ORIGIN = 3 };
    struct xg_cbor c = xg_cbor_inside(element);
    struct xg_cbor_item part;

    xg_cbor_put_array(out, element->number);
    for (size_t i = 0; xg_cbor_next(&c, &part); i++)
        if (i == ROLE || i == ORIGIN)
            xg_cbor_put_uint(out, i == ROLE ? role : origin);
        else
            xg_buf_append(out, part.raw.at, part.raw.len);
}
