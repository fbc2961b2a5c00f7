/* progress.h - how far a case has come, while its moves fold one after another
 * (rule 10); used by merge.c, and read by who asks what is possible next.
 */
#ifndef XG_CORE_PROGRESS_H
#define XG_CORE_PROGRESS_H

#include "shared/core/loop.h"
#include "shared/core/record.h"

struct xg_op;

struct xg_progress {
    uint32_t refusals;   /* since the last joint review or designation */
    bool designated;     /* what was designated is not returned */
    bool waits;          /* somebody reported it and waits for an answer */
    bool answered;
    bool whistled;
    uint32_t asked;      /* op of the open request, or XG_NONE */
    uint32_t supervised; /* op of the supervision without reply, XG_NONE */
    uint32_t finisher;   /* op that last gave it back as handled, XG_NONE */
};

void xg_progress_begin(struct xg_progress *p);

/* The first hard need that op, making the move t, lacks; NULL: none. Of a
 * record whose fields were erased, its fields are taken to have been there. */
const struct xg_need *xg_progress_lacks(const struct xg_progress *p,
                                        const struct xg_op *ops, uint32_t op,
                                        const struct xg_transition *t);
/* A record with effect, be it a move or not, in the order of the fold. */
void xg_progress_take(struct xg_progress *p, const struct xg_op *ops,
                      uint32_t op);

#endif
