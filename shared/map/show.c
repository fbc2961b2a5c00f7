/* show.c - see show.h. */
#include "shared/map/show.h"

#include <inttypes.h>

#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

json_t *xg_map_json(const struct xg_map *m)
{
    const struct xg_mbtiles_about *a = &m->about;
    json_t *object = json_object(), *bounds = json_null();

    if (a->has_bounds)
        bounds = json_pack("[f,f,f,f]", a->west, a->south, a->east, a->north);
    view_json_set(&object, "name", json_string(m->name));
    view_json_set(&object, "title", json_string(a->title));
    view_json_set(&object, "attribution", json_string(a->attribution));
    view_json_set(&object, "crs", json_string(xg_maps_crs_name(m->crs)));
    view_json_set(&object, "type", json_string(xg_photo_type_mime(a->type)));
    view_json_set(&object, "least_zoom", json_integer(a->least_zoom));
    view_json_set(&object, "most_zoom", json_integer(a->most_zoom));
    view_json_set(&object, "bounds", bounds);
    view_json_set(&object, "tiles", json_integer((json_int_t)a->tiles));
    view_json_set(&object, "bytes", json_integer((json_int_t)m->bytes));
    return object;
}

void xg_map_put(struct xg_buf *out, const struct xg_map *m)
{
    char size[VIEW_SIZE_TEXT];

    xg_buf_format(out,
                  XG_T("%-16s  %s  %u–%u 级  %" PRIu64 " 块  %s  %s  %s\n",
                       "%-16s  %s  levels %u-%u  %" PRIu64 " tiles  %s  %s  "
                       "%s\n"),
                  m->name, m->about.title, m->about.least_zoom,
                  m->about.most_zoom, m->about.tiles,
                  view_size_text(size, m->bytes), xg_maps_crs_name(m->crs),
                  m->about.attribution);
}

const char *xg_map_added_text(bool replaced)
{
    return replaced ? XG_T("已换上这个地图。", "It took the other's place.")
                    : XG_T("已添加。", "It is added.");
}
