/* scope.c - see scope.h. */
#include "server/scope.h"

#include <stdlib.h>

#include "shared/base/lang.h"

enum {
    PAGE_BYTES = 576 << 10, /* of 1 MiB: what is told of at one entry more */
    CHUNK_BYTES = 192 << 10,
    ROWS_PER_KEY = 64,
    READ_STEP = 64,
    SCOPE_ARENA = 96 << 20,
};

/* A run of records to look at. */
struct run {
    uint64_t shown, first, last;
};

/* A place in the log and the time note that bounds it. */
struct bound {
    bool known, any;
    uint64_t place;
    struct store_time note;
};

struct page {
    struct xg_buf *raw;
    struct store *store;
    struct registry *registry;
    struct xg_arena arena; /* of the page */
    struct xg_arena step;  /* of a few records */
    struct xg_error *err;
    struct registry_scope scope;
    const char *own_key; /* "@device" */
    const struct scope_held *held;
    struct xg_tree tree; /* over the records put */
    /* What was said before in this body. */
    uint64_t chain; /* number; 0: none */
    struct store_chain chain_row;
    struct xg_hash last_hash;
    bool last_any;
    uint64_t *branches_told;
    size_t told_count, told_room;
    uint64_t *times; /* positions of time notes told, ascending */
    size_t time_count, time_room;
    struct bound below, from; /* looked up last */
};

/* ---- what belongs to a scope ---- */

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_unit(const struct registry_scope *s, const char *unit)
{
    return *unit && s->unit_count &&
           bsearch(&unit, s->units, s->unit_count, sizeof *s->units,
                   compare_text);
}

static bool informed(const struct registry_scope *s)
{
    return s->role && s->role->informed;
}

static bool in_scope(const struct registry_scope *s,
                     const struct store_record *row)
{
    return row->entity && has_unit(s, row->unit) &&
           (row->kind != XG_KIND_CONTACT || informed(s));
}

/* ---- putting items ---- */

static enum xg_status enter_chain(struct page *p, uint64_t chain)
{
    struct xg_update u = {.kind = XG_UPDATE_CHAIN};

    if (p->chain == chain)
        return XG_OK;
    if (p->store->ops->get_chain(p->store, &p->chain_row, chain, p->err) !=
        XG_OK)
        return p->err->status;
    p->chain = chain;
    u.chain = p->chain_row.id;
    u.device = xg_bytes_of(p->chain_row.device);
    xg_update_put(p->raw, &u, false);
    return XG_OK;
}

static bool was_told(struct page *p, uint64_t branch, bool *no_memory)
{
    for (size_t i = 0; i < p->told_count; i++)
        if (p->branches_told[i] == branch)
            return true;
    if (p->told_count == p->told_room) {
        size_t room = p->told_room * 2 + 16;
        uint64_t *moved = xg_arena_array(&p->arena, room, sizeof *moved);
        if (!moved) {
            *no_memory = true;
            return true;
        }
        if (p->told_count)
            memcpy(moved, p->branches_told, p->told_count * sizeof *moved);
        p->branches_told = moved;
        p->told_room = room;
    }
    p->branches_told[p->told_count++] = branch;
    return false;
}

static const struct store_branch *numbered(const struct store_branch *list,
                                           size_t count, uint64_t number)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].number == number)
            return &list[i];
    return NULL;
}

/* Say what a branch is, its parents first. */
static enum xg_status put_branch(struct page *p, const struct store_chain *c,
                                 const struct store_branch *list, size_t count,
                                 uint64_t number)
{
    const struct store_branch *b = numbered(list, count, number);
    const struct store_branch *path[XG_CHAINS_MAX];
    size_t depth = 0;
    bool no_memory = false;

    for (; b && b->parent && depth < XG_CHAINS_MAX;
         b = numbered(list, count, b->parent))
        path[depth++] = b;
    while (depth > 0) {
        b = path[--depth];
        const struct store_branch *parent = numbered(list, count, b->parent);
        if (!parent)
            return xg_fail(p->err, XG_CORRUPT, "a branch is missing");
        struct xg_update u = {.kind = XG_UPDATE_BRANCH,
                              .chain = c->id,
                              .branch = b->id,
                              .start = b->start,
                              .parent = parent->id};
        if (!was_told(p, b->number, &no_memory))
            xg_update_put(p->raw, &u, false);
    }
    return no_memory ? xg_fail_nomem(p->err) : XG_OK;
}

static void put_place(struct page *p, const struct xg_hash *hash,
                      const struct xg_hash *branch)
{
    struct xg_update u = {
        .kind = XG_UPDATE_PLACE, .hash = *hash, .branch = *branch};
    xg_update_put(p->raw, &u, false);
}

/* On which branch of a forked chain the record is. */
static enum xg_status put_where(struct page *p, const struct store_record *row)
{
    struct store_branch *list;
    size_t count;

    if (p->store->ops->read_branches(p->store, &p->step, &list, &count,
                                     row->chain, p->err) != XG_OK)
        return p->err->status;
    const struct store_branch *b = numbered(list, count, row->branch);
    if (!b)
        return xg_fail(p->err, XG_CORRUPT, "a branch is missing");
    if (!b->parent)
        return XG_OK;
    if (put_branch(p, &p->chain_row, list, count, row->branch) != XG_OK)
        return p->err->status;
    put_place(p, &row->hash, &b->id);
    return XG_OK;
}

/* Where the position is among those told, or belongs. */
static size_t time_place(const struct page *p, uint64_t position)
{
    size_t low = 0, high = p->time_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->times[middle] < position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Say a time note, unless it was said in this body. */
static enum xg_status put_time(struct page *p, const struct store_time *t)
{
    struct xg_update u = {.kind = XG_UPDATE_TIME,
                          .position = t->position,
                          .time_ms = t->ms};
    size_t at = time_place(p, t->position);

    if (at < p->time_count && p->times[at] == t->position)
        return XG_OK;
    if (p->time_count == p->time_room) {
        size_t room = p->time_room * 2 + 64;
        uint64_t *moved = xg_arena_array(&p->arena, room, sizeof *moved);
        if (!moved)
            return xg_fail_nomem(p->err);
        if (p->time_count)
            memcpy(moved, p->times, p->time_count * sizeof *moved);
        p->times = moved;
        p->time_room = room;
    }
    memmove(p->times + at + 1, p->times + at,
            (p->time_count++ - at) * sizeof *p->times);
    p->times[at] = t->position;
    xg_update_put(p->raw, &u, false);
    return XG_OK;
}

/* The last time note below an anchor's size; what others are judged by too, so
 * the device needs the very one. */
static enum xg_status put_below(struct page *p, uint64_t size)
{
    struct bound *b = &p->below;

    if (!b->known || b->place != size) {
        if (p->store->ops->find_time_below(p->store, &b->note, &b->any, size,
                                           p->err) != XG_OK)
            return p->err->status;
        b->known = true;
        b->place = size;
    }
    return b->any ? put_time(p, &b->note) : XG_OK;
}

/* The first one at a record's position or after. */
static enum xg_status put_from(struct page *p, uint64_t position)
{
    struct bound *b = &p->from;

    if (!b->known || b->place != position) {
        if (p->store->ops->find_time_from(p->store, &b->note, &b->any, position,
                                          p->err) != XG_OK)
            return p->err->status;
        b->known = true;
        b->place = position;
    }
    return b->any ? put_time(p, &b->note) : XG_OK;
}

static enum xg_status put_bounds(struct page *p, const struct store_record *row)
{
    return put_below(p, row->anchor_size) == XG_OK ? put_from(p, row->position)
                                                   : p->err->status;
}

static enum xg_status put_row(struct page *p, const struct store_record *row)
{
    struct xg_update u = {.kind = XG_UPDATE_RECORD,
                          .seq = row->seq,
                          .previous = row->previous,
                          .position = row->position,
                          .anchor_size = row->anchor_size};

    /* What is longer than a record may be was struck out; nobody can pass it
     * on in a page. */
    if (row->head.len + row->fields.len > XG_RECORD_MAX)
        return XG_OK;
    if (put_bounds(p, row) != XG_OK || enter_chain(p, row->chain) != XG_OK)
        return p->err->status;
    bool follows = p->last_any && xg_hash_equal(&p->last_hash, &row->previous);
    u.chain = p->chain_row.id;
    u.record.head_raw = row->head;
    u.record.fields_raw = row->fields;
    u.record.hash = row->hash;
    xg_update_put(p->raw, &u, !follows);
    xg_tree_append(&p->tree, &row->hash, NULL, NULL);
    p->last_hash = row->hash;
    p->last_any = true;
    return p->chain_row.forked ? put_where(p, row) : XG_OK;
}

/* An entity whose first record comes after others: those go before it. */
static enum xg_status put_late(struct page *p, const struct store_record *row)
{
    struct store_record *rows;
    size_t count;

    if (p->store->ops->read_entity_records(p->store, &p->step, &rows, &count,
                                           row->entity, p->err) != XG_OK)
        return p->err->status;
    for (size_t i = 0; i < count && rows[i].number < row->number; i++)
        if (put_row(p, &rows[i]) != XG_OK)
            return p->err->status;
    return XG_OK;
}

/* What to do with the rows of a run. */
typedef enum xg_status on_row(struct page *p, void *ctx,
                              const struct store_record *row);

static enum xg_status walk_run(struct page *p, const struct run *run,
                               on_row *each, void *ctx)
{
    uint64_t next = run->first;

    while (next <= run->last) {
        struct store_record *rows;
        size_t count;
        xg_arena_reset(&p->step);
        if (p->store->ops->read_records(p->store, &p->step, &rows, &count, next,
                                        run->last, READ_STEP, p->err) != XG_OK)
            return p->err->status;
        if (count == 0)
            break;
        next = rows[count - 1].number + 1;
        for (size_t i = 0; i < count; i++)
            if (rows[i].shown == run->shown && each(p, ctx, &rows[i]) != XG_OK)
                return p->err->status;
    }
    return XG_OK;
}

static int compare_positions(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Is the chain of the row the device's own? */
static enum xg_status is_own(bool *own, struct page *p,
                             const struct store_record *row)
{
    struct store_chain chain;

    if (p->store->ops->get_chain(p->store, &chain, row->chain, p->err) != XG_OK)
        return p->err->status;
    *own = strcmp(chain.device, p->scope.device) == 0;
    return XG_OK;
}

/* Is it there as it is here? */
static enum xg_status is_held(bool *held, struct page *p,
                              const struct store_record *row)
{
    const struct scope_held *h = p->held;
    struct store_chain chain;

    *held = false;
    if (!h || !h->count || row->fields.len == 0 ||
        !bsearch(&row->position, h->positions, h->count, sizeof *h->positions,
                 compare_positions))
        return XG_OK;
    if (p->store->ops->get_chain(p->store, &chain, row->chain, p->err) != XG_OK)
        return p->err->status;
    *held = !chain.forked && strcmp(chain.device, p->scope.device) == 0;
    return XG_OK;
}

static enum xg_status put_if_in(struct page *p, void *ctx,
                                const struct store_record *row)
{
    bool in = in_scope(&p->scope, row), own = false, held;

    (void)ctx;
    if (!in && is_own(&own, p, row) != XG_OK)
        return p->err->status;
    if (in && row->late && put_late(p, row) != XG_OK)
        return p->err->status;
    if (!in && !own)
        return XG_OK;
    if (is_held(&held, p, row) != XG_OK)
        return p->err->status;
    return held ? put_bounds(p, row) : put_row(p, row);
}

/* ---- runs of many keys, in order ---- */

static int compare_runs(const void *a, const void *b)
{
    const struct run *x = a, *y = b;

    if (x->shown != y->shown)
        return x->shown < y->shown ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

struct runs {
    struct run *list;
    size_t count, room;
    uint64_t end; /* what is shown at or after it was left out */
};

static enum xg_status add_runs(struct page *p, struct runs *r,
                               const struct store_scope *rows, size_t count)
{
    if (r->count + count > r->room) {
        size_t room = r->room * 2 + count + 64;
        struct run *moved = xg_arena_array(&p->arena, room, sizeof *moved);
        if (!moved)
            return xg_fail_nomem(p->err);
        if (r->count)
            memcpy(moved, r->list, r->count * sizeof *moved);
        r->list = moved;
        r->room = room;
    }
    for (size_t i = 0; i < count; i++)
        r->list[r->count++] =
            (struct run){rows[i].shown, rows[i].first, rows[i].last};
    return XG_OK;
}

static enum xg_status key_runs(struct page *p, struct runs *r, const char *key,
                               uint64_t from, uint64_t to, size_t limit)
{
    struct store_scope *rows;
    size_t count;

    xg_arena_reset(&p->step);
    if (p->store->ops->read_scope(p->store, &p->step, &rows, &count, key, from,
                                  to < r->end ? to : r->end, limit,
                                  p->err) != XG_OK)
        return p->err->status;
    if (count == limit && rows[count - 1].shown + 1 < r->end)
        r->end = rows[count - 1].shown + 1;
    return add_runs(p, r, rows, count);
}

/* Sort, and make one run of those that are shown at the same entry: records of
 * one entry lie together. */
static void join_runs(struct runs *r)
{
    size_t kept = 0;

    if (r->count)
        qsort(r->list, r->count, sizeof *r->list, compare_runs);
    for (size_t i = 0; i < r->count; i++) {
        struct run *last = kept ? &r->list[kept - 1] : NULL;
        if (last && last->shown == r->list[i].shown) {
            if (r->list[i].last > last->last)
                last->last = r->list[i].last;
        } else {
            r->list[kept++] = r->list[i];
        }
    }
    r->count = kept;
}

/* ---- forks: known records that are on a branch now ---- */

/* The records of branch `b` that were told of before branch `since` came to
 * be: call `each` for them, or only find out whether there is *any. */
static enum xg_status walk_told(struct page *p, const struct store_branch *b,
                                bool own, uint64_t since, bool *any,
                                enum xg_status (*each)(struct page *p,
                                                       void *ctx,
                                                       const struct xg_hash *),
                                void *ctx)
{
    struct store_record *rows;
    size_t count = READ_STEP;
    uint64_t seq = b->start;

    while (count == READ_STEP) {
        xg_arena_reset(&p->step);
        if (p->store->ops->read_branch(p->store, &p->step, &rows, &count,
                                       b->number, seq, READ_STEP,
                                       p->err) != XG_OK)
            return p->err->status;
        for (size_t i = 0; i < count; i++) {
            seq = rows[i].seq + 1;
            if (rows[i].shown >= since ||
                !(own || in_scope(&p->scope, &rows[i])))
                continue;
            *any = true;
            if (!each)
                return XG_OK;
            if (each(p, ctx, &rows[i].hash) != XG_OK)
                return p->err->status;
        }
    }
    return XG_OK;
}

/* A fork of a chain, and what there is of it. */
struct forked {
    struct store_chain chain;
    struct store_branch *list;
    size_t count;
    const struct store_branch *branch; /* that came to be */
};

static enum xg_status put_on_branch(struct page *p, void *ctx,
                                    const struct xg_hash *hash)
{
    const struct forked *f = ctx;

    if (put_branch(p, &f->chain, f->list, f->count, f->branch->number) != XG_OK)
        return p->err->status;
    put_place(p, hash, &f->branch->id);
    return XG_OK;
}

static bool descends(const struct forked *f, const struct store_branch *b)
{
    for (size_t depth = 0; b && b->parent && depth < XG_CHAINS_MAX; depth++) {
        if (b->parent == f->branch->number)
            return true;
        b = numbered(f->list, f->count, b->parent);
    }
    return false;
}

/* Branches that began after the place of a later fork have another parent from
 * then on: say it of those that were told of. */
static enum xg_status put_reparented(struct page *p, const struct forked *f,
                                     bool own)
{
    for (size_t i = 0; i < f->count; i++) {
        const struct store_branch *b = &f->list[i];
        bool any = false;
        if (!descends(f, b))
            continue;
        if (walk_told(p, b, own, f->branch->since, &any, NULL, NULL) != XG_OK)
            return p->err->status;
        if (any &&
            put_branch(p, &f->chain, f->list, f->count, b->number) != XG_OK)
            return p->err->status;
    }
    return XG_OK;
}

static enum xg_status put_moved(struct page *p, const struct store_branch *b)
{
    struct forked f = {.branch = b};
    bool any = false;

    if (p->store->ops->get_chain(p->store, &f.chain, b->chain, p->err) !=
            XG_OK ||
        p->store->ops->read_branches(p->store, &p->arena, &f.list, &f.count,
                                     b->chain, p->err) != XG_OK)
        return p->err->status;
    bool own = strcmp(f.chain.device, p->scope.device) == 0;
    if (walk_told(p, b, own, b->since, &any, put_on_branch, &f) != XG_OK)
        return p->err->status;
    return put_reparented(p, &f, own);
}

static enum xg_status put_forks(struct page *p, uint64_t from, uint64_t to)
{
    struct store_branch *forks;
    size_t count;

    if (p->store->ops->read_forks(p->store, &p->arena, &forks, &count, from, to,
                                  p->err) != XG_OK)
        return p->err->status;
    for (size_t i = 0; i < count; i++)
        if (put_moved(p, &forks[i]) != XG_OK)
            return p->err->status;
    return XG_OK;
}

/* ---- a scope that changes ---- */

/* What a change at entry `at` brings or takes, told in chunks at the entries
 * after it. */
struct change {
    struct registry_scope before, after;
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

static enum xg_status put_left(struct page *p, void *ctx,
                               const struct store_record *row)
{
    struct change *c = ctx;
    struct xg_update u = {.kind = XG_UPDATE_OUT, .entity = row->entity_id};

    if (row->creates && in_scope(&c->before, row) &&
        !in_scope(&c->after, row) && chunk_item(c, 32))
        xg_update_put(p->raw, &u, false);
    return XG_OK;
}

static enum xg_status put_joined(struct page *p, void *ctx,
                                 const struct store_record *row)
{
    struct change *c = ctx;

    if (!in_scope(&c->after, row) || in_scope(&c->before, row))
        return XG_OK;
    if (!chunk_item(c, row->head.len + row->fields.len + 128))
        return XG_OK;
    if (row->late && put_late(p, row) != XG_OK)
        return p->err->status;
    return put_row(p, row);
}

/* Walk what lies in one scope, before `at`, in all units of which the other
 * has not. */
static enum xg_status walk_difference(struct page *p,
                                      const struct registry_scope *of,
                                      const struct registry_scope *other,
                                      uint64_t at, on_row *each,
                                      struct change *c)
{
    bool roles = informed(of) != informed(other);
    struct runs runs = {.end = UINT64_MAX};

    for (size_t i = 0; i < of->unit_count; i++)
        if ((roles || !has_unit(other, of->units[i])) &&
            key_runs(p, &runs, of->units[i], 0, at, INT32_MAX) != XG_OK)
            return p->err->status;
    join_runs(&runs);
    for (size_t i = 0; i < runs.count && !c->more; i++)
        if (walk_run(p, &runs.list[i], each, c) != XG_OK)
            return p->err->status;
    return XG_OK;
}

/* Put the wanted chunk of the change at that entry. */
static enum xg_status put_change(struct page *p, uint64_t at, uint64_t wanted,
                                 bool *more)
{
    struct change c = {.wanted = wanted};

    if (registry_scope(&c.before, p->registry, &p->arena, p->scope.device, at,
                       p->err) != XG_OK ||
        registry_scope(&c.after, p->registry, &p->arena, p->scope.device,
                       at + 1, p->err) != XG_OK ||
        walk_difference(p, &c.before, &c.after, at, put_left, &c) != XG_OK)
        return p->err->status;
    if (!c.more &&
        walk_difference(p, &c.after, &c.before, at, put_joined, &c) != XG_OK)
        return p->err->status;
    *more = c.more || c.chunk > wanted;
    return XG_OK;
}

enum { CHANGE_REACH = 4096 }; /* entries after which a change is all told */

/* The first change of the scope in [from, to) that somebody can notice, or
 * `to`. A unit that is named for the first time, and of which there is nothing
 * yet, may as well have been there before. */
static enum xg_status next_change(struct page *p, uint64_t from, uint64_t to,
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
static enum xg_status put_changes(struct page *p, uint64_t at, bool *more)
{
    uint64_t from = at > CHANGE_REACH ? at - CHANGE_REACH : 0, change;

    while (from < at) {
        bool goes_on = false;
        if (next_change(p, from, at, &change) != XG_OK)
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

/* ---- a page ---- */

/* The stretch from `from` on in which the scope stays as it is: a change
 * counts from the entry after it. */
static enum xg_status find_stretch(struct page *p, uint64_t from, uint64_t end,
                                   uint64_t *stop)
{
    if (next_change(p, from, end, stop) != XG_OK)
        return p->err->status;
    if (registry_scope(&p->scope, p->registry, &p->arena, p->scope.device,
                       *stop, p->err) != XG_OK)
        return p->err->status;
    if (*stop < end)
        (*stop)++;
    return XG_OK;
}

static enum xg_status put_stretch(struct page *p, uint64_t from, uint64_t stop,
                                  uint64_t *to)
{
    struct runs runs = {.end = stop};

    for (size_t i = 0; i < p->scope.unit_count; i++)
        if (key_runs(p, &runs, p->scope.units[i], from, stop, ROWS_PER_KEY) !=
            XG_OK)
            return p->err->status;
    if (key_runs(p, &runs, p->own_key, from, stop, ROWS_PER_KEY) != XG_OK)
        return p->err->status;
    join_runs(&runs);
    *to = runs.end;
    for (size_t i = 0; i < runs.count && runs.list[i].shown < runs.end; i++) {
        if (p->raw->len > PAGE_BYTES) {
            *to = runs.list[i].shown;
            break;
        }
        if (walk_run(p, &runs.list[i], put_if_in, NULL) != XG_OK)
            return p->err->status;
    }
    return put_forks(p, from, *to);
}

static enum xg_status fill(struct page *p, uint64_t since, uint64_t end,
                           uint64_t *to)
{
    uint64_t stop = end;
    bool more = false;

    if (find_stretch(p, since, end, &stop) != XG_OK ||
        put_changes(p, since, &more) != XG_OK)
        return p->err->status;
    if (more)
        stop = since + 1; /* the next chunk is told of there */
    if (put_stretch(p, since, stop, to) != XG_OK)
        return p->err->status;
    /* The device's next anchor is likely to name this size. */
    return *to == end ? put_below(p, end) : XG_OK;
}

enum xg_status scope_page(struct scope_page *page, struct xg_buf *raw,
                          struct store *store, struct registry *registry,
                          const char *device, uint64_t since, uint64_t end,
                          const struct scope_held *held, struct xg_error *err)
{
    struct page p = {.raw = raw,
                     .held = held,
                     .store = store,
                     .registry = registry,
                     .arena = XG_ARENA(SCOPE_ARENA),
                     .step = XG_ARENA(SCOPE_ARENA),
                     .err = err};
    char own[STORE_DEVICE_MAX + 2] = "@";
    uint64_t to = since;
    enum xg_status status = XG_OK;

    if (since > end)
        return xg_fail(err, XG_USAGE,
                       XG_T("日志还没有 %llu 条；请重新同步",
                            "the log has not %llu entries yet; sync again"),
                       (unsigned long long)since);
    if (strlen(device) > STORE_DEVICE_MAX)
        return xg_fail(err, XG_AUTH, "no such device");
    memcpy(own + 1, device, strlen(device) + 1);
    memcpy(p.scope.device, device, strlen(device) + 1);
    p.own_key = own;
    xg_tree_init(&p.tree);
    if (since < end)
        status = fill(&p, since, end, &to);
    else
        status = registry_scope(&p.scope, registry, &p.arena, device, end, err);
    if (status == XG_OK)
        status = xg_buf_check(raw, err);
    if (status == XG_OK) {
        *page = (struct scope_page){
            .from = since, .to = to, .end = end, .count = p.tree.size};
        memcpy(page->unit, p.scope.unit, sizeof page->unit);
        xg_tree_root(&page->root, &p.tree);
    }
    xg_arena_clear(&p.arena);
    xg_arena_clear(&p.step);
    return status;
}

enum xg_status scope_may_read(bool *may, struct store *store,
                              struct registry *registry, const char *device,
                              const struct store_record *record, uint64_t size,
                              struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(SCOPE_ARENA);
    struct registry_scope scope;
    struct store_chain chain;
    enum xg_status status =
        registry_scope(&scope, registry, &arena, device, size, err);

    if (status == XG_OK)
        status = store->ops->get_chain(store, &chain, record->chain, err);
    if (status == XG_OK)
        *may = strcmp(chain.device, device) == 0 || in_scope(&scope, record);
    xg_arena_clear(&arena);
    return status;
}
