/* photo.h - what the server knows of photos: which records name them, which it
 * holds by its own word in the log, which it wants.
 *
 * A photo is *named* by a record (the photo's hash and length, and those of its
 * thumbnail) that was merged; only named ones are taken in, so that nobody
 * fills the disk with what belongs to no report. It is *held* once a note
 * xunge/blobs/v1 in the log says so: after its file is durable (blobs.h). It is
 * *wanted* when an operator asked for the full photo, until it is held.
 */
#ifndef XG_SERVER_PHOTO_PHOTO_H
#define XG_SERVER_PHOTO_PHOTO_H

#include "server/data/data.h"
#include "shared/core/protocol.h"
#include "shared/view/show.h"

enum { PHOTO_ASKED_MAX = 16 };

/* In ingest's transaction: what a record that has found its place names. */
XG_MUST_CHECK enum xg_status photo_put_named(struct store *to,
                                             const struct store_record *row,
                                             const struct xg_record *record,
                                             struct xg_error *err);
/* Is it named, and by what length? Somebody says that it is `stated` bytes
 * long (0: nobody says). Where a record says so too, that is *length; else
 * what the first record says: so that a wrong record does not keep the right
 * photo out. */
/* One that was taken away is named by nobody. */
XG_MUST_CHECK enum xg_status photo_named(struct store *s, uint64_t *length,
                                         bool *found,
                                         const struct xg_hash *sha256,
                                         uint64_t stated,
                                         struct xg_error *err);
/* Did acts erase it of every entity that names it? Then its file goes, and does
 * not come back. */
XG_MUST_CHECK enum xg_status photo_taken_away(struct store *s, bool *away,
                                              const struct xg_hash *sha256,
                                              struct xg_error *err);
/* Their files are durable: say so in the log. One that was taken away meanwhile
 * is not held: its file goes. Those that it says already are
 * passed over. Returns when it is published. A note names one photo alone. */
XG_MUST_CHECK enum xg_status photo_hold(struct data *d,
                                        const struct xg_blob *blobs,
                                        size_t count, struct xg_error *err);
/* Where the log says that it is held: *position; *found. */
XG_MUST_CHECK enum xg_status photo_held(struct store *s, uint64_t *position,
                                        uint64_t *length, bool *found,
                                        const struct xg_hash *sha256,
                                        struct xg_error *err);
/* Where it is, by the log and by what was asked for. */
XG_MUST_CHECK enum xg_status photo_place(struct store *s, struct blobs *blobs,
                                         enum view_place *out,
                                         const struct xg_hash *sha256,
                                         struct xg_error *err);
/* The small picture that a record says was made of it; *found. */
XG_MUST_CHECK enum xg_status photo_small(struct store *s, struct xg_hash *small,
                                         bool *found,
                                         const struct xg_hash *sha256,
                                         struct xg_error *err);
/* Append the frames of POST /v1/blobs/held (protocol.h), beginning with the
 * given proof frame, for at most XG_BLOBS_ASKED_MAX hashes. Of one whose file
 * went by an erasure no note is told: somebody else may name it later, and has
 * to send it. */
XG_MUST_CHECK enum xg_status
photo_put_held(struct xg_buf *out, struct data *d, struct store *s,
               const struct xg_checkpoint *c, struct xg_bytes checkpoint_note,
               struct xg_bytes proof, const struct xg_hash *asked,
               size_t count, struct xg_error *err);
/* May this device have it: does an entity in its scope, or of its own making,
 * name it? */
XG_MUST_CHECK enum xg_status photo_may_read(struct data *d, struct store *s,
                                            bool *may, const char *device,
                                            const struct xg_hash *sha256,
                                            struct xg_error *err);
/* Ask for full photos: of an entity, those that are not held. *count. Every
 * device that named one and was not revoked is asked, PHOTO_ASKED_MAX at most,
 * who named it first before others; whoever was, where all were. The first
 * upload ends the asking. */
XG_MUST_CHECK enum xg_status photo_order(struct data *d, size_t *count,
                                         const struct xg_id *entity,
                                         struct xg_error *err);
/* Those that are wanted of this device. */
XG_MUST_CHECK enum xg_status
photo_orders(struct store *s, struct xg_hash out[static XG_ORDERS_MAX],
             size_t *count, const char *device, struct xg_error *err);

#endif
