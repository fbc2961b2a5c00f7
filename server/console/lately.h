/* lately.h - answers that were given less than a second ago, for whoever asks
 * the same.
 *
 * When something comes in, every page that is open asks for its list and its
 * counts, by itself: two hundred operators of a dozen units, the same dozen
 * questions. So what is asked by no hand, and shows nothing personal, is
 * answered as it was to another of the same unit and role. Any act here makes
 * all of it old at once.
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

struct lately {
    pthread_mutex_t lock;
    uint64_t acts; /* that were done */
    unsigned next;
    struct {
        struct xg_hash question;
        int64_t at_ms;
        uint64_t acts;
        struct xg_buf text;
    } kept[LATELY_KEPT];
};

void lately_init(struct lately *l);
void lately_clear(struct lately *l);

/* Asked before the answer is looked for: what is done meanwhile counts. */
uint64_t lately_acts(struct lately *l);
void lately_acted(struct lately *l);

/* False: it has to be looked for. Else it is appended. */
bool lately_find(struct lately *l, struct xg_buf *out,
                 const struct xg_hash *question, int64_t now_ms);
/* `acts`: as it was before. */
void lately_keep(struct lately *l, const struct xg_hash *question,
                 struct xg_bytes text, uint64_t acts, int64_t now_ms);

#endif
