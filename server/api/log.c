/* log.c - what is only read: updates, reference files, the log, health
 * and figures; see api.h. */
#include <inttypes.h>
#include <string.h>

#include "server/api/inside.h"
#include "shared/base/lang.h"

/* ---- updates ---- */

/* "12,14,19": places in the log, ascending. */
static bool read_held(struct api_since *s, const char *text)
{
    const char *at = text;

    s->count = 0;
    while (at && *at) {
        struct xg_bytes word = xg_bytes(at, strcspn(at, ","));
        if (s->count == XG_HELD_MAX ||
            !xg_word_uint(&word, &s->held[s->count]) || word.len ||
            (s->count && s->held[s->count] <= s->held[s->count - 1]))
            return false;
        s->count++;
        at += strcspn(at, ",");
        at += *at == ',';
    }
    return true;
}

enum xg_status api_read_since(struct api_since *out,
                              const struct xg_request *request,
                              struct xg_error *err)
{
    const char *text = xg_request_query(request, "since");
    struct xg_bytes rest = xg_bytes_of(text ? text : "0");

    out->asked = text != NULL;
    if (!xg_word_uint(&rest, &out->since) || rest.len)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("since 应为整数", "since is a whole number"));
    if (!read_held(out, xg_request_query(request, "held")))
        return xg_fail(err, XG_USAGE,
                       XG_T("held 应为至多 %d 个递增的整数，以逗号分隔",
                            "held is at most %d rising whole numbers with "
                            "commas between"),
                       XG_HELD_MAX);
    return XG_OK;
}

static enum xg_status seal_page(struct xg_buf *out, const struct data *d,
                                const struct scope_page *page,
                                struct xg_bytes raw, const char *device,
                                struct xg_error *err)
{
    struct xg_updates_note note = {.log = xg_bytes_of(data_origin(d))};

    memcpy(note.device, device, strlen(device) + 1);
    memcpy(note.scope, page->unit, sizeof note.scope);
    note.from = page->from;
    note.to = page->to;
    note.end = page->end;
    note.count = page->count;
    note.root = page->root;
    return xg_updates_seal(out, &note, raw, ledger_signer(d->ledger), err);
}

enum xg_status api_answer_updates(struct xg_buf *out, struct scope_page *page,
                                  struct api_refusal *no,
                                  const struct api_view *v, const char *device,
                                  uint64_t since, const struct scope_held *held,
                                  struct xg_error *err)
{
    struct registry *registry = v->data->registry;
    struct scope_page found = {.from = since};
    struct xg_buf raw = XG_BUF(XG_UPDATES_RAW_MAX);
    bool revoked;

    if (registry_revoked(registry, &revoked, device, v->checkpoint.size, err) !=
        XG_OK)
        return err->status;
    if (revoked) {
        *no = (struct api_refusal){
            403, "revoked",
            XG_T("此设备已停用：可以上传，不再接收",
                 "this device was revoked: it may send, but receives no more"),
            false};
        return XG_OK;
    }
    enum xg_status status =
        scope_page(&found, &raw, v->store, registry, device, since,
                   v->checkpoint.size, held, err);
    if (status == XG_OK)
        status = xg_buf_check(&raw, err);
    if (status == XG_OK)
        status =
            seal_page(out, v->data, &found, xg_buf_bytes(&raw), device, err);
    if (status == XG_OK)
        *page = found;
    xg_buf_clear(&raw);
    return status;
}

enum xg_status api_updates(struct api *a, const struct xg_request *request,
                           struct xg_response *response, struct xg_error *err)
{
    struct session session;
    struct api_view v;
    struct api_since from;
    struct scope_page page;
    struct api_refusal no = {.code = NULL};

    if (!api_session(a, &session, request, response))
        return XG_OK;
    if (api_read_since(&from, request, err) != XG_OK ||
        api_view_open(&v, a, err) != XG_OK)
        return err->status;
    const struct scope_held held = {from.held, from.count};
    enum xg_status status =
        api_answer_updates(&response->body, &page, &no, &v, session.device,
                           from.since, &held, err);
    api_view_close(&v);
    if (status == XG_OK && !api_refused(a, response, &no))
        response->content_type = "application/octet-stream";
    return status;
}

/* ---- reference data ---- */

/* The list, signed: what stands where in the log. The notes follow. */
static enum xg_status put_places(struct xg_buf *out, const struct data *d,
                                 const struct xg_references_note *list,
                                 const struct xg_bytes *notes,
                                 struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX), note = XG_BUF(XG_NOTE_MAX);

    xg_references_put(&text, list);
    enum xg_status status =
        xg_note_sign_buf(&note, &text, ledger_signer(d->ledger), err);
    if (status == XG_OK) {
        xg_frame_put(out, xg_buf_bytes(&note));
        for (size_t i = 0; i < list->count; i++)
            xg_frame_put(out, notes[i]);
        status = xg_buf_check(out, err);
    }
    xg_buf_clear(&text);
    xg_buf_clear(&note);
    return status;
}

static enum xg_status read_place(struct xg_reference_place *place,
                                 struct xg_bytes *note, struct store *s,
                                 struct xg_arena *arena, uint64_t position,
                                 struct xg_error *err)
{
    struct xg_bytes *notes;
    size_t found;

    if (s->ops->read_entries(s, arena, &notes, &found, position, 1, XG_NOTE_MAX,
                             err) != XG_OK)
        return err->status;
    if (found != 1)
        return xg_fail(err, XG_CORRUPT, "%s",
                       XG_T("参考数据的条目不在日志里，请运行 "
                            "xunge-server check",
                            "an entry of reference data is not in the log: "
                            "run xunge-server check"));
    *note = *notes;
    place->position = position;
    xg_tlog_leaf(&place->leaf, notes->at, notes->len);
    return XG_OK;
}

enum xg_status api_answer_references(struct xg_buf *out, size_t *given,
                                     const struct api_view *v, uint64_t from,
                                     struct xg_arena *arena,
                                     struct xg_error *err)
{
    struct xg_references_note list = {.log = xg_bytes_of(data_origin(v->data)),
                                      .from = from};
    struct xg_bytes notes[XG_REFERENCES_MAX];
    struct store_reference *rows;
    size_t count;

    if (v->store->ops->read_references(v->store, arena, &rows, &count, err) !=
        XG_OK)
        return err->status;
    for (uint64_t i = from; i < count && list.count < XG_REFERENCES_MAX &&
                            rows[i].position < v->checkpoint.size;
         i++, list.count++)
        if (read_place(&list.entries[list.count], &notes[list.count], v->store,
                       arena, rows[i].position, err) != XG_OK)
            return err->status;
    if (put_places(out, v->data, &list, notes, err) != XG_OK)
        return err->status;
    *given = list.count;
    return XG_OK;
}

enum xg_status api_references(struct api *a, const struct xg_request *request,
                              struct xg_response *response,
                              struct xg_error *err)
{
    const char *text = xg_request_query(request, "from");
    struct xg_bytes rest = xg_bytes_of(text ? text : "0");
    struct session session;
    struct api_view v;
    uint64_t from;
    size_t count;

    if (!api_session(a, &session, request, response))
        return XG_OK;
    if (!xg_word_uint(&rest, &from) || rest.len)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("from 应为整数", "from is a whole number"));
    if (api_view_open(&v, a, err) != XG_OK)
        return err->status;
    enum xg_status status = api_answer_references(&response->body, &count, &v,
                                                  from, request->arena, err);
    api_view_close(&v);
    response->content_type = "application/octet-stream";
    return status;
}

enum xg_status api_reference(struct api *a, const struct xg_request *request,
                             struct xg_response *response, struct xg_error *err)
{
    struct session session;
    struct xg_hash hash;
    struct xg_bytes content;
    struct api_view v;
    bool found = false;

    if (!api_session(a, &session, request, response))
        return XG_OK;
    if (api_view_open(&v, a, err) != XG_OK)
        return err->status;
    enum xg_status status = XG_OK;
    if (api_hash(&hash, request->rest))
        status = v.store->ops->read_file(v.store, request->arena, &content,
                                         &found, &hash, err);
    api_view_close(&v);
    if (status != XG_OK)
        return status;
    if (!found)
        return xg_fail(err, XG_NOTFOUND, "%s",
                       XG_T("没有这个文件", "there is no such file"));
    xg_buf_append(&response->body, content.at, content.len);
    response->content_type = "application/octet-stream";
    response->cache = XG_CACHE_FOREVER;
    return XG_OK;
}

/* ---- the log: open to all ---- */

enum xg_status api_checkpoint(struct api *a, const struct xg_request *request,
                              struct xg_response *response,
                              struct xg_error *err)
{
    struct api_view v;

    (void)request;
    if (api_view_open(&v, a, err) != XG_OK)
        return err->status;
    uint64_t size = v.checkpoint.size;
    xg_buf_append(&response->body, v.note.data, v.note.len);
    api_view_close(&v);
    if (size == 0)
        return xg_fail(err, XG_NOTFOUND, "%s",
                       XG_T("日志还是空的", "the log is still empty"));
    response->content_type = "text/plain; charset=utf-8";
    response->cache = XG_CACHE_ASK;
    return xg_buf_check(&response->body, err);
}

enum xg_status api_tile(struct api *a, const struct xg_request *request,
                        struct xg_response *response, struct xg_error *err)
{
    struct xg_tile tile;
    struct api_view v;

    if (xg_tile_parse(&tile, request->path + strlen("/log/"), err) != XG_OK ||
        api_view_open(&v, a, err) != XG_OK)
        return err->status;
    enum xg_status status =
        ledger_tile(&response->body, v.store, &tile, v.checkpoint.size, err);
    api_view_close(&v);
    response->content_type = "application/octet-stream";
    response->cache = XG_CACHE_FOREVER;
    return status;
}

/* ---- for the operator ---- */

enum xg_status api_health(struct api *a, struct xg_error *err)
{
    struct store_counts counts;
    struct api_view v;

    if (api_view_open(&v, a, err) != XG_OK)
        return err->status;
    enum xg_status status = v.store->ops->get_counts(v.store, &counts, err);
    api_view_close(&v);
    return status;
}

enum xg_status api_healthz(struct api *a, const struct xg_request *request,
                           struct xg_response *response, struct xg_error *err)
{
    (void)request;
    if (api_health(a, err) != XG_OK)
        return api_refuse(a, response, 503, "unhealthy", xg_error_text(err));
    xg_buf_text(&response->body, "ok\n");
    response->content_type = "text/plain; charset=utf-8";
    return XG_OK;
}

static void put_metric(struct xg_buf *out, const char *name, const char *type,
                       const char *help, uint64_t value)
{
    xg_buf_format(out, "# HELP xunge_%s %s\n# TYPE xunge_%s %s\n", name, help,
                  name, type);
    xg_buf_format(out, "xunge_%s %" PRIu64 "\n", name, value);
}

static void put_batches(struct xg_buf *out, struct api *a)
{
    xg_buf_text(out, "# HELP xunge_batches_total Batches answered, by state.\n"
                     "# TYPE xunge_batches_total counter\n");
    for (unsigned i = 0; i <= XG_BATCH_QUARANTINED; i++)
        xg_buf_format(out, "xunge_batches_total{state=\"%s\"} %llu\n",
                      xg_batch_state_name((enum xg_batch_state)i),
                      atomic_load(&a->batches[i]));
}

static void put_web(struct xg_buf *out, struct xg_web *web)
{
    struct xg_web_stats s = xg_web_stats(web);

    put_metric(out, "connections", "gauge", "Connections open now.",
               s.connections);
    put_metric(out, "connections_accepted_total", "counter",
               "Connections accepted.", s.accepted);
    put_metric(out, "connections_evicted_total", "counter",
               "Idle connections closed to make room.", s.evicted);
    put_metric(out, "connections_refused_total", "counter",
               "Connections refused at the cap.", s.refused);
    put_metric(out, "connections_timed_out_total", "counter",
               "Connections that were too slow.", s.timed_out);
    put_metric(out, "requests_total", "counter", "Requests.", s.requests);
}

static void put_photos(struct xg_buf *out, const struct store_photos *n)
{
    put_metric(out, "photos_held", "gauge",
               "Photos and thumbnails that the log says are held.", n->held);
    put_metric(out, "photos_held_bytes", "gauge", "Bytes of those.",
               n->held_bytes);
    put_metric(out, "photos_wanted", "gauge",
               "Photos that were asked for and have not come yet.", n->wanted);
}

static bool on_loopback(const char *peer)
{
    return !peer || strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0;
}

enum xg_status api_metrics(struct api *a, const struct xg_request *request,
                           struct xg_response *response, struct xg_error *err)
{
    struct xg_buf *out = &response->body;
    struct store_photos photos;
    struct store_counts n;
    struct api_view v;

    if (!on_loopback(request->peer))
        return api_refuse(
            a, response, 403, "refused",
            XG_T("指标只对本机开放", "the figures are for this machine only"));
    if (api_view_open(&v, a, err) != XG_OK)
        return err->status;
    uint64_t size = v.checkpoint.size;
    enum xg_status status = v.store->ops->get_counts(v.store, &n, err);
    if (status == XG_OK)
        status = v.store->ops->count_photos(v.store, &photos, err);
    api_view_close(&v);
    if (status != XG_OK)
        return status;
    put_metric(out, "log_entries", "gauge", "Entries of the log.", size);
    put_metric(out, "records", "gauge", "Records merged.", n.records);
    put_metric(out, "entities", "gauge", "Entities.", n.entities);
    put_metric(out, "chains", "gauge", "Chains of devices.", n.chains);
    put_photos(out, &photos);
    put_batches(out, a);
    put_metric(out, "records_taken_total", "counter",
               "New records since the start.", atomic_load(&a->records));
    put_metric(out, "ingest_queue", "gauge", "Batches being taken in.",
               atomic_load(&a->at_work));
    put_metric(out, "refused_total", "counter", "Requests refused.",
               atomic_load(&a->refused));
    put_metric(out, "alarms_total", "counter",
               "Signs of an inconsistent log or store.",
               atomic_load(&a->alarms));
    put_metric(out, "sessions", "gauge", "Sessions open.",
               session_count(a->sessions));
    put_metric(out, "uptime_seconds", "gauge", "Since the start.",
               (uint64_t)(xg_mono_ms(&a->data->env) - a->started_ms) / 1000);
    struct xg_web *web = atomic_load(&a->web);
    if (web)
        put_web(out, web);
    response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    return XG_OK;
}
