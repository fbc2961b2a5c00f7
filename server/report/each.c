/* each.c - see each.h. */
#include "server/report/each.h"

#include <stdlib.h>

enum { PAGE_BYTES = 256 << 20, PAGE = 200, ROOM_FIRST = 64 };

enum xg_status report_each(struct store *store, struct store_filter filter,
                           void *ctx,
                           enum xg_status (*visit)(void *ctx,
                                                   const struct store_entity *e,
                                                   struct xg_error *err),
                           struct xg_error *err)
{
    struct xg_arena page = XG_ARENA(PAGE_BYTES);
    enum xg_status status = XG_OK;
    struct store_entity *rows;
    size_t count;

    filter.limit = PAGE;
    do {
        status = store->ops->read_entities(store, &page, &rows, &count, &filter,
                                           err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            filter.before = rows[i].number;
            status = visit(ctx, &rows[i], err);
        }
        xg_arena_reset(&page);
    } while (status == XG_OK && count == PAGE);
    xg_arena_clear(&page);
    return status;
}

enum xg_status report_room(void **list, size_t *room, size_t count, size_t each,
                           struct xg_error *err)
{
    if (count < *room)
        return XG_OK;
    size_t more = *room ? *room * 2 : ROOM_FIRST;
    void *moved = realloc(*list, more * each);
    if (!moved)
        return xg_fail_nomem(err);
    *list = moved;
    *room = more;
    return XG_OK;
}
