/* schema.c - the table; see schema.h for what the columns mean. */
#include "shared/core/schema.h"

#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/track.h"

enum { CODE_MAX = 64, SHORT_TEXT = 200, LONG_TEXT = 12000 };

static const struct xg_choice urgencies[] = {
    {1, "normal", "一般", "normal"},
    {2, "priority", "优先", "priority"},
    {3, "urgent", "紧急", "urgent"},
    {0, NULL, NULL, NULL},
};

static const struct xg_choice results[] = {
    {1, "normal", "正常", "normal"},
    {2, "abnormal", "异常", "abnormal"},
    {0, NULL, NULL, NULL},
};

static const struct xg_choice consents[] = {
    {1, "yes", "同意留存", "agreed"},
    {2, "no", "不同意公开", "not to be passed on"},
    {3, "unasked", "未询问", "not asked"},
    {0, NULL, NULL, NULL},
};

static const struct xg_choice outcomes[] = {
    {1, "agreement", "达成协议", "agreement"},
    {2, "partial", "部分达成", "partial agreement"},
    {3, "referred", "移送上级", "referred upwards"},
    {4, "failed", "调解未成", "mediation failed"},
    {5, "ongoing", "调解中", "ongoing"},
    {0, NULL, NULL, NULL},
};

static const struct xg_choice complexities[] = {
    {1, "simple", "简单", "simple"},
    {2, "complex", "复杂", "complex"},
    {3, "hard", "疑难", "hard"},
    {0, NULL, NULL, NULL},
};

const struct xg_choice xg_photo_roles[] = {
    {1, "near", "近景", "near"},
    {2, "far", "远景", "far"},
    {3, "reference", "参照物", "reference"},
    {4, "before", "处置前", "before"},
    {5, "after", "处置后", "after"},
    {0, NULL, NULL, NULL},
};

const struct xg_choice xg_photo_origins[] = {
    {1, "here", "现场拍摄", "taken here"},
    {2, "forwarded", "他人转发", "forwarded"},
    {0, NULL, NULL, NULL},
};

/* One list with the packing of tracks: track.h. */
const struct xg_choice xg_gap_causes[] = {
#define X(constant, number, name, zh, en) {number, name, zh, en},
    XG_GAP_TABLE(X)
#undef X
    {0, NULL, NULL, NULL},
};

#define END                                                                    \
    {                                                                          \
        0, NULL, XG_TYPE_TEXT, XG_MERGE_ACT, 0, 0, 0, NULL, NULL, NULL         \
    }

const struct xg_field xg_common_fields[] = {
    {XG_FIELD_SALT, "salt", XG_TYPE_BYTES, XG_MERGE_ACT, XG_MACHINE, 16, 16,
     NULL, "随机盐", "salt"},
    {XG_FIELD_WHY, "why", XG_TYPE_TEXT, XG_MERGE_ACT, 0, 1, 2000, NULL, "理由",
     "reason"},
    {XG_FIELD_NOTE, "note", XG_TYPE_TEXT, XG_MERGE_SET, 0, 1, LONG_TEXT, NULL,
     "备注", "note"},
    {XG_FIELD_PHOTO, "photo", XG_TYPE_PHOTO, XG_MERGE_SET, XG_MACHINE, 0, 0,
     NULL, "照片", "photo"},
    {XG_FIELD_WITHDRAWN, "withdrawn", XG_TYPE_BOOL, XG_MERGE_REGISTER,
     XG_MACHINE, 0, 0, NULL, "已撤回", "withdrawn"},
    {XG_FIELD_SOURCE, "source", XG_TYPE_SOURCE, XG_MERGE_ACT, XG_MACHINE, 1,
     CODE_MAX, NULL, "来源编号", "source's own id"},
    {XG_FIELD_SERIAL, "serial", XG_TYPE_UINT, XG_MERGE_ACT, XG_MACHINE, 1,
     99999999, NULL, "流水号", "serial"},
    {XG_FIELD_GRID, "grid", XG_TYPE_CODE, XG_MERGE_REGISTER, 0, 1, CODE_MAX,
     NULL, "所属网格", "grid"},
    {XG_FIELD_DECIDED, "decided", XG_TYPE_NUMBERS, XG_MERGE_ACT, XG_MACHINE, 1,
     32, NULL, "裁定字段", "fields decided"},
    {XG_FIELD_HAPPENED, "happened", XG_TYPE_TIME, XG_MERGE_REGISTER, 0, 0, 0,
     NULL, "发生时间", "happened at"},
    {XG_FIELD_POSITION, "position", XG_TYPE_POSITION, XG_MERGE_REGISTER, 0, 0,
     0, NULL, "位置", "position"},
    END,
};

static const struct xg_field genesis[] = {
    {XG_GENESIS_KEY, "key", XG_TYPE_HASH, XG_MERGE_ACT,
     XG_REQUIRED | XG_MACHINE, 0, 0, NULL, "设备公钥", "device key"},
    {XG_GENESIS_LOG, "log", XG_TYPE_TEXT, XG_MERGE_ACT,
     XG_REQUIRED | XG_MACHINE, 1, 120, NULL, "所属日志", "home log"},
    {XG_GENESIS_REGISTRAR, "registrar", XG_TYPE_HASH, XG_MERGE_ACT,
     XG_REQUIRED | XG_MACHINE, 0, 0, NULL, "登记员公钥", "registrar key"},
    {XG_GENESIS_PREDECESSOR, "predecessor", XG_TYPE_HASH, XG_MERGE_ACT,
     XG_MACHINE, 0, 0, NULL, "前一条链", "predecessor chain"},
    {XG_GENESIS_SALT, "salt", XG_TYPE_BYTES, XG_MERGE_ACT,
     XG_REQUIRED | XG_MACHINE, 16, 16, NULL, "随机盐", "salt"},
    END,
};

static const struct xg_field anchor[] = {
    {XG_ANCHOR_ORIGIN, "origin", XG_TYPE_TEXT, XG_MERGE_ACT,
     XG_REQUIRED | XG_MACHINE, 1, 120, NULL, "日志", "log"},
    {XG_ANCHOR_SIZE, "size", XG_TYPE_UINT, XG_MERGE_ACT,
     XG_REQUIRED | XG_MACHINE, 1, INT64_MAX, NULL, "日志长度", "log size"},
    {XG_ANCHOR_ROOT, "root", XG_TYPE_HASH, XG_MERGE_ACT,
     XG_REQUIRED | XG_MACHINE, 0, 0, NULL, "日志根", "log root"},
    END,
};

static const struct xg_field incident[] = {
    {XG_INCIDENT_CATEGORY, "category", XG_TYPE_CODE, XG_MERGE_REGISTER,
     XG_REQUIRED, 1, CODE_MAX, NULL, "类别", "category"},
    {XG_INCIDENT_URGENCY, "urgency", XG_TYPE_ENUM, XG_MERGE_REGISTER, 0, 0, 0,
     urgencies, "紧急程度", "urgency"},
    {XG_INCIDENT_ADDRESS, "address", XG_TYPE_TEXT, XG_MERGE_REGISTER, 0, 1, 600,
     NULL, "地址", "address"},
    {XG_INCIDENT_DESCRIPTION, "description", XG_TYPE_TEXT, XG_MERGE_REGISTER, 0,
     1, LONG_TEXT, NULL, "情况描述", "description"},
    {XG_INCIDENT_CONTACT, "contact", XG_TYPE_ENTITY, XG_MERGE_REGISTER, 0, 0, 0,
     NULL, "反映人", "reported by"},
    {17, "visit", XG_TYPE_ENTITY, XG_MERGE_REGISTER, 0, 0, 0, NULL, "来自走访",
     "found on visit"},
    END,
};

static const struct xg_field contact[] = {
    {XG_CONTACT_NAME, "name", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_PERSONAL, 1,
     SHORT_TEXT, NULL, "姓名", "name"},
    {13, "phone", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_PERSONAL, 1, 40, NULL,
     "电话", "phone"},
    {14, "consent", XG_TYPE_ENUM, XG_MERGE_REGISTER, 0, 0, 0, consents,
     "是否同意留存", "consent"},
    {15, "relation", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_PERSONAL, 1,
     SHORT_TEXT, NULL, "身份", "who they are"},
    END,
};

static const struct xg_field visit[] = {
    {12, "place", XG_TYPE_CODE, XG_MERGE_REGISTER, XG_REQUIRED, 1, CODE_MAX,
     NULL, "走访地点", "place"},
    {13, "category", XG_TYPE_CODE, XG_MERGE_REGISTER, 0, 1, CODE_MAX, NULL,
     "检查类别", "checked for"},
    {14, "result", XG_TYPE_ENUM, XG_MERGE_REGISTER, XG_REQUIRED, 0, 0, results,
     "结果", "result"},
    {15, "subject", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_PERSONAL, 1, SHORT_TEXT,
     NULL, "走访对象", "person or object visited"},
    {16, "incident", XG_TYPE_ENTITY, XG_MERGE_REGISTER, 0, 0, 0, NULL,
     "引出事件", "incident opened"},
    END,
};

static const struct xg_field dispute[] = {
    {12, "type", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_REQUIRED, 1, SHORT_TEXT,
     NULL, "纠纷类型", "type"},
    {13, "parties", XG_TYPE_TEXTS, XG_MERGE_REGISTER, XG_PERSONAL, 1, 32, NULL,
     "当事人", "parties"},
    {14, "description", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_PERSONAL, 1,
     LONG_TEXT, NULL, "情况描述", "description"},
    {15, "outcome", XG_TYPE_ENUM, XG_MERGE_REGISTER, 0, 0, 0, outcomes,
     "调解结果", "outcome"},
    {16, "complexity", XG_TYPE_ENUM, XG_MERGE_REGISTER, 0, 0, 0, complexities,
     "难易程度", "complexity"},
    {17, "level", XG_TYPE_CODE, XG_MERGE_REGISTER, 0, 1, CODE_MAX, NULL,
     "化解层级", "level that settled it"},
    {18, "session", XG_TYPE_TEXT, XG_MERGE_SET, XG_PERSONAL, 1, LONG_TEXT, NULL,
     "调解过程", "session"},
    END,
};

static const struct xg_field meeting[] = {
    {12, "topic", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_REQUIRED, 1, 600, NULL,
     "议题", "topic"},
    {13, "place", XG_TYPE_TEXT, XG_MERGE_REGISTER, 0, 1, SHORT_TEXT, NULL,
     "地点", "place"},
    {14, "attendee", XG_TYPE_TEXT, XG_MERGE_SET, XG_PERSONAL, 1, SHORT_TEXT,
     NULL, "到会人", "attendee"},
    {15, "headcount", XG_TYPE_UINT, XG_MERGE_REGISTER, 0, 0, 100000, NULL,
     "到会人数", "number present"},
    {16, "result", XG_TYPE_TEXT, XG_MERGE_REGISTER, 0, 1, LONG_TEXT, NULL,
     "议定事项", "what was settled"},
    END,
};

static const struct xg_field patrol[] = {
    {XG_PATROL_START, "start", XG_TYPE_TIME, XG_MERGE_REGISTER, XG_REQUIRED, 0,
     0, NULL, "开始", "start"},
    {XG_PATROL_END, "end", XG_TYPE_TIME, XG_MERGE_REGISTER, 0, 0, 0, NULL,
     "结束", "end"},
    {XG_PATROL_SEGMENT, "segment", XG_TYPE_TRACK, XG_MERGE_SET, XG_MACHINE, 1,
     28 << 10, NULL, "轨迹段", "track segment"},
    {XG_PATROL_GAP, "gap", XG_TYPE_GAP, XG_MERGE_SET, XG_MACHINE, 0, 0,
     xg_gap_causes, "轨迹缺口", "gap in the track"},
    {16, "checkin", XG_TYPE_CODE, XG_MERGE_SET, 0, 1, CODE_MAX, NULL,
     "签到地点", "place reported in at"},
    END,
};

const struct xg_kind xg_kinds[] = {
    {XG_KIND_GENESIS, "genesis", false, 0, genesis, "链首", "genesis"},
    {XG_KIND_ANCHOR, "anchor", false, 0, anchor, "锚点", "anchor"},
    {XG_KIND_INCIDENT, "incident", true, XG_STATUS_REPORTED, incident, "事件",
     "incident"},
    {XG_KIND_CONTACT, "contact", true, 0, contact, "反映人", "contact"},
    {XG_KIND_VISIT, "visit", true, 0, visit, "走访", "visit"},
    {XG_KIND_DISPUTE, "dispute", true, 0, dispute, "矛盾纠纷", "dispute"},
    {XG_KIND_MEETING, "meeting", true, 0, meeting, "民情恳谈会", "meeting"},
    {XG_KIND_PATROL, "patrol", true, 0, patrol, "巡查", "patrol"},
    {0, NULL, false, 0, NULL, NULL, NULL},
};

const struct xg_role xg_roles[] = {
    {1, 10, "helper", "协理员", "helper", true, true},
    {XG_ROLE_WORKER, 20, "worker", "网格员", "grid worker", true, true},
    {3, 30, "grid_head", "网格长", "grid head", true, true},
    {4, 40, "community", "社区", "community", true, true},
    {5, 25, "delegate", "监督员", "citizens' delegate", true, false},
    {6, 50, "handler", "处置单位", "handler", true, false},
    {7, 60, "dispatcher", "调度员", "dispatcher", true, true},
    {8, 70, "supervisor", "督办", "supervising office", true, true},
    {9, 0, "auditor", "审计员", "auditor", false, false},
    {10, 0, "registrar", "登记员", "registrar", false, false},
    {0, 0, NULL, NULL, NULL, false, false},
};

const struct xg_choice xg_statuses[] = {
    {XG_STATUS_REPORTED, "reported", "待受理", "reported"},
    {2, "accepted", "待核实", "accepted"},
    {3, "filed", "待派遣", "filed"},
    {4, "dispatched", "待签收", "dispatched"},
    {5, "handling", "处置中", "handling"},
    {6, "handled", "待核查", "handled"},
    {7, "returned", "已回退", "returned"},
    {8, "rework", "返工中", "rework"},
    {9, "closed", "已结案", "closed"},
    {10, "shelved", "已挂账", "shelved"},
    {11, "deferred", "已缓办", "deferred"},
    {XG_STATUS_SELF_HANDLED, "self_handled", "自行处置已结", "self-handled"},
    {13, "voided", "已作废", "voided"},
    {0, NULL, NULL, NULL},
};

const struct xg_choice xg_moves[] = {
    {XG_MOVE_SELF_HANDLE, "self_handle", "自行处置", "settle on the spot"},
    {0, NULL, NULL, NULL},
};

const struct xg_transition xg_transitions[] = {
    {XG_STATUS_REPORTED, XG_MOVE_SELF_HANDLE, XG_STATUS_SELF_HANDLED, 10},
    {0, 0, 0, 0},
};

const struct xg_kind *xg_kind_find(uint64_t number)
{
    for (const struct xg_kind *k = xg_kinds; k->name; k++)
        if (k->number == number)
            return k;
    return NULL;
}

const struct xg_kind *xg_kind_named(const char *name)
{
    for (const struct xg_kind *k = xg_kinds; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

static size_t count(const struct xg_field *fields)
{
    size_t n = 0;

    while (fields[n].name)
        n++;
    return n;
}

const struct xg_field *xg_field_at(const struct xg_kind *kind, size_t i)
{
    size_t common = kind->entity ? count(xg_common_fields) : 0;

    if (i < common)
        return &xg_common_fields[i];
    return kind->fields[i - common].name ? &kind->fields[i - common] : NULL;
}

const struct xg_field *xg_field_find(const struct xg_kind *kind,
                                     uint64_t number)
{
    const struct xg_field *f =
        kind->entity && number < XG_FIELD_OWN ? xg_common_fields : kind->fields;

    for (; f->name; f++)
        if (f->number == number)
            return f;
    return NULL;
}

const struct xg_field *xg_field_named(const struct xg_kind *kind,
                                      const char *name)
{
    const struct xg_field *f;

    for (size_t i = 0; (f = xg_field_at(kind, i)) != NULL; i++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

const struct xg_choice *xg_choice_find(const struct xg_choice *choices,
                                       uint64_t number)
{
    for (; choices->name; choices++)
        if (choices->number == number)
            return choices;
    return NULL;
}

const struct xg_choice *xg_choice_named(const struct xg_choice *choices,
                                        const char *name)
{
    for (; choices->name; choices++)
        if (strcmp(choices->name, name) == 0)
            return choices;
    return NULL;
}

const struct xg_role *xg_role_find(uint64_t number)
{
    for (const struct xg_role *r = xg_roles; r->name; r++)
        if (r->number == number)
            return r;
    return NULL;
}

const struct xg_role *xg_role_named(const char *name)
{
    for (const struct xg_role *r = xg_roles; r->name; r++)
        if (strcmp(r->name, name) == 0)
            return r;
    return NULL;
}

const struct xg_transition *xg_transition_find(uint64_t from, uint64_t move)
{
    for (const struct xg_transition *t = xg_transitions; t->from; t++)
        if (t->from == from && t->move == move)
            return t;
    return NULL;
}

const char *xg_label(const char *zh, const char *en)
{
    return xg_lang() == XG_LANG_ZH ? zh : en;
}
