/* jpeg_head.h - the head of a JPEG: its frame size and its EXIF block.
 *
 * Walks the marker segments up to the first scan (ITU-T T.81 B.1) and reads no
 * pixel. Of several EXIF blocks the first counts. Never more than 64 KiB are
 * held, and at most JPEG_HEAD_MAX bytes are read.
 */
#ifndef XG_PHOTO_EXIF_JPEG_HEAD_H
#define XG_PHOTO_EXIF_JPEG_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JPEG_HEAD_MAX = 16 << 20,
    JPEG_SEGMENT_MAX = 65533, /* payload of one segment */
};

struct jpeg_head {
    uint32_t width, height; /* 0 where no frame header came */
    bool has_exif, cut;     /* cut: a segment is longer than the file */
    size_t exif_len;        /* from "Exif\0\0" on */
    uint8_t exif[JPEG_SEGMENT_MAX];
};

/* Read from `fd`. False when that fails or is no JPEG; a JPEG that is damaged
 * further on gives what came before. */
bool jpeg_head_read(struct jpeg_head *head, int fd);

#endif
