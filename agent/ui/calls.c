/* calls.c - see calls.h. */
#include "agent/ui/calls.h"

#include <string.h>

#include "shared/base/lang.h"

#define PHOTOS "photo=p bytes=# forwarded"
#define CAPTURE PHOTOS " draft as="
#define INFORMANT " contact= phone= consent= relation="
#define SELECT                                                                 \
    "kind=+ case category= urgency= since= until= state= open settled "        \
    "status= holder= due overdue mine all limit= after= count points"
#define RECORD(name, flags)                                                    \
    {{name, 0, 0, flags}, CALL_WRITES, CALL_BY_PIN_FD, false}
#define LOOK(name, flags) {{name, 0, 0, flags}, CALL_READS, CALL_NO_SECRET, false}
#define WRITE(name, flags)                                                     \
    {{name, 0, 0, flags}, CALL_WRITES, CALL_NO_SECRET, false}

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

    {{"enrol", 0, 0, "request=o accept=i seal allow-plain max-time="}, CALL_WRITES, CALL_BY_INPUT, false},
    LOOK("status", "as="),

    LOOK("draft list", ""),
    RECORD("draft write", PHOTOS INFORMANT
           " about= move= incident=+ drop=+ key= version= as="),
    RECORD("draft finish", PHOTOS INFORMANT " incident=+ anyway version= as="),
    WRITE("draft discard", ""),

    RECORD("set", "why= as="),
    RECORD("note", "as="),
    {{"photo", 'p', 1, "role= bytes=# forwarded as="}, CALL_WRITES, CALL_BY_PIN_FD, false},
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
    {{"patrol import", 'i', 0, "as="}, CALL_WRITES, CALL_BY_PIN_FD, false},
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
    {{"maps add", 's', 0, "name= crs= attribution="}, CALL_WRITES, CALL_NO_SECRET, false},
    WRITE("maps remove", ""),

    LOOK("conflicts", "decided"),
    RECORD("resolve", "take= value= dismiss why= as="),
    LOOK("forks", ""),

    {{"sync", 0, 0, "max-time= within= budget= photos= metered unmetered remember"}, CALL_SYNCS, CALL_NO_SECRET, false},
    LOOK("photos", "here waiting"),
    LOOK("photos list", "here waiting"),
    LOOK("photos get", "output=o small"),
    WRITE("photos keep", ""),
    WRITE("photos free", "all"),
    LOOK("verify", ""),
    {{"export", 0, 0, "format= bom kind= mine"}, CALL_READS, CALL_NO_SECRET, true},

    {{"passphrase set", 0, 0, ""}, CALL_WRITES, CALL_BY_PASSPHRASE_FD, false},
    {{"unlock", 0, 0, "for="}, CALL_WRITES, CALL_BY_PASSPHRASE_FD, false},
    WRITE("lock", ""),
    RECORD("pin set", "as="),
    RECORD("pin change", "as="),
    RECORD("pin remove", "as= forgotten"),
    LOOK("pin list", ""),
    RECORD("pin unlock", "as= for="),
    WRITE("pin lock", "as="),

    LOOK("sticks", ""),
    {{"bundle write", 'o', 0, "seal photos= rescue"}, CALL_WRITES, CALL_NO_SECRET, false},
    {{"bundle read", 'i', 0, ""}, CALL_WRITES, CALL_NO_SECRET, false},
    {{"handover write", 'o', 0, "to= key=+ code"}, CALL_WRITES, CALL_BY_PIN_FD, false},
    {{"handover accept", 'i', 0, "code answer=o again"}, CALL_WRITES, CALL_BY_PASSPHRASE_FD, false},
    {{"handover finish", 'i', 0, ""}, CALL_WRITES, CALL_NO_SECRET, false},
    LOOK("handover status", ""),
    LOOK("handover key", ""),

    WRITE("settings", ""),

    LOOK("help", ""),
    LOOK("version", ""),
};
/* clang-format on */

const size_t call_row_count = sizeof call_rows / sizeof *call_rows;

static const struct xg_call_row *row_named(const char *run)
{
    for (size_t i = 0; i < call_row_count; i++)
        if (strcmp(call_rows[i].call.run, run) == 0)
            return &call_rows[i].call;
    return NULL;
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
static enum xg_status take_file(struct xg_call *call, char type, const char **given,
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

/* A code is read from standard input, never a word that others can see. */
static enum xg_status judge_input(struct xg_call *call, struct xg_error *err)
{
    if (call_row_of(call)->secret != CALL_BY_INPUT)
        return XG_OK;
    if (call->word_count > 0 || (call->secret && call->input))
        return xg_call_malformed("words", err);
    if (call->secret)
        call->words[call->word_count++] = "-";
    return XG_OK;
}

static enum xg_status judge(const void *ctx, struct xg_call *call,
                            struct xg_error *err)
{
    (void)ctx;
    if (call->secret && call_row_of(call)->secret == CALL_NO_SECRET)
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 不需要口令或 PIN",
                            "%s takes no passphrase and no PIN"),
                       call->row->run);
    call->bytes |= call_row_of(call)->plain;
    return judge_input(call, err);
}

enum xg_status call_parse(struct xg_call *out, struct xg_bytes text,
                          struct xg_arena *arena, struct xg_error *err)
{
    static const struct xg_call_table table = {.bytes_max = CALL_BYTES_MAX,
                                               .words_max = CALL_WORDS_MAX,
                                               .secrets = true,
                                               .find = row_named,
                                               .take_file = take_file,
                                               .judge = judge};

    return xg_call_read(out, &table, NULL, text, arena, err);
}

/* ---- files of a stick ---- */

static const char **stick_at(const struct xg_call *call, size_t n, bool *written)
{
    for (size_t i = 0; i < call->flag_count; i++) {
        struct xg_call_flag *f = &call->flags[i];
        if (f->type && strchr("iso", f->type) && is_on_stick(f->value) &&
            n-- == 0) {
            *written = f->type == 'o';
            return &f->value;
        }
    }
    const struct xg_call_row *row = call->row;
    if (row->file && row->file != 'p' && row->file_word < call->word_count &&
        is_on_stick(call->words[row->file_word]) && n == 0) {
        *written = row->file == 'o';
        return &call->words[row->file_word];
    }
    return NULL;
}

const char **call_stick(const struct xg_call *call, size_t n, const char **stick,
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
static const char *secret_argument(const struct xg_call *call)
{
    if (!call->secret)
        return NULL;
    switch (call_row_of(call)->secret) {
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

char **call_arguments(const struct xg_call *call, const char *home,
                      uint64_t input_bytes, struct xg_arena *arena)
{
    enum { OURS = 7 }; /* xunge, --json, --home, --lang, secret, --bytes, -- */
    const char *secret = secret_argument(call);
    struct xg_call_list list;
    char type;

    xg_call_list_begin(&list, call, OURS, arena);
    xg_call_list_put(&list, xg_arena_format(arena, "xunge"));
    xg_call_list_put_run(&list, call);
    if (!call_row_of(call)->plain)
        xg_call_list_put(&list, xg_arena_format(arena, "--json"));
    xg_call_list_put(&list, xg_arena_format(arena, "--home=%s", home));
    if (call->lang)
        xg_call_list_put(&list, xg_arena_format(arena, "--lang=%s", call->lang));
    if (secret)
        xg_call_list_put(&list, xg_arena_format(arena, "%s", secret));
    xg_call_list_put_flags(&list, call);
    if (call->input && xg_call_flag_type(&type, call->row, "bytes"))
        xg_call_list_put(&list,
                         xg_arena_format(arena, "--bytes=%llu",
                                         (unsigned long long)input_bytes));
    xg_call_list_put(&list, xg_arena_format(arena, "--"));
    xg_call_list_put_words(&list, call);
    return xg_call_list_end(&list);
}
