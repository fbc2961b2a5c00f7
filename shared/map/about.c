/* about.c - see about.h. */
#include "shared/map/about.h"

#include <stdio.h>
#include <string.h>

json_t *xg_mbtiles_about_json(const struct xg_mbtiles_about *a)
{
    json_t *bounds = a->has_bounds ? json_pack("[f,f,f,f]", a->west, a->south,
                                               a->east, a->north)
                                   : json_null();

    return json_pack("{s:s, s:s, s:i, s:i, s:i, s:I, s:o}", "title", a->title,
                     "attribution", a->attribution, "type", (int)a->type,
                     "least_zoom", (int)a->least_zoom, "most_zoom",
                     (int)a->most_zoom, "tiles", (json_int_t)a->tiles,
                     "bounds", bounds);
}

static bool read_text(char out[static XG_MBTILES_TEXT_SIZE], const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++)
        if ((*at < 0x20 && *at != '\t') || *at == 0x7F)
            return false;
    return snprintf(out, XG_MBTILES_TEXT_SIZE, "%s", text) <
           XG_MBTILES_TEXT_SIZE;
}

static bool read_bounds(struct xg_mbtiles_about *a, json_t *json)
{
    if (json_is_null(json))
        return true;
    a->has_bounds = json_unpack(json, "[F,F,F,F!]", &a->west, &a->south,
                                &a->east, &a->north) == 0;
    return a->has_bounds && a->west >= -180 && a->east <= 180 &&
           a->south >= -90 && a->north <= 90 && a->west < a->east &&
           a->south < a->north;
}

bool xg_mbtiles_about_read(struct xg_mbtiles_about *out, json_t *json)
{
    struct xg_mbtiles_about a = {.tiles = 0};
    const char *title, *attribution;
    int type, least, most;
    json_int_t tiles;
    json_t *bounds;

    if (json_unpack(json, "{s:s, s:s, s:i, s:i, s:i, s:I, s:o}", "title",
                    &title, "attribution", &attribution, "type", &type,
                    "least_zoom", &least, "most_zoom", &most, "tiles", &tiles,
                    "bounds", &bounds) != 0 ||
        tiles < 0 || type < XG_PHOTO_JPEG || type > XG_PHOTO_WEBP ||
        least < 0 || most < least || most > XG_MBTILES_ZOOM_MAX ||
        !read_text(a.title, title) ||
        !read_text(a.attribution, attribution) || !read_bounds(&a, bounds))
        return false;
    a.tiles = (uint64_t)tiles;
    a.type = (enum xg_photo_type)type;
    a.least_zoom = (uint32_t)least;
    a.most_zoom = (uint32_t)most;
    *out = a;
    return true;
}
