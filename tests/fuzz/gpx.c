/* gpx.c - a GPX file, and the track that it becomes. */
#include "tests/fuzz/fuzz_track.h"

#include "agent/track/gpx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_track(track_gpx_read, data, size);
}
