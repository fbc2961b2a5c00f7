/* guard.c - see guard.h. */
#include "server/console/guard.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "shared/base/lang.h"

/* "https://desk.example:7444/": what stands between the slashes. */
static size_t authority_of(const char **at, const char *url)
{
    const char *slashes = strstr(url, "://");

    *at = slashes ? slashes + 3 : url;
    return strcspn(*at, "/");
}

/* Without its port: "desk.example", "127.0.0.1", "[::1]". */
static bool host_of(char out[static GUARD_HOST_SIZE], const char *authority,
                    size_t len)
{
    const char *end = *authority == '[' ? memchr(authority, ']', len) : NULL;
    const char *colon =
        *authority == '[' ? NULL : memchr(authority, ':', len);
    size_t width = end     ? (size_t)(end + 1 - authority)
                   : colon ? (size_t)(colon - authority)
                           : len;

    if (width == 0 || width >= GUARD_HOST_SIZE ||
        (width < len && authority[width] != ':'))
        return false;
    for (size_t i = width + 1; i < len; i++)
        if (authority[i] < '0' || authority[i] > '9')
            return false; /* "127.0.0.1:1@evil" */
    memcpy(out, authority, width);
    out[width] = '\0';
    return true;
}

void guard_init(struct guard *g, bool plain, const char *url)
{
    const char *at;

    *g = (struct guard){.plain = plain};
    if (gethostname(g->machine, sizeof g->machine - 1) != 0)
        g->machine[0] = '\0';
    if (!url)
        return;
    size_t len = authority_of(&at, url);
    if (!host_of(g->named, at, len))
        g->named[0] = '\0';
    snprintf(g->origin, sizeof g->origin, "%.*s", (int)(at - url + (long)len),
             url);
}

static bool is_address(const char *host)
{
    char inside[INET6_ADDRSTRLEN + 1];
    struct in6_addr six;
    struct in_addr four;
    size_t len = strlen(host);

    if (host[0] != '[')
        return inet_pton(AF_INET, host, &four) == 1;
    if (len < 3 || len - 2 >= sizeof inside || host[len - 1] != ']')
        return false;
    memcpy(inside, host + 1, len - 2);
    inside[len - 2] = '\0';
    return inet_pton(AF_INET6, inside, &six) == 1;
}

static bool is_ours(const struct guard *g, const char *host)
{
    return is_address(host) || strcasecmp(host, "localhost") == 0 ||
           (*g->machine && strcasecmp(host, g->machine) == 0) ||
           (*g->named && strcasecmp(host, g->named) == 0);
}

/* The page's own: what it was called by, or the URL that was told. */
static bool is_own_origin(const struct guard *g, const char *origin,
                          const char *host)
{
    const char *scheme = g->plain ? "http://" : "https://";
    size_t len = strlen(scheme);

    return (strncmp(origin, scheme, len) == 0 &&
            strcasecmp(origin + len, host) == 0) ||
           (*g->origin && strcasecmp(origin, g->origin) == 0);
}

/* A person who comes to the page: the whole window goes there. */
static bool is_visit(const struct xg_request *request)
{
    const char *mode = xg_request_header(request, "Sec-Fetch-Mode");
    const char *dest = xg_request_header(request, "Sec-Fetch-Dest");

    return mode && dest && strcmp(mode, "navigate") == 0 &&
           strcmp(dest, "document") == 0;
}

bool guard_origin(const struct guard *g, const struct xg_request *request,
                  bool is_page, struct xg_response *response)
{
    const char *host = xg_request_header(request, "Host");
    const char *origin = xg_request_header(request, "Origin");
    const char *site = xg_request_header(request, "Sec-Fetch-Site");
    char name[GUARD_HOST_SIZE];

    if (!host || !host_of(name, host, strlen(host)) || !is_ours(g, name)) {
        xg_response_problem(
            response, 403, "host",
            XG_T("不认识这个地址；请用服务器的 IP 地址，或由管理员以 "
                 "--console-url 登记它",
                 "this name is not known here: use the server's address, or "
                 "have it told by --console-url"),
            NULL);
        return false;
    }
    if ((!origin || is_own_origin(g, origin, host)) &&
        (!site || strcmp(site, "same-origin") == 0 ||
         strcmp(site, "none") == 0 || (is_page && is_visit(request))))
        return true;
    xg_response_problem(response, 403, "origin",
                        XG_T("拒绝了别的网页发来的请求；请从书签重新打开",
                             "a request of another page was refused; open "
                             "this one from its bookmark"),
                        NULL);
    return false;
}
