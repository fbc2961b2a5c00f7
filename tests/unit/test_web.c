/* test_web.c - the HTTP room: real servers on the loopback, raw sockets, and
 * what a hostile client may try. */
#include "tests/lib/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/bytes.h"
#include "shared/web/http.h"
#include "shared/web/tls.h"
#include "shared/web/web.h"

enum {
    REPLY_MAX = 16 << 20,
    BIG_BYTES = 8 << 20,
    SMALL_CAP = 16,
    ECHO_CAP = 1 << 20,
    STREAM_CAP = 8 << 20,
    IDLE_CROWD = 600,
};

/* --- the served program --- */

static void do_echo(void *ctx, const struct xg_request *request,
                    struct xg_response *response)
{
    (void)ctx;
    response->terse = strcmp(request->rest, "terse") == 0;
    if (!response->terse)
        response->content_type = "application/octet-stream";
    xg_buf_append(&response->body, request->body.at, request->body.len);
}

static void do_tell(void *ctx, const struct xg_request *request,
                    struct xg_response *response)
{
    const char *q = xg_request_query(request, "q");
    const char *own = xg_request_header(request, "xunge-size");
    const char *token = xg_request_bearer(request);

    (void)ctx;
    response->content_type = "text/plain";
    response->cache = XG_CACHE_ASK;
    xg_response_header(response, "ETag", "\"1\"");
    xg_buf_format(&response->body, "%s|%s|%s|%s|%s|%s|%s", request->method,
                  request->path, request->rest, q ? q : "-", own ? own : "-",
                  token ? token : "-", request->peer);
}

static void do_big(void *ctx, const struct xg_request *request,
                   struct xg_response *response)
{
    (void)ctx;
    (void)request;
    uint8_t *room = xg_buf_room(&response->body, BIG_BYTES);
    assert_non_null(room);
    for (size_t i = 0; i < BIG_BYTES; i++)
        room[i] = (uint8_t)(i * 7);
    response->body.len += BIG_BYTES;
}

static void do_file(void *ctx, const struct xg_request *request,
                    struct xg_response *response)
{
    FILE *file = tmpfile();

    (void)ctx;
    (void)request;
    assert_non_null(file);
    for (int i = 0; i < 100000; i++)
        fprintf(file, "%06d\n", i);
    fflush(file);
    int fd = dup(fileno(file));
    fclose(file);
    xg_response_file(response, fd, 7, 7 * 99998);
}

static void do_slow(void *ctx, const struct xg_request *request,
                    struct xg_response *response)
{
    (void)ctx;
    (void)request;
    poll(NULL, 0, 600);
    xg_buf_text(&response->body, "slow");
}

static void do_forge(void *ctx, const struct xg_request *request,
                     struct xg_response *response)
{
    (void)ctx;
    (void)request;
    xg_response_header(response, "X-Name", "a\r\nSet-Cookie: b");
}

static void do_fail(void *ctx, const struct xg_request *request,
                    struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;

    (void)ctx;
    (void)request;
    xg_ignore(xg_fail(&err, XG_BUSY, "say \"%s\"", "\xe5\xbf\x99\n\xff"));
    xg_response_fail(response, &err);
}

/* A stream that adds up its bytes, and tells how it ended. "Xunge-No": it is
 * refused; "Xunge-Enough: N": no more after N bytes. */
struct sum {
    uint64_t announced, bytes, total, enough;
};

static struct {
    atomic_uint open, whole, broken;
    _Atomic uint64_t last_bytes, largest_piece;
} sums; /* the server's threads write, the test reads */

static void *open_sum(void *ctx, const struct xg_request *request,
                      uint64_t length, struct xg_response *response)
{
    const char *enough = xg_request_header(request, "Xunge-Enough");
    struct sum *sum = calloc(1, sizeof *sum);

    (void)ctx;
    assert_non_null(sum);
    assert_int_equal(request->body.len, 0);
    if (xg_request_header(request, "Xunge-No")) {
        free(sum);
        xg_response_problem(response, 409, "no", "no", NULL);
        return NULL;
    }
    sum->announced = length;
    sum->enough = enough ? strtoull(enough, NULL, 10) : UINT64_MAX;
    sums.open++;
    return sum;
}

static bool take_sum(void *ctx, void *stream, struct xg_bytes piece)
{
    struct sum *sum = stream;
    uint64_t largest = sums.largest_piece;

    (void)ctx;
    while (piece.len > largest &&
           !atomic_compare_exchange_weak(&sums.largest_piece, &largest,
                                         piece.len))
        ;
    for (size_t i = 0; i < piece.len; i++)
        sum->total += piece.at[i];
    sum->bytes += piece.len;
    return sum->bytes <= sum->enough;
}

static void close_sum(void *ctx, void *stream, bool whole,
                      const struct xg_request *request,
                      struct xg_response *response)
{
    struct sum *sum = stream;

    (void)ctx;
    (void)request;
    sums.last_bytes = sum->bytes;
    *(whole ? &sums.whole : &sums.broken) += 1;
    sums.open--;
    if (sum->bytes > sum->enough)
        xg_response_problem(response, 507, "enough", "enough", NULL);
    else
        xg_buf_format(&response->body, "%lld/%llu=%llu",
                      sum->announced == UINT64_MAX ? -1LL
                                                   : (long long)sum->announced,
                      (unsigned long long)sum->bytes,
                      (unsigned long long)sum->total);
    free(sum);
}

static const struct xg_stream sum_stream = {open_sum, take_sum, close_sum};

/* A flow that says "tick\n" every so often, so many times; "Xunge-Gap": ms
 * between them, "Xunge-Count": how many, "Xunge-Fat": each fills the room,
 * "Xunge-Break": then it breaks off. */
struct drip {
    int gap_ms, count;
    bool fat, breaks;
};

static struct {
    atomic_uint closed, gone;
} drips; /* the server's threads write, the test reads */

static ssize_t next_drip(void *state, const struct xg_reader *reader,
                         uint8_t *out, size_t max)
{
    struct drip *drip = state;

    if (drip->count-- == 0)
        return drip->breaks ? -1 : 0;
    if (xg_reader_wait(reader, -1, drip->gap_ms) == XG_WAIT_GONE) {
        drips.gone++;
        return -1;
    }
    if (!drip->fat) {
        memcpy(out, "tick\n", 5);
        return 5;
    }
    memset(out, 'x', max);
    return (ssize_t)max;
}

static void close_drip(void *state)
{
    drips.closed++;
    free(state);
}

static const struct xg_flow drip_flow = {next_drip, close_drip};

static int number_of(const struct xg_request *request, const char *name,
                     int otherwise)
{
    const char *text = xg_request_header(request, name);

    return text ? atoi(text) : otherwise;
}

static void do_drip(void *ctx, const struct xg_request *request,
                    struct xg_response *response)
{
    struct drip *drip = calloc(1, sizeof *drip);

    (void)ctx;
    assert_non_null(drip);
    drip->gap_ms = number_of(request, "Xunge-Gap", 0);
    drip->count = number_of(request, "Xunge-Count", 3);
    drip->fat = xg_request_header(request, "Xunge-Fat") != NULL;
    drip->breaks = xg_request_header(request, "Xunge-Break") != NULL;
    response->content_type = "application/x-ndjson";
    xg_response_flow(response, &drip_flow, drip);
    if (xg_request_header(request, "Xunge-No"))
        xg_response_problem(response, 409, "no", "no", NULL);
}

/* A handler that waits long, and sees its reader go. */
static void do_patient(void *ctx, const struct xg_request *request,
                       struct xg_response *response)
{
    (void)ctx;
    if (xg_reader_wait(request->reader, -1, 20000) == XG_WAIT_GONE)
        drips.gone++;
    xg_buf_text(&response->body, "patient");
}

static const struct xg_route routes[] = {
    {"GET", "/v1/drip", 0, do_drip, NULL},
    {"GET", "/v1/patient", 0, do_patient, NULL},
    {"PATCH", "/v1/sum", STREAM_CAP, NULL, &sum_stream},
    {"GET", "/", 0, do_tell, NULL},
    {"GET", "/v1/tell/*", 0, do_tell, NULL},
    {"GET", "/v1/tell/exact", 0, do_forge, NULL},
    {"PUT", "/v1/echo/*", ECHO_CAP, do_echo, NULL},
    {"POST", "/v1/small", SMALL_CAP, do_echo, NULL},
    {"GET", "/v1/small", 0, do_tell, NULL},
    {"GET", "/v1/big", 0, do_big, NULL},
    {"GET", "/v1/file", 0, do_file, NULL},
    {"GET", "/v1/slow", 0, do_slow, NULL},
    {"GET", "/v1/forge", 0, do_forge, NULL},
    {"GET", "/v1/fail", 0, do_fail, NULL},
};
enum { ROUTES = sizeof routes / sizeof *routes };

static struct xg_web *serve(struct xg_web_options options)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_web *web = NULL;

    if (!options.listen)
        options.listen = "127.0.0.1:0";
    assert_ok(xg_web_start(&web, &options, routes, ROUTES, NULL, &err));
    assert_int_not_equal(xg_web_port(web), 0);
    return web;
}

/* --- the client --- */

static struct xg_web *shared_web; /* of most tests */

static int64_t now_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Connect from an address of the loopback. */
static int dial(struct xg_web *web, const char *from)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(xg_web_port(web))};
    struct sockaddr_in me = {.sin_family = AF_INET};
    struct timeval patience = {.tv_sec = 5};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(inet_pton(AF_INET, from, &me.sin_addr), 1);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(bind(fd, (struct sockaddr *)&me, sizeof me), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

/* What a cut connection does not take is the test's own matter. */
static void say_bytes(int fd, const void *data, size_t len)
{
    const char *at = data;

    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        at += n;
        len -= (size_t)n;
    }
}

static void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

/* All that comes until the other side closes (or five silent seconds). */
static struct xg_buf hear_all(int fd)
{
    struct xg_buf reply = XG_BUF(REPLY_MAX);

    for (;;) {
        uint8_t *room = xg_buf_room(&reply, 65536);
        assert_non_null(room);
        ssize_t n = recv(fd, room, 65536, 0);
        if (n <= 0)
            break;
        reply.len += (size_t)n;
        reply.data[reply.len] = '\0';
    }
    close(fd);
    xg_buf_append(&reply, "", 0);
    return reply;
}

/* One whole talk: the request must lead to a closed connection. */
static struct xg_buf talk_bytes(const void *request, size_t len)
{
    int fd = dial(shared_web, "127.0.0.1");

    say_bytes(fd, request, len);
    return hear_all(fd);
}

static struct xg_buf talk(const char *request)
{
    return talk_bytes(request, strlen(request));
}

static int status_of(const struct xg_buf *reply)
{
    const char *text = xg_buf_str(reply);

    if (reply->len < 12 || strncmp(text, "HTTP/1.1 ", 9) != 0)
        return 0;
    return atoi(text + 9);
}

static const char *body_of(const struct xg_buf *reply)
{
    const char *gap = strstr(xg_buf_str(reply), "\r\n\r\n");

    return gap ? gap + 4 : "";
}

static bool has(const struct xg_buf *reply, const char *text)
{
    return strstr(xg_buf_str(reply), text) != NULL;
}

#define END "Host: x\r\nConnection: close\r\n\r\n"

static void expect(const char *request, int status)
{
    struct xg_buf reply = talk(request);

    if (status_of(&reply) != status)
        fail_msg("%s: %s", request, xg_buf_str(&reply));
    xg_buf_clear(&reply);
}

/* Answered so and closed: a "GET /" that follows is not answered. (Where the
 * library itself refuses a length, it says its own header twice.) */
static void expect_cut(const char *request, int status)
{
    struct xg_buf reply = talk(request);

    if (status_of(&reply) != status || has(&reply, "GET|/"))
        fail_msg("%s: %s", request, xg_buf_str(&reply));
    xg_buf_clear(&reply);
}

static void expect_body(const char *request, const char *body)
{
    struct xg_buf reply = talk(request);

    assert_int_equal(status_of(&reply), 200);
    assert_string_equal(body_of(&reply), body);
    xg_buf_clear(&reply);
}

/* --- ordinary requests --- */

static void test_get(void **state)
{
    (void)state;
    expect_body("GET / HTTP/1.1\r\n" END, "GET|/||-|-|-|127.0.0.1");
    expect_body("GET /v1/tell/a/b?q=1&r HTTP/1.1\r\nXunge-Size: 7\r\n"
                "Authorization: Bearer  t0\r\n" END,
                "GET|/v1/tell/a/b|a/b|1|7|t0|127.0.0.1");
    expect_body("GET /v1/%74ell/a%20b?q=%E4%B9%9D%2B+x HTTP/1.1\r\n" END,
                "GET|/v1/tell/a b|a b|\xe4\xb9\x9d+ x|-|-|127.0.0.1");
    expect_body("GET / HTTP/1.0\r\n\r\n", "GET|/||-|-|-|127.0.0.1");

    struct xg_buf reply = talk("GET / HTTP/1.1\r\n" END);
    assert_true(has(&reply, "\r\nContent-Type: text/plain\r\n"));
    assert_true(has(&reply, "\r\nCache-Control: no-cache\r\n"));
    assert_true(has(&reply, "\r\nX-Content-Type-Options: nosniff\r\n"));
    assert_true(has(&reply, "\r\nETag: \"1\"\r\n"));
    xg_buf_clear(&reply);
}

/* What a handheld pays for by the byte. */
static void test_terse(void **state)
{
    struct xg_buf reply = talk("PUT /v1/echo/terse HTTP/1.1\r\n"
                               "Content-Length: 5\r\n" END "hello");
    (void)state;
    assert_false(has(&reply, "\r\nContent-Type:"));
    assert_false(has(&reply, "\r\nX-Content-Type-Options:"));
    assert_false(has(&reply, "\r\nCache-Control:"));
    xg_buf_clear(&reply);
}

static void test_put(void **state)
{
    (void)state;
    expect_body("PUT /v1/echo/1 HTTP/1.1\r\nContent-Length: 5\r\n" END "hello",
                "hello");
    expect_body("PUT /v1/echo/1 HTTP/1.1\r\nContent-Length: 0\r\n" END, "");
    expect_body("PUT /v1/echo/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END
                "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n",
                "hello");
    expect("PUT /v1/echo/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END
           "zz\r\nhel",
           400);
}

static void test_put_large(void **state)
{
    struct xg_buf request = XG_BUF(ECHO_CAP + 1000);

    (void)state;
    xg_buf_format(&request,
                  "PUT /v1/echo/1 HTTP/1.1\r\nContent-Length: %d\r\n"
                  "Expect: 100-continue\r\n" END,
                  ECHO_CAP);
    for (int i = 0; i < ECHO_CAP; i++)
        xg_buf_byte(&request, (uint8_t)(i >> 8));
    struct xg_buf reply = talk_bytes(request.data, request.len);
    assert_int_equal(status_of(&reply), 100);
    assert_true(has(&reply, "HTTP/1.1 200 OK"));
    assert_memory_equal(reply.data + reply.len - ECHO_CAP,
                        request.data + request.len - ECHO_CAP, ECHO_CAP);
    xg_buf_clear(&reply);
    xg_buf_clear(&request);
}

static void test_head(void **state)
{
    (void)state;
    struct xg_buf reply = talk("HEAD / HTTP/1.1\r\n" END);
    assert_int_equal(status_of(&reply), 200);
    assert_true(has(&reply, "\r\nContent-Length: 22\r\n"));
    assert_string_equal(body_of(&reply), "");
    xg_buf_clear(&reply);
    expect("HEAD /v1/echo/1 HTTP/1.1\r\n" END, 405);
}

static void test_large_answers(void **state)
{
    (void)state;
    struct xg_buf reply = talk("GET /v1/big HTTP/1.1\r\n" END);
    assert_int_equal(status_of(&reply), 200);
    const uint8_t *body = (const uint8_t *)body_of(&reply);
    assert_int_equal(reply.data + reply.len - body, BIG_BYTES);
    for (size_t i = 0; i < BIG_BYTES; i++)
        if (body[i] != (uint8_t)(i * 7))
            fail_msg("byte %zu", i);
    xg_buf_clear(&reply);

    reply = talk("GET /v1/file HTTP/1.1\r\n" END);
    assert_true(has(&reply, "\r\nContent-Length: 699986\r\n"));
    assert_int_equal(strncmp(body_of(&reply), "000001\n000002\n", 14), 0);
    assert_string_equal(xg_buf_str(&reply) + reply.len - 7, "099998\n");
    xg_buf_clear(&reply);
}

static void test_refusals(void **state)
{
    (void)state;
    struct xg_buf reply = talk("GET /nowhere HTTP/1.1\r\n" END);
    assert_int_equal(status_of(&reply), 404);
    assert_true(has(&reply, "\r\nContent-Type: application/problem+json\r\n"));
    assert_true(has(&reply, "\r\nCache-Control: no-store\r\n"));
    assert_string_equal(body_of(&reply),
                        "{\"type\":\"about:blank\",\"title\":\"no such "
                        "address\",\"status\":404,\"code\":\"not-found\"}\n");
    xg_buf_clear(&reply);

    reply = talk("DELETE /v1/small HTTP/1.1\r\n" END);
    assert_int_equal(status_of(&reply), 405);
    assert_true(has(&reply, "\r\nAllow: POST, GET, HEAD\r\n"));
    xg_buf_clear(&reply);

    expect("BREW /v1/small HTTP/1.1\r\n" END, 405);
    expect("BREW /nowhere HTTP/1.1\r\n" END, 404);
    expect("OPTIONS * HTTP/1.1\r\n" END, 400);
    expect("GET /v1/tell/ HTTP/1.1\r\n" END, 404);
    expect("GET /v1/forge HTTP/1.1\r\n" END, 500);
    expect("GET /v1/tell/exact HTTP/1.1\r\n" END, 500);

    reply = talk("GET /v1/fail HTTP/1.1\r\n" END);
    assert_int_equal(status_of(&reply), 503);
    assert_true(has(&reply, "\r\nRetry-After: 5\r\n"));
    assert_string_equal(body_of(&reply),
                        "{\"type\":\"about:blank\",\"title\":\"say "
                        "\\\"\xe5\xbf\x99\\u000a\xef\xbf\xbd\\\"\","
                        "\"status\":503,\"code\":\"busy\"}\n");
    xg_buf_clear(&reply);
}

/* --- bodies --- */

static void test_body_caps(void **state)
{
    (void)state;
    expect("POST /v1/small HTTP/1.1\r\nContent-Length: 16\r\n" END
           "0123456789abcdef",
           200);
    expect("POST /v1/small HTTP/1.1\r\nContent-Length: 17\r\n" END
           "0123456789abcdefg",
           413);
    expect("GET /v1/small HTTP/1.1\r\nContent-Length: 1\r\n" END "0", 413);
    /* too large to be read: answered before a byte of it was sent */
    expect_cut("POST /v1/small HTTP/1.1\r\nContent-Length: 99999999\r\n" END,
               413);
    expect_cut("POST /v1/small HTTP/1.1\r\nContent-Length: 17\r\n"
               "Expect: 100-continue\r\n" END,
               413);
    expect("POST /v1/small HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END
           "8\r\n01234567\r\n9\r\n012345678\r\n0\r\n\r\n",
           413);
    expect_cut("POST /v1/small HTTP/1.1\r\nHost: x\r\n\r\n", 411);
}

/* A refused body is read, so that the connection can go on. */
static void test_refused_body_keeps_alive(void **state)
{
    (void)state;
    struct xg_buf reply =
        talk("POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
             "abcGET / HTTP/1.1\r\n" END);
    assert_int_equal(status_of(&reply), 404);
    assert_true(has(&reply, "GET|/||"));
    xg_buf_clear(&reply);
}

/* An endless chunked body to a route with a small cap is cut off. */
static void test_endless_chunks(void **state)
{
    char chunk[4096 + 8];
    int fd = dial(shared_web, "127.0.0.1");
    size_t sent = 0;

    (void)state;
    memcpy(chunk, "1000\r\n", 6);
    memset(chunk + 6, 'x', 4096);
    memcpy(chunk + 6 + 4096, "\r\n", 2);
    say(fd, "POST /v1/small HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END);
    while (sent < (64u << 20) &&
           send(fd, chunk, sizeof chunk, MSG_NOSIGNAL) > 0)
        sent += sizeof chunk;
    assert_true(sent < (64u << 20));
    close(fd);
}

/* --- streams --- */

static void expect_problem(const char *request, int status, const char *code)
{
    struct xg_buf reply = talk(request);

    if (status_of(&reply) != status || !has(&reply, code))
        fail_msg("%s: %s", request, xg_buf_str(&reply));
    xg_buf_clear(&reply);
}

static void test_streams(void **state)
{
    (void)state;
    expect_body("PATCH /v1/sum HTTP/1.1\r\nContent-Length: 4\r\n" END "\1\2\3\4",
                "4/4=10");
    expect_body("PATCH /v1/sum HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END
                "2\r\n\1\2\r\n1\r\n\3\r\n0\r\n\r\n",
                "-1/3=6");
    /* no body is an empty one, whether or not that is said */
    expect_body("PATCH /v1/sum HTTP/1.1\r\nContent-Length: 0\r\n" END, "0/0=0");
    expect_body("PATCH /v1/sum HTTP/1.1\r\n" END, "0/0=0");
    expect_problem("PATCH /v1/sum HTTP/1.1\r\nXunge-No: 1\r\n"
                   "Content-Length: 2\r\n" END "ab",
                   409, "\"no\"");
    expect_problem("PATCH /v1/sum HTTP/1.1\r\nXunge-No: 1\r\n"
                   "Expect: 100-continue\r\nContent-Length: 2\r\n" END,
                   409, "\"no\"");
    expect_problem("PATCH /v1/sum HTTP/1.1\r\nXunge-Enough: 1\r\n"
                   "Content-Length: 2\r\n" END "ab",
                   507, "\"enough\"");
    expect_cut("PATCH /v1/sum HTTP/1.1\r\nContent-Length: 8388609\r\n" END,
               413);
    assert_int_equal(sums.open, 0);
}

static void test_stream_continues(void **state)
{
    struct xg_buf reply = XG_BUF(4096);
    char text[256];
    int fd = dial(shared_web, "127.0.0.1");

    (void)state;
    say(fd, "PATCH /v1/sum HTTP/1.1\r\nExpect: 100-continue\r\n"
            "Content-Length: 3\r\n" END);
    ssize_t n = recv(fd, text, sizeof text - 1, 0);
    assert_true(n > 0);
    text[n] = '\0';
    assert_non_null(strstr(text, "HTTP/1.1 100"));
    say(fd, "\1\1\1");
    reply = hear_all(fd);
    assert_int_equal(status_of(&reply), 200);
    assert_string_equal(body_of(&reply), "3/3=3");
    xg_buf_clear(&reply);
}

/* A stream that is full in the middle reads on for a while, so that its sender
 * hears why. */
static void test_stream_ended_amid(void **state)
{
    static char body[1 << 20];
    int fd = dial(shared_web, "127.0.0.1");

    (void)state;
    say(fd, "PATCH /v1/sum HTTP/1.1\r\nXunge-Enough: 70000\r\n"
            "Content-Length: 1048576\r\n" END);
    say_bytes(fd, body, sizeof body);
    struct xg_buf reply = hear_all(fd);
    assert_int_equal(status_of(&reply), 507);
    assert_in_range(sums.last_bytes, 70000, 200000);
    xg_buf_clear(&reply);
}

/* Wait until as many streams are open, and as many broke off. */
static void await_sums(unsigned open, unsigned broken)
{
    struct timespec moment = {.tv_nsec = 5000000};
    bool so = false;

    for (int i = 0; i < 1000 && !so; i++) {
        nanosleep(&moment, NULL);
        so = sums.open == open && sums.broken == broken;
    }
    assert_true(so);
}

/* Chunked, so the length is not known before it is too long. */
static void test_stream_too_long(void **state)
{
    static char chunk[65536 + 9];
    int fd = dial(shared_web, "127.0.0.1");
    unsigned broken = sums.broken;
    size_t sent = 0;

    (void)state;
    memcpy(chunk, "10000\r\n", 7);
    memcpy(chunk + 7 + 65536, "\r\n", 2);
    say(fd, "PATCH /v1/sum HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" END);
    while (sent < (256u << 20) &&
           send(fd, chunk, sizeof chunk, MSG_NOSIGNAL) > 0)
        sent += sizeof chunk;
    assert_true(sent < (256u << 20));
    await_sums(0, broken + 1);
    assert_true(sums.last_bytes <= STREAM_CAP);
    close(fd);
}

/* What a closed connection had sent was taken; the stream is told. */
static void test_stream_broken(void **state)
{
    unsigned broken = sums.broken;

    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        struct linger none = {.l_onoff = 1};
        int fd = dial(shared_web, "127.0.0.1");
        say(fd, "PATCH /v1/sum HTTP/1.1\r\nContent-Length: 1000\r\n" END
                "some of it");
        await_sums(1, broken);
        if (reset)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
        close(fd);
        await_sums(0, ++broken);
        if (!reset)
            assert_int_equal(sums.last_bytes, 10);
    }
}

/* Far more than all bodies may take, at the same time: nothing of it counts,
 * for nothing of it is kept. */
static void test_streams_in_flight(void **state)
{
    static char body[STREAM_CAP];
    struct xg_web *web =
        serve((struct xg_web_options){.bodies_bytes = 64 << 10});
    int fds[4];

    (void)state;
    sums.largest_piece = 0;
    for (int i = 0; i < 4; i++) {
        fds[i] = dial(web, "127.0.0.1");
        say(fds[i], "PATCH /v1/sum HTTP/1.1\r\n"
                    "Content-Length: 8388608\r\n" END);
        say_bytes(fds[i], body, sizeof body / 2);
    }
    for (int i = 0; i < 4; i++) {
        say_bytes(fds[i], body, sizeof body / 2);
        struct xg_buf reply = hear_all(fds[i]);
        assert_int_equal(status_of(&reply), 200);
        assert_string_equal(body_of(&reply), "8388608/8388608=0");
        xg_buf_clear(&reply);
    }
    assert_true(sums.largest_piece <= 32 << 10);
    xg_web_stop(web);
}

static void test_bodies_in_flight(void **state)
{
    struct xg_web *web =
        serve((struct xg_web_options){.bodies_bytes = 400 << 10});
    char piece[1024];
    int fds[4];

    (void)state;
    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < 4; i++) { /* 150 KiB each, left hanging */
        fds[i] = dial(web, "127.0.0.1");
        say(fds[i],
            "PUT /v1/echo/1 HTTP/1.1\r\nContent-Length: 204800\r\n" END);
        for (int k = 0; k < 150; k++)
            say_bytes(fds[i], piece, sizeof piece);
    }
    poll(NULL, 0, 200);
    int other = dial(web, "127.0.0.2"); /* the other half is for others */
    say(other, "PUT /v1/echo/1 HTTP/1.1\r\nContent-Length: 102400\r\n" END);
    for (int k = 0; k < 100; k++)
        say_bytes(other, piece, sizeof piece);
    struct xg_buf reply = hear_all(other);
    assert_int_equal(status_of(&reply), 200);
    xg_buf_clear(&reply);

    int busy = 0;
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 50; k++)
            say_bytes(fds[i], piece, sizeof piece);
        reply = hear_all(fds[i]);
        busy += status_of(&reply) != 200;
        xg_buf_clear(&reply);
    }
    assert_true(busy >= 2);
    xg_web_stop(web);
}

/* --- what two readers might read in two ways --- */

static void test_smuggling(void **state)
{
    static const char *const heads[] = {
        "Content-Length: 3\r\nContent-Length: 3\r\n",
        "Content-Length: 0\r\nContent-Length: 3\r\n",
        "Content-Length: 3, 3\r\n",
        "Content-Length: +3\r\n",
        "Content-Length: -3\r\n",
        "Content-Length: 0x3\r\n",
        "Content-Length: \r\n",
        "Content-Length : 3\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content: 3\r\n -Length\r\nContent-Length: 3\r\n",
        "A: b\r\n c\r\nContent-Length: 3\r\n",
        "A\x01: b\r\nContent-Length: 3\r\n",
        "A: b\x01\r\nContent-Length: 3\r\n",
        "Host: y\r\nContent-Length: 3\r\n",
        "Xunge-Size: 1\r\nxunge-size: 2\r\nContent-Length: 3\r\n",
        "no colon\r\nContent-Length: 3\r\n",
    };
    char request[512];

    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        snprintf(request, sizeof request,
                 "PUT /v1/echo/1 HTTP/1.1\r\nHost: x\r\n%s\r\n"
                 "abcGET / HTTP/1.1\r\nHost: x\r\n\r\n",
                 heads[i]);
        expect_cut(request, 400);
    }
    expect_cut("PUT /v1/echo/1 HTTP/1.1\r\nContent-Length: "
               "99999999999999999999999\r\nHost: x\r\n\r\nabc",
               413);
    expect_cut("PUT /v1/echo/1 HTTP/1.1\r\nTransfer-Encoding: gzip\r\n"
               "Host: x\r\n\r\nabc",
               501);
    expect_cut("PUT /v1/echo/1 HTTP/1.1\r\nTransfer-Encoding: gzip, chunked"
               "\r\nHost: x\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
               501);
    expect_cut("PUT /v1/echo/1 HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3\r\nabc\r\n0\r\n\r\n",
               400);
    expect_cut("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400);
    expect_cut("PUT /v1/echo/1 HTTP/1.1\r\nExpect: tea\r\n"
               "Content-Length: 3\r\nHost: x\r\n\r\nabc",
               417);
}

static void test_paths(void **state)
{
    static const char *const bad[] = {
        "/../etc/passwd",     "/v1/tell/../echo",   "/v1/tell/%2e%2e/x",
        "/v1/tell/a%2fb",     "/v1/tell/a%5cb",     "/v1/tell/a\\b",
        "/v1/tell/a%00b",     "/v1/tell/a%0ab",     "/v1/tell/%",
        "/v1/tell/%4",        "/v1/tell/%zz",       "//v1/tell/a",
        "/v1//tell/a",        "/v1/tell/./a",       "/v1/tell/\xe4\xb9\x9d",
        "/v1/tell/%e4%b9%9d", "v1/tell/a",          "/v1/tell/a?q=%00",
        "/v1/tell/a?q=%ff",   "/v1/tell/a?q=1&q=2", "/v1/tell/a?=1",
        "/v1/tell/a#b",       "/v1/tell/a b",       "/v1/tell/%25",
        "http://x/v1/tell/a",
    };
    char request[512];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\n" END, bad[i]);
        expect(request, 400);
    }
    static const char nul[] = "GET /v1/tell/a\0b HTTP/1.1\r\n" END;
    struct xg_buf reply = talk_bytes(nul, sizeof nul - 1);
    assert_int_equal(status_of(&reply), 400);
    xg_buf_clear(&reply);
    expect("GET /v1/tell/a?&&q=1&& HTTP/1.1\r\n" END, 200);
}

/* A NUL ends a text and no header: what stands behind it is not to be lost. */
static void test_nul_in_headers(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } heads[] = {
#define HEAD(text) {text, sizeof text - 1}
        HEAD("Host: x\0y\r\nA: b\r\n"),
        HEAD("Host: x\r\nA: b\0\r\n"),
        HEAD("Host: x\r\nA: b\0\0\0\0c\r\n"),
        HEAD("Host: x\r\nA: \0\r\n"),
        HEAD("Host: x\r\nA: b\0c\r\n"),
        HEAD("Host: x\r\n\0: c\r\n"),
        HEAD("Host: x\r\n\0\r\nA: b\r\n"),
        HEAD("Host: x\r\nA\0: b\r\n"),
#undef HEAD
    };
    struct xg_buf request = XG_BUF(4096);

    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        xg_buf_reset(&request);
        xg_buf_text(&request,
                    "PUT /v1/echo/1 HTTP/1.1\r\nContent-Length: 3\r\n");
        xg_buf_append(&request, heads[i].text, heads[i].len);
        xg_buf_text(&request, "Connection: close\r\n\r\nabc");
        struct xg_buf reply = talk_bytes(request.data, request.len);
        assert_int_equal(status_of(&reply), 400);
        xg_buf_clear(&reply);
    }
    /* The same at the very end of the headers. */
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        xg_buf_reset(&request);
        xg_buf_text(&request, "GET /v1/tell/a HTTP/1.1\r\n");
        xg_buf_append(&request, heads[i].text, heads[i].len);
        xg_buf_text(&request, "\r\n");
        struct xg_buf reply = talk_bytes(request.data, request.len);
        assert_int_equal(status_of(&reply), 400);
        xg_buf_clear(&reply);
    }
    /* Lines that end with a newline alone are whole. */
    expect("GET /v1/tell/a HTTP/1.1\nHost: x\nConnection: close\n\n", 200);
    xg_buf_clear(&request);
}

static void test_oversized(void **state)
{
    struct xg_buf request = XG_BUF(1 << 20);

    (void)state;
    xg_buf_text(&request, "GET / HTTP/1.1\r\nX: ");
    for (int i = 0; i < 40000; i++)
        xg_buf_byte(&request, 'x');
    xg_buf_text(&request, "\r\n" END);
    expect_cut(xg_buf_str(&request), 431);

    xg_buf_reset(&request);
    xg_buf_text(&request, "GET / HTTP/1.1\r\n");
    for (int i = 0; i < 100; i++)
        xg_buf_text(&request, "A: b\r\n");
    xg_buf_text(&request, END);
    expect_cut(xg_buf_str(&request), 431);

    for (int size = 3000; size <= 40000; size += 37000) {
        xg_buf_reset(&request);
        xg_buf_text(&request, "GET /");
        for (int i = 0; i < size; i++)
            xg_buf_byte(&request, 'x');
        xg_buf_text(&request, " HTTP/1.1\r\n" END);
        expect_cut(xg_buf_str(&request), 414);
    }
    xg_buf_clear(&request);
}

static void test_pipelining(void **state)
{
    (void)state;
    struct xg_buf reply =
        talk("PUT /v1/echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
             "oneGET /v1/tell/two HTTP/1.1\r\nHost: x\r\n\r\n"
             "GET /v1/tell/three HTTP/1.1\r\n" END);
    const char *one = strstr(xg_buf_str(&reply), "\r\n\r\none");
    assert_non_null(one);
    const char *two = strstr(one, "GET|/v1/tell/two|");
    assert_non_null(two);
    assert_non_null(strstr(two, "GET|/v1/tell/three|"));
    xg_buf_clear(&reply);
}

/* The client has said all it will say, and waits. */
static void test_half_closed(void **state)
{
    int fd = dial(shared_web, "127.0.0.1");

    (void)state;
    say(fd, "PUT /v1/echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
            "abc");
    shutdown(fd, SHUT_WR);
    struct xg_buf reply = hear_all(fd);
    assert_int_equal(status_of(&reply), 200);
    assert_string_equal(body_of(&reply), "abc");
    xg_buf_clear(&reply);

    /* ... and one that goes amid its body: nothing reaches the handler */
    fd = dial(shared_web, "127.0.0.1");
    say(fd, "PUT /v1/echo/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
            "abc");
    shutdown(fd, SHUT_WR);
    reply = hear_all(fd);
    assert_int_equal(reply.len, 0);
    xg_buf_clear(&reply);
}

static void test_garbage(void **state)
{
    uint8_t noise[3000];
    uint32_t seed = 1;

    (void)state;
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof noise; i++) {
            seed = seed * 1664525 + 1013904223;
            noise[i] = (uint8_t)(seed >> 24);
        }
        noise[sizeof noise - 1] = '\n';
        int fd = dial(shared_web, "127.0.0.1");
        say_bytes(fd, noise, sizeof noise);
        shutdown(fd, SHUT_WR);
        struct xg_buf reply = hear_all(fd);
        assert_int_not_equal(status_of(&reply), 200);
        xg_buf_clear(&reply);
    }
    expect("GET / HTTP/1.1\r\n" END, 200);
}

/* --- slowness --- */

/* Say `piece` every `every_ms` until the other side has closed, or five
 * seconds; the time that took. */
static int64_t drip(int fd, const char *piece, int every_ms)
{
    int64_t start_ms = now_ms();
    struct pollfd p = {.fd = fd, .events = POLLIN};

    while (now_ms() - start_ms < 5000) {
        if (poll(&p, 1, every_ms) > 0)
            break;
        say(fd, piece);
    }
    close(fd);
    return now_ms() - start_ms;
}

static void test_slow_senders(void **state)
{
    struct xg_web *web = serve((struct xg_web_options){.idle_s = 1});
    int64_t took_ms;

    (void)state;
    took_ms = drip(dial(web, "127.0.0.1"), "", 100); /* silence */
    assert_in_range(took_ms, 900, 4500);

    int fd = dial(web, "127.0.0.1");
    say(fd, "GET / HTTP/1.1\r\nX: ");
    took_ms = drip(fd, "x", 100); /* endless headers */
    assert_in_range(took_ms, 900, 4500);

    fd = dial(web, "127.0.0.1");
    say(fd, "PUT /v1/echo/1 HTTP/1.1\r\nContent-Length: 9999\r\n" END);
    took_ms = drip(fd, "x", 100); /* a body of 10 bytes a second */
    assert_in_range(took_ms, 900, 4500);
    assert_int_equal(xg_web_stats(web).timed_out, 3);

    /* a slow but honest one: 1.6 KB/s for two seconds */
    fd = dial(web, "127.0.0.1");
    say(fd, "PUT /v1/echo/1 HTTP/1.1\r\nContent-Length: 3200\r\n" END);
    for (int i = 0; i < 20; i++) {
        char piece[160];
        memset(piece, 'x', sizeof piece);
        say_bytes(fd, piece, sizeof piece);
        poll(NULL, 0, 100);
    }
    struct xg_buf reply = hear_all(fd);
    assert_int_equal(status_of(&reply), 200);
    xg_buf_clear(&reply);
    xg_web_stop(web);
}

static void test_slow_reader(void **state)
{
    struct xg_web *web = serve((struct xg_web_options){.idle_s = 1});
    int fd = dial(web, "127.0.0.1");
    int64_t start_ms = now_ms();

    (void)state;
    say(fd, "GET /v1/big HTTP/1.1\r\n" END);
    while (!xg_web_stats(web).connections && now_ms() - start_ms < 5000)
        poll(NULL, 0, 1);
    while (xg_web_stats(web).connections && now_ms() - start_ms < 5000)
        poll(NULL, 0, 20);
    assert_in_range(now_ms() - start_ms, 900, 4500);
    assert_int_equal(xg_web_stats(web).timed_out, 1);
    close(fd);
    xg_web_stop(web);
}

/* --- the crowd --- */

static long own_status(const char *name)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long value = -1;

    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0)
            value = atol(line + strlen(name));
    fclose(file);
    return value;
}

static int ask(struct xg_web *web, const char *from)
{
    int fd = dial(web, from);

    say(fd, "GET /v1/tell/me HTTP/1.1\r\n" END);
    struct xg_buf reply = hear_all(fd);
    int status = status_of(&reply);
    xg_buf_clear(&reply);
    return status;
}

static void test_idle_crowd(void **state)
{
    struct xg_web *web = serve((struct xg_web_options){0});
    long threads = own_status("Threads:"), rss_kb = own_status("VmRSS:");
    int *fds = calloc(IDLE_CROWD, sizeof *fds);

    (void)state;
    assert_non_null(fds);
    for (int i = 0; i < IDLE_CROWD; i++) {
        fds[i] = dial(web, "127.0.0.1");
        if (i % 3 == 1) /* amid its headers */
            say(fds[i], "GET / HTTP/1.1\r\nHo");
        else if (i % 3 == 2) /* after a request */
            say(fds[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    int64_t start_ms = now_ms();
    assert_int_equal(ask(web, "127.0.0.2"), 200);
    assert_true(now_ms() - start_ms < 5000);
    assert_int_equal(ask(web, "127.0.0.1"), 200); /* evicts another */
    assert_true(now_ms() - start_ms < 5000);

    struct xg_web_stats stats = xg_web_stats(web);
    assert_true(stats.connections <= XG_WEB_PER_ADDRESS + 1);
    assert_true(stats.evicted + stats.refused >=
                IDLE_CROWD - XG_WEB_PER_ADDRESS);
    print_message("idle crowd: %ld threads, %ld KiB over the start\n",
                  own_status("Threads:") - threads,
                  own_status("VmRSS:") - rss_kb);
    /* a /64 of threads, and those that are just leaving */
    assert_true(own_status("Threads:") - threads <= XG_WEB_PER_ADDRESS + 32);
#if !defined TEST_UNDER_ASAN && !defined __SANITIZE_THREAD__
    assert_true(own_status("VmRSS:") - rss_kb < 16 << 10);
#endif
    for (int i = 0; i < IDLE_CROWD; i++)
        close(fds[i]);
    free(fds);
    xg_web_stop(web);
}

/* Every place is taken by busy-looking connections of one address; another
 * address still gets its share. */
static void test_fair_share(void **state)
{
    struct xg_web *web = serve(
        (struct xg_web_options){.max_connections = 8, .max_per_address = 8});
    int fds[8];

    (void)state;
    for (int i = 0; i < 8; i++) {
        fds[i] = dial(web, "127.0.0.1");
        say(fds[i], "PUT /v1/echo/1 HTTP/1.1\r\nContent-Length: 9\r\n" END);
    }
    poll(NULL, 0, 100);
    assert_int_equal(ask(web, "127.0.0.2"), 200);
    assert_int_equal(xg_web_stats(web).evicted, 1);
    for (int i = 0; i < 8; i++)
        close(fds[i]);
    xg_web_stop(web);
}

static void test_work_is_not_evicted(void **state)
{
    struct xg_web *web = serve((struct xg_web_options){.max_per_address = 4});
    int fds[20];

    (void)state;
    int slow = dial(web, "127.0.0.1");
    say(slow, "GET /v1/slow HTTP/1.1\r\n" END);
    poll(NULL, 0, 100);
    for (int i = 0; i < 20; i++)
        fds[i] = dial(web, "127.0.0.1");
    struct xg_buf reply = hear_all(slow);
    assert_int_equal(status_of(&reply), 200);
    assert_string_equal(body_of(&reply), "slow");
    xg_buf_clear(&reply);
    for (int i = 0; i < 20; i++)
        close(fds[i]);
    xg_web_stop(web);
}

struct asker {
    struct xg_web *web;
    const char *request;
    int fd, status;
};

static void *ask_in_thread(void *ctx)
{
    struct asker *a = ctx;

    say(a->fd, a->request);
    struct xg_buf reply = hear_all(a->fd);
    a->status = status_of(&reply);
    xg_buf_clear(&reply);
    return NULL;
}

/* Fifty requests in slow handlers at once take little longer than one. */
static void test_fifty_busy(void **state)
{
    enum { BUSY = 50 };
    pthread_t threads[BUSY];
    struct asker askers[BUSY];
    int64_t start_ms = now_ms();

    (void)state;
    for (int i = 0; i < BUSY; i++) {
        askers[i] = (struct asker){.request = "GET /v1/slow HTTP/1.1\r\n" END,
                                   .fd = dial(shared_web, "127.0.0.1")};
        assert_int_equal(
            pthread_create(&threads[i], NULL, ask_in_thread, &askers[i]), 0);
    }
    for (int i = 0; i < BUSY; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(askers[i].status, 200);
    }
    assert_true(now_ms() - start_ms < 4000);
}

static void test_stop_lets_work_end(void **state)
{
    struct xg_web *web = serve((struct xg_web_options){0});
    struct asker asker = {.request = "GET /v1/slow HTTP/1.1\r\n" END,
                          .fd = dial(web, "127.0.0.1")};
    int idle = dial(web, "127.0.0.1");
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, ask_in_thread, &asker), 0);
    poll(NULL, 0, 200);
    int64_t start_ms = now_ms();
    xg_web_stop(web);
    assert_true(now_ms() - start_ms < 3000);
    pthread_join(thread, NULL);
    assert_int_equal(asker.status, 200);
    close(idle);
}

/* --- flows --- */

/* Read until `text` has come; false: the other side closed, or is silent. */
static bool hear_until(int fd, struct xg_buf *heard, const char *text)
{
    while (!strstr(xg_buf_str(heard), text)) {
        uint8_t *room = xg_buf_room(heard, 4096);
        assert_non_null(room);
        ssize_t n = recv(fd, room, 4095, 0);
        if (n <= 0)
            return false;
        heard->len += (size_t)n;
        heard->data[heard->len] = '\0';
    }
    return true;
}

static bool comes_to(const atomic_uint *what, unsigned least)
{
    for (int i = 0; i < 300 && *what < least; i++)
        poll(NULL, 0, 10);
    return *what >= least;
}

static void test_flow(void **state)
{
    unsigned closed = drips.closed;

    (void)state;
    struct xg_buf reply = talk("GET /v1/drip HTTP/1.1\r\n" END);
    assert_int_equal(status_of(&reply), 200);
    assert_true(has(&reply, "Transfer-Encoding: chunked"));
    assert_true(has(&reply, "Cache-Control: no-store"));
    assert_true(has(&reply, "tick\n\r\n0\r\n\r\n"));
    xg_buf_clear(&reply);
    expect_body("GET /v1/drip HTTP/1.0\r\n\r\n", "tick\ntick\ntick\n");

    /* Nobody ever reads these; they are closed all the same. */
    reply = talk("HEAD /v1/drip HTTP/1.1\r\n" END);
    assert_string_equal(body_of(&reply), "");
    xg_buf_clear(&reply);
    expect("GET /v1/drip HTTP/1.1\r\nXunge-No: 1\r\n" END, 409);
    assert_true(comes_to(&drips.closed, closed + 4));
    assert_int_equal(drips.closed, closed + 4);

    /* The connection is used again after it. */
    reply = talk("GET /v1/drip HTTP/1.1\r\nHost: x\r\n\r\n"
                 "GET / HTTP/1.1\r\n" END);
    assert_true(has(&reply, "GET|/||"));
    xg_buf_clear(&reply);
}

/* Each piece is there when it was said, not when the next is. */
static void test_flow_is_prompt(void **state)
{
    struct xg_buf heard = XG_BUF(64 << 10);
    int fd = dial(shared_web, "127.0.0.1");
    int64_t start_ms = now_ms();

    (void)state;
    say(fd, "GET /v1/drip HTTP/1.1\r\nXunge-Gap: 600\r\n" END);
    assert_true(hear_until(fd, &heard, "\r\n\r\n"));
    assert_in_range(now_ms() - start_ms, 0, 500); /* the head */
    assert_true(hear_until(fd, &heard, "tick"));
    assert_in_range(now_ms() - start_ms, 600, 1100);
    xg_buf_clear(&heard);
    close(fd);
}

/* Silence is no idleness, neither ours nor the library's (twice ours). */
static void test_quiet_flow_lives(void **state)
{
    struct xg_web *web = serve((struct xg_web_options){.idle_s = 1});
    struct xg_buf heard = XG_BUF(64 << 10);
    int fd = dial(web, "127.0.0.1");

    (void)state;
    say(fd, "GET /v1/drip HTTP/1.1\r\nXunge-Gap: 3500\r\n"
            "Xunge-Count: 1\r\nHost: x\r\n\r\n");
    assert_true(hear_until(fd, &heard, "tick\n\r\n0\r\n\r\n"));
    xg_buf_clear(&heard);
    close(fd);
    assert_int_equal(xg_web_stats(web).timed_out, 0);

    /* One that does not read what it asked for is. */
    fd = dial(web, "127.0.0.1");
    say(fd, "GET /v1/drip HTTP/1.1\r\nXunge-Fat: 1\r\n"
            "Xunge-Count: 100000\r\nHost: x\r\n\r\n");
    for (int i = 0; i < 500 && xg_web_stats(web).timed_out == 0; i++)
        poll(NULL, 0, 10);
    assert_int_equal(xg_web_stats(web).timed_out, 1);
    close(fd);
    xg_web_stop(web);
}

static void test_flow_broken_off(void **state)
{
    (void)state;
    struct xg_buf reply =
        talk("GET /v1/drip HTTP/1.1\r\nXunge-Break: 1\r\n" END);
    assert_int_equal(status_of(&reply), 200);
    assert_true(has(&reply, "tick\n"));
    assert_false(has(&reply, "\r\n0\r\n"));
    xg_buf_clear(&reply);
}

static void test_reader_goes(void **state)
{
    static const char *const requests[] = {
        "GET /v1/drip HTTP/1.1\r\nXunge-Gap: 20000\r\nHost: x\r\n\r\n",
        "GET /v1/patient HTTP/1.1\r\nHost: x\r\n\r\n"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        unsigned gone = drips.gone;
        int fd = dial(shared_web, "127.0.0.1");
        say(fd, requests[i]);
        poll(NULL, 0, 200);
        assert_int_equal(drips.gone, gone);
        int64_t start_ms = now_ms();
        close(fd);
        assert_true(comes_to(&drips.gone, gone + 1));
        assert_true(now_ms() - start_ms < 400); /* woken, not found */
    }
}

/* However many read on, there is a place for a request. */
static void test_flows_leave_room(void **state)
{
    enum { ALL = 16, FLOWS = 12 };
    struct xg_web *web = serve((struct xg_web_options){
        .max_connections = 2 * ALL, .max_per_address = ALL});
    struct xg_buf heard = XG_BUF(64 << 10);
    unsigned gone = drips.gone;
    int fds[FLOWS], fd;

    (void)state;
    for (int i = 0; i < FLOWS; i++) {
        fds[i] = dial(web, "127.0.0.1");
        say(fds[i], "GET /v1/drip HTTP/1.1\r\nXunge-Gap: 20000\r\n"
                    "Host: x\r\n\r\n");
        assert_true(hear_until(fds[i], &heard, "200 OK"));
        xg_buf_reset(&heard);
    }
    for (int i = 0; i < 2; i++) { /* the second after the first was refused */
        fd = dial(web, "127.0.0.1");
        say(fd, "GET /v1/drip HTTP/1.1\r\n" END);
        struct xg_buf reply = hear_all(fd);
        assert_int_equal(status_of(&reply), 503);
        assert_true(has(&reply, "Retry-After"));
        assert_true(has(&reply, "\"code\":\"busy\""));
        xg_buf_clear(&reply);
    }
    fd = dial(web, "127.0.0.1");
    say(fd, "GET / HTTP/1.1\r\n" END);
    struct xg_buf reply = hear_all(fd);
    assert_int_equal(status_of(&reply), 200);
    xg_buf_clear(&reply);
    fd = dial(web, "127.0.0.2"); /* another's share is its own */
    say(fd, "GET /v1/drip HTTP/1.1\r\n" END);
    reply = hear_all(fd);
    assert_int_equal(status_of(&reply), 200);
    xg_buf_clear(&reply);

    /* A stop waits for none of them. */
    int64_t start_ms = now_ms();
    xg_web_stop(web);
    assert_true(now_ms() - start_ms < 2000);
    assert_int_equal(drips.gone, gone + FLOWS);
    for (int i = 0; i < FLOWS; i++)
        close(fds[i]);
    xg_buf_clear(&heard);
}

/* --- starting --- */

static enum xg_status try_start(struct xg_web_options options)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_web *web = NULL;
    enum xg_status status =
        xg_web_start(&web, &options, routes, ROUTES, NULL, &err);

    xg_web_stop(web);
    return status;
}

static void test_start(void **state)
{
    static const char *const bad[] = {
        "",         "127.0.0.1",     "127.0.0.1:", "127.0.0.1:70000",
        "1.2.3:80", "localhost:80",  "::1:80",     "[::1]",
        "[::1:80",  "127.0.0.1:80x", ":80",        "127.0.0.1:-1"};
    char taken[32];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_status(try_start((struct xg_web_options){.listen = bad[i]}),
                      XG_USAGE);
    assert_status(try_start((struct xg_web_options){.listen = "0.0.0.0:0"}),
                  XG_USAGE);
    assert_status(try_start((struct xg_web_options){.listen = "127.0.0.1:0",
                                                    .tls_cert_pem = "nonsense",
                                                    .tls_key_pem = "nonsense"}),
                  XG_FORMAT);
    snprintf(taken, sizeof taken, "127.0.0.1:%u",
             (unsigned)xg_web_port(shared_web));
    assert_status(try_start((struct xg_web_options){.listen = taken}), XG_BUSY);
}

static void test_ipv6(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_web_options options = {.listen = "[::1]:0"};
    struct xg_web *web = NULL;
    struct sockaddr_in6 to = {.sin6_family = AF_INET6,
                              .sin6_addr = IN6ADDR_LOOPBACK_INIT};

    (void)state;
    if (xg_web_start(&web, &options, routes, ROUTES, NULL, &err) != XG_OK)
        skip(); /* a machine without IPv6 */
    to.sin6_port = htons(xg_web_port(web));
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    say(fd, "GET / HTTP/1.1\r\n" END);
    struct xg_buf reply = hear_all(fd);
    assert_string_equal(body_of(&reply), "GET|/||-|-|-|::1");
    xg_buf_clear(&reply);
    xg_web_stop(web);
}

/* --- TLS --- */

/* What the client sees: the hash of the key in the certificate it was shown,
 * computed from its DER, not through the code under test. */
static struct xg_hash pin_seen(gnutls_session_t session)
{
    struct xg_hash pin;
    unsigned count = 0;
    const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &count);
    gnutls_x509_crt_t cert;
    gnutls_pubkey_t key;
    gnutls_datum_t der;

    assert_int_equal(count, 1);
    assert_int_equal(gnutls_x509_crt_init(&cert), 0);
    assert_int_equal(gnutls_x509_crt_import(cert, shown, GNUTLS_X509_FMT_DER),
                     0);
    assert_int_equal(gnutls_x509_crt_get_activation_time(cert), 946684800);
    assert_true(gnutls_x509_crt_get_expiration_time(cert) ==
                (time_t)7258118399);
    assert_int_equal(gnutls_pubkey_init(&key), 0);
    assert_int_equal(gnutls_pubkey_import_x509(key, cert, 0), 0);
    assert_int_equal(gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der), 0);
    assert_int_equal(
        gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size, pin.b), 0);
    gnutls_free(der.data);
    gnutls_pubkey_deinit(key);
    gnutls_x509_crt_deinit(cert);
    return pin;
}

static void tls_ask(struct xg_web *web, const struct xg_hash *pin)
{
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t session;
    char reply[4096];
    size_t len = 0;
    int fd = dial(web, "127.0.0.1"), code;

    gnutls_certificate_allocate_credentials(&credentials);
    gnutls_init(&session, GNUTLS_CLIENT);
    gnutls_set_default_priority(session);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
    gnutls_transport_set_int(session, fd);
    do
        code = gnutls_handshake(session);
    while (code < 0 && !gnutls_error_is_fatal(code));
    if (code < 0)
        fail_msg("handshake: %s", gnutls_strerror(code));
    struct xg_hash seen = pin_seen(session);
    assert_true(xg_hash_equal(&seen, pin));

    static const char request[] = "PUT /v1/echo/1 HTTP/1.1\r\n"
                                  "Content-Length: 5\r\n" END "hello";
    assert_true(gnutls_record_send(session, request, sizeof request - 1) > 0);
    for (;;) {
        ssize_t n =
            gnutls_record_recv(session, reply + len, sizeof reply - 1 - len);
        if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
            continue;
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    reply[len] = '\0';
    assert_non_null(strstr(reply, "HTTP/1.1 200 OK"));
    assert_non_null(strstr(reply, "\r\n\r\nhello"));
    gnutls_deinit(session);
    gnutls_certificate_free_credentials(credentials);
    close(fd);
}

static void test_tls(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf cert = XG_BUF(XG_TLS_PEM_MAX), key = XG_BUF(XG_TLS_PEM_MAX);
    struct xg_hash pin;

    (void)state;
    assert_ok(xg_tls_generate(&cert, &key, "127.0.0.1", &err));
    assert_ok(xg_tls_check(xg_buf_str(&cert), xg_buf_str(&key), &err));
    assert_ok(xg_tls_pin(&pin, xg_buf_str(&cert), &err));
    struct xg_web *web = serve((struct xg_web_options){
        .listen = "0.0.0.0:0", /* with TLS, that is allowed */
        .tls_cert_pem = xg_buf_str(&cert),
        .tls_key_pem = xg_buf_str(&key)});
    tls_ask(web, &pin);

    /* noise, plain HTTP and silence do no harm to the next */
    int fds[20];
    for (int i = 0; i < 20; i++) {
        fds[i] = dial(web, "127.0.0.1");
        say(fds[i], i % 2 ? "GET / HTTP/1.1\r\n" END : "\x16\x03\x01\x02");
    }
    tls_ask(web, &pin);
    for (int i = 0; i < 20; i++)
        close(fds[i]);
    xg_web_stop(web);
    xg_buf_clear(&cert);
    xg_buf_clear(&key);
}

/* Made with openssl, and its pin computed with
 *   openssl x509 -pubkey -noout | openssl pkey -pubin -outform der |
 *   openssl dgst -sha256 -binary | base64 */
static const char pinned_pem[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBejCCASGgAwIBAgIUcaZU9cUqhajXTBAfEDCC5m78zt8wCgYIKoZIzj0EAwIw\n"
    "EzERMA8GA1UEAwwIcGluLnRlc3QwHhcNMjYxMTIxMjEzNTQ2WhcNMzYxMTE4MjEz\n"
    "NTQ2WjATMREwDwYDVQQDDAhwaW4udGVzdDBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
    "A0IABDkOpox3BufgxKaALkHXFgkqPl85l9udG4k0jCeLqxqcijrGYFCwzhQydaZF\n"
    "a0hqvjZ5MHocWCtVyCdLdRMr3LGjUzBRMB0GA1UdDgQWBBQW/W4yd5UUctsLVUg2\n"
    "WDU5D3ho9zAfBgNVHSMEGDAWgBQW/W4yd5UUctsLVUg2WDU5D3ho9zAPBgNVHRMB\n"
    "Af8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIHeJy22gTyadtI7qTXWbS6D/2Kqg\n"
    "S4+j+x+8LDUWkM8yAiAqRzL7c/fJaqCSKLhBroIl/bI/vYNKZM6cuyTVugZ8Tg==\n"
    "-----END CERTIFICATE-----\n";
static const char pinned_text[] =
    "sha256//tGqa1Tq4MyQ8gC/px3AqHq6DrnnaRf/B7tfY9P/BkWo=";

static void test_pin(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash pin;
    char text[XG_TLS_PIN_SIZE];

    (void)state;
    assert_ok(xg_tls_pin(&pin, pinned_pem, &err));
    xg_tls_pin_text(text, &pin);
    assert_string_equal(text, pinned_text);
    assert_status(xg_tls_pin(&pin, "", &err), XG_FORMAT);
    assert_status(xg_tls_pin(&pin, "-----BEGIN CERTIFICATE-----\n", &err),
                  XG_FORMAT);
}

/* --- without a socket --- */

static void test_in_process(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_http_field headers[] = {{"Authorization", "bearer abc"}};
    struct xg_request request = {.method = "HEAD",
                                 .headers = headers,
                                 .header_count = 1,
                                 .peer = "sim",
                                 .arena = &arena};
    struct xg_response response;

    (void)state;
    xg_response_init(&response);
    assert_ok(xg_request_target(&request, "/v1/tell/x%41?q=1", &err));
    xg_route_serve(routes, ROUTES, NULL, &request, &response);
    assert_int_equal(response.http_status, 200);
    assert_string_equal(xg_buf_str(&response.body),
                        "GET|/v1/tell/xA|xA|1|-|abc|sim");

    request.method = "POST";
    request.body = xg_bytes_of("more than sixteen bytes");
    assert_ok(xg_request_target(&request, "/v1/small", &err));
    xg_route_serve(routes, ROUTES, NULL, &request, &response);
    assert_int_equal(response.http_status, 413);
    assert_status(xg_request_target(&request, "/a/../b", &err), XG_FORMAT);
    assert_string_equal(request.path, "/v1/small");

    xg_response_clear(&response);
    request.method = "PATCH";
    request.body = xg_bytes_of("\1\1");
    assert_ok(xg_request_target(&request, "/v1/sum", &err));
    xg_route_serve(routes, ROUTES, NULL, &request, &response);
    assert_string_equal(xg_buf_str(&response.body), "2/2=2");
    xg_response_clear(&response);
    xg_arena_clear(&arena);
}

static void test_json_string(void **state)
{
    static const struct {
        const char *text, *json;
    } cases[] = {
        {"", "\"\""},
        {"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
        {"\x01\n\t\x7f", "\"\\u0001\\u000a\\u0009\\u007f\""},
        {"\xe4\xb9\x9d\xe5\xa0\xa1", "\"\xe4\xb9\x9d\xe5\xa0\xa1\""},
        {"\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
        {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xf4\x90\x80\x80",
         "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xe4\xb9", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct xg_buf out = XG_BUF(100);
        xg_json_string(&out, cases[i].text);
        assert_string_equal(xg_buf_str(&out), cases[i].json);
        xg_buf_clear(&out);
    }
}

static int start_shared(void **state)
{
    (void)state;
    shared_web = serve((struct xg_web_options){.idle_s = 10});
    return 0;
}

static int stop_shared(void **state)
{
    (void)state;
    xg_web_stop(shared_web);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_string),
        cmocka_unit_test(test_in_process),
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_terse), cmocka_unit_test(test_put),
        cmocka_unit_test(test_put_large),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_large_answers),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_body_caps),
        cmocka_unit_test(test_refused_body_keeps_alive),
        cmocka_unit_test(test_endless_chunks),
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_stream_continues),
        cmocka_unit_test(test_stream_ended_amid),
        cmocka_unit_test(test_stream_too_long),
        cmocka_unit_test(test_stream_broken),
        cmocka_unit_test(test_streams_in_flight),
        cmocka_unit_test(test_bodies_in_flight),
        cmocka_unit_test(test_smuggling),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_nul_in_headers),
        cmocka_unit_test(test_oversized),
        cmocka_unit_test(test_pipelining),
        cmocka_unit_test(test_half_closed),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_slow_senders),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_idle_crowd),
        cmocka_unit_test(test_fair_share),
        cmocka_unit_test(test_work_is_not_evicted),
        cmocka_unit_test(test_fifty_busy),
        cmocka_unit_test(test_stop_lets_work_end),
        cmocka_unit_test(test_flow),
        cmocka_unit_test(test_flow_is_prompt),
        cmocka_unit_test(test_quiet_flow_lives),
        cmocka_unit_test(test_flow_broken_off),
        cmocka_unit_test(test_reader_goes),
        cmocka_unit_test(test_flows_leave_room),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_ipv6),
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_pin),
    };

    return cmocka_run_group_tests(tests, start_shared, stop_shared);
}
