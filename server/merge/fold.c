/* fold.c - see fold.h. */
#include "server/merge/fold.h"

#include <stdio.h>

#include "shared/base/lang.h"
#include "shared/core/erase.h"
#include "shared/core/judge.h"

/* What is looked up once for all rows of a chain. */
struct place {
    struct store_chain chain;
    struct xg_branch *branches; /* parallel to rows */
    struct store_branch *rows;
    size_t count;
};

/* One fold at work. */
struct work {
    struct fold *fold;
    struct xg_arena *arena;
    struct store *store;
    const struct xg_registry *registry;
    struct place *places;
    size_t place_count, place_room;
    const struct xg_record **records;
    struct xg_op *ops;
    struct xg_error *err;
    enum xg_status failed; /* of a callback */
};

/* ---- where a record stands ---- */

static enum xg_status load_place(struct work *w, struct place *p,
                                 uint64_t chain)
{
    const struct store_ops *ops = w->store->ops;

    *p = (struct place){.count = 0};
    if (ops->get_chain(w->store, &p->chain, chain, w->err) != XG_OK ||
        ops->read_branches(w->store, w->arena, &p->rows, &p->count, chain,
                           w->err) != XG_OK)
        return w->err->status;
    p->branches = xg_arena_array(w->arena, p->count, sizeof *p->branches);
    if (!p->branches)
        return xg_fail_nomem(w->err);
    for (size_t i = 0; i < p->count; i++) {
        p->branches[i] =
            (struct xg_branch){.id = p->rows[i].id, .start = p->rows[i].start};
        for (size_t j = 0; j < p->count; j++)
            if (p->rows[j].number == p->rows[i].parent)
                p->branches[i].parent = &p->branches[j];
    }
    return XG_OK;
}

/* Borrowed until the next call: the list may move. */
static struct place *get_place(struct work *w, uint64_t chain)
{
    for (size_t i = 0; i < w->place_count; i++)
        if (w->places[i].chain.number == chain)
            return &w->places[i];
    if (w->place_count == w->place_room) {
        size_t room = w->place_room ? w->place_room * 2 : 4;
        struct place *moved = xg_arena_array(w->arena, room, sizeof *moved);
        if (!moved) {
            xg_ignore(xg_fail_nomem(w->err));
            return NULL;
        }
        if (w->place_count)
            memcpy(moved, w->places, w->place_count * sizeof *moved);
        w->places = moved;
        w->place_room = room;
    }
    if (load_place(w, &w->places[w->place_count], chain) != XG_OK)
        return NULL;
    return &w->places[w->place_count++];
}

static enum xg_status place_row(struct work *w, size_t i)
{
    const struct store_record *row = &w->fold->rows[i];
    struct place *p = get_place(w, row->chain);

    if (!p)
        return w->err->status;
    for (size_t b = 0; b < p->count; b++)
        if (p->rows[b].number == row->branch)
            w->ops[i].branch = &p->branches[b];
    if (!w->ops[i].branch)
        return xg_fail(w->err, XG_CORRUPT, "a branch is missing");
    w->fold->devices[i] =
        xg_arena_str(w->arena, p->chain.device, strlen(p->chain.device));
    if (!w->fold->devices[i])
        return xg_fail_nomem(w->err);
    if (!w->records[i]) {
        struct xg_record *r = xg_arena_alloc(w->arena, sizeof *r);
        if (!r)
            return xg_fail_nomem(w->err);
        store_read_record(r, &p->chain.id, row);
        w->records[i] = r;
    }
    return XG_OK;
}

/* All on one branch of which nothing needs to be known but that it is one. */
static enum xg_status place_rows(struct work *w, const struct fold_rows *rows)
{
    static const struct xg_branch only;

    for (size_t i = 0; i < rows->count; i++) {
        w->records[i] = rows->records ? rows->records[i] : NULL;
        w->ops[i].seq = rows->rows[i].seq;
        if (rows->device && rows->records) {
            w->ops[i].branch = &only;
            w->fold->devices[i] = rows->device;
        } else if (place_row(w, i) != XG_OK) {
            return w->err->status;
        }
        w->ops[i].record = w->records[i];
    }
    return XG_OK;
}

/* ---- what was erased of it ---- */

/* Of records of which the bytes are gone: also where the act is not here yet,
 * as in a replay. */
static enum xg_status apply_erased(struct work *w)
{
    struct store *s = w->store;
    struct store_erased *rows;
    size_t count;

    for (size_t i = 0; i < w->fold->count; i++) {
        if (w->fold->rows[i].fields.len)
            continue;
        if (s->ops->read_erased(s, w->arena, &rows, &count,
                                &w->fold->rows[i].hash, w->err) != XG_OK)
            return w->err->status;
        for (size_t k = 0; k < count; k++)
            if (xg_erase_one(&w->ops[i], rows[k].entry, w->arena, w->err) !=
                XG_OK)
                return w->err->status;
    }
    return XG_OK;
}

/* ---- who wrote it ---- */

static enum xg_status judge_row(struct work *w, size_t i,
                                const struct xg_hash *chain)
{
    struct fold *f = w->fold;
    const struct store_record *row = &f->rows[i];
    const struct xg_record *r = w->records[i];
    struct xg_hash id = {{0}};

    /* The chain's id is a part of what is signed, and of nothing else here. */
    if (chain) {
        id = *chain;
    } else if (!r->malformed && r->head.signature.len) {
        const struct place *p = get_place(w, row->chain);
        if (!p)
            return w->err->status;
        id = p->chain.id;
    }
    const struct xg_place place = {&id, &row->previous, row->seq};
    return xg_judge(&f->judgements[i], w->registry, f->devices[i], r, &place,
                    row->anchor_size, w->err);
}

static enum xg_status judge_rows(struct work *w, const struct xg_hash *chain)
{
    for (size_t i = 0; i < w->fold->count; i++)
        if (judge_row(w, i, chain) != XG_OK)
            return w->err->status;
    return XG_OK;
}

/* Rights; and kind, home and author of the entity from its first record. */
static enum xg_status judge_entity(struct work *w)
{
    struct fold *f = w->fold;
    struct store_entity *e = &f->entity;
    struct xg_judgement **judged =
        xg_arena_array(w->arena, f->count, sizeof *judged);
    struct xg_home home;

    if (!judged)
        return xg_fail_nomem(w->err);
    for (size_t i = 0; i < f->count; i++)
        judged[i] = &f->judgements[i];
    if (xg_judge_ops(&home, w->arena, w->ops, judged, f->count, &e->id, w->registry,
                     w->err) != XG_OK)
        return w->err->status;
    memcpy(e->author, home.author, sizeof e->author);
    memcpy(e->unit, home.unit, sizeof e->unit);
    if (home.creator == XG_NONE)
        return XG_OK;
    e->creator = f->rows[home.creator].number;
    if (!w->records[home.creator]->malformed)
        e->kind = w->records[home.creator]->head.kind;
    return XG_OK;
}

/* ---- what is cited and not of this entity ---- */

static bool known_elsewhere(void *ctx, const struct xg_hash *hash)
{
    struct work *w = ctx;
    bool known = false;

    if (w->failed == XG_OK)
        w->failed = w->store->ops->has_record(w->store, &known, hash, w->err);
    return known;
}

/* What the tables are searched by. */
static void tell_case(struct store_entity *e, const struct xg_state *s)
{
    const struct xg_set *same = xg_state_set(s, XG_FIELD_SAME_AS);

    e->links = 0;
    for (size_t i = 0; same && i < same->count; i++)
        e->links += !same->elements[i].removed;
    e->status = s->status;
    e->open = s->status && !xg_status_final(s->status) && !s->withdrawn;
    e->case_number[0] = '\0';
    if (s->status)
        xg_state_text(e->case_number, sizeof e->case_number, s, XG_CASE_NUMBER);
}

/* ---- when it was ---- */

enum xg_status fold_when(struct xg_when *when, struct store *store,
                         uint64_t anchor_size, uint64_t position,
                         struct xg_error *err)
{
    struct store_time low, high;
    bool has_low, has_high;

    if (store->ops->find_time_below(store, &low, &has_low, anchor_size, err) !=
            XG_OK ||
        store->ops->find_time_from(store, &high, &has_high, position, err) !=
            XG_OK)
        return err->status;
    *when = (struct xg_when){has_low ? low.ms : XG_NO_TIME,
                             has_high ? high.ms : XG_NO_TIME};
    return XG_OK;
}

static enum xg_status find_whens(struct fold *f, struct xg_arena *arena,
                                 struct store *store, struct xg_error *err)
{
    f->whens = xg_arena_array(arena, f->count, sizeof *f->whens);
    if (!f->whens)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < f->count; i++)
        if (fold_when(&f->whens[i], store, f->rows[i].anchor_size,
                      f->rows[i].position, err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status fold_of_rows(struct fold *fold, struct xg_arena *arena,
                            struct store *store,
                            const struct xg_registry *registry,
                            const struct store_entity *entity,
                            const struct fold_rows *rows, struct xg_error *err)
{
    struct fold f = {.rows = rows->rows, .count = rows->count};
    struct work w = {.fold = &f,
                     .arena = arena,
                     .store = store,
                     .registry = registry,
                     .err = err};
    const struct xg_elsewhere elsewhere = {&w, known_elsewhere};
    size_t n = rows->count;

    f.entity.number = entity->number;
    f.entity.id = entity->id;
    f.entity.changed = entity->changed;
    f.entity.handed = entity->handed;
    f.entity.folded = true;
    f.devices = xg_arena_array(arena, n, sizeof *f.devices);
    f.judgements = xg_arena_array(arena, n, sizeof *f.judgements);
    w.records = xg_arena_array(arena, n, sizeof *w.records);
    w.ops = xg_arena_array(arena, n, sizeof *w.ops);
    if (!f.devices || !f.judgements || !w.records || !w.ops)
        return xg_fail_nomem(err);
    if (place_rows(&w, rows) != XG_OK || apply_erased(&w) != XG_OK ||
        judge_rows(&w, rows->chain) != XG_OK)
        return err->status;
    if (judge_entity(&w) != XG_OK ||
        xg_merge(&f.state, arena, &entity->id, w.ops, n,
                 rows->show ? &elsewhere : NULL, err) != XG_OK)
        return err->status;
    if (w.failed != XG_OK)
        return w.failed;
    if (rows->show && find_whens(&f, arena, store, err) != XG_OK)
        return err->status;
    f.entity.records = n;
    f.entity.conflicts = f.state.conflict_count;
    f.entity.withdrawn = f.state.withdrawn;
    tell_case(&f.entity, &f.state);
    *fold = f;
    return XG_OK;
}

enum xg_status fold_of_found(struct fold *fold, struct xg_arena *arena,
                             struct store *store,
                             const struct xg_registry *registry,
                             const struct store_entity *entity,
                             struct xg_error *err)
{
    struct fold_rows rows = {.show = true};

    if (!entity->folded)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("它有 %llu 条记录，太多，服务器没有合并；记录都在，"
                            "请另立新事项继续，并与它关联",
                            "it has %llu records, too many to be folded here; "
                            "all are kept: go on in a new one that is linked "
                            "to it"),
                       (unsigned long long)entity->records);
    if (store->ops->read_entity_records(store, arena, &rows.rows, &rows.count,
                                        entity->number, err) != XG_OK)
        return err->status;
    return fold_of_rows(fold, arena, store, registry, entity, &rows, err);
}

enum xg_status fold_of_entity(struct fold *fold, bool *found,
                              struct xg_arena *arena, struct store *store,
                              const struct xg_registry *registry,
                              const struct xg_id *id, struct xg_error *err)
{
    struct store_entity entity;
    bool any = false;

    if (store->ops->find_entity(store, arena, &entity, &any, id, err) != XG_OK)
        return err->status;
    if (any && fold_of_found(fold, arena, store, registry, &entity, err) !=
                   XG_OK)
        return err->status;
    *found = any;
    return XG_OK;
}

enum xg_status fold_put(struct store *store, struct xg_buf *scratch,
                        const struct fold *fold, struct xg_error *err)
{
    struct store_entity entity = fold->entity;

    xg_buf_reset(scratch);
    if (entity.folded)
        xg_state_encode(scratch, &fold->state);
    if (xg_buf_check(scratch, err) != XG_OK)
        return err->status;
    entity.state = xg_buf_bytes(scratch);
    return store->ops->put_entity(store, &entity, err);
}
