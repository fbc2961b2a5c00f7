/* pace.h - how much to send at once, and how long to wait, on a line whose
 * speed nobody knows. Pure: computes on what was measured.
 *
 * A request should take some ten seconds: long enough that the answer's way
 * back costs little, short enough that a cut costs little and that a person
 * sees it move. So the next chunk is what went through in
 * PACE_CHUNK_MS at the measured rate, between the two limits, and a cut halves
 * it. The rate is a moving mean over what was confirmed (a request's bytes over
 * its whole time), so that one fast burst does not make a promise.
 *
 * Ten silent seconds of a 9.6 kbit/s line are no error: the silence that ends a
 * request is several times the longest that was seen, within limits, and longer
 * after each cut.
 */
#ifndef AGENT_PACE_H
#define AGENT_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    PACE_CHUNK_MIN = 16 << 10,
    PACE_CHUNK_MAX = 1 << 20,
    PACE_CHUNK_FIRST = 64 << 10,
    PACE_CHUNK_MS = 16 * 1000,
    PACE_SILENCE_MIN_S = 30,
    PACE_SILENCE_MAX_S = 180,
};

struct pace {
    uint64_t rate; /* bytes a second, confirmed; 0: not known yet */
    uint64_t chunk_bytes;
    int64_t slowest_ms; /* the longest wait for a first byte back */
    unsigned cuts;      /* in a row */
    uint64_t mean_bytes; /* what the rate was made of: over this time */
    int64_t mean_ms;
};

void pace_init(struct pace *p);
/* A request with `bytes` of body was answered after `took_ms`. Small ones say
 * something of the delay, large ones of the rate. */
void pace_answered(struct pace *p, uint64_t bytes, int64_t took_ms);
/* It was cut. */
void pace_cut(struct pace *p);
/* What the next request should carry of `left` bytes. */
uint64_t pace_chunk(const struct pace *p, uint64_t left);
/* How long nothing may be heard before the line counts as dead. */
int64_t pace_silence_s(const struct pace *p);
/* Seconds that `left` bytes will take; -1 while that is not known. Moves
 * smoothly: what is shown does not jump with each chunk. */
int64_t pace_eta_s(const struct pace *p, uint64_t left);

#endif
