/* look.c - see look.h. */
#include "shared/view/look.h"

#include <inttypes.h>

#include "shared/base/lang.h"
#include "shared/core/erase.h"
#include "shared/view/json.h"
#include "shared/view/labels.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { HASH_SHOWN = 6, WORDS_BYTES = 4096 };

/* ---- names ---- */

const char *view_delivery_name(enum view_delivery delivery)
{
    switch (delivery) {
#define X(name, json, zh, en)                                                  \
    case name:                                                                 \
        return json;
        VIEW_DELIVERY_TABLE(X)
#undef X
    }
    return "";
}

const char *view_delivery_label(enum view_delivery delivery)
{
    switch (delivery) {
#define X(name, json, zh, en)                                                  \
    case name:                                                                 \
        return xg_label(zh, en);
        VIEW_DELIVERY_TABLE(X)
#undef X
    }
    return "";
}

const char *view_place_name(enum view_place place)
{
    switch (place) {
    case VIEW_PHOTO_SERVER:
        return "server";
    case VIEW_PHOTO_ONLY_HERE:
        return "only_here";
    case VIEW_PHOTO_ELSEWHERE:
        return "elsewhere";
    case VIEW_PHOTO_NOT_HERE:
        return "not_here";
    case VIEW_PHOTO_WANTED:
        return "wanted";
    case VIEW_PHOTO_LET_GO:
        return "let_go";
    case VIEW_PHOTO_ERASED:
        return "erased";
    }
    return "";
}

const char *view_place_label(enum view_place place)
{
    switch (place) {
    case VIEW_PHOTO_SERVER:
        return XG_T("已在服务器", "on the server");
    case VIEW_PHOTO_ONLY_HERE:
        return XG_T("仅在本机", "only here");
    case VIEW_PHOTO_ELSEWHERE:
        return XG_T("尚未传到", "not arrived yet");
    case VIEW_PHOTO_NOT_HERE:
        return XG_T("不在本机", "not on this device");
    case VIEW_PHOTO_WANTED:
        return XG_T("已要求上传", "asked for");
    case VIEW_PHOTO_LET_GO:
        return XG_T("已在服务器，本机不再存", "on the server, not here any more");
    case VIEW_PHOTO_ERASED:
        return XG_T("已抹除", "erased");
    }
    return "";
}

const char *look_kind_label(const struct xg_kind *kind)
{
    return kind ? xg_label(kind->zh, kind->en) : XG_T("未知", "unknown");
}

const char *look_status_label(const struct xg_brief *brief,
                              const struct view_context *view)
{
    if (brief->withdrawn)
        return XG_T("已撤回", "withdrawn");
    return brief->status
               ? xg_labels_of(view->labels, XG_LABEL_STATUS, brief->status)
               : "—";
}

const char *look_effect_name(enum xg_effect effect)
{
    switch (effect) {
    case XG_EFFECT_FULL:
        return "full";
    case XG_EFFECT_PENDING:
        return "pending";
    case XG_EFFECT_INVALID:
        return "invalid";
    case XG_EFFECT_NO_RIGHT:
        return "no-right";
    case XG_EFFECT_REDACTED:
        return "redacted";
    case XG_EFFECT_OVERTAKEN:
        return "overtaken";
    case XG_EFFECT_LACKING:
        return "lacking";
    }
    return "";
}

/* The act by which it was erased, and why. */
static const struct xg_op *eraser_of(const struct xg_state *s, uint32_t op,
                                     struct xg_cbor_item *why)
{
    const struct xg_op *act = &s->ops[s->ops[op].erasure->by];

    if (!xg_record_field(act->record, XG_FIELD_WHY, why))
        why->bytes = xg_bytes(NULL, 0);
    return act;
}

void look_put_erasure(struct xg_buf *out, const struct xg_state *s, uint32_t op)
{
    const struct xg_erasure *e = s->ops[op].erasure;
    struct xg_cbor_item why;
    const struct xg_op *act = eraser_of(s, op, &why);

    xg_buf_text(out, XG_T("✗ 由 ", "✗ erased by "));
    view_put_line(out, xg_bytes_of(act->author));
    xg_buf_text(out, XG_T(" 依据“", ", on ground \""));
    view_put_line(out, why.bytes);
    xg_buf_text(out, XG_T("”抹除", "\""));
    for (size_t i = 0; i < e->gone_count; i++) {
        const struct xg_field *f = xg_field_find(e->kind, e->gone[i]);
        xg_buf_text(out, i ? XG_T("、", ", ") : XG_T("：", ": "));
        if (f)
            xg_buf_text(out, xg_label(f->zh, f->en));
        else
            xg_buf_format(out, "%llu", (unsigned long long)e->gone[i]);
    }
    if (s->effects[op] != XG_EFFECT_REDACTED &&
        s->effects[op] != XG_EFFECT_FULL)
        xg_buf_format(out, XG_T("（%s）", " (%s)"),
                      xg_effect_label(s->effects[op]));
}

void look_set_erasure(json_t **json, const struct xg_state *s, uint32_t op)
{
    const struct xg_erasure *e = s->ops[op].erasure;
    json_t *about, *gone;
    struct xg_cbor_item why;

    if (!e || e->by == XG_NONE)
        return;
    const struct xg_op *act = eraser_of(s, op, &why);
    about = json_object();
    gone = json_array();
    view_json_set(&about, "by", json_string(act->author));
    view_json_set(&about, "ground", view_json_text(why.bytes));
    view_json_set(&about, "act",
                  view_json_hex(act->record->hash.b, XG_HASH_SIZE));
    for (size_t i = 0; i < e->gone_count; i++) {
        const struct xg_field *f = xg_field_find(e->kind, e->gone[i]);
        view_json_append(&gone, f ? json_string(f->name)
                                  : view_json_uint(e->gone[i]));
    }
    view_json_set(&about, "fields", gone);
    view_json_set(json, "erased", about);
}

json_t *look_after_json(const struct xg_state *s, uint32_t op)
{
    const struct xg_record *r = s->ops[op].record;
    uint32_t previous = view_previous_of(s, op);
    json_t *list = json_array();

    if (previous != XG_NONE)
        view_json_append(&list,
                         view_json_hex(s->ops[previous].record->hash.b,
                                       XG_HASH_SIZE));
    for (size_t i = 0; !r->malformed && i < r->head.foreign_count; i++)
        view_json_append(&list, view_json_hex(xg_head_foreign(&r->head, i)->b,
                                              XG_HASH_SIZE));
    return list;
}

static const char *grade_name(enum xg_grade grade)
{
    switch (grade) {
    case XG_GRADE_PROVEN:
        return "proven";
    case XG_GRADE_CLAIMED:
        return "claimed";
    case XG_GRADE_ASSERTED:
        return "asserted";
    }
    return "";
}

bool view_clock_doubt(int64_t wall_ms, int64_t known_ms)
{
    return wall_ms < XG_CLOCK_FLOOR_MS ||
           (known_ms > 0 && wall_ms - VIEW_CLOCK_TOLERANCE_MS > known_ms);
}

bool view_clock_outside(const struct view_about *about, int64_t wall_ms)
{
    return (about->has_not_before &&
            wall_ms + VIEW_CLOCK_TOLERANCE_MS < about->not_before_ms) ||
           (about->has_not_after &&
            wall_ms - VIEW_CLOCK_TOLERANCE_MS > about->not_after_ms);
}

void look_put_hash(struct xg_buf *out, const struct xg_hash *hash)
{
    xg_buf_hex(out, hash->b, HASH_SHOWN);
}

enum xg_status look_json_line(struct xg_buf *out, json_t *json,
                              struct xg_error *err)
{
    if (view_json_put(out, json, err) != XG_OK)
        return err->status;
    xg_buf_byte(out, '\n');
    return xg_buf_check(out, err);
}

/* ---- values and what they are called ---- */

enum { NAME_BYTES = 1024 };

static void name_of(struct xg_buf *out, const struct view_context *view,
                    const struct xg_field *field,
                    const struct xg_cbor_item *value)
{
    if (view->name && field &&
        ((field->type == XG_TYPE_CODE && value->type == XG_CBOR_TEXT) ||
         (field->type == XG_TYPE_ENTITY && value->type == XG_CBOR_BYTES)))
        view->name(view->ctx, out, field, value);
    if (out->failed != XG_OK)
        xg_buf_reset(out);
}

void look_put_value(struct xg_buf *out, const struct view_context *view,
                    const struct xg_field *field,
                    const struct xg_cbor_item *value)
{
    struct xg_buf name = XG_BUF(NAME_BYTES);

    name_of(&name, view, field, value);
    if (name.len)
        view_put_line(out, xg_buf_bytes(&name));
    if (name.len && field->type != XG_TYPE_ENTITY)
        xg_buf_byte(out, ' ');
    if (name.len == 0 || field->type != XG_TYPE_ENTITY)
        view_value_text(out, field, value);
    xg_buf_clear(&name);
}

void look_set_name(json_t **object, const char *key,
                   const struct view_context *view,
                   const struct xg_field *field,
                   const struct xg_cbor_item *value)
{
    struct xg_buf name = XG_BUF(NAME_BYTES);

    name_of(&name, view, field, value);
    if (name.len)
        view_json_set(object, key, view_json_text(xg_buf_bytes(&name)));
    xg_buf_clear(&name);
}

/* ---- one record ---- */

enum xg_status look_about(struct view_about *out,
                          const struct view_context *view,
                          const struct xg_op *op, struct xg_error *err)
{
    const struct xg_record *r = op->record;

    memset(out, 0, sizeof *out);
    if (view->about)
        return view->about(view->ctx, out, op, err);
    if (!r->malformed && r->head.author.len &&
        r->head.author.len <= XG_CODE_MAX)
        memcpy(out->author, r->head.author.at, r->head.author.len);
    return XG_OK;
}

void look_put_who(struct xg_buf *out, const struct view_about *about,
                  const struct view_context *view)
{
    if (about->author_name[0]) {
        view_put_line(out, xg_bytes_of(about->author_name));
        xg_buf_byte(out, ' ');
    }
    if (about->author[0])
        view_put_line(out, xg_bytes_of(about->author));
    else if (!about->author_name[0])
        xg_buf_text(out, XG_T("记录人不明", "author unknown"));
    if (view->about) {
        xg_buf_text(out, XG_T("（", " ("));
        if (about->role)
            xg_buf_format(
                out, XG_T("%s，", "%s, "),
                xg_labels_of(view->labels, XG_LABEL_ROLE, about->role->number));
        xg_buf_text(out, xg_grade_label(about->grade));
        xg_buf_text(out, XG_T("）", ")"));
    }
    if (about->device[0]) {
        xg_buf_text(out, XG_T(" · 设备 ", " · device "));
        view_put_line(out, xg_bytes_of(about->device));
    }
    if (about->kept_apart)
        xg_buf_text(out, XG_T(" · 服务器单独存着，未并入",
                              " · kept apart by the server, not merged"));
}

/* What needs nobody's word but the witnesses'. */
static void put_seen(struct xg_buf *out, const struct view_about *about)
{
    if (about->seen_before_ms) {
        xg_buf_text(out, XG_T("，见证：不早于 ", ", witnessed: not before "));
        view_put_time(out, about->seen_before_ms);
    }
    if (about->seen_after_ms) {
        xg_buf_text(out, XG_T("，见证：不晚于 ", ", witnessed: not after "));
        view_put_time(out, about->seen_after_ms);
    }
}

void look_put_when(struct xg_buf *out, const struct view_about *about,
                   const struct xg_record *record)
{
    bool both = about->has_not_before && about->has_not_after;

    if (!record->malformed) {
        view_put_time(out, record->head.moment.wall_ms);
        xg_buf_text(out, XG_T("（设备时钟", " (device clock"));
        if (about->clock_doubt)
            xg_buf_text(out, XG_T("，存疑", ", doubtful"));
        xg_buf_text(out, XG_T("）", ")"));
    }
    if (!both && !about->has_not_before && !about->has_not_after)
        return; /* then nobody else knows either */
    xg_buf_text(out, record->malformed ? "" : XG_T("，", ", "));
    if (about->has_not_before) {
        xg_buf_text(out, XG_T("不早于 ", "not before "));
        view_put_time(out, about->not_before_ms);
    }
    xg_buf_text(out, both ? XG_T("，", ", ") : "");
    if (about->has_not_after) {
        xg_buf_text(out, XG_T("不晚于 ", "not after "));
        view_put_time(out, about->not_after_ms);
    }
    xg_buf_text(out, XG_T("（服务器时间）", " (server time)"));
    put_seen(out, about);
}

void look_put_delivery(struct xg_buf *out, const struct view_about *about,
                       const struct view_context *view)
{
    if (!view->about)
        return;
    xg_buf_text(out, view_delivery_label(about->delivery));
    if (about->logged)
        xg_buf_format(out,
                      XG_T(" · 日志第 %" PRIu64 " 条", " · log entry %" PRIu64),
                      about->entry);
    if (about->logged)
        xg_buf_text(out, about->verified
                             ? XG_T("（证明已核验）", " (proof verified)")
                             : XG_T("（证明未核验）", " (proof not verified)"));
}

void look_set_words(json_t **object, const struct view_about *about,
                    const struct view_context *view,
                    const struct xg_record *record)
{
    struct xg_buf text = XG_BUF(WORDS_BYTES);

    look_put_who(&text, about, view);
    view_json_set(object, "who", view_json_text(xg_buf_bytes(&text)));
    xg_buf_reset(&text);
    look_put_when(&text, about, record);
    view_json_set(object, "when", view_json_text(xg_buf_bytes(&text)));
    xg_buf_reset(&text);
    look_put_delivery(&text, about, view);
    view_json_set(object, "proof", view_json_text(xg_buf_bytes(&text)));
    xg_buf_clear(&text);
}

static void set_text(json_t **object, const char *key, const char *text)
{
    if (text[0])
        view_json_set(object, key, view_json_text(xg_bytes_of(text)));
}

void look_set_about(json_t **object, const struct view_about *about,
                    const struct view_context *view, const struct xg_op *op)
{
    const struct xg_record *r = op->record;

    view_json_set(object, "hash", view_json_hex(r->hash.b, XG_HASH_SIZE));
    set_text(object, "author", about->author);
    set_text(object, "author_name", about->author_name);
    set_text(object, "device", about->device);
    if (about->role)
        view_json_set(object, "role", json_string(about->role->name));
    if (view->about) {
        view_json_set(object, "grade", json_string(grade_name(about->grade)));
        view_json_set(object, "delivery",
                      json_string(view_delivery_name(about->delivery)));
        view_json_set(object, "verified", json_boolean(about->verified));
        view_json_set(object, "clock_doubt", json_boolean(about->clock_doubt));
    }
    if (about->kept_apart)
        view_json_set(object, "kept_apart", json_true());
    if (about->logged)
        view_json_set(object, "entry", view_json_uint(about->entry));
    if (!r->malformed)
        view_json_set(object, "wall", view_json_time(r->head.moment.wall_ms));
    if (about->seen_before_ms)
        view_json_set(object, "witnessed_not_before",
                      view_json_time(about->seen_before_ms));
    if (about->seen_after_ms)
        view_json_set(object, "witnessed_not_after",
                      view_json_time(about->seen_after_ms));
    if (about->has_not_before)
        view_json_set(object, "not_before",
                      view_json_time(about->not_before_ms));
    if (about->has_not_after)
        view_json_set(object, "not_after", view_json_time(about->not_after_ms));
}

/* ---- one entity ---- */

enum xg_status look_entity(struct view_entity *out,
                           const struct view_context *view,
                           const struct xg_id *id, struct xg_error *err)
{
    memset(out, 0, sizeof *out);
    return view->entity ? view->entity(view->ctx, out, id, err) : XG_OK;
}

void look_put_number(struct xg_buf *out, const struct view_entity *entity,
                     const struct xg_id *id)
{
    if (entity->number[0])
        view_put_line(out, xg_bytes_of(entity->number));
    else
        xg_buf_hex(out, id->b, HASH_SHOWN);
}

enum xg_status look_photos(struct look_photos *out,
                           const struct xg_brief *brief,
                           const struct view_context *view,
                           struct xg_error *err)
{
    struct xg_brief_elements elements;
    struct xg_cbor_item item;
    struct look_photos photos = {0};

    if (xg_brief_set(brief, XG_FIELD_PHOTO, &elements))
        while (xg_brief_element(&elements, &item)) {
            struct view_photo photo = view_photo_of(&item);
            enum view_place place = VIEW_PHOTO_ELSEWHERE;
            photos.total++;
            if (view->photo &&
                view->photo(view->ctx, &place, &photo.sha256, err) != XG_OK)
                return err->status;
            photos.server +=
                place == VIEW_PHOTO_SERVER || place == VIEW_PHOTO_LET_GO;
            photos.only_here += place == VIEW_PHOTO_ONLY_HERE;
            photos.elsewhere += place == VIEW_PHOTO_ELSEWHERE;
            photos.not_here += place == VIEW_PHOTO_NOT_HERE;
            photos.wanted += place == VIEW_PHOTO_WANTED;
            photos.erased += place == VIEW_PHOTO_ERASED;
        }
    *out = photos;
    return XG_OK;
}

json_t *look_photos_json(const struct look_photos *photos,
                         const struct view_context *view)
{
    json_t *json = json_object();

    view_json_set(&json, "total", view_json_uint(photos->total));
    if (view->photo) {
        view_json_set(&json, "server", view_json_uint(photos->server));
        view_json_set(&json, "only_here", view_json_uint(photos->only_here));
        view_json_set(&json, "elsewhere", view_json_uint(photos->elsewhere));
        view_json_set(&json, "not_here", view_json_uint(photos->not_here));
        view_json_set(&json, "wanted", view_json_uint(photos->wanted));
        if (photos->erased)
            view_json_set(&json, "erased", view_json_uint(photos->erased));
    }
    return json;
}

enum xg_status look_set_entity(json_t **object, const struct xg_brief *brief,
                               const struct view_context *view,
                               struct xg_error *err)
{
    const struct xg_choice *status = xg_choice_find(xg_statuses, brief->status);
    struct view_entity entity;
    struct look_photos photos;

    if (look_entity(&entity, view, &brief->id, err) != XG_OK ||
        look_photos(&photos, brief, view, err) != XG_OK)
        return err->status;
    view_json_set(object, "id", view_json_hex(brief->id.b, XG_ID_SIZE));
    set_text(object, "number", entity.number);
    view_json_set(object, "kind",
                  brief->kind ? json_string(brief->kind->name) : json_null());
    view_json_set(object, "status",
                  status ? json_string(status->name) : json_null());
    view_json_set(object, "withdrawn", json_boolean(brief->withdrawn));
    view_json_set(object, "conflicts", view_json_uint(brief->conflicts));
    view_json_set(object, "records", view_json_uint(brief->records));
    if (view->entity)
        view_json_set(object, "delivery",
                      json_string(view_delivery_name(entity.delivery)));
    if (entity.out)
        view_json_set(object, "out", json_true());
    view_json_set(object, "photos", look_photos_json(&photos, view));
    return XG_OK;
}
