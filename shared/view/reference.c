/* reference.c - see reference.h. Not in the language set, but in both. */
#include "shared/view/reference.h"

#include <inttypes.h>

#include "shared/core/loop.h"

static const char intro[] =
    "# 种类与字段 · Kinds and fields\n"
    "\n"
    "由 `shared/core/schema.c` 的表生成（目标 `reference`），请勿手改。  \n"
    "Generated from the table in `shared/core/schema.c` (target `reference`); "
    "do not edit.\n"
    "\n"
    "命令行写 `字段=值`，字段用英文名或中文名均可；选项同样。  \n"
    "On a command line a field is given as `field=value`, by its English name "
    "or its Chinese label; choices too.\n"
    "\n"
    "合并 · merge: *act* 仅述本记录 says something of this record alone; "
    "*register* 多值寄存器 multi-value register; *set* 并集 union.  \n"
    "标记 · flags: *required* 新建时必填 needed to create; *personal* "
    "个人信息，记录带随机盐 personal, its record carries a salt; *machine* "
    "由程序填写 set by the program.\n";

const char *view_type_name(enum xg_type type)
{
    static const char *const names[] = {
        [XG_TYPE_TEXT] = "text",         [XG_TYPE_CODE] = "code",
        [XG_TYPE_UINT] = "uint",         [XG_TYPE_BOOL] = "bool",
        [XG_TYPE_ENUM] = "enum",         [XG_TYPE_TIME] = "time",
        [XG_TYPE_POSITION] = "position", [XG_TYPE_BYTES] = "bytes",
        [XG_TYPE_ENTITY] = "entity",     [XG_TYPE_HASH] = "hash",
        [XG_TYPE_SOURCE] = "source",     [XG_TYPE_TEXTS] = "texts",
        [XG_TYPE_NUMBERS] = "numbers",   [XG_TYPE_PHOTO] = "photo",
        [XG_TYPE_TRACK] = "track",       [XG_TYPE_GAP] = "gap",
        [XG_TYPE_TALLY] = "tally",       [XG_TYPE_ERASED] = "erased",
        [XG_TYPE_HASHES] = "hashes",
    };
    return names[type];
}

static const char *unit_name(enum xg_type type)
{
    switch (type) {
    case XG_TYPE_TEXT:
    case XG_TYPE_CODE:
    case XG_TYPE_BYTES:
    case XG_TYPE_SOURCE:
    case XG_TYPE_TRACK:
        return " B";
    case XG_TYPE_TEXTS:
    case XG_TYPE_NUMBERS:
    case XG_TYPE_ERASED:
    case XG_TYPE_HASHES:
        return " 项 items";
    case XG_TYPE_UINT:
    case XG_TYPE_BOOL:
    case XG_TYPE_ENUM:
    case XG_TYPE_TIME:
    case XG_TYPE_POSITION:
    case XG_TYPE_ENTITY:
    case XG_TYPE_HASH:
    case XG_TYPE_PHOTO:
    case XG_TYPE_GAP:
    case XG_TYPE_TALLY:
        break;
    }
    return "";
}

static void put_types(struct xg_buf *out)
{
    static const char *const rows[][3] = {
        {"text", "文字，UTF-8", "text, UTF-8"},
        {"code", "字母、数字和 ._/-", "letters, digits and ._/-"},
        {"uint", "非负整数", "a whole number from 0"},
        {"bool", "是 否 yes no", "yes no"},
        {"enum", "下列选项之一", "one of the choices below"},
        {"time", "本地时间 2026-05-01T08:30 或 Unix 秒",
         "local time, 2026-05-01T08:30, or Unix seconds"},
        {"position", "纬度,经度[,精度米]，十进制度，WGS-84",
         "lat,lon[,accuracy in m], decimal degrees, WGS-84"},
        {"entity", "编号，或 id 的前几位", "a number, or a prefix of an id"},
        {"texts", "以 ; 或 ； 分隔，或多次给出",
         "separated by ; or by giving the field again"},
        {"source", "来源系统的编号", "the id in the system it came from"},
        {"numbers", "升序整数", "ascending numbers"},
        {"bytes", "字节", "bytes"},
        {"hash", "32 字节", "32 bytes"},
        {"photo", "照片的校验码、字节数、角色、来源与 EXIF 所述",
         "a photo's hash, length, role, origin and what its EXIF tells"},
        {"track", "压缩的轨迹段", "a packed track segment"},
        {"gap", "起、止、原因", "from, to, cause"},
    };

    xg_buf_text(out, "\n## 值的写法 · Types\n\n| type | 中文 | English |\n"
                     "|---|---|---|\n");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        xg_buf_format(out, "| `%s` | %s | %s |\n", rows[i][0], rows[i][1],
                      rows[i][2]);
}

static void put_kind(struct xg_buf *out, const struct xg_kind *kind)
{
    if (kind)
        xg_buf_format(out, "`%s`", kind->name);
}

static void put_limits(struct xg_buf *out, const struct xg_field *f)
{
    if (f->choices)
        for (const struct xg_choice *c = f->choices; c->name; c++)
            xg_buf_format(out, "%s`%s` %s", c == f->choices ? "" : ", ",
                          c->name, c->zh);
    else if (f->type == XG_TYPE_ENTITY)
        put_kind(out, xg_kind_find((uint64_t)f->max));
    else if (f->max == INT64_MAX)
        xg_buf_format(out, "≥ %" PRId64, f->min);
    else if (f->max)
        xg_buf_format(out, "%" PRId64 "–%" PRId64 "%s", f->min, f->max,
                      unit_name(f->type));
}

static void put_field(struct xg_buf *out, const struct xg_field *f)
{
    static const char *const merges[] = {"act", "register", "set"};
    static const struct {
        unsigned flag;
        const char *name;
    } flags[] = {{XG_REQUIRED, "required"},
                 {XG_PERSONAL, "personal"},
                 {XG_MACHINE, "machine"}};
    bool any = false;

    xg_buf_format(out, "| %" PRIu32 " | `%s` | %s | %s | `%s` | %s | ",
                  f->number, f->name, f->zh, f->en, view_type_name(f->type),
                  merges[f->merge]);
    put_limits(out, f);
    xg_buf_text(out, " | ");
    for (size_t i = 0; i < 3; i++)
        if (f->flags & flags[i].flag) {
            xg_buf_format(out, "%s%s", any ? ", " : "", flags[i].name);
            any = true;
        }
    xg_buf_text(out, " |\n");
}

static void put_fields(struct xg_buf *out, const struct xg_field *fields)
{
    xg_buf_text(out, "\n| # | field | 中文 | English | type | merge | 范围 "
                     "limits | flags |\n|---|---|---|---|---|---|---|---|\n");
    for (; fields->name; fields++)
        put_field(out, fields);
}

static void put_choices(struct xg_buf *out, const char *title,
                        const struct xg_choice *choices)
{
    xg_buf_format(out,
                  "\n## %s\n\n| # | name | 中文 | English |\n"
                  "|---|---|---|---|\n",
                  title);
    for (; choices->name; choices++)
        xg_buf_format(out, "| %" PRIu32 " | `%s` | %s | %s |\n",
                      choices->number, choices->name, choices->zh, choices->en);
}

static void put_set(struct xg_buf *out, uint32_t set,
                    const struct xg_choice *choices)
{
    const char *between = "";

    for (; choices->name; choices++)
        if (set & 1u << choices->number) {
            xg_buf_format(out, "%s`%s`", between, choices->name);
            between = " ";
        }
}

static void put_who(struct xg_buf *out, uint32_t who)
{
    const char *between = "";

    for (const struct xg_role *r = xg_roles; r->name; r++)
        if (who & XG_ROLE_BIT(r->number)) {
            xg_buf_format(out, "%s`%s`", between, r->name);
            between = " ";
        }
}

static void put_needs(struct xg_buf *out, uint32_t needs)
{
    const char *between = "";

    for (const struct xg_need *n = xg_needs; n->bit; n++)
        if (needs & n->bit) {
            bool hard = n->bit & XG_NEED_HARD;
            xg_buf_format(out, "%s%s%s · %s%s", between, hard ? "" : "(",
                          n->zh, n->en, hard ? "" : ")");
            between = "; ";
        }
}

static void put_transition(struct xg_buf *out, const struct xg_transition *t)
{
    const struct xg_choice *to = xg_choice_find(xg_statuses, t->to);

    xg_buf_text(out, "| ");
    if (t->from == XG_ANY_STATUS)
        xg_buf_text(out, "任何 any");
    else
        put_set(out, t->from, xg_statuses);
    xg_buf_format(out, " | `%s` | ", xg_choice_find(xg_moves, t->move)->name);
    if (to)
        xg_buf_format(out, "`%s` | ", to->name);
    else
        xg_buf_text(out, "— | ");
    put_who(out, t->who);
    xg_buf_text(out, " | ");
    put_needs(out, t->needs);
    xg_buf_text(out, " |\n");
}

static void put_transitions(struct xg_buf *out)
{
    xg_buf_text(out, "\n## 流转 · Transitions\n\n| 由 from | 动作 move | 到 to "
                     "| 由谁 who | 须有 needs |\n|---|---|---|---|---|\n");
    for (const struct xg_transition *t = xg_transitions; t->from; t++)
        put_transition(out, t);
}

static void put_roles(struct xg_buf *out)
{
    xg_buf_text(out, "\n## 角色 · Roles\n\n| # | name | 中文 | English | rank "
                     "| 可记录 records | 可见反映人 sees contacts |\n"
                     "|---|---|---|---|---|---|---|\n");
    for (const struct xg_role *r = xg_roles; r->name; r++)
        xg_buf_format(
            out, "| %" PRIu32 " | `%s` | %s | %s | %" PRIu32 " | %s | %s |\n",
            r->number, r->name, r->zh, r->en, r->rank, r->records ? "✓" : "",
            r->informed ? "✓" : "");
}

void view_reference(struct xg_buf *out)
{
    xg_buf_text(out, intro);
    put_types(out);
    xg_buf_text(out, "\n## 各类共有 · Of every kind of entity\n");
    put_fields(out, xg_common_fields);
    for (const struct xg_kind *k = xg_kinds; k->name; k++) {
        xg_buf_format(out, "\n## %s · `%s` (%" PRIu32 ")\n", k->zh, k->name,
                      k->number);
        put_fields(out, k->fields);
    }
    xg_buf_text(out, "\n## 走办理流程的各类共有 · Of every kind that goes through "
                     "the loop\n");
    put_fields(out, xg_case_fields);
    put_choices(out, "状态 · Statuses", xg_statuses);
    put_choices(out, "动作 · Moves", xg_moves);
    put_transitions(out);
    put_roles(out);
    put_choices(out, "照片角色 · Photo roles", xg_photo_roles);
    put_choices(out, "照片来源 · Photo origins", xg_photo_origins);
    put_choices(out, "轨迹缺口原因 · Causes of gaps", xg_gap_causes);
    put_choices(out, "分叉认定 · Findings about forks", xg_fork_findings);
    put_choices(out, "查阅方式 · Ways of reading", xg_access_ways);
}
