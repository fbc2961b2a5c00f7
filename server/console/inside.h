/* inside.h - what the parts of the console share. docs/console.md says what it
 * serves.
 *
 *      start      begins and ends
 *      routes     the requests
 *      guard      where from
 *      login      who, by password; what she changes of her account
 *      sessions   who is logged in
 *      quota      what one of them may take at once
 *      calls      what may be asked, by whom: the table, and a call judged by it
 *      run        a call that is run, and its answer
 *      lately     answers of a moment ago
 *      events     what changed in the log, and who may know
 *      stream     that, for as long as it is read
 *      metrics    figures, for who watches the machine
 *      tile       what maps are drawn on
 *      page       the page's own files
 */
#ifndef XG_SERVER_CONSOLE_INSIDE_H
#define XG_SERVER_CONSOLE_INSIDE_H

#include <stdatomic.h>

#include "server/console/calls.h"
#include "server/console/console.h"
#include "server/console/events.h"
#include "server/console/guard.h"
#include "server/console/lately.h"
#include "server/console/quota.h"
#include "server/console/sessions.h"
#include "shared/map/tiles.h"
#include "shared/web/web.h"

enum {
    CONSOLE_URL_SIZE = 512,
    CONSOLE_TRIES = 2, /* passwords at once: 64 MiB each */
    CONSOLE_TILES = 64, /* tiles that are waited for */
};

/* So many at once; the others wait their turn. */
struct console_places {
    pthread_mutex_t lock;
    pthread_cond_t free;
    unsigned left;
};

void places_init(struct console_places *p, unsigned count);
void places_clear(struct console_places *p);
void places_take(struct console_places *p);
void places_give(struct console_places *p);

struct console {
    struct console_options options;
    char url[CONSOLE_URL_SIZE];
    struct guard guard;
    struct sessions sessions;
    struct xg_wrapped_key decoy;
    struct console_places tries;
    struct quota quota;
    struct lately lately;
    struct events *events;
    struct xg_tiles *tiles;
    atomic_uint tiles_asked;
    struct xg_web *web;
};

int64_t console_now_ms(const struct console *c);

extern const struct xg_route console_routes[];
extern const size_t console_route_count;

/* ---- routes.c ---- */

/* Whose request it is: of this page, with a token, and still who she was.
 * NULL: the response says why not. Let go by the caller. */
struct session *console_enter(struct console *c,
                              const struct xg_request *request,
                              struct xg_response *response);

/* The unit outside which nothing is there for her, or NULL. */
const char *console_within(const struct session *session);
/* Of a session that lasts: is she still who she was? Else all of hers end. */
bool console_is_still(struct console *c, const struct session *session);

/* Too much of hers at once. */
void console_tell_busy(struct xg_response *response);

/* ---- login.c ---- */

void login_post(void *ctx, const struct xg_request *request,
                struct xg_response *response);
void password_post(void *ctx, const struct xg_request *request,
                   struct xg_response *response);
void totp_post(void *ctx, const struct xg_request *request,
               struct xg_response *response);
void logout_post(void *ctx, const struct xg_request *request,
                 struct xg_response *response);

/* ---- run.c ---- */

void run_post(void *ctx, const struct xg_request *request,
              struct xg_response *response);
void data_post(void *ctx, const struct xg_request *request,
               struct xg_response *response);
extern const struct xg_stream run_feed;

/* ---- stream.c ---- */

void events_get(void *ctx, const struct xg_request *request,
                struct xg_response *response);

/* ---- metrics.c ---- */

void metrics_get(void *ctx, const struct xg_request *request,
                 struct xg_response *response);

/* ---- tile.c ---- */

void tile_get(void *ctx, const struct xg_request *request,
              struct xg_response *response);

/* ---- page.c ---- */

void page_get(void *ctx, const struct xg_request *request,
              struct xg_response *response);

#endif
