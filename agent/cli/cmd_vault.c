/* cmd_vault.c - passphrase, unlock, lock: how the home is protected. */
#include "agent/cli/cli.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "shared/base/os.h"
#include "shared/core/note.h"

enum { HOLD_DEFAULT_MIN = 480 };

static void wipe(struct xg_buf *passphrase)
{
    if (passphrase->data)
        sodium_memzero(passphrase->data, passphrase->cap);
    xg_buf_clear(passphrase);
}

/* Unlock, asking for the passphrase where it is needed. */
static enum xg_status open_vault(struct cli *cli, struct vault **vault,
                                 struct xg_error *err)
{
    struct xg_buf old = {0};

    if (vault_unlock_default(vault, cli->path, &cli->env, err) == XG_OK)
        return XG_OK;
    if (err->status != XG_LOCKED)
        return err->status;
    *err = XG_ERROR_NONE;
    enum xg_status status = cli_passphrase(
        cli, &old, XG_T("现在的口令：", "Present passphrase: "), err);
    if (status == XG_OK)
        status = vault_unlock_passphrase(vault, cli->path, xg_buf_bytes(&old),
                                         &cli->env, err);
    wipe(&old);
    return status;
}

static enum xg_status done_json(struct cli *cli, const char *state,
                                struct xg_error *err)
{
    return cli->json
               ? cli_put_json(cli, json_pack("{s:s}", "vault", state), err)
               : XG_OK;
}

/* On a terminal nobody sees what was typed: twice, and the same. */
static enum xg_status ask_new(struct cli *cli, struct xg_buf *passphrase,
                              struct xg_error *err)
{
    struct xg_buf again = {0};
    bool terminal = !cli_flag(cli, "passphrase-fd") && isatty(STDIN_FILENO);

    if (cli_passphrase(cli, passphrase, XG_T("新口令：", "New passphrase: "),
                       err) != XG_OK ||
        !terminal)
        return err->status;
    enum xg_status status =
        cli_passphrase(cli, &again, XG_T("再输一遍：", "Once more: "), err);
    if (status == XG_OK &&
        !xg_bytes_equal(xg_buf_bytes(passphrase), xg_buf_bytes(&again)))
        status = xg_fail(err, XG_USAGE,
                         XG_T("两次输入不同；口令没有更改",
                              "the two differ; the passphrase was not "
                              "changed"));
    wipe(&again);
    return status;
}

enum xg_status cmd_passphrase_set(struct cli *cli, struct xg_error *err)
{
    struct vault *vault = NULL;
    struct xg_buf passphrase = {0};
    struct vault_state before;

    if (vault_state(&before, cli->path, err) != XG_OK ||
        open_vault(cli, &vault, err) != XG_OK)
        return err->status;
    enum xg_status status = ask_new(cli, &passphrase, err);
    if (status == XG_OK)
        status = vault_set_passphrase(vault, xg_buf_bytes(&passphrase), err);
    wipe(&passphrase);
    vault_free(vault);
    if (status != XG_OK)
        return status;
    cli_say(cli, "%s",
            before.passphrase
                ? XG_T("口令已更改。", "The passphrase is changed.")
                : XG_T("口令已设置。现在已上锁；xunge unlock 解锁一段时间。",
                       "The passphrase is set. The home is locked now; xunge "
                       "unlock opens it for a while."));
    if (!before.passphrase)
        cli_say(cli, "%s",
                before.escrow
                    ? XG_T("忘记口令时，登记员可以用其密钥恢复。",
                           "If it is forgotten, the registrar can recover "
                           "the home with their key.")
                    : XG_T("注意：登记员没有打开它的钥匙，忘记口令就无法恢复。",
                           "Mind: the registrar has no way into this home, so "
                           "a forgotten passphrase cannot be recovered."));
    return done_json(cli, "passphrase", err);
}

enum xg_status cmd_passphrase_clear(struct cli *cli, struct xg_error *err)
{
    struct vault *vault = NULL;

    if (open_vault(cli, &vault, err) != XG_OK)
        return err->status;
    enum xg_status status = vault_clear_passphrase(vault, err);
    vault_free(vault);
    if (status != XG_OK)
        return status;
    cli_say(cli, "%s",
            XG_T("口令已取消；密钥在 vault.key 中，拿到磁盘的人能读到记录。",
                 "No passphrase any more; the key lies in vault.key, and "
                 "whoever holds the disk can read the records."));
    return done_json(cli, "key-file", err);
}

/* ---- a forgotten passphrase ---- */

enum { SEED_SIZE = 32, KEY_FILE_MAX = 512 };

/* "XGKEY1 NAME BASE64(seed)", as xunge-server writes it. */
static bool parse_registrar(struct xg_signer *out, struct xg_bytes text)
{
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_bytes line, magic, name, key;
    char named[XG_KEY_NAME_MAX + 1];
    uint8_t seed[SEED_SIZE];

    if (!xg_line(&text, &line) || text.len || !xg_word(&line, &magic) ||
        !xg_word(&line, &name) || !xg_word(&line, &key) || line.len ||
        !xg_bytes_equal(magic, xg_bytes_of("XGKEY1")) ||
        name.len > XG_KEY_NAME_MAX ||
        !xg_unbase64_exact(seed, sizeof seed, (const char *)key.at, key.len))
        return false;
    memcpy(named, name.at, name.len);
    named[name.len] = '\0';
    bool good =
        xg_signer_init(out, named, XG_SIG_ED25519, seed, &ignored) == XG_OK;
    sodium_memzero(seed, sizeof seed);
    return good;
}

static enum xg_status read_registrar(struct xg_signer *out, const char *path,
                                     struct xg_error *err)
{
    struct xg_buf text = XG_BUF(KEY_FILE_MAX);
    enum xg_status status = xg_os_read(&text, path, err);

    if (status == XG_OK && !parse_registrar(out, xg_buf_bytes(&text)))
        status = xg_fail(err, XG_FORMAT,
                         XG_T("%s 不是登记员的密钥文件",
                              "%s is no registrar's key file"),
                         path);
    wipe(&text);
    return status;
}

enum xg_status cmd_passphrase_recover(struct cli *cli, struct xg_error *err)
{
    const char *path = cli_flag(cli, "registrar-key");
    struct vault *vault = NULL;
    struct xg_buf passphrase = {0};
    struct xg_signer registrar = {0};

    if (!path)
        return xg_fail(err, XG_USAGE,
                       XG_T("需要登记员的密钥：--registrar-key 文件",
                            "the registrar's key is needed: --registrar-key "
                            "FILE"));
    enum xg_status status = read_registrar(&registrar, path, err);
    if (status == XG_OK)
        status = vault_recover(&vault, cli->path, registrar.secret, &cli->env,
                               err);
    sodium_memzero(&registrar, sizeof registrar);
    if (status == XG_OK)
        status = ask_new(cli, &passphrase, err);
    if (status == XG_OK)
        status = vault_set_passphrase(vault, xg_buf_bytes(&passphrase), err);
    wipe(&passphrase);
    vault_free(vault);
    if (status != XG_OK)
        return status;
    cli_say(cli, "%s",
            XG_T("已设新口令；原来的口令作废，资料都在。",
                 "A new passphrase is set; the old one is void, all work is "
                 "there."));
    return done_json(cli, "passphrase", err);
}

enum xg_status cmd_unlock(struct cli *cli, struct xg_error *err)
{
    const char *minutes = cli_flag(cli, "for");
    int64_t hold_min = HOLD_DEFAULT_MIN;
    struct vault *vault = NULL;
    struct xg_buf passphrase = {0};
    struct vault_state state;

    if (minutes && cli_number(&hold_min, minutes, "--for", 1,
                              VAULT_HOLD_MAX_S / 60, err) != XG_OK)
        return err->status;
    if (vault_state(&state, cli->path, err) != XG_OK)
        return err->status;
    if (!state.passphrase) {
        cli_say(cli, "%s",
                XG_T("没有设置口令，不用解锁。",
                     "No passphrase is set: nothing to unlock."));
        return done_json(cli, "key-file", err);
    }
    enum xg_status status =
        cli_passphrase(cli, &passphrase, XG_T("口令：", "Passphrase: "), err);
    if (status == XG_OK)
        status = vault_unlock_passphrase(
            &vault, cli->path, xg_buf_bytes(&passphrase), &cli->env, err);
    wipe(&passphrase);
    if (status == XG_OK)
        status = vault_keyring_put(vault, (uint32_t)hold_min * 60, err);
    vault_free(vault);
    if (status != XG_OK)
        return status;
    cli_say(cli, XG_T("已解锁 %lld 分钟。", "Unlocked for %lld min."),
            (long long)hold_min);
    return done_json(cli, "unlocked", err);
}

enum xg_status cmd_lock(struct cli *cli, struct xg_error *err)
{
    if (vault_lock(cli->path, err) != XG_OK)
        return err->status;
    cli_say(cli, "%s", XG_T("已上锁。", "Locked."));
    return done_json(cli, "locked", err);
}
