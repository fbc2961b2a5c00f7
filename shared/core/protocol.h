/* protocol.h - every text and frame that agent and server exchange, written
 * and read in one place, line by line as docs/protocol.md gives them.
 *
 * A *frame* is u32be length || bytes; an answer is a run of frames. All notes
 * have exactly one signature line: the device's on what it sends, the log's on
 * what the server answers.
 */
#ifndef XG_CORE_PROTOCOL_H
#define XG_CORE_PROTOCOL_H

#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/base/buf.h"
#include "shared/core/batch.h"
#include "shared/core/note.h"
#include "shared/core/registry.h"
#include "shared/core/tlog.h"

enum {
    XG_URL_MAX = 300,
    XG_SECRET_SIZE = 16,
    XG_NONCE_SIZE = 32,
    XG_TOKEN_SIZE = 32,
    XG_CHAINS_MAX = 64,   /* of one device, in a hello */
    XG_ORDERS_MAX = 64,
    XG_REFERENCES_MAX = 64,         /* of one answer */
    XG_REGISTRY_NEWS_MAX = 64,      /* notes in one answer */
    XG_UPDATES_RAW_MAX = 1 << 20,   /* of one page, inflated */
    XG_HELD_MAX = 64,               /* own batches named in asking for one */
    XG_BLOBS_MAX = 16,              /* photos in one note of the log */
    XG_BLOBS_ASKED_MAX = 64,        /* in one POST /v1/blobs/held */
    XG_ANSWER_MAX = 8 << 20,
};

void xg_frame_put(struct xg_buf *out, struct xg_bytes content);
/* The next frame of rest (consumed). False: none left, or cut off; then rest is
 * not empty. */
bool xg_frame_next(struct xg_bytes *rest, struct xg_bytes *frame);

/* ---- the one-time code: what a worker is given to join ----
 *
 * "xg1" || base64url(CBOR [url, log vkey, registrar key, pin or null, secret,
 * worker] || first 4 bytes of its SHA-256). */
struct xg_enrol_code {
    char url[XG_URL_MAX + 1];
    struct xg_verifier log;
    uint8_t registrar[XG_PUBLIC_KEY_SIZE];
    bool has_pin;
    uint8_t pin[XG_HASH_SIZE]; /* SHA-256 of the TLS key's SPKI */
    uint8_t secret[XG_SECRET_SIZE];
    char worker[XG_CODE_MAX + 1];
};

void xg_enrol_code_print(struct xg_buf *out, const struct xg_enrol_code *c);
/* XG_USAGE, in the worker's language: mistyped, cut off, of a newer kind. */
XG_MUST_CHECK enum xg_status xg_enrol_code_parse(struct xg_enrol_code *c,
                                                 const char *text,
                                                 struct xg_error *err);
/* What a code is called without telling its secret, and found by: SHA-256 of
 * the secret. The server keeps the secret itself until the code is used up. */
void xg_secret_id(struct xg_hash *id, const uint8_t secret[XG_SECRET_SIZE]);

/* ---- POST /v1/enrol: signed by the new key, named "<origin>/new" ----
 *
 *      xunge/enrol/v1
 *      log <origin>
 *      code <base64 secret id>
 *      proof <base64 SHA-256(secret || key)>
 *      key <base64 key>
 *      chain <base64 chain id>
 *      random <base64 32 bytes>
 *      device <key name>       had before a restore, and wanted again
 */
struct xg_enrol {
    struct xg_bytes log; /* borrowed */
    struct xg_hash code, proof, key, chain, random;
    char device[XG_KEY_NAME_MAX + 1]; /* "": a new name */
};
void xg_enrol_put(struct xg_buf *text, const struct xg_enrol *e);
XG_MUST_CHECK enum xg_status xg_enrol_read(struct xg_enrol *e,
                                           struct xg_bytes text,
                                           struct xg_error *err);
void xg_enrol_proof(struct xg_hash *proof,
                    const uint8_t secret[XG_SECRET_SIZE],
                    const uint8_t key[XG_PUBLIC_KEY_SIZE]);

/* The answer, signed by the log:
 *
 *      xunge/enrolled/v1
 *      log <origin>
 *      random <echo>
 *      state enrolled | pending
 *      device <key name>
 *      worker <code>
 */
enum xg_device_state {
    XG_DEVICE_ENROLLED,
    XG_DEVICE_PENDING, /* the registrar has yet to sign */
    XG_DEVICE_REVOKED,
};
const char *xg_device_state_name(enum xg_device_state state);

struct xg_enrolled {
    struct xg_bytes log;
    struct xg_hash random;
    enum xg_device_state state;
    char device[XG_KEY_NAME_MAX + 1];
    char worker[XG_CODE_MAX + 1];
};
void xg_enrolled_put(struct xg_buf *text, const struct xg_enrolled *e);
XG_MUST_CHECK enum xg_status xg_enrolled_read(struct xg_enrolled *e,
                                              struct xg_bytes text,
                                              struct xg_error *err);

/* ---- POST /v1/hello: signed by the device ----
 *
 *      xunge/hello/v1
 *      log <origin>
 *      size <size of the checkpoint held>
 *      root <base64>
 *      cosigned <base64 4 + 8 + 64 bytes>      witness.h; not for size 0
 *      registry <number of the newest registry note held, or 0>
 *      random <base64 32 bytes>
 *      schema <version>
 *      chain <base64 id> <next seq> <base64 last hash>     own chains, 0..64
 */
struct xg_chain_tip {
    struct xg_hash chain, last; /* last: zeros where next is 0 */
    uint64_t next;
};

struct xg_hello {
    struct xg_bytes log;
    uint64_t size, registry, schema;
    struct xg_hash root, random;
    bool cosigned;
    uint8_t cosignature[4 + 8 + XG_SIGNATURE_SIZE];
    size_t chain_count;
    struct xg_chain_tip chains[XG_CHAINS_MAX];
};
void xg_hello_put(struct xg_buf *text, const struct xg_hello *h);
XG_MUST_CHECK enum xg_status xg_hello_read(struct xg_hello *h,
                                           struct xg_bytes text,
                                           struct xg_error *err);

/* The answer: frames
 *      1  the welcome note below, signed by the log
 *      2  consistency proof from the stated size: base64 hashes, one a line
 *      3  the checkpoint, a signed note; empty where it is the one stated
 *      4+ registry notes newer than stated, in order, at most 64
 *
 *      xunge/welcome/v1
 *      log <origin>
 *      device <key name>
 *      random <echo>
 *      time <server's Unix milliseconds>
 *      state enrolled | pending | revoked
 *      token <base64 32 bytes>             session, 24 h
 *      checkpoint <size> <base64 root>     of frame 3: the random binds it
 *      backup <size that is backed up>
 *      registry <newest number>
 *      chain <base64 id> <next> <base64 last hash>   as the server holds them
 *      forked <base64 chain id>            a device told so starts a new chain
 *      note <log position>                 one a registry note that follows
 *      references <number of reference entries in the log>
 *      order <base64 sha-256>              photo wanted
 */
struct xg_welcome {
    struct xg_bytes log;
    char device[XG_KEY_NAME_MAX + 1];
    struct xg_hash random, token, root; /* size, root: of the checkpoint that
                                         * goes with it */
    uint64_t time_ms, size, backup, registry, references;
    enum xg_device_state state;
    size_t chain_count, forked_count, note_count, order_count;
    struct xg_chain_tip chains[XG_CHAINS_MAX];
    struct xg_hash forked[XG_CHAINS_MAX];
    uint64_t notes[XG_REGISTRY_NEWS_MAX];
    struct xg_hash orders[XG_ORDERS_MAX];
};
void xg_welcome_put(struct xg_buf *text, const struct xg_welcome *w);
XG_MUST_CHECK enum xg_status xg_welcome_read(struct xg_welcome *w,
                                             struct xg_bytes text,
                                             struct xg_error *err);

/* One base64 hash a line. *Beside* another proof, of the same tree, a line
 * "=<n>" stands for that one's hash number n (from 0). */
void xg_proof_put_beside(struct xg_buf *out, const struct xg_proof *proof,
                         const struct xg_proof *beside);
XG_MUST_CHECK enum xg_status xg_proof_read_beside(struct xg_proof *proof,
                                                  struct xg_bytes text,
                                                  const struct xg_proof *beside,
                                                  struct xg_error *err);
void xg_proof_put(struct xg_buf *out, const struct xg_proof *proof);
XG_MUST_CHECK enum xg_status xg_proof_read(struct xg_proof *proof,
                                           struct xg_bytes text,
                                           struct xg_error *err);

/* ---- GET /v1/references?from=<n>: frames
 *      1  the note below, signed by the log
 *      2+ the reference entries of the log, in order, from the n-th (the first
 *         is 0) on, at most 64: signed notes as they lie there
 *
 *      xunge/references/v1
 *      log <origin>
 *      from <n>
 *      entry <log position> <base64 leaf hash>     one for each that follows
 */
struct xg_references_note {
    struct xg_bytes log;
    uint64_t from;
    size_t count;
    struct xg_reference_place {
        uint64_t position; /* ascending */
        struct xg_hash leaf;
    } entries[XG_REFERENCES_MAX];
};
void xg_references_put(struct xg_buf *text, const struct xg_references_note *r);
XG_MUST_CHECK enum xg_status xg_references_read(struct xg_references_note *r,
                                                struct xg_bytes text,
                                                struct xg_error *err);

/* ---- PUT /v1/batches/<id>, header "Xunge-Size: <size held>": frames
 *      1  "state stored|held|waiting|forked|quarantined\n"
 *      2  consistency proof from the stated size, beside the receipt's
 *      3  the receipt: a tlog-proof of the batch's note
 *      4  a page of updates, where "?since=" asked for one; may be absent
 */
enum xg_batch_state {
    XG_BATCH_STORED,      /* new, merged */
    XG_BATCH_HELD,        /* had it already */
    XG_BATCH_WAITING,     /* kept; earlier records are missing */
    XG_BATCH_FORKED,      /* kept; contradicts another copy of the chain */
    XG_BATCH_QUARANTINED, /* kept; the device was revoked */
};
const char *xg_batch_state_name(enum xg_batch_state state);
bool xg_batch_state_parse(enum xg_batch_state *state, struct xg_bytes name);

/* ---- GET /v1/updates?since=<size>[&held=<position>,...] ----
 *
 * held: log positions of batches of the device that it holds as they were
 * logged, ascending, at most 64; their records are left out.
 *
 *      "XGU1" || u32be note length || note || body
 *
 *      xunge/updates/v1                    signed by the log
 *      log <origin>
 *      device <key name>
 *      scope <unit, or - for none>
 *      from <size>
 *      to <size>                           ask on from here
 *      end <size>                          to == end: nothing more for now
 *      count <records>
 *      root <base64>                       RFC 6962 over the record hashes;
 *                                          none for none
 *      body <base64 sha-256> <length> <length inflated> zlib xunge-1
 *
 * The body is a CBOR sequence of
 *      [0, chain, seq, previous or null, log position, anchor size, head,
 *       fields]                            a record; head and fields as byte
 *                                          strings of their CBOR; previous null:
 *                                          the record before in this body;
 *                                          fields of 32 bytes in an array:
 *                                          erased, only their hash
 *      [1, chain, device key name]         before the first of a chain
 *      [2, entity]                         went out of this device's scope
 *      [3, chain, branch id, start, parent branch id]   a fork, before use
 *      [4, record hash, branch id]         a known record is now on a branch
 *      [5, log position, ms]               a time note of the log
 * A record is on the chain's only branch unless a [4] names it. Before a record
 * come the time notes that bound it (deadline.h): the last one below its anchor
 * size, and the first one at its position or after; each once a page.
 * The page that reaches `end` has the last one of the log too.
 */
struct xg_updates_note {
    struct xg_bytes log;
    char device[XG_KEY_NAME_MAX + 1], scope[XG_CODE_MAX + 1];
    uint64_t from, to, end, count, body_len, raw_len;
    struct xg_hash root, body_hash;
};
void xg_updates_put(struct xg_buf *text, const struct xg_updates_note *u);
XG_MUST_CHECK enum xg_status xg_updates_read(struct xg_updates_note *u,
                                             struct xg_bytes text,
                                             struct xg_error *err);
/* Verify signature, log, lengths, body hash; inflate into the arena; then every
 * item's form, number and root of the records, and that no record lies at a
 * position of `to` or beyond, and no time note at one of `end`. So xg_update_next() over *raw cannot fail. What
 * the caller still has to compare: device, from. u->log borrows `data`. */
XG_MUST_CHECK enum xg_status xg_updates_open(struct xg_updates_note *u,
                                             struct xg_bytes *raw,
                                             struct xg_arena *arena,
                                             const uint8_t *data, size_t len,
                                             const struct xg_verifier *log,
                                             struct xg_error *err);
/* Deflate `raw`, sign, append the whole page to `out`. u->body_*, u->raw_len
 * are filled; root and count are the caller's. */
XG_MUST_CHECK enum xg_status xg_updates_seal(struct xg_buf *out,
                                             struct xg_updates_note *u,
                                             struct xg_bytes raw,
                                             const struct xg_signer *log,
                                             struct xg_error *err);

enum xg_update_kind {
    XG_UPDATE_RECORD = 0,
    XG_UPDATE_CHAIN = 1,
    XG_UPDATE_OUT = 2,
    XG_UPDATE_BRANCH = 3,
    XG_UPDATE_PLACE = 4,
    XG_UPDATE_TIME = 5,
};

struct xg_update {
    enum xg_update_kind kind;
    struct xg_hash chain;    /* RECORD, CHAIN, BRANCH */
    struct xg_hash previous; /* RECORD */
    uint64_t seq, anchor_size;
    uint64_t position;       /* RECORD, TIME */
    struct xg_record record; /* RECORD: read and hashed */
    struct xg_bytes device;  /* CHAIN */
    struct xg_id entity;     /* OUT */
    struct xg_hash branch, parent; /* BRANCH, PLACE */
    uint64_t start;                /* BRANCH */
    struct xg_hash hash;           /* PLACE */
    int64_t time_ms;               /* TIME; not negative */
};

/* Reads a body; start with {.rest = raw}. */
struct xg_update_reader {
    struct xg_bytes rest;
    struct xg_hash last; /* of the record before */
    bool any;
};
/* XG_OK with *more false at the end; XG_FORMAT. */
XG_MUST_CHECK enum xg_status xg_update_next(struct xg_update_reader *r,
                                            struct xg_update *out, bool *more,
                                            struct xg_error *err);
/* Append one item. RECORD: `with_previous` false leaves the hash to be that of
 * the record put before; record.fields_raw empty writes only the hash. */
void xg_update_put(struct xg_buf *raw, const struct xg_update *u,
                   bool with_previous);

/* ---- POST /v1/blobs/held: which of these photos do you hold? ----
 *
 * Body: 1 to XG_BLOBS_ASKED_MAX SHA-256, 32 bytes each. Header Xunge-Size: of
 * the checkpoint held. Answer: frames
 *      1   consistency proof from that size
 *      2   a blobs note of the log that names at least one of them
 *      3   its receipt, a tlog-proof; all receipts carry the same checkpoint
 *      4+  further pairs
 * What none of the notes names the server does not hold, or not to the log's
 * newest checkpoint. */

/* ---- entries of the log that the server writes ---- */

/* xunge/reference/v1: kind, edition, file <sha-256> <bytes> */
struct xg_reference {
    char kind[XG_CODE_MAX + 1], edition[XG_CODE_MAX + 1];
    struct xg_hash file;
    uint64_t length;
};
void xg_reference_put(struct xg_buf *text, const struct xg_reference *r);
XG_MUST_CHECK enum xg_status xg_reference_read(struct xg_reference *r,
                                               struct xg_bytes text,
                                               struct xg_error *err);
/* xunge/blobs/v1: what the server holds, and has hashed itself
 *
 *      blob <base64 sha-256> <bytes>      1 to XG_BLOBS_MAX, ascending hashes
 *
 * Few in a note: whoever proves one photo carries the whole note, and reads in
 * it of the others. Our server writes one. */
struct xg_blob {
    struct xg_hash sha256;
    uint64_t length;
};
void xg_blobs_put(struct xg_buf *text, const struct xg_blob *blobs,
                  size_t count);
XG_MUST_CHECK enum xg_status
xg_blobs_read(struct xg_blob blobs[static XG_BLOBS_MAX], size_t *count,
              struct xg_bytes text, struct xg_error *err);

/* xunge/time/v1: witness.h */
/* xunge/fork/v1: chain <b64>, seq <n>, then twice
 *      record <b64 hash> <b64 batch id> <index in batch> <records in batch>
 *      path <b64> ...                     inclusion in that batch's tree */
struct xg_fork_side {
    struct xg_hash record, batch;
    uint64_t index, size;
    struct xg_proof path;
};
struct xg_fork {
    struct xg_hash chain;
    uint64_t seq;
    struct xg_fork_side sides[2];
};
void xg_fork_put(struct xg_buf *text, const struct xg_fork *f);
XG_MUST_CHECK enum xg_status xg_fork_read(struct xg_fork *f,
                                          struct xg_bytes text,
                                          struct xg_error *err);

#endif
