/* loose.h - photos on the shelf that nothing may name: one that is being
 * kept by a command which may be killed before it saves, one that a draft gave
 * up. What is on this list, and named by nothing, goes in a sweep
 * (photo_sweep(), photos_free.h); nothing else on the shelf is looked at, so
 * that what somebody else put there stays. Being on the list costs a photo
 * nothing: the sweep asks who names it.
 */
#ifndef AGENT_PHOTO_LOOSE_H
#define AGENT_PHOTO_LOOSE_H

#include "agent/store/store.h"
#include "shared/core/cbor.h"

/* [t] */
XG_MUST_CHECK enum xg_status photo_loose_add(struct store *s,
                                             const struct xg_hash *sha256,
                                             struct xg_error *err);
/* [t] An element of a photo set, and its thumbnail. */
XG_MUST_CHECK enum xg_status photo_give_up(struct store *s,
                                           const struct xg_cbor_item *photo,
                                           struct xg_error *err);
/* [T] For photo_shelf.intend: `store` is a struct store. */
XG_MUST_CHECK enum xg_status photo_intend(void *store,
                                          const struct xg_hash *sha256,
                                          struct xg_error *err);

/* Append all hashes of the list, one after another. */
XG_MUST_CHECK enum xg_status photo_loose_get(struct store *s,
                                             struct xg_buf *hashes,
                                             struct xg_error *err);
/* [t] This is the list from now on. */
XG_MUST_CHECK enum xg_status photo_loose_put(struct store *s,
                                             struct xg_bytes hashes,
                                             struct xg_error *err);

#endif
