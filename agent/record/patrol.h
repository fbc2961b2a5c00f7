/* patrol.h - a patrol: begun, recorded in the background, closed into records.
 *
 * patrol_start() records that a patrol began and starts the program
 * xunge-patrol, which reads the receiver and appends to the spool
 * (patrol_spool.h). It lives until it is told to stop; it alone holds
 *
 *      HOME/patrol/lock    as long as it lives (flock)
 *      HOME/patrol/pid     its process id, decimal
 *      HOME/patrol/log     what it had to say
 *
 * patrol_close() makes of the spool the records of the patrol: segments, gaps
 * with their cause, the end; then the spool goes. A power cut at any point
 * leaves the spool, or the records, or both with a mark that they are there:
 * closing again finishes the job and adds nothing twice.
 *
 * One patrol at a time. A spool whose recorder is gone (killed, power cut) is
 * *open but not running*: patrol_continue() goes on, and what lies between is a
 * gap with the evidence there is; or patrol_close() ends it at the last fix.
 */
#ifndef AGENT_PATROL_H
#define AGENT_PATROL_H

#include <sys/types.h>

#include "agent/home/home.h"
#include "agent/record/capture.h"
#include "agent/track/gaps.h"

enum {
    PATROL_EVERY_MS = 5000, /* a fix is kept so often, unless told otherwise */
    PATROL_EVERY_MIN_MS = 1000,
    PATROL_SEGMENT_MAX = 28 << 10, /* packed bytes of one element */
};

struct patrol_state {
    bool open;    /* there is a spool */
    bool running; /* its recorder lives */
    pid_t pid;    /* where it runs */
    struct xg_id id;
};

/* Needs no vault. */
XG_MUST_CHECK enum xg_status patrol_look(struct patrol_state *out,
                                         const char *home,
                                         struct xg_error *err);

struct patrol_options {
    const char *grid;    /* code, or NULL */
    const char *author;  /* --as, or NULL */
    const char *gpsd;    /* HOST:PORT, or NULL */
    const char *program; /* xunge-patrol; NULL: beside the running program */
    unsigned every_ms;   /* 0: PATROL_EVERY_MS */
};

/* XG_REFUSED when one is open. When the recorder does not start, the patrol is
 * open all the same (patrol_continue), and the error says so. */
XG_MUST_CHECK enum xg_status
patrol_start(struct home *h, struct captured *out,
             const struct patrol_options *options, struct xg_error *err);
/* Start the recorder of the open patrol again. XG_OK when it runs already. */
XG_MUST_CHECK enum xg_status
patrol_continue(struct home *h, struct patrol_state *out,
                const struct patrol_options *options, struct xg_error *err);
/* Stop the recorder and wait until it has written all. XG_OK when none runs;
 * XG_BUSY when it does not end. */
XG_MUST_CHECK enum xg_status patrol_halt(const char *home,
                                         struct xg_error *err);

enum patrol_end {
    PATROL_END_NOW,      /* what came after the last fix is a gap */
    PATROL_END_LAST_FIX, /* the patrol ended where it was last seen */
};

struct patrol_summary {
    struct captured captured;
    int64_t start_ms, end_ms, distance_mm;
    size_t points, segments, gaps, doubts, refused;
    size_t skipped, untimed; /* of an imported file */
    size_t damaged;          /* chunks of the spool that could not be read */
    bool held;               /* import: it was here already */
};

/* Halt and close the open patrol. XG_NOTFOUND when none is open. */
XG_MUST_CHECK enum xg_status patrol_close(struct home *h,
                                          struct patrol_summary *out,
                                          enum patrol_end how,
                                          const char *author,
                                          struct xg_error *err);

/* A GPX or NMEA file becomes one closed patrol. The same file again adds
 * nothing. XG_FORMAT when there is no usable point in it. */
XG_MUST_CHECK enum xg_status patrol_import(struct home *h,
                                           struct patrol_summary *out,
                                           const char *path,
                                           const struct patrol_options *options,
                                           struct xg_error *err);

/* ---- for who has a track from elsewhere ---- */

/* [t] Append the draft with the track's segments and gaps, and as many more
 * records as they need. `id` NULL creates the patrol. */
XG_MUST_CHECK enum xg_status
patrol_append(struct store *s, struct captured *out, const struct xg_id *id,
              struct xg_draft *draft, const struct track *track,
              const char *author, struct xg_error *err);

/* When the last sample was, by the clock as it was at the start of its run.
 * TRACK_NO_TIME for none. */
int64_t patrol_last_ms(const struct track_sample *samples, size_t count);

/* HOME/patrol/NAME. */
XG_MUST_CHECK enum xg_status patrol_file(char path[static HOME_PATH_SIZE],
                                         const char *home, const char *name,
                                         struct xg_error *err);

#endif
