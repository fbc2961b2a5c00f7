/* ingest.c - see ingest.h. */
#include "server/merge/ingest.h"

#include <stdlib.h>

#include "server/merge/inside.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"

struct ingest_batch {
    struct ledger_job job;
    struct ingest *in;
    struct xg_arena arena;
    struct xg_batch batch;
    char device[XG_KEY_NAME_MAX + 1];
    struct ingest_result result;
    struct xg_error answer; /* a refusal of this batch alone */
};

static registry_admit admit_live;

enum xg_status ingest_open(struct ingest **out, struct store *store,
                           struct ledger *ledger, struct registry *registry,
                           const struct xg_signer *device,
                           const struct xg_env *env, struct xg_error *err)
{
    struct ingest *in = calloc(1, sizeof *in);

    if (!in)
        return xg_fail_nomem(err);
    in->store = store;
    in->ledger = ledger;
    in->registry = registry;
    in->device = device;
    in->env = env;
    in->fold_bytes = FOLD_ARENA;
    placer_init(&in->placer, in, store, store, false);
    registry_on_admit(registry, admit_live, in);
    *out = in;
    return XG_OK;
}

void ingest_close(struct ingest *in)
{
    if (!in)
        return;
    registry_on_admit(in->registry, NULL, NULL);
    placer_clear(&in->placer);
    free(in);
}

/* ---- preparing, in any thread ---- */

/* The genesis says whose chain it is, and of which log. */
static const char *judge_genesis(const struct ingest *in,
                                 const struct xg_batch *b,
                                 const struct xg_verifier *device)
{
    const struct xg_record *r = &b->records[0];
    struct xg_cbor_item key, log, by;

    if (r->malformed || r->head.kind != XG_KIND_GENESIS ||
        !xg_hash_equal(&r->hash, &b->says.chain))
        return XG_T("第 0 条记录不是这条链的链首",
                    "record 0 is not the genesis of this chain");
    if (!xg_record_field(r, XG_GENESIS_KEY, &key) ||
        memcmp(key.bytes.at, device->key, XG_PUBLIC_KEY_SIZE) != 0)
        return XG_T("链首写的是另一把设备密钥",
                    "the genesis names another device key");
    if (!xg_record_field(r, XG_GENESIS_LOG, &log) ||
        !ledger_knows(in->ledger, log.bytes))
        return XG_T("链首写的是另一个日志；这台设备属于别的服务器",
                    "the genesis names another log: the device belongs to "
                    "another server");
    if (!xg_record_field(r, XG_GENESIS_REGISTRAR, &by) ||
        !registry_was_key(in->registry, by.bytes.at))
        return XG_T("链首写的是另一位登记员的密钥",
                    "the genesis names another registrar");
    return NULL;
}

static enum xg_status find_signer(struct ingest *in,
                                  struct xg_verifier *verifier,
                                  char device[static XG_KEY_NAME_MAX + 1],
                                  struct xg_bytes name, struct xg_error *err)
{
    bool found = false;

    if (name.len > XG_KEY_NAME_MAX)
        return xg_fail(err, XG_FORMAT, "the name of the key is too long");
    memcpy(device, name.at, name.len);
    device[name.len] = '\0';
    if (registry_device(in->registry, verifier, &found, device, err) != XG_OK)
        return err->status;
    if (found)
        return XG_OK;
    return xg_fail(
        err, XG_AUTH,
        XG_T("设备 %s 未在本服务器登记", "device %s is not registered here"),
        device);
}

static enum xg_status open_batch(struct ingest_batch *b, const uint8_t *data,
                                 size_t len, struct xg_error *err)
{
    struct xg_bytes note, body, name;
    struct xg_verifier verifier;
    const char *bad = NULL;

    if (xg_batch_peek(&note, &body, &name, data, len, err) != XG_OK ||
        find_signer(b->in, &verifier, b->device, name, err) != XG_OK ||
        xg_batch_open(&b->batch, &b->arena, data, len, &verifier, err) != XG_OK)
        return err->status;
    if (b->batch.says.last > PLACE_MAX)
        return xg_fail(err, XG_FORMAT, "a sequence number over 2^31");
    if (b->batch.says.first == 0)
        bad = judge_genesis(b->in, &b->batch, &verifier);
    return bad ? xg_fail(err, XG_REFUSED, "%s", bad) : XG_OK;
}

static enum xg_status run_batch(struct ledger_job *job, struct ledger *l,
                                struct store *store, struct xg_error *err);
static void settle_batch(struct ledger_job *job, bool published);

static struct ingest_batch *new_batch(struct ingest *in)
{
    struct ingest_batch *b = calloc(1, sizeof *b);

    if (!b)
        return NULL;
    b->in = in;
    b->arena = XG_ARENA(BATCH_ARENA);
    b->answer = XG_ERROR_NONE;
    b->job = (struct ledger_job){.run = run_batch, .settled = settle_batch};
    return b;
}

enum xg_status ingest_prepare(struct ingest_batch **batch, struct ingest *in,
                              const uint8_t *data, size_t len,
                              struct xg_error *err)
{
    struct ingest_batch *b = new_batch(in);

    if (!b)
        return xg_fail_nomem(err);
    if (open_batch(b, data, len, err) != XG_OK) {
        ingest_batch_free(b);
        return err->status;
    }
    *batch = b;
    return XG_OK;
}

void ingest_batch_free(struct ingest_batch *b)
{
    if (!b)
        return;
    xg_arena_clear(&b->arena);
    free(b);
}

const struct xg_hash *ingest_batch_id(const struct ingest_batch *b)
{
    return &b->batch.id;
}

/* ---- the writer's part ---- */

static enum xg_status check_owner(struct store *store, bool *other,
                                  const struct xg_hash *chain,
                                  const char *device, struct xg_error *err)
{
    struct store_chain c;
    bool found;

    if (store->ops->find_chain(store, &c, &found, chain, err) != XG_OK)
        return err->status;
    *other = found && strcmp(c.device, device) != 0;
    return XG_OK;
}

/* The path of a record into the tree of its batch. */
static enum xg_status fork_side(struct xg_fork_side *side,
                                struct xg_arena *arena,
                                const struct xg_batch *b, uint64_t index,
                                struct xg_error *err)
{
    struct xg_hash *leaves = xg_arena_array(arena, b->count, sizeof *leaves);

    if (!leaves)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < b->count; i++)
        leaves[i] = b->records[i].hash;
    side->record = leaves[index];
    side->batch = b->id;
    side->index = index;
    side->size = b->count;
    xg_prove_inclusion_in(&side->path, index, leaves, b->count);
    return XG_OK;
}

static enum xg_status rival_side(struct ingest *in, struct xg_fork_side *side,
                                 struct xg_arena *arena, struct store *store,
                                 const struct incoming *inc, uint64_t seq,
                                 struct xg_error *err)
{
    struct store_record *rows;
    struct store_batch *batches;
    struct xg_batch held;
    size_t count, batch_count = 0;
    uint64_t position = 0;
    bool found = false;

    if (store->ops->read_place(store, arena, &rows, &count, inc->fork_chain,
                               seq, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (xg_hash_equal(&rows[i].hash, &inc->rival)) {
            position = rows[i].position;
            found = true;
        }
    if (!found)
        return xg_fail(err, XG_CORRUPT, "the other side of a fork is missing");
    if (store->ops->read_batches(store, arena, &batches, &batch_count, position,
                                 1, err) != XG_OK)
        return err->status;
    if (batch_count != 1 || batches[0].position != position)
        return xg_fail(err, XG_CORRUPT, "the batch of a record is missing");
    if (ingest_reopen(in, &held, arena, store, &batches[0], err) != XG_OK)
        return err->status;
    return fork_side(side, arena, &held, seq - held.says.first, err);
}

/* Whoever sees both sides and their paths knows that the device signed two
 * records for one place. */
static enum xg_status append_fork(struct ingest *in, struct store *store,
                                  const struct incoming *inc,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(BATCH_ARENA);
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    struct xg_fork *fork = xg_arena_alloc(&arena, sizeof *fork);
    const struct xg_batch *b = inc->batch;
    uint64_t index;
    enum xg_status status = XG_OK;

    if (!fork)
        return xg_fail_nomem(err);
    fork->chain = b->says.chain;
    fork->seq = b->says.first + inc->fork_index;
    status =
        rival_side(in, &fork->sides[0], &arena, store, inc, fork->seq, err);
    if (status == XG_OK)
        status = fork_side(&fork->sides[1], &arena, b, inc->fork_index, err);
    if (status == XG_OK) {
        xg_fork_put(&text, fork);
        status = xg_buf_check(&text, err);
    }
    if (status == XG_OK)
        status =
            ledger_append_text(in->ledger, &index, xg_buf_bytes(&text), err);
    xg_buf_clear(&text);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status placed_live(struct placer *p,
                                  const struct store_batch *row,
                                  const struct incoming *inc,
                                  struct xg_error *err)
{
    if (p->from->ops->set_batch_state(
            p->from, row->position,
            inc->forked ? XG_BATCH_FORKED : XG_BATCH_STORED, err) != XG_OK)
        return err->status;
    return inc->forked ? append_fork(p->in, p->from, inc, err) : XG_OK;
}

static enum xg_status ready(struct ingest *in, struct store *store,
                            struct xg_error *err)
{
    if (in->counted)
        return XG_OK;
    if (store->ops->get_counts(store, &in->placer.counts, err) != XG_OK)
        return err->status;
    in->counted = true;
    return XG_OK;
}

static enum xg_status waits_live(struct placer *p,
                                 const struct store_batch *row,
                                 const struct incoming *inc,
                                 struct xg_error *err)
{
    return inc->spent ? XG_OK
                      : p->from->ops->set_batch_state(p->from, row->position,
                                                      XG_BATCH_WAITING, err);
}

/* Of the registry's job: its counts are read anew before and after, as that job
 * may be undone without a word to us. */
static enum xg_status admit_live(void *ctx, struct ledger *l,
                                 struct store *store,
                                 const struct xg_hash *batch, uint64_t told,
                                 struct xg_error *err)
{
    struct ingest *in = ctx;

    in->counted = false;
    if (ready(in, store, err) != XG_OK)
        return err->status;
    in->counted = false;
    if (ingest_admit(&in->placer, batch, told, placed_live, waits_live, err) !=
        XG_OK)
        return err->status;
    ledger_want(l, in->placer.counts.shown + 1);
    return XG_OK;
}

static enum xg_status put_row(struct ingest_batch *b, struct store *store,
                              enum xg_batch_state state, struct xg_error *err)
{
    struct store_batch row = {.position = b->result.position,
                              .id = b->batch.id,
                              .chain = b->batch.says.chain,
                              .tree = b->batch.says.tree,
                              .first = b->batch.says.first,
                              .last = b->batch.says.last,
                              .state = state,
                              .body_len = b->batch.body.len};

    memcpy(row.device, b->device, sizeof row.device);
    b->result.state = state;
    return store->ops->put_batch(store, &row, b->batch.body, err);
}

/* One that waits costs room, and a look each time its chain goes on. Who has so
 * many that wait is to send the earlier ones; of this nothing is kept. */
static enum xg_status may_wait(struct ingest_batch *b, struct store *store,
                               struct xg_error *err)
{
    uint64_t count = 0;

    if (store->ops->count_waiting(store, &count, b->device, err) != XG_OK)
        return err->status;
    if (count >= DEVICE_WAITING_MAX)
        xg_ignore(xg_fail(
            &b->answer, XG_BUSY,
            XG_T("设备 %s 已有 %d 个批次在等前面的记录；请先上传前面的批次，"
                 "再重发这一批",
                 "device %s has %d batches that wait for earlier records; send "
                 "the earlier ones first, and this one again"),
            b->device, DEVICE_WAITING_MAX));
    return XG_OK;
}

/* One that came without the fields of some records is as good as whole where an
 * act in the log erased them; else they may have been dropped on the way. */
static enum xg_status may_lack(struct ingest_batch *b, struct store *store,
                               struct xg_error *err)
{
    struct store_erased *rows;
    size_t count;

    for (size_t i = 0; b->batch.missing && i < b->batch.count; i++) {
        const struct xg_record *r = &b->batch.records[i];
        if (r->fields_raw.len)
            continue;
        if (store->ops->read_erased(store, &b->arena, &rows, &count, &r->hash,
                                    err) != XG_OK)
            return err->status;
        if (count == 0) {
            xg_ignore(xg_fail(
                &b->answer, XG_REFUSED,
                XG_T("第 %llu 条记录没有内容，而日志里没有抹除它的记录；请用含"
                     "全部内容的批次或备份再传",
                     "record %llu came without its fields, and no erasure in "
                     "the log names it: send the whole batch, or one from a "
                     "backup"),
                (unsigned long long)b->batch.says.first + i));
            return XG_OK;
        }
    }
    return XG_OK;
}

/* It has records that got no row from it, for they are here, or it is kept
 * apart. Erased ones among them are to be swept out of its body. */
static enum xg_status note_again(struct ingest_batch *b, struct store *store,
                                 struct xg_error *err)
{
    struct store_erased *rows;
    size_t count;

    for (size_t i = 0; i < b->batch.count; i++) {
        const struct xg_record *r = &b->batch.records[i];
        if (r->fields_raw.len == 0)
            continue;
        if (store->ops->read_erased(store, &b->arena, &rows, &count, &r->hash,
                                    err) != XG_OK)
            return err->status;
        if (count)
            return store->ops->put_value(store, REDACT_PENDING, 1, err);
    }
    return XG_OK;
}

/* Log, keep and place a batch that is new. */
static enum xg_status take_in(struct ingest_batch *b, struct ledger *l,
                              struct store *store, struct xg_error *err)
{
    struct placer *p = &b->in->placer;
    struct incoming inc = {.batch = &b->batch, .device = b->device};
    enum xg_batch_state state = XG_BATCH_QUARANTINED;
    bool revoked;

    inc.position = inc.told = ledger_next(l);
    if (ingest_is_apart(b->in, &revoked, b->device, &b->batch.id, inc.position,
                        err) != XG_OK ||
        (!revoked && placer_place(p, &b->arena, &inc, err) != XG_OK))
        return err->status;
    if (!revoked && !inc.placed && !inc.spent &&
        may_wait(b, store, err) != XG_OK)
        return err->status;
    if (b->answer.status != XG_OK)
        return XG_OK;
    if (ledger_append(l, &b->result.position, b->batch.note, err) != XG_OK)
        return err->status;
    if (!revoked && !inc.spent)
        state = !inc.placed  ? XG_BATCH_WAITING
                : inc.forked ? XG_BATCH_FORKED
                             : XG_BATCH_STORED;
    b->result.records = inc.fresh;
    if ((inc.fresh < b->batch.count && note_again(b, store, err) != XG_OK) ||
        put_row(b, store, state, err) != XG_OK ||
        (inc.forked && append_fork(b->in, store, &inc, err) != XG_OK))
        return err->status;
    if (inc.fresh && placer_release(p, &b->result.records,
                                    &b->batch.says, inc.told, placed_live, err) != XG_OK)
        return err->status;
    /* What is told at an entry that is not there yet would keep all that comes
     * later from being told: the log goes there. */
    ledger_want(l, p->counts.shown + 1);
    return XG_OK;
}

static enum xg_status run_batch(struct ledger_job *job, struct ledger *l,
                                struct store *store, struct xg_error *err)
{
    struct ingest_batch *b = (struct ingest_batch *)job;
    struct store_batch held;
    bool found = false, other = false;

    b->answer = XG_ERROR_NONE;
    b->result = (struct ingest_result){.id = b->batch.id};
    memcpy(b->result.device, b->device, sizeof b->result.device);
    if (ready(b->in, store, err) != XG_OK ||
        store->ops->find_batch(store, &held, &found, &b->batch.id, err) !=
            XG_OK)
        return err->status;
    if (found) {
        b->result.position = held.position;
        b->result.state =
            held.state == XG_BATCH_STORED ? XG_BATCH_HELD : held.state;
        return XG_OK;
    }
    if (check_owner(store, &other, &b->batch.says.chain, b->device, err) !=
        XG_OK)
        return err->status;
    if (other) {
        xg_ignore(xg_fail(&b->answer, XG_REFUSED,
                          XG_T("这条链属于另一台设备，不是 %s 的",
                               "the chain belongs to another device than %s"),
                          b->device));
        return XG_OK;
    }
    if (may_lack(b, store, err) != XG_OK)
        return err->status;
    if (b->answer.status != XG_OK)
        return XG_OK;
    return take_in(b, l, store, err);
}

enum xg_status ingest_run_prepared(struct ingest_batch *b, struct ledger *l,
                                   struct store *store, struct xg_error *err)
{
    if (run_batch(&b->job, l, store, err) != XG_OK)
        return err->status;
    if (b->answer.status != XG_OK)
        *err = b->answer;
    return b->answer.status;
}

static void settle_batch(struct ledger_job *job, bool published)
{
    struct ingest_batch *b = (struct ingest_batch *)job;

    if (!published)
        b->in->counted = false;
}

enum xg_status ingest_submit(struct ingest *in, struct ingest_result *result,
                             struct ingest_batch *batch, struct xg_error *err)
{
    if (ledger_submit(in->ledger, &batch->job, err) != XG_OK)
        return err->status;
    if (batch->answer.status != XG_OK) {
        *err = batch->answer;
        return err->status;
    }
    *result = batch->result;
    if (result->state == XG_BATCH_FORKED ||
        result->state == XG_BATCH_QUARANTINED)
        xg_log(XG_LOG_WARN, "batch.kept", "device=%s state=%s", batch->device,
               xg_batch_state_name(result->state));
    return XG_OK;
}

enum xg_status ingest_put(struct ingest *in, struct ingest_result *result,
                          const uint8_t *data, size_t len, struct xg_error *err)
{
    struct ingest_batch *batch;
    enum xg_status status;

    if (ingest_prepare(&batch, in, data, len, err) != XG_OK)
        return err->status;
    status = ingest_submit(in, result, batch, err);
    ingest_batch_free(batch);
    return status;
}

/* ---- what is still to be told ---- */

struct catch_up_job {
    struct ledger_job job;
    struct ingest *in;
};

static enum xg_status run_catch_up(struct ledger_job *job, struct ledger *l,
                                   struct store *store, struct xg_error *err)
{
    struct catch_up_job *j = (struct catch_up_job *)job;
    const struct store_counts *counts = &j->in->placer.counts;

    if (ready(j->in, store, err) != XG_OK)
        return err->status;
    if (counts->shown && counts->shown >= ledger_next(l))
        ledger_want(l, counts->shown + 1);
    return XG_OK;
}

enum xg_status ingest_catch_up(struct ingest *in, struct xg_error *err)
{
    struct catch_up_job j = {.job = {.run = run_catch_up}, .in = in};

    return ledger_submit(in->ledger, &j.job, err);
}

/* ---- reading ---- */

enum xg_status ingest_read_batch(struct xg_buf *out, struct store *store,
                                 const struct store_batch *b,
                                 struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(BATCH_ARENA);
    struct xg_bytes *note, body;
    size_t count = 0;
    enum xg_status status = store->ops->read_entries(
        store, &arena, &note, &count, b->position, 1, XG_NOTE_MAX, err);

    if (status == XG_OK && count != 1)
        status = xg_fail(err, XG_CORRUPT, "the note of a batch is missing");
    if (status == XG_OK)
        status = store->ops->read_body(store, &arena, &body, b->position, err);
    if (status == XG_OK)
        status = xg_batch_frame_kept(out, note[0], body, err);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status ingest_reopen(struct ingest *in, struct xg_batch *batch,
                             struct xg_arena *arena, struct store *store,
                             const struct store_batch *row,
                             struct xg_error *err)
{
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    struct xg_verifier verifier;
    const uint8_t *copy;
    bool found = false;
    enum xg_status status = ingest_read_batch(&frame, store, row, err);

    if (status == XG_OK)
        status =
            registry_device(in->registry, &verifier, &found, row->device, err);
    if (status == XG_OK && !found)
        status = xg_fail(err, XG_CORRUPT, "device %s is not in the registry",
                         row->device);
    if (status == XG_OK) {
        copy = xg_arena_copy(arena, frame.data, frame.len);
        status =
            copy ? xg_batch_open(batch, arena, copy, frame.len, &verifier, err)
                 : xg_fail_nomem(err);
    }
    xg_buf_clear(&frame);
    return status;
}

static const struct store_branch *longest(const struct store_branch *list,
                                          size_t count)
{
    const struct store_branch *best = NULL;

    for (size_t i = 0; i < count; i++)
        if (!best || list[i].next > best->next ||
            (list[i].next == best->next &&
             xg_hash_compare(&list[i].last, &best->last) > 0))
            best = &list[i];
    return best;
}

/* The end of the branch on which the stated record lies. */
static enum xg_status stated_end(const struct store_branch **end,
                                 struct store *store, struct xg_arena *arena,
                                 const struct store_chain *chain,
                                 const struct store_branch *list, size_t count,
                                 const struct xg_chain_tip *stated,
                                 struct xg_error *err)
{
    struct store_record *rows;
    size_t row_count = 0;

    if (stated->next > 0 && stated->next <= PLACE_MAX &&
        store->ops->read_place(store, arena, &rows, &row_count, chain->number,
                               stated->next - 1, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < row_count; i++)
        for (size_t b = 0; b < count; b++)
            if (xg_hash_equal(&rows[i].hash, &stated->last) &&
                list[b].number == rows[i].branch)
                *end = &list[b];
    return XG_OK;
}

enum xg_status ingest_tip(struct store *store, struct xg_chain_tip *held,
                          bool *forked, bool *found,
                          const struct xg_chain_tip *stated,
                          struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(BATCH_ARENA);
    const struct store_branch *end = NULL;
    struct store_branch *list;
    struct store_chain chain;
    size_t count = 0;
    bool any;
    enum xg_status status =
        store->ops->find_chain(store, &chain, &any, &stated->chain, err);

    if (status == XG_OK && any)
        status = store->ops->read_branches(store, &arena, &list, &count,
                                           chain.number, err);
    if (status == XG_OK && count) {
        end = longest(list, count);
        status =
            stated_end(&end, store, &arena, &chain, list, count, stated, err);
    }
    if (status == XG_OK) {
        *found = end != NULL;
        *forked = end && chain.forked;
        if (end)
            *held = (struct xg_chain_tip){stated->chain, end->last, end->next};
    }
    xg_arena_clear(&arena);
    return status;
}
