/* ledger.h - the log: entries, tree, checkpoints, and the one way to write.
 *
 * Whoever wants to write submits a job, from any thread. One of those who wait
 * becomes the writer: it takes every job that waits, runs them in one store
 * transaction, and
 *
 *      jobs append entries -> time note -> tree -> checkpoint signed and
 *      stored -> commit (durable) -> compare-and-swap in the lock database ->
 *      published in memory -> everybody's answer is released
 *
 * So a group of connections pays for one sync, and a program without threads
 * (the simulator, a command) uses the same path. A job that appended nothing
 * brings no checkpoint. When the store fails, all jobs of the group fail and
 * nothing of them is kept, or (a failed sync, a failed swap) it may have been
 * kept and comes forward later: submitting again is always right.
 *
 * The lock database (DIR/lock.db, or memory) holds the newest published
 * checkpoint and nothing else. Opening compares:
 *
 *      store == lock     go on
 *      store >  lock     a crash came between commit and swap: swap forward,
 *                        after proving that one continues the other
 *      store <  lock     an old copy of the store: XG_REFUSED, nothing is
 *                        served; `xunge-server restore` makes a log that
 *                        follows this one (upkeep/restore.h)
 *      no lock, but a checkpoint in the store: XG_REFUSED
 *
 * Tree hashes are kept in blocks, each a row: what 64 nodes of a level complete
 * below the sixth above it (blocks.c), so that what a proof takes from six levels
 * lies on one page. A block is written as it grows, up to the size of each
 * checkpoint. Only published sizes are ever shown.
 */
#ifndef XG_SERVER_LEDGER_LEDGER_H
#define XG_SERVER_LEDGER_LEDGER_H

#include "server/store/store.h"
#include "shared/base/env.h"
#include "shared/core/note.h"
#include "shared/core/tlog.h"

struct ledger;

/* ---- the lock ---- */

struct ledger_lock;

XG_MUST_CHECK enum xg_status ledger_lock_open(struct ledger_lock **lock,
                                              const char *path,
                                              struct xg_error *err);
XG_MUST_CHECK enum xg_status ledger_lock_open_memory(struct ledger_lock **lock,
                                                     struct xg_error *err);
void ledger_lock_close(struct ledger_lock *lock);
/* The checkpoint held for the origin, appended to `body`; nothing if none. */
XG_MUST_CHECK enum xg_status ledger_lock_get(struct ledger_lock *lock,
                                             struct xg_buf *body,
                                             const char *origin,
                                             struct xg_error *err);
/* Replace `old` (empty: none yet) by `new`. XG_REFUSED: another one is held. */
XG_MUST_CHECK enum xg_status ledger_lock_swap(struct ledger_lock *lock,
                                              const char *origin,
                                              struct xg_bytes old,
                                              struct xg_bytes new,
                                              struct xg_error *err);

/* ---- the log ---- */

/* Everything is borrowed and outlives the ledger. The store is the writing
 * one; `signer` is the log's, its name is the origin. */
XG_MUST_CHECK enum xg_status ledger_open(struct ledger **l, struct store *store,
                                         struct ledger_lock *lock,
                                         const struct xg_signer *signer,
                                         const struct xg_env *env,
                                         struct xg_error *err);
void ledger_close(struct ledger *l);

/* What a writer does in the transaction. The caller sets run, and settled if
 * it wants to be told; the rest is the ledger's. */
struct ledger_job {
    /* In the transaction: read and write the store, ledger_append(). A status
     * other than XG_OK undoes the whole group. What concerns this job alone
     * (refused, forked) is an answer: keep it in the job and return XG_OK.
     * May be called again, after an undone attempt. */
    enum xg_status (*run)(struct ledger_job *job, struct ledger *l,
                          struct store *store, struct xg_error *err);
    /* After publishing (true) or undoing (false), before anybody else writes;
     * may be NULL. */
    void (*settled)(struct ledger_job *job, bool published);
    bool alone; /* in a transaction of its own: others see its effect whole */
    struct ledger_job *next;
    bool done;
    struct xg_error error;
};

/* Run the job and wait until what it wrote is published. */
XG_MUST_CHECK enum xg_status
ledger_submit(struct ledger *l, struct ledger_job *job, struct xg_error *err);

/* Is a job being written, or does one wait? Who can wait had better do so. */
bool ledger_is_busy(struct ledger *l);

/* By one thread, now and then: where nothing was published since the last call
 * and nobody writes, what was written goes to its place in the file
 * (store->ops->tidy), so that the next rush does not wait for it. Failure is
 * logged; the next call tries again. */
void ledger_tidy(struct ledger *l);

/* Inside a job: append a signed note; *index is its place. Copied. */
XG_MUST_CHECK enum xg_status ledger_append(struct ledger *l, uint64_t *index,
                                           struct xg_bytes note,
                                           struct xg_error *err);
/* Inside a job: sign a text with the log's key and append it. */
XG_MUST_CHECK enum xg_status ledger_append_text(struct ledger *l,
                                                uint64_t *index,
                                                struct xg_bytes text,
                                                struct xg_error *err);
/* Inside a job: the log is to reach that size. What the jobs append does not
 * suffice: the time note that closes the checkpoint comes as often as needed,
 * LEDGER_NOTES_MAX times at most; who still wants more asks again. */
enum { LEDGER_NOTES_MAX = 256 };
void ledger_want(struct ledger *l, uint64_t size);
/* Inside a job: where the next entry will be, and the server's time: never
 * earlier than in any time note before. */
uint64_t ledger_next(const struct ledger *l);
/* Server time now, never decreasing against the log; any thread. */
uint64_t ledger_time_ms(struct ledger *l);

/* ---- the clock (keeper.h) ---- */

/* The machine's environment, but its time is the server's: for all that goes by
 * the time and not by the log's place, what expires, say. */
const struct xg_env *ledger_env(const struct ledger *l);

struct ledger_clock {
    int64_t machine_ms; /* what the machine says */
    int64_t ms;         /* what the server goes by */
    bool follows;       /* the machine's, wherever it goes */
    bool doubted;       /* the machine's, and not gone by; then: */
    int64_t believed_in_ms; /* if it stands by what it says */
};
void ledger_read_clock(struct ledger *l, struct ledger_clock *out);

enum ledger_clock_word {
    LEDGER_BELIEVE, /* the machine's clock is right, now */
    LEDGER_FOLLOW,  /* and whatever it says later */
    LEDGER_WATCH,   /* no more than other clocks */
};
XG_MUST_CHECK enum xg_status ledger_set_clock(struct ledger *l,
                                              enum ledger_clock_word word,
                                              struct xg_error *err);

const struct xg_signer *ledger_signer(const struct ledger *l);

/* ---- the logs that this one is made of (api/succession.h) ----
 *
 * Ascending; the last is this log's own, alone where no server was restored.
 * They never change while the ledger is open. */
struct ledger_log {
    struct xg_verifier key; /* its name is the origin */
    uint64_t first;         /* entry; from there on it signs */
};
const struct ledger_log *ledger_logs(const struct ledger *l, size_t *count);
/* Is that the name of one of them? */
bool ledger_knows(const struct ledger *l, struct xg_bytes origin);
/* Is it the server's own device, of now or of a log before? */
bool ledger_is_server(const struct ledger *l, const char *device);
/* By what the log itself signs the entry. */
const struct xg_verifier *ledger_key_at(const struct ledger *l,
                                        uint64_t position);

/* ---- behind ----
 *
 * Somebody showed a checkpoint that this very log signed and that it does not
 * have: it is an old copy. From then on every job is refused (XG_REFUSED, with
 * what to do). Whoever calls this has made that durable (data/data.h). */
void ledger_set_behind(struct ledger *l);
bool ledger_is_behind(struct ledger *l);
/* The refusal. */
enum xg_status ledger_refuse_behind(struct xg_error *err);

/* ---- reading, from any thread with a reader of the store ----
 *
 * Take the checkpoint first and then begin to read: a store's snapshot that is
 * younger holds everything that the checkpoint covers. */

/* The newest published checkpoint; its note is appended to `note` (may be
 * NULL). Size 0 before the first: then there is no note. */
XG_MUST_CHECK enum xg_status ledger_published(struct ledger *l,
                                              struct xg_checkpoint *c,
                                              struct xg_buf *note,
                                              struct xg_error *err);

/* Nodes of the tree out of a store; store and `n` must outlive it. With a
 * ledger, what it keeps of the tree is not read again: for answers, of a store
 * whose snapshot holds what is published. NULL: all of it is read, as for who
 * checks the store. */
struct ledger_kept;
struct ledger_nodes {
    struct store *store;
    struct ledger_kept *kept;
    struct store_block last;
};
struct xg_node_reader ledger_nodes(struct ledger_nodes *n,
                                   const struct ledger *l, struct store *store);
/* The root at an earlier size; all of it is read. */
XG_MUST_CHECK enum xg_status ledger_root(struct xg_hash *root,
                                         struct store *store, uint64_t size,
                                         struct xg_error *err);

/* Append the receipt (tlog-proof) of the entry at `index`, against the
 * checkpoint and its note. The ledger here and below: as for ledger_nodes(). */
XG_MUST_CHECK enum xg_status
ledger_receipt(struct xg_buf *out, const struct ledger *l, struct store *store,
               uint64_t index, const struct xg_checkpoint *c,
               struct xg_bytes note, struct xg_error *err);
/* Consistency from `old` to c->size, as protocol.h prints it, beside what the
 * receipt printed above proves (`receipt`; empty: beside nothing). Empty where
 * old is 0, equal, or larger than ours (the caller looks at that). */
XG_MUST_CHECK enum xg_status
ledger_consistency(struct xg_buf *out, const struct ledger *l,
                   struct store *store, uint64_t old,
                   const struct xg_checkpoint *c, struct xg_bytes receipt,
                   struct xg_error *err);
/* Append a tile, hashes or entries. XG_NOTFOUND when a log of that size does
 * not publish it. */
XG_MUST_CHECK enum xg_status ledger_tile(struct xg_buf *out,
                                         struct store *store,
                                         const struct xg_tile *tile,
                                         uint64_t size, struct xg_error *err);

/* Between begin() and commit() of `to`: put what the time notes and the blobs
 * notes among the entries of `from` say into it; it has none of it. `from` may
 * be the same store. */
XG_MUST_CHECK enum xg_status ledger_replay_notes(struct store *from,
                                                 struct store *to,
                                                 struct xg_error *err);

/* Recompute the tree from the entries and compare with the stored nodes, the
 * checkpoint and the lock. XG_ALARM with what is wrong. */
XG_MUST_CHECK enum xg_status ledger_check(struct ledger *l, struct store *store,
                                          struct xg_error *err);

#endif
