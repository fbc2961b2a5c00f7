/* vault.c - see vault.h.
 *
 * HOME/vault, replaced as a whole:
 *
 *      "XGV1" || id (16, random) || check (32) || slot ...
 *
 *      slot  1 || W                                               key file
 *            2 || u32be passes || u32be KiB || salt (16) || W     passphrase
 *            3 || registrar (32) || sealed (96) || tag (32)       escrow
 *
 *      W     nonce (24) || XChaCha20-Poly1305 of the data key, 72 bytes in all;
 *            associated data: "XGV1" || id || the slot's bytes before W
 *
 * Kinds ascend, so each is there at most once; at least one is. The key of W
 * is HOME/vault.key (32 bytes) for 1, Argon2id 1.3 of the passphrase for 2.
 * `sealed` is crypto_box_seal of id || data key to the registrar's Ed25519 key
 * turned into a Curve25519 key. With K(n) = crypto_kdf of the data key, subkey
 * n, context "xg-vault", and B = BLAKE2b-256 keyed with K(3):
 *
 *      check = B(id)          no other data key passes for this vault's, also
 *                             not one put into the escrow slot or the keyring
 *      tag   = B(id || registrar || sealed)   damage to the escrow slot shows
 *                             while the vault can still be opened otherwise
 *
 * A sealed value is nonce (24) || XChaCha20-Poly1305 under K(1); a sealed file
 * (file.c) is a secretstream under K(2).
 *
 * HOME/vault.lock orders writers. A key file without a slot is what a kill left
 * behind (or what a running vault_clear_passphrase() has just written: hence
 * the lock); it opens nothing, and the next unlock wipes it.
 */
#define _DEFAULT_SOURCE
#include "agent/vault/vault.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/vault/slots.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

static const char KEY_FILE[] = "vault.key";

/* --- the key file -------------------------------------------------------- */

static enum xg_status key_file_read(uint8_t kek[static VAULT_KEY_SIZE],
                                    const char *home, struct xg_error *err)
{
    char path[VAULT_PATH_SIZE];
    uint8_t raw[VAULT_KEY_SIZE + 1];

    if (vault_path(path, home, KEY_FILE, err) != XG_OK)
        return err->status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return xg_fail_os(err, XG_T("无法打开密钥文件 %s",
                                    "cannot open the key file %s"), path);
    ssize_t n = read(fd, raw, sizeof raw);
    close(fd);
    if (n == VAULT_KEY_SIZE)
        memcpy(kek, raw, VAULT_KEY_SIZE);
    sodium_memzero(raw, sizeof raw);
    if (n == VAULT_KEY_SIZE)
        return XG_OK;
    return xg_fail(err, XG_CORRUPT, XG_T("密钥文件 %s 长度不对",
                                         "the key file %s has a wrong length"),
                   path);
}

/* A new random key file, durable; the key of the slot that goes with it. */
static enum xg_status key_file_write(uint8_t kek[static VAULT_KEY_SIZE],
                                     const char *home,
                                     const struct xg_env *env,
                                     struct xg_error *err)
{
    char path[VAULT_PATH_SIZE];

    if (vault_path(path, home, KEY_FILE, err) != XG_OK)
        return err->status;
    xg_random(env, kek, VAULT_KEY_SIZE);
    return xg_os_replace(path, 0600, xg_bytes(kek, VAULT_KEY_SIZE), err);
}

/* Overwrite in place: true when that is durable. */
static bool overwrite(const char *path)
{
    static const uint8_t zeros[VAULT_KEY_SIZE];
    int fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return false;
    bool done = write(fd, zeros, sizeof zeros) == (ssize_t)sizeof zeros &&
                fsync(fd) == 0;
    close(fd);
    return done;
}

/* Wipe the key file, if there is one. */
static enum xg_status key_file_wipe(const char *home, struct xg_error *err)
{
    char path[VAULT_PATH_SIZE];

    if (vault_path(path, home, KEY_FILE, err) != XG_OK)
        return err->status;
    if (!xg_os_exists(path))
        return XG_OK;
    bool overwritten = overwrite(path);
    if (unlink(path) != 0)
        return xg_fail_os(err, XG_T("无法删除密钥文件 %s，请手工删除",
                                    "cannot delete the key file %s: delete it "
                                    "by hand"), path);
    if (xg_os_sync_parent(path, err) != XG_OK)
        return err->status;
    if (overwritten)
        return XG_OK;
    return xg_fail(err, XG_IO,
                   XG_T("密钥文件 %s 已删除，但未能先覆盖其内容",
                        "the key file %s was deleted, but could not be "
                        "overwritten before"), path);
}

/* --- locking out other writers ------------------------------------------- */

static enum xg_status lock_open(int *fd, const char *home,
                                struct xg_error *err)
{
    char path[VAULT_PATH_SIZE];

    if (vault_path(path, home, "vault.lock", err) != XG_OK)
        return err->status;
    return xg_os_lock_open(fd, path, err);
}

static enum xg_status lock(int *fd, const char *home, struct xg_error *err)
{
    int opened;

    if (lock_open(&opened, home, err) != XG_OK)
        return err->status;
    if (xg_os_lock(opened, err) != XG_OK) {
        close(opened);
        return err->status;
    }
    *fd = opened;
    return XG_OK;
}

/* Wipe a key file that no slot goes with, unless a writer is at work. Nothing
 * depends on it, so a failure (a read-only disk) is let go. */
static void sweep(const char *home)
{
    char path[VAULT_PATH_SIZE];
    struct xg_error err = XG_ERROR_NONE;
    struct vault_slots s;
    int fd;

    if (vault_path(path, home, KEY_FILE, &err) != XG_OK ||
        !xg_os_exists(path) || lock_open(&fd, home, &err) != XG_OK)
        return;
    if (xg_os_try_lock(fd, &err) == XG_OK &&
        vault_slots_load(&s, home, &err) == XG_OK && !s.has_key_file)
        xg_ignore(key_file_wipe(home, &err));
    close(fd);
}

/* --- making and unlocking ------------------------------------------------ */

static enum xg_status vault_new(struct vault **out, const char *home,
                                const struct vault_slots *s,
                                const uint8_t data[static VAULT_KEY_SIZE],
                                const struct xg_env *env,
                                struct xg_error *err)
{
    uint8_t tag[VAULT_TAG_SIZE];
    struct vault *v = calloc(1, sizeof *v);

    if (!v)
        return xg_fail_nomem(err);
    v->env = env;
    v->home = strdup(home);
    v->keys = vault_keys_new(data);
    memcpy(v->id, s->id, sizeof v->id);
    if (!v->home || !v->keys) {
        vault_free(v);
        return xg_fail_nomem(err);
    }
    vault_check_tag(tag, s, v->keys);
    if (sodium_memcmp(tag, s->check, sizeof tag) != 0) {
        vault_free(v);
        return xg_fail(err, XG_CORRUPT,
                       XG_T("%s/vault 与其密钥不符，可能被改动：请从备份恢复",
                            "%s/vault does not go with its key and may have "
                            "been altered: restore it from a backup"), home);
    }
    *out = v;
    return XG_OK;
}

void vault_free(struct vault *v)
{
    if (!v)
        return;
    sodium_free(v->keys);
    free(v->home);
    free(v);
}

/* The slots of a new vault; its key file is written on the way. */
static enum xg_status create_slots(struct vault_slots *s, const char *home,
                                   const uint8_t *registrar,
                                   const struct xg_env *env,
                                   struct xg_error *err)
{
    uint8_t data[VAULT_KEY_SIZE], kek[VAULT_KEY_SIZE];

    xg_random(env, s->id, sizeof s->id);
    xg_random(env, data, sizeof data);
    struct vault_keys *keys = vault_keys_new(data);
    sodium_memzero(data, sizeof data);
    if (!keys)
        return xg_fail_nomem(err);
    vault_check_tag(s->check, s, keys);
    enum xg_status status =
        registrar ? vault_wrap_escrow(s, keys, registrar, err) : XG_OK;
    if (status == XG_OK)
        status = key_file_write(kek, home, env, err);
    if (status == XG_OK)
        vault_wrap_key_file(s, keys, kek, env);
    sodium_memzero(kek, sizeof kek);
    sodium_free(keys);
    return status;
}

enum xg_status vault_create(const char *home, const uint8_t *registrar,
                            const struct xg_env *env, struct xg_error *err)
{
    char path[VAULT_PATH_SIZE];
    struct vault_slots s = {.has_key_file = false};
    enum xg_status status;
    int fd;

    if (vault_path(path, home, "vault", err) != XG_OK ||
        lock(&fd, home, err) != XG_OK)
        return err->status;
    if (xg_os_exists(path))
        status = xg_fail(err, XG_REFUSED,
                         XG_T("%s 已存在，不能覆盖：其中的密钥丢失后，"
                              "已有资料将无法读取",
                              "%s is there already and is not overwritten: "
                              "without its key the work in this folder cannot "
                              "be read"), path);
    else
        status = create_slots(&s, home, registrar, env, err);
    if (status == XG_OK)
        status = vault_slots_store(&s, home, err);
    close(fd);
    return status;
}

static enum xg_status unlock_key_file(struct vault **out, const char *home,
                                      const struct vault_slots *s,
                                      const struct xg_env *env,
                                      struct xg_error *err)
{
    uint8_t kek[VAULT_KEY_SIZE], data[VAULT_KEY_SIZE];

    if (key_file_read(kek, home, err) != XG_OK) {
        if (err->status == XG_NOTFOUND)
            err->status = XG_CORRUPT;
        return xg_wrap(err, XG_T("请恢复该文件，或由登记员恢复本机",
                                 "restore this file, or have the registrar "
                                 "recover the device"));
    }
    bool right = vault_unwrap_key_file(data, s, kek);
    sodium_memzero(kek, sizeof kek);
    if (!right)
        return xg_fail(err, XG_CORRUPT,
                       XG_T("%s/vault 与 vault.key 不符，可能已损坏："
                            "请从备份恢复，或由登记员恢复本机",
                            "%s/vault and vault.key do not go together and "
                            "may be damaged: restore them from a backup, or "
                            "have the registrar recover the device"), home);
    enum xg_status status = vault_new(out, home, s, data, env, err);
    sodium_memzero(data, sizeof data);
    return status;
}

static enum xg_status unlock_keyring(struct vault **out, const char *home,
                                     const struct vault_slots *s,
                                     const struct xg_env *env,
                                     struct xg_error *err)
{
    uint8_t data[VAULT_KEY_SIZE];

    sweep(home);
    if (!vault_keyring_get(data, s->id))
        return xg_fail(err, XG_LOCKED,
                       XG_T("%s 已上锁：请先运行 xunge unlock 并输入口令",
                            "%s is locked: run xunge unlock and give the "
                            "passphrase first"), home);
    enum xg_status status = vault_new(out, home, s, data, env, err);
    sodium_memzero(data, sizeof data);
    return status;
}

enum xg_status vault_unlock_default(struct vault **out, const char *home,
                                    const struct xg_env *env,
                                    struct xg_error *err)
{
    struct vault_slots s;
    enum xg_status status = XG_OK;

    /* Twice: the key file may go between the two reads, when another process
     * sets a passphrase just now. */
    for (int tries = 0; tries < 2; tries++) {
        if (vault_slots_load(&s, home, err) != XG_OK)
            return err->status;
        if (!s.has_key_file)
            return unlock_keyring(out, home, &s, env, err);
        status = unlock_key_file(out, home, &s, env, err);
        if (status == XG_OK)
            break;
    }
    return status;
}

enum xg_status vault_unlock_passphrase(struct vault **out, const char *home,
                                       struct xg_bytes passphrase,
                                       const struct xg_env *env,
                                       struct xg_error *err)
{
    struct vault_slots s;
    uint8_t data[VAULT_KEY_SIZE];

    if (vault_slots_load(&s, home, err) != XG_OK)
        return err->status;
    if (!s.has_passphrase)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 没有设口令，无需解锁",
                            "%s has no passphrase and need not be unlocked"),
                       home);
    if (vault_unwrap_passphrase(data, &s, passphrase, err) != XG_OK)
        return err->status;
    enum xg_status status = vault_new(out, home, &s, data, env, err);
    sodium_memzero(data, sizeof data);
    if (status == XG_OK)
        sweep(home);
    return status;
}

enum xg_status vault_recover(struct vault **out, const char *home,
                             const uint8_t secret[static VAULT_SECRET_KEY_SIZE],
                             const struct xg_env *env, struct xg_error *err)
{
    struct vault_slots s;
    uint8_t data[VAULT_KEY_SIZE];

    if (vault_slots_load(&s, home, err) != XG_OK)
        return err->status;
    if (!s.has_escrow)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("%s 没有登记员恢复槽，只能用口令解锁",
                            "%s has no slot for a registrar: only the "
                            "passphrase opens it"), home);
    if (!vault_unwrap_escrow(data, &s, secret))
        return xg_fail(err, XG_AUTH,
                       XG_T("该登记员密钥打不开 %s：请换用本机入网时的登记员密钥",
                            "this registrar's key does not open %s: use that "
                            "of the registrar who enrolled the device"), home);
    enum xg_status status = vault_new(out, home, &s, data, env, err);
    sodium_memzero(data, sizeof data);
    return status;
}

enum xg_status vault_state(struct vault_state *out, const char *home,
                           struct xg_error *err)
{
    struct vault_slots s;
    uint8_t data[VAULT_KEY_SIZE];

    if (vault_slots_load(&s, home, err) != XG_OK)
        return err->status;
    *out = (struct vault_state){s.has_key_file, s.has_passphrase, s.has_escrow,
                                vault_keyring_get(data, s.id)};
    sodium_memzero(data, sizeof data);
    return XG_OK;
}

/* --- changing slots ------------------------------------------------------ */

/* The slots as they are now, under the lock; still those of this vault. */
static enum xg_status begin(const struct vault *v, struct vault_slots *s,
                            int *fd, struct xg_error *err)
{
    uint8_t tag[VAULT_TAG_SIZE];
    int opened;

    if (lock(&opened, v->home, err) != XG_OK)
        return err->status;
    if (vault_slots_load(s, v->home, err) != XG_OK)
        goto failed;
    vault_check_tag(tag, s, v->keys);
    if (memcmp(s->id, v->id, sizeof s->id) != 0 ||
        sodium_memcmp(tag, s->check, sizeof tag) != 0) {
        xg_ignore(xg_fail(err, XG_CORRUPT,
                          XG_T("%s/vault 已被换成另一个密钥库",
                               "%s/vault was replaced by another vault"),
                          v->home));
        goto failed;
    }
    *fd = opened;
    return XG_OK;
failed:
    close(opened);
    return err->status;
}

static enum xg_status check_passphrase(struct xg_bytes passphrase,
                                       struct xg_error *err)
{
    if (passphrase.len >= VAULT_PASSPHRASE_MIN &&
        passphrase.len <= VAULT_PASSPHRASE_MAX)
        return XG_OK;
    return xg_fail(err, XG_USAGE,
                   XG_T("口令应为 %d 到 %d 个字节（一个汉字为三个）",
                        "a passphrase has %d to %d bytes"),
                   VAULT_PASSPHRASE_MIN, VAULT_PASSPHRASE_MAX);
}

enum xg_status vault_set_passphrase(struct vault *v, struct xg_bytes passphrase,
                                    struct xg_error *err)
{
    struct vault_slots s;
    enum xg_status status;
    int fd;

    if (check_passphrase(passphrase, err) != XG_OK ||
        begin(v, &s, &fd, err) != XG_OK)
        return err->status;
    status = vault_wrap_passphrase(&s, v->keys, passphrase, v->env, err);
    s.has_key_file = false;
    if (status == XG_OK)
        status = vault_slots_store(&s, v->home, err);
    if (status == XG_OK && key_file_wipe(v->home, err) != XG_OK)
        status = xg_wrap(err, XG_T("口令已设置", "the passphrase is set"));
    close(fd);
    return status;
}

enum xg_status vault_clear_passphrase(struct vault *v, struct xg_error *err)
{
    struct vault_slots s;
    uint8_t kek[VAULT_KEY_SIZE];
    enum xg_status status;
    int fd;

    if (begin(v, &s, &fd, err) != XG_OK)
        return err->status;
    status = key_file_write(kek, v->home, v->env, err);
    if (status == XG_OK) {
        vault_wrap_key_file(&s, v->keys, kek, v->env);
        s.has_passphrase = false;
        status = vault_slots_store(&s, v->home, err);
    }
    sodium_memzero(kek, sizeof kek);
    close(fd);
    if (status == XG_OK)
        vault_keyring_remove(v->id);
    return status;
}

enum xg_status
vault_set_escrow(struct vault *v,
                 const uint8_t registrar[static VAULT_PUBLIC_KEY_SIZE],
                 struct xg_error *err)
{
    struct vault_slots s;
    enum xg_status status;
    int fd;

    if (begin(v, &s, &fd, err) != XG_OK)
        return err->status;
    status = vault_wrap_escrow(&s, v->keys, registrar, err);
    if (status == XG_OK)
        status = vault_slots_store(&s, v->home, err);
    close(fd);
    return status;
}

enum xg_status
vault_check_escrow(const struct vault *v,
                   const uint8_t registrar[static VAULT_PUBLIC_KEY_SIZE],
                   struct xg_error *err)
{
    struct vault_slots s;
    uint8_t tag[VAULT_TAG_SIZE];

    if (vault_slots_load(&s, v->home, err) != XG_OK)
        return err->status;
    if (!s.has_escrow)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("%s 没有登记员恢复槽", "%s has no slot for a "
                            "registrar"), v->home);
    vault_escrow_tag(tag, &s, v->keys);
    if (sodium_memcmp(tag, s.escrow.tag, sizeof tag) != 0)
        return xg_fail(err, XG_CORRUPT,
                       XG_T("%s/vault 的登记员恢复槽已损坏",
                            "the registrar's slot in %s/vault is damaged"),
                       v->home);
    if (memcmp(s.escrow.registrar, registrar, VAULT_PUBLIC_KEY_SIZE) == 0)
        return XG_OK;
    return xg_fail(err, XG_AUTH,
                   XG_T("%s 的恢复槽属于另一位登记员",
                        "the slot in %s is for another registrar"), v->home);
}

enum xg_status vault_lock(const char *home, struct xg_error *err)
{
    struct vault_slots s;

    if (vault_slots_load(&s, home, err) != XG_OK)
        return err->status;
    if (!s.has_passphrase)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 没有设口令，无法上锁：请先运行 xunge passphrase",
                            "%s has no passphrase to lock with: run xunge "
                            "passphrase first"), home);
    vault_keyring_remove(s.id);
    return XG_OK;
}

/* --- values -------------------------------------------------------------- */

void vault_seal(const struct vault *v, struct xg_buf *out,
                struct xg_bytes context, struct xg_bytes plain)
{
    const size_t nonce_len = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
    uint8_t *at = xg_buf_room(out, plain.len + VAULT_OVERHEAD);

    if (!at)
        return;
    xg_random(v->env, at, nonce_len);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        at + nonce_len, NULL, plain.at, plain.len, context.at, context.len,
        NULL, at, v->keys->blob);
    out->len += plain.len + VAULT_OVERHEAD;
}

enum xg_status vault_open(const struct vault *v, struct xg_buf *out,
                          struct xg_bytes context, struct xg_bytes sealed,
                          struct xg_error *err)
{
    const size_t nonce_len = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;

    if (sealed.len >= VAULT_OVERHEAD) {
        size_t len = sealed.len - VAULT_OVERHEAD;
        uint8_t *at = xg_buf_room(out, len);
        if (!at)
            return xg_buf_check(out, err);
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(
                at, NULL, NULL, sealed.at + nonce_len, sealed.len - nonce_len,
                context.at, context.len, sealed.at, v->keys->blob) == 0) {
            out->len += len;
            at[len] = '\0'; /* a text may be used as one */
            return XG_OK;
        }
    }
    return xg_fail(err, XG_CORRUPT,
                   XG_T("密文校验失败：已损坏、被改动，或不属于此处",
                        "sealed data does not open: it is damaged, altered, "
                        "or belongs elsewhere"));
}
