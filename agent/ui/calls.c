/* calls.c - see calls.h. */
#include "agent/ui/calls.h"

#include <jansson.h>
#include <sodium.h>
#include <string.h>

#include "shared/base/lang.h"

#define PHOTOS "photo=p bytes=# forwarded"
#define CAPTURE PHOTOS " draft as="
#define INFORMANT " contact= phone= consent= relation="
#define SELECT                                                                 \
    "kind=+ case category= urgency= since= until= state= open settled "        \
    "status= holder= due overdue mine all limit= after= count points"
#define RECORD(name, flags) {name, CALL_WRITES, CALL_BY_PIN_FD, 0, 0, false, flags}
#define LOOK(name, flags) {name, CALL_READS, CALL_NO_SECRET, 0, 0, false, flags}
#define WRITE(name, flags) {name, CALL_WRITES, CALL_NO_SECRET, 0, 0, false, flags}

/* What is not here the page cannot do: leave, passphrase clear and recover, a
 * file by its path (import, whose lines name photos), gpsd's address, another
 * home. */
/* clang-format off */
const struct call_row call_rows[] = {
    RECORD("incident", CAPTURE INFORMANT),
    RECORD("contact", CAPTURE),
    RECORD("visit", CAPTURE " incident=+"),
    RECORD("dispute", CAPTURE),
    RECORD("meeting", CAPTURE),
    RECORD("subject", CAPTURE),
    RECORD("campaign", CAPTURE),
    RECORD("task", CAPTURE),
    RECORD("notice", CAPTURE),
    RECORD("alarm", CAPTURE),
    RECORD("assessment", CAPTURE),

    {"enrol", CALL_WRITES, CALL_BY_INPUT, 0, 0, false,
     "request=o accept=i seal allow-plain max-time="},
    LOOK("status", "as="),

    LOOK("draft list", ""),
    RECORD("draft write", PHOTOS INFORMANT
           " about= move= incident=+ drop=+ key= version= as="),
    RECORD("draft finish", PHOTOS INFORMANT " incident=+ anyway version= as="),
    WRITE("draft discard", ""),

    RECORD("set", "why= as="),
    RECORD("note", "as="),
    {"photo", CALL_WRITES, CALL_BY_PIN_FD, 'p', 1, false, "role= bytes=# forwarded as="},
    RECORD("do", PHOTOS " why= anyway as="),
    RECORD("withdraw", "why= as="),
    LOOK("duplicates", ""),
    RECORD("link", "why= as="),
    RECORD("unlink", "why= as="),
    RECORD("read", "as="),
    RECORD("tally", "as="),

    RECORD("patrol start", "every= continue close as="),
    RECORD("patrol stop", "now last-fix"),
    WRITE("patrol continue", "every="),
    WRITE("patrol close", ""),
    {"patrol import", CALL_WRITES, CALL_BY_PIN_FD, 'i', 0, false, "as="},
    LOOK("patrol show", "gpx geojson"),
    LOOK("patrol day", ""),
    LOOK("position", "wait= watch"),

    LOOK("describe", "unless= as="),
    LOOK("list", "text= " SELECT),
    LOOK("suggest", "position= as="),
    LOOK("due", "days="),
    LOOK("mine", "as="),
    LOOK("show", "as="),
    LOOK("history", ""),
    LOOK("find", SELECT),

    LOOK("grids", ""),
    LOOK("maps", ""),
    {"maps add", CALL_WRITES, CALL_NO_SECRET, 's', 0, false,
     "name= crs= attribution="},
    WRITE("maps remove", ""),

    LOOK("conflicts", "decided"),
    RECORD("resolve", "take= value= dismiss why= as="),
    LOOK("forks", ""),

    {"sync", CALL_SYNCS, CALL_NO_SECRET, 0, 0, false,
     "max-time= within= budget= photos= metered unmetered remember"},
    LOOK("photos", "here waiting"),
    LOOK("photos list", "here waiting"),
    LOOK("photos get", "output=o small"),
    WRITE("photos keep", ""),
    WRITE("photos free", "all"),
    LOOK("verify", ""),
    {"export", CALL_READS, CALL_NO_SECRET, 0, 0, true,
     "format= bom kind= mine"},

    {"passphrase set", CALL_WRITES, CALL_BY_PASSPHRASE_FD, 0, 0, false, ""},
    {"unlock", CALL_WRITES, CALL_BY_PASSPHRASE_FD, 0, 0, false, "for="},
    WRITE("lock", ""),
    RECORD("pin set", "as="),
    RECORD("pin change", "as="),
    RECORD("pin remove", "as= forgotten"),
    LOOK("pin list", ""),
    RECORD("pin unlock", "as= for="),
    WRITE("pin lock", "as="),

    LOOK("sticks", ""),
    {"bundle write", CALL_WRITES, CALL_NO_SECRET, 'o', 0, false,
     "seal photos= rescue"},
    {"bundle read", CALL_WRITES, CALL_NO_SECRET, 'i', 0, false, ""},
    {"handover write", CALL_WRITES, CALL_BY_PIN_FD, 'o', 0, false,
     "to= key=+ code"},
    {"handover accept", CALL_WRITES, CALL_BY_PASSPHRASE_FD, 'i', 0, false,
     "code answer=o again"},
    {"handover finish", CALL_WRITES, CALL_NO_SECRET, 'i', 0, false, ""},
    LOOK("handover status", ""),
    LOOK("handover key", ""),

    WRITE("settings", ""),

    LOOK("help", ""),
    LOOK("version", ""),
};
/* clang-format on */

const size_t call_row_count = sizeof call_rows / sizeof *call_rows;

static const struct call_row *row_named(const char *run)
{
    for (size_t i = 0; i < call_row_count; i++)
        if (strcmp(call_rows[i].run, run) == 0)
            return &call_rows[i];
    return NULL;
}

/* The type of a flag in its row: 0 for one without a value, or its letter.
 * False: it is not there. */
static bool flag_type(char *type, const struct call_row *row, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = row->flags; *at;) {
        size_t width = strcspn(at, " "), name_len = strcspn(at, " =");
        if (name_len == len && memcmp(at, name, len) == 0) {
            *type = name_len == width       ? '\0'
                    : width == name_len + 1 ? '='
                                            : at[width - 1];
            return true;
        }
        at += width + strspn(at + width, " ");
    }
    return false;
}

/* ---- files ---- */

/* "-", "-:near", "-:near,forwarded" */
static bool is_photo(const char *text)
{
    if (text[0] != '-')
        return false;
    return text[1] == '\0' ||
           (text[1] == ':' && text[2] != '\0' && !strpbrk(text + 2, "/\\:"));
}

/* "stick:NAME/FILE": neither part leads elsewhere, or is hidden. */
static bool is_on_stick(const char *text)
{
    const char *name = text + strlen("stick:");

    if (strncmp(text, "stick:", strlen("stick:")) != 0)
        return false;
    const char *slash = strchr(name, '/');
    return slash && slash > name && slash[1] && slash[1] != '.' &&
           !strchr(slash + 1, '/') && strlen(slash + 1) <= 200;
}

/* *text becomes what the command is to be told. */
static enum xg_status take_file(struct call *call, char type, const char **given,
                                struct xg_error *err)
{
    const char *text = *given;
    bool body = type == 'p' ? is_photo(text) : strcmp(text, "-") == 0;

    if (!body && (type == 'p' || !is_on_stick(text)))
        return xg_fail(err, XG_USAGE,
                       XG_T("页面不能指定文件路径“%s”",
                            "the page cannot name a file: \"%s\""),
                       text);
    if (body && type == 'o') {
        call->bytes = true;
    } else if (body && call->input) {
        return xg_fail(err, XG_USAGE,
                       XG_T("一次只能带一个文件", "one file at a time"));
    } else if (body) {
        call->input = true;
        call->whole = type == 'i';
        if (call->whole)
            *given = "/dev/stdin";
    }
    return XG_OK;
}

/* ---- judging ---- */

static enum xg_status malformed(const char *what, struct xg_error *err)
{
    return xg_fail(err, XG_USAGE,
                   XG_T("页面的请求格式有误：%s",
                        "the page's request is malformed: %s"),
                   what);
}

static char *copy_text(struct xg_arena *arena, const json_t *text)
{
    return xg_arena_str(arena, json_string_value(text),
                        json_string_length(text));
}

static enum xg_status take_words(struct call *call, const json_t *words,
                                 struct xg_arena *arena, struct xg_error *err)
{
    size_t n = json_array_size(words);

    if (words && !json_is_array(words))
        return malformed("words", err);
    if (n > CALL_WORDS_MAX)
        return malformed("words", err);
    call->words = xg_arena_array(arena, n + 1, sizeof *call->words);
    if (!call->words)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *word = json_array_get(words, i);
        const char *copy = json_is_string(word) ? copy_text(arena, word) : NULL;
        if (!json_is_string(word))
            return malformed("words", err);
        if (!copy)
            return xg_fail_nomem(err);
        const struct call_row *row = call->row;
        bool file = row->file && (i == row->file_word ||
                                  (row->file == 'p' && i > row->file_word));
        if (file && take_file(call, row->file, &copy, err) != XG_OK)
            return err->status;
        call->words[call->word_count++] = copy;
    }
    return XG_OK;
}

static enum xg_status put_flag(struct call *call, const char *name, char type,
                               const json_t *value, struct xg_arena *arena,
                               struct xg_error *err)
{
    const char *text = NULL;

    if (call->flag_count == CALL_FLAGS_MAX)
        return malformed("flags", err);
    if (type) {
        if (!json_is_string(value))
            return malformed(name, err);
        text = copy_text(arena, value);
        if (!text)
            return xg_fail_nomem(err);
    } else if (!json_is_true(value)) {
        return malformed(name, err);
    }
    if (type && strchr("piso", type) && take_file(call, type, &text, err))
        return err->status;
    char *own = xg_arena_str(arena, name, strlen(name));
    if (!own)
        return xg_fail_nomem(err);
    call->flags[call->flag_count++] = (struct call_flag){own, text, type};
    return XG_OK;
}

static enum xg_status take_flags(struct call *call, json_t *flags,
                                 struct xg_arena *arena, struct xg_error *err)
{
    const char *name;
    json_t *value;

    if (flags && !json_is_object(flags))
        return malformed("flags", err);
    call->flags = xg_arena_array(arena, CALL_FLAGS_MAX, sizeof *call->flags);
    if (!call->flags)
        return xg_fail_nomem(err);
    json_object_foreach(flags, name, value) {
        char type;
        if (!flag_type(&type, call->row, name))
            return xg_fail(err, XG_USAGE,
                           XG_T("%s：页面不能用选项“%s”",
                                "%s: the page cannot use the option \"%s\""),
                           call->row->run, name);
        if (type == '#') /* we know better */
            continue;
        bool many = (type == '+' || type == 'p') && json_is_array(value);
        size_t n = many ? json_array_size(value) : 1;
        for (size_t i = 0; i < n; i++)
            if (put_flag(call, name, type,
                         many ? json_array_get(value, i) : value, arena, err))
                return err->status;
    }
    return XG_OK;
}

static enum xg_status take_lang(struct call *call, const json_t *lang,
                                struct xg_error *err)
{
    const char *text = json_string_value(lang);

    if (!lang)
        return XG_OK;
    if (text && strcmp(text, "zh") == 0)
        call->lang = "zh";
    else if (text && strcmp(text, "en") == 0)
        call->lang = "en";
    else
        return malformed("lang", err);
    xg_lang_thread(text[0] == 'z' ? XG_LANG_ZH : XG_LANG_EN);
    return XG_OK;
}

/* Copied, and wiped where it was read from. */
static enum xg_status take_secret(struct call *call, json_t *secret,
                                  struct xg_arena *arena, struct xg_error *err)
{
    size_t n = json_string_length(secret);

    if (!secret)
        return XG_OK;
    if (!json_is_string(secret) || n > CALL_SECRET_MAX)
        return malformed("secret", err);
    if (call->row->secret == CALL_NO_SECRET)
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 不需要口令或 PIN",
                            "%s takes no passphrase and no PIN"),
                       call->row->run);
    call->secret = copy_text(arena, secret);
    sodium_memzero((void *)(uintptr_t)json_string_value(secret), n);
    if (!call->secret)
        return xg_fail_nomem(err);
    call->secret_bytes = n;
    return XG_OK;
}

/* A code is read from standard input, never a word that others can see. */
static enum xg_status judge_input(struct call *call, struct xg_error *err)
{
    if (call->row->secret != CALL_BY_INPUT)
        return XG_OK;
    if (call->word_count > 0 || (call->secret && call->input))
        return malformed("words", err);
    if (call->secret)
        call->words[call->word_count++] = "-";
    return XG_OK;
}

static bool is_key(const char *name)
{
    static const char *const keys[] = {"run", "words", "flags", "lang",
                                       "secret"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i], name) == 0)
            return true;
    return false;
}

static enum xg_status judge(struct call *call, json_t *given,
                            struct xg_arena *arena, struct xg_error *err)
{
    const char *run = json_string_value(json_object_get(given, "run"));
    const char *name;
    json_t *value;

    if (take_lang(call, json_object_get(given, "lang"), err) != XG_OK)
        return err->status;
    json_object_foreach(given, name, value)
        if (!is_key(name))
            return malformed(name, err);
    if (!run)
        return malformed("run", err);
    call->row = row_named(run);
    if (!call->row)
        return xg_fail(err, XG_USAGE,
                       XG_T("页面不能做“%s”；请用命令行",
                            "the page cannot do \"%s\"; use the command line"),
                       run);
    if (take_words(call, json_object_get(given, "words"), arena, err) ||
        take_flags(call, json_object_get(given, "flags"), arena, err) ||
        take_secret(call, json_object_get(given, "secret"), arena, err))
        return err->status;
    call->bytes |= call->row->plain;
    return judge_input(call, err);
}

enum xg_status call_parse(struct call *out, struct xg_bytes text,
                          struct xg_arena *arena, struct xg_error *err)
{
    struct call call = {.row = NULL};
    json_error_t where;

    if (text.len > CALL_BYTES_MAX)
        return malformed(XG_T("太长", "too long"), err);
    json_t *given = json_loadb((const char *)text.at, text.len,
                               JSON_REJECT_DUPLICATES, &where);
    enum xg_status status = json_is_object(given)
                                ? judge(&call, given, arena, err)
                                : malformed("JSON", err);
    json_decref(given);
    if (status == XG_OK)
        *out = call;
    else
        call_wipe(&call);
    return status;
}

void call_wipe(struct call *call)
{
    if (call->secret)
        sodium_memzero(call->secret, call->secret_bytes);
    call->secret = NULL;
    call->secret_bytes = 0;
}

/* ---- files of a stick ---- */

static const char **stick_at(const struct call *call, size_t n, bool *written)
{
    for (size_t i = 0; i < call->flag_count; i++) {
        struct call_flag *f = &call->flags[i];
        if (f->type && strchr("iso", f->type) && is_on_stick(f->value) &&
            n-- == 0) {
            *written = f->type == 'o';
            return &f->value;
        }
    }
    const struct call_row *row = call->row;
    if (row->file && row->file != 'p' && row->file_word < call->word_count &&
        is_on_stick(call->words[row->file_word]) && n == 0) {
        *written = row->file == 'o';
        return &call->words[row->file_word];
    }
    return NULL;
}

const char **call_stick(const struct call *call, size_t n, const char **stick,
                        const char **file, bool *written,
                        struct xg_arena *arena)
{
    const char **at = stick_at(call, n, written);

    if (!at)
        return NULL;
    const char *name = *at + strlen("stick:");
    size_t len = strcspn(name, "/");
    *stick = xg_arena_str(arena, name, len);
    *file = name + len + 1;
    return at;
}

/* ---- to arguments ---- */

/* With which the command is told where its secret is. */
static const char *secret_argument(const struct call *call)
{
    if (!call->secret)
        return NULL;
    switch (call->row->secret) {
    case CALL_BY_PASSPHRASE_FD:
        return "--passphrase-fd=3";
    case CALL_BY_PIN_FD:
        return "--pin-fd=3";
    case CALL_NO_SECRET:
    case CALL_BY_INPUT:
        break;
    }
    return NULL;
}

char **call_arguments(const struct call *call, const char *home,
                      uint64_t input_bytes, struct xg_arena *arena)
{
    size_t room = call->word_count + call->flag_count + 12, n = 0;
    char **list = xg_arena_array(arena, room, sizeof *list);
    const char *run = call->row->run, *secret = secret_argument(call);
    size_t first = strcspn(run, " ");
    char type;

    if (!list)
        return NULL;
    list[n++] = xg_arena_format(arena, "xunge");
    list[n++] = xg_arena_str(arena, run, first);
    if (run[first])
        list[n++] = xg_arena_format(arena, "%s", run + first + 1);
    if (!call->row->plain)
        list[n++] = xg_arena_format(arena, "--json");
    list[n++] = xg_arena_format(arena, "--home=%s", home);
    if (call->lang)
        list[n++] = xg_arena_format(arena, "--lang=%s", call->lang);
    if (secret)
        list[n++] = xg_arena_format(arena, "%s", secret);
    for (size_t i = 0; i < call->flag_count; i++) {
        const struct call_flag *f = &call->flags[i];
        list[n++] = f->value
                        ? xg_arena_format(arena, "--%s=%s", f->name, f->value)
                        : xg_arena_format(arena, "--%s", f->name);
    }
    if (call->input && flag_type(&type, call->row, "bytes"))
        list[n++] = xg_arena_format(arena, "--bytes=%llu",
                                    (unsigned long long)input_bytes);
    list[n++] = xg_arena_format(arena, "--");
    for (size_t i = 0; i < call->word_count; i++)
        list[n++] =
            xg_arena_str(arena, call->words[i], strlen(call->words[i]));
    for (size_t i = 0; i < n; i++)
        if (!list[i])
            return NULL;
    return list;
}
