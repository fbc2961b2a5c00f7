/* guard.h - who may ask: the key that is good once, the token, and what a
 * browser says of where a request comes from.
 *
 * Nothing here is ambient: no cookie, no address that is trusted. A request
 * without the token gets nothing but the page's own files, which hold nothing
 * of anybody.
 */
#ifndef AGENT_UI_GUARD_H
#define AGENT_UI_GUARD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "shared/base/error.h"
#include "shared/web/http.h"

enum {
    GUARD_SECRET_BYTES = 32,
    GUARD_SECRET_SIZE = 44, /* base64url without padding, with terminator */
    GUARD_WRONG_MAX = 10,   /* wrong keys and tokens a minute: then 429 */
};

struct guard {
    atomic_bool open;
    char host[32], origin[40]; /* "127.0.0.1:8123", "http://127.0.0.1:8123" */
    char token[GUARD_SECRET_SIZE];
    pthread_mutex_t lock;
    char key[GUARD_SECRET_SIZE]; /* that opens the next tab */
    unsigned wrong;
    int64_t wrong_since_ms;
};

void guard_init(struct guard *g);
void guard_clear(struct guard *g);
/* Once the port is known. Nobody is let in before guard_open(), by when all
 * that a request may need is there. */
void guard_serve(struct guard *g, uint16_t port);
void guard_open(struct guard *g);

/* Where it came from. `is_page`: what a person may come to from anywhere (a
 * file, a bookmark), since it is the beginning. False: the response says no. */
bool guard_origin(struct guard *g, const struct xg_request *request,
                  bool is_page, struct xg_response *response);
/* The same, and the token. */
bool guard_token(struct guard *g, const struct xg_request *request,
                 struct xg_response *response);
/* The key of the opened address. True: it is used up, and `next` is the one
 * after it. False: the response says no. */
bool guard_key(struct guard *g, const char *key, char next[GUARD_SECRET_SIZE],
               struct xg_response *response);

#endif
