/* state.c - how handovers stand, the answer that comes back, and what
 * is left before a device may go; see handover.h. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/handover/index.h"
#include "agent/photo/photo.h"
#include "agent/photo/proof.h"
#include "agent/record/patrol.h"
#include "agent/store/fold.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"
#include "shared/core/cbor.h"

enum { FOLD_MAX = 256 << 20, ANSWER_MAX = 64 << 20 };

/* ---- one handover ---- */

static uint64_t take_number(const struct xg_state *state, uint64_t field)
{
    struct xg_cbor_item item;

    return xg_state_value(state, field, &item) && item.type == XG_CBOR_UINT
               ? item.number
               : 0;
}

/* A record of the successor's, by a device of theirs, that has effect. */
static bool is_acceptance(const struct fold *f, size_t i, const char *to)
{
    const struct xg_record *r = f->ops[i].record;
    const struct fold_fact *fact = &f->facts[i];
    struct xg_cbor_item by;

    return !r->malformed && xg_state_counts(&f->state, (uint32_t)i) &&
           xg_record_field(r, XG_HANDOVER_ACCEPTED_BY, &by) &&
           by.type == XG_CBOR_TEXT &&
           xg_bytes_equal(by.bytes, xg_bytes_of(to)) &&
           strcmp(fact->judged.author, to) == 0 &&
           fact->judged.grade == XG_GRADE_PROVEN && fact->logged;
}

static enum xg_status has_meta(struct store *s, bool *has, const char *prefix,
                               const struct xg_id *id, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(ANSWER_MAX);
    char name[HANDOVER_META_SIZE];

    handover_meta(name, prefix, id);
    enum xg_status status = store_get_meta(s, &value, has, name, err);
    xg_buf_clear(&value);
    return status;
}

static void read_info(struct handover_info *out, const struct fold *f,
                      const struct store_entity *e)
{
    const struct xg_state *state = &f->state;
    struct xg_cbor_item hash;

    *out = (struct handover_info){.id = e->id,
                                  .given = e->mine,
                                  .written_ms = e->first_ms};
    memcpy(out->number, e->number, sizeof out->number);
    xg_state_text(out->to, sizeof out->to, state, XG_HANDOVER_TO);
    xg_state_text(out->from, sizeof out->from, state, XG_HANDOVER_FROM);
    out->cases = take_number(state, XG_HANDOVER_CASES);
    out->subjects = take_number(state, XG_HANDOVER_SUBJECTS);
    out->drafts = take_number(state, XG_HANDOVER_DRAFTS);
    out->photos = take_number(state, XG_HANDOVER_PHOTOS);
    out->lacking = take_number(state, XG_HANDOVER_LACKING);
    if (xg_state_value(state, XG_HANDOVER_CONTENTS, &hash) &&
        hash.bytes.len == XG_HASH_SIZE)
        memcpy(out->contents.b, hash.bytes.at, XG_HASH_SIZE);
    for (size_t i = 0; i < state->count; i++)
        if (is_acceptance(f, i, out->to))
            out->stage = HANDOVER_ACCEPTED;
}

static enum xg_status look(struct store *s, struct handover_info *out,
                           struct xg_id *replaces, const struct xg_id *id,
                           struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(FOLD_MAX);
    struct xg_cbor_item item;
    struct store_entity e;
    struct fold f;
    bool answered = false;
    enum xg_status status = store_load_entity(s, &e, NULL, id, err);

    *replaces = (struct xg_id){{0}};
    if (status == XG_OK)
        status = fold_load(s, &f, &arena, id, err);
    if (status == XG_OK) {
        read_info(out, &f, &e);
        if (xg_state_value(&f.state, XG_HANDOVER_REPLACES, &item) &&
            item.bytes.len == XG_ID_SIZE)
            memcpy(replaces->b, item.bytes.at, XG_ID_SIZE);
        status = has_meta(s, &out->taken, HANDOVER_TOOK, id, err);
    }
    if (status == XG_OK && out->stage == HANDOVER_OPEN) {
        status = has_meta(s, &answered, HANDOVER_ANSWER, id, err);
        if (answered)
            out->stage = HANDOVER_ANSWERED;
    }
    xg_arena_clear(&arena);
    return status;
}

/* ---- all of them ---- */

struct ids {
    struct xg_id *list;
    size_t count, room;
    bool no_memory;
};

static bool gather(void *ctx, const struct store_entity *e,
                   struct xg_bytes state)
{
    struct ids *ids = ctx;

    (void)state;
    if (!e->folded)
        return true; /* nobody knows what it says */
    if (ids->count == ids->room) {
        size_t room = ids->room ? ids->room * 2 : 16;
        struct xg_id *grown = realloc(ids->list, room * sizeof *grown);
        if (!grown) {
            ids->no_memory = true;
            return false;
        }
        ids->list = grown;
        ids->room = room;
    }
    ids->list[ids->count++] = e->id;
    return true;
}

/* The newest come first, so what is replaced is known before it is met. */
static enum xg_status visit_all(
    struct store *s, const struct ids *ids,
    bool (*visit)(void *ctx, const struct handover_info *info), void *ctx,
    struct xg_error *err)
{
    struct xg_id *replaced = calloc(ids->count + 1, sizeof *replaced);
    struct handover_info info;
    enum xg_status status = replaced ? XG_OK : xg_fail_nomem(err);
    bool more = true;

    for (size_t i = 0; status == XG_OK && more && i < ids->count; i++) {
        status = look(s, &info, &replaced[i], &ids->list[i], err);
        for (size_t k = 0; status == XG_OK && k < i; k++)
            if (info.stage == HANDOVER_OPEN &&
                xg_id_equal(&replaced[k], &info.id))
                info.stage = HANDOVER_REPLACED;
        if (status == XG_OK)
            more = visit(ctx, &info);
    }
    free(replaced);
    return status;
}

enum xg_status handover_list(
    struct home *home,
    bool (*visit)(void *ctx, const struct handover_info *info), void *ctx,
    struct xg_error *err)
{
    const struct store_filter filter = {.kind = xg_kind_find(XG_KIND_HANDOVER),
                                        .gone = true};
    struct ids ids = {.count = 0};
    enum xg_status status =
        store_list(home->store, &filter, false, gather, &ids, err);

    if (status == XG_OK && ids.no_memory)
        status = xg_fail_nomem(err);
    if (status == XG_OK)
        status = visit_all(home->store, &ids, visit, ctx, err);
    free(ids.list);
    return status;
}

/* ---- whose devices ---- */

struct devices {
    const char *worker;
    size_t count;
    struct xg_statement list[XG_SEAL_SLOTS_MAX];
};

static bool note_device(void *ctx, const struct xg_statement *device)
{
    struct devices *d = ctx;

    if (strcmp(device->owner, d->worker) != 0)
        return true;
    for (size_t i = 0; i < d->count; i++)
        if (strcmp(d->list[i].subject, device->subject) == 0)
            return true; /* only the first line of a name counts */
    if (d->count == XG_SEAL_SLOTS_MAX) { /* the newest ones are in use */
        memmove(d->list, d->list + 1, (d->count - 1) * sizeof *d->list);
        d->count--;
    }
    d->list[d->count++] = *device;
    return true;
}

enum xg_status handover_devices(struct store *s,
                                struct xg_verifier out[static XG_SEAL_SLOTS_MAX],
                                size_t *count, const char *worker,
                                struct xg_error *err)
{
    const struct xg_registry *registry = store_registry(s);
    struct devices d = {.worker = worker};
    struct xg_statement ignored;
    uint64_t position;
    bool revoked;
    size_t n = 0;

    if (store_list_devices(s, note_device, &d, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < d.count; i++) {
        if (registry->find(registry->ctx, XG_SAYS_REVOKE, d.list[i].subject,
                           UINT64_MAX, &ignored, &position, &revoked, err) !=
            XG_OK)
            return err->status;
        if (!revoked && xg_verifier_init(&out[n++], d.list[i].subject,
                                         XG_SIG_ED25519, d.list[i].key, err) !=
                            XG_OK)
            return err->status;
    }
    *count = n;
    return XG_OK;
}

/* ---- the answer ---- */

struct answer {
    struct home *home;
    struct store_identity id;
    struct xg_arena arena;
    struct handover_keys keys;
    struct xg_batch batch;
    char owner[XG_CODE_MAX + 1];
};

static enum xg_status no_answer(const char *path, struct xg_error *err)
{
    return xg_fail(err, XG_FORMAT,
                   XG_T("%s 不是签收回执，或已损坏；请让接收人重新写一份",
                        "%s is no answer to a handover, or is damaged; have "
                        "the successor write it again"),
                   path);
}

static enum xg_status open_answer(struct answer *a, struct xg_bytes file,
                                  const char *path, struct xg_error *err)
{
    struct xg_bytes frame, note, part, name;
    struct xg_verifier device;

    if (file.len < 4 || memcmp(file.at, "XGA1", 4) != 0)
        return no_answer(path, err);
    file = xg_bytes(file.at + 4, file.len - 4);
    if (!xg_frame_next(&file, &frame))
        return no_answer(path, err);
    while (xg_frame_next(&file, &part))
        if (handover_keys_add(&a->keys, a->home->store, part, err) != XG_OK)
            return xg_wrap(err, "%s", path);
    if (file.len != 0)
        return no_answer(path, err);
    if (xg_batch_peek(&note, &part, &name, frame.at, frame.len, err) != XG_OK)
        return no_answer(path, err);
    if (handover_keys_find(&a->keys, &device, a->owner, a->home->store, name,
                           err) != XG_OK ||
        xg_batch_open(&a->batch, &a->arena, frame.at, frame.len, &device,
                      err) != XG_OK)
        return xg_wrap(err, "%s", path);
    return XG_OK;
}

/* Is the record an acceptance of a handover that this device wrote, by whom it
 * was addressed to? */
static enum xg_status answers(struct answer *a, const struct xg_record *r,
                              struct handover_info *out, bool *yes,
                              struct xg_error *err)
{
    struct xg_cbor_item by;
    struct xg_id ignored;

    *yes = false;
    if (r->malformed || r->head.kind != XG_KIND_HANDOVER || r->head.creates ||
        r->head.author.len > 0 ||
        !xg_record_field(r, XG_HANDOVER_ACCEPTED_BY, &by) ||
        !xg_bytes_equal(by.bytes, xg_bytes_of(a->owner)))
        return XG_OK;
    if (look(a->home->store, out, &ignored, &r->head.entity, err) != XG_OK) {
        if (err->status != XG_NOTFOUND)
            return err->status;
        *err = XG_ERROR_NONE;
        return XG_OK;
    }
    *yes = out->given && strcmp(out->to, a->owner) == 0;
    return XG_OK;
}

static enum xg_status keep_answer(struct answer *a, struct handover_info *info,
                                  struct xg_bytes file, struct xg_error *err)
{
    struct store *s = a->home->store;
    char name[HANDOVER_META_SIZE];
    enum xg_status status = store_begin(s, err);

    handover_meta(name, HANDOVER_ANSWER, &info->id);
    if (status == XG_OK)
        status = store_put_meta(s, name, file, err);
    if (status == XG_OK)
        status = store_commit(s, err);
    store_rollback(s);
    if (status == XG_OK && info->stage != HANDOVER_ACCEPTED)
        info->stage = HANDOVER_ANSWERED;
    return status;
}

static enum xg_status read_answer(struct answer *a, struct handover_info *out,
                                  struct xg_bytes file, const char *path,
                                  struct xg_error *err)
{
    struct handover_info info;
    bool yes = false;

    if (store_get_identity(a->home->store, &a->id, err) != XG_OK ||
        open_answer(a, file, path, err) != XG_OK)
        return err->status;
    for (size_t i = 0; !yes && i < a->batch.count; i++)
        if (answers(a, &a->batch.records[i], &info, &yes, err) != XG_OK)
            return err->status;
    if (!yes)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 不是对本机所写交接的签收",
                            "%s accepts no handover that this device wrote"),
                       path);
    if (keep_answer(a, &info, file, err) != XG_OK)
        return err->status;
    *out = info;
    return XG_OK;
}

enum xg_status handover_finish(struct home *home, struct handover_info *out,
                               const char *path, struct xg_error *err)
{
    struct answer a = {.home = home, .arena = XG_ARENA(HANDOVER_ARENA_MAX)};
    struct xg_buf file = XG_BUF(ANSWER_MAX);
    enum xg_status status = xg_os_read(
        &file, strcmp(path, "-") == 0 ? "/dev/stdin" : path, err);

    a.keys.arena = &a.arena;
    if (status == XG_OK)
        status = read_answer(&a, out, xg_buf_bytes(&file), path, err);
    xg_buf_clear(&file);
    xg_arena_clear(&a.arena);
    return status;
}

/* ---- what is left ---- */

/* What a successor has signed for. */
struct cover {
    struct xg_id id;
    struct handover_index index;
};

struct leaver {
    struct home *home;
    struct store *s;
    struct photo_shelf shelf;
    struct xg_arena arena;
    struct cover *covers;
    size_t count, room;
    struct handover_left left;
    struct xg_error trouble; /* while photos were walked */
};

static bool take_cover(void *ctx, const struct handover_info *info)
{
    struct leaver *l = ctx;

    if (!info->given || info->stage < HANDOVER_ANSWERED)
        return true;
    if (l->count == l->room) {
        size_t room = l->room ? l->room * 2 : 8;
        struct cover *grown = realloc(l->covers, room * sizeof *grown);
        if (!grown)
            return false;
        l->covers = grown;
        l->room = room;
    }
    l->covers[l->count++] = (struct cover){.id = info->id};
    return true;
}

static enum xg_status load_cover(struct leaver *l, struct cover *c,
                                 struct xg_error *err)
{
    struct xg_buf text = XG_BUF(HANDOVER_INDEX_MAX);
    char name[HANDOVER_META_SIZE];
    bool found;

    handover_meta(name, HANDOVER_WROTE, &c->id);
    enum xg_status status = store_get_meta(l->s, &text, &found, name, err);
    if (status == XG_OK && found)
        status = handover_index_read(&c->index, &l->arena, xg_buf_bytes(&text),
                                     err);
    xg_buf_clear(&text);
    return status;
}

static bool covers_record(const struct leaver *l, const struct xg_hash *chain,
                          uint64_t seq, const struct xg_id *entity)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct cover *c = &l->covers[i];
        if (xg_id_equal(&c->id, entity))
            return true; /* the handover itself: it was in the file */
        for (size_t k = 0; k < c->index.chain_count; k++)
            if (xg_hash_equal(&c->index.chains[k].chain, chain) &&
                seq < c->index.chains[k].next)
                return true;
    }
    return false;
}

static bool covers_part(const struct leaver *l, const char *folder,
                        const struct xg_hash *sha256)
{
    for (size_t i = 0; i < l->count; i++)
        for (size_t k = 0; k < l->covers[i].index.part_count; k++) {
            const struct handover_part *p = &l->covers[i].index.parts[k];
            if (strncmp(p->name, folder, strlen(folder)) == 0 &&
                xg_hash_equal(&p->sha256, sha256))
                return true;
        }
    return false;
}

static bool note_unproven(void *ctx, const struct xg_hash *chain, uint64_t seq,
                          const struct xg_id *entity)
{
    struct leaver *l = ctx;

    l->left.records += !covers_record(l, chain, seq, entity);
    return true;
}

/* What is proven is not only here. A small picture is made of another, and one
 * that was taken out again was a mistake: neither keeps anybody. */
static enum xg_status judge_photo(struct leaver *l, bool *left,
                                  const struct xg_hash *sha256,
                                  struct xg_error *err)
{
    struct store_photo photo;
    bool proven, known, small;
    enum xg_status status = photo_proof_check(l->s, &proven, sha256, err);

    if (status == XG_ALARM) { /* counted; it is no proof */
        *err = XG_ERROR_NONE;
        l->left.bad_receipts++;
        proven = false;
    } else if (status != XG_OK)
        return status;
    if (store_get_photo(l->s, &photo, &known, sha256, err) != XG_OK ||
        store_is_thumbnail(l->s, &small, sha256, err) != XG_OK)
        return err->status;
    *left = !proven && (known ? photo.shown : !small);
    return XG_OK;
}

static bool note_photo(void *ctx, const struct xg_hash *sha256)
{
    struct leaver *l = ctx;
    bool left = false;

    if (covers_part(l, "photos/", sha256))
        return true;
    if (judge_photo(l, &left, sha256, &l->trouble) != XG_OK)
        return false;
    l->left.photos += left;
    return true;
}

struct numbers {
    int64_t *list;
    size_t count, room;
};

static bool note_draft(void *ctx, int64_t number, const struct xg_kind *kind,
                       int64_t changed_ms)
{
    struct numbers *n = ctx;

    (void)kind;
    (void)changed_ms;
    if (n->count == n->room) {
        size_t room = n->room ? n->room * 2 : 16;
        int64_t *grown = realloc(n->list, room * sizeof *grown);
        if (!grown)
            return false;
        n->list = grown;
        n->room = room;
    }
    n->list[n->count++] = number;
    return true;
}

/* A draft that was changed since is another one. */
static enum xg_status look_at_draft(struct leaver *l, int64_t number,
                                    struct xg_error *err)
{
    struct xg_buf content = XG_BUF(HANDOVER_PART_MAX);
    const struct xg_kind *kind;
    struct xg_hash hash;

    xg_buf_u16(&content, 0);
    enum xg_status status =
        store_get_draft(l->s, &kind, NULL, &content, number, err);
    if (status == XG_OK) {
        xg_store_u16(content.data, (uint16_t)kind->number);
        crypto_hash_sha256(hash.b, content.data, content.len);
        l->left.drafts += !covers_part(l, "drafts/", &hash);
    }
    xg_buf_clear(&content);
    return status;
}

static enum xg_status look_at_drafts(struct leaver *l, struct xg_error *err)
{
    struct store_counts counts;
    struct numbers n = {.count = 0};
    enum xg_status status = store_list_drafts(l->s, note_draft, &n, err);

    for (size_t i = 0; status == XG_OK && i < n.count; i++)
        status = look_at_draft(l, n.list[i], err);
    if (status == XG_OK)
        status = store_count(l->s, &counts, err);
    if (status == XG_OK && counts.drafts != n.count)
        status = xg_fail_nomem(err);
    free(n.list);
    return status;
}

/* Every proof that is held, once more against the key of the log. */
static enum xg_status look_at_receipts(struct leaver *l,
                                       const struct store_logs *logs,
                                       struct xg_error *err)
{
    struct xg_buf frame = XG_BUF(XG_BATCH_MAX), receipt = XG_BUF(1 << 20);
    struct store_batch b = {.row = 0};
    enum xg_status status = XG_OK;
    bool found = true;

    while (status == XG_OK) {
        struct xg_error why = XG_ERROR_NONE;
        struct xg_bytes note, body, name;
        struct xg_receipt r;
        struct xg_checkpoint c;
        struct xg_hash leaf;
        xg_buf_reset(&frame);
        xg_buf_reset(&receipt);
        status =
            store_next_kept(l->s, &b, &frame, &receipt, &found, b.row, err);
        if (status != XG_OK || !found)
            break;
        l->left.batches++;
        if (receipt.len == 0)
            continue;
        bool good = xg_batch_peek(&note, &body, &name, frame.data, frame.len,
                                  &why) == XG_OK;
        if (good)
            xg_tlog_leaf(&leaf, note.at, note.len);
        good = good && store_open_receipt(logs, &r, &c, xg_buf_bytes(&receipt),
                                          &leaf, &why) == XG_OK;
        l->left.proven += good;
        l->left.bad_receipts += !good;
    }
    xg_buf_clear(&frame);
    xg_buf_clear(&receipt);
    return status;
}

static enum xg_status look_left(struct leaver *l, struct xg_error *err)
{
    struct patrol_state patrol;
    struct store_logs logs;

    if (patrol_look(&patrol, l->home->path, err) != XG_OK ||
        store_get_logs(l->s, &logs, err) != XG_OK ||
        handover_list(l->home, take_cover, l, err) != XG_OK)
        return err->status;
    l->left.patrol = patrol.open;
    for (size_t i = 0; i < l->count; i++)
        if (load_cover(l, &l->covers[i], err) != XG_OK)
            return err->status;
    if (store_list_unproven(l->s, note_unproven, l, err) != XG_OK ||
        look_at_drafts(l, err) != XG_OK ||
        photo_walk(&l->shelf, note_photo, l, err) != XG_OK)
        return err->status;
    if (l->trouble.status != XG_OK) {
        *err = l->trouble;
        return err->status;
    }
    return look_at_receipts(l, &logs, err);
}

bool handover_nothing_left(const struct handover_left *left)
{
    return !left->patrol && left->records == 0 && left->drafts == 0 &&
           left->photos == 0 && left->bad_receipts == 0;
}

enum xg_status handover_look_left(struct home *home, struct handover_left *out,
                                  struct xg_error *err)
{
    struct leaver l = {.home = home,
                       .s = home->store,
                       .shelf = {.home = home->path, .vault = home->vault},
                       .arena = XG_ARENA(HANDOVER_ARENA_MAX),
                       .trouble = XG_ERROR_NONE};
    enum xg_status status = look_left(&l, err);

    if (status == XG_OK)
        *out = l.left;
    free(l.covers);
    xg_arena_clear(&l.arena);
    return status;
}
