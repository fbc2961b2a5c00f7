/* evidence_records.c - the records of an evidence file: each hashed again, in
 * its batch's tree, by which registry it is judged, between which times; then
 * each entity folded anew; see evidence.h. */
#include "shared/audit/evidence_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/erase.h"

static void broken(struct xg_evidence_work *w,
                   const struct xg_evidence_record *r, const char *code,
                   const char *text)
{
    char hex[2 * XG_HASH_SIZE + 1];

    xg_hex(hex, r->record.hash.b, XG_HASH_SIZE);
    xg_evidence_found(w->e, XG_GRAVITY_BROKEN, code, r->place.entry,
                      XG_T("记录 %.12s：%s", "record %.12s: %s"), hex, text);
}

/* ---- one record in its batch ---- */

static bool in_batch(struct xg_evidence_work *w,
                     const struct xg_evidence_record *r,
                     const struct xg_evidence_batch *b)
{
    const struct xg_evidence_place *p = &r->place;
    struct xg_error why = XG_ERROR_NONE;

    return b && b->sound && xg_hash_equal(&b->says.chain, &p->chain) &&
           b->says.last - b->says.first + 1 == p->count &&
           b->says.first + p->index == p->seq &&
           (p->index || xg_hash_equal(&b->says.previous, &p->previous)) &&
           xg_verify_inclusion(&p->path, p->index, p->count, &r->record.hash,
                               &b->says.tree, &why) == XG_OK &&
           p->entry < w->e->checkpoint.size;
}

/* What came after its device was revoked counts only if it was admitted. */
static void check_quarantine(struct xg_evidence_work *w,
                             const struct xg_evidence_record *r,
                             const struct xg_evidence_batch *b)
{
    const struct xg_registry *registry = &w->e->registry;
    char subject[XG_SUBJECT_MAX + 1];
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_statement s;
    uint64_t position;
    bool found = false;

    if (registry->find(registry->ctx, XG_SAYS_REVOKE, b->device, b->position,
                       &s, &position, &found, &ignored) != XG_OK ||
        !found)
        return;
    xg_base64(subject, sizeof subject, b->id.b, XG_HASH_SIZE);
    if (registry->find(registry->ctx, XG_SAYS_ADMIT, subject, UINT64_MAX, &s,
                       &position, &found, &ignored) == XG_OK &&
        found)
        xg_evidence_found(
            w->e, XG_GRAVITY_NOTED, "admitted", b->position,
            XG_T("设备 %s 停用后才到的批次，由登记员准入",
                 "a batch that came after %s was revoked, admitted "
                 "by the registrar"),
            b->device);
    else
        broken(w, r, "quarantine",
               XG_T("设备停用之后才进日志，登记员没有准入，不该计入",
                    "it came after its device was revoked and was not "
                    "admitted: it must not count"));
}

static enum xg_status take_record(struct xg_evidence_work *w,
                                  struct xg_evidence_record *r,
                                  const struct xg_evidence_part *part,
                                  const char *name)
{
    static const struct xg_hash zero;
    struct xg_error why = XG_ERROR_NONE;
    struct xg_evidence_place *p = &r->place;
    struct xg_hash named = zero;

    if (!xg_evidence_unhex(&named, name) ||
        xg_evidence_place_read(p, &w->e->arena, part->content, &why) != XG_OK) {
        xg_evidence_found(w->e, XG_GRAVITY_BROKEN, "record", UINT64_MAX,
                          XG_T("数据部分 %s 读不出来：%s", "%s: %s"),
                          part->name, xg_error_text(&why));
        return why.status == XG_NOMEM ? xg_fail_nomem(w->err) : XG_OK;
    }
    r->record.fields_hash = p->fields_hash;
    xg_record_read(&r->record, p->seq ? &p->chain : &zero, p->seq,
                   &p->previous, p->head, p->fields);
    const struct xg_evidence_batch *b = xg_evidence_batch_at(w, p->entry);
    r->device = b ? b->device : "";
    r->bounds.position = p->entry;
    r->sound = xg_hash_equal(&named, &r->record.hash) && in_batch(w, r, b);
    if (r->sound)
        check_quarantine(w, r, b);
    else
        broken(w, r, "record",
               xg_hash_equal(&named, &r->record.hash)
                   ? XG_T("证明不了它在设备签名的批次里",
                          "it is not proven to be in a batch that its device "
                          "signed")
                   : XG_T("内容与哈希不符", "it is not what its hash says"));
    w->e->proofs += r->sound;
    return XG_OK;
}

/* ---- order ---- */

static bool about_entity(const struct xg_evidence_record *r)
{
    return r->record.malformed || (r->record.head.kind != XG_KIND_ANCHOR &&
                                   r->record.head.kind != XG_KIND_GENESIS);
}

static int by_entity(const void *a, const void *b)
{
    const struct xg_evidence_record *x = a, *y = b;

    if (x->held != y->held)
        return x->held ? -1 : 1;
    if (x->held) {
        struct xg_id p = xg_record_entity(&x->record);
        struct xg_id q = xg_record_entity(&y->record);
        int order = memcmp(p.b, q.b, XG_ID_SIZE);
        if (order)
            return order;
    }
    return xg_hash_compare(&x->record.hash, &y->record.hash);
}

static enum xg_status take_all(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;
    size_t room = 1, count = 0;

    for (size_t i = 0; i < e->part_count; i++)
        room += xg_evidence_rest(&e->parts[i], "records/") != NULL;
    e->records = xg_arena_array(&e->arena, room, sizeof *e->records);
    if (!e->records)
        return xg_fail_nomem(w->err);
    for (size_t i = 0; i < e->part_count; i++) {
        const char *name = xg_evidence_rest(&e->parts[i], "records/");
        if (!name)
            continue;
        struct xg_evidence_record *r = &e->records[count];
        e->parts[i].used = true;
        if (take_record(w, r, &e->parts[i], name) != XG_OK)
            return w->err->status;
        if (!r->place.head.len)
            continue; /* unreadable, and told */
        r->held = about_entity(r);
        e->record_count += r->held;
        e->anchor_count += !r->held;
        count++;
    }
    if (count)
        qsort(e->records, count, sizeof *e->records, by_entity);
    return XG_OK;
}

/* ---- branches ---- */

static enum xg_status place_branches(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;
    struct xg_branch **chains =
        xg_arena_array(&e->arena, e->record_count + 1, sizeof *chains);
    size_t count = 0;

    if (!chains)
        return xg_fail_nomem(w->err);
    for (size_t i = 0; i < e->record_count; i++) {
        struct xg_evidence_record *r = &e->records[i];
        for (size_t j = 0; !r->branch && j < e->branch_count; j++)
            if (xg_hash_equal(&e->branches[j].branch.id, &r->place.branch) &&
                xg_hash_equal(&e->branches[j].chain, &r->place.chain))
                r->branch = &e->branches[j].branch;
        for (size_t j = 0; !r->branch && j < count; j++)
            if (xg_hash_equal(&chains[j]->id, &r->place.branch))
                r->branch = chains[j];
        if (r->branch)
            continue;
        if (!xg_hash_equal(&r->place.branch, &r->place.chain))
            broken(w, r, "branch",
                   XG_T("清单里没有它所在的分支",
                        "the index does not know the branch that it is on"));
        struct xg_branch *b = xg_arena_alloc(&e->arena, sizeof *b);
        if (!b)
            return xg_fail_nomem(w->err);
        b->id = r->place.branch;
        chains[count++] = b;
        r->branch = b;
    }
    return XG_OK;
}

/* ---- by which registry: anchors ---- */

static struct xg_evidence_record *find_anchor(struct xg_evidence *e,
                                              const struct xg_hash *hash)
{
    struct xg_evidence_record *all = e->records + e->record_count;
    size_t low = 0, high = e->anchor_count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (xg_hash_compare(&all[mid].record.hash, hash) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < e->anchor_count &&
                   xg_hash_equal(&all[low].record.hash, hash)
               ? &all[low]
               : NULL;
}

/* Of this log, or of one that it follows. */
static bool is_origin(const struct xg_evidence *e, struct xg_bytes name)
{
    bool is = xg_bytes_equal(name, xg_bytes_of(e->checkpoint.origin));

    for (size_t i = 0; i < e->log_count; i++)
        is = is || xg_bytes_equal(name, xg_bytes_of(e->logs[i].log.name));
    return is;
}

/* Did the log have that root at that size? */
static bool anchor_counts(struct xg_evidence_work *w,
                          const struct xg_evidence_record *a, uint64_t *size)
{
    struct xg_evidence *e = w->e;
    struct xg_cbor_item origin, number, root;
    struct xg_hash stated;

    if (!a->sound || a->record.malformed ||
        a->record.head.kind != XG_KIND_ANCHOR ||
        !xg_record_field(&a->record, XG_ANCHOR_ORIGIN, &origin) ||
        !xg_record_field(&a->record, XG_ANCHOR_SIZE, &number) ||
        !xg_record_field(&a->record, XG_ANCHOR_ROOT, &root) ||
        root.bytes.len != XG_HASH_SIZE ||
        !is_origin(e, origin.bytes) ||
        number.number == 0 || number.number > e->checkpoint.size)
        return false;
    memcpy(stated.b, root.bytes.at, XG_HASH_SIZE);
    if (!xg_evidence_was_root(e, number.number, &stated))
        return false;
    *size = number.number;
    return true;
}

static bool is_server(const char *device)
{
    size_t len = strlen(device), tail = strlen(XG_SERVER_DEVICE);

    return len > tail && strcmp(device + len - tail, XG_SERVER_DEVICE) == 0;
}

static void find_anchors(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;

    for (size_t i = 0; i < e->anchor_count; i++) {
        struct xg_evidence_record *a = &e->records[e->record_count + i];
        if (!anchor_counts(w, a, &a->anchor_size))
            broken(w, a, "anchor",
                   XG_T("锚点所说的日志大小和根，证明不了",
                        "the size and root of the log that an anchor states "
                        "are not proven"));
    }
    for (size_t i = 0; i < e->record_count; i++) {
        struct xg_evidence_record *r = &e->records[i];
        const struct xg_evidence_record *a;
        if (is_server(r->device)) {
            r->anchor_size = r->place.entry;
        } else if (!xg_hash_is_zero(&r->place.anchor)) {
            a = find_anchor(e, &r->place.anchor);
            if (!a || !xg_hash_equal(&a->place.chain, &r->place.chain) ||
                a->place.seq >= r->place.seq)
                broken(w, r, "anchor",
                       XG_T("它所依据的锚点不在同一条链的前面",
                            "the anchor that it is judged by is not before it "
                            "on its chain"));
            else
                r->anchor_size = a->anchor_size;
        }
        r->bounds.anchor_size = r->anchor_size;
        for (size_t t = 0; t < w->time_count; t++)
            xg_bounds_see(&r->bounds, &w->times[t]);
    }
}

/* ---- entities ---- */

/* Judged by the registry that its device had seen; had that changed against it
 * when it came into the log, a person is to know. */
static enum xg_status judge_record(struct xg_evidence_work *w,
                                   struct xg_judgement *out,
                                   const struct xg_evidence_record *r)
{
    const struct xg_place place = {&r->place.chain, &r->place.previous,
                                   r->place.seq};
    struct xg_judgement later;

    if (xg_judge(out, &w->e->registry, r->device, &r->record, &place,
                 r->anchor_size, w->err) != XG_OK ||
        xg_judge(&later, &w->e->registry, r->device, &r->record, &place,
                 r->place.entry > r->anchor_size ? r->place.entry
                                                 : r->anchor_size,
                 w->err) != XG_OK)
        return w->err->status;
    if (!out->no_right && later.no_right)
        xg_evidence_found(
            w->e, XG_GRAVITY_DOUBT, "author", r->place.entry,
            XG_T("记录人 %s 在记录进日志时已无此资格；按设备上次"
                 "同步时的登记认定",
                 "%s had lost the right to record by the time that "
                 "this came into the log; judged by the registry "
                 "that the device had seen last"),
            out->author);
    return XG_OK;
}

static enum xg_status fold_entity(struct xg_evidence_work *w,
                                  struct xg_evidence_entity *entity)
{
    struct xg_evidence *e = w->e;
    struct xg_evidence_record *records = e->records + entity->first;
    size_t n = entity->count;
    struct xg_judgement **judged =
        xg_arena_array(&e->arena, n, sizeof *judged);

    entity->ops = xg_arena_array(&e->arena, n, sizeof *entity->ops);
    entity->judgements =
        xg_arena_array(&e->arena, n, sizeof *entity->judgements);
    if (!judged || !entity->ops || !entity->judgements)
        return xg_fail_nomem(w->err);
    for (size_t i = 0; i < n; i++) {
        judged[i] = &entity->judgements[i];
        entity->ops[i] = (struct xg_op){.record = &records[i].record,
                                        .branch = records[i].branch,
                                        .seq = records[i].place.seq};
        if (judge_record(w, judged[i], &records[i]) != XG_OK)
            return w->err->status;
    }
    if (xg_judge_ops(&entity->home, &e->arena, entity->ops, judged, n, &entity->id,
                     &e->registry, w->err) != XG_OK ||
        xg_merge(&entity->state, &e->arena, &entity->id, entity->ops, n, NULL,
                 w->err) != XG_OK)
        return w->err->status;
    entity->folded = true;
    return XG_OK;
}

/* The records that evidence.txt signs for: all of them, and no other. */
static enum xg_status check_whole(struct xg_evidence_work *w,
                                  struct xg_evidence_entity *entity)
{
    struct xg_evidence *e = w->e;
    struct xg_hash root, *hashes =
        xg_arena_array(&e->arena, entity->count + 1, sizeof *hashes);
    char hex[2 * XG_ID_SIZE + 1];

    if (!hashes)
        return xg_fail_nomem(w->err);
    for (size_t i = 0; i < entity->count; i++)
        hashes[i] = e->records[entity->first + i].record.hash;
    xg_tlog_root(&root, hashes, entity->count);
    if (entity->count == entity->records && xg_hash_equal(&root, &entity->root))
        return XG_OK;
    xg_hex(hex, entity->id.b, XG_ID_SIZE);
    xg_evidence_found(
        e, XG_GRAVITY_BROKEN, "records", UINT64_MAX,
        XG_T("%.12s 的记录有 %zu 条，与日志签名的清单（%" PRIu64 " 条）不符",
             "%.12s: %zu records, not those that the log signed for "
             "(%" PRIu64 ")"),
        hex, entity->count, entity->records);
    return XG_OK;
}

static const struct xg_evidence_record *
find_here(const struct xg_evidence *e, const struct xg_evidence_entity *entity,
          const struct xg_hash *hash)
{
    size_t low = entity->first, high = entity->first + entity->count;

    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (xg_hash_compare(&e->records[mid].record.hash, hash) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < entity->first + entity->count &&
                   xg_hash_equal(&e->records[low].record.hash, hash)
               ? &e->records[low]
               : NULL;
}

/* What an author had seen of the case must be here too. */
static void check_seen(struct xg_evidence_work *w,
                       const struct xg_evidence_entity *entity)
{
    for (size_t i = 0; i < entity->count; i++) {
        const struct xg_evidence_record *r =
            &w->e->records[entity->first + i];
        size_t n = r->record.malformed ? 0 : r->record.head.foreign_count;
        for (size_t j = 0; j < n; j++) {
            const struct xg_hash *seen = xg_head_foreign(&r->record.head, j);
            char hex[2 * XG_HASH_SIZE + 1];
            if (find_here(w->e, entity, seen))
                continue;
            xg_hex(hex, seen->b, XG_HASH_SIZE);
            xg_evidence_found(
                w->e, XG_GRAVITY_DOUBT, "cited", r->place.entry,
                XG_T("一条记录引用了 %.12s，它不在这里：未到、属于"
                     "另一件，或被略去",
                     "a record cites %.12s, which is not here: it "
                     "never came, is of another case, or was left "
                     "out"),
                hex);
        }
    }
}

/* Words go by an act of somebody who may erase, and by nothing else; where they
 * are still here, what it says is left of them must be true. */
static void check_erased(struct xg_evidence_work *w,
                         const struct xg_evidence_entity *entity)
{
    struct xg_erased erased;

    for (size_t i = 0; i < entity->count; i++) {
        const struct xg_evidence_record *r = &w->e->records[entity->first + i];
        const struct xg_op *op = &entity->ops[i];
        if (r->place.gone && !op->erasure)
            broken(w, r, "erased",
                   XG_T("内容没有了，没有任何抹除记录说明",
                        "its fields are gone, and no act erased them"));
        if (!op->erases || op->record->malformed ||
            op->record->head.move != XG_MOVE_ERASE)
            continue;
        for (struct xg_erased_cursor c = xg_erased_of(op->record);
             xg_erased_next(&c, &erased);) {
            const struct xg_evidence_record *of =
                find_here(w->e, entity, &erased.record);
            if (of && !of->place.gone && !xg_erased_fits(&erased, &of->record))
                broken(w, r, "erased",
                       XG_T("抹除记录所说的余留内容不是原记录的",
                            "the erasure says that other words are left than "
                            "the record had"));
        }
    }
}

static enum xg_status read_entity(struct xg_evidence_work *w,
                                  struct xg_evidence_entity *entity,
                                  size_t *next)
{
    struct xg_evidence *e = w->e;
    enum xg_lang reader = xg_lang();

    entity->first = *next;
    while (*next < e->record_count) {
        struct xg_id id = xg_record_entity(&e->records[*next].record);
        if (!xg_id_equal(&id, &entity->id))
            break;
        ++*next;
    }
    entity->count = *next - entity->first;
    if (check_whole(w, entity) != XG_OK)
        return w->err->status;
    if (entity->count == 0)
        return XG_OK;
    check_seen(w, entity);
    /* Why a record has no effect is said on the page, in its language. */
    xg_lang_thread(e->says.lang);
    enum xg_status status = fold_entity(w, entity);
    xg_lang_thread(reader);
    if (status == XG_OK)
        check_erased(w, entity);
    return status;
}

enum xg_status xg_evidence_read_records(struct xg_evidence_work *w)
{
    struct xg_evidence *e = w->e;
    size_t next = 0;

    if (take_all(w) != XG_OK || place_branches(w) != XG_OK)
        return w->err->status;
    find_anchors(w);
    for (size_t i = 0; i < e->entity_count; i++) {
        /* What the index does not list stands between. */
        while (next < e->record_count) {
            struct xg_id id = xg_record_entity(&e->records[next].record);
            if (memcmp(id.b, e->entities[i].id.b, XG_ID_SIZE) >= 0)
                break;
            broken(w, &e->records[next++], "records",
                   XG_T("清单里没有它这一件", "of no entity of the index"));
        }
        if (read_entity(w, &e->entities[i], &next) != XG_OK)
            return w->err->status;
    }
    for (; next < e->record_count; next++)
        broken(w, &e->records[next], "records",
               XG_T("清单里没有它这一件", "of no entity of the index"));
    return XG_OK;
}
