/* territory.c - the imported territory, from the store. Inside a ledger job, on
 * its store: a reader of its own would not see what the job itself wrote. */
#include "server/registry/inside.h"

enum xg_status registry_territory(struct xg_territory *out,
                                  struct xg_arena *arena, struct store *store,
                                  struct xg_error *err)
{
    struct xg_territory all = {NULL, 0};
    struct store_reference *references;
    size_t count;

    if (store->ops->read_references(store, arena, &references, &count, err) !=
        XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        const struct xg_reference *r = &references[i].says;
        struct xg_territory file;
        struct xg_bytes content;
        bool found;
        if (strcmp(r->kind, "territory") != 0)
            continue;
        if (store->ops->read_file(store, arena, &content, &found, &r->file,
                                  err) != XG_OK)
            return err->status;
        if (found &&
            (xg_territory_read(&file, arena, content, err) != XG_OK ||
             xg_territory_merge(&all, arena, &all, &file, err) != XG_OK))
            return xg_wrap(err, "territory %s", r->edition);
    }
    *out = all;
    return XG_OK;
}
