/* track_import.h - what a reader of a foreign track hands over.
 *
 * Samples for track_split(): boot 0, imported, wall = mono = gps = the file's
 * own time, a TRACK_BREAK wherever the file starts a new segment.
 */
#ifndef XG_AGENT_TRACK_IMPORT_H
#define XG_AGENT_TRACK_IMPORT_H

#include <stddef.h>
#include <stdint.h>

#include "agent/track_gaps.h"

enum {
    TRACK_IMPORT_BYTES_MAX = 64 << 20,
    TRACK_IMPORT_SAMPLES_MAX = 500 * 1000,
};

struct track_import {
    struct track_sample *samples; /* lent by the arena */
    size_t count;
    size_t fixes;     /* samples that are fixes */
    size_t untimed;   /* positions left out: no time */
    size_t skipped;   /* malformed lines or points, left out */
    size_t first_skipped; /* line number of the first of them, or 0 */
    const char *first_why; /* English, static; NULL when none */
    size_t rollovers; /* NMEA: fixes dated before 2010 or a 1024-week step */
};

#endif
