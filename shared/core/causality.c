/* causality.c - see causality.h. */
#include "shared/core/causality.h"

#include <stdlib.h>

#include "shared/core/erase.h"

/* Scratch of the topological sort; lives in the arena of the merge. */
struct graph {
    struct xg_state *state;
    uint32_t *first;     /* per op: its successors are next[first[i]..] */
    uint32_t *next;
    uint32_t *waiting;   /* per op: predecessors not yet placed */
    uint32_t *heap;      /* ops that are ready */
    size_t heap_count;
};

bool xg_branch_precedes(const struct xg_branch *a, uint64_t a_seq,
                        const struct xg_branch *b, uint64_t b_seq)
{
    /* b_seq is exclusive on b itself, and the start of a branch is exclusive
     * on its parent. */
    for (; b; b_seq = b->start, b = b->parent)
        if (xg_hash_equal(&a->id, &b->id))
            return a_seq < b_seq;
    return false;
}

/* ---- sorting: merge sort over indices, since qsort() takes no context ---- */

typedef int compare_ops(const struct xg_op *a, const struct xg_op *b);

static int compare_place(const struct xg_op *a, const struct xg_op *b)
{
    int order = xg_hash_compare(&a->branch->id, &b->branch->id);

    if (order != 0)
        return order;
    return (a->seq > b->seq) - (a->seq < b->seq);
}

static int compare_hash(const struct xg_op *a, const struct xg_op *b)
{
    return xg_hash_compare(&a->record->hash, &b->record->hash);
}

static void sort(uint32_t *items, uint32_t *spare, size_t n,
                 const struct xg_op *ops, compare_ops *compare)
{
    if (n < 2)
        return;
    size_t half = n / 2, left = 0, right = half;
    sort(items, spare, half, ops, compare);
    sort(items + half, spare, n - half, ops, compare);
    if (compare(&ops[items[half - 1]], &ops[items[half]]) <= 0)
        return;
    for (size_t i = 0; i < n; i++) {
        bool take_left = right == n ||
                         (left < half && compare(&ops[items[left]],
                                                 &ops[items[right]]) <= 0);
        spare[i] = take_left ? items[left++] : items[right++];
    }
    memcpy(items, spare, n * sizeof *items);
}

uint32_t xg_causality_find(const struct xg_state *state,
                           const struct xg_hash *hash)
{
    size_t low = 0, high = state->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        uint32_t op = state->clocks->by_hash[mid];
        int order = xg_hash_compare(&state->ops[op].record->hash, hash);
        if (order == 0)
            return op;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return XG_NONE;
}

/* The last op of this very branch with a place before seq, or XG_NONE. */
static uint32_t last_before(const struct xg_state *s,
                            const struct xg_branch *branch, uint64_t seq)
{
    size_t low = 0, high = s->count;
    struct xg_op place = {.branch = branch, .seq = seq};

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (compare_place(&s->ops[s->clocks->by_place[mid]], &place) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == 0)
        return XG_NONE;
    uint32_t op = s->clocks->by_place[low - 1];
    return xg_hash_equal(&s->ops[op].branch->id, &branch->id) ? op : XG_NONE;
}

uint32_t xg_causality_before(const struct xg_state *state,
                             const struct xg_branch *branch, uint64_t seq)
{
    for (; branch; seq = branch->start, branch = branch->parent) {
        uint32_t op = last_before(state, branch, seq);
        if (op != XG_NONE)
            return op;
    }
    return XG_NONE;
}

/* Does it write a register, or move? A malformed record does neither. */
static bool writes(const struct xg_op *op)
{
    const struct xg_record *r = op->record;
    const struct xg_kind *kind = xg_kind_find(r->head.kind);
    struct xg_field_cursor c;
    struct xg_cbor_item value;
    uint64_t number;

    if (r->malformed)
        return false;
    if (r->head.creates || r->head.move)
        return true;
    for (c = xg_record_fields(r); xg_field_next(&c, &number, &value);) {
        const struct xg_field *f = kind ? xg_field_find(kind, number) : NULL;
        if (!f || f->merge == XG_MERGE_REGISTER)
            return true;
        if (number == XG_FIELD_DECIDED)
            return true;
    }
    return op->erasure && xg_erasure_wrote(op->erasure);
}

/* Columns, ordinals and path predecessors, in one walk over by_place. */
static void place_ops(struct xg_state *s)
{
    struct xg_clocks *k = s->clocks;
    size_t run = 0;

    while (run < s->count) {
        const struct xg_branch *branch = s->ops[k->by_place[run]].branch;
        size_t end = run;
        bool any = false;
        for (; end < s->count; end++) {
            uint32_t op = k->by_place[end];
            if (!xg_hash_equal(&s->ops[op].branch->id, &branch->id))
                break;
            any |= k->writes[op] && !s->ops[op].no_right;
        }
        for (size_t i = run; i < end; i++) {
            uint32_t op = k->by_place[i];
            k->column[op] = any ? (uint32_t)k->columns : XG_NONE;
            k->ordinal[op] = (uint32_t)(i - run + 1);
            k->path[op] = i > run ? k->by_place[i - 1]
                                  : xg_causality_before(s, branch->parent,
                                                        branch->start);
        }
        k->columns += any;
        run = end;
    }
}

/* ---- the graph ---- */

/* Walk the edges into op: its path predecessor and what it cites. */
static void visit_edges(struct graph *g, const struct xg_elsewhere *elsewhere,
                        void edge(struct graph *, uint32_t from, uint32_t to))
{
    struct xg_state *s = g->state;

    for (uint32_t op = 0; op < s->count; op++) {
        const struct xg_record *r = s->ops[op].record;
        if (s->clocks->path[op] != XG_NONE)
            edge(g, s->clocks->path[op], op);
        for (size_t i = 0; !r->malformed && i < r->head.foreign_count; i++) {
            const struct xg_hash *cited = xg_head_foreign(&r->head, i);
            uint32_t from = xg_causality_find(s, cited);
            if (from != XG_NONE) {
                edge(g, from, op);
            } else {
                s->clocks->missing[op] = true;
                if (elsewhere && !s->clocks->strays[op])
                    s->clocks->strays[op] =
                        elsewhere->known(elsewhere->ctx, cited);
            }
        }
    }
}

static void count_edge(struct graph *g, uint32_t from, uint32_t to)
{
    g->first[from + 1]++;
    g->waiting[to]++;
}

static void keep_edge(struct graph *g, uint32_t from, uint32_t to)
{
    /* first[] was moved one to the right while counting; fill from the back
     * of each run by using heap[] as the cursor. */
    g->next[g->first[from] + g->heap[from]++] = to;
}

/* What has no effect has no rank either. */
static uint32_t rank_of(const struct xg_op *op)
{
    return op->no_right || op->record->malformed ? 0 : op->rank;
}

/* Higher role first, then greater hash. */
static bool goes_first(const struct graph *g, uint32_t a, uint32_t b)
{
    const struct xg_op *x = &g->state->ops[a], *y = &g->state->ops[b];

    if (rank_of(x) != rank_of(y))
        return rank_of(x) > rank_of(y);
    return xg_hash_compare(&x->record->hash, &y->record->hash) > 0;
}

static void heap_push(struct graph *g, uint32_t op)
{
    size_t i = g->heap_count++;

    for (; i > 0 && goes_first(g, op, g->heap[(i - 1) / 2]); i = (i - 1) / 2)
        g->heap[i] = g->heap[(i - 1) / 2];
    g->heap[i] = op;
}

static uint32_t heap_pop(struct graph *g)
{
    uint32_t top = g->heap[0], last = g->heap[--g->heap_count];
    size_t i = 0;

    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= g->heap_count)
            break;
        if (child + 1 < g->heap_count &&
            goes_first(g, g->heap[child + 1], g->heap[child]))
            child++;
        if (!goes_first(g, g->heap[child], last))
            break;
        g->heap[i] = g->heap[child];
        i = child;
    }
    g->heap[i] = last;
    return top;
}

static void join_clock(struct xg_clocks *k, uint32_t into, uint32_t from)
{
    uint32_t *to = k->clock + into * k->columns;
    const uint32_t *of = k->clock + from * k->columns;

    for (size_t i = 0; i < k->columns; i++)
        if (of[i] > to[i])
            to[i] = of[i];
}

/* Place every op after its predecessors; clocks flow along the edges. */
static void walk(struct graph *g)
{
    struct xg_state *s = g->state;
    struct xg_clocks *k = s->clocks;
    size_t placed = 0;

    g->heap_count = 0;
    for (uint32_t op = 0; op < s->count; op++)
        if (g->waiting[op] == 0)
            heap_push(g, op);
    while (g->heap_count) {
        uint32_t op = heap_pop(g);
        k->rank_in_order[op] = (uint32_t)placed;
        s->order[placed++] = op;
        if (k->column[op] != XG_NONE)
            k->clock[op * k->columns + k->column[op]] = k->ordinal[op];
        for (uint32_t e = g->first[op]; e < g->first[op + 1]; e++) {
            uint32_t to = g->next[e];
            join_clock(k, to, op);
            if (--g->waiting[to] == 0)
                heap_push(g, to);
        }
    }
    /* A cycle would need a hash collision; whatever were in one could never
     * be placed, so it is treated as citing what is not there. */
    for (uint32_t op = 0; op < s->count && placed < s->count; op++)
        if (g->waiting[op]) {
            k->rank_in_order[op] = (uint32_t)placed;
            s->order[placed++] = op;
            k->missing[op] = true;
        }
}

static bool allocate(struct graph *g, struct xg_state *s, struct xg_arena *a)
{
    size_t n = s->count ? s->count : 1;
    struct xg_clocks *k = xg_arena_alloc(a, sizeof *k);

    if (!k)
        return false;
    *g = (struct graph){.state = s};
    s->clocks = k;
    s->order = xg_arena_array(a, n, sizeof *s->order);
    k->column = xg_arena_array(a, n, sizeof *k->column);
    k->ordinal = xg_arena_array(a, n, sizeof *k->ordinal);
    k->path = xg_arena_array(a, n, sizeof *k->path);
    k->by_place = xg_arena_array(a, n, sizeof *k->by_place);
    k->writes = xg_arena_array(a, n, sizeof *k->writes);
    k->missing = xg_arena_array(a, n, sizeof *k->missing);
    k->strays = xg_arena_array(a, n, sizeof *k->strays);
    k->by_hash = xg_arena_array(a, n, sizeof *k->by_hash);
    k->rank_in_order = xg_arena_array(a, n, sizeof *k->rank_in_order);
    g->first = xg_arena_array(a, n + 1, sizeof *g->first);
    g->waiting = xg_arena_array(a, n, sizeof *g->waiting);
    g->heap = xg_arena_array(a, n, sizeof *g->heap);
    return s->order && k->column && k->ordinal && k->path && k->by_place &&
           k->writes && k->missing && k->strays && k->by_hash && k->rank_in_order &&
           g->first && g->waiting && g->heap;
}

enum xg_status xg_causality(struct xg_state *state, struct xg_arena *arena,
                            const struct xg_elsewhere *elsewhere,
                            struct xg_error *err)
{
    struct graph g;
    size_t n = state->count;

    if (!allocate(&g, state, arena))
        return xg_fail_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        state->clocks->by_hash[i] = state->clocks->by_place[i] = i;
        state->clocks->writes[i] = writes(&state->ops[i]);
    }
    sort(state->clocks->by_hash, g.heap, n, state->ops, compare_hash);
    sort(state->clocks->by_place, g.heap, n, state->ops, compare_place);
    place_ops(state);

    visit_edges(&g, elsewhere, count_edge);
    for (size_t i = 0; i < n; i++)
        g.first[i + 1] += g.first[i];
    g.next = xg_arena_array(arena, n ? g.first[n] + 1 : 1, sizeof *g.next);
    state->clocks->clock = xg_arena_array(
        arena, n * state->clocks->columns + 1, sizeof *state->clocks->clock);
    if (!g.next || !state->clocks->clock)
        return xg_fail_nomem(err);
    memset(g.heap, 0, n * sizeof *g.heap);
    visit_edges(&g, NULL, keep_edge);
    walk(&g);
    return XG_OK;
}

bool xg_state_precedes(const struct xg_state *s, uint32_t a, uint32_t b)
{
    const struct xg_clocks *k = s->clocks;
    const struct xg_op *x = &s->ops[a], *y = &s->ops[b];

    if (a == b)
        return false;
    if (k->column[a] == XG_NONE)
        return xg_branch_precedes(x->branch, x->seq, y->branch, y->seq);
    return k->clock[b * k->columns + k->column[a]] >= k->ordinal[a];
}
