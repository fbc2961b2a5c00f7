/* quota.h - what one operator may take of the console at once, so that a loop
 * of hers starves nobody. Counted by her code, however many sessions she has.
 *
 * Commands wait their turn; of those who wait, whoever has the fewest running
 * is next. Everything else that is too much is refused.
 */
#ifndef XG_SERVER_CONSOLE_QUOTA_H
#define XG_SERVER_CONSOLE_QUOTA_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/console/sessions.h"

enum {
    QUOTA_RUNS = 8,        /* commands at once, of all */
    QUOTA_RUNS_EACH = 3,   /* of one */
    QUOTA_CALLS_EACH = 32, /* hers that run or wait */
};

/* What takes room for as long as somebody sends, or reads. */
enum quota_kind {
    QUOTA_FEED,   /* a body on its way to a file: its bytes of the disk */
    QUOTA_ANSWER, /* a long answer until it is read: its bytes of memory */
    QUOTA_FILE,   /* a file until it is read: its bytes of disk or memory */
    QUOTA_STREAM, /* of events */
    QUOTA_KINDS,
};

struct quota_share {
    char code[XG_CODE_MAX + 1]; /* "": nobody's */
    unsigned running, waiting;
    unsigned count[QUOTA_KINDS];
    uint64_t bytes[QUOTA_KINDS];
};

struct quota {
    pthread_mutex_t lock;
    pthread_cond_t turn;
    struct quota_share each[SESSIONS_MAX];
    struct quota_share all; /* its code is not said */
};

void quota_init(struct quota *q);
void quota_clear(struct quota *q);

/* Each that was begun is ended, with the same bytes. False: too much of hers,
 * or of all. */
bool quota_begin_run(struct quota *q, const char *code); /* waits its turn */
void quota_end_run(struct quota *q, const char *code);
bool quota_begin(struct quota *q, const char *code, enum quota_kind kind,
                 uint64_t bytes);
void quota_end(struct quota *q, const char *code, enum quota_kind kind,
               uint64_t bytes);
/* Of all together. */
uint64_t quota_bytes(struct quota *q, enum quota_kind kind);

#endif
