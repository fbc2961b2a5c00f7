/* photo.c - keeping photos; see photo.h. */
#define _GNU_SOURCE /* memfd_create */
#include "agent/photo/photo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/base/os.h"
#include "shared/core/schema.h"

/* What vault_seal_file() binds a photo to. */
static const char CONTEXT[] = "photo";

/* --- where it is --------------------------------------------------------- */

/* HOME/photos/NAME, HOME/photos where it is "". */
static enum xg_status shelf_path(char path[static PATH_MAX],
                                 const struct photo_shelf *shelf,
                                 const char *name, struct xg_error *err)
{
    if (snprintf(path, PATH_MAX, "%s/photos%s%s", shelf->home,
                 *name ? "/" : "", name) < PATH_MAX)
        return XG_OK;
    return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                   shelf->home);
}

static enum xg_status photo_path(char path[static PATH_MAX],
                                 const struct photo_shelf *shelf,
                                 const struct xg_hash *sha256,
                                 struct xg_error *err)
{
    char hex[2 * XG_HASH_SIZE + 1], name[sizeof hex + 3];

    xg_hex(hex, sha256->b, XG_HASH_SIZE);
    snprintf(name, sizeof name, "%.2s/%s", hex, hex);
    return shelf_path(path, shelf, name, err);
}

static enum xg_status make_folder(const char *path, struct xg_error *err)
{
    if (xg_os_exists(path))
        return XG_OK;
    return xg_os_mkdir(path, err);
}

static enum xg_status lock_shelf(int *fd, const struct photo_shelf *shelf,
                                 struct xg_error *err)
{
    char path[PATH_MAX];
    int opened;

    if (shelf_path(path, shelf, "", err) != XG_OK ||
        make_folder(path, err) != XG_OK ||
        shelf_path(path, shelf, "lock", err) != XG_OK ||
        xg_os_lock_open(&opened, path, err) != XG_OK)
        return err->status;
    if (xg_os_lock(opened, err) != XG_OK) {
        close(opened);
        return err->status;
    }
    *fd = opened;
    return XG_OK;
}

/* --- taking it in -------------------------------------------------------- */

/* A photo being kept. */
struct source {
    const char *path;
    int fd;
    photo_read *read; /* instead of fd */
    void *ctx;
    uint64_t length;
};

static enum xg_status check_source(const struct source *s,
                                   enum xg_photo_type *type,
                                   const struct stat *info,
                                   struct xg_error *err)
{
    uint8_t magic[XG_PHOTO_MAGIC_BYTES];
    ssize_t n = S_ISREG(info->st_mode) ? pread(s->fd, magic, sizeof magic, 0)
                                       : 0;

    if (n < 0)
        return xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), s->path);
    if (S_ISDIR(info->st_mode))
        return xg_fail(err, XG_FORMAT,
                       XG_T("%s 是文件夹：请选择照片文件",
                            "%s is a folder: give a photo file"),
                       s->path);
    return xg_photo_judge(type, s->path, xg_bytes(magic, (size_t)n), s->length,
                          err);
}

static enum xg_status open_source(struct source *out, enum xg_photo_type *type,
                                  const char *path, struct xg_error *err)
{
    /* Not blocking: a FIFO is no photo, and must not hold us. */
    struct source s = {.path = path,
                       .fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY |
                                            O_CLOEXEC)};
    struct stat info;

    if (s.fd < 0)
        return xg_fail_os(err, XG_T("无法打开照片 %s", "cannot open photo %s"),
                          path);
    if (fstat(s.fd, &info) != 0) {
        xg_ignore(xg_fail_os(err, XG_T("无法查看 %s", "cannot look at %s"),
                             path));
        close(s.fd);
        return err->status;
    }
    s.length = (uint64_t)info.st_size;
    if (check_source(&s, type, &info, err) != XG_OK) {
        close(s.fd);
        return err->status;
    }
    *out = s;
    return XG_OK;
}

/* A file is read by place: xunge-thumb reads it meanwhile, and moves where it
 * stands. */
struct place {
    const struct source *source;
    uint64_t at;
};

/* Fewer than `size` only at the end. */
static enum xg_status read_place(void *ctx, uint8_t *at, size_t size,
                                 size_t *len, struct xg_error *err)
{
    struct place *p = ctx;
    size_t done = 0;

    while (done < size) {
        ssize_t n = pread(p->source->fd, at + done, size - done, (off_t)p->at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"),
                              p->source->path);
        if (n == 0)
            break;
        p->at += (uint64_t)n;
        done += (size_t)n;
    }
    *len = done;
    return XG_OK;
}

static enum xg_status hash_source(struct xg_hash *sha256,
                                  const struct source *s, struct xg_error *err)
{
    crypto_hash_sha256_state state;
    uint8_t piece[16 << 10];
    struct place place = {.source = s};

    crypto_hash_sha256_init(&state);
    while (place.at < s->length) {
        uint64_t left = s->length - place.at;
        size_t len, size = left < sizeof piece ? (size_t)left : sizeof piece;
        if (read_place(&place, piece, size, &len, err) != XG_OK)
            return err->status;
        if (len < size)
            return xg_fail(err, XG_BUSY,
                           XG_T("%s 在读取时变短：请稍后再试",
                                "%s became shorter while it was read: try "
                                "again when it is complete"), s->path);
        crypto_hash_sha256_update(&state, piece, len);
    }
    crypto_hash_sha256_final(&state, sha256->b);
    return XG_OK;
}

static enum xg_status check_space(const struct photo_shelf *shelf,
                                  const struct source *s, struct xg_error *err)
{
    uint64_t free_bytes;
    /* Sealing adds under 1/2048; the margin covers that and the folders. A
     * thumbnail comes with every photo. */
    uint64_t need = s->length + s->length / 1024 + XG_THUMBNAIL_MAX +
                    PHOTO_RESERVE_BYTES;

    if (xg_os_free_bytes(&free_bytes, shelf->home, err) != XG_OK)
        return err->status;
    if (free_bytes >= need)
        return XG_OK;
    return xg_fail(err, XG_FULL,
                   XG_T("空间不足，未保存照片 %s：需要 %llu MB（含余量），只剩 %llu MB；"
                        "请删别的文件再试（巡格的数据和未传的照片别删）",
                        "no space to keep photo %s: %llu MB are asked for, "
                        "with a reserve, and %llu MB are left; delete other "
                        "files (not those of Xunge) and try again"),
                   s->path, (unsigned long long)(need >> 20) + 1,
                   (unsigned long long)(free_bytes >> 20));
}

static enum xg_status seal_source(const struct photo_shelf *shelf,
                                  const struct source *s,
                                  const struct xg_hash *sha256,
                                  const char *path, struct xg_error *err)
{
    char folder[PATH_MAX], temporary[PATH_MAX];
    struct place place = {.source = s};
    struct vault_file sealed;

    if (check_space(shelf, s, err) != XG_OK ||
        shelf_path(temporary, shelf, "incoming.tmp", err) != XG_OK)
        return err->status;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path),
             path);
    if (make_folder(folder, err) != XG_OK)
        return err->status;
    return vault_seal_file(shelf->vault, &sealed,
                           &(struct vault_copy){
                               .source_fd = s->fd,
                               .read = s->read ? s->read : read_place,
                               .read_ctx = s->read ? s->ctx : &place,
                               .source_name = s->path,
                               .path = path,
                               .temporary = temporary,
                               .context = xg_bytes_of(CONTEXT),
                               .max_bytes = XG_PHOTO_MAX_BYTES,
                               .expected = sha256,
                           },
                           err);
}

/* HOME/photos/NN/NAME, each name of it. Whoever made one of them may have been
 * killed before it was durable; a file's content was, before it got its name.
 */
static enum xg_status sync_names(const char *path, struct xg_error *err)
{
    char name[PATH_MAX];
    enum xg_status status = XG_OK;

    snprintf(name, sizeof name, "%s", path);
    for (int level = 0; status == XG_OK && level < 3; level++) {
        status = xg_os_sync_parent(name, err);
        *strrchr(name, '/') = '\0';
    }
    return status;
}

/* Store the photo unless it is there, whole. */
static enum xg_status shelve(const struct photo_shelf *shelf,
                             const struct source *s,
                             const struct xg_hash *sha256, bool *is_new,
                             struct xg_error *err)
{
    char path[PATH_MAX];
    struct xg_error held = XG_ERROR_NONE;
    enum xg_status status = XG_OK;
    int lock_fd;

    if (photo_path(path, shelf, sha256, err) != XG_OK ||
        lock_shelf(&lock_fd, shelf, err) != XG_OK)
        return err->status;
    bool whole = photo_verify(shelf, sha256, &held) == XG_OK;
    if (!whole && held.status != XG_NOTFOUND)
        xg_log(XG_LOG_WARN, "photo.mended", "reason=\"%s\"",
               xg_error_text(&held));
    if (!whole && shelf->intend)
        status = shelf->intend(shelf->intend_ctx, sha256, err);
    if (!whole && status == XG_OK)
        status = seal_source(shelf, s, sha256, path, err);
    /* Whoever sweeps sees that somebody wants it. */
    if (whole && utimensat(AT_FDCWD, path, NULL, 0) != 0)
        xg_log(XG_LOG_WARN, "photo.touch", "errno=%d", errno);
    if (status == XG_OK)
        status = sync_names(path, err);
    close(lock_fd);
    if (status == XG_OK)
        *is_new = !whole;
    return status;
}

/* --- what it shows -------------------------------------------------------- */

static enum xg_status read_small(void *ctx, uint8_t *at, size_t size,
                                 size_t *len, struct xg_error *err)
{
    struct xg_bytes *left = ctx;

    (void)err;
    *len = left->len < size ? left->len : size;
    memcpy(at, left->at, *len);
    *left = xg_bytes(left->at + *len, left->len - *len);
    return XG_OK;
}

/* Take in the small picture that xunge-thumb makes of it. The photo is the
 * evidence: without it, or without room for it, the photo is kept all the same.
 */
static void shelve_small(const struct photo_shelf *shelf, struct xg_photo *kept,
                         struct xg_buf *small)
{
    struct xg_error trouble = XG_ERROR_NONE;
    struct xg_bytes left = xg_buf_bytes(small);
    const struct source s = {.path = XG_T("缩略图", "a thumbnail"),
                             .fd = -1,
                             .read = read_small,
                             .ctx = &left,
                             .length = small->len};
    struct xg_hash sha256;
    bool is_new;

    crypto_hash_sha256(sha256.b, small->data, small->len);
    if (shelve(shelf, &s, &sha256, &is_new, &trouble) == XG_OK) {
        kept->thumbnail = sha256;
        kept->thumbnail_length = small->len;
        return;
    }
    xg_log(XG_LOG_WARN, "photo.thumbnail", "reason=\"%s\"",
           xg_error_text(&trouble));
}

/* Look at it, and keep it; closes the source. */
static enum xg_status keep_source(const struct photo_shelf *shelf,
                                  struct xg_photo *out, struct source *s,
                                  enum xg_photo_type type, struct xg_error *err)
{
    struct xg_photo kept = {.length = s->length, .type = type};
    struct xg_buf small = XG_BUF(XG_THUMBNAIL_MAX);
    struct xg_photo_thumber thumber;
    enum xg_status status;

    xg_photo_look(&kept, shelf->exif_program, s->fd);
    /* It is made while the photo is hashed and sealed. */
    xg_photo_thumb_start(&thumber, shelf->thumb_program, &kept, s->fd);
    status = hash_source(&kept.sha256, s, err);
    if (status == XG_OK)
        status = shelve(shelf, s, &kept.sha256, &kept.is_new, err);
    xg_photo_thumb_finish(&thumber, &small);
    if (status == XG_OK && small.len > 0)
        shelve_small(shelf, &kept, &small);
    close(s->fd);
    xg_buf_clear(&small);
    if (status == XG_OK)
        *out = kept;
    return status;
}

enum xg_status photo_keep(const struct photo_shelf *shelf, struct xg_photo *out,
                          const char *path, struct xg_error *err)
{
    enum xg_photo_type type;
    struct source s;

    if (open_source(&s, &type, path, err) != XG_OK)
        return err->status;
    return keep_source(shelf, out, &s, type, err);
}

/* --- from a pipe --------------------------------------------------------- */

static enum xg_status cut_short(uint64_t got, int64_t bytes,
                                struct xg_error *err)
{
    return xg_fail(err, XG_FORMAT,
                   XG_T("照片只传来 %llu 字节，应有 %lld 字节：没有保存，请重传",
                        "%llu bytes of the photo came, and %lld were told: it "
                        "was not kept, send it again"),
                   (unsigned long long)got, (long long)bytes);
}

/* All of the pipe into the file in memory; more than the limit stays there. */
static enum xg_status fill_memory(int memory, uint64_t *length, int fd,
                                  struct xg_error *err)
{
    uint8_t piece[64 << 10];
    uint64_t got = 0;
    ssize_t n;

    while ((n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return xg_fail_os(err, XG_T("无法读取标准输入",
                                        "cannot read standard input"));
        got += (uint64_t)n;
        if (got > XG_PHOTO_MAX_BYTES)
            break; /* check_source() says so */
        if (xg_os_write_all(memory, "-", xg_bytes(piece, (size_t)n), err) !=
            XG_OK)
            return err->status;
    }
    sodium_memzero(piece, sizeof piece);
    *length = got;
    return XG_OK;
}

static enum xg_status check_stream(enum xg_photo_type *type, struct source *s,
                                   int64_t bytes, struct xg_error *err)
{
    struct stat info;

    if (bytes >= 0 && s->length != (uint64_t)bytes &&
        s->length <= XG_PHOTO_MAX_BYTES)
        return cut_short(s->length, bytes, err);
    if (fstat(s->fd, &info) != 0)
        return xg_fail_os(err, XG_T("无法查看 %s", "cannot look at %s"),
                          s->path);
    return check_source(s, type, &info, err);
}

enum xg_status photo_keep_stream(const struct photo_shelf *shelf,
                                 struct xg_photo *out, int fd, int64_t bytes,
                                 struct xg_error *err)
{
    struct source s = {.path = XG_T("给的照片", "the photo given"),
                       .fd = memfd_create("photo", MFD_CLOEXEC)};
    enum xg_photo_type type = XG_PHOTO_JPEG;

    if (s.fd < 0)
        return xg_fail_os(err, "memfd_create");
    if (fill_memory(s.fd, &s.length, fd, err) != XG_OK ||
        check_stream(&type, &s, bytes, err) != XG_OK) {
        close(s.fd);
        return err->status;
    }
    return keep_source(shelf, out, &s, type, err);
}

enum xg_status photo_take(const struct photo_shelf *shelf, bool *is_new,
                          const struct xg_hash *sha256, uint64_t length,
                          photo_read *read, void *ctx, struct xg_error *err)
{
    char hex[2 * XG_HASH_SIZE + 1];
    struct source s = {
        .path = hex, .fd = -1, .read = read, .ctx = ctx, .length = length};

    xg_hex(hex, sha256->b, XG_HASH_SIZE);
    if (length > XG_PHOTO_MAX_BYTES)
        return xg_fail(err, XG_TOOBIG, XG_T("照片 %s 太大", "photo %s is too "
                                                           "large"), hex);
    if (shelve(shelf, &s, sha256, is_new, err) == XG_BUSY)
        return xg_fail(err, XG_FORMAT,
                       XG_T("照片 %s 的内容与名称不符",
                            "photo %s is not the one it is named after"), hex);
    return err->status;
}

/* --- all of them --------------------------------------------------------- */

/* The photos of HOME/photos/NN. */
static enum xg_status walk_folder(const char *path, photo_visit *visit,
                                  void *ctx, bool *more, struct xg_error *err)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    struct xg_hash sha256;

    if (!folder)
        return xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), path);
    errno = 0;
    while (*more && (entry = readdir(folder)) != NULL) {
        if (xg_unhex(sha256.b, XG_HASH_SIZE, entry->d_name,
                     strlen(entry->d_name)))
            *more = visit(ctx, &sha256);
        errno = 0;
    }
    if (errno)
        xg_ignore(xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), path));
    closedir(folder);
    return err->status;
}

enum xg_status photo_walk(const struct photo_shelf *shelf, photo_visit *visit,
                          void *ctx, struct xg_error *err)
{
    char path[PATH_MAX], name[3];
    bool more = true;

    for (int i = 0; more && i < 256; i++) {
        snprintf(name, sizeof name, "%02x", i);
        if (shelf_path(path, shelf, name, err) != XG_OK)
            return err->status;
        if (xg_os_exists(path) &&
            walk_folder(path, visit, ctx, &more, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* --- giving it back ------------------------------------------------------ */

bool photo_has(const struct photo_shelf *shelf, const struct xg_hash *sha256)
{
    char path[PATH_MAX];
    struct xg_error err = XG_ERROR_NONE;

    return photo_path(path, shelf, sha256, &err) == XG_OK &&
           xg_os_exists(path);
}

bool photo_age(const struct photo_shelf *shelf, int64_t *age_ms,
               const struct xg_hash *sha256, int64_t now_ms)
{
    struct xg_error err = XG_ERROR_NONE;
    char path[PATH_MAX];
    struct stat info;

    if (photo_path(path, shelf, sha256, &err) != XG_OK ||
        stat(path, &info) != 0)
        return false;
    *age_ms = now_ms - ((int64_t)info.st_mtim.tv_sec * 1000 +
                        info.st_mtim.tv_nsec / 1000000);
    return true;
}

enum xg_status photo_length(const struct photo_shelf *shelf, uint64_t *length,
                            const struct xg_hash *sha256, struct xg_error *err)
{
    char path[PATH_MAX];

    if (photo_path(path, shelf, sha256, err) != XG_OK)
        return err->status;
    return vault_file_length(length, path, err);
}

enum xg_status photo_open_to(const struct photo_shelf *shelf,
                             const struct xg_hash *sha256, int sink_fd,
                             struct xg_error *err)
{
    char path[PATH_MAX];
    struct vault_file opened;

    if (photo_path(path, shelf, sha256, err) != XG_OK ||
        vault_open_file(shelf->vault, &opened, path, xg_bytes_of(CONTEXT),
                        sink_fd, err) != XG_OK)
        return err->status;
    if (xg_hash_equal(&opened.sha256, sha256))
        return XG_OK;
    return xg_fail(err, XG_CORRUPT,
                   XG_T("照片 %s 的内容与名称不符",
                        "the photo in %s is not the one it is named after"),
                   path);
}

enum xg_status photo_verify(const struct photo_shelf *shelf,
                            const struct xg_hash *sha256, struct xg_error *err)
{
    return photo_open_to(shelf, sha256, -1, err);
}

enum xg_status photo_reader_open(const struct photo_shelf *shelf,
                                 struct vault_reader **out,
                                 const struct xg_hash *sha256,
                                 struct xg_error *err)
{
    char path[PATH_MAX];

    if (photo_path(path, shelf, sha256, err) != XG_OK)
        return err->status;
    return vault_reader_open(out, shelf->vault, path, xg_bytes_of(CONTEXT),
                             err);
}

enum xg_status photo_remove(const struct photo_shelf *shelf,
                            const struct xg_hash *sha256, struct xg_error *err)
{
    char path[PATH_MAX];
    enum xg_status status = XG_OK;
    int lock_fd;

    if (photo_path(path, shelf, sha256, err) != XG_OK)
        return err->status;
    if (!xg_os_exists(path))
        return XG_OK;
    if (lock_shelf(&lock_fd, shelf, err) != XG_OK)
        return err->status;
    if (unlink(path) == 0)
        status = xg_os_sync_parent(path, err);
    else if (errno != ENOENT)
        status = xg_fail_os(err, XG_T("无法删除 %s", "cannot delete %s"), path);
    close(lock_fd);
    return status;
}
