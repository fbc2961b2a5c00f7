/* judged.c - see judged.h. */
#include "shared/view/judged.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/cbor.h"
#include "shared/view/template.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { NAME_SIZE = 64, WORD_MAX = 256 << 10, PROBLEM_MAX = 8 << 10 };

const char *const view_told_options[VIEW_TOLDS] = {
    [VIEW_TOLD_NAME] = "contact",
    [VIEW_TOLD_PHONE] = "phone",
    [VIEW_TOLD_CONSENT] = "consent",
    [VIEW_TOLD_RELATION] = "relation"};

enum xg_status view_judged_init(struct view_judged *j, struct xg_draft *draft,
                                const struct view_resolver *resolver,
                                struct xg_error *err)
{
    *j = (struct view_judged){.draft = draft,
                              .resolver = resolver,
                              .problems = json_array(),
                              .missing = json_array(),
                              .wanted = json_array()};
    return j->problems && j->missing && j->wanted ? XG_OK : xg_fail_nomem(err);
}

void view_judged_clear(struct view_judged *j)
{
    json_decref(j->problems);
    json_decref(j->missing);
    json_decref(j->wanted);
}

enum xg_status view_judged_problem(struct view_judged *j, const char *field,
                                   struct xg_error *err)
{
    if (err->status == XG_NOMEM || err->status == XG_IO ||
        err->status == XG_CORRUPT)
        return err->status;
    /* A text may quote a part of what was typed, cut within a character. */
    struct xg_buf safe = XG_BUF(PROBLEM_MAX);
    view_put_block(&safe, xg_bytes_of(xg_error_text(err)), 0);
    int failed = json_array_append_new(
        j->problems, json_pack("{s:s, s:s}", "field", field, "text",
                               xg_buf_str(&safe)));
    xg_buf_clear(&safe);
    *err = XG_ERROR_NONE;
    return failed ? xg_fail_nomem(err) : XG_OK;
}

static void miss(struct view_judged *j, const char *prefix, const char *name)
{
    struct xg_buf text = XG_BUF(512);

    xg_buf_format(&text, "%s%s", prefix, name);
    json_array_append_new(j->missing, json_string(xg_buf_str(&text)));
    xg_buf_clear(&text);
}

/* ---- fields ---- */

enum xg_status view_judge_words(struct view_judged *j,
                                const char *const *words, size_t count,
                                struct xg_error *err)
{
    const struct xg_kind *kind = xg_kind_find(j->draft->head.kind);

    for (size_t i = 0; i < count; i++) {
        const struct xg_field *field = NULL;
        if (view_form_judge(j->draft, &field, kind, words[i], j->resolver,
                            err) != XG_OK &&
            view_judged_problem(j, field ? field->name : "", err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

bool view_is_given(const struct xg_draft *d, uint64_t number)
{
    struct xg_bytes value = xg_draft_get(d, number);

    return value.len && value.at[0] != 0xF6; /* null */
}

static bool has_problem(const struct view_judged *j, const char *field)
{
    const json_t *one;
    size_t i;

    json_array_foreach(j->problems, i, one)
        if (strcmp(json_string_value(json_object_get(one, "field")), field) ==
            0)
            return true;
    return false;
}

void view_judge_required(struct view_judged *j, const struct xg_draft *d,
                         const char *prefix)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);
    const struct xg_field *f;

    for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++)
        if (f->flags & XG_REQUIRED && !view_is_given(d, f->number) &&
            (*prefix || !has_problem(j, f->name)))
            miss(j, prefix, f->name);
}

/* ---- its form ---- */

enum xg_status view_form_answers(struct xg_draft *d, struct xg_guide *g,
                                 const struct xg_state *state, bool whole,
                                 struct xg_error *err)
{
    if (xg_draft_get(d, XG_FIELD_FORM).len == 0 &&
        xg_draft_get(d, XG_FIELD_ITEM).len == 0)
        return XG_OK;
    return view_template_fill(d, xg_kind_find(d->head.kind), g, state, whole,
                              err);
}

static enum xg_status miss_answers(struct view_judged *j, struct xg_guide *g,
                                   struct xg_error *err)
{
    struct xg_cbor c = xg_cbor_over(xg_draft_get(j->draft, XG_FIELD_FORM));
    const struct xg_template *t = NULL;
    struct xg_cbor_item form;
    const json_t *key;
    json_t *list;
    size_t i;

    if (!xg_cbor_next(&c, &form) || form.type != XG_CBOR_TEXT)
        return XG_OK;
    if (xg_guide_template(g, &t, form.bytes, err) != XG_OK)
        return err->status;
    if (!t)
        return XG_OK;
    list = view_template_lacking(t, xg_draft_get(j->draft, XG_FIELD_ITEM));
    if (!list)
        return xg_fail_nomem(err);
    json_array_foreach(list, i, key)
        miss(j, "item:", json_string_value(key));
    json_decref(list);
    return XG_OK;
}

enum xg_status view_judge_form(struct view_judged *j, struct xg_guide *g,
                               const struct xg_state *state,
                               struct xg_error *err)
{
    if (view_form_answers(j->draft, g, state, false, err) != XG_OK)
        return view_judged_problem(
            j, err->status == XG_NOTFOUND ? "form" : "item", err);
    return miss_answers(j, g, err);
}

/* ---- who told of it ---- */

enum xg_status view_contact_fill(struct xg_draft *contact,
                                 const char *const told[VIEW_TOLDS], bool named,
                                 struct xg_error *err)
{
    static const char *const fields[VIEW_TOLDS] = {
        [VIEW_TOLD_NAME] = "name",
        [VIEW_TOLD_PHONE] = "phone",
        [VIEW_TOLD_CONSENT] = "consent",
        [VIEW_TOLD_RELATION] = "relation"};
    const struct xg_kind *kind = xg_kind_find(XG_KIND_CONTACT);
    struct xg_buf word = XG_BUF(WORD_MAX);
    const struct xg_field *field;
    enum xg_status status = XG_OK;

    for (size_t i = 0; status == XG_OK && i < VIEW_TOLDS; i++) {
        if (!told[i] || !*told[i])
            continue;
        xg_buf_reset(&word);
        xg_buf_format(&word, "%s=%s", fields[i], told[i]);
        status = xg_buf_check(&word, err);
        if (status == XG_OK)
            status = named ? view_form_set(contact, kind, xg_buf_str(&word),
                                           NULL, err)
                           : view_form_judge(contact, &field, kind,
                                             xg_buf_str(&word), NULL, err);
    }
    xg_buf_clear(&word);
    return status;
}

enum xg_status view_contact_take(struct xg_draft *contact, bool *any,
                                 const struct xg_draft *incident,
                                 const char *const told[VIEW_TOLDS],
                                 struct xg_error *err)
{
    const char *name = told[VIEW_TOLD_NAME];

    *any = name != NULL;
    for (size_t i = 0; !name && i < VIEW_TOLDS; i++)
        if (told[i])
            return xg_fail(err, XG_USAGE,
                           XG_T("--%s 要与 --contact 一起用",
                                "--%s goes with --contact"),
                           view_told_options[i]);
    if (!name)
        return XG_OK;
    if (!*name)
        return xg_fail(
            err, XG_USAGE,
            XG_T("--contact 后面要有姓名", "--contact needs a name"));
    if (!incident->head.creates ||
        incident->head.kind != XG_KIND_INCIDENT)
        return xg_fail(err, XG_USAGE,
                       XG_T("只有事件有反映人（--contact）",
                            "only an incident has a contact (--contact)"));
    if (xg_draft_get(incident, XG_INCIDENT_CONTACT).len > 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("contact= 与 --contact 只能给一个",
                            "give one of contact= and --contact"));
    return view_contact_fill(contact, told, true, err);
}

enum xg_status view_judge_informant(struct view_judged *j,
                                    const char *const told[VIEW_TOLDS],
                                    struct xg_error *err)
{
    bool any = false;

    for (size_t i = 0; i < VIEW_TOLDS; i++) {
        const char *one[VIEW_TOLDS] = {0};
        struct xg_draft contact;
        one[i] = told[i];
        any |= told[i] && *told[i];
        xg_draft_init(&contact, j->draft->arena, XG_KIND_CONTACT);
        if (view_contact_fill(&contact, one, false, err) != XG_OK &&
            view_judged_problem(j, view_told_options[i], err) != XG_OK)
            return err->status;
    }
    if (any && view_is_given(j->draft, XG_INCIDENT_CONTACT)) {
        xg_ignore(xg_fail(err, XG_USAGE,
                          XG_T("已选了反映人，就不用再填姓名电话",
                               "a known contact was chosen: leave name and "
                               "phone empty")));
        return view_judged_problem(j, "contact", err);
    }
    if (any && (!told[VIEW_TOLD_NAME] || !*told[VIEW_TOLD_NAME]))
        miss(j, "", view_told_options[VIEW_TOLD_NAME]);
    return XG_OK;
}

/* ---- a move ---- */

enum xg_status view_judge_needs(struct view_judged *j, bool *try_it,
                                struct xg_arena *arena,
                                const struct view_bench *bench,
                                const struct xg_draft *d, struct xg_error *err)
{
    const struct view_move *found = NULL;
    const char *no_right;
    struct view_move *moves;
    size_t count;

    if (view_moves_of(&moves, &count, &no_right, arena, bench, d, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++)
        if (moves[i].move->number == d->head.move)
            found = &moves[i];
    *try_it = !found || found->blocked;
    if (!found)
        return XG_OK;
    json_t *hard = view_needs_json(found->unmet & (uint32_t)XG_NEED_HARD);
    json_t *wanted = view_needs_json(found->unmet & ~(uint32_t)XG_NEED_HARD);
    *try_it |= json_array_size(hard) == 0;
    json_array_extend(j->missing, hard);
    json_array_extend(j->wanted, wanted);
    json_decref(hard);
    json_decref(wanted);
    return XG_OK;
}

/* ---- JSON ---- */

json_t *view_typed_json(const struct xg_draft *d)
{
    const struct xg_kind *kind = xg_kind_find(d->head.kind);
    json_t *fields = json_object();

    for (size_t i = 0; i < d->field_count; i++) {
        const struct xg_field *f = xg_field_find(kind, d->fields[i].number);
        struct xg_cbor c = view_elements(f, d->fields[i].value);
        json_t *list = f->merge == XG_MERGE_SET ? json_array() : NULL;
        struct xg_cbor_item item;
        while (xg_cbor_next(&c, &item)) {
            if (list)
                json_array_append_new(list, view_value_json(f, &item));
            else
                json_object_set_new(fields, f->name, view_value_json(f, &item));
        }
        if (list)
            json_object_set_new(fields, f->name, list);
    }
    return fields;
}

json_t *view_texts_json(const struct xg_kind *kind, const char *const *words,
                        size_t count)
{
    struct xg_error ignored = XG_ERROR_NONE;
    json_t *texts = json_object();
    char name[NAME_SIZE];

    for (size_t i = 0; i < count; i++) {
        size_t len = strcspn(words[i], "=");
        bool removes = len > 1 && words[i][len - 1] == '-';
        const char *text = words[i] + len + 1;
        const struct xg_field *f;
        snprintf(name, sizeof name, "%.*s", (int)(len - removes),
                 words[i]);
        if (view_form_field(&f, kind, name, &ignored) != XG_OK)
            continue; /* of a newer program */
        snprintf(name, sizeof name, "%s%s", f->name, removes ? "-" : "");
        json_t *list = json_object_get(texts, name);
        if (f->merge != XG_MERGE_SET && f->type != XG_TYPE_TEXTS)
            json_object_set_new(texts, name, json_string(text));
        else if (list)
            json_array_append_new(list, json_string(text));
        else
            json_object_set_new(texts, name, json_pack("[s]", text));
    }
    return texts;
}

json_t *view_told_json(const char *const told[VIEW_TOLDS])
{
    json_t *json = json_object();

    for (size_t i = 0; i < VIEW_TOLDS; i++)
        if (told[i])
            json_object_set_new(json, view_told_options[i],
                                json_string(told[i]));
    return json;
}

/* ---- text ---- */

static void put_list(struct xg_buf *out, const char *label, const json_t *list)
{
    const json_t *one;
    size_t i;

    json_array_foreach(list, i, one)
        xg_buf_format(out, "%s%s", i ? XG_T("、", ", ") : label,
                      json_string_value(one));
    if (json_array_size(list))
        xg_buf_byte(out, '\n');
}

void view_put_judged(struct xg_buf *out, const struct view_judged *j)
{
    const json_t *one;
    size_t i;

    json_array_foreach(j->problems, i, one) {
        xg_buf_format(out, "! %s  ",
                      json_string_value(json_object_get(one, "field")));
        view_put_block(
            out,
            xg_bytes_of(json_string_value(json_object_get(one, "text"))), 2);
        xg_buf_byte(out, '\n');
    }
    put_list(out, XG_T("还缺：", "still missing: "), j->missing);
    put_list(out, XG_T("最好有：", "better with: "), j->wanted);
}
