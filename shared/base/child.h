/* child.h - programs that do one thing for us that we do not do ourselves:
 * look at a photo, speak with a stranger.
 *
 * A child gets a file as its standard input and a pipe as its output, and
 * nothing else of ours: no other descriptor, no environment. It handles what
 * anyone may have sent, so its answer is to be read as if the sender had
 * written it.
 */
#ifndef XG_BASE_CHILD_H
#define XG_BASE_CHILD_H

#include <sys/types.h>

#include "shared/base/buf.h"
#include "shared/base/error.h"

enum { XG_CHILD_ARGUMENTS_MAX = 4, XG_CHILD_ARGUMENT_SIZE = 320 };

struct xg_child_order {
    const char *name;    /* "xunge-exif" */
    const char *program; /* its path; NULL: NAME beside the running program */
    const char *arguments[XG_CHILD_ARGUMENTS_MAX]; /* up to the first NULL,
                                                    * each cut to its size */
    int input_fd; /* a regular file; read from its start, and moved */
    int timeout_ms;
};

/* One that runs. */
struct xg_child {
    const char *name; /* the order's */
    pid_t pid;
    int answer_fd, timeout_ms;
    int64_t deadline_ms; /* of the monotonic clock */
};

/* XG_NOTFOUND or XG_IO when it cannot be started. What was started must be
 * given to xg_child_finish(). */
XG_MUST_CHECK enum xg_status xg_child_start(struct xg_child *out,
                                         const struct xg_child_order *order,
                                         struct xg_error *err);

/* Wait for the whole of its answer and its end; no child is left afterwards,
 * whatever comes. `answer` says how long that may be. XG_BUSY when it was
 * stopped for time; XG_FORMAT when it failed, died, or said too much; XG_IO
 * when it could not confine itself. */
XG_MUST_CHECK enum xg_status xg_child_finish(struct xg_child *child,
                                          struct xg_buf *answer,
                                          struct xg_error *err);

/* Both in one. */
XG_MUST_CHECK enum xg_status xg_child_run(struct xg_buf *answer,
                                       const struct xg_child_order *order,
                                       struct xg_error *err);

#endif
