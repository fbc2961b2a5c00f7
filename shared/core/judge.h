/* judge.h - the rights of all records of one entity, judged together.
 *
 * Agent and server call this with what their stores hold; so they judge alike.
 */
#ifndef XG_CORE_JUDGE_H
#define XG_CORE_JUDGE_H

#include "shared/core/loop.h"
#include "shared/core/merge.h"
#include "shared/core/registry.h"

/* Where an entity is at home: the grid that its first record names, if the
 * registry has a line of it there, else the unit of that record's author. A task, a notice, or a campaign: the unit that
 * it is for, which is where it names one (`grid`). */
struct xg_home {
    uint32_t creator;             /* op, or XG_NONE while it has not arrived */
    char unit[XG_CODE_MAX + 1];   /* "" while unknown */
    char author[XG_CODE_MAX + 1]; /* of the first record; "" while unknown */
};

/* Each op's author was judged by xg_judge() into *judged[i]. Here what the
 * entity itself asks is added. An author writes
 *
 *  - to what they created;
 *  - to what is at home in their unit or below it; the server itself, which is
 *    at home nowhere, to everything (its moves: loop.h);
 *  - to what was put into the hands of their unit, or of one below it, by a
 *    move that may do so (loop.h), or by making a task, by somebody to whom one
 *    of the other rules gives the right. Once given it stays: whoever worked on a case may
 *    still report on it, and what came meanwhile overtakes them;
 *  - to a handover that is addressed to them;
 *  - an erasure (erase.h), whatever it is at home in: a supervising office, on the server's own
 *    device. What it erased is applied here first, since a home and rights
 *    hang on fields;
 *  - of a kind that reaches down: where it is at home in a unit above theirs,
 *    additions to its sets, their own taken out again, and nothing else.
 *
 * Fills rank, role, author, no_right, erases and erasure of each op (rank and role 0 without
 * right), and no_right of the judgement; texts are lent by the judgements. */
XG_MUST_CHECK enum xg_status
xg_judge_ops(struct xg_home *home, struct xg_arena *arena, struct xg_op *ops,
             struct xg_judgement *const *judged, size_t count,
             const struct xg_id *id, const struct xg_registry *registry,
             struct xg_error *err);

#endif
