/* verdicts.h - which signatures were found good or bad, so that each costs once.
 *
 * An entity is folded anew for each of its records; one that two thousand
 * people signed for would else cost two thousand verifications each time. A
 * table of fixed size: what does not fit drives something else out, and is
 * verified again. It belongs to one thread at a time.
 */
#ifndef XG_CORE_VERDICTS_H
#define XG_CORE_VERDICTS_H

#include <stdbool.h>

#include "shared/base/bytes.h"
#include "shared/core/note.h"

enum { XG_VERDICTS = 8192, XG_VERDICT_WAYS = 4 };

/* 256 KiB; zeroed is empty. */
struct xg_verdicts {
    struct xg_hash of[XG_VERDICTS]; /* the last bit is the verdict */
};

/* What is remembered by: a hash over record and key. */
void xg_verdict_of(struct xg_hash *of, const struct xg_hash *record,
                   const uint8_t key[static XG_PUBLIC_KEY_SIZE]);

/* False: not known. */
bool xg_verdicts_recall(const struct xg_verdicts *v, const struct xg_hash *of,
                        bool *good);
void xg_verdicts_remember(struct xg_verdicts *v, const struct xg_hash *of,
                          bool good);

#endif
