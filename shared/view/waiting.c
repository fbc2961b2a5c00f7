/* waiting.c - see waiting.h. */
#include "shared/view/waiting.h"

#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/view/json.h"
#include "shared/view/look.h"
#include "shared/view/text.h"

size_t view_waits_of(struct view_wait out[static VIEW_WAITS_MAX],
                     const struct xg_state *s)
{
    const struct xg_progress *p = &s->progress;
    size_t count = 0;

    if (!s->kind || !s->kind->first_status || s->withdrawn || s->status == 0)
        return 0;
    for (size_t i = 0; i < XG_ASKINGS; i++)
        if (p->asked[i] != XG_NONE)
            out[count++] = (struct view_wait){VIEW_WAIT_REQUEST, p->asked[i]};
    if (p->supervised != XG_NONE)
        out[count++] = (struct view_wait){VIEW_WAIT_REPLY, p->supervised};
    if (p->waits && !p->answered)
        out[count++] = (struct view_wait){VIEW_WAIT_ANSWER, XG_NONE};
    return count;
}

/* The op that last turned the case back, while it stands where that led. */
static uint32_t turned_back(const struct xg_state *s)
{
    uint32_t last = XG_NONE;

    for (size_t i = 0; i < s->count; i++) {
        uint32_t op = s->order[i];
        const struct xg_record *r = s->ops[op].record;
        if (!xg_state_counts(s, op) || r->malformed || !r->head.move)
            continue;
        const struct xg_transition *t =
            xg_transition_find(r->head.from, r->head.move);
        if (!t || !t->to)
            continue;
        uint64_t move = r->head.move;
        last = move == XG_MOVE_VOID || move == XG_MOVE_RETURN ||
                       move == XG_MOVE_REWORK || move == XG_MOVE_REOPEN
                   ? op
                   : XG_NONE;
    }
    return last;
}

static const struct xg_choice *move_of(const struct xg_state *s, uint32_t op)
{
    return xg_choice_find(xg_moves, s->ops[op].record->head.move);
}

static bool field_of(struct xg_cbor_item *item, const struct xg_state *s,
                     uint32_t op, uint64_t number)
{
    const struct xg_record *r = s->ops[op].record;

    return r->fields_raw.len && xg_record_field(r, number, item) &&
           item->type != XG_CBOR_NULL;
}

/* ---- text ---- */

/* "申请延期 到 2026-10-10 17:00:00（ha，理由：等配件）" */
static enum xg_status put_op(struct xg_buf *out, const struct xg_state *s,
                             uint32_t op, const char *label,
                             const struct view_context *view,
                             struct xg_error *err)
{
    struct view_about about;
    struct xg_cbor_item item;
    int64_t until;

    if (look_about(&about, view, &s->ops[op], err) != XG_OK)
        return err->status;
    xg_buf_text(out, label ? label
                           : xg_labels_of(view->labels, XG_LABEL_MOVE,
                                          s->ops[op].record->head.move));
    if (field_of(&item, s, op, XG_CASE_UNTIL) && xg_cbor_int(&item, &until)) {
        xg_buf_text(out, XG_T(" 到 ", " until "));
        view_put_time(out, until);
    }
    xg_buf_text(out, XG_T("（", " ("));
    view_put_line(out, xg_bytes_of(*about.author_name ? about.author_name
                                   : *about.author    ? about.author
                                                      : "?"));
    if (field_of(&item, s, op, XG_FIELD_WHY) && item.type == XG_CBOR_TEXT) {
        xg_buf_text(out, XG_T("，理由：", ", because: "));
        view_put_line(out, item.bytes);
    }
    xg_buf_text(out, XG_T("）\n", ")\n"));
    return XG_OK;
}

static const char *label_of(enum view_wait_sort sort)
{
    switch (sort) {
    case VIEW_WAIT_REPLY:
        return XG_T("督办待回复", "supervision to be replied to");
    case VIEW_WAIT_ANSWER:
        return XG_T("待答复反映人", "an answer to who reported it");
    case VIEW_WAIT_REQUEST:
        break;
    }
    return NULL;
}

enum xg_status view_put_waiting(struct xg_buf *out, const struct xg_state *s,
                                const struct view_context *view,
                                struct xg_error *err)
{
    struct view_wait waits[VIEW_WAITS_MAX];
    size_t count = view_waits_of(waits, s);
    uint32_t back = turned_back(s);

    for (size_t i = 0; i < count; i++) {
        const char *label = label_of(waits[i].sort);
        xg_buf_text(out, XG_T("待办：", "to do: "));
        if (waits[i].op == XG_NONE)
            xg_buf_format(out, "%s\n", label);
        else if (put_op(out, s, waits[i].op, label, view, err) != XG_OK)
            return err->status;
    }
    if (back == XG_NONE)
        return XG_OK;
    xg_buf_text(out, XG_T("最近：", "last: "));
    return put_op(out, s, back, NULL, view, err);
}

/* ---- JSON ---- */

static const char *name_of(enum view_wait_sort sort)
{
    switch (sort) {
    case VIEW_WAIT_REQUEST:
        return "request";
    case VIEW_WAIT_REPLY:
        return "reply";
    case VIEW_WAIT_ANSWER:
        break;
    }
    return "answer";
}

static json_t *wait_json(const struct xg_state *s, const struct view_wait *w)
{
    json_t *json = json_object();

    view_json_set(&json, "what", json_string(name_of(w->sort)));
    if (w->op != XG_NONE) {
        const struct xg_choice *move = move_of(s, w->op);
        view_json_set(&json, "move", json_string(move ? move->name : "?"));
    }
    return json;
}

static enum xg_status set_op(json_t **json, const struct xg_state *s,
                             uint32_t op, const struct view_context *view,
                             struct xg_error *err)
{
    struct xg_cbor_item item;
    struct view_about about;
    int64_t until;

    if (look_about(&about, view, &s->ops[op], err) != XG_OK)
        return err->status;
    if (field_of(&item, s, op, XG_CASE_UNTIL) && xg_cbor_int(&item, &until))
        view_json_set(json, "until", view_json_time(until));
    view_json_set(json, "author", view_json_text(xg_bytes_of(about.author)));
    if (*about.author_name)
        view_json_set(json, "author_name",
                      view_json_text(xg_bytes_of(about.author_name)));
    if (field_of(&item, s, op, XG_FIELD_WHY) && item.type == XG_CBOR_TEXT)
        view_json_set(json, "why", view_json_text(item.bytes));
    return XG_OK;
}

enum xg_status view_set_waiting(json_t **object, const struct xg_state *s,
                                const struct view_context *view,
                                struct xg_error *err)
{
    struct view_wait waits[VIEW_WAITS_MAX];
    size_t count = view_waits_of(waits, s);
    uint32_t back = turned_back(s);
    enum xg_status status = XG_OK;
    json_t *list = json_array();

    for (size_t i = 0; status == XG_OK && i < count; i++) {
        json_t *json = wait_json(s, &waits[i]);
        if (waits[i].op != XG_NONE)
            status = set_op(&json, s, waits[i].op, view, err);
        view_json_append(&list, json);
    }
    view_json_set(object, "waiting", list);
    if (status == XG_OK && back != XG_NONE) {
        const struct view_wait last = {VIEW_WAIT_REQUEST, back};
        json_t *json = wait_json(s, &last);
        if (json)
            json_object_del(json, "what");
        status = set_op(&json, s, back, view, err);
        view_json_set(object, "turned_back", json);
    }
    return status;
}

/* ---- of a list ---- */

enum { REPLY_BIT = XG_ASKINGS, ANSWER_BIT };

unsigned view_waits_set(const struct xg_state *s)
{
    struct view_wait waits[VIEW_WAITS_MAX];
    size_t count = view_waits_of(waits, s);
    unsigned set = 0;

    for (size_t i = 0; i < count; i++)
        set |= waits[i].sort == VIEW_WAIT_REPLY    ? 1u << REPLY_BIT
               : waits[i].sort == VIEW_WAIT_ANSWER ? 1u << ANSWER_BIT
                                                   : 0;
    for (unsigned i = 0; count && i < XG_ASKINGS; i++)
        set |= s->progress.asked[i] != XG_NONE ? 1u << i : 0;
    return set;
}

/* The move that asked, or supervised; 0 of an answer. */
static uint64_t move_of_bit(unsigned bit)
{
    static const uint64_t moves[] = {
        [XG_ASKING_SHELVE] = XG_MOVE_ASK_SHELVE,
        [XG_ASKING_DEFER] = XG_MOVE_ASK_DEFER,
        [XG_ASKING_EXTEND] = XG_MOVE_ASK_EXTEND,
        [XG_ASKING_APPEAL] = XG_MOVE_APPEAL,
        [REPLY_BIT] = XG_MOVE_SUPERVISE,
        [ANSWER_BIT] = 0};

    return moves[bit];
}

static json_t *mark_json(enum view_wait_sort sort, unsigned bit)
{
    const struct xg_choice *move = xg_choice_find(xg_moves, move_of_bit(bit));
    json_t *json = json_object();

    view_json_set(&json, "what", json_string(name_of(sort)));
    if (move)
        view_json_set(&json, "move", json_string(move->name));
    return json;
}

void view_mark_waiting(struct xg_buf *out, json_t **object, unsigned waits,
                       const struct xg_labels *labels)
{
    json_t *list = object ? json_array() : NULL;
    bool first = true;

    for (unsigned bit = 0; bit <= ANSWER_BIT; bit++) {
        enum view_wait_sort sort = bit == REPLY_BIT    ? VIEW_WAIT_REPLY
                                   : bit == ANSWER_BIT ? VIEW_WAIT_ANSWER
                                                       : VIEW_WAIT_REQUEST;
        const char *label = label_of(sort);
        if (!(waits & 1u << bit))
            continue;
        if (object) {
            view_json_append(&list, mark_json(sort, bit));
            continue;
        }
        xg_buf_text(out, first ? "" : XG_T("；", "; "));
        first = false;
        if (label)
            xg_buf_text(out, label);
        else
            xg_buf_format(
                out, XG_T("待批：%s", "to decide: %s"),
                xg_labels_of(labels, XG_LABEL_MOVE, move_of_bit(bit)));
    }
    if (object)
        view_json_set(object, "waiting", list);
}
