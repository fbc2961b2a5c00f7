/* cosigned.h - what devices cosigned: every handheld is a witness that
 * the log is consistent, never of what time it is.
 *
 * Of each device the newest checkpoint is kept that is ours; and the first
 * that is not, or that lies beyond our log: a device that saw another history,
 * which is evidence against one of the two. Nothing that it sends is refused
 * for that.
 */
#ifndef SERVER_WITNESS_DEVICE_H
#define SERVER_WITNESS_DEVICE_H

#include <pthread.h>

#include "server/api/answer.h"
#include "shared/core/witness.h"

enum {
    WITNESS_LINE_SIZE = XG_KEY_NAME_MAX + XG_BASE64_SIZE(XG_COSIGNED_SIZE) + 16
};

/* From a hello that was opened: look at it in the view, and keep it once the
 * view is closed. What is wrong, or cannot be kept, is said in the log. */
struct witness_heard {
    bool new;                     /* to be kept */
    struct store_cosignature row; /* its line is the one below */
    char line[WITNESS_LINE_SIZE];
};
void witness_hear(struct witness_heard *heard, const struct api_view *v,
                  const struct api_caller *who);
void witness_keep(struct data *d, const struct witness_heard *heard);

/* What the log signed of those checkpoints, which are as many as devices synced
 * at different times, and which anybody may ask for, time and again: each is
 * signed once, as long as a device holds it. Who asks meanwhile waits for that,
 * and has no reader of the store while he waits. All zeros but the lock:
 * nothing is signed yet. */
enum { WITNESS_SIGNED_MAX = 32768 }; /* 104 bytes each */
struct witness_signature {
    uint64_t size;
    struct xg_hash root;
    uint8_t bytes[XG_SIGNATURE_SIZE];
};
struct witness_signed {
    pthread_mutex_t lock;
    struct witness_signature *list; /* of the last answer: sizes descend */
    size_t count;
};
void witness_signed_init(struct witness_signed *kept);
void witness_signed_clear(struct witness_signed *kept);

/* Append the frames of GET /log/witnesses: what devices cosigned of our log,
 * checkpoint by checkpoint, newest first. */
enum { WITNESS_LINES_MAX = 63 }; /* in a note, beside the log's */
XG_MUST_CHECK enum xg_status witness_put_devices(struct xg_buf *out,
                                                 struct data *d,
                                                 struct witness_signed *kept,
                                                 struct xg_arena *arena,
                                                 struct xg_error *err);

#endif
