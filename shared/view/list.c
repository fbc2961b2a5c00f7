/* list.c - a line of a list, and the three axes; see show.h. */
#include "shared/view/show.h"

#include <inttypes.h>

#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/look.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum {
    NUMBER_COLUMNS = 15,
    KIND_COLUMNS = 11,
    STATUS_COLUMNS = 13,
    SUMMARY_COLUMNS = 42,
    SUMMARY_MAX = 64 << 10,
    TITLE_COLUMNS = 60, /* of each part */
    SHORT_COLUMNS = 120,
    READERS_MAX = 256,
    LONG_TEXT_BYTES = 4000, /* a field for more than that tells a story */
};

/* ---- the axes ---- */

static void put_separator(struct xg_buf *out, size_t start)
{
    if (out->len > start)
        xg_buf_text(out, " · ");
}

static void put_photos(struct xg_buf *out, const struct look_photos *photos,
                       const struct view_context *view)
{
    const struct {
        size_t count;
        enum view_place place;
    } missing[] = {{photos->only_here, VIEW_PHOTO_ONLY_HERE},
                   {photos->elsewhere, VIEW_PHOTO_ELSEWHERE},
                   {photos->not_here, VIEW_PHOTO_NOT_HERE},
                   {photos->wanted, VIEW_PHOTO_WANTED},
                   {photos->erased, VIEW_PHOTO_ERASED}};
    bool any = false;

    xg_buf_text(out, XG_T("照片 ", "photos "));
    if (!view->photo) {
        xg_buf_format(out, "%zu", photos->total);
        return;
    }
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        if (missing[i].count) {
            xg_buf_format(out, "%s%zu/%zu %s", any ? XG_T("、", ", ") : "",
                          missing[i].count, photos->total,
                          view_place_label(missing[i].place));
            any = true;
        }
    if (!any)
        xg_buf_format(out, "%zu/%zu %s", photos->server, photos->total,
                      view_place_label(VIEW_PHOTO_SERVER));
}

enum xg_status view_axes(struct xg_buf *out, const struct xg_brief *brief,
                         const struct view_context *view, struct xg_error *err)
{
    struct view_entity entity;
    struct look_photos photos;
    size_t start = out->len;

    if (look_entity(&entity, view, &brief->id, err) != XG_OK ||
        look_photos(&photos, brief, view, err) != XG_OK)
        return err->status;
    if (entity.out)
        xg_buf_text(out, XG_T("已转出", "handed on"));
    if (view->entity) {
        put_separator(out, start);
        /* Sealed or not is a detail. */
        enum view_delivery d =
            entity.delivery == VIEW_SEALED ? VIEW_WAITING : entity.delivery;
        xg_buf_format(out, XG_T("文字%s", "text %s"), view_delivery_label(d));
    }
    if (photos.total) {
        put_separator(out, start);
        put_photos(out, &photos, view);
    }
    if (brief->conflicts) {
        put_separator(out, start);
        xg_buf_text(out, XG_T("有冲突待决定", "conflict to decide"));
    }
    return xg_buf_check(out, err);
}

/* ---- the line ---- */

static bool withheld(const struct xg_field *field,
                     const struct view_context *view)
{
    return view->withhold && (field->flags & XG_PERSONAL);
}

static bool in_summary(const struct xg_field *field)
{
    return field->number >= XG_FIELD_OWN && field->merge == XG_MERGE_REGISTER &&
           field->type != XG_TYPE_ENTITY;
}

/* The kind's own fields, as many as the column shows. */
static void put_summary(struct xg_buf *out, const struct xg_brief *brief,
                        const struct view_context *view)
{
    struct xg_buf text = XG_BUF(SUMMARY_MAX);
    struct xg_cbor_item item;
    const struct xg_field *f;

    for (size_t i = 0; brief->kind && (f = xg_field_at(brief->kind, i)) != NULL;
         i++) {
        if (!in_summary(f) || withheld(f, view) ||
            !xg_brief_value(brief, f->number, &item))
            continue;
        put_separator(&text, 0);
        look_put_value(&text, view, f, &item);
        if (view_width(xg_buf_bytes(&text)) > SUMMARY_COLUMNS)
            break;
    }
    if (view->withhold) {
        put_separator(&text, 0);
        xg_buf_text(&text, XG_T("（个人信息：show --as --why）",
                                "(personal: show --as --why)"));
    }
    view_put_column(out, xg_buf_bytes(&text), SUMMARY_COLUMNS);
    if (text.failed == XG_NOMEM)
        out->failed = XG_NOMEM;
    xg_buf_clear(&text);
}

static void put_cell(struct xg_buf *out, const char *text, unsigned columns)
{
    view_put_column(out, xg_bytes_of(text), columns);
    xg_buf_byte(out, ' ');
}

void view_list_head(struct xg_buf *out, const struct view_context *view)
{
    if (view->json)
        return;
    put_cell(out, XG_T("编号", "number"), NUMBER_COLUMNS);
    put_cell(out, XG_T("种类", "kind"), KIND_COLUMNS);
    put_cell(out, XG_T("状态", "status"), STATUS_COLUMNS);
    put_cell(out, XG_T("内容", "what"), SUMMARY_COLUMNS);
    xg_buf_text(
        out, XG_T("送达 · 照片 · 待决定\n", "delivery · photos · decision\n"));
}

static void set_fields(json_t **object, const struct xg_brief *brief,
                       const struct view_context *view)
{
    json_t *fields = json_object(), *names = json_object();
    struct xg_cbor_item item;
    const struct xg_field *f;

    for (size_t i = 0; brief->kind && (f = xg_field_at(brief->kind, i)) != NULL;
         i++)
        if (f->merge == XG_MERGE_REGISTER && f->number != XG_FIELD_WITHDRAWN &&
            !withheld(f, view) &&
            xg_brief_value(brief, f->number, &item)) {
            view_json_set(&fields, f->name, view_value_json(f, &item));
            /* Of an entity it takes a look-up a row: `show` has it. */
            if (f->type != XG_TYPE_ENTITY)
                look_set_name(&names, f->name, view, f, &item);
        }
    view_json_set(object, "fields", fields);
    view_json_set(object, "names", names);
    if (view->withhold)
        view_json_set(object, "withheld", json_true());
}

/* ---- what it is known by ---- */

bool look_is_telling(const struct xg_field *f, size_t texts)
{
    if (f->number < XG_FIELD_OWN || f->number >= XG_FIELD_SHARED ||
        f->merge != XG_MERGE_REGISTER)
        return false;
    if (f->type == XG_TYPE_CODE)
        return f->flags & XG_REQUIRED;
    return f->type == XG_TYPE_TEXT && f->max < LONG_TEXT_BYTES && texts == 0;
}

/* The name of a code is enough for a title. */
static void put_called(struct xg_buf *out, const struct view_context *view,
                       const struct xg_field *f,
                       const struct xg_cbor_item *value)
{
    struct xg_buf text = XG_BUF(SUMMARY_MAX), name = XG_BUF(SUMMARY_MAX);

    if (view->name && f->type == XG_TYPE_CODE && value->type == XG_CBOR_TEXT)
        view->name(view->ctx, &name, f, value);
    view_value_text(&text, f, value);
    put_separator(out, 0);
    view_put_cut(out, xg_buf_bytes(name.len ? &name : &text), TITLE_COLUMNS);
    xg_buf_clear(&text);
    xg_buf_clear(&name);
}

void view_put_known_as(struct xg_buf *out, const struct xg_brief *brief,
                       const struct view_context *view)
{
    struct xg_buf title = XG_BUF(SUMMARY_MAX);
    struct xg_cbor_item value;
    const struct xg_field *f;
    size_t texts = 0;

    for (size_t i = 0; brief->kind && (f = xg_field_at(brief->kind, i)); i++) {
        if (!look_is_telling(f, texts) || withheld(f, view) ||
            !xg_brief_value(brief, f->number, &value) ||
            value.type != XG_CBOR_TEXT || value.bytes.len == 0)
            continue;
        put_called(&title, view, f, &value);
        texts += f->type == XG_TYPE_TEXT;
    }
    if (title.len == 0)
        xg_buf_text(&title, look_kind_label(brief->kind));
    xg_buf_append(out, title.data, title.len);
    if (title.failed == XG_NOMEM)
        out->failed = XG_NOMEM;
    xg_buf_clear(&title);
}

/* The first long text of its own, as much as two lines hold; or nothing. */
static void put_short(struct xg_buf *out, const struct xg_brief *brief,
                      const struct view_context *view)
{
    struct xg_cbor_item value;
    const struct xg_field *f;

    for (size_t i = 0; brief->kind && (f = xg_field_at(brief->kind, i)); i++)
        if (f->number >= XG_FIELD_OWN && f->number < XG_FIELD_SHARED &&
            f->type == XG_TYPE_TEXT && f->max >= LONG_TEXT_BYTES &&
            f->merge == XG_MERGE_REGISTER && !withheld(f, view) &&
            xg_brief_value(brief, f->number, &value) &&
            value.type == XG_CBOR_TEXT) {
            view_put_cut(out, value.bytes, SHORT_COLUMNS);
            return;
        }
}

/* The photo that stands for it: the first whose small picture is known. */
static json_t *thumb_json(const struct xg_brief *brief)
{
    struct xg_brief_elements elements = {0};
    struct xg_cbor_item item;

    if (!xg_brief_set(brief, XG_FIELD_PHOTO, &elements))
        return json_null();
    while (xg_brief_element(&elements, &item)) {
        struct view_photo photo = view_photo_of(&item);
        if (photo.thumbnail_bytes)
            return view_json_hex(photo.sha256.b, XG_HASH_SIZE);
    }
    return json_null();
}

/* Who gave the receipt, as far as is known here: the first of very many. */
static json_t *readers_json(const struct xg_brief *brief)
{
    struct xg_brief_elements elements = {0};
    json_t *list = json_array();
    struct xg_cbor_item item;

    if (xg_brief_set(brief, XG_NOTICE_READ, &elements))
        for (size_t i = 0; i < READERS_MAX && xg_brief_element(&elements, &item);
             i++)
            view_json_append(&list, view_json_text(item.bytes));
    return list;
}

void look_set_known(json_t **json, const struct xg_brief *brief,
                    const struct view_context *view)
{
    struct xg_buf text = XG_BUF(SUMMARY_MAX);
    const struct xg_field *position =
        brief->kind ? xg_field_find(brief->kind, XG_FIELD_POSITION) : NULL;
    struct xg_cbor_item value;
    bool placed = position && !withheld(position, view) &&
                  xg_brief_value(brief, XG_FIELD_POSITION, &value);

    view_put_known_as(&text, brief, view);
    view_json_set(json, "title", view_json_text(xg_buf_bytes(&text)));
    xg_buf_reset(&text);
    put_short(&text, brief, view);
    view_json_set(json, "short", view_json_text(xg_buf_bytes(&text)));
    xg_buf_clear(&text);
    view_json_set(json, "position",
                  placed ? view_value_json(position, &value) : json_null());
    view_json_set(json, "thumb", thumb_json(brief));
    if (brief->kind && brief->kind->number == XG_KIND_NOTICE)
        view_json_set(json, "read_by", readers_json(brief));
}

/* Who has given the receipt of a notice, by their codes. */
static void set_readers(json_t **json, const struct xg_brief *brief)
{
    struct xg_brief_elements elements;
    struct xg_cbor_item reader;

    if (!brief->kind || brief->kind->number != XG_KIND_NOTICE)
        return;
    json_t *readers = json_array();
    if (xg_brief_set(brief, XG_NOTICE_READ, &elements))
        while (xg_brief_element(&elements, &reader))
            if (reader.type == XG_CBOR_TEXT)
                json_array_append_new(
                    readers, json_stringn((const char *)reader.bytes.at,
                                          reader.bytes.len));
    view_json_set(json, "read_by", readers);
}

static enum xg_status put_json(struct xg_buf *out, const struct xg_brief *brief,
                               const struct view_context *view,
                               struct xg_error *err)
{
    json_t *json = json_object();
    struct view_entity entity;

    if (look_entity(&entity, view, &brief->id, err) != XG_OK ||
        look_set_entity(&json, brief, view, err) != XG_OK ||
        (view->more &&
         view->more(view->ctx, NULL, &json, &brief->id, false, err) != XG_OK)) {
        json_decref(json);
        return err->status;
    }
    view_json_set(&json, "created",
                  entity.created_ms ? view_json_time(entity.created_ms)
                                    : json_null());
    look_set_known(&json, brief, view);
    set_fields(&json, brief, view);
    set_readers(&json, brief);
    return look_json_line(out, json, err);
}

static enum xg_status put_more(struct xg_buf *out, const struct xg_brief *brief,
                               const struct view_context *view,
                               struct xg_error *err)
{
    struct xg_buf more = XG_BUF(SUMMARY_MAX);
    enum xg_status status = XG_OK;

    if (view->more)
        status = view->more(view->ctx, &more, NULL, &brief->id, false, err);
    if (status == XG_OK)
        status = xg_buf_check(&more, err);
    if (status == XG_OK && more.len) {
        xg_buf_text(out, " · ");
        xg_buf_append(out, more.data, more.len);
    }
    xg_buf_clear(&more);
    return status;
}

enum xg_status view_list_row(struct xg_buf *out, const struct xg_brief *brief,
                             const struct view_context *view,
                             struct xg_error *err)
{
    struct view_entity entity;

    if (view->json)
        return put_json(out, brief, view, err);
    if (look_entity(&entity, view, &brief->id, err) != XG_OK)
        return err->status;
    size_t start = out->len;
    look_put_number(out, &entity, &brief->id);
    view_pad(out, start, NUMBER_COLUMNS);
    xg_buf_byte(out, ' ');
    put_cell(out, look_kind_label(brief->kind), KIND_COLUMNS);
    put_cell(out, look_status_label(brief, view), STATUS_COLUMNS);
    put_summary(out, brief, view);
    xg_buf_byte(out, ' ');
    if (view_axes(out, brief, view, err) != XG_OK ||
        put_more(out, brief, view, err) != XG_OK)
        return err->status;
    xg_buf_byte(out, '\n');
    return xg_buf_check(out, err);
}
