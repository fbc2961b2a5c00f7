/* bundle.h - what a sync would carry, by files: docs/bundles.md is the
 * contract, shared/bundle/bundle.h the file.
 *
 * bundle_write() changes nothing but that batches become `sent` and that the
 * hello's random is remembered. bundle_read() takes part after part, each in a
 * transaction of its own, so it can be cut anywhere and done again.
 */
#ifndef AGENT_BUNDLE_H
#define AGENT_BUNDLE_H

#include "agent/engine/engine.h"

struct bundle_progress {
    void (*step)(void *ctx, uint64_t done, uint64_t total); /* bytes; or NULL */
    void *ctx;
};

/* ---- up ---- */

struct bundle_write_options {
    const char *path;        /* "-": standard output */
    bool seal;               /* to the log's key */
    enum sync_photos photos; /* AUTO: all */
    struct bundle_progress progress;
};

struct bundle_written {
    uint64_t batches, records;
    uint64_t photos, thumbnails, photo_bytes;
    uint64_t photos_left;    /* no room in one bundle: the next one has them */
    uint64_t photos_missing; /* that are neither here nor proven */
    uint64_t photos_damaged; /* here, but not whole: not worth anything */
    uint64_t bytes;          /* of the file */
};

/* XG_REFUSED: not enrolled; the file is there. XG_FULL before anything is
 * written. XG_BUSY: another program is syncing. */
XG_MUST_CHECK enum xg_status
bundle_write(struct home *home, struct bundle_written *out,
             const struct bundle_write_options *options, struct xg_error *err);

/* The request to join, in the place of a hello: makes key and chain as
 * sync_enrol() does. May be repeated with the same code. */
XG_MUST_CHECK enum xg_status
bundle_write_enrol(struct home *home, const struct xg_enrol_code *code,
                   const struct bundle_write_options *options,
                   struct xg_error *err);

/* ---- down ---- */

enum { BUNDLE_REASONS_MAX = 4 };

struct bundle_taken {
    struct sync_report report; /* as of a sync; filled also on failure */
    bool enrolled;             /* the enrolment's answer was in it */
    bool cut;                  /* the file ends before its end */
    bool old;                  /* nothing was taken: it is older than what is
                                * known here */
    bool answers;              /* it echoes a hello of ours */
    uint64_t parts, bad_parts;
    size_t reason_count; /* of the first bad ones, each names its part */
    char reasons[BUNDLE_REASONS_MAX][SYNC_REASON_SIZE];
    uint64_t photos_proven, photos_back; /* back: that came with it */
    uint64_t batches_waiting;            /* without a receipt after it */
    bool gap;                            /* updates begin after what is held: */
    uint64_t gap_from, gap_held;
};

/* XG_OK: taken, as far as it came whole (see `cut`, `bad_parts`, `gap`).
 * XG_FORMAT, XG_AUTH: no bundle, not signed by the log, sealed to another.
 * XG_REFUSED: for another device (named), of another log, or up. XG_GAP: its
 * log cannot be joined to the one held. XG_ALARM. */
XG_MUST_CHECK enum xg_status
bundle_read(struct home *home, struct bundle_taken *out, const char *path,
            const struct bundle_progress *progress, struct xg_error *err);

#endif
