/* error.h - what a fallible function returns, and the text that goes with it.
 *
 * A fallible function returns `enum xg_status` and takes `struct xg_error *`
 * last (never NULL). On failure it leaves its outputs untouched and the error
 * says what happened, to what, and what to do next. The status is for
 * branching, the text for a person.
 *
 *      if (open_it(&f, path, err) != XG_OK)
 *          return xg_wrap(err, XG_T("读取 %s", "reading %s"), path);
 *
 * The text is kept from right to left: a cause is written first, each
 * xg_wrap() puts its context before it. When the room is used up the outermost
 * context is dropped, never the cause.
 */
#ifndef XG_BASE_ERROR_H
#define XG_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#define XG_MUST_CHECK __attribute__((warn_unused_result))
#define XG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* One line a status: name, exit code of a program, HTTP status, may a caller
 * try the same again later, short name for logs and JSON. */
#define XG_STATUS_TABLE(X)                                                   \
    X(XG_OK, 0, 200, false, "ok")                                            \
    X(XG_USAGE, 2, 400, false, "usage")             /* the words are off */  \
    X(XG_AMBIGUOUS, 2, 400, false, "ambiguous")     /* several match */      \
    X(XG_NOTFOUND, 3, 404, false, "not-found")                               \
    X(XG_REFUSED, 1, 403, false, "refused")         /* a rule says no */     \
    X(XG_FORMAT, 1, 422, false, "format")           /* malformed bytes */    \
    X(XG_TOOBIG, 1, 413, false, "too-big")          /* over a stated cap */  \
    X(XG_AUTH, 1, 401, false, "auth")               /* signature, token */   \
    X(XG_GAP, 1, 409, true, "gap")                  /* earlier ones missing */ \
    X(XG_FORK, 1, 409, false, "fork")               /* contradicts a copy */ \
    X(XG_STALE, 1, 409, false, "stale")             /* written to since */   \
    X(XG_CONFLICT, 5, 409, false, "conflict")       /* a person decides */   \
    X(XG_LOCKED, 6, 423, false, "locked")           /* needs passphrase */   \
    X(XG_ALARM, 7, 500, false, "alarm")             /* log inconsistent */   \
    X(XG_NET, 4, 502, true, "net")                  /* no (good) answer */   \
    X(XG_BUSY, 1, 503, true, "busy")                                         \
    X(XG_FULL, 1, 507, true, "full")                /* no space left */      \
    X(XG_NOMEM, 1, 503, true, "no-memory")                                   \
    X(XG_IO, 1, 500, true, "io")                                             \
    X(XG_CORRUPT, 1, 500, false, "corrupt")         /* our own data is bad */

enum xg_status {
#define X(name, exit_code, http, retry, text) name,
    XG_STATUS_TABLE(X)
#undef X
};

int xg_status_exit(enum xg_status status);
int xg_status_http(enum xg_status status);
bool xg_status_retry(enum xg_status status);
const char *xg_status_name(enum xg_status status);

enum { XG_ERROR_SIZE = 640 };

struct xg_error {
    enum xg_status status;
    int os_errno; /* of the cause, or 0 */
    size_t start; /* the text is text + start */
    char text[XG_ERROR_SIZE];
};

#define XG_ERROR_NONE ((struct xg_error){.start = XG_ERROR_SIZE - 1})

/* Record a cause and return `status` (never XG_OK). */
XG_PRINTF(3, 4)
enum xg_status xg_fail(struct xg_error *err, enum xg_status status,
                       const char *format, ...);

/* Record a failed system call: errno decides between XG_FULL (ENOSPC, EDQUOT),
 * XG_NOMEM, XG_NOTFOUND (ENOENT) and XG_IO, and its text is appended. */
XG_PRINTF(2, 3)
enum xg_status xg_fail_os(struct xg_error *err, const char *format, ...);

/* Put context before the text: "context: text". Returns err->status. */
XG_PRINTF(2, 3)
enum xg_status xg_wrap(struct xg_error *err, const char *format, ...);

/* No memory: the one failure that is always worded the same. */
enum xg_status xg_fail_nomem(struct xg_error *err);

const char *xg_error_text(const struct xg_error *err);

/* Where a failure is truly of no consequence (closing after an error). */
static inline void xg_ignore(enum xg_status status)
{
    (void)status;
}

#endif
