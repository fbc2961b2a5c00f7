/* place.c - where records belong: chains, branches, anchors, entities.
 *
 * Branches of a chain form a tree. One that has children ends where they
 * begin; only at a leaf, or by a new fork, does a chain go on.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "server/merge/inside.h"
#include "server/merge/scope.h"
#include "server/merge/source.h"
#include "server/photo/photo.h"
#include "shared/core/erase.h"

/* One batch at work. */
struct placing {
    struct placer *p;
    struct xg_arena *arena;
    struct incoming *inc;
    struct xg_error *err;
    struct store_chain chain;
    struct store_branch *branches;
    size_t branch_count;
    struct store_branch *at;   /* append here */
    struct store_branch made;  /* where `at` is a new one */
    size_t held;               /* records of the batch that we have */
    struct store_record *rows; /* the new ones */
    size_t count;
};

void placer_init(struct placer *p, struct ingest *in, struct store *from,
                 struct store *to, bool replay)
{
    *p = (struct placer){.in = in,
                         .from = from,
                         .to = to,
                         .fold = XG_ARENA(in->fold_bytes),
                         .hands = XG_ARENA(BATCH_ARENA),
                         .scratch = XG_BUF(FOLD_ARENA),
                         .replay = replay};
}

void placer_clear(struct placer *p)
{
    xg_arena_clear(&p->fold);
    xg_arena_clear(&p->hands);
    xg_buf_clear(&p->scratch);
    free(p->waiting);
}

/* ---- finding the branch ---- */

static enum xg_status begin_chain(struct placing *w)
{
    struct placer *p = w->p;
    const struct xg_batch *b = w->inc->batch;

    w->chain =
        (struct store_chain){.number = ++p->counts.chains, .id = b->says.chain};
    memcpy(w->chain.device, w->inc->device, strlen(w->inc->device) + 1);
    w->made = (struct store_branch){.number = ++p->counts.branches,
                                    .chain = w->chain.number,
                                    .id = b->says.chain};
    w->at = &w->made;
    return p->to->ops->put_chain(p->to, &w->chain, w->err);
}

static struct store_branch *branch_numbered(struct placing *w, uint64_t number)
{
    for (size_t i = 0; i < w->branch_count; i++)
        if (w->branches[i].number == number)
            return &w->branches[i];
    return NULL;
}

static struct store_branch *child_of(struct placing *w, uint64_t number)
{
    for (size_t i = 0; i < w->branch_count; i++)
        if (w->branches[i].parent == number)
            return &w->branches[i];
    return NULL;
}

/* The record at this place with this hash, if we have it. */
static enum xg_status find_at(struct placing *w, struct store_record *row,
                              bool *found, uint64_t seq,
                              const struct xg_hash *hash)
{
    struct store *to = w->p->to;
    struct store_record *rows;
    size_t count;

    *found = false;
    if (to->ops->read_place(to, w->arena, &rows, &count, w->chain.number, seq,
                            w->err) != XG_OK)
        return w->err->status;
    for (size_t i = 0; i < count && !*found; i++)
        if (xg_hash_equal(&rows[i].hash, hash)) {
            *row = rows[i];
            *found = true;
        }
    return XG_OK;
}

static void begin_branch(struct placing *w, const struct store_record *before)
{
    const struct xg_record *first = &w->inc->batch->records[w->held];

    w->made = (struct store_branch){.number = ++w->p->counts.branches,
                                    .chain = w->chain.number,
                                    .parent = before->branch,
                                    .id = first->hash,
                                    .start = before->seq + 1,
                                    .next = before->seq + 1,
                                    .last = before->hash,
                                    .anchor_size = before->anchor_size};
    w->at = &w->made;
    w->inc->forked = true;
    w->inc->fork_chain = w->chain.number;
    w->inc->fork_index = w->held;
}

/* Does the branch go on from what `number` holds, through others or not? */
static bool descends(struct placing *w, const struct store_branch *b,
                     uint64_t number)
{
    for (size_t depth = 0; b && b->parent && depth < XG_CHAINS_MAX; depth++) {
        if (b->parent == number)
            return true;
        b = branch_numbered(w, b->parent);
    }
    return false;
}

/* Whoever knows of records that are on the branch `tail` now, or on one that
 * goes on from there, is told. */
static enum xg_status tell_split(struct placing *w, uint64_t tail)
{
    struct teller teller;

    teller_init(&teller, w->p, w->inc, w->err);
    if (teller_moved(&teller, tail, true) != XG_OK)
        return w->err->status;
    for (size_t i = 0; i < w->branch_count; i++)
        if (descends(w, &w->branches[i], tail) &&
            teller_moved(&teller, w->branches[i].number, false) != XG_OK)
            return w->err->status;
    return XG_OK;
}

/* What a branch holds from `before` on becomes a branch of its own. */
static enum xg_status split(struct placing *w, struct store_branch *b,
                            const struct store_record *before)
{
    struct store *to = w->p->to;
    struct store_branch tail = *b;
    struct store_record *rows;
    size_t count;

    if (to->ops->read_branch(to, w->arena, &rows, &count, b->number,
                             before->seq + 1, 1, w->err) != XG_OK)
        return w->err->status;
    if (count != 1)
        return xg_fail(w->err, XG_CORRUPT, "a branch ends before its end");
    tail.number = ++w->p->counts.branches;
    tail.parent = b->number;
    tail.id = w->inc->rival = rows[0].hash;
    tail.start = before->seq + 1;
    for (size_t i = 0; i < w->branch_count; i++)
        if (w->branches[i].parent == b->number) {
            w->branches[i].parent = tail.number;
            if (to->ops->put_branch(to, &w->branches[i], w->err) != XG_OK)
                return w->err->status;
        }
    b->next = before->seq + 1;
    b->last = before->hash;
    b->anchor_size = before->anchor_size;
    if (to->ops->put_branch(to, b, w->err) != XG_OK ||
        to->ops->put_branch(to, &tail, w->err) != XG_OK ||
        to->ops->move_records(to, b->number, tail.start, tail.number, w->err) !=
            XG_OK)
        return w->err->status;
    return tell_split(w, tail.number);
}

/* May the device begin one more chain or branch? What restored copies and
 * clones bring is a handful; a device that begins them without end would cost
 * every fold and every update of its neighbours. */
static enum xg_status has_room(struct placing *w, bool *room)
{
    struct store *to = w->p->to;
    struct store_chain *chains;
    struct store_branch *branches;
    size_t count, n, total = 0;

    if (to->ops->read_chains(to, w->arena, &chains, &count, w->inc->device,
                             w->err) != XG_OK)
        return w->err->status;
    for (size_t i = 0; i < count && total < DEVICE_BRANCHES_MAX; i++) {
        if (to->ops->read_branches(to, w->arena, &branches, &n,
                                   chains[i].number, w->err) != XG_OK)
            return w->err->status;
        total += n;
    }
    *room = total < DEVICE_BRANCHES_MAX;
    w->inc->spent = !*room;
    return XG_OK;
}

/* Where does what comes after `before`, which we have, go? */
static enum xg_status go_on_after(struct placing *w,
                                  const struct store_record *before)
{
    struct store *to = w->p->to;
    struct store_branch *b = branch_numbered(w, before->branch);
    bool room;

    if (!b)
        return xg_fail(w->err, XG_CORRUPT, "a branch is missing");
    struct store_branch *child = child_of(w, b->number);
    if (b->next == before->seq + 1 && !child) {
        w->at = b;
        return XG_OK;
    }
    if (has_room(w, &room) != XG_OK)
        return w->err->status;
    if (!room)
        return XG_OK;
    if (b->next == before->seq + 1)
        w->inc->rival = child->id;
    else if (split(w, b, before) != XG_OK)
        return w->err->status;
    begin_branch(w, before);
    w->chain.forked = true;
    return to->ops->put_chain(to, &w->chain, w->err);
}

/* Pass over the records that we have; `before` is the last of them. */
static enum xg_status pass_held(struct placing *w, struct store_record *before,
                                bool *any)
{
    const struct xg_batch *b = w->inc->batch;
    bool found = true;

    *any = false;
    if (b->says.first > 0) {
        if (find_at(w, before, &found, b->says.first - 1, &b->says.previous) !=
            XG_OK)
            return w->err->status;
        if (!found)
            return XG_OK;
        *any = true;
    }
    while (w->held < b->count) {
        struct store_record row;
        if (find_at(w, &row, &found, b->says.first + w->held,
                    &b->records[w->held].hash) != XG_OK)
            return w->err->status;
        if (!found)
            break;
        *before = row;
        *any = true;
        w->held++;
    }
    return XG_OK;
}

static enum xg_status find_branch(struct placing *w)
{
    struct store *to = w->p->to;
    const struct xg_batch_note *says = &w->inc->batch->says;
    struct store_record before;
    bool found = false, any, room = false;

    if (to->ops->find_chain(to, &w->chain, &found, &says->chain, w->err) !=
        XG_OK)
        return w->err->status;
    if (!found && says->first == 0 && has_room(w, &room) != XG_OK)
        return w->err->status;
    if (!found)
        return room ? begin_chain(w) : XG_OK;
    if (to->ops->read_branches(to, w->arena, &w->branches, &w->branch_count,
                               w->chain.number, w->err) != XG_OK)
        return w->err->status;
    if (w->branch_count == 1 && w->branches[0].next == says->first &&
        xg_hash_equal(&w->branches[0].last, &says->previous)) {
        w->at = &w->branches[0];
        return XG_OK;
    }
    if (pass_held(w, &before, &any) != XG_OK)
        return w->err->status;
    w->inc->placed = any && w->held == w->inc->batch->count;
    if (!any || w->inc->placed)
        return XG_OK;
    return go_on_after(w, &before);
}

/* ---- anchors ---- */

/* Was there a checkpoint of that size before the log came to `position`, and
 * what was its root? A checkpoint ends with a time note. */
static enum xg_status published_root(struct placer *p, struct anchor_memo *out,
                                     uint64_t size, struct xg_error *err)
{
    struct anchor_memo *memo = &p->anchors[size % ANCHORS_KEPT];
    static const char mark[] = "xunge/time/v1\n";
    struct xg_arena arena = XG_ARENA(2 * XG_NOTE_MAX);
    struct anchor_memo m = {.size = size};
    struct xg_bytes *notes;
    size_t count = 0;
    enum xg_status status;

    if (memo->size == size) {
        *out = *memo;
        return XG_OK;
    }
    status = p->from->ops->read_entries(p->from, &arena, &notes, &count,
                                        size - 1, 1, XG_NOTE_MAX, err);
    if (status == XG_OK && count == 1 && notes[0].len > sizeof mark &&
        memcmp(notes[0].at, mark, sizeof mark - 1) == 0) {
        m.published = true;
        status = ledger_root(&m.root, p->from, size, err);
    }
    if (status == XG_OK)
        *out = m;
    if (status == XG_OK && m.published) /* which never changes any more */
        *memo = m;
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status judge_anchor(struct placing *w, struct store_record *row,
                                   const struct xg_record *r)
{
    const struct ledger *ledger = w->p->in->ledger;
    struct xg_cbor_item name, size, root;
    struct anchor_memo memo;

    row->bad_anchor = true;
    if (!xg_record_field(r, XG_ANCHOR_ORIGIN, &name) ||
        !xg_record_field(r, XG_ANCHOR_SIZE, &size) ||
        !xg_record_field(r, XG_ANCHOR_ROOT, &root) ||
        !ledger_knows(ledger, name.bytes) ||
        size.number > w->inc->position || size.number == 0)
        return XG_OK;
    if (published_root(w->p, &memo, size.number, w->err) != XG_OK)
        return w->err->status;
    if (memo.published &&
        memcmp(memo.root.b, root.bytes.at, XG_HASH_SIZE) == 0) {
        row->bad_anchor = false;
        if (size.number > row->anchor_size)
            row->anchor_size = size.number;
    }
    return XG_OK;
}

/* ---- rows ---- */

/* A record that came without its fields: what is known of them, and what is
 * left. Whoever reads the record from here on reads what is left. */
static enum xg_status take_erased(struct placing *w, struct store_record *row,
                                  struct xg_record *r)
{
    struct store *from = w->p->from;
    struct xg_op op = {.record = r};
    struct store_erased *rows;
    size_t count = 0;

    row->fields_hash = r->fields_hash;
    if (from->ops->read_erased(from, w->arena, &rows, &count, &r->hash,
                               w->err) != XG_OK)
        return w->err->status;
    if (count == 0)
        return xg_fail(w->err, XG_CORRUPT, "%s",
                       "a record has no fields, and no erasure names it");
    for (size_t i = 0; i < count; i++) {
        if (xg_erase_one(&op, rows[i].entry, w->arena, w->err) != XG_OK)
            return w->err->status;
        if (rows[i].length > row->fields_len)
            row->fields_len = rows[i].length;
    }
    if (op.erasure) {
        row->left = op.erasure->kept;
        *r = *op.record;
    }
    return XG_OK;
}

/* One that was erased before it came here with its fields: to be swept. */
static enum xg_status note_late(struct placing *w, const struct xg_record *r)
{
    struct store *from = w->p->from;
    struct store_erased *rows;
    size_t count = 0;

    if (w->p->replay)
        return XG_OK;
    if (from->ops->read_erased(from, w->arena, &rows, &count, &r->hash,
                               w->err) != XG_OK)
        return w->err->status;
    return count ? from->ops->put_value(from, REDACT_PENDING, 1, w->err)
                 : XG_OK;
}

static enum xg_status make_rows(struct placing *w)
{
    const struct xg_batch *b = w->inc->batch;
    bool server = ledger_is_server(w->p->in->ledger, w->inc->device);

    w->count = b->count - w->held;
    w->rows = xg_arena_array(w->arena, w->count, sizeof *w->rows);
    if (!w->rows)
        return xg_fail_nomem(w->err);
    for (size_t i = 0; i < w->count; i++) {
        struct xg_record *r = &b->records[w->held + i];
        struct store_record *row = &w->rows[i];
        *row = (struct store_record){.number = ++w->p->counts.records,
                                     .chain = w->chain.number,
                                     .branch = w->at->number,
                                     .seq = b->says.first + w->held + i,
                                     .position = w->inc->position,
                                     .anchor_size = w->at->anchor_size,
                                     .hash = r->hash,
                                     .previous = w->at->last,
                                     .head = r->head_raw,
                                     .fields = r->fields_raw};
        if ((r->fields_raw.len ? note_late(w, r) : take_erased(w, row, r)) !=
            XG_OK)
            return w->err->status;
        if (!r->malformed && r->head.kind == XG_KIND_ANCHOR &&
            judge_anchor(w, row, r) != XG_OK)
            return w->err->status;
        if (server)
            row->anchor_size = w->inc->position;
        row->shown =
            tell_reserve(w->p, w->inc->told,
                         row->head.len + store_fields_len(row) +
                             SCOPE_RECORD_COST);
        w->at->next = row->seq + 1;
        w->at->last = row->hash;
        w->at->anchor_size = row->anchor_size;
    }
    return XG_OK;
}

/* ---- entities ---- */

struct touched {
    struct store_entity entity;
    bool fresh;
    uint32_t first, last, count; /* rows, linked by `next` */
};

struct touching {
    struct touched *list;
    size_t count;
    uint32_t *next;  /* per row, or XG_NONE */
    uint32_t *table; /* open addressing: index into list + 1 */
    size_t mask;
};

static bool touching_init(struct touching *t, struct xg_arena *arena,
                          size_t rows)
{
    size_t size = 16;

    while (size < rows * 2)
        size *= 2;
    *t = (struct touching){.mask = size - 1};
    t->list = xg_arena_array(arena, rows, sizeof *t->list);
    t->next = xg_arena_array(arena, rows, sizeof *t->next);
    t->table = xg_arena_array(arena, size, sizeof *t->table);
    return t->list && t->next && t->table;
}

static enum xg_status touch(struct placing *w, struct touching *t, uint32_t i,
                            const struct xg_id *id)
{
    struct store *to = w->p->to;
    struct store_record *row = &w->rows[i];
    struct xg_id own = xg_id_of_hash(&row->hash);
    bool found, creates = xg_id_equal(id, &own);
    struct touched *e;
    uint64_t hash;

    memcpy(&hash, id->b, sizeof hash);
    size_t at = (size_t)hash & t->mask;
    while (t->table[at] &&
           !xg_id_equal(&t->list[t->table[at] - 1].entity.id, id))
        at = (at + 1) & t->mask;
    if (!t->table[at]) {
        e = &t->list[t->count];
        if ((creates ? to->ops->find_orphan : to->ops->find_entity)(
                to, &w->p->fold, &e->entity, &found, id, w->err) != XG_OK)
            return w->err->status;
        e->fresh = !found;
        if (!found)
            e->entity = (struct store_entity){.number = ++w->p->counts.entities,
                                              .id = *id};
        e->first = e->last = i;
        t->table[at] = (uint32_t)++t->count;
    } else {
        e = &t->list[t->table[at] - 1];
        t->next[e->last] = i;
        e->last = i;
    }
    e->count++;
    t->next[i] = XG_NONE;
    e->entity.changed = row->shown;
    row->entity = e->entity.number;
    row->creates = creates;
    row->late = row->creates && !(e->fresh && e->count == 1);
    return XG_OK;
}

static enum xg_status touch_all(struct placing *w, struct touching *t)
{
    if (!touching_init(t, w->arena, w->count))
        return xg_fail_nomem(w->err);
    for (uint32_t i = 0; i < w->count; i++) {
        const struct xg_record *r = &w->inc->batch->records[w->held + i];
        const struct xg_kind *kind =
            r->malformed ? NULL : xg_kind_find(r->head.kind);
        if (kind && !kind->entity)
            continue;
        struct xg_id id = xg_record_entity(r);
        if (touch(w, t, i, &id) != XG_OK)
            return w->err->status;
    }
    xg_arena_reset(&w->p->fold);
    return XG_OK;
}

/* Fold an entity of which everything is in this batch. */
static enum xg_status fold_fresh(struct placing *w, struct touching *t,
                                 struct touched *e, struct fold *f)
{
    struct xg_arena *arena = &w->p->fold;
    const struct xg_registry view = registry_view(w->p->in->registry);
    struct store_record *rows = &w->rows[e->first];
    const struct xg_record **records =
        xg_arena_array(arena, e->count, sizeof *records);

    if (e->count > 1)
        rows = xg_arena_array(arena, e->count, sizeof *rows);
    if (!records || !rows)
        return xg_fail_nomem(w->err);
    for (uint32_t i = e->first, n = 0; i != XG_NONE; i = t->next[i], n++) {
        records[n] = &w->inc->batch->records[w->held + i];
        if (e->count > 1)
            rows[n] = w->rows[i];
    }
    const struct fold_rows all = {.rows = rows,
                                  .count = e->count,
                                  .records = records,
                                  .device = w->inc->device,
                                  .chain = &w->inc->batch->says.chain};
    if (fold_of_rows(f, arena, w->p->to, &view, &e->entity, &all, w->err) !=
        XG_OK)
        return w->err->status;
    return XG_OK;
}

static enum xg_status fold_again(struct placer *p, struct fold *f,
                                 const struct store_entity *e,
                                 struct xg_error *err)
{
    const struct xg_registry view = registry_view(p->in->registry);
    struct fold_rows rows = {.count = 0};

    if (p->to->ops->read_entity_records(p->to, &p->fold, &rows.rows,
                                        &rows.count, e->number, err) != XG_OK)
        return err->status;
    return fold_of_rows(f, &p->fold, p->to, &view, e, &rows, err);
}

/* Too many records on too many branches to be folded here: they are kept, and
 * what was known of the entity stays. Of one whose first record comes only now,
 * that says where it is at home. */
static enum xg_status keep_unfolded(struct placing *w, const struct touching *t,
                                    const struct touched *e, struct fold *f)
{
    const struct xg_registry view = registry_view(w->p->in->registry);
    struct store_entity now = e->entity;

    now.state = (struct xg_bytes){NULL, 0};
    now.folded = false;
    now.records += e->count;
    for (uint32_t i = e->first; !now.creator && i != XG_NONE; i = t->next[i]) {
        const struct xg_record *record = &w->inc->batch->records[w->held + i];
        const struct fold_rows first = {.rows = &w->rows[i],
                                        .count = 1,
                                        .records = &record,
                                        .device = w->inc->device,
                                        .chain = &w->inc->batch->says.chain};
        if (!w->rows[i].creates)
            continue;
        xg_arena_reset(&w->p->fold);
        if (fold_of_rows(f, &w->p->fold, w->p->to, &view, &now, &first,
                         w->err) != XG_OK)
            return w->err->status;
        now.kind = f->entity.kind;
        now.creator = f->entity.creator;
        memcpy(now.unit, f->entity.unit, sizeof now.unit);
        memcpy(now.author, f->entity.author, sizeof now.author);
    }
    *f = (struct fold){.entity = now};
    return XG_OK;
}

static enum xg_status fold_one(struct placing *w, struct touching *t,
                               struct touched *e, struct fold *f)
{
    enum xg_status status;

    xg_arena_reset(&w->p->fold);
    if (!e->fresh && !e->entity.folded)
        return keep_unfolded(w, t, e, f);
    status = e->fresh ? fold_fresh(w, t, e, f)
                      : fold_again(w->p, f, &e->entity, w->err);
    if (status != XG_NOMEM || !w->p->fold.full)
        return status;
    *w->err = XG_ERROR_NONE;
    return keep_unfolded(w, t, e, f);
}

static bool comes_late(const struct placing *w, const struct touching *t,
                       const struct touched *e)
{
    for (uint32_t i = e->first; i != XG_NONE; i = t->next[i])
        if (w->rows[i].late)
            return true;
    return false;
}

/* Fold it, keep what came of it, and tell whoever is to know. */
static enum xg_status settle(struct placing *w, struct touching *t,
                             struct touched *e, struct teller *teller)
{
    struct tell_entity told;
    struct fold f;

    if (fold_one(w, t, e, &f) != XG_OK ||
        teller_look(teller, &told, &e->entity, comes_late(w, t, e), &f) !=
            XG_OK ||
        fold_put(w->p->to, &w->p->scratch, &f, w->err) != XG_OK)
        return w->err->status;
    for (uint32_t i = e->first; i != XG_NONE; i = t->next[i])
        if (teller_row(teller, &told, &w->rows[i],
                       &w->inc->batch->records[w->held + i]) != XG_OK)
            return w->err->status;
    return teller_pass(teller, &told, w->rows[0].number);
}

static enum xg_status settle_touched(struct placing *w, struct touching *t)
{
    struct teller teller;

    teller_init(&teller, w->p, w->inc, w->err);
    for (size_t i = 0; i < t->count; i++)
        if (settle(w, t, &t->list[i], &teller) != XG_OK)
            return w->err->status;
    xg_arena_reset(&w->p->fold);
    return teller_end(&teller, w->rows, w->count);
}

static enum xg_status name_photos(struct placing *w)
{
    const struct xg_record *records = &w->inc->batch->records[w->held];

    for (size_t i = 0; i < w->count; i++)
        if (photo_put_named(w->p->to, &w->rows[i], &records[i], w->err) !=
                XG_OK ||
            source_put(w->p->to, &w->rows[i], &records[i], w->err) != XG_OK)
            return w->err->status;
    return XG_OK;
}

enum xg_status placer_place(struct placer *p, struct xg_arena *arena,
                            struct incoming *inc, struct xg_error *err)
{
    struct placing w = {.p = p, .arena = arena, .inc = inc, .err = err};
    struct touching touching;

    if (find_branch(&w) != XG_OK)
        return err->status;
    if (!w.at)
        return XG_OK; /* all held, or a gap */
    inc->placed = true;
    if (make_rows(&w) != XG_OK || touch_all(&w, &touching) != XG_OK ||
        p->to->ops->put_records(p->to, w.rows, w.count, err) != XG_OK ||
        p->to->ops->put_branch(p->to, w.at, err) != XG_OK ||
        name_photos(&w) != XG_OK || settle_touched(&w, &touching) != XG_OK)
        return err->status;
    inc->fresh = w.count;
    return XG_OK;
}

/* ---- what waited ---- */

static int by_first(const void *a, const void *b)
{
    const struct store_batch *x = a, *y = b;

    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->position < y->position ? -1 : 1;
}

static enum xg_status read_waiting(struct placer *p, struct xg_arena *arena,
                                   struct store_batch **rows, size_t *count,
                                   const struct xg_hash *chain, uint64_t from,
                                   uint64_t to, struct xg_error *err)
{
    if (!p->replay)
        return p->from->ops->read_waiting(p->from, arena, rows, count, chain,
                                          from, to, err);
    *rows = xg_arena_array(arena, p->waiting_count + 1, sizeof **rows);
    if (!*rows)
        return xg_fail_nomem(err);
    *count = 0;
    for (size_t i = 0; i < p->waiting_count; i++)
        if (xg_hash_equal(&p->waiting[i].chain, chain) &&
            p->waiting[i].first >= from && p->waiting[i].first <= to)
            (*rows)[(*count)++] = p->waiting[i];
    if (*count > 1)
        qsort(*rows, *count, sizeof **rows, by_first);
    return XG_OK;
}

static enum xg_status release_one(struct placer *p, const struct store_batch *b,
                                  size_t *fresh, uint64_t *last, uint64_t told,
                                  ingest_placed *placed, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(BATCH_ARENA);
    struct xg_batch batch;
    struct incoming inc = {.batch = &batch,
                           .device = b->device,
                           .position = b->position,
                           .told = told};
    enum xg_status status =
        ingest_reopen(p->in, &batch, &arena, p->from, b, err);

    if (status == XG_OK)
        status = placer_place(p, &arena, &inc, err);
    if (status == XG_OK && inc.placed) {
        *fresh += inc.fresh;
        *last = b->last > *last ? b->last : *last;
        status = placed(p, b, &inc, err);
    }
    xg_arena_clear(&arena);
    return status;
}

/* What goes on from a place at or after `first`, up to the last that is new;
 * each that does may bring the last further. In the order of their beginnings
 * none can depend on one that comes later. */
enum xg_status placer_release(struct placer *p, size_t *fresh,
                              const struct xg_batch_note *says, uint64_t told,
                              ingest_placed *placed, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(BATCH_ARENA);
    uint64_t from = says->first + 1, last = says->last;
    struct store_batch *rows;
    struct store_chain c;
    size_t count = 0;
    bool found;
    enum xg_status status =
        p->to->ops->find_chain(p->to, &c, &found, &says->chain, err);

    while (status == XG_OK && found && from <= last + 1) {
        uint64_t to = last + 1;
        xg_arena_reset(&arena);
        status = read_waiting(p, &arena, &rows, &count, &says->chain, from, to,
                              err);
        for (size_t i = 0; status == XG_OK && i < count; i++)
            if (strcmp(rows[i].device, c.device) == 0)
                status =
                    release_one(p, &rows[i], fresh, &last, told, placed, err);
        from = to + 1;
    }
    xg_arena_clear(&arena);
    return status;
}
