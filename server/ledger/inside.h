/* inside.h - what ledger.c, blocks.c, logs.c and read.c share. */
#ifndef XG_SERVER_LEDGER_INSIDE_H
#define XG_SERVER_LEDGER_INSIDE_H

#include <pthread.h>

#include "server/ledger/keeper.h"
#include "server/ledger/ledger.h"
#include "shared/core/successor.h"

/* A checkpoint and its note. */
struct held {
    struct xg_checkpoint says;
    struct xg_buf note;
};

/* 64 levels in layers of six. */
enum { LEDGER_LAYERS = 11, LEDGER_KEPT = 256 };

struct ledger {
    struct store *store;
    struct ledger_lock *lock;
    const struct xg_signer *signer;
    struct keeper keeper; /* has its own lock */
    struct xg_env env;    /* whose time is the keeper's */

    struct ledger_log logs[XG_LINEAGE_MAX]; /* fixed once it is open */
    size_t log_count;
    struct ledger_kept *kept; /* of the tree; has its own lock */

    pthread_mutex_t mutex; /* over what follows, up to the writer's */
    pthread_cond_t settled;
    struct ledger_job *waiting, *last_waiting;
    bool writing; /* somebody is the writer */
    bool behind;
    struct held published;
    uint64_t published_ms;
    uint64_t rested; /* the size at the last ledger_tidy() */

    /* The writer's own. */
    bool unsure; /* ask store and lock before going on */
    struct xg_tree tree;
    uint64_t time_ms;
    uint64_t wanted; /* size; of the group at hand */
    struct store_block growing[LEDGER_LAYERS]; /* the last of each */
    bool grew[LEDGER_LAYERS]; /* since it was put */
};

/* LEDGER_KEPT blocks in memory, a MiB, however long the log is. NULL. */
struct ledger_kept *ledger_kept_new(void);
void ledger_kept_free(struct ledger_kept *kept);

/* A node is complete; put the blocks that grew: all, or those that are full.
 * Load those that grow in a tree of that size. */
void ledger_blocks_add(struct ledger *l, unsigned level, uint64_t index,
                       const struct xg_hash *hash);
XG_MUST_CHECK enum xg_status ledger_blocks_put(struct ledger *l, bool all,
                                               struct xg_error *err);
XG_MUST_CHECK enum xg_status ledger_blocks_load(struct ledger *l, uint64_t size,
                                                struct xg_error *err);

/* Fill l->logs from the store; a log that has none there is the first. */
XG_MUST_CHECK enum xg_status ledger_load_logs(struct ledger *l,
                                              struct xg_error *err);

#endif
