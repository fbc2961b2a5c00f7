/* arguments.c - see arguments.h. */
#include "agent/sync/arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/base/lang.h"

enum {
    GIVE_UP_S = 30,
    EVERY_S = 60,
    SECONDS_MAX = 7 * 24 * 3600,
};

/* What an option does, and lines that go on below it. */
static const struct {
    const char *option, *zh, *en;
} help[] = {
    {"--home DIR", "本机数据所在（或 XUNGE_HOME）",
     "where this device's data lies (or XUNGE_HOME)"},
    {"--watch", "一直运行，每隔一段时间同步一次",
     "go on, syncing again and again"},
    {"--every S", "--watch 的间隔秒数（60）",
     "seconds between, with --watch (60)"},
    {"--max-time S", "S 秒没有任何动静就放弃（不给时 30，链路慢时更久；",
     "give up when nothing has moved for S seconds"},
    {"", "0 只试一次）", "(else 30, and more on a slow line; 0: one try)"},
    {"--within S", "S 秒后不再开始新的传输，余下的留待下次",
     "begin nothing new after S seconds; the rest waits"},
    {"--budget SIZE", "本次最多用这么多流量（500KB、2MB、1GB；两个方向，",
     "spend so many bytes at most (500KB, 2MB, 1GB; both"},
    {"", "含首部、加密和重传）",
     "ways, with heads, encryption and what was repeated)"},
    {"--photos WHICH", "none 不传；thumbs 只传缩略图和中心点名要的；all 全传；",
     "none; thumbs: small ones, and those ordered; all;"},
    {"", "auto 按流量计费时同 thumbs，否则全传（默认）",
     "auto: thumbs where bytes cost, else all (default)"},
    {"--metered", "本次按流量计费：先不传原图，不取网格边界等大文件",
     "bytes cost this time: full photos and grid boundaries wait"},
    {"--unmetered", "本次不按流量计费", "they do not cost this time"},
    {"--remember", "把这一点记下来，系统说不出时按它",
     "keep that, for when the system cannot tell"},
    {"--allow-plain", "允许不加密的 http:// 服务器",
     "allow a server with http://"},
    {"--json", "输出一行 JSON", "one JSON object a line"},
    {"--progress", "与 --json 同用：进行中每走一步输出一行",
     "with --json: a line for each step while it lasts"},
};

void arguments_print_help(void)
{
    fputs(
        XG_T("用法：\n"
             "  xunge-sync enrol 入网码        加入服务器（- 从标准输入读取）\n"
             "  xunge-sync sync [--watch]      上传、核验回执、取回\n\n",
             "usage:\n"
             "  xunge-sync enrol CODE          join a server (-: standard "
             "input)\n"
             "  xunge-sync sync [--watch]      push, verify receipts, pull\n"
             "\n"),
        stdout);
    for (size_t i = 0; i < sizeof help / sizeof *help; i++)
        printf("  %-14s  %s\n", help[i].option, XG_T(help[i].zh, help[i].en));
    fputs(
        XG_T("  --lang zh|en    --verbose    --help\n\n"
             "流量是否计费：先看本次的选项，再问 NetworkManager，再看记下的"
             "设置。\n"
             "退出码：0 完成（记录传完、因 --budget 或 --within 留下照片也是 "
             "0）；1 被拒绝；\n2 用法；4 无连接（数据仍在本机）；6 需要口令；"
             "7 日志警报\n",
             "  --lang zh|en    --verbose    --help\n\n"
             "Whether bytes cost: as said for this run, else NetworkManager "
             "is asked, else as\nremembered.\n"
             "exit status: 0 done (records are, and --budget or --within left "
             "photos: too);\n1 refused; 2 usage; 4 no connection (the work "
             "stays queued); 6 needs the\npassphrase; 7 alarm about the "
             "log\n"),
        stdout);
}

/* Seconds, 0 to a week. */
static bool parse_seconds(int64_t *out, const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end || value < 0 || value > SECONDS_MAX)
        return false;
    *out = value;
    return true;
}

enum xg_status arguments_usage(struct xg_error *err)
{
    return xg_fail(err, XG_USAGE,
                   XG_T("用法有误；见 xunge sync --help",
                        "wrong usage; see xunge sync --help"));
}

static enum xg_status not_seconds(const char *option, struct xg_error *err)
{
    return xg_fail(err, XG_USAGE,
                   XG_T("%s 要一个秒数，%d 到 %d 的整数，不是“%s”",
                        "%s needs seconds, a whole number from %d to %d, not "
                        "\"%s\""),
                   option, strcmp(option, "--within") == 0, SECONDS_MAX,
                   optarg);
}

/* "500KB", "1.5MB": decimal units, as providers count. */
static bool parse_bytes(uint64_t *out, const char *text)
{
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}};
    char *end;
    size_t digits = strspn(text, "0123456789.");
    double value = strtod(text, &end);

    if (digits == 0 || digits > sizeof "1000000.000" || end != text + digits)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcasecmp(end, units[i].name) == 0) {
            *out = (uint64_t)(value * units[i].bytes);
            return *out > 0;
        }
    return false;
}

static enum xg_status take_budget(struct arguments *a, struct xg_error *err)
{
    if (parse_bytes(&a->budget_bytes, optarg))
        return XG_OK;
    return xg_fail(err, XG_USAGE,
                   XG_T("--budget 要一个带单位的大小，如 500KB、2MB、1GB，不是"
                        "“%s”",
                        "--budget needs a size with its unit, 500KB, 2MB or "
                        "1GB, not \"%s\""),
                   optarg);
}

static enum xg_status take_photos(struct arguments *a, struct xg_error *err)
{
    static const char *const names[] = {[SYNC_PHOTOS_AUTO] = "auto",
                                        [SYNC_PHOTOS_NONE] = "none",
                                        [SYNC_PHOTOS_THUMBS] = "thumbs",
                                        [SYNC_PHOTOS_ALL] = "all"};

    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(optarg, names[i]) == 0) {
            a->photos = (enum sync_photos)i;
            return XG_OK;
        }
    return xg_fail(err, XG_USAGE,
                   XG_T("--photos 只能是 none、thumbs、all 或 auto，不是“%s”",
                        "--photos is none, thumbs, all or auto, not \"%s\""),
                   optarg);
}

static enum xg_status take_option(struct arguments *a, int option,
                                  struct xg_error *err)
{
    switch (option) {
    case 'h':
        a->home = optarg;
        return XG_OK;
    case 'l':
        a->lang = optarg;
        return XG_OK;
    case 'j':
        a->json = true;
        return XG_OK;
    case 'w':
        a->watch = true;
        return XG_OK;
    case 'p':
        a->allow_plain = true;
        return XG_OK;
    case 'M':
        a->metered = true;
        return XG_OK;
    case 'v':
        a->verbose = true;
        return XG_OK;
    case 'U':
        a->unmetered = true;
        return XG_OK;
    case 'R':
        a->remember = true;
        return XG_OK;
    case 'P':
        return take_photos(a, err);
    case 'b':
        return take_budget(a, err);
    case 'g':
        a->progress = true;
        return XG_OK;
    case 'H':
        a->help = true;
        return XG_OK;
    case 'm':
        a->gives_up = parse_seconds(&a->give_up_s, optarg);
        return a->gives_up ? XG_OK : not_seconds("--max-time", err);
    case 'W':
        return parse_seconds(&a->within_s, optarg) && a->within_s > 0
                   ? XG_OK
                   : not_seconds("--within", err);
    case 'e':
        return parse_seconds(&a->every_s, optarg)
                   ? XG_OK
                   : not_seconds("--every", err);
    default:
        return arguments_usage(err);
    }
}

/* What says whether bytes cost. */
static enum xg_status check_metered(const struct arguments *a,
                                    struct xg_error *err)
{
    if (a->metered && a->unmetered)
        return xg_fail(err, XG_USAGE,
                       XG_T("--metered 和 --unmetered 只能给一个",
                            "give one of --metered and --unmetered"));
    if (a->remember && !a->metered && !a->unmetered)
        return xg_fail(err, XG_USAGE,
                       XG_T("--remember 要与 --metered 或 --unmetered 同用",
                            "--remember goes with --metered or --unmetered"));
    return XG_OK;
}

void arguments_language(int argc, char *argv[])
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--lang=", 7) == 0)
            (void)xg_lang_init(argv[i] + 7);
        else if (i + 1 < argc && strcmp(argv[i], "--lang") == 0)
            (void)xg_lang_init(argv[i + 1]);
}

enum xg_status arguments_parse(struct arguments *a, int argc, char *argv[],
                               struct xg_error *err)
{
    static const struct option options[] = {
        {"home", required_argument, NULL, 'h'},
        {"lang", required_argument, NULL, 'l'},
        {"json", no_argument, NULL, 'j'},
        {"watch", no_argument, NULL, 'w'},
        {"every", required_argument, NULL, 'e'},
        {"max-time", required_argument, NULL, 'm'},
        {"photos", required_argument, NULL, 'P'},
        {"allow-plain", no_argument, NULL, 'p'},
        {"metered", no_argument, NULL, 'M'},
        {"unmetered", no_argument, NULL, 'U'},
        {"remember", no_argument, NULL, 'R'},
        {"budget", required_argument, NULL, 'b'},
        {"within", required_argument, NULL, 'W'},
        {"progress", no_argument, NULL, 'g'},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'H'},
        {NULL, 0, NULL, 0},
    };
    enum xg_status status = XG_OK;
    int option;

    *a = (struct arguments){
        .command = "", .code = "", .give_up_s = GIVE_UP_S, .every_s = EVERY_S};
    opterr = 0;
    while (status == XG_OK &&
           (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = take_option(a, option, err);
    if (status != XG_OK || a->help)
        return status;
    if (optind < argc)
        a->command = argv[optind++];
    if (optind < argc)
        a->code = argv[optind++];
    bool enrol = strcmp(a->command, "enrol") == 0;
    bool sync = strcmp(a->command, "sync") == 0;
    bool photo = strcmp(a->command, "photo") == 0;
    if ((!enrol && !sync && !photo) ||
        (enrol || photo) != (*a->code != '\0') || optind < argc ||
        (photo && a->watch) || (enrol && (a->watch || a->remember)))
        return arguments_usage(err);
    return check_metered(a, err);
}
