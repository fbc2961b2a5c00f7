/* site_move.h - what the imported reference data says to a move: it proposes and
 * fills in, and refuses where the site's own lists leave no doubt. Without data
 * it says nothing. Agent and server ask here, after the fields of a move are
 * set and before it is tried (moves.h).
 *
 *      escalate      fills in the level, and the unit that has it
 *      return        a duty that is cited must be in the list, and not the
 *                    unit's own
 *      dispatch,     what the post says: unit, board, handler; a unit that the
 *      designate     territory does not have is refused; who could be chosen
 *      report in     one's own unit, or one below it
 *      whistle       only from a level that may
 */
#ifndef XG_VIEW_SITE_MOVE_H
#define XG_VIEW_SITE_MOVE_H

#include <jansson.h>

#include "shared/base/buf.h"
#include "shared/core/merge.h"
#include "shared/core/record.h"
#include "shared/core/registry.h"
#include "shared/guide/guide.h"

/* All borrowed. */
struct view_site_move {
    struct xg_guide *guide;
    struct xg_draft *draft; /* is filled in */
    const struct xg_state *state;
    const char *home; /* the unit where the case is at home */
    const struct xg_judgement *actor;
    xg_day today;
    bool anyway; /* a unit that the territory does not have is meant */
    struct xg_buf *remarks; /* what was filled in, in a sentence; or nothing */
    struct xg_buf *advice;  /* what could be chosen, a line each */
    /* The same for a program: "rules", "proposed"; takes the list. May be NULL.
     */
    void (*advise)(void *ctx, const char *key, json_t *list);
    void *ctx;
};
/* XG_REFUSED: the text says why, the advice what else. */
XG_MUST_CHECK enum xg_status view_site_move(struct view_site_move *m,
                                            struct xg_error *err);

#endif
