/* test_loop.c - the table of the loop (loop.h), walked whole: what it holds,
 * and what the fold makes of every move of every role from every status.
 *
 * A case is brought to a status by a shortest walk through the table itself;
 * what a move needs beside fields (a request, an answer, a reply) is done
 * before it. So a new row is tested without a line here.
 */
#include "tests/lib/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/base/env.h"
#include "tests/lib/device.h"

enum {
    PEOPLE = 6, /* each with a device */
    OPS_MAX = 48,
    WALK_MAX = 12,
    STATUS_MAX = 17, /* one more than the last */
    MOVE_MAX = 37,
    TRIPLES = 1200, /* of a status */
};

/* Who does what on the way to a status. */
enum person { LEAD, ASKER, FINISHER, X, Y, Z };

static const char *const codes[PEOPLE] = {"lead", "asker", "finisher",
                                          "x",    "y",     "z"};
static const uint8_t registrar[32] = {7};

/* ---- one case in the making ---- */

struct run {
    struct xg_arena arena;
    struct test_world world;
    struct test_device *devices[PEOPLE];
    const struct xg_kind *kind;
    struct xg_op ops[OPS_MAX];
    size_t count;
    struct xg_id id;
    struct xg_state state; /* of all ops; in the arena */
};

static struct xg_state merge(struct run *w, struct xg_arena *arena)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_state state;

    assert_ok(xg_merge(&state, arena, &w->id, w->ops, w->count, NULL, &err));
    return state;
}

static uint32_t rank_of(uint32_t role)
{
    return xg_role_find(role)->rank;
}

static void keep(struct run *w, enum person p, uint32_t role,
                 const struct xg_record *r)
{
    assert_true(w->count < OPS_MAX);
    w->ops[w->count++] = (struct xg_op){.record = r,
                                        .branch = &w->devices[p]->branch,
                                        .seq = w->devices[p]->count - 1,
                                        .rank = rank_of(role),
                                        .role = role,
                                        .author = codes[p]};
}

static void begin(struct run *w, enum xg_kind_number kind, bool resident)
{
    struct xg_draft draft;

    *w = (struct run){.arena = XG_ARENA(64 << 20),
                      .world = {.seed = 5, .wall_ms = 1790000000000, .boot = 1},
                      .kind = xg_kind_find(kind)};
    for (size_t i = 0; i < PEOPLE; i++) {
        char name[40];
        snprintf(name, sizeof name, "log.example/d/%04zu", i + 1);
        w->devices[i] = test_device_new(&w->arena, &w->world, name,
                                        "log.example", registrar);
    }
    xg_draft_init(&draft, &w->arena, kind);
    if (kind == XG_KIND_ASSESSMENT) {
        test_text(&draft, XG_ASSESSMENT_SUBJECT, "w1");
        test_text(&draft, 13, "2026-10");
        test_text(&draft, 14, "册");
        test_uint(&draft, XG_ASSESSMENT_SCORE, 90);
    } else {
        test_text(&draft, XG_INCIDENT_CATEGORY, "noise");
        test_uint(&draft, XG_CASE_CHANNEL, resident ? 2 : 1);
    }
    const struct xg_record *first = test_write(w->devices[LEAD], &draft, NULL);
    w->id = xg_record_entity(first);
    keep(w, LEAD, XG_ROLE_WORKER, first);
    w->state = merge(w, &w->arena);
}

static void end(struct run *w)
{
    for (size_t i = 0; i < PEOPLE; i++)
        test_device_free(w->devices[i]);
    xg_arena_clear(&w->arena);
}

static void fill(struct run *w, struct xg_draft *draft, uint32_t number)
{
    const struct xg_field *f = xg_field_find(w->kind, number);

    assert_non_null(f);
    if (f->type == XG_TYPE_UINT || f->type == XG_TYPE_ENUM)
        test_uint(draft, number, f->choices ? f->choices->number : 1);
    else if (f->type == XG_TYPE_TIME)
        test_uint(draft, number, 1790000000000);
    else if (f->merge == XG_MERGE_SET)
        test_add_text(draft, number, "u9");
    else
        test_text(draft, number, "u9");
    assert_true(xg_draft_get(draft, number).len > 0);
}

/* A record of that move, with every field that the table names but `without`,
 * written by the person after the state as it stands. */
static const struct xg_record *write_move(struct run *w, enum person p,
                                          uint64_t move, uint64_t from,
                                          uint32_t without)
{
    const struct xg_transition *t = xg_transition_find(from, move);
    struct xg_draft draft;

    xg_draft_init(&draft, &w->arena, w->kind->number);
    draft.head.move = move;
    draft.head.from = from;
    test_add_text(&draft, XG_FIELD_NOTE, "办");
    for (const struct xg_need *n = xg_needs; t && n->bit; n++)
        if (t->needs & n->bit & ~without & XG_NEED_HARD && n->field)
            fill(w, &draft, n->field);
    return test_write(w->devices[p], &draft, &w->state);
}

/* The first role that may. */
static uint32_t role_for(uint64_t from, uint64_t move)
{
    const struct xg_transition *t = xg_transition_find(from, move);

    for (const struct xg_role *r = xg_roles; r->name; r++)
        if (t->who & XG_ROLE_BIT(r->number))
            return r->number;
    fail();
    return 0;
}

/* Does the move, which must take effect. */
static void step(struct run *w, enum person p, uint64_t move)
{
    uint64_t from = w->state.status;
    uint32_t role;

    if (!xg_transition_find(from, move))
        fail_msg("no move %d from status %d", (int)move, (int)from);
    role = role_for(from, move);
    keep(w, p, role, write_move(w, p, move, from, 0));
    w->state = merge(w, &w->arena);
    if (w->state.effects[w->count - 1] != XG_EFFECT_FULL)
        fail_msg("move %d from status %d: %s", (int)move, (int)from,
                 w->state.reasons[w->count - 1]);
}

/* What would become of this move? The case stays as it is. The state lives in
 * `arena`. */
static struct xg_state attempt(struct run *w, struct xg_arena *arena,
                               enum person p, uint32_t role, uint64_t move,
                               uint64_t from, uint32_t without)
{
    struct xg_state s;

    keep(w, p, role, write_move(w, p, move, from, without));
    s = merge(w, arena);
    w->count--;
    w->devices[p]->count--;
    return s;
}

static uint64_t request_for(uint64_t move)
{
    return move == XG_MOVE_DEFER    ? XG_MOVE_ASK_DEFER
           : move == XG_MOVE_EXTEND ? XG_MOVE_ASK_EXTEND
                                    : XG_MOVE_ASK_SHELVE;
}

/* Does what the move needs beside its fields, except the needs in `without`.
 */
static void prepare(struct run *w, uint64_t move, uint32_t without)
{
    const struct xg_progress *p = &w->state.progress;
    uint64_t from = w->state.status;
    uint32_t open = xg_transition_find(from, move)->needs & ~without;

    if (open & XG_NEED_ASKED && move != XG_MOVE_REFUSE)
        step(w, ASKER, request_for(move));
    if (open & XG_NEED_ANSWERED && p->waits && !p->answered)
        step(w, LEAD, XG_MOVE_ANSWER);
    if (open & XG_NEED_REPLIED && p->supervised != XG_NONE)
        step(w, LEAD, XG_MOVE_REPLY);
    if (open & XG_NEED_REVIEWED && p->refusals >= 2)
        step(w, LEAD, XG_MOVE_REVIEW);
    if (open & XG_NEED_WHISTLED && !p->whistled)
        step(w, LEAD, XG_MOVE_WHISTLE);
    if (open & XG_NEED_SUPERVISED && p->supervised == XG_NONE)
        step(w, LEAD, XG_MOVE_SUPERVISE);
}

static enum person mover(uint64_t move)
{
    return move == XG_MOVE_FINISH || move == XG_MOVE_SELF_HANDLE ? FINISHER
           : move == XG_MOVE_APPEAL                              ? ASKER
                                                                 : LEAD;
}

/* ---- walks ---- */

static uint32_t status_after(uint32_t from, uint32_t move)
{
    const struct xg_transition *t = xg_transition_find(from, move);

    return t ? t->to : 0;
}

/* The moves of a shortest walk from one status to another into `moves`, how
 * many, or -1. No designation, which would close doors. */
static int walk_between(uint32_t from, uint32_t to, uint32_t moves[WALK_MAX])
{
    uint32_t came[STATUS_MAX] = {0}, by[STATUS_MAX] = {0};
    uint32_t queue[STATUS_MAX], head = 0, tail = 0;
    int n = 0;

    queue[tail++] = from;
    came[from] = from;
    while (head < tail && !came[to]) {
        uint32_t at = queue[head++];
        for (uint32_t m = 1; m < MOVE_MAX; m++) {
            uint32_t next = status_after(at, m);
            if (next && !came[next] && m != XG_MOVE_DESIGNATE) {
                came[next] = at;
                by[next] = m;
                queue[tail++] = next;
            }
        }
    }
    if (!came[to])
        return -1;
    for (uint32_t at = to; at != from; at = came[at])
        moves[n++] = by[at];
    for (int i = 0; i < n / 2; i++) {
        uint32_t swap = moves[i];
        moves[i] = moves[n - 1 - i];
        moves[n - 1 - i] = swap;
    }
    return n;
}

static void go_to(struct run *w, uint32_t status)
{
    uint32_t moves[WALK_MAX];
    int n = walk_between((uint32_t)w->state.status, status, moves);

    assert_true(n >= 0);
    for (int i = 0; i < n; i++) {
        prepare(w, moves[i], 0);
        step(w, mover(moves[i]), moves[i]);
    }
    assert_int_equal(w->state.status, status);
}

static enum xg_kind_number kind_with(uint32_t status)
{
    return status >= XG_STATUS_SCORED ? XG_KIND_ASSESSMENT : XG_KIND_INCIDENT;
}

static void begin_at(struct run *w, uint32_t status, bool resident)
{
    begin(w, kind_with(status), resident);
    go_to(w, status);
}

/* Can a request be open in a case of that status? Nothing is asked for before
 * it is sent out. */
static bool may_be_asked(uint32_t status)
{
    return xg_transition_find(status, XG_MOVE_REFUSE) &&
           status != XG_STATUS_REPORTED && status != XG_STATUS_ACCEPTED &&
           status != XG_STATUS_FILED;
}

/* The same, with all that the move needs but its fields and `without`. */
static void begin_for(struct run *w, uint32_t status, uint64_t move,
                      uint32_t without)
{
    begin(w, kind_with(status), without == XG_NEED_ANSWERED);
    if (move == XG_MOVE_REFUSE && without != XG_NEED_ASKED &&
        may_be_asked(status)) {
        go_to(w, XG_STATUS_DISPATCHED);
        step(w, ASKER, XG_MOVE_ASK_EXTEND);
    }
    if (without == XG_NEED_REVIEWED) {
        go_to(w, XG_STATUS_RETURNED);
        go_to(w, XG_STATUS_DISPATCHED);
    }
    if (without == XG_NEED_NOT_DESIGNATED) {
        go_to(w, XG_STATUS_RETURNED);
        step(w, LEAD, XG_MOVE_DESIGNATE);
    }
    go_to(w, status);
    if (without == XG_NEED_REPLIED)
        step(w, LEAD, XG_MOVE_SUPERVISE);
    if (xg_transition_find(status, move))
        prepare(w, move, without);
}

/* ---- what the table holds ---- */

static void test_every_status_can_be_reached_and_can_end(void **state)
{
    uint32_t moves[WALK_MAX];

    (void)state;
    for (const struct xg_choice *s = xg_statuses; s->name; s++) {
        bool in = false, out = false;
        for (const struct xg_kind *k = xg_kinds; k->name; k++)
            in |= k->first_status &&
                  walk_between(k->first_status, s->number, moves) >= 0;
        for (const struct xg_choice *e = xg_statuses; e->name; e++)
            out |= xg_status_final(e->number) &&
                   e->number != XG_STATUS_SELF_HANDLED &&
                   walk_between(s->number, e->number, moves) >= 0;
        if (!in || !out)
            fail_msg("%s: reached %d, ends %d", s->name, in, out);
    }
    /* A case can be closed, or voided with a reason, from wherever it is. */
    for (uint32_t s = 1; s < XG_STATUS_SCORED; s++) {
        assert_true(walk_between(s, XG_STATUS_CLOSED, moves) >= 0);
        assert_true(walk_between(s, XG_STATUS_VOIDED, moves) >= 0);
    }
    for (uint32_t s = XG_STATUS_SCORED; s < STATUS_MAX; s++)
        assert_true(walk_between(s, XG_STATUS_CONFIRMED, moves) >= 0);
}

static void test_no_status_and_move_in_two_rows(void **state)
{
    (void)state;
    for (const struct xg_transition *a = xg_transitions; a->from; a++) {
        for (const struct xg_transition *b = a + 1; b->from; b++)
            if (a->move == b->move)
                assert_int_equal(a->from & b->from, 0);
        if (a->to) /* a line that leads nowhere could be walked for ever */
            assert_int_equal(a->from & XG_STATUS_BIT(a->to), 0);
    }
}

static void test_every_number_of_a_row_is_in_its_table(void **state)
{
    uint32_t statuses = 0, roles = 0, moved = 0;

    (void)state;
    for (const struct xg_choice *s = xg_statuses; s->name; s++)
        statuses |= XG_STATUS_BIT(s->number);
    for (const struct xg_role *r = xg_roles; r->name; r++)
        roles |= r->records ? XG_ROLE_BIT(r->number) : 0;
    for (const struct xg_transition *t = xg_transitions; t->from; t++) {
        assert_true(t->from == XG_ANY_STATUS || !(t->from & ~statuses));
        assert_true(t->to == 0 || xg_choice_find(xg_statuses, t->to));
        assert_non_null(xg_choice_find(xg_moves, t->move));
        assert_true(t->who != 0);
        assert_int_equal(t->who & ~roles, 0); /* who may not write, no move */
        moved |= t->who;
    }
    assert_int_equal(moved, roles); /* nobody who writes is left without */
}

static void test_every_move_and_status_is_used(void **state)
{
    (void)state;
    for (const struct xg_choice *m = xg_moves; m->name; m++) {
        bool used = false;
        for (const struct xg_transition *t = xg_transitions; t->from; t++)
            used |= t->move == m->number;
        if (!used)
            fail_msg("%s is in no row", m->name);
        assert_true(xg_move_named(m->name) == m);
        assert_true(xg_move_named(m->zh) == m);
    }
    for (const struct xg_choice *s = xg_statuses; s->name; s++) {
        assert_true(xg_status_named(s->name) == s);
        assert_true(xg_status_named(s->zh) == s);
    }
    assert_null(xg_move_named("dance"));
    assert_null(xg_status_named("forgotten"));
}

static void test_every_need_has_its_entry_and_every_entry_its_row(void **state)
{
    uint32_t told = 0, used = 0;

    (void)state;
    for (const struct xg_need *n = xg_needs; n->bit; n++) {
        assert_int_equal(n->bit & (n->bit - 1), 0); /* one bit */
        assert_int_equal(told & n->bit, 0);
        told |= n->bit;
        if (n->field && n->bit != XG_NEED_SCORE)
            assert_non_null(
                xg_field_find(xg_kind_find(XG_KIND_INCIDENT), n->field));
        assert_true(n->zh[0] && n->en[0]);
    }
    for (const struct xg_transition *t = xg_transitions; t->from; t++)
        used |= t->needs;
    assert_int_equal(told, used);
    assert_non_null(
        xg_field_find(xg_kind_find(XG_KIND_ASSESSMENT), XG_ASSESSMENT_SCORE));
}

/* The statuses where a case needs nobody: no row brings it to rest elsewhere.
 */
static void test_final_statuses_leave_only_by_reopening(void **state)
{
    (void)state;
    for (uint32_t s = 1; s < STATUS_MAX; s++)
        for (uint32_t m = 1; m < MOVE_MAX; m++)
            if (xg_status_final(s) && status_after(s, m))
                assert_int_equal(m, XG_MOVE_REOPEN);
    assert_false(xg_status_final(0));
    assert_false(xg_status_final(XG_STATUS_SHELVED));
    assert_null(xg_transition_find(0, XG_MOVE_ACCEPT));
    assert_null(xg_transition_find(32, XG_MOVE_ACCEPT));
}

/* ---- every role, every status, every move ---- */

static enum xg_effect expected(uint64_t from, uint64_t move, uint32_t role)
{
    const struct xg_transition *t = xg_transition_find(from, move);

    return !t                              ? XG_EFFECT_INVALID
           : !(t->who & XG_ROLE_BIT(role)) ? XG_EFFECT_NO_RIGHT
           : move == XG_MOVE_REFUSE && !may_be_asked((uint32_t)from)
               ? XG_EFFECT_LACKING
               : XG_EFFECT_FULL;
}

static void assert_nothing_changed(const struct xg_state *before,
                                   const struct xg_state *after)
{
    assert_int_equal(before->status, after->status);
    assert_int_equal(before->register_count, after->register_count);
    assert_int_equal(before->set_count, after->set_count);
    for (size_t i = 0; i < before->register_count; i++)
        assert_int_equal(before->registers[i].heads[0],
                         after->registers[i].heads[0]);
    for (size_t i = 0; i < before->set_count; i++)
        assert_int_equal(before->sets[i].count, after->sets[i].count);
    assert_memory_equal(&before->progress, &after->progress,
                        sizeof before->progress);
}

static void try_as(struct run *w, uint32_t role, uint32_t move)
{
    struct xg_arena arena = XG_ARENA(8 << 20);
    uint64_t from = w->state.status;
    const struct xg_transition *t = xg_transition_find(from, move);
    struct xg_state s = attempt(w, &arena, X, role, move, from, 0);
    enum xg_effect got = s.effects[w->count], want = expected(from, move, role);

    if (got != want)
        fail_msg("status %d, move %d, role %d: %s, not %s", (int)from,
                 (int)move, (int)role, xg_effect_label(got),
                 xg_effect_label(want));
    if (got != XG_EFFECT_FULL)
        assert_nothing_changed(&w->state, &s);
    else
        assert_int_equal(s.status, t->to ? t->to : from);
    assert_int_equal(s.count, w->count + 1); /* kept, whatever it is */
    xg_arena_clear(&arena);
}

static void test_no_move_without_right_takes_effect(void **state)
{
    struct run w;
    size_t tried = 0;

    (void)state;
    for (uint32_t status = 1; status < STATUS_MAX; status++)
        for (uint32_t move = 1; move < MOVE_MAX; move++) {
            begin_for(&w, status, move, 0);
            for (const struct xg_role *r = xg_roles; r->name; r++, tried++)
                try_as(&w, r->number, move);
            end(&w);
        }
    assert_true(tried > 6000);
}

/* A line move from another status than the case is in changes nothing. */
static void test_a_line_move_from_another_status_is_overtaken(void **state)
{
    struct xg_arena arena = XG_ARENA(64 << 20);
    struct run w;

    (void)state;
    for (uint32_t status = 1; status < XG_STATUS_SCORED; status++) {
        begin_at(&w, status, false);
        for (const struct xg_transition *t = xg_transitions; t->from; t++) {
            uint32_t from = 1;
            while (!(t->from & XG_STATUS_BIT(from)) || from == status)
                if (++from > 31)
                    break;
            if (from > 31 || !t->to || from >= XG_STATUS_SCORED)
                continue;
            struct xg_state s = attempt(&w, &arena, X, role_for(from, t->move),
                                        t->move, from, 0);
            assert_int_equal(s.effects[w.count], XG_EFFECT_OVERTAKEN);
            assert_int_equal(s.conflict_count, 1);
            assert_nothing_changed(&w.state, &s);
            xg_arena_clear(&arena);
        }
        end(&w);
    }
}

/* ---- what a move needs ---- */

static void lack_one(uint32_t from, const struct xg_transition *t,
                     const struct xg_need *n)
{
    struct xg_arena arena = XG_ARENA(8 << 20);
    struct run w;
    enum person who = n->bit == XG_NEED_OTHER         ? ASKER
                      : n->bit == XG_NEED_NOT_HANDLER ? FINISHER
                                                      : X;

    begin_for(&w, from, t->move, n->bit);
    struct xg_state s = attempt(&w, &arena, who, role_for(from, t->move),
                                t->move, from, n->bit);
    if (s.effects[w.count] != XG_EFFECT_LACKING)
        fail_msg("status %d, move %d without %s: %s", (int)from, (int)t->move,
                 n->en, xg_effect_label(s.effects[w.count]));
    assert_string_equal(s.reasons[w.count], xg_label(n->zh, n->en));
    assert_nothing_changed(&w.state, &s);
    xg_arena_clear(&arena);
    end(&w);
}

/* Can a case be in that status, and lack just this? */
static bool can_lack(uint32_t from, uint64_t move, uint32_t bit)
{
    if (bit == XG_NEED_REVIEWED) /* it was refused only after it was sent out */
        return from == XG_STATUS_RETURNED;
    if (move == XG_MOVE_REFUSE && bit != XG_NEED_ASKED)
        return may_be_asked(from);
    return true;
}

static void test_without_what_it_needs_a_move_has_no_effect(void **state)
{
    size_t tried = 0;

    (void)state;
    for (const struct xg_transition *t = xg_transitions; t->from; t++)
        for (uint32_t from = 1; from < STATUS_MAX; from++)
            for (const struct xg_need *n = xg_needs; n->bit; n++)
                if (t->from & XG_STATUS_BIT(from) &&
                    t->needs & n->bit & XG_NEED_HARD &&
                    can_lack(from, t->move, n->bit)) {
                    lack_one(from, t, n);
                    tried++;
                }
    assert_true(tried > 90);
}

/* Wanted things are asked for, and never stop a move. */
static void test_what_is_only_wanted_stops_nobody(void **state)
{
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_SELF_HANDLED, false); /* without one photo */
    end(&w);
    begin_at(&w, XG_STATUS_FILED, false); /* without a case number */
    end(&w);
}

/* ---- at once ---- */

/* The moves that the table knows from a status, and one that it does not. */
static size_t moves_from(uint32_t status, uint32_t out[MOVE_MAX])
{
    size_t n = 0;
    bool stranger = false;

    for (uint32_t m = 1; m < MOVE_MAX; m++) {
        bool known = xg_transition_find(status, m) != NULL;
        if (known || !stranger)
            out[n++] = m;
        stranger |= !known;
    }
    return n;
}

/* The roles that may make the move, and one that may not. */
static size_t roles_for(uint32_t status, uint32_t move, uint32_t out[12])
{
    const struct xg_transition *t = xg_transition_find(status, move);
    size_t n = 0;
    bool stranger = false;

    for (const struct xg_role *r = xg_roles; r->name; r++) {
        bool may = t && t->who & XG_ROLE_BIT(r->number);
        if (may || !stranger)
            out[n++] = r->number;
        stranger |= !may;
    }
    return n;
}

/* The case in a status, with all that every move from there needs, and one
 * record of each such move by each of three people who know no other's. */
struct crowd {
    struct run run;
    uint32_t status;
    uint32_t moves[MOVE_MAX];
    size_t move_count;
    const struct xg_record *records[3][MOVE_MAX];
    size_t base; /* ops before anybody moved */
};

static void gather(struct crowd *c, uint32_t status)
{
    begin_for(&c->run, status, XG_MOVE_REFUSE, 0);
    c->status = status;
    c->base = c->run.count;
    c->move_count = moves_from(status, c->moves);
    for (size_t i = 0; i < c->move_count; i++)
        if (xg_transition_find(status, c->moves[i]))
            prepare(&c->run, c->moves[i], 0);
    c->base = c->run.count;
    for (size_t i = 0; i < c->move_count; i++)
        for (size_t p = 0; p < 3; p++) {
            enum person who = (enum person)(X + p);
            struct test_device *d = c->run.devices[who];
            c->records[p][i] =
                write_move(&c->run, who, c->moves[i], status, 0);
            d->count--; /* each stands for itself at the same place */
        }
}

static struct xg_op op_of(const struct crowd *c, size_t person, size_t move,
                          uint32_t role)
{
    const struct test_device *d = c->run.devices[X + person];

    return (struct xg_op){.record = c->records[person][move],
                          .branch = &d->branch,
                          .seq = d->count,
                          .rank = rank_of(role),
                          .role = role,
                          .author = codes[X + person]};
}

static void fold_into(struct xg_buf *out, struct xg_arena *arena,
                      const struct run *w, const struct xg_op *ops, size_t n,
                      struct xg_state *s)
{
    struct xg_error err = XG_ERROR_NONE;

    assert_ok(xg_merge(s, arena, &w->id, ops, n, NULL, &err));
    xg_buf_reset(out);
    xg_state_encode(out, s);
    assert_ok(xg_buf_check(out, &err));
}

/* The base and `extra`, in the order that the permutation says, before or
 * behind the base and the base turned round. */
static size_t line_up(struct xg_op *out, const struct crowd *c,
                      const struct xg_op *extra, size_t n,
                      const uint8_t order[3], bool behind)
{
    size_t at = 0;

    for (size_t i = 0; !behind && i < n; i++)
        out[at++] = extra[order[i]];
    for (size_t i = 0; i < c->base; i++)
        out[at++] = c->run.ops[behind ? i : c->base - 1 - i];
    for (size_t i = 0; behind && i < n; i++)
        out[at++] = extra[order[i]];
    return at;
}

static void assert_agreed(const struct crowd *c, const struct xg_op *extra,
                          size_t n, struct xg_buf bufs[2],
                          struct xg_arena *arena)
{
    static const uint8_t orders[6][3] = {{0, 1, 2}, {1, 0, 2}, {2, 1, 0},
                                         {0, 2, 1}, {1, 2, 0}, {2, 0, 1}};
    struct xg_op ops[OPS_MAX];
    struct xg_state first, s;
    size_t line_moves = 0;

    for (size_t i = 0; i < (n == 2 ? 2u : 6u); i++) {
        size_t count = line_up(ops, c, extra, n, orders[i], i % 2 == 0);
        fold_into(&bufs[i != 0], arena, &c->run, ops, count, i ? &s : &first);
        if (i &&
            !xg_bytes_equal(xg_buf_bytes(&bufs[0]), xg_buf_bytes(&bufs[1])))
            fail_msg("status %d, moves %d %d: the order of arrival tells",
                     (int)c->status, (int)extra[0].record->head.move,
                     (int)extra[1].record->head.move);
        if (i == 0) /* of moves along the line from one status one wins */
            for (size_t k = c->base; k < count; k++) {
                const struct xg_head *h = &ops[k].record->head;
                const struct xg_transition *t =
                    xg_transition_find(h->from, h->move);
                line_moves += t && t->to && first.effects[k] == XG_EFFECT_FULL;
            }
    }
    assert_true(line_moves <= 1);
    xg_arena_clear(arena);
}

static void test_any_two_moves_at_once_end_alike(void **state)
{
    struct xg_buf bufs[2] = {XG_BUF(1 << 20), XG_BUF(1 << 20)};
    struct xg_arena arena = XG_ARENA(8 << 20);
    size_t tried = 0;

    (void)state;
    for (uint32_t status = 1; status < STATUS_MAX; status++) {
        struct crowd c;
        gather(&c, status);
        for (size_t a = 0; a < c.move_count; a++)
            for (size_t b = 0; b < c.move_count; b++) {
                uint32_t ra[12], rb[12];
                size_t na = roles_for(status, c.moves[a], ra);
                size_t nb = roles_for(status, c.moves[b], rb);
                for (size_t i = 0; i < na * nb; i++, tried++) {
                    const struct xg_op pair[] = {op_of(&c, 0, a, ra[i / nb]),
                                                 op_of(&c, 1, b, rb[i % nb])};
                    assert_agreed(&c, pair, 2, bufs, &arena);
                }
            }
        end(&c.run);
    }
    assert_true(tried > 20000);
    xg_buf_clear(&bufs[0]);
    xg_buf_clear(&bufs[1]);
}

static void test_any_three_moves_at_once_end_alike(void **state)
{
    struct xg_buf bufs[2] = {XG_BUF(1 << 20), XG_BUF(1 << 20)};
    struct xg_arena arena = XG_ARENA(8 << 20);
    struct test_world dice = {.seed = 33};

    (void)state;
    for (uint32_t status = 1; status < STATUS_MAX; status++) {
        struct crowd c;
        gather(&c, status);
        for (size_t n = 0; n < TRIPLES; n++) {
            struct xg_op three[3];
            for (size_t p = 0; p < 3; p++) {
                uint32_t roles[12];
                size_t m = test_below(&dice, c.move_count);
                size_t count = roles_for(status, c.moves[m], roles);
                three[p] = op_of(&c, p, m, roles[test_below(&dice, count)]);
            }
            assert_agreed(&c, three, 3, bufs, &arena);
        }
        end(&c.run);
    }
    xg_buf_clear(&bufs[0]);
    xg_buf_clear(&bufs[1]);
}

/* ---- one by one, as the rules say them ---- */

static enum xg_effect tried(struct run *w, enum person p, uint32_t role,
                            uint64_t move)
{
    struct xg_arena arena = XG_ARENA(8 << 20);
    struct xg_state s = attempt(w, &arena, p, role, move, w->state.status, 0);
    enum xg_effect effect = s.effects[w->count];

    xg_arena_clear(&arena);
    return effect;
}

/* The rank of a supervisor does not let the close go before what it saw. */
static void test_a_close_follows_the_finish_that_it_saw(void **state)
{
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_HANDLING, false);
    keep(&w, X, XG_ROLE_WORKER,
         write_move(&w, X, XG_MOVE_FINISH, XG_STATUS_HANDLING, 0));
    w.state = merge(&w, &w.arena);
    keep(&w, Y, XG_ROLE_SUPERVISOR,
         write_move(&w, Y, XG_MOVE_CLOSE, XG_STATUS_HANDLED, 0));
    for (size_t turn = 0; turn < w.count; turn++) {
        struct xg_op first = w.ops[0];
        memmove(w.ops, w.ops + 1, (w.count - 1) * sizeof *w.ops);
        w.ops[w.count - 1] = first;
        struct xg_state s = merge(&w, &w.arena);
        assert_int_equal(s.status, XG_STATUS_CLOSED);
        assert_int_equal(s.conflict_count, 0);
    }
    end(&w);
}

static void test_nobody_grants_what_they_asked_for(void **state)
{
    static const uint32_t grants[] = {XG_MOVE_SHELVE, XG_MOVE_DEFER,
                                      XG_MOVE_EXTEND, XG_MOVE_REFUSE};
    struct run w;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        begin_for(&w, XG_STATUS_HANDLING, grants[i], 0);
        assert_int_equal(tried(&w, ASKER, XG_ROLE_DISPATCHER, grants[i]),
                         XG_EFFECT_LACKING);
        assert_int_equal(tried(&w, X, XG_ROLE_DISPATCHER, grants[i]),
                         XG_EFFECT_FULL);
        end(&w);
    }
}

/* One who asks for two things has both answered, each by its own grant. */
static void test_a_request_does_not_hide_another(void **state)
{
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_HANDLING, false);
    step(&w, ASKER, XG_MOVE_ASK_SHELVE);
    assert_int_equal(tried(&w, X, XG_ROLE_DISPATCHER, XG_MOVE_EXTEND),
                     XG_EFFECT_LACKING); /* nobody asked for that */
    step(&w, ASKER, XG_MOVE_ASK_EXTEND);
    step(&w, LEAD, XG_MOVE_EXTEND);
    assert_int_equal(tried(&w, X, XG_ROLE_DISPATCHER, XG_MOVE_EXTEND),
                     XG_EFFECT_LACKING); /* it was granted already */
    step(&w, LEAD, XG_MOVE_SHELVE);
    assert_int_equal(w.state.status, XG_STATUS_SHELVED);
    end(&w);

    begin_at(&w, XG_STATUS_HANDLING, false);
    step(&w, ASKER, XG_MOVE_ASK_SHELVE);
    step(&w, LEAD, XG_MOVE_REFUSE);
    assert_int_equal(tried(&w, X, XG_ROLE_DISPATCHER, XG_MOVE_SHELVE),
                     XG_EFFECT_LACKING);
    end(&w);

    /* Who refuses what others ask for leaves open what they ask themselves. */
    begin_at(&w, XG_STATUS_HANDLING, false);
    step(&w, ASKER, XG_MOVE_ASK_SHELVE);
    step(&w, LEAD, XG_MOVE_ASK_EXTEND);
    step(&w, LEAD, XG_MOVE_REFUSE);
    assert_int_equal(tried(&w, X, XG_ROLE_DISPATCHER, XG_MOVE_SHELVE),
                     XG_EFFECT_LACKING);
    assert_int_equal(tried(&w, X, XG_ROLE_DISPATCHER, XG_MOVE_EXTEND),
                     XG_EFFECT_FULL);
    end(&w);
}

/* A second request, made by somebody offline, does not undo a grant. */
static void test_a_grant_stands_against_another_request_at_once(void **state)
{
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_HANDLING, false);
    step(&w, ASKER, XG_MOVE_ASK_SHELVE);
    keep(&w, X, XG_ROLE_HANDLER,
         write_move(&w, X, XG_MOVE_ASK_DEFER, XG_STATUS_HANDLING, 0));
    keep(&w, Y, XG_ROLE_COMMUNITY,
         write_move(&w, Y, XG_MOVE_SHELVE, XG_STATUS_HANDLING, 0));
    w.state = merge(&w, &w.arena);
    assert_int_equal(w.state.status, XG_STATUS_SHELVED);
    end(&w);
}

static void test_a_second_refusal_forces_review_or_designation(void **state)
{
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_RETURNED, false);
    assert_int_equal(tried(&w, X, XG_ROLE_DISPATCHER, XG_MOVE_DISPATCH),
                     XG_EFFECT_FULL); /* once is allowed */
    go_to(&w, XG_STATUS_DISPATCHED);
    step(&w, FINISHER, XG_MOVE_RETURN);
    assert_int_equal(tried(&w, X, XG_ROLE_SUPERVISOR, XG_MOVE_DISPATCH),
                     XG_EFFECT_LACKING);
    assert_int_equal(tried(&w, X, XG_ROLE_SUPERVISOR, XG_MOVE_DESIGNATE),
                     XG_EFFECT_FULL);
    step(&w, LEAD, XG_MOVE_REVIEW);
    step(&w, LEAD, XG_MOVE_DISPATCH);
    end(&w);
}

static void test_what_was_designated_is_not_returned(void **state)
{
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_RETURNED, false);
    step(&w, LEAD, XG_MOVE_DESIGNATE);
    assert_int_equal(tried(&w, X, XG_ROLE_HANDLER, XG_MOVE_RETURN),
                     XG_EFFECT_LACKING);
    step(&w, FINISHER, XG_MOVE_SIGN);
    assert_int_equal(tried(&w, X, XG_ROLE_HANDLER, XG_MOVE_RETURN),
                     XG_EFFECT_LACKING);
    step(&w, LEAD, XG_MOVE_HAND_DOWN); /* to another: who may decline */
    assert_int_equal(tried(&w, X, XG_ROLE_HANDLER, XG_MOVE_RETURN),
                     XG_EFFECT_FULL);
    step(&w, FINISHER, XG_MOVE_RETURN); /* the first since it was designated */
    assert_int_equal(tried(&w, X, XG_ROLE_DISPATCHER, XG_MOVE_DISPATCH),
                     XG_EFFECT_FULL);
    end(&w);
}

static void
test_a_residents_report_is_not_closed_without_an_answer(void **state)
{
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_HANDLED, true);
    assert_int_equal(tried(&w, X, XG_ROLE_SUPERVISOR, XG_MOVE_CLOSE),
                     XG_EFFECT_LACKING);
    step(&w, FINISHER, XG_MOVE_ANSWER);
    assert_int_equal(tried(&w, X, XG_ROLE_SUPERVISOR, XG_MOVE_CLOSE),
                     XG_EFFECT_FULL);
    end(&w);

    /* Or the answer is given with it. */
    begin_at(&w, XG_STATUS_HANDLED, true);
    struct xg_draft draft;
    xg_draft_init(&draft, &w.arena, XG_KIND_INCIDENT);
    draft.head.move = XG_MOVE_CLOSE;
    draft.head.from = XG_STATUS_HANDLED;
    test_text(&draft, XG_CASE_SETTLED_LEVEL, "street");
    test_text(&draft, XG_CASE_ANSWER, "已修好");
    keep(&w, X, XG_ROLE_SUPERVISOR, test_write(w.devices[X], &draft, &w.state));
    w.state = merge(&w, &w.arena);
    assert_int_equal(w.state.status, XG_STATUS_CLOSED);
    end(&w);

    /* After it is opened again the old answer does not count. */
    begin_at(&w, XG_STATUS_CLOSED, true);
    step(&w, LEAD, XG_MOVE_REOPEN);
    go_to(&w, XG_STATUS_HANDLED);
    assert_int_equal(tried(&w, X, XG_ROLE_SUPERVISOR, XG_MOVE_CLOSE),
                     XG_EFFECT_LACKING);
    end(&w);
}

static void test_supervision_is_not_closed_without_its_reply(void **state)
{
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_HANDLED, false);
    step(&w, LEAD, XG_MOVE_SUPERVISE);
    assert_int_equal(tried(&w, X, XG_ROLE_SUPERVISOR, XG_MOVE_CLOSE),
                     XG_EFFECT_LACKING);
    step(&w, FINISHER, XG_MOVE_REPLY);
    assert_int_equal(tried(&w, X, XG_ROLE_SUPERVISOR, XG_MOVE_CLOSE),
                     XG_EFFECT_FULL);
    end(&w);
}

/* Written at once with a reply to the one before: it still waits. */
static void test_a_reply_answers_only_what_its_author_saw(void **state)
{
    const struct xg_record *reply, *second;
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_HANDLED, false);
    step(&w, LEAD, XG_MOVE_SUPERVISE);
    reply = write_move(&w, FINISHER, XG_MOVE_REPLY, XG_STATUS_HANDLED, 0);
    second = write_move(&w, X, XG_MOVE_SUPERVISE, XG_STATUS_HANDLED, 0);
    keep(&w, FINISHER, XG_ROLE_HANDLER, reply);
    keep(&w, X, XG_ROLE_SUPERVISOR, second);
    w.state = merge(&w, &w.arena);
    assert_int_equal(w.state.effects[w.count - 2], XG_EFFECT_FULL);
    assert_int_equal(w.state.progress.supervised, w.count - 1);
    assert_int_equal(tried(&w, LEAD, XG_ROLE_SUPERVISOR, XG_MOVE_CLOSE),
                     XG_EFFECT_LACKING);
    step(&w, FINISHER, XG_MOVE_REPLY);
    assert_int_equal(tried(&w, LEAD, XG_ROLE_SUPERVISOR, XG_MOVE_CLOSE),
                     XG_EFFECT_FULL);
    end(&w);
}

static void test_beside_the_line_nobody_names_a_status_that_never_was(void **state)
{
    struct xg_arena arena = XG_ARENA(4 << 20);
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_HANDLED, false);
    struct xg_state s = attempt(&w, &arena, X, XG_ROLE_DELEGATE, XG_MOVE_RATE,
                                XG_STATUS_CLOSED, 0);
    assert_int_equal(s.effects[s.count - 1], XG_EFFECT_INVALID);
    step(&w, LEAD, XG_MOVE_CLOSE);
    step(&w, LEAD, XG_MOVE_REOPEN);
    /* It was closed once: who rates late is heard. */
    s = attempt(&w, &arena, X, XG_ROLE_DELEGATE, XG_MOVE_RATE, XG_STATUS_CLOSED,
                0);
    assert_int_equal(s.effects[s.count - 1], XG_EFFECT_FULL);
    xg_arena_clear(&arena);
    end(&w);
}

/* Two at once: one closes, one sends back to work and then supervises that. The
 * close folds first, so the case never came to be reworked; the supervision is
 * no nonsense, it came too late. */
static void test_beside_the_line_who_builds_on_a_lost_step_is_overtaken(
    void **state)
{
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_HANDLED, false);
    keep(&w, X, XG_ROLE_COMMUNITY,
         write_move(&w, X, XG_MOVE_REWORK, XG_STATUS_HANDLED, 0));
    keep(&w, X, XG_ROLE_SUPERVISOR,
         write_move(&w, X, XG_MOVE_SUPERVISE, XG_STATUS_REWORK, 0));
    keep(&w, LEAD, XG_ROLE_DISPATCHER,
         write_move(&w, LEAD, XG_MOVE_CLOSE, XG_STATUS_HANDLED, 0));
    w.state = merge(&w, &w.arena);
    assert_int_equal(w.state.status, XG_STATUS_CLOSED);
    assert_int_equal(w.state.effects[w.count - 3], XG_EFFECT_OVERTAKEN);
    assert_int_equal(w.state.effects[w.count - 2], XG_EFFECT_OVERTAKEN);
    assert_int_equal(w.state.effects[w.count - 1], XG_EFFECT_FULL);
    end(&w);
}

static void test_who_handled_it_does_not_take_the_rating(void **state)
{
    struct run w;

    (void)state;
    for (uint32_t s = XG_STATUS_CLOSED; s <= XG_STATUS_SELF_HANDLED;
         s += XG_STATUS_SELF_HANDLED - XG_STATUS_CLOSED) {
        begin_at(&w, s, false);
        assert_int_equal(tried(&w, FINISHER, XG_ROLE_HANDLER, XG_MOVE_RATE),
                         XG_EFFECT_LACKING);
        assert_int_equal(tried(&w, X, XG_ROLE_DELEGATE, XG_MOVE_RATE),
                         XG_EFFECT_FULL);
        end(&w);
    }
}

/* A move without effect counts for nothing afterwards. */
static void test_what_has_no_effect_meets_no_need(void **state)
{
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_HANDLED, true);
    keep(&w, X, XG_ROLE_DELEGATE, /* who may not answer */
         write_move(&w, X, XG_MOVE_ANSWER, XG_STATUS_HANDLED, 0));
    w.state = merge(&w, &w.arena);
    assert_int_equal(w.state.effects[w.count - 1], XG_EFFECT_NO_RIGHT);
    assert_int_equal(tried(&w, Y, XG_ROLE_SUPERVISOR, XG_MOVE_CLOSE),
                     XG_EFFECT_LACKING);
    end(&w);
}

/* What a role may write of a case beside the fields of its move. */
static enum xg_effect written(struct run *w, uint32_t role, uint64_t move,
                              uint32_t field)
{
    struct xg_arena arena = XG_ARENA(8 << 20);
    struct xg_draft draft;

    xg_draft_init(&draft, &w->arena, w->kind->number);
    draft.head.move = move;
    draft.head.from = move ? w->state.status : 0;
    fill(w, &draft, field);
    keep(w, X, role, test_write(w->devices[X], &draft, &w->state));
    struct xg_state s = merge(w, &arena);
    enum xg_effect effect = s.effects[w->count - 1];
    w->count--;
    w->devices[X]->count--;
    if (effect != XG_EFFECT_FULL)
        assert_nothing_changed(&w->state, &s);
    xg_arena_clear(&arena);
    return effect;
}

/* Fields that change by a move change without one only by who dispatches. */
static void test_fields_of_a_case_change_by_moves_or_at_a_desk(void **state)
{
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_HANDLING, false);
    for (const struct xg_field *f = xg_case_fields; f->name; f++)
        for (const struct xg_role *r = xg_roles; r->name; r++) {
            bool may = !(f->flags & XG_BY_MOVE) ||
                       (xg_move_allowed(XG_MOVE_DISPATCH, r->number) &&
                        f->number != XG_CASE_CALLED);
            assert_int_equal(written(&w, r->number, 0, f->number),
                             may ? XG_EFFECT_FULL : XG_EFFECT_NO_RIGHT);
        }
    end(&w);
}

/* Who is to work on it is said by a move that does so, and by no other. */
static void test_only_moves_that_assign_name_a_unit(void **state)
{
    static const uint32_t fields[] = {XG_CASE_UNIT, XG_CASE_CALLED};
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_HANDLING, false);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            written(&w, XG_ROLE_DISPATCHER, XG_MOVE_REMIND, fields[i]),
            XG_EFFECT_NO_RIGHT);
        assert_int_equal(
            written(&w, XG_ROLE_DISPATCHER, XG_MOVE_HAND_DOWN, fields[i]),
            i == 0 ? XG_EFFECT_FULL : XG_EFFECT_NO_RIGHT);
    }
    assert_int_equal(
        written(&w, XG_ROLE_DISPATCHER, XG_MOVE_WHISTLE, XG_CASE_CALLED),
        XG_EFFECT_LACKING); /* of class and reason: the call itself may be */
    assert_int_equal(
        written(&w, XG_ROLE_DISPATCHER, XG_MOVE_REMIND, XG_CASE_NUMBER),
        XG_EFFECT_FULL);
    end(&w);
}

/* A move whose fields were erased still moved the case. */
static void test_a_redacted_move_still_counts(void **state)
{
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_CLOSED, false);
    for (size_t i = 1; i < w.count; i++) {
        struct xg_record *r =
            xg_arena_copy(&w.arena, w.ops[i].record, sizeof *r);
        assert_non_null(r);
        r->fields_raw.len = 0;
        w.ops[i].record = r;
    }
    w.state = merge(&w, &w.arena);
    assert_int_equal(w.state.status, XG_STATUS_CLOSED);
    assert_int_equal(w.state.effects[w.count - 1], XG_EFFECT_REDACTED);
    assert_int_equal(w.state.conflict_count, 0);
    end(&w);
}

/* Whoever is named as the one who reported it waits, by whatever channel it
 * came. */
static void test_a_report_with_a_contact_waits_for_an_answer(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(64);
    struct xg_draft draft;
    struct run w;

    (void)state;
    begin_at(&w, XG_STATUS_HANDLED, false);
    xg_cbor_put_bytes(&value, w.id.b, XG_ID_SIZE);
    xg_draft_init(&draft, &w.arena, XG_KIND_INCIDENT);
    assert_ok(
        xg_draft_set(&draft, XG_INCIDENT_CONTACT, xg_buf_bytes(&value), &err));
    keep(&w, Y, XG_ROLE_WORKER, test_write(w.devices[Y], &draft, &w.state));
    w.state = merge(&w, &w.arena);
    assert_int_equal(tried(&w, X, XG_ROLE_SUPERVISOR, XG_MOVE_CLOSE),
                     XG_EFFECT_LACKING);
    step(&w, LEAD, XG_MOVE_ANSWER);
    assert_int_equal(tried(&w, X, XG_ROLE_SUPERVISOR, XG_MOVE_CLOSE),
                     XG_EFFECT_FULL);
    xg_buf_clear(&value);
    end(&w);
}

/* A kind that is not in the loop takes no move at all. */
static void test_a_kind_without_loop_takes_no_move(void **state)
{
    struct xg_draft draft;
    struct run w;

    (void)state;
    begin(&w, XG_KIND_INCIDENT, false);
    w.kind = xg_kind_find(XG_KIND_MEETING);
    w.count = 0;
    xg_draft_init(&draft, &w.arena, XG_KIND_MEETING);
    test_text(&draft, 12, "议题");
    const struct xg_record *first = test_write(w.devices[X], &draft, NULL);
    w.id = xg_record_entity(first);
    keep(&w, X, XG_ROLE_DISPATCHER, first);
    w.state = merge(&w, &w.arena);
    assert_int_equal(w.state.status, 0);
    keep(&w, X, XG_ROLE_DISPATCHER,
         write_move(&w, X, XG_MOVE_ACCEPT, XG_STATUS_REPORTED, 0));
    w.state = merge(&w, &w.arena);
    assert_int_equal(w.state.effects[1], XG_EFFECT_INVALID);
    assert_int_equal(w.state.status, 0);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status_can_be_reached_and_can_end),
        cmocka_unit_test(test_no_status_and_move_in_two_rows),
        cmocka_unit_test(test_every_number_of_a_row_is_in_its_table),
        cmocka_unit_test(test_every_move_and_status_is_used),
        cmocka_unit_test(test_every_need_has_its_entry_and_every_entry_its_row),
        cmocka_unit_test(test_final_statuses_leave_only_by_reopening),
        cmocka_unit_test(test_no_move_without_right_takes_effect),
        cmocka_unit_test(test_a_line_move_from_another_status_is_overtaken),
        cmocka_unit_test(test_without_what_it_needs_a_move_has_no_effect),
        cmocka_unit_test(test_what_is_only_wanted_stops_nobody),
        cmocka_unit_test(test_any_two_moves_at_once_end_alike),
        cmocka_unit_test(test_any_three_moves_at_once_end_alike),
        cmocka_unit_test(test_a_close_follows_the_finish_that_it_saw),
        cmocka_unit_test(test_nobody_grants_what_they_asked_for),
        cmocka_unit_test(test_a_request_does_not_hide_another),
        cmocka_unit_test(test_a_grant_stands_against_another_request_at_once),
        cmocka_unit_test(test_a_second_refusal_forces_review_or_designation),
        cmocka_unit_test(test_what_was_designated_is_not_returned),
        cmocka_unit_test(
            test_a_residents_report_is_not_closed_without_an_answer),
        cmocka_unit_test(test_supervision_is_not_closed_without_its_reply),
        cmocka_unit_test(test_a_reply_answers_only_what_its_author_saw),
        cmocka_unit_test(
            test_beside_the_line_nobody_names_a_status_that_never_was),
        cmocka_unit_test(
            test_beside_the_line_who_builds_on_a_lost_step_is_overtaken),
        cmocka_unit_test(test_who_handled_it_does_not_take_the_rating),
        cmocka_unit_test(test_what_has_no_effect_meets_no_need),
        cmocka_unit_test(test_fields_of_a_case_change_by_moves_or_at_a_desk),
        cmocka_unit_test(test_only_moves_that_assign_name_a_unit),
        cmocka_unit_test(test_a_redacted_move_still_counts),
        cmocka_unit_test(test_a_report_with_a_contact_waits_for_an_answer),
        cmocka_unit_test(test_a_kind_without_loop_takes_no_move),
    };

    if (xg_base_init() != 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
