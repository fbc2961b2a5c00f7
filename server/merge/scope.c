/* scope.c - see scope.h. */
#include "server/merge/scope.h"

#include <stdio.h>
#include <stdlib.h>

#include "shared/base/lang.h"

enum {
    PAGE_BYTES = 576 << 10, /* of 1 MiB: what is told of at one entry more */
    CHUNK_BYTES = 128 << 10,
    ROWS_PER_KEY = 64,
    READ_STEP = 64,
    SCOPE_ARENA = 96 << 20,
};

/* What is told at one entry to whoever listens to the key. */
struct run {
    uint64_t shown, first, last;
    unsigned more;
    const char *key;
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
    struct xg_arena walk;  /* of a few rows that lead to records */
    struct xg_error *err;
    struct registry_scope scope; /* at the entries that are told */
    struct registry_scope now;   /* at the end */
    const char *own_key;         /* "@device" */
    const struct scope_held *held;
    struct xg_tree tree;         /* over the records put */
    /* The hands of the entity looked at last. */
    struct xg_arena look;
    struct store_hand *hands;
    size_t hand_count;
    uint64_t hands_of; /* 0: none */
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

/* ---- what goes down ---- */

void scope_down_key(char key[static STORE_UNIT_MAX + 1], const char *unit)
{
    snprintf(key, STORE_UNIT_MAX + 1, ">%s", unit);
}

bool scope_goes_down(const struct xg_record *record, const struct xg_kind *kind)
{
    struct xg_field_cursor c;
    struct xg_cbor_item value;
    uint64_t number;

    if (!kind || !kind->reaches_down)
        return false;
    if (record->malformed || record->head.creates || record->head.move)
        return true;
    c = xg_record_fields(record);
    while (xg_field_next(&c, &number, &value)) {
        const struct xg_field *f = xg_field_find(kind, number);
        if (!f || f->merge == XG_MERGE_REGISTER)
            return true;
    }
    return false;
}

static bool row_goes_down(const struct store_record *row)
{
    struct xg_record record;

    store_read_left(&record, row);
    return scope_goes_down(&record, xg_kind_find(row->kind));
}

/* ---- what belongs to a scope ---- */

enum level { UNSEEN, IN_PART, WHOLE };

/* An entity, and by which of its hands it is looked at. */
struct subject {
    uint64_t entity, kind;
    const char *home;
    enum store_handed handed;
};

enum by { BY_NOW, BY_RECORD, BY_ENTRY };

struct look {
    enum by by;
    uint64_t at; /* record's number; log position */
};

static struct subject subject_of(const struct store_record *row)
{
    return (struct subject){row->entity, row->kind, row->unit, row->handed};
}

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has_text(const char *const *list, size_t count, const char *text)
{
    return *text && count &&
           bsearch(&text, list, count, sizeof *list, compare_text);
}

static bool informed(const struct registry_scope *s)
{
    return s->role && s->role->informed;
}

static enum level key_level(const struct registry_scope *s, const char *key)
{
    if (key[0] == '>')
        return has_text(s->above, s->above_count, key + 1) ? IN_PART : UNSEEN;
    return has_text(s->units, s->unit_count, key) ? WHOLE : UNSEEN;
}

/* By its home alone, where it always was. */
static enum level home_level(const struct registry_scope *s,
                             const struct subject *e)
{
    const struct xg_kind *kind = xg_kind_find(e->kind);

    if (e->handed == STORE_ARRIVED ||
        (e->kind == XG_KIND_CONTACT && !informed(s)))
        return UNSEEN;
    if (has_text(s->units, s->unit_count, e->home))
        return WHOLE;
    return kind && kind->reaches_down &&
                   has_text(s->above, s->above_count, e->home)
               ? IN_PART
               : UNSEEN;
}

static enum xg_status hands_of(struct page *p, const struct subject *e)
{
    if (p->hands_of == e->entity)
        return XG_OK;
    xg_arena_reset(&p->look);
    p->hands_of = 0;
    if (p->store->ops->read_hands(p->store, &p->look, &p->hands, &p->hand_count,
                                  e->entity, p->err) != XG_OK)
        return p->err->status;
    p->hands_of = e->entity;
    return XG_OK;
}

static bool counts(const struct store_hand *hand, const struct look *look)
{
    switch (look->by) {
    case BY_NOW:
        return hand->last == STORE_OPEN;
    case BY_RECORD:
        return hand->last == STORE_OPEN && hand->first <= look->at;
    case BY_ENTRY:
        return hand->since < look->at && hand->until > look->at;
    }
    return false;
}

static enum xg_status see(enum level *level, struct page *p,
                          const struct registry_scope *s,
                          const struct subject *e, const struct look *look)
{
    enum level best = home_level(s, e);
    bool hidden = e->kind == XG_KIND_CONTACT && !informed(s);

    if (!e->entity)
        best = UNSEEN;
    if (e->entity && !hidden && best < WHOLE && e->handed != STORE_AT_HOME) {
        if (hands_of(p, e) != XG_OK)
            return p->err->status;
        for (size_t i = 0; i < p->hand_count; i++) {
            enum level by = key_level(s, p->hands[i].unit);
            if (by > best && counts(&p->hands[i], look))
                best = by;
        }
    }
    *level = best;
    return XG_OK;
}

static enum xg_status see_now(enum level *level, struct page *p,
                              const struct subject *e)
{
    return see(level, p, &p->now, e, &(struct look){BY_NOW, 0});
}

static bool shows(enum level level, const struct store_record *row)
{
    return level == WHOLE || (level == IN_PART && row_goes_down(row));
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
    if (row->head.len + store_fields_len(row) > XG_RECORD_MAX)
        return XG_OK;
    if (put_bounds(p, row) != XG_OK || enter_chain(p, row->chain) != XG_OK)
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

static enum level least(enum level a, enum level b)
{
    return a < b ? a : b;
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
    const struct subject e = subject_of(row);
    const struct look look = {BY_RECORD, row->number};
    enum level then, now;
    bool own = false, held;

    (void)ctx;
    if (see(&then, p, &p->scope, &e, &look) != XG_OK ||
        (then != UNSEEN && see_now(&now, p, &e) != XG_OK))
        return p->err->status;
    bool in = then != UNSEEN && shows(least(then, now), row);
    if (!in && is_own(&own, p, row) != XG_OK)
        return p->err->status;
    if (!in && !own)
        return XG_OK;
    if (is_held(&held, p, row) != XG_OK)
        return p->err->status;
    return held ? put_bounds(p, row) : put_row(p, row);
}

/* ---- what many keys are told, in order ---- */

static int compare_runs(const void *a, const void *b)
{
    const struct run *x = a, *y = b;

    if (x->shown != y->shown)
        return x->shown < y->shown ? -1 : 1;
    return strcmp(x->key, y->key);
}

struct runs {
    struct run *list;
    size_t count, room;
    uint64_t end; /* what is shown at or after it was left out */
};

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
    return add_runs(p, r, key, rows, count);
}

static enum xg_status down_runs(struct page *p, struct runs *r,
                                const char *unit, uint64_t from, uint64_t to,
                                size_t limit)
{
    char *key = xg_arena_alloc(&p->arena, STORE_UNIT_MAX + 1);

    if (!key)
        return xg_fail_nomem(p->err);
    scope_down_key(key, unit);
    return key_runs(p, r, key, from, to, limit);
}

static void sort_runs(struct runs *r)
{
    if (r->count)
        qsort(r->list, r->count, sizeof *r->list, compare_runs);
}

/* How many runs from the i-th on are told at its entry; *all is the records
 * of them all: those of one entry lie together. */
static size_t one_entry(const struct runs *r, size_t i, struct run *all)
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

/* ---- entities that came into hands, or left them ---- */

/* Does the scope see as much of the entity by its home, or by hands that it
 * came into before? Then it was told of it by those. */
static enum xg_status covered(bool *covered, bool *open, struct page *p,
                              const struct subject *e, const char *key,
                              uint64_t first)
{
    enum level by = key_level(&p->scope, key);

    *open = false;
    *covered = home_level(&p->scope, e) >= by;
    if (hands_of(p, e) != XG_OK)
        return p->err->status;
    for (size_t i = 0; i < p->hand_count; i++) {
        const struct store_hand *h = &p->hands[i];
        int order = strcmp(h->unit, key);
        if (h->last != STORE_OPEN)
            continue;
        if (order == 0 && h->first == first)
            *open = true;
        else if (key_level(&p->scope, h->unit) >= by &&
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
    size_t count = READ_STEP;

    while (count == READ_STEP) {
        xg_arena_reset(&p->step);
        if (p->store->ops->read_entity_range(p->store, &p->step, &rows, &count,
                                             entity, first, last, READ_STEP,
                                             p->err) != XG_OK)
            return p->err->status;
        for (size_t i = 0; i < count; i++) {
            first = rows[i].number + 1;
            if (shows(level, &rows[i]) && put_row(p, &rows[i]) != XG_OK)
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
    enum level by = key_level(&p->scope, key), now;
    bool told, open;

    if (e.kind == XG_KIND_CONTACT && !informed(&p->scope))
        by = UNSEEN;
    if (see_now(&now, p, &e) != XG_OK)
        return p->err->status;
    if (by != UNSEEN && row->first == 0 && now == UNSEEN)
        xg_update_put(p->raw, &out, false);
    if (by == UNSEEN || row->first == 0 || now == UNSEEN)
        return XG_OK;
    if (covered(&told, &open, p, &e, key, row->hand) != XG_OK)
        return p->err->status;
    return told || !open ? XG_OK
                         : put_range(p, row->entity, row->first, row->last,
                                     least(by, now));
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
    size_t count = READ_STEP;

    if (p->store->ops->get_chain(p->store, &f.chain, m->chain, p->err) !=
            XG_OK ||
        p->store->ops->read_branches(p->store, &p->arena, &f.list, &f.count,
                                     m->chain, p->err) != XG_OK)
        return p->err->status;
    f.branch = numbered(f.list, f.count, m->branch);
    if (!f.branch)
        return xg_fail(p->err, XG_CORRUPT, "a branch is missing");
    bool own = strcmp(f.chain.device, p->scope.device) == 0;
    while (count == READ_STEP && (only_parent || seq <= m->last)) {
        xg_arena_reset(&p->step);
        if (p->store->ops->read_branch(p->store, &p->step, &rows, &count,
                                       m->branch, seq, READ_STEP,
                                       p->err) != XG_OK)
            return p->err->status;
        for (size_t i = 0; i < count; i++) {
            const struct subject e = subject_of(&rows[i]);
            enum level now;
            seq = rows[i].seq + 1;
            if (!only_parent && rows[i].seq > m->last)
                return XG_OK;
            if (see_now(&now, p, &e) != XG_OK)
                return p->err->status;
            if (!own && !shows(now, &rows[i]))
                continue;
            if (put_on_branch(p, &f, only_parent ? NULL : &rows[i]) != XG_OK)
                return p->err->status;
            if (only_parent)
                return XG_OK;
        }
    }
    return XG_OK;
}

/* Of several keys, each record once. */
static enum xg_status put_all_moved(struct page *p, const struct run *runs,
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

/* ---- a scope that changes ---- */

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

    if (see(before, p, &c->before, e, &look) != XG_OK)
        return p->err->status;
    return see(after, p, &c->after, e, &look);
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
    if (see_now(&now, p, e) != XG_OK)
        return p->err->status;
    if (now == UNSEEN)
        xg_update_put(p->raw, &out, false);
    return XG_OK;
}

static enum xg_status put_left(struct page *p, void *ctx,
                               const struct store_record *row)
{
    struct change *c = ctx;
    const struct subject e = subject_of(row);

    if (!row->creates || home_level(&c->before, &e) == UNSEEN)
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
        !chunk_item(c, row->head.len + store_fields_len(row) + SCOPE_PASSING_COST))
        return XG_OK;
    if (see_now(&now, p, e) != XG_OK)
        return p->err->status;
    return shows(least(after, now), row) ? put_row(p, row) : XG_OK;
}

static enum xg_status put_joined(struct page *p, void *ctx,
                                 const struct store_record *row)
{
    struct change *c = ctx;
    const struct subject e = subject_of(row);

    return home_level(&c->after, &e) == UNSEEN ? XG_OK
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
    size_t count = READ_STEP;
    uint64_t next = 1;

    while (count == READ_STEP && !c->more) {
        xg_arena_reset(&p->step);
        if (p->store->ops->read_entity_range(p->store, &p->step, &rows, &count,
                                             hand->entity, next, STORE_OPEN,
                                             READ_STEP, p->err) != XG_OK)
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

    *first = counts(hand, &look) && home_level(of, &e) == UNSEEN;
    if (!*first)
        return XG_OK;
    if (hands_of(p, &e) != XG_OK)
        return p->err->status;
    for (size_t i = 0; i < p->hand_count; i++)
        if (counts(&p->hands[i], &look) &&
            key_level(of, p->hands[i].unit) != UNSEEN &&
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
    size_t count = READ_STEP;

    while (count == READ_STEP && !c->more) {
        xg_arena_reset(&p->walk);
        if (p->store->ops->read_unit_hands(p->store, &p->walk, &rows, &count,
                                           key, entity, number, READ_STEP,
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
    bool roles = informed(of) != informed(other);
    struct runs runs = {.end = UINT64_MAX};
    struct run all;

    for (size_t i = 0; i < of->unit_count; i++)
        if ((roles || key_level(other, of->units[i]) == UNSEEN) &&
            key_runs(p, &runs, of->units[i], 0, c->at + 1, INT32_MAX) != XG_OK)
            return p->err->status;
    for (size_t i = 0; i < of->above_count; i++)
        if (!has_text(other->above, other->above_count, of->above[i]) &&
            down_runs(p, &runs, of->above[i], 0, c->at + 1, INT32_MAX) != XG_OK)
            return p->err->status;
    sort_runs(&runs);
    for (size_t i = 0; i < runs.count && !c->more;) {
        i += one_entry(&runs, i, &all);
        if (walk_run(p, &all, each, c) != XG_OK)
            return p->err->status;
    }
    for (size_t i = 0; i < of->unit_count && !c->more; i++)
        if ((roles || key_level(other, of->units[i]) == UNSEEN) &&
            walk_hands(p, of->units[i], of, each_hand, c) != XG_OK)
            return p->err->status;
    for (size_t i = 0; i < of->above_count && !c->more; i++) {
        char key[STORE_UNIT_MAX + 1];
        scope_down_key(key, of->above[i]);
        if (!has_text(other->above, other->above_count, of->above[i]) &&
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

/* All that is told at one entry. */
static enum xg_status put_entry(struct page *p, const struct runs *runs,
                                size_t at, size_t count, const struct run *all)
{
    if (walk_run(p, all, put_if_in, NULL) != XG_OK)
        return p->err->status;
    for (size_t i = at; i < at + count; i++)
        if ((runs->list[i].more & STORE_PASSINGS) &&
            put_passings(p, runs->list[i].key, all->shown) != XG_OK)
            return p->err->status;
    return put_all_moved(p, runs->list + at, count);
}

static enum xg_status put_stretch(struct page *p, uint64_t from, uint64_t stop,
                                  uint64_t *to)
{
    struct runs runs = {.end = stop};
    struct run all;

    for (size_t i = 0; i < p->scope.unit_count; i++)
        if (key_runs(p, &runs, p->scope.units[i], from, stop, ROWS_PER_KEY) !=
            XG_OK)
            return p->err->status;
    for (size_t i = 0; i < p->scope.above_count; i++)
        if (down_runs(p, &runs, p->scope.above[i], from, stop, ROWS_PER_KEY) !=
            XG_OK)
            return p->err->status;
    if (key_runs(p, &runs, p->own_key, from, stop, ROWS_PER_KEY) != XG_OK)
        return p->err->status;
    sort_runs(&runs);
    *to = runs.end;
    for (size_t i = 0; i < runs.count && runs.list[i].shown < runs.end;) {
        size_t n = one_entry(&runs, i, &all);
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
        put_changes(p, since, &more) != XG_OK)
        return p->err->status;
    if (more)
        stop = since + 1; /* the next chunk is told of there */
    if (put_stretch(p, since, stop, to) != XG_OK)
        return p->err->status;
    /* The device's next anchor is likely to name this size. */
    return *to == end ? put_below(p, end) : XG_OK;
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
    const struct subject e = subject_of(record);
    struct store_chain chain;
    enum level level = UNSEEN;
    enum xg_status status =
        registry_scope(&p.now, registry, &p.arena, device, size, err);

    if (status == XG_OK)
        status = store->ops->get_chain(store, &chain, record->chain, err);
    if (status == XG_OK)
        status = see_now(&level, &p, &e);
    if (status == XG_OK)
        *may = strcmp(chain.device, device) == 0 || shows(level, record);
    clear_page(&p);
    return status;
}
