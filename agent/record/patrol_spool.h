/* patrol_spool.h - the samples of an open patrol, on the disk within 30 s.
 *
 *      HOME/patrol/<32 hex digits of the patrol's id>.spool
 *
 *      "XGP1" || id (16) || chunk ...
 *      chunk   u32be length || samples, sealed (vault/vault.h) with the context
 *              "patrol" || id || u64be number of the chunk from 0
 *      sample  kind, flags (1 mock, 2 estimated, 4 imported), mode: a byte
 *              each; boot u32; wall, mono, awake, GPS ms: i64; lat, lon in
 *              10^-6 degree: i32; accuracy in dm: u32. Big-endian, 51 bytes.
 *
 * The flash-write budget: a chunk is written when its first sample is
 * SPOOL_FLUSH_MS old or it has SPOOL_CHUNK_SAMPLES; while the recorder is
 * young, when it has waited as long as was recorded before it (1 s, 2, 4, 8,
 * 16), so that who begins sees soon that it records. With fixes kept at most
 * once a second that is at most 120 appends of at most 4 KiB an hour (and those few), each with
 * one fdatasync (about 480 KiB of pages an hour; 1 sample in 5 s, the default,
 * makes each append less than 400 bytes of one page).
 *
 * A power cut costs what was not yet written, at most 30 s of track. A chunk
 * that is cut off or half-written at the end is not looked at, and overwritten
 * by who goes on; a damaged one in the middle is left out and counted.
 */
#ifndef AGENT_PATROL_SPOOL_H
#define AGENT_PATROL_SPOOL_H

#include "agent/track/gaps.h"
#include "agent/vault/vault.h"

enum {
    SPOOL_SAMPLE_SIZE = 51,
    SPOOL_CHUNK_SAMPLES = 72,
    SPOOL_FLUSH_LEAST_MS = 1000,
    SPOOL_FLUSH_MS = 29500,
    SPOOL_PENDING_MAX = 1024, /* held while the disk is full */
};

struct spool {
    const struct vault *vault; /* lent */
    struct xg_id id;
    int fd;
    char *path;
    uint64_t chunks; /* written so far */
    int64_t end;     /* of the last good chunk in the file */
    bool begun;
    int64_t begun_ms;         /* monotonic: the first sample since open */
    int64_t pending_since_ms; /* monotonic */
    size_t pending;
    struct track_sample *samples;
};

XG_MUST_CHECK enum xg_status spool_path(char *path, size_t size,
                                        const char *home,
                                        const struct xg_id *id,
                                        struct xg_error *err);

/* A new, empty spool, durable on return. */
XG_MUST_CHECK enum xg_status spool_create(const char *home,
                                          const struct xg_id *id,
                                          struct xg_error *err);
/* Go on after the last good chunk. */
XG_MUST_CHECK enum xg_status spool_open(struct spool *out, const char *home,
                                        const struct xg_id *id,
                                        const struct vault *vault,
                                        struct xg_error *err);
/* What is pending is lost: flush before. */
void spool_close(struct spool *s);

/* Keep a sample; writes when it is time to. A failure is of that writing: the
 * sample is kept, what is pending is tried again with the next one, and the
 * oldest go when there are SPOOL_PENDING_MAX. */
XG_MUST_CHECK enum xg_status spool_add(struct spool *s,
                                       const struct track_sample *sample,
                                       struct xg_error *err);
/* Has what is pending waited long enough? */
bool spool_is_due(const struct spool *s, int64_t now_ms);
XG_MUST_CHECK enum xg_status spool_flush(struct spool *s,
                                         struct xg_error *err);

struct spool_content {
    struct track_sample *samples; /* in the arena */
    size_t count;
    uint64_t chunks;
    size_t damaged; /* chunks left out */
    bool torn;      /* there were bytes after the last good chunk */
    int64_t end;
};

/* XG_NOTFOUND; XG_FORMAT when it is no spool of that patrol. */
XG_MUST_CHECK enum xg_status spool_read(struct spool_content *out,
                                        struct xg_arena *arena,
                                        const char *home,
                                        const struct xg_id *id,
                                        const struct vault *vault,
                                        struct xg_error *err);

#endif
