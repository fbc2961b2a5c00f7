/* arena.h - memory that is freed all at once, with a ceiling.
 *
 * One arena a request, a batch, a sync step. Nothing in it is freed alone;
 * whatever it lends lives until xg_arena_clear() or xg_arena_reset().
 */
#ifndef XG_BASE_ARENA_H
#define XG_BASE_ARENA_H

#include <stddef.h>

#include "shared/base/bytes.h"
#include "shared/base/error.h"

struct xg_arena_chunk;

struct xg_arena {
    struct xg_arena_chunk *chunk;
    size_t used_bytes, max_bytes;
    bool full; /* the ceiling was what a NULL was given for; until cleared or
                * reset */
};

#define XG_ARENA(ceiling) ((struct xg_arena){.max_bytes = (ceiling)})

void xg_arena_clear(struct xg_arena *a);
/* Free all but one chunk, for use in a loop. */
void xg_arena_reset(struct xg_arena *a);

/* `size` zeroed bytes, aligned for anything; NULL when the ceiling is reached
 * or memory is short. Every xg_arena_*() that can return NULL is followed by
 * `return xg_fail_nomem(err)`. */
void *xg_arena_alloc(struct xg_arena *a, size_t size);
/* `count` items of `size`; NULL too when the product overflows. */
void *xg_arena_array(struct xg_arena *a, size_t count, size_t size);
void *xg_arena_copy(struct xg_arena *a, const void *data, size_t len);
char *xg_arena_str(struct xg_arena *a, const char *text, size_t len);
XG_PRINTF(2, 3)
char *xg_arena_format(struct xg_arena *a, const char *format, ...);

#endif
