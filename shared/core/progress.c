/* progress.c - see progress.h. */
#include "shared/core/progress.h"

#include <string.h>

#include "shared/core/erase.h"
#include "shared/core/merge.h"

void xg_progress_begin(struct xg_progress *p)
{
    *p = (struct xg_progress){.supervised = XG_NONE,
                              .finisher = XG_NONE,
                              .refuser = XG_NONE,
                              .designator = XG_NONE};
    for (size_t i = 0; i < XG_ASKINGS; i++)
        p->asked[i] = p->took[i] = XG_NONE;
}

static bool says(const struct xg_record *r, uint64_t number)
{
    struct xg_cbor_item value;

    return xg_record_field(r, number, &value) && value.type != XG_CBOR_NULL;
}

/* Says it, or said it before it was erased. */
static bool said(const struct xg_op *op, uint64_t number)
{
    return says(op->record, number) ||
           (op->erasure && xg_erasure_took(op->erasure, number));
}

/* The request that a move makes, grants or decides; XG_ASKINGS: none, or (a
 * refusal) any. */
static enum xg_asking asking_of(uint64_t move)
{
    switch (move) {
    case XG_MOVE_ASK_SHELVE:
    case XG_MOVE_SHELVE:
        return XG_ASKING_SHELVE;
    case XG_MOVE_ASK_DEFER:
    case XG_MOVE_DEFER:
        return XG_ASKING_DEFER;
    case XG_MOVE_ASK_EXTEND:
    case XG_MOVE_EXTEND:
        return XG_ASKING_EXTEND;
    case XG_MOVE_APPEAL:
    case XG_MOVE_UPHOLD:
    case XG_MOVE_RESCORE:
        return XG_ASKING_APPEAL;
    default:
        return XG_ASKINGS;
    }
}

static bool same_author(const struct xg_op *ops, uint32_t a, uint32_t b)
{
    return a != XG_NONE && strcmp(ops[a].author, ops[b].author) == 0;
}

/* Is a request open that op can decide? `other`: one of another author. */
static bool is_asked(const struct xg_progress *p, const struct xg_op *ops,
                     uint32_t op, bool other)
{
    enum xg_asking sort = asking_of(ops[op].record->head.move);

    for (size_t i = 0; i < XG_ASKINGS; i++)
        if ((sort == i || sort == XG_ASKINGS) && p->asked[i] != XG_NONE &&
            !(other && same_author(ops, p->asked[i], op)))
            return true;
    return false;
}

static bool is_met(const struct xg_progress *p, const struct xg_op *ops,
                   const struct xg_state *s, uint32_t op,
                   const struct xg_need *need)
{
    const struct xg_record *r = ops[op].record;

    if (need->field)
        return r->fields_raw.len == 0 || said(&ops[op], need->field);
    switch (need->bit) {
    case XG_NEED_ANSWERED:
        return !p->waits || p->answered || r->fields_raw.len == 0 ||
               said(&ops[op], XG_CASE_ANSWER);
    case XG_NEED_ASKED:
        return is_asked(p, ops, op, false);
    case XG_NEED_OTHER:
        return is_asked(p, ops, op, true);
    case XG_NEED_NOT_HANDLER:
        return !same_author(ops, p->finisher, op);
    case XG_NEED_REVIEWED:
        return p->refusals < 2;
    case XG_NEED_NOT_DESIGNATED:
        return !p->designated;
    case XG_NEED_REPLIED: /* one that was not seen stays for all to see */
        return p->supervised == XG_NONE ||
               (s && !xg_state_precedes(s, p->supervised, op));
    case XG_NEED_SUPERVISED:
        return p->supervised != XG_NONE;
    case XG_NEED_WHISTLED:
        return p->whistled;
    default:
        return true;
    }
}

const struct xg_need *xg_progress_lacks(const struct xg_progress *p,
                                        const struct xg_op *ops,
                                        const struct xg_state *s, uint32_t op,
                                        const struct xg_transition *t)
{
    for (const struct xg_need *n = xg_needs; n->bit; n++)
        if (t->needs & n->bit & XG_NEED_HARD && !is_met(p, ops, s, op, n))
            return n;
    return NULL;
}

uint32_t xg_progress_taken_by(const struct xg_progress *p,
                              const struct xg_op *ops, uint32_t op,
                              const struct xg_need *need)
{
    enum xg_asking sort = asking_of(ops[op].record->head.move);

    if (need->bit == XG_NEED_ASKED && sort < XG_ASKINGS)
        return p->took[sort];
    if (need->bit == XG_NEED_REVIEWED)
        return p->refuser;
    if (need->bit == XG_NEED_NOT_DESIGNATED)
        return p->designator;
    return XG_NONE;
}

/* ---- who may write what ---- */

bool xg_record_assigns(const struct xg_record *r, uint32_t role)
{
    const struct xg_kind *kind = xg_kind_find(r->head.kind);

    if (r->head.move)
        return xg_move_assigns(r->head.move) &&
               xg_move_allowed(r->head.move, role);
    if (r->head.creates && (!kind || kind->first_status != XG_STATUS_DISPATCHED))
        return false;
    return xg_move_allowed(XG_MOVE_DISPATCH, role);
}

/* Who is called off is given nothing. */
static bool adds(const struct xg_cbor_item *set)
{
    struct xg_cbor c = xg_cbor_inside(set);
    struct xg_cbor_item key;

    return xg_cbor_next(&c, &key) && key.number == XG_SET_ADDED;
}

bool xg_record_oversteps(const struct xg_record *r, uint32_t role)
{
    const struct xg_kind *kind = xg_kind_find(r->head.kind);
    bool desk = xg_move_allowed(XG_MOVE_DISPATCH, role);
    struct xg_field_cursor c = xg_record_fields(r);
    struct xg_cbor_item value;
    uint64_t number;

    if (!kind || !kind->first_status)
        return false;
    while (xg_field_next(&c, &number, &value)) {
        const struct xg_field *f = xg_field_find(kind, number);
        if (!f || !(f->flags & XG_BY_MOVE))
            continue;
        if (!r->head.move && !desk)
            return true;
        if (number == XG_CASE_UNIT && !xg_record_assigns(r, role))
            return true;
        if (number == XG_CASE_CALLED && adds(&value) &&
            !(xg_move_calls(r->head.move) && xg_record_assigns(r, role)))
            return true;
    }
    return false;
}

/* ---- what a move leaves behind ---- */

/* A refusal says no to whatever others asked for. */
static void refuse(struct xg_progress *p, const struct xg_op *ops, uint32_t op)
{
    for (size_t i = 0; i < XG_ASKINGS; i++)
        if (p->asked[i] != XG_NONE && !same_author(ops, p->asked[i], op)) {
            p->asked[i] = XG_NONE;
            p->took[i] = op;
        }
}

/* A reply answers the supervision that its author had seen, and no other. */
static void reply(struct xg_progress *p, const struct xg_state *s, uint32_t op)
{
    if (p->supervised != XG_NONE && xg_state_precedes(s, p->supervised, op))
        p->supervised = XG_NONE;
}

static void reopen(struct xg_progress *p)
{
    uint32_t been = p->been;
    bool waits = p->waits;

    xg_progress_begin(p);
    p->been = been;
    p->waits = waits;
}

static void take_move(struct xg_progress *p, const struct xg_state *s,
                      uint32_t op, uint64_t move)
{

    switch (move) {
    case XG_MOVE_RETURN:
        p->refusals++;
        p->refuser = op;
        break;
    case XG_MOVE_REVIEW:
        p->refusals = 0;
        break;
    case XG_MOVE_DESIGNATE:
        p->refusals = 0;
        p->designated = true;
        p->designator = op;
        break;
    case XG_MOVE_DISPATCH:
    case XG_MOVE_HAND_DOWN:
        p->designated = false;
        break;
    case XG_MOVE_FINISH:
    case XG_MOVE_SELF_HANDLE:
        p->finisher = op;
        break;
    case XG_MOVE_ASK_SHELVE:
    case XG_MOVE_ASK_DEFER:
    case XG_MOVE_ASK_EXTEND:
    case XG_MOVE_APPEAL:
        p->asked[asking_of(move)] = op;
        break;
    case XG_MOVE_REFUSE:
        refuse(p, s->ops, op);
        break;
    case XG_MOVE_SHELVE:
    case XG_MOVE_DEFER:
    case XG_MOVE_EXTEND:
    case XG_MOVE_UPHOLD:
    case XG_MOVE_RESCORE:
        p->asked[asking_of(move)] = XG_NONE;
        p->took[asking_of(move)] = op;
        break;
    case XG_MOVE_WHISTLE:
        p->whistled = true;
        break;
    case XG_MOVE_SUPERVISE:
        p->supervised = op;
        break;
    case XG_MOVE_REPLY:
        reply(p, s, op);
        break;
    case XG_MOVE_REOPEN:
        reopen(p);
        break;
    default:
        break;
    }
}

void xg_progress_take(struct xg_progress *p, const struct xg_state *s,
                      uint32_t op)
{
    const struct xg_record *r = s->ops[op].record;
    struct xg_cbor_item channel;

    if (r->head.move)
        take_move(p, s, op, r->head.move);
    p->answered |= r->head.move == XG_MOVE_ANSWER;
    if (r->fields_raw.len == 0)
        return;
    if (said(&s->ops[op], XG_CASE_ANSWER))
        p->answered = true;
    if (r->head.kind == XG_KIND_INCIDENT &&
        said(&s->ops[op], XG_INCIDENT_CONTACT))
        p->waits = true;
    if (xg_record_field(r, XG_CASE_CHANNEL, &channel) &&
        xg_channel_waits(channel.number))
        p->waits = true;
}
