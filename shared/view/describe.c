/* describe.c - the domain as JSON; see describe.h. */
#include "shared/view/describe.h"

#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/view/clock.h"
#include "shared/view/describe_both.h"
#include "shared/view/doubt.h"
#include "shared/view/json.h"
#include "shared/view/look.h"
#include "shared/view/moves.h"
#include "shared/view/names.h"
#include "shared/view/reference.h"

/* ---- both languages ---- */

void describe_both(json_t **object, describe_label *label, const void *ctx,
                   uint64_t number)
{
    enum xg_lang asked = xg_lang();

    xg_lang_thread(XG_LANG_ZH);
    view_json_set(object, "zh", json_string(label(ctx, number)));
    xg_lang_thread(XG_LANG_EN);
    view_json_set(object, "en", json_string(label(ctx, number)));
    xg_lang_thread(asked);
}

static json_t *named(const char *name, const char *zh, const char *en)
{
    return json_pack("{s:s, s:s, s:s}", "name", name, "zh", zh, "en", en);
}

static json_t *choices_json(const struct xg_choice *choices)
{
    json_t *list = json_array();

    for (; choices && choices->name; choices++)
        view_json_append(&list,
                         named(choices->name, choices->zh, choices->en));
    return list;
}

/* What is called by a number, from `first` on until it has no name. */
static json_t *numbers_json(const char *(*name)(uint64_t),
                            describe_label *label, uint64_t first)
{
    json_t *list = json_array();

    for (uint64_t i = first; *name(i); i++) {
        json_t *one = json_pack("{s:s}", "name", name(i));
        describe_both(&one, label, NULL, i);
        view_json_append(&list, one);
    }
    return list;
}

static const char *delivery_name(uint64_t i)
{
    return view_delivery_name((enum view_delivery)i);
}

static const char *delivery_label(const void *ctx, uint64_t i)
{
    (void)ctx;
    return view_delivery_label((enum view_delivery)i);
}

static const char *place_name(uint64_t i)
{
    return view_place_name((enum view_place)i);
}

static const char *place_label(const void *ctx, uint64_t i)
{
    (void)ctx;
    return view_place_label((enum view_place)i);
}

static const char *effect_name(uint64_t i)
{
    return look_effect_name((enum xg_effect)i);
}

static const char *effect_label(const void *ctx, uint64_t i)
{
    (void)ctx;
    return xg_effect_label((enum xg_effect)i);
}

static const char *light_name(uint64_t i)
{
    return i <= XG_LIGHT_RED ? view_light_name((enum xg_light)i) : "";
}

static const char *light_label(const void *ctx, uint64_t i)
{
    (void)ctx;
    return view_light_label((enum xg_light)i);
}

static json_t *doubts_json(void)
{
    json_t *list = json_array();

#define X(number, name, zh, en) view_json_append(&list, named(name, zh, en));
    VIEW_DOUBT_TABLE(X)
#undef X
    return list;
}

/* ---- fields ---- */

/* Where a form that makes one shows the field: at once, when more is asked for,
 * or not at all. Own fields come first, as the table has them, what is needed
 * before what is not; what refers to something else is rarely typed. Answers of
 * a form are asked by its questions. */
enum shown { SHOWN_NOT, SHOWN_FIRST, SHOWN_MORE };

static enum shown shown_of(const struct xg_field *f)
{
    if (f->flags & (XG_MACHINE | XG_BY_MOVE))
        return f->number == XG_FIELD_PHOTO ? SHOWN_FIRST : SHOWN_NOT;
    if (f->number == XG_FIELD_POSITION)
        return SHOWN_FIRST;
    if (f->number == XG_FIELD_WHY || f->number == XG_FIELD_FORM ||
        f->number == XG_FIELD_ITEM)
        return SHOWN_NOT;
    return f->number >= XG_FIELD_OWN && f->number < XG_FIELD_SHARED &&
                   f->type != XG_TYPE_ENTITY
               ? SHOWN_FIRST
               : SHOWN_MORE;
}

/* Before which others it stands, among those shown alike. */
static unsigned rank_of(const struct xg_field *f)
{
    if (f->flags & XG_REQUIRED)
        return 0;
    if (f->number == XG_FIELD_PHOTO || f->number == XG_FIELD_POSITION)
        return 2;
    return f->number >= XG_FIELD_OWN && f->number < XG_FIELD_SHARED ? 1 : 3;
}

static json_t *shown_json(const struct xg_kind *kind, enum shown shown)
{
    json_t *list = json_array();
    const struct xg_field *f;

    for (unsigned rank = 0; rank <= 3; rank++)
        for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++)
            if (shown_of(f) == shown && rank_of(f) == rank)
                view_json_append(&list, json_string(f->name));
    return list;
}

static json_t *field_json(const struct xg_field *f)
{
    const struct xg_kind *refers =
        f->type == XG_TYPE_ENTITY ? xg_kind_find((uint64_t)f->max) : NULL;
    bool ranged = f->type != XG_TYPE_ENTITY && f->max > 0;
    json_t *json = named(f->name, f->zh, f->en);

    view_json_set(&json, "type", json_string(view_type_name(f->type)));
    view_json_set(&json, "many",
                  json_boolean(f->merge == XG_MERGE_SET ||
                               f->type == XG_TYPE_TEXTS));
    view_json_set(&json, "needed", json_boolean(f->flags & XG_REQUIRED));
    view_json_set(&json, "personal", json_boolean(f->flags & XG_PERSONAL));
    view_json_set(&json, "machine", json_boolean(f->flags & XG_MACHINE));
    view_json_set(&json, "by_move", json_boolean(f->flags & XG_BY_MOVE));
    view_json_set(&json, "choices",
                  f->choices ? choices_json(f->choices) : json_null());
    view_json_set(&json, "least", ranged ? json_integer(f->min) : json_null());
    view_json_set(&json, "most", ranged ? json_integer(f->max) : json_null());
    view_json_set(&json, "refers",
                  refers ? json_string(refers->name) : json_null());
    view_json_set(&json, "code",
                  view_code_sort(f) ? json_string(view_code_sort(f))
                                    : json_null());
    return json;
}

static json_t *kind_json(const struct xg_kind *kind,
                         const struct view_captured *captured)
{
    json_t *json = named(kind->name, kind->zh, kind->en);
    json_t *fields = json_array();
    const struct xg_field *f;

    for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++)
        view_json_append(&fields, field_json(f));
    view_json_set(&json, "number", json_integer(kind->number));
    view_json_set(&json, "captured", json_boolean(captured->is(captured->ctx, kind)));
    view_json_set(&json, "statuses", json_boolean(kind->first_status != 0));
    view_json_set(&json, "first", shown_json(kind, SHOWN_FIRST));
    view_json_set(&json, "more", shown_json(kind, SHOWN_MORE));
    view_json_set(&json, "fields", fields);
    return json;
}

static json_t *kinds_json(const struct view_captured *captured)
{
    json_t *list = json_array();

    for (const struct xg_kind *k = xg_kinds; k->name; k++)
        if (k->entity)
            view_json_append(&list, kind_json(k, captured));
    return list;
}

/* ---- the loop ---- */

struct pack {
    const struct xg_labels *labels;
    enum xg_label_sort sort;
};

static const char *pack_label(const void *ctx, uint64_t number)
{
    const struct pack *pack = ctx;

    return xg_labels_of(pack->labels, pack->sort, number);
}

static json_t *packed(const char *name, const struct xg_labels *labels,
                      enum xg_label_sort sort, uint64_t number)
{
    const struct pack pack = {labels, sort};
    json_t *json = json_pack("{s:s}", "name", name);

    describe_both(&json, pack_label, &pack, number);
    return json;
}

static json_t *stages_json(const struct xg_labels *labels)
{
    json_t *list = json_array();

    for (const struct xg_choice *s = xg_stages; s->name; s++)
        view_json_append(
            &list, packed(s->name, labels, XG_LABEL_STAGE, s->number));
    return list;
}

static json_t *statuses_json(const struct xg_labels *labels)
{
    json_t *list = json_array();

    for (const struct xg_choice *s = xg_statuses; s->name; s++) {
        const struct xg_choice *stage =
            xg_choice_find(xg_stages, xg_status_stage(s->number));
        json_t *one = packed(s->name, labels, XG_LABEL_STATUS, s->number);
        view_json_set(&one, "settled",
                      json_boolean(xg_status_final(s->number)));
        view_json_set(&one, "stage",
                      stage ? json_string(stage->name) : json_null());
        view_json_append(&list, one);
    }
    return list;
}

static json_t *roles_json(const struct xg_labels *labels)
{
    json_t *list = json_array();

    for (const struct xg_role *r = xg_roles; r->name; r++) {
        json_t *one = packed(r->name, labels, XG_LABEL_ROLE, r->number);
        view_json_set(&one, "records", json_boolean(r->records));
        view_json_append(&list, one);
    }
    return list;
}

static json_t *needs_json(void)
{
    json_t *list = json_array();

    for (const struct xg_need *n = xg_needs; n->bit; n++) {
        json_t *one = named(view_need_name(n), n->zh, n->en);
        view_json_set(&one, "hard", json_boolean(n->bit & XG_NEED_HARD));
        view_json_append(&list, one);
    }
    return list;
}

/* The names of the choices whose numbers are in a set of bits. */
static json_t *set_json(uint32_t set, const struct xg_choice *choices)
{
    json_t *list = json_array();

    for (; choices->name; choices++)
        if (set & 1u << choices->number)
            view_json_append(&list, json_string(choices->name));
    return list;
}

static json_t *who_json(uint32_t who)
{
    json_t *list = json_array();

    for (const struct xg_role *r = xg_roles; r->name; r++)
        if (who & XG_ROLE_BIT(r->number))
            view_json_append(&list, json_string(r->name));
    return list;
}

static void append_taken(json_t **list, const struct xg_field *f, bool needed)
{
    size_t i;
    json_t *one;

    json_array_foreach(*list, i, one) {
        if (strcmp(json_string_value(json_object_get(one, "field")),
                   f->name) == 0)
            return;
    }
    view_json_append(
        list, json_pack("{s:s, s:b}", "field", f->name, "needed", needed));
}

static void append_case_field(json_t **list, uint32_t number)
{
    for (const struct xg_field *f = xg_case_fields; f->name; f++)
        if (f->number == number)
            append_taken(list, f, false);
}

/* The field of a need, which bears its name; of whatever kind has it. */
static const struct xg_field *field_of(const struct xg_need *n)
{
    for (const struct xg_kind *k = xg_kinds; n->field && k->name; k++) {
        const struct xg_field *f =
            k->first_status ? xg_field_named(k, view_need_name(n)) : NULL;
        if (f && f->number == n->field)
            return f;
    }
    return NULL;
}

/* What a form for the move asks: what it needs, in the order of the table, then
 * what may be said with it. */
static json_t *taken_json(const struct xg_transition *t)
{
    json_t *list = json_array();

    for (const struct xg_need *n = xg_needs; n->bit; n++) {
        const struct xg_field *f = t->needs & n->bit ? field_of(n) : NULL;
        if (f)
            append_taken(&list, f, n->bit & XG_NEED_HARD);
    }
    if (t->needs & XG_NEED_ANSWERED)
        append_case_field(&list, XG_CASE_ANSWER);
    if (xg_move_calls(t->move)) {
        append_case_field(&list, XG_CASE_CALLED);
    } else if (xg_move_assigns(t->move)) {
        append_case_field(&list, XG_CASE_POST);
        append_case_field(&list, XG_CASE_HANDLER);
        append_case_field(&list, XG_CASE_BOARD);
    }
    for (const struct xg_field *f = xg_common_fields; f->name; f++)
        if (f->number == XG_FIELD_WHY)
            append_taken(&list, f, false);
    return list;
}

/* The stage that runs in all of the statuses that it is made from; 0: several,
 * or none. */
static uint64_t stage_of(const struct xg_transition *t)
{
    uint64_t stage = 0;

    for (const struct xg_choice *s = xg_statuses; s->name; s++) {
        if (!(t->from & XG_STATUS_BIT(s->number)))
            continue;
        if (stage && stage != xg_status_stage(s->number))
            return 0;
        stage = xg_status_stage(s->number);
    }
    return stage;
}

static json_t *way_json(const struct xg_transition *t)
{
    const struct xg_choice *to = xg_choice_find(xg_statuses, t->to);
    const struct xg_choice *stage = xg_choice_find(xg_stages, stage_of(t));
    uint32_t photos = (uint32_t)XG_WANT_BEFORE | (uint32_t)XG_WANT_AFTER;
    json_t *json = json_object();

    view_json_set(&json, "from", set_json(t->from, xg_statuses));
    view_json_set(&json, "to", to ? json_string(to->name) : json_null());
    view_json_set(&json, "who", who_json(t->who));
    view_json_set(&json, "needs", view_needs_json(t->needs));
    view_json_set(&json, "fields", taken_json(t));
    view_json_set(&json, "photos", json_boolean(t->needs & photos));
    view_json_set(&json, "stage",
                  stage ? json_string(stage->name) : json_null());
    return json;
}

static json_t *moves_json(const struct xg_labels *labels)
{
    json_t *list = json_array();

    for (const struct xg_choice *m = xg_moves; m->name; m++) {
        json_t *one = packed(m->name, labels, XG_LABEL_MOVE, m->number);
        json_t *ways = json_array();
        for (const struct xg_transition *t = xg_transitions; t->from; t++)
            if (t->move == m->number)
                view_json_append(&ways, way_json(t));
        view_json_set(&one, "ways", ways);
        view_json_append(&list, one);
    }
    return list;
}

json_t *view_domain_json(const struct xg_labels *labels,
                         const struct view_captured *captured)
{
    json_t *json = json_object();

    view_json_set(&json, "kinds", kinds_json(captured));
    view_json_set(&json, "statuses", statuses_json(labels));
    view_json_set(&json, "moves", moves_json(labels));
    view_json_set(&json, "needs", needs_json());
    view_json_set(&json, "stages", stages_json(labels));
    view_json_set(&json, "roles", roles_json(labels));
    view_json_set(&json, "photo_roles", choices_json(xg_photo_roles));
    view_json_set(&json, "photo_origins", choices_json(xg_photo_origins));
    view_json_set(&json, "photo_places",
                  numbers_json(place_name, place_label, 0));
    view_json_set(&json, "deliveries",
                  numbers_json(delivery_name, delivery_label, 0));
    view_json_set(&json, "doubts", doubts_json());
    view_json_set(&json, "effects",
                  numbers_json(effect_name, effect_label, XG_EFFECT_FULL));
    view_json_set(&json, "lights", numbers_json(light_name, light_label, 0));
    view_json_set(&json, "gap_causes", choices_json(xg_gap_causes));
    return json;
}
