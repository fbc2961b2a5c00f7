/* photo.c - what is named, held and wanted; see photo.h. */
#include "server/photo.h"

#include <stdlib.h>

#include "shared/base/lang.h"
#include "shared/view/value.h"

enum {
    NAMES_STEP = 64,
    NAMES_ASKED_MAX = 1024, /* records looked at for whether one may be read */
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

static enum xg_status put_elements(struct store *to, uint64_t record,
                                   const struct xg_cbor_item *added,
                                   struct xg_error *err)
{
    struct xg_cbor c = xg_cbor_inside(added);
    struct xg_cbor_item element;

    while (xg_cbor_next(&c, &element)) {
        struct view_photo photo = view_photo_of(&element);
        if (put_one(to, record, &photo.sha256, photo.bytes, false, err) !=
            XG_OK)
            return err->status;
        if (photo.thumbnail_bytes &&
            put_one(to, record, &photo.thumbnail, photo.thumbnail_bytes, true,
                    err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* Of what was put into the set, not of the state: a photo that somebody takes
 * out again, or whose author had no right, stays evidence of a record that is
 * kept, and the device may not let go of it before it is here. */
enum xg_status photo_put_named(struct store *to, const struct store_record *row,
                               const struct xg_record *record,
                               struct xg_error *err)
{
    const struct xg_kind *kind;
    const struct xg_field *field;
    struct xg_cbor_item set, key, items;
    struct xg_cbor c;

    if (record->malformed || !xg_record_field(record, XG_FIELD_PHOTO, &set))
        return XG_OK;
    kind = xg_kind_find(record->head.kind);
    field = kind ? xg_field_find(kind, XG_FIELD_PHOTO) : NULL;
    if (!field || field->type != XG_TYPE_PHOTO)
        return XG_OK;
    c = xg_cbor_inside(&set);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &items))
        if (key.number == XG_SET_ADDED &&
            put_elements(to, row->number, &items, err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* Those that name it, by record; `visit` false ends the walk. */
static enum xg_status walk_names(struct store *s, const struct xg_hash *sha256,
                                 bool (*visit)(void *ctx,
                                               const struct store_photo *row),
                                 void *ctx, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(PHOTO_ARENA);
    struct store_photo *rows;
    size_t count = NAMES_STEP;
    uint64_t after = 0;
    bool more = true;
    enum xg_status status = XG_OK;

    while (status == XG_OK && more && count == NAMES_STEP) {
        xg_arena_reset(&arena);
        status = s->ops->read_photos(s, &arena, &rows, &count, sha256, after,
                                     NAMES_STEP, err);
        for (size_t i = 0; status == XG_OK && more && i < count; i++) {
            after = rows[i].record;
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

enum xg_status photo_named(struct store *s, uint64_t *length, bool *found,
                           const struct xg_hash *sha256, uint64_t stated,
                           struct xg_error *err)
{
    struct naming n = {.stated = stated};

    if (walk_names(s, sha256, take_length, &n, err) != XG_OK)
        return err->status;
    if (n.found)
        *length = n.length;
    *found = n.found;
    return XG_OK;
}

/* ---- held ---- */

struct hold_job {
    struct ledger_job job;
    const struct xg_blob *blobs;
    size_t count;
};

/* What this job and those after it in the group bring, that is not held. */
struct hold {
    struct xg_blob *list;
    size_t count, room;
};

static int by_hash(const void *a, const void *b)
{
    const struct xg_blob *x = a, *y = b;

    return xg_hash_compare(&x->sha256, &y->sha256);
}

static enum xg_status run_hold(struct ledger_job *job, struct ledger *l,
                               struct store *store, struct xg_error *err);

static enum xg_status gather_one(struct hold *h, struct store *store,
                                 const struct xg_blob *blob,
                                 struct xg_error *err)
{
    struct store_held held;
    bool found;

    if (store->ops->find_held(store, &held, &found, &blob->sha256, err) !=
        XG_OK)
        return err->status;
    if (found)
        return XG_OK;
    if (h->count == h->room) {
        size_t room = h->room * 2 + XG_BLOBS_MAX;
        struct xg_blob *moved = realloc(h->list, room * sizeof *moved);
        if (!moved)
            return xg_fail_nomem(err);
        h->list = moved;
        h->room = room;
    }
    h->list[h->count++] = *blob;
    return XG_OK;
}

static enum xg_status gather(struct hold *h, struct store *store,
                             const struct ledger_job *job, struct xg_error *err)
{
    for (bool own = true; job && (own || h->count); own = false) {
        const struct hold_job *j = (const struct hold_job *)job;
        for (size_t i = 0; job->run == run_hold && i < j->count; i++)
            if (gather_one(h, store, &j->blobs[i], err) != XG_OK)
                return err->status;
        job = job->next;
    }
    if (h->count)
        qsort(h->list, h->count, sizeof *h->list, by_hash);
    size_t kept = 0;
    for (size_t i = 0; i < h->count; i++)
        if (!kept || by_hash(&h->list[kept - 1], &h->list[i]) != 0)
            h->list[kept++] = h->list[i];
    h->count = kept;
    return XG_OK;
}

static enum xg_status append_note(struct ledger *l, struct store *store,
                                  const struct xg_blob *blobs, size_t count,
                                  struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_NOTE_MAX);
    uint64_t position = 0;
    enum xg_status status;

    xg_blobs_put(&text, blobs, count);
    status = xg_buf_check(&text, err);
    if (status == XG_OK)
        status = ledger_append_text(l, &position, xg_buf_bytes(&text), err);
    for (size_t i = 0; status == XG_OK && i < count; i++) {
        status = store->ops->put_held(store, &blobs[i], position, err);
        if (status == XG_OK)
            status = store->ops->drop_wanted(store, &blobs[i].sha256, err);
    }
    xg_buf_clear(&text);
    return status;
}

/* The first job of a group that brings anything writes for all that come after
 * it in the group; they find everything held. */
static enum xg_status run_hold(struct ledger_job *job, struct ledger *l,
                               struct store *store, struct xg_error *err)
{
    struct hold h = {.count = 0};
    enum xg_status status = gather(&h, store, job, err);

    for (size_t at = 0, n; status == XG_OK && at < h.count; at += n) {
        n = h.count - at < XG_BLOBS_MAX ? h.count - at : XG_BLOBS_MAX;
        status = append_note(l, store, h.list + at, n, err);
    }
    free(h.list);
    return status;
}

enum xg_status photo_hold(struct data *d, const struct xg_blob *blobs,
                          size_t count, struct xg_error *err)
{
    struct hold_job j = {
        .job = {.run = run_hold}, .blobs = blobs, .count = count};

    return count ? ledger_submit(d->ledger, &j.job, err) : XG_OK;
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
