/* run.h - a command that runs for the page, from its start to its last word.
 *
 * It lies beside this program, or where that is installed from, in ../../bin.
 * It gets its own process group (a Ctrl-C on our terminal is not for it), no
 * descriptor of ours, and an environment of a few known names. What it says on
 * standard error goes into a file in memory, of which RUN_COMPLAINT_MAX bytes
 * are kept, so that there is one thing to wait for: its standard output.
 *
 * At most RUN_AT_ONCE run at once, others wait for a place.
 */
#ifndef AGENT_UI_RUN_H
#define AGENT_UI_RUN_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "shared/base/buf.h"
#include "shared/base/error.h"
#include "shared/web/http.h"

enum {
    RUN_AT_ONCE = 8,
    RUN_LONG_AT_ONCE = 4, /* that go on until they are ended: `--watch` */
    RUN_COMPLAINT_MAX = 64 << 10,
    RUN_TERM_MS = 2000, /* from SIGTERM to SIGKILL */
};

/* What all runs share. */
struct runner {
    char program[4096]; /* xunge */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    unsigned running, running_long;
    bool stopping; /* nothing is begun any more */
};

XG_MUST_CHECK enum xg_status runner_init(struct runner *r,
                                         struct xg_error *err);
void runner_clear(struct runner *r);
/* Nothing is begun any more; those who wait are refused. */
void runner_stop(struct runner *r);

struct run {
    struct runner *runner;
    pid_t pid;                     /* 0: none */
    int input_fd, output_fd, complaint_fd; /* -1: none, or closed */
    bool is_long;
};

#define RUN_NONE ((struct run){.input_fd = -1, .output_fd = -1, .complaint_fd = -1})

struct run_order {
    char *const *arguments;
    const char *secret; /* NULL: none */
    size_t secret_bytes;
    bool secret_is_input; /* else it is at descriptor 3 */
    bool input;           /* run->input_fd is a pipe to its standard input */
    int input_file;       /* what it reads there instead; 0: nothing */
    bool is_long;
};

/* Waits for a place as long as the reader does. XG_BUSY: the program stops, or
 * the reader has gone; XG_NOTFOUND, XG_IO: it cannot be started. What was
 * started must be given to run_end(). */
XG_MUST_CHECK enum xg_status run_start(struct run *out, struct runner *runner,
                                       const struct run_order *order,
                                       const struct xg_reader *reader,
                                       struct xg_error *err);

/* Append the next of what it prints. False: its output has ended, or, with
 * *gone, nobody waits for it any more or it found no room. */
bool run_hear(struct run *run, struct xg_buf *heard,
              const struct xg_reader *reader, bool *gone);

/* Wait for the end, reading and dropping what is still said; `ended`: end it
 * first, politely, and then not. Gives its exit status, or -N for the signal
 * that ended it. All of it is released but the complaint. */
int run_end(struct run *run, bool ended);
/* As if the power were cut: nothing that it was still reading is whole. */
int run_kill(struct run *run);

/* The end line, "{\"exit\":N}\n", with the error that the command told of. */
void run_end_line(struct xg_buf *out, struct run *run, int exit_status);
/* The error alone, an object, for a status that is one; false: there is none. */
bool run_error(struct xg_buf *out, struct run *run, int exit_status);
/* Release what is left. Fit for one that never started. */
void run_clear(struct run *run);

#endif
