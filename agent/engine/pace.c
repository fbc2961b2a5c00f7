/* pace.c - see pace.h. */
#include "agent/engine/pace.h"

enum {
    SMALL_BYTES = 4 << 10,  /* below: says something of the delay alone */
    WINDOW_MS = 60 * 1000,  /* that the rate is a mean over */
    SILENCE_UNKNOWN_S = 60, /* while no answer was timed */
    SILENCE_TIMES = 4,      /* the longest wait that was seen */
    CUTS_COUNTED_MAX = 3,
};

static uint64_t within(uint64_t value, uint64_t low, uint64_t high)
{
    return value < low ? low : value > high ? high : value;
}

void pace_init(struct pace *p)
{
    *p = (struct pace){.chunk_bytes = PACE_CHUNK_FIRST};
}

/* A sum over the last minute or so: each request counts by its time, so that
 * one quick answer cannot promise much. */
static void count(struct pace *p, uint64_t bytes, int64_t took_ms)
{
    p->mean_bytes += bytes;
    p->mean_ms += took_ms;
    p->rate = p->mean_bytes * 1000 / (uint64_t)p->mean_ms;
    if (p->rate == 0)
        p->rate = 1;
    if (p->mean_ms > WINDOW_MS) {
        p->mean_bytes = p->rate * WINDOW_MS / 1000;
        p->mean_ms = WINDOW_MS;
    }
}

void pace_answered(struct pace *p, uint64_t bytes, int64_t took_ms)
{
    if (took_ms < 1)
        took_ms = 1;
    p->cuts = 0;
    if (bytes < SMALL_BYTES) {
        if (took_ms > p->slowest_ms)
            p->slowest_ms = took_ms;
        return;
    }
    count(p, bytes, took_ms);
    /* Doubling at most: what follows a cut, or one lucky answer, is careful. */
    uint64_t wished = p->rate > UINT64_MAX / PACE_CHUNK_MS
                          ? PACE_CHUNK_MAX
                          : p->rate * PACE_CHUNK_MS / 1000;
    if (wished > p->chunk_bytes * 2)
        wished = p->chunk_bytes * 2;
    p->chunk_bytes = within(wished, PACE_CHUNK_MIN, PACE_CHUNK_MAX);
}

void pace_cut(struct pace *p)
{
    if (p->cuts < CUTS_COUNTED_MAX)
        p->cuts++;
    p->chunk_bytes = within(p->chunk_bytes / 2, PACE_CHUNK_MIN, PACE_CHUNK_MAX);
}

uint64_t pace_chunk(const struct pace *p, uint64_t left)
{
    return left < p->chunk_bytes ? left : p->chunk_bytes;
}

int64_t pace_silence_s(const struct pace *p)
{
    int64_t s = p->slowest_ms > 0 ? (p->slowest_ms * SILENCE_TIMES + 999) / 1000
                                  : SILENCE_UNKNOWN_S;

    /* It may have been the limit itself that cut: be more patient. */
    s = (int64_t)within((uint64_t)s, PACE_SILENCE_MIN_S, PACE_SILENCE_MAX_S)
        << p->cuts;
    return s < PACE_SILENCE_MAX_S ? s : PACE_SILENCE_MAX_S;
}

int64_t pace_eta_s(const struct pace *p, uint64_t left)
{
    if (p->rate == 0)
        return -1;
    uint64_t s = left / p->rate + (left % p->rate != 0);
    return s < INT64_MAX ? (int64_t)s : INT64_MAX;
}
