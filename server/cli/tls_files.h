/* tls_files.h - where certificate, key and address of a server lie:
 *
 *      DIR/tls/cert.pem, DIR/tls/key.pem   made at init, kept
 *      DIR/address     "URL\nPIN\n" of the newest `serve`, PIN "-" without
 *                      TLS: what a one-time code tells the device
 */
#ifndef SERVER_CLI_TLS_FILES_H
#define SERVER_CLI_TLS_FILES_H

#include "server/cli/cmd.h"
#include "shared/core/protocol.h"
#include "shared/web/tls.h"

struct tls_files {
    struct xg_buf cert, key; /* PEM texts, NUL-terminated */
    struct xg_hash pin;
};

/* Make certificate and key unless they are there. */
XG_MUST_CHECK enum xg_status tls_files_make(const char *dir, const char *host,
                                            struct xg_error *err);
/* Read them; `cert` and `key` NULL: those of the folder. Cleared by the
 * caller, also after a failure. */
XG_MUST_CHECK enum xg_status tls_files_load(struct tls_files *t,
                                            const char *dir, const char *cert,
                                            const char *key,
                                            struct xg_error *err);
void tls_files_clear(struct tls_files *t);

/* `pin` NULL: without TLS. */
XG_MUST_CHECK enum xg_status address_store(const char *dir, const char *url,
                                           const struct xg_hash *pin,
                                           struct xg_error *err);
/* XG_NOTFOUND: it never served. */
XG_MUST_CHECK enum xg_status address_load(char url[static XG_URL_MAX + 1],
                                          struct xg_hash *pin, bool *has_pin,
                                          const char *dir,
                                          struct xg_error *err);

/* DIR/console.address: where operators find the console. Appended; XG_NOTFOUND:
 * it was never served. */
XG_MUST_CHECK enum xg_status console_address_store(const char *dir,
                                                   const char *url,
                                                   struct xg_error *err);
XG_MUST_CHECK enum xg_status console_address_load(struct xg_buf *url,
                                                  const char *dir,
                                                  struct xg_error *err);

#endif
