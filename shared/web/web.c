/* web.c - see web.h. The only file that knows libmicrohttpd.
 *
 * Debian's 0.9.75, its source read, makes these guards necessary:
 *   - it takes the first of several Content-Lengths, and ignores one beside
 *     Transfer-Encoding: begin_framing();
 *   - it joins a folded header line to the *name* of the header before, and
 *     lets blanks stand before the colon: header_sound();
 *   - it cuts a request line and a header line at a NUL, and takes a line that
 *     begins with one for the end of the headers: target_whole(),
 *     lines_follow();
 *   - it writes the end of a chunked body after HEAD: answer();
 *   - at its own connection limit it stops accepting, whoever waits, and its
 *     own timeout counts from the last byte, so that a drip never ends: hence
 *     gate.h, and accepting here;
 *   - suspended connections can starve others (fixed in 1.0.3): hence a
 *     thread a connection, and none is ever suspended.
 * It calls back, for one connection, from one thread: log_target() at the
 * request line, serve() at the end of the headers, serve() for each piece of a
 * body, serve() at its end, completed(). In this mode the descriptor is closed
 * after connected(..CLOSED), never by the connection's own thread.
 */
#define _GNU_SOURCE /* POLLRDHUP */
#include "shared/web/web.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/web/gate.h"
#include "shared/web/tls.h"

enum {
    STACK_BYTES = 512 << 10,
    CONNECTION_BYTES = 32 << 10, /* the library's buffer of a connection */
    BLOCK_BYTES = 32 << 10,      /* of a large answer */
    BACKLOG = 1024,
    ACCEPT_RUN = 64, /* accepted between two looks at the clock */
    FLOW_BYTES = 16 << 10,
    FLOW_LOOK_MS = 500, /* a sleeping flow looks so often whether we stop */
};

/* TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers only. */
static const char tls_priorities[] =
    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:"
    "-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:+CHACHA20-POLY1305:"
    "%SERVER_PRECEDENCE";

struct xg_web {
    const struct xg_route *routes;
    size_t route_count;
    void *ctx;
    size_t arena_bytes;
    struct MHD_Daemon *daemon;
    struct gate gate;
    pthread_t accepter;
    int listen_fd, wake[2]; /* wake: closed at [1] to end the accepter */
    uint16_t port;
    pthread_mutex_t lock;
    uint64_t requests;
    unsigned library_idle_s;
    bool stopping;
};

/* One request, from its request line to the end of its answer. */
struct exchange {
    struct xg_web *web;
    struct gate_seat *seat;
    const char *target;   /* a copy, at most one byte over XG_HTTP_PATH_MAX */
    uintptr_t target_end; /* where it ended in the library's buffer */
    struct xg_arena arena;
    struct xg_request request;
    struct xg_response response;
    struct xg_buf body;
    const struct xg_route *route; /* NULL: refused, the response says why */
    void *stream;                 /* of the route, while it is open */
    uint64_t streamed;
    bool begun, head; /* head: HEAD was asked */
    bool chunked, expects;
    uint64_t length;  /* announced; 0 when chunked */
    uint64_t drained, drain_max; /* of a body that is refused */
    bool close;       /* after the answer */
    struct xg_reader reader;
};

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool stopping(struct xg_web *web)
{
    pthread_mutex_lock(&web->lock);
    bool is = web->stopping;
    pthread_mutex_unlock(&web->lock);
    return is;
}

/* --- headers --- */

static bool token_byte(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* A header as RFC 9112 wants it. The library keeps a line where it came in,
 * so between name and value lie a colon (by now a NUL) and blanks; anything
 * else means that a folded line was joined to the name. */
static bool header_sound(const char *name, const char *value)
{
    const char *c = name;

    while (token_byte((unsigned char)*c))
        c++;
    if (c == name || *c)
        return false;
    uintptr_t gap_at = (uintptr_t)c + 1, value_at = (uintptr_t)value;
    if (value_at < gap_at || value_at - gap_at > CONNECTION_BYTES)
        return false;
    for (c++; c < value; c++)
        if (*c != ' ' && *c != '\t')
            return false;
    for (c = value; *c; c++)
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f)
            return false;
    return true;
}

/* What two readers might take differently when it stands there twice. */
static bool header_single(const char *name)
{
    static const char *const names[] = {
        "Authorization", "Content-Encoding", "Content-Length",
        "Content-Type",  "Cookie",           "Expect",
        "Host",          "If-Range",         "Origin",
        "Range",         "Transfer-Encoding"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return strncasecmp(name, "Xunge-", 6) == 0 ||
           strncasecmp(name, "Upload-", 7) == 0 ||
           strncasecmp(name, "Tus-", 4) == 0;
}

/* From where the text of a line ends to where the next begins: its end, which
 * the library made NULs, and nothing that a NUL hid. */
static bool lines_follow(uintptr_t end, uintptr_t next, unsigned lines)
{
    enum { LF = 1, CRLF = 2 };

    return next >= end + lines * LF && next <= end + lines * CRLF;
}

struct header_list {
    struct xg_http_field *fields;
    size_t count;
    uintptr_t end; /* of the line before, in the library's buffer */
    bool too_many, unsound;
};

static enum MHD_Result collect_header(void *ctx, enum MHD_ValueKind kind,
                                      const char *name, const char *value)
{
    struct header_list *list = ctx;

    (void)kind;
    if (!value)
        value = "";
    if (list->count == XG_HTTP_HEADERS_MAX) {
        list->too_many = true;
        return MHD_NO;
    }
    if (!header_sound(name, value) ||
        !lines_follow(list->end, (uintptr_t)name, 1))
        list->unsound = true;
    list->end = (uintptr_t)value + strlen(value);
    for (size_t i = 0; i < list->count && header_single(name); i++)
        if (strcasecmp(list->fields[i].name, name) == 0)
            list->unsound = true;
    list->fields[list->count++] = (struct xg_http_field){name, value};
    return MHD_YES;
}

/* Sleep for a handler or a flow, and watch the reader. Nothing more is read from the
 * connection before the answer's end, so that something to be read there is no
 * sign of anything; only its end is. */
static enum xg_wait wait_for(void *ctx, int fd, int timeout_ms)
{
    struct exchange *x = ctx;
    int64_t until_ms = now_ms() + timeout_ms;
    struct pollfd polls[2] = {{.fd = x->seat->fd, .events = POLLRDHUP},
                              {.fd = fd, .events = POLLIN}};

    for (;;) {
        int64_t left_ms = timeout_ms < 0 ? FLOW_LOOK_MS : until_ms - now_ms();
        bool last = left_ms <= FLOW_LOOK_MS && timeout_ms >= 0;
        if (left_ms < 0)
            left_ms = 0;
        int n = poll(polls, 2, (int)(last ? left_ms : FLOW_LOOK_MS));
        if ((n > 0 && polls[0].revents) || stopping(x->web))
            return XG_WAIT_GONE;
        if (n > 0 && polls[1].revents)
            return XG_WAIT_READY;
        if (n == 0 && last)
            return XG_WAIT_TIME;
    }
}

/* --- the beginning of a request --- */

/* Answer with a problem. `close` where the next bytes cannot be trusted to be
 * a request. */
static void refuse(struct exchange *x, int http_status, const char *code,
                   const char *title, bool close)
{
    xg_response_problem(&x->response, http_status, code, title, NULL);
    x->route = NULL;
    x->close = x->close || close;
}

static void refuse_malformed(struct exchange *x)
{
    refuse(x, 400, "malformed",
           XG_T("请求格式有误", "the request is malformed"), true);
}

/* After the last one comes the empty line, and that is all of it. */
static bool headers_whole(const struct exchange *x,
                          const struct header_list *list,
                          struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        c, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return info && lines_follow(list->end,
                                (uintptr_t)x->request.method +
                                    info->header_size,
                                2);
}

static bool begin_headers(struct exchange *x, struct MHD_Connection *c,
                          const char *version)
{
    struct header_list list = {
        .fields = xg_arena_array(&x->arena, XG_HTTP_HEADERS_MAX,
                                 sizeof(struct xg_http_field)),
        .end = (uintptr_t)version + strlen(version)};

    if (!list.fields) {
        refuse(x, 503, "no-memory", XG_T("服务器繁忙", "the server is busy"),
               true);
        return false;
    }
    MHD_get_connection_values(c, MHD_HEADER_KIND, collect_header, &list);
    if (list.too_many) {
        refuse(x, 431, "too-big", XG_T("请求头过多", "too many headers"), true);
        return false;
    }
    if (list.unsound || !headers_whole(x, &list, c)) {
        refuse_malformed(x);
        return false;
    }
    x->request.headers = list.fields;
    x->request.header_count = list.count;
    return true;
}

/* How the body is delimited. The library has its own opinion already; what
 * passes here leaves only one. */
static bool begin_framing(struct exchange *x, const char *version)
{
    const char *length = xg_request_header(&x->request, "Content-Length");
    const char *coding = xg_request_header(&x->request, "Transfer-Encoding");
    const char *expect = xg_request_header(&x->request, "Expect");
    bool http11 = strcmp(version, "HTTP/1.1") == 0;

    x->expects = expect != NULL;
    if ((http11 && !xg_request_header(&x->request, "Host")) ||
        (coding && (length || !http11))) {
        refuse_malformed(x);
        return false;
    }
    if (coding && strcasecmp(coding, "chunked") != 0) {
        refuse(x, 501, "coding",
               XG_T("不支持这种传输编码", "an unknown transfer coding"), true);
        return false;
    }
    if (expect && strcasecmp(expect, "100-continue") != 0) {
        refuse(x, 417, "expect",
               XG_T("不支持的 Expect", "an unknown expectation"), true);
        return false;
    }
    x->chunked = coding != NULL;
    if (length) {
        size_t digits = strspn(length, "0123456789");
        if (digits == 0 || digits > 18 || length[digits]) {
            refuse_malformed(x);
            return false;
        }
        x->length = strtoull(length, NULL, 10);
    }
    return true;
}

static bool begin_route(struct exchange *x)
{
    struct xg_error err = XG_ERROR_NONE;

    if (xg_request_target(&x->request, x->target, &err) != XG_OK) {
        int http_status = err.status == XG_TOOBIG  ? 414
                          : err.status == XG_NOMEM ? 503
                                                   : 400;
        refuse(x, http_status, "target",
               XG_T("地址格式有误", "the address is malformed"), false);
        return false;
    }
    x->route = xg_route_find(x->web->routes, x->web->route_count, &x->request,
                             &x->response);
    if (!x->route)
        return false;
    if (x->length > x->route->body_max) {
        refuse(x, 413, "too-big", XG_T("内容过大", "the body is too big"),
               false);
        return false;
    }
    if (x->route->body_max > 0 && !x->route->stream && !x->chunked &&
        !xg_request_header(&x->request, "Content-Length") &&
        strcmp(x->request.method, "GET") != 0 &&
        strcmp(x->request.method, "DELETE") != 0) {
        refuse(x, 411, "length",
               XG_T("请求没有说明长度", "the request states no length"), true);
        return false;
    }
    return true;
}

/* The line had no NUL: what the callback saw as text ends at the version. */
static bool target_whole(const struct exchange *x, const char *version)
{
    return x->target_end + 1 == (uintptr_t)version;
}

static void begin(struct exchange *x, struct MHD_Connection *c,
                  const char *method, const char *version)
{
    x->begun = true;
    x->drain_max = XG_WEB_DRAIN_BYTES;
    x->request.method = method;
    x->head = strcmp(method, "HEAD") == 0;
    x->request.path = x->request.rest = "";
    x->request.peer = x->seat->peer;
    x->request.arena = &x->arena;
    x->reader = (struct xg_reader){x, wait_for};
    x->request.reader = &x->reader;
    if (!x->target || !target_whole(x, version)) {
        refuse_malformed(x);
        return;
    }
    if (begin_headers(x, c, version) && begin_framing(x, version))
        (void)begin_route(x);
}

/* --- streams --- */

static void open_stream(struct exchange *x)
{
    gate_turn(&x->web->gate, x->seat, GATE_WORK, now_ms());
    x->drain_max = XG_WEB_DRAIN_STREAM_BYTES;
    x->stream = xg_route_open(x->route, x->web->ctx, &x->request,
                              x->chunked ? UINT64_MAX : x->length,
                              &x->response);
    if (!x->stream)
        x->route = NULL;
}

static void close_stream(struct exchange *x, bool whole)
{
    gate_turn(&x->web->gate, x->seat, GATE_WORK, now_ms());
    xg_route_close(x->route, x->web->ctx, x->stream, whole, &x->request,
                   &x->response);
    x->stream = NULL;
}

/* The stream wants no more, or gets no more: what follows of the body is of no
 * use, and the connection neither. */
static void break_stream(struct exchange *x)
{
    close_stream(x, false);
    x->route = NULL;
    x->close = true;
    gate_turn(&x->web->gate, x->seat, GATE_BODY, now_ms());
}

/* --- the answer --- */

/* A piece of a flow. While it is waited for, the reader owes nothing. */
static ssize_t read_flow(void *ctx, uint64_t at, char *out, size_t max)
{
    struct exchange *x = ctx;

    (void)at;
    gate_turn(&x->web->gate, x->seat, GATE_WORK, now_ms());
    ssize_t n = x->response.flow->next(x->response.flow_state, &x->reader,
                                       (uint8_t *)out, max);
    gate_turn(&x->web->gate, x->seat, GATE_REPLY, now_ms());
    return n > 0    ? n
           : n == 0 ? MHD_CONTENT_READER_END_OF_STREAM
                    : MHD_CONTENT_READER_END_WITH_ERROR;
}

/* A piece of a large answer, and the sign that the reader still reads. */
static ssize_t read_answer(void *ctx, uint64_t at, char *out, size_t max)
{
    struct exchange *x = ctx;
    const struct xg_response *r = &x->response;
    ssize_t n;

    if (r->file_fd >= 0) {
        uint64_t left = r->file_bytes - at;
        do
            n = pread(r->file_fd, out, left < max ? (size_t)left : max,
                      (off_t)(r->file_offset + at));
        while (n < 0 && errno == EINTR);
        if (n <= 0)
            return MHD_CONTENT_READER_END_WITH_ERROR;
    } else {
        size_t left = r->body.len - (size_t)at;
        n = (ssize_t)(left < max ? left : max);
        memcpy(out, r->body.data + at, (size_t)n);
    }
    gate_moved(&x->web->gate, x->seat, (size_t)n, now_ms());
    return n;
}

static void add_headers(struct MHD_Response *out, const struct exchange *x)
{
    static const char *const cache[] = {
        [XG_CACHE_NEVER] = "no-store",
        [XG_CACHE_ASK] = "no-cache",
        [XG_CACHE_FOREVER] = "public, max-age=31536000, immutable",
        [XG_CACHE_PRIVATE] = "private, max-age=31536000, immutable",
    };
    const struct xg_response *r = &x->response;
    const char *method = x->request.method;

    if (r->content_type)
        MHD_add_response_header(out, "Content-Type", r->content_type);
    /* What nobody may keep anyhow, or take for a page, does not say so: a
     * handheld pays for each byte. */
    if (r->cache != XG_CACHE_NEVER || strcmp(method, "GET") == 0 ||
        strcmp(method, "HEAD") == 0)
        MHD_add_response_header(out, "Cache-Control", cache[r->cache]);
    if (!r->terse && (!r->content_type ||
                      strcmp(r->content_type, "application/octet-stream") != 0))
        MHD_add_response_header(out, "X-Content-Type-Options", "nosniff");
    for (size_t i = 0; i < r->extra_count; i++)
        MHD_add_response_header(out, r->extra[i].name, r->extra[i].value);
    if (x->close || stopping(x->web))
        MHD_add_response_header(out, "Connection", "close");
}

/* A flow has a seat to itself for as long as it likes, so that not everybody
 * gets one. The library's own clock does not know that it waits for us. */
static void begin_flow(struct exchange *x, struct MHD_Connection *c)
{
    if (gate_flow(&x->web->gate, x->seat)) {
        MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
        return;
    }
    xg_response_problem(&x->response, 503, "busy",
                        XG_T("同时看着的太多了，请稍后再试",
                             "too many are reading on; try again later"),
                        NULL);
    xg_response_header(&x->response, "Retry-After", "5");
}

static enum MHD_Result answer(struct exchange *x, struct MHD_Connection *c)
{
    const struct xg_response *r = &x->response;
    struct MHD_Response *out;

    /* The library ends a flow with an empty chunk after HEAD too, which has no
     * body: so it has none of it. */
    if (r->flow && x->head)
        xg_response_flow(&x->response, NULL, NULL);
    if (r->flow)
        begin_flow(x, c);
    uint64_t size = r->file_fd >= 0 ? r->file_bytes : r->body.len;
    /* The body is ours until completed(), which comes after the last use. */
    if (r->flow)
        out = MHD_create_response_from_callback(
            MHD_SIZE_UNKNOWN, FLOW_BYTES, read_flow, x, NULL);
    else if (r->file_fd < 0 && size <= BLOCK_BYTES)
        out = MHD_create_response_from_buffer((size_t)size, r->body.data,
                                              MHD_RESPMEM_PERSISTENT);
    else
        out = MHD_create_response_from_callback(size, BLOCK_BYTES, read_answer,
                                                x, NULL);
    if (!out)
        return MHD_NO;
    add_headers(out, x);
    gate_turn(&x->web->gate, x->seat, GATE_REPLY, now_ms());
    enum MHD_Result queued =
        MHD_queue_response(c, (unsigned)r->http_status, out);
    MHD_destroy_response(out);
    return queued;
}

static enum MHD_Result finish(struct exchange *x, struct MHD_Connection *c)
{
    if (x->stream) {
        close_stream(x, true);
    } else if (x->route) {
        gate_turn(&x->web->gate, x->seat, GATE_WORK, now_ms());
        x->request.body = xg_buf_bytes(&x->body);
        xg_route_call(x->route, x->web->ctx, &x->request, &x->response);
        xg_buf_clear(&x->body);
        gate_give(&x->web->gate, x->seat);
    }
    return answer(x, c);
}

/* --- what the library calls --- */

static struct gate_seat *seat_of(struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info ? info->socket_context : NULL;
}

static void connected(void *ctx, struct MHD_Connection *c, void **seat,
                      enum MHD_ConnectionNotificationCode code)
{
    struct xg_web *web = ctx;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
        *seat = info ? gate_started(&web->gate, info->connect_fd) : NULL;
    } else if (*seat) {
        gate_leave(&web->gate, *seat);
        *seat = NULL;
    }
}

static void *log_target(void *ctx, const char *target, struct MHD_Connection *c)
{
    struct xg_web *web = ctx;
    struct gate_seat *seat = seat_of(c);
    struct exchange *x = seat ? calloc(1, sizeof *x) : NULL;

    if (!x)
        return NULL;
    x->web = web;
    x->seat = seat;
    x->arena = XG_ARENA(web->arena_bytes);
    xg_response_init(&x->response);
    if (target) { /* copied, for the library cuts it at its '?' next */
        size_t len = strlen(target);
        x->target_end = (uintptr_t)target + len;
        x->target =
            xg_arena_str(&x->arena, target,
                         len > XG_HTTP_PATH_MAX ? XG_HTTP_PATH_MAX + 1 : len);
    }
    return x;
}

/* Leave the target as it came: it was copied, and is decoded by http.c. */
static size_t keep_escapes(void *ctx, struct MHD_Connection *c, char *text)
{
    (void)ctx;
    (void)c;
    return strlen(text);
}

static void completed(void *ctx, struct MHD_Connection *c, void **request,
                      enum MHD_RequestTerminationCode code)
{
    struct xg_web *web = ctx;
    struct exchange *x = *request;

    (void)code;
    if (!x)
        return;
    *request = NULL;
    if (x->stream)
        close_stream(x, false);
    if (x->response.flow) {
        gate_turn(&web->gate, x->seat, GATE_WORK, now_ms());
        MHD_set_connection_option(c, MHD_CONNECTION_OPTION_TIMEOUT,
                                  web->library_idle_s);
    }
    xg_response_clear(&x->response);
    gate_give(&web->gate, x->seat);
    gate_turn(&web->gate, x->seat, GATE_IDLE, now_ms());
    xg_buf_clear(&x->body);
    xg_arena_clear(&x->arena);
    free(x);
    pthread_mutex_lock(&web->lock);
    web->requests++;
    pthread_mutex_unlock(&web->lock);
}

/* After the headers: wait for the body, or answer at once. A small body of a
 * refused request is read all the same, since a sender that is cut off amid
 * its sending may never see the answer. */
static enum MHD_Result after_headers(struct exchange *x,
                                     struct MHD_Connection *c)
{
    bool pending = x->chunked || x->length > 0;

    if (x->route && x->route->stream)
        open_stream(x);
    if (!x->route &&
        (x->close || (pending && x->expects) || x->length > x->drain_max))
        return answer(x, c);
    if (pending) {
        if (x->route && !x->stream)
            x->body = XG_BUF(x->route->body_max);
        gate_turn(&x->web->gate, x->seat, GATE_BODY, now_ms());
    }
    return MHD_YES;
}

static void refuse_length(struct exchange *x)
{
    refuse(x, 413, "too-big", XG_T("内容过大", "the body is too big"), true);
}

static void take_stream(struct exchange *x, const char *data, size_t len)
{
    bool fits = len <= x->route->body_max - x->streamed;

    if (fits && x->route->stream->take(x->web->ctx, x->stream,
                                       xg_bytes(data, len))) {
        x->streamed += len;
        return;
    }
    break_stream(x);
    if (!fits)
        refuse_length(x);
}

static void gather(struct exchange *x, const char *data, size_t len)
{
    if (len > x->route->body_max - x->body.len) {
        refuse_length(x);
        return;
    }
    if (gate_take(&x->web->gate, x->seat, len))
        xg_buf_append(&x->body, data, len);
    else
        x->body.failed = XG_NOMEM;
    if (x->body.failed != XG_OK) {
        refuse(x, 503, "no-memory", XG_T("服务器繁忙", "the server is busy"),
               true);
        xg_response_header(&x->response, "Retry-After", "5");
    }
}

/* False: enough of a body that nobody wants. */
static bool take_body(struct exchange *x, const char *data, size_t len)
{
    gate_moved(&x->web->gate, x->seat, len, now_ms());
    if (x->stream)
        take_stream(x, data, len);
    else if (x->route)
        gather(x, data, len);
    if (x->route)
        return true;
    xg_buf_clear(&x->body);
    gate_give(&x->web->gate, x->seat);
    x->drained += len;
    return x->drained <= x->drain_max;
}

static enum MHD_Result serve(void *ctx, struct MHD_Connection *c,
                             const char *url, const char *method,
                             const char *version, const char *data, size_t *len,
                             void **request)
{
    struct exchange *x = *request;

    (void)ctx;
    (void)url;
    if (!x)
        return MHD_NO;
    if (!x->begun) {
        begin(x, c, method, version);
        return after_headers(x, c);
    }
    if (*len > 0) {
        bool more = take_body(x, data, *len);
        *len = 0;
        return more ? MHD_YES : MHD_NO;
    }
    return finish(x, c);
}

/* --- accepting --- */

/* False: nobody waits. */
static bool accept_one(struct xg_web *web)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    struct sockaddr *peer = (struct sockaddr *)&address;
    int fd = accept(web->listen_fd, peer, &size), on = 1;

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
            errno == ENOMEM) /* it stays readable: do not spin */
            poll(NULL, 0, 50);
        return errno == ECONNABORTED || errno == EINTR;
    }
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    /* The library sets this only once it answers; TLS waits before that. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!gate_enter(&web->gate, fd, peer, now_ms()))
        close(fd);
    else if (MHD_add_connection(web->daemon, fd, peer, size) != MHD_YES)
        gate_drop(&web->gate, fd); /* closed by the library */
    return true;
}

static void *accept_all(void *ctx)
{
    struct xg_web *web = ctx;
    struct pollfd polls[2] = {{.fd = web->listen_fd, .events = POLLIN},
                              {.fd = web->wake[0], .events = POLLIN}};
    int64_t sweep_ms = 0;

    for (;;) {
        int64_t left_ms = sweep_ms - now_ms();
        if (left_ms <= 0) {
            left_ms = gate_sweep(&web->gate, now_ms());
            sweep_ms = now_ms() + left_ms;
        }
        int n = poll(polls, 2, (int)left_ms + 1);
        if (n > 0 && polls[1].revents)
            return NULL;
        for (int i = 0; n > 0 && i < ACCEPT_RUN && accept_one(web); i++)
            ;
    }
}

/* --- starting and stopping --- */

union address {
    struct sockaddr any;
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
};

/* "1.2.3.4:80" or "[::1]:80"; *loopback tells whether only this machine can
 * reach it. */
static bool parse_listen(union address *a, socklen_t *size, bool *loopback,
                         const char *text)
{
    char host[INET6_ADDRSTRLEN + 2];
    const char *colon = strrchr(text, ':');
    size_t host_len = colon ? (size_t)(colon - text) : 0;

    if (host_len == 0 || host_len >= sizeof host)
        return false;
    size_t digits = strspn(colon + 1, "0123456789");
    if (digits == 0 || digits > 5 || colon[1 + digits])
        return false;
    unsigned long port = strtoul(colon + 1, NULL, 10);
    if (port > UINT16_MAX)
        return false;
    memcpy(host, text, host_len);
    host[host_len] = '\0';

    memset(a, 0, sizeof *a);
    if (host[0] == '[' && host[host_len - 1] == ']') {
        host[host_len - 1] = '\0';
        a->in6.sin6_family = AF_INET6;
        a->in6.sin6_port = htons((uint16_t)port);
        *size = sizeof a->in6;
        if (inet_pton(AF_INET6, host + 1, &a->in6.sin6_addr) != 1)
            return false;
        *loopback = IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
        return true;
    }
    a->in.sin_family = AF_INET;
    a->in.sin_port = htons((uint16_t)port);
    *size = sizeof a->in;
    if (inet_pton(AF_INET, host, &a->in.sin_addr) != 1)
        return false;
    *loopback = (ntohl(a->in.sin_addr.s_addr) >> 24) == 127;
    return true;
}

static enum xg_status start_listening(struct xg_web *web,
                                      const struct xg_web_options *options,
                                      struct xg_error *err)
{
    union address address;
    socklen_t size;
    bool loopback;
    int on = 1;

    if (!parse_listen(&address, &size, &loopback, options->listen))
        return xg_fail(err, XG_USAGE,
                       XG_T("监听地址 %s 无效，应为 地址:端口",
                            "%s is no address to listen on; "
                            "write ADDRESS:PORT"),
                       options->listen);
    if (!loopback && !options->tls_cert_pem && !options->allow_plain)
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 不是本机地址，必须使用 TLS",
                            "%s is not the loopback and needs TLS"),
                       options->listen);

    web->listen_fd = socket(address.any.sa_family, SOCK_STREAM, 0);
    if (web->listen_fd < 0)
        return xg_fail_os(err, "socket");
    fcntl(web->listen_fd, F_SETFD, FD_CLOEXEC);
    fcntl(web->listen_fd, F_SETFL, O_NONBLOCK);
    setsockopt(web->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(web->listen_fd, &address.any, size) < 0 ||
        listen(web->listen_fd, BACKLOG) < 0) {
        if (errno == EADDRINUSE)
            return xg_fail(
                err, XG_BUSY,
                XG_T("%s 已被其他程序占用", "%s is taken by another program"),
                options->listen);
        return xg_fail_os(err, XG_T("监听 %s", "listening on %s"),
                          options->listen);
    }
    size = sizeof address;
    if (getsockname(web->listen_fd, &address.any, &size) < 0)
        return xg_fail_os(err, "getsockname");
    web->port = ntohs(address.any.sa_family == AF_INET6 ? address.in6.sin6_port
                                                        : address.in.sin_port);
    return XG_OK;
}

static enum xg_status start_daemon(struct xg_web *web,
                                   const struct xg_web_options *options,
                                   unsigned connections, struct xg_error *err)
{
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD |
                     MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL |
                     MHD_USE_ITC | MHD_USE_NO_LISTEN_SOCKET;
    /* The gate's limits bite first; these are the second belt. */
    struct MHD_OptionItem items[] = {
        {MHD_OPTION_CONNECTION_LIMIT, 2 * (connections + GATE_SPARE), NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, web->library_idle_s, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, NULL},
        {MHD_OPTION_THREAD_STACK_SIZE, STACK_BYTES, NULL},
        {MHD_OPTION_END, 0, NULL}, /* TLS, three more */
        {MHD_OPTION_END, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
        {MHD_OPTION_END, 0, NULL},
    };

    if (options->tls_cert_pem) {
        if (xg_tls_check(options->tls_cert_pem, options->tls_key_pem, err))
            return err->status;
        flags |= MHD_USE_TLS;
        items[4] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0,
                                    (void *)(uintptr_t)options->tls_cert_pem};
        items[5] =
            (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0,
                                    (void *)(uintptr_t)options->tls_key_pem};
        items[6] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0,
                                           (void *)(uintptr_t)tls_priorities};
    }
    web->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, serve, web, MHD_OPTION_ARRAY, items,
        MHD_OPTION_URI_LOG_CALLBACK, log_target, web,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, completed, web,
        MHD_OPTION_NOTIFY_CONNECTION, connected, web, MHD_OPTION_END);
    if (!web->daemon)
        return xg_fail(err, XG_IO,
                       XG_T("HTTP 服务未能启动", "HTTP did not start"));
    return XG_OK;
}

/* Both threads, with signals left to the others of the program. */
static enum xg_status start_threads(struct xg_web *web,
                                    const struct xg_web_options *options,
                                    unsigned connections, struct xg_error *err)
{
    sigset_t all, before;
    enum xg_status status;

    sigfillset(&all);
    sigdelset(&all, SIGSEGV);
    sigdelset(&all, SIGBUS);
    sigdelset(&all, SIGFPE);
    sigdelset(&all, SIGILL);
    sigdelset(&all, SIGABRT);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    status = start_daemon(web, options, connections, err);
    if (status == XG_OK) {
        errno = pthread_create(&web->accepter, NULL, accept_all, web);
        if (errno) {
            status = xg_fail_os(err, "pthread_create");
            MHD_stop_daemon(web->daemon);
        }
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

static void web_free(struct xg_web *web)
{
    if (web->listen_fd >= 0)
        close(web->listen_fd);
    for (int i = 0; i < 2; i++)
        if (web->wake[i] >= 0)
            close(web->wake[i]);
    if (web->gate.seats)
        gate_clear(&web->gate);
    pthread_mutex_destroy(&web->lock);
    free(web);
}

enum xg_status xg_web_start(struct xg_web **web,
                            const struct xg_web_options *options,
                            const struct xg_route *routes, size_t route_count,
                            void *ctx, struct xg_error *err)
{
    unsigned connections = options->max_connections ? options->max_connections
                                                    : XG_WEB_CONNECTIONS;
    unsigned per_address = options->max_per_address ? options->max_per_address
                                                    : XG_WEB_PER_ADDRESS;
    unsigned idle_s = options->idle_s ? options->idle_s : XG_WEB_IDLE_S;
    size_t bodies_bytes =
        options->bodies_bytes ? options->bodies_bytes : XG_WEB_BODIES_BYTES;
    struct xg_web *w = calloc(1, sizeof *w);

    if (!w)
        return xg_fail_nomem(err);
    w->routes = routes;
    w->route_count = route_count;
    w->ctx = ctx;
    w->arena_bytes =
        options->arena_bytes ? options->arena_bytes : XG_WEB_ARENA_BYTES;
    w->library_idle_s = 2 * idle_s;
    w->listen_fd = w->wake[0] = w->wake[1] = -1;
    pthread_mutex_init(&w->lock, NULL);

    enum xg_status status =
        gate_init(&w->gate, connections, per_address, (int64_t)idle_s * 1000,
                  bodies_bytes, err);
    if (status == XG_OK && pipe(w->wake) < 0)
        status = xg_fail_os(err, "pipe");
    if (status == XG_OK)
        status = start_listening(w, options, err);
    if (status == XG_OK)
        status = start_threads(w, options, connections, err);
    if (status != XG_OK) {
        web_free(w);
        return status;
    }
    *web = w;
    return XG_OK;
}

void xg_web_stop(struct xg_web *web)
{
    if (!web)
        return;
    pthread_mutex_lock(&web->lock);
    web->stopping = true;
    pthread_mutex_unlock(&web->lock);
    close(web->wake[1]);
    web->wake[1] = -1;
    pthread_join(web->accepter, NULL);

    int64_t until_ms = now_ms() + XG_WEB_STOP_S * 1000;
    while (gate_drain(&web->gate) && now_ms() < until_ms)
        poll(NULL, 0, 5);
    MHD_stop_daemon(web->daemon);
    web_free(web);
}

uint16_t xg_web_port(const struct xg_web *web)
{
    return web->port;
}

struct xg_web_stats xg_web_stats(struct xg_web *web)
{
    struct gate_stats gate = gate_stats(&web->gate);
    struct xg_web_stats stats = {
        .connections = gate.open,
        .accepted = gate.accepted,
        .evicted = gate.evicted,
        .refused = gate.refused,
        .timed_out = gate.timed_out,
    };

    pthread_mutex_lock(&web->lock);
    stats.requests = web->requests;
    pthread_mutex_unlock(&web->lock);
    return stats;
}
