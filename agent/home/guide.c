/* guide.c - see guide.h. */
#include "agent/home/guide.h"

#include <sodium.h>

#include "shared/guide/catalogue.h"

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

/* ---- the clocks of a case ---- */

/* The place in the log at which it was filed; UINT64_MAX while it is not. */
static uint64_t filed_at(const struct fold *fold)
{
    uint32_t op = xg_filing_of(&fold->state);

    return op == XG_NONE || !fold->facts[op].logged ? UINT64_MAX
                                                    : fold->facts[op].position;
}

static struct xg_bytes category_of(const struct xg_state *s)
{
    struct xg_cbor_item item;

    if (s->kind->number == XG_KIND_INCIDENT &&
        xg_state_value(s, XG_INCIDENT_CATEGORY, &item) &&
        item.type == XG_CBOR_TEXT)
        return item.bytes;
    return xg_bytes(NULL, 0);
}

enum xg_status guide_clocks_of(struct xg_clock **clocks, size_t *count,
                               struct xg_arena *arena, struct xg_guide *guide,
                               const struct fold *fold, int64_t now_ms,
                               struct xg_error *err)
{
    const struct xg_catalogue *catalogue = NULL;
    const struct xg_category *category = NULL;
    const struct xg_calendar *calendar;

    if (xg_guide_calendar(guide, &calendar, err) != XG_OK ||
        xg_guide_catalogue(guide, &catalogue, NULL, filed_at(fold), err) !=
            XG_OK)
        return err->status;
    if (catalogue)
        category = xg_catalogue_of(catalogue, fold->state.kind,
                                   category_of(&fold->state));
    return xg_clocks_of(clocks, count, arena, &fold->state, fold->whens,
                        xg_category_limits(category), calendar, now_ms, err);
}
