/* routes.c - the requests of docs/console.md. */
#include <string.h>

#include "server/console/inside.h"
#include "shared/base/lang.h"
#include "shared/core/calendar.h"
#include "shared/view/text.h"

enum { LOGIN_MAX = 4096 };

/* Until a call says otherwise: as the browser speaks, else Chinese. Times are
 * China's, as in the page, whatever zone this machine is set to. */
static void speak(const struct xg_request *request)
{
    const char *wish = xg_request_header(request, "Accept-Language");

    view_zone_thread(XG_ZONE_CHINA_MIN);
    xg_lang_thread(wish && strncmp(wish, "en", 2) == 0 ? XG_LANG_EN
                                                       : XG_LANG_ZH);
}

static void tell_out(struct xg_response *response)
{
    xg_response_problem(response, 401, "auth",
                        XG_T("登录已结束，请重新登录",
                             "the login has ended; log in again"),
                        NULL);
    xg_response_header(response, "WWW-Authenticate", "Bearer");
}

void console_tell_busy(struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;

    xg_ignore(xg_fail(&err, XG_BUSY, "%s",
                      XG_T("您的请求太多，等前面的完成再试",
                           "too many requests of yours: wait until those "
                           "before are done")));
    xg_response_fail(response, &err);
}

const char *console_within(const struct session *session)
{
    return session->role->number == XG_ROLE_AUDITOR ||
                   session->role->number == XG_ROLE_REGISTRAR
               ? NULL
               : session->unit;
}

/* Moved, locked or of another role since, if only for a moment: then she is
 * nobody's session. Her role and unit are what the line at that position says,
 * so that they are the same where it is. */
static enum xg_status ask_still(bool *still, struct console *c,
                                const struct session *session,
                                struct xg_error *err)
{
    struct account now;
    enum xg_status status =
        account_read(c->options.data, &now, session->code, err);

    if (status != XG_OK && status != XG_NOTFOUND)
        return status;
    *still = status == XG_OK && !now.locked && now.turn == session->turn &&
             now.position == session->position;
    *err = XG_ERROR_NONE;
    if (!*still)
        sessions_end_of(&c->sessions, session->code, NULL);
    return XG_OK;
}

bool console_is_still(struct console *c, const struct session *session)
{
    struct xg_error err = XG_ERROR_NONE;
    bool still;

    return ask_still(&still, c, session, &err) != XG_OK || still;
}

static bool is_still(struct console *c, const struct session *session,
                     struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;
    bool still = false;

    if (ask_still(&still, c, session, &err) != XG_OK)
        xg_response_fail(response, &err);
    else if (!still)
        tell_out(response);
    return still;
}

struct session *console_enter(struct console *c,
                              const struct xg_request *request,
                              struct xg_response *response)
{
    const char *token = xg_request_bearer(request);
    bool touched = xg_request_header(request, "Xunge-Touch") != NULL;

    speak(request);
    if (!guard_origin(&c->guard, request, false, response))
        return NULL;
    struct session *session =
        token ? sessions_take(&c->sessions, token, touched, console_now_ms(c))
              : NULL;
    if (!session) {
        tell_out(response);
        return NULL;
    }
    if (is_still(c, session, response))
        return session;
    sessions_let_go(&c->sessions, session);
    return NULL;
}

static void do_login(void *ctx, const struct xg_request *request,
                     struct xg_response *response)
{
    speak(request);
    login_post(ctx, request, response);
}

static void do_page(void *ctx, const struct xg_request *request,
                    struct xg_response *response)
{
    speak(request);
    page_get(ctx, request, response);
}

/* A file may be as large as its command takes. */
#define FEED_MAX ((size_t)16 << 30)

const struct xg_route console_routes[] = {
    {"GET", "/", 0, do_page, NULL},
    {"GET", "/*", 0, do_page, NULL},
    {"GET", "/metrics", 0, metrics_get, NULL},
    {"POST", "/api/login", LOGIN_MAX, do_login, NULL},
    {"POST", "/api/logout", LOGIN_MAX, logout_post, NULL},
    {"POST", "/api/password", LOGIN_MAX, password_post, NULL},
    {"POST", "/api/totp", LOGIN_MAX, totp_post, NULL},
    {"POST", "/api/run", CALL_BYTES_MAX, run_post, NULL},
    {"POST", "/api/feed", FEED_MAX, NULL, &run_feed},
    {"POST", "/api/data", CALL_BYTES_MAX, data_post, NULL},
    {"GET", "/api/events", 0, events_get, NULL},
    {"GET", "/tiles/*", 0, tile_get, NULL},
};

const size_t console_route_count =
    sizeof console_routes / sizeof *console_routes;
