/* os.c - see os.h. */
#define _GNU_SOURCE /* flock, O_TMPFILE, mkostemp */
#include "shared/base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "shared/base/lang.h"

enum { PATH_SIZE = 4096 };

enum xg_status xg_os_mkdir(const char *path, struct xg_error *err)
{
    if (mkdir(path, 0700) == 0)
        return xg_os_sync_parent(path, err);
    if (errno == EEXIST)
        return XG_OK;
    return xg_fail_os(err, XG_T("无法建立文件夹 %s", "cannot make folder %s"),
                      path);
}

enum xg_status xg_os_read(struct xg_buf *out, const char *path,
                          struct xg_error *err)
{
    enum { STEP = 64 << 10 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 0;

    if (fd < 0)
        return xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path);
    for (;;) {
        size_t step = out->max - out->len < STEP ? out->max - out->len : STEP;
        uint8_t *room = xg_buf_room(out, step);
        uint8_t probe;
        if (!room)
            break;
        n = read(fd, step ? room : &probe, step ? step : 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        if (step == 0) {
            out->failed = XG_TOOBIG;
            break;
        }
        out->len += (size_t)n;
        out->data[out->len] = '\0';
    }
    if (n < 0)
        xg_ignore(xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), path));
    close(fd);
    if (n < 0)
        return err->status;
    if (xg_buf_check(out, err) != XG_OK)
        return xg_wrap(err, "%s", path);
    return XG_OK;
}

enum xg_status xg_os_open_unnamed(int *fd, const char *folder,
                                  struct xg_error *err)
{
    char name[PATH_SIZE];

    int opened = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (opened < 0 && (errno == EOPNOTSUPP || errno == EISDIR) &&
        snprintf(name, sizeof name, "%s/unnamed.XXXXXX", folder) <
            (int)sizeof name) {
        opened = mkostemp(name, O_CLOEXEC);
        if (opened >= 0)
            unlink(name);
    }
    if (opened < 0)
        return xg_fail_os(err, XG_T("在 %s 存放文件", "keeping a file in %s"),
                          folder);
    *fd = opened;
    return XG_OK;
}

enum xg_status xg_os_write_all(int fd, const char *path, struct xg_bytes data,
                               struct xg_error *err)
{
    while (data.len > 0) {
        ssize_t n = write(fd, data.at, data.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"),
                              path);
        data.at += n;
        data.len -= (size_t)n;
    }
    return XG_OK;
}

enum xg_status xg_os_sync_parent(const char *path, struct xg_error *err)
{
    char folder[PATH_SIZE];
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/') /* "data/" lies where "data" does */
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    if (len == 0)
        snprintf(folder, sizeof folder, ".");
    else
        snprintf(folder, sizeof folder, "%.*s", (int)len, path);

    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        xg_ignore(xg_fail_os(err, XG_T("无法落盘文件夹 %s",
                                       "cannot sync folder %s"), folder));
        if (fd >= 0)
            close(fd);
        return err->status;
    }
    close(fd);
    return XG_OK;
}

static enum xg_status write_synced(const char *path, mode_t mode,
                                   struct xg_bytes content,
                                   struct xg_error *err)
{
    /* A link is none of ours: what it leads to is not overwritten. */
    int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);

    if (fd < 0)
        return xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), path);
    enum xg_status status = xg_os_write_all(fd, path, content, err);
    if (status == XG_OK && fsync(fd) != 0)
        status = xg_fail_os(err, XG_T("无法落盘 %s", "cannot sync %s"), path);
    if (close(fd) != 0 && status == XG_OK)
        status = xg_fail_os(err, XG_T("无法写入 %s", "cannot write %s"), path);
    return status;
}

enum xg_status xg_os_replace(const char *path, mode_t mode,
                             struct xg_bytes content, struct xg_error *err)
{
    char temporary[PATH_SIZE];

    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >=
        (int)sizeof temporary)
        return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                       path);
    if (write_synced(temporary, mode, content, err) != XG_OK) {
        unlink(temporary);
        return err->status;
    }
    if (rename(temporary, path) != 0) {
        xg_ignore(xg_fail_os(err, XG_T("无法改名为 %s", "cannot rename to %s"),
                             path));
        unlink(temporary);
        return err->status;
    }
    return xg_os_sync_parent(path, err);
}

bool xg_os_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0;
}

enum xg_status xg_os_free_bytes(uint64_t *free_bytes, const char *path,
                                struct xg_error *err)
{
    struct statvfs info;

    if (statvfs(path, &info) != 0)
        return xg_fail_os(err, XG_T("无法查询 %s 的剩余空间",
                                    "cannot ask the free space of %s"), path);
    *free_bytes = (uint64_t)info.f_bavail * info.f_frsize;
    return XG_OK;
}

enum xg_status xg_os_lock_open(int *fd, const char *path, struct xg_error *err)
{
    int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (opened < 0)
        return xg_fail_os(err, XG_T("无法打开锁文件 %s",
                                    "cannot open lock file %s"), path);
    *fd = opened;
    return XG_OK;
}

enum xg_status xg_os_lock(int fd, struct xg_error *err)
{
    while (flock(fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return xg_fail_os(err, XG_T("无法加锁", "cannot take the lock"));
    return XG_OK;
}

enum xg_status xg_os_try_lock(int fd, struct xg_error *err)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return XG_OK;
    if (errno == EWOULDBLOCK)
        return xg_fail(err, XG_BUSY, XG_T("另一个进程正在使用",
                                          "another process is using it"));
    return xg_fail_os(err, XG_T("无法加锁", "cannot take the lock"));
}

void xg_os_unlock(int fd)
{
    flock(fd, LOCK_UN);
}
