/* jpeg.c - JPEG by libjpeg, in and out, row by row. */
#include "shared/photo/thumb/picture.h"

#include <setjmp.h>
#include <stdio.h> /* which jpeglib.h wants to have seen */
#include <string.h>

#include <jpeglib.h>

enum {
    MEMORY_MAX = 160 << 20, /* what libjpeg may hold: a progressive photo */
    SCANS_MAX = 64, /* cameras write 10 or so; each costs a pass over all */
    GREY = 0x80,    /* where a photo ends before its time */
};

/* libjpeg leaves by error_exit, which must not return. */
struct trouble {
    struct jpeg_error_mgr manager;
    jmp_buf leave;
};

static void leave(j_common_ptr codec)
{
    longjmp(((struct trouble *)(void *)codec->err)->leave, 1);
}

static void say_nothing(j_common_ptr codec)
{
    (void)codec;
}

static struct jpeg_error_mgr *no_trouble(struct trouble *t)
{
    jpeg_std_error(&t->manager);
    t->manager.error_exit = leave;
    t->manager.output_message = say_nothing;
    return &t->manager;
}

/* --- in ------------------------------------------------------------------ */

struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct trouble trouble;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    struct photo_input *in;
    bool ended; /* the file did, before the photo */
};

static void begin_source(j_decompress_ptr jpeg)
{
    (void)jpeg;
}

static boolean fill_source(j_decompress_ptr jpeg)
{
    static const JOCTET END[2] = {0xFF, JPEG_EOI};
    struct decoder *d = jpeg->client_data;

    photo_input_next(d->in);
    d->ended |= d->in->len == 0;
    d->source.next_input_byte = d->ended ? END : d->in->bytes;
    d->source.bytes_in_buffer = d->ended ? sizeof END : d->in->len;
    return TRUE;
}

static void skip_source(j_decompress_ptr jpeg, long count)
{
    struct decoder *d = jpeg->client_data;

    while (count > 0 && (size_t)count > d->source.bytes_in_buffer) {
        count -= (long)d->source.bytes_in_buffer;
        fill_source(jpeg);
        if (d->ended)
            return;
    }
    if (count > 0) {
        d->source.next_input_byte += count;
        d->source.bytes_in_buffer -= (size_t)count;
    }
}

static void watch(j_common_ptr codec)
{
    const struct decoder *d = codec->client_data;

    if (d->jpeg.input_scan_number > SCANS_MAX)
        leave(codec);
}

/* The least scale, in eighths, that is not smaller than the picture. */
static unsigned scale_for(uint32_t width, uint32_t height)
{
    uint32_t longest = width > height ? width : height;
    unsigned scale = 1;

    while (scale < 8 && longest * scale < THUMB_SIDE_MAX * 8)
        scale++;
    return scale;
}

/* Ink as Adobe's programs write it, upside down, or as it is. */
static void to_rgb(uint8_t *rgb, const JSAMPLE *cmyk, size_t count, bool adobe)
{
    for (size_t i = 0; i < count; i++)
        for (size_t c = 0; c < 3; c++) {
            unsigned ink = cmyk[4 * i + c], black = cmyk[4 * i + 3];
            unsigned light = adobe ? ink * black : (255 - ink) * (255 - black);
            rgb[3 * i + c] = (uint8_t)(light / 255);
        }
}

static void take_rows(struct picture *p, struct decoder *d)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;
    bool ink = jpeg->output_components == 4;
    JSAMPARRAY row = jpeg->mem->alloc_sarray(
        (j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * 4, 1);
    JSAMPARRAY rgb = jpeg->mem->alloc_sarray(
        (j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * 3, 1);

    picture_begin(p, jpeg->output_width, jpeg->output_height);
    /* What lies after the end of the file libjpeg would make up, at length. */
    while (jpeg->output_scanline < jpeg->output_height &&
           (!d->ended || jpeg_has_multiple_scans(jpeg))) {
        jpeg_read_scanlines(jpeg, row, 1);
        if (ink)
            to_rgb(rgb[0], row[0], jpeg->output_width,
                   jpeg->saw_Adobe_marker);
        picture_row(p, ink ? rgb[0] : row[0]);
    }
    memset(rgb[0], GREY, (size_t)jpeg->output_width * 3);
    while (p->row < p->from_height)
        picture_row(p, rgb[0]);
}

static bool decode(struct picture *p, struct decoder *d)
{
    struct jpeg_decompress_struct *jpeg = &d->jpeg;

    jpeg->mem->max_memory_to_use = MEMORY_MAX;
    jpeg_read_header(jpeg, TRUE);
    if ((uint64_t)jpeg->image_width * jpeg->image_height >
        THUMB_JPEG_PIXELS_MAX)
        return false;
    bool ink = jpeg->jpeg_color_space == JCS_CMYK ||
               jpeg->jpeg_color_space == JCS_YCCK;
    jpeg->out_color_space = ink ? JCS_CMYK : JCS_RGB;
    jpeg->scale_num = scale_for(jpeg->image_width, jpeg->image_height);
    jpeg->scale_denom = 8;
    picture_fit(p, jpeg->image_width, jpeg->image_height);
    jpeg_start_decompress(jpeg);
    if (jpeg->output_components != (ink ? 4 : 3))
        return false;
    take_rows(p, d);
    return true;
}

bool picture_from_jpeg(struct picture *p, struct photo_input *in)
{
    struct decoder d = {.in = in};

    d.jpeg.err = no_trouble(&d.trouble);
    if (setjmp(d.trouble.leave) != 0) {
        jpeg_destroy_decompress(&d.jpeg);
        return false;
    }
    jpeg_create_decompress(&d.jpeg);
    d.source = (struct jpeg_source_mgr){
        .next_input_byte = in->bytes,
        .bytes_in_buffer = in->len,
        .init_source = begin_source,
        .fill_input_buffer = fill_source,
        .skip_input_data = skip_source,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = begin_source,
    };
    d.progress.progress_monitor = watch;
    d.jpeg.src = &d.source;
    d.jpeg.progress = &d.progress;
    d.jpeg.client_data = &d;
    if (!decode(p, &d))
        leave((j_common_ptr)&d.jpeg);
    jpeg_destroy_decompress(&d.jpeg);
    return true;
}

/* --- out ----------------------------------------------------------------- */

struct encoder {
    struct jpeg_compress_struct jpeg;
    struct trouble trouble;
    struct jpeg_destination_mgr destination;
    JOCTET bytes[XG_THUMBNAIL_MAX];
};

static void begin_destination(j_compress_ptr jpeg)
{
    struct encoder *e = jpeg->client_data;

    e->destination.next_output_byte = e->bytes;
    e->destination.free_in_buffer = sizeof e->bytes;
}

static boolean no_more_room(j_compress_ptr jpeg)
{
    leave((j_common_ptr)jpeg);
    return FALSE;
}

static void end_destination(j_compress_ptr jpeg)
{
    (void)jpeg;
}

static void encode(struct encoder *e, const struct picture *p, int quality)
{
    struct jpeg_compress_struct *jpeg = &e->jpeg;

    jpeg->image_width = p->width;
    jpeg->image_height = p->height;
    jpeg->input_components = 3;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    jpeg->optimize_coding = TRUE;
    jpeg_start_compress(jpeg, TRUE);
    while (jpeg->next_scanline < jpeg->image_height) {
        /* libjpeg only reads the row, but does not say so. */
        JSAMPLE row[THUMB_SIDE_MAX * 3];
        JSAMPROW rows[1] = {row};
        memcpy(row, p->rgb + (size_t)jpeg->next_scanline * p->width * 3,
               (size_t)p->width * 3);
        jpeg_write_scanlines(jpeg, rows, 1);
    }
    jpeg_finish_compress(jpeg);
}

bool picture_to_jpeg(struct xg_buf *out, const struct picture *p, int quality)
{
    struct encoder e;

    memset(&e, 0, sizeof e);
    e.jpeg.err = no_trouble(&e.trouble);
    if (setjmp(e.trouble.leave) != 0) {
        jpeg_destroy_compress(&e.jpeg);
        return false;
    }
    jpeg_create_compress(&e.jpeg);
    e.destination.init_destination = begin_destination;
    e.destination.empty_output_buffer = no_more_room;
    e.destination.term_destination = end_destination;
    e.jpeg.dest = &e.destination;
    e.jpeg.client_data = &e;
    encode(&e, p, quality);
    xg_buf_append(out, e.bytes, sizeof e.bytes - e.destination.free_in_buffer);
    jpeg_destroy_compress(&e.jpeg);
    return out->failed == XG_OK;
}
