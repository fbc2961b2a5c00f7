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
 * EXIF is read by the program xunge-exif, and the small picture is made by
 * xunge-thumb, each in a process of its own, without files, network or much
 * memory, and what they answer is checked again here. What a photo says of
 * itself is a *claim*: in range, not necessarily true.
 */
#ifndef AGENT_PHOTO_H
#define AGENT_PHOTO_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/vault.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum {
    PHOTO_MAX_BYTES = 64 << 20,
    PHOTO_RESERVE_BYTES = 16 << 20, /* stays free for records */
    PHOTO_EXIF_TIMEOUT_MS = 2000,
    PHOTO_THUMBNAIL_TIMEOUT_MS = 10000, /* the work itself gets 4 s of processor;
                                         * the rest is for a busy device */
    PHOTO_THUMBNAIL_SIDE_MAX = 320, /* pixels */
    PHOTO_TEXT_MAX = 64, /* bytes of make and model, without terminator */
};

enum photo_type { PHOTO_JPEG, PHOTO_PNG, PHOTO_WEBP, PHOTO_HEIC };

/* "image/jpeg", ... */
const char *photo_type_mime(enum photo_type type);

/* What a file is by its first bytes (64 are enough); false: none of these. */
bool photo_type_of(enum photo_type *type, struct xg_bytes start);

enum photo_exif_state {
    PHOTO_EXIF_NONE,       /* none in it, or a type where we do not look */
    PHOTO_EXIF_READ,       /* read; each field has its flag */
    PHOTO_EXIF_UNREADABLE, /* damaged, or the child failed or was stopped */
};

/* A field of the EXIF: not there, there and in range, or there and refused
 * (out of range, denominator 0, orientation 0 or 9, day 32). */
enum photo_claim { PHOTO_ABSENT, PHOTO_CLAIMED, PHOTO_REFUSED };

struct photo_exif {
    enum photo_exif_state state;
    uint32_t width, height; /* of a JPEG's frame, before rotation; 0 unknown */

    enum photo_claim orientation_claim;
    uint8_t orientation; /* 1..8 */

    enum photo_claim position_claim;
    int32_t lat_e7, lon_e7; /* degrees x 10^7; never both exactly 0 */

    enum photo_claim altitude_claim;
    int32_t altitude_mm; /* above sea level */

    enum photo_claim taken_claim; /* DateTimeOriginal, else -Digitized */
    char taken[20];               /* "2012:12:19 21:38:40", local time */
    int64_t taken_local_ms;       /* the same as if it were UTC */

    enum photo_claim offset_claim; /* of `taken` against UTC */
    int16_t offset_min;            /* +08:00 is 480 */

    enum photo_claim gps_time_claim;
    int64_t gps_time_ms; /* UTC, Unix milliseconds */

    char make[PHOTO_TEXT_MAX + 1], model[PHOTO_TEXT_MAX + 1]; /* "" unknown */
};

/* Look at the JPEG on `fd` (a regular file; read from its start, its position
 * is moved) through the program xunge-exif: at `program`, or beside the running
 * program where NULL. Takes at most PHOTO_EXIF_TIMEOUT_MS. XG_FORMAT when the
 * child failed on it or answered nonsense, XG_BUSY when it was stopped for
 * time, XG_NOTFOUND or XG_IO when it could not be started. */
XG_MUST_CHECK enum xg_status photo_read_exif(struct photo_exif *out,
                                             const char *program, int fd,
                                             struct xg_error *err);

/* Read what xunge-exif said (exif/protocol.h). XG_FORMAT for anything that
 * deviates. */
XG_MUST_CHECK enum xg_status photo_exif_parse(struct photo_exif *out,
                                              struct xg_bytes answer,
                                              struct xg_error *err);

/* Is this what a small picture has to be? A JPEG of at most XG_THUMBNAIL_MAX
 * bytes, each side 1 to PHOTO_THUMBNAIL_SIDE_MAX, from its first byte to its
 * last, with a JFIF header at most: no EXIF, no comment. */
bool photo_thumbnail_sound(struct xg_bytes jpeg);

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

struct photo_kept {
    struct xg_hash sha256; /* of the photo as it was */
    uint64_t length;
    enum photo_type type;
    bool is_new; /* false: it was here already, whole */
    struct photo_exif exif;
    /* A JPEG of at most XG_THUMBNAIL_MAX bytes, upright, without EXIF, kept on
     * the shelf like a photo; length 0 where none could be made (a HEIC, a
     * damaged photo, one of too many pixels or that takes too long). Made again
     * with the same libraries, it is the same. */
    struct xg_hash thumbnail;
    uint64_t thumbnail_length;
};

/* Keep the photo at `path`; durable on return. The file at `path` is left
 * alone. Nothing is written before type, size and free space are known to do:
 * XG_NOTFOUND, XG_FORMAT (not a JPEG, PNG, WebP or HEIC), XG_TOOBIG, XG_FULL,
 * XG_BUSY (the file changes while it is read). Trouble with its EXIF or its
 * thumbnail is no failure: the photo is kept with PHOTO_EXIF_UNREADABLE, or
 * without a thumbnail. Memory does not grow with the photo. */
XG_MUST_CHECK enum xg_status photo_keep(const struct photo_shelf *shelf,
                                        struct photo_kept *out,
                                        const char *path,
                                        struct xg_error *err);

/* The same of a photo that comes from a pipe, of `bytes` bytes, or until its end
 * where that is negative. It is held in memory until it is sealed: nothing of
 * it lies on the disk in the clear. XG_FORMAT when it ends early, or goes on:
 * nothing is kept then. */
XG_MUST_CHECK enum xg_status photo_keep_stream(const struct photo_shelf *shelf,
                                               struct photo_kept *out, int fd,
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
