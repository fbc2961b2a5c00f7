/* gps.c - see gps.h. */
#include "agent/patrol/gps.h"

#include <errno.h>
#include <gps.h>
#include <inttypes.h>
#include <math.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/lang.h"

enum { MESSAGE_SIZE = 16384 };

struct gps {
    struct gps_options options; /* with the defaults filled in */
    const struct xg_env *env;
    const struct gps_listener *listener;
    const volatile sig_atomic_t *stop;
    bool off_told; /* GPS_OFF was said, and nothing came since */
    bool ended;    /* the listener has enough */
    bool heard;    /* a report came on this connection */
    struct gps_data_t data;
    char message[MESSAGE_SIZE];
};

static bool over(const struct gps *g)
{
    return g->ended || *g->stop;
}

static int64_t steady_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t awake_ms(const struct gps *g)
{
    /* A simulated world has one clock; the real one two. */
    return g->env->ctx ? TRACK_NO_TIME : steady_ms();
}

static void give(struct gps *g, struct track_sample sample)
{
    sample.boot = g->env->boot(g->env->ctx);
    sample.wall_ms = xg_wall_ms(g->env);
    sample.mono_ms = xg_mono_ms(g->env);
    sample.awake_ms = awake_ms(g);
    if (!g->listener->sample(g->listener->ctx, &sample))
        g->ended = true;
}

static void give_off(struct gps *g)
{
    if (!g->off_told && !over(g))
        give(g, (struct track_sample){.kind = TRACK_GPS_OFF,
                                      .gps_ms = TRACK_NO_TIME});
    g->off_told = true;
}

static void look(struct gps *g)
{
    if (g->listener->tick && !over(g) && !g->listener->tick(g->listener->ctx))
        g->ended = true;
}

static void wait_ms(struct gps *g, int64_t ms)
{
    int64_t end_ms = steady_ms() + ms;

    while (!over(g)) {
        look(g);
        int64_t left_ms = end_ms - steady_ms();
        if (left_ms <= 0)
            return;
        poll(NULL, 0,
             (int)(left_ms < g->options.look_ms ? left_ms : g->options.look_ms));
    }
}

/* ---- reports ---- */

/* Degrees or metres to an integer; libgps gives NaN for what it lacks. */
static bool to_int(double value, double times, double max, int64_t *out)
{
    if (!isfinite(value) || value > max || value < -max)
        return false;
    *out = (int64_t)(value * times + (value < 0 ? -0.5 : 0.5));
    return true;
}

static uint32_t accuracy_dm(const struct gps_fix_t *fix)
{
    int64_t dm, x, y;

    if (to_int(fix->eph, 10, 1e7, &dm) && dm >= 0)
        return (uint32_t)dm;
    if (to_int(fix->epx, 10, 1e7, &x) && to_int(fix->epy, 10, 1e7, &y))
        return (uint32_t)xg_isqrt((uint64_t)(x * x + y * y));
    return XG_ACC_UNKNOWN;
}

static void give_report(struct gps *g)
{
    const struct gps_fix_t *fix = &g->data.fix;
    struct track_sample sample = {.kind = TRACK_NO_FIX,
                                  .gps_ms = TRACK_NO_TIME};
    int64_t lat, lon;

    if ((g->data.set & TIME_SET) && fix->time.tv_sec > 0 &&
        fix->time.tv_sec <= XG_TRACK_TIME_MAX / 1000)
        sample.gps_ms = (int64_t)fix->time.tv_sec * 1000 +
                        fix->time.tv_nsec / 1000000;
    if (fix->mode >= MODE_2D && to_int(fix->latitude, 1e6, 90, &lat) &&
        to_int(fix->longitude, 1e6, 180, &lon)) {
        sample.kind = TRACK_FIX;
        sample.lat_e6 = (int32_t)lat;
        sample.lon_e6 = (int32_t)lon;
        sample.acc_dm = accuracy_dm(fix);
        sample.mode = fix->mode == MODE_2D ? 2 : 3;
        sample.mock = fix->status == STATUS_SIM;
        sample.estimated = fix->status == STATUS_DR;
    }
    g->off_told = false;
    g->heard = true;
    give(g, sample);
}

/* No more used than seen; gpsd counts some of them otherwise. */
static void give_sky(const struct gps *g)
{
    int visible = g->data.satellites_visible, used = g->data.satellites_used;

    if (g->listener->sky && (g->data.set & SATELLITE_SET) && visible >= 0 &&
        used >= 0)
        g->listener->sky(g->listener->ctx, visible > used ? visible : used,
                         used);
}

/* A receiver was unplugged, or gpsd has none. */
static bool device_gone(const struct gps *g)
{
    if (g->data.set & DEVICELIST_SET)
        return g->data.devices.ndevices == 0;
    return (g->data.set & DEVICE_SET) && g->data.dev.activated.tv_sec == 0 &&
           g->data.dev.activated.tv_nsec == 0;
}

static bool is_class(const struct gps *g, const char *name)
{
    char head[32];

    snprintf(head, sizeof head, "{\"class\":\"%s\"", name);
    return strncmp(g->message, head, strlen(head)) == 0;
}

/* Read until the connection is lost or silent, or all is over. */
static void watch(struct gps *g)
{
    int64_t heard_ms = steady_ms();

    while (!over(g)) {
        look(g);
        if (!gps_waiting(&g->data, g->options.look_ms * 1000)) {
            if (steady_ms() - heard_ms > g->options.silence_ms)
                return;
            continue;
        }
        g->message[0] = '\0';
        int got = gps_read(&g->data, g->message, sizeof g->message);
        if (got < 0)
            return;
        if (got == 0)
            continue;
        if (is_class(g, "TPV")) {
            heard_ms = steady_ms();
            give_report(g);
        } else if (is_class(g, "SKY")) {
            give_sky(g);
        } else if (is_class(g, "DEVICE") || is_class(g, "DEVICES")) {
            if (device_gone(g))
                give_off(g);
        }
    }
}

/* ---- connecting ---- */

/* libgps connects without a time-out: first see whether somebody answers. */
static bool answers(struct gps *g, const struct addrinfo *at)
{
    int64_t end_ms = steady_ms() + g->options.connect_ms;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK |
                    SOCK_CLOEXEC, at->ai_protocol);
    bool ok = false;

    if (fd < 0)
        return false;
    if (connect(fd, at->ai_addr, at->ai_addrlen) == 0) {
        ok = true;
    } else if (errno == EINPROGRESS) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        while (!over(g) && steady_ms() < end_ms) {
            look(g);
            if (poll(&p, 1, g->options.look_ms) > 0) {
                int error = 0;
                socklen_t len = sizeof error;
                ok = getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
                     error == 0;
                break;
            }
        }
    }
    close(fd);
    return ok;
}

static bool reachable(struct gps *g)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
    bool ok = false;

    if (getaddrinfo(g->options.host, g->options.port, &hints, &list) != 0)
        return false;
    for (const struct addrinfo *at = list; at && !ok && !over(g);
         at = at->ai_next)
        ok = answers(g, at);
    freeaddrinfo(list);
    return ok;
}

/* libgps takes the device as void *, and only reads it. */
static int start_stream(struct gps *g)
{
    char device[GPS_PATH_MAX];
    unsigned flags = WATCH_ENABLE | WATCH_JSON;

    if (!g->options.device)
        return gps_stream(&g->data, flags, NULL);
    snprintf(device, sizeof device, "%s", g->options.device);
    return gps_stream(&g->data, flags | WATCH_DEVICE, device);
}

static void give_link(const struct gps *g, bool is_up)
{
    if (g->listener->link)
        g->listener->link(g->listener->ctx, is_up);
}

/* One connection from begin to end; was there a report? */
static bool serve(struct gps *g)
{
    g->heard = false;
    bool is_up = reachable(g);
    if (over(g))
        return false;
    memset(&g->data, 0, sizeof g->data);
    is_up = is_up &&
            gps_open(g->options.host, g->options.port, &g->data) == 0;
    give_link(g, is_up);
    if (!is_up)
        return false;
    if (start_stream(g) == 0)
        watch(g);
    gps_close(&g->data);
    return g->heard;
}

static struct gps_options with_defaults(const struct gps_options *given)
{
    struct gps_options o = *given;

    o.host = o.host ? o.host : "127.0.0.1";
    o.port = o.port ? o.port : "2947";
    o.look_ms = o.look_ms ? o.look_ms : 200;
    o.connect_ms = o.connect_ms ? o.connect_ms : 5000;
    o.silence_ms = o.silence_ms ? o.silence_ms : 20000;
    o.retry_min_ms = o.retry_min_ms ? o.retry_min_ms : 1000;
    o.retry_max_ms = o.retry_max_ms ? o.retry_max_ms : 60000;
    return o;
}

static bool port_valid(const char *port)
{
    size_t len = strspn(port, "0123456789");

    long number = strtol(port, NULL, 10);

    return len > 0 && len <= 5 && port[len] == '\0' && number > 0 &&
           number <= 65535;
}

static enum xg_status run(struct gps *g, struct xg_error *err)
{
    int64_t retry_ms = g->options.retry_min_ms;
    int failed = 0;

    while (!over(g)) {
        if (serve(g)) {
            retry_ms = g->options.retry_min_ms;
            failed = 0;
        } else if (!over(g)) {
            failed++;
        }
        give_off(g);
        if (g->options.attempts && failed >= g->options.attempts)
            return xg_fail(
                err, XG_NET,
                XG_T("连接不上 gpsd（%s 端口 %s）：请确认它在运行",
                     "no answer from gpsd at %s port %s: is it running?"),
                g->options.host, g->options.port);
        wait_ms(g, retry_ms);
        retry_ms = retry_ms * 2 > g->options.retry_max_ms
                       ? g->options.retry_max_ms
                       : retry_ms * 2;
    }
    return XG_OK;
}

enum xg_status gps_run(const struct gps_options *options,
                       const struct xg_env *env,
                       const struct gps_listener *listener,
                       const volatile sig_atomic_t *stop,
                       struct xg_error *err)
{
    struct gps_options filled = with_defaults(options);

    if (!port_valid(filled.port))
        return xg_fail(err, XG_USAGE,
                       XG_T("gpsd 端口“%s”不是 1 到 65535 的数字",
                            "gpsd port \"%s\" is no number from 1 to 65535"),
                       filled.port);
    struct gps *g = calloc(1, sizeof *g);
    if (!g)
        return xg_fail_nomem(err);
    g->options = filled;
    g->env = env;
    g->listener = listener;
    g->stop = stop;
    enum xg_status status = run(g, err);
    free(g);
    return status;
}
