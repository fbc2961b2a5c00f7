/* digest.h - SHA-1 and SHA-256 over what comes piece by piece, as the TLS
 * library computes them: with the processor's own instructions where it has
 * them. For bulk; a short text's hash is libsodium's.
 *
 * SHA-1 guards nothing: tus (checksum extension) demands it for pieces.
 */
#ifndef XG_WEB_DIGEST_H
#define XG_WEB_DIGEST_H

#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum xg_digest_kind { XG_DIGEST_SHA1, XG_DIGEST_SHA256 };

enum { XG_DIGEST_MAX = XG_HASH_SIZE };

/* Bytes of the result. */
size_t xg_digest_size(enum xg_digest_kind kind);

struct xg_digest;
XG_MUST_CHECK enum xg_status xg_digest_new(struct xg_digest **digest,
                                           enum xg_digest_kind kind,
                                           struct xg_error *err);
/* NULL is fine. */
void xg_digest_free(struct xg_digest *digest);

void xg_digest_update(struct xg_digest *digest, struct xg_bytes data);
/* The result, in xg_digest_size() bytes; then it begins anew. */
void xg_digest_finish(struct xg_digest *digest,
                      uint8_t out[static XG_DIGEST_MAX]);

#endif
