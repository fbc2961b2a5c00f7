/* keywrap.h - an author's secret key, wrapped by a PIN or a password.
 *
 *      "XGW1" || passes (u32be) || memory in KiB (u32be) || salt (16)
 *      || public key (32) || nonce (24) || XChaCha20-Poly1305 of the seed (48)
 *
 * under Argon2id of the password; what stands before the nonce, and what the
 * key is for (`purpose`: the worker's code), are bound to it. 64 MiB and 3
 * passes: some 0.1 s a try. A PIN of four digits so costs who holds the wrapped
 * key a quarter of an hour on one core; it protects from who does not.
 */
#ifndef XG_CORE_KEYWRAP_H
#define XG_CORE_KEYWRAP_H

#include "shared/base/bytes.h"
#include "shared/base/env.h"
#include "shared/base/error.h"
#include "shared/core/note.h"

enum {
    XG_SEED_SIZE = 32,
    XG_WRAPPED_SIZE = 4 + 4 + 4 + 16 + 32 + 24 + 48,
};

struct xg_wrapped_key {
    uint8_t b[XG_WRAPPED_SIZE];
};

/* The public key that it says it holds. */
const uint8_t *xg_wrapped_public(const struct xg_wrapped_key *w);

/* XG_NOMEM where Argon2id finds no memory. */
XG_MUST_CHECK enum xg_status
xg_key_wrap(struct xg_wrapped_key *out, const uint8_t seed[static XG_SEED_SIZE],
            struct xg_bytes password, const char *purpose,
            const struct xg_env *env, struct xg_error *err);

/* `secret` in libsodium's form; the caller wipes it. XG_AUTH: a wrong password,
 * or a key that was altered. */
XG_MUST_CHECK enum xg_status
xg_key_unwrap(uint8_t secret[static XG_SECRET_KEY_SIZE],
              const struct xg_wrapped_key *w, struct xg_bytes password,
              const char *purpose, struct xg_error *err);

/* "1a2b-3c4d-5e6f-7a8b": the first 8 bytes of the public key's SHA-256, for
 * people to compare. */
enum { XG_FINGERPRINT_SIZE = 20 };
void xg_key_fingerprint(char text[static XG_FINGERPRINT_SIZE],
                        const uint8_t key[static XG_PUBLIC_KEY_SIZE]);

#endif
