/* api.c - the table of routes, and what all handlers share; see api.h. */
#include "server/api/api.h"

#include <strings.h>

#include "server/api/inside.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

enum xg_status api_open(struct api *a, struct data *data, struct xg_error *err)
{
    struct session_table *sessions;

    if (session_table_new(&sessions, 0, &data->env, err) != XG_OK)
        return err->status;
    *a = (struct api){.data = data, .sessions = sessions};
    witness_signed_init(&a->cosigned);
    a->started_ms = xg_mono_ms(&data->env);
    return XG_OK;
}

void api_close(struct api *a)
{
    session_table_free(a->sessions);
    a->sessions = NULL;
    witness_signed_clear(&a->cosigned);
}

/* "q=0.25" in thousandths; 1000 where there is none before `end`. */
static int quality(const char *at, const char *end)
{
    const char *q = strstr(at, "q=");
    int value = 0, unit = 100;

    if (!q || q >= end || q[2] != '0')
        return 1000;
    if (q[3] == '.')
        for (q += 4; *q >= '0' && *q <= '9' && unit; q++, unit /= 10)
            value += (*q - '0') * unit;
    return value;
}

/* The weight of a language range in Accept-Language, in thousandths; -1 where
 * it is not there. RFC 9110 section 12.5.4. */
static int weight(const char *header, const char *lang)
{
    int best = -1;

    for (const char *at = header; *at;) {
        at += strspn(at, " \t,");
        size_t len = strcspn(at, ",");
        if (strncasecmp(at, lang, 2) == 0 && strchr("-;, \t", at[2])) {
            int value = quality(at, at + len);
            if (value > best)
                best = value;
        }
        at += len;
    }
    return best;
}

void api_speak(const struct xg_request *request)
{
    const char *header = xg_request_header(request, "Accept-Language");
    int zh = header ? weight(header, "zh") : -1;
    int en = header ? weight(header, "en") : -1;

    /* Without a wish: Chinese, as the people whom this is for. */
    xg_lang_thread(en > 0 && en > zh ? XG_LANG_EN : XG_LANG_ZH);
}

void api_fail(struct api *a, const struct xg_request *request,
              struct xg_response *response, const struct xg_error *err)
{
    atomic_fetch_add(&a->refused, 1);
    if (err->status == XG_ALARM || err->status == XG_CORRUPT)
        atomic_fetch_add(&a->alarms, 1);
    if (xg_status_http(err->status) >= 500)
        xg_log(XG_LOG_ERROR, "api.failed", "path=%s status=%s error=%s",
               request->path, xg_status_name(err->status), xg_error_text(err));
    xg_response_fail(response, err);
}

static void answer(struct api *a, const struct xg_request *request,
                   struct xg_response *response, api_handler *handler)
{
    struct xg_error err = XG_ERROR_NONE;

    api_speak(request);
    if (handler(a, request, response, &err) == XG_OK)
        return;
    if (err.status == XG_REFUSED && ledger_is_behind(a->data->ledger))
        api_refuse_behind(a, response);
    else
        api_fail(a, request, response, &err);
}

#define ROUTE(name)                                                            \
    static void serve_##name(void *ctx, const struct xg_request *request,      \
                             struct xg_response *response)                     \
    {                                                                          \
        answer(ctx, request, response, api_##name);                            \
    }
ROUTE(enrol)
ROUTE(hello)
ROUTE(put_batch)
ROUTE(get_batch)
ROUTE(proof)
ROUTE(updates)
ROUTE(reference)
ROUTE(references)
ROUTE(checkpoint)
ROUTE(tile)
ROUTE(healthz)
ROUTE(metrics)
ROUTE(blobs_held)
ROUTE(get_blob)
ROUTE(successor)
ROUTE(show_checkpoint)
ROUTE(cosigned)
ROUTE(witnesses)
ROUTE(add_checkpoint)
ROUTE(witnessed)
#undef ROUTE

const struct xg_route api_routes[] = {
    {"POST", "/v1/enrol", API_NOTE_BODY_MAX, serve_enrol, NULL},
    {"POST", "/v1/hello", API_NOTE_BODY_MAX, serve_hello, NULL},
    {"PUT", "/v1/batches/*", XG_BATCH_MAX, serve_put_batch, NULL},
    {"GET", "/v1/batches/*", 0, serve_get_batch, NULL},
    {"GET", "/v1/proof", 0, serve_proof, NULL},
    {"GET", "/v1/updates", 0, serve_updates, NULL},
    {"GET", "/v1/reference/*", 0, serve_reference, NULL},
    {"GET", "/v1/references", 0, serve_references, NULL},
    {"POST", "/v1/blobs/held", XG_BLOBS_ASKED_MAX * XG_HASH_SIZE,
     serve_blobs_held, NULL},
    {"POST", "/v1/blobs", BLOB_MAX_BYTES, NULL, &api_tus},
    {"OPTIONS", "/v1/blobs", BLOB_MAX_BYTES, NULL, &api_tus},
    {"GET", "/v1/uploads/*", BLOB_MAX_BYTES, NULL, &api_tus},
    {"POST", "/v1/uploads/*", BLOB_MAX_BYTES, NULL, &api_tus},
    {"PATCH", "/v1/uploads/*", BLOB_MAX_BYTES, NULL, &api_tus},
    {"DELETE", "/v1/uploads/*", BLOB_MAX_BYTES, NULL, &api_tus},
    {"OPTIONS", "/v1/uploads/*", BLOB_MAX_BYTES, NULL, &api_tus},
    {"GET", "/v1/blobs/*", 0, serve_get_blob, NULL},
    {"GET", "/v1/successor", 0, serve_successor, NULL},
    {"POST", "/v1/checkpoint", API_NOTE_BODY_MAX, serve_show_checkpoint, NULL},
    {"GET", "/log/checkpoint", 0, serve_checkpoint, NULL},
    {"GET", "/log/tile/*", 0, serve_tile, NULL},
    {"GET", "/log/cosigned", 0, serve_cosigned, NULL},
    {"GET", "/log/witnesses", 0, serve_witnesses, NULL},
    {"POST", "/add-checkpoint", API_NOTE_BODY_MAX, serve_add_checkpoint, NULL},
    {"GET", "/witness/*", 0, serve_witnessed, NULL},
    {"GET", "/healthz", 0, serve_healthz, NULL},
    {"GET", "/metrics", 0, serve_metrics, NULL},
};
const size_t api_route_count = sizeof api_routes / sizeof *api_routes;

enum xg_status api_refuse(struct api *a, struct xg_response *response,
                          int http_status, const char *code, const char *title)
{
    atomic_fetch_add(&a->refused, 1);
    xg_response_problem(response, http_status, code, title, NULL);
    return XG_OK;
}

enum xg_status api_refuse_behind(struct api *a, struct xg_response *response)
{
    struct xg_error why = XG_ERROR_NONE;

    xg_ignore(ledger_refuse_behind(&why));
    api_refuse(a, response, 503, "behind", xg_error_text(&why));
    xg_response_header(response, "Retry-After", "3600");
    return XG_OK;
}

bool api_session(struct api *a, struct session *whose,
                 const struct xg_request *request, struct xg_response *response)
{
    const char *text = xg_request_bearer(request);
    struct xg_hash token;

    if (text &&
        xg_unbase64_exact(token.b, sizeof token.b, text, strlen(text)) &&
        session_find(a->sessions, whose, &token))
        return true;
    api_refuse(a, response, 401, "token",
               XG_T("会话不存在或已过期，请重新同步",
                    "there is no such session, or it has run out: sync "
                    "again"));
    xg_response_header(response, "WWW-Authenticate", "Bearer");
    return false;
}

bool api_refused(struct api *a, struct xg_response *response,
                 const struct api_refusal *no)
{
    if (no->alarm)
        atomic_fetch_add(&a->alarms, 1);
    if (!no->code)
        return false;
    api_refuse(a, response, no->http_status, no->code, no->title);
    if (no->alarm)
        xg_response_header(response, "Retry-After", "3600");
    return true;
}

enum xg_status api_view_open(struct api_view *v, struct api *a,
                             struct xg_error *err)
{
    return api_view_of(v, a->data, err);
}

bool api_size_fits(struct api *a, const struct api_view *v, uint64_t stated,
                   const char *device, struct xg_response *response)
{
    struct api_refusal no = {.code = NULL};

    if (api_size_known(&no, v, stated, device))
        return true;
    api_refused(a, response, &no);
    return false;
}

bool api_hash(struct xg_hash *hash, const char *text)
{
    size_t len = strlen(text);

    return len == 2 * sizeof hash->b &&
           strspn(text, "0123456789abcdef") == len &&
           xg_unhex(hash->b, sizeof hash->b, text, len);
}

bool api_size_held(uint64_t *size, const struct xg_request *request)
{
    const char *text = xg_request_header(request, "Xunge-Size");
    struct xg_bytes rest = xg_bytes_of(text ? text : "0");

    return xg_word_uint(&rest, size) && rest.len == 0;
}
