/* desk.h - what an operator does: records on the server's own chain, in the
 * name of a registered person.
 *
 * Every record is tried in the writer's transaction, just before it is
 * written: the entity is folded as it would be with it (shared/view/moves.h).
 * One that would have no effect, because the author has no right, the status
 * is another by now, or a need is not met, is refused with the reason and
 * leaves no trace.
 *
 * Official numbers: a `file` without case_number gets the next one of its
 * year, YYYY-NNNNNN (year by China's clock). The counter lies in the store and
 * is raised in the same transaction; a number that some case has already, by
 * whatever way, is passed over. A number given by hand is taken as it is.
 */
#ifndef XG_SERVER_DESK_DESK_H
#define XG_SERVER_DESK_DESK_H

#include "server/data/data.h"
#include "server/desk/again.h"
#include "shared/view/judged.h"
#include "shared/view/moves.h"

/* Who that is, as the registry says now; no_right says why they record nothing.
 * XG_NOTFOUND: nobody has that code. XG_REFUSED: the server's own name. */
XG_MUST_CHECK enum xg_status desk_person(struct xg_judgement *person,
                                         struct data *d,
                                         const char *operator_code,
                                         struct xg_error *err);
/* Who acts. The same; XG_REFUSED also for a role that records nothing. */
XG_MUST_CHECK enum xg_status desk_actor(struct xg_judgement *actor,
                                        struct data *d,
                                        const char *operator_code,
                                        struct xg_error *err);

/* What came of an act. */
struct desk_done {
    struct xg_hash record;
    struct xg_id id;    /* of the entity */
    uint64_t kind, move; /* move 0: none */
    uint64_t status;    /* of the loop, after it; 0: none */
    uint64_t conflicts; /* left to decide */
    uint32_t missing;   /* wanted needs (loop.h) that stay unmet */
    char case_number[XG_CODE_MAX + 1]; /* that was given here, or "" */
    bool has_contact;
    struct xg_id contact; /* that was made with it */
};

/* Between begin() and commit(): this year's official numbers go on that much
 * later. A restored server may have given out more than it knows. */
XG_MUST_CHECK enum xg_status desk_skip_numbers(struct store *store,
                                               uint64_t count,
                                               struct xg_error *err);

/* Whose act it is, and what it hangs on. */
struct desk_act {
    const char *code; /* who acts */
    const struct xg_labels *labels;
    /* New values of fields that somebody was shown: XG_STALE where one of them
     * has another by now that came after log entry `seen`, as
     * store_entity.changed was when it was shown. */
    bool has_seen;
    uint64_t seen;
    /* A decision: so many conflicts were open when it was taken; refused where
     * they are fewer by then, since somebody else decided. */
    uint64_t open;
    /* Of a new incident: who told of it, written with it; both or none. */
    struct xg_draft *contact;
    /* By which it may be asked for again (again.h), or NULL. */
    const struct again_key *key;
};

/* Try the draft and write it. The draft has kind, entity, move and fields.
 * XG_REFUSED, XG_NOTFOUND (no such entity), XG_USAGE: nothing was written. */
XG_MUST_CHECK enum xg_status desk_act(struct desk_done *done, struct data *d,
                                      struct xg_draft *draft,
                                      const struct desk_act *act,
                                      struct xg_error *err);
/* The same of one that hangs on nothing. */
XG_MUST_CHECK enum xg_status desk_write(struct desk_done *done, struct data *d,
                                        struct xg_draft *draft,
                                        const char *operator_code,
                                        const struct xg_labels *labels,
                                        struct xg_error *err);

/* What came of one that was done by its key before; *found false: none was.
 * XG_REFUSED: another act was. */
XG_MUST_CHECK enum xg_status desk_again(struct desk_done *done, bool *found,
                                        struct store *store,
                                        const char *operator_code,
                                        const struct again_key *key,
                                        struct xg_error *err);

/* The same without writing, for who writes by other means, inside a job: fold
 * NULL where the draft creates. A refusal is the answer, and the call XG_OK;
 * without one *trial is what would come of it. */
XG_MUST_CHECK enum xg_status
desk_try(struct view_trial *trial, struct xg_error *answer,
         struct xg_arena *arena, const struct data *d, const struct fold *fold,
         const struct xg_judgement *actor, const struct xg_draft *draft,
         const struct xg_labels *labels, struct xg_error *err);

/* What desk_write() would say of a draft that is not whole yet, without
 * writing: needs of its move are missing or wanted, and once nothing is missing
 * a refusal is a problem of `field`. The draft is not changed. */
struct desk_asked {
    struct data *data;
    struct store *store; /* a reader */
    const struct fold *fold; /* NULL where the draft creates */
    const struct xg_judgement *actor;
    const struct xg_labels *labels;
    const char *field;
};
XG_MUST_CHECK enum xg_status desk_judge(struct view_judged *j,
                                        const struct desk_asked *asked,
                                        struct xg_error *err);

/* What the actor may do to it from here; see view_moves_of(). */
XG_MUST_CHECK enum xg_status
desk_moves(struct view_move **moves, size_t *count, const char **no_right,
           struct xg_arena *arena, const struct fold *fold,
           const struct xg_registry *registry, const struct xg_judgement *actor,
           const struct xg_labels *labels, struct xg_error *err);

/* Take out of the draft's entity every element of `same_as` that names
 * `other`; *count of them. */
XG_MUST_CHECK enum xg_status desk_unlink(size_t *count, struct xg_draft *draft,
                                         const struct fold *fold,
                                         const struct xg_id *other,
                                         struct xg_error *err);
/* Does it say that it is the same as `other`? */
bool desk_links(const struct xg_state *state, const struct xg_id *other);

#endif
