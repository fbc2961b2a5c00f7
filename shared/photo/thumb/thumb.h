/* thumb.h - the small picture of a photo.
 *
 * A baseline JPEG of at most XG_THUMBNAIL_MAX bytes, its longest side at most
 * THUMB_SIDE_MAX, upright, without EXIF or any other word of the photo's:
 * nothing of it survives but pixels. A smaller photo is not enlarged; what was
 * transparent is white. Quality is stepped down until it fits. The same photo
 * gives the same bytes with the same libraries.
 *
 * Memory: a JPEG is decoded at the least scale that is large enough, row by
 * row (a progressive one takes 3 bytes or so a pixel all the same); a WebP is
 * scaled while it is decoded; a PNG is decoded whole. So pixels are counted
 * before any is decoded.
 */
#ifndef XG_PHOTO_THUMB_THUMB_H
#define XG_PHOTO_THUMB_THUMB_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/buf.h"
#include "shared/core/schema.h"

enum {
    THUMB_SIDE_MAX = 320,
    THUMB_JPEG_PIXELS_MAX = 128 << 20, /* phones take 108 million */
    THUMB_PIXELS_MAX = 40 << 20,       /* of what is held whole */
    THUMB_INPUT_MAX = 64 << 20,        /* bytes, where the file is held whole */
};

/* Make the small picture of what `fd` gives until its end; the type is told by
 * its first bytes. `orientation` is 1 to 8, as EXIF has it. False, with `out`
 * as it was: no JPEG, PNG or WebP, damaged, too many pixels, no memory. */
bool thumb_make(struct xg_buf *out, int fd, int orientation);

/* What the codecs learn about the machine by asking the system they learn at
 * their first use: make that before confine(). */
void thumb_prepare(void);

#endif
