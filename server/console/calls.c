/* calls.c - see calls.h. */
#include "server/console/calls.h"

#include <string.h>

#include "shared/base/lang.h"

#define OF(role) (1u << (XG_ROLE_##role))
#define CENTRE (OF(DISPATCHER) | OF(SUPERVISOR))
#define DESKS (CENTRE | OF(HANDLER) | OF(COMMUNITY) | OF(GRID_HEAD))
#define READERS (DESKS | OF(AUDITOR))
#define ADMIN OF(REGISTRAR)
#define ALL (READERS | ADMIN)

#define READ(name, roles, flags) {{name, 0, 0, flags}, roles, CALL_READS, false}
#define ACT(name, flags)                                                       \
    {{name, 0, 0, "act= " flags}, DESKS, CALL_AS, false}
#define PLAIN(name, roles, flags)                                              \
    {{name, 0, 0, flags}, roles, CALL_NOBODY, false}
#define IMPORT(name) {{name, 'i', 0, "edition="}, ADMIN, CALL_NOBODY, false}

/* What the board is asked (server/cli/filter.h). */
#define FILTER                                                                 \
    "kind=+ case unit= holder= alone category= urgency=+ source=+ level= "     \
    "stage=+ status=+ light=+ open settled conflict since= until= text= number="

#define INFORMANT "contact= phone= consent= relation="

/* What is not here the page cannot do: init, key, serve, restore, another
 * registrar's key, erasing (redact), whatever is given a path, --unsigned. */
/* clang-format off */
const struct call_row call_rows[] = {
    {{"describe", 0, 0, "unless="}, ALL, CALL_AS, false},
    {{"grids", 0, 0, ""}, ALL, CALL_AS, false},
    {{"list", 'f', 0,
      FILTER " by= due overdue after= limit= count points format= why="},
     ALL, CALL_READS, false},
    PLAIN("counts", ALL, FILTER),
    PLAIN("overdue", ALL, FILTER " by="),
    READ("suggest", DESKS, "why="),
    PLAIN("patrols", READERS, "unit= show="),
    PLAIN("coverage", ALL, "below from= to= unit="),
    PLAIN("silent", ALL, "unit="),
    PLAIN("account", READERS, ""),
    {{"review", 'f', 0, "unit= format="}, ALL, CALL_NOBODY, false},
    {{"report", 'f', 0, "from= to= unit= by= key= as-of= cases= limit= after= "
     "format="}, ALL, CALL_NOBODY, false},
    READ("show", READERS, "why="),
    READ("history", READERS, "why="),
    {{"attention", 0, 0, "what="}, READERS | ADMIN, CALL_AS, false},
    {{"attention settle", 0, 0, "finding= why="}, CENTRE, CALL_AS, false},
    {{"proof", 0, 0, ""}, READERS, CALL_AS, false},
    READ("conflicts", READERS, "decided why="),
    PLAIN("duplicates", READERS, "limit="),
    {{"accesses", 0, 0, "by="}, OF(AUDITOR), CALL_AS, false},

    {{"try", 0, 0, INFORMANT " photo=+ anyway"}, DESKS, CALL_AS, false},
    ACT("do", "photo=+ anyway"),
    ACT("set", "seen= photo=+"),
    ACT("note", "photo=+"),
    ACT("add", INFORMANT " photo=+"),
    ACT("resolve", "take= value= dismiss why="),
    ACT("link", "why="),
    ACT("unlink", "why="),
    ACT("withdraw", "why="),

    {{"intake", 'i', 0, "map= map-name= sheet= source= dry-run columns"}, DESKS, CALL_AS, false},
    {{"photo add", 'i', 0, "forwarded"}, DESKS, CALL_AS, false},
    PLAIN("photo list", READERS, "limit="),
    PLAIN("photo order", DESKS, ""),
    {{"photo get", 'o', 1, "small"}, READERS, CALL_AS, false},
    {{"export", 'o', 0, "evidence= evidence-person= evidence-unit= from= to= photos= why="}, READERS, CALL_READS, true},

    PLAIN("forks", CENTRE | OF(AUDITOR) | ADMIN, ""),
    {{"forks settle", 0, 0, "finding= why="}, CENTRE, CALL_AS, false},
    PLAIN("device quarantined", CENTRE | OF(AUDITOR) | ADMIN, ""),

    PLAIN("worker add", ADMIN, "name= role= unit="),
    PLAIN("worker list", ADMIN | OF(AUDITOR), ""),
    PLAIN("worker keys", ADMIN, ""),
    PLAIN("worker key", ADMIN, "announced none"),
    PLAIN("operator add", ADMIN, "name= role= unit="),
    PLAIN("operator list", ADMIN | OF(AUDITOR), ""),
    {{"operator login", 0, 0, "why="}, ADMIN, CALL_AS, false},
    {{"operator consent", 0, 0, "refuse"}, ADMIN | OF(SUPERVISOR), CALL_AS, false},
    PLAIN("operator lock", ADMIN, "why="),
    PLAIN("operator unlock", ADMIN, ""),
    {{"operator totp", 0, 0, "remove why="}, ADMIN, CALL_AS, false},
    PLAIN("code", ADMIN, "url= approve expires="),
    PLAIN("device list", ADMIN | OF(AUDITOR), ""),
    PLAIN("device approve", ADMIN, ""),
    PLAIN("device allow", ADMIN, ""),
    PLAIN("device revoke", ADMIN, ""),
    PLAIN("device admit", ADMIN, ""),
    PLAIN("registry list", ADMIN | OF(AUDITOR), ""),
    {{"registry request", 'o', 0, ""}, ADMIN, CALL_NOBODY, false},
    {{"registry accept", 'i', 0, ""}, ADMIN, CALL_NOBODY, false},
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
    {{"maps add", 'i', 0, "name= crs= attribution="}, ADMIN, CALL_NOBODY, true},
    PLAIN("maps remove", ADMIN, ""),
    PLAIN("reference list", ADMIN | OF(AUDITOR), ""),

    {{"backup", 'n', 0, ""}, ADMIN, CALL_NOBODY, false},
    PLAIN("health", ADMIN | OF(AUDITOR), ""),
    PLAIN("witness list", ADMIN | OF(AUDITOR), ""),
    {{"bundle read", 'i', 0, ""}, ADMIN, CALL_NOBODY, true},
    {{"bundle write", 'o', 0, "for= audit photos since= seal"}, ADMIN | OF(AUDITOR), CALL_NOBODY, true},
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

/* ---- judging ---- */

/* The word that stands for the body of the request, or of the answer. */
static enum xg_status take_file(struct xg_call *call, char type,
                                const char **text, struct xg_error *err)
{
    if ((type == 'i' || type == 'o') && strcmp(*text, "-") != 0)
        return xg_fail(err, XG_USAGE,
                       XG_T("页面不能指定文件路径“%s”",
                            "the page cannot name a file: \"%s\""),
                       *text);
    call->input |= type == 'i';
    call->bytes |= type == 'o';
    return type == 'n' ? xg_call_malformed("words", err) : XG_OK;
}

static bool is_sheet(const struct xg_call *call)
{
    const struct xg_call_flag *format = xg_call_flag_of(call, "format");

    return format && (strcmp(format->value, "csv") == 0 ||
                      strcmp(format->value, "xlsx") == 0);
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
static enum xg_status judge_bundle(const struct xg_call *call,
                                   const struct xg_role *role,
                                   struct xg_error *err)
{
    bool audits = role->number == XG_ROLE_AUDITOR;

    if (strcmp(call->row->run, "bundle write") != 0)
        return XG_OK;
    if ((xg_call_flag_of(call, "audit") != NULL) != audits)
        return not_for(role, audits ? "bundle write --for"
                                    : "bundle write --audit",
                       err);
    return audits || xg_call_flag_of(call, "seal")
               ? XG_OK
               : xg_fail(err, XG_REFUSED, "%s",
                         XG_T("从页面给设备写数据包要加密：加 seal",
                              "a bundle for a device is sealed where the page "
                              "takes it: add seal"));
}

static enum xg_status admit(const void *ctx, const struct xg_call_row *row,
                            struct xg_error *err)
{
    const struct xg_role *role = ctx;
    unsigned roles = ((const struct call_row *)row)->roles;

    return roles & 1u << role->number ? XG_OK : not_for(role, row->run, err);
}

static enum xg_status judge(const void *ctx, struct xg_call *call,
                            struct xg_error *err)
{
    const struct xg_role *role = ctx;

    if (call->row->file == 'f')
        call->bytes = is_sheet(call);
    if (judge_bundle(call, role, err) != XG_OK)
        return err->status;
    /* She sees lists, and nobody's name in them. */
    if (role->number == XG_ROLE_REGISTRAR &&
        call_row_of(call)->as == CALL_READS && xg_call_flag_of(call, "why"))
        return not_for(role, XG_T("查阅个人信息", "reading personal fields"),
                       err);
    return XG_OK;
}

enum xg_status call_parse(struct xg_call *out, struct xg_bytes text,
                          const struct xg_role *role, struct xg_arena *arena,
                          struct xg_error *err)
{
    static const struct xg_call_table table = {.bytes_max = CALL_BYTES_MAX,
                                               .words_max = CALL_WORDS_MAX,
                                               .find = row_named,
                                               .admit = admit,
                                               .take_file = take_file,
                                               .judge = judge};

    return xg_call_read(out, &table, role, text, arena, err);
}

char **call_arguments(const struct xg_call *call, int *count, const char *dir,
                      const char *code, struct xg_arena *arena)
{
    enum { OURS = 4 }; /* --as, --json, --, DIR */
    struct xg_call_list list;

    xg_call_list_begin(&list, call, OURS, arena);
    xg_call_list_put_run(&list, call);
    xg_call_list_put_flags(&list, call);
    if (call_row_of(call)->as != CALL_NOBODY)
        xg_call_list_put(&list, xg_arena_format(arena, "--as=%s", code));
    xg_call_list_put(&list, xg_arena_format(arena, "--json"));
    xg_call_list_put(&list, xg_arena_format(arena, "--"));
    xg_call_list_put(&list, xg_arena_str(arena, dir, strlen(dir)));
    xg_call_list_put_words(&list, call);
    *count = (int)list.count;
    return xg_call_list_end(&list);
}
