/* hub.h - what happens on the device, told to whoever listens.
 *
 * A listener that falls behind by more than HUB_KEPT messages loses the oldest,
 * and is told to look for itself (HUB_CHANGED).
 */
#ifndef AGENT_UI_HUB_H
#define AGENT_UI_HUB_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "shared/base/buf.h"
#include "shared/base/error.h"

enum { HUB_KEPT = 64, HUB_LISTENERS = 24, HUB_TEXT_MAX = 64 << 10 };

enum hub_kind {
    HUB_CHANGED, /* in the home; text: where, a JSON array */
    HUB_SYNC,    /* text: a line of a sync */
    HUB_LOCKED,  /* text: true or false */
};

struct hub {
    pthread_mutex_t lock;
    uint64_t count; /* of messages ever */
    struct {
        enum hub_kind kind;
        char *text;
    } kept[HUB_KEPT]; /* message i is at i % HUB_KEPT */
    int bells[HUB_LISTENERS]; /* of those who listen; -1: none */
};

void hub_init(struct hub *h);
void hub_clear(struct hub *h);

/* `text` without an end of line; one that is too long is dropped. */
void hub_post(struct hub *h, enum hub_kind kind, const char *text);

struct hub_listener {
    struct hub *hub;
    uint64_t next;
    int bell; /* can be read when there is something new */
};

/* From now on. XG_BUSY: too many listen. */
XG_MUST_CHECK enum xg_status hub_listen(struct hub_listener *out, struct hub *h,
                                        struct xg_error *err);
void hub_leave(struct hub_listener *l);

/* Append the next message's text; false: nothing new. */
bool hub_next(struct hub_listener *l, enum hub_kind *kind, struct xg_buf *text);

#endif
