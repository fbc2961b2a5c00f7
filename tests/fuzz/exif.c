/* exif.c - all that xunge-exif does with a photo, and that what it says then is
 * what `xunge` accepts: a child that tells the truth is never called a liar. */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz_file.h"

#include "agent/photo/photo.h"
#include "shared/photo/exif/protocol.h"
#include "shared/photo/exif/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jpeg_head *head = malloc(sizeof *head);
    struct xg_buf said = XG_BUF(EXIF_OUTPUT_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_photo_exif exif;

    FUZZ_MUST(head);
    if (exif_report(&said, head, fuzz_file(data, size)))
        FUZZ_MUST(xg_photo_exif_parse(&exif, xg_buf_bytes(&said), &err) ==
                  XG_OK);
    FUZZ_MUST(said.failed == XG_OK);
    xg_buf_clear(&said);
    free(head);
    return 0;
}
