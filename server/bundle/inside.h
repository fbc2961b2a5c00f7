/* inside.h - what reading and answering share; of bundle_*.c only. */
#ifndef SERVER_BUNDLE_INSIDE_H
#define SERVER_BUNDLE_INSIDE_H

#include "server/api/answer.h"
#include "server/bundle/bundle.h"

struct bundle_batch {
    struct xg_hash id;
    enum xg_batch_state state;
    uint64_t position;
};

struct bundle_taken {
    struct bundle_report report;
    struct xg_bundle index;
    struct xg_buf hello;    /* the note; caller.says borrows it */
    struct xg_buf enrolled; /* the answer, a signed note */
    bool has_hello;
    struct api_caller caller; /* of the hello */
    struct bundle_batch *batches;
    size_t batch_count;
    struct xg_hash *photos; /* here now: their proofs go back */
    size_t photo_count;
};

#endif
