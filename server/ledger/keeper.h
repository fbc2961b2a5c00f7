/* keeper.h - the server's time: the machine's clock, held against the one that
 * nobody can set.
 *
 * A time note is for good, and the next is never earlier. So one word of a
 * clock that stood in 2099 for a second would be the log's time for 73 years:
 * every deadline over, every record of the time between dated 2099. Therefore
 * the machine's clock is watched by the one that counts since its start (of the
 * same boot):
 *
 *  - as long as they go together, up to five minutes apart at a time, the
 *    machine's clock is right;
 *  - where it jumps, either way, the time goes on as it went. The jump is
 *    believed once the clock has stood by it for a 24th of its length, an
 *    hour's for two and a half minutes, three days' for three hours (a machine
 *    that was paused), 73 years' for three years; or at once by an operator's
 *    word (ledger_believe);
 *  - after a new boot nothing tells how long the machine was off. What is not
 *    before the last time that was known, and at most a hundred days after it,
 *    is right; anything else waits as above, from that last time on.
 *
 * The last time that was known goes into the store with each time note, with
 * the boot that it was in, so that a program started amid a jump knows better
 * than its machine. Everything in the server that asks for the time gets this
 * one (ledger_env): what expires, backups' names, one-time passwords.
 *
 * Where the environment names no boot (tests), or the operator says so (a
 * demonstration that lives through a month in a minute), the machine's clock is
 * followed wherever it goes.
 */
#ifndef XG_SERVER_LEDGER_KEEPER_H
#define XG_SERVER_LEDGER_KEEPER_H

#include <pthread.h>

#include "server/ledger/ledger.h"

#define KEEPER_NEAR_MS INT64_C(300000)
#define KEEPER_AWAY_MS (INT64_C(100) * 86400000)
#define KEEPER_FIRST_MS (INT64_C(20) * 365 * 86400000) /* of a first start */
enum { KEEPER_STANDS_BY = 24, KEEPER_SAY_MS = 600000 };

/* What was known when the store was last written; ms 0: nothing. */
struct keeper_kept {
    int64_t ms, mono_ms;
    uint32_t boot; /* 0: the time was not sure */
    bool follows;
};

struct keeper {
    struct xg_env machine;
    pthread_mutex_t mutex; /* over what follows */
    uint32_t boot;         /* that we are in; 0: not known */
    bool follows;
    bool sure;          /* the machine's clock was right in this boot */
    int64_t ahead_ms;   /* our time less the clock that nobody sets */
    int64_t away_ms;    /* not sure: how far ahead of us is right at once */
    bool doubts;        /* the machine's clock; then: */
    int64_t doubted_ms; /* its time less the other when it began */
    int64_t doubted_mono_ms; /* since when it stands by that */
    bool said;               /* to the journal, and when */
    int64_t said_mono_ms;
};

void keeper_begin(struct keeper *k, const struct xg_env *machine,
                  const struct keeper_kept *kept);
void keeper_end(struct keeper *k);
int64_t keeper_ms(struct keeper *k);
void keeper_look(struct keeper *k, struct ledger_clock *out);
/* The machine's clock is right, now; or whatever it says. */
void keeper_believe(struct keeper *k);
void keeper_follow(struct keeper *k, bool follows);

XG_MUST_CHECK enum xg_status keeper_load(struct keeper_kept *kept,
                                         struct store *s, struct xg_error *err);
XG_MUST_CHECK enum xg_status keeper_save(struct keeper *k, struct store *s,
                                         struct xg_error *err);

#endif
