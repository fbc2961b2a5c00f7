/* transport.h - how the engine that syncs reaches a server: one request, one
 * answer. The program xunge-sync does it with libcurl (agent/sync/http.h), a
 * simulator calls a server in the same process.
 */
#ifndef AGENT_TRANSPORT_H
#define AGENT_TRANSPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/buf.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum {
    TRANSPORT_TYPE_SIZE = 64,
    TRANSPORT_LOCATION_SIZE = 160,
    TRANSPORT_HEADERS_MAX = 8,
    TRANSPORT_GOOD_MAX = 2,
};

/* All borrowed. */
struct transport_request {
    const char *method; /* "GET", "HEAD", "POST", "PUT", "PATCH" */
    const char *path;   /* "/v1/updates?since=7": after the server's URL */
    const char *bearer; /* Authorization: Bearer ..., or NULL */
    bool states_size;   /* Xunge-Size: `size` */
    uint64_t size;
    const char *type;     /* Content-Type; NULL: none is said */
    struct xg_bytes body; /* of POST, PUT and PATCH; stays while it runs */
    size_t header_count;  /* further lines, "Upload-Offset: 7" */
    const char *headers[TRANSPORT_HEADERS_MAX];
    int good[TRANSPORT_GOOD_MAX]; /* statuses that the caller takes for
                                   * success; none: 200. Not the transport's
                                   * business, but sync_call()'s */
    int64_t silence_s; /* give up when no byte was confirmed for so long; 0: as
                        * the transport thinks right. sync_call() sets it */
};

/* The caller makes it once (body with its ceiling) and clears the body. */
struct transport_answer {
    int http_status;
    int64_t retry_after_s;          /* 0: nothing said */
    char type[TRANSPORT_TYPE_SIZE]; /* media type, lower case, no parameters */
    char location[TRANSPORT_LOCATION_SIZE]; /* Location, as a path for the next
                                             * request; "" for none, or one
                                             * that leads elsewhere */
    bool has_upload_offset;                 /* tus: Upload-Offset */
    uint64_t upload_offset;
    /* What it took, from the first byte out to the last one in; filled also
     * where the request failed. For pace.h; a simulator's are virtual. */
    int64_t took_ms;
    uint64_t sent_bytes; /* of the body, as far as the other end's kernel
                          * confirmed them: no promise, something to show */
    uint64_t line_bytes; /* that it cost, both ways, with all that surrounds a
                          * body; 0 where nobody counts */
    struct xg_buf body;  /* complete, as its framing said */
};

struct xg_transport {
    void *ctx;
    /* XG_OK: an answer came, whatever it says. XG_NET: none, or not all of it;
     * the error says what to do. The answer's body is reset before. */
    enum xg_status (*request)(void *ctx,
                              const struct transport_request *request,
                              struct transport_answer *answer,
                              struct xg_error *err);
};

#endif
