/* operators.c - `operator add|list|login|consent|lock|unlock|totp`: who may log
 * in to the console (server/account/account.h). */
#include <sodium.h>
#include <string.h>

#include "server/account/account.h"
#include "server/cli/cmd.h"
#include "server/cli/print.h"
#include "server/cli/tls_files.h"
#include "server/console/console.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"

static enum xg_status say_done(struct cmd *c, const char *code,
                               const char *member, const char *text,
                               struct xg_error *err)
{
    if (c->json)
        return cmd_put_json(c, json_pack("{s:s, s:b}", "code", code, member, 1),
                            err);
    xg_buf_format(&c->out, "%s  %s\n", code, text);
    return XG_OK;
}

enum xg_status cmd_operator_add(struct cmd *c, struct xg_error *err)
{
    const char *code = c->args[1], *name = cmd_option(c, "name");
    const char *unit = cmd_option(c, "unit");
    const struct xg_role *role;

    if (cmd_role(&role, cmd_option(c, "role"), err) != XG_OK ||
        account_add(c->data, code, name, role, unit, err) != XG_OK)
        return err->status;
    if (c->json)
        return cmd_put_json(
            c,
            cmd_mark_waits(c, json_pack("{s:s, s:s, s:s, s:s}", "code", code,
                                        "name", name, "role", role->name,
                                        "unit", unit)),
            err);
    xg_buf_format(&c->out,
                  XG_T("%s（%s，%s）可以登录；用 operator login 给一个一次性"
                       "链接\n",
                       "%s (%s, %s) may log in; operator login makes a "
                       "one-time link\n"),
                  code, xg_label(role->zh, role->en), unit);
    cmd_say_waits(c);
    return XG_OK;
}

/* ---- list ---- */

/* What others did to her login, or NULL in JSON. */
static json_t *given_json(const struct account *a)
{
    if (!a->given.ms)
        return json_null();
    return json_pack("{s:o, s:s?, s:s, s:o}", "when", cmd_time_json(a->given.ms),
                     "by", *a->given.by ? a->given.by : NULL, "why",
                     a->given.why, "used", cmd_time_json(a->given.used_ms));
}

static json_t *asked_json(const struct account *a, int64_t now_ms)
{
    if (!account_is_asked(a, now_ms))
        return json_null();
    return json_pack("{s:o, s:s, s:s, s:s?}", "when", cmd_time_json(a->asked.ms),
                     "by", a->asked.by, "why", a->asked.why, "consent",
                     *a->asked.consent ? a->asked.consent : NULL);
}

static void put_given(struct cmd *c, const struct account *a)
{
    if (!a->given.ms)
        return;
    xg_buf_text(&c->out, a->given.used_ms
                             ? XG_T("，换过钥匙：", ", another key: given ")
                             : XG_T("，登录动过：", ", its login was given anew "));
    view_put_time(&c->out, a->given.ms);
    xg_buf_format(&c->out, XG_T("，由 %s", " by %s"),
                  *a->given.by ? a->given.by
                               : XG_T("服务器本机", "the machine itself"));
}

static enum xg_status put_account(void *ctx, const struct account *a,
                                  const struct store_wrong *wrong,
                                  struct xg_error *err)
{
    struct cmd *c = ctx;
    unsigned sessions = c->console ? console_sessions(c->console, a->code) : 0;

    if (c->json)
        return cmd_put_json(
            c,
            json_pack("{s:s, s:s, s:s?, s:s, s:b, s:b, s:b, s:b, s:s?, s:I, "
                      "s:o, s:i, s:o, s:o}",
                      "code", a->code, "name", a->name, "role",
                      a->role ? a->role->name : NULL, "unit", a->unit,
                      "password", a->has_password, "signs", a->signs, "totp",
                      a->totp, "locked", a->locked, "why",
                      a->locked ? a->why : NULL, "wrong",
                      (json_int_t)wrong->count, "last_login",
                      cmd_time_json(a->login_ms), "sessions", (int)sessions,
                      "given", given_json(a), "asked",
                      asked_json(a, xg_wall_ms(c->env))),
            err);
    view_put_column(&c->out, xg_bytes_of(a->code), 16);
    xg_buf_text(&c->out, " ");
    view_put_column(&c->out, xg_bytes_of(a->name), 16);
    xg_buf_text(&c->out, " ");
    view_put_column(
        &c->out,
        xg_bytes_of(a->role ? xg_label(a->role->zh, a->role->en) : "?"), 20);
    xg_buf_text(&c->out, " ");
    view_put_column(&c->out, xg_bytes_of(a->unit), 20);
    xg_buf_format(&c->out, " %s%s%s",
                  a->locked         ? XG_T("已停用", "locked")
                  : a->has_password ? XG_T("可登录", "may log in")
                                    : XG_T("还没有口令", "no password yet"),
                  a->signs ? XG_T("，签名", ", signs") : "",
                  a->totp ? XG_T("，两步验证", ", second factor") : "");
    if (a->login_ms) {
        xg_buf_text(&c->out, XG_T("，上次登录 ", ", last login "));
        view_put_time(&c->out, a->login_ms);
    }
    put_given(c, a);
    xg_buf_text(&c->out, "\n");
    return XG_OK;
}

enum xg_status cmd_operator_list(struct cmd *c, struct xg_error *err)
{
    return account_each(c->data, put_account, c, err);
}

/* ---- the others ---- */

/* Where the console is, as operators call it. */
static enum xg_status find_url(struct xg_buf *url, const struct cmd *c,
                               struct xg_error *err)
{
    if (c->console) {
        xg_buf_text(url, console_url(c->console));
        return xg_buf_check(url, err);
    }
    enum xg_status status = console_address_load(url, c->args[0], err);
    if (status == XG_NOTFOUND) {
        *err = XG_ERROR_NONE; /* it was never served: the key alone will do */
        status = XG_OK;
    }
    return status;
}

static enum xg_status put_once(struct cmd *c, const char *key,
                               const struct xg_buf *url, int64_t until_ms,
                               struct xg_error *err)
{
    struct xg_buf until = XG_BUF(64), link = XG_BUF(1024);
    enum xg_status status;

    view_put_time_utc(&until, until_ms);
    if (url->len)
        xg_buf_format(&link, "%s/#once=%s", xg_buf_str(url), key);
    status = xg_buf_check(&link, err);
    if (status == XG_OK && c->json)
        status = cmd_put_json(c,
                              json_pack("{s:s, s:s, s:s?, s:s}", "code",
                                        c->args[1], "once", key, "url",
                                        link.len ? xg_buf_str(&link) : NULL,
                                        "expires", xg_buf_str(&until)),
                              err);
    else if (status == XG_OK)
        xg_buf_format(&c->out,
                      XG_T("%s\n一次有效，到 %s 为止；在这个链接上设口令\n",
                           "%s\ngood once, until %s; it sets the password\n"),
                      link.len ? xg_buf_str(&link) : key, xg_buf_str(&until));
    if (link.data)
        sodium_memzero(link.data, link.cap);
    xg_buf_clear(&link);
    xg_buf_clear(&until);
    return status;
}

/* At the console it may take two; who has the data folder needs none of it. */
static struct account_giver giver_of(const struct cmd *c)
{
    return (struct account_giver){.code = cmd_option(c, "as"),
                                  .why = cmd_option(c, "why"),
                                  .needs_two =
                                      c->role && c->data->two_for_login};
}

static enum xg_status say_asked(struct cmd *c, struct xg_error *err)
{
    if (c->json)
        return cmd_put_json(
            c, json_pack("{s:s, s:b}", "code", c->args[1], "asked", 1), err);
    xg_buf_format(&c->out,
                  XG_T("%s：已提出，等另一位登记员或管他的督办单位同意"
                       "（operator consent），再运行一次拿链接\n",
                       "%s: asked for; once another registrar, or a "
                       "supervising office over them, agrees (operator "
                       "consent), run this again for the link\n"),
                  c->args[1]);
    return XG_OK;
}

/* A page asks for the reason, and comes again. */
static enum xg_status advise_why(struct cmd *c, enum xg_status status)
{
    if (status == XG_USAGE && !cmd_option(c, "why"))
        cmd_advise(c, "wants", json_string("why"));
    return status;
}

enum xg_status cmd_operator_login(struct cmd *c, struct xg_error *err)
{
    const struct account_giver by = giver_of(c);
    enum account_gift gift = ACCOUNT_GIVEN;
    struct xg_buf url = XG_BUF(1024);
    char key[ACCOUNT_ONCE_SIZE];
    int64_t until_ms;
    enum xg_status status = find_url(&url, c, err);

    if (status == XG_OK)
        status = advise_why(c, account_give(c->data, &gift, key, &until_ms,
                                            c->args[1], &by, err));
    if (status == XG_OK)
        status = gift == ACCOUNT_ASKED
                     ? say_asked(c, err)
                     : put_once(c, key, &url, until_ms, err);
    xg_buf_clear(&url);
    sodium_memzero(key, sizeof key);
    return status;
}

enum xg_status cmd_operator_consent(struct cmd *c, struct xg_error *err)
{
    bool agrees = !cmd_option(c, "refuse");

    if (account_consent(c->data, c->args[1], cmd_option(c, "as"), agrees,
                        err) != XG_OK)
        return err->status;
    return say_done(c, c->args[1], agrees ? "agreed" : "refused",
                    agrees ? XG_T("已同意", "agreed")
                           : XG_T("未同意", "not agreed"),
                    err);
}

enum xg_status cmd_operator_lock(struct cmd *c, struct xg_error *err)
{
    if (account_lock(c->data, c->args[1], true, cmd_option(c, "why"), err) !=
        XG_OK)
        return err->status;
    if (c->console)
        console_end_sessions(c->console, c->args[1]);
    return say_done(c, c->args[1], "locked", XG_T("已停用", "locked"), err);
}

enum xg_status cmd_operator_unlock(struct cmd *c, struct xg_error *err)
{
    if (account_lock(c->data, c->args[1], false, NULL, err) != XG_OK)
        return err->status;
    return say_done(c, c->args[1], "unlocked", XG_T("已恢复", "unlocked"), err);
}

enum xg_status cmd_operator_totp(struct cmd *c, struct xg_error *err)
{
    if (!cmd_option(c, "remove"))
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("要写 --remove；打开两步验证是本人在页面上做的",
                            "--remove is missing; its person turns a second "
                            "factor on, on the page"));
    const struct account_giver by = giver_of(c);
    if (advise_why(c, account_give_no_totp(c->data, c->args[1], &by, err)) !=
        XG_OK)
        return err->status;
    return say_done(c, c->args[1], "removed",
                    XG_T("两步验证已去掉", "the second factor is taken away"),
                    err);
}
