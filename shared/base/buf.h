/* buf.h - a growing buffer that knows its ceiling.
 *
 * Failure sticks: once an append did not fit (XG_TOOBIG) or found no memory
 * (XG_NOMEM), later appends do nothing, and xg_buf_check() tells. So a writer
 * appends in plain lines and asks once at its end.
 *
 *      struct xg_buf b = XG_BUF(64 << 10);
 *      xg_buf_text(&b, "records ");
 *      xg_buf_format(&b, "%" PRIu64 "\n", n);
 *      if (xg_buf_check(&b, err) != XG_OK) goto done;
 *
 * `data` is NUL-terminated after every text append and moves when it grows.
 */
#ifndef XG_BASE_BUF_H
#define XG_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "shared/base/bytes.h"
#include "shared/base/error.h"

struct xg_buf {
    uint8_t *data;
    size_t len, cap, max;
    enum xg_status failed;
};

/* An empty buffer that never grows over `ceiling` bytes. */
#define XG_BUF(ceiling) ((struct xg_buf){.max = (ceiling)})

/* Free the bytes, keep the ceiling: the buffer is as new. */
void xg_buf_clear(struct xg_buf *b);
/* Forget the content, keep the memory. */
void xg_buf_reset(struct xg_buf *b);

void xg_buf_append(struct xg_buf *b, const void *data, size_t len);
void xg_buf_byte(struct xg_buf *b, uint8_t byte);
void xg_buf_u16(struct xg_buf *b, uint16_t value);
void xg_buf_u32(struct xg_buf *b, uint32_t value);
void xg_buf_u64(struct xg_buf *b, uint64_t value);
void xg_buf_text(struct xg_buf *b, const char *text);
XG_PRINTF(2, 3) void xg_buf_format(struct xg_buf *b, const char *format, ...);
void xg_buf_base64(struct xg_buf *b, const void *data, size_t len);
void xg_buf_hex(struct xg_buf *b, const void *data, size_t len);

/* Room for `len` more bytes at the end, or NULL (and the failure sticks). The
 * caller writes there and then adds what it wrote to b->len. */
uint8_t *xg_buf_room(struct xg_buf *b, size_t len);

/* Hand out what follows *at, at most `max` bytes, and go on there. Returns how
 * many; 0: all was handed out. */
size_t xg_buf_take(const struct xg_buf *b, size_t *at, uint8_t *out,
                   size_t max);

XG_MUST_CHECK enum xg_status xg_buf_check(const struct xg_buf *b,
                                          struct xg_error *err);

static inline struct xg_bytes xg_buf_bytes(const struct xg_buf *b)
{
    return xg_bytes(b->data, b->len);
}

/* The content as a C string, "" when empty. Borrowed. */
const char *xg_buf_str(const struct xg_buf *b);

#endif
