/* fuzz_track.h - what every reader of a foreign track gives can be made a track
 * of, and that be packed and written out. */
#ifndef XG_TESTS_FUZZ_FUZZ_TRACK_H
#define XG_TESTS_FUZZ_FUZZ_TRACK_H

#include "agent/track/gpx.h"
#include "tests/fuzz/fuzz.h"

typedef enum xg_status fuzz_track_reader(struct track_import *import,
                                         struct xg_arena *a,
                                         struct xg_bytes file,
                                         struct xg_error *err);

static inline void fuzz_track_of(const struct track_sample *samples,
                                 size_t count, struct xg_arena *a)
{
    struct track_rules rules = track_rules_default();
    struct xg_buf out = XG_BUF(32 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct track track;

    if (track_split(&track, a, samples, count, &rules, &err) != XG_OK)
        return;
    FUZZ_MUST(track.fixes <= count);
    for (size_t i = 0; i < track.segment_count; i++)
        FUZZ_MUST(track.segments[i].count > 0 &&
                  xg_track_pack(&out, track.segments[i].points,
                                track.segments[i].count, &err) == XG_OK);
    xg_buf_reset(&out);
    track_gpx_write(&out, "fuzz", track.segments, track.segment_count,
                    track.gaps, track.gap_count);
    xg_buf_clear(&out);
}

static inline int fuzz_track(fuzz_track_reader *read, const uint8_t *data,
                             size_t size)
{
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct track_import import;

    if (read(&import, &arena, xg_bytes(data, size), &err) == XG_OK) {
        FUZZ_MUST(import.fixes <= import.count);
        fuzz_track_of(import.samples, import.count, &arena);
    }
    xg_arena_clear(&arena);
    return 0;
}

#endif
