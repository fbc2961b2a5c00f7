/* cmd_look.c - list, show, history, find. */
#include "agent/cli/cli.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "shared/view/value.h"

enum { LOOK_ARENA_MAX = 256 << 20, FLUSH_BYTES = 256 << 10 };

/* ---- list and find ---- */

/* What --state asked for. */
struct wanted {
    bool drafts, conflicts, by_delivery;
    enum view_delivery delivery;
    uint64_t status;
};

static enum xg_status read_state(struct wanted *w, const char *state,
                                 struct xg_error *err)
{
    const struct xg_choice *status;

    *w = (struct wanted){0};
    if (!state)
        return XG_OK;
    for (int d = VIEW_DRAFT; d <= VIEW_RECEIVED; d++)
        if (strcmp(state, view_delivery_name((enum view_delivery)d)) == 0 ||
            strcmp(state, view_delivery_label((enum view_delivery)d)) == 0) {
            w->drafts = d == VIEW_DRAFT;
            w->by_delivery = true;
            w->delivery = (enum view_delivery)d;
            return XG_OK;
        }
    if (strcmp(state, "conflict") == 0 || strcmp(state, "冲突") == 0) {
        w->conflicts = true;
        return XG_OK;
    }
    status = xg_choice_named(xg_statuses, state);
    for (const struct xg_choice *c = xg_statuses; !status && c->name; c++)
        if (strcmp(c->zh, state) == 0)
            status = c;
    if (status) {
        w->status = status->number;
        return XG_OK;
    }
    return xg_fail(err, XG_USAGE,
                   XG_T("没有“%s”这种状态；可以是 draft waiting sealed sent "
                        "received conflict，或办理状态（reported、"
                        "self_handled …）",
                        "there is no state \"%s\"; it is draft, waiting, "
                        "sealed, sent, received, conflict, or a status "
                        "(reported, self_handled, ...)"),
                   state);
}

struct walk {
    struct cli *cli;
    struct cli_view view;
    struct wanted wanted;
    const char *text; /* to find, or NULL */
    int64_t left;     /* rows that may still come */
    uint64_t rows;
    struct xg_buf value;
    struct xg_error *err;
    enum xg_status status;
};

static char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Case of ASCII letters aside. */
static bool holds(const char *all, const char *part)
{
    for (; *all; all++) {
        size_t i = 0;
        while (part[i] && folded(all[i]) == folded(part[i]))
            i++;
        if (!part[i])
            return true;
    }
    return false;
}

static bool value_holds(struct walk *w, const struct xg_field *f,
                        const struct xg_cbor_item *item)
{
    xg_buf_reset(&w->value);
    view_value_text(&w->value, f, item);
    return holds(xg_buf_str(&w->value), w->text);
}

static bool entity_holds(struct walk *w, const struct store_entity *e,
                         const struct xg_brief *brief)
{
    const struct xg_field *f;
    struct xg_cbor_item item;

    if (holds(e->number, w->text))
        return true;
    for (size_t i = 0; brief->kind && (f = xg_field_at(brief->kind, i)); i++) {
        struct xg_brief_elements elements = {0};
        if (f->merge == XG_MERGE_REGISTER &&
            xg_brief_value(brief, f->number, &item) && value_holds(w, f, &item))
            return true;
        if (f->merge != XG_MERGE_SET || (f->flags & XG_MACHINE) ||
            !xg_brief_set(brief, f->number, &elements))
            continue;
        while (xg_brief_element(&elements, &item))
            if (value_holds(w, f, &item))
                return true;
    }
    return false;
}

static bool is_wanted(const struct walk *w, const struct store_entity *e)
{
    if (!w->wanted.by_delivery)
        return true;
    /* Sealed or not is a detail: who asks for what waits means both. */
    if (w->wanted.delivery == VIEW_WAITING)
        return e->delivery == STORE_WAITING || e->delivery == STORE_SEALED;
    return strcmp(store_delivery_name(e->delivery),
                  view_delivery_name(w->wanted.delivery)) == 0;
}

static bool visit(void *ctx, const struct store_entity *e,
                  struct xg_bytes state)
{
    struct walk *w = ctx;
    struct xg_brief brief;

    if (!is_wanted(w, e))
        return true;
    w->status = xg_brief_read(&brief, state, w->err);
    if (w->status != XG_OK)
        return false;
    if (w->text && !entity_holds(w, e, &brief))
        return true;
    if (w->rows++ == 0)
        view_list_head(&w->cli->out, &w->view.context);
    w->view.entity = e;
    w->status = view_list_row(&w->cli->out, &brief, &w->view.context, w->err);
    if (w->status == XG_OK && w->cli->out.len > FLUSH_BYTES)
        w->status = cli_flush(w->cli, w->err);
    return w->status == XG_OK && --w->left > 0;
}

static enum xg_status walk(struct cli *cli, const struct xg_kind *kind,
                           const char *text, struct xg_error *err)
{
    const char *limit = cli_flag(cli, "limit");
    struct walk w = {.cli = cli,
                     .text = text,
                     .left = INT64_MAX,
                     .value = XG_BUF(4 << 20),
                     .err = err};
    struct store_filter filter = {.kind = kind,
                                  .mine = cli_flag(cli, "mine") != NULL,
                                  .contacts = cli_flag(cli, "all") != NULL,
                                  .gone = cli_flag(cli, "all") != NULL};

    if (limit &&
        cli_number(&w.left, limit, "--limit", 1, INT32_MAX, err) != XG_OK)
        return err->status;
    if (read_state(&w.wanted, cli_flag(cli, "state"), err) != XG_OK)
        return err->status;
    if (w.wanted.drafts)
        return cli_list_drafts(cli, kind, text, err);
    if (cli_view_init(&w.view, cli, err) != XG_OK)
        return err->status;
    filter.status = w.wanted.status;
    filter.conflicts = w.wanted.conflicts;
    filter.contacts |= text != NULL;
    enum xg_status status =
        store_list(cli->home.store, &filter, true, visit, &w, err);
    if (status == XG_OK)
        status = w.status;
    if (status == XG_OK && w.rows == 0)
        cli_say(cli, "%s", XG_T("没有符合的记录。", "Nothing here."));
    xg_buf_clear(&w.value);
    return status;
}

enum xg_status cmd_list(struct cli *cli, struct xg_error *err)
{
    const struct xg_kind *kind = NULL;

    if (cli->word_count > 0 &&
        view_form_kind(&kind, cli->words[0], err) != XG_OK)
        return err->status;
    return walk(cli, kind, NULL, err);
}

enum xg_status cmd_find(struct cli *cli, struct xg_error *err)
{
    if (!*cli->words[0])
        return xg_fail(err, XG_USAGE,
                       XG_T("要找的文字不能为空", "nothing to look for"));
    return walk(cli, NULL, cli->words[0], err);
}

/* ---- one entity ---- */

typedef enum xg_status look_fn(struct xg_buf *out, const struct xg_state *state,
                               const struct view_context *view,
                               struct xg_error *err);

static enum xg_status look_at(struct cli *cli, const struct xg_id *id,
                              look_fn *put, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_ARENA_MAX);
    struct cli_view view;
    struct fold fold;

    if (cli_view_init(&view, cli, err) != XG_OK)
        return err->status;
    enum xg_status status = fold_load(cli->home.store, &fold, &arena, id, err);
    view.fold = &fold;
    if (status == XG_OK)
        status = put(&cli->out, &fold.state, &view.context, err);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status cli_show(struct cli *cli, const struct xg_id *id,
                        struct xg_error *err)
{
    return look_at(cli, id, view_show, err);
}

static enum xg_status look_at_given(struct cli *cli, look_fn *put,
                                    struct xg_error *err)
{
    struct xg_id id;

    if (store_find_entity(cli->home.store, &id, cli->words[0], err) != XG_OK)
        return err->status;
    return look_at(cli, &id, put, err);
}

enum xg_status cmd_show(struct cli *cli, struct xg_error *err)
{
    int64_t draft = store_draft_number(cli->words[0]);

    if (draft)
        return cli_show_draft(cli, draft, err);
    return look_at_given(cli, view_show, err);
}

enum xg_status cmd_history(struct cli *cli, struct xg_error *err)
{
    return look_at_given(cli, view_history, err);
}
