/* http.c - see http.h. */
#include "shared/web/http.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "shared/base/lang.h"

static const char *field_get(const struct xg_http_field *fields, size_t count,
                             const char *name,
                             int (*compare)(const char *, const char *))
{
    for (size_t i = 0; i < count; i++)
        if (compare(fields[i].name, name) == 0)
            return fields[i].value;
    return NULL;
}

const char *xg_request_query(const struct xg_request *request, const char *name)
{
    return field_get(request->query, request->query_count, name, strcmp);
}

const char *xg_request_header(const struct xg_request *request,
                              const char *name)
{
    return field_get(request->headers, request->header_count, name, strcasecmp);
}

const char *xg_request_bearer(const struct xg_request *request)
{
    const char *value = xg_request_header(request, "Authorization");

    if (!value || strncasecmp(value, "Bearer ", 7) != 0)
        return NULL;
    value += 7;
    while (*value == ' ')
        value++;
    return *value ? value : NULL;
}

enum xg_wait xg_reader_wait(const struct xg_reader *reader, int fd,
                            int timeout_ms)
{
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    int n;

    if (reader)
        return reader->wait(reader->ctx, fd, timeout_ms);
    do
        n = poll(&polled, 1, timeout_ms);
    while (n < 0 && errno == EINTR);
    return n > 0 ? XG_WAIT_READY : XG_WAIT_TIME;
}

/* --- UTF-8 and JSON --- */

/* Bytes of the valid UTF-8 sequence that `at` begins with, or 0. */
static size_t utf8_len(const unsigned char *at)
{
    static const struct {
        unsigned char mask, lead, least; /* least: of the second byte */
        unsigned char most;
    } form[] = {
        {0x80, 0x00, 0, 0},
        {0xe0, 0xc0, 0x80, 0xbf},
        {0xf0, 0xe0, 0x80, 0xbf},
        {0xf8, 0xf0, 0x80, 0xbf},
    };
    size_t n = 0;

    while (n < 4 && (at[0] & form[n].mask) != form[n].lead)
        n++;
    if (n == 4)
        return 0;
    if (n == 0)
        return 1;

    unsigned char least = form[n].least, most = form[n].most;
    if (at[0] == 0xe0)
        least = 0xa0; /* overlong */
    else if (at[0] == 0xed)
        most = 0x9f; /* surrogate */
    else if (at[0] == 0xf0)
        least = 0x90; /* overlong */
    else if (at[0] == 0xf4)
        most = 0x8f; /* over U+10FFFF */
    if (at[0] < 0xc2 || at[0] > 0xf4 || at[1] < least || at[1] > most)
        return 0;
    for (size_t i = 2; i <= n; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return n + 1;
}

static bool utf8_valid(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    while (*at) {
        size_t n = utf8_len(at);
        if (n == 0)
            return false;
        at += n;
    }
    return true;
}

void xg_json_string(struct xg_buf *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    xg_buf_byte(out, '"');
    while (*at) {
        size_t n = utf8_len(at);
        if (*at == '"' || *at == '\\') {
            xg_buf_byte(out, '\\');
            xg_buf_byte(out, *at);
        } else if (*at < 0x20 || *at == 0x7f) {
            xg_buf_format(out, "\\u%04x", *at);
        } else if (n == 0) {
            xg_buf_text(out, "\xef\xbf\xbd");
            n = 1;
        } else {
            xg_buf_append(out, at, n);
        }
        at += n;
    }
    xg_buf_text(out, "\"");
}

/* --- responses --- */

void xg_response_init(struct xg_response *response)
{
    *response = (struct xg_response){
        .http_status = 200, .body = XG_BUF(XG_HTTP_BODY_MAX), .file_fd = -1};
}

void xg_response_clear(struct xg_response *response)
{
    xg_buf_clear(&response->body);
    if (response->file_fd >= 0)
        close(response->file_fd);
    if (response->flow)
        response->flow->close(response->flow_state);
    if (response->over)
        response->over(response->over_state);
    xg_response_init(response);
}

void xg_response_when_over(struct xg_response *response,
                           void (*over)(void *state), void *state)
{
    if (response->over)
        response->over(response->over_state);
    response->over = over;
    response->over_state = state;
}

/* Copy into the response's own room; NULL when it is used up or the text
 * could end its line. */
static const char *extra_copy(struct xg_response *response, const char *text)
{
    size_t size = strlen(text) + 1;

    if (size > sizeof response->extra_text - response->extra_used)
        return NULL;
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return NULL;

    char *copy = response->extra_text + response->extra_used;
    memcpy(copy, text, size);
    response->extra_used += size;
    return copy;
}

void xg_response_header(struct xg_response *response, const char *name,
                        const char *value)
{
    if (response->extra_count == XG_HTTP_EXTRA_MAX) {
        response->broken = true;
        return;
    }
    struct xg_http_field field = {extra_copy(response, name),
                             extra_copy(response, value)};
    if (!field.name || !field.value)
        response->broken = true;
    else
        response->extra[response->extra_count++] = field;
}

void xg_response_file(struct xg_response *response, int fd, uint64_t offset,
                      uint64_t len)
{
    if (response->file_fd >= 0)
        close(response->file_fd);
    response->file_fd = fd;
    response->file_offset = offset;
    response->file_bytes = len;
}

void xg_response_flow(struct xg_response *response, const struct xg_flow *flow,
                      void *state)
{
    if (response->flow)
        response->flow->close(response->flow_state);
    response->flow = flow;
    response->flow_state = state;
}

void xg_response_problem(struct xg_response *response, int http_status,
                         const char *code, const char *title,
                         const char *detail)
{
    struct xg_buf *b = &response->body;

    xg_response_clear(response);
    response->http_status = http_status;
    response->content_type = "application/problem+json";
    xg_buf_text(b, "{\"type\":\"about:blank\",\"title\":");
    xg_json_string(b, title);
    xg_buf_format(b, ",\"status\":%d,\"code\":", http_status);
    xg_json_string(b, code);
    if (detail) {
        xg_buf_text(b, ",\"detail\":");
        xg_json_string(b, detail);
    }
    xg_buf_text(b, "}\n");
}

bool xg_request_must_be_json(const struct xg_request *request,
                             struct xg_response *response)
{
    const char *type = xg_request_header(request, "Content-Type");

    if (type && strncmp(type, "application/json", 16) == 0 &&
        (type[16] == '\0' || type[16] == ';'))
        return true;
    xg_response_problem(response, 415, "type",
                        XG_T("请求的内容不是 JSON", "the body is no JSON"),
                        NULL);
    return false;
}

void xg_response_fail(struct xg_response *response, const struct xg_error *err)
{
    int http_status = xg_status_http(err->status);

    xg_response_problem(response, http_status, xg_status_name(err->status),
                        xg_error_text(err), NULL);
    if (http_status == 503)
        xg_response_header(response, "Retry-After", "5");
    else if (http_status == 507)
        xg_response_header(response, "Retry-After", "600");
}

/* --- routes --- */

/* How well the pattern fits: 0 not at all, more for more; *rest as told. */
static size_t route_fit(const char *pattern, const char *path,
                        const char **rest)
{
    size_t len = strlen(pattern);

    if (strcmp(pattern, path) == 0) {
        *rest = "";
        return SIZE_MAX;
    }
    if (len == 0 || pattern[len - 1] != '*' ||
        strncmp(pattern, path, len - 1) != 0 || !path[len - 1])
        return 0;
    *rest = path + len - 1;
    return len;
}

static void refuse_route(const struct xg_route *routes, size_t count,
                         const struct xg_request *request,
                         struct xg_response *response)
{
    struct xg_buf allow = XG_BUF(256);
    const char *rest;

    for (size_t i = 0; i < count; i++) {
        if (route_fit(routes[i].path, request->path, &rest) == 0 ||
            strstr(xg_buf_str(&allow), routes[i].method))
            continue;
        xg_buf_format(&allow, "%s%s%s", allow.len ? ", " : "", routes[i].method,
                      strcmp(routes[i].method, "GET") == 0 ? ", HEAD" : "");
    }

    if (allow.len == 0) {
        xg_response_problem(response, 404, "not-found",
                            XG_T("没有这个地址", "no such address"), NULL);
    } else {
        xg_response_problem(response, 405, "method",
                            XG_T("这个地址不接受此方法",
                                 "the address does not take this method"),
                            NULL);
        xg_response_header(response, "Allow", xg_buf_str(&allow));
    }
    xg_buf_clear(&allow);
}

const struct xg_route *xg_route_find(const struct xg_route *routes,
                                     size_t count, struct xg_request *request,
                                     struct xg_response *response)
{
    const struct xg_route *best = NULL;
    size_t best_fit = 0;

    if (strcmp(request->method, "HEAD") == 0)
        request->method = "GET";
    for (size_t i = 0; i < count; i++) {
        const char *rest;
        if (strcmp(routes[i].method, request->method) != 0)
            continue;
        size_t fit = route_fit(routes[i].path, request->path, &rest);
        if (fit > best_fit) {
            best = &routes[i];
            best_fit = fit;
            request->rest = rest;
        }
    }
    if (!best)
        refuse_route(routes, count, request, response);
    return best;
}

/* What cannot be sent becomes a 500. */
static void make_fit(struct xg_response *response)
{
    if (response->broken || response->body.failed != XG_OK ||
        response->http_status < 200 || response->http_status > 599)
        xg_response_problem(response, 500, "answer",
                            XG_T("答复无法发送，请告知管理员",
                                 "the answer cannot be sent; "
                                 "tell the administrator"),
                            NULL);
}

void xg_route_call(const struct xg_route *route, void *ctx,
                   const struct xg_request *request,
                   struct xg_response *response)
{
    route->handler(ctx, request, response);
    make_fit(response);
}

void *xg_route_open(const struct xg_route *route, void *ctx,
                    const struct xg_request *request, uint64_t length,
                    struct xg_response *response)
{
    void *stream = route->stream->open(ctx, request, length, response);

    if (!stream)
        make_fit(response);
    return stream;
}

void xg_route_close(const struct xg_route *route, void *ctx, void *stream,
                    bool whole, const struct xg_request *request,
                    struct xg_response *response)
{
    route->stream->close(ctx, stream, whole, request, response);
    make_fit(response);
}

static void serve_stream(const struct xg_route *route, void *ctx,
                         struct xg_request *request,
                         struct xg_response *response)
{
    struct xg_bytes body = request->body;

    request->body = xg_bytes(NULL, 0);
    void *stream = xg_route_open(route, ctx, request, body.len, response);
    if (!stream)
        return;
    bool whole = body.len == 0 || route->stream->take(ctx, stream, body);
    xg_route_close(route, ctx, stream, whole, request, response);
}

void xg_route_serve(const struct xg_route *routes, size_t count, void *ctx,
                    struct xg_request *request, struct xg_response *response)
{
    const struct xg_route *route =
        xg_route_find(routes, count, request, response);

    if (!route)
        return;
    if (request->body.len > route->body_max)
        xg_response_problem(response, 413, "too-big",
                            XG_T("内容过大", "the body is too big"), NULL);
    else if (route->stream)
        serve_stream(route, ctx, request, response);
    else
        xg_route_call(route, ctx, request, response);
}

/* --- the request's target --- */

/* Decode into `out` (which has room for `len` + 1). `ok` judges what stands
 * there: a byte as sent, or one that an escape stands for. `plus` is what a
 * '+' as sent becomes. */
static bool percent_decode(char *out, const char *text, size_t len, char plus,
                           bool (*ok)(unsigned char byte, bool escaped))
{
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = (uint8_t)text[i];
        bool escaped = byte == '%';
        if (escaped) {
            if (len - i < 3 || !xg_unhex(&byte, 1, text + i + 1, 2))
                return false;
            i += 2;
        }
        if (!ok(byte, escaped))
            return false;
        *out++ = byte == '+' && !escaped ? plus : (char)byte;
    }
    *out = '\0';
    return true;
}

static bool path_byte(unsigned char byte, bool escaped)
{
    if (byte < 0x20 || byte > 0x7e || byte == '\\' || byte == '%')
        return false;
    if (escaped)
        return byte != '/';
    return !strchr(" \"#<>?[]^`{|}", byte);
}

static bool query_byte(unsigned char byte, bool escaped)
{
    return escaped ? byte != 0 : byte > 0x20 && byte < 0x7f && byte != '#';
}

/* No segment is "." or "..", and none is empty but the last. */
static bool path_clean(const char *path)
{
    if (*path != '/')
        return false;
    while (*path) {
        path++; /* the slash */
        size_t len = strcspn(path, "/");
        if (len == 0 && path[0] == '/')
            return false;
        if ((len == 1 && path[0] == '.') ||
            (len == 2 && path[0] == '.' && path[1] == '.'))
            return false;
        path += len;
    }
    return true;
}

/* One "name=value". *field is set when it is well formed. */
static enum xg_status query_field(struct xg_http_field *field,
                                  struct xg_arena *arena, const char *text,
                                  size_t len, struct xg_error *err)
{
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals ? (size_t)(equals - text) : len;
    size_t value_at = equals ? name_len + 1 : len;
    char *name = xg_arena_alloc(arena, name_len + 1);
    char *value = xg_arena_alloc(arena, len - value_at + 1);
    if (!name || !value)
        return xg_fail_nomem(err);
    if (!percent_decode(name, text, name_len, ' ', query_byte) ||
        !percent_decode(value, text + value_at, len - value_at, ' ',
                        query_byte) ||
        !utf8_valid(name) || !utf8_valid(value) || !*name)
        return xg_fail(err, XG_FORMAT, "a malformed query parameter");
    *field = (struct xg_http_field){name, value};
    return XG_OK;
}

static enum xg_status query_parse(struct xg_request *request, const char *query,
                                  struct xg_error *err)
{
    struct xg_http_field *fields =
        xg_arena_array(request->arena, XG_HTTP_QUERY_MAX, sizeof *fields);
    size_t count = 0;

    if (!fields)
        return xg_fail_nomem(err);
    while (*query) {
        size_t len = strcspn(query, "&");
        if (len) {
            if (count == XG_HTTP_QUERY_MAX)
                return xg_fail(err, XG_FORMAT, "more than %d parameters",
                               XG_HTTP_QUERY_MAX);
            if (query_field(&fields[count], request->arena, query, len, err))
                return err->status;
            if (field_get(fields, count, fields[count].name, strcmp))
                return xg_fail(err, XG_FORMAT, "a parameter twice");
            count++;
        }
        query += len + (query[len] == '&');
    }
    request->query = fields;
    request->query_count = count;
    return XG_OK;
}

enum xg_status xg_request_target(struct xg_request *request, const char *target,
                                 struct xg_error *err)
{
    size_t len = strlen(target), path_len = strcspn(target, "?");

    if (len > XG_HTTP_PATH_MAX)
        return xg_fail(err, XG_TOOBIG, "a target over %d bytes",
                       XG_HTTP_PATH_MAX);
    char *path = xg_arena_alloc(request->arena, path_len + 1);
    if (!path)
        return xg_fail_nomem(err);
    if (!percent_decode(path, target, path_len, '+', path_byte) ||
        !path_clean(path))
        return xg_fail(err, XG_FORMAT, "a malformed path");
    if (target[path_len] == '?' &&
        query_parse(request, target + path_len + 1, err) != XG_OK)
        return err->status;
    request->path = path;
    return XG_OK;
}
