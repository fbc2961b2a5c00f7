/* list.c - `list`: entities, a line each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/cli/look.h"
#include "server/guide.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"

enum {
    LIST_DEFAULT = 100,
    PAGE = 200,
    CANDIDATES = 10,
    SORTED_MAX = 64 << 20,
};

enum xg_status look_put_row(struct look *l, const struct store_entity *e,
                            struct xg_error *err)
{
    struct xg_brief brief = {.id = e->id,
                             .kind = xg_kind_find(e->kind),
                             .status = e->status,
                             .conflicts = e->conflicts,
                             .records = e->records,
                             .withdrawn = e->withdrawn};

    l->row = e;
    if (e->folded && xg_brief_read(&brief, e->state, err) != XG_OK)
        return err->status;
    l->view.withhold = e->folded && !look_shows(l, &e->id,
                                   access_is_sensitive_brief(&brief));
    return view_list_row(&l->c->out, &brief, &l->view, err);
}

enum xg_status
look_walk(struct look *l, struct store_filter filter, size_t limit,
          enum xg_status (*each)(struct look *l, const struct store_entity *e,
                                 struct xg_error *err),
          struct xg_error *err)
{
    enum xg_status status = XG_OK;
    struct store_entity *rows;
    size_t count = 1;

    while (status == XG_OK && limit && count) {
        filter.limit = limit < PAGE ? limit : PAGE;
        status = l->store->ops->read_entities(l->store, &l->arena, &rows,
                                              &count, &filter, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            bool sees = false;
            status = sight_entity(&sees, &l->sight, &rows[i], err);
            if (status == XG_OK && sees)
                status = each(l, &rows[i], err);
            limit -= sees;
        }
        if (status == XG_OK && count)
            filter.before = rows[count - 1].number;
        xg_arena_reset(&l->arena);
    }
    return status;
}

/* *due_ms XG_NO_TIME: it has no deadline that runs. */
static enum xg_status deadline_of(int64_t *due_ms, bool *overdue,
                                  struct look *l, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_BYTES);
    const struct xg_calendar *calendar;
    const struct xg_clock *main;
    struct fold fold;
    enum xg_status status =
        look_main_clock(&main, &calendar, &fold, &arena, l, err);

    /* One that is over comes before all others. */
    if (status == XG_OK) {
        *due_ms = main && main->limited && !main->paused ? main->due_ms
                                                         : XG_NO_TIME;
        *overdue =
            main && xg_clock_light(main, calendar, l->now_ms) == XG_LIGHT_RED;
    }
    xg_arena_clear(&arena);
    return status;
}

/* Is it with that unit or one below it: whom it was given to, or who was
 * called, else its home? As on the device. */
static enum xg_status is_held(bool *held, struct look *l,
                              const struct store_entity *e,
                              struct xg_error *err)
{
    const struct xg_territory *territory;
    struct xg_brief brief = {.kind = xg_kind_find(e->kind)};
    struct xg_brief_elements called = {0};
    struct xg_cbor_item item;
    char unit[XG_CODE_MAX + 1];

    *held = false;
    snprintf(unit, sizeof unit, "%s", e->unit);
    if (e->folded && xg_brief_read(&brief, e->state, err) != XG_OK)
        return err->status;
    if (e->folded && e->status &&
        xg_brief_value(&brief, XG_CASE_UNIT, &item) &&
        item.type == XG_CBOR_TEXT && item.bytes.len <= XG_CODE_MAX)
        snprintf(unit, sizeof unit, "%.*s", (int)item.bytes.len,
                 (const char *)item.bytes.at);
    if (e->folded && e->status &&
        xg_brief_set(&brief, XG_CASE_CALLED, &called))
        while (xg_brief_element(&called, &item))
            *held |= xg_bytes_equal(item.bytes, xg_bytes_of(l->holder));
    if (*held)
        return XG_OK;
    if (look_guide(l, err) != XG_OK ||
        xg_guide_territory(l->guide, &territory, err) != XG_OK)
        return err->status;
    *held = strcmp(unit, l->holder) == 0 ||
            xg_territory_distance(territory, unit, l->holder) >= 0;
    return XG_OK;
}

struct due_row {
    struct xg_id id;
    int64_t due_ms;
    uint64_t order; /* as listed */
};

/* The soonest first; what has no deadline last, and as it stood. */
static int by_due(const void *x, const void *y)
{
    const struct due_row *a = x, *b = y;
    int64_t left = a->due_ms == XG_NO_TIME ? INT64_MAX : a->due_ms;
    int64_t right = b->due_ms == XG_NO_TIME ? INT64_MAX : b->due_ms;

    if (left != right)
        return left < right ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

static enum xg_status list_row(struct look *l, const struct store_entity *e,
                               struct xg_error *err)
{
    struct due_row row = {.id = e->id, .due_ms = XG_NO_TIME};
    bool overdue = true, held = true;

    l->row = e;
    if (l->left == 0)
        return XG_OK;
    if (l->holder && is_held(&held, l, e, err) != XG_OK)
        return err->status;
    if (!held)
        return XG_OK;
    if ((l->overdue_only || l->by_due) &&
        deadline_of(&row.due_ms, &overdue, l, err) != XG_OK)
        return err->status;
    if (l->overdue_only && !overdue)
        return XG_OK;
    if (l->by_due) {
        row.order = l->sorted.len / sizeof row;
        xg_buf_append(&l->sorted, &row, sizeof row);
        return xg_buf_check(&l->sorted, err);
    }
    l->left--;
    return look_put_row(l, e, err);
}

static enum xg_status print_sorted(struct look *l, struct xg_error *err)
{
    size_t count = l->sorted.len / sizeof(struct due_row);
    enum xg_status status = XG_OK;
    struct store_entity e;
    bool found;

    if (count)
        qsort(l->sorted.data, count, sizeof(struct due_row), by_due);
    for (size_t i = 0; status == XG_OK && i < count && l->left; i++) {
        struct due_row row;
        memcpy(&row, l->sorted.data + i * sizeof row, sizeof row);
        status = l->store->ops->find_entity(l->store, &l->arena, &e, &found,
                                            &row.id, err);
        if (status == XG_OK && found) {
            status = look_put_row(l, &e, err);
            l->left--;
        }
        xg_arena_reset(&l->arena);
    }
    return status;
}

/* The unit that --holder names, by code or by name; an unknown one is told
 * with those that are near. */
static enum xg_status find_holder(struct look *l, const char *text,
                                  struct xg_error *err)
{
    const struct xg_territory *t;
    struct xg_buf near = XG_BUF(4096);
    const struct xg_unit *named = NULL;
    size_t names = 0, said = 0;

    if (look_guide(l, err) != XG_OK ||
        xg_guide_territory(l->guide, &t, err) != XG_OK)
        return err->status;
    l->holder = text;
    if (xg_territory_find(t, text) || t->count == 0)
        return XG_OK; /* without a territory every code is as good */
    for (size_t i = 0; i < t->count; i++) {
        const struct xg_unit *u = &t->units[i];
        unsigned edits = VIEW_FAR;
        bool same = strcmp(u->name, text) == 0;
        named = same ? u : named;
        names += same;
        if (said < CANDIDATES &&
            (same || strstr(u->name, text) ||
             view_nearer(&edits, text, u->code) ||
             view_nearer(&edits, text, u->name)))
            xg_buf_format(&near, "%s%s %s", said++ ? XG_T("、", ", ") : "",
                          u->code, u->name);
    }
    if (names == 1)
        l->holder = named->code;
    else if (said)
        xg_fail(err, names ? XG_AMBIGUOUS : XG_NOTFOUND,
                XG_T("没有单位 %s；相近的有：%s",
                     "there is no unit %s; near it: %s"),
                text, xg_buf_str(&near));
    else
        xg_fail(err, XG_NOTFOUND,
                XG_T("没有单位 %s；单位代码见导入的区划",
                     "there is no unit %s: see the territory imported"),
                text);
    xg_buf_clear(&near);
    return names == 1 ? XG_OK : err->status;
}

enum xg_status cmd_list(struct cmd *c, struct xg_error *err)
{
    struct store_filter filter = {.unit = cmd_option(c, "unit")};
    const struct xg_kind *kind;
    unsigned long limit;
    struct look l;

    if (cmd_number(&limit, c, "limit", LIST_DEFAULT, LOOK_ROWS_MAX, err) !=
        XG_OK)
        return err->status;
    if (c->arg_count > 1) {
        if (view_form_kind(&kind, c->args[1], err) != XG_OK)
            return err->status;
        filter.kind = kind->number;
    }
    enum xg_status status = look_open(&l, c, err);
    if (status == XG_OK)
        status = look_reader(&l, err);
    if (status == XG_OK && cmd_option(c, "holder"))
        status = find_holder(&l, cmd_option(c, "holder"), err);
    if (status == XG_OK) {
        l.left = limit;
        l.sorted = XG_BUF(SORTED_MAX);
        l.overdue_only = cmd_option(c, "overdue") != NULL;
        l.by_due = cmd_option(c, "due") != NULL;
        filter.open = l.overdue_only || cmd_option(c, "open") != NULL;
        view_list_head(&c->out, &l.view);
        bool sifts = l.overdue_only || l.by_due || l.holder;
        status = look_walk(&l, filter, sifts ? LOOK_ROWS_MAX : limit, list_row,
                           err);
    }
    if (status == XG_OK && l.by_due)
        status = print_sorted(&l, err);
    xg_buf_clear(&l.sorted);
    status = look_tell(&l, XG_ACCESS_LIST, status, err);
    look_close(&l);
    return status;
}
