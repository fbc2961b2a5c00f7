/* cmd_describe.c - describe: what a page, or any other program, builds its
 * forms, menus and labels from. Keys: docs/page.md.
 */
#include "agent/cli/cli.h"

#include <string.h>

#include "shared/view/describe.h"

enum { PEOPLE_ARENA_MAX = 64 << 20 };

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

static bool is_captured(void *ctx, const struct xg_kind *kind)
{
    struct cli_command c;

    (void)ctx;
    return cli_command_named(&c, kind->name) && c.kind == kind;
}

static enum xg_status describe(struct cli *cli, struct people *people,
                               struct xg_error *err)
{
    struct xg_judgement who = {.no_right = NULL};
    struct store_identity id;
    struct xg_guide *g = NULL;

    if (store_get_identity(cli->home.store, &id, err) != XG_OK ||
        fold_actor(cli->home.store, &who, cli_flag(cli, "as"), err) != XG_OK ||
        store_list_workers(cli->home.store, take_person, people, err) !=
            XG_OK ||
        cli_guide(cli, &g, err) != XG_OK)
        return err->status;
    if (people->failed)
        return xg_fail_nomem(err);
    const struct view_me me = {.worker = who.author,
                               .name = who.author,
                               .unit = who.unit,
                               .device = id.device,
                               .role = who.role};
    const struct view_description d = {.labels = cli_labels(cli),
                                       .captured = {is_captured, NULL},
                                       .guide = g,
                                       .me = &me,
                                       .people = people->list,
                                       .people_count = people->count,
                                       .today = cli_today(cli),
                                       .program = cli_version};
    return view_describe(&cli->out, &d, cli_flag(cli, "unless"), cli->json,
                         err);
}

enum xg_status cmd_describe(struct cli *cli, struct xg_error *err)
{
    struct people people = {.arena = XG_ARENA(PEOPLE_ARENA_MAX)};
    enum xg_status status = describe(cli, &people, err);

    xg_arena_clear(&people.arena);
    return status;
}
