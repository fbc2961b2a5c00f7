/* bounds.h - not before when, and not after when, a record was made: what the
 * log's time notes prove, one record at a time.
 *
 * A record that names an anchor of size A was made after the log had that size,
 * so not before any time that stands in a time note at a position below A. It
 * was made before every checkpoint that contains it: not after the earliest
 * time at which a checkpoint of more than P entries, P its position, was seen.
 *
 *      not before   the greatest quorum time below A; else (weaker) the last
 *                   server time below A; of several witnesses the times that
 *                   fewer liars than the policy counts on cannot shift
 *      not after    the earliest quorum time of a checkpoint over P; else
 *                   (weaker) the first server time at P or after
 *
 * *Quorum time* is what the witnesses of a policy said (witness.h) and needs
 * nobody's word but theirs; *server time* is the log's own. Handhelds state no
 * time and never count. Pure.
 */
#ifndef XG_CORE_BOUNDS_H
#define XG_CORE_BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/core/note.h"
#include "shared/core/witness.h"

/* Milliseconds since 1970; 0 where nothing is known. */
struct xg_bounds {
    uint64_t anchor_size; /* of the record; 0: no anchor, so nothing before */
    uint64_t position;
    uint64_t witnessed_low_ms, witnessed_high_ms;
    uint64_t server_low_ms, server_high_ms;
};

/* What one time note says, to a policy. */
struct xg_bounds_note {
    uint64_t position; /* of the time note */
    uint64_t time_ms;  /* the server's */
    uint64_t size;     /* of the checkpoint that was cosigned, or 0 */
    uint64_t quorum_s;       /* when that was, at the latest; or 0 */
    uint64_t quorum_since_s; /* and not before when; or 0 */
};

/* The note's times by a policy (NULL: server time alone). XG_FORMAT; XG_AUTH
 * where a known witness's line does not hold. `text` of the note, whose log has
 * this origin. */
XG_MUST_CHECK enum xg_status
xg_bounds_note_read(struct xg_bounds_note *out, uint64_t position,
                    struct xg_bytes text, const char *origin,
                    const struct xg_policy *policy, struct xg_error *err);

/* Start with the record's anchor size and position and zeros; then every note
 * of the log, in any order. */
void xg_bounds_see(struct xg_bounds *b, const struct xg_bounds_note *note);

/* The bound to be shown, and whether it is a witnessed one. 0: none. A
 * witnessed bound goes before the server's word, whichever is narrower. */
uint64_t xg_bounds_low(const struct xg_bounds *b, bool *witnessed);
uint64_t xg_bounds_high(const struct xg_bounds *b, bool *witnessed);

#endif
