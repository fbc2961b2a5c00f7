/* evidence_story.c - one entity on the page of an evidence file: what holds
 * now, photos, conflicts, what happened, and the hashes of it all; see
 * evidence_page.c. */
#include "shared/audit/evidence_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/erase.h"
#include "shared/core/number.h"
#include "shared/guide/guide.h"
#include "shared/view/conflict.h"
#include "shared/view/labels.h"
#include "shared/view/look.h"
#include "shared/view/names.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum {
    HASH_SHOWN = 6,
    STATE_MAX = 64 << 20,
    LABELS_ARENA = 64 << 20,
    FLUSH_ABOVE = 64 << 10,
    DAY_MS = 24 * 3600 * 1000,
};

static const struct xg_evidence_record *
record_of(const struct xg_evidence_page *p,
          const struct xg_evidence_entity *entity, size_t op)
{
    return &p->e->records[entity->first + op];
}

/* ---- heading ---- */

static void put_number(struct xg_evidence_page *p,
                       const struct xg_evidence_entity *entity)
{
    char number[XG_NUMBER_SIZE] = "";
    struct xg_cbor_item serial;

    if (entity->folded && entity->state.creator != XG_NONE) {
        const struct xg_evidence_record *r =
            record_of(p, entity, entity->state.creator);
        const char *slash = strrchr(r->device, '/');
        const char *code = slash ? slash + 1 : r->device;
        size_t digits = strspn(code, "0123456789");
        if (digits && digits <= 8 && !code[digits] && !r->record.malformed &&
            xg_record_field(&r->record, XG_FIELD_SERIAL, &serial) &&
            serial.type == XG_CBOR_UINT)
            xg_number_print(number, code, serial.number);
    }
    if (*number)
        xg_evidence_puts(p, number);
    else
        xg_buf_hex(&p->out, entity->id.b, HASH_SHOWN);
}

/* The first of its own texts. */
static void put_title(struct xg_evidence_page *p,
                      const struct xg_evidence_entity *entity)
{
    struct xg_buf state = XG_BUF(STATE_MAX);
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_brief brief;

    xg_state_encode(&state, &entity->state);
    if (state.failed == XG_OK &&
        xg_brief_read(&brief, xg_buf_bytes(&state), &ignored) == XG_OK)
        view_put_title(&p->scratch, &brief);
    xg_buf_clear(&state);
    xg_evidence_put_scratch(p);
}

void xg_evidence_put_heading(struct xg_evidence_page *p,
                             const struct xg_evidence_entity *entity)
{
    const struct xg_kind *kind = entity->folded ? entity->state.kind : NULL;

    xg_evidence_puts(p, kind ? xg_label(kind->zh, kind->en)
                             : XG_T("未知事项", "unknown"));
    xg_evidence_html(p, " ");
    put_number(p, entity);
    xg_evidence_html(p, " ");
    if (entity->folded)
        put_title(p, entity);
}

/* ---- values ---- */

/* Codes have their name before them, entities are hex. */
static void put_value(struct xg_evidence_page *p, const struct xg_field *field,
                      const struct xg_cbor_item *item)
{
    if (field && field->type == XG_TYPE_CODE && item->type == XG_CBOR_TEXT &&
        view_is_named(field)) {
        view_put_name(&p->scratch, p->guide, field, item->bytes,
                      (xg_day)(p->e->says.time_ms / DAY_MS));
        if (p->scratch.len) {
            xg_evidence_put_scratch(p);
            xg_evidence_html(p, " ");
        }
    }
    view_value_text(&p->scratch, field, item);
    xg_evidence_put_scratch(p);
}

static void put_label(struct xg_evidence_page *p, const struct xg_field *field,
                      uint64_t number)
{
    view_put_field(&p->scratch, field, number);
    xg_evidence_put_scratch(p);
}

/* ---- what holds now ---- */

static void put_register(struct xg_evidence_page *p, const struct xg_state *s,
                         const struct xg_register *reg)
{
    struct xg_cbor_item item;

    if (reg->field && (reg->field->number == XG_FIELD_SALT ||
                       reg->field->number == XG_FIELD_WITHDRAWN))
        return;
    if (!xg_state_value(s, reg->number, &item) || item.type == XG_CBOR_NULL)
        return;
    xg_evidence_html(p, "<tr><th>");
    put_label(p, reg->field, reg->number);
    xg_evidence_html(p, "</th><td>");
    put_value(p, reg->field, &item);
    if (reg->conflict)
        xg_evidence_html(p, " <span class=\"w\">%s</span>",
                         XG_T("（有冲突，见下）", "(in conflict, see below)"));
    xg_evidence_html(p, "</td></tr>\n");
}

static void put_set(struct xg_evidence_page *p, const struct xg_set *set)
{
    bool any = false;

    if (set->number == XG_FIELD_PHOTO)
        return;
    for (size_t i = 0; i < set->count; i++) {
        struct xg_cbor c = xg_cbor_over(set->elements[i].value);
        struct xg_cbor_item item;
        if (set->elements[i].removed || !xg_cbor_next(&c, &item))
            continue;
        if (!any) {
            xg_evidence_html(p, "<tr><th>");
            put_label(p, set->field, set->number);
            xg_evidence_html(p, "</th><td>");
        }
        xg_evidence_html(p, "%s", any ? "<br>" : "");
        put_value(p, set->field, &item);
        any = true;
    }
    if (any)
        xg_evidence_html(p, "</td></tr>\n");
}

static void put_now(struct xg_evidence_page *p,
                    const struct xg_evidence_entity *entity)
{
    const struct xg_state *s = &entity->state;

    xg_evidence_html(p,
                     "<table class=\"f\"><tbody>\n<tr><th>%s</th><td "
                     "class=\"m\">",
                     XG_T("编号", "Id"));
    xg_buf_hex(&p->out, entity->id.b, XG_ID_SIZE);
    xg_evidence_html(p, "</td></tr>\n");
    if (s->status || s->withdrawn) {
        xg_evidence_html(p, "<tr><th>%s</th><td>", XG_T("状态", "Status"));
        xg_evidence_puts(
            p, s->withdrawn
                   ? XG_T("已撤回", "withdrawn")
                   : xg_labels_of(p->labels, XG_LABEL_STATUS, s->status));
        xg_evidence_html(p, "</td></tr>\n");
    }
    for (size_t i = 0; i < s->register_count; i++)
        put_register(p, s, &s->registers[i]);
    for (size_t i = 0; i < s->set_count; i++)
        put_set(p, &s->sets[i]);
    xg_evidence_html(p, "</tbody></table>\n");
}

/* ---- photos ---- */

/* By its first bytes, as a browser would. NULL: of no sort that is shown. */
static const char *image_type(struct xg_bytes b)
{
    if (b.len > 3 && memcmp(b.at, "\xFF\xD8\xFF", 3) == 0)
        return "image/jpeg";
    if (b.len > 8 && memcmp(b.at, "\x89PNG\r\n\x1a\n", 8) == 0)
        return "image/png";
    if (b.len > 12 && memcmp(b.at, "RIFF", 4) == 0 &&
        memcmp(b.at + 8, "WEBP", 4) == 0)
        return "image/webp";
    return NULL;
}

static bool put_image(struct xg_evidence_page *p, const struct xg_hash *sha256)
{
    const struct xg_evidence_blob *b = xg_evidence_find_blob(p->e, sha256);
    const char *type = b ? image_type(b->content) : NULL;

    if (!type)
        return false;
    xg_evidence_html(p, "<img alt=\"\" src=\"data:%s;base64,", type);
    xg_buf_base64(&p->out, b->content.at, b->content.len);
    xg_evidence_html(p, "\">");
    return true;
}

static void put_photo(struct xg_evidence_page *p, const struct xg_set *set,
                      const struct xg_element *element,
                      const struct xg_evidence_entity *entity)
{
    struct xg_cbor c = xg_cbor_over(element->value);
    struct xg_cbor_item item;

    if (!xg_cbor_next(&c, &item))
        return;
    struct view_photo photo = view_photo_of(&item);
    const struct xg_evidence_blob *b =
        xg_evidence_find_blob(p->e, &photo.sha256);
    xg_evidence_html(p, "<figure>");
    bool shown = put_image(p, &photo.sha256);
    bool small = !shown && photo.thumbnail_bytes &&
                 put_image(p, &photo.thumbnail);
    xg_evidence_html(p, "<figcaption>");
    if (element->removed)
        xg_evidence_html(p, "<span class=\"w\">%s</span> ",
                         XG_T("（后来被移出）", "(taken out later)"));
    view_value_text(&p->scratch, set->field, &item);
    xg_evidence_put_scratch(p);
    xg_evidence_html(p, " · ");
    xg_evidence_put_person(p, entity->judgements[element->op].author);
    if (xg_photo_erased(entity->state.ops, entity->state.count, &photo.sha256))
        xg_evidence_html(p, " · <span class=\"w\">%s</span>",
                         XG_T("照片已抹除，见抹除的那一条",
                              "erased: see the act that did it"));
    else if (b)
        xg_evidence_html(p,
                         XG_T(" · 服务器收到原件：日志第 %" PRIu64 " 条",
                              " · received whole: log entry %" PRIu64),
                         b->entry);
    else
        xg_evidence_html(p, " · %s",
                         XG_T("服务器没有收到原件", "never received whole"));
    if (small)
        xg_evidence_html(p, " · %s", XG_T("这里是缩略图", "a thumbnail"));
    else if (!shown)
        xg_evidence_html(p, " · %s",
                         XG_T("图不在本文件里", "the picture is not here"));
    xg_evidence_html(p, "<div class=\"m\">");
    xg_buf_hex(&p->out, photo.sha256.b, XG_HASH_SIZE);
    xg_evidence_html(p, "</div></figcaption></figure>\n");
}

static enum xg_status put_photos(struct xg_evidence_page *p,
                                 const struct xg_evidence_entity *entity)
{
    const struct xg_set *set = xg_state_set(&entity->state, XG_FIELD_PHOTO);

    if (!set || set->count == 0)
        return XG_OK;
    xg_evidence_html(p, "<h3>%s</h3>\n<div class=\"g\">\n",
                     XG_T("照片", "Photos"));
    for (size_t i = 0; i < set->count; i++) {
        put_photo(p, set, &set->elements[i], entity);
        if (xg_evidence_flush(p, FLUSH_ABOVE) != XG_OK)
            return p->err->status;
    }
    xg_evidence_html(p, "</div>\n");
    return XG_OK;
}

/* ---- conflicts ---- */

static void put_side(struct xg_evidence_page *p,
                     const struct xg_evidence_entity *entity,
                     const struct view_conflict *c, uint32_t op)
{
    const struct xg_record *r = entity->state.ops[op].record;
    struct xg_cbor_item item;

    xg_evidence_html(p, "<li>");
    if (c->reason == VIEW_OVERTAKEN)
        xg_evidence_puts(p,
                         xg_labels_of(p->labels, XG_LABEL_MOVE, r->head.move));
    else if (c->reason == VIEW_WITHDRAW_EDIT)
        xg_evidence_puts(p, view_withdraws(&entity->state, op)
                                ? XG_T("撤回", "withdraws it")
                                : XG_T("修改", "edits it"));
    else if (xg_record_field(r, c->number, &item))
        put_value(p, c->field, &item);
    xg_evidence_html(p, " — ");
    xg_evidence_put_person(p, entity->judgements[op].author);
    xg_evidence_html(p, " (");
    xg_buf_hex(&p->out, r->hash.b, HASH_SHOWN);
    xg_evidence_html(p, ")</li>\n");
}

static enum xg_status put_conflicts(struct xg_evidence_page *p,
                                    const struct xg_evidence_entity *entity,
                                    struct xg_arena *arena)
{
    struct view_conflict *list;
    size_t count = 0;

    if (view_conflicts_of(&list, &count, arena, &entity->state, p->err) !=
        XG_OK)
        return p->err->status;
    if (count == 0)
        return XG_OK;
    xg_evidence_html(p, "<h3>%s</h3>\n",
                     XG_T("尚未决定的冲突", "Conflicts not decided yet"));
    for (size_t i = 0; i < count; i++) {
        xg_evidence_html(p, "<p>");
        if (list[i].reason == VIEW_OVERTAKEN)
            xg_evidence_puts(p,
                             XG_T("状态：晚了一步，别人已先办",
                                  "status: a move came after it had changed"));
        else
            put_label(p, list[i].field, list[i].number);
        xg_evidence_html(p, "</p><ul>\n");
        for (size_t j = 0; j < list[i].side_count; j++)
            put_side(p, entity, &list[i], list[i].sides[j]);
        xg_evidence_html(p, "</ul>\n");
    }
    return XG_OK;
}

/* ---- what happened ---- */

static void put_bound(struct xg_evidence_page *p, const char *word, uint64_t ms,
                      bool witnessed)
{
    xg_evidence_html(p, "<div>%s ", word);
    if (ms)
        xg_evidence_put_time(p, (int64_t)ms);
    else
        xg_evidence_puts(p, "—");
    if (witnessed)
        xg_evidence_html(p, " %s", XG_T("（见证）", "(witnessed)"));
    xg_evidence_html(p, "</div>");
}

static void put_when(struct xg_evidence_page *p,
                     const struct xg_evidence_record *r)
{
    bool witnessed;
    uint64_t low = xg_bounds_low(&r->bounds, &witnessed);

    put_bound(p, XG_T("不早于", "≥"), low, witnessed);
    uint64_t high = xg_bounds_high(&r->bounds, &witnessed);
    put_bound(p, XG_T("不晚于", "≤"), high, witnessed);
    if (r->record.malformed)
        return;
    int64_t wall = r->record.head.moment.wall_ms;
    bool outside = (low && wall < (int64_t)low) ||
                   (high && wall > (int64_t)high);
    xg_evidence_html(p, "<div class=\"s\">%s ", XG_T("设备钟", "device"));
    xg_evidence_put_time(p, wall);
    xg_evidence_html(p, "%s</div>",
                     outside ? XG_T("（在区间之外）", " (outside)") : "");
}

static void put_who(struct xg_evidence_page *p, const struct xg_judgement *j,
                    const struct xg_evidence_record *r)
{
    xg_evidence_put_person(p, j->author);
    xg_evidence_html(p, "<div class=\"s\">");
    if (j->role)
        xg_evidence_html(
            p, "%s · ",
            xg_labels_of(p->labels, XG_LABEL_ROLE, j->role->number));
    xg_evidence_puts(p, xg_grade_label(j->grade));
    xg_evidence_html(p, "</div><div class=\"s\">");
    xg_evidence_puts(p, r->device);
    xg_evidence_html(p, "</div>");
}

static void put_added(struct xg_evidence_page *p, const struct xg_field *f,
                      const struct xg_cbor_item *value)
{
    struct xg_cbor c = xg_cbor_inside(value);
    struct xg_cbor_item key, list, item;

    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &list)) {
        struct xg_cbor in = xg_cbor_inside(&list);
        while (xg_cbor_next(&in, &item)) {
            xg_evidence_html(p, "<div>%s ",
                             key.number == XG_SET_ADDED ? "+" : "−");
            put_label(p, f, f->number);
            xg_evidence_puts(p, XG_T("：", ": "));
            if (key.number == XG_SET_ADDED)
                put_value(p, f, &item);
            xg_evidence_html(p, "</div>");
        }
    }
}

/* Numbers of decided fields, as their labels. */
static void put_decided(struct xg_evidence_page *p, const struct xg_kind *kind,
                        const struct xg_cbor_item *value)
{
    struct xg_cbor c = xg_cbor_inside(value);
    struct xg_cbor_item item;

    xg_evidence_html(p, "<div>%s", XG_T("决定了冲突：", "decides: "));
    for (size_t i = 0; xg_cbor_next(&c, &item); i++) {
        xg_evidence_puts(p, i ? XG_T("、", ", ") : "");
        if (item.number == 0)
            xg_evidence_puts(p, XG_T("状态", "status"));
        else
            put_label(p, xg_field_find(kind, item.number), item.number);
    }
    xg_evidence_html(p, "</div>");
}

static void put_fields(struct xg_evidence_page *p, const struct xg_record *r)
{
    const struct xg_kind *kind = xg_kind_find(r->head.kind);
    struct xg_field_cursor c = xg_record_fields(r);
    struct xg_cbor_item value;
    uint64_t number;

    while (kind && xg_field_next(&c, &number, &value)) {
        const struct xg_field *f = xg_field_find(kind, number);
        if (f && f->number == XG_FIELD_SALT)
            continue;
        if (f && f->number == XG_FIELD_DECIDED) {
            put_decided(p, kind, &value);
            continue;
        }
        if (f && f->merge == XG_MERGE_SET && value.type == XG_CBOR_MAP) {
            put_added(p, f, &value);
            continue;
        }
        xg_evidence_html(p, "<div>");
        put_label(p, f, number);
        xg_evidence_puts(p, XG_T("：", ": "));
        put_value(p, f, &value);
        xg_evidence_html(p, "</div>");
    }
}

static void put_what(struct xg_evidence_page *p,
                     const struct xg_evidence_entity *entity, uint32_t op,
                     unsigned labels)
{
    const struct xg_evidence_record *er = record_of(p, entity, op);
    const struct xg_record *r = entity->state.ops[op].record;
    const struct xg_erasure *erasure = entity->state.ops[op].erasure;
    enum xg_effect effect = entity->state.effects[op];

    if (r->malformed)
        xg_evidence_html(p, "<div class=\"w\">%s</div>",
                         XG_T("不合格式，划去", "malformed: struck out"));
    else if (r->head.move)
        xg_evidence_html(p, "<div class=\"w\">%s</div>",
                         xg_labels_of(p->labels, XG_LABEL_MOVE, r->head.move));
    else if (r->head.creates)
        xg_evidence_html(p, "<div class=\"w\">%s</div>",
                         XG_T("首次记录", "first record"));
    if (erasure && erasure->by != XG_NONE) {
        xg_evidence_html(p, "<div class=\"w\">");
        look_put_erasure(&p->scratch, &entity->state, op);
        xg_evidence_put_scratch(p);
        xg_evidence_html(p, "</div>");
    } else if (er->place.gone) {
        xg_evidence_html(p, "<div class=\"w\">%s</div>",
                         XG_T("内容不在，只有它的哈希",
                              "its fields are not here, only their hash"));
    }
    if (!r->malformed && (!er->place.gone || erasure))
        put_fields(p, r);
    if (labels & VIEW_RESOLVES)
        xg_evidence_html(p, "<div class=\"s\">%s</div>",
                         XG_T("（决定了此前的冲突）", "(settled a conflict)"));
    else if (labels & VIEW_CONFLICT)
        xg_evidence_html(p, "<div class=\"s\">%s</div>",
                         XG_T("（与另一条冲突）", "(against another record)"));
    if (effect == XG_EFFECT_FULL)
        return;
    xg_evidence_html(p, "<div class=\"w\">");
    xg_evidence_puts(p, xg_effect_label(effect));
    if (entity->state.reasons[op]) {
        xg_evidence_puts(p, XG_T("：", ": "));
        xg_evidence_puts(p, entity->state.reasons[op]);
    }
    xg_evidence_html(p, "</div>");
}

static enum xg_status put_story(struct xg_evidence_page *p,
                                const struct xg_evidence_entity *entity,
                                struct xg_arena *arena)
{
    const struct xg_state *s = &entity->state;
    unsigned *labels;

    if (view_labels_of(&labels, arena, s, p->err) != XG_OK)
        return p->err->status;
    xg_evidence_html(p,
                     "<h3>%s</h3>\n<table><thead><tr><th class=\"n\">#</th>"
                     "<th class=\"t\">%s</th><th class=\"p\">%s</th><th>%s</th>"
                     "</tr></thead><tbody>\n",
                     XG_T("经过", "What happened"), XG_T("时间", "when"),
                     XG_T("谁", "who"), XG_T("做了什么", "what"));
    for (size_t i = 0; i < s->count; i++) {
        uint32_t op = s->order[i];
        xg_evidence_html(p, "<tr><td>%zu</td><td>", i + 1);
        put_when(p, record_of(p, entity, op));
        xg_evidence_html(p, "</td><td>");
        put_who(p, &entity->judgements[op], record_of(p, entity, op));
        xg_evidence_html(p, "</td><td>");
        put_what(p, entity, op, labels[op]);
        xg_evidence_html(p, "</td></tr>\n");
        if (xg_evidence_flush(p, FLUSH_ABOVE) != XG_OK)
            return p->err->status;
    }
    xg_evidence_html(p, "</tbody></table>\n");
    return XG_OK;
}

static enum xg_status put_hashes(struct xg_evidence_page *p,
                                 const struct xg_evidence_entity *entity)
{
    xg_evidence_html(p,
                     "<h3>%s</h3>\n<table><thead><tr><th class=\"n\">#</th>"
                     "<th>%s</th><th class=\"h\">%s</th><th class=\"t\">%s</th>"
                     "</tr></thead><tbody>\n",
                     XG_T("记录与哈希", "Records and hashes"),
                     XG_T("记录的 SHA-256", "SHA-256 of the record"),
                     XG_T("记录链 · 序号", "chain · number"),
                     XG_T("日志条目 · 批内", "log entry · in its batch"));
    for (size_t i = 0; i < entity->state.count; i++) {
        const struct xg_evidence_record *r =
            record_of(p, entity, entity->state.order[i]);
        xg_evidence_html(p, "<tr><td>%zu</td><td class=\"m\">", i + 1);
        xg_buf_hex(&p->out, r->record.hash.b, XG_HASH_SIZE);
        xg_evidence_html(p, "</td><td class=\"m\">");
        xg_buf_hex(&p->out, r->place.chain.b, XG_ID_SIZE);
        xg_evidence_html(p,
                         "… · %" PRIu64 "</td><td>%" PRIu64 " · %" PRIu64
                         "/%" PRIu64 "</td></tr>\n",
                         r->place.seq, r->place.entry, r->place.index + 1,
                         r->place.count);
        if (xg_evidence_flush(p, FLUSH_ABOVE) != XG_OK)
            return p->err->status;
    }
    xg_evidence_html(p, "</tbody></table>\n");
    return XG_OK;
}

enum xg_status xg_evidence_put_entity(struct xg_evidence_page *p,
                                      const struct xg_evidence_entity *entity)
{
    struct xg_arena arena = XG_ARENA(LABELS_ARENA);

    xg_evidence_html(p, "<h2>");
    xg_evidence_put_heading(p, entity);
    xg_evidence_html(p, "</h2>\n");
    if (!entity->folded)
        return XG_OK;
    put_now(p, entity);
    enum xg_status status = put_conflicts(p, entity, &arena);
    if (status == XG_OK)
        status = put_photos(p, entity);
    if (status == XG_OK)
        status = put_story(p, entity, &arena);
    if (status == XG_OK)
        status = put_hashes(p, entity);
    xg_arena_clear(&arena);
    return status;
}
