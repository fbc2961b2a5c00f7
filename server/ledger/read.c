/* read.c - proofs, tiles and the whole check, out of a store. */
#include "server/ledger/ledger.h"

#include <assert.h>
#include <inttypes.h>

#include "server/ledger/inside.h"
#include "shared/base/lang.h"
#include "shared/core/protocol.h"
#include "shared/core/witness.h"

enum { ENTRIES_BYTES = 17 << 20, CHECK_STEP = 256 };

/* ---- answers ---- */

enum xg_status ledger_root(struct xg_hash *root, struct store *store,
                           uint64_t size, struct xg_error *err)
{
    struct ledger_nodes from;
    const struct xg_node_reader nodes = ledger_nodes(&from, NULL, store);
    struct xg_tree tree;

    if (xg_tree_load(&tree, size, &nodes, err) != XG_OK)
        return err->status;
    xg_tree_root(root, &tree);
    return XG_OK;
}

enum xg_status ledger_published(struct ledger *l, struct xg_checkpoint *c,
                                struct xg_buf *note, struct xg_error *err)
{
    struct xg_checkpoint says;

    pthread_mutex_lock(&l->mutex);
    says = l->published.says;
    if (note)
        xg_buf_append(note, l->published.note.data, l->published.note.len);
    pthread_mutex_unlock(&l->mutex);
    if (note && xg_buf_check(note, err) != XG_OK)
        return err->status;
    *c = says;
    return XG_OK;
}

enum xg_status ledger_receipt(struct xg_buf *out, const struct ledger *l,
                              struct store *store, uint64_t index,
                              const struct xg_checkpoint *c,
                              struct xg_bytes note, struct xg_error *err)
{
    struct ledger_nodes from;
    const struct xg_node_reader nodes = ledger_nodes(&from, l, store);
    struct xg_proof proof;

    if (xg_prove_inclusion(&proof, index, c->size, &nodes, err) != XG_OK)
        return err->status;
    xg_receipt_print(out, index, &proof, note);
    return xg_buf_check(out, err);
}

enum xg_status ledger_consistency(struct xg_buf *out, const struct ledger *l,
                                  struct store *store, uint64_t old,
                                  const struct xg_checkpoint *c,
                                  struct xg_bytes receipt, struct xg_error *err)
{
    struct ledger_nodes from;
    const struct xg_node_reader nodes = ledger_nodes(&from, l, store);
    struct xg_receipt beside = {.index = 0};
    struct xg_proof proof;

    if (old == 0 || old >= c->size)
        return XG_OK;
    if (xg_prove_consistency(&proof, old, c->size, &nodes, err) != XG_OK ||
        (receipt.len &&
         xg_receipt_parse(&beside, receipt.at, receipt.len, err) != XG_OK))
        return err->status;
    xg_proof_put_beside(out, &proof, &beside.proof);
    return xg_buf_check(out, err);
}

static enum xg_status entries_tile(struct xg_buf *out, struct store *store,
                                   const struct xg_tile *tile,
                                   struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ENTRIES_BYTES * 2);
    struct xg_bytes *notes;
    size_t count;
    enum xg_status status = store->ops->read_entries(
        store, &arena, &notes, &count, tile->index * XG_TILE_WIDTH, tile->width,
        ENTRIES_BYTES, err);

    if (status == XG_OK && count != tile->width)
        status = xg_fail(err, XG_CORRUPT, "entries of the log are missing");
    for (size_t i = 0; status == XG_OK && i < count; i++) {
        xg_buf_u16(out, (uint16_t)notes[i].len);
        xg_buf_append(out, notes[i].at, notes[i].len);
    }
    if (status == XG_OK)
        status = xg_buf_check(out, err);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status ledger_tile(struct xg_buf *out, struct store *store,
                           const struct xg_tile *tile, uint64_t size,
                           struct xg_error *err)
{
    struct ledger_nodes from;
    const struct xg_node_reader nodes = ledger_nodes(&from, NULL, store);

    if (!xg_tile_exists(tile, size))
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("日志还没有这一片", "the log has no such tile"));
    if (tile->entries)
        return entries_tile(out, store, tile, err);
    return xg_tile_hashes(out, tile, &nodes, err);
}

/* ---- the log's own notes again ---- */

static bool begins(struct xg_bytes data, const char *with)
{
    size_t len = strlen(with);

    return data.len >= len && memcmp(data.at, with, len) == 0;
}

static enum xg_status put_time(struct store *to, uint64_t position,
                               struct xg_bytes data, struct xg_error *err)
{
    struct store_time t = {.position = position};
    struct xg_note note;
    struct xg_time_note time;

    if (xg_note_parse(&note, data.at, data.len, err) != XG_OK ||
        xg_time_note_read(&time, note.text, err) != XG_OK)
        return xg_wrap(err, XG_T("日志的时间条目", "time note of the log"));
    const struct store_seen seen = {position, time.size};
    t.ms = time.time_ms > INT64_MAX ? INT64_MAX : (int64_t)time.time_ms;
    if (to->ops->put_time(to, &t, err) != XG_OK)
        return err->status;
    return time.cosigned ? to->ops->put_seen(to, &seen, err) : XG_OK;
}

static enum xg_status put_held(struct store *to, uint64_t position,
                               struct xg_bytes data, struct xg_error *err)
{
    struct xg_blob blobs[XG_BLOBS_MAX];
    struct xg_note note;
    size_t count;

    if (xg_note_parse(&note, data.at, data.len, err) != XG_OK ||
        xg_blobs_read(blobs, &count, note.text, err) != XG_OK)
        return xg_wrap(err, XG_T("日志的照片条目", "blobs note of the log"));
    for (size_t i = 0; i < count; i++)
        if (to->ops->put_held(to, &blobs[i], position, err) != XG_OK)
            return err->status;
    return XG_OK;
}

static enum xg_status put_note(struct store *to, uint64_t position,
                               struct xg_bytes data, struct xg_error *err)
{
    if (begins(data, "xunge/time/v1\n"))
        return put_time(to, position, data, err);
    if (begins(data, "xunge/blobs/v1\n"))
        return put_held(to, position, data, err);
    return XG_OK;
}

enum xg_status ledger_replay_notes(struct store *from, struct store *to,
                                   struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ENTRIES_BYTES * 2);
    enum xg_status status = XG_OK;
    uint64_t at = 0;
    size_t count = 1;

    while (status == XG_OK && count > 0) {
        struct xg_bytes *notes;
        xg_arena_reset(&arena);
        status = from->ops->read_entries(from, &arena, &notes, &count, at,
                                         CHECK_STEP, ENTRIES_BYTES, err);
        for (size_t i = 0; status == XG_OK && i < count; i++)
            status = put_note(to, at++, notes[i], err);
    }
    xg_arena_clear(&arena);
    return status;
}

/* ---- the whole tree ---- */

struct check {
    struct xg_node_reader nodes;
    struct store *store;
    struct xg_error *err;
    enum xg_status status;
};

static void check_node(void *ctx, unsigned level, uint64_t index,
                       const struct xg_hash *hash)
{
    struct check *c = ctx;
    struct xg_hash stored;

    if (c->status != XG_OK)
        return;
    c->status = c->nodes.read(c->nodes.ctx, level, index, &stored, c->err);
    if (c->status == XG_OK && !xg_hash_equal(&stored, hash))
        c->status =
            xg_fail(c->err, XG_ALARM,
                    XG_T("日志第 %" PRIu64 " 层第 %" PRIu64 " 个哈希与条目不符",
                         "in level %" PRIu64 " of the log, hash %" PRIu64
                         " is not that of the entries"),
                    (uint64_t)level, index);
}

static enum xg_status check_entries(struct check *c, struct xg_tree *tree,
                                    uint64_t size)
{
    struct xg_arena arena = XG_ARENA(ENTRIES_BYTES * 2);
    enum xg_status status = XG_OK;

    while (status == XG_OK && tree->size < size) {
        uint64_t left = size - tree->size;
        struct xg_bytes *notes;
        size_t count = 0;
        xg_arena_reset(&arena);
        status = c->store->ops->read_entries(
            c->store, &arena, &notes, &count, tree->size,
            left < CHECK_STEP ? (size_t)left : CHECK_STEP, ENTRIES_BYTES,
            c->err);
        if (status == XG_OK && count == 0)
            status = xg_fail(c->err, XG_ALARM,
                             XG_T("日志在第 %" PRIu64 " 条中断",
                                  "the log breaks off at entry %" PRIu64),
                             tree->size);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            struct xg_hash leaf;
            xg_tlog_leaf(&leaf, notes[i].at, notes[i].len);
            xg_tree_append(tree, &leaf, check_node, c);
            status = c->status;
        }
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status ledger_check(struct ledger *l, struct store *store,
                            struct xg_error *err)
{
    struct ledger_nodes from;
    struct check c = {
        .nodes = ledger_nodes(&from, NULL, store), .store = store, .err = err};
    struct xg_buf locked = XG_BUF(XG_NOTE_MAX), note = XG_BUF(XG_NOTE_MAX);
    struct xg_checkpoint published;
    struct xg_tree tree;
    struct xg_hash root;
    enum xg_status status = ledger_published(l, &published, &note, err);

    xg_tree_init(&tree);
    if (status == XG_OK)
        status = check_entries(&c, &tree, published.size);
    xg_tree_root(&root, &tree);
    if (status == XG_OK && !xg_hash_equal(&root, &published.root))
        status = xg_fail(err, XG_ALARM,
                         XG_T("由条目算出的根与检查点不符",
                              "the root over the entries is not that of the "
                              "checkpoint"));
    if (status == XG_OK)
        status = ledger_lock_get(l->lock, &locked, published.origin, err);
    if (status == XG_OK &&
        !xg_bytes_equal(xg_buf_bytes(&locked), xg_buf_bytes(&note)))
        status = xg_fail(err, XG_ALARM,
                         XG_T("锁数据库中的检查点与公布的不符",
                              "the lock database holds another checkpoint "
                              "than the published one"));
    xg_buf_clear(&locked);
    xg_buf_clear(&note);
    return status;
}
