/* form.c - names, assignments and JSON; see form.h. Values of one type each
 * are form_value.c's. */
#include "shared/view/form.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/view/form_value.h"
#include "shared/view/text.h"

enum { NAME_MAX_BYTES = 80, LIST_MAX = 480 };

/* ---- names ---- */

static bool called(const char *name, const char *candidate, const char *zh,
                   const char *en)
{
    return strcmp(name, candidate) == 0 || strcmp(name, zh) == 0 ||
           strcmp(name, en) == 0;
}

static void list_name(struct xg_buf *list, const char *name, const char *zh)
{
    if (list->len)
        xg_buf_text(list, XG_T("、", ", "));
    xg_buf_text(list, name);
    if (xg_lang() == XG_LANG_ZH)
        xg_buf_format(list, " %s", zh);
}

static enum xg_status unknown_field(const struct xg_kind *kind,
                                    const char *name, struct xg_error *err)
{
    struct xg_buf list = XG_BUF(LIST_MAX);
    const struct xg_field *f;
    const char *best = NULL;
    unsigned edits = VIEW_FAR;

    for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++) {
        if (f->flags & XG_MACHINE)
            continue;
        list_name(&list, f->name, f->zh);
        if (view_nearer(&edits, name, f->name) ||
            view_nearer(&edits, name, f->zh))
            best = f->name;
    }
    xg_fail(err, XG_USAGE,
            XG_T("%s 没有字段 %.*s%s%s%s；可用字段：%s",
                 "%s has no field %.*s%s%s%s; its fields: %s"),
            xg_label(kind->zh, kind->en), NAME_MAX_BYTES, name,
            best ? XG_T("，是否指 ", ", did you mean ") : "", best ? best : "",
            best ? XG_T("？", "?") : "", xg_buf_str(&list));
    xg_buf_clear(&list);
    return err->status;
}

enum xg_status view_form_field(const struct xg_field **field,
                               const struct xg_kind *kind, const char *name,
                               struct xg_error *err)
{
    const struct xg_field *f;

    for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++)
        if (called(name, f->name, f->zh, f->en)) {
            *field = f;
            return XG_OK;
        }
    return unknown_field(kind, name, err);
}

enum xg_status view_form_kind(const struct xg_kind **kind, const char *name,
                              struct xg_error *err)
{
    struct xg_buf list = XG_BUF(LIST_MAX);
    const char *best = NULL;
    unsigned edits = VIEW_FAR;

    for (const struct xg_kind *k = xg_kinds; k->name; k++) {
        if (!k->entity)
            continue;
        if (called(name, k->name, k->zh, k->en)) {
            xg_buf_clear(&list);
            *kind = k;
            return XG_OK;
        }
        list_name(&list, k->name, k->zh);
        if (view_nearer(&edits, name, k->name) ||
            view_nearer(&edits, name, k->zh))
            best = k->name;
    }
    xg_fail(err, XG_USAGE,
            XG_T("没有 %.*s 这个种类%s%s%s；可用种类：%s",
                 "there is no kind %.*s%s%s%s; the kinds: %s"),
            NAME_MAX_BYTES, name,
            best ? XG_T("，是否指 ", ", did you mean ") : "", best ? best : "",
            best ? XG_T("？", "?") : "", xg_buf_str(&list));
    xg_buf_clear(&list);
    return err->status;
}

/* ---- setting ---- */

static enum xg_status in_field(const struct xg_field *field,
                               struct xg_error *err)
{
    if (xg_lang() == XG_LANG_ZH)
        return xg_wrap(err, "字段 %s（%s）", field->zh, field->name);
    return xg_wrap(err, "field %s", field->name);
}

/* A case's unit, result, level ... change by moves, so that each change has a
 * reason and a right. A task says at once who is to do it. */
static bool waits_for_move(const struct xg_draft *d,
                           const struct xg_kind *kind,
                           const struct xg_field *field)
{
    return field->flags & XG_BY_MOVE && d->head.move == 0 &&
           kind->first_status != XG_STATUS_DISPATCHED;
}

static enum xg_status refuse_field(const struct xg_draft *d,
                                   const struct xg_kind *kind,
                                   const struct xg_field *field,
                                   struct xg_error *err)
{
    if (waits_for_move(d, kind, field))
        return xg_fail(err, XG_USAGE,
                       XG_T("随办理动作填写：do 编号 动作 %s=…",
                            "changes by a move: do ID MOVE %s=..."),
                       field->name);
    if (!(field->flags & XG_MACHINE))
        return XG_OK;
    if (field->number == XG_FIELD_PHOTO && field->merge == XG_MERGE_SET)
        return xg_fail(err, XG_USAGE,
                       XG_T("照片请用 --photo 文件 添加",
                            "add a photo with --photo FILE"));
    if (field->number == XG_FIELD_WITHDRAWN)
        return xg_fail(err, XG_USAGE,
                       XG_T("撤回请用 withdraw 命令",
                            "to withdraw it use the command withdraw"));
    return xg_fail(
        err, XG_USAGE,
        XG_T("由程序填写，不能手工设置", "is set by the program, not by hand"));
}

static enum xg_status empty_register(struct xg_draft *d,
                                     const struct xg_field *field,
                                     struct xg_error *err)
{
    static const uint8_t null[] = {0xF6};

    /* Of what is only begun it may be: see view_form_complete(). */
    if (field->number == XG_CASE_NUMBER)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("不能为空；不写 case_number= 就由平台编号",
                            "cannot be empty; without case_number= the server "
                            "gives one"));
    if (field->merge != XG_MERGE_REGISTER ||
        (field->flags & XG_REQUIRED && !d->head.creates))
        return xg_fail(err, XG_USAGE, XG_T("不能为空", "cannot be empty"));
    return xg_draft_set(d, field->number, xg_bytes(null, sizeof null), err);
}

/* One encoded value, put where the field's merge rule wants it. */
static enum xg_status put_value(struct xg_draft *d,
                                const struct xg_field *field,
                                struct xg_bytes value, struct xg_error *err)
{
    return field->merge == XG_MERGE_SET
               ? xg_draft_add(d, field->number, value, err)
               : xg_draft_set(d, field->number, value, err);
}

static enum xg_status set_text(struct xg_draft *d, const struct xg_field *field,
                               const char *text,
                               const struct view_resolver *resolver,
                               struct xg_error *err)
{
    struct xg_buf value = XG_BUF(XG_RECORD_MAX);
    enum xg_status status;

    if (field->number == XG_CASE_NUMBER && text[strcspn(text, " \t\r\n")])
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("案卷号里不能有空格或换行",
                            "an official number has no spaces in it"));
    if (*text == '\0')
        return empty_register(d, field, err);
    if (field->type == XG_TYPE_TEXTS && field->merge != XG_MERGE_SET)
        status = form_texts(&value, field, xg_draft_get(d, field->number), text,
                            err);
    else
        status = form_value(&value, field, text, resolver, err);
    if (status == XG_OK)
        status = put_value(d, field, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

/* HASH:INDEX of an element to take out. */
static enum xg_status remove_element(struct xg_draft *d,
                                     const struct xg_field *field,
                                     const char *text,
                                     const struct view_resolver *resolver,
                                     struct xg_error *err)
{
    const char *colon = strrchr(text, ':');
    char prefix[2 * XG_HASH_SIZE + 1];
    struct xg_hash hash;
    int64_t index;

    if (field->merge != XG_MERGE_SET)
        return xg_fail(err, XG_USAGE,
                       XG_T("这一项只能有一个值；要清空请写 %s=",
                            "holds one value only; to empty it write %s="),
                       field->name);
    if (!colon || colon == text || (size_t)(colon - text) > 2 * XG_HASH_SIZE ||
        colon[1] < '0' || colon[1] > '9' ||
        !view_parse_decimal(&index, colon + 1, strlen(colon + 1), 0) ||
        strchr(colon, '.'))
        return xg_fail(err, XG_USAGE,
                       XG_T("要移除的一项写成 记录码（行首几位）:序号，见 show 的输出",
                            "name the element to take out as HASH:INDEX, as "
                            "show prints it"));
    memcpy(prefix, text, (size_t)(colon - text));
    prefix[colon - text] = '\0';
    if (form_record(&hash, prefix, resolver, err) != XG_OK)
        return err->status;
    return xg_draft_remove(d, field->number, &hash, (uint64_t)index, err);
}

enum xg_status view_form_judge(struct xg_draft *d,
                               const struct xg_field **field,
                               const struct xg_kind *kind,
                               const char *assignment,
                               const struct view_resolver *resolver,
                               struct xg_error *err)
{
    const char *equals = strchr(assignment, '=');
    size_t len = equals ? (size_t)(equals - assignment) : 0;
    bool removes = len > 1 && assignment[len - 1] == '-';
    char name[NAME_MAX_BYTES + 1];

    *field = NULL;
    if (!equals || len == 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("%.60s 不是 字段=值", "%.60s is not field=value"),
                       assignment);
    len -= removes;
    if (len > NAME_MAX_BYTES)
        len = NAME_MAX_BYTES;
    memcpy(name, assignment, len);
    name[len] = '\0';
    if (view_form_field(field, kind, name, err) != XG_OK)
        return err->status;
    if (removes)
        return remove_element(d, *field, equals + 1, resolver, err);
    if (refuse_field(d, kind, *field, err) != XG_OK)
        return err->status;
    return set_text(d, *field, equals + 1, resolver, err);
}

enum xg_status view_form_set(struct xg_draft *d, const struct xg_kind *kind,
                             const char *assignment,
                             const struct view_resolver *resolver,
                             struct xg_error *err)
{
    const struct xg_field *field;
    enum xg_status status =
        view_form_judge(d, &field, kind, assignment, resolver, err);

    return status == XG_OK || !field ? status : in_field(field, err);
}

enum xg_status view_form_value(struct xg_buf *out, const struct xg_field *field,
                               const char *text,
                               const struct view_resolver *resolver,
                               struct xg_error *err)
{
    enum xg_status status =
        field->type == XG_TYPE_TEXTS
            ? form_texts(out, field, xg_bytes(NULL, 0), text, err)
            : form_value(out, field, text, resolver, err);

    return status == XG_OK ? XG_OK : in_field(field, err);
}

/* ---- JSON ---- */

static enum xg_status wrong_json(struct xg_error *err)
{
    return xg_fail(err, XG_USAGE,
                   XG_T("JSON 值的类型不对", "a JSON value of another type "
                                             "is expected"));
}

static bool put_degrees(struct xg_buf *text, const json_t *json)
{
    double degrees = json_number_value(json);

    if (!json_is_number(json) || !(degrees >= -360 && degrees <= 360))
        return false;
    view_put_decimal(text,
                     (int64_t)(degrees * 1e7 + (degrees < 0 ? -0.5 : 0.5)), 7);
    return true;
}

static bool put_position(struct xg_buf *text, const json_t *json)
{
    const json_t *accuracy = json_object_get(json, "accuracy_m");
    double metres = json_number_value(accuracy);

    if (json_object_size(json) != (accuracy ? 3u : 2u) ||
        !put_degrees(text, json_object_get(json, "lat")))
        return false;
    xg_buf_byte(text, ',');
    if (!put_degrees(text, json_object_get(json, "lon")))
        return false;
    if (accuracy && !json_is_null(accuracy)) {
        if (!json_is_number(accuracy) || !(metres >= 0 && metres < 1e12))
            return false;
        xg_buf_byte(text, ',');
        view_put_decimal(text, (int64_t)(metres * 1000 + 0.5), 3);
    }
    return true;
}

static bool put_tally(struct xg_buf *text, const json_t *json)
{
    const json_t *grid = json_object_get(json, "grid");
    const json_t *item = json_object_get(json, "item");
    const json_t *number = json_object_get(json, "number");

    if (json_object_size(json) != 3 || !json_is_string(grid) ||
        !json_is_string(item) || !json_is_integer(number))
        return false;
    xg_buf_format(text, "%s:%s:%" JSON_INTEGER_FORMAT, json_string_value(grid),
                  json_string_value(item), json_integer_value(number));
    return true;
}

/* The text that says what the JSON value says; false when none does. */
static bool put_json_text(struct xg_buf *text, const struct xg_field *field,
                          const json_t *json)
{
    double number = json_number_value(json);

    if (json_is_string(json)) {
        if (json_string_length(json) != strlen(json_string_value(json)))
            return false;
        xg_buf_text(text, json_string_value(json));
        return true;
    }
    switch (field->type) {
    case XG_TYPE_UINT:
        if (!json_is_integer(json))
            return false;
        xg_buf_format(text, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        return true;
    case XG_TYPE_BOOL:
        if (!json_is_boolean(json))
            return false;
        xg_buf_text(text, json_is_true(json) ? "yes" : "no");
        return true;
    case XG_TYPE_TIME:
        if (json_is_integer(json)) {
            xg_buf_format(text, "%" JSON_INTEGER_FORMAT,
                          json_integer_value(json));
            return true;
        }
        if (!json_is_real(json) || !(number > -1e12 && number < 1e12))
            return false;
        view_put_decimal(
            text, (int64_t)(number * 1000 + (number < 0 ? -0.5 : 0.5)), 3);
        return true;
    case XG_TYPE_POSITION:
        return json_is_object(json) && put_position(text, json);
    case XG_TYPE_TALLY:
        return json_is_object(json) && put_tally(text, json);
    case XG_TYPE_TEXT:
    case XG_TYPE_CODE:
    case XG_TYPE_ENUM:
    case XG_TYPE_BYTES:
    case XG_TYPE_ENTITY:
    case XG_TYPE_HASH:
    case XG_TYPE_SOURCE:
    case XG_TYPE_TEXTS:
    case XG_TYPE_NUMBERS:
    case XG_TYPE_ERASED:
    case XG_TYPE_HASHES:
    case XG_TYPE_PHOTO:
    case XG_TYPE_TRACK:
    case XG_TYPE_GAP:
        break;
    }
    return false;
}

static enum xg_status set_json_scalar(struct xg_draft *d,
                                      const struct xg_field *field,
                                      const json_t *json,
                                      const struct view_resolver *resolver,
                                      struct xg_error *err)
{
    struct xg_buf text = XG_BUF(XG_RECORD_MAX);
    enum xg_status status;

    if (!put_json_text(&text, field, json))
        status = wrong_json(err);
    else if (xg_buf_check(&text, err) != XG_OK)
        status = err->status;
    else
        status = set_text(d, field, xg_buf_str(&text), resolver, err);
    xg_buf_clear(&text);
    return status;
}

/* An array is the whole list: each string one text, whatever it holds. */
static enum xg_status set_json_texts(struct xg_draft *d,
                                     const struct xg_field *field,
                                     const json_t *array, struct xg_error *err)
{
    struct xg_buf value = XG_BUF(XG_RECORD_MAX);
    enum xg_status status = XG_OK;

    xg_cbor_put_array(&value, json_array_size(array));
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        if (!json_is_string(item))
            status = wrong_json(err);
        else
            xg_cbor_put_text(&value, json_string_value(item),
                             json_string_length(item));
        if (status != XG_OK)
            break;
    }
    if (status == XG_OK)
        status = form_check(field, &value, 0, err);
    if (status == XG_OK)
        status = put_value(d, field, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

static enum xg_status set_json(struct xg_draft *d, const struct xg_field *field,
                               const json_t *value,
                               const struct view_resolver *resolver,
                               struct xg_error *err)
{
    if (refuse_field(d, xg_kind_find(d->head.kind), field, err) != XG_OK)
        return err->status;
    if (json_is_null(value))
        return empty_register(d, field, err);
    if (!json_is_array(value))
        return set_json_scalar(d, field, value, resolver, err);
    if (field->merge == XG_MERGE_SET) {
        for (size_t i = 0; i < json_array_size(value); i++)
            if (set_json_scalar(d, field, json_array_get(value, i), resolver,
                                err) != XG_OK)
                return err->status;
        return XG_OK;
    }
    return field->type == XG_TYPE_TEXTS ? set_json_texts(d, field, value, err)
                                        : wrong_json(err);
}

enum xg_status view_form_set_json(struct xg_draft *d,
                                  const struct xg_field *field,
                                  const json_t *value,
                                  const struct view_resolver *resolver,
                                  struct xg_error *err)
{
    /* Values in the arena are never written again, so this is a whole copy. */
    struct xg_draft before = *d;

    if (set_json(d, field, value, resolver, err) == XG_OK)
        return XG_OK;
    *d = before;
    return in_field(field, err);
}

enum xg_status view_form_complete(const struct xg_draft *d,
                                  const struct xg_kind *kind,
                                  struct xg_error *err)
{
    struct xg_buf list = XG_BUF(LIST_MAX);
    const struct xg_field *f;

    for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++) {
        struct xg_bytes value = xg_draft_get(d, f->number);
        bool missing = value.len == 0 || value.at[0] == 0xF6; /* null */
        if ((f->flags & XG_REQUIRED) && missing)
            list_name(&list, f->name, f->zh);
    }
    if (list.len == 0)
        return XG_OK;
    xg_fail(err, XG_USAGE,
            XG_T("%s 缺少必填字段：%s（写成 字段=值）",
                 "%s lacks required fields: %s (give them as field=value)"),
            xg_label(kind->zh, kind->en), xg_buf_str(&list));
    xg_buf_clear(&list);
    return err->status;
}
