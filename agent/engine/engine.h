/* engine.h - joining a server and exchanging work with it, free of sockets
 * and clocks: requests go through a transport, waiting through a host.
 *
 * What holds, wherever a request, an answer or the power is cut:
 *
 *  - A record is `received` only after the proof in the receipt was verified
 *    with the log key of the enrolment code, and the receipt's checkpoint was
 *    proved to continue the one that was held.
 *  - Before the first byte of a batch goes out the batch is `sent`, durably,
 *    and HOME/sent vouches for its place. Everything is idempotent: the server
 *    knows a batch by its id, so that no second copy comes to be.
 *  - Nothing that does not carry the log's signature over a random of ours is
 *    believed: no portal, no other server, no old answer.
 *  - Memory is bounded by one batch and one page, never by the backlog.
 *
 * HOME/sent
 *
 *      xunge/sent/v1
 *      instance <base64>                    also in the database
 *      chain <base64 id> <next seq>         0..64
 *
 * says up to where something was handed to the network. A database that knows
 * less, or another instance, was restored or exchanged: the device goes on in
 * a new chain, with the old one as its predecessor. The same when the server
 * shows records of a chain of ours that we do not have.
 *
 * HOME/alarm/ is made when the log that a server shows does not continue the
 * one that was held: `held` and `shown` are the two signed checkpoints,
 * `welcome` is the answer that bound the second to a random of ours, and
 * <batch id>.tlog-proof the receipts for what the server has lost. While
 * HOME/alarm/shown exists, syncing only pushes, believes no receipt, and ends
 * with XG_ALARM. Whoever has judged the case moves the folder away.
 */
#ifndef AGENT_SYNC_ENGINE_H
#define AGENT_SYNC_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/engine/pace.h"
#include "agent/engine/transport.h"
#include "agent/home/home.h"
#include "shared/core/protocol.h"

/* Names of what is kept in the store (store_get_meta_u64, 0: never). */
#define SYNC_META_LAST "sync.last_ms"     /* wall clock of the last success */
#define SYNC_META_SERVER "sync.server_ms" /* time that the server told ... */
#define SYNC_META_TOLD "sync.told_ms"     /* ... when the wall clock was this */
#define SYNC_META_PLAIN "sync.plain"      /* 1: plain HTTP was allowed */
#define SYNC_META_METERED "sync.metered"  /* 1: no, 2: yes, where nobody says */
#define SYNC_META_BACKUP "sync.backup"    /* log entries that are backed up */

enum {
    SYNC_REASONS_MAX = 4,
    SYNC_REASON_SIZE = 320,
    SYNC_REFERENCE_MAX = 4 << 20,
};

/* Why the device went on in a new chain. */
enum sync_new_chain {
    SYNC_CHAIN_KEPT,
    SYNC_CHAIN_RESTORED, /* the database is older than HOME/sent, or foreign */
    SYNC_CHAIN_BEHIND,   /* the server has more of it, or other records */
    SYNC_CHAIN_FORKED,   /* the server holds two versions of it */
};

/* What a run did; filled also when it fails. */
struct sync_report {
    bool reached; /* a verified answer came */
    enum xg_device_state state;
    char device[XG_KEY_NAME_MAX + 1], worker[XG_CODE_MAX + 1];

    uint64_t batches_received, records_received; /* proof verified */
    uint64_t last_entry;                         /* log index of the last */
    uint64_t log_size;                           /* of the checkpoint held */
    uint64_t waiting, forked, quarantined;       /* batches, of those */
    uint64_t batches_refused, records_refused;
    size_t reason_count; /* of the first batches refused */
    char reasons[SYNC_REASONS_MAX][SYNC_REASON_SIZE];
    uint64_t pushed_again; /* batches that the server had lost */

    /* The server was restored, and its log follows the one that was known. What
     * was proven by that alone: batches that are due again, others' records,
     * photos that were let go of. */
    bool succeeded;
    uint64_t lost_batches, lost_records, lost_photos;

    uint64_t records_pulled; /* that were not here */
    uint64_t pages, gone;    /* gone: entities out of scope */
    uint64_t registry_notes, orders;
    uint64_t references; /* files that came */

    /* Photos and thumbnails. Confirmed: the server said that it has so much. */
    uint64_t photos_total, photos_done; /* of this run: to be sent; proven */
    uint64_t photo_bytes_total, photo_bytes_confirmed;
    uint64_t photos_freed, photos_left; /* left: for another line, or day */
    uint64_t photos_refused;            /* see reasons */
    bool sending_photos, pausing;       /* now: for the progress line */
    struct xg_hash photo;               /* the one that is being sent, */
    uint64_t photo_done, photo_length;  /* so far; 0: none */
    bool budget; /* options->budget_bytes or deadline_ms ended the run */
    struct pace pace;

    uint64_t bytes_out, bytes_in; /* bodies of answered requests */
    uint64_t line_bytes; /* all that the run cost, both ways, as well as is
                          * known: with failed requests, heads, TLS */
    int64_t retry_after_s;        /* the server's wish after a failure, or 0 */
    int64_t clock_ahead_ms;       /* wall clock minus the server's time */
    enum sync_new_chain new_chain;
};

/* The world around a run. */
struct sync_host {
    void *ctx;
    /* Let time pass; false: stop now. */
    bool (*wait_ms)(void *ctx, int64_t ms);
    /* After every verified step, and before a pause; may be NULL. */
    void (*progress)(void *ctx, const struct sync_report *report);
    /* Every receipt that was verified, or batch refused; may be NULL. */
    void (*batch)(void *ctx, const struct store_batch *batch,
                  enum xg_batch_state state, uint64_t entry);
};

/* Which photos go out. Records never wait for any of them. */
enum sync_photos {
    SYNC_PHOTOS_AUTO, /* thumbnails; full ones where the line is not metered */
    SYNC_PHOTOS_NONE,
    SYNC_PHOTOS_THUMBS, /* and full ones that the server ordered */
    SYNC_PHOTOS_ALL,
};

struct sync_options {
    int64_t give_up_ms; /* pausing and trying again ends when nothing came
                         * through for so long; 0: one try */
    int64_t silence_max_s; /* a request in which no byte moved for so long is
                            * given up, however slow the line; 0: as pace.h
                            * says */
    bool metered; /* bytes cost: leave reference files that are large and that
                   * no command depends on (boundaries) for another time, and
                   * full photos, but those that were ordered */
    enum sync_photos photos;
    uint64_t budget_bytes; /* of report->line_bytes: nothing is begun that would
                            * go beyond; 0: none. The report says `budget` */
    int64_t deadline_ms;   /* on the monotonic clock: nothing is begun after;
                            * 0: none. The report says `budget` too */
};

/* What a person gave as her one-time code: the code, or "-", which is one on
 * standard input. XG_USAGE. */
XG_MUST_CHECK enum xg_status sync_read_code(struct xg_enrol_code *code,
                                            const char *word,
                                            struct xg_error *err);
/* Join with a one-time code: make the key and the first chain, have the server
 * take them. May be repeated with the same code after any cut. XG_USAGE: the
 * code; XG_REFUSED: this home belongs to another device or log, the server
 * says no, or answers with another log key (both are named); XG_NET. The
 * transport leads to code->url. */
XG_MUST_CHECK enum xg_status
sync_enrol(struct home *home, const struct xg_transport *transport,
           const struct sync_host *host, const struct sync_options *options,
           const struct xg_enrol_code *code, struct sync_report *report,
           struct xg_error *err);

/* Say hello, push, pull, fetch reference data; pause and repeat what failed.
 *
 * XG_OK: all done, or all records and the budget was used up before the photos
 * were. XG_NET: no (good) answer; the work stays queued. XG_ALARM:
 * see above. XG_REFUSED: not enrolled, pending, revoked, another log key, or
 * some batches were refused (the others went on; see the report). XG_BUSY:
 * another program is syncing this home. */
XG_MUST_CHECK enum xg_status
sync_run(struct home *home, const struct xg_transport *transport,
         const struct sync_host *host, const struct sync_options *options,
         struct sync_report *report, struct xg_error *err);

/* Bring a full photo back from the server onto the shelf, checked by its hash;
 * piece by piece, so that a cut or a kill costs a piece. Nothing where it is
 * here, whole. XG_NOTFOUND: no record here names it, or the server does not
 * have it; XG_REFUSED: not in this device's scope; the rest as sync_run(). */
XG_MUST_CHECK enum xg_status
sync_fetch_photo(struct home *home, const struct xg_transport *transport,
                 const struct sync_host *host,
                 const struct sync_options *options,
                 const struct xg_hash *sha256, struct sync_report *report,
                 struct xg_error *err);

/* Write HOME/sent: everything that own chains hold may go out now. Before
 * records leave the device by whatever way; else a database that is put back
 * goes on where others have read on already. */
XG_MUST_CHECK enum xg_status sync_vouch(struct home *home,
                                        struct xg_error *err);

/* Does HOME/sent vouch for records that the database does not hold: is it an
 * older copy, or emptied? Changes nothing. `chain` is one that lacks some. */
XG_MUST_CHECK enum xg_status sync_find_loss(struct xg_hash *chain, bool *lost,
                                            struct home *home,
                                            struct xg_error *err);

/* Compare HOME/sent with the database, without a network; where the database
 * is the older one, begin a new chain. Cheap (one small file): whoever writes
 * records may call it first. *why as in the report. Nothing when the device
 * has not joined. Not inside a transaction. */
XG_MUST_CHECK enum xg_status sync_notice_restore(enum sync_new_chain *why,
                                                 struct home *home,
                                                 struct xg_error *err);

#endif
