/* read.c - see read.h. */
#include "server/report/read.h"

#include <stdlib.h>
#include <string.h>

#include "server/data/guide.h"
#include "server/report/each.h"
#include "shared/core/near.h"

enum { CASE_ARENA = 256 << 20, TEXTS_FIRST = 1024 /* a power of two */ };

/* ---- a guide of then ---- */

static enum xg_status
each_below(void *ctx, const char *kind, uint64_t size,
           enum xg_status visit(void *visitor, const struct xg_guide_file *f,
                                struct xg_error *err),
           void *visitor, struct xg_error *err)
{
    struct report_limited *l = ctx;

    return l->inner.each(l->inner.ctx, kind, size < l->size ? size : l->size,
                         visit, visitor, err);
}

enum xg_status report_guide(struct xg_guide **guide,
                            struct report_limited *limited, struct store *store,
                            uint64_t size, struct xg_error *err)
{
    struct xg_guide_source source = {limited, each_below};

    *limited = (struct report_limited){guide_source(store), size};
    return xg_guide_new(guide, &source, err);
}

/* ---- texts, each once ---- */

struct texts {
    struct xg_bytes *slots;
    size_t count, room;
};

static size_t slot_of(const struct texts *t, struct xg_bytes text)
{
    uint64_t h = 1469598103934665603u;

    for (size_t i = 0; i < text.len; i++)
        h = (h ^ text.at[i]) * 1099511628211u;
    size_t at = (size_t)h & (t->room - 1);
    while (t->slots[at].at && !xg_bytes_equal(t->slots[at], text))
        at = (at + 1) & (t->room - 1);
    return at;
}

static enum xg_status grow(struct texts *t, struct xg_error *err)
{
    struct texts more = {.count = t->count,
                         .room = t->room ? t->room * 2 : TEXTS_FIRST};

    more.slots = calloc(more.room, sizeof *more.slots);
    if (!more.slots)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < t->room; i++)
        if (t->slots[i].at)
            more.slots[slot_of(&more, t->slots[i])] = t->slots[i];
    free(t->slots);
    *t = more;
    return XG_OK;
}

/* The text's one copy in the arena. */
static enum xg_status keep(struct xg_bytes *text, struct texts *t,
                           struct xg_arena *arena, struct xg_error *err)
{
    if (2 * t->count >= t->room && grow(t, err) != XG_OK)
        return err->status;
    struct xg_bytes *slot = &t->slots[slot_of(t, *text)];
    if (!slot->at) {
        char *copy = xg_arena_str(arena, (const char *)text->at, text->len);
        if (!copy)
            return xg_fail_nomem(err);
        *slot = xg_bytes(copy, text->len);
        t->count++;
    }
    *text = *slot;
    return XG_OK;
}

/* ---- rows ---- */

struct reading {
    struct report_set *out;
    struct xg_arena *arena; /* for what stays */
    struct xg_arena one;    /* for a case */
    const struct report_source *from;
    struct texts texts;
    struct report_case *rows; /* heap, while it grows */
    size_t room;
    struct xg_link *links;
    size_t link_count, link_room;
};

static enum xg_status take_links(struct reading *r, const struct xg_state *s,
                                 struct xg_error *err)
{
    const struct xg_set *same = xg_state_set(s, XG_FIELD_SAME_AS);

    for (size_t i = 0; same && i < same->count; i++) {
        struct xg_cbor c = xg_cbor_over(same->elements[i].value);
        struct xg_cbor_item other;
        if (same->elements[i].removed || !xg_cbor_next(&c, &other) ||
            other.type != XG_CBOR_BYTES || other.bytes.len != XG_ID_SIZE)
            continue;
        void *list = r->links;
        if (report_room(&list, &r->link_room, r->link_count, sizeof *r->links,
                        err) != XG_OK)
            return err->status;
        r->links = list;
        struct xg_link *link = &r->links[r->link_count++];
        link->from = s->id;
        memcpy(link->to.b, other.bytes.at, XG_ID_SIZE);
    }
    return XG_OK;
}

static enum xg_status take_row(struct reading *r, struct report_case *row,
                               struct xg_error *err)
{
    struct xg_bytes *texts[] = {&row->unit, &row->holder, &row->level,
                                &row->settled, &row->category};
    void *list = r->rows;

    if (report_room(&list, &r->room, r->out->count, sizeof *r->rows, err) !=
        XG_OK)
        return err->status;
    r->rows = list;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (keep(texts[i], &r->texts, r->arena, err) != XG_OK)
            return err->status;
    r->rows[r->out->count++] = *row;
    return XG_OK;
}

/* Those that were told below the size; what lay in the log but waited for
 * others was in no state yet. */
static void drop_later(struct fold_rows *rows, uint64_t size)
{
    size_t kept = 0;

    for (size_t i = 0; i < rows->count; i++)
        if (rows->rows[i].shown < size && rows->rows[i].position < size)
            rows->rows[kept++] = rows->rows[i];
    rows->count = kept;
}

static enum xg_status read_case(struct reading *r, struct xg_arena *arena,
                                const struct store_entity *e,
                                struct xg_error *err)
{
    const struct report_source *from = r->from;
    struct fold_rows rows = {.show = true};
    struct guide_rules rules;
    struct report_case row;
    struct xg_clock *clocks;
    struct fold fold;
    size_t count;

    if (from->store->ops->read_entity_records(from->store, arena, &rows.rows,
                                              &rows.count, e->number,
                                              err) != XG_OK)
        return err->status;
    drop_later(&rows, from->size);
    if (rows.count == 0)
        return XG_OK;
    if (fold_of_rows(&fold, arena, from->store, from->registry, e, &rows,
                     err) != XG_OK ||
        guide_rules_of(&rules, from->guide, &fold, err) != XG_OK ||
        guide_clocks(&clocks, &count, arena, &fold, &rules, REPORT_FOREVER_MS,
                     err) != XG_OK ||
        take_links(r, &fold.state, err) != XG_OK)
        return err->status;
    return report_case_of(&row, &fold, clocks, count) ? take_row(r, &row, err)
                                                      : XG_OK;
}

static enum xg_status visit(void *ctx, const struct store_entity *e,
                            struct xg_error *err)
{
    struct reading *r = ctx;
    enum xg_status status = XG_OK;

    if (e->folded)
        status = read_case(r, &r->one, e, err);
    r->out->unfolded += !e->folded;
    xg_arena_reset(&r->one);
    return status;
}

static enum xg_status read_kind(struct reading *r, uint64_t kind,
                                struct xg_error *err)
{
    return report_each(r->from->store,
                       (struct store_filter){.kind = kind, .bare = true}, r,
                       visit, err);
}

/* ---- groups ---- */

static enum xg_status find_groups(struct reading *r, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(CASE_ARENA);
    struct xg_grouped *grouped;
    size_t count;
    enum xg_status status =
        xg_groups_of(&grouped, &count, &arena, r->links, r->link_count, err);

    for (size_t i = 0; status == XG_OK && i < r->out->count; i++) {
        const struct xg_id *group =
            xg_group_find(grouped, count, &r->rows[i].id);
        if (!group)
            continue;
        r->rows[i].group = *group;
        r->rows[i].grouped = true;
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status report_now(int64_t *now_ms, const struct report_source *from,
                          struct xg_error *err)
{
    struct store_time time;
    bool found;

    if (from->store->ops->find_time_below(from->store, &time, &found,
                                          from->size, err) != XG_OK)
        return err->status;
    *now_ms = found ? time.ms : 0;
    return XG_OK;
}

static enum xg_status finish(struct report_set *out, struct reading *r,
                             struct xg_error *err)
{
    out->rows = xg_arena_array(r->arena, out->count + 1, sizeof *out->rows);
    out->fates = xg_arena_array(r->arena, out->count + 1, sizeof *out->fates);
    if (!out->rows || !out->fates)
        return xg_fail_nomem(err);
    if (out->count)
        memcpy(out->rows, r->rows, out->count * sizeof *out->rows);
    return report_decide(out, err);
}

enum xg_status report_read(struct report_set *out, struct xg_arena *arena,
                           const struct report_source *from,
                           struct xg_error *err)
{
    struct report_set set = {.size = from->size};
    struct reading r = {
        .out = &set, .arena = arena, .one = XG_ARENA(CASE_ARENA), .from = from};
    enum xg_status status = report_now(&set.now_ms, from, err);

    for (const struct xg_kind *k = xg_kinds; status == XG_OK && k->name; k++)
        if (report_counts_kind(k->number))
            status = read_kind(&r, k->number, err);
    if (status == XG_OK)
        status = find_groups(&r, err);
    if (status == XG_OK)
        status = finish(&set, &r, err);
    xg_arena_clear(&r.one);
    free(r.rows);
    free(r.links);
    free(r.texts.slots);
    if (status == XG_OK)
        *out = set;
    return status;
}

/* ---- from the board ---- */

static enum xg_status take_kept(void *ctx, uint64_t number,
                                struct xg_bytes bytes,
                                const struct xg_id *group, struct xg_error *err)
{
    struct reading *r = ctx;
    struct report_case row = {.number = number};

    if (bytes.len == 0) {
        r->out->unfolded++;
        return XG_OK;
    }
    if (!report_case_get(&row, bytes))
        return xg_fail(err, XG_CORRUPT, "the board's row of case %llu",
                       (unsigned long long)number);
    if (group) {
        row.group = *group;
        row.grouped = true;
    }
    return take_row(r, &row, err);
}

enum xg_status report_read_board(struct report_set *out, struct xg_arena *arena,
                                 const struct report_source *from,
                                 struct board_reader *board,
                                 const struct board_period *period,
                                 struct xg_error *err)
{
    struct report_set set = {.size = from->size};
    struct reading r = {.out = &set, .arena = arena, .from = from};
    const struct board_figures to = {&r, take_kept};
    enum xg_status status = report_now(&set.now_ms, from, err);

    if (status == XG_OK)
        status = board_figures(board, period, &to, err);
    if (status == XG_OK)
        status = finish(&set, &r, err);
    free(r.rows);
    free(r.texts.slots);
    if (status == XG_OK)
        *out = set;
    return status;
}
