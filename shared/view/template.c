/* template.c - see template.h. */
#include "shared/view/template.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/view/json.h"
#include "shared/view/text.h"

enum { ARENA = 1 << 20, NAMES_MAX = 400 };

/* What each question is answered with, by its index: canonical, or NULL. */
struct answers {
    const struct xg_template *t;
    struct xg_arena arena;
    const char *of[XG_TEMPLATE_QUESTIONS_MAX];
    bool said[XG_TEMPLATE_QUESTIONS_MAX]; /* by the draft itself */
};

XG_PRINTF(3, 4)
static enum xg_status wrong(struct xg_error *err, const struct answers *a,
                            const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return xg_fail(err, XG_USAGE,
                   XG_T("表单“%s”（%s@%s）：%s", "form \"%s\" (%s@%s): %s"),
                   xg_template_label(a->t), a->t->code, a->t->edition, text);
}

/* ---- values ---- */

static bool is_one_of(struct xg_bytes text, const char *const *list)
{
    for (; *list; list++)
        if (xg_bytes_equal(text, xg_bytes_of(*list)))
            return true;
    return false;
}

static const char *read_bool(struct xg_bytes text)
{
    static const char *const yes[] = {"yes", "true", "1", "是", "有", NULL};
    static const char *const no[] = {"no", "false", "0", "否", "无", NULL};

    return is_one_of(text, yes) ? "yes" : is_one_of(text, no) ? "no" : NULL;
}

static bool read_number(int64_t *out, struct xg_bytes text)
{
    bool minus = text.len && text.at[0] == '-';
    int64_t n = 0;

    if (text.len == minus || text.len > 11)
        return false;
    for (size_t i = minus; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        n = n * 10 + (text.at[i] - '0');
    }
    *out = minus ? -n : n;
    return true;
}

static enum xg_status take_number(const char **out, struct answers *a,
                                  const struct xg_question *q,
                                  struct xg_bytes text, struct xg_error *err)
{
    int64_t n;

    if (!read_number(&n, text) || n < q->min || n > q->max)
        return wrong(err, a,
                     XG_T("“%s”应是 %" PRId64 " 到 %" PRId64
                          " 的整数，而不是“%.*s”",
                          "\"%s\" is to be a whole number from %" PRId64
                          " to %" PRId64 ", not \"%.*s\""),
                     xg_question_label(q), q->min, q->max,
                     text.len < 60 ? (int)text.len : 60, (const char *)text.at);
    *out = xg_arena_format(&a->arena, "%" PRId64, n);
    return *out ? XG_OK : xg_fail_nomem(err);
}

static enum xg_status no_option(struct answers *a, const struct xg_question *q,
                                struct xg_bytes text, struct xg_error *err)
{
    struct xg_buf list = XG_BUF(NAMES_MAX);

    for (size_t i = 0; i < q->option_count; i++)
        xg_buf_format(&list, "%s%s（%s）", i ? XG_T("、", ", ") : "",
                      xg_option_label(&q->options[i]), q->options[i].key);
    wrong(err, a,
          XG_T("“%s”没有“%.*s”这一项；可选 %s",
               "\"%s\" has no choice \"%.*s\"; there are %s"),
          xg_question_label(q), text.len < 60 ? (int)text.len : 60,
          (const char *)text.at, xg_buf_str(&list));
    xg_buf_clear(&list);
    return err->status;
}

/* Bytes of what stands between several choices at the start, or 0. */
static size_t between(struct xg_bytes at)
{
    static const char *const marks[] = {",", "，", "、", " "};

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t len = strlen(marks[i]);
        if (at.len >= len && memcmp(at.at, marks[i], len) == 0)
            return len;
    }
    return 0;
}

static enum xg_status take_choices(const char **out, struct answers *a,
                                   const struct xg_question *q,
                                   struct xg_bytes text, struct xg_error *err)
{
    bool taken[XG_TEMPLATE_CHOICES_MAX] = {false};
    struct xg_buf keys = XG_BUF(XG_TEMPLATE_ANSWER_MAX + 1);

    while (text.len) {
        size_t len = between(text);
        struct xg_bytes word = xg_bytes(text.at + len, 0);
        text = xg_bytes(text.at + len, text.len - len);
        while (text.len && between(text) == 0) {
            text = xg_bytes(text.at + 1, text.len - 1);
            word.len++;
        }
        const struct xg_option *o =
            word.len ? xg_question_option(q, word) : NULL;
        if (word.len && !o)
            return no_option(a, q, word, err);
        if (o)
            taken[o - q->options] = true;
    }
    for (size_t i = 0; i < q->option_count; i++)
        if (taken[i])
            xg_buf_format(&keys, "%s%s", keys.len ? "," : "",
                          q->options[i].key);
    enum xg_status status = xg_buf_check(&keys, err);
    if (status == XG_OK) {
        *out = xg_arena_str(&a->arena, xg_buf_str(&keys), keys.len);
        status = *out ? XG_OK : xg_fail_nomem(err);
    }
    xg_buf_clear(&keys);
    return status;
}

/* The canonical answer that the text means. */
static enum xg_status take_value(const char **out, struct answers *a,
                                 const struct xg_question *q,
                                 struct xg_bytes text, struct xg_error *err)
{
    const struct xg_option *o;

    switch (q->type) {
    case XG_ASK_NUMBER:
        return take_number(out, a, q, text, err);
    case XG_ASK_CHOICES:
        return take_choices(out, a, q, text, err);
    case XG_ASK_CHOICE:
        o = xg_question_option(q, text);
        if (!o)
            return no_option(a, q, text, err);
        *out = o->key;
        return XG_OK;
    case XG_ASK_BOOL:
        *out = read_bool(text);
        if (*out)
            return XG_OK;
        return wrong(err, a,
                     XG_T("“%s”请答 是 或 否，而不是“%.*s”",
                          "\"%s\" is answered yes or no, not \"%.*s\""),
                     xg_question_label(q), text.len < 60 ? (int)text.len : 60,
                     (const char *)text.at);
    case XG_ASK_TEXT:
        break;
    }
    if (text.len > (size_t)q->max)
        return wrong(err, a,
                     XG_T("“%s”的答案超过 %" PRId64 " 字节",
                          "the answer to \"%s\" is over %" PRId64 " bytes"),
                     xg_question_label(q), q->max);
    *out = xg_arena_str(&a->arena, (const char *)text.at, text.len);
    return *out ? XG_OK : xg_fail_nomem(err);
}

/* ---- items ---- */

static struct xg_bytes trimmed(struct xg_bytes text)
{
    while (text.len && text.at[0] <= ' ')
        text = xg_bytes(text.at + 1, text.len - 1);
    while (text.len && text.at[text.len - 1] <= ' ')
        text.len--;
    return text;
}

/* "key=value", with = or ＝. False where there is neither. */
static bool split(struct xg_bytes item, struct xg_bytes *key,
                  struct xg_bytes *value)
{
    static const char wide[] = "＝";
    const size_t wide_len = sizeof wide - 1;

    for (size_t i = 0; i < item.len; i++) {
        size_t len = item.at[i] == '='                             ? 1
                     : item.len - i >= wide_len &&
                             memcmp(item.at + i, wide, wide_len) == 0 ? wide_len
                                                                       : 0;
        if (!len)
            continue;
        *key = trimmed(xg_bytes(item.at, i));
        *value = trimmed(xg_bytes(item.at + i + len, item.len - i - len));
        return true;
    }
    return false;
}

/* Walk a value of `item`: an array of texts; null and nothing hold none. */
static struct xg_cbor items_of(struct xg_bytes value)
{
    struct xg_cbor c = xg_cbor_over(value);
    struct xg_cbor_item list;

    if (value.len && xg_cbor_next(&c, &list) && list.type == XG_CBOR_ARRAY)
        return xg_cbor_inside(&list);
    return xg_cbor_over(xg_bytes(NULL, 0));
}

static enum xg_status take_item(struct answers *a, struct xg_bytes item,
                                struct xg_error *err)
{
    struct xg_bytes key, value;

    if (!split(item, &key, &value))
        return wrong(err, a,
                     XG_T("答项应写作 题目=答案，而不是“%.*s”",
                          "an answer is given as key=value, not \"%.*s\""),
                     item.len < 60 ? (int)item.len : 60,
                     (const char *)item.at);
    const struct xg_question *q = xg_template_question(a->t, key);
    if (!q)
        return wrong(err, a,
                     XG_T("没有“%.*s”这一题", "there is no question \"%.*s\""),
                     key.len < 60 ? (int)key.len : 60, (const char *)key.at);
    size_t i = (size_t)(q - a->t->questions);
    if (a->said[i])
        return wrong(err, a, XG_T("“%s”答了两次", "\"%s\" is answered twice"),
                     xg_question_label(q));
    a->said[i] = true;
    a->of[i] = NULL;
    return value.len ? take_value(&a->of[i], a, q, value, err) : XG_OK;
}

static enum xg_status take_items(struct answers *a, struct xg_bytes value,
                                 struct xg_error *err)
{
    struct xg_cbor c = items_of(value);
    struct xg_cbor_item item;

    while (xg_cbor_next(&c, &item))
        if (take_item(a, item.bytes, err) != XG_OK)
            return err->status;
    return XG_OK;
}

/* What was answered before: left out where it does not fit (any more). */
static enum xg_status take_before(struct answers *a, struct xg_bytes value,
                                  struct xg_error *err)
{
    struct xg_cbor c = items_of(value);
    struct xg_cbor_item item;

    while (xg_cbor_next(&c, &item))
        if (take_item(a, item.bytes, err) != XG_OK && err->status == XG_NOMEM)
            return err->status;
    memset(a->said, 0, sizeof a->said);
    *err = XG_ERROR_NONE;
    return XG_OK;
}

/* ---- what is asked ---- */

/* Is `key` among the keys of a canonical answer to choices? */
static bool has_key(const char *answer, const char *key)
{
    size_t len = strlen(key);

    for (const char *at = answer; *at;) {
        size_t n = strcspn(at, ",");
        if (n == len && memcmp(at, key, n) == 0)
            return true;
        at += n + (at[n] == ',');
    }
    return false;
}

/* By the answers to the questions before it, which are themselves asked. */
static bool is_asked(const struct answers *a, size_t i)
{
    const struct xg_question *q = &a->t->questions[i];

    if (q->if_question == SIZE_MAX)
        return true;
    const char *answer = a->of[q->if_question];
    for (size_t n = 0; answer && n < q->if_count; n++)
        if (a->t->questions[q->if_question].type == XG_ASK_CHOICES
                ? has_key(answer, q->if_any[n])
                : strcmp(answer, q->if_any[n]) == 0)
            return is_asked(a, q->if_question);
    return false;
}

static enum xg_status check_asked(struct answers *a, struct xg_error *err)
{
    for (size_t i = 0; i < a->t->question_count; i++) {
        const struct xg_question *q = &a->t->questions[i];
        if (!a->of[i] || is_asked(a, i))
            continue;
        if (a->said[i])
            return wrong(
                err, a,
                XG_T("“%s”这题不用答，请去掉；因为前面“%s”的答案",
                     "\"%s\" is not asked, take it out: by the answer to "
                     "\"%s\""),
                xg_question_label(q),
                xg_question_label(&a->t->questions[q->if_question]));
        a->of[i] = NULL;
    }
    return XG_OK;
}

static enum xg_status check_whole(const struct answers *a, struct xg_error *err)
{
    struct xg_buf names = XG_BUF(NAMES_MAX);
    size_t missing = 0;

    for (size_t i = 0; i < a->t->question_count; i++) {
        const struct xg_question *q = &a->t->questions[i];
        if (!q->required || a->of[i] || !is_asked(a, i))
            continue;
        xg_buf_format(&names, "%s%s（%s）", missing++ ? XG_T("、", ", ") : "",
                      xg_question_label(q), q->key);
    }
    if (missing)
        wrong(err, a,
              XG_T("还有 %zu 题必答：%s", "%zu required answers are missing: "
                                          "%s"),
              missing, xg_buf_str(&names));
    xg_buf_clear(&names);
    return missing ? err->status : XG_OK;
}

/* ---- a draft ---- */

/* The text of an encoded value; empty where there is none. */
static struct xg_bytes text_of(struct xg_bytes value)
{
    struct xg_cbor c = xg_cbor_over(value);
    struct xg_cbor_item item;

    if (value.len && xg_cbor_next(&c, &item) && item.type == XG_CBOR_TEXT)
        return item.bytes;
    return xg_bytes(NULL, 0);
}

static struct xg_bytes before_of(const struct xg_state *state, uint64_t number)
{
    struct xg_bytes value = {NULL, 0};
    struct xg_cbor_item item;

    if (state && xg_state_value(state, number, &item))
        value = item.raw;
    return value;
}

static enum xg_status no_template(const struct xg_kind *kind,
                                  const struct xg_templates *all,
                                  struct xg_bytes form, struct xg_error *err)
{
    struct xg_buf names = XG_BUF(NAMES_MAX);

    for (size_t i = 0; i < all->count; i++)
        if (all->rows[i].kind == kind)
            xg_buf_format(&names, "%s%s@%s（%s）",
                          names.len ? XG_T("、", ", ") : "", all->rows[i].code,
                          all->rows[i].edition,
                          xg_template_label(&all->rows[i]));
    xg_fail(err, XG_NOTFOUND,
            XG_T("没有表单“%.*s”；“%s”可用：%s",
                 "there is no form \"%.*s\"; for %s there are: %s"),
            form.len < 80 ? (int)form.len : 80, (const char *)form.at,
            xg_label(kind->zh, kind->en),
            names.len ? xg_buf_str(&names)
                      : XG_T("还没有，请先同步或导入", "none, sync first"));
    xg_buf_clear(&names);
    return err->status;
}

static enum xg_status find_template(const struct xg_template **out,
                                    const struct xg_kind *kind,
                                    struct xg_guide *g, struct xg_bytes form,
                                    struct xg_error *err)
{
    const struct xg_templates *all;
    const struct xg_template *t;

    if (xg_guide_templates(g, &all, err) != XG_OK ||
        xg_guide_template(g, &t, form, err) != XG_OK)
        return err->status;
    if (!t)
        return no_template(kind, all, form, err);
    if (t->kind != kind)
        return xg_fail(err, XG_USAGE,
                       XG_T("表单 %s@%s 是给“%s”用的，不是“%s”",
                            "form %s@%s is for %s, not for %s"),
                       t->code, t->edition, xg_label(t->kind->zh, t->kind->en),
                       xg_label(kind->zh, kind->en));
    *out = t;
    return XG_OK;
}

/* Is it this very edition? */
static bool is_edition(const struct xg_template *t, struct xg_bytes form)
{
    size_t code = strlen(t->code);

    return form.len == code + 1 + strlen(t->edition) &&
           memcmp(form.at, t->code, code) == 0 && form.at[code] == '@' &&
           memcmp(form.at + code + 1, t->edition, form.len - code - 1) == 0;
}

static enum xg_status put_answers(struct xg_draft *d, const struct answers *a,
                                  struct xg_error *err)
{
    struct xg_buf form = XG_BUF(256), item = XG_BUF(XG_RECORD_MAX);
    struct xg_buf text = XG_BUF(256);
    size_t count = 0;

    xg_buf_format(&text, "%s@%s", a->t->code, a->t->edition);
    xg_cbor_put_text(&form, xg_buf_str(&text), text.len);
    for (size_t i = 0; i < a->t->question_count; i++)
        count += a->of[i] != NULL;
    if (count)
        xg_cbor_put_array(&item, count);
    else if (xg_draft_get(d, XG_FIELD_ITEM).len)
        xg_cbor_put_null(&item);
    for (size_t i = 0; i < a->t->question_count; i++) {
        if (!a->of[i])
            continue;
        xg_buf_reset(&text);
        xg_buf_format(&text, "%s=%s", a->t->questions[i].key, a->of[i]);
        xg_cbor_put_text(&item, xg_buf_str(&text), text.len);
    }
    enum xg_status status = xg_buf_check(&item, err);
    if (status == XG_OK && item.len)
        status = xg_draft_set(d, XG_FIELD_ITEM, xg_buf_bytes(&item), err);
    /* Else the entity's form stays as it is. */
    if (status == XG_OK && xg_draft_get(d, XG_FIELD_FORM).len)
        status = xg_draft_set(d, XG_FIELD_FORM, xg_buf_bytes(&form), err);
    xg_buf_clear(&form);
    xg_buf_clear(&item);
    xg_buf_clear(&text);
    return status;
}

enum xg_status view_template_fill(struct xg_draft *d,
                                  const struct xg_kind *kind,
                                  struct xg_guide *g,
                                  const struct xg_state *state, bool whole,
                                  struct xg_error *err)
{
    struct xg_bytes said_form = xg_draft_get(d, XG_FIELD_FORM);
    struct xg_bytes said_item = xg_draft_get(d, XG_FIELD_ITEM);
    struct xg_bytes old_form = text_of(before_of(state, XG_FIELD_FORM));
    struct xg_bytes form = text_of(said_form);
    struct answers a = {.arena = XG_ARENA(ARENA)};
    enum xg_status status;

    if (!said_form.len && !said_item.len)
        return XG_OK;
    if (!said_form.len)
        form = old_form;
    if (!form.len) {
        /* The form is emptied: its answers go with it. */
        if (said_form.len && items_of(said_item).at == items_of(said_item).end)
            return XG_OK;
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("答项要和表单一起给出：form=表单编码",
                            "answers need the form they belong to: "
                            "form=CODE"));
    }
    status = find_template(&a.t, kind, g, form, err);
    if (status == XG_OK && is_edition(a.t, old_form))
        status = take_before(&a, before_of(state, XG_FIELD_ITEM), err);
    if (status == XG_OK)
        status = take_items(&a, said_item, err);
    if (status == XG_OK)
        status = check_asked(&a, err);
    if (status == XG_OK && whole)
        status = check_whole(&a, err);
    if (status == XG_OK)
        status = put_answers(d, &a, err);
    xg_arena_clear(&a.arena);
    return status;
}

/* ---- what others wrote ---- */

enum xg_status view_template_check(const struct xg_template *t,
                                   struct xg_bytes item, struct xg_error *err)
{
    struct answers a = {.t = t, .arena = XG_ARENA(ARENA)};
    enum xg_status status = take_items(&a, item, err);

    if (status == XG_OK)
        status = check_asked(&a, err);
    if (status == XG_OK)
        status = check_whole(&a, err);
    xg_arena_clear(&a.arena);
    return status;
}

json_t *view_template_lacking(const struct xg_template *t,
                              struct xg_bytes item)
{
    struct answers a = {.t = t, .arena = XG_ARENA(ARENA)};
    struct xg_cbor c = items_of(item);
    struct xg_error ignored = XG_ERROR_NONE;
    struct xg_cbor_item one;
    json_t *list = json_array();

    /* What does not fit answers nothing. */
    while (xg_cbor_next(&c, &one))
        xg_ignore(take_item(&a, one.bytes, &ignored));
    for (size_t i = 0; i < t->question_count; i++)
        if (t->questions[i].required && !a.of[i] && is_asked(&a, i))
            view_json_append(&list, json_string(t->questions[i].key));
    xg_arena_clear(&a.arena);
    return list;
}

enum xg_status view_template_of(struct xg_guide *g,
                                const struct xg_template **t,
                                const struct xg_state *state,
                                struct xg_error *err)
{
    struct xg_bytes form = text_of(before_of(state, XG_FIELD_FORM));

    *t = NULL;
    if (!form.len || !memchr(form.at, '@', form.len))
        return XG_OK;
    return xg_guide_template(g, t, form, err);
}

/* A canonical answer as a person reads it. */
static void put_value(struct xg_buf *out, const struct xg_question *q,
                      const char *answer)
{
    const char *comma = "";

    if (q->type == XG_ASK_BOOL) {
        xg_buf_text(out, strcmp(answer, "yes") == 0 ? XG_T("是", "yes")
                                                    : XG_T("否", "no"));
        return;
    }
    if (!q->option_count) {
        view_put_line(out, xg_bytes_of(answer));
        return;
    }
    for (size_t i = 0; i < q->option_count; i++)
        if (has_key(answer, q->options[i].key)) {
            xg_buf_text(out, comma);
            view_put_line(out, xg_bytes_of(xg_option_label(&q->options[i])));
            comma = XG_T("、", ", ");
        }
}

/* Does the item say anything that the template takes? */
static bool understood(struct answers *a, struct xg_bytes item)
{
    struct xg_error ignored = XG_ERROR_NONE;

    return a->t && take_item(a, item, &ignored) == XG_OK;
}

void view_template_put(struct xg_buf *out, const struct xg_template *t,
                       struct xg_bytes item, unsigned indent)
{
    struct answers a = {.t = t, .arena = XG_ARENA(ARENA)};
    struct xg_cbor c = items_of(item);
    struct xg_cbor_item one;
    struct xg_buf strange = XG_BUF(XG_RECORD_MAX * 4);

    while (xg_cbor_next(&c, &one))
        if (!understood(&a, one.bytes)) {
            xg_buf_format(&strange, "%*s", (int)indent, "");
            view_put_line(&strange, one.bytes);
            xg_buf_text(&strange, "\n");
        }
    for (size_t i = 0; t && i < t->question_count; i++) {
        if (!a.of[i] && !is_asked(&a, i))
            continue;
        xg_buf_format(out, "%*s", (int)indent, "");
        view_put_line(out, xg_bytes_of(xg_question_label(&t->questions[i])));
        xg_buf_text(out, XG_T("：", ": "));
        if (a.of[i])
            put_value(out, &t->questions[i], a.of[i]);
        else
            xg_buf_text(out, "-");
        xg_buf_text(out, "\n");
    }
    xg_buf_append(out, strange.data, strange.len);
    xg_buf_clear(&strange);
    xg_arena_clear(&a.arena);
}

static json_t *json_of(const struct xg_question *q, const char *answer)
{
    json_t *list;

    if (q->type == XG_ASK_BOOL)
        return json_boolean(strcmp(answer, "yes") == 0);
    if (q->type == XG_ASK_NUMBER)
        return json_integer((json_int_t)strtoll(answer, NULL, 10));
    if (q->type != XG_ASK_CHOICES)
        return json_string(answer);
    list = json_array();
    for (size_t i = 0; list && i < q->option_count; i++)
        if (has_key(answer, q->options[i].key) &&
            json_array_append_new(list, json_string(q->options[i].key)) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

json_t *view_template_json(const struct xg_template *t, struct xg_bytes item)
{
    struct answers a = {.t = t, .arena = XG_ARENA(ARENA)};
    struct xg_cbor c = items_of(item);
    struct xg_cbor_item one;
    json_t *json = json_object();
    bool good = json != NULL;

    while (good && xg_cbor_next(&c, &one)) {
        struct xg_bytes key = one.bytes, value = {NULL, 0};
        if (understood(&a, one.bytes))
            continue;
        /* As it is: under its own key, whatever that says. */
        if (!split(one.bytes, &key, &value))
            value = xg_bytes("", 0);
        char *name = xg_arena_str(&a.arena, (const char *)key.at, key.len);
        good = name && json_object_set_new(
                           json, name,
                           json_stringn((const char *)value.at, value.len)) == 0;
    }
    for (size_t i = 0; good && t && i < t->question_count; i++)
        if (a.of[i])
            good = json_object_set_new(json, t->questions[i].key,
                                       json_of(&t->questions[i], a.of[i])) == 0;
    xg_arena_clear(&a.arena);
    if (!good) {
        json_decref(json);
        json = NULL;
    }
    return json;
}
