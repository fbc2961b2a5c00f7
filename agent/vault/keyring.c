/* keyring.c - the unlocked key in the kernel's keyring, for a while.
 *
 * One key of type "user" in the user's keyring (@u), named after the vault's
 * random id, holding id || data key. It is made in the keyring of this process,
 * given its time limit and its permissions there, and only then linked into
 * @u: a kill in between leaves nothing that lives on without a limit.
 *
 * Permissions: the possessor, and processes of the same uid (a session that
 * was started by a service manager often does not possess @u); no group, no
 * others. The kernel counts the limit in wall-clock seconds.
 */
#define _DEFAULT_SOURCE
#include "agent/vault/slots.h"

#include <errno.h>
#include <keyutils.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/lang.h"

enum {
    NAME_SIZE = 192,
    HELD_NAME_MAX = 120,
    PAYLOAD_SIZE = VAULT_ID_SIZE + VAULT_KEY_SIZE,
};

static void key_name(char name[static NAME_SIZE],
                     const uint8_t id[static VAULT_ID_SIZE])
{
    char hex[2 * VAULT_ID_SIZE + 1];

    xg_hex(hex, id, VAULT_ID_SIZE);
    snprintf(name, NAME_SIZE, "xunge:vault:%s", hex);
}

static bool put(const char *name, const uint8_t *payload, size_t size,
                uint32_t hold_s)
{
    const key_perm_t permissions = KEY_POS_ALL | KEY_USR_VIEW | KEY_USR_READ |
                                   KEY_USR_SEARCH | KEY_USR_SETATTR;
    key_serial_t key = add_key("user", name, payload, size,
                               KEY_SPEC_PROCESS_KEYRING);

    if (key < 0)
        return false;
    bool done = keyctl_setperm(key, permissions) == 0 &&
                keyctl_set_timeout(key, hold_s) == 0 &&
                keyctl_link(key, KEY_SPEC_USER_KEYRING) == 0;
    int cause = errno;
    keyctl_unlink(key, KEY_SPEC_PROCESS_KEYRING);
    errno = cause;
    return done;
}

static enum xg_status check_hold(uint32_t hold_s, struct xg_error *err)
{
    if (hold_s >= 1 && hold_s <= VAULT_HOLD_MAX_S)
        return XG_OK;
    return xg_fail(err, XG_USAGE,
                   XG_T("解锁时长应在 1 秒到 %d 小时之间",
                        "an unlock lasts from 1 second to %d hours"),
                   VAULT_HOLD_MAX_S / 3600);
}

static enum xg_status refuse(int cause, const char *secret_zh,
                             const char *secret_en, struct xg_error *err)
{
    xg_ignore(xg_fail(
        err, XG_REFUSED,
        XG_T("本机内核密钥环不可用（%s），解锁只对当前这一条命令有效；"
             "之后的命令仍需%s",
             "the kernel's keyring cannot be used here (%s), so unlocking "
             "lasts for this one command only; the next needs the %s again"),
        strerror(cause ? cause : ENOKEY), XG_T(secret_zh, secret_en)));
    err->os_errno = cause;
    return err->status;
}

enum xg_status vault_keyring_put(const struct vault *v, uint32_t hold_s,
                                 struct xg_error *err)
{
    char name[NAME_SIZE];
    uint8_t payload[PAYLOAD_SIZE], back[VAULT_KEY_SIZE];

    if (check_hold(hold_s, err) != XG_OK)
        return err->status;
    key_name(name, v->id);
    memcpy(payload, v->id, VAULT_ID_SIZE);
    memcpy(payload + VAULT_ID_SIZE, v->keys->data, VAULT_KEY_SIZE);
    errno = 0;
    /* A kernel that accepts a key and does not find it again (a filter that
     * fakes success, a namespace) is as good as none. */
    bool held = put(name, payload, sizeof payload, hold_s) &&
                vault_keyring_get(back, v->id);
    int cause = errno;
    sodium_memzero(payload, sizeof payload);
    sodium_memzero(back, sizeof back);
    return held ? XG_OK : refuse(cause, "口令", "passphrase", err);
}

bool vault_keyring_get(uint8_t data[static VAULT_KEY_SIZE],
                       const uint8_t id[static VAULT_ID_SIZE])
{
    char name[NAME_SIZE];
    uint8_t payload[PAYLOAD_SIZE + 1];

    key_name(name, id);
    long key = keyctl_search(KEY_SPEC_USER_KEYRING, "user", name, 0);
    if (key < 0)
        return false;
    long n = keyctl_read((key_serial_t)key, (char *)payload, sizeof payload);
    bool found = n == PAYLOAD_SIZE && memcmp(payload, id, VAULT_ID_SIZE) == 0;
    if (found)
        memcpy(data, payload + VAULT_ID_SIZE, VAULT_KEY_SIZE);
    sodium_memzero(payload, sizeof payload);
    return found;
}

static void remove_named(const char *name)
{
    for (int tries = 0; tries < 8; tries++) {
        long key = keyctl_search(KEY_SPEC_USER_KEYRING, "user", name, 0);
        if (key < 0)
            return;
        keyctl_unlink((key_serial_t)key, KEY_SPEC_USER_KEYRING);
        keyctl_revoke((key_serial_t)key);
    }
}

void vault_keyring_remove(const uint8_t id[static VAULT_ID_SIZE])
{
    char name[NAME_SIZE];

    key_name(name, id);
    remove_named(name);
}

/* ---- secrets of those who share the home ---- */

static void held_name(char name[static NAME_SIZE], const struct vault *v,
                      const char *of)
{
    char hex[2 * VAULT_ID_SIZE + 1];

    xg_hex(hex, v->id, VAULT_ID_SIZE);
    snprintf(name, NAME_SIZE, "xunge:held:%s:%.*s", hex, HELD_NAME_MAX, of);
}

enum xg_status vault_hold(const struct vault *v, const char *of,
                          struct xg_bytes secret, uint32_t hold_s,
                          struct xg_error *err)
{
    struct xg_buf sealed = XG_BUF(VAULT_HELD_MAX + VAULT_OVERHEAD);
    struct xg_buf back = XG_BUF(VAULT_HELD_MAX);
    char name[NAME_SIZE];

    if (check_hold(hold_s, err) != XG_OK)
        return err->status;
    held_name(name, v, of);
    vault_seal(v, &sealed, xg_bytes_of(name), secret);
    enum xg_status status = xg_buf_check(&sealed, err);
    errno = 0;
    if (status == XG_OK && !(put(name, sealed.data, sealed.len, hold_s) &&
                             vault_held(v, &back, of)))
        status = refuse(errno, " PIN", "PIN", err);
    if (back.data)
        sodium_memzero(back.data, back.cap);
    xg_buf_clear(&back);
    xg_buf_clear(&sealed);
    return status;
}

bool vault_held(const struct vault *v, struct xg_buf *out, const char *of)
{
    uint8_t sealed[VAULT_HELD_MAX + VAULT_OVERHEAD];
    struct xg_error ignored = XG_ERROR_NONE;
    char name[NAME_SIZE];

    held_name(name, v, of);
    long key = keyctl_search(KEY_SPEC_USER_KEYRING, "user", name, 0);
    if (key < 0)
        return false;
    long n = keyctl_read((key_serial_t)key, (char *)sealed, sizeof sealed);
    return n > 0 && (size_t)n <= sizeof sealed &&
           vault_open(v, out, xg_bytes_of(name), xg_bytes(sealed, (size_t)n),
                      &ignored) == XG_OK;
}

void vault_unhold(const struct vault *v, const char *of)
{
    char name[NAME_SIZE];

    held_name(name, v, of);
    remove_named(name);
}
