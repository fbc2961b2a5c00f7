/* gps.h - fixes from gpsd, by libgps (API 11). For xunge-patrol alone.
 *
 * gps_run() connects, watches and hands over a sample for every report of the
 * receiver: TRACK_FIX with integers only, TRACK_NO_FIX, and TRACK_GPS_OFF when
 * the connection or the receiver is gone or silent (once for each loss). Lost
 * connections are tried again with back-off. It returns when *stop is set
 * (a signal that interrupts is seen at once, another thread's within look_ms)
 * or the callback returns false.
 *
 * libgps writes to its socket: the program ignores SIGPIPE. A name is resolved
 * without a time-out; give an address where that matters.
 *
 * Times of a sample are the system's (struct xg_env) at arrival; gps_ms is what
 * gpsd says and is only ever evidence. Accuracy is eph, else the root of
 * epx^2 + epy^2; unknown where gpsd gives none. Status SIM is mock, DR is
 * estimated.
 */
#ifndef XG_AGENT_PATROL_GPS_H
#define XG_AGENT_PATROL_GPS_H

#include <signal.h>
#include <stdbool.h>

#include "agent/track/gaps.h"
#include "shared/base/env.h"
#include "shared/base/error.h"

struct gps_options {
    const char *host, *port;  /* NULL: 127.0.0.1, 2947 */
    const char *device;       /* of gpsd, NULL: any */
    int look_ms;              /* without reports, wake so often; 0: 200. Each
                               * time costs the battery a little */
    int64_t connect_ms;       /* time-out of one attempt; 0: 5 s */
    int64_t silence_ms;       /* no report for so long: GPS_OFF, and connect
                               * anew; 0: 20 s */
    int64_t retry_min_ms, retry_max_ms; /* back-off; 0: 1 s, 60 s */
    int attempts;             /* give up after so many failed in a row;
                               * 0: never */
};

struct gps_listener {
    void *ctx;
    /* False ends gps_run(). */
    bool (*sample)(void *ctx, const struct track_sample *sample);
    /* The others may be NULL. Satellites in view and used, as they are told. */
    void (*sky)(void *ctx, int visible, int used);
    /* gpsd was asked for a connection: did it answer? */
    void (*link)(void *ctx, bool is_up);
    /* At least every look_ms, whatever comes. False ends gps_run(). */
    bool (*tick)(void *ctx);
};

/* XG_OK when stopped; XG_USAGE for a bad port; XG_NET after `attempts`. */
XG_MUST_CHECK enum xg_status gps_run(const struct gps_options *options,
                                     const struct xg_env *env,
                                     const struct gps_listener *listener,
                                     const volatile sig_atomic_t *stop,
                                     struct xg_error *err);

#endif
