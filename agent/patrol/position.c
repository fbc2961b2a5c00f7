/* position.c - see position.h. */
#include "agent/patrol/position.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/core/near.h"
#include "shared/view/text.h"

enum {
    ALIKE_NEEDED = 2,      /* good fixes in a row that end the waiting */
    NO_RECEIVER_MS = 2000, /* gpsd says that it has none: no use to wait */
    SPEAKS_MS = 3000,      /* a receiver says something in that time */
    LINE_MS = 1000,
    TEXT_MAX = 1024,
};

enum doubt {
    STALE = 1 << 0,
    JUMPING = 1 << 1,
    MOCK = 1 << 2,
    ESTIMATED = 1 << 3,
    TIME = 1 << 4,
};

enum quality { GOOD, FAIR, POOR };

struct position {
    const struct position_request *request;
    const struct xg_env *env;
    int64_t begun_ms, printed_ms, linked_ms; /* monotonic */
    bool linked, heard, receiver_off, any, lost, jumping;
    int seen, used;           /* satellites; -1: not told */
    struct track_sample fix;  /* the last, when `any` */
    int64_t changed_ms;       /* when its GPS time last moved on */
    unsigned alike;           /* good ones in a row */
    struct xg_error failed;
};

/* ---- judging ---- */

/* Between two fixes, by whichever clock saw more time pass: gpsd may hand over
 * several at once. */
static int64_t between_ms(const struct track_sample *a,
                          const struct track_sample *b)
{
    int64_t ms = b->mono_ms - a->mono_ms;

    if (a->gps_ms != TRACK_NO_TIME && b->gps_ms != TRACK_NO_TIME &&
        b->gps_ms - a->gps_ms > ms && b->gps_ms - a->gps_ms < 60 * 1000)
        ms = b->gps_ms - a->gps_ms;
    return ms > 0 ? ms : 0;
}

static int64_t accuracy_mm(const struct track_sample *s)
{
    return s->acc_dm == XG_ACC_UNKNOWN ? 0 : (int64_t)s->acc_dm * 100;
}

/* Farther apart than anybody moves, and than both may be off? */
static bool too_far(const struct track_sample *a, const struct track_sample *b)
{
    int64_t mm = xg_near_distance_mm(a->lat_e6 * 10, a->lon_e6 * 10,
                                     b->lat_e6 * 10, b->lon_e6 * 10);
    int64_t allowed = between_ms(a, b) * POSITION_SPEED_MAX_M_S +
                      accuracy_mm(a) + accuracy_mm(b) + 10 * 1000;

    return mm > allowed;
}

static unsigned doubts_of(const struct position *p, int64_t now_ms)
{
    const struct track_rules rules = track_rules_default();
    const struct track_sample *f = &p->fix;
    unsigned doubts = 0;

    if (p->lost || now_ms - f->mono_ms > POSITION_STALE_MS ||
        f->mono_ms - p->changed_ms > POSITION_STALE_MS)
        doubts |= STALE;
    if (p->jumping)
        doubts |= JUMPING;
    if (f->mock)
        doubts |= MOCK;
    if (f->estimated)
        doubts |= ESTIMATED;
    if (f->gps_ms != TRACK_NO_TIME &&
        llabs(f->gps_ms - f->wall_ms) > rules.gps_time_ms)
        doubts |= TIME;
    return doubts;
}

static enum quality quality_of(const struct track_sample *f, unsigned doubts)
{
    enum quality q = f->acc_dm <= POSITION_GOOD_DM   ? GOOD
                     : f->acc_dm <= POSITION_FAIR_DM ? FAIR
                                                     : POOR;

    if (doubts & (STALE | JUMPING | MOCK))
        return POOR;
    return q == GOOD && (doubts & ESTIMATED) ? FAIR : q;
}

/* ---- what is told ---- */

static const char *lies_words(unsigned doubts)
{
    if (doubts & MOCK)
        return XG_T("这是模拟的位置，不是卫星定位，不要用",
                    "this position is simulated, not from satellites; do not "
                    "use it");
    if (doubts & JUMPING)
        return XG_T("位置在跳动：站着等十几秒，或在地图上点选",
                    "the position jumps: stand still for some seconds, or "
                    "pick the place on the map");
    if (doubts & STALE)
        return XG_T("这是早先的位置，接收机没有新的：走到开阔处，或在地图上点选",
                    "this is from before, the receiver has nothing new: go "
                    "into the open, or pick the place on the map");
    return NULL;
}

static void put_fix_words(struct xg_buf *out, const struct track_sample *f,
                          unsigned doubts)
{
    static const char *const zh[] = {"定位准", "定位一般", "定位差"};
    static const char *const en[] = {"good position", "fair position",
                                     "poor position"};
    enum quality q = quality_of(f, doubts);
    const char *lies = lies_words(doubts);

    xg_buf_text(out, XG_T(zh[q], en[q]));
    if (f->acc_dm == XG_ACC_UNKNOWN)
        xg_buf_text(out, XG_T("，误差不明", ", accuracy unknown"));
    else
        xg_buf_format(out, XG_T("，误差约 %u 米", ", within about %u m"),
                      (f->acc_dm + 9) / 10);
    if (doubts & ESTIMATED)
        xg_buf_text(out, XG_T("（推算的）", " (reckoned)"));
    if (lies)
        xg_buf_format(out, XG_T("。%s", ". %s"), lies);
    else if (q == POOR)
        xg_buf_text(out, XG_T("。走到开阔处等一会儿，或在地图上点选",
                              ". Go into the open and wait a little, or pick "
                              "the place on the map"));
    if (doubts & TIME)
        xg_buf_text(out, XG_T("。接收机的时间不对，时间以本机为准",
                              ". The receiver's time is wrong; this device's "
                              "is used"));
}

/* "no-gpsd", "no-receiver", "no-fix"; NULL: there is a position. */
static const char *none_name(const struct position *p, int64_t now_ms)
{
    if (p->any && now_ms - p->fix.mono_ms <= POSITION_LOST_MS)
        return NULL;
    if (!p->linked)
        return "no-gpsd";
    bool silent = !p->heard && now_ms - p->linked_ms >= SPEAKS_MS;
    return p->receiver_off || silent ? "no-receiver" : "no-fix";
}

static void put_none_words(struct xg_buf *out, const struct position *p,
                           const char *none)
{
    if (strcmp(none, "no-gpsd") == 0)
        xg_buf_text(out,
                    XG_T("本机没有定位服务（gpsd 没有应答）：在地图上点选位置，"
                         "或先不写位置保存；请管理员检查",
                         "no position service answers here (gpsd): pick the "
                         "place on the map, or save without one; tell who "
                         "looks after the device"));
    else if (strcmp(none, "no-receiver") == 0)
        xg_buf_text(out,
                    XG_T("没有接上卫星定位接收机，或它没有数据：检查接头和开关，"
                         "或在地图上点选位置",
                         "there is no receiver, or it says nothing: look at "
                         "its plug and switch, or pick the place on the map"));
    else if (p->seen > 0)
        xg_buf_format(out,
                      XG_T("还没有定位（看到 %d 颗卫星，用上 %d 颗）：在开阔处等"
                           "一两分钟，或在地图上点选位置",
                           "no position yet (%d satellites seen, %d used): "
                           "wait a minute or two in the open, or pick the "
                           "place on the map"),
                      p->seen, p->used);
    else
        xg_buf_text(out,
                    XG_T("还没有定位，看不到卫星：走到室外开阔处等一两分钟，或在"
                         "地图上点选位置",
                         "no position yet, no satellite is seen: go out into "
                         "the open and wait a minute or two, or pick the "
                         "place on the map"));
}

static json_t *number_or_null(int value)
{
    return value < 0 ? json_null() : json_integer(value);
}

static json_t *place_json(const struct track_sample *f, int64_t now_ms)
{
    json_t *accuracy = f->acc_dm == XG_ACC_UNKNOWN
                           ? json_null()
                           : json_real((double)f->acc_dm / 10);

    return json_pack("{s:f, s:f, s:o, s:f}", "lat", (double)f->lat_e6 / 1e6,
                     "lon", (double)f->lon_e6 / 1e6, "accuracy_m", accuracy,
                     "age_s", (double)(now_ms - f->mono_ms) / 1000);
}

static json_t *doubts_json(unsigned doubts)
{
    static const char *const names[] = {"stale", "jumping", "mock",
                                        "estimated", "time"};
    json_t *list = json_array();

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (doubts & (1u << i))
            json_array_append_new(list, json_string(names[i]));
    return list;
}

static json_t *fix_json(const struct position *p, int64_t now_ms,
                        unsigned doubts)
{
    static const char *const names[] = {"good", "fair", "poor"};
    const struct track_sample *f = &p->fix;
    struct xg_buf time = XG_BUF(64), gps = XG_BUF(64);
    json_t *object = place_json(f, now_ms);

    view_put_time_utc(&time, f->wall_ms);
    if (f->gps_ms != TRACK_NO_TIME)
        view_put_time_utc(&gps, f->gps_ms);
    json_t *more = json_pack(
        "{s:s, s:s, s:i, s:o, s:o, s:o, s:s?}", "quality",
        names[quality_of(f, doubts)], "time", xg_buf_str(&time), "mode",
        (int)f->mode, "satellites", number_or_null(p->used), "satellites_seen",
        number_or_null(p->seen), "doubts", doubts_json(doubts), "gps_time",
        f->gps_ms != TRACK_NO_TIME ? xg_buf_str(&gps) : NULL);
    json_object_update_new(object, more);
    xg_buf_clear(&time);
    xg_buf_clear(&gps);
    return object;
}

static json_t *none_json(const struct position *p, int64_t now_ms,
                         const char *none)
{
    return json_pack("{s:s, s:o, s:o, s:o}", "none", none, "satellites",
                     number_or_null(p->used), "satellites_seen",
                     number_or_null(p->seen), "last",
                     p->any ? place_json(&p->fix, now_ms) : json_null());
}

static void put_json(struct xg_buf *out, json_t *object, struct xg_buf *words)
{
    json_object_set_new(object, "text", json_string(xg_buf_str(words)));
    char *line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9));
    if (line)
        xg_buf_format(out, "%s\n", line);
    else
        out->failed = XG_NOMEM;
    free(line);
    json_decref(object);
}

static void put_place(struct xg_buf *out, const struct track_sample *f)
{
    xg_buf_format(out, "%.6f,%.6f  ", (double)f->lat_e6 / 1e6,
                  (double)f->lon_e6 / 1e6);
}

/* False when nobody reads any more. */
static bool tell(struct position *p)
{
    int64_t now_ms = xg_mono_ms(p->env);
    const char *none = none_name(p, now_ms);
    unsigned doubts = none ? 0 : doubts_of(p, now_ms);
    struct xg_buf words = XG_BUF(TEXT_MAX), line = XG_BUF(4 * TEXT_MAX);

    if (none)
        put_none_words(&words, p, none);
    else
        put_fix_words(&words, &p->fix, doubts);
    if (p->request->json) {
        put_json(&line,
                 none ? none_json(p, now_ms, none)
                      : fix_json(p, now_ms, doubts),
                 &words);
    } else {
        if (!none)
            put_place(&line, &p->fix);
        xg_buf_format(&line, "%s\n", xg_buf_str(&words));
    }
    bool ok = xg_buf_check(&line, &p->failed) == XG_OK &&
              xg_os_write_all(STDOUT_FILENO, "stdout", xg_buf_bytes(&line),
                              &p->failed) == XG_OK;
    xg_buf_clear(&words);
    xg_buf_clear(&line);
    p->printed_ms = now_ms;
    return ok;
}

/* ---- what comes ---- */

static void take_fix(struct position *p, const struct track_sample *f)
{
    bool again = p->any && !p->lost;

    if (!again || f->gps_ms == TRACK_NO_TIME || f->gps_ms != p->fix.gps_ms)
        p->changed_ms = f->mono_ms;
    p->jumping = again && too_far(&p->fix, f);
    p->fix = *f;
    p->any = true;
    p->lost = false;
    if (quality_of(f, doubts_of(p, f->mono_ms)) == GOOD)
        p->alike++;
    else
        p->alike = 0;
}

static bool on_sample(void *ctx, const struct track_sample *sample)
{
    struct position *p = ctx;

    p->receiver_off = p->linked && sample->kind == TRACK_GPS_OFF;
    p->heard = p->heard || !p->receiver_off;
    if (sample->kind == TRACK_FIX) {
        take_fix(p, sample);
    } else {
        p->lost = true;
        p->alike = 0;
    }
    return true;
}

static void on_sky(void *ctx, int visible, int used)
{
    struct position *p = ctx;

    p->seen = visible;
    p->used = used;
}

static void on_link(void *ctx, bool is_up)
{
    struct position *p = ctx;

    p->linked = is_up;
    p->linked_ms = xg_mono_ms(p->env);
    p->heard = false;
}

/* Is there anything to wait for? */
static bool is_enough(const struct position *p, int64_t now_ms)
{
    int64_t waited_ms = now_ms - p->begun_ms;

    return p->alike >= ALIKE_NEEDED || waited_ms >= p->request->wait_ms ||
           (p->linked && p->receiver_off && waited_ms >= NO_RECEIVER_MS);
}

static bool on_tick(void *ctx)
{
    struct position *p = ctx;
    int64_t now_ms = xg_mono_ms(p->env);

    if (!p->request->watch)
        return !is_enough(p, now_ms);
    if (now_ms - p->printed_ms < LINE_MS)
        return true;
    return tell(p);
}

enum xg_status position_run(const struct position_request *r,
                            const struct xg_env *env,
                            const volatile sig_atomic_t *stop,
                            struct xg_error *err)
{
    struct position p = {.request = r, .env = env, .seen = -1, .used = -1,
                         .begun_ms = xg_mono_ms(env), .failed = XG_ERROR_NONE};
    const struct gps_listener listener = {&p, on_sample, on_sky, on_link,
                                          on_tick};
    struct gps_options options = r->gps;
    struct xg_error none = XG_ERROR_NONE;

    /* Once is enough for one answer; who watches waits for gpsd to come. */
    options.attempts = r->watch ? 0 : 1;
    options.retry_max_ms = 5000;
    p.printed_ms = p.begun_ms - LINE_MS / 2;
    enum xg_status status = gps_run(&options, env, &listener, stop, &none);
    if (status != XG_OK && status != XG_NET) {
        *err = none;
        return status;
    }
    if (!r->watch && !*stop && !tell(&p)) {
        *err = p.failed;
        return err->status;
    }
    return XG_OK;
}
