/* redact.c - see redact.h. */
#include "server/desk/redact.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "server/board/board.h"
#include "server/data/inside.h"
#include "server/desk/desk.h"
#include "server/merge/inside.h"
#include "server/merge/source.h"
#include "server/photo/photo.h"
#include "shared/base/lang.h"
#include "shared/core/erase.h"
#include "shared/view/value.h"

enum {
    STEP = 64,
    ACT_BYTES = 24 << 10, /* of entries in one act */
    ARENA = 256 << 20,
    BUSY_TRIES = 20,
};

/* How far it has come: REDACT_PENDING. */
enum { NOTHING_PENDING = 0, ROWS_PENDING = 1, FILES_PENDING = 2 };

/* ---- what is to go ---- */

static bool is_wished(const struct redact_wish *w, const struct xg_hash *record)
{
    for (size_t i = 0; i < w->record_count; i++)
        if (xg_hash_equal(&w->records[i], record))
            return true;
    return w->record_count == 0;
}

static bool goes(const struct redact_wish *w, const struct xg_field *f,
                 uint64_t number)
{
    for (size_t i = 0; i < w->field_count; i++)
        if (w->fields[i] == number)
            return true;
    return w->field_count == 0 && f && f->flags & XG_PERSONAL;
}

/* In a kind that reaches down, who is told of a record hangs on whether it
 * wrote a register. */
static bool binds(const struct xg_record *r, const struct xg_field *f)
{
    const struct xg_kind *kind = xg_kind_find(r->head.kind);

    return kind && kind->reaches_down && !r->head.creates && !r->head.move &&
           (!f || f->merge == XG_MERGE_REGISTER);
}

static enum xg_status plan_record(struct redact_plan *plan,
                                  struct xg_arena *arena,
                                  const struct fold *fold, uint32_t op,
                                  const struct redact_wish *wish,
                                  struct xg_error *err)
{
    const struct xg_record *r = fold->state.ops[op].record;
    struct redact_item *item = &plan->items[plan->count];
    struct xg_buf entry = XG_BUF(XG_RECORD_MAX);
    struct xg_field_cursor c;
    struct xg_cbor_item value;
    size_t gone = 0;
    uint64_t number;

    if (r->malformed ? wish->record_count == 0
                     : r->head.move == XG_MOVE_ERASE || !r->fields_raw.len)
        return XG_OK;
    *item = (struct redact_item){.op = op};
    for (c = xg_record_fields(r);
         !r->malformed && xg_field_next(&c, &number, &value);) {
        const struct xg_field *f =
            xg_field_find(fold->state.kind, number);
        if (!goes(wish, f, number) || value.type == XG_CBOR_NULL)
            continue;
        if (binds(r, f))
            return xg_fail(err, XG_REFUSED,
                           XG_T("通知和专项整治中后来改的字段 %s 不能抹除",
                                "%s cannot be erased where a notice or "
                                "campaign was changed later"),
                           f ? f->name : "?");
        item->gone[item->gone_count++] = number;
    }
    if (!r->malformed && !item->gone_count)
        return XG_OK;
    enum xg_status status =
        xg_erased_put(&entry, &gone, r, item->gone, item->gone_count, err);
    if (status == XG_OK && gone && entry.len > ACT_BYTES)
        status = xg_fail(err, XG_TOOBIG, "%s",
                         XG_T("一条记录余下的内容太长；请多选几个要抹除的字段",
                              "what is left of a record is too long: name more "
                              "of its fields"));
    if (status == XG_OK && gone) {
        const uint8_t *copy = xg_arena_copy(arena, entry.data, entry.len);
        item->entry = xg_bytes(copy, entry.len);
        item->stays = fold->state.ops[op].erasure != NULL;
        plan->stay += item->stays;
        plan->count++;
        status = copy ? XG_OK : xg_fail_nomem(err);
    }
    xg_buf_clear(&entry);
    return status;
}

static enum xg_status add_photo(struct redact_plan *plan,
                                const struct xg_hash *hash,
                                struct xg_error *err)
{
    for (size_t i = 0; i < plan->photo_count; i++)
        if (xg_hash_equal(&plan->photos[i], hash))
            return XG_OK;
    if (plan->photo_count == REDACT_PHOTOS_MAX)
        return xg_fail(err, XG_TOOBIG, "%s",
                       XG_T("一次最多抹除 128 张照片",
                            "at most 128 photos at a time"));
    plan->photos[plan->photo_count++] = *hash;
    return XG_OK;
}

/* The photo and its thumbnail, if a record of the entity names it. */
static enum xg_status plan_photo(struct redact_plan *plan,
                                 const struct fold *fold,
                                 const struct xg_hash *wanted,
                                 struct xg_error *err)
{
    const struct xg_set *set = xg_state_set(&fold->state, XG_FIELD_PHOTO);
    char hex[2 * XG_HASH_SIZE + 1];
    bool any = false;

    for (size_t i = 0; set && i < set->count; i++) {
        struct xg_cbor c = xg_cbor_over(set->elements[i].value);
        struct xg_cbor_item item;
        if (!xg_cbor_next(&c, &item))
            continue;
        struct view_photo photo = view_photo_of(&item);
        if (!xg_hash_equal(&photo.sha256, wanted))
            continue;
        any = true;
        if (add_photo(plan, &photo.sha256, err) != XG_OK ||
            (photo.thumbnail_bytes &&
             add_photo(plan, &photo.thumbnail, err) != XG_OK))
            return err->status;
    }
    if (any)
        return XG_OK;
    xg_hex(hex, wanted->b, sizeof wanted->b);
    return xg_fail(err, XG_NOTFOUND,
                   XG_T("这一件没有照片 %s", "it has no photo %s"), hex);
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, XG_HASH_SIZE);
}

/* Entries begin with the head of an array of three and that of the hash. */
static int by_record(const void *a, const void *b)
{
    const struct redact_item *x = a, *y = b;

    return memcmp(x->entry.at + 3, y->entry.at + 3, XG_HASH_SIZE);
}

static enum xg_status find_stays(struct redact_plan *plan, struct store *store,
                                 const struct xg_id *entity,
                                 struct xg_error *err)
{
    for (size_t i = 0; i < plan->photo_count; i++)
        if (store->ops->find_photo_elsewhere(
                store, &plan->named_by[i], &plan->stays[i], &plan->photos[i],
                entity, err) != XG_OK)
            return err->status;
    return XG_OK;
}

enum xg_status redact_plan(struct redact_plan *plan, struct xg_arena *arena,
                           struct store *store, const struct fold *fold,
                           const struct redact_wish *wish, struct xg_error *err)
{
    const struct xg_state *s = &fold->state;
    struct redact_plan p = {.count = 0};

    p.items = xg_arena_array(arena, s->count + 1, sizeof *p.items);
    if (!p.items)
        return xg_fail_nomem(err);
    for (uint32_t op = 0; op < s->count; op++) {
        if ((wish->photo_count && !wish->field_count && !wish->record_count) ||
            !is_wished(wish, &s->ops[op].record->hash))
            continue;
        if (plan_record(&p, arena, fold, op, wish, err) != XG_OK)
            return err->status;
    }
    for (size_t i = 0; i < wish->photo_count; i++)
        if (plan_photo(&p, fold, &wish->photos[i], err) != XG_OK)
            return err->status;
    qsort(p.items, p.count, sizeof *p.items, by_record);
    qsort(p.photos, p.photo_count, sizeof *p.photos, by_hash);
    if (p.count == 0 && p.photo_count == 0)
        return xg_fail(err, XG_NOTFOUND, "%s",
                       XG_T("没有可抹除的：没有个人信息，或已抹除；可用 "
                            "--field 指明字段",
                            "nothing to erase: nothing personal, or all is "
                            "erased; --field names other fields"));
    if (find_stays(&p, store, &s->id, err) != XG_OK)
        return err->status;
    *plan = p;
    return XG_OK;
}

/* ---- the act ---- */

static enum xg_status note_pending(void *ctx, struct xg_error *answer,
                                   struct store *store, const struct fold *fold,
                                   struct xg_draft *draft, struct xg_error *err)
{
    (void)ctx;
    (void)draft;
    if (!fold)
        xg_ignore(xg_fail(answer, XG_NOTFOUND, "%s",
                          XG_T("没有这一件", "it is not here")));
    return store->ops->put_value(store, REDACT_PENDING, ROWS_PENDING, err);
}

/* Of the writer's own office or one below: as a person is asked. The fold lets
 * any supervising office erase (core/judge.h). */
static enum xg_status may_erase(struct data *d, const struct fold *fold,
                                const char *operator_code, struct xg_error *err)
{
    const struct xg_registry registry = registry_view(d->registry);
    struct xg_judgement actor;
    bool within = false;

    if (desk_actor(&actor, d, operator_code, err) != XG_OK)
        return err->status;
    if (actor.no_right || !actor.role ||
        !xg_move_allowed(XG_MOVE_ERASE, actor.role->number))
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 不能抹除：要督办单位的人",
                            "%s may not erase: a supervising office may"),
                       operator_code);
    if (xg_unit_within(&within, &registry, fold->entity.unit, actor.unit,
                       actor.size, err) != XG_OK)
        return err->status;
    if (!within)
        return xg_fail(err, XG_REFUSED,
                       XG_T("这一件不归 %s 的单位", "it is not at home in the "
                                                    "unit of %s"),
                       operator_code);
    return XG_OK;
}

static enum xg_status set_text(struct xg_draft *d, uint64_t number,
                               const char *text, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(XG_RECORD_MAX);

    xg_cbor_put_text(&value, text, strlen(text));
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status = xg_draft_set(d, number, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

/* As many entries from *at on as fit. */
static enum xg_status set_entries(struct xg_draft *d, size_t *at,
                                  const struct redact_plan *plan,
                                  struct xg_error *err)
{
    struct xg_buf list = XG_BUF(XG_RECORD_MAX), value = XG_BUF(XG_RECORD_MAX);
    size_t first = *at, end = first;

    while (end < plan->count && end - first < XG_ERASED_MAX &&
           list.len + plan->items[end].entry.len <= ACT_BYTES) {
        xg_buf_append(&list, plan->items[end].entry.at,
                      plan->items[end].entry.len);
        end++;
    }
    xg_cbor_put_array(&value, end - first);
    xg_buf_append(&value, list.data, list.len);
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK && end > first)
        status = xg_draft_set(d, XG_FIELD_ERASED, xg_buf_bytes(&value), err);
    *at = end;
    xg_buf_clear(&list);
    xg_buf_clear(&value);
    return status;
}

static enum xg_status set_photos(struct xg_draft *d,
                                 const struct redact_plan *plan,
                                 struct xg_error *err)
{
    struct xg_buf value = XG_BUF(XG_RECORD_MAX);

    xg_cbor_put_array(&value, plan->photo_count);
    for (size_t i = 0; i < plan->photo_count; i++)
        xg_cbor_put_bytes(&value, plan->photos[i].b, XG_HASH_SIZE);
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status = xg_draft_set(d, XG_FIELD_ERASED_PHOTOS, xg_buf_bytes(&value),
                              err);
    xg_buf_clear(&value);
    return status;
}

static enum xg_status write_act(size_t *at, bool photos, struct data *d,
                                const struct fold *fold,
                                const struct redact_plan *plan,
                                const char *ground, const char *operator_code,
                                const uint8_t *author_secret,
                                struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    const struct ingest_ask ask = {.ask = note_pending};
    struct xg_hash record;
    struct xg_draft draft;
    enum xg_status status;

    xg_draft_init(&draft, &arena, fold->state.kind->number);
    draft.head.creates = false;
    draft.head.entity = fold->state.id;
    draft.head.move = XG_MOVE_ERASE;
    draft.author_secret = author_secret;
    status = set_text(&draft, XG_FIELD_WHY, ground, err);
    if (status == XG_OK)
        status = photos ? set_photos(&draft, plan, err)
                        : set_entries(&draft, at, plan, err);
    if (status == XG_OK)
        status = ingest_record(d->ingest, &record, &draft, operator_code, &ask,
                               err);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status redact_write(size_t *acts, struct data *d,
                            const struct fold *fold,
                            const struct redact_plan *plan, const char *ground,
                            const char *operator_code,
                            const uint8_t *author_secret, struct xg_error *err)
{
    size_t at = 0, n = 0;

    if (may_erase(d, fold, operator_code, err) != XG_OK)
        return err->status;
    for (; at < plan->count; n++)
        if (write_act(&at, false, d, fold, plan, ground, operator_code,
                      author_secret, err) !=
            XG_OK)
            return err->status;
    if (plan->photo_count) {
        if (write_act(&at, true, d, fold, plan, ground, operator_code,
                      author_secret, err) !=
            XG_OK)
            return err->status;
        n++;
    }
    *acts = n;
    return redact_finish(d, err);
}

/* ---- for good ---- */

/* One sweep, in the writer's transaction. */
struct sweep {
    struct ledger_job job;
    struct data *d;
    struct xg_arena arena;
    struct store *store;
    struct store *to; /* where it is said what acts erased: `store`, or another,
                       * and then nothing is done but that */
    struct xg_error *err;
    bool any;                /* something was noted */
    struct xg_hash *records; /* of which bodies are to be redacted, sorted */
    size_t count, room;
    struct xg_hash *photos;
    size_t photo_count, photo_room;
};

static bool push(struct xg_hash **list, size_t *count, size_t *room,
                 const struct xg_hash *hash)
{
    if (*count == *room) {
        size_t grown = *room ? *room * 2 : 64;
        struct xg_hash *moved = realloc(*list, grown * sizeof *moved);
        if (!moved)
            return false;
        *list = moved;
        *room = grown;
    }
    (*list)[(*count)++] = *hash;
    return true;
}

/* What all acts that are known leave of it. */
static enum xg_status find_left(struct sweep *s, struct xg_op *op,
                                struct store_record *row)
{
    struct store_erased *rows;
    size_t count;

    if (s->store->ops->read_erased(s->store, &s->arena, &rows, &count,
                                   &row->hash, s->err) != XG_OK)
        return s->err->status;
    for (size_t i = 0; i < count; i++)
        if (xg_erase_one(op, rows[i].entry, &s->arena, s->err) != XG_OK)
            return s->err->status;
    row->left = op->erasure ? op->erasure->kept : xg_bytes(NULL, 0);
    return XG_OK;
}

static enum xg_status erase_row(struct sweep *s, struct store_record *row,
                                const struct xg_record *record)
{
    struct xg_op op = {.record = record};

    if (find_left(s, &op, row) != XG_OK)
        return s->err->status;
    if (!op.erasure) /* an act on something that cannot be erased */
        return XG_OK;
    if (row->fields.len) {
        row->fields_hash = record->fields_hash;
        row->fields_len = row->fields.len;
        row->fields = xg_bytes(NULL, 0);
    }
    /* Also of one that is gone already: another batch may have brought it. */
    if (!push(&s->records, &s->count, &s->room, &row->hash))
        return xg_fail_nomem(s->err);
    if (s->store->ops->erase_record(s->store, row, s->err) != XG_OK)
        return s->err->status;
    if (photo_put_named(s->store, row, op.record, s->err) != XG_OK)
        return s->err->status;
    return source_put(s->store, row, op.record, s->err);
}

static enum xg_status erase_entry(struct sweep *s, const struct xg_record *act,
                                  const struct xg_erased *e,
                                  struct xg_bytes entry)
{
    struct store_erased kept = {.record = e->record,
                                .act = act->hash,
                                .entry = entry};
    const struct xg_hash nowhere = {{0}};
    struct store_record row;
    struct xg_record record = {.malformed = NULL};
    bool found = false;

    if (s->store->ops->find_record(s->store, &s->arena, &row, &found,
                                   &e->record, s->err) != XG_OK)
        return s->err->status;
    if (found) {
        const struct xg_id of = xg_record_entity(act);
        if (!xg_id_equal(&of, &row.entity_id))
            return XG_OK; /* of another entity: no effect */
        store_read_record(&record, &nowhere, &row);
        record.hash = row.hash;
        kept.fields_hash = record.fields_hash;
        kept.length = store_fields_len(&row);
    }
    if (s->to->ops->put_erased(s->to, &kept, s->err) != XG_OK)
        return s->err->status;
    return found && s->to == s->store ? erase_row(s, &row, &record) : XG_OK;
}

static enum xg_status erase_photos(struct sweep *s, const struct xg_record *act)
{
    const struct xg_id entity = xg_record_entity(act);
    struct xg_cbor_item list, item;
    struct xg_hash hash;

    if (!xg_record_field(act, XG_FIELD_ERASED_PHOTOS, &list))
        return XG_OK;
    struct xg_cbor c = xg_cbor_inside(&list);
    while (xg_cbor_next(&c, &item)) {
        memcpy(hash.b, item.bytes.at, sizeof hash.b);
        if (s->to->ops->put_erased_photo(s->to, &hash, &entity, s->err) !=
            XG_OK)
            return s->err->status;
        if (s->to != s->store)
            continue;
        if (s->store->ops->drop_wanted(s->store, &hash, s->err) != XG_OK)
            return s->err->status;
        if (!push(&s->photos, &s->photo_count, &s->photo_room, &hash))
            return xg_fail_nomem(s->err);
    }
    return XG_OK;
}

/* Did its author have the right, as the fold judges it? */
static enum xg_status has_right(struct sweep *s, bool *right,
                                const struct store_record *row,
                                const struct xg_record *act)
{
    const struct xg_registry view = registry_view(s->d->registry);
    struct fold fold;
    const struct xg_id id = xg_record_entity(act);
    bool found = false;

    *right = false;
    if (fold_of_entity(&fold, &found, &s->arena, s->store, &view, &id,
                       s->err) != XG_OK)
        return s->err->status;
    for (size_t i = 0; found && i < fold.count; i++)
        if (fold.rows[i].number == row->number)
            *right = fold.state.ops[i].erases;
    return XG_OK;
}

static enum xg_status sweep_row(struct sweep *s, const struct store_record *row)
{
    const struct xg_hash nowhere = {{0}};
    struct xg_record act = {.malformed = NULL};
    struct xg_erased_cursor c;
    struct xg_erased e;
    bool right;

    store_read_record(&act, &nowhere, row);
    act.hash = row->hash;
    if (act.malformed || act.head.move != XG_MOVE_ERASE)
        return XG_OK;
    if (has_right(s, &right, row, &act) != XG_OK)
        return s->err->status;
    if (!right)
        return XG_OK;
    for (c = xg_erased_of(&act);;) {
        const uint8_t *from = c.at.at;
        if (!xg_erased_next(&c, &e))
            break;
        if (erase_entry(s, &act, &e,
                        xg_bytes(from, (size_t)(c.at.at - from))) != XG_OK)
            return s->err->status;
    }
    return erase_photos(s, &act);
}

static enum xg_status sweep_branch(struct sweep *s, uint64_t branch,
                                   uint64_t start)
{
    struct store *store = s->store;
    struct xg_arena arena = XG_ARENA(ARENA);
    struct store_record *rows;
    size_t count = STEP;
    uint64_t seq = start;
    enum xg_status status = XG_OK;

    while (status == XG_OK && count == STEP) {
        xg_arena_reset(&arena);
        status = store->ops->read_branch(store, &arena, &rows, &count, branch,
                                         seq, STEP, s->err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            seq = rows[i].seq + 1;
            xg_arena_reset(&s->arena);
            status = sweep_row(s, &rows[i]);
        }
    }
    xg_arena_clear(&arena);
    return status;
}

/* Every act on the server's own chains. */
static enum xg_status sweep_acts(struct sweep *s)
{
    struct store *store = s->store;
    struct xg_arena arena = XG_ARENA(ARENA);
    struct store_chain *chains;
    struct store_branch *branches;
    size_t count = 0, branch_count = 0;
    enum xg_status status =
        store->ops->read_chains(store, &arena, &chains, &count, NULL, s->err);

    for (size_t i = 0; status == XG_OK && i < count; i++) {
        if (!ledger_is_server(s->d->ledger, chains[i].device))
            continue;
        status = store->ops->read_branches(store, &arena, &branches,
                                           &branch_count, chains[i].number,
                                           s->err);
        for (size_t b = 0; status == XG_OK && b < branch_count; b++)
            status = sweep_branch(s, branches[b].number, branches[b].start);
    }
    xg_arena_clear(&arena);
    return status;
}

static bool is_swept(void *ctx, const struct xg_record *record)
{
    const struct sweep *s = ctx;

    return bsearch(&record->hash, s->records, s->count, sizeof *s->records,
                   by_hash) != NULL;
}

static enum xg_status redact_body(struct sweep *s,
                                  const struct store_batch *row)
{
    struct xg_buf body = XG_BUF(XG_BATCH_MAX);
    struct xg_batch batch;
    bool any = false;
    enum xg_status status =
        ingest_reopen(s->d->ingest, &batch, &s->arena, s->store, row, s->err);

    for (size_t i = 0; status == XG_OK && i < batch.count; i++)
        any |= batch.records[i].fields_raw.len &&
               is_swept(s, &batch.records[i]);
    if (status == XG_OK && any) {
        status = xg_batch_redact(&body, &batch, is_swept, s, s->err);
        if (status == XG_OK)
            status = s->store->ops->replace_body(
                s->store, row->position, xg_buf_bytes(&body), s->err);
    }
    xg_buf_clear(&body);
    return status;
}

/* Every batch that may hold one of them: also those that wait, are kept apart,
 * or hold the same records once more. */
static enum xg_status sweep_bodies(struct sweep *s)
{
    struct store *store = s->store;
    struct xg_arena arena = XG_ARENA(ARENA);
    struct store_batch *rows;
    uint64_t position = 0;
    size_t count = 1;
    enum xg_status status = XG_OK;

    qsort(s->records, s->count, sizeof *s->records, by_hash);
    while (status == XG_OK && s->count && count > 0) {
        xg_arena_reset(&arena);
        status = store->ops->read_batches(store, &arena, &rows, &count,
                                          position, STEP, s->err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            xg_arena_reset(&s->arena);
            position = rows[i].position + 1;
            status = redact_body(s, &rows[i]);
        }
    }
    xg_arena_clear(&arena);
    return status;
}

/* The files of those that somebody else names stay. */
static enum xg_status keep_named(struct sweep *s)
{
    size_t kept = 0;
    bool away = false;

    for (size_t i = 0; i < s->photo_count; i++) {
        if (photo_taken_away(s->store, &away, &s->photos[i], s->err) != XG_OK)
            return s->err->status;
        if (away)
            s->photos[kept++] = s->photos[i];
    }
    s->photo_count = kept;
    return XG_OK;
}

static enum xg_status run_sweep(struct ledger_job *job, struct ledger *l,
                                struct store *store, struct xg_error *err)
{
    struct sweep *s = (struct sweep *)job;
    uint64_t pending = NOTHING_PENDING;

    (void)l;
    s->store = s->to = store;
    s->err = err;
    s->count = s->photo_count = 0;
    if (store->ops->get_value(store, &pending, REDACT_PENDING, err) != XG_OK)
        return err->status;
    s->any = pending != NOTHING_PENDING;
    if (!s->any)
        return XG_OK;
    if (sweep_acts(s) != XG_OK || store->ops->erase_acts(store, err) != XG_OK ||
        sweep_bodies(s) != XG_OK || keep_named(s) != XG_OK)
        return err->status;
    return store->ops->put_value(store, REDACT_PENDING, FILES_PENDING, err);
}

enum xg_status redact_expect(bool *settled, struct data *d, struct store *store,
                             struct store *to, struct xg_error *err)
{
    struct sweep s = {
        .d = d, .arena = XG_ARENA(ARENA), .store = store, .to = to, .err = err};
    uint64_t pending = NOTHING_PENDING;
    enum xg_status status =
        store->ops->get_value(store, &pending, REDACT_PENDING, err);

    if (status == XG_OK)
        status = sweep_acts(&s);
    xg_arena_clear(&s.arena);
    if (status == XG_OK)
        *settled = pending != ROWS_PENDING;
    return status;
}

/* A handle of its own: what was committed is moved into the file, whose freed
 * places are zeroed, and the log is emptied. */
static enum xg_status forget(struct data *d, struct xg_error *err)
{
    char *path = d->dir ? data_path(d->dir, "server.db") : NULL;
    struct store *own = NULL;
    enum xg_status status = XG_OK;

    if (!d->dir)
        return XG_OK;
    if (!path)
        return xg_fail_nomem(err);
    status = store_sqlite_open(&own, path, err);
    if (status == XG_OK)
        status = XG_BUSY;
    for (int i = 0; own && status == XG_BUSY && i < BUSY_TRIES; i++)
        status = own->ops->forget(own, err);
    store_close(own);
    free(path);
    /* And from what lists are made of. */
    if (status == XG_OK)
        status = XG_BUSY;
    for (int i = 0; status == XG_BUSY && i < BUSY_TRIES; i++)
        status = board_forget(d->board, err);
    return status;
}

static enum xg_status run_done(struct ledger_job *job, struct ledger *l,
                               struct store *store, struct xg_error *err)
{
    (void)job;
    (void)l;
    return store->ops->put_value(store, REDACT_PENDING, NOTHING_PENDING, err);
}

static enum xg_status is_pending(bool *pending, struct data *d,
                                 struct xg_error *err)
{
    struct store *reader;
    uint64_t value = NOTHING_PENDING;

    if (data_borrow(d, &reader, err) != XG_OK)
        return err->status;
    enum xg_status status =
        reader->ops->get_value(reader, &value, REDACT_PENDING, err);
    data_return(d, reader);
    *pending = value != NOTHING_PENDING;
    return status;
}

enum xg_status redact_finish(struct data *d, struct xg_error *err)
{
    bool pending = false;

    if (is_pending(&pending, d, err) != XG_OK)
        return err->status;
    if (!pending)
        return XG_OK;

    struct sweep s = {.job = {.run = run_sweep, .alone = true},
                      .d = d,
                      .arena = XG_ARENA(ARENA)};
    struct ledger_job done = {.run = run_done};
    enum xg_status status = ledger_submit(d->ledger, &s.job, err);

    for (size_t i = 0; status == XG_OK && i < s.photo_count; i++)
        status = blobs_remove(d->blobs, &s.photos[i], err);
    if (status == XG_OK && s.any)
        status = forget(d, err);
    if (status == XG_OK && s.any)
        status = ledger_submit(d->ledger, &done, err);
    free(s.records);
    free(s.photos);
    xg_arena_clear(&s.arena);
    return status;
}
