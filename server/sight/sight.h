/* sight.h - who sees what in the command centre.
 *
 * Whoever is logged in as somebody who works for a unit (struct cmd's `within`)
 * sees
 *
 *  - what is at home in that unit or below it;
 *  - what is, or once was, in the hands of such a unit (store_hand): whoever
 *    worked on a case may go on looking at it;
 *  - of kinds that reach down (schema.h: notices, campaigns), what is at home
 *    above;
 *  - contacts (informants) at home alone, and where the role is informed.
 *
 * That is what a device of hers would be told (scope.h). All else is not found,
 * as if it were not there. Without a unit (an auditor, the command line) all
 * is seen.
 */
#ifndef XG_SERVER_SIGHT_SIGHT_H
#define XG_SERVER_SIGHT_SIGHT_H

#include "server/store/store.h"

struct sight {
    const char *within;         /* borrowed; NULL: everything */
    const struct xg_role *role; /* NULL: everything */
    struct store *store;        /* a reader, borrowed */
    struct xg_registry registry;
};

/* Is the unit that one or below it? */
XG_MUST_CHECK enum xg_status sight_unit(bool *sees, const struct sight *s,
                                        const char *unit, struct xg_error *err);

XG_MUST_CHECK enum xg_status sight_entity(bool *sees, const struct sight *s,
                                          const struct store_entity *e,
                                          struct xg_error *err);
/* False also where there is none. */
XG_MUST_CHECK enum xg_status sight_id(bool *sees, const struct sight *s,
                                      const struct xg_id *id,
                                      struct xg_error *err);
/* Is the photo (or the thumbnail) named by a record of something seen? */
XG_MUST_CHECK enum xg_status sight_photo(bool *sees, const struct sight *s,
                                         const struct xg_hash *sha256,
                                         struct xg_error *err);
/* Does its worker belong to a unit that is seen? */
XG_MUST_CHECK enum xg_status sight_device(bool *sees, const struct sight *s,
                                          const char *device,
                                          struct xg_error *err);

#endif
