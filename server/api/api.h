/* api.h - what the server answers over HTTP: one table of routes, no sockets.
 *
 * A simulator fills a struct xg_request and calls xg_route_serve() on
 * api_routes with a struct api as ctx; `xunge-server serve` lends the same two
 * to shared/web. Texts and frames are those of shared/core/protocol.h.
 *
 *      POST /v1/enrol              a note by the new key -> a note by the log
 *      POST /v1/hello              a note by the device -> frames
 *      PUT  /v1/batches/<id>       a batch -> frames                   token
 *      GET  /v1/batches/<id>       the batch as it came                token
 *      GET  /v1/proof?record=      frames, see below                   token
 *      GET  /v1/updates?since=     a page; &held=                      token
 *      GET  /v1/references?from=   reference entries: frames           token
 *      GET  /v1/reference/<sha256> an imported file                    token
 *      POST /v1/blobs/held         hashes -> frames                    token
 *      *    /v1/blobs, /v1/uploads/<id>   photos by tus 1.0.0         token
 *      GET  /v1/blobs/<sha256>     a photo, or a range of it           token
 *      GET  /log/checkpoint        a signed note
 *      GET  /log/tile/...          hashes, entries
 *      GET  /log/cosigned          the newest checkpoint of the policy's quorum
 *      GET  /log/witnesses         what devices cosigned: frames
 *      POST /add-checkpoint        C2SP tlog-witness, of other logs
 *      GET  /witness/<hex SHA-256 of an origin>/checkpoint
 *      GET  /healthz               "ok", or 503
 *      GET  /metrics               Prometheus text; on the loopback only
 *
 * A token goes as "Authorization: Bearer <base64>". Any device's token may
 * carry any device's batch: a batch authenticates itself. Ids in paths are
 * lower-case hex.
 *
 * The proof of a record is three frames:
 *      1  "record <base64 hash> <index in batch> <records in batch>\n", then
 *         the path to the root in the batch's note: base64 hashes, one a line
 *      2  the batch's note
 *      3  the receipt: a tlog-proof of that note
 *
 * Refusals are problem+json. `code` is the name of a status (error.h), or
 *
 *      token      401  no session, or it ran out: say hello again
 *      device     403  nobody of that name is enrolled here
 *      revoked    403  may send what it has, but receives no more
 *      pending    403  waits for an operator's yes
 *      signature  403, of a batch 422   not signed by who it says
 *      wrong-log  409  meant for another server
 *      wrong-id   422  the path names another batch than the body
 *      behind     503  the device has seen a larger log than ours: an alarm
 *
 * and of photos on their way in
 *
 *      sha256, length, offset, checksum  400   a header is missing or malformed
 *      unnamed    404  no record names the photo (yet): send the records first
 *      method     405
 *      offset     409  the upload stands elsewhere: ask, and go on
 *      taken-over 409  another connection goes on with it
 *      tus-version 412
 *      length     413  not the length that the record states
 *      content-type 415
 *      hash       422  what came is another photo, and was dropped
 *      checksum   460  the piece was dropped: send it again
 */
#ifndef SERVER_API_H
#define SERVER_API_H

#include <stdatomic.h>

#include "server/api/cosigned.h"
#include "server/api/session.h"
#include "server/data/data.h"
#include "shared/web/http.h"
#include "shared/web/web.h"

enum {
    API_NOTE_BODY_MAX = 64 << 10,
    API_PROOF_BYTES = 64 << 20, /* of memory to open a batch for a proof */
};

struct api {
    struct data *data; /* borrowed */
    struct session_table *sessions;
    struct witness_signed cosigned; /* for GET /log/witnesses */
    _Atomic(struct xg_web *) web; /* for the figures; NULL: none */
    int64_t started_ms;           /* on the monotonic clock */
    atomic_uint at_work;          /* batches being taken in */
    atomic_ullong batches[XG_BATCH_QUARANTINED + 1]; /* since the start */
    atomic_ullong records, refused, alarms;
};

/* `data` is borrowed until api_close(). */
XG_MUST_CHECK enum xg_status api_open(struct api *a, struct data *data,
                                      struct xg_error *err);
void api_close(struct api *a);

extern const struct xg_route api_routes[];
extern const size_t api_route_count;

/* Answers "healthz": the store can be read. */
XG_MUST_CHECK enum xg_status api_health(struct api *a, struct xg_error *err);

#endif
