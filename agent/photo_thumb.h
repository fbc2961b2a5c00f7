/* photo_thumb.h - asking xunge-thumb for the small picture; for photo.c. */
#ifndef AGENT_PHOTO_THUMB_H
#define AGENT_PHOTO_THUMB_H

#include "shared/base/child.h"
#include "agent/photo.h"

struct photo_thumber {
    bool runs;
    struct xg_child child;
};

/* Begin to make it, of the photo on `fd` (its place in the file moves until the
 * end); nothing where its type is one that xunge-thumb does not decode. */
void photo_thumb_start(struct photo_thumber *out, const char *program,
                       const struct photo_kept *photo, int fd);

/* Wait for it; `small` stays empty where none could be made, which is no
 * failure: it is logged. No child is left. */
void photo_thumb_finish(struct photo_thumber *t, struct xg_buf *small);

#endif
