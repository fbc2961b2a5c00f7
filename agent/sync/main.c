/* main.c - xunge-sync: the one program that links the network. `xunge sync` and
 * `xunge enrol` run it.
 *
 *      xunge-sync enrol CODE                 CODE -: from standard input
 *      xunge-sync sync [--watch]
 *      xunge-sync photo SHA-256              bring it back; by `xunge photos get`
 *
 * Exit status as of all programs (docs): 4 no connection (work stays queued),
 * 7 integrity alarm, ...
 */
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/engine/engine.h"
#include "agent/sync/arguments.h"
#include "agent/sync/http.h"
#include "agent/sync/metered.h"
#include "agent/sync/print.h"
#include "agent/sync/shut.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

enum {
    EVERY_MAX_S = 15 * 60,
    SLICE_MS = 200,
};

static volatile sig_atomic_t stopped; /* a signal asked for it */

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static bool pause_for(void *ctx, int64_t ms)
{
    (void)ctx;
    while (ms > 0 && !stopped) {
        int64_t slice = ms < SLICE_MS ? ms : SLICE_MS;
        struct timespec t = {slice / 1000, (long)(slice % 1000) * 1000000};
        nanosleep(&t, NULL);
        ms -= slice;
    }
    return !stopped;
}

/* ---- the two commands ---- */

static struct sync_options make_options(const struct arguments *a,
                                        const struct xg_env *env)
{
    return (struct sync_options){
        .give_up_ms = a->give_up_s * 1000,
        .silence_max_s = a->gives_up ? a->give_up_s : 0,
        .photos = a->photos,
        .budget_bytes = a->budget_bytes,
        .deadline_ms = a->within_s ? xg_mono_ms(env) + a->within_s * 1000 : 0};
}

static struct sync_host make_host(struct print *p)
{
    return (struct sync_host){p, pause_for, print_progress, NULL};
}

static enum xg_status remember(struct home *home, const char *name,
                               uint64_t value, struct xg_error *err)
{
    enum xg_status status = store_begin(home->store, err);

    if (status == XG_OK)
        status = store_put_meta_u64(home->store, name, value, err);
    if (status == XG_OK)
        status = store_commit(home->store, err);
    store_rollback(home->store);
    return status;
}

static enum xg_status enrol(const struct arguments *a, const char *path,
                            const struct xg_env *env, struct print *p,
                            struct xg_error *err)
{
    struct home home = {.env = NULL};
    struct http *http = NULL;
    struct xg_enrol_code code;
    struct sync_report report = {.reached = false};
    struct sync_options options = make_options(a, env);
    struct sync_host host = make_host(p);
    enum xg_status status = sync_read_code(&code, a->code, err);

    if (status == XG_OK) {
        struct http_options o = {.url = code.url,
                                 .pin = code.has_pin ? code.pin : NULL,
                                 .allow_plain = a->allow_plain,
                                 .stop = &stopped};
        status = http_open(&http, &o, err);
    }
    if (status == XG_OK)
        status = home_open(&home, path, true, env, err);
    if (status == XG_OK && a->allow_plain) /* meant for good */
        status = remember(&home, SYNC_META_PLAIN, 1, err);
    if (status == XG_OK) {
        struct xg_transport transport = http_transport(http);
        status =
            sync_enrol(&home, &transport, &host, &options, &code, &report, err);
    }
    print_enrolled(p, &report, status, err);
    home_close(&home);
    http_close(http);
    sodium_memzero(&code, sizeof code);
    return status;
}

/* Whose word counts: metered.h. */
static enum xg_status find_metered(struct metered *out,
                                   const struct arguments *a, struct home *home,
                                   struct xg_error *err)
{
    uint64_t setting;
    enum xg_status status = XG_OK;

    if (a->remember)
        status = remember(home, SYNC_META_METERED,
                          a->metered ? METERED_SET_YES : METERED_SET_NO, err);
    if (status == XG_OK)
        status = store_get_meta_u64(home->store, &setting, SYNC_META_METERED,
                                    err);
    if (status != XG_OK)
        return status;
    if (a->metered || a->unmetered)
        *out = (struct metered){a->metered, METERED_BY_FLAG};
    else
        *out = metered_find(setting);
    xg_log(XG_LOG_DEBUG, "sync.metered", "metered=%d by=%s", out->metered,
           metered_by_name(out->by));
    return XG_OK;
}

static enum xg_status open_server(struct http **http, const struct arguments *a,
                                  struct home *home, struct print *p,
                                  struct xg_error *err)
{
    struct store_identity id;
    uint64_t plain;

    if (store_get_identity(home->store, &id, err) != XG_OK ||
        store_get_meta_u64(home->store, &plain, SYNC_META_PLAIN, err) != XG_OK)
        return err->status;
    if (!id.joined)
        return xg_fail(
            err, XG_REFUSED,
            XG_T("本机尚未加入；请用管理员给的入网码运行 xunge enrol",
                 "this device is not enrolled; run xunge enrol with "
                 "the code that the operator gave"));
    struct http_options o = {.url = id.url,
                             .pin = id.has_pin ? id.pin : NULL,
                             .allow_plain = a->allow_plain || plain,
                             .stop = &stopped,
                             .tick = print_tick,
                             .ctx = p};
    return http_open(http, &o, err);
}

/* What one run leaves to the next. */
struct run {
    bool opened; /* the home could be read */
    int64_t retry_after_s;
};

static enum xg_status sync_once(const struct arguments *a, const char *path,
                                const struct xg_env *env, struct print *p,
                                struct run *run, struct xg_error *err)
{
    struct home home = {.env = NULL};
    struct http *http = NULL;
    struct sync_report report = {.reached = false};
    struct sync_options options = make_options(a, env);
    struct sync_host host = make_host(p);
    struct store_counts counts = {.drafts = 0};
    struct xg_error ignored = XG_ERROR_NONE;
    enum xg_status status = home_open(&home, path, false, env, err);

    if (status == XG_OK)
        status = open_server(&http, a, &home, p, err);
    if (status == XG_OK)
        status = find_metered(&p->metered, a, &home, err);
    if (status == XG_OK && store_count(home.store, &counts, &ignored) == XG_OK)
        print_begin(p, &report, &counts);
    if (status == XG_OK) {
        options.metered = p->metered.metered;
        struct xg_transport transport = http_transport(http);
        status = sync_run(&home, &transport, &host, &options, &report, err);
    }
    bool counted =
        home.store && store_count(home.store, &counts, &ignored) == XG_OK;
    print_synced(p, &report, &options, counted ? &counts : NULL, status, err);
    *run = (struct run){home.store != NULL, report.retry_after_s};
    home_close(&home);
    http_close(http);
    return status;
}

/* One photo back from the server. */
static enum xg_status fetch_photo(const struct arguments *a, const char *path,
                                  const struct xg_env *env, struct print *p,
                                  struct xg_error *err)
{
    struct home home = {.env = NULL};
    struct http *http = NULL;
    struct sync_report report = {.reached = false};
    struct sync_options options = make_options(a, env);
    struct sync_host host = make_host(p);
    struct xg_hash sha256 = {{0}};
    enum xg_status status =
        xg_unhex(sha256.b, XG_HASH_SIZE, a->code, strlen(a->code))
            ? home_open(&home, path, false, env, err)
            : arguments_usage(err);

    if (status == XG_OK)
        status = open_server(&http, a, &home, p, err);
    if (status == XG_OK) {
        struct xg_transport transport = http_transport(http);
        status = sync_fetch_photo(&home, &transport, &host, &options, &sha256,
                                  &report, err);
    }
    if (status != XG_OK)
        print_failure(p, status, err);
    home_close(&home);
    http_close(http);
    return status;
}

/* Again and again; longer pauses while there is no connection. Waits for what a
 * person is going to do anyway: join, unlock. Ends when stopped, where only a
 * person can help who looks at it, and where the home is of a newer program:
 * then this one was replaced, and whoever started it starts that one. */
static enum xg_status watch(const struct arguments *a, const char *path,
                            const struct xg_env *env, struct print *p,
                            struct xg_error *err)
{
    enum xg_status status = XG_OK;
    int64_t pause_s = a->every_s > 0 ? a->every_s : 1;

    /* For as long as the machine runs; a run by hand is over at once. */
    sync_shut(path);
    while (!stopped) {
        struct run run;
        status = sync_once(a, path, env, p, &run, err);
        if (xg_status_retry(status))
            pause_s = pause_s * 2 < EVERY_MAX_S ? pause_s * 2 : EVERY_MAX_S;
        else if (status == XG_OK || status == XG_LOCKED ||
                 (status == XG_REFUSED && run.opened))
            pause_s = a->every_s > 0 ? a->every_s : 1;
        else
            break;
        pause_for(NULL, 1000 * (run.retry_after_s > pause_s ? run.retry_after_s
                                                            : pause_s));
    }
    return status;
}

int main(int argc, char *argv[])
{
    struct arguments a;
    struct xg_error err = XG_ERROR_NONE;
    struct print p = {.json = false};
    char path[HOME_PATH_SIZE];
    struct run unused;

    if (xg_base_init() != 0)
        return 1;
    xg_lang_init(NULL);
    xg_log_level(XG_LOG_WARN);
    struct xg_env env = xg_env_system();
    arguments_language(argc, argv);
    enum xg_status status = arguments_parse(&a, argc, argv, &err);
    if (status == XG_OK && a.lang && xg_lang_init(a.lang) != 0)
        status = arguments_usage(&err);
    if (status == XG_OK && a.help) {
        arguments_print_help();
        return 0;
    }
    if (a.verbose)
        xg_log_level(XG_LOG_DEBUG);
    print_init(&p, a.json);
    p.verbose = a.verbose;
    p.steps = a.progress;
    if (p.steps)
        p.next_ms = 0; /* the first at once: a program shows what it wants */
    catch_signals();
    if (status == XG_OK)
        status = home_resolve(path, a.home, &err);
    if (status == XG_OK)
        status = http_init(&err);
    if (status != XG_OK)
        print_failure(&p, status, &err);
    else if (strcmp(a.command, "enrol") == 0)
        status = enrol(&a, path, &env, &p, &err);
    else if (strcmp(a.command, "photo") == 0)
        status = fetch_photo(&a, path, &env, &p, &err);
    else if (a.watch)
        status = watch(&a, path, &env, &p, &err);
    else
        status = sync_once(&a, path, &env, &p, &unused, &err);
    return xg_status_exit(status);
}
