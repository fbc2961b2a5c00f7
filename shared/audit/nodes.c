/* nodes.c - see nodes.h. */
#include "shared/audit/nodes.h"

void xg_nodes_init(struct xg_nodes *n)
{
    memset(n, 0, sizeof *n);
    xg_tree_init(&n->tree);
    xg_spill_init(&n->run);
}

void xg_nodes_clear(struct xg_nodes *n)
{
    xg_spill_clear(&n->run);
}

static void keep(void *ctx, unsigned level, uint64_t index,
                 const struct xg_hash *hash)
{
    struct xg_nodes *n = ctx;

    (void)level;
    (void)index;
    xg_spill_add(&n->run, hash->b, XG_HASH_SIZE);
}

void xg_nodes_append(struct xg_nodes *n, const struct xg_hash *leaf)
{
    xg_tree_append(&n->tree, leaf, keep, n);
}

/* A node of level L, index I comes after the leaf (I + 1) * 2^L - 1, as the
 * L-th of those that this one completes; `size` leaves make 2 * size - (bits
 * that are set in size) nodes. */
static uint64_t place(unsigned level, uint64_t index)
{
    uint64_t leaf = ((index + 1) << level) - 1;

    return 2 * leaf - (uint64_t)__builtin_popcountll(leaf) + level;
}

static enum xg_status read_node(void *ctx, unsigned level, uint64_t index,
                                struct xg_hash *hash, struct xg_error *err)
{
    struct xg_nodes *n = ctx;

    xg_spill_get(&n->run, place(level, index) * XG_HASH_SIZE, hash->b,
                 XG_HASH_SIZE);
    return xg_spill_check(&n->run, err);
}

enum xg_status xg_nodes_leaf(struct xg_nodes *n, struct xg_hash *leaf,
                             uint64_t index, struct xg_error *err)
{
    return read_node(n, 0, index, leaf, err);
}

enum xg_status xg_nodes_root(struct xg_nodes *n, struct xg_hash *root,
                             uint64_t size, struct xg_error *err)
{
    const struct xg_node_reader reader = {n, read_node};
    size_t slot = (size_t)(size % XG_NODES_MEMO);
    struct xg_tree tree;

    if (size > 0 && n->memo[slot].size == size) {
        *root = n->memo[slot].root;
        return XG_OK;
    }
    if (xg_tree_load(&tree, size, &reader, err) != XG_OK)
        return err->status;
    xg_tree_root(root, &tree);
    n->memo[slot].size = size;
    n->memo[slot].root = *root;
    return XG_OK;
}
