/* home_cli.c - the home folder of a command, passphrases, sister programs. */
#include "agent/cli/cli.h"

#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/store/author_key.h"
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

enum xg_status cli_pin(struct cli *cli, struct xg_buf *out, const char *worker,
                       const char *prompt, bool is_new, struct xg_error *err)
{
    char asked[CLI_NAME_SIZE + 128];
    int fd = STDIN_FILENO;

    if (secret_fd(&fd, cli, "pin-fd", err) != XG_OK)
        return err->status;
    snprintf(asked, sizeof asked, "%s  %s", worker, prompt);
    return (is_new ? xg_secret_read_new : xg_secret_read)(out, fd, asked, err);
}

/* An author's key: kept by the kernel for a while, or by the PIN. */
static enum xg_status open_author(void *ctx,
                                  uint8_t secret[XG_SECRET_KEY_SIZE],
                                  const char *worker, struct xg_error *err)
{
    struct cli *cli = ctx;
    struct xg_buf pin = {0}, held = XG_BUF(VAULT_HELD_MAX);
    bool found = vault_held(cli->home.vault, &held, worker) &&
                 held.len == XG_SECRET_KEY_SIZE;

    if (found)
        memcpy(secret, held.data, XG_SECRET_KEY_SIZE);
    xg_secret_wipe(&held);
    if (found)
        return XG_OK;
    if (!cli_flag(cli, "pin-fd") && !isatty(STDIN_FILENO))
        return xg_fail(err, XG_LOCKED,
                       XG_T("%s 在本机有 PIN：在终端上运行，或用 --pin-fd，或先 "
                            "xunge pin unlock --as %s；未保存任何内容",
                            "%s has a PIN here: run it on a terminal, or with "
                            "--pin-fd, or xunge pin unlock --as %s first; "
                            "nothing was saved"),
                       worker, worker);
    enum xg_status status = cli_pin(cli, &pin, worker, XG_T("PIN：", "PIN: "),
                                    false, err);
    if (status == XG_OK)
        status = author_key_open(secret, cli->home.store, worker,
                                 xg_buf_bytes(&pin), &cli->env, err);
    xg_secret_wipe(&pin);
    return status;
}

static void let_authors_sign(struct cli *cli)
{
    const struct store_authors authors = {cli, open_author};

    store_set_authors(cli->home.store, &authors);
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
    if (!vault || home_open_unlocked(&cli->home, cli->path, vault, &cli->env,
                                     err) != XG_OK)
        return err->status;
    let_authors_sign(cli);
    return XG_OK;
}

enum xg_status cli_open(struct cli *cli, struct xg_error *err)
{
    if (cli->command.needs == CLI_NOTHING)
        return XG_OK;
    if (home_resolve(cli->path, cli_flag(cli, "home"), err) != XG_OK)
        return err->status;
    if (cli->command.needs == CLI_PATH)
        return XG_OK;
    if (home_open(&cli->home, cli->path, false, &cli->env, err) == XG_OK) {
        let_authors_sign(cli);
        return XG_OK;
    }
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
