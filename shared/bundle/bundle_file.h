/* bundle_file.h - a file of named parts, as it lies on a stick: a tar (tar.h),
 * or a sealed file (seal.h) around one. What a bundle (bundle.h) and a rescue
 * (agent/engine/rescue.h) are written to and read from.
 *
 * "-" as a path is standard output, or input.
 */
#ifndef XG_BUNDLE_FILE_H
#define XG_BUNDLE_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/bytes.h"
#include "shared/base/error.h"
#include "shared/bundle/seal.h"
#include "shared/bundle/tar.h"

/* ---- writing ---- */

struct xg_bundle_target {
    const char *path;
    const struct xg_seal_slots *slots; /* NULL: not sealed */
    const struct xg_env *env;
    int fd; /* a file to be written, lent and empty, which `path` only names;
             * 0: none. What a failure leaves in it is the caller's matter */
};

/* A file that gets its name only when it is whole: PATH.part until then. */
enum { XG_LANDING_PATH_SIZE = 4096 };
struct xg_landing {
    int fd; /* to be written to */
    char path[XG_LANDING_PATH_SIZE], part[XG_LANDING_PATH_SIZE + 8];
};
/* XG_REFUSED where PATH is there. */
XG_MUST_CHECK enum xg_status xg_landing_open(struct xg_landing *l,
                                             const char *path,
                                             struct xg_error *err);
/* fsync, rename, fsync the folder; a failure leaves nothing. */
XG_MUST_CHECK enum xg_status xg_landing_keep(struct xg_landing *l,
                                             struct xg_error *err);
/* Remove what is there of it. */
void xg_landing_drop(struct xg_landing *l);

/* Bytes of a part that was only announced: up to `size`, fewer only at its end.
 * Asked for in the order of the file, each part from its beginning. */
typedef enum xg_status xg_bundle_fetch(void *ctx, const char *name,
                                       uint64_t offset, uint8_t *at,
                                       size_t size, size_t *len,
                                       struct xg_error *err);

/* The world around a writing. */
struct xg_bundle_host {
    void *ctx;
    xg_bundle_fetch *fetch; /* NULL where nothing is announced */
    void (*progress)(void *ctx, uint64_t done, uint64_t total); /* or NULL */
};

struct xg_bundle_file_part {
    char name[XG_TAR_NAME_MAX + 1];
    uint64_t length;
    const uint8_t *content; /* NULL: announced */
};

/* Write all parts to PATH.part, fsync, rename, fsync the folder; a failure
 * leaves nothing. XG_FULL before anything is written where the space does not
 * suffice; XG_REFUSED where the file is there; XG_CORRUPT where an announced
 * part turns out shorter. *bytes of the file; of standard output: before it was
 * sealed. */
XG_MUST_CHECK enum xg_status
xg_bundle_file_write(uint64_t *bytes, const struct xg_bundle_target *target,
                     const struct xg_bundle_file_part *parts, size_t count,
                     const struct xg_bundle_host *host, struct xg_error *err);

/* ---- reading ---- */

struct xg_bundle_file;

struct xg_bundle_source {
    const char *path;
    const struct xg_signer *key; /* opens a sealed one; may be NULL */
    int fd; /* an open file, lent, which `path` only names; 0: none */
};

/* XG_NOTFOUND; XG_AUTH: sealed to another key. */
XG_MUST_CHECK enum xg_status
xg_bundle_file_open(struct xg_bundle_file **out,
                    const struct xg_bundle_source *from, struct xg_error *err);
/* *more false at the end; *cut: it is not the end that was written, what came
 * whole before is good. XG_FORMAT for what does not belong there. */
XG_MUST_CHECK enum xg_status xg_bundle_file_next(struct xg_bundle_file *f,
                                                 struct xg_tar_part *part,
                                                 bool *more, bool *cut,
                                                 struct xg_error *err);
/* Fewer than `size` only at the part's end. XG_GAP: the file is cut here. */
XG_MUST_CHECK enum xg_status xg_bundle_file_read(struct xg_bundle_file *f,
                                                 uint8_t *at, size_t size,
                                                 size_t *len,
                                                 struct xg_error *err);
void xg_bundle_file_close(struct xg_bundle_file *f);

#endif
