/* bundle.h - a bundle: what the network would carry, in a file. docs/bundles.md
 * is the contract; this is what both sides share of it: the index, the names
 * of the parts, and a file that may be sealed, cut or hostile.
 *
 * A bundle is a tar (tar.h) or a sealed file (seal.h) around one. Its first
 * part is `bundle.txt`:
 *
 *      xunge/bundle/v1
 *      log <origin>
 *      kind up|down
 *      from <key name>             the device, or the log
 *      to <key name>               the log, or the device
 *      time <Unix ms>              of the writer's clock; says nothing
 *      size <n>                    of the checkpoint that the writer holds
 *      since <n>                   up: updates are wanted from here; down: from
 *                                  here they are brought
 *      parts <count> <bytes>       that follow
 *
 * signed by `from`; a device that is not enrolled yet signs as "<origin>/new".
 * The signature only says whose file it is: every part authenticates itself.
 *
 * up      hello | enrol           what POST /v1/hello, /v1/enrol would carry
 *         batches/<id>            framed
 *         blobs/<sha-256>         thumbnails first
 * down    enrolled                what POST /v1/enrol answers
 *         welcome                 what POST /v1/hello answers: frames; without
 *                                 a session; several, where the registry
 *                                 has more news than one takes
 *         log/tile/<l>/<n>[.p/w]  hash tiles: a proof from any size >= since
 *         states                  "<batch id> <state>\n" ...
 *         receipts/<id>.tlog-proof
 *         references/<n>          what GET /v1/references?from=<n> answers
 *         reference/<sha-256>     a file
 *         updates/<from>          pages, as GET /v1/updates answers
 *         held/<n>                what POST /v1/blobs/held answers, but the
 *                                 first frame, which is empty
 *         blobs/<sha-256>         photos that the device asked for
 *
 * in this order. Ids are lower-case hex.
 */
#ifndef XG_BUNDLE_BUNDLE_H
#define XG_BUNDLE_BUNDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/buf.h"
#include "shared/bundle/bundle_file.h"
#include "shared/core/note.h"
#include "shared/core/tlog.h"

enum {
    XG_BUNDLE_PARTS_MAX = 65536,
    XG_BUNDLE_PART_MAX = 16 << 20, /* bytes of a part that is read whole */
    XG_BUNDLE_BLOB_MAX = 64 << 20,
};

enum xg_bundle_kind { XG_BUNDLE_UP, XG_BUNDLE_DOWN };

struct xg_bundle {
    enum xg_bundle_kind kind;
    char log[XG_KEY_NAME_MAX + 1];
    char from[XG_KEY_NAME_MAX + 1], to[XG_KEY_NAME_MAX + 1];
    int64_t time_ms;
    uint64_t size, since;
    uint64_t parts, bytes;
};

void xg_bundle_put(struct xg_buf *text, const struct xg_bundle *b);
XG_MUST_CHECK enum xg_status
xg_bundle_read(struct xg_bundle *b, struct xg_bytes text, struct xg_error *err);

enum xg_part_kind {
    XG_PART_OTHER, /* of a newer program, or none of ours: passed over */
    XG_PART_HELLO,
    XG_PART_ENROL,
    XG_PART_BATCH,
    XG_PART_BLOB,
    XG_PART_ENROLLED,
    XG_PART_WELCOME,
    XG_PART_TILE,
    XG_PART_STATES,
    XG_PART_RECEIPT,
    XG_PART_REFERENCES,
    XG_PART_REFERENCE,
    XG_PART_UPDATES,
    XG_PART_HELD,
};

/* A part's name says all of it but its length. */
struct xg_part {
    enum xg_part_kind kind;
    char name[XG_TAR_NAME_MAX + 1];
    uint64_t length;
    struct xg_hash id; /* BATCH, BLOB, RECEIPT, REFERENCE */
    uint64_t number;   /* REFERENCES, UPDATES, HELD */
    struct xg_tile tile; /* TILE */
};
/* From a name; length is left alone. */
void xg_part_of(struct xg_part *part, const char *name);

/* "folder/<id as hex>suffix". */
void xg_bundle_name(char name[static XG_TAR_NAME_MAX + 1], const char *folder,
                    const struct xg_hash *id, const char *suffix);

/* ---- writing ----
 *
 * Parts are added as they become known and put in the order above, those of a
 * kind as they came. What is large or many is only announced: its bytes are
 * asked for when they are written (xg_bundle_fetch, bundle_file.h). */
struct xg_bundle_writer;

XG_MUST_CHECK enum xg_status xg_bundle_new(struct xg_bundle_writer **out,
                                           struct xg_error *err);
/* Content is copied. XG_TOOBIG over one of the limits, here and below. */
XG_MUST_CHECK enum xg_status xg_bundle_add(struct xg_bundle_writer *w,
                                           const char *name,
                                           struct xg_bytes content,
                                           struct xg_error *err);
XG_MUST_CHECK enum xg_status xg_bundle_announce(struct xg_bundle_writer *w,
                                                const char *name,
                                                uint64_t length,
                                                struct xg_error *err);
/* The same for "blobs/<sha256>". */
XG_MUST_CHECK enum xg_status xg_bundle_add_blob(struct xg_bundle_writer *w,
                                                const struct xg_hash *sha256,
                                                uint64_t length,
                                                struct xg_error *err);
/* So far. */
void xg_bundle_count(const struct xg_bundle_writer *w, uint64_t *parts,
                     uint64_t *bytes);
/* Sets from, parts and bytes of `index`, signs it, and writes all as
 * xg_bundle_file_write() does. */
XG_MUST_CHECK enum xg_status
xg_bundle_write(struct xg_bundle_writer *w, uint64_t *bytes,
                const struct xg_bundle_target *target, struct xg_bundle *index,
                const struct xg_signer *signer,
                const struct xg_bundle_host *host, struct xg_error *err);
void xg_bundle_free(struct xg_bundle_writer *w);

/* ---- reading ---- */

struct xg_bundle_reader;

/* Reads the index, whose signature is not verified (but it names index->from):
 * *note is the signed note, lent until the reader is closed. XG_FORMAT: no
 * bundle; XG_AUTH: sealed to another key. */
XG_MUST_CHECK enum xg_status xg_bundle_open(struct xg_bundle_reader **out,
                                            struct xg_bundle *index,
                                            struct xg_bytes *note,
                                            const struct xg_bundle_source *from,
                                            struct xg_error *err);
/* The next part. *more false at the end: then every part that the index
 * announces came, or *cut says that the file ends before (what came whole is
 * good). XG_FORMAT where something does not belong there, or is more or longer
 * than announced; what came before is good. */
XG_MUST_CHECK enum xg_status xg_bundle_next(struct xg_bundle_reader *r,
                                            struct xg_part *part, bool *more,
                                            bool *cut, struct xg_error *err);
/* Its content, whole: appended. XG_TOOBIG over the buffer's ceiling. A part
 * that is cut amid is XG_GAP, and xg_bundle_next() says the rest. */
XG_MUST_CHECK enum xg_status xg_bundle_content(struct xg_bundle_reader *r,
                                               struct xg_buf *out,
                                               struct xg_error *err);
/* The same piece by piece; fewer than `size` only at the end. XG_GAP: cut. */
XG_MUST_CHECK enum xg_status xg_bundle_piece(struct xg_bundle_reader *r,
                                             uint8_t *at, size_t size,
                                             size_t *len, struct xg_error *err);
void xg_bundle_close(struct xg_bundle_reader *r);

#endif
