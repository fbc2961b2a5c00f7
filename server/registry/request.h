/* request.h - what goes to the registrar's machine, and what that
 * machine remembers: files that a person can read.
 *
 *      xunge/registry-request/v1
 *      log <verifier key of the log>
 *      after <size> <base64 root>     the checkpoint in the registry note before
 *      consistency <n>                n lines: the proof from there, as in
 *      <base64>                       a hello (protocol.h)
 *      checkpoint <n>                 n lines: a checkpoint, signed by the log
 *      ...
 *      note <n>                       n lines: the registry note, not signed
 *      xunge/registry/v1
 *      ...
 *
 *      xunge/registrar-state/v1
 *      log <verifier key of the log>
 *      number <n>                     of the newest note that was signed
 *      leaf <base64>                  its leaf hash
 *      checkpoint <size> <base64 root>  what it names
 *      key <base64>                   that signs the next one
 *      note <n>                       n lines: it, signed
 *      ...
 *
 * A registrar signs one note of a number, ever, and each goes on from the one
 * before and from a log that is still the same. So a server that was stolen,
 * rolled back or copied gets no signature without a person's eyes, and no two
 * registries can come about.
 */
#ifndef SERVER_REGISTRAR_REQUEST_H
#define SERVER_REGISTRAR_REQUEST_H

#include "shared/core/protocol.h"
#include "shared/core/registry.h"
#include "shared/core/tlog.h"

enum { REGISTRAR_FILE_MAX = 128 << 10 };

struct registrar_request {
    struct xg_verifier log;
    uint64_t after_size;
    struct xg_hash after_root;
    struct xg_bytes consistency; /* empty, or as xg_proof_read() takes it */
    struct xg_bytes checkpoint;  /* empty before the log has one */
    struct xg_bytes note;        /* text */
};
void registrar_request_put(struct xg_buf *out,
                           const struct registrar_request *r);
/* Borrows the text. XG_FORMAT. */
XG_MUST_CHECK enum xg_status registrar_request_read(struct registrar_request *r,
                                                    struct xg_bytes text,
                                                    struct xg_error *err);

struct registrar_state {
    struct xg_verifier log;
    uint64_t number; /* 0: nothing was signed yet, and the rest says nothing */
    struct xg_hash leaf;
    uint64_t size;
    struct xg_hash root;
    uint8_t key[XG_PUBLIC_KEY_SIZE];
    struct xg_bytes note;
};
void registrar_state_put(struct xg_buf *out, const struct registrar_state *s);
XG_MUST_CHECK enum xg_status registrar_state_read(struct registrar_state *s,
                                                  struct xg_bytes text,
                                                  struct xg_error *err);

/* May the note of the request be signed by this key, after what was signed
 * before? *says is what it says, *again: it was signed already, word for word.
 * XG_ALARM: the log is not the same, or does not go on from what was seen.
 * XG_REFUSED: another note of that number was signed; a number is skipped; it
 * is another log's (a restored server's, where takeover allows it), or another
 * key's turn. */
XG_MUST_CHECK enum xg_status
registrar_review(struct xg_registry_note *says, bool *again,
                 const struct registrar_request *r,
                 const struct registrar_state *before,
                 const struct xg_verifier *key, bool takeover,
                 struct xg_error *err);
/* Sign it: the note is appended to `note`, which *after borrows. */
XG_MUST_CHECK enum xg_status
registrar_sign(struct registrar_state *after, struct xg_buf *note,
               const struct registrar_request *r, const struct xg_signer *key,
               struct xg_error *err);

/* One statement in words, without a line's end. */
void registrar_say(struct xg_buf *out, const struct xg_statement *s);

#endif
