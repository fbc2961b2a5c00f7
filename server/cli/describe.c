/* describe.c - `describe`: what the console, or any other program, builds its
 * forms, menus and labels from, as seen from one person's unit. Keys:
 * docs/page.md. */
#include "shared/view/describe.h"

#include <string.h>

#include "server/cli/look.h"
#include "server/cli/workers.h"
#include "shared/base/lang.h"
#include "shared/base/version.h"
#include "shared/core/loop.h"

/* What a person makes at a desk: what happens at a door or on the way is told
 * by who was there, and what gives others work by who may do so. */
static bool adds(const struct xg_role *role, const struct xg_kind *kind)
{
    bool dispatches = role && xg_move_allowed(XG_MOVE_DISPATCH, role->number);

    switch (kind->number) {
    case XG_KIND_INCIDENT:
    case XG_KIND_DISPUTE:
    case XG_KIND_MEETING:
    case XG_KIND_SUBJECT:
    case XG_KIND_CONTACT:
        return role && role->records;
    case XG_KIND_NOTICE:
    case XG_KIND_TASK:
    case XG_KIND_CAMPAIGN:
    case XG_KIND_ASSESSMENT:
        return dispatches;
    default:
        return false;
    }
}

static bool is_added(void *ctx, const struct xg_kind *kind)
{
    return adds(*(const struct xg_role *const *)ctx, kind);
}

enum xg_status look_may_add(const struct look *l, const struct xg_kind *kind,
                            struct xg_error *err)
{
    const struct xg_role *role = l->c->role;

    if (!role || adds(role, kind))
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("%s在这里不能新建%s", "a %s makes no %s here"),
                   xg_label(role->zh, role->en), xg_label(kind->zh, kind->en));
}

/* ---- people, by their names; without one, by their codes ---- */

static enum xg_status name_of(const char **name, struct look *l,
                              const char *code, struct xg_error *err)
{
    char text[STORE_NAME_MAX + 1] = "";
    bool found;

    if (l->store->ops->get_person(l->store, text, &found, code, err) != XG_OK)
        return err->status;
    *name = xg_arena_str(&l->arena, found ? text : code,
                         strlen(found ? text : code));
    return *name ? XG_OK : xg_fail_nomem(err);
}

static enum xg_status name_people(struct view_person **out, struct look *l,
                                  const struct workers *workers,
                                  struct xg_error *err)
{
    struct view_person *people =
        xg_arena_array(&l->arena, workers->count + 1, sizeof *people);

    if (!people)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < workers->count; i++) {
        const struct xg_statement *w = &workers->list[i];
        people[i] = (struct view_person){.code = w->subject,
                                         .unit = w->unit,
                                         .role = xg_role_find(w->role)};
        if (name_of(&people[i].name, l, w->subject, err) != XG_OK)
            return err->status;
    }
    *out = people;
    return XG_OK;
}

/* ---- the answer ---- */

static enum xg_status describe(struct cmd *c, struct look *l,
                               struct workers *workers, struct xg_error *err)
{
    const struct xg_role *role = NULL;
    struct view_description d = {.captured = {is_added, &role},
                                 .today =
                                     xg_day_of(l->now_ms, XG_ZONE_CHINA_MIN),
                                 .program = XG_VERSION,
                                 .labels = l->view.labels};
    struct xg_statement who;
    struct view_person *people = NULL;
    struct view_me me;
    bool known;

    if (look_person(l, &who, &known, err) != XG_OK ||
        look_guide(l, err) != XG_OK ||
        workers_read(workers, l->store, err) != XG_OK ||
        name_people(&people, l, workers, err) != XG_OK)
        return err->status;
    if (known) {
        me = (struct view_me){.worker = who.subject,
                              .unit = who.unit,
                              .role = xg_role_find(who.role)};
        if (name_of(&me.name, l, who.subject, err) != XG_OK)
            return err->status;
        d.me = &me;
        role = me.role;
    }
    d.guide = l->guide;
    d.people = people;
    d.people_count = workers->count;
    return view_describe(&c->out, &d, cmd_option(c, "unless"), c->json, err);
}

enum xg_status cmd_describe(struct cmd *c, struct xg_error *err)
{
    struct workers workers = {.list = NULL};
    struct look l;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = describe(c, &l, &workers, err);
    workers_clear(&workers);
    look_close(&l);
    return status;
}
