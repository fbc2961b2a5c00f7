/* track.h - one piece of a patrol's track: points, packed without loss.
 *
 * A *segment* is a run of points without a gap. Positions are integers at
 * 10^-6 degree (11 cm), times Unix milliseconds, accuracy decimetres. Nothing
 * here computes in floating point: every machine packs the same bytes.
 *
 * Packed form
 *
 *      byte 0          version (1) << 4 | time unit: 0 = 1000 ms, 1 = 100 ms,
 *                      2 = 10 ms, 3 = 1 ms, the coarsest that loses nothing
 *      1..3 bytes      number of points, LEB128, shortest form
 *      rest            binary range coder (rangecoder.h), absent for no points
 *
 * Each value is predicted from what both sides know already and only the
 * surprise is coded: the time against the usual step, the accuracy against
 * the last one, the position against a mixture of movements (standing, going
 * on, turning a corner, turning back, ...) whose weights, speed and spread
 * are learned from the segment itself. A point 30 s after the last one costs
 * about 3 bytes, one of a 1 Hz recording less.
 *
 * One segment has one packed form: what the reader accepts, the writer would
 * have written.
 */
#ifndef XG_CORE_TRACK_H
#define XG_CORE_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/base/buf.h"
#include "shared/base/error.h"

enum {
    XG_TRACK_VERSION = 1,
    XG_TRACK_POINTS_MAX = 65536,         /* of one segment */
    XG_TRACK_BYTES_MAX = 2 << 20,        /* of one packed segment */
    XG_LAT_E6_MAX = 90 * 1000 * 1000,    /* -max .. +max, both included */
    XG_LON_E6_MAX = 180 * 1000 * 1000,
};

/* Times must lie in -XG_TRACK_TIME_MAX .. XG_TRACK_TIME_MAX (year 10889). */
#define XG_TRACK_TIME_MAX (INT64_C(1) << 48)

/* Accuracy that the receiver did not tell. */
#define XG_ACC_UNKNOWN UINT32_MAX

enum xg_point_flag {
    XG_POINT_TRUSTED = 1,   /* a position that may count as distance */
    XG_POINT_MOCK = 2,      /* the provider said that it is simulated */
    XG_POINT_CLOCK = 4,     /* the system clock jumped in this run */
    XG_POINT_GPS_TIME = 8,  /* GPS time and system clock disagree */
    XG_POINT_ESTIMATED = 16, /* dead reckoning, no measured position */
    XG_POINT_IMPORTED = 32, /* time and place from a file, not measured here */
    XG_POINT_FLAGS = 63,    /* all that are defined; others are refused */
};

struct xg_track_point {
    int64_t t_ms;
    int32_t lat_e6, lon_e6;
    uint32_t acc_dm; /* or XG_ACC_UNKNOWN */
    uint8_t flags;   /* of enum xg_point_flag */
};

struct xg_track_segment {
    struct xg_track_point *points;
    size_t count; /* 1 .. XG_TRACK_POINTS_MAX */
};

/* Append the packed segment. Times need not ascend. XG_FORMAT: a point out of
 * range, an undefined flag; XG_TOOBIG: too many points, or over out's
 * ceiling. On failure out->len is as before (out itself may have failed). */
XG_MUST_CHECK enum xg_status
xg_track_pack(struct xg_buf *out, const struct xg_track_point *points,
              size_t count, struct xg_error *err);

/* How many points the packed bytes announce, looking at the header alone:
 * enough to lend memory. XG_FORMAT, XG_TOOBIG: more than
 * XG_TRACK_POINTS_MAX, or more than that many bytes could hold. */
XG_MUST_CHECK enum xg_status xg_track_count(size_t *count,
                                            struct xg_bytes packed,
                                            struct xg_error *err);

/* All points of a packed segment, lent by `a`: 24 bytes a point, so at most
 * 1.5 MiB, plus as much as the packed bytes for checking. XG_FORMAT for
 * whatever xg_track_pack() would not have written: cut off, left over, out of
 * range, another encoding of the same points. */
XG_MUST_CHECK enum xg_status
xg_track_unpack(struct xg_track_point **points, size_t *count,
                struct xg_arena *a, struct xg_bytes packed,
                struct xg_error *err);

/* The way between each two successive points that are both trusted (TRUSTED,
 * and neither MOCK nor ESTIMATED), in mm. Points of one segment only: the
 * caller adds up segments and never joins them. A hop of more than
 * XG_HOP_MAX_MM is an outlier and not counted.
 *
 * Integers throughout, on a sphere of 6,371,008.8 m: within 0.1 % of the
 * haversine formula for |latitude| <= 85 degrees (and, being spherical, within
 * 0.6 % of the ellipsoid). */
#define XG_HOP_MAX_MM INT64_C(50000000)
int64_t xg_track_distance_mm(const struct xg_track_point *points,
                             size_t count);
/* Between two positions, trusted or not; -1 for more than XG_HOP_MAX_MM. */
int64_t xg_hop_mm(int32_t lat1_e6, int32_t lon1_e6, int32_t lat2_e6,
                  int32_t lon2_e6);

/* The square root, rounded down. */
uint64_t xg_isqrt(uint64_t value);
/* cos(latitude) * 2^30, error below 2^-26. */
int64_t xg_cos_q30(int64_t lat_e6);

/* ---- gaps: what a track does not know ---- */

/* Numbers are part of the records: append, never renumber. The second column
 * is the stable name in JSON and GPX. */
#define XG_GAP_TABLE(X)                                                      \
    X(XG_GAP_UNKNOWN, 0, "unknown", "原因不明", "unknown")                   \
    X(XG_GAP_KILLED, 1, "killed", "程序被终止", "the program was ended")     \
    X(XG_GAP_REBOOT, 2, "reboot", "设备断电或重启",                          \
      "power cut or restart")                                                \
    X(XG_GAP_SUSPENDED, 3, "suspended", "设备休眠", "the device slept")      \
    X(XG_GAP_GPS_OFF, 4, "gps-off", "定位关闭或断开",                        \
      "GPS off or disconnected")                                             \
    X(XG_GAP_NO_FIX, 5, "no-fix", "无定位信号", "no GPS fix")                \
    X(XG_GAP_BATTERY_LOW, 6, "battery-low", "电量低", "battery low")         \
    X(XG_GAP_MOCK, 7, "mock", "模拟定位", "simulated position")              \
    X(XG_GAP_CLOCK_JUMP, 8, "clock-jump", "时钟跳变", "the clock jumped")    \
    X(XG_GAP_PAUSED, 9, "paused", "人员暂停", "paused by the worker")        \
    X(XG_GAP_FILE, 10, "file", "导入文件中断", "break in the imported file")

enum xg_gap_cause {
#define X(name, number, text, zh, en) name = number,
    XG_GAP_TABLE(X)
#undef X
    XG_GAP_CAUSES
};

struct xg_gap {
    int64_t from_ms, to_ms; /* of the points on either side, or of the
                             * patrol's begin or end; from > to only where the
                             * clock was set back over a restart */
    enum xg_gap_cause cause; /* the strongest of the evidence */
    uint32_t evidence;       /* 1 << each cause that there is evidence for */
};

/* "no-fix"; "unknown" for a number that this version does not know. */
const char *xg_gap_name(unsigned cause);

#endif
