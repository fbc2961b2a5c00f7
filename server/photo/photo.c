/* photo.c - what is named, held and wanted; see photo.h. */
#include "server/photo/photo.h"

#include <stdlib.h>

#include "shared/base/lang.h"
#include "shared/view/value.h"

enum {
    NAMES_STEP = 64,
    NAMES_ASKED_MAX = 512, /* records looked at for who may have a photo, or has
                            * it: the first, and the last */
    PHOTO_ARENA = 16 << 20,
};

/* ---- named ---- */

static enum xg_status put_one(struct store *to, uint64_t record,
                              const struct xg_hash *hash, uint64_t length,
                              bool thumbnail, struct xg_error *err)
{
    const struct store_photo row = {*hash, record, length, thumbnail};

    return to->ops->put_photo(to, &row, err);
}

/* The elements that a record put into its photos: what xg_cbor_next() gives. */
static struct xg_cbor added_by(const struct xg_record *record)
{
    struct xg_cbor none = xg_cbor_over(xg_bytes(NULL, 0));
    struct xg_cbor_item set, key, items;
    const struct xg_kind *kind;
    const struct xg_field *field;

    if (record->malformed || !xg_record_field(record, XG_FIELD_PHOTO, &set))
        return none;
    kind = xg_kind_find(record->head.kind);
    field = kind ? xg_field_find(kind, XG_FIELD_PHOTO) : NULL;
    if (!field || field->type != XG_TYPE_PHOTO)
        return none;
    struct xg_cbor c = xg_cbor_inside(&set);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &items))
        if (key.number == XG_SET_ADDED)
            return xg_cbor_inside(&items);
    return none;
}

/* Of what was put into the set, not of the state: a photo that somebody takes
 * out again, or whose author had no right, stays evidence of a record that is
 * kept, and the device may not let go of it before it is here. */
enum xg_status photo_put_named(struct store *to, const struct store_record *row,
                               const struct xg_record *record,
                               struct xg_error *err)
{
    struct xg_cbor c = added_by(record);
    struct xg_cbor_item element;

    while (xg_cbor_next(&c, &element)) {
        struct view_photo photo = view_photo_of(&element);
        if (put_one(to, row->number, &photo.sha256, photo.bytes, false, err) !=
            XG_OK)
            return err->status;
        if (photo.thumbnail_bytes &&
            put_one(to, row->number, &photo.thumbnail, photo.thumbnail_bytes,
                    true, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* Those that name it, by record, upwards or downwards; `visit` false ends the
 * walk. */
static enum xg_status
walk_names(struct store *s, const struct xg_hash *sha256, bool newest_first,
           bool (*visit)(void *ctx, const struct store_photo *row), void *ctx,
           struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(PHOTO_ARENA);
    struct store_photo *rows;
    size_t count = NAMES_STEP;
    uint64_t at = newest_first ? INT64_MAX : 0;
    bool more = true;
    enum xg_status status = XG_OK;

    while (status == XG_OK && more && count == NAMES_STEP) {
        xg_arena_reset(&arena);
        status = newest_first
                     ? s->ops->read_photos_newest(s, &arena, &rows, &count,
                                                  sha256, at, NAMES_STEP, err)
                     : s->ops->read_photos(s, &arena, &rows, &count, sha256, at,
                                           NAMES_STEP, err);
        for (size_t i = 0; status == XG_OK && more && i < count; i++) {
            at = rows[i].record;
            more = xg_hash_equal(&rows[i].hash, sha256) && visit(ctx, &rows[i]);
        }
    }
    xg_arena_clear(&arena);
    return status;
}

struct naming {
    uint64_t stated, length;
    bool found;
};

static bool take_length(void *ctx, const struct store_photo *row)
{
    struct naming *n = ctx;

    if (!n->found || row->length == n->stated)
        n->length = row->length;
    n->found = true;
    return n->stated && n->length != n->stated;
}

enum xg_status photo_taken_away(struct store *s, bool *away,
                                const struct xg_hash *sha256,
                                struct xg_error *err)
{
    bool erased = false, elsewhere = false;
    struct xg_id other;

    if (s->ops->has_erased_photo(s, &erased, sha256, err) != XG_OK ||
        (erased && s->ops->find_photo_elsewhere(s, &other, &elsewhere, sha256,
                                                NULL, err) != XG_OK))
        return err->status;
    *away = erased && !elsewhere;
    return XG_OK;
}

/* Is the note that says it is held out of date, for its file was erased? */
static enum xg_status is_erased(struct store *s, struct blobs *blobs,
                                bool *erased, const struct xg_hash *sha256,
                                struct xg_error *err)
{
    bool acted = false;

    if (s->ops->has_erased_photo(s, &acted, sha256, err) != XG_OK)
        return err->status;
    *erased = acted && !blobs_has(blobs, sha256);
    return XG_OK;
}

enum xg_status photo_named(struct store *s, uint64_t *length, bool *found,
                           const struct xg_hash *sha256, uint64_t stated,
                           struct xg_error *err)
{
    struct naming n = {.stated = stated};
    bool away = false;

    if (walk_names(s, sha256, false, take_length, &n, err) != XG_OK ||
        photo_taken_away(s, &away, sha256, err) != XG_OK)
        return err->status;
    if (n.found)
        *length = n.length;
    *found = n.found && !away;
    return XG_OK;
}

/* ---- held ---- */

struct hold_job {
    struct ledger_job job;
    const struct xg_blob *blobs;
    size_t count;
    bool any_away;
};

/* A note for each photo: a note is told to whoever asks for one that it names,
 * and who knows a photo's hash can name it in a record of its own, and so have
 * it. So a note must not tell of photos that nobody asked for. */
static enum xg_status hold_one(struct ledger *l, struct store *store,
                               const struct xg_blob *blob, struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    struct store_held held;
    uint64_t position = 0;
    bool found;

    if (store->ops->find_held(store, &held, &found, &blob->sha256, err) !=
        XG_OK)
        return err->status;
    if (found)
        return XG_OK;
    xg_blobs_put(&text, blob, 1);
    enum xg_status status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = ledger_append_text(l, &position, xg_buf_bytes(&text), err);
    if (status == XG_OK)
        status = store->ops->put_held(store, blob, position, err);
    if (status == XG_OK)
        status = store->ops->drop_wanted(store, &blob->sha256, err);
    xg_buf_clear(&text);
    return status;
}

static enum xg_status run_hold(struct ledger_job *job, struct ledger *l,
                               struct store *store, struct xg_error *err)
{
    struct hold_job *j = (struct hold_job *)job;

    j->any_away = false;
    for (size_t i = 0; i < j->count; i++) {
        bool away;
        if (photo_taken_away(store, &away, &j->blobs[i].sha256, err) != XG_OK ||
            (!away && hold_one(l, store, &j->blobs[i], err) != XG_OK))
            return err->status;
        j->any_away |= away;
    }
    return XG_OK;
}

/* They were erased while they came in. */
static enum xg_status remove_away(const struct hold_job *j, struct data *d,
                                  struct xg_error *err)
{
    enum xg_status status = XG_OK;
    struct store *s;

    for (size_t i = 0; status == XG_OK && i < j->count; i++) {
        bool away = false;
        if (data_borrow(d, &s, err) != XG_OK)
            return err->status;
        status = photo_taken_away(s, &away, &j->blobs[i].sha256, err);
        data_return(d, s);
        if (status == XG_OK && away)
            status = blobs_remove(d->blobs, &j->blobs[i].sha256, err);
    }
    return status;
}

enum xg_status photo_hold(struct data *d, const struct xg_blob *blobs,
                          size_t count, struct xg_error *err)
{
    struct hold_job j = {
        .job = {.run = run_hold}, .blobs = blobs, .count = count};

    if (count && ledger_submit(d->ledger, &j.job, err) != XG_OK)
        return err->status;
    return j.any_away ? remove_away(&j, d, err) : XG_OK;
}

enum xg_status photo_held(struct store *s, uint64_t *position, uint64_t *length,
                          bool *found, const struct xg_hash *sha256,
                          struct xg_error *err)
{
    struct store_held row;

    if (s->ops->find_held(s, &row, found, sha256, err) != XG_OK)
        return err->status;
    if (*found) {
        *position = row.position;
        *length = row.blob.length;
    }
    return XG_OK;
}

enum xg_status photo_place(struct store *s, struct blobs *blobs,
                           enum view_place *out, const struct xg_hash *sha256,
                           struct xg_error *err)
{
    struct store_wanted wanted;
    struct store_held held;
    bool is_held, is_wanted = false, erased = false, away = false;

    if (s->ops->find_held(s, &held, &is_held, sha256, err) != XG_OK ||
        is_erased(s, blobs, &erased, sha256, err) != XG_OK ||
        (erased && photo_taken_away(s, &away, sha256, err) != XG_OK))
        return err->status;
    is_held = is_held && !erased;
    if (!is_held &&
        s->ops->find_wanted(s, &wanted, &is_wanted, sha256, err) != XG_OK)
        return err->status;
    *out = away        ? VIEW_PHOTO_ERASED
           : is_held   ? VIEW_PHOTO_SERVER
           : is_wanted ? VIEW_PHOTO_WANTED
                       : VIEW_PHOTO_ELSEWHERE;
    return XG_OK;
}

/* ---- its small picture ---- */

struct smaller {
    struct store *store;
    struct xg_arena arena;
    struct xg_error *err;
    enum xg_status status;
    const struct xg_hash *sha256;
    struct xg_hash small;
    bool found;
    size_t asked;
};

static bool ask_small(void *ctx, const struct store_photo *row)
{
    static const struct xg_hash NO_CHAIN;
    struct smaller *m = ctx;
    struct store_record *rows;
    struct xg_cbor_item element;
    struct xg_record record;
    size_t count = 0;

    xg_arena_reset(&m->arena);
    m->status = m->store->ops->read_records(m->store, &m->arena, &rows, &count,
                                            row->record, row->record, 1,
                                            m->err);
    if (m->status != XG_OK || !count)
        return m->status == XG_OK;
    store_read_record(&record, &NO_CHAIN, rows);
    struct xg_cbor c = added_by(&record);
    while (!m->found && xg_cbor_next(&c, &element)) {
        struct view_photo photo = view_photo_of(&element);
        m->found = photo.thumbnail_bytes &&
                   xg_hash_equal(&photo.sha256, m->sha256);
        m->small = photo.thumbnail;
    }
    return !m->found && ++m->asked < NAMES_ASKED_MAX;
}

enum xg_status photo_small(struct store *s, struct xg_hash *small, bool *found,
                           const struct xg_hash *sha256, struct xg_error *err)
{
    struct smaller m = {.store = s,
                        .arena = XG_ARENA(PHOTO_ARENA),
                        .err = err,
                        .sha256 = sha256};
    enum xg_status status = walk_names(s, sha256, false, ask_small, &m, err);

    if (status == XG_OK)
        status = m.status;
    xg_arena_clear(&m.arena);
    if (status == XG_OK && m.found)
        *small = m.small;
    if (status == XG_OK)
        *found = m.found;
    return status;
}

/* ---- asked for by devices ---- */

static int by_position(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* Where the log names what was asked for, below its published size; ascending,
 * each once. */
static enum xg_status find_notes(uint64_t *positions, size_t *count,
                                 struct store *s, struct blobs *blobs,
                                 uint64_t size,
                                 const struct xg_hash *asked,
                                 size_t asked_count, struct xg_error *err)
{
    size_t n = 0, kept = 0;

    for (size_t i = 0; i < asked_count; i++) {
        struct store_held held;
        bool found, erased = false;
        if (s->ops->find_held(s, &held, &found, &asked[i], err) != XG_OK ||
            (found &&
             is_erased(s, blobs, &erased, &asked[i], err) != XG_OK))
            return err->status;
        if (found && !erased && held.position < size)
            positions[n++] = held.position;
    }
    qsort(positions, n, sizeof *positions, by_position);
    for (size_t i = 0; i < n; i++)
        if (!kept || positions[kept - 1] != positions[i])
            positions[kept++] = positions[i];
    *count = kept;
    return XG_OK;
}

static enum xg_status put_pair(struct xg_buf *out, struct data *d,
                               struct store *s, struct xg_arena *arena,
                               uint64_t position,
                               const struct xg_checkpoint *c,
                               struct xg_bytes checkpoint_note,
                               struct xg_error *err)
{
    struct xg_buf receipt = XG_BUF(XG_NOTE_MAX);
    struct xg_bytes *notes;
    size_t count = 0;
    enum xg_status status;

    xg_arena_reset(arena);
    status = s->ops->read_entries(s, arena, &notes, &count, position, 1,
                                  XG_NOTE_MAX, err);
    if (status == XG_OK && count != 1)
        status = xg_fail(err, XG_CORRUPT,
                         XG_T("日志第 %llu 条不见了，请运行 xunge-server check",
                              "log entry %llu is missing: run xunge-server "
                              "check"),
                         (unsigned long long)position);
    if (status == XG_OK)
        status = ledger_receipt(&receipt, d->ledger, s, position, c,
                                checkpoint_note, err);
    if (status == XG_OK) {
        xg_frame_put(out, notes[0]);
        xg_frame_put(out, xg_buf_bytes(&receipt));
        status = xg_buf_check(out, err);
    }
    xg_buf_clear(&receipt);
    return status;
}

enum xg_status photo_put_held(struct xg_buf *out, struct data *d,
                              struct store *s,
                              const struct xg_checkpoint *c,
                              struct xg_bytes checkpoint_note,
                              struct xg_bytes proof,
                              const struct xg_hash *asked, size_t count,
                              struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(PHOTO_ARENA);
    uint64_t positions[XG_BLOBS_ASKED_MAX];
    size_t note_count = 0;
    enum xg_status status;

    if (count > XG_BLOBS_ASKED_MAX)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("一次最多问 %d 张照片",
                            "at most %d photos are asked for at once"),
                       XG_BLOBS_ASKED_MAX);
    status = find_notes(positions, &note_count, s, d->blobs, c->size, asked,
                        count, err);
    if (status == XG_OK)
        xg_frame_put(out, proof);
    for (size_t i = 0; status == XG_OK && i < note_count; i++)
        status =
            put_pair(out, d, s, &arena, positions[i], c, checkpoint_note, err);
    xg_arena_clear(&arena);
    return status;
}

/* ---- who may have one ---- */

struct reading {
    struct data *d;
    struct store *store;
    struct xg_arena arena;
    struct xg_error *err;
    enum xg_status status;
    const char *device;
    uint64_t size; /* of the log, as published */
    size_t asked;
    bool may;
};

/* Whoever may read a record may have what it names. */
static bool ask_record(void *ctx, const struct store_photo *row)
{
    struct reading *r = ctx;
    struct store *s = r->store;
    struct store_record *rows;
    size_t count = 0;

    xg_arena_reset(&r->arena);
    r->status = s->ops->read_records(s, &r->arena, &rows, &count, row->record,
                                     row->record, 1, r->err);
    if (r->status == XG_OK && count == 1)
        r->status = scope_may_read(&r->may, s, r->d->registry, r->device, rows,
                                   r->size, r->err);
    return r->status == XG_OK && !r->may && ++r->asked < NAMES_ASKED_MAX;
}

enum xg_status photo_may_read(struct data *d, struct store *s, bool *may,
                              const char *device, const struct xg_hash *sha256,
                              struct xg_error *err)
{
    struct reading r = {.d = d,
                        .store = s,
                        .arena = XG_ARENA(PHOTO_ARENA),
                        .err = err,
                        .device = device};
    struct xg_checkpoint c;
    enum xg_status status = ledger_published(d->ledger, &c, NULL, err);

    r.size = c.size;
    /* However often others name it, the first and the last are looked at. */
    for (int way = 0; status == XG_OK && way < 2 && !r.may; way++) {
        r.asked = 0;
        status = walk_names(s, sha256, way == 1, ask_record, &r, err);
        if (status == XG_OK)
            status = r.status;
        if (r.asked < NAMES_ASKED_MAX)
            break; /* those were all */
    }
    xg_arena_clear(&r.arena);
    if (status == XG_OK)
        *may = r.may;
    return status;
}

/* ---- wanted ---- */

struct order_job {
    struct ledger_job job;
    struct data *d;
    struct xg_id entity;
    struct xg_arena arena;
    struct xg_error answer;
    size_t count;
};

/* Whom to ask for one photo. */
struct asking {
    struct order_job *job;
    struct store *store;
    struct xg_arena arena;
    struct xg_error *err;
    enum xg_status status;
    struct store_wanted wanted;
    size_t looked, count; /* records; devices */
    bool also_revoked;
    char devices[PHOTO_ASKED_MAX][STORE_DEVICE_MAX + 1];
};

static enum xg_status ask_device(struct asking *a, const char *device,
                                 struct xg_error *err)
{
    bool revoked = false;

    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->devices[i], device) == 0)
            return XG_OK;
    if (!a->also_revoked && registry_revoked(a->job->d->registry, &revoked,
                                             device, UINT64_MAX, err) != XG_OK)
        return err->status;
    if (revoked)
        return XG_OK;
    snprintf(a->wanted.device, sizeof a->wanted.device, "%s", device);
    memcpy(a->devices[a->count++], a->wanted.device, sizeof a->wanted.device);
    return a->store->ops->put_wanted(a->store, &a->wanted, err);
}

static bool ask_author(void *ctx, const struct store_photo *row)
{
    struct asking *a = ctx;
    struct store *s = a->store;
    struct store_record *records;
    struct store_chain chain;
    size_t count = 0;

    xg_arena_reset(&a->arena);
    a->status = s->ops->read_records(s, &a->arena, &records, &count,
                                     row->record, row->record, 1, a->err);
    if (a->status == XG_OK && count)
        a->status = s->ops->get_chain(s, &chain, records->chain, a->err);
    if (a->status == XG_OK && count)
        a->status = ask_device(a, chain.device, a->err);
    return a->status == XG_OK && a->count < PHOTO_ASKED_MAX &&
           ++a->looked < NAMES_ASKED_MAX;
}

/* Those who named it first, and those who did last. */
static enum xg_status ask_authors(struct asking *a,
                                  const struct xg_hash *sha256,
                                  struct xg_error *err)
{
    enum xg_status status = XG_OK;

    for (int way = 0; status == XG_OK && way < 2; way++) {
        a->looked = 0;
        status = walk_names(a->store, sha256, way == 1, ask_author, a, err);
        if (status == XG_OK)
            status = a->status;
        if (a->looked < NAMES_ASKED_MAX)
            break;
    }
    return status;
}

static enum xg_status order_one(struct order_job *j, struct store *s,
                                const struct xg_cbor_item *element,
                                struct xg_error *err)
{
    struct view_photo photo = view_photo_of(element);
    struct asking a = {
        .job = j,
        .store = s,
        .arena = XG_ARENA(PHOTO_ARENA),
        .err = err,
        .wanted = {.blob = {photo.sha256, photo.bytes},
                   .entity = j->entity,
                   .since_ms = (int64_t)ledger_time_ms(j->d->ledger)}};
    enum view_place place;

    if (photo_place(s, j->d->blobs, &place, &photo.sha256, err) != XG_OK)
        return err->status;
    if (place == VIEW_PHOTO_SERVER || place == VIEW_PHOTO_ERASED)
        return XG_OK;
    j->count++;
    enum xg_status status = ask_authors(&a, &photo.sha256, err);
    if (status == XG_OK && a.count == 0) {
        a.also_revoked = true; /* such a one may still send */
        status = ask_authors(&a, &photo.sha256, err);
    }
    xg_arena_clear(&a.arena);
    if (status == XG_OK && a.count == 0)
        status = xg_fail(err, XG_CORRUPT, "%s",
                         XG_T("照片没有登记在派生表里，请运行 xunge-server "
                              "rebuild",
                              "the photo is not in the derived tables: run "
                              "xunge-server rebuild"));
    return status;
}

/* What is shown of the entity, not what was taken out of it. */
static enum xg_status run_order(struct ledger_job *job, struct ledger *l,
                                struct store *s, struct xg_error *err)
{
    struct order_job *j = (struct order_job *)job;
    struct xg_brief_elements photos;
    struct xg_cbor_item element;
    struct store_entity e;
    struct xg_brief brief;
    bool found;

    (void)l;
    j->count = 0;
    j->answer = XG_ERROR_NONE;
    xg_arena_reset(&j->arena);
    if (s->ops->find_entity(s, &j->arena, &e, &found, &j->entity, err) != XG_OK)
        return err->status;
    if (!found || !e.folded) {
        xg_ignore(
            xg_fail(&j->answer, found ? XG_TOOBIG : XG_NOTFOUND, "%s",
                    found ? XG_T("它的记录太多，服务器没有合并，无法列出照片",
                                 "it has too many records to be folded here, "
                                 "so its photos are not known")
                          : XG_T("没有这一件", "it is not here")));
        return XG_OK;
    }
    if (xg_brief_read(&brief, e.state, err) != XG_OK)
        return err->status;
    if (xg_brief_set(&brief, XG_FIELD_PHOTO, &photos))
        while (xg_brief_element(&photos, &element))
            if (order_one(j, s, &element, err) != XG_OK)
                return err->status;
    return XG_OK;
}

enum xg_status photo_order(struct data *d, size_t *count,
                           const struct xg_id *entity, struct xg_error *err)
{
    struct order_job j = {.job = {.run = run_order},
                          .d = d,
                          .entity = *entity,
                          .arena = XG_ARENA(PHOTO_ARENA)};
    enum xg_status status = ledger_submit(d->ledger, &j.job, err);

    xg_arena_clear(&j.arena);
    if (status == XG_OK && j.answer.status != XG_OK) {
        *err = j.answer;
        status = err->status;
    }
    if (status == XG_OK)
        *count = j.count;
    return status;
}

enum xg_status photo_orders(struct store *s,
                            struct xg_hash out[static XG_ORDERS_MAX],
                            size_t *count, const char *device,
                            struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(PHOTO_ARENA);
    struct store_wanted *rows;
    size_t n = 0;
    enum xg_status status = s->ops->read_wanted(s, &arena, &rows, &n, device, 0,
                                                XG_ORDERS_MAX, err);

    for (size_t i = 0; status == XG_OK && i < n; i++)
        out[i] = rows[i].blob.sha256;
    if (status == XG_OK)
        *count = n;
    xg_arena_clear(&arena);
    return status;
}
