/* bundle.h - the server's side of a bundle (docs/bundles.md): takes in what a
 * device wrote to a file, and writes for a device what the network would have
 * answered. Every part goes the very way of the network (api/answer.h,
 * photo.h), and authenticates itself; nothing of a bundle is kept but by that.
 *
 * Taking the same again, a part of it, or an older one is always right.
 */
#ifndef SERVER_BUNDLE_H
#define SERVER_BUNDLE_H

#include "server/data/data.h"
#include "shared/bundle/bundle.h"

enum {
    BUNDLE_TROUBLES_MAX = 16, /* bad parts that are named */
    BUNDLE_UPDATES_BYTES = 256
                           << 20, /* of pages; what is left comes next time */
    BUNDLE_RECEIPTS_MAX = 16384,  /* the newest */
    BUNDLE_PHOTOS_MAX = 16384,    /* proofs */
    BUNDLE_TILES_MAX = 4000,      /* of leaves: proofs from a million
                                   * entries before the end; a device
                                   * keeps 4096 in memory */
    BUNDLE_REFERENCE_BYTES = 4 << 20, /* of a file: devices take no larger */
};

/* ---- up ---- */

struct bundle_trouble {
    char part[XG_TAR_NAME_MAX + 1]; /* "" : the file itself */
    enum xg_status status;
    char why[XG_ERROR_SIZE];
};

struct bundle_report {
    char device[XG_KEY_NAME_MAX + 1]; /* whose it is; "": it may not join */
    enum xg_device_state state;
    bool asked_to_join;
    int64_t time_ms;       /* of the writer's clock */
    uint64_t parts, bytes; /* that the index announces */
    uint64_t came;         /* parts that came whole */
    uint64_t batches[XG_BATCH_QUARANTINED + 1];
    uint64_t records; /* new ones */
    uint64_t photos, photos_held,
        photo_bytes;  /* new; here before; of the new */
    uint64_t bad;     /* parts passed over, the first of them in troubles */
    uint64_t foreign; /* parts that this program does not know */
    bool cut;         /* the file ends too early */
    struct xg_error stopped; /* status not XG_OK: our side failed, read it
                              * again */
    size_t trouble_count;
    struct bundle_trouble troubles[BUNDLE_TROUBLES_MAX];
};

/* What was read of one, and what an answer needs of it. */
struct bundle_taken;

/* Read one to its end. A failure took nothing: no bundle, not ours to open, for
 * another log, not from whom it says, a sender who is not known, or one who may
 * not join. Whatever happens after that is in the report. `progress` (bytes of
 * parts) may be NULL. */
XG_MUST_CHECK enum xg_status
bundle_take(struct bundle_taken **out, struct data *d,
            const struct xg_bundle_source *from,
            void (*progress)(void *ctx, uint64_t done, uint64_t total),
            void *ctx, struct xg_error *err);
const struct bundle_report *bundle_report(const struct bundle_taken *taken);
void bundle_taken_free(struct bundle_taken *taken);

/* ---- down ---- */

struct bundle_given {
    char device[XG_KEY_NAME_MAX + 1];
    enum xg_device_state state; /* pending, revoked: that is nearly all it
                                 * says */
    uint64_t size, since;       /* of the index */
    uint64_t bytes, parts;      /* of the file; in it */
    uint64_t registry_notes, receipts, references, files, records, photos;
    uint64_t updates_to; /* less than size: more is left for the next one */
    struct bundle_trouble trouble; /* status not XG_OK: why */
};

struct bundle_out {
    struct xg_bundle_target target; /* its slots are set here */
    bool seal;
    void (*progress)(void *ctx, uint64_t done, uint64_t total); /* or NULL */
    void *ctx;
};

/* The answer to what was taken. XG_ALARM: the device has seen a longer log than
 * ours. */
XG_MUST_CHECK enum xg_status bundle_answer(struct bundle_given *given,
                                           struct data *d,
                                           const struct bundle_taken *taken,
                                           const struct bundle_out *out,
                                           struct xg_error *err);
/* For a device, without a word of it: updates from `since` on, receipts of what
 * lies in the log from there. XG_NOTFOUND: no such device; XG_USAGE: the log is
 * not as long. */
XG_MUST_CHECK enum xg_status
bundle_give(struct bundle_given *given, struct data *d, const char *device,
            uint64_t since, const struct bundle_out *out, struct xg_error *err);


/* ---- for an auditor ---- */

struct bundle_audited {
    uint64_t size, batches, files, photos;
    uint64_t missing; /* files that ought to be here, and are not */
    uint64_t bytes;
};
XG_MUST_CHECK enum xg_status bundle_audit(struct bundle_audited *out,
                                          struct data *d,
                                          const struct bundle_out *to,
                                          bool photos, struct xg_error *err);

#endif
