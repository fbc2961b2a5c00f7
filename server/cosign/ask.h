/* ask.h - having this log's checkpoints cosigned by the witnesses of
 * its policy.
 *
 * One round asks all that have an address, side by side, each by a program of
 * its own (xunge-witness): with a consistency proof from the size that the
 * witness last cosigned, which it tells by a 409 where we do not know it. What
 * they answer is verified; where the quorum is reached the checkpoint is kept
 * with all cosignatures (policy.h). A witness that is down, slow, talks
 * nonsense or refuses costs its own voice and nothing else: no request and no
 * record waits for any of this.
 */
#ifndef SERVER_WITNESS_ASK_H
#define SERVER_WITNESS_ASK_H

#include "server/data/data.h"
#include "shared/core/witness.h"

/* Where the program is; NULL: beside the running one. For tests. */
struct witness_asker;
XG_MUST_CHECK enum xg_status witness_asker_open(struct witness_asker **a,
                                                struct data *d,
                                                const char *program,
                                                struct xg_error *err);
void witness_asker_close(struct witness_asker *a);

struct witness_said {
    char name[XG_POLICY_NAME_MAX + 1];
    bool cosigned;
    uint64_t time_s;
    char trouble[160]; /* why not; "" where it did */
};
struct witness_round {
    bool policy;  /* there is one */
    bool reached; /* its quorum, of this checkpoint: kept */
    uint64_t size;
    size_t count; /* those with an address */
    struct witness_said said[XG_POLICY_WITNESSES_MAX];
};
/* One round over the published checkpoint. What a witness does wrong is in
 * *round; failures are ours. */
XG_MUST_CHECK enum xg_status witness_ask(struct witness_asker *a,
                                         struct witness_round *round,
                                         struct xg_error *err);

/* A thread that makes a round when the published checkpoint has moved, and not
 * sooner than `every_s` after the one before; again then, while the quorum is
 * not reached. It stops within the time that one request may take. */
enum { WITNESS_EVERY_S = 60 };
struct witness_thread;
XG_MUST_CHECK enum xg_status witness_start(struct witness_thread **t,
                                           struct data *d, unsigned every_s,
                                           struct xg_error *err);
void witness_stop(struct witness_thread *t);

#endif
