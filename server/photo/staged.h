/* staged.h - photos that somebody brings to the centre: a resident's that
 * was forwarded, a handler's of what was done.
 *
 * One is *staged* (blobs.h): its bytes, its small picture, and the element of
 * the photo set that a device would have made of it. A record of the server's
 * own chain names it; then it gets its name among the photos, and the log says
 * that it is held, like one that was uploaded. If the server ends in between,
 * the next pass of the clerk (or the next photo that is staged) finds the
 * record and goes on: only what no record names is forgotten, a day after it
 * came. Both the forgetting and the look before a record is written happen in
 * the writer's transaction, so that neither overtakes the other.
 *
 * Before a record names it, it is there for nobody but its `owner`, the code of
 * who brought it (of all who did); NULL, where it is brought: anybody's; where
 * it is asked for: whoever's.
 */
#ifndef XG_SERVER_PHOTO_STAGED_H
#define XG_SERVER_PHOTO_STAGED_H

#include "server/data/data.h"
#include "shared/photo/photo.h"

/* Take one in: judged and made small by the confined programs. Durable on
 * return. XG_FORMAT: not a photo; XG_TOOBIG, XG_FULL. `name` is the photo's,
 * for the error. Trouble with its EXIF or its small picture is no failure. */
XG_MUST_CHECK enum xg_status photo_stage(struct xg_photo *out, struct data *d,
                                         const char *owner,
                                         struct xg_bytes bytes,
                                         const char *name,
                                         struct xg_error *err);
/* Append its element of the photo set, with that role and origin. XG_NOTFOUND:
 * it is not staged. */
XG_MUST_CHECK enum xg_status
photo_staged_element(struct xg_buf *out, struct data *d,
                     const struct xg_hash *sha256, const char *owner,
                     uint64_t role, uint64_t origin, struct xg_error *err);
/* Its bytes, or those of its small picture where it has one, and their hash;
 * *fd is the caller's. XG_NOTFOUND: it is not staged. */
XG_MUST_CHECK enum xg_status
photo_staged_open(int *fd, struct xg_hash *hash, struct data *d,
                  const struct xg_hash *sha256, const char *owner, bool small,
                  struct xg_error *err);
/* In the writer's transaction: may the draft name the photos that it adds? The
 * answer says which is not staged (XG_NOTFOUND), or was erased of this very
 * entity (XG_REFUSED). */
XG_MUST_CHECK enum xg_status
photo_staged_ask(struct xg_error *answer, struct store *store, struct data *d,
                 const char *owner, const struct xg_draft *draft,
                 struct xg_error *err);
/* A record names them: give them their names, and say so in the log. What goes
 * wrong is logged, and done again by photo_staged_settle(). */
void photo_staged_named(struct data *d, const struct xg_draft *draft);
/* Finish what was begun: those that a record names; forget those that none does
 * since a day. */
XG_MUST_CHECK enum xg_status photo_staged_settle(struct data *d,
                                                 struct xg_error *err);

#endif
