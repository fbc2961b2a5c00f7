/* http.c - a request's target and header lines: a path that is taken is clean,
 * and what goes back cannot forge a header line. */
#define _DEFAULT_SOURCE
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "shared/web/http.h"

static void nothing(void *ctx, const struct xg_request *request,
                    struct xg_response *response)
{
    (void)ctx;
    xg_response_header(response, "X-Rest", request->rest);
    xg_json_string(&response->body, request->path);
}

static const struct xg_route routes[] = {
    {"GET", "/v1/updates", 0, nothing, NULL},
    {"PUT", "/v1/batches/*", 1 << 20, nothing, NULL},
    {"GET", "/log/tile/*", 0, nothing, NULL},
    {"POST", "/*", 16, nothing, NULL},
};

static void must_be_clean(const struct xg_request *r)
{
    FUZZ_MUST(r->path[0] == '/');
    for (const char *at = r->path; *at; at++) {
        FUZZ_MUST(*at > 0x20 - 1 && *at < 0x7F && *at != '\\' && *at != '%');
        if (*at == '/')
            FUZZ_MUST(at[1] != '/' && strncmp(at, "/../", 4) != 0 &&
                      strcmp(at, "/..") != 0 && strcmp(at, "/.") != 0 &&
                      strncmp(at, "/./", 3) != 0);
    }
    FUZZ_MUST(r->query_count <= XG_HTTP_QUERY_MAX);
    for (size_t i = 0; i < r->query_count; i++)
        FUZZ_MUST(*r->query[i].name &&
                  xg_request_query(r, r->query[i].name) == r->query[i].value);
}

/* The first line is the target, the second the method, the others headers with
 * a colon. */
static size_t cut_lines(char *text, char **lines, size_t max)
{
    size_t count = 0;

    while (text && count < max)
        lines[count++] = strsep(&text, "\n");
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_http_field headers[XG_HTTP_HEADERS_MAX];
    struct xg_request r = {.headers = headers, .peer = "::1", .arena = &arena};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_response response;
    char *lines[XG_HTTP_HEADERS_MAX + 2];
    char *text = xg_arena_str(&arena, (const char *)data, size);
    size_t count = text ? cut_lines(text, lines, XG_HTTP_HEADERS_MAX + 2) : 0;

    if (count >= 2 && xg_request_target(&r, lines[0], &err) == XG_OK) {
        must_be_clean(&r);
        r.method = lines[1];
        for (size_t i = 2; i < count; i++) {
            char *value = lines[i];
            headers[r.header_count].name = strsep(&value, ":");
            headers[r.header_count++].value = value ? value : "";
        }
        const char *bearer = xg_request_bearer(&r);
        FUZZ_MUST(!bearer || xg_request_header(&r, "authorization"));
        xg_response_init(&response);
        xg_route_serve(routes, sizeof routes / sizeof *routes, NULL, &r,
                       &response);
        FUZZ_MUST(response.http_status >= 200 && response.http_status < 600);
        for (size_t i = 0; i < response.extra_count; i++)
            FUZZ_MUST(!strpbrk(response.extra[i].value, "\r\n"));
        xg_response_clear(&response);
    }
    xg_arena_clear(&arena);
    return 0;
}
