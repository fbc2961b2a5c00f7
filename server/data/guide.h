/* guide.h - the imported files of this server, for shared/guide.
 *
 *      struct xg_guide_source source = guide_source(reader);
 *      xg_guide_new(&guide, &source, err)
 *
 * A guide belongs to one thread and reads its files when first asked: the
 * reader outlives it. After an import guide_mark() is another: make a new one.
 */
#ifndef XG_SERVER_DATA_GUIDE_H
#define XG_SERVER_DATA_GUIDE_H

#include "server/merge/fold.h"
#include "server/store/store.h"
#include "shared/core/deadline.h"
#include "shared/guide/guide.h"

/* Borrows the store. */
struct xg_guide_source guide_source(struct store *store);

/* Changes with every import. */
XG_MUST_CHECK enum xg_status guide_mark(uint64_t *mark, struct store *store,
                                        struct xg_error *err);

/* ---- the clocks of a case ---- */

/* By what a case is timed. Lent by the guide. */
struct guide_rules {
    uint64_t kind, status; /* of the case */
    const struct xg_limits *limits;
    const struct xg_calendar *calendar;
};
/* The catalogue in force where it was filed (before that: the newest), the
 * row of its category. */
XG_MUST_CHECK enum xg_status guide_rules_of(struct guide_rules *rules,
                                            struct xg_guide *guide,
                                            const struct fold *fold,
                                            struct xg_error *err);
/* xg_clocks_of(), of a fold that knows its times (fold_of_entity()). Pure: the
 * guide is not asked. */
XG_MUST_CHECK enum xg_status guide_clocks(struct xg_clock **clocks,
                                          size_t *count, struct xg_arena *arena,
                                          const struct fold *fold,
                                          const struct guide_rules *rules,
                                          int64_t now_ms, struct xg_error *err);

#endif
