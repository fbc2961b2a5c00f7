/* upload.c - photos that are coming in; see blobs.h.
 *
 * DIR/uploads/ID.about:
 *
 *      xunge/upload/v1
 *      device <key name>
 *      sha256 <64 hex>
 *      length <bytes>
 *
 * It is made durable with the first offset that somebody may rely on, not
 * before: of an upload of which nothing came nothing is lost.
 *
 * An upload whose photo got its name is remembered until it runs out, without
 * a file of its own: a sender that missed the answer to its last piece is told
 * that all is here.
 */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/blobs/inside.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum {
    ID_LEN = BLOB_ID_SIZE - 1,
    ABOUT_SIZE = 512,
};
static const char ABOUT[] = ".about";

/* `lock` is held by who works on it, `mutex` of struct blobs only for a moment,
 * never while `lock` is waited for. */
struct upload {
    /* Under the mutex. */
    struct upload *next;
    unsigned users;
    bool listed; /* in its bucket */

    /* Changed under both, read under either. */
    struct blobs_upload is;
    bool whole; /* its photo has its name */

    /* Under the lock. */
    pthread_mutex_t lock;
    uint64_t turn; /* of the newest claim */
    int fd;        /* -1 between one sender and the next */
    uint64_t synced;
    bool about_synced;
    bool name_synced; /* of a whole one */
    struct xg_digest *digest; /* of the first `digested` bytes, or NULL */
    uint64_t digested;
};

/* ---- the list ---- */

static struct upload **bucket_of(struct blobs *b, const char *id)
{
    uint8_t first[2] = {0};

    xg_unhex(first, sizeof first, id, 2 * sizeof first);
    return &b->buckets[xg_load_u16(first) % BLOBS_BUCKETS];
}

static struct upload *new_upload(const struct blobs_upload *is)
{
    struct upload *u = calloc(1, sizeof *u);

    if (!u)
        return NULL;
    u->is = *is;
    u->fd = -1;
    pthread_mutex_init(&u->lock, NULL);
    return u;
}

static void free_upload(struct upload *u)
{
    if (u->fd >= 0)
        close(u->fd);
    xg_digest_free(u->digest);
    pthread_mutex_destroy(&u->lock);
    free(u);
}

/* Under the mutex. */
static void list(struct blobs *b, struct upload *u)
{
    struct upload **bucket = bucket_of(b, u->is.id);

    u->next = *bucket;
    u->listed = true;
    *bucket = u;
}

/* Under the mutex. False: somebody was faster. */
static bool unlist(struct blobs *b, struct upload *u)
{
    if (!u->listed)
        return false;
    struct upload **at = bucket_of(b, u->is.id);
    while (*at != u)
        at = &(*at)->next;
    *at = u->next;
    u->listed = false;
    return true;
}

static void release(struct blobs *b, struct upload *u)
{
    pthread_mutex_lock(&b->mutex);
    bool last = --u->users == 0 && !u->listed;
    pthread_mutex_unlock(&b->mutex);
    if (last)
        free_upload(u);
}

/* Under the mutex. NULL: never was, or ran out. */
static struct upload *look_up(struct blobs *b, const char *id)
{
    struct upload *u = *bucket_of(b, id);

    while (u && strcmp(u->is.id, id) != 0)
        u = u->next;
    /* The files of one that ran out go with the next sweep. */
    return u && u->is.expires_ms > xg_wall_ms(b->env) ? u : NULL;
}

static struct upload *find(struct blobs *b, const char *id)
{
    pthread_mutex_lock(&b->mutex);
    struct upload *u = look_up(b, id);
    if (u)
        u->users++;
    pthread_mutex_unlock(&b->mutex);
    return u;
}

static enum xg_status no_upload(struct xg_error *err)
{
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("没有这个上传，或已过期；请重新开始上传",
                        "there is no such upload, or it has run out; begin "
                        "again"));
}

static void note(struct blobs *b, struct upload *u, uint64_t offset, bool whole)
{
    pthread_mutex_lock(&b->mutex);
    u->is.offset = offset;
    u->is.expires_ms = xg_wall_ms(b->env) + BLOB_UPLOAD_LIFE_MS;
    u->whole = whole;
    pthread_mutex_unlock(&b->mutex);
}

/* ---- files ---- */

static void close_file(struct upload *u)
{
    if (u->fd >= 0)
        close(u->fd);
    u->fd = -1;
}

static enum xg_status open_file(struct blobs *b, struct upload *u,
                                struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];

    if (u->fd >= 0)
        return XG_OK;
    blobs_upload_path(b, path, u->is.id, "");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path);
    u->fd = fd;
    return XG_OK;
}

static void remove_files(const struct blobs *b, const char *id)
{
    char path[BLOBS_PATH_SIZE];

    blobs_upload_path(b, path, id, ABOUT);
    unlink(path);
    blobs_upload_path(b, path, id, "");
    unlink(path);
}

/* One that was unlisted, and that the caller uses. */
static void discard(struct blobs *b, struct upload *u)
{
    pthread_mutex_lock(&u->lock);
    u->turn++;
    close_file(u);
    remove_files(b, u->is.id);
    pthread_mutex_unlock(&u->lock);
    release(b, u);
}

/* The same for a list of them, by `next`. */
static void discard_all(struct blobs *b, struct upload *u)
{
    while (u) {
        struct upload *next = u->next;
        discard(b, u);
        u = next;
    }
}

/* Under the mutex: from its bucket to the list of what is to be discarded. */
static void condemn(struct blobs *b, struct upload *u,
                    struct upload **condemned)
{
    if (!unlist(b, u))
        return;
    u->users++;
    u->next = *condemned;
    *condemned = u;
}

static void put_about(char text[static ABOUT_SIZE],
                      const struct blobs_upload *is)
{
    char hex[2 * XG_HASH_SIZE + 1];

    xg_hex(hex, is->sha256.b, sizeof is->sha256.b);
    snprintf(text, ABOUT_SIZE,
             "xunge/upload/v1\ndevice %s\nsha256 %s\nlength %" PRIu64 "\n",
             is->device, hex, is->length);
}

/* Is it exactly what put_about() writes? */
static bool read_about(struct blobs_upload *is, const char *text)
{
    struct xg_lines l = xg_lines_over(xg_bytes_of(text));
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_bytes device, hex;
    char again[ABOUT_SIZE];

    xg_line_literal(&l, "xunge/upload/v1");
    xg_line_rest(&l, "device", &device);
    xg_line_rest(&l, "sha256", &hex);
    xg_line_uint(&l, "length", &is->length);
    if (xg_lines_end(&l, &ignored) != XG_OK || device.len > XG_KEY_NAME_MAX ||
        !xg_unhex(is->sha256.b, sizeof is->sha256.b, (const char *)hex.at,
                  hex.len))
        return false;
    snprintf(is->device, sizeof is->device, "%.*s", (int)device.len,
             (const char *)device.at);
    put_about(again, is);
    return strcmp(text, again) == 0 && is->length <= BLOB_MAX_BYTES;
}

static enum xg_status write_about(const struct blobs *b,
                                  const struct blobs_upload *is,
                                  struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE], text[ABOUT_SIZE];

    put_about(text, is);
    blobs_upload_path(b, path, is->id, ABOUT);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), path);
    enum xg_status status = xg_os_write_all(fd, path, xg_bytes_of(text), err);
    if (close(fd) != 0 && status == XG_OK)
        status = xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), path);
    if (status != XG_OK)
        unlink(path);
    return status;
}

static enum xg_status sync_about(struct blobs *b, struct upload *u,
                                 struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];

    if (u->about_synced)
        return XG_OK;
    blobs_upload_path(b, path, u->is.id, ABOUT);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path);
    enum xg_status status = blobs_sync(b, fd, path, err);
    close(fd);
    if (status == XG_OK)
        status = blobs_sync_uploads(b, err);
    u->about_synced = status == XG_OK;
    return status;
}

/* ---- what an upload holds ---- */

/* Cut the file; what was hashed is hashed again when it is whole. */
static enum xg_status cut(struct blobs *b, struct upload *u, uint64_t offset,
                          struct xg_error *err)
{
    if (open_file(b, u, err) != XG_OK)
        return err->status;
    if (ftruncate(u->fd, (off_t)offset) != 0)
        return xg_fail_os(err, XG_T("无法截短上传 %s", "cannot cut upload %s"),
                          u->is.id);
    xg_digest_free(u->digest);
    u->digest = NULL;
    u->digested = 0;
    if (u->synced > offset)
        u->synced = offset;
    note(b, u, offset, false);
    return XG_OK;
}

/* Its bytes are durable. After a sync that failed nobody knows what became of
 * the bytes since the one before: they are sent again. */
static enum xg_status sync_file(struct blobs *b, struct upload *u,
                                struct xg_error *err)
{
    struct xg_error ignored = XG_ERROR_NONE;
    char path[BLOBS_PATH_SIZE];

    if (u->synced == u->is.offset)
        return XG_OK;
    if (open_file(b, u, err) != XG_OK)
        return err->status;
    blobs_upload_path(b, path, u->is.id, "");
    if (blobs_sync(b, u->fd, path, err) != XG_OK) {
        xg_ignore(cut(b, u, u->synced, &ignored));
        return err->status;
    }
    u->synced = u->is.offset;
    return XG_OK;
}

/* The offset may be relied on. */
static enum xg_status sync_offset(struct blobs *b, struct upload *u,
                                  struct xg_error *err)
{
    if (u->whole && !u->name_synced) {
        if (blobs_sync_name(b, &u->is.sha256, err) != XG_OK)
            return err->status;
        u->name_synced = true;
    }
    if (u->whole || u->is.offset == 0)
        return XG_OK;
    if (sync_file(b, u, err) != XG_OK)
        return err->status;
    return sync_about(b, u, err);
}

static enum xg_status append(struct blobs *b, struct upload *u,
                             struct xg_bytes data, struct xg_error *err)
{
    uint64_t offset = u->is.offset;
    enum xg_status status = XG_OK;

    if (u->whole || data.len > u->is.length - offset)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("照片比所说的 %" PRIu64 " 字节长",
                            "the photo is longer than the %" PRIu64
                            " bytes that were stated"),
                       u->is.length);
    if (blobs_room(b, data.len, err) != XG_OK || open_file(b, u, err) != XG_OK)
        return err->status;
    if (!u->digest && offset == 0 &&
        xg_digest_new(&u->digest, XG_DIGEST_SHA256, err) != XG_OK)
        return err->status;
    while (data.len > 0) {
        ssize_t n = pwrite(u->fd, data.at, data.len, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            status = xg_fail_os(
                err, XG_T("无法写入上传 %s", "cannot write upload %s"),
                u->is.id);
            break;
        }
        if (u->digest && u->digested == offset) {
            xg_digest_update(u->digest, xg_bytes(data.at, (size_t)n));
            u->digested += (size_t)n;
        }
        offset += (size_t)n;
        data.at += n;
        data.len -= (size_t)n;
    }
    if (offset != u->is.offset)
        note(b, u, offset, false);
    return status;
}

static enum xg_status digest_all(struct blobs *b, struct upload *u,
                                 struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];

    if (u->digest && u->digested == u->is.length)
        return XG_OK;
    xg_digest_free(u->digest);
    u->digest = NULL;
    u->digested = 0;
    blobs_upload_path(b, path, u->is.id, "");
    if (xg_digest_new(&u->digest, XG_DIGEST_SHA256, err) != XG_OK ||
        blobs_digest(u->digest, u->fd, path, u->is.length, err) != XG_OK)
        return err->status;
    u->digested = u->is.length;
    return XG_OK;
}

/* All is here: give it its name. XG_FORMAT, XG_CORRUPT: it is good for
 * nothing. */
static enum xg_status finish(struct blobs *b, struct upload *u,
                             struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];
    uint8_t found[XG_DIGEST_MAX];

    if (open_file(b, u, err) != XG_OK || digest_all(b, u, err) != XG_OK)
        return err->status;
    xg_digest_finish(u->digest, found);
    xg_digest_free(u->digest);
    u->digest = NULL;
    if (memcmp(found, u->is.sha256.b, sizeof u->is.sha256.b) != 0)
        return xg_fail(err, XG_FORMAT,
                       XG_T("收到的内容与照片的散列值不符，已丢弃；请重新上传",
                            "what came is not what the photo's hash says, and "
                            "was dropped; send it again from its beginning"));
    if (sync_file(b, u, err) != XG_OK)
        return err->status;
    blobs_upload_path(b, path, u->is.id, "");
    if (blobs_place(b, path, &u->is.sha256, err) != XG_OK)
        return err->status;
    close_file(u);
    u->name_synced = true;
    note(b, u, u->is.length, true);
    return XG_OK;
}

/* ---- opening and closing ---- */

/* By its .about; false: of no use. */
static bool load(struct blobs *b, const char *id)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct blobs_upload is = {0};
    struct xg_buf text = XG_BUF(ABOUT_SIZE);
    char path[BLOBS_PATH_SIZE];
    struct stat about, file;

    snprintf(is.id, sizeof is.id, "%s", id);
    blobs_upload_path(b, path, id, ABOUT);
    bool ok = stat(path, &about) == 0 &&
              xg_os_read(&text, path, &ignored) == XG_OK &&
              read_about(&is, xg_buf_str(&text));
    xg_buf_clear(&text);
    if (!ok)
        return false;

    blobs_upload_path(b, path, id, "");
    int64_t touched_s = (int64_t)about.st_mtime, now_ms = xg_wall_ms(b->env);
    if (stat(path, &file) == 0) {
        is.offset = (uint64_t)file.st_size;
        touched_s = (int64_t)file.st_mtime;
    }
    if (touched_s * 1000 < XG_CLOCK_FLOOR_MS)
        touched_s = now_ms / 1000; /* nobody knows: the clock was wrong */
    bool whole = is.offset == 0 && blobs_is_here(b, &is.sha256, is.length);
    if (whole)
        is.offset = is.length;
    is.expires_ms = (touched_s * 1000 < now_ms ? touched_s * 1000 : now_ms) +
                    BLOB_UPLOAD_LIFE_MS;
    if (is.offset > is.length || is.expires_ms <= now_ms)
        return false;
    struct upload *u = new_upload(&is);
    if (!u)
        return true; /* without memory: another time */
    u->whole = whole;
    list(b, u);
    return true;
}

enum xg_status blobs_load_uploads(struct blobs *b, struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE], id[BLOB_ID_SIZE];
    struct dirent *entry;

    blobs_upload_path(b, path, "", "");
    DIR *dir = opendir(path);
    if (!dir)
        return xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path);
    while ((entry = readdir(dir))) {
        const char *name = entry->d_name;
        if (strspn(name, "0123456789abcdef") != ID_LEN)
            continue;
        snprintf(id, sizeof id, "%.*s", ID_LEN, name);
        if (name[ID_LEN]) {
            if (strcmp(name + ID_LEN, ABOUT) == 0 && !load(b, id))
                remove_files(b, id);
            continue;
        }
        blobs_upload_path(b, path, id, ABOUT);
        if (!xg_os_exists(path))
            remove_files(b, id);
    }
    closedir(dir);
    return XG_OK;
}

void blobs_forget_uploads(struct blobs *b)
{
    for (size_t i = 0; i < BLOBS_BUCKETS; i++)
        while (b->buckets[i]) {
            struct upload *u = b->buckets[i];
            b->buckets[i] = u->next;
            free_upload(u);
        }
}

void blobs_drop_uploads_of(struct blobs *b, const struct xg_hash *sha256)
{
    struct upload *condemned = NULL;

    pthread_mutex_lock(&b->mutex);
    for (size_t i = 0; i < BLOBS_BUCKETS; i++)
        for (struct upload *u = b->buckets[i], *next; u; u = next) {
            next = u->next;
            if (xg_hash_equal(&u->is.sha256, sha256))
                condemn(b, u, &condemned);
        }
    pthread_mutex_unlock(&b->mutex);
    discard_all(b, condemned);
}

/* ---- beginning ---- */

/* Under the mutex: what has run out goes, and of the device's the one longest
 * untouched where there are too many; one that is whole before one that is
 * not. The upload that this device has already for the same, or NULL. */
static struct upload *sweep(struct blobs *b, struct upload **condemned,
                            const struct blobs_upload *wanted)
{
    int64_t now_ms = xg_wall_ms(b->env);
    struct upload *same = NULL, *oldest = NULL;
    unsigned count = 0;

    for (size_t i = 0; i < BLOBS_BUCKETS; i++)
        for (struct upload *u = b->buckets[i], *next; u; u = next) {
            next = u->next;
            if (u->is.expires_ms <= now_ms) {
                condemn(b, u, condemned);
                continue;
            }
            if (strcmp(u->is.device, wanted->device) != 0)
                continue;
            count++;
            if (xg_hash_equal(&u->is.sha256, &wanted->sha256) &&
                u->is.length == wanted->length &&
                (u->whole || u->is.offset == 0))
                same = u;
            if (!oldest || u->whole > oldest->whole ||
                (u->whole == oldest->whole &&
                 u->is.expires_ms < oldest->is.expires_ms))
                oldest = u;
        }
    if (!same && count >= BLOB_UPLOADS_PER_DEVICE)
        condemn(b, oldest, condemned);
    return same;
}

enum xg_status blobs_create(struct blobs *b, struct blobs_upload *out,
                            const char *device, const struct xg_hash *sha256,
                            uint64_t length, struct xg_error *err)
{
    struct blobs_upload is = {.sha256 = *sha256, .length = length};
    struct upload *condemned = NULL, *same, *fresh;

    if (length > BLOB_MAX_BYTES)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("照片有 %" PRIu64 " 字节，超过 %d 字节的上限",
                            "the photo has %" PRIu64
                            " bytes, over the limit of %d"),
                       length, BLOB_MAX_BYTES);
    snprintf(is.device, sizeof is.device, "%s", device);
    bool whole = blobs_is_here(b, sha256, length);
    if (whole)
        is.offset = length;
    else if (blobs_room(b, length, err) != XG_OK)
        return err->status;
    blobs_new_id(b, is.id);
    is.expires_ms = xg_wall_ms(b->env) + BLOB_UPLOAD_LIFE_MS;
    if (!(fresh = new_upload(&is)))
        return xg_fail_nomem(err);
    fresh->whole = whole;
    if (write_about(b, &is, err) != XG_OK) {
        free_upload(fresh);
        return err->status;
    }

    pthread_mutex_lock(&b->mutex);
    same = sweep(b, &condemned, &is);
    if (same && same->whole != whole) { /* it came or went meanwhile */
        condemn(b, same, &condemned);
        same = NULL;
    }
    if (same) {
        same->is.expires_ms = is.expires_ms;
        *out = same->is;
    } else {
        list(b, fresh);
        *out = is;
    }
    pthread_mutex_unlock(&b->mutex);
    discard_all(b, condemned);
    if (same) {
        remove_files(b, is.id);
        free_upload(fresh);
    }
    return XG_OK;
}

enum xg_status blobs_look(struct blobs *b, struct blobs_upload *out,
                          const char *id, struct xg_error *err)
{
    struct upload *u = find(b, id);

    if (!u)
        return no_upload(err);
    pthread_mutex_lock(&b->mutex);
    *out = u->is;
    pthread_mutex_unlock(&b->mutex);
    release(b, u);
    return XG_OK;
}

/* ---- going on ---- */

enum xg_status blobs_claim(struct blobs *b, struct blobs_claim *claim,
                           struct blobs_upload *out, const char *id,
                           struct xg_error *err)
{
    struct upload *u = find(b, id);

    if (!u)
        return no_upload(err);
    pthread_mutex_lock(&u->lock);
    u->turn++;
    enum xg_status status = sync_offset(b, u, err);
    close_file(u);
    if (status == XG_OK) {
        memcpy(claim->id, u->is.id, sizeof claim->id);
        claim->turn = u->turn;
        *out = u->is;
    }
    pthread_mutex_unlock(&u->lock);
    release(b, u);
    return status;
}

/* The claimed upload, locked; give it back by done_with(). */
static enum xg_status enter(struct upload **out, struct blobs *b,
                            const struct blobs_claim *claim,
                            struct xg_error *err)
{
    struct upload *u = find(b, claim->id);

    if (!u)
        return no_upload(err);
    pthread_mutex_lock(&u->lock);
    if (u->turn != claim->turn) {
        pthread_mutex_unlock(&u->lock);
        release(b, u);
        return xg_fail(err, XG_REFUSED,
                       XG_T("这个上传已由另一个连接接手",
                            "another connection has taken this upload over"));
    }
    *out = u;
    return XG_OK;
}

static void done_with(struct blobs *b, struct upload *u)
{
    pthread_mutex_unlock(&u->lock);
    release(b, u);
}

enum xg_status blobs_write(struct blobs *b, const struct blobs_claim *claim,
                           struct xg_bytes data, struct xg_error *err)
{
    struct upload *u;

    if (enter(&u, b, claim, err) != XG_OK)
        return err->status;
    enum xg_status status = append(b, u, data, err);
    done_with(b, u);
    return status;
}

enum xg_status blobs_cut(struct blobs *b, const struct blobs_claim *claim,
                         uint64_t offset, struct xg_error *err)
{
    enum xg_status status = XG_OK;
    struct upload *u;

    if (enter(&u, b, claim, err) != XG_OK)
        return err->status;
    if (u->whole || offset > u->is.offset)
        status = xg_fail(err, XG_USAGE, "cut at %" PRIu64 " of %" PRIu64,
                         offset, u->is.offset);
    else if (offset < u->is.offset)
        status = cut(b, u, offset, err);
    done_with(b, u);
    return status;
}

enum xg_status blobs_settle(struct blobs *b, const struct blobs_claim *claim,
                            struct blobs_upload *out, bool *whole,
                            struct xg_error *err)
{
    enum xg_status status;
    struct upload *u;

    if (enter(&u, b, claim, err) != XG_OK)
        return err->status;
    if (!u->whole && u->is.offset == u->is.length)
        status = finish(b, u, err);
    else
        status = sync_offset(b, u, err);
    close_file(u);
    u->turn++;
    if (status == XG_OK) {
        *out = u->is;
        *whole = u->whole;
    }
    bool useless = status == XG_FORMAT || status == XG_CORRUPT;
    done_with(b, u);
    if (useless) {
        struct xg_error ignored = XG_ERROR_NONE;
        xg_ignore(blobs_abandon(b, claim->id, &ignored));
    }
    return status;
}

enum xg_status blobs_abandon(struct blobs *b, const char *id,
                             struct xg_error *err)
{
    struct upload *condemned = NULL;

    pthread_mutex_lock(&b->mutex);
    struct upload *u = look_up(b, id);
    if (u)
        condemn(b, u, &condemned);
    pthread_mutex_unlock(&b->mutex);
    discard_all(b, condemned);
    return u ? XG_OK : no_upload(err);
}
