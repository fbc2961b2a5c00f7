/* group.h - reports of one thing, over the server's store: the group of one,
 * and those that may belong together (shared/core/near.h).
 */
#ifndef XG_SERVER_MERGE_GROUP_H
#define XG_SERVER_MERGE_GROUP_H

#include "server/store/store.h"
#include "shared/core/near.h"
#include "shared/guide/guide.h"

/* All links of the store, grouped. Lent by the arena. */
struct group_map {
    struct xg_grouped *all; /* by ascending id */
    size_t count;
};
XG_MUST_CHECK enum xg_status group_load(struct group_map *out,
                                        struct xg_arena *arena,
                                        struct store *store,
                                        struct xg_error *err);
/* The group of an id, NULL: none. */
const struct xg_id *group_find(const struct group_map *map,
                               const struct xg_id *id);

/* Open incidents that may tell of one thing and are in no group together, the
 * nearest first, lent by the arena. Radii are the catalogue's. `of` NULL: all;
 * else only pairs with that one. */
XG_MUST_CHECK enum xg_status
group_suggest(struct xg_near_pair **pairs, size_t *count,
              struct xg_arena *arena, struct store *store,
              struct xg_guide *guide, const struct xg_id *of,
              struct xg_error *err);
/* Open incidents that may tell of the same as `own`, which need not be there:
 * the nearest first, `most` at most, lent by the arena. */
XG_MUST_CHECK enum xg_status
group_near(struct xg_near_spot **near, size_t *count, struct xg_arena *arena,
           struct store *store, struct xg_guide *guide,
           const struct xg_spot *own, size_t most, struct xg_error *err);

#endif
