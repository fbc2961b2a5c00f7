/* registry_scope.c - which units a device may look into, and since when. */
#include <stdio.h>
#include <stdlib.h>

#include "server/registry_internal.h"

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

/* Codes of all units ever named, each once, sorted. */
static enum xg_status all_units(const char ***out, size_t *count,
                                struct registry *r, struct xg_arena *arena,
                                struct xg_error *err)
{
    const char **units;
    size_t n = 0;

    pthread_rwlock_rdlock(&r->lock);
    units = xg_arena_array(arena, r->unit_count + 1, sizeof *units);
    for (size_t i = 0; units && i < r->unit_count; i++) {
        const char *unit = r->unit_places[i].unit;
        units[n] = xg_arena_str(arena, unit, strlen(unit));
        if (!units[n++])
            units = NULL;
    }
    pthread_rwlock_unlock(&r->lock);
    if (!units)
        return xg_fail_nomem(err);
    qsort(units, n, sizeof *units, compare_text);
    *count = 0;
    for (size_t i = 0; i < n; i++)
        if (*count == 0 || strcmp(units[*count - 1], units[i]) != 0)
            units[(*count)++] = units[i];
    *out = units;
    return XG_OK;
}

enum xg_status registry_scope(struct registry_scope *out, struct registry *r,
                              struct xg_arena *arena, const char *device,
                              uint64_t size, struct xg_error *err)
{
    const struct xg_registry view = registry_view(r);
    struct registry_scope scope = {.role = NULL};
    struct standing now;
    size_t count = 0, kept = 0;
    bool own = false;

    if (stand(&now, r, device, size, err) != XG_OK)
        return err->status;
    snprintf(scope.device, sizeof scope.device, "%s", device);
    if (!now.enrolled || !now.known) {
        *out = scope;
        return XG_OK;
    }
    memcpy(scope.worker, now.device.owner, sizeof scope.worker);
    memcpy(scope.unit, now.worker.unit, sizeof scope.unit);
    scope.role = xg_role_find(now.worker.role);
    if (all_units(&scope.units, &count, r, arena, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        bool within;
        if (xg_unit_within(&within, &view, scope.units[i], scope.unit,
                           now.size, err) != XG_OK)
            return err->status;
        own |= strcmp(scope.units[i], scope.unit) == 0;
        if (within)
            scope.units[kept++] = scope.units[i];
    }
    /* A unit that no line names is one all the same (room was left). */
    if (!own) {
        scope.units[kept++] =
            xg_arena_str(arena, scope.unit, strlen(scope.unit));
        if (!scope.units[kept - 1])
            return xg_fail_nomem(err);
        qsort(scope.units, kept, sizeof *scope.units, compare_text);
    }
    scope.unit_count = kept;
    *out = scope;
    return XG_OK;
}

/* Does the statement about `unit` at `position` bring it into the scope, or
 * take it out? */
static enum xg_status unit_matters(bool *matters, struct registry *r,
                                   const char *device, const char *unit,
                                   uint64_t position, struct xg_error *err)
{
    const struct xg_registry view = registry_view(r);
    struct standing now;
    bool before = false, after = false;

    if (stand(&now, r, device, position + 1, err) != XG_OK)
        return err->status;
    if (now.known &&
        (xg_unit_within(&before, &view, unit, now.worker.unit, position,
                        err) != XG_OK ||
         xg_unit_within(&after, &view, unit, now.worker.unit, position + 1,
                        err) != XG_OK))
        return err->status;
    *matters = before || after;
    return XG_OK;
}

/* The first statement of that kind about it in [from, *to), into *to. */
static void first_in(struct registry *r, enum xg_statement_kind kind,
                     const char *subject, uint64_t from, uint64_t *to)
{
    pthread_rwlock_rdlock(&r->lock);
    const struct subject *s = registry_subject(r, kind, subject);
    for (size_t i = 0; s && i < s->count; i++)
        if (s->list[i].position >= from && s->list[i].position < *to)
            *to = s->list[i].position;
    pthread_rwlock_unlock(&r->lock);
}

enum xg_status registry_scope_change(uint64_t *position, struct registry *r,
                                     const char *device, uint64_t from,
                                     uint64_t to, struct xg_error *err)
{
    struct standing now;
    uint64_t first = to;

    if (stand(&now, r, device, to, err) != XG_OK)
        return err->status;
    /* What was before its enrolment is not seen as a change. */
    if (now.enrolled) {
        uint64_t enrolled = 0;
        struct xg_statement s;
        bool found;
        registry_enrolment(r, &s, &enrolled, &found, device);
        if (from <= enrolled)
            from = enrolled + 1;
        first_in(r, XG_SAYS_WORKER, now.device.owner, from, &first);
    }
    for (size_t i = 0;; i++) {
        char unit[XG_CODE_MAX + 1];
        uint64_t at = UINT64_MAX;
        bool matters = false;
        pthread_rwlock_rdlock(&r->lock);
        if (i < r->unit_count) {
            at = r->unit_places[i].position;
            memcpy(unit, r->unit_places[i].unit, sizeof unit);
        }
        pthread_rwlock_unlock(&r->lock);
        if (at >= first)
            break;
        if (at < from)
            continue;
        if (unit_matters(&matters, r, device, unit, at, err) != XG_OK)
            return err->status;
        if (matters) {
            first = at;
            break;
        }
    }
    *position = first;
    return XG_OK;
}
