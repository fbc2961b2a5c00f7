/* thumb.c - see thumb.h. */
#include "shared/photo/thumb/thumb.h"

#include <stdlib.h>
#include <string.h>

#include "shared/photo/thumb/picture.h"

/* The whole file, of which `in` holds the beginning. */
static bool read_whole(struct xg_buf *file, struct photo_input *in)
{
    for (; in->len > 0 && file->failed == XG_OK; photo_input_next(in))
        xg_buf_append(file, in->bytes, in->len);
    return file->failed == XG_OK;
}

static bool is_png(const struct photo_input *in)
{
    return in->len >= 8 && memcmp(in->bytes, "\x89PNG\r\n\x1A\n", 8) == 0;
}

static bool is_webp(const struct photo_input *in)
{
    return in->len >= 12 && memcmp(in->bytes, "RIFF", 4) == 0 &&
           memcmp(in->bytes + 8, "WEBP", 4) == 0;
}

static bool decode(struct picture *p, struct photo_input *in)
{
    struct xg_buf file = XG_BUF(THUMB_INPUT_MAX);
    bool done = false;

    photo_input_next(in);
    if (in->len >= 2 && in->bytes[0] == 0xFF && in->bytes[1] == 0xD8)
        return picture_from_jpeg(p, in);
    if (is_png(in))
        done = read_whole(&file, in) && picture_from_png(p, xg_buf_bytes(&file));
    else if (is_webp(in))
        done =
            read_whole(&file, in) && picture_from_webp(p, xg_buf_bytes(&file));
    xg_buf_clear(&file);
    return done;
}

static bool encode(struct xg_buf *out, const struct picture *p)
{
    /* At 1 even noise takes a third of the limit. */
    static const int QUALITIES[] = {85, 75, 65, 55, 45, 35, 25, 15, 8, 1};

    for (size_t i = 0; i < sizeof QUALITIES / sizeof *QUALITIES; i++)
        if (picture_to_jpeg(out, p, QUALITIES[i]))
            return true;
    return false;
}

bool thumb_make(struct xg_buf *out, int fd, int orientation)
{
    struct room {
        struct photo_input in;
        struct picture lying, upright;
    } *room = malloc(sizeof *room);
    bool made = false;

    if (!room)
        return false;
    room->in.fd = fd;
    if (decode(&room->lying, &room->in)) {
        picture_turn(&room->upright, &room->lying, orientation);
        made = encode(out, &room->upright);
    }
    free(room);
    return made;
}

void thumb_prepare(void)
{
    struct picture *dot = calloc(1, sizeof *dot);
    struct xg_buf ignored = XG_BUF(XG_THUMBNAIL_MAX);

    if (dot) {
        dot->width = dot->height = 1;
        picture_to_jpeg(&ignored, dot, 50);
    }
    xg_buf_clear(&ignored);
    free(dot);
}
