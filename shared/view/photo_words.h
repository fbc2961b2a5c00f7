/* photo_words.h - what a person says of a photo beside naming it: a role (near,
 * after, ..., in either language), `forwarded`, or both with a comma between
 * them. */
#ifndef XG_VIEW_PHOTO_WORDS_H
#define XG_VIEW_PHOTO_WORDS_H

#include <stdint.h>

#include "shared/base/error.h"

/* Roles and origins that a text names; what it leaves open stays. `name` is the
 * photo's, for the error. XG_USAGE, which lists the roles. */
XG_MUST_CHECK enum xg_status view_photo_words(uint64_t *role, uint64_t *origin,
                                              const char *name,
                                              const char *words,
                                              struct xg_error *err);

#endif
