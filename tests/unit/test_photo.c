/* test_photo.c - photos: what their EXIF claims, and that they are kept. */
#define _GNU_SOURCE /* memmem */
#include "tests/lib/photo_home.h"

#include <dirent.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/photo/photo.h"
#include "shared/base/log.h"
#include "shared/base/os.h"

/* --- a disk that is nearly full ------------------------------------------ */

static uint64_t free_bytes = UINT64_MAX; /* what statvfs() says */

int statvfs(const char *restrict path, struct statvfs *restrict info)
{
    (void)path;
    *info = (struct statvfs){.f_frsize = 1, .f_bavail = free_bytes};
    return 0;
}

/* --- what real photos claim ---------------------------------------------- */

static enum xg_status read_exif(struct xg_photo_exif *e, const char *program,
                                const char *path, struct xg_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    enum xg_status status = xg_photo_read_exif(e, program, fd, err);
    close(fd);
    return status;
}

static struct xg_photo_exif exif_of(const struct photo_home *f,
                                    const char *path)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_photo_exif e = {.state = XG_PHOTO_EXIF_NONE};

    assert_ok(read_exif(&e, f->exif, path, &err));
    return e;
}

static void test_position(void **state)
{
    struct xg_photo_exif e = exif_of(*state, photo_sample("sample1.jpg"));

    /* 39°54'56"N 116°23'27"E */
    assert_int_equal(e.state, XG_PHOTO_EXIF_READ);
    assert_int_equal(e.position_claim, XG_PHOTO_CLAIMED);
    assert_int_equal(e.lat_e7, 399155556);
    assert_int_equal(e.lon_e7, 1163908333);
    assert_int_equal(e.width, 500);
    assert_int_equal(e.height, 375);
    assert_int_equal(e.altitude_claim, XG_PHOTO_ABSENT);
    assert_string_equal(e.taken, "2003:11:23 18:07:37");
    assert_int_equal(e.taken_local_ms, 1069610857000);
    assert_int_equal(e.gps_time_ms, 1069610857000);
    assert_int_equal(e.offset_claim, XG_PHOTO_ABSENT);
    assert_string_equal(e.make, "NIKON CORPORATION");
    assert_string_equal(e.model, "NIKON D2H");

    e = exif_of(*state, photo_sample("2012-12-19-21-38-40-sep-temple_square1.jpg"));
    assert_int_equal(e.lat_e7, 407703389);
    assert_int_equal(e.lon_e7, -1118912222);
    assert_int_equal(e.altitude_mm, 1334000);
}

/* What every sample claims, worked out by hand from its bytes. Orientation 0,
 * no position, no time: absent, unless refused. */
static const struct expected {
    const char *name;
    enum xg_photo_exif_state state;
    int orientation;
    int32_t lat_e7, lon_e7;
    const char *taken;
    bool refused_orientation, refused_position;
} SAMPLES[] = {
#define READ XG_PHOTO_EXIF_READ
    {"2012-12-19-21-38-40-sep-temple_square1.jpg", READ, 0, 407703389,
     -1118912222, "2012:12:19 21:38:40", false, false},
    {"2099-08-12-19-59-29-sep-2099-08-12-19-59-29a.jpg", READ, 1, 0, 0,
     "2099:08:12 19:59:29", false, false},
    {"f1-exif.jpg", READ, 1, 0, 0, "", false, false},
    {"f2-exif.jpg", READ, 2, 0, 0, "", false, false},
    {"f3-exif.jpg", READ, 3, 0, 0, "", false, false},
    {"f4-exif.jpg", READ, 4, 0, 0, "", false, false},
    {"f5-exif.jpg", READ, 5, 0, 0, "", false, false},
    {"f7-exif.jpg", READ, 7, 0, 0, "", false, false},
    {"f8-exif.jpg", READ, 8, 0, 0, "", false, false},
    {"has-lens-info.jpg", READ, 6, 593325472, 180649417, "2014:09:01 15:03:47",
     false, false},
    /* orientation 0 */
    {"huge_tag_exif.jpg", READ, 0, 388832639, -1048714333, "", true, false},
    {"infinite_loop_exif.jpg", READ, 1, 0, 0, "", false, false},
    {"sample1.jpg", READ, 1, 399155556, 1163908333, "2003:11:23 18:07:37",
     false, false},
    {"jhead/gps-many-digits.jpg", READ, 0, 371788333, -1223990000,
     "2002:09:30 16:17:13", false, false},
    {"jhead/poc1.jpg", READ, 1, 0, 0, "2006:11:05 13:15:56", false, false},
    {"jhead/poc12.jpg", READ, 1, 0, 0, "", false, false},
    {"jhead/poc2.jpg", XG_PHOTO_EXIF_UNREADABLE, 0, 0, 0, "", false, false},
    /* a longitude alone */
    {"jhead/poc2a.jpg", READ, 0, 0, 0, "2012:09:03 18:46:31", false, true},
    {"jhead/rotate-thbad.jpg", READ, 8, 0, 0, "2004:01:08 22:00:22", false,
     false},
    {"jhead/rotate.jpg", READ, 8, 0, 0, "2004:01:08 22:00:22", false, false},
    {"jhead/thumbnail-place-error.jpg", READ, 6, 0, 0, "2004:12:19 14:29:26",
     false, false},
    /* that of the small picture inside is not meant */
    {"jhead/two-orientation.jpg", READ, 8, 0, 0, "2004:09:08 22:34:10", false,
     false},
    {"jhead/with_xmp.jpg", READ, 1, 422767444, -837006917,
     "2007:06:30 14:02:24", false, false},
#undef READ
};
enum { SAMPLE_COUNT = sizeof SAMPLES / sizeof *SAMPLES };

static enum xg_photo_claim claim_of(bool there, bool refused)
{
    return refused ? XG_PHOTO_REFUSED
           : there ? XG_PHOTO_CLAIMED
                   : XG_PHOTO_ABSENT;
}

static void test_every_sample(void **state)
{
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        const struct expected *s = &SAMPLES[i];
        struct xg_photo_exif e = exif_of(*state, photo_sample(s->name));
        print_message("%s\n", s->name);
        assert_int_equal(e.state, s->state);
        assert_int_equal(e.orientation_claim,
                         claim_of(s->orientation > 0, s->refused_orientation));
        assert_int_equal(e.orientation, s->orientation);
        assert_int_equal(
            e.position_claim,
            claim_of(s->lat_e7 || s->lon_e7, s->refused_position));
        assert_int_equal(e.lat_e7, s->lat_e7);
        assert_int_equal(e.lon_e7, s->lon_e7);
        assert_int_equal(e.taken_claim, claim_of(*s->taken != '\0', false));
        assert_string_equal(e.taken, s->taken);
    }
}

/* The table leaves none out. */
static void test_samples_are_all(void **state)
{
    static const char *const FOLDERS[] = {"", "jhead/"};
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        DIR *folder = opendir(photo_sample(FOLDERS[i]));
        const struct dirent *entry;
        assert_non_null(folder);
        while ((entry = readdir(folder)) != NULL)
            count += strstr(entry->d_name, ".jpg") != NULL;
        closedir(folder);
    }
    assert_int_equal(count, SAMPLE_COUNT);
}

/* Corrupt files: an answer in time, whatever it is, and never an impossible
 * value. */
static void test_corrupt(void **state)
{
    static const char *const NAMES[] = {
        "huge_tag_exif.jpg", "infinite_loop_exif.jpg", "jhead/poc1.jpg",
        "jhead/poc2.jpg",    "jhead/poc2a.jpg",        "jhead/poc12.jpg",
    };
    struct photo_home *f = *state;

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        struct xg_error err = XG_ERROR_NONE;
        struct xg_photo_exif e = {.state = XG_PHOTO_EXIF_NONE};
        struct xg_photo kept;
        time_t start = time(NULL);
        if (read_exif(&e, f->exif, photo_sample(NAMES[i]), &err) != XG_OK)
            assert_true(err.status == XG_FORMAT || err.status == XG_BUSY);
        assert_true(time(NULL) - start <= 3);
        if (strcmp(NAMES[i], "jhead/poc2.jpg") == 0)
            continue; /* its third byte is wrong: not taken for a photo */
        assert_ok(photo_keep(&f->shelf, &kept, photo_sample(NAMES[i]), &err));
        assert_ok(photo_verify(&f->shelf, &kept.sha256, &err));
    }
    struct xg_photo_exif e = exif_of(f, photo_sample("huge_tag_exif.jpg"));
    assert_int_equal(e.orientation_claim, XG_PHOTO_REFUSED); /* 0 */
    assert_int_equal(e.gps_time_claim, XG_PHOTO_REFUSED);
    e = exif_of(f, photo_sample("jhead/poc2a.jpg"));
    assert_int_equal(e.position_claim, XG_PHOTO_REFUSED);
    e = exif_of(f, photo_sample("jhead/poc2.jpg"));
    assert_int_equal(e.state, XG_PHOTO_EXIF_UNREADABLE);
}

/* --- made EXIF: every range ---------------------------------------------- */

/* A little-endian EXIF block in a JPEG of nothing else. */
struct made {
    uint32_t orientation;
    char lat_ref, lon_ref;
    uint32_t lat[6], lon[6], altitude[2], altitude_ref;
    const char *taken, *offset, *make;
    const char *gps_date;
    uint32_t gps_time[6];
};

static const struct made SOUND = {
    .orientation = 6,
    .lat_ref = 'N',
    .lon_ref = 'E',
    .lat = {30, 1, 20, 1, 3456, 100},
    .lon = {120, 1, 10, 1, 0, 1},
    .altitude = {12345, 1000},
    .taken = "2216:02:29 23:59:59",
    .offset = "+08:00",
    .make = "华为",
    .gps_date = "2024:02:29",
    .gps_time = {15, 1, 59, 1, 59, 1},
};

static void put16(struct xg_buf *b, uint32_t v)
{
    xg_buf_byte(b, (uint8_t)v);
    xg_buf_byte(b, (uint8_t)(v >> 8));
}

static void put32(struct xg_buf *b, uint32_t v)
{
    put16(b, v & 0xFFFF);
    put16(b, v >> 16);
}

/* One directory entry: its data go to `data`, which begins at `base`. */
static void put_entry(struct xg_buf *dir, struct xg_buf *data, size_t base,
                      uint32_t tag, uint32_t type, uint32_t count,
                      const void *value, size_t len)
{
    static const uint8_t zeros[4];

    put16(dir, tag);
    put16(dir, type);
    put32(dir, count);
    if (len > 4) {
        put32(dir, (uint32_t)(base + data->len));
        xg_buf_append(data, value, len);
        return;
    }
    xg_buf_append(dir, value, len);
    xg_buf_append(dir, zeros, 4 - len);
}

static void put_text(struct xg_buf *dir, struct xg_buf *data, size_t base,
                     uint32_t tag, const char *text)
{
    size_t len = strlen(text) + 1;

    put_entry(dir, data, base, tag, 2, (uint32_t)len, text, len);
}

static void put_rationals(struct xg_buf *dir, struct xg_buf *data, size_t base,
                          uint32_t tag, const uint32_t *parts, uint32_t count)
{
    struct xg_buf raw = XG_BUF(64);

    for (uint32_t i = 0; i < 2 * count; i++)
        put32(&raw, parts[i]);
    put_entry(dir, data, base, tag, 5, count, raw.data, raw.len);
    xg_buf_clear(&raw);
}

/* tags: the TIFF header, IFD 0 at 8, EXIF at 100, GPS at 200, data at 400. */
static void put_tags(struct xg_buf *out, const struct made *m)
{
    enum { EXIF_AT = 100, GPS_AT = 200, DATA_AT = 400 };
    static const uint8_t zeros[DATA_AT];
    struct xg_buf dir = XG_BUF(DATA_AT), data = XG_BUF(4096);
    uint8_t small[4] = {(uint8_t)m->orientation,
                        (uint8_t)(m->orientation >> 8)};

    xg_buf_append(&dir, "II*\0\x08\0\0\0", 8);
    put16(&dir, 4);
    put_text(&dir, &data, DATA_AT, 0x010F, m->make);
    put_entry(&dir, &data, DATA_AT, 0x0112, 3, 1, small, 2);
    put_entry(&dir, &data, DATA_AT, 0x8769, 4, 1, "\x64\0\0\0", 4);
    put_entry(&dir, &data, DATA_AT, 0x8825, 4, 1, "\xC8\0\0\0", 4);
    xg_buf_append(&dir, zeros, EXIF_AT - dir.len);
    put16(&dir, 2);
    put_text(&dir, &data, DATA_AT, 0x9003, m->taken);
    put_text(&dir, &data, DATA_AT, 0x9011, m->offset);
    xg_buf_append(&dir, zeros, GPS_AT - dir.len);
    put16(&dir, 8);
    put_entry(&dir, &data, DATA_AT, 1, 2, 2, (char[]){m->lat_ref, 0}, 2);
    put_rationals(&dir, &data, DATA_AT, 2, m->lat, 3);
    put_entry(&dir, &data, DATA_AT, 3, 2, 2, (char[]){m->lon_ref, 0}, 2);
    put_rationals(&dir, &data, DATA_AT, 4, m->lon, 3);
    small[0] = (uint8_t)m->altitude_ref;
    put_entry(&dir, &data, DATA_AT, 5, 1, 1, small, 1);
    put_rationals(&dir, &data, DATA_AT, 6, m->altitude, 1);
    put_rationals(&dir, &data, DATA_AT, 7, m->gps_time, 3);
    put_text(&dir, &data, DATA_AT, 0x1D, m->gps_date);
    xg_buf_append(&dir, zeros, DATA_AT - dir.len);
    xg_buf_append(out, dir.data, dir.len);
    xg_buf_append(out, data.data, data.len);
    assert_int_equal(dir.failed, XG_OK);
    xg_buf_clear(&dir);
    xg_buf_clear(&data);
}

static struct xg_photo_exif exif_of_made(const struct photo_home *f,
                                         const struct made *m)
{
    struct xg_buf tags = XG_BUF(8192), jpeg = XG_BUF(8192);

    put_tags(&tags, m);
    xg_buf_append(&jpeg, "\xFF\xD8\xFF\xE1", 4);
    xg_buf_u16(&jpeg, (uint16_t)(tags.len + 8));
    xg_buf_append(&jpeg, "Exif\0\0", 6);
    xg_buf_append(&jpeg, tags.data, tags.len);
    xg_buf_append(&jpeg, "\xFF\xD9", 2);
    photo_file_write(photo_home_path(f, "made.jpg"), 0600, xg_buf_bytes(&jpeg));
    xg_buf_clear(&tags);
    xg_buf_clear(&jpeg);
    return exif_of(f, photo_home_path(f, "made.jpg"));
}

static void test_made_sound(void **state)
{
    struct xg_photo_exif e = exif_of_made(*state, &SOUND);

    assert_int_equal(e.state, XG_PHOTO_EXIF_READ);
    assert_int_equal(e.orientation, 6);
    assert_int_equal(e.position_claim, XG_PHOTO_CLAIMED);
    assert_int_equal(e.lat_e7, 303429333);
    assert_int_equal(e.lon_e7, 1201666667);
    assert_int_equal(e.altitude_mm, 12345);
    assert_string_equal(e.taken, "2216:02:29 23:59:59");
    assert_int_equal(e.taken_local_ms, 7768137599000);
    assert_int_equal(e.offset_min, 480);
    assert_int_equal(e.gps_time_ms, 1709222399000);
    assert_string_equal(e.make, "华为");
    assert_string_equal(e.model, "");
    assert_int_equal(e.width, 0);
}

static void test_made_numbers(void **state)
{
    static const uint32_t ORIENTATIONS[] = {0, 9, 65535};
    struct xg_photo_exif e;
    struct made m = SOUND;

    for (size_t i = 0; i < 3; i++) {
        m.orientation = ORIENTATIONS[i];
        e = exif_of_made(*state, &m);
        assert_int_equal(e.orientation_claim, XG_PHOTO_REFUSED);
        assert_int_equal(e.orientation, 0);
        assert_int_equal(e.position_claim, XG_PHOTO_CLAIMED);
    }
    m = SOUND;
    m.altitude[1] = 0;
    assert_int_equal(exif_of_made(*state, &m).altitude_claim, XG_PHOTO_REFUSED);
    m = SOUND;
    m.altitude[0] = UINT32_MAX;
    m.altitude[1] = 1;
    assert_int_equal(exif_of_made(*state, &m).altitude_claim, XG_PHOTO_REFUSED);
    m = SOUND;
    m.altitude_ref = 1;
    assert_int_equal(exif_of_made(*state, &m).altitude_mm, -12345);
    m.altitude_ref = 7;
    assert_int_equal(exif_of_made(*state, &m).altitude_claim, XG_PHOTO_REFUSED);
}

static void test_made_positions(void **state)
{
    /* Degrees and minutes of latitude that are refused: numerator, divisor. */
    static const uint32_t BAD[][4] = {
        {91, 1, 0, 1},  {90, 1, 1, 1},          {30, 0, 0, 1}, {30, 1, 0, 0},
        {30, 1, 61, 1}, {UINT32_MAX, 1, 0, 1},  {0, 0, 0, 0},
    };
    struct xg_photo_exif e;
    struct made m = SOUND;

    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        memcpy(m.lat, BAD[i], sizeof BAD[i]);
        e = exif_of_made(*state, &m);
        assert_int_equal(e.position_claim, XG_PHOTO_REFUSED);
        assert_int_equal(e.lat_e7, 0);
        assert_int_equal(e.taken_claim, XG_PHOTO_CLAIMED);
    }
    m = SOUND;
    m.lat_ref = 'X';
    assert_int_equal(exif_of_made(*state, &m).position_claim, XG_PHOTO_REFUSED);
    m = SOUND;
    memset(m.lat, 0, sizeof m.lat);
    memset(m.lon, 0, sizeof m.lon);
    m.lat[1] = m.lat[3] = m.lat[5] = m.lon[1] = m.lon[3] = m.lon[5] = 1;
    assert_int_equal(exif_of_made(*state, &m).position_claim, XG_PHOTO_REFUSED);
    m = SOUND;
    m.lat[0] = 90;
    m.lat[2] = m.lat[4] = 0;
    m.lat_ref = 'S';
    m.lon[0] = 180;
    m.lon[2] = 0;
    m.lon_ref = 'W';
    e = exif_of_made(*state, &m);
    assert_int_equal(e.lat_e7, -900000000);
    assert_int_equal(e.lon_e7, -1800000000);
}

static void test_made_texts(void **state)
{
    static const struct {
        const char *text;
        enum xg_photo_claim claim;
    } DATES[] = {
        {"    :  :     :  :  ", XG_PHOTO_ABSENT},
        {"0000:00:00 00:00:00", XG_PHOTO_ABSENT},
        {"2023:02:29 00:00:00", XG_PHOTO_REFUSED},
        {"2023:13:01 00:00:00", XG_PHOTO_REFUSED},
        {"2023:01:32 00:00:00", XG_PHOTO_REFUSED},
        {"2023:01:01 24:00:00", XG_PHOTO_REFUSED},
        {"2023-01-01 00:00:00", XG_PHOTO_REFUSED},
        {"2023:01:01 00:00:00\n", XG_PHOTO_REFUSED},
        {"x", XG_PHOTO_REFUSED},
    };
    struct xg_photo_exif e;
    struct made m = SOUND;

    for (size_t i = 0; i < sizeof DATES / sizeof *DATES; i++) {
        m.taken = DATES[i].text;
        e = exif_of_made(*state, &m);
        assert_int_equal(e.taken_claim, DATES[i].claim);
        assert_string_equal(e.taken, "");
    }
    m = SOUND;
    m.offset = "+15:00";
    assert_int_equal(exif_of_made(*state, &m).offset_claim, XG_PHOTO_REFUSED);
    m = SOUND;
    m.gps_time[0] = 24;
    assert_int_equal(exif_of_made(*state, &m).gps_time_claim, XG_PHOTO_REFUSED);
    m = SOUND;
    m.gps_date = "2024:02:29\nend";
    assert_int_equal(exif_of_made(*state, &m).gps_time_claim, XG_PHOTO_CLAIMED);
    m = SOUND;
    m.make = "  a\nend\nb\xFF\xE2\x80\xAE z  ";
    assert_string_equal(exif_of_made(*state, &m).make, "a?end?b???? z");
    m.make = "refused";
    assert_string_equal(exif_of_made(*state, &m).make, "");
    m.make = "0123456789012345678901234567890123456789012345678901234567890"
             "12华为";
    assert_string_equal(exif_of_made(*state, &m).make,
                        "0123456789012345678901234567890123456789012345678"
                        "90123456789012");
}

/* --- the child ----------------------------------------------------------- */

static void test_mutated(void **state)
{
    struct photo_home *f = *state;
    struct xg_buf photo = photo_file_read(photo_sample("sample1.jpg"));
    uint32_t seed = 1;

    for (int round = 0; round < 200; round++) {
        struct xg_error err = XG_ERROR_NONE;
        struct xg_photo_exif e;
        for (int i = 0; i < 8; i++) {
            seed = seed * 1664525 + 1013904223;
            photo.data[2 + (seed >> 8) % 2000] = (uint8_t)(seed >> 24);
        }
        photo_file_write(photo_home_path(f, "mutated.jpg"), 0600, xg_buf_bytes(&photo));
        if (read_exif(&e, f->exif, photo_home_path(f, "mutated.jpg"), &err) !=
            XG_OK) {
            assert_int_equal(err.status, XG_FORMAT);
            assert_null(strstr(xg_error_text(&err), "nonsense"));
        }
    }
    xg_buf_clear(&photo);
}

/* A child that we do not write: one that lies, floods, hangs or dies. */
static enum xg_status ask_liar(const struct photo_home *f, const char *script,
                               struct xg_error *err)
{
    char text[2048];
    struct xg_photo_exif e = {.width = 7777};

    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    photo_file_write(photo_home_path(f, "liar"), 0700, xg_bytes_of(text));
    char path[TEST_PATH_SIZE];
    snprintf(path, sizeof path, "%s", photo_home_path(f, "liar"));
    enum xg_status status = read_exif(&e, path, photo_sample("sample1.jpg"), err);
    if (status != XG_OK)
        assert_int_equal(e.width, 7777); /* untouched */
    return status;
}

#define SAY(lines)                                                           \
    "printf '%s\\n' 'xunge-exif 1' 'exif read' " lines " end"

static void test_liars(void **state)
{
    static const char *const LIES[] = {
        "",
        "printf x",
        "printf '%s\\n' 'xunge-exif 2' 'exif read' end",
        "printf '%s\\n' 'xunge-exif 1' 'exif maybe' end",
        "printf '%s\\n' 'xunge-exif 1' 'exif none' 'orientation 1' end",
        "printf 'xunge-exif 1\\nexif none\\nend'",
        "printf 'xunge-exif 1\\nexif none\\nend\\n\\000'",
        SAY("") "; echo more",
        SAY("") "; exit 1",
        SAY("") "; kill -9 $$",
        SAY("'orientation 9'"),
        SAY("'orientation 0'"),
        SAY("'orientation 01'"),
        SAY("'orientation 1 1'"),
        SAY("'orientation 1' 'orientation 1'"),
        SAY("'position 900000001 0'"),
        SAY("'position 0 0'"),
        SAY("'position -0 1'"),
        SAY("'position 1'"),
        SAY("'position 1 18446744073709551617'"),
        SAY("'position 1 2' 'orientation 1'"),
        SAY("'size 0 1'"),
        SAY("'size 70000 1'"),
        SAY("'altitude 2147483647'"),
        SAY("'taken 2023:02:30 00:00:00'"),
        SAY("'taken 2023:02:03 00:00:00x'"),
        SAY("'offset +99:00'"),
        SAY("'make '"),
        SAY("\"make $(printf 'a\\033[31mb')\""),
        SAY("\"make $(printf 'a\\377')\""),
        SAY("'make 01234567890123456789012345678901234567890123456789012345"
            "678901234'"),
        SAY("'unknown 1'"),
        "cat /dev/zero",
        "yes 'xunge-exif 1'",
    };
    struct photo_home *f = *state;
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(ask_liar(f, SAY("'size 1 1' 'orientation 1' 'make x'"), &err));
    for (size_t i = 0; i < sizeof LIES / sizeof *LIES; i++) {
        enum xg_status status = ask_liar(f, LIES[i], &err);
        if (status != XG_FORMAT)
            fail_msg("%s: %s", LIES[i], xg_status_name(status));
    }
    assert_status(read_exif(&(struct xg_photo_exif){0},
                            photo_home_path(f, "nothing"),
                            photo_sample("sample1.jpg"), &err),
                  XG_NOTFOUND);
}

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void test_hanging(void **state)
{
    static const char *const HANGS[] = {
        "exec sleep 30",
        SAY("") "; exec sleep 30",
        SAY("") "; exec sleep 30 >/dev/null",
        "while :; do :; done",
    };
    struct photo_home *f = *state;
    struct xg_photo kept;

    for (size_t i = 0; i < sizeof HANGS / sizeof *HANGS; i++) {
        struct xg_error err = XG_ERROR_NONE;
        int64_t start_ms = now_ms();
        assert_status(ask_liar(f, HANGS[i], &err), XG_BUSY);
        assert_true(now_ms() - start_ms >= XG_PHOTO_EXIF_TIMEOUT_MS);
        assert_true(now_ms() - start_ms < XG_PHOTO_EXIF_TIMEOUT_MS + 1500);
    }
    struct xg_error err = XG_ERROR_NONE;
    char liar[TEST_PATH_SIZE];
    snprintf(liar, sizeof liar, "%s", photo_home_path(f, "liar"));
    struct photo_shelf shelf = f->shelf;
    shelf.exif_program = liar;
    assert_ok(photo_keep(&shelf, &kept, photo_sample("sample1.jpg"), &err));
    assert_int_equal(kept.exif.state, XG_PHOTO_EXIF_UNREADABLE);
    assert_ok(photo_verify(&shelf, &kept.sha256, &err));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
}

/* What the kernel says of a child, or "" . */
static bool status_says(pid_t pid, const char *line)
{
    char path[64];
    struct xg_buf b = XG_BUF(16 << 10);
    struct xg_error err = XG_ERROR_NONE;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    bool says = xg_os_read(&b, path, &err) == XG_OK &&
                strstr(xg_buf_str(&b), line) != NULL;
    xg_buf_clear(&b);
    return says;
}

static void test_confined(void **state)
{
    struct photo_home *f = *state;
    int in[2], status;

    assert_int_equal(pipe(in), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], 0);
        close(in[1]);
        execl(f->exif, "xunge-exif", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    int64_t start_ms = now_ms();
    while (!status_says(pid, "Seccomp:\t2") && now_ms() - start_ms < 5000)
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    assert_true(status_says(pid, "Seccomp:\t2"));
    assert_true(status_says(pid, "NoNewPrivs:\t1"));
    close(in[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1); /* no JPEG */
}

/* --- keeping ------------------------------------------------------------- */

/* Files under `folder`, and none of them with this in it. */
static int count_files(const char *folder, const void *what, size_t len)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int count = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        char path[512];
        snprintf(path, sizeof path, "%s/%.200s", folder, entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        if (entry->d_type == DT_DIR) {
            count += count_files(path, what, len);
            continue;
        }
        struct xg_buf b = photo_file_read(path);
        if (b.len > 0)
            assert_null(memmem(b.data, b.len, what, len));
        xg_buf_clear(&b);
        count++;
    }
    closedir(dir);
    return count;
}

static void test_keep(void **state)
{
    struct photo_home *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_photo kept, again;
    struct xg_buf photo = photo_file_read(photo_sample("sample1.jpg"));
    struct xg_hash hash;
    uint64_t length;

    crypto_hash_sha256(hash.b, photo.data, photo.len);
    assert_false(photo_has(&f->shelf, &hash));
    assert_ok(photo_keep(&f->shelf, &kept, photo_sample("sample1.jpg"), &err));
    assert_true(xg_hash_equal(&kept.sha256, &hash));
    assert_true(kept.is_new);
    assert_int_equal(kept.length, photo.len);
    assert_string_equal(xg_photo_type_mime(kept.type), "image/jpeg");
    assert_int_equal(kept.exif.lat_e7, 399155556);
    assert_true(photo_has(&f->shelf, &hash));
    assert_ok(photo_length(&f->shelf, &length, &hash, &err));
    assert_int_equal(length, photo.len);

    assert_ok(photo_keep(&f->shelf, &again, photo_sample("sample1.jpg"), &err));
    assert_false(again.is_new);
    /* photo, thumbnail and lock, and neither pixels nor EXIF in them */
    assert_int_equal(count_files(photo_home_path(f, "photos"), photo.data, 12), 3);
    assert_int_equal(count_files(photo_home_path(f, "photos"), "NIKON", 5), 3);

    int fd = open(photo_home_path(f, "back"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_ok(photo_open_to(&f->shelf, &hash, fd, &err));
    close(fd);
    struct xg_buf back = photo_file_read(photo_home_path(f, "back"));
    assert_true(xg_bytes_equal(xg_buf_bytes(&photo), xg_buf_bytes(&back)));

    struct vault_reader *r;
    struct xg_bytes chunk;
    size_t at = 0;
    assert_ok(photo_reader_open(&f->shelf, &r, &hash, &err));
    do {
        assert_ok(vault_reader_next(r, &chunk, &err));
        assert_memory_equal(chunk.at, photo.data + at, chunk.len);
        at += chunk.len;
    } while (chunk.len > 0);
    assert_int_equal(at, photo.len);
    vault_reader_close(r);

    assert_ok(photo_remove(&f->shelf, &hash, &err));
    assert_ok(photo_remove(&f->shelf, &hash, &err));
    assert_status(photo_verify(&f->shelf, &hash, &err), XG_NOTFOUND);
    xg_buf_clear(&back);
    xg_buf_clear(&photo);
}

/* Where the photo with this hash lies. */
static const char *kept_path(const struct photo_home *f,
                             const struct xg_hash *sha256)
{
    char hex[65], name[80];

    xg_hex(hex, sha256->b, XG_HASH_SIZE);
    snprintf(name, sizeof name, "photos/%.2s/%s", hex, hex);
    return photo_home_path(f, name);
}

static void test_damaged_is_mended(void **state)
{
    struct photo_home *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_photo one, other;

    assert_ok(photo_keep(&f->shelf, &one, photo_sample("f1-exif.jpg"), &err));
    assert_ok(photo_keep(&f->shelf, &other, photo_sample("f2-exif.jpg"), &err));
    struct xg_buf b = photo_file_read(kept_path(f, &one.sha256));
    b.data[b.len - 1] ^= 1;
    photo_file_write(kept_path(f, &one.sha256), 0600, xg_buf_bytes(&b));
    xg_buf_clear(&b);
    assert_status(photo_verify(&f->shelf, &one.sha256, &err), XG_CORRUPT);
    assert_ok(photo_keep(&f->shelf, &one, photo_sample("f1-exif.jpg"), &err));
    assert_true(one.is_new);
    assert_ok(photo_verify(&f->shelf, &one.sha256, &err));

    /* A whole photo of ours, under the name of another. */
    b = photo_file_read(kept_path(f, &other.sha256));
    photo_file_write(kept_path(f, &one.sha256), 0600, xg_buf_bytes(&b));
    xg_buf_clear(&b);
    assert_status(photo_verify(&f->shelf, &one.sha256, &err), XG_CORRUPT);
}

static void test_types(void **state)
{
    static const struct {
        const char *mime, *magic;
        size_t len;
    } TYPES[] = {
        {"image/png", "\x89PNG\r\n\x1A\n....", 12},
        {"image/webp", "RIFF\x10\0\0\0WEBPVP8 ", 16},
        {"image/heic", "\0\0\0\x18" "ftypheic\0\0\0\0mif1heic", 24},
        {"image/heic", "\0\0\0\x18" "ftypabcd\0\0\0\0xyzwmif1", 24},
        {"image/jpeg", "\xFF\xD8\xFF\xE0", 4},
    };
    struct photo_home *f = *state;

    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        struct xg_error err = XG_ERROR_NONE;
        struct xg_photo kept;
        photo_file_write(photo_home_path(f, "photo"), 0600,
                   xg_bytes(TYPES[i].magic, TYPES[i].len));
        assert_ok(photo_keep(&f->shelf, &kept, photo_home_path(f, "photo"), &err));
        assert_string_equal(xg_photo_type_mime(kept.type), TYPES[i].mime);
        assert_int_not_equal(kept.exif.state, XG_PHOTO_EXIF_READ);
    }
}

static void assert_not_kept(const struct photo_home *f, const char *path,
                            enum xg_status expected)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_photo kept = {.length = 99};

    assert_status(photo_keep(&f->shelf, &kept, path, &err), expected);
    assert_non_null(strstr(xg_error_text(&err), path));
    assert_int_equal(kept.length, 99);
}

static void test_refusals(void **state)
{
    struct photo_home *f = *state;
    char path[TEST_PATH_SIZE];

    snprintf(path, sizeof path, "%s", photo_home_path(f, "photo.jpg"));
    assert_not_kept(f, path, XG_NOTFOUND);
    assert_not_kept(f, f->home, XG_FORMAT);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_not_kept(f, path, XG_FORMAT);
    photo_file_write(path, 0600, xg_bytes(path, 0));
    assert_not_kept(f, path, XG_FORMAT);
    photo_file_write(path, 0600, xg_bytes_of("GIF89a, or a text"));
    assert_not_kept(f, path, XG_FORMAT);
    photo_file_write(path, 0600, xg_bytes("\0\0\0\x14" "ftypisom\0\0\0\0mp42", 20));
    assert_not_kept(f, path, XG_FORMAT); /* a film */
    photo_file_write(path, 0600, xg_bytes("\xFF\xD8\xFF\xE0", 4));
    assert_int_equal(truncate(path, XG_PHOTO_MAX_BYTES + 1), 0);
    assert_not_kept(f, path, XG_TOOBIG);
    assert_false(xg_os_exists(photo_home_path(f, "photos")));
}

static void test_disk_full(void **state)
{
    struct photo_home *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_photo kept;

    free_bytes = PHOTO_RESERVE_BYTES + 80000;
    assert_not_kept(f, photo_sample("sample1.jpg"), XG_FULL);
    assert_int_equal(count_files(photo_home_path(f, "photos"), "NIKON", 5), 1);
    free_bytes = PHOTO_RESERVE_BYTES + 90000; /* the thumbnail counts too */
    assert_not_kept(f, photo_sample("sample1.jpg"), XG_FULL);
    free_bytes = PHOTO_RESERVE_BYTES + 80000 + (20 << 10);
    assert_ok(photo_keep(&f->shelf, &kept, photo_sample("sample1.jpg"), &err));
    free_bytes = 0; /* one that is here needs no more space */
    assert_ok(photo_keep(&f->shelf, &kept, photo_sample("sample1.jpg"), &err));
    free_bytes = UINT64_MAX;
}

#define PHOTO_TEST(name)                                                     \
    cmocka_unit_test_setup_teardown(name, photo_home_setup,                   \
                                    photo_home_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PHOTO_TEST(test_position),
        PHOTO_TEST(test_every_sample),
        PHOTO_TEST(test_samples_are_all),
        PHOTO_TEST(test_corrupt),
        PHOTO_TEST(test_made_sound),
        PHOTO_TEST(test_made_numbers),
        PHOTO_TEST(test_made_positions),
        PHOTO_TEST(test_made_texts),
        PHOTO_TEST(test_mutated),
        PHOTO_TEST(test_liars),
        PHOTO_TEST(test_hanging),
        PHOTO_TEST(test_confined),
        PHOTO_TEST(test_keep),
        PHOTO_TEST(test_damaged_is_mended),
        PHOTO_TEST(test_types),
        PHOTO_TEST(test_refusals),
        PHOTO_TEST(test_disk_full),
    };

    if (xg_base_init() != 0)
        return 1;
    xg_log_level(XG_LOG_ERROR);
    return cmocka_run_group_tests_name("photo", tests, NULL, NULL);
}
