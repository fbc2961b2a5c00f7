/* child.h - the programs that look at photos for us, and how they are run.
 *
 * A child gets a file as its standard input and a pipe as its output, and
 * nothing else of ours: no other descriptor, no environment. It parses what
 * anyone may have sent, so its answer is to be read as if the sender had
 * written it.
 */
#ifndef AGENT_CHILD_H
#define AGENT_CHILD_H

#include <sys/types.h>

#include "shared/base/buf.h"
#include "shared/base/error.h"

enum { CHILD_ARGUMENTS_MAX = 4 };

struct child_order {
    const char *name;    /* "xunge-exif" */
    const char *program; /* its path; NULL: NAME beside the running program */
    const char *arguments[CHILD_ARGUMENTS_MAX]; /* up to the first NULL */
    int input_fd; /* a regular file; read from its start, and moved */
    int timeout_ms;
};

/* One that runs. */
struct child {
    const char *name; /* the order's */
    pid_t pid;
    int answer_fd, timeout_ms;
    int64_t deadline_ms; /* of the monotonic clock */
};

/* XG_NOTFOUND or XG_IO when it cannot be started. What was started must be
 * given to child_finish(). */
XG_MUST_CHECK enum xg_status child_start(struct child *out,
                                         const struct child_order *order,
                                         struct xg_error *err);

/* Wait for the whole of its answer and its end; no child is left afterwards,
 * whatever comes. `answer` says how long that may be. XG_BUSY when it was
 * stopped for time; XG_FORMAT when it failed, died, or said too much; XG_IO
 * when it could not confine itself. */
XG_MUST_CHECK enum xg_status child_finish(struct child *child,
                                          struct xg_buf *answer,
                                          struct xg_error *err);

/* Both in one. */
XG_MUST_CHECK enum xg_status child_run(struct xg_buf *answer,
                                       const struct child_order *order,
                                       struct xg_error *err);

#endif
