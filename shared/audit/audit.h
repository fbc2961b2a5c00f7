/* audit.h - a log, walked from its first entry to its last by somebody who
 * trusts nobody: not the server that wrote it, not its tables, not its clock.
 *
 *      source ─ checkpoint, entries, batches, photos
 *         │
 *       walk ─ tree · notes · registry · chains · records · photos · times
 *         │
 *      verdict, counts, findings, what could not be checked
 *
 * What is needed of the past is kept: the tree's peaks, each chain's tips, the
 * registry's statements, batches that wait for earlier ones. Memory does not
 * grow with the entries (64 MB at a million). One pass, in the log's order;
 * every signature is verified once.
 *
 * A *finding* is what is wrong, or what an honest log may contain and a reader
 * has to know (a fork, a quarantined batch, an erasure): its gravity says
 * which. Nothing stops the walk but a source that cannot be read.
 */
#ifndef XG_AUDIT_AUDIT_H
#define XG_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/base/buf.h"
#include "shared/core/batch.h"
#include "shared/core/protocol.h"
#include "shared/core/registry.h"
#include "shared/core/tlog.h"
#include "shared/core/witness.h"

/* ---- where it is read from ---- */

/* A data folder, a bundle, an address: each makes one of these. All of it is
 * foreign bytes. XG_NOTFOUND: the source does not have it (an address shows no
 * contents to strangers): counted as not checked, never as wrong. */
struct xg_audit_source {
    void *ctx;
    const char *what; /* "folder", "bundle", "address": for the report */
    /* The newest checkpoint's note, with what cosignatures it has, appended. */
    enum xg_status (*checkpoint)(void *ctx, struct xg_buf *note,
                                 struct xg_error *err);
    /* The newest checkpoint that reached the policy, and those that devices
     * cosigned: frames (protocol.h). XG_NOTFOUND. */
    enum xg_status (*cosigned)(void *ctx, struct xg_buf *frames,
                               struct xg_error *err);
    /* Entries from `first` on, at least one, as many as are at hand at once;
     * lent until the next call. */
    enum xg_status (*entries)(void *ctx, const struct xg_bytes **notes,
                              size_t *count, uint64_t first,
                              struct xg_error *err);
    /* The batch whose note is the entry at `position`: framed, as it came or
     * redacted ("XGR1"); lent until the next call. Called in the log's order.
     */
    enum xg_status (*batch)(void *ctx, struct xg_bytes *framed,
                            uint64_t position, const struct xg_hash *id,
                            struct xg_error *err);
    /* A photo, in pieces: take() gets them. */
    enum xg_status (*photo)(void *ctx, const struct xg_hash *sha256,
                            void (*take)(void *to, struct xg_bytes piece),
                            void *to, struct xg_error *err);
    void (*close)(void *ctx);
};

/* DIR of a server, running or not, or a copy of it; opened for reading only.
 * XG_NOTFOUND, XG_FORMAT. */
XG_MUST_CHECK enum xg_status xg_audit_folder(struct xg_audit_source *out,
                                             const char *dir,
                                             struct xg_error *err);
/* A bundle made by `xunge-server bundle write DIR FILE --audit`. */
XG_MUST_CHECK enum xg_status xg_audit_bundle(struct xg_audit_source *out,
                                             const char *path,
                                             struct xg_error *err);

/* ---- what comes out ---- */

enum xg_gravity {
    XG_GRAVITY_NOTED,   /* an honest log may have it: a fork, an erasure */
    XG_GRAVITY_DOUBT,   /* a person is to look: a gap, a lost photo */
    XG_GRAVITY_BROKEN,  /* cannot be with an honest server, or device */
};

struct xg_finding {
    enum xg_gravity gravity;
    const char *code;   /* stable: "signature", "tree", "gap", "photo", ... */
    uint64_t position;  /* of the entry, or UINT64_MAX */
    char text[400];     /* in the reader's language */
};

struct xg_audit_counts {
    uint64_t entries, batches, records, registry_notes, references, times,
        blobs_notes, forks, views, successors;
    uint64_t devices, chains, signatures; /* signatures: verified */
    uint64_t proven, claimed, asserted, without_right, struck_out;
    uint64_t waiting, quarantined, forked, redacted; /* batches; redacted:
                                                      * records */
    uint64_t photos, photo_bytes; /* hashed */
    uint64_t unread_batches, unread_photos; /* not shown by the source */
    uint64_t noted, doubts, broken; /* findings */
};

struct xg_audit_options {
    struct xg_verifier log;                  /* whose log: the auditor's own
                                              * knowledge, never the source's */
    uint8_t registrar[XG_PUBLIC_KEY_SIZE];   /* the same */
    bool has_registrar; /* false: as the first registry note's, said so */
    const struct xg_policy *policy;          /* NULL: none */
    bool photos;                             /* hash them too */
    struct xg_bytes state; /* a state saved by an earlier walk; empty: none */
    void (*found)(void *ctx, const struct xg_finding *finding);
    void (*progress)(void *ctx, uint64_t done, uint64_t of);
    /* Every record that was verified, as the walk comes to it; for replay and
     * the like. May be NULL. */
    void (*record)(void *ctx, const struct xg_record *record,
                   const struct xg_hash *chain, uint64_t seq,
                   const struct xg_hash *previous, uint64_t position,
                   uint64_t anchor_size, const char *device);
    void *ctx;
};

struct xg_audit_result {
    struct xg_checkpoint checkpoint;
    uint64_t from;              /* the entries before were walked earlier */
    struct xg_audit_counts counts;
    bool quorum;                /* the newest checkpoint satisfies the policy */
    uint64_t quorum_size, quorum_time_s; /* the newest that does, 0: none */
    uint64_t device_witnesses;  /* distinct devices whose cosignature verified */
};

/* Walk. XG_OK: walked to the end, whatever was found; the verdict is the
 * counts'. XG_ALARM: no checkpoint that this log signed. Others: the source
 * could not be read. `state` (may be NULL) gets what the next walk needs. */
XG_MUST_CHECK enum xg_status xg_audit_walk(struct xg_audit_result *result,
                                           struct xg_buf *state,
                                           const struct xg_audit_source *source,
                                           const struct xg_audit_options *o,
                                           struct xg_error *err);

#endif
