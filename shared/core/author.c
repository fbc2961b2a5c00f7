/* author.c - what the author of a record signs: the leaf of its place with the
 * head as it was before the signature came into it. */
#include "shared/core/record.h"

#include <sodium.h>

/* Entry 8 is the last one: its key, a byte string's head of two, 64 bytes. */
enum { ENTRY_SIZE = 1 + 2 + crypto_sign_BYTES };

void xg_author_leaf(struct xg_buf *out, const struct xg_place *place,
                    struct xg_bytes head, bool is_signed,
                    const struct xg_hash *fields_hash)
{
    static const struct xg_hash none;
    const struct xg_hash *chain = place->seq > 0 ? place->chain : &none;
    uint8_t seq[8];

    xg_store_u64(seq, place->seq);
    xg_buf_append(out, chain->b, XG_HASH_SIZE);
    xg_buf_append(out, seq, sizeof seq);
    xg_buf_append(out, place->previous->b, XG_HASH_SIZE);
    if (is_signed) {
        xg_buf_byte(out, (uint8_t)(head.at[0] - 1));
        xg_buf_append(out, head.at + 1, head.len - 1 - ENTRY_SIZE);
    } else {
        xg_buf_append(out, head.at, head.len);
    }
    xg_buf_append(out, fields_hash->b, XG_HASH_SIZE);
}

enum xg_status xg_author_verify(bool *good, const struct xg_record *r,
                                const struct xg_place *place,
                                const uint8_t key[static XG_AUTHOR_KEY_SIZE],
                                struct xg_error *err)
{
    struct xg_buf leaf = XG_BUF(2 * XG_RECORD_MAX);
    bool holds = false;

    if (r->head.signature.len == crypto_sign_BYTES) {
        xg_author_leaf(&leaf, place, r->head_raw, true, &r->fields_hash);
        if (xg_buf_check(&leaf, err) != XG_OK) {
            xg_buf_clear(&leaf);
            return err->status;
        }
        holds = crypto_sign_verify_detached(r->head.signature.at, leaf.data,
                                            leaf.len, key) == 0;
    }
    xg_buf_clear(&leaf);
    *good = holds;
    return XG_OK;
}
