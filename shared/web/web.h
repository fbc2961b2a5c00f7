/* web.h - serving HTTP/1.1, with or without TLS, to whoever connects.
 *
 * A thin room over libmicrohttpd. It accepts connections itself and lends
 * them to the library, one thread a connection, so that what a stranger can
 * make us hold is a stated number:
 *
 *   connections     256 in all, 64 an address (an IPv6 /64 is one address).
 *                   A newcomer over a cap takes the place of the connection
 *                   of the same address (or of the address with the most)
 *                   that is longest without a request; where all are at work
 *                   the newcomer is closed.
 *   threads         one a connection, and two; 512 KiB of stack each.
 *   headers         32 KiB of buffer a connection: else 431 or 414.
 *   bodies          the route's body_max: else 413, before reading when the
 *                   length is announced. 256 MiB in flight in all, half of
 *                   that an address: else 503. A route with a stream takes
 *                   its body in pieces of less than 32 KiB, and none of it
 *                   counts here.
 *   time            idle_s (30) from connecting, or from the last answer, to
 *                   the last byte of the headers, however they drip. Then a
 *                   body, or the reading of an answer, may fall idle_s behind
 *                   XG_WEB_RATE_BYTES a second. Over it the connection is
 *                   closed. A handler's own time is free.
 *                   A flow (http.h) may be silent for ever, and is never
 *                   evicted; what it gave is to be read as any answer. So
 *                   flows get three quarters of all places at most, and of an
 *                   address's: else 503. A reader that goes away is noticed at
 *                   once.
 *   memory          an idle connection takes 45 KiB, with TLS 75 KiB; to that
 *                   come bodies, arenas and answers of those at work.
 *
 * Measured: of 5,000 idle connections from one address 64 stay, on 67 threads
 * and 7 MiB in all (10 with TLS), and another address is answered at once.
 *
 * Refused and closed, since two servers might read them in two ways: repeated
 * Content-Length or other headers that may not repeat, Content-Length with
 * Transfer-Encoding, any transfer coding but chunked.
 *
 * The library itself answers, in HTML, where it cannot even read a request
 * (no colon in a header line, a malformed length or chunk, headers over the
 * buffer); every other refusal is a problem+json. Not limited here: requests a
 * second, and how many files the process may open (a connection is one).
 *
 * Handlers run on many threads at once and may block.
 */
#ifndef XG_WEB_WEB_H
#define XG_WEB_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/error.h"
#include "shared/web/http.h"

enum {
    XG_WEB_CONNECTIONS = 256,
    XG_WEB_PER_ADDRESS = 64,
    XG_WEB_IDLE_S = 30,
    XG_WEB_RATE_BYTES = 512, /* a second, the slowest honest link */
    XG_WEB_BODIES_BYTES = 256 << 20,
    XG_WEB_ARENA_BYTES = 16 << 20, /* ceiling of one request's arena */
    XG_WEB_DRAIN_BYTES = 64 << 10, /* read from a refused sender at most */
    XG_WEB_DRAIN_STREAM_BYTES = 4 << 20, /* and where a stream refused */
    XG_WEB_STOP_S = 5,             /* how long xg_web_stop() lets work end */
};

/* Zero or NULL stands for the default. */
struct xg_web_options {
    const char *listen; /* "127.0.0.1:8080", "[::1]:0"; port 0: choose one */
    const char *tls_cert_pem, *tls_key_pem; /* texts; both or neither */
    bool allow_plain; /* without TLS also off the loopback */
    unsigned max_connections, max_per_address;
    unsigned idle_s;
    size_t bodies_bytes, arena_bytes;
};

struct xg_web;

/* Serve until xg_web_stop(). `routes` and `ctx` are borrowed until then, the
 * options only for the call. XG_USAGE for an address that is none, or plain
 * HTTP off the loopback; XG_FORMAT for a bad certificate or key; XG_BUSY when
 * the port is taken. */
XG_MUST_CHECK enum xg_status
xg_web_start(struct xg_web **web, const struct xg_web_options *options,
             const struct xg_route *routes, size_t route_count, void *ctx,
             struct xg_error *err);

/* Stop accepting, let requests at work finish (XG_WEB_STOP_S), close the
 * rest, free. NULL is fine. */
void xg_web_stop(struct xg_web *web);

uint16_t xg_web_port(const struct xg_web *web);

/* For the figures of a running server. */
struct xg_web_stats {
    unsigned connections; /* open now */
    uint64_t accepted, evicted, refused, timed_out, requests;
};
struct xg_web_stats xg_web_stats(struct xg_web *web);

#endif
