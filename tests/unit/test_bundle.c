/* Bundles as files: what is written is read, in its order; a file that is cut
 * gives what came whole and says so; anything that does not belong there is
 * refused, and nothing is ever made of a name. */
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/env.h"
#include "shared/base/os.h"
#include "shared/bundle/bundle.h"
#include "tests/lib/folder.h"

enum { FILE_MAX = 64 << 20, BLOB_BYTES = 200000 };

static struct xg_error err;
static char folder[TEST_FOLDER_SIZE], path[TEST_PATH_SIZE];
static struct xg_env env;
static struct xg_signer device, reader;

static int setup(void **state)
{
    static const uint8_t a[32] = {1}, b[32] = {2};

    (void)state;
    test_folder_make(folder, "bundle");
    snprintf(path, sizeof path, "%s/stick.xgb", folder);
    env = xg_env_system();
    err = XG_ERROR_NONE;
    assert_ok(
        xg_signer_init(&device, "lanshan/d/0417", XG_SIG_ED25519, a, &err));
    assert_ok(xg_signer_init(&reader, "lanshan", XG_SIG_ED25519, b, &err));
    return 0;
}

static int teardown(void **state)
{
    char part[TEST_PATH_SIZE + 8];

    (void)state;
    unlink(path);
    snprintf(part, sizeof part, "%s.part", path);
    unlink(part);
    assert_int_equal(rmdir(folder), 0); /* so nothing else came to be */
    return 0;
}

/* ---- help ---- */

static struct xg_bundle an_index(void)
{
    return (struct xg_bundle){.kind = XG_BUNDLE_UP,
                              .log = "lanshan",
                              .to = "lanshan",
                              .time_ms = 5,
                              .size = 7,
                              .since = 3};
}

static struct xg_hash hash_of(uint8_t n)
{
    struct xg_hash h = {{0xAB, n}};

    return h;
}

static uint8_t blob_byte(uint64_t at)
{
    return (uint8_t)(at * 31 + (at >> 8));
}

static enum xg_status fetch(void *ctx, const char *name, uint64_t offset,
                            uint8_t *at, size_t size, size_t *len,
                            struct xg_error *error)
{
    uint64_t *have = ctx, n = *have - offset < size ? *have - offset : size;

    (void)error;
    assert_memory_equal(name, "blobs/", 6);
    for (uint64_t i = 0; i < n; i++)
        at[i] = blob_byte(offset + i);
    *len = (size_t)n;
    return XG_OK;
}

/* Two batches, a hello and a photo, given in another order. */
static enum xg_status write_one(const struct xg_seal_slots *slots,
                                uint64_t blob_bytes, uint64_t blob_has,
                                uint64_t *bytes)
{
    const struct xg_bundle_host host = {&blob_has, fetch, NULL};
    const struct xg_bundle_target target = {
        .path = path, .slots = slots, .env = &env};
    struct xg_bundle index = an_index();
    struct xg_bundle_writer *w;
    struct xg_hash one = hash_of(1), two = hash_of(2), photo = hash_of(3);
    char name[XG_TAR_NAME_MAX + 1];

    assert_ok(xg_bundle_new(&w, &err));
    assert_ok(xg_bundle_add_blob(w, &photo, blob_bytes, &err));
    xg_bundle_name(name, "batches", &two, "");
    assert_ok(xg_bundle_add(w, name, xg_bytes_of("second"), &err));
    assert_ok(xg_bundle_add(w, "hello", xg_bytes_of("hello there"), &err));
    xg_bundle_name(name, "batches", &one, "");
    assert_ok(xg_bundle_add(w, name, xg_bytes_of(""), &err));
    enum xg_status status =
        xg_bundle_write(w, bytes, &target, &index, &device, &host, &err);
    xg_bundle_free(w);
    return status;
}

static struct xg_buf load(void)
{
    struct xg_buf b = XG_BUF(FILE_MAX);

    assert_ok(xg_os_read(&b, path, &err));
    return b;
}

static void save(struct xg_bytes content)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_ok(xg_os_write_all(fd, path, content, &err));
    close(fd);
}

/* What reading gave. */
struct seen {
    enum xg_status status; /* of the last call */
    bool opened, cut;
    unsigned parts, whole; /* whole: content came */
};

static struct seen read_all(const struct xg_signer *key)
{
    const struct xg_bundle_source from = {.path = path, .key = key};
    static const char *const expected[] = {"hello there", "second", "", NULL};
    struct seen s = {.status = XG_OK};
    struct xg_bundle_reader *r = NULL;
    struct xg_bundle index;
    struct xg_bytes note;
    struct xg_part part;
    struct xg_buf content = XG_BUF(XG_BUNDLE_BLOB_MAX);
    bool more = true;

    err = XG_ERROR_NONE;
    s.status = xg_bundle_open(&r, &index, &note, &from, &err);
    if (s.status != XG_OK)
        return s;
    s.opened = true;
    while ((s.status = xg_bundle_next(r, &part, &more, &s.cut, &err)) ==
               XG_OK &&
           more) {
        xg_buf_reset(&content);
        s.parts++;
        s.status = xg_bundle_content(r, &content, &err);
        if (s.status == XG_GAP)
            continue;
        if (s.status != XG_OK)
            break;
        assert_int_equal(content.len, part.length);
        if (s.whole < 3 && key == &reader)
            assert_true(xg_bytes_equal(xg_buf_bytes(&content),
                                       xg_bytes_of(expected[s.whole])));
        s.whole++;
    }
    xg_bundle_close(r);
    xg_buf_clear(&content);
    return s;
}

/* ---- names, index ---- */

static enum xg_part_kind kind_of(const char *name)
{
    struct xg_part part = {.length = 0};

    xg_part_of(&part, name);
    return part.kind;
}

static void test_names(void **state)
{
    struct xg_hash id = hash_of(9);
    struct xg_part part = {.length = 12};
    char name[XG_TAR_NAME_MAX + 1];

    (void)state;
    xg_bundle_name(name, "receipts", &id, ".tlog-proof");
    xg_part_of(&part, name);
    assert_int_equal(part.kind, XG_PART_RECEIPT);
    assert_true(xg_hash_equal(&part.id, &id));
    assert_int_equal(part.length, 12);
    xg_bundle_name(name, "batches", &id, "");
    assert_int_equal(kind_of(name), XG_PART_BATCH);
    name[8] = 'A';
    assert_int_equal(kind_of(name), XG_PART_OTHER); /* lower-case alone */
    xg_bundle_name(name, "blobs", &id, "x");
    assert_int_equal(kind_of(name), XG_PART_OTHER);
    assert_int_equal(kind_of("hello"), XG_PART_HELLO);
    assert_int_equal(kind_of("hello/"), XG_PART_OTHER);
    assert_int_equal(kind_of("updates/0"), XG_PART_UPDATES);
    assert_int_equal(kind_of("updates/007"), XG_PART_OTHER);
    assert_int_equal(kind_of("updates/"), XG_PART_OTHER);
    assert_int_equal(kind_of("held/3"), XG_PART_HELD);
    assert_int_equal(kind_of("references/18446744073709551616"), XG_PART_OTHER);
    xg_part_of(&part, "log/tile/1/x001/067.p/5");
    assert_int_equal(part.kind, XG_PART_TILE);
    assert_int_equal(part.tile.index, 1067);
    assert_int_equal(part.tile.width, 5);
    assert_int_equal(kind_of("log/tile/entries/000"), XG_PART_OTHER);
    assert_int_equal(kind_of("log/tile/0/0"), XG_PART_OTHER);
}

static void test_index(void **state)
{
    struct xg_bundle b = an_index(), again;
    struct xg_buf text = XG_BUF(4096);

    (void)state;
    memcpy(b.from, "lanshan/d/0417", sizeof "lanshan/d/0417");
    b.parts = 3;
    b.bytes = 1000;
    b.time_ms = -7; /* a clock before 1970 */
    xg_bundle_put(&text, &b);
    assert_ok(xg_bundle_read(&again, xg_buf_bytes(&text), &err));
    b.time_ms = 0;
    assert_memory_equal(&again.size, &b.size, 4 * sizeof b.size);
    assert_string_equal(again.from, b.from);
    /* Every line is needed, each byte of it means something. */
    for (size_t i = 0; i < text.len; i++) {
        struct xg_bytes cut = xg_bytes(text.data, i);
        assert_status(xg_bundle_read(&again, cut, &err), XG_FORMAT);
    }
    static const char *const bad[][2] = {
        {"kind up", "kind UP"},       {"parts 3", "parts 65537"},
        {"parts 3", "parts 0"},       {"from lanshan", "from +anshan"},
        {"size 7", "size 07"},        {"size 7", "size 7 "},
        {"to lanshan", "to lan shan"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char other[4096];
        const char *at = strstr(xg_buf_str(&text), bad[i][0]);
        assert_non_null(at);
        int before = (int)(at - xg_buf_str(&text));
        snprintf(other, sizeof other, "%.*s%s%s", before, xg_buf_str(&text),
                 bad[i][1], at + strlen(bad[i][0]));
        assert_status(xg_bundle_read(&again, xg_bytes_of(other), &err),
                      XG_FORMAT);
    }
    xg_buf_clear(&text);
}

/* ---- there and back ---- */

static void test_there_and_back(void **state)
{
    struct xg_seal_slots slots = {.count = 1};
    uint64_t bytes = 0;
    struct stat info;

    (void)state;
    memcpy(slots.keys[0], reader.verifier.key, XG_PUBLIC_KEY_SIZE);
    for (int sealed = 0; sealed < 2; sealed++) {
        assert_ok(
            write_one(sealed ? &slots : NULL, BLOB_BYTES, BLOB_BYTES, &bytes));
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_size, bytes);
        struct seen s = read_all(&reader);
        assert_int_equal(s.status, XG_OK);
        assert_int_equal(s.whole, 4);
        assert_false(s.cut);
        /* Nothing is written over. */
        assert_status(write_one(NULL, 10, 10, &bytes), XG_REFUSED);
        struct xg_buf now = load();
        assert_int_equal(now.len, info.st_size);
        xg_buf_clear(&now);
        if (sealed)
            assert_int_equal(read_all(&device).status, XG_AUTH);
        if (sealed)
            assert_int_equal(read_all(NULL).status, XG_AUTH);
        unlink(path);
    }
}

static void test_nothing_half(void **state)
{
    uint64_t bytes = 77;
    char part[TEST_PATH_SIZE + 8];

    (void)state;
    snprintf(part, sizeof part, "%s.part", path);
    /* A photo that is shorter than was said. */
    assert_status(write_one(NULL, BLOB_BYTES, BLOB_BYTES - 1, &bytes),
                  XG_CORRUPT);
    assert_int_equal(bytes, 77);
    assert_false(xg_os_exists(path));
    assert_false(xg_os_exists(part));
    /* More than any disk here has: known before the first byte. */
    const struct xg_bundle_target target = {.path = path, .env = &env};
    const struct xg_bundle_host host = {NULL, fetch, NULL};
    struct xg_bundle index = an_index();
    struct xg_bundle_writer *w;
    assert_ok(xg_bundle_new(&w, &err));
    for (uint64_t i = 0; i < XG_BUNDLE_PARTS_MAX; i++) {
        struct xg_hash h = {{0}};
        memcpy(h.b, &i, sizeof i);
        assert_ok(xg_bundle_add_blob(w, &h, XG_BUNDLE_BLOB_MAX, &err));
    }
    assert_status(xg_bundle_add(w, "hello", xg_bytes_of("x"), &err), XG_TOOBIG);
    assert_status(
        xg_bundle_write(w, &bytes, &target, &index, &device, &host, &err),
        XG_FULL);
    assert_false(xg_os_exists(path));
    assert_false(xg_os_exists(part));
    xg_bundle_free(w);
    assert_ok(xg_bundle_new(&w, &err));
    assert_status(
        xg_bundle_announce(w, "welcome", XG_BUNDLE_PART_MAX + 1, &err),
        XG_TOOBIG);
    xg_bundle_free(w);
}

/* A pipe cannot be read twice, sealed or not. */
static void test_pipe(void **state)
{
    struct xg_seal_slots slots = {.count = 1};
    uint64_t bytes;
    int keep = dup(STDIN_FILENO), ends[2];

    (void)state;
    memcpy(slots.keys[0], reader.verifier.key, XG_PUBLIC_KEY_SIZE);
    for (int sealed = 0; sealed < 2; sealed++) {
        const struct xg_bundle_source from = {.path = "-", .key = &reader};
        struct xg_bundle_reader *r;
        struct xg_bundle index;
        struct xg_bytes note;
        struct xg_part part;
        bool more, cut;
        unsigned count = 0;
        assert_ok(write_one(sealed ? &slots : NULL, 3000, 3000, &bytes));
        struct xg_buf whole = load();
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], whole.data, whole.len), whole.len);
        close(ends[1]);
        assert_true(dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
        close(ends[0]);
        assert_ok(xg_bundle_open(&r, &index, &note, &from, &err));
        for (;;) {
            assert_ok(xg_bundle_next(r, &part, &more, &cut, &err));
            if (!more)
                break;
            count++;
        }
        assert_int_equal(count, 4);
        assert_false(cut);
        xg_bundle_close(r);
        xg_buf_clear(&whole);
        unlink(path);
    }
    assert_true(dup2(keep, STDIN_FILENO) == STDIN_FILENO);
    close(keep);
}

/* ---- cut, altered ---- */

static void test_cut_anywhere(void **state)
{
    struct xg_seal_slots slots = {.count = 1};
    uint64_t bytes;

    (void)state;
    memcpy(slots.keys[0], reader.verifier.key, XG_PUBLIC_KEY_SIZE);
    for (int sealed = 0; sealed < 2; sealed++) {
        assert_ok(
            write_one(sealed ? &slots : NULL, BLOB_BYTES, BLOB_BYTES, &bytes));
        struct xg_buf whole = load();
        unsigned last = 0, cuts = 0;
        /* Each byte around a border, some of those between. */
        for (size_t n = 0; n < whole.len;
             n += n >= 6000 ? 997 : (n + 2) % 512 < 4 ? 1 : 23) {
            save(xg_bytes(whole.data, n));
            struct seen s = read_all(&reader);
            if (!s.opened) {
                assert_int_equal(s.status, XG_FORMAT);
                continue;
            }
            assert_int_equal(s.status, XG_OK);
            assert_true(s.cut || s.whole == 4);
            assert_true(s.whole >= last);
            last = s.whole;
            cuts += s.cut;
        }
        assert_true(cuts > 100);
        assert_true(last >= 3);
        xg_buf_clear(&whole);
        unlink(path);
    }
}

/* Whatever bit is turned: an end, never more than there was. */
static void test_altered_anywhere(void **state)
{
    uint64_t bytes;
    unsigned refused = 0;

    (void)state;
    assert_ok(write_one(NULL, 600, 600, &bytes));
    struct xg_buf whole = load();
    for (size_t n = 0; n < whole.len; n += 3) {
        whole.data[n] ^= (uint8_t)(1 << n % 8);
        save(xg_buf_bytes(&whole));
        struct seen s = read_all(NULL);
        assert_true(s.parts <= 4);
        refused += s.status != XG_OK;
        whole.data[n] ^= (uint8_t)(1 << n % 8);
    }
    assert_true(refused > 300);
    xg_buf_clear(&whole);
}

/* ---- hostile ---- */

/* A header as it comes to lie in a tar; `size` as text of eleven digits. */
static void put_header(struct xg_buf *tar, const char *name, char type,
                       const char *size, const char *magic, const char *target)
{
    uint8_t h[512] = {0};
    unsigned sum = 8 * ' ';

    snprintf((char *)h, 100, "%s", name);
    memcpy(h + 100, "0000600", 8);
    memcpy(h + 108, "0000000", 8);
    memcpy(h + 116, "0000000", 8);
    memcpy(h + 124, size, 11);
    memcpy(h + 136, "00000000000", 12);
    h[156] = (uint8_t)type;
    snprintf((char *)h + 157, 100, "%s", target);
    memcpy(h + 257, magic, 8);
    for (size_t i = 0; i < sizeof h; i++)
        sum += h[i];
    snprintf((char *)h + 148, 8, "%06o", sum);
    h[155] = ' ';
    xg_buf_append(tar, h, sizeof h);
}

#define USTAR "ustar\00000"
#define GNU "ustar  \0"

static void pad(struct xg_buf *tar)
{
    while (tar->len % 512)
        xg_buf_byte(tar, 0);
}

/* An honest index before what the test puts. */
static void put_index(struct xg_buf *tar, uint64_t parts, uint64_t bytes)
{
    struct xg_bundle b = an_index();
    struct xg_buf text = XG_BUF(4096), note = XG_BUF(4096);
    char size[12];

    memcpy(b.from, device.verifier.name, sizeof b.from);
    b.parts = parts;
    b.bytes = bytes;
    xg_bundle_put(&text, &b);
    xg_note_sign(&note, xg_buf_bytes(&text), &device);
    snprintf(size, sizeof size, "%011o", (unsigned)note.len);
    put_header(tar, "bundle.txt", '0', size, USTAR, "");
    xg_buf_append(tar, note.data, note.len);
    pad(tar);
    xg_buf_clear(&text);
    xg_buf_clear(&note);
}

static void finish(struct xg_buf *tar)
{
    static const uint8_t zeros[1024];

    xg_buf_append(tar, zeros, sizeof zeros);
    save(xg_buf_bytes(tar));
}

static struct seen try_part(const char *name, char type, const char *size,
                            const char *magic, const char *target,
                            const char *content)
{
    struct xg_buf tar = XG_BUF(1 << 20);

    put_index(&tar, 10, 10 * (uint64_t)XG_BUNDLE_BLOB_MAX);
    put_header(&tar, name, type, size, magic, target);
    xg_buf_text(&tar, content);
    pad(&tar);
    finish(&tar);
    struct seen s = read_all(NULL);
    xg_buf_clear(&tar);
    return s;
}

static void test_hostile(void **state)
{
    static const struct {
        const char *name;
        char type;
        const char *size, *magic, *target;
    } bad[] = {
        {"../../etc/x", '0', "00000000001", USTAR, ""},
        {"a/../../x", '0', "00000000001", USTAR, ""},
        {"/etc/x", '0', "00000000001", USTAR, ""},
        {".x", '0', "00000000001", USTAR, ""},
        {"HELLO", '0', "00000000001", USTAR, ""},
        {"hello world", '0', "00000000001", USTAR, ""},
        {"hello", '1', "00000000000", USTAR, "/etc/passwd"},
        {"hello", '2', "00000000000", USTAR, "/etc/passwd"},
        {"hello", '3', "00000000000", USTAR, ""},
        {"hello", '4', "00000000000", USTAR, ""},
        {"hello", '5', "00000000000", USTAR, ""},
        {"hello", '6', "00000000000", USTAR, ""},
        {"hello", 'S', "00000000001", GNU, ""},
        {"hello", 'V', "00000000000", GNU, ""},
        {"hello", '0', "00000000001", GNU, ""},
        {"hello", '0', "00000000001", "\0\0\0\0\0\0\0\0", ""},
        {"hello", '0', "77777777777", USTAR, ""},
        {"hello", '0', "00100000001", USTAR, ""}, /* 16 MiB + 1 */
        {"hello", '0', "\x80\0\0\0\0\0\0\x7F\xFF\xFF\xFF", USTAR, ""},
        {"hello", '0', "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", USTAR,
         ""},
    };

    (void)state;
    assert_int_equal(
        try_part("hello", '0', "00000000001", USTAR, "", "x").whole, 1);
    assert_int_equal(
        try_part("of-a-newer-kind/1", '0', "00000000001", USTAR, "", "x").whole,
        1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct seen s = try_part(bad[i].name, bad[i].type, bad[i].size,
                                 bad[i].magic, bad[i].target, "x");
        if (s.status != XG_FORMAT || s.parts != 0)
            fail_msg("hostile part %zu: %s, %u parts", i,
                     xg_status_name(s.status), s.parts);
    }
    /* A second size, or name, in a pax header. */
    struct xg_buf tar = XG_BUF(1 << 20);
    put_index(&tar, 10, 1 << 20);
    put_header(&tar, "x", 'x', "00000000013", USTAR, ""); /* 11 bytes */
    xg_buf_text(&tar, "11 path=../");
    pad(&tar);
    put_header(&tar, "hello", '0', "00000000001", USTAR, "");
    xg_buf_text(&tar, "x");
    pad(&tar);
    finish(&tar);
    struct seen s = read_all(NULL);
    assert_int_equal(s.status, XG_FORMAT);
    assert_int_equal(s.parts, 0);
    xg_buf_clear(&tar);
}

/* What is not an index at the beginning is no bundle. */
static void test_no_bundle(void **state)
{
    static const char *const what[] = {"", "XGH1", "XGH", "\x1F\x8B\x08\x00",
                                       "a text that somebody wrote"};
    struct xg_buf tar = XG_BUF(1 << 20);

    (void)state;
    for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
        save(xg_bytes_of(what[i]));
        struct seen s = read_all(&reader);
        assert_int_equal(s.status, XG_FORMAT);
        assert_false(s.opened);
    }
    put_header(&tar, "hello", '0', "00000000001", USTAR, "");
    xg_buf_text(&tar, "x");
    pad(&tar);
    finish(&tar);
    assert_int_equal(read_all(NULL).status, XG_FORMAT);
    xg_buf_clear(&tar);
    unlink(path);
    assert_int_equal(read_all(NULL).status, XG_NOTFOUND);
}

/* A file of holes: zeros for as long as one cares to read. */
static void test_endless_zeros(void **state)
{
    struct xg_buf tar = XG_BUF(1 << 20);

    (void)state;
    put_index(&tar, 0, 0);
    finish(&tar);
    assert_int_equal(truncate(path, 512 << 10), 0);
    assert_int_equal(read_all(NULL).status, XG_OK);
    assert_int_equal(truncate(path, (off_t)1 << 42), 0);
    time_t began = time(NULL);
    assert_int_equal(read_all(NULL).status, XG_FORMAT);
    save(xg_bytes("", 0));
    assert_int_equal(truncate(path, (off_t)1 << 42), 0);
    assert_int_equal(read_all(NULL).status, XG_FORMAT);
    assert_true(time(NULL) - began < 60);
    xg_buf_clear(&tar);
}

/* What somebody laid where the file is to be made is neither written to nor
 * waited for. */
static void test_laid_in_the_way(void **state)
{
    struct xg_landing landing;
    char part[TEST_PATH_SIZE + 8], victim[TEST_PATH_SIZE];
    struct stat info;

    (void)state;
    snprintf(part, sizeof part, "%s.part", path);
    snprintf(victim, sizeof victim, "%s/victim", folder);
    save(xg_bytes_of("keep me"));
    assert_int_equal(rename(path, victim), 0);
    assert_int_equal(link(victim, part), 0);
    assert_ok(xg_landing_open(&landing, path, &err));
    xg_landing_drop(&landing);
    assert_int_equal(stat(victim, &info), 0);
    assert_int_equal(info.st_size, 7);
    assert_int_equal(symlink(victim, part), 0);
    assert_ok(xg_landing_open(&landing, path, &err));
    xg_landing_drop(&landing);
    assert_int_equal(stat(victim, &info), 0);
    assert_int_equal(info.st_size, 7);
    unlink(victim);
    assert_int_equal(mkfifo(part, 0600), 0);
    alarm(20); /* a pipe without a reader is waited for without end */
    assert_ok(xg_landing_open(&landing, path, &err));
    alarm(0);
    assert_ok(xg_landing_keep(&landing, &err));
    assert_int_equal(lstat(path, &info), 0);
    assert_true(S_ISREG(info.st_mode));
}

static void test_more_than_said(void **state)
{
    struct xg_buf tar = XG_BUF(FILE_MAX);

    (void)state;
    /* A million members: told after as many as the index says, and that cannot
     * be a million. */
    put_index(&tar, 3, 3);
    for (int i = 0; i < 100000; i++)
        put_header(&tar, "hello", '0', "00000000000", USTAR, "");
    finish(&tar);
    struct seen s = read_all(NULL);
    assert_int_equal(s.status, XG_FORMAT);
    assert_int_equal(s.whole, 3);

    xg_buf_reset(&tar);
    put_index(&tar, 3, 3);
    put_header(&tar, "hello", '0', "00000000004", USTAR, "");
    xg_buf_text(&tar, "four");
    pad(&tar);
    finish(&tar);
    s = read_all(NULL);
    assert_int_equal(s.status, XG_FORMAT);
    assert_int_equal(s.whole, 0);

    /* Fewer: something is missing, and that is said. */
    xg_buf_reset(&tar);
    put_index(&tar, 3, 30);
    put_header(&tar, "hello", '0', "00000000004", USTAR, "");
    xg_buf_text(&tar, "four");
    pad(&tar);
    finish(&tar);
    s = read_all(NULL);
    assert_int_equal(s.status, XG_OK);
    assert_true(s.cut);

    /* After the end there is nothing, wherever it would lie. */
    for (size_t gap = 0; gap <= 70000; gap += gap ? gap : 1) {
        xg_buf_reset(&tar);
        put_index(&tar, 1, 30);
        put_header(&tar, "hello", '0', "00000000004", USTAR, "");
        xg_buf_text(&tar, "four");
        pad(&tar);
        finish(&tar);
        for (size_t i = 0; i < gap; i++)
            xg_buf_byte(&tar, 0);
        xg_buf_byte(&tar, 'x');
        save(xg_buf_bytes(&tar));
        s = read_all(NULL);
        assert_int_equal(s.status, XG_FORMAT);
        assert_int_equal(s.whole, 1);
    }
    xg_buf_clear(&tar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_index, setup, teardown),
        cmocka_unit_test_setup_teardown(test_there_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_half, setup, teardown),
        cmocka_unit_test_setup_teardown(test_pipe, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_anywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(test_altered_anywhere, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_bundle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_endless_zeros, setup, teardown),
        cmocka_unit_test_setup_teardown(test_laid_in_the_way, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_than_said, setup, teardown),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
