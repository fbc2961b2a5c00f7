/* guide.h - what a site is run by, read from imported reference files: the
 * catalogue, the calendar, office hours, levels and routes, duty lists, posts,
 * templates, labels. None of it is code, and none of it decides what a fold
 * makes of the records: it proposes, warns, and counts time.
 *
 * A *reference* is a file of a kind and an edition; a xunge/reference/v1 entry
 * puts its hash into the log, and its place there says from when it is in
 * force. A case goes by the catalogue in force at the place of its filing; all
 * else is read in its newest edition (a calendar of a year that was missing is
 * then counted with again).
 *
 * Kinds of files: territory boundaries catalogue calendar hours levels duty
 * posts templates labels. Formats: docs/reference-data.md, and the header of
 * each reader.
 */
#ifndef XG_GUIDE_H
#define XG_GUIDE_H

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"
#include "shared/core/calendar.h"

/* Where the files come from; both sides implement it over their stores. `each`
 * is called for every reference of that kind whose place in the log is below
 * `size`, oldest first; content is lent during the call. Where only the newest
 * counts, the reader keeps the last. */
struct xg_guide_source {
    void *ctx;
    enum xg_status (*each)(void *ctx, const char *kind, uint64_t size,
                           enum xg_status visit(void *visitor,
                                                const char *edition,
                                                struct xg_bytes content,
                                                struct xg_error *err),
                           void *visitor, struct xg_error *err);
};

/* May this file be imported as that kind? What is wrong names the line or the
 * key. *count: how many rows it has. */
XG_MUST_CHECK enum xg_status xg_guide_check(size_t *count, const char *kind,
                                            struct xg_bytes content,
                                            struct xg_error *err);
/* Is there such a kind of file? */
bool xg_guide_is_kind(const char *kind);

#endif
