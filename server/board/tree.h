/* tree.h - places in a tree: units below units, categories below
 * categories.
 *
 * All that are known are numbered from 1 in the order in which one walks down
 * the tree, brothers by their codes, so that one and all below it are the range
 * from its own number to that of the last below it. A pure function of who is
 * below whom. "" has the place 0. A code that is not in the tree stands alone,
 * at a number made of the code, far above all others; so what was given to a
 * unit that nobody knows is still found by its code.
 */
#ifndef XG_SERVER_BOARD_TREE_H
#define XG_SERVER_BOARD_TREE_H

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

struct board_node {
    const char *code, *above; /* above "" or not in the tree: at the top */
    int64_t at, last;
};

struct board_tree {
    struct board_node *nodes; /* by code */
    size_t count;
    struct xg_hash digest; /* of codes and places */
};

/* Number the nodes, of which code and above are set; each code once. They are
 * put in order, and lent. Whose way up is a circle stands at the top. */
XG_MUST_CHECK enum xg_status board_tree_make(struct board_tree *out,
                                             struct xg_arena *arena,
                                             struct board_node *nodes,
                                             size_t count,
                                             struct xg_error *err);
/* NULL: not in the tree. */
const struct board_node *board_tree_find(const struct board_tree *t,
                                         const char *code);
int64_t board_tree_at(const struct board_tree *t, const char *code);
/* The last place below it. */
int64_t board_tree_last(const struct board_tree *t, const char *code);

#endif
