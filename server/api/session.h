/* session.h - who is at the other end: tokens that a hello gave out.
 *
 * A token is 32 random bytes, good for 24 hours, bound to the device whose key
 * signed the hello; what that device may is asked anew for each request. It
 * lives in memory alone: after a restart a device says hello again. The table
 * is bounded: a device has at most SESSION_PER_DEVICE (the oldest goes), all
 * together the capacity (the oldest go). Safe from many threads. None of its
 * calls costs more where there are more sessions.
 *
 * A token is found by its SHA-256, so that how long a search takes says
 * nothing about tokens.
 */
#ifndef SERVER_SESSION_H
#define SERVER_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/base/bytes.h"
#include "shared/base/env.h"
#include "shared/base/error.h"
#include "shared/core/note.h"

enum {
    SESSION_CAPACITY = 16384,
    SESSION_PER_DEVICE = 4,
    SESSION_LIFE_MS = 24 * 60 * 60 * 1000,
};

struct session_table;

/* Whose a token is. */
struct session {
    char device[XG_KEY_NAME_MAX + 1];
};

/* `env` is borrowed. `capacity` 0 stands for SESSION_CAPACITY. */
XG_MUST_CHECK enum xg_status session_table_new(struct session_table **table,
                                               size_t capacity,
                                               const struct xg_env *env,
                                               struct xg_error *err);
void session_table_free(struct session_table *table);

/* A new token for the device. */
void session_give(struct session_table *table, struct xg_hash *token,
                  const struct session *whose);
/* Whose it is; false for a token that is none, or has run out. */
bool session_find(struct session_table *table, struct session *whose,
                  const struct xg_hash *token);
/* How many are good now. */
size_t session_count(struct session_table *table);

#endif
