/* proof.h - that the server holds a photo: a note of the log which names
 * it (docs/formats.md, xunge/blobs/v1), and the receipt that proves the note's
 * place in the log. Only against such a proof a device lets go of a photo.
 */
#ifndef AGENT_PHOTO_PROOF_H
#define AGENT_PHOTO_PROOF_H

#include "agent/store/store.h"
#include "shared/core/protocol.h"

enum { PHOTO_RECEIPT_MAX = 64 << 10 };

struct photo_proof {
    uint64_t position; /* of the note in the log */
    struct xg_checkpoint checkpoint;
    struct xg_bytes checkpoint_note; /* borrows the receipt */
    size_t count;
    struct xg_blob blobs[XG_BLOBS_MAX];
};

/* Verify a note and its receipt with the key of the log, or of one before it.
 * That the checkpoint
 * continues the one held is the caller's to check. XG_AUTH, XG_FORMAT. */
XG_MUST_CHECK enum xg_status photo_proof_open(struct photo_proof *out,
                                              struct xg_bytes note,
                                              struct xg_bytes receipt,
                                              const struct store_logs *logs,
                                              struct xg_error *err);
/* The blob of that hash; NULL where the note does not name it. */
const struct xg_blob *photo_proof_names(const struct photo_proof *proof,
                                        const struct xg_hash *sha256);

/* Verify again what the store keeps for a photo or thumbnail, and that it is
 * not at odds with the checkpoint held. *found false where nothing is kept:
 * XG_OK. XG_ALARM where it does not hold. */
XG_MUST_CHECK enum xg_status photo_proof_check(struct store *s, bool *found,
                                               const struct xg_hash *sha256,
                                               struct xg_error *err);

#endif
