/* tls.h - the server's own certificate, and the pin by which it is known.
 *
 * Clients trust the key, not a name or a date: the enrolment code carries the
 * pin. So the certificate is self-signed and valid from 2000-01-01 to
 * 2199-12-31 whatever the clocks say, and can be made anew from the same key.
 */
#ifndef XG_WEB_TLS_H
#define XG_WEB_TLS_H

#include "shared/base/buf.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum {
    XG_TLS_PEM_MAX = 8192,
    /* "sha256//" and base64 of 32 bytes, with terminator */
    XG_TLS_PIN_SIZE = 8 + XG_BASE64_SIZE(XG_HASH_SIZE),
};

/* Make an ECDSA P-256 key and a certificate for `common_name` (a host name or
 * an address; also its subjectAltName), both appended as PEM text. P-256, not
 * Ed25519: browsers open the console too. The caller wipes key_pem. */
XG_MUST_CHECK enum xg_status xg_tls_generate(struct xg_buf *cert_pem,
                                             struct xg_buf *key_pem,
                                             const char *common_name,
                                             struct xg_error *err);

/* XG_FORMAT unless certificate and key are PEM texts that go together. */
XG_MUST_CHECK enum xg_status xg_tls_check(const char *cert_pem,
                                          const char *key_pem,
                                          struct xg_error *err);

/* SHA-256 over the certificate's SubjectPublicKeyInfo (RFC 7469). XG_FORMAT
 * when the text is no certificate. */
XG_MUST_CHECK enum xg_status xg_tls_pin(struct xg_hash *pin,
                                        const char *cert_pem,
                                        struct xg_error *err);

/* Until when the certificate is good, Unix time. XG_FORMAT. */
XG_MUST_CHECK enum xg_status xg_tls_until(int64_t *until_ms,
                                          const char *cert_pem,
                                          struct xg_error *err);

/* As CURLOPT_PINNEDPUBLICKEY wants it: "sha256//<base64>". */
void xg_tls_pin_text(char text[static XG_TLS_PIN_SIZE],
                     const struct xg_hash *pin);

#endif
