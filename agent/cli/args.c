/* args.c - from argv to a command, its words and its flags.
 *
 * Flags may stand anywhere, as --name VALUE or --name=VALUE (needed where the
 * value begins with --); after a lone -- everything is a word. The command is
 * the first word, or the first two.
 */
#include "agent/cli/cli.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "shared/view/text.h"

static const struct cli_flag *find_in(const struct cli_flag *flags,
                                      const char *name, size_t len)
{
    for (; flags && flags->name; flags++)
        if (strlen(flags->name) == len && memcmp(flags->name, name, len) == 0)
            return flags;
    return NULL;
}

static const struct cli_flag *find_flag(const struct cli *cli, const char *name,
                                        size_t len)
{
    const struct cli_flag *f = find_in(cli->command.flags, name, len);

    return f ? f : find_in(cli_common_flags, name, len);
}

/* --lang is looked for before anything is judged, so that a complaint about
 * the arguments is in it already. */
const char *cli_asked_lang(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
            return argv[i + 1];
        if (strncmp(argv[i], "--lang=", 7) == 0)
            return argv[i] + 7;
    }
    return NULL;
}

/* How many arguments the flag at argv[i] takes up while the command is not
 * known: common flags come before it. */
static int common_width(const char *arg)
{
    const char *equals = strchr(arg, '=');
    size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
    const struct cli_flag *f =
        len > 2 ? find_in(cli_common_flags, arg + 2, len - 2) : NULL;

    return f && f->value && !equals ? 2 : 1;
}

/* The nearest command to a word that is none; NULL when none is near. */
static const char *nearest(const char *word)
{
    static struct cli_command c; /* lends its name */
    const char *best = NULL;
    unsigned least = 3;

    for (size_t i = 0; cli_command_at(&c, i); i++) {
        unsigned edits = view_edits(word, c.name);
        if (edits < least) {
            least = edits;
            best = c.name;
        }
    }
    return best;
}

static enum xg_status no_command(const char *word, struct xg_error *err)
{
    const char *near = nearest(word);

    if (near)
        return xg_fail(err, XG_USAGE,
                       XG_T("没有“%s”这个命令；是不是 %s？全部命令见 "
                            "xunge help",
                            "there is no command \"%s\"; did you mean %s? "
                            "xunge help lists all"),
                       word, near);
    return xg_fail(err, XG_USAGE,
                   XG_T("没有“%s”这个命令；全部命令见 xunge help",
                        "there is no command \"%s\"; xunge help lists all"),
                   word);
}

static enum xg_status no_member(const char *family, const char *word,
                                struct xg_error *err)
{
    struct cli_command c;
    struct xg_buf names = XG_BUF(1024);
    size_t len = strlen(family);

    for (size_t i = 0; cli_command_at(&c, i); i++)
        if (strncmp(c.name, family, len) == 0 && c.name[len] == ' ')
            xg_buf_format(&names, "%s%s", names.len ? ", " : "",
                          c.name + len + 1);
    if (word)
        xg_ignore(xg_fail(err, XG_USAGE,
                          XG_T("%s 后面没有“%s”；可以是：%s",
                               "%s: there is no \"%s\"; it is one of %s"),
                          family, word, xg_buf_str(&names)));
    else
        xg_ignore(
            xg_fail(err, XG_USAGE,
                    XG_T("%s 后面还要一个词：%s", "%s needs one more word: %s"),
                    family, xg_buf_str(&names)));
    xg_buf_clear(&names);
    return err->status;
}

/* Step over common flags from argv[i]; *help: one of them asks for help. */
static int skip_flags(int argc, char **argv, int i, bool *help)
{
    while (i < argc && strncmp(argv[i], "--", 2) == 0 && argv[i][2]) {
        *help |= strcmp(argv[i], "--help") == 0;
        i += common_width(argv[i]);
    }
    return i;
}

static enum xg_status become(struct cli *cli, const char *name,
                             struct xg_error *err)
{
    return cli_command_named(&cli->command, name) ? XG_OK
                                                  : no_command(name, err);
}

/* The command is `help` itself then. */
static void forget_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            argv[i] = NULL;
}

/* A family's name without a member that exists: --help lists them. */
static enum xg_status family_alone(struct cli *cli, int argc, char **argv,
                                   int first, int second, bool help,
                                   struct xg_error *err)
{
    for (int i = first; i < argc && !help; i++)
        help = strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
    if (!help)
        return no_member(argv[first], second < argc ? argv[second] : NULL, err);
    forget_help(argc, argv);
    return become(cli, "help", err);
}

/* Find the command and mark its words as taken (NULL) in argv. */
static enum xg_status find_command(struct cli *cli, int argc, char **argv,
                                   struct xg_error *err)
{
    char two[CLI_NAME_SIZE];
    bool help = false;
    int first = skip_flags(argc, argv, 1, &help);

    if (first > argc)
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 后面缺少值", "%s needs a value after it"),
                       argv[argc - 1]);

    for (int i = 1; i < first; i++)
        if (strcmp(argv[i], "--version") == 0) {
            argv[i] = NULL;
            return become(cli, "version", err);
        }
    if (first >= argc || strcmp(argv[first], "-h") == 0) {
        if (first >= argc && !help) /* nothing was asked */
            cli->decide = xg_status_exit(XG_USAGE);
        forget_help(argc, argv);
        return become(cli, "help", err);
    }

    int second = skip_flags(argc, argv, first + 1, &help);
    if (second < argc && cli_is_family(argv[first]) &&
        (size_t)snprintf(two, sizeof two, "%s %s", argv[first], argv[second]) <
            sizeof two &&
        cli_command_named(&cli->command, two)) {
        argv[first] = argv[second] = NULL;
        return XG_OK;
    }
    if (cli_command_named(&cli->command, argv[first])) {
        argv[first] = NULL;
        return XG_OK;
    }
    if (!cli_is_family(argv[first]))
        return no_command(argv[first], err);
    return family_alone(cli, argc, argv, first, second, help, err);
}

static enum xg_status take_flag(struct cli *cli, int argc, char **argv, int *i,
                                struct xg_error *err)
{
    const char *arg = argv[*i], *equals = strchr(arg, '=');
    size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
    const struct cli_flag *f = strcmp(arg, "-h") == 0
                                   ? find_flag(cli, "help", 4)
                                   : find_flag(cli, arg + 2, len - 2);
    const char *value = equals ? equals + 1 : "";

    if (!f)
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 没有 %.*s 这个选项；可用的见 xunge %s --help",
                            "%s has no option %.*s; see xunge %s --help"),
                       cli->command.name, (int)len, arg, cli->command.name);
    if (equals && !f->value)
        return xg_fail(err, XG_USAGE,
                       XG_T("--%s 后面不带值", "--%s takes no value"), f->name);
    if (f->value && !equals) {
        if (*i + 1 >= argc || !argv[*i + 1] ||
            (strncmp(argv[*i + 1], "--", 2) == 0 && argv[*i + 1][2]))
            return xg_fail(err, XG_USAGE,
                           XG_T("--%s 后面要有 %s", "--%s needs %s"), f->name,
                           f->value);
        value = argv[++*i];
    }
    if (!f->many && cli_flag(cli, f->name))
        return xg_fail(err, XG_USAGE,
                       XG_T("--%s 给了两次", "--%s was given twice"), f->name);
    cli->json |= strcmp(f->name, "json") == 0;
    cli->flags[cli->flag_count].flag = f;
    cli->flags[cli->flag_count++].value = value;
    return XG_OK;
}

static enum xg_status check_words(const struct cli *cli, struct xg_error *err)
{
    const struct cli_command *c = &cli->command;

    if (cli_flag(cli, "help"))
        return XG_OK;
    if (cli->word_count < c->least)
        return xg_fail(err, XG_USAGE,
                       XG_T("还缺参数；用法：xunge %s %s",
                            "something is missing; usage: xunge %s %s"),
                       c->name, c->args);
    if (cli->word_count > c->most)
        return xg_fail(err, XG_USAGE,
                       XG_T("“%s”是多出来的；用法：xunge %s%s%s",
                            "\"%s\" is one too many; usage: xunge %s%s%s"),
                       cli->words[c->most], c->name, *c->args ? " " : "",
                       c->args);
    return XG_OK;
}

enum xg_status cli_parse(struct cli *cli, int argc, char **argv,
                         struct xg_error *err)
{
    bool words_only = false;

    cli->words = calloc((size_t)argc + 1, sizeof *cli->words);
    cli->flags = calloc((size_t)argc + 1, sizeof *cli->flags);
    if (!cli->words || !cli->flags)
        return xg_fail_nomem(err);
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        cli->json |= strcmp(argv[i], "--json") == 0;
    if (find_command(cli, argc, argv, err) != XG_OK)
        return err->status;
    for (int i = 1; i < argc; i++) {
        if (!argv[i])
            continue;
        if (words_only ||
            (strncmp(argv[i], "--", 2) != 0 && strcmp(argv[i], "-h") != 0))
            cli->words[cli->word_count++] = argv[i];
        else if (argv[i][2] == '\0' && argv[i][1] == '-')
            words_only = true;
        else if (take_flag(cli, argc, argv, &i, err) != XG_OK)
            return err->status;
    }
    return check_words(cli, err);
}

const char *cli_flag_next(const struct cli *cli, const char *name, size_t *at)
{
    while (*at < cli->flag_count) {
        size_t i = (*at)++;
        if (strcmp(cli->flags[i].flag->name, name) == 0)
            return cli->flags[i].value;
    }
    return NULL;
}

const char *cli_flag(const struct cli *cli, const char *name)
{
    size_t at = 0;

    return cli_flag_next(cli, name, &at);
}

enum xg_status cli_number(int64_t *value, const char *text, const char *what,
                          int64_t least, int64_t most, struct xg_error *err)
{
    int64_t number;

    if (!view_parse_decimal(&number, text, strlen(text), 0) || number < least ||
        number > most)
        return xg_fail(err, XG_USAGE,
                       XG_T("%s 要是 %lld 到 %lld 的整数，不是“%s”",
                            "%s is a whole number from %lld to %lld, not "
                            "\"%s\""),
                       what, (long long)least, (long long)most, text);
    *value = number;
    return XG_OK;
}
