/* batch.h - a signed, compressed run of consecutive records of one chain.
 *
 *      "XGB1" || u32be note length || note || body
 *
 *      xunge/batch/v1
 *      chain <base64 chain id>
 *      records <first>-<last>
 *      previous <base64>            hash before the first; zeros before 0
 *      tree <base64>                RFC 6962 root over the record hashes
 *      body <base64 sha-256> <length> <length inflated> zlib <dictionary>
 *      schema <version>
 *
 *      <one signature line, by the device's key>
 *
 * The body is a zlib stream over the CBOR sequence head, fields, head, fields
 * ... Dictionary `xunge-1` is dictionary.c; `none` means no preset one.
 * A batch's id is SHA-256 of its signed text (the note's text, without the
 * signature line). Its log entry is the note.
 *
 * A batch that starts at 0 begins with the chain's genesis, which names the key
 * that signed the batch and whose hash is the chain.
 *
 * A *redacted* batch is one of which the fields of some records were erased
 * (erase.h):
 *
 *      "XGR1" || u32be note length || note || body
 *
 * with the note as it was signed, and a body of the same form in which erased
 * fields are a byte string: the 32 bytes of their SHA-256. (Fields that were
 * such a byte string themselves, which breaks the rules, have to go with them.)
 * Heads, hashes and tree are those of the note; its `body` line names what was
 * there before, and cannot be checked any more.
 *
 * Order of trust: lengths, signature, body hash, only then inflating (stopped
 * at the stated raw length), then the tree. A record that breaks the rules
 * inside a sound batch is lent with `malformed` set; only one that is longer
 * than XG_RECORD_SPLIT_MAX makes the batch unsound. Of a redacted batch the same
 * but for the body's hash and length; one that lacks nothing is refused.
 */
#ifndef XG_CORE_BATCH_H
#define XG_CORE_BATCH_H

#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/core/note.h"
#include "shared/core/record.h"

enum {
    XG_BATCH_RAW_MAX = 1 << 20,
    XG_BATCH_SEAL_BYTES = 32 << 10, /* of raw records: then it is full */
    XG_BATCH_RECORDS_MAX = 4096,
    XG_BATCH_MAX = (1 << 20) + (128 << 10), /* on the wire */
    XG_ERASED_FIELDS_SIZE = 2 + XG_HASH_SIZE, /* in a redacted body */
    XG_DEFLATE_MAX = 8 << 20, /* of any stream */
};

/* What a batch's note says. */
struct xg_batch_note {
    struct xg_hash chain, previous, tree, body_hash;
    uint64_t first, last;
    uint64_t body_len, raw_len;
    bool dictionary; /* xunge-1 */
    uint64_t schema;
};

XG_MUST_CHECK enum xg_status xg_batch_note_read(struct xg_batch_note *out,
                                                struct xg_bytes text,
                                                struct xg_error *err);

/* A batch taken apart. note and body borrow the given bytes; records and what
 * they point to live in the arena. */
struct xg_batch {
    struct xg_hash id;
    struct xg_bytes note; /* signed, as it goes into the log */
    struct xg_bytes body;
    struct xg_batch_note says;
    bool redacted;  /* it came as one */
    size_t missing; /* of its records: their fields were erased */
    size_t count;
    struct xg_record *records;
};

/* The parts and who claims to have signed: nothing is verified. `name` is the
 * key name of the only signature line, borrowed. */
XG_MUST_CHECK enum xg_status xg_batch_peek(struct xg_bytes *note,
                                           struct xg_bytes *body,
                                           struct xg_bytes *name,
                                           const uint8_t *data, size_t len,
                                           struct xg_error *err);

/* Verify and take apart. XG_AUTH: not signed by `device` alone. XG_FORMAT:
 * lengths, hash, stream or tree do not fit. XG_TOOBIG. */
XG_MUST_CHECK enum xg_status xg_batch_open(struct xg_batch *batch,
                                           struct xg_arena *arena,
                                           const uint8_t *data, size_t len,
                                           const struct xg_verifier *device,
                                           struct xg_error *err);

/* The same of one that was verified when it was put where it comes from: nobody
 * looks at who signed it. */
XG_MUST_CHECK enum xg_status xg_batch_reopen(struct xg_batch *batch,
                                             struct xg_arena *arena,
                                             const uint8_t *data, size_t len,
                                             struct xg_error *err);

/* The id of a batch from its note (whole, signed). */
XG_MUST_CHECK enum xg_status xg_batch_id(struct xg_hash *id,
                                         struct xg_bytes note,
                                         struct xg_error *err);

/* A record to be sealed: its two items and its hash. Borrowed. */
struct xg_sealable {
    struct xg_bytes head, fields;
    struct xg_hash hash;
};

/* Append note to `note` and body to `body` (both empty). `with_dictionary` is
 * false only to measure what it is worth. */
XG_MUST_CHECK enum xg_status
xg_batch_seal(struct xg_buf *note, struct xg_buf *body,
              const struct xg_hash *chain, uint64_t first,
              const struct xg_hash *previous, const struct xg_sealable *records,
              size_t count, const struct xg_signer *device,
              bool with_dictionary, struct xg_error *err);

/* Append the frame around note and body. */
void xg_batch_frame(struct xg_buf *out, struct xg_bytes note,
                    struct xg_bytes body);

/* The same around a redacted body. */
void xg_batch_frame_redacted(struct xg_buf *out, struct xg_bytes note,
                             struct xg_bytes body);
/* Whichever it is: a body that is not the one that the note states is what an
 * erasure left of it. */
XG_MUST_CHECK enum xg_status xg_batch_frame_kept(struct xg_buf *out,
                                                 struct xg_bytes note,
                                                 struct xg_bytes body,
                                                 struct xg_error *err);
/* Do these bytes begin like a redacted batch? */
bool xg_batch_is_redacted(const uint8_t *data, size_t len);

/* Append the body of the opened batch without the fields of those records of
 * which goes(ctx, record) says so, and of those that have none already. */
XG_MUST_CHECK enum xg_status
xg_batch_redact(struct xg_buf *body, const struct xg_batch *batch,
                bool (*goes)(void *ctx, const struct xg_record *record),
                void *ctx, struct xg_error *err);

/* zlib with the dictionary, also used by updates pages: deflate appends to
 * `out`; inflate appends exactly raw_len bytes or fails (XG_FORMAT). */
XG_MUST_CHECK enum xg_status xg_deflate(struct xg_buf *out,
                                        struct xg_bytes raw, bool dictionary,
                                        struct xg_error *err);
XG_MUST_CHECK enum xg_status xg_inflate(uint8_t *raw, size_t raw_len,
                                        struct xg_bytes body, bool dictionary,
                                        struct xg_error *err);
/* Inflate appends at most `room` bytes; *raw_len of them. */
XG_MUST_CHECK enum xg_status xg_inflate_upto(uint8_t *raw, size_t *raw_len,
                                             size_t room, struct xg_bytes body,
                                             bool dictionary,
                                             struct xg_error *err);

/* The preset dictionary xunge-1 (dictionary.c). It never changes; a better one
 * gets another name. */
struct xg_bytes xg_dictionary(void);

#endif
