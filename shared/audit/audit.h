/* audit.h - a log, walked from its first entry to its last by somebody who
 * trusts nobody: not the server that wrote it, not its tables, not its clock.
 *
 *      source ─ checkpoint, entries, batches, photos
 *         │
 *       walk ─ tree · notes · registry · chains · records · photos · times
 *         │
 *      verdict, counts, findings, what could not be checked
 *
 * What is needed of the past is kept: in memory the registry's statements, each
 * chain's tips, a bit an entry (which are time notes); in files without a name,
 * in TMPDIR, the tree's hashes (64 bytes an entry), the hashes of all records,
 * batches that wait. Memory stays below 64 MB at a million entries. One pass,
 * in the log's order; every signature is verified once.
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
#include "shared/bundle/bundle_file.h"
#include "shared/core/batch.h"
#include "shared/core/protocol.h"
#include "shared/core/registry.h"
#include "shared/core/tlog.h"
#include "shared/core/witness.h"

/* ---- where it is read from ---- */

enum xg_audit_file { XG_AUDIT_PHOTO, XG_AUDIT_REFERENCE };

/* A data folder, a bundle, an address: each makes one of these. All of it is
 * foreign bytes. XG_NOTFOUND: the source does not have it (an address shows no
 * contents to strangers): counted as not checked, never as wrong. XG_GAP: it
 * ought to have it, and has not: a finding. */
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
    /* A file that the entry at `position` names, in pieces: take() gets them.
     * Called after the last entry, in the log's order. */
    enum xg_status (*file)(void *ctx, enum xg_audit_file kind,
                           uint64_t position, const struct xg_hash *sha256,
                           void (*take)(void *to, struct xg_bytes piece),
                           void *to, struct xg_error *err);
    /* What the server itself says that records come to: each entity and its
     * state, in no order, as they stand at *size entries. NULL: it shows none.
     */
    enum xg_status (*entities)(void *ctx, uint64_t *size,
                               enum xg_status (*take)(void *to,
                                                      const struct xg_id *id,
                                                      struct xg_bytes state),
                               void *to, struct xg_error *err);
    void (*close)(void *ctx);
};

/* DIR of a server, running or not, or a copy of it; opened for reading only.
 * XG_NOTFOUND, XG_FORMAT. */
XG_MUST_CHECK enum xg_status xg_audit_folder(struct xg_audit_source *out,
                                             const char *dir,
                                             struct xg_error *err);
/* Write all that a source has into a bundle (docs/bundles.md). What comes
 * meanwhile is not in it. *missing: files that the source ought to have. */
struct xg_audit_written {
    uint64_t size, batches, files, photos, missing, bytes;
};
XG_MUST_CHECK enum xg_status xg_audit_bundle_write(
    struct xg_audit_written *out, const struct xg_audit_source *source,
    const struct xg_bundle_target *target, bool photos,
    void (*progress)(void *ctx, uint64_t done, uint64_t of), void *ctx,
    struct xg_error *err);
/* A bundle made by `xunge-server bundle write DIR FILE --audit`. */
XG_MUST_CHECK enum xg_status xg_audit_bundle(struct xg_audit_source *out,
                                             const struct xg_bundle_source *from,
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
    uint64_t accesses; /* records of who read personal fields at the server */
    uint64_t waiting, quarantined, forked, redacted; /* batches; redacted:
                                                      * records */
    uint64_t photos, photo_bytes; /* hashed */
    uint64_t unread_batches, unread_photos; /* not shown by the source */
    uint64_t noted, doubts, broken; /* findings */
};

struct xg_audit_options {
    /* Whose log: the auditor's own knowledge, never the source's. `earlier`
     * are keys of the logs that this one follows (xunge/successor/v1), where
     * the auditor has them; else what those signed hangs on the tree alone,
     * which is said. A successor's key may be learned on the way: the registrar
     * signs it. */
    struct xg_verifier log;
    const struct xg_verifier *earlier;
    size_t earlier_count;
    uint8_t registrar[XG_PUBLIC_KEY_SIZE];   /* the same */
    bool has_registrar; /* false: as the first registry note's device line of
                         * the server's chain names it, said so */
    const struct xg_policy *policy;          /* NULL: none */
    bool photos;                             /* hash them too */
    /* A file with what an earlier walk left, if it is there; replaced when this
     * one came to its end. NULL: none. */
    const char *state;
    void (*found)(void *ctx, const struct xg_finding *finding);
    void (*progress)(void *ctx, uint64_t done, uint64_t of);
    /* Every record that got its place, in the order of places given; for
     * replay and the like. May be NULL. */
    void (*record)(void *ctx, const struct xg_record *record,
                   const struct xg_hash *chain, uint64_t seq,
                   const struct xg_hash *previous, uint64_t position,
                   uint64_t anchor_size, const char *device);
    /* Every entry, after it was walked. May be NULL. */
    void (*entry)(void *ctx, uint64_t position, struct xg_bytes note);
    void *ctx; /* of all of these */
};

/* What was not looked at, and why: for the report. */
enum xg_unchecked {
    XG_UNCHECKED_REGISTRAR = 1 << 0, /* its key was not given */
    XG_UNCHECKED_PHOTOS = 1 << 1,    /* not asked for */
    XG_UNCHECKED_BATCHES = 1 << 2,   /* the source does not show them */
    XG_UNCHECKED_POLICY = 1 << 3,    /* none given */
    XG_UNCHECKED_EARLIER = 1 << 4,   /* notes of an earlier log: no key */
    XG_UNCHECKED_FILES = 1 << 5,     /* reference files not shown */
};

struct xg_audit_result {
    struct xg_checkpoint checkpoint;
    struct xg_verifier log;     /* who signed it */
    uint64_t time_ms;           /* of its last time note: the log's word */
    unsigned unchecked;         /* of enum xg_unchecked */
    uint64_t from;              /* the entries before were walked earlier */
    struct xg_audit_counts counts;
    bool quorum;                /* the newest checkpoint satisfies the policy */
    uint64_t quorum_size, quorum_time_s; /* the newest that does, 0: none */
    uint64_t device_witnesses;  /* distinct devices whose cosignature verified */
};

/* Walk. XG_OK: walked to the end, whatever was found; the verdict is the
 * counts'. XG_ALARM: no checkpoint that this log signed. XG_CORRUPT: the saved
 * state is damaged, XG_REFUSED: it is of another log, key or policy. Others:
 * the source could not be read. */
XG_MUST_CHECK enum xg_status xg_audit_walk(struct xg_audit_result *result,
                                           const struct xg_audit_source *source,
                                           const struct xg_audit_options *o,
                                           struct xg_error *err);

#endif
