/* track.c - packed points of anyone's making: what is read, the writer would
 * have written. */
#include "tests/fuzz/fuzz.h"

#include "shared/core/track.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xg_arena arena = XG_ARENA(4 << 20);
    struct xg_buf again = XG_BUF(XG_TRACK_BYTES_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_track_point *points;
    size_t count, announced;

    if (xg_track_unpack(&points, &count, &arena, xg_bytes(data, size), &err) ==
        XG_OK) {
        FUZZ_MUST(xg_track_count(&announced, xg_bytes(data, size), &err) ==
                      XG_OK &&
                  announced == count);
        FUZZ_MUST(xg_track_pack(&again, points, count, &err) == XG_OK);
        FUZZ_MUST(xg_bytes_equal(xg_buf_bytes(&again), xg_bytes(data, size)));
        FUZZ_MUST(xg_track_distance_mm(points, count) >= 0);
    }
    xg_buf_clear(&again);
    xg_arena_clear(&arena);
    return 0;
}
