/* attention_login.c - logins that others gave, or want to give: who must have
 * seen it, and who may say so. */
#include "server/cli/attention_list.h"

#include <string.h>

#include "server/account/account.h"
#include "server/cli/finding.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"

/* Said by the person herself, or by who gave it, it is not said. */
static bool may_say_seen(const struct account *a,
                         const struct store_given *given, const char *who)
{
    return strcmp(who, a->code) != 0 && strcmp(who, given->by) != 0;
}

static void put_person(struct xg_buf *out, const struct account *a)
{
    view_put_line(out, xg_bytes_of(a->code));
    if (!*a->name)
        return;
    xg_buf_text(out, " ");
    view_put_line(out, xg_bytes_of(a->name));
}

static void put_given(struct xg_buf *out, const struct store_given *given)
{
    xg_buf_format(out,
                  XG_T("%s 重置了这个人的登录或去掉了两步验证：",
                       "%s gave this person another login, or took the "
                       "second factor away: "),
                  *given->by ? given->by
                             : XG_T("服务器本机上的人", "the machine itself"));
    view_put_line(out, xg_bytes_of(given->why));
    if (!given->used_ms)
        return;
    xg_buf_text(out, XG_T("；钥匙换于 ", "; another key since "));
    view_put_time(out, given->used_ms);
}

static enum xg_status add_given(struct attention_list *g,
                                const struct account *a,
                                const struct store_given *given,
                                struct xg_error *err)
{
    struct xg_buf title = XG_BUF(ATTENTION_TEXT_MAX),
                  text = XG_BUF(ATTENTION_TEXT_MAX);
    char key[2 * XG_HASH_SIZE + 1];
    struct finding finding;

    if (finding_about(&finding, &g->findings, &g->l, &given->record, err) !=
        XG_OK)
        return err->status;
    if (finding.found && may_say_seen(a, given, finding.author))
        return XG_OK;
    xg_hex(key, given->record.b, XG_HASH_SIZE);
    put_person(&title, a);
    put_given(&text, given);
    const struct attention_said said = {.what = ATTENTION_LOGIN,
                                        .key = key,
                                        .title = xg_buf_str(&title),
                                        .reason =
                                            given->used_ms ? "used" : "given",
                                        .text = xg_buf_str(&text),
                                        .since_ms = given->ms};
    enum xg_status status = attention_add(g, &said, err);
    xg_buf_clear(&title);
    xg_buf_clear(&text);
    return status;
}

/* Each of them: a newer one does not stand for those before it. */
static enum xg_status add_each_given(struct attention_list *g,
                                     const struct account *a,
                                     struct xg_error *err)
{
    struct store *s = g->l.store;
    struct store_given *given;
    size_t count;

    if (s->ops->read_given(s, &g->l.arena, &given, &count, a->code, err) !=
        XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (add_given(g, a, &given[i], err) != XG_OK)
            return err->status;
    return XG_OK;
}

static enum xg_status add_asked(struct attention_list *g,
                                const struct account *a, struct xg_error *err)
{
    struct xg_buf title = XG_BUF(ATTENTION_TEXT_MAX),
                  text = XG_BUF(ATTENTION_TEXT_MAX);

    put_person(&title, a);
    xg_buf_format(&text,
                  XG_T("%s 要重置这个人的登录：",
                       "%s wants to give this person another login: "),
                  a->asked.by);
    view_put_line(&text, xg_bytes_of(a->asked.why));
    const struct attention_said said = {.what = ATTENTION_LOGIN_ASKED,
                                        .key = a->code,
                                        .title = xg_buf_str(&title),
                                        .reason = "asked",
                                        .text = xg_buf_str(&text),
                                        .since_ms = a->asked.ms};
    enum xg_status status = attention_add(g, &said, err);
    xg_buf_clear(&title);
    xg_buf_clear(&text);
    return status;
}

static enum xg_status look_at_account(void *ctx, const struct account *a,
                                      const struct store_wrong *wrong,
                                      struct xg_error *err)
{
    struct attention_list *g = ctx;
    bool asked = attention_wants(g, ATTENTION_LOGIN_ASKED) &&
                 !*a->asked.consent && account_is_asked(a, g->l.now_ms);
    bool given = attention_wants(g, ATTENTION_LOGIN) && a->given.ms != 0;
    bool sees = false;

    (void)wrong;
    if ((asked || given) &&
        sight_unit(&sees, &g->l.sight, a->unit, err) != XG_OK)
        return err->status;
    if (sees && given && add_each_given(g, a, err) != XG_OK)
        return err->status;
    return sees && asked ? add_asked(g, a, err) : XG_OK;
}

struct settling {
    struct attention_list *g;
    const struct xg_hash *record;
    const char *who;
    bool may;
};

static enum xg_status find_given(void *ctx, const struct account *a,
                                 const struct store_wrong *wrong,
                                 struct xg_error *err)
{
    struct settling *s = ctx;
    struct store *store = s->g->l.store;
    struct store_given *given;
    size_t count;

    (void)wrong;
    if (!a->given.ms)
        return XG_OK;
    if (store->ops->read_given(store, &s->g->l.arena, &given, &count, a->code,
                               err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (xg_hash_equal(&given[i].record, s->record))
            s->may = may_say_seen(a, &given[i], s->who);
    return XG_OK;
}

/* Neither whose login it is says that it was seen, nor who gave it. */
enum xg_status attention_judge_login(struct attention_list *g,
                                     const struct xg_hash *record,
                                     struct xg_error *err)
{
    struct settling s = {g, record, cmd_option(g->l.c, "as"), true};

    if (account_each_in(g->l.c->data, g->l.store, find_given, &s, err) != XG_OK)
        return err->status;
    return s.may ? XG_OK
                 : xg_fail(
                       err, XG_REFUSED,
                       XG_T("%s 不能了结：是本人，或是重置的人；请管这个单位的"
                            "另一个人核看",
                            "%s cannot settle this: it is her own login, "
                            "or she gave it; have somebody else over that "
                            "unit look into it"),
                       s.who);
}

enum xg_status attention_add_logins(struct attention_list *g,
                                    struct xg_error *err)
{
    return account_each_in(g->l.c->data, g->l.store, look_at_account, g, err);
}
