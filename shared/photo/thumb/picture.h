/* picture.h - rows of RGB on their way from a decoder to a small picture. */
#ifndef XG_PHOTO_THUMB_PICTURE_H
#define XG_PHOTO_THUMB_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/photo/thumb/thumb.h"

/* Every decoder gives all rows of the photo, or of a scaled copy of it, from
 * the top; each is averaged into the small picture at once. */
struct picture {
    uint32_t width, height;           /* of the small picture */
    uint32_t from_width, from_height; /* of the rows that come */
    uint32_t row;                     /* the next that comes */
    uint32_t sums[THUMB_SIDE_MAX * 3];
    uint8_t rgb[THUMB_SIDE_MAX * THUMB_SIDE_MAX * 3];
};

/* The size of the small picture of a photo of this size; no side is 0. */
void picture_fit(struct picture *p, uint32_t photo_width,
                 uint32_t photo_height);

/* Rows of this size will come; neither side is less than the picture's. */
void picture_begin(struct picture *p, uint32_t from_width,
                   uint32_t from_height);
void picture_row(struct picture *p, const uint8_t *rgb);

/* `to` becomes p, turned as EXIF's orientation (1 to 8) says. */
void picture_turn(struct picture *to, const struct picture *p,
                  int orientation);

/* ---- what the photo comes from ---- */

struct photo_input {
    int fd;
    size_t len; /* of `bytes`, the next that fd gave; 0 at its end */
    uint8_t bytes[64 << 10];
};
/* Forget what is there, and read on. */
void photo_input_next(struct photo_input *in);

/* The decoders: false when the photo is not to be had. */
bool picture_from_jpeg(struct picture *p, struct photo_input *in);
bool picture_from_png(struct picture *p, struct xg_bytes file);
bool picture_from_webp(struct picture *p, struct xg_bytes file);

/* Append as a JPEG of the quality (1 to 100); false, and nothing is appended,
 * when that takes more than XG_THUMBNAIL_MAX bytes. */
bool picture_to_jpeg(struct xg_buf *out, const struct picture *p, int quality);

#endif
