/* scope.h - what a device gets to see: pages of GET /v1/updates.
 *
 * Its own chains always, and
 *
 *  - whole: entities that are at home in its worker's unit or below it, or are
 *    in the hands of such a unit (xg_state_units(), merge.h) - contacts only
 *    at home, and where the role is informed;
 *  - in part: entities of a kind that reaches down (schema.h) whose home lies
 *    above the worker's unit: what others only added to their sets is left out.
 *    A read receipt goes up, not to two thousand other devices.
 *
 * Records come in the order in which they took their places. What comes into
 * scope arrives whole: an entity that is put into a unit's hands, or whose
 * first record comes after others; or all of a unit, when the worker moves or
 * the unit does. What leaves it is named out. Nothing is told that is not in
 * scope at the end of the page's log, whatever was in scope before: a device
 * that begins at 0 sees the present. Cost is that of what is and was in the
 * scope's units, not of the rest of the log.
 *
 * A page never parts what is told of at one log entry, so that is kept small:
 * ingest gives each record the entry at which it is `shown`, never more than
 * SCOPE_SHOWN_BYTES of them at one entry; what does not fit (a thousand batches
 * that waited for one, a long case that changes hands, a fork that puts ten
 * thousand records onto another branch) is shown at the entries after. So that
 * nobody waits for them, each batch makes the log grow to where it is told
 * (ledger_want()). In the same way a unit that comes into scope at entry c is told of in chunks at c+1,
 * c+2, ...
 *
 * Ingest writes down who listens (tell.c) under keys: a unit's code for
 * those who are in it or above, ">" and a code for those below it, "@" and a
 * device's name for that device.
 */
#ifndef XG_SERVER_MERGE_SCOPE_H
#define XG_SERVER_MERGE_SCOPE_H

#include "server/registry/registry.h"

enum {
    SCOPE_SHOWN_BYTES = 256 << 10,
    /* Beside the record's own bytes, at most about: */
    SCOPE_RECORD_COST = 96,   /* in a row of its chain */
    SCOPE_PASSING_COST = 256, /* among those of other chains and times */
    SCOPE_OUT_COST = 32,
    SCOPE_PLACE_COST = 80,
    SCOPE_BRANCH_COST = 256,
};

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

/* The key of those below the unit; and is the record, of an entity of that
 * kind, for them? */
void scope_down_key(char key[static STORE_UNIT_MAX + 1], const char *unit);
bool scope_goes_down(const struct xg_record *record,
                     const struct xg_kind *kind);

#endif
