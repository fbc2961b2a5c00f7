/* update.c - what the server sends: records in scope, where they lie, and
 * when that was. */
#include "agent/store/inside.h"

#include "agent_sql.h"
#include "shared/base/lang.h"

static enum xg_status no_chain(struct xg_error *err)
{
    return xg_fail(err, XG_FORMAT,
                   XG_T("服务器送来的记录没有说明所属的链；请报告给中心",
                        "the server sent a record of a chain that it did not "
                        "name before; tell the centre"));
}

static enum xg_status apply_chain(struct store *s, const struct xg_update *u,
                                  struct xg_error *err)
{
    static const struct xg_hash zero;
    struct store_identity id;
    struct store_chain c;
    bool found;
    struct xg_stmt *q;

    if (store_chain_find(s, &c, &found, &u->chain, err) != XG_OK ||
        store_get_identity(s, &id, err) != XG_OK)
        return err->status;
    if (found) {
        q = xg_stmt(s->db, AGENT_STMT_CHAIN_NAME);
        xg_bind_i64(q, 1, c.row);
        xg_bind_text_bytes(q, 2, u->device);
        return xg_stmt_run(q, err);
    }
    q = xg_stmt(s->db, AGENT_STMT_CHAIN_ADD);
    xg_bind_hash(q, 1, &u->chain);
    xg_bind_text_bytes(q, 2, u->device);
    xg_bind_i64(
        q, 3, *id.device && xg_bytes_equal(u->device, xg_bytes_of(id.device)));
    xg_bind_hash(q, 4, &zero);
    return xg_stmt_run(q, err);
}

/* ---- records ---- */

/* `anchor`: by which it was judged so far. What a predecessor handed over may
 * have been put at another one; the server knows. */
static enum xg_status apply_known(struct store *s, const struct xg_update *u,
                                  const struct xg_id *entity, bool mine,
                                  uint64_t anchor, struct xg_error *err)
{
    struct xg_stmt *q;

    if (!mine && anchor != u->anchor_size) {
        q = xg_stmt(s->db, AGENT_STMT_RECORD_SET_ANCHOR);
        xg_bind_hash(q, 1, &u->record.hash);
        xg_bind_u64(q, 2, u->anchor_size);
        if (xg_stmt_run(q, err) != XG_OK || store_touch(s, entity, err) != XG_OK)
            return err->status;
    }
    q = xg_stmt(s->db, AGENT_STMT_RECORD_SET_POSITION);

    xg_bind_hash(q, 1, &u->record.hash);
    xg_bind_u64(q, 2, u->position);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    if (u->record.fields_raw.len)
        return XG_OK;
    q = xg_stmt(s->db, AGENT_STMT_RECORD_ERASE);
    xg_bind_hash(q, 1, &u->record.hash);
    xg_bind_hash(q, 2, &u->record.fields_hash);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    return store_touch(s, entity, err);
}

static enum xg_status put_branch(struct store *s, int64_t *row, int64_t chain,
                                 const struct xg_hash *id, uint64_t start,
                                 int64_t parent, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BRANCH_PUT);

    xg_bind_i64(q, 1, chain);
    xg_bind_hash(q, 2, id);
    xg_bind_u64(q, 3, start);
    if (parent)
        xg_bind_i64(q, 4, parent);
    else
        xg_bind_null(q, 4);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    q = xg_stmt(s->db, AGENT_STMT_BRANCH_FIND);
    xg_bind_hash(q, 1, id);
    int64_t found = xg_stmt_row(q) ? xg_col_i64(q, 0) : 0;
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *row = found;
    return XG_OK;
}

/* A second record at a place of an own chain, before the server has told of
 * the fork: each side becomes a branch, as the server will say too. On return
 * place->branch is that of the new record. */
static enum xg_status split_branch(struct store *s, struct store_place *place,
                                   const struct xg_hash *here,
                                   const struct xg_hash *arriving,
                                   struct xg_error *err)
{
    int64_t parent = place->branch, ours, theirs;

    if (put_branch(s, &ours, place->chain, here, place->seq, parent, err) !=
            XG_OK ||
        put_branch(s, &theirs, place->chain, arriving, place->seq, parent,
                   err) != XG_OK)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_MOVE_BRANCH);
    xg_bind_i64(q, 1, place->chain);
    xg_bind_u64(q, 2, place->seq);
    if (parent)
        xg_bind_i64(q, 3, parent);
    else
        xg_bind_null(q, 3);
    xg_bind_i64(q, 4, ours);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    q = xg_stmt(s->db, AGENT_STMT_BRANCH_REPARENT);
    xg_bind_i64(q, 1, place->chain);
    if (parent)
        xg_bind_i64(q, 2, parent);
    else
        xg_bind_null(q, 2);
    xg_bind_u64(q, 3, place->seq);
    xg_bind_i64(q, 4, ours);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    q = xg_stmt(s->db, AGENT_STMT_RECORD_ENTITIES_FROM);
    xg_bind_i64(q, 1, place->chain);
    xg_bind_u64(q, 2, place->seq);
    place->branch = theirs;
    return store_touch_rows(s, q, err);
}

enum xg_status store_place_beside(struct store *s, struct store_place *place,
                                  const struct xg_update *u,
                                  struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_AT);
    struct xg_hash here = {{0}};
    int sides = 0;

    /* One other record that follows the same one, and not yet parted. */
    xg_bind_i64(q, 1, place->chain);
    xg_bind_u64(q, 2, place->seq);
    while (xg_stmt_next(q)) {
        struct xg_hash previous = xg_col_hash(q, 1);
        int64_t branch = xg_col_is_null(q, 2) ? 0 : xg_col_i64(q, 2);
        if (!xg_hash_equal(&previous, &u->previous))
            continue;
        sides += branch == place->branch ? 1 : 2;
        here = xg_col_hash(q, 0);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    if (sides == 1)
        return split_branch(s, place, &here, &u->record.hash, err);
    if (sides > 1) /* parted already: one more side */
        return put_branch(s, &place->branch, place->chain, &u->record.hash,
                          place->seq, place->branch, err);
    return XG_OK;
}

static enum xg_status extend_own(struct store *s, const struct store_chain *c,
                                 const struct xg_update *u,
                                 struct xg_error *err)
{
    if (store_serial_seen(s, c->row, &u->record, err) != XG_OK)
        return err->status;
    if (u->seq != c->next || !xg_hash_equal(&u->previous, &c->last))
        return XG_OK;
    uint64_t anchor_size = u->anchor_size;
    struct xg_cbor_item item;
    if (!u->record.malformed && u->record.head.kind == XG_KIND_ANCHOR &&
        xg_record_field(&u->record, XG_ANCHOR_SIZE, &item) &&
        item.number > anchor_size)
        anchor_size = item.number;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CHAIN_ADVANCE);
    xg_bind_i64(q, 1, c->row);
    xg_bind_u64(q, 2, u->seq + 1);
    xg_bind_hash(q, 3, &u->record.hash);
    xg_bind_u64(q, 4, anchor_size);
    xg_bind_u64(q, 5, 0);
    return xg_stmt_run(q, err);
}

/* Own records come in the order of the log whatever the scope, so one of them
 * does not say that its entity is in scope. The first one of an entity does, of
 * a place that was passed: the whole of it came back. A later one of such a
 * place need not: its batch waited for an earlier one. */
static enum xg_status told_again(struct store *s, bool *again,
                                 const struct xg_update *u,
                                 struct xg_error *err)
{
    uint64_t since;

    if (store_get_since(s, &since, err) != XG_OK)
        return err->status;
    *again = u->record.head.creates && u->position < since;
    return XG_OK;
}

static enum xg_status apply_record(struct store *s, const struct xg_update *u,
                                   struct xg_error *err)
{
    struct store_chain c;
    struct xg_stmt *q;
    bool found;

    if (store_chain_find(s, &c, &found, &u->chain, err) != XG_OK)
        return err->status;
    if (!found)
        return no_chain(err);
    q = xg_stmt(s->db, AGENT_STMT_RECORD_KNOWN);
    xg_bind_hash(q, 1, &u->record.hash);
    bool known = xg_stmt_row(q), told = false;
    struct xg_id entity = xg_record_entity(&u->record);
    uint64_t anchor = 0;
    if (known) {
        entity = xg_col_id(q, 3);
        told = xg_col_u64(q, 4) != 0;
        anchor = xg_col_u64(q, 5);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    bool in = true;
    if (c.mine && told_again(s, &in, u, err) != XG_OK)
        return err->status;
    if (in) {
        q = xg_stmt(s->db, AGENT_STMT_GONE_DELETE);
        xg_bind_id(q, 1, &entity);
        if (xg_stmt_run(q, err) != XG_OK)
            return err->status;
    }
    if (told && store_forget(s, &u->record.hash, err) != XG_OK)
        return err->status;
    if (known && !told)
        return apply_known(s, u, &entity, c.mine, anchor, err);

    struct store_place place = {.chain = c.row,
                                .seq = u->seq,
                                .previous = u->previous,
                                .anchor_size = u->anchor_size,
                                .logged = true,
                                .position = u->position};
    if (u->seq > 0 &&
        store_branch_after(s, &place.branch, c.row, &u->previous, err) != XG_OK)
        return err->status;
    if (c.mine && store_place_beside(s, &place, u, err) != XG_OK)
        return err->status;
    if (store_add_record(s, &place, &u->record, err) != XG_OK)
        return err->status;
    if (c.mine)
        return extend_own(s, &c, u, err);
    q = xg_stmt(s->db, AGENT_STMT_CHAIN_ANCHORED);
    xg_bind_i64(q, 1, c.row);
    xg_bind_u64(q, 2, u->anchor_size);
    return xg_stmt_run(q, err);
}

/* ---- forks, as the server tells them ---- */

/* 0 for the chain's own id. */
static enum xg_status find_branch(struct store *s, int64_t *row,
                                  const struct xg_hash *branch,
                                  struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BRANCH_FIND);
    struct store_chain c;
    bool is_chain;

    xg_bind_hash(q, 1, branch);
    bool found = xg_stmt_row(q);
    int64_t at = found ? xg_col_i64(q, 0) : 0;
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    if (!found && store_chain_find(s, &c, &is_chain, branch, err) != XG_OK)
        return err->status;
    if (!found && !is_chain)
        return no_chain(err);
    *row = at;
    return XG_OK;
}

static enum xg_status apply_branch(struct store *s, const struct xg_update *u,
                                   struct xg_error *err)
{
    struct store_chain c;
    int64_t parent, row;
    bool found;

    if (store_chain_find(s, &c, &found, &u->chain, err) != XG_OK)
        return err->status;
    if (!found)
        return no_chain(err);
    if (find_branch(s, &parent, &u->parent, err) != XG_OK ||
        put_branch(s, &row, c.row, &u->branch, u->start, parent, err) != XG_OK)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_ENTITIES_FROM);
    xg_bind_i64(q, 1, c.row);
    xg_bind_u64(q, 2, u->start);
    return store_touch_rows(s, q, err);
}

static enum xg_status apply_place(struct store *s, const struct xg_update *u,
                                  struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_KNOWN);
    struct xg_id entity = {{0}};
    int64_t row;

    xg_bind_hash(q, 1, &u->hash);
    bool found = xg_stmt_row(q);
    if (found)
        entity = xg_col_id(q, 3);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    if (!found)
        return XG_OK;
    if (find_branch(s, &row, &u->branch, err) != XG_OK)
        return err->status;
    q = xg_stmt(s->db, AGENT_STMT_RECORD_SET_BRANCH);
    xg_bind_hash(q, 1, &u->hash);
    if (row)
        xg_bind_i64(q, 2, row);
    else
        xg_bind_null(q, 2);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    return store_touch(s, &entity, err);
}

/* Of what was never here nothing is noted. */
static enum xg_status apply_out(struct store *s, const struct xg_update *u,
                                struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_GONE_ADD);

    xg_bind_id(q, 1, &u->entity);
    return xg_stmt_run(q, err);
}

/* ---- when it was ---- */

static enum xg_status apply_time(struct store *s, const struct xg_update *u,
                                 struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_TIME_PUT);

    xg_bind_u64(q, 1, u->position);
    xg_bind_i64(q, 2, u->time_ms);
    return xg_stmt_run(q, err);
}

static enum xg_status find_time(struct store *s, int64_t *ms,
                                enum agent_stmt which, uint64_t place,
                                struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, which);

    xg_bind_u64(q, 1, place > INT64_MAX ? INT64_MAX : place);
    int64_t found = xg_stmt_row(q) ? xg_col_i64(q, 0) : XG_NO_TIME;
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *ms = found;
    return XG_OK;
}

/* Not every time note of the log is here. But with each record come the two
 * that bound it, so that among those that are here the nearest is the true one;
 * of a record that has not come back yet it may be a wider bound. */
enum xg_status store_when(struct store *s, struct xg_when *out,
                          uint64_t anchor_size, bool logged, uint64_t position,
                          struct xg_error *err)
{
    struct xg_when when = {XG_NO_TIME, XG_NO_TIME};

    if (find_time(s, &when.low_ms, AGENT_STMT_TIME_BELOW, anchor_size, err) !=
            XG_OK ||
        (logged && find_time(s, &when.high_ms, AGENT_STMT_TIME_FROM, position,
                             err) != XG_OK))
        return err->status;
    *out = when;
    return XG_OK;
}

enum xg_status store_apply_update(struct store *s, const struct xg_update *u,
                                  struct xg_error *err)
{
    switch (u->kind) {
    case XG_UPDATE_RECORD:
        return apply_record(s, u, err);
    case XG_UPDATE_CHAIN:
        return apply_chain(s, u, err);
    case XG_UPDATE_OUT:
        return apply_out(s, u, err);
    case XG_UPDATE_BRANCH:
        return apply_branch(s, u, err);
    case XG_UPDATE_PLACE:
        return apply_place(s, u, err);
    case XG_UPDATE_TIME:
        return apply_time(s, u, err);
    }
    return xg_fail(err, XG_FORMAT, "an update of unknown kind");
}

#define META_SINCE ".since"

enum xg_status store_get_since(struct store *s, uint64_t *size,
                               struct xg_error *err)
{
    return store_get_meta_u64(s, size, META_SINCE, err);
}

enum xg_status store_put_since(struct store *s, uint64_t size,
                               struct xg_error *err)
{
    return store_put_meta_u64(s, META_SINCE, size, err);
}
