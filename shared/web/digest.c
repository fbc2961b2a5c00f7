/* digest.c - see digest.h. */
#include "shared/web/digest.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>

#include "shared/base/lang.h"

struct xg_digest {
    gnutls_hash_hd_t handle;
};

static gnutls_digest_algorithm_t algorithm(enum xg_digest_kind kind)
{
    return kind == XG_DIGEST_SHA1 ? GNUTLS_DIG_SHA1 : GNUTLS_DIG_SHA256;
}

size_t xg_digest_size(enum xg_digest_kind kind)
{
    return gnutls_hash_get_len(algorithm(kind));
}

enum xg_status xg_digest_new(struct xg_digest **digest,
                             enum xg_digest_kind kind, struct xg_error *err)
{
    struct xg_digest *d = malloc(sizeof *d);

    if (!d)
        return xg_fail_nomem(err);
    int code = gnutls_hash_init(&d->handle, algorithm(kind));
    if (code < 0) {
        free(d);
        if (code == GNUTLS_E_MEMORY_ERROR)
            return xg_fail_nomem(err);
        return xg_fail(err, XG_IO,
                       XG_T("无法计算散列值：%s", "cannot hash: %s"),
                       gnutls_strerror(code));
    }
    *digest = d;
    return XG_OK;
}

void xg_digest_free(struct xg_digest *digest)
{
    if (!digest)
        return;
    gnutls_hash_deinit(digest->handle, NULL);
    free(digest);
}

void xg_digest_update(struct xg_digest *digest, struct xg_bytes data)
{
    if (data.len)
        gnutls_hash(digest->handle, data.at, data.len);
}

void xg_digest_finish(struct xg_digest *digest,
                      uint8_t out[static XG_DIGEST_MAX])
{
    gnutls_hash_output(digest->handle, out);
}
