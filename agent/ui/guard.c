/* guard.c - see guard.h. */
#include "agent/ui/guard.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "shared/base/lang.h"

static void make_secret(char text[static GUARD_SECRET_SIZE])
{
    uint8_t bytes[GUARD_SECRET_BYTES];

    randombytes_buf(bytes, sizeof bytes);
    sodium_bin2base64(text, GUARD_SECRET_SIZE, bytes, sizeof bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(bytes, sizeof bytes);
}

/* In a time that says nothing of where they differ. */
static bool same_secret(const char *given, const char *ours)
{
    char padded[GUARD_SECRET_SIZE] = {0};

    if (strlen(given) != GUARD_SECRET_SIZE - 1)
        return false;
    memcpy(padded, given, GUARD_SECRET_SIZE - 1);
    return sodium_memcmp(padded, ours, GUARD_SECRET_SIZE) == 0;
}

void guard_init(struct guard *g)
{
    *g = (struct guard){.wrong = 0};
    atomic_init(&g->open, false);
    pthread_mutex_init(&g->lock, NULL);
    make_secret(g->token);
    make_secret(g->key);
}

void guard_clear(struct guard *g)
{
    sodium_memzero(g->token, sizeof g->token);
    sodium_memzero(g->key, sizeof g->key);
    pthread_mutex_destroy(&g->lock);
}

void guard_serve(struct guard *g, uint16_t port)
{
    snprintf(g->host, sizeof g->host, "127.0.0.1:%u", (unsigned)port);
    snprintf(g->origin, sizeof g->origin, "http://%s", g->host);
}

void guard_open(struct guard *g)
{
    atomic_store(&g->open, true);
}

/* ---- where from ---- */

static bool is_one_of(const char *text, const char *a, const char *b)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

/* A person who comes to the page: the whole window goes there. */
static bool is_visit(const struct xg_request *request)
{
    const char *mode = xg_request_header(request, "Sec-Fetch-Mode");
    const char *dest = xg_request_header(request, "Sec-Fetch-Dest");

    return mode && dest && strcmp(mode, "navigate") == 0 &&
           strcmp(dest, "document") == 0;
}

bool guard_origin(struct guard *g, const struct xg_request *request,
                  bool is_page, struct xg_response *response)
{
    const char *host = xg_request_header(request, "Host");
    const char *origin = xg_request_header(request, "Origin");
    const char *site = xg_request_header(request, "Sec-Fetch-Site");

    if (!atomic_load(&g->open)) {
        xg_response_problem(response, 503, "starting",
                            XG_T("巡格正在启动，请稍候",
                                 "Xunge is starting; one moment"),
                            NULL);
        xg_response_header(response, "Retry-After", "1");
        return false;
    }
    if (!host || strcmp(host, g->host) != 0) {
        xg_response_problem(
            response, 403, "host",
            XG_T("这个地址不是本机的巡格；请重新打开“巡格”",
                 "this is not Xunge's own address; open Xunge again"),
            NULL);
        return false;
    }
    if ((!origin || strcmp(origin, g->origin) == 0) &&
        (!site || is_one_of(site, "same-origin", "none") ||
         (is_page && is_visit(request))))
        return true;
    xg_response_problem(response, 403, "origin",
                        XG_T("拒绝了别的网页发来的请求；请重新打开“巡格”",
                             "a request of another page was refused; open "
                             "Xunge again"),
                        NULL);
    return false;
}

/* ---- who ---- */

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A right one is never refused for the wrong ones of others. */
static void refuse(struct guard *g, struct xg_response *response)
{
    int64_t now = now_ms();

    pthread_mutex_lock(&g->lock);
    if (now - g->wrong_since_ms > 60 * 1000) {
        g->wrong_since_ms = now;
        g->wrong = 0;
    }
    bool often = ++g->wrong > GUARD_WRONG_MAX;
    pthread_mutex_unlock(&g->lock);
    if (often) {
        xg_response_problem(response, 429, "often",
                            XG_T("错误的钥匙太多；请一分钟后重新打开“巡格”",
                                 "too many wrong keys; open Xunge again in a "
                                 "minute"),
                            NULL);
        xg_response_header(response, "Retry-After", "60");
        return;
    }
    xg_response_problem(response, 401, "auth",
                        XG_T("这个窗口已失效（巡格重新启动过，或钥匙已用过）；"
                             "请重新打开“巡格”",
                             "this window is no longer let in (Xunge was "
                             "started anew, or the key was used); open Xunge "
                             "again"),
                        NULL);
    xg_response_header(response, "WWW-Authenticate", "Bearer");
}

bool guard_token(struct guard *g, const struct xg_request *request,
                 struct xg_response *response)
{
    const char *token = xg_request_bearer(request);

    if (!guard_origin(g, request, false, response))
        return false;
    if (token && same_secret(token, g->token))
        return true;
    refuse(g, response);
    return false;
}

bool guard_key(struct guard *g, const char *key, char next[GUARD_SECRET_SIZE],
               struct xg_response *response)
{
    pthread_mutex_lock(&g->lock);
    bool right = same_secret(key, g->key);
    if (right) {
        make_secret(g->key);
        memcpy(next, g->key, GUARD_SECRET_SIZE);
    }
    pthread_mutex_unlock(&g->lock);
    if (!right)
        refuse(g, response);
    return right;
}
