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

/* The hash by which the store knows a secret, or what tries are counted of.
 * `what` keeps them apart. */
void account_hash(struct xg_hash *out, const char *what, const char *text);

/* ---- wrong tries ---- */

enum account_counts {
    ACCOUNT_TRIES_ONE,  /* a try begins, and is wrong until it is forgiven */
    ACCOUNT_TAKES_BACK, /* it was none */
    ACCOUNT_FORGIVES,   /* it was right: all before it, too */
};
/* Of the code (else the one-time key) and the address of `given`, in a job.
 * *wait_s is above 0 where a try begins too early: then nothing is counted. */
XG_MUST_CHECK enum xg_status account_count(struct data *d, int64_t *wait_s,
                                           const struct account_try *given,
                                           enum account_counts what,
                                           struct xg_error *err);
/* By which the store counts what was tried of that code. */
void account_tries_key(struct xg_hash *out, const char *code);

/* ---- the second factor ---- */

/* Is it a code of hers now, or has she no second factor? In the writer's
 * transaction, so that none is good twice; the login is noted, too. */
XG_MUST_CHECK enum xg_status account_use_totp(struct data *d, bool *right,
                                              const char *account,
                                              const char *code,
                                              struct xg_error *err);

/* Why somebody's login was touched; XG_USAGE. (account.c) */
XG_MUST_CHECK enum xg_status account_judge_why(const char *why,
                                               struct xg_error *err);

#endif
