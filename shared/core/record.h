/* record.h - one immutable operation: head, fields, and its place's hash.
 *
 * Two items of deterministic CBOR (cbor.h), together at most 32 KiB:
 *
 *      head    { 1: kind, 2: entity, 3: [move, from-status],
 *                4: [foreign heads], 5: [wall ms, boot, monotonic ms],
 *                6: author, 7: [crit], 8: author signature }
 *      fields  { field number: value, ... }
 *
 * 2 is absent in a record that creates an entity; the entity's id is then the
 * first 16 bytes of the record's hash. 3 only in transitions. 4, 6, 7, 8 only
 * where there is something to say. 1 and 5 always.
 *
 *      leaf  = chain id (32) || seq (u64be) || previous hash (32)
 *              || head || SHA-256(fields)
 *      hash  = SHA-256(0x00 || leaf)
 *
 * Record 0 of a chain is its genesis; in its leaf chain id and previous hash
 * are zeros, and its hash is the chain's id. The hash is a record's identity; (chain, seq) is a place, and a fork puts
 * two records there. Head and fields are kept, hashed and forwarded byte for
 * byte: nothing is ever encoded again.
 *
 * Numbers of kinds, moves, statuses and fields are at most 65535; at most 48
 * fields; a field's value nests at most 4 deep; foreign heads ascend strictly;
 * wall clock 0 to the end of year 9999, monotonic 0 to 2^53. Texts hold no
 * control characters but tab and newline. Kind genesis is record 0, and only
 * that.
 *
 * The leaf that an author signs (entry 8) is the leaf of the head without that
 * entry: its bytes cut out, the head's map counting one less.
 *
 * A value of a set field is {1: [added elements], 2: [[record hash, index] of
 * elements removed]}, either part absent when empty. A register's value may be
 * null: emptied on purpose.
 */
#ifndef XG_CORE_RECORD_H
#define XG_CORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/base/buf.h"
#include "shared/base/bytes.h"
#include "shared/base/env.h"
#include "shared/core/cbor.h"
#include "shared/core/schema.h"

enum {
    XG_RECORD_MAX = 32 << 10,
    XG_RECORD_SPLIT_MAX = 64 << 10, /* over that a batch is refused */
    XG_RECORD_FIELDS_MAX = 48,
    XG_SET_ITEMS_MAX = 256,  /* that one record adds to, or removes from, a set */
    XG_NUMBER_MAX = 65535,   /* of kinds, moves, statuses, fields */
    XG_VALUE_DEPTH_MAX = 4,  /* nesting inside a field's value */
    XG_FOREIGN_HEADS_MAX = 64,
    XG_AUTHOR_MAX = 32,
    XG_SALT_SIZE = 16,
    XG_SET_ADDED = 1,
    XG_SET_REMOVED = 2,
};

#define XG_WALL_MS_MAX INT64_C(253402300799999) /* end of year 9999 */
#define XG_MONO_MS_MAX (INT64_C(1) << 53)

struct xg_moment {
    int64_t wall_ms; /* what the device's clock said: evidence, never order */
    uint32_t boot;
    int64_t mono_ms;
};

/* Clocks out of range are held at its edge. */
struct xg_moment xg_moment_now(const struct xg_env *env);

struct xg_head {
    uint64_t kind;
    bool creates;
    struct xg_id entity;       /* unless it creates */
    uint64_t move, from;       /* 0 where it is no transition */
    size_t foreign_count;
    const uint8_t *foreign;    /* borrowed; see xg_head_foreign() */
    struct xg_moment moment;
    struct xg_bytes author;    /* a worker's code, or empty */
    struct xg_bytes crit;      /* raw CBOR array, or empty */
    struct xg_bytes signature; /* 64 bytes, or empty */
};

struct xg_record {
    struct xg_bytes head_raw, fields_raw; /* borrowed; fields_raw is empty
                                           * once the fields are redacted */
    struct xg_hash fields_hash, hash;
    struct xg_head head; /* meaningful only while `malformed` is NULL */
    const char *malformed; /* why it is struck out, or NULL; static text */
};

/* The i-th cited hash. */
const struct xg_hash *xg_head_foreign(const struct xg_head *head, size_t i);

/* How long the CBOR item at the start of data is, judging only what is needed
 * to find its end: definite lengths, nesting up to 32. So a batch can be
 * divided into records although one of them breaks the rules. */
XG_MUST_CHECK enum xg_status xg_record_skip(size_t *size, const uint8_t *data,
                                            size_t len, struct xg_error *err);

/* Hash of the record at this place. */
void xg_record_hash(struct xg_hash *hash, const struct xg_hash *chain,
                    uint64_t seq, const struct xg_hash *previous,
                    struct xg_bytes head, const struct xg_hash *fields_hash);

/* Fill `r` from its two items: hashes always, `head` and `malformed` by the
 * rules of the format and the table. Never fails: what breaks a rule is kept
 * and struck out. Where fields are redacted, pass an empty `fields` and set
 * r->fields_hash before. */
void xg_record_read(struct xg_record *r, const struct xg_hash *chain,
                    uint64_t seq, const struct xg_hash *previous,
                    struct xg_bytes head, struct xg_bytes fields);

/* Where a record stands. Borrows. */
struct xg_place {
    const struct xg_hash *chain, *previous;
    uint64_t seq;
};

/* ---- what its author signs ---- */

enum { XG_AUTHOR_KEY_SIZE = 32, XG_AUTHOR_SECRET_SIZE = 64 };

/* Append the leaf of the head without entry 8, which is there if `is_signed`.
 * `head` is that of a well-formed record. */
void xg_author_leaf(struct xg_buf *out, const struct xg_place *place,
                    struct xg_bytes head, bool is_signed,
                    const struct xg_hash *fields_hash);

/* Is entry 8 of the well-formed record a signature by that key, for this place?
 * A record without entry 8 has none. Only lack of memory fails. */
XG_MUST_CHECK enum xg_status
xg_author_verify(bool *good, const struct xg_record *r,
                 const struct xg_place *place,
                 const uint8_t key[static XG_AUTHOR_KEY_SIZE],
                 struct xg_error *err);

/* The record as it is once its fields are erased but for `kept`, which were
 * checked (erase.h): what its head says, and its hashes, stay. It is not
 * record 0. */
void xg_record_keep(struct xg_record *out, const struct xg_record *r,
                    struct xg_bytes kept);

/* The entity that the record is about: the one it names or creates. */
struct xg_id xg_record_entity(const struct xg_record *r);

/* Walk the fields of a well-formed record, in ascending order. */
struct xg_field_cursor {
    struct xg_cbor at;
};
struct xg_field_cursor xg_record_fields(const struct xg_record *r);
bool xg_field_next(struct xg_field_cursor *c, uint64_t *number,
                   struct xg_cbor_item *value);
/* One field's value; false when it is not there. */
bool xg_record_field(const struct xg_record *r, uint64_t number,
                     struct xg_cbor_item *value);

/* Letters, digits and . _ / - only? */
bool xg_code_valid(struct xg_bytes text);

/* Does the value fit the field? A choice that a newer program made (a number
 * up to 255 that is not in the table) fits, and is shown as unknown. NULL,
 * or what is wrong (static text). */
const char *xg_value_check(const struct xg_field *field,
                           const struct xg_cbor_item *value);

/* ---- writing ---- */

/* The fields of a record in the making: values as encoded CBOR, set in any
 * order, one a number (a later one replaces), written in ascending order. */
enum { XG_DRAFT_FIELDS_MAX = XG_RECORD_FIELDS_MAX };

struct xg_draft_field {
    uint64_t number;
    struct xg_bytes value; /* in the arena */
};

struct xg_draft {
    struct xg_arena *arena; /* borrowed */
    struct xg_head head;    /* moment and creates/entity set by the caller */
    struct xg_hash foreign[XG_FOREIGN_HEADS_MAX];
    size_t foreign_count;
    struct xg_draft_field fields[XG_DRAFT_FIELDS_MAX];
    size_t field_count;
    const uint8_t *author_secret; /* its author signs it, where it gets its
                                   * place; lent, NULL: unsigned */
};

/* Borrow `arena`; nothing set. */
void xg_draft_init(struct xg_draft *d, struct xg_arena *arena, uint64_t kind);

/* Set a field to an encoded value (copied). XG_NOMEM, XG_TOOBIG. */
XG_MUST_CHECK enum xg_status xg_draft_set(struct xg_draft *d, uint64_t number,
                                          struct xg_bytes value,
                                          struct xg_error *err);
/* The value set so far, or empty bytes. */
struct xg_bytes xg_draft_get(const struct xg_draft *d, uint64_t number);
/* The at-th element that it adds to a set; false: there are no more. */
bool xg_draft_added(struct xg_cbor_item *element, const struct xg_draft *d,
                    uint64_t number, size_t at);

/* Collects the elements that a record adds to a set, or removes from it. */
XG_MUST_CHECK enum xg_status xg_draft_add(struct xg_draft *d, uint64_t number,
                                          struct xg_bytes element,
                                          struct xg_error *err);
XG_MUST_CHECK enum xg_status xg_draft_remove(struct xg_draft *d,
                                             uint64_t number,
                                             const struct xg_hash *adder,
                                             uint64_t index,
                                             struct xg_error *err);

/* Encode as head and fields into `out` (cleared first), one after the other;
 * *head_len tells where fields begin. Adds the salt that personal fields need,
 * from env. Refuses (XG_USAGE) what xg_record_read() would strike out, so a
 * program never writes a malformed record of its own. */
XG_MUST_CHECK enum xg_status xg_draft_encode(struct xg_buf *out,
                                             size_t *head_len,
                                             struct xg_draft *d,
                                             const struct xg_env *env,
                                             struct xg_error *err);

/* The same for the place that it will have: signed by d->author_secret
 * (libsodium's form, seed || public key) where that is set. */
XG_MUST_CHECK enum xg_status
xg_draft_encode_at(struct xg_buf *out, size_t *head_len, struct xg_draft *d,
                   const struct xg_place *place, const struct xg_env *env,
                   struct xg_error *err);

#endif
