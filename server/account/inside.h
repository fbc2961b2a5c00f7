/* inside.h - what the files of accounts share. */
#ifndef XG_SERVER_ACCOUNT_INSIDE_H
#define XG_SERVER_ACCOUNT_INSIDE_H

#include "server/account/account.h"

/* One change of an account, in a job. `change` false: nothing is written, and
 * it says why, if it is to be said. */
struct account_change {
    struct ledger_job job;
    const char *code;
    bool (*change)(struct account_change *c, struct store_operator *o,
                   struct xg_error *answer);
    const void *with; /* what it is changed by */
    void *out;
    struct xg_error answer;
    bool make; /* if there is none */
};

XG_MUST_CHECK enum xg_status account_change(struct data *d,
                                            struct account_change *c,
                                            struct xg_error *err);

/* A one-time key; wiped by the caller. */
struct account_once {
    char key[ACCOUNT_ONCE_SIZE];
    struct xg_hash hash; /* by which the store knows it */
    int64_t until_ms;
};
void account_new_once(struct account_once *once, struct data *d);

#endif
