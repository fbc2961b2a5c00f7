/* tell.c - who is told of what at which log entry: the rows that
 * scope.c reads.
 *
 * What is told at one entry is kept small (SCOPE_SHOWN_BYTES): what does not
 * fit is told at the entries after. All of it is a function of the log.
 */
#include <stdio.h>

#include "server/merge/inside.h"
#include "server/merge/scope.h"

enum { TELL_STEP = 64 };

uint64_t tell_reserve(struct placer *p, uint64_t told, uint64_t bytes)
{
    struct store_counts *c = &p->counts;

    if (c->shown < told) {
        c->shown = told;
        c->shown_bytes = 0;
    }
    if (c->shown_bytes && c->shown_bytes + bytes > SCOPE_SHOWN_BYTES) {
        c->shown++;
        c->shown_bytes = 0;
    }
    c->shown_bytes += bytes;
    return c->shown;
}

/* ---- records as they come ---- */

void teller_init(struct teller *t, struct placer *p, const struct incoming *inc,
                 struct xg_error *err)
{
    *t = (struct teller){.p = p, .inc = inc, .err = err};
}

static enum xg_status tell_now(struct teller *t)
{
    struct store *to = t->p->to;

    for (size_t i = 0; i < t->count; i++)
        if (to->ops->put_scope(to, t->list[i].key, &t->list[i].run, t->err) !=
            XG_OK)
            return t->err->status;
    t->count = 0;
    return XG_OK;
}

static enum xg_status tell(struct teller *t, const char *key,
                           const struct store_record *row)
{
    size_t i = 0;

    while (i < t->count && (t->list[i].run.shown != row->shown ||
                            strcmp(t->list[i].key, key) != 0))
        i++;
    if (i < t->count) {
        struct store_scope *run = &t->list[i].run;
        run->first = row->number < run->first ? row->number : run->first;
        run->last = row->number > run->last ? row->number : run->last;
        return XG_OK;
    }
    if (t->count == TELL_KEYS) {
        if (tell_now(t) != XG_OK)
            return t->err->status;
        i = 0;
    }
    memcpy(t->list[i].key, key, strlen(key) + 1);
    t->list[i].run =
        (struct store_scope){row->shown, row->number, row->number, 0};
    t->count = i + 1;
    return XG_OK;
}

static void device_key(char key[static STORE_DEVICE_MAX + 2],
                       const char *device)
{
    key[0] = '@';
    memcpy(key + 1, device, strlen(device) + 1);
}

/* The device that wrote them is told of all, in a key of its own. */
enum xg_status teller_end(struct teller *t, const struct store_record *rows,
                          size_t count)
{
    struct store *to = t->p->to;
    char key[STORE_DEVICE_MAX + 2];
    size_t run = 0;

    if (tell_now(t) != XG_OK)
        return t->err->status;
    device_key(key, t->inc->device);
    for (size_t i = 1; i <= count; i++) {
        if (i < count && rows[i].shown == rows[run].shown)
            continue;
        struct store_scope row = {rows[run].shown, rows[run].number,
                                  rows[i - 1].number, 0};
        if (to->ops->put_scope(to, key, &row, t->err) != XG_OK)
            return t->err->status;
        run = i;
    }
    return to->ops->put_telling(to, t->p->counts.shown,
                                t->p->counts.shown_bytes, t->err);
}

/* ---- whose hands an entity is in ---- */

static void want(struct tell_entity *e, const char *unit, size_t len, bool down)
{
    char key[STORE_UNIT_MAX + 1] = ">";

    if (len == 0 || len > XG_CODE_MAX)
        return;
    memcpy(key + down, unit, len);
    key[down + len] = '\0';
    for (size_t i = 0; i < e->wanted_count; i++)
        if (strcmp(e->wanted[i], key) == 0)
            return;
    memcpy(e->wanted[e->wanted_count++], key, sizeof key);
}

/* What the fold says; where there was none, as it stood. */
static void want_all(struct tell_entity *e, const struct fold *f)
{
    const struct store_entity *now = &f->entity;
    struct xg_bytes units[XG_UNITS_MAX];
    size_t len = strlen(now->unit), n = 0;

    e->kind = xg_kind_find(now->kind);
    if (e->arrived)
        want(e, now->unit, len, false);
    if (e->arrived && e->kind && e->kind->reaches_down)
        want(e, now->unit, len, true);
    if (!now->folded)
        for (size_t i = 0; i < e->held_count; i++)
            if (e->held[i].unit[0] != '>')
                want(e, e->held[i].unit, strlen(e->held[i].unit), false);
    if (now->folded)
        n = xg_state_units(&f->state, units);
    for (size_t i = 0; i < n; i++)
        if (units[i].len != len || memcmp(units[i].at, now->unit, len) != 0)
            want(e, (const char *)units[i].at, units[i].len, false);
}

enum xg_status teller_look(struct teller *t, struct tell_entity *e,
                           const struct store_entity *before, bool late,
                           struct fold *f)
{
    struct store *to = t->p->to;
    size_t open = 0;

    *e = (struct tell_entity){
        .arrived = late || before->handed == STORE_ARRIVED,
        .entity = f->entity.number,
    };
    xg_arena_reset(&t->p->hands);
    if (before->handed != STORE_AT_HOME &&
        to->ops->read_hands(to, &t->p->hands, &e->held, &e->held_count,
                            f->entity.number, t->err) != XG_OK)
        return t->err->status;
    for (size_t i = 0; i < e->held_count; i++)
        if (e->held[i].last == STORE_OPEN)
            e->held[open++] = e->held[i];
    e->held_count = open;
    memcpy(e->home, f->entity.unit, sizeof e->home);
    want_all(e, f);
    if (e->arrived)
        f->entity.handed = STORE_ARRIVED;
    else
        f->entity.handed = e->wanted_count || before->handed ? STORE_HANDED
                                                             : STORE_AT_HOME;
    return XG_OK;
}

static bool wanted(const struct tell_entity *e, const char *unit)
{
    for (size_t i = 0; i < e->wanted_count; i++)
        if (strcmp(e->wanted[i], unit) == 0)
            return true;
    return false;
}

static bool held(const struct tell_entity *e, const char *unit)
{
    for (size_t i = 0; i < e->held_count; i++)
        if (strcmp(e->held[i].unit, unit) == 0)
            return true;
    return false;
}

static bool down_key(const char *key)
{
    return key[0] == '>';
}

enum xg_status teller_row(struct teller *t, const struct tell_entity *e,
                          const struct store_record *row,
                          const struct xg_record *record)
{
    char below[STORE_UNIT_MAX + 1];
    bool down = scope_goes_down(record, e->kind);

    if (!e->arrived && e->home[0]) {
        if (tell(t, e->home, row) != XG_OK)
            return t->err->status;
        scope_down_key(below, e->home);
        if (down && tell(t, below, row) != XG_OK)
            return t->err->status;
    }
    for (size_t i = 0; i < e->held_count; i++)
        if (wanted(e, e->held[i].unit) &&
            (down || !down_key(e->held[i].unit)) &&
            tell(t, e->held[i].unit, row) != XG_OK)
            return t->err->status;
    return XG_OK;
}

/* ---- hands that change ---- */

static enum xg_status put_passing(struct teller *t, const char *unit,
                                  const struct store_passing *row)
{
    struct store *to = t->p->to;
    const struct store_scope mark = {row->shown, STORE_OPEN, 0,
                                     STORE_PASSINGS};

    if (to->ops->put_passing(to, unit, row, t->err) != XG_OK)
        return t->err->status;
    return to->ops->put_scope(to, unit, &mark, t->err);
}

/* A part of an entity, told to all units into whose hands it came. */
static enum xg_status put_part(struct teller *t, const struct tell_entity *e,
                               const struct store_passing *part)
{
    for (size_t i = 0; i < e->wanted_count; i++)
        if (!held(e, e->wanted[i]) &&
            put_passing(t, e->wanted[i], part) != XG_OK)
            return t->err->status;
    return XG_OK;
}

/* Tell it whole: everything up to the newest record. */
static enum xg_status tell_whole(struct teller *t, const struct tell_entity *e)
{
    struct xg_arena arena = XG_ARENA(BATCH_ARENA);
    struct store *to = t->p->to;
    uint64_t last = t->p->counts.records, next = 1;
    struct store_passing part = {.entity = e->entity, .hand = last + 1};
    struct store_record *rows;
    size_t count = TELL_STEP;
    enum xg_status status = XG_OK;

    while (status == XG_OK && count == TELL_STEP) {
        xg_arena_reset(&arena);
        status = to->ops->read_entity_range(to, &arena, &rows, &count,
                                            e->entity, next, last, TELL_STEP,
                                            t->err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            uint64_t shown =
                tell_reserve(t->p, t->inc->told,
                             rows[i].head.len + store_fields_len(&rows[i]) +
                                 SCOPE_PASSING_COST);
            if (part.first && shown != part.shown) {
                status = put_part(t, e, &part);
                part.first = 0;
            }
            part.shown = shown;
            part.first = part.first ? part.first : rows[i].number;
            part.last = rows[i].number;
            next = rows[i].number + 1;
        }
    }
    if (status == XG_OK && part.first)
        status = put_part(t, e, &part);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status end_hand(struct teller *t, struct store_hand *hand,
                               uint64_t first_row)
{
    struct store *to = t->p->to;
    const struct store_passing out = {
        .shown = tell_reserve(t->p, t->inc->told, SCOPE_OUT_COST),
        .entity = hand->entity,
        .hand = hand->first};

    hand->last = first_row - 1;
    hand->until = t->inc->told;
    if (to->ops->put_hand(to, hand, t->err) != XG_OK)
        return t->err->status;
    return put_passing(t, hand->unit, &out);
}

enum xg_status teller_pass(struct teller *t, struct tell_entity *e,
                           uint64_t first_row)
{
    struct store *to = t->p->to;
    struct store_hand hand = {.entity = e->entity,
                              .first = t->p->counts.records + 1,
                              .last = STORE_OPEN,
                              .since = t->inc->told,
                              .until = STORE_OPEN};
    bool came = false;

    for (size_t i = 0; i < e->held_count; i++)
        if (!wanted(e, e->held[i].unit) &&
            end_hand(t, &e->held[i], first_row) != XG_OK)
            return t->err->status;
    for (size_t i = 0; i < e->wanted_count; i++) {
        if (held(e, e->wanted[i]))
            continue;
        came = true;
        memcpy(hand.unit, e->wanted[i], sizeof hand.unit);
        if (to->ops->put_hand(to, &hand, t->err) != XG_OK)
            return t->err->status;
    }
    return came ? tell_whole(t, e) : XG_OK;
}

/* ---- forks ---- */

/* Tell a unit, or (NULL) the device itself. */
static enum xg_status tell_moved(struct teller *t,
                                 const struct store_moved *moved,
                                 const char *unit)
{
    struct store *to = t->p->to;
    const struct store_scope mark = {moved->shown, STORE_OPEN, 0, STORE_MOVES};
    char key[STORE_DEVICE_MAX + 2];

    if (unit)
        snprintf(key, sizeof key, "%s", unit);
    else
        device_key(key, t->inc->device);
    if (to->ops->put_moved(to, key, moved, t->err) != XG_OK)
        return t->err->status;
    return to->ops->put_scope(to, key, &mark, t->err);
}

/* Whoever is interested in one record. */
static enum xg_status tell_moved_all(struct teller *t, struct xg_arena *arena,
                                     const struct store_record *row,
                                     const struct store_moved *moved)
{
    struct store *to = t->p->to;
    const struct xg_kind *kind = xg_kind_find(row->kind);
    struct store_hand *hands = NULL;
    char below[STORE_UNIT_MAX + 1];
    size_t count = 0;

    if (tell_moved(t, moved, NULL) != XG_OK)
        return t->err->status;
    if (!row->entity)
        return XG_OK;
    if (row->handed != STORE_ARRIVED && row->unit[0]) {
        scope_down_key(below, row->unit);
        if (tell_moved(t, moved, row->unit) != XG_OK ||
            (kind && kind->reaches_down &&
             tell_moved(t, moved, below) != XG_OK))
            return t->err->status;
    }
    if (row->handed != STORE_AT_HOME &&
        to->ops->read_hands(to, arena, &hands, &count, row->entity, t->err) !=
            XG_OK)
        return t->err->status;
    for (size_t i = 0; i < count; i++)
        if (hands[i].last == STORE_OPEN &&
            tell_moved(t, moved, hands[i].unit) != XG_OK)
            return t->err->status;
    return XG_OK;
}

enum xg_status teller_moved(struct teller *t, uint64_t branch, bool records)
{
    struct xg_arena arena = XG_ARENA(BATCH_ARENA);
    struct store *to = t->p->to;
    struct store_moved moved = {.branch = branch, .first = 1};
    struct store_record *rows;
    size_t count = TELL_STEP;
    uint64_t seq = 0;
    enum xg_status status = XG_OK;

    moved.shown = tell_reserve(t->p, t->inc->told, SCOPE_BRANCH_COST);
    while (status == XG_OK && count == TELL_STEP) {
        xg_arena_reset(&arena);
        status = to->ops->read_branch(to, &arena, &rows, &count, branch, seq,
                                      TELL_STEP, t->err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            seq = rows[i].seq + 1;
            if (records) {
                moved.shown =
                    tell_reserve(t->p, t->inc->told, SCOPE_PLACE_COST);
                moved.first = moved.last = rows[i].seq;
            }
            status = tell_moved_all(t, &arena, &rows[i], &moved);
        }
    }
    xg_arena_clear(&arena);
    return status;
}
