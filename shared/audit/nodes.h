/* nodes.h - the tree of a log that is being walked: grows at its end, and knows
 * its root at every size that it had.
 *
 * All complete nodes are kept in one run (the order of golang.org/x/mod/sumdb/
 * tlog: after each leaf the nodes that it completes), 64 bytes an entry.
 */
#ifndef XG_AUDIT_NODES_H
#define XG_AUDIT_NODES_H

#include "shared/audit/spill.h"
#include "shared/core/tlog.h"

enum { XG_NODES_MEMO = 256 };

struct xg_nodes {
    struct xg_tree tree;
    struct xg_spill run;
    struct { /* roots that were asked for, by size modulo */
        uint64_t size;
        struct xg_hash root;
    } memo[XG_NODES_MEMO];
};

void xg_nodes_init(struct xg_nodes *n);
void xg_nodes_clear(struct xg_nodes *n);
void xg_nodes_append(struct xg_nodes *n, const struct xg_hash *leaf);
/* size <= n->tree.size. */
XG_MUST_CHECK enum xg_status xg_nodes_root(struct xg_nodes *n,
                                           struct xg_hash *root, uint64_t size,
                                           struct xg_error *err);
/* The hash of the leaf at this index, for a state that is saved. */
XG_MUST_CHECK enum xg_status xg_nodes_leaf(struct xg_nodes *n,
                                           struct xg_hash *leaf, uint64_t index,
                                           struct xg_error *err);

#endif
