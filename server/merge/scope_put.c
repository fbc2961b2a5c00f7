/* scope_put.c - the items of a page: records, what bounds their times, on which
 * branch they are. */
#include "server/merge/scope_inside.h"

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
    struct xg_update u = {
        .kind = XG_UPDATE_TIME, .position = t->position, .time_ms = t->ms};
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

enum xg_status scope_put_below(struct page *p, uint64_t size)
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

enum xg_status scope_put_bounds(struct page *p, const struct store_record *row)
{
    return scope_put_below(p, row->anchor_size) == XG_OK
               ? put_from(p, row->position)
               : p->err->status;
}

enum xg_status scope_put_row(struct page *p, const struct store_record *row)
{
    struct xg_update u = {.kind = XG_UPDATE_RECORD,
                          .seq = row->seq,
                          .previous = row->previous,
                          .position = row->position,
                          .anchor_size = row->anchor_size};

    /* What is longer than a record may be was struck out; nobody can pass it
     * on in a page. */
    if (row->head.len + store_fields_len(row) > XG_RECORD_MAX)
        return XG_OK;
    if (scope_put_bounds(p, row) != XG_OK ||
        enter_chain(p, row->chain) != XG_OK)
        return p->err->status;
    bool follows = p->last_any && xg_hash_equal(&p->last_hash, &row->previous);
    u.chain = p->chain_row.id;
    u.record.head_raw = row->head;
    u.record.fields_raw = row->fields;
    u.record.fields_hash = row->fields_hash;
    u.record.hash = row->hash;
    xg_update_put(p->raw, &u, !follows);
    xg_tree_append(&p->tree, &row->hash, NULL, NULL);
    p->last_hash = row->hash;
    p->last_any = true;
    return p->chain_row.forked ? put_where(p, row) : XG_OK;
}

/* ---- forks: known records that are on a branch now ---- */

/* A branch of a forked chain. */
struct forked {
    struct store_chain chain;
    struct store_branch *list;
    size_t count;
    const struct store_branch *branch;
};

static enum xg_status put_on_branch(struct page *p, const struct forked *f,
                                    const struct store_record *row)
{
    if (enter_chain(p, f->chain.number) != XG_OK ||
        put_branch(p, &f->chain, f->list, f->count, f->branch->number) != XG_OK)
        return p->err->status;
    if (row)
        put_place(p, &row->hash, &f->branch->id);
    return XG_OK;
}

/* Of the records on the branch those that are in scope: where they are now. Of
 * a branch that only has another parent: that, if any is in scope. */
static enum xg_status put_moved(struct page *p, const struct store_moved *m)
{
    struct forked f = {.branch = NULL};
    bool only_parent = m->first > m->last;
    uint64_t seq = only_parent ? 0 : m->first;
    struct store_record *rows;
    size_t count = SCOPE_READ_STEP;

    if (p->store->ops->get_chain(p->store, &f.chain, m->chain, p->err) !=
            XG_OK ||
        p->store->ops->read_branches(p->store, &p->arena, &f.list, &f.count,
                                     m->chain, p->err) != XG_OK)
        return p->err->status;
    f.branch = numbered(f.list, f.count, m->branch);
    if (!f.branch)
        return xg_fail(p->err, XG_CORRUPT, "a branch is missing");
    bool own = strcmp(f.chain.device, p->scope.device) == 0;
    while (count == SCOPE_READ_STEP && (only_parent || seq <= m->last)) {
        xg_arena_reset(&p->step);
        if (p->store->ops->read_branch(p->store, &p->step, &rows, &count,
                                       m->branch, seq, SCOPE_READ_STEP,
                                       p->err) != XG_OK)
            return p->err->status;
        for (size_t i = 0; i < count; i++) {
            const struct subject e = scope_subject_of(&rows[i]);
            enum level now;
            seq = rows[i].seq + 1;
            if (!only_parent && rows[i].seq > m->last)
                return XG_OK;
            if (scope_see_now(&now, p, &e) != XG_OK)
                return p->err->status;
            if (!own && !scope_shows(now, &rows[i]))
                continue;
            if (put_on_branch(p, &f, only_parent ? NULL : &rows[i]) != XG_OK)
                return p->err->status;
            if (only_parent)
                return XG_OK;
        }
    }
    return XG_OK;
}

enum xg_status scope_put_all_moved(struct page *p, const struct run *runs,
                                   size_t run_count)
{
    struct store_moved *all = NULL, *rows;
    size_t room = 0, kept = 0, count;

    for (size_t i = 0; i < run_count; i++) {
        if (!(runs[i].more & STORE_MOVES))
            continue;
        if (p->store->ops->read_moved(p->store, &p->arena, &rows, &count,
                                      runs[i].key, runs[i].shown,
                                      p->err) != XG_OK)
            return p->err->status;
        if (kept + count > room) {
            struct store_moved *moved =
                xg_arena_array(&p->arena, (kept + count) * 2, sizeof *moved);
            if (!moved)
                return xg_fail_nomem(p->err);
            if (kept)
                memcpy(moved, all, kept * sizeof *moved);
            all = moved;
            room = (kept + count) * 2;
        }
        for (size_t n = 0; n < count; n++) {
            size_t at = 0;
            while (at < kept && all[at].branch != rows[n].branch)
                at++;
            if (at == kept)
                all[kept++] = rows[n];
            if (rows[n].first < all[at].first)
                all[at].first = rows[n].first;
            if (rows[n].last > all[at].last)
                all[at].last = rows[n].last;
        }
    }
    for (size_t i = 0; i < kept; i++)
        if (put_moved(p, &all[i]) != XG_OK)
            return p->err->status;
    return XG_OK;
}
