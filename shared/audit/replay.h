/* replay.h - all records of a log folded anew, by somebody who trusts nobody.
 *
 * The walk (audit.h) gives every record its place; a file in TMPDIR keeps them
 * by entity; then each entity is judged and merged by the core's rules, and
 *
 *  - the newest view note of the log (view_note.h) is compared with what the
 *    records that lay before it come to;
 *  - where the source shows its own table of entities (a data folder), each of
 *    them is compared with what all records come to, and those that differ are
 *    named.
 *
 * Memory does not grow with the log; the file takes about what its records do.
 */
#ifndef XG_AUDIT_REPLAY_H
#define XG_AUDIT_REPLAY_H

#include "shared/audit/audit.h"
#include "shared/core/view_note.h"

struct xg_replay_result {
    struct xg_audit_result walk; /* its counts hold what is found here too */
    uint64_t records, entities;
    uint64_t unfolded; /* too large: left out */
    bool has_view;     /* there is one in the log */
    bool view_known;   /* of rules that this program has: it was compared */
    bool view_same;
    struct xg_view_note view;
    bool tables; /* compared */
    uint64_t differing;
};

/* As xg_audit_walk(); o->record, o->entry and o->state are not used. Findings
 * of codes "view" and "table" join those of the walk. */
XG_MUST_CHECK enum xg_status
xg_audit_replay(struct xg_replay_result *result,
                const struct xg_audit_source *source,
                const struct xg_audit_options *o, struct xg_error *err);

#endif
