/* main.c - xunge-sync: the one program that links the network. `xunge sync` and
 * `xunge enrol` run it.
 *
 *      xunge-sync enrol CODE                 CODE -: from standard input
 *      xunge-sync sync [--watch]
 *
 * Exit status as of all programs (docs): 4 no connection (work stays queued),
 * 7 integrity alarm, ...
 */
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/sync/http.h"
#include "agent/sync/print.h"
#include "agent/sync_engine.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

enum {
    GIVE_UP_S = 30,
    EVERY_S = 60,
    EVERY_MAX_S = 15 * 60,
    CODE_SIZE = 2048,
    SLICE_MS = 200,
};

struct arguments {
    const char *home, *lang, *command, *code;
    bool json, watch, allow_plain, metered, verbose, help;
    int64_t give_up_s, every_s;
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

/* ---- arguments ---- */

static void print_help(void)
{
    fputs(
        XG_T("用法：\n"
             "  xunge-sync enrol 入网码        加入服务器（- 从标准输入读取）\n"
             "  xunge-sync sync [--watch]      上传、核验回执、取回\n\n"
             "  --home DIR      本机数据所在（或 XUNGE_HOME）\n"
             "  --watch         一直运行，每隔一段时间同步一次\n"
             "  --every S       --watch 的间隔秒数（60）\n"
             "  --max-time S    S 秒没有进展就放弃（30；0 只试一次）\n"
             "  --metered       按流量计费：先不取网格边界等大文件\n"
             "  --allow-plain   允许不加密的 http:// 服务器\n"
             "  --json          输出一行 JSON\n"
             "  --lang zh|en    --verbose    --help\n\n"
             "退出码：0 完成；1 被拒绝；2 用法；4 无连接（数据仍在本机）；"
             "6 需要口令；7 日志警报\n",
             "usage:\n"
             "  xunge-sync enrol CODE          join a server (-: standard "
             "input)\n"
             "  xunge-sync sync [--watch]      push, verify receipts, pull\n"
             "\n"
             "  --home DIR      where this device's data lies (or "
             "XUNGE_HOME)\n"
             "  --watch         go on, syncing again and again\n"
             "  --every S       seconds between, with --watch (60)\n"
             "  --max-time S    give up after S seconds without progress "
             "(30; 0: one try)\n"
             "  --metered       bytes cost: leave large files (grid "
             "boundaries) for another time\n"
             "  --allow-plain   allow a server with http://\n"
             "  --json          one JSON object a line\n"
             "  --lang zh|en    --verbose    --help\n\n"
             "exit status: 0 done; 1 refused; 2 usage; 4 no connection (the "
             "work stays queued);\n6 needs the passphrase; 7 alarm about "
             "the log\n"),
        stdout);
}

/* Seconds, 0 to a week. */
static bool parse_seconds(int64_t *out, const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end || value < 0 || value > 7L * 24 * 3600)
        return false;
    *out = value;
    return true;
}

static enum xg_status usage(struct xg_error *err)
{
    return xg_fail(err, XG_USAGE,
                   XG_T("用法有误；见 xunge-sync --help",
                        "wrong usage; see xunge-sync --help"));
}

static enum xg_status take_option(struct arguments *a, int option,
                                  struct xg_error *err)
{
    switch (option) {
    case 'h':
        a->home = optarg;
        return XG_OK;
    case 'l':
        a->lang = optarg;
        return XG_OK;
    case 'j':
        a->json = true;
        return XG_OK;
    case 'w':
        a->watch = true;
        return XG_OK;
    case 'p':
        a->allow_plain = true;
        return XG_OK;
    case 'M':
        a->metered = true;
        return XG_OK;
    case 'v':
        a->verbose = true;
        return XG_OK;
    case 'P':
        if (strcmp(optarg, "none") == 0)
            return XG_OK;
        return xg_fail(err, XG_USAGE,
                       XG_T("本版本尚不传输照片；用 --photos none",
                            "photos are not transferred by this version; use "
                            "--photos none"));
    case 'H':
        a->help = true;
        return XG_OK;
    case 'm':
        return parse_seconds(&a->give_up_s, optarg) ? XG_OK : usage(err);
    case 'e':
        return parse_seconds(&a->every_s, optarg) ? XG_OK : usage(err);
    default:
        return usage(err);
    }
}

static enum xg_status parse_arguments(struct arguments *a, int argc,
                                      char *argv[], struct xg_error *err)
{
    static const struct option options[] = {
        {"home", required_argument, NULL, 'h'},
        {"lang", required_argument, NULL, 'l'},
        {"json", no_argument, NULL, 'j'},
        {"watch", no_argument, NULL, 'w'},
        {"every", required_argument, NULL, 'e'},
        {"max-time", required_argument, NULL, 'm'},
        {"photos", required_argument, NULL, 'P'},
        {"allow-plain", no_argument, NULL, 'p'},
        {"metered", no_argument, NULL, 'M'},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'H'},
        {NULL, 0, NULL, 0},
    };
    enum xg_status status = XG_OK;
    int option;

    *a = (struct arguments){
        .command = "", .code = "", .give_up_s = GIVE_UP_S, .every_s = EVERY_S};
    opterr = 0;
    while (status == XG_OK &&
           (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = take_option(a, option, err);
    if (status != XG_OK || a->help)
        return status;
    if (optind < argc)
        a->command = argv[optind++];
    if (optind < argc)
        a->code = argv[optind++];
    bool enrol = strcmp(a->command, "enrol") == 0;
    bool sync = strcmp(a->command, "sync") == 0;
    if ((!enrol && !sync) || enrol != (*a->code != '\0') || optind < argc ||
        (enrol && a->watch))
        return usage(err);
    return XG_OK;
}

/* ---- the two commands ---- */

static struct sync_host make_host(struct print *p)
{
    return (struct sync_host){p, pause_for, print_progress, NULL};
}

static enum xg_status read_code(struct xg_enrol_code *code, const char *text,
                                struct xg_error *err)
{
    char line[CODE_SIZE];

    if (strcmp(text, "-") == 0) {
        size_t len = fread(line, 1, sizeof line - 1, stdin);
        line[len] = '\0';
        text = line;
    }
    enum xg_status status = xg_enrol_code_parse(code, text, err);
    sodium_memzero(line, sizeof line);
    return status;
}

/* That plain HTTP was meant is remembered with the enrolment. */
static enum xg_status remember_plain(struct home *home, struct xg_error *err)
{
    enum xg_status status = store_begin(home->store, err);

    if (status == XG_OK)
        status = store_put_meta_u64(home->store, SYNC_META_PLAIN, 1, err);
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
    struct sync_options options = {.give_up_ms = a->give_up_s * 1000,
                                   .metered = a->metered};
    struct sync_host host = make_host(p);
    enum xg_status status = read_code(&code, a->code, err);

    if (status == XG_OK) {
        struct http_options o = {code.url, code.has_pin ? code.pin : NULL,
                                 a->allow_plain, &stopped};
        status = http_open(&http, &o, err);
    }
    if (status == XG_OK)
        status = home_open(&home, path, true, env, err);
    if (status == XG_OK && a->allow_plain)
        status = remember_plain(&home, err);
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

static enum xg_status open_server(struct http **http, const struct arguments *a,
                                  struct home *home, struct xg_error *err)
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
    struct http_options o = {id.url, id.has_pin ? id.pin : NULL,
                             a->allow_plain || plain, &stopped};
    return http_open(http, &o, err);
}

static enum xg_status sync_once(const struct arguments *a, const char *path,
                                const struct xg_env *env, struct print *p,
                                int64_t *retry_after_s, struct xg_error *err)
{
    struct home home = {.env = NULL};
    struct http *http = NULL;
    struct sync_report report = {.reached = false};
    struct sync_options options = {.give_up_ms = a->give_up_s * 1000,
                                   .metered = a->metered};
    struct sync_host host = make_host(p);
    struct store_counts counts = {.drafts = 0};
    struct xg_error ignored = XG_ERROR_NONE;
    enum xg_status status = home_open(&home, path, false, env, err);

    if (status == XG_OK)
        status = open_server(&http, a, &home, err);
    if (status == XG_OK) {
        struct xg_transport transport = http_transport(http);
        status = sync_run(&home, &transport, &host, &options, &report, err);
    }
    bool counted =
        home.store && store_count(home.store, &counts, &ignored) == XG_OK;
    print_synced(p, &report, counted ? &counts : NULL, status, err);
    *retry_after_s = report.retry_after_s;
    home_close(&home);
    http_close(http);
    return status;
}

/* Again and again; longer pauses while there is no connection. Ends when
 * stopped, or where only a person can help. */
static enum xg_status watch(const struct arguments *a, const char *path,
                            const struct xg_env *env, struct print *p,
                            struct xg_error *err)
{
    enum xg_status status = XG_OK;
    int64_t pause_s = a->every_s > 0 ? a->every_s : 1;

    while (!stopped) {
        int64_t wish_s;
        status = sync_once(a, path, env, p, &wish_s, err);
        if (status == XG_OK)
            pause_s = a->every_s > 0 ? a->every_s : 1;
        else if (xg_status_retry(status))
            pause_s = pause_s * 2 < EVERY_MAX_S ? pause_s * 2 : EVERY_MAX_S;
        else if (status != XG_REFUSED)
            break;
        pause_for(NULL, 1000 * (wish_s > pause_s ? wish_s : pause_s));
    }
    return status;
}

int main(int argc, char *argv[])
{
    struct arguments a;
    struct xg_error err = XG_ERROR_NONE;
    struct print p = {.json = false};
    char path[HOME_PATH_SIZE];
    int64_t unused;

    if (xg_base_init() != 0)
        return 1;
    xg_lang_init(NULL);
    xg_log_level(XG_LOG_WARN);
    struct xg_env env = xg_env_system();
    enum xg_status status = parse_arguments(&a, argc, argv, &err);
    if (status == XG_OK && a.lang && xg_lang_init(a.lang) != 0)
        status = usage(&err);
    if (status == XG_OK && a.help) {
        print_help();
        return 0;
    }
    if (a.verbose)
        xg_log_level(XG_LOG_DEBUG);
    print_init(&p, a.json);
    catch_signals();
    if (status == XG_OK)
        status = home_resolve(path, a.home, &err);
    if (status == XG_OK)
        status = http_init(&err);
    if (status != XG_OK)
        print_failure(&p, status, &err);
    else if (strcmp(a.command, "enrol") == 0)
        status = enrol(&a, path, &env, &p, &err);
    else if (a.watch)
        status = watch(&a, path, &env, &p, &err);
    else
        status = sync_once(&a, path, &env, &p, &unused, &err);
    return xg_status_exit(status);
}
