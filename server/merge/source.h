/* source.h - what an incident's first record says of where it came from: the
 * number that a hotline gave its order. One that was taken is found again by
 * it, so that nobody takes it twice.
 *
 * The number is the field `source` of the record, and belongs to the channel
 * that the record names: two hotlines may count alike.
 */
#ifndef XG_SERVER_MERGE_SOURCE_H
#define XG_SERVER_MERGE_SOURCE_H

#include "server/store/store.h"
#include "shared/core/record.h"

/* In ingest's transaction: of a record that has found its place. */
XG_MUST_CHECK enum xg_status source_put(struct store *to,
                                        const struct store_record *row,
                                        const struct xg_record *record,
                                        struct xg_error *err);
/* The entity that the first such record made; *found. */
XG_MUST_CHECK enum xg_status source_find(struct store *s, struct xg_id *id,
                                         bool *found, struct xg_bytes text,
                                         uint64_t channel,
                                         struct xg_error *err);
/* The same for what a draft would make; none where it names no source. */
XG_MUST_CHECK enum xg_status source_find_of(struct store *s, struct xg_id *id,
                                            bool *found,
                                            const struct xg_draft *draft,
                                            struct xg_error *err);

#endif
