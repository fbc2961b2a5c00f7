/* drafts.c - drafts as a person sees them: like records, but only here. */
#include "agent/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "shared/core/cbor.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum {
    LABEL_COLUMNS = 18,
    NAME_COLUMNS = 15,
    KIND_COLUMNS = 11,
    DRAFT_ARENA_MAX = 8 << 20,
    DRAFTS_MAX = 10000,
};

/* Walks the values of a field: one of a register, each added one of a set. */
struct values {
    struct xg_cbor at;
    bool set;
};

static struct values values_of(const struct xg_field *field,
                               struct xg_bytes value)
{
    struct values v = {xg_cbor_over(value),
                       field && field->merge == XG_MERGE_SET};
    struct xg_cbor_item map, key, list;

    if (!v.set || !xg_cbor_next(&v.at, &map))
        return v;
    struct xg_cbor in = xg_cbor_inside(&map);
    v.at = xg_cbor_over(xg_bytes(NULL, 0));
    while (xg_cbor_next(&in, &key) && xg_cbor_next(&in, &list))
        if (key.number == XG_SET_ADDED)
            v.at = xg_cbor_inside(&list);
    return v;
}

static void put_fields(struct xg_buf *out, const struct xg_draft *d)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);
    struct xg_buf text = XG_BUF(64 << 10);
    struct xg_cbor_item item;

    for (size_t i = 0; i < d->field_count; i++) {
        const struct xg_field *f = xg_field_find(kind, d->fields[i].number);
        struct values v = values_of(f, d->fields[i].value);
        while (xg_cbor_next(&v.at, &item)) {
            size_t start = out->len;
            xg_buf_text(out, f ? xg_label(f->zh, f->en) : "?");
            view_pad(out, start, LABEL_COLUMNS);
            xg_buf_byte(out, ' ');
            xg_buf_reset(&text);
            view_value_text(&text, f, &item);
            view_put_block(out, xg_buf_bytes(&text), LABEL_COLUMNS + 1);
            xg_buf_byte(out, '\n');
        }
    }
    xg_buf_clear(&text);
}

static json_t *fields_json(const struct xg_draft *d)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);
    json_t *fields = json_object();
    struct xg_cbor_item item;

    for (size_t i = 0; i < d->field_count; i++) {
        const struct xg_field *f = xg_field_find(kind, d->fields[i].number);
        struct values v = values_of(f, d->fields[i].value);
        json_t *list = f && f->merge == XG_MERGE_SET ? json_array() : NULL;
        while (f && xg_cbor_next(&v.at, &item)) {
            if (list)
                json_array_append_new(list, view_value_json(f, &item));
            else
                json_object_set_new(fields, f->name, view_value_json(f, &item));
        }
        if (list)
            json_object_set_new(fields, f->name, list);
    }
    return fields;
}

static json_t *draft_json(const struct xg_draft *d, const char *name,
                          const char *author)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);

    return json_pack("{s:s, s:n, s:s, s:s, s:s, s:o}", "number", name, "id",
                     "kind", kind->name, "delivery",
                     view_delivery_name(VIEW_DRAFT), "author", author, "fields",
                     fields_json(d));
}

enum xg_status cli_show_draft(struct cli *cli, int64_t number,
                              struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(DRAFT_ARENA_MAX);
    struct xg_draft draft;
    const char *author;
    char name[32];
    enum xg_status status = capture_draft_load(cli->home.store, &draft, &author,
                                               &arena, number, err);

    snprintf(name, sizeof name, "draft-%lld", (long long)number);
    if (status == XG_OK && cli->json) {
        status = cli_put_json(cli, draft_json(&draft, name, author), err);
    } else if (status == XG_OK) {
        const struct xg_kind *kind = xg_kind_find(draft.head.kind);
        xg_buf_format(&cli->out, "%s  %s  %s\n", name,
                      xg_label(kind->zh, kind->en),
                      view_delivery_label(VIEW_DRAFT));
        put_fields(&cli->out, &draft);
        status = xg_buf_check(&cli->out, err);
    }
    xg_arena_clear(&arena);
    return status;
}

/* ---- lists ---- */

struct numbers {
    const struct xg_kind *kind;
    size_t count;
    int64_t list[DRAFTS_MAX];
};

static bool gather(void *ctx, int64_t number, const struct xg_kind *kind,
                   int64_t changed_ms)
{
    struct numbers *n = ctx;

    (void)changed_ms;
    if (!n->kind || n->kind == kind)
        n->list[n->count++] = number;
    return n->count < DRAFTS_MAX;
}

/* One line: what was filled in, on it as far as it goes. */
static void put_row(struct xg_buf *out, const struct xg_draft *d,
                    const char *name, const char *all)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);

    view_put_column(out, xg_bytes_of(name), NAME_COLUMNS);
    xg_buf_byte(out, ' ');
    view_put_column(out, xg_bytes_of(xg_label(kind->zh, kind->en)),
                    KIND_COLUMNS);
    xg_buf_byte(out, ' ');
    view_put_column(out, xg_bytes_of(all), 56);
    xg_buf_format(out, " %s\n", view_delivery_label(VIEW_DRAFT));
}

static enum xg_status list_one(struct cli *cli, struct xg_arena *arena,
                               int64_t number, const char *text,
                               struct xg_error *err)
{
    struct xg_buf all = XG_BUF(1 << 20);
    struct xg_draft draft;
    const char *author;
    char name[32];
    enum xg_status status = capture_draft_load(cli->home.store, &draft, &author,
                                               arena, number, err);

    if (status != XG_OK)
        return status;
    snprintf(name, sizeof name, "draft-%lld", (long long)number);
    put_fields(&all, &draft);
    if (text && !strstr(xg_buf_str(&all), text))
        status = XG_OK;
    else if (cli->json)
        status = cli_put_json(cli, draft_json(&draft, name, author), err);
    else
        put_row(&cli->out, &draft, name, xg_buf_str(&all));
    xg_buf_clear(&all);
    return status;
}

enum xg_status cli_list_drafts(struct cli *cli, const struct xg_kind *kind,
                               const char *text, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(DRAFT_ARENA_MAX);
    struct numbers *n = xg_arena_alloc(&arena, sizeof *n);

    if (!n)
        return xg_fail_nomem(err);
    n->kind = kind;
    enum xg_status status = store_list_drafts(cli->home.store, gather, n, err);
    for (size_t i = 0; status == XG_OK && i < n->count; i++) {
        struct xg_arena one = XG_ARENA(DRAFT_ARENA_MAX);
        status = list_one(cli, &one, n->list[i], text, err);
        xg_arena_clear(&one);
    }
    if (status == XG_OK && n->count == 0 && !text)
        cli_say(cli, "%s", XG_T("没有草稿。", "There are no drafts."));
    xg_arena_clear(&arena);
    return status;
}
