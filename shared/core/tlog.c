/* tlog.c - trees, proofs and their verification; see tlog.h.
 *
 * A subtree that starts at a multiple of its size and is complete is one
 * stored node; any other range that a proof names is the end of the tree, and
 * is folded from the complete subtrees in it, the smallest first.
 */
#include "shared/core/tlog.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>

/* ---- hashing ---- */

void xg_tlog_leaf(struct xg_hash *hash, const void *data, size_t len)
{
    static const uint8_t prefix = 0;
    crypto_hash_sha256_state state;

    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, &prefix, 1);
    crypto_hash_sha256_update(&state, data, len);
    crypto_hash_sha256_final(&state, hash->b);
}

void xg_tlog_node(struct xg_hash *hash, const struct xg_hash *left,
                  const struct xg_hash *right)
{
    uint8_t both[1 + 2 * XG_HASH_SIZE];

    both[0] = 1;
    memcpy(both + 1, left->b, XG_HASH_SIZE);
    memcpy(both + 1 + XG_HASH_SIZE, right->b, XG_HASH_SIZE);
    crypto_hash_sha256(hash->b, both, sizeof both);
}

void xg_tlog_root(struct xg_hash *root, const struct xg_hash *leaves,
                  uint64_t count)
{
    struct xg_tree tree;

    xg_tree_init(&tree);
    for (uint64_t i = 0; i < count; i++)
        xg_tree_append(&tree, &leaves[i], NULL, NULL);
    xg_tree_root(root, &tree);
}

/* ---- a growing tree ---- */

static unsigned count_ones(uint64_t value)
{
    return (unsigned)__builtin_popcountll(value);
}

/* The largest power of two below size, as its exponent; size > 1. */
static unsigned split_level(uint64_t size)
{
    return 63U - (unsigned)__builtin_clzll(size - 1);
}

void xg_tree_init(struct xg_tree *t)
{
    t->size = 0;
}

void xg_tree_append(struct xg_tree *t, const struct xg_hash *leaf,
                    void (*emit)(void *ctx, unsigned level, uint64_t index,
                                 const struct xg_hash *hash),
                    void *ctx)
{
    unsigned count = count_ones(t->size), level = 0;
    uint64_t index = t->size;
    struct xg_hash node = *leaf;

    assert(t->size < UINT64_MAX);
    if (emit)
        emit(ctx, 0, index, &node);
    while (index & 1) {
        xg_tlog_node(&node, &t->peaks[--count], &node);
        index >>= 1;
        level++;
        if (emit)
            emit(ctx, level, index, &node);
    }
    t->peaks[count] = node;
    t->size++;
}

/* The root over complete subtrees, largest first; count > 0. */
static void fold(struct xg_hash *root, const struct xg_hash *peaks,
                 unsigned count)
{
    struct xg_hash sum = peaks[--count];

    while (count > 0)
        xg_tlog_node(&sum, &peaks[--count], &sum);
    *root = sum;
}

void xg_tree_root(struct xg_hash *root, const struct xg_tree *t)
{
    if (t->size == 0)
        crypto_hash_sha256(root->b, (const uint8_t *)"", 0);
    else
        fold(root, t->peaks, count_ones(t->size));
}

/* ---- from stored nodes ---- */

/* The complete subtrees of the `size` leaves from `start` on, largest first.
 * `start` is a multiple of the largest. */
static enum xg_status load_peaks(struct xg_hash peaks[static XG_PROOF_MAX],
                                 uint64_t start, uint64_t size,
                                 const struct xg_node_reader *nodes,
                                 struct xg_error *err)
{
    for (unsigned i = 0; size > 0; i++) {
        unsigned level = 63U - (unsigned)__builtin_clzll(size);
        uint64_t width = (uint64_t)1 << level;
        enum xg_status status =
            nodes->read(nodes->ctx, level, start >> level, &peaks[i], err);

        if (status != XG_OK)
            return status;
        start += width;
        size -= width;
    }
    return XG_OK;
}

enum xg_status xg_tree_load(struct xg_tree *t, uint64_t size,
                            const struct xg_node_reader *nodes,
                            struct xg_error *err)
{
    struct xg_hash peaks[XG_PROOF_MAX];
    enum xg_status status = load_peaks(peaks, 0, size, nodes, err);

    if (status != XG_OK)
        return status;
    t->size = size;
    memcpy(t->peaks, peaks, count_ones(size) * sizeof *peaks);
    return XG_OK;
}

/* The root over the `size` > 0 leaves from `start` on. */
static enum xg_status load_root(struct xg_hash *root, uint64_t start,
                                uint64_t size,
                                const struct xg_node_reader *nodes,
                                struct xg_error *err)
{
    struct xg_hash peaks[XG_PROOF_MAX];
    enum xg_status status = load_peaks(peaks, start, size, nodes, err);

    if (status == XG_OK)
        fold(root, peaks, count_ones(size));
    return status;
}

/* ---- proving ---- */

/* Which ranges a proof is made of, from root to leaf. */
struct ranges {
    size_t count;
    struct {
        uint64_t start, size;
    } at[XG_PROOF_MAX];
};

static void add_range(struct ranges *r, uint64_t start, uint64_t size)
{
    r->at[r->count].start = start;
    r->at[r->count].size = size;
    r->count++;
}

/* RFC 9162 section 2.1.3.1, PATH(index, D[0:size]). */
static void inclusion_ranges(struct ranges *r, uint64_t index, uint64_t size)
{
    uint64_t start = 0;

    r->count = 0;
    while (size > 1) {
        uint64_t half = (uint64_t)1 << split_level(size);

        if (index - start < half) {
            add_range(r, start + half, size - half);
            size = half;
        } else {
            add_range(r, start, half);
            start += half;
            size -= half;
        }
    }
}

/* RFC 9162 section 2.1.4.1, SUBPROOF(old, D[0:size], true); 0 < old. */
static void consistency_ranges(struct ranges *r, uint64_t old, uint64_t size)
{
    uint64_t start = 0;

    r->count = 0;
    while (old != start + size) {
        uint64_t half = (uint64_t)1 << split_level(size);

        if (old - start <= half) {
            add_range(r, start + half, size - half);
            size = half;
        } else {
            add_range(r, start, half);
            start += half;
            size -= half;
        }
    }
    if (start > 0) /* else it is the old root, which the verifier has */
        add_range(r, start, size);
}

static enum xg_status load_proof(struct xg_proof *proof, const struct ranges *r,
                                 const struct xg_node_reader *nodes,
                                 struct xg_error *err)
{
    struct xg_proof made;

    for (size_t i = 0; i < r->count; i++) {
        enum xg_status status =
            load_root(&made.hashes[r->count - 1 - i], r->at[i].start,
                      r->at[i].size, nodes, err);
        if (status != XG_OK)
            return status;
    }
    proof->count = r->count;
    memcpy(proof->hashes, made.hashes, r->count * sizeof *made.hashes);
    return XG_OK;
}

enum xg_status xg_prove_inclusion(struct xg_proof *proof, uint64_t index,
                                  uint64_t size,
                                  const struct xg_node_reader *nodes,
                                  struct xg_error *err)
{
    struct ranges r;

    if (index >= size)
        return xg_fail(err, XG_USAGE,
                       "no leaf %" PRIu64 " in a tree of %" PRIu64, index,
                       size);
    inclusion_ranges(&r, index, size);
    return load_proof(proof, &r, nodes, err);
}

enum xg_status xg_prove_consistency(struct xg_proof *proof, uint64_t old,
                                    uint64_t size,
                                    const struct xg_node_reader *nodes,
                                    struct xg_error *err)
{
    struct ranges r;

    if (old == 0 || old > size)
        return xg_fail(err, XG_USAGE,
                       "no proof from size %" PRIu64 " to %" PRIu64, old, size);
    consistency_ranges(&r, old, size);
    return load_proof(proof, &r, nodes, err);
}

void xg_prove_inclusion_in(struct xg_proof *proof, uint64_t index,
                           const struct xg_hash *leaves, uint64_t count)
{
    struct ranges r = {0};

    assert(index < count);
    if (index < count)
        inclusion_ranges(&r, index, count);
    for (size_t i = 0; i < r.count; i++)
        xg_tlog_root(&proof->hashes[r.count - 1 - i], leaves + r.at[i].start,
                     r.at[i].size);
    proof->count = r.count;
}

/* ---- verifying ---- */

/* Where a proof stands on its way up: the node's index on its level, and the
 * index of the level's last node. */
struct climb {
    uint64_t node, last;
};

/* Up past the levels where the node stands at the right edge without a left
 * neighbour, for those add no hash to the proof. */
static void climb_edge(struct climb *c)
{
    while (c->node != 0 && (c->node & 1) == 0) {
        c->node >>= 1;
        c->last >>= 1;
    }
}

/* Is the next hash of the proof the left neighbour? Steps up one level. */
static bool climb_left(struct climb *c)
{
    bool left = (c->node & 1) || c->node == c->last;

    if (left)
        climb_edge(c);
    c->node >>= 1;
    c->last >>= 1;
    return left;
}

enum xg_status xg_verify_inclusion(const struct xg_proof *proof, uint64_t index,
                                   uint64_t size, const struct xg_hash *leaf,
                                   const struct xg_hash *root,
                                   struct xg_error *err)
{
    struct climb c = {index, size - 1};
    struct xg_hash sum = *leaf;
    bool good = index < size && proof->count <= XG_PROOF_MAX;

    for (size_t i = 0; good && i < proof->count; i++) {
        const struct xg_hash *next = &proof->hashes[i];

        good = c.last != 0;
        if (climb_left(&c))
            xg_tlog_node(&sum, next, &sum);
        else
            xg_tlog_node(&sum, &sum, next);
    }
    if (good && c.last == 0 && xg_hash_equal(&sum, root))
        return XG_OK;
    return xg_fail(err, XG_AUTH,
                   "the proof does not hold that leaf %" PRIu64
                   " is in the tree of %" PRIu64,
                   index, size);
}

/* RFC 9162 section 2.1.4.2, for 0 < old < size. */
static bool consistent(const struct xg_proof *proof, uint64_t old,
                       uint64_t size, const struct xg_hash *old_root,
                       const struct xg_hash *root)
{
    struct climb c = {old - 1, size - 1};
    bool whole = (old & (old - 1)) == 0; /* the old root is a node itself */
    size_t i = whole ? 0 : 1;

    if (proof->count < 1 || proof->count > XG_PROOF_MAX)
        return false;
    while (c.node & 1) {
        c.node >>= 1;
        c.last >>= 1;
    }

    struct xg_hash old_sum = whole ? *old_root : proof->hashes[0];
    struct xg_hash sum = old_sum;
    for (; i < proof->count; i++) {
        const struct xg_hash *next = &proof->hashes[i];

        if (c.last == 0)
            return false;
        if (climb_left(&c)) {
            xg_tlog_node(&old_sum, next, &old_sum);
            xg_tlog_node(&sum, next, &sum);
        } else {
            xg_tlog_node(&sum, &sum, next);
        }
    }
    return c.last == 0 && xg_hash_equal(&old_sum, old_root) &&
           xg_hash_equal(&sum, root);
}

enum xg_status xg_verify_consistency(const struct xg_proof *proof, uint64_t old,
                                     uint64_t size,
                                     const struct xg_hash *old_root,
                                     const struct xg_hash *root,
                                     struct xg_error *err)
{
    bool good = false;

    if (old == 0)
        good = proof->count == 0;
    else if (old == size)
        good = proof->count == 0 && xg_hash_equal(old_root, root);
    else if (old < size)
        good = consistent(proof, old, size, old_root, root);
    if (good)
        return XG_OK;
    return xg_fail(err, XG_AUTH,
                   "the proof does not hold that the tree of %" PRIu64
                   " begins the tree of %" PRIu64,
                   old, size);
}
