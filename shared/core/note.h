/* note.h - C2SP signed notes: texts that a person can read, signed.
 *
 *      <text lines, each ending in \n>
 *      <empty line>
 *      EM-DASH SPACE <key name> SPACE <base64(4-byte key id || signature)> \n
 *
 * The text is UTF-8 without control characters below U+0020 but \n. The last
 * empty line parts text from signatures; the signature is over the text with
 * its final \n. Key id = SHA-256(name || 0x0A || type || public key)[0:4].
 *
 * Source: C2SP signed-note v1.0.0, tlog-cosignature v1.0.1. Signature types
 * made here: 0x01 Ed25519 and 0x04 Ed25519 cosignature/v1. Others are carried,
 * not judged.
 */
#ifndef XG_CORE_NOTE_H
#define XG_CORE_NOTE_H

#include <stdint.h>

#include "shared/base/buf.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum {
    XG_KEY_NAME_MAX = 120,      /* bytes, without terminator */
    XG_PUBLIC_KEY_SIZE = 32,
    XG_SECRET_KEY_SIZE = 64,    /* libsodium's form: seed || public key */
    XG_SIGNATURE_SIZE = 64,
    XG_VKEY_SIZE = XG_KEY_NAME_MAX + 64, /* text of a verifier key */
    XG_NOTE_SIGNATURES_MAX = 64,
    XG_NOTE_MAX = 65535,        /* a note is a log entry */
};

enum xg_sig_type { XG_SIG_ED25519 = 1, XG_SIG_COSIGNATURE = 4 };

/* A public key that verifies: text form NAME+8HEX+BASE64(type || key). */
struct xg_verifier {
    char name[XG_KEY_NAME_MAX + 1];
    uint8_t type; /* enum xg_sig_type */
    uint8_t key[XG_PUBLIC_KEY_SIZE];
    uint8_t id[4];
};

/* A secret key that signs. The caller wipes it (sodium_memzero). */
struct xg_signer {
    struct xg_verifier verifier;
    uint8_t secret[XG_SECRET_KEY_SIZE];
};

/* XG_FORMAT for an empty or over-long name, or one with '+' or a space. */
XG_MUST_CHECK enum xg_status
xg_verifier_init(struct xg_verifier *v, const char *name, uint8_t type,
                 const uint8_t key[static XG_PUBLIC_KEY_SIZE],
                 struct xg_error *err);
/* Parse and print the text form; the id in the text must be right. */
XG_MUST_CHECK enum xg_status xg_verifier_parse(struct xg_verifier *v,
                                               const char *text, size_t len,
                                               struct xg_error *err);
void xg_verifier_print(char text[static XG_VKEY_SIZE],
                       const struct xg_verifier *v);

XG_MUST_CHECK enum xg_status
xg_signer_init(struct xg_signer *s, const char *name, uint8_t type,
               const uint8_t seed[static 32], struct xg_error *err);

/* A note taken apart; everything in it borrows the note's bytes. */
struct xg_note_signature {
    struct xg_bytes name;
    uint8_t id[4];
    struct xg_bytes line; /* the whole line with its \n */
    uint8_t blob[160];    /* what follows the id */
    size_t blob_len;      /* 0 when longer: of a type not judged here */
};

struct xg_note {
    struct xg_bytes text; /* with its final \n */
    struct xg_bytes body; /* the whole note, as given */
    size_t count;
    struct xg_note_signature signatures[XG_NOTE_SIGNATURES_MAX];
};

/* Take apart, judge nothing. Canonical base64 only; at least one signature
 * line; nothing after the last. XG_FORMAT, XG_TOOBIG over XG_NOTE_MAX or
 * XG_NOTE_SIGNATURES_MAX. */
XG_MUST_CHECK enum xg_status xg_note_parse(struct xg_note *note,
                                           const uint8_t *data, size_t len,
                                           struct xg_error *err);

/* Is there a good signature by `v`? XG_NOTFOUND when no line has v's name and
 * id; XG_AUTH when such a line fails (any one of them). Type 0x04 verifies the
 * cosignature message and, where time_s is not NULL, gives its time (of the
 * first, where there are several). */
XG_MUST_CHECK enum xg_status xg_note_verify(const struct xg_note *note,
                                            const struct xg_verifier *v,
                                            uint64_t *time_s,
                                            struct xg_error *err);

/* Our own notes: exactly one signature line, by exactly this key. XG_AUTH for
 * anything else, a second line included. */
XG_MUST_CHECK enum xg_status xg_note_verify_sole(const struct xg_note *note,
                                                 const struct xg_verifier *v,
                                                 struct xg_error *err);
/* The same, parsed too; XG_FORMAT, XG_TOOBIG as in parsing. */
XG_MUST_CHECK enum xg_status xg_note_open(struct xg_note *note,
                                          const uint8_t *data, size_t len,
                                          const struct xg_verifier *v,
                                          struct xg_error *err);

/* Append text, empty line and signature line. `text` ends in \n and has no
 * character that a note may not hold (asserted). */
void xg_note_sign(struct xg_buf *out, struct xg_bytes text,
                  const struct xg_signer *signer);
/* The same of a text that was just put together, where it and the note fit:
 * else XG_TOOBIG, XG_NOMEM. */
XG_MUST_CHECK enum xg_status xg_note_sign_buf(struct xg_buf *out,
                                              const struct xg_buf *text,
                                              const struct xg_signer *signer,
                                              struct xg_error *err);
/* Append only the signature line; time_s is for type 0x04 alone. */
void xg_note_signature_line(struct xg_buf *out, struct xg_bytes text,
                            const struct xg_signer *signer, uint64_t time_s);
/* The same in two steps, for who keeps what was signed; of type 0x01. */
void xg_note_signature(uint8_t out[static XG_SIGNATURE_SIZE],
                       struct xg_bytes text, const struct xg_signer *signer);
void xg_note_signed_line(struct xg_buf *out,
                         const uint8_t signature[static XG_SIGNATURE_SIZE],
                         const struct xg_verifier *by);

/* Reading the lines of a note's text, strictly and in order:
 *
 *      struct xg_lines l = xg_lines_over(note.text);
 *      xg_line_literal(&l, "xunge/batch/v1");
 *      xg_line_hash(&l, "chain", &chain);         -- "chain BASE64"
 *      xg_line_uint(&l, "schema", &schema);       -- "schema 1"
 *      if (xg_lines_end(&l, err) != XG_OK) ...
 *
 * The first mismatch sticks: later reads leave their outputs zeroed and
 * xg_lines_end() says which line was wrong, or that lines are left over. */
struct xg_lines {
    struct xg_bytes rest;
    size_t number;       /* of the line last looked at, from 1 */
    const char *expected; /* what was missing there, NULL while all is well */
};

struct xg_lines xg_lines_over(struct xg_bytes text);
/* Is the next line's keyword this one? (keyword, then a space or the end.) */
bool xg_lines_at(const struct xg_lines *l, const char *keyword);
bool xg_lines_more(const struct xg_lines *l);
void xg_line_literal(struct xg_lines *l, const char *line);
void xg_line_hash(struct xg_lines *l, const char *keyword,
                  struct xg_hash *hash);
/* Decimal, no leading zeros, no sign. */
void xg_line_uint(struct xg_lines *l, const char *keyword, uint64_t *value);
/* The rest of the line after the keyword: non-empty, borrowed. */
void xg_line_rest(struct xg_lines *l, const char *keyword,
                  struct xg_bytes *rest);
XG_MUST_CHECK enum xg_status xg_lines_end(const struct xg_lines *l,
                                          struct xg_error *err);

/* The next line, without its \n. False when none is left, or the last one is
 * not finished. */
bool xg_line(struct xg_bytes *rest, struct xg_bytes *line);

/* The words of a line, one after another, parted by exactly one space. False
 * when none is left, or it is not of that form; then *rest stays as it is, so
 * a line was read to its end when rest.len == 0. */
bool xg_word(struct xg_bytes *rest, struct xg_bytes *word);
bool xg_word_uint(struct xg_bytes *rest, uint64_t *value);
bool xg_word_hash(struct xg_bytes *rest, struct xg_hash *hash);

#endif
