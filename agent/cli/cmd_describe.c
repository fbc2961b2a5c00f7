/* cmd_describe.c - describe: what a page, or any other program, builds its
 * forms, menus and labels from. Keys: docs/page.md.
 */
#include "agent/cli/cli.h"

#include <sodium.h>
#include <string.h>

#include "shared/core/loop.h"
#include "shared/guide/catalogue.h"
#include "shared/view/describe.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum {
    PEOPLE_ARENA_MAX = 64 << 20,
    DESCRIPTION_MAX = 64 << 20,
    VERSION_BYTES = 16,
};

/* ---- whom the registry knows ---- */

struct people {
    struct xg_arena arena;
    struct view_person *list;
    size_t count, room;
    bool failed;
};

static bool take_person(void *ctx, const struct xg_statement *says)
{
    struct people *p = ctx;

    if (p->count == p->room) {
        size_t room = p->room ? 2 * p->room : 256;
        struct view_person *list =
            xg_arena_array(&p->arena, room, sizeof *list);
        p->failed = !list;
        if (!list)
            return false;
        if (p->count)
            memcpy(list, p->list, p->count * sizeof *list);
        p->list = list;
        p->room = room;
    }
    struct view_person *one = &p->list[p->count++];
    *one = (struct view_person){
        .code = xg_arena_str(&p->arena, says->subject, strlen(says->subject)),
        .unit = xg_arena_str(&p->arena, says->unit, strlen(says->unit)),
        .role = xg_role_find(says->role)};
    p->failed = !one->code || !one->unit;
    return !p->failed;
}

/* ---- JSON ---- */

static bool is_captured(const struct xg_kind *kind)
{
    struct cli_command c;

    return cli_command_named(&c, kind->name) && c.kind == kind;
}

static json_t *me_json(const struct xg_judgement *me, const char *device)
{
    json_t *units = json_array();

    if (*me->unit)
        json_array_append_new(units, json_string(me->unit));
    return json_pack("{s:s, s:s, s:s?, s:o, s:s}", "worker", me->author,
                     "name", me->author, "role",
                     me->role ? me->role->name : NULL, "units", units,
                     "device", device);
}

static enum xg_status gather(json_t **out, struct cli *cli,
                             struct people *people, struct xg_error *err)
{
    struct xg_judgement me = {.no_right = NULL};
    struct store_identity id;
    struct xg_guide *g = NULL;
    json_t *all, *site = NULL;

    if (store_get_identity(cli->home.store, &id, err) != XG_OK ||
        fold_actor(cli->home.store, &me, cli_flag(cli, "as"), err) != XG_OK ||
        store_list_workers(cli->home.store, take_person, people, err) !=
            XG_OK ||
        cli_guide(cli, &g, err) != XG_OK)
        return err->status;
    if (people->failed)
        return xg_fail_nomem(err);
    if (view_site_json(&site, g, me.unit, people->list, people->count,
                       cli_today(cli), err) != XG_OK)
        return err->status;
    all = view_domain_json(cli_labels(cli), is_captured);
    if (!all || json_object_set_new(all, "site", site) != 0 ||
        json_object_set_new(all, "me", me_json(&me, id.device)) != 0 ||
        json_object_set_new(all, "program", json_string(cli_version)) != 0) {
        json_decref(all);
        return xg_fail_nomem(err);
    }
    *out = all;
    return XG_OK;
}

/* What it holds, in a few letters: the same as long as all of it is. */
static void version_of(char version[static 2 * VERSION_BYTES + 1],
                       const struct xg_buf *text)
{
    uint8_t hash[VERSION_BYTES];

    crypto_generichash(hash, sizeof hash, text->data, text->len, NULL, 0);
    xg_hex(version, hash, sizeof hash);
}

/* ---- text ---- */

/* "  事件        incident       7" : a name for typing, and how many. */
static void put_line(struct xg_buf *out, const json_t *one, size_t count)
{
    const char *label =
        json_string_value(json_object_get(one, xg_label("zh", "en")));
    size_t start = out->len;

    xg_buf_text(out, "  ");
    xg_buf_text(out, json_string_value(json_object_get(one, "name")));
    view_pad(out, start, 18);
    view_put_column(out, xg_bytes_of(label), 28);
    xg_buf_format(out, "%5zu\n", count);
}

static void put_all(struct xg_buf *out, const json_t *list, const char *title,
                    const char *counted)
{
    size_t i;
    json_t *one;

    xg_buf_format(out, "%s\n", title);
    json_array_foreach(list, i, one)
        put_line(out, one, json_array_size(json_object_get(one, counted)));
}

static void put_site(struct xg_buf *out, const json_t *site)
{
    const struct {
        const char *key, *zh, *en;
    } lists[] = {{"categories", "类别", "categories"},
                 {"templates", "表单", "forms"},
                 {"units", "单位", "units"},
                 {"people", "人员", "people"},
                 {"levels", "层级", "levels"},
                 {"boards", "板块", "boards"},
                 {"duties", "职责", "duties"}};

    xg_buf_text(out, XG_T("本地资料\n", "this site\n"));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        size_t start = out->len;
        xg_buf_format(out, "  %s", xg_label(lists[i].zh, lists[i].en));
        view_pad(out, start, 46);
        xg_buf_format(out, "%5zu\n",
                      json_array_size(json_object_get(site, lists[i].key)));
    }
}

static void put_text(struct xg_buf *out, const json_t *all,
                     const char *version)
{
    put_all(out, json_object_get(all, "kinds"),
            XG_T("种类（字段数）", "kinds (fields)"), "fields");
    put_all(out, json_object_get(all, "moves"),
            XG_T("办理步骤（几种情形）", "moves (ways)"), "ways");
    put_site(out, json_object_get(all, "site"));
    xg_buf_format(out,
                  XG_T("版本 %s；全部内容见 --json\n",
                       "version %s; all of it with --json\n"),
                  version);
}

static enum xg_status answer(struct cli *cli, const json_t *all,
                             const struct xg_buf *text, struct xg_error *err)
{
    const char *unless = cli_flag(cli, "unless");
    char version[2 * VERSION_BYTES + 1];

    version_of(version, text);
    if (unless && strcmp(unless, version) == 0) {
        if (cli->json)
            return cli_put_json(cli, json_pack("{s:b}", "same", 1), err);
        cli_say(cli, "%s", XG_T("没有变化。", "It is the same."));
        return XG_OK;
    }
    if (cli->json) {
        /* Ahead of the rest, which is written once for both. */
        xg_buf_format(&cli->out, "{\"version\":\"%s\",", version);
        xg_buf_append(&cli->out, text->data + 1, text->len - 1);
        xg_buf_byte(&cli->out, '\n');
    } else {
        put_text(&cli->out, all, version);
    }
    return xg_buf_check(&cli->out, err);
}

enum xg_status cmd_describe(struct cli *cli, struct xg_error *err)
{
    struct people people = {.arena = XG_ARENA(PEOPLE_ARENA_MAX)};
    struct xg_buf text = XG_BUF(DESCRIPTION_MAX);
    json_t *all = NULL;
    enum xg_status status = gather(&all, cli, &people, err);

    xg_arena_clear(&people.arena);
    if (status == XG_OK)
        status = view_json_put(&text, json_incref(all), err);
    if (status == XG_OK)
        status = answer(cli, all, &text, err);
    json_decref(all);
    xg_buf_clear(&text);
    return status;
}
