/* scope.c - which units a device may look into, and since when. */
#include <stdio.h>
#include <stdlib.h>

#include "server/registry/inside.h"

/* Statements as they stood at `size`; before the device was enrolled: as they
 * stood then. */
struct standing {
    struct xg_statement device, worker;
    uint64_t size;
    bool enrolled, known;
};

static enum xg_status stand(struct standing *out, struct registry *r,
                            const char *device, uint64_t size,
                            struct xg_error *err)
{
    const struct xg_registry view = registry_view(r);
    struct standing s = {.size = size};
    uint64_t position;

    registry_enrolment(r, &s.device, &position, &s.enrolled, device);
    if (s.enrolled && s.size <= position)
        s.size = position + 1;
    if (s.enrolled &&
        view.find(view.ctx, XG_SAYS_WORKER, s.device.owner, s.size, &s.worker,
                  &position, &s.known, err) != XG_OK)
        return err->status;
    *out = s;
    return XG_OK;
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The unit above, by the newest statement below `size`; NULL when there is
 * none. The lock is held. */
static const char *above_at(const struct subject *unit, uint64_t size)
{
    const struct said *s = said_below(unit, size);

    return s && said_unit(s)[0] ? said_unit(s) : NULL;
}

/* xg_unit_within() without copies, for going through all units. */
static bool below(struct registry *r, const struct subject *unit,
                  const char *top, uint64_t size)
{
    const char *at = said_subject(unit->first);

    for (int depth = 0; depth < XG_UNIT_DEPTH_MAX; depth++) {
        if (strcmp(at, top) == 0)
            return true;
        at = above_at(unit, size);
        if (!at)
            return false;
        unit = registry_subject(r, XG_SAYS_UNIT, at);
    }
    return false;
}

static bool add_unit(const char ***units, size_t *count, size_t *room,
                     struct xg_arena *arena, const char *unit)
{
    if (*count == *room) {
        size_t grown = *room * 2 + 16;
        const char **moved = xg_arena_array(arena, grown, sizeof *moved);
        if (!moved)
            return false;
        if (*count)
            memcpy(moved, *units, *count * sizeof *moved);
        *units = moved;
        *room = grown;
    }
    (*units)[*count] = xg_arena_str(arena, unit, strlen(unit));
    return (*units)[(*count)++] != NULL;
}

/* The unit itself is in, also when no line names it. */
static bool add_units(struct registry_scope *scope, struct registry *r,
                      struct xg_arena *arena, uint64_t size)
{
    size_t room = 0;
    bool good = add_unit(&scope->units, &scope->unit_count, &room, arena,
                         scope->unit);

    pthread_rwlock_rdlock(&r->lock);
    for (size_t i = 0; i < SUBJECT_BUCKETS; i++)
        for (const struct subject *s = r->buckets[i]; good && s; s = s->next) {
            const char *name = said_subject(s->first);
            if (s->kind == XG_SAYS_UNIT && strcmp(name, scope->unit) != 0 &&
                below(r, s, scope->unit, size))
                good = add_unit(&scope->units, &scope->unit_count, &room, arena,
                                name);
        }
    pthread_rwlock_unlock(&r->lock);
    return good;
}

static bool add_above(struct registry_scope *scope, struct registry *r,
                      struct xg_arena *arena, uint64_t size)
{
    const char *at = scope->unit;
    size_t room = 0;
    bool good = true;

    pthread_rwlock_rdlock(&r->lock);
    for (int depth = 1; good && depth < XG_UNIT_DEPTH_MAX; depth++) {
        at = above_at(registry_subject(r, XG_SAYS_UNIT, at), size);
        if (!at)
            break;
        good = add_unit(&scope->above, &scope->above_count, &room, arena, at);
    }
    pthread_rwlock_unlock(&r->lock);
    return good;
}

static bool copy_unit(struct registry_unit *out, struct xg_arena *arena,
                      const struct subject *s)
{
    const char *code = said_subject(s->newest), *above = said_unit(s->newest);

    out->code = xg_arena_str(arena, code, strlen(code));
    out->above = xg_arena_str(arena, above, strlen(above));
    return out->code && out->above;
}

enum xg_status registry_units(struct registry_unit **units, size_t *count,
                              struct registry *r, struct xg_arena *arena,
                              struct xg_error *err)
{
    struct registry_unit *list = NULL;
    size_t n = 0, room = 0;
    bool good = true;

    pthread_rwlock_rdlock(&r->lock);
    for (int pass = 0; pass < 2 && good; pass++) {
        for (size_t i = 0; i < SUBJECT_BUCKETS; i++)
            for (const struct subject *s = r->buckets[i]; good && s;
                 s = s->next) {
                if (s->kind != XG_SAYS_UNIT)
                    continue;
                if (pass == 0)
                    room++;
                else
                    good = copy_unit(&list[n++], arena, s);
            }
        if (pass == 0)
            good = (list = xg_arena_array(arena, room + 1, sizeof *list));
    }
    pthread_rwlock_unlock(&r->lock);
    if (!good)
        return xg_fail_nomem(err);
    *units = list;
    *count = n;
    return XG_OK;
}

enum xg_status registry_scope(struct registry_scope *out, struct registry *r,
                              struct xg_arena *arena, const char *device,
                              uint64_t size, struct xg_error *err)
{
    struct registry_scope scope = {.role = NULL};
    struct standing now;

    if (stand(&now, r, device, size, err) != XG_OK)
        return err->status;
    snprintf(scope.device, sizeof scope.device, "%s", device);
    if (now.enrolled && now.known) {
        memcpy(scope.worker, now.device.owner, sizeof scope.worker);
        memcpy(scope.unit, now.worker.unit, sizeof scope.unit);
        scope.role = xg_role_find(now.worker.role);
        if (!add_units(&scope, r, arena, now.size) ||
            !add_above(&scope, r, arena, now.size))
            return xg_fail_nomem(err);
        qsort(scope.units, scope.unit_count, sizeof *scope.units, compare_text);
        if (scope.above_count)
            qsort(scope.above, scope.above_count, sizeof *scope.above,
                  compare_text);
    }
    *out = scope;
    return XG_OK;
}

/* ---- changes ---- */

/* Did the statement at `position` put the unit below another one? */
static bool parent_changed(struct registry *r, const char *unit,
                           uint64_t position)
{
    pthread_rwlock_rdlock(&r->lock);
    const struct subject *s = registry_subject(r, XG_SAYS_UNIT, unit);
    const char *before = above_at(s, position);
    const char *after = above_at(s, position + 1);
    bool changed = strcmp(before ? before : "", after ? after : "") != 0;
    pthread_rwlock_unlock(&r->lock);
    return changed;
}

/* Does the statement about `unit` at `position` bring it into the scope, or
 * take it out? Or *above: does the scope lie in it, and now elsewhere? */
static enum xg_status unit_matters(bool *matters, bool *above,
                                   struct registry *r, const char *device,
                                   const char *unit, uint64_t position,
                                   struct xg_error *err)
{
    const struct xg_registry view = registry_view(r);
    struct standing now;
    bool before = false, after = false, inside = false;

    if (stand(&now, r, device, position + 1, err) != XG_OK)
        return err->status;
    if (now.known && (xg_unit_within(&before, &view, unit, now.worker.unit,
                                     position, err) != XG_OK ||
                      xg_unit_within(&after, &view, unit, now.worker.unit,
                                     position + 1, err) != XG_OK))
        return err->status;
    if (now.known && parent_changed(r, unit, position) &&
        xg_unit_within(&inside, &view, now.worker.unit, unit, position + 1,
                       err) != XG_OK)
        return err->status;
    *above = inside;
    *matters = before != after || inside;
    return XG_OK;
}

/* The first statement about the worker in [from, to), or `to`. */
static uint64_t next_move(struct registry *r, const char *worker, uint64_t from,
                          uint64_t to)
{
    pthread_rwlock_rdlock(&r->lock);
    const struct subject *s = registry_subject(r, XG_SAYS_WORKER, worker);
    for (const struct said *at = s ? s->newest : NULL; at; at = at->older)
        if (at->position >= from && at->position < to)
            to = at->position;
    pthread_rwlock_unlock(&r->lock);
    return to;
}

/* The next statement about any unit in [from, to); false when there is none. */
static bool next_unit(struct registry *r, struct registry_changes *c,
                      struct registry_change *out)
{
    bool found = false;

    pthread_rwlock_rdlock(&r->lock);
    for (; !found && c->next_unit < r->unit_count; c->next_unit++) {
        uint64_t position = r->unit_places[c->next_unit].position;
        if (position >= c->to)
            break;
        if (position < c->from)
            continue;
        out->position = position;
        memcpy(out->unit, r->unit_places[c->next_unit].unit, sizeof out->unit);
        const struct subject *s = registry_subject(r, XG_SAYS_UNIT, out->unit);
        out->unit_is_new = s && s->first->position == position;
        found = true;
    }
    pthread_rwlock_unlock(&r->lock);
    return found;
}

enum xg_status registry_next_change(struct registry_change *out, bool *more,
                                    struct registry *r,
                                    struct registry_changes *c,
                                    struct xg_error *err)
{
    struct registry_change unit = {.position = 0};
    struct xg_statement enrolled;
    uint64_t position = 0, move;
    bool known, matters = false, above = false;

    registry_enrolment(r, &enrolled, &position, &known, c->device);
    if (known && c->from <= position)
        c->from = position + 1;
    *more = false;
    if (!known || c->from >= c->to)
        return XG_OK;
    move = next_move(r, enrolled.owner, c->from, c->to);
    while (!matters) {
        size_t before = c->next_unit;
        if (!next_unit(r, c, &unit))
            break;
        if (unit.position >= move) {
            c->next_unit = before; /* the move comes first */
            break;
        }
        if (unit_matters(&matters, &above, r, c->device, unit.unit,
                         unit.position, err) != XG_OK)
            return err->status;
        unit.unit_is_new &= !above;
    }
    if (matters) {
        c->from = unit.position; /* others may be in the same note */
        *out = unit;
    } else {
        if (move >= c->to)
            return XG_OK;
        c->from = move + 1;
        *out = (struct registry_change){.position = move};
    }
    *more = true;
    return XG_OK;
}
