/* json.h - reading JSON files that a person made; of this room only. */
#ifndef XG_GUIDE_JSON_H
#define XG_GUIDE_JSON_H

#include <jansson.h>

#include "shared/base/bytes.h"
#include "shared/base/error.h"

/* The caller gives it back with json_decref(). A byte order mark is skipped; a
 * key that is there twice is refused. XG_FORMAT names the line. */
XG_MUST_CHECK enum xg_status xg_json_load(json_t **out, struct xg_bytes content,
                                          struct xg_error *err);
/* The first key of the object that is none of `known` (which ends with NULL),
 * or NULL. */
const char *xg_json_unknown(const json_t *object, const char *const *known);

#endif
