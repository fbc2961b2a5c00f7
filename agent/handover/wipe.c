/* wipe.c - a device that goes: keys first, then the rest; see
 * handover.h.
 *
 *      HOME/leaving       made first: who finds it goes on wiping
 *      vault.key, vault   overwritten and removed: what else lies there can no
 *                         longer be read, not by the registrar either, but with
 *                         a backup of one of the two
 *      the rest, then HOME/leaving
 *
 * Only what xunge makes is removed; a folder with something else in it stays.
 */
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/handover/handover.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

#define MARK "leaving"

enum { DEPTH_MAX = 4 };

static const char *const keys[] = {"vault.key", "vault"};
static const char *const rest[] = {
    "agent.db",      "agent.db-wal", "agent.db-shm", "agent.db.lock", "sent",
    "sent.tmp",      "vault.lock",   "vault.tmp",    "vault.key.tmp", "photos",
    "patrol",        "alarm",        "sync.lock",    "ui.lock",      "ui.html",
    "settings",      "settings.tmp", "settings.lock",
};

/* Zeros over a small file, durably; whatever the medium makes of it. */
static void overwrite(const char *path)
{
    static const uint8_t zeros[4096];
    struct stat info;
    int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return;
    if (fstat(fd, &info) == 0) {
        off_t left = info.st_size;
        while (left > 0) {
            size_t n = left < (off_t)sizeof zeros ? (size_t)left : sizeof zeros;
            if (write(fd, zeros, n) != (ssize_t)n)
                break;
            left -= (off_t)n;
        }
    }
    fsync(fd);
    close(fd);
}

static enum xg_status remove_tree(const char *path, int depth,
                                  struct xg_error *err);

static enum xg_status empty_folder(const char *path, int depth,
                                   struct xg_error *err)
{
    const struct dirent *entry;
    char child[HOME_PATH_SIZE];
    DIR *folder = opendir(path);

    if (!folder)
        return xg_fail_os(err, XG_T("无法读取 %s", "cannot read %s"), path);
    while (err->status == XG_OK && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (snprintf(child, sizeof child, "%s/%s", path, entry->d_name) >=
            (int)sizeof child)
            xg_ignore(xg_fail(err, XG_USAGE,
                              XG_T("路径过长：%s", "path too long: %s"), path));
        else
            xg_ignore(remove_tree(child, depth + 1, err));
    }
    closedir(folder);
    return err->status;
}

/* XG_OK where there is nothing. Links are removed, not followed. */
static enum xg_status remove_tree(const char *path, int depth,
                                  struct xg_error *err)
{
    struct stat info;

    if (lstat(path, &info) != 0)
        return errno == ENOENT ? XG_OK
                               : xg_fail_os(err, XG_T("无法查看 %s",
                                                      "cannot look at %s"),
                                            path);
    if (!S_ISDIR(info.st_mode)) {
        if (unlink(path) != 0)
            return xg_fail_os(err, XG_T("无法删除 %s", "cannot delete %s"),
                              path);
        return XG_OK;
    }
    if (depth > DEPTH_MAX)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 太深，没有删除", "%s lies too deep and was "
                                                "left"), path);
    if (empty_folder(path, depth, err) != XG_OK)
        return err->status;
    if (rmdir(path) != 0)
        return xg_fail_os(err, XG_T("无法删除 %s", "cannot delete %s"), path);
    return XG_OK;
}

bool handover_wiping(const char *home)
{
    char path[HOME_PATH_SIZE];
    struct xg_error ignored = XG_ERROR_NONE;

    return home_file(path, home, MARK, &ignored) == XG_OK &&
           xg_os_exists(path);
}

enum xg_status handover_wipe(const char *home, struct xg_error *err)
{
    char path[HOME_PATH_SIZE], mark[HOME_PATH_SIZE];

    if (home_file(mark, home, MARK, err) != XG_OK ||
        xg_os_replace(mark, 0600, xg_bytes_of("xunge leave\n"), err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (home_file(path, home, keys[i], err) != XG_OK)
            return err->status;
        overwrite(path);
        if (remove_tree(path, 0, err) != XG_OK)
            return err->status;
    }
    if (xg_os_sync_parent(mark, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if (home_file(path, home, rest[i], err) != XG_OK ||
            remove_tree(path, 0, err) != XG_OK)
            return err->status;
    if (remove_tree(mark, 0, err) != XG_OK ||
        xg_os_sync_parent(mark, err) != XG_OK)
        return err->status;
    if (rmdir(home) != 0 && errno != ENOTEMPTY && errno != EEXIST &&
        errno != EBUSY)
        return xg_fail_os(err, XG_T("无法删除 %s", "cannot delete %s"), home);
    return XG_OK;
}
