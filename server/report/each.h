/* each.h - what the readers of the store for figures have in common. */
#ifndef XG_SERVER_REPORT_EACH_H
#define XG_SERVER_REPORT_EACH_H

#include "server/store/store.h"

/* Every entity that the filter lets through, the newest first, a page in memory
 * at a time; `limit` of the filter is the page's. What `visit` returns but
 * XG_OK ends it. */
XG_MUST_CHECK enum xg_status
report_each(struct store *store, struct store_filter filter, void *ctx,
            enum xg_status (*visit)(void *ctx, const struct store_entity *e,
                                    struct xg_error *err),
            struct xg_error *err);

/* Room for one more in a list on the heap. */
XG_MUST_CHECK enum xg_status report_room(void **list, size_t *room,
                                         size_t count, size_t each,
                                         struct xg_error *err);

#endif
