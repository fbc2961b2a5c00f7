/* scope.h - what a device gets to see: pages of GET /v1/updates.
 *
 * Its own chains always; records of entities whose home lies in its worker's
 * unit or below; contacts only where the role is informed. Records come in the
 * order in which they took their places. An entity whose first record comes
 * late, or whose unit comes into scope, arrives whole; one that leaves is
 * named out. Cost is that of what is in scope, not of the history.
 *
 * A page never parts what is told of at one log entry, so that is kept small:
 * ingest gives each record the entry at which it is `shown`, never more than
 * SCOPE_SHOWN_BYTES of them at one entry; what does not fit (a thousand batches
 * that waited for one) is shown at the entries after. In the same way a unit
 * that comes into scope at entry c is told of in chunks at c+1, c+2, ...
 */
#ifndef XG_SERVER_SCOPE_H
#define XG_SERVER_SCOPE_H

#include "server/registry.h"

enum { SCOPE_SHOWN_BYTES = 256 << 10 };

struct scope_page {
    char unit[XG_CODE_MAX + 1];
    uint64_t from, to, end;
    uint64_t count;      /* records */
    struct xg_hash root; /* RFC 6962 over their hashes */
};

/* Batches of its own that a device holds, by their places in the log,
 * ascending. Their records are left out of a page, not the time notes that
 * bound them; but of a forked chain nothing is. A record that lies at another
 * place (a copy of the device was faster) comes, and so does what was lost. */
struct scope_held {
    const uint64_t *positions;
    size_t count;
};

/* Append the body of one page (uncompressed) to `raw`; `end` is the published
 * size; `held` may be NULL. XG_USAGE: since is none that we gave. */
XG_MUST_CHECK enum xg_status scope_page(struct scope_page *page,
                                        struct xg_buf *raw, struct store *store,
                                        struct registry *registry,
                                        const char *device, uint64_t since,
                                        uint64_t end,
                                        const struct scope_held *held,
                                        struct xg_error *err);

/* May the device read that record or batch? For GET /v1/batches and proof. */
XG_MUST_CHECK enum xg_status
scope_may_read(bool *may, struct store *store, struct registry *registry,
               const char *device, const struct store_record *record,
               uint64_t size, struct xg_error *err);

#endif
