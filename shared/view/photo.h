/* photo.h - a photo on its way into a draft: what a person says of it, and how
 * it is attached. */
#ifndef XG_VIEW_PHOTO_H
#define XG_VIEW_PHOTO_H

#include <jansson.h>
#include <stdint.h>

#include "shared/core/record.h"

enum { VIEW_ORIGIN_HERE = 1, VIEW_ORIGIN_FORWARDED = 2 }; /* xg_photo_origins */

/* What a person says of a photo beside naming it: a role (near, after, ..., in
 * either language), `forwarded`, or both with a comma between them; what is not
 * said stays. `name` is the photo's, for the error. XG_USAGE, which lists the
 * roles. */
XG_MUST_CHECK enum xg_status view_photo_words(uint64_t *role, uint64_t *origin,
                                              const char *name,
                                              const char *words,
                                              struct xg_error *err);

/* Add the element of a photo set to a draft. A new incident without a position
 * takes the photo's, unless others forwarded it; *placed (may be NULL) tells.
 */
XG_MUST_CHECK enum xg_status
view_photo_attach(struct xg_draft *draft, bool *placed,
                  const struct xg_cbor_item *element, struct xg_error *err);

/* It as JSON, with the doubts of it as the draft stands; a new reference. */
json_t *view_photo_ahead_json(const struct xg_cbor_item *photo,
                              const struct xg_draft *draft, int64_t now_ms);

#endif
