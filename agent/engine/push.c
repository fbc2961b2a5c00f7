/* push.c - batches out, receipts in. */
#include "agent/engine/inside.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/base/lang.h"
#include "shared/core/batch.h"

enum {
    PUSH_ROUNDS = 4, /* a fork that is told makes new work: few times */
    BUSY_MAX = 3,    /* batches in a row that the server cannot take now */
};

static bool parse_state(enum xg_batch_state *state, struct xg_bytes frame)
{
    struct xg_bytes line, word;

    return xg_line(&frame, &line) && frame.len == 0 && xg_word(&line, &word) &&
           xg_bytes_equal(word, xg_bytes_of("state")) &&
           xg_batch_state_parse(state, line);
}

enum xg_status sync_open_receipt(struct sync *y, struct sync_receipt *r,
                                 struct xg_bytes bytes, struct xg_bytes frame,
                                 struct xg_error *err)
{
    struct xg_bytes note, body, name;
    struct xg_hash leaf;

    if (xg_batch_peek(&note, &body, &name, frame.at, frame.len, err) != XG_OK)
        return err->status;
    xg_tlog_leaf(&leaf, note.at, note.len);
    r->bytes = bytes;
    return xg_receipt_open(&r->receipt, &r->checkpoint, bytes.at, bytes.len,
                           &leaf, &y->id.log, err);
}

/* The receipt is for this note, by our log, and its checkpoint continues the
 * held one. The state alone is not signed: it never makes `received`. */
static enum xg_status open_reply(struct sync *y, struct sync_receipt *r,
                                 struct xg_bytes *news, struct xg_bytes frame,
                                 struct xg_error *err)
{
    struct xg_bytes rest = xg_buf_bytes(&y->answer.body), state, proof_text;
    struct xg_bytes bytes, page = {NULL, 0};
    struct xg_proof proof;

    if (!xg_frame_next(&rest, &state) || !xg_frame_next(&rest, &proof_text) ||
        !xg_frame_next(&rest, &bytes) ||
        (rest.len != 0 && !xg_frame_next(&rest, &page)) || rest.len != 0 ||
        !parse_state(&r->state, state))
        return sync_bad_answer(y, err);
    if (sync_open_receipt(y, r, bytes, frame, err) != XG_OK ||
        xg_proof_read_beside(&proof, proof_text, &r->receipt.proof, err) !=
            XG_OK ||
        xg_verify_consistency(&proof, y->held.size, r->checkpoint.size,
                              &y->held.root, &r->checkpoint.root, err) != XG_OK)
        return xg_fail(err, XG_NET,
                       XG_T("回执未通过核验，不算已收到；稍后重试",
                            "the receipt did not verify, so nothing counts as "
                            "received; try again later"));
    *news = page;
    return XG_OK;
}

static void count_receipt(struct sync *y, const struct sync_receipt *r,
                          const struct store_batch *batch)
{
    struct sync_report *report = y->report;

    report->batches_received++;
    report->records_received += batch->last - batch->first + 1;
    report->last_entry = r->receipt.index;
    report->log_size = y->held.size;
    report->waiting += r->state == XG_BATCH_WAITING;
    report->forked += r->state == XG_BATCH_FORKED;
    report->quarantined += r->state == XG_BATCH_QUARANTINED;
    if (y->host && y->host->batch)
        y->host->batch(y->host->ctx, batch, r->state, r->receipt.index);
    sync_progress(y);
}

enum xg_status sync_keep_receipt(struct sync *y, const struct sync_receipt *r,
                                 const struct store_batch *batch,
                                 struct xg_error *err)
{
    enum xg_status status = store_begin(y->store, err);

    if (status == XG_OK)
        status = store_mark_received(y->store, batch->row, r->state,
                                     r->receipt.index, r->bytes, err);
    if (status == XG_OK && r->checkpoint.size > y->held.size)
        status = store_put_checkpoint(y->store, r->receipt.checkpoint, err);
    if (status == XG_OK && r->state == XG_BATCH_FORKED &&
        batch->mine)
        status = sync_leave_chain(y, &batch->chain, SYNC_CHAIN_FORKED, err);
    if (status == XG_OK)
        status = store_commit(y->store, err);
    store_rollback(y->store);
    if (status != XG_OK)
        return status;
    if (r->checkpoint.size > y->held.size)
        y->held = r->checkpoint;
    count_receipt(y, r, batch);
    return XG_OK;
}

/* The server does not take this one: its reason is kept, the others go on. */
static void count_refusal(struct sync *y, const struct store_batch *batch,
                          const struct xg_error *err)
{
    struct sync_report *report = y->report;

    report->batches_refused++;
    report->records_refused += batch->last - batch->first + 1;
    if (report->reason_count < SYNC_REASONS_MAX)
        snprintf(report->reasons[report->reason_count++], SYNC_REASON_SIZE,
                 "%.*s", SYNC_REASON_SIZE - 1, xg_error_text(err));
}

/* The server answers, but cannot take this one now: perhaps this one alone. A
 * few in a row are the server's trouble, not theirs. */
static bool defer(struct sync *y, const struct xg_error *err)
{
    if (++y->busy_in_a_row >= BUSY_MAX)
        return false;
    if (y->deferred.status == XG_OK)
        y->deferred = *err;
    return true;
}

/* The last one asks for what is new in the same breath: one exchange less. */
static enum xg_status put_path(struct xg_buf *path, struct sync *y,
                               const struct store_batch *batch, uint64_t since,
                               struct xg_error *err)
{
    struct store_batch next;
    bool more;

    xg_buf_text(path, "/v1/batches/");
    xg_buf_hex(path, batch->id.b, sizeof batch->id.b);
    if (store_next_batch(y->store, &next, NULL, &more, batch->row, err) !=
        XG_OK)
        return err->status;
    if (!more && !y->alarm && y->welcome.state == XG_DEVICE_ENROLLED)
        return sync_put_since(path, y, since, err);
    xg_buf_byte(path, '\0');
    return xg_buf_check(path, err);
}

/* What the answer, or its absence, means for this batch and the others. *put:
 * it is to be looked at. */
static enum xg_status call_with(struct sync *y, bool *put,
                                const struct transport_request *request,
                                const struct store_batch *batch,
                                struct xg_error *err)
{
    enum xg_status status = sync_call(y, request, err);

    *put = false;
    if (status == XG_FORMAT || status == XG_REFUSED || status == XG_TOOBIG) {
        count_refusal(y, batch, err);
        return XG_OK;
    }
    if (status == XG_NET && y->said_busy && !y->alarm && defer(y, err))
        return XG_OK;
    y->busy_in_a_row = 0;
    if (status == XG_AUTH || status == XG_NOTFOUND)
        return err->status = XG_NET; /* another hello settles it */
    *put = status == XG_OK && !y->alarm;
    return status;
}

static enum xg_status put_batch(struct sync *y, const struct store_batch *batch,
                                struct xg_bytes frame, struct xg_error *err)
{
    struct xg_buf path = XG_BUF(SYNC_PATH_MAX);
    struct transport_request request = {.method = "PUT",
                                        .bearer = y->bearer,
                                        .states_size = true,
                                        .size = y->alarm ? 0 : y->held.size,
                                        .body = frame};
    struct xg_bytes note = {NULL, 0}, body, name, news = {NULL, 0};
    struct sync_receipt reply = {.state = XG_BATCH_STORED};
    uint64_t since;
    bool put = false;

    y->has_news = false;
    if (xg_batch_peek(&note, &body, &name, frame.at, frame.len, err) != XG_OK)
        return xg_fail(err, XG_CORRUPT,
                       XG_T("本机封存的一批记录已损坏；运行 xunge verify",
                            "a sealed batch on this device is damaged; run "
                            "xunge verify"));
    if ((batch->delivery < STORE_SENT &&
         store_mark_sent(y->store, batch->row, err) != XG_OK) ||
        store_get_since(y->store, &since, err) != XG_OK)
        return err->status;
    enum xg_status status = put_path(&path, y, batch, since, err);
    if (status == XG_OK) {
        request.path = (const char *)path.data;
        status = call_with(y, &put, &request, batch, err);
    }
    xg_buf_clear(&path);
    if (status != XG_OK || !put)
        return status;
    if (open_reply(y, &reply, &news, frame, err) != XG_OK ||
        sync_keep_receipt(y, &reply, batch, err) != XG_OK)
        return err->status;
    return news.len ? sync_take_news(y, news, since, err) : XG_OK;
}

/* Everything that is sealed and has no proof, one batch in memory at a time.
 */
static enum xg_status push_sealed(struct sync *y, struct xg_buf *frame,
                                  struct xg_error *err)
{
    struct store_batch batch = {.row = 0};
    bool found, vouched = false;

    for (;;) {
        xg_buf_reset(frame);
        if (store_next_batch(y->store, &batch, frame, &found, batch.row, err) !=
            XG_OK)
            return err->status;
        if (!found)
            return XG_OK;
        if (!vouched && sync_vouch(y->home, err) != XG_OK)
            return err->status;
        vouched = true;
        if (put_batch(y, &batch, xg_buf_bytes(frame), err) != XG_OK)
            return err->status;
    }
}

enum xg_status sync_push(struct sync *y, struct xg_error *err)
{
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    enum xg_status status = XG_OK;
    size_t sealed = 1;

    for (int i = 0; status == XG_OK && sealed > 0 && i < PUSH_ROUNDS; i++) {
        status = store_seal_waiting(y->store, &sealed, &y->signer, err);
        if (status == XG_OK && (i == 0 || sealed > 0))
            status = push_sealed(y, &frame, err);
    }
    xg_buf_clear(&frame);
    return status;
}
