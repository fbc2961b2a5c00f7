/* fold.h - from records in the store to the states of entities.
 *
 * A state is xg_merge() over all records of the entity, each judged by the
 * registry at its anchor (on the server's own chain: at its place in the log).
 */
#ifndef XG_SERVER_MERGE_FOLD_H
#define XG_SERVER_MERGE_FOLD_H

#include "server/store/store.h"
#include "shared/core/deadline.h"
#include "shared/core/merge.h"
#include "shared/core/registry.h"

/* An entity taken apart, for whoever shows it: rows and state are parallel
 * (state.ops[i] is rows[i]). Lives in the arena. */
struct fold {
    struct store_entity entity;
    struct store_record *rows;
    size_t count;
    const char **devices;            /* per row: who signed it */
    struct xg_judgement *judgements; /* per row */
    struct xg_when *whens;           /* per row; NULL unless to be shown */
    struct xg_state state;
};

/* Rows of one entity, in any order; they may lie in no store yet. */
struct fold_rows {
    struct store_record *rows;
    size_t count;
    const struct xg_record *const *records; /* read already, or NULL */
    const char *device; /* who wrote all of them, on one branch; or NULL */
    const struct xg_hash *chain; /* theirs, where there is a `device` */
    bool show; /* for who looks at it: tell strays from what has not come yet,
                * which changes no state (merge.h); and the times. At ingest
                * the time note that closes the group is not there yet:
                * nothing that is stored may hang on it */
};

/* Fold the rows into *fold. Number, id and `changed` of `entity` are taken
 * over, the rest comes out. */
XG_MUST_CHECK enum xg_status
fold_of_rows(struct fold *fold, struct xg_arena *arena, struct store *store,
             const struct xg_registry *registry,
             const struct store_entity *entity, const struct fold_rows *rows,
             struct xg_error *err);

/* Read the records of an entity whose row is at hand, and fold them. XG_TOOBIG:
 * it outgrew a fold. */
XG_MUST_CHECK enum xg_status
fold_of_found(struct fold *fold, struct xg_arena *arena, struct store *store,
              const struct xg_registry *registry,
              const struct store_entity *entity, struct xg_error *err);

/* Read an entity and fold it: `show`, `history`. XG_TOOBIG: the same. */
XG_MUST_CHECK enum xg_status
fold_of_entity(struct fold *fold, bool *found, struct xg_arena *arena,
               struct store *store, const struct xg_registry *registry,
               const struct xg_id *id, struct xg_error *err);

/* What the log proves of a record's time: of the anchor in force before it, of
 * its position. */
XG_MUST_CHECK enum xg_status fold_when(struct xg_when *when,
                                       struct store *store,
                                       uint64_t anchor_size, uint64_t position,
                                       struct xg_error *err);

/* Put the entity into the store; one that is not `folded` with an empty state.
 * `scratch` is emptied. */
XG_MUST_CHECK enum xg_status fold_put(struct store *store,
                                      struct xg_buf *scratch,
                                      const struct fold *fold,
                                      struct xg_error *err);

#endif
