/* staged.c - photos that somebody brought to the centre; see blobs.h.
 *
 * Who keeps the log says when one is named, and when one is to be forgotten: a
 * photo goes from here to its name by renaming, so that at each moment its
 * bytes lie in one place or the other. What is found out of it is made last and
 * removed first; what lies here without it is of nobody.
 */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/blobs/inside.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

enum { HEX_LEN = 2 * XG_HASH_SIZE };
static const char SMALL[] = ".small", WHOSE[] = ".whose", ABOUT[] = ".about";

/* DIR/staged/<64 hex> and what follows it. */
static void path_of(const struct blobs *b, char path[static BLOBS_PATH_SIZE],
                    const struct xg_hash *sha256, const char *suffix)
{
    char hex[HEX_LEN + 1];

    xg_hex(hex, sha256->b, sizeof sha256->b);
    snprintf(path, BLOBS_PATH_SIZE, "%s/staged/%s%s", b->dir, hex, suffix);
}

static DIR *open_folder(const struct blobs *b,
                        char path[static BLOBS_PATH_SIZE], struct xg_error *err)
{
    snprintf(path, BLOBS_PATH_SIZE, "%s/staged", b->dir);
    DIR *dir = opendir(path);
    if (!dir)
        xg_ignore(xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path));
    return dir;
}

/* "<64 hex>" and one of our suffixes, or none: *suffix. */
static bool is_ours(struct xg_hash *sha256, const char **suffix,
                    const char *name)
{
    if (strspn(name, "0123456789abcdef") != HEX_LEN)
        return false;
    xg_unhex(sha256->b, sizeof sha256->b, name, HEX_LEN);
    *suffix = name + HEX_LEN;
    return !**suffix || strcmp(*suffix, SMALL) == 0 ||
           strcmp(*suffix, WHOSE) == 0 || strcmp(*suffix, ABOUT) == 0;
}

/* How old it is goes by our time, not by the file system's, whose clock may
 * have been wrong when the file was written. */
static enum xg_status set_age(const struct blobs *b, const char *path,
                              struct xg_error *err)
{
    const struct timespec now = {.tv_sec = xg_wall_ms(b->env) / 1000};
    const struct timespec both[2] = {now, now};

    return utimensat(AT_FDCWD, path, both, 0) == 0
               ? XG_OK
               : xg_fail_os(err, "%s", path);
}

static int64_t age_ms(const struct blobs *b, const struct stat *info)
{
    return xg_wall_ms(b->env) - (int64_t)info->st_mtime * 1000;
}

/* ---- putting ---- */

struct tally {
    uint64_t photos, bytes;
};

/* Of what has no name yet. */
static enum xg_status count(struct tally *t, const struct blobs *b,
                            struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];
    DIR *dir = open_folder(b, path, err);
    struct dirent *entry;

    if (!dir)
        return err->status;
    while ((entry = readdir(dir))) {
        const char *suffix;
        struct xg_hash sha256;
        struct stat info;
        if (!is_ours(&sha256, &suffix, entry->d_name) ||
            strcmp(suffix, ABOUT) == 0 || strcmp(suffix, WHOSE) == 0 ||
            fstatat(dirfd(dir), entry->d_name, &info, 0) != 0)
            continue;
        t->photos += !*suffix;
        t->bytes += (uint64_t)info.st_size;
    }
    closedir(dir);
    return XG_OK;
}

static enum xg_status put_bytes(struct blobs *b, const struct xg_hash *sha256,
                                struct xg_bytes photo, struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];
    struct tally t = {0, 0};

    path_of(b, path, sha256, "");
    if (xg_os_exists(path))
        return XG_OK;
    if (count(&t, b, err) != XG_OK || blobs_room(b, photo.len, err) != XG_OK)
        return err->status;
    if (t.photos >= BLOB_STAGED_MAX ||
        t.bytes + photo.len > BLOB_STAGED_MAX_BYTES)
        return xg_fail(
            err, XG_FULL,
            XG_T("待用的照片已有 %" PRIu64 " 张、%" PRIu64
                 " MB，暂不再收：先把已添加的照片保存到件里，没有用上"
                 "的一天后自动清除",
                 "%" PRIu64 " photos of %" PRIu64 " MB wait to be "
                 "used, and no more are taken for now: save the "
                 "acts that they belong to; what nobody uses goes "
                 "after a day"),
            t.photos, t.bytes >> 20);
    return xg_os_replace(path, 0600, photo, err);
}

enum xg_status blobs_stage(struct blobs *b, const struct xg_hash *sha256,
                           struct xg_bytes photo, struct xg_error *err)
{
    if (photo.len > BLOB_MAX_BYTES)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("照片有 %zu 字节，超过 %d 字节的上限",
                            "the photo has %zu bytes, over the limit of %d"),
                       photo.len, BLOB_MAX_BYTES);
    if (blobs_is_here(b, sha256, photo.len))
        return blobs_sync_name(b, sha256, err);
    pthread_mutex_lock(&b->stage);
    enum xg_status status = put_bytes(b, sha256, photo, err);
    pthread_mutex_unlock(&b->stage);
    return status;
}

/* Of whom it is; nobody's where that is not written. */
static enum xg_status read_whose(struct xg_buf *whose, const struct blobs *b,
                                 const struct xg_hash *sha256,
                                 struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];

    path_of(b, path, sha256, WHOSE);
    return xg_os_exists(path) ? xg_os_read(whose, path, err) : XG_OK;
}

static bool has_line(struct xg_bytes whose, const char *owner)
{
    size_t len = strlen(owner);

    while (whose.len) {
        const uint8_t *end = memchr(whose.at, '\n', whose.len);
        if (!end)
            return false;
        size_t width = (size_t)(end - whose.at);
        if (width == len && memcmp(whose.at, owner, len) == 0)
            return true;
        whose = xg_bytes(end + 1, whose.len - width - 1);
    }
    return false;
}

static enum xg_status put_owner(struct blobs *b, const struct xg_hash *sha256,
                                const char *owner, struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];
    struct xg_buf whose = XG_BUF(BLOB_WHOSE_MAX);
    enum xg_status status = read_whose(&whose, b, sha256, err);

    if (status == XG_OK && !has_line(xg_buf_bytes(&whose), owner)) {
        xg_buf_text(&whose, owner);
        xg_buf_text(&whose, "\n");
        path_of(b, path, sha256, WHOSE);
        status = xg_buf_check(&whose, err);
        if (status == XG_OK)
            status = xg_os_replace(path, 0600, xg_buf_bytes(&whose), err);
    }
    xg_buf_clear(&whose);
    return status;
}

enum xg_status blobs_stage_about(struct blobs *b, const struct xg_hash *sha256,
                                 const char *owner, struct xg_bytes small,
                                 struct xg_bytes about, struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];
    enum xg_status status = XG_OK;

    pthread_mutex_lock(&b->stage);
    path_of(b, path, sha256, SMALL);
    if (small.len)
        status = xg_os_replace(path, 0600, small, err);
    if (status == XG_OK)
        status = put_owner(b, sha256, owner ? owner : "", err);
    path_of(b, path, sha256, ABOUT);
    if (status == XG_OK)
        status = xg_os_replace(path, 0600, about, err);
    if (status == XG_OK)
        status = set_age(b, path, err);
    pthread_mutex_unlock(&b->stage);
    return status;
}

/* ---- looking ---- */

static enum xg_status not_staged(const struct xg_hash *sha256,
                                 struct xg_error *err)
{
    char hex[HEX_LEN + 1];

    xg_hex(hex, sha256->b, sizeof sha256->b);
    return xg_fail(
        err, XG_NOTFOUND,
        XG_T("您没有添加照片 %.12s，或添加后一天没有用上：请再添加一次"
             "（photo add）",
             "you did not add photo %.12s, or it was not used for a "
             "day: add it again (photo add)"),
        hex);
}

enum xg_status blobs_staged_read(struct blobs *b, int *fd,
                                 const struct xg_hash *sha256,
                                 const struct xg_hash *small,
                                 struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];

    path_of(b, path, sha256, small ? SMALL : "");
    int opened = open(path, O_RDONLY | O_CLOEXEC);
    if (opened < 0 && errno == ENOENT) {
        blobs_path(b, path, small ? small : sha256);
        opened = open(path, O_RDONLY | O_CLOEXEC);
    }
    if (opened < 0 && errno == ENOENT)
        return not_staged(sha256, err);
    if (opened < 0)
        return xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path);
    *fd = opened;
    return XG_OK;
}

static enum xg_status ask_owner(bool *owns, const struct blobs *b,
                                const struct xg_hash *sha256, const char *owner,
                                struct xg_error *err)
{
    struct xg_buf whose = XG_BUF(BLOB_WHOSE_MAX);
    enum xg_status status = read_whose(&whose, b, sha256, err);

    *owns = status == XG_OK && (has_line(xg_buf_bytes(&whose), owner) ||
                                has_line(xg_buf_bytes(&whose), ""));
    xg_buf_clear(&whose);
    return status;
}

enum xg_status blobs_staged(struct blobs *b, struct xg_buf *about,
                            const struct xg_hash *sha256, const char *owner,
                            struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];
    struct xg_buf read = XG_BUF(BLOB_ABOUT_MAX);
    bool owns = true;

    if (owner && ask_owner(&owns, b, sha256, owner, err) != XG_OK)
        return err->status;
    path_of(b, path, sha256, "");
    if (!owns || (!xg_os_exists(path) && !blobs_has(b, sha256)))
        return not_staged(sha256, err);
    path_of(b, path, sha256, ABOUT);
    enum xg_status status = xg_os_read(&read, path, err);
    if (status == XG_NOTFOUND)
        status = not_staged(sha256, err);
    if (status == XG_OK) {
        xg_buf_append(about, read.data, read.len);
        status = xg_buf_check(about, err);
    }
    xg_buf_clear(&read);
    return status;
}

/* ---- to its name, and gone ---- */

/* From its place here, unless somebody was faster. */
static enum xg_status give_name(struct blobs *b, const char *from,
                                const struct xg_hash *sha256,
                                struct xg_error *err)
{
    if (xg_os_exists(from))
        return blobs_place(b, from, sha256, err);
    return blobs_has(b, sha256) ? blobs_sync_name(b, sha256, err)
                                : not_staged(sha256, err);
}

enum xg_status blobs_name_staged(struct blobs *b, const struct xg_hash *sha256,
                                 const struct xg_hash *small,
                                 struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];

    pthread_mutex_lock(&b->stage);
    path_of(b, path, sha256, "");
    enum xg_status status = give_name(b, path, sha256, err);
    path_of(b, path, sha256, SMALL);
    if (status == XG_OK && small)
        status = give_name(b, path, small, err);
    pthread_mutex_unlock(&b->stage);
    return status;
}

/* Under the lock. */
static enum xg_status drop(struct blobs *b, const struct xg_hash *sha256,
                           struct xg_error *err)
{
    const char *const SUFFIXES[] = {ABOUT, WHOSE, SMALL, ""};
    char path[BLOBS_PATH_SIZE];
    enum xg_status status = XG_OK;

    for (size_t i = 0;
         status == XG_OK && i < sizeof SUFFIXES / sizeof *SUFFIXES; i++) {
        path_of(b, path, sha256, SUFFIXES[i]);
        if (unlink(path) != 0 && errno != ENOENT)
            status =
                xg_fail_os(err, XG_T("无法删除 %s", "cannot remove %s"), path);
    }
    if (status == XG_OK && !b->own)
        status = xg_os_sync_parent(path, err);
    return status;
}

enum xg_status blobs_drop_staged(struct blobs *b, const struct xg_hash *sha256,
                                 struct xg_error *err)
{
    pthread_mutex_lock(&b->stage);
    enum xg_status status = drop(b, sha256, err);
    pthread_mutex_unlock(&b->stage);
    return status;
}

enum xg_status blobs_forget_staged(struct blobs *b,
                                   const struct xg_hash *sha256,
                                   struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];
    struct stat info;
    enum xg_status status = XG_OK;

    pthread_mutex_lock(&b->stage);
    path_of(b, path, sha256, ABOUT);
    if (stat(path, &info) != 0 || age_ms(b, &info) >= BLOB_STAGED_LIFE_MS)
        status = drop(b, sha256, err);
    pthread_mutex_unlock(&b->stage);
    return status;
}

/* ---- all of them ---- */

static bool lies(const struct blobs *b, const struct xg_hash *sha256,
                 const char *suffix)
{
    char path[BLOBS_PATH_SIZE];

    path_of(b, path, sha256, suffix);
    return xg_os_exists(path);
}

enum xg_status blobs_walk_staged(struct blobs *b,
                                 bool (*visit)(void *ctx,
                                               const struct blobs_staged *one),
                                 void *ctx, struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];
    DIR *dir = open_folder(b, path, err);
    struct blobs_staged one;
    struct dirent *entry;
    bool more = true;

    if (!dir)
        return err->status;
    while (more && (entry = readdir(dir))) {
        const char *suffix;
        struct stat info;
        if (!is_ours(&one.sha256, &suffix, entry->d_name) ||
            strcmp(suffix, ABOUT) != 0 ||
            fstatat(dirfd(dir), entry->d_name, &info, 0) != 0)
            continue;
        one.age_ms = age_ms(b, &info);
        one.nameless = lies(b, &one.sha256, "") || lies(b, &one.sha256, SMALL);
        more = visit(ctx, &one);
    }
    closedir(dir);
    return XG_OK;
}

enum xg_status blobs_clean_staged(struct blobs *b, struct xg_error *err)
{
    char path[BLOBS_PATH_SIZE];
    DIR *dir = open_folder(b, path, err);
    struct dirent *entry;

    if (!dir)
        return err->status;
    while ((entry = readdir(dir))) {
        const char *suffix;
        struct xg_hash sha256;
        if (entry->d_name[0] != '.' &&
            (!is_ours(&sha256, &suffix, entry->d_name) ||
             !lies(b, &sha256, ABOUT)))
            unlinkat(dirfd(dir), entry->d_name, 0);
    }
    closedir(dir);
    return XG_OK;
}
