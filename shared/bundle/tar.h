/* tar.h - a tar archive as a stream of named parts. The only file that
 * knows libarchive.
 *
 * Written are plain files alone, mode 0600, in the order in which they are put,
 * without times or owners. Read is the same and nothing else: plain ustar, no
 * filter, regular files, a name of at most XG_TAR_NAME_MAX of [a-z0-9./-] that
 * does not begin with '/' or '.' and has no ".." in it, and zeros after the end;
 * anything else is XG_FORMAT. So there are no links, devices, sparse files, long
 * names or second sizes to be misread.
 */
#ifndef XG_BUNDLE_TAR_H
#define XG_BUNDLE_TAR_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum { XG_TAR_NAME_MAX = 96 };

struct xg_tar_sink {
    enum xg_status (*put)(void *ctx, struct xg_bytes data,
                          struct xg_error *err);
    void *ctx;
};

struct xg_tar_writer;
XG_MUST_CHECK enum xg_status xg_tar_writer_open(struct xg_tar_writer **out,
                                                struct xg_tar_sink sink,
                                                struct xg_error *err);
/* Begin a part; then exactly `length` bytes by xg_tar_write(). */
XG_MUST_CHECK enum xg_status xg_tar_begin(struct xg_tar_writer *w,
                                          const char *name, uint64_t length,
                                          struct xg_error *err);
XG_MUST_CHECK enum xg_status xg_tar_write(struct xg_tar_writer *w,
                                          struct xg_bytes data,
                                          struct xg_error *err);
/* Both at once. */
XG_MUST_CHECK enum xg_status xg_tar_put(struct xg_tar_writer *w,
                                        const char *name,
                                        struct xg_bytes content,
                                        struct xg_error *err);
XG_MUST_CHECK enum xg_status xg_tar_finish(struct xg_tar_writer *w,
                                           struct xg_error *err);
void xg_tar_writer_close(struct xg_tar_writer *w);

/* Lends bytes until the next call; len 0 at the end. */
struct xg_tar_source {
    enum xg_status (*get)(void *ctx, struct xg_bytes *data,
                          struct xg_error *err);
    void *ctx;
};

struct xg_tar_part {
    char name[XG_TAR_NAME_MAX + 1];
    uint64_t length;
};

struct xg_tar_reader;
XG_MUST_CHECK enum xg_status xg_tar_reader_open(struct xg_tar_reader **out,
                                                struct xg_tar_source source,
                                                struct xg_error *err);
/* The next part; what was not read of the one before is passed over. At *more
 * false the source has been read to its end. XG_GAP, here and in reading: the
 * source ends amid what was begun. */
XG_MUST_CHECK enum xg_status xg_tar_next(struct xg_tar_reader *r,
                                         struct xg_tar_part *part, bool *more,
                                         struct xg_error *err);
/* Up to `size` bytes of the part; fewer only at its end. */
XG_MUST_CHECK enum xg_status xg_tar_read(struct xg_tar_reader *r, uint8_t *at,
                                         size_t size, size_t *len,
                                         struct xg_error *err);
void xg_tar_reader_close(struct xg_tar_reader *r);

#endif
