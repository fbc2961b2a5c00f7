/* test_blobs.c - photos as files, and photos that are coming in: in pieces,
 * from several senders at once, over restarts, and what is not what it should
 * be. */
#define _DEFAULT_SOURCE  /* syscall */
#include "tests/lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "server/blobs/blobs.h"
#include "shared/base/os.h"
#include "tests/lib/device.h"
#include "tests/lib/folder.h"

#define DEVICE "test.example/d/0001"

enum { PHOTO_BYTES = 300000 };

struct place {
    struct test_world world;
    struct xg_env env;
    char dir[TEST_FOLDER_SIZE];
    struct blobs *b;
};

struct photo {
    uint8_t *data;
    size_t len;
    struct xg_hash sha256;
};

static void open_again(struct place *p)
{
    struct xg_error err = XG_ERROR_NONE;

    blobs_close(p->b);
    p->b = NULL;
    assert_ok(blobs_open(&p->b, p->dir, &p->env, &err));
}

static void place_open(struct place *p)
{
    /* Files have the real clock's times. */
    *p = (struct place){.world = {.seed = 3, .wall_ms = time(NULL) * 1000}};
    p->env = test_env(&p->world);
    test_folder_make(p->dir, "blobs");
    open_again(p);
}

static void place_close(struct place *p)
{
    blobs_close(p->b);
    test_folder_remove(p->dir);
}

static struct photo make_photo(struct test_world *world, size_t len)
{
    struct photo photo = {.data = malloc(len + 1), .len = len};

    assert_non_null(photo.data);
    for (size_t i = 0; i < len; i++)
        photo.data[i] = (uint8_t)test_next(world);
    crypto_hash_sha256(photo.sha256.b, photo.data, len);
    return photo;
}

static void assert_here(struct place *p, const struct photo *photo)
{
    struct xg_error err = XG_ERROR_NONE;
    uint8_t *found = malloc(photo->len + 1);
    uint64_t length;
    int fd;

    assert_true(blobs_has(p->b, &photo->sha256));
    assert_ok(blobs_verify(p->b, &photo->sha256, &err));
    assert_ok(blobs_read(p->b, &fd, &length, &photo->sha256, &err));
    assert_int_equal(length, photo->len);
    assert_int_equal(read(fd, found, photo->len + 1), photo->len);
    assert_memory_equal(found, photo->data, photo->len);
    close(fd);
    free(found);
}

/* Entries of DIR/NAME, "." and ".." aside. */
static size_t entries(const struct place *p, const char *name)
{
    char command[TEST_PATH_SIZE];
    unsigned count = 0;

    snprintf(command, sizeof command, "ls -A %s/%s | wc -l", p->dir, name);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%u", &count), 1);
    pclose(f);
    return count;
}

/* ---- what was synced ---- */

static struct {
    dev_t device;
    ino_t inode;
    unsigned count;
} watched;

/* Stands before the C library's: counts those of the watched folder. */
int fsync(int fd)
{
    struct stat info;

    if (fstat(fd, &info) == 0 && info.st_dev == watched.device &&
        info.st_ino == watched.inode)
        watched.count++;
    return (int)syscall(SYS_fsync, fd);
}

/* A photo that another has just given its name, with nothing synced yet. */
static void lay_photo(struct place *p, const struct photo *photo)
{
    char hex[2 * XG_HASH_SIZE + 1], path[TEST_PATH_SIZE];
    struct xg_error err = XG_ERROR_NONE;
    struct stat info;

    xg_hex(hex, photo->sha256.b, XG_HASH_SIZE);
    snprintf(path, sizeof path, "%s/blobs/%.2s", p->dir, hex);
    assert_true(mkdir(path, 0700) == 0 || errno == EEXIST);
    assert_int_equal(stat(path, &info), 0);
    watched.device = info.st_dev;
    watched.inode = info.st_ino;
    watched.count = 0;
    snprintf(path, sizeof path, "%s/blobs/%.2s/%s", p->dir, hex, hex);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_ok(
        xg_os_write_all(fd, path, xg_bytes(photo->data, photo->len), &err));
    close(fd);
}

/* ---- a stream ---- */

struct stream {
    const struct photo *photo;
    size_t at, step, end;
    unsigned reads;
};

static enum xg_status read_stream(void *ctx, uint8_t *at, size_t size,
                                  size_t *len, struct xg_error *err)
{
    struct stream *s = ctx;
    size_t n = s->end - s->at;

    (void)err;
    s->reads++;
    if (n > size)
        n = size;
    if (n > s->step)
        n = s->step;
    memcpy(at, s->photo->data + s->at, n);
    s->at += n;
    *len = n;
    return XG_OK;
}

static void test_take(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct place p;
    uint64_t length;
    int fd;

    (void)state;
    place_open(&p);
    struct photo photo = make_photo(&p.world, PHOTO_BYTES);
    struct photo empty = make_photo(&p.world, 0);
    struct stream s = {&photo, 0, 7777, photo.len, 0};

    assert_false(blobs_has(p.b, &photo.sha256));
    assert_status(blobs_read(p.b, &fd, &length, &photo.sha256, &err),
                  XG_NOTFOUND);
    assert_status(blobs_verify(p.b, &photo.sha256, &err), XG_NOTFOUND);
    assert_ok(blobs_take(p.b, &photo.sha256, photo.len, read_stream, &s, &err));
    assert_here(&p, &photo);

    unsigned reads = s.reads; /* it is here: nothing is read */
    assert_ok(blobs_take(p.b, &photo.sha256, photo.len, read_stream, &s, &err));
    assert_int_equal(s.reads, reads);
    open_again(&p);
    assert_here(&p, &photo);

    assert_ok(blobs_take(p.b, &empty.sha256, 0, read_stream, &s, &err));
    assert_here(&p, &empty);
    assert_int_equal(entries(&p, "uploads"), 0);
    free(photo.data);
    free(empty.data);
    place_close(&p);
}

/* That a photo is here is said to nobody before its name is durable, whoever
 * gave it: the log would say so for ever. */
static void test_here_means_durable(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct blobs_upload upload;
    struct blobs_claim claim;
    struct place p;
    bool whole = false;

    (void)state;
    place_open(&p);
    struct photo photos[] = {make_photo(&p.world, 500),
                             make_photo(&p.world, 600),
                             make_photo(&p.world, 700)};
    struct stream s = {&photos[0], 0, 7777, photos[0].len, 0};
    lay_photo(&p, &photos[0]);
    assert_ok(blobs_take(p.b, &photos[0].sha256, 500, read_stream, &s, &err));
    assert_int_equal(s.reads, 0);
    assert_int_equal(watched.count, 1);

    lay_photo(&p, &photos[1]);
    assert_ok(blobs_create(p.b, &upload, DEVICE, &photos[1].sha256, 600, &err));
    assert_int_equal(upload.offset, 600);
    assert_ok(blobs_claim(p.b, &claim, &upload, upload.id, &err));
    assert_ok(blobs_settle(p.b, &claim, &upload, &whole, &err));
    assert_true(whole);
    assert_int_equal(watched.count, 1);

    /* Killed between the name and its being durable. */
    assert_ok(blobs_create(p.b, &upload, DEVICE, &photos[2].sha256, 700, &err));
    lay_photo(&p, &photos[2]);
    open_again(&p);
    assert_ok(blobs_claim(p.b, &claim, &upload, upload.id, &err));
    assert_ok(blobs_settle(p.b, &claim, &upload, &whole, &err));
    assert_true(whole);
    assert_int_equal(watched.count, 1);
    for (size_t i = 0; i < 3; i++)
        free(photos[i].data);
    place_close(&p);
}

/* One that is shorter than it should be is not here: what comes heals it, and
 * what is announced by another length is not taken for it. */
static void test_take_by_length(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct place p;

    (void)state;
    place_open(&p);
    struct photo photo = make_photo(&p.world, 500), part = photo;
    struct stream s = {&photo, 0, 7777, photo.len, 0};
    part.len = 400;
    lay_photo(&p, &part);
    assert_ok(blobs_take(p.b, &photo.sha256, 500, read_stream, &s, &err));
    assert_here(&p, &photo);
    s.at = 0;
    assert_status(
        blobs_take(p.b, &photo.sha256, 400, read_stream, &s, &err),
        XG_FORMAT);
    assert_here(&p, &photo);
    free(photo.data);
    place_close(&p);
}

static void test_take_refused(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct place p;

    (void)state;
    place_open(&p);
    struct photo photo = make_photo(&p.world, PHOTO_BYTES);
    struct stream early = {&photo, 0, 7777, photo.len - 1, 0};
    assert_status(
        blobs_take(p.b, &photo.sha256, photo.len, read_stream, &early, &err),
        XG_FORMAT);
    struct stream other = {&photo, 0, 7777, photo.len, 0};
    photo.sha256.b[31] ^= 1;
    assert_status(
        blobs_take(p.b, &photo.sha256, photo.len, read_stream, &other, &err),
        XG_FORMAT);
    unsigned reads = other.reads;
    assert_status(blobs_take(p.b, &photo.sha256, BLOB_MAX_BYTES + 1ULL,
                             read_stream, &other, &err),
                  XG_TOOBIG);
    assert_int_equal(other.reads, reads);
    assert_false(blobs_has(p.b, &photo.sha256));
    assert_int_equal(entries(&p, "uploads"), 0);
    free(photo.data);
    place_close(&p);
}

/* ---- all of them ---- */

struct seen {
    unsigned count, stop_at;
    uint64_t bytes;
};

static bool see(void *ctx, const struct xg_hash *sha256, uint64_t length)
{
    struct seen *seen = ctx;

    (void)sha256;
    seen->bytes += length;
    return ++seen->count != seen->stop_at;
}

static void take_photo(struct place *p, const struct photo *photo)
{
    struct xg_error err = XG_ERROR_NONE;
    struct stream s = {photo, 0, photo->len + 1, photo->len, 0};

    assert_ok(
        blobs_take(p->b, &photo->sha256, photo->len, read_stream, &s, &err));
}

static void damage(const char *dir, const struct photo *photo)
{
    char path[TEST_PATH_SIZE], hex[65];

    xg_hex(hex, photo->sha256.b, 32);
    snprintf(path, sizeof path, "%s/blobs/%.2s/%s", dir, hex, hex);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "?", 1, 5), 1);
    close(fd);
}

static void test_walk_copy_remove(void **state)
{
    enum { COUNT = 40 };
    struct xg_error err = XG_ERROR_NONE;
    struct photo photos[COUNT];
    struct blobs_copied copied;
    struct seen seen = {0};
    struct place p, q;

    (void)state;
    place_open(&p);
    place_open(&q);
    for (size_t i = 0; i < COUNT; i++) {
        photos[i] = make_photo(&p.world, 1000 + i);
        take_photo(&p, &photos[i]);
    }
    assert_ok(blobs_walk(p.b, see, &seen, &err));
    assert_int_equal(seen.count, COUNT);
    assert_int_equal(seen.bytes, COUNT * 1000 + COUNT * (COUNT - 1) / 2);
    struct seen some = {.stop_at = 3};
    assert_ok(blobs_walk(p.b, see, &some, &err));
    assert_int_equal(some.count, 3);

    take_photo(&q, &photos[0]);
    assert_ok(blobs_copy(p.b, q.dir, &copied, NULL, NULL, &err));
    assert_int_equal(copied.files, COUNT - 1);
    assert_int_equal(copied.bytes, seen.bytes - photos[0].len);
    for (size_t i = 0; i < COUNT; i++)
        assert_here(&q, &photos[i]);
    assert_ok(blobs_copy(p.b, q.dir, &copied, NULL, NULL, &err));
    assert_int_equal(copied.files, 0);

    for (int again = 0; again < 2; again++)
        assert_ok(blobs_remove(q.b, &photos[7].sha256, &err));
    assert_false(blobs_has(q.b, &photos[7].sha256));
    damage(p.dir, &photos[7]);
    assert_status(blobs_verify(p.b, &photos[7].sha256, &err), XG_CORRUPT);
    assert_status(blobs_copy(p.b, q.dir, &copied, NULL, NULL, &err),
                  XG_CORRUPT);
    assert_false(blobs_has(q.b, &photos[7].sha256));
    for (size_t i = 0; i < COUNT; i++)
        free(photos[i].data);
    place_close(&p);
    place_close(&q);
}

/* ---- coming in ---- */

static struct blobs_upload create(struct place *p, const struct photo *photo)
{
    struct xg_error err = XG_ERROR_NONE;
    struct blobs_upload u;

    assert_ok(blobs_create(p->b, &u, DEVICE, &photo->sha256, photo->len, &err));
    return u;
}

static void send(struct place *p, const struct blobs_claim *claim,
                 const struct photo *photo, uint64_t from, uint64_t to)
{
    struct xg_error err = XG_ERROR_NONE;

    while (from < to) {
        size_t n = to - from < 4321 ? (size_t)(to - from) : 4321;
        assert_ok(
            blobs_write(p->b, claim, xg_bytes(photo->data + from, n), &err));
        from += n;
    }
}

/* Claim and send [from, to), settle; the upload afterwards. */
static struct blobs_upload piece(struct place *p, const char *id,
                                 const struct photo *photo, uint64_t from,
                                 uint64_t to)
{
    struct xg_error err = XG_ERROR_NONE;
    struct blobs_claim claim;
    struct blobs_upload u;
    bool whole;

    assert_ok(blobs_claim(p->b, &claim, &u, id, &err));
    assert_int_equal(u.offset, from);
    send(p, &claim, photo, from, to);
    assert_ok(blobs_settle(p->b, &claim, &u, &whole, &err));
    assert_int_equal(u.offset, to);
    assert_true(whole == (to == photo->len));
    return u;
}

static void test_pieces(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct blobs_claim claim;
    struct blobs_upload u, same;
    struct place p;

    (void)state;
    for (int restart = 0; restart < 2; restart++) {
        place_open(&p);
        struct photo photo = make_photo(&p.world, PHOTO_BYTES);
        u = create(&p, &photo);
        same = create(&p, &photo);
        assert_string_equal(u.id, same.id); /* nothing has come of it */
        for (uint64_t at = 0; at < photo.len; at += 100000) {
            if (restart)
                open_again(&p);
            assert_false(blobs_has(p.b, &photo.sha256));
            piece(&p, u.id, &photo, at, at + 100000);
        }
        assert_here(&p, &photo);
        if (restart)
            open_again(&p);
        /* A sender that missed the answer is told that all is here. */
        assert_ok(blobs_claim(p.b, &claim, &same, u.id, &err));
        assert_int_equal(same.offset, photo.len);
        assert_status(blobs_write(p.b, &claim, xg_bytes("x", 1), &err),
                      XG_TOOBIG);
        assert_status(blobs_cut(p.b, &claim, 0, &err), XG_USAGE);
        assert_ok(blobs_abandon(p.b, u.id, &err));
        assert_status(blobs_abandon(p.b, u.id, &err), XG_NOTFOUND);
        assert_here(&p, &photo);
        assert_int_equal(entries(&p, "uploads"), 0);
        same = create(&p, &photo); /* here already: whole at once */
        assert_int_equal(same.offset, photo.len);
        free(photo.data);
        place_close(&p);
    }
}

/* The server ends without a word in mid-piece: what was written is there. */
static void test_ended_amid(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct blobs_claim claim;
    struct blobs_upload u;
    struct place p;

    (void)state;
    place_open(&p);
    struct photo photo = make_photo(&p.world, PHOTO_BYTES);
    u = create(&p, &photo);
    assert_ok(blobs_claim(p.b, &claim, &u, u.id, &err));
    send(&p, &claim, &photo, 0, 123456);
    open_again(&p);
    assert_ok(blobs_look(p.b, &u, u.id, &err));
    assert_string_equal(u.device, DEVICE);
    piece(&p, u.id, &photo, 123456, photo.len);
    assert_here(&p, &photo);

    /* All came, and it ended before the hash was looked at. */
    struct photo other = make_photo(&p.world, PHOTO_BYTES);
    u = create(&p, &other);
    assert_ok(blobs_claim(p.b, &claim, &u, u.id, &err));
    send(&p, &claim, &other, 0, other.len);
    open_again(&p);
    piece(&p, u.id, &other, other.len, other.len);
    assert_here(&p, &other);
    free(photo.data);
    free(other.data);
    place_close(&p);
}

static void test_wrong(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct blobs_claim claim;
    struct blobs_upload u;
    struct place p;
    bool whole;

    (void)state;
    place_open(&p);
    struct photo photo = make_photo(&p.world, PHOTO_BYTES);
    for (int restart = 0; restart < 2; restart++) {
        u = create(&p, &photo);
        assert_ok(blobs_claim(p.b, &claim, &u, u.id, &err));
        photo.data[777] ^= 1;
        send(&p, &claim, &photo, 0, photo.len);
        photo.data[777] ^= 1;
        if (restart) {
            open_again(&p);
            assert_ok(blobs_claim(p.b, &claim, &u, u.id, &err));
        }
        assert_status(blobs_settle(p.b, &claim, &u, &whole, &err), XG_FORMAT);
        assert_status(blobs_look(p.b, &u, u.id, &err), XG_NOTFOUND);
        assert_false(blobs_has(p.b, &photo.sha256));
        assert_int_equal(entries(&p, "uploads"), 0);
    }
    u = create(&p, &photo);
    piece(&p, u.id, &photo, 0, photo.len);
    assert_here(&p, &photo);
    free(photo.data);
    place_close(&p);
}

static void test_cut(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct blobs_claim claim;
    struct blobs_upload u;
    struct place p;
    bool whole;

    (void)state;
    place_open(&p);
    struct photo photo = make_photo(&p.world, PHOTO_BYTES);
    u = create(&p, &photo);
    piece(&p, u.id, &photo, 0, 1000);
    assert_ok(blobs_claim(p.b, &claim, &u, u.id, &err));
    assert_ok(blobs_write(p.b, &claim, xg_bytes("rubbish", 7), &err));
    assert_status(blobs_cut(p.b, &claim, 1008, &err), XG_USAGE);
    assert_ok(blobs_cut(p.b, &claim, 1000, &err));
    assert_ok(blobs_settle(p.b, &claim, &u, &whole, &err));
    assert_int_equal(u.offset, 1000);
    assert_false(whole);
    assert_status(blobs_cut(p.b, &claim, 0, &err), XG_REFUSED);
    piece(&p, u.id, &photo, 1000, photo.len);
    assert_here(&p, &photo);
    free(photo.data);
    place_close(&p);
}

static void test_taken_over(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct blobs_claim old, new;
    struct blobs_upload u;
    struct place p;
    bool whole;

    (void)state;
    place_open(&p);
    struct photo photo = make_photo(&p.world, PHOTO_BYTES);
    u = create(&p, &photo);
    assert_ok(blobs_claim(p.b, &old, &u, u.id, &err));
    send(&p, &old, &photo, 0, 5000);
    assert_ok(blobs_claim(p.b, &new, &u, u.id, &err));
    assert_int_equal(u.offset, 5000);
    assert_status(blobs_write(p.b, &old, xg_bytes("late", 4), &err),
                  XG_REFUSED);
    assert_status(blobs_cut(p.b, &old, 0, &err), XG_REFUSED);
    assert_status(blobs_settle(p.b, &old, &u, &whole, &err), XG_REFUSED);
    send(&p, &new, &photo, 5000, photo.len);
    assert_status(blobs_write(p.b, &new, xg_bytes("x", 1), &err), XG_TOOBIG);
    assert_ok(blobs_settle(p.b, &new, &u, &whole, &err));
    assert_true(whole);
    assert_here(&p, &photo);
    assert_status(blobs_settle(p.b, &new, &u, &whole, &err), XG_REFUSED);
    free(photo.data);
    place_close(&p);
}

static void test_cap(void **state)
{
    enum { COUNT = BLOB_UPLOADS_PER_DEVICE + 4 };
    struct xg_error err = XG_ERROR_NONE;
    struct photo photos[COUNT];
    struct blobs_upload u[COUNT], other;
    struct place p;

    (void)state;
    place_open(&p);
    for (int i = 0; i < COUNT; i++) {
        photos[i] = make_photo(&p.world, 1000);
        p.world.wall_ms += 1000;
        u[i] = create(&p, &photos[i]);
        if (i == 0)
            assert_ok(blobs_create(p.b, &other, "test.example/d/0002",
                                   &photos[0].sha256, 1000, &err));
        if (i == 9) /* it goes first, being of no more use */
            piece(&p, u[i].id, &photos[i], 0, 1000);
        if (i == 15) /* and this one last, being touched */
            piece(&p, u[0].id, &photos[0], 0, 500);
    }
    for (int i = 0; i < COUNT; i++) {
        bool gone = i == 9 || (i >= 1 && i <= 3);
        assert_status(blobs_look(p.b, &u[i], u[i].id, &err),
                      gone ? XG_NOTFOUND : XG_OK);
    }
    assert_ok(blobs_look(p.b, &other, other.id, &err));
    assert_here(&p, &photos[9]);
    for (int i = 0; i < COUNT; i++)
        free(photos[i].data);
    place_close(&p);
}

static void test_expiry(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct blobs_claim claim;
    struct blobs_upload u;
    struct place p;

    (void)state;
    place_open(&p);
    struct photo photo = make_photo(&p.world, PHOTO_BYTES);
    u = create(&p, &photo);
    assert_int_equal(u.expires_ms, p.world.wall_ms + BLOB_UPLOAD_LIFE_MS);
    p.world.wall_ms += BLOB_UPLOAD_LIFE_MS - 1;
    u = piece(&p, u.id, &photo, 0, 1000); /* begins the week anew */
    assert_int_equal(u.expires_ms, p.world.wall_ms + BLOB_UPLOAD_LIFE_MS);
    assert_ok(blobs_claim(p.b, &claim, &u, u.id, &err));
    p.world.wall_ms += BLOB_UPLOAD_LIFE_MS;
    assert_status(
        blobs_write(p.b, &claim, xg_bytes(photo.data + 1000, 1), &err),
        XG_NOTFOUND);
    assert_status(blobs_claim(p.b, &claim, &u, u.id, &err), XG_NOTFOUND);
    assert_int_equal(entries(&p, "uploads"), 2);
    u = create(&p, &photo); /* sweeps */
    assert_int_equal(entries(&p, "uploads"), 1);
    piece(&p, u.id, &photo, 0, photo.len);
    assert_here(&p, &photo);

    struct photo next = make_photo(&p.world, PHOTO_BYTES);
    u = create(&p, &next);
    piece(&p, u.id, &next, 0, 10);
    p.world.wall_ms = time(NULL) * 1000;
    open_again(&p);
    assert_ok(blobs_look(p.b, &u, u.id, &err));
    char path[512]; /* begun while the machine's clock was in 1970 */
    const struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    snprintf(path, sizeof path, "%s/uploads/%s", p.dir, u.id);
    assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
    open_again(&p);
    assert_ok(blobs_look(p.b, &u, u.id, &err));
    assert_int_equal(utimensat(AT_FDCWD, path, NULL, 0), 0);
    p.world.wall_ms = time(NULL) * 1000 + BLOB_UPLOAD_LIFE_MS + 1000;
    open_again(&p); /* so does opening */
    assert_status(blobs_look(p.b, &u, u.id, &err), XG_NOTFOUND);
    assert_int_equal(entries(&p, "uploads"), 0);
    free(photo.data);
    free(next.data);
    place_close(&p);
}

static void put_file(const struct place *p, const char *name, const char *text)
{
    struct xg_error err = XG_ERROR_NONE;
    char path[TEST_PATH_SIZE];

    snprintf(path, sizeof path, "%s/uploads/%s", p->dir, name);
    assert_ok(xg_os_replace(path, 0600, xg_bytes_of(text), &err));
}

#define ID "00112233445566778899aabbccddeeff"
#define HEX64 ID ID

/* What a power cut, or somebody's hand, may leave in the folder. */
static void test_rubbish(void **state)
{
    static const char *const abouts[] = {
        "",
        "xunge/upload/v1\n",
        "xunge/upload/v1\ndevice d\nsha256 " HEX64 "\nlength 5",
        "xunge/upload/v1\ndevice d\nsha256 " HEX64 "\nlength 05\n",
        "xunge/upload/v1\ndevice d\nsha256 " HEX64 "\nlength -5\n",
        "xunge/upload/v1\ndevice d\nsha256 " ID "\nlength 5\n",
        "xunge/upload/v1\ndevice d\nsha256 " HEX64 "\nlength 3\n",
        "xunge/upload/v1\ndevice d\nsha256 " HEX64 "\nlength 99999999999\n",
        "xunge/upload/v1\ndevice d\nsha256 " HEX64 "\nlength 5\nmore\n",
    };
    struct xg_error err = XG_ERROR_NONE;
    struct blobs_upload u;
    struct place p;

    (void)state;
    place_open(&p);
    for (size_t i = 0; i < sizeof abouts / sizeof *abouts; i++) {
        put_file(&p, ID, "1234");
        put_file(&p, ID ".about", abouts[i]);
        open_again(&p);
        assert_status(blobs_look(p.b, &u, ID, &err), XG_NOTFOUND);
        assert_int_equal(entries(&p, "uploads"), 0);
    }
    put_file(&p, ID, "1234");
    open_again(&p);
    assert_int_equal(entries(&p, "uploads"), 0);
    put_file(&p, "README", "not ours");
    put_file(&p, ID, "1234");
    put_file(&p, ID ".about",
             "xunge/upload/v1\ndevice d\nsha256 " HEX64 "\nlength 5\n");
    open_again(&p);
    assert_ok(blobs_look(p.b, &u, ID, &err));
    assert_int_equal(u.offset, 4);
    assert_int_equal(entries(&p, "uploads"), 3);
    assert_status(blobs_look(p.b, &u, "../../etc/passwd", &err), XG_NOTFOUND);
    assert_status(blobs_look(p.b, &u, "", &err), XG_NOTFOUND);
    place_close(&p);
}

static void test_removed_amid(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct blobs_claim claim;
    struct blobs_upload u;
    struct place p;
    bool whole;

    (void)state;
    place_open(&p);
    struct photo photo = make_photo(&p.world, PHOTO_BYTES);
    u = create(&p, &photo);
    assert_ok(blobs_claim(p.b, &claim, &u, u.id, &err));
    send(&p, &claim, &photo, 0, 1000);
    assert_ok(blobs_remove(p.b, &photo.sha256, &err));
    assert_status(blobs_write(p.b, &claim, xg_bytes("x", 1), &err),
                  XG_NOTFOUND);
    assert_status(blobs_settle(p.b, &claim, &u, &whole, &err), XG_NOTFOUND);
    assert_int_equal(entries(&p, "uploads"), 0);
    free(photo.data);
    place_close(&p);
}

/* ---- many at once ---- */

struct rival {
    struct place *place;
    const struct photo *photo;
    const char *id; /* shared, or NULL: one of its own */
    char device[32];
    const char *failed; /* at what */
};

/* Claim, go on where it stands, until it is whole. */
static const char *strive(struct rival *r)
{
    struct blobs *b = r->place->b;
    struct xg_error err = XG_ERROR_NONE;
    struct blobs_claim claim;
    struct blobs_upload u;
    bool whole = false;

    if (r->id)
        memcpy(u.id, r->id, sizeof u.id);
    else if (blobs_create(b, &u, r->device, &r->photo->sha256, r->photo->len,
                          &err) != XG_OK)
        return "create";
    while (!whole) {
        if (blobs_claim(b, &claim, &u, u.id, &err) != XG_OK)
            return "claim";
        enum xg_status status = XG_OK;
        for (int i = 0; i < 10 && u.offset < u.length && !status; i++) {
            size_t n = u.length - u.offset < 3000
                           ? (size_t)(u.length - u.offset)
                           : 3000;
            status = blobs_write(b, &claim,
                                 xg_bytes(r->photo->data + u.offset, n), &err);
            u.offset += n;
        }
        if (status == XG_OK)
            status = blobs_settle(b, &claim, &u, &whole, &err);
        if (status != XG_OK && status != XG_REFUSED)
            return "write";
    }
    return NULL;
}

static void *run_rival(void *ctx)
{
    struct rival *r = ctx;

    r->failed = strive(r);
    return NULL;
}

static void run_rivals(struct place *p, const struct photo *photo,
                       const char *id)
{
    enum { COUNT = 4 };
    struct rival rivals[COUNT] = {0};
    pthread_t threads[COUNT];

    for (int i = 0; i < COUNT; i++) {
        rivals[i].place = p;
        rivals[i].photo = photo;
        rivals[i].id = id;
        snprintf(rivals[i].device, sizeof rivals[i].device, "d/%d", i);
        assert_int_equal(
            pthread_create(&threads[i], NULL, run_rival, &rivals[i]), 0);
    }
    for (int i = 0; i < COUNT; i++) {
        pthread_join(threads[i], NULL);
        if (rivals[i].failed)
            fail_msg("rival %d: %s", i, rivals[i].failed);
    }
    assert_here(p, photo);
}

static void test_rivals(void **state)
{
    struct xg_env system_env = xg_env_system();
    struct place p;

    (void)state;
    place_open(&p);
    p.env = system_env; /* whose randomness many may ask for */
    open_again(&p);
    struct photo photo = make_photo(&p.world, PHOTO_BYTES);
    struct photo other = make_photo(&p.world, PHOTO_BYTES);
    struct blobs_upload u = create(&p, &photo);
    run_rivals(&p, &photo, u.id);
    run_rivals(&p, &other, NULL);
    free(photo.data);
    free(other.data);
    place_close(&p);
}

static void test_private_folder(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct test_world world = {.seed = 1, .wall_ms = 1800000000000};
    struct xg_env env = test_env(&world);
    struct place p = {.world = world, .env = env};

    (void)state;
    assert_ok(blobs_open(&p.b, NULL, &env, &err));
    struct photo photo = make_photo(&p.world, 1000);
    take_photo(&p, &photo);
    assert_here(&p, &photo);
    blobs_close(p.b);
    free(photo.data);
}

/* ---- brought to the centre ---- */

static enum xg_status stage(struct place *p, const struct photo *photo,
                            const struct photo *small, struct xg_error *err)
{
    if (blobs_stage(p->b, &photo->sha256, xg_bytes(photo->data, photo->len),
                    err) != XG_OK)
        return err->status;
    return blobs_stage_about(p->b, &photo->sha256, NULL,
                             xg_bytes(small->data, small->len),
                             xg_bytes_of("what it is"), err);
}

static bool is_staged_for(struct place *p, const struct photo *photo,
                          const char *owner)
{
    struct xg_buf about = XG_BUF(BLOB_ABOUT_MAX);
    struct xg_error err = XG_ERROR_NONE;
    enum xg_status status =
        blobs_staged(p->b, &about, &photo->sha256, owner, &err);

    assert_true(status == XG_OK || status == XG_NOTFOUND);
    if (status == XG_OK)
        assert_string_equal(xg_buf_str(&about), "what it is");
    xg_buf_clear(&about);
    return status == XG_OK;
}

static bool is_staged(struct place *p, const struct photo *photo)
{
    return is_staged_for(p, photo, NULL);
}

static bool look_at_one(void *ctx, const struct blobs_staged *one)
{
    *(struct blobs_staged *)ctx = *one;
    return false;
}

static void test_staged(void **state)
{
    struct blobs_staged one = {.nameless = false};
    struct xg_error err = XG_ERROR_NONE;
    struct place p;
    int fd;

    (void)state;
    place_open(&p);
    struct photo photo = make_photo(&p.world, PHOTO_BYTES);
    struct photo small = make_photo(&p.world, 900);
    assert_false(is_staged(&p, &photo));
    assert_int_equal(blobs_name_staged(p.b, &photo.sha256, NULL, &err),
                     XG_NOTFOUND);
    assert_ok(blobs_stage(p.b, &photo.sha256, xg_bytes(photo.data, photo.len),
                          &err));
    assert_false(is_staged(&p, &photo)); /* nothing is known of it yet */
    open_again(&p);
    assert_int_equal(entries(&p, "staged"), 0); /* and so it is of nobody */

    assert_ok(stage(&p, &photo, &small, &err));
    open_again(&p);
    assert_true(is_staged(&p, &photo));
    assert_false(blobs_has(p.b, &photo.sha256));
    assert_ok(blobs_walk_staged(p.b, look_at_one, &one, &err));
    assert_true(one.nameless && xg_hash_equal(&one.sha256, &photo.sha256));
    assert_true(one.age_ms < 60000);
    assert_ok(blobs_name_staged(p.b, &photo.sha256, &small.sha256, &err));
    assert_ok(blobs_name_staged(p.b, &photo.sha256, &small.sha256, &err));
    assert_here(&p, &photo);
    assert_here(&p, &small);
    assert_true(is_staged(&p, &photo)); /* for another record */
    assert_ok(blobs_staged_read(p.b, &fd, &photo.sha256, NULL, &err));
    close(fd);
    assert_ok(stage(&p, &photo, &small, &err)); /* by another person */
    assert_ok(blobs_walk_staged(p.b, look_at_one, &one, &err));
    assert_true(one.nameless); /* its small picture, once more */
    assert_ok(blobs_name_staged(p.b, &photo.sha256, &small.sha256, &err));

    /* Its age goes by the time that is asked for, whatever the files' says. */
    p.world.wall_ms += BLOB_STAGED_LIFE_MS + 60000;
    assert_ok(stage(&p, &photo, &small, &err));
    assert_ok(blobs_walk_staged(p.b, look_at_one, &one, &err));
    assert_true(one.age_ms < 60000);
    assert_ok(blobs_name_staged(p.b, &photo.sha256, &small.sha256, &err));

    /* Not too old to be named again. */
    assert_ok(blobs_forget_staged(p.b, &photo.sha256, &err));
    assert_true(is_staged(&p, &photo));
    p.world.wall_ms += BLOB_STAGED_LIFE_MS + 60000;
    assert_ok(blobs_forget_staged(p.b, &photo.sha256, &err));
    assert_false(is_staged(&p, &photo));
    assert_int_equal(entries(&p, "staged"), 0);
    assert_here(&p, &photo);
    free(photo.data);
    free(small.data);
    place_close(&p);
}

static void assert_stage_for(struct place *p, const struct photo *photo,
                             const char *owner)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(blobs_stage(p->b, &photo->sha256,
                          xg_bytes(photo->data, photo->len), &err));
    assert_ok(blobs_stage_about(p->b, &photo->sha256, owner, xg_bytes(NULL, 0),
                                xg_bytes_of("what it is"), &err));
}

/* It is there for those who brought it, each of them, and for nobody whose code
 * only looks like theirs. */
static void test_staged_owners(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct place p;

    (void)state;
    place_open(&p);
    struct photo photo = make_photo(&p.world, PHOTO_BYTES);
    assert_stage_for(&p, &photo, "d10");
    assert_true(is_staged_for(&p, &photo, "d10"));
    assert_true(is_staged(&p, &photo));
    for (const char *const *who = (const char *const[]){"d1", "10", "", NULL};
         *who; who++)
        assert_false(is_staged_for(&p, &photo, *who));
    assert_stage_for(&p, &photo, "h2");
    assert_stage_for(&p, &photo, "h2");
    open_again(&p);
    assert_true(is_staged_for(&p, &photo, "d10"));
    assert_true(is_staged_for(&p, &photo, "h2"));
    assert_false(is_staged_for(&p, &photo, "h"));
    assert_stage_for(&p, &photo, NULL);
    assert_true(is_staged_for(&p, &photo, "d1"));
    assert_ok(blobs_drop_staged(p.b, &photo.sha256, &err));
    assert_int_equal(entries(&p, "staged"), 0); /* of whom, too */
    assert_stage_for(&p, &photo, "d10");
    assert_false(is_staged_for(&p, &photo, "d1"));

    /* Too many: refused, and who had it has it still. */
    char owner[XG_CODE_MAX + 1];
    enum xg_status status = XG_OK;
    for (unsigned i = 0; status == XG_OK && i < BLOB_WHOSE_MAX; i++) {
        snprintf(owner, sizeof owner, "operator-of-a-long-code-%020u", i);
        status = blobs_stage_about(p.b, &photo.sha256, owner,
                                   xg_bytes(NULL, 0),
                                   xg_bytes_of("what it is"), &err);
    }
    assert_int_not_equal(status, XG_OK);
    assert_false(is_staged_for(&p, &photo, owner));
    assert_true(is_staged_for(&p, &photo, "d10"));
    free(photo.data);
    place_close(&p);
}

static void test_staged_erased(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct place p;

    (void)state;
    place_open(&p);
    struct photo photo = make_photo(&p.world, PHOTO_BYTES);
    struct photo small = make_photo(&p.world, 900);
    assert_ok(stage(&p, &photo, &small, &err));
    assert_ok(blobs_name_staged(p.b, &photo.sha256, NULL, &err));
    assert_ok(blobs_remove(p.b, &photo.sha256, &err));
    assert_false(is_staged(&p, &photo));
    assert_int_equal(entries(&p, "staged"), 0);
    assert_ok(stage(&p, &photo, &small, &err));
    assert_ok(blobs_remove(p.b, &photo.sha256, &err)); /* before its name */
    assert_int_equal(entries(&p, "staged"), 0);
    free(photo.data);
    free(small.data);
    place_close(&p);
}

/* In number as in bytes, and no more once they have their names. */
static void test_staged_bound(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct photo small = {.len = 0};
    char path[TEST_PATH_SIZE], hex[2 * XG_HASH_SIZE + 1];
    struct place p;

    (void)state;
    place_open(&p);
    for (unsigned i = 0; i < BLOB_STAGED_MAX; i++) {
        snprintf(path, sizeof path, "%s/staged/%064x", p.dir, i);
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fclose(f);
    }
    struct photo photo = make_photo(&p.world, 1000);
    assert_int_equal(stage(&p, &photo, &small, &err), XG_FULL);
    snprintf(path, sizeof path, "%s/staged/%064x", p.dir, 0);
    assert_int_equal(truncate(path, BLOB_STAGED_MAX_BYTES - 500), 0);
    snprintf(path, sizeof path, "%s/staged/%064x", p.dir, 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(stage(&p, &photo, &small, &err), XG_FULL);
    xg_hex(hex, photo.sha256.b, sizeof photo.sha256.b);
    snprintf(path, sizeof path, "%s/staged/%s", p.dir, hex);
    assert_int_equal(access(path, F_OK), -1); /* nothing of it stays */
    take_photo(&p, &photo); /* by a device: it has its name */
    assert_ok(stage(&p, &photo, &small, &err));
    free(photo.data);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_staged),
        cmocka_unit_test(test_staged_owners),
        cmocka_unit_test(test_staged_erased),
        cmocka_unit_test(test_staged_bound),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_here_means_durable),
        cmocka_unit_test(test_take_by_length),
        cmocka_unit_test(test_take_refused),
        cmocka_unit_test(test_walk_copy_remove),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_ended_amid),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_taken_over),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_rubbish),
        cmocka_unit_test(test_removed_amid),
        cmocka_unit_test(test_rivals),
        cmocka_unit_test(test_private_folder),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
