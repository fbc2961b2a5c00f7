/* cmd_maps.c - offline maps: which there are, one more, one less. Maps are no
 * secret; a locked device shows them too.
 */
#include "agent/cli/cli.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/photo/photo.h"
#include "shared/map/show.h"

enum { ARENA_MAX = 1 << 20 };

static enum xg_status put(struct cli *cli, const struct xg_map *m,
                          struct xg_error *err)
{
    if (cli->json)
        return cli_put_json(cli, xg_map_json(m), err);
    xg_map_put(&cli->out, m);
    return xg_buf_check(&cli->out, err);
}

enum xg_status cmd_maps(struct cli *cli, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    size_t count = 0, broken = 0;
    struct xg_map *maps = NULL;
    enum xg_status status =
        xg_maps_list(&maps, &count, &broken, &arena, cli->path, err);

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

/* "-": standard input. */
static enum xg_status open_source(int *fd, const char *source,
                                  struct xg_error *err)
{
    struct stat info;

    if (strcmp(source, "-") == 0) {
        *fd = STDIN_FILENO;
        return XG_OK;
    }
    int opened = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0)
        return xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), source);
    if (fstat(opened, &info) != 0 || !S_ISREG(info.st_mode)) {
        close(opened);
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 不是文件", "%s is no file"), source);
    }
    *fd = opened;
    return XG_OK;
}

enum xg_status cmd_maps_add(struct cli *cli, struct xg_error *err)
{
    struct xg_maps_choice choice = {.name = cli_flag(cli, "name"),
                                    .attribution = cli_flag(cli, "attribution"),
                                    .spare_bytes = PHOTO_RESERVE_BYTES};
    struct xg_map map;
    bool replaced;
    int source = -1;

    if (!choice.name)
        return xg_fail(err, XG_USAGE,
                       XG_T("请用 --name 给地图起个名字",
                            "say what it is called: --name NAME"));
    if (xg_maps_crs_read(&choice.crs, cli_flag(cli, "crs"), err) != XG_OK ||
        open_source(&source, cli->words[0], err) != XG_OK)
        return err->status;
    enum xg_status status = xg_maps_add(&map, &replaced, cli->path, source,
                                        &choice, &cli->env, err);
    if (source != STDIN_FILENO)
        close(source);
    if (status != XG_OK)
        return status;
    cli->saved = true;
    if (put(cli, &map, err) != XG_OK)
        return err->status;
    cli_say(cli, "%s", xg_map_added_text(replaced));
    return XG_OK;
}

enum xg_status cmd_maps_remove(struct cli *cli, struct xg_error *err)
{
    if (xg_maps_remove(cli->path, cli->words[0], err) != XG_OK)
        return err->status;
    cli->saved = true;
    if (cli->json)
        return cli_put_json(cli, json_pack("{s:s}", "removed", cli->words[0]),
                            err);
    xg_buf_format(&cli->out, XG_T("已删去地图 %s\n", "map %s is removed\n"),
                  cli->words[0]);
    return xg_buf_check(&cli->out, err);
}
