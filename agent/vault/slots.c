/* slots.c - the file HOME/vault: see vault.c for its format. */
#include "agent/vault/slots.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/base/os.h"

enum {
    FILE_MAX = 4096,
    KIND_KEY_FILE = 1,
    KIND_PASSPHRASE = 2,
    KIND_ESCROW = 3,
    PASSES = 3,
    MEMORY_KIB = 64 << 10,
    /* What we are willing to do for a file that may have been altered. */
    PASSES_MAX = 16,
    MEMORY_KIB_MIN = 8,
    MEMORY_KIB_MAX = 512 << 10,
};

static const char MAGIC[] = "XGV1";

enum xg_status vault_path(char path[static VAULT_PATH_SIZE], const char *home,
                          const char *name, struct xg_error *err)
{
    if (snprintf(path, VAULT_PATH_SIZE, "%s/%s", home, name) < VAULT_PATH_SIZE)
        return XG_OK;
    return xg_fail(err, XG_USAGE, XG_T("路径过长：%s", "path too long: %s"),
                   home);
}

/* --- reading ------------------------------------------------------------- */

/* The bytes not yet read; a read past the end makes it bad. */
struct cursor {
    struct xg_bytes rest;
    bool bad;
};

static void get(struct cursor *c, void *out, size_t len)
{
    if (c->bad || c->rest.len < len) {
        c->bad = true;
        return;
    }
    memcpy(out, c->rest.at, len);
    c->rest.at += len;
    c->rest.len -= len;
}

static uint32_t get_u32(struct cursor *c)
{
    uint8_t raw[4] = {0};

    get(c, raw, sizeof raw);
    return xg_load_u32(raw);
}

static void parse_passphrase(struct vault_slots *s, struct cursor *c)
{
    s->has_passphrase = true;
    s->passphrase.passes = get_u32(c);
    s->passphrase.memory_kib = get_u32(c);
    get(c, s->passphrase.salt, VAULT_SALT_SIZE);
    get(c, s->passphrase.wrapped, VAULT_WRAPPED_SIZE);
    if (s->passphrase.passes < 1 || s->passphrase.passes > PASSES_MAX ||
        s->passphrase.memory_kib < MEMORY_KIB_MIN ||
        s->passphrase.memory_kib > MEMORY_KIB_MAX)
        c->bad = true;
}

static void parse_slot(struct vault_slots *s, uint8_t kind, struct cursor *c)
{
    switch (kind) {
    case KIND_KEY_FILE:
        s->has_key_file = true;
        get(c, s->key_file.wrapped, VAULT_WRAPPED_SIZE);
        break;
    case KIND_PASSPHRASE:
        parse_passphrase(s, c);
        break;
    case KIND_ESCROW:
        s->has_escrow = true;
        get(c, s->escrow.registrar, VAULT_PUBLIC_KEY_SIZE);
        get(c, s->escrow.sealed, VAULT_SEALED_SIZE);
        get(c, s->escrow.tag, VAULT_TAG_SIZE);
        break;
    default:
        c->bad = true;
    }
}

static bool parse(struct vault_slots *s, struct xg_bytes file)
{
    struct cursor c = {file, false};
    char magic[4] = {0};
    uint8_t last = 0;

    get(&c, magic, sizeof magic);
    get(&c, s->id, sizeof s->id);
    get(&c, s->check, sizeof s->check);
    while (!c.bad && c.rest.len > 0) {
        uint8_t kind = 0;
        get(&c, &kind, 1);
        if (kind <= last)
            return false;
        parse_slot(s, kind, &c);
        last = kind;
    }
    return !c.bad && memcmp(magic, MAGIC, sizeof magic) == 0 && last != 0;
}

enum xg_status vault_slots_load(struct vault_slots *s, const char *home,
                                struct xg_error *err)
{
    char path[VAULT_PATH_SIZE];
    struct xg_buf file = XG_BUF(FILE_MAX);
    struct vault_slots read = {.has_key_file = false};

    if (vault_path(path, home, "vault", err) != XG_OK)
        return err->status;
    enum xg_status status = xg_os_read(&file, path, err);
    if (status == XG_OK && parse(&read, xg_buf_bytes(&file)))
        *s = read;
    else if (status == XG_OK)
        status = xg_fail(err, XG_CORRUPT,
                         XG_T("密钥库 %s 已损坏：请从备份恢复该文件",
                              "the vault %s is damaged: restore this file "
                              "from a backup"), path);
    xg_buf_clear(&file);
    return status;
}

/* --- writing ------------------------------------------------------------- */

/* The part of the passphrase slot that its wrapping vouches for. */
static void put_passphrase_head(struct xg_buf *b, const struct vault_slots *s)
{
    xg_buf_u32(b, s->passphrase.passes);
    xg_buf_u32(b, s->passphrase.memory_kib);
    xg_buf_append(b, s->passphrase.salt, VAULT_SALT_SIZE);
}

enum xg_status vault_slots_store(const struct vault_slots *s, const char *home,
                                 struct xg_error *err)
{
    char path[VAULT_PATH_SIZE];
    struct xg_buf b = XG_BUF(FILE_MAX);

    if (vault_path(path, home, "vault", err) != XG_OK)
        return err->status;
    xg_buf_append(&b, MAGIC, 4);
    xg_buf_append(&b, s->id, sizeof s->id);
    xg_buf_append(&b, s->check, sizeof s->check);
    if (s->has_key_file) {
        xg_buf_byte(&b, KIND_KEY_FILE);
        xg_buf_append(&b, s->key_file.wrapped, VAULT_WRAPPED_SIZE);
    }
    if (s->has_passphrase) {
        xg_buf_byte(&b, KIND_PASSPHRASE);
        put_passphrase_head(&b, s);
        xg_buf_append(&b, s->passphrase.wrapped, VAULT_WRAPPED_SIZE);
    }
    if (s->has_escrow) {
        xg_buf_byte(&b, KIND_ESCROW);
        xg_buf_append(&b, s->escrow.registrar, VAULT_PUBLIC_KEY_SIZE);
        xg_buf_append(&b, s->escrow.sealed, VAULT_SEALED_SIZE);
        xg_buf_append(&b, s->escrow.tag, VAULT_TAG_SIZE);
    }
    enum xg_status status = xg_buf_check(&b, err);
    if (status == XG_OK)
        status = xg_os_replace(path, 0600, xg_buf_bytes(&b), err);
    xg_buf_clear(&b);
    return status;
}

/* --- slots --------------------------------------------------------------- */

enum { HEAD_MAX = 4 + VAULT_ID_SIZE + 1 + 8 + VAULT_SALT_SIZE };

/* What a wrapping is bound to: magic, id, kind, parameters. */
static size_t slot_head(uint8_t head[static HEAD_MAX],
                        const struct vault_slots *s, uint8_t kind)
{
    uint8_t *at = head;

    memcpy(at, MAGIC, 4);
    memcpy(at += 4, s->id, VAULT_ID_SIZE);
    *(at += VAULT_ID_SIZE) = kind;
    at++;
    if (kind == KIND_PASSPHRASE) {
        xg_store_u32(at, s->passphrase.passes);
        xg_store_u32(at + 4, s->passphrase.memory_kib);
        memcpy(at + 8, s->passphrase.salt, VAULT_SALT_SIZE);
        at += 8 + VAULT_SALT_SIZE;
    }
    return (size_t)(at - head);
}

static void wrap(uint8_t wrapped[static VAULT_WRAPPED_SIZE],
                 const struct vault_slots *s, uint8_t kind,
                 const uint8_t *data, const uint8_t *kek,
                 const struct xg_env *env)
{
    uint8_t head[HEAD_MAX];
    size_t head_len = slot_head(head, s, kind);
    const size_t nonce_len = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;

    xg_random(env, wrapped, nonce_len);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        wrapped + nonce_len, NULL, data, VAULT_KEY_SIZE, head, head_len, NULL,
        wrapped, kek);
}

static bool unwrap(uint8_t *data,
                   const uint8_t wrapped[static VAULT_WRAPPED_SIZE],
                   const struct vault_slots *s, uint8_t kind,
                   const uint8_t *kek)
{
    uint8_t head[HEAD_MAX];
    size_t head_len = slot_head(head, s, kind);
    const size_t nonce_len = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;

    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               data, NULL, NULL, wrapped + nonce_len,
               VAULT_WRAPPED_SIZE - nonce_len, head, head_len, wrapped,
               kek) == 0;
}

void vault_wrap_key_file(struct vault_slots *s, const struct vault_keys *keys,
                         const uint8_t kek[static VAULT_KEY_SIZE],
                         const struct xg_env *env)
{
    s->has_key_file = true;
    wrap(s->key_file.wrapped, s, KIND_KEY_FILE, keys->data, kek, env);
}

bool vault_unwrap_key_file(uint8_t data[static VAULT_KEY_SIZE],
                           const struct vault_slots *s,
                           const uint8_t kek[static VAULT_KEY_SIZE])
{
    return unwrap(data, s->key_file.wrapped, s, KIND_KEY_FILE, kek);
}

static enum xg_status stretch(uint8_t kek[static VAULT_KEY_SIZE],
                              const struct vault_slots *s,
                              struct xg_bytes passphrase, struct xg_error *err)
{
    if (crypto_pwhash(kek, VAULT_KEY_SIZE, (const char *)passphrase.at,
                      passphrase.len, s->passphrase.salt,
                      s->passphrase.passes,
                      (size_t)s->passphrase.memory_kib << 10,
                      crypto_pwhash_ALG_ARGON2ID13) == 0)
        return XG_OK;
    return xg_fail_nomem(err);
}

enum xg_status vault_wrap_passphrase(struct vault_slots *s,
                                     const struct vault_keys *keys,
                                     struct xg_bytes passphrase,
                                     const struct xg_env *env,
                                     struct xg_error *err)
{
    uint8_t kek[VAULT_KEY_SIZE];

    s->passphrase.passes = PASSES;
    s->passphrase.memory_kib = MEMORY_KIB;
    xg_random(env, s->passphrase.salt, VAULT_SALT_SIZE);
    if (stretch(kek, s, passphrase, err) != XG_OK)
        return err->status;
    wrap(s->passphrase.wrapped, s, KIND_PASSPHRASE, keys->data, kek, env);
    s->has_passphrase = true;
    sodium_memzero(kek, sizeof kek);
    return XG_OK;
}

enum xg_status vault_unwrap_passphrase(uint8_t data[static VAULT_KEY_SIZE],
                                       const struct vault_slots *s,
                                       struct xg_bytes passphrase,
                                       struct xg_error *err)
{
    uint8_t kek[VAULT_KEY_SIZE];

    if (stretch(kek, s, passphrase, err) != XG_OK)
        return err->status;
    bool right = unwrap(data, s->passphrase.wrapped, s, KIND_PASSPHRASE, kek);
    sodium_memzero(kek, sizeof kek);
    if (right)
        return XG_OK;
    return xg_fail(err, XG_AUTH,
                   XG_T("口令不对：请再试一次；忘记口令请联系登记员恢复",
                        "wrong passphrase: try again; if it is forgotten, ask "
                        "the registrar to recover the device"));
}

enum xg_status
vault_wrap_escrow(struct vault_slots *s, const struct vault_keys *keys,
                  const uint8_t registrar[static VAULT_PUBLIC_KEY_SIZE],
                  struct xg_error *err)
{
    uint8_t curve_key[crypto_box_PUBLICKEYBYTES];
    uint8_t plain[VAULT_ID_SIZE + VAULT_KEY_SIZE];

    memcpy(plain, s->id, VAULT_ID_SIZE);
    memcpy(plain + VAULT_ID_SIZE, keys->data, VAULT_KEY_SIZE);
    bool sealed =
        crypto_sign_ed25519_pk_to_curve25519(curve_key, registrar) == 0 &&
        crypto_box_seal(s->escrow.sealed, plain, sizeof plain, curve_key) == 0;
    sodium_memzero(plain, sizeof plain);
    if (!sealed)
        return xg_fail(err, XG_USAGE,
                       XG_T("登记员公钥无效：请核对入网码",
                            "the registrar's public key is not valid: check "
                            "the enrolment code"));
    memcpy(s->escrow.registrar, registrar, VAULT_PUBLIC_KEY_SIZE);
    vault_escrow_tag(s->escrow.tag, s, keys);
    s->has_escrow = true;
    return XG_OK;
}

bool vault_unwrap_escrow(uint8_t data[static VAULT_KEY_SIZE],
                         const struct vault_slots *s,
                         const uint8_t secret[static VAULT_SECRET_KEY_SIZE])
{
    uint8_t public_key[crypto_box_PUBLICKEYBYTES];
    uint8_t secret_key[crypto_box_SECRETKEYBYTES];
    uint8_t plain[VAULT_ID_SIZE + VAULT_KEY_SIZE];

    bool opened =
        crypto_sign_ed25519_sk_to_curve25519(secret_key, secret) == 0 &&
        crypto_scalarmult_base(public_key, secret_key) == 0 &&
        crypto_box_seal_open(plain, s->escrow.sealed, VAULT_SEALED_SIZE,
                             public_key, secret_key) == 0 &&
        memcmp(plain, s->id, VAULT_ID_SIZE) == 0;
    if (opened)
        memcpy(data, plain + VAULT_ID_SIZE, VAULT_KEY_SIZE);
    sodium_memzero(secret_key, sizeof secret_key);
    sodium_memzero(plain, sizeof plain);
    return opened;
}

/* --- tags and keys ------------------------------------------------------- */

void vault_check_tag(uint8_t tag[static VAULT_TAG_SIZE],
                     const struct vault_slots *s,
                     const struct vault_keys *keys)
{
    crypto_generichash(tag, VAULT_TAG_SIZE, s->id, VAULT_ID_SIZE, keys->tag,
                       VAULT_KEY_SIZE);
}

void vault_escrow_tag(uint8_t tag[static VAULT_TAG_SIZE],
                      const struct vault_slots *s,
                      const struct vault_keys *keys)
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, keys->tag, VAULT_KEY_SIZE, VAULT_TAG_SIZE);
    crypto_generichash_update(&state, s->id, VAULT_ID_SIZE);
    crypto_generichash_update(&state, s->escrow.registrar,
                              VAULT_PUBLIC_KEY_SIZE);
    crypto_generichash_update(&state, s->escrow.sealed, VAULT_SEALED_SIZE);
    crypto_generichash_final(&state, tag, VAULT_TAG_SIZE);
}

struct vault_keys *vault_keys_new(const uint8_t data[static VAULT_KEY_SIZE])
{
    static const char CONTEXT[crypto_kdf_CONTEXTBYTES + 1] = "xg-vault";
    struct vault_keys *keys = sodium_malloc(sizeof *keys);

    if (!keys)
        return NULL;
    memcpy(keys->data, data, VAULT_KEY_SIZE);
    crypto_kdf_derive_from_key(keys->blob, VAULT_KEY_SIZE, 1, CONTEXT, data);
    crypto_kdf_derive_from_key(keys->file, VAULT_KEY_SIZE, 2, CONTEXT, data);
    crypto_kdf_derive_from_key(keys->tag, VAULT_KEY_SIZE, 3, CONTEXT, data);
    sodium_mprotect_readonly(keys);
    return keys;
}
