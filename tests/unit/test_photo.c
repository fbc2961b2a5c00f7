/* test_photo.c - photos: what their EXIF claims, and that they are kept. */
#define _GNU_SOURCE /* memmem, nftw */
#include "tests/lib/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/photo.h"
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

/* --- a home, and the sample photos --------------------------------------- */

struct fixture {
    char home[64], program[512], thumb[512];
    struct xg_env env;
    struct vault *vault;
    struct photo_shelf shelf;
};

static int remove_one(const char *path, const struct stat *info, int type,
                      struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct xg_error err = XG_ERROR_NONE;
    const char *bin = getenv("XG_BIN");

    snprintf(f->home, sizeof f->home, "/tmp/xunge-photo-XXXXXX");
    assert_non_null(mkdtemp(f->home));
    snprintf(f->program, sizeof f->program, "%s/xunge-exif", bin ? bin : "bin");
    f->env = xg_env_system();
    assert_ok(vault_create(f->home, NULL, &f->env, &err));
    assert_ok(vault_unlock_default(&f->vault, f->home, &f->env, &err));
    snprintf(f->thumb, sizeof f->thumb, "%s/xunge-thumb", bin ? bin : "bin");
    f->shelf =
        (struct photo_shelf){f->home, f->vault, f->program, f->thumb};
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    vault_free(f->vault);
    nftw(f->home, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

static const char *sample(const char *name)
{
    static char path[512];
    const char *source = getenv("XG_SOURCE");

    snprintf(path, sizeof path, "%s/tests/data/jpeg/%s", source ? source : ".",
             name);
    return path;
}

static const char *in_home(const struct fixture *f, const char *name)
{
    static char path[192];

    snprintf(path, sizeof path, "%s/%s", f->home, name);
    return path;
}

static struct xg_buf read_file(const char *path)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf b = XG_BUF(4 << 20);

    assert_ok(xg_os_read(&b, path, &err));
    return b;
}

static void write_file(const char *path, mode_t mode, struct xg_bytes content)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(xg_os_replace(path, mode, content, &err));
}

static enum xg_status read_exif(struct photo_exif *e, const char *program,
                                const char *path, struct xg_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    enum xg_status status = photo_read_exif(e, program, fd, err);
    close(fd);
    return status;
}

static struct photo_exif exif_of(const struct fixture *f, const char *path)
{
    struct xg_error err = XG_ERROR_NONE;
    struct photo_exif e = {.state = PHOTO_EXIF_NONE};

    assert_ok(read_exif(&e, f->program, path, &err));
    return e;
}

/* --- what real photos claim ---------------------------------------------- */

static void test_position(void **state)
{
    struct photo_exif e = exif_of(*state, sample("sample1.jpg"));

    /* 39°54'56"N 116°23'27"E */
    assert_int_equal(e.state, PHOTO_EXIF_READ);
    assert_int_equal(e.position_claim, PHOTO_CLAIMED);
    assert_int_equal(e.lat_e7, 399155556);
    assert_int_equal(e.lon_e7, 1163908333);
    assert_int_equal(e.width, 500);
    assert_int_equal(e.height, 375);
    assert_int_equal(e.altitude_claim, PHOTO_ABSENT);
    assert_string_equal(e.taken, "2003:11:23 18:07:37");
    assert_int_equal(e.taken_local_ms, 1069610857000);
    assert_int_equal(e.gps_time_ms, 1069610857000);
    assert_int_equal(e.offset_claim, PHOTO_ABSENT);
    assert_string_equal(e.make, "NIKON CORPORATION");
    assert_string_equal(e.model, "NIKON D2H");

    e = exif_of(*state, sample("2012-12-19-21-38-40-sep-temple_square1.jpg"));
    assert_int_equal(e.lat_e7, 407703389);
    assert_int_equal(e.lon_e7, -1118912222);
    assert_int_equal(e.altitude_mm, 1334000);
}

static void test_orientation(void **state)
{
    static const int NUMBERS[] = {1, 2, 3, 4, 5, 7, 8};

    for (size_t i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%d-exif.jpg", NUMBERS[i]);
        struct photo_exif e = exif_of(*state, sample(name));
        assert_int_equal(e.orientation_claim, PHOTO_CLAIMED);
        assert_int_equal(e.orientation, NUMBERS[i]);
        assert_int_equal(e.width, NUMBERS[i] < 5 ? 40 : 80);
    }
}

static void test_far_future(void **state)
{
    struct photo_exif e = exif_of(
        *state, sample("2099-08-12-19-59-29-sep-2099-08-12-19-59-29a.jpg"));

    assert_int_equal(e.taken_claim, PHOTO_CLAIMED);
    assert_string_equal(e.taken, "2099:08:12 19:59:29");
}

/* Corrupt files: an answer in time, whatever it is, and never an impossible
 * value. */
static void test_corrupt(void **state)
{
    static const char *const NAMES[] = {
        "huge_tag_exif.jpg", "infinite_loop_exif.jpg", "jhead/poc1.jpg",
        "jhead/poc2.jpg",    "jhead/poc2a.jpg",        "jhead/poc12.jpg",
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        struct xg_error err = XG_ERROR_NONE;
        struct photo_exif e = {.state = PHOTO_EXIF_NONE};
        struct photo_kept kept;
        time_t start = time(NULL);
        if (read_exif(&e, f->program, sample(NAMES[i]), &err) != XG_OK)
            assert_true(err.status == XG_FORMAT || err.status == XG_BUSY);
        assert_true(time(NULL) - start <= 3);
        if (strcmp(NAMES[i], "jhead/poc2.jpg") == 0)
            continue; /* its third byte is wrong: not taken for a photo */
        assert_ok(photo_keep(&f->shelf, &kept, sample(NAMES[i]), &err));
        assert_ok(photo_verify(&f->shelf, &kept.sha256, &err));
    }
    struct photo_exif e = exif_of(f, sample("huge_tag_exif.jpg"));
    assert_int_equal(e.orientation_claim, PHOTO_REFUSED); /* 0 */
    assert_int_equal(e.gps_time_claim, PHOTO_REFUSED);
    e = exif_of(f, sample("jhead/poc2a.jpg"));
    assert_int_equal(e.position_claim, PHOTO_REFUSED);
    e = exif_of(f, sample("jhead/poc2.jpg"));
    assert_int_equal(e.state, PHOTO_EXIF_UNREADABLE);
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

static struct photo_exif exif_of_made(const struct fixture *f,
                                      const struct made *m)
{
    struct xg_buf tags = XG_BUF(8192), jpeg = XG_BUF(8192);

    put_tags(&tags, m);
    xg_buf_append(&jpeg, "\xFF\xD8\xFF\xE1", 4);
    xg_buf_u16(&jpeg, (uint16_t)(tags.len + 8));
    xg_buf_append(&jpeg, "Exif\0\0", 6);
    xg_buf_append(&jpeg, tags.data, tags.len);
    xg_buf_append(&jpeg, "\xFF\xD9", 2);
    write_file(in_home(f, "made.jpg"), 0600, xg_buf_bytes(&jpeg));
    xg_buf_clear(&tags);
    xg_buf_clear(&jpeg);
    return exif_of(f, in_home(f, "made.jpg"));
}

static void test_made_sound(void **state)
{
    struct photo_exif e = exif_of_made(*state, &SOUND);

    assert_int_equal(e.state, PHOTO_EXIF_READ);
    assert_int_equal(e.orientation, 6);
    assert_int_equal(e.position_claim, PHOTO_CLAIMED);
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
    struct photo_exif e;
    struct made m = SOUND;

    for (size_t i = 0; i < 3; i++) {
        m.orientation = ORIENTATIONS[i];
        e = exif_of_made(*state, &m);
        assert_int_equal(e.orientation_claim, PHOTO_REFUSED);
        assert_int_equal(e.orientation, 0);
        assert_int_equal(e.position_claim, PHOTO_CLAIMED);
    }
    m = SOUND;
    m.altitude[1] = 0;
    assert_int_equal(exif_of_made(*state, &m).altitude_claim, PHOTO_REFUSED);
    m = SOUND;
    m.altitude[0] = UINT32_MAX;
    m.altitude[1] = 1;
    assert_int_equal(exif_of_made(*state, &m).altitude_claim, PHOTO_REFUSED);
    m = SOUND;
    m.altitude_ref = 1;
    assert_int_equal(exif_of_made(*state, &m).altitude_mm, -12345);
    m.altitude_ref = 7;
    assert_int_equal(exif_of_made(*state, &m).altitude_claim, PHOTO_REFUSED);
}

static void test_made_positions(void **state)
{
    /* Degrees and minutes of latitude that are refused: numerator, divisor. */
    static const uint32_t BAD[][4] = {
        {91, 1, 0, 1},  {90, 1, 1, 1},          {30, 0, 0, 1}, {30, 1, 0, 0},
        {30, 1, 61, 1}, {UINT32_MAX, 1, 0, 1},  {0, 0, 0, 0},
    };
    struct photo_exif e;
    struct made m = SOUND;

    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        memcpy(m.lat, BAD[i], sizeof BAD[i]);
        e = exif_of_made(*state, &m);
        assert_int_equal(e.position_claim, PHOTO_REFUSED);
        assert_int_equal(e.lat_e7, 0);
        assert_int_equal(e.taken_claim, PHOTO_CLAIMED);
    }
    m = SOUND;
    m.lat_ref = 'X';
    assert_int_equal(exif_of_made(*state, &m).position_claim, PHOTO_REFUSED);
    m = SOUND;
    memset(m.lat, 0, sizeof m.lat);
    memset(m.lon, 0, sizeof m.lon);
    m.lat[1] = m.lat[3] = m.lat[5] = m.lon[1] = m.lon[3] = m.lon[5] = 1;
    assert_int_equal(exif_of_made(*state, &m).position_claim, PHOTO_REFUSED);
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
        enum photo_claim claim;
    } DATES[] = {
        {"    :  :     :  :  ", PHOTO_ABSENT},
        {"0000:00:00 00:00:00", PHOTO_ABSENT},
        {"2023:02:29 00:00:00", PHOTO_REFUSED},
        {"2023:13:01 00:00:00", PHOTO_REFUSED},
        {"2023:01:32 00:00:00", PHOTO_REFUSED},
        {"2023:01:01 24:00:00", PHOTO_REFUSED},
        {"2023-01-01 00:00:00", PHOTO_REFUSED},
        {"2023:01:01 00:00:00\n", PHOTO_REFUSED},
        {"x", PHOTO_REFUSED},
    };
    struct photo_exif e;
    struct made m = SOUND;

    for (size_t i = 0; i < sizeof DATES / sizeof *DATES; i++) {
        m.taken = DATES[i].text;
        e = exif_of_made(*state, &m);
        assert_int_equal(e.taken_claim, DATES[i].claim);
        assert_string_equal(e.taken, "");
    }
    m = SOUND;
    m.offset = "+15:00";
    assert_int_equal(exif_of_made(*state, &m).offset_claim, PHOTO_REFUSED);
    m = SOUND;
    m.gps_time[0] = 24;
    assert_int_equal(exif_of_made(*state, &m).gps_time_claim, PHOTO_REFUSED);
    m = SOUND;
    m.gps_date = "2024:02:29\nend";
    assert_int_equal(exif_of_made(*state, &m).gps_time_claim, PHOTO_CLAIMED);
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
    struct fixture *f = *state;
    struct xg_buf photo = read_file(sample("sample1.jpg"));
    uint32_t seed = 1;

    for (int round = 0; round < 200; round++) {
        struct xg_error err = XG_ERROR_NONE;
        struct photo_exif e;
        for (int i = 0; i < 8; i++) {
            seed = seed * 1664525 + 1013904223;
            photo.data[2 + (seed >> 8) % 2000] = (uint8_t)(seed >> 24);
        }
        write_file(in_home(f, "mutated.jpg"), 0600, xg_buf_bytes(&photo));
        if (read_exif(&e, f->program, in_home(f, "mutated.jpg"), &err) !=
            XG_OK) {
            assert_int_equal(err.status, XG_FORMAT);
            assert_null(strstr(xg_error_text(&err), "nonsense"));
        }
    }
    xg_buf_clear(&photo);
}

/* A child that we do not write: one that lies, floods, hangs or dies. */
static enum xg_status ask_liar(const struct fixture *f, const char *script,
                               struct xg_error *err)
{
    char text[2048];
    struct photo_exif e = {.width = 7777};

    snprintf(text, sizeof text, "#!/bin/sh\n%s\n", script);
    write_file(in_home(f, "liar"), 0700, xg_bytes_of(text));
    char path[192];
    snprintf(path, sizeof path, "%s", in_home(f, "liar"));
    enum xg_status status = read_exif(&e, path, sample("sample1.jpg"), err);
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
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(ask_liar(f, SAY("'size 1 1' 'orientation 1' 'make x'"), &err));
    for (size_t i = 0; i < sizeof LIES / sizeof *LIES; i++) {
        enum xg_status status = ask_liar(f, LIES[i], &err);
        if (status != XG_FORMAT)
            fail_msg("%s: %s", LIES[i], xg_status_name(status));
    }
    assert_status(read_exif(&(struct photo_exif){0}, in_home(f, "nothing"),
                            sample("sample1.jpg"), &err), XG_NOTFOUND);
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
    struct fixture *f = *state;
    struct photo_kept kept;

    for (size_t i = 0; i < sizeof HANGS / sizeof *HANGS; i++) {
        struct xg_error err = XG_ERROR_NONE;
        int64_t start_ms = now_ms();
        assert_status(ask_liar(f, HANGS[i], &err), XG_BUSY);
        assert_true(now_ms() - start_ms >= PHOTO_EXIF_TIMEOUT_MS);
        assert_true(now_ms() - start_ms < PHOTO_EXIF_TIMEOUT_MS + 1500);
    }
    struct xg_error err = XG_ERROR_NONE;
    char liar[192];
    snprintf(liar, sizeof liar, "%s", in_home(f, "liar"));
    struct photo_shelf shelf = {f->home, f->vault, liar, f->thumb};
    assert_ok(photo_keep(&shelf, &kept, sample("sample1.jpg"), &err));
    assert_int_equal(kept.exif.state, PHOTO_EXIF_UNREADABLE);
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
    struct fixture *f = *state;
    int in[2], status;

    assert_int_equal(pipe(in), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(in[0], 0);
        close(in[1]);
        execl(f->program, "xunge-exif", (char *)NULL);
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
        struct xg_buf b = read_file(path);
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
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct photo_kept kept, again;
    struct xg_buf photo = read_file(sample("sample1.jpg"));
    struct xg_hash hash;
    uint64_t length;

    crypto_hash_sha256(hash.b, photo.data, photo.len);
    assert_false(photo_has(&f->shelf, &hash));
    assert_ok(photo_keep(&f->shelf, &kept, sample("sample1.jpg"), &err));
    assert_true(xg_hash_equal(&kept.sha256, &hash));
    assert_true(kept.is_new);
    assert_int_equal(kept.length, photo.len);
    assert_string_equal(photo_type_mime(kept.type), "image/jpeg");
    assert_int_equal(kept.exif.lat_e7, 399155556);
    assert_true(photo_has(&f->shelf, &hash));
    assert_ok(photo_length(&f->shelf, &length, &hash, &err));
    assert_int_equal(length, photo.len);

    assert_ok(photo_keep(&f->shelf, &again, sample("sample1.jpg"), &err));
    assert_false(again.is_new);
    /* photo, thumbnail and lock, and neither pixels nor EXIF in them */
    assert_int_equal(count_files(in_home(f, "photos"), photo.data, 12), 3);
    assert_int_equal(count_files(in_home(f, "photos"), "NIKON", 5), 3);

    int fd = open(in_home(f, "back"), O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_ok(photo_open_to(&f->shelf, &hash, fd, &err));
    close(fd);
    struct xg_buf back = read_file(in_home(f, "back"));
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
static const char *kept_path(const struct fixture *f,
                             const struct xg_hash *sha256)
{
    char hex[65], name[80];

    xg_hex(hex, sha256->b, XG_HASH_SIZE);
    snprintf(name, sizeof name, "photos/%.2s/%s", hex, hex);
    return in_home(f, name);
}

static void test_damaged_is_mended(void **state)
{
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct photo_kept one, other;

    assert_ok(photo_keep(&f->shelf, &one, sample("f1-exif.jpg"), &err));
    assert_ok(photo_keep(&f->shelf, &other, sample("f2-exif.jpg"), &err));
    struct xg_buf b = read_file(kept_path(f, &one.sha256));
    b.data[b.len - 1] ^= 1;
    write_file(kept_path(f, &one.sha256), 0600, xg_buf_bytes(&b));
    xg_buf_clear(&b);
    assert_status(photo_verify(&f->shelf, &one.sha256, &err), XG_CORRUPT);
    assert_ok(photo_keep(&f->shelf, &one, sample("f1-exif.jpg"), &err));
    assert_true(one.is_new);
    assert_ok(photo_verify(&f->shelf, &one.sha256, &err));

    /* A whole photo of ours, under the name of another. */
    b = read_file(kept_path(f, &other.sha256));
    write_file(kept_path(f, &one.sha256), 0600, xg_buf_bytes(&b));
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
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof TYPES / sizeof *TYPES; i++) {
        struct xg_error err = XG_ERROR_NONE;
        struct photo_kept kept;
        write_file(in_home(f, "photo"), 0600,
                   xg_bytes(TYPES[i].magic, TYPES[i].len));
        assert_ok(photo_keep(&f->shelf, &kept, in_home(f, "photo"), &err));
        assert_string_equal(photo_type_mime(kept.type), TYPES[i].mime);
        assert_int_not_equal(kept.exif.state, PHOTO_EXIF_READ);
    }
}

static void assert_not_kept(const struct fixture *f, const char *path,
                            enum xg_status expected)
{
    struct xg_error err = XG_ERROR_NONE;
    struct photo_kept kept = {.length = 99};

    assert_status(photo_keep(&f->shelf, &kept, path, &err), expected);
    assert_non_null(strstr(xg_error_text(&err), path));
    assert_int_equal(kept.length, 99);
}

static void test_refusals(void **state)
{
    struct fixture *f = *state;
    char path[192];

    snprintf(path, sizeof path, "%s", in_home(f, "photo.jpg"));
    assert_not_kept(f, path, XG_NOTFOUND);
    assert_not_kept(f, f->home, XG_FORMAT);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_not_kept(f, path, XG_FORMAT);
    write_file(path, 0600, xg_bytes(path, 0));
    assert_not_kept(f, path, XG_FORMAT);
    write_file(path, 0600, xg_bytes_of("GIF89a, or a text"));
    assert_not_kept(f, path, XG_FORMAT);
    write_file(path, 0600, xg_bytes("\0\0\0\x14" "ftypisom\0\0\0\0mp42", 20));
    assert_not_kept(f, path, XG_FORMAT); /* a film */
    write_file(path, 0600, xg_bytes("\xFF\xD8\xFF\xE0", 4));
    assert_int_equal(truncate(path, PHOTO_MAX_BYTES + 1), 0);
    assert_not_kept(f, path, XG_TOOBIG);
    assert_false(xg_os_exists(in_home(f, "photos")));
}

static void test_disk_full(void **state)
{
    struct fixture *f = *state;
    struct xg_error err = XG_ERROR_NONE;
    struct photo_kept kept;

    free_bytes = PHOTO_RESERVE_BYTES + 80000;
    assert_not_kept(f, sample("sample1.jpg"), XG_FULL);
    assert_int_equal(count_files(in_home(f, "photos"), "NIKON", 5), 1);
    free_bytes = PHOTO_RESERVE_BYTES + 90000; /* the thumbnail counts too */
    assert_not_kept(f, sample("sample1.jpg"), XG_FULL);
    free_bytes = PHOTO_RESERVE_BYTES + 80000 + (20 << 10);
    assert_ok(photo_keep(&f->shelf, &kept, sample("sample1.jpg"), &err));
    free_bytes = 0; /* one that is here needs no more space */
    assert_ok(photo_keep(&f->shelf, &kept, sample("sample1.jpg"), &err));
    free_bytes = UINT64_MAX;
}

#define PHOTO_TEST(name)                                                     \
    cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PHOTO_TEST(test_position),
        PHOTO_TEST(test_orientation),
        PHOTO_TEST(test_far_future),
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
