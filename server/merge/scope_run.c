/* scope_run.c - what a page's keys are told, entry by entry. */
#include "server/merge/scope_inside.h"

#include <stdlib.h>

static int compare_runs(const void *a, const void *b)
{
    const struct run *x = a, *y = b;

    if (x->shown != y->shown)
        return x->shown < y->shown ? -1 : 1;
    return strcmp(x->key, y->key);
}

static enum xg_status add_runs(struct page *p, struct runs *r, const char *key,
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
        r->list[r->count++] = (struct run){rows[i].shown, rows[i].first,
                                           rows[i].last, rows[i].more, key};
    return XG_OK;
}

enum xg_status scope_key_runs(struct page *p, struct runs *r, const char *key,
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
    return add_runs(p, r, key, rows, count);
}

enum xg_status scope_down_runs(struct page *p, struct runs *r, const char *unit,
                               uint64_t from, uint64_t to, size_t limit)
{
    char *key = xg_arena_alloc(&p->arena, STORE_UNIT_MAX + 1);

    if (!key)
        return xg_fail_nomem(p->err);
    scope_down_key(key, unit);
    return scope_key_runs(p, r, key, from, to, limit);
}

void scope_sort_runs(struct runs *r)
{
    if (r->count)
        qsort(r->list, r->count, sizeof *r->list, compare_runs);
}

size_t scope_one_entry(const struct runs *r, size_t i, struct run *all)
{
    size_t n = 0;

    *all = r->list[i];
    for (; i + n < r->count && r->list[i + n].shown == all->shown; n++) {
        const struct run *run = &r->list[i + n];
        all->first = run->first < all->first ? run->first : all->first;
        all->last = run->last > all->last ? run->last : all->last;
    }
    return n;
}

enum xg_status scope_walk_run(struct page *p, const struct run *run,
                              on_row *each, void *ctx)
{
    uint64_t next = run->first;

    while (next <= run->last) {
        struct store_record *rows;
        size_t count;
        xg_arena_reset(&p->step);
        if (p->store->ops->read_records(p->store, &p->step, &rows, &count, next,
                                        run->last, SCOPE_READ_STEP,
                                        p->err) != XG_OK)
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
