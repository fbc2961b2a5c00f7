/* suggest.c - `suggest`: what was used before, the likeliest first
 * (shared/view/suggest.h). Callers are shown to who says why, and only once
 * enough of the name or the phone was typed that it is somebody: a list of all
 * who ever called is nobody's to look through. */
#include "shared/view/suggest.h"

#include <string.h>

#include "server/cli/look.h"
#include "shared/base/lang.h"

enum {
    WALKED_MAX = 4000, /* so that an answer does not take longer and longer */
    PAGE = 500,
    CALLER_BYTES = 4, /* four digits, or two characters of a name */
};

static enum xg_status use_page(struct look *l, view_use_fn *use, void *user,
                               const struct store_entity *rows, size_t count,
                               bool *more, struct xg_error *err)
{
    for (size_t i = 0; *more && i < count; i++) {
        struct view_entity about = {.delivery = VIEW_RECEIVED};
        bool sees;
        if (sight_entity(&sees, &l->sight, &rows[i], err) != XG_OK)
            return err->status;
        if (!rows[i].folded || !sees)
            continue;
        l->row = &rows[i];
        if (l->view.entity(l, &about, &rows[i].id, err) != XG_OK)
            return err->status;
        const struct view_used used = {.id = rows[i].id,
                                       .number = about.number,
                                       .when_ms = about.created_ms};
        *more = use(user, &used, rows[i].state);
    }
    l->row = NULL;
    return XG_OK;
}

/* The newest first. */
static enum xg_status walk(void *ctx, const struct xg_kind *kind,
                           view_use_fn *use, void *user, struct xg_error *err)
{
    struct look *l = ctx;
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    struct store_filter filter = {.kind = kind->number, .limit = PAGE};
    enum xg_status status = XG_OK;
    struct store_entity *rows;
    size_t count = PAGE, seen = 0;
    bool more = true;

    while (status == XG_OK && more && count == PAGE && seen < WALKED_MAX) {
        xg_arena_reset(&arena);
        status = l->store->ops->read_entities(l->store, &arena, &rows, &count,
                                              &filter, err);
        if (status == XG_OK)
            status = use_page(l, use, user, rows, count, &more, err);
        if (status == XG_OK && count)
            filter.before = rows[count - 1].number;
        seen += count;
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status shows(void *ctx, const struct xg_id *id,
                            struct xg_error *err)
{
    return look_shows(ctx, id, true) ? XG_OK : xg_fail_nomem(err);
}

static enum xg_status suggest(struct look *l, struct xg_error *err)
{
    struct cmd *c = l->c;
    struct view_suggestion s = {.kind = c->args[1],
                                .field = c->args[2],
                                .text = c->arg_count > 3 ? c->args[3] : "",
                                .now_ms = l->now_ms,
                                .today =
                                    xg_day_of(l->now_ms, XG_ZONE_CHINA_MIN),
                                .json = c->json,
                                .ctx = l,
                                .walk = walk,
                                .shows = shows};
    struct xg_statement who;
    const struct xg_role *role;
    bool known;

    if (look_reader(l, err) != XG_OK ||
        look_person(l, &who, &known, err) != XG_OK || look_guide(l, err) != XG_OK)
        return err->status;
    role = known ? xg_role_find(who.role) : NULL;
    s.informed = role && role->informed;
    if (view_suggests_callers(s.kind, s.field)) {
        if (!l->has_reader)
            return look_wants_reader(c, err);
        s.informed &= strlen(s.text) >= CALLER_BYTES;
    }
    s.guide = l->guide;
    return view_suggest(&c->out, &s, err);
}

enum xg_status cmd_suggest(struct cmd *c, struct xg_error *err)
{
    struct look l;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = suggest(&l, err);
    status = look_tell(&l, XG_ACCESS_LIST, status, err);
    look_close(&l);
    return status;
}
