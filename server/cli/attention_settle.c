/* attention_settle.c - `attention settle`, for what no other command settles:
 * that it was seen, as a note of the case; or a finding. */
#include "server/cli/attention_list.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "server/cli/finding.h"
#include "server/cli/print.h"
#include "server/desk/desk.h"
#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/view/form.h"

/* What has no command of its own. */
static bool is_said_seen(enum attention_what what)
{
    return what == ATTENTION_PENDING || what == ATTENTION_STRUCK ||
           what == ATTENTION_CLOCK || what == ATTENTION_POSITION ||
           what == ATTENTION_PHOTO_LOST;
}

static bool is_found_out(enum attention_what what)
{
    return what == ATTENTION_QUARANTINED || what == ATTENTION_OTHER_HISTORY ||
           what == ATTENTION_FORK || what == ATTENTION_LOGIN;
}

/* The record, or the photo, that the key names, among those that are there. */
static enum xg_status find_subject(struct xg_hash *subject,
                                   struct attention_list *g,
                                   const struct store_entity *e,
                                   enum attention_what what, const char *key,
                                   struct xg_error *err)
{
    const char *hex = strchr(key, ':');

    g->wanted = 1u << what;
    if (what == ATTENTION_PHOTO_LOST) {
        if (attention_add_lost_photos(g, err) != XG_OK)
            return err->status;
    } else if (attention_add_case(g, e, err) != XG_OK) {
        return err->status;
    }
    for (size_t i = 0; hex && i < g->count; i++)
        if (strcmp(attention_text_at(g->items[i].json, "key"), key) == 0) {
            *subject = (struct xg_hash){{0}};
            if (xg_unhex(subject->b, ATTENTION_SHORT_HASH / 2, hex + 1,
                         ATTENTION_SHORT_HASH))
                return XG_OK;
        }
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("没有要核看的 %s；见 attention --what %s 的 key",
                        "there is no %s to look at; see key in attention "
                        "--what %s"),
                   key, attention_name(what));
}

/* The note that says so, signed by whoever does. */
static enum xg_status draft_note(struct xg_draft *draft, struct look *l,
                                 enum attention_what what,
                                 const struct xg_hash *subject,
                                 struct xg_error *err)
{
    const struct xg_field *field =
        xg_field_find(xg_kind_find(draft->head.kind), XG_FIELD_NOTE);
    struct xg_buf text = XG_BUF(ATTENTION_TEXT_MAX),
                  value = XG_BUF(XG_RECORD_MAX);

    attention_mark(&text, what, subject);
    xg_buf_text(&text, cmd_option(l->c, "why"));
    enum xg_status status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = view_form_value(&value, field, xg_buf_str(&text), NULL, err);
    if (status == XG_OK)
        status = xg_draft_add(draft, XG_FIELD_NOTE, xg_buf_bytes(&value), err);
    xg_buf_clear(&text);
    xg_buf_clear(&value);
    return status;
}

static enum xg_status must_be_at_a_desk(struct cmd *c, struct xg_error *err)
{
    struct xg_judgement actor;

    if (desk_actor(&actor, c->data, cmd_option(c, "as"), err) != XG_OK)
        return err->status;
    if (actor.role && xg_move_allowed(XG_MOVE_DISPATCH, actor.role->number))
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("%s 不派单，不能核看了结；请调度员或督办单位来办",
                        "%s dispatches nothing, and settles nothing here: have "
                        "a dispatcher or a supervising office do it"),
                   cmd_option(c, "as"));
}

static enum xg_status draft_seen(struct xg_draft *draft,
                                 struct attention_list *g,
                                 enum attention_what what, const char *key,
                                 struct xg_error *err)
{
    char id[2 * XG_ID_SIZE + 1];
    struct fold fold = {.count = 0};
    struct xg_hash subject;

    snprintf(id, sizeof id, "%.*s", (int)strcspn(key, ":"), key);
    if (look_fold(&fold, &g->l, id, err) != XG_OK ||
        find_subject(&subject, g, &fold.entity, what, key, err) != XG_OK)
        return err->status;
    if (!fold.state.kind)
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("首条记录尚未到达，等它来了再了结",
                            "its first record has not arrived: settle it once "
                            "it has"));
    xg_draft_init(draft, &g->l.arena, fold.state.kind->number);
    draft->head.creates = false;
    draft->head.entity = fold.state.id;
    return draft_note(draft, &g->l, what, &subject, err);
}

/* What is not any entity's: a finding about the chain. */
static enum xg_status draft_finding(struct xg_draft *draft,
                                    struct attention_list *g,
                                    enum attention_what what, const char *key,
                                    struct xg_error *err)
{
    const char *given = cmd_option(g->l.c, "finding");
    const char *found = NULL;
    struct xg_hash chain;
    uint64_t choice;

    g->wanted = 1u << what;
    if (finding_choice(&choice, given ? given : "unclear", err) != XG_OK ||
        attention_gather(g, err) != XG_OK)
        return err->status;
    for (size_t i = 0; !found && i < g->count; i++)
        if (strlen(key) >= 4 &&
            strncmp(attention_text_at(g->items[i].json, "key"), key,
                    strlen(key)) == 0)
            found = attention_text_at(g->items[i].json, "key");
    if (!found || !xg_unhex(chain.b, XG_HASH_SIZE, found, 2 * XG_HASH_SIZE))
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有要核看的 %s；见 attention --what %s 的 key",
                            "there is no %s to look at; see key in attention "
                            "--what %s"),
                       key, attention_name(what));
    if (what == ATTENTION_LOGIN &&
        attention_judge_login(g, &chain, err) != XG_OK)
        return err->status;
    xg_draft_init(draft, &g->l.arena, XG_KIND_FORK_FINDING);
    draft->head.creates = true;
    return finding_fill(draft, &chain, choice, cmd_option(g->l.c, "why"), err);
}

static enum xg_status write(struct attention_list *g, struct xg_draft *draft,
                            struct xg_error *err)
{
    const char *who = cmd_option(g->l.c, "as");
    uint8_t secret[64] = {0};
    char record[2 * XG_HASH_SIZE + 1];
    struct cmd *c = g->l.c;
    struct desk_done done;

    look_give_back(&g->l); /* reading ends before writing begins */
    enum xg_status status = cmd_sign(c, draft, secret, who, err);
    if (status == XG_OK)
        status = desk_write(&done, c->data, draft, who, g->l.view.labels, err);
    sodium_memzero(secret, sizeof secret);
    if (status != XG_OK)
        return status;
    xg_hex(record, done.record.b, XG_HASH_SIZE);
    if (c->json)
        return cmd_put_json(c,
                            json_pack("{s:b, s:s, s:s}", "settled", 1, "what",
                                      c->args[1], "record", record),
                            err);
    xg_buf_format(&c->out, XG_T("已了结：%s\n", "settled: %s\n"), c->args[2]);
    return XG_OK;
}

enum xg_status cmd_attention_settle(struct cmd *c, struct xg_error *err)
{
    struct attention_list g = {.count = 0};
    enum attention_what what = ATTENTIONS;
    struct xg_draft draft;

    if (attention_what_of(&what, c->args[1], err) != XG_OK ||
        must_be_at_a_desk(c, err) != XG_OK)
        return err->status;
    if (!is_said_seen(what) && !is_found_out(what))
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 不在这里了结：attention 的 how 写着用哪个命令",
                            "%s is not settled here: attention says by which "
                            "command, as how"),
                       c->args[1]);
    enum xg_status status = look_open(&g.l, c, err);
    if (status == XG_OK)
        status = is_said_seen(what)
                     ? draft_seen(&draft, &g, what, c->args[2], err)
                     : draft_finding(&draft, &g, what, c->args[2], err);
    if (status == XG_OK)
        status = write(&g, &draft, err);
    attention_close(&g);
    return status;
}
