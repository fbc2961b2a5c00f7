/* main.c - xunge-ui: the worker's page, served on the loopback. `xunge ui` runs
 * it.
 *
 *      xunge-ui --home DIR [--lang L] [--port N] [--no-browser] [--kiosk]
 *               [--json]
 *
 * One thread a connection, one that syncs, and this one, which waits for
 * signals and for changes of the home, and sees to idleness.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/ui/launch.h"
#include "agent/ui/settings.h"
#include "agent/ui/ui.h"
#include "agent/ui/watch.h"
#include "shared/base/env.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/map/tiles.h"
#include "shared/web/web.h"

enum {
    TICK_MS = 1000,
    TELL_MS = 250, /* at most so often: something changed */
    LOCK_AFTER_MIN = 10, /* where nothing is set */
};

struct arguments {
    const char *home, *lang;
    long port;
    bool browser, kiosk, json;
};

int64_t ui_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_BOOTTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void ui_call_ended(struct ui *ui, const struct call_row *row, int exit_status)
{
    if (strcmp(row->call.run, "settings") == 0)
        atomic_store(&ui->settings_stale, true);
    if (exit_status != 0 && exit_status != 5)
        return;
    if (strcmp(row->call.run, "lock") == 0) {
        hub_post(&ui->hub, HUB_LOCKED, "true");
    } else if (strcmp(row->call.run, "unlock") == 0) {
        hub_post(&ui->hub, HUB_LOCKED, "false");
        atomic_store(&ui->settings_stale, true);
    } else if (row->does == CALL_WRITES) {
        sync_soon(&ui->sync);
    }
}

/* ---- arguments ---- */

static enum xg_status parse(struct arguments *a, int argc, char *argv[],
                            struct xg_error *err)
{
    static const struct option options[] = {
        {"home", required_argument, NULL, 'h'},
        {"lang", required_argument, NULL, 'l'},
        {"port", required_argument, NULL, 'p'},
        {"no-browser", no_argument, NULL, 'n'},
        {"kiosk", no_argument, NULL, 'k'},
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0}};
    char *end = NULL;
    int option;

    *a = (struct arguments){.browser = true};
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h')
            a->home = optarg;
        else if (option == 'l')
            a->lang = optarg;
        else if (option == 'p')
            a->port = strtol(optarg, &end, 10);
        else if (option == 'n')
            a->browser = false;
        else if (option == 'k')
            a->kiosk = true;
        else if (option == 'j')
            a->json = true;
        else
            return xg_fail(err, XG_USAGE,
                           XG_T("用法有误；见 xunge ui --help",
                                "wrong usage; see xunge ui --help"));
    }
    if (a->lang && xg_lang_init(a->lang) != 0)
        return xg_fail(err, XG_USAGE, "--lang: zh (中文) | en (English)");
    if ((end && *end) || a->port < 0 || a->port > 65535)
        return xg_fail(err, XG_USAGE,
                       XG_T("--port 要是 0 到 65535 的整数（0 自动选择）",
                            "--port is a whole number from 0 to 65535 (0: one "
                            "that is free)"));
    if (!a->home || a->home[0] != '/' || optind != argc)
        return xg_fail(err, XG_USAGE,
                       XG_T("请用 xunge ui 启动", "start it with xunge ui"));
    return XG_OK;
}

/* ---- speaking ---- */

static void say_json(const char *format, const char *url, const char *file)
{
    struct xg_buf line = XG_BUF(64 << 10);

    xg_buf_text(&line, format);
    if (url) {
        xg_buf_text(&line, ",\"url\":");
        xg_json_string(&line, url);
    }
    xg_buf_text(&line, ",\"file\":");
    xg_json_string(&line, file);
    printf("%s}\n", xg_buf_str(&line));
    xg_buf_clear(&line);
}

/* One line when it can be used, for a person or a program that waits. */
static void say_ready(const struct arguments *a, const struct ui *ui)
{
    if (a->json)
        say_json("{\"ready\":true", ui->guard.origin, ui->start_path);
    else
        printf(XG_T("页面已在 %s；用浏览器打开 %s\n",
                    "ready at %s; open %s in a browser\n"),
               ui->guard.origin, ui->start_path);
    fflush(stdout);
}

static int complain(const struct arguments *a, const struct xg_error *err)
{
    struct xg_buf line = XG_BUF(8192);

    if (a->json) {
        xg_buf_format(&line, "{\"error\":\"%s\",\"exit\":%d,\"text\":",
                      xg_status_name(err->status),
                      xg_status_exit(err->status));
        xg_json_string(&line, xg_error_text(err));
        xg_buf_text(&line, "}");
    } else {
        xg_buf_format(&line, "xunge: %s", xg_error_text(err));
    }
    fprintf(stderr, "%s\n", xg_buf_str(&line));
    xg_buf_clear(&line);
    return xg_status_exit(err->status);
}

/* Another serves this home: open its page once more. */
static enum xg_status open_other(const struct arguments *a,
                                 const char *start_path, struct xg_error *err)
{
    pid_t unused;

    if (!*start_path)
        return xg_fail(err, XG_BUSY,
                       XG_T("另一个 xunge ui 正在启动或退出；请稍后再试",
                            "another xunge ui is just starting or ending; try "
                            "again in a moment"));
    *err = XG_ERROR_NONE;
    if (a->json)
        say_json("{\"ready\":true,\"running\":true", NULL, start_path);
    else
        printf(XG_T("已在运行；用浏览器打开 %s\n",
                    "it runs already; open %s in a browser\n"),
               start_path);
    fflush(stdout);
    return a->browser ? launch_browser(&unused, start_path, a->kiosk, err)
                      : XG_OK;
}

/* ---- while it runs ---- */

struct keeper {
    struct ui *ui;
    struct watch watch;
    int signal_fd;
    pid_t browser; /* 0: none that we know of */
    struct settings settings;
    unsigned changed; /* places, not yet told of */
    int64_t told_ms;
    bool rested; /* locked for this idleness */
};

static void tell_changed(struct keeper *k)
{
    struct xg_buf text = XG_BUF(256);
    int64_t now = ui_now_ms();

    if (!k->changed || now - k->told_ms < TELL_MS)
        return;
    k->told_ms = now;
    for (unsigned i = 0; i < WATCH_PLACES; i++)
        if (k->changed & (1u << i))
            xg_buf_format(&text, "%s\"%s\"", text.len ? "," : "[",
                          watch_name((enum watch_where)i));
    xg_buf_text(&text, "]");
    hub_post(&k->ui->hub, HUB_CHANGED, xg_buf_str(&text));
    xg_buf_clear(&text);
    k->changed = 0;
}

/* Without a passphrase the command refuses, and nothing happens. */
static bool lock_home(struct ui *ui)
{
    static const struct call_row row = {.call = {"lock", 0, 0, ""}};
    const struct xg_call call = {.row = &row.call, .lang = ui->lang};
    struct xg_arena arena = XG_ARENA(64 << 10);
    struct xg_error err = XG_ERROR_NONE;
    struct run run = RUN_NONE;
    const struct run_order order = {
        .arguments = call_arguments(&call, ui->home, 0, &arena)};
    int status = 1;

    if (order.arguments &&
        run_start(&run, &ui->runner, &order, NULL, &err) == XG_OK)
        status = run_end(&run, false);
    run_clear(&run);
    xg_arena_clear(&arena);
    return status == 0;
}

static void see_to_idleness(struct keeper *k)
{
    int64_t idle_ms = ui_now_ms() - atomic_load(&k->ui->touched_ms);
    int64_t after_ms = k->settings.lock_after_min * 60 * 1000;

    if (after_ms == 0 || idle_ms < after_ms) {
        k->rested = false;
        return;
    }
    if (k->rested)
        return;
    k->rested = true;
    if (lock_home(k->ui))
        hub_post(&k->ui->hub, HUB_LOCKED, "true");
}

static void see_to_settings(struct keeper *k)
{
    if (!atomic_exchange(&k->ui->settings_stale, false))
        return;
    settings_read(&k->settings, k->ui);
    sync_every(&k->ui->sync, k->settings.sync_every_min);
}

/* Until a signal says that it is enough. */
static void keep(struct keeper *k)
{
    struct pollfd polls[2] = {{.fd = k->signal_fd, .events = POLLIN},
                              {.fd = k->watch.fd, .events = POLLIN}};

    for (;;) {
        int n = poll(polls, 2, k->changed ? TELL_MS : TICK_MS);
        if (n < 0 && errno != EINTR)
            return;
        if (n > 0 && polls[0].revents)
            return;
        if (n > 0 && polls[1].revents)
            k->changed |= watch_read(&k->watch);
        tell_changed(k);
        see_to_settings(k);
        see_to_idleness(k);
        if (k->browser && waitpid(k->browser, NULL, WNOHANG) != 0)
            k->browser = 0;
    }
}

/* ---- starting ---- */

static enum xg_status block_signals(int *fd, struct xg_error *err)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t ends;

    sigaction(SIGPIPE, &ignore, NULL);
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    *fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
    return *fd >= 0 ? XG_OK : xg_fail_os(err, "signalfd");
}

static enum xg_status start_web(struct xg_web **web, struct ui *ui,
                                const struct arguments *a,
                                struct xg_error *err)
{
    char listen[32];

    snprintf(listen, sizeof listen, "127.0.0.1:%ld", a->port);
    const struct xg_web_options options = {.listen = listen,
                                           .max_connections = 64};
    if (xg_web_start(web, &options, ui_routes, ui_route_count, ui, err))
        return err->status;
    guard_serve(&ui->guard, xg_web_port(*web));
    return XG_OK;
}

/* Serve until told to end. */
static enum xg_status serve(struct ui *ui, const struct arguments *a,
                            int lock_fd, int signal_fd, struct xg_error *err)
{
    struct keeper k = {.ui = ui,
                       .signal_fd = signal_fd,
                       .settings = {SYNC_EVERY_MIN, LOCK_AFTER_MIN}};
    struct xg_web *web = NULL;
    enum xg_status status = watch_open(&k.watch, ui->home, err);

    if (status != XG_OK)
        return status;
    status = start_web(&web, ui, a, err);
    if (status == XG_OK)
        status = launch_write(ui, lock_fd, ui->guard.key, err);
    if (status == XG_OK)
        status = sync_start(&ui->sync, ui, err);
    if (status == XG_OK) {
        guard_open(&ui->guard);
        say_ready(a, ui);
    }
    if (status == XG_OK && a->browser)
        status = launch_browser(&k.browser, ui->start_path, a->kiosk, err);
    if (status == XG_OK)
        keep(&k);
    if (*ui->start_path)
        unlink(ui->start_path);
    runner_stop(&ui->runner);
    sync_stop(&ui->sync);
    xg_web_stop(web); /* what writes ends by itself first */
    sync_clear(&ui->sync);
    watch_close(&k.watch);
    return status;
}

static enum xg_status run_ui(struct ui *ui, const struct arguments *a,
                             struct xg_error *err)
{
    int lock_fd = -1, signal_fd = -1;
    enum xg_status status = launch_claim(&lock_fd, ui->start_path, a->home, err);

    if (status == XG_BUSY)
        return open_other(a, ui->start_path, err);
    if (status == XG_OK)
        status = block_signals(&signal_fd, err);
    if (status == XG_OK)
        status = runner_init(&ui->runner, err);
    if (status == XG_OK)
        status = xg_tiles_new(&ui->tiles, ui->home, err);
    if (status == XG_OK) {
        guard_init(&ui->guard);
        hub_init(&ui->hub);
        status = serve(ui, a, lock_fd, signal_fd, err);
        hub_clear(&ui->hub);
        guard_clear(&ui->guard);
    }
    xg_tiles_free(ui->tiles);
    if (lock_fd >= 0 && ftruncate(lock_fd, 0) != 0)
        xg_log(XG_LOG_WARN, "ui.lock", "home=%s", ui->home);
    return status;
}

int main(int argc, char *argv[])
{
    static struct ui ui;
    const struct rlimit no_core = {0, 0}; /* secrets pass through here */
    struct xg_error err = XG_ERROR_NONE;
    struct arguments a;

    if (xg_base_init() != 0)
        return 1;
    xg_lang_init(NULL);
    xg_log_level(XG_LOG_WARN);
    setrlimit(RLIMIT_CORE, &no_core);
    enum xg_status status = parse(&a, argc, argv, &err);
    if (status == XG_OK) {
        ui.home = a.home;
        ui.lang = xg_lang() == XG_LANG_ZH ? "zh" : "en";
        ui.page = getenv("XUNGE_PAGE");
        atomic_init(&ui.touched_ms, ui_now_ms());
        atomic_init(&ui.settings_stale, true);
        status = run_ui(&ui, &a, &err);
    }
    return status == XG_OK ? 0 : complain(&a, &err);
}
