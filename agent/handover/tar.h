/* tar.h - a tar archive as a stream of named parts. The only file that
 * knows libarchive.
 *
 * Written are plain files alone, mode 0600, in the order in which they are put,
 * without times or owners. Read is the same and nothing else: ustar and pax,
 * regular files, a name of at most TAR_NAME_MAX of [a-z0-9./-] that does not
 * begin with '/' or '.'; anything else is XG_FORMAT.
 */
#ifndef AGENT_HANDOVER_TAR_H
#define AGENT_HANDOVER_TAR_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/handover_index.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum { TAR_NAME_MAX = HANDOVER_NAME_MAX };

struct tar_sink {
    enum xg_status (*put)(void *ctx, struct xg_bytes data, struct xg_error *err);
    void *ctx;
};

struct tar_writer;
XG_MUST_CHECK enum xg_status tar_writer_open(struct tar_writer **out,
                                             struct tar_sink sink,
                                             struct xg_error *err);
/* Begin a part; then exactly `length` bytes by tar_write(). */
XG_MUST_CHECK enum xg_status tar_begin(struct tar_writer *w, const char *name,
                                       uint64_t length, struct xg_error *err);
XG_MUST_CHECK enum xg_status tar_write(struct tar_writer *w,
                                       struct xg_bytes data,
                                       struct xg_error *err);
/* Both at once. */
XG_MUST_CHECK enum xg_status tar_put(struct tar_writer *w, const char *name,
                                     struct xg_bytes content,
                                     struct xg_error *err);
XG_MUST_CHECK enum xg_status tar_finish(struct tar_writer *w,
                                        struct xg_error *err);
void tar_writer_close(struct tar_writer *w);

/* Lends bytes until the next call; len 0 at the end. */
struct tar_source {
    enum xg_status (*get)(void *ctx, struct xg_bytes *data,
                          struct xg_error *err);
    void *ctx;
};

struct tar_part {
    char name[TAR_NAME_MAX + 1];
    uint64_t length;
};

struct tar_reader;
XG_MUST_CHECK enum xg_status tar_reader_open(struct tar_reader **out,
                                             struct tar_source source,
                                             struct xg_error *err);
/* The next part; what was not read of the one before is passed over. At *more
 * false the source has been read to its end. */
XG_MUST_CHECK enum xg_status tar_next(struct tar_reader *r,
                                      struct tar_part *part, bool *more,
                                      struct xg_error *err);
/* Up to `size` bytes of the part; fewer only at its end. */
XG_MUST_CHECK enum xg_status tar_read(struct tar_reader *r, uint8_t *at,
                                      size_t size, size_t *len,
                                      struct xg_error *err);
void tar_reader_close(struct tar_reader *r);

#endif
