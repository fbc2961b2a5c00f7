/* track.c - see track.h; the expectations are in track_model.c. */
#include "shared/core/track.h"

#include <inttypes.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/rangecoder.h"
#include "shared/core/track_model.h"

enum { UNITS = 4, POINTS_PER_BYTE = 8 };

static const uint32_t UNIT_MS[UNITS] = {1000, 100, 10, 1};

static bool in_range(const struct xg_track_point *p)
{
    return p->t_ms >= -XG_TRACK_TIME_MAX && p->t_ms <= XG_TRACK_TIME_MAX &&
           p->lat_e6 >= -XG_LAT_E6_MAX && p->lat_e6 <= XG_LAT_E6_MAX &&
           p->lon_e6 >= -XG_LON_E6_MAX && p->lon_e6 <= XG_LON_E6_MAX &&
           (p->flags & ~XG_POINT_FLAGS) == 0;
}

static unsigned coarsest_unit(const struct xg_track_point *points,
                              size_t count)
{
    unsigned unit = 0;

    for (size_t i = 1; i < count; i++)
        while ((points[i].t_ms - points[0].t_ms) % UNIT_MS[unit] != 0)
            unit++;
    return unit;
}

static void put_leb128(struct xg_buf *out, size_t value)
{
    for (; value >= 0x80; value >>= 7)
        xg_buf_byte(out, (uint8_t)(value | 0x80));
    xg_buf_byte(out, (uint8_t)value);
}

enum xg_status xg_track_pack(struct xg_buf *out,
                             const struct xg_track_point *points,
                             size_t count, struct xg_error *err)
{
    struct xg_track_model model;
    struct xg_rc rc;
    size_t start = out->len;

    if (count > XG_TRACK_POINTS_MAX)
        return xg_fail(err, XG_TOOBIG,
                       "a track segment of %zu points (at most %d)", count,
                       (int)XG_TRACK_POINTS_MAX);
    for (size_t i = 0; i < count; i++)
        if (!in_range(&points[i]))
            return xg_fail(err, XG_FORMAT,
                           "track point %zu is out of range", i);

    unsigned unit = coarsest_unit(points, count);
    xg_buf_byte(out, (uint8_t)(XG_TRACK_VERSION << 4 | unit));
    put_leb128(out, count);
    if (count) {
        xg_track_model_init(&model, UNIT_MS[unit]);
        xg_rc_encode_begin(&rc, out);
        for (size_t i = 0; i < count; i++) {
            struct xg_track_point point = points[i];
            xg_track_model_code(&model, &rc, &point);
        }
        xg_rc_encode_end(&rc);
    }
    enum xg_status status = xg_buf_check(out, err);
    if (status != XG_OK)
        out->len = start;
    return status;
}

struct header {
    unsigned unit;
    size_t count, size;
};

static enum xg_status read_header(struct header *header,
                                  struct xg_bytes packed,
                                  struct xg_error *err)
{
    struct header h = {.size = 1};
    unsigned shift = 0;

    if (packed.len < 2 || packed.at[0] >> 4 != XG_TRACK_VERSION ||
        (packed.at[0] & 15) >= UNITS)
        return xg_fail(err, XG_FORMAT, "not a packed track of version %d",
                       (int)XG_TRACK_VERSION);
    if (packed.len > XG_TRACK_BYTES_MAX)
        return xg_fail(err, XG_TOOBIG, "a packed track of %zu bytes",
                       packed.len);
    h.unit = packed.at[0] & 15;
    do {
        if (h.size == packed.len || h.size == 4)
            return xg_fail(err, XG_FORMAT, "packed track: bad point count");
        h.count |= (size_t)(packed.at[h.size] & 0x7f) << shift;
        shift += 7;
    } while (packed.at[h.size++] & 0x80);

    if (h.count > XG_TRACK_POINTS_MAX)
        return xg_fail(err, XG_TOOBIG,
                       "a packed track of %zu points (at most %d)", h.count,
                       (int)XG_TRACK_POINTS_MAX);
    if (h.count > (packed.len - h.size) * POINTS_PER_BYTE)
        return xg_fail(err, XG_FORMAT,
                       "packed track: %zu bytes cannot hold %zu points",
                       packed.len, h.count);
    *header = h;
    return XG_OK;
}

enum xg_status xg_track_count(size_t *count, struct xg_bytes packed,
                              struct xg_error *err)
{
    struct header h;
    enum xg_status status = read_header(&h, packed, err);

    if (status == XG_OK)
        *count = h.count;
    return status;
}

/* Would the writer have written these bytes? */
static enum xg_status check_canonical(struct xg_bytes packed,
                                      const struct xg_track_point *points,
                                      size_t count, struct xg_error *err)
{
    struct xg_buf again = XG_BUF(packed.len);
    enum xg_status status = xg_track_pack(&again, points, count, err);

    if (status == XG_TOOBIG ||
        (status == XG_OK && !xg_bytes_equal(xg_buf_bytes(&again), packed)))
        status = xg_fail(err, XG_FORMAT,
                         "packed track: not the one form of its points");
    xg_buf_clear(&again);
    return status;
}

enum xg_status xg_track_unpack(struct xg_track_point **points, size_t *count,
                               struct xg_arena *a, struct xg_bytes packed,
                               struct xg_error *err)
{
    struct xg_track_model model;
    struct xg_rc rc;
    struct header h;
    enum xg_status status = read_header(&h, packed, err);

    if (status != XG_OK)
        return status;
    struct xg_track_point *got =
        xg_arena_array(a, h.count ? h.count : 1, sizeof *got);
    if (!got)
        return xg_fail_nomem(err);
    if (h.count) {
        xg_track_model_init(&model, UNIT_MS[h.unit]);
        xg_rc_decode_begin(
            &rc, xg_bytes(packed.at + h.size, packed.len - h.size));
        for (size_t i = 0; i < h.count; i++) {
            xg_track_model_code(&model, &rc, &got[i]);
            if (!in_range(&got[i]))
                return xg_fail(err, XG_FORMAT,
                               "packed track: point %zu is out of range", i);
        }
    }
    status = check_canonical(packed, got, h.count, err);
    if (status != XG_OK)
        return status;
    *points = got;
    *count = h.count;
    return XG_OK;
}

/* ---- distance ---- */

/* Micrometres between two positions that are near each other, by Pythagoras
 * on the sphere at the middle latitude; -1 when they are not near. */
static int64_t hop_um(int32_t lat1, int32_t lon1, int32_t lat2, int32_t lon2)
{
    /* 10^-6 degree on a sphere of 6,371,008.8 m is 111,195.08 um. */
    static const int64_t UM_PER_UNIT_X100 = 11119508;
    static const int64_t FULL = 2 * (int64_t)XG_LON_E6_MAX;
    int64_t dlat = (int64_t)lat2 - lat1, dlon = (int64_t)lon2 - lon1;

    if (dlon > XG_LON_E6_MAX)
        dlon -= FULL;
    else if (dlon < -XG_LON_E6_MAX)
        dlon += FULL;

    int64_t cos_q30 = xg_cos_q30(((int64_t)lat1 + lat2) / 2);
    int64_t x = dlon * cos_q30 / (1 << 18); /* units * 2^12 */
    int64_t y = dlat * (1 << 12);
    static const int64_t NEAR = INT64_C(500000) << 12;
    if (x > NEAR || x < -NEAR || y > NEAR || y < -NEAR)
        return -1;
    int64_t um = (int64_t)xg_isqrt((uint64_t)(x * x + y * y)) *
                 (UM_PER_UNIT_X100 / 4) / (100 << 10);
    return um > XG_HOP_MAX_MM * 1000 ? -1 : um;
}

int64_t xg_hop_mm(int32_t lat1_e6, int32_t lon1_e6, int32_t lat2_e6,
                  int32_t lon2_e6)
{
    int64_t um = hop_um(lat1_e6, lon1_e6, lat2_e6, lon2_e6);

    return um < 0 ? -1 : (um + 500) / 1000;
}

static bool trusted(const struct xg_track_point *p)
{
    return (p->flags & (XG_POINT_TRUSTED | XG_POINT_MOCK |
                        XG_POINT_ESTIMATED)) == XG_POINT_TRUSTED;
}

int64_t xg_track_distance_mm(const struct xg_track_point *points,
                             size_t count)
{
    int64_t sum_um = 0;

    for (size_t i = 1; i < count; i++) {
        const struct xg_track_point *a = &points[i - 1], *b = &points[i];
        if (!trusted(a) || !trusted(b))
            continue;
        int64_t um = hop_um(a->lat_e6, a->lon_e6, b->lat_e6, b->lon_e6);
        sum_um += um < 0 ? 0 : um;
    }
    return (sum_um + 500) / 1000;
}

/* ---- gaps ---- */

const char *xg_gap_name(unsigned cause)
{
    static const char *const NAMES[XG_GAP_CAUSES] = {
#define X(name, number, text, zh, en) [number] = text,
        XG_GAP_TABLE(X)
#undef X
    };

    return NAMES[cause < XG_GAP_CAUSES ? cause : XG_GAP_UNKNOWN];
}
