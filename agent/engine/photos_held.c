/* photos_held.c - which photos does the server hold, by its log's word? */
#include "agent/engine/inside.h"

#include "agent/photo/proof.h"

/* The answer's pairs, verified one by one. */
struct pairs {
    struct xg_bytes rest;
    struct xg_checkpoint checkpoint; /* of the first receipt: of all */
    struct xg_bytes checkpoint_note;
    size_t count;
};

static bool same_checkpoint(const struct xg_checkpoint *a,
                            const struct xg_checkpoint *b)
{
    return a->size == b->size && xg_hash_equal(&a->root, &b->root);
}

/* The next pair. XG_NET for one that does not hold. */
static enum xg_status next_pair(struct sync *y, struct pairs *pairs,
                                struct photo_proof *proof,
                                struct xg_bytes *note, struct xg_bytes *receipt,
                                struct xg_error *err)
{
    struct xg_note opened;

    if (!xg_frame_next(&pairs->rest, note) ||
        !xg_frame_next(&pairs->rest, receipt))
        return sync_bad_answer(y, err);
    struct xg_error why = XG_ERROR_NONE;

    if (photo_proof_open(proof, *note, *receipt, &y->logs, &why) != XG_OK) {
        if (sync_open_note(y, &opened, *note, &y->id.log, err) != XG_OK)
            return err->status; /* names the other log */
        return sync_bad_answer(y, err);
    }
    if (pairs->count++ == 0) {
        pairs->checkpoint = proof->checkpoint;
        pairs->checkpoint_note = proof->checkpoint_note;
    } else if (!same_checkpoint(&pairs->checkpoint, &proof->checkpoint))
        return sync_bad_answer(y, err);
    return XG_OK;
}

/* By the server's time: the device's clock may be anything. */
static int64_t server_ms(const struct sync *y)
{
    return y->welcome.time_ms < INT64_MAX ? (int64_t)y->welcome.time_ms
                                          : INT64_MAX;
}

/* [t] The note, and what it proves of the photos asked for. One that names none
 * of them, or another length, was not made for this question. */
static enum xg_status keep_pair(struct sync *y, const struct photo_proof *proof,
                                struct xg_bytes note, struct xg_bytes receipt,
                                bool *held, const struct store_due *photos,
                                size_t count, struct xg_error *err)
{
    bool is_of_use = false;

    if (store_put_blobs_note(y->store, proof->position, note, receipt, err) !=
        XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        const struct xg_blob *b = photo_proof_names(proof, &photos[i].sha256);
        if (!b)
            continue;
        if (b->length != photos[i].length)
            return sync_bad_answer(y, err);
        if (store_put_photo_proof(y->store, &b->sha256, proof->position,
                                  server_ms(y), err) != XG_OK)
            return err->status;
        held[i] = is_of_use = true;
    }
    return is_of_use ? XG_OK : sync_bad_answer(y, err);
}

/* [t] Every pair; then that their checkpoint continues the one held. */
static enum xg_status keep_pairs(struct sync *y, struct pairs *pairs,
                                 struct xg_bytes proof_text, bool *held,
                                 const struct store_due *photos, size_t count,
                                 struct xg_error *err)
{
    struct photo_proof proof;
    struct xg_bytes note, receipt;
    struct xg_proof consistency;

    while (pairs->rest.len > 0)
        if (next_pair(y, pairs, &proof, &note, &receipt, err) != XG_OK ||
            keep_pair(y, &proof, note, receipt, held, photos, count, err) !=
                XG_OK)
            return err->status;
    if (pairs->count == 0)
        return XG_OK;
    const struct xg_checkpoint *c = &pairs->checkpoint;
    if (xg_proof_read(&consistency, proof_text, err) != XG_OK ||
        xg_verify_consistency(&consistency, y->held.size, c->size,
                              &y->held.root, &c->root, err) != XG_OK)
        return sync_bad_answer(y, err);
    if (c->size > y->held.size)
        return store_put_checkpoint(y->store, pairs->checkpoint_note, err);
    return XG_OK;
}

static enum xg_status keep_answer(struct sync *y, bool *held,
                                  const struct store_due *photos, size_t count,
                                  struct xg_error *err)
{
    struct pairs pairs = {.rest = xg_buf_bytes(&y->answer.body)};
    bool proven[XG_BLOBS_ASKED_MAX] = {false};
    struct xg_bytes proof_text;

    if (!xg_frame_next(&pairs.rest, &proof_text))
        return sync_bad_answer(y, err);
    enum xg_status status = store_begin(y->store, err);
    if (status == XG_OK)
        status = keep_pairs(y, &pairs, proof_text, proven, photos, count, err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    if (status != XG_OK || pairs.count == 0)
        return status;
    if (pairs.checkpoint.size > y->held.size)
        y->held = pairs.checkpoint;
    y->report->log_size = y->held.size;
    for (size_t i = 0; i < count; i++)
        if (proven[i])
            held[i] = true;
    return XG_OK;
}

enum xg_status sync_ask_held(struct sync *y, bool *knows, bool *held,
                             const struct store_due *photos, size_t count,
                             struct xg_error *err)
{
    uint8_t hashes[XG_BLOBS_ASKED_MAX * XG_HASH_SIZE] = {0};
    struct transport_request request = {
        .method = "POST",
        .path = "/v1/blobs/held",
        .bearer = y->bearer,
        .states_size = true,
        .size = y->held.size,
        .body = xg_bytes(hashes, count * XG_HASH_SIZE)};

    *knows = true;
    for (size_t i = 0; i < count; i++)
        memcpy(hashes + i * XG_HASH_SIZE, photos[i].sha256.b, XG_HASH_SIZE);
    enum xg_status status = sync_call(y, &request, err);
    if (status == XG_NOTFOUND) { /* it is older than photos are */
        *err = XG_ERROR_NONE;
        *knows = false;
        return XG_OK;
    }
    if (status == XG_FORMAT)
        return err->status = XG_NET;
    return status == XG_OK ? keep_answer(y, held, photos, count, err) : status;
}
