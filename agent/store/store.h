/* store.h - what the device knows: records, and the tables derived from them.
 *
 * Truth is the tables `record`, `chain`, `branch`, `batch`, `statement`,
 * `draft`; the table `entity` is what fold.h makes of them. Fields of records,
 * states, bodies of batches, drafts, reference data, meta values and the secret
 * key lie sealed (vault.h). Clear are what names things: hashes, kinds, codes,
 * times, human numbers, units.
 *
 * Changing: every function marked [t] is called between store_begin() and
 * store_commit(), which folds again each entity that was touched, and saves
 * with one fsync. On any failure the caller calls store_rollback(); nothing is
 * then half-saved. Functions marked [T] make such a transaction of their own.
 * All others read; they may be called in and outside a transaction.
 *
 * Texts that are lent live until the next call with the same store, unless it
 * says arena or buffer.
 */
#ifndef AGENT_STORE_H
#define AGENT_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/vault/vault.h"
#include "shared/base/arena.h"
#include "shared/base/buf.h"
#include "shared/base/env.h"
#include "shared/core/batch.h"
#include "shared/core/deadline.h"
#include "shared/core/merge.h"
#include "shared/core/near.h"
#include "shared/core/number.h"
#include "shared/core/protocol.h"
#include "shared/core/record.h"
#include "shared/core/registry.h"
#include "shared/core/successor.h"
#include "shared/core/tlog.h"

struct store;

/* Open or make HOME/agent.db. `vault` and `env` are lent until store_close().
 */
XG_MUST_CHECK enum xg_status store_open(struct store **out, const char *home,
                                        const struct vault *vault,
                                        const struct xg_env *env,
                                        struct xg_error *err);
void store_close(struct store *s);

XG_MUST_CHECK enum xg_status store_begin(struct store *s,
                                         struct xg_error *err);
XG_MUST_CHECK enum xg_status store_commit(struct store *s,
                                          struct xg_error *err);
/* What is read survives a power cut from now on (xg_db_sync()): to be called
 * before anything leaves the device. */
XG_MUST_CHECK enum xg_status store_sync(struct store *s, struct xg_error *err);
/* [t] Fold now what was touched, for who looks at it before the commit. */
XG_MUST_CHECK enum xg_status store_refresh(struct store *s,
                                           struct xg_error *err);
/* Nothing when there is no transaction: fit for a done: label. */
void store_rollback(struct store *s);
/* [T] What acts erased lies in no file of the database any more; where somebody
 * reads just now, it is tried again the next time. */
XG_MUST_CHECK enum xg_status store_forget_erased(struct store *s,
                                                 struct xg_error *err);

/* ---- small things by name, sealed ---- */

/* Append the value to `out`; *found false when there is none. Names of the
 * store itself begin with '.'; other files choose their own. */
XG_MUST_CHECK enum xg_status store_get_meta(struct store *s,
                                            struct xg_buf *out, bool *found,
                                            const char *name,
                                            struct xg_error *err);
/* [t] Empty bytes remove it. */
XG_MUST_CHECK enum xg_status store_put_meta(struct store *s, const char *name,
                                            struct xg_bytes value,
                                            struct xg_error *err);
XG_MUST_CHECK enum xg_status store_get_meta_u64(struct store *s,
                                                uint64_t *value, /* 0: none */
                                                const char *name,
                                                struct xg_error *err);
XG_MUST_CHECK enum xg_status store_put_meta_u64(struct store *s,
                                                const char *name,
                                                uint64_t value,
                                                struct xg_error *err);

/* ---- who this device is ---- */

struct store_identity {
    bool joined;     /* a one-time code was taken: log and registrar known */
    char url[XG_URL_MAX + 1];
    bool has_pin;
    uint8_t pin[XG_HASH_SIZE];
    struct xg_verifier log;
    uint8_t registrar[XG_PUBLIC_KEY_SIZE];
    char worker[XG_CODE_MAX + 1];       /* the owner */
    char device[XG_KEY_NAME_MAX + 1];   /* "" until the server named it */
    enum xg_device_state state;
};

/* All zero (joined false) for a device that never joined. */
XG_MUST_CHECK enum xg_status store_get_identity(struct store *s,
                                                struct store_identity *out,
                                                struct xg_error *err);
/* [t] A new device name is taken over by the device's own chains, and with it
 * come the human numbers of what it recorded before. */
XG_MUST_CHECK enum xg_status store_put_identity(struct store *s,
                                                const struct store_identity *id,
                                                struct xg_error *err);

/* The device's Ed25519 seed. store_make_key() [t] draws one where there is
 * none. XG_NOTFOUND from store_signer() where there is none. */
XG_MUST_CHECK enum xg_status store_make_key(struct store *s,
                                            struct xg_error *err);
/* `name` NULL: the device's. The caller wipes `out` (sodium_memzero). */
XG_MUST_CHECK enum xg_status store_signer(struct store *s,
                                          struct xg_signer *out,
                                          const char *name,
                                          struct xg_error *err);

/* ---- chains ---- */

struct store_chain {
    int64_t row;
    struct xg_hash chain, last;
    uint64_t next;       /* seq of the next record; last is of next - 1 */
    uint64_t anchor_size; /* of its last anchor, 0 before any */
    bool mine, current, forked;
};

/* [t] Write a genesis and make the chain the current one. Needs identity
 * (joined) and key. `predecessor` may be NULL. */
XG_MUST_CHECK enum xg_status store_begin_chain(struct store *s,
                                               struct xg_hash *chain,
                                               const struct xg_hash *predecessor,
                                               struct xg_error *err);
/* The chain that is written now; XG_REFUSED, with what to do, without one. */
XG_MUST_CHECK enum xg_status store_current_chain(struct store *s,
                                                 struct store_chain *out,
                                                 struct xg_error *err);
/* Own chains, oldest first, the newest XG_CHAINS_MAX of them. */
XG_MUST_CHECK enum xg_status
store_own_chains(struct store *s, struct store_chain out[static XG_CHAINS_MAX],
                 size_t *count, struct xg_error *err);
/* [t] The server says that it is forked: it is not written any more. The
 * caller begins a new chain. */
XG_MUST_CHECK enum xg_status store_mark_forked(struct store *s,
                                               const struct xg_hash *chain,
                                               struct xg_error *err);
/* One side of a fork: two records that claim one place of a chain. */
struct store_side {
    struct xg_hash chain;
    const char *device; /* lent; "" while unknown */
    bool mine;          /* of a chain of this device */
    uint64_t seq;       /* of the place */
    bool known;         /* false: forked, says the server; the sides have not
                         * come */
    struct xg_hash first; /* its record there */
    uint64_t records;     /* that are here, up to its next fork */
};
/* All sides, those of own chains first, of one fork together. False ends the
 * walk. */
XG_MUST_CHECK enum xg_status
store_list_forks(struct store *s,
                 bool (*visit)(void *ctx, const struct store_side *side),
                 void *ctx, struct xg_error *err);
/* Is there a record with this hash in the chain? For comparing heads. */
XG_MUST_CHECK enum xg_status store_has_record(struct store *s, bool *has,
                                              const struct xg_hash *hash,
                                              struct xg_error *err);
/* Hash of the own record at (chain, seq) on the path to the chain's last one.
 */
XG_MUST_CHECK enum xg_status store_hash_at(struct store *s,
                                           struct xg_hash *hash, bool *found,
                                           const struct xg_hash *chain,
                                           uint64_t seq, struct xg_error *err);

/* The fields of every record that is here, as they were written, erased ones
 * aside; false ends the walk. */
XG_MUST_CHECK enum xg_status
store_each_fields(struct store *s,
                  bool (*visit)(void *ctx, struct xg_bytes fields), void *ctx,
                  struct xg_error *err);

/* [t] Append the draft to the current chain, sets moment and, for a record
 * that changes an entity, the heads it must cite. Writes an anchor before it
 * when the log was seen longer than at the last one. `hash` gets the record's
 * hash: the first 16 bytes are the entity's id where it creates one. */
XG_MUST_CHECK enum xg_status store_append(struct store *s,
                                          struct xg_hash *hash,
                                          struct xg_draft *draft,
                                          struct xg_error *err);

/* What somebody with the key, who can write the database, may have taken out
 * of it. *found false: nothing of that sort is missing; else one that shows it.
 */
enum store_hole {
    STORE_HOLE_ENTITY,  /* a record whose entity has no row */
    STORE_HOLE_BATCH,   /* a record of the chain whose batch is gone */
    STORE_HOLE_RECEIPT, /* a batch that is called received, without proof */
    STORE_HOLE_END,     /* a record beyond the end that the chain states */
};
XG_MUST_CHECK enum xg_status
store_find_hole(struct store *s, struct xg_hash *shows, bool *found,
                enum store_hole sort,
                const struct store_chain *chain /* NULL: of ENTITY */,
                struct xg_error *err);

/* ---- who signs what is recorded (author_key.h) ---- */

/* How an author's key is opened: by the kernel's keyring, or by asking for the
 * PIN. Where nobody was set to do that (a program without a person) everything
 * stays unsigned. */
struct store_authors {
    void *ctx;
    enum xg_status (*open)(void *ctx, uint8_t secret[XG_SECRET_KEY_SIZE],
                           const char *worker, struct xg_error *err);
};
void store_set_authors(struct store *s, const struct store_authors *authors);
/* Before a transaction in which `author` (NULL: the owner) records: have their
 * key opened, where they have one that counts. It may ask a person, and fails
 * with what that says. */
XG_MUST_CHECK enum xg_status store_ready_author(struct store *s,
                                                const char *author,
                                                struct xg_error *err);
/* Wipe the one that is open. */
void store_forget_author(struct store *s);

/* ---- the log, as verified ---- */

/* The newest checkpoint and its signed note. *found false before the first. */
XG_MUST_CHECK enum xg_status store_get_checkpoint(struct store *s,
                                                  struct xg_checkpoint *out,
                                                  struct xg_buf *note,
                                                  bool *found,
                                                  struct xg_error *err);
/* [t] The caller has verified it. */
XG_MUST_CHECK enum xg_status store_put_checkpoint(struct store *s,
                                                  struct xg_bytes note,
                                                  struct xg_error *err);

/* The newest checkpoint up to which all that the registry says is here: the
 * next record is written behind an anchor of it, by which its author is judged.
 * A checkpoint that came amid the registry's notes, or with a receipt, says
 * more than its author could know. */
XG_MUST_CHECK enum xg_status store_get_known(struct store *s,
                                             struct xg_checkpoint *out,
                                             bool *found, struct xg_error *err);
/* [t] It is the newest that there is. */
XG_MUST_CHECK enum xg_status store_put_known(struct store *s,
                                             struct xg_error *err);

/* The logs whose receipts count here: that of now first, then those before it,
 * whose servers were restored (shared/core/successor.h). */
struct store_log {
    struct xg_verifier key;
    uint64_t until; /* entries below it are in the log of now; of that itself
                     * UINT64_MAX */
    int64_t since_ms;                  /* of those before: followed then, */
    uint64_t batches, records, photos; /* see store_succeed() */
};
struct store_logs {
    size_t count; /* 0: this device never joined */
    struct store_log list[XG_LINEAGE_MAX + 1];
};
XG_MUST_CHECK enum xg_status store_get_logs(struct store *s,
                                            struct store_logs *out,
                                            struct xg_error *err);
bool store_knows_log(const struct store_logs *logs, const char *origin);
/* xg_receipt_open() by whichever of them signed it. */
XG_MUST_CHECK enum xg_status
store_open_receipt(const struct store_logs *logs, struct xg_receipt *r,
                   struct xg_checkpoint *c, struct xg_bytes receipt,
                   const struct xg_hash *leaf, struct xg_error *err);
/* Is a receipt's checkpoint not at odds with the one held? One of a log before
 * may be longer: what it proves lies below `until`. */
bool store_checkpoint_fits(const struct store_logs *logs,
                           const struct xg_checkpoint *c,
                           const struct xg_checkpoint *held);
/* xg_note_open() likewise, of an entry of the log. */
XG_MUST_CHECK enum xg_status store_open_entry(const struct store_logs *logs,
                                              struct xg_note *note,
                                              struct xg_bytes data,
                                              struct xg_error *err);

/* The largest checkpoint at or below `size` that a receipt kept here carries.
 * *found false: none. */
XG_MUST_CHECK enum xg_status
store_checkpoint_below(struct store *s, struct xg_checkpoint *out, bool *found,
                       uint64_t size, struct xg_error *err);
/* What is lost with the entries from `size` on, one after another: receipts of
 * batches (by id), registry notes (by number). false ends the walk. */
XG_MUST_CHECK enum xg_status store_list_lost(
    struct store *s, uint64_t size,
    bool (*batch)(void *ctx, const struct xg_hash *id, struct xg_bytes receipt),
    bool (*registry)(void *ctx, uint64_t number, struct xg_bytes note),
    void *ctx, struct xg_error *err);
/* [t] The log of that key ends at `size`, and another one goes on: `note`, by
 * the registrar, says so. What lay from there on is not proven any more: own
 * batches are due again; what others recorded stays by the old log's word until
 * it comes again; registry notes, references, times and proofs of photos go.
 * The caller puts identity (with the new log) and checkpoint in the same
 * transaction. *lost: what was due again and so on. */
XG_MUST_CHECK enum xg_status store_succeed(struct store *s,
                                           struct store_log *lost,
                                           const struct xg_verifier *key,
                                           uint64_t size, struct xg_bytes note,
                                           struct xg_error *err);

/* Number of the newest registry note held (0: none) and its leaf hash. */
XG_MUST_CHECK enum xg_status store_registry_newest(struct store *s,
                                                   uint64_t *number,
                                                   struct xg_hash *leaf,
                                                   struct xg_error *err);
/* How far the registry goes, and who signs what comes next: the registrar of
 * the one-time code, or whom she or a later one named. Notes from before her
 * time are signed by keys that this device does not know: they are fixed by the
 * first note that she signed, and until that is here (`proven`) none counts. */
struct store_registry_end {
    uint64_t number;
    struct xg_hash leaf;
    bool proven;
    uint8_t registrar[XG_PUBLIC_KEY_SIZE];
};
XG_MUST_CHECK enum xg_status store_registry_end(struct store *s,
                                                struct store_registry_end *out,
                                                struct xg_error *err);
/* Verify the note after *end, and move *end there. XG_GAP, XG_FORMAT: it is not
 * the next. XG_AUTH: the registrar in force did not sign it. */
XG_MUST_CHECK enum xg_status
store_registry_follow(struct store_registry_end *end,
                      struct xg_registry_note *says, struct xg_bytes note,
                      struct xg_error *err);
XG_MUST_CHECK enum xg_status store_registry_leaf(struct store *s,
                                                 struct xg_hash *leaf,
                                                 bool *found, uint64_t number,
                                                 struct xg_error *err);
/* [t] Where nothing is proven, forget it all: another server's word. */
XG_MUST_CHECK enum xg_status
store_forget_unproven_registry(struct store *s, struct xg_error *err);
/* [t] Keep a registry note, whole and signed, at its log position, verified as
 * in store_registry_follow(). One that is held already is passed over. `end` is
 * where the registry ends here, and moves with it: whoever puts many of them
 * asks for that once. */
XG_MUST_CHECK enum xg_status store_put_registry_note(struct store *s,
                                                     struct store_registry_end *end,
                                                     uint64_t position,
                                                     struct xg_bytes note,
                                                     struct xg_error *err);
/* The notes held, in order; false ends the walk. `note` is lent. */
XG_MUST_CHECK enum xg_status
store_list_registry(struct store *s,
                    bool (*visit)(void *ctx, uint64_t number,
                                  struct xg_bytes note),
                    void *ctx, struct xg_error *err);
/* Looking up in it; lent by the store. */
const struct xg_registry *store_registry(struct store *s);

/* ---- reference data: territory, catalogue, calendar, ... ---- */

/* An entry of the log that names a file. */
struct store_reference {
    uint64_t position;
    bool here; /* its file too */
    struct xg_reference says;
};

/* How many are held: what to ask on from; and the least position of the next.
 */
XG_MUST_CHECK enum xg_status store_count_references(struct store *s,
                                                    uint64_t *count,
                                                    uint64_t *next,
                                                    struct xg_error *err);
/* [t] In the order of the log, none left out; the caller has verified it. */
XG_MUST_CHECK enum xg_status
store_put_reference(struct store *s, uint64_t position,
                    const struct xg_reference *reference, struct xg_error *err);
/* All of a kind whose place is below `size`, oldest first. */
XG_MUST_CHECK enum xg_status
store_list_references(struct store *s, struct xg_arena *arena,
                      struct store_reference **rows, size_t *count,
                      const char *kind, uint64_t size, struct xg_error *err);
/* Those whose files are wanted and not here, in the order to fetch them: of
 * catalogue, calendar, territory and templates every edition, of others the
 * newest; the newest first, and boundaries after all else. */
XG_MUST_CHECK enum xg_status
store_missing_references(struct store *s, struct xg_arena *arena,
                         struct store_reference **rows, size_t *count,
                         struct xg_error *err);
/* [t] The caller has checked the hash. */
XG_MUST_CHECK enum xg_status
store_put_reference_file(struct store *s, const struct xg_hash *hash,
                         struct xg_bytes content, struct xg_error *err);
/* Append it to `content`. */
XG_MUST_CHECK enum xg_status
store_get_reference_file(struct store *s, struct xg_buf *content, bool *found,
                         const struct xg_hash *hash, struct xg_error *err);

/* ---- the log's clock ---- */

/* What the time notes that are here prove of a record: see deadline.h. Of one
 * that is not logged `logged` is false, and only the lower bound may be known.
 */
XG_MUST_CHECK enum xg_status store_when(struct store *s, struct xg_when *out,
                                        uint64_t anchor_size, bool logged,
                                        uint64_t position,
                                        struct xg_error *err);

/* ---- the outbox ---- */

/* How far something has come. `draft` and `waiting` are no batch yet. Of an
 * entity: the least of its own records. */
enum store_delivery {
    STORE_DRAFT,
    STORE_WAITING,
    STORE_SEALED,
    STORE_SENT,     /* handed to the network; no proof yet */
    STORE_RECEIVED, /* proof verified */
    STORE_DELIVERIES
};
const char *store_delivery_name(enum store_delivery d);  /* stable, English */

/* [T] Seal the waiting own records of all own chains into batches of at most
 * XG_BATCH_SEAL_BYTES of raw records. *sealed counts batches. */
XG_MUST_CHECK enum xg_status store_seal_waiting(struct store *s,
                                                size_t *sealed,
                                                const struct xg_signer *signer,
                                                struct xg_error *err);

struct store_batch {
    int64_t row; /* ascending: the order to push in */
    struct xg_hash id, chain, last_hash;
    uint64_t first, last;
    bool mine; /* false: carried for a predecessor */
    enum store_delivery delivery;
    enum xg_batch_state state; /* as last told; XG_BATCH_STORED before that */
};

/* The first batch after `after_row` (0: from the start) that is to be pushed:
 * no proof yet, or the server last said `waiting`. The framed bytes
 * (xg_batch_frame) are appended to `frame`, unless NULL. */
XG_MUST_CHECK enum xg_status store_next_batch(struct store *s,
                                              struct store_batch *out,
                                              struct xg_buf *frame,
                                              bool *found, int64_t after_row,
                                              struct xg_error *err);
/* [T] Durable before the first byte goes out. */
XG_MUST_CHECK enum xg_status store_mark_sent(struct store *s, int64_t row,
                                             struct xg_error *err);
/* [t] The caller has verified the receipt against the log's key and the
 * checkpoint held, and puts that checkpoint in the same transaction. */
XG_MUST_CHECK enum xg_status
store_mark_received(struct store *s, int64_t row, enum xg_batch_state state,
                    uint64_t log_index, struct xg_bytes receipt,
                    struct xg_error *err);
/* [t] The server lacks the records of an own chain from `next` on (it was
 * restored, or never got them): what had a proof is pushed again. *count
 * batches. */
XG_MUST_CHECK enum xg_status store_push_again(struct store *s, size_t *count,
                                              const struct xg_hash *chain,
                                              uint64_t next,
                                              struct xg_error *err);
/* Where own batches lie in the log by their receipts, from `from` on:
 * ascending, at most `max`. */
XG_MUST_CHECK enum xg_status store_logged_batches(struct store *s,
                                                  uint64_t *positions,
                                                  size_t *count, size_t max,
                                                  uint64_t from,
                                                  struct xg_error *err);
/* The receipt (tlog-proof) that covers a record; *found false before any. */
XG_MUST_CHECK enum xg_status store_receipt_of(struct store *s,
                                              struct store_batch *out,
                                              struct xg_buf *note,
                                              struct xg_buf *receipt,
                                              bool *found,
                                              const struct xg_hash *record,
                                              struct xg_error *err);

/* ---- what comes from the server ---- */

/* [t] One item of an updates page whose note and root were verified. Items may
 * come again, and in any order but the one of protocol.h (a chain before its
 * records, a branch before its use). */
XG_MUST_CHECK enum xg_status store_apply_update(struct store *s,
                                                const struct xg_update *u,
                                                struct xg_error *err);
/* Where to ask on from: the log size up to which updates are held. */
XG_MUST_CHECK enum xg_status store_get_since(struct store *s, uint64_t *size,
                                             struct xg_error *err);
/* [t] */
XG_MUST_CHECK enum xg_status store_put_since(struct store *s, uint64_t size,
                                             struct xg_error *err);

/* ---- what a predecessor handed over (handover/handover.h) ---- */

/* A batch of another device. Its records are as trustworthy as own ones: the
 * caller has opened it with the key that the registry knows for `device`. */
struct store_carried {
    const struct xg_batch *batch;
    const char *device; /* key name */
    struct xg_bytes receipt; /* verified, and its checkpoint is not longer than
                              * the one held here; or empty: push it */
    uint64_t position;       /* that the receipt proves */
};
/* [t] Keep the batch, to be pushed like own ones unless a receipt proves it,
 * and add its records. One that is here is passed over; *is_new tells. */
XG_MUST_CHECK enum xg_status
store_put_carried(struct store *s, bool *is_new,
                  const struct store_carried *carried, struct xg_error *err);
/* [t] A record (or the name of a chain before it) by somebody's word alone: its
 * hash binds its place and content, but nobody has signed for that here. It is
 * folded until the server has told of it, or not: store_drop_told(). Nothing
 * that is here is changed, and nothing on an own chain. */
XG_MUST_CHECK enum xg_status store_put_told(struct store *s,
                                            const struct xg_update *u,
                                            struct xg_error *err);
/* [T] After a pull that came to its end: what is still here by word alone is
 * not in this device's scope, or never was in the log. It goes. */
XG_MUST_CHECK enum xg_status store_drop_told(struct store *s, uint64_t *count,
                                             struct xg_error *err);
/* [t] This photo is held for a predecessor: as if taken here. */
XG_MUST_CHECK enum xg_status store_carry_photo(struct store *s,
                                               const struct xg_hash *sha256,
                                               struct xg_error *err);
/* [t] The server lost its log's end: every carried batch is pushed again. */
XG_MUST_CHECK enum xg_status store_carry_again(struct store *s,
                                               struct xg_error *err);

struct store_carried_counts {
    uint64_t batches, batches_due; /* due: no proof yet */
    uint64_t told;                 /* records by word alone */
    uint64_t photos;
};
XG_MUST_CHECK enum xg_status
store_count_carried(struct store *s, struct store_carried_counts *out,
                    struct xg_error *err);

/* The first batch after `after_row` of all that are here, own and carried.
 * `frame` and `receipt` (left alone where there is none) are appended to. */
XG_MUST_CHECK enum xg_status
store_next_kept(struct store *s, struct store_batch *out, struct xg_buf *frame,
                struct xg_buf *receipt, bool *found, int64_t after_row,
                struct xg_error *err);
/* Bytes and number of them. */
XG_MUST_CHECK enum xg_status store_kept_bytes(struct store *s, uint64_t *bytes,
                                              uint64_t *count,
                                              struct xg_error *err);
/* Chains of which batches are here, and the seq after their last. */
XG_MUST_CHECK enum xg_status
store_kept_tips(struct store *s,
                bool (*visit)(void *ctx, const struct xg_hash *chain,
                              uint64_t next),
                void *ctx, struct xg_error *err);
/* The records of an entity that are in no batch here, each as update items: the
 * chain's name where it changes (*chain, zeroed before the first call), then
 * the record. Records on a forked chain's branches are left out. */
XG_MUST_CHECK enum xg_status store_put_loose(struct store *s,
                                             struct xg_buf *items,
                                             struct xg_hash *chain,
                                             uint64_t *count,
                                             const struct xg_id *entity,
                                             struct xg_error *err);
/* Records of this device, and of batches it carries, that no receipt proves. */
XG_MUST_CHECK enum xg_status
store_list_unproven(struct store *s,
                    bool (*visit)(void *ctx, const struct xg_hash *chain,
                                  uint64_t seq, const struct xg_id *entity),
                    void *ctx, struct xg_error *err);
/* The clock of the device when the oldest of those was recorded; 0: none. */
XG_MUST_CHECK enum xg_status store_oldest_unproven(struct store *s,
                                                   int64_t *wall_ms,
                                                   struct xg_error *err);
/* The devices that the registry names, oldest first, with their keys. */
XG_MUST_CHECK enum xg_status
store_list_devices(struct store *s,
                   bool (*visit)(void *ctx, const struct xg_statement *device),
                   void *ctx, struct xg_error *err);

/* Every worker that the registry names, by code, as it last said. */
XG_MUST_CHECK enum xg_status
store_list_workers(struct store *s,
                   bool (*visit)(void *ctx, const struct xg_statement *worker),
                   void *ctx, struct xg_error *err);

/* ---- photos: proofs, uploads, and what was let go of ---- */

/* A photo, as it stands; `mine`: taken here or taken over. */
struct store_photo {
    struct xg_hash sha256;
    struct xg_id entity; /* that shows it; of store_list_photos() alone */
    uint64_t length;     /* as its record states */
    bool mine, shown;    /* shown: by some entity, not taken out again */
    bool received;       /* the records that attached it are proven */
    bool proven;         /* a verified note of the log names it */
    uint64_t position;   /* of that note in the log */
    int64_t since_ms;    /* the days of keeping it run from then */
    bool uploading;
    uint64_t confirmed; /* bytes that the server said it has */
    bool freed;         /* let go of; where the file is here, it is here */
};
/* *found false where no record here names it. Knows thumbnails only as
 * such: not found. */
XG_MUST_CHECK enum xg_status store_get_photo(struct store *s,
                                             struct store_photo *out,
                                             bool *found,
                                             const struct xg_hash *sha256,
                                             struct xg_error *err);
/* The small picture of a photo that a record here names. */
XG_MUST_CHECK enum xg_status store_thumbnail_of(struct store *s,
                                                struct xg_hash *thumbnail,
                                                bool *found,
                                                const struct xg_hash *sha256,
                                                struct xg_error *err);
/* Is it the small picture of one that a record here names? */
XG_MUST_CHECK enum xg_status store_is_thumbnail(struct store *s, bool *is,
                                                const struct xg_hash *sha256,
                                                struct xg_error *err);
/* Photos taken here or taken over, `all`: of others too; entity by entity, the
 * oldest first. false ends the walk. */
XG_MUST_CHECK enum xg_status
store_list_photos(struct store *s, bool all,
                  bool (*visit)(void *ctx, const struct store_photo *photo),
                  void *ctx, struct xg_error *err);
/* The one whose hash begins so (hex digits, at least 4). XG_NOTFOUND;
 * XG_AMBIGUOUS. */
/* Photos and thumbnails after a hash, ascending, that acts erased of every
 * entity here that showed them. */
XG_MUST_CHECK enum xg_status store_gone_photos(struct store *s,
                                               struct xg_hash *out,
                                               size_t *count, size_t max,
                                               const struct xg_hash *after,
                                               struct xg_error *err);
XG_MUST_CHECK enum xg_status store_is_photo_gone(struct store *s, bool *gone,
                                                 const struct xg_hash *sha256,
                                                 struct xg_error *err);
XG_MUST_CHECK enum xg_status store_find_photo(struct store *s,
                                              struct xg_hash *out,
                                              const char *prefix,
                                              struct xg_error *err);

/* What is to go out: taken here or taken over, shown, its record proven, itself
 * not. In order: urgent, then oldest. `after` is the last one of the answer
 * before; all zero begins. */
struct store_due {
    struct xg_hash sha256;
    uint64_t length;
    int64_t rank, record; /* its place in the order */
};
XG_MUST_CHECK enum xg_status
store_photos_due(struct store *s, struct store_due *out, size_t *count,
                 size_t max, bool thumbnails, const struct store_due *after,
                 struct xg_error *err);
/* Of the full ones those that a request was already made for: the server may
 * have all of one, though its answer was cut off. */
XG_MUST_CHECK enum xg_status
store_photos_begun(struct store *s, struct store_due *out, size_t *count,
                   size_t max, const struct store_due *after,
                   struct xg_error *err);
/* As store_photos_due(), with those whose records are not proven: for what
 * carries both. */
XG_MUST_CHECK enum xg_status
store_photos_unproven(struct store *s, struct store_due *out, size_t *count,
                      size_t max, bool thumbnails,
                      const struct store_due *after, struct xg_error *err);
struct store_due_sums {
    uint64_t photos, photo_bytes, thumbnail_bytes;
};
XG_MUST_CHECK enum xg_status store_sum_due(struct store *s,
                                           struct store_due_sums *out,
                                           struct xg_error *err);

/* [t] A blobs note at its place, whole, and its receipt: both verified. */
XG_MUST_CHECK enum xg_status store_put_blobs_note(struct store *s,
                                                  uint64_t position,
                                                  struct xg_bytes note,
                                                  struct xg_bytes receipt,
                                                  struct xg_error *err);
/* [t] That note names the photo: its upload is over. One that is proven stays
 * as it is. */
XG_MUST_CHECK enum xg_status
store_put_photo_proof(struct store *s, const struct xg_hash *sha256,
                      uint64_t position, int64_t since_ms,
                      struct xg_error *err);
/* Append note and receipt, unless NULL; of thumbnails too. *found false where
 * nothing proves it. */
XG_MUST_CHECK enum xg_status
store_get_photo_proof(struct store *s, uint64_t *position, struct xg_buf *note,
                      struct xg_buf *receipt, bool *found,
                      const struct xg_hash *sha256, struct xg_error *err);
/* [t] Fetched from the server again: the days of keeping it begin anew. */
XG_MUST_CHECK enum xg_status store_photo_back(struct store *s,
                                              const struct xg_hash *sha256,
                                              int64_t since_ms,
                                              struct xg_error *err);
/* [t] The server does not have it, whatever was proven. */
XG_MUST_CHECK enum xg_status store_drop_photo_proof(
    struct store *s, const struct xg_hash *sha256, struct xg_error *err);
/* [t] The server lost work of ours: what is still here is asked for again. */
XG_MUST_CHECK enum xg_status store_doubt_photos(struct store *s,
                                                struct xg_error *err);

enum { STORE_LOCATION_SIZE = 160 };
/* [t] */
XG_MUST_CHECK enum xg_status store_put_upload(struct store *s,
                                              const struct xg_hash *sha256,
                                              const char *location,
                                              uint64_t confirmed,
                                              struct xg_error *err);
/* *found false where none began. */
XG_MUST_CHECK enum xg_status
store_get_upload(struct store *s, char location[static STORE_LOCATION_SIZE],
                 uint64_t *confirmed, bool *found, const struct xg_hash *sha256,
                 struct xg_error *err);
/* [t] */
XG_MUST_CHECK enum xg_status store_drop_upload(struct store *s,
                                               const struct xg_hash *sha256,
                                               struct xg_error *err);

/* Photos that are nowhere a thumbnail, after that hash, at most `max`; with
 * `only` those that are proven below `backup` and whose days began at `since_ms`
 * or before. */
struct store_freeable {
    bool only;
    uint64_t backup;
    int64_t since_ms;
};
XG_MUST_CHECK enum xg_status
store_each_photo(struct store *s, struct store_photo *out, size_t *count,
                 size_t max, const struct xg_hash *after,
                 const struct store_freeable *which, struct xg_error *err);
/* [t] It is about to be let go of. */
XG_MUST_CHECK enum xg_status store_mark_freed(struct store *s,
                                              const struct xg_hash *sha256,
                                              struct xg_error *err);

/* ---- entities ---- */

struct store_entity {
    struct xg_id id;
    const struct xg_kind *kind; /* NULL: not known, or its first record has
                                 * not come */
    char number[XG_NUMBER_SIZE]; /* "" where it has none */
    char unit[XG_CODE_MAX + 1];  /* its home: grid, or the author's unit */
    uint64_t status, conflicts, records;
    bool withdrawn;
    bool mine; /* first recorded on this device */
    bool out;  /* the server counts it out of this device's scope */
    bool folded; /* false: too large to be folded here (fold.h); status and
                  * conflicts are 0 and the state is empty, records are all
                  * kept */
    enum store_delivery delivery; /* of own records; RECEIVED with none */
    uint64_t photos, photos_here; /* here: taken here or taken over, and
                                   * nothing proves that the server has it */
    int64_t first_ms, changed_ms; /* wall clock of its first record (or where
                                   * told, when it happened), and last change
                                   * here */
    int64_t rank; /* where it stands in lists; grows with every record that
                   * comes to it */
};

/* Resolve what a person typed: the official number of a case, a human number,
 * an entity id or a prefix of at least 4 digits. XG_NOTFOUND; XG_USAGE for a
 * number whose check digit is wrong; XG_AMBIGUOUS names the candidates. */
XG_MUST_CHECK enum xg_status store_find_entity(struct store *s,
                                               struct xg_id *id,
                                               const char *text,
                                               struct xg_error *err);
/* XG_NOTFOUND. `state` (may be NULL) gets the encoded state (xg_brief_read). */
XG_MUST_CHECK enum xg_status store_load_entity(struct store *s,
                                               struct store_entity *out,
                                               struct xg_buf *state,
                                               const struct xg_id *id,
                                               struct xg_error *err);

struct store_filter {
    const struct xg_kind *kind; /* NULL: all */
    uint64_t status;            /* 0: any */
    bool mine, conflicts;       /* only those; in conflict: or not folded */
    bool contacts;              /* contacts too, when kind is NULL */
    bool gone;                  /* those out of scope too */
    bool open;                  /* only cases that still need somebody */
    bool settled;               /* only those that need nobody any more */
    uint64_t kinds;             /* set of 1 << number; 0: all, or `kind` */
    unsigned deliveries;        /* set of 1 << delivery; 0: any */
    int64_t below;              /* only those of a lower rank; 0: all */
    int64_t since_ms, until_ms; /* by first_ms: from then, before then; 0: any */
    size_t limit;               /* 0: all; newest first */
};

/* Call `visit` for each; false ends the walk. `state` is lent for the call and
 * empty unless with_state. */
XG_MUST_CHECK enum xg_status
store_list(struct store *s, const struct store_filter *filter, bool with_state,
           bool (*visit)(void *ctx, const struct store_entity *e,
                         struct xg_bytes state),
           void *ctx, struct xg_error *err);

/* How many that would list; the limit does not count. */
XG_MUST_CHECK enum xg_status store_count_listed(
    struct store *s, uint64_t *count, const struct store_filter *filter,
    struct xg_error *err);
/* Those of a kind that this device recorded and whose first_ms lies in
 * [from, to), the earliest first; in the arena. */
XG_MUST_CHECK enum xg_status
store_list_between(struct store *s, struct xg_arena *arena, struct xg_id **ids,
                   size_t *count, const struct xg_kind *kind, int64_t from_ms,
                   int64_t to_ms, struct xg_error *err);

/* What people said tells of the same thing (near.h). All links that are in
 * force, in the arena. */
XG_MUST_CHECK enum xg_status store_links(struct store *s,
                                         struct xg_link **links, size_t *count,
                                         struct xg_arena *arena,
                                         struct xg_error *err);
/* The group of an entity, itself included, by ascending id: 1 where it is
 * linked with nothing. Members that are not here are named too. Of a larger
 * group the first STORE_GROUP_MAX. */
enum { STORE_GROUP_MAX = 256 };
XG_MUST_CHECK enum xg_status store_group(struct store *s,
                                         struct xg_id out[static STORE_GROUP_MAX],
                                         size_t *count, const struct xg_id *id,
                                         struct xg_error *err);

/* The entity of an imported line, by the source's own id (16 bytes or text).
 */
XG_MUST_CHECK enum xg_status store_find_source(struct store *s,
                                               struct xg_id *entity,
                                               bool *found,
                                               struct xg_bytes source,
                                               struct xg_error *err);

struct store_counts {
    uint64_t drafts;
    uint64_t records[STORE_DELIVERIES];  /* own ones, anchors and genesis not
                                          * counted */
    uint64_t entities[STORE_DELIVERIES]; /* with own records */
    uint64_t batches_waiting, batches_forked, batches_quarantined;
    /* Distinct photos that entities show; here: this device may have the only
     * copy, nothing proves that the server has it. Thumbnails do not count. */
    uint64_t photos, photos_here, photo_bytes_here;
    int64_t photo_oldest_ms; /* when the oldest of those was recorded */
    int64_t oldest_waiting_ms; /* when the first own record without a receipt
                                * was written, as its clock said; 0: none */
    uint64_t conflicts;                  /* entities with any, or not folded */
};
XG_MUST_CHECK enum xg_status store_count(struct store *s,
                                         struct store_counts *out,
                                         struct xg_error *err);

/* ---- drafts: not yet records, of this device alone ---- */

/* [t] `content` is sealed. *number becomes N of draft-N; 0 makes a new one. */
XG_MUST_CHECK enum xg_status store_put_draft(struct store *s, int64_t *number,
                                             const struct xg_kind *kind,
                                             struct xg_bytes content,
                                             struct xg_error *err);
/* XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status store_get_draft(struct store *s,
                                             const struct xg_kind **kind,
                                             int64_t *changed_ms, /* or NULL */
                                             struct xg_buf *content,
                                             int64_t number,
                                             struct xg_error *err);
/* [t] XG_NOTFOUND. */
XG_MUST_CHECK enum xg_status store_drop_draft(struct store *s, int64_t number,
                                              struct xg_error *err);
/* Numbers in order; false ends the walk. */
XG_MUST_CHECK enum xg_status
store_list_drafts(struct store *s,
                  bool (*visit)(void *ctx, int64_t number,
                                const struct xg_kind *kind,
                                int64_t changed_ms),
                  void *ctx, struct xg_error *err);
/* "draft-N" to N; 0 when it is not of that form. */
int64_t store_draft_number(const char *text);

#endif
