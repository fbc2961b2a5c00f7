/* launch.c - see launch.h. */
#define _GNU_SOURCE /* addclosefrom_np */
#include "agent/ui/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/bytes.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

extern char **environ;

static enum xg_status join(char path[static UI_PATH_SIZE], const char *folder,
                           const char *name, struct xg_error *err)
{
    int len = snprintf(path, UI_PATH_SIZE, "%s/%s", folder, name);

    if (len > 0 && len < UI_PATH_SIZE)
        return XG_OK;
    return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                   folder);
}

/* ---- the lock ---- */

static void read_start(char start_path[static UI_PATH_SIZE], int fd)
{
    ssize_t n = pread(fd, start_path, UI_PATH_SIZE - 1, 0);

    start_path[n > 0 ? n : 0] = '\0';
    start_path[strcspn(start_path, "\n")] = '\0';
}

enum xg_status launch_claim(int *lock_fd, char start_path[static UI_PATH_SIZE],
                            const char *home, struct xg_error *err)
{
    char path[UI_PATH_SIZE];
    int fd = -1;

    if (xg_os_mkdir(home, err) != XG_OK ||
        join(path, home, "ui.lock", err) != XG_OK ||
        xg_os_lock_open(&fd, path, err) != XG_OK)
        return err->status;
    if (xg_os_try_lock(fd, err) != XG_OK) {
        if (err->status == XG_BUSY)
            read_start(start_path, fd);
        close(fd);
        return err->status;
    }
    *lock_fd = fd;
    return XG_OK;
}

/* ---- the start file ---- */

/* A folder that is ours alone. */
static bool is_private(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) &&
           info.st_uid == geteuid() && (info.st_mode & 077) == 0;
}

static enum xg_status find_start(struct ui *ui, struct xg_error *err)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct xg_error ignored = XG_ERROR_NONE;
    char folder[UI_PATH_SIZE], name[64], digest[2 * 8 + 1];
    uint8_t hash[16];

    if (!runtime || runtime[0] != '/' || !is_private(runtime) ||
        join(folder, runtime, "xunge", &ignored) != XG_OK ||
        xg_os_mkdir(folder, &ignored) != XG_OK || !is_private(folder))
        return join(ui->start_path, ui->home, "ui.html", err);
    crypto_generichash(hash, sizeof hash, (const uint8_t *)ui->home,
                       strlen(ui->home), NULL, 0);
    xg_hex(digest, hash, 8);
    snprintf(name, sizeof name, "ui-%s.html", digest);
    return join(ui->start_path, folder, name, err);
}

enum xg_status launch_renew(struct ui *ui, const char *key,
                            struct xg_error *err)
{
    struct xg_buf page = XG_BUF(4096);
    const char *text = XG_T("打开巡格", "Open Xunge");

    xg_buf_format(&page,
                  "<!doctype html>\n<html lang=\"%s\"><head>"
                  "<meta charset=\"utf-8\">"
                  "<meta name=\"referrer\" content=\"no-referrer\">"
                  "<meta http-equiv=\"refresh\" content=\"0; "
                  "url=%s/#key=%s\"><title>%s</title></head>\n"
                  "<body><a href=\"%s/#key=%s\">%s</a></body></html>\n",
                  xg_lang() == XG_LANG_ZH ? "zh-CN" : "en", ui->guard.origin,
                  key, text, ui->guard.origin, key, text);
    enum xg_status status = xg_buf_check(&page, err);
    if (status == XG_OK)
        status = xg_os_replace(ui->start_path, 0600, xg_buf_bytes(&page), err);
    if (page.data)
        sodium_memzero(page.data, page.len);
    xg_buf_clear(&page);
    return status;
}

enum xg_status launch_write(struct ui *ui, int lock_fd, const char *key,
                            struct xg_error *err)
{
    char path[UI_PATH_SIZE];
    int len;

    if (find_start(ui, err) != XG_OK || launch_renew(ui, key, err) != XG_OK)
        return err->status;
    len = snprintf(path, sizeof path, "%s\n", ui->start_path);
    if (ftruncate(lock_fd, 0) != 0 ||
        pwrite(lock_fd, path, (size_t)len, 0) != len)
        return xg_fail_os(err, "%s/ui.lock", ui->home);
    return XG_OK;
}

/* ---- the browser ---- */

static bool find_in_path(char path[static UI_PATH_SIZE], const char *name)
{
    const char *at = getenv("PATH");

    if (strchr(name, '/')) {
        snprintf(path, UI_PATH_SIZE, "%s", name);
        return access(name, X_OK) == 0;
    }
    for (at = at ? at : "/usr/local/bin:/usr/bin:/bin"; *at;) {
        size_t len = strcspn(at, ":");
        int n = snprintf(path, UI_PATH_SIZE, "%.*s/%s", (int)len, at, name);
        if (len > 0 && n > 0 && n < UI_PATH_SIZE && access(path, X_OK) == 0)
            return true;
        at += len + (at[len] == ':');
    }
    return false;
}

/* It goes its own way. The key is in the file, not in the arguments. */
static bool start_browser(pid_t *pid, const char *program, char *const argv[])
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;

    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETSID);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawn_file_actions_init(&files);
    bool started =
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0) ==
            0 &&
        posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0) ==
            0 &&
        posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0) ==
            0 &&
        posix_spawn_file_actions_addclosefrom_np(&files, 3) == 0 &&
        posix_spawn(pid, program, &files, &attributes, argv, environ) == 0;
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return started;
}

enum xg_status launch_browser(pid_t *pid, const char *start_path, bool kiosk,
                              struct xg_error *err)
{
    /* Chromium shows one page without a frame; what is not Chromium opens the
     * file in the way that it opens files. */
    static const struct {
        const char *name, *own, *whole;
    } browsers[] = {
        {NULL, NULL, NULL}, /* $BROWSER */
        {"xdg-open", NULL, NULL},
        {"chromium", "--app=file://", "--kiosk"},
        {"chromium-browser", "--app=file://", "--kiosk"},
        {"google-chrome", "--app=file://", "--kiosk"},
        {"firefox", NULL, "--kiosk"},
        {"firefox-esr", NULL, "--kiosk"},
        {"x-www-browser", NULL, NULL},
    };
    char program[UI_PATH_SIZE], page[UI_PATH_SIZE + 32], first[64];
    const char *own = getenv("BROWSER");

    for (size_t i = 0; i < sizeof browsers / sizeof *browsers; i++) {
        const char *name = browsers[i].name ? browsers[i].name : own;
        if (!name || !*name || (kiosk && browsers[i].name && !browsers[i].whole))
            continue;
        if (!find_in_path(program, name))
            continue;
        char *argv[4];
        size_t n = 0;
        argv[n++] = program;
        snprintf(first, sizeof first, "%s",
                 browsers[i].whole ? browsers[i].whole : "");
        if (kiosk && browsers[i].whole)
            argv[n++] = first;
        snprintf(page, sizeof page, "%s%s",
                 browsers[i].own ? browsers[i].own : "", start_path);
        argv[n++] = page;
        argv[n] = NULL;
        if (start_browser(pid, program, argv))
            return XG_OK;
    }
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("找不到浏览器；请安装 chromium 或 firefox-esr，或自己"
                        "打开 %s",
                        "there is no browser; install chromium or firefox-esr, "
                        "or open %s yourself"),
                   start_path);
}
