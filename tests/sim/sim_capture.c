/* sim_capture.c - what a person records: new things, changes to them, notes,
 * decisions, withdrawals; see sim.h. */
#include "tests/sim/sim_agent.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/record/kept_draft.h"
#include "shared/core/loop.h"
#include "shared/view/conflict.h"
#include "shared/view/form.h"

enum { ARENA_MAX = 256 << 20, RECENT = 24, MOVE_TRIES = 4 };

/* ---- what is there ---- */

static bool collect(void *ctx, const struct store_entity *e,
                    struct xg_bytes state)
{
    struct sim_ids *out = ctx;

    (void)state;
    if (e->kind)
        out->ids[out->count++] = e->id;
    return out->count < out->max;
}

void sim_list(struct sim_device *d, struct home *home, struct sim_ids *out,
              bool conflicts)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store_filter filter = {.conflicts = conflicts,
                                  .contacts = true,
                                  .gone = sim_chance(&d->rng, 50),
                                  .limit = out->max};

    out->count = 0;
    sim_ok(d->world,
           store_list(home->store, &filter, false, collect, out, &err));
}

/* One of the newest that are here; false when there is none. */
static bool pick(struct sim_device *d, struct home *home, struct xg_id *id,
                 bool conflicts)
{
    struct xg_id ids[RECENT];
    struct sim_ids list = {.max = RECENT, .ids = ids};

    sim_list(d, home, &list, conflicts);
    if (list.count == 0)
        return false;
    *id = ids[sim_below(&d->rng, list.count)];
    return true;
}

/* ---- values ---- */

/* False where nobody would type such a thing. */
static bool put_value(struct sim_device *d, struct home *home,
                      struct xg_buf *out, const struct xg_field *f)
{
    struct sim_source from = {.now_ms = d->world->now_ms};
    struct xg_id id;

    if (f->type == XG_TYPE_ENTITY && pick(d, home, &id, false))
        from.entity = &id;
    return sim_value(out, &d->rng, f, &from);
}

static void set_field(struct sim_device *d, struct home *home,
                      struct xg_draft *draft, const struct xg_field *f)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(4096);

    if (f->number == XG_FIELD_GRID || f->number == XG_CASE_UNIT) {
        const char *top = f->number == XG_FIELD_GRID ? d->unit : "d";
        sim_ok(d->world, capture_set_text(draft, f->number,
                                          sim_unit_pick(&d->rng, top), &err));
    } else if (f->number == XG_CASE_CALLED) {
        const char *unit = sim_unit_pick(&d->rng, "d");
        xg_cbor_put_text(&value, unit, strlen(unit));
        sim_ok(d->world,
               xg_draft_add(draft, f->number, xg_buf_bytes(&value), &err));
    } else if (f->merge == XG_MERGE_REGISTER && !(f->flags & XG_REQUIRED) &&
               sim_chance(&d->rng, 40)) { /* emptied on purpose */
        xg_cbor_put_null(&value);
        sim_ok(d->world,
               xg_draft_set(draft, f->number, xg_buf_bytes(&value), &err));
    } else if (put_value(d, home, &value, f)) {
        sim_ok(
            d->world,
            f->merge == XG_MERGE_SET
                ? xg_draft_add(draft, f->number, xg_buf_bytes(&value), &err)
                : xg_draft_set(draft, f->number, xg_buf_bytes(&value), &err));
    }
    xg_buf_clear(&value);
}

static void fill(struct sim_device *d, struct home *home,
                 struct xg_draft *draft, const struct xg_kind *kind,
                 bool creating, unsigned permille)
{
    const struct xg_field *f;

    for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++) {
        if (f->flags & (XG_MACHINE | XG_BY_MOVE) &&
            !(creating && f->number == XG_CASE_UNIT))
            continue;
        if (creating && (f->flags & XG_REQUIRED))
            set_field(d, home, draft, f);
        else if (sim_chance(&d->rng, permille))
            set_field(d, home, draft, f);
    }
}

/* ---- saving ---- */

/* Does the device know what the registry says of it? Until then what it shows
 * is provisional. */
static bool is_registered(struct sim_device *d, struct home *home)
{
    const struct xg_registry *registry = store_registry(home->store);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_statement says;
    uint64_t position;
    bool found = false;

    if (*d->name)
        sim_ok(d->world,
               registry->find(registry->ctx, XG_SAYS_DEVICE, d->name, INT64_MAX,
                              &says, &position, &found, &err));
    return found;
}

/* Where the registry says that its person is, as far as it has come here. */
static void put_unit(struct sim_device *d, struct home *home,
                     struct sim_saved *s)
{
    const struct xg_registry *registry = store_registry(home->store);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_statement says;
    uint64_t position;
    bool found;

    sim_ok(d->world,
           registry->find(registry->ctx, XG_SAYS_WORKER, d->worker, INT64_MAX,
                          &says, &position, &found, &err));
    if (found)
        memcpy(s->unit, says.unit, sizeof s->unit);
}

/* Is everybody known who wrote to it? Records can be here before the registry's
 * word about who signed them: who was enrolled during a sync. */
static bool knows_all(struct sim_device *d, struct home *home,
                      const struct xg_id *id)
{
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct fold fold;
    bool all = true;

    sim_ok(d->world, fold_load(home->store, &fold, &arena, id, &err));
    for (size_t i = 0; i < fold.state.count; i++)
        all = all && *fold.ops[i].author;
    xg_arena_clear(&arena);
    return all;
}

static void saved(struct sim_device *d, struct home *home,
                  const struct captured *c, const struct xg_head *head)
{
    bool creates = head->creates;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf state = XG_BUF(16 << 20);
    struct store_entity e;

    sim_ok(d->world, store_load_entity(home->store, &e, &state, &c->id, &err));
    struct sim_saved s = {.record = c->record,
                          .entity = c->id,
                          .step = d->world->step,
                          .creates = creates,
                          .effect = SIM_EFFECT_UNKNOWN};
    /* Where what was handed over is at home only the server knows for sure
     * (the predecessor's chain may have forked): provisional too. */
    if (is_registered(d, home) && (creates || !d->took))
        s.effect = (uint8_t)sim_effect(xg_buf_bytes(&state), &c->record);
    if (s.effect == XG_EFFECT_NO_RIGHT && !knows_all(d, home, &c->id))
        s.effect = SIM_EFFECT_UNKNOWN;
    xg_buf_clear(&state);
    put_unit(d, home, &s);
    sim_saved_put(d, &s);
    if (creates || d->dead)
        return;
    if (head->move && s.effect == XG_EFFECT_FULL) {
        sim_count(d->world, SIM_MOVED);
        sim_count_move(d->world, head->move);
    }
    sim_count(d->world, SIM_EDITS);
    if (!e.mine)
        sim_count(d->world, SIM_FOREIGN);
}

static enum xg_status keep(struct store *s, int64_t *number,
                           struct xg_arena *arena, const struct xg_draft *draft,
                           struct xg_error *err)
{
    struct kept_draft kept;

    kept_init(&kept, arena, xg_kind_find(draft->head.kind));
    kept.values = *draft;
    return kept_save(s, number, &kept, err);
}

/* As the command does it: the record, and the draft gone, at once. */
static enum xg_status finish(struct store *s, struct captured *out,
                             int64_t number, struct xg_draft *draft,
                             struct xg_error *err)
{
    struct xg_error ignored = XG_ERROR_NONE;

    if (store_begin(s, err) != XG_OK)
        return err->status;
    if (capture_append(s, out, NULL, draft, NULL, err) != XG_OK ||
        kept_drop(s, number, 1, err) != XG_OK) {
        store_rollback(s);
        return err->status;
    }
    if (store_commit(s, err) != XG_OK)
        return err->status;
    xg_ignore(capture_number(s, out, &ignored));
    return XG_OK;
}

static void create(struct sim_device *d, struct home *home,
                   struct xg_arena *arena)
{
    static const uint64_t kinds[] = {
        XG_KIND_INCIDENT, XG_KIND_INCIDENT, XG_KIND_INCIDENT, XG_KIND_INCIDENT,
        XG_KIND_VISIT,    XG_KIND_VISIT,    XG_KIND_DISPUTE,  XG_KIND_MEETING,
        XG_KIND_CONTACT,  XG_KIND_PATROL,   XG_KIND_SUBJECT,  XG_KIND_TASK,
        XG_KIND_NOTICE,   XG_KIND_CAMPAIGN, XG_KIND_ALARM,
        XG_KIND_ASSESSMENT};
    const struct xg_kind *kind =
        xg_kind_find(kinds[sim_below(&d->rng, sizeof kinds / sizeof *kinds)]);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;
    struct captured c;
    int64_t number = 0;

    xg_draft_init(&draft, arena, kind->number);
    fill(d, home, &draft, kind, true, 200);
    if (!sim_chance(&d->rng, 100)) {
        if (sim_allowed(d, "capture_create",
                        capture_create(home->store, &c, &draft, NULL, &err),
                        &err))
            saved(d, home, &c, &draft.head);
        return;
    }
    /* Put aside first. */
    if (sim_allowed(d, "kept_save",
                    keep(home->store, &number, arena, &draft, &err), &err) &&
        sim_allowed(d, "finish",
                    finish(home->store, &c, number, &draft, &err), &err))
        saved(d, home, &c, &draft.head);
}

static void change(struct sim_device *d, struct home *home,
                   struct xg_draft *draft, const struct xg_id *id)
{
    struct xg_error err = XG_ERROR_NONE;
    struct captured c;

    if (sim_allowed(d, "capture_change",
                    capture_change(home->store, &c, id, draft, NULL, &err),
                    &err))
        saved(d, home, &c, &draft->head);
}

/* The kind of an entity here. */
static const struct xg_kind *look_up(struct sim_device *d, struct home *home,
                                     struct store_entity *e,
                                     const struct xg_id *id)
{
    struct xg_error err = XG_ERROR_NONE;

    sim_ok(d->world, store_load_entity(home->store, e, NULL, id, &err));
    return e->kind;
}

static void edit(struct sim_device *d, struct home *home,
                 struct xg_arena *arena, const struct xg_id *id)
{
    struct store_entity e;
    const struct xg_kind *kind = look_up(d, home, &e, id);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;

    xg_draft_init(&draft, arena, kind->number);
    fill(d, home, &draft, kind, false, 150);
    if (draft.field_count == 0)
        sim_ok(d->world,
               capture_add_text(&draft, XG_FIELD_NOTE, "又去看过", &err));
    change(d, home, &draft, id);
}

static void withdraw(struct sim_device *d, struct home *home,
                     struct xg_arena *arena, const struct xg_id *id)
{
    struct store_entity e;
    const struct xg_kind *kind = look_up(d, home, &e, id);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf yes = XG_BUF(16);
    struct xg_draft draft;

    xg_cbor_put_bool(&yes, true);
    xg_draft_init(&draft, arena, kind->number);
    sim_ok(d->world,
           xg_draft_set(&draft, XG_FIELD_WITHDRAWN, xg_buf_bytes(&yes), &err));
    sim_ok(d->world, capture_set_text(&draft, XG_FIELD_WHY, "报错了", &err));
    xg_buf_clear(&yes);
    change(d, home, &draft, id);
    sim_count(d->world, SIM_WITHDRAWN);
}

/* Two reports of one thing. */
static void link_two(struct sim_device *d, struct home *home,
                     struct xg_arena *arena, const struct xg_id *id)
{
    struct xg_buf value = XG_BUF(64);
    struct store_entity e;
    const struct xg_kind *kind = look_up(d, home, &e, id);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;
    struct xg_id other;

    if (!pick(d, home, &other, false) || xg_id_equal(&other, id)) {
        edit(d, home, arena, id);
        return;
    }
    xg_draft_init(&draft, arena, kind->number);
    xg_cbor_put_bytes(&value, other.b, sizeof other.b);
    sim_ok(d->world, xg_draft_add(&draft, XG_FIELD_SAME_AS,
                                  xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
    change(d, home, &draft, id);
    sim_count(d->world, SIM_LINKED);
}

/* Take an element out of one of its sets: a link, a note, a name. */
static void take_out(struct sim_device *d, struct home *home,
                     struct xg_arena *arena, const struct xg_id *id)
{
    const struct xg_element *chosen = NULL;
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;
    struct fold fold;
    uint64_t number = 0, n = 0;

    sim_ok(d->world, fold_load(home->store, &fold, arena, id, &err));
    for (size_t i = 0; i < fold.state.set_count; i++) {
        const struct xg_set *set = &fold.state.sets[i];
        for (size_t k = 0; k < set->count; k++) {
            if (set->elements[k].removed || sim_below(&d->rng, ++n) != 0)
                continue;
            chosen = &set->elements[k];
            number = set->number;
        }
    }
    if (!chosen) {
        link_two(d, home, arena, id);
        return;
    }
    xg_draft_init(&draft, arena, fold.state.kind->number);
    sim_ok(d->world,
           xg_draft_remove(&draft, number,
                           &fold.ops[chosen->op].record->hash, chosen->index,
                           &err));
    change(d, home, &draft, id);
    sim_count(d->world, SIM_REMOVED);
}

/* Any move from that status, mostly one that the person's role may make. */
static const struct xg_transition *pick_move(struct sim_device *d,
                                             uint64_t status)
{
    const struct xg_role *role = xg_role_named(d->role);
    const struct xg_transition *picked = NULL;
    uint64_t count = 0;
    bool any = sim_chance(&d->rng, 50);

    if (status == 0)
        return NULL;
    for (const struct xg_transition *t = xg_transitions; t->from; t++)
        if (t->from & XG_STATUS_BIT(status) &&
            (any || t->who & XG_ROLE_BIT(role->number)) &&
            sim_below(&d->rng, ++count) == 0)
            picked = t;
    return picked;
}

static void move(struct sim_device *d, struct home *home,
                 struct xg_arena *arena, const struct xg_id *id)
{
    struct store_entity e;
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_transition *t = NULL;
    const struct xg_kind *kind = NULL;
    struct xg_draft draft;
    struct xg_id other;

    for (int i = 0; i < MOVE_TRIES && !t; i++) {
        kind = look_up(d, home, &e, id);
        t = pick_move(d, e.status);
        if (!t && pick(d, home, &other, false))
            id = &other;
    }
    if (!t) {
        edit(d, home, arena, id);
        return;
    }
    xg_draft_init(&draft, arena, kind->number);
    sim_ok(d->world, capture_move(home->store, &draft, id,
                                  xg_choice_find(xg_moves, t->move), &err));
    for (const struct xg_need *n = xg_needs; n->bit; n++) {
        const struct xg_field *f =
            n->field ? xg_field_find(kind, n->field) : NULL;
        if (f && t->needs & n->bit && !sim_chance(&d->rng, 30))
            set_field(d, home, &draft, f);
    }
    change(d, home, &draft, id);
    sim_count(d->world, SIM_MOVES);
}

/* Take one side of one conflict. */
static void decide(struct sim_device *d, struct home *home,
                   struct xg_arena *arena, const struct xg_id *id)
{
    struct xg_error err = XG_ERROR_NONE;
    struct view_conflict *conflicts;
    struct xg_draft draft;
    struct fold fold;
    size_t count;
    char take[2 * XG_HASH_SIZE + 1];

    sim_ok(d->world, fold_load(home->store, &fold, arena, id, &err));
    sim_ok(d->world,
           view_conflicts_of(&conflicts, &count, arena, &fold.state, &err));
    if (count != fold.state.conflict_count)
        sim_fail(d->world, "%zu conflicts are shown of %zu", count,
                 fold.state.conflict_count);
    if (count == 0 || !fold.state.kind)
        return;
    const struct view_conflict *x = &conflicts[sim_below(&d->rng, count)];
    const struct xg_op *side =
        &fold.ops[x->sides[sim_below(&d->rng, x->side_count)]];
    struct view_choice choice = {.field = x->field ? x->field->name : "status",
                                 .why = "现场核对过"};
    xg_hex(take, side->record->hash.b, XG_HASH_SIZE);
    if (x->reason == VIEW_OVERTAKEN)
        choice.dismiss = true;
    else
        choice.take = take;
    xg_draft_init(&draft, arena, fold.state.kind->number);
    draft.head.entity = *id;
    enum xg_status status =
        view_form_resolve(&draft, &fold.state, &choice, NULL, &err);
    if (status != XG_OK)
        sim_fail(d->world, "cannot decide %s: %s", choice.field,
                 xg_error_text(&err));
    change(d, home, &draft, id);
    sim_count(d->world, SIM_DECISIONS);
}

void sim_capture(struct sim_device *d, struct home *home)
{
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    uint64_t what = sim_below(&d->rng, 100);
    struct xg_id id;

    d->world->act = "recording";
    if (what < 20 && pick(d, home, &id, true))
        decide(d, home, &arena, &id);
    else if (what < 55 || !pick(d, home, &id, false))
        create(d, home, &arena);
    else if (what < 58)
        withdraw(d, home, &arena, &id);
    else if (what < 80)
        move(d, home, &arena, &id);
    else if (what < 83)
        link_two(d, home, &arena, &id);
    else if (what < 86)
        take_out(d, home, &arena, &id);
    else
        edit(d, home, &arena, &id);
    xg_arena_clear(&arena);
}

void sim_capture_abandoned(struct sim_device *d, struct home *home)
{
    struct xg_arena arena = XG_ARENA(ARENA_MAX);
    struct xg_error err = XG_ERROR_NONE;
    const struct xg_kind *kind = xg_kind_find(XG_KIND_INCIDENT);
    struct xg_draft draft;
    struct captured c;
    bool has;

    d->world->act = "dying before a commit";
    xg_draft_init(&draft, &arena, kind->number);
    fill(d, home, &draft, kind, true, 200);
    sim_ok(d->world, store_begin(home->store, &err));
    bool appended =
        sim_allowed(d, "capture_append",
                    capture_append(home->store, &c, NULL, &draft, NULL, &err),
                    &err);
    home_close(home);
    xg_arena_clear(&arena);
    if (!appended || !sim_home_open(d, home)) {
        home_close(home);
        return;
    }
    sim_ok(d->world, store_has_record(home->store, &has, &c.record, &err));
    if (has)
        sim_fail(d->world, "%04u kept what was never committed", d->index);
    home_close(home);
    sim_count(d->world, SIM_F_ABANDONED);
}
