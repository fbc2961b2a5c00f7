/* report.h - the whole of what xunge-exif does, but for being confined. */
#ifndef XG_PHOTO_EXIF_REPORT_H
#define XG_PHOTO_EXIF_REPORT_H

#include "shared/photo/exif/jpeg_head.h"
#include "shared/base/buf.h"

/* Read the JPEG on `fd` and append what it claims, in the form of protocol.h.
 * `head` is room to work in: it is large. False when it is no JPEG or cannot
 * be read. */
bool exif_report(struct xg_buf *out, struct jpeg_head *head, int fd);

#endif
