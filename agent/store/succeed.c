/* succeed.c - logs that followed one another; see store.h. */
#include "agent/store/inside.h"

#include "agent_sql.h"

/* ---- which logs ---- */

enum xg_status store_get_logs(struct store *s, struct store_logs *out,
                              struct xg_error *err)
{
    struct store_logs logs = {.count = 0};
    struct store_identity id;
    struct xg_stmt *q;

    if (store_get_identity(s, &id, err) != XG_OK)
        return err->status;
    if (id.joined)
        logs.list[logs.count++] =
            (struct store_log){.key = id.log, .until = UINT64_MAX};
    q = xg_stmt(s->db, AGENT_STMT_LOG_BEFORE_LIST);
    while (logs.count <= XG_LINEAGE_MAX && xg_stmt_next(q)) {
        struct store_log *log = &logs.list[logs.count];
        struct xg_bytes vkey = xg_col_text_bytes(q, 1);
        *log = (struct store_log){.until = xg_col_u64(q, 0),
                                  .since_ms = xg_col_i64(q, 2),
                                  .batches = xg_col_u64(q, 3),
                                  .records = xg_col_u64(q, 4),
                                  .photos = xg_col_u64(q, 5)};
        struct xg_error why = XG_ERROR_NONE;
        if (xg_verifier_parse(&log->key, (const char *)vkey.at, vkey.len,
                              &why) != XG_OK)
            xg_stmt_corrupt(q, "the key of a log before");
        else
            logs.count++;
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *out = logs;
    return XG_OK;
}

bool store_knows_log(const struct store_logs *logs, const char *origin)
{
    for (size_t i = 0; i < logs->count; i++)
        if (strcmp(logs->list[i].key.name, origin) == 0)
            return true;
    return false;
}

enum xg_status store_open_receipt(const struct store_logs *logs,
                                  struct xg_receipt *out,
                                  struct xg_checkpoint *checkpoint,
                                  struct xg_bytes receipt,
                                  const struct xg_hash *leaf,
                                  struct xg_error *err)
{
    struct xg_error first = XG_ERROR_NONE;

    xg_ignore(xg_fail(&first, XG_AUTH, "no log is known here"));
    for (size_t i = 0; i < logs->count; i++) {
        struct xg_error why = XG_ERROR_NONE;
        struct xg_checkpoint c;
        struct xg_receipt r;
        if (xg_receipt_open(&r, &c, receipt.at, receipt.len, leaf,
                            &logs->list[i].key, &why) == XG_OK &&
            r.index < logs->list[i].until) {
            *out = r;
            *checkpoint = c;
            return XG_OK;
        }
        if (i == 0 && why.status != XG_OK)
            first = why;
    }
    *err = first;
    return err->status;
}

bool store_checkpoint_fits(const struct store_logs *logs,
                           const struct xg_checkpoint *c,
                           const struct xg_checkpoint *held)
{
    bool now = logs->count > 0 &&
               strcmp(c->origin, logs->list[0].key.name) == 0;

    if (!now)
        return true;
    return c->size < held->size ||
           (c->size == held->size && xg_hash_equal(&c->root, &held->root));
}

enum xg_status store_open_entry(const struct store_logs *logs,
                                struct xg_note *note, struct xg_bytes data,
                                struct xg_error *err)
{
    struct xg_error first = XG_ERROR_NONE;

    xg_ignore(xg_fail(&first, XG_AUTH, "no log is known here"));
    for (size_t i = 0; i < logs->count; i++) {
        struct xg_error why = XG_ERROR_NONE;
        if (xg_note_open(note, data.at, data.len, &logs->list[i].key, &why) ==
            XG_OK)
            return XG_OK;
        if (i == 0)
            first = why;
    }
    *err = first;
    return err->status;
}

/* ---- what is known of the log below a size ---- */

enum { RECEIPTS_TRIED = 64 };

enum xg_status store_checkpoint_below(struct store *s,
                                      struct xg_checkpoint *out, bool *found,
                                      uint64_t size, struct xg_error *err)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), receipt = XG_BUF(1 << 20);
    struct store_logs logs;
    struct xg_checkpoint best = {.size = 0};
    uint64_t below = INT64_MAX;
    bool more = true;
    enum xg_status status = store_get_logs(s, &logs, err);

    /* Receipts of about the same time carry about the same checkpoint. */
    for (int i = 0; status == XG_OK && more && i < RECEIPTS_TRIED; i++) {
        struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_BELOW);
        struct store_batch batch;
        struct xg_checkpoint c;
        struct xg_receipt r;
        struct xg_hash leaf;
        xg_buf_reset(&note);
        xg_buf_reset(&receipt);
        xg_bind_u64(q, 1, size);
        xg_bind_u64(q, 2, below);
        status = store_take_batch(s, q, &batch, NULL, &note, &receipt, &more,
                                  err);
        if (status != XG_OK || !more)
            break;
        xg_tlog_leaf(&leaf, note.data, note.len);
        status = store_open_receipt(&logs, &r, &c, xg_buf_bytes(&receipt),
                                    &leaf, err);
        below = r.index;
        if (status == XG_OK && c.size <= size && c.size > best.size)
            best = c;
        if (best.size > below)
            break;
    }
    xg_buf_clear(&note);
    xg_buf_clear(&receipt);
    if (status != XG_OK)
        return status;
    *found = best.size > 0;
    *out = best;
    return XG_OK;
}

/* ---- what is lost ---- */

static enum xg_status list_receipts(struct store *s, uint64_t size,
                                    bool (*visit)(void *ctx,
                                                  const struct xg_hash *id,
                                                  struct xg_bytes receipt),
                                    void *ctx, struct xg_error *err)
{
    struct xg_buf receipt = XG_BUF(1 << 20);
    struct store_batch batch = {.row = 0};
    bool found = true;
    enum xg_status status = XG_OK;

    while (found) {
        struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_LOST);
        xg_buf_reset(&receipt);
        xg_bind_u64(q, 1, size);
        xg_bind_i64(q, 2, batch.row);
        status = store_take_batch(s, q, &batch, NULL, NULL, &receipt, &found,
                                  err);
        if (status != XG_OK ||
            (found && !visit(ctx, &batch.id, xg_buf_bytes(&receipt))))
            break;
    }
    xg_buf_clear(&receipt);
    return status;
}

enum xg_status store_list_lost(
    struct store *s, uint64_t size,
    bool (*batch)(void *ctx, const struct xg_hash *id, struct xg_bytes receipt),
    bool (*registry)(void *ctx, uint64_t number, struct xg_bytes note),
    void *ctx, struct xg_error *err)
{
    struct xg_stmt *q;
    bool more = true;

    if (list_receipts(s, size, batch, ctx, err) != XG_OK)
        return err->status;
    q = xg_stmt(s->db, AGENT_STMT_REGISTRY_LOST);
    xg_bind_u64(q, 1, size);
    while (more && xg_stmt_next(q))
        more = registry(ctx, xg_col_u64(q, 0), xg_col_bytes(q, 1));
    return xg_stmt_done(q, err);
}

/* ---- losing it ---- */

static enum xg_status lose(struct store *s, uint64_t *changed,
                           enum agent_stmt which, uint64_t size,
                           struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, which);

    if (which != AGENT_STMT_LOSE_UPLOADS)
        xg_bind_u64(q, 1, size);
    if (which == AGENT_STMT_LOSE_BATCHES)
        xg_bind_i64(q, 2, STORE_SENT);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    *changed = (uint64_t)xg_db_changes(s->db);
    return XG_OK;
}

static enum xg_status count_freed(struct store *s, uint64_t *count,
                                  uint64_t size, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_LOSE_FREED);

    xg_bind_u64(q, 1, size);
    return xg_stmt_number(count, NULL, q, err);
}

static enum xg_status lose_all(struct store *s, struct store_log *lost,
                               uint64_t size, struct xg_error *err)
{
    static const enum agent_stmt rest[] = {
        AGENT_STMT_LOSE_OWN,           AGENT_STMT_LOSE_ANCHORS,
        AGENT_STMT_LOSE_CHAIN_ANCHORS, AGENT_STMT_LOSE_REGISTRY,
        AGENT_STMT_LOSE_STATEMENTS,    AGENT_STMT_LOSE_REFERENCES,
        AGENT_STMT_LOSE_TIMES,         AGENT_STMT_LOSE_PROOFS,
        AGENT_STMT_LOSE_BLOBS_NOTES,   AGENT_STMT_LOSE_UPLOADS,
    };
    uint64_t changed;

    if (count_freed(s, &lost->photos, size, err) != XG_OK ||
        lose(s, &lost->batches, AGENT_STMT_LOSE_BATCHES, size, err) != XG_OK ||
        lose(s, &lost->records, AGENT_STMT_LOSE_OTHERS, size, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if (lose(s, &changed, rest[i], size, err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status store_succeed(struct store *s, struct store_log *out,
                             const struct xg_verifier *key, uint64_t size,
                             struct xg_bytes note, struct xg_error *err)
{
    struct store_log lost = {
        .key = *key, .until = size, .since_ms = xg_wall_ms(s->env)};
    char vkey[XG_VKEY_SIZE];
    uint64_t since;

    if (store_get_since(s, &since, err) != XG_OK ||
        lose_all(s, &lost, size, err) != XG_OK ||
        (since > size && store_put_since(s, size, err) != XG_OK))
        return err->status;
    xg_verifier_print(vkey, key);
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_LOG_BEFORE_ADD);
    xg_bind_u64(q, 1, size);
    xg_bind_text(q, 2, vkey);
    xg_bind_bytes(q, 3, note);
    xg_bind_i64(q, 4, lost.since_ms);
    xg_bind_u64(q, 5, lost.batches);
    xg_bind_u64(q, 6, lost.records);
    xg_bind_u64(q, 7, lost.photos);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    *out = lost;
    /* Judged by a registry and anchors that are shorter now. */
    return store_touch_rows(
        s, xg_stmt(s->db, AGENT_STMT_RECORD_ENTITIES_ALL), err);
}
