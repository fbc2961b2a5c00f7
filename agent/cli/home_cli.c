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

#include "shared/base/secret.h"

/* ---- passphrases ---- */

static enum xg_status secret_fd(int *fd, const struct cli *cli,
                                const char *flag, struct xg_error *err)
{
    const char *given = cli_flag(cli, flag);
    int64_t n = STDIN_FILENO;

    if (given && cli_number(&n, given, flag, 0, INT_MAX, err) != XG_OK)
        return err->status;
    *fd = (int)n;
    return XG_OK;
}

enum xg_status cli_passphrase(struct cli *cli, struct xg_buf *out,
                              const char *prompt, struct xg_error *err)
{
    int fd = STDIN_FILENO;

    if (secret_fd(&fd, cli, "passphrase-fd", err) != XG_OK)
        return err->status;
    return xg_secret_read(out, fd, prompt, err);
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
