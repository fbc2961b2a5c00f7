/* serve.c - `serve`: runs until SIGTERM or SIGINT.
 *
 * Once it answers it prints one line on standard output,
 *
 *      ready https://127.0.0.1:7443 pin sha256//...
 *
 * (without TLS: "ready http://... plain"), with --console a second one,
 *
 *      console https://127.0.0.1:7444
 *
 * and tells systemd (sd_notify:
 * READY=1 in a datagram to $NOTIFY_SOCKET).
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "server/api/api.h"
#include "server/board/board.h"
#include "server/cli/cmd.h"
#include "server/cli/control.h"
#include "server/cli/order.h"
#include "server/cli/tls_files.h"
#include "server/cosign/ask.h"
#include "server/data/rounds.h"
#include "server/desk/clerk.h"
#include "server/upkeep/backups.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

#define LISTEN_DEFAULT "127.0.0.1:7443"

enum { BUSY_TRIES = 50, BUSY_PAUSE_MS = 100, TIDY_EVERY_S = 2 };

/* The C library would give every few threads a heap of their own, each of
 * which keeps what its busiest moment took: with fifty connections a third of
 * the memory. Hashing and SQLite take the time here, not malloc. */
enum { HEAPS = 1 };

extern const struct xg_asset console_assets[];
extern const size_t console_asset_count;

/* Everything that runs; released in the other direction. */
struct serving {
    struct cmd *c;
    const char *dir;
    bool plain;
    char url[XG_URL_MAX + 1];
    struct tls_files tls;
    struct data *data;
    struct api api;
    struct xg_web *web;
    struct order_desk desk;
    struct console *console; /* NULL: not asked for */
    struct control *control;
    struct clerk_thread *clerk;
    struct board_thread *board;
    struct backups_thread *backups;
    struct witness_thread *witnesses;
    struct rounds *tidying;
};

/* Of no consequence when it fails: nobody listens. */
static void notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};

    if (!path || (*path != '/' && *path != '@') ||
        strlen(path) >= sizeof to.sun_path)
        return;
    memcpy(to.sun_path, path, strlen(path));
    if (*path == '@')
        to.sun_path[0] = '\0'; /* an abstract name */
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (fd < 0)
        return;
    size_t len = offsetof(struct sockaddr_un, sun_path) + strlen(path);
    if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to,
               (socklen_t)len) < 0)
        xg_log(XG_LOG_WARN, "notify.failed", "error=%s", strerror(errno));
    close(fd);
}

/* What devices are told to call: --url, or the address that we listen on,
 * by the machine's name where that is all of them. */
static enum xg_status make_url(struct serving *s, const char *listen,
                               struct xg_error *err)
{
    const char *given = cmd_option(s->c, "url"), *colon = strrchr(listen, ':');
    char host[256] = "";
    int len;

    if (given) {
        len = snprintf(s->url, sizeof s->url, "%s", given);
    } else {
        size_t host_len = colon ? (size_t)(colon - listen) : 0;
        if (host_len < sizeof host)
            memcpy(host, listen, host_len);
        if (!strcmp(host, "0.0.0.0") || !strcmp(host, "[::]"))
            gethostname(host, sizeof host - 1);
        len = snprintf(s->url, sizeof s->url, "%s://%s:%u",
                       s->plain ? "http" : "https", host,
                       (unsigned)xg_web_port(s->web));
    }
    if (len < 0 || (size_t)len >= sizeof s->url)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("地址太长", "the address is too long"));
    return XG_OK;
}

static enum xg_status start_web(struct serving *s, struct xg_error *err)
{
    const char *listen = cmd_option(s->c, "listen");
    struct xg_web_options options = {.allow_plain = s->plain};
    unsigned long workers;

    options.listen = listen ? listen : LISTEN_DEFAULT;
    if (cmd_number(&workers, s->c, "workers", XG_WEB_CONNECTIONS, 4096, err) !=
        XG_OK)
        return err->status;
    options.max_connections = (unsigned)workers;
    if (!s->plain) {
        if (tls_files_make(s->dir, "localhost", err) != XG_OK ||
            tls_files_load(&s->tls, s->dir, cmd_option(s->c, "tls-cert"),
                           cmd_option(s->c, "tls-key"), err) != XG_OK)
            return err->status;
        options.tls_cert_pem = xg_buf_str(&s->tls.cert);
        options.tls_key_pem = xg_buf_str(&s->tls.key);
    }
    if (xg_web_start(&s->web, &options, api_routes, api_route_count, &s->api,
                     err) != XG_OK)
        return err->status;
    atomic_store(&s->api.web, s->web);
    return make_url(s, options.listen, err);
}

/* The operators' page, with the same certificate. */
static enum xg_status start_console(struct serving *s, struct xg_error *err)
{
    const char *listen = cmd_option(s->c, "console");
    const struct console_options options = {
        .data = s->data,
        .dir = s->dir,
        .listen = listen,
        .url = cmd_option(s->c, "console-url"),
        .plain = s->plain,
        .tls_cert_pem = s->plain ? NULL : xg_buf_str(&s->tls.cert),
        .tls_key_pem = s->plain ? NULL : xg_buf_str(&s->tls.key),
        .runner = {&s->desk, order_run},
        .assets = console_assets,
        .asset_count = console_asset_count,
        .page = getenv("XUNGE_CONSOLE_PAGE")};

    if (!listen)
        return XG_OK;
    s->desk = (struct order_desk){.data = s->data, .env = &s->data->env};
    if (console_start(&s->console, &options, err) != XG_OK)
        return err->status;
    s->desk.console = s->console;
    return console_address_store(s->dir, console_url(s->console), err);
}

/* For `health`: which certificate callers see, if it is ours. */
static enum xg_status note_tls(struct serving *s, struct xg_error *err)
{
    const char *desk = s->console ? console_url(s->console) : "https://";
    int64_t until_ms;

    if (s->plain) {
        s->data->tls = strncmp(s->url, "https://", 8) == 0 &&
                               strncmp(desk, "https://", 8) == 0
                           ? DATA_TLS_PROXY
                           : DATA_TLS_NONE;
        return XG_OK;
    }
    if (xg_tls_until(&until_ms, xg_buf_str(&s->tls.cert), err) != XG_OK)
        return err->status;
    s->data->cert_until_ms = until_ms;
    s->data->tls = DATA_TLS_HERE;
    return XG_OK;
}

/* A command may have the folder for a moment; another server keeps it. */
static enum xg_status open_data(struct serving *s, struct xg_error *err)
{
    struct timespec pause = {.tv_nsec = BUSY_PAUSE_MS * 1000000L};
    enum xg_status status = data_open(&s->data, s->dir, s->c->env, err);

    for (int i = 0; status == XG_BUSY && i < BUSY_TRIES; i++) {
        if (control_listens(s->dir))
            return status;
        nanosleep(&pause, NULL);
        *err = XG_ERROR_NONE;
        status = data_open(&s->data, s->dir, s->c->env, err);
    }
    return status;
}

/* A connection is a file; the usual soft limit is 1024. */
static void allow_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        xg_log(XG_LOG_WARN, "files.limit", "error=%s", strerror(errno));
}

static void tidy(void *data)
{
    const struct data *d = data;

    ledger_tidy(d->ledger);
}

static enum xg_status start(struct serving *s, struct xg_error *err)
{
    unsigned long every_s;

    allow_files();
    if (cmd_number(&every_s, s->c, "witness-every", WITNESS_EVERY_S, 86400,
                   err) != XG_OK ||
        open_data(s, err) != XG_OK ||
        backups_set_folder(s->data, cmd_option(s->c, "backups"), err) !=
            XG_OK ||
        board_start(&s->board, s->data->board, err) != XG_OK ||
        api_open(&s->api, s->data, err) != XG_OK ||
        start_web(s, err) != XG_OK ||
        address_store(s->dir, s->url, s->plain ? NULL : &s->tls.pin, err) !=
            XG_OK)
        return err->status;
    s->data->two_for_login = cmd_option(s->c, "two-for-login") != NULL;
    if (start_console(s, err) != XG_OK || note_tls(s, err) != XG_OK ||
        control_start(&s->control, s->dir, s->data, s->console, &s->data->env,
                      err) != XG_OK)
        return err->status;
    if (clerk_start(&s->clerk, s->data, err) != XG_OK)
        return err->status;
    if (backups_start(&s->backups, s->data, err) != XG_OK)
        return err->status;
    if (rounds_start(&s->tidying, "tidy", TIDY_EVERY_S, tidy, s->data, err) !=
        XG_OK)
        return err->status;
    return witness_start(&s->witnesses, s->data, (unsigned)every_s, err);
}

static void say_ready(const struct serving *s)
{
    char pin[XG_TLS_PIN_SIZE] = "";

    if (!s->plain)
        xg_tls_pin_text(pin, &s->tls.pin);
    printf("ready %s %s%s\n", s->url, s->plain ? "plain" : "pin ", pin);
    if (s->console)
        printf("console %s\n", console_url(s->console));
    fflush(stdout);
    notify("READY=1");
}

static void stop(struct serving *s)
{
    rounds_stop(s->tidying);
    witness_stop(s->witnesses);
    clerk_stop(s->clerk);
    control_stop(s->control);
    console_stop(s->console);
    xg_web_stop(s->web);
    if (s->api.sessions)
        api_close(&s->api);
    backups_stop(s->backups);
    board_stop(s->board);
    if (s->data)
        data_close(s->data);
    tls_files_clear(&s->tls);
}

enum xg_status cmd_serve(struct cmd *c, struct xg_error *err)
{
    struct serving *s = calloc(1, sizeof *s);
    sigset_t ends;
    int which;

    if (!s)
        return xg_fail_nomem(err);
    (void)mallopt(M_ARENA_MAX, HEAPS); /* an advice; without it we only grow */
    s->c = c;
    s->dir = c->args[0];
    s->plain = cmd_option(c, "plain") != NULL;
    /* Before any thread is made: all of them inherit it. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    enum xg_status status = start(s, err);
    if (status == XG_OK) {
        say_ready(s);
        sigwait(&ends, &which);
        notify("STOPPING=1");
        xg_log(XG_LOG_INFO, "server.stop", "signal=%d", which);
    }
    stop(s);
    free(s);
    return status;
}
