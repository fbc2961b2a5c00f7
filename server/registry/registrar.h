/* registrar.h - who signs the registry: a key file here, or nobody here, because
 * the key is on another machine (request.h). And key files, the log's
 * and the device's too.
 */
#ifndef XG_SERVER_REGISTRY_REGISTRAR_H
#define XG_SERVER_REGISTRY_REGISTRAR_H

#include "shared/base/buf.h"
#include "shared/base/env.h"
#include "shared/core/note.h"

struct registrar {
    void *ctx;
    struct xg_verifier verifier;
    /* Append the signed note. NULL: the key is elsewhere. */
    enum xg_status (*sign)(void *ctx, struct xg_buf *note, struct xg_bytes text,
                           struct xg_error *err);
    void (*close)(void *ctx);
};

/* A key file, as written by registrar_make(). */
XG_MUST_CHECK enum xg_status registrar_open_file(struct registrar *r,
                                                 const char *path,
                                                 struct xg_error *err);
/* A key at hand, copied: for tests and the simulator. */
XG_MUST_CHECK enum xg_status registrar_open_key(struct registrar *r,
                                                const struct xg_signer *key,
                                                struct xg_error *err);
/* The key is on another machine: only its verifier is known. */
void registrar_open_elsewhere(struct registrar *r,
                              const struct xg_verifier *verifier);
void registrar_close(struct registrar *r);

/* Key files: one line "XGKEY1 NAME BASE64(seed)\n", 0600. */
XG_MUST_CHECK enum xg_status key_file_make(const char *path, const char *name,
                                           const struct xg_env *env,
                                           struct xg_error *err);
/* Of a file that was read. XG_FORMAT. The caller wipes both. */
XG_MUST_CHECK enum xg_status key_file_read(struct xg_signer *signer,
                                           struct xg_bytes text,
                                           struct xg_error *err);
/* XG_NOTFOUND, XG_FORMAT. The caller wipes it. */
XG_MUST_CHECK enum xg_status
key_file_load(struct xg_signer *signer, const char *path, struct xg_error *err);

#endif
