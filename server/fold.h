/* fold.h - from records in the store to the states of entities.
 *
 * A state is xg_merge() over all records of the entity, each judged by the
 * registry at its anchor (on the server's own chain: at its place in the log).
 * What it depends on is kept with it: missing citations as `wanted`, so that
 * an entity is folded again when what it waits for arrives.
 */
#ifndef XG_SERVER_FOLD_H
#define XG_SERVER_FOLD_H

#include "server/store.h"
#include "shared/core/merge.h"
#include "shared/core/registry.h"

/* An entity taken apart, for whoever shows it: rows and state are parallel
 * (state.ops[i] is rows[i]). Lives in the arena. */
struct fold {
    struct store_entity entity;
    struct store_record *rows;
    size_t count;
    const char **devices;           /* per row: who signed it */
    struct xg_judgement *judgements; /* per row */
    struct xg_state state;
};

/* Fold the rows into *fold. entity.number, id and creator are given, unit,
 * author, kind and counts come out. Rows may lie in no store yet. */
XG_MUST_CHECK enum xg_status fold_rows(struct fold *fold,
                                       struct xg_arena *arena,
                                       struct store *store,
                                       const struct xg_registry *registry,
                                       const struct store_entity *entity,
                                       struct store_record *rows, size_t count,
                                       struct xg_error *err);

/* Read an entity and fold it: `show`, `history`. */
XG_MUST_CHECK enum xg_status fold_entity(struct fold *fold, bool *found,
                                         struct xg_arena *arena,
                                         struct store *store,
                                         const struct xg_registry *registry,
                                         const struct xg_id *id,
                                         struct xg_error *err);

/* Put the state and what it waits for into the store. */
XG_MUST_CHECK enum xg_status fold_store(struct store *store,
                                        struct xg_arena *arena,
                                        const struct fold *fold,
                                        struct xg_error *err);

#endif
