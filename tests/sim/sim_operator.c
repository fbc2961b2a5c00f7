/* sim_operator.c - what operators do at the server: the acts behind the
 * console's buttons, in the name of a dispatcher and of a supervising office;
 * see sim.h.
 *
 * Each act looks anew whenever it is tried, so a fault can meet its reading as
 * well as its writing. One that the server refuses is refused for a reason, and
 * nothing came of it.
 */
#include "tests/sim/sim_server.h"

#include <inttypes.h>
#include <stdio.h>

#include "server/desk/desk.h"
#include "shared/core/cbor.h"
#include "shared/view/conflict.h"
#include "shared/view/form.h"

enum { ARENA_MAX = 256 << 20, RECENT = 100, TRIES = 12, ACTS_MAX = 6 };

static const char *const people[] = {"op", "su"};

/* ---- finding something ---- */

/* What one act reads. */
struct look {
    struct xg_arena arena;
    struct store *store;
    struct fold fold;
};

static enum xg_status look_open(struct look *l, struct sim_server *s,
                                struct xg_error *err)
{
    *l = (struct look){.arena = XG_ARENA(ARENA_MAX)};
    return data_borrow(s->data, &l->store, err);
}

static void look_give_back(struct look *l, struct sim_server *s)
{
    if (l->store)
        data_return(s->data, l->store);
    l->store = NULL;
}

static void look_close(struct look *l, struct sim_server *s)
{
    look_give_back(l, s);
    xg_arena_clear(&l->arena);
}

static enum xg_status look_at(struct look *l, struct sim_server *s,
                              const struct xg_id *id, struct xg_error *err)
{
    const struct xg_registry registry = registry_view(s->data->registry);
    bool found;
    enum xg_status status = fold_of_entity(&l->fold, &found, &l->arena,
                                           l->store, &registry, id, err);

    if (status == XG_OK && (!found || !l->fold.state.kind))
        status = xg_fail(err, XG_NOTFOUND, "nothing to act on");
    return status;
}

enum wanted { ANY, WITH_LOOP, CONTESTED, LINKED };

static bool fits(const struct store_entity *e, enum wanted wanted)
{
    const struct xg_kind *kind = xg_kind_find(e->kind);

    return kind && e->folded &&
           (wanted != WITH_LOOP || kind->first_status) &&
           (wanted != CONTESTED || e->conflicts > 0);
}

/* One of the newest. Without faults: it is a person's choice. */
static bool pick(struct sim_server *s, struct xg_id *id, enum wanted wanted)
{
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct store *reader = sim_server_borrow(s);
    struct xg_error err = XG_ERROR_NONE;
    struct store_filter filter = {.conflicts = wanted == CONTESTED,
                                  .linked = wanted == LINKED,
                                  .bare = true,
                                  .limit = RECENT};
    struct store_entity *rows;
    size_t count;
    bool found = false;

    sim_ok(s->world, reader->ops->read_entities(reader, &arena, &rows, &count,
                                                &filter, &err));
    for (int i = 0; i < TRIES && count && !found; i++) {
        const struct store_entity *e = &rows[sim_below(&s->fate, count)];
        found = fits(e, wanted);
        *id = e->id;
    }
    sim_server_return(s, reader);
    xg_arena_clear(&arena);
    return found;
}

static const char *pick_person(struct sim_server *s)
{
    return people[sim_below(&s->fate, sizeof people / sizeof *people)];
}

/* ---- writing ---- */

static void init_change(struct xg_draft *d, struct look *l)
{
    xg_draft_init(d, &l->arena, l->fold.state.kind->number);
    d->head.creates = false;
    d->head.entity = l->fold.state.id;
}

static enum xg_status set_text(struct xg_draft *d, uint64_t number,
                               const char *text, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(256);

    xg_cbor_put_text(&value, text, strlen(text));
    enum xg_status status =
        xg_draft_set(d, number, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

/* Reading ends before writing begins. */
static enum xg_status write_down(struct sim_server *s, struct sim_task *task,
                                 struct look *l, struct xg_draft *d,
                                 struct xg_error *err)
{
    struct desk_done done;

    look_give_back(l, s);
    enum xg_status status =
        desk_write(&done, s->data, d, task->by, NULL, err);
    if (status == XG_OK)
        task->record = done.record;
    return status;
}

/* ---- moves ---- */

/* Of the moves that the console would offer, often the one that was made least
 * so far, so that all of them come about. */
static enum xg_status choose_move(const struct xg_transition **chosen,
                                  struct sim_server *s, struct look *l,
                                  const char *who, struct xg_error *err)
{
    const struct xg_registry registry = registry_view(s->data->registry);
    const uint64_t *made = s->world->tally.moves;
    bool rarest = sim_chance(&s->fate, 850);
    struct xg_judgement actor;
    struct view_move *moves;
    const char *no_right;
    size_t count;
    uint64_t n = 0;

    if (desk_actor(&actor, s->data, who, err) != XG_OK ||
        desk_moves(&moves, &count, &no_right, &l->arena, &l->fold, &registry,
                   &actor, NULL, err) != XG_OK)
        return err->status;
    *chosen = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct xg_transition *t = moves[i].transition;
        if (!moves[i].blocked &&
            (!*chosen || (rarest ? made[t->move] < made[(*chosen)->move]
                                 : sim_below(&s->fate, ++n) == 0)))
            *chosen = t;
    }
    return *chosen ? XG_OK : xg_fail(err, XG_REFUSED, "no move from here");
}

static enum xg_status put_need(struct sim_server *s, struct xg_draft *d,
                               const struct xg_field *f, struct xg_error *err)
{
    const struct sim_source from = {.now_ms = s->world->now_ms};
    struct xg_buf value = XG_BUF(4096);
    const char *unit = sim_unit_pick(&s->fate, "d");

    if (f->number == XG_CASE_UNIT || f->number == XG_CASE_CALLED ||
        f->number == XG_CASE_PRESENT)
        xg_cbor_put_text(&value, unit, strlen(unit));
    else
        sim_value(&value, &s->fate, f, &from);
    enum xg_status status = XG_OK;
    if (value.len)
        status = f->merge == XG_MERGE_SET
                     ? xg_draft_add(d, f->number, xg_buf_bytes(&value), err)
                     : xg_draft_set(d, f->number, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

static enum xg_status fill_move(struct sim_server *s, struct xg_draft *d,
                                struct look *l, const struct xg_transition *t,
                                struct xg_error *err)
{
    enum xg_status status = XG_OK;

    init_change(d, l);
    d->head.move = t->move;
    d->head.from = l->fold.state.status;
    for (const struct xg_need *n = xg_needs; status == XG_OK && n->bit; n++) {
        const struct xg_field *f =
            n->field && t->needs & n->bit
                ? xg_field_find(l->fold.state.kind, n->field)
                : NULL;
        if (f)
            status = put_need(s, d, f, err);
    }
    return status;
}

static enum xg_status do_move(struct sim_server *s, struct sim_task *task,
                              struct xg_error *err)
{
    const struct xg_transition *t = NULL;
    struct xg_draft d;
    struct look l;

    enum xg_status status = look_open(&l, s, err);
    if (status == XG_OK)
        status = look_at(&l, s, &task->entity, err);
    if (status == XG_OK)
        status = choose_move(&t, s, &l, task->by, err);
    if (status == XG_OK && t)
        status = fill_move(s, &d, &l, t, err);
    if (status == XG_OK)
        status = write_down(s, task, &l, &d, err);
    if (status == XG_OK)
        task->move = d.head.move;
    look_close(&l, s);
    return status;
}

/* ---- other acts ---- */

/* A note beside the desk, as the server's own chain takes it. */
static enum xg_status change(struct sim_server *s, struct sim_task *task,
                             struct xg_error *err)
{
    struct xg_buf value = XG_BUF(256);
    struct xg_draft d;
    struct look l;
    char text[64];

    enum xg_status status = look_open(&l, s, err);
    if (status == XG_OK)
        status = look_at(&l, s, &task->entity, err);
    snprintf(text, sizeof text, "operator %" PRIu64, sim_below(&s->fate, 50));
    xg_cbor_put_text(&value, text, strlen(text));
    if (status == XG_OK) {
        init_change(&d, &l);
        if (d.head.kind == XG_KIND_INCIDENT && sim_chance(&s->fate, 500))
            status = xg_draft_set(&d, XG_INCIDENT_DESCRIPTION,
                                  xg_buf_bytes(&value), err);
        else
            status = xg_draft_add(&d, XG_FIELD_NOTE, xg_buf_bytes(&value), err);
    }
    if (status == XG_OK)
        status = write_down(s, task, &l, &d, err);
    xg_buf_clear(&value);
    look_close(&l, s);
    return status;
}

static enum xg_status put_choice(struct sim_server *s, struct xg_draft *d,
                                 struct look *l, struct xg_error *err)
{
    struct view_conflict *conflicts;
    char take[2 * XG_HASH_SIZE + 1];
    size_t count;

    if (view_conflicts_of(&conflicts, &count, &l->arena, &l->fold.state, err) !=
        XG_OK)
        return err->status;
    if (count == 0)
        return xg_fail(err, XG_REFUSED, "nothing to decide");
    const struct view_conflict *x = &conflicts[sim_below(&s->fate, count)];
    const struct xg_op *side =
        &l->fold.state.ops[x->sides[sim_below(&s->fate, x->side_count)]];
    struct view_choice choice = {.field = x->field ? x->field->name : "status",
                                 .dismiss = x->reason == VIEW_OVERTAKEN,
                                 .why = "问过双方"};
    xg_hex(take, side->record->hash.b, XG_HASH_SIZE);
    if (!choice.dismiss)
        choice.take = take;
    return view_form_resolve(d, &l->fold.state, &choice, NULL, err);
}

static enum xg_status decide(struct sim_server *s, struct sim_task *task,
                             struct xg_error *err)
{
    struct desk_done done;
    struct xg_draft d;
    struct look l;

    enum xg_status status = look_open(&l, s, err);
    if (status == XG_OK)
        status = look_at(&l, s, &task->entity, err);
    if (status == XG_OK) {
        init_change(&d, &l);
        status = put_choice(s, &d, &l, err);
    }
    look_give_back(&l, s);
    const struct desk_act by = {.code = task->by,
                                .open = l.fold.state.conflict_count};
    if (status == XG_OK)
        status = desk_act(&done, s->data, &d, &by, err);
    if (status == XG_OK)
        task->record = done.record;
    look_close(&l, s);
    return status;
}

static enum xg_status link_two(struct sim_server *s, struct sim_task *task,
                               struct xg_error *err)
{
    struct xg_buf id = XG_BUF(64);
    struct xg_draft d;
    struct look l;

    xg_cbor_put_bytes(&id, task->other.b, XG_ID_SIZE);
    enum xg_status status = look_open(&l, s, err);
    if (status == XG_OK)
        status = look_at(&l, s, &task->entity, err);
    if (status == XG_OK) {
        init_change(&d, &l);
        status = xg_draft_add(&d, XG_FIELD_SAME_AS, xg_buf_bytes(&id), err);
    }
    if (status == XG_OK)
        status = write_down(s, task, &l, &d, err);
    xg_buf_clear(&id);
    look_close(&l, s);
    return status;
}

/* The first that it is linked with. */
static bool linked_with(const struct xg_state *state, struct xg_id *other)
{
    const struct xg_set *set = xg_state_set(state, XG_FIELD_SAME_AS);
    struct xg_cbor_item item;

    for (size_t i = 0; set && i < set->count; i++) {
        struct xg_cbor c = xg_cbor_over(set->elements[i].value);
        if (set->elements[i].removed || !xg_cbor_next(&c, &item) ||
            item.bytes.len != XG_ID_SIZE)
            continue;
        memcpy(other->b, item.bytes.at, XG_ID_SIZE);
        return true;
    }
    return false;
}

static enum xg_status unlink_two(struct sim_server *s, struct sim_task *task,
                                 struct xg_error *err)
{
    struct xg_draft d;
    struct look l;
    size_t count;

    enum xg_status status = look_open(&l, s, err);
    if (status == XG_OK)
        status = look_at(&l, s, &task->entity, err);
    if (status == XG_OK && !linked_with(&l.fold.state, &task->other))
        status = xg_fail(err, XG_REFUSED, "it is linked no more");
    if (status == XG_OK) {
        init_change(&d, &l);
        status = desk_unlink(&count, &d, &l.fold, &task->other, err);
    }
    if (status == XG_OK)
        status = set_text(&d, XG_FIELD_WHY, "不是一回事", err);
    if (status == XG_OK)
        status = write_down(s, task, &l, &d, err);
    look_close(&l, s);
    return status;
}

/* A chain that forked, and none that was looked into before. */
static enum xg_status find_fork(struct sim_server *s, struct xg_hash *chain,
                                struct look *l, struct xg_error *err)
{
    struct store_chain *rows;
    size_t count, forked = 0;

    if (l->store->ops->read_chains(l->store, &l->arena, &rows, &count, NULL,
                                   err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (rows[i].forked && sim_below(&s->fate, ++forked) == 0)
            *chain = rows[i].id;
    return forked ? XG_OK : xg_fail(err, XG_REFUSED, "no chain forked");
}

static enum xg_status settle_fork(struct sim_server *s, struct sim_task *task,
                                  struct xg_error *err)
{
    struct xg_buf value = XG_BUF(64);
    struct xg_hash chain;
    struct xg_draft d;
    struct look l;

    enum xg_status status = look_open(&l, s, err);
    if (status == XG_OK)
        status = find_fork(s, &chain, &l, err);
    if (status == XG_OK) {
        xg_draft_init(&d, &l.arena, XG_KIND_FORK_FINDING);
        d.head.creates = true;
        xg_cbor_put_bytes(&value, chain.b, XG_HASH_SIZE);
        status = xg_draft_set(&d, XG_FORK_CHAIN, xg_buf_bytes(&value), err);
    }
    xg_buf_reset(&value);
    xg_cbor_put_uint(&value, 1 + sim_below(&s->fate, 2));
    if (status == XG_OK)
        status = xg_draft_set(&d, XG_FORK_FINDING, xg_buf_bytes(&value), err);
    if (status == XG_OK)
        status = set_text(&d, XG_FORK_WHY, "设备换过", err);
    if (status == XG_OK)
        status = write_down(s, task, &l, &d, err);
    xg_buf_clear(&value);
    look_close(&l, s);
    return status;
}

/* All that is personal in one entity. */
static enum xg_status erase(struct sim_server *s, struct sim_task *task,
                            struct xg_error *err)
{
    const struct redact_wish all = {.field_count = 0};
    struct redact_plan plan;
    struct look l;
    size_t acts = 0;

    enum xg_status status = look_open(&l, s, err);
    if (status == XG_OK)
        status = look_at(&l, s, &task->entity, err);
    if (status == XG_OK)
        status = redact_plan(&plan, &l.arena, l.store, &l.fold, &all, err);
    look_give_back(&l, s);
    if (status == XG_OK && plan.count == 0)
        status = xg_fail(err, XG_REFUSED, "nothing personal in it");
    if (status == XG_OK)
        status = redact_write(&acts, s->data, &l.fold, &plan, "本人要求", "su",
                              NULL, err);
    look_close(&l, s);
    return status;
}

/* A batch that came from a device after it was revoked counts after all. */
static enum xg_status admit(struct sim_server *s, struct sim_task *task,
                            struct xg_error *err)
{
    struct xg_statement says = {.kind = XG_SAYS_ADMIT};
    struct store_batch *rows;
    size_t count = 1, apart = 0;
    struct look l;

    (void)task;
    enum xg_status status = look_open(&l, s, err);
    for (uint64_t at = 0; status == XG_OK && count > 0;) {
        status = l.store->ops->read_batches(l.store, &l.arena, &rows, &count,
                                            at, RECENT, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            at = rows[i].position + 1;
            if (rows[i].state == XG_BATCH_QUARANTINED &&
                !registry_admitted(s->data->registry, &rows[i].id,
                                   UINT64_MAX) &&
                sim_below(&s->fate, ++apart) == 0)
                says.batch = rows[i].id;
        }
    }
    look_close(&l, s);
    if (status != XG_OK)
        return status;
    if (!apart)
        return xg_fail(err, XG_REFUSED, "nothing is kept apart");
    xg_base64(says.subject, sizeof says.subject, says.batch.b, XG_HASH_SIZE);
    return registry_put(s->data->registry, &says, 1, err);
}

/* ---- a while of work ---- */

static bool prepare_move(struct sim_server *s, struct sim_task *task)
{
    struct xg_id *at = &s->desk[s->at_desk];
    const struct xg_id none = {{0}};

    if (xg_id_equal(at, &none) || sim_chance(&s->fate, 60))
        if (!pick(s, at, WITH_LOOP)) {
            *at = none;
            return false;
        }
    task->entity = *at;
    return true;
}

static bool prepare_any(struct sim_server *s, struct sim_task *task)
{
    return pick(s, &task->entity, ANY);
}

static bool prepare_contested(struct sim_server *s, struct sim_task *task)
{
    return pick(s, &task->entity, CONTESTED);
}

static bool prepare_two(struct sim_server *s, struct sim_task *task)
{
    return pick(s, &task->entity, ANY) && pick(s, &task->other, ANY) &&
           !xg_id_equal(&task->entity, &task->other);
}

static bool prepare_linked(struct sim_server *s, struct sim_task *task)
{
    return pick(s, &task->entity, LINKED);
}

static bool prepare_nothing(struct sim_server *s, struct sim_task *task)
{
    (void)s;
    (void)task;
    return true;
}

static const struct work {
    unsigned until; /* of a hundred */
    enum sim_counter counter;
    bool (*prepare)(struct sim_server *s, struct sim_task *task);
    sim_act *act;
} works[] = {
    {50, SIM_ACT_MOVES, prepare_move, do_move},
    {62, SIM_ACT_EDITS, prepare_any, change},
    {72, SIM_ACT_DECISIONS, prepare_contested, decide},
    {80, SIM_ACT_LINKS, prepare_two, link_two},
    {84, SIM_ACT_UNLINKS, prepare_linked, unlink_two},
    {89, SIM_ACT_FORKS, prepare_nothing, settle_fork},
    {95, SIM_ACT_ERASED, prepare_any, erase},
    {100, SIM_ACT_ADMITTED, prepare_nothing, admit},
};

/* What the server has is never lost again. */
static void keep(struct sim_server *s, const struct sim_task *task)
{
    struct sim_world *w = s->world;
    const struct xg_hash none = {{0}};

    if (xg_hash_equal(&task->record, &none))
        return;
    w->must = sim_grow(w->must, w->must_count, &w->must_room, sizeof *w->must);
    w->must[w->must_count++] = task->record;
}

static void work(struct sim_server *s)
{
    uint64_t n = sim_below(&s->fate, 100);
    const struct work *what = works;
    struct sim_task task = {.by = pick_person(s), .may_refuse = true};

    while (n >= what->until)
        what++;
    if (!what->prepare(s, &task))
        return;
    sim_server_persist(s, &task, what->act);
    sim_count(s->world, task.refused ? SIM_ACT_REFUSED : SIM_ACTS);
    sim_note(s->world, "operator", (uint64_t)(what - works), &task.record);
    sim_say(s->world, "%s: act %zu%s%s", task.by, (size_t)(what - works),
            task.refused ? " is refused: " : "",
            task.refused ? xg_error_text(&task.answer) : "");
    if (task.refused)
        return;
    sim_count(s->world, what->counter);
    if (task.move)
        sim_count_move(s->world, task.move);
    if (what->act == erase)
        sim_count_move(s->world, XG_MOVE_ERASE);
    keep(s, &task);
}

void sim_server_operate(struct sim_server *s)
{
    uint64_t acts = 1 + sim_below(&s->fate, ACTS_MAX);

    s->at_desk = (size_t)sim_below(&s->fate, SIM_DESK);
    s->world->act = "an operator works";
    for (uint64_t i = 0; i < acts; i++) {
        work(s);
        s->world->now_ms += (int64_t)sim_below(&s->fate, 120 * 1000);
    }
}
