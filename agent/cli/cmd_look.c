/* cmd_look.c - list, show, history, find. */
#include "agent/cli/cli.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/core/loop.h"
#include "shared/view/value.h"

enum { LOOK_ARENA_MAX = 256 << 20, FLUSH_BYTES = 256 << 10 };

/* ---- list and find ---- */

/* What --state asked for. */
struct wanted {
    bool drafts, conflicts, by_delivery;
    enum view_delivery delivery;
    uint64_t status;
};

/* "待收集、待核实…", as this site calls them. */
static enum xg_status no_such_status(struct cli *cli, const char *name,
                                     struct xg_error *err)
{
    struct xg_buf all = XG_BUF(4096);

    for (const struct xg_choice *s = xg_statuses; s->name; s++) {
        const char *label =
            xg_labels_of(cli_labels(cli), XG_LABEL_STATUS, s->number);
        xg_buf_format(&all, "%s%s", all.len ? XG_T("、", ", ") : "",
                      xg_lang() == XG_LANG_ZH ? label : s->name);
    }
    xg_fail(err, XG_USAGE,
            XG_T("没有“%s”这种办理状态；有：%s",
                 "there is no status \"%s\"; there are: %s"),
            name, xg_buf_str(&all));
    xg_buf_clear(&all);
    return err->status;
}

static enum xg_status read_state(struct wanted *w, struct cli *cli,
                                 struct xg_error *err)
{
    const char *state = cli_flag(cli, "state");
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
    status = xg_labels_status(cli_labels(cli), state);
    if (status) {
        w->status = status->number;
        return XG_OK;
    }
    return xg_fail(err, XG_USAGE,
                   XG_T("没有“%s”这种状态；可以是 草稿、待传、已发、已收到、"
                        "冲突（draft waiting sent received conflict），或办理"
                        "状态，如 待受理、处置中（写错 --status 会列出全部）",
                        "there is no state \"%s\"; it is draft, waiting, "
                        "sealed, sent, received, conflict, or a status "
                        "(reported, self_handled, ...)"),
                   state);
}

struct walk {
    struct cli *cli;
    struct cli_view view;
    struct wanted wanted;
    const char *text;   /* to find, or NULL */
    const char *holder; /* a unit, or NULL */
    int64_t left;     /* rows that may still come */
    uint64_t rows;
    struct xg_buf value;
    struct xg_error *err;
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

/* ---- who holds it, and when it is due ---- */

/* Is the entity with that unit or one below it: whom it was given to, or who
 * was called, else its home? */
static enum xg_status is_held(bool *held, struct walk *w,
                              const struct store_entity *e,
                              const struct xg_brief *brief)
{
    const struct xg_registry *r = store_registry(w->cli->home.store);
    const struct xg_territory *territory = NULL;
    struct xg_guide *g = NULL;
    struct xg_brief_elements called;
    struct xg_cbor_item item;
    char unit[XG_CODE_MAX + 1];

    *held = false;
    if (brief->kind && brief->kind->first_status &&
        xg_brief_value(brief, XG_CASE_UNIT, &item) &&
        item.type == XG_CBOR_TEXT && item.bytes.len <= XG_CODE_MAX) {
        snprintf(unit, sizeof unit, "%.*s", (int)item.bytes.len,
                 (const char *)item.bytes.at);
    } else {
        snprintf(unit, sizeof unit, "%s", e->unit);
    }
    if (brief->kind && brief->kind->first_status &&
        xg_brief_set(brief, XG_CASE_CALLED, &called))
        while (xg_brief_element(&called, &item))
            *held |= item.bytes.len == strlen(w->holder) &&
                     memcmp(item.bytes.at, w->holder, item.bytes.len) == 0;
    if (*held || strcmp(unit, w->holder) == 0) {
        *held = true;
        return XG_OK;
    }
    /* The registry knows the units that people work in, the territory all. */
    if (xg_unit_within(held, r, unit, w->holder, UINT64_MAX, w->err) != XG_OK)
        return w->err->status;
    if (*held)
        return XG_OK;
    if (cli_guide(w->cli, &g, w->err) != XG_OK ||
        xg_guide_territory(g, &territory, w->err) != XG_OK)
        return w->err->status;
    *held = xg_territory_distance(territory, unit, w->holder) >= 0;
    return XG_OK;
}

struct row {
    struct store_entity e;
    int64_t due_ms;
};

struct rows {
    struct row *list;
    size_t count, room;
    const struct walk *walk;
    bool failed;
};

static bool gather(void *ctx, const struct store_entity *e,
                   struct xg_bytes state)
{
    struct rows *r = ctx;

    (void)state;
    if (!is_wanted(r->walk, e))
        return true;
    if (r->count == r->room) {
        size_t room = r->room ? 2 * r->room : 64;
        struct row *list = realloc(r->list, room * sizeof *list);
        r->failed = !list;
        if (!list)
            return false;
        r->list = list;
        r->room = room;
    }
    r->list[r->count++] = (struct row){*e, XG_NO_TIME};
    return true;
}

/* The soonest first; what has no deadline last, and as it stood. */
static int by_due(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    int64_t left = a->due_ms == XG_NO_TIME ? INT64_MAX : a->due_ms;
    int64_t right = b->due_ms == XG_NO_TIME ? INT64_MAX : b->due_ms;

    if (left != right)
        return left < right ? -1 : 1;
    return memcmp(a->e.id.b, b->e.id.b, XG_ID_SIZE);
}

/* Keep those whose deadline was asked for. */
static enum xg_status look_at_deadlines(struct walk *w, struct rows *r,
                                        bool overdue)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->count; i++) {
        struct cli_due due = {.ms = XG_NO_TIME};
        if (r->list[i].e.status && !xg_status_final(r->list[i].e.status) &&
            cli_due_of(w->cli, &due, &r->list[i].e.id, w->err) != XG_OK)
            return w->err->status;
        r->list[i].due_ms = due.ms;
        if (!overdue || due.overdue)
            r->list[kept++] = r->list[i];
    }
    r->count = kept;
    if (kept)
        qsort(r->list, kept, sizeof *r->list, by_due);
    return XG_OK;
}

static enum xg_status put_row(struct walk *w, const struct store_entity *e)
{
    struct xg_buf state = XG_BUF(64 << 20);
    struct store_entity again;
    struct xg_brief brief;
    bool held = true;
    enum xg_status status =
        store_load_entity(w->cli->home.store, &again, &state, &e->id, w->err);

    if (status == XG_OK)
        status = xg_brief_read(&brief, xg_buf_bytes(&state), w->err);
    if (status == XG_OK && w->holder)
        status = is_held(&held, w, e, &brief);
    if (status == XG_OK && held && (!w->text || entity_holds(w, e, &brief))) {
        if (w->rows++ == 0)
            view_list_head(&w->cli->out, &w->view.context);
        w->view.entity = e;
        status =
            view_list_row(&w->cli->out, &brief, &w->view.context, w->err);
        w->left--;
    }
    xg_buf_clear(&state);
    if (status == XG_OK && w->cli->out.len > FLUSH_BYTES)
        status = cli_flush(w->cli, w->err);
    return status;
}

static enum xg_status put_rows(struct walk *w, const struct store_filter *f)
{
    struct rows r = {.walk = w};
    bool overdue = cli_flag(w->cli, "overdue") != NULL;
    enum xg_status status =
        store_list(w->cli->home.store, f, false, gather, &r, w->err);

    if (status == XG_OK && r.failed)
        status = xg_fail_nomem(w->err);
    if (status == XG_OK && (overdue || cli_flag(w->cli, "due")))
        status = look_at_deadlines(w, &r, overdue);
    for (size_t i = 0; status == XG_OK && i < r.count && w->left > 0; i++)
        status = put_row(w, &r.list[i].e);
    w->view.entity = NULL;
    free(r.list);
    return status;
}

/* --status, by name or label, the site's own too. */
static enum xg_status read_status(struct cli *cli, uint64_t *number,
                                  struct xg_error *err)
{
    const char *name = cli_flag(cli, "status");
    const struct xg_choice *found;

    if (!name)
        return XG_OK;
    found = xg_labels_status(cli_labels(cli), name);
    if (!found)
        return no_such_status(cli, name, err);
    *number = found->number;
    return XG_OK;
}

static enum xg_status walk(struct cli *cli, const struct xg_kind *kind,
                           const char *text, struct xg_error *err)
{
    const char *limit = cli_flag(cli, "limit");
    struct walk w = {.cli = cli,
                     .text = text,
                     .holder = cli_flag(cli, "holder"),
                     .left = INT64_MAX,
                     .value = XG_BUF(4 << 20),
                     .err = err};
    struct store_filter filter = {.kind = kind,
                                  .mine = cli_flag(cli, "mine") != NULL,
                                  .open = cli_flag(cli, "open") != NULL,
                                  .contacts = cli_flag(cli, "all") != NULL,
                                  .gone = cli_flag(cli, "all") != NULL};

    if (limit &&
        cli_number(&w.left, limit, "--limit", 1, INT32_MAX, err) != XG_OK)
        return err->status;
    if (read_state(&w.wanted, cli, err) != XG_OK ||
        read_status(cli, &w.wanted.status, err) != XG_OK)
        return err->status;
    if (w.wanted.drafts)
        return cli_list_drafts(cli, kind, text, err);
    if (cli_view_init(&w.view, cli, err) != XG_OK)
        return err->status;
    filter.status = w.wanted.status;
    filter.conflicts = w.wanted.conflicts;
    filter.contacts |= text != NULL;
    filter.open |= cli_flag(cli, "overdue") != NULL;
    enum xg_status status = put_rows(&w, &filter);
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

enum xg_status cli_put_unfolded(bool *put, struct cli *cli,
                                struct cli_view *view, const struct xg_id *id,
                                struct xg_error *err)
{
    struct store_entity e;

    if (store_load_entity(cli->home.store, &e, NULL, id, err) != XG_OK)
        return err->status;
    *put = !e.folded;
    if (e.folded)
        return XG_OK;
    const struct xg_brief brief = {
        .id = e.id, .kind = e.kind, .records = e.records};
    view->entity = &e;
    enum xg_status status =
        view_list_row(&cli->out, &brief, &view->context, err);
    view->entity = NULL;
    return status;
}

enum xg_status cli_show(struct cli *cli, const struct xg_id *id,
                        struct xg_error *err)
{
    struct cli_view view;
    bool put;

    if (cli_view_init(&view, cli, err) != XG_OK ||
        cli_put_unfolded(&put, cli, &view, id, err) != XG_OK)
        return err->status;
    return put ? XG_OK : look_at(cli, id, view_show, err);
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
    struct xg_id id;

    if (store_find_entity(cli->home.store, &id, cli->words[0], err) != XG_OK)
        return err->status;
    return cli_show(cli, &id, err);
}

enum xg_status cmd_history(struct cli *cli, struct xg_error *err)
{
    return look_at_given(cli, view_history, err);
}
