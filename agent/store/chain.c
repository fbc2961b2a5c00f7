/* chain.c - the device's own chains: beginning one, appending to it. */
#include "agent/store/inside.h"

#include <sodium.h>
#include <stdio.h>

#include "agent/store/fold.h"
#include "agent_sql.h"
#include "shared/base/lang.h"

/* ---- reading ---- */

static void read_chain(struct xg_stmt *q, struct store_chain *out)
{
    out->row = xg_col_i64(q, 0);
    out->chain = xg_col_hash(q, 1);
    out->last = xg_col_hash(q, 2);
    out->next = xg_col_u64(q, 3);
    out->anchor_size = xg_col_u64(q, 4);
    out->mine = xg_col_bool(q, 5);
    out->current = xg_col_bool(q, 6);
    out->forked = xg_col_bool(q, 7);
}

enum xg_status store_chain_find(struct store *s, struct store_chain *out,
                                bool *found, const struct xg_hash *chain,
                                struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CHAIN_FIND);
    struct store_chain c = {0};

    xg_bind_hash(q, 1, chain);
    bool has = xg_stmt_row(q);
    if (has)
        read_chain(q, &c);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *out = c;
    *found = has;
    return XG_OK;
}

enum xg_status store_current_chain(struct store *s, struct store_chain *out,
                                   struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CHAIN_CURRENT);
    struct store_chain c = {0};
    bool has = xg_stmt_row(q);

    if (has)
        read_chain(q, &c);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    if (!has)
        return xg_fail(err, XG_REFUSED,
                       XG_T("本机还没有加入；请先运行 xunge enrol 入网码",
                            "this device has not joined yet; run: xunge "
                            "enrol CODE"));
    *out = c;
    return XG_OK;
}

enum xg_status store_own_chains(struct store *s,
                                struct store_chain out[static XG_CHAINS_MAX],
                                size_t *count, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CHAIN_OWN);
    size_t n = 0;

    xg_bind_i64(q, 1, XG_CHAINS_MAX);
    while (n < XG_CHAINS_MAX && xg_stmt_next(q))
        read_chain(q, &out[n++]);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < n / 2; i++) { /* oldest first */
        struct store_chain c = out[i];
        out[i] = out[n - 1 - i];
        out[n - 1 - i] = c;
    }
    *count = n;
    return XG_OK;
}

/* Genesis, anchor and the like are about no entity. */
static bool about_entity(uint64_t kind)
{
    const struct xg_kind *k = xg_kind_find(kind);

    return k && k->entity;
}

enum xg_status store_find_hole(struct store *s, struct xg_hash *shows,
                               bool *found, enum store_hole sort,
                               const struct store_chain *chain,
                               struct xg_error *err)
{
    static const size_t statements[] = {
        AGENT_STMT_VERIFY_ROWLESS, AGENT_STMT_VERIFY_BATCHLESS,
        AGENT_STMT_VERIFY_RECEIPTLESS, AGENT_STMT_VERIFY_BEYOND};
    struct xg_stmt *q = xg_stmt(s->db, statements[sort]);
    bool any = false;

    if (sort != STORE_HOLE_ENTITY)
        xg_bind_i64(q, 1, chain->row);
    if (sort == STORE_HOLE_RECEIPT)
        xg_bind_i64(q, 2, STORE_RECEIVED);
    if (sort == STORE_HOLE_END)
        xg_bind_u64(q, 2, chain->next);
    while (!any && xg_stmt_next(q)) {
        any = sort != STORE_HOLE_ENTITY || about_entity(xg_col_u64(q, 1));
        if (any)
            *shows = xg_col_hash(q, 0);
    }
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *found = any;
    return XG_OK;
}

enum xg_status store_has_record(struct store *s, bool *has,
                                const struct xg_hash *hash,
                                struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_KNOWN);

    xg_bind_hash(q, 1, hash);
    bool found = xg_stmt_row(q);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *has = found;
    return XG_OK;
}

/* Branch row and first seq of the stretch that holds `seq` on the path to
 * `branch`. */
static enum xg_status branch_at(struct store *s, int64_t *branch, uint64_t seq,
                                struct xg_error *err)
{
    while (*branch != 0) {
        struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_BRANCH_GET);
        uint64_t start = 0;
        int64_t parent = 0;
        xg_bind_i64(q, 1, *branch);
        if (xg_stmt_row(q)) {
            start = xg_col_u64(q, 1);
            parent = xg_col_is_null(q, 2) ? 0 : xg_col_i64(q, 2);
        }
        if (xg_stmt_done(q, err) != XG_OK)
            return err->status;
        if (seq >= start)
            break;
        *branch = parent;
    }
    return XG_OK;
}

enum xg_status store_hash_at(struct store *s, struct xg_hash *hash, bool *found,
                             const struct xg_hash *chain, uint64_t seq,
                             struct xg_error *err)
{
    struct store_chain c;
    bool has;
    int64_t branch = 0;

    if (store_chain_find(s, &c, &has, chain, err) != XG_OK)
        return err->status;
    if (!has) {
        *found = false;
        return XG_OK;
    }
    if (c.next > 0 &&
        (store_branch_after(s, &branch, c.row, &c.last, err) != XG_OK ||
         branch_at(s, &branch, seq, err) != XG_OK))
        return err->status;

    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_COLLIDES);
    struct xg_hash at = {{0}};
    xg_bind_i64(q, 1, c.row);
    xg_bind_u64(q, 2, seq);
    if (branch)
        xg_bind_i64(q, 3, branch);
    else
        xg_bind_null(q, 3);
    has = xg_stmt_next(q);
    if (has)
        at = xg_col_hash(q, 0);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *found = has;
    if (has)
        *hash = at;
    return XG_OK;
}

enum xg_status store_list_forks(struct store *s,
                                bool (*visit)(void *ctx,
                                              const struct store_side *side),
                                void *ctx, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_FORK_LIST);
    bool more = true;

    while (more && xg_stmt_next(q)) {
        char device[XG_KEY_NAME_MAX + 1];
        struct xg_bytes name = xg_col_text_bytes(q, 1);
        struct store_side side = {.chain = xg_col_hash(q, 0),
                                  .device = device,
                                  .mine = xg_col_bool(q, 2),
                                  .seq = xg_col_u64(q, 3),
                                  .known = !xg_col_is_null(q, 4),
                                  .records = xg_col_u64(q, 5)};
        snprintf(device, sizeof device, "%.*s", (int)name.len,
                 (const char *)name.at);
        if (side.known)
            side.first = xg_col_hash(q, 4);
        more = visit(ctx, &side);
    }
    return xg_stmt_done(q, err);
}

enum xg_status store_mark_forked(struct store *s, const struct xg_hash *chain,
                                 struct xg_error *err)
{
    struct store_chain c;
    bool found;

    if (store_chain_find(s, &c, &found, chain, err) != XG_OK)
        return err->status;
    if (!found)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("本机没有这条链", "no such chain on this device"));
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CHAIN_MARK_FORKED);
    xg_bind_i64(q, 1, c.row);
    return xg_stmt_run(q, err);
}

/* ---- adding records ---- */

enum xg_status store_branch_after(struct store *s, int64_t *branch,
                                  int64_t chain, const struct xg_hash *previous,
                                  struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_BRANCH);
    int64_t found = 0;

    xg_bind_hash(q, 1, previous);
    xg_bind_i64(q, 2, chain);
    if (xg_stmt_row(q) && !xg_col_is_null(q, 0))
        found = xg_col_i64(q, 0);
    if (xg_stmt_done(q, err) != XG_OK)
        return err->status;
    *branch = found;
    return XG_OK;
}

static bool is_of_entity(const struct xg_record *r)
{
    const struct xg_kind *kind =
        r->malformed ? NULL : xg_kind_find(r->head.kind);
    return !kind || kind->entity;
}

static uint64_t kind_of(const struct xg_record *r)
{
    return r->malformed || r->head.kind > INT64_MAX ? 0 : r->head.kind;
}

static enum xg_status insert(struct store *s, const struct store_place *place,
                             const struct xg_record *r,
                             const struct xg_id *entity, struct xg_error *err)
{
    bool erased = r->fields_raw.len == 0;

    if (!erased && store_seal(s, "record", xg_bytes(r->hash.b, XG_HASH_SIZE),
                              r->fields_raw, err) != XG_OK)
        return err->status;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_ADD);
    xg_bind_hash(q, 1, &r->hash);
    xg_bind_i64(q, 2, place->chain);
    xg_bind_u64(q, 3, place->seq);
    xg_bind_hash(q, 4, &place->previous);
    if (place->branch)
        xg_bind_i64(q, 5, place->branch);
    else
        xg_bind_null(q, 5);
    xg_bind_id(q, 6, entity);
    xg_bind_u64(q, 7, kind_of(r));
    xg_bind_u64(q, 8, place->anchor_size);
    if (place->logged)
        xg_bind_u64(q, 9, place->position);
    else
        xg_bind_null(q, 9);
    xg_bind_bytes(q, 10, r->head_raw);
    if (erased) {
        xg_bind_null(q, 11);
        xg_bind_hash(q, 12, &r->fields_hash);
    } else {
        xg_bind_bytes(q, 11, xg_buf_bytes(&s->sealed));
        xg_bind_null(q, 12);
    }
    return xg_stmt_run(q, err);
}

/* Entities that cite this record and had to wait for it, or are now known to
 * cite a record of another one. */
static enum xg_status touch_waiting(struct store *s, const struct xg_hash *hash,
                                    struct xg_error *err)
{
    size_t before = s->touched_count;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_MISSING_OF);

    xg_bind_hash(q, 1, hash);
    if (store_touch_rows(s, q, err) != XG_OK)
        return err->status;
    if (s->touched_count == before)
        return XG_OK;
    q = xg_stmt(s->db, AGENT_STMT_MISSING_DELETE);
    xg_bind_hash(q, 1, hash);
    return xg_stmt_run(q, err);
}

enum xg_status store_add_record(struct store *s,
                                const struct store_place *place,
                                const struct xg_record *r, struct xg_error *err)
{
    struct xg_id entity = xg_record_entity(r);
    struct xg_cbor_item source;

    if (insert(s, place, r, &entity, err) != XG_OK)
        return err->status;
    if (!is_of_entity(r))
        return XG_OK;
    if (!r->malformed && xg_record_field(r, XG_FIELD_SOURCE, &source)) {
        struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_SOURCE_ADD);
        xg_bind_bytes(q, 1, source.raw);
        xg_bind_id(q, 2, &entity);
        if (xg_stmt_run(q, err) != XG_OK)
            return err->status;
    }
    if (touch_waiting(s, &r->hash, err) != XG_OK)
        return err->status;
    return store_touch(s, &entity, err);
}

static uint64_t serial_of(const struct xg_record *r)
{
    struct xg_cbor_item item;

    return !r->malformed && xg_record_field(r, XG_FIELD_SERIAL, &item)
               ? item.number
               : 0;
}

enum xg_status store_serial_seen(struct store *s, int64_t chain,
                                 const struct xg_record *r,
                                 struct xg_error *err)
{
    uint64_t serial = serial_of(r);

    if (serial == 0)
        return XG_OK;
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CHAIN_SERIAL_SEEN);
    xg_bind_i64(q, 1, chain);
    xg_bind_u64(q, 2, serial);
    return xg_stmt_run(q, err);
}

/* ---- appending ---- */

/* Encode the draft, give it its place at the end of the chain, move the end.
 * A chain of which nothing is known yet (row 0) is made of the record. */
static enum xg_status append(struct store *s, struct store_chain *chain,
                             struct xg_hash *hash, struct xg_draft *draft,
                             uint64_t anchor, struct xg_error *err)
{
    struct xg_buf bytes = XG_BUF(XG_RECORD_MAX + 4096);
    struct xg_record r = {0};
    struct store_place place = {.chain = chain->row,
                                .seq = chain->next,
                                .previous = chain->last,
                                .anchor_size = chain->anchor_size};
    const struct xg_place at = {&chain->chain, &chain->last, chain->next};
    size_t split;
    enum xg_status status;

    draft->head.moment = xg_moment_now(s->env);
    status = xg_draft_encode_at(&bytes, &split, draft, &at, s->env, err);
    if (status == XG_OK && chain->next > 0)
        status =
            store_branch_after(s, &place.branch, chain->row, &chain->last, err);
    if (status == XG_OK) {
        xg_record_read(&r, &chain->chain, place.seq, &place.previous,
                       xg_bytes(bytes.data, split),
                       xg_bytes(bytes.data + split, bytes.len - split));
        status = store_add_record(s, &place, &r, err);
    }
    if (status == XG_OK) {
        struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CHAIN_ADVANCE);
        chain->next++;
        chain->last = r.hash;
        if (anchor > chain->anchor_size)
            chain->anchor_size = anchor;
        xg_bind_i64(q, 1, chain->row);
        xg_bind_u64(q, 2, chain->next);
        xg_bind_hash(q, 3, &chain->last);
        xg_bind_u64(q, 4, chain->anchor_size);
        xg_bind_u64(q, 5, serial_of(&r));
        status = xg_stmt_run(q, err);
    }
    if (status == XG_OK)
        *hash = r.hash;
    xg_buf_clear(&bytes);
    return status;
}

static enum xg_status set_bytes(struct xg_draft *d, uint64_t number,
                                const void *at, size_t len,
                                struct xg_error *err)
{
    struct xg_buf value = XG_BUF(256);

    xg_cbor_put_bytes(&value, at, len);
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status = xg_draft_set(d, number, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

static enum xg_status set_text(struct xg_draft *d, uint64_t number,
                               const char *text, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(256);

    xg_cbor_put_text(&value, text, strlen(text));
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status = xg_draft_set(d, number, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

static enum xg_status set_uint(struct xg_draft *d, uint64_t number, uint64_t n,
                               struct xg_error *err)
{
    struct xg_buf value = XG_BUF(16);

    xg_cbor_put_uint(&value, n);
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status = xg_draft_set(d, number, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

static enum xg_status fill_genesis(struct store *s, struct xg_draft *d,
                                   const struct xg_hash *predecessor,
                                   struct xg_error *err)
{
    struct store_identity id;
    struct xg_signer signer;
    uint8_t salt[XG_SALT_SIZE];

    if (store_get_identity(s, &id, err) != XG_OK)
        return err->status;
    if (!id.joined)
        return xg_fail(err, XG_REFUSED,
                       XG_T("本机还没有加入任何服务器；请先运行 xunge enrol "
                            "入网码",
                            "this device has joined no server yet; run: "
                            "xunge enrol CODE"));
    if (store_signer(s, &signer, "device", err) != XG_OK)
        return err->status;
    uint8_t key[XG_PUBLIC_KEY_SIZE];
    memcpy(key, signer.verifier.key, sizeof key);
    sodium_memzero(&signer, sizeof signer);
    xg_random(s->env, salt, sizeof salt);

    if (set_bytes(d, XG_GENESIS_KEY, key, sizeof key, err) != XG_OK ||
        set_text(d, XG_GENESIS_LOG, id.log.name, err) != XG_OK ||
        set_bytes(d, XG_GENESIS_REGISTRAR, id.registrar, sizeof id.registrar,
                  err) != XG_OK ||
        (predecessor && set_bytes(d, XG_GENESIS_PREDECESSOR, predecessor->b,
                                  XG_HASH_SIZE, err) != XG_OK))
        return err->status;
    return set_bytes(d, XG_GENESIS_SALT, salt, sizeof salt, err);
}

/* The row of a new own chain; its id is not known before its first record is
 * encoded, and that record needs the row: so encode first. */
static enum xg_status add_chain(struct store *s, struct store_chain *chain,
                                struct xg_draft *d, struct xg_buf *bytes,
                                struct xg_record *r, struct xg_error *err)
{
    struct store_identity id;
    size_t split;

    d->head.moment = xg_moment_now(s->env);
    if (store_get_identity(s, &id, err) != XG_OK ||
        xg_draft_encode(bytes, &split, d, s->env, err) != XG_OK)
        return err->status;
    xg_record_read(r, &chain->chain, 0, &chain->last,
                   xg_bytes(bytes->data, split),
                   xg_bytes(bytes->data + split, bytes->len - split));

    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CHAIN_ADD);
    xg_bind_hash(q, 1, &r->hash);
    xg_bind_text(q, 2, id.device);
    xg_bind_i64(q, 3, 1);
    xg_bind_hash(q, 4, &chain->last);
    if (xg_stmt_run(q, err) != XG_OK)
        return err->status;
    chain->row = xg_db_last_rowid(s->db);
    chain->chain = r->hash;
    return XG_OK;
}

enum xg_status store_begin_chain(struct store *s, struct xg_hash *chain,
                                 const struct xg_hash *predecessor,
                                 struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(64 << 10);
    struct xg_buf bytes = XG_BUF(XG_RECORD_MAX);
    struct store_chain c = {0};
    struct xg_record r = {0};
    struct xg_draft d;

    xg_draft_init(&d, &arena, XG_KIND_GENESIS);
    enum xg_status status = fill_genesis(s, &d, predecessor, err);
    if (status == XG_OK)
        status = add_chain(s, &c, &d, &bytes, &r, err);
    if (status == XG_OK) {
        struct store_place place = {.chain = c.row, .previous = c.last};
        status = store_add_record(s, &place, &r, err);
    }
    if (status == XG_OK)
        status =
            xg_stmt_run(xg_stmt(s->db, AGENT_STMT_CHAIN_NONE_CURRENT), err);
    if (status == XG_OK) {
        struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CHAIN_MAKE_CURRENT);
        xg_bind_i64(q, 1, c.row);
        status = xg_stmt_run(q, err);
    }
    if (status == XG_OK) {
        struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_CHAIN_ADVANCE);
        xg_bind_i64(q, 1, c.row);
        xg_bind_u64(q, 2, 1);
        xg_bind_hash(q, 3, &r.hash);
        xg_bind_u64(q, 4, 0);
        xg_bind_u64(q, 5, 0);
        status = xg_stmt_run(q, err);
    }
    if (status == XG_OK)
        *chain = r.hash;
    xg_buf_clear(&bytes);
    xg_arena_clear(&arena);
    return status;
}

/* Before the first record after a sync: what the log was when we last knew all
 * that its registry says. */
static enum xg_status anchor(struct store *s, struct store_chain *chain,
                             struct xg_error *err)
{
    struct xg_checkpoint seen;
    struct xg_hash hash;
    bool found;

    if (store_get_known(s, &seen, &found, err) != XG_OK)
        return err->status;
    if (!found || seen.size <= chain->anchor_size)
        return XG_OK;

    struct xg_arena arena = XG_ARENA(64 << 10);
    struct xg_draft d;
    xg_draft_init(&d, &arena, XG_KIND_ANCHOR);
    enum xg_status status = set_text(&d, XG_ANCHOR_ORIGIN, seen.origin, err);
    if (status == XG_OK)
        status = set_uint(&d, XG_ANCHOR_SIZE, seen.size, err);
    if (status == XG_OK)
        status = set_bytes(&d, XG_ANCHOR_ROOT, seen.root.b, XG_HASH_SIZE, err);
    if (status == XG_OK)
        status = append(s, chain, &hash, &d, seen.size, err);
    xg_arena_clear(&arena);
    return status;
}

/* What the entity's other authors said last and this chain has not cited. */
static enum xg_status cite(struct store *s, const struct store_chain *chain,
                           struct xg_draft *d, struct xg_error *err)
{
    struct fold fold;

    xg_arena_reset(&s->fold);
    if (fold_load(s, &fold, &s->fold, &d->head.entity, err) != XG_OK)
        return err->status;
    if (fold.state.count == 0)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有这一件", "no such thing here"));

    const struct xg_branch *branch;
    if (fold_branch_at_end(s, &branch, &s->fold, chain, err) != XG_OK)
        return err->status;
    d->foreign_count =
        xg_state_foreign(&fold.state, branch, chain->next, d->foreign);
    return XG_OK;
}

/* Kinds that people handle get a number to write down and read out. */
static bool is_numbered(const struct xg_draft *d)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);

    return d->head.creates && kind && kind->entity &&
           kind->number != XG_KIND_CONTACT;
}

static enum xg_status give_serial(struct store *s, struct xg_draft *d,
                                  struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_SERIAL_HIGHEST);
    uint64_t highest;

    if (xg_stmt_number(&highest, NULL, q, err) != XG_OK)
        return err->status;
    return set_uint(d, XG_FIELD_SERIAL, highest + 1, err);
}

enum xg_status store_append(struct store *s, struct xg_hash *hash,
                            struct xg_draft *draft, struct xg_error *err)
{
    struct store_chain chain;

    if (store_current_chain(s, &chain, err) != XG_OK ||
        anchor(s, &chain, err) != XG_OK)
        return err->status;
    if (!draft->head.creates && cite(s, &chain, draft, err) != XG_OK)
        return err->status;
    if (is_numbered(draft) && give_serial(s, draft, err) != XG_OK)
        return err->status;
    if (store_sign(s, draft, chain.anchor_size, err) != XG_OK)
        return err->status;
    return append(s, &chain, hash, draft, 0, err);
}

/* ---- what records say, as bytes ---- */

enum xg_status store_each_fields(struct store *s,
                                 bool (*visit)(void *ctx,
                                               struct xg_bytes fields),
                                 void *ctx, struct xg_error *err)
{
    struct xg_stmt *q = xg_stmt(s->db, AGENT_STMT_RECORD_EACH_FIELDS);
    enum xg_status status = XG_OK;
    bool more = true;

    while (more && xg_stmt_next(q)) {
        struct xg_hash hash = xg_col_hash(q, 0);
        status = store_unseal(s, "record", xg_bytes(hash.b, XG_HASH_SIZE),
                              xg_col_bytes(q, 1), err);
        if (status != XG_OK)
            break;
        more = visit(ctx, xg_buf_bytes(&s->plain));
    }
    struct xg_error later = XG_ERROR_NONE;
    if (xg_stmt_done(q, status == XG_OK ? err : &later) != XG_OK &&
        status == XG_OK)
        status = err->status;
    return status;
}
