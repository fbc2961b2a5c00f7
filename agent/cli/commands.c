/* commands.c - the table of commands. A line here is a command everywhere:
 * dispatch, --help, man page, completion, `help --json`.
 */
#include "agent/cli/cli.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NO_MORE                                                                \
    {                                                                          \
        NULL, NULL, false, NULL, NULL                                          \
    }

const struct cli_flag cli_common_flags[] = {
    {"home", "DIR", false, "数据目录（否则 XUNGE_HOME，否则 XDG 数据目录）",
     "the data folder (else XUNGE_HOME, else the XDG data folder)"},
    {"lang", "zh|en", false, "界面语言（否则按系统语言）",
     "the language (else the locale's)"},
    {"json", NULL, false, "以 JSON 输出", "answer in JSON"},
    {"passphrase-fd", "N", false, "从文件描述符 N 读口令（仅本次）",
     "read the passphrase from descriptor N (for this once)"},
    {"help", NULL, false, "说明", "this help"},
    NO_MORE,
};

#define PIN                                                                    \
    {                                                                          \
        "pin-fd", "N", false, "从这个文件描述符读 PIN（否则在终端上问）",      \
            "read the PIN from this descriptor (else it is asked for)"         \
    }
#define AS                                                                     \
    {"as", "WORKER", false, "由此人记录（共用设备）",                          \
     "recorded by this worker (shared device)"}, PIN
#define WHOSE                                                                  \
    {                                                                          \
        "as", "WORKER", false, "是谁的（否则本机的主人）",                     \
            "whose (else the device's owner)"                                  \
    }
#define PHOTO                                                                  \
    {                                                                          \
        "photo", "FILE[:ROLE]", true,                                          \
            "照片（- 为标准输入）；别人转发的加 :forwarded",                   \
            "a photo (-: standard input); one that others forwarded with "     \
            ":forwarded"                                                       \
    }
#define FORWARDED                                                              \
    {                                                                          \
        "forwarded", NULL, false, "照片是他人转发的，不是现场拍摄",            \
            "the photos were forwarded, not taken here"                        \
    }
#define CONTACT                                                                \
    {                                                                          \
        "contact", "NAME", false, "反映人姓名（另存为一条范围更窄的记录）",    \
            "who told of it (a record of its own, seen by fewer)"              \
    }
#define PHONE                                                                  \
    {                                                                          \
        "phone", "P", false, "反映人电话", "their phone"                       \
    }
#define CONSENT                                                                \
    {                                                                          \
        "consent", "yes|no|unasked", false,                                    \
            "反映人是否同意转告承办单位",                                      \
            "may their name be passed on to who handles it"                    \
    }
#define RELATION                                                               \
    {                                                                          \
        "relation", "TEXT", false, "反映人的身份（如 住户、店主）",            \
            "who they are (a resident, a shopkeeper)"                          \
    }
#define BYTES                                                                  \
    {                                                                          \
        "bytes", "N", false,                                                   \
            "标准输入的照片（-）有多少字节；不足的不保存",                     \
            "how long the photo on standard input (-) is; one that is cut "    \
            "short is not kept"                                                \
    }
#define VERSION                                                                \
    {                                                                          \
        "version", "V", false, "只在草稿仍是这一版时才写",                     \
            "only while the draft is of this version"                          \
    }
#define WHY                                                                    \
    {                                                                          \
        "why", "TEXT", false, "理由（必填）", "the reason (needed)"            \
    }

static const struct cli_flag capture_flags[] = {
    PHOTO,
    BYTES,
    FORWARDED,
    {"draft", NULL, false, "只存草稿，不成为记录", "keep as a draft only"},
    AS,
    NO_MORE,
};
#define OPENS                                                                  \
    {                                                                          \
        "incident", "FIELD=VALUE", true,                                       \
            "走访异常：同时报一件事件，与走访连在一起",                        \
            "abnormal: opens an incident with it, each naming the other"       \
    }
static const struct cli_flag visit_flags[] = {
    PHOTO,
    BYTES,
    FORWARDED,
    {"draft", NULL, false, "只存草稿，不成为记录", "keep as a draft only"},
    AS,
    OPENS,
    NO_MORE,
};
static const struct cli_flag informed_flags[] = {
    PHOTO,
    BYTES,
    FORWARDED,
    {"draft", NULL, false, "只存草稿，不成为记录", "keep as a draft only"},
    AS,
    CONTACT,
    PHONE,
    CONSENT,
    RELATION,
    NO_MORE,
};
#define ANYWAY                                                                 \
    {                                                                          \
        "anyway", NULL, false, "区划表里没有这个单位也派",                     \
            "dispatch to a unit that the territory does not have"              \
    }
static const struct cli_flag finish_flags[] = {
    PHOTO,   BYTES,   FORWARDED, AS,     CONTACT, PHONE,
    CONSENT, RELATION, OPENS,    ANYWAY, VERSION, NO_MORE,
};
static const struct cli_flag write_flags[] = {
    {"about", "ID", false, "是对这一件的后续操作",
     "of a later act, on what is recorded already"},
    {"move", "MOVE", false, "与 --about 同用：办理这一步",
     "with --about: of this move"},
    CONTACT,
    PHONE,
    CONSENT,
    RELATION,
    OPENS,
    PHOTO,
    BYTES,
    FORWARDED,
    {"drop", "SHA-256", true, "去掉这张照片", "take this photo out"},
    {"key", "HEX16", false, "新草稿自取的名字：没听到回答时用它再写，不会多出一份",
     "what a new draft is called before it has a number: written again with it, "
     "where no answer was heard, it is the same draft"},
    VERSION,
    AS,
    NO_MORE,
};
static const struct cli_flag suggest_flags[] = {
    {"position", "LAT,LON", false, "离这里近的排在前面",
     "what was near here comes first"},
    WHOSE,
    NO_MORE,
};
static const struct cli_flag pin_flags[] = {
    WHOSE,
    PIN,
    NO_MORE,
};
static const struct cli_flag pin_remove_flags[] = {
    WHOSE,
    PIN,
    {"forgotten", NULL, false, "PIN 忘了，不问", "it is forgotten: do not ask"},
    NO_MORE,
};
static const struct cli_flag pin_unlock_flags[] = {
    WHOSE,
    PIN,
    {"for", "MINUTES", false, "多少分钟内不再问（否则 60）",
     "not to be asked for so many minutes (else 60)"},
    NO_MORE,
};
static const struct cli_flag pin_none_flags[] = {
    WHOSE,
    NO_MORE,
};
static const struct cli_flag import_flags[] = {PIN, NO_MORE};
static const struct cli_flag later_flags[] = {AS, NO_MORE};
static const struct cli_flag photo_flags[] = {
    {"role", "ROLE", false, "用途", "what it shows"},
    BYTES,
    FORWARDED,
    AS,
    NO_MORE,
};
static const struct cli_flag why_flags[] = {WHY, AS, NO_MORE};
#define REASON                                                                 \
    {                                                                          \
        "why", "TEXT", false, "理由", "the reason"                             \
    }

static const struct cli_flag set_flags[] = {REASON, AS, NO_MORE};
static const struct cli_flag do_flags[] = {
    PHOTO,
    BYTES,
    FORWARDED,
    REASON,
    ANYWAY,
    AS,
    NO_MORE,
};
static const struct cli_flag start_flags[] = {
    {"gpsd", "HOST:PORT", false,
     "gpsd 的地址（否则 XUNGE_GPSD，否则 localhost:2947）",
     "where gpsd answers (else XUNGE_GPSD, else localhost:2947)"},
    {"every", "S", false, "每隔多少秒留一个定位点（否则 5）",
     "keep a fix every so many seconds (else 5)"},
    {"continue", NULL, false, "上次中断了：继续它",
     "the last one was cut off: go on with it"},
    {"close", NULL, false, "上次中断了：在最后一个定位点结束它，再开始新的",
     "the last one was cut off: end it at its last fix, and begin anew"},
    AS,
    NO_MORE,
};
static const struct cli_flag continue_flags[] = {
    {"gpsd", "HOST:PORT", false,
     "gpsd 的地址（否则 XUNGE_GPSD，否则 localhost:2947）",
     "where gpsd answers (else XUNGE_GPSD, else localhost:2947)"},
    {"every", "S", false, "每隔多少秒留一个定位点（否则 5）",
     "keep a fix every so many seconds (else 5)"},
    NO_MORE,
};
static const struct cli_flag position_flags[] = {
    {"wait", "S", false, "最多等多少秒（否则 10）",
     "wait at most so many seconds for a good one (else 10)"},
    {"watch", NULL, false, "每秒一行，直到中断", "a line a second, until ended"},
    {"gpsd", "HOST:PORT", false,
     "gpsd 的地址（否则 XUNGE_GPSD，否则 localhost:2947）",
     "where gpsd answers (else XUNGE_GPSD, else localhost:2947)"},
    NO_MORE,
};
static const struct cli_flag stop_flags[] = {
    {"now", NULL, false, "记录已中断：到现在为止，其间记为缺口",
     "it was cut off: ends now, with a gap"},
    {"last-fix", NULL, false, "记录已中断：在最后一个定位点结束",
     "it was cut off: ended at its last fix"},
    PIN,
    NO_MORE,
};
static const struct cli_flag track_flags[] = {
    {"gpx", NULL, false, "以 GPX 输出", "as GPX"},
    {"geojson", NULL, false, "以 GeoJSON 输出", "as GeoJSON"},
    NO_MORE,
};
/* `find` has its text as a word: it takes all but the first. */
static const struct cli_flag list_flags[] = {
    {"text", "TEXT", false, "只列含这段文字的", "only what holds this text"},
    {"kind", "KIND", true, "只列这一种类，可多次给出",
     "only this kind; may be given again"},
    {"case", NULL, false, "只列走办理流程的种类",
     "only kinds that go through the loop"},
    {"category", "CATEGORY", false, "只列这一类别及其下级（代码或名称）",
     "only this category and those below it, by code or name"},
    {"urgency", "URGENCY", false, "只列这一紧急程度的",
     "only of this urgency"},
    {"since", "TIME", false, "只列这时以后的", "only from this time on"},
    {"until", "TIME", false, "只列这时以前的（只写日期时含当天）",
     "only before this time (a day alone: to its end)"},
    {"state", "STATE", false,
     "只列 draft waiting sealed sent received（传送），"
     "conflict，或办理状态（如 reported）",
     "only draft waiting sealed sent received (delivery), conflict, or a "
     "status (as reported)"},
    {"open", NULL, false, "只列还没有办结的", "only cases that are not settled"},
    {"settled", NULL, false, "只列已办结、作废或撤回的",
     "only cases that are settled, void or withdrawn"},
    {"status", "STATUS", false, "只列这一办理状态的（英文名或中文名）",
     "only those of this status, by its name or Chinese label"},
    {"holder", "UNIT", false, "只列在这个单位或其下级手里的",
     "only what is with this unit, or one below it"},
    {"due", NULL, false, "按时限排列，最紧的在前", "in the order of deadlines"},
    {"overdue", NULL, false, "只列已超期的", "only what is overdue"},
    {"mine", NULL, false, "只列本机记录的", "only what this device recorded"},
    {"all", NULL, false, "也列反映人和已移出本机范围的",
     "contacts too, and what left this device's scope"},
    {"limit", "N", false, "最多 N 条（最新在前）", "at most N, newest first"},
    {"after", "ID", false, "从这一条之后接着列", "go on below this row"},
    {"count", NULL, false, "只给出条数", "how many there are, alone"},
    {"points", NULL, false, "一行 JSON：有位置的各在哪里，供地图用",
     "one line of JSON for maps: where those are that have a position"},
    NO_MORE,
};
static const struct cli_flag status_flags[] = {
    {"as", "WORKER", false, "JSON 里的未读通知按此人算（否则本机的主人）",
     "in JSON, count the notices that this worker has not read (else the "
     "owner)"},
    NO_MORE,
};
static const struct cli_flag show_flags[] = {
    {"as", "WORKER", false, "JSON 里能办的步骤按此人算（否则本机的主人）",
     "in JSON, the moves that this worker can make (else the owner)"},
    NO_MORE,
};
static const struct cli_flag describe_flags[] = {
    {"unless", "VERSION", false, "内容还是这个版本就不再给出",
     "say no more than that where it is still this version"},
    WHOSE,
    NO_MORE,
};
static const struct cli_flag photos_flags[] = {
    {"here", NULL, false, "只列文件在本机的", "only those whose file is here"},
    {"waiting", NULL, false, "只列还没有服务器凭据的",
     "only those that nothing proves to be on the server"},
    NO_MORE,
};
static const struct cli_flag photos_get_flags[] = {
    {"output", "FILE", false, "写入文件（- 为标准输出）",
     "write it to FILE (- is standard output)"},
    {"small", NULL, false, "只要缩略图", "the small picture alone"},
    NO_MORE,
};
static const struct cli_flag photos_free_flags[] = {
    {"all", NULL, false, "不等设定的天数", "without waiting for the days"},
    NO_MORE,
};
static const struct cli_flag maps_add_flags[] = {
    {"name", "NAME", false, "名称：字母、数字、- 和 _（必填）",
     "what it is called: letters, digits, - and _ (needed)"},
    {"crs", "wgs84|gcj02|bd09", false, "瓦片所用的坐标系（否则 wgs84）",
     "which coordinates its tiles are drawn in (else wgs84)"},
    {"attribution", "TEXT", false, "显示的版权和审图号（否则取自文件）",
     "what is shown of its rights (else as the file says)"},
    NO_MORE,
};
static const struct cli_flag due_flags[] = {
    {"days", "N", false, "再往后看 N 天", "look N days further"},
    NO_MORE,
};
static const struct cli_flag conflicts_flags[] = {
    {"decided", NULL, false, "也列已决定的（给出 ID 时），及怎样改变",
     "of an ID also what was decided, and how to decide otherwise"},
    NO_MORE,
};
static const struct cli_flag resolve_flags[] = {
    {"take", "HASH", false, "取这一条记录的值（记录码，写行首几位就行）",
     "take the value of this record (its hash, or a prefix)"},
    {"value", "V", false, "改用另一个值", "another value"},
    {"dismiss", NULL, false, "保留现在显示的", "keep what is shown now"},
    WHY,
    AS,
    NO_MORE,
};
static const struct cli_flag enrol_flags[] = {
    {"request", "FILE", false, "没有网络：把加入申请写成文件，由指挥中心读入",
     "without a network: write the request to join into a file, for the "
     "command centre"},
    {"accept", "FILE", false, "读入指挥中心对申请的回应（不再给入网码）",
     "read the command centre's answer to it (no code then)"},
    {"seal", NULL, false, "与 --request 同用：加密给服务器",
     "with --request: encrypt it to the server"},
    {"allow-plain", NULL, false, "允许不加密的 HTTP（仅限可信网络）",
     "plain HTTP will do (only in a trusted network)"},
    {"max-time", "S", false, "多少秒不通就放弃",
     "give up after so many seconds without getting through"},
    NO_MORE,
};
static const struct cli_flag sync_flags[] = {
    {"watch", NULL, false, "持续运行，有网即传",
     "go on running, and send whenever there is a network"},
    {"every", "S", false, "--watch 时每隔多少秒",
     "with --watch: so many seconds apart"},
    {"max-time", "S", false,
     "多少秒没有任何动静就放弃（否则 30，链路慢时更久；0 只试一次）",
     "give up when nothing has moved for so many seconds (else 30, and more on "
     "a slow line; 0: one try)"},
    {"within", "S", false, "多少秒后不再开始新的传输，余下的留待下次",
     "begin nothing new after so many seconds; the rest waits for the next "
     "run"},
    {"budget", "SIZE", false,
     "最多用这么多流量，如 500KB、2MB（两个方向，含首部、加密和重传）",
     "spend so many bytes at most, 500KB, 2MB (both ways, with heads, "
     "encryption and what had to be repeated)"},
    {"photos", "none|thumbs|all|auto", false,
     "照片：不传；只传缩略图和中心点名要的；全传；按流量计费时同 thumbs、否则全传"
     "（默认 auto）",
     "none; small ones and those that were ordered; all; auto (the default): "
     "thumbs where bytes cost, else all"},
    {"metered", NULL, false,
     "本次按流量计费：先不传原图，不取网格边界等大文件",
     "bytes cost this time: leave full photos and large files (grid "
     "boundaries) for another time"},
    {"unmetered", NULL, false, "本次不按流量计费", "bytes do not cost this time"},
    {"remember", NULL, false,
     "把 --metered 或 --unmetered 记下来，系统说不出时按它",
     "keep --metered or --unmetered, for when the system cannot tell"},
    {"progress", NULL, false, "与 --json 同用：进行中每走一步输出一行",
     "with --json: a line for each step while it lasts"},
    {"verbose", NULL, false, "细说经过，也说流量是否计费、依据什么",
     "tell more of what happens, and whether bytes cost, and who says so"},
    NO_MORE,
};
static const struct cli_flag ui_flags[] = {
    {"port", "N", false, "端口（否则自动选择）",
     "the port (else one that is free)"},
    {"no-browser", NULL, false, "不打开浏览器，只说地址",
     "open no browser, only tell the address"},
    {"kiosk", NULL, false, "全屏显示（手持终端）",
     "over the whole screen (a handheld)"},
    NO_MORE,
};
static const struct cli_flag export_flags[] = {
    {"format", "csv|geojson|gpx", false, "格式（否则 csv）",
     "the format (else csv)"},
    {"output", "FILE", false, "写入文件（否则标准输出）",
     "write to FILE (else standard output)"},
    {"bom", NULL, false, "CSV 前加 BOM（供需要它的表格软件）",
     "put a BOM before a CSV, for spreadsheets that need it"},
    {"kind", "KIND", false, "只要这一类", "only this kind"},
    {"mine", NULL, false, "只要本机记录的", "only what this device recorded"},
    NO_MORE,
};
static const struct cli_flag unlock_flags[] = {
    {"for", "MINUTES", false, "多少分钟后自动上锁（否则 480）",
     "lock again after so many minutes (else 480)"},
    NO_MORE,
};
static const struct cli_flag recover_flags[] = {
    {"registrar-key", "FILE", false, "登记员的密钥文件", "the registrar's key file"},
    NO_MORE,
};
static const struct cli_flag bundle_write_flags[] = {
    {"seal", NULL, false, "加密给服务器", "encrypt it to the server"},
    {"photos", "WHICH", false, "照片：none 不带 | thumbs 只带缩略图 | all 全部（默认）",
     "photos: none | thumbs (thumbnails alone) | all (as a rule)"},
    {"rescue", NULL, false, "写救援包：整个数据目录，仍加密；上锁的本机总是这样",
     "a rescue bundle: the whole home, encrypted as it is; always so where "
     "it is locked"},
    NO_MORE,
};
static const struct cli_flag handover_write_flags[] = {
    {"to", "WORKER", false, "接收人（必填）", "the successor (needed)"},
    {"key", "KEY", true, "接收人设备的公钥（其 xunge handover key 的输出）",
     "the key of a device of theirs (as xunge handover key prints it there)"},
    {"code", NULL, false, "另生成一个在电话里念的交接码",
     "have a code made too, to be read out over the telephone"},
    PIN,
    NO_MORE,
};
static const struct cli_flag handover_accept_flags[] = {
    {"code", NULL, false, "用交接码打开（在终端上问，否则从 --passphrase-fd 或标准输入读）",
     "open it with the code (asked for on a terminal, else read from "
     "--passphrase-fd or standard input)"},
    {"answer", "FILE", false, "写一份给移交人的签收回执",
     "write an answer for the predecessor"},
    {"again", NULL, false, "已在另一台设备上签收，本机也要",
     "here too, although it was accepted on another device"},
    PIN,
    NO_MORE,
};
static const struct cli_flag leave_flags[] = {
    {"yes", NULL, false, "核验通过就抹去，不能恢复",
     "wipe, if all is proven; for good"},
    NO_MORE,
};
static const struct cli_flag help_flags[] = {
    {"man", NULL, false, "输出手册页（roff）", "print the man page (roff)"},
    NO_MORE,
};

#define ANY UINT_MAX

/* clang-format off */
static const struct cli_command commands[] = {
    {"enrol", CLI_JOIN, CLI_PATH, "CODE", 0, 1, enrol_flags, cmd_enrol,
     "用一次性入网码加入服务器", "join a server with a one-time code",
     "入网码由服务器管理员发放，只能用一次；- 表示从标准输入读。"
     "数据目录不存在时会建立。",
     "The server's operator gives the code; it works once; - reads it from "
     "standard input. The data folder is made where there is none.",
     NULL},
    {"status", CLI_JOIN, CLI_HOME, "", 0, 0, status_flags, cmd_status,
     "我是谁、各状态条数、上次成功同步、时钟、空间",
     "who I am, counts by state, last successful sync, clock, space",
     "“已收到”只指本机已核验过服务器回执的记录。",
     "\"Received\" counts only what this device holds a verified receipt "
     "for.",
     NULL},
    {"ui", CLI_JOIN, CLI_PATH, "", 0, 0, ui_flags, cmd_ui,
     "打开工作页面（浏览器）",
     "open the page to work with, in the browser",
     "只在本机提供，外面连不上；关掉浏览器不影响，用 Ctrl-C 结束。再运行一次就再打开"
     "一个窗口。设了口令的，按 lock_after 设置自动上锁。也按 sync_every 设置自动"
     "同步。",
     "Served on this device alone. Closing the browser does no harm; Ctrl-C "
     "ends it. Run it again for another window. Where there is a passphrase "
     "it locks by itself (setting lock_after), and it syncs by itself "
     "(setting sync_every).",
     NULL},

    {"settings", CLI_JOIN, CLI_PATH, "[NAME=VALUE…]", 0, ANY, NULL,
     cmd_settings,
     "本机的设置：语言、配色、字号、自动同步、上锁",
     "how this device is set: language, theme, text, syncing, locking",
     "NAME= 恢复默认。只管界面（xunge ui）和本机，不成为记录；上锁时也能看、能改。"
     "命令行的语言另由 --lang 或系统决定。",
     "NAME= goes back to what it is by default. It concerns the page (xunge "
     "ui) and this device alone, is no record, and can be read and changed "
     "while locked. The command line's language goes by --lang or the locale.",
     NULL},

    {"draft write", CLI_RECORD, CLI_HOME, "KIND|draft-N [field=value…]", 0, ANY,
     write_flags, cmd_draft_write,
     "把填到一半的存成草稿：对不对都照样存，并说出哪里不对、还缺什么",
     "keep what is filled in so far, right or wrong, and say what is wrong and "
     "what is missing",
     "字段、反映人换成这一次给的，照片只增减。--about 的草稿补全后就是一次 "
     "set、note、photo，加 --move 就是 do。给了 --version 而别处已改过的，不写。",
     "Fields and contact become those given now; photos are added and taken "
     "out. Finished, a draft with --about is a set, note or photo, with --move "
     "a do. With --version it writes nothing where somebody wrote meanwhile.",
     NULL},
    {"draft list", CLI_RECORD, CLI_HOME, "", 0, 0, NULL, cmd_draft_list,
     "列出草稿", "list the drafts", "与 list --state draft 相同。",
     "The same as list --state draft.", NULL},
    {"draft finish", CLI_RECORD, CLI_HOME, "draft-N [field=value…]", 1, ANY,
     finish_flags, cmd_draft_finish,
     "补全草稿并保存为记录",
     "complete a draft and save it as a record",
     "与直接写这条命令完全一样；草稿同时去掉。",
     "Just as if that command were typed; the draft goes at the same time.",
     NULL},
    {"draft discard", CLI_RECORD, CLI_HOME, "draft-N", 1, 1, NULL,
     cmd_draft_discard,
     "丢弃草稿", "throw a draft away", NULL, NULL, NULL},
    {"import", CLI_RECORD, CLI_HOME, "FILE", 1, 1, import_flags, cmd_import,
     "导入 JSON 行文件", "import a file of JSON lines",
     "每行一个对象；id 相同的行再次导入不会重复。反映人成为单独的记录。",
     "One object a line; a line whose id was imported before adds nothing. "
     "A reporter becomes a record of its own.",
     NULL},

    {"set", CLI_LATER, CLI_HOME, "ID field=value…", 2, ANY, set_flags,
     cmd_set,
     "更改字段", "change fields",
     "field= 清空；field-=HASH:INDEX 从集合中去掉一项。"
     "改一个有冲突的字段就是决定它，须给 --why。"
     "保存后仍有冲突待决定时退出码为 5。",
     "field= empties; field-=HASH:INDEX takes an element out of a set. To set "
     "a field that is in conflict decides it: that takes --why. Exits with 5 "
     "when it was saved and conflicts are left for a person.",
     NULL},
    {"note", CLI_LATER, CLI_HOME, "ID TEXT", 2, 2, later_flags, cmd_note,
     "添加备注", "add a note", NULL, NULL, NULL},
    {"photo", CLI_LATER, CLI_HOME, "ID FILE[:ROLE]…", 2, ANY, photo_flags, cmd_photo,
     "附上照片", "attach photos",
     "照片按原样加密保存在本机；位置、时间、方向从中读出。"
     "一张照片可同时写用途和来源：FILE:before,forwarded。",
     "Photos are kept as they are, encrypted; position, time and "
     "orientation are read from them. Role and origin can both be said of "
     "one: FILE:before,forwarded.",
     NULL},
    {"do", CLI_LATER, CLI_HOME, "ID [MOVE] [field=value…]", 1, ANY, do_flags,
     cmd_do,
     "办理一步；不写动作则列出现在能做什么",
     "a move of the loop; without one: what can be done now",
     "动作写英文名或中文名都行。不会生效的不保存，并说明缺什么、能做什么。"
     "自行处置要有处置前、处置后照片（--photo FILE:before、FILE:after），"
     "没有的写明 --why。保存后仍有冲突待决定时退出码为 5。",
     "A move by its name or its Chinese label. What would take no effect is "
     "not saved; it is said what is missing, and what is possible. To settle "
     "on the spot takes a photo from before and one from after (--photo "
     "FILE:before, FILE:after), or --why. Exits with 5 when it was saved and "
     "conflicts are left for a person.",
     NULL},
    {"withdraw", CLI_LATER, CLI_HOME, "ID", 1, 1, why_flags, cmd_withdraw,
     "撤回误报", "withdraw a mistaken report", NULL, NULL, NULL},
    {"duplicates", CLI_LATER, CLI_HOME, "[ID]", 0, 1, NULL, cmd_duplicates,
     "列出可能是同一件事的事件",
     "incidents that may be one",
     "同类、未办结、相距不超过该类别的半径（目录里没有写的按 50 米）。"
     "是不是同一件由人决定：xunge link。",
     "Alike, open, and not farther apart than the radius of their category "
     "(50 m where the catalogue says nothing). Whether they are one is for a "
     "person to say: xunge link.",
     NULL},
    {"link", CLI_LATER, CLI_HOME, "ID ID", 2, 2, set_flags, cmd_link,
     "关联为同一件",
     "say that two are one thing",
     "各自的办理和答复不变；弄错了用 unlink。",
     "Each keeps its own way and its answer; unlink takes it back.", NULL},
    {"unlink", CLI_LATER, CLI_HOME, "ID ID", 2, 2, set_flags, cmd_unlink,
     "取消关联", "say that they are not", NULL, NULL, NULL},
    {"read", CLI_LATER, CLI_HOME, "ID", 1, 1, later_flags, cmd_read,
     "阅读通知并回执", "read a notice, and let its sender know",
     "回执只记一次。", "A receipt is given once.", NULL},
    {"tally", CLI_LATER, CLI_HOME, "ID GRID:ITEM:N…", 2, ANY, later_flags,
     cmd_tally,
     "为专项整治报清点数", "count for a campaign",
     "同一网格、同一项目报几次就相加；报错的先去掉：set ID tally-=HASH:INDEX。",
     "Several counts of a grid and item add up; a wrong one is taken out "
     "first: set ID tally-=HASH:INDEX.",
     NULL},

    {"patrol start", CLI_PATROL, CLI_HOME, "[grid=CODE]", 0, 1, start_flags,
     cmd_patrol_start,
     "开始巡查并记录轨迹",
     "start a patrol and record its track",
     "轨迹由后台程序 xunge-patrol 记录；断电至多丢 30 秒。",
     "The program xunge-patrol records in the background; a power cut loses "
     "at most 30 s.",
     NULL},
    {"patrol stop", CLI_PATROL, CLI_HOME, "", 0, 0, stop_flags,
     cmd_patrol_stop,
     "结束巡查", "end the patrol", NULL, NULL, NULL},
    {"patrol continue", CLI_PATROL, CLI_HOME, "", 0, 0, continue_flags,
     cmd_patrol_continue,
     "中断后继续同一次巡查",
     "go on with a patrol whose recorder was ended", NULL, NULL, NULL},
    {"patrol close", CLI_PATROL, CLI_HOME, "", 0, 0, NULL, cmd_patrol_close,
     "中断后在最后一个定位点结束",
     "end a patrol whose recorder was ended, at its last fix", NULL, NULL,
     NULL},
    {"patrol import", CLI_PATROL, CLI_HOME, "FILE [grid=CODE]", 1, 2,
     later_flags, cmd_patrol_import,
     "由 GPX 或 NMEA 文件建立巡查",
     "a patrol from a GPX or NMEA file", "FILE 写 - 则从标准输入读。",
     "- reads standard input.", NULL},
    {"patrol day", CLI_PATROL, CLI_HOME, "[DATE]", 0, 1, NULL, cmd_patrol_day,
     "一天的巡查：走过的路、缺口、去过的地方",
     "the patrols of a day: the way, its gaps, the places visited",
     "DATE 写 2026-05-01，不写是今天。只有本机记录的；进行中的也在内，到约 30 秒前"
     "为止。JSON 里的线用于画图：误差 2 米以内的点省去了。",
     "DATE is 2026-05-01, without one today. Those that this device recorded, "
     "the open one too, up to some 30 s ago. Lines in JSON are for drawing: "
     "points that change them by less than 2 m are left out.",
     NULL},
    {"patrol show", CLI_PATROL, CLI_HOME, "[ID]", 0, 1, track_flags,
     cmd_patrol_show,
     "查看指定的、进行中的或最近的巡查",
     "show a given patrol, the open one, or the newest", NULL, NULL, NULL},
    {"position", CLI_PATROL, CLI_NOTHING, "", 0, 0, position_flags,
     cmd_position,
     "现在的位置，准不准，不准该怎么办",
     "where the receiver says we are, how well, and what to do",
     "误差 15 米以内为好，50 米以内为一般，再大或不明为差；位置陈旧、跳动或是模拟"
     "的也算差，并说明。没有定位也是一种回答，退出码为 0。什么也不记录。",
     "Within 15 m is good, within 50 m fair, more or unknown poor; one that is "
     "old, jumps or is simulated is poor too, and it is said. That there is "
     "none is an answer, with exit status 0. Nothing is recorded.",
     NULL},

    {"list", CLI_LOOK, CLI_HOME, "[KIND]", 0, 1, list_flags, cmd_list,
     "列出记录", "list what is here", NULL, NULL, NULL},
    {"due", CLI_LOOK, CLI_HOME, "", 0, 0, due_flags, cmd_due,
     "到期的走访、任务和案件时限", "visits, tasks and deadlines that are due",
     "今天以内到期的，最紧的在前；--days N 再往后看 N 天。",
     "Until the end of today, the most pressing first; --days N looks N days "
     "further.",
     NULL},
    {"mine", CLI_LOOK, CLI_HOME, "", 0, 0, later_flags, cmd_mine,
     "记了我什么：次数、里程和每一个存疑标记",
     "what is recorded about me: counts, kilometres, every flag",
     "每个标记都可以用 note 说明。没有积分，没有排名；轨迹只在自己开始的巡查里有。",
     "Any flag can be answered with a note. No points, no rankings; tracks "
     "exist only inside patrols that you started.",
     NULL},
    {"show", CLI_LOOK, CLI_HOME, "ID", 1, 1, show_flags, cmd_show,
     "查看一条",
     "show one in full",
     "ID 是编号（0417-00123-7）、标识或其至少 4 位的前缀，或 draft-N。",
     "An ID is a number (0417-00123-7), an entity id or a prefix of at least "
     "4 digits, or draft-N.",
     NULL},
    {"history", CLI_LOOK, CLI_HOME, "ID", 1, 1, NULL, cmd_history,
     "查看一条的全部经过", "everything that happened to one", NULL, NULL,
     NULL},
    {"find", CLI_LOOK, CLI_HOME, "TEXT", 1, 1, list_flags + 1, cmd_find,
     "查找文字", "find text in values and notes", NULL, NULL, NULL},
    {"suggest", CLI_LOOK, CLI_HOME, "KIND FIELD [TEXT]", 2, 3, suggest_flags,
     cmd_suggest,
     "这一项以前填过什么，最可能的在前（至多 20 个）",
     "what was filled in there before, the likeliest first, 20 at most",
     "类别、单位也按名称找；反映人按姓名或电话找（suggest contact phone 138），"
     "无权看反映人的不提示。",
     "Categories and units by their names too; callers by name or phone "
     "(suggest contact phone 138), for who may see contacts.",
     NULL},

    {"grids", CLI_LOOK, CLI_HOME, "", 0, 0, NULL, cmd_grids,
     "我的网格和下级单位的边界（GeoJSON）",
     "the borders of my units and those below (GeoJSON)",
     "来自导入的网格边界，为画图化简。按流量计费时同步不取边界，会说明。",
     "From the imported boundaries, simplified for drawing. A sync leaves them "
     "for another time where bytes cost; then it is said.",
     NULL},
    {"maps", CLI_LOOK, CLI_PATH, "", 0, 0, NULL, cmd_maps,
     "列出离线地图", "the offline maps", NULL, NULL, NULL},
    {"maps add", CLI_LOOK, CLI_PATH, "FILE", 1, 1, maps_add_flags, cmd_maps_add,
     "添加离线地图（MBTiles 栅格）", "add an offline map (MBTiles, raster)",
     "先复制并整个核验，再启用；同名的换上新的。- 表示标准输入。矢量地图不能用。",
     "It is copied and read from end to end before it is used; one of the same "
     "name is replaced. - reads standard input. Vector maps are refused.",
     NULL},
    {"maps remove", CLI_LOOK, CLI_PATH, "NAME", 1, 1, NULL, cmd_maps_remove,
     "删去离线地图", "remove an offline map", NULL, NULL, NULL},

    {"conflicts", CLI_DECIDE, CLI_HOME, "[ID]", 0, 1, conflicts_flags,
     cmd_conflicts,
     "列出待人决定的冲突", "what a person has to decide",
     "有冲突时退出码为 5。", "Exits with 5 when there is any.", NULL},
    {"resolve", CLI_DECIDE, CLI_HOME, "ID FIELD", 2, 2, resolve_flags,
     cmd_resolve,
     "决定一处冲突", "decide a conflict",
     "FIELD 也可以是 status。--take、--value、--dismiss 三选一。"
     "决定本身是一条记录，可再更改。",
     "FIELD may be status. One of --take, --value and --dismiss. The "
     "decision is a record like any other; the next can undo it.",
     NULL},
    {"forks", CLI_DECIDE, CLI_HOME, "", 0, 0, NULL, cmd_forks,
     "列出分叉的链和认定", "chains that fork, and what was found out",
     "两条记录占同一个位置：文件夹被复制过，或恢复过旧的副本。两侧的记录都算数；"
     "是怎么回事由指挥中心认定（xunge-server forks）。",
     "Two records claim one place: a home was copied, or an older copy put "
     "back. Both sides count; what it was is for the centre to find out "
     "(xunge-server forks).",
     NULL},

    {"describe", CLI_LOOK, CLI_HOME, "", 0, 0, describe_flags, cmd_describe,
     "种类、字段、办理步骤，以及本地的类别、表单、单位、职责",
     "kinds, fields and moves, and this site's categories, forms, units, duties",
     "供程序用：界面的表单和叫法都由它来。--json 给出全部，其中 version 不变则内容"
     "不变：--unless 它，就只答 {\"same\":true}。",
     "For programs: forms and labels are built from it. With --json all of "
     "it; while its \"version\" is the same, so is the rest: with --unless "
     "that, the answer is {\"same\":true} alone.",
     NULL},
    {"sync", CLI_SEND, CLI_PATH, "", 0, 0, sync_flags, cmd_sync,
     "上传、核验回执、取回", "push, fetch receipts, pull",
     "没有网络时退出码为 4，待传的仍在。记录先传，再传缩略图，再传原图。流量是否"
     "计费：先看本次的选项，再问 NetworkManager，再看记下的设置；都没有则不计费。"
     "--budget 或 --within 用完而记录已传完，退出码为 0，并说明还有什么在等。",
     "Exits with 4 where there is no connection; the work stays queued. "
     "Records go first, then small photos, then full ones. Whether bytes cost: "
     "as said for this run, else NetworkManager is asked, else as remembered, "
     "else they do not. Where --budget or --within ended it and the records "
     "went through, it exits with 0 and says what waits.",
     NULL},
    {"photos", CLI_SEND, CLI_HOME, "", 0, 0, photos_flags, cmd_photos,
     "每张照片在哪里：仅在本机、已在服务器、已备份",
     "where each photo is: only here, on the server, backed up", NULL, NULL,
     NULL},
    {"photos list", CLI_SEND, CLI_HOME, "", 0, 0, photos_flags, cmd_photos,
     "同 photos", "the same", NULL, NULL, NULL},
    {"photos get", CLI_SEND, CLI_HOME, "ID|SHA-256", 1, 1, photos_get_flags,
     cmd_photos_get,
     "取一张原图：本机没有就从服务器取回",
     "a full photo: from the server where it is not here",
     "照片可写 SHA-256 的开头几位，只有一张照片的也可写编号。",
     "A photo by the beginning of its SHA-256, or by the ID of what has but "
     "one.",
     NULL},
    {"photos keep", CLI_SEND, CLI_HOME, "[DAYS|all]", 0, 1, NULL,
     cmd_photos_keep,
     "原图在服务器收到后本机再留几天",
     "how many days full photos stay once the server holds them",
     "否则 30 天。缩略图一直留着；服务器没有备份的原图不删。",
     "Else 30. Thumbnails stay; so do photos that the server has not backed "
     "up.",
     NULL},
    {"photos free", CLI_SEND, CLI_HOME, "", 0, 0, photos_free_flags,
     cmd_photos_free,
     "现在就删去服务器上有并已备份的原图，腾出空间",
     "make room now: let go of photos that the server holds and has backed up",
     "只删凭据核验过的；说明腾出多少、还留下什么、为什么。",
     "Only against verified proofs; says how much, what stays, and why.",
     NULL},
    {"verify", CLI_SEND, CLI_HOME, "[ID]", 0, 1, NULL, cmd_verify,
     "核验链、回执、照片和视图", "check chains, receipts, photos and views",
     "先说结论，再列数目与细节。", "The verdict first, then counts and "
                                   "details.",
     NULL},
    {"export", CLI_SEND, CLI_HOME, "[ID…]", 0, ANY, export_flags, cmd_export,
     "导出为 CSV、GeoJSON 或 GPX", "export as CSV, GeoJSON or GPX",
     "导出的文件不加密。不给 ID 时导出全部（反映人除外）。CSV 每类一张表，"
     "表间空一行；GPX 只含巡查轨迹。",
     "What is exported is not encrypted. Without an ID: everything but "
     "contacts. CSV has one table a kind, an empty line between; GPX holds "
     "patrols' tracks alone.",
     NULL},

    {"passphrase set", CLI_PROTECT, CLI_PATH, "", 0, 0, NULL,
     cmd_passphrase_set,
     "设置或更改口令", "set or change the passphrase",
     "在终端上不回显地输入两遍；否则从 --passphrase-fd 或标准输入读："
     "新口令一行；已上锁时先旧口令一行。",
     "Asked for twice on a terminal, without echo; else read from "
     "--passphrase-fd or standard input: the new one in a line; where the "
     "home is locked, the old one in a line before it.",
     NULL},
    {"passphrase", CLI_PROTECT, CLI_PATH, "", 0, 0, NULL, cmd_passphrase_set,
     "同 passphrase set", "the same as passphrase set", NULL, NULL, NULL},
    {"passphrase clear", CLI_PROTECT, CLI_PATH, "", 0, 0, NULL,
     cmd_passphrase_clear,
     "取消口令，改用密钥文件",
     "back to the key file, without a passphrase", NULL, NULL, NULL},
    {"passphrase recover", CLI_PROTECT, CLI_PATH, "", 0, 0, recover_flags,
     cmd_passphrase_recover,
     "忘记口令：由登记员的密钥打开并设新口令",
     "forgotten: opened with the registrar's key, and a new one set",
     "只需要数据目录里的 vault 文件：把它带到登记员的机器上，放在一个空目录里，"
     "在那里运行，再带回来放回原处；登记员的密钥就不必到这台设备上来。",
     "Only the file vault of the data folder is needed: take it to the "
     "registrar's machine, into an empty folder, run it there, and put it back "
     "in its place; so the registrar's key never comes to this device.",
     NULL},
    {"unlock", CLI_PROTECT, CLI_PATH, "", 0, 0, unlock_flags, cmd_unlock,
     "用口令解锁一段时间", "unlock with the passphrase for a while", NULL,
     NULL, NULL},
    {"lock", CLI_PROTECT, CLI_PATH, "", 0, 0, NULL, cmd_lock,
     "立即上锁",
     "lock now", NULL, NULL, NULL},
    {"pin set", CLI_PROTECT, CLI_HOME, "", 0, 0, pin_flags, cmd_pin_set,
     "共用设备：给自己设 PIN，记录由自己的钥匙签名",
     "a shared device: set a PIN of your own; a key of yours signs your "
     "records",
     "同步后把指纹报给管理员登记；从那以后凭 PIN 记录的算“已证实”，"
     "不凭 PIN 的只算“设备声称”。PIN 至少 4 位，要输两遍。",
     "After a sync, have the operator register it by its fingerprint: what is "
     "recorded with the PIN from then on is proven, what is recorded without "
     "only claimed. Four digits at least, typed twice.",
     NULL},
    {"pin change", CLI_PROTECT, CLI_HOME, "", 0, 0, pin_flags, cmd_pin_change,
     "改 PIN，钥匙不变", "another PIN, the same key", NULL, NULL, NULL},
    {"pin remove", CLI_PROTECT, CLI_HOME, "", 0, 0, pin_remove_flags,
     cmd_pin_remove,
     "删除本机的 PIN 和钥匙", "remove a PIN and its key from here", NULL, NULL,
     NULL},
    {"pin list", CLI_PROTECT, CLI_HOME, "", 0, 0, NULL, cmd_pin_list,
     "谁设了 PIN，公钥指纹，登记了没有",
     "who has a PIN, the fingerprints, and what is registered", NULL, NULL,
     NULL},
    {"pin unlock", CLI_PROTECT, CLI_HOME, "", 0, 0, pin_unlock_flags,
     cmd_pin_unlock,
     "一段时间内记录不再问 PIN", "record without being asked for a while", NULL,
     NULL, NULL},
    {"pin lock", CLI_PROTECT, CLI_HOME, "", 0, 0, pin_none_flags, cmd_pin_lock,
     "立即恢复要 PIN", "ask for the PIN again", NULL, NULL, NULL},

    {"bundle write", CLI_HANDOVER, CLI_PATH, "FILE", 1, 1, bundle_write_flags,
     cmd_bundle_write,
     "没有网络：把要上传的写成文件（U 盘）",
     "without a network: write what a sync would send into a file (a stick)",
     "没有回执的记录和没有证实的照片都在里面；- 表示标准输出。指挥中心读入后给"
     "回应文件，用 bundle read 读入。可以随时重写，绝不重复。",
     "All records without a receipt and photos without a proof are in it; -: "
     "standard output. The command centre reads it and gives an answer, for "
     "bundle read. It can be written again at any time; nothing is taken twice.",
     NULL},
    {"bundle read", CLI_HANDOVER, CLI_PATH, "FILE", 1, 1, NULL,
     cmd_bundle_read,
     "读入指挥中心的回应文件，或把救援包解到新目录",
     "read the command centre's answer, or unpack a rescue bundle",
     "回执、更新、登记册、参考资料都在里面，核验与联网同步相同；断了、重复、顺序"
     "不对都无妨。救援包：--home 给一个新文件夹。",
     "Receipts, news, registry and reference data come with it, verified as in "
     "a sync; cut, again, or out of order does no harm. Of a rescue bundle: "
     "--home names a new folder.",
     NULL},
    {"sticks", CLI_HANDOVER, CLI_PATH, "", 0, 0, NULL, cmd_sticks,
     "插着的 U 盘和存储卡，剩余空间，上面有哪些本系统的文件",
     "sticks and cards that are plugged in, their room, and which files on them "
     "are ours",
     "按内容认文件，不看文件名。只看最上一层文件夹。",
     "Files are known by their content, not by their names. Only the topmost "
     "folder is looked at.",
     NULL},
    {"handover write", CLI_HANDOVER, CLI_PATH, "FILE", 1, 1,
     handover_write_flags, cmd_handover_write,
     "把未结案件、重点对象、草稿、照片交给接任的人",
     "hand open cases, subjects, drafts and photos to a successor",
     "先记下一条交接记录，再写出加密的文件：只有接收人的设备（或念给他的交接码）"
     "打得开。本机什么也不删。",
     "Records the handover first, then writes an encrypted file that only the "
     "successor's devices open, or the code that is read out to them. Nothing "
     "is deleted here.",
     NULL},
    {"handover accept", CLI_HANDOVER, CLI_PATH, "FILE", 1, 1,
     handover_accept_flags, cmd_handover_accept,
     "签收一份交接", "accept a handover",
     "先全部核验，再一次存好；中断了重来即可。移交人没有传出去的，由本机代传。",
     "All is verified first, then saved at once; when it was cut off, do it "
     "again. What the predecessor had not sent is pushed from here.",
     NULL},
    {"handover finish", CLI_HANDOVER, CLI_HOME, "FILE", 1, 1, NULL,
     cmd_handover_finish,
     "读入接收人的签收回执（没有网络时）",
     "read the successor's answer, where there is no network", NULL, NULL,
     NULL},
    {"handover status", CLI_HANDOVER, CLI_HOME, "", 0, 0, NULL,
     cmd_handover_status,
     "交接到哪一步了", "how handovers stand", NULL, NULL, NULL},
    {"handover key", CLI_HANDOVER, CLI_HOME, "", 0, 0, NULL, cmd_handover_key,
     "本机的公钥，供移交人加密", "this device's key, for the predecessor", NULL,
     NULL, NULL},
    {"leave", CLI_HANDOVER, CLI_PATH, "", 0, 0, leave_flags, cmd_leave,
     "证明一切已收到或已交接，然后抹去本机",
     "prove that all is received or handed over, then wipe",
     "不加 --yes 只核验。有什么只在本机，就说明是什么，不抹去。",
     "Without --yes it only proves. It refuses, and says what, while anything "
     "is only here.",
     NULL},

    {"help", CLI_ABOUT, CLI_NOTHING, "[COMMAND]", 0, 2, help_flags, cmd_help,
     "说明", "help on all commands, or one", NULL, NULL, NULL},
    {"version", CLI_ABOUT, CLI_NOTHING, "", 0, 0, NULL, cmd_version,
     "版本",
     "the version", NULL, NULL, NULL},
    {"completion", CLI_ABOUT, CLI_NOTHING, "", 0, 0, NULL, cmd_completion,
     "输出 bash 补全脚本", "print the completion script for bash",
     "用法：source <(xunge completion)", "Use: source <(xunge completion)",
     NULL},
};
/* clang-format on */

enum { COUNT = sizeof commands / sizeof commands[0] };

const char *cli_group_label(enum cli_group group)
{
    switch (group) {
#define X(name, zh, en)                                                        \
    case name:                                                                 \
        return XG_T(zh, en);
        CLI_GROUP_TABLE(X)
#undef X
    case CLI_GROUPS:
        break;
    }
    return "";
}

/* Does the table take care of this kind? Then no command captures it. */
static bool has_commands(const struct xg_kind *kind)
{
    return !kind->entity || cli_is_family(kind->name) ||
           kind->number == XG_KIND_FORK_FINDING; /* the centre's alone */
}

static void capture_command(struct cli_command *out, const struct xg_kind *k)
{
    *out = (struct cli_command){
        .name = k->name,
        .group = CLI_RECORD,
        .needs = CLI_HOME,
        .args = "field=value…",
        .most = ANY,
        .flags = k->number == XG_KIND_VISIT        ? visit_flags
                 : xg_field_named(k, "contact") ? informed_flags
                                                : capture_flags,
        .run = cmd_capture,
        .zh = k->zh,
        .en = k->en,
        .kind = k};
}

bool cli_command_at(struct cli_command *out, size_t i)
{
    for (const struct xg_kind *k = xg_kinds; k->name; k++)
        if (!has_commands(k) && i-- == 0) {
            capture_command(out, k);
            return true;
        }
    if (i >= COUNT)
        return false;
    *out = commands[i];
    return true;
}

bool cli_command_named(struct cli_command *out, const char *name)
{
    struct cli_command c;

    for (size_t i = 0; cli_command_at(&c, i); i++)
        if (strcmp(c.name, name) == 0 ||
            (c.kind && strcmp(c.kind->zh, name) == 0)) {
            *out = c;
            return true;
        }
    return false;
}

bool cli_is_family(const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i < COUNT; i++)
        if (strncmp(commands[i].name, word, len) == 0 &&
            commands[i].name[len] == ' ')
            return true;
    return false;
}
