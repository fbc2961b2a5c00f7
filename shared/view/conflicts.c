/* conflicts.c - what a person has to decide, printed; see show.h. */
#include "shared/view/show.h"

#include <inttypes.h>

#include "shared/base/lang.h"
#include "shared/view/conflict.h"
#include "shared/view/json.h"
#include "shared/view/look.h"
#include "shared/view/story.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

/* Further lines of a text stand deeper than any line of ours begins, so that
 * none can pass for one. */
enum { DEEPER = 10, WORDS_BYTES = 4096 };

/* Why is what is shown shown? The stable code, and the words. */
struct because {
    const char *name, *zh, *en;
};

static struct because because_of(const struct xg_state *s,
                                 const struct view_conflict *c)
{
    static const struct because kept = {
        "not-withdrawn", "撤回未决定前按未撤回显示",
        "until a withdrawal is decided, it does not stand"};
    static const struct because status = {
        "status-kept", "动作未生效，状态未变",
        "the move took no effect, the status is as it was"};
    static const struct because rank = {"role", "级别高的一方",
                                        "its author has the higher role"};
    static const struct because hash = {
        "hash", "级别相同，取记录码大的一方",
        "roles are equal; the greater record hash is taken"};

    if (c->reason == VIEW_OVERTAKEN)
        return status;
    if (c->number == XG_FIELD_WITHDRAWN)
        return kept;
    return s->ops[c->sides[0]].rank > s->ops[c->sides[1]].rank ? rank : hash;
}

/* ---- photos of a side: what its record adds ---- */

struct photo_list {
    struct xg_cbor at;
};

static struct photo_list photos_of(const struct xg_record *r)
{
    struct xg_cbor_item set, key, list;
    struct photo_list photos = {{NULL, NULL}};

    if (r->malformed || !xg_record_field(r, XG_FIELD_PHOTO, &set))
        return photos;
    struct xg_cbor c = xg_cbor_inside(&set);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &list))
        if (key.number == XG_SET_ADDED)
            photos.at = xg_cbor_inside(&list);
    return photos;
}

static bool next_photo(struct photo_list *photos, struct xg_cbor_item *item)
{
    return photos->at.at && xg_cbor_next(&photos->at, item);
}

/* ---- text ---- */

static const char *reason_text(enum view_conflict_reason reason)
{
    switch (reason) {
    case VIEW_FIELD:
        return XG_T("两边填的不一样，填的时候互相没看到",
                    "different values, unseen by each other");
    case VIEW_WITHDRAW_EDIT:
        return XG_T("一方撤回，一方修改", "withdrawn by one, edited by "
                                          "another");
    case VIEW_OVERTAKEN:
        return XG_T("晚了一步：别人已先办了一步，状态变了",
                    "a move came after the status had "
                    "changed");
    }
    return "";
}

static const char *field_name(const struct view_conflict *c)
{
    return c->reason == VIEW_OVERTAKEN ? "status"
           : c->field                  ? c->field->name
                                       : "";
}

static void put_field_label(struct xg_buf *out, const struct view_conflict *c)
{
    if (c->reason == VIEW_OVERTAKEN)
        xg_buf_text(out, XG_T("状态", "status"));
    else if (c->field)
        xg_buf_text(out, xg_label(c->field->zh, c->field->en));
    else
        xg_buf_format(out, XG_T("字段 %" PRIu64, "field %" PRIu64), c->number);
}

/* What this side says: its value, its move, or that it edits. */
static void put_says(struct xg_buf *out, const struct xg_state *s,
                     const struct view_conflict *c, uint32_t op,
                     const struct view_context *view)
{
    const struct xg_record *r = s->ops[op].record;
    struct xg_cbor_item item;
    struct xg_buf text = XG_BUF(out->max);

    if (c->reason == VIEW_OVERTAKEN) {
        xg_buf_text(out,
                    xg_labels_of(view->labels, XG_LABEL_MOVE, r->head.move));
        xg_buf_text(out, XG_T("，当时状态 ", ", when it was "));
        xg_buf_text(out,
                    xg_labels_of(view->labels, XG_LABEL_STATUS, r->head.from));
    } else if (c->reason == VIEW_WITHDRAW_EDIT) {
        xg_buf_text(out, view_withdraws(s, op) ? XG_T("撤回", "withdraws it")
                                               : XG_T("修改", "edits it"));
    } else if (xg_record_field(r, c->number, &item)) {
        look_put_value(&text, view, c->field, &item);
        view_put_block(out, xg_buf_bytes(&text), DEEPER);
    }
    if (text.failed != XG_OK)
        out->failed = text.failed;
    xg_buf_clear(&text);
}

static enum xg_status put_side(struct xg_buf *out, const struct xg_state *s,
                               const struct view_conflict *c, uint32_t op,
                               const struct view_context *view,
                               struct xg_error *err)
{
    const struct xg_record *r = s->ops[op].record;
    struct photo_list photos = photos_of(r);
    struct xg_cbor_item item;
    struct view_about about;

    if (look_about(&about, view, &s->ops[op], err) != XG_OK)
        return err->status;
    xg_buf_text(out, "  --take ");
    look_put_hash(out, &r->hash);
    xg_buf_text(out, "\n      ");
    put_says(out, s, c, op, view);
    xg_buf_text(out, "\n      ");
    look_put_who(out, &about, view);
    xg_buf_text(out, "\n      ");
    look_put_when(out, &about, r);
    xg_buf_byte(out, '\n');
    while (next_photo(&photos, &item)) {
        xg_buf_format(out, "      %s ", XG_T("照片", "photo"));
        view_value_text(out, xg_field_find(s->kind, XG_FIELD_PHOTO), &item);
        xg_buf_byte(out, '\n');
    }
    return XG_OK;
}

static void put_meanwhile(struct xg_buf *out, const struct xg_state *s,
                          const struct view_conflict *c,
                          const struct view_context *view)
{
    struct because because = because_of(s, c);

    xg_buf_text(out, XG_T("  暂显示：", "  shown meanwhile: "));
    if (c->reason == VIEW_OVERTAKEN)
        xg_buf_text(out,
                    xg_labels_of(view->labels, XG_LABEL_STATUS, s->status));
    else if (c->number == XG_FIELD_WITHDRAWN)
        xg_buf_text(out, XG_T("未撤回", "not withdrawn"));
    else
        look_put_hash(out, &s->ops[c->sides[0]].record->hash);
    xg_buf_format(out, XG_T("（%s）\n", " (%s)\n"),
                  xg_label(because.zh, because.en));
}

/* The command that decides it, by the name that it goes by here. */
static void put_command(struct xg_buf *out, const struct view_conflict *c,
                        const struct view_entity *entity,
                        const struct xg_id *id)
{
    xg_buf_text(out, "resolve ");
    look_put_number(out, entity, id);
    xg_buf_byte(out, ' ');
    if (c->reason == VIEW_OVERTAKEN)
        xg_buf_text(out, XG_T("状态", "status"));
    else if (c->field)
        xg_buf_text(out,
                    xg_lang() == XG_LANG_ZH ? c->field->zh : c->field->name);
    else
        xg_buf_format(out, "%" PRIu64, c->number);
    xg_buf_text(
        out, c->reason == VIEW_FIELD
                 ? XG_T(" --take 记录码（行首几位；或 --value 值、--dismiss）"
                        " --why 理由",
                        " --take HASH (or --value V, --dismiss) --why TEXT")
                 : XG_T(" --take 记录码（行首几位；或 --dismiss 保持现状） "
                        "--why 理由",
                        " --take HASH (or --dismiss) --why TEXT"));
}

static void put_how(struct xg_buf *out, const struct view_conflict *c,
                    const struct view_entity *entity, const struct xg_id *id)
{
    xg_buf_text(out, c->decision == XG_NONE
                         ? XG_T("  决定：", "  decide: ")
                         : XG_T("  改变决定：", "  decide otherwise: "));
    put_command(out, c, entity, id);
    xg_buf_byte(out, '\n');
}

static enum xg_status put_decision(struct xg_buf *out, const struct xg_state *s,
                                   const struct view_conflict *c,
                                   const struct view_context *view,
                                   struct xg_error *err)
{
    const struct xg_op *op = &s->ops[c->decision];
    struct view_about about;

    if (look_about(&about, view, op, err) != XG_OK)
        return err->status;
    xg_buf_text(out, XG_T("  已决定：", "  decided: "));
    story_put(out, s, c->decision, &about, view);
    xg_buf_text(out, "\n      ");
    look_put_when(out, &about, op->record);
    xg_buf_byte(out, '\n');
    return XG_OK;
}

static enum xg_status put_conflict(struct xg_buf *out, const struct xg_state *s,
                                   const struct view_conflict *c,
                                   const struct view_context *view,
                                   struct xg_error *err)
{
    struct view_entity entity;

    if (look_entity(&entity, view, &s->id, err) != XG_OK)
        return err->status;
    look_put_number(out, &entity, &s->id);
    xg_buf_byte(out, ' ');
    put_field_label(out, c);
    xg_buf_format(out, XG_T("（%s）：%s\n", " (%s): %s\n"),
                  view_conflict_name(c->reason), reason_text(c->reason));
    for (size_t i = 0; i < c->side_count; i++)
        if (put_side(out, s, c, c->sides[i], view, err) != XG_OK)
            return err->status;
    if (c->decision == XG_NONE)
        put_meanwhile(out, s, c, view);
    else if (put_decision(out, s, c, view, err) != XG_OK)
        return err->status;
    put_how(out, c, &entity, &s->id);
    return xg_buf_check(out, err);
}

/* ---- JSON ---- */

/* What this side says, as on a terminal. */
static void set_says(json_t **side, const struct xg_state *s,
                     const struct view_conflict *c, uint32_t op,
                     const struct view_context *view)
{
    struct xg_buf says = XG_BUF(LOOK_STATE_MAX);
    struct xg_cbor_item item;

    if (c->reason == VIEW_FIELD &&
        xg_record_field(s->ops[op].record, c->number, &item))
        look_put_value(&says, view, c->field, &item);
    else
        put_says(&says, s, c, op, view);
    view_json_set(side, "text", view_json_text(xg_buf_bytes(&says)));
    xg_buf_clear(&says);
}

static enum xg_status append_side(json_t **sides, const struct xg_state *s,
                                  const struct view_conflict *c, uint32_t op,
                                  const struct view_context *view,
                                  struct xg_error *err)
{
    const struct xg_record *r = s->ops[op].record;
    struct photo_list list = photos_of(r);
    struct xg_cbor_item item;
    struct view_about about;
    json_t *side, *photos;

    if (look_about(&about, view, &s->ops[op], err) != XG_OK)
        return err->status;
    side = json_object();
    photos = json_array();
    look_set_about(&side, &about, view, &s->ops[op]);
    if (c->reason == VIEW_OVERTAKEN) {
        const struct xg_choice *m = xg_choice_find(xg_moves, r->head.move);
        view_json_set(&side, "move",
                      m ? json_string(m->name) : view_json_uint(r->head.move));
    } else if (c->reason == VIEW_WITHDRAW_EDIT) {
        view_json_set(&side, "withdraws", json_boolean(view_withdraws(s, op)));
    } else if (xg_record_field(r, c->number, &item)) {
        view_json_set(&side, "value", view_value_json(c->field, &item));
        look_set_name(&side, "name", view, c->field, &item);
    }
    while (next_photo(&list, &item)) {
        struct view_photo photo = view_photo_of(&item);
        view_json_append(&photos, view_json_hex(photo.sha256.b, XG_HASH_SIZE));
    }
    view_json_set(&side, "photos", photos);
    set_says(&side, s, c, op, view);
    look_set_words(&side, &about, view, r);
    view_json_set(&side, "after", look_after_json(s, op));
    view_json_append(sides, side);
    return XG_OK;
}

/* What is shown now: of a field what counts among its values. */
static bool shown_value(const struct xg_state *s, const struct view_conflict *c,
                        struct xg_cbor_item *item)
{
    if (c->decision != XG_NONE)
        return xg_state_value(s, c->number, item);
    return xg_record_field(s->ops[c->sides[0]].record, c->number, item);
}

static void set_shown(json_t **json, const struct xg_state *s,
                      const struct view_conflict *c,
                      const struct view_context *view)
{
    const struct xg_choice *status = xg_choice_find(xg_statuses, s->status);
    struct xg_buf text = XG_BUF(LOOK_STATE_MAX);
    json_t *shown = json_null();
    struct xg_cbor_item item;

    if (c->reason == VIEW_OVERTAKEN) {
        shown = status ? json_string(status->name) : json_null();
        xg_buf_text(&text,
                    xg_labels_of(view->labels, XG_LABEL_STATUS, s->status));
    } else if (c->number == XG_FIELD_WITHDRAWN) {
        shown = json_boolean(s->withdrawn);
        xg_buf_text(&text, s->withdrawn ? XG_T("已撤回", "withdrawn")
                                        : XG_T("未撤回", "not withdrawn"));
    } else if (shown_value(s, c, &item)) {
        shown = view_value_json(c->field, &item);
        look_put_value(&text, view, c->field, &item);
    }
    view_json_set(json, "shown", shown);
    view_json_set(json, "shown_text", view_json_text(xg_buf_bytes(&text)));
    xg_buf_clear(&text);
}

/* Who decided what, when, and why. */
static enum xg_status set_decision(json_t **json, const struct xg_state *s,
                                   const struct view_conflict *c,
                                   const struct view_context *view,
                                   struct xg_error *err)
{
    struct xg_buf text = XG_BUF(LOOK_STATE_MAX);
    const struct xg_op *op;
    struct view_about about;
    struct xg_cbor_item why;
    json_t *decided;

    if (c->decision == XG_NONE) {
        view_json_set(json, "decided", json_null());
        return XG_OK;
    }
    op = &s->ops[c->decision];
    if (look_about(&about, view, op, err) != XG_OK)
        return err->status;
    decided = json_object();
    look_set_about(&decided, &about, view, op);
    look_set_words(&decided, &about, view, op->record);
    story_put(&text, s, c->decision, &about, view);
    view_json_set(&decided, "text", view_json_text(xg_buf_bytes(&text)));
    xg_buf_clear(&text);
    if (xg_record_field(op->record, XG_FIELD_WHY, &why))
        view_json_set(&decided, "why", view_json_text(why.bytes));
    view_json_set(json, "decided", decided);
    return XG_OK;
}

static void set_labels(json_t **json, const struct xg_state *s,
                       const struct view_conflict *c,
                       const struct view_entity *entity)
{
    struct xg_buf text = XG_BUF(WORDS_BYTES);

    put_field_label(&text, c);
    view_json_set(json, "label", view_json_text(xg_buf_bytes(&text)));
    view_json_set(json, "reason_text", json_string(reason_text(c->reason)));
    xg_buf_reset(&text);
    put_command(&text, c, entity, &s->id);
    view_json_set(json, "how", view_json_text(xg_buf_bytes(&text)));
    xg_buf_clear(&text);
    /* A value can be written anew where it is a value that is decided. */
    view_json_set(json, "takes_value",
                  json_boolean(c->reason == VIEW_FIELD &&
                               c->number != XG_FIELD_WITHDRAWN));
}

static enum xg_status put_conflict_json(struct xg_buf *out,
                                        const struct xg_state *s,
                                        const struct view_conflict *c,
                                        const struct view_context *view,
                                        struct xg_error *err)
{
    json_t *json = json_object(), *sides = json_array();
    struct view_entity entity;
    enum xg_status status = look_entity(&entity, view, &s->id, err);

    for (size_t i = 0; i < c->side_count && status == XG_OK; i++)
        status = append_side(&sides, s, c, c->sides[i], view, err);
    if (status != XG_OK) {
        json_decref(json);
        json_decref(sides);
        return status;
    }
    view_json_set(&json, "id", view_json_hex(s->id.b, XG_ID_SIZE));
    if (entity.number[0])
        view_json_set(&json, "number",
                      view_json_text(xg_bytes_of(entity.number)));
    view_json_set(&json, "reason", json_string(view_conflict_name(c->reason)));
    view_json_set(&json, "field",
                  *field_name(c) ? json_string(field_name(c))
                                 : view_json_uint(c->number));
    set_labels(&json, s, c, &entity);
    set_shown(&json, s, c, view);
    if (c->decision == XG_NONE) {
        struct because because = because_of(s, c);
        view_json_set(&json, "shown_because", json_string(because.name));
        view_json_set(&json, "shown_because_text",
                      json_string(xg_label(because.zh, because.en)));
    }
    if (set_decision(&json, s, c, view, err) != XG_OK) {
        json_decref(json);
        json_decref(sides);
        return err->status;
    }
    view_json_set(&json, "sides", sides);
    return look_json_line(out, json, err);
}

static enum xg_status put_list(struct xg_buf *out, const struct xg_state *s,
                               const struct view_conflict *list, size_t count,
                               const struct view_context *view,
                               struct xg_error *err)
{
    for (size_t i = 0; i < count; i++)
        if ((view->json ? put_conflict_json(out, s, &list[i], view, err)
                        : put_conflict(out, s, &list[i], view, err)) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status view_conflicts(struct xg_buf *out, const struct xg_state *state,
                              const struct view_context *view,
                              struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_ARENA_MAX);
    struct view_conflict *list;
    size_t count = 0;
    enum xg_status status =
        view_conflicts_of(&list, &count, &arena, state, err);

    if (status == XG_OK)
        status = put_list(out, state, list, count, view, err);
    if (status == XG_OK && count == 0 && !view->json)
        xg_buf_text(out, XG_T("没有待决定的冲突\n", "nothing to decide\n"));
    xg_arena_clear(&arena);
    return status == XG_OK ? xg_buf_check(out, err) : status;
}

enum xg_status view_decided(struct xg_buf *out, const struct xg_state *state,
                            const struct view_context *view,
                            struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_ARENA_MAX);
    struct view_conflict *list;
    size_t count = 0;
    enum xg_status status = view_decided_of(&list, &count, &arena, state, err);

    if (status == XG_OK)
        status = put_list(out, state, list, count, view, err);
    xg_arena_clear(&arena);
    return status == XG_OK ? xg_buf_check(out, err) : status;
}
