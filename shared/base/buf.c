/* buf.c - see buf.h. */
#include "shared/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void xg_buf_clear(struct xg_buf *b)
{
    free(b->data);
    *b = XG_BUF(b->max);
}

void xg_buf_reset(struct xg_buf *b)
{
    b->len = 0;
    b->failed = XG_OK;
    if (b->data)
        b->data[0] = '\0';
}

uint8_t *xg_buf_room(struct xg_buf *b, size_t len)
{
    if (b->failed != XG_OK)
        return NULL;
    if (len > b->max || b->len > b->max - len) {
        b->failed = XG_TOOBIG;
        return NULL;
    }

    size_t need = b->len + len + 1; /* always room for a terminator */
    if (need > b->cap) {
        size_t cap = b->cap < 128 ? 128 : b->cap * 2;
        while (cap < need)
            cap *= 2;
        if (cap > b->max + 1)
            cap = b->max + 1;
        uint8_t *data = realloc(b->data, cap);
        if (!data) {
            b->failed = XG_NOMEM;
            return NULL;
        }
        b->data = data;
        b->cap = cap;
    }
    return b->data + b->len;
}

void xg_buf_append(struct xg_buf *b, const void *data, size_t len)
{
    uint8_t *room = xg_buf_room(b, len);

    if (!room)
        return;
    if (len)
        memcpy(room, data, len);
    b->len += len;
    b->data[b->len] = '\0';
}

void xg_buf_byte(struct xg_buf *b, uint8_t byte)
{
    xg_buf_append(b, &byte, 1);
}

void xg_buf_u16(struct xg_buf *b, uint16_t value)
{
    uint8_t raw[2];
    xg_store_u16(raw, value);
    xg_buf_append(b, raw, sizeof raw);
}

void xg_buf_u32(struct xg_buf *b, uint32_t value)
{
    uint8_t raw[4];
    xg_store_u32(raw, value);
    xg_buf_append(b, raw, sizeof raw);
}

void xg_buf_u64(struct xg_buf *b, uint64_t value)
{
    uint8_t raw[8];
    xg_store_u64(raw, value);
    xg_buf_append(b, raw, sizeof raw);
}

void xg_buf_text(struct xg_buf *b, const char *text)
{
    xg_buf_append(b, text, strlen(text));
}

void xg_buf_format(struct xg_buf *b, const char *format, ...)
{
    va_list args, again;

    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n >= 0) {
        char *room = (char *)xg_buf_room(b, (size_t)n);
        if (room) {
            vsnprintf(room, (size_t)n + 1, format, again);
            b->len += (size_t)n;
        }
    }
    va_end(again);
    va_end(args);
}

void xg_buf_base64(struct xg_buf *b, const void *data, size_t len)
{
    size_t size = XG_BASE64_SIZE(len);
    char *room = (char *)xg_buf_room(b, size - 1);

    if (!room)
        return;
    xg_base64(room, size, data, len);
    b->len += size - 1;
}

void xg_buf_hex(struct xg_buf *b, const void *data, size_t len)
{
    char *room = (char *)xg_buf_room(b, 2 * len);

    if (!room)
        return;
    xg_hex(room, data, len);
    b->len += 2 * len;
}

size_t xg_buf_take(const struct xg_buf *b, size_t *at, uint8_t *out, size_t max)
{
    size_t left = b->len - *at, n = left < max ? left : max;

    if (n > 0) /* of an empty buffer there is no address */
        memcpy(out, b->data + *at, n);
    *at += n;
    return n;
}

enum xg_status xg_buf_check(const struct xg_buf *b, struct xg_error *err)
{
    if (b->failed == XG_NOMEM)
        return xg_fail_nomem(err);
    if (b->failed != XG_OK)
        return xg_fail(err, XG_TOOBIG, "over the limit of %zu bytes", b->max);
    return XG_OK;
}

const char *xg_buf_str(const struct xg_buf *b)
{
    return b->len ? (const char *)b->data : ""; /* room is not text */
}
