/* call.c - see call.h. */
#include "shared/call/call.h"

#include <jansson.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>

#include "shared/base/lang.h"

enum xg_status xg_call_malformed(const char *where, struct xg_error *err)
{
    return xg_fail(err, XG_USAGE,
                   XG_T("页面的请求格式有误：%s",
                        "the page's request is malformed: %s"),
                   where);
}

bool xg_call_flag_type(char *type, const struct xg_call_row *row,
                       const char *name)
{
    size_t len = strlen(name);

    for (const char *at = row->flags; *at;) {
        size_t width = strcspn(at, " "), name_len = strcspn(at, " =");
        if (name_len == len && memcmp(at, name, len) == 0) {
            *type = name_len == width ? '\0' : at[width - 1];
            return true;
        }
        at += width + strspn(at + width, " ");
    }
    return false;
}

const struct xg_call_flag *xg_call_flag_of(const struct xg_call *call,
                                           const char *name)
{
    for (size_t i = 0; i < call->flag_count; i++)
        if (strcmp(call->flags[i].name, name) == 0)
            return &call->flags[i];
    return NULL;
}

/* ---- reading ---- */

/* What the readers of its parts share. */
struct reading {
    const struct xg_call_table *table;
    const void *ctx;
    struct xg_arena *arena;
    struct xg_call call;
};

static char *copy_text(struct reading *r, const json_t *text)
{
    return xg_arena_str(r->arena, json_string_value(text),
                        json_string_length(text));
}

static bool is_file_word(const struct xg_call_row *row, size_t i)
{
    return row->file &&
           (i == row->file_word || (row->file == 'p' && i > row->file_word));
}

static enum xg_status take_words(struct reading *r, const json_t *words,
                                 struct xg_error *err)
{
    struct xg_call *call = &r->call;
    size_t n = json_array_size(words);

    if ((words && !json_is_array(words)) || n > r->table->words_max)
        return xg_call_malformed("words", err);
    call->words = xg_arena_array(r->arena, n + 1, sizeof *call->words);
    if (!call->words)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *word = json_array_get(words, i);
        if (!json_is_string(word))
            return xg_call_malformed("words", err);
        const char *copy = copy_text(r, word);
        if (!copy)
            return xg_fail_nomem(err);
        if (is_file_word(call->row, i) &&
            r->table->take_file(call, call->row->file, &copy, err) != XG_OK)
            return err->status;
        call->words[call->word_count++] = copy;
    }
    return XG_OK;
}

static enum xg_status put_flag(struct reading *r, const char *name, char type,
                               const json_t *value, struct xg_error *err)
{
    struct xg_call *call = &r->call;
    const char *text = NULL;

    if (call->flag_count == XG_CALL_FLAGS_MAX)
        return xg_call_malformed("flags", err);
    if (type ? !json_is_string(value) : !json_is_true(value))
        return xg_call_malformed(name, err);
    if (type)
        text = copy_text(r, value);
    char *own = xg_arena_str(r->arena, name, strlen(name));
    if (!own || (type && !text))
        return xg_fail_nomem(err);
    if (type && strchr("piso", type) &&
        r->table->take_file(call, type, &text, err) != XG_OK)
        return err->status;
    call->flags[call->flag_count++] = (struct xg_call_flag){own, text, type};
    return XG_OK;
}

static enum xg_status take_flags(struct reading *r, json_t *flags,
                                 struct xg_error *err)
{
    struct xg_call *call = &r->call;
    const char *name;
    json_t *value;

    if (flags && !json_is_object(flags))
        return xg_call_malformed("flags", err);
    call->flags =
        xg_arena_array(r->arena, XG_CALL_FLAGS_MAX, sizeof *call->flags);
    if (!call->flags)
        return xg_fail_nomem(err);
    json_object_foreach(flags, name, value) {
        char type;
        if (!xg_call_flag_type(&type, call->row, name))
            return xg_fail(err, XG_USAGE,
                           XG_T("%s：页面不能用选项“%s”",
                                "%s: the page cannot use the option \"%s\""),
                           call->row->run, name);
        if (type == '#') /* we know better */
            continue;
        bool many = (type == '+' || type == 'p') && json_is_array(value);
        size_t n = many ? json_array_size(value) : 1;
        for (size_t i = 0; i < n; i++)
            if (put_flag(r, name, type, many ? json_array_get(value, i) : value,
                         err) != XG_OK)
                return err->status;
    }
    return XG_OK;
}

static enum xg_status take_lang(struct reading *r, const json_t *lang,
                                struct xg_error *err)
{
    const char *text = json_string_value(lang);

    if (!lang)
        return XG_OK;
    if (text && strcmp(text, "zh") == 0)
        r->call.lang = "zh";
    else if (text && strcmp(text, "en") == 0)
        r->call.lang = "en";
    else
        return xg_call_malformed("lang", err);
    xg_lang_thread(text[0] == 'z' ? XG_LANG_ZH : XG_LANG_EN);
    return XG_OK;
}

/* Copied, and wiped where it was read from. */
static enum xg_status take_secret(struct reading *r, const json_t *secret,
                                  struct xg_error *err)
{
    size_t n = json_string_length(secret);

    if (!secret)
        return XG_OK;
    if (!json_is_string(secret) || n > XG_CALL_SECRET_MAX)
        return xg_call_malformed("secret", err);
    r->call.secret = copy_text(r, secret);
    sodium_memzero((void *)(uintptr_t)json_string_value(secret), n);
    if (!r->call.secret)
        return xg_fail_nomem(err);
    r->call.secret_bytes = n;
    return XG_OK;
}

static enum xg_status check_keys(const struct reading *r, json_t *given,
                                 struct xg_error *err)
{
    static const char *const keys[] = {"run", "words", "flags", "lang",
                                       "secret"};
    size_t known = sizeof keys / sizeof *keys - (r->table->secrets ? 0 : 1);
    const char *name;
    json_t *value;

    json_object_foreach(given, name, value) {
        size_t i = 0;
        while (i < known && strcmp(keys[i], name) != 0)
            i++;
        if (i == known)
            return xg_call_malformed(name, err);
    }
    return XG_OK;
}

static enum xg_status take_all(struct reading *r, json_t *given,
                               struct xg_error *err)
{
    const char *run = json_string_value(json_object_get(given, "run"));

    if (take_lang(r, json_object_get(given, "lang"), err) != XG_OK ||
        check_keys(r, given, err) != XG_OK)
        return err->status;
    if (!run)
        return xg_call_malformed("run", err);
    r->call.row = r->table->find(run);
    if (!r->call.row)
        return xg_fail(err, XG_USAGE,
                       XG_T("页面不能做“%s”；请用命令行",
                            "the page cannot do \"%s\"; use the command line"),
                       run);
    if ((r->table->admit && r->table->admit(r->ctx, r->call.row, err)) ||
        take_words(r, json_object_get(given, "words"), err) ||
        take_flags(r, json_object_get(given, "flags"), err) ||
        take_secret(r, json_object_get(given, "secret"), err))
        return err->status;
    return r->table->judge(r->ctx, &r->call, err);
}

enum xg_status xg_call_read(struct xg_call *out,
                            const struct xg_call_table *table, const void *ctx,
                            struct xg_bytes text, struct xg_arena *arena,
                            struct xg_error *err)
{
    struct reading r = {.table = table, .ctx = ctx, .arena = arena};

    if (text.len > table->bytes_max)
        return xg_call_malformed(XG_T("太长", "too long"), err);
    json_t *given = json_loadb((const char *)text.at, text.len,
                               JSON_REJECT_DUPLICATES, NULL);
    enum xg_status status = json_is_object(given)
                                ? take_all(&r, given, err)
                                : xg_call_malformed("JSON", err);
    json_decref(given);
    if (status == XG_OK)
        *out = r.call;
    else
        xg_call_wipe(&r.call);
    return status;
}

enum xg_status xg_call_of_header(struct xg_bytes *out, const char *text,
                                 struct xg_arena *arena, struct xg_error *err)
{
    size_t len = text ? strlen(text) : 0, n = 0;
    uint8_t *plain = xg_arena_alloc(arena, len + 1);

    if (!plain)
        return xg_fail_nomem(err);
    if (!text || sodium_base642bin(plain, len, text, len, NULL, &n, NULL,
                                   sodium_base64_VARIANT_URLSAFE_NO_PADDING))
        return xg_call_malformed("Xunge-Call", err);
    *out = xg_bytes(plain, n);
    return XG_OK;
}

int xg_call_http(int exit_status)
{
    switch (exit_status) {
    case 2:
        return 400;
    case 3:
        return 404;
    case 4:
        return 502;
    case 5:
        return 409;
    case 6:
        return 423;
    default:
        return exit_status == 7 || exit_status < 0 ? 500 : 422;
    }
}

void xg_call_wipe(struct xg_call *call)
{
    if (call->secret)
        sodium_memzero(call->secret, call->secret_bytes);
    call->secret = NULL;
    call->secret_bytes = 0;
}

/* ---- to arguments ---- */

void xg_call_list_begin(struct xg_call_list *list, const struct xg_call *call,
                        size_t more, struct xg_arena *arena)
{
    enum { RUN_AND_END = 3 }; /* two words, NULL */

    *list = (struct xg_call_list){.arena = arena};
    list->at = xg_arena_array(
        arena, call->word_count + call->flag_count + more + RUN_AND_END,
        sizeof *list->at);
    list->failed = !list->at;
}

void xg_call_list_put(struct xg_call_list *list, char *text)
{
    list->failed |= !text;
    if (!list->failed)
        list->at[list->count++] = text;
}

static void put_text(struct xg_call_list *list, const char *text, size_t len)
{
    xg_call_list_put(list, xg_arena_str(list->arena, text, len));
}

void xg_call_list_put_run(struct xg_call_list *list, const struct xg_call *call)
{
    const char *run = call->row->run;
    size_t first = strcspn(run, " ");

    put_text(list, run, first);
    if (run[first])
        put_text(list, run + first + 1, strlen(run + first + 1));
}

void xg_call_list_put_flags(struct xg_call_list *list,
                            const struct xg_call *call)
{
    for (size_t i = 0; i < call->flag_count; i++) {
        const struct xg_call_flag *f = &call->flags[i];
        xg_call_list_put(
            list, f->value
                      ? xg_arena_format(list->arena, "--%s=%s", f->name,
                                        f->value)
                      : xg_arena_format(list->arena, "--%s", f->name));
    }
}

void xg_call_list_put_words(struct xg_call_list *list,
                            const struct xg_call *call)
{
    for (size_t i = 0; i < call->word_count; i++)
        put_text(list, call->words[i], strlen(call->words[i]));
}

char **xg_call_list_end(struct xg_call_list *list)
{
    if (list->failed)
        return NULL;
    list->at[list->count] = NULL;
    return list->at;
}
