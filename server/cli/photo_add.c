/* photo_add.c - `photo add`, and --photo of the commands that act: photos which
 * somebody at the centre brings (server/photo/staged.h). */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "server/cli/print.h"
#include "server/data/data.h"
#include "server/desk/desk.h"
#include "server/photo/staged.h"
#include "shared/base/lang.h"
#include "shared/view/doubt.h"
#include "shared/view/json.h"
#include "shared/view/photo.h"
#include "shared/view/text.h"

enum { HEX_LEN = 2 * XG_HASH_SIZE };

/* ---- photo add ---- */

static const char *exif_name(const struct xg_photo *photo)
{
    static const char *const NAMES[] = {
        [XG_PHOTO_EXIF_NONE] = "none",
        [XG_PHOTO_EXIF_READ] = "read",
        [XG_PHOTO_EXIF_UNREADABLE] = "unreadable",
    };
    return NAMES[photo->exif.state];
}

/* What does not fit together in it, before it is known where it belongs. */
static enum xg_status find_doubts(struct view_doubts *doubts,
                                  const struct cmd *c,
                                  const struct xg_photo *photo,
                                  struct xg_error *err)
{
    struct xg_buf element = XG_BUF(XG_PHOTO_ELEMENT_MAX);
    bool forwarded = cmd_option(c, "forwarded") != NULL;
    struct xg_cbor_item item;

    xg_photo_put_element(&element, photo, 0,
                         forwarded ? VIEW_ORIGIN_FORWARDED : VIEW_ORIGIN_HERE);
    enum xg_status status = xg_buf_check(&element, err);
    if (status == XG_OK) {
        struct xg_cbor at = xg_cbor_over(xg_buf_bytes(&element));
        xg_cbor_next(&at, &item);
        *doubts = view_doubts_ahead(&item, NULL, NULL, xg_wall_ms(c->env));
    }
    xg_buf_clear(&element);
    return status;
}

static json_t *thumbnail_json(const struct xg_photo *p)
{
    json_t *json = json_object();

    if (!p->thumbnail_length) {
        json_decref(json);
        return json_null();
    }
    view_json_set(&json, "sha256", view_json_hex(p->thumbnail.b, XG_HASH_SIZE));
    view_json_set(&json, "bytes", view_json_uint(p->thumbnail_length));
    return json;
}

static enum xg_status put_json(struct cmd *c, const struct xg_photo *p,
                               const struct view_doubts *doubts,
                               struct xg_error *err)
{
    json_t *json = json_object();

    view_json_set(&json, "sha256", view_json_hex(p->sha256.b, XG_HASH_SIZE));
    view_json_set(&json, "bytes", view_json_uint(p->length));
    view_json_set(&json, "type", json_string(xg_photo_type_mime(p->type)));
    view_json_set(&json, "exif", json_string(exif_name(p)));
    view_json_set(&json, "thumbnail", thumbnail_json(p));
    view_json_set(&json, "doubts", view_doubts_json(doubts));
    return cmd_put_json(c, json, err);
}

static void put_text(struct cmd *c, const struct xg_photo *p,
                     const struct view_doubts *doubts)
{
    xg_buf_hex(&c->out, p->sha256.b, XG_HASH_SIZE);
    xg_buf_text(&c->out, "  ");
    view_put_size(&c->out, p->length);
    xg_buf_format(&c->out, "  %s%s\n", xg_photo_type_mime(p->type),
                  p->thumbnail_length
                      ? ""
                      : XG_T("  做不出缩略图", "  no thumbnail can be made"));
    if (p->exif.state == XG_PHOTO_EXIF_UNREADABLE)
        xg_buf_text(&c->out, XG_T("EXIF 读不出来；照片本身已收下\n",
                                  "its EXIF cannot be read; the photo itself "
                                  "is taken in\n"));
    if (view_doubts_any(doubts)) {
        view_doubts_put(&c->out, doubts);
        xg_buf_text(&c->out, "\n");
    }
    xg_buf_text(&c->out,
                XG_T("一天内在办理时用上：--photo SHA256[:用途][,forwarded]；"
                     "没用上的自动清除\n",
                     "use it within a day, in what you do: --photo "
                     "SHA256[:ROLE][,forwarded]; what is not used goes\n"));
}

enum xg_status cmd_photo_add(struct cmd *c, struct xg_error *err)
{
    bool input = strcmp(c->args[1], "-") == 0;
    const char *owner = cmd_option(c, "as");
    struct xg_judgement person;
    struct view_doubts doubts;
    struct xg_photo photo;

    if ((owner && desk_actor(&person, c->data, owner, err) != XG_OK) ||
        photo_stage(&photo, c->data, owner, c->input,
                    input ? XG_T("给的照片", "the photo given") : c->args[1],
                    err) != XG_OK ||
        find_doubts(&doubts, c, &photo, err) != XG_OK)
        return err->status;
    if (c->json)
        return put_json(c, &photo, &doubts, err);
    put_text(c, &photo, &doubts);
    return XG_OK;
}

/* ---- --photo ---- */

/* "SHA-256", then ":" or "," and what is said of it. */
static enum xg_status read_given(struct xg_hash *sha256, uint64_t *role,
                                 uint64_t *origin, const char *given,
                                 struct xg_error *err)
{
    char name[HEX_LEN + 1];
    size_t len = strcspn(given, ":,");

    if (len != HEX_LEN ||
        !xg_unhex(sha256->b, sizeof sha256->b, given, HEX_LEN))
        return xg_fail(err, XG_USAGE,
                       XG_T("--photo 要写 photo add 给出的 64 位校验码，而不是"
                            "“%.*s”；照片文件先用 photo add 添加",
                            "--photo takes the 64 digits that photo add gave, "
                            "not '%.*s': add the file with photo add first"),
                       (int)len, given);
    *role = 0;
    *origin = VIEW_ORIGIN_HERE;
    snprintf(name, sizeof name, "%s", given);
    return given[len]
               ? view_photo_words(role, origin, name, given + len + 1, err)
               : XG_OK;
}

static enum xg_status attach(struct xg_draft *draft, struct cmd *c,
                             const char *given, struct xg_error *err)
{
    struct xg_buf element = XG_BUF(XG_PHOTO_ELEMENT_MAX);
    struct xg_cbor_item item;
    struct xg_hash sha256;
    uint64_t role, origin;

    if (read_given(&sha256, &role, &origin, given, err) != XG_OK)
        return err->status;
    enum xg_status status =
        photo_staged_element(&element, c->data, &sha256,
                             cmd_option(c, "as"), role, origin, err);
    if (status == XG_OK) {
        struct xg_cbor at = xg_cbor_over(xg_buf_bytes(&element));
        xg_cbor_next(&at, &item);
        status = view_photo_attach(draft, NULL, &item, err);
    }
    xg_buf_clear(&element);
    return status;
}

enum xg_status cmd_photos(struct xg_draft *draft, struct cmd *c,
                          struct xg_error *err)
{
    const char *given;
    size_t at = 0;

    while ((given = cmd_option_next(c, "photo", &at)))
        if (attach(draft, c, given, err) != XG_OK)
            return err->status;
    return XG_OK;
}
