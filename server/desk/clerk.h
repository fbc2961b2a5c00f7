/* clerk.h - what the server does by itself: it reminds, and it climbs.
 *
 * A *pass* goes over the open cases (an index of the store; closed ones cost
 * nothing) and looks at the clocks that run (core/deadline.h):
 *
 *      remind     when a stage is overdue, and again each time another whole
 *                 limit of it has gone by; three times a turn at most
 *      escalate   where the catalogue names a level for the stage: to that
 *                 level as soon as it is overdue; after the third reminder one
 *                 level further up (levels file) for each further limit, up to
 *                 the top. A case that is at that level or above stays. The
 *                 way up is that of the case's home, by the units there
 *
 * Both are records of the worker "server" (role `server`) with the stage,
 * `climb`, which counts what was really written (the first, second, third
 * reminder of a turn; the first, second, ... climb), and `over`, the limits
 * gone by when it was: for one limit at most one of each is written, and of
 * several that went by while nobody served, one for all. The key of each is
 * (case, stage, turn, move, climb). It is looked up in the writer's transaction,
 * among the records of the case that have seen the turn begin: so neither a
 * second pass beside this one, nor a restart, nor an answer that was lost
 * writes one twice.
 *
 * Never for a clock that stands still (shelved, deferred). Where a year was
 * guessed by weekends because its calendar is missing, it reminds but does not
 * escalate: a reminder too early costs a word, a case handed upwards is not
 * handed back.
 *
 * A case that cannot be folded or written to (too big, damaged) is logged and
 * passed over, and tried again some minutes later; the others have theirs.
 *
 * Without a catalogue there are no limits and nothing is done; without levels
 * a case climbs once, to the code that the catalogue names. Only the home
 * server of a log runs this.
 */
#ifndef XG_SERVER_DESK_CLERK_H
#define XG_SERVER_DESK_CLERK_H

#include "server/data/data.h"
#include "shared/core/deadline.h"

enum {
    CLERK_EVERY_S = 60,     /* in a running server */
    CLERK_AGAIN_MS = 600000, /* after which a case that could not be folded, or
                              * written to, is tried again */
    CLERK_REMINDERS_MAX = 3 /* a turn of a stage */
};

struct clerk;

/* Remembers when each case is to be looked at next, so that a pass over cases
 * to which nothing happened folds none of them. Belongs to one thread at a
 * time. Borrows the data. */
XG_MUST_CHECK enum xg_status clerk_open(struct clerk **c, struct data *d,
                                        struct xg_error *err);
void clerk_close(struct clerk *c);

struct clerk_deed {
    struct xg_id id;
    uint64_t move; /* XG_MOVE_REMIND, XG_MOVE_ESCALATE */
    enum xg_stage stage;
    uint32_t turn, climb;
    uint32_t over; /* limits gone by */
    char level[XG_CODE_MAX + 1]; /* that it is escalated to, or "" */
    int64_t due_ms;              /* when the stage was due */
    bool guessed;
    bool written; /* false: only what would be */
    struct xg_hash record;
};

/* One pass as at `now_ms`. `told` of each deed, once it is published; may be
 * NULL. With `dry` nothing is written. A case that changed meanwhile is left
 * to the next pass. */
XG_MUST_CHECK enum xg_status
clerk_run(struct clerk *c, int64_t now_ms, bool dry,
          void (*told)(void *ctx, const struct clerk_deed *deed), void *ctx,
          struct xg_error *err);

/* A thread that makes a pass every CLERK_EVERY_S seconds, and one at once; it
 * also finishes what an erasure or a staged photo left, and appends the daily
 * view note. */
struct clerk_thread;
XG_MUST_CHECK enum xg_status clerk_start(struct clerk_thread **t,
                                         struct data *d, struct xg_error *err);
/* Waits for the pass at work. NULL is fine. */
void clerk_stop(struct clerk_thread *t);

#endif
