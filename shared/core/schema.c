/* schema.c - the table; see schema.h for what the columns mean. */
#include "shared/core/schema.h"

#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/loop.h"
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
    {1, "yes", "可以", "yes"},
    {2, "no", "要求保密", "confidential"},
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

enum { CHANNEL_RESIDENT = 2, CHANNEL_HOTLINE = 3, CHANNEL_WINDOW = 7 };

static const struct xg_choice channels[] = {
    {1, "patrol", "巡查发现", "found on patrol"},
    {CHANNEL_RESIDENT, "resident", "居民反映", "a resident"},
    {CHANNEL_HOTLINE, "hotline", "热线", "hotline"},
    {4, "video", "视频发现", "video"},
    {5, "superior", "上级交办", "from above"},
    {6, "alarm", "报警", "alarm"},
    {CHANNEL_WINDOW, "window", "窗口来访", "a visitor at the window"},
    {8, "other", "其他", "other"},
    {0, NULL, NULL, NULL},
};

static const struct xg_choice whistle_classes[] = {
    {1, "general", "一般", "general"},
    {2, "tough", "攻坚", "tough"},
    {3, "urgent", "紧急", "urgent"},
    {0, NULL, NULL, NULL},
};

static const struct xg_choice ratings[] = {
    {1, "very_bad", "很不满意", "very dissatisfied"},
    {2, "bad", "不满意", "dissatisfied"},
    {3, "fair", "基本满意", "fairly satisfied"},
    {4, "good", "满意", "satisfied"},
    {5, "very_good", "非常满意", "very satisfied"},
    {0, NULL, NULL, NULL},
};

static const struct xg_choice lists[] = {
    {1, "person", "重点人员", "person"},
    {2, "place", "重点场所", "place"},
    {3, "matter", "重点事项", "matter"},
    {0, NULL, NULL, NULL},
};

static const struct xg_choice alarm_types[] = {
    {1, "one_key", "一键呼叫", "one-key call"},
    {2, "wristband", "手环", "wristband"},
    {3, "smoke", "烟感", "smoke detector"},
    {4, "other", "其他", "other"},
    {0, NULL, NULL, NULL},
};

static const struct xg_choice alarm_outcomes[] = {
    {1, "real", "属实", "real"},
    {2, "false", "误报", "false alarm"},
    {3, "test", "测试", "a test"},
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

const struct xg_choice xg_fork_findings[] = {
    {1, "restored", "恢复备份", "restored copy"},
    {2, "cloned", "克隆", "cloned device"},
    {3, "tampered", "篡改", "tampering"},
    {4, "unclear", "不明", "unclear"},
    {0, NULL, NULL, NULL},
};

const struct xg_choice xg_access_ways[] = {
    {XG_ACCESS_SHOW, "show", "查看", "shown"},
    {XG_ACCESS_HISTORY, "history", "查看经过", "history shown"},
    {XG_ACCESS_LIST, "list", "列表", "listed"},
    {XG_ACCESS_CONFLICTS, "conflicts", "查看冲突", "conflicts shown"},
    {XG_ACCESS_EVIDENCE, "evidence", "导出证据", "evidence written"},
    {XG_ACCESS_LOGIN, "login", "重置他人登录", "another's login given anew"},
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
     XG_MACHINE | XG_STAYS, 0, 0, NULL, "已撤回", "withdrawn"},
    {XG_FIELD_SOURCE, "source", XG_TYPE_SOURCE, XG_MERGE_ACT, XG_MACHINE, 1,
     CODE_MAX, NULL, "来源编号", "source's own id"},
    {XG_FIELD_SERIAL, "serial", XG_TYPE_UINT, XG_MERGE_ACT, XG_MACHINE | XG_STAYS, 1,
     99999999, NULL, "流水号", "serial"},
    {XG_FIELD_GRID, "grid", XG_TYPE_CODE, XG_MERGE_REGISTER, XG_STAYS, 1, CODE_MAX,
     NULL, "所属网格", "grid"},
    {XG_FIELD_DECIDED, "decided", XG_TYPE_NUMBERS, XG_MERGE_ACT, XG_MACHINE | XG_STAYS, 1,
     32, NULL, "决定的字段", "fields decided"},
    {XG_FIELD_HAPPENED, "happened", XG_TYPE_TIME, XG_MERGE_REGISTER, 0, 0, 0,
     NULL, "发生时间", "happened at"},
    {XG_FIELD_POSITION, "position", XG_TYPE_POSITION, XG_MERGE_REGISTER, 0, 0,
     0, NULL, "位置", "position"},
    {XG_FIELD_SAME_AS, "same_as", XG_TYPE_ENTITY, XG_MERGE_SET, XG_MACHINE, 0,
     0, NULL, "同一事件", "the same as"},
    {XG_FIELD_FORM, "form", XG_TYPE_TEXT, XG_MERGE_REGISTER, 0, 1, CODE_MAX + 1,
     NULL, "表单", "form"},
    {XG_FIELD_ITEM, "item", XG_TYPE_TEXTS, XG_MERGE_REGISTER, 0, 1, 128, NULL,
     "表单答项", "answers of the form"},
    {XG_FIELD_ERASED, "erased", XG_TYPE_ERASED, XG_MERGE_ACT, XG_MACHINE | XG_STAYS, 1,
     256, NULL, "抹除的内容", "what was erased"},
    {XG_FIELD_ERASED_PHOTOS, "erased_photos", XG_TYPE_HASHES, XG_MERGE_ACT,
     XG_MACHINE | XG_STAYS, 1, 256, NULL, "抹除的照片", "photos erased"},
    END,
};

const struct xg_field xg_case_fields[] = {
    {XG_CASE_CHANNEL, "channel", XG_TYPE_ENUM, XG_MERGE_REGISTER, XG_STAYS, 0, 0,
     channels, "来源渠道", "came by"},
    {XG_CASE_NUMBER, "case_number", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_BY_MOVE,
     1, CODE_MAX, NULL, "案卷号", "official number"},
    {XG_CASE_UNIT, "unit", XG_TYPE_CODE, XG_MERGE_REGISTER, XG_BY_MOVE | XG_STAYS, 1,
     CODE_MAX, NULL, "承办单位", "with unit"},
    {XG_CASE_POST, "post", XG_TYPE_CODE, XG_MERGE_REGISTER, XG_BY_MOVE, 1,
     CODE_MAX, NULL, "承办岗位", "with post"},
    {XG_CASE_HANDLER, "handler", XG_TYPE_CODE, XG_MERGE_REGISTER, XG_BY_MOVE, 1,
     CODE_MAX, NULL, "承办人", "with person"},
    {XG_CASE_BOARD, "board", XG_TYPE_CODE, XG_MERGE_REGISTER, XG_BY_MOVE, 1,
     CODE_MAX, NULL, "板块", "board"},
    {XG_CASE_LEVEL, "level", XG_TYPE_CODE, XG_MERGE_REGISTER, XG_BY_MOVE, 1,
     CODE_MAX, NULL, "所在层级", "at level"},
    {XG_CASE_RESULT, "result", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_BY_MOVE, 1,
     LONG_TEXT, NULL, "办理结果", "what was done"},
    {XG_CASE_SETTLED_LEVEL, "settled_level", XG_TYPE_CODE, XG_MERGE_REGISTER,
     XG_BY_MOVE, 1, CODE_MAX, NULL, "办结层级", "level that settled it"},
    {XG_CASE_ANSWER, "answer", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_BY_MOVE, 1,
     LONG_TEXT, NULL, "答复", "answer"},
    {XG_CASE_UNTIL, "until", XG_TYPE_TIME, XG_MERGE_ACT, XG_BY_MOVE, 0, 0, NULL,
     "期限", "until"},
    {XG_CASE_RULE, "rule", XG_TYPE_CODE, XG_MERGE_ACT, XG_BY_MOVE, 1, CODE_MAX,
     NULL, "职责条目", "duty cited"},
    {XG_CASE_CLASS, "class", XG_TYPE_ENUM, XG_MERGE_REGISTER, XG_BY_MOVE, 0, 0,
     whistle_classes, "哨声类别", "class of the whistle"},
    {XG_CASE_CALLED, "called", XG_TYPE_CODE, XG_MERGE_SET, XG_BY_MOVE | XG_STAYS, 1,
     CODE_MAX, NULL, "应报到单位", "unit called"},
    {XG_CASE_PRESENT, "present", XG_TYPE_CODE, XG_MERGE_SET, XG_BY_MOVE, 1,
     CODE_MAX, NULL, "已报到单位", "unit present"},
    {XG_CASE_REPORT_BY, "report_by", XG_TYPE_TIME, XG_MERGE_REGISTER,
     XG_BY_MOVE, 0, 0, NULL, "报到时限", "report in by"},
    {XG_CASE_RATING, "rating", XG_TYPE_ENUM, XG_MERGE_REGISTER, XG_BY_MOVE, 0,
     0, ratings, "评价", "rating"},
    {XG_CASE_STAGE, "stage", XG_TYPE_ENUM, XG_MERGE_ACT, XG_MACHINE, 0, 0,
     xg_stages, "环节", "stage"},
    {XG_CASE_REPLY, "reply", XG_TYPE_TEXT, XG_MERGE_SET, XG_BY_MOVE, 1,
     LONG_TEXT, NULL, "督办回复", "reply to supervision"},
    {XG_CASE_CLIMB, "climb", XG_TYPE_UINT, XG_MERGE_ACT, XG_MACHINE, 0, 255,
     NULL, "第几次", "which time"},
    {XG_CASE_OVER, "over", XG_TYPE_UINT, XG_MERGE_ACT, XG_MACHINE, 0, 1000000,
     NULL, "超过几个时限", "limits gone by"},
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

/* Its author asks that the registry name this key; signed by it. */
static const struct xg_field author_key[] = {
    {XG_AUTHOR_KEY_PUBLIC, "key", XG_TYPE_HASH, XG_MERGE_ACT,
     XG_REQUIRED | XG_MACHINE, 0, 0, NULL, "签名公钥", "public key"},
    END,
};

/* Somebody at the server was shown personal fields (access.h). Of no
 * entity, so that it is told to no device. */
static const struct xg_field access_record[] = {
    {XG_FIELD_SALT, "salt", XG_TYPE_BYTES, XG_MERGE_ACT, XG_MACHINE, 16, 16,
     NULL, "随机盐", "salt"},
    {XG_ACCESS_WHY, "why", XG_TYPE_TEXT, XG_MERGE_ACT,
     XG_REQUIRED | XG_MACHINE | XG_PERSONAL, 1, 2000, NULL, "理由", "reason"},
    {XG_ACCESS_HOW, "how", XG_TYPE_ENUM, XG_MERGE_ACT,
     XG_REQUIRED | XG_MACHINE, 0, 0, xg_access_ways, "方式", "how"},
    {XG_ACCESS_WHAT, "what", XG_TYPE_TEXTS, XG_MERGE_ACT,
     XG_REQUIRED | XG_MACHINE, 1, XG_ACCESS_WHAT_MAX, NULL, "查阅了哪些",
     "what was read"},
    {XG_ACCESS_FILTER, "filter", XG_TYPE_TEXT, XG_MERGE_ACT, XG_MACHINE, 1,
     1000, NULL, "查询条件", "asked for"},
    {XG_ACCESS_COUNT, "count", XG_TYPE_UINT, XG_MERGE_ACT,
     XG_REQUIRED | XG_MACHINE, 1, INT32_MAX, NULL, "共多少件",
     "number in all"},
    {XG_ACCESS_READER, "reader", XG_TYPE_CODE, XG_MERGE_ACT, XG_MACHINE, 1,
     CODE_MAX, NULL, "查阅人", "who read it"},
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
    {XG_INCIDENT_CONTACT, "contact", XG_TYPE_ENTITY, XG_MERGE_REGISTER, 0, 0,
     XG_KIND_CONTACT, NULL, "反映人", "reported by"},
    {17, "visit", XG_TYPE_ENTITY, XG_MERGE_REGISTER, 0, 0, XG_KIND_VISIT, NULL,
     "来自走访", "found on visit"},
    {XG_INCIDENT_ALARM, "alarm", XG_TYPE_ENTITY, XG_MERGE_REGISTER, 0, 0,
     XG_KIND_ALARM, NULL, "来自报警", "from alarm"},
    END,
};

static const struct xg_field contact[] = {
    {XG_CONTACT_NAME, "name", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_PERSONAL, 1,
     SHORT_TEXT, NULL, "姓名", "name"},
    {13, "phone", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_PERSONAL, 1, 40, NULL,
     "电话", "phone"},
    {14, "consent", XG_TYPE_ENUM, XG_MERGE_REGISTER, 0, 0, 0, consents,
     "能否转告承办单位", "may be passed on"},
    {15, "relation", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_PERSONAL, 1,
     SHORT_TEXT, NULL, "身份", "who they are"},
    END,
};

static const struct xg_field visit[] = {
    {XG_VISIT_PLACE, "place", XG_TYPE_CODE, XG_MERGE_REGISTER, XG_REQUIRED, 1, CODE_MAX,
     NULL, "走访地点", "place"},
    {13, "category", XG_TYPE_CODE, XG_MERGE_REGISTER, 0, 1, CODE_MAX, NULL,
     "检查类别", "checked for"},
    {XG_VISIT_RESULT, "result", XG_TYPE_ENUM, XG_MERGE_REGISTER, XG_REQUIRED, 0, 0, results,
     "结果", "result"},
    {15, "subject", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_PERSONAL, 1, SHORT_TEXT,
     NULL, "走访对象", "person or object visited"},
    {16, "incident", XG_TYPE_ENTITY, XG_MERGE_REGISTER, 0, 0,
     XG_KIND_INCIDENT, NULL,
     "转为事件", "incident opened"},
    {XG_VISIT_SUBJECT_ID, "of", XG_TYPE_ENTITY, XG_MERGE_REGISTER, 0, 0,
     XG_KIND_SUBJECT, NULL, "重点对象", "subject"},
    END,
};

static const struct xg_field dispute[] = {
    {XG_DISPUTE_TYPE, "type", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_REQUIRED, 1, SHORT_TEXT,
     NULL, "纠纷类型", "type"},
    {13, "parties", XG_TYPE_TEXTS, XG_MERGE_REGISTER, XG_PERSONAL, 1, 32, NULL,
     "当事人", "parties"},
    {14, "description", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_PERSONAL, 1,
     LONG_TEXT, NULL, "情况描述", "description"},
    {15, "outcome", XG_TYPE_ENUM, XG_MERGE_REGISTER, 0, 0, 0, outcomes,
     "调解结果", "outcome"},
    {16, "complexity", XG_TYPE_ENUM, XG_MERGE_REGISTER, 0, 0, 0, complexities,
     "难易程度", "complexity"},
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

static const struct xg_field subject[] = {
    {12, "list", XG_TYPE_ENUM, XG_MERGE_REGISTER, XG_REQUIRED, 0, 0, lists,
     "清单", "list"},
    {13, "name", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_REQUIRED | XG_PERSONAL, 1,
     SHORT_TEXT, NULL, "名称", "name"},
    {14, "address", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_PERSONAL, 1, 600, NULL,
     "地址", "address"},
    {XG_SUBJECT_EVERY_DAYS, "every_days", XG_TYPE_UINT, XG_MERGE_REGISTER, 0, 1,
     366, NULL, "走访周期（天）", "visit every (days)"},
    {16, "because", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_PERSONAL, 1, LONG_TEXT,
     NULL, "列入原因", "why on the list"},
    {17, "checklist", XG_TYPE_TEXT, XG_MERGE_REGISTER, 0, 1, CODE_MAX, NULL,
     "走访表单", "form of a visit"},
    {XG_SUBJECT_RELEASED, "released", XG_TYPE_BOOL, XG_MERGE_REGISTER, 0, 0, 0,
     NULL, "已移出清单", "off the list"},
    END,
};

static const struct xg_field campaign[] = {
    {12, "name", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_REQUIRED, 1, SHORT_TEXT,
     NULL, "名称", "name"},
    {13, "checklist", XG_TYPE_TEXT, XG_MERGE_REGISTER, 0, 1, CODE_MAX, NULL,
     "排查表单", "form to fill in"},
    {14, "begins", XG_TYPE_TIME, XG_MERGE_REGISTER, 0, 0, 0, NULL, "开始",
     "begins"},
    {15, "ends", XG_TYPE_TIME, XG_MERGE_REGISTER, 0, 0, 0, NULL, "结束",
     "ends"},
    {16, "target", XG_TYPE_UINT, XG_MERGE_REGISTER, 0, 0, 100000000, NULL,
     "目标数", "target"},
    {XG_CAMPAIGN_TALLY, "tally", XG_TYPE_TALLY, XG_MERGE_SET, 0, 0, 100000000,
     NULL, "清点", "tally"},
    END,
};

static const struct xg_field task[] = {
    {12, "title", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_REQUIRED, 1, SHORT_TEXT,
     NULL, "任务", "title"},
    {13, "description", XG_TYPE_TEXT, XG_MERGE_REGISTER, 0, 1, LONG_TEXT, NULL,
     "要求", "description"},
    {XG_TASK_DUE, "due", XG_TYPE_TIME, XG_MERGE_REGISTER, 0, 0, 0, NULL, "完成时限",
     "due"},
    {15, "campaign", XG_TYPE_ENTITY, XG_MERGE_REGISTER, 0, 0,
     XG_KIND_CAMPAIGN, NULL,
     "所属专项", "campaign"},
    {16, "incident", XG_TYPE_ENTITY, XG_MERGE_REGISTER, 0, 0,
     XG_KIND_INCIDENT, NULL,
     "所属事件", "incident"},
    END,
};

static const struct xg_field notice[] = {
    {12, "title", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_REQUIRED, 1, SHORT_TEXT,
     NULL, "标题", "title"},
    {13, "text", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_REQUIRED, 1, LONG_TEXT,
     NULL, "正文", "text"},
    {XG_NOTICE_READ, "read", XG_TYPE_CODE, XG_MERGE_SET, XG_MACHINE, 1,
     CODE_MAX, NULL, "已阅", "read by"},
    END,
};

static const struct xg_field alarm[] = {
    {12, "type", XG_TYPE_ENUM, XG_MERGE_REGISTER, XG_REQUIRED, 0, 0,
     alarm_types, "报警方式", "type"},
    {13, "source_device", XG_TYPE_CODE, XG_MERGE_REGISTER, 0, 1, CODE_MAX, NULL,
     "报警设备", "device"},
    {14, "subject", XG_TYPE_ENTITY, XG_MERGE_REGISTER, 0, 0, XG_KIND_SUBJECT,
     NULL,
     "重点对象", "subject"},
    {XG_ALARM_INCIDENT, "incident", XG_TYPE_ENTITY, XG_MERGE_REGISTER, 0, 0,
     XG_KIND_INCIDENT, NULL, "转为事件", "incident opened"},
    {16, "outcome", XG_TYPE_ENUM, XG_MERGE_REGISTER, 0, 0, 0, alarm_outcomes,
     "核实结果", "outcome"},
    {17, "address", XG_TYPE_TEXT, XG_MERGE_REGISTER, 0, 1, 600, NULL, "地址",
     "address"},
    END,
};

static const struct xg_field assessment[] = {
    {XG_ASSESSMENT_SUBJECT, "subject", XG_TYPE_CODE, XG_MERGE_REGISTER,
     XG_REQUIRED | XG_STAYS, 1, CODE_MAX, NULL, "被考评对象", "who is assessed"},
    {13, "period", XG_TYPE_CODE, XG_MERGE_REGISTER, XG_REQUIRED, 1, CODE_MAX,
     NULL, "考评期", "period"},
    {14, "basis", XG_TYPE_TEXT, XG_MERGE_REGISTER, XG_REQUIRED, 1, LONG_TEXT,
     NULL, "考评依据", "basis"},
    {XG_ASSESSMENT_SCORE, "score", XG_TYPE_UINT, XG_MERGE_REGISTER, XG_REQUIRED,
     0, 1000, NULL, "分数", "score"},
    {16, "weight", XG_TYPE_UINT, XG_MERGE_REGISTER, 0, 0, 100, NULL,
     "权重（%）", "weight (%)"},
    END,
};

/* What a person found out about a chain that forked. */
static const struct xg_field fork_finding[] = {
    {XG_FORK_CHAIN, "chain", XG_TYPE_HASH, XG_MERGE_REGISTER,
     XG_REQUIRED | XG_MACHINE, 0, 0, NULL, "链", "chain"},
    {XG_FORK_FINDING, "finding", XG_TYPE_ENUM, XG_MERGE_REGISTER,
     XG_REQUIRED | XG_MACHINE, 0, 0, xg_fork_findings, "认定", "finding"},
    {XG_FORK_WHY, "basis", XG_TYPE_TEXT, XG_MERGE_REGISTER,
     XG_REQUIRED | XG_MACHINE, 1, LONG_TEXT, NULL, "依据", "basis"},
    END,
};

/* Both sign: the predecessor this, the successor `accepted_by`. */
static const struct xg_field handover[] = {
    {XG_HANDOVER_TO, "to", XG_TYPE_CODE, XG_MERGE_REGISTER,
     XG_REQUIRED | XG_MACHINE | XG_STAYS, 1, CODE_MAX, NULL, "接收人", "to"},
    {XG_HANDOVER_FROM, "from", XG_TYPE_CODE, XG_MERGE_REGISTER,
     XG_REQUIRED | XG_MACHINE, 1, CODE_MAX, NULL, "移交人", "from"},
    {XG_HANDOVER_ENTITY, "entity", XG_TYPE_ENTITY, XG_MERGE_SET, XG_MACHINE, 0,
     0, NULL, "移交对象", "handed over"},
    {XG_HANDOVER_CASES, "cases", XG_TYPE_UINT, XG_MERGE_REGISTER, XG_MACHINE, 0,
     INT32_MAX, NULL, "未结案件数", "open cases"},
    {XG_HANDOVER_SUBJECTS, "subjects", XG_TYPE_UINT, XG_MERGE_REGISTER,
     XG_MACHINE, 0, INT32_MAX, NULL, "重点对象数", "subjects"},
    {XG_HANDOVER_DRAFTS, "drafts", XG_TYPE_UINT, XG_MERGE_REGISTER, XG_MACHINE,
     0, INT32_MAX, NULL, "草稿数", "drafts"},
    {XG_HANDOVER_PHOTOS, "photos", XG_TYPE_UINT, XG_MERGE_REGISTER, XG_MACHINE,
     0, INT32_MAX, NULL, "照片数", "photos"},
    {XG_HANDOVER_CONTENTS, "contents", XG_TYPE_HASH, XG_MERGE_REGISTER,
     XG_REQUIRED | XG_MACHINE, 0, 0, NULL, "清单哈希", "hash of the contents"},
    {XG_HANDOVER_REPLACES, "replaces", XG_TYPE_ENTITY, XG_MERGE_REGISTER,
     XG_MACHINE, 0, XG_KIND_HANDOVER, NULL, "替代的交接", "in place of"},
    {XG_HANDOVER_ACCEPTED_BY, "accepted_by", XG_TYPE_CODE, XG_MERGE_REGISTER,
     XG_MACHINE, 1, CODE_MAX, NULL, "签收人", "accepted by"},
    {XG_HANDOVER_LACKING, "lacking", XG_TYPE_UINT, XG_MERGE_REGISTER,
     XG_MACHINE, 0, INT32_MAX, NULL, "签收时缺少的记录数",
     "records lacking when accepted"},
    END,
};

const struct xg_kind xg_kinds[] = {
    {XG_KIND_GENESIS, "genesis", false, 0, false, genesis, "链首", "genesis"},
    {XG_KIND_ANCHOR, "anchor", false, 0, false, anchor, "锚点", "anchor"},
    {XG_KIND_INCIDENT, "incident", true, XG_STATUS_REPORTED, false, incident,
     "事件", "incident"},
    {XG_KIND_CONTACT, "contact", true, 0, false, contact, "反映人", "contact"},
    {XG_KIND_VISIT, "visit", true, 0, false, visit, "走访", "visit"},
    {XG_KIND_DISPUTE, "dispute", true, XG_STATUS_REPORTED, false, dispute,
     "矛盾纠纷", "dispute"},
    {XG_KIND_MEETING, "meeting", true, 0, false, meeting, "民情恳谈会",
     "meeting"},
    {XG_KIND_PATROL, "patrol", true, 0, false, patrol, "巡查", "patrol"},
    {XG_KIND_SUBJECT, "subject", true, 0, false, subject, "重点对象",
     "subject"},
    {XG_KIND_CAMPAIGN, "campaign", true, 0, true, campaign, "专项整治",
     "campaign"},
    {XG_KIND_TASK, "task", true, XG_STATUS_DISPATCHED, false, task, "任务",
     "task"},
    {XG_KIND_NOTICE, "notice", true, 0, true, notice, "通知", "notice"},
    {XG_KIND_ALARM, "alarm", true, 0, false, alarm, "报警", "alarm"},
    {XG_KIND_ASSESSMENT, "assessment", true, XG_STATUS_SCORED, false,
     assessment, "考评", "assessment"},
    {XG_KIND_HANDOVER, "handover", true, 0, false, handover, "交接",
     "handover"},
    {XG_KIND_AUTHOR_KEY, "author_key", false, 0, false, author_key,
     "签名公钥", "author's key"},
    {XG_KIND_ACCESS, "access", false, 0, false, access_record, "查阅",
     "access"},
    {XG_KIND_FORK_FINDING, "fork_finding", true, 0, false, fork_finding,
     "分叉认定", "fork finding"},
    {0, NULL, false, 0, false, NULL, NULL, NULL},
};

const struct xg_role xg_roles[] = {
    {XG_ROLE_HELPER, 10, "helper", "协理员", "helper", true, true},
    {XG_ROLE_WORKER, 20, "worker", "网格员", "grid worker", true, true},
    {XG_ROLE_GRID_HEAD, 30, "grid_head", "网格长", "grid head", true, true},
    {XG_ROLE_COMMUNITY, 40, "community", "社区", "community", true, true},
    {XG_ROLE_DELEGATE, 25, "delegate", "监督员", "citizens' delegate", true,
     false},
    {XG_ROLE_HANDLER, 50, "handler", "承办单位", "handler", true, false},
    {XG_ROLE_DISPATCHER, 60, "dispatcher", "调度员", "dispatcher", true, true},
    {XG_ROLE_SUPERVISOR, 70, "supervisor", "督办单位", "supervising office", true,
     true},
    {XG_ROLE_AUDITOR, 0, "auditor", "审计员", "auditor", false, false},
    {XG_ROLE_REGISTRAR, 0, "registrar", "登记员", "registrar", false, false},
    {XG_ROLE_SERVER, 5, "server", "平台", "server", true, true},
    {0, 0, NULL, NULL, NULL, false, false},
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
    size_t own = count(kind->fields);

    if (i < common)
        return &xg_common_fields[i];
    if (i < common + own)
        return &kind->fields[i - common];
    i -= common + own;
    if (kind->first_status && i < count(xg_case_fields))
        return &xg_case_fields[i];
    return NULL;
}

static const struct xg_field *fields_of(const struct xg_kind *kind,
                                        uint64_t number)
{
    static const struct xg_field none[] = {END};

    if (!kind->entity)
        return kind->fields;
    if (number >= XG_FIELD_CASE)
        return kind->first_status ? xg_case_fields : none;
    if (number < XG_FIELD_OWN || number >= XG_FIELD_SHARED)
        return xg_common_fields;
    return kind->fields;
}

const struct xg_field *xg_field_find(const struct xg_kind *kind,
                                     uint64_t number)
{
    for (const struct xg_field *f = fields_of(kind, number); f->name; f++)
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

bool xg_channel_waits(uint64_t channel)
{
    return channel == CHANNEL_RESIDENT || channel == CHANNEL_HOTLINE ||
           channel == CHANNEL_WINDOW;
}

const char *xg_label(const char *zh, const char *en)
{
    return xg_lang() == XG_LANG_ZH ? zh : en;
}
