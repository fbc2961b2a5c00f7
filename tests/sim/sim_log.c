/* sim_log.c - what the server holds in the end: every record by its hash, every
 * batch opened again, tables rebuilt; see sim.h. It is read once, however many
 * devices are held against it. */
#include "tests/sim/sim_server.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>

enum { ROWS_EACH = 256, ARENA_MAX = 256 << 20 };

/* ---- every record ---- */

static void put(struct sim_log *log, const struct sim_held *held)
{
    log->held = sim_grow(log->held, log->count, &log->room, sizeof *log->held);
    log->held[log->count++] = *held;
}

static void load_rows(struct sim_log *log, struct sim_server *s,
                      struct store *reader)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct store_counts counts;
    struct store_record *rows;
    size_t count;

    sim_ok(s->world, reader->ops->get_counts(reader, &counts, &err));
    for (uint64_t at = 1; at <= counts.records; at += count) {
        xg_arena_reset(&arena);
        sim_ok(s->world,
               reader->ops->read_records(reader, &arena, &rows, &count, at,
                                         counts.records, ROWS_EACH, &err));
        if (count == 0)
            sim_fail(s->world, "records %" PRIu64 " to %" PRIu64 " are missing",
                     at, counts.records);
        for (size_t i = 0; i < count; i++) {
            struct sim_held held = {.record = rows[i].hash,
                                    .entity = rows[i].entity_id,
                                    .of_entity = rows[i].entity != 0,
                                    .rows = 1};
            sim_ok(s->world, fold_when(&held.when, reader, rows[i].anchor_size,
                                       rows[i].position, &err));
            put(log, &held);
        }
    }
    xg_arena_clear(&arena);
}

/* Of whoever was revoked nothing counts any more that comes after it, unless
 * an operator let it in. */
static void check_apart(struct sim_server *s, const struct store_batch *b)
{
    for (size_t i = 0; i < s->revoked_count; i++)
        if (strcmp(s->revoked[i].device, b->device) == 0 &&
            b->position >= s->revoked[i].size &&
            b->state != XG_BATCH_QUARANTINED &&
            !registry_admitted(s->data->registry, &b->id, UINT64_MAX))
            sim_fail(s->world,
                     "batch at %" PRIu64 " of %s counts, which was revoked in a "
                     "log of %" PRIu64,
                     b->position, b->device, s->revoked[i].size);
}

/* Of such a device a batch may wait for good: for one that is kept apart. */
static bool is_revoked(const struct sim_server *s, const char *device)
{
    for (size_t i = 0; i < s->revoked_count; i++)
        if (strcmp(s->revoked[i].device, device) == 0)
            return true;
    return false;
}

static void count_kind(struct sim_world *w, const struct xg_record *r)
{
    if (!r->malformed && r->head.creates && r->head.kind < SIM_KINDS)
        w->tally.kinds[r->head.kind]++;
}

/* Open a batch as any auditor would: its note, its body, its device's key. */
static void load_batch(struct sim_log *log, struct sim_server *s,
                       struct store *reader, const struct store_batch *b)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX);
    struct xg_verifier key;
    struct xg_batch batch;
    bool found;

    sim_ok(s->world,
           registry_device(s->data->registry, &key, &found, b->device, &err));
    if (!found)
        sim_fail(s->world, "a batch by %s, which nobody knows", b->device);
    sim_ok(s->world, ingest_read_batch(&frame, reader, b, &err));
    sim_ok(s->world,
           xg_batch_open(&batch, &arena, frame.data, frame.len, &key, &err));
    if (!xg_hash_equal(&batch.id, &b->id))
        sim_fail(s->world, "batch at %" PRIu64 " is another one", b->position);
    if (b->state == XG_BATCH_WAITING && !is_revoked(s, b->device))
        sim_fail(s->world, "batch at %" PRIu64 " of %s still waits",
                 b->position, b->device);
    check_apart(s, b);
    for (size_t i = 0; i < batch.count; i++)
        count_kind(s->world, &batch.records[i]);
    for (size_t i = 0; i < batch.count; i++)
        put(log,
            &(struct sim_held){.record = batch.records[i].hash,
                               .quarantined = b->state == XG_BATCH_QUARANTINED ||
                                              b->state == XG_BATCH_WAITING,
                               .batches = 1});
    log->batches++;
    xg_buf_clear(&frame);
    xg_arena_clear(&arena);
}

static void load_batches(struct sim_log *log, struct sim_server *s,
                         struct store *reader)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct store_batch *rows;
    size_t count = 1;

    for (uint64_t at = 0; count > 0;) {
        xg_arena_reset(&arena);
        sim_ok(s->world,
               reader->ops->read_batches(reader, &arena, &rows, &count, at,
                                         ROWS_EACH, &err));
        for (size_t i = 0; i < count; i++) {
            load_batch(log, s, reader, &rows[i]);
            at = rows[i].position + 1;
        }
    }
    xg_arena_clear(&arena);
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(((const struct sim_held *)a)->record.b,
                  ((const struct sim_held *)b)->record.b, XG_HASH_SIZE);
}

/* One line a record. */
static void fold_held(struct sim_log *log)
{
    size_t n = 0;

    if (log->count == 0)
        return;
    qsort(log->held, log->count, sizeof *log->held, by_hash);
    for (size_t i = 1; i < log->count; i++) {
        struct sim_held *to = &log->held[n], *from = &log->held[i];
        if (!xg_hash_equal(&to->record, &from->record)) {
            log->held[++n] = *from;
            continue;
        }
        if (from->rows) {
            to->when = from->when;
            to->entity = from->entity;
            to->of_entity = from->of_entity;
        }
        to->rows += from->rows;
        to->batches += from->batches;
        to->quarantined = to->quarantined || from->quarantined;
    }
    log->count = n + 1;
}

static void load_chains(struct sim_log *log, struct sim_server *s,
                        struct store *reader)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct store_chain *chains;
    struct store_branch *branches;
    size_t count;

    sim_ok(s->world, reader->ops->read_chains(reader, &arena, &chains,
                                              &log->chains, NULL, &err));
    for (size_t i = 0; i < log->chains; i++) {
        log->forked += chains[i].forked;
        sim_ok(s->world,
               reader->ops->read_branches(reader, &arena, &branches, &count,
                                          chains[i].number, &err));
        if (chains[i].forked != (count > 1))
            sim_fail(s->world, "a chain of %s has %zu branches, forked: %d",
                     chains[i].device, count, chains[i].forked);
    }
    xg_arena_clear(&arena);
}

static bool begins(struct xg_bytes note, const char *with)
{
    size_t len = strlen(with);

    return note.len >= len && memcmp(note.at, with, len) == 0;
}

/* Its second line is `time` and milliseconds. */
static void put_time(struct sim_log *log, struct sim_world *w, uint64_t position,
                     struct xg_bytes text)
{
    struct xg_lines l = xg_lines_over(text);
    uint64_t ms;

    xg_line_literal(&l, "xunge/time/v1");
    xg_line_uint(&l, "time", &ms);
    if (l.expected)
        sim_fail(w, "the time note at %" PRIu64 " says no time", position);
    log->times = sim_grow(log->times, log->time_count, &log->time_room,
                          sizeof *log->times);
    log->times[log->time_count++] = (struct sim_time){position, (int64_t)ms};
}

/* How many time notes lie below that place. */
static size_t times_below(const struct sim_log *log, uint64_t position)
{
    size_t low = 0, high = log->time_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->times[middle].position < position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct xg_when sim_log_when(const struct sim_log *log, uint64_t anchor_size,
                            uint64_t position)
{
    struct xg_when when = {XG_NO_TIME, XG_NO_TIME};
    size_t before = times_below(log, anchor_size);
    size_t behind = times_below(log, position + 1);

    if (before > 0)
        when.low_ms = log->times[before - 1].ms;
    if (behind < log->time_count)
        when.high_ms = log->times[behind].ms;
    return when;
}

static void load_entries(struct sim_log *log, struct sim_server *s,
                         struct store *reader)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct xg_bytes *notes;
    size_t count;

    log->size = sim_server_size(s);
    log->leaves = sim_alloc((log->size + 1) * sizeof *log->leaves);
    log->roots = sim_alloc((log->size + 1) * sizeof *log->roots);
    for (uint64_t at = 0; at < log->size; at += count) {
        xg_arena_reset(&arena);
        sim_ok(s->world,
               reader->ops->read_entries(reader, &arena, &notes, &count, at,
                                         ROWS_EACH, 1 << 20, &err));
        if (count == 0)
            sim_fail(s->world, "entry %" PRIu64 " is missing", at);
        for (size_t i = 0; i < count; i++) {
            xg_tlog_leaf(&log->leaves[at + i], notes[i].at, notes[i].len);
            log->fork_notes += begins(notes[i], "xunge/fork/v1\n");
            if (begins(notes[i], "xunge/time/v1\n"))
                put_time(log, s->world, at + i, notes[i]);
        }
    }
    xg_arena_clear(&arena);
}

void sim_log_load(struct sim_log *log, struct sim_world *w)
{
    struct sim_server *s = w->server;
    struct store *reader = sim_server_borrow(s);

    *log = (struct sim_log){.count = 0};
    load_rows(log, s, reader);
    load_batches(log, s, reader);
    fold_held(log);
    load_chains(log, s, reader);
    load_entries(log, s, reader);
    sim_entities_load(log, s, reader);
    sim_server_return(s, reader);
    if (log->fork_notes < log->forked ||
        (log->fork_notes > 0) != (log->forked > 0))
        sim_fail(w, "%zu forked chains, %zu notes of forks", log->forked,
                 log->fork_notes);
}

void sim_log_clear(struct sim_log *log)
{
    sim_entities_clear(log);
    free(log->held);
    free(log->times);
    free(log->leaves);
    free(log->roots);
    *log = (struct sim_log){.count = 0};
}

const struct sim_held *sim_log_find(const struct sim_log *log,
                                    const struct xg_hash *record)
{
    const struct sim_held key = {.record = *record};

    return log->count ? bsearch(&key, log->held, log->count, sizeof *log->held,
                                by_hash)
                      : NULL;
}

/* ---- the whole of it ---- */

void sim_server_digest(struct sim_server *s, struct xg_hash *out)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct store *reader = sim_server_borrow(s);
    struct store_entity *rows;
    struct store_filter filter = {.limit = ROWS_EACH};
    crypto_hash_sha256_state state;
    size_t count = 1;

    crypto_hash_sha256_init(&state);
    while (count > 0) {
        xg_arena_reset(&arena);
        sim_ok(s->world, reader->ops->read_entities(reader, &arena, &rows,
                                                    &count, &filter, &err));
        for (size_t i = 0; i < count; i++) {
            crypto_hash_sha256_update(&state, rows[i].id.b, XG_ID_SIZE);
            crypto_hash_sha256_update(&state,
                                      (const unsigned char *)rows[i].unit,
                                      strlen(rows[i].unit) + 1);
            crypto_hash_sha256_update(&state, rows[i].state.at,
                                      rows[i].state.len);
            filter.before = rows[i].number;
        }
        if (filter.before == 1)
            break;
    }
    crypto_hash_sha256_final(&state, out->b);
    sim_server_return(s, reader);
    xg_arena_clear(&arena);
}

void sim_server_check(struct sim_server *s)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash before, after;

    sim_ok(s->world, data_check(s->data, NULL, NULL, &err));
    sim_server_digest(s, &before);
    sim_ok(s->world, ingest_rebuild(s->data->ingest, &err));
    sim_server_digest(s, &after);
    if (!xg_hash_equal(&before, &after))
        sim_fail(s->world, "rebuilt tables differ from those that grew");
}

void sim_server_root(struct sim_server *s, struct xg_hash *root, uint64_t size)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store *reader = sim_server_borrow(s);

    sim_ok(s->world, ledger_root(root, reader, size, &err));
    sim_server_return(s, reader);
}

const struct xg_hash *sim_log_root(struct sim_log *log, struct sim_world *w,
                                   uint64_t size)
{
    const struct xg_hash none = {{0}};

    if (size > log->size)
        sim_fail(w, "a checkpoint of size %" PRIu64 " is of no log that there is",
                 size);
    if (xg_hash_equal(&log->roots[size], &none))
        sim_server_root(w->server, &log->roots[size], size);
    return &log->roots[size];
}

bool sim_server_state(struct sim_server *s, struct xg_buf *state,
                      const struct xg_id *id)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct store *reader = sim_server_borrow(s);
    struct store_entity e;
    bool found;

    sim_ok(s->world,
           reader->ops->find_entity(reader, &arena, &e, &found, id, &err));
    sim_server_return(s, reader);
    if (found)
        xg_buf_append(state, e.state.at, e.state.len);
    xg_arena_clear(&arena);
    return found;
}

bool sim_server_forked(struct sim_server *s, const struct xg_hash *chain)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store *reader = sim_server_borrow(s);
    struct store_chain c;
    bool found;

    sim_ok(s->world, reader->ops->find_chain(reader, &c, &found, chain, &err));
    sim_server_return(s, reader);
    return found && c.forked;
}
