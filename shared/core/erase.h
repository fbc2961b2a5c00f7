/* erase.h - records of which fields were erased, and what is left of them.
 *
 * An erasure is a move beside every line (XG_MOVE_ERASE, loop.h), a record of
 * the entity itself. It has a reason (why), and of these at least one:
 *
 *      erased          [[record hash, { field number: value, ... } kept,
 *                        [field numbers gone]], ...]   ascending hashes
 *      erased_photos   [SHA-256, ...]                  ascending
 *
 * and nothing else. `kept` null: the record broke a rule, and stays struck out;
 * `gone` may be empty then, and is not otherwise. Of a set, what the record
 * took out is kept, though the field be gone: nothing comes back by an erasure.
 * What rights, homes and hands hang on is never gone, and the salt never kept.
 *
 * Once such a record is here, and its author may erase (judge.h), every fold
 * takes the records that it names to have the kept fields and no others,
 * whether it still has the bytes or not; so all come to the same state. What a
 * move needs is there if it is among the kept or the gone, and who had seen
 * what stays as it was. Of several erasures of one record that is left which
 * all of them leave. An erasure cannot be erased; one that names a record of
 * another entity does nothing to it.
 */
#ifndef XG_CORE_ERASE_H
#define XG_CORE_ERASE_H

#include "shared/base/arena.h"
#include "shared/core/merge.h"

enum { XG_ERASED_MAX = 256 }; /* records that one act names */

struct xg_erasure {
    const struct xg_kind *kind;
    struct xg_bytes kept;   /* a checked map; empty: struck out */
    const uint64_t *gone;   /* ascending */
    size_t gone_count;
    uint32_t by;            /* op: of the acts the one of the least hash; or
                             * XG_NONE: it is not among the ops */
    struct xg_record left;  /* the record as it is now */
};

/* ---- one act ---- */

/* Is what the record says of erasing what may be said? Its other fields were
 * checked. NULL, or what is wrong. */
const char *xg_erasing_check(const struct xg_record *r,
                             const struct xg_kind *kind);

/* One entry of a checked act's `erased` after another. */
struct xg_erased {
    struct xg_hash record;
    struct xg_cbor_item kept; /* a map, or null */
    struct xg_cbor_item gone; /* a list */
};
struct xg_erased_cursor {
    struct xg_cbor at;
};
struct xg_erased_cursor xg_erased_of(const struct xg_record *act);
bool xg_erased_next(struct xg_erased_cursor *c, struct xg_erased *out);
/* Does any act among them that has the right erase this photo? */
bool xg_photo_erased(const struct xg_op *ops, size_t count,
                     const struct xg_hash *photo);

/* May the field be erased? Not the salt, which goes by itself, nor what others'
 * rights hang on. */
bool xg_field_erasable(const struct xg_field *field);

/* What is left when these fields of the record go, as an entry of `erased`,
 * appended. *gone_count of those that it has; the salt goes with them. XG_USAGE:
 * one of them cannot go, or it is itself an erasure, or has no fields here. */
XG_MUST_CHECK enum xg_status xg_erased_put(struct xg_buf *out,
                                           size_t *gone_count,
                                           const struct xg_record *r,
                                           const uint64_t *fields,
                                           size_t field_count,
                                           struct xg_error *err);
/* Is the entry true of the record, whose fields are here: are the kept ones
 * its own, and is nothing left out that is not among the gone? */
bool xg_erased_fits(const struct xg_erased *e, const struct xg_record *r);

/* ---- all of an entity ---- */

/* Give every op that an act among the ops (with `erases` set) names its
 * erasure, and the record that is left; in the arena. May be done again. Only
 * XG_NOMEM. O(n log n). */
XG_MUST_CHECK enum xg_status xg_erase(struct xg_op *ops, size_t count,
                                      struct xg_arena *arena,
                                      struct xg_error *err);
/* The same of one entry, where the act itself is not among the ops. */
XG_MUST_CHECK enum xg_status xg_erase_one(struct xg_op *op,
                                          struct xg_bytes entry,
                                          struct xg_arena *arena,
                                          struct xg_error *err);

/* Had the record that field? */
bool xg_erasure_took(const struct xg_erasure *e, uint64_t number);
/* Did what is gone write a register? */
bool xg_erasure_wrote(const struct xg_erasure *e);
/* Did it set what its author's role may not? (xg_record_oversteps) */
bool xg_erasure_oversteps(const struct xg_erasure *e, uint32_t role);

#endif
