/* seal.h - a file for one reader: a stream sealed to keys, or with a
 * spoken code.
 *
 *      "XGH1" || u8 number of slots || slot ... || stream header (24) || chunk
 * ...
 *
 *      slot   1 || Ed25519 key (32) || sealed (80)
 *             2 || u32be passes || u32be KiB || salt (16) || nonce (24) || W
 * (48)
 *
 * There is at most one slot of the second kind, of 1 to 4 passes and 8 to 65536
 * KiB, so that opening a file costs no more than the one that this writes: a
 * file of anyone's making is opened on a phone.
 *
 * The stream's key is 32 random bytes. `sealed` is crypto_box_seal of it to the
 * Curve25519 form of the reader's key; W is crypto_secretbox of it under
 * Argon2id 1.3 of the code. A chunk is crypto_secretstream_xchacha20poly1305 of
 * 64 KiB, the last one of what is left; it alone has the tag FINAL, nothing
 * follows it. The associated data of each chunk is everything before the stream
 * header.
 *
 * This says nothing about who wrote the file: whoever knows a device's public
 * key can seal to it. What is inside authenticates itself.
 */
#ifndef XG_BUNDLE_SEAL_H
#define XG_BUNDLE_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/bytes.h"
#include "shared/base/env.h"
#include "shared/base/error.h"
#include "shared/core/note.h"

enum {
    XG_SEAL_SLOTS_MAX = 16,
    XG_SEAL_CODE_DIGITS = 24, /* some 80 bits */
    XG_SEAL_CODE_SIZE =
        XG_SEAL_CODE_DIGITS + XG_SEAL_CODE_DIGITS / 4, /* as text */
};

/* A random code to be read out: "4821 0037 ...". */
void xg_seal_draw_code(char code[static XG_SEAL_CODE_SIZE],
                       const struct xg_env *env);

struct xg_seal_slots {
    size_t count; /* of keys */
    uint8_t keys[XG_SEAL_SLOTS_MAX][XG_PUBLIC_KEY_SIZE];
    const char *code; /* digits, anything between them; or NULL */
};

struct xg_seal_writer;
/* Writes the head to `fd` (lent; `name` is copied, for errors). XG_USAGE for a
 * key that is none. */
XG_MUST_CHECK enum xg_status
xg_seal_writer_open(struct xg_seal_writer **out, int fd, const char *name,
                    const struct xg_seal_slots *slots, const struct xg_env *env,
                    struct xg_error *err);
XG_MUST_CHECK enum xg_status xg_seal_write(struct xg_seal_writer *w,
                                           struct xg_bytes data,
                                           struct xg_error *err);
/* The last chunk: without it, nothing was written. */
XG_MUST_CHECK enum xg_status xg_seal_finish(struct xg_seal_writer *w,
                                            struct xg_error *err);
void xg_seal_writer_close(struct xg_seal_writer *w);

struct xg_seal_reader;
/* From the start of `fd` (lent). `key` is the reader's own, `code` what was
 * spoken; each may be NULL. XG_FORMAT: no such file, or damaged; XG_LOCKED: only
 * the code opens it; XG_AUTH: a wrong code, or for somebody else. */
XG_MUST_CHECK enum xg_status xg_seal_reader_open(struct xg_seal_reader **out,
                                                 int fd, const char *name,
                                                 const struct xg_signer *key,
                                                 const char *code,
                                                 struct xg_error *err);
/* The same for what cannot be read twice (a pipe): the first XG_SEAL_MAGIC_SIZE
 * bytes were read, and xg_seal_begins() said yes to them. */
enum { XG_SEAL_MAGIC_SIZE = 4 };
bool xg_seal_begins(const uint8_t first[static XG_SEAL_MAGIC_SIZE]);
XG_MUST_CHECK enum xg_status
xg_seal_reader_resume(struct xg_seal_reader **out, int fd, const char *name,
                      const struct xg_signer *key, const char *code,
                      struct xg_error *err);
/* The next plain bytes, lent until the next call; len 0 at the proven end.
 * XG_FORMAT for what was altered, cut short, or goes on after its end. */
XG_MUST_CHECK enum xg_status xg_seal_read(struct xg_seal_reader *r,
                                          struct xg_bytes *chunk,
                                          struct xg_error *err);
/* After xg_seal_read() failed: it was at the end of the file, which may be all
 * that is wrong with it. What was lent before is good. */
bool xg_seal_cut(const struct xg_seal_reader *r);
void xg_seal_reader_close(struct xg_seal_reader *r);

#endif
