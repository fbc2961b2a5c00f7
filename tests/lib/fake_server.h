/* fake_server.h - a server in memory, small and honest, for tests of what the
 * agent does. It keeps a real log, signs real notes, and knows batches by
 * their id; it does not merge. A test gets at everything: `before` and `after`
 * see each request and answer, and may drop, cut, change or repeat them.
 */
#ifndef XG_TESTS_LIB_FAKE_SERVER_H
#define XG_TESTS_LIB_FAKE_SERVER_H

#include "agent/engine/transport.h"
#include "shared/base/env.h"
#include "shared/core/batch.h"
#include "shared/core/protocol.h"

enum {
    FAKE_ENTRIES_MAX = 4096,
    FAKE_CHAINS_MAX = 32,
    FAKE_DEVICES_MAX = 8,
    FAKE_NOTES_MAX = 100,
    FAKE_REFERENCES_MAX = 100,
    FAKE_BLOBS_MAX = 256,
};

#define FAKE_ORIGIN "lanshan.example"
#define FAKE_URL "http://127.0.0.1:1"

struct fake_batch {
    struct xg_hash id;
    uint64_t position;
    struct xg_hash chain;
    uint64_t first, last;
    unsigned puts; /* how often it came */
};

struct fake_chain {
    struct xg_hash chain, last;
    uint64_t next;
    bool forked;
    size_t device;
};

struct fake_device {
    struct xg_verifier key;
    struct xg_hash chain;
    struct xg_hash token;
    unsigned enrols, hellos;
};

/* An entry of the log, and its file (lent). */
struct fake_reference {
    uint64_t position;
    struct xg_reference says;
    struct xg_bytes content;
    struct xg_buf note;
};

/* A photo that it holds; `note` and `position` say so in its log. */
struct fake_blob {
    struct xg_hash sha256;
    struct xg_buf content, note;
    uint64_t position;
};

struct fake_upload {
    struct xg_hash sha256;
    uint64_t length;
    struct xg_buf content; /* what came */
    bool gone;             /* expired, or its photo is held */
};

/* How an answer about held photos is spoilt. */
enum fake_lie {
    FAKE_HONEST,
    FAKE_OTHER_NOTE,   /* the receipt of another photo's note */
    FAKE_OTHER_HASH,   /* a note that names another photo */
    FAKE_OTHER_LENGTH, /* ... another length of it */
    FAKE_OTHER_LOG,    /* another log's note, receipt and checkpoint */
    FAKE_OTHER_PROOF,  /* what does not continue the checkpoint held */
    FAKE_LIES
};

struct fake_photos {
    size_t blob_count, upload_count;
    struct fake_blob blobs[FAKE_BLOBS_MAX];
    struct fake_upload uploads[FAKE_BLOBS_MAX];
    size_t begun_count; /* in the order in which they were begun */
    struct xg_hash begun[FAKE_BLOBS_MAX];
    unsigned asked, posts, heads, patches, gets;
    uint64_t bytes_came; /* of bodies, as far as they came */
    /* What a test sets. */
    bool none;           /* it is older than photos are */
    bool unnamed;        /* no record names anything yet */
    uint64_t room;       /* bytes that still fit; UINT64_MAX */
    enum fake_lie lie;
    bool drops_all;      /* of a whole photo it says: another one */
    size_t cut_requests; /* so many PATCHes (POSTs with a body) break off ... */
    uint64_t cut_after;  /* ... when so much of the body had come */
    bool cut_answer;     /* ... or when all had, on the way back */
    uint64_t checksum_fails; /* so many pieces are damaged on the way */
    size_t order_count;
    struct xg_hash orders[XG_ORDERS_MAX];
    uint64_t backup;
};

struct fake_server {
    struct xg_env env;
    struct xg_signer log, registrar;
    uint8_t secret[XG_SECRET_SIZE];
    struct xg_enrol_code code;
    enum xg_device_state state;

    uint64_t size; /* of the log */
    struct xg_hash leaves[FAKE_ENTRIES_MAX];
    size_t batch_count;
    struct fake_batch batches[FAKE_ENTRIES_MAX];
    size_t chain_count;
    struct fake_chain chains[FAKE_CHAINS_MAX];
    size_t device_count;
    struct fake_device devices[FAKE_DEVICES_MAX];
    size_t note_count; /* of the registry, whole and signed */
    struct xg_buf notes[FAKE_NOTES_MAX];
    uint64_t note_positions[FAKE_NOTES_MAX];
    size_t news_max; /* so many of them in one answer; 0: XG_REGISTRY_NEWS_MAX */

    /* What updates serve, from position `served_from` on: a body as of
     * protocol.h, and the records' hashes. */
    struct xg_buf body;
    struct xg_tree body_tree;
    uint64_t served_from;
    size_t reference_count;
    struct fake_reference references[FAKE_REFERENCES_MAX];
    unsigned lists, files; /* asked for */
    unsigned pages;        /* given, alone or with a receipt */
    bool no_news;          /* as a server that gives none with a receipt */

    struct fake_photos photos;

    unsigned requests;
    void *ctx; /* of the two below */
    /* Before anything is done with the request. Other than XG_OK: the request
     * never came. True in *answered: the answer is what was put there. */
    enum xg_status (*before)(void *ctx, const struct transport_request *request,
                             struct transport_answer *answer, bool *answered);
    /* The work is done; the answer is on its way. */
    enum xg_status (*after)(void *ctx, const struct transport_request *request,
                            struct transport_answer *answer);
};

/* Heap. A log with two entries: a note, and the registry's first note. */
struct fake_server *fake_server_new(const struct xg_env *env);
void fake_server_free(struct fake_server *f);
struct xg_transport fake_server_transport(struct fake_server *f);

/* Append an entry of some bytes to the log. */
uint64_t fake_server_append(struct fake_server *f, struct xg_bytes entry);
/* One more registry note, with one unit line. */
void fake_server_registry(struct fake_server *f, const char *unit);
/* The registrar names another key, which signs what comes after. The code keeps
 * the key it has. */
void fake_server_rotate(struct fake_server *f);
/* Append an entry that names a file of that kind, and serve the file. */
void fake_server_refer(struct fake_server *f, const char *kind,
                       const char *edition, const char *content);
/* What the log would be if its last entries had never been. */
void fake_server_cut_log(struct fake_server *f, uint64_t size);
/* Put a record (or another item) into what updates serve from now on. */
void fake_server_offer(struct fake_server *f, const struct xg_update *u,
                       bool with_previous);
/* It holds this photo, however it came; the log says so. */
void fake_server_hold(struct fake_server *f, struct xg_bytes content);
/* The photo as it came; NULL where it is not held. */
const struct fake_blob *fake_server_blob(const struct fake_server *f,
                                         const struct xg_hash *sha256);
/* Every upload is forgotten, as after a week. */
void fake_server_expire(struct fake_server *f);
/* *mine false: a request that is not about photos. (fake_photos.c) */
enum xg_status fake_photos_serve(struct fake_server *f, bool *mine,
                                 const struct transport_request *r,
                                 struct transport_answer *a);
void fake_photos_clear(struct fake_server *f);
void fake_put_consistency(struct fake_server *f, struct xg_buf *out,
                          uint64_t old);
void fake_put_receipt(struct fake_server *f, struct xg_buf *out,
                      uint64_t position);
void fake_problem(struct transport_answer *answer, int status,
                  const char *code, const char *title);

#endif
