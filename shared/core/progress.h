/* progress.h - how far a case has come, while its moves fold one after another
 * (rule 10); used by merge.c, and read by who asks what is possible next.
 */
#ifndef XG_CORE_PROGRESS_H
#define XG_CORE_PROGRESS_H

#include "shared/core/loop.h"
#include "shared/core/record.h"

struct xg_op;
struct xg_state;

/* What can be asked for: each sort waits for itself, so that one request
 * does not take the place of another that is open. */
enum xg_asking {
    XG_ASKING_SHELVE,
    XG_ASKING_DEFER,
    XG_ASKING_EXTEND,
    XG_ASKING_APPEAL,
    XG_ASKINGS,
};

struct xg_progress {
    uint32_t been;       /* set of XG_STATUS_BIT(): where it has been so far */
    uint32_t refusals;   /* since the last joint review or designation */
    bool designated;     /* what was designated is not returned */
    bool waits;          /* somebody reported it and waits for an answer */
    bool answered;
    bool whistled;
    uint32_t asked[XG_ASKINGS]; /* op of the open request, or XG_NONE */
    uint32_t supervised; /* op of the supervision without reply, XG_NONE */
    uint32_t finisher;   /* op that last gave it back as handled, XG_NONE */
    /* ops that took away what others may count on; XG_NONE */
    uint32_t took[XG_ASKINGS]; /* granted, refused or decided the request */
    uint32_t refuser;          /* made the last refusal */
    uint32_t designator;
};

void xg_progress_begin(struct xg_progress *p);

/* The first hard need that op, making the move t, lacks; NULL: none. Of a
 * record whose fields were erased, its fields are taken to have been there.
 * `s`: the state at work, or NULL: op's author has seen all. */
const struct xg_need *xg_progress_lacks(const struct xg_progress *p,
                                        const struct xg_op *ops,
                                        const struct xg_state *s, uint32_t op,
                                        const struct xg_transition *t);
/* The op because of which that need is not met, or XG_NONE: then nobody ever
 * met it. */
uint32_t xg_progress_taken_by(const struct xg_progress *p,
                              const struct xg_op *ops, uint32_t op,
                              const struct xg_need *need);
/* May a record of that author's role say who is to work on the case (`unit`,
 * `called`)? By a move that assigns, by making a task, or by deciding without
 * a move, for all of which the role must be one that dispatches. */
bool xg_record_assigns(const struct xg_record *r, uint32_t role);
/* Does it write fields of a case for which it has not the standing: who is to
 * work on it without the above; or any that changes by a move, without one,
 * in a role that does not dispatch? */
bool xg_record_oversteps(const struct xg_record *r, uint32_t role);

/* A record with effect, be it a move or not, in the order of the fold. */
void xg_progress_take(struct xg_progress *p, const struct xg_state *s,
                      uint32_t op);

#endif
