/* carry.c - what a predecessor handed over: batches of another device,
 * which authenticate themselves and are pushed from here; records of others,
 * which are here by the predecessor's word alone until the server has told of
 * them; photos whose only copy may now be this one. */
#include "agent/store/inside.h"

#include "agent_sql.h"
#include "shared/base/lang.h"

enum { HEAD_MOMENT = 5 }; /* of a record's head: record.h */

/* ---- chains of others ---- */

static enum xg_status chain_of(struct store *s, struct store_chain *out,
                               const struct xg_hash *chain,
                               struct xg_bytes device, struct xg_error *err)
{
    static const struct xg_hash zero;
    bool found;

    if (store_chain_find(s, out, &found, chain, err) != XG_OK || found)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CHAIN_ADD);
    xg_bind_hash(q, 1, chain);
    xg_bind_text_bytes(q, 2, device);
    xg_bind_i64(q, 3, 0);
    xg_bind_hash(q, 4, &zero);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    return store_chain_find(s, out, &found, chain, err);
}

/* The size that an anchor names, at least `size`. */
static uint64_t anchor_of(const struct xg_record *r, uint64_t size)
{
    struct xg_cbor_item item;

    if (!r->malformed && r->head.kind == XG_KIND_ANCHOR &&
        xg_record_field(r, XG_ANCHOR_SIZE, &item) && item.number > size)
        return item.number;
    return size;
}

/* The anchor in force after the record of that hash. 0 where it is not here:
 * the server will tell. */
static enum xg_status anchor_after(struct store *s, uint64_t *size,
                                   int64_t chain, const struct xg_hash *hash,
                                   struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_ANCHOR);
    enum xg_status status = XG_OK;
    struct xg_record r = {0};

    *size = 0;
    xg_bind_hash(q, 1, hash);
    xg_bind_i64(q, 2, chain);
    if (xg_stmt_row(q)) {
        *size = xg_col_u64(q, 1);
        if (xg_col_u64(q, 0) == XG_KIND_ANCHOR && !xg_col_is_null(q, 2)) {
            status = store_unseal(s, "record", xg_bytes(hash->b, XG_HASH_SIZE),
                                  xg_col_bytes(q, 2), err);
            r.head.kind = XG_KIND_ANCHOR;
            r.fields_raw = xg_buf_bytes(&s->plain);
            if (status == XG_OK)
                *size = anchor_of(&r, *size);
        }
    }
    struct xg_error later = XG_ERROR_NONE;
    if (xg_stmt_done(q, status == XG_OK ? err : &later) != XG_OK &&
        status == XG_OK)
        status = err->status;
    return status;
}

enum xg_status store_forget(struct store *s, const struct xg_hash *hash,
                            struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_DELETE);

    xg_bind_hash(q, 1, hash);
    return xg_stmt_run(q, err);
}

static enum xg_status look_up(struct store *s, const struct xg_hash *hash,
                              bool *known, bool *told, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_KNOWN);

    xg_bind_hash(q, 1, hash);
    *known = xg_stmt_row(q);
    *told = *known && xg_col_u64(q, 4) != 0;
    return xg_stmt_done(q, err);
}

/* ---- batches ---- */

static enum xg_status add_batch(struct store *s, int64_t *row, int64_t chain,
                                const struct store_carried *c,
                                struct xg_error *err)
{
    const struct xg_batch *b = c->batch;
    bool proven = c->receipt.len > 0;

    if (store_seal(s, "batch", xg_bytes(b->id.b, XG_HASH_SIZE), b->body, err) !=
        XG_OK)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_ADD);
    xg_bind_hash(q, 1, &b->id);
    xg_bind_i64(q, 2, chain);
    xg_bind_u64(q, 3, b->says.first);
    xg_bind_u64(q, 4, b->says.last);
    xg_bind_hash(q, 5, &b->records[b->count - 1].hash);
    xg_bind_bytes(q, 6, b->note);
    xg_bind_bytes(q, 7, xg_buf_bytes(&s->sealed));
    xg_bind_i64(q, 8, STORE_SEALED);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    *row = xg_db_last_rowid(s->db);
    return proven ? store_mark_received(s, *row, XG_BATCH_STORED, c->position,
                                        c->receipt, err)
                  : XG_OK;
}

/* One record of the batch in its place, unless it is here with proof. */
static enum xg_status add_signed(struct store *s, int64_t chain, int64_t batch,
                                 const struct xg_update *u,
                                 const struct store_carried *c,
                                 struct xg_error *err)
{
    struct store_place place = {.chain = chain,
                                .seq = u->seq,
                                .previous = u->previous,
                                .anchor_size = u->anchor_size,
                                .logged = c->receipt.len > 0,
                                .position = c->position};
    bool known, told;

    if (look_up(s, &u->record.hash, &known, &told, err) != XG_OK ||
        (told && store_forget(s, &u->record.hash, err) != XG_OK))
        return err->status;
    if (known && !told)
        return XG_OK;
    if ((u->seq > 0 && store_branch_after(s, &place.branch, chain, &u->previous,
                                          err) != XG_OK) ||
        store_place_beside(s, &place, u, err) != XG_OK ||
        store_add_record(s, &place, &u->record, err) != XG_OK)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_INTO_BATCH);
    xg_bind_hash(q, 1, &u->record.hash);
    xg_bind_i64(q, 2, batch);
    return xg_stmt_run(q, err);
}

enum xg_status store_put_carried(struct store *s, bool *is_new,
                                 const struct store_carried *carried,
                                 struct xg_error *err)
{
    const struct xg_batch *b = carried->batch;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_KNOWN);
    struct store_chain chain;
    struct xg_update u = {.previous = b->says.previous};
    int64_t row = 0;

    xg_bind_hash(q, 1, &b->id);
    bool here = xg_stmt_row(q);
    if (xg_stmt_done(q, err) != XG_OK ||
        chain_of(s, &chain, &b->says.chain, xg_bytes_of(carried->device),
                 err) != XG_OK)
        return err->status;
    *is_new = !here && !chain.mine;
    if (!*is_new)
        return XG_OK;
    q = xg_stmt(s->db, AGENT_STMT_CHAIN_NAME); /* it may have been told wrong */
    xg_bind_i64(q, 1, chain.row);
    xg_bind_text(q, 2, carried->device);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    if (add_batch(s, &row, chain.row, carried, err) != XG_OK ||
        anchor_after(s, &u.anchor_size, chain.row, &u.previous, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < b->count; i++) {
        u.seq = b->says.first + i;
        u.record = b->records[i];
        if (add_signed(s, chain.row, row, &u, carried, err) != XG_OK)
            return err->status;
        u.previous = u.record.hash;
        u.anchor_size = anchor_of(&u.record, u.anchor_size);
    }
    q = xg_stmt(s->db, AGENT_STMT_CHAIN_ANCHORED);
    xg_bind_i64(q, 1, chain.row);
    xg_bind_u64(q, 2, u.anchor_size);
    return xg_stmt_run(q, err);
}

enum xg_status store_carry_again(struct store *s, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_CARRIED_AGAIN);

    xg_bind_i64(q, 1, STORE_SEALED);
    return xg_stmt_run(q, err);
}

/* ---- by word alone ---- */

static enum xg_status put_told_chain(struct store *s, const struct xg_update *u,
                                     struct xg_error *err)
{
    struct store_identity id;
    struct store_chain chain;

    if (store_get_identity(s, &id, err) != XG_OK)
        return err->status;
    /* A chain that is said to be ours, and that we do not know, is none. */
    if (*id.device && xg_bytes_equal(u->device, xg_bytes_of(id.device)))
        return XG_OK;
    return chain_of(s, &chain, &u->chain, u->device, err);
}

enum xg_status store_put_told(struct store *s, const struct xg_update *u,
                              struct xg_error *err)
{
    struct store_place place = {.seq = u->seq,
                                .previous = u->previous,
                                .anchor_size = u->anchor_size};
    struct store_chain chain;
    bool found, known, told;

    if (u->kind == XG_UPDATE_CHAIN)
        return put_told_chain(s, u, err);
    if (u->kind != XG_UPDATE_RECORD)
        return xg_fail(err, XG_FORMAT, "an update of another kind");
    if (store_chain_find(s, &chain, &found, &u->chain, err) != XG_OK ||
        look_up(s, &u->record.hash, &known, &told, err) != XG_OK)
        return err->status;
    if (!found || chain.mine || known)
        return XG_OK;
    place.chain = chain.row;
    if (u->seq > 0 && store_branch_after(s, &place.branch, chain.row,
                                         &u->previous, err) != XG_OK)
        return err->status;
    if (store_add_record(s, &place, &u->record, err) != XG_OK)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_MARK_TOLD);
    xg_bind_hash(q, 1, &u->record.hash);
    return xg_stmt_run(q, err);
}

/* An entity of which nothing is left has no row. */
static enum xg_status drop_empty(struct store *s, const struct xg_id *id,
                                 struct xg_error *err)
{
    static const enum agent_stmt drops[] = {AGENT_STMT_ENTITY_DELETE_EMPTY,
                                            AGENT_STMT_PHOTO_DELETE_EMPTY};

    for (size_t i = 0; i < sizeof drops / sizeof *drops; i++) {
        struct xg_stmt *q = xg_stmt(s->db, drops[i]);
        xg_bind_id(q, 1, id);
        if (xg_stmt_run(q, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status drop_told(struct store *s, uint64_t *count,
                                struct xg_error *err)
{
    if (store_touch_rows(s, xg_stmt(s->db, AGENT_STMT_RECORD_ENTITIES_TOLD),
                         err) != XG_OK ||
        xg_stmt_run(xg_stmt(s->db, AGENT_STMT_RECORD_DELETE_TOLD), err) !=
            XG_OK)
        return err->status;
    *count = (uint64_t)xg_db_changes(s->db);
    for (size_t i = 0; i < s->touched_count; i++)
        if (drop_empty(s, &s->touched[i], err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status store_drop_told(struct store *s, uint64_t *count,
                               struct xg_error *err)
{
    struct store_carried_counts c;
    uint64_t dropped = 0;

    if (store_count_carried(s, &c, err) != XG_OK)
        return err->status;
    *count = 0;
    if (c.told == 0)
        return XG_OK;
    enum xg_status status = store_begin(s, err);
    if (status == XG_OK)
        status = drop_told(s, &dropped, err);
    if (status == XG_OK)
        status = store_commit(s, err);
    store_rollback(s);
    if (status == XG_OK)
        *count = dropped;
    return status;
}

/* ---- photos ---- */

enum xg_status store_carry_photo(struct store *s, const struct xg_hash *sha256,
                                 struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CARRIED_PHOTO_ADD);

    xg_bind_hash(q, 1, sha256);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    q = xg_stmt(s->db, AGENT_STMT_PHOTO_ENTITIES);
    xg_bind_hash(q, 1, sha256);
    return store_touch_rows(s, q, err);
}

/* ---- looking ---- */

enum xg_status store_count_carried(struct store *s,
                                   struct store_carried_counts *out,
                                   struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_COUNT_CARRIED);
    struct store_carried_counts c = {0};

    if (xg_stmt_row(q)) {
        c.batches = xg_col_u64(q, 0);
        c.batches_due = xg_col_u64(q, 1);
        c.told = xg_col_u64(q, 2);
        c.photos = xg_col_u64(q, 3);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *out = c;
    return XG_OK;
}

enum xg_status store_next_kept(struct store *s, struct store_batch *out,
                               struct xg_buf *frame, struct xg_buf *receipt,
                               bool *found, int64_t after_row,
                               struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_KEPT);
    struct store_batch b;
    bool has, proven;

    xg_bind_i64(q, 1, after_row);
    if (store_take_batch(s, q, &b, frame, NULL, NULL, &has, err) != XG_OK)
        return err->status;
    if (has && receipt) {
        struct store_batch same;
        q = xg_stmt(s->db, AGENT_STMT_BATCH_KEPT);
        xg_bind_i64(q, 1, b.row - 1);
        if (store_take_batch(s, q, &same, NULL, NULL, receipt, &proven, err) !=
            XG_OK)
            return err->status;
    }
    *found = has;
    if (has)
        *out = b;
    return XG_OK;
}

enum xg_status store_kept_bytes(struct store *s, uint64_t *bytes,
                                uint64_t *count, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_BYTES);
    uint64_t b = 0, n = 0;

    if (xg_stmt_row(q)) {
        b = xg_col_u64(q, 0);
        n = xg_col_u64(q, 1);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *bytes = b;
    *count = n;
    return XG_OK;
}

enum xg_status store_kept_tips(struct store *s,
                               bool (*visit)(void *ctx,
                                             const struct xg_hash *chain,
                                             uint64_t next),
                               void *ctx, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BATCH_TIPS);
    bool more = true;

    while (more && xg_stmt_next(q)) {
        struct xg_hash chain = xg_col_hash(q, 0);
        more = visit(ctx, &chain, xg_col_u64(q, 1));
    }
    return xg_stmt_done(q, err);
}

static enum xg_status put_loose(struct store *s, struct xg_stmt *q,
                                struct xg_buf *items, struct xg_hash *chain,
                                struct xg_error *err)
{
    struct xg_update u = {.kind = XG_UPDATE_CHAIN, .chain = xg_col_hash(q, 0)};

    if (!xg_hash_equal(&u.chain, chain)) {
        const char *device = xg_col_text(q, 1);
        u.device = xg_bytes_of(*device ? device : "-");
        xg_update_put(items, &u, false);
        *chain = u.chain;
    }
    u.kind = XG_UPDATE_RECORD;
    u.seq = xg_col_u64(q, 2);
    u.previous = xg_col_hash(q, 3);
    u.position = xg_col_is_null(q, 4) ? 0 : xg_col_u64(q, 4);
    u.anchor_size = xg_col_u64(q, 5);
    u.record.head_raw = xg_col_bytes(q, 6);
    if (xg_col_is_null(q, 7)) {
        u.record.fields_hash = xg_col_hash(q, 8);
    } else {
        struct xg_hash hash = xg_col_hash(q, 9);
        if (store_unseal(s, "record", xg_bytes(hash.b, XG_HASH_SIZE),
                         xg_col_bytes(q, 7), err) != XG_OK)
            return err->status;
        u.record.fields_raw = xg_buf_bytes(&s->plain);
    }
    xg_update_put(items, &u, true);
    return xg_buf_check(items, err);
}

enum xg_status store_put_loose(struct store *s, struct xg_buf *items,
                               struct xg_hash *chain, uint64_t *count,
                               const struct xg_id *entity,
                               struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_LOOSE);
    enum xg_status status = XG_OK;

    xg_bind_id(q, 1, entity);
    while (status == XG_OK && xg_stmt_next(q)) {
        if (!xg_col_is_null(q, 10))
            continue;
        status = put_loose(s, q, items, chain, err);
        ++*count;
    }
    struct xg_error later = XG_ERROR_NONE;
    if (xg_stmt_done(q, status == XG_OK ? err : &later) != XG_OK &&
        status == XG_OK)
        status = err->status;
    return status;
}

enum xg_status store_list_unproven(
    struct store *s,
    bool (*visit)(void *ctx, const struct xg_hash *chain, uint64_t seq,
                  const struct xg_id *entity),
    void *ctx, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_UNPROVEN);
    bool more = true;

    while (more && xg_stmt_next(q)) {
        struct xg_hash chain = xg_col_hash(q, 0);
        struct xg_id entity = xg_col_id(q, 2);
        more = visit(ctx, &chain, xg_col_u64(q, 1), &entity);
    }
    return xg_stmt_done(q, err);
}

/* The wall clock of a head: entry 5, [wall ms, ...]. */
static bool wall_of(int64_t *wall_ms, struct xg_bytes head)
{
    struct xg_cbor c = xg_cbor_over(head);
    struct xg_cbor_item map, key, value, first;

    if (!xg_cbor_next(&c, &map))
        return false;
    for (c = xg_cbor_inside(&map);
         xg_cbor_next(&c, &key) && xg_cbor_next(&c, &value);) {
        struct xg_cbor in = xg_cbor_inside(&value);
        if (key.number == HEAD_MOMENT)
            return xg_cbor_next(&in, &first) && xg_cbor_int(&first, wall_ms);
    }
    return false;
}

enum xg_status store_oldest_unproven(struct store *s, int64_t *wall_ms,
                                     struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_OLDEST_UNPROVEN);
    int64_t oldest_ms = 0;

    if (xg_stmt_row(q) && !wall_of(&oldest_ms, xg_col_bytes(q, 0)))
        xg_stmt_corrupt(q, "a head");
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *wall_ms = oldest_ms;
    return XG_OK;
}

enum xg_status store_list_devices(
    struct store *s, bool (*visit)(void *ctx, const struct xg_statement *device),
    void *ctx, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_DEVICES_NAMED);
    bool more = true;

    while (more && xg_stmt_next(q)) {
        struct xg_statement device;
        struct xg_bytes line = xg_col_text_bytes(q, 1);
        if (!xg_statement_next(&line, &device))
            xg_stmt_corrupt(q, "a statement of the registry");
        else
            more = visit(ctx, &device);
    }
    return xg_stmt_done(q, err);
}
