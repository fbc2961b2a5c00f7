/* duplicate.c - see duplicate.h. */
#include "shared/view/duplicate.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/view/json.h"
#include "shared/view/look.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { DEEPER = 8, MM_A_M = 1000 };

/* ---- groups ---- */

void view_member_of(struct view_member *out, const struct xg_state *state,
                    const char *number)
{
    *out = (struct view_member){.id = state->id,
                                .status = state->status,
                                .withdrawn = state->withdrawn,
                                .waits = state->progress.waits,
                                .answered = state->progress.answered};
    snprintf(out->number, sizeof out->number, "%s", number);
}

static const char *status_label(const struct view_member *m,
                                const struct xg_labels *labels)
{
    if (m->withdrawn)
        return XG_T("已撤回", "withdrawn");
    return m->status ? xg_labels_of(labels, XG_LABEL_STATUS, m->status) : "—";
}

static bool unanswered(const struct view_member *m)
{
    return m->waits && !m->answered && !m->withdrawn;
}

static void put_name(struct xg_buf *out, const struct view_member *m)
{
    struct view_entity entity = {.delivery = VIEW_RECEIVED};

    snprintf(entity.number, sizeof entity.number, "%s", m->number);
    look_put_number(out, &entity, &m->id);
}

void view_put_group(struct xg_buf *out, const struct xg_labels *labels,
                    const struct view_member *members, size_t count)
{
    size_t waiting = 0;

    xg_buf_format(out,
                  XG_T("同一件，共 %zu 条\n", "the same thing, %zu reports\n"),
                  count);
    for (size_t i = 0; i < count; i++) {
        xg_buf_text(out, "    ");
        put_name(out, &members[i]);
        xg_buf_format(out, "  %s", status_label(&members[i], labels));
        if (unanswered(&members[i]))
            xg_buf_text(out, XG_T("  反映人待答复",
                                  "  who reported it waits for an answer"));
        xg_buf_byte(out, '\n');
        waiting += unanswered(&members[i]);
    }
    if (waiting)
        xg_buf_format(out,
                      XG_T("还有 %zu 位反映人要逐一答复（answer）\n",
                           "%zu of those who reported it are still to be "
                           "answered, each (answer)\n"),
                      waiting);
}

json_t *view_group_json(const struct xg_id *group,
                        const struct view_member *members, size_t count)
{
    json_t *json = json_object(), *list = json_array(), *open = json_array();

    for (size_t i = 0; i < count; i++) {
        const struct view_member *m = &members[i];
        const struct xg_choice *at = xg_choice_find(xg_statuses, m->status);
        json_t *one = json_object();
        view_json_set(&one, "id", view_json_hex(m->id.b, XG_ID_SIZE));
        view_json_set(&one, "number",
                      *m->number ? json_string(m->number) : json_null());
        view_json_set(&one, "status", at ? json_string(at->name) : json_null());
        view_json_set(&one, "withdrawn", json_boolean(m->withdrawn));
        view_json_set(&one, "waits", json_boolean(m->waits));
        view_json_set(&one, "answered", json_boolean(m->answered));
        view_json_append(&list, one);
        if (unanswered(m))
            view_json_append(&open, view_json_hex(m->id.b, XG_ID_SIZE));
    }
    view_json_set(&json, "id", view_json_hex(group->b, XG_ID_SIZE));
    view_json_set(&json, "members", list);
    view_json_set(&json, "unanswered", open);
    return json;
}

/* ---- sides ---- */

static enum xg_status read_brief(struct xg_brief *brief, struct xg_buf *encoded,
                                 const struct xg_state *state,
                                 struct xg_error *err)
{
    xg_state_encode(encoded, state);
    if (xg_buf_check(encoded, err) != XG_OK)
        return err->status;
    return xg_brief_read(brief, xg_buf_bytes(encoded), err);
}

static bool next_photo(struct xg_cbor_item *item, const struct xg_state *s,
                       size_t *at)
{
    const struct xg_set *set = xg_state_set(s, XG_FIELD_PHOTO);

    while (set && *at < set->count) {
        const struct xg_element *e = &set->elements[(*at)++];
        struct xg_cbor c = xg_cbor_over(e->value);
        if (!e->removed && xg_cbor_next(&c, item))
            return true;
    }
    return false;
}

static void put_fields(struct xg_buf *out, const struct xg_state *s,
                       const struct view_context *view)
{
    for (size_t i = 0; i < s->register_count; i++) {
        const struct xg_field *field = s->registers[i].field;
        struct xg_buf text = XG_BUF(out->max);
        struct xg_cbor_item item;
        if (!field || field->number == XG_FIELD_WITHDRAWN ||
            !xg_state_value(s, field->number, &item))
            continue;
        look_put_value(&text, view, field, &item);
        xg_buf_format(out, "    %s  ", xg_label(field->zh, field->en));
        view_put_block(out, xg_buf_bytes(&text), DEEPER);
        xg_buf_byte(out, '\n');
        if (text.failed != XG_OK)
            out->failed = text.failed;
        xg_buf_clear(&text);
    }
}

static void put_photos(struct xg_buf *out, const struct xg_state *s)
{
    struct xg_cbor_item item;
    size_t at = 0;

    while (next_photo(&item, s, &at)) {
        xg_buf_format(out, "    %s  ", XG_T("照片", "photo"));
        view_value_text(out, xg_field_find(s->kind, XG_FIELD_PHOTO), &item);
        xg_buf_byte(out, '\n');
    }
}

enum xg_status view_put_side(struct xg_buf *out, const struct xg_state *state,
                             const struct view_context *view,
                             struct xg_error *err)
{
    struct xg_buf encoded = XG_BUF(LOOK_STATE_MAX);
    struct view_entity entity;
    struct view_about about;
    struct xg_brief brief;
    enum xg_status status = read_brief(&brief, &encoded, state, err);

    if (status == XG_OK)
        status = look_entity(&entity, view, &state->id, err);
    if (status == XG_OK) {
        xg_buf_format(out, "  %s ", look_kind_label(state->kind));
        look_put_number(out, &entity, &state->id);
        xg_buf_format(out, "  %s\n", look_status_label(&brief, view));
    }
    if (status == XG_OK && state->creator != XG_NONE)
        status = look_about(&about, view, &state->ops[state->creator], err);
    if (status == XG_OK && state->creator != XG_NONE) {
        xg_buf_text(out, "    ");
        look_put_who(out, &about, view);
        xg_buf_text(out, "\n    ");
        look_put_when(out, &about, state->ops[state->creator].record);
        xg_buf_byte(out, '\n');
    }
    if (status == XG_OK && state->kind) {
        put_fields(out, state, view);
        put_photos(out, state);
    }
    xg_buf_clear(&encoded);
    return status == XG_OK ? xg_buf_check(out, err) : status;
}

static void set_fields(json_t **object, const struct xg_state *s,
                       const struct view_context *view)
{
    json_t *fields = json_object(), *names = json_object();
    struct xg_cbor_item item;

    for (size_t i = 0; i < s->register_count; i++) {
        const struct xg_field *f = s->registers[i].field;
        if (f && f->number != XG_FIELD_WITHDRAWN &&
            xg_state_value(s, f->number, &item)) {
            view_json_set(&fields, f->name, view_value_json(f, &item));
            look_set_name(&names, f->name, view, f, &item);
        }
    }
    view_json_set(object, "fields", fields);
    view_json_set(object, "names", names);
}

static json_t *photos_json(const struct xg_state *s)
{
    json_t *list = json_array();
    struct xg_cbor_item item;
    size_t at = 0;

    while (next_photo(&item, s, &at))
        view_json_append(
            &list,
            view_value_json(xg_field_find(s->kind, XG_FIELD_PHOTO), &item));
    return list;
}

enum xg_status view_side_json(json_t **out, const struct xg_state *state,
                              const struct view_context *view,
                              struct xg_error *err)
{
    struct xg_buf encoded = XG_BUF(LOOK_STATE_MAX);
    json_t *json = json_object(), *created = json_null();
    struct view_about about;
    struct xg_brief brief;
    enum xg_status status = read_brief(&brief, &encoded, state, err);

    if (status == XG_OK)
        status = look_set_entity(&json, &brief, view, err);
    if (status == XG_OK && state->creator != XG_NONE)
        status = look_about(&about, view, &state->ops[state->creator], err);
    if (status == XG_OK && state->creator != XG_NONE) {
        created = json_object();
        look_set_about(&created, &about, view, &state->ops[state->creator]);
    }
    xg_buf_clear(&encoded);
    if (status != XG_OK) {
        json_decref(json);
        json_decref(created);
        return status;
    }
    view_json_set(&json, "created", created);
    set_fields(&json, state, view);
    view_json_set(&json, "photo",
                  state->kind ? photos_json(state) : json_array());
    *out = json;
    return json ? XG_OK : xg_fail_nomem(err);
}

void view_put_distance(struct xg_buf *out, int64_t mm)
{
    xg_buf_format(out, XG_T("%" PRId64 " 米", "%" PRId64 " m"),
                  (mm + MM_A_M / 2) / MM_A_M);
}

/* ---- one that is near ---- */

bool view_draft_spot(struct xg_spot *out, const struct xg_draft *d)
{
    struct xg_cbor category =
        xg_cbor_over(xg_draft_get(d, XG_INCIDENT_CATEGORY));
    struct xg_cbor position = xg_cbor_over(xg_draft_get(d, XG_FIELD_POSITION));
    struct xg_cbor_item item, place;

    if (!xg_cbor_next(&category, &item) || item.type != XG_CBOR_TEXT ||
        !xg_cbor_next(&position, &place) || place.type != XG_CBOR_ARRAY)
        return false;
    struct view_position p = view_position_of(&place);
    *out = (struct xg_spot){
        .category = item.bytes, .lat_e7 = p.lat_e7, .lon_e7 = p.lon_e7};
    return true;
}

static void set_text(json_t *object, const struct xg_brief *b,
                     const char *name)
{
    const struct xg_field *f = xg_field_named(b->kind, name);
    struct xg_cbor_item item;

    if (f && xg_brief_value(b, f->number, &item))
        json_object_set_new(object, name, view_value_json(f, &item));
}

/* The small picture of the first photo that has one. */
static void set_thumb(json_t *object, const struct xg_brief *b)
{
    struct xg_brief_elements photos;
    struct xg_cbor_item item;

    if (!xg_brief_set(b, XG_FIELD_PHOTO, &photos))
        return;
    while (xg_brief_element(&photos, &item)) {
        struct view_photo p = view_photo_of(&item);
        if (!p.thumbnail_bytes)
            continue;
        json_object_set_new(object, "thumb",
                            view_json_hex(p.thumbnail.b, XG_HASH_SIZE));
        return;
    }
}

json_t *view_near_json(const struct xg_brief *brief, const char *number,
                       int64_t created_ms, int64_t distance_mm)
{
    const struct xg_choice *at = xg_choice_find(xg_statuses, brief->status);
    json_t *json = json_object();

    view_json_set(&json, "id", view_json_hex(brief->id.b, XG_ID_SIZE));
    view_json_set(&json, "number", json_string(number));
    view_json_set(&json, "distance_m",
                  json_integer((distance_mm + MM_A_M / 2) / MM_A_M));
    view_json_set(&json, "created", view_json_time(created_ms));
    view_json_set(&json, "status", json_string(at ? at->name : ""));
    if (json && brief->kind) {
        set_text(json, brief, "category");
        set_text(json, brief, "address");
        set_thumb(json, brief);
    }
    return json;
}
