/* author_key.h - a worker's own key on a device that several people use.
 *
 * Whoever holds a shared device can record in the name of any of its authors;
 * such records are *claimed*. Who wants theirs *proven* sets a PIN: a key is
 * drawn, wrapped by it (shared/core/keywrap.h), and kept in the database, which
 * the vault seals. A record of kind author_key announces its public half;
 * once the registry names it, what they record with the PIN is proven.
 *
 * A key belongs to a worker and a home. A copy of the home (a backup, a rescue)
 * holds it as it is: it opens by the PIN alone. Successors never get it: a
 * handover carries records and photos.
 *
 * After AUTHOR_WRONG_FREE wrong PINs in a row each further try has to wait,
 * twice as long each time; the count is durable before the PIN is tried.
 *
 * What it does not do: keep out whoever has the unlocked home's files and time
 * (a PIN of four digits is some ten minutes of trying without this program),
 * or a program that watches the PIN being typed.
 */
#ifndef AGENT_AUTHOR_KEY_H
#define AGENT_AUTHOR_KEY_H

#include "agent/store/store.h"
#include "shared/core/keywrap.h"

enum {
    AUTHOR_PIN_MIN = 4,
    AUTHOR_WRONG_FREE = 5,
    AUTHOR_WAIT_FIRST_MS = 30 * 1000,
    AUTHOR_WAIT_MAX_MS = 3600 * 1000,
};

struct author_key {
    struct xg_wrapped_key wrapped;
    uint32_t wrong;   /* in a row */
    int64_t until_ms; /* no try before, by this device's clock */
};

XG_MUST_CHECK enum xg_status author_key_find(struct store *s,
                                             struct author_key *out,
                                             bool *found, const char *worker,
                                             struct xg_error *err);
/* The codes of those who have one, in the order in which they were set; the
 * list lives in the arena. */
XG_MUST_CHECK enum xg_status author_key_list(struct store *s,
                                             struct xg_arena *arena,
                                             const char ***workers,
                                             size_t *count,
                                             struct xg_error *err);

/* Draw one, and record the announcement. XG_REFUSED: there is one, the device
 * did not join, or may not record for that worker. XG_USAGE: too short. [T] */
XG_MUST_CHECK enum xg_status author_key_set(struct store *s, const char *worker,
                                            struct xg_bytes pin,
                                            const struct xg_env *env,
                                            struct xg_error *err);
/* The same key under another PIN. Statuses of author_key_open() too. [T] */
XG_MUST_CHECK enum xg_status
author_key_change(struct store *s, const char *worker, struct xg_bytes old,
                  struct xg_bytes new, const struct xg_env *env,
                  struct xg_error *err);
/* Forget it, for good. [T] */
XG_MUST_CHECK enum xg_status author_key_remove(struct store *s,
                                               const char *worker,
                                               struct xg_error *err);

/* Open it; the caller wipes `secret`. XG_AUTH: the PIN is wrong, which was
 * counted; XG_REFUSED: too many were, with how long to wait; XG_NOTFOUND. [T] */
XG_MUST_CHECK enum xg_status
author_key_open(uint8_t secret[static XG_SECRET_KEY_SIZE], struct store *s,
                const char *worker, struct xg_bytes pin,
                const struct xg_env *env, struct xg_error *err);

/* Does the registry that this device knows name another key? Then what is
 * recorded here stays unsigned: a signature by this one would give no right. */
XG_MUST_CHECK enum xg_status author_key_standing(struct store *s,
                                                 bool *registered, bool *other,
                                                 const struct author_key *key,
                                                 const char *worker,
                                                 uint64_t size,
                                                 struct xg_error *err);

#endif
