/* parse.c - from words to a command; see cmd.h. */
#include "server/cli/cmd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"

static const struct cmd_option common[] = {
    {"help", NULL, false, "这份说明", "this text"},
    {"json", NULL, false, "以 JSON 输出", "print JSON"},
    {"lang", "zh|en", false, "语言", "language"},
    {0},
};

/* How many words of `argv` are this command's name, or 0. */
static int matches(const struct command *spec, int argc,
                   const char *const *argv)
{
    const char *at = spec->words;
    int count = 0;

    while (*at) {
        size_t len = strcspn(at, " ");
        if (count >= argc || strlen(argv[count]) != len ||
            memcmp(argv[count], at, len) != 0)
            return 0;
        at += len + (at[len] == ' ');
        count++;
    }
    return count;
}

static const struct command *find(int *words, int argc, const char *const *argv)
{
    for (const struct command *spec = commands; spec->words; spec++) {
        *words = matches(spec, argc, argv);
        if (*words)
            return spec;
    }
    *words = 0;
    return NULL;
}

static size_t option_at(const struct cmd_option *options, const char *name,
                        size_t len, size_t max)
{
    for (size_t i = 0; i < max && options[i].name; i++)
        if (strlen(options[i].name) == len &&
            memcmp(options[i].name, name, len) == 0)
            return i;
    return SIZE_MAX;
}

static enum xg_status set_common(struct cmd *c, size_t which, const char *value)
{
    if (which == 0)
        c->help = true;
    else if (which == 1)
        c->json = true;
    else
        c->lang = value;
    return XG_OK;
}

/* argv[*i] begins with "--"; steps over a value in the next word. */
static enum xg_status read_option(struct cmd *c, int argc,
                                  const char *const *argv, int *i,
                                  struct xg_error *err)
{
    const char *name = argv[*i] + 2;
    const char *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const struct cmd_option *own = c->spec ? c->spec->options : NULL;
    size_t at = own ? option_at(own, name, len, CMD_OPTIONS_MAX) : SIZE_MAX;
    size_t shared = option_at(common, name, len, 3);

    if (at == SIZE_MAX && shared == SIZE_MAX)
        return xg_fail(err, XG_USAGE,
                       XG_T("没有选项 --%.*s，用 --help 查看",
                            "there is no option --%.*s; see --help"),
                       (int)len, name);
    const struct cmd_option *option =
        at != SIZE_MAX ? &own[at] : &common[shared];
    const char *value = equals ? equals + 1 : "";
    if (!option->value && equals)
        return xg_fail(err, XG_USAGE,
                       XG_T("选项 --%s 不带值", "--%s takes no value"),
                       option->name);
    if (option->value && !equals) {
        if (*i + 1 >= argc)
            return xg_fail(err, XG_USAGE,
                           XG_T("选项 --%s 需要 %s", "--%s needs %s"),
                           option->name, option->value);
        value = argv[++*i];
    }
    if (at == SIZE_MAX)
        return set_common(c, shared, value);
    if (c->given_count == CMD_GIVEN_MAX)
        return xg_fail(err, XG_USAGE,
                       XG_T("一次最多 %d 个选项，请分几次",
                            "at most %d options at once: do it in parts"),
                       CMD_GIVEN_MAX);
    c->given[c->given_count++] = (struct cmd_given){at, value};
    c->values[at] = value;
    return XG_OK;
}

static enum xg_status complete(const struct cmd *c, struct xg_error *err)
{
    const struct command *spec = c->spec;

    if (c->arg_count < spec->least)
        return xg_fail(err, XG_USAGE, XG_T("%s 需要 %s", "%s needs %s"),
                       spec->words, spec->args);
    for (size_t i = 0; i < CMD_OPTIONS_MAX && spec->options[i].name; i++)
        if (spec->options[i].required && !c->values[i])
            return xg_fail(
                err, XG_USAGE, XG_T("%s 需要 --%s %s", "%s needs --%s %s"),
                spec->words, spec->options[i].name, spec->options[i].value);
    return XG_OK;
}

static bool asks_for_help(int argc, const char *const *argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* --lang may stand anywhere, also where the rest is wrong: the refusal should
 * be readable. */
static void find_lang(struct cmd *c, int argc, const char *const *argv)
{
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "--lang=", 7) == 0)
            c->lang = argv[i] + 7;
        else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
            c->lang = argv[i + 1];
    }
}

static enum xg_status parse(struct cmd *c, int argc, const char *const *argv,
                            struct xg_error *err)
{
    int words, start = 0;
    bool options = true;

    find_lang(c, argc, argv);
    /* Common options may come before the command. */
    while (start < argc && strncmp(argv[start], "--", 2) == 0 &&
           strcmp(argv[start], "--help") != 0) {
        if (read_option(c, argc, argv, &start, err) != XG_OK)
            return err->status;
        start++;
    }
    c->spec = find(&words, argc - start, argv + start);
    c->help = asks_for_help(argc, argv);
    if (c->help)
        return XG_OK;
    if (!c->spec && start < argc)
        return xg_fail(err, XG_USAGE,
                       XG_T("没有命令“%s”，用 --help 查看",
                            "there is no command '%s'; see --help"),
                       argv[start]);
    if (!c->spec)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("要做什么？用 --help 查看命令",
                            "what is to be done? --help lists the commands"));
    for (int i = start + words; i < argc; i++) {
        if (options && strcmp(argv[i], "--") == 0) {
            options = false;
        } else if (options && strncmp(argv[i], "--", 2) == 0) {
            if (read_option(c, argc, argv, &i, err) != XG_OK)
                return err->status;
        } else if (c->arg_count == c->spec->most) {
            return xg_fail(err, XG_USAGE,
                           XG_T("多余的参数“%s”：%s 只要 %s",
                                "'%s' is one too many: %s takes %s"),
                           argv[i], c->spec->words, c->spec->args);
        } else {
            c->args[c->arg_count++] = argv[i];
        }
    }
    return complete(c, err);
}

enum xg_status cmd_parse(struct cmd *c, int argc, const char *const *argv,
                         struct xg_error *err)
{
    enum xg_status status = parse(c, argc, argv, err);

    /* Who asked for JSON is refused in JSON, wherever it stands. */
    for (int i = 0; status != XG_OK && i < argc; i++)
        c->json |= strcmp(argv[i], "--json") == 0;
    return status;
}

const char *cmd_option(const struct cmd *c, const char *name)
{
    size_t at =
        option_at(c->spec->options, name, strlen(name), CMD_OPTIONS_MAX);

    return at == SIZE_MAX ? NULL : c->values[at];
}

const char *cmd_option_next(const struct cmd *c, const char *name, size_t *at)
{
    size_t option =
        option_at(c->spec->options, name, strlen(name), CMD_OPTIONS_MAX);

    while (*at < c->given_count) {
        const struct cmd_given *given = &c->given[(*at)++];
        if (given->option == option)
            return given->value;
    }
    return NULL;
}

enum xg_status cmd_number(unsigned long *value, const struct cmd *c,
                          const char *name, unsigned long otherwise,
                          unsigned long max, struct xg_error *err)
{
    const char *text = cmd_option(c, name);
    unsigned long n = 0;

    if (!text) {
        *value = otherwise;
        return XG_OK;
    }
    size_t digits = strspn(text, "0123456789");
    if (digits && digits <= 9 && !text[digits])
        n = strtoul(text, NULL, 10);
    if (n == 0 || n > max)
        return xg_fail(err, XG_USAGE,
                       XG_T("--%s 应是 1 到 %lu 的整数，而不是“%s”",
                            "--%s is a whole number from 1 to %lu, not '%s'"),
                       name, max, text);
    *value = n;
    return XG_OK;
}

/* Where the board lags, the answer is short of something. As text, or as the
 * last line; beside what is a file. */
static void tell_behind(struct cmd *c, struct xg_buf *errors)
{
    struct xg_buf *out = c->out_is_file ? errors : &c->out;

    if (!c->board.behind || c->board.told || c->framed)
        return;
    if (c->json && !c->out_is_file)
        xg_buf_format(out, "{\"at\":%" PRIu64 ",\"behind\":%" PRIu64 "}\n",
                      c->board.size, c->board.behind);
    else
        xg_buf_format(out,
                      XG_T("看板还差 %" PRIu64 " 件没有算进来，稍后再看\n",
                           "%" PRIu64 " more are not taken in yet: look again "
                           "in a moment\n"),
                      c->board.behind);
}

int cmd_execute(struct cmd *c, struct xg_buf *errors)
{
    struct xg_error err = XG_ERROR_NONE;
    enum xg_status status = c->spec->run(c, &err);

    if (status == XG_OK)
        tell_behind(c, errors);
    if (status == XG_OK)
        status = xg_buf_check(&c->out, &err);
    if (status != XG_OK)
        return cmd_complain(c, errors, &err);
    json_decref(c->advice);
    c->advice = NULL;
    return xg_status_exit(c->must_decide ? XG_CONFLICT : XG_OK);
}

enum xg_status cmd_path(char path[static CMD_PATH_SIZE], const char *dir,
                        const char *name, struct xg_error *err)
{
    int len = snprintf(path, CMD_PATH_SIZE, "%s/%s", dir, name);

    if (len < 0 || len >= CMD_PATH_SIZE)
        return xg_fail(err, XG_USAGE, "%s",
                       XG_T("路径太长", "the path is too long"));
    return XG_OK;
}

static void put_options(struct xg_buf *out, const struct cmd_option *options,
                        size_t max)
{
    for (size_t i = 0; i < max && options[i].name; i++) {
        const struct cmd_option *o = &options[i];
        size_t used = strlen(o->name) + (o->value ? strlen(o->value) + 1 : 0);
        xg_buf_format(out, "  --%s%s%s%*s  %s%s\n", o->name,
                      o->value ? " " : "", o->value ? o->value : "",
                      used < 22 ? (int)(22 - used) : 0, "", XG_T(o->zh, o->en),
                      o->required ? XG_T("（必填）", " (needed)") : "");
    }
}

void cmd_help(struct xg_buf *out, const struct command *spec)
{
    if (spec) {
        xg_buf_format(out, "xunge-server %s %s\n\n%s\n\n", spec->words,
                      spec->args, XG_T(spec->zh, spec->en));
        put_options(out, spec->options, CMD_OPTIONS_MAX);
        put_options(out, common, 3);
        return;
    }
    xg_buf_text(out, XG_T("xunge-server：巡格合并服务器\n\n",
                          "xunge-server: the merge server of Xunge\n\n"));
    for (spec = commands; spec->words; spec++) {
        size_t used = strlen(spec->words) + strlen(spec->args) + 1;
        xg_buf_format(out, "  %s %s%*s  %s\n", spec->words, spec->args,
                      used < 38 ? (int)(38 - used) : 0, "",
                      XG_T(spec->zh, spec->en));
    }
    xg_buf_text(
        out, XG_T("\nDIR 是数据目录。每个命令都有 --help。\n"
                  "退出码：0 成功，1 被拒或失败，2 用法不对，3 没有找到，\n"
                  "        4 连不上，5 有待人决定的冲突，6 要办理人的口令，\n"
                  "        7 完整性警报。\n",
                  "\nDIR is the data folder. Every command has --help.\n"
                  "Exit: 0 done, 1 refused or failed, 2 usage, 3 not found,\n"
                  "      4 not connected, 5 a person must decide,\n"
                  "      6 the operator's password is wanted,\n"
                  "      7 integrity alarm.\n"));
}
