/* data.h - the server's data folder, and everything opened from it.
 *
 *      DIR/log.key         signs the log; its name is the origin      0600
 *      DIR/registrar.vkey  verifies the first registry note
 *      DIR/registrar.key   signs the registry; not there: its key is on
 *                          another machine (registry/request.h)      0600
 *      DIR/registrar.next  while that key changes                     0600
 *      DIR/device.key      the server's own chain                     0600
 *      DIR/server.db       the store
 *      DIR/lock.db         the newest published checkpoint, alone
 *      DIR/lock            held while a server or a command writes
 *      DIR/blobs, uploads  photos: see blobs/blobs.h
 *      DIR/behind          a checkpoint that was shown, signed by this log and
 *                          lost: it is an old copy, and writes nothing
 *      DIR/restoring       a restore that is not finished (upkeep/restore.h)
 *      DIR/witness.*       see witness/witness.h
 *      DIR/board.db        derived from the store: board/board.h
 *
 * A copy of DIR without the keys says nothing; the keys without lock.db are
 * dangerous: see ledger/ledger.h.
 */
#ifndef XG_SERVER_DATA_DATA_H
#define XG_SERVER_DATA_DATA_H

#include "server/blobs/blobs.h"
#include "server/ledger/ledger.h"
#include "server/merge/fold.h"
#include "server/merge/ingest.h"
#include "server/merge/scope.h"
#include "server/registry/registry.h"
#include "server/store/store.h"
#include "server/witness/witness.h"

/* Each keeps a cache and the prepared statements; who finds none waits a
 * moment. A thread that has one asks for no second, and gives it back itself: a
 * bug else, which stops the program, before as many as there are wait for each
 * other for good. */
enum { DATA_READERS_MAX = 8 };

struct board;  /* board/board.h */
struct guides; /* guides.h */

/* Who proves to callers that we are we (`serve`), as long as it runs. */
enum data_tls {
    DATA_NOT_SERVED,
    DATA_TLS_HERE,  /* we, by a certificate that ends at cert_until_ms */
    DATA_TLS_PROXY, /* a proxy before us: the address begins with https */
    DATA_TLS_NONE,
};

struct data {
    char *dir; /* NULL: in memory */
    struct xg_env env; /* its time is the server's: ledger_env() */
    struct xg_signer log, device;
    struct registrar registrar;
    struct xg_verifier registrar_first; /* of note 1 */
    struct store *store; /* the writing one: only through ledger_submit() */
    struct ledger_lock *lock;
    struct ledger *ledger;
    struct registry *registry;
    struct ingest *ingest;
    struct blobs *blobs;
    struct witness *witness; /* of other logs */
    char *backups; /* their folder (upkeep/backups.h); NULL: DIR/backups */
    struct board *board;
    struct guides *guides;
    struct data_readers *readers;
    enum data_tls tls;
    int64_t cert_until_ms;
    bool two_for_login; /* at the console: account.h */
    int lock_fd;
};

/* Make the folder, keys, databases, and the log's first entry: the registry
 * note that names the server's own device. registrar_key NULL: make one.
 * XG_REFUSED: there is something already. */
XG_MUST_CHECK enum xg_status data_init(const char *dir, const char *origin,
                                       const char *registrar_key,
                                       const struct xg_env *env,
                                       struct xg_error *err);

/* The same with the registrar's key on another machine, which is never seen
 * here: what it has to sign first waits for it. */
XG_MUST_CHECK enum xg_status
data_init_apart(const char *dir, const char *origin,
                const struct xg_verifier *registrar, const struct xg_env *env,
                struct xg_error *err);

/* Change the registrar's key: `text` is a key file, or a verifier key where the
 * new one is on another machine. XG_FORMAT, XG_REFUSED. */
XG_MUST_CHECK enum xg_status data_rotate(struct data *d, struct xg_bytes text,
                                         struct xg_error *err);

/* Open everything. XG_BUSY: another process has it open. XG_REFUSED: behind
 * its lock; the text says what to do. `env` is copied. */
XG_MUST_CHECK enum xg_status data_open(struct data **d, const char *dir,
                                       const struct xg_env *env,
                                       struct xg_error *err);
/* A whole server in memory, keys from the seed: for the simulator. `fault` may
 * be NULL; else every call of the store goes through it. */
XG_MUST_CHECK enum xg_status
data_open_memory(struct data **d, const char *origin,
                 const uint8_t seed[static 32], struct store_fault *fault,
                 const struct xg_env *env, struct xg_error *err);
/* The same over a given store and lock (both taken, also on failure). */
XG_MUST_CHECK enum xg_status
data_open_over(struct data **d, struct store *store, struct ledger_lock *lock,
               const char *origin, const uint8_t seed[static 32],
               const struct xg_env *env, struct xg_error *err);
void data_close(struct data *d);

/* Borrow a reader of the store, in a snapshot that began now; give it back
 * within the request. A thread has one at a time: a second is refused (XG_IO),
 * for those who have one each would wait for each other's. Take
 * ledger_published() before. */
XG_MUST_CHECK enum xg_status data_borrow(struct data *d, struct store **reader,
                                         struct xg_error *err);
void data_return(struct data *d, struct store *reader);

const char *data_origin(const struct data *d);

/* Every invariant: pages of the file, tree = entries = checkpoint = lock,
 * signatures of all notes, bodies, record hashes, chains without gaps,
 * registry numbering, derived tables = replay. `report` is told one line a
 * part; may be NULL. The first thing that is wrong is the error: XG_ALARM for
 * the log, XG_CORRUPT for the rest. */
XG_MUST_CHECK enum xg_status
data_check(struct data *d, void (*report)(void *ctx, const char *line),
           void *ctx, struct xg_error *err);

/* The file of every photo that the log says is held: is it here, and what its
 * hash says? `report` is told those that are not, up to a few, and the count.
 * XG_CORRUPT where one is not. Reads all of them; others write meanwhile. */
XG_MUST_CHECK enum xg_status
data_check_photos(struct data *d, void (*report)(void *ctx, const char *line),
                  void *ctx, struct xg_error *err);

/* A hot copy, without keys and without the lock: of the photos into the folder
 * `photos`, what is not there yet (blobs_copy(); none are held: no folder is
 * made), then of the store into the file `path`, which must not exist.
 *
 * Devices are told the size that is backed up, and let go of photos by it. So
 * the size is looked up first, and it ends before the note of the first photo
 * that is held and could not be copied, because its file is lost: *missing of
 * them. */
struct data_backup {
    uint64_t size; /* of the log, that is backed up whole */
    struct blobs_copied copied; /* now */
    uint64_t missing;
    struct xg_hash first_missing;
};
XG_MUST_CHECK enum xg_status data_backup(struct data *d,
                                         struct data_backup *done,
                                         const char *path, const char *photos,
                                         struct xg_error *err);

#endif
