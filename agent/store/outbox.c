/* outbox.c - sealing what waits, and what became of it. */
#include "agent/store/inside.h"

#include <sodium.h>
#include <stdlib.h>

#include "agent_sql.h"
#include "shared/base/lang.h"

enum {
    SEAL_BATCHES_MAX = 64, /* of one transaction */
    SEAL_RECORDS_MAX = 4096,
};

const char *store_delivery_name(enum store_delivery d)
{
    static const char *const names[] = {"draft", "waiting", "sealed", "sent",
                                        "received"};
    return d < STORE_DELIVERIES ? names[d] : "unknown";
}

/* ---- sealing ---- */

/* Consecutive records of one chain that go into a batch; opened. */
struct run {
    struct xg_arena arena;
    struct xg_sealable *records;
    size_t count, bytes;
    uint64_t first;
    struct xg_hash previous;
};

/* Take the row into the run. *fits false: it belongs to the next one. */
static enum xg_status run_add(struct store *s, struct run *run,
                              struct xg_stmt *q, bool *fits,
                              struct xg_error *err)
{
    struct xg_hash hash = xg_col_hash(q, 0), previous = xg_col_hash(q, 2);
    uint64_t seq = xg_col_u64(q, 1);
    struct xg_bytes head = xg_col_bytes(q, 3);

    *fits = run->count == 0 ||
            (seq == run->first + run->count && run->count < SEAL_RECORDS_MAX &&
             xg_hash_equal(&previous, &run->records[run->count - 1].hash));
    if (!*fits)
        return XG_OK;
    if (store_unseal(s, "record", xg_bytes(hash.b, XG_HASH_SIZE),
                     xg_col_bytes(q, 4), err) != XG_OK)
        return err->status;
    size_t size = head.len + s->plain.len;
    *fits = run->count == 0 || run->bytes + size <= XG_BATCH_SEAL_BYTES;
    if (!*fits)
        return XG_OK;
    struct xg_sealable *r = &run->records[run->count];
    r->hash = hash;
    r->head = xg_bytes(xg_arena_copy(&run->arena, head.at, head.len), head.len);
    r->fields = xg_bytes(
        xg_arena_copy(&run->arena, s->plain.data, s->plain.len), s->plain.len);
    if (!r->head.at || !r->fields.at)
        return xg_fail_nomem(err);
    if (run->count++ == 0) {
        run->first = seq;
        run->previous = previous;
    }
    run->bytes += size;
    return XG_OK;
}

/* The first run of the chain from `seq` on; count 0 when nothing waits. */
static enum xg_status run_collect(struct store *s, struct run *run,
                                  int64_t chain, uint64_t seq,
                                  struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_WAITING);
    enum xg_status status = XG_OK;
    bool fits = true;

    run->count = run->bytes = 0;
    xg_arena_reset(&run->arena);
    run->records =
        xg_arena_array(&run->arena, SEAL_RECORDS_MAX, sizeof *run->records);
    if (!run->records)
        status = xg_fail_nomem(err);
    xg_bind_i64(q, 1, chain);
    xg_bind_u64(q, 2, seq);
    while (status == XG_OK && fits && xg_stmt_next(q))
        status = run_add(s, run, q, &fits, err);
    struct xg_error later = XG_ERROR_NONE;
    if (xg_stmt_done(q, status == XG_OK ? err : &later) != XG_OK &&
        status == XG_OK)
        status = err->status;
    return status;
}

static enum xg_status save_batch(struct store *s, const struct run *run,
                                 const struct store_chain *chain,
                                 struct xg_bytes note, struct xg_bytes body,
                                 struct xg_error *err)
{
    struct xg_hash id;

    if (xg_batch_id(&id, note, err) != XG_OK ||
        store_seal(s, "batch", xg_bytes(id.b, XG_HASH_SIZE), body, err) !=
            XG_OK)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_ADD);
    xg_bind_hash(q, 1, &id);
    xg_bind_i64(q, 2, chain->row);
    xg_bind_u64(q, 3, run->first);
    xg_bind_u64(q, 4, run->first + run->count - 1);
    xg_bind_hash(q, 5, &run->records[run->count - 1].hash);
    xg_bind_bytes(q, 6, note);
    xg_bind_bytes(q, 7, xg_buf_bytes(&s->sealed));
    xg_bind_i64(q, 8, STORE_SEALED);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    int64_t row = xg_db_last_rowid(s->db);
    for (size_t i = 0; i < run->count; i++) {
        q = xg_stmt(s->db, AGENT_STMT_RECORD_INTO_BATCH);
        xg_bind_hash(q, 1, &run->records[i].hash);
        xg_bind_i64(q, 2, row);
        if (xg_stmt_run(q, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status seal_run(struct store *s, const struct run *run,
                               const struct store_chain *chain,
                               const struct xg_signer *signer,
                               struct xg_error *err)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), body = XG_BUF(XG_BATCH_MAX);
    enum xg_status status =
        xg_batch_seal(&note, &body, &chain->chain, run->first, &run->previous,
                      run->records, run->count, signer, true, err);

    if (status == XG_OK)
        status = save_batch(s, run, chain, xg_buf_bytes(&note),
                            xg_buf_bytes(&body), err);
    xg_buf_clear(&note);
    xg_buf_clear(&body);
    return status;
}

/* Up to SEAL_BATCHES_MAX batches; *more when some is left. In a transaction.
 */
static enum xg_status seal_some(struct store *s, struct run *run,
                                const struct xg_signer *signer, size_t *sealed,
                                bool *more, struct xg_error *err)
{
    struct store_chain chains[XG_CHAINS_MAX];
    size_t count, n = 0;

    *more = false;
    if (store_own_chains(s, chains, &count, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        for (uint64_t seq = 0;; seq = run->first) {
            if (run_collect(s, run, chains[i].row, seq, err) != XG_OK)
                return err->status;
            if (run->count == 0)
                break;
            if (n == SEAL_BATCHES_MAX) {
                *more = true;
                break;
            }
            if (seal_run(s, run, &chains[i], signer, err) != XG_OK)
                return err->status;
            n++;
        }
    }
    *sealed += n;
    return XG_OK;
}

enum xg_status store_seal_waiting(struct store *s, size_t *sealed,
                                  const struct xg_signer *signer,
                                  struct xg_error *err)
{
    struct run run = {.arena = XG_ARENA(16 << 20)};
    size_t n = 0;
    bool more = true;
    enum xg_status status = XG_OK;

    while (status == XG_OK && more) {
        status = store_begin(s, err);
        if (status != XG_OK)
            break;
        status = seal_some(s, &run, signer, &n, &more, err);
        if (status == XG_OK)
            status = store_commit(s, err);
        else
            store_rollback(s);
    }
    xg_arena_clear(&run.arena);
    if (status == XG_OK)
        *sealed = n;
    return status;
}

/* ---- pushing ---- */

enum xg_status store_take_batch(struct store *s, struct xg_stmt *q,
                                struct store_batch *out, struct xg_buf *frame,
                                struct xg_buf *note, struct xg_buf *receipt,
                                bool *found, struct xg_error *err)
{
    struct store_batch b = {0};
    enum xg_status status = XG_OK;
    bool has = xg_stmt_row(q);

    if (has) {
        b.row = xg_col_i64(q, 0);
        b.id = xg_col_hash(q, 1);
        b.chain = xg_col_hash(q, 2);
        b.last_hash = xg_col_hash(q, 3);
        b.first = xg_col_u64(q, 4);
        b.last = xg_col_u64(q, 5);
        b.delivery = (enum store_delivery)xg_col_i64(q, 6);
        b.mine = xg_col_bool(q, 11);
        if (!xg_col_is_null(q, 10))
            b.state = (enum xg_batch_state)xg_col_i64(q, 10);
        struct xg_bytes text = xg_col_bytes(q, 7);
        if (note)
            xg_buf_append(note, text.at, text.len);
        if (frame) {
            status = store_unseal(s, "batch", xg_bytes(b.id.b, XG_HASH_SIZE),
                                  xg_col_bytes(q, 8), err);
            if (status == XG_OK)
                status = xg_batch_frame_kept(frame, text,
                                             xg_buf_bytes(&s->plain), err);
        }
        if (receipt && xg_col_is_null(q, 9))
            has = false;
        else if (receipt) {
            struct xg_bytes proof = xg_col_bytes(q, 9);
            xg_buf_append(receipt, proof.at, proof.len);
        }
    }
    struct xg_error later = XG_ERROR_NONE;
    if (xg_stmt_done(q, status == XG_OK ? err : &later) != XG_OK ||
        status != XG_OK)
        return err->status;
    if ((frame && xg_buf_check(frame, err) != XG_OK) ||
        (note && xg_buf_check(note, err) != XG_OK) ||
        (receipt && xg_buf_check(receipt, err) != XG_OK))
        return err->status;
    *found = has;
    if (has)
        *out = b;
    return XG_OK;
}

enum xg_status store_next_batch(struct store *s, struct store_batch *out,
                                struct xg_buf *frame, bool *found,
                                int64_t after_row, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_DUE);

    xg_bind_i64(q, 1, after_row);
    return store_take_batch(s, q, out, frame, NULL, NULL, found, err);
}

enum xg_status store_logged_batches(struct store *s, uint64_t *positions,
                                    size_t *count, size_t max, uint64_t from,
                                    struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_LOGGED);
    size_t n = 0;

    xg_bind_u64(q, 1, from > INT64_MAX ? INT64_MAX : from);
    xg_bind_u64(q, 2, max);
    while (n < max && xg_stmt_next(q))
        positions[n++] = xg_col_u64(q, 0);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *count = n;
    return XG_OK;
}

enum xg_status store_receipt_of(struct store *s, struct store_batch *out,
                                struct xg_buf *note, struct xg_buf *receipt,
                                bool *found, const struct xg_hash *record,
                                struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_OF_RECORD);

    xg_bind_hash(q, 1, record);
    return store_take_batch(s, q, out, NULL, note, receipt, found, err);
}

enum xg_status store_mark_sent(struct store *s, int64_t row,
                               struct xg_error *err)
{
    if (store_begin(s, err) != XG_OK)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_SENT);
    xg_bind_i64(q, 1, row);
    xg_bind_i64(q, 2, STORE_SENT);
    if (xg_stmt_run(q, err) != XG_OK) {
        store_rollback(s);
        return err->status;
    }
    return store_commit(s, err);
}

enum xg_status store_mark_received(struct store *s, int64_t row,
                                   enum xg_batch_state state,
                                   uint64_t log_index, struct xg_bytes receipt,
                                   struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_PLACE);
    int64_t chain = 0;
    uint64_t first = 0, last = 0;

    xg_bind_i64(q, 1, row);
    bool found = xg_stmt_row(q);
    if (found) {
        chain = xg_col_i64(q, 0);
        first = xg_col_u64(q, 1);
        last = xg_col_u64(q, 2);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    if (!found)
        return xg_fail(err, XG_NOTFOUND, "no such batch");

    q = xg_stmt(s->db, AGENT_STMT_BATCH_RECEIVED);
    xg_bind_i64(q, 1, row);
    xg_bind_i64(q, 2, STORE_RECEIVED);
    xg_bind_i64(q, 3, state);
    xg_bind_bytes(q, 4, receipt);
    xg_bind_u64(q, 5, log_index);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    q = xg_stmt(s->db, AGENT_STMT_RECORD_BATCH_LOGGED);
    xg_bind_i64(q, 1, chain);
    xg_bind_u64(q, 2, first);
    xg_bind_u64(q, 3, last);
    xg_bind_i64(q, 4, row);
    xg_bind_u64(q, 5, log_index);
    return xg_stmt_run(q, err);
}

enum xg_status store_push_again(struct store *s, size_t *count,
                                const struct xg_hash *chain, uint64_t next,
                                struct xg_error *err)
{
    struct store_chain c;
    bool found;

    if (store_chain_find(s, &c, &found, chain, err) != XG_OK)
        return err->status;
    *count = 0;
    if (!found)
        return XG_OK;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_AGAIN);
    xg_bind_i64(q, 1, c.row);
    xg_bind_u64(q, 2, next);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    q = xg_stmt(s->db, AGENT_STMT_BATCH_AGAIN);
    xg_bind_i64(q, 1, c.row);
    xg_bind_u64(q, 2, next);
    xg_bind_i64(q, 3, STORE_SEALED);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    *count = (size_t)xg_db_changes(s->db);
    return XG_OK;
}
