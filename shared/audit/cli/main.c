/* main.c - xunge-audit: check a log, trusting nobody. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/audit/cli/cli.h"
#include "shared/base/env.h"
#include "shared/base/lang.h"
#include "shared/base/os.h"

static const struct cli_command commands[] = {
    {"verify",
     "SOURCE",
     1,
     1,
     cli_verify,
     "从第一条到最后一条核对日志：签名、树、登记、链、作者、照片、见证",
     "check a log from its first entry to its last: signatures, tree, registry, "
     "chains, authors, photos, witnesses",
     {CLI_TRUST_OPTIONS,
      {"photos", NULL, "同时核对每张照片的内容", "hash every photo too"},
      {"state", "FILE", "保存进度；下次只核对新条目",
       "keep what was verified; the next run walks only what is new"},
      {"pin", "SHA256//…", "网址的 TLS 公钥（xunge-server key 显示）",
       "the TLS key of an address, as `xunge-server key` shows it"},
      {"allow-plain", NULL, "允许明文 HTTP", "plain HTTP is fine"},
      {"limit", "N", "每类最多列出多少条（默认 100）",
       "list at most so many findings of a kind (100)"},
      {"json", NULL, "输出 JSON", "print JSON"}}},
    {"replay",
     "SOURCE",
     1,
     1,
     cli_replay,
     "核对之后由记录重新推出每个事项，与服务器签下的视图和它的表比较",
     "after checking, fold every entity anew from its records, and compare "
     "with the view that the server signed, and with its table",
     {CLI_TRUST_OPTIONS,
      {"limit", "N", "每类最多列出多少条（默认 100）",
       "list at most so many findings of a kind (100)"},
      {"json", NULL, "输出 JSON", "print JSON"}}},
    {"evidence",
     "FILE",
     1,
     1,
     cli_evidence,
     "核对一份证据文件（HTML）：数据的每一处证明，以及页面与数据一致",
     "check an evidence file (HTML): every proof in it, and that its page is "
     "what the data says",
     {CLI_TRUST_OPTIONS,
      {"page", "NEW", "把页面由数据重做一份，写到新文件（- 为标准输出）",
       "write the page as the data has it into a new file (- is standard "
       "output)"},
      {"json", NULL, "输出 JSON", "print JSON"}}},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

/* ---- help ---- */

static void print_options(const struct cli_command *c)
{
    char left[64];

    for (const struct cli_option *o = c->options; o->name; o++) {
        snprintf(left, sizeof left, "--%s%s%s", o->name, o->value ? " " : "",
                 o->value ? o->value : "");
        printf("  %-18s  %s\n", left, XG_T(o->zh, o->en));
    }
    printf("  %-18s  %s\n", "--lang zh|en", XG_T("语言", "language"));
    printf("  %-18s  %s\n", "--help", XG_T("这份说明", "this text"));
}

static void help_command(const struct cli_command *c)
{
    printf("xunge-audit %s %s\n\n%s\n\n", c->name, c->args,
           XG_T(c->zh, c->en));
    print_options(c);
    printf("\n%s\n",
           XG_T("SOURCE 可以是服务器的数据目录、数据包文件或网址。",
                "SOURCE is a server's data folder, a bundle file, or an "
                "address."));
}

static void help(void)
{
    printf("%s\n\n",
           XG_T("xunge-audit 命令 …：独立核对巡格日志，不信任任何一方",
                "xunge-audit COMMAND ...: check a Xunge log, trusting nobody"));
    for (size_t i = 0; i < COMMANDS; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s %s", commands[i].name,
                 commands[i].args);
        printf("  %-20s  %s\n", left, XG_T(commands[i].zh, commands[i].en));
    }
    printf("\n%s\n",
           XG_T("退出码：0 已核实；1 失败；2 用法不对；3 没有找到；7 日志不可信。",
                "Exit codes: 0 verified; 1 failed; 2 usage; 3 not found; 7 the "
                "log cannot be trusted."));
}

/* ---- words ---- */

int cli_fail(const struct xg_error *err)
{
    fprintf(stderr, "xunge-audit: %s\n", xg_error_text(err));
    return xg_status_exit(err->status);
}

static int usage(const char *zh, const char *en, const char *word)
{
    fprintf(stderr, "xunge-audit: %s%s%s\n%s\n", XG_T(zh, en),
            word ? " " : "", word ? word : "",
            XG_T("用 xunge-audit --help 查看用法",
                 "see xunge-audit --help"));
    return xg_status_exit(XG_USAGE);
}

bool cli_has(const struct cli *c, const char *name)
{
    for (size_t i = 0; i < c->given_count; i++)
        if (strcmp(c->given[i].name, name) == 0)
            return true;
    return false;
}

const char *cli_value(const struct cli *c, const char *name)
{
    for (size_t i = 0; i < c->given_count; i++)
        if (strcmp(c->given[i].name, name) == 0)
            return c->given[i].value;
    return NULL;
}

static const struct cli_option *find_option(const struct cli_command *command,
                                            const char *name, size_t len)
{
    for (const struct cli_option *o = command->options; o->name; o++)
        if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
            return o;
    return NULL;
}

/* "--name", "--name value", "--name=value"; *used words more. */
static int take_option(struct cli *c, const char *word, const char *next,
                       int *used)
{
    const char *name = word + 2, *equals = strchr(name, '=');
    size_t len = equals ? (size_t)(equals - name) : strlen(name);
    const struct cli_option *o = find_option(c->command, name, len);
    const char *value = equals ? equals + 1 : NULL;

    *used = 0;
    if (!o)
        return usage("没有这个选项：", "no such option:", word);
    if (o->value && !value) {
        if (!next)
            return usage("选项缺少值：", "the option needs a value:", word);
        value = next;
        *used = 1;
    }
    if (!o->value && value)
        return usage("选项不带值：", "the option takes no value:", word);
    if (c->given_count == CLI_VALUES_MAX)
        return usage("选项太多：", "too many options:", word);
    c->given[c->given_count].name = o->name;
    c->given[c->given_count++].value = value;
    return 0;
}

static int take_words(struct cli *c, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        int used = 0, bad;
        if (strcmp(argv[i], "--lang") == 0) {
            i++;
        } else if (strncmp(argv[i], "--lang=", 7) == 0) {
            continue;
        } else if (strncmp(argv[i], "--", 2) == 0) {
            bad = take_option(c, argv[i], i + 1 < argc ? argv[i + 1] : NULL,
                              &used);
            if (bad)
                return bad;
            i += used;
        } else if (c->count < c->command->most && c->count < CLI_ARGS_MAX) {
            c->args[c->count++] = argv[i];
        } else {
            return usage("多余的参数：", "one word too many:", argv[i]);
        }
    }
    if (c->count < c->command->least)
        return usage("缺少参数：", "an argument is missing:",
                     c->command->args);
    return 0;
}

static const char *lang_of(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc)
            return argv[i + 1];
        if (strncmp(argv[i], "--lang=", 7) == 0)
            return argv[i] + 7;
    }
    return NULL;
}

static bool asks_help(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    struct cli c = {0};

    if (xg_base_init() != 0 || xg_lang_init(lang_of(argc, argv)) != 0) {
        xg_ignore((enum xg_status)xg_lang_init(NULL));
        return usage("--lang 只能是 zh 或 en", "--lang is zh or en", NULL);
    }
    for (size_t i = 0; argc > 1 && i < COMMANDS; i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            c.command = &commands[i];
    if (!c.command && (argc < 2 || asks_help(argc, argv))) {
        help();
        return argc < 2 ? xg_status_exit(XG_USAGE) : 0;
    }
    if (!c.command)
        return usage("没有这个命令：", "no such command:", argv[1]);
    if (asks_help(argc, argv)) {
        help_command(c.command);
        return 0;
    }
    int bad = take_words(&c, argc, argv);
    return bad ? bad : c.command->run(&c);
}
