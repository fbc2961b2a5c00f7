/* mbtiles.c - a map that somebody brought: judged whole, and asked for tiles. */
#define _GNU_SOURCE
#include "tests/fuzz/fuzz_file.h"

#include <stdio.h>

#include "shared/map/mbtiles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf out = XG_BUF(XG_MBTILES_TILE_BYTES_MAX);
    struct xg_mbtiles_about about;
    enum xg_photo_type type;
    struct xg_mbtiles *m;
    char path[64];
    bool found;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fuzz_file(data, size));
    if (xg_mbtiles_check(&about, path, &err) == XG_OK)
        FUZZ_MUST(about.least_zoom <= about.most_zoom && about.tiles > 0);
    err = XG_ERROR_NONE;
    if (xg_mbtiles_open(&m, path, &err) != XG_OK)
        return 0;
    for (uint32_t z = 0; z < 4; z++) {
        xg_buf_reset(&out);
        if (xg_mbtiles_get(m, &out, &found, &type, z, 0, 0, &err) == XG_OK)
            FUZZ_MUST(found == (out.len > 0) && type <= XG_PHOTO_WEBP);
        err = XG_ERROR_NONE;
    }
    xg_mbtiles_close(m);
    xg_buf_clear(&out);
    return 0;
}
