/* suggest.c - `suggest`: what was used before, the likeliest first
 * (shared/view/suggest.h). Callers are shown to who says why, and only once
 * enough of the name or the phone was typed that it is somebody: a list of all
 * who ever called is nobody's to look through. */
#include "shared/view/suggest.h"

#include <string.h>

#include "server/cli/filter.h"
#include "shared/base/lang.h"

enum {
    WALKED_MAX = 2000, /* so that an answer does not take longer and longer */
    CALLER_BYTES = 4, /* four digits, or two characters of a name */
    AT_ONCE = 100,    /* are held at a time */
};

/* One `suggest` at work. */
struct search {
    struct filtered f;
    bool refers; /* to entities, which are told by their numbers */
};

/* A reference is told with the number of what it refers to. */
static bool refers(const struct view_suggestion *s)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_kind *kind;
    const struct xg_field *field;

    return view_form_kind(&kind, s->kind, &ignored) != XG_OK ||
           view_form_field(&field, kind, s->field, &ignored) != XG_OK ||
           field->type == XG_TYPE_ENTITY;
}

static enum xg_status use_row(struct search *s, view_use_fn *use, void *user,
                              const struct board_row *row, bool *more,
                              struct xg_error *err)
{
    struct look *l = &s->f.look;
    struct view_entity about = {.delivery = VIEW_RECEIVED};
    struct store_entity e;
    bool sees;

    if (l->store->ops->get_entity(l->store, &l->arena, &e, row->number, err) !=
            XG_OK ||
        sight_entity(&sees, &l->sight, &e, err) != XG_OK)
        return err->status;
    if (!e.folded || !sees)
        return XG_OK;
    l->row = &e;
    if (s->refers && l->view.entity(l, &about, &e.id, err) != XG_OK)
        return err->status;
    l->row = NULL;
    const struct view_used used = {
        .id = e.id, .number = about.number, .when_ms = row->created_ms};
    *more = use(user, &used, e.state);
    return XG_OK;
}

/* The newest first. */
static enum xg_status walk(void *ctx, const struct xg_kind *kind,
                           view_use_fn *use, void *user, struct xg_error *err)
{
    struct search *s = ctx;
    struct look *l = &s->f.look;
    const struct xg_arena whole = l->arena;
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    struct board_row *rows;
    size_t count = 0;
    bool more = true;

    filter_kind(&s->f, kind);
    if (s->f.is_nothing)
        return XG_OK;
    enum xg_status status =
        board_list(s->f.board, &arena, &rows, &count, &s->f.filter,
                   BOARD_BY_CREATED, NULL, WALKED_MAX, l->now_ms, err);
    l->arena = XG_ARENA(LOOK_BYTES);
    for (size_t i = 0; status == XG_OK && more && i < count; i++) {
        if (i % AT_ONCE == 0)
            xg_arena_reset(&l->arena);
        status = use_row(s, use, user, &rows[i], &more, err);
    }
    xg_arena_clear(&l->arena);
    l->arena = whole;
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status shows(void *ctx, const struct xg_id *id,
                            struct xg_error *err)
{
    struct search *s = ctx;

    return look_shows(&s->f.look, id, true) ? XG_OK : xg_fail_nomem(err);
}

static enum xg_status suggest(struct search *search, struct xg_error *err)
{
    struct look *l = &search->f.look;
    struct cmd *c = l->c;
    struct view_suggestion s = {.kind = c->args[1],
                                .field = c->args[2],
                                .text = c->arg_count > 3 ? c->args[3] : "",
                                .now_ms = l->now_ms,
                                .today =
                                    xg_day_of(l->now_ms, XG_ZONE_CHINA_MIN),
                                .json = c->json,
                                .ctx = search,
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
    search->refers = refers(&s);
    return view_suggest(&c->out, &s, err);
}

enum xg_status cmd_suggest(struct cmd *c, struct xg_error *err)
{
    struct search s = {.refers = true};
    enum xg_status status = filter_open(&s.f, c, err);

    if (status == XG_OK)
        status = suggest(&s, err);
    if (s.f.look.c)
        status = look_tell(&s.f.look, XG_ACCESS_LIST, status, err);
    filter_close(&s.f);
    return status;
}
