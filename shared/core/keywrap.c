/* keywrap.c - see keywrap.h. */
#include "shared/core/keywrap.h"

#include <sodium.h>

#include "shared/base/lang.h"

enum {
    PASSES = 3,
    MEMORY_KIB = 64 << 10,
    PASSES_MAX = 16, /* of what is read: a forged one costs no more */
    MEMORY_KIB_MAX = 256 << 10,
    AT_PASSES = 4,
    AT_MEMORY = 8,
    AT_SALT = 12,
    AT_PUBLIC = 28,
    AT_NONCE = 60,
    AT_SEALED = 84,
    KEK_SIZE = crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
    CONTEXT_MAX = AT_NONCE + XG_KEY_NAME_MAX,
};

static const char magic[4] = {'X', 'G', 'W', '1'};

const uint8_t *xg_wrapped_public(const struct xg_wrapped_key *w)
{
    return w->b + AT_PUBLIC;
}

/* What is bound to the seed. */
static size_t context_of(uint8_t out[static CONTEXT_MAX],
                         const struct xg_wrapped_key *w, const char *purpose)
{
    size_t len = strnlen(purpose, CONTEXT_MAX - AT_NONCE);

    memcpy(out, w->b, AT_NONCE);
    memcpy(out + AT_NONCE, purpose, len);
    return AT_NONCE + len;
}

static enum xg_status stretch(uint8_t kek[static KEK_SIZE],
                              const struct xg_wrapped_key *w,
                              struct xg_bytes password, struct xg_error *err)
{
    const char *text = password.len ? (const char *)password.at : "";

    if (crypto_pwhash(kek, KEK_SIZE, text, password.len, w->b + AT_SALT,
                      xg_load_u32(w->b + AT_PASSES),
                      (size_t)xg_load_u32(w->b + AT_MEMORY) << 10,
                      crypto_pwhash_ALG_ARGON2ID13) == 0)
        return XG_OK;
    return xg_fail_nomem(err);
}

enum xg_status xg_key_wrap(struct xg_wrapped_key *out,
                           const uint8_t seed[static XG_SEED_SIZE],
                           struct xg_bytes password, const char *purpose,
                           const struct xg_env *env, struct xg_error *err)
{
    uint8_t kek[KEK_SIZE], context[CONTEXT_MAX], secret[XG_SECRET_KEY_SIZE];
    struct xg_wrapped_key w;

    memcpy(w.b, magic, sizeof magic);
    xg_store_u32(w.b + AT_PASSES, PASSES);
    xg_store_u32(w.b + AT_MEMORY, MEMORY_KIB);
    xg_random(env, w.b + AT_SALT, crypto_pwhash_SALTBYTES);
    crypto_sign_seed_keypair(w.b + AT_PUBLIC, secret, seed);
    sodium_memzero(secret, sizeof secret);
    xg_random(env, w.b + AT_NONCE, AT_SEALED - AT_NONCE);
    if (stretch(kek, &w, password, err) != XG_OK)
        return err->status;
    size_t len = context_of(context, &w, purpose);
    crypto_aead_xchacha20poly1305_ietf_encrypt(w.b + AT_SEALED, NULL, seed,
                                               XG_SEED_SIZE, context, len, NULL,
                                               w.b + AT_NONCE, kek);
    sodium_memzero(kek, sizeof kek);
    *out = w;
    return XG_OK;
}

static bool is_sound(const struct xg_wrapped_key *w)
{
    uint32_t passes = xg_load_u32(w->b + AT_PASSES);
    uint32_t memory = xg_load_u32(w->b + AT_MEMORY);

    return memcmp(w->b, magic, sizeof magic) == 0 && passes >= 1 &&
           passes <= PASSES_MAX && memory >= 8 && memory <= MEMORY_KIB_MAX;
}

enum xg_status xg_key_unwrap(uint8_t secret[static XG_SECRET_KEY_SIZE],
                             const struct xg_wrapped_key *w,
                             struct xg_bytes password, const char *purpose,
                             struct xg_error *err)
{
    uint8_t kek[KEK_SIZE], context[CONTEXT_MAX], seed[XG_SEED_SIZE];
    uint8_t public[XG_PUBLIC_KEY_SIZE], opened[XG_SECRET_KEY_SIZE];

    if (!is_sound(w))
        return xg_fail(err, XG_CORRUPT, "%s",
                       XG_T("签名钥匙已损坏", "the signing key is damaged"));
    if (stretch(kek, w, password, err) != XG_OK)
        return err->status;
    size_t len = context_of(context, w, purpose);
    bool good = crypto_aead_xchacha20poly1305_ietf_decrypt(
                    seed, NULL, NULL, w->b + AT_SEALED,
                    XG_WRAPPED_SIZE - AT_SEALED, context, len, w->b + AT_NONCE,
                    kek) == 0;
    sodium_memzero(kek, sizeof kek);
    if (good) {
        crypto_sign_seed_keypair(public, opened, seed);
        good = memcmp(public, w->b + AT_PUBLIC, sizeof public) == 0;
    }
    if (good)
        memcpy(secret, opened, sizeof opened);
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(opened, sizeof opened);
    if (good)
        return XG_OK;
    return xg_fail(err, XG_AUTH, "%s", XG_T("口令不对", "it is wrong"));
}

void xg_key_fingerprint(char text[static XG_FINGERPRINT_SIZE],
                        const uint8_t key[static XG_PUBLIC_KEY_SIZE])
{
    struct xg_hash hash;
    size_t at = 0;

    crypto_hash_sha256(hash.b, key, XG_PUBLIC_KEY_SIZE);
    for (size_t i = 0; i < 8; i += 2) {
        xg_hex(text + at, hash.b + i, 2);
        at += 4;
        text[at++] = '-';
    }
    text[at - 1] = '\0';
}
