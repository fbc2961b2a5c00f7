/* replay.c - derived tables from the log, and the server's own chain. */
#include <stdlib.h>

#include "server/merge/inside.h"
#include "shared/base/lang.h"

enum { REPLAY_STEP = 64 };

/* ---- replay ---- */

static enum xg_status keep_waiting(struct placer *p,
                                   const struct store_batch *row,
                                   struct xg_error *err)
{
    if (p->waiting_count == p->waiting_room) {
        size_t room = p->waiting_room * 2 + 16;
        struct store_batch *moved = realloc(p->waiting, room * sizeof *moved);
        if (!moved)
            return xg_fail_nomem(err);
        p->waiting = moved;
        p->waiting_room = room;
    }
    p->waiting[p->waiting_count++] = *row;
    return XG_OK;
}

static enum xg_status same_state(const struct store_batch *row,
                                 enum xg_batch_state state,
                                 struct xg_error *err)
{
    if (row->state == state)
        return XG_OK;
    return xg_fail(err, XG_CORRUPT,
                   XG_T("日志第 %llu 条批次记为 %s，重放得 %s",
                        "the batch at log entry %llu is kept as %s, and is %s "
                        "when replayed"),
                   (unsigned long long)row->position,
                   xg_batch_state_name(row->state), xg_batch_state_name(state));
}

static enum xg_status placed_again(struct placer *p,
                                   const struct store_batch *row,
                                   const struct incoming *inc,
                                   struct xg_error *err)
{
    size_t i = 0;

    while (i < p->waiting_count && p->waiting[i].position != row->position)
        i++;
    if (i < p->waiting_count) /* else it was in quarantine */
        p->waiting_count--;
    for (; i < p->waiting_count; i++)
        p->waiting[i] = p->waiting[i + 1];
    return same_state(row, inc->forked ? XG_BATCH_FORKED : XG_BATCH_STORED,
                      err);
}

static enum xg_status waits_again(struct placer *p,
                                  const struct store_batch *row,
                                  const struct incoming *inc,
                                  struct xg_error *err)
{
    return inc->spent ? same_state(row, XG_BATCH_QUARANTINED, err)
                      : keep_waiting(p, row, err);
}

/* The admit lines at log entries below that. */
static enum xg_status replay_admits(struct placer *p, size_t *next,
                                    uint64_t size, struct xg_error *err)
{
    struct registry_admission a;

    while (registry_admission(p->in->registry, &a, *next) &&
           a.position < size) {
        if (ingest_admit(p, &a.batch, a.position, placed_again, waits_again,
                         err) != XG_OK)
            return err->status;
        (*next)++;
    }
    return XG_OK;
}

static enum xg_status replay_batch(struct placer *p,
                                   const struct store_batch *row,
                                   struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(BATCH_ARENA);
    struct xg_batch batch;
    struct incoming inc = {.batch = &batch,
                           .device = row->device,
                           .position = row->position,
                           .told = row->position};
    size_t fresh = 0;
    bool apart = false;
    enum xg_status status = ingest_is_apart(p->in, &apart, row->device,
                                            &row->id, row->position, err);

    if (status == XG_OK && apart) /* until an admit line, if there is one */
        return registry_admitted(p->in->registry, &row->id, UINT64_MAX)
                   ? XG_OK
                   : same_state(row, XG_BATCH_QUARANTINED, err);
    if (status == XG_OK)
        status = ingest_reopen(p->in, &batch, &arena, p->from, row, err);
    if (status == XG_OK)
        status = placer_place(p, &arena, &inc, err);
    if (status == XG_OK && inc.spent)
        status = same_state(row, XG_BATCH_QUARANTINED, err);
    else if (status == XG_OK && !inc.placed)
        status = keep_waiting(p, row, err);
    else if (status == XG_OK)
        status = same_state(row, inc.forked ? XG_BATCH_FORKED : XG_BATCH_STORED,
                            err);
    if (status == XG_OK && inc.fresh)
        status =
            placer_release(p, &fresh, &batch.says, inc.told, placed_again, err);
    xg_arena_clear(&arena);
    return status;
}

/* What is left of erased records is truth: another store needs it as well. */
static enum xg_status lend_erased(struct store *from, struct store *to,
                                  struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(FOLD_ARENA);
    struct store_erased *rows;
    size_t count = 0;
    enum xg_status status =
        from == to ? XG_OK
                   : from->ops->read_erased(from, &arena, &rows, &count, NULL,
                                            err);

    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = to->ops->put_erased(to, &rows[i], err);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status ingest_replay(struct ingest *in, struct store *from,
                             struct store *to, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(BATCH_ARENA);
    struct store_batch *rows;
    struct placer p;
    uint64_t position = 0;
    size_t count = 1, next_admit = 0;
    enum xg_status status = to->ops->drop_derived(to, err);

    if (status == XG_OK)
        status = lend_erased(from, to, err);

    if (status == XG_OK)
        status = ledger_replay_notes(from, to, err);
    placer_init(&p, in, from, to, true);
    while (status == XG_OK && count > 0) {
        xg_arena_reset(&arena);
        status = from->ops->read_batches(from, &arena, &rows, &count, position,
                                         REPLAY_STEP, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            status =
                replay_admits(&p, &next_admit, rows[i].position, err);
            if (status == XG_OK)
                status = replay_batch(&p, &rows[i], err);
            position = rows[i].position + 1;
        }
    }
    if (status == XG_OK)
        status = replay_admits(&p, &next_admit, UINT64_MAX, err);
    for (size_t i = 0; status == XG_OK && i < p.waiting_count; i++)
        status = same_state(&p.waiting[i], XG_BATCH_WAITING, err);
    placer_clear(&p);
    xg_arena_clear(&arena);
    return status;
}

struct rebuild_job {
    struct ledger_job job;
    struct ingest *in;
};

static enum xg_status run_rebuild(struct ledger_job *job, struct ledger *l,
                                  struct store *store, struct xg_error *err)
{
    struct rebuild_job *j = (struct rebuild_job *)job;

    (void)l;
    j->in->counted = false;
    return ingest_replay(j->in, store, store, err);
}

enum xg_status ingest_rebuild(struct ingest *in, struct xg_error *err)
{
    struct rebuild_job j = {.job = {.run = run_rebuild, .alone = true},
                            .in = in};
    return ledger_submit(in->ledger, &j.job, err);
}

/* ---- the server's own chain ---- */

enum { OWN_MAX = 3 }; /* a genesis, what the record refers to, the record */

struct own_job {
    struct ledger_job job;
    struct ingest *in;
    struct xg_draft *draft;
    struct ingest_before *before; /* or NULL */
    const char *operator_code;
    const struct ingest_ask *ask; /* or NULL */
    struct xg_error answer;       /* why it is not written */
    struct xg_arena arena;
    struct xg_sealable items[OWN_MAX];
    size_t count;
    struct xg_branch branch;
    struct xg_hash chain, last;
    uint64_t next;
    struct ingest_batch *batch;
    struct xg_hash hash;
};

/* The longest branch of the newest own chain; none before the first record. */
static enum xg_status find_own(struct own_job *j, struct store *store,
                               struct xg_error *err)
{
    struct store_chain *chains;
    struct store_branch *list;
    size_t count, branches;

    if (store->ops->read_chains(store, &j->arena, &chains, &count,
                                j->in->device->verifier.name, err) != XG_OK)
        return err->status;
    if (count == 0)
        return XG_OK;
    if (store->ops->read_branches(store, &j->arena, &list, &branches,
                                  chains[count - 1].number, err) != XG_OK)
        return err->status;
    j->chain = chains[count - 1].id;
    for (size_t i = 0; i < branches; i++)
        if (list[i].next > j->next) {
            j->next = list[i].next;
            j->last = list[i].last;
            j->branch =
                (struct xg_branch){.id = list[i].id, .start = list[i].start};
        }
    return XG_OK;
}

/* Encode the draft as the next record. */
static enum xg_status add_own(struct own_job *j, struct xg_draft *d,
                              struct xg_error *err)
{
    struct xg_buf raw = XG_BUF(XG_RECORD_MAX * 2);
    struct xg_sealable *item = &j->items[j->count];
    struct xg_record r = {.malformed = NULL};
    const uint8_t *copy = NULL;
    size_t head_len;
    const struct xg_place place = {&j->chain, &j->last, j->next};
    enum xg_status status;

    d->head.moment = xg_moment_now(j->in->env);
    status = xg_draft_encode_at(&raw, &head_len, d, &place, j->in->env, err);
    if (status == XG_OK &&
        !(copy = xg_arena_copy(&j->arena, raw.data, raw.len)))
        status = xg_fail_nomem(err);
    if (status == XG_OK) {
        item->head = xg_bytes(copy, head_len);
        item->fields = xg_bytes(copy + head_len, raw.len - head_len);
        xg_record_read(&r, &j->chain, j->next, &j->last, item->head,
                       item->fields);
        item->hash = j->last = r.hash;
        if (j->next++ == 0) {
            j->chain = r.hash;
            j->branch = (struct xg_branch){.id = r.hash};
        }
        j->count++;
    }
    xg_buf_clear(&raw);
    return status;
}

static enum xg_status set_bytes(struct xg_draft *d, uint64_t field,
                                const void *data, size_t len, bool text,
                                struct xg_error *err)
{
    struct xg_buf value = XG_BUF(1024);
    enum xg_status status;

    if (text)
        xg_cbor_put_text(&value, data, len);
    else
        xg_cbor_put_bytes(&value, data, len);
    status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status = xg_draft_set(d, field, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

static enum xg_status add_genesis(struct own_job *j, struct xg_error *err)
{
    const char *origin = ledger_signer(j->in->ledger)->verifier.name;
    uint8_t salt[XG_SALT_SIZE], registrar[XG_PUBLIC_KEY_SIZE];
    struct xg_draft d;

    xg_draft_init(&d, &j->arena, XG_KIND_GENESIS);
    xg_random(j->in->env, salt, sizeof salt);
    registry_key(j->in->registry, registrar);
    if (set_bytes(&d, XG_GENESIS_KEY, j->in->device->verifier.key,
                  XG_PUBLIC_KEY_SIZE, false, err) != XG_OK ||
        set_bytes(&d, XG_GENESIS_LOG, origin, strlen(origin), true, err) !=
            XG_OK ||
        set_bytes(&d, XG_GENESIS_REGISTRAR, registrar, sizeof registrar, false,
                  err) != XG_OK ||
        set_bytes(&d, XG_GENESIS_SALT, salt, sizeof salt, false, err) != XG_OK)
        return err->status;
    return add_own(j, &d, err);
}

/* The next number of the server's own: 0000-00001-8 and so on. */
static enum xg_status give_serial(struct own_job *j, struct store *store,
                                  struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(j->draft->head.kind);
    struct xg_buf value = XG_BUF(16);
    uint64_t last;

    if (!j->draft->head.creates || !kind || !kind->entity ||
        kind->number == XG_KIND_CONTACT)
        return XG_OK;
    if (store->ops->get_value(store, &last, "serial", err) != XG_OK ||
        store->ops->put_value(store, "serial", last + 1, err) != XG_OK)
        return err->status;
    xg_cbor_put_uint(&value, last + 1);
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status = xg_draft_set(j->draft, XG_FIELD_SERIAL, xg_buf_bytes(&value),
                              err);
    xg_buf_clear(&value);
    return status;
}

/* Ask whether it may be written, and cite the heads of the entity that this
 * chain has not seen. */
static enum xg_status prepare_own(struct own_job *j, struct store *store,
                                  struct xg_error *err)
{
    const struct xg_registry view = registry_view(j->in->registry);
    struct fold f;
    bool found = false;

    j->draft->foreign_count = 0;
    if (!j->draft->head.creates &&
        fold_of_entity(&f, &found, &j->arena, store, &view,
                       &j->draft->head.entity, err) != XG_OK)
        return err->status;
    if (j->ask && j->ask->ask(j->ask->ctx, &j->answer, store,
                              found ? &f : NULL, j->draft, err) != XG_OK)
        return err->status;
    if (j->answer.status != XG_OK)
        return XG_OK;
    if (found)
        j->draft->foreign_count =
            xg_state_foreign(&f.state, &j->branch, j->next, j->draft->foreign);
    return give_serial(j, store, err);
}

static enum xg_status seal_own(struct own_job *j, uint64_t first,
                               const struct xg_hash *previous,
                               struct xg_error *err)
{
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), body = XG_BUF(XG_BATCH_MAX);
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    const uint8_t *copy = NULL;
    enum xg_status status =
        xg_batch_seal(&note, &body, &j->chain, first, previous, j->items,
                      j->count, j->in->device, true, err);

    if (status == XG_OK) {
        xg_batch_frame(&frame, xg_buf_bytes(&note), xg_buf_bytes(&body));
        status = xg_buf_check(&frame, err);
    }
    if (status == XG_OK &&
        !(copy = xg_arena_copy(&j->arena, frame.data, frame.len)))
        status = xg_fail_nomem(err);
    if (status == XG_OK)
        status = ingest_prepare(&j->batch, j->in, copy, frame.len, err);
    xg_buf_clear(&note);
    xg_buf_clear(&body);
    xg_buf_clear(&frame);
    return status;
}

static enum xg_status add_before(struct own_job *j, struct xg_error *err)
{
    struct xg_draft *d = j->before->draft;
    struct xg_id id;

    d->head.author = j->draft->head.author;
    if (add_own(j, d, err) != XG_OK)
        return err->status;
    j->before->hash = j->last;
    id = xg_id_of_hash(&j->last);
    return set_bytes(j->draft, j->before->field, id.b, XG_ID_SIZE, false, err);
}

static enum xg_status run_own(struct ledger_job *job, struct ledger *l,
                              struct store *store, struct xg_error *err)
{
    struct own_job *j = (struct own_job *)job;
    const char *who = j->operator_code;
    uint64_t first;
    struct xg_hash previous;

    ingest_batch_free(j->batch);
    xg_arena_reset(&j->arena);
    j->batch = NULL;
    j->count = 0;
    j->next = 0;
    j->last = j->chain = (struct xg_hash){{0}};
    j->answer = XG_ERROR_NONE;
    if (find_own(j, store, err) != XG_OK)
        return err->status;
    first = j->next;
    previous = j->last;
    if (prepare_own(j, store, err) != XG_OK)
        return err->status;
    if (j->answer.status != XG_OK)
        return XG_OK;
    if (first == 0 && add_genesis(j, err) != XG_OK)
        return err->status;
    j->draft->head.author = xg_bytes(who, strlen(who));
    if ((j->before && add_before(j, err) != XG_OK) ||
        add_own(j, j->draft, err) != XG_OK ||
        seal_own(j, first, &previous, err) != XG_OK)
        return err->status;
    j->hash = j->last;
    if (ingest_run_prepared(j->batch, l, store, err) != XG_OK)
        return err->status;
    return j->ask && j->ask->wrote
               ? j->ask->wrote(j->ask->ctx, store, &j->hash, err)
               : XG_OK;
}

static void settle_own(struct ledger_job *job, bool published)
{
    struct own_job *j = (struct own_job *)job;

    if (!published)
        j->in->counted = false;
}

enum xg_status ingest_record(struct ingest *in, struct xg_hash *hash,
                             struct xg_draft *draft, const char *operator_code,
                             const struct ingest_ask *ask,
                             struct xg_error *err)
{
    return ingest_record_after(in, hash, NULL, draft, operator_code, ask, err);
}

enum xg_status ingest_record_after(struct ingest *in, struct xg_hash *hash,
                                   struct ingest_before *before,
                                   struct xg_draft *draft,
                                   const char *operator_code,
                                   const struct ingest_ask *ask,
                                   struct xg_error *err)
{
    struct own_job j = {.job = {.run = run_own, .settled = settle_own},
                        .in = in,
                        .draft = draft,
                        .before = before,
                        .operator_code = operator_code,
                        .ask = ask,
                        .answer = XG_ERROR_NONE,
                        .arena = XG_ARENA(BATCH_ARENA)};
    enum xg_status status = ledger_submit(in->ledger, &j.job, err);

    if (status == XG_OK && j.answer.status != XG_OK) {
        *err = j.answer;
        status = err->status;
    }
    if (status == XG_OK)
        *hash = j.hash;
    ingest_batch_free(j.batch);
    xg_arena_clear(&j.arena);
    return status;
}
