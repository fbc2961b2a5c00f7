/* vault.h - the one seam for encryption at rest.
 *
 * Everything that a worker wrote lies on the disk sealed with one 32-byte
 * *data key*. The data key itself lies in HOME/vault, wrapped once for each
 * way to it, its *slots*:
 *
 *      key file    HOME/vault.key, 0600. The default: no question is asked,
 *                  and whoever holds the disk can read it.
 *      passphrase  Argon2id, 64 MiB, 3 passes. Takes the key file's place.
 *      escrow      sealed to the registrar's public key, beside either, so
 *                  that a forgotten passphrase never means lost work.
 *
 * An unlocked passphrase is remembered, for a stated time, by the kernel: the
 * data key lies in the user's keyring, never in a file. Where the kernel offers
 * no keyring (containers) unlocking lasts for one process, and we say so.
 *
 * The format of HOME/vault and of sealed files is at the top of vault.c.
 *
 * What this does not do: hide how many things there are, how long and how old;
 * protect from a program that runs as the same user; make flash memory forget.
 * A passphrase set before the first work protects all of it; one that is set
 * later protects old work only as far as the medium forgets the old key file.
 *
 * Keys and nonces come from the lent `env`; the two throw-away values that
 * libsodium draws itself (of a sealed box, of a stream) come from the system.
 * Every call needs xg_base_init(). No call prompts, or prints.
 */
#ifndef AGENT_VAULT_H
#define AGENT_VAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/buf.h"
#include "shared/base/bytes.h"
#include "shared/base/env.h"
#include "shared/base/error.h"

enum {
    VAULT_OVERHEAD = 40, /* bytes that vault_seal() adds: nonce 24, tag 16 */
    VAULT_PASSPHRASE_MIN = 8, /* bytes; three Chinese characters are nine */
    VAULT_PASSPHRASE_MAX = 1024,
    VAULT_PUBLIC_KEY_SIZE = 32, /* Ed25519, as the registrar signs with */
    VAULT_SECRET_KEY_SIZE = 64, /* libsodium's form: seed || public key */
    VAULT_HOLD_MAX_S = 7 * 24 * 3600,
    VAULT_CHUNK_SIZE = 64 << 10, /* plain bytes of a sealed file's chunk */
};

/* An unlocked vault. Lends nothing of the key; wiped by vault_free(). Sealing
 * and opening may go on in several threads at once. */
struct vault;

/* How HOME is protected, asked without unlocking anything. */
struct vault_state {
    bool key_file;   /* opens by itself */
    bool passphrase; /* needs one, unless `held` */
    bool escrow;     /* the registrar can recover it */
    bool held;       /* the kernel's keyring has it at this moment */
};

/* XG_NOTFOUND where HOME has no vault; XG_CORRUPT. */
XG_MUST_CHECK enum xg_status vault_state(struct vault_state *out,
                                         const char *home,
                                         struct xg_error *err);

/* Make HOME/vault and HOME/vault.key with a new data key. HOME exists.
 * `registrar` may be NULL until the device knows its registrar
 * (vault_set_escrow). XG_REFUSED where there is a vault already: another key
 * would leave everything sealed before unreadable. */
XG_MUST_CHECK enum xg_status
vault_create(const char *home, const uint8_t *registrar,
             const struct xg_env *env, struct xg_error *err);

/* Unlock without asking anyone: by the key file, else by the kernel's keyring.
 * XG_LOCKED when a passphrase is needed (exit status 6, text for the worker);
 * XG_NOTFOUND without a vault; XG_CORRUPT for a damaged one. Under 1 ms.
 * `home` is copied, `env` lent until vault_free(). Freed by vault_free(). */
XG_MUST_CHECK enum xg_status vault_unlock_default(struct vault **out,
                                                  const char *home,
                                                  const struct xg_env *env,
                                                  struct xg_error *err);

/* Unlock by passphrase, for this process; vault_keyring_put() makes it last.
 * The caller wipes its copy of the passphrase. XG_AUTH when it is wrong;
 * XG_REFUSED when none is set. About 0.1 s and 64 MiB. */
XG_MUST_CHECK enum xg_status
vault_unlock_passphrase(struct vault **out, const char *home,
                        struct xg_bytes passphrase, const struct xg_env *env,
                        struct xg_error *err);

/* Unlock with the registrar's secret key; then vault_set_passphrase() or
 * vault_clear_passphrase(). XG_AUTH when it is another registrar's vault,
 * XG_NOTFOUND when it has no escrow slot. */
XG_MUST_CHECK enum xg_status
vault_recover(struct vault **out, const char *home,
              const uint8_t secret[static VAULT_SECRET_KEY_SIZE],
              const struct xg_env *env, struct xg_error *err);

void vault_free(struct vault *v);

/* Put a passphrase in the place of the key file or of the old passphrase. One
 * atomic replacement of HOME/vault, then the key file is wiped: a kill at any
 * point leaves the old way or the new way in, never none. What the keyring
 * holds stays. XG_USAGE for one that is too short or too long. */
XG_MUST_CHECK enum xg_status vault_set_passphrase(struct vault *v,
                                                  struct xg_bytes passphrase,
                                                  struct xg_error *err);
/* Back to the key file (durable first), and out of the keyring. */
XG_MUST_CHECK enum xg_status vault_clear_passphrase(struct vault *v,
                                                    struct xg_error *err);
/* Add or replace the registrar's slot: at enrolment, after a rotation. */
XG_MUST_CHECK enum xg_status
vault_set_escrow(struct vault *v,
                 const uint8_t registrar[static VAULT_PUBLIC_KEY_SIZE],
                 struct xg_error *err);
/* Is the escrow slot there, whole, and for this registrar? A slot that was
 * damaged is noticed here and mended by vault_set_escrow(). */
XG_MUST_CHECK enum xg_status
vault_check_escrow(const struct vault *v,
                   const uint8_t registrar[static VAULT_PUBLIC_KEY_SIZE],
                   struct xg_error *err);

/* Let later processes of this user unlock without the passphrase for `hold_s`
 * seconds of wall-clock time (1..VAULT_HOLD_MAX_S). XG_REFUSED, with the
 * reason, where the kernel offers no keyring: the vault stays unlocked in this
 * process only. */
XG_MUST_CHECK enum xg_status vault_keyring_put(const struct vault *v,
                                               uint32_t hold_s,
                                               struct xg_error *err);
/* Forget what the keyring holds for HOME; XG_OK too when it held nothing.
 * XG_REFUSED when no passphrase is set: there is nothing to lock with. */
XG_MUST_CHECK enum xg_status vault_lock(const char *home,
                                        struct xg_error *err);

/* The same for a small secret of somebody who shares the home, by name (a
 * worker's code): it lies in the keyring sealed with the data key, so that a
 * locked home locks it too. */
enum { VAULT_HELD_MAX = 128 };
XG_MUST_CHECK enum xg_status vault_hold(const struct vault *v, const char *name,
                                        struct xg_bytes secret, uint32_t hold_s,
                                        struct xg_error *err);
/* Append it to `out`; false: nothing is held. */
bool vault_held(const struct vault *v, struct xg_buf *out, const char *name);
void vault_unhold(const struct vault *v, const char *name);

/* Append nonce || ciphertext || tag to `out`; a failure sticks to `out`.
 * `context` says what this is and where it belongs ("record", id, column): it
 * is not stored, and the same bytes are needed to open it, so that no sealed
 * value can be moved to another place. At most 64 MiB. */
void vault_seal(const struct vault *v, struct xg_buf *out,
                struct xg_bytes context, struct xg_bytes plain);
/* Append the plain bytes to `out`, which is not wiped when cleared. XG_CORRUPT
 * when the bytes were altered, sealed by another vault or for another context;
 * then nothing is appended. */
XG_MUST_CHECK enum xg_status vault_open(const struct vault *v,
                                        struct xg_buf *out,
                                        struct xg_bytes context,
                                        struct xg_bytes sealed,
                                        struct xg_error *err);

/* --- whole files, streamed ---------------------------------------------- */

/* What was copied: of the plain bytes. */
struct vault_file {
    struct xg_hash sha256;
    uint64_t length;
};

struct vault_copy {
    int source_fd; /* read from where it stands to its end */
    const char *source_name; /* for errors */
    const char *path;        /* the sealed file, 0600; replaced if there */
    const char *temporary;   /* written first; same file system; overwritten.
                              * One writer of it at a time. */
    struct xg_bytes context; /* as with vault_seal() */
    uint64_t max_bytes;      /* XG_TOOBIG when the source has more */
    const struct xg_hash *expected; /* XG_BUSY if the source turns out to be
                                     * something else (it is being written);
                                     * or NULL */
    /* Instead of source_fd, unless NULL: put up to `size` bytes, *len tells how many;
     * fewer only at the end. */
    enum xg_status (*read)(void *ctx, uint8_t *at, size_t size, size_t *len,
                           struct xg_error *err);
    void *read_ctx;
};

/* Seal a file so that a power cut leaves all of it or none: temporary, fsync,
 * rename, fsync of the folder. */
XG_MUST_CHECK enum xg_status vault_seal_file(const struct vault *v,
                                             struct vault_file *out,
                                             const struct vault_copy *copy,
                                             struct xg_error *err);

/* Decrypt into `sink_fd`, or nowhere (-1: verify). Each chunk is authentic
 * before it is written, but only XG_OK says that it was all: discard the sink
 * on failure. XG_CORRUPT for a file cut short, longer, or altered by one bit;
 * XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status vault_open_file(const struct vault *v,
                                             struct vault_file *out,
                                             const char *path,
                                             struct xg_bytes context,
                                             int sink_fd,
                                             struct xg_error *err);

/* The plain length of a sealed file, from its size alone (not verified). */
XG_MUST_CHECK enum xg_status vault_file_length(uint64_t *length,
                                               const char *path,
                                               struct xg_error *err);

/* The same as an iterator, for who is asked for bytes (an upload). */
struct vault_reader;

/* `path` is copied, `context` and `v` are lent until vault_reader_close(). */
XG_MUST_CHECK enum xg_status vault_reader_open(struct vault_reader **out,
                                               const struct vault *v,
                                               const char *path,
                                               struct xg_bytes context,
                                               struct xg_error *err);
/* The next 1..VAULT_CHUNK_SIZE plain bytes, borrowed until the next call; len
 * 0 at the verified end. The first failure is final. */
XG_MUST_CHECK enum xg_status vault_reader_next(struct vault_reader *r,
                                               struct xg_bytes *chunk,
                                               struct xg_error *err);
void vault_reader_close(struct vault_reader *r);

#endif
