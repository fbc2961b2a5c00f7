/* nmea.c - a recording of NMEA sentences, and the track that it becomes. */
#include "tests/fuzz/fuzz_track.h"

#include "agent/track/nmea.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_track(track_nmea_read, data, size);
}
