/* beside.c - what `show` says at the centre beside what a device says: who had
 * it how long, who should handle it, what can be proven; of a notice who has
 * not read it. And `proof`, which says only that. */
#include <string.h>

#include "server/cli/look.h"
#include "server/cli/print.h"
#include "server/cli/workers.h"
#include "server/data/guide.h"
#include "server/proof/proof.h"
#include "shared/base/lang.h"
#include "shared/core/deadline.h"
#include "shared/guide/catalogue.h"
#include "shared/view/json.h"
#include "shared/view/names.h"
#include "shared/view/site_move.h"
#include "shared/view/text.h"

enum {
    PROVEN_MAX = 500, /* records: `proof` says it of more */
    UNREAD_SHOWN = 400,
    SENTENCE_MAX = 1024,
};

static json_t *time_or_null(int64_t ms)
{
    return ms == XG_NO_TIME ? json_null() : view_json_time(ms);
}

static json_t *text_or_null(const char *text)
{
    return *text ? json_string(text) : json_null();
}

/* Codes of records are not longer than this. */
static void copy_code(char out[static XG_CODE_MAX + 1], struct xg_bytes code)
{
    size_t len = code.len <= XG_CODE_MAX ? code.len : 0;

    if (len)
        memcpy(out, code.at, len);
    out[len] = '\0';
}

/* ---- who had it ---- */

static enum xg_status holding_json(json_t **out, struct look *l,
                                   const struct xg_holding *h,
                                   struct xg_error *err)
{
    char unit[XG_CODE_MAX + 1], level[XG_CODE_MAX + 1];
    const struct xg_level *own = NULL;
    const char *name;

    copy_code(unit, h->unit);
    copy_code(level, h->level);
    if (!*unit)
        snprintf(unit, sizeof unit, "%s", l->fold->entity.unit);
    if (xg_guide_unit_name(l->guide, &name, unit, err) != XG_OK ||
        (!*level &&
         xg_guide_level_of(l->guide, &own, unit, err) != XG_OK))
        return err->status;
    if (own)
        snprintf(level, sizeof level, "%s", own->code);
    int64_t to_ms = h->to_ms == XG_NO_TIME ? l->now_ms : h->to_ms;
    int64_t ms = to_ms > h->from_ms ? to_ms - h->from_ms : 0;
    *out = json_pack("{s:s, s:s, s:o, s:o, s:o, s:I, s:i}", "unit", unit,
                     "name", name, "level", text_or_null(level), "from",
                     view_json_time(h->from_ms), "to", time_or_null(h->to_ms),
                     "ms", (json_int_t)ms, "moves", (int)h->moves);
    return *out ? XG_OK : xg_fail_nomem(err);
}

static enum xg_status set_holders(struct look *l, json_t **object,
                                  struct xg_error *err)
{
    json_t *list = json_array();
    struct xg_holding *all;
    size_t count;
    enum xg_status status = xg_holdings_of(&all, &count, &l->arena,
                                           &l->fold->state, l->fold->whens,
                                           err);

    for (size_t i = 0; status == XG_OK && i < count; i++) {
        json_t *one = NULL;
        status = holding_json(&one, l, &all[i], err);
        view_json_append(&list, one);
    }
    view_json_set(object, "holders", list);
    return status;
}

/* ---- who should ---- */

static void text_of(char out[static XG_CODE_MAX + 1], const struct xg_state *s,
                    uint64_t number)
{
    struct xg_cbor_item item;

    out[0] = '\0';
    if (xg_state_value(s, number, &item) && item.type == XG_CBOR_TEXT)
        copy_code(out, item.bytes);
}

static json_t *proposal_json(struct look *l, const struct xg_proposal *p,
                             const char *unit_name)
{
    const struct xg_field *post = xg_field_find(
        xg_kind_find(XG_KIND_INCIDENT), XG_CASE_POST);
    struct xg_buf name = XG_BUF(SENTENCE_MAX), why = XG_BUF(SENTENCE_MAX);

    view_put_name(&name, l->guide, post, xg_bytes_of(p->post),
                  xg_day_of(l->now_ms, XG_ZONE_CHINA_MIN));
    if (p->duty) {
        xg_buf_format(&why, XG_T("职责清单 %s：", "duty list, %s: "),
                      p->duty->code);
        view_put_line(&why, xg_bytes_of(p->duty->text));
    } else {
        xg_buf_text(&why, XG_T("事项目录", "the catalogue"));
    }
    json_t *json = json_pack(
        "{s:o, s:o, s:o, s:s, s:s, s:o, s:s}", "board", text_or_null(p->board),
        "post", text_or_null(p->post), "post_name",
        text_or_null(xg_buf_str(&name)), "unit", p->unit, "unit_name",
        unit_name, "person", text_or_null(p->holder ? p->holder : ""), "why",
        xg_buf_str(&why));
    xg_buf_clear(&name);
    xg_buf_clear(&why);
    return json;
}

static enum xg_status set_proposal(struct look *l, json_t **object,
                                   struct xg_error *err)
{
    const struct xg_state *s = &l->fold->state;
    char category[XG_CODE_MAX + 1] = "", grid[XG_CODE_MAX + 1];
    struct xg_buf name = XG_BUF(SENTENCE_MAX);
    struct xg_proposal *list;
    const char *unit_name;
    size_t count = 0;

    text_of(grid, s, XG_FIELD_GRID);
    if (s->kind->number == XG_KIND_INCIDENT) {
        text_of(category, s, XG_INCIDENT_CATEGORY);
        view_put_name(&name, l->guide,
                      xg_field_find(s->kind, XG_INCIDENT_CATEGORY),
                      xg_bytes_of(category), 0);
    } else {
        snprintf(category, sizeof category, "%s", s->kind->name);
    }
    view_json_set(object, "category_name", text_or_null(xg_buf_str(&name)));
    xg_buf_clear(&name);
    if (xg_guide_propose(l->guide, &list, &count, &l->arena, category,
                         *grid ? grid : NULL,
                         xg_day_of(l->now_ms, XG_ZONE_CHINA_MIN), err) != XG_OK)
        return err->status;
    if (count == 0) {
        view_json_set(object, "proposal", json_null());
        return XG_OK;
    }
    if (xg_guide_unit_name(l->guide, &unit_name, list->unit, err) != XG_OK)
        return err->status;
    view_json_set(object, "proposal", proposal_json(l, list, unit_name));
    return XG_OK;
}

/* ---- what can be proven ---- */

static const char *grade_name(enum xg_grade grade)
{
    return grade == XG_GRADE_PROVEN    ? "proven"
           : grade == XG_GRADE_CLAIMED ? "claimed"
                                       : "asserted";
}

/* "；zs01 的钥匙 3月2日 由 reg 换过" */
static void put_keys(struct xg_buf *out, const struct proof *p)
{
    for (size_t i = 0; i < p->key_count; i++) {
        const struct proof_key *k = &p->keys[i];
        xg_buf_format(out, XG_T("；%s 换过钥匙", "; %s has another key"),
                      k->code);
        if (k->ms != XG_NO_TIME) {
            xg_buf_text(out, XG_T("，在 ", " since "));
            view_put_time(out, k->ms);
        }
        if (k->given)
            xg_buf_format(out, XG_T("，登录由 %s 重置", ", its login given by %s"),
                          *k->by ? k->by
                                 : XG_T("服务器本机", "the machine itself"));
    }
}

/* "未改动；日志第 48,213 条；不早于 09:12，不晚于 11:40；14 台设备连署；署名已
 * 证实" */
static void put_proof(struct xg_buf *out, const struct proof *p)
{
    xg_buf_text(out, p->unaltered
                         ? XG_T("未改动", "unaltered")
                         : XG_T("已不是原样！", "NOT as it was written: "));
    if (!p->unaltered)
        view_put_line(out, xg_bytes_of(xg_error_text(&p->altered)));
    if (!p->has_first) {
        xg_buf_text(out, XG_T("；首条记录尚未到达",
                              "; its first record has not arrived"));
        return;
    }
    xg_buf_text(out, XG_T("；日志第 ", "; log entry "));
    view_put_grouped(out, p->entry);
    xg_buf_text(out, XG_T(" 条", ""));
    if (p->when.low_ms != XG_NO_TIME) {
        xg_buf_text(out, XG_T("；不早于 ", "; not before "));
        view_put_time(out, p->when.low_ms);
    }
    if (p->when.high_ms != XG_NO_TIME) {
        xg_buf_text(out, XG_T("；不晚于 ", "; not after "));
        view_put_time(out, p->when.high_ms);
    }
    xg_buf_format(out,
                  XG_T("；%llu 台设备连署", "; cosigned by %llu devices"),
                  (unsigned long long)p->cosigned_by);
    if (p->first_cosigned_by != p->cosigned_by)
        xg_buf_format(out,
                      XG_T("（首条 %llu 台）", " (its first record by %llu)"),
                      (unsigned long long)p->first_cosigned_by);
    xg_buf_format(out, XG_T("；署名%s", "; author %s"),
                  xg_grade_label(p->grade));
    if (p->grade != p->first_grade) {
        xg_buf_text(out, XG_T("（最弱的是日志第 ", " (the weakest: entry "));
        view_put_grouped(out, p->weakest);
        xg_buf_format(out, XG_T(" 条，%s；首条%s）", ", %s; the first: %s)"),
                      p->weakest_author, xg_grade_label(p->first_grade));
    }
    put_keys(out, p);
}

static json_t *keys_json(const struct proof *p)
{
    json_t *list = json_array();

    for (size_t i = 0; i < p->key_count; i++) {
        const struct proof_key *k = &p->keys[i];
        view_json_append(
            &list, json_pack("{s:s, s:o, s:I, s:b, s:s?}", "code", k->code,
                             "since", time_or_null(k->ms), "entry",
                             (json_int_t)k->entry, "given", k->given, "by",
                             *k->by ? k->by : NULL));
    }
    return list;
}

/* Which record is weaker than the first. */
static json_t *weakest_json(const struct proof *p)
{
    if (!p->has_first || p->grade == p->first_grade)
        return json_null();
    return json_pack("{s:o, s:s}", "entry", view_json_uint(p->weakest),
                     "author", p->weakest_author);
}

static json_t *proof_json(const struct proof *p)
{
    struct xg_buf text = XG_BUF(SENTENCE_MAX);
    bool first = p->has_first;

    put_proof(&text, p);
    json_t *json = json_pack(
        "{s:b, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, "
        "s:{s:I, s:I}, s:o, s:s}",
        "unaltered", p->unaltered, "entry",
        first ? view_json_uint(p->entry) : json_null(), "entries",
        (json_int_t)p->entries, "records", (json_int_t)p->records,
        "not_before", first ? time_or_null(p->when.low_ms) : json_null(),
        "not_after", first ? time_or_null(p->when.high_ms) : json_null(),
        "seen_after", time_or_null(p->seen_after_ms), "seen_before",
        time_or_null(p->seen_before_ms), "cosigned_by",
        (json_int_t)p->cosigned_by, "first_cosigned_by",
        (json_int_t)p->first_cosigned_by, "newest",
        first ? view_json_uint(p->newest) : json_null(), "grade",
        first ? json_string(grade_name(p->grade)) : json_null(), "first_grade",
        first ? json_string(grade_name(p->first_grade)) : json_null(),
        "weakest", weakest_json(p), "photos",
        "total", (json_int_t)p->photos, "held", (json_int_t)p->photos_held,
        "keys", keys_json(p), "text", xg_buf_str(&text));
    xg_buf_clear(&text);
    return json;
}

enum xg_status look_set_proof(struct look *l, json_t **object,
                              struct xg_error *err)
{
    struct proof proof;

    if (l->fold->count > PROVEN_MAX) {
        view_json_set(object, "proof", json_null());
        return XG_OK;
    }
    if (proof_of(&proof, l->c->data, l->store, l->fold, err) != XG_OK)
        return err->status;
    view_json_set(object, "proof", proof_json(&proof));
    return XG_OK;
}

enum xg_status look_set_beside(struct look *l, json_t **object,
                               struct xg_error *err)
{
    if (look_guide(l, err) != XG_OK || set_holders(l, object, err) != XG_OK)
        return err->status;
    return set_proposal(l, object, err);
}

enum xg_status cmd_proof(struct cmd *c, struct xg_error *err)
{
    struct fold fold = {.count = 0};
    struct proof proof;
    struct look l;
    enum xg_status status = look_open(&l, c, err);

    if (status == XG_OK)
        status = look_fold(&fold, &l, c->args[1], err);
    if (status == XG_OK)
        status = proof_of(&proof, c->data, l.store, &fold, err);
    if (status == XG_OK && c->json)
        status = cmd_put_json(c, proof_json(&proof), err);
    else if (status == XG_OK)
        put_proof(&c->out, &proof);
    if (status == XG_OK && !c->json)
        xg_buf_byte(&c->out, '\n');
    if (status == XG_OK && !proof.unaltered)
        status = xg_fail(err, XG_ALARM, "%s", xg_error_text(&proof.altered));
    look_close(&l);
    return status;
}

/* ---- a notice ---- */

static bool has_read(const struct xg_state *s, const char *code)
{
    const struct xg_set *set = xg_state_set(s, XG_NOTICE_READ);

    for (size_t i = 0; set && i < set->count; i++) {
        struct xg_cbor c = xg_cbor_over(set->elements[i].value);
        struct xg_cbor_item item;
        if (!set->elements[i].removed && xg_cbor_next(&c, &item) &&
            item.type == XG_CBOR_TEXT &&
            xg_bytes_equal(item.bytes, xg_bytes_of(code)))
            return true;
    }
    return false;
}

static enum xg_status unread_json(json_t **list, size_t *count, struct look *l,
                                  const struct workers *workers,
                                  struct xg_error *err)
{
    const struct fold *f = l->fold;

    for (size_t i = 0; i < workers->count; i++) {
        const struct xg_statement *w = &workers->list[i];
        const struct xg_role *role = xg_role_find(w->role);
        char name[STORE_NAME_MAX + 1];
        bool within, found;
        if (!role || !role->records ||
            strcmp(w->subject, f->entity.author) == 0 ||
            has_read(&f->state, w->subject))
            continue;
        if (xg_unit_within(&within, &l->registry, w->unit, f->entity.unit,
                           UINT64_MAX, err) != XG_OK)
            return err->status;
        if (!within || (*count)++ >= UNREAD_SHOWN)
            continue;
        if (l->store->ops->get_person(l->store, name, &found, w->subject,
                                      err) != XG_OK)
            return err->status;
        view_json_append(list, json_pack("{s:s, s:s, s:s}", "code", w->subject,
                                         "name", found ? name : w->subject,
                                         "unit", w->unit));
    }
    return XG_OK;
}

enum xg_status look_set_unread(struct look *l, json_t **object,
                               struct xg_error *err)
{
    struct workers workers = {.list = NULL};
    json_t *list = json_array();
    size_t count = 0;
    enum xg_status status = workers_read(&workers, l->store, err);

    if (status == XG_OK)
        status = unread_json(&list, &count, l, &workers, err);
    view_json_set(object, "unread", list);
    view_json_set(object, "unread_count", view_json_uint(count));
    workers_clear(&workers);
    return status;
}

/* ---- what the site says to a move ---- */

static void advise(void *ctx, const char *key, json_t *list)
{
    cmd_advise(ctx, key, list);
}

enum xg_status look_site_move(struct look *l, struct xg_draft *draft,
                              const struct xg_judgement *actor,
                              struct xg_buf *said, struct xg_error *err)
{
    struct view_site_move m = {.draft = draft,
                               .state = &l->fold->state,
                               .home = l->fold->entity.unit,
                               .actor = actor,
                               .today =
                                   xg_day_of(l->now_ms, XG_ZONE_CHINA_MIN),
                               .anyway = cmd_option(l->c, "anyway") != NULL,
                               .remarks = said,
                               .advice = said,
                               .advise = advise,
                               .ctx = l->c};

    if (look_guide(l, err) != XG_OK)
        return err->status;
    m.guide = l->guide;
    return view_site_move(&m, err);
}
