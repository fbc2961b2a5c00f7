/* store.h - everything the server keeps, in the words of the domain.
 *
 * An engine fills in `struct store_ops`; whoever has a `struct store *` calls
 * store->ops->verb(store, ...). Engines: sqlite.c (files, or memory for
 * the simulator: memory.c); fault.c wraps any of them and fails
 * its N-th call. One suite, tests/unit/test_store.c, runs on all.
 *
 * What is kept:
 *
 *  truth     entries of the log (signed notes), the hashes of its tree, the
 *            newest checkpoint, the logs that it is made of, batches (their
 *            note is the entry at `position`; body as it came), files, codes,
 *            devices, people, operators' keys and accounts, what wrong
 *            passwords were tried, acts that came with a key, statements
 *            that wait for the registrar, photos that are wanted, what
 *            witnesses cosigned, what is left of erased records
 *  derived   chains, branches, records, entities, times, who is told of what
 *            (scope, hands, passings, moves, the telling), photos that records
 *            name, and those that the log says are held: a pure function of
 *            the truth. drop_derived() empties them, a replay
 *            (merge/ingest.h) fills them again with the same rows.
 *
 * Numbers of chains, branches, records and entities are given by the caller,
 * from 1 upwards without gaps, in the order of the log; the store only keeps
 * them. Rows are therefore the same after every replay.
 *
 * Rules for callers. A store belongs to one thread at a time. Writing happens
 * between begin() and commit() only; whatever fails in between, the caller
 * ends with rollback(). Texts and bytes passed in are borrowed for the call;
 * what comes out lives in the arena given. "found" tells absence; XG_NOTFOUND
 * is not used. Statuses are those of shared/db/db.h. A log index fits 63 bits.
 *
 * Rules for engines. What commit() said XG_OK to survives a power cut. A
 * transaction is seen whole or not at all. Lists come in the stated order.
 */
#ifndef XG_SERVER_STORE_STORE_H
#define XG_SERVER_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/core/keywrap.h"
#include "shared/core/merge.h"
#include "shared/core/protocol.h"
#include "shared/core/registry.h"

struct store;

enum { STORE_DEVICE_MAX = XG_KEY_NAME_MAX, STORE_NAME_MAX = 200 };

/* May it be kept as a name, or as a reason: one line of UTF-8, of so many
 * bytes? What is shown as JSON would else be no JSON. */
bool store_fits_name(const char *text);

/* A part of the log's tree: what STORE_BLOCK_NODES nodes of one level complete
 * below the next layer (ledger/ledger.h). A row of it fits a page of 4 KiB. */
enum { STORE_BLOCK_NODES = 64, STORE_BLOCK_HASHES = 126 };
struct store_block {
    uint64_t layer, number;
    size_t count;
    struct xg_hash hashes[STORE_BLOCK_HASHES];
};

/* A batch: its note is the log's entry at `position`. */
struct store_batch {
    uint64_t position;
    struct xg_hash id, chain, tree;
    uint64_t first, last;
    enum xg_batch_state state; /* never XG_BATCH_HELD */
    uint64_t body_len;
    char device[STORE_DEVICE_MAX + 1];
};

/* A log of those that followed one another (succession.h): its key signs what
 * the log itself says from entry `first` on. */
struct store_log {
    uint64_t first;
    char vkey[XG_VKEY_SIZE];
};

/* A statement that the registrar has yet to sign. */
struct store_waiting {
    uint64_t number;
    struct xg_statement says;
};

/* Who may log in to the console (account/account.h). */
enum { STORE_TOTP_SIZE = 20 };
struct store_operator {
    char code[XG_CODE_MAX + 1];
    struct xg_hash once; /* of the one-time key; zeros: none */
    int64_t once_until_ms;
    bool has_totp, has_begun; /* a second factor; one that is not in force */
    uint8_t totp[STORE_TOTP_SIZE], begun[STORE_TOTP_SIZE];
    uint64_t totp_step; /* the newest whose code was taken */
    int64_t login_ms;   /* 0: never */
    bool locked;
    char why[STORE_NAME_MAX + 1];
    uint64_t turn; /* raised by whatever ends her logins, lowered by nothing */
    /* What others did to her login last, as the log tells: account.h. */
    struct xg_hash given; /* the record; zeros: nothing was done */
    char given_by[XG_CODE_MAX + 1], given_why[STORE_NAME_MAX + 1];
    int64_t given_ms, used_ms; /* a one-time key replaced a password; 0: none */
    /* Who would do it, where that takes two. */
    char asked_by[XG_CODE_MAX + 1], asked_why[STORE_NAME_MAX + 1];
    int64_t asked_ms;
    char consent[XG_CODE_MAX + 1]; /* who agreed; "": nobody yet */
};

/* Of what others did to a login, one time: as of `given` above, but each. */
struct store_given {
    struct xg_hash record;
    char by[XG_CODE_MAX + 1], why[STORE_NAME_MAX + 1];
    int64_t ms, used_ms; /* since then she has another key; 0: not */
};

/* An act that came with a key, and what it was answered with (desk/desk.h). */
enum { STORE_ACT_KEY_SIZE = 16 };
struct store_act {
    char author[XG_CODE_MAX + 1];
    uint8_t key[STORE_ACT_KEY_SIZE];
    struct xg_hash asked; /* of what was asked for */
    int64_t done_ms;
    struct xg_hash record;
    struct xg_id entity, contact; /* contact: zeros where none was made */
    uint64_t kind, move, status, conflicts, missing;
    char number[XG_CODE_MAX + 1]; /* "": none was given */
};

/* Wrong passwords in a row. */
struct store_wrong {
    uint64_t count;
    int64_t last_ms;
};

/* What she was asked: those waiting up to `through`, so many of them. */
struct store_request {
    uint64_t through, covers;
    struct xg_bytes file; /* registry/request.h */
};

struct store_chain {
    uint64_t number;
    struct xg_hash id;
    bool forked;
    char device[STORE_DEVICE_MAX + 1];
};

/* A stretch without a fork (merge.h) and where it ends. The first branch of a
 * chain has no parent: 0. */
struct store_branch {
    uint64_t number, chain, parent; /* numbers; parent 0: none */
    struct xg_hash id;
    uint64_t start, next; /* sequence numbers: [start, next) */
    struct xg_hash last;  /* hash of the record at next - 1 */
    uint64_t anchor_size; /* in force at its end */
};

/* Are there hands that the entity was put into? */
enum store_handed {
    STORE_AT_HOME = 0, /* none: it was always at its home, and only there */
    STORE_HANDED = 1,
    STORE_ARRIVED = 2, /* and it came late even to its home: that is one */
};

struct store_record {
    uint64_t number;
    uint64_t chain, branch, seq;
    uint64_t entity;      /* number, 0: none (genesis, anchor) */
    bool creates;         /* the first record of its entity */
    bool late;            /* creates, but others of the entity came before it */
    uint64_t position;    /* log index of the first batch that holds it */
    uint64_t shown;       /* the log entry at which others are told of it: later
                           * than position where it had to wait (scope.h) */
    uint64_t anchor_size; /* by which it is judged; 0: no anchor before it */
    bool bad_anchor;      /* an anchor that names no tree of ours */
    struct xg_hash hash, previous;
    struct xg_bytes head, fields;
    /* Where there are no fields: they were erased; their hash and length, and
     * what is left of them (a map; empty: the record was struck out). */
    struct xg_hash fields_hash;
    uint64_t fields_len;
    struct xg_bytes left;
    /* Of its entity; only read, where the row is read by number, place,
     * branch or hash. */
    struct xg_id entity_id;
    uint64_t kind;
    const char *unit; /* "" where it is not known */
    enum store_handed handed;
};

struct store_entity {
    uint64_t number;
    struct xg_id id;
    uint64_t kind;                /* 0: not known (yet) */
    uint64_t creator;             /* number of its first record, 0: not here */
    char unit[XG_CODE_MAX + 1];   /* home; "" while unknown */
    char author[XG_CODE_MAX + 1]; /* of the first record; "" while unknown */
    uint64_t records, conflicts;
    uint64_t changed; /* log position of the newest change */
    bool withdrawn;
    uint64_t status;              /* of the loop; 0: none */
    bool open; /* has a status, and still needs somebody */
    uint64_t links; /* how many it says are the same as it (near.h) */
    char case_number[XG_CODE_MAX + 1]; /* the official one that is shown, or
                                        * "" */
    bool folded; /* false: it outgrew what a fold may take (fold.h); what is
                  * known of it stays as it was, and its state is empty */
    enum store_handed handed;
    struct xg_bytes state; /* xg_state_encode() */
};

/* Which entities to list, newest first (by number). */
struct store_filter {
    uint64_t kind;    /* 0: any */
    const char *unit; /* NULL: any; exactly this one */
    bool conflicts;   /* only those that a person must decide or look into */
    bool open;        /* only cases that still need somebody */
    bool linked;      /* only those that say they are the same as another */
    bool bare;        /* leave their states empty */
    bool no_contacts; /* leave out contacts (informants) */
    uint64_t before;  /* numbers below; 0: from the newest */
    size_t limit;     /* 0: 100 */
};

/* Records number first..last are told of at `shown`, and some of them are of
 * interest to whoever listens to `key`: a unit's code; ">" and a code: the
 * units below it; "@" and the name of the device that wrote them. first > last:
 * none, but there is `more`. */
struct store_scope {
    uint64_t shown, first, last;
    unsigned more; /* of enum store_more */
};

enum store_more {
    STORE_PASSINGS = 1, /* see struct store_passing */
    STORE_MOVES = 2,    /* see struct store_moved */
};

enum { STORE_UNIT_MAX = XG_CODE_MAX + 1 };
#define STORE_OPEN ((uint64_t)INT64_MAX)

/* An entity is with a unit: its records first..last are told to the unit as
 * they come, those before when it arrives (struct store_passing). By log
 * positions: from `since` on, before `until`. STORE_OPEN: it still is. `unit`
 * is a unit's code, or ">" and a code, as above. */
struct store_hand {
    uint64_t entity, first, last, since, until;
    char unit[STORE_UNIT_MAX + 1];
    /* Of the entity; only read, where hands of a unit are. */
    struct xg_id id;
    uint64_t kind;
    const char *home;
    enum store_handed handed;
};

/* Records first..last of the entity are told to the unit at `shown`, because
 * it came into its hands (the store_hand whose first is `hand`). 0..0: it left
 * them. */
struct store_passing {
    uint64_t shown, entity, first, last, hand;
    /* Of the entity; only read. */
    struct xg_id id;
    uint64_t kind;
    const char *home;
    enum store_handed handed;
};

/* A fork put records first..last (sequence numbers) onto the branch, told at
 * `shown`; first > last: only the branch has another parent. */
struct store_moved {
    uint64_t shown, branch, first, last;
    uint64_t chain; /* only read */
};

struct store_statement {
    uint64_t position;
    uint32_t line; /* within its note, from 0 */
    struct xg_statement says;
};

struct store_registry_note {
    uint64_t number, position;
    struct xg_hash leaf;
};

/* A one-time code. `secret` is zeroed once it was used. */
struct store_code {
    struct xg_hash id;
    uint8_t secret[XG_SECRET_SIZE];
    char worker[XG_CODE_MAX + 1];
    int64_t expires_ms;
    bool used;
    uint8_t key[XG_PUBLIC_KEY_SIZE]; /* who used it */
    char device[STORE_DEVICE_MAX + 1];
};

struct store_device {
    char name[STORE_DEVICE_MAX + 1];
    uint8_t key[XG_PUBLIC_KEY_SIZE];
    char worker[XG_CODE_MAX + 1];
    enum xg_device_state state;
};

struct store_reference {
    uint64_t position;
    struct xg_reference says;
};

/* A time note of the log (xunge/time/v1): every checkpoint ends with one. */
struct store_time {
    uint64_t position;
    int64_t ms;
};

/* A time note that brings a checkpoint of that size, cosigned. */
struct store_seen {
    uint64_t position, size;
};

/* What a device cosigned. `ours`: our log had that root at that size. */
struct store_cosignature {
    char device[STORE_DEVICE_MAX + 1];
    bool ours;
    uint64_t size;
    struct xg_hash root;
    const char *line; /* of a note, with its \n */
};

/* A record names a photo, or the thumbnail of one, by this length. A record
 * that names one twice does so by the length that it states first, and as a
 * photo where it is both. */
struct store_photo {
    struct xg_hash hash;
    uint64_t record; /* number */
    uint64_t length;
    bool thumbnail;
};

/* A photo that the log's entry at `position`, a xunge/blobs/v1, says is held.
 * Numbers are given by the store, in the order of the log. */
struct store_held {
    uint64_t number, position;
    struct xg_blob blob;
};

/* A photo that an operator asked for, because of the entity. */
struct store_wanted {
    uint64_t number; /* given by the store, ascending */
    struct xg_blob blob;
    struct xg_id entity;
    char device[STORE_DEVICE_MAX + 1]; /* that named it, and is asked */
    int64_t since_ms;
};

struct store_photos {
    uint64_t held, held_bytes, wanted;
};

/* How long its fields are, or were. */
static inline size_t store_fields_len(const struct store_record *r)
{
    return r->fields.len ? r->fields.len : (size_t)r->fields_len;
}
/* The record itself: with its fields, or without, its hashes whole. `chain` may
 * be zeros where nobody looks at the hash. */
void store_read_record(struct xg_record *out, const struct xg_hash *chain,
                       const struct store_record *row);
/* The same for who only looks at fields: those that are left. */
void store_read_left(struct xg_record *out, const struct store_record *row);

/* Fields that are not kept any more (core/erase.h). */
struct store_erased {
    struct xg_hash record, act, fields_hash;
    struct xg_bytes entry; /* of the act's `erased` */
    uint64_t length;       /* of the fields */
};

struct store_erased_photo {
    struct xg_hash photo;
    struct xg_id entity; /* whose act it was */
};

/* Highest numbers given so far; the newest entry at which anything is told, and
 * how many bytes are told at it. */
struct store_counts {
    uint64_t chains, branches, records, entities;
    uint64_t shown, shown_bytes;
    uint64_t devices, registry_notes;
};

struct store_ops {
    const char *name;
    void (*close)(struct store *s);
    /* Another view of the same data for another thread, reading only; closed
     * like any store. The memory engine gives itself: one thread only, and
     * nothing to close. */
    enum xg_status (*open_reader)(struct store *s, struct store **reader,
                                  struct xg_error *err);

    /* ---- transactions ---- */
    enum xg_status (*begin)(struct store *s, struct xg_error *err);
    enum xg_status (*commit)(struct store *s, struct xg_error *err);
    void (*rollback)(struct store *s); /* nothing when there is none */
    /* One snapshot for several reads; ended by rollback(). */
    enum xg_status (*begin_read)(struct store *s, struct xg_error *err);

    /* ---- the log ---- */
    enum xg_status (*append_entries)(struct store *s, uint64_t first,
                                     const struct xg_bytes *notes, size_t count,
                                     struct xg_error *err);
    /* Up to `count` entries from `first`, fewer at the end or once they are
     * `max_bytes` together (one always comes). */
    enum xg_status (*read_entries)(struct store *s, struct xg_arena *arena,
                                   struct xg_bytes **notes, size_t *found,
                                   uint64_t first, size_t count,
                                   size_t max_bytes, struct xg_error *err);
    /* Hashes of the tree in blocks (ledger/ledger.h): put where there is none,
     * or in the place of one that has grown. Of none, 0 hashes are read. A
     * layer fits 15 bits, a number 48. */
    enum xg_status (*put_block)(struct store *s,
                                const struct store_block *block,
                                struct xg_error *err);
    enum xg_status (*read_block)(struct store *s, struct store_block *block,
                                 uint64_t layer, uint64_t number,
                                 struct xg_error *err);
    enum xg_status (*put_checkpoint)(struct store *s, uint64_t size,
                                     struct xg_bytes note,
                                     struct xg_error *err);
    enum xg_status (*put_time)(struct store *s, const struct store_time *t,
                               struct xg_error *err);
    /* The last time note below that position; the first one there or after. */
    enum xg_status (*find_time_below)(struct store *s, struct store_time *t,
                                      bool *found, uint64_t position,
                                      struct xg_error *err);
    enum xg_status (*find_time_from)(struct store *s, struct store_time *t,
                                     bool *found, uint64_t position,
                                     struct xg_error *err);
    enum xg_status (*put_seen)(struct store *s, const struct store_seen *seen,
                               struct xg_error *err);
    /* The last below that position; of the checkpoints over that size the
     * smallest, where it first stands. */
    enum xg_status (*find_seen_below)(struct store *s, struct store_seen *seen,
                                      bool *found, uint64_t position,
                                      struct xg_error *err);
    enum xg_status (*find_seen_over)(struct store *s, struct store_seen *seen,
                                     bool *found, uint64_t size,
                                     struct xg_error *err);
    /* Size 0 and an empty note before the first. */
    enum xg_status (*get_checkpoint)(struct store *s, struct xg_arena *arena,
                                     uint64_t *size, struct xg_bytes *note,
                                     struct xg_error *err);
    /* One that begins there already stays as it is. */
    enum xg_status (*put_log)(struct store *s, const struct store_log *log,
                              struct xg_error *err);
    /* Ascending `first`. */
    enum xg_status (*read_logs)(struct store *s, struct xg_arena *arena,
                                struct store_log **rows, size_t *count,
                                struct xg_error *err);

    /* ---- batches ---- */
    enum xg_status (*put_batch)(struct store *s, const struct store_batch *b,
                                struct xg_bytes body, struct xg_error *err);
    enum xg_status (*find_batch)(struct store *s, struct store_batch *b,
                                 bool *found, const struct xg_hash *id,
                                 struct xg_error *err);
    enum xg_status (*read_body)(struct store *s, struct xg_arena *arena,
                                struct xg_bytes *body, uint64_t position,
                                struct xg_error *err);
    enum xg_status (*set_batch_state)(struct store *s, uint64_t position,
                                      enum xg_batch_state state,
                                      struct xg_error *err);
    /* In log order, from `position` on. */
    enum xg_status (*read_batches)(struct store *s, struct xg_arena *arena,
                                   struct store_batch **rows, size_t *count,
                                   uint64_t position, size_t limit,
                                   struct xg_error *err);
    /* Those of a chain that wait for earlier ones and begin at sequence number
     * from..to, by that number and then in log order. */
    enum xg_status (*read_waiting)(struct store *s, struct xg_arena *arena,
                                   struct store_batch **rows, size_t *count,
                                   const struct xg_hash *chain, uint64_t from,
                                   uint64_t to, struct xg_error *err);
    /* How many of a device's wait. */
    /* Those in quarantine, from that position on, in the order of the log. */
    enum xg_status (*read_apart)(struct store *s, struct xg_arena *arena,
                                 struct store_batch **rows, size_t *count,
                                 uint64_t position, size_t limit,
                                 struct xg_error *err);
    enum xg_status (*count_waiting)(struct store *s, uint64_t *count,
                                    const char *device, struct xg_error *err);

    /* ---- chains and branches ---- */
    enum xg_status (*put_chain)(struct store *s, const struct store_chain *c,
                                struct xg_error *err);
    enum xg_status (*find_chain)(struct store *s, struct store_chain *c,
                                 bool *found, const struct xg_hash *id,
                                 struct xg_error *err);
    enum xg_status (*get_chain)(struct store *s, struct store_chain *c,
                                uint64_t number, struct xg_error *err);
    /* Of one device, or of all (device NULL), ascending numbers. */
    enum xg_status (*read_chains)(struct store *s, struct xg_arena *arena,
                                  struct store_chain **rows, size_t *count,
                                  const char *device, struct xg_error *err);
    enum xg_status (*put_branch)(struct store *s, const struct store_branch *b,
                                 struct xg_error *err);
    enum xg_status (*read_branches)(struct store *s, struct xg_arena *arena,
                                    struct store_branch **rows, size_t *count,
                                    uint64_t chain, struct xg_error *err);
    /* ---- records ---- */
    enum xg_status (*put_records)(struct store *s,
                                  const struct store_record *rows, size_t count,
                                  struct xg_error *err);
    /* Put what lies on a branch at `seq` and after onto another one. */
    enum xg_status (*move_records)(struct store *s, uint64_t branch,
                                   uint64_t seq, uint64_t to,
                                   struct xg_error *err);
    enum xg_status (*find_record)(struct store *s, struct xg_arena *arena,
                                  struct store_record *row, bool *found,
                                  const struct xg_hash *hash,
                                  struct xg_error *err);
    /* Is there one of that hash? Takes no memory, however long it is. */
    enum xg_status (*has_record)(struct store *s, bool *has,
                                 const struct xg_hash *hash,
                                 struct xg_error *err);
    /* The first that is not found by its hash, though it is here; 0: none. For
     * check alone: it looks each of them up. */
    enum xg_status (*find_unnamed)(struct store *s, uint64_t *number,
                                   struct xg_error *err);
    /* All at one place: more than one where the chain forked. */
    enum xg_status (*read_place)(struct store *s, struct xg_arena *arena,
                                 struct store_record **rows, size_t *count,
                                 uint64_t chain, uint64_t seq,
                                 struct xg_error *err);
    enum xg_status (*read_branch)(struct store *s, struct xg_arena *arena,
                                  struct store_record **rows, size_t *count,
                                  uint64_t branch, uint64_t seq, size_t limit,
                                  struct xg_error *err);
    enum xg_status (*read_entity_records)(struct store *s,
                                          struct xg_arena *arena,
                                          struct store_record **rows,
                                          size_t *count, uint64_t entity,
                                          struct xg_error *err);
    /* Of those, numbers first..last; at most `limit`. */
    enum xg_status (*read_entity_range)(struct store *s, struct xg_arena *arena,
                                        struct store_record **rows,
                                        size_t *count, uint64_t entity,
                                        uint64_t first, uint64_t last,
                                        size_t limit, struct xg_error *err);
    /* Numbers first..last, ascending; at most `limit`. */
    enum xg_status (*read_records)(struct store *s, struct xg_arena *arena,
                                   struct store_record **rows, size_t *count,
                                   uint64_t first, uint64_t last, size_t limit,
                                   struct xg_error *err);
    /* Those of no entity (genesis, anchor, author's key), numbers above
     * `after`, ascending. */
    enum xg_status (*read_bare)(struct store *s, struct xg_arena *arena,
                                struct store_record **rows, size_t *count,
                                uint64_t after, size_t limit,
                                struct xg_error *err);

    /* ---- entities ---- */
    enum xg_status (*put_entity)(struct store *s, const struct store_entity *e,
                                 struct xg_error *err);
    enum xg_status (*find_entity)(struct store *s, struct xg_arena *arena,
                                  struct store_entity *e, bool *found,
                                  const struct xg_id *id, struct xg_error *err);
    /* The same, of entities alone whose first record is not here: what has to
     * be asked when it comes. Much cheaper. */
    enum xg_status (*find_orphan)(struct store *s, struct xg_arena *arena,
                                  struct store_entity *e, bool *found,
                                  const struct xg_id *id, struct xg_error *err);
    enum xg_status (*get_entity)(struct store *s, struct xg_arena *arena,
                                 struct store_entity *e, uint64_t number,
                                 struct xg_error *err);
    enum xg_status (*read_entities)(struct store *s, struct xg_arena *arena,
                                    struct store_entity **rows, size_t *count,
                                    const struct store_filter *filter,
                                    struct xg_error *err);
    /* In the order of (changed, number), those after that pair, their states
     * empty: what whoever follows the log has yet to look at. Those that a job
     * changes from now on have `changed` at the size of the log, or more. */
    enum xg_status (*read_entities_changed)(struct store *s,
                                            struct xg_arena *arena,
                                            struct store_entity **rows,
                                            size_t *count, uint64_t changed,
                                            uint64_t number, size_t limit,
                                            struct xg_error *err);
    /* How many those are, up to 10,000. */
    enum xg_status (*count_entities_changed)(struct store *s, uint64_t *count,
                                             uint64_t changed, uint64_t number,
                                             struct xg_error *err);
    /* Whose id begins with these hex digits (up to 32): at most `limit`. */
    enum xg_status (*read_entities_named)(struct store *s,
                                          struct xg_arena *arena,
                                          struct store_entity **rows,
                                          size_t *count, const char *prefix,
                                          size_t limit, struct xg_error *err);
    /* Whose official number is this: at most `limit`. */
    enum xg_status (*read_entities_numbered)(
        struct store *s, struct xg_arena *arena, struct store_entity **rows,
        size_t *count, const char *case_number, size_t limit,
        struct xg_error *err);

    /* ---- who is interested in what ---- */
    enum xg_status (*put_scope)(struct store *s, const char *key,
                                const struct store_scope *row,
                                struct xg_error *err);
    /* shown in [from, to), ascending. */
    enum xg_status (*read_scope)(struct store *s, struct xg_arena *arena,
                                 struct store_scope **rows, size_t *count,
                                 const char *key, uint64_t from, uint64_t to,
                                 size_t limit, struct xg_error *err);

    /* A new one, or where an old one ends (by entity, first, unit). */
    enum xg_status (*put_hand)(struct store *s, const struct store_hand *hand,
                               struct xg_error *err);
    /* All of an entity, ascending (first, unit). */
    enum xg_status (*read_hands)(struct store *s, struct xg_arena *arena,
                                 struct store_hand **rows, size_t *count,
                                 uint64_t entity, struct xg_error *err);
    /* Of a unit, ascending (entity, first), those after that pair. */
    enum xg_status (*read_unit_hands)(struct store *s, struct xg_arena *arena,
                                      struct store_hand **rows, size_t *count,
                                      const char *unit, uint64_t entity,
                                      uint64_t first, size_t limit,
                                      struct xg_error *err);
    enum xg_status (*put_passing)(struct store *s, const char *unit,
                                  const struct store_passing *row,
                                  struct xg_error *err);
    /* Ascending (entity, first). */
    enum xg_status (*read_passings)(struct store *s, struct xg_arena *arena,
                                    struct store_passing **rows, size_t *count,
                                    const char *unit, uint64_t shown,
                                    struct xg_error *err);
    enum xg_status (*put_moved)(struct store *s, const char *key,
                                const struct store_moved *row,
                                struct xg_error *err);
    /* Ascending branches. */
    enum xg_status (*read_moved)(struct store *s, struct xg_arena *arena,
                                 struct store_moved **rows, size_t *count,
                                 const char *key, uint64_t shown,
                                 struct xg_error *err);
    enum xg_status (*put_telling)(struct store *s, uint64_t shown,
                                  uint64_t bytes, struct xg_error *err);
    /* SHA-256 over all of this, in the order of its keys. */
    enum xg_status (*digest_telling)(struct store *s, struct xg_hash *hash,
                                     struct xg_error *err);

    /* ---- where things came from (merge/source.h) ---- */
    /* One that is there stays. */
    enum xg_status (*put_source)(struct store *s, struct xg_bytes text,
                                 uint64_t record, struct xg_error *err);
    /* The first record above `after` that says so. */
    enum xg_status (*find_source)(struct store *s, uint64_t *record,
                                  bool *found, struct xg_bytes text,
                                  uint64_t after, struct xg_error *err);
    /* SHA-256 over all of them, in the order of their keys. */
    enum xg_status (*digest_sources)(struct store *s, struct xg_hash *hash,
                                     struct xg_error *err);

    /* ---- photos ---- */
    enum xg_status (*put_photo)(struct store *s, const struct store_photo *p,
                                struct xg_error *err);
    /* Ascending (hash, record), those after that pair. The first of a hash is
     * the record that was first to name it. */
    enum xg_status (*read_photos)(struct store *s, struct xg_arena *arena,
                                  struct store_photo **rows, size_t *count,
                                  const struct xg_hash *hash, uint64_t record,
                                  size_t limit, struct xg_error *err);
    /* Of one hash, those below `record`, descending. */
    enum xg_status (*read_photos_newest)(struct store *s,
                                         struct xg_arena *arena,
                                         struct store_photo **rows,
                                         size_t *count,
                                         const struct xg_hash *hash,
                                         uint64_t record, size_t limit,
                                         struct xg_error *err);
    /* One that is held already stays as it is. */
    enum xg_status (*put_held)(struct store *s, const struct xg_blob *blob,
                               uint64_t position, struct xg_error *err);
    enum xg_status (*find_held)(struct store *s, struct store_held *held,
                                bool *found, const struct xg_hash *hash,
                                struct xg_error *err);
    /* Ascending numbers, those above `after`. */
    enum xg_status (*read_held)(struct store *s, struct xg_arena *arena,
                                struct store_held **rows, size_t *count,
                                uint64_t after, size_t limit,
                                struct xg_error *err);
    /* Of a device; what is wanted of it already stays as it is. */
    enum xg_status (*put_wanted)(struct store *s, const struct store_wanted *w,
                                 struct xg_error *err);
    /* Of all devices. */
    enum xg_status (*drop_wanted)(struct store *s, const struct xg_hash *hash,
                                  struct xg_error *err);
    /* The first. */
    enum xg_status (*find_wanted)(struct store *s, struct store_wanted *wanted,
                                  bool *found, const struct xg_hash *hash,
                                  struct xg_error *err);
    /* Of one device, or of all (device NULL): ascending numbers, those above
     * `after`. */
    enum xg_status (*read_wanted)(struct store *s, struct xg_arena *arena,
                                  struct store_wanted **rows, size_t *count,
                                  const char *device, uint64_t after,
                                  size_t limit, struct xg_error *err);
    enum xg_status (*count_photos)(struct store *s, struct store_photos *counts,
                                   struct xg_error *err);

    /* ---- what was erased ---- */
    /* One that is there stays. */
    enum xg_status (*put_erased)(struct store *s, const struct store_erased *e,
                                 struct xg_error *err);
    /* Of one record; hash NULL: all. By record, then by act. */
    enum xg_status (*read_erased)(struct store *s, struct xg_arena *arena,
                                  struct store_erased **rows, size_t *count,
                                  const struct xg_hash *hash,
                                  struct xg_error *err);
    /* The row has no fields any more, and names no photos. */
    enum xg_status (*erase_record)(struct store *s,
                                   const struct store_record *row,
                                   struct xg_error *err);
    /* Of acts by a key that made an erased record: `asked` is zeros. */
    enum xg_status (*erase_acts)(struct store *s, struct xg_error *err);
    enum xg_status (*replace_body)(struct store *s, uint64_t position,
                                   struct xg_bytes body, struct xg_error *err);
    /* An act of that entity erased it. One that is there stays. */
    enum xg_status (*put_erased_photo)(struct store *s,
                                       const struct xg_hash *hash,
                                       const struct xg_id *entity,
                                       struct xg_error *err);
    /* All, by photo, then by entity. */
    enum xg_status (*read_erased_photos)(struct store *s,
                                         struct xg_arena *arena,
                                         struct store_erased_photo **rows,
                                         size_t *count, struct xg_error *err);
    /* Did an act of any entity erase it? */
    enum xg_status (*has_erased_photo)(struct store *s, bool *has,
                                       const struct xg_hash *hash,
                                       struct xg_error *err);
    /* The first entity whose records name it, of those whose acts did not erase
     * it, and `but` (NULL: none). */
    enum xg_status (*find_photo_elsewhere)(struct store *s,
                                           struct xg_id *entity, bool *found,
                                           const struct xg_hash *hash,
                                           const struct xg_id *but,
                                           struct xg_error *err);
    /* What was replaced or deleted is in no file of the store any more. Outside
     * of a transaction. XG_BUSY: a reader still reads the old. */
    enum xg_status (*forget)(struct store *s, struct xg_error *err);

    enum xg_status (*drop_derived)(struct store *s, struct xg_error *err);
    enum xg_status (*get_counts)(struct store *s, struct store_counts *counts,
                                 struct xg_error *err);

    /* ---- the registry ---- */
    enum xg_status (*put_registry_note)(struct store *s,
                                        const struct store_registry_note *n,
                                        struct xg_error *err);
    /* Ascending numbers, those above `after`. */
    enum xg_status (*read_registry_notes)(struct store *s,
                                          struct xg_arena *arena,
                                          struct store_registry_note **rows,
                                          size_t *count, uint64_t after,
                                          size_t limit, struct xg_error *err);
    enum xg_status (*put_statement)(struct store *s,
                                    const struct store_statement *st,
                                    struct xg_error *err);
    /* The newest about the subject at a position below size. */
    enum xg_status (*find_statement)(struct store *s,
                                     struct store_statement *st, bool *found,
                                     enum xg_statement_kind kind,
                                     const char *subject, uint64_t size,
                                     struct xg_error *err);
    /* In order of (position, line), from that place on. */
    enum xg_status (*read_statements)(struct store *s, struct xg_arena *arena,
                                      struct store_statement **rows,
                                      size_t *count, uint64_t position,
                                      uint32_t line, size_t limit,
                                      struct xg_error *err);

    /* What waits for the registrar, in the order it came. A number is given
     * once, as long as a request that has it is kept. */
    enum xg_status (*put_waiting)(struct store *s,
                                  const struct xg_statement *says,
                                  struct xg_error *err);
    enum xg_status (*list_waiting)(struct store *s, struct xg_arena *arena,
                                   struct store_waiting **rows, size_t *count,
                                   struct xg_error *err);
    enum xg_status (*delete_waiting)(struct store *s, uint64_t number,
                                     struct xg_error *err);
    /* Of the next registry note; oldest first. */
    enum xg_status (*put_request)(struct store *s,
                                  const struct store_request *r,
                                  struct xg_error *err);
    enum xg_status (*read_requests)(struct store *s, struct xg_arena *arena,
                                    struct store_request **rows, size_t *count,
                                    struct xg_error *err);
    enum xg_status (*drop_requests)(struct store *s, struct xg_error *err);

    /* ---- people, devices, codes ---- */
    enum xg_status (*put_person)(struct store *s, const char *code,
                                 const char *name, struct xg_error *err);
    enum xg_status (*get_person)(struct store *s,
                                 char name[static STORE_NAME_MAX + 1],
                                 bool *found, const char *code,
                                 struct xg_error *err);
    /* A key with which an operator signs, wrapped; NULL: none any more. */
    enum xg_status (*put_operator_key)(struct store *s, const char *code,
                                       const struct xg_wrapped_key *key,
                                       struct xg_error *err);
    enum xg_status (*get_operator_key)(struct store *s,
                                       struct xg_wrapped_key *key, bool *found,
                                       const char *code, struct xg_error *err);
    /* What is `given` by it is kept for good, however often it is replaced. */
    enum xg_status (*put_operator)(struct store *s,
                                   const struct store_operator *o,
                                   struct xg_error *err);
    /* Of her, the oldest first. */
    enum xg_status (*read_given)(struct store *s, struct xg_arena *arena,
                                 struct store_given **rows, size_t *count,
                                 const char *code, struct xg_error *err);
    enum xg_status (*get_operator)(struct store *s, struct store_operator *o,
                                   bool *found, const char *code,
                                   struct xg_error *err);
    /* Whose one-time key has that hash. */
    enum xg_status (*find_operator)(struct store *s, struct store_operator *o,
                                    bool *found, const struct xg_hash *once,
                                    struct xg_error *err);
    /* By code. */
    enum xg_status (*read_operators)(struct store *s, struct xg_arena *arena,
                                     struct store_operator **rows,
                                     size_t *count, struct xg_error *err);
    /* count 0: forgotten. */
    enum xg_status (*put_wrong_tries)(struct store *s,
                                      const struct xg_hash *what,
                                      const struct store_wrong *wrong,
                                      struct xg_error *err);
    /* None: count 0. */
    enum xg_status (*get_wrong_tries)(struct store *s,
                                      struct store_wrong *wrong,
                                      const struct xg_hash *what,
                                      struct xg_error *err);
    /* Those whose last was before that. */
    enum xg_status (*forget_wrong_tries)(struct store *s, int64_t before_ms,
                                         struct xg_error *err);
    /* Its author and key are new. */
    enum xg_status (*put_act)(struct store *s, const struct store_act *a,
                              struct xg_error *err);
    enum xg_status (*get_act)(struct store *s, struct store_act *a, bool *found,
                              const char *author,
                              const uint8_t key[static STORE_ACT_KEY_SIZE],
                              struct xg_error *err);
    /* Those that were done before that. */
    enum xg_status (*forget_acts)(struct store *s, int64_t before_ms,
                                  struct xg_error *err);
    enum xg_status (*put_device)(struct store *s, const struct store_device *d,
                                 struct xg_error *err);
    enum xg_status (*find_device)(struct store *s, struct store_device *d,
                                  bool *found, const char *name,
                                  struct xg_error *err);
    enum xg_status (*read_devices)(struct store *s, struct xg_arena *arena,
                                   struct store_device **rows, size_t *count,
                                   struct xg_error *err);
    enum xg_status (*put_code)(struct store *s, const struct store_code *c,
                               struct xg_error *err);
    enum xg_status (*find_code)(struct store *s, struct store_code *c,
                                bool *found, const struct xg_hash *id,
                                struct xg_error *err);

    /* ---- witnesses ---- */
    /* Of a device the newest of ours stays, and the first of another log. */
    enum xg_status (*put_cosignature)(struct store *s,
                                      const struct store_cosignature *c,
                                      struct xg_error *err);
    /* Of one device, or of all (device NULL): the largest first. */
    enum xg_status (*read_cosignatures)(struct store *s, struct xg_arena *arena,
                                        struct store_cosignature **rows,
                                        size_t *count, bool ours,
                                        const char *device,
                                        struct xg_error *err);
    /* "policy", "cosigned" (server/cosign/ask.h). Empty where it was never
     * put. */
    enum xg_status (*put_document)(struct store *s, const char *name,
                                   struct xg_bytes content,
                                   struct xg_error *err);
    enum xg_status (*get_document)(struct store *s, struct xg_arena *arena,
                                   struct xg_bytes *content, const char *name,
                                   struct xg_error *err);

    /* ---- files and references ---- */
    enum xg_status (*put_file)(struct store *s, const struct xg_hash *hash,
                               struct xg_bytes content, struct xg_error *err);
    enum xg_status (*read_file)(struct store *s, struct xg_arena *arena,
                                struct xg_bytes *content, bool *found,
                                const struct xg_hash *hash,
                                struct xg_error *err);
    enum xg_status (*put_reference)(struct store *s,
                                    const struct store_reference *r,
                                    struct xg_error *err);
    /* All, in log order. */
    enum xg_status (*read_references)(struct store *s, struct xg_arena *arena,
                                      struct store_reference **rows,
                                      size_t *count, struct xg_error *err);
    /* How many lie below a place of the log, without reading them. */
    enum xg_status (*count_references)(struct store *s, uint64_t *count,
                                       uint64_t below, struct xg_error *err);

    /* ---- single numbers: "time_ms", "backup", ... ---- */
    enum xg_status (*put_value)(struct store *s, const char *name,
                                uint64_t value, struct xg_error *err);
    /* 0 where it was never put. */
    enum xg_status (*get_value)(struct store *s, uint64_t *value,
                                const char *name, struct xg_error *err);

    /* ---- the file as a whole ---- */
    /* What is read survives a power cut from now on, also what was committed
     * by one who was killed before its sync. */
    enum xg_status (*sync)(struct store *s, struct xg_error *err);
    /* Move what was written to its place in the file, where it is enough to be
     * worth it: else that is left to a commit that many wait for. Outside of
     * begin() and commit(). */
    enum xg_status (*tidy)(struct store *s, struct xg_error *err);
    enum xg_status (*integrity)(struct store *s, struct xg_error *err);
    /* A copy, made while others write, as one file that must not exist. */
    enum xg_status (*backup)(struct store *s, const char *path,
                             struct xg_error *err);
};

struct store {
    const struct store_ops *ops;
};

static inline void store_close(struct store *s)
{
    if (s)
        s->ops->close(s);
}

/* Open the database, making it if it is not there. */
XG_MUST_CHECK enum xg_status
store_sqlite_open(struct store **s, const char *path, struct xg_error *err);
/* Only in memory: for the simulator and tests, one thread. */
XG_MUST_CHECK enum xg_status store_memory_open(struct store **s,
                                               struct xg_error *err);

/* Fails calls of the store that it wraps. */
struct store_fault {
    uint64_t countdown; /* this many calls go through before one fails; counts
                         * down at every call */
    bool repeat;        /* and all after it */
    enum xg_status status;
    uint64_t failed; /* calls that failed so far */
};

/* Wraps `inner` (taken: closed with it). `fault` is borrowed, and may be set
 * anew at any time; status XG_OK: nothing fails. A commit() that fails here
 * did not happen, unless fault->status is XG_IO: then, like a failed sync, it
 * did, and only the answer is lost. */
XG_MUST_CHECK enum xg_status store_fault_open(struct store **s,
                                              struct store *inner,
                                              struct store_fault *fault,
                                              struct xg_error *err);

#endif
