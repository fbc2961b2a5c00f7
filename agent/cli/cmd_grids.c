/* cmd_grids.c - `grids`: the borders of the device's own units, of what is
 * below them and of what lies around (shared/view/grids.h), from the newest
 * imported boundaries that are here.
 */
#include "agent/cli/cli.h"

#include <string.h>

#include "shared/view/grids.h"

enum { FILE_BYTES_MAX = 64 << 20, LIST_BYTES_MAX = 16 << 20 };

/* The newest edition whose file is here; *state says what that means. */
static enum xg_status find_file(struct cli *cli, struct xg_buf *content,
                                const char **state, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LIST_BYTES_MAX);
    struct store *s = cli->home.store;
    struct store_reference *rows;
    size_t count;
    bool found = false;
    enum xg_status status = store_list_references(
        s, &arena, &rows, &count, "boundaries", UINT64_MAX, err);

    if (status == XG_OK)
        *state = count ? "not-fetched" : "none";
    for (size_t i = status == XG_OK ? count : 0; i > 0 && !found; i--) {
        if (!rows[i - 1].here)
            continue;
        status = store_get_reference_file(s, content, &found,
                                          &rows[i - 1].says.file, err);
        if (status != XG_OK)
            break;
        if (found)
            *state = i == count ? "here" : "older";
    }
    xg_arena_clear(&arena);
    return status;
}

/* NULL: there is nothing to do. */
static const char *advice(const char *state)
{
    if (strcmp(state, "none") == 0)
        return XG_T("指挥中心没有发布网格边界",
                    "the command centre has published no boundaries");
    if (strcmp(state, "not-fetched") == 0)
        return XG_T("网格边界还没有取回（按流量计费时不取）：连上 Wi-Fi 后同步，"
                    "或 xunge sync --unmetered",
                    "the boundaries have not been fetched (they are left for "
                    "another time where bytes cost): sync with Wi-Fi, or xunge "
                    "sync --unmetered");
    if (strcmp(state, "older") == 0)
        return XG_T("有更新的网格边界还没有取回：连上 Wi-Fi 后同步",
                    "newer boundaries have not been fetched: sync with Wi-Fi");
    return NULL;
}

static enum xg_status put(struct cli *cli, const struct view_grids *of,
                          struct xg_error *err)
{
    json_t *object;

    if (view_grids(&object, of, err) != XG_OK)
        return err->status;
    const char *text = json_string_value(json_object_get(object, "text"));
    cli->data = true;
    if (text)
        cli_say(cli, "%s", text);
    return cli_put_json(cli, object, err);
}

enum xg_status cmd_grids(struct cli *cli, struct xg_error *err)
{
    struct xg_buf content = XG_BUF(FILE_BYTES_MAX);
    struct xg_judgement me = {.no_right = NULL};
    struct xg_guide *guide = NULL;
    struct view_grids of = {.own = me.unit};

    if (fold_actor(cli->home.store, &me, NULL, err) != XG_OK ||
        cli_guide(cli, &guide, err) != XG_OK ||
        xg_guide_territory(guide, &of.territory, err) != XG_OK)
        return err->status;
    enum xg_status status = find_file(cli, &content, &of.state, err);
    if (status == XG_OK) {
        of.text = advice(of.state);
        of.boundaries = xg_buf_bytes(&content);
        status = put(cli, &of, err);
    }
    xg_buf_clear(&content);
    return status;
}
