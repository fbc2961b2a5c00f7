/* sight.c - see sight.h. */
#include "server/sight/sight.h"

#include <string.h>

enum { SIGHT_BYTES = 256 << 20, PHOTOS_AT_ONCE = 64 };

enum xg_status sight_unit(bool *sees, const struct sight *s, const char *unit,
                          struct xg_error *err)
{
    if (!s->within) {
        *sees = true;
        return XG_OK;
    }
    return xg_unit_within(sees, &s->registry, unit, s->within, UINT64_MAX, err);
}

/* Whoever has it, or had it. A key that is no unit's (">" and a code: those
 * below) matches none. */
static enum xg_status in_hands(bool *sees, const struct sight *s,
                               const struct store_entity *e,
                               struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(SIGHT_BYTES);
    struct store_hand *hands;
    size_t count = 0;

    *sees = false;
    enum xg_status status = s->store->ops->read_hands(
        s->store, &arena, &hands, &count, e->number, err);
    for (size_t i = 0; status == XG_OK && i < count && !*sees; i++)
        if (hands[i].unit[0] != '>')
            status = sight_unit(sees, s, hands[i].unit, err);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status sight_entity(bool *sees, const struct sight *s,
                            const struct store_entity *e, struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(e->kind);
    bool contact = e->kind == XG_KIND_CONTACT;

    *sees = !s->within;
    if (*sees)
        return XG_OK;
    if (contact && !(s->role && s->role->informed))
        return XG_OK;
    if (*e->unit && sight_unit(sees, s, e->unit, err) != XG_OK)
        return err->status;
    if (*sees || contact)
        return XG_OK;
    if (kind && kind->reaches_down && *e->unit &&
        xg_unit_within(sees, &s->registry, s->within, e->unit, UINT64_MAX,
                       err) != XG_OK)
        return err->status;
    if (*sees || e->handed == STORE_AT_HOME)
        return XG_OK;
    return in_hands(sees, s, e, err);
}

enum xg_status sight_id(bool *sees, const struct sight *s,
                        const struct xg_id *id, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(SIGHT_BYTES);
    struct store_entity e;
    bool found = false;
    enum xg_status status =
        s->store->ops->find_entity(s->store, &arena, &e, &found, id, err);

    if (status == XG_OK) {
        *sees = found;
        if (found)
            status = sight_entity(sees, s, &e, err);
    }
    xg_arena_clear(&arena);
    return status;
}

/* The entities whose records name it, one after another. */
static enum xg_status named_by(bool *sees, const struct sight *s,
                               struct xg_arena *arena,
                               const struct store_photo *rows, size_t count,
                               struct xg_error *err)
{
    for (size_t i = 0; i < count && !*sees; i++) {
        struct store_record *record;
        size_t found = 0;
        if (s->store->ops->read_records(s->store, arena, &record, &found,
                                        rows[i].record, rows[i].record, 1,
                                        err) != XG_OK)
            return err->status;
        if (found && record->entity &&
            sight_id(sees, s, &record->entity_id, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

enum xg_status sight_photo(bool *sees, const struct sight *s,
                           const struct xg_hash *sha256, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(SIGHT_BYTES);
    struct store_photo *rows;
    enum xg_status status = XG_OK;
    size_t count = PHOTOS_AT_ONCE, mine;
    uint64_t record = 0;

    *sees = !s->within;
    while (!*sees && status == XG_OK && count == PHOTOS_AT_ONCE) {
        status = s->store->ops->read_photos(s->store, &arena, &rows, &count,
                                            sha256, record, PHOTOS_AT_ONCE,
                                            err);
        if (status != XG_OK)
            break;
        for (mine = 0;
             mine < count && xg_hash_equal(&rows[mine].hash, sha256); mine++)
            record = rows[mine].record;
        status = named_by(sees, s, &arena, rows, mine, err);
        if (mine < count)
            break;
        xg_arena_reset(&arena);
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status sight_device(bool *sees, const struct sight *s,
                            const char *device, struct xg_error *err)
{
    struct xg_statement owner, worker;
    uint64_t position;
    bool found;

    *sees = !s->within;
    if (*sees)
        return XG_OK;
    if (s->registry.find(s->registry.ctx, XG_SAYS_DEVICE, device, UINT64_MAX,
                         &owner, &position, &found, err) != XG_OK)
        return err->status;
    if (!found)
        return XG_OK;
    if (s->registry.find(s->registry.ctx, XG_SAYS_WORKER, owner.owner,
                         UINT64_MAX, &worker, &position, &found, err) != XG_OK)
        return err->status;
    return found ? sight_unit(sees, s, worker.unit, err) : XG_OK;
}
