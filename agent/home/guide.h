/* guide.h - the site's guide (shared/guide/guide.h) on a device: read from the
 * reference files that came with the last sync. An edition whose file has not
 * come, or is not fetched (docs/protocol.md), is passed over.
 */
#ifndef AGENT_GUIDE_H
#define AGENT_GUIDE_H

#include "agent/store/store.h"
#include "shared/guide/guide.h"

/* Reads from the store, which is borrowed and may be used in between. */
struct xg_guide_source guide_of_device(struct store *s);

#endif
