/* maps.c - `maps`, `maps add`, `maps remove`: what the console's maps are drawn
 * on (shared/map/maps.h). They lie in the data folder, beside the log and not
 * in it: no device gets them, no backup has them. */
#include "server/cli/print.h"
#include "server/data/data.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/map/show.h"

enum { ARENA_MAX = 1 << 20 };
/* Records and photos from the field come first. */
static const uint64_t SPARE_BYTES = UINT64_C(256) << 20;

static enum xg_status put(struct cmd *c, const struct xg_map *m,
                          struct xg_error *err)
{
    if (c->json)
        return cmd_put_json(c, xg_map_json(m), err);
    xg_map_put(&c->out, m);
    return XG_OK;
}

static void put_notes(struct cmd *c, size_t count, size_t broken)
{
    if (count == 0)
        xg_buf_text(&c->out,
                    XG_T("还没有地图；maps add 目录 文件 --name 名称 添加\n",
                         "there is no map yet; maps add DIR FILE --name NAME "
                         "adds one\n"));
    if (broken)
        xg_buf_format(&c->out,
                      XG_T("%zu 个地图的说明损坏，请重新添加\n",
                           "the descriptions of %zu maps are damaged; add them "
                           "anew\n"),
                      broken);
}

enum xg_status cmd_maps(struct cmd *c, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    size_t count = 0, broken = 0;
    struct xg_map *maps = NULL;
    enum xg_status status =
        xg_maps_list(&maps, &count, &broken, &arena, c->data->dir, err);

    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = put(c, &maps[i], err);
    if (status == XG_OK && !c->json)
        put_notes(c, count, broken);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status cmd_maps_add(struct cmd *c, struct xg_error *err)
{
    struct xg_maps_choice choice = {.name = cmd_option(c, "name"),
                                    .attribution = cmd_option(c, "attribution"),
                                    .spare_bytes = SPARE_BYTES};
    struct xg_map map;
    bool replaced;

    if (xg_maps_crs_read(&choice.crs, cmd_option(c, "crs"), err) != XG_OK ||
        xg_maps_add(&map, &replaced, c->data->dir, c->files[CMD_FILE_IN],
                    &choice, c->env, err) != XG_OK)
        return err->status;
    xg_log(XG_LOG_INFO, "maps.added", "name=%s crs=%s bytes=%llu", map.name,
           xg_maps_crs_name(map.crs), (unsigned long long)map.bytes);
    if (put(c, &map, err) != XG_OK)
        return err->status;
    if (!c->json)
        xg_buf_format(&c->out, "%s\n", xg_map_added_text(replaced));
    return XG_OK;
}

enum xg_status cmd_maps_remove(struct cmd *c, struct xg_error *err)
{
    if (xg_maps_remove(c->data->dir, c->args[1], err) != XG_OK)
        return err->status;
    xg_log(XG_LOG_INFO, "maps.removed", "name=%s", c->args[1]);
    if (c->json)
        return cmd_put_json(c, json_pack("{s:s}", "removed", c->args[1]), err);
    xg_buf_format(&c->out, XG_T("已删去地图 %s\n", "map %s is removed\n"),
                  c->args[1]);
    return XG_OK;
}
