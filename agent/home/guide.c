/* guide.c - see guide.h. */
#include "agent/home/guide.h"

#include <sodium.h>

enum { LIST_BYTES_MAX = 16 << 20, FILE_BYTES_MAX = 64 << 20 };

typedef enum xg_status visit_file(void *visitor, const struct xg_guide_file *f,
                                  struct xg_error *err);

static enum xg_status visit_one(struct store *s, struct xg_buf *content,
                                const struct store_reference *row,
                                visit_file *visit, void *visitor,
                                struct xg_error *err)
{
    struct xg_guide_file file = {.position = row->position,
                                 .edition = row->says.edition};
    bool found;

    xg_buf_reset(content);
    if (store_get_reference_file(s, content, &found, &row->says.file, err) !=
        XG_OK)
        return err->status;
    if (!found)
        return XG_OK;
    file.content = xg_buf_bytes(content);
    return visit(visitor, &file, err);
}

static enum xg_status each(void *ctx, const char *kind, uint64_t size,
                           visit_file *visit, void *visitor,
                           struct xg_error *err)
{
    struct store *s = ctx;
    struct xg_arena arena = XG_ARENA(LIST_BYTES_MAX);
    struct xg_buf content = XG_BUF(FILE_BYTES_MAX);
    struct store_reference *rows;
    size_t count = 0;
    enum xg_status status =
        store_list_references(s, &arena, &rows, &count, kind, size, err);

    for (size_t i = 0; status == XG_OK && i < count; i++)
        if (rows[i].here)
            status = visit_one(s, &content, &rows[i], visit, visitor, err);
    if (content.data)
        sodium_memzero(content.data, content.cap);
    xg_buf_clear(&content);
    xg_arena_clear(&arena);
    return status;
}

struct xg_guide_source guide_of_device(struct store *s)
{
    return (struct xg_guide_source){s, each};
}
