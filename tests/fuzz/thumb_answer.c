/* thumb_answer.c - what a child that lies may give for a small picture. */
#include "tests/fuzz/fuzz.h"

#include "agent/photo/photo.h"
#include "shared/core/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (xg_photo_thumbnail_sound(xg_bytes(data, size)))
        FUZZ_MUST(size <= XG_THUMBNAIL_MAX && data[0] == 0xFF &&
                  data[1] == 0xD8 && data[size - 1] == 0xD9);
    return 0;
}
