/* watch.h - the home's files: told where something was written.
 *
 * Looking at the home changes some of its files too (locks, the shared memory
 * of the database); only what a saved change writes is looked at here.
 */
#ifndef AGENT_UI_WATCH_H
#define AGENT_UI_WATCH_H

#include <stdbool.h>

#include "shared/base/error.h"

enum watch_where {
    WATCH_RECORDS, /* agent.db */
    WATCH_PATROL,
    WATCH_PHOTOS,
    WATCH_MAPS,
    WATCH_PLACES
};

struct watch {
    int fd; /* can be read when there is something */
    int home, folders[WATCH_PLACES]; /* -1: not there (yet) */
    const char *path;                /* of the home, borrowed */
};

XG_MUST_CHECK enum xg_status watch_open(struct watch *w, const char *home,
                                        struct xg_error *err);
void watch_close(struct watch *w);

/* Read what waits: a bit (1 << where) for each place that changed. */
unsigned watch_read(struct watch *w);
/* "records", "patrol", "photos", "maps" */
const char *watch_name(enum watch_where where);

#endif
