/* table.c - every command of xunge-server, in the order of the help. */
#include "server/cli/cmd.h"

/* What a site is run by: docs/reference-data.md. */
#define EDITION                                                                \
    {                                                                          \
        {"edition", "NAME", false, "版本，缺省文件名",                         \
         "edition; else the file's name"}                                      \
    }

/* Who acts, and how they sign (server/account/key.h). */
#define PASSWORD                                                               \
    {                                                                          \
        "password-fd", "N", false, "从这个文件描述符读口令（否则在终端上问）", \
            "read the password from this descriptor (else it is asked for)"    \
    }
#define AS                                                                     \
    {"as", "CODE", true, "办理人的工号", "who acts: a code"}, PASSWORD,        \
    {                                                                          \
        "unsigned", NULL, false, "办理人有钥匙也不签名：只算服务器认定",       \
            "without the signature of who acts: asserted by the server only"   \
    }

/* By what it is asked for again (server/desk/again.h). */
#define ACT                                                                    \
    {                                                                          \
        "act", "KEY", false,                                                   \
            "这次办理的标记：32 位十六进制数字，随机取；没有得到答复时用同一个" \
            "再办，不会办成两次",                                              \
            "a key of this act, 32 hexadecimal digits drawn by lot; asked for " \
            "again by the same one it is not done twice"                       \
    }

#define ANYWAY                                                                 \
    {                                                                          \
        "anyway", NULL, false, "区划表里没有这个单位也派",                     \
            "dispatch to a unit that the territory does not have"              \
    }

/* Who told of an incident (shared/view/judged.h). */
#define INFORMANT                                                              \
    {"contact", "NAME", false, "反映人姓名", "who told of it: a name"},        \
        {"phone", "P", false, "反映人电话", "their phone"},                    \
        {"consent", "C", false, "反映人是否同意公开：见 describe",             \
         "what they agreed to: see describe"},                                 \
    {                                                                          \
        "relation", "R", false, "反映人与事件的关系", "how they are concerned" \
    }

/* What the board is asked (filter.h). */
#define FILTER                                                                 \
    {"kind", "K", false, "只看这一种；可给多个", "of this kind; may be given again"}, \
        {"case", NULL, false, "只看要流转的", "only what goes through the loop"}, \
        {"unit", "UNIT", false, "只看属于这个单位或其下级的",                  \
         "at home in this unit, or below it"},                                 \
        {"holder", "UNIT", false, "只看在这个单位或其下级手里的",              \
         "only what this unit, or one below it, has"},                         \
        {"category", "C", false, "只看这个类别及其下级的",                     \
         "of this category, or below it"},                                     \
        {"urgency", "U", false, "紧急程度；可给多个",                          \
         "how urgent; may be given again"},                                    \
        {"source", "S", false, "来源渠道；可给多个",                           \
         "how it came; may be given again"},                                   \
        {"alone", NULL, false, "--unit、--holder 只看该单位本身，不含下级和被吹哨的", \
         "of --unit and --holder that unit alone: not those below it, nor "    \
         "those called"},                                                      \
        {"level", "L", false, "所在层级：代码；没有层级的写 -",                \
         "the level that it is at; - for those that have none"},               \
        {"stage", "S", false, "所处环节：accept、file、dispatch、sign、handle、" \
         "inspect、report_in；可给多个；没有在走的写 -",                       \
         "the stage whose clock matters most: accept, file, dispatch, sign, "  \
         "handle, inspect, report_in; may be given again; - where none runs"}, \
        {"status", "S", false, "状态；可给多个", "status; may be given again"}, \
        {"light", "L", false, "red、yellow、green、none；可给多个",            \
         "red, yellow, green, none; may be given again"},                      \
        {"open", NULL, false, "只看还没有办结的", "only cases not settled"},   \
        {"settled", NULL, false, "只看已经了结的", "only cases that are settled"}, \
        {"conflict", NULL, false, "只看有冲突待决定的",                        \
         "only what a person must decide"},                                    \
        {"since", "T", false, "这个时间起收到的", "received since then"},      \
        {"until", "T", false, "这个时间之前收到的", "received before then"},   \
        {"text", "T", false, "编号、标题、地址、描述里有这些词",               \
         "with these words in number, title, address or description"},         \
    {                                                                          \
        "number", "N", false, "编号或案卷号", "its number, or the official one" \
    }

#define PHOTO                                                                  \
    {                                                                          \
        "photo", "SHA256[:ROLE][,forwarded]", false,                           \
            "附上 photo add 收下的照片，可多次；用途如 after，forwarded 为他人转发", \
            "with a photo that photo add took in; again for more; a role like " \
            "after, forwarded where others sent it"                            \
    }

/* Who is shown personal fields (server/sight/access.h). */
#define READER                                                                 \
    {"as", "CODE", false, "谁查阅个人信息：工号",                              \
     "who reads personal fields: a code"},                                     \
        {"why", "TEXT", false, "为什么查阅，记录在案", "why: it is recorded"}, \
        PASSWORD,                                                              \
    {                                                                          \
        "unsigned", NULL, false, "查阅人有钥匙也不签名：只算服务器认定",       \
            "without the signature of who reads: asserted by the server only"  \
    }

/* Who touches another's login (server/account/account.h). */
#define GIVER                                                                  \
    {                                                                          \
        "as", "CODE", false, "谁办的：登记员的工号", "who does it: a code"     \
    }

/* words, arguments, least and most of them, access, which of them is read,
 * which is made, what it does, in both languages, options */
/* clang-format off */
const struct command commands[] = {
    {"init", "DIR", 1, 1, CMD_ALONE, 0, 0, cmd_init,
     "建立数据目录：密钥、数据库、空日志、TLS 证书",
     "make a data folder: keys, databases, an empty log, a TLS certificate",
     {{"origin", "NAME", true, "日志名称，如 lanshan.example",
       "the log's name, like lanshan.example"},
      {"registrar-key", "FILE", false, "已有的登记员密钥，缺省新建",
       "the registrar's key file; else one is made"},
      {"registrar", "VKEY", false,
       "登记员的公钥：她的密钥留在另一台机器上（registry keygen）",
       "the registrar's verifier key: hers stays on another machine (registry "
       "keygen)"},
      {"host", "NAME", false, "证书里的主机名，缺省 localhost",
       "host name in the certificate; else localhost"}}},
    {"key", "DIR", 1, 1, CMD_ALONE, 0, 0, cmd_key, "显示验证公钥和 TLS 指纹",
     "show the verifier keys and the TLS pin", {{0}}},
    {"serve", "DIR", 1, 1, CMD_ALONE, 0, 0, cmd_serve, "运行服务",
     "run the server",
     {{"listen", "ADDR:PORT", false, "缺省 127.0.0.1:7443，端口 0 为自选",
       "else 127.0.0.1:7443; port 0 chooses one"},
      {"url", "URL", false, "写进入网码的地址", "the address put into codes"},
      {"tls-cert", "FILE", false, "证书（PEM），缺省 DIR/tls/cert.pem",
       "certificate (PEM); else DIR/tls/cert.pem"},
      {"tls-key", "FILE", false, "证书的密钥", "the certificate's key"},
      {"plain", NULL, false, "不加密的 HTTP：只用于可信网络",
       "HTTP without TLS: for trusted networks only"},
      {"console", "ADDR:PORT", false, "指挥中心页面的地址，缺省不开",
       "where the operators' page is served; else it is not"},
      {"console-url", "URL", false, "操作员打开它的地址，缺省即上面的",
       "how operators call it; else by that address"},
      {"two-for-login", NULL, false,
       "在页面上重置别人的登录要第二个人同意（operator consent）",
       "at the console it takes two to give somebody another login "
       "(operator consent)"},
      {"backups", "FOLDER", false, "每天的备份放在哪里，缺省 DIR/backups",
       "where the daily backup goes; else DIR/backups"},
      {"workers", "N", false, "最多同时连接数，缺省 256",
       "connections at most; else 256"},
      {"witness-every", "SECONDS", false, "至多每隔多久请一次见证人，缺省 60",
       "ask the witnesses no more often than that; else 60"}}},
    {"territory import", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_import,
     "导入区划（CSV code,level,parent,name，可加户数 households）或边界"
     "（GeoJSON）",
     "import units (CSV code,level,parent,name and, if you like, households) "
     "or boundaries (GeoJSON)", EDITION},
    {"boundaries import", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_import,
     "导入单位边界（GeoJSON）",
     "import the areas of units (GeoJSON)", EDITION},
    {"catalogue import", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_import,
     "导入事项类别：时限、岗位、超期提级（CSV）",
     "import the catalogue: limits, posts, climbs (CSV)", EDITION},
    {"calendar import", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_import,
     "导入节假日和调休（JSON）",
     "import holidays and make-up days (JSON)", EDITION},
    {"hours import", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_import,
     "导入办公时间（CSV）",
     "import office hours (CSV)", EDITION},
    {"levels import", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_import,
     "导入层级：提级路线、吹哨、化解占比（CSV）",
     "import levels: the way up, whistles, shares (CSV)", EDITION},
    {"duty import", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_import,
     "导入职责清单（CSV）",
     "import the duty list (CSV)", EDITION},
    {"posts import", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_import,
     "导入岗位和 AB 角（CSV）",
     "import posts with their A and B holders (CSV)", EDITION},
    {"template import", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_import,
     "导入表单（JSON）",
     "import forms (JSON)", EDITION},
    {"templates import", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_import,
     "同 template import",
     "the same as template import", EDITION},
    {"labels import", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_import,
     "导入本地叫法和板块（CSV）",
     "import what this place calls things (CSV)", EDITION},
    {"reference list", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_reference_list,
     "列出导入过的资料和版本", "list what was imported, with editions", {{0}}},
    {"maps add", "DIR FILE", 2, 2, CMD_LENT, 1, 0, cmd_maps_add,
     "添加地图（MBTiles 栅格，- 为标准输入）：先整个核验再启用，同名的换上新的",
     "add a map (MBTiles, raster; - is standard input): read from end to end "
     "before it is used; one of the same name is replaced",
     {{"name", "NAME", true, "地图的名称：字母、数字、- 和 _",
       "the map's name: letters, digits, - and _"},
      {"crs", "CRS", false,
       "坐标系：wgs84（缺省）、gcj02 或 bd09，问地图的提供者",
       "coordinates: wgs84 (else), gcj02 or bd09; ask who made it"},
      {"attribution", "TEXT", false, "来源说明，缺省用文件里的",
       "where it is from; else what the file says"}}},
    {"maps remove", "DIR NAME", 2, 2, CMD_DATA, 0, 0, cmd_maps_remove,
     "删去地图", "remove a map", {{0}}},
    {"maps", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_maps,
     "列出指挥中心的地图底图", "list the maps that the console draws on", {{0}}},
    {"worker add", "DIR CODE", 2, 2, CMD_DATA, 0, 0, cmd_worker_add,
     "登记人员，或调岗、换角色", "register a person, or move one",
     {{"name", "N", true, "姓名（只留在本机，不进日志）",
       "name (stays on this machine, never in the log)"},
      {"role", "R", true, "角色，如 worker 或 网格员",
       "role, like worker or grid_head"},
      {"unit", "U", true, "单位编码", "code of the unit"}}},
    {"worker list", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_worker_list, "列出人员",
     "list people", {{0}}},
    {"worker keys", "DIR [CODE]", 1, 2, CMD_DATA, 0, 0, cmd_worker_keys,
     "列出各人上报的签名公钥，登记了没有",
     "list the signing keys that people announced, and which are registered",
     {{0}}},
    {"worker key", "DIR CODE [KEY]", 2, 3, CMD_DATA, 0, 0, cmd_worker_key,
     "登记一个人的签名公钥（先与本人核对指纹）",
     "register the key that signs for a person (compare its fingerprint with "
     "them first)",
     {{"announced", NULL, false, "登记其设备上报的那一把",
       "the one that their device announced"},
      {"none", NULL, false, "作废：以后没有钥匙", "none any more"}}},
    {"operator key", "DIR CODE", 2, 2, CMD_DATA, 0, 0, cmd_operator_key,
     "给一个人一把由口令保护的签名钥匙，其办理从此签名",
     "a signing key under a password for a person: what they do is signed",
     {PASSWORD,
      {"change", NULL, false, "改口令，钥匙不变", "another password, same key"},
      {"remove", NULL, false, "作废", "take it away"}}},
    {"operator add", "DIR CODE", 2, 2, CMD_DATA, 0, 0, cmd_operator_add,
     "让一个人能登录指挥中心（并登记其人，或调岗、换角色）",
     "let a person log in to the console (and register or move them)",
     {{"name", "N", true, "姓名（只留在本机，不进日志）",
       "name (stays on this machine, never in the log)"},
      {"role", "R", true, "角色，如 dispatcher 或 承办单位",
       "role, like dispatcher or handler"},
      {"unit", "U", true, "单位编码", "code of the unit"}}},
    {"operator list", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_operator_list,
     "列出能登录的人", "list who may log in", {{0}}},
    {"operator login", "DIR CODE", 2, 2, CMD_DATA, 0, 0, cmd_operator_login,
     "给一个一次性链接，用来设口令（首次，或忘了口令）",
     "make a one-time link that sets the password (the first, or a forgotten "
     "one)",
     {{"why", "TEXT", false, "已有口令的人：为什么重置，记录在案",
       "of somebody who has a password: why, which is recorded"},
      GIVER}},
    {"operator consent", "DIR CODE", 2, 2, CMD_DATA, 0, 0,
     cmd_operator_consent, "同意（或不同意）重置一个人的登录（serve "
     "--two-for-login）",
     "agree, or not, that somebody gets another login (serve --two-for-login)",
     {{"refuse", NULL, false, "不同意", "do not agree"},
      {"as", "CODE", true, "谁同意：另一位登记员，或管他的督办单位",
       "who agrees: another registrar, or a supervising office over them"}}},
    {"operator lock", "DIR CODE", 2, 2, CMD_DATA, 0, 0, cmd_operator_lock,
     "停用一个账号，其登录立即结束", "lock an account; its logins end at once",
     {{"why", "TEXT", false, "理由，本人登录时看到",
       "reason, shown to the person"}}},
    {"operator unlock", "DIR CODE", 2, 2, CMD_DATA, 0, 0, cmd_operator_unlock,
     "恢复一个账号，输错的次数清零",
     "let an account in again; wrong tries are forgotten", {{0}}},
    {"operator totp", "DIR CODE", 2, 2, CMD_DATA, 0, 0, cmd_operator_totp,
     "去掉两步验证（手机丢了）", "take away the second factor (a lost phone)",
     {{"remove", NULL, false, "去掉", "take it away"},
      {"why", "TEXT", false, "为什么，记录在案", "why, which is recorded"},
      GIVER}},
    {"code", "DIR WORKER", 2, 2, CMD_DATA, 0, 0, cmd_code,
     "给一个人一次性入网码", "make a one-time code for a person",
     {{"url", "URL", false, "服务器地址，缺省为正在服务的地址",
       "the server's address; else where it serves"},
      {"approve", NULL, false, "用后还须 device approve",
       "its use waits for device approve"},
      {"expires", "HOURS", false, "有效小时数，缺省 72",
       "good for so many hours; else 72"},
      {"qr", NULL, false, "也打印成二维码", "print it as a QR code, too"}}},
    {"device list", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_device_list, "列出设备",
     "list devices", {{0}}},
    {"device approve", "DIR DEVICE", 2, 2, CMD_DATA, 0, 0, cmd_device_approve,
     "批准一台等待的设备加入", "let a device that waits join", {{0}}},
    {"device allow", "DIR DEVICE CODE", 3, 3, CMD_DATA, 0, 0, cmd_device_allow,
     "让另一个人也能用这台设备上报",
     "let another person record on a device too", {{0}}},
    {"device revoke", "DIR DEVICE", 2, 2, CMD_DATA, 0, 0, cmd_device_revoke,
     "停用一台设备（已收到的记录有效）",
     "revoke a device (what was received stays good)", {{0}}},
    {"device quarantined", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_device_quarantined,
     "列出停用之后才收到、被隔离的批次",
     "list batches that came after their device was revoked", {{0}}},
    {"device admit", "DIR BATCH", 2, 2, CMD_DATA, 0, 0, cmd_device_admit,
     "采用一个隔离的批次，或一台设备的全部（写设备名）",
     "let a quarantined batch count, or all of a device (its name)", {{0}}},
    {"registry list", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_registry_list,
     "登记簿的全部内容，和等待登记员签名的",
     "all that the registry says, and what waits for the registrar", {{0}}},
    {"registry request", "DIR FILE", 2, 2, CMD_DATA, 0, 1,
     cmd_registry_request, "把等待签名的写成请求，带到登记员的机器上",
     "write what waits as a request, for the registrar's machine", {{0}}},
    {"registry sign", "FILE", 1, 1, CMD_ALONE, 0, 0, cmd_registry_sign,
     "在登记员的机器上：核对请求，逐条显示，签名",
     "on the registrar's machine: check a request, show it, sign it",
     {{"key", "FILE", true, "登记员的密钥", "the registrar's key"},
      {"state", "FILE", true, "记着签过什么；要备份",
       "remembers what was signed; keep copies"},
      {"out", "FILE", false, "签好的写到这里，缺省 FILE.signed",
       "the signed note; else FILE.signed"},
      {"yes", NULL, false, "已经看过，不再问", "it was read: do not ask"},
      {"takeover", NULL, false, "换密钥或恢复服务器后第一次签",
       "the first signature of a new key, or for a restored server"}}},
    {"registry accept", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_registry_accept,
     "收下签好的，使之生效", "take the signed note, which puts it into effect",
     {{0}}},
    {"registry withdraw", "DIR NUMBER", 2, 2, CMD_DATA, 0, 0,
     cmd_registry_withdraw, "撤回一条等待的（registry list 的编号，或 all）",
     "take back what waits (a number of registry list, or all)", {{0}}},
    {"registry rotate", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_registry_rotate,
     "换登记员密钥：FILE 是新密钥，或它的公钥（.pub，密钥在另一台机器上）",
     "change the registrar's key: FILE is the new one, or its .pub where it is "
     "on another machine", {{0}}},
    {"registry keygen", "FILE", 1, 1, CMD_ALONE, 0, 0, cmd_registry_keygen,
     "做一把登记员密钥，公钥写到 FILE.pub",
     "make a registrar's key, with its verifier key in FILE.pub",
     {{"origin", "NAME", true, "日志名称，如 lanshan.example",
       "the log's name, like lanshan.example"}}},
    {"describe", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_describe,
     "种类、字段、办理步骤和本地资料，供程序生成表单（用 --json）",
     "kinds, fields, moves and this site, for programs that make forms (with "
     "--json)",
     {{"as", "CODE", false, "从此人的单位看", "as seen from this person's unit"},
      {"unless", "VERSION", false, "内容还是这个版本就不再给出",
       "say no more than that where it is still this version"}}},
    {"grids", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_grids,
     "单位边界（GeoJSON）：本人的、下级的、旁边的，供地图用",
     "borders of units as GeoJSON, for a map: one's own, those below, those "
     "around",
     {{"as", "CODE", true, "从此人的单位看", "as seen from this person's unit"}}},
    {"list", "DIR [KIND]", 1, 2, CMD_DATA, 0, 0, cmd_list, "列出记录",
     "list what was recorded",
     {FILTER,
      {"by", "ORDER", false,
       "排列：changed（缺省，最近变动的在前）、due（最紧的在前）、created"
       "（最新的在前）",
       "order: changed (else; what changed last first), due (what is due next "
       "first), created (the newest first)"},
      {"due", NULL, false, "同 --by due", "the same as --by due"},
      {"overdue", NULL, false, "同 --light red", "the same as --light red"},
      {"after", "ID", false, "从这一条之后列起：JSON 里的 after",
       "from after this one on: `after` of its JSON"},
      {"limit", "N", false, "最多几条，缺省 100", "at most; else 100"},
      {"count", NULL, false, "只数有几条", "only count them"},
      {"points", NULL, false, "只列地图上的点（JSON）",
       "only points of a map (JSON)"},
      {"format", "F", false, "台账：csv 或 xlsx，缺省全部列出",
       "as a sheet: csv or xlsx, of all of them unless --limit says less"},
      READER}},
    {"counts", "DIR [KIND]", 1, 2, CMD_DATA, 0, 0, cmd_counts,
     "未办结的有几件：按状态、按灯",
     "how many cases are open: by status, by light", {FILTER}},
    {"overdue", "DIR [KIND]", 1, 2, CMD_DATA, 0, 0, cmd_overdue,
     "在办的件滞留在哪里：按承办单位、层级或环节，最严重的在前",
     "where open cases stay: by who has them, level or stage, the worst first",
     {{"by", "WHAT", false, "holder（缺省）、level、stage",
       "holder (else), level, stage"},
      FILTER}},
    {"show", "DIR ID", 2, 2, CMD_DATA, 0, 0, cmd_show,
     "显示一条的全部内容（有个人信息的要 --as 和 --why）",
     "show one in full (--as and --why where it has personal fields)",
     {READER}},
    {"history", "DIR ID", 2, 2, CMD_DATA, 0, 0, cmd_history,
     "一条的全部经过", "everything that was done to one", {READER}},
    {"proof", "DIR ID", 2, 2, CMD_DATA, 0, 0, cmd_proof,
     "当场核验：内容未改动、在日志的哪一条、时间上下限、连署、署名",
     "checked here and now: unaltered, where in the log, not before and after "
     "when, cosigned by how many, by whom",
     {{"as", "CODE", false, "谁在看：工号", "who looks: a code"}}},
    {"conflicts", "DIR [ID]", 1, 2, CMD_DATA, 0, 0, cmd_conflicts,
     "待人决定的冲突（有则退出码 5）",
     "what a person must decide (exits with 5 if anything)",
     {{"decided", NULL, false, "也列出这一件已经决定的",
       "what was decided of this one, too"},
      READER}},
    {"accesses", "DIR [ID]", 1, 2, CMD_DATA, 0, 0, cmd_accesses,
     "谁查阅过个人信息、何时、为什么", "who read personal fields, when and why",
     {{"by", "CODE", false, "只列此人的", "only what this person read"},
      {"as", "CODE", false, "以审计员的身份：也列出审计员自己的查阅",
       "as an auditor: what auditors read, too"},
      PASSWORD}},
    {"attention settle", "DIR WHAT KEY", 3, 3, CMD_DATA, 0, 0,
     cmd_attention_settle,
     "核看过的了结：时钟、位置、不作数、缺的记录、丢的照片记在案件备注里，隔离的批次和另"
     "一份历史记为认定（KEY 见 attention）",
     "say that it was looked into: in a note of the case, or as a finding of a "
     "chain (KEY: see attention)",
     {{"finding", "X", false,
       "对链的认定：restored、cloned、tampered、unclear，缺省 unclear",
       "of a chain: restored, cloned, tampered, unclear; else unclear"},
      {"why", "TEXT", true, "理由", "reason"},
      AS}},
    {"attention", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_attention,
     "要人看一看的全部，最久的在前，和在哪里了结（有则退出码 5）",
     "everything that a person must look at, the oldest first, and how it is "
     "settled (exits with 5 if anything)",
     {{"what", "W", false,
       "只看这一类（可多次）：conflict overtaken fork quarantined pending struck "
       "unfolded clock position photo_lost other_history",
       "only this (may be given again): conflict overtaken fork quarantined "
       "pending struck unfolded clock position photo_lost other_history"},
      {"as", "CODE", false, "谁在看：工号", "who looks: a code"}}},
    {"resolve", "DIR ID FIELD", 3, 3, CMD_DATA, 0, 0, cmd_resolve,
     "决定一处冲突", "decide a conflict",
     {{"take", "HASH", false, "采用这条记录的值", "take this record's side"},
      {"value", "V", false, "改用另一个值", "use another value"},
      {"dismiss", NULL, false, "维持现在显示的值", "keep what is shown"},
      {"why", "TEXT", true, "理由", "reason"},
      ACT, AS}},
    {"do", "DIR ID [MOVE [FIELD=VALUE...]]", 2, CMD_ARGS_MAX, CMD_DATA, 0, 0,
     cmd_do, "办理一步；不写动作则列出现在可做的",
     "make a move; without one, lists what can be done now",
     {PHOTO, ANYWAY, ACT, AS}},
    {"set", "DIR ID FIELD=VALUE...", 2, CMD_ARGS_MAX, CMD_DATA, 0, 0, cmd_set,
     "改字段", "change fields",
     {{"seen", "N", false,
       "看到的是 list、show 的 changed 为 N 时的值；此后被人改过就不写",
       "what was looked at had changed N, as list and show say; a field that "
       "somebody changed since is left"},
      PHOTO, ACT, AS}},
    {"note", "DIR ID TEXT", 3, 3, CMD_DATA, 0, 0, cmd_note, "加一条备注",
     "add a note",
     {PHOTO, ACT, AS}},
    {"add", "DIR KIND [FIELD=VALUE...]", 2, CMD_ARGS_MAX, CMD_DATA, 0, 0,
     cmd_add, "新建一条：电话报来的事件、通知、任务、专项、考评",
     "make one: an incident told by phone, a notice, a task, a campaign, an "
     "assessment",
     {PHOTO, ACT, AS, INFORMANT}},
    {"suggest", "DIR KIND FIELD [TEXT]", 3, 4, CMD_DATA, 0, 0, cmd_suggest,
     "以前填过的值或资料里的编码，最可能的在前（反映人要 --as 和 --why，至少四位电话"
     "或两个字）",
     "values used before, or codes, the likeliest first (of callers with --as "
     "and --why, from four digits or two characters on)",
     {READER}},
    {"intake", "DIR FILE [FIELD=VALUE...]", 2, CMD_ARGS_MAX, CMD_DATA, 1, 0,
     cmd_intake,
     "收热线工单：CSV（UTF-8 或 GB18030）或 XLSX，一行一件；同一编号只收一次",
     "take work orders from CSV (UTF-8 or GB18030) or XLSX, an incident a row; "
     "an order's number is taken once",
     {{"map", "COLUMN=FIELD,...", false,
       "哪一列是哪个字段；external 是工单编号，contact、phone 是反映人",
       "which column is which field; external is the order's number, contact "
       "and phone are who told of it"},
      {"map-name", "NAME", false, "记住这个对应，或用记住的",
       "remember this map, or use one that was"},
      {"sheet", "N", false, "工作表的名称或序号，缺省第一张",
       "the sheet's name or number; else the first"},
      {"source", "S", false, "来源渠道，缺省 hotline", "channel; else hotline"},
      {"dry-run", NULL, false, "只检查，不写入", "only judge it"},
      {"columns", NULL, false, "只列出有哪些列、猜是哪个字段，不收",
       "only tell which columns there are, and which fields they may be"},
      AS}},
    {"try", "DIR add|do|set WHAT [MOVE] [FIELD=VALUE...]", 3, CMD_ARGS_MAX,
     CMD_DATA, 0, 0, cmd_try,
     "看 add、do、set 会怎么说，什么也不写：哪里不对、还缺什么",
     "what add, do or set would say, writing nothing: what is wrong, what is "
     "missing",
     {{"as", "CODE", true, "办理人的工号", "who acts: a code"}, INFORMANT,
      PHOTO, ANYWAY}},
    {"duplicates", "DIR [ID]", 1, 2, CMD_DATA, 0, 0, cmd_duplicates,
     "疑似重复的上报：同类、相近、未结，两边并列",
     "reports that may be one: of a category, near, open; side by side",
     {{"limit", "N", false, "最多几对，缺省 20", "pairs at most; else 20"}}},
    {"link", "DIR ID ID", 3, 3, CMD_DATA, 0, 0, cmd_link,
     "两件关联为同一件", "two tell of one thing: link them",
     {{"why", "TEXT", false, "理由", "reason"},
      ACT, AS}},
    {"unlink", "DIR ID ID", 3, 3, CMD_DATA, 0, 0, cmd_unlink, "取消关联",
     "take a link back",
     {{"why", "TEXT", true, "理由", "reason"},
      ACT, AS}},
    {"withdraw", "DIR ID", 2, 2, CMD_DATA, 0, 0, cmd_withdraw,
     "撤回误报的一条", "take back what was reported by mistake",
     {{"why", "TEXT", true, "理由", "reason"},
      ACT, AS}},
    {"redact", "DIR ID", 2, 2, CMD_DATA, 0, 0, cmd_redact,
     "抹除个人信息或照片（不能撤销；先列出，加 --yes 才抹除）",
     "erase personal fields or photos, for good (shown first; done with --yes)",
     {{"field", "NAME,...", false, "抹除哪些字段，缺省全部个人信息",
       "which fields; else all that are personal"},
      {"record", "HASH,...", false, "只抹除这些记录里的，缺省全部",
       "only of these records; else of all"},
      {"photo", "SHA256,...", false, "抹除这些照片和缩略图",
       "these photos, with their thumbnails"},
      {"ground", "TEXT", true, "依据，随抹除公布", "the ground, told with it"},
      {"yes", NULL, false, "确认抹除；没有它只列出",
       "do it; without this it is only shown"},
      AS}},
    {"clerk", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_clerk,
     "对超期的催办、提级一遍（运行中的服务每分钟自动做）",
     "remind and escalate what is overdue, once (a running server does it "
     "every minute)",
     {{"at", "TIME", false, "按这个时刻算，缺省现在",
       "as at that time; else now"},
      {"dry-run", NULL, false, "只列出，不写入", "only say what it would do"}}},
    {"photo add", "DIR FILE", 2, 2, CMD_DATA, 1, 0, cmd_photo_add,
     "收下一张照片（- 为标准输入），之后用 --photo 附到所办的件上",
     "take a photo in (- is standard input), for --photo of what you do next",
     {{"forwarded", NULL, false, "他人转发的：没有相机信息不算存疑",
       "others sent it: that no camera is named is no doubt"},
      {"as", "CODE", false, "只给此人用：工号；缺省谁都能用",
       "for this person alone: a code; else for anybody"}}},
    {"photo list", "DIR [ID]", 1, 2, CMD_DATA, 0, 0, cmd_photo_list,
     "照片在哪里：在服务器、尚未传到、已要求上传",
     "where photos are: here, not arrived, asked for",
     {{"limit", "N", false, "最多列出几张未到的，缺省 100",
       "of those that have not arrived at most; else 100"}}},
    {"photo order", "DIR ID", 2, 2, CMD_DATA, 0, 0, cmd_photo_order,
     "要设备把一条的原图传上来", "ask the devices for the full photos of one",
     {{0}}},
    {"photo get", "DIR SHA256 FILE", 3, 3, CMD_DATA, 0, 2, cmd_photo_get,
     "把一张照片取到新文件，- 为标准输出（校验码可只写前几位）",
     "take a photo out into a new file, - is standard output (the first digits "
     "of its hash do)",
     {{"small", NULL, false, "取它的缩略图；没有缩略图则取原图",
       "its thumbnail; the photo itself where it has none"},
      {"as", "CODE", false, "也取此人添加了、还没用上的：工号",
       "also of what this person added, and nothing names yet: a code"}}},
    {"export", "DIR FILE", 2, 2, CMD_LENT, 0, 1, cmd_export,
     "导出证据：一个可打印、可离线核对的 HTML 文件（- 为标准输出）",
     "write evidence: one HTML file to print, and to check offline (- is "
     "standard output)",
     {{"evidence", "ID", false, "一件的全部", "all of one case"},
      {"evidence-person", "CODE", false, "此人在期间内办过的各件",
       "every case that this person worked on in the period"},
      {"evidence-unit", "UNIT", false, "此单位及下级在期间内的各件",
       "every case of this unit and below with records in the period"},
      {"from", "TIME", false, "期间的起点（含）", "the period begins (it counts)"},
      {"to", "TIME", false, "期间的终点（不含）", "the period ends (it does not)"},
      {"photos", "small|all", false, "缩略图（缺省）或原图",
       "thumbnails (else), or whole photos"},
      READER}},
    {"report", "DIR [FIGURE]", 1, 2, CMD_DATA, 0, 0, cmd_report,
     "指标：收到、立案、办结、按期、办结层级、来源等（docs/figures.md）",
     "figures: received, filed, closed, in time, settling levels, sources "
     "(docs/figures.md)",
     {{"from", "DAY", false, "从哪一天起（含），缺省本月一日",
       "the first day; else the first of this month"},
      {"to", "DAY", false, "到哪一天（含），缺省今天", "the last day; else today"},
      {"unit", "U", false, "只算这个单位及下级的", "of this unit and below only"},
      {"by", "WAY", false,
       "分项：unit、source、category、level、status、holder、kind",
       "told apart by unit, source, category, level, status, holder, kind"},
      {"as-of", "SIZE", false, "只算日志前 SIZE 条，重算当时的数（较慢）",
       "of the first SIZE log entries, as it was told then (slow)"},
      {"cases", "FIGURE", false, "列出这个指标的各件", "the cases of a figure"},
      {"key", "KEY", false, "与 --cases、--by 一起：只列这一分项的各件",
       "with --cases and --by: the cases of that part alone"},
      {"limit", "N", false, "最多列几件，缺省全部", "at most; else all"},
      {"after", "ID", false, "从这一件之后列起", "from after this one on"},
      {"format", "F", false, "table（缺省）、csv、xlsx 或 json",
       "table (else), csv, xlsx or json"}}},
    {"review", "DIR [DAY]", 1, 2, CMD_DATA, 0, 0, cmd_review,
     "一日一研判：某一天的收到、立案、办结、超期、催办、提级、退单、吹哨、巡查",
     "the day's review: received, filed, closed, overdue, reminded, escalated, "
     "returned, whistled, on patrol",
     {{"unit", "U", false, "只看这个单位及下级的", "of this unit and below only"},
      {"format", "F", false, "json 或 xlsx", "json or xlsx"}}},
    {"patrols", "DIR [DAY]", 1, 2, CMD_DATA, 0, 0, cmd_patrols,
     "谁在巡查，或某一天谁巡查过：路程、缺口、最后位置",
     "who is on patrol, or was on a day: way, gaps, last position",
     {{"unit", "U", false, "只看这个单位及下级的", "of this unit and below only"},
      {"show", "ID", false, "一次巡查的路线（--json）",
       "the way of one patrol (--json)"}}},
    {"coverage", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_coverage,
     "各单位在期间内巡查、走访了多少",
     "what was walked and visited in each unit in a period",
     {{"from", "DAY", false, "从哪一天起（含），缺省 --to 那天",
       "the first day; else that of --to"},
      {"to", "DAY", false, "到哪一天（含），缺省今天", "the last day; else today"},
      {"below", NULL, false, "每个单位连同它的下级一起算",
       "of each unit with all below it"},
      {"unit", "U", false, "只看这个单位及下级的",
       "of this unit and below only"}}},
    {"account", "DIR CODE", 2, 2, CMD_DATA, 0, 0, cmd_account,
     "一个人的巡查、走访、上报和存疑标记，与本人在设备上看到的相同",
     "patrols, visits, reports and flags of one worker, as her own device "
     "tells her", {{0}}},
    {"silent", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_silent,
     "设备多久没有来过数据，最久的在前",
     "devices by how long nothing came from them, the longest first",
     {{"unit", "U", false, "只看这个单位及下级的",
       "of this unit and below only"}}},
    {"check", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_check,
     "核对一切：日志、签名、链、派生表、照片文件",
     "check everything: log, signatures, chains, derived tables, photos",
     {{"no-photos", NULL, false, "不读照片文件（照片多时很久）",
       "do not read the photos (which takes long where there are many)"}}},
    {"rebuild", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_rebuild,
     "由日志重建派生表", "make the derived tables anew from the log", {{0}}},
    {"view", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_view,
     "把各事项当前状态的总哈希签入日志，供 xunge-audit replay 比较",
     "sign into the log, in one hash, what every entity comes to, for "
     "xunge-audit replay to compare", {{0}}},
    {"bundle read", "DIR FILE", 2, 2, CMD_LENT, 1, 0, cmd_bundle_read,
     "读入设备写的数据包（- 为标准输入）",
     "take in a bundle that a device wrote (- is standard input)",
     {{"reply", "FILE", false, "把回包写到这个文件（- 为标准输出）",
       "write the answer into this file (- is standard output)"},
      {"seal", NULL, false, "回包加密给那台设备",
       "seal the answer to that device"}}},
    {"bundle write", "DIR FILE", 2, 2, CMD_LENT, 0, 1, cmd_bundle_write,
     "给一台设备或给审计写数据包（- 为标准输出）",
     "write a bundle for a device, or for an auditor (- is standard output)",
     {{"for", "DEVICE", false, "设备名，如 0417", "the device, like 0417"},
      {"audit", NULL, false, "整份日志，供 xunge-audit 核对",
       "the whole log, for xunge-audit to check"},
      {"photos", NULL, false, "审计数据包里也放照片",
       "photos too, for an auditor"},
      {"since", "SIZE", false, "它已有日志到第几条；缺省从头给全",
       "how much of the log it has; else all from the start"},
      {"seal", NULL, false, "加密给那台设备", "seal it to that device"}}},
    {"witness key", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_witness_key,
     "打印本机作见证用的公钥（首次使用时生成）",
     "print the key that this server cosigns with (made on first use)", {{0}}},
    {"witness watch", "DIR VKEY", 2, 2, CMD_DATA, 0, 0, cmd_witness_watch,
     "为另一个日志作见证", "be a witness of another log", {{0}}},
    {"witness unwatch", "DIR ORIGIN", 2, 2, CMD_DATA, 0, 0, cmd_witness_unwatch,
     "不再为它作见证", "be its witness no more", {{0}}},
    {"witness list", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_witness_list,
     "为谁作见证、各设备见证到哪里、谁见过另一份历史",
     "whose witness this is, what devices cosigned, and which of them saw "
     "another history", {{0}}},
    {"witness policy", "DIR [FILE]", 1, 2, CMD_DATA, 1, 0, cmd_witness_policy,
     "导入见证策略（tlog-policy；空文件则删除）；不给文件则打印",
     "import the policy of this log's witnesses (tlog-policy; an empty file "
     "takes it away), or print it", {{0}}},
    {"witness ask", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_witness_ask,
     "现在就请各见证人签一次", "ask the witnesses once, now", {{0}}},
    {"backup", "DIR [FILE]", 1, 2, CMD_DATA, 0, 1, cmd_backup,
     "热备份到一个新文件，照片备份到一个目录；不给文件则放进 DIR/backups（或 "
     "serve --backups 所指），留最新的七份",
     "hot backup into a new file, and of photos into a folder; without FILE "
     "into DIR/backups (or where serve --backups says), the newest seven kept",
     {{"photos", "FOLDER", false, "照片的目录，只补新的；缺省 FILE 旁的 photos",
       "folder for photos, to which new ones are added; else photos beside "
       "FILE"}}},
    {"health", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_health,
     "服务器怎么样：日志、备份、磁盘、照片、证书，有疑问的标出",
     "how the server is: log, backup, disk, photos, certificate, and what is "
     "in doubt", {{0}}},
    {"clock", "DIR", 1, 1, CMD_DATA, 0, 0, cmd_clock,
     "机器的时钟、服务器据以行事的时间、日志的时间；时钟跳动后由人认定",
     "the machine's clock, the time that the server goes by, and the log's; "
     "after a jump, a person's word on it",
     {{"believe", NULL, false, "机器的时钟现在是对的，照它走",
       "the machine's clock is right now: go by it"},
      {"follow", "on|off", false,
       "不管机器的时钟怎么跳都跟随，演示用；off 恢复核对",
       "go by it wherever it jumps, for demonstrations; off: watch it again"}}},
    {"forks settle", "DIR CHAIN", 2, 2, CMD_DATA, 0, 0, cmd_forks_settle,
     "认定一条链为何分叉", "say why a chain forked",
     {{"finding", "X", true,
       "restored 恢复备份、cloned 克隆、tampered 篡改、unclear 不明",
       "restored, cloned, tampered or unclear"},
      {"why", "T", true, "依据", "what that rests on"},
      AS}},
    {"forks", "DIR [CHAIN]", 1, 2, CMD_DATA, 0, 0, cmd_forks,
     "列出分叉的链：哪台设备、在哪里、两侧各多少条、谁认定了什么",
     "list chains that forked: device, where, records on each side, finding",
     {{0}}},
    {"restore", "FILE DIR", 2, 2, CMD_ALONE, 0, 0, cmd_restore,
     "服务器丢失后，由备份另建数据目录，日志接着写（NAME/2）",
     "when the server is lost: a new data folder from a backup, whose log "
     "follows (NAME/2)",
     {{"registrar-key", "FILE", true, "登记员的密钥文件",
       "the registrar's key file"},
      {"photos", "FOLDER", false, "备份的照片目录", "the backup's photos"},
      {"old", "FOLDER", false, "原数据目录还剩下的：核对 lock.db，沿用 tls",
       "what is left of the old data folder: lock.db is compared, tls is kept"},
      {"apart", NULL, false, "登记员的密钥不留在新目录里",
       "the registrar's key is not left in the new folder"},
      {"origin", "NAME", false, "新日志的名称，缺省为下一个编号",
       "the new log's name; else the next number"},
      {"host", "NAME", false, "没有旧的 tls 时，新证书里的主机名",
       "host name in a new certificate, where no old tls is left"}}},
    {0},
};
/* clang-format on */
