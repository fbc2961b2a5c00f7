/* form_value.c - see form_value.h. */
#include "shared/view/form_value.h"

#include <inttypes.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/view/text.h"

enum { SHOWN = 60, LIST_MAX = 400, TEXTS_ITEM_MAX = 200 };

enum xg_status form_check(const struct xg_field *field,
                          const struct xg_buf *out, size_t start,
                          struct xg_error *err)
{
    struct xg_field single = *field; /* one element of a set is a value too */
    struct xg_cbor_item item;
    size_t size;

    if (xg_buf_check(out, err) != XG_OK)
        return err->status;
    if (xg_cbor_check(&size, out->data + start, out->len - start, err) != XG_OK)
        return xg_fail(err, XG_USAGE,
                       XG_T("不是有效的文字（UTF-8，不含 NUL）",
                            "is no valid text (UTF-8 without NUL)"));
    struct xg_cbor c = xg_cbor_over(xg_bytes(out->data + start, size));
    xg_cbor_next(&c, &item);
    if (single.merge == XG_MERGE_SET)
        single.merge = XG_MERGE_ACT;
    const char *bad = xg_value_check(&single, &item);
    if (bad)
        return xg_fail(err, XG_USAGE, "%s", bad);
    return XG_OK;
}

static enum xg_status put_text(struct xg_buf *out, const struct xg_field *field,
                               const char *text, struct xg_error *err)
{
    size_t len = strlen(text);

    if (!xg_utf8_valid((const uint8_t *)text, len))
        return xg_fail(err, XG_USAGE,
                       XG_T("文字不是有效的 UTF-8", "is no valid UTF-8"));
    if (len > (size_t)field->max)
        return xg_fail(err, XG_USAGE,
                       XG_T("太长：%zu 字节，最多 %" PRId64
                            " 字节（一个汉字 3 字节）",
                            "too long: %zu bytes, at most %" PRId64),
                       len, field->max);
    xg_cbor_put_text(out, text, len);
    return XG_OK;
}

static enum xg_status put_code(struct xg_buf *out, const struct xg_field *field,
                               const char *text, struct xg_error *err)
{
    if (text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxy"
                          "z0123456789._/-")])
        return xg_fail(err, XG_USAGE,
                       XG_T("编码 %.*s 只能含字母、数字和 ._/-",
                            "the code %.*s may hold letters, digits and ._/- "
                            "only"),
                       SHOWN, text);
    return put_text(out, field, text, err);
}

/* The code that the text means, else the text. */
static enum xg_status put_meant(struct xg_buf *out,
                                const struct xg_field *field, const char *text,
                                const struct view_resolver *resolver,
                                struct xg_error *err)
{
    struct xg_buf code = XG_BUF(4096);

    if (resolver && resolver->code)
        resolver->code(resolver->ctx, &code, field, text);
    enum xg_status status = put_code(
        out, field, code.len && code.failed == XG_OK ? xg_buf_str(&code) : text,
        err);
    xg_buf_clear(&code);
    return status;
}

static enum xg_status put_uint(struct xg_buf *out, const struct xg_field *field,
                               const char *text, struct xg_error *err)
{
    int64_t value;

    if (text[strspn(text, "0123456789")] ||
        !view_parse_decimal(&value, text, strlen(text), 0) ||
        value < field->min || value > field->max)
        return xg_fail(err, XG_USAGE,
                       XG_T("%.*s 应是 %" PRId64 " 到 %" PRId64 " 的整数",
                            "%.*s should be a whole number from %" PRId64
                            " to %" PRId64),
                       SHOWN, text, field->min, field->max);
    xg_cbor_put_uint(out, (uint64_t)value);
    return XG_OK;
}

static enum xg_status put_bool(struct xg_buf *out, const char *text,
                               struct xg_error *err)
{
    static const char *const words[][4] = {{"no", "false", "0", "否"},
                                           {"yes", "true", "1", "是"}};

    for (size_t value = 0; value < 2; value++)
        for (size_t i = 0; i < 4; i++)
            if (strcmp(text, words[value][i]) == 0) {
                xg_cbor_put_bool(out, value == 1);
                return XG_OK;
            }
    return xg_fail(err, XG_USAGE,
                   XG_T("%.*s 应是 是 或 否", "%.*s should be yes or no"),
                   SHOWN, text);
}

static enum xg_status put_enum(struct xg_buf *out, const struct xg_field *field,
                               const char *text, struct xg_error *err)
{
    struct xg_buf list = XG_BUF(LIST_MAX);

    for (const struct xg_choice *c = field->choices; c->name; c++) {
        if (strcmp(text, c->name) == 0 || strcmp(text, c->zh) == 0 ||
            strcmp(text, c->en) == 0) {
            xg_buf_clear(&list);
            xg_cbor_put_uint(out, c->number);
            return XG_OK;
        }
        if (list.len)
            xg_buf_text(&list, XG_T("、", ", "));
        xg_buf_text(&list, c->name);
        if (xg_lang() == XG_LANG_ZH)
            xg_buf_format(&list, " %s", c->zh);
    }
    xg_fail(err, XG_USAGE,
            XG_T("没有 %.*s 这个选项；可选：%s",
                 "%.*s is not one of the choices: %s"),
            SHOWN, text, xg_buf_str(&list));
    xg_buf_clear(&list);
    return err->status;
}

static enum xg_status put_time(struct xg_buf *out, const char *text,
                               struct xg_error *err)
{
    int64_t ms;

    if (!view_parse_time(&ms, text))
        return xg_fail(err, XG_USAGE,
                       XG_T("%.*s 不是时间；写成 2026-05-01T08:30，或 Unix 秒",
                            "%.*s is no time; write 2026-05-01T08:30, or Unix "
                            "seconds"),
                       SHOWN, text);
    xg_cbor_put_int(out, ms);
    return XG_OK;
}

static const char *skip_spaces(const char *text)
{
    return text + strspn(text, " \t");
}

static enum xg_status put_position(struct xg_buf *out, const char *text,
                                   struct xg_error *err)
{
    static const int64_t most[] = {900000000, 1800000000, INT64_MAX};
    int64_t part[3] = {0};
    const char *at = text;
    size_t n = 0;
    bool good = true;

    for (bool more = true; good && more; n++) {
        at = skip_spaces(at);
        size_t len = strcspn(at, ", \t");
        good = n < 3 && view_parse_decimal(&part[n], at, len, n < 2 ? 7 : 3) &&
               part[n] <= most[n] && part[n] >= (n < 2 ? -most[n] : 0);
        at = skip_spaces(at + len);
        more = *at == ',';
        at += more;
    }
    if (!good || n < 2 || *at)
        return xg_fail(err, XG_USAGE,
                       XG_T("%.*s 不是位置；写成 纬度,经度[,精度米]，如 "
                            "35.0512,118.3265,8",
                            "%.*s is no position; write lat,lon[,accuracy in "
                            "m], as 35.0512,118.3265,8"),
                       SHOWN, text);
    xg_cbor_put_array(out, n);
    for (size_t i = 0; i < n; i++)
        xg_cbor_put_int(out, part[i]);
    return XG_OK;
}

static enum xg_status put_entity(struct xg_buf *out, const char *text,
                                 const struct view_resolver *resolver,
                                 struct xg_error *err)
{
    struct xg_id id;

    if (!xg_unhex(id.b, XG_ID_SIZE, text, strlen(text))) {
        if (!resolver || !resolver->entity)
            return xg_fail(err, XG_USAGE,
                           XG_T("%.*s 应是 32 位十六进制编号",
                                "%.*s should be an id of 32 hex digits"),
                           SHOWN, text);
        if (resolver->entity(resolver->ctx, &id, text, err) != XG_OK)
            return err->status;
    }
    xg_cbor_put_bytes(out, id.b, XG_ID_SIZE);
    return XG_OK;
}

static enum xg_status put_hash(struct xg_buf *out, const char *text,
                               struct xg_error *err)
{
    struct xg_hash hash;

    if (!xg_unhex(hash.b, XG_HASH_SIZE, text, strlen(text)))
        return xg_fail(err, XG_USAGE,
                       XG_T("应是 64 位十六进制", "should be 64 hex digits"));
    xg_cbor_put_bytes(out, hash.b, XG_HASH_SIZE);
    return XG_OK;
}

static enum xg_status put_source(struct xg_buf *out,
                                 const struct xg_field *field, const char *text,
                                 struct xg_error *err)
{
    struct xg_id id;

    if (!xg_unhex(id.b, XG_ID_SIZE, text, strlen(text)))
        return put_text(out, field, text, err);
    xg_cbor_put_bytes(out, id.b, XG_ID_SIZE);
    return XG_OK;
}

enum xg_status form_record(struct xg_hash *hash, const char *text,
                           const struct view_resolver *resolver,
                           struct xg_error *err)
{
    struct xg_hash found;

    if (!xg_unhex(found.b, XG_HASH_SIZE, text, strlen(text))) {
        if (!resolver || !resolver->record)
            return xg_fail(err, XG_USAGE,
                           XG_T("%.*s 应是 64 位十六进制的记录码",
                                "%.*s should be a record's hash of 64 hex "
                                "digits"),
                           SHOWN, text);
        if (resolver->record(resolver->ctx, &found, text, err) != XG_OK)
            return err->status;
    }
    *hash = found;
    return XG_OK;
}

/* ---- lists ---- */

/* The next piece of a list, without the spaces around it; false at the end. */
static bool next_piece(const char **text, struct xg_bytes *piece)
{
    static const char wide[] = "；"; /* U+FF1B */
    const char *end = *text;

    if (*end == '\0')
        return false;
    while (*end && *end != ';' && strncmp(end, wide, sizeof wide - 1) != 0)
        end++;
    const char *from = *text, *to = end;
    *text = end + (*end == ';' ? 1 : *end ? sizeof wide - 1 : 0);
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    *piece = xg_bytes(from, (size_t)(to - from));
    return true;
}

enum xg_status form_texts(struct xg_buf *out, const struct xg_field *field,
                          struct xg_bytes before, const char *text,
                          struct xg_error *err)
{
    struct xg_cbor c = xg_cbor_over(before);
    struct xg_cbor_item list = {.type = XG_CBOR_NULL};
    struct xg_bytes piece;
    uint64_t count = 0;
    size_t start = out->len;

    if (before.len)
        xg_cbor_next(&c, &list);
    if (list.type == XG_CBOR_ARRAY)
        count = list.number;
    for (const char *at = text; next_piece(&at, &piece);) {
        count += piece.len != 0;
        if (piece.len > TEXTS_ITEM_MAX)
            return xg_fail(err, XG_USAGE,
                           XG_T("%.*s… 太长，每项最多 %d 字节",
                                "%.*s... is too long, at most %d bytes each"),
                           30, (const char *)piece.at, TEXTS_ITEM_MAX);
    }
    if (count < (uint64_t)field->min || count > (uint64_t)field->max)
        return xg_fail(err, XG_USAGE,
                       XG_T("应有 %" PRId64 " 到 %" PRId64 " 项",
                            "from %" PRId64 " to %" PRId64
                            " items are expected"),
                       field->min, field->max);
    xg_cbor_put_array(out, count);
    if (list.type == XG_CBOR_ARRAY) {
        c = xg_cbor_inside(&list);
        xg_buf_append(out, c.at, (size_t)(c.end - c.at));
    }
    for (const char *at = text; next_piece(&at, &piece);)
        if (piece.len)
            xg_cbor_put_text(out, (const char *)piece.at, piece.len);
    return form_check(field, out, start, err);
}

/* grid:item:number, parts of a set's element. */
static enum xg_status put_tally(struct xg_buf *out,
                                const struct xg_field *field, const char *text,
                                struct xg_error *err)
{
    const char *item = strchr(text, ':');
    const char *number = item ? strchr(item + 1, ':') : NULL;
    struct xg_bytes grid, what;

    if (!number)
        return xg_fail(err, XG_USAGE,
                       XG_T("应写成“网格:项目:数量”，如 371302001:bottles:12",
                            "write grid:item:number, as in "
                            "371302001:bottles:12"));
    grid = xg_bytes(text, (size_t)(item - text));
    what = xg_bytes(item + 1, (size_t)(number - item - 1));
    xg_cbor_put_array(out, 3);
    xg_cbor_put_text(out, text, grid.len);
    xg_cbor_put_text(out, item + 1, what.len);
    return put_uint(out, field, number + 1, err);
}

static enum xg_status not_typed(struct xg_error *err)
{
    return xg_fail(err, XG_USAGE,
                   XG_T("不能用文字填写", "cannot be given as text"));
}

static enum xg_status
put_by_type(struct xg_buf *out, const struct xg_field *field, const char *text,
            const struct view_resolver *resolver, struct xg_error *err)
{
    switch (field->type) {
    case XG_TYPE_TEXT:
        return put_text(out, field, text, err);
    case XG_TYPE_CODE:
        return put_meant(out, field, text, resolver, err);
    case XG_TYPE_UINT:
        return put_uint(out, field, text, err);
    case XG_TYPE_BOOL:
        return put_bool(out, text, err);
    case XG_TYPE_ENUM:
        return put_enum(out, field, text, err);
    case XG_TYPE_TIME:
        return put_time(out, text, err);
    case XG_TYPE_POSITION:
        return put_position(out, text, err);
    case XG_TYPE_ENTITY:
        return put_entity(out, text, resolver, err);
    case XG_TYPE_HASH:
        return put_hash(out, text, err);
    case XG_TYPE_SOURCE:
        return put_source(out, field, text, err);
    case XG_TYPE_TALLY:
        return put_tally(out, field, text, err);
    case XG_TYPE_BYTES:
    case XG_TYPE_TEXTS:
    case XG_TYPE_NUMBERS:
    case XG_TYPE_ERASED:
    case XG_TYPE_HASHES:
    case XG_TYPE_PHOTO:
    case XG_TYPE_TRACK:
    case XG_TYPE_GAP:
        break;
    }
    return not_typed(err);
}

enum xg_status form_value(struct xg_buf *out, const struct xg_field *field,
                          const char *text,
                          const struct view_resolver *resolver,
                          struct xg_error *err)
{
    size_t start = out->len;

    if (put_by_type(out, field, text, resolver, err) != XG_OK)
        return err->status;
    return form_check(field, out, start, err);
}
