/* login.c - by a password, or a one-time key that sets one; and what an
 * operator changes of her own account. */
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/account/qr.h"
#include "server/console/inside.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

/* ---- bodies that hold a password ---- */

/* The body is wiped, and so is what was read of it. NULL: the response says
 * why. */
static json_t *read_body(const struct xg_request *request,
                         struct xg_response *response)
{
    if (!xg_request_must_be_json(request, response))
        return NULL;
    json_t *body = json_loadb((const char *)request->body.at,
                              request->body.len, JSON_REJECT_DUPLICATES, NULL);
    if (request->body.len > 0)
        sodium_memzero((void *)(uintptr_t)request->body.at, request->body.len);
    if (json_is_object(body))
        return body;
    json_decref(body);
    xg_response_problem(response, 400, "usage",
                        XG_T("页面的请求格式有误",
                             "the page's request is malformed"),
                        NULL);
    return NULL;
}

static void wipe(json_t *body)
{
    const char *name;
    json_t *value;

    json_object_foreach(body, name, value)
        if (json_is_string(value))
            sodium_memzero((void *)(uintptr_t)json_string_value(value),
                           json_string_length(value));
    json_decref(body);
}

static const char *text_of(const json_t *body, const char *name)
{
    return json_string_value(json_object_get(body, name));
}

static struct xg_bytes bytes_of(const json_t *body, const char *name)
{
    const json_t *text = json_object_get(body, name);

    return xg_bytes(json_string_value(text), json_string_length(text));
}

/* ---- refusals ---- */

static void tell_often(struct xg_response *response, int64_t wait_s)
{
    const char *text =
        XG_T("错误太多，请稍后再试", "too many wrong tries; wait a while");
    char seconds[24];

    snprintf(seconds, sizeof seconds, "%lld", (long long)wait_s);
    xg_response_clear(response);
    response->http_status = 429;
    response->content_type = "application/problem+json";
    xg_buf_format(&response->body,
                  "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":429,"
                  "\"code\":\"often\",\"detail\":{\"error\":\"often\",\"exit\":1,"
                  "\"text\":\"%s\",\"wait_s\":%s}}\n",
                  text, text, seconds);
    xg_response_header(response, "Retry-After", seconds);
}

static void tell_shut(struct xg_response *response, const struct account *a)
{
    xg_response_problem(
        response, 403, a->locked ? "locked" : "role",
        a->locked ? XG_T("账号已停用，请找登记员", "the account is locked; see "
                                                   "the registrar")
                  : XG_T("这个角色不能登录指挥中心，请找登记员",
                         "this role has no login here; see the registrar"),
        a->locked && *a->why ? a->why : NULL);
}

/* What was said to a try that did not succeed. */
static void tell_refused(struct xg_response *response,
                         const struct account_answer *answer, bool once)
{
    switch (answer->verdict) {
    case ACCOUNT_OFTEN:
        tell_often(response, answer->wait_s);
        break;
    case ACCOUNT_TOTP:
        xg_response_problem(response, 401, "totp",
                            XG_T("请输入两步验证码", "enter the code of the "
                                                     "second factor"),
                            NULL);
        break;
    case ACCOUNT_SHUT:
        tell_shut(response, &answer->account);
        break;
    case ACCOUNT_IN:
    case ACCOUNT_WRONG:
        xg_response_problem(
            response, 401, "login",
            once ? XG_T("一次性链接无效、用过了或已过期；请登记员再给一个",
                        "the one-time link is wrong, used or too old; ask the "
                        "registrar for another")
                 : XG_T("工号或口令不对", "the code or the password is wrong"),
            NULL);
    }
}

/* A code as it was typed, for the log: nothing that could forge a line. */
static void clean_code(char out[static XG_CODE_MAX + 1], const char *code)
{
    size_t n = 0;

    for (; code && *code && n < XG_CODE_MAX; code++)
        out[n++] = strchr("\"\\=", *code) || (unsigned char)*code <= ' '
                       ? '?'
                       : *code;
    out[n] = '\0';
}

static const char *verdict_name(enum account_verdict verdict)
{
    static const char *const names[] = {
        [ACCOUNT_IN] = "in",       [ACCOUNT_WRONG] = "wrong",
        [ACCOUNT_TOTP] = "totp",   [ACCOUNT_OFTEN] = "often",
        [ACCOUNT_SHUT] = "locked",
    };

    return names[verdict];
}

/* ---- logging in ---- */

static void put_session(struct xg_response *response, const char *token,
                        const struct account *a, bool signs)
{
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b}", "token", token, "code",
                  a->code, "name", a->name, "role", a->role->name, "unit",
                  a->unit, "signs", signs, "totp", a->totp);
    char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

    if (text) {
        response->content_type = "application/json";
        xg_buf_format(&response->body, "%s\n", text);
        sodium_memzero(text, strlen(text));
    } else {
        xg_response_problem(response, 500, "no-memory",
                            XG_T("内存不足", "out of memory"), NULL);
    }
    free(text);
    json_decref(object);
}

/* Changed meanwhile: her sessions were ended before this one stood. False: the
 * response says so. */
static bool still_stands(struct console *c, const char *token,
                         const struct account_answer *answer,
                         struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;
    bool still = false;

    if (account_is_still(c->options.data, &still, answer, &err) != XG_OK)
        xg_response_fail(response, &err);
    else if (!still)
        tell_refused(response,
                     &(struct account_answer){.verdict = ACCOUNT_WRONG}, false);
    if (still)
        return true;
    struct session *session =
        sessions_take(&c->sessions, token, false, console_now_ms(c));
    if (session) {
        sessions_end(&c->sessions, session);
        sessions_let_go(&c->sessions, session);
    }
    return false;
}

static void let_in(struct console *c, const struct account_answer *answer,
                   bool once, struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;
    char token[SESSION_TOKEN_SIZE];

    if (once) /* another password, and another key */
        sessions_end_of(&c->sessions, answer->account.code, NULL);
    if (sessions_begin(&c->sessions, token, &answer->account, answer->secret,
                       console_now_ms(c), &err) != XG_OK) {
        xg_response_fail(response, &err);
        return;
    }
    if (still_stands(c, token, answer, response))
        put_session(response, token, &answer->account, answer->account.signs);
    sodium_memzero(token, sizeof token);
}

void login_post(void *ctx, const struct xg_request *request,
                struct xg_response *response)
{
    struct console *c = ctx;
    struct account_answer answer = {.verdict = ACCOUNT_WRONG};
    struct xg_error err = XG_ERROR_NONE;
    char said[XG_CODE_MAX + 1];

    if (!guard_origin(&c->guard, request, false, response))
        return;
    json_t *body = read_body(request, response);
    if (!body)
        return;
    const struct account_try given = {
        .code = text_of(body, "once") ? NULL : text_of(body, "code"),
        .once = text_of(body, "once"),
        .password = bytes_of(body, "password"),
        .totp = text_of(body, "totp"),
        .peer = request->peer};
    enum xg_status status = XG_OK;
    if (!given.password.at || !(given.code || given.once) ||
        (given.code && strlen(given.code) > XG_CODE_MAX)) {
        status = xg_fail(&err, XG_USAGE, "%s",
                         XG_T("要工号和口令", "a code and a password are "
                                              "needed"));
    } else {
        places_take(&c->tries);
        status = account_enter(c->options.data, &answer, &given, &c->decoy,
                               &err);
        places_give(&c->tries);
        clean_code(said, given.code ? given.code : answer.account.code);
        xg_log(XG_LOG_INFO, "console.login", "code=%s peer=%s verdict=%s once=%d",
               said, request->peer, verdict_name(answer.verdict),
               given.once != NULL);
    }
    if (status != XG_OK)
        xg_response_fail(response, &err);
    else if (answer.verdict == ACCOUNT_IN)
        let_in(c, &answer, given.once != NULL, response);
    else
        tell_refused(response, &answer, given.once != NULL);
    sodium_memzero(&answer, sizeof answer);
    wipe(body);
}

void logout_post(void *ctx, const struct xg_request *request,
                 struct xg_response *response)
{
    struct console *c = ctx;
    struct session *session = console_enter(c, request, response);

    if (!session)
        return;
    xg_log(XG_LOG_INFO, "console.logout", "code=%s peer=%s", session->code,
           request->peer);
    sessions_end(&c->sessions, session);
    sessions_let_go(&c->sessions, session);
    response->http_status = 204;
}

/* ---- her own account ---- */

/* Is it the password of who is logged in? False: the response says why not. */
static bool is_hers(struct console *c, const struct session *session,
                    struct xg_bytes password, const struct xg_request *request,
                    struct xg_response *response)
{
    const struct account_try given = {.code = session->code,
                                      .password = password,
                                      .peer = request->peer};
    struct account_answer answer;
    struct xg_error err = XG_ERROR_NONE;

    places_take(&c->tries);
    enum xg_status status =
        account_prove(c->options.data, &answer, &given, &c->decoy, &err);
    places_give(&c->tries);
    if (status != XG_OK)
        xg_response_fail(response, &err);
    else if (answer.verdict != ACCOUNT_IN)
        tell_refused(response, &answer, false);
    return status == XG_OK && answer.verdict == ACCOUNT_IN;
}

static void change_password(struct console *c, const struct session *session,
                            const json_t *body,
                            const struct xg_request *request,
                            struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;

    if (!is_hers(c, session, bytes_of(body, "old"), request, response))
        return;
    places_take(&c->tries);
    enum xg_status status =
        account_change_password(c->options.data, session->code,
                                bytes_of(body, "old"), bytes_of(body, "new"),
                                &err);
    places_give(&c->tries);
    if (status != XG_OK) {
        xg_response_fail(response, &err);
        return;
    }
    sessions_end_of(&c->sessions, session->code, session);
    xg_log(XG_LOG_INFO, "console.password", "code=%s peer=%s", session->code,
           request->peer);
    response->http_status = 204;
}

void password_post(void *ctx, const struct xg_request *request,
                   struct xg_response *response)
{
    struct console *c = ctx;
    struct session *session = console_enter(c, request, response);
    json_t *body = session ? read_body(request, response) : NULL;

    if (body && (!text_of(body, "old") || !text_of(body, "new")))
        xg_response_problem(response, 400, "usage",
                            XG_T("要现在的口令和新口令",
                                 "the present password and the new one"),
                            NULL);
    else if (body)
        change_password(c, session, body, request, response);
    wipe(body);
    if (session)
        sessions_let_go(&c->sessions, session);
}

/* ---- the second factor ---- */

/* What an application for such codes reads. A code has letters that a URI
 * cannot hold as they are (Chinese ones). */
static void put_uri(struct xg_buf *out, const char *origin, const char *code,
                    const char *secret)
{
    xg_buf_text(out, "otpauth://totp/Xunge:");
    for (const unsigned char *at = (const unsigned char *)code; *at; at++)
        if (*at < 128 && (strchr("-._~", *at) || (*at >= '0' && *at <= '9') ||
                          (*at >= 'a' && *at <= 'z') ||
                          (*at >= 'A' && *at <= 'Z')))
            xg_buf_byte(out, *at);
        else
            xg_buf_format(out, "%%%02X", *at);
    xg_buf_format(out,
                  "@%s?secret=%s&issuer=Xunge&algorithm=SHA1&digits=6&period=30",
                  origin, secret);
}

static void begin_totp(struct console *c, const struct session *session,
                       struct xg_response *response)
{
    struct xg_buf uri = XG_BUF(1024), path = XG_BUF(256 << 10);
    struct xg_error err = XG_ERROR_NONE;
    char secret[ACCOUNT_TOTP_TEXT];
    int size = 0;

    if (account_begin_totp(c->options.data, secret, session->code, &err) !=
        XG_OK) {
        xg_response_fail(response, &err);
        return;
    }
    put_uri(&uri, data_origin(c->options.data), session->code, secret);
    if (qr_path(&path, &size, xg_buf_str(&uri), &err) == XG_OK) {
        response->content_type = "application/json";
        xg_buf_text(&response->body, "{\"uri\":");
        xg_json_string(&response->body, xg_buf_str(&uri));
        xg_buf_format(&response->body,
                      ",\"qr\":{\"size\":%d,\"path\":\"%s\"},"
                      "\"secret\":\"%s\"}\n",
                      size, xg_buf_str(&path), secret);
    } else {
        xg_response_fail(response, &err);
    }
    sodium_memzero(secret, sizeof secret);
    if (uri.data)
        sodium_memzero(uri.data, uri.cap);
    if (path.data)
        sodium_memzero(path.data, path.cap);
    xg_buf_clear(&uri);
    xg_buf_clear(&path);
}

static void confirm_totp(struct console *c, const struct session *session,
                         const char *code, struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;
    bool right = false;

    if (account_confirm_totp(c->options.data, &right, session->code, code,
                             &err) != XG_OK)
        xg_response_fail(response, &err);
    else if (!right)
        xg_response_problem(response, 401, "totp",
                            XG_T("验证码不对；手机的时间准吗？",
                                 "the code is wrong; is the phone's clock "
                                 "right?"),
                            NULL);
    else
        response->http_status = 204;
}

static void set_totp(struct console *c, const struct session *session,
                     const char *set, struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;

    if (strcmp(set, "begin") == 0) {
        begin_totp(c, session, response);
        return;
    }
    if (strcmp(set, "off") != 0)
        confirm_totp(c, session, set, response);
    else if (account_remove_totp(c->options.data, session->code, &err) == XG_OK)
        response->http_status = 204;
    else
        xg_response_fail(response, &err);
    if (response->http_status == 204) {
        sessions_end_of(&c->sessions, session->code, session);
        xg_log(XG_LOG_INFO, "console.totp", "code=%s on=%d", session->code,
               strcmp(set, "off") != 0);
    }
}

void totp_post(void *ctx, const struct xg_request *request,
               struct xg_response *response)
{
    struct console *c = ctx;
    struct session *session = console_enter(c, request, response);
    json_t *body = session ? read_body(request, response) : NULL;
    const char *set = body ? text_of(body, "set") : NULL;

    if (body && (!set || !text_of(body, "password")))
        xg_response_problem(response, 400, "usage",
                            XG_T("页面的请求格式有误",
                                 "the page's request is malformed"),
                            NULL);
    else if (body &&
             is_hers(c, session, bytes_of(body, "password"), request, response))
        set_totp(c, session, set, response);
    wipe(body);
    if (session)
        sessions_let_go(&c->sessions, session);
}
