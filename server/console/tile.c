/* tile.c - GET /tiles/MAP/Z/X/Y: of a map in DIR/maps, for whoever is logged in.
 *
 * Tiles are read one at a time, some 50 us each. A map that is slow to read
 * must not take the connections by which everything else is asked: so no more
 * than CONSOLE_TILES wait for theirs, and the others come again. */
#include "server/console/inside.h"
#include "shared/base/lang.h"

static bool take_place(struct console *c, struct xg_response *response)
{
    if (atomic_fetch_add(&c->tiles_asked, 1) < CONSOLE_TILES)
        return true;
    atomic_fetch_sub(&c->tiles_asked, 1);
    xg_response_problem(response, 503, "busy",
                        XG_T("现在看地图的人多，稍后再试",
                             "many are looking at maps; try again in a moment"),
                        NULL);
    xg_response_header(response, "Retry-After", "1");
    return false;
}

static void answer(struct console *c, const struct xg_request *request,
                   struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_tile_address at;
    const char *type = NULL;

    if (!xg_tile_address_read(&at, request->rest)) {
        xg_response_problem(response, 404, "not-found",
                            XG_T("没有这个地址", "no such address"), NULL);
    } else if (take_place(c, response)) {
        if (xg_tiles_get(c->tiles, &response->body, &type, &at, &err) != XG_OK)
            xg_response_fail(response, &err);
        else if (type)
            response->content_type = type;
        else
            response->http_status = 204;
        atomic_fetch_sub(&c->tiles_asked, 1);
    }
}

void tile_get(void *ctx, const struct xg_request *request,
              struct xg_response *response)
{
    struct console *c = ctx;
    struct session *session = console_enter(c, request, response);

    if (!session)
        return;
    answer(c, request, response);
    sessions_let_go(&c->sessions, session);
}
