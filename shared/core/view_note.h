/* view_note.h - what all records of a log come to, in one hash.
 *
 *      xunge/view/v1
 *      size <n>                    records at log positions below
 *      fold <version>              of the rules of merging (merge.h, judge.h)
 *      schema <version>
 *      entities <count>
 *      root <base64>               RFC 6962 over the leaves, ascending ids
 *
 * A leaf is `entity id || SHA-256(its state)`. Entities too large to be folded
 * are left out. A server signs it into its log at the place `size` itself, so
 * that nothing lies between; whoever has the log folds anew and compares.
 */
#ifndef XG_CORE_VIEW_NOTE_H
#define XG_CORE_VIEW_NOTE_H

#include "shared/base/buf.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

/* Goes up when the same records come to another state than before. */
enum { XG_FOLD_VERSION = 1 };

struct xg_view_note {
    uint64_t size, fold, schema, entities;
    struct xg_hash root;
};

void xg_view_note_put(struct xg_buf *text, const struct xg_view_note *v);
XG_MUST_CHECK enum xg_status xg_view_note_read(struct xg_view_note *out,
                                               struct xg_bytes text,
                                               struct xg_error *err);
void xg_view_leaf(struct xg_hash *leaf, const struct xg_id *id,
                  struct xg_bytes state);

#endif
