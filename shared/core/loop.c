/* loop.c - the table; see loop.h for what the columns mean. */
#include "shared/core/loop.h"

#include <string.h>

const struct xg_choice xg_statuses[] = {
    {XG_STATUS_REPORTED, "reported", "待受理", "reported"},
    {XG_STATUS_ACCEPTED, "accepted", "待核实", "accepted"},
    {XG_STATUS_FILED, "filed", "待派遣", "filed"},
    {XG_STATUS_DISPATCHED, "dispatched", "待签收", "dispatched"},
    {XG_STATUS_HANDLING, "handling", "处置中", "handling"},
    {XG_STATUS_HANDLED, "handled", "待核查", "handled"},
    {XG_STATUS_RETURNED, "returned", "已退单", "returned"},
    {XG_STATUS_REWORK, "rework", "返工中", "rework"},
    {XG_STATUS_CLOSED, "closed", "已结案", "closed"},
    {XG_STATUS_SHELVED, "shelved", "已挂账", "shelved"},
    {XG_STATUS_DEFERRED, "deferred", "已缓办", "deferred"},
    {XG_STATUS_SELF_HANDLED, "self_handled", "自办结", "self-handled"},
    {XG_STATUS_VOIDED, "voided", "已作废", "voided"},
    {XG_STATUS_SCORED, "scored", "已评分", "scored"},
    {XG_STATUS_APPEALED, "appealed", "申诉中", "under appeal"},
    {XG_STATUS_CONFIRMED, "confirmed", "已确认", "confirmed"},
    {0, NULL, NULL, NULL},
};

const struct xg_choice xg_moves[] = {
    {XG_MOVE_SELF_HANDLE, "self_handle", "自行处置", "settle on the spot"},
    {XG_MOVE_ACCEPT, "accept", "受理", "accept"},
    {XG_MOVE_VOID, "void", "作废", "void"},
    {XG_MOVE_FILE, "file", "立案", "verify and file"},
    {XG_MOVE_DISPATCH, "dispatch", "派遣", "dispatch"},
    {XG_MOVE_SIGN, "sign", "签收", "sign for"},
    {XG_MOVE_RETURN, "return", "退单", "return"},
    {XG_MOVE_REVIEW, "review", "会商", "joint review"},
    {XG_MOVE_DESIGNATE, "designate", "指定承办", "designate"},
    {XG_MOVE_FINISH, "finish", "处置完成", "give back as handled"},
    {XG_MOVE_INSPECT, "inspect", "核查", "inspect"},
    {XG_MOVE_REWORK, "rework", "返工", "send back for rework"},
    {XG_MOVE_CLOSE, "close", "结案", "close"},
    {XG_MOVE_ASK_SHELVE, "ask_shelve", "申请挂账", "ask to shelve"},
    {XG_MOVE_ASK_DEFER, "ask_defer", "申请缓办", "ask to defer"},
    {XG_MOVE_ASK_EXTEND, "ask_extend", "申请延期", "ask for an extension"},
    {XG_MOVE_REFUSE, "refuse", "驳回申请", "refuse what was asked"},
    {XG_MOVE_SHELVE, "shelve", "同意挂账", "grant shelving"},
    {XG_MOVE_DEFER, "defer", "同意缓办", "grant deferral"},
    {XG_MOVE_EXTEND, "extend", "同意延期", "grant an extension"},
    {XG_MOVE_RESUME, "resume", "恢复办理", "resume"},
    {XG_MOVE_ESCALATE, "escalate", "提级", "escalate"},
    {XG_MOVE_HAND_DOWN, "hand_down", "交办", "hand down"},
    {XG_MOVE_WHISTLE, "whistle", "吹哨", "whistle"},
    {XG_MOVE_TRIAGE, "triage", "分拨", "triage a whistle"},
    {XG_MOVE_REPORT_IN, "report_in", "报到", "report in"},
    {XG_MOVE_REMIND, "remind", "催办", "remind"},
    {XG_MOVE_SUPERVISE, "supervise", "督办", "supervise"},
    {XG_MOVE_REPLY, "reply", "督办回复", "reply to supervision"},
    {XG_MOVE_ANSWER, "answer", "答复", "answer the reporter"},
    {XG_MOVE_RATE, "rate", "评价", "rate"},
    {XG_MOVE_APPEAL, "appeal", "申诉", "appeal"},
    {XG_MOVE_REOPEN, "reopen", "重新办理", "reopen"},
    {XG_MOVE_UPHOLD, "uphold", "维持原评", "uphold"},
    {XG_MOVE_RESCORE, "rescore", "改评", "score again"},
    {XG_MOVE_CONFIRM, "confirm", "确认", "confirm"},
    {XG_MOVE_RECALL, "recall", "撤回派遣", "take a dispatch back"},
    {XG_MOVE_ERASE, "erase", "抹除", "erase"},
    {0, NULL, NULL, NULL},
};

const struct xg_choice xg_stages[] = {
    {XG_STAGE_ACCEPT, "accept", "受理", "accept"},
    {XG_STAGE_FILE, "file", "核实立案", "verify and file"},
    {XG_STAGE_DISPATCH, "dispatch", "派遣", "dispatch"},
    {XG_STAGE_SIGN, "sign", "签收", "sign for"},
    {XG_STAGE_HANDLE, "handle", "处置", "handle"},
    {XG_STAGE_INSPECT, "inspect", "核查结案", "inspect and close"},
    {XG_STAGE_REPORT_IN, "report_in", "报到", "report in"},
    {0, NULL, NULL, NULL},
};

const struct xg_need xg_needs[] = {
    {XG_NEED_WHY, XG_FIELD_WHY, "理由 why=", "a reason, why="},
    {XG_NEED_UNIT, XG_CASE_UNIT, "承办单位 unit=", "who is to do it, unit="},
    {XG_NEED_RULE, XG_CASE_RULE, "所依据的职责清单条目 rule=",
     "the item of the duty list, rule="},
    {XG_NEED_RESULT, XG_CASE_RESULT, "办理结果 result=",
     "what was done, result="},
    {XG_NEED_SETTLED_LEVEL, XG_CASE_SETTLED_LEVEL, "办结层级 settled_level=",
     "the level that settled it, settled_level="},
    {XG_NEED_UNTIL, XG_CASE_UNTIL, "期限 until=", "until when, until="},
    {XG_NEED_CLASS, XG_CASE_CLASS, "哨声类别 class=",
     "the class of the whistle, class="},
    {XG_NEED_CALLED, XG_CASE_CALLED, "应报到的单位 called=",
     "the units called, called="},
    {XG_NEED_PRESENT, XG_CASE_PRESENT, "报到单位 present=",
     "the unit that reports in, present="},
    {XG_NEED_REPORT_BY, XG_CASE_REPORT_BY, "报到时限 report_by=",
     "by when to report in, report_by="},
    {XG_NEED_LEVEL, XG_CASE_LEVEL, "提到哪一级 level=",
     "the level it goes to, level="},
    {XG_NEED_ANSWER, XG_CASE_ANSWER, "答复内容 answer=",
     "what was answered, answer="},
    {XG_NEED_RATING, XG_CASE_RATING, "评价 rating=", "the rating, rating="},
    {XG_NEED_REPLY, XG_CASE_REPLY, "回复内容 reply=", "the reply, reply="},
    {XG_NEED_SCORE, XG_ASSESSMENT_SCORE, "分数 score=", "the score, score="},
    {XG_NEED_ANSWERED, 0, "对反映人的答复 answer=（或先 answer）",
     "the answer to who reported it, answer= (or first: answer)"},
    {XG_NEED_ASKED, 0, "没有待批的这种申请",
     "no request of that sort is open"},
    {XG_NEED_OTHER, 0, "要由另一人批（申请人不能自己批）",
     "somebody else than who asked has to decide it"},
    {XG_NEED_NOT_HANDLER, 0, "要换一个人来做（不能是处置人）",
     "somebody else than who handled it has to do this"},
    {XG_NEED_REVIEWED, 0, "已退单两次，先会商（review）或指定承办（designate）",
     "it was returned twice: first a joint review (review), or designate"},
    {XG_NEED_NOT_DESIGNATED, 0, "本件已指定承办，不能再退单",
     "it was designated and cannot be returned"},
    {XG_NEED_REPLIED, 0, "督办还没有回复，先回复（reply）",
     "the supervision has no reply yet (first: reply)"},
    {XG_NEED_SUPERVISED, 0, "没有待回复的督办",
     "no supervision waits for a reply"},
    {XG_NEED_WHISTLED, 0, "还没有人吹哨", "nobody has whistled yet"},
    {XG_WANT_BEFORE, 0, "处置前照片", "a photo from before"},
    {XG_WANT_AFTER, 0, "处置后照片", "a photo from after"},
    {XG_WANT_CASE_NUMBER, XG_CASE_NUMBER, "案卷号 case_number=",
     "the official number, case_number="},
    {0, 0, NULL, NULL},
};

/* ---- the table ---- */

#define S(name) XG_STATUS_BIT(XG_STATUS_##name)
#define R(name) XG_ROLE_BIT(XG_ROLE_##name)

enum {
    /* people of the grid; who receives and dispatches at a level; who does
     * the work; offices above */
    FIELD = R(HELPER) | R(WORKER) | R(GRID_HEAD),
    DESK = R(GRID_HEAD) | R(COMMUNITY) | R(DISPATCHER) | R(SUPERVISOR),
    HANDS = R(WORKER) | R(GRID_HEAD) | R(COMMUNITY) | R(HANDLER) |
            R(DISPATCHER),
    OFFICE = R(COMMUNITY) | R(DISPATCHER) | R(SUPERVISOR),
    ABOVE = R(DISPATCHER) | R(SUPERVISOR),
    ANYONE = FIELD | R(COMMUNITY) | R(DELEGATE) | R(HANDLER) | ABOVE,

    BEFORE_DISPATCH = S(REPORTED) | S(ACCEPTED) | S(FILED),
    AT_WORK = S(HANDLING) | S(REWORK),
    PAUSED = S(SHELVED) | S(DEFERRED),
    OPEN = BEFORE_DISPATCH | S(DISPATCHED) | AT_WORK | S(HANDLED) |
           S(RETURNED) | PAUSED,
    FINAL = S(CLOSED) | S(SELF_HANDLED),
};

#define LINE(from, move, to, who, needs)                                       \
    {from, XG_MOVE_##move, XG_STATUS_##to, who, needs}
#define BESIDE(from, move, who, needs) {from, XG_MOVE_##move, 0, who, needs}

/* clang-format off */
const struct xg_transition xg_transitions[] = {
    LINE(S(REPORTED), SELF_HANDLE, SELF_HANDLED, FIELD | R(COMMUNITY),
         XG_WANT_BEFORE | XG_WANT_AFTER),
    LINE(S(REPORTED), ACCEPT, ACCEPTED, DESK, 0),
    LINE(BEFORE_DISPATCH | S(RETURNED), VOID, VOIDED, DESK, XG_NEED_WHY),
    LINE(S(ACCEPTED), FILE, FILED, DESK, XG_WANT_CASE_NUMBER),
    LINE(S(FILED) | S(RETURNED), DISPATCH, DISPATCHED, DESK,
         XG_NEED_UNIT | XG_NEED_REVIEWED),
    LINE(S(DISPATCHED), RECALL, FILED, DESK, XG_NEED_WHY),
    LINE(S(DISPATCHED), SIGN, HANDLING, HANDS, 0),
    LINE(S(DISPATCHED) | S(HANDLING), RETURN, RETURNED, HANDS,
         XG_NEED_RULE | XG_NEED_WHY | XG_NEED_NOT_DESIGNATED),
    BESIDE(S(RETURNED), REVIEW, OFFICE, XG_NEED_RESULT),
    LINE(S(RETURNED), DESIGNATE, DISPATCHED, ABOVE,
         XG_NEED_UNIT | XG_NEED_WHY),
    LINE(AT_WORK, FINISH, HANDLED, HANDS,
         XG_NEED_RESULT | XG_WANT_AFTER),
    BESIDE(S(HANDLED), INSPECT, ANYONE,
           XG_NEED_RESULT | XG_NEED_NOT_HANDLER),
    LINE(S(HANDLED), REWORK, REWORK, FIELD | R(DELEGATE) | OFFICE,
         XG_NEED_WHY),
    LINE(S(HANDLED), CLOSE, CLOSED, DESK,
         XG_NEED_SETTLED_LEVEL | XG_NEED_ANSWERED | XG_NEED_REPLIED),
    BESIDE(AT_WORK, ASK_SHELVE, HANDS, XG_NEED_WHY | XG_NEED_UNTIL),
    BESIDE(AT_WORK, ASK_DEFER, HANDS, XG_NEED_WHY | XG_NEED_UNTIL),
    BESIDE(AT_WORK | S(DISPATCHED), ASK_EXTEND, HANDS,
           XG_NEED_WHY | XG_NEED_UNTIL),
    BESIDE(OPEN, REFUSE, OFFICE,
           XG_NEED_WHY | XG_NEED_ASKED | XG_NEED_OTHER),
    LINE(AT_WORK, SHELVE, SHELVED, OFFICE,
         XG_NEED_WHY | XG_NEED_UNTIL | XG_NEED_ASKED | XG_NEED_OTHER),
    LINE(AT_WORK, DEFER, DEFERRED, OFFICE,
         XG_NEED_WHY | XG_NEED_UNTIL | XG_NEED_ASKED | XG_NEED_OTHER),
    BESIDE(AT_WORK | S(DISPATCHED), EXTEND, OFFICE,
           XG_NEED_UNTIL | XG_NEED_ASKED | XG_NEED_OTHER),
    LINE(PAUSED, RESUME, HANDLING, HANDS | OFFICE, 0),
    BESIDE(BEFORE_DISPATCH | S(DISPATCHED) | AT_WORK | S(RETURNED) | PAUSED,
           ESCALATE,
           FIELD | R(COMMUNITY) | R(HANDLER) | ABOVE | R(SERVER),
           XG_NEED_LEVEL),
    LINE(S(ACCEPTED) | S(FILED) | S(HANDLING), HAND_DOWN, DISPATCHED, DESK,
         XG_NEED_UNIT),
    BESIDE(OPEN, WHISTLE, OFFICE, XG_NEED_CLASS | XG_NEED_WHY),
    BESIDE(OPEN, TRIAGE, ABOVE,
           XG_NEED_WHISTLED | XG_NEED_CALLED | XG_NEED_REPORT_BY),
    BESIDE(OPEN, REPORT_IN, HANDS, XG_NEED_WHISTLED | XG_NEED_PRESENT),
    BESIDE(OPEN, REMIND, ABOVE | R(SERVER), 0),
    BESIDE(OPEN, SUPERVISE, ABOVE, XG_NEED_WHY),
    BESIDE(OPEN, REPLY, HANDS, XG_NEED_SUPERVISED | XG_NEED_REPLY),
    BESIDE(OPEN | FINAL, ANSWER, FIELD | DESK | R(HANDLER), XG_NEED_ANSWER),
    BESIDE(FINAL, RATE, ANYONE, XG_NEED_RATING | XG_NEED_NOT_HANDLER),
    BESIDE(S(RETURNED) | S(REWORK) | S(CLOSED), APPEAL, HANDS, XG_NEED_WHY),
    LINE(FINAL | S(VOIDED), REOPEN, ACCEPTED, DESK | R(DELEGATE),
         XG_NEED_WHY),

    LINE(S(SCORED), APPEAL, APPEALED, ANYONE, XG_NEED_WHY),
    LINE(S(SCORED), CONFIRM, CONFIRMED, ABOVE, 0),
    LINE(S(APPEALED), UPHOLD, CONFIRMED, ABOVE,
         XG_NEED_WHY | XG_NEED_OTHER),
    LINE(S(APPEALED), RESCORE, CONFIRMED, ABOVE,
         XG_NEED_WHY | XG_NEED_SCORE | XG_NEED_OTHER),

    BESIDE(XG_ANY_STATUS, ERASE, R(SUPERVISOR), XG_NEED_WHY),
    {0, 0, 0, 0, 0},
};
/* clang-format on */

const struct xg_transition *xg_transition_find(uint64_t from, uint64_t move)
{
    if (from > 31)
        return NULL;
    for (const struct xg_transition *t = xg_transitions; t->from; t++)
        if (t->move == move && t->from & XG_STATUS_BIT(from))
            return t;
    return NULL;
}

bool xg_move_allowed(uint64_t move, uint32_t role)
{
    for (const struct xg_transition *t = xg_transitions; t->from; t++)
        if (t->move == move && role < 32 && t->who & XG_ROLE_BIT(role))
            return true;
    return false;
}

bool xg_status_final(uint64_t status)
{
    return status == XG_STATUS_CLOSED || status == XG_STATUS_VOIDED ||
           status == XG_STATUS_SELF_HANDLED || status == XG_STATUS_CONFIRMED;
}

uint64_t xg_status_stage(uint64_t status)
{
    switch (status) {
    case XG_STATUS_REPORTED:
        return XG_STAGE_ACCEPT;
    case XG_STATUS_ACCEPTED:
        return XG_STAGE_FILE;
    case XG_STATUS_FILED:
    case XG_STATUS_RETURNED:
        return XG_STAGE_DISPATCH;
    case XG_STATUS_DISPATCHED:
        return XG_STAGE_SIGN;
    case XG_STATUS_HANDLING:
    case XG_STATUS_REWORK:
    case XG_STATUS_SHELVED:
    case XG_STATUS_DEFERRED:
        return XG_STAGE_HANDLE;
    case XG_STATUS_HANDLED:
        return XG_STAGE_INSPECT;
    default:
        return 0;
    }
}

static const struct xg_choice *named(const struct xg_choice *choices,
                                     const char *name)
{
    const struct xg_choice *c = xg_choice_named(choices, name);

    for (; !c && choices->name; choices++)
        if (strcmp(choices->zh, name) == 0)
            c = choices;
    return c;
}

const struct xg_choice *xg_move_named(const char *name)
{
    return named(xg_moves, name);
}

const struct xg_choice *xg_status_named(const char *name)
{
    return named(xg_statuses, name);
}

bool xg_move_calls(uint64_t move)
{
    return move == XG_MOVE_WHISTLE || move == XG_MOVE_TRIAGE;
}

bool xg_move_assigns(uint64_t move)
{
    return move == XG_MOVE_DISPATCH || move == XG_MOVE_DESIGNATE ||
           move == XG_MOVE_HAND_DOWN || xg_move_calls(move);
}
