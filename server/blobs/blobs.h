/* blobs.h - photos as files, and those that are still coming in.
 *
 *      DIR/blobs/<2 hex>/<64 hex>      a photo, named by its SHA-256; written
 *                                      once, never changed            0600
 *      DIR/uploads/<32 hex>            a photo that is coming in
 *      DIR/uploads/<32 hex>.about      what it is to become: a few lines
 *      DIR/staged/<64 hex>             a photo that somebody at the centre
 *                                      brought, until it gets its name
 *      DIR/staged/<64 hex>.small       its small picture
 *      DIR/staged/<64 hex>.whose       who brought it, a code a line; an empty
 *                                      line: it is anybody's
 *      DIR/staged/<64 hex>.about       what was found out of it; made last
 *
 * Knows files, hashes and offsets; nothing of records, the log, or who may.
 * A file gets its name only when its whole hash was checked and it is durable.
 * What of an upload is here is the length of its file, so that nothing else has
 * to be kept in step with it: after a power cut the sender is told a smaller
 * offset, and goes on from there.
 *
 * One at a time writes to an upload: blobs_claim() makes whoever wrote before
 * a stranger (its next write is XG_REFUSED, and puts nothing), at once, however
 * long its connection will take to find out that it is dead.
 *
 * All functions may be called from any thread.
 */
#ifndef XG_SERVER_BLOBS_BLOBS_H
#define XG_SERVER_BLOBS_BLOBS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/env.h"
#include "shared/base/error.h"
#include "shared/core/note.h"
#include "shared/core/protocol.h"

enum {
    BLOB_MAX_BYTES = 64 << 20,
    BLOB_RESERVE_BYTES = 64 << 20,   /* stays free for records */
    BLOB_UPLOADS_PER_DEVICE = 16,    /* the one longest untouched goes */
    BLOB_UPLOAD_LIFE_MS = 7 * 24 * 3600 * 1000,
    BLOB_ID_SIZE = 32 + 1,
    BLOB_STAGED_MAX = 2048,           /* photos in all */
    BLOB_STAGED_MAX_BYTES = 1 << 30,  /* of them, in all */
    BLOB_STAGED_LIFE_MS = 24 * 3600 * 1000,
    BLOB_ABOUT_MAX = 1024,
    BLOB_WHOSE_MAX = 16 << 10,
};

struct blobs;

/* `dir` NULL: in a private folder that blobs_close() removes (tests, the
 * simulator). `env` is borrowed. Uploads that ran out are removed now and
 * then. */
XG_MUST_CHECK enum xg_status blobs_open(struct blobs **out, const char *dir,
                                        const struct xg_env *env,
                                        struct xg_error *err);
void blobs_close(struct blobs *b);

/* ---- those that are here ---- */

bool blobs_has(struct blobs *b, const struct xg_hash *sha256);
/* *fd is the caller's. XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status blobs_read(struct blobs *b, int *fd,
                                        uint64_t *length,
                                        const struct xg_hash *sha256,
                                        struct xg_error *err);
/* Take one from a stream (a bundle): `read` as of tar.h. Durable on return.
 * XG_FORMAT: not what the hash says; XG_FULL; XG_TOOBIG. Nothing is
 * read where it is here, of that length. */
XG_MUST_CHECK enum xg_status
blobs_take(struct blobs *b, const struct xg_hash *sha256, uint64_t length,
           enum xg_status (*read)(void *ctx, uint8_t *at, size_t size,
                                  size_t *len, struct xg_error *err),
           void *ctx, struct xg_error *err);
/* Is its content what its name says? Reads all of it. XG_CORRUPT, XG_NOTFOUND.
 */
XG_MUST_CHECK enum xg_status blobs_verify(struct blobs *b,
                                          const struct xg_hash *sha256,
                                          struct xg_error *err);
/* Erase, durably (redaction), and give up what is coming in of it, and what is
 * staged. XG_OK when it was gone. */
XG_MUST_CHECK enum xg_status blobs_remove(struct blobs *b,
                                          const struct xg_hash *sha256,
                                          struct xg_error *err);
/* Every one, in no order; false ends the walk. */
XG_MUST_CHECK enum xg_status
blobs_walk(struct blobs *b,
           bool (*visit)(void *ctx, const struct xg_hash *sha256,
                         uint64_t length),
           void *ctx, struct xg_error *err);
/* Copy into TO/blobs, a folder of the same form, whatever is not there yet;
 * durable on return. *copied of the bytes and files. `progress` may be NULL.
 * XG_CORRUPT: one is not what its name says. */
struct blobs_copied {
    uint64_t files, bytes;
};
XG_MUST_CHECK enum xg_status
blobs_copy(struct blobs *b, const char *to, struct blobs_copied *copied,
           void (*progress)(void *ctx, uint64_t files, uint64_t bytes),
           void *ctx, struct xg_error *err);

/* Is it in a folder that blobs_copy() made, whole by its length? */
bool blobs_is_copied(const char *to, const struct xg_blob *blob);

/* ---- coming in ---- */

struct blobs_upload {
    char id[BLOB_ID_SIZE];
    char device[XG_KEY_NAME_MAX + 1]; /* whose */
    struct xg_hash sha256;            /* what it is to become */
    uint64_t length, offset;
    int64_t expires_ms; /* Unix; moves on with every byte */
};

/* Begin one; a device that asks again for what it has not begun to send gets
 * the same. Of a photo that is here the offset is its length at once. XG_TOOBIG,
 * XG_FULL (free space, less the reserve). */
XG_MUST_CHECK enum xg_status
blobs_create(struct blobs *b, struct blobs_upload *out, const char *device,
             const struct xg_hash *sha256, uint64_t length,
             struct xg_error *err);
/* How it stands, without disturbing whoever sends. XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status blobs_look(struct blobs *b,
                                        struct blobs_upload *out,
                                        const char *id, struct xg_error *err);
/* Take it over: see above. The offset is durable. XG_NOTFOUND: never was, or
 * ran out. */
struct blobs_claim {
    char id[BLOB_ID_SIZE];
    uint64_t turn;
};
XG_MUST_CHECK enum xg_status blobs_claim(struct blobs *b,
                                         struct blobs_claim *claim,
                                         struct blobs_upload *out,
                                         const char *id, struct xg_error *err);
/* Append. XG_REFUSED: somebody else has taken
 * over, XG_TOOBIG: beyond its length, XG_FULL: what fitted stays. */
XG_MUST_CHECK enum xg_status blobs_write(struct blobs *b,
                                         const struct blobs_claim *claim,
                                         struct xg_bytes data,
                                         struct xg_error *err);
/* Back to an earlier offset: a piece whose checksum did not fit. */
XG_MUST_CHECK enum xg_status blobs_cut(struct blobs *b,
                                       const struct blobs_claim *claim,
                                       uint64_t offset, struct xg_error *err);
/* Make what was written durable, and tell how it stands. At its full length:
 * check the hash, give it its name; *whole. It is remembered then as long as
 * any other, for a sender that missed the answer. XG_FORMAT: it was something
 * else, and is gone. The claim ends. */
XG_MUST_CHECK enum xg_status blobs_settle(struct blobs *b,
                                          const struct blobs_claim *claim,
                                          struct blobs_upload *out, bool *whole,
                                          struct xg_error *err);
/* Give one up. XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status blobs_abandon(struct blobs *b, const char *id,
                                           struct xg_error *err);

/* ---- staged: brought to the centre, and not named yet ---- */

/* Put the bytes there, durably; where they have their name already, nothing is
 * put. XG_TOOBIG; XG_FULL: the disk, or too much is staged. */
XG_MUST_CHECK enum xg_status blobs_stage(struct blobs *b,
                                         const struct xg_hash *sha256,
                                         struct xg_bytes photo,
                                         struct xg_error *err);
/* The same bytes, wherever they lie by now, or its small picture's, whose hash
 * `small` is (NULL: not that); *fd is the caller's. XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status blobs_staged_read(struct blobs *b, int *fd,
                                               const struct xg_hash *sha256,
                                               const struct xg_hash *small,
                                               struct xg_error *err);
/* It is staged once this is durable: its small picture (may be empty), what was
 * found out of it, and `owner`, a code, beside those who brought it before;
 * NULL: it is anybody's. */
XG_MUST_CHECK enum xg_status
blobs_stage_about(struct blobs *b, const struct xg_hash *sha256,
                  const char *owner, struct xg_bytes small,
                  struct xg_bytes about, struct xg_error *err);
/* What was found out of one whose bytes are here, and which is the owner's;
 * NULL: whoever's. XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status
blobs_staged(struct blobs *b, struct xg_buf *about,
             const struct xg_hash *sha256, const char *owner,
             struct xg_error *err);
/* Give the photo, and its small picture (NULL: none), their names, durably. It
 * stays staged: another record may name it. XG_OK where they have them;
 * XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status
blobs_name_staged(struct blobs *b, const struct xg_hash *sha256,
                  const struct xg_hash *small, struct xg_error *err);
/* Forget one, durably. Bytes that have their name stay. XG_OK when it was
 * gone. */
XG_MUST_CHECK enum xg_status blobs_drop_staged(struct blobs *b,
                                               const struct xg_hash *sha256,
                                               struct xg_error *err);
/* The same, unless it was staged anew in the last BLOB_STAGED_LIFE_MS. */
XG_MUST_CHECK enum xg_status
blobs_forget_staged(struct blobs *b, const struct xg_hash *sha256,
                    struct xg_error *err);

struct blobs_staged {
    struct xg_hash sha256;
    int64_t age_ms;
    bool nameless; /* its bytes, or its small picture's, lie there still */
};
/* Every one, in no order; false ends the walk. */
XG_MUST_CHECK enum xg_status
blobs_walk_staged(struct blobs *b,
                  bool (*visit)(void *ctx, const struct blobs_staged *one),
                  void *ctx, struct xg_error *err);

#endif
