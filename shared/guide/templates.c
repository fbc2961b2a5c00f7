/* templates.c - see templates.h. */
#include "shared/guide/templates.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "shared/base/buf.h"
#include "shared/base/lang.h"
#include "shared/core/record.h"
#include "shared/core/registry.h"
#include "shared/guide/json.h"

enum { LABEL_MAX = 600, NUMBER_MAX = 1000000000 };

static const struct xg_choice types[] = {
    {XG_ASK_TEXT, "text", "文字", "text"},
    {XG_ASK_NUMBER, "number", "数字", "number"},
    {XG_ASK_BOOL, "bool", "是否", "bool"},
    {XG_ASK_CHOICE, "choice", "单选", "choice"},
    {XG_ASK_CHOICES, "choices", "多选", "choices"},
    {0, NULL, NULL, NULL},
};

struct reader {
    struct xg_arena *arena;
    struct xg_error *err;
    char at[3 * XG_CODE_MAX]; /* where we are, for messages */
};

XG_PRINTF(2, 3)
static enum xg_status wrong(struct reader *r, const char *format, ...)
{
    char text[300];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return xg_fail(r->err, XG_FORMAT, XG_T("%s：%s", "%s: %s"), r->at, text);
}

/* ---- keys of an object ---- */

static enum xg_status known_keys(struct reader *r, const json_t *object,
                                 const char *const *known)
{
    const char *unknown;

    if (!json_is_object(object))
        return wrong(r, "%s", XG_T("应是一个 JSON 对象",
                                   "this is to be a JSON object"));
    unknown = xg_json_unknown(object, known);
    return unknown ? wrong(r, XG_T("不认识的键“%.60s”", "unknown key \"%.60s\""),
                           unknown)
                   : XG_OK;
}

/* Text of 1..max bytes; "" where it is missing and may be. */
static enum xg_status read_text(struct reader *r, const char **out,
                                const json_t *object, const char *key,
                                size_t max, bool needed)
{
    const json_t *value = json_object_get(object, key);
    size_t len = json_string_length(value);
    const char *text;

    if (!value && !needed) {
        *out = "";
        return XG_OK;
    }
    if (!json_is_string(value) || len == 0 || len > max ||
        strlen(json_string_value(value)) != len)
        return wrong(r,
                     XG_T("“%s”应是 1 到 %zu 字节的文字",
                          "\"%s\" is to be a text of 1 to %zu bytes"),
                     key, max);
    text = xg_arena_str(r->arena, json_string_value(value), len);
    if (!text)
        return xg_fail_nomem(r->err);
    *out = text;
    return XG_OK;
}

static enum xg_status read_code(struct reader *r, const char **out,
                                const json_t *object, const char *key)
{
    const char *code;

    if (read_text(r, &code, object, key, XG_TEMPLATE_KEY_MAX, true) != XG_OK)
        return r->err->status;
    if (!xg_code_valid(xg_bytes_of(code)) || strchr(code, '/'))
        return wrong(r,
                     XG_T("“%s”只能有字母、数字和 . _ -",
                          "\"%s\" holds letters, digits and . _ - only"),
                     key);
    *out = code;
    return XG_OK;
}

static enum xg_status read_labels(struct reader *r, const char **zh,
                                  const char **en, const json_t *object)
{
    if (read_text(r, zh, object, "zh", LABEL_MAX, true) != XG_OK ||
        read_text(r, en, object, "en", LABEL_MAX, false) != XG_OK)
        return r->err->status;
    if (!**en)
        *en = *zh;
    return XG_OK;
}

/* ---- choices ---- */

static enum xg_status read_option(struct reader *r, struct xg_option *out,
                                  const struct xg_option *before, size_t count,
                                  const json_t *json)
{
    static const char *const keys[] = {"key", "zh", "en", NULL};
    struct xg_option o;

    if (known_keys(r, json, keys) != XG_OK ||
        read_code(r, &o.key, json, "key") != XG_OK ||
        read_labels(r, &o.zh, &o.en, json) != XG_OK)
        return r->err->status;
    for (size_t i = 0; i < count; i++)
        if (strcmp(before[i].key, o.key) == 0 ||
            strcmp(before[i].zh, o.zh) == 0)
            return wrong(r,
                         XG_T("选项 %s 或“%.60s”重复",
                              "choice %s or \"%.60s\" is there twice"),
                         o.key, o.zh);
    *out = o;
    return XG_OK;
}

static enum xg_status read_options(struct reader *r, struct xg_question *q,
                                   const json_t *json)
{
    const json_t *list = json_object_get(json, "choices");
    bool wanted = q->type == XG_ASK_CHOICE || q->type == XG_ASK_CHOICES;
    size_t count = json_array_size(list), all = 0;
    struct xg_option *options;

    if (!wanted)
        return list ? wrong(r, "%s", XG_T("只有单选、多选才有 choices",
                                          "only choice and choices have "
                                          "\"choices\""))
                    : XG_OK;
    if (count < 2 || count > XG_TEMPLATE_CHOICES_MAX)
        return wrong(r,
                     XG_T("choices 应有 2 到 %d 项",
                          "\"choices\" is to be a list of 2 to %d"),
                     XG_TEMPLATE_CHOICES_MAX);
    options = xg_arena_array(r->arena, count, sizeof *options);
    if (!options)
        return xg_fail_nomem(r->err);
    for (size_t i = 0; i < count; i++) {
        if (read_option(r, &options[i], options, i,
                        json_array_get(list, i)) != XG_OK)
            return r->err->status;
        all += strlen(options[i].key) + 1;
    }
    if (q->type == XG_ASK_CHOICES && all > XG_TEMPLATE_ANSWER_MAX)
        return wrong(r,
                     XG_T("各选项的 key 合计超过 %d 字节，全选时存不下",
                          "the keys of the choices are over %d bytes in all: "
                          "an answer that takes all would not fit"),
                     XG_TEMPLATE_ANSWER_MAX);
    q->options = options;
    q->option_count = count;
    return XG_OK;
}

/* ---- conditions ---- */

/* An answer that a condition names, in canonical form. */
static enum xg_status read_condition_answer(struct reader *r, const char **out,
                                            const struct xg_question *of,
                                            const json_t *json)
{
    const char *text = json_string_value(json);
    const struct xg_option *o;

    *out = NULL;
    if (of->type == XG_ASK_BOOL) {
        if (json_is_true(json) || (text && strcmp(text, "yes") == 0))
            *out = "yes";
        else if (json_is_false(json) || (text && strcmp(text, "no") == 0))
            *out = "no";
    } else if (of->type == XG_ASK_NUMBER) {
        if (json_is_integer(json)) {
            *out = xg_arena_format(r->arena, "%lld",
                                   (long long)json_integer_value(json));
            if (!*out)
                return xg_fail_nomem(r->err);
        }
    } else if (text && of->option_count) {
        o = xg_question_option(of, xg_bytes_of(text));
        *out = o && strcmp(o->key, text) == 0 ? o->key : NULL;
    }
    return *out ? XG_OK
                : wrong(r,
                        XG_T("if 的 is 不是问题 %s 的答案",
                             "\"is\" names no answer of question %s"),
                        of->key);
}

static enum xg_status read_condition(struct reader *r, struct xg_question *q,
                                     const struct xg_question *before,
                                     size_t count, const json_t *json)
{
    static const char *const keys[] = {"key", "is", NULL};
    const json_t *condition = json_object_get(json, "if");
    const char *key, **any;
    size_t i = 0;

    q->if_question = SIZE_MAX;
    if (!condition)
        return XG_OK;
    if (known_keys(r, condition, keys) != XG_OK ||
        read_code(r, &key, condition, "key") != XG_OK)
        return r->err->status;
    while (i < count && strcmp(before[i].key, key) != 0)
        i++;
    if (i == count || before[i].type == XG_ASK_TEXT)
        return wrong(r,
                     XG_T("if 的 key 应是前面的一个问题（文字题除外），"
                          "而不是 %s",
                          "the key of \"if\" is to be an earlier question, "
                          "and none of type text, not %s"),
                     key);
    const json_t *is = json_object_get(condition, "is");
    size_t all = json_is_array(is) ? json_array_size(is) : 1;
    if (all == 0 || all > XG_TEMPLATE_CHOICES_MAX)
        return wrong(r, "%s", XG_T("if 的 is 是空的，或太长",
                                   "the \"is\" of \"if\" is empty, or too "
                                   "long"));
    any = xg_arena_array(r->arena, all, sizeof *any);
    if (!any)
        return xg_fail_nomem(r->err);
    for (size_t n = 0; n < all; n++)
        if (read_condition_answer(r, &any[n], &before[i],
                                  json_is_array(is) ? json_array_get(is, n)
                                                    : is) != XG_OK)
            return r->err->status;
    q->if_question = i;
    q->if_any = any;
    q->if_count = all;
    return XG_OK;
}

/* ---- questions ---- */

static enum xg_status read_limit(struct reader *r, int64_t *out,
                                 const json_t *json, const char *key,
                                 int64_t min, int64_t max)
{
    const json_t *value = json_object_get(json, key);

    if (!value)
        return XG_OK;
    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max)
        return wrong(r,
                     XG_T("“%s”应是 %" PRId64 " 到 %" PRId64 " 的整数",
                          "\"%s\" is to be a whole number from %" PRId64
                          " to %" PRId64),
                     key, min, max);
    *out = json_integer_value(value);
    return XG_OK;
}

static enum xg_status read_limits(struct reader *r, struct xg_question *q,
                                  const json_t *json)
{
    if (q->type == XG_ASK_NUMBER) {
        q->max = NUMBER_MAX;
        if (read_limit(r, &q->min, json, "min", -NUMBER_MAX, NUMBER_MAX) !=
                XG_OK ||
            read_limit(r, &q->max, json, "max", -NUMBER_MAX, NUMBER_MAX) !=
                XG_OK)
            return r->err->status;
        return q->min <= q->max
                   ? XG_OK
                   : wrong(r, "%s", XG_T("min 大于 max",
                                         "min is greater than max"));
    }
    if (json_object_get(json, "min") ||
        (json_object_get(json, "max") && q->type != XG_ASK_TEXT))
        return wrong(r, "%s",
                     XG_T("只有数字题有 min，数字题和文字题有 max",
                          "only a number has min, only number and text have "
                          "max"));
    q->max = XG_TEMPLATE_ANSWER_MAX;
    return read_limit(r, &q->max, json, "max", 1, XG_TEMPLATE_ANSWER_MAX);
}

static enum xg_status read_type(struct reader *r, struct xg_question *q,
                                const json_t *json)
{
    const char *text = json_string_value(json_object_get(json, "type"));
    const struct xg_choice *type = text ? xg_choice_named(types, text) : NULL;
    const json_t *required = json_object_get(json, "required");

    if (!type)
        return wrong(r, "%s",
                     XG_T("type 应是 text、number、bool、choice 或 choices",
                          "\"type\" is to be text, number, bool, choice or "
                          "choices"));
    if (required && !json_is_boolean(required))
        return wrong(r, "%s",
                     XG_T("required 应是 true 或 false",
                          "\"required\" is to be true or false"));
    q->type = (enum xg_question_type)type->number;
    q->required = json_is_true(required);
    return XG_OK;
}

static enum xg_status read_question(struct reader *r, struct xg_question *out,
                                    const struct xg_question *before,
                                    size_t count, const json_t *json)
{
    static const char *const keys[] = {"key",      "zh",  "en",  "type",
                                       "required", "min", "max", "choices",
                                       "if",       NULL};
    struct xg_question q = {0};
    size_t at = strlen(r->at);

    snprintf(r->at + at, sizeof r->at - at,
             XG_T(" 第 %zu 题", " question %zu"), count + 1);
    if (known_keys(r, json, keys) != XG_OK ||
        read_code(r, &q.key, json, "key") != XG_OK)
        return r->err->status;
    snprintf(r->at + at, sizeof r->at - at, XG_T(" 题 %s", " question %s"),
             q.key);
    if (read_labels(r, &q.zh, &q.en, json) != XG_OK ||
        read_type(r, &q, json) != XG_OK || read_limits(r, &q, json) != XG_OK ||
        read_options(r, &q, json) != XG_OK ||
        read_condition(r, &q, before, count, json) != XG_OK)
        return r->err->status;
    for (size_t i = 0; i < count; i++)
        if (strcmp(before[i].key, q.key) == 0 ||
            strcmp(before[i].zh, q.zh) == 0)
            return wrong(r, "%s", XG_T("key 或题目重复",
                                       "its key or label is there twice"));
    r->at[at] = '\0';
    *out = q;
    return XG_OK;
}

/* ---- templates ---- */

static enum xg_status read_questions(struct reader *r, struct xg_template *t,
                                     const json_t *json)
{
    const json_t *list = json_object_get(json, "questions");
    size_t count = json_array_size(list);
    struct xg_question *questions;

    if (count == 0 || count > XG_TEMPLATE_QUESTIONS_MAX)
        return wrong(r,
                     XG_T("questions 应有 1 到 %d 题",
                          "\"questions\" is to be a list of 1 to %d"),
                     XG_TEMPLATE_QUESTIONS_MAX);
    questions = xg_arena_array(r->arena, count, sizeof *questions);
    if (!questions)
        return xg_fail_nomem(r->err);
    for (size_t i = 0; i < count; i++)
        if (read_question(r, &questions[i], questions, i,
                          json_array_get(list, i)) != XG_OK)
            return r->err->status;
    t->questions = questions;
    t->question_count = count;
    return XG_OK;
}

static enum xg_status read_kind(struct reader *r, struct xg_template *t,
                                const json_t *json)
{
    const char *text = json_string_value(json_object_get(json, "kind"));

    t->kind = text ? xg_kind_named(text) : NULL;
    if (!t->kind || !t->kind->entity)
        return wrong(r, "%s",
                     XG_T("kind 应是一类记录，如 visit",
                          "\"kind\" is to be a kind of record, like visit"));
    return XG_OK;
}

static enum xg_status keep_source(struct reader *r, struct xg_template *t,
                                  const json_t *json)
{
    size_t len = json_dumpb(json, NULL, 0, JSON_COMPACT | JSON_SORT_KEYS);
    char *text = len ? xg_arena_alloc(r->arena, len + 1) : NULL;

    if (!text ||
        json_dumpb(json, text, len, JSON_COMPACT | JSON_SORT_KEYS) != len)
        return xg_fail_nomem(r->err);
    t->source = text;
    return XG_OK;
}

static enum xg_status read_template(struct reader *r, struct xg_template *out,
                                    const struct xg_template *before,
                                    size_t count, const json_t *json)
{
    static const char *const keys[] = {"code", "edition", "kind",     "zh",
                                       "en",   "questions", NULL};
    struct xg_template t = {0};

    snprintf(r->at, sizeof r->at, XG_T("第 %zu 个表单", "template %zu"),
             count + 1);
    if (known_keys(r, json, keys) != XG_OK ||
        read_code(r, &t.code, json, "code") != XG_OK ||
        read_code(r, &t.edition, json, "edition") != XG_OK)
        return r->err->status;
    snprintf(r->at, sizeof r->at, XG_T("表单 %s@%s", "template %s@%s"), t.code,
             t.edition);
    if (read_kind(r, &t, json) != XG_OK ||
        read_labels(r, &t.zh, &t.en, json) != XG_OK ||
        read_questions(r, &t, json) != XG_OK ||
        keep_source(r, &t, json) != XG_OK)
        return r->err->status;
    for (size_t i = 0; i < count; i++)
        if (strcmp(before[i].code, t.code) == 0 &&
            strcmp(before[i].edition, t.edition) == 0)
            return wrong(r, "%s", XG_T("出现了两次", "it is there twice"));
    *out = t;
    return XG_OK;
}

static enum xg_status read_all(struct reader *r, struct xg_templates *out,
                               const json_t *json)
{
    static const char *const keys[] = {"templates", NULL};
    const json_t *list = json_object_get(json, "templates");
    size_t count = json_array_size(list);
    struct xg_template *rows;

    snprintf(r->at, sizeof r->at, "%s", XG_T("文件", "the file"));
    if (known_keys(r, json, keys) != XG_OK)
        return r->err->status;
    if (count == 0 || count > XG_TEMPLATES_MAX)
        return wrong(r,
                     XG_T("templates 应有 1 到 %d 个表单",
                          "\"templates\" is to be a list of 1 to %d"),
                     XG_TEMPLATES_MAX);
    rows = xg_arena_array(r->arena, count, sizeof *rows);
    if (!rows)
        return xg_fail_nomem(r->err);
    for (size_t i = 0; i < count; i++)
        if (read_template(r, &rows[i], rows, i, json_array_get(list, i)) !=
            XG_OK)
            return r->err->status;
    *out = (struct xg_templates){rows, count};
    return XG_OK;
}

enum xg_status xg_templates_read(struct xg_templates *out,
                                 struct xg_arena *arena,
                                 struct xg_bytes content, struct xg_error *err)
{
    struct reader r = {.arena = arena, .err = err};
    json_t *json;
    enum xg_status status = xg_json_load(&json, content, err);

    if (status != XG_OK)
        return status;
    status = read_all(&r, out, json);
    json_decref(json);
    return status;
}

/* ---- asking ---- */

static bool is(struct xg_bytes name, const char *key, const char *zh,
               const char *en)
{
    return xg_bytes_equal(name, xg_bytes_of(key)) ||
           xg_bytes_equal(name, xg_bytes_of(zh)) ||
           xg_bytes_equal(name, xg_bytes_of(en));
}

const struct xg_question *xg_template_question(const struct xg_template *t,
                                               struct xg_bytes name)
{
    for (size_t i = 0; i < t->question_count; i++)
        if (xg_bytes_equal(name, xg_bytes_of(t->questions[i].key)))
            return &t->questions[i];
    for (size_t i = 0; i < t->question_count; i++)
        if (is(name, "", t->questions[i].zh, t->questions[i].en))
            return &t->questions[i];
    return NULL;
}

const struct xg_option *xg_question_option(const struct xg_question *q,
                                           struct xg_bytes name)
{
    for (size_t i = 0; i < q->option_count; i++)
        if (xg_bytes_equal(name, xg_bytes_of(q->options[i].key)))
            return &q->options[i];
    for (size_t i = 0; i < q->option_count; i++)
        if (is(name, "", q->options[i].zh, q->options[i].en))
            return &q->options[i];
    return NULL;
}

const char *xg_template_label(const struct xg_template *t)
{
    return xg_label(t->zh, t->en);
}

const char *xg_question_label(const struct xg_question *q)
{
    return xg_label(q->zh, q->en);
}

const char *xg_option_label(const struct xg_option *o)
{
    return xg_label(o->zh, o->en);
}
