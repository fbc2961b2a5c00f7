/* cmd_maps.c - offline maps: which there are, one more, one less. Maps are no
 * secret; a locked device shows them too.
 */
#include "agent/cli/cli.h"

#include <inttypes.h>
#include <string.h>

#include "agent/home/maps.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum { ARENA_MAX = 1 << 20 };

static json_t *map_json(const struct map *m)
{
    const struct mbtiles_about *a = &m->about;
    json_t *object = json_object(), *bounds = json_null();

    if (a->has_bounds)
        bounds = json_pack("[f,f,f,f]", a->west, a->south, a->east, a->north);
    view_json_set(&object, "name", json_string(m->name));
    view_json_set(&object, "title", json_string(a->title));
    view_json_set(&object, "attribution", json_string(a->attribution));
    view_json_set(&object, "crs", json_string(maps_crs_name(m->crs)));
    view_json_set(&object, "type", json_string(xg_photo_type_mime(a->type)));
    view_json_set(&object, "least_zoom", json_integer(a->least_zoom));
    view_json_set(&object, "most_zoom", json_integer(a->most_zoom));
    view_json_set(&object, "bounds", bounds);
    view_json_set(&object, "tiles", json_integer((json_int_t)a->tiles));
    view_json_set(&object, "bytes", json_integer((json_int_t)m->bytes));
    return object;
}

static void put_map(struct xg_buf *out, const struct map *m)
{
    char size[VIEW_SIZE_TEXT];

    xg_buf_format(out,
                  XG_T("%-16s  %s  %u–%u 级  %" PRIu64 " 块  %s  %s  %s\n",
                       "%-16s  %s  levels %u-%u  %" PRIu64 " tiles  %s  %s  "
                       "%s\n"),
                  m->name, m->about.title, m->about.least_zoom,
                  m->about.most_zoom, m->about.tiles,
                  view_size_text(size, m->bytes), maps_crs_name(m->crs),
                  m->about.attribution);
}

static enum xg_status put(struct cli *cli, const struct map *m,
                          struct xg_error *err)
{
    if (cli->json)
        return cli_put_json(cli, map_json(m), err);
    put_map(&cli->out, m);
    return xg_buf_check(&cli->out, err);
}

enum xg_status cmd_maps(struct cli *cli, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    size_t count = 0, broken = 0;
    struct map *maps = NULL;
    enum xg_status status =
        maps_list(&maps, &count, &broken, &arena, cli->path, err);

    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = put(cli, &maps[i], err);
    if (status == XG_OK && count == 0)
        cli_say(cli, "%s",
                XG_T("还没有离线地图；xunge maps add 文件 --name 名称 添加",
                     "there is no offline map yet; xunge maps add FILE --name "
                     "NAME adds one"));
    if (status == XG_OK && broken)
        cli_say(cli,
                XG_T("%zu 个地图的说明损坏，请重新添加",
                     "the descriptions of %zu maps are damaged; add them anew"),
                broken);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status cmd_maps_add(struct cli *cli, struct xg_error *err)
{
    const char *crs = cli_flag(cli, "crs");
    struct maps_choice choice = {.name = cli_flag(cli, "name"),
                                 .attribution = cli_flag(cli, "attribution")};
    struct map map;
    bool replaced;

    if (!choice.name)
        return xg_fail(err, XG_USAGE,
                       XG_T("请用 --name 给地图起个名字",
                            "say what it is called: --name NAME"));
    if (crs && !maps_crs_of(&choice.crs, crs))
        return xg_fail(err, XG_USAGE,
                       XG_T("--crs 只能是 wgs84、gcj02 或 bd09，不是“%s”",
                            "--crs is wgs84, gcj02 or bd09, not \"%s\""),
                       crs);
    if (maps_add(&map, &replaced, cli->path, cli->words[0], &choice, &cli->env,
                 err) != XG_OK)
        return err->status;
    cli->saved = true;
    if (put(cli, &map, err) != XG_OK)
        return err->status;
    cli_say(cli, "%s",
            replaced ? XG_T("已换上这个地图。", "It took the other's place.")
                     : XG_T("已添加。", "It is added."));
    return XG_OK;
}

enum xg_status cmd_maps_remove(struct cli *cli, struct xg_error *err)
{
    if (maps_remove(cli->path, cli->words[0], err) != XG_OK)
        return err->status;
    cli->saved = true;
    if (cli->json)
        return cli_put_json(cli, json_pack("{s:s}", "removed", cli->words[0]),
                            err);
    xg_buf_format(&cli->out, XG_T("已删去地图 %s\n", "map %s is removed\n"),
                  cli->words[0]);
    return xg_buf_check(&cli->out, err);
}
