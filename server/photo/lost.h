/* lost.h - photos that the log says are held, and whose files are not there: a
 * disk that went bad, a restore without its photos, somebody who deleted one.
 *
 * Which they are is found by looking at every file once (a stat each: 10,000
 * take some 30 ms), which the server does once an hour and `check` does; what was
 * missed then stands in the store as the document "photos_lost". Who asks looks
 * at those again: one that came back is lost no more.
 */
#ifndef XG_SERVER_PHOTO_LOST_H
#define XG_SERVER_PHOTO_LOST_H

#include "server/data/data.h"

enum { LOST_MAX = 1000 }; /* that are remembered */

struct lost_photo {
    struct xg_hash sha256;
    int64_t since_ms; /* it was first missed */
};

/* Look at all files, and remember. *count: how many are lost. */
XG_MUST_CHECK enum xg_status lost_look(struct data *d, uint64_t *count,
                                       struct xg_error *err);
/* Those that were remembered, and are still not there; in the arena. */
XG_MUST_CHECK enum xg_status lost_list(struct lost_photo **list, size_t *count,
                                       struct xg_arena *arena, struct data *d,
                                       struct store *store,
                                       struct xg_error *err);

#endif
