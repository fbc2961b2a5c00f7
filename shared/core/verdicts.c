/* verdicts.c - see verdicts.h. Sets of four; in each the newest comes first. */
#include "shared/core/verdicts.h"

#include <sodium.h>

enum { LAST = XG_HASH_SIZE - 1, SETS = XG_VERDICTS / XG_VERDICT_WAYS };

void xg_verdict_of(struct xg_hash *of, const struct xg_hash *record,
                   const uint8_t key[static XG_PUBLIC_KEY_SIZE])
{
    uint8_t both[XG_HASH_SIZE + XG_PUBLIC_KEY_SIZE];

    memcpy(both, record->b, XG_HASH_SIZE);
    memcpy(both + XG_HASH_SIZE, key, XG_PUBLIC_KEY_SIZE);
    crypto_hash_sha256(of->b, both, sizeof both);
}

static size_t set_of(const struct xg_hash *of)
{
    return (size_t)(xg_load_u32(of->b) % SETS) * XG_VERDICT_WAYS;
}

static bool is_same(const struct xg_hash *a, const struct xg_hash *b)
{
    return memcmp(a->b, b->b, LAST) == 0 && a->b[LAST] >> 1 == b->b[LAST] >> 1;
}

bool xg_verdicts_recall(const struct xg_verdicts *v, const struct xg_hash *of,
                        bool *good)
{
    const struct xg_hash *set = v->of + set_of(of);

    for (size_t i = 0; i < XG_VERDICT_WAYS; i++)
        if (is_same(&set[i], of)) {
            *good = set[i].b[LAST] & 1;
            return true;
        }
    return false;
}

void xg_verdicts_remember(struct xg_verdicts *v, const struct xg_hash *of,
                          bool good)
{
    struct xg_hash *set = v->of + set_of(of);
    bool known;

    if (xg_verdicts_recall(v, of, &known))
        return;
    memmove(set + 1, set, (XG_VERDICT_WAYS - 1) * sizeof *set);
    *set = *of;
    set->b[LAST] = (uint8_t)((of->b[LAST] & ~1u) | good);
}
