/* grids.c - `grids`: the borders of an operator's units, of what is below them
 * and of what lies around (shared/view/grids.h), from the boundaries in force.
 */
#include <string.h>

#include "server/cli/look.h"
#include "server/cli/print.h"
#include "shared/base/lang.h"
#include "shared/view/grids.h"

/* The newest edition; empty: none was imported. */
static enum xg_status find_file(struct look *l, struct view_grids *of,
                                struct xg_error *err)
{
    struct store_reference *rows;
    size_t count;
    bool found = false;

    of->state = "none";
    of->text = XG_T("还没有导入边界：territory import DIR 文件.geojson",
                    "no boundaries were imported: territory import DIR "
                    "FILE.geojson");
    if (l->store->ops->read_references(l->store, &l->arena, &rows, &count,
                                       err) != XG_OK)
        return err->status;
    for (size_t i = count; i > 0 && !found; i--)
        if (strcmp(rows[i - 1].says.kind, "boundaries") == 0 &&
            l->store->ops->read_file(l->store, &l->arena, &of->boundaries,
                                     &found, &rows[i - 1].says.file,
                                     err) != XG_OK)
            return err->status;
    if (found) {
        of->state = "here";
        of->text = NULL;
    }
    return XG_OK;
}

static enum xg_status grids(struct look *l, struct xg_error *err)
{
    struct view_grids of = {.own = ""};
    struct xg_statement who;
    json_t *object;
    bool known;

    if (look_person(l, &who, &known, err) != XG_OK ||
        look_guide(l, err) != XG_OK ||
        xg_guide_territory(l->guide, &of.territory, err) != XG_OK ||
        find_file(l, &of, err) != XG_OK)
        return err->status;
    if (known)
        of.own = who.unit;
    if (view_grids(&object, &of, err) != XG_OK)
        return err->status;
    return cmd_put_json(l->c, object, err);
}

enum xg_status cmd_grids(struct cmd *c, struct xg_error *err)
{
    struct look l;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = grids(&l, err);
    look_close(&l);
    return status;
}
