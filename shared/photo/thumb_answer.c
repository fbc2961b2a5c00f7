/* thumb_answer.c - asking xunge-thumb, and not believing it; see photo.h. */
#include "shared/photo/photo.h"

#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/core/schema.h"

/* --- what came back ------------------------------------------------------- */

/* The parts of a JPEG that a small picture has (ITU-T T.81 B.1). */
enum {
    M_SOF0 = 0xC0,
    M_DHT = 0xC4,
    M_SOI = 0xD8,
    M_EOI = 0xD9,
    M_SOS = 0xDA,
    M_DQT = 0xDB,
    M_DRI = 0xDD,
    M_APP0 = 0xE0,
    SOI_SIZE = 2,
    EOI_SIZE = 2,
    MARKER_SIZE = 4, /* with the length */
    FRAME_SIZE = 6,  /* up to the number of components */
};

static bool frame_sound(struct xg_bytes segment)
{
    if (segment.len < FRAME_SIZE)
        return false;
    unsigned height = xg_load_u16(segment.at + 1);
    unsigned width = xg_load_u16(segment.at + 3);
    return height >= 1 && height <= XG_PHOTO_THUMBNAIL_SIDE_MAX && width >= 1 &&
           width <= XG_PHOTO_THUMBNAIL_SIDE_MAX;
}

bool xg_photo_thumbnail_sound(struct xg_bytes jpeg)
{
    size_t at = SOI_SIZE;
    bool frame = false;

    if (jpeg.len > XG_THUMBNAIL_MAX || jpeg.len < SOI_SIZE + EOI_SIZE ||
        xg_load_u16(jpeg.at) != (0xFF00 | M_SOI) ||
        xg_load_u16(jpeg.at + jpeg.len - EOI_SIZE) != (0xFF00 | M_EOI))
        return false;
    while (jpeg.len - at >= MARKER_SIZE + EOI_SIZE) {
        unsigned marker = xg_load_u16(jpeg.at + at);
        size_t len = xg_load_u16(jpeg.at + at + 2);
        if (marker == (0xFF00 | M_SOS))
            return frame;
        at += MARKER_SIZE;
        if (len < 2 || len - 2 > jpeg.len - at)
            return false;
        struct xg_bytes segment = xg_bytes(jpeg.at + at, len - 2);
        at += len - 2;
        if (marker == (0xFF00 | M_SOF0)) {
            if (frame || !frame_sound(segment))
                return false;
            frame = true;
        } else if (marker != (0xFF00 | M_APP0) && marker != (0xFF00 | M_DQT) &&
                   marker != (0xFF00 | M_DHT) && marker != (0xFF00 | M_DRI)) {
            return false;
        }
    }
    return false;
}

/* --- the child ------------------------------------------------------------ */

void xg_photo_thumb_start(struct xg_photo_thumber *out, const char *program,
                          const struct xg_photo *photo, int fd)
{
    static const char *const ORIENTATIONS[] = {"1", "1", "2", "3", "4",
                                               "5", "6", "7", "8"};
    const struct xg_photo_exif *exif = &photo->exif;
    struct xg_error trouble = XG_ERROR_NONE;
    struct xg_child_order order = {
        .name = "xunge-thumb",
        .program = program,
        .arguments = {ORIENTATIONS[exif->orientation_claim == XG_PHOTO_CLAIMED
                                       ? exif->orientation
                                       : 1]},
        .input_fd = fd,
        .timeout_ms = XG_PHOTO_THUMBNAIL_TIMEOUT_MS};

    out->runs = false;
    if (photo->type == XG_PHOTO_HEIC)
        return;
    out->runs = xg_child_start(&out->child, &order, &trouble) == XG_OK;
    if (!out->runs)
        xg_log(XG_LOG_WARN, "photo.thumbnail", "reason=\"%s\"",
               xg_error_text(&trouble));
}

void xg_photo_thumb_finish(struct xg_photo_thumber *t, struct xg_buf *small)
{
    struct xg_error trouble = XG_ERROR_NONE;
    enum xg_status status;

    if (!t->runs)
        return;
    t->runs = false;
    status = xg_child_finish(&t->child, small, &trouble);
    if (status == XG_OK && !xg_photo_thumbnail_sound(xg_buf_bytes(small)))
        status = xg_fail(&trouble, XG_FORMAT,
                         XG_T("xunge-thumb 的回答不是合规的小图",
                              "xunge-thumb did not answer a small picture"));
    if (status == XG_OK)
        return;
    xg_log(XG_LOG_WARN, "photo.thumbnail", "reason=\"%s\"",
           xg_error_text(&trouble));
    xg_buf_clear(small);
}
