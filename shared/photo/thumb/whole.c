/* whole.c - PNG by libpng and WebP by libwebp, from the whole file. */
#include "shared/photo/thumb/picture.h"

#include <stdlib.h>

#include <png.h>
#include <webp/decode.h>

bool picture_from_png(struct picture *p, struct xg_bytes file)
{
    static const png_color WHITE = {255, 255, 255};
    png_image image = {.version = PNG_IMAGE_VERSION};
    uint8_t *rgb = NULL;
    bool whole = false;

    if (!png_image_begin_read_from_memory(&image, file.at, file.len) ||
        (uint64_t)image.width * image.height > THUMB_PIXELS_MAX)
        goto done;
    image.format = PNG_FORMAT_RGB;
    rgb = malloc(PNG_IMAGE_SIZE(image));
    if (!rgb || !png_image_finish_read(&image, &WHITE, rgb, 0, NULL))
        goto done;
    picture_fit(p, image.width, image.height);
    picture_begin(p, image.width, image.height);
    for (uint32_t y = 0; y < image.height; y++)
        picture_row(p, rgb + (size_t)y * image.width * 3);
    whole = true;
done:
    png_image_free(&image);
    free(rgb);
    return whole;
}

/* On white; the rows of `p` are as wide as the picture. */
static void put_on_white(struct picture *p, const uint8_t *rgba)
{
    uint8_t row[THUMB_SIDE_MAX * 3];

    for (uint32_t x = 0; x < p->width; x++)
        for (size_t c = 0; c < 3; c++) {
            unsigned alpha = rgba[4 * x + 3];
            unsigned light = rgba[4 * x + c] * alpha + 255 * (255 - alpha);
            row[3 * x + c] = (uint8_t)((light + 127) / 255);
        }
    picture_row(p, row);
}

bool picture_from_webp(struct picture *p, struct xg_bytes file)
{
    WebPDecoderConfig config;

    if (!WebPInitDecoderConfig(&config) ||
        WebPGetFeatures(file.at, file.len, &config.input) != VP8_STATUS_OK ||
        config.input.has_animation || config.input.width < 1 ||
        config.input.height < 1 ||
        (uint64_t)config.input.width * (uint64_t)config.input.height >
            THUMB_PIXELS_MAX)
        return false;
    picture_fit(p, (uint32_t)config.input.width,
                (uint32_t)config.input.height);
    config.options.use_scaling = 1;
    config.options.scaled_width = (int)p->width;
    config.options.scaled_height = (int)p->height;
    config.output.colorspace = MODE_RGBA;
    if (WebPDecode(file.at, file.len, &config) != VP8_STATUS_OK) {
        WebPFreeDecBuffer(&config.output);
        return false;
    }
    picture_begin(p, p->width, p->height);
    for (uint32_t y = 0; y < p->height; y++)
        put_on_white(p, config.output.u.RGBA.rgba +
                            (size_t)y * (size_t)config.output.u.RGBA.stride);
    WebPFreeDecBuffer(&config.output);
    return true;
}
