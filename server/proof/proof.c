/* proof.c - see proof.h. */
#include "server/proof/proof.h"

#include <inttypes.h>
#include <string.h>

#include "server/cosign/policy.h"
#include "server/merge/inside.h"
#include "server/photo/photo.h"
#include "server/registry/registry.h"
#include "shared/base/lang.h"
#include "shared/core/tlog.h"
#include "shared/view/value.h"

enum { PROOF_ARENA = 256 << 20, COSIGNED_ARENA = 16 << 20 };

struct work {
    struct data *d;
    struct store *s;
    const struct fold *fold;
    struct xg_checkpoint checkpoint;
    struct proof *out;
};

/* ---- is it as it was written? ---- */

static enum xg_status altered(uint64_t position, const char *what,
                              struct xg_error *err)
{
    return xg_fail(err, XG_ALARM,
                   XG_T("日志第 %" PRIu64 " 条：%s",
                        "log entry %" PRIu64 ": %s"),
                   position, what);
}

static enum xg_status open_checkpoint(struct work *w, struct xg_arena *arena,
                                      struct xg_error *err)
{
    struct xg_bytes note;
    uint64_t size;

    if (w->s->ops->get_checkpoint(w->s, arena, &size, &note, err) != XG_OK)
        return err->status;
    return xg_checkpoint_open(&w->checkpoint, note.at, note.len,
                              &ledger_signer(w->d->ledger)->verifier, err);
}

/* The entry, whose note the batch has, lies under the checkpoint. */
static enum xg_status check_entry(struct work *w, uint64_t position,
                                  struct xg_bytes note, struct xg_error *err)
{
    struct ledger_nodes from;
    const struct xg_node_reader nodes = ledger_nodes(&from, NULL, w->s);
    struct xg_proof path;
    struct xg_hash leaf;

    if (position >= w->checkpoint.size)
        return altered(position,
                       XG_T("不在最新的检查点里", "not under the checkpoint"),
                       err);
    xg_tlog_leaf(&leaf, note.at, note.len);
    if (xg_prove_inclusion(&path, position, w->checkpoint.size, &nodes, err) !=
        XG_OK)
        return err->status;
    return xg_verify_inclusion(&path, position, w->checkpoint.size, &leaf,
                               &w->checkpoint.root, err);
}

static enum xg_status check_row(const struct xg_batch *batch,
                                const struct store_record *row,
                                struct xg_error *err)
{
    struct xg_record record;

    store_read_record(&record, &batch->says.chain, row);
    if (!xg_hash_equal(&record.hash, &row->hash))
        return altered(row->position,
                       XG_T("一条记录的内容与其校验码不符",
                            "a record is not what its hash says"),
                       err);
    for (size_t i = 0; i < batch->count; i++)
        if (xg_hash_equal(&batch->records[i].hash, &row->hash))
            return XG_OK;
    return altered(row->position,
                   XG_T("一条记录不在设备签名的批次里",
                        "a record is not in the batch that was signed"),
                   err);
}

/* All rows that lie at one entry, from row `first` on. */
static enum xg_status check_batch(struct work *w, struct xg_arena *arena,
                                  size_t first, struct xg_error *err)
{
    uint64_t position = w->fold->rows[first].position;
    struct store_batch *b;
    struct xg_batch batch;
    size_t count = 0;

    if (w->s->ops->read_batches(w->s, arena, &b, &count, position, 1, err) !=
        XG_OK)
        return err->status;
    if (count == 0 || b->position != position)
        return altered(position, XG_T("批次不在了", "its batch is gone"), err);
    if (ingest_reopen(w->d->ingest, &batch, arena, w->s, b, err) != XG_OK ||
        check_entry(w, position, batch.note, err) != XG_OK)
        return err->status;
    for (size_t i = first; i < w->fold->count; i++)
        if (w->fold->rows[i].position == position &&
            check_row(&batch, &w->fold->rows[i], err) != XG_OK)
            return err->status;
    return XG_OK;
}

static bool is_first_of_entry(const struct fold *fold, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (fold->rows[i].position == fold->rows[at].position)
            return false;
    return true;
}

static enum xg_status check_all(struct work *w, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(PROOF_ARENA);
    enum xg_status status = open_checkpoint(w, &arena, err);

    for (size_t i = 0; status == XG_OK && i < w->fold->count; i++) {
        if (!is_first_of_entry(w->fold, i))
            continue;
        w->out->entries++;
        xg_arena_reset(&arena);
        status = check_batch(w, &arena, i, err);
    }
    xg_arena_clear(&arena);
    w->out->unaltered = status == XG_OK;
    if (status == XG_OK || status == XG_NOMEM || status == XG_IO ||
        status == XG_BUSY)
        return status;
    w->out->altered = *err;
    *err = XG_ERROR_NONE;
    return XG_OK;
}

/* ---- when, by whom it was seen ---- */

static enum xg_status count_devices(struct work *w, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(COSIGNED_ARENA);
    struct store_cosignature *rows;
    size_t count = 0;
    enum xg_status status = w->s->ops->read_cosignatures(
        w->s, &arena, &rows, &count, true, NULL, err);

    for (size_t i = 0; status == XG_OK && i < count; i++) {
        w->out->first_cosigned_by += rows[i].size > w->out->entry;
        w->out->cosigned_by += rows[i].size > w->out->newest;
    }
    xg_arena_clear(&arena);
    return status;
}

static bool by_a_person(const struct xg_judgement *j)
{
    return strcmp(j->author, REGISTRY_SERVER) != 0;
}

/* A case is as good as the weakest of the records that make it. What the server
 * writes of itself (a reminder) is nobody's word. */
static void find_weakest(struct proof *out, const struct fold *fold)
{
    for (uint32_t i = 0; i < fold->count; i++) {
        const struct xg_judgement *j = &fold->judgements[i];
        uint64_t entry = fold->rows[i].position;
        if (entry > out->newest)
            out->newest = entry;
        if (!xg_state_counts(&fold->state, i) || !by_a_person(j) ||
            j->grade <= out->grade)
            continue;
        out->grade = j->grade;
        out->weakest = entry;
        memcpy(out->weakest_author, j->author, sizeof out->weakest_author);
    }
}

static enum xg_status look_at_first(struct work *w, struct xg_error *err)
{
    uint32_t op = w->fold->state.creator;
    struct xg_bounds b;

    if (op == XG_NONE)
        return XG_OK;
    const struct store_record *row = &w->fold->rows[op];
    w->out->has_first = true;
    w->out->entry = row->position;
    w->out->when = w->fold->whens[op];
    w->out->first_grade = w->out->grade = w->fold->judgements[op].grade;
    w->out->weakest = w->out->newest = row->position;
    memcpy(w->out->weakest_author, w->fold->judgements[op].author,
           sizeof w->out->weakest_author);
    find_weakest(w->out, w->fold);
    b = (struct xg_bounds){.anchor_size = row->anchor_size,
                           .position = row->position};
    if (witness_bounds(&b, w->s, w->d->ledger, err) != XG_OK)
        return err->status;
    if (b.witnessed_low_ms && b.witnessed_low_ms <= INT64_MAX)
        w->out->seen_after_ms = (int64_t)b.witnessed_low_ms;
    if (b.witnessed_high_ms && b.witnessed_high_ms <= INT64_MAX)
        w->out->seen_before_ms = (int64_t)b.witnessed_high_ms;
    return count_devices(w, err);
}

static enum xg_status count_photos(struct work *w, struct xg_error *err)
{
    const struct xg_set *set = xg_state_set(&w->fold->state, XG_FIELD_PHOTO);
    uint64_t position, length;

    for (size_t i = 0; set && i < set->count; i++) {
        struct xg_cbor c = xg_cbor_over(set->elements[i].value);
        struct xg_cbor_item item;
        bool held;
        if (set->elements[i].removed || !xg_cbor_next(&c, &item))
            continue;
        struct view_photo photo = view_photo_of(&item);
        if (photo_held(w->s, &position, &length, &held, &photo.sha256, err) !=
            XG_OK)
            return err->status;
        w->out->photos++;
        w->out->photos_held += held;
    }
    return XG_OK;
}

/* ---- keys that took the place of others ---- */

static bool is_none(const struct xg_statement *s)
{
    static const uint8_t none[XG_PUBLIC_KEY_SIZE];

    return memcmp(s->key, none, sizeof none) == 0;
}

/* The key in force at that place took the place of another, at *entry. */
static enum xg_status find_replaced(bool *replaced, uint64_t *entry,
                                    struct data *d, const char *code,
                                    uint64_t position, struct xg_error *err)
{
    const struct xg_registry view = registry_view(d->registry);
    struct xg_statement now, before;
    uint64_t at = position;
    bool found;

    *replaced = false;
    if (view.find(view.ctx, XG_SAYS_KEY, code, position, &now, entry, &found,
                  err) != XG_OK)
        return err->status;
    if (!found || is_none(&now))
        return XG_OK;
    at = *entry;
    do {
        if (view.find(view.ctx, XG_SAYS_KEY, code, at, &before, &at, &found,
                      err) != XG_OK)
            return err->status;
    } while (found && is_none(&before));
    *replaced = found && memcmp(now.key, before.key, sizeof now.key) != 0;
    return XG_OK;
}

/* Who did it, where that was by a new login, and nobody did it again since. */
static enum xg_status fill_key(struct work *w, struct proof_key *key,
                               struct xg_error *err)
{
    const struct xg_registry view = registry_view(w->d->registry);
    struct xg_statement newest;
    struct store_operator o;
    struct store_time when;
    uint64_t position;
    bool timed, known, found;

    if (w->s->ops->find_time_from(w->s, &when, &timed, key->entry, err) !=
            XG_OK ||
        w->s->ops->get_operator(w->s, &o, &known, key->code, err) != XG_OK ||
        view.find(view.ctx, XG_SAYS_KEY, key->code, UINT64_MAX, &newest,
                  &position, &found, err) != XG_OK)
        return err->status;
    key->ms = timed ? when.ms : XG_NO_TIME;
    key->given = known && o.used_ms && found && position == key->entry;
    if (key->given)
        memcpy(key->by, o.given_by, sizeof key->by);
    return XG_OK;
}

static enum xg_status note_key(struct work *w, size_t op, struct xg_error *err)
{
    const struct xg_judgement *j = &w->fold->judgements[op];
    struct proof *out = w->out;
    struct proof_key key = {.ms = XG_NO_TIME};
    bool replaced;

    if (!j->on_server || j->grade != XG_GRADE_PROVEN ||
        out->key_count == PROOF_KEYS_MAX)
        return XG_OK;
    if (find_replaced(&replaced, &key.entry, w->d, j->author,
                      w->fold->rows[op].position, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < out->key_count; i++)
        replaced &= out->keys[i].entry != key.entry ||
                    strcmp(out->keys[i].code, j->author) != 0;
    if (!replaced)
        return XG_OK;
    memcpy(key.code, j->author, sizeof key.code);
    if (fill_key(w, &key, err) != XG_OK)
        return err->status;
    out->keys[out->key_count++] = key;
    return XG_OK;
}

static enum xg_status note_keys(struct work *w, struct xg_error *err)
{
    for (size_t i = 0; i < w->fold->count; i++)
        if (note_key(w, i, err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status proof_of(struct proof *out, struct data *d, struct store *store,
                        const struct fold *fold, struct xg_error *err)
{
    struct proof made = {.records = fold->count,
                         .altered = XG_ERROR_NONE,
                         .seen_after_ms = XG_NO_TIME,
                         .seen_before_ms = XG_NO_TIME};
    struct work w = {.d = d, .s = store, .fold = fold, .out = &made};

    if (check_all(&w, err) != XG_OK || look_at_first(&w, err) != XG_OK ||
        count_photos(&w, err) != XG_OK || note_keys(&w, err) != XG_OK)
        return err->status;
    *out = made;
    return XG_OK;
}
