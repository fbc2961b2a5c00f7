/* workers.h - the people of the registry as it is now, for whoever lists them.
 * Of this room only. */
#ifndef SERVER_CLI_WORKERS_H
#define SERVER_CLI_WORKERS_H

#include "server/store/store.h"

/* The newest statement about each, by code; the server itself is none. */
struct workers {
    struct xg_statement *list;
    size_t count, room;
};

/* `out` is zeroed; clear it after a failure, too. */
XG_MUST_CHECK enum xg_status workers_read(struct workers *out, struct store *s,
                                          struct xg_error *err);
void workers_clear(struct workers *workers);

#endif
