/* show.c - `show`, `history`, `conflicts`: one entity in full, and what a person
 * has to decide of all. */
#include "server/cli/look.h"
#include "shared/base/lang.h"

/* Of one that outgrew a fold there is only its line. */
static enum xg_status show_unfolded(bool *shown, struct look *l,
                                    const char *text, struct xg_error *err)
{
    struct store_entity e;
    bool folded;

    if (look_named(&e, &folded, l, text, err) != XG_OK)
        return err->status;
    *shown = !folded;
    return folded ? XG_OK : look_put_row(l, &e, err);
}

typedef enum xg_status put_view(struct xg_buf *out,
                                const struct xg_state *state,
                                const struct view_context *view,
                                struct xg_error *err);

static enum xg_status show_one(struct cmd *c, put_view *put, unsigned how,
                               struct xg_error *err)
{
    struct fold fold = {.count = 0};
    bool shown = false;
    struct look l;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = look_reader(&l, err);
    if (status == XG_OK && put == view_show)
        status = show_unfolded(&shown, &l, c->args[1], err);
    if (status == XG_OK && !shown)
        status = look_fold(&fold, &l, c->args[1], err);
    if (status == XG_OK && !shown)
        status = look_must_show(&l, &fold, err);
    if (status == XG_OK && !shown)
        status = put(&c->out, &fold.state, &l.view, err);
    status = look_tell(&l, how, status, err);
    look_close(&l);
    return status;
}

enum xg_status cmd_show(struct cmd *c, struct xg_error *err)
{
    return show_one(c, view_show, XG_ACCESS_SHOW, err);
}

enum xg_status cmd_history(struct cmd *c, struct xg_error *err)
{
    return show_one(c, view_history, XG_ACCESS_HISTORY, err);
}

static enum xg_status conflict_row(struct look *l, const struct store_entity *e,
                                   struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    struct fold fold;
    bool found;

    if (!e->folded) {
        l->c->must_decide = true;
        return look_put_row(l, e, err);
    }
    enum xg_status status = fold_of_entity(&fold, &found, &arena, l->store,
                                           &l->registry, &e->id, err);

    if (status == XG_OK && found && fold.state.conflict_count) {
        l->c->must_decide = true;
        l->fold = &fold;
        l->row = e;
        status = look_shows(l, &e->id, access_is_sensitive_fold(&fold))
                     ? view_conflicts(&l->c->out, &fold.state, &l->view, err)
                     : look_put_row(l, e, err);
        l->fold = NULL;
    }
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status conflicts_of_one(struct cmd *c, struct look *l,
                                       struct xg_error *err)
{
    struct fold fold = {.count = 0};
    bool unfolded;

    if (show_unfolded(&unfolded, l, c->args[1], err) != XG_OK)
        return err->status;
    if (unfolded) { /* and so nobody knows whether it is in conflict */
        c->must_decide = true;
        return XG_OK;
    }
    if (look_fold(&fold, l, c->args[1], err) != XG_OK ||
        look_must_show(l, &fold, err) != XG_OK)
        return err->status;
    c->must_decide = fold.state.conflict_count > 0;
    enum xg_status status =
        view_conflicts(&c->out, &fold.state, &l->view, err);
    if (status == XG_OK && cmd_option(c, "decided"))
        status = view_decided(&c->out, &fold.state, &l->view, err);
    return status;
}

enum xg_status cmd_conflicts(struct cmd *c, struct xg_error *err)
{
    struct store_filter filter = {.conflicts = true};
    struct look l;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = look_reader(&l, err);
    if (status == XG_OK && c->arg_count > 1)
        status = conflicts_of_one(c, &l, err);
    else if (status == XG_OK)
        status = look_walk(&l, filter, LOOK_ROWS_MAX, conflict_row, err);
    if (status == XG_OK && !c->json && !c->must_decide && c->arg_count == 1)
        xg_buf_text(&c->out,
                    XG_T("没有待决定的冲突\n", "there is nothing to decide\n"));
    status = look_tell(&l, XG_ACCESS_CONFLICTS, status, err);
    look_close(&l);
    return status;
}
