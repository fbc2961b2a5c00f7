/* sessions.h - who is logged in.
 *
 * A session is its token, which only the browser's tab has (here lies its
 * hash), and the operator's opened signing key, which lies in locked memory
 * between two pages that nobody may touch, and is wiped when the session ends.
 * In memory alone: with the process all of them end.
 *
 * Whoever works for a session holds it; what ended meanwhile is freed when the
 * last lets go.
 */
#ifndef XG_SERVER_CONSOLE_SESSIONS_H
#define XG_SERVER_CONSOLE_SESSIONS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/account/account.h"

enum {
    SESSIONS_MAX = 1024,
    SESSIONS_EACH = 8, /* of one operator: the oldest goes */
    SESSION_HOURS = 12,
    SESSION_IDLE_MIN = 30,
    SESSION_TOKEN_SIZE = 44, /* base64url of 32 bytes, with terminator */
};

struct session {
    char code[XG_CODE_MAX + 1], unit[XG_CODE_MAX + 1];
    const struct xg_role *role;
    uint64_t turn, position; /* of her account as she came in */
    const uint8_t *secret; /* NULL: signs nothing */
    /* of sessions.c */
    struct xg_hash token;
    uint8_t *locked;
    int64_t began_ms, touched_ms;
    unsigned holders;
    atomic_bool ended;
};

struct sessions {
    pthread_mutex_t lock;
    struct session *all[SESSIONS_MAX];
    bool may_swap; /* said once that memory could not be locked */
};

void sessions_init(struct sessions *s);
void sessions_clear(struct sessions *s);

/* Begin one; `now_ms` of a clock that never goes back. XG_BUSY: too many. */
XG_MUST_CHECK enum xg_status
sessions_begin(struct sessions *s, char token[static SESSION_TOKEN_SIZE],
               const struct account *who, const uint8_t *secret, int64_t now_ms,
               struct xg_error *err);

/* The session of that token, held; NULL: there is none, or its time is over.
 * `touched`: a person did something. */
struct session *sessions_take(struct sessions *s, const char *token,
                              bool touched, int64_t now_ms);
void sessions_let_go(struct sessions *s, struct session *session);

void sessions_end(struct sessions *s, struct session *session);
/* All of that operator but one, which may be NULL. */
void sessions_end_of(struct sessions *s, const char *code,
                     const struct session *but);
/* Is it over by now? */
bool sessions_over(struct sessions *s, struct session *session,
                   int64_t now_ms);
/* `code` NULL: of all. */
unsigned sessions_count(struct sessions *s, const char *code, int64_t now_ms);

#endif
