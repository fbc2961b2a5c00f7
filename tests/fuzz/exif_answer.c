/* exif_answer.c - what a child that lies may say: refused, or in range. */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "agent/photo/photo.h"

static void must_be_sane(const struct xg_photo_exif *e)
{
    FUZZ_MUST(e->orientation_claim != XG_PHOTO_CLAIMED ||
              (e->orientation >= 1 && e->orientation <= 8));
    FUZZ_MUST(e->position_claim != XG_PHOTO_CLAIMED ||
              (labs(e->lat_e7) <= 900000000 && labs(e->lon_e7) <= 1800000000 &&
               (e->lat_e7 || e->lon_e7)));
    FUZZ_MUST(e->taken_claim != XG_PHOTO_CLAIMED || strlen(e->taken) == 19);
    FUZZ_MUST(e->offset_claim != XG_PHOTO_CLAIMED || abs(e->offset_min) <= 840);
    FUZZ_MUST(strlen(e->make) <= XG_PHOTO_TEXT_MAX &&
              strlen(e->model) <= XG_PHOTO_TEXT_MAX);
    FUZZ_MUST(!strchr(e->make, '\n') && !strchr(e->make, '\033'));
    FUZZ_MUST(e->width <= UINT16_MAX && e->height <= UINT16_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xg_photo_exif exif, untouched;
    struct xg_error err = XG_ERROR_NONE;

    memset(&exif, 0x5A, sizeof exif);
    untouched = exif;
    if (xg_photo_exif_parse(&exif, xg_bytes(data, size), &err) == XG_OK)
        must_be_sane(&exif);
    else
        FUZZ_MUST(memcmp(&exif, &untouched, sizeof exif) == 0);
    return 0;
}
