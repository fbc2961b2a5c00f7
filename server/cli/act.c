/* act.c - `do`, `set`, `note`, `add`, `link`, `unlink`, `withdraw`, `resolve`:
 * what an operator does from the server. Each is one record on the server's
 * own chain, judged before it is written (server/desk/desk.h); where it comes
 * with a key, once (server/desk/again.h). */
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "server/cli/act_key.h"
#include "server/cli/look.h"
#include "server/desk/desk.h"
#include "shared/base/lang.h"
#include "shared/core/number.h"
#include "shared/view/value.h"

#define UNSAID ULONG_MAX

enum { HINTS_MAX = 64 << 10, SAID_MAX = 1024, SHORT_ID = 6 };

/* One act from its words to its answer. */
struct act {
    struct look look;
    struct fold fold;
    struct xg_draft draft;
    struct view_resolver resolver;
    struct xg_draft contact; /* who told of it, where has_contact */
    bool has_contact;
    bool decides; /* a conflict */
    unsigned long seen; /* --seen: how far she was shown it; or UNSAID */
    struct again_key key; /* --act, where has_key */
    bool has_key;
    struct desk_done done;
    struct xg_buf hints; /* what the site's lists say to a move */
    struct xg_buf said; /* of two: which; else nothing */
    uint8_t secret[64]; /* of who acts */
};

static const char *who(const struct act *a)
{
    return cmd_option(a->look.c, "as");
}

/* Who acts is somebody. Open the store and, where `id` is given, begin a draft
 * that changes it. */
static enum xg_status begin(struct act *a, struct cmd *c, const char *id,
                            struct xg_error *err)
{
    struct xg_judgement actor;

    *a = (struct act){.fold = {.count = 0},
                      .seen = UNSAID,
                      .said = XG_BUF(SAID_MAX),
                      .hints = XG_BUF(HINTS_MAX)};
    if (look_open(&a->look, c, err) != XG_OK ||
        desk_actor(&actor, c->data, who(a), err) != XG_OK ||
        act_key_read(&a->key, &a->has_key, c, err) != XG_OK)
        return err->status;
    a->resolver = look_resolver(&a->look);
    if (!id)
        return XG_OK;
    if (look_fold(&a->fold, &a->look, id, err) != XG_OK)
        return err->status;
    if (!a->fold.state.kind)
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("这一条的第一条记录还没到，或类型未知，不能办理",
                            "its first record has not come, or it is of an "
                            "unknown kind: nothing can be done to it"));
    xg_draft_init(&a->draft, &a->look.arena, a->fold.state.kind->number);
    a->draft.head.creates = false;
    a->draft.head.entity = a->fold.state.id;
    return XG_OK;
}

static enum xg_status set_fields(struct act *a, size_t first,
                                 struct xg_error *err)
{
    const struct cmd *c = a->look.c;
    const struct xg_kind *kind = xg_kind_find(a->draft.head.kind);

    for (size_t i = first; i < c->arg_count; i++)
        if (view_form_set(&a->draft, kind, c->args[i], &a->resolver, err) !=
            XG_OK)
            return err->status;
    return XG_OK;
}

/* Answers to a form, judged by its template. */
static enum xg_status set_answers(struct act *a, const struct xg_state *state,
                                  struct xg_error *err)
{
    if (look_guide(&a->look, err) != XG_OK)
        return err->status;
    return view_form_answers(&a->draft, a->look.guide, state, true, err);
}

static enum xg_status set_value(struct act *a, uint64_t number,
                                const char *text, struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(a->draft.head.kind);
    const struct xg_field *field = xg_field_find(kind, number);
    struct xg_buf value = XG_BUF(XG_RECORD_MAX);
    enum xg_status status =
        view_form_value(&value, field, text, &a->resolver, err);

    if (status == XG_OK)
        status =
            field->merge == XG_MERGE_SET
                ? xg_draft_add(&a->draft, number, xg_buf_bytes(&value), err)
                : xg_draft_set(&a->draft, number, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

/* ---- the answer ---- */

static void put_text(struct cmd *c, const struct act *a, const char *number)
{
    const struct desk_done *d = &a->done;
    const struct xg_labels *labels = a->look.view.labels;

    if (*number)
        xg_buf_text(&c->out, number);
    else
        xg_buf_hex(&c->out, d->id.b, XG_ID_SIZE);
    xg_buf_text(&c->out, "  ");
    if (a->said.len)
        xg_buf_append(&c->out, a->said.data, a->said.len);
    else
        xg_buf_text(&c->out, d->move
                                 ? xg_labels_of(labels, XG_LABEL_MOVE, d->move)
                                 : XG_T("已记录", "recorded"));
    if (d->status)
        xg_buf_format(&c->out, XG_T("，现在是“%s”", ", it is \"%s\" now"),
                      xg_labels_of(labels, XG_LABEL_STATUS, d->status));
    if (*d->case_number)
        xg_buf_format(&c->out, XG_T("，案卷号 %s", ", official number %s"),
                      d->case_number);
    xg_buf_text(&c->out, "\n");
    view_put_remarks(&c->out, d->missing);
    if (d->conflicts)
        xg_buf_text(&c->out, XG_T("有冲突待决定，见 conflicts\n",
                                  "something is to be decided: see "
                                  "conflicts\n"));
}

static json_t *hex_json(const uint8_t *data, size_t len)
{
    char text[2 * XG_HASH_SIZE + 1];

    xg_hex(text, data, len);
    return json_string(text);
}

static enum xg_status put_json(struct cmd *c, const struct act *a,
                               const char *human, struct xg_error *err)
{
    const struct desk_done *d = &a->done;
    const struct xg_choice *move = xg_choice_find(xg_moves, d->move);
    const struct xg_choice *at = xg_choice_find(xg_statuses, d->status);
    const char *number = *d->case_number ? d->case_number : NULL;

    json_t *json =
        json_pack("{s:b, s:o, s:s?, s:o, s:s, s:s?, s:s?, s:s?, s:o, s:I}",
                  "saved", 1, "id", hex_json(d->id.b, XG_ID_SIZE), "number",
                  *human ? human : NULL, "record",
                  hex_json(d->record.b, XG_HASH_SIZE), "kind",
                  xg_kind_find(d->kind)->name, "move",
                  move ? move->name : NULL, "status", at ? at->name : NULL,
                  "case_number", number, "missing", view_needs_json(d->missing),
                  "conflicts", (json_int_t)d->conflicts);

    if (json && d->has_contact)
        json_object_set_new(json, "contact",
                            hex_json(d->contact.b, XG_ID_SIZE));
    return view_json_put(&c->out, json, err);
}

/* The number is read anew: what was made had none before. It is written by now,
 * so that a failure to read is none of the act: then the id stands for it. */
static enum xg_status put_done(struct act *a, struct xg_error *err)
{
    struct view_entity about = {.delivery = VIEW_RECEIVED};
    struct xg_error unread = XG_ERROR_NONE;
    struct cmd *c = a->look.c;
    struct look l;

    if (look_open(&l, c, &unread) == XG_OK)
        xg_ignore(l.view.entity(&l, &about, &a->done.id, &unread));
    look_close(&l);
    c->must_decide = a->done.conflicts > 0;
    if (!c->json) {
        put_text(c, a, about.number);
        return XG_OK;
    }
    if (put_json(c, a, about.number, err) != XG_OK)
        return err->status;
    xg_buf_text(&c->out, "\n");
    return XG_OK;
}

static enum xg_status put_possible(struct act *a, struct xg_error *err)
{
    struct cmd *c = a->look.c;
    const struct xg_state *s = &a->fold.state;
    const struct xg_choice *at = xg_choice_find(xg_statuses, s->status);
    struct view_entity about = {.delivery = VIEW_RECEIVED};
    struct xg_judgement actor;
    struct view_move *moves;
    const char *no_right;
    size_t count;

    if (desk_actor(&actor, c->data, who(a), err) != XG_OK ||
        a->look.view.entity(&a->look, &about, &s->id, err) != XG_OK ||
        desk_moves(&moves, &count, &no_right, &a->look.arena, &a->fold,
                   &a->look.registry, &actor, a->look.view.labels, err) !=
            XG_OK)
        return err->status;
    if (!c->json) {
        xg_buf_format(&c->out, "%s\n",
                      at ? xg_labels_of(a->look.view.labels, XG_LABEL_STATUS,
                                        at->number)
                         : XG_T("没有办理流程", "outside the loop"));
        if (no_right)
            xg_buf_format(&c->out, "%s: %s\n", who(a), no_right);
        view_put_moves(&c->out, moves, count);
        return XG_OK;
    }
    if (view_json_put(&c->out,
                      json_pack("{s:o, s:s, s:s?, s:s, s:s?, s:o}", "id",
                                hex_json(s->id.b, XG_ID_SIZE), "number",
                                about.number, "status", at ? at->name : NULL,
                                "as", who(a), "no_right", no_right, "moves",
                                view_moves_json(moves, count)),
                      err) != XG_OK)
        return err->status;
    xg_buf_text(&c->out, "\n");
    return XG_OK;
}

/* What this person may do instead, to the entity as it is by now. The refusal
 * stays the error, whatever becomes of this. */
static void put_instead(struct act *a, const char *id)
{
    struct xg_error err = XG_ERROR_NONE;
    struct cmd *c = a->look.c;
    struct xg_judgement actor;
    struct view_move *moves;
    const char *no_right;
    struct fold fold;
    struct look l;
    size_t count = 0;

    if (desk_actor(&actor, c->data, who(a), &err) == XG_OK &&
        look_open(&l, c, &err) == XG_OK) {
        if (look_fold(&fold, &l, id, &err) == XG_OK &&
            desk_moves(&moves, &count, &no_right, &l.arena, &fold, &l.registry,
                       &actor, l.view.labels, &err) == XG_OK) {
            if (c->json)
                cmd_advise(c, "possible", view_moves_json(moves, count));
            else
                view_put_moves(&c->out, moves, count);
        }
        look_close(&l);
    }
}

/* The act, judged again by whoever else wrote meanwhile. */
static enum xg_status put_down(struct act *a, struct xg_error *err)
{
    const struct desk_act by = {
        .code = who(a),
        .labels = a->look.view.labels,
        .has_seen = a->seen != UNSAID,
        .seen = a->seen,
        .open = a->decides ? a->fold.state.conflict_count : 0,
        .contact = a->has_contact ? &a->contact : NULL,
        .key = a->has_key ? &a->key : NULL};

    return desk_act(&a->done, a->look.c->data, &a->draft, &by, err);
}

static enum xg_status write(struct act *a, struct xg_error *err)
{
    look_give_back(&a->look); /* reading ends before writing begins */
    struct cmd *c = a->look.c;

    if (cmd_sign(c, &a->draft, a->secret, who(a), err) != XG_OK)
        return err->status;
    enum xg_status status = put_down(a, err);
    return status == XG_OK ? put_done(a, err) : status;
}

static enum xg_status end(struct act *a, enum xg_status status)
{
    look_close(&a->look);
    if (!a->look.c->json && a->hints.len)
        xg_buf_append(&a->look.c->out, a->hints.data, a->hints.len);
    xg_buf_clear(&a->hints);
    xg_buf_clear(&a->said);
    sodium_memzero(a->secret, sizeof a->secret);
    return status;
}

/* ---- the commands ---- */

/* What the site's lists fill in, and what they do not let be. */
static enum xg_status ask_site(struct act *a, struct xg_error *err)
{
    struct xg_judgement actor;

    if (desk_actor(&actor, a->look.c->data, who(a), err) != XG_OK)
        return err->status;
    return look_site_move(&a->look, &a->draft, &actor, &a->hints, err);
}

static enum xg_status run_do(struct cmd *c, struct xg_error *err)
{
    struct act a;
    enum xg_status status = begin(&a, c, c->args[1], err);
    bool asked = status == XG_OK;

    if (status == XG_OK && c->arg_count == 2)
        return end(&a, put_possible(&a, err));
    if (status == XG_OK)
        status = view_move_begin(&a.draft, &a.fold.state, a.look.view.labels,
                                 c->args[2], err);
    bool unknown = status == XG_USAGE;
    if (status == XG_OK)
        status = set_fields(&a, 3, err);
    if (status == XG_OK)
        status = ask_site(&a, err);
    if (status == XG_OK)
        status = set_answers(&a, &a.fold.state, err);
    if (status == XG_OK)
        status = cmd_photos(&a.draft, c, err);
    if (status == XG_OK)
        status = write(&a, err);
    if (asked && (status == XG_REFUSED || unknown)) {
        look_give_back(&a.look);
        put_instead(&a, c->args[1]);
    }
    return end(&a, status);
}

static enum xg_status run_set(struct cmd *c, struct xg_error *err)
{
    struct act a;
    enum xg_status status = begin(&a, c, c->args[1], err);

    if (status == XG_OK)
        status = cmd_number(&a.seen, c, "seen", UNSAID, ULONG_MAX, err);
    if (status == XG_OK && c->arg_count == 2 && !cmd_option(c, "photo"))
        status = xg_fail(err, XG_USAGE, "%s",
                         XG_T("set 要写改什么：字段=值，或 --photo",
                              "set needs what to change: FIELD=VALUE, or "
                              "--photo"));
    if (status == XG_OK)
        status = set_fields(&a, 2, err);
    if (status == XG_OK)
        status = set_answers(&a, &a.fold.state, err);
    if (status == XG_OK)
        status = cmd_photos(&a.draft, c, err);
    if (status == XG_OK)
        status = write(&a, err);
    return end(&a, status);
}

static enum xg_status run_note(struct cmd *c, struct xg_error *err)
{
    struct act a;
    enum xg_status status = begin(&a, c, c->args[1], err);

    if (status == XG_OK)
        status = set_value(&a, XG_FIELD_NOTE, c->args[2], err);
    if (status == XG_OK)
        status = cmd_photos(&a.draft, c, err);
    if (status == XG_OK)
        status = write(&a, err);
    return end(&a, status);
}

static enum xg_status take_contact(struct act *a, const struct cmd *c,
                                   struct xg_error *err)
{
    const char *told[VIEW_TOLDS];

    for (size_t i = 0; i < VIEW_TOLDS; i++)
        told[i] = cmd_option(c, view_told_options[i]);
    xg_draft_init(&a->contact, &a->look.arena, XG_KIND_CONTACT);
    return view_contact_take(&a->contact, &a->has_contact, &a->draft, told,
                             err);
}

static enum xg_status run_add(struct cmd *c, struct xg_error *err)
{
    const struct xg_kind *kind = NULL;
    struct act a;

    if (view_form_kind(&kind, c->args[1], err) != XG_OK)
        return err->status;
    enum xg_status status = begin(&a, c, NULL, err);
    if (status == XG_OK)
        status = look_may_add(&a.look, kind, err);
    if (status == XG_OK) {
        xg_draft_init(&a.draft, &a.look.arena, kind->number);
        a.draft.head.creates = true;
        status = set_fields(&a, 2, err);
    }
    if (status == XG_OK)
        status = cmd_photos(&a.draft, c, err);
    if (status == XG_OK)
        status = view_form_complete(&a.draft, kind, err);
    if (status == XG_OK)
        status = set_answers(&a, NULL, err);
    if (status == XG_OK)
        status = take_contact(&a, c, err);
    if (status == XG_OK)
        status = write(&a, err);
    return end(&a, status);
}

static enum xg_status run_withdraw(struct cmd *c, struct xg_error *err)
{
    static const uint8_t yes[] = {0xF5}; /* CBOR true */
    struct act a;
    enum xg_status status = begin(&a, c, c->args[1], err);

    if (status == XG_OK && a.fold.state.withdrawn)
        status =
            xg_fail(err, XG_REFUSED,
                    XG_T("%s 已经撤回", "%s is withdrawn already"), c->args[1]);
    if (status == XG_OK)
        status = xg_draft_set(&a.draft, XG_FIELD_WITHDRAWN,
                              xg_bytes(yes, sizeof yes), err);
    if (status == XG_OK)
        status = set_value(&a, XG_FIELD_WHY, cmd_option(c, "why"), err);
    if (status == XG_OK)
        status = write(&a, err);
    return end(&a, status);
}

/* The other one of a link, which must be of the same kind. */
static enum xg_status find_other(struct act *a, struct fold *other,
                                 struct xg_error *err)
{
    struct look *l = &a->look;
    const struct cmd *c = l->c;
    bool folded;

    if (look_named(&other->entity, &folded, l, c->args[2], err) != XG_OK)
        return err->status;
    if (folded && look_fold(other, l, c->args[2], err) != XG_OK)
        return err->status;
    if (!folded) { /* it outgrew a fold, and so this one goes on in its place */
        other->state.id = other->entity.id;
        other->state.kind = xg_kind_find(other->entity.kind);
    }
    l->fold = &a->fold;
    l->row = &a->fold.entity;
    if (xg_id_equal(&a->fold.state.id, &other->state.id))
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 和 %s 是同一条", "%s and %s are one and the "
                                                 "same record"),
                       c->args[1], c->args[2]);
    if (a->fold.state.kind != other->state.kind)
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("两条不是同一类，不能并案",
                            "they are of different kinds: no link"));
    return XG_OK;
}

/* "0417-00123-7", else the first digits of the id. */
static enum xg_status say_number(struct act *a, const struct xg_id *id,
                                 struct xg_error *err)
{
    struct view_entity about = {.delivery = VIEW_RECEIVED};

    if (a->look.view.entity(&a->look, &about, id, err) != XG_OK)
        return err->status;
    if (*about.number)
        xg_buf_text(&a->said, about.number);
    else
        xg_buf_hex(&a->said, id->b, SHORT_ID);
    return xg_buf_check(&a->said, err);
}

/* The answer names the two as a person does. */
static enum xg_status say_two(struct act *a, const char *what,
                              const struct xg_id *other, struct xg_error *err)
{
    xg_buf_text(&a->said, what);
    if (say_number(a, &a->fold.state.id, err) != XG_OK)
        return err->status;
    xg_buf_text(&a->said, XG_T(" 与 ", " and "));
    return say_number(a, other, err);
}

static enum xg_status run_link(struct cmd *c, struct xg_error *err)
{
    struct xg_buf id = XG_BUF(64);
    struct fold other = {.count = 0};
    struct act a;
    enum xg_status status = begin(&a, c, c->args[1], err);

    if (status == XG_OK)
        status = find_other(&a, &other, err);
    if (status == XG_OK && (desk_links(&a.fold.state, &other.state.id) ||
                            desk_links(&other.state, &a.fold.state.id)))
        status = xg_fail(err, XG_REFUSED, "%s",
                         XG_T("两件已经关联", "they are linked already"));
    if (status == XG_OK) {
        xg_cbor_put_bytes(&id, other.state.id.b, XG_ID_SIZE);
        status = xg_buf_check(&id, err);
    }
    if (status == XG_OK)
        status =
            xg_draft_add(&a.draft, XG_FIELD_SAME_AS, xg_buf_bytes(&id), err);
    if (status == XG_OK && cmd_option(c, "why"))
        status = set_value(&a, XG_FIELD_WHY, cmd_option(c, "why"), err);
    if (status == XG_OK)
        status = say_two(&a, XG_T("已关联为同一件：", "linked as one thing: "),
                         &other.state.id, err);
    if (status == XG_OK)
        status = write(&a, err);
    xg_buf_clear(&id);
    return end(&a, status);
}

/* A link is taken out where it stands, which may be on either. */
static enum xg_status run_unlink(struct cmd *c, struct xg_error *err)
{
    struct fold other = {.count = 0};
    const struct fold *at = &other;
    struct act a;
    size_t count = 0;
    enum xg_status status = begin(&a, c, c->args[1], err);

    if (status == XG_OK)
        status = find_other(&a, &other, err);
    if (status == XG_OK && desk_links(&a.fold.state, &other.state.id))
        at = &a.fold;
    else if (status == XG_OK && !desk_links(&other.state, &a.fold.state.id))
        status = xg_fail(err, XG_REFUSED, "%s",
                         XG_T("两件没有直接关联；见 show 里的“同一件”",
                              "neither names the other; see \"the same as\" "
                              "in show"));
    if (status == XG_OK) {
        a.draft.head.entity = at->state.id;
        status =
            desk_unlink(&count, &a.draft, at,
                        at == &other ? &a.fold.state.id : &other.state.id, err);
    }
    if (status == XG_OK)
        status = set_value(&a, XG_FIELD_WHY, cmd_option(c, "why"), err);
    if (status == XG_OK)
        status = say_two(&a, XG_T("已取消关联：", "no longer linked: "),
                         &other.state.id, err);
    if (status == XG_OK)
        status = write(&a, err);
    return end(&a, status);
}

/* ---- deciding ---- */

static enum xg_status decide(struct act *a, struct xg_error *err)
{
    const struct cmd *c = a->look.c;
    struct view_choice choice = {.field = c->args[2],
                                 .take = cmd_option(c, "take"),
                                 .value = cmd_option(c, "value"),
                                 .dismiss = cmd_option(c, "dismiss") != NULL,
                                 .why = cmd_option(c, "why")};

    return view_form_resolve(&a->draft, &a->fold.state, &choice, &a->resolver,
                             err);
}

static enum xg_status run_resolve(struct cmd *c, struct xg_error *err)
{
    struct act a;
    enum xg_status status = begin(&a, c, c->args[1], err);

    a.decides = true;
    if (status == XG_OK)
        status = decide(&a, err);
    if (status == XG_OK)
        status = write(&a, err);
    return end(&a, status);
}

/* ---- once ---- */

typedef enum xg_status act_run(struct cmd *c, struct xg_error *err);

/* Answer with what came of it when it was asked for by this key before; nothing
 * else is said then. */
static enum xg_status put_first(bool *found, struct cmd *c,
                                struct xg_error *err)
{
    struct act a;
    enum xg_status status = begin(&a, c, NULL, err);

    if (status == XG_OK && a.has_key)
        status = desk_again(&a.done, found, a.look.store, who(&a), &a.key, err);
    look_give_back(&a.look);
    if (status == XG_OK && *found) {
        xg_buf_reset(&c->out);
        json_decref(c->advice);
        c->advice = NULL;
        status = put_done(&a, err);
    }
    return end(&a, status);
}

static enum xg_status once(struct cmd *c, act_run *run, struct xg_error *err)
{
    struct xg_error unread = XG_ERROR_NONE;
    bool found = false;

    if (!cmd_option(c, "act"))
        return run(c, err);
    if (put_first(&found, c, err) != XG_OK || found)
        return err->status;
    if (run(c, err) == XG_OK)
        return XG_OK;
    /* Whoever asked first may have been at it when we looked: then it is what
     * she did that stands in the way. */
    if (put_first(&found, c, &unread) == XG_OK && found)
        *err = XG_ERROR_NONE;
    return err->status;
}

enum xg_status cmd_do(struct cmd *c, struct xg_error *err)
{
    return once(c, run_do, err);
}

enum xg_status cmd_set(struct cmd *c, struct xg_error *err)
{
    return once(c, run_set, err);
}

enum xg_status cmd_note(struct cmd *c, struct xg_error *err)
{
    return once(c, run_note, err);
}

enum xg_status cmd_add(struct cmd *c, struct xg_error *err)
{
    return once(c, run_add, err);
}

enum xg_status cmd_withdraw(struct cmd *c, struct xg_error *err)
{
    return once(c, run_withdraw, err);
}

enum xg_status cmd_link(struct cmd *c, struct xg_error *err)
{
    return once(c, run_link, err);
}

enum xg_status cmd_unlink(struct cmd *c, struct xg_error *err)
{
    return once(c, run_unlink, err);
}

enum xg_status cmd_resolve(struct cmd *c, struct xg_error *err)
{
    return once(c, run_resolve, err);
}
