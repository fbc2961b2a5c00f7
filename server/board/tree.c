/* tree.c - see tree.h. */
#include "server/board/tree.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/buf.h"

enum { DEPTH_MAX = 1024 };

/* Over all places of a tree, and below 2^63. */
#define ALONE (INT64_C(1) << 62)

static int by_code(const void *x, const void *y)
{
    const struct board_node *a = x, *b = y;

    return strcmp(a->code, b->code);
}

const struct board_node *board_tree_find(const struct board_tree *t,
                                         const char *code)
{
    const struct board_node key = {.code = code};

    return t->count ? bsearch(&key, t->nodes, t->count, sizeof key, by_code)
                    : NULL;
}

static int64_t alone(const char *code)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    uint64_t at = 0;

    if (!*code)
        return 0;
    crypto_hash_sha256(hash, (const uint8_t *)code, strlen(code));
    for (size_t i = 0; i < sizeof at; i++)
        at = at << 8 | hash[i];
    return ALONE | (int64_t)(at % (uint64_t)ALONE);
}

int64_t board_tree_at(const struct board_tree *t, const char *code)
{
    const struct board_node *n = board_tree_find(t, code);

    return n ? n->at : alone(code);
}

int64_t board_tree_last(const struct board_tree *t, const char *code)
{
    const struct board_node *n = board_tree_find(t, code);

    return n ? n->last : alone(code);
}

/* ---- numbering ---- */

/* A node's brothers and children, as places in the list; SIZE_MAX: none. */
struct kin {
    size_t above, first, next;
};

/* Children hang below their parents in the order of their codes. A node whose
 * way up does not end is put at the top. */
static void hang(struct kin *kin, size_t *top, const struct board_tree *t)
{
    for (size_t i = t->count; i-- > 0;) {
        const struct board_node *above =
            *t->nodes[i].above ? board_tree_find(t, t->nodes[i].above) : NULL;
        kin[i].above = above ? (size_t)(above - t->nodes) : SIZE_MAX;
        kin[i].first = SIZE_MAX;
    }
    for (size_t i = 0; i < t->count; i++) {
        size_t up = kin[i].above;
        for (size_t n = 0; up != SIZE_MAX && up != i && n < DEPTH_MAX; n++)
            up = kin[up].above;
        if (up != SIZE_MAX)
            kin[i].above = SIZE_MAX;
    }
    *top = SIZE_MAX;
    for (size_t i = t->count; i-- > 0;) {
        size_t *list = kin[i].above == SIZE_MAX ? top : &kin[kin[i].above].first;
        kin[i].next = *list;
        *list = i;
    }
}

/* Without recursion: a tree may be as deep as it is long. */
static void number(struct board_tree *t, const struct kin *kin, size_t top)
{
    size_t i = top;
    int64_t at = 0;

    while (i != SIZE_MAX) {
        t->nodes[i].at = ++at;
        if (kin[i].first != SIZE_MAX) {
            i = kin[i].first;
            continue;
        }
        t->nodes[i].last = at;
        while (i != SIZE_MAX && kin[i].next == SIZE_MAX) {
            i = kin[i].above;
            if (i != SIZE_MAX)
                t->nodes[i].last = at;
        }
        if (i != SIZE_MAX)
            i = kin[i].next;
    }
}

static void digest(struct board_tree *t)
{
    crypto_hash_sha256_state hash;

    crypto_hash_sha256_init(&hash);
    for (size_t i = 0; i < t->count; i++) {
        const struct board_node *n = &t->nodes[i];
        const int64_t places[] = {n->at, n->last};
        crypto_hash_sha256_update(&hash, (const uint8_t *)n->code,
                                  strlen(n->code) + 1);
        crypto_hash_sha256_update(&hash, (const uint8_t *)places,
                                  sizeof places);
    }
    crypto_hash_sha256_final(&hash, t->digest.b);
}

enum xg_status board_tree_make(struct board_tree *out, struct xg_arena *arena,
                               struct board_node *nodes, size_t count,
                               struct xg_error *err)
{
    struct board_tree t = {.nodes = nodes, .count = count};
    struct kin *kin = xg_arena_array(arena, count + 1, sizeof *kin);
    size_t top;

    if (!kin)
        return xg_fail_nomem(err);
    if (count)
        qsort(nodes, count, sizeof *nodes, by_code);
    hang(kin, &top, &t);
    number(&t, kin, top);
    digest(&t);
    *out = t;
    return XG_OK;
}
