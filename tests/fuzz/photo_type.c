/* photo_type.c - telling what a file is by its first bytes. */
#include "tests/fuzz/fuzz.h"

#include "agent/photo/photo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum xg_photo_type type;

    if (xg_photo_type_of(&type, xg_bytes(data, size)))
        FUZZ_MUST(size >= 3 && xg_photo_type_mime(type)[0] == 'i');
    return 0;
}
