/* proof.c - see proof.h. */
#include "agent/photo/proof.h"

#include "shared/base/lang.h"

enum xg_status photo_proof_open(struct photo_proof *out, struct xg_bytes note,
                                struct xg_bytes receipt,
                                const struct store_logs *logs,
                                struct xg_error *err)
{
    struct photo_proof proof = {.count = 0};
    struct xg_note opened;
    struct xg_receipt r;
    struct xg_hash leaf;

    xg_tlog_leaf(&leaf, note.at, note.len);
    if (store_open_entry(logs, &opened, note, err) != XG_OK ||
        xg_blobs_read(proof.blobs, &proof.count, opened.text, err) != XG_OK ||
        store_open_receipt(logs, &r, &proof.checkpoint, receipt, &leaf, err) !=
            XG_OK)
        return err->status;
    proof.position = r.index;
    proof.checkpoint_note = r.checkpoint;
    *out = proof;
    return XG_OK;
}

const struct xg_blob *photo_proof_names(const struct photo_proof *proof,
                                        const struct xg_hash *sha256)
{
    for (size_t i = 0; i < proof->count; i++)
        if (xg_hash_equal(&proof->blobs[i].sha256, sha256))
            return &proof->blobs[i];
    return NULL;
}

static bool fits(const struct photo_proof *proof, uint64_t position,
                 const struct store_logs *logs,
                 const struct xg_checkpoint *held, bool has_held)
{
    return proof->position == position &&
           (!has_held ||
            store_checkpoint_fits(logs, &proof->checkpoint, held));
}

enum xg_status photo_proof_check(struct store *s, bool *found,
                                 const struct xg_hash *sha256,
                                 struct xg_error *err)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX),
                  receipt = XG_BUF(PHOTO_RECEIPT_MAX);
    struct xg_error why = XG_ERROR_NONE;
    struct store_logs logs = {.count = 0};
    struct xg_checkpoint held;
    struct photo_proof proof;
    uint64_t position;
    bool has_held = false, kept = false;
    enum xg_status status = store_get_photo_proof(s, &position, &note, &receipt,
                                                  &kept, sha256, err);

    if (status == XG_OK && kept)
        status = store_get_logs(s, &logs, err);
    if (status == XG_OK && kept)
        status = store_get_checkpoint(s, &held, NULL, &has_held, err);
    if (status == XG_OK && kept &&
        (photo_proof_open(&proof, xg_buf_bytes(&note), xg_buf_bytes(&receipt),
                          &logs, &why) != XG_OK ||
         !photo_proof_names(&proof, sha256) ||
         !fits(&proof, position, &logs, &held, has_held)))
        status = xg_fail(err, XG_ALARM,
                         XG_T("照片在服务器上的凭据核验不过",
                              "the proof that the server holds the photo does "
                              "not verify"));
    xg_buf_clear(&note);
    xg_buf_clear(&receipt);
    if (status == XG_OK)
        *found = kept;
    return status;
}
