/* loop.h - the closed loop as one table: {from, move, to, who, needs}.
 *
 * Agent, server, merge, manual and tests all walk it. A *line* move changes the
 * status. A move *beside the line* (to == 0) is an act that leaves the status
 * alone: a reminder, an answer, a request. Numbers are part of the merge and
 * never change.
 *
 * `needs` of a move are of two sorts. Hard ones are judged by every fold, so
 * that a record that lacks one has no effect anywhere (XG_EFFECT_LACKING).
 * Wanted ones are asked for when a person writes, and shown as missing after.
 *
 * Levels, routes, who may whistle where and which duty may be cited are not
 * here: they are imported (shared/guide).
 */
#ifndef XG_CORE_LOOP_H
#define XG_CORE_LOOP_H

#include "shared/core/schema.h"

enum xg_case_status {
    XG_STATUS_REPORTED = 1,
    XG_STATUS_ACCEPTED = 2,
    XG_STATUS_FILED = 3,
    XG_STATUS_DISPATCHED = 4,
    XG_STATUS_HANDLING = 5,
    XG_STATUS_HANDLED = 6,
    XG_STATUS_RETURNED = 7,
    XG_STATUS_REWORK = 8,
    XG_STATUS_CLOSED = 9,
    XG_STATUS_SHELVED = 10,
    XG_STATUS_DEFERRED = 11,
    XG_STATUS_SELF_HANDLED = 12,
    XG_STATUS_VOIDED = 13,
    /* of an assessment */
    XG_STATUS_SCORED = 14,
    XG_STATUS_APPEALED = 15,
    XG_STATUS_CONFIRMED = 16,
};

enum xg_move_number {
    XG_MOVE_SELF_HANDLE = 1,
    XG_MOVE_ACCEPT = 2,
    XG_MOVE_VOID = 3,
    XG_MOVE_FILE = 4,
    XG_MOVE_DISPATCH = 5,
    XG_MOVE_SIGN = 6,
    XG_MOVE_RETURN = 7,
    XG_MOVE_REVIEW = 8,
    XG_MOVE_DESIGNATE = 9,
    XG_MOVE_FINISH = 10,
    XG_MOVE_INSPECT = 11,
    XG_MOVE_REWORK = 12,
    XG_MOVE_CLOSE = 13,
    XG_MOVE_ASK_SHELVE = 14,
    XG_MOVE_ASK_DEFER = 15,
    XG_MOVE_ASK_EXTEND = 16,
    XG_MOVE_REFUSE = 17,
    XG_MOVE_SHELVE = 18,
    XG_MOVE_DEFER = 19,
    XG_MOVE_EXTEND = 20,
    XG_MOVE_RESUME = 21,
    XG_MOVE_ESCALATE = 22,
    XG_MOVE_HAND_DOWN = 23,
    XG_MOVE_WHISTLE = 24,
    XG_MOVE_TRIAGE = 25,
    XG_MOVE_REPORT_IN = 26,
    XG_MOVE_REMIND = 27,
    XG_MOVE_SUPERVISE = 28,
    XG_MOVE_REPLY = 29,
    XG_MOVE_ANSWER = 30,
    XG_MOVE_RATE = 31,
    XG_MOVE_APPEAL = 32,
    XG_MOVE_REOPEN = 33,
    XG_MOVE_UPHOLD = 34,
    XG_MOVE_RESCORE = 35,
    XG_MOVE_CONFIRM = 36,
    XG_MOVE_RECALL = 37,
    XG_MOVE_ERASE = 38, /* of every kind, in every status: erase.h */
};

/* Stages of a case, each with a clock (deadline.h). Label by stage: 核实 is
 * before filing, 核查 before closing. */
enum xg_stage {
    XG_STAGE_ACCEPT = 1,
    XG_STAGE_FILE = 2,
    XG_STAGE_DISPATCH = 3,
    XG_STAGE_SIGN = 4,
    XG_STAGE_HANDLE = 5,
    XG_STAGE_INSPECT = 6,
    XG_STAGE_REPORT_IN = 7,
    XG_STAGES = 7,
};

extern const struct xg_choice xg_statuses[];
extern const struct xg_choice xg_moves[];
extern const struct xg_choice xg_stages[];

/* What a move may need. The first group: a field in the record itself. */
enum xg_need_bit {
    XG_NEED_WHY = 1 << 0,
    XG_NEED_UNIT = 1 << 1,
    XG_NEED_RULE = 1 << 2,
    XG_NEED_RESULT = 1 << 3,
    XG_NEED_SETTLED_LEVEL = 1 << 4,
    XG_NEED_UNTIL = 1 << 5,
    XG_NEED_CLASS = 1 << 6,
    XG_NEED_CALLED = 1 << 7,
    XG_NEED_PRESENT = 1 << 8,
    XG_NEED_REPORT_BY = 1 << 9,
    XG_NEED_LEVEL = 1 << 10,
    XG_NEED_ANSWER = 1 << 11,
    XG_NEED_RATING = 1 << 12,
    XG_NEED_REPLY = 1 << 13,
    XG_NEED_SCORE = 1 << 14,
    /* of what came before in the order of the fold */
    XG_NEED_ANSWERED = 1 << 16,   /* a resident's report: an answer */
    XG_NEED_ASKED = 1 << 17,      /* an open request of the matching sort */
    XG_NEED_OTHER = 1 << 18,      /* author is not who asked */
    XG_NEED_NOT_HANDLER = 1 << 19, /* author is not who handled it */
    XG_NEED_REVIEWED = 1 << 20,   /* after a second refusal: joint review */
    XG_NEED_NOT_DESIGNATED = 1 << 21,
    XG_NEED_REPLIED = 1 << 22,    /* no supervision without its reply */
    XG_NEED_SUPERVISED = 1 << 23, /* there is one to reply to */
    XG_NEED_WHISTLED = 1 << 24,
    /* wanted only */
    XG_WANT_BEFORE = 1 << 28,     /* a photo of role before, or a reason */
    XG_WANT_AFTER = 1 << 29,
    XG_WANT_CASE_NUMBER = 1 << 30,
};
#define XG_NEED_HARD ((1u << 28) - 1)

struct xg_need {
    uint32_t bit, field; /* field 0: not a field of the record */
    const char *zh, *en; /* what can be given: a noun phrase; else a sentence */
};
/* Ends with bit == 0. */
extern const struct xg_need xg_needs[];

#define XG_STATUS_BIT(status) (1u << (status))
#define XG_ROLE_BIT(role) (1u << (role))

/* In place of a status, in what belongs to every kind, with a loop or without:
 * such a move's author names none (0). */
#define XG_ANY_STATUS XG_STATUS_BIT(0)

struct xg_transition {
    uint32_t from;  /* set of XG_STATUS_BIT(), or XG_ANY_STATUS */
    uint32_t move;
    uint32_t to;    /* 0: beside the line */
    uint32_t who;   /* set of XG_ROLE_BIT() */
    uint32_t needs; /* set of enum xg_need_bit */
};

/* Ends with from == 0. A (status, move) lies in at most one row. */
extern const struct xg_transition xg_transitions[];
const struct xg_transition *xg_transition_find(uint64_t from, uint64_t move);
/* May the role make this move from any status at all? */
bool xg_move_allowed(uint64_t move, uint32_t role);
/* The statuses in which a case needs nobody any more. */
bool xg_status_final(uint64_t status);
/* The stage whose clock waits for the next move of the line; 0: none does.
 * Others may run beside it (deadline.h). */
uint64_t xg_status_stage(uint64_t status);
/* By name or Chinese label; NULL. */
const struct xg_choice *xg_move_named(const char *name);
const struct xg_choice *xg_status_named(const char *name);

/* Moves that put a case into the hands of the units they name (`unit`,
 * `called`): these then see it and may work on it. */
bool xg_move_assigns(uint64_t move);
/* Of those, the ones that call units to a whistle. */
bool xg_move_calls(uint64_t move);

#endif
