/* help.c - help on the terminal and as JSON, and the man page, all from the
 * table of commands and the schema.
 */
#include "agent/cli/cli.h"

#include <string.h>

#include "shared/base/version.h"
#include "shared/view/text.h"

const char cli_version[] = XG_VERSION;

enum { NAME_COLUMNS = 26, FIELD_COLUMNS = 24 };

static void put(struct xg_buf *out, const char *text, unsigned columns)
{
    size_t start = out->len;

    xg_buf_text(out, text);
    if (columns > 0) {
        view_pad(out, start, columns);
        if (out->len > 0 && out->data[out->len - 1] != ' ')
            xg_buf_text(out, " ");
    }
}

/* ---- what may be typed ---- */

static void put_choices(struct xg_buf *out, const struct xg_choice *choices)
{
    for (const struct xg_choice *c = choices; c->name; c++) {
        const char *label = xg_label(c->zh, c->en);
        bool same = strcmp(label, c->name) == 0;
        xg_buf_format(out, "%s%s%s%s", c == choices ? "" : " | ", c->name,
                      same ? "" : " ", same ? "" : label);
    }
}

void cli_put_field_form(struct xg_buf *out, const struct xg_field *field)
{
    switch (field->type) {
    case XG_TYPE_TEXT:
        xg_buf_text(out, XG_T("文字", "text"));
        break;
    case XG_TYPE_CODE:
        xg_buf_text(out, XG_T("编码（A-Z a-z 0-9 . _ / -）",
                              "a code (A-Z a-z 0-9 . _ / -)"));
        break;
    case XG_TYPE_UINT:
        xg_buf_format(out, "%lld–%lld", (long long)field->min,
                      (long long)field->max);
        break;
    case XG_TYPE_BOOL:
        xg_buf_text(out, XG_T("是 | 否", "yes | no"));
        break;
    case XG_TYPE_ENUM:
        put_choices(out, field->choices);
        break;
    case XG_TYPE_TIME:
        xg_buf_text(out, "2026-05-01T08:30");
        break;
    case XG_TYPE_POSITION:
        xg_buf_text(out, XG_T("纬度,经度[,精度（米）]",
                              "lat,lon[,accuracy in metres]"));
        break;
    case XG_TYPE_ENTITY:
        xg_buf_text(out, XG_T("编号或标识", "a number or id"));
        break;
    case XG_TYPE_TEXTS:
        xg_buf_text(out, XG_T("文字；文字", "text; text"));
        break;
    case XG_TYPE_TALLY:
        xg_buf_text(out, XG_T("网格:项目:数量", "grid:item:number"));
        break;
    case XG_TYPE_BYTES:
    case XG_TYPE_HASH:
    case XG_TYPE_SOURCE:
    case XG_TYPE_NUMBERS:
    case XG_TYPE_ERASED:
    case XG_TYPE_HASHES:
    case XG_TYPE_PHOTO:
    case XG_TYPE_TRACK:
    case XG_TYPE_GAP:
        break;
    }
}

/* The i-th field that a person may set; NULL after the last. *at starts 0. */
static const struct xg_field *next_field(const struct xg_kind *kind, size_t *at)
{
    const struct xg_field *f;

    while ((f = xg_field_at(kind, (*at)++)) != NULL)
        if (!(f->flags & (XG_MACHINE | XG_BY_MOVE)))
            return f;
    return NULL;
}

static void put_field(struct xg_buf *out, const struct xg_field *f)
{
    put(out, "  ", 0);
    size_t start = out->len;
    xg_buf_format(out, "%s%s", f->name, f->flags & XG_REQUIRED ? "*" : "");
    view_pad(out, start, 14);
    put(out, xg_label(f->zh, f->en), FIELD_COLUMNS);
    cli_put_field_form(out, f);
    if (f->merge == XG_MERGE_SET)
        xg_buf_text(out, XG_T("（可多项）", " (several)"));
    xg_buf_text(out, "\n");
}

static void put_fields(struct xg_buf *out, const struct xg_kind *kind)
{
    const struct xg_field *f;
    size_t at = 0;

    xg_buf_text(out, XG_T("\n字段（* 必填；名称也可用中文）\n",
                          "\nFields (* needed; labels are taken as names "
                          "too)\n"));
    while ((f = next_field(kind, &at)) != NULL)
        put_field(out, f);
}

/* Its text, and the choices where the table has them. */
static void put_flag_text(struct xg_buf *out, const struct cli_flag *flag)
{
    xg_buf_text(out, xg_label(flag->zh, flag->en));
    if (flag->value && strstr(flag->value, "ROLE")) {
        xg_buf_text(out, XG_T("；ROLE：", "; ROLE: "));
        put_choices(out, xg_photo_roles);
    }
}

static void put_flags(struct xg_buf *out, const struct cli_flag *flags)
{
    for (; flags && flags->name; flags++) {
        put(out, "  ", 0);
        size_t start = out->len;
        xg_buf_format(out, "--%s%s%s", flags->name, flags->value ? " " : "",
                      flags->value ? flags->value : "");
        view_pad(out, start, NAME_COLUMNS);
        xg_buf_text(out, " ");
        put_flag_text(out, flags);
        xg_buf_text(out, "\n");
    }
}

/* ---- one command ---- */

static void put_moves(struct xg_buf *out)
{
    xg_buf_text(out, XG_T("\n办理步骤\n", "\nMoves\n"));
    for (const struct xg_choice *m = xg_moves; m->name; m++) {
        put(out, "  ", 0);
        put(out, m->name, 16);
        xg_buf_format(out, "%s\n", xg_label(m->zh, m->en));
    }
}

static void put_summary(struct xg_buf *out, const struct cli_command *c)
{
    if (c->kind)
        xg_buf_format(out, XG_T("记录一条%s", "record: %s"),
                      xg_label(c->zh, c->en));
    else
        xg_buf_text(out, xg_label(c->zh, c->en));
}

static void put_command(struct xg_buf *out, const struct cli_command *c)
{
    xg_buf_format(out, XG_T("用法：xunge %s%s%s", "usage: xunge %s%s%s"),
                  c->name, *c->args ? " " : "", c->args);
    for (const struct cli_flag *f = c->flags; f && f->name; f++)
        xg_buf_format(out, " [--%s%s%s]%s", f->name, f->value ? " " : "",
                      f->value ? f->value : "", f->many ? "…" : "");
    xg_buf_text(out, "\n\n");
    put_summary(out, c);
    xg_buf_text(out, XG_T("。\n", ".\n"));
    if (c->more_zh)
        xg_buf_format(out, "%s\n", xg_label(c->more_zh, c->more_en));
    if (c->kind)
        put_fields(out, c->kind);
    if (strcmp(c->name, "do") == 0)
        put_moves(out);
    xg_buf_text(out, XG_T("\n选项\n", "\nOptions\n"));
    put_flags(out, c->flags);
    put_flags(out, cli_common_flags);
}

/* ---- all commands ---- */

static void put_line(struct xg_buf *out, const struct cli_command *c)
{
    put(out, "  ", 0);
    size_t start = out->len;
    xg_buf_format(out, "%s%s%s", c->name, *c->args ? " " : "", c->args);
    view_pad(out, start, NAME_COLUMNS + 6);
    xg_buf_text(out, " ");
    put_summary(out, c);
    xg_buf_text(out, "\n");
}

static void put_all(struct xg_buf *out)
{
    struct cli_command c;

    xg_buf_text(out, XG_T("巡格：离线优先的网格巡查记录。\n"
                          "用法：xunge COMMAND …；每个命令都有 --help\n",
                          "Xunge: field reports that need no network.\n"
                          "usage: xunge COMMAND …; every command has "
                          "--help\n"));
    for (int g = 0; g < CLI_GROUPS; g++) {
        xg_buf_format(out, "\n%s\n", cli_group_label((enum cli_group)g));
        for (size_t i = 0; cli_command_at(&c, i); i++)
            if (c.group == (enum cli_group)g)
                put_line(out, &c);
    }
    xg_buf_text(out,
                XG_T("\n所有命令的选项\n", "\nOptions of every command\n"));
    put_flags(out, cli_common_flags);
    xg_buf_text(out,
                XG_T("\n退出码：0 完成，5 须人决定，4 无连接，1 被拒或失败，"
                     "3 找不到，2 用法有误，6 已上锁，7 日志对不上（警报）\n",
                     "\nExit status: 0 done, 5 a person must decide, 4 no "
                     "connection, 1 refused or failed,\n3 not found, 2 usage, "
                     "6 locked, 7 integrity alarm\n"));
}

static void put_family(struct xg_buf *out, const char *family)
{
    struct cli_command c;
    size_t len = strlen(family);

    xg_buf_text(out, XG_T("用法：\n", "usage:\n"));
    for (size_t i = 0; cli_command_at(&c, i); i++)
        if (strncmp(c.name, family, len) == 0 &&
            (c.name[len] == ' ' || c.name[len] == '\0'))
            put_line(out, &c);
}

/* ---- as JSON ---- */

static json_t *flags_json(const struct cli_flag *flags)
{
    json_t *list = json_array();

    for (; flags && flags->name; flags++)
        json_array_append_new(
            list, json_pack("{s:s, s:s?, s:b, s:s}", "name", flags->name,
                            "value", flags->value, "many", flags->many, "text",
                            xg_label(flags->zh, flags->en)));
    return list;
}

static json_t *fields_json(const struct xg_kind *kind)
{
    const struct xg_field *f;
    json_t *list = json_array();
    size_t at = 0;

    while (kind && (f = next_field(kind, &at)) != NULL) {
        json_t *choices = json_array();
        for (const struct xg_choice *c = f->choices; c && c->name; c++)
            json_array_append_new(choices, json_string(c->name));
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:b, s:b, s:o}", "name", f->name,
                            "label", xg_label(f->zh, f->en), "required",
                            (f->flags & XG_REQUIRED) != 0, "several",
                            f->merge == XG_MERGE_SET, "choices", choices));
    }
    return list;
}

static json_t *command_json(const struct cli_command *c)
{
    struct xg_buf summary = XG_BUF(4096);

    put_summary(&summary, c);
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:o, s:o}", "command", c->name, "args",
                  c->args, "text", xg_buf_str(&summary), "flags",
                  flags_json(c->flags), "fields", fields_json(c->kind));
    xg_buf_clear(&summary);
    return object;
}

/* ---- the man page ---- */

/* Text for roff: a backslash, a leading dot or quote, and hyphens. */
static void put_roff(struct xg_buf *out, const char *text)
{
    for (const char *at = text; *at; at++) {
        bool first = at == text || at[-1] == '\n';
        if (first && (*at == '.' || *at == '\''))
            xg_buf_text(out, "\\&");
        if (*at == '\\')
            xg_buf_text(out, "\\e");
        else if (*at == '-')
            xg_buf_text(out, "\\-");
        else
            xg_buf_byte(out, (uint8_t)*at);
    }
}

static void man_flags(struct xg_buf *out, const struct cli_flag *flags)
{
    struct xg_buf text = XG_BUF(4096);

    for (; flags && flags->name; flags++) {
        xg_buf_text(out, ".TP\n.B \\-\\-");
        put_roff(out, flags->name);
        if (flags->value) {
            xg_buf_text(out, " \\fI");
            put_roff(out, flags->value);
            xg_buf_text(out, "\\fR");
        }
        xg_buf_text(out, "\n");
        xg_buf_reset(&text);
        put_flag_text(&text, flags);
        put_roff(out, xg_buf_str(&text));
        xg_buf_text(out, "\n");
    }
    xg_buf_clear(&text);
}

static void man_fields(struct xg_buf *out, const struct xg_kind *kind)
{
    const struct xg_field *f;
    struct xg_buf form = XG_BUF(4096);
    size_t at = 0;

    while ((f = next_field(kind, &at)) != NULL) {
        xg_buf_reset(&form);
        xg_buf_format(&form, "%s%s. ", xg_label(f->zh, f->en),
                      f->flags & XG_REQUIRED ? XG_T("，必填", ", needed") : "");
        cli_put_field_form(&form, f);
        xg_buf_text(out, ".TP\n.IR ");
        put_roff(out, f->name);
        xg_buf_text(out, " =\n");
        put_roff(out, xg_buf_str(&form));
        xg_buf_text(out, "\n");
    }
    xg_buf_clear(&form);
}

static void man_command(struct xg_buf *out, const struct cli_command *c)
{
    struct xg_buf summary = XG_BUF(4096);

    xg_buf_text(out, ".SS ");
    put_roff(out, c->name);
    xg_buf_text(out, " ");
    put_roff(out, c->args);
    xg_buf_text(out, "\n");
    put_summary(&summary, c);
    put_roff(out, xg_buf_str(&summary));
    xg_buf_text(out, XG_T("。\n", ".\n"));
    if (c->more_zh) {
        put_roff(out, xg_label(c->more_zh, c->more_en));
        xg_buf_text(out, "\n");
    }
    man_flags(out, c->flags);
    if (c->kind)
        man_fields(out, c->kind);
    xg_buf_clear(&summary);
}

static void put_man(struct xg_buf *out)
{
    struct cli_command c;

    xg_buf_text(out, ".TH XUNGE 1 \"\" \"xunge " XG_VERSION "\" \"\"\n");
    xg_buf_text(out, XG_T(".SH 名称\nxunge \\- 离线优先的网格巡查记录\n"
                          ".SH 用法\n",
                          ".SH NAME\nxunge \\- field reports that need no "
                          "network\n.SH SYNOPSIS\n"));
    xg_buf_text(out, ".B xunge\n.I COMMAND\n…\n");
    for (int g = 0; g < CLI_GROUPS; g++) {
        xg_buf_format(out, ".SH \"%s\"\n", cli_group_label((enum cli_group)g));
        for (size_t i = 0; cli_command_at(&c, i); i++)
            if (c.group == (enum cli_group)g)
                man_command(out, &c);
    }
    xg_buf_text(out, XG_T(".SH 选项\n", ".SH OPTIONS\n"));
    man_flags(out, cli_common_flags);
    xg_buf_text(
        out,
        XG_T(".SH 退出码\n取最先符合的：7 日志对不上（警报）；6 已上锁；2 用法有误"
             "或编号不唯一；3 找不到；1 被拒或失败；4 无连接（待传的仍在）；"
             "5 须人决定；0 完成。\n.SH 文件\n",
             ".SH EXIT STATUS\nThe first that applies: 7 integrity alarm; 6 "
             "locked; 2 usage, or an ambiguous id;\n3 not found; 1 refused or "
             "failed; 4 no connection (the work stays queued);\n5 a person "
             "must decide; 0 done.\n.SH FILES\n"));
    xg_buf_text(out, "XUNGE_HOME, $XDG_DATA_HOME/xunge, "
                     "~/.local/share/xunge\n");
    xg_buf_text(out, XG_T(".SH 另见\n", ".SH SEE ALSO\n"));
    xg_buf_text(out, ".BR xunge\\-server (1)\n");
}

/* ---- the commands ---- */

enum xg_status cli_help_of(struct cli *cli, const struct cli_command *command,
                           struct xg_error *err)
{
    if (cli->json)
        return cli_put_json(cli, command_json(command), err);
    put_command(&cli->out, command);
    return xg_buf_check(&cli->out, err);
}

static enum xg_status help_json(struct cli *cli, struct xg_error *err)
{
    struct cli_command c;

    for (size_t i = 0; cli_command_at(&c, i); i++)
        if (cli_put_json(cli, command_json(&c), err) != XG_OK)
            return err->status;
    return XG_OK;
}

static enum xg_status help_named(struct cli *cli, struct xg_error *err)
{
    struct xg_buf name = XG_BUF(CLI_NAME_SIZE);
    struct cli_command c;

    for (size_t i = 0; i < cli->word_count; i++)
        xg_buf_format(&name, "%s%s", i ? " " : "", cli->words[i]);
    bool found = cli_command_named(&c, xg_buf_str(&name));
    bool family = cli->word_count == 1 && cli_is_family(cli->words[0]);
    xg_buf_clear(&name);

    if (family && !cli->json) {
        put_family(&cli->out, cli->words[0]);
        return xg_buf_check(&cli->out, err);
    }
    if (family)
        return help_json(cli, err);
    if (found)
        return cli_help_of(cli, &c, err);
    return xg_fail(err, XG_USAGE,
                   XG_T("没有“%s%s%s”这个命令；全部命令见 xunge help",
                        "there is no command \"%s%s%s\"; xunge help lists all"),
                   cli->words[0], cli->word_count > 1 ? " " : "",
                   cli->word_count > 1 ? cli->words[1] : "");
}

enum xg_status cmd_help(struct cli *cli, struct xg_error *err)
{
    if (cli_flag(cli, "man")) {
        put_man(&cli->out);
        return xg_buf_check(&cli->out, err);
    }
    if (cli->word_count > 0)
        return help_named(cli, err);
    if (cli->json)
        return help_json(cli, err);
    put_all(&cli->out);
    return xg_buf_check(&cli->out, err);
}

enum xg_status cmd_version(struct cli *cli, struct xg_error *err)
{
    if (cli->json)
        return cli_put_json(cli,
                            json_pack("{s:s, s:s, s:i}", "program", "xunge",
                                      "version", XG_VERSION, "schema",
                                      XG_SCHEMA_VERSION),
                            err);
    xg_buf_text(&cli->out, "xunge " XG_VERSION "\n");
    return xg_buf_check(&cli->out, err);
}
