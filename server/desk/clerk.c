/* clerk.c - see clerk.h. */
#include "server/desk/clerk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/data/guide.h"
#include "server/data/rounds.h"
#include "server/desk/desk.h"
#include "server/desk/redact.h"
#include "server/photo/lost.h"
#include "server/photo/staged.h"
#include "server/proof/view_note.h"
#include "shared/base/log.h"

enum {
    PAGE = 200,
    PAGE_ARENA = 1 << 20, /* without states */
    CASE_ARENA = 256 << 20,
    DEEDS_ARENA = 8 << 20, /* of a page */
    ROOM_FIRST = 64,
    OVER_MAX = 1000000, /* of the field */
};

/* When a case is to be looked at again, unless something happens to it. */
struct watch {
    uint64_t number, changed;
    int64_t next_ms;
};

struct clerk {
    struct data *d;
    uint64_t mark;         /* of the imported files by which it was reckoned */
    int64_t now_ms;        /* of the last pass */
    struct watch *watches; /* descending numbers, as the store lists them */
    size_t count;
};

enum xg_status clerk_open(struct clerk **out, struct data *d,
                          struct xg_error *err)
{
    struct clerk *c = calloc(1, sizeof *c);

    if (!c)
        return xg_fail_nomem(err);
    c->d = d;
    *out = c;
    return XG_OK;
}

void clerk_close(struct clerk *c)
{
    if (!c)
        return;
    free(c->watches);
    free(c);
}

/* ---- one pass ---- */

/* What is to be done, and by which rules it was found. */
struct plan {
    struct clerk_deed deed;
    char at[XG_CODE_MAX + 1]; /* the level at which the case stood */
    struct guide_rules rules;
    size_t watch; /* of the case, among those of the pass */
    struct plan *next;
};

struct pass {
    struct clerk *c;
    struct xg_registry registry;
    int64_t now_ms;
    bool dry;
    void (*told)(void *ctx, const struct clerk_deed *deed);
    void *ctx;
    uint64_t mark;
    uint64_t before; /* where the next page begins */
    /* Of a page. */
    struct store *store; /* a reader */
    struct xg_guide *guide;
    struct xg_arena deeds; /* plans */
    struct plan *first, **last;
    /* Of all pages. */
    struct watch *watches; /* of this pass */
    size_t count, room;
    size_t at; /* among the clerk's watches */
};

static uint64_t uint_of(const struct xg_record *r, uint64_t number)
{
    struct xg_cbor_item item;

    return xg_record_field(r, number, &item) && item.type == XG_CBOR_UINT
               ? item.number
               : 0;
}

/* What the server wrote of one move in one turn. */
struct told {
    uint32_t count;
    uint64_t over; /* of the last: XG_CASE_OVER, 0 where there is none */
};

static struct told told_of(const struct xg_state *s, const struct xg_clock *c,
                           uint64_t move)
{
    struct told told = {0, 0};

    for (uint32_t op = 0; op < s->count; op++) {
        const struct xg_record *r = s->ops[op].record;
        if (!xg_state_counts(s, op) || r->head.move != move ||
            s->ops[op].role != XG_ROLE_SERVER ||
            uint_of(r, XG_CASE_STAGE) != c->stage ||
            !xg_state_precedes(s, c->begun_by, op))
            continue;
        uint64_t over = uint_of(r, XG_CASE_OVER);
        told.over = over > told.over ? over : told.over;
        told.count++;
    }
    return told;
}

static bool is_over(const struct xg_clock *c,
                    const struct xg_calendar *calendar, int64_t now_ms)
{
    return c->ended_by == XG_NONE && c->limited && !c->paused &&
           xg_clock_light(c, calendar, now_ms) == XG_LIGHT_RED;
}

/* How many limits have gone by since it was due, the one that begins then
 * counted: 1 as soon as it is over. */
static uint32_t limits_over(const struct xg_clock *c,
                            const struct xg_calendar *calendar, int64_t now_ms)
{
    bool guessed = false;

    if (c->limit.milli <= 0)
        return 1;
    int64_t over = xg_calendar_between(calendar, c->due_ms, now_ms,
                                       c->limit.unit, &guessed);
    int64_t n = 1 + (over > 0 ? over : 0) / c->limit.milli;
    return n > OVER_MAX ? OVER_MAX : (uint32_t)n;
}

/* When the next number is reached; the clock runs and is limited. */
static int64_t next_of(const struct xg_clock *c,
                       const struct xg_calendar *calendar, int64_t now_ms)
{
    struct xg_limit more = c->limit;

    if (!is_over(c, calendar, now_ms))
        return c->due_ms;
    uint32_t n = limits_over(c, calendar, now_ms);
    if (c->limit.milli <= 0 || n >= OVER_MAX)
        return INT64_MAX;
    more.milli *= n;
    int64_t next = xg_calendar_add(calendar, c->due_ms, more).ms;
    return next > now_ms ? next : now_ms + 1;
}

static enum xg_status plan(struct pass *p, const struct fold *fold,
                           const struct xg_clock *c, uint64_t move,
                           uint32_t climb, uint32_t over, const char *level,
                           const struct guide_rules *rules,
                           struct xg_error *err)
{
    struct plan *new = xg_arena_alloc(&p->deeds, sizeof *new);

    if (!new)
        return xg_fail_nomem(err);
    *new = (struct plan){.watch = p->count,
                         .deed = {.id = fold->entity.id,
                                  .move = move,
                                  .stage = c->stage,
                                  .turn = c->turn,
                                  .climb = climb,
                                  .over = over,
                                  .due_ms = c->due_ms,
                                  .guessed = c->guessed},
                         .rules = *rules};
    snprintf(new->deed.level, sizeof new->deed.level, "%s", level);
    xg_state_text(new->at, sizeof new->at, &fold->state, XG_CASE_LEVEL);
    *p->last = new;
    p->last = &new->next;
    return XG_OK;
}

/* ---- upwards ---- */

/* The level that the catalogue names, as the levels file has it. Without such
 * a file its code is taken as it stands. */
static enum xg_status named_level(char level[static XG_CODE_MAX + 1],
                                  struct xg_guide *guide, const char *unit,
                                  const char *at, const char *named,
                                  struct xg_error *err)
{
    const struct xg_levels *levels;
    struct xg_step step;
    bool found = false;

    if (xg_guide_levels(guide, &levels, err) != XG_OK)
        return err->status;
    if (levels->count == 0) {
        if (strcmp(at, named) != 0 && xg_code_valid(xg_bytes_of(named)))
            snprintf(level, XG_CODE_MAX + 1, "%s", named);
        return XG_OK;
    }
    if (xg_guide_climb(guide, &step, &found, unit, at, named, err) != XG_OK)
        return err->status;
    if (found)
        snprintf(level, XG_CODE_MAX + 1, "%s", step.level->code);
    return XG_OK;
}

/* Is a unit of that level at or above this one? */
static bool has_above(const struct xg_territory *t, const char *unit,
                      const struct xg_level *level)
{
    const struct xg_unit *u = xg_territory_find(t, unit);

    for (size_t n = 0; u && n <= XG_UNIT_DEPTH_MAX; n++) {
        if (strcmp(u->level, level->at) == 0)
            return true;
        u = *u->parent ? xg_territory_find(t, u->parent) : NULL;
    }
    return false;
}

/* From where it climbs: its home, whose streets and towns are the ones above
 * it, and not the department or the neighbours who work on it. Only who is
 * above its home, and who was given it at a level that its home does not know,
 * hold it where they are. */
static enum xg_status base_of(const char **unit, struct xg_guide *guide,
                              const char *home, const char *with,
                              const char *at, struct xg_error *err)
{
    const struct xg_territory *t;
    const struct xg_levels *levels;

    if (xg_guide_territory(guide, &t, err) != XG_OK ||
        xg_guide_levels(guide, &levels, err) != XG_OK)
        return err->status;
    const struct xg_level *level = *at ? xg_levels_find(levels, at) : NULL;
    bool above = *with && xg_territory_find(t, with);
    if (above && xg_territory_find(t, home))
        above = level ? !has_above(t, home, level) && has_above(t, with, level)
                      : xg_territory_distance(t, home, with) >= 0;
    *unit = above ? with : home;
    return XG_OK;
}

/* The level to climb to, or "". The first time as the catalogue says; then, and
 * where it stands as high already, one further up. */
static enum xg_status next_level(char level[static XG_CODE_MAX + 1],
                                 struct pass *p, const struct fold *fold,
                                 const char *named, bool first, bool further,
                                 struct xg_error *err)
{
    char at[XG_CODE_MAX + 1], with[XG_CODE_MAX + 1];
    struct xg_step step;
    const char *unit = "";
    bool found = false;

    level[0] = '\0';
    xg_state_text(at, sizeof at, &fold->state, XG_CASE_LEVEL);
    xg_state_text(with, sizeof with, &fold->state, XG_CASE_UNIT);
    if (base_of(&unit, p->guide, fold->entity.unit, with, at, err) != XG_OK)
        return err->status;
    if (first && named_level(level, p->guide, unit, at, named, err) != XG_OK)
        return err->status;
    if (*level || !further)
        return XG_OK;
    if (xg_guide_up(p->guide, &step, &found, unit, at, err) != XG_OK)
        return err->status;
    if (found)
        snprintf(level, XG_CODE_MAX + 1, "%s", step.level->code);
    return XG_OK;
}

/* Up to the level named at once; further when it was reminded of three times
 * and yet another limit has gone by. */
static enum xg_status plan_climb(bool *climbs, struct pass *p,
                                 const struct fold *fold,
                                 const struct xg_clock *c, uint32_t over,
                                 const struct guide_rules *rules,
                                 struct xg_error *err)
{
    struct told before = told_of(&fold->state, c, XG_MOVE_ESCALATE);
    struct told reminders = told_of(&fold->state, c, XG_MOVE_REMIND);
    bool further = reminders.count >= CLERK_REMINDERS_MAX &&
                   over > reminders.over;
    char level[XG_CODE_MAX + 1];

    if (!*c->climb || c->guessed || over <= before.over ||
        (before.count && !further) ||
        !xg_transition_find(fold->state.status, XG_MOVE_ESCALATE))
        return XG_OK;
    if (next_level(level, p, fold, c->climb, before.count == 0, further, err) !=
        XG_OK)
        return err->status;
    *climbs = *level != '\0';
    return *climbs ? plan(p, fold, c, XG_MOVE_ESCALATE, before.count + 1, over,
                          level, rules, err)
                   : XG_OK;
}

static enum xg_status plan_reminder(struct pass *p, const struct fold *fold,
                                    const struct xg_clock *c, uint32_t over,
                                    const struct guide_rules *rules,
                                    struct xg_error *err)
{
    struct told before = told_of(&fold->state, c, XG_MOVE_REMIND);

    if (before.count >= CLERK_REMINDERS_MAX || over <= before.over)
        return XG_OK;
    return plan(p, fold, c, XG_MOVE_REMIND, before.count + 1, over, "", rules,
                err);
}

/* ---- one case ---- */

static enum xg_status look_at(struct pass *p, int64_t *next_ms,
                              const struct store_entity *e,
                              struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(CASE_ARENA);
    struct guide_rules rules;
    struct xg_clock *clocks;
    size_t count = 0;
    struct fold fold;
    bool found = false, climbs = false;

    *next_ms = INT64_MAX;
    if (!e->folded)
        return XG_OK; /* nobody knows how it stands */
    enum xg_status status = fold_of_entity(&fold, &found, &arena, p->store,
                                           &p->registry, &e->id, err);

    if (status == XG_OK && found)
        status = guide_rules_of(&rules, p->guide, &fold, err);
    if (status == XG_OK && found)
        status = guide_clocks(&clocks, &count, &arena, &fold, &rules, p->now_ms,
                              err);
    for (size_t i = 0; status == XG_OK && i < count; i++) {
        const struct xg_clock *c = &clocks[i];
        if (c->ended_by != XG_NONE || !c->limited || c->paused)
            continue;
        int64_t next = next_of(c, rules.calendar, p->now_ms);
        *next_ms = next < *next_ms ? next : *next_ms;
        if (!is_over(c, rules.calendar, p->now_ms))
            continue;
        uint32_t over = limits_over(c, rules.calendar, p->now_ms);
        status = plan_reminder(p, &fold, c, over, &rules, err);
        /* One step a pass: the next is from where it then stands. */
        if (status == XG_OK && !climbs)
            status = plan_climb(&climbs, p, &fold, c, over, &rules, err);
    }
    xg_arena_clear(&arena);
    return status;
}

/* What was known of it, if nothing has happened since. Both lists descend. */
static const struct watch *watched(struct pass *p, const struct store_entity *e)
{
    const struct clerk *c = p->c;

    while (p->at < c->count && c->watches[p->at].number > e->number)
        p->at++;
    if (p->at == c->count || c->watches[p->at].number != e->number ||
        c->watches[p->at].changed != e->changed ||
        c->watches[p->at].next_ms <= p->now_ms)
        return NULL;
    return &c->watches[p->at];
}

/* What may be wrong with one case and nothing else: it is passed over. */
static bool of_one_case(enum xg_status status)
{
    return status == XG_NOMEM || status == XG_TOOBIG || status == XG_CORRUPT ||
           status == XG_USAGE;
}

static void pass_over(const struct xg_id *id, const struct xg_error *why)
{
    char hex[2 * XG_ID_SIZE + 1];

    xg_hex(hex, id->b, XG_ID_SIZE);
    xg_log(XG_LOG_WARN, "clerk.passed_over", "case=%s error=\"%s\"", hex,
           xg_error_text(why));
}

static enum xg_status watch(struct pass *p, const struct store_entity *e,
                            struct xg_error *err)
{
    const struct watch *before = watched(p, e);
    struct watch now = {e->number, e->changed, 0};

    if (p->count == p->room) {
        size_t room = p->room ? p->room * 2 : ROOM_FIRST;
        struct watch *more = realloc(p->watches, room * sizeof *more);
        if (!more)
            return xg_fail_nomem(err);
        p->watches = more;
        p->room = room;
    }
    if (before)
        now = *before;
    else if (look_at(p, &now.next_ms, e, err) != XG_OK) {
        if (!of_one_case(err->status))
            return err->status;
        pass_over(&e->id, err);
        *err = XG_ERROR_NONE;
        now.next_ms = p->now_ms + CLERK_AGAIN_MS;
    }
    p->watches[p->count++] = now;
    return XG_OK;
}

/* Look at the cases of a page; *last: there are no more. */
static enum xg_status look_at_page(struct pass *p, bool *last,
                                   struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(PAGE_ARENA);
    struct store_filter filter = {
        .open = true, .bare = true, .before = p->before, .limit = PAGE};
    struct store_entity *rows;
    size_t count = 0;
    enum xg_status status = p->store->ops->read_entities(
        p->store, &arena, &rows, &count, &filter, err);

    for (size_t i = 0; status == XG_OK && i < count; i++) {
        status = watch(p, &rows[i], err);
        p->before = rows[i].number;
    }
    *last = count < PAGE;
    xg_arena_clear(&arena);
    return status;
}

/* ---- writing ---- */

struct asking {
    struct clerk *c;
    const struct plan *plan;
    int64_t now_ms;
    struct xg_judgement self;
};

/* Is it still to be done, as the case stands now? */
static enum xg_status still_due(bool *due, struct xg_arena *arena,
                                const struct asking *a, const struct fold *fold,
                                struct xg_error *err)
{
    const struct clerk_deed *deed = &a->plan->deed;
    char at[XG_CODE_MAX + 1];
    struct xg_clock *clocks;
    size_t count;

    *due = false;
    xg_state_text(at, sizeof at, &fold->state, XG_CASE_LEVEL);
    if (*deed->level && strcmp(at, a->plan->at) != 0)
        return XG_OK; /* it was moved meanwhile */
    if (guide_clocks(&clocks, &count, arena, fold, &a->plan->rules, a->now_ms,
                     err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        if (clocks[i].stage != deed->stage || clocks[i].turn != deed->turn ||
            !is_over(&clocks[i], a->plan->rules.calendar, a->now_ms))
            continue;
        struct told told = told_of(&fold->state, &clocks[i], deed->move);
        *due = told.count + 1 == deed->climb && told.over < deed->over;
    }
    return XG_OK;
}

static enum xg_status ask(void *ctx, struct xg_error *answer,
                          struct store *store, const struct fold *fold,
                          struct xg_draft *draft, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(CASE_ARENA);
    struct asking *a = ctx;
    struct view_trial trial;
    bool due = false;
    enum xg_status status = XG_OK;

    (void)store;
    if (fold && !fold->state.withdrawn)
        status = still_due(&due, &arena, a, fold, err);
    if (status == XG_OK && !due)
        xg_ignore(xg_fail(answer, XG_REFUSED, "done, or not due any more"));
    else if (status == XG_OK)
        status = desk_try(&trial, answer, &arena, a->c->d, fold, &a->self,
                          draft, NULL, err);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status put_uint(struct xg_draft *d, uint64_t field,
                               uint64_t number, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(16);

    xg_cbor_put_uint(&value, number);
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status = xg_draft_set(d, field, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

static enum xg_status put_text(struct xg_draft *d, uint64_t field,
                               const char *text, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(2 * XG_CODE_MAX);

    xg_cbor_put_text(&value, text, strlen(text));
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status = xg_draft_set(d, field, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

static enum xg_status fill(struct xg_draft *draft, const struct plan *plan,
                           struct xg_error *err)
{
    const struct clerk_deed *deed = &plan->deed;

    draft->head.creates = false;
    draft->head.entity = deed->id;
    draft->head.move = deed->move;
    draft->head.from = plan->rules.status;
    if (put_uint(draft, XG_CASE_STAGE, deed->stage, err) != XG_OK ||
        put_uint(draft, XG_CASE_CLIMB, deed->climb, err) != XG_OK ||
        put_uint(draft, XG_CASE_OVER, deed->over, err) != XG_OK)
        return err->status;
    return *deed->level ? put_text(draft, XG_CASE_LEVEL, deed->level, err)
                        : XG_OK;
}

static enum xg_status write(struct clerk *c, struct plan *plan, int64_t now_ms,
                            struct xg_error *err)
{
    struct xg_registry registry = registry_view(c->d->registry);
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct asking a = {.c = c, .plan = plan, .now_ms = now_ms};
    struct ingest_ask asking = {.ctx = &a, .ask = ask};
    struct xg_draft draft;
    enum xg_status status =
        xg_judge_author(&a.self, &registry, c->d->device.verifier.name,
                        REGISTRY_SERVER, false, INT64_MAX, err);

    xg_draft_init(&draft, &arena, plan->rules.kind);
    if (status == XG_OK)
        status = fill(&draft, plan, err);
    if (status == XG_OK)
        status = ingest_record(c->d->ingest, &plan->deed.record, &draft,
                               REGISTRY_SERVER, &asking, err);
    if (status == XG_OK)
        plan->deed.written = true;
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status do_all(struct pass *p, struct xg_error *err)
{
    for (struct plan *plan = p->first; plan; plan = plan->next) {
        struct xg_error why = XG_ERROR_NONE;
        enum xg_status status =
            p->dry ? XG_OK : write(p->c, plan, p->now_ms, &why);
        if (status == XG_REFUSED)
            continue; /* another was faster, or the case went on */
        if (of_one_case(status)) {
            pass_over(&plan->deed.id, &why);
            p->watches[plan->watch].next_ms = p->now_ms + CLERK_AGAIN_MS;
            continue;
        }
        if (status != XG_OK) {
            *err = why;
            return status;
        }
        if (p->told)
            p->told(p->ctx, &plan->deed);
    }
    return XG_OK;
}

/* Reading; what is found lies in p->deeds. */
static enum xg_status find_page(struct pass *p, bool *last,
                                struct xg_error *err)
{
    struct clerk *c = p->c;
    struct xg_guide_source source;
    bool begins = p->before == 0;

    if (data_borrow(c->d, &p->store, err) != XG_OK)
        return err->status;
    source = guide_source(p->store);
    enum xg_status status =
        begins ? guide_mark(&p->mark, p->store, err) : XG_OK;
    if (status == XG_OK && (p->mark != c->mark || p->now_ms < c->now_ms))
        c->count = 0; /* all is to be reckoned anew */
    if (status == XG_OK)
        status = xg_guide_new(&p->guide, &source, err);
    if (status == XG_OK)
        status = look_at_page(p, last, err);
    data_return(c->d, p->store);
    return status;
}

/* A page of cases: what is to be done for them is done before the next. */
static enum xg_status do_page(struct pass *p, bool *last, struct xg_error *err)
{
    p->first = NULL;
    p->last = &p->first;
    enum xg_status status = find_page(p, last, err);
    if (status == XG_OK)
        status = do_all(p, err);
    xg_guide_free(p->guide);
    p->guide = NULL;
    xg_arena_reset(&p->deeds);
    return status;
}

enum xg_status clerk_run(struct clerk *c, int64_t now_ms, bool dry,
                         void (*told)(void *ctx, const struct clerk_deed *deed),
                         void *ctx, struct xg_error *err)
{
    struct pass p = {.c = c,
                     .registry = registry_view(c->d->registry),
                     .now_ms = now_ms,
                     .dry = dry,
                     .told = told,
                     .ctx = ctx,
                     .deeds = XG_ARENA(DEEDS_ARENA)};
    enum xg_status status = XG_OK;
    bool last = false;

    while (status == XG_OK && !last)
        status = do_page(&p, &last, err);
    free(c->watches);
    c->watches = p.watches;
    c->count = p.count;
    c->now_ms = now_ms;
    c->mark = p.mark;
    if (dry || status != XG_OK)
        c->count = 0; /* what was not written is to be found again */
    xg_arena_clear(&p.deeds);
    return status;
}

/* ---- in a running server ---- */

struct clerk_thread {
    struct clerk *clerk;
    struct data *d;
    struct rounds *rounds;
    bool looked; /* for lost photos, at that time */
    int64_t looked_ms;
};

static void say(void *ctx, const struct clerk_deed *deed)
{
    char id[2 * XG_ID_SIZE + 1];

    (void)ctx;
    xg_hex(id, deed->id.b, XG_ID_SIZE);
    xg_log(XG_LOG_INFO, "clerk.wrote",
           "case=%s act=%s stage=%s turn=%u climb=%u level=%s", id,
           deed->move == XG_MOVE_REMIND ? "remind" : "escalate",
           xg_choice_find(xg_stages, deed->stage)->name, deed->turn,
           deed->climb, deed->level);
}

enum { LOOK_EVERY_MS = 60 * 60 * 1000 };

/* Once an hour: are the files of all photos still there? */
static void look_for_photos(struct clerk_thread *t)
{
    int64_t now_ms = xg_mono_ms(&t->d->env);
    struct xg_error err = XG_ERROR_NONE;
    uint64_t lost = 0;

    if (t->looked && now_ms - t->looked_ms < LOOK_EVERY_MS)
        return;
    t->looked = true;
    t->looked_ms = now_ms;
    if (lost_look(t->d, &lost, &err) != XG_OK)
        xg_log(XG_LOG_WARN, "clerk.photos", "error=\"%s\"",
               xg_error_text(&err));
    else if (lost)
        xg_log(XG_LOG_WARN, "clerk.photos", "lost=%llu",
               (unsigned long long)lost);
}

static void pass(void *ctx)
{
    struct clerk_thread *t = ctx;
    struct xg_error err = XG_ERROR_NONE;

    if (clerk_run(t->clerk, (int64_t)ledger_time_ms(t->d->ledger), false, say,
                  NULL, &err) != XG_OK)
        xg_log(XG_LOG_WARN, "clerk.failed", "error=\"%s\"",
               xg_error_text(&err));
    err = XG_ERROR_NONE;
    if (redact_finish(t->d, &err) != XG_OK)
        xg_log(XG_LOG_WARN, "clerk.redact", "error=\"%s\"",
               xg_error_text(&err));
    err = XG_ERROR_NONE;
    if (photo_staged_settle(t->d, &err) != XG_OK)
        xg_log(XG_LOG_WARN, "clerk.photos", "error=\"%s\"",
               xg_error_text(&err));
    err = XG_ERROR_NONE;
    if (ingest_catch_up(t->d->ingest, &err) != XG_OK)
        xg_log(XG_LOG_WARN, "clerk.catch_up", "error=\"%s\"",
               xg_error_text(&err));
    err = XG_ERROR_NONE;
    if (view_note_daily(t->d, &err) != XG_OK)
        xg_log(XG_LOG_WARN, "clerk.view", "error=\"%s\"", xg_error_text(&err));
    look_for_photos(t);
}

enum xg_status clerk_start(struct clerk_thread **out, struct data *d,
                           struct xg_error *err)
{
    struct clerk_thread *t = calloc(1, sizeof *t);

    if (!t)
        return xg_fail_nomem(err);
    t->d = d;
    if (clerk_open(&t->clerk, d, err) != XG_OK) {
        free(t);
        return err->status;
    }
    if (rounds_start(&t->rounds, "clerk", CLERK_EVERY_S, pass, t, err) !=
        XG_OK) {
        clerk_close(t->clerk);
        free(t);
        return err->status;
    }
    *out = t;
    return XG_OK;
}

void clerk_stop(struct clerk_thread *t)
{
    if (!t)
        return;
    rounds_stop(t->rounds);
    clerk_close(t->clerk);
    free(t);
}
