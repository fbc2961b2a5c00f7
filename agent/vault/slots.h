/* slots.h - what the files of the vault share: the file HOME/vault in
 * memory, and the vault itself. For agent/vault*.c alone. */
#ifndef AGENT_VAULT_SLOTS_H
#define AGENT_VAULT_SLOTS_H

#include <sodium.h>

#include "agent/vault/vault.h"

enum {
    VAULT_KEY_SIZE = 32,
    VAULT_ID_SIZE = 16,
    VAULT_SALT_SIZE = crypto_pwhash_SALTBYTES,
    VAULT_TAG_SIZE = 32,
    VAULT_WRAPPED_SIZE = VAULT_KEY_SIZE + VAULT_OVERHEAD,
    VAULT_SEALED_SIZE = VAULT_ID_SIZE + VAULT_KEY_SIZE + crypto_box_SEALBYTES,
};

/* In guarded memory (sodium_malloc): the data key and what is derived from it,
 * one key a use. */
struct vault_keys {
    uint8_t data[VAULT_KEY_SIZE];
    uint8_t blob[VAULT_KEY_SIZE]; /* vault_seal() */
    uint8_t file[VAULT_KEY_SIZE]; /* vault_seal_file() */
    uint8_t tag[VAULT_KEY_SIZE];  /* of HOME/vault's own parts */
};

struct vault {
    struct vault_keys *keys;
    const struct xg_env *env;
    char *home;
    uint8_t id[VAULT_ID_SIZE];
};

struct vault_slots {
    uint8_t id[VAULT_ID_SIZE];
    uint8_t check[VAULT_TAG_SIZE];
    bool has_key_file, has_passphrase, has_escrow;
    struct {
        uint8_t wrapped[VAULT_WRAPPED_SIZE];
    } key_file;
    struct {
        uint32_t passes, memory_kib;
        uint8_t salt[VAULT_SALT_SIZE];
        uint8_t wrapped[VAULT_WRAPPED_SIZE];
    } passphrase;
    struct {
        uint8_t registrar[VAULT_PUBLIC_KEY_SIZE];
        uint8_t sealed[VAULT_SEALED_SIZE];
        uint8_t tag[VAULT_TAG_SIZE];
    } escrow;
};

enum { VAULT_PATH_SIZE = 4096 };

/* HOME/name. XG_USAGE when it is too long. */
XG_MUST_CHECK enum xg_status vault_path(char path[static VAULT_PATH_SIZE],
                                        const char *home, const char *name,
                                        struct xg_error *err);

XG_MUST_CHECK enum xg_status vault_slots_load(struct vault_slots *s,
                                              const char *home,
                                              struct xg_error *err);
XG_MUST_CHECK enum xg_status vault_slots_store(const struct vault_slots *s,
                                               const char *home,
                                               struct xg_error *err);

/* Put the data key into a slot, or take it out: false for a wrong key or a
 * slot that was altered. XG_NOMEM where Argon2id finds no memory. */
void vault_wrap_key_file(struct vault_slots *s, const struct vault_keys *keys,
                         const uint8_t kek[static VAULT_KEY_SIZE],
                         const struct xg_env *env);
bool vault_unwrap_key_file(uint8_t data[static VAULT_KEY_SIZE],
                           const struct vault_slots *s,
                           const uint8_t kek[static VAULT_KEY_SIZE]);
XG_MUST_CHECK enum xg_status
vault_wrap_passphrase(struct vault_slots *s, const struct vault_keys *keys,
                      struct xg_bytes passphrase, const struct xg_env *env,
                      struct xg_error *err);
XG_MUST_CHECK enum xg_status
vault_unwrap_passphrase(uint8_t data[static VAULT_KEY_SIZE],
                        const struct vault_slots *s,
                        struct xg_bytes passphrase, struct xg_error *err);
/* XG_USAGE when `registrar` is not an Ed25519 public key. */
XG_MUST_CHECK enum xg_status
vault_wrap_escrow(struct vault_slots *s, const struct vault_keys *keys,
                  const uint8_t registrar[static VAULT_PUBLIC_KEY_SIZE],
                  struct xg_error *err);
bool vault_unwrap_escrow(uint8_t data[static VAULT_KEY_SIZE],
                         const struct vault_slots *s,
                         const uint8_t secret[static VAULT_SECRET_KEY_SIZE]);

/* The tags that only the data key can make. */
void vault_check_tag(uint8_t tag[static VAULT_TAG_SIZE],
                     const struct vault_slots *s,
                     const struct vault_keys *keys);
void vault_escrow_tag(uint8_t tag[static VAULT_TAG_SIZE],
                      const struct vault_slots *s,
                      const struct vault_keys *keys);

/* Guarded memory with the derived keys; NULL without memory. */
struct vault_keys *vault_keys_new(const uint8_t data[static VAULT_KEY_SIZE]);

/* The kernel's keyring: false when it holds nothing for this vault. */
bool vault_keyring_get(uint8_t data[static VAULT_KEY_SIZE],
                       const uint8_t id[static VAULT_ID_SIZE]);
void vault_keyring_remove(const uint8_t id[static VAULT_ID_SIZE]);

#endif
