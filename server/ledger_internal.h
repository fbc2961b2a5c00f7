/* ledger_internal.h - what ledger.c and ledger_read.c share. */
#ifndef XG_SERVER_LEDGER_INTERNAL_H
#define XG_SERVER_LEDGER_INTERNAL_H

#include <pthread.h>

#include "server/ledger.h"

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

    pthread_mutex_t mutex; /* over what follows, up to the writer's */
    pthread_cond_t settled;
    struct ledger_job *waiting, *last_waiting;
    bool writing; /* somebody is the writer */
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

#endif
