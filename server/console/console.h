/* console.h - the operators' page on a port of its own (docs/console.md).
 *
 * It knows no command: what a call of the page asks for it judges by its table
 * (calls.h) and hands to whoever started it, who runs it on the data that the
 * server has open.
 */
#ifndef XG_SERVER_CONSOLE_CONSOLE_H
#define XG_SERVER_CONSOLE_CONSOLE_H

#include "server/data/data.h"
#include "shared/base/buf.h"
#include "shared/web/asset.h"

enum {
    CONSOLE_CONNECTIONS = 1024, /* a page has up to four: 200 of them, and some */
    CONSOLE_PER_ADDRESS = 768,  /* an office sits behind one */
};

/* A command to be run. All of it is borrowed for the call. */
struct console_order {
    const char *const *words; /* as on the command line, from the command on;
                               * its argument DIR is the first after "--" */
    int count;
    int input, output; /* descriptors of files, or -1 */
    const char *within;    /* a unit: nothing outside it is there; or NULL */
    const struct xg_role *role; /* the operator's */
    const uint8_t *secret; /* the operator's opened signing key, or NULL */
};

/* What came of it; made by the console, cleared by it. */
struct console_done {
    struct xg_buf out;
    struct xg_buf complaint; /* a line of JSON, where it failed */
    int exit;                /* its exit status */
    struct console_board {
        bool read; /* it read the board; how far that was (board.h): */
        uint64_t size, behind;
    } board;
};

struct console_runner {
    void *ctx;
    void (*run)(void *ctx, const struct console_order *order,
                struct console_done *done);
};

struct console_options {
    struct data *data; /* borrowed until console_stop(), as is the runner */
    const char *dir;
    const char *listen;
    const char *url; /* how operators call it; NULL: by its address */
    bool plain;
    const char *tls_cert_pem, *tls_key_pem;
    struct console_runner runner;
    const struct xg_asset *assets; /* the page */
    size_t asset_count;
    const char *page; /* a folder that is served in its place, or NULL */
};

struct console;

XG_MUST_CHECK enum xg_status console_start(struct console **out,
                                           const struct console_options *options,
                                           struct xg_error *err);
/* Ends all sessions. NULL is fine. */
void console_stop(struct console *c);

/* Where it is, as operators call it: "https://desk.example:7444". */
const char *console_url(const struct console *c);
/* How many are logged in as that operator; any thread. */
unsigned console_sessions(struct console *c, const char *code);
/* All logins of that operator end at once, also where she is let in again
 * before any of them asks for something; any thread. */
void console_end_sessions(struct console *c, const char *code);

#endif
