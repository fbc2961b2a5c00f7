/* lend.c - see lend.h. */
#include "server/cli/lend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"

enum { PIECE = 64 << 10 };

/* A file that has no name and goes with us. */
static enum xg_status open_nameless(int *out, struct xg_error *err)
{
    const char *folder = getenv("TMPDIR");
    char path[CMD_PATH_SIZE];

    if (cmd_path(path, folder && *folder == '/' ? folder : "/tmp",
                 "xunge-bundle-XXXXXX", err) != XG_OK)
        return err->status;
    int fd = mkstemp(path);
    if (fd < 0)
        return xg_fail_os(err, XG_T("无法建立 %s", "cannot make %s"), path);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    unlink(path);
    *out = fd;
    return XG_OK;
}

static enum xg_status copy(int to, const char *to_name, int from,
                           const char *from_name, struct xg_error *err)
{
    uint8_t piece[PIECE];

    for (;;) {
        ssize_t got = read(from, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return xg_fail_os(err, "%s", from_name);
        if (got == 0)
            return XG_OK;
        if (xg_os_write_all(to, to_name, xg_bytes(piece, (size_t)got), err) !=
            XG_OK)
            return err->status;
    }
}

/* To its start: what is lent shares the position. */
static enum xg_status rewind_file(int fd, const char *name,
                                  struct xg_error *err)
{
    return lseek(fd, 0, SEEK_SET) == 0 ? XG_OK : xg_fail_os(err, "%s", name);
}

static enum xg_status open_input(int *out, const char *path,
                                 struct xg_error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    int plain = -1;

    if (fd < 0 || fstat(fd, &info) != 0) {
        enum xg_status status =
            xg_fail_os(err, XG_T("无法打开 %s", "cannot open %s"), path);
        if (fd >= 0)
            close(fd);
        return status;
    }
    if (S_ISREG(info.st_mode)) {
        *out = fd;
        return XG_OK;
    }
    enum xg_status status = open_nameless(&plain, err);
    if (status == XG_OK)
        status = copy(plain, path, fd, path, err);
    if (status == XG_OK)
        status = rewind_file(plain, path, err);
    close(fd);
    if (status == XG_OK)
        *out = plain;
    else if (plain >= 0)
        close(plain);
    return status;
}

static enum xg_status open_output(struct lent *l, const char *path,
                                  struct xg_error *err)
{
    if (strcmp(path, "-") == 0) {
        l->to_stdout = true;
        return open_nameless(&l->files[CMD_FILE_OUT], err);
    }
    if (xg_landing_open(&l->landing, path, err) != XG_OK)
        return err->status;
    l->files[CMD_FILE_OUT] = l->landing.fd;
    l->lands = true;
    return XG_OK;
}

/* Whoever watches a terminal is told how far it is. */
static int open_tell(void)
{
    return isatty(STDERR_FILENO) ? dup(STDERR_FILENO) : -1;
}

static enum xg_status fill_up(struct lent *l, struct xg_error *err)
{
    for (size_t i = 0; i < CMD_FILES; i++)
        if (l->files[i] < 0 &&
            (l->files[i] = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0)
            return xg_fail_os(err, "/dev/null");
    return XG_OK;
}

static void close_lent(struct lent *l)
{
    if (l->lands)
        xg_landing_drop(&l->landing);
    for (size_t i = 0; i < CMD_FILES; i++)
        if (l->files[i] >= 0 && !(l->lands && i == CMD_FILE_OUT))
            close(l->files[i]);
}

enum xg_status lend_open(struct lent *l, const struct cmd *c,
                         struct xg_error *err)
{
    const struct command *spec = c->spec;
    const char *out =
        spec->output ? c->args[spec->output] : cmd_option(c, "reply");
    enum xg_status status = XG_OK;

    *l = (struct lent){.files = {-1, -1, open_tell()}};
    if (out) /* first: a name that is taken spoils all of it */
        status = open_output(l, out, err);
    if (status == XG_OK && spec->input)
        status = open_input(&l->files[CMD_FILE_IN], c->args[spec->input], err);
    if (status == XG_OK)
        status = fill_up(l, err);
    if (status != XG_OK)
        close_lent(l);
    return status;
}

/* An output that was left empty was not made. */
enum xg_status lend_close(struct lent *l, struct xg_error *err)
{
    const char *name = XG_T("标准输出", "standard output");
    int made = l->files[CMD_FILE_OUT];
    enum xg_status status = XG_OK;
    struct stat info;

    if (l->lands && fstat(made, &info) == 0 && info.st_size > 0) {
        l->lands = false;
        l->files[CMD_FILE_OUT] = -1;
        status = xg_landing_keep(&l->landing, err);
    } else if (l->to_stdout) {
        status = rewind_file(made, name, err);
        if (status == XG_OK)
            status = copy(STDOUT_FILENO, name, made, name, err);
    }
    close_lent(l);
    return status;
}
