/* moves.h - what can be done to an entity from here: by whom, what each move
 * needs, and whether a record that is about to be written would take effect.
 *
 * Agent and server ask here before they write, and fold with the same code
 * after. A record that would have no effect is refused while a person can
 * still answer; nothing is written then. Hard needs (loop.h) refuse; wanted
 * ones (photos, the official number) are said as a remark. Settling on the
 * spot without a photo from before and one from after asks for a reason.
 *
 * In the order of use, for `do ID MOVE field=value...`:
 *
 *      view_move_begin()   the name, into the draft; before its fields, since
 *                          fields that change by moves look at it
 *      view_form_set()     each field=value
 *      view_try()          XG_REFUSED: say why, then what is possible
 *                          (view_moves_of(), view_put_moves()); write nothing
 *      ... write it ...
 *      view_put_remarks()  what is still missing
 *      trial.after.conflict_count   more than none: exit 5
 */
#ifndef XG_VIEW_MOVES_H
#define XG_VIEW_MOVES_H

#include <jansson.h>

#include "shared/core/judge.h"
#include "shared/core/merge.h"
#include "shared/core/record.h"
#include "shared/guide/labels.h"

/* Who acts on what. All borrowed. */
struct view_bench {
    const struct xg_state *state; /* NULL: it is about to be created */
    const struct xg_judgement *const *judged; /* of each of state->ops */
    const struct xg_registry *registry;
    const struct xg_judgement *actor; /* xg_judge() of the author, now */
    const struct xg_labels *labels; /* the site's words; NULL: the usual ones */
};

/* A move from the present status, for this actor. */
struct view_move {
    const struct xg_transition *transition;
    const struct xg_choice *move;
    const struct xg_choice *to; /* NULL: beside the line */
    const char *label, *to_label; /* as the site calls them; "" with no `to` */
    uint32_t unmet;             /* of enum xg_need_bit, wanted ones too */
    bool blocked; /* an unmet need that no field=value of it can meet */
};

/* Every move that the actor may make from the present status, in the order of
 * the table, lent by the arena. *no_right: NULL, or why this actor can make
 * none at all (lent by the arena or static). `draft` may be NULL; else needs
 * that its fields meet are met. XG_NOMEM. */
XG_MUST_CHECK enum xg_status
view_moves_of(struct view_move **moves, size_t *count, const char **no_right,
              struct xg_arena *arena, const struct view_bench *bench,
              const struct xg_draft *draft, struct xg_error *err);

/* One line a move: its name, label, where it leads, what it still needs; those
 * that are blocked last, with what is in the way. Says so when there is none.
 */
void view_put_moves(struct xg_buf *out, const struct view_move *moves,
                    size_t count);
/* [{move, label, to, blocked, needs: [{need, label, met, wanted}]}] */
json_t *view_moves_json(const struct view_move *moves, size_t count);

/* Set the draft's move by its name, the site's label or the usual one, and the
 * status it is made from. XG_USAGE: no such move, with the nearest word.
 * XG_REFUSED: not from the present status, or the kind has no loop. In either
 * case say what is possible (view_put_moves()); the draft is then unchanged.
 * `labels` may be NULL. */
XG_MUST_CHECK enum xg_status view_move_begin(struct xg_draft *draft,
                                             const struct xg_state *state,
                                             const struct xg_labels *labels,
                                             const char *name,
                                             struct xg_error *err);

/* What would come of a record. */
struct view_trial {
    enum xg_effect effect;
    uint32_t missing;      /* wanted needs that stay unmet */
    struct xg_state after; /* as it would be, in the arena; its last op is the
                            * record */
};

/* Fold the entity as if the draft were written now by the actor. XG_REFUSED: it
 * would have no effect, or needs a reason; the text says why. XG_USAGE: the
 * record would be malformed. The draft is not changed. */
XG_MUST_CHECK enum xg_status
view_try(struct view_trial *out, struct xg_arena *arena,
         const struct view_bench *bench, const struct xg_draft *draft,
         const struct xg_env *env, struct xg_error *err);

/* XG_REFUSED: why this op, which took no effect, did not, as what was not
 * saved. For who folds a record by other means than view_try(). */
XG_MUST_CHECK enum xg_status view_no_effect(const struct xg_state *s,
                                            uint32_t op,
                                            const struct xg_labels *labels,
                                            struct xg_error *err);

/* "还缺：处置后照片" and a new line; nothing where nothing is missing. */
void view_put_remarks(struct xg_buf *out, uint32_t missing);
/* Their stable names: ["after", ...] */
json_t *view_needs_json(uint32_t bits);
const char *view_need_name(const struct xg_need *need);

#endif
