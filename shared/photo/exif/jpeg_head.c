/* jpeg_head.c - see jpeg_head.h. */
#include "shared/photo/exif/jpeg_head.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/bytes.h"

enum {
    M_SOF0 = 0xC0,
    M_DHT = 0xC4,
    M_JPG = 0xC8,
    M_DAC = 0xCC,
    M_SOF15 = 0xCF,
    M_RST0 = 0xD0,
    M_SOI = 0xD8,
    M_EOI = 0xD9,
    M_SOS = 0xDA,
    M_APP1 = 0xE1,
    M_TEM = 0x01,
    EXIF_PREFIX = 6,
};

struct input {
    int fd;
    size_t left; /* of JPEG_HEAD_MAX */
    size_t at, len;
    uint8_t bytes[4096];
};

/* Copy `len` bytes to `out`, or skip them where it is NULL. */
static bool take(struct input *in, uint8_t *out, size_t len)
{
    while (len > 0) {
        if (in->at == in->len) {
            size_t most = sizeof in->bytes;
            ssize_t n = read(in->fd, in->bytes, in->left < most ? in->left
                                                                : most);
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                return false;
            in->left -= (size_t)n;
            in->len = (size_t)n;
            in->at = 0;
        }
        size_t part = in->len - in->at < len ? in->len - in->at : len;
        if (out) {
            memcpy(out, in->bytes + in->at, part);
            out += part;
        }
        in->at += part;
        len -= part;
    }
    return true;
}

/* The next marker; bytes between segments are skipped, as decoders do. */
static bool take_marker(struct input *in, uint8_t *marker)
{
    uint8_t byte = 0;

    while (byte != 0xFF)
        if (!take(in, &byte, 1))
            return false;
    while (byte == 0xFF || byte == 0)
        if (!take(in, &byte, 1))
            return false;
    *marker = byte;
    return true;
}

static bool is_frame(uint8_t marker)
{
    return marker >= M_SOF0 && marker <= M_SOF15 && marker != M_DHT &&
           marker != M_JPG && marker != M_DAC;
}

static bool take_frame(struct jpeg_head *head, struct input *in, size_t len)
{
    uint8_t raw[5];

    if (len < sizeof raw || !take(in, raw, sizeof raw))
        return false;
    head->height = xg_load_u16(raw + 1);
    head->width = xg_load_u16(raw + 3);
    return take(in, NULL, len - sizeof raw);
}

static bool take_app1(struct jpeg_head *head, struct input *in, size_t len)
{
    static const uint8_t PREFIX[EXIF_PREFIX] = {'E', 'x', 'i', 'f', 0, 0};

    if (head->has_exif || len < EXIF_PREFIX)
        return take(in, NULL, len);
    if (!take(in, head->exif, EXIF_PREFIX))
        return false;
    len -= EXIF_PREFIX;
    if (memcmp(head->exif, PREFIX, EXIF_PREFIX) != 0)
        return take(in, NULL, len);
    head->has_exif = true;
    if (!take(in, head->exif + EXIF_PREFIX, len))
        return false; /* exif_len stays 0: cut short, not to be used */
    head->exif_len = EXIF_PREFIX + len;
    return true;
}

/* One segment; false where the walk ends. */
static bool take_segment(struct jpeg_head *head, struct input *in)
{
    uint8_t marker, raw[2];

    if (!take_marker(in, &marker) || marker == M_SOS || marker == M_EOI)
        return false;
    if (marker == M_TEM || (marker >= M_RST0 && marker <= M_SOI))
        return true; /* stands alone */
    head->cut = true;
    if (!take(in, raw, sizeof raw) || xg_load_u16(raw) < 2)
        return false;
    size_t len = (size_t)xg_load_u16(raw) - 2;
    bool whole;
    if (marker == M_APP1)
        whole = take_app1(head, in, len);
    else if (is_frame(marker))
        whole = take_frame(head, in, len);
    else
        whole = take(in, NULL, len);
    head->cut = !whole;
    return whole;
}

bool jpeg_head_read(struct jpeg_head *head, int fd)
{
    struct input in = {.fd = fd, .left = JPEG_HEAD_MAX};
    uint8_t start[2];

    memset(head, 0, sizeof *head);
    if (!take(&in, start, sizeof start) || start[0] != 0xFF ||
        start[1] != M_SOI)
        return false;
    while (take_segment(head, &in))
        continue;
    return true;
}
