/* guides.h - guides (shared/guide) that are read already, for who asks next:
 * the files of a district are read in some ten milliseconds, which a list of
 * fifty rows does not take.
 *
 *      guides_lend(&lent, data->guides, reader, err)
 *      ... lent->guide ...
 *      guides_give(data->guides, lent)
 *
 * Each belongs to who has it; what was imported since it was read makes it
 * useless, and it is read anew. A few are kept.
 */
#ifndef XG_SERVER_DATA_GUIDES_H
#define XG_SERVER_DATA_GUIDES_H

#include <stdbool.h>

#include "server/store/store.h"
#include "shared/guide/guide.h"

struct guides;

struct guide_lent {
    struct xg_guide *guide;
    struct store *store; /* that it reads from, while it is lent */
    uint64_t mark;       /* of what was imported when it was read */
    bool failed;         /* something could not be read: not kept */
    struct guide_lent *next;
};

XG_MUST_CHECK enum xg_status guides_new(struct guides **g,
                                        struct xg_error *err);
void guides_free(struct guides *g); /* all are given back; NULL is fine */

/* Borrows the reader until it is asked for the last time. Any thread. */
XG_MUST_CHECK enum xg_status guides_lend(struct guide_lent **lent,
                                         struct guides *g, struct store *store,
                                         struct xg_error *err);
void guides_give(struct guides *g, struct guide_lent *lent); /* NULL is fine */

#endif
