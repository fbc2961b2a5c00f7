/* arena.c - see arena.h. */
#include "shared/base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 16 << 10 };

struct xg_arena_chunk {
    struct xg_arena_chunk *next;
    size_t size, used;
    alignas(max_align_t) unsigned char data[];
};

void xg_arena_clear(struct xg_arena *a)
{
    while (a->chunk) {
        struct xg_arena_chunk *next = a->chunk->next;
        free(a->chunk);
        a->chunk = next;
    }
    a->used_bytes = 0;
    a->full = false;
}

void xg_arena_reset(struct xg_arena *a)
{
    a->full = false;
    if (!a->chunk)
        return;
    struct xg_arena_chunk *keep = a->chunk;
    a->chunk = keep->next;
    xg_arena_clear(a);
    keep->next = NULL;
    keep->used = 0;
    a->chunk = keep;
}

static bool grow(struct xg_arena *a, size_t need)
{
    size_t size = need > CHUNK_BYTES ? need : CHUNK_BYTES;
    struct xg_arena_chunk *c = malloc(sizeof *c + size);

    if (!c)
        return false;
    *c = (struct xg_arena_chunk){.next = a->chunk, .size = size};
    a->chunk = c;
    return true;
}

void *xg_arena_alloc(struct xg_arena *a, size_t size)
{
    const size_t align = alignof(max_align_t);

    if (size > a->max_bytes || a->used_bytes > a->max_bytes - size) {
        a->full = true;
        return NULL;
    }
    size = (size + align - 1) & ~(align - 1);
    if (!a->chunk || a->chunk->size - a->chunk->used < size)
        if (!grow(a, size))
            return NULL;

    void *at = a->chunk->data + a->chunk->used;
    a->chunk->used += size;
    a->used_bytes += size;
    return memset(at, 0, size);
}

void *xg_arena_array(struct xg_arena *a, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / 2 / size)
        return NULL;
    return xg_arena_alloc(a, count * size);
}

void *xg_arena_copy(struct xg_arena *a, const void *data, size_t len)
{
    void *at = xg_arena_alloc(a, len ? len : 1);

    return at && len ? memcpy(at, data, len) : at;
}

char *xg_arena_str(struct xg_arena *a, const char *text, size_t len)
{
    char *at = xg_arena_alloc(a, len + 1);

    if (at && len)
        memcpy(at, text, len);
    return at;
}

char *xg_arena_format(struct xg_arena *a, const char *format, ...)
{
    va_list args, again;
    char *at = NULL;

    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && (at = xg_arena_alloc(a, (size_t)n + 1)) != NULL)
        vsnprintf(at, (size_t)n + 1, format, again);
    va_end(again);
    va_end(args);
    return at;
}
