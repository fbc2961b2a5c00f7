/* import.h - what a reader of a foreign track hands over.
 *
 * Samples for track_split(): boot 0, imported, wall = mono = gps = the file's
 * own time, a TRACK_BREAK wherever the file starts a new segment.
 */
#ifndef XG_AGENT_TRACK_IMPORT_H
#define XG_AGENT_TRACK_IMPORT_H

#include <stddef.h>
#include <stdint.h>

#include "agent/track/gaps.h"
#include "shared/base/buf.h"

/* Accuracy guessed of a dilution of precision of 1. */
enum { TRACK_HDOP_DM = 50 };

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
    size_t rollovers; /* NMEA: fixes dated before 2000, and steps of n * 1024
                       * weeks: the receiver's calendar is not to be trusted */
};

/* ---- for the readers ---- */

struct track_gather {
    struct track_import import;
    struct xg_buf samples;
};

struct track_gather track_gather_begin(void);
/* A sample at the file's time t_ms. */
void track_gather_add(struct track_gather *g, struct track_sample sample,
                      int64_t t_ms);
void track_gather_skip(struct track_gather *g, size_t line, const char *why);
/* Move into the arena and clear *g, on failure too. */
XG_MUST_CHECK enum xg_status track_gather_end(struct track_import *import,
                                              struct xg_arena *a,
                                              struct track_gather *g,
                                              struct xg_error *err);

/* Unix time of a date (proleptic Gregorian, UTC); false when there is no such
 * day or time. A leap second 60 is taken. */
bool track_civil_ms(int64_t *t_ms, int year, int month, int day,
                    int64_t day_ms);
/* The reverse, for printing. */
void track_civil_of(int64_t t_ms, int *year, int *month, int *day,
                    int64_t *day_ms);

/* A plain decimal number times 10^digits (at most 9), rounded half away from
 * zero; |number| < 10^9. The whole text must be the number. */
bool track_decimal(int64_t *value, const char *text, size_t len,
                   unsigned digits);

#endif
