/* cmd_due.c - `due`: what waits for somebody by when: subjects to visit, tasks,
 * stages of cases.
 */
#include "agent/cli/cli.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shared/core/cbor.h"
#include "shared/core/loop.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum {
    DAY_MS = 86400000,
    TITLE_COLUMNS = 34,
    NUMBER_COLUMNS = 15,
    WHAT_COLUMNS = 12,
    DAYS_MAX = 366
};

enum due_sort { DUE_VISIT, DUE_TASK, DUE_STAGE };

struct item {
    struct xg_id id;
    enum due_sort sort;
    int64_t due_ms, last_ms; /* last_ms: of a visit, XG_NO_TIME none */
    enum xg_stage stage;
    const struct xg_kind *kind;
    char number[XG_NUMBER_SIZE], title[128];
};

/* The last visit of each subject. */
struct seen {
    struct xg_id subject;
    int64_t ms;
};

struct looking {
    struct cli *cli;
    struct item *items;
    size_t count, room;
    struct seen *seen;
    size_t seen_count, seen_room;
    struct xg_error *err;
    enum xg_status status;
};

static bool grown(void **list, size_t *room, size_t count, size_t size,
                  struct looking *l)
{
    if (count < *room)
        return true;
    size_t more = *room ? 2 * *room : 64;
    void *bigger = realloc(*list, more * size);

    if (!bigger) {
        l->status = xg_fail_nomem(l->err);
        return false;
    }
    *list = bigger;
    *room = more;
    return true;
}

static struct item *add_item(struct looking *l, const struct store_entity *e,
                             enum due_sort sort, int64_t due_ms)
{
    void *list = l->items;

    if (!grown(&list, &l->room, l->count, sizeof *l->items, l))
        return NULL;
    l->items = list;
    struct item *item = &l->items[l->count++];
    *item = (struct item){
        .id = e->id,
        .sort = sort,
        .due_ms = due_ms,
        .last_ms = XG_NO_TIME,
        .kind = e->kind};
    memcpy(item->number, e->number, sizeof item->number);
    return item;
}

static bool take(struct looking *l, struct xg_brief *brief,
                 struct xg_bytes state)
{
    l->status = xg_brief_read(brief, state, l->err);
    return l->status == XG_OK;
}

static void take_title(struct item *item, const struct xg_brief *b,
                       uint64_t number)
{
    struct xg_cbor_item text;

    if (xg_brief_value(b, number, &text) && text.type == XG_CBOR_TEXT) {
        size_t len = text.bytes.len < sizeof item->title - 1
                         ? text.bytes.len
                         : sizeof item->title - 1;
        /* Not in the middle of a character. */
        while (len < text.bytes.len && len &&
               (text.bytes.at[len] & 0xC0) == 0x80)
            len--;
        memcpy(item->title, text.bytes.at, len);
    }
}

/* ---- subjects ---- */

static bool see_visit(void *ctx, const struct store_entity *e,
                      struct xg_bytes state)
{
    struct looking *l = ctx;
    struct xg_cbor_item subject;
    struct xg_brief b;

    if (e->withdrawn)
        return true;
    if (!take(l, &b, state))
        return false;
    if (!xg_brief_value(&b, XG_VISIT_SUBJECT_ID, &subject) ||
        subject.bytes.len != XG_ID_SIZE)
        return true;
    void *list = l->seen;
    if (!grown(&list, &l->seen_room, l->seen_count, sizeof *l->seen, l))
        return false;
    l->seen = list;
    struct seen *s = &l->seen[l->seen_count++];
    memcpy(s->subject.b, subject.bytes.at, XG_ID_SIZE);
    s->ms = e->first_ms;
    return true;
}

/* By subject, the latest first. */
static int by_subject(const void *x, const void *y)
{
    const struct seen *a = x, *b = y;
    int order = memcmp(a->subject.b, b->subject.b, XG_ID_SIZE);

    return order ? order : (a->ms < b->ms) - (a->ms > b->ms);
}

static int64_t last_visit(const struct looking *l, const struct xg_id *subject)
{
    size_t low = 0, high = l->seen_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (memcmp(l->seen[mid].subject.b, subject->b, XG_ID_SIZE) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < l->seen_count &&
                   memcmp(l->seen[low].subject.b, subject->b, XG_ID_SIZE) == 0
               ? l->seen[low].ms
               : XG_NO_TIME;
}

static bool see_subject(void *ctx, const struct store_entity *e,
                        struct xg_bytes state)
{
    struct looking *l = ctx;
    struct xg_cbor_item every, released;
    struct xg_brief b;

    if (e->withdrawn)
        return true;
    if (!take(l, &b, state))
        return false;
    if (!xg_brief_value(&b, XG_SUBJECT_EVERY_DAYS, &every) ||
        every.type != XG_CBOR_UINT || every.number == 0 ||
        (xg_brief_value(&b, XG_SUBJECT_RELEASED, &released) &&
         released.type == XG_CBOR_BOOL && released.number))
        return true;
    /* Never visited: it is due from the day on which it was listed. */
    int64_t last = last_visit(l, &e->id);
    int64_t due = last == XG_NO_TIME ? e->first_ms
                                     : last + (int64_t)every.number * DAY_MS;
    struct item *item = add_item(l, e, DUE_VISIT, due);
    if (!item)
        return false;
    item->last_ms = last;
    take_title(item, &b, xg_field_named(b.kind, "name")->number);
    return true;
}

/* ---- tasks and cases ---- */

static bool see_case(void *ctx, const struct store_entity *e,
                     struct xg_bytes state)
{
    struct looking *l = ctx;
    struct xg_cbor_item when;
    struct item *item;
    struct xg_brief b;
    int64_t due;

    if (!take(l, &b, state) || !b.kind)
        return l->status == XG_OK;
    if (b.kind->number == XG_KIND_TASK &&
        xg_brief_value(&b, xg_field_named(b.kind, "due")->number, &when) &&
        xg_cbor_int(&when, &due)) {
        item = add_item(l, e, DUE_TASK, due);
        if (item)
            take_title(item, &b, xg_field_named(b.kind, "title")->number);
        return item != NULL;
    }
    item = add_item(l, e, DUE_STAGE, XG_NO_TIME);
    if (!item)
        return false;
    /* The first of its own texts that it has: address, type, title. */
    for (size_t i = 0; xg_field_at(b.kind, i) && !*item->title; i++) {
        const struct xg_field *f = xg_field_at(b.kind, i);
        if (f->number >= XG_FIELD_OWN && f->number < XG_FIELD_SHARED &&
            f->type == XG_TYPE_TEXT && f->merge == XG_MERGE_REGISTER)
            take_title(item, &b, f->number);
    }
    return true;
}

/* When the stages are due; not while the list is walked. */
static enum xg_status look_at_stages(struct looking *l)
{
    for (size_t i = 0; i < l->count; i++) {
        struct cli_due due;
        if (l->items[i].sort != DUE_STAGE)
            continue;
        if (cli_due_of(l->cli, &due, &l->items[i].id, l->err) != XG_OK)
            return l->err->status;
        l->items[i].due_ms = due.ms;
        l->items[i].stage = due.stage;
    }
    return XG_OK;
}

static enum xg_status look(struct looking *l)
{
    struct store *s = l->cli->home.store;
    const struct store_filter visits = {.kind = xg_kind_find(XG_KIND_VISIT),
                                        .gone = true};
    const struct store_filter subjects = {.kind =
                                              xg_kind_find(XG_KIND_SUBJECT)};
    const struct store_filter cases = {.open = true};

    if (store_list(s, &visits, true, see_visit, l, l->err) != XG_OK)
        return l->err->status;
    if (l->seen_count)
        qsort(l->seen, l->seen_count, sizeof *l->seen, by_subject);
    if (l->status == XG_OK &&
        store_list(s, &subjects, true, see_subject, l, l->err) != XG_OK)
        return l->err->status;
    if (l->status == XG_OK &&
        store_list(s, &cases, true, see_case, l, l->err) != XG_OK)
        return l->err->status;
    return l->status == XG_OK ? look_at_stages(l) : l->status;
}

/* ---- said ---- */

static int by_due(const void *x, const void *y)
{
    const struct item *a = x, *b = y;

    if (a->due_ms != b->due_ms)
        return a->due_ms < b->due_ms ? -1 : 1;
    return memcmp(a->id.b, b->id.b, XG_ID_SIZE);
}

static const char *what_label(struct cli *cli, const struct item *item)
{
    switch (item->sort) {
    case DUE_VISIT:
        return XG_T("走访", "visit");
    case DUE_TASK:
        return XG_T("任务", "task");
    case DUE_STAGE:
        break;
    }
    return xg_labels_of(cli_labels(cli), XG_LABEL_STAGE, item->stage);
}

/* "还有 3 小时 5 分", "已过期 2 天 1 小时"; of a stage its clock says more. */
static json_t *words_json(const struct item *item, int64_t now_ms)
{
    struct xg_buf text = XG_BUF(256);
    int64_t left_ms = item->due_ms - now_ms;

    if (item->sort == DUE_VISIT && item->last_ms == XG_NO_TIME) {
        xg_buf_text(&text, XG_T("还没有走访过", "never visited"));
    } else {
        xg_buf_text(&text, left_ms < 0 ? XG_T("已过期 ", "") :
                                         XG_T("还有 ", ""));
        view_put_duration(&text, left_ms < 0 ? -left_ms : left_ms);
        xg_buf_text(&text,
                    left_ms < 0 ? XG_T("", " overdue") : XG_T("", " left"));
    }
    json_t *json = json_string(xg_buf_str(&text));
    xg_buf_clear(&text);
    return json;
}

static enum xg_status put_json(struct cli *cli, const struct item *item,
                               int64_t now_ms, struct xg_error *err)
{
    static const char *const names[] = {"visit", "task", "stage"};
    const struct xg_choice *stage = xg_choice_find(xg_stages, item->stage);
    struct xg_buf due = XG_BUF(64), last = XG_BUF(64);

    view_put_time_utc(&due, item->due_ms);
    if (item->last_ms != XG_NO_TIME)
        view_put_time_utc(&last, item->last_ms);
    json_t *json = json_pack(
        "{s:s, s:o, s:s, s:s, s:s, s:b}", "what", names[item->sort], "id",
        cli_json_hex(item->id.b, XG_ID_SIZE), "number", item->number, "title",
        item->title, "due", xg_buf_str(&due), "overdue", item->due_ms < now_ms);
    if (json && item->sort == DUE_STAGE && stage)
        json_object_set_new(json, "stage", json_string(stage->name));
    if (json && item->kind)
        json_object_set_new(json, "kind", json_string(item->kind->name));
    if (json)
        json_object_set_new(json, "text", words_json(item, now_ms));
    if (json && item->sort != DUE_VISIT &&
        cli_put_clocks(cli, NULL, &json, &item->id, false, err) != XG_OK) {
        json_decref(json);
        xg_buf_clear(&due);
        xg_buf_clear(&last);
        return err->status;
    }
    if (json && item->sort == DUE_VISIT)
        json_object_set_new(json, "last_visit",
                            last.len ? json_string(xg_buf_str(&last))
                                     : json_null());
    xg_buf_clear(&due);
    xg_buf_clear(&last);
    return cli_put_json(cli, json, err);
}

static void put_line(struct cli *cli, const struct item *item, int64_t now_ms)
{
    struct xg_buf *out = &cli->out;
    struct store_entity e = {.id = item->id};

    view_put_column(out, xg_bytes_of(what_label(cli, item)), WHAT_COLUMNS);
    xg_buf_byte(out, ' ');
    size_t start = out->len;
    memcpy(e.number, item->number, sizeof e.number);
    cli_put_number(out, &e);
    view_pad(out, start, NUMBER_COLUMNS);
    xg_buf_byte(out, ' ');
    view_put_column(out, xg_bytes_of(item->title), TITLE_COLUMNS);
    xg_buf_byte(out, ' ');
    if (item->sort == DUE_VISIT && item->last_ms == XG_NO_TIME) {
        xg_buf_text(out, XG_T("还没有走访过\n", "never visited\n"));
        return;
    }
    view_put_time(out, item->due_ms);
    xg_buf_text(out,
                item->due_ms < now_ms ? XG_T("  已过期", "  overdue") : "");
    xg_buf_byte(out, '\n');
}

/* The end of the local day, and so many days more. */
static int64_t horizon(int64_t now_ms, int64_t days)
{
    int64_t zone_ms = INT64_C(60000) * XG_ZONE_CHINA_MIN;
    int64_t local = now_ms + zone_ms;
    int64_t day = local / DAY_MS - (local % DAY_MS < 0);

    return (day + 1 + days) * DAY_MS - zone_ms - 1;
}

enum xg_status cli_count_due(struct cli *cli, struct cli_due_counts *out,
                             struct xg_error *err)
{
    struct looking l = {.cli = cli, .err = err, .status = XG_OK};
    int64_t now_ms = xg_wall_ms(&cli->env);
    struct cli_due_counts counts = {0};
    enum xg_status status = look(&l);

    for (size_t i = 0; status == XG_OK && i < l.count; i++) {
        const struct item *item = &l.items[i];
        bool due =
            item->due_ms != XG_NO_TIME && item->due_ms <= horizon(now_ms, 0);
        /* Who was never visited is new, not late. */
        bool late = due && item->due_ms < now_ms &&
                    (item->sort != DUE_VISIT || item->last_ms != XG_NO_TIME);
        counts.today += due;
        counts.overdue += late;
        counts.cases_open += item->sort != DUE_VISIT;
        counts.cases_overdue += late && item->sort != DUE_VISIT;
    }
    free(l.items);
    free(l.seen);
    if (status == XG_OK)
        *out = counts;
    return status;
}

enum xg_status cmd_due(struct cli *cli, struct xg_error *err)
{
    struct looking l = {.cli = cli, .err = err, .status = XG_OK};
    const char *days_text = cli_flag(cli, "days");
    int64_t now_ms = xg_wall_ms(&cli->env), days = 0;
    size_t shown = 0;

    if (days_text &&
        cli_number(&days, days_text, "--days", 0, DAYS_MAX, err) != XG_OK)
        return err->status;
    enum xg_status status = look(&l);
    if (l.count)
        qsort(l.items, l.count, sizeof *l.items, by_due);
    for (size_t i = 0; status == XG_OK && i < l.count; i++) {
        const struct item *item = &l.items[i];
        if (item->due_ms == XG_NO_TIME || item->due_ms > horizon(now_ms, days))
            continue;
        shown++;
        if (cli->json)
            status = put_json(cli, item, now_ms, err);
        else
            put_line(cli, item, now_ms);
    }
    if (status == XG_OK && shown == 0)
        cli_say(cli, "%s", XG_T("没有到期的。", "Nothing is due."));
    free(l.items);
    free(l.seen);
    return status == XG_OK ? xg_buf_check(&cli->out, err) : status;
}
