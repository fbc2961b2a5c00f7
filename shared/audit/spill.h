/* spill.h - bytes that are added at the end and read anywhere: in a file without
 * a name, so that memory does not grow with what an auditor has to remember.
 *
 * The last piece is in memory, and what was just added is read from there.
 */
#ifndef XG_AUDIT_SPILL_H
#define XG_AUDIT_SPILL_H

#include <stdint.h>

#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum { XG_SPILL_TAIL = 64 << 10 };

struct xg_spill {
    int fd;           /* -1: nothing was written out yet */
    uint64_t written; /* bytes in the file */
    size_t tail_len;
    uint8_t *tail;
    struct xg_error failed; /* sticks: later calls fail the same way */
};

void xg_spill_init(struct xg_spill *s);
void xg_spill_clear(struct xg_spill *s);

static inline uint64_t xg_spill_size(const struct xg_spill *s)
{
    return s->written + s->tail_len;
}

/* Failures stick; xg_spill_check() tells. */
void xg_spill_add(struct xg_spill *s, const void *data, size_t len);
/* Zeros after a failure, or where nothing was added. */
void xg_spill_get(struct xg_spill *s, uint64_t at, void *data, size_t len);
/* Write over what was added. */
void xg_spill_set(struct xg_spill *s, uint64_t at, const void *data,
                  size_t len);
XG_MUST_CHECK enum xg_status xg_spill_check(const struct xg_spill *s,
                                            struct xg_error *err);

#endif
