/* erase.c - see erase.h. */
#include "agent/store/erase.h"

#include "agent/store/inside.h"
#include "agent_sql.h"
#include "shared/base/log.h"
#include "shared/core/batch.h"
#include "shared/core/erase.h"

#define META_ERASED ".erased" /* something was, and the log has it still */

/* Is every act on it true of the record that lies here? */
static bool is_true(const struct fold *f, size_t op)
{
    const struct xg_record *whole = f->facts[op].whole;
    struct xg_erased e;

    for (size_t i = 0; i < f->state.count; i++) {
        const struct xg_op *act = &f->ops[i];
        struct xg_erased_cursor c;
        if (!act->erases || act->record->malformed ||
            act->record->head.move != XG_MOVE_ERASE)
            continue;
        for (c = xg_erased_of(act->record); xg_erased_next(&c, &e);)
            if (xg_hash_equal(&e.record, &whole->hash) &&
                !xg_erased_fits(&e, whole))
                return false;
    }
    return true;
}

static bool is_it(void *ctx, const struct xg_record *record)
{
    return xg_hash_equal(ctx, &record->hash);
}

/* The body of the batch without the fields of the record, sealed again. */
static enum xg_status put_body(struct store *s, const struct store_batch *b,
                               struct xg_bytes frame, struct xg_hash *hash,
                               struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(32 << 20);
    struct xg_buf body = XG_BUF(XG_BATCH_MAX);
    struct xg_batch batch;
    enum xg_status status =
        xg_batch_reopen(&batch, &arena, frame.at, frame.len, err);

    if (status == XG_OK)
        status = xg_batch_redact(&body, &batch, is_it, hash, err);
    if (status == XG_OK)
        status = store_seal(s, "batch", xg_bytes(b->id.b, XG_HASH_SIZE),
                            xg_buf_bytes(&body), err);
    if (status == XG_OK) {
        struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_BODY);
        xg_bind_i64(q, 1, b->row);
        xg_bind_bytes(q, 2, xg_buf_bytes(&s->sealed));
        status = xg_stmt_run(q, err);
    }
    xg_buf_clear(&body);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status redact_batch(struct store *s, struct xg_hash *hash,
                                   struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_OF_RECORD);
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    struct store_batch b;
    bool found = false;

    xg_bind_hash(q, 1, hash);
    enum xg_status status =
        store_take_batch(s, q, &b, &frame, NULL, NULL, &found, err);
    if (status == XG_OK && found)
        status = put_body(s, &b, xg_buf_bytes(&frame), hash, err);
    xg_buf_clear(&frame);
    return status;
}

static bool source_of(struct xg_cbor_item *out, const struct xg_record *r)
{
    return !r->malformed && xg_record_field(r, XG_FIELD_SOURCE, out);
}

/* By which an import finds it: those that are left. */
static enum xg_status put_sources(struct store *s, const struct fold *f,
                                  struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_SOURCE_DROP);
    struct xg_cbor_item source;

    xg_bind_id(q, 1, &f->state.id);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < f->state.count; i++) {
        if (!source_of(&source, f->ops[i].record))
            continue;
        q = xg_stmt(s->db, AGENT_STMT_SOURCE_ADD);
        xg_bind_bytes(q, 1, source.raw);
        xg_bind_id(q, 2, &f->state.id);
        if (xg_stmt_run(q, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status erase_record(struct store *s,
                                   const struct xg_record *whole,
                                   struct xg_error *err)
{
    struct xg_hash hash = whole->hash;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_ERASE);

    xg_bind_hash(q, 1, &hash);
    xg_bind_hash(q, 2, &whole->fields_hash);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    return redact_batch(s, &hash, err);
}

enum xg_status erase_bytes(struct store *s, const struct fold *f,
                           struct xg_error *err)
{
    bool erased = false, any = false;

    for (size_t i = 0; i < f->state.count; i++) {
        const struct xg_erasure *e = f->ops[i].erasure;
        const struct xg_record *whole = f->facts[i].whole;
        if (!e || e->by == XG_NONE)
            continue;
        erased = true;
        if (whole->fields_raw.len == 0)
            continue;
        if (f->facts[i].mine && !f->facts[i].logged)
            continue; /* not sealed, perhaps: it has to be, whole */
        if (!is_true(f, i)) {
            xg_log(XG_LOG_WARN, "erase.untrue", "op=%zu", i);
            continue;
        }
        if (erase_record(s, whole, err) != XG_OK)
            return err->status;
        any = true;
    }
    if (erased && put_sources(s, f, err) != XG_OK)
        return err->status;
    return any ? store_put_meta_u64(s, META_ERASED, 1, err) : XG_OK;
}

/* The pages lie there as they were before: in the log, and in the file as long
 * as it was not emptied into it. */
enum xg_status store_forget_erased(struct store *s, struct xg_error *err)
{
    uint64_t erased = 0;

    if (store_get_meta_u64(s, &erased, META_ERASED, err) != XG_OK)
        return err->status;
    if (!erased)
        return XG_OK;
    enum xg_status status = xg_db_checkpoint(s->db, err);
    if (status == XG_BUSY) {
        *err = XG_ERROR_NONE; /* somebody reads: next time */
        return XG_OK;
    }
    if (status == XG_OK)
        status = store_begin(s, err);
    if (status == XG_OK)
        status = store_put_meta(s, META_ERASED, xg_bytes(NULL, 0), err);
    if (status == XG_OK)
        status = store_commit(s, err);
    store_rollback(s);
    return status;
}
