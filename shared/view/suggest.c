/* suggest.c - see suggest.h. */
#include "shared/view/suggest.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/cbor.h"
#include "shared/core/near.h"
#include "shared/guide/catalogue.h"
#include "shared/view/json.h"
#include "shared/view/names.h"
#include "shared/view/text.h"

enum {
    SHOWN = 20,
    SLOTS = 1 << 14, /* of the table: a power of two */
    OFFERS_MAX = SLOTS / 2,
    VALUE_BYTES_MAX = 600, /* longer ones are prose: nobody says it twice */
    ARENA_MAX = 64 << 20,
    STATE_MAX = 64 << 20,
};

enum { BEGINS, HOLDS, NO_MATCH };

struct offer {
    const char *value, *name; /* name "": none */
    struct xg_id id;          /* of what is referred to, or the newest contact */
    bool has_id, is_caller;
    json_t *more; /* further keys, or NULL */
    uint64_t count, weight;
    int64_t last_ms;
    int match;
};

struct search {
    const struct view_suggestion *of;
    struct xg_arena arena;
    const struct xg_kind *kind;
    const struct xg_field *field;
    const char *text;
    struct offer *list;
    size_t count;
    uint32_t *slots; /* index + 1 in the list; 0: free */
    struct xg_buf scratch;
    struct xg_error *err;
    enum xg_status status;
};

/* ---- what fits ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Case of ASCII letters aside; of other letters there is none. */
static int match_in(const char *all, const char *part)
{
    for (const char *at = all; *at; at++) {
        size_t i = 0;
        while (part[i] && lower(at[i]) == lower(part[i]))
            i++;
        if (!part[i])
            return at == all ? BEGINS : HOLDS;
    }
    return *part ? NO_MATCH : BEGINS;
}

static int match_of(const struct search *s, const char *value, const char *name)
{
    int a = match_in(value, s->text), b = match_in(name, s->text);

    return a < b ? a : b;
}

/* ---- the table ---- */

static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(1469598103934665603); /* FNV-1a */

    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
    return hash;
}

/* The offer of that key, a new one where there is none; NULL: no room left. */
static struct offer *offer_of(struct search *s, const char *key, bool *is_new)
{
    size_t at = (size_t)hash_of(key) & (SLOTS - 1);

    *is_new = false;
    for (; s->slots[at]; at = (at + 1) & (SLOTS - 1))
        if (strcmp(s->list[s->slots[at] - 1].value, key) == 0)
            return &s->list[s->slots[at] - 1];
    if (s->count == OFFERS_MAX)
        return NULL;
    struct offer *o = &s->list[s->count];
    *o = (struct offer){.value = xg_arena_str(&s->arena, key, strlen(key)),
                        .name = ""};
    if (!o->value) {
        s->status = xg_fail_nomem(s->err);
        return NULL;
    }
    s->slots[at] = (uint32_t)++s->count;
    *is_new = true;
    return o;
}

/* ---- how likely ---- */

static uint64_t weight_of(const struct search *s, int64_t ms,
                          const struct xg_brief *brief)
{
    static const int64_t day_ms = INT64_C(86400000);
    int64_t age = s->of->now_ms - ms;
    uint64_t weight = age < 7 * day_ms     ? 8
                      : age < 30 * day_ms  ? 4
                      : age < 180 * day_ms ? 2
                                           : 1;
    struct xg_cbor_item place;

    if (!s->of->placed || !xg_brief_value(brief, XG_FIELD_POSITION, &place) ||
        place.type != XG_CBOR_ARRAY)
        return weight;
    struct view_position p = view_position_of(&place);
    int64_t mm = xg_near_distance_mm(p.lat_e7, p.lon_e7, s->of->here.lat_e7,
                                     s->of->here.lon_e7);
    return mm < 0 || mm > 2000000 ? weight
           : mm > 500000          ? weight * 4
           : mm > 100000          ? weight * 16
                                  : weight * 64;
}

static void count_use(struct search *s, struct offer *o, int64_t ms,
                      const struct xg_brief *brief)
{
    o->count++;
    o->weight += weight_of(s, ms, brief);
    if (ms > o->last_ms)
        o->last_ms = ms;
}

static int by_likelihood(const void *a, const void *b)
{
    const struct offer *x = a, *y = b;

    if (x->match != y->match)
        return x->match - y->match;
    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    if (x->last_ms != y->last_ms)
        return x->last_ms > y->last_ms ? -1 : 1;
    return strcmp(x->value, y->value);
}

/* ---- values of entities ---- */

static void use_value(struct search *s, const struct view_used *e,
                      const struct xg_brief *brief,
                      const struct xg_cbor_item *item)
{
    bool is_new;
    struct offer *o;

    if (item->type == XG_CBOR_NULL)
        return;
    xg_buf_reset(&s->scratch);
    view_value_text(&s->scratch, s->field, item);
    if (s->scratch.len == 0 || s->scratch.failed != XG_OK ||
        s->scratch.len > VALUE_BYTES_MAX)
        return;
    o = offer_of(s, xg_buf_str(&s->scratch), &is_new);
    if (!o)
        return;
    if (s->field->type == XG_TYPE_ENTITY && item->bytes.len == XG_ID_SIZE) {
        memcpy(o->id.b, item->bytes.at, XG_ID_SIZE);
        o->has_id = true;
    }
    count_use(s, o, e->when_ms, brief);
}

static void use_texts(struct search *s, const struct view_used *e,
                      const struct xg_brief *brief,
                      const struct xg_cbor_item *list)
{
    struct xg_cbor c = xg_cbor_inside(list);
    struct xg_cbor_item text;

    while (list->type == XG_CBOR_ARRAY && xg_cbor_next(&c, &text)) {
        bool is_new;
        if (text.bytes.len == 0 || text.bytes.len > VALUE_BYTES_MAX)
            continue;
        xg_buf_reset(&s->scratch);
        xg_buf_append(&s->scratch, text.bytes.at, text.bytes.len);
        struct offer *o = offer_of(s, xg_buf_str(&s->scratch), &is_new);
        if (o)
            count_use(s, o, e->when_ms, brief);
    }
}

static bool take_values(void *ctx, const struct view_used *e,
                        struct xg_bytes state)
{
    struct search *s = ctx;
    struct xg_brief_elements set;
    struct xg_brief brief;
    struct xg_cbor_item item;

    s->status = xg_brief_read(&brief, state, s->err);
    if (s->status != XG_OK || brief.withdrawn)
        return s->status == XG_OK;
    if (s->field->merge == XG_MERGE_SET &&
        xg_brief_set(&brief, s->field->number, &set)) {
        while (xg_brief_element(&set, &item))
            use_value(s, e, &brief, &item);
    } else if (xg_brief_value(&brief, s->field->number, &item)) {
        if (s->field->type == XG_TYPE_TEXTS)
            use_texts(s, e, &brief, &item);
        else
            use_value(s, e, &brief, &item);
    }
    return s->status == XG_OK;
}

/* ---- what a reference may refer to ---- */

static bool take_referred(void *ctx, const struct view_used *e,
                          struct xg_bytes state)
{
    struct search *s = ctx;
    char hex[2 * XG_ID_SIZE + 1];
    struct xg_brief brief;
    bool is_new;

    s->status = xg_brief_read(&brief, state, s->err);
    if (s->status != XG_OK || brief.withdrawn || !brief.kind)
        return s->status == XG_OK;
    xg_hex(hex, e->id.b, XG_ID_SIZE);
    struct offer *o = offer_of(s, hex, &is_new);
    if (!o)
        return s->status == XG_OK;
    o->id = e->id;
    o->has_id = true;
    xg_buf_reset(&s->scratch);
    view_put_title(&s->scratch, &brief);
    o->name = xg_arena_str(&s->arena, xg_buf_str(&s->scratch), s->scratch.len);
    o->more = json_pack("{s:s}", "number", e->number);
    if (!o->name || !o->more)
        s->status = xg_fail_nomem(s->err);
    else
        count_use(s, o, e->when_ms, &brief);
    return s->status == XG_OK;
}

/* ---- callers ---- */

static const char *contact_text(struct search *s, const struct xg_brief *brief,
                                const char *name)
{
    const struct xg_field *f =
        xg_field_named(xg_kind_find(XG_KIND_CONTACT), name);
    struct xg_cbor_item item;

    if (!xg_brief_value(brief, f->number, &item) || item.type == XG_CBOR_NULL)
        return "";
    if (item.type != XG_CBOR_TEXT) {
        const struct xg_choice *c = xg_choice_find(f->choices, item.number);
        return c ? c->name : "";
    }
    const char *text = xg_arena_str(
        &s->arena, (const char *)item.bytes.at, item.bytes.len);
    if (!text)
        s->status = xg_fail_nomem(s->err);
    return text ? text : "";
}

/* One who called several times is one caller, by name and phone; the newest
 * record of theirs counts. */
static bool take_contact(void *ctx, const struct view_used *e,
                         struct xg_bytes state)
{
    struct search *s = ctx;
    struct xg_brief brief;
    bool is_new;

    s->status = xg_brief_read(&brief, state, s->err);
    if (s->status != XG_OK || brief.withdrawn || !brief.kind)
        return s->status == XG_OK;
    const char *name = contact_text(s, &brief, "name");
    const char *phone = contact_text(s, &brief, "phone");
    const char *relation = contact_text(s, &brief, "relation");
    if (s->status != XG_OK || (!*name && !*phone))
        return s->status == XG_OK;
    xg_buf_reset(&s->scratch);
    xg_buf_format(&s->scratch, "%s\n%s", name, phone);
    struct offer *o = offer_of(s, xg_buf_str(&s->scratch), &is_new);
    if (!o)
        return s->status == XG_OK;
    if (is_new || e->when_ms > o->last_ms) {
        o->id = e->id;
        o->has_id = o->is_caller = true;
        o->name = name;
        json_decref(o->more);
        o->more = json_pack("{s:s, s:s, s:s}", "phone", phone, "consent",
                            contact_text(s, &brief, "consent"), "relation",
                            relation);
    }
    count_use(s, o, e->when_ms, &brief);
    return s->status == XG_OK;
}

/* The value is what the field wants: the name, the phone, or who it is. */
static enum xg_status name_callers(struct search *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct offer *o = &s->list[i];
        const char *phone =
            json_string_value(json_object_get(o->more, "phone"));
        char hex[2 * XG_ID_SIZE + 1];
        if (!phone)
            return xg_fail_nomem(s->err);
        o->match = match_of(s, o->name, phone);
        xg_hex(hex, o->id.b, XG_ID_SIZE);
        o->value = s->field->type == XG_TYPE_ENTITY
                       ? xg_arena_str(&s->arena, hex, 2 * XG_ID_SIZE)
                   : strcmp(s->field->name, "phone") == 0 ? phone
                                                          : o->name;
        if (!o->value)
            return xg_fail_nomem(s->err);
        if (!*o->value)
            o->match = NO_MATCH;
    }
    return XG_OK;
}

/* ---- codes of the imported files ---- */

static enum xg_status offer_code(struct search *s, const char *code)
{
    bool is_new;

    offer_of(s, code, &is_new);
    return s->status;
}

static enum xg_status offer_codes(struct search *s, struct xg_error *err)
{
    const char *sort = view_code_sort(s->field);
    const struct xg_catalogue *catalogue = NULL;
    const struct xg_territory *territory = NULL;
    struct xg_guide *g = s->of->guide;

    if (!sort)
        return XG_OK;
    if (strcmp(sort, "category") == 0 &&
        xg_guide_catalogue(g, &catalogue, NULL, UINT64_MAX, err) == XG_OK)
        for (size_t i = 0; catalogue && i < catalogue->count; i++) {
            const struct xg_category *c = &catalogue->all[i];
            if (c->active && c->leaf &&
                match_of(s, c->code, xg_category_label(c)) != NO_MATCH &&
                offer_code(s, c->code) != XG_OK)
                return err->status;
        }
    /* There are thousands: only what was asked for. */
    if (strcmp(sort, "unit") == 0 && *s->text &&
        xg_guide_territory(g, &territory, err) == XG_OK)
        for (size_t i = 0; i < territory->count; i++) {
            const struct xg_unit *u = &territory->units[i];
            if (match_of(s, u->code, u->name) != NO_MATCH &&
                offer_code(s, u->code) != XG_OK)
                return err->status;
        }
    return err->status;
}

/* What each is called, and whether it fits. */
static enum xg_status name_values(struct search *s, struct xg_error *err)
{
    bool named = view_is_named(s->field);
    for (size_t i = 0; i < s->count; i++) {
        struct offer *o = &s->list[i];
        xg_buf_reset(&s->scratch);
        if (named)
            view_put_name(&s->scratch, s->of->guide, s->field,
                          xg_bytes_of(o->value), s->of->today);
        if (s->scratch.len)
            o->name = xg_arena_str(&s->arena, xg_buf_str(&s->scratch),
                                   s->scratch.len);
        if (!o->name)
            return xg_fail_nomem(err);
        o->match = match_of(s, o->value, o->name);
    }
    return XG_OK;
}

/* ---- searching ---- */

static bool is_typed(enum xg_type type)
{
    return type == XG_TYPE_TEXT || type == XG_TYPE_CODE ||
           type == XG_TYPE_TEXTS || type == XG_TYPE_UINT;
}

static enum xg_status walk(struct search *s, const struct xg_kind *kind,
                           view_use_fn *use, struct xg_error *err)
{
    if (s->of->walk(s->of->ctx, kind, use, s, err) != XG_OK)
        return err->status;
    return s->status;
}

static enum xg_status gather(struct search *s, struct xg_error *err)
{
    const struct xg_kind *refers = s->field->type == XG_TYPE_ENTITY
                                       ? xg_kind_find((uint64_t)s->field->max)
                                       : NULL;
    const struct xg_kind *contact = xg_kind_find(XG_KIND_CONTACT);

    if (s->kind == contact || refers == contact) {
        if (!s->of->informed || (s->kind == contact && !is_typed(s->field->type)))
            return XG_OK;
        if (s->kind != contact || strcmp(s->field->name, "relation") != 0) {
            if (walk(s, contact, take_contact, err) != XG_OK)
                return err->status;
            return name_callers(s);
        }
    }
    if (refers) {
        if (walk(s, refers, take_referred, err) != XG_OK)
            return err->status;
        for (size_t i = 0; i < s->count; i++)
            s->list[i].match = match_of(
                s,
                json_string_value(json_object_get(s->list[i].more, "number")),
                s->list[i].name);
        return XG_OK;
    }
    if (!is_typed(s->field->type))
        return XG_OK;
    if (walk(s, s->kind, take_values, err) != XG_OK ||
        offer_codes(s, err) != XG_OK)
        return err->status;
    return name_values(s, err);
}

/* ---- answering ---- */

static enum xg_status put_offer(struct xg_buf *out, bool json,
                                const struct offer *o, struct xg_error *err)
{
    if (json) {
        json_t *line = json_pack("{s:s, s:s, s:I, s:o}", "value", o->value,
                                 "name", o->name, "count",
                                 (json_int_t)o->count, "last",
                                 o->count ? view_json_time(o->last_ms)
                                          : json_null());
        if (line && o->has_id)
            json_object_set_new(line, "id", view_json_hex(o->id.b, XG_ID_SIZE));
        if (line && o->more)
            json_object_update(line, o->more);
        if (view_json_put(out, line, err) != XG_OK)
            return err->status;
        xg_buf_byte(out, '\n');
        return xg_buf_check(out, err);
    }
    view_put_line(out, xg_bytes_of(o->value));
    if (*o->name && strcmp(o->name, o->value) != 0) {
        xg_buf_text(out, "  ");
        view_put_line(out, xg_bytes_of(o->name));
    }
    const char *phone = json_string_value(json_object_get(o->more, "phone"));
    if (phone && *phone && strcmp(phone, o->value) != 0) {
        xg_buf_text(out, "  ");
        view_put_line(out, xg_bytes_of(phone));
    }
    if (o->count)
        xg_buf_format(out, XG_T("  用过 %llu 次", "  used %llu times"),
                      (unsigned long long)o->count);
    xg_buf_byte(out, '\n');
    return xg_buf_check(out, err);
}

/* The likeliest first. */
static enum xg_status put_offers(struct search *s, struct xg_buf *out,
                                 size_t *shown, struct xg_error *err)
{
    qsort(s->list, s->count, sizeof *s->list, by_likelihood);
    for (size_t i = 0; i < s->count && *shown < SHOWN; i++) {
        const struct offer *o = &s->list[i];
        if (o->match == NO_MATCH)
            break;
        if (o->is_caller && s->of->shows &&
            s->of->shows(s->of->ctx, &o->id, err) != XG_OK)
            return err->status;
        (*shown)++;
        if (put_offer(out, s->of->json, o, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status search_init(struct search *s,
                                  const struct view_suggestion *of,
                                  struct xg_error *err)
{
    *s = (struct search){.of = of,
                         .arena = XG_ARENA(ARENA_MAX),
                         .text = of->text,
                         .scratch = XG_BUF(STATE_MAX),
                         .err = err};
    if (view_form_kind(&s->kind, of->kind, err) != XG_OK ||
        view_form_field(&s->field, s->kind, of->field, err) != XG_OK)
        return err->status;
    s->list = xg_arena_array(&s->arena, OFFERS_MAX, sizeof *s->list);
    s->slots = xg_arena_array(&s->arena, SLOTS, sizeof *s->slots);
    if (!s->list || !s->slots)
        return xg_fail_nomem(err);
    memset(s->slots, 0, SLOTS * sizeof *s->slots);
    return XG_OK;
}

enum xg_status view_suggest(struct xg_buf *out,
                            const struct view_suggestion *of,
                            struct xg_error *err)
{
    struct search s;
    size_t shown = 0;
    enum xg_status status = search_init(&s, of, err);

    if (status == XG_OK)
        status = gather(&s, err);
    if (status == XG_OK)
        status = put_offers(&s, out, &shown, err);
    if (status == XG_OK && shown == 0 && !of->json)
        xg_buf_text(out, XG_T("还没有可以提示的。\n",
                              "Nothing to suggest yet.\n"));
    for (size_t i = 0; i < s.count; i++)
        json_decref(s.list[i].more);
    xg_buf_clear(&s.scratch);
    xg_arena_clear(&s.arena);
    return status;
}

bool view_suggests_callers(const char *kind, const char *field)
{
    struct xg_error ignored = XG_ERROR_NONE;
    const struct xg_kind *k;
    const struct xg_field *f;

    return view_form_kind(&k, kind, &ignored) == XG_OK &&
           view_form_field(&f, k, field, &ignored) == XG_OK &&
           (k->number == XG_KIND_CONTACT ||
            (f->type == XG_TYPE_ENTITY && f->max == XG_KIND_CONTACT));
}
