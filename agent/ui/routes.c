/* routes.c - the requests of docs/page.md. */
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "agent/ui/launch.h"
#include "agent/ui/ui.h"
#include "shared/base/lang.h"
#include "shared/map/tiles.h"

enum { ENTER_MAX = 512 };

/* What bodies are, said so by the sender: a form of another page cannot. */
/* The body held a passphrase or a key, and lies in a buffer of this request. */
static void wipe_body(const struct xg_request *request)
{
    if (request->body.len > 0)
        sodium_memzero((void *)(uintptr_t)request->body.at, request->body.len);
}

/* ---- entering ---- */

static void do_enter(void *ctx, const struct xg_request *request,
                     struct xg_response *response)
{
    struct ui *ui = ctx;
    struct xg_error err = XG_ERROR_NONE;
    char next[GUARD_SECRET_SIZE];

    if (!guard_origin(&ui->guard, request, false, response) ||
        !xg_request_must_be_json(request, response))
        return;
    json_t *body = json_loadb((const char *)request->body.at,
                              request->body.len, 0, NULL);
    const char *key = json_string_value(json_object_get(body, "key"));
    if (guard_key(&ui->guard, key ? key : "", next, response)) {
        if (launch_renew(ui, next, &err) == XG_OK) {
            response->content_type = "application/json";
            xg_buf_format(&response->body, "{\"token\":\"%s\"}\n",
                          ui->guard.token);
            atomic_store(&ui->touched_ms, ui_now_ms());
        } else {
            xg_response_fail(response, &err);
        }
        sodium_memzero(next, sizeof next);
    }
    json_decref(body);
    wipe_body(request);
}

/* ---- calls ---- */

static void note_touch(struct ui *ui, const struct xg_request *request)
{
    if (xg_request_header(request, "Xunge-Touch"))
        atomic_store(&ui->touched_ms, ui_now_ms());
}

/* False: the response says why not. */
static bool read_call(struct xg_call *call, struct ui *ui,
                      const struct xg_request *request,
                      struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;

    if (!guard_token(&ui->guard, request, response) ||
        !xg_request_must_be_json(request, response))
        return false;
    note_touch(ui, request);
    enum xg_status status =
        call_parse(call, request->body, request->arena, &err);
    wipe_body(request);
    if (status == XG_OK && call->input)
        status = xg_fail(&err, XG_USAGE,
                         XG_T("文件要随 /api/feed 发来",
                              "a file comes by /api/feed"));
    if (status == XG_OK)
        return true;
    answer_refusal(response, &err);
    return false;
}

static void do_run(void *ctx, const struct xg_request *request,
                   struct xg_response *response)
{
    struct ui *ui = ctx;
    struct xg_error err = XG_ERROR_NONE;
    struct run run = RUN_NONE;
    struct xg_call call;

    if (!read_call(&call, ui, request, response))
        return;
    if (call.bytes) {
        xg_call_wipe(&call);
        xg_ignore(xg_fail(&err, XG_USAGE,
                          XG_T("“%s”的结果不是 JSON：用 /api/data",
                               "\"%s\" gives no JSON: use /api/data"),
                          call.row->run));
        answer_refusal(response, &err);
    } else if (call_row_of(&call)->does == CALL_SYNCS) {
        if (!call.lang)
            call.lang = ui->lang;
        sync_answer(response, &ui->sync, &call);
    } else if (answer_start(&run, ui, &call, request, NULL, response)) {
        answer_lines(response, ui, call_row_of(&call), &run);
    }
}

static void do_data(void *ctx, const struct xg_request *request,
                    struct xg_response *response)
{
    struct ui *ui = ctx;
    struct run run = RUN_NONE;
    struct xg_call call;

    if (read_call(&call, ui, request, response) &&
        answer_start(&run, ui, &call, request, NULL, response))
        answer_bytes(response, ui, call_row_of(&call), &run, request);
}

static void do_events(void *ctx, const struct xg_request *request,
                      struct xg_response *response)
{
    struct ui *ui = ctx;

    if (guard_token(&ui->guard, request, response))
        events_answer(response, ui);
}

/* ---- tiles ---- */

static void do_tile(void *ctx, const struct xg_request *request,
                    struct xg_response *response)
{
    struct ui *ui = ctx;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_tile_address at;
    const char *type = NULL;

    if (!guard_token(&ui->guard, request, response))
        return;
    if (!xg_tile_address_read(&at, request->rest)) {
        xg_response_problem(response, 404, "not-found",
                            XG_T("没有这个地址", "no such address"), NULL);
        return;
    }
    if (xg_tiles_get(ui->tiles, &response->body, &type, &at, &err) != XG_OK) {
        xg_response_fail(response, &err);
        return;
    }
    response->content_type = type;
    if (!type)
        response->http_status = 204;
}

/* A file may be as large as its command takes. */
#define FEED_MAX ((size_t)64 << 30)

const struct xg_route ui_routes[] = {
    {"GET", "/", 0, files_get, NULL},
    {"GET", "/*", 0, files_get, NULL},
    {"POST", "/api/enter", ENTER_MAX, do_enter, NULL},
    {"POST", "/api/run", CALL_BYTES_MAX, do_run, NULL},
    {"POST", "/api/feed", FEED_MAX, NULL, &answer_feed},
    {"POST", "/api/data", CALL_BYTES_MAX, do_data, NULL},
    {"GET", "/api/events", 0, do_events, NULL},
    {"GET", "/tiles/*", 0, do_tile, NULL},
};

const size_t ui_route_count = sizeof ui_routes / sizeof *ui_routes;
