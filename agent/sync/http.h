/* http.h - a transport over libcurl: one connection that is used again,
 * HTTP/1.1 over TLS, nothing on disk.
 *
 * With a pin (SHA-256 of the key's SPKI, from the enrolment code) exactly that
 * key is the server: certificates, their names and their dates are not asked,
 * so a device whose clock stands in 1970 or 2099 reaches it. Without one the
 * system's authorities decide, and the clock must be right. Plain HTTP goes to
 * this machine only, unless it was allowed on purpose.
 *
 * Proxies are taken from the environment (https_proxy, ...), but never for
 * this machine. Redirections are not followed: our servers send none.
 *
 * Patience: 30 s to connect, then as the request says (else 60 s) without a
 * single byte that either end confirmed. Ten silent seconds of a 2G link are no
 * error, nor is a minute in which a kernel's buffer drains (line.h).
 */
#ifndef AGENT_SYNC_HTTP_H
#define AGENT_SYNC_HTTP_H

#include "agent/engine/transport.h"

struct http_options {
    const char *url;    /* of the server, no '/' at its end */
    const uint8_t *pin; /* 32 bytes, or NULL */
    bool allow_plain;   /* http:// to other machines too */
    const volatile int *stop; /* not 0: give up at once; may be NULL */
    void (*tick)(void *ctx);  /* about every second of a request, to show that
                               * time goes by; may be NULL */
    void *ctx;
};

struct http;

/* Once, first thing in main(). XG_NOMEM. */
XG_MUST_CHECK enum xg_status http_init(struct xg_error *err);

/* XG_USAGE: a URL that is none; XG_REFUSED: plain HTTP to another machine. */
XG_MUST_CHECK enum xg_status http_open(struct http **out,
                                       const struct http_options *options,
                                       struct xg_error *err);
void http_close(struct http *h);
/* Borrows `h`. */
struct xg_transport http_transport(struct http *h);

#endif
