/* batch.c - batches in, batches and proofs out; see api.h. */
#include <string.h>

#include "server/api/inside.h"
#include "shared/base/lang.h"

static void put_frame(struct xg_buf *out, struct xg_buf *content)
{
    xg_frame_put(out, xg_buf_bytes(content));
    xg_buf_reset(content);
}

/* State, consistency, receipt. */
static enum xg_status put_answer(struct api *a, const struct api_view *v,
                                 const struct ingest_result *result,
                                 uint64_t held, struct xg_response *response,
                                 struct xg_error *err)
{
    struct xg_buf part = XG_BUF(XG_ANSWER_MAX), receipt = XG_BUF(XG_ANSWER_MAX);
    enum xg_status status;

    xg_buf_format(&part, "state %s\n", xg_batch_state_name(result->state));
    put_frame(&response->body, &part);
    status = ledger_receipt(&receipt, v->data->ledger, v->store,
                            result->position,
                            &v->checkpoint, xg_buf_bytes(&v->note), err);
    if (status == XG_OK)
        status = ledger_consistency(&part, v->data->ledger, v->store, held, &v->checkpoint,
                                    xg_buf_bytes(&receipt), err);
    if (status != XG_OK)
        goto done;
    put_frame(&response->body, &part);
    put_frame(&response->body, &receipt);
    status = xg_buf_check(&part, err);
    response->terse = true;
    atomic_fetch_add(&a->batches[result->state], 1);
    atomic_fetch_add(&a->records, result->records);
done:
    xg_buf_clear(&part);
    xg_buf_clear(&receipt);
    return status;
}

/* What is new for the sender, as GET /v1/updates would answer now; the batch
 * that just came is left out like those that it says it holds. None where that
 * cannot be answered: asked for by itself, it is told why. */
static void put_news(const struct api_view *v,
                     const struct ingest_result *result, const char *device,
                     struct api_since *from, struct xg_response *response)
{
    struct xg_error unsaid = XG_ERROR_NONE;
    struct xg_buf page = XG_BUF(XG_ANSWER_MAX);
    struct api_refusal no = {.code = NULL};
    struct scope_page says;

    if (strcmp(result->device, device) == 0 &&
        (from->count == 0 || from->held[from->count - 1] < result->position))
        from->held[from->count++] = result->position;
    const struct scope_held held = {from->held, from->count};
    if (api_answer_updates(&page, &says, &no, v, device, from->since, &held,
                           &unsaid) == XG_OK &&
        !no.code && xg_buf_check(&page, &unsaid) == XG_OK)
        xg_frame_put(&response->body, xg_buf_bytes(&page));
    xg_buf_clear(&page);
}

/* A batch that is not signed by who it says is malformed to us; 401 would
 * only make its bearer say hello again. */
static enum xg_status refuse_unsigned(struct api_refusal *no,
                                      enum xg_status status,
                                      const struct xg_error *err)
{
    if (status != XG_AUTH)
        return status;
    *no = (struct api_refusal){422, "signature", xg_error_text(err), false};
    return XG_OK;
}

enum xg_status api_take_batch(struct ingest_result *result,
                              struct api_refusal *no, struct data *d,
                              const struct xg_hash *named,
                              struct xg_bytes framed, struct xg_error *err)
{
    struct ingest_batch *batch = NULL;
    enum xg_status status;

    status = ingest_prepare(&batch, d->ingest, framed.at, framed.len, err);
    if (status != XG_OK)
        return refuse_unsigned(no, status, err);
    if (xg_hash_equal(ingest_batch_id(batch), named))
        status = refuse_unsigned(
            no, ingest_submit(d->ingest, result, batch, err), err);
    else
        *no = (struct api_refusal){
            422, "wrong-id",
            XG_T("批次编号与内容不符",
                 "the batch is not the one that the path names"),
            false};
    ingest_batch_free(batch);
    return status;
}

enum xg_status api_put_batch(struct api *a, const struct xg_request *request,
                             struct xg_response *response, struct xg_error *err)
{
    struct session session;
    struct xg_hash named;
    struct ingest_result result;
    struct api_refusal no = {.code = NULL};
    struct api_view v;
    struct api_since from;
    uint64_t held;

    if (!api_session(a, &session, request, response))
        return XG_OK;
    if (api_read_since(&from, request, err) != XG_OK)
        return err->status;
    if (!api_hash(&named, request->rest) || !api_size_held(&held, request))
        return xg_fail(
            err, XG_USAGE, "%s",
            XG_T("批次编号应为 64 位小写十六进制，Xunge-Size 应为整数",
                 "the id is 64 lower-case hex digits, Xunge-Size "
                 "a whole number"));
    atomic_fetch_add(&a->at_work, 1);
    enum xg_status status =
        api_take_batch(&result, &no, a->data, &named, request->body, err);
    atomic_fetch_sub(&a->at_work, 1);
    if (status != XG_OK || api_refused(a, response, &no))
        return status;
    if (api_view_open(&v, a, err) != XG_OK)
        return err->status;
    if (api_size_fits(a, &v, held, session.device, response)) {
        status = put_answer(a, &v, &result, held, response, err);
        if (status == XG_OK && from.asked)
            put_news(&v, &result, session.device, &from, response);
    }
    api_view_close(&v);
    return status;
}

/* May the session's device read whatever is anybody's own or in scope? */
static enum xg_status reads_all(bool *all, struct api *a,
                                const struct api_view *v,
                                struct xg_arena *arena, const char *device,
                                struct xg_error *err)
{
    struct registry_scope scope;

    if (registry_scope(&scope, a->data->registry, arena, device,
                       v->checkpoint.size, err) != XG_OK)
        return err->status;
    *all = scope.role && strcmp(scope.role->name, "auditor") == 0;
    return XG_OK;
}

/* A revoked device receives nothing any more. */
static enum xg_status receives(bool *may, struct api *a,
                               const struct api_view *v, const char *device,
                               struct xg_response *response,
                               struct xg_error *err)
{
    bool revoked;

    if (registry_revoked(a->data->registry, &revoked, device,
                         v->checkpoint.size, err) != XG_OK)
        return err->status;
    *may = !revoked;
    if (revoked)
        api_refuse(a, response, 403, "revoked",
                   XG_T("此设备已停用：可以上传，不再接收",
                        "this device was revoked: it may send, but receives "
                        "no more"));
    return XG_OK;
}

/* Every record of the batch that is about an entity must be readable. */
static enum xg_status records_readable(bool *may, struct api *a,
                                       const struct api_view *v,
                                       struct xg_arena *arena,
                                       const struct store_batch *b,
                                       const char *device, struct xg_error *err)
{
    struct store_chain chain;
    struct store *s = v->store;
    bool found, all = b->state == XG_BATCH_STORED;

    if (s->ops->find_chain(s, &chain, &found, &b->chain, err) != XG_OK)
        return err->status;
    all = all && found;
    for (uint64_t seq = b->first; all && seq <= b->last; seq++) {
        struct store_record *rows;
        size_t count;
        if (s->ops->read_place(s, arena, &rows, &count, chain.number, seq,
                               err) != XG_OK)
            return err->status;
        for (size_t i = 0; all && i < count; i++)
            if (rows[i].entity &&
                scope_may_read(&all, s, a->data->registry, device, &rows[i],
                               v->checkpoint.size, err) != XG_OK)
                return err->status;
        all = all && count > 0;
        xg_arena_reset(arena);
    }
    *may = all;
    return XG_OK;
}

static enum xg_status batch_readable(bool *may, struct api *a,
                                     const struct api_view *v,
                                     const struct store_batch *b,
                                     const char *device, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(XG_WEB_ARENA_BYTES);
    enum xg_status status = XG_OK;
    bool all = strcmp(b->device, device) == 0;

    if (!all)
        status = reads_all(&all, a, v, &arena, device, err);
    if (status == XG_OK && !all)
        status = records_readable(&all, a, v, &arena, b, device, err);
    xg_arena_clear(&arena);
    if (status == XG_OK)
        *may = all;
    return status;
}

static enum xg_status not_here(struct xg_error *err)
{
    return xg_fail(err, XG_NOTFOUND, "%s",
                   XG_T("没有这一件，或不在您的范围内",
                        "there is none, or it is outside your scope"));
}

static enum xg_status give_batch(struct api *a, const struct api_view *v,
                                 const struct xg_hash *id, const char *device,
                                 struct xg_response *response,
                                 struct xg_error *err)
{
    struct store_batch b;
    struct store *s = v->store;
    bool found, may;

    if (receives(&may, a, v, device, response, err) != XG_OK || !may)
        return err->status;
    if (s->ops->find_batch(s, &b, &found, id, err) != XG_OK)
        return err->status;
    if (!found || b.position >= v->checkpoint.size)
        return not_here(err);
    if (batch_readable(&may, a, v, &b, device, err) != XG_OK)
        return err->status;
    if (!may)
        return not_here(err);
    response->content_type = "application/octet-stream";
    return ingest_read_batch(&response->body, s, &b, err);
}

enum xg_status api_get_batch(struct api *a, const struct xg_request *request,
                             struct xg_response *response, struct xg_error *err)
{
    struct session session;
    struct xg_hash id;
    struct api_view v;

    if (!api_session(a, &session, request, response))
        return XG_OK;
    if (!api_hash(&id, request->rest))
        return not_here(err);
    if (api_view_open(&v, a, err) != XG_OK)
        return err->status;
    enum xg_status status =
        give_batch(a, &v, &id, session.device, response, err);
    api_view_close(&v);
    return status;
}

/* ---- the proof of one record ---- */

/* The record's place in the batch, and the path to the batch's root. */
static enum xg_status put_path(struct xg_buf *out, const struct xg_batch *batch,
                               const struct xg_hash *record,
                               struct xg_arena *arena, struct xg_error *err)
{
    struct xg_hash *leaves =
        xg_arena_array(arena, batch->count, sizeof *leaves);
    size_t index = batch->count;
    struct xg_proof path;

    if (!leaves)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < batch->count; i++) {
        leaves[i] = batch->records[i].hash;
        if (xg_hash_equal(&leaves[i], record))
            index = i;
    }
    if (index == batch->count)
        return xg_fail(err, XG_CORRUPT, "%s",
                       XG_T("批次里没有这条记录，请运行 xunge-server check",
                            "the batch does not hold the record: run "
                            "xunge-server check"));
    xg_prove_inclusion_in(&path, index, leaves, batch->count);
    xg_buf_text(out, "record ");
    xg_buf_base64(out, record->b, sizeof record->b);
    xg_buf_format(out, " %zu %zu\n", index, batch->count);
    xg_proof_put(out, &path);
    return XG_OK;
}

static enum xg_status open_batch(struct xg_batch *batch, struct api *a,
                                 const struct api_view *v,
                                 struct xg_arena *arena, uint64_t position,
                                 struct xg_error *err)
{
    struct store *s = v->store;
    struct store_batch *rows;
    struct xg_verifier device;
    struct xg_buf framed = XG_BUF(XG_BATCH_MAX + XG_NOTE_MAX);
    enum xg_status status;
    size_t count;
    bool found;

    status = s->ops->read_batches(s, arena, &rows, &count, position, 1, err);
    if (status != XG_OK)
        return status;
    if (count == 0 || rows->position != position)
        return xg_fail(err, XG_CORRUPT, "%s",
                       XG_T("日志条目没有批次，请运行 xunge-server check",
                            "a log entry has no batch: run xunge-server "
                            "check"));
    status =
        registry_device(a->data->registry, &device, &found, rows->device, err);
    if (status == XG_OK && !found)
        status = not_here(err);
    if (status == XG_OK)
        status = ingest_read_batch(&framed, s, rows, err);
    if (status == XG_OK) {
        uint8_t *copy = xg_arena_copy(arena, framed.data, framed.len);
        status =
            copy ? xg_batch_open(batch, arena, copy, framed.len, &device, err)
                 : xg_fail_nomem(err);
    }
    xg_buf_clear(&framed);
    return status;
}

static enum xg_status give_proof(struct api *a, const struct api_view *v,
                                 struct xg_arena *arena,
                                 const struct store_record *row,
                                 struct xg_response *response,
                                 struct xg_error *err)
{
    struct xg_buf part = XG_BUF(XG_ANSWER_MAX);
    struct xg_batch batch;
    enum xg_status status = open_batch(&batch, a, v, arena, row->position, err);

    if (status == XG_OK)
        status = put_path(&part, &batch, &row->hash, arena, err);
    if (status == XG_OK) {
        put_frame(&response->body, &part);
        xg_frame_put(&response->body, batch.note);
        status = ledger_receipt(&part, v->data->ledger, v->store, row->position, &v->checkpoint,
                                xg_buf_bytes(&v->note), err);
    }
    if (status == XG_OK) {
        put_frame(&response->body, &part);
        status = xg_buf_check(&part, err);
        response->content_type = "application/octet-stream";
    }
    xg_buf_clear(&part);
    return status;
}

static enum xg_status prove(struct api *a, const struct api_view *v,
                            struct xg_arena *arena, const struct xg_hash *hash,
                            const char *device, struct xg_response *response,
                            struct xg_error *err)
{
    struct store *s = v->store;
    struct store_record row;
    bool found, may, all;

    if (receives(&may, a, v, device, response, err) != XG_OK || !may)
        return err->status;
    if (s->ops->find_record(s, arena, &row, &found, hash, err) != XG_OK)
        return err->status;
    if (!found || row.position >= v->checkpoint.size)
        return not_here(err);
    if (scope_may_read(&may, s, a->data->registry, device, &row,
                       v->checkpoint.size, err) != XG_OK ||
        reads_all(&all, a, v, arena, device, err) != XG_OK)
        return err->status;
    return may || all ? give_proof(a, v, arena, &row, response, err)
                      : not_here(err);
}

enum xg_status api_proof(struct api *a, const struct xg_request *request,
                         struct xg_response *response, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(API_PROOF_BYTES);
    const char *text = xg_request_query(request, "record");
    struct session session;
    struct xg_hash hash;
    struct api_view v;

    if (!api_session(a, &session, request, response))
        return XG_OK;
    if (!text || !api_hash(&hash, text))
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("需要 ?record=64 位小写十六进制",
                            "?record=64 lower-case hex digits is needed"));
    if (api_view_open(&v, a, err) != XG_OK)
        return err->status;
    enum xg_status status =
        prove(a, &v, &arena, &hash, session.device, response, err);
    api_view_close(&v);
    xg_arena_clear(&arena);
    return status;
}
