/* test_thumb.c - the small picture that comes with every photo. */
#define _GNU_SOURCE /* memmem, unshare */
#include "tests/lib/photo_home.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>

#include "shared/base/log.h"
#include "shared/base/os.h"
#include "shared/core/schema.h"

/* --- photos that are made ------------------------------------------------ */

/* What a photo shows at a place. */
typedef void paint(uint8_t rgb[static 3], unsigned x, unsigned y);

static void paint_red(uint8_t rgb[static 3], unsigned x, unsigned y)
{
    (void)x;
    (void)y;
    rgb[0] = 200;
    rgb[1] = 40;
    rgb[2] = 20;
}

static void paint_noise(uint8_t rgb[static 3], unsigned x, unsigned y)
{
    uint32_t v = (x * 2654435761u) ^ (y * 2246822519u);

    v = (v ^ (v >> 15)) * 2246822519u;
    v ^= v >> 13;
    memcpy(rgb, &v, 3);
}

/* Bands and shades: something like a street for a codec. */
static void paint_street(uint8_t rgb[static 3], unsigned x, unsigned y)
{
    rgb[0] = (uint8_t)(x / 13 + y / 29);
    rgb[1] = (uint8_t)((x / 500 % 2 ? 180 : 60) + x * y % 23);
    rgb[2] = (uint8_t)(y / 400 % 2 ? 220 - x / 100 : 30 + y / 100);
}

static void make_jpeg(const char *path, unsigned width, unsigned height,
                      paint *at, bool progressive, J_COLOR_SPACE space)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    FILE *file = fopen(path, "wb");
    uint8_t *row = malloc((size_t)width * 4);

    assert_non_null(file);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = width;
    jpeg.image_height = height;
    jpeg.input_components = space == JCS_CMYK ? 4 : 3;
    jpeg.in_color_space = space;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 90, TRUE);
    if (progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (unsigned y = 0; y < height; y++) {
        for (unsigned x = 0; x < width; x++) {
            uint8_t *to = row + (size_t)x * (size_t)jpeg.input_components;
            at(to, x, y);
            if (space == JCS_CMYK)
                to[3] = 255; /* as Adobe has it: no black */
        }
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    free(row);
    assert_int_equal(fclose(file), 0);
}

/* RGBA; the left half can be seen through. */
static uint8_t *half_transparent(unsigned width, unsigned height)
{
    uint8_t *rgba = malloc((size_t)width * height * 4);

    for (unsigned y = 0; y < height; y++)
        for (unsigned x = 0; x < width; x++) {
            uint8_t *to = rgba + ((size_t)y * width + x) * 4;
            paint_red(to, x, y);
            to[3] = x < width / 2 ? 0 : 255;
        }
    return rgba;
}

static void make_png(const char *path, unsigned width, unsigned height)
{
    uint8_t *rgba = half_transparent(width, height);
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = width,
                       .height = height,
                       .format = PNG_FORMAT_RGBA};

    assert_true(png_image_write_to_file(&image, path, 0, rgba, 0, NULL));
    free(rgba);
}

static void make_webp(const char *path, unsigned width, unsigned height,
                      bool lossless)
{
    uint8_t *rgba = half_transparent(width, height), *out = NULL;
    int w = (int)width, h = (int)height;
    size_t len = lossless
                     ? WebPEncodeLosslessRGBA(rgba, w, h, 4 * w, &out)
                     : WebPEncodeRGBA(rgba, w, h, 4 * w, 80, &out);

    assert_true(len > 0);
    photo_file_write(path, 0600, xg_bytes(out, len));
    WebPFree(out);
    free(rgba);
}

/* --- looking at a small picture ------------------------------------------ */

struct seen {
    unsigned width, height;
    uint8_t rgb[XG_PHOTO_THUMBNAIL_SIDE_MAX * XG_PHOTO_THUMBNAIL_SIDE_MAX * 3];
};

static void decode(struct seen *out, struct xg_bytes jpeg)
{
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;

    d.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, jpeg.at, jpeg.len);
    jpeg_read_header(&d, TRUE);
    assert_true(d.image_width <= XG_PHOTO_THUMBNAIL_SIDE_MAX &&
                d.image_height <= XG_PHOTO_THUMBNAIL_SIDE_MAX);
    d.out_color_space = JCS_RGB;
    jpeg_start_decompress(&d);
    out->width = d.output_width;
    out->height = d.output_height;
    while (d.output_scanline < d.output_height) {
        JSAMPROW row = out->rgb + (size_t)d.output_scanline * d.output_width * 3;
        jpeg_read_scanlines(&d, &row, 1);
    }
    jpeg_finish_decompress(&d);
    assert_int_equal(errors.num_warnings, 0);
    jpeg_destroy_decompress(&d);
}

static void assert_near(const struct seen *s, unsigned x, unsigned y, int red,
                        int green, int blue)
{
    const uint8_t *at = s->rgb + ((size_t)y * s->width + x) * 3;

    assert_in_range(abs(at[0] - red), 0, 12);
    assert_in_range(abs(at[1] - green), 0, 12);
    assert_in_range(abs(at[2] - blue), 0, 12);
}

/* Levels by which they differ, a pixel and colour. */
static unsigned difference(const struct seen *a, const struct seen *b)
{
    size_t count = (size_t)a->width * a->height * 3;
    unsigned long sum = 0;

    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (size_t i = 0; i < count; i++)
        sum += (unsigned long)abs(a->rgb[i] - b->rgb[i]);
    return (unsigned)(sum / count);
}

/* Keep the photo, take its small picture from the shelf, look at it. */
static struct xg_photo keep(const struct photo_home *f, struct seen *seen,
                            const char *path)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_photo kept;
    char back[TEST_PATH_SIZE];

    assert_ok(photo_keep(&f->shelf, &kept, path, &err));
    assert_ok(photo_verify(&f->shelf, &kept.sha256, &err));
    if (!seen)
        return kept;
    assert_in_range(kept.thumbnail_length, 1, XG_THUMBNAIL_MAX);
    snprintf(back, sizeof back, "%s/small.jpg", f->home);
    int fd = open(back, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_ok(photo_open_to(&f->shelf, &kept.thumbnail, fd, &err));
    close(fd);
    struct xg_buf b = photo_file_read(back);
    assert_int_equal(b.len, kept.thumbnail_length);
    assert_true(xg_photo_thumbnail_sound(xg_buf_bytes(&b)));
    assert_null(memmem(b.data, b.len, "Exif", 4));
    decode(seen, xg_buf_bytes(&b));
    xg_buf_clear(&b);
    return kept;
}

static void assert_no_thumbnail(const struct photo_home *f, const char *path)
{
    struct xg_photo kept = keep(f, NULL, path);

    assert_int_equal(kept.thumbnail_length, 0);
    assert_true(xg_hash_is_zero(&kept.thumbnail));
}

/* --- how it looks -------------------------------------------------------- */

static void test_upright(void **state)
{
    static const int OTHERS[] = {2, 3, 4, 5, 7, 8};
    static struct seen first, other;
    struct photo_home *f = *state;

    keep(f, &first, photo_sample("f1-exif.jpg"));
    assert_int_equal(first.width, 40);
    assert_int_equal(first.height, 80);
    for (size_t i = 0; i < sizeof OTHERS / sizeof *OTHERS; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%d-exif.jpg", OTHERS[i]);
        keep(f, &other, photo_sample(name));
        assert_in_range(difference(&first, &other), 0, 6);
    }
    /* As they lie in the file they differ. */
    struct xg_buf b = photo_file_read(photo_sample("f3-exif.jpg"));
    decode(&other, xg_buf_bytes(&b));
    assert_true(difference(&first, &other) > 20);
    xg_buf_clear(&b);

    keep(f, &other, photo_sample("has-lens-info.jpg")); /* 205 x 102, turned */
    assert_int_equal(other.width, 102);
    assert_int_equal(other.height, 205);
}

static void test_sizes(void **state)
{
    static const struct {
        unsigned width, height, to_width, to_height;
    } SIZES[] = {
        {1, 1, 1, 1},         {320, 320, 320, 320}, {321, 3, 320, 3},
        {640, 480, 320, 240}, {1999, 1, 320, 1},    {7, 2561, 1, 320},
        {2559, 1707, 320, 213},
    };
    static struct seen seen;
    struct photo_home *f = *state;

    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++)
        for (int progressive = 0; progressive < 2; progressive++) {
            char path[TEST_PATH_SIZE];
            snprintf(path, sizeof path, "%s/made.jpg", f->home);
            make_jpeg(path, SIZES[i].width, SIZES[i].height, paint_red,
                      progressive != 0, JCS_RGB);
            keep(f, &seen, path);
            assert_int_equal(seen.width, SIZES[i].to_width);
            assert_int_equal(seen.height, SIZES[i].to_height);
            assert_near(&seen, 0, 0, 200, 40, 20);
            assert_near(&seen, seen.width - 1, seen.height - 1, 200, 40, 20);
        }
}

static void test_other_types(void **state)
{
    static struct seen seen;
    struct photo_home *f = *state;
    char path[TEST_PATH_SIZE];

    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/made", f->home);
        if (i == 0)
            make_png(path, 1000, 500);
        else
            make_webp(path, 1000, 500, i == 1);
        keep(f, &seen, path);
        assert_int_equal(seen.width, 320);
        assert_int_equal(seen.height, 160);
        assert_near(&seen, 60, 80, 255, 255, 255);
        assert_near(&seen, 260, 80, 200, 40, 20);
    }
    /* Ink, as Adobe's programs have it: what is painted is what is seen. */
    make_jpeg(path, 400, 400, paint_red, false, JCS_CMYK);
    keep(f, &seen, path);
    assert_near(&seen, 9, 9, 200, 40, 20);
}

static void test_noise_fits(void **state)
{
    static struct seen seen;
    struct photo_home *f = *state;
    const char *path = photo_home_path(f, "made.jpg");

    make_jpeg(path, 320, 320, paint_noise, false, JCS_RGB);
    keep(f, &seen, path);
    assert_int_equal(seen.width, 320);
    assert_int_equal(seen.height, 320);
}

static void test_made_again_it_is_the_same(void **state)
{
    struct photo_home *f = *state;
    void *second = NULL;

    photo_home_setup(&second);
    struct xg_photo one = keep(f, NULL, photo_sample("sample1.jpg"));
    struct xg_photo other = keep(second, NULL, photo_sample("sample1.jpg"));
    assert_true(one.thumbnail_length > 0);
    assert_true(xg_hash_equal(&one.thumbnail, &other.thumbnail));
    photo_home_teardown(&second);
}

/* A photo that was cut short while it came shows what there is of it. */
static void test_cut_short(void **state)
{
    static struct seen seen;
    struct photo_home *f = *state;
    struct xg_buf b = photo_file_read(photo_sample("sample1.jpg"));
    char path[TEST_PATH_SIZE];

    snprintf(path, sizeof path, "%s/cut.jpg", f->home);
    photo_file_write(path, 0600, xg_bytes(b.data, b.len / 2));
    keep(f, &seen, path);
    assert_int_equal(seen.width, 320);
    assert_int_equal(seen.height, 240);
    assert_near(&seen, 160, 239, 128, 128, 128);
    xg_buf_clear(&b);
}

/* --- what has none ------------------------------------------------------- */

static void put_chunk(struct xg_buf *out, const char *name, const void *data,
                      size_t len)
{
    uint8_t raw[64];

    memcpy(raw, name, 4);
    memcpy(raw + 4, data, len);
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < len + 4; i++) {
        crc ^= raw[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    xg_buf_u32(out, (uint32_t)len);
    xg_buf_append(out, raw, len + 4);
    xg_buf_u32(out, ~crc);
}

static void test_bombs(void **state)
{
    static const uint8_t HEAD[13] = {0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60,
                                     8, 2, 0,    0,    0};
    static const uint8_t FRAME[] = {0xFF, 0xD8, 0xFF, 0xC0, 0,    17,   8,
                                    0xFF, 0xDC, 0xFF, 0xDC, 3,    1,    0x22,
                                    0,    2,    0x11, 1,    3,    0x11, 1};
    struct photo_home *f = *state;
    struct xg_buf b = XG_BUF(4096);
    char path[TEST_PATH_SIZE];

    snprintf(path, sizeof path, "%s/bomb", f->home);
    xg_buf_append(&b, "\x89PNG\r\n\x1A\n", 8);
    put_chunk(&b, "IHDR", HEAD, sizeof HEAD); /* 60,000 x 60,000 */
    put_chunk(&b, "IDAT", "x\x9C\x63\0\0", 5);
    put_chunk(&b, "IEND", "", 0);
    photo_file_write(path, 0600, xg_buf_bytes(&b));
    assert_no_thumbnail(f, path);
    photo_file_write(path, 0600, xg_bytes(FRAME, sizeof FRAME));
    assert_no_thumbnail(f, path);
    xg_buf_clear(&b);

    /* Few bytes that would become 144 million pixels. */
    make_jpeg(path, 12000, 12000, paint_red, false, JCS_RGB);
    assert_no_thumbnail(f, path);
}

static void test_what_cannot_be_decoded(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } PHOTOS[] = {
        {"\0\0\0\x18" "ftypheic\0\0\0\0mif1heic", 24},
        {"\xFF\xD8\xFF\xE0", 4},
        {"\x89PNG\r\n\x1A\n", 8},
        {"RIFF\x10\0\0\0WEBPVP8 ", 16},
    };
    struct photo_home *f = *state;
    char path[TEST_PATH_SIZE];

    snprintf(path, sizeof path, "%s/photo", f->home);
    for (size_t i = 0; i < sizeof PHOTOS / sizeof *PHOTOS; i++) {
        photo_file_write(path, 0600, xg_bytes(PHOTOS[i].bytes, PHOTOS[i].len));
        assert_no_thumbnail(f, path);
    }
    /* A head without a picture. */
    assert_no_thumbnail(
        f, photo_sample("2012-12-19-21-38-40-sep-temple_square1.jpg"));
}

/* --- the child is not believed ------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void set_liar(struct photo_home *f, const char *script)
{
    char text[1024];

    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    snprintf(f->thumb, sizeof f->thumb, "%s/liar", f->home);
    photo_file_write(f->thumb, 0700, xg_bytes_of(text));
}

static void test_liars(void **state)
{
    struct photo_home *f = *state;
    char honest[600], with_exif[600], script[1400];

    snprintf(honest, sizeof honest, "%s 1", f->thumb);
    snprintf(with_exif, sizeof with_exif, "cat '%s'",
             photo_sample("f1-exif.jpg"));
    const struct {
        const char *script;
        bool good;
    } LIES[] = {
        {"exec HONEST", true},
        {"HONEST; printf x", false},
        {"printf x; exec HONEST", false},
        {"HONEST; exit 1", false},
        {"HONEST; kill -9 $$", false},
        {"kill -SEGV $$", false},
        {"", false},
        {"echo garbage", false},
        {"cat /dev/zero", false},
        {"cat", false}, /* the photo itself, too long */
        {with_exif, false},
    };
    for (size_t i = 0; i < sizeof LIES / sizeof *LIES; i++) {
        const char *word = strstr(LIES[i].script, "HONEST");
        if (word)
            snprintf(script, sizeof script, "%.*s%s%s",
                     (int)(word - LIES[i].script), LIES[i].script, honest,
                     word + 6);
        else
            snprintf(script, sizeof script, "%s", LIES[i].script);
        set_liar(f, script);
        struct xg_photo kept = keep(f, NULL, photo_sample("sample1.jpg"));
        if ((kept.thumbnail_length > 0) != LIES[i].good)
            fail_msg("%s", LIES[i].script);
    }
}

static void test_it_never_ends(void **state)
{
    struct photo_home *f = *state;
    int64_t start_ms = now_ms();

    set_liar(f, "exec sleep 60");
    assert_no_thumbnail(f, photo_sample("sample1.jpg"));
    assert_in_range(now_ms() - start_ms, XG_PHOTO_THUMBNAIL_TIMEOUT_MS,
                    XG_PHOTO_THUMBNAIL_TIMEOUT_MS + 2000);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
    f->thumb[0] = 'X'; /* and where there is no such program */
    assert_no_thumbnail(f, photo_sample("sample1.jpg"));
}

/* --- what may come back -------------------------------------------------- */

static void test_sound(void **state)
{
    struct photo_home *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_photo kept = keep(f, NULL, photo_sample("f1-exif.jpg"));
    const char *path = photo_home_path(f, "small.jpg");

    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_ok(photo_open_to(&f->shelf, &kept.thumbnail, fd, &err));
    close(fd);
    struct xg_buf b = photo_file_read(path);
    assert_true(xg_photo_thumbnail_sound(xg_buf_bytes(&b)));
    for (size_t len = 0; len < b.len; len++)
        assert_false(xg_photo_thumbnail_sound(xg_bytes(b.data, len)));
    uint8_t *frame = memmem(b.data, b.len, "\xFF\xC0", 2);
    assert_non_null(frame);
    xg_store_u16(frame + 5, XG_PHOTO_THUMBNAIL_SIDE_MAX);
    assert_true(xg_photo_thumbnail_sound(xg_buf_bytes(&b)));
    xg_store_u16(frame + 5, XG_PHOTO_THUMBNAIL_SIDE_MAX + 1);
    assert_false(xg_photo_thumbnail_sound(xg_buf_bytes(&b)));
    xg_store_u16(frame + 5, 0);
    assert_false(xg_photo_thumbnail_sound(xg_buf_bytes(&b)));
    xg_store_u16(frame + 5, 1);
    b.data[3] = 0xE1; /* its first segment would be EXIF's */
    assert_false(xg_photo_thumbnail_sound(xg_buf_bytes(&b)));
    b.data[3] = 0xFE; /* or a comment */
    assert_false(xg_photo_thumbnail_sound(xg_buf_bytes(&b)));
    b.data[3] = 0xE0;
    assert_true(xg_photo_thumbnail_sound(xg_buf_bytes(&b)));
    xg_buf_clear(&b);
}

/* --- twice --------------------------------------------------------------- */

static bool count_one(void *ctx, const struct xg_hash *sha256)
{
    (void)sha256;
    ++*(size_t *)ctx;
    return true;
}

static void test_kept_once(void **state)
{
    struct photo_home *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    size_t count = 0;

    struct xg_photo one = keep(f, NULL, photo_sample("f1-exif.jpg"));
    struct xg_photo again = keep(f, NULL, photo_sample("f1-exif.jpg"));
    assert_true(one.is_new && !again.is_new);
    assert_true(xg_hash_equal(&one.thumbnail, &again.thumbnail));
    assert_int_equal(one.thumbnail_length, again.thumbnail_length);
    assert_ok(photo_walk(&f->shelf, count_one, &count, &err));
    assert_int_equal(count, 2);
}

/* --- room: memory, time, disk -------------------------------------------- */

/* The most memory, in KiB, that keeping it takes; the children aside. */
static long memory_of(const struct photo_home *f, const char *path)
{
    int ends[2];
    long most = 0;

    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct xg_error err = XG_ERROR_NONE;
        struct xg_photo kept;
        struct rusage used;
        if (photo_keep(&f->shelf, &kept, path, &err) != XG_OK)
            _exit(1);
        getrusage(RUSAGE_SELF, &used);
        _exit(write(ends[1], &used.ru_maxrss, sizeof used.ru_maxrss) < 0);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &most, sizeof most), sizeof most);
    close(ends[0]);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return most;
}

static void test_memory_does_not_grow(void **state)
{
    struct photo_home *f = *state;
    char path[TEST_PATH_SIZE];

    long small = memory_of(f, photo_sample("sample1.jpg"));
    struct xg_buf b = photo_file_read(photo_sample("sample1.jpg"));
    snprintf(path, sizeof path, "%s/large.jpg", f->home);
    photo_file_write(path, 0600, xg_buf_bytes(&b));
    xg_buf_clear(&b);
    assert_int_equal(truncate(path, XG_PHOTO_MAX_BYTES), 0);
    long large = memory_of(f, path);
    print_message("the recorder: %ld KiB for 80 KB, %ld KiB for 64 MB\n",
                  small, large);
    assert_true(large < small + 2048);
}

static void test_large(void **state)
{
    static struct seen seen;
    struct photo_home *f = *state;
    const char *path = photo_home_path(f, "large.jpg");
    struct rusage used;
    struct stat info;

    make_jpeg(path, 6000, 4000, paint_street, false, JCS_RGB);
    assert_int_equal(stat(path, &info), 0);
    int64_t start_ms = now_ms();
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fd, 0);
        dup2(ends[1], 1);
        execl(f->thumb, "xunge-thumb", "6", (char *)NULL);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(wait4(pid, &status, 0, &used), pid);
    assert_int_equal(status, 0);
    print_message("xunge-thumb, 6000 x 4000, %ld KB: %lld ms, of which %ld ms "
                  "of processor; %ld KiB\n",
                  (long)info.st_size / 1000, (long long)(now_ms() - start_ms),
                  used.ru_utime.tv_sec * 1000 + used.ru_utime.tv_usec / 1000,
                  used.ru_maxrss);
    close(fd);
    close(ends[0]);
    close(ends[1]);
#ifndef TEST_UNDER_ASAN
    assert_true(used.ru_maxrss < 32 << 10);
#endif
    keep(f, &seen, photo_home_path(f, "large.jpg"));
    assert_int_equal(seen.width, 320);
    assert_int_equal(seen.height, 213);
}

/* A disk of its own, really full: root only, in a namespace of its own. */
static void test_tiny_disk(void **state)
{
    struct photo_home *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_photo kept = {.length = 99};
    char disk[TEST_PATH_SIZE], options[64];
    struct stat info;

    snprintf(disk, sizeof disk, "%s/disk", f->home);
    assert_int_equal(mkdir(disk, 0700), 0);
    assert_int_equal(stat(photo_sample("sample1.jpg"), &info), 0);
    snprintf(options, sizeof options, "size=%d",
             PHOTO_RESERVE_BYTES + (int)info.st_size);
    if (unshare(CLONE_NEWNS) != 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", disk, "tmpfs", 0, options) != 0)
        skip();
    struct photo_shelf shelf = f->shelf;
    shelf.home = disk;
    assert_status(
        photo_keep(&shelf, &kept, photo_sample("sample1.jpg"), &err), XG_FULL);
    assert_int_equal(kept.length, 99);
    assert_false(photo_has(&shelf, &kept.sha256));

    /* Room for both, and for the reserve beside them. */
    snprintf(options, sizeof options, "size=%d",
             PHOTO_RESERVE_BYTES + (int)info.st_size + (36 << 10));
    assert_int_equal(mount("tmpfs", disk, "tmpfs", MS_REMOUNT, options), 0);
    err = XG_ERROR_NONE;
    assert_ok(photo_keep(&shelf, &kept, photo_sample("sample1.jpg"), &err));
    assert_true(kept.thumbnail_length > 0);
    assert_ok(photo_verify(&shelf, &kept.thumbnail, &err));
    assert_int_equal(umount(disk), 0);
}

#define THUMB_TEST(name)                                                     \
    cmocka_unit_test_setup_teardown(name, photo_home_setup,                  \
                                    photo_home_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        THUMB_TEST(test_upright),
        THUMB_TEST(test_sizes),
        THUMB_TEST(test_other_types),
        THUMB_TEST(test_noise_fits),
        THUMB_TEST(test_made_again_it_is_the_same),
        THUMB_TEST(test_cut_short),
        THUMB_TEST(test_bombs),
        THUMB_TEST(test_what_cannot_be_decoded),
        THUMB_TEST(test_liars),
        THUMB_TEST(test_it_never_ends),
        THUMB_TEST(test_sound),
        THUMB_TEST(test_kept_once),
        THUMB_TEST(test_memory_does_not_grow),
        THUMB_TEST(test_large),
        THUMB_TEST(test_tiny_disk),
    };

    if (xg_base_init() != 0)
        return 1;
    xg_log_level(XG_LOG_ERROR);
    return cmocka_run_group_tests_name("thumb", tests, NULL, NULL);
}
