/* sim_verdict.c - what must hold of a device in the end; see sim.h. */
#include "tests/sim/sim_agent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { STATE_MAX = 16 << 20, CLOCKS_MAX = 1 << 20 };

/* ---- what it saved ---- */

static void hex_of(char out[2 * XG_HASH_SIZE + 1], const struct xg_hash *hash)
{
    xg_hex(out, hash->b, 8);
}

/* In the log once, with the effect that its author was shown. */
static void judge_saved(struct sim_device *d, const struct sim_saved *s,
                        const struct sim_log *log)
{
    const struct sim_held *held = sim_log_find(log, &s->record);
    char hex[2 * XG_HASH_SIZE + 1];

    hex_of(hex, &s->record);
    if (!held || held->batches == 0)
        sim_fail(d->world, "%04u saved %s, and the log does not have it",
                 d->index, hex);
    if (held->rows > 1 || (held->rows == 0 && !held->quarantined))
        sim_fail(d->world, "%s of %04u is there %u times", hex, d->index,
                 held->rows);
    if (held->rows == 0 && !d->revoked)
        sim_fail(d->world, "%s of %04u is kept apart, but nobody revoked it",
                 hex, d->index);
    if (held->rows == 1 && !xg_id_equal(&held->entity, &s->entity))
        sim_fail(d->world, "%s of %04u is about another entity", hex, d->index);
}

/* What had its full effect when it was saved has it now, wherever its author
 * was moved to meanwhile. Only others can make it overtaken, or take away what
 * it needed (a request that somebody else granted first). */
static void judge_effect(struct sim_device *d, const struct sim_saved *s,
                         const struct sim_log *log)
{
    const struct sim_entity *e = sim_log_entity(log, &s->entity);
    char hex[2 * XG_HASH_SIZE + 1];

    if (!e)
        sim_fail(d->world, "the entity of a record has no state");
    unsigned now = sim_effect(e->state, &s->record);
    hex_of(hex, &s->record);
    if (s->effect == XG_EFFECT_FULL && now != XG_EFFECT_FULL &&
        now != XG_EFFECT_OVERTAKEN && now != XG_EFFECT_LACKING &&
        now != XG_EFFECT_REDACTED)
        sim_fail(d->world,
                 "%s of %04u (%s, %s of %s, step %" PRIu64 ", creates: %d) had "
                 "its effect when saved, now: %s",
                 hex, d->index, d->name, d->role, d->unit, s->step, s->creates,
                 xg_effect_label((enum xg_effect)now));
    /* Unless somebody gave it to that unit, before or since. */
    if (s->effect == XG_EFFECT_NO_RIGHT && now == XG_EFFECT_FULL &&
        !sim_units_within(&e->given, s->unit))
        sim_fail(d->world,
                 "%s of %04u (%s, %s, then of %s, step %" PRIu64
                 ", kind %" PRIu64 ") had no right when saved, now it has",
                 hex, d->index, d->name, d->role, s->unit, s->step, e->kind);
}

/* The receipt that covers it stands by itself, and fits the log as it is now.
 */
static void judge_receipt(struct sim_device *d, struct home *home,
                          const struct store_identity *id,
                          struct sim_log *log, const struct xg_hash *record)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf note = XG_BUF(XG_NOTE_MAX), bytes = XG_BUF(XG_ANSWER_MAX);
    struct store_batch batch;
    struct xg_receipt receipt;
    struct xg_checkpoint c;
    struct xg_hash leaf;
    bool found;

    sim_ok(d->world, store_receipt_of(home->store, &batch, &note, &bytes,
                                      &found, record, &err));
    if (!found)
        sim_fail(d->world, "%04u has no receipt of a record", d->index);
    xg_tlog_leaf(&leaf, note.data, note.len);
    sim_ok(d->world, xg_receipt_open(&receipt, &c, bytes.data, bytes.len, &leaf,
                                     &id->log, &err));
    if (receipt.index >= log->size ||
        !xg_hash_equal(&leaf, &log->leaves[receipt.index]) ||
        !xg_hash_equal(sim_log_root(log, d->world, c.size), &c.root))
        sim_fail(d->world, "%04u holds a receipt that does not fit the log",
                 d->index);
    xg_buf_clear(&note);
    xg_buf_clear(&bytes);
}

/* ---- what it shows ---- */

struct compare {
    const struct sim_log *log;
    struct sim_device *device;
    struct home *home;
    struct xg_guide *guide;     /* as this device has it */
    uint64_t shared, conflicts; /* in scope, on the server */
};

/* Say how: every record that one of them has, with its effect on each side. */
static _Noreturn void differ(struct compare *c, const struct xg_id *id,
                             struct xg_bytes here, struct xg_bytes there)
{
    struct sim_world *w = c->device->world;
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_brief a, b;
    struct fold fold;
    char hex[2 * XG_HASH_SIZE + 1], branch[9];

    sim_ok(w, xg_brief_read(&a, here, &err));
    sim_ok(w, xg_brief_read(&b, there, &err));
    sim_ok(w, fold_load(c->home->store, &fold, &arena, id, &err));
    for (size_t i = 0; i < fold.state.count; i++) {
        const struct xg_hash *hash = &fold.ops[i].record->hash;
        const struct fold_fact *f = &fold.facts[i];
        hex_of(hex, hash);
        xg_hex(branch, fold.ops[i].branch->id.b, 4);
        fprintf(stderr,
                "     %s %s:%" PRIu64 " of %s from %" PRIu64 " at %" PRIu64
                " anchor %" PRIu64 " rank %u mine %d effect %u, there %u%s\n",
                hex, f->device, f->seq, branch, fold.ops[i].branch->start,
                f->position, f->anchor_size, fold.ops[i].rank, f->mine,
                sim_effect(here, hash), sim_effect(there, hash),
                sim_server_has_record(w->server, hash) ? "" : ", unknown");
    }
    xg_hex(hex, id->b, XG_ID_SIZE);
    sim_fail(w,
             "%04u (%s, %s of %s) and the server differ on %s (%s, at home in "
             "%s): %" PRIu64 " records here, %" PRIu64
             " there; conflicts %" PRIu64 ", %" PRIu64 "; %zu bytes, %zu",
             c->device->index, c->device->name, c->device->role,
             c->device->unit, hex, b.kind ? b.kind->name : "?",
             fold.home.unit, a.records, b.records, a.conflicts,
             b.conflicts, here.len, there.len);
}

/* Rule 2 of shared/core/merge.h once more, from the values themselves: agent and
 * server share their code, and would be wrong in the same way. */
static void check_conflicts(struct sim_world *w, const struct xg_state *s)
{
    size_t contested = 0;

    for (size_t i = 0; i < s->register_count; i++) {
        const struct xg_register *reg = &s->registers[i];
        struct xg_cbor_item first, other;
        bool differ_in_value = false;
        for (size_t h = 0; h < reg->head_count; h++) {
            const struct xg_record *r = s->ops[reg->heads[h]].record;
            if (!xg_record_field(r, reg->number, &other))
                sim_fail(w, "a head of a field does not write it");
            if (h == 0)
                first = other;
            else if (first.raw.len != other.raw.len ||
                     memcmp(first.raw.at, other.raw.at, first.raw.len) != 0)
                differ_in_value = true;
        }
        if (reg->conflict != differ_in_value)
            sim_fail(w, "field %" PRIu64 " has %zu values at once, conflict: %d",
                     reg->number, reg->head_count, reg->conflict);
        contested += differ_in_value;
    }
    if (s->conflict_count < contested)
        sim_fail(w, "%zu fields are contested, %zu conflicts are counted",
                 contested, s->conflict_count);
}

/* Every record has the bounds that the log itself proves, and no clock of a device
 * is believed beyond them. */
static void check_times(struct compare *c, const struct fold *f,
                        struct xg_arena *arena)
{
    struct sim_world *w = c->device->world;
    struct xg_error err = XG_ERROR_NONE;
    int64_t *times;

    sim_ok(w, xg_effective_of(&times, arena, &f->state, f->whens, &err));
    for (size_t i = 0; i < f->state.count; i++) {
        struct xg_when here = f->whens[i];
        struct xg_when proven = sim_log_when(c->log, f->facts[i].anchor_size,
                                             f->facts[i].position);
        if (here.low_ms != proven.low_ms || here.high_ms != proven.high_ms)
            sim_fail(w,
                     "%04u: a record at %" PRIu64 ", anchor %" PRIu64
                     ", is of %" PRId64 " to %" PRId64 ", the log says %" PRId64
                     " to %" PRId64,
                     c->device->index, f->facts[i].position,
                     f->facts[i].anchor_size, here.low_ms, here.high_ms,
                     proven.low_ms, proven.high_ms);
        if ((proven.low_ms != XG_NO_TIME && times[i] < proven.low_ms) ||
            (proven.high_ms != XG_NO_TIME && times[i] > proven.high_ms &&
             times[i] == f->ops[i].record->head.moment.wall_ms))
            sim_fail(w,
                     "%04u: deadlines count a record from %" PRId64
                     ", which the log proves to be of %" PRId64 " to %" PRId64,
                     c->device->index, times[i], proven.low_ms, proven.high_ms);
    }
}

/* Each deadline of a case is the server's, down to the millisecond: by the edition
 * of the catalogue in force where the case was filed, as this device has it. */
static void compare_clocks(struct compare *c, const struct fold *f,
                           struct xg_arena *arena,
                           const struct sim_entity *there)
{
    struct sim_world *w = c->device->world;
    struct xg_buf here = XG_BUF(CLOCKS_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_clock *clocks;
    size_t count;
    char hex[2 * XG_ID_SIZE + 1];

    if (!f->state.kind || !f->state.kind->first_status)
        return;
    sim_ok(w, guide_clocks_of(&clocks, &count, arena, c->guide, f, w->now_ms,
                              &err));
    sim_clocks_put(&here, clocks, count);
    sim_ok(w, xg_buf_check(&here, &err));
    xg_hex(hex, there->id.b, XG_ID_SIZE);
    if (!xg_bytes_equal(xg_buf_bytes(&here), there->clocks)) {
        fprintf(stderr, "here:\n%s", xg_buf_str(&here));
        fprintf(stderr, "there:\n%.*s", (int)there->clocks.len,
                (const char *)there->clocks.at);
        sim_fail(w, "%04u and the server differ on the deadlines of %s",
                 c->device->index, hex);
    }
    sim_count(w, SIM_CHECKED_CLOCKS);
    xg_buf_clear(&here);
}

/* And the server gives it the same. */
static void compare_times(struct compare *c, const struct sim_entity *entity)
{
    struct sim_world *w = c->device->world;
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct fold fold;
    char hex[2 * XG_HASH_SIZE + 1];

    sim_ok(w, fold_load(c->home->store, &fold, &arena, &entity->id, &err));
    check_conflicts(w, &fold.state);
    check_times(c, &fold, &arena);
    compare_clocks(c, &fold, &arena, entity);
    for (size_t i = 0; i < fold.state.count; i++) {
        const struct xg_hash *hash = &fold.ops[i].record->hash;
        struct xg_when here = fold.whens[i];
        const struct sim_held *held = sim_log_find(c->log, hash);
        hex_of(hex, hash);
        if (!held || held->rows == 0)
            sim_fail(w, "the server lacks %s, of a state that it shares", hex);
        struct xg_when there = held->when;
        if (here.low_ms != there.low_ms || here.high_ms != there.high_ms)
            sim_fail(w,
                     "%04u: %s of %s at %" PRIu64 ", anchor %" PRIu64
                     ", is of %" PRId64 " to %" PRId64 " here, of %" PRId64
                     " to %" PRId64 " there",
                     c->device->index, hex, fold.facts[i].device,
                     fold.facts[i].position, fold.facts[i].anchor_size,
                     here.low_ms, here.high_ms, there.low_ms, there.high_ms);
    }
    xg_arena_clear(&arena);
}

static void compare_entity(void *ctx, const struct sim_entity *there)
{
    struct compare *c = ctx;
    struct sim_world *w = c->device->world;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf here = XG_BUF(STATE_MAX);
    struct store_entity e;
    char hex[2 * XG_ID_SIZE + 1];

    xg_hex(hex, there->id.b, XG_ID_SIZE);
    if (store_load_entity(c->home->store, &e, &here, &there->id, &err) != XG_OK)
        sim_fail(w, "%04u lacks %s, which is in its scope: %s",
                 c->device->index, hex, xg_error_text(&err));
    if (e.out)
        sim_fail(w, "%04u counts %s out of its scope", c->device->index, hex);
    if (e.conflicts != there->conflicts ||
        !xg_bytes_equal(xg_buf_bytes(&here), there->state))
        differ(c, &there->id, xg_buf_bytes(&here), there->state);
    if (e.delivery != STORE_RECEIVED)
        sim_fail(w, "%04u: %s is only %s", c->device->index, hex,
                 store_delivery_name(e.delivery));
    xg_buf_clear(&here);
    compare_times(c, there);
    c->shared++;
    c->conflicts += there->conflicts > 0;
}

/* Of what reaches down to it, it has all but what others added to the sets. */
static void compare_registers(struct compare *c, const struct xg_id *id,
                              struct xg_bytes here, struct xg_bytes there)
{
    struct sim_world *w = c->device->world;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_brief a, b;

    sim_ok(w, xg_brief_read(&a, here, &err));
    sim_ok(w, xg_brief_read(&b, there, &err));
    struct xg_bytes mine = {a.registers.at,
                            (size_t)(a.registers.end - a.registers.at)};
    struct xg_bytes theirs = {b.registers.at,
                              (size_t)(b.registers.end - b.registers.at)};
    if (!xg_bytes_equal(mine, theirs) || a.withdrawn != b.withdrawn)
        differ(c, id, here, there);
}

static bool check_row(void *ctx, const struct store_entity *e,
                      struct xg_bytes state)
{
    const struct compare *c = ctx;
    struct sim_world *w = c->device->world;
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct fold fold;

    (void)state;
    if (!e->folded)
        return true;
    sim_ok(w, fold_load(c->home->store, &fold, &arena, &e->id, &err));
    check_conflicts(w, &fold.state);
    if (e->conflicts != fold.state.conflict_count)
        sim_fail(w, "%04u: a row says %" PRIu64 " conflicts, its records %zu",
                 c->device->index, e->conflicts, fold.state.conflict_count);
    xg_arena_clear(&arena);
    return true;
}

void sim_judge_rows(struct sim_device *d, struct home *home)
{
    const struct store_filter all = {.contacts = true};
    struct compare c = {.device = d, .home = home};
    struct xg_error err = XG_ERROR_NONE;

    sim_ok(d->world, store_list(home->store, &all, false, check_row, &c, &err));
}

/* What it shows beyond its scope is its own, and the same too. */
static bool compare_rest(void *ctx, const struct store_entity *e,
                         struct xg_bytes state)
{
    struct compare *c = ctx;
    struct sim_world *w = c->device->world;
    const struct sim_entity *there = sim_log_entity(c->log, &e->id);
    char hex[2 * XG_ID_SIZE + 1];

    xg_hex(hex, e->id.b, XG_ID_SIZE);
    if (!there)
        sim_fail(w,
                 "%04u shows %s (%s, of %s, mine %d, out %d, %s, %" PRIu64
                 " records), which the server does not know",
                 c->device->index, hex, e->kind ? e->kind->name : "?", e->unit,
                 e->mine, e->out, store_delivery_name(e->delivery), e->records);
    /* What was handed over is shown as it was then, until it comes into the
     * scope: never more than the server has. */
    if (!e->mine && e->kind && c->device->took) {
        struct xg_error err = XG_ERROR_NONE;
        struct xg_brief b;
        sim_ok(w, xg_brief_read(&b, there->state, &err));
        if (e->records > b.records)
            differ(c, &e->id, state, there->state);
        return true;
    }
    /* Without its first record: own ones that came back to a copy, of what
     * went out of its scope meanwhile. */
    if (!e->mine && e->kind && e->kind->reaches_down)
        compare_registers(c, &e->id, state, there->state);
    else if (!e->mine && e->kind && !xg_bytes_equal(there->state, state))
        differ(c, &e->id, state, there->state);
    return true;
}

/* ---- on the way ---- */

enum { STEP_PERMILLE = 150, STEP_ROWS = 12 };

/* Does the server's state hang on just the records that are here? */
static bool holds_the_same(struct compare *c, const struct xg_id *id,
                           struct xg_bytes there)
{
    struct sim_world *w = c->device->world;
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_brief b;
    struct fold fold;

    sim_ok(w, xg_brief_read(&b, there, &err));
    sim_ok(w, fold_load(c->home->store, &fold, &arena, id, &err));
    bool same = b.records == fold.state.count;
    for (size_t i = 0; same && i < fold.state.count; i++)
        same = sim_server_has_record(w->server, &fold.ops[i].record->hash);
    xg_arena_clear(&arena);
    return same;
}

/* Whoever holds the same records of something, and has heard all that the log
 * says, shows the same. */
static bool check_step(void *ctx, const struct store_entity *e,
                       struct xg_bytes here)
{
    struct compare *c = ctx;
    struct sim_world *w = c->device->world;
    struct xg_buf there = XG_BUF(STATE_MAX), kept = XG_BUF(STATE_MAX);

    /* It is lent until the store is asked for something else. */
    xg_buf_append(&kept, here.at, here.len);
    here = xg_buf_bytes(&kept);
    check_row(c, e, here);
    sim_count(w, SIM_CHECKED_ROWS);
    if (e->folded && e->kind && c->shared &&
        sim_server_state(w->server, &there, &e->id) &&
        holds_the_same(c, &e->id, xg_buf_bytes(&there))) {
        if (!xg_bytes_equal(xg_buf_bytes(&there), here))
            differ(c, &e->id, here, xg_buf_bytes(&there));
        sim_count(w, SIM_CHECKED_STATES);
    }
    xg_buf_clear(&there);
    xg_buf_clear(&kept);
    return true;
}

void sim_judge_step(struct sim_device *d, struct home *home)
{
    const struct store_filter newest = {.contacts = true, .limit = STEP_ROWS};
    struct compare c = {.device = d, .home = home};
    struct xg_error err = XG_ERROR_NONE;

    if (d->revoked || d->took || !sim_chance(&d->rng, STEP_PERMILLE))
        return;
    d->world->act = "judging on the way";
    /* Nobody wrote while it pulled. */
    c.shared = d->held_size == sim_server_size(d->world->server);
    sim_ok(d->world,
           store_list(home->store, &newest, true, check_step, &c, &err));
}

static void judge_states(struct sim_device *d, struct home *home,
                         const struct sim_log *log)
{
    const struct store_filter all = {.contacts = true};
    struct compare c = {.log = log, .device = d, .home = home};
    const struct sim_in_scope visitor = {&c, compare_entity};
    struct xg_guide_source source = guide_of_device(home->store);
    struct xg_error err = XG_ERROR_NONE;
    struct store_counts counts;

    sim_judge_rows(d, home);
    sim_ok(d->world, xg_guide_new(&c.guide, &source, &err));
    sim_log_scope(log, d->world->server, d->name, &visitor);
    xg_guide_free(c.guide);
    sim_ok(d->world,
           store_list(home->store, &all, true, compare_rest, &c, &err));
    sim_ok(d->world, store_count(home->store, &counts, &err));
    if (counts.conflicts < c.conflicts)
        sim_fail(d->world, "%04u counts %" PRIu64 " conflicts of %" PRIu64,
                 d->index, counts.conflicts, c.conflicts);
    if (counts.records[STORE_WAITING] || counts.records[STORE_SEALED] ||
        counts.records[STORE_SENT] || counts.batches_waiting)
        sim_fail(d->world, "%04u has records that are not received", d->index);
    sim_note(d->world, "in scope", c.shared, NULL);
}

/* ---- its chains ---- */

static void judge_chains(struct sim_device *d, struct home *home)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_chain chains[XG_CHAINS_MAX];
    size_t count;

    sim_ok(d->world, store_own_chains(home->store, chains, &count, &err));
    for (size_t i = 0; i < count; i++) {
        bool forked = sim_server_forked(d->world->server, &chains[i].chain);
        if (forked != chains[i].forked)
            sim_fail(d->world, "%04u: a chain is forked, and it shows %d",
                     d->index, chains[i].forked);
        if (forked && !d->excused)
            sim_fail(d->world,
                     "%04u: a chain forked, and HOME/sent knew better",
                     d->index);
        if (forked && chains[i].current)
            sim_fail(d->world, "%04u still writes a forked chain", d->index);
        if (chains[i].current)
            d->writes = (struct xg_chain_tip){.chain = chains[i].chain,
                                              .last = chains[i].last,
                                              .next = chains[i].next};
    }
    sim_note(d->world, "chains", count, NULL);
}

static void judge_rebuild(struct sim_device *d, struct home *home)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_hash before, after;
    size_t count;

    sim_ok(d->world, fold_digest(home->store, &before, &err));
    sim_ok(d->world, fold_rebuild(home->store, &count, &err));
    sim_ok(d->world, fold_digest(home->store, &after, &err));
    if (!xg_hash_equal(&before, &after))
        sim_fail(d->world, "%04u: rebuilt states differ", d->index);
    if (!d->revoked)
        sim_note(d->world, "states", d->index, &after);
}

/* Whatever befell the disk when it was made, a save is one sync of a log: the
 * file says so in its head (2: write-ahead). */
static void judge_file(struct sim_device *d)
{
    unsigned char head[20];
    char path[SIM_PATH + 32];

    snprintf(path, sizeof path, "%s/agent.db", d->home);
    FILE *f = fopen(path, "rbe");
    if (!f || fread(head, 1, sizeof head, f) != sizeof head)
        sim_fail(d->world, "%04u: cannot read its database", d->index);
    fclose(f);
    if (head[18] != 2 || head[19] != 2)
        sim_fail(d->world, "%04u: its database has no write-ahead log",
                 d->index);
}

void sim_device_verdict(struct sim_device *d, struct sim_log *log)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_identity id;
    struct home home;

    judge_file(d);
    if (!sim_home_open(d, &home))
        sim_fail(d->world, "%04u has no space on an empty disk", d->index);
    sim_ok(d->world, store_get_identity(home.store, &id, &err));
    d->world->act = "judging what was saved";
    for (size_t i = 0; i < d->saved_count; i++) {
        judge_saved(d, &d->saved[i], log);
        judge_receipt(d, &home, &id, log, &d->saved[i].record);
        if (!d->revoked && !d->aside)
            judge_effect(d, &d->saved[i], log);
    }
    if (!d->revoked && !d->aside) {
        d->world->act = "judging states";
        judge_states(d, &home, log);
        judge_chains(d, &home);
    }
    d->world->act = "judging rebuilt states";
    judge_rebuild(d, &home);
    home_close(&home);
}
