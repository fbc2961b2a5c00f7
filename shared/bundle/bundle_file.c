/* bundle_file.c - see bundle_file.h. */
#define _DEFAULT_SOURCE
#include "shared/bundle/bundle_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"

enum {
    PATH_SIZE = 4096,
    PIECE = 64 << 10,
    RESERVE_BYTES = 256 << 10, /* heads, ends, the file system's own */
    PROGRESS_STEP = 1 << 20,
};

static bool is_stream(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* ---- writing ---- */

struct output {
    int fd;
    const char *name;            /* for errors */
    struct xg_seal_writer *seal; /* NULL: plain */
    struct xg_tar_writer *tar;
    const struct xg_bundle_host *host;
    uint64_t written;           /* plain bytes of the tar */
    uint64_t done, told, total; /* of parts */
    uint8_t piece[PIECE];
};

static enum xg_status put_bytes(void *ctx, struct xg_bytes data,
                                struct xg_error *err)
{
    struct output *o = ctx;

    o->written += data.len;
    return o->seal ? xg_seal_write(o->seal, data, err)
                   : xg_os_write_all(o->fd, o->name, data, err);
}

static void advance(struct output *o, uint64_t bytes)
{
    o->done += bytes;
    if (o->host->progress &&
        (o->done == o->total || o->done - o->told >= PROGRESS_STEP)) {
        o->told = o->done;
        o->host->progress(o->host->ctx, o->done, o->total);
    }
}

static enum xg_status put_announced(struct output *o,
                                    const struct xg_bundle_file_part *part,
                                    struct xg_error *err)
{
    uint64_t at = 0;

    while (at < part->length) {
        size_t want =
            part->length - at < PIECE ? (size_t)(part->length - at) : PIECE;
        size_t len = 0;
        if (o->host->fetch(o->host->ctx, part->name, at, o->piece, want, &len,
                           err) != XG_OK)
            return xg_wrap(err, "%s", part->name);
        if (len != want)
            return xg_fail(err, XG_CORRUPT,
                           XG_T("%s 比应有的短", "%s is shorter than it was "
                                                 "said to be"),
                           part->name);
        if (xg_tar_write(o->tar, xg_bytes(o->piece, len), err) != XG_OK)
            return err->status;
        at += len;
        advance(o, len);
    }
    return XG_OK;
}

static enum xg_status put_part(struct output *o,
                               const struct xg_bundle_file_part *part,
                               struct xg_error *err)
{
    if (xg_tar_begin(o->tar, part->name, part->length, err) != XG_OK)
        return err->status;
    if (!part->content)
        return put_announced(o, part, err);
    advance(o, part->length);
    return xg_tar_write(o->tar, xg_bytes(part->content, (size_t)part->length),
                        err);
}

static enum xg_status write_parts(struct output *o,
                                  const struct xg_bundle_target *target,
                                  const struct xg_bundle_file_part *parts,
                                  size_t count, struct xg_error *err)
{
    enum xg_status status = XG_OK;

    if (target->slots)
        status = xg_seal_writer_open(&o->seal, o->fd, o->name, target->slots,
                                     target->env, err);
    if (status == XG_OK)
        status = xg_tar_writer_open(&o->tar, (struct xg_tar_sink){put_bytes, o},
                                    err);
    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = put_part(o, &parts[i], err);
    if (status == XG_OK)
        status = xg_tar_finish(o->tar, err);
    if (status == XG_OK && o->seal)
        status = xg_seal_finish(o->seal, err);
    xg_tar_writer_close(o->tar);
    xg_seal_writer_close(o->seal);
    o->tar = NULL;
    o->seal = NULL;
    return status;
}

static enum xg_status too_long(const char *path, struct xg_error *err)
{
    return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                   path);
}

static enum xg_status check_space(const char *folder, const char *name,
                                  uint64_t parts, uint64_t bytes,
                                  struct xg_error *err)
{
    uint64_t free_bytes, need;

    if (xg_os_free_bytes(&free_bytes, folder, err) != XG_OK)
        return err->status;
    need = bytes + bytes / 1024 + parts * 1024 + RESERVE_BYTES;
    if (free_bytes >= need)
        return XG_OK;
    return xg_fail(err, XG_FULL,
                   XG_T("%s 空间不足：需要 %" PRIu64 " MB，只剩 %" PRIu64
                        " MB；换一个 U 盘，或删掉里面别的文件",
                        "no space in %s: %" PRIu64 " MB are needed and %" PRIu64
                        " MB are left; take another stick, or make room"),
                   name, (need >> 20) + 1, free_bytes >> 20);
}

static enum xg_status refuse_existing(const char *path, struct xg_error *err)
{
    struct stat info;

    if (lstat(path, &info) != 0)
        return XG_OK;
    return xg_fail(err, XG_REFUSED,
                   XG_T("%s 已存在，没有覆盖；换一个文件名，或先删掉它",
                        "%s is there already and was not overwritten; choose "
                        "another name, or remove it first"),
                   path);
}

enum xg_status xg_landing_open(struct xg_landing *l, const char *path,
                               struct xg_error *err)
{
    if (snprintf(l->path, sizeof l->path, "%s", path) >= (int)sizeof l->path)
        return too_long(path, err);
    snprintf(l->part, sizeof l->part, "%s.part", path);
    if (refuse_existing(path, err) != XG_OK)
        return err->status;
    /* What lies there from a try before, or was laid there (a link, a pipe that
     * nobody reads), is not written to. */
    unlink(l->part);
    l->fd = open(l->part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                 0600);
    if (l->fd < 0)
        return xg_fail_os(err, XG_T("无法建立 %s", "cannot make %s"), l->part);
    return XG_OK;
}

void xg_landing_drop(struct xg_landing *l)
{
    close(l->fd);
    unlink(l->part);
}

enum xg_status xg_landing_keep(struct xg_landing *l, struct xg_error *err)
{
    enum xg_status status = XG_OK;

    if (fsync(l->fd) != 0)
        status = xg_fail_os(err, XG_T("写入 %s", "writing %s"), l->part);
    if (close(l->fd) != 0 && status == XG_OK)
        status = xg_fail_os(err, XG_T("写入 %s", "writing %s"), l->part);
    if (status == XG_OK)
        status = refuse_existing(l->path, err);
    if (status == XG_OK && rename(l->part, l->path) != 0)
        status = xg_fail_os(err, XG_T("写入 %s", "writing %s"), l->path);
    if (status != XG_OK) {
        unlink(l->part);
        return status;
    }
    return xg_os_sync_parent(l->path, err);
}

/* The folder that a path lies in. */
static enum xg_status folder_of(char folder[static PATH_SIZE],
                                const char *path, struct xg_error *err)
{
    const char *slash = strrchr(path, '/');

    if (slash && slash - path >= PATH_SIZE)
        return too_long(path, err);
    snprintf(folder, PATH_SIZE, "%.*s",
             slash ? slash == path ? 1 : (int)(slash - path) : 1,
             slash ? path : ".");
    return XG_OK;
}

/* To PATH.part, then its name. */
static enum xg_status write_file(struct output *o,
                                 const struct xg_bundle_target *target,
                                 const struct xg_bundle_file_part *parts,
                                 size_t count, uint64_t *bytes,
                                 struct xg_error *err)
{
    struct xg_landing landing = {.fd = -1};
    char folder[PATH_SIZE];
    struct stat info = {.st_size = 0};

    if (folder_of(folder, target->path, err) != XG_OK ||
        refuse_existing(target->path, err) != XG_OK ||
        check_space(folder, folder, count, o->total, err) != XG_OK ||
        xg_landing_open(&landing, target->path, err) != XG_OK)
        return err->status;
    o->name = landing.part;
    o->fd = landing.fd;
    enum xg_status status = write_parts(o, target, parts, count, err);
    if (status == XG_OK && fstat(o->fd, &info) != 0)
        status = xg_fail_os(err, XG_T("写入 %s", "writing %s"), landing.part);
    if (status != XG_OK) {
        xg_landing_drop(&landing);
        return status;
    }
    if (xg_landing_keep(&landing, err) != XG_OK)
        return err->status;
    *bytes = (uint64_t)info.st_size;
    return XG_OK;
}

/* Into a file that somebody else has opened, and will name. */
static enum xg_status write_lent(struct output *o,
                                 const struct xg_bundle_target *target,
                                 const struct xg_bundle_file_part *parts,
                                 size_t count, uint64_t *bytes,
                                 struct xg_error *err)
{
    char itself[64];
    struct stat info = {.st_size = 0};

    o->fd = target->fd;
    o->name = target->path;
    snprintf(itself, sizeof itself, "/proc/self/fd/%d", o->fd);
    if (check_space(itself, o->name, count, o->total, err) != XG_OK)
        return err->status;
    enum xg_status status = write_parts(o, target, parts, count, err);
    if (status == XG_OK && fstat(o->fd, &info) != 0)
        status = xg_fail_os(err, XG_T("写入 %s", "writing %s"), o->name);
    if (status == XG_OK)
        *bytes = (uint64_t)info.st_size;
    return status;
}

enum xg_status
xg_bundle_file_write(uint64_t *bytes, const struct xg_bundle_target *target,
                     const struct xg_bundle_file_part *parts, size_t count,
                     const struct xg_bundle_host *host, struct xg_error *err)
{
    struct output *o = calloc(1, sizeof *o);
    enum xg_status status;

    if (!o)
        return xg_fail_nomem(err);
    o->host = host;
    for (size_t i = 0; i < count; i++)
        o->total += parts[i].length;
    if (target->fd > 0) {
        status = write_lent(o, target, parts, count, bytes, err);
    } else if (is_stream(target->path)) {
        o->fd = STDOUT_FILENO;
        o->name = XG_T("标准输出", "standard output");
        status = write_parts(o, target, parts, count, err);
        if (status == XG_OK)
            *bytes = o->written;
    } else {
        status = write_file(o, target, parts, count, bytes, err);
    }
    free(o);
    return status;
}

/* ---- reading ---- */

struct xg_bundle_file {
    int fd;
    bool lent;
    char *name;
    struct xg_seal_reader *seal; /* NULL: plain */
    struct xg_tar_reader *tar;
    bool ended; /* the source has no more bytes */
    bool cut;
    bool broken;  /* something failed: all later calls do */
    size_t ahead; /* bytes at the start of `piece` that were looked at */
    uint8_t piece[PIECE];
};

/* Up to `size` bytes into `piece` at `at`; *len 0 at the end. */
static enum xg_status read_some(struct xg_bundle_file *f, size_t at,
                                size_t size, size_t *len, struct xg_error *err)
{
    ssize_t n;

    do
        n = read(f->fd, f->piece + at, size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), f->name);
    *len = (size_t)n;
    return XG_OK;
}

/* A sealed file that ends too early is as a tar that does. */
static enum xg_status get_bytes(void *ctx, struct xg_bytes *data,
                                struct xg_error *err)
{
    struct xg_bundle_file *f = ctx;
    size_t len = f->ahead;

    *data = xg_bytes(NULL, 0);
    if (f->ended)
        return XG_OK;
    if (f->seal) {
        enum xg_status status = xg_seal_read(f->seal, data, err);
        if (status != XG_OK && !xg_seal_cut(f->seal))
            return status;
        *err = status == XG_OK ? *err : XG_ERROR_NONE;
    } else {
        f->ahead = 0;
        if (len == 0 && read_some(f, 0, PIECE, &len, err) != XG_OK)
            return err->status;
        *data = xg_bytes(f->piece, len);
    }
    f->ended = data->len == 0;
    return XG_OK;
}

/* Sealed or not, by the first bytes; a pipe is read once. */
static enum xg_status look(struct xg_bundle_file *f,
                           const struct xg_signer *key, struct xg_error *err)
{
    size_t len = 1;

    while (f->ahead < XG_SEAL_MAGIC_SIZE && len > 0) {
        if (read_some(f, f->ahead, XG_SEAL_MAGIC_SIZE - f->ahead, &len, err) !=
            XG_OK)
            return err->status;
        f->ahead += len;
    }
    if (f->ahead < XG_SEAL_MAGIC_SIZE || !xg_seal_begins(f->piece))
        return XG_OK;
    f->ahead = 0;
    return xg_seal_reader_resume(&f->seal, f->fd, f->name, key, NULL, err);
}

enum xg_status xg_bundle_file_open(struct xg_bundle_file **out,
                                   const struct xg_bundle_source *from,
                                   struct xg_error *err)
{
    struct xg_bundle_file *f = calloc(1, sizeof *f);
    bool stream = is_stream(from->path);
    const char *name = stream ? XG_T("标准输入", "standard input") : from->path;

    if (!f || !(f->name = strdup(name))) {
        free(f);
        return xg_fail_nomem(err);
    }
    f->lent = from->fd > 0 || stream;
    f->fd = from->fd > 0 ? from->fd
            : stream     ? STDIN_FILENO
                         : open(from->path, O_RDONLY | O_CLOEXEC);
    enum xg_status status =
        f->fd < 0 ? xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), name)
                  : look(f, from->key, err);
    if (status == XG_OK)
        status = xg_tar_reader_open(&f->tar,
                                    (struct xg_tar_source){get_bytes, f}, err);
    if (status != XG_OK) {
        xg_bundle_file_close(f);
        return status;
    }
    *out = f;
    return XG_OK;
}

static enum xg_status judge(struct xg_bundle_file *f, enum xg_status status,
                            struct xg_error *err)
{
    if (status == XG_OK)
        return XG_OK;
    if (status != XG_GAP) {
        f->broken = true;
        return xg_wrap(err, "%s", f->name);
    }
    f->cut = true;
    *err = XG_ERROR_NONE;
    return xg_fail(err, XG_GAP,
                   XG_T("%s 不完整：在中间断了", "%s is cut short"), f->name);
}

static enum xg_status broken(const struct xg_bundle_file *f,
                             struct xg_error *err)
{
    return xg_fail(err, XG_FORMAT,
                   XG_T("%s 读不下去了", "%s cannot be read any further"),
                   f->name);
}

enum xg_status xg_bundle_file_next(struct xg_bundle_file *f,
                                   struct xg_tar_part *part, bool *more,
                                   bool *cut, struct xg_error *err)
{
    *cut = false;
    if (f->broken)
        return broken(f, err);
    enum xg_status status =
        f->cut ? XG_GAP : judge(f, xg_tar_next(f->tar, part, more, err), err);
    if (status != XG_GAP)
        return status;
    *err = XG_ERROR_NONE;
    *more = false;
    *cut = true;
    return XG_OK;
}

enum xg_status xg_bundle_file_read(struct xg_bundle_file *f, uint8_t *at,
                                   size_t size, size_t *len,
                                   struct xg_error *err)
{
    if (f->broken)
        return broken(f, err);
    return judge(f, xg_tar_read(f->tar, at, size, len, err), err);
}

void xg_bundle_file_close(struct xg_bundle_file *f)
{
    if (!f)
        return;
    xg_tar_reader_close(f->tar);
    xg_seal_reader_close(f->seal);
    if (f->fd >= 0 && !f->lent)
        close(f->fd);
    free(f->name);
    free(f);
}
