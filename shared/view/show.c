/* show.c - an entity in full; see show.h. */
#include "shared/view/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/erase.h"
#include "shared/view/doubt.h"
#include "shared/view/json.h"
#include "shared/view/look.h"
#include "shared/view/more.h"
#include "shared/view/template.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

/* Further lines of a text stand deeper than any line of ours begins, so that
 * none can pass for one. */
enum { LABEL_COLUMNS = 18, INDENT = 4, DEEPER = 8 };

static const struct xg_record *record_of(const struct xg_state *s, uint32_t op)
{
    return s->ops[op].record;
}

/* A register's value as this head wrote it; null when it emptied it. */
static struct xg_cbor_item head_value(const struct xg_state *s,
                                      const struct xg_register *reg, size_t i)
{
    struct xg_cbor_item item = {.type = XG_CBOR_NULL};

    xg_record_field(record_of(s, reg->heads[i]), reg->number, &item);
    return item;
}

/* What a set field is; unknown ones are registers. */
static struct xg_cbor_item element_value(const struct xg_element *element)
{
    struct xg_cbor c = xg_cbor_over(element->value);
    struct xg_cbor_item item = {.type = XG_CBOR_NULL};

    xg_cbor_next(&c, &item);
    return item;
}

/* ---- text ---- */

static void put_label(struct xg_buf *out, const struct xg_field *field,
                      uint64_t number)
{
    size_t start = out->len;

    view_put_field(out, field, number);
    view_pad(out, start, LABEL_COLUMNS);
    xg_buf_byte(out, ' ');
}

static void put_value(struct xg_buf *out, const struct view_context *view,
                      const struct xg_field *field,
                      const struct xg_cbor_item *item, unsigned indent)
{
    struct xg_buf text = XG_BUF(out->max);

    look_put_value(&text, view, field, item);
    view_put_block(out, xg_buf_bytes(&text), indent);
    if (text.failed != XG_OK)
        out->failed = text.failed;
    xg_buf_clear(&text);
}

/* Each of the values that stand against each other, with its writer. */
static enum xg_status put_sides(struct xg_buf *out, const struct xg_state *s,
                                const struct xg_register *reg,
                                const struct view_context *view,
                                struct xg_error *err)
{
    struct view_about about;

    xg_buf_text(out,
                XG_T("冲突，待决定；暂显示第一项\n",
                     "conflict to decide; the first is shown meanwhile\n"));
    for (size_t i = 0; i < reg->head_count; i++) {
        struct xg_cbor_item item = head_value(s, reg, i);
        const struct xg_op *op = &s->ops[reg->heads[i]];
        if (look_about(&about, view, op, err) != XG_OK)
            return err->status;
        xg_buf_format(out, "%*s", INDENT, "");
        look_put_hash(out, &op->record->hash);
        xg_buf_text(out, "  ");
        put_value(out, view, reg->field, &item, INDENT + 14);
        xg_buf_text(out, "  ← ");
        look_put_who(out, &about, view);
        xg_buf_byte(out, '\n');
    }
    return XG_OK;
}

/* Of the answers to a form: the form; else NULL. */
static const struct xg_template *form_of(const struct xg_state *s,
                                         const struct view_context *view,
                                         const struct xg_register *reg)
{
    return reg->number == XG_FIELD_ITEM && view->form
               ? view->form(view->ctx, s)
               : NULL;
}

static enum xg_status put_registers(struct xg_buf *out,
                                    const struct xg_state *s,
                                    const struct view_context *view,
                                    struct xg_error *err)
{
    for (size_t i = 0; i < s->register_count; i++) {
        const struct xg_register *reg = &s->registers[i];
        struct xg_cbor_item item = head_value(s, reg, 0);
        if (reg->number == XG_FIELD_WITHDRAWN && !reg->conflict)
            continue; /* the first line says it */
        put_label(out, reg->field, reg->number);
        if (reg->conflict) {
            if (put_sides(out, s, reg, view, err) != XG_OK)
                return err->status;
            continue;
        }
        const struct xg_template *form = form_of(s, view, reg);
        if (form) {
            xg_buf_byte(out, '\n');
            view_template_put(out, form, item.raw, INDENT);
            continue;
        }
        put_value(out, view, reg->field, &item, LABEL_COLUMNS + 1);
        xg_buf_byte(out, '\n');
    }
    return XG_OK;
}

static void put_doubts(struct xg_buf *out, const struct xg_state *s,
                       const struct xg_element *photo,
                       const struct view_about *about)
{
    struct view_doubts doubts = view_doubts_of(s, photo, about);

    if (!view_doubts_any(&doubts))
        return;
    xg_buf_format(out, "%*s", DEEPER, "");
    view_doubts_put(out, &doubts);
    xg_buf_byte(out, '\n');
}

static enum xg_status put_element(struct xg_buf *out, const struct xg_state *s,
                                  const struct xg_set *set,
                                  const struct xg_element *element,
                                  const struct view_context *view,
                                  struct xg_error *err)
{
    struct xg_cbor_item item = element_value(element);
    const struct xg_op *op = &s->ops[element->op];
    enum view_place place = VIEW_PHOTO_ELSEWHERE;
    struct view_about about;

    if (look_about(&about, view, op, err) != XG_OK)
        return err->status;
    xg_buf_format(out, "%*s", INDENT, "");
    put_value(out, view, set->field, &item, DEEPER);
    if (set->number == XG_FIELD_PHOTO && view->photo) {
        struct view_photo photo = view_photo_of(&item);
        if (view->photo(view->ctx, &place, &photo.sha256, err) != XG_OK)
            return err->status;
        xg_buf_format(out, " · %s", view_place_label(place));
    }
    xg_buf_text(out, "  ← ");
    look_put_who(out, &about, view);
    xg_buf_text(out, "  ");
    look_put_hash(out, &op->record->hash);
    xg_buf_format(out, ":%" PRIu32 "\n", element->index);
    if (set->number == XG_FIELD_PHOTO)
        put_doubts(out, s, element, &about);
    return XG_OK;
}

/* Two thousand readers are one line (more.h), not two thousand. */
static bool is_told_in_one(const struct xg_state *s, const struct xg_set *set)
{
    return s->kind && s->kind->number == XG_KIND_NOTICE &&
           set->number == XG_NOTICE_READ;
}

/* A code that an element before it says already: a unit called twice. */
static bool said_before(const struct xg_set *set, size_t at)
{
    struct xg_bytes value = set->elements[at].value;

    if (!set->field || set->field->type != XG_TYPE_CODE)
        return false;
    for (size_t e = 0; e < at; e++)
        if (!set->elements[e].removed &&
            set->elements[e].value.len == value.len &&
            memcmp(set->elements[e].value.at, value.at, value.len) == 0)
            return true;
    return false;
}

static enum xg_status put_sets(struct xg_buf *out, const struct xg_state *s,
                               const struct view_context *view,
                               struct xg_error *err)
{
    for (size_t i = 0; i < s->set_count; i++) {
        const struct xg_set *set = &s->sets[i];
        size_t live = 0;
        for (size_t e = 0; e < set->count; e++)
            live += !set->elements[e].removed && !said_before(set, e);
        if (!live || is_told_in_one(s, set))
            continue;
        put_label(out, set->field, set->number);
        xg_buf_format(out, "%zu\n", live);
        for (size_t e = 0; e < set->count; e++)
            if (!set->elements[e].removed && !said_before(set, e) &&
                put_element(out, s, set, &set->elements[e], view, err) != XG_OK)
                return err->status;
    }
    return XG_OK;
}

/* Records that are kept but do not (fully) count. */
static void put_struck(struct xg_buf *out, const struct xg_state *s)
{
    for (size_t i = 0; i < s->count; i++) {
        uint32_t op = s->order[i];
        if (s->effects[op] == XG_EFFECT_FULL)
            continue;
        if (s->ops[op].erasure && s->ops[op].erasure->by != XG_NONE) {
            look_put_hash(out, &record_of(s, op)->hash);
            xg_buf_byte(out, ' ');
            look_put_erasure(out, s, op);
            xg_buf_byte(out, '\n');
            continue;
        }
        xg_buf_format(out, "%s ", xg_effect_label(s->effects[op]));
        look_put_hash(out, &record_of(s, op)->hash);
        xg_buf_text(out, XG_T("：", ": "));
        view_put_line(out, xg_bytes_of(s->reasons[op] ? s->reasons[op] : ""));
        xg_buf_byte(out, '\n');
    }
}

static enum xg_status put_first(struct xg_buf *out, const struct xg_state *s,
                                const struct xg_brief *brief,
                                const struct view_context *view,
                                struct xg_error *err)
{
    struct view_entity entity;
    struct view_about about;

    if (look_entity(&entity, view, &s->id, err) != XG_OK)
        return err->status;
    xg_buf_format(out, "%s ", look_kind_label(s->kind));
    look_put_number(out, &entity, &s->id);
    xg_buf_format(out, "  %s\n", look_status_label(brief, view));
    size_t start = out->len;
    if (view_axes(out, brief, view, err) != XG_OK)
        return err->status;
    if (out->len > start)
        xg_buf_byte(out, '\n');
    xg_buf_text(out, "id ");
    xg_buf_hex(out, s->id.b, XG_ID_SIZE);
    xg_buf_byte(out, '\n');
    if (s->creator == XG_NONE) {
        xg_buf_text(out, XG_T("首条记录尚未到达\n",
                              "its first record has not arrived\n"));
        return XG_OK;
    }
    if (look_about(&about, view, &s->ops[s->creator], err) != XG_OK)
        return err->status;
    look_put_who(out, &about, view);
    xg_buf_byte(out, '\n');
    look_put_when(out, &about, record_of(s, s->creator));
    xg_buf_byte(out, '\n');
    return XG_OK;
}

static enum xg_status show_text(struct xg_buf *out, const struct xg_state *s,
                                const struct xg_brief *brief,
                                const struct view_context *view,
                                struct xg_error *err)
{
    if (put_first(out, s, brief, view, err) != XG_OK)
        return err->status;
    if (s->withdraw_conflict)
        xg_buf_text(out, XG_T("撤回与修改冲突，待决定；暂按未撤回显示\n",
                              "a withdrawal stands against an edit; shown as "
                              "not withdrawn until decided\n"));
    if (view_put_more(out, s, view, err) != XG_OK ||
        put_registers(out, s, view, err) != XG_OK ||
        put_sets(out, s, view, err) != XG_OK)
        return err->status;
    put_struck(out, s);
    if (view->more &&
        view->more(view->ctx, out, NULL, &s->id, true, err) != XG_OK)
        return err->status;
    return xg_buf_check(out, err);
}

/* ---- JSON ---- */

static enum xg_status set_sides(json_t **object, const char *key,
                                const struct xg_state *s,
                                const struct xg_register *reg,
                                const struct view_context *view,
                                struct xg_error *err)
{
    json_t *sides = json_array();
    enum xg_status status = XG_OK;

    for (size_t h = 0; h < reg->head_count && status == XG_OK; h++) {
        const struct xg_op *op = &s->ops[reg->heads[h]];
        struct xg_cbor_item item = head_value(s, reg, h);
        struct view_about about;
        json_t *side = json_object();
        status = look_about(&about, view, op, err);
        if (status == XG_OK)
            look_set_about(&side, &about, view, op);
        view_json_set(&side, "value", view_value_json(reg->field, &item));
        look_set_name(&side, "name", view, reg->field, &item);
        view_json_append(&sides, side);
    }
    view_json_set(object, key, sides);
    return status;
}

static enum xg_status set_fields(json_t **object, const struct xg_state *s,
                                 const struct view_context *view,
                                 struct xg_error *err)
{
    json_t *fields = json_object(), *conflicting = json_object();
    json_t *names = json_object();
    enum xg_status status = XG_OK;

    for (size_t i = 0; i < s->register_count && status == XG_OK; i++) {
        const struct xg_register *reg = &s->registers[i];
        struct xg_cbor_item item = head_value(s, reg, 0);
        char number[24];
        const char *key = reg->field ? reg->field->name : number;
        snprintf(number, sizeof number, "%" PRIu64, reg->number);
        view_json_set(&fields, key, view_value_json(reg->field, &item));
        look_set_name(&names, key, view, reg->field, &item);
        const struct xg_template *form = form_of(s, view, reg);
        if (form)
            view_json_set(object, "answers",
                          view_template_json(form, item.raw));
        if (reg->conflict)
            status = set_sides(&conflicting, key, s, reg, view, err);
    }
    view_json_set(object, "fields", fields);
    view_json_set(object, "names", names);
    view_json_set(object, "conflicting", conflicting);
    return status;
}

static enum xg_status set_element(json_t **list, const struct xg_state *s,
                                  const struct xg_set *set,
                                  const struct xg_element *element,
                                  const struct view_context *view,
                                  struct xg_error *err)
{
    const struct xg_op *op = &s->ops[element->op];
    struct xg_cbor_item item = element_value(element);
    enum view_place place = VIEW_PHOTO_ELSEWHERE;
    struct view_about about;
    bool photo = set->number == XG_FIELD_PHOTO && view->photo;

    if (look_about(&about, view, op, err) != XG_OK)
        return err->status;
    if (photo) {
        struct view_photo p = view_photo_of(&item);
        if (view->photo(view->ctx, &place, &p.sha256, err) != XG_OK)
            return err->status;
    }
    json_t *json = json_object();
    look_set_about(&json, &about, view, op);
    view_json_set(&json, "index", view_json_uint(element->index));
    view_json_set(&json, "value", view_value_json(set->field, &item));
    look_set_name(&json, "name", view, set->field, &item);
    if (photo)
        view_json_set(&json, "place", json_string(view_place_name(place)));
    if (set->number == XG_FIELD_PHOTO) {
        struct view_doubts doubts = view_doubts_of(s, element, &about);
        if (view_doubts_any(&doubts))
            view_json_set(&json, "doubts", view_doubts_json(&doubts));
    }
    view_json_append(list, json);
    return XG_OK;
}

static enum xg_status set_sets(json_t **object, const struct xg_state *s,
                               const struct view_context *view,
                               struct xg_error *err)
{
    json_t *sets = json_object();
    enum xg_status status = XG_OK;

    for (size_t i = 0; i < s->set_count && status == XG_OK; i++) {
        const struct xg_set *set = &s->sets[i];
        json_t *list = json_array();
        for (size_t e = 0; e < set->count && status == XG_OK; e++)
            if (!set->elements[e].removed)
                status =
                    set_element(&list, s, set, &set->elements[e], view, err);
        view_json_set(&sets, set->field->name, list);
    }
    view_json_set(object, "sets", sets);
    return status;
}

static json_t *struck_json(const struct xg_state *s)
{
    json_t *list = json_array();

    for (size_t i = 0; i < s->count; i++) {
        uint32_t op = s->order[i];
        if (s->effects[op] == XG_EFFECT_FULL)
            continue;
        json_t *json = json_object();
        view_json_set(&json, "hash",
                      view_json_hex(record_of(s, op)->hash.b, XG_HASH_SIZE));
        view_json_set(&json, "effect",
                      json_string(look_effect_name(s->effects[op])));
        if (s->reasons[op])
            view_json_set(&json, "reason", json_string(s->reasons[op]));
        look_set_erasure(&json, s, op);
        view_json_append(&list, json);
    }
    return list;
}

static enum xg_status set_created(json_t **object, const struct xg_state *s,
                                  const struct view_context *view,
                                  struct xg_error *err)
{
    struct view_about about;
    json_t *created;

    if (s->creator == XG_NONE) {
        view_json_set(object, "created", json_null());
        return XG_OK;
    }
    if (look_about(&about, view, &s->ops[s->creator], err) != XG_OK)
        return err->status;
    created = json_object();
    look_set_about(&created, &about, view, &s->ops[s->creator]);
    view_json_set(object, "created", created);
    return XG_OK;
}

static enum xg_status show_json(struct xg_buf *out, const struct xg_state *s,
                                const struct xg_brief *brief,
                                const struct view_context *view,
                                struct xg_error *err)
{
    json_t *json = json_object();

    if (look_set_entity(&json, brief, view, err) != XG_OK ||
        set_created(&json, s, view, err) != XG_OK ||
        set_fields(&json, s, view, err) != XG_OK ||
        set_sets(&json, s, view, err) != XG_OK ||
        view_set_more(&json, s, view, err) != XG_OK ||
        (view->more &&
         view->more(view->ctx, NULL, &json, &s->id, true, err) != XG_OK)) {
        json_decref(json);
        return err->status;
    }
    look_set_known(&json, brief, view);
    view_json_set(&json, "withdraw_conflict",
                  json_boolean(s->withdraw_conflict));
    view_json_set(&json, "without_effect", struck_json(s));
    return look_json_line(out, json, err);
}

enum xg_status view_show(struct xg_buf *out, const struct xg_state *state,
                         const struct view_context *view, struct xg_error *err)
{
    struct xg_buf encoded = XG_BUF(LOOK_STATE_MAX);
    struct xg_brief brief;
    enum xg_status status;

    xg_state_encode(&encoded, state);
    status = xg_buf_check(&encoded, err);
    if (status == XG_OK)
        status = xg_brief_read(&brief, xg_buf_bytes(&encoded), err);
    if (status == XG_OK)
        status = view->json ? show_json(out, state, &brief, view, err)
                            : show_text(out, state, &brief, view, err);
    xg_buf_clear(&encoded);
    return status;
}
