/* thumb.c - all that xunge-thumb does with a photo; the last byte turns it. What
 * it makes is what `xunge` accepts. */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz_file.h"

#include <string.h>

#include <webp/decode.h>

#include "agent/photo/photo.h"
#include "shared/photo/exif/jpeg_head.h"
#include "shared/photo/thumb/thumb.h"

enum { PIXELS_CHEAP = 1 << 14, ONE_IN = 32 };

/* A head can promise millions of pixels, each of which costs time. Of such
 * inputs one in some is enough. */
static bool is_dear(const uint8_t *data, size_t size)
{
    uint64_t width = 0, height = 0;
    int w = 0, h = 0;

    if (size >= 24 && memcmp(data, "\x89PNG", 4) == 0) {
        width = xg_load_u32(data + 16);
        height = xg_load_u32(data + 20);
    } else if (WebPGetInfo(data, size, &w, &h)) {
        width = (uint64_t)w;
        height = (uint64_t)h;
    } else {
        struct jpeg_head *head = malloc(sizeof *head);
        FUZZ_MUST(head);
        if (jpeg_head_read(head, fuzz_file(data, size))) {
            width = head->width;
            height = head->height;
        }
        free(head);
    }
    return width * height > PIXELS_CHEAP;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xg_buf small = XG_BUF(XG_THUMBNAIL_MAX);
    uint8_t last = size ? data[size - 1] : 0;

    if (last % ONE_IN != 0 && is_dear(data, size))
        return 0;
    if (thumb_make(&small, fuzz_file(data, size), last / ONE_IN + 1))
        FUZZ_MUST(xg_photo_thumbnail_sound(xg_buf_bytes(&small)));
    else
        FUZZ_MUST(small.len == 0);
    xg_buf_clear(&small);
    return 0;
}
