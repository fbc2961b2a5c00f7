/* tiles.h - hash tiles of a bundle, read as the nodes of a log. They are kept
 * in memory; nothing vouches for them but what is computed from them. */
#ifndef AGENT_BUNDLE_TILES_H
#define AGENT_BUNDLE_TILES_H

#include "shared/core/tlog.h"

struct tiles {
    struct tile_kept {
        struct xg_tile at;
        uint8_t *hashes;
    } * list;
    size_t count, room;
};

/* The bytes are copied. XG_FORMAT where they are not as many as the tile has.
 */
XG_MUST_CHECK enum xg_status tiles_add(struct tiles *t,
                                       const struct xg_tile *at,
                                       struct xg_bytes hashes,
                                       struct xg_error *err);
/* Lends `t`. A node that no tile has is XG_NOTFOUND. */
struct xg_node_reader tiles_nodes(struct tiles *t);
void tiles_clear(struct tiles *t);

#endif
