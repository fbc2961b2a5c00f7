/* cmd_pin.c - pin set, change, remove, list, unlock, lock: a worker's own key
 * on a device that several people use (agent/store/author_key.h). */
#include "agent/cli/cli.h"

#include <sodium.h>
#include <string.h>

#include "agent/store/author_key.h"
#include "shared/base/secret.h"

enum { HOLD_DEFAULT_MIN = 60 };

/* Whose: --as, or the owner. */
static enum xg_status whose(char worker[static XG_CODE_MAX + 1],
                            struct cli *cli, struct xg_error *err)
{
    const char *as = cli_flag(cli, "as");
    struct store_identity id;

    if (store_get_identity(cli->home.store, &id, err) != XG_OK)
        return err->status;
    if (as && strlen(as) > XG_AUTHOR_MAX)
        return xg_fail(err, XG_USAGE,
                       XG_T("工号太长：%s", "a worker's code is not so long: "
                                            "%s"),
                       as);
    if (as)
        memcpy(worker, as, strlen(as) + 1);
    else
        memcpy(worker, id.worker, sizeof id.worker);
    if (*worker)
        return XG_OK;
    return xg_fail(err, XG_REFUSED, "%s",
                   XG_T("本机还没有加入；请先运行 xunge enrol 入网码",
                        "this device has not joined yet; run: xunge enrol "
                        "CODE"));
}

static enum xg_status need_key(struct author_key *key, struct cli *cli,
                               const char *worker, struct xg_error *err)
{
    bool found;

    if (author_key_find(cli->home.store, key, &found, worker, err) != XG_OK)
        return err->status;
    if (!found)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("%s 在本机没有 PIN；xunge pin set 设置",
                            "%s has no PIN here; xunge pin set"),
                       worker);
    return XG_OK;
}

static enum xg_status done_json(struct cli *cli, const char *worker,
                                const char *pin, struct xg_error *err)
{
    return cli->json ? cli_put_json(cli,
                                    json_pack("{s:s, s:s}", "worker", worker,
                                              "pin", pin),
                                    err)
                     : XG_OK;
}

/* ---- what is there ---- */

static enum xg_status put_key(struct cli *cli, const char *worker,
                              struct xg_error *err)
{
    char fingerprint[XG_FINGERPRINT_SIZE], text[XG_BASE64_SIZE(32)];
    struct xg_buf held = XG_BUF(VAULT_HELD_MAX);
    bool registered = false, other = false;
    struct author_key key;

    if (need_key(&key, cli, worker, err) != XG_OK ||
        author_key_standing(cli->home.store, &registered, &other, &key, worker,
                            INT64_MAX, err) != XG_OK)
        return err->status;
    bool open = vault_held(cli->home.vault, &held, worker);
    xg_secret_wipe(&held);
    const uint8_t *public = xg_wrapped_public(&key.wrapped);
    xg_key_fingerprint(fingerprint, public);
    xg_base64(text, sizeof text, public, XG_PUBLIC_KEY_SIZE);
    if (cli->json)
        return cli_put_json(
            cli,
            json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:I}", "worker", worker,
                      "fingerprint", fingerprint, "key", text, "registered",
                      registered, "other_registered", other, "unlocked", open,
                      "wrong", (json_int_t)key.wrong),
            err);
    xg_buf_format(&cli->out, "%s  %s  %s%s\n", worker, fingerprint,
                  registered ? XG_T("已登记：签名算已证实",
                                    "registered: what it signs is proven")
                  : other ? XG_T("登记的是另一把，本机的不签名：请管理员 "
                                 "worker key",
                                 "another one is registered, so this signs "
                                 "nothing: ask for worker key")
                          : XG_T("未登记：先算设备声称，把指纹报给管理员",
                                 "not registered yet: claimed for now; tell "
                                 "the operator the fingerprint"),
                  open ? XG_T("，已解锁", ", unlocked") : "");
    return XG_OK;
}

enum xg_status cmd_pin_list(struct cli *cli, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    const char **workers;
    size_t count = 0;
    enum xg_status status =
        author_key_list(cli->home.store, &arena, &workers, &count, err);

    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = put_key(cli, workers[i], err);
    if (status == XG_OK && count == 0)
        cli_say(cli, "%s", XG_T("本机没有人设 PIN。",
                                "Nobody has a PIN here."));
    xg_arena_clear(&arena);
    return status;
}

/* ---- changing it ---- */

enum xg_status cmd_pin_set(struct cli *cli, struct xg_error *err)
{
    char worker[XG_CODE_MAX + 1];
    struct xg_buf pin = {0};
    bool json = cli->json;

    if (whose(worker, cli, err) != XG_OK)
        return err->status;
    enum xg_status status =
        cli_pin(cli, &pin, worker, XG_T("新 PIN：", "New PIN: "), true, err);
    if (status == XG_OK)
        status = author_key_set(cli->home.store, worker, xg_buf_bytes(&pin),
                                &cli->env, err);
    xg_secret_wipe(&pin);
    if (status != XG_OK)
        return status;
    cli->saved = true;
    if (!json)
        cli_say(cli, "%s",
                XG_T("已设 PIN。同步后请管理员核对指纹并登记。",
                     "The PIN is set. After a sync, have the operator compare "
                     "the fingerprint and register it."));
    return put_key(cli, worker, err);
}

enum xg_status cmd_pin_change(struct cli *cli, struct xg_error *err)
{
    char worker[XG_CODE_MAX + 1];
    struct xg_buf old = {0}, new = {0};
    struct author_key key;

    if (whose(worker, cli, err) != XG_OK ||
        need_key(&key, cli, worker, err) != XG_OK)
        return err->status;
    enum xg_status status = cli_pin(
        cli, &old, worker, XG_T("现在的 PIN：", "Present PIN: "), false, err);
    if (status == XG_OK)
        status = cli_pin(cli, &new, worker, XG_T("新 PIN：", "New PIN: "), true,
                         err);
    if (status == XG_OK)
        status =
            author_key_change(cli->home.store, worker, xg_buf_bytes(&old),
                              xg_buf_bytes(&new), &cli->env, err);
    xg_secret_wipe(&old);
    xg_secret_wipe(&new);
    if (status != XG_OK)
        return status;
    cli_say(cli, "%s", XG_T("PIN 已更改，钥匙不变。",
                            "The PIN is changed; the key is the same."));
    return done_json(cli, worker, "changed", err);
}

/* The PIN's holder is at hand, or it is forgotten. */
static enum xg_status confirm(struct cli *cli, const char *worker,
                              struct xg_error *err)
{
    uint8_t secret[XG_SECRET_KEY_SIZE];
    struct xg_buf pin = {0};

    if (cli_flag(cli, "forgotten"))
        return XG_OK;
    enum xg_status status =
        cli_pin(cli, &pin, worker, XG_T("PIN：", "PIN: "), false, err);
    if (status == XG_OK)
        status = author_key_open(secret, cli->home.store, worker,
                                 xg_buf_bytes(&pin), &cli->env, err);
    sodium_memzero(secret, sizeof secret);
    xg_secret_wipe(&pin);
    return status;
}

enum xg_status cmd_pin_remove(struct cli *cli, struct xg_error *err)
{
    char worker[XG_CODE_MAX + 1];
    struct author_key key;

    if (whose(worker, cli, err) != XG_OK ||
        need_key(&key, cli, worker, err) != XG_OK ||
        confirm(cli, worker, err) != XG_OK ||
        author_key_remove(cli->home.store, worker, err) != XG_OK)
        return err->status;
    vault_unhold(cli->home.vault, worker);
    cli_say(cli, "%s",
            XG_T("已删除；以后记录不签名。请管理员作废登记的公钥：worker key "
                 "--none。",
                 "Gone: nothing is signed any more. Have the operator take the "
                 "registered key away: worker key --none."));
    return done_json(cli, worker, "none", err);
}

/* ---- for a while ---- */

enum xg_status cmd_pin_unlock(struct cli *cli, struct xg_error *err)
{
    const char *minutes = cli_flag(cli, "for");
    int64_t hold_min = HOLD_DEFAULT_MIN;
    uint8_t secret[XG_SECRET_KEY_SIZE];
    char worker[XG_CODE_MAX + 1];
    struct xg_buf pin = {0};
    struct author_key key;

    if ((minutes && cli_number(&hold_min, minutes, "--for", 1,
                               VAULT_HOLD_MAX_S / 60, err) != XG_OK) ||
        whose(worker, cli, err) != XG_OK ||
        need_key(&key, cli, worker, err) != XG_OK)
        return err->status;
    enum xg_status status =
        cli_pin(cli, &pin, worker, XG_T("PIN：", "PIN: "), false, err);
    if (status == XG_OK)
        status = author_key_open(secret, cli->home.store, worker,
                                 xg_buf_bytes(&pin), &cli->env, err);
    xg_secret_wipe(&pin);
    if (status == XG_OK)
        status = vault_hold(cli->home.vault, worker,
                            xg_bytes(secret, sizeof secret),
                            (uint32_t)hold_min * 60, err);
    sodium_memzero(secret, sizeof secret);
    if (status != XG_OK)
        return status;
    cli_say(cli, XG_T("%s 已解锁 %lld 分钟。", "%s: unlocked for %lld min."),
            worker, (long long)hold_min);
    return done_json(cli, worker, "unlocked", err);
}

enum xg_status cmd_pin_lock(struct cli *cli, struct xg_error *err)
{
    char worker[XG_CODE_MAX + 1];

    if (whose(worker, cli, err) != XG_OK)
        return err->status;
    vault_unhold(cli->home.vault, worker);
    cli_say(cli, XG_T("%s 已上锁。", "%s: locked."), worker);
    return done_json(cli, worker, "locked", err);
}
