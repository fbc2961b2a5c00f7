/* blobs.c - the photos that are here, as files; see blobs.h. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "server/blobs/blobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/blobs/inside.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum {
    SHARDS = 256,
    NAME_LEN = 2 * XG_HASH_SIZE,
    TAIL_MAX = 128, /* what follows the folder in a path */
};

/* ---- paths ---- */

/* FOLDER/blobs/<2 hex>/<64 hex> */
static void path_in(char path[static BLOBS_PATH_SIZE], const char *folder,
                    const struct xg_hash *sha256)
{
    char hex[NAME_LEN + 1];

    xg_hex(hex, sha256->b, sizeof sha256->b);
    snprintf(path, BLOBS_PATH_SIZE, "%s/blobs/%.2s/%s", folder, hex, hex);
}

void blobs_path(const struct blobs *b, char path[static BLOBS_PATH_SIZE],
                const struct xg_hash *sha256)
{
    path_in(path, b->dir, sha256);
}

void blobs_upload_path(const struct blobs *b, char path[static BLOBS_PATH_SIZE],
                       const char *id, const char *suffix)
{
    snprintf(path, BLOBS_PATH_SIZE, "%s/uploads/%s%s", b->dir, id, suffix);
}

void blobs_new_id(const struct blobs *b, char id[static BLOB_ID_SIZE])
{
    uint8_t bytes[(BLOB_ID_SIZE - 1) / 2];

    xg_random(b->env, bytes, sizeof bytes);
    xg_hex(id, bytes, sizeof bytes);
}

/* ---- what may fail ---- */

static enum xg_status sync_fd(int fd, const char *path, struct xg_error *err)
{
    if (fsync(fd) != 0)
        return xg_fail_os(err, XG_T("无法落盘 %s", "cannot sync %s"), path);
    return XG_OK;
}

enum xg_status blobs_sync(const struct blobs *b, int fd, const char *path,
                          struct xg_error *err)
{
    return b->own ? XG_OK : sync_fd(fd, path, err);
}

static enum xg_status sync_folder(const char *path, struct xg_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path);
    enum xg_status status = sync_fd(fd, path, err);
    close(fd);
    return status;
}

enum xg_status blobs_sync_uploads(const struct blobs *b, struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];

    blobs_upload_path(b, path, "", "");
    return b->own ? XG_OK : sync_folder(path, err);
}

enum xg_status blobs_room(const struct blobs *b, uint64_t bytes,
                          struct xg_error *err)
{
    uint64_t free_bytes;

    if (xg_os_free_bytes(&free_bytes, b->dir, err) != XG_OK)
        return err->status;
    if (free_bytes < BLOB_RESERVE_BYTES ||
        free_bytes - BLOB_RESERVE_BYTES < bytes)
        return xg_fail(err, XG_FULL,
                       XG_T("服务器磁盘空间不足，暂不接收照片；照片仍在设备上，"
                            "请通知管理员清理磁盘",
                            "the server's disk is full and takes no photos for "
                            "now: they stay on the device; tell the operator "
                            "to make space"));
    return XG_OK;
}

static enum xg_status read_some(uint8_t *at, size_t size, size_t *len, int fd,
                                const char *path, struct xg_error *err)
{
    ssize_t n;

    do
        n = read(fd, at, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), path);
    *len = (size_t)n;
    return XG_OK;
}

enum xg_status blobs_digest(struct xg_digest *digest, int fd, const char *path,
                            uint64_t length, struct xg_error *err)
{
    uint8_t *piece = malloc(BLOBS_PIECE);
    enum xg_status status = XG_OK;

    if (!piece)
        return xg_fail_nomem(err);
    if (lseek(fd, 0, SEEK_SET) < 0)
        status = xg_fail_os(err, "lseek %s", path);
    while (status == XG_OK && length > 0) {
        size_t len;
        status = read_some(piece,
                           length < BLOBS_PIECE ? (size_t)length : BLOBS_PIECE,
                           &len, fd, path, err);
        if (status == XG_OK && len == 0)
            status = xg_fail(err, XG_CORRUPT,
                             XG_T("%s 比应有的短", "%s is too short"), path);
        if (status == XG_OK) {
            xg_digest_update(digest, xg_bytes(piece, len));
            length -= len;
        }
    }
    free(piece);
    return status;
}

static enum xg_status make_folder(const char *path, bool durable,
                                  struct xg_error *err)
{
    if (durable)
        return xg_os_mkdir(path, err);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return xg_fail_os(
            err, XG_T("无法建立文件夹 %s", "cannot make folder %s"), path);
    return XG_OK;
}

/* FOLDER/blobs/00 to ff, all of them before any photo is: so no photo's name
 * hangs on a folder that is not durable, also not after a kill amid this. */
static enum xg_status make_shards(const char *folder, struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];

    for (unsigned shard = 0; shard < SHARDS; shard++) {
        snprintf(path, sizeof path, "%s/blobs/%02x", folder, shard);
        if (make_folder(path, false, err) != XG_OK)
            return err->status;
    }
    return xg_os_sync_parent(path, err);
}

/* The one of a photo, in a private folder: nothing there outlives us, and 256
 * folders would be the dearest part of a server in memory. */
static enum xg_status make_own_shard(const char *path, struct xg_error *err)
{
    char shard[BLOBS_PATH_SIZE];

    snprintf(shard, sizeof shard, "%.*s", (int)(strrchr(path, '/') - path),
             path);
    return make_folder(shard, false, err);
}

static enum xg_status give_name(const char *from, const char *to,
                                struct xg_error *err)
{
    if (rename(from, to) != 0)
        return xg_fail_os(err, XG_T("无法改名为 %s", "cannot rename to %s"),
                          to);
    return XG_OK;
}

enum xg_status blobs_place(const struct blobs *b, const char *from,
                           const struct xg_hash *sha256, struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];

    blobs_path(b, path, sha256);
    /* One that rotted is healed by it. */
    if ((b->own && make_own_shard(path, err) != XG_OK) ||
        give_name(from, path, err) != XG_OK)
        return err->status;
    return blobs_sync_name(b, sha256, err);
}

enum xg_status blobs_sync_name(const struct blobs *b,
                               const struct xg_hash *sha256,
                               struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];

    blobs_path(b, path, sha256);
    return b->own ? XG_OK : xg_os_sync_parent(path, err);
}

bool blobs_is_here(const struct blobs *b, const struct xg_hash *sha256,
                   uint64_t length)
{
    char path[BLOBS_PATH_SIZE];
    struct stat info;

    blobs_path(b, path, sha256);
    return stat(path, &info) == 0 && (uint64_t)info.st_size == length;
}

/* ---- opening ---- */

static int remove_entry(const char *path, const struct stat *info, int kind,
                        struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

static enum xg_status make_private(char **out, struct xg_error *err)
{
    const char *top = getenv("TMPDIR");
    char path[BLOBS_PATH_SIZE];

    if ((size_t)snprintf(path, sizeof path, "%s/xunge-blobs-XXXXXX",
                         top && *top ? top : "/tmp") >= sizeof path)
        return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                       top);
    if (!mkdtemp(path))
        return xg_fail_os(
            err, XG_T("无法建立文件夹 %s", "cannot make folder %s"), path);
    *out = strdup(path);
    if (!*out) {
        rmdir(path);
        return xg_fail_nomem(err);
    }
    return XG_OK;
}

static enum xg_status make_below(const struct blobs *b, const char *name,
                                 struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];

    snprintf(path, sizeof path, "%s/%s", b->dir, name);
    return make_folder(path, !b->own, err);
}

enum xg_status blobs_open(struct blobs **out, const char *dir,
                          const struct xg_env *env, struct xg_error *err)
{
    struct blobs *b = calloc(1, sizeof *b);
    enum xg_status status = XG_OK;

    if (!b)
        return xg_fail_nomem(err);
    b->env = env;
    b->own = !dir;
    pthread_mutex_init(&b->mutex, NULL);
    pthread_mutex_init(&b->stage, NULL);
    if (!dir)
        status = make_private(&b->dir, err);
    else if (strlen(dir) > BLOBS_PATH_SIZE - TAIL_MAX)
        status = xg_fail(err, XG_USAGE,
                         XG_T("路径过长：%s", "path too long: %s"), dir);
    else if (!(b->dir = strdup(dir)))
        status = xg_fail_nomem(err);
    if (status == XG_OK)
        status = make_below(b, "blobs", err);
    if (status == XG_OK && !b->own)
        status = make_shards(b->dir, err);
    if (status == XG_OK)
        status = make_below(b, "uploads", err);
    if (status == XG_OK)
        status = blobs_load_uploads(b, err);
    if (status == XG_OK)
        status = make_below(b, "staged", err);
    if (status == XG_OK)
        status = blobs_clean_staged(b, err);
    if (status != XG_OK) {
        blobs_close(b);
        return status;
    }
    *out = b;
    return XG_OK;
}

void blobs_close(struct blobs *b)
{
    if (!b)
        return;
    blobs_forget_uploads(b);
    if (b->own && b->dir)
        nftw(b->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    pthread_mutex_destroy(&b->mutex);
    pthread_mutex_destroy(&b->stage);
    free(b->dir);
    free(b);
}

/* ---- those that are here ---- */

bool blobs_has(struct blobs *b, const struct xg_hash *sha256)
{
    char path[BLOBS_PATH_SIZE];

    blobs_path(b, path, sha256);
    return xg_os_exists(path);
}

static enum xg_status open_file(int *fd, uint64_t *length, const char *path,
                                struct xg_error *err)
{
    struct stat info;
    int opened = open(path, O_RDONLY | O_CLOEXEC);

    if (opened < 0)
        return xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path);
    if (fstat(opened, &info) != 0) {
        xg_ignore(xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), path));
        close(opened);
        return err->status;
    }
    *fd = opened;
    *length = (uint64_t)info.st_size;
    return XG_OK;
}

enum xg_status blobs_read(struct blobs *b, int *fd, uint64_t *length,
                          const struct xg_hash *sha256, struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];

    blobs_path(b, path, sha256);
    return open_file(fd, length, path, err);
}

/* What is read of a stream, and where it goes. */
struct intake {
    enum xg_status (*read)(void *ctx, uint8_t *at, size_t size, size_t *len,
                           struct xg_error *err);
    void *ctx;
    struct xg_digest *digest;
    bool durable; /* its content; its name is for the caller */
};

/* All of it into an open file, with its hash checked. */
static enum xg_status pour(const struct intake *in, int fd, const char *path,
                           const struct xg_hash *sha256, uint64_t length,
                           struct xg_error *err)
{
    uint8_t *piece = malloc(BLOBS_PIECE);
    uint8_t found[XG_DIGEST_MAX];
    enum xg_status status = XG_OK;

    if (!piece)
        return xg_fail_nomem(err);
    while (status == XG_OK && length > 0) {
        size_t len = 0;
        status = in->read(in->ctx, piece,
                          length < BLOBS_PIECE ? (size_t)length : BLOBS_PIECE,
                          &len, err);
        if (status == XG_OK && len == 0)
            status = xg_fail(err, XG_FORMAT,
                             XG_T("照片不完整", "the photo ends too early"));
        if (status == XG_OK)
            status = xg_os_write_all(fd, path, xg_bytes(piece, len), err);
        if (status == XG_OK) {
            xg_digest_update(in->digest, xg_bytes(piece, len));
            length -= len;
        }
    }
    free(piece);
    if (status != XG_OK)
        return status;
    xg_digest_finish(in->digest, found);
    if (memcmp(found, sha256->b, sizeof sha256->b) != 0)
        return xg_fail(err, XG_FORMAT,
                       XG_T("内容与照片的散列值不符",
                            "the content is not what the photo's hash says"));
    return in->durable ? sync_fd(fd, path, err) : XG_OK;
}

/* Into a new file of mode 0600 at `path`, and from there to its name. */
static enum xg_status pour_to(const struct intake *in, const char *path,
                              const char *to, const struct xg_hash *sha256,
                              uint64_t length, struct xg_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), path);
    enum xg_status status = pour(in, fd, path, sha256, length, err);
    if (close(fd) != 0 && status == XG_OK)
        status = xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), path);
    if (status == XG_OK && !in->durable)
        status = make_own_shard(to, err);
    if (status == XG_OK)
        status = give_name(path, to, err);
    if (status != XG_OK)
        unlink(path);
    return status;
}

enum xg_status
blobs_take(struct blobs *b, const struct xg_hash *sha256, uint64_t length,
           enum xg_status (*read)(void *ctx, uint8_t *at, size_t size,
                                  size_t *len, struct xg_error *err),
           void *ctx, struct xg_error *err)
{
    struct intake in = {.read = read, .ctx = ctx, .durable = !b->own};
    char id[BLOB_ID_SIZE], path[BLOBS_PATH_SIZE], to[BLOBS_PATH_SIZE];

    if (blobs_is_here(b, sha256, length))
        return blobs_sync_name(b, sha256, err);
    if (length > BLOB_MAX_BYTES)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("照片有 %llu 字节，超过 %d 字节的上限",
                            "the photo has %llu bytes, over the limit of %d"),
                       (unsigned long long)length, BLOB_MAX_BYTES);
    if (blobs_room(b, length, err) != XG_OK ||
        xg_digest_new(&in.digest, XG_DIGEST_SHA256, err) != XG_OK)
        return err->status;
    blobs_new_id(b, id);
    blobs_upload_path(b, path, id, "");
    blobs_path(b, to, sha256);
    enum xg_status status = pour_to(&in, path, to, sha256, length, err);
    xg_digest_free(in.digest);
    return status == XG_OK ? blobs_sync_name(b, sha256, err) : status;
}

enum xg_status blobs_verify(struct blobs *b, const struct xg_hash *sha256,
                            struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];
    struct xg_digest *digest = NULL;
    uint8_t found[XG_DIGEST_MAX];
    uint64_t length;
    int fd;

    blobs_path(b, path, sha256);
    if (open_file(&fd, &length, path, err) != XG_OK)
        return err->status;
    enum xg_status status = xg_digest_new(&digest, XG_DIGEST_SHA256, err);
    if (status == XG_OK)
        status = blobs_digest(digest, fd, path, length, err);
    if (status == XG_OK) {
        xg_digest_finish(digest, found);
        if (memcmp(found, sha256->b, sizeof sha256->b) != 0)
            status = xg_fail(err, XG_CORRUPT,
                             XG_T("%s 的内容与其散列值不符；请从备份恢复该文件",
                                  "%s is not what its hash says; restore this "
                                  "file from a backup"),
                             path);
    }
    xg_digest_free(digest);
    close(fd);
    return status;
}

enum xg_status blobs_remove(struct blobs *b, const struct xg_hash *sha256,
                            struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];

    blobs_drop_uploads_of(b, sha256);
    if (blobs_drop_staged(b, sha256, err) != XG_OK)
        return err->status;
    blobs_path(b, path, sha256);
    if (unlink(path) != 0 && errno != ENOENT)
        return xg_fail_os(err, XG_T("无法删除 %s", "cannot remove %s"), path);
    if (b->own)
        return XG_OK;
    /* Also where it was gone: perhaps by a removal that was not durable. */
    enum xg_status status = xg_os_sync_parent(path, err);
    return status == XG_NOTFOUND ? XG_OK : status;
}

/* ---- all of them ---- */

struct walk {
    bool (*visit)(void *ctx, const struct xg_hash *sha256, uint64_t length);
    void *ctx;
    bool ended;
};

static enum xg_status walk_shard(struct walk *w, const char *path,
                                 struct xg_error *err)
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    if (!dir)
        return xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path);
    while (!w->ended && (entry = readdir(dir))) {
        struct xg_hash sha256;
        struct stat info;
        if (!xg_unhex(sha256.b, sizeof sha256.b, entry->d_name,
                      strlen(entry->d_name)) ||
            fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) !=
                0 ||
            !S_ISREG(info.st_mode))
            continue;
        w->ended = !w->visit(w->ctx, &sha256, (uint64_t)info.st_size);
    }
    closedir(dir);
    return XG_OK;
}

enum xg_status blobs_walk(struct blobs *b,
                          bool (*visit)(void *ctx, const struct xg_hash *sha256,
                                        uint64_t length),
                          void *ctx, struct xg_error *err)
{
    struct walk w = {.visit = visit, .ctx = ctx};
    char path[BLOBS_PATH_SIZE];

    for (unsigned shard = 0; shard < SHARDS && !w.ended; shard++) {
        snprintf(path, sizeof path, "%s/blobs/%02x", b->dir, shard);
        if (xg_os_exists(path) && walk_shard(&w, path, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* ---- copying ---- */

struct copy {
    struct blobs *b;
    const char *to;
    struct blobs_copied done;
    void (*progress)(void *ctx, uint64_t files, uint64_t bytes);
    void *progress_ctx;
    struct intake in;
    struct xg_error *err;
    enum xg_status status;
};

struct copy_source {
    int fd;
    const char *path;
};

static enum xg_status read_source(void *ctx, uint8_t *at, size_t size,
                                  size_t *len, struct xg_error *err)
{
    struct copy_source *source = ctx;

    return read_some(at, size, len, source->fd, source->path, err);
}

static enum xg_status copy_file(struct copy *c, const struct xg_hash *sha256,
                                struct xg_error *err)
{
    char from[BLOBS_PATH_SIZE], part[BLOBS_PATH_SIZE], to[BLOBS_PATH_SIZE];
    char hex[NAME_LEN + 1];
    struct copy_source source = {.path = from};
    uint64_t length;

    path_in(to, c->to, sha256);
    if (xg_os_exists(to))
        return XG_OK;
    xg_hex(hex, sha256->b, sizeof sha256->b);
    snprintf(part, sizeof part, "%s/blobs/%s.part", c->to, hex);
    blobs_path(c->b, from, sha256);
    if (open_file(&source.fd, &length, from, err) != XG_OK)
        return err->status;
    c->in.ctx = &source;
    enum xg_status status = pour_to(&c->in, part, to, sha256, length, err);
    if (status == XG_FORMAT)
        status = xg_fail(err, XG_CORRUPT,
                         XG_T("%s 的内容与其散列值不符；请从备份恢复该文件",
                              "%s is not what its hash says; restore this "
                              "file from a backup"),
                         from);
    close(source.fd);
    if (status == XG_OK) {
        c->done.files++;
        c->done.bytes += length;
        if (c->progress)
            c->progress(c->progress_ctx, c->done.files, c->done.bytes);
    }
    return status;
}

static bool copy_one(void *ctx, const struct xg_hash *sha256, uint64_t length)
{
    struct copy *c = ctx;

    (void)length;
    c->status = copy_file(c, sha256, c->err);
    if (c->status == XG_NOTFOUND && !blobs_has(c->b, sha256))
        c->status = XG_OK; /* erased meanwhile */
    return c->status == XG_OK;
}

/* Also of what an earlier copying, that was killed, gave its name. */
static enum xg_status sync_shards(const char *folder, struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];
    enum xg_status status = XG_OK;

    for (unsigned shard = 0; status == XG_OK && shard < SHARDS; shard++) {
        snprintf(path, sizeof path, "%s/blobs/%02x", folder, shard);
        status = sync_folder(path, err);
    }
    return status;
}

enum xg_status
blobs_copy(struct blobs *b, const char *to, struct blobs_copied *copied,
           void (*progress)(void *ctx, uint64_t files, uint64_t bytes),
           void *ctx, struct xg_error *err)
{
    struct copy c = {.b = b,
                     .to = to,
                     .progress = progress,
                     .progress_ctx = ctx,
                     .err = err};
    char folder[BLOBS_PATH_SIZE];

    if (strlen(to) > BLOBS_PATH_SIZE - TAIL_MAX)
        return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                       to);
    snprintf(folder, sizeof folder, "%s/blobs", to);
    if (xg_os_mkdir(to, err) != XG_OK || xg_os_sync_parent(to, err) != XG_OK ||
        xg_os_mkdir(folder, err) != XG_OK ||
        xg_os_sync_parent(folder, err) != XG_OK ||
        make_shards(to, err) != XG_OK ||
        xg_digest_new(&c.in.digest, XG_DIGEST_SHA256, err) != XG_OK)
        return err->status;
    c.in.durable = true;
    c.in.read = read_source;
    enum xg_status status = blobs_walk(b, copy_one, &c, err);
    if (status == XG_OK)
        status = c.status;
    if (status == XG_OK)
        status = sync_shards(to, err);
    xg_digest_free(c.in.digest);
    if (status == XG_OK)
        *copied = c.done;
    return status;
}

bool blobs_is_copied(const char *to, const struct xg_blob *blob)
{
    char path[BLOBS_PATH_SIZE];
    struct stat info;

    if (strlen(to) > BLOBS_PATH_SIZE - TAIL_MAX)
        return false;
    path_in(path, to, &blob->sha256);
    return lstat(path, &info) == 0 && S_ISREG(info.st_mode) &&
           (uint64_t)info.st_size == blob->length;
}
