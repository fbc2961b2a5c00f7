/* photo.h - photos taken apart: what one is, what its EXIF claims, its small
 * picture, what a record says of it. The agent does this where one is taken
 * (agent/photo/photo.h), the server where one is brought to the centre
 * (server/photo_add.h), and both say the same.
 *
 * EXIF is read by the program xunge-exif, and the small picture is made by
 * xunge-thumb, each in a process of its own, without files, network or much
 * memory, and what they answer is checked again here. What a photo says of
 * itself is a *claim*: in range, not necessarily true.
 */
#ifndef XG_PHOTO_PHOTO_H
#define XG_PHOTO_PHOTO_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/bytes.h"
#include "shared/base/child.h"
#include "shared/base/error.h"
#include "shared/core/cbor.h"

enum {
    XG_PHOTO_MAX_BYTES = 64 << 20,
    XG_PHOTO_MAGIC_BYTES = 64, /* that tell its type */
    XG_PHOTO_EXIF_TIMEOUT_MS = 2000,
    XG_PHOTO_THUMBNAIL_TIMEOUT_MS = 10000, /* the work itself gets 4 s of
                                            * processor; the rest is for a busy
                                            * machine */
    XG_PHOTO_THUMBNAIL_SIDE_MAX = 320,     /* pixels */
    XG_PHOTO_TEXT_MAX = 64, /* bytes of make and model, without terminator */
    XG_PHOTO_ELEMENT_MAX = 512,
};

enum xg_photo_type {
    XG_PHOTO_JPEG,
    XG_PHOTO_PNG,
    XG_PHOTO_WEBP,
    XG_PHOTO_HEIC
};

/* "image/jpeg", ... */
const char *xg_photo_type_mime(enum xg_photo_type type);

/* What a file is by its first bytes (XG_PHOTO_MAGIC_BYTES are enough); false:
 * none of these. */
bool xg_photo_type_of(enum xg_photo_type *type, struct xg_bytes start);

/* May this be taken in: of a type that is one, and no longer than
 * XG_PHOTO_MAX_BYTES? `start` are its first bytes, `name` is its name for the
 * error: XG_FORMAT, XG_TOOBIG. */
XG_MUST_CHECK enum xg_status
xg_photo_judge(enum xg_photo_type *type, const char *name,
               struct xg_bytes start, uint64_t length, struct xg_error *err);

enum xg_photo_exif_state {
    XG_PHOTO_EXIF_NONE,       /* none in it, or a type where we do not look */
    XG_PHOTO_EXIF_READ,       /* read; each field has its flag */
    XG_PHOTO_EXIF_UNREADABLE, /* damaged, or the child failed or was stopped */
};

/* A field of the EXIF: not there, there and in range, or there and refused
 * (out of range, denominator 0, orientation 0 or 9, day 32). */
enum xg_photo_claim { XG_PHOTO_ABSENT, XG_PHOTO_CLAIMED, XG_PHOTO_REFUSED };

struct xg_photo_exif {
    enum xg_photo_exif_state state;
    uint32_t width, height; /* of a JPEG's frame, before rotation; 0 unknown */

    enum xg_photo_claim orientation_claim;
    uint8_t orientation; /* 1..8 */

    enum xg_photo_claim position_claim;
    int32_t lat_e7, lon_e7; /* degrees x 10^7; never both exactly 0 */

    enum xg_photo_claim altitude_claim;
    int32_t altitude_mm; /* above sea level */

    enum xg_photo_claim taken_claim; /* DateTimeOriginal, else -Digitized */
    char taken[20];                  /* "2012:12:19 21:38:40", local time */
    int64_t taken_local_ms;          /* the same as if it were UTC */

    enum xg_photo_claim offset_claim; /* of `taken` against UTC */
    int16_t offset_min;               /* +08:00 is 480 */

    enum xg_photo_claim gps_time_claim;
    int64_t gps_time_ms; /* UTC, Unix milliseconds */

    char make[XG_PHOTO_TEXT_MAX + 1],
        model[XG_PHOTO_TEXT_MAX + 1]; /* "" unknown */
};

/* Look at the JPEG on `fd` (a regular file; read from its start, its position
 * is moved) through the program xunge-exif: at `program`, or beside the running
 * program where NULL. Takes at most XG_PHOTO_EXIF_TIMEOUT_MS. XG_FORMAT when
 * the child failed on it or answered nonsense, XG_BUSY when it was stopped for
 * time, XG_NOTFOUND or XG_IO when it could not be started. */
XG_MUST_CHECK enum xg_status xg_photo_read_exif(struct xg_photo_exif *out,
                                                const char *program, int fd,
                                                struct xg_error *err);

/* Read what xunge-exif said (exif/protocol.h). XG_FORMAT for anything that
 * deviates. */
XG_MUST_CHECK enum xg_status xg_photo_exif_parse(struct xg_photo_exif *out,
                                                 struct xg_bytes answer,
                                                 struct xg_error *err);

/* Is this what a small picture has to be? A JPEG of at most XG_THUMBNAIL_MAX
 * bytes, each side 1 to XG_PHOTO_THUMBNAIL_SIDE_MAX, from its first byte to its
 * last, with a JFIF header at most: no EXIF, no comment. */
bool xg_photo_thumbnail_sound(struct xg_bytes jpeg);

/* What a photo is, as far as somebody looked. */
struct xg_photo {
    struct xg_hash sha256; /* of the photo as it was */
    uint64_t length;
    enum xg_photo_type type;
    bool is_new; /* false: it was here already, whole */
    struct xg_photo_exif exif;
    /* A JPEG of at most XG_THUMBNAIL_MAX bytes, upright, without EXIF, kept
     * like the photo itself; length 0 where none could be made (a HEIC, a
     * damaged photo, one of too many pixels or that takes too long). Made again
     * with the same libraries, it is the same. */
    struct xg_hash thumbnail;
    uint64_t thumbnail_length;
};

/* Find out what the photo on `fd` says of itself, its type being known; trouble
 * with that is logged, and no reason to lose it. */
void xg_photo_look(struct xg_photo *photo, const char *program, int fd);

/* One whose small picture is being made. */
struct xg_photo_thumber {
    bool runs;
    struct xg_child child;
};

/* Begin to make it, of the photo on `fd` (its place in the file moves until the
 * end); nothing where its type is one that xunge-thumb does not decode. */
void xg_photo_thumb_start(struct xg_photo_thumber *out, const char *program,
                          const struct xg_photo *photo, int fd);
/* Wait for it; `small` stays empty where none could be made, which is no
 * failure: it is logged. No child is left. */
void xg_photo_thumb_finish(struct xg_photo_thumber *t, struct xg_buf *small);

/* ---- what a record says of it ---- */

/* Its element of the photo set (schema.h), with what its EXIF claims, as far as
 * that is in range. `role` is of xg_photo_roles or 0, `origin` of
 * xg_photo_origins. */
void xg_photo_put_element(struct xg_buf *out, const struct xg_photo *photo,
                          uint64_t role, uint64_t origin);
/* The same element with another role and origin. */
void xg_photo_put_other(struct xg_buf *out, const struct xg_cbor_item *element,
                        uint64_t role, uint64_t origin);

#endif
