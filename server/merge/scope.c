/* scope.c - pages of what a device gets to see: scope.h. */
#include "server/merge/scope_inside.h"

#include <stdlib.h>

#include "shared/base/lang.h"

enum {
    PAGE_BYTES = 576 << 10, /* of 1 MiB: what is told of at one entry more */
    ROWS_PER_KEY = 64,
    SCOPE_ARENA = 96 << 20,
};

/* ---- entities that came into hands, or left them ---- */

/* Does the scope see as much of the entity by its home, or by hands that it
 * came into before? Then it was told of it by those. */
static enum xg_status covered(bool *covered, bool *open, struct page *p,
                              const struct subject *e, const char *key,
                              uint64_t first)
{
    enum level by = scope_key_level(&p->scope, key);

    *open = false;
    *covered = scope_home_level(&p->scope, e) >= by;
    if (scope_hands_of(p, e) != XG_OK)
        return p->err->status;
    for (size_t i = 0; i < p->hand_count; i++) {
        const struct store_hand *h = &p->hands[i];
        int order = strcmp(h->unit, key);
        if (h->last != STORE_OPEN)
            continue;
        if (order == 0 && h->first == first)
            *open = true;
        else if (scope_key_level(&p->scope, h->unit) >= by &&
                 (h->first < first || (h->first == first && order < 0)))
            *covered = true;
    }
    return XG_OK;
}

/* Put records first..last of the entity, as far as the level shows them. */
static enum xg_status put_range(struct page *p, uint64_t entity, uint64_t first,
                                uint64_t last, enum level level)
{
    struct store_record *rows;
    size_t count = SCOPE_READ_STEP;

    while (count == SCOPE_READ_STEP) {
        xg_arena_reset(&p->step);
        if (p->store->ops->read_entity_range(p->store, &p->step, &rows, &count,
                                             entity, first, last,
                                             SCOPE_READ_STEP, p->err) != XG_OK)
            return p->err->status;
        for (size_t i = 0; i < count; i++) {
            first = rows[i].number + 1;
            if (scope_shows(level, &rows[i]) &&
                scope_put_row(p, &rows[i]) != XG_OK)
                return p->err->status;
        }
    }
    return XG_OK;
}

static enum xg_status put_passing(struct page *p, const char *key,
                                  const struct store_passing *row)
{
    const struct subject e = {row->entity, row->kind, row->home, row->handed};
    struct xg_update out = {.kind = XG_UPDATE_OUT, .entity = row->id};
    enum level by = scope_key_level(&p->scope, key), now;
    bool told, open;

    if (e.kind == XG_KIND_CONTACT && !scope_informed(&p->scope))
        by = UNSEEN;
    if (scope_see_now(&now, p, &e) != XG_OK)
        return p->err->status;
    if (by != UNSEEN && row->first == 0 && now == UNSEEN)
        xg_update_put(p->raw, &out, false);
    if (by == UNSEEN || row->first == 0 || now == UNSEEN)
        return XG_OK;
    if (covered(&told, &open, p, &e, key, row->hand) != XG_OK)
        return p->err->status;
    return told || !open ? XG_OK
                         : put_range(p, row->entity, row->first, row->last,
                                     scope_least(by, now));
}

static enum xg_status put_passings(struct page *p, const char *key,
                                   uint64_t shown)
{
    struct store_passing *rows;
    size_t count;

    xg_arena_reset(&p->walk);
    if (p->store->ops->read_passings(p->store, &p->walk, &rows, &count, key,
                                     shown, p->err) != XG_OK)
        return p->err->status;
    for (size_t i = 0; i < count; i++)
        if (put_passing(p, key, &rows[i]) != XG_OK)
            return p->err->status;
    return XG_OK;
}

/* ---- records ---- */

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
    const struct subject e = scope_subject_of(row);
    const struct look look = {BY_RECORD, row->number};
    enum level then, now;
    bool own = false, held;

    (void)ctx;
    if (scope_see(&then, p, &p->scope, &e, &look) != XG_OK ||
        (then != UNSEEN && scope_see_now(&now, p, &e) != XG_OK))
        return p->err->status;
    bool in = then != UNSEEN && scope_shows(scope_least(then, now), row);
    if (!in && is_own(&own, p, row) != XG_OK)
        return p->err->status;
    if (!in && !own)
        return XG_OK;
    if (is_held(&held, p, row) != XG_OK)
        return p->err->status;
    return held ? scope_put_bounds(p, row) : scope_put_row(p, row);
}

/* ---- a page ---- */

/* The stretch from `from` on in which the scope stays as it is: a change
 * counts from the entry after it. */
static enum xg_status find_stretch(struct page *p, uint64_t from, uint64_t end,
                                   uint64_t *stop)
{
    if (scope_next_change(p, from, end, stop) != XG_OK)
        return p->err->status;
    if (registry_scope(&p->scope, p->registry, &p->arena, p->scope.device,
                       *stop, p->err) != XG_OK)
        return p->err->status;
    if (*stop < end)
        (*stop)++;
    return XG_OK;
}

/* All that is told at one entry. */
static enum xg_status put_entry(struct page *p, const struct runs *runs,
                                size_t at, size_t count, const struct run *all)
{
    if (scope_walk_run(p, all, put_if_in, NULL) != XG_OK)
        return p->err->status;
    for (size_t i = at; i < at + count; i++)
        if ((runs->list[i].more & STORE_PASSINGS) &&
            put_passings(p, runs->list[i].key, all->shown) != XG_OK)
            return p->err->status;
    return scope_put_all_moved(p, runs->list + at, count);
}

static enum xg_status put_stretch(struct page *p, uint64_t from, uint64_t stop,
                                  uint64_t *to)
{
    struct runs runs = {.end = stop};
    struct run all;

    for (size_t i = 0; i < p->scope.unit_count; i++)
        if (scope_key_runs(p, &runs, p->scope.units[i], from, stop,
                           ROWS_PER_KEY) != XG_OK)
            return p->err->status;
    for (size_t i = 0; i < p->scope.above_count; i++)
        if (scope_down_runs(p, &runs, p->scope.above[i], from, stop,
                            ROWS_PER_KEY) != XG_OK)
            return p->err->status;
    if (scope_key_runs(p, &runs, p->own_key, from, stop, ROWS_PER_KEY) != XG_OK)
        return p->err->status;
    scope_sort_runs(&runs);
    *to = runs.end;
    for (size_t i = 0; i < runs.count && runs.list[i].shown < runs.end;) {
        size_t n = scope_one_entry(&runs, i, &all);
        if (p->raw->len > PAGE_BYTES) {
            *to = all.shown;
            break;
        }
        if (put_entry(p, &runs, i, n, &all) != XG_OK)
            return p->err->status;
        i += n;
    }
    return XG_OK;
}

static enum xg_status fill(struct page *p, uint64_t since, uint64_t end,
                           uint64_t *to)
{
    uint64_t stop = end;
    bool more = false;

    if (find_stretch(p, since, end, &stop) != XG_OK ||
        scope_put_changes(p, since, &more) != XG_OK)
        return p->err->status;
    if (more)
        stop = since + 1; /* the next chunk is told of there */
    if (put_stretch(p, since, stop, to) != XG_OK)
        return p->err->status;
    /* The device's next anchor is likely to name this size. */
    return *to == end ? scope_put_below(p, end) : XG_OK;
}

static void clear_page(struct page *p)
{
    xg_arena_clear(&p->arena);
    xg_arena_clear(&p->step);
    xg_arena_clear(&p->walk);
    xg_arena_clear(&p->look);
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
                     .walk = XG_ARENA(SCOPE_ARENA),
                     .look = XG_ARENA(SCOPE_ARENA),
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
    status = registry_scope(&p.now, registry, &p.arena, device, end, err);
    if (status == XG_OK && since < end)
        status = fill(&p, since, end, &to);
    else
        p.scope = p.now;
    if (status == XG_OK)
        status = xg_buf_check(raw, err);
    if (status == XG_OK) {
        *page = (struct scope_page){
            .from = since, .to = to, .end = end, .count = p.tree.size};
        memcpy(page->unit, p.scope.unit, sizeof page->unit);
        xg_tree_root(&page->root, &p.tree);
    }
    clear_page(&p);
    return status;
}

enum xg_status scope_may_read(bool *may, struct store *store,
                              struct registry *registry, const char *device,
                              const struct store_record *record, uint64_t size,
                              struct xg_error *err)
{
    struct page p = {.store = store,
                     .arena = XG_ARENA(SCOPE_ARENA),
                     .look = XG_ARENA(SCOPE_ARENA),
                     .err = err};
    const struct subject e = scope_subject_of(record);
    struct store_chain chain;
    enum level level = UNSEEN;
    enum xg_status status =
        registry_scope(&p.now, registry, &p.arena, device, size, err);

    if (status == XG_OK)
        status = store->ops->get_chain(store, &chain, record->chain, err);
    if (status == XG_OK)
        status = scope_see_now(&level, &p, &e);
    if (status == XG_OK)
        *may = strcmp(chain.device, device) == 0 || scope_shows(level, record);
    clear_page(&p);
    return status;
}
