/* metrics.c - GET /metrics: figures of the running server, for Prometheus and
 * its kin (text format 0.0.4). Told to whoever asks on this machine itself, or
 * with the token of a registrar or an auditor. No names, no places: counts. */
#include <stdlib.h>
#include <string.h>

#include "server/console/inside.h"
#include "server/upkeep/health.h"

/* Not by a proxy of this machine, behind which anybody may be. */
static bool is_here(const struct xg_request *request)
{
    const char *peer = request->peer;

    return (strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0) &&
           !xg_request_header(request, "Forwarded") &&
           !xg_request_header(request, "X-Forwarded-For") &&
           !xg_request_header(request, "X-Real-IP") &&
           !xg_request_header(request, "Via");
}

static bool may_ask(struct console *c, const struct xg_request *request,
                    struct xg_response *response)
{
    if (is_here(request) && !xg_request_bearer(request))
        return guard_origin(&c->guard, request, false, response);
    struct session *session = console_enter(c, request, response);
    if (!session)
        return false;
    bool may = console_within(session) == NULL;
    sessions_let_go(&c->sessions, session);
    if (!may)
        xg_response_problem(response, 403, "role", "403", NULL);
    return may;
}

static void put(struct xg_buf *out, const char *name, const char *type,
                uint64_t value)
{
    xg_buf_format(out, "# TYPE xunge_%s %s\nxunge_%s %llu\n", name, type, name,
                  (unsigned long long)value);
}

static void put_all(struct xg_buf *out, struct console *c,
                    const struct health *h)
{
    struct xg_web_stats web = xg_web_stats(c->web);

    put(out, "log_entries", "counter", h->log_size);
    put(out, "log_time_seconds", "gauge", (uint64_t)h->log_ms / 1000);
    put(out, "clock_is_doubted", "gauge", h->clock.doubted);
    put(out, "log_is_behind", "gauge", h->behind);
    put(out, "backup_time_seconds", "gauge", (uint64_t)h->backup_ms / 1000);
    put(out, "backup_entries", "gauge", h->backup_size);
    put(out, "backup_photos_missing", "gauge", h->backup_missing);
    put(out, "disk_free_bytes", "gauge", h->disk_free);
    put(out, "disk_bytes", "gauge", h->disk_total);
    put(out, "database_bytes", "gauge", h->database_bytes);
    put(out, "photos_held", "gauge", h->photos_held);
    put(out, "photo_bytes", "gauge", h->photo_bytes);
    put(out, "photos_wanted", "gauge", h->photos_wanted);
    put(out, "board_behind_entities", "gauge", h->board_behind);
    put(out, "quarantined_batches", "gauge", h->quarantined);
    put(out, "registry_waiting_statements", "gauge", h->waiting);
    put(out, "devices_enrolled", "gauge", h->devices);
    put(out, "witnessed_entries", "gauge", h->witnessed_size);
    put(out, "console_sessions", "gauge",
        sessions_count(&c->sessions, NULL, console_now_ms(c)));
    put(out, "console_connections", "gauge", web.connections);
    put(out, "console_requests_total", "counter", web.requests);
    put(out, "console_refused_total", "counter", web.refused);
    put(out, "console_evicted_total", "counter", web.evicted);
}

void metrics_get(void *ctx, const struct xg_request *request,
                 struct xg_response *response)
{
    struct xg_error err = XG_ERROR_NONE;
    struct console *c = ctx;
    struct health h;

    if (!may_ask(c, request, response))
        return;
    if (health_read(c->options.data, &h, &err) != XG_OK) {
        xg_response_fail(response, &err);
        return;
    }
    response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    put_all(&response->body, c, &h);
}
