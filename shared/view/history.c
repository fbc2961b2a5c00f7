/* history.c - every record of an entity, with the graph; see show.h.
 *
 *      ●     #1 7b1c…  网格员 …            one lane a branch, ● the record,
 *      │ ●   #2 90aa…  ← #1                │ a branch that goes on;
 *      ● │   #3 …                          "← #1" the records of other
 *                                          branches that its author had seen
 */
#include "shared/view/show.h"

#include <inttypes.h>

#include "shared/base/lang.h"
#include "shared/core/erase.h"
#include "shared/view/json.h"
#include "shared/view/labels.h"
#include "shared/view/look.h"
#include "shared/view/story.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { LANES_MAX = 12, STORY_BYTES = 256 << 10 };

struct history {
    const struct xg_state *state;
    const struct view_context *view;
    unsigned *labels;
    uint32_t *place; /* per op: its number in the history, from 1 */
    uint32_t *lane;  /* per op */
    uint32_t *last;  /* per lane: place of its last record */
    uint32_t *first; /* per lane */
    uint32_t lanes;
};

static const struct {
    enum view_label label;
    const char *name, *zh, *en;
} label_names[] = {
    {VIEW_PARALLEL, "parallel", "并行", "parallel"},
    {VIEW_CONFLICT, "conflict", "冲突", "conflict"},
    {VIEW_RESOLVES, "resolves", "决定", "resolves"},
};

/* ---- numbers and lanes ---- */

static uint32_t lane_of(struct history *h, size_t upto, uint32_t op)
{
    const struct xg_state *s = h->state;

    for (size_t i = 0; i < upto; i++) {
        uint32_t other = s->order[i];
        if (xg_hash_equal(&s->ops[other].branch->id, &s->ops[op].branch->id))
            return h->lane[other];
    }
    return h->lanes++;
}

static enum xg_status prepare(struct history *h, struct xg_arena *arena,
                              struct xg_error *err)
{
    size_t room = h->state->count + 1;

    h->place = xg_arena_array(arena, room, sizeof *h->place);
    h->lane = xg_arena_array(arena, room, sizeof *h->lane);
    h->last = xg_arena_array(arena, room, sizeof *h->last);
    h->first = xg_arena_array(arena, room, sizeof *h->first);
    if (!h->place || !h->lane || !h->last || !h->first)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < h->state->count; i++) {
        uint32_t op = h->state->order[i], lane = lane_of(h, i, op);
        h->lane[op] = lane;
        h->place[op] = (uint32_t)i + 1;
        h->last[lane] = h->place[op];
        if (!h->first[lane])
            h->first[lane] = h->place[op];
    }
    return view_labels_of(&h->labels, arena, h->state, err);
}

/* The lanes beside one record, or (with op XG_NONE) beside the lines below
 * the one at `place`. */
static void put_lanes(struct xg_buf *out, const struct history *h,
                      uint32_t place, uint32_t op)
{
    uint32_t shown = h->lanes < LANES_MAX ? h->lanes : LANES_MAX;

    for (uint32_t lane = 0; lane < shown; lane++) {
        bool here = op != XG_NONE &&
                    (h->lane[op] == lane ||
                     (h->lane[op] >= LANES_MAX && lane == LANES_MAX - 1));
        bool goes_on = h->first[lane] <= place && h->last[lane] > place;
        xg_buf_text(out, here ? "● " : goes_on ? "│ " : "  ");
    }
    xg_buf_byte(out, ' ');
}

/* ---- what a record changed ---- */

static void begin_change(struct xg_buf *out, const struct history *h,
                         uint32_t op)
{
    put_lanes(out, h, h->place[op], XG_NONE);
    xg_buf_text(out, "    ");
}

static void put_line_value(struct xg_buf *out, const struct history *h,
                           const struct xg_field *field,
                           const struct xg_cbor_item *item)
{
    struct xg_buf text = XG_BUF(out->max);

    look_put_value(&text, h->view, field, item);
    view_put_line(out, xg_buf_bytes(&text));
    if (text.failed != XG_OK)
        out->failed = text.failed;
    xg_buf_clear(&text);
}

static void put_removed(struct xg_buf *out, const struct xg_cbor_item *pair)
{
    struct xg_cbor c = xg_cbor_inside(pair);
    struct xg_cbor_item hash, index;
    struct xg_hash adder;

    xg_cbor_next(&c, &hash);
    xg_cbor_next(&c, &index);
    memcpy(adder.b, hash.bytes.at, XG_HASH_SIZE);
    look_put_hash(out, &adder);
    xg_buf_format(out, ":%" PRIu64, index.number);
}

static void put_set_change(struct xg_buf *out, const struct history *h,
                           uint32_t op, const struct xg_field *field,
                           const struct xg_cbor_item *value)
{
    struct xg_cbor c = xg_cbor_inside(value);
    struct xg_cbor_item key, list, item;

    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &list)) {
        struct xg_cbor in = xg_cbor_inside(&list);
        while (xg_cbor_next(&in, &item)) {
            begin_change(out, h, op);
            xg_buf_text(out, key.number == XG_SET_ADDED ? "+ " : "- ");
            view_put_field(out, field, field->number);
            xg_buf_text(out, XG_T("：", ": "));
            if (key.number == XG_SET_ADDED)
                put_line_value(out, h, field, &item);
            else
                put_removed(out, &item);
            xg_buf_byte(out, '\n');
        }
    }
}

/* Numbers of decided fields, as their labels. */
static void put_decided(struct xg_buf *out, const struct xg_kind *kind,
                        const struct xg_cbor_item *value)
{
    struct xg_cbor c = xg_cbor_inside(value);
    struct xg_cbor_item item;

    for (size_t i = 0; xg_cbor_next(&c, &item); i++) {
        xg_buf_text(out, i ? XG_T("、", ", ") : "");
        if (item.number == 0)
            xg_buf_text(out, XG_T("状态", "status"));
        else
            view_put_field(out, xg_field_find(kind, item.number), item.number);
    }
}

static void put_changes(struct xg_buf *out, const struct history *h,
                        uint32_t op)
{
    const struct xg_record *r = h->state->ops[op].record;
    const struct xg_kind *kind = xg_kind_find(r->head.kind);
    struct xg_field_cursor c = xg_record_fields(r);
    struct xg_cbor_item value;
    uint64_t number;

    if (r->head.move) {
        begin_change(out, h, op);
        xg_buf_text(out,
                    xg_labels_of(h->view->labels, XG_LABEL_MOVE, r->head.move));
        xg_buf_text(out, XG_T("，当时状态 ", ", when it was "));
        xg_buf_text(
            out, xg_labels_of(h->view->labels, XG_LABEL_STATUS, r->head.from));
        xg_buf_byte(out, '\n');
    }
    while (kind && xg_field_next(&c, &number, &value)) {
        const struct xg_field *f = xg_field_find(kind, number);
        if (f && f->number == XG_FIELD_SALT && kind->entity)
            continue;
        if (f && f->merge == XG_MERGE_SET) {
            put_set_change(out, h, op, f, &value);
            continue;
        }
        begin_change(out, h, op);
        view_put_field(out, f, number);
        xg_buf_text(out, XG_T("：", ": "));
        if (f && f->number == XG_FIELD_DECIDED)
            put_decided(out, kind, &value);
        else
            put_line_value(out, h, f, &value);
        xg_buf_byte(out, '\n');
    }
}

/* ---- text ---- */

static void put_seen(struct xg_buf *out, const struct history *h, uint32_t op)
{
    const struct xg_record *r = h->state->ops[op].record;

    if (r->malformed || r->head.foreign_count == 0)
        return;
    xg_buf_text(out, "  ←");
    for (size_t i = 0; i < r->head.foreign_count; i++) {
        const struct xg_hash *cited = xg_head_foreign(&r->head, i);
        uint32_t seen = view_op_of(h->state, cited);
        if (seen != XG_NONE) {
            xg_buf_format(out, " #%" PRIu32, h->place[seen]);
        } else {
            xg_buf_text(out, " ?");
            look_put_hash(out, cited);
        }
    }
}

static enum xg_status put_record(struct xg_buf *out, const struct history *h,
                                 uint32_t op, struct xg_error *err)
{
    const struct xg_state *s = h->state;
    struct view_about about;

    if (look_about(&about, h->view, &s->ops[op], err) != XG_OK)
        return err->status;
    put_lanes(out, h, h->place[op], op);
    xg_buf_format(out, "#%" PRIu32 " ", h->place[op]);
    look_put_hash(out, &s->ops[op].record->hash);
    xg_buf_text(out, "  ");
    look_put_who(out, &about, h->view);
    for (size_t i = 0; i < sizeof label_names / sizeof *label_names; i++)
        if (h->labels[op] & label_names[i].label)
            xg_buf_format(out, " [%s]",
                          xg_label(label_names[i].zh, label_names[i].en));
    put_seen(out, h, op);
    xg_buf_byte(out, '\n');

    begin_change(out, h, op);
    look_put_when(out, &about, s->ops[op].record);
    if (h->view->about)
        xg_buf_text(out, " · ");
    look_put_delivery(out, &about, h->view);
    xg_buf_byte(out, '\n');
    if (s->ops[op].erasure && s->ops[op].erasure->by != XG_NONE) {
        begin_change(out, h, op);
        look_put_erasure(out, s, op);
        xg_buf_byte(out, '\n');
    } else if (s->effects[op] != XG_EFFECT_FULL) {
        begin_change(out, h, op);
        xg_buf_format(out, "✗ %s", xg_effect_label(s->effects[op]));
        xg_buf_text(out, XG_T("：", ": "));
        view_put_line(out, xg_bytes_of(s->reasons[op] ? s->reasons[op] : ""));
        xg_buf_byte(out, '\n');
    }
    if (!s->ops[op].record->malformed && s->ops[op].record->fields_raw.len)
        put_changes(out, h, op);
    return xg_buf_check(out, err);
}

/* ---- JSON ---- */

/* `item` NULL: the element that was taken out is named, not shown. */
static json_t *change_json(const struct view_context *view,
                           const struct xg_field *field, uint64_t number,
                           const char *how, const struct xg_cbor_item *item)
{
    json_t *json = json_object();
    struct xg_buf text = XG_BUF(LOOK_STATE_MAX);

    view_json_set(&json, "field",
                  field ? json_string(field->name) : view_json_uint(number));
    view_put_field(&text, field, number);
    view_json_set(&json, "label", view_json_text(xg_buf_bytes(&text)));
    xg_buf_reset(&text);
    if (item) {
        look_put_value(&text, view, field, item);
        view_json_set(&json, "text", view_json_text(xg_buf_bytes(&text)));
    }
    xg_buf_clear(&text);
    view_json_set(&json, "how", json_string(how));
    return json;
}

static void set_removed(json_t **json, const struct xg_cbor_item *pair)
{
    struct xg_cbor c = xg_cbor_inside(pair);
    struct xg_cbor_item hash, index;

    xg_cbor_next(&c, &hash);
    xg_cbor_next(&c, &index);
    view_json_set(json, "hash", view_json_hex(hash.bytes.at, hash.bytes.len));
    view_json_set(json, "index", view_json_uint(index.number));
}

static void append_set_change(json_t **list, const struct view_context *view,
                              const struct xg_field *field,
                              const struct xg_cbor_item *value)
{
    struct xg_cbor c = xg_cbor_inside(value);
    struct xg_cbor_item key, items, item;

    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &items)) {
        bool adds = key.number == XG_SET_ADDED;
        struct xg_cbor in = xg_cbor_inside(&items);
        while (xg_cbor_next(&in, &item)) {
            json_t *json =
                change_json(view, field, field->number,
                            adds ? "add" : "remove", adds ? &item : NULL);
            if (adds) {
                view_json_set(&json, "value", view_value_json(field, &item));
                look_set_name(&json, "name", view, field, &item);
            } else {
                set_removed(&json, &item);
            }
            view_json_append(list, json);
        }
    }
}

static json_t *changes_json(const struct view_context *view,
                            const struct xg_record *r)
{
    json_t *list = json_array();
    const struct xg_kind *kind =
        r->malformed ? NULL : xg_kind_find(r->head.kind);
    struct xg_field_cursor c;
    struct xg_cbor_item value;
    uint64_t number;

    if (!kind || r->fields_raw.len == 0)
        return list;
    for (c = xg_record_fields(r); xg_field_next(&c, &number, &value);) {
        const struct xg_field *f = xg_field_find(kind, number);
        if (f && f->merge == XG_MERGE_SET) {
            append_set_change(&list, view, f, &value);
            continue;
        }
        json_t *json = change_json(
            view, f, number, f && f->merge == XG_MERGE_ACT ? "say" : "set",
            &value);
        view_json_set(&json, "value", view_value_json(f, &value));
        look_set_name(&json, "name", view, f, &value);
        view_json_append(&list, json);
    }
    return list;
}

static void set_move(json_t **json, const struct xg_record *r)
{
    const struct xg_choice *move, *from;

    if (r->malformed || !r->head.move)
        return;
    move = xg_choice_find(xg_moves, r->head.move);
    from = xg_choice_find(xg_statuses, r->head.from);
    view_json_set(json, "move",
                  move ? json_string(move->name)
                       : view_json_uint(r->head.move));
    view_json_set(json, "from",
                  from ? json_string(from->name)
                       : view_json_uint(r->head.from));
}

enum xg_status view_put_story(struct xg_buf *out, const struct xg_state *state,
                              uint32_t op, const struct view_context *view,
                              struct xg_error *err)
{
    struct view_about about;

    if (look_about(&about, view, &state->ops[op], err) != XG_OK)
        return err->status;
    story_put(out, state, op, &about, view);
    return XG_OK;
}

static json_t *story_json(const struct xg_state *s, uint32_t op,
                          const struct view_about *about,
                          const struct view_context *view)
{
    struct xg_buf text = XG_BUF(STORY_BYTES);

    story_put(&text, s, op, about, view);
    json_t *json = view_json_text(xg_buf_bytes(&text));
    xg_buf_clear(&text);
    return json;
}

static enum xg_status put_record_json(struct xg_buf *out,
                                      const struct history *h, uint32_t op,
                                      struct xg_error *err)
{
    const struct xg_state *s = h->state;
    const struct xg_op *at = &s->ops[op];
    struct view_about about;
    json_t *json, *labels;

    if (look_about(&about, h->view, at, err) != XG_OK)
        return err->status;
    json = json_object();
    labels = json_array();
    view_json_set(&json, "n", view_json_uint(h->place[op]));
    view_json_set(&json, "text", story_json(s, op, &about, h->view));
    look_set_about(&json, &about, h->view, at);
    look_set_words(&json, &about, h->view, at->record);
    view_json_set(&json, "branch",
                  view_json_hex(at->branch->id.b, XG_HASH_SIZE));
    view_json_set(&json, "seq", view_json_uint(at->seq));
    view_json_set(&json, "after", look_after_json(s, op));
    view_json_set(&json, "effect",
                  json_string(look_effect_name(s->effects[op])));
    view_json_set(&json, "effect_text",
                  json_string(xg_effect_label(s->effects[op])));
    if (s->reasons[op])
        view_json_set(&json, "reason", json_string(s->reasons[op]));
    for (size_t i = 0; i < sizeof label_names / sizeof *label_names; i++)
        if (h->labels[op] & label_names[i].label)
            view_json_append(&labels, json_string(label_names[i].name));
    view_json_set(&json, "labels", labels);
    set_move(&json, at->record);
    look_set_erasure(&json, s, op);
    view_json_set(&json, "changes", changes_json(h->view, at->record));
    return look_json_line(out, json, err);
}

enum xg_status view_history(struct xg_buf *out, const struct xg_state *state,
                            const struct view_context *view,
                            struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(LOOK_ARENA_MAX);
    struct history h = {.state = state, .view = view};
    enum xg_status status = prepare(&h, &arena, err);

    for (size_t i = 0; i < state->count && status == XG_OK; i++)
        status = view->json ? put_record_json(out, &h, state->order[i], err)
                            : put_record(out, &h, state->order[i], err);
    xg_arena_clear(&arena);
    return status;
}
