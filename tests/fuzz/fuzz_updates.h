/* fuzz_updates.h - what a note of a page of updates has to say of its items. */
#ifndef XG_TESTS_FUZZ_FUZZ_UPDATES_H
#define XG_TESTS_FUZZ_FUZZ_UPDATES_H

#include "shared/core/protocol.h"

/* Number and root of the records of a body, as far as it can be read. */
static inline void fuzz_count_records(struct xg_updates_note *u,
                                      struct xg_bytes raw)
{
    struct xg_update_reader r = {.rest = raw};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_update item;
    struct xg_tree tree;
    bool more = true;

    xg_tree_init(&tree);
    while (xg_update_next(&r, &item, &more, &err) == XG_OK && more)
        if (item.kind == XG_UPDATE_RECORD) {
            struct xg_hash leaf = item.record.hash;
            xg_tree_append(&tree, &leaf, NULL, NULL);
        }
    xg_tree_root(&u->root, &tree);
    u->count = tree.size;
}

#endif
