/* handover.h - from a worker who goes to the one who comes: open cases,
 * subjects, drafts, photos that are only here; both sign; then the predecessor's
 * copies go. docs/handover.md is the contract.
 *
 * handover_write() puts a record of kind `handover` on the own chain and makes
 * a file (shared/bundle/seal.h) around a tar of
 *
 *      index                  what is handed over; its SHA-256 is in the record
 *      registry/<number>      the registrar's notes
 *      records/<n>            records of others about what is handed over, as
 *                             items of an updates page
 *      receipts/<id>          before its batch: the tlog-proof held for it
 *      batches/<id>           every batch held, as it was sealed
 *      drafts/<n>             u16be kind || the draft (record/capture.c)
 *      photos/<sha-256>       the original
 *
 * in this order, and nothing else. Batches and registry notes authenticate
 * themselves. Records, drafts and photos are listed in the index with length and
 * SHA-256, so that the signed record vouches for each of them:
 *
 *      xunge/handover/v1
 *      log <origin>
 *      from <worker> <device>
 *      to <worker>
 *      counts <cases> <subjects> <drafts> <photos>
 *      chain <base64> <next seq>              0..; the batches' ends
 *      part <name> <length> <base64 sha-256>  0..; in the order of the file
 *
 * handover_accept() reads the file through once, changing nothing; then takes
 * the photos; then all the rest, with the acceptance, in one transaction. So it
 * can be cut anywhere and repeated.
 */
#ifndef AGENT_HANDOVER_H
#define AGENT_HANDOVER_H

#include "agent/home/home.h"
#include "shared/bundle/seal.h"

struct handover_progress {
    void (*step)(void *ctx, uint64_t done, uint64_t total); /* bytes; or NULL */
    void *ctx;
};

struct handover_counts {
    uint64_t cases, subjects, drafts, photos;
    uint64_t batches, told; /* told: records of others */
};

/* ---- giving ---- */

struct handover_write_options {
    const char *to; /* worker */
    struct xg_seal_slots slots;
    struct handover_progress progress;
};

struct handover_written {
    struct xg_id id; /* of the handover */
    char number[XG_NUMBER_SIZE];
    struct handover_counts counts;
    uint64_t bytes;
};

/* The devices of a worker, as far as the registry here knows them: those that
 * were not revoked. *count at most XG_SEAL_SLOTS_MAX. */
XG_MUST_CHECK enum xg_status
handover_devices(struct store *s, struct xg_verifier out[static XG_SEAL_SLOTS_MAX],
                 size_t *count, const char *worker, struct xg_error *err);

/* XG_REFUSED: an open patrol, a file of that name, not enrolled. XG_FULL before
 * anything is written. */
XG_MUST_CHECK enum xg_status
handover_write(struct home *home, struct handover_written *out,
               const char *path, const struct handover_write_options *options,
               struct xg_error *err);

/* ---- taking ---- */

struct handover_accept_options {
    const char *code;   /* as spoken, or NULL */
    const char *answer; /* file to write for the predecessor, or NULL */
    bool again;         /* although it was accepted elsewhere before */
    struct handover_progress progress;
};

struct handover_accepted {
    struct xg_id id;
    char number[XG_NUMBER_SIZE];
    char from[XG_CODE_MAX + 1];
    struct handover_counts counts; /* of what is in the file */
    uint64_t lacking;  /* records of the predecessor that are not in it */
    uint64_t to_push;  /* batches that this device now carries to the server */
    uint64_t bad_receipts;
    bool before; /* it had been taken before: nothing was done again */
};

/* XG_LOCKED: needs the code. XG_AUTH, XG_FORMAT, XG_REFUSED (for somebody else,
 * of another log): nothing was changed. */
XG_MUST_CHECK enum xg_status
handover_accept(struct home *home, struct handover_accepted *out,
                const char *path,
                const struct handover_accept_options *options,
                struct xg_error *err);

/* ---- how it stands ---- */

enum handover_stage {
    HANDOVER_OPEN,     /* written, not accepted as far as is known here */
    HANDOVER_REPLACED, /* by a later one */
    HANDOVER_ANSWERED, /* accepted: by the file that was brought back */
    HANDOVER_ACCEPTED, /* accepted: by the record that came over the server */
};

struct handover_info {
    struct xg_id id;
    char number[XG_NUMBER_SIZE];
    char to[XG_CODE_MAX + 1], from[XG_CODE_MAX + 1];
    bool given; /* by this device */
    bool taken; /* on this device */
    enum handover_stage stage;
    uint64_t cases, subjects, drafts, photos, lacking;
    int64_t written_ms;
    struct xg_hash contents;
};

/* Newest first; false ends the walk. */
XG_MUST_CHECK enum xg_status
handover_list(struct home *home,
              bool (*visit)(void *ctx, const struct handover_info *info),
              void *ctx, struct xg_error *err);

/* The answer that the successor wrote: *out is the handover it is about, which
 * is now accepted. XG_REFUSED: about none of ours; XG_AUTH, XG_FORMAT. */
XG_MUST_CHECK enum xg_status handover_finish(struct home *home,
                                             struct handover_info *out,
                                             const char *path,
                                             struct xg_error *err);

/* ---- going ---- */

/* What is neither proven to be at the server nor accepted by a successor. */
struct handover_left {
    bool patrol;     /* one is open */
    uint64_t records, drafts, photos;
    uint64_t bad_receipts; /* proofs held that do not hold */
    uint64_t proven;       /* batches whose proof was verified just now */
    uint64_t batches;
};
bool handover_nothing_left(const struct handover_left *left);
XG_MUST_CHECK enum xg_status handover_look_left(struct home *home,
                                                struct handover_left *out,
                                                struct xg_error *err);

/* Wipe a home: the keys first, so that a cut leaves nothing readable, then all
 * that xunge put there. May be repeated. The home must be closed. */
XG_MUST_CHECK enum xg_status handover_wipe(const char *path,
                                           struct xg_error *err);
/* Was a wipe begun here, and cut? */
bool handover_wiping(const char *path);

#endif
