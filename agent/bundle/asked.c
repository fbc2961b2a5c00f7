/* asked.c - what this device asked by a bundle, and may be answered late. */
#include "agent/bundle/inside.h"

enum { ENTRY = XG_HASH_SIZE + 8 + XG_HASH_SIZE }; /* random, u64be size, root */

enum xg_status bundle_load_asked(struct store *s,
                                 struct sync_asked out[static BUNDLE_ASKED_MAX],
                                 size_t *count, const char *name,
                                 struct xg_error *err)
{
    struct xg_buf value = XG_BUF(BUNDLE_ASKED_MAX * ENTRY);
    bool found;
    enum xg_status status = store_get_meta(s, &value, &found, name, err);

    if (status == XG_OK) {
        *count = value.len / ENTRY;
        for (size_t i = 0; i < *count; i++) {
            const uint8_t *at = value.data + i * ENTRY;
            memcpy(out[i].random.b, at, XG_HASH_SIZE);
            out[i].size = xg_load_u64(at + XG_HASH_SIZE);
            memcpy(out[i].root.b, at + XG_HASH_SIZE + 8, XG_HASH_SIZE);
        }
    }
    xg_buf_clear(&value);
    return status;
}

static enum xg_status put(struct store *s, const char *name,
                          struct xg_bytes value, struct xg_error *err)
{
    enum xg_status status = store_begin(s, err);

    if (status == XG_OK)
        status = store_put_meta(s, name, value, err);
    if (status == XG_OK)
        status = store_commit(s, err);
    store_rollback(s);
    return status;
}

enum xg_status bundle_add_asked(struct store *s, const char *name,
                                const struct sync_asked *asked,
                                struct xg_error *err)
{
    struct sync_asked all[1 + BUNDLE_ASKED_MAX] = {*asked};
    struct xg_buf value = XG_BUF(BUNDLE_ASKED_MAX * ENTRY);
    size_t count = 0;

    if (bundle_load_asked(s, all + 1, &count, name, err) != XG_OK)
        return err->status;
    count = count + 1 > BUNDLE_ASKED_MAX ? BUNDLE_ASKED_MAX : count + 1;
    for (size_t i = 0; i < count; i++) {
        xg_buf_append(&value, all[i].random.b, XG_HASH_SIZE);
        xg_buf_u64(&value, all[i].size);
        xg_buf_append(&value, all[i].root.b, XG_HASH_SIZE);
    }
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status = put(s, name, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

enum xg_status bundle_forget_asked(struct store *s, const char *name,
                                   struct xg_error *err)
{
    return put(s, name, xg_bytes(NULL, 0), err);
}
