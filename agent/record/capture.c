/* capture.c - see capture.h. */
#include "agent/record/capture.h"

#include <stdio.h>

#include "shared/base/lang.h"
#include "shared/core/cbor.h"
#include "shared/core/loop.h"
#include "shared/view/photo.h"
#include "shared/view/value.h"

enum { VALUE_MAX = 16 << 10 };

/* ---- filling ---- */

/* Set, or add to a set, what was written into `value`; clears it. */
static enum xg_status put(struct xg_draft *d, uint64_t field, bool add,
                          struct xg_buf *value, struct xg_error *err)
{
    enum xg_status status = xg_buf_check(value, err);

    if (status == XG_OK)
        status = add ? xg_draft_add(d, field, xg_buf_bytes(value), err)
                     : xg_draft_set(d, field, xg_buf_bytes(value), err);
    xg_buf_clear(value);
    return status;
}

enum xg_status capture_set_text(struct xg_draft *d, uint64_t field,
                                const char *text, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(VALUE_MAX);

    xg_cbor_put_text(&value, text, strlen(text));
    return put(d, field, false, &value, err);
}

enum xg_status capture_add_text(struct xg_draft *d, uint64_t field,
                                const char *text, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(VALUE_MAX);

    xg_cbor_put_text(&value, text, strlen(text));
    return put(d, field, true, &value, err);
}

enum xg_status capture_set_uint(struct xg_draft *d, uint64_t field,
                                uint64_t number, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(VALUE_MAX);

    xg_cbor_put_uint(&value, number);
    return put(d, field, false, &value, err);
}

enum xg_status capture_set_time(struct xg_draft *d, uint64_t field, int64_t ms,
                                struct xg_error *err)
{
    struct xg_buf value = XG_BUF(VALUE_MAX);

    xg_cbor_put_int(&value, ms);
    return put(d, field, false, &value, err);
}

static void put_position(struct xg_buf *out, int32_t lat_e7, int32_t lon_e7,
                         int64_t accuracy_mm)
{
    xg_cbor_put_array(out, accuracy_mm < 0 ? 2 : 3);
    xg_cbor_put_int(out, lat_e7);
    xg_cbor_put_int(out, lon_e7);
    if (accuracy_mm >= 0)
        xg_cbor_put_int(out, accuracy_mm);
}

enum xg_status capture_set_position(struct xg_draft *d, uint64_t field,
                                    int32_t lat_e7, int32_t lon_e7,
                                    int64_t accuracy_mm, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(VALUE_MAX);

    put_position(&value, lat_e7, lon_e7, accuracy_mm);
    return put(d, field, false, &value, err);
}

enum xg_status capture_set_entity(struct xg_draft *d, uint64_t field,
                                  const struct xg_id *id, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(VALUE_MAX);

    xg_cbor_put_bytes(&value, id->b, XG_ID_SIZE);
    return put(d, field, false, &value, err);
}

/* ---- photos ---- */

enum xg_status capture_photo(struct xg_draft *draft, bool *placed,
                             const struct xg_photo *photo, uint64_t role,
                             uint64_t origin, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(VALUE_MAX);
    struct xg_cbor_item element;

    xg_photo_put_element(&value, photo, role, origin);
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK) {
        struct xg_cbor c = xg_cbor_over(xg_buf_bytes(&value));
        xg_cbor_next(&c, &element);
        status = view_photo_attach(draft, placed, &element, err);
    }
    xg_buf_clear(&value);
    return status;
}

/* ---- appending ---- */

/* Say which required field is missing, in the worker's words. */
static enum xg_status check_required(const struct xg_draft *d,
                                     struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);
    const struct xg_field *f;

    if (!kind || !kind->entity)
        return xg_fail(err, XG_USAGE,
                       XG_T("不能这样记录", "this cannot be recorded"));
    for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++)
        if ((f->flags & XG_REQUIRED) && xg_draft_get(d, f->number).len == 0)
            return xg_fail(err, XG_USAGE,
                           XG_T("%s还缺“%s”；请补上 %s=…",
                                "%s: \"%s\" is missing; add %s=..."),
                           xg_label(kind->zh, kind->en), xg_label(f->zh, f->en),
                           f->name);
    return XG_OK;
}

static enum xg_status set_author(struct store *s, struct xg_draft *d,
                                 const char *author, struct xg_error *err)
{
    struct store_identity id;

    d->head.author = xg_bytes(NULL, 0);
    if (!author || !*author)
        return XG_OK;
    if (strlen(author) > XG_AUTHOR_MAX)
        return xg_fail(err, XG_USAGE,
                       XG_T("工号太长：%s", "a worker's code is not so "
                                                "long: %s"),
                       author);
    if (store_get_identity(s, &id, err) != XG_OK)
        return err->status;
    if (strcmp(author, id.worker) == 0)
        return XG_OK;
    char *copy = xg_arena_str(d->arena, author, strlen(author));
    if (!copy)
        return xg_fail_nomem(err);
    d->head.author = xg_bytes_of(copy);
    return XG_OK;
}

enum xg_status capture_append(struct store *s, struct captured *out,
                              const struct xg_id *id, struct xg_draft *draft,
                              const char *author, struct xg_error *err)
{
    struct store_entity entity;
    struct captured c = {0};

    draft->head.creates = id == NULL;
    if (id) {
        if (store_refresh(s, err) != XG_OK ||
            store_load_entity(s, &entity, NULL, id, err) != XG_OK)
            return err->status;
        if (!entity.kind)
            return xg_fail(err, XG_REFUSED,
                           XG_T("它的第一条记录还没有收到，请先同步",
                                "its first record has not come yet; sync "
                                "first"));
        draft->head.kind = entity.kind->number;
        draft->head.entity = *id;
        c.id = *id;
        memcpy(c.number, entity.number, sizeof c.number);
    } else if (check_required(draft, err) != XG_OK) {
        return err->status;
    }
    if (set_author(s, draft, author, err) != XG_OK ||
        store_append(s, &c.record, draft, err) != XG_OK)
        return err->status;
    if (!id)
        c.id = xg_id_of_hash(&c.record);
    *out = c;
    return XG_OK;
}

enum xg_status capture_number(struct store *s, struct captured *out,
                              struct xg_error *err)
{
    struct store_entity entity;

    if (store_load_entity(s, &entity, NULL, &out->id, err) != XG_OK)
        return err->status;
    memcpy(out->number, entity.number, sizeof out->number);
    return XG_OK;
}

static enum xg_status save(struct store *s, struct captured *out,
                           const struct xg_id *id, struct xg_draft *draft,
                           const char *author, struct xg_error *err)
{
    struct captured c;

    if (store_ready_author(s, author, err) != XG_OK ||
        store_begin(s, err) != XG_OK)
        return err->status;
    if (capture_append(s, &c, id, draft, author, err) != XG_OK) {
        store_rollback(s);
        return err->status;
    }
    if (store_commit(s, err) != XG_OK)
        return err->status;
    /* It is saved: that its number cannot be read is not a failure of that. */
    struct xg_error ignored = XG_ERROR_NONE;
    if (!id)
        xg_ignore(capture_number(s, &c, &ignored));
    *out = c;
    return XG_OK;
}

enum xg_status capture_create(struct store *s, struct captured *out,
                              struct xg_draft *draft, const char *author,
                              struct xg_error *err)
{
    return save(s, out, NULL, draft, author, err);
}

enum xg_status capture_change(struct store *s, struct captured *out,
                              const struct xg_id *id, struct xg_draft *draft,
                              const char *author, struct xg_error *err)
{
    return save(s, out, id, draft, author, err);
}

enum xg_status capture_move(struct store *s, struct xg_draft *draft,
                            const struct xg_id *id,
                            const struct xg_choice *move, struct xg_error *err)
{
    struct store_entity e;

    if (store_load_entity(s, &e, NULL, id, err) != XG_OK)
        return err->status;
    if (e.status == 0 || !xg_transition_find(e.status, move->number)) {
        const struct xg_choice *at = xg_choice_find(xg_statuses, e.status);
        return xg_fail(err, XG_REFUSED,
                       XG_T("没有保存：现在是“%s”，不能“%s”",
                            "not saved: it is \"%s\" now, which has no \"%s\""),
                       at ? xg_label(at->zh, at->en)
                          : XG_T("没有流程", "outside the loop"),
                       xg_label(move->zh, move->en));
    }
    draft->head.move = move->number;
    draft->head.from = e.status;
    return XG_OK;
}
