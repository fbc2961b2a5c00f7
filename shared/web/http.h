/* http.h - a request, a response and a table of routes, without any socket.
 *
 * A handler turns one struct xg_request into one struct xg_response. Nothing
 * here knows the HTTP library, so a simulator fills a request by hand and
 * calls xg_route_serve(); shared/web/web.h does the same from the network.
 *
 * Source: RFC 9110 (methods, status codes), RFC 9457 (problem+json).
 */
#ifndef XG_WEB_HTTP_H
#define XG_WEB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "shared/base/arena.h"
#include "shared/base/buf.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum {
    XG_HTTP_PATH_MAX = 2048,     /* bytes of the raw target: else 414 */
    XG_HTTP_QUERY_MAX = 32,      /* parameters: else 400 */
    XG_HTTP_HEADERS_MAX = 64,    /* header lines: else 431 */
    XG_HTTP_EXTRA_MAX = 8,       /* extra headers of a response */
    XG_HTTP_EXTRA_SIZE = 1024,   /* bytes of their names and values */
    XG_HTTP_BODY_MAX = 32 << 20, /* bytes of a response body in memory */
};

/* One header line or one query parameter. */
struct xg_http_field {
    const char *name, *value;
};

enum xg_wait {
    XG_WAIT_READY, /* `fd` can be read, or its other end is closed */
    XG_WAIT_TIME,
    XG_WAIT_GONE, /* nobody reads any more, or the server stops */
};

/* Whoever reads an answer that is made while it is read. */
struct xg_reader {
    void *ctx;
    enum xg_wait (*wait)(void *ctx, int fd, int timeout_ms);
};

/* Sleep until there is something to go on with. `fd` -1: nothing to wait for
 * but the time; timeout_ms -1: however long. A reader that only closes its own
 * half of the connection counts as gone. `reader` NULL: one that never goes. */
enum xg_wait xg_reader_wait(const struct xg_reader *reader, int fd,
                            int timeout_ms);

/* Everything is borrowed and lives until the handler returns. */
struct xg_request {
    const char *method; /* "GET" also when the client asked with HEAD */
    /* Percent-decoded, and clean: begins with '/', printable ASCII without
     * '\\' and '%', no "." or ".." segment, none empty but the last. */
    const char *path;
    const char *rest; /* what the route's '*' stands for, "" without one */
    const struct xg_http_field *query; /* percent-decoded, names are unique */
    size_t query_count;
    const struct xg_http_field *headers; /* as sent */
    size_t header_count;
    struct xg_bytes body;   /* complete; at most the route's body_max */
    const char *peer;       /* "127.0.0.1", "fe80::1": no port */
    struct xg_arena *arena; /* for the handler, gone after the request */
    const struct xg_reader *reader; /* for a handler that waits long; or NULL */
};

/* The value of a query parameter, or NULL. "?a" and "?a=" are both "". */
const char *xg_request_query(const struct xg_request *request,
                             const char *name);
/* The value of a header, by name in any case, or NULL. Of the headers that
 * may not repeat (Authorization, Content-Type, Host, Xunge-*, Upload-*, ...)
 * there is at most one; of others the first is given. */
const char *xg_request_header(const struct xg_request *request,
                              const char *name);
/* The token of "Authorization: Bearer TOKEN", or NULL. */
const char *xg_request_bearer(const struct xg_request *request);

/* What a cache between us and the reader may do. */
enum xg_cache {
    XG_CACHE_NEVER,   /* no-store */
    XG_CACHE_ASK,     /* no-cache: keep, but ask each time (ETag) */
    XG_CACHE_FOREVER, /* immutable: the name says the content */
    XG_CACHE_PRIVATE, /* the same, but not for everybody: only the reader's own
                       * cache */
};

/* An answer whose length nobody knows beforehand: lines as they come, what a
 * program prints. Both are called on the connection's thread, after the
 * handler. */
struct xg_flow {
    /* Put the next bytes at `out`, at least one and at most `max`, and tell how
     * many; blocks for them in xg_reader_wait() alone, and ends soon once that
     * says that the reader has gone. 0: that was all. -1: it broke off, and
     * the connection is cut, so that nobody takes the part for the whole. */
    ssize_t (*next)(void *state, const struct xg_reader *reader, uint8_t *out,
                    size_t max);
    /* Once, also where nobody ever read. */
    void (*close)(void *state);
};

/* Made by xg_response_init(), released by xg_response_clear(). A handler sets
 * http_status and content_type and appends to body; an untouched response is
 * an empty 200. The body is in memory, a part of a file, or a flow. The struct
 * points into itself: not to be copied. */
struct xg_response {
    int http_status;
    const char *content_type; /* borrowed: a constant or in the arena */
    bool terse; /* bytes for a program of ours that pays for each of them, which
                 * is what no type means (RFC 9110, 8.3): none is said, and no
                 * warning not to guess one. For answers that nobody's page can
                 * ask for. */
    struct xg_buf body;       /* ceiling XG_HTTP_BODY_MAX */
    enum xg_cache cache;
    int file_fd; /* -1, or taken: closed by xg_response_clear() */
    uint64_t file_offset, file_bytes;
    const struct xg_flow *flow; /* NULL, or taken with its state */
    void *flow_state;
    void (*over)(void *state); /* NULL, or taken with its state */
    void *over_state;
    struct xg_http_field extra[XG_HTTP_EXTRA_MAX];
    size_t extra_count, extra_used;
    bool broken; /* a header could not be added */
    char extra_text[XG_HTTP_EXTRA_SIZE];
};

void xg_response_init(struct xg_response *response);
void xg_response_clear(struct xg_response *response);

/* Add a header; name and value are copied. A name or value with a control
 * character (a forged line) or that finds no room makes the answer a 500. */
void xg_response_header(struct xg_response *response, const char *name,
                        const char *value);

/* Answer with `len` bytes of a file from `offset` on, sent without reading
 * them into memory. Takes `fd`. The file must not shrink meanwhile. */
void xg_response_file(struct xg_response *response, int fd, uint64_t offset,
                      uint64_t len);

/* Answer with what `flow` gives, for as long as it gives. Takes `state`. The
 * flow is borrowed for good: a constant. */
void xg_response_flow(struct xg_response *response, const struct xg_flow *flow,
                      void *state);

/* Have `over` called, once, when the answer was read, will never be, or became
 * another one. Takes `state`. */
void xg_response_when_over(struct xg_response *response,
                           void (*over)(void *state), void *state);

/* Drop whatever the response held (also its extra headers) and answer with a
 * problem+json: {"type":"about:blank","title","status","code","detail"}.
 * `code` is stable and for programs ("not-found"); `title` is for a person,
 * XG_T(); `detail` may be NULL. */
void xg_response_problem(struct xg_response *response, int http_status,
                         const char *code, const char *title,
                         const char *detail);
/* The same from an error: HTTP status and code by its status, its text as
 * title. Answers that may be tried again carry Retry-After. */
void xg_response_fail(struct xg_response *response, const struct xg_error *err);

/* Does it say that its body is JSON? A form of another page cannot. False: the
 * response says so. */
bool xg_request_must_be_json(const struct xg_request *request,
                             struct xg_response *response);

/* Append `text` as a JSON string with its quotes. Control characters, quotes
 * and backslashes are escaped; what is not UTF-8 becomes U+FFFD. */
void xg_json_string(struct xg_buf *out, const char *text);

typedef void xg_handler(void *ctx, const struct xg_request *request,
                        struct xg_response *response);

/* A route that takes its body piece by piece, as it comes, instead of whole in
 * memory. All three are called on the connection's thread, in this order:
 * `open` after the headers (request->body is empty), `take` for each piece,
 * `close` once. */
struct xg_stream {
    /* NULL: refused, the response says why, and the body is not read. Else
     * what the two below get. *length: as announced; UINT64_MAX if chunked. */
    void *(*open)(void *ctx, const struct xg_request *request, uint64_t length,
                  struct xg_response *response);
    /* False: no more is wanted; `close` then says why in its response. */
    bool (*take)(void *ctx, void *stream, struct xg_bytes piece);
    /* `whole`: the body came to its end; else the connection broke or `take`
     * ended it, and after a break nobody reads the response. */
    void (*close)(void *ctx, void *stream, bool whole,
                  const struct xg_request *request,
                  struct xg_response *response);
};

/* One line of a route table. `path` is exact, or ends in one '*' that stands
 * for one byte or more, slashes included: "/log/tile" "/" "*". The exact path
 * goes before a pattern, a longer pattern before a shorter one. A GET route
 * also answers HEAD. */
struct xg_route {
    const char *method;
    const char *path;
    size_t body_max; /* bytes; 0: takes no body */
    xg_handler *handler;
    const struct xg_stream *stream; /* NULL: the body is gathered, and
                                     * `handler` answers; else no handler */
};

/* The route for a request with a clean path; sets request->rest, and method to
 * GET for HEAD. NULL: the response says 404, or 405 with Allow. */
const struct xg_route *xg_route_find(const struct xg_route *routes,
                                     size_t count, struct xg_request *request,
                                     struct xg_response *response);

/* Call the handler of a route that was found. What it leaves unfit to send
 * (a body over its ceiling, a forged header) becomes a 500. */
void xg_route_call(const struct xg_route *route, void *ctx,
                   const struct xg_request *request,
                   struct xg_response *response);

/* The same for the two ends of a stream. */
void *xg_route_open(const struct xg_route *route, void *ctx,
                    const struct xg_request *request, uint64_t length,
                    struct xg_response *response);
void xg_route_close(const struct xg_route *route, void *ctx, void *stream,
                    bool whole, const struct xg_request *request,
                    struct xg_response *response);

/* Answer a request whose path is clean, as the network would: 404, 405 with
 * Allow, 413, or the handler. A stream gets the body as one piece. */
void xg_route_serve(const struct xg_route *routes, size_t count, void *ctx,
                    struct xg_request *request, struct xg_response *response);

/* Cut a raw target ("/a%20b?x=1") into a clean path and query, in the arena.
 * Sets request->path, query and query_count. XG_FORMAT where the path is not
 * clean (see struct xg_request; also an encoded '/'), a percent escape is
 * broken, a NUL is encoded, a parameter has no name or repeats or is one too
 * many; XG_TOOBIG over XG_HTTP_PATH_MAX; XG_NOMEM. */
XG_MUST_CHECK enum xg_status xg_request_target(struct xg_request *request,
                                               const char *target,
                                               struct xg_error *err);

#endif
