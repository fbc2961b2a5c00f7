/* guide.c - see guide.h. */
#include "server/guide.h"

#include <string.h>

enum { FILES_ARENA = 256 << 20 };

static enum xg_status
read_one(struct store *s, struct xg_arena *arena,
         const struct store_reference *row,
         enum xg_status visit(void *visitor, const struct xg_guide_file *f,
                              struct xg_error *err),
         void *visitor, struct xg_error *err)
{
    struct xg_guide_file file = {.position = row->position,
                                 .edition = row->says.edition};
    bool found = false;

    if (s->ops->read_file(s, arena, &file.content, &found, &row->says.file,
                          err) != XG_OK)
        return err->status;
    if (!found)
        return xg_fail(err, XG_CORRUPT, "the file of %s %s is missing",
                       row->says.kind, row->says.edition);
    return visit(visitor, &file, err);
}

static enum xg_status each(void *ctx, const char *kind, uint64_t size,
                           enum xg_status visit(void *visitor,
                                                const struct xg_guide_file *f,
                                                struct xg_error *err),
                           void *visitor, struct xg_error *err)
{
    struct store *s = ctx;
    struct xg_arena rows_arena = XG_ARENA(FILES_ARENA);
    struct xg_arena arena = XG_ARENA(FILES_ARENA);
    struct store_reference *rows;
    size_t count = 0;
    enum xg_status status =
        s->ops->read_references(s, &rows_arena, &rows, &count, err);

    for (size_t i = 0; status == XG_OK && i < count; i++) {
        if (rows[i].position >= size || strcmp(rows[i].says.kind, kind) != 0)
            continue;
        xg_arena_reset(&arena);
        status = read_one(s, &arena, &rows[i], visit, visitor, err);
    }
    xg_arena_clear(&arena);
    xg_arena_clear(&rows_arena);
    return status;
}

struct xg_guide_source guide_source(struct store *store)
{
    return (struct xg_guide_source){store, each};
}

enum xg_status guide_mark(uint64_t *mark, struct store *store,
                          struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(FILES_ARENA);
    struct store_reference *rows;
    size_t count;
    enum xg_status status =
        store->ops->read_references(store, &arena, &rows, &count, err);

    if (status == XG_OK)
        *mark = count ? rows[count - 1].position + 1 : 0;
    xg_arena_clear(&arena);
    return status;
}
