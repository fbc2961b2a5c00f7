/* access.c - who is shown personal fields: --as and --why of the commands that
 * show them, and `accesses`. */
#include "server/sight/access.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "server/cli/look.h"
#include "server/cli/print.h"
#include "shared/base/lang.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { WHY_MAX = 2000, WORDS_MAX = 1000, SHORT_ID = 6 };

/* ---- the commands that show ---- */

enum xg_status look_wants_reader(struct cmd *c, struct xg_error *err)
{
    cmd_advise(c, "wants", json_string("why"));
    return xg_fail(err, XG_USAGE, "%s",
                   XG_T("这里有个人信息，查阅要留痕：写明谁（--as 工号）、为"
                        "什么（--why 理由）",
                        "this holds personal fields, and who reads them is "
                        "recorded: say who (--as CODE) and why (--why TEXT)"));
}

enum xg_status look_reader(struct look *l, struct xg_error *err)
{
    const char *code = cmd_option(l->c, "as");
    const char *why = cmd_option(l->c, "why");

    if (!why)
        return XG_OK; /* --as alone: who looks, but at nothing personal */
    if (!code || why[strspn(why, " \t\n")] == '\0')
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("--why 理由要和 --as 工号一起写，理由不能空",
                            "--why TEXT goes with --as CODE, and the reason is "
                            "not empty"));
    if (strlen(why) > WHY_MAX)
        return xg_fail(err, XG_USAGE,
                       XG_T("理由太长（最多 %d 字节）",
                            "the reason is too long (%d bytes at most)"),
                       WHY_MAX);
    if (access_reader(&l->reader, l->c->data, code, err) != XG_OK)
        return err->status;
    l->has_reader = true;
    return XG_OK;
}

bool look_shows(struct look *l, const struct xg_id *id, bool sensitive)
{
    struct xg_error ignored = XG_ERROR_NONE;

    return !sensitive ||
           (l->has_reader && access_add(&l->shown, id, &ignored) == XG_OK);
}

enum xg_status look_must_show(struct look *l, const struct fold *fold,
                              struct xg_error *err)
{
    bool sensitive = access_is_sensitive_fold(fold);

    if (sensitive && !l->has_reader)
        return look_wants_reader(l->c, err);
    return look_shows(l, &fold->state.id, sensitive) ? XG_OK
                                                     : xg_fail_nomem(err);
}

static bool says_who(const char *option)
{
    return strcmp(option, "as") == 0 || strcmp(option, "why") == 0 ||
           strcmp(option, "password-fd") == 0 ||
           strcmp(option, "unsigned") == 0;
}

/* "list contact --unit 371302001": what was asked for, as typed, without who
 * asks and why. */
static void put_words(struct xg_buf *out, const struct cmd *c)
{
    xg_buf_text(out, c->spec->words);
    for (size_t i = 1; i < c->arg_count; i++)
        if (i != c->spec->output)
            xg_buf_format(out, " %s", c->args[i]);
    for (size_t i = 0; i < CMD_OPTIONS_MAX && c->spec->options[i].name; i++) {
        const struct cmd_option *o = &c->spec->options[i];
        if (c->values[i] && !says_who(o->name))
            xg_buf_format(out, " --%s%s%s", o->name, o->value ? " " : "",
                          o->value ? c->values[i] : "");
    }
}

/* Published when this is back. */
static enum xg_status record(struct look *l, unsigned how,
                             const uint8_t *secret, struct xg_error *err)
{
    struct xg_buf words = XG_BUF(WORDS_MAX);
    struct access_note note = {.reader = &l->reader,
                               .secret = secret,
                               .how = how,
                               .why = cmd_option(l->c, "why")};

    put_words(&words, l->c);
    enum xg_status status = xg_buf_check(&words, err);
    if (status == XG_OK) {
        note.filter = xg_buf_str(&words);
        access_settle(&l->shown);
        status = access_write(l->c->data, &note, &l->shown, err);
    }
    xg_buf_clear(&words);
    return status;
}

enum xg_status look_tell(struct look *l, unsigned how, enum xg_status status,
                         struct xg_error *err)
{
    struct xg_draft signing = {.author_secret = NULL};
    uint8_t secret[64] = {0};
    bool any = l->shown.count > 0;

    look_give_back(l); /* reading ends before writing begins */
    if (status == XG_OK && any)
        status = cmd_sign(l->c, &signing, secret, l->reader.code, err);
    if (status == XG_OK && any)
        status = record(l, how, signing.author_secret, err);
    if (status != XG_OK && any) {
        if (l->c->out.len)
            sodium_memzero(l->c->out.data, l->c->out.len);
        xg_buf_reset(&l->c->out);
    }
    sodium_memzero(secret, sizeof secret);
    return status;
}

/* ---- `accesses` ---- */

struct listing {
    struct look l;
    const char *by;
    const struct xg_id *of; /* NULL: all */
    bool auditors;          /* what auditors read, too */
    uint64_t count;
};

static const char *way_of(const struct access *a, bool label)
{
    const struct xg_choice *way = xg_choice_find(xg_access_ways, a->how);

    if (!way)
        return "?";
    return label ? xg_text(way->zh, way->en) : way->name;
}

static enum xg_status put_json(struct cmd *c, const struct access *a,
                               struct xg_error *err)
{
    struct xg_cbor at = xg_cbor_inside(&a->what);
    json_t *what = json_array();
    struct xg_buf when = XG_BUF(64);
    struct xg_cbor_item id;
    char record[2 * XG_HASH_SIZE + 1];

    xg_hex(record, a->record.b, XG_HASH_SIZE);
    view_put_time_utc(&when, a->wall_ms);
    while (a->what.type == XG_CBOR_ARRAY && xg_cbor_next(&at, &id))
        json_array_append_new(
            what, json_stringn((const char *)id.bytes.at, id.bytes.len));
    enum xg_status status = cmd_put_json(
        c,
        json_pack(
            "{s:s, s:I, s:s, s:s, s:b, s:s, s:b, s:s, s:I, s:o, s:s%, "
            "s:s%}",
            "record", record, "entry", (json_int_t)a->position, "when",
            xg_buf_str(&when), "reader", a->reader, "by_server", a->by_server,
            "grade", a->grade == XG_GRADE_PROVEN ? "proven" : "asserted",
            "valid", a->no_right == NULL, "how", way_of(a, false), "count",
            (json_int_t)a->count, "what", what, "why",
            a->why.len ? (const char *)a->why.at : "", a->why.len, "filter",
            a->filter.len ? (const char *)a->filter.at : "", a->filter.len),
        err);
    xg_buf_clear(&when);
    return status;
}

static enum xg_status put_text(struct listing *g, const struct access *a,
                               struct xg_error *err)
{
    struct xg_cbor at = xg_cbor_inside(&a->what);
    struct xg_buf *out = &g->l.c->out;
    struct xg_cbor_item text;

    view_put_time(out, a->wall_ms - a->wall_ms % 1000);
    xg_buf_format(out, "  %s  %s  ", a->reader, way_of(a, true));
    while (a->what.type == XG_CBOR_ARRAY && xg_cbor_next(&at, &text)) {
        struct view_entity entity = {.delivery = VIEW_RECEIVED};
        struct xg_id id;
        if (!xg_unhex(id.b, XG_ID_SIZE, (const char *)text.bytes.at,
                      text.bytes.len)) {
            view_put_line(out, text.bytes); /* whose login it was */
            continue;
        }
        if (g->l.view.entity(&g->l, &entity, &id, err) != XG_OK)
            return err->status;
        if (*entity.number)
            xg_buf_text(out, entity.number);
        else
            xg_buf_hex(out, id.b, SHORT_ID);
        xg_buf_byte(out, ' ');
    }
    xg_buf_format(out,
                  XG_T("（共 %llu 件，日志第 %llu 条，%s%s）\n      ",
                       "(%llu in all, log entry %llu, %s%s)\n      "),
                  (unsigned long long)a->count, (unsigned long long)a->position,
                  xg_grade_label(a->grade),
                  a->no_right ? XG_T("，无效", ", invalid") : "");
    view_put_line(out, a->why.len ? a->why
                                  : xg_bytes_of(XG_T("（理由已抹除）",
                                                     "(reason erased)")));
    if (a->filter.len) {
        xg_buf_text(out, XG_T("；", "; "));
        view_put_line(out, a->filter);
    }
    xg_buf_byte(out, '\n');
    return XG_OK;
}

static enum xg_status list_one(void *ctx, const struct access *a,
                               struct xg_error *err)
{
    struct listing *g = ctx;

    bool of_auditors = a->by_server && a->how != XG_ACCESS_LOGIN;

    if ((of_auditors && !g->auditors) ||
        (g->by && strcmp(g->by, a->reader) != 0) ||
        (g->of && !access_names(a, g->of)))
        return XG_OK;
    g->count++;
    return g->l.c->json ? put_json(g->l.c, a, err) : put_text(g, a, err);
}

/* --as names an auditor, who proves it where they have a key. */
static enum xg_status find_auditor(struct listing *g, struct cmd *c,
                                   struct xg_error *err)
{
    struct xg_draft signing = {.author_secret = NULL};
    const char *code = cmd_option(c, "as");
    uint8_t secret[64] = {0};
    struct access_reader who;

    if (!code)
        return XG_OK;
    if (access_reader(&who, c->data, code, err) != XG_OK)
        return err->status;
    if (!who.audits)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 不是审计员；不写 --as 则列出其他人的查阅",
                            "%s is no auditor; without --as what others read "
                            "is listed"),
                       code);
    enum xg_status status = cmd_sign(c, &signing, secret, code, err);
    sodium_memzero(secret, sizeof secret);
    g->auditors = status == XG_OK;
    return status;
}

enum xg_status cmd_accesses(struct cmd *c, struct xg_error *err)
{
    struct listing g = {.by = cmd_option(c, "by")};
    struct xg_id of;

    if (find_auditor(&g, c, err) != XG_OK)
        return err->status;
    enum xg_status status = look_open(&g.l, c, err);
    if (status == XG_OK && c->arg_count > 1) {
        status = look_find_id(&g.l, &of, c->args[1], err);
        g.of = &of;
    }
    if (status == XG_OK)
        status = access_each(c->data, g.l.store, list_one, &g, err);
    if (status == XG_OK && g.count == 0 && !c->json)
        xg_buf_text(&c->out, XG_T("没有查阅记录\n", "nobody read any\n"));
    look_close(&g.l);
    return status;
}
