/* inside.h - what ledger.c, logs.c and read.c share. */
#ifndef XG_SERVER_LEDGER_INSIDE_H
#define XG_SERVER_LEDGER_INSIDE_H

#include <pthread.h>

#include "server/ledger/ledger.h"
#include "shared/core/successor.h"

/* A checkpoint and its note. */
struct held {
    struct xg_checkpoint says;
    struct xg_buf note;
};

struct ledger {
    struct store *store;
    struct ledger_lock *lock;
    const struct xg_signer *signer;
    const struct xg_env *env;

    struct ledger_log logs[XG_LINEAGE_MAX]; /* fixed once it is open */
    size_t log_count;

    pthread_mutex_t mutex; /* over what follows, up to the writer's */
    pthread_cond_t settled;
    struct ledger_job *waiting, *last_waiting;
    bool writing; /* somebody is the writer */
    bool behind;
    struct held published;
    uint64_t published_ms;

    /* The writer's own. */
    bool unsure; /* ask store and lock before going on */
    struct xg_tree tree;
    uint64_t time_ms;
    uint64_t wanted; /* size; of the group at hand */
    struct xg_hash *nodes; /* of the group at hand */
    size_t node_count, node_room;
};

/* Fill l->logs from the store; a log that has none there is the first. */
XG_MUST_CHECK enum xg_status ledger_load_logs(struct ledger *l,
                                              struct xg_error *err);

#endif
