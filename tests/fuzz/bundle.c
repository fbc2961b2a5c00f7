/* bundle.c - a bundle of anyone's making, read to its end: an end is reached,
 * nothing is given that the index did not announce, and no part is called what
 * its name is not. */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz_file.h"

#include <string.h>

#include "shared/base/env.h"
#include "shared/bundle/bundle.h"

static void read_all(struct xg_bundle_reader *r, const struct xg_bundle *index)
{
    static uint8_t piece[64 << 10];
    struct xg_error err = XG_ERROR_NONE;
    struct xg_part part, again = {.length = 0};
    bool more = true, cut;
    uint64_t parts = 0, bytes = 0;
    size_t len = 1;

    while (xg_bundle_next(r, &part, &more, &cut, &err) == XG_OK && more) {
        uint64_t got = 0;
        enum xg_status status = XG_OK;
        parts++;
        bytes += part.length;
        xg_part_of(&again, part.name);
        FUZZ_MUST(again.kind == part.kind && !strstr(part.name, "..") &&
                  part.name[0] != '/');
        for (len = 1; status == XG_OK && len > 0; got += len)
            if ((status = xg_bundle_piece(r, piece, sizeof piece, &len,
                                          &err)) != XG_OK)
                len = 0;
        FUZZ_MUST(got <= part.length);
        FUZZ_MUST(status != XG_OK || got == part.length);
        err = XG_ERROR_NONE;
    }
    FUZZ_MUST(parts <= index->parts && bytes <= index->bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[32] = {7};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_signer key;
    struct xg_bundle_source from = {
        .path = "fuzz", .key = &key, .fd = fuzz_file(data, size)};
    struct xg_bundle_reader *r;
    struct xg_bundle index;
    struct xg_bytes note;

    FUZZ_MUST(xg_base_init() == 0);
    FUZZ_MUST(xg_signer_init(&key, "fuzz", XG_SIG_ED25519, seed, &err) ==
              XG_OK);
    if (xg_bundle_open(&r, &index, &note, &from, &err) != XG_OK)
        return 0;
    read_all(r, &index);
    xg_bundle_close(r);
    return 0;
}
