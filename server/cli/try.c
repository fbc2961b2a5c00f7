/* try.c - `try`: what `add`, `do` or `set` would say of these words, judged by
 * the same code and not written. The answer is a draft as `draft write` of the
 * agent gives it (docs/page.md), with no number. For forms, which ask at each
 * pause in typing. */
#include <string.h>

#include "server/cli/look.h"
#include "server/cli/print.h"
#include "server/desk/desk.h"
#include "shared/base/lang.h"
#include "shared/view/duplicate.h"
#include "shared/view/json.h"
#include "shared/view/photo.h"
#include "shared/view/value.h"

enum { NEAR_SHOWN = 8, NEAR_LOOKED_AT = 64, HINTS_MAX = 64 << 10 };

/* One act from its words to what is to be said of it. */
struct attempt {
    struct look look;
    struct fold fold;
    const struct fold *about; /* &fold, or NULL: something new */
    struct xg_draft draft;
    struct view_resolver resolver;
    struct view_judged said;
    const struct xg_kind *kind;
    const char *move;         /* or NULL */
    const char *const *words; /* field=value */
    size_t word_count;
    const char *told[VIEW_TOLDS];
    struct desk_asked asked;
};

/* ---- which act ---- */

static enum xg_status take_new(struct attempt *a, struct cmd *c,
                               struct xg_error *err)
{
    if (view_form_kind(&a->kind, c->args[2], err) != XG_OK ||
        look_may_add(&a->look, a->kind, err) != XG_OK)
        return err->status;
    xg_draft_init(&a->draft, &a->look.arena, a->kind->number);
    a->draft.head.creates = true;
    a->asked.field = "";
    for (size_t i = 0; i < VIEW_TOLDS; i++) {
        a->told[i] = cmd_option(c, view_told_options[i]);
        if (a->told[i] && a->kind->number != XG_KIND_INCIDENT)
            return xg_fail(err, XG_USAGE,
                           XG_T("只有事件有反映人（--%s）",
                                "only an incident has a contact (--%s)"),
                           view_told_options[i]);
    }
    return XG_OK;
}

static enum xg_status take_later(struct attempt *a, struct cmd *c,
                                 struct xg_error *err)
{
    if (look_fold(&a->fold, &a->look, c->args[2], err) != XG_OK)
        return err->status;
    a->kind = a->fold.state.kind;
    if (!a->kind)
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("这一条的第一条记录还没到，或类型未知，不能办理",
                            "its first record has not come, or it is of an "
                            "unknown kind: nothing can be done to it"));
    for (size_t i = 0; i < VIEW_TOLDS; i++)
        if (cmd_option(c, view_told_options[i]))
            return xg_fail(err, XG_USAGE,
                           XG_T("只有新的事件有反映人（--%s）",
                                "only a new incident has a contact (--%s)"),
                           view_told_options[i]);
    xg_draft_init(&a->draft, &a->look.arena, a->kind->number);
    a->draft.head.creates = false;
    a->draft.head.entity = a->fold.state.id;
    a->about = &a->fold;
    a->asked.field = a->move ? "move" : "about";
    return XG_OK;
}

static enum xg_status take(struct attempt *a, struct cmd *c,
                           struct xg_error *err)
{
    const char *act = c->args[1];
    bool adds = strcmp(act, "add") == 0, moves = strcmp(act, "do") == 0;
    size_t first = moves ? 4 : 3;

    if (!adds && !moves && strcmp(act, "set") != 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("try 后面是 add、do 或 set，而不是“%s”",
                            "try goes with add, do or set, not '%s'"),
                       act);
    if (c->arg_count < first)
        return xg_fail(err, XG_USAGE, "%s",
                       moves ? XG_T("try do 需要 编号 动作",
                                    "try do needs ID MOVE")
                             : XG_T("try add 需要 种类，try set 需要 编号",
                                    "try add needs KIND, try set needs ID"));
    a->move = moves ? c->args[3] : NULL;
    a->words = c->args + first;
    a->word_count = c->arg_count - first;
    return adds ? take_new(a, c, err) : take_later(a, c, err);
}

/* ---- judging ---- */

/* What the site's lists say to the move; what they propose is for who makes it.
 */
static enum xg_status ask_site(struct attempt *a, struct xg_error *err)
{
    struct xg_buf hints = XG_BUF(HINTS_MAX);
    enum xg_status status =
        look_site_move(&a->look, &a->draft, a->asked.actor, &hints, err);

    xg_buf_clear(&hints);
    return status == XG_OK ? XG_OK
                           : view_judged_problem(&a->said, "move", err);
}

static enum xg_status judge(struct attempt *a, struct xg_error *err)
{
    struct look *l = &a->look;
    const struct xg_state *state = a->about ? &a->fold.state : NULL;
    bool makes_it = true;

    if (view_judged_init(&a->said, &a->draft, &a->resolver, err) != XG_OK ||
        look_guide(l, err) != XG_OK)
        return err->status;
    if (a->move && view_move_begin(&a->draft, state, l->view.labels, a->move,
                                   err) != XG_OK) {
        makes_it = false;
        if (view_judged_problem(&a->said, "move", err) != XG_OK)
            return err->status;
    }
    if (view_judge_words(&a->said, a->words, a->word_count, err) != XG_OK)
        return err->status;
    if (cmd_photos(&a->draft, l->c, err) != XG_OK &&
        view_judged_problem(&a->said, "photo", err) != XG_OK)
        return err->status;
    if (makes_it && a->move && ask_site(a, err) != XG_OK)
        return err->status;
    if (!a->about)
        view_judge_required(&a->said, &a->draft, "");
    if (view_judge_form(&a->said, l->guide, state, err) != XG_OK ||
        (!a->about && view_judge_informant(&a->said, a->told, err) != XG_OK))
        return err->status;
    return makes_it ? desk_judge(&a->said, &a->asked, err) : XG_OK;
}

/* ---- the answer ---- */

/* One of them, if who asks may see it. */
static enum xg_status add_near(json_t **list, struct look *l,
                               const struct xg_near_spot *near,
                               struct xg_error *err)
{
    struct view_entity about = {.delivery = VIEW_RECEIVED};
    const struct xg_id *id = &near->spot->id;
    struct store_entity e;
    struct xg_brief brief;
    bool found, sees = false;

    if (l->store->ops->find_entity(l->store, &l->arena, &e, &found, id, err) !=
            XG_OK ||
        (found && sight_entity(&sees, &l->sight, &e, err) != XG_OK))
        return err->status;
    if (!sees)
        return XG_OK;
    if (xg_brief_read(&brief, e.state, err) != XG_OK ||
        l->view.entity(l, &about, id, err) != XG_OK)
        return err->status;
    view_json_append(list, view_near_json(&brief, about.number,
                                          about.created_ms, near->distance_mm));
    return XG_OK;
}

/* Open incidents that it may be, if it is one. */
static enum xg_status set_near(struct attempt *a, json_t **json,
                               struct xg_error *err)
{
    struct look *l = &a->look;
    struct xg_near_spot *near = NULL;
    struct xg_spot own;
    json_t *list;
    size_t count = 0;

    if (a->about || a->kind->number != XG_KIND_INCIDENT)
        return XG_OK;
    if (view_draft_spot(&own, &a->draft) &&
        group_near(&near, &count, &l->arena, l->store, l->guide, &own,
                   NEAR_LOOKED_AT, err) != XG_OK)
        return err->status;
    list = json_array();
    for (size_t i = 0; i < count && json_array_size(list) < NEAR_SHOWN; i++)
        if (add_near(&list, l, &near[i], err) != XG_OK) {
            json_decref(list);
            return err->status;
        }
    view_json_set(json, "near", list);
    return XG_OK;
}

static enum xg_status set_about(struct attempt *a, json_t **json,
                                struct xg_error *err)
{
    struct view_entity about = {.delivery = VIEW_RECEIVED};
    const struct xg_id *id = &a->fold.state.id;

    if (!a->about)
        return XG_OK;
    if (a->look.view.entity(&a->look, &about, id, err) != XG_OK)
        return err->status;
    view_json_set(json, "about", view_json_hex(id->b, XG_ID_SIZE));
    view_json_set(json, "about_number", json_string(about.number));
    if (a->move)
        view_json_set(json, "move", json_string(a->move));
    return XG_OK;
}

static json_t *photos_json(const struct attempt *a)
{
    const struct xg_field *f = xg_field_find(a->kind, XG_FIELD_PHOTO);
    json_t *list = json_array();
    struct xg_cbor_item photo;

    if (!f)
        return list;
    struct xg_cbor c =
        view_elements(f, xg_draft_get(&a->draft, XG_FIELD_PHOTO));
    while (xg_cbor_next(&c, &photo))
        json_array_append_new(
            list, view_photo_ahead_json(&photo, &a->draft,
                                        xg_wall_ms(a->look.c->env)));
    return list;
}

/* Photos are told of apart. */
static json_t *fields_json(const struct attempt *a)
{
    json_t *fields = view_typed_json(&a->draft);

    json_object_del(fields, "photo");
    return fields;
}

static enum xg_status put_json(struct attempt *a, struct xg_error *err)
{
    json_t *json = json_pack(
        "{s:n, s:n, s:s, s:s, s:s, s:i, s:n, s:o, s:o, s:O, s:O, s:O, s:o, "
        "s:o}",
        "number", "id", "kind", a->kind->name, "delivery",
        view_delivery_name(VIEW_DRAFT), "author",
        cmd_option(a->look.c, "as"), "version", 0, "changed", "fields",
        fields_json(a), "texts",
        view_texts_json(a->kind, a->words, a->word_count), "problems",
        a->said.problems, "missing", a->said.missing, "wanted",
        a->said.wanted, "photos", photos_json(a), "informant", view_told_json(a->told));

    if (set_about(a, &json, err) != XG_OK || set_near(a, &json, err) != XG_OK) {
        json_decref(json);
        return err->status;
    }
    return cmd_put_json(a->look.c, json, err);
}

static enum xg_status answer(struct attempt *a, struct xg_error *err)
{
    struct cmd *c = a->look.c;
    size_t before = c->out.len;

    if (c->json)
        return put_json(a, err);
    view_put_judged(&c->out, &a->said);
    if (c->out.len == before)
        xg_buf_text(&c->out, XG_T("没有不对的，也不缺什么\n",
                                  "nothing is wrong, and nothing missing\n"));
    return XG_OK;
}

enum xg_status cmd_try(struct cmd *c, struct xg_error *err)
{
    struct attempt a = {.about = NULL};
    struct xg_judgement actor;
    enum xg_status status = look_open(&a.look, c, err);

    a.resolver = look_resolver(&a.look);
    if (status == XG_OK)
        status = desk_actor(&actor, c->data, cmd_option(c, "as"), err);
    if (status == XG_OK)
        status = take(&a, c, err);
    if (status == XG_OK) {
        a.asked.data = c->data;
        a.asked.store = a.look.store;
        a.asked.fold = a.about;
        a.asked.actor = &actor;
        a.asked.labels = a.look.view.labels;
        status = judge(&a, err);
    }
    if (status == XG_OK)
        status = answer(&a, err);
    view_judged_clear(&a.said);
    look_close(&a.look);
    return status;
}
