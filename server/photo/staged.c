/* staged.c - see staged.h. */
#include "server/photo/staged.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/photo/photo.h"
#include "shared/base/lang.h"
#include "shared/base/log.h"
#include "shared/view/photo.h"
#include "shared/view/value.h"

enum { ERASED_ARENA = 64 << 20 };

static void short_hex(char out[static 13], const struct xg_hash *sha256)
{
    xg_hex(out, sha256->b, 6);
}

/* ---- taking one in ---- */

/* What it says of itself, and its small picture into `small`. */
static enum xg_status look_at(struct xg_photo *photo, struct xg_buf *small,
                              struct data *d, struct xg_error *err)
{
    struct xg_photo_thumber thumber;
    int fd;

    if (blobs_staged_read(d->blobs, &fd, &photo->sha256, NULL, err) != XG_OK)
        return err->status;
    xg_photo_look(photo, NULL, fd);
    xg_photo_thumb_start(&thumber, NULL, photo, fd);
    xg_photo_thumb_finish(&thumber, small);
    close(fd);
    photo->thumbnail_length = small->len;
    if (small->len)
        crypto_hash_sha256(photo->thumbnail.b, small->data, small->len);
    return XG_OK;
}

static enum xg_status stage(struct xg_photo *photo, struct xg_buf *small,
                            struct xg_buf *about, struct data *d,
                            const char *owner, struct xg_bytes bytes,
                            struct xg_error *err)
{
    if (blobs_stage(d->blobs, &photo->sha256, bytes, err) != XG_OK ||
        look_at(photo, small, d, err) != XG_OK)
        return err->status;
    xg_cbor_put_map(about, 1); /* as a record that adds it has it */
    xg_cbor_put_uint(about, XG_SET_ADDED);
    xg_cbor_put_array(about, 1);
    xg_photo_put_element(about, photo, 0, VIEW_ORIGIN_HERE);
    if (xg_buf_check(about, err) != XG_OK)
        return err->status;
    return blobs_stage_about(d->blobs, &photo->sha256, owner,
                             xg_buf_bytes(small), xg_buf_bytes(about), err);
}

enum xg_status photo_stage(struct xg_photo *out, struct data *d,
                           const char *owner, struct xg_bytes bytes, const char *name,
                           struct xg_error *err)
{
    struct xg_photo photo = {.length = bytes.len, .is_new = true};
    struct xg_buf small = XG_BUF(XG_THUMBNAIL_MAX);
    struct xg_buf about = XG_BUF(BLOB_ABOUT_MAX);
    struct xg_error trouble = XG_ERROR_NONE;

    if (xg_photo_judge(&photo.type, name, bytes, bytes.len, err) != XG_OK)
        return err->status;
    /* What nobody used makes room. */
    if (photo_staged_settle(d, &trouble) != XG_OK)
        xg_log(XG_LOG_WARN, "photo.staged", "error=\"%s\"",
               xg_error_text(&trouble));
    crypto_hash_sha256(photo.sha256.b, bytes.at, bytes.len);
    enum xg_status status =
        stage(&photo, &small, &about, d, owner, bytes, err);
    xg_buf_clear(&small);
    xg_buf_clear(&about);
    if (status == XG_OK)
        *out = photo;
    return status;
}

/* ---- naming it ---- */

static struct xg_cbor added_by(struct xg_bytes set)
{
    return view_elements(
        xg_field_find(xg_kind_find(XG_KIND_INCIDENT), XG_FIELD_PHOTO), set);
}

/* Is it the one element of this photo? */
static bool is_about(struct xg_cbor_item *element, struct xg_bytes about,
                     const struct xg_hash *sha256)
{
    const struct xg_field *field =
        xg_field_find(xg_kind_find(XG_KIND_INCIDENT), XG_FIELD_PHOTO);
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_cbor c = xg_cbor_over(about);
    struct xg_cbor_item set;
    size_t size = 0;

    if (xg_cbor_check(&size, about.at, about.len, &ignored) != XG_OK ||
        size != about.len || !xg_cbor_next(&c, &set) ||
        xg_value_check(field, &set))
        return false;
    c = added_by(about);
    if (!xg_cbor_next(&c, element))
        return false;
    struct view_photo photo = view_photo_of(element);
    return xg_hash_equal(&photo.sha256, sha256);
}

/* The element that was kept. It is ours: what does not fit is damage. */
static enum xg_status read_about(struct xg_cbor_item *element,
                                 struct xg_buf *about, struct data *d,
                                 const struct xg_hash *sha256,
                                 const char *owner, struct xg_error *err)
{
    char hex[13];

    if (blobs_staged(d->blobs, about, sha256, owner, err) != XG_OK)
        return err->status;
    if (is_about(element, xg_buf_bytes(about), sha256))
        return XG_OK;
    short_hex(hex, sha256);
    return xg_fail(err, XG_CORRUPT,
                   XG_T("已添加的照片 %s 的记录损坏：请再添加一次",
                        "what is known of the added photo %s is damaged: add "
                        "it again"),
                   hex);
}

enum xg_status photo_staged_element(struct xg_buf *out, struct data *d,
                                    const struct xg_hash *sha256,
                                    const char *owner, uint64_t role,
                                    uint64_t origin, struct xg_error *err)
{
    struct xg_buf about = XG_BUF(BLOB_ABOUT_MAX);
    struct xg_cbor_item element;
    enum xg_status status = read_about(&element, &about, d, sha256, owner, err);

    if (status == XG_OK) {
        xg_photo_put_other(out, &element, role, origin);
        status = xg_buf_check(out, err);
    }
    xg_buf_clear(&about);
    return status;
}

enum xg_status photo_staged_open(int *fd, struct xg_hash *hash, struct data *d,
                                 const struct xg_hash *sha256,
                                 const char *owner, bool small,
                                 struct xg_error *err)
{
    struct xg_buf about = XG_BUF(BLOB_ABOUT_MAX);
    struct xg_cbor_item element;
    enum xg_status status = read_about(&element, &about, d, sha256, owner, err);

    if (status == XG_OK) {
        struct view_photo photo = view_photo_of(&element);
        bool has_small = small && photo.thumbnail_bytes > 0;
        status = blobs_staged_read(d->blobs, fd, sha256,
                                   has_small ? &photo.thumbnail : NULL, err);
        if (status == XG_OK)
            *hash = has_small ? photo.thumbnail : photo.sha256;
    }
    xg_buf_clear(&about);
    return status;
}

static enum xg_status was_erased(bool *erased, struct store *store,
                                 const struct xg_hash *sha256,
                                 const struct xg_id *entity,
                                 struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ERASED_ARENA);
    struct store_erased_photo *rows;
    size_t count = 0;
    bool any = false;
    enum xg_status status =
        store->ops->has_erased_photo(store, &any, sha256, err);

    if (status == XG_OK && any)
        status =
            store->ops->read_erased_photos(store, &arena, &rows, &count, err);
    *erased = false;
    for (size_t i = 0; i < count && !*erased; i++)
        *erased = xg_hash_equal(&rows[i].photo, sha256) &&
                  xg_id_equal(&rows[i].entity, entity);
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status ask_one(struct xg_error *answer, struct store *store,
                              struct data *d, const char *owner,
                              const struct xg_draft *draft,
                              const struct xg_hash *sha256,
                              struct xg_error *err)
{
    struct xg_buf about = XG_BUF(BLOB_ABOUT_MAX);
    bool erased = false;
    char hex[13];
    enum xg_status status =
        blobs_staged(d->blobs, &about, sha256, owner, answer);

    xg_buf_clear(&about);
    if (status != XG_OK || draft->head.creates)
        return XG_OK;
    status = was_erased(&erased, store, sha256, &draft->head.entity, err);
    short_hex(hex, sha256);
    if (status == XG_OK && erased)
        xg_ignore(xg_fail(answer, XG_REFUSED,
                          XG_T("照片 %s 已从这一件抹除，不能再放回",
                               "photo %s was erased of this one, and does not "
                               "come back"),
                          hex));
    return status;
}

enum xg_status photo_staged_ask(struct xg_error *answer, struct store *store,
                                struct data *d, const char *owner,
                                const struct xg_draft *draft,
                                struct xg_error *err)
{
    struct xg_cbor added = added_by(xg_draft_get(draft, XG_FIELD_PHOTO));
    struct xg_cbor_item element;
    enum xg_status status = XG_OK;

    while (status == XG_OK && answer->status == XG_OK &&
           xg_cbor_next(&added, &element)) {
        struct view_photo photo = view_photo_of(&element);
        status =
            ask_one(answer, store, d, owner, draft, &photo.sha256, err);
    }
    return status;
}

/* ---- named ---- */

/* It gets its name; then the log says that it is held. */
static enum xg_status hold(struct data *d, const struct view_photo *photo,
                           struct xg_error *err)
{
    const struct xg_blob blobs[] = {{photo->sha256, photo->bytes},
                                    {photo->thumbnail, photo->thumbnail_bytes}};
    bool small = photo->thumbnail_bytes > 0;

    if (blobs_name_staged(d->blobs, &photo->sha256,
                          small ? &photo->thumbnail : NULL, err) != XG_OK)
        return err->status;
    return photo_hold(d, blobs, small ? 2 : 1, err);
}

/* False: another time. */
static bool hold_or_say(struct data *d, const struct xg_cbor_item *element)
{
    struct view_photo photo = view_photo_of(element);
    struct xg_error err = XG_ERROR_NONE;

    if (hold(d, &photo, &err) == XG_OK)
        return true;
    xg_log(XG_LOG_WARN, "photo.held_later", "error=\"%s\"",
           xg_error_text(&err));
    return false;
}

void photo_staged_named(struct data *d, const struct xg_draft *draft)
{
    struct xg_cbor added = added_by(xg_draft_get(draft, XG_FIELD_PHOTO));
    struct xg_cbor_item element;

    while (xg_cbor_next(&added, &element))
        (void)hold_or_say(d, &element);
}

/* ---- what was left ---- */

struct leftovers {
    struct ledger_job job;
    struct data *d;
    struct blobs_staged *list;
    size_t count;
    bool any_old, no_memory;
};

static bool is_old(const struct blobs_staged *s)
{
    return s->age_ms >= BLOB_STAGED_LIFE_MS;
}

static bool gather(void *ctx, const struct blobs_staged *one)
{
    struct leftovers *l = ctx;

    if (!one->nameless && !is_old(one))
        return true;
    struct blobs_staged *more =
        realloc(l->list, (l->count + 1) * sizeof *l->list);
    l->no_memory = !more;
    if (!more)
        return false;
    l->list = more;
    l->list[l->count++] = *one;
    l->any_old |= is_old(one);
    return true;
}

static enum xg_status is_named(bool *named, struct store *store,
                               const struct xg_hash *sha256,
                               struct xg_error *err)
{
    uint64_t length;

    return photo_named(store, &length, named, sha256, 0, err);
}

/* One that a record names, which may have missed what follows. */
static bool finish_one(struct data *d, const struct xg_hash *sha256)
{
    struct xg_buf about = XG_BUF(BLOB_ABOUT_MAX);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_cbor_item element;
    bool done = read_about(&element, &about, d, sha256, NULL, &err) == XG_OK &&
                hold_or_say(d, &element);

    if (err.status != XG_OK)
        xg_log(XG_LOG_WARN, "photo.held_later", "error=\"%s\"",
               xg_error_text(&err));
    xg_buf_clear(&about);
    return done;
}

static enum xg_status finish_named(struct leftovers *l, struct xg_error *err)
{
    enum xg_status status = XG_OK;

    for (size_t i = 0; status == XG_OK && i < l->count; i++) {
        struct store *reader;
        bool named = false;
        if (data_borrow(l->d, &reader, err) != XG_OK)
            return err->status;
        status = is_named(&named, reader, &l->list[i].sha256, err);
        data_return(l->d, reader);
        if (status == XG_OK && named)
            l->list[i].nameless = !finish_one(l->d, &l->list[i].sha256);
    }
    return status;
}

/* No record can come between the look and the forgetting: both are the
 * writer's. Of one that is named the bytes have their name by now. */
static enum xg_status run_forget(struct ledger_job *job, struct ledger *ledger,
                                 struct store *store, struct xg_error *err)
{
    struct leftovers *l = (struct leftovers *)job;
    enum xg_status status = XG_OK;

    (void)ledger;
    for (size_t i = 0; status == XG_OK && i < l->count; i++) {
        const struct blobs_staged *one = &l->list[i];
        bool named = false;
        if (!is_old(one))
            continue;
        if (one->nameless)
            status = is_named(&named, store, &one->sha256, err);
        if (status == XG_OK && !named)
            status = blobs_forget_staged(l->d->blobs, &one->sha256, err);
    }
    return status;
}

enum xg_status photo_staged_settle(struct data *d, struct xg_error *err)
{
    struct leftovers l = {.job = {.run = run_forget}, .d = d};
    enum xg_status status = blobs_walk_staged(d->blobs, gather, &l, err);

    if (status == XG_OK && l.no_memory)
        status = xg_fail_nomem(err);
    if (status == XG_OK)
        status = finish_named(&l, err);
    if (status == XG_OK && l.any_old)
        status = ledger_submit(d->ledger, &l.job, err);
    free(l.list);
    return status;
}
