/* lately.h - answers that were given less than a second ago, and those that are
 * being looked for, for whoever asks the same.
 *
 * When something comes in, every page that is open asks for its list and its
 * counts, by itself: two hundred operators of a dozen units, the same dozen
 * questions. So what is asked by no hand, and shows nothing personal, is
 * answered as it was to another of the same unit and role, and while one of
 * them looks for it the others wait for hers: all ask in the same moment, when
 * nothing is there yet to be given again. Any act here makes all of it old at
 * once, what is being looked for too; so does whatever is told of (events.h),
 * since the question holds how far that is.
 */
#ifndef XG_SERVER_CONSOLE_LATELY_H
#define XG_SERVER_CONSOLE_LATELY_H

#include <pthread.h>
#include <stdbool.h>

#include "shared/base/buf.h"
#include "shared/base/bytes.h"

enum {
    LATELY_KEPT = 64,
    LATELY_MS = 1000,
    LATELY_BYTES = 128 << 10, /* of one answer */
};

/* One who looks for an answer. Lies with her; ours from lately_find to
 * lately_found. */
struct lately_look {
    struct xg_hash question;
    uint64_t acts; /* that were done when she began */
    struct lately_look *next;
};

struct lately {
    pthread_mutex_t lock;
    pthread_cond_t found; /* by somebody, or not */
    uint64_t acts; /* that were done */
    struct lately_look *looking;
    unsigned next;
    struct {
        struct xg_hash question;
        int64_t at_ms;
        uint64_t acts;
        struct xg_buf text;
    } kept[LATELY_KEPT];
};

void lately_init(struct lately *l);
void lately_clear(struct lately *l); /* nobody looks any more */

/* Somebody did something: what was asked before does not count. */
void lately_acted(struct lately *l);

/* True: it is appended. While another looks for the same, she is waited for,
 * but only once: what cannot be kept is looked for by each, all at once. False:
 * it is to be looked for, and `look` goes to lately_found whatever came of it. */
bool lately_find(struct lately *l, struct xg_buf *out,
                 const struct xg_hash *question, int64_t now_ms,
                 struct lately_look *look);
/* No text: there is nothing that could be given to another. */
void lately_found(struct lately *l, struct lately_look *look,
                  struct xg_bytes text, int64_t now_ms);

#endif
