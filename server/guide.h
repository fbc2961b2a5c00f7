/* guide.h - the imported files of this server, for shared/guide.
 *
 *      struct xg_guide_source source = guide_source(reader);
 *      xg_guide_new(&guide, &source, err)
 *
 * A guide belongs to one thread and reads its files when first asked: the
 * reader outlives it. After an import guide_mark() is another: make a new one.
 */
#ifndef XG_SERVER_GUIDE_H
#define XG_SERVER_GUIDE_H

#include "server/store.h"
#include "shared/guide/guide.h"

/* Borrows the store. */
struct xg_guide_source guide_source(struct store *store);

/* Changes with every import. */
XG_MUST_CHECK enum xg_status guide_mark(uint64_t *mark, struct store *store,
                                        struct xg_error *err);

#endif
