/* story.c - see story.h. */
#include "shared/view/story.h"

#include <inttypes.h>

#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/view/look.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { VALUE_COLUMNS = 80, STORY_VALUE_MAX = 64 << 10 };

/* What is told already, or is no part of a story. */
static bool is_silent(const struct xg_field *f)
{
    switch (f->number) {
    case XG_FIELD_SALT:
    case XG_FIELD_WHY:
    case XG_FIELD_SOURCE:
    case XG_FIELD_SERIAL:
    case XG_FIELD_ERASED:
    case XG_FIELD_ERASED_PHOTOS:
        return true;
    default:
        return f->type == XG_TYPE_TRACK || f->type == XG_TYPE_GAP;
    }
}

/* Its name, else the value itself. */
static void put_value(struct xg_buf *out, const struct view_context *view,
                      const struct xg_field *f, const struct xg_cbor_item *value)
{
    struct xg_buf text = XG_BUF(STORY_VALUE_MAX);

    if (view->name && (f->type == XG_TYPE_CODE || f->type == XG_TYPE_ENTITY))
        view->name(view->ctx, &text, f, value);
    if (text.failed != XG_OK || text.len == 0) {
        xg_buf_reset(&text);
        view_value_text(&text, f, value);
    }
    view_put_cut(out, xg_buf_bytes(&text), VALUE_COLUMNS);
    if (text.failed == XG_NOMEM)
        out->failed = XG_NOMEM;
    xg_buf_clear(&text);
}

static void put_label(struct xg_buf *out, const struct xg_field *f)
{
    xg_buf_text(out, xg_label(f->zh, f->en));
}

/* ---- sets ---- */

static void put_added(struct xg_buf *out, const struct view_context *view,
                      const struct xg_field *f, const struct xg_cbor_item *list)
{
    struct xg_cbor c = xg_cbor_inside(list);
    struct xg_cbor_item item;

    if (f->number == XG_FIELD_PHOTO) {
        xg_buf_format(out,
                      XG_T("附上照片 %" PRIu64 " 张",
                           "attached photos: %" PRIu64),
                      list->number);
        return;
    }
    put_label(out, f);
    xg_buf_text(out, XG_T("：", ": "));
    for (size_t i = 0; xg_cbor_next(&c, &item); i++) {
        xg_buf_text(out, i ? XG_T("、", ", ") : "");
        put_value(out, view, f, &item);
    }
}

static void put_set(struct xg_buf *out, const struct view_context *view,
                    const struct xg_field *f, const struct xg_cbor_item *value)
{
    struct xg_cbor c = xg_cbor_inside(value);
    struct xg_cbor_item key, list;

    for (size_t i = 0; xg_cbor_next(&c, &key) && xg_cbor_next(&c, &list); i++) {
        xg_buf_text(out, i ? XG_T("；", "; ") : "");
        if (key.number == XG_SET_ADDED) {
            put_added(out, view, f, &list);
            continue;
        }
        xg_buf_format(out,
                      XG_T("去掉 %" PRIu64 " 项", "took out %" PRIu64 " of "),
                      list.number);
        put_label(out, f);
    }
}

/* ---- fields ---- */

static void put_decided(struct xg_buf *out, const struct xg_kind *kind,
                        const struct xg_cbor_item *value)
{
    struct xg_cbor c = xg_cbor_inside(value);
    struct xg_cbor_item item;

    xg_buf_text(out, XG_T("决定了冲突：", "decided a conflict: "));
    for (size_t i = 0; xg_cbor_next(&c, &item); i++) {
        xg_buf_text(out, i ? XG_T("、", ", ") : "");
        if (item.number == 0)
            xg_buf_text(out, XG_T("状态", "status"));
        else
            view_put_field(out, xg_field_find(kind, item.number), item.number);
    }
}

static bool is_emptied(const struct xg_cbor_item *value)
{
    return value->type == XG_CBOR_NULL;
}

/* "紧急程度改为 紧急"; in a move, which says something anew, "办理结果：…". */
static void put_register(struct xg_buf *out, const struct view_context *view,
                         const struct xg_field *f,
                         const struct xg_cbor_item *value, bool changes)
{
    if (f->number == XG_FIELD_WITHDRAWN) {
        xg_buf_text(out, value->type == XG_CBOR_BOOL && value->number
                             ? XG_T("撤回", "withdrew it")
                             : XG_T("不再撤回", "takes the withdrawal back"));
        return;
    }
    put_label(out, f);
    if (is_emptied(value)) {
        xg_buf_text(out, XG_T(" 清空", " emptied"));
        return;
    }
    if (changes)
        xg_buf_text(out, XG_T("改为 ", " set to "));
    else
        xg_buf_text(out, XG_T("：", ": "));
    put_value(out, view, f, value);
}

/* Every field that is told, but those that `skip` says were. */
static void put_fields(struct xg_buf *out, const struct xg_record *r,
                       const struct view_context *view, uint64_t skip,
                       const char *before)
{
    const struct xg_kind *kind = xg_kind_find(r->head.kind);
    struct xg_field_cursor c;
    struct xg_cbor_item value;
    uint64_t number;

    if (!kind || r->fields_raw.len == 0)
        return;
    for (c = xg_record_fields(r); xg_field_next(&c, &number, &value);) {
        const struct xg_field *f = xg_field_find(kind, number);
        if (!f || is_silent(f) || number == skip)
            continue;
        xg_buf_text(out, before);
        before = XG_T("；", "; ");
        if (f->merge == XG_MERGE_SET)
            put_set(out, view, f, &value);
        else if (number == XG_FIELD_DECIDED)
            put_decided(out, kind, &value);
        else
            put_register(out, view, f, &value,
                         r->head.move == 0 && f->merge == XG_MERGE_REGISTER);
    }
}

/* ---- the three sorts of records ---- */

/* What was told of: as a list knows it. */
static void put_created(struct xg_buf *out, const struct xg_record *r,
                        const struct view_context *view)
{
    const struct xg_kind *kind = xg_kind_find(r->head.kind);
    struct xg_cbor_item value;
    const struct xg_field *f;
    const char *before = XG_T("：", ": ");
    size_t texts = 0;

    xg_buf_format(out, XG_T(" 记录了%s", " recorded: %s"),
                  look_kind_label(kind));
    for (size_t i = 0; kind && (f = xg_field_at(kind, i)) != NULL; i++) {
        if (!look_is_telling(f, texts) ||
            !xg_record_field(r, f->number, &value) || is_emptied(&value))
            continue;
        texts += f->type == XG_TYPE_TEXT;
        xg_buf_text(out, before);
        before = " · ";
        put_value(out, view, f, &value);
    }
}

/* To whom, or to where: of moves that lead to somebody. */
static uint64_t put_target(struct xg_buf *out, const struct xg_record *r,
                           const struct view_context *view)
{
    uint64_t number = xg_move_assigns(r->head.move) ? XG_CASE_UNIT
                      : r->head.move == XG_MOVE_ESCALATE ? XG_CASE_LEVEL
                                                         : 0;
    const struct xg_field *f = NULL;
    struct xg_cbor_item value;
    const struct xg_kind *kind = xg_kind_find(r->head.kind);

    if (!number || !kind || !xg_record_field(r, number, &value) ||
        is_emptied(&value))
        return 0;
    f = xg_field_find(kind, number);
    xg_buf_text(out, number == XG_CASE_UNIT ? XG_T("给 ", " to ")
                                            : XG_T("到 ", " to "));
    put_value(out, view, f, &value);
    return number;
}

static void put_what(struct xg_buf *out, const struct xg_record *r,
                     const struct view_context *view)
{
    struct xg_cbor_item why;
    uint64_t told;

    if (r->head.creates) {
        put_created(out, r, view);
    } else if (r->head.move) {
        xg_buf_byte(out, ' ');
        xg_buf_text(out, xg_labels_of(view->labels, XG_LABEL_MOVE,
                                      r->head.move));
        told = put_target(out, r, view);
        put_fields(out, r, view, told, XG_T("，", ", "));
    } else {
        put_fields(out, r, view, 0, " ");
    }
    if (r->fields_raw.len && xg_record_field(r, XG_FIELD_WHY, &why) &&
        why.type == XG_CBOR_TEXT) {
        xg_buf_text(out, XG_T("（理由：", " (reason: "));
        view_put_cut(out, why.bytes, VALUE_COLUMNS);
        xg_buf_text(out, XG_T("）", ")"));
    }
}

void story_put(struct xg_buf *out, const struct xg_state *state, uint32_t op,
               const struct view_about *about, const struct view_context *view)
{
    const struct xg_record *r = state->ops[op].record;

    if (about->author_name[0])
        view_put_line(out, xg_bytes_of(about->author_name));
    else if (about->author[0])
        view_put_line(out, xg_bytes_of(about->author));
    else
        xg_buf_text(out, XG_T("记录人不明", "author unknown"));
    if (r->malformed)
        xg_buf_text(out, XG_T(" 写了一条读不懂的记录",
                              " wrote a record that cannot be read"));
    else
        put_what(out, r, view);
}
