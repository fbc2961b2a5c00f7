/* scope_change.c - a scope that changes: what a worker's move, or a unit's,
 * brings and takes. */
#include "server/merge/scope_inside.h"

enum {
    CHUNK_BYTES = 128 << 10,
    CHANGE_REACH = 4096, /* entries after which a change is all told */
};

/* What a change at entry `at` brings or takes, told in chunks at the entries
 * after it. What is not in scope any more is counted too, so that chunks stay
 * where they are. */
struct change {
    struct registry_scope before, after;
    uint64_t at;
    uint64_t chunk, wanted; /* at work on; the one to put */
    size_t bytes;           /* of the chunk so far */
    bool more;              /* there are chunks after the wanted one */
};

static bool chunk_item(struct change *c, size_t bytes)
{
    if (c->bytes && c->bytes + bytes > CHUNK_BYTES) {
        c->chunk++;
        c->bytes = 0;
    }
    c->bytes += bytes;
    c->more |= c->chunk > c->wanted;
    return c->chunk == c->wanted;
}

static enum xg_status see_change(enum level *before, enum level *after,
                                 struct page *p, const struct change *c,
                                 const struct subject *e)
{
    const struct look look = {BY_ENTRY, c->at};

    if (scope_see(before, p, &c->before, e, &look) != XG_OK)
        return p->err->status;
    return scope_see(after, p, &c->after, e, &look);
}

static enum xg_status put_out(struct page *p, struct change *c,
                              const struct subject *e, const struct xg_id *id)
{
    struct xg_update out = {.kind = XG_UPDATE_OUT, .entity = *id};
    enum level before, after, now;

    if (see_change(&before, &after, p, c, e) != XG_OK)
        return p->err->status;
    if (before == UNSEEN || after != UNSEEN || !chunk_item(c, SCOPE_OUT_COST))
        return XG_OK;
    if (scope_see_now(&now, p, e) != XG_OK)
        return p->err->status;
    if (now == UNSEEN)
        xg_update_put(p->raw, &out, false);
    return XG_OK;
}

static enum xg_status put_left(struct page *p, void *ctx,
                               const struct store_record *row)
{
    struct change *c = ctx;
    const struct subject e = scope_subject_of(row);

    if (!row->creates || scope_home_level(&c->before, &e) == UNSEEN)
        return XG_OK;
    return put_out(p, c, &e, &row->entity_id);
}

static enum xg_status put_come(struct page *p, struct change *c,
                               const struct subject *e,
                               const struct store_record *row)
{
    enum level before, after, now;

    if (see_change(&before, &after, p, c, e) != XG_OK)
        return p->err->status;
    if (after <= before ||
        !chunk_item(c,
                    row->head.len + store_fields_len(row) + SCOPE_PASSING_COST))
        return XG_OK;
    if (scope_see_now(&now, p, e) != XG_OK)
        return p->err->status;
    return scope_shows(scope_least(after, now), row) ? scope_put_row(p, row)
                                                     : XG_OK;
}

static enum xg_status put_joined(struct page *p, void *ctx,
                                 const struct store_record *row)
{
    struct change *c = ctx;
    const struct subject e = scope_subject_of(row);

    return scope_home_level(&c->after, &e) == UNSEEN ? XG_OK
                                                     : put_come(p, c, &e, row);
}

/* What to do with an entity that is in hands. */
typedef enum xg_status on_hand(struct page *p, struct change *c,
                               const struct store_hand *hand);

static enum xg_status put_hand_left(struct page *p, struct change *c,
                                    const struct store_hand *hand)
{
    const struct subject e = {hand->entity, hand->kind, hand->home,
                              hand->handed};

    return put_out(p, c, &e, &hand->id);
}

static enum xg_status put_hand_joined(struct page *p, struct change *c,
                                      const struct store_hand *hand)
{
    const struct subject e = {hand->entity, hand->kind, hand->home,
                              hand->handed};
    struct store_record *rows;
    size_t count = SCOPE_READ_STEP;
    uint64_t next = 1;

    while (count == SCOPE_READ_STEP && !c->more) {
        xg_arena_reset(&p->step);
        if (p->store->ops->read_entity_range(p->store, &p->step, &rows, &count,
                                             hand->entity, next, STORE_OPEN,
                                             SCOPE_READ_STEP, p->err) != XG_OK)
            return p->err->status;
        for (size_t i = 0; i < count; i++) {
            next = rows[i].number + 1;
            if (rows[i].shown <= c->at && put_come(p, c, &e, &rows[i]) != XG_OK)
                return p->err->status;
        }
    }
    return XG_OK;
}

/* Each entity once: by its home where the scope sees it so, else by the least
 * unit of the scope in whose hands it was at the change. */
static enum xg_status is_first_hand(bool *first, struct page *p,
                                    const struct registry_scope *of,
                                    const struct change *c,
                                    const struct store_hand *hand)
{
    const struct subject e = {hand->entity, hand->kind, hand->home,
                              hand->handed};
    const struct look look = {BY_ENTRY, c->at};

    *first =
        scope_hand_counts(hand, &look) && scope_home_level(of, &e) == UNSEEN;
    if (!*first)
        return XG_OK;
    if (scope_hands_of(p, &e) != XG_OK)
        return p->err->status;
    for (size_t i = 0; i < p->hand_count; i++)
        if (scope_hand_counts(&p->hands[i], &look) &&
            scope_key_level(of, p->hands[i].unit) != UNSEEN &&
            strcmp(p->hands[i].unit, hand->unit) < 0)
            *first = false;
    return XG_OK;
}

static enum xg_status walk_hands(struct page *p, const char *key,
                                 const struct registry_scope *of, on_hand *each,
                                 struct change *c)
{
    uint64_t entity = 0, number = 0;
    struct store_hand *rows;
    size_t count = SCOPE_READ_STEP;

    while (count == SCOPE_READ_STEP && !c->more) {
        xg_arena_reset(&p->walk);
        if (p->store->ops->read_unit_hands(p->store, &p->walk, &rows, &count,
                                           key, entity, number, SCOPE_READ_STEP,
                                           p->err) != XG_OK)
            return p->err->status;
        for (size_t i = 0; i < count && !c->more; i++) {
            bool first;
            entity = rows[i].entity;
            number = rows[i].first;
            if (is_first_hand(&first, p, of, c, &rows[i]) != XG_OK ||
                (first && each(p, c, &rows[i]) != XG_OK))
                return p->err->status;
        }
    }
    return XG_OK;
}

/* Walk what lies in one scope, up to `at`, in all keys of which the other has
 * not. */
static enum xg_status walk_difference(struct page *p,
                                      const struct registry_scope *of,
                                      const struct registry_scope *other,
                                      on_row *each, on_hand *each_hand,
                                      struct change *c)
{
    bool roles = scope_informed(of) != scope_informed(other);
    struct runs runs = {.end = UINT64_MAX};
    struct run all;

    for (size_t i = 0; i < of->unit_count; i++)
        if ((roles || scope_key_level(other, of->units[i]) == UNSEEN) &&
            scope_key_runs(p, &runs, of->units[i], 0, c->at + 1, INT32_MAX) !=
                XG_OK)
            return p->err->status;
    for (size_t i = 0; i < of->above_count; i++)
        if (!scope_has_text(other->above, other->above_count, of->above[i]) &&
            scope_down_runs(p, &runs, of->above[i], 0, c->at + 1, INT32_MAX) !=
                XG_OK)
            return p->err->status;
    scope_sort_runs(&runs);
    for (size_t i = 0; i < runs.count && !c->more;) {
        i += scope_one_entry(&runs, i, &all);
        if (scope_walk_run(p, &all, each, c) != XG_OK)
            return p->err->status;
    }
    for (size_t i = 0; i < of->unit_count && !c->more; i++)
        if ((roles || scope_key_level(other, of->units[i]) == UNSEEN) &&
            walk_hands(p, of->units[i], of, each_hand, c) != XG_OK)
            return p->err->status;
    for (size_t i = 0; i < of->above_count && !c->more; i++) {
        char key[STORE_UNIT_MAX + 1];
        scope_down_key(key, of->above[i]);
        if (!scope_has_text(other->above, other->above_count, of->above[i]) &&
            walk_hands(p, key, of, each_hand, c) != XG_OK)
            return p->err->status;
    }
    return XG_OK;
}

/* Put the wanted chunk of the change at that entry. */
static enum xg_status put_change(struct page *p, uint64_t at, uint64_t wanted,
                                 bool *more)
{
    struct change c = {.at = at, .wanted = wanted};

    if (registry_scope(&c.before, p->registry, &p->arena, p->scope.device, at,
                       p->err) != XG_OK ||
        registry_scope(&c.after, p->registry, &p->arena, p->scope.device,
                       at + 1, p->err) != XG_OK ||
        walk_difference(p, &c.before, &c.after, put_left, put_hand_left, &c) !=
            XG_OK)
        return p->err->status;
    if (!c.more && walk_difference(p, &c.after, &c.before, put_joined,
                                   put_hand_joined, &c) != XG_OK)
        return p->err->status;
    *more = c.more || c.chunk > wanted;
    return XG_OK;
}

/* A unit that is named for the first time, and of which there is nothing
 * yet, may as well have been there before. */
enum xg_status scope_next_change(struct page *p, uint64_t from, uint64_t to,
                                 uint64_t *at)
{
    struct registry_changes changes = {p->scope.device, from, to, 0};
    struct registry_change c;
    struct store_scope *rows;
    size_t count = 1;
    bool more;

    do {
        if (registry_next_change(&c, &more, p->registry, &changes, p->err) !=
            XG_OK)
            return p->err->status;
        if (!more) {
            *at = to;
            return XG_OK;
        }
        xg_arena_reset(&p->step);
        if (c.unit_is_new &&
            p->store->ops->read_scope(p->store, &p->step, &rows, &count, c.unit,
                                      0, c.position, 1, p->err) != XG_OK)
            return p->err->status;
    } while (c.unit_is_new && count == 0);
    *at = c.position;
    return XG_OK;
}

/* The parts of earlier changes that are told of at entry `at`. Changes are
 * rare: a worker moves, a unit is put below another. */
enum xg_status scope_put_changes(struct page *p, uint64_t at, bool *more)
{
    uint64_t from = at > CHANGE_REACH ? at - CHANGE_REACH : 0, change;

    while (from < at) {
        bool goes_on = false;
        if (scope_next_change(p, from, at, &change) != XG_OK)
            return p->err->status;
        if (change >= at)
            break;
        if (put_change(p, change, at - change - 1, &goes_on) != XG_OK)
            return p->err->status;
        *more |= goes_on;
        from = change + 1;
    }
    return XG_OK;
}
