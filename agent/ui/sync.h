/* sync.h - syncing for the page: one at a time, asked for or by itself.
 *
 * Each wish becomes a job; one thread does them in turn, and what a job says is
 * told to all (hub.h) as it comes. Who asked may go away: the job goes on.
 *
 * By itself: every `every_min` minutes, and SYNC_SOON_MS after something was
 * saved; after a failure twice as long apart each time, at most SYNC_REST_MS.
 * Nobody is told of such a failure but by the line itself: being offline is no
 * error.
 */
#ifndef AGENT_UI_SYNC_H
#define AGENT_UI_SYNC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/ui/calls.h"
#include "shared/base/buf.h"
#include "shared/base/error.h"
#include "shared/web/http.h"

enum {
    SYNC_EVERY_MIN = 15, /* where nothing is set */
    SYNC_SOON_MS = 10 * 1000,
    SYNC_LEAST_MS = 30 * 1000, /* between two by itself */
    SYNC_REST_MS = 2 * 3600 * 1000,
    SYNC_JOBS = 8,
    SYNC_ANSWER_MAX = 1 << 20,
};

struct ui;
struct sync_job;

struct sync_desk {
    struct ui *ui;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct sync_job *jobs[SYNC_JOBS]; /* [0] is the one that runs */
    size_t job_count;
    bool stopping;
    int64_t every_min;         /* 0: never by itself */
    int64_t last_ms, soon_ms;  /* last end; a wish for one by itself, 0: none */
    unsigned failures;         /* in a row */
};

XG_MUST_CHECK enum xg_status sync_start(struct sync_desk *desk, struct ui *ui,
                                        struct xg_error *err);
/* Ends the one that runs, at a place where nothing is lost; what is asked for
 * afterwards is refused. */
void sync_stop(struct sync_desk *desk);
/* Once nobody asks or listens any more. */
void sync_clear(struct sync_desk *desk);

void sync_every(struct sync_desk *desk, int64_t minutes);
/* Something was saved. */
void sync_soon(struct sync_desk *desk);

/* Answer with the progress of whatever runs, then with the answer of a sync
 * that this call began. */
void sync_answer(struct xg_response *response, struct sync_desk *desk,
                 const struct xg_call *call);

#endif
