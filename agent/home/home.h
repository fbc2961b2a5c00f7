/* home.h - the folder where everything of one device lies, and opening it.
 *
 *      vault, vault.key   how the rest is unlocked (vault/vault.h)
 *      agent.db           records and what is derived from them (store.h),
 *                         with agent.db-wal, agent.db-shm, agent.db.lock
 *      photos/            sealed photos (photo/photo.h)
 *      patrol/            the spool of an open patrol (record/patrol.h)
 *      sent               what the program that syncs last vouched for
 *      settings           how the device is to look and behave (settings.h)
 *
 * Programs are short-lived and several may run at once; each opens the home for
 * itself. Nothing is asked of a person here: a home that needs its passphrase
 * is XG_LOCKED.
 */
#ifndef AGENT_HOME_H
#define AGENT_HOME_H

#include <stdbool.h>

#include "agent/store/store.h"
#include "agent/vault/vault.h"
#include "shared/base/env.h"
#include "shared/base/error.h"

enum { HOME_PATH_SIZE = 4096 };

struct home {
    char path[HOME_PATH_SIZE];
    const struct xg_env *env; /* borrowed */
    struct vault *vault;
    struct store *store;
};

/* Where it is: `argument` (--home) unless NULL, else XUNGE_HOME, else
 * $XDG_DATA_HOME/xunge, else ~/.local/share/xunge. Absolute on return. */
XG_MUST_CHECK enum xg_status home_resolve(char path[static HOME_PATH_SIZE],
                                          const char *argument,
                                          struct xg_error *err);

/* Open home at `path`: unlock without asking, open the database. `create`
 * makes folder and vault where there are none; otherwise that is XG_NOTFOUND,
 * with what to do. XG_LOCKED. */
XG_MUST_CHECK enum xg_status home_open(struct home *h, const char *path,
                                       bool create, const struct xg_env *env,
                                       struct xg_error *err);
/* The same with a vault that is unlocked already; takes it, also on failure. */
XG_MUST_CHECK enum xg_status home_open_unlocked(struct home *h,
                                                const char *path,
                                                struct vault *vault,
                                                const struct xg_env *env,
                                                struct xg_error *err);
/* Fit for a home that is zeroed or whose opening failed. */
void home_close(struct home *h);

/* Make the folder, and those above it, where there is none. */
XG_MUST_CHECK enum xg_status home_make(const char *path, struct xg_error *err);
/* HOME/name. XG_USAGE when it is too long. */
XG_MUST_CHECK enum xg_status home_file(char path[static HOME_PATH_SIZE],
                                       const char *home, const char *name,
                                       struct xg_error *err);

#endif
