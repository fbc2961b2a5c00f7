/* erase.h - what an act erased goes from here too.
 *
 * Called whenever an entity was folded: of every record that an act with right
 * names (core/erase.h) the fields, what is found by them, and in the own batch
 * that holds it; the database zeroes what it frees, and its log is emptied by
 * store_forget_erased(). Head, hashes, note and receipt stay, and so does every
 * proof.
 *
 * An act that states other fields as kept than the record has is not true. Then
 * the bytes stay here, as the evidence of that, and the log of the program says
 * so; the fold takes the act's word all the same, as everywhere.
 */
#ifndef AGENT_ERASE_H
#define AGENT_ERASE_H

#include "agent/store/fold.h"

/* [t] */
XG_MUST_CHECK enum xg_status erase_bytes(struct store *s, const struct fold *f,
                                         struct xg_error *err);

#endif
