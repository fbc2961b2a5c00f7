/* drafts.c - drafts as a person sees them: like records, but only here. */
#include "agent/cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "shared/core/cbor.h"
#include "shared/view/json.h"
#include "shared/view/photo.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum {
    LABEL_COLUMNS = 18,
    NAME_COLUMNS = 15,
    KIND_COLUMNS = 11,
    TEXT_COLUMNS = 46,
    DRAFT_ARENA_MAX = 16 << 20,
    DRAFTS_MAX = 10000,
};

/* ---- text ---- */

static void put_word(struct xg_buf *out, const struct xg_kind *kind,
                     const char *word)
{
    size_t len = strcspn(word, "="), start = out->len;
    const struct xg_field *f = NULL;
    struct xg_error ignored = XG_ERROR_NONE;
    char name[CLI_NAME_SIZE];

    snprintf(name, sizeof name, "%.*s", (int)len, word);
    if (view_form_field(&f, kind, name, &ignored) == XG_OK)
        xg_buf_text(out, xg_label(f->zh, f->en));
    else
        view_put_line(out, xg_bytes_of(name));
    view_pad(out, start, LABEL_COLUMNS);
    xg_buf_byte(out, ' ');
    view_put_block(out, xg_bytes_of(word + len + (word[len] == '=')),
                   LABEL_COLUMNS + 1);
    xg_buf_byte(out, '\n');
}

static void put_line(struct xg_buf *out, const char *label, const char *text)
{
    size_t start = out->len;

    xg_buf_text(out, label);
    view_pad(out, start, LABEL_COLUMNS);
    xg_buf_byte(out, ' ');
    view_put_block(out, xg_bytes_of(text), LABEL_COLUMNS + 1);
    xg_buf_byte(out, '\n');
}

static void put_fields(struct xg_buf *out, const struct kept_draft *d)
{
    const struct xg_kind *contact = xg_kind_find(XG_KIND_CONTACT);
    static const char *const names[VIEW_TOLDS] = {
        [VIEW_TOLD_NAME] = "name",
        [VIEW_TOLD_PHONE] = "phone",
        [VIEW_TOLD_CONSENT] = "consent",
        [VIEW_TOLD_RELATION] = "relation"};
    const struct xg_field *photo = xg_field_find(d->kind, XG_FIELD_PHOTO);
    struct kept_photos at = {.begun = false};
    struct xg_buf text = XG_BUF(64 << 10);
    struct xg_cbor_item item;

    for (size_t i = 0; i < d->words.count; i++)
        put_word(out, d->kind, d->words.list[i]);
    for (size_t i = 0; i < VIEW_TOLDS; i++) {
        const struct xg_field *f = xg_field_named(contact, names[i]);
        if (d->informant[i])
            put_line(out, xg_label(f->zh, f->en), d->informant[i]);
    }
    for (size_t i = 0; i < d->opens.count; i++)
        put_word(out, xg_kind_find(XG_KIND_INCIDENT), d->opens.list[i]);
    while (kept_next_photo(d, &at, &item)) {
        xg_buf_reset(&text);
        view_value_text(&text, photo, &item);
        put_line(out, xg_label(photo->zh, photo->en), xg_buf_str(&text));
    }
    xg_buf_clear(&text);
}

void cli_put_draft(struct xg_buf *out, const struct kept_draft *d,
                   const struct cli_judged *judged)
{
    if (d)
        put_fields(out, d);
    view_put_judged(out, &judged->said);
}

void cli_put_age(struct xg_buf *out, int64_t ms, int64_t now_ms)
{
    if (ms > now_ms) {
        view_put_time(out, ms); /* by another clock */
        return;
    }
    view_put_duration(out, now_ms - ms);
    xg_buf_text(out, XG_T("前", " ago"));
}

/* ---- JSON ---- */

static json_t *photos_json(const struct cli *cli, const struct kept_draft *d,
                           const struct xg_draft *valid)
{
    struct kept_photos at = {.begun = false};
    json_t *list = json_array();
    struct xg_cbor_item photo;

    while (kept_next_photo(d, &at, &photo))
        json_array_append_new(
            list, view_photo_ahead_json(&photo, valid, xg_wall_ms(&cli->env)));
    return list;
}

static void set_about(json_t *object, struct cli *cli,
                      const struct kept_draft *d)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct store_entity e;

    if (!d->is_later)
        return;
    json_object_set_new(object, "about",
                        cli_json_hex(d->about.b, XG_ID_SIZE));
    if (store_load_entity(cli->home.store, &e, NULL, &d->about, &ignored) ==
        XG_OK)
        json_object_set_new(object, "about_number", json_string(e.number));
    if (*d->move)
        json_object_set_new(object, "move", json_string(d->move));
}

json_t *cli_draft_json(struct cli *cli, int64_t number,
                       const struct kept_draft *d,
                       const struct cli_judged *judged, bool near)
{
    char name[32];

    snprintf(name, sizeof name, "draft-%lld", (long long)number);
    json_t *object = json_pack(
        "{s:s, s:n, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:O, s:O, s:O, s:o}",
        "number", name, "id", "kind", d->kind->name, "delivery",
        view_delivery_name(VIEW_DRAFT), "author", d->author, "version",
        (json_int_t)d->version, "changed", view_json_time(d->changed_ms),
        "fields", view_typed_json(&judged->act.draft), "texts",
        view_texts_json(d->kind, d->words.list, d->words.count), "problems", judged->said.problems,
        "missing", judged->said.missing, "wanted", judged->said.wanted, "photos",
        photos_json(cli, d, &judged->act.draft));
    if (!object)
        return NULL;
    set_about(object, cli, d);
    json_object_set_new(object, "informant", view_told_json(d->informant));
    if (d->opens.count)
        json_object_set_new(
            object, "incident",
            view_texts_json(xg_kind_find(XG_KIND_INCIDENT), d->opens.list,
                            d->opens.count));
    if (near && !d->is_later && d->kind->number == XG_KIND_INCIDENT)
        json_object_set_new(object, "near",
                            cli_near_draft(cli, &judged->act.draft));
    return object;
}

/* ---- one ---- */

enum xg_status cli_show_draft(struct cli *cli, int64_t number,
                              struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(DRAFT_ARENA_MAX);
    struct cli_judged judged;
    struct kept_draft d;

    if (kept_load(cli->home.store, &d, &arena, number, err) != XG_OK) {
        xg_arena_clear(&arena);
        return err->status;
    }
    enum xg_status status = cli_judge_draft(&judged, cli, &d, err);
    if (status == XG_OK && cli->json) {
        status = cli_put_json(
            cli, cli_draft_json(cli, number, &d, &judged, true), err);
    } else if (status == XG_OK) {
        xg_buf_format(&cli->out, "draft-%lld  %s  %s  ", (long long)number,
                      xg_label(d.kind->zh, d.kind->en),
                      view_delivery_label(VIEW_DRAFT));
        cli_put_age(&cli->out, d.changed_ms, xg_wall_ms(&cli->env));
        xg_buf_byte(&cli->out, '\n');
        cli_put_draft(&cli->out, &d, &judged);
        status = xg_buf_check(&cli->out, err);
    }
    cli_judged_clear(&judged);
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
static void put_row(struct cli *cli, const struct kept_draft *d,
                    int64_t number, const char *all)
{
    struct xg_buf *out = &cli->out;
    char name[32];

    snprintf(name, sizeof name, "draft-%lld", (long long)number);
    view_put_column(out, xg_bytes_of(name), NAME_COLUMNS);
    xg_buf_byte(out, ' ');
    view_put_column(out, xg_bytes_of(xg_label(d->kind->zh, d->kind->en)),
                    KIND_COLUMNS);
    xg_buf_byte(out, ' ');
    view_put_column(out, xg_bytes_of(all), TEXT_COLUMNS);
    xg_buf_format(out, " %s  ", view_delivery_label(VIEW_DRAFT));
    cli_put_age(out, d->changed_ms, xg_wall_ms(&cli->env));
    xg_buf_byte(out, '\n');
}

static enum xg_status row_json(struct cli *cli, const struct kept_draft *d,
                               int64_t number, struct xg_error *err)
{
    struct cli_judged judged;
    enum xg_status status = cli_judge_draft(&judged, cli, d, err);

    if (status == XG_OK)
        status = cli_put_json(
            cli, cli_draft_json(cli, number, d, &judged, false), err);
    cli_judged_clear(&judged);
    return status;
}

static enum xg_status list_one(struct cli *cli, struct xg_arena *arena,
                               int64_t number, const char *text,
                               struct xg_error *err)
{
    struct xg_buf all = XG_BUF(1 << 20);
    struct kept_draft d;
    enum xg_status status =
        kept_load(cli->home.store, &d, arena, number, err);

    if (status != XG_OK)
        return status;
    put_fields(&all, &d);
    if (text && !strstr(xg_buf_str(&all), text))
        status = XG_OK;
    else if (cli->json)
        status = row_json(cli, &d, number, err);
    else
        put_row(cli, &d, number, xg_buf_str(&all));
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
