/* photo.h - photos: looked at by a confined child, kept sealed, byte for byte.
 *
 * A kept photo is the file as the camera wrote it, never recompressed, sealed
 * with vault_seal_file() under the name of its content:
 *
 *      HOME/photos/<first 2 hex digits>/<64 hex digits of its SHA-256>
 *
 * The name is the plain hash, the one that records, batches and the server use.
 * So whoever holds the disk can tell whether a photo that they *already have*
 * is here, and nothing about any other; a keyed name would hide that little and
 * would cost every tool a vault to find a file. HOME/photos/lock orders
 * writers; HOME/photos/incoming.tmp is the one file being written.
 *
 * What a photo is and claims is shared/photo's to find.
 */
#ifndef AGENT_PHOTO_H
#define AGENT_PHOTO_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/vault/vault.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"
#include "shared/photo/photo.h"

enum { PHOTO_RESERVE_BYTES = 16 << 20 }; /* stays free for records */

/* Where photos are kept; all borrowed. */
struct photo_shelf {
    const char *home;
    const struct vault *vault;
    /* NULL: beside the running program */
    const char *exif_program, *thumb_program;
    /* Told of each file that is about to be added, before it is; durable on
     * return, so that who is killed after it leaves nothing unknown. NULL:
     * nobody is. */
    enum xg_status (*intend)(void *ctx, const struct xg_hash *sha256,
                             struct xg_error *err);
    void *intend_ctx;
};

/* Keep the photo at `path`; durable on return. The file at `path` is left
 * alone. Nothing is written before type, size and free space are known to do:
 * XG_NOTFOUND, XG_FORMAT (not a JPEG, PNG, WebP or HEIC), XG_TOOBIG, XG_FULL,
 * XG_BUSY (the file changes while it is read). Trouble with its EXIF or its
 * thumbnail is no failure: the photo is kept with XG_PHOTO_EXIF_UNREADABLE, or
 * without a thumbnail. Memory does not grow with the photo. */
XG_MUST_CHECK enum xg_status photo_keep(const struct photo_shelf *shelf,
                                        struct xg_photo *out, const char *path,
                                        struct xg_error *err);

/* The same of a photo that comes from a pipe, of `bytes` bytes, or until its end
 * where that is negative. It is held in memory until it is sealed: nothing of
 * it lies on the disk in the clear. XG_FORMAT when it ends early, or goes on:
 * nothing is kept then. */
XG_MUST_CHECK enum xg_status photo_keep_stream(const struct photo_shelf *shelf,
                                               struct xg_photo *out, int fd,
                                               int64_t bytes,
                                               struct xg_error *err);

/* Keep a photo that was kept elsewhere before, from a stream (as vault_copy's
 * `read`); durable on return. Not read where it is here already, whole. XG_FULL,
 * XG_TOOBIG; XG_FORMAT when the stream is not what `sha256` says. */
typedef enum xg_status photo_read(void *ctx, uint8_t *at, size_t size,
                                  size_t *len, struct xg_error *err);
XG_MUST_CHECK enum xg_status
photo_take(const struct photo_shelf *shelf, bool *is_new,
           const struct xg_hash *sha256, uint64_t length, photo_read *read,
           void *ctx, struct xg_error *err);

/* Every photo that is here, in the order of the names' first two digits; false
 * ends the walk. */
typedef bool photo_visit(void *ctx, const struct xg_hash *sha256);
XG_MUST_CHECK enum xg_status photo_walk(const struct photo_shelf *shelf,
                                        photo_visit *visit, void *ctx,
                                        struct xg_error *err);

bool photo_has(const struct photo_shelf *shelf, const struct xg_hash *sha256);

/* How long ago it was kept, or asked to be kept again; negative by a clock that
 * goes wrong. False: it is not here. */
bool photo_age(const struct photo_shelf *shelf, int64_t *age_ms,
               const struct xg_hash *sha256, int64_t now_ms);

/* The length of the original, from the file's size. XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status photo_length(const struct photo_shelf *shelf,
                                          uint64_t *length,
                                          const struct xg_hash *sha256,
                                          struct xg_error *err);

/* Write the original to `sink_fd`; discard the sink on failure (vault.h). The
 * hash is checked, so XG_OK means byte for byte. XG_CORRUPT, XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status photo_open_to(const struct photo_shelf *shelf,
                                           const struct xg_hash *sha256,
                                           int sink_fd, struct xg_error *err);

/* The same without a sink: is it whole? */
XG_MUST_CHECK enum xg_status photo_verify(const struct photo_shelf *shelf,
                                          const struct xg_hash *sha256,
                                          struct xg_error *err);

/* The original piece by piece, for an upload; the shelf outlives the reader,
 * and the hash is the reader's to check (the server does). */
XG_MUST_CHECK enum xg_status photo_reader_open(const struct photo_shelf *shelf,
                                               struct vault_reader **out,
                                               const struct xg_hash *sha256,
                                               struct xg_error *err);

/* Give up the local copy, durably: only against the server's proof that it
 * holds the photo (docs/formats.md, xunge/blobs/v1). XG_OK when it was gone. */
XG_MUST_CHECK enum xg_status photo_remove(const struct photo_shelf *shelf,
                                          const struct xg_hash *sha256,
                                          struct xg_error *err);

#endif
