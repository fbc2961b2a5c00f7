/* list.c - rows of which nobody knows how many come, into an arena: they are
 * gathered, and kept when all are there. */
#include "server/board/inside.h"

#include <string.h>

enum xg_status board_gather(struct xg_buf *list, size_t each, struct xg_stmt *s,
                            board_read_row *read, struct xg_error *err)
{
    while (list->failed == XG_OK && xg_stmt_next(s)) {
        uint8_t *item = xg_buf_room(list, each);
        if (!item)
            break;
        memset(item, 0, each);
        read(s, item);
        list->len += each;
    }
    return xg_stmt_done(s, err);
}

enum xg_status board_keep(void **out, size_t *count, struct xg_arena *arena,
                          struct xg_buf *list, size_t each,
                          struct xg_error *err)
{
    enum xg_status status = xg_buf_check(list, err);
    void *kept = NULL;

    if (status == XG_OK) {
        kept = xg_arena_array(arena, list->len / each + 1, each);
        if (!kept)
            status = xg_fail_nomem(err);
    }
    if (status == XG_OK) {
        if (list->len)
            memcpy(kept, list->data, list->len);
        *out = kept;
        *count = list->len / each;
    }
    xg_buf_clear(list);
    return status;
}

enum xg_status board_read(void **out, size_t *count, struct xg_arena *arena,
                          size_t each, struct xg_stmt *s, board_read_row *read,
                          struct xg_error *err)
{
    struct xg_buf list = XG_BUF(SIZE_MAX / 2);

    if (board_gather(&list, each, s, read, err) == XG_OK)
        return board_keep(out, count, arena, &list, each, err);
    xg_buf_clear(&list);
    return err->status;
}
