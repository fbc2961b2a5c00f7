/* blocks.c - where the hashes of the tree lie, and the part of them that is
 * kept in memory; see ledger.h.
 *
 * A layer is six levels of the tree: 64 of the nodes on its lowest level, and
 * what they complete on the five above, are a block, in the order in which they
 * became complete. What completes a block is the layer above's. A log of 10^6
 * entries has 15,625 blocks in its lowest layer, 245 in the next, four, and one.
 *
 * The writer holds the last block of each layer, which grows. Who reads keeps
 * the block that was read last, and the ledger keeps for all of them what many
 * proofs pass through: blocks above the lowest layer, and the one of the lowest
 * that still grows. Nothing there is ever out of date: a hash that was committed
 * never changes, a block only gets longer, and who finds it too short reads it
 * again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "server/ledger/inside.h"

enum { LEVELS = 6 };

/* ---- places ---- */

/* In a sequence of nodes, each after the leaves and nodes that it is over:
 * where a node stands, and how many `size` leaves make. */
static size_t place(unsigned level, uint64_t index)
{
    uint64_t leaf = ((index + 1) << level) - 1;

    return (size_t)(2 * leaf) - (size_t)__builtin_popcountll(leaf) + level;
}

static size_t places(uint64_t size)
{
    return (size_t)(2 * size) - (size_t)__builtin_popcountll(size);
}

/* ---- the writer's ---- */

void ledger_blocks_add(struct ledger *l, unsigned level, uint64_t index,
                       const struct xg_hash *hash)
{
    struct store_block *b = &l->growing[level / LEVELS];

    if (level % LEVELS == 0 && index % STORE_BLOCK_NODES == 0) {
        b->number = index / STORE_BLOCK_NODES;
        b->count = 0;
    }
    b->hashes[b->count++] = *hash;
    l->grew[level / LEVELS] = true;
}

enum xg_status ledger_blocks_put(struct ledger *l, bool all,
                                 struct xg_error *err)
{
    for (size_t i = 0; i < LEDGER_LAYERS; i++) {
        struct store_block *b = &l->growing[i];

        if (!l->grew[i] || (!all && b->count < STORE_BLOCK_HASHES))
            continue;
        if (l->store->ops->put_block(l->store, b, err) != XG_OK)
            return err->status;
        l->grew[i] = false;
    }
    return XG_OK;
}

enum xg_status ledger_blocks_load(struct ledger *l, uint64_t size,
                                  struct xg_error *err)
{
    for (unsigned i = 0; i < LEDGER_LAYERS; i++) {
        struct store_block *b = &l->growing[i];
        uint64_t nodes = size >> (LEVELS * i);
        size_t count = places(nodes % STORE_BLOCK_NODES);

        l->grew[i] = false;
        *b = (struct store_block){.layer = i};
        if (count == 0) /* the next one begins */
            continue;
        if (l->store->ops->read_block(l->store, b, i, nodes / STORE_BLOCK_NODES,
                                      err) != XG_OK)
            return err->status;
        if (b->count != count)
            return xg_fail(err, XG_CORRUPT,
                           "the tree's hashes are not those of its size");
    }
    return XG_OK;
}

/* ---- what is kept ---- */

/* Four blocks may lie where a number says; the one used last goes last. */
enum { WAYS = 4, SETS = LEDGER_KEPT / WAYS };

struct ledger_kept {
    pthread_mutex_t mutex;
    uint64_t turn, used[LEDGER_KEPT]; /* 0: there is none */
    struct store_block blocks[LEDGER_KEPT];
};

static_assert(sizeof(struct ledger_kept) <= 1 << 20,
              "what is kept of the tree is a MiB, however long the log is");

struct ledger_kept *ledger_kept_new(void)
{
    struct ledger_kept *k = calloc(1, sizeof *k);

    if (k)
        pthread_mutex_init(&k->mutex, NULL);
    return k;
}

void ledger_kept_free(struct ledger_kept *k)
{
    if (k)
        pthread_mutex_destroy(&k->mutex);
    free(k);
}

/* The first blocks of upper layers do not meet those of lower ones. */
static size_t set_of(uint64_t layer, uint64_t number)
{
    return WAYS * (size_t)((number - layer * WAYS) % SETS);
}

/* Its slot, or the one that it may have. */
static size_t slot_of(const struct ledger_kept *k, uint64_t layer,
                      uint64_t number)
{
    size_t first = set_of(layer, number), oldest = first;

    for (size_t i = first; i < first + WAYS; i++) {
        if (k->used[i] && k->blocks[i].layer == layer &&
            k->blocks[i].number == number)
            return i;
        if (k->used[i] < k->used[oldest])
            oldest = i;
    }
    return oldest;
}

static bool kept_find(struct ledger_kept *k, struct xg_hash *hash,
                      uint64_t layer, uint64_t number, size_t at)
{
    pthread_mutex_lock(&k->mutex);
    size_t slot = slot_of(k, layer, number);
    const struct store_block *b = &k->blocks[slot];
    bool found = k->used[slot] && b->layer == layer && b->number == number &&
                 at < b->count;
    if (found) {
        k->used[slot] = ++k->turn;
        *hash = b->hashes[at];
    }
    pthread_mutex_unlock(&k->mutex);
    return found;
}

static void keep(struct ledger_kept *k, const struct store_block *b)
{
    if (b->layer == 0 && b->count == STORE_BLOCK_HASHES)
        return;
    pthread_mutex_lock(&k->mutex);
    size_t slot = slot_of(k, b->layer, b->number);
    k->used[slot] = ++k->turn;
    k->blocks[slot] = *b;
    pthread_mutex_unlock(&k->mutex);
}

/* ---- reading ---- */

static enum xg_status read_node(void *ctx, unsigned level, uint64_t index,
                                struct xg_hash *hash, struct xg_error *err)
{
    struct ledger_nodes *n = ctx;
    uint64_t layer = level / LEVELS;
    unsigned own = level % LEVELS, up = LEVELS - own;
    uint64_t number = index >> up;
    size_t at = place(own, index & (((uint64_t)1 << up) - 1));
    struct store_block *b = &n->last;

    if (b->count == 0 || b->layer != layer || b->number != number ||
        at >= b->count) {
        if (n->kept && kept_find(n->kept, hash, layer, number, at))
            return XG_OK;
        if (n->store->ops->read_block(n->store, b, layer, number, err) !=
            XG_OK) {
            b->count = 0;
            return err->status;
        }
        if (at >= b->count)
            return xg_fail(err, XG_CORRUPT, "a hash of the tree is missing");
        if (n->kept)
            keep(n->kept, b);
    }
    *hash = b->hashes[at];
    return XG_OK;
}

struct xg_node_reader ledger_nodes(struct ledger_nodes *n,
                                   const struct ledger *l, struct store *store)
{
    n->store = store;
    n->kept = l ? l->kept : NULL;
    n->last.count = 0;
    return (struct xg_node_reader){n, read_node};
}
