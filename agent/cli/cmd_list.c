/* cmd_list.c - list and find: what is here, sieved, in pages.
 *
 * The store sieves by what its rows say (kind, status, delivery, time); what
 * only the state says (words, category, urgency, holder) is looked at row by
 * row, as many as the answer needs and no more.
 */
#include "agent/cli/cli.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/core/loop.h"
#include "shared/guide/catalogue.h"
#include "shared/view/clock.h"
#include "shared/view/names.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum {
    FLUSH_BYTES = 256 << 10,
    DAY_MS = 86400000,
    DATE_LENGTH = 10,   /* "2026-05-01" */
    PAGE_ROWS = 64,     /* looked at together */
    LIGHTS_MAX = 1000,  /* points whose deadline is looked up */
    PAGE_ARENA_MAX = 256 << 20,
    URGENCY_SIZE = 32,
};

/* ---- what is asked for ---- */

struct asked {
    struct store_filter filter;
    bool drafts;
    const char *text;     /* to find, or NULL */
    const char *holder;   /* a unit, or NULL */
    char category[XG_CODE_MAX + 1]; /* or "" */
    uint64_t urgency;     /* or 0 */
    int64_t limit;
};

/* Sealed or not is a detail: who asks for what waits means both. */
static unsigned delivery_set(enum view_delivery d)
{
    switch (d) {
    case VIEW_WAITING:
        return 1u << STORE_WAITING | 1u << STORE_SEALED;
    case VIEW_SEALED:
        return 1u << STORE_SEALED;
    case VIEW_SENT:
        return 1u << STORE_SENT;
    case VIEW_RECEIVED:
        return 1u << STORE_RECEIVED;
    case VIEW_DRAFT:
        break;
    }
    return 0;
}

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

static enum xg_status read_state(struct asked *a, struct cli *cli,
                                 struct xg_error *err)
{
    const char *state = cli_flag(cli, "state");
    const struct xg_choice *status;

    if (!state)
        return XG_OK;
    for (int d = VIEW_DRAFT; d <= VIEW_RECEIVED; d++)
        if (strcmp(state, view_delivery_name((enum view_delivery)d)) == 0 ||
            strcmp(state, view_delivery_label((enum view_delivery)d)) == 0) {
            a->drafts = d == VIEW_DRAFT;
            a->filter.deliveries = delivery_set((enum view_delivery)d);
            return XG_OK;
        }
    if (strcmp(state, "conflict") == 0 || strcmp(state, "冲突") == 0) {
        a->filter.conflicts = true;
        return XG_OK;
    }
    status = xg_labels_status(cli_labels(cli), state);
    if (status) {
        a->filter.status = status->number;
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

/* --status, by name or label, the site's own too. */
static enum xg_status read_status(struct asked *a, struct cli *cli,
                                  struct xg_error *err)
{
    const char *name = cli_flag(cli, "status");
    const struct xg_choice *found;

    if (!name)
        return XG_OK;
    found = xg_labels_status(cli_labels(cli), name);
    if (!found)
        return no_such_status(cli, name, err);
    a->filter.status = found->number;
    return XG_OK;
}

/* The kind that was named first, and all of them as a set. */
static enum xg_status read_kinds(struct asked *a, struct cli *cli,
                                 const char *word, struct xg_error *err)
{
    const struct xg_kind *kind = NULL;
    const char *name = word;
    size_t at = 0;

    for (name = word ? word : cli_flag_next(cli, "kind", &at); name;
         name = cli_flag_next(cli, "kind", &at)) {
        if (view_form_kind(&kind, name, err) != XG_OK)
            return err->status;
        a->filter.kinds |= UINT64_C(1) << kind->number;
    }
    for (const struct xg_kind *k = xg_kinds; k->name; k++)
        if (cli_flag(cli, "case") && k->first_status && a->filter.kinds == 0)
            a->filter.kinds |= UINT64_C(1) << k->number;
    return XG_OK;
}

/* By its code, or by its name in the catalogue. */
static enum xg_status read_category(struct asked *a, struct cli *cli,
                                    struct xg_error *err)
{
    const struct xg_field *field =
        xg_field_find(xg_kind_find(XG_KIND_INCIDENT), XG_INCIDENT_CATEGORY);
    const char *given = cli_flag(cli, "category");
    struct xg_buf code = XG_BUF(4096);
    struct xg_guide *g = NULL;

    if (!given)
        return XG_OK;
    if (cli_guide(cli, &g, err) != XG_OK)
        return err->status;
    view_put_code(&code, g, field, given);
    if (code.len == 0)
        xg_buf_text(&code, given);
    if (code.len == 0 || code.len >= sizeof a->category)
        xg_fail(err, XG_USAGE, XG_T("没有“%s”这个类别",
                                    "there is no category \"%s\""),
                given);
    else
        snprintf(a->category, sizeof a->category, "%s", xg_buf_str(&code));
    xg_buf_clear(&code);
    return err->status;
}

static enum xg_status read_urgency(struct asked *a, struct cli *cli,
                                   struct xg_error *err)
{
    const struct xg_field *field =
        xg_field_find(xg_kind_find(XG_KIND_INCIDENT), XG_INCIDENT_URGENCY);
    const char *given = cli_flag(cli, "urgency");
    struct xg_buf value = XG_BUF(URGENCY_SIZE);
    struct xg_cbor_item item;

    if (!given)
        return XG_OK;
    if (view_form_value(&value, field, given, NULL, err) == XG_OK) {
        struct xg_cbor c = xg_cbor_over(xg_buf_bytes(&value));
        if (xg_cbor_next(&c, &item))
            a->urgency = item.number;
    }
    xg_buf_clear(&value);
    return err->status;
}

/* A day alone means all of it: --until takes its end. */
static enum xg_status read_time(int64_t *ms, struct cli *cli, const char *flag,
                                int64_t day_ms, struct xg_error *err)
{
    const char *given = cli_flag(cli, flag);

    if (!given)
        return XG_OK;
    if (!view_parse_time(ms, given))
        return xg_fail(err, XG_USAGE,
                       XG_T("--%s %s 不是时间；写成 2026-05-01 或 "
                            "2026-05-01T08:30",
                            "--%s %s is no time; write 2026-05-01 or "
                            "2026-05-01T08:30"),
                       flag, given);
    if (strlen(given) == DATE_LENGTH && given[4] == '-')
        *ms += day_ms;
    return XG_OK;
}

static enum xg_status read_asked(struct asked *a, struct cli *cli,
                                 const char *kind, const char *text,
                                 struct xg_error *err)
{
    const char *limit = cli_flag(cli, "limit");

    *a = (struct asked){
        .filter = {.mine = cli_flag(cli, "mine") != NULL,
                   .open = cli_flag(cli, "open") || cli_flag(cli, "overdue"),
                   .settled = cli_flag(cli, "settled") != NULL,
                   .contacts = cli_flag(cli, "all") || text,
                   .gone = cli_flag(cli, "all") != NULL},
        .text = text ? text : cli_flag(cli, "text"),
        .holder = cli_flag(cli, "holder"),
        .limit = INT64_MAX};
    if (a->filter.open && a->filter.settled)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("--settled 与 --open、--overdue 不能同用",
                            "--settled goes with neither --open nor "
                            "--overdue"));
    if (a->text && !*a->text)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("要找的文字不能为空", "nothing to look for"));
    if ((limit && cli_number(&a->limit, limit, "--limit", 1, INT32_MAX, err) !=
                      XG_OK) ||
        read_state(a, cli, err) != XG_OK ||
        read_status(a, cli, err) != XG_OK ||
        read_kinds(a, cli, kind, err) != XG_OK ||
        read_category(a, cli, err) != XG_OK ||
        read_urgency(a, cli, err) != XG_OK ||
        read_time(&a->filter.since_ms, cli, "since", 0, err) != XG_OK ||
        read_time(&a->filter.until_ms, cli, "until", DAY_MS, err) != XG_OK)
        return err->status;
    return XG_OK;
}

/* ---- what only the state says ---- */

struct walk {
    struct cli *cli;
    struct cli_view view;
    struct asked asked;
    struct xg_arena arena; /* of the page that is looked at */
    int64_t left;          /* rows that may still come */
    uint64_t rows, points, lights;
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
    return holds(xg_buf_str(&w->value), w->asked.text);
}

static bool entity_holds(struct walk *w, const struct store_entity *e,
                         const struct xg_brief *brief)
{
    const struct xg_field *f;
    struct xg_cbor_item item;

    if (holds(e->number, w->asked.text))
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
    bool is_case = brief->kind && brief->kind->first_status;
    if (!is_case || !xg_brief_value(brief, XG_CASE_UNIT, &item) ||
        !xg_cbor_text(unit, sizeof unit, &item))
        snprintf(unit, sizeof unit, "%s", e->unit);
    if (is_case && xg_brief_set(brief, XG_CASE_CALLED, &called))
        while (xg_brief_element(&called, &item))
            *held |= item.bytes.len == strlen(w->asked.holder) &&
                     memcmp(item.bytes.at, w->asked.holder, item.bytes.len) == 0;
    if (*held || strcmp(unit, w->asked.holder) == 0) {
        *held = true;
        return XG_OK;
    }
    /* The registry knows the units that people work in, the territory all. */
    if (xg_unit_within(held, r, unit, w->asked.holder, UINT64_MAX, w->err) != XG_OK)
        return w->err->status;
    if (*held)
        return XG_OK;
    if (cli_guide(w->cli, &g, w->err) != XG_OK ||
        xg_guide_territory(g, &territory, w->err) != XG_OK)
        return w->err->status;
    *held = xg_territory_distance(territory, unit, w->asked.holder) >= 0;
    return XG_OK;
}

/* Is the category that one, or below it in the catalogue? */
static enum xg_status is_of_category(bool *is, struct walk *w,
                                     const struct xg_brief *brief)
{
    const struct xg_field *field =
        brief->kind ? xg_field_named(brief->kind, "category") : NULL;
    const struct xg_catalogue *catalogue = NULL;
    const struct xg_category *at;
    struct xg_guide *g = NULL;
    struct xg_cbor_item item;

    *is = false;
    if (!field || !xg_brief_value(brief, field->number, &item))
        return XG_OK;
    *is = xg_bytes_equal(item.bytes, xg_bytes_of(w->asked.category));
    if (*is)
        return XG_OK;
    if (cli_guide(w->cli, &g, w->err) != XG_OK ||
        xg_guide_catalogue(g, &catalogue, NULL, UINT64_MAX, w->err) != XG_OK)
        return w->err->status;
    for (at = xg_catalogue_find(catalogue, item.bytes); at; at = at->parent)
        *is |= strcmp(at->code, w->asked.category) == 0;
    return XG_OK;
}

static bool is_urgent(const struct walk *w, const struct xg_brief *brief)
{
    struct xg_cbor_item item;

    return brief->kind && brief->kind->number == XG_KIND_INCIDENT &&
           xg_brief_value(brief, XG_INCIDENT_URGENCY, &item) &&
           item.number == w->asked.urgency;
}

static bool sieves(const struct asked *a)
{
    return a->text || a->holder || *a->category || a->urgency;
}

static enum xg_status passes(bool *does, struct walk *w,
                             const struct store_entity *e,
                             const struct xg_brief *brief)
{
    bool pass = true;

    if (w->asked.urgency)
        pass = is_urgent(w, brief);
    if (pass && *w->asked.category &&
        is_of_category(&pass, w, brief) != XG_OK)
        return w->err->status;
    if (pass && w->asked.holder && is_held(&pass, w, e, brief) != XG_OK)
        return w->err->status;
    *does = pass && (!w->asked.text || entity_holds(w, e, brief));
    return XG_OK;
}

/* ---- rows, a page at a time ---- */

struct row {
    struct store_entity e;
    struct xg_bytes state; /* in the arena */
    int64_t due_ms;
};

struct rows {
    struct row *list;
    size_t count, room;
    struct walk *walk;
    bool with_state, failed;
};

static bool gather(void *ctx, const struct store_entity *e,
                   struct xg_bytes state)
{
    struct rows *r = ctx;
    struct row row = {.e = *e, .due_ms = XG_NO_TIME};

    if (r->with_state && state.len) {
        row.state.at = xg_arena_copy(&r->walk->arena, state.at, state.len);
        row.state.len = state.len;
        r->failed = !row.state.at;
    }
    if (!r->failed && r->count == r->room) {
        size_t room = r->room ? 2 * r->room : PAGE_ROWS;
        struct row *list = realloc(r->list, room * sizeof *list);
        r->failed = !list;
        if (list) {
            r->list = list;
            r->room = room;
        }
    }
    if (r->failed)
        return false;
    r->list[r->count++] = row;
    return true;
}

static enum xg_status load_rows(struct rows *r, const struct store_filter *f)
{
    struct walk *w = r->walk;

    r->count = 0;
    xg_arena_reset(&w->arena);
    if (store_list(w->cli->home.store, f, r->with_state, gather, r, w->err) !=
        XG_OK)
        return w->err->status;
    return r->failed ? xg_fail_nomem(w->err) : XG_OK;
}

typedef enum xg_status take_row(struct walk *w, const struct row *row,
                                const struct xg_brief *brief);

/* The brief of one too large to be folded says its kind alone. */
static enum xg_status brief_of(struct xg_brief *brief, const struct row *row,
                               struct xg_error *err)
{
    if (row->e.folded)
        return xg_brief_read(brief, row->state, err);
    *brief = (struct xg_brief){
        .id = row->e.id, .kind = row->e.kind, .records = row->e.records};
    return XG_OK;
}

static enum xg_status offer(struct walk *w, const struct row *row,
                            take_row *take)
{
    struct xg_brief brief;
    bool pass = true;

    if (brief_of(&brief, row, w->err) != XG_OK ||
        (sieves(&w->asked) && passes(&pass, w, &row->e, &brief) != XG_OK))
        return w->err->status;
    if (!pass)
        return XG_OK;
    w->rows++;
    w->left--;
    return take ? take(w, row, &brief) : XG_OK;
}

/* Newest first, until there are enough. */
static enum xg_status in_order(struct walk *w, take_row *take)
{
    struct rows r = {.walk = w, .with_state = true};
    struct store_filter f = w->asked.filter;
    enum xg_status status = XG_OK;

    f.limit = PAGE_ROWS;
    do {
        status = load_rows(&r, &f);
        for (size_t i = 0; status == XG_OK && i < r.count && w->left > 0; i++)
            status = offer(w, &r.list[i], take);
        if (r.count)
            f.below = r.list[r.count - 1].e.rank;
    } while (status == XG_OK && r.count == PAGE_ROWS && w->left > 0);
    free(r.list);
    return status;
}

/* ---- by deadline ---- */

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

/* Of one row alone, loaded now: all of them may be many. */
static enum xg_status offer_loaded(struct walk *w, struct row *row,
                                   take_row *take)
{
    struct xg_buf state = XG_BUF(64 << 20);
    struct store_entity again;
    enum xg_status status = store_load_entity(w->cli->home.store, &again,
                                              &state, &row->e.id, w->err);

    row->state = xg_buf_bytes(&state);
    if (status == XG_OK)
        status = offer(w, row, take);
    xg_buf_clear(&state);
    return status;
}

/* --after names a row of the list that was sorted anew. */
static size_t place_after(const struct rows *r, const struct xg_id *id)
{
    for (size_t i = 0; i < r->count; i++)
        if (xg_id_equal(&r->list[i].e.id, id))
            return i + 1;
    return 0;
}

static enum xg_status by_deadline(struct walk *w, const struct xg_id *after,
                                  take_row *take)
{
    struct rows r = {.walk = w};
    bool overdue = cli_flag(w->cli, "overdue") != NULL;
    enum xg_status status = load_rows(&r, &w->asked.filter);

    if (status == XG_OK)
        status = look_at_deadlines(w, &r, overdue);
    for (size_t i = after ? place_after(&r, after) : 0;
         status == XG_OK && i < r.count && w->left > 0; i++)
        status = offer_loaded(w, &r.list[i], take);
    free(r.list);
    return status;
}

/* ---- the answers ---- */

static enum xg_status put_row(struct walk *w, const struct row *row,
                              const struct xg_brief *brief)
{
    if (w->rows == 1)
        view_list_head(&w->cli->out, &w->view.context);
    w->view.entity = &row->e;
    enum xg_status status =
        view_list_row(&w->cli->out, brief, &w->view.context, w->err);
    w->view.entity = NULL;
    if (status == XG_OK && w->cli->out.len > FLUSH_BYTES)
        status = cli_flush(w->cli, w->err);
    return status;
}

static enum xg_status put_count(struct cli *cli, uint64_t count,
                                struct xg_error *err)
{
    if (cli->json)
        return cli_put_json(
            cli, json_pack("{s:I}", "count", (json_int_t)count), err);
    xg_buf_format(&cli->out, "%llu\n", (unsigned long long)count);
    return xg_buf_check(&cli->out, err);
}

static void put_degrees(struct xg_buf *out, int32_t e7)
{
    xg_buf_byte(out, ',');
    view_put_decimal(out, e7, 7);
}

/* [id,number,kind,status,light,lat,lon]; null for a light that was not looked
 * up: the oldest of very many. */
static enum xg_status put_point(struct walk *w, const struct row *row,
                                const struct xg_brief *brief)
{
    struct xg_buf *out = &w->cli->out;
    const struct xg_choice *status =
        xg_choice_find(xg_statuses, brief->status);
    enum xg_light light = XG_LIGHT_NONE;
    struct xg_cbor_item item;
    bool told = true;

    if (!xg_brief_value(brief, XG_FIELD_POSITION, &item) ||
        item.type != XG_CBOR_ARRAY)
        return XG_OK;
    if (brief->status && !xg_status_final(brief->status)) {
        told = w->lights++ < LIGHTS_MAX;
        if (told &&
            cli_light_of(w->cli, &light, &row->e.id, w->err) != XG_OK)
            return w->err->status;
    }
    struct view_position at = view_position_of(&item);
    xg_buf_text(out, w->points++ ? ",[\"" : "[\"");
    xg_buf_hex(out, row->e.id.b, XG_ID_SIZE);
    xg_buf_format(out, "\",\"%s\",\"%s\",", row->e.number,
                  brief->kind ? brief->kind->name : "");
    xg_buf_format(out, status ? "\"%s\"," : "null,",
                  status ? status->name : "");
    xg_buf_format(out, told ? "\"%s\"" : "null", view_light_name(light));
    put_degrees(out, at.lat_e7);
    put_degrees(out, at.lon_e7);
    xg_buf_byte(out, ']');
    return xg_buf_check(out, w->err);
}

static enum xg_status put_points(struct walk *w)
{
    xg_buf_text(&w->cli->out, "{\"points\":[");
    if (in_order(w, put_point) != XG_OK)
        return w->err->status;
    xg_buf_text(&w->cli->out, "]}\n");
    return xg_buf_check(&w->cli->out, w->err);
}

static enum xg_status answer(struct walk *w, const struct xg_id *after)
{
    bool sorted = cli_flag(w->cli, "overdue") || cli_flag(w->cli, "due");
    bool counts = cli_flag(w->cli, "count") != NULL;
    uint64_t count;

    if (cli_flag(w->cli, "points"))
        return put_points(w);
    if (counts && !sieves(&w->asked) && !cli_flag(w->cli, "overdue")) {
        if (store_count_listed(w->cli->home.store, &count, &w->asked.filter,
                               w->err) != XG_OK)
            return w->err->status;
        return put_count(w->cli, count, w->err);
    }
    take_row *take = counts ? NULL : put_row;
    if ((sorted ? by_deadline(w, after, take) : in_order(w, take)) != XG_OK)
        return w->err->status;
    if (counts)
        return put_count(w->cli, w->rows, w->err);
    if (w->rows == 0)
        cli_say(w->cli, "%s",
                XG_T("没有符合的记录。", "Nothing here."));
    return XG_OK;
}

/* Those of one kind, where one was named. */
static enum xg_status list_drafts(const struct asked *a, struct cli *cli,
                                  struct xg_error *err)
{
    const struct xg_kind *kind = NULL;

    for (const struct xg_kind *k = xg_kinds; k->name; k++)
        if (a->filter.kinds & UINT64_C(1) << k->number)
            kind = k;
    return cli_list_drafts(cli, kind, a->text, err);
}

static enum xg_status list(struct cli *cli, const char *kind, const char *text,
                           struct xg_error *err)
{
    struct walk w = {.cli = cli,
                     .arena = XG_ARENA(PAGE_ARENA_MAX),
                     .value = XG_BUF(4 << 20),
                     .err = err};
    const char *after = cli_flag(cli, "after");
    struct store_entity last = {.rank = 0};

    if (read_asked(&w.asked, cli, kind, text, err) != XG_OK)
        return err->status;
    if (w.asked.drafts)
        return list_drafts(&w.asked, cli, err);
    if (after && cli_find(cli, &last, after, err) != XG_OK)
        return err->status;
    if (!cli_flag(cli, "due") && !cli_flag(cli, "overdue"))
        w.asked.filter.below = last.rank;
    w.left = cli_flag(cli, "count") ? INT64_MAX : w.asked.limit;
    if (cli_view_init(&w.view, cli, err) != XG_OK)
        return err->status;
    enum xg_status status = answer(&w, after ? &last.id : NULL);
    xg_arena_clear(&w.arena);
    xg_buf_clear(&w.value);
    return status;
}

enum xg_status cmd_list(struct cli *cli, struct xg_error *err)
{
    return list(cli, cli->word_count ? cli->words[0] : NULL, NULL, err);
}

enum xg_status cmd_find(struct cli *cli, struct xg_error *err)
{
    return list(cli, NULL, cli->words[0], err);
}
