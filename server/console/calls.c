/* calls.c - see calls.h. */
#include "server/console/calls.h"

#include <jansson.h>
#include <string.h>

#include "shared/base/lang.h"

#define OF(role) (1u << (XG_ROLE_##role))
#define CENTRE (OF(DISPATCHER) | OF(SUPERVISOR))
#define DESKS (CENTRE | OF(HANDLER) | OF(COMMUNITY) | OF(GRID_HEAD))
#define READERS (DESKS | OF(AUDITOR))
#define ADMIN OF(REGISTRAR)
#define ALL (READERS | ADMIN)

#define READ(name, roles, flags) {name, roles, CALL_READS, 0, 0, false, flags}
#define ACT(name, flags) {name, DESKS, CALL_AS, 0, 0, false, flags}
#define PLAIN(name, roles, flags) {name, roles, CALL_NOBODY, 0, 0, false, flags}
#define IMPORT(name) {name, ADMIN, CALL_NOBODY, 'i', 0, false, "edition="}

/* What the board is asked (server/cli/filter.h). */
#define FILTER                                                                 \
    "kind=+ case unit= holder= alone category= urgency=+ source=+ level= "     \
    "stage=+ status=+ light=+ open settled conflict since= until= text= number="

#define INFORMANT "contact= phone= consent= relation="

/* What is not here the page cannot do: init, key, serve, restore, another
 * registrar's key, erasing (redact), whatever is given a path, --unsigned. */
/* clang-format off */
const struct call_row call_rows[] = {
    {"describe", ALL, CALL_AS, 0, 0, false, "unless="},
    {"grids", ALL, CALL_AS, 0, 0, false, ""},
    READ("list", ALL, FILTER " by= due overdue after= limit= count points why="),
    PLAIN("counts", ALL, FILTER),
    PLAIN("overdue", ALL, FILTER " by="),
    READ("suggest", DESKS, "why="),
    PLAIN("patrols", READERS, "unit= show="),
    PLAIN("coverage", ALL, "from= to= unit="),
    PLAIN("silent", ALL, "unit="),
    PLAIN("account", READERS, ""),
    {"review", ALL, CALL_NOBODY, 'f', 0, false, "unit= format="},
    {"report", ALL, CALL_NOBODY, 'f', 0, false,
     "from= to= unit= by= key= as-of= cases= format="},
    READ("show", READERS, "why="),
    READ("history", READERS, "why="),
    {"attention", READERS | ADMIN, CALL_AS, 0, 0, false, "what="},
    {"attention settle", CENTRE, CALL_AS, 0, 0, false, "finding= why="},
    {"proof", READERS, CALL_AS, 0, 0, false, ""},
    READ("conflicts", READERS, "decided why="),
    PLAIN("duplicates", READERS, "limit="),
    {"accesses", OF(AUDITOR), CALL_AS, 0, 0, false, "by="},

    ACT("try", INFORMANT " photo=+ anyway"),
    ACT("do", "photo=+ anyway"),
    ACT("set", "photo=+"),
    ACT("note", "photo=+"),
    ACT("add", INFORMANT " photo=+"),
    ACT("resolve", "take= value= dismiss why="),
    ACT("link", "why="),
    ACT("unlink", "why="),
    ACT("withdraw", "why="),

    {"intake", DESKS, CALL_AS, 'i', 0, false,
     "map= map-name= sheet= source= dry-run columns"},
    {"photo add", DESKS, CALL_AS, 'i', 0, false, "forwarded"},
    PLAIN("photo list", READERS, "limit="),
    PLAIN("photo order", DESKS, ""),
    {"photo get", READERS, CALL_AS, 'o', 1, false, "small"},
    {"export", READERS, CALL_READS, 'o', 0, true,
     "evidence= evidence-person= evidence-unit= from= to= photos= why="},

    PLAIN("forks", CENTRE | OF(AUDITOR) | ADMIN, ""),
    {"forks settle", CENTRE, CALL_AS, 0, 0, false, "finding= why="},
    PLAIN("device quarantined", CENTRE | OF(AUDITOR) | ADMIN, ""),

    PLAIN("worker add", ADMIN, "name= role= unit="),
    PLAIN("worker list", ADMIN | OF(AUDITOR), ""),
    PLAIN("worker keys", ADMIN, ""),
    PLAIN("worker key", ADMIN, "announced none"),
    PLAIN("operator add", ADMIN, "name= role= unit="),
    PLAIN("operator list", ADMIN | OF(AUDITOR), ""),
    PLAIN("operator login", ADMIN, ""),
    PLAIN("operator lock", ADMIN, "why="),
    PLAIN("operator unlock", ADMIN, ""),
    PLAIN("operator totp", ADMIN, "remove"),
    PLAIN("code", ADMIN, "url= approve expires="),
    PLAIN("device list", ADMIN | OF(AUDITOR), ""),
    PLAIN("device approve", ADMIN, ""),
    PLAIN("device allow", ADMIN, ""),
    PLAIN("device revoke", ADMIN, ""),
    PLAIN("device admit", ADMIN, ""),
    PLAIN("registry list", ADMIN | OF(AUDITOR), ""),
    {"registry request", ADMIN, CALL_NOBODY, 'o', 0, false, ""},
    {"registry accept", ADMIN, CALL_NOBODY, 'i', 0, false, ""},
    PLAIN("registry withdraw", ADMIN, ""),

    IMPORT("territory import"),
    IMPORT("catalogue import"),
    IMPORT("calendar import"),
    IMPORT("boundaries import"),
    IMPORT("hours import"),
    IMPORT("levels import"),
    IMPORT("duty import"),
    IMPORT("posts import"),
    IMPORT("template import"),
    IMPORT("labels import"),
    PLAIN("maps", ALL, ""),
    {"maps add", ADMIN, CALL_NOBODY, 'i', 0, true, "name= crs= attribution="},
    PLAIN("maps remove", ADMIN, ""),
    PLAIN("reference list", ADMIN | OF(AUDITOR), ""),

    {"backup", ADMIN, CALL_NOBODY, 'n', 0, false, ""},
    PLAIN("health", ADMIN | OF(AUDITOR), ""),
    PLAIN("witness list", ADMIN | OF(AUDITOR), ""),
    {"bundle read", ADMIN, CALL_NOBODY, 'i', 0, true, ""},
    {"bundle write", ADMIN | OF(AUDITOR), CALL_NOBODY, 'o', 0, true,
     "for= audit photos since= seal"},
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

/* How a flag of the row is given: 0 without a value, '=', '+'. False: it is not
 * there. */
static bool flag_type(char *type, const struct call_row *row, const char *name)
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

/* The word that stands for the body of the request, or of the answer. */
static enum xg_status take_file(struct call *call, const char *word,
                                struct xg_error *err)
{
    if (strcmp(word, "-") != 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("页面不能指定文件路径“%s”",
                            "the page cannot name a file: \"%s\""),
                       word);
    call->input = call->row->file == 'i';
    call->bytes = call->row->file == 'o';
    return XG_OK;
}

static enum xg_status take_words(struct call *call, const json_t *words,
                                 struct xg_arena *arena, struct xg_error *err)
{
    const struct call_row *row = call->row;
    size_t n = json_array_size(words);

    if ((words && !json_is_array(words)) || n > CALL_WORDS_MAX ||
        (row->file == 'n' && n > 0))
        return malformed("words", err);
    call->words = xg_arena_array(arena, n + 1, sizeof *call->words);
    if (!call->words)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *word = json_array_get(words, i);
        if (!json_is_string(word))
            return malformed("words", err);
        const char *copy = copy_text(arena, word);
        if (!copy)
            return xg_fail_nomem(err);
        if ((row->file == 'i' || row->file == 'o') && i == row->file_word &&
            take_file(call, copy, err) != XG_OK)
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
    if (type ? !json_is_string(value) : !json_is_true(value))
        return malformed(name, err);
    if (type)
        text = copy_text(arena, value);
    char *own = xg_arena_str(arena, name, strlen(name));
    if (!own || (type && !text))
        return xg_fail_nomem(err);
    call->flags[call->flag_count++] = (struct call_flag){own, text};
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
        bool many = type == '+' && json_is_array(value);
        size_t n = many ? json_array_size(value) : 1;
        for (size_t i = 0; i < n; i++)
            if (put_flag(call, name, type,
                         many ? json_array_get(value, i) : value, arena, err))
                return err->status;
    }
    return XG_OK;
}

static enum xg_status take_lang(const json_t *lang, struct xg_error *err)
{
    const char *text = json_string_value(lang);

    if (!lang)
        return XG_OK;
    if (!text || (strcmp(text, "zh") != 0 && strcmp(text, "en") != 0))
        return malformed("lang", err);
    xg_lang_thread(text[0] == 'z' ? XG_LANG_ZH : XG_LANG_EN);
    return XG_OK;
}

static bool is_key(const char *name)
{
    static const char *const keys[] = {"run", "words", "flags", "lang"};

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i], name) == 0)
            return true;
    return false;
}

static bool has_flag(const struct call *call, const char *name)
{
    for (size_t i = 0; i < call->flag_count; i++)
        if (strcmp(call->flags[i].name, name) == 0)
            return true;
    return false;
}

static bool is_sheet(const struct call *call)
{
    for (size_t i = 0; i < call->flag_count; i++)
        if (strcmp(call->flags[i].name, "format") == 0)
            return strcmp(call->flags[i].value, "csv") == 0 ||
                   strcmp(call->flags[i].value, "xlsx") == 0;
    return false;
}

static enum xg_status not_for(const struct xg_role *role, const char *what,
                              struct xg_error *err)
{
    return xg_fail(err, XG_REFUSED,
                   XG_T("%s不能做“%s”", "a %s cannot do \"%s\""),
                   xg_label(role->zh, role->en), what);
}

/* Whole records leave with a bundle. All of the log is for an auditor; to a
 * device they go sealed, so that who carries them reads nothing. */
static enum xg_status judge_bundle(const struct call *call,
                                   const struct xg_role *role,
                                   struct xg_error *err)
{
    bool audits = role->number == XG_ROLE_AUDITOR;

    if (strcmp(call->row->run, "bundle write") != 0)
        return XG_OK;
    if (has_flag(call, "audit") != audits)
        return not_for(role, audits ? "bundle write --for"
                                    : "bundle write --audit",
                       err);
    return audits || has_flag(call, "seal")
               ? XG_OK
               : xg_fail(err, XG_REFUSED, "%s",
                         XG_T("从页面给设备写数据包要加密：加 seal",
                              "a bundle for a device is sealed where the page "
                              "takes it: add seal"));
}

static enum xg_status judge(struct call *call, json_t *given,
                            const struct xg_role *role, struct xg_arena *arena,
                            struct xg_error *err)
{
    const char *run = json_string_value(json_object_get(given, "run"));
    const char *name;
    json_t *value;

    if (take_lang(json_object_get(given, "lang"), err) != XG_OK)
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
    if (!(call->row->roles & 1u << role->number))
        return not_for(role, run, err);
    if (take_words(call, json_object_get(given, "words"), arena, err) ||
        take_flags(call, json_object_get(given, "flags"), arena, err))
        return err->status;
    if (call->row->file == 'f')
        call->bytes = is_sheet(call);
    if (judge_bundle(call, role, err) != XG_OK)
        return err->status;
    /* She sees lists, and nobody's name in them. */
    if (role->number == XG_ROLE_REGISTRAR && call->row->as == CALL_READS &&
        has_flag(call, "why"))
        return not_for(role, XG_T("查阅个人信息", "reading personal fields"),
                       err);
    return XG_OK;
}

enum xg_status call_parse(struct call *out, struct xg_bytes text,
                          const struct xg_role *role, struct xg_arena *arena,
                          struct xg_error *err)
{
    struct call call = {.row = NULL};

    if (text.len > CALL_BYTES_MAX)
        return malformed(XG_T("太长", "too long"), err);
    json_t *given = json_loadb((const char *)text.at, text.len,
                               JSON_REJECT_DUPLICATES, NULL);
    enum xg_status status = json_is_object(given)
                                ? judge(&call, given, role, arena, err)
                                : malformed("JSON", err);
    json_decref(given);
    if (status == XG_OK)
        *out = call;
    return status;
}

/* ---- arguments ---- */

static bool put_words(const char **out, int *count, const char *run,
                      struct xg_arena *arena)
{
    for (const char *at = run; *at;) {
        size_t len = strcspn(at, " ");
        out[*count] = xg_arena_str(arena, at, len);
        if (!out[(*count)++])
            return false;
        at += len + (at[len] == ' ');
    }
    return true;
}

static bool put_option(const char **out, int *count, const char *name,
                       const char *value, struct xg_arena *arena)
{
    out[*count] = value ? xg_arena_format(arena, "--%s=%s", name, value)
                        : xg_arena_format(arena, "--%s", name);
    return out[(*count)++] != NULL;
}

const char **call_arguments(const struct call *call, int *count,
                            const char *dir, const char *code,
                            struct xg_arena *arena)
{
    enum { BESIDE = 8 }; /* two words, --as, --json, --, DIR, NULL */
    const char **out = xg_arena_array(
        arena, call->word_count + call->flag_count + BESIDE, sizeof *out);
    int n = 0;

    if (!out || !put_words(out, &n, call->row->run, arena))
        return NULL;
    for (size_t i = 0; i < call->flag_count; i++)
        if (!put_option(out, &n, call->flags[i].name, call->flags[i].value,
                        arena))
            return NULL;
    if (call->row->as != CALL_NOBODY && !put_option(out, &n, "as", code, arena))
        return NULL;
    if (!put_option(out, &n, "json", NULL, arena))
        return NULL;
    out[n++] = "--";
    out[n++] = dir;
    for (size_t i = 0; i < call->word_count; i++)
        out[n++] = call->words[i];
    out[n] = NULL;
    *count = n;
    return out;
}
