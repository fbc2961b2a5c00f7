/* photo.c - see photo.h. */
#include "shared/view/photo.h"

#include <string.h>

#include "shared/base/buf.h"
#include "shared/base/lang.h"
#include "shared/core/schema.h"
#include "shared/view/doubt.h"
#include "shared/view/value.h"

static const struct xg_choice *find(const struct xg_choice *choices,
                                    struct xg_bytes word)
{
    for (const struct xg_choice *c = choices; c->name; c++)
        if (xg_bytes_equal(word, xg_bytes_of(c->name)) ||
            xg_bytes_equal(word, xg_bytes_of(c->zh)))
            return c;
    return NULL;
}

static enum xg_status no_such_role(struct xg_bytes word, struct xg_error *err)
{
    struct xg_buf names = XG_BUF(1024);

    for (const struct xg_choice *c = xg_photo_roles; c->name; c++)
        xg_buf_format(&names, "%s %s, ", c->name, xg_label(c->zh, c->en));
    xg_ignore(xg_fail(err, XG_USAGE,
                      XG_T("照片没有“%.*s”这种用途；可以是：%s"
                           "forwarded 他人转发",
                           "no photo has the role \"%.*s\"; it is one of "
                           "%sforwarded forwarded by others"),
                      (int)word.len, (const char *)word.at,
                      xg_buf_str(&names)));
    xg_buf_clear(&names);
    return err->status;
}

static enum xg_status take_word(uint64_t *role, uint64_t *origin,
                                const char *name, struct xg_bytes word,
                                struct xg_error *err)
{
    const struct xg_choice *c = find(xg_photo_origins, word);

    if (c) {
        *origin = c->number;
        return XG_OK;
    }
    if (!(c = find(xg_photo_roles, word)))
        return no_such_role(word, err);
    if (*role && *role != c->number)
        return xg_fail(
            err, XG_USAGE,
            XG_T("一张照片只能有一种用途：%s", "a photo has one role only: %s"),
            name);
    *role = c->number;
    return XG_OK;
}

enum xg_status view_photo_words(uint64_t *role, uint64_t *origin,
                                const char *name, const char *words,
                                struct xg_error *err)
{
    uint64_t said_role = *role, said_origin = *origin;

    for (;;) {
        size_t len = strcspn(words, ",");
        if (take_word(&said_role, &said_origin, name, xg_bytes(words, len),
                      err) != XG_OK)
            return err->status;
        if (!words[len])
            break;
        words += len + 1;
    }
    *role = said_role;
    *origin = said_origin;
    return XG_OK;
}

/* ---- into a draft ---- */

static enum xg_status set_position(struct xg_draft *draft,
                                   struct view_position at,
                                   struct xg_error *err)
{
    struct xg_buf value = XG_BUF(64);

    xg_cbor_put_array(&value, 2);
    xg_cbor_put_int(&value, at.lat_e7);
    xg_cbor_put_int(&value, at.lon_e7);
    enum xg_status status = xg_buf_check(&value, err);
    if (status == XG_OK)
        status =
            xg_draft_set(draft, XG_FIELD_POSITION, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

enum xg_status view_photo_attach(struct xg_draft *draft, bool *placed,
                                 const struct xg_cbor_item *element,
                                 struct xg_error *err)
{
    struct view_photo photo = view_photo_of(element);

    if (xg_draft_add(draft, XG_FIELD_PHOTO, element->raw, err) != XG_OK)
        return err->status;
    bool place = draft->head.creates && draft->head.kind == XG_KIND_INCIDENT &&
                 photo.origin == VIEW_ORIGIN_HERE && photo.has_position &&
                 xg_draft_get(draft, XG_FIELD_POSITION).len == 0;
    if (place && set_position(draft, photo.position, err) != XG_OK)
        return err->status;
    if (placed)
        *placed = place;
    return XG_OK;
}

static bool value_of(struct xg_cbor_item *item, const struct xg_draft *d,
                     uint64_t number)
{
    struct xg_cbor c = xg_cbor_over(xg_draft_get(d, number));

    return xg_cbor_next(&c, item);
}

json_t *view_photo_ahead_json(const struct xg_cbor_item *photo,
                              const struct xg_draft *draft, int64_t now_ms)
{
    const struct xg_field *f =
        xg_field_find(xg_kind_find(draft->head.kind), XG_FIELD_PHOTO);
    struct xg_cbor_item position, happened;
    bool placed = value_of(&position, draft, XG_FIELD_POSITION);
    bool timed = value_of(&happened, draft, XG_FIELD_HAPPENED);
    json_t *one = view_value_json(f, photo);
    struct view_doubts doubts = view_doubts_ahead(
        photo, placed ? &position : NULL, timed ? &happened : NULL, now_ms);

    json_object_set_new(one, "doubts", view_doubts_json(&doubts));
    return one;
}
