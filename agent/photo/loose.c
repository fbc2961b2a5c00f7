/* loose.c - see loose.h. */
#include "agent/photo/loose.h"

#include "shared/base/lang.h"
#include "shared/view/value.h"

#define LOOSE "photos.loose" /* hashes, one after another */

enum { LIST_MAX = 4 << 20 };

enum xg_status photo_loose_get(struct store *s, struct xg_buf *hashes,
                               struct xg_error *err)
{
    bool found;
    size_t start = hashes->len;

    if (store_get_meta(s, hashes, &found, LOOSE, err) != XG_OK)
        return err->status;
    if ((hashes->len - start) % XG_HASH_SIZE)
        return xg_fail(err, XG_CORRUPT, "meta " LOOSE);
    return XG_OK;
}

enum xg_status photo_loose_put(struct store *s, struct xg_bytes hashes,
                               struct xg_error *err)
{
    return store_put_meta(s, LOOSE, hashes, err);
}

static bool holds(const struct xg_buf *hashes, const struct xg_hash *sha256)
{
    for (size_t at = 0; at < hashes->len; at += XG_HASH_SIZE)
        if (memcmp(hashes->data + at, sha256->b, XG_HASH_SIZE) == 0)
            return true;
    return false;
}

enum xg_status photo_loose_add(struct store *s, const struct xg_hash *sha256,
                               struct xg_error *err)
{
    struct xg_buf hashes = XG_BUF(LIST_MAX);
    enum xg_status status = photo_loose_get(s, &hashes, err);

    if (status == XG_OK && !holds(&hashes, sha256)) {
        xg_buf_append(&hashes, sha256->b, XG_HASH_SIZE);
        status = xg_buf_check(&hashes, err);
        if (status == XG_OK)
            status = photo_loose_put(s, xg_buf_bytes(&hashes), err);
    }
    xg_buf_clear(&hashes);
    return status;
}

enum xg_status photo_give_up(struct store *s, const struct xg_cbor_item *photo,
                             struct xg_error *err)
{
    struct view_photo p = view_photo_of(photo);

    if (photo_loose_add(s, &p.sha256, err) != XG_OK ||
        (p.thumbnail_bytes && photo_loose_add(s, &p.thumbnail, err) != XG_OK))
        return err->status;
    return XG_OK;
}

enum xg_status photo_intend(void *store, const struct xg_hash *sha256,
                            struct xg_error *err)
{
    struct store *s = store;

    if (store_begin(s, err) != XG_OK)
        return err->status;
    if (photo_loose_add(s, sha256, err) != XG_OK) {
        store_rollback(s);
        return err->status;
    }
    return store_commit(s, err);
}
