/* policy.h - whose cosignatures this log asks for, and what they came
 * to: both in the store, under the names below.
 *
 *      "policy"    the imported file, tlog-policy (shared/core/witness.h)
 *      "cosigned"  the newest checkpoint that reached its quorum: the note as
 *                  it was published, and after it one line a witness
 *      "receipt"   the same with no more lines than the policy asks for
 *
 * What reached the quorum goes into the next time note, once. The value
 * "cosigned_told" is the size that last did.
 */
#ifndef SERVER_WITNESS_POLICY_H
#define SERVER_WITNESS_POLICY_H

#include "server/data/data.h"
#include "shared/core/bounds.h"
#include "shared/core/witness.h"

/* Check the file and keep it; empty: keep none any more. XG_FORMAT, XG_TOOBIG;
 * XG_REFUSED: it is of another log. */
XG_MUST_CHECK enum xg_status
witness_policy_set(struct data *d, struct xg_bytes file, struct xg_error *err);
/* *text: as imported, empty where there is none; then *p is left alone. */
XG_MUST_CHECK enum xg_status
witness_policy_get(struct xg_policy *p, struct xg_bytes *text, struct store *s,
                   struct xg_arena *arena, struct xg_error *err);

/* Keep a published checkpoint, which these cosigned; not one that is older than
 * what is kept. `lines` of a note. False in *reached: the policy asks for more,
 * and nothing is kept. XG_AUTH: a known witness's line does not hold. */
XG_MUST_CHECK enum xg_status witness_cosigned_put(struct data *d, bool *reached,
                                                  const struct xg_policy *p,
                                                  struct xg_bytes published,
                                                  struct xg_bytes lines,
                                                  struct xg_error *err);
/* Empty before the first. */
XG_MUST_CHECK enum xg_status witness_cosigned_get(struct xg_bytes *note,
                                                  struct store *s,
                                                  struct xg_arena *arena,
                                                  struct xg_error *err);
/* To the published note add the lines that the policy asks for, where they are
 * there for this very checkpoint. */
XG_MUST_CHECK enum xg_status
witness_cosign(struct xg_buf *published, struct store *s, struct xg_error *err);

/* Inside a job of the ledger: the text of the time note that comes next. *size
 * of the checkpoint that it brings, or 0. */
XG_MUST_CHECK enum xg_status witness_time_note(struct xg_buf *text,
                                               uint64_t *size, struct store *s,
                                               uint64_t now_ms,
                                               const struct xg_verifier *log,
                                               struct xg_error *err);
/* It stands there now. */
XG_MUST_CHECK enum xg_status witness_time_note_told(struct store *s,
                                                    uint64_t position,
                                                    uint64_t size,
                                                    struct xg_error *err);

/* When a record was made, by the policy in force now (bounds.h): b->anchor_size
 * and b->position are set. Of the time notes the nearest are asked, and for the
 * upper bound what reached the quorum and is in no time note yet. */
XG_MUST_CHECK enum xg_status witness_bounds(struct xg_bounds *b,
                                            struct store *s,
                                            const struct ledger *l,
                                            struct xg_error *err);

#endif
