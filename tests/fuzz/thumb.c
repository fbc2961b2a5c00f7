/* thumb.c - all that xunge-thumb does with a photo; the last byte turns it. What
 * it makes is what `xunge` accepts. */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz_file.h"

#include "agent/photo.h"
#include "agent/thumb/thumb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xg_buf small = XG_BUF(XG_THUMBNAIL_MAX);
    int orientation = size ? data[size - 1] % 8 + 1 : 1;

    if (thumb_make(&small, fuzz_file(data, size), orientation))
        FUZZ_MUST(photo_thumbnail_sound(xg_buf_bytes(&small)));
    else
        FUZZ_MUST(small.len == 0);
    xg_buf_clear(&small);
    return 0;
}
