/* secret.c - see secret.h. */
#include "shared/base/secret.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"

/* The signal that came while the echo was off; for the handler alone. */
static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
    caught = number;
}

/* One line, without its end. */
static enum xg_status read_line(struct xg_buf *out, int fd,
                                struct xg_error *err)
{
    uint8_t byte;

    for (;;) {
        ssize_t n = read(fd, &byte, 1);
        if (n < 0 && errno == EINTR && !caught)
            continue;
        if (n < 0)
            return xg_fail_os(err,
                              XG_T("读取口令（文件描述符 %d）",
                                   "reading the passphrase from "
                                   "descriptor %d"),
                              fd);
        if (n == 0 || byte == '\n')
            break;
        xg_buf_byte(out, byte);
    }
    if (out->len > 0 && out->data[out->len - 1] == '\r')
        out->len--;
    return xg_buf_check(out, err);
}

/* Room once for all, so that no copy is left behind by growing. */
static enum xg_status make_room(struct xg_buf *out, struct xg_error *err)
{
    *out = XG_BUF(XG_SECRET_MAX + 2);
    if (!xg_buf_room(out, XG_SECRET_MAX + 2))
        return xg_fail_nomem(err);
    return XG_OK;
}

/* Read a line without echo. Whatever ends us meanwhile, the echo comes back
 * first. */
static enum xg_status read_quietly(struct xg_buf *out, struct xg_error *err)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
    enum { ENDS = sizeof ends / sizeof ends[0] };
    struct sigaction own = {.sa_handler = catch_signal}, before[ENDS];
    struct termios shown, quiet;

    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return xg_fail_os(err, XG_T("终端", "the terminal"));
    quiet = shown;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ECHONL;
    for (size_t i = 0; i < ENDS; i++)
        sigaction(ends[i], &own, &before[i]);
    enum xg_status status = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0
                                ? read_line(out, STDIN_FILENO, err)
                                : xg_fail_os(err, XG_T("终端", "the terminal"));
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    for (size_t i = 0; i < ENDS; i++)
        sigaction(ends[i], &before[i], NULL);
    if (caught)
        raise((int)caught);
    return status;
}

enum xg_status xg_secret_read(struct xg_buf *out, int fd, const char *prompt,
                              struct xg_error *err)
{
    struct xg_error ignored = XG_ERROR_NONE;

    if (make_room(out, err) != XG_OK)
        return err->status;
    if (fd != STDIN_FILENO || !isatty(fd))
        return read_line(out, fd, err);
    xg_ignore(xg_os_write_all(STDERR_FILENO, "stderr", xg_bytes_of(prompt),
                              &ignored));
    return read_quietly(out, err);
}

enum xg_status xg_secret_read_new(struct xg_buf *out, int fd,
                                  const char *prompt, struct xg_error *err)
{
    struct xg_buf again = {0};

    if (xg_secret_read(out, fd, prompt, err) != XG_OK ||
        fd != STDIN_FILENO || !isatty(fd))
        return err->status;
    enum xg_status status = xg_secret_read(
        &again, fd, XG_T("再输一遍：", "Once more: "), err);
    if (status == XG_OK &&
        !xg_bytes_equal(xg_buf_bytes(out), xg_buf_bytes(&again)))
        status = xg_fail(err, XG_USAGE, "%s",
                         XG_T("两次输入不同；没有更改",
                              "the two differ; nothing was changed"));
    xg_secret_wipe(&again);
    return status;
}

/* A store that the compiler may not leave out. */
void xg_secret_wipe(struct xg_buf *secret)
{
    volatile uint8_t *at = secret->data;

    for (size_t i = 0; at && i < secret->cap; i++)
        at[i] = 0;
    xg_buf_clear(secret);
}
