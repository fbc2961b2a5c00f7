/* home_cli.c - the home folder of a command, passphrases, sister programs. */
#include "agent/cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "shared/base/os.h"

/* ---- passphrases ---- */

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
    *out = XG_BUF(VAULT_PASSPHRASE_MAX + 2);
    if (!xg_buf_room(out, VAULT_PASSPHRASE_MAX + 2))
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

enum xg_status cli_passphrase(struct cli *cli, struct xg_buf *out,
                              const char *prompt, struct xg_error *err)
{
    const char *descriptor = cli_flag(cli, "passphrase-fd");
    int64_t fd = STDIN_FILENO;

    if (descriptor && cli_number(&fd, descriptor, "--passphrase-fd", 0, INT_MAX,
                                 err) != XG_OK)
        return err->status;
    if (make_room(out, err) != XG_OK)
        return err->status;
    if (!descriptor && isatty(STDIN_FILENO)) {
        struct xg_error ignored = XG_ERROR_NONE;
        xg_ignore(xg_os_write_all(STDERR_FILENO, "stderr", xg_bytes_of(prompt),
                                  &ignored));
        return read_quietly(out, err);
    }
    return read_line(out, (int)fd, err);
}

/* ---- the home ---- */

/* A locked home: with a passphrase at hand, go on for this process. */
static enum xg_status open_locked(struct cli *cli, struct xg_error *err)
{
    struct vault *vault = NULL;
    struct xg_buf passphrase = {0};

    *err = XG_ERROR_NONE;
    if (cli_passphrase(cli, &passphrase, XG_T("口令：", "Passphrase: "), err) ==
        XG_OK)
        xg_ignore(vault_unlock_passphrase(
            &vault, cli->path, xg_buf_bytes(&passphrase), &cli->env, err));
    if (passphrase.data)
        sodium_memzero(passphrase.data, passphrase.cap);
    xg_buf_clear(&passphrase);
    if (!vault)
        return err->status;
    return home_open_unlocked(&cli->home, cli->path, vault, &cli->env, err);
}

enum xg_status cli_open(struct cli *cli, struct xg_error *err)
{
    if (cli->command.needs == CLI_NOTHING)
        return XG_OK;
    if (home_resolve(cli->path, cli_flag(cli, "home"), err) != XG_OK)
        return err->status;
    if (cli->command.needs == CLI_PATH)
        return XG_OK;
    if (home_open(&cli->home, cli->path, false, &cli->env, err) == XG_OK)
        return XG_OK;
    if (err->status == XG_LOCKED &&
        (cli_flag(cli, "passphrase-fd") || isatty(STDIN_FILENO)))
        return open_locked(cli, err);
    return err->status;
}

/* ---- sister programs ---- */

static bool try_program(char path[static HOME_PATH_SIZE], const char *folder,
                        const char *between, const char *program)
{
    int len =
        snprintf(path, HOME_PATH_SIZE, "%s/%s%s", folder, between, program);

    return len > 0 && len < HOME_PATH_SIZE && access(path, X_OK) == 0;
}

enum xg_status cli_program(char path[static HOME_PATH_SIZE],
                           const char *program, struct xg_error *err)
{
    char self[HOME_PATH_SIZE];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);

    if (len <= 0)
        return xg_fail_os(err, "/proc/self/exe");
    self[len] = '\0';
    char *slash = strrchr(self, '/');
    if (slash)
        *slash = '\0';
    if (try_program(path, self, "", program) ||
        try_program(path, self, "../libexec/xunge/", program))
        return XG_OK;
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("找不到程序 %s（应与 xunge 放在同一目录 %s）；"
                        "请重新安装",
                        "the program %s is not there (it belongs beside "
                        "xunge, in %s); install the package again"),
                   program, self);
}

const char *cli_helper(char path[static HOME_PATH_SIZE], const char *program)
{
    struct xg_error ignored = XG_ERROR_NONE;

    return cli_program(path, program, &ignored) == XG_OK ? path : NULL;
}

enum xg_status cli_exec(struct cli *cli, const char *program,
                        char *const argv[], struct xg_error *err)
{
    char path[HOME_PATH_SIZE];

    if (cli_program(path, program, err) != XG_OK ||
        cli_flush(cli, err) != XG_OK)
        return err->status;
    home_close(&cli->home);
    execv(path, argv);
    return xg_fail_os(err, XG_T("启动 %s", "starting %s"), path);
}
