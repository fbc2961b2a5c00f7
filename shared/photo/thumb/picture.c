/* picture.c - see picture.h. Integers only, so that every machine averages
 * alike. */
#include "shared/photo/thumb/picture.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void photo_input_next(struct photo_input *in)
{
    ssize_t n;

    do
        n = read(in->fd, in->bytes, sizeof in->bytes);
    while (n < 0 && errno == EINTR);
    in->len = n > 0 ? (size_t)n : 0;
}

void picture_fit(struct picture *p, uint32_t photo_width,
                 uint32_t photo_height)
{
    uint64_t w = photo_width, h = photo_height, longest = w > h ? w : h;

    if (longest > THUMB_SIDE_MAX) {
        w = (w * THUMB_SIDE_MAX + longest / 2) / longest;
        h = (h * THUMB_SIDE_MAX + longest / 2) / longest;
    }
    p->width = w ? (uint32_t)w : 1;
    p->height = h ? (uint32_t)h : 1;
}

void picture_begin(struct picture *p, uint32_t from_width,
                   uint32_t from_height)
{
    p->from_width = from_width;
    p->from_height = from_height;
    p->row = 0;
    memset(p->sums, 0, sizeof p->sums);
}

/* Of `from` places, the first that belongs to place `i` of `to`. */
static uint32_t first_of(uint32_t i, uint32_t from, uint32_t to)
{
    return (uint32_t)((uint64_t)i * from / to);
}

static void finish_row(struct picture *p, uint32_t y, uint32_t rows)
{
    uint8_t *to = p->rgb + (size_t)y * p->width * 3;

    for (uint32_t x = 0; x < p->width; x++) {
        uint32_t columns = first_of(x + 1, p->from_width, p->width) -
                           first_of(x, p->from_width, p->width);
        uint32_t count = columns * rows;
        for (uint32_t c = 0; c < 3; c++)
            to[3 * x + c] = (uint8_t)((p->sums[3 * x + c] + count / 2) / count);
    }
    memset(p->sums, 0, sizeof p->sums);
}

void picture_row(struct picture *p, const uint8_t *rgb)
{
    /* Which row of the picture this one belongs to: the last that begins at or
     * before it. */
    uint32_t y = (uint32_t)(((uint64_t)p->row * p->height + p->height - 1) /
                            p->from_height);
    uint32_t begin = first_of(y, p->from_height, p->height);
    uint32_t end = first_of(y + 1, p->from_height, p->height);

    for (uint32_t x = 0; x < p->width; x++) {
        uint32_t stop = first_of(x + 1, p->from_width, p->width);
        for (uint32_t i = first_of(x, p->from_width, p->width); i < stop; i++)
            for (uint32_t c = 0; c < 3; c++)
                p->sums[3 * x + c] += rgb[3 * (size_t)i + c];
    }
    p->row++;
    if (p->row == end)
        finish_row(p, y, end - begin);
}

void picture_turn(struct picture *to, const struct picture *p, int orientation)
{
    bool lies = orientation >= 5; /* the photo's rows are columns */

    to->width = lies ? p->height : p->width;
    to->height = lies ? p->width : p->height;
    for (uint32_t y = 0; y < to->height; y++)
        for (uint32_t x = 0; x < to->width; x++) {
            uint32_t across = lies ? y : x, down = lies ? x : y;
            if (orientation == 2 || orientation == 3 || orientation == 7 ||
                orientation == 8)
                across = p->width - 1 - across;
            if (orientation == 3 || orientation == 4 || orientation == 6 ||
                orientation == 7)
                down = p->height - 1 - down;
            memcpy(to->rgb + 3 * ((size_t)y * to->width + x),
                   p->rgb + 3 * ((size_t)down * p->width + across), 3);
        }
}
