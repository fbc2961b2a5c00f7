/* main.c - xunge-patrol: the recorder of a patrol. Started by `xunge patrol
 * start`, ended by SIGTERM (`xunge patrol stop`) or SIGINT.
 *
 *      xunge-patrol --home DIR --patrol ID [--gpsd HOST:PORT] [--every MS]
 *      xunge-patrol --position [--wait S] [--watch] [--json]
 *                   [--gpsd HOST:PORT]
 *
 * The second form records nothing: position.h.
 *
 * Says "ready" on standard output once it holds the spool, and nothing else
 * there. No database is opened: the record that the patrol began is saved
 * already, the others are made of the spool when it is closed.
 *
 * Kept: one fix in `every` ms (and each change between genuine and mock), each
 * change to and from "no fix" or "GPS off", a low battery. Exit status 0 when
 * told to stop, else that of the error.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/patrol/gps.h"
#include "agent/patrol/position.h"
#include "agent/record/patrol.h"
#include "agent/record/patrol_spool.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/base/os.h"

enum { BATTERY_LOW_PERCENT = 10, BATTERY_EVERY_MS = 60 * 1000 };

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

struct recorder {
    const struct xg_env *env;
    struct spool spool;
    int64_t every_ms;
    bool any, failing, battery_low;
    struct track_sample last; /* kept */
    int64_t battery_looked_ms, flush_tried_ms;
};

static struct track_sample event(const struct xg_env *env,
                                 enum track_sample_kind kind)
{
    struct timespec awake;

    clock_gettime(CLOCK_MONOTONIC, &awake);
    return (struct track_sample){
        .kind = kind,
        .boot = env->boot(env->ctx),
        .wall_ms = xg_wall_ms(env),
        .mono_ms = xg_mono_ms(env),
        .awake_ms = (int64_t)awake.tv_sec * 1000 + awake.tv_nsec / 1000000,
        .gps_ms = TRACK_NO_TIME,
        .acc_dm = XG_ACC_UNKNOWN,
    };
}

/* Told once when the disk begins to refuse, once when it takes again. */
static void say_writing(struct recorder *r, bool failed, const struct xg_error *err)
{
    if (failed != r->failing)
        xg_log(failed ? XG_LOG_ERROR : XG_LOG_INFO, "patrol.spool", "%s",
               failed ? xg_error_text(err) : "writes again");
    r->failing = failed;
}

static void keep(struct recorder *r, const struct track_sample *sample)
{
    struct xg_error err = XG_ERROR_NONE;

    say_writing(r, spool_add(&r->spool, sample, &err) != XG_OK, &err);
    r->last = *sample;
    r->any = true;
}

/* ---- battery: the lowest one that is being drained ---- */

static bool read_word(char *word, size_t size, const char *supply,
                      const char *name)
{
    char path[128];
    FILE *file;
    bool good;

    snprintf(path, sizeof path, "/sys/class/power_supply/%s/%s", supply, name);
    file = fopen(path, "re");
    if (!file)
        return false;
    good = fgets(word, (int)size, file) != NULL;
    fclose(file);
    if (good)
        word[strcspn(word, "\n")] = '\0';
    return good;
}

static bool battery_is_low(void)
{
    static const char *const supplies[] = {"BAT0", "BAT1", "battery"};
    char status[32], percent[16];

    for (size_t i = 0; i < sizeof supplies / sizeof *supplies; i++)
        if (read_word(status, sizeof status, supplies[i], "status") &&
            strcmp(status, "Discharging") == 0 &&
            read_word(percent, sizeof percent, supplies[i], "capacity") &&
            strtol(percent, NULL, 10) <= BATTERY_LOW_PERCENT)
            return true;
    return false;
}

static void look_at_battery(struct recorder *r, int64_t now_ms)
{
    if (now_ms - r->battery_looked_ms < BATTERY_EVERY_MS)
        return;
    r->battery_looked_ms = now_ms;
    bool low = battery_is_low();
    if (low && !r->battery_low) {
        struct track_sample told = event(r->env, TRACK_BATTERY_LOW);
        keep(r, &told);
    }
    r->battery_low = low;
}

/* ---- samples ---- */

static bool worth_keeping(const struct recorder *r,
                          const struct track_sample *sample)
{
    /* Receivers tick a little early or late. */
    enum { JITTER_MS = 200 };

    if (!r->any || sample->kind != r->last.kind)
        return true;
    if (sample->kind != TRACK_FIX)
        return false;
    return sample->mock != r->last.mock ||
           sample->estimated != r->last.estimated ||
           sample->mono_ms - r->last.mono_ms >= r->every_ms - JITTER_MS ||
           sample->mono_ms < r->last.mono_ms;
}

static bool take_sample(void *ctx, const struct track_sample *sample)
{
    struct recorder *r = ctx;

    look_at_battery(r, sample->mono_ms);
    if (worth_keeping(r, sample))
        keep(r, sample);
    return true;
}

/* Where nothing comes any more (no fix: told once), what came is written all
 * the same, so that the page and a power cut find it. */
static bool write_what_waits(void *ctx)
{
    enum { TRY_EVERY_MS = 5000 };
    struct recorder *r = ctx;
    struct xg_error err = XG_ERROR_NONE;
    int64_t now_ms = xg_mono_ms(r->env);

    if (now_ms - r->flush_tried_ms < TRY_EVERY_MS ||
        !spool_is_due(&r->spool, now_ms))
        return true;
    r->flush_tried_ms = now_ms;
    say_writing(r, spool_flush(&r->spool, &err) != XG_OK, &err);
    return true;
}

/* ---- the program ---- */

struct arguments {
    const char *home, *patrol, *every, *host, *port, *lang, *wait;
    bool help, position, watch, json;
};

static bool read_arguments(struct arguments *a, int argc, char **argv)
{
    static const struct option options[] = {
        {"home", required_argument, NULL, 'h'},
        {"patrol", required_argument, NULL, 'p'},
        {"every", required_argument, NULL, 'e'},
        {"gpsd", required_argument, NULL, 'g'},
        {"lang", required_argument, NULL, 'l'},
        {"position", no_argument, NULL, 'P'},
        {"wait", required_argument, NULL, 'w'},
        {"watch", no_argument, NULL, 'W'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'H'},
        {NULL, 0, NULL, 0},
    };
    char *colon;
    int c;

    while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (c) {
        case 'h':
            a->home = optarg;
            break;
        case 'p':
            a->patrol = optarg;
            break;
        case 'e':
            a->every = optarg;
            break;
        case 'g':
            colon = strrchr(optarg, ':');
            a->host = optarg;
            a->port = colon ? colon + 1 : NULL;
            if (colon)
                *colon = '\0';
            break;
        case 'l':
            a->lang = optarg;
            break;
        case 'P':
            a->position = true;
            break;
        case 'w':
            a->wait = optarg;
            break;
        case 'W':
            a->watch = true;
            break;
        case 'j':
            a->json = true;
            break;
        default:
            a->help = c == 'H';
            return false;
        }
    }
    return (a->position || (a->home && a->patrol)) && optind == argc;
}

static enum xg_status hold_lock(int *fd, const char *home, struct xg_error *err)
{
    char path[HOME_PATH_SIZE], pid[32];

    if (patrol_file(path, home, "lock", err) != XG_OK ||
        xg_os_lock_open(fd, path, err) != XG_OK)
        return err->status;
    if (xg_os_try_lock(*fd, err) != XG_OK)
        return xg_wrap(
            err, XG_T("巡查记录程序已在运行", "a recorder is running already"));
    snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (patrol_file(path, home, "pid", err) != XG_OK)
        return err->status;
    return xg_os_replace(path, 0600, xg_bytes_of(pid), err);
}

static enum xg_status record(struct recorder *r, const struct arguments *a,
                             struct xg_error *err)
{
    /* A receiver reports once a second, and what waits is due in seconds. */
    struct gps_options options = {
        .host = a->host, .port = a->port, .look_ms = 1000};
    const struct gps_listener listener = {.ctx = r,
                                          .sample = take_sample,
                                          .tick = write_what_waits};
    struct track_sample started = event(r->env, TRACK_STARTED);
    enum xg_status status;

    keep(r, &started);
    if (spool_flush(&r->spool, err) != XG_OK)
        return err->status;
    if (write(STDOUT_FILENO, "ready\n", 6) != 6)
        xg_log(XG_LOG_WARN, "patrol.ready", "nobody listens");
    close(STDOUT_FILENO);
    if (open("/dev/null", O_WRONLY) < 0)
        xg_log(XG_LOG_WARN, "patrol.ready", "no /dev/null");

    status = gps_run(&options, r->env, &listener, &stop, err);
    struct track_sample stopped = event(r->env, TRACK_STOPPED);
    if (status == XG_OK)
        keep(r, &stopped);
    struct xg_error later = XG_ERROR_NONE;
    if (spool_flush(&r->spool, &later) != XG_OK && status == XG_OK) {
        *err = later;
        status = later.status;
    }
    return status;
}

static enum xg_status run(const struct arguments *a, struct xg_error *err)
{
    struct xg_env env = xg_env_system();
    struct recorder r = {.env = &env, .every_ms = PATROL_EVERY_MS};
    struct vault *vault;
    struct xg_id id;
    int lock;

    r.spool.fd = -1;
    if (a->every)
        r.every_ms = strtol(a->every, NULL, 10);
    if (r.every_ms < PATROL_EVERY_MIN_MS)
        r.every_ms = PATROL_EVERY_MIN_MS;
    if (!xg_unhex(id.b, XG_ID_SIZE, a->patrol, strlen(a->patrol)))
        return xg_fail(err, XG_USAGE,
                       XG_T("巡查标识不对：%s", "not the id of a patrol: %s"),
                       a->patrol);
    if (hold_lock(&lock, a->home, err) != XG_OK ||
        vault_unlock_default(&vault, a->home, &env, err) != XG_OK)
        return err->status;
    enum xg_status status = spool_open(&r.spool, a->home, &id, vault, err);
    if (status == XG_OK) {
        status = record(&r, a, err);
        spool_close(&r.spool);
    }
    vault_free(vault);
    return status;
}

static enum xg_status say_position(const struct arguments *a,
                                   struct xg_error *err)
{
    struct xg_env env = xg_env_system();
    struct position_request request = {
        .gps = {.host = a->host, .port = a->port},
        .wait_ms = 1000 * (a->wait ? strtol(a->wait, NULL, 10)
                                   : POSITION_WAIT_S),
        .watch = a->watch,
        .json = a->json,
    };

    return position_run(&request, &env, &stop, err);
}

int main(int argc, char **argv)
{
    struct xg_error err = XG_ERROR_NONE;
    struct arguments arguments = {0};
    struct sigaction action = {.sa_handler = on_signal};

    xg_lang_init(NULL);
    if (xg_base_init() != 0)
        return 1;
    if (!read_arguments(&arguments, argc, argv) ||
        xg_lang_init(arguments.lang) != 0) {
        fprintf(arguments.help ? stdout : stderr,
                XG_T("用法：%s --home 文件夹 --patrol 标识 [--gpsd 主机:端口] "
                     "[--every 毫秒] [--lang zh|en]\n"
                     "巡查记录程序，由 xunge patrol start 启动。\n",
                     "usage: %s --home DIR --patrol ID [--gpsd HOST:PORT] "
                     "[--every MS] [--lang zh|en]\n"
                     "The recorder of a patrol; xunge patrol start runs it.\n"),
                argv[0]);
        return arguments.help ? 0 : xg_status_exit(XG_USAGE);
    }
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    if ((arguments.position ? say_position : run)(&arguments, &err) != XG_OK) {
        fprintf(stderr, "%s\n", xg_error_text(&err));
        return xg_status_exit(err.status);
    }
    return 0;
}
