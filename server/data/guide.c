/* guide.c - see guide.h. */
#include "server/data/guide.h"

#include <string.h>

#include "shared/guide/catalogue.h"

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

/* ---- clocks ---- */

/* UINT64_MAX: not yet. */
static uint64_t filed_at(const struct fold *fold)
{
    uint32_t op = xg_filing_of(&fold->state);

    return op == XG_NONE ? UINT64_MAX : fold->rows[op].position;
}

enum xg_status guide_rules_of(struct guide_rules *rules, struct xg_guide *guide,
                              const struct fold *fold, struct xg_error *err)
{
    static const struct xg_catalogue none;
    const struct xg_state *s = &fold->state;
    const struct xg_catalogue *catalogue;
    const struct xg_calendar *calendar;
    struct xg_cbor_item code = {.type = XG_CBOR_NULL};
    struct xg_bytes category = xg_bytes(NULL, 0);

    if (xg_guide_catalogue(guide, &catalogue, NULL, filed_at(fold), err) !=
            XG_OK ||
        xg_guide_calendar(guide, &calendar, err) != XG_OK)
        return err->status;
    if (s->kind && s->kind->number == XG_KIND_INCIDENT &&
        xg_state_value(s, XG_INCIDENT_CATEGORY, &code) &&
        code.type == XG_CBOR_TEXT)
        category = code.bytes;
    *rules = (struct guide_rules){
        .kind = s->kind ? s->kind->number : 0,
        .status = s->status,
        .limits = xg_category_limits(
            s->kind ? xg_catalogue_of(catalogue ? catalogue : &none, s->kind,
                                      category)
                    : NULL),
        .calendar = calendar};
    return XG_OK;
}

enum xg_status guide_clocks(struct xg_clock **clocks, size_t *count,
                            struct xg_arena *arena, const struct fold *fold,
                            const struct guide_rules *rules, int64_t now_ms,
                            struct xg_error *err)
{
    return xg_clocks_of(clocks, count, arena, &fold->state, fold->whens,
                        rules->limits, rules->calendar, now_ms, err);
}
