/* guide.h - the site's guide (shared/guide/guide.h) on a device: read from the
 * reference files that came with the last sync. An edition whose file has not
 * come, or is not fetched (docs/protocol.md), is passed over.
 */
#ifndef AGENT_GUIDE_H
#define AGENT_GUIDE_H

#include "agent/store/fold.h"
#include "agent/store/store.h"
#include "shared/guide/guide.h"

/* Reads from the store, which is borrowed and may be used in between. */
struct xg_guide_source guide_of_device(struct store *s);

/* The deadlines of a case (core/deadline.h), of a kind that has a loop: by the
 * catalogue in force where it was filed (before that: the newest), the row of
 * its category, the newest calendar. */
XG_MUST_CHECK enum xg_status
guide_clocks_of(struct xg_clock **clocks, size_t *count, struct xg_arena *arena,
                struct xg_guide *guide, const struct fold *fold, int64_t now_ms,
                struct xg_error *err);

#endif
