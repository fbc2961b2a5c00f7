/* exif_answer.c - asking xunge-exif, and not believing it: its answer is read
 * strictly in the form of exif/protocol.h, every value checked again.
 */
#include "shared/photo/photo.h"

#include <string.h>

#include "shared/base/child.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/core/note.h"
#include "shared/photo/exif/protocol.h"

/* A field's line, if it comes next; its value is for the caller to judge. */
static enum xg_photo_claim take_field(struct xg_lines *l, const char *key,
                                      struct xg_bytes *value)
{
    if (!xg_lines_at(l, key))
        return XG_PHOTO_ABSENT;
    xg_line_rest(l, key, value);
    if (value->len == 0)
        return XG_PHOTO_ABSENT; /* and xg_lines_end() will fail */
    return xg_bytes_equal(*value, xg_bytes_of(EXIF_REFUSED)) ? XG_PHOTO_REFUSED
                                                             : XG_PHOTO_CLAIMED;
}

/* One decimal number out of `rest`, in the range. */
static bool take_int(struct xg_bytes *rest, int64_t *value, int64_t least,
                     int64_t most)
{
    bool minus = rest->len > 0 && rest->at[0] == '-';
    struct xg_bytes digits =
        minus ? xg_bytes(rest->at + 1, rest->len - 1) : *rest;
    uint64_t size;

    if (!xg_word_uint(&digits, &size) || size > INT32_MAX ||
        (minus && size == 0))
        return false;
    *value = minus ? -(int64_t)size : (int64_t)size;
    *rest = digits;
    return *value >= least && *value <= most;
}

static bool take_size(struct xg_photo_exif *e, struct xg_lines *l)
{
    struct xg_bytes rest;
    int64_t width, height;

    if (!xg_lines_at(l, "size"))
        return true;
    xg_line_rest(l, "size", &rest);
    if (!take_int(&rest, &width, 1, UINT16_MAX) ||
        !take_int(&rest, &height, 1, UINT16_MAX) || rest.len > 0)
        return false;
    e->width = (uint32_t)width;
    e->height = (uint32_t)height;
    return true;
}

static bool take_numbers(struct xg_photo_exif *e, struct xg_lines *l)
{
    struct xg_bytes rest = {NULL, 0};
    int64_t a = 0, b = 0;

    e->orientation_claim = take_field(l, "orientation", &rest);
    if (e->orientation_claim == XG_PHOTO_CLAIMED) {
        if (!take_int(&rest, &a, 1, 8) || rest.len > 0)
            return false;
        e->orientation = (uint8_t)a;
    }
    e->position_claim = take_field(l, "position", &rest);
    if (e->position_claim == XG_PHOTO_CLAIMED) {
        if (!take_int(&rest, &a, -EXIF_LAT_MAX_E7, EXIF_LAT_MAX_E7) ||
            !take_int(&rest, &b, -EXIF_LON_MAX_E7, EXIF_LON_MAX_E7) ||
            rest.len > 0 || (a == 0 && b == 0))
            return false;
        e->lat_e7 = (int32_t)a;
        e->lon_e7 = (int32_t)b;
    }
    e->altitude_claim = take_field(l, "altitude", &rest);
    if (e->altitude_claim == XG_PHOTO_CLAIMED) {
        if (!take_int(&rest, &a, EXIF_ALTITUDE_MIN_MM, EXIF_ALTITUDE_MAX_MM) ||
            rest.len > 0)
            return false;
        e->altitude_mm = (int32_t)a;
    }
    return true;
}

static bool take_times(struct xg_photo_exif *e, struct xg_lines *l)
{
    struct xg_bytes text = {NULL, 0};
    int minutes = 0;

    e->taken_claim = take_field(l, "taken", &text);
    if (e->taken_claim == XG_PHOTO_CLAIMED) {
        if (!exif_date_parse(&e->taken_local_ms, (const char *)text.at,
                             text.len))
            return false;
        memcpy(e->taken, text.at, sizeof e->taken - 1);
    }
    e->offset_claim = take_field(l, "offset", &text);
    if (e->offset_claim == XG_PHOTO_CLAIMED) {
        if (!exif_offset_parse(&minutes, (const char *)text.at, text.len))
            return false;
        e->offset_min = (int16_t)minutes;
    }
    e->gps_time_claim = take_field(l, "gps-time", &text);
    return e->gps_time_claim != XG_PHOTO_CLAIMED ||
           exif_date_parse(&e->gps_time_ms, (const char *)text.at, text.len);
}

static bool take_name(char out[static XG_PHOTO_TEXT_MAX + 1],
                      struct xg_lines *l, const char *key)
{
    struct xg_bytes text = {NULL, 0};

    if (take_field(l, key, &text) != XG_PHOTO_CLAIMED)
        return true;
    if (text.len > XG_PHOTO_TEXT_MAX)
        return false;
    for (size_t at = 0, step; at < text.len; at += step) {
        step = exif_text_step(text.at + at, text.len - at);
        if (step == 0)
            return false;
    }
    memcpy(out, text.at, text.len);
    return true;
}

static bool take_state(struct xg_photo_exif *e, struct xg_lines *l)
{
    struct xg_bytes word;

    xg_line_rest(l, "exif", &word);
    if (xg_bytes_equal(word, xg_bytes_of("none")))
        e->state = XG_PHOTO_EXIF_NONE;
    else if (xg_bytes_equal(word, xg_bytes_of("read")))
        e->state = XG_PHOTO_EXIF_READ;
    else
        e->state = XG_PHOTO_EXIF_UNREADABLE;
    return e->state != XG_PHOTO_EXIF_UNREADABLE ||
           xg_bytes_equal(word, xg_bytes_of("broken"));
}

enum xg_status xg_photo_exif_parse(struct xg_photo_exif *out,
                                   struct xg_bytes answer, struct xg_error *err)
{
    struct xg_photo_exif e = {.state = XG_PHOTO_EXIF_NONE};
    struct xg_lines l = xg_lines_over(answer);

    xg_line_literal(&l, EXIF_HELLO);
    bool good = take_state(&e, &l) && take_size(&e, &l);
    if (good && e.state == XG_PHOTO_EXIF_READ)
        good = take_numbers(&e, &l) && take_times(&e, &l) &&
               take_name(e.make, &l, "make") && take_name(e.model, &l, "model");
    if (!good)
        return xg_fail(err, XG_FORMAT,
                       XG_T("xunge-exif 的回答不合规（约第 %zu 行）",
                            "xunge-exif answered nonsense (about line %zu)"),
                       l.number);
    xg_line_literal(&l, "end");
    if (xg_lines_end(&l, err) != XG_OK)
        return xg_wrap(err, "xunge-exif");
    *out = e;
    return XG_OK;
}

enum xg_status xg_photo_read_exif(struct xg_photo_exif *out,
                                  const char *program, int fd,
                                  struct xg_error *err)
{
    const struct xg_child_order order = {.name = "xunge-exif",
                                         .program = program,
                                         .input_fd = fd,
                                         .timeout_ms =
                                             XG_PHOTO_EXIF_TIMEOUT_MS};
    struct xg_buf answer = XG_BUF(EXIF_OUTPUT_MAX);
    enum xg_status status = xg_child_run(&answer, &order, err);

    if (status == XG_OK)
        status = xg_photo_exif_parse(out, xg_buf_bytes(&answer), err);
    xg_buf_clear(&answer);
    return status;
}

void xg_photo_look(struct xg_photo *photo, const char *program, int fd)
{
    struct xg_error trouble = XG_ERROR_NONE;

    if (photo->type != XG_PHOTO_JPEG ||
        xg_photo_read_exif(&photo->exif, program, fd, &trouble) == XG_OK)
        return;
    photo->exif.state = XG_PHOTO_EXIF_UNREADABLE;
    xg_log(XG_LOG_WARN, "photo.exif", "reason=\"%s\"", xg_error_text(&trouble));
}
