/* moves.c - see moves.h. */
#include "shared/view/moves.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/loop.h"
#include "shared/view/json.h"
#include "shared/view/text.h"
#include "shared/view/value.h"

enum { PHOTO_BEFORE = 4, PHOTO_AFTER = 5 };

#define WANTS_PHOTOS ((uint32_t)XG_WANT_BEFORE | (uint32_t)XG_WANT_AFTER)

/* An own path that nothing else lies on: what the record has seen is what it
 * cites. */
static const struct xg_branch apart = {.id = {{0xFF}}};

/* ---- names of needs ---- */

const char *view_need_name(const struct xg_need *n)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        {XG_NEED_WHY, "why"},
        {XG_NEED_UNIT, "unit"},
        {XG_NEED_RULE, "rule"},
        {XG_NEED_RESULT, "result"},
        {XG_NEED_SETTLED_LEVEL, "settled_level"},
        {XG_NEED_UNTIL, "until"},
        {XG_NEED_CLASS, "class"},
        {XG_NEED_CALLED, "called"},
        {XG_NEED_PRESENT, "present"},
        {XG_NEED_REPORT_BY, "report_by"},
        {XG_NEED_LEVEL, "level"},
        {XG_NEED_ANSWER, "answer"},
        {XG_NEED_RATING, "rating"},
        {XG_NEED_REPLY, "reply"},
        {XG_NEED_SCORE, "score"},
        {XG_NEED_ANSWERED, "answered"},
        {XG_NEED_ASKED, "asked"},
        {XG_NEED_OTHER, "other"},
        {XG_NEED_NOT_HANDLER, "not_handler"},
        {XG_NEED_REVIEWED, "reviewed"},
        {XG_NEED_NOT_DESIGNATED, "not_designated"},
        {XG_NEED_REPLIED, "replied"},
        {XG_NEED_SUPERVISED, "supervised"},
        {XG_NEED_WHISTLED, "whistled"},
        {XG_WANT_BEFORE, "before"},
        {XG_WANT_AFTER, "after"},
        {XG_WANT_CASE_NUMBER, "case_number"},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].bit == n->bit)
            return names[i].name;
    return "";
}

static bool is_wanted(const struct xg_need *n)
{
    return (n->bit & XG_NEED_HARD) == 0;
}

/* Can it be given in the record itself? An answer can: NEED_ANSWERED is met by
 * answer= too. */
static bool can_be_given(const struct xg_need *n)
{
    return n->field || is_wanted(n) || n->bit == XG_NEED_ANSWERED;
}

/* ---- one more record ---- */

struct trial {
    struct xg_op *ops; /* those of the state, and the one on trial */
    size_t count;
    struct xg_id id; /* of the entity */
    struct xg_home home;
    struct xg_record record;
};

static enum xg_status add_op(struct trial *t, struct xg_arena *arena,
                             const struct view_bench *bench,
                             struct xg_error *err)
{
    const struct xg_state *s = bench->state;
    size_t n = (s ? s->count : 0) + 1;
    struct xg_judgement *all = xg_arena_array(arena, n, sizeof *all);
    struct xg_judgement **judged = xg_arena_array(arena, n, sizeof *judged);

    t->ops = xg_arena_array(arena, n, sizeof *t->ops);
    if (!all || !judged || !t->ops)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        all[i] = i + 1 < n ? *bench->judged[i] : *bench->actor;
        judged[i] = &all[i];
        t->ops[i] = i + 1 < n ? s->ops[i]
                              : (struct xg_op){.record = &t->record,
                                               .branch = &apart,
                                               .seq = 1};
    }
    t->count = n;
    return xg_judge_ops(&t->home, arena, t->ops, judged, n, &t->id, bench->registry,
                        err);
}

/* The draft as the record it would be. */
static enum xg_status encode(struct trial *t, struct xg_arena *arena,
                             const struct xg_state *s,
                             const struct xg_draft *draft,
                             const struct xg_env *env, struct xg_error *err)
{
    static const struct xg_hash nowhere;
    struct xg_buf bytes = XG_BUF(XG_RECORD_MAX);
    struct xg_draft d = *draft;
    size_t head_len;

    d.arena = arena;
    d.head.moment = xg_moment_now(env);
    d.foreign_count = s ? xg_state_foreign(s, &apart, 1, d.foreign) : 0;
    enum xg_status status = xg_draft_encode(&bytes, &head_len, &d, env, err);
    if (status == XG_OK) {
        const uint8_t *kept = xg_arena_copy(arena, bytes.data, bytes.len);
        if (kept)
            xg_record_read(&t->record, &nowhere, 1, &nowhere,
                           xg_bytes(kept, head_len),
                           xg_bytes(kept + head_len, bytes.len - head_len));
        else
            status = xg_fail_nomem(err);
    }
    t->id = s ? s->id : xg_id_of_hash(&t->record.hash);
    xg_buf_clear(&bytes);
    return status;
}

/* ---- what is wanted ---- */

static bool photo_has_role(struct xg_bytes value, uint64_t role)
{
    struct xg_cbor c = xg_cbor_over(value);
    struct xg_cbor_item item;

    return xg_cbor_next(&c, &item) && view_photo_of(&item).role == role;
}

static bool draft_has_photo(const struct xg_draft *d, uint64_t role)
{
    struct xg_bytes value = xg_draft_get(d, XG_FIELD_PHOTO);
    struct xg_cbor c = xg_cbor_over(value);
    struct xg_cbor_item set, key, items, photo;

    if (value.len == 0 || !xg_cbor_next(&c, &set))
        return false;
    c = xg_cbor_inside(&set);
    while (xg_cbor_next(&c, &key) && xg_cbor_next(&c, &items)) {
        struct xg_cbor added = xg_cbor_inside(&items);
        while (key.number == XG_SET_ADDED && xg_cbor_next(&added, &photo))
            if (photo_has_role(photo.raw, role))
                return true;
    }
    return false;
}

static bool has_photo(const struct xg_state *s, const struct xg_draft *d,
                      uint64_t role)
{
    const struct xg_set *photos = xg_state_set(s, XG_FIELD_PHOTO);

    for (size_t i = 0; photos && i < photos->count; i++)
        if (!photos->elements[i].removed &&
            photo_has_role(photos->elements[i].value, role))
            return true;
    return d && draft_has_photo(d, role);
}

static bool gives(const struct xg_draft *d, uint64_t number)
{
    struct xg_bytes value = d ? xg_draft_get(d, number) : xg_bytes(NULL, 0);

    return value.len && value.at[0] != 0xF6; /* null */
}

static bool wanted_is_met(const struct xg_state *s, const struct xg_draft *d,
                          uint32_t bit)
{
    struct xg_cbor_item value;

    if (bit == XG_WANT_BEFORE)
        return has_photo(s, d, PHOTO_BEFORE);
    if (bit == XG_WANT_AFTER)
        return has_photo(s, d, PHOTO_AFTER);
    return gives(d, XG_CASE_NUMBER) ||
           (xg_state_value(s, XG_CASE_NUMBER, &value) &&
            value.type != XG_CBOR_NULL);
}

/* ---- what is possible ---- */

static uint32_t unmet_of(const struct trial *t, const struct xg_state *s,
                         const struct xg_draft *d,
                         const struct xg_transition *row)
{
    uint32_t unmet = 0;

    for (const struct xg_need *n = xg_needs; n->bit; n++) {
        struct xg_transition only = *row;
        only.needs = row->needs & n->bit;
        if (!only.needs)
            continue;
        bool met = is_wanted(n)
                       ? wanted_is_met(s, d, n->bit)
                       : (n->field && gives(d, n->field)) ||
                             (n->bit == XG_NEED_ANSWERED &&
                              gives(d, XG_CASE_ANSWER)) ||
                             !xg_progress_lacks(&s->progress, t->ops, NULL,
                                                (uint32_t)t->count - 1, &only);
        if (!met)
            unmet |= n->bit;
    }
    return unmet;
}

static bool is_blocked(uint32_t unmet)
{
    for (const struct xg_need *n = xg_needs; n->bit; n++)
        if (unmet & n->bit && !can_be_given(n))
            return true;
    return false;
}

/* The record of a move without any fields. */
static void empty_move(struct trial *t, const struct xg_state *s)
{
    static const uint8_t none[] = {0xA0}; /* an empty map */

    t->id = s->id;
    t->record = (struct xg_record){.fields_raw = {none, sizeof none}};
    t->record.head.kind = s->kind->number;
    t->record.head.entity = s->id;
    t->record.head.from = s->status;
}

enum xg_status view_moves_of(struct view_move **moves, size_t *count,
                             const char **no_right, struct xg_arena *arena,
                             const struct view_bench *bench,
                             const struct xg_draft *draft, struct xg_error *err)
{
    const struct xg_state *s = bench->state;
    struct view_move *list;
    struct trial t = {.count = 0};
    size_t n = 0, room = 1;

    for (const struct xg_transition *row = xg_transitions; row->from; row++)
        room++;
    list = xg_arena_array(arena, room, sizeof *list);
    if (!list)
        return xg_fail_nomem(err);
    *moves = list;
    *count = 0;
    *no_right = NULL;
    if (!s->kind || s->status == 0 || s->status > 31)
        return XG_OK;
    empty_move(&t, s);
    if (add_op(&t, arena, bench, err) != XG_OK)
        return err->status;
    const struct xg_op *op = &t.ops[t.count - 1];
    *no_right = op->no_right;
    for (const struct xg_transition *row = xg_transitions;
         row->from && !op->no_right; row++) {
        if (!(row->from & XG_STATUS_BIT(s->status)) ||
            !(row->who & XG_ROLE_BIT(op->role)))
            continue;
        t.record.head.move = row->move;
        uint32_t unmet = unmet_of(&t, s, draft, row);
        list[n++] = (struct view_move){
            .transition = row,
            .move = xg_choice_find(xg_moves, row->move),
            .to = row->to ? xg_choice_find(xg_statuses, row->to) : NULL,
            .label = xg_labels_of(bench->labels, XG_LABEL_MOVE, row->move),
            .to_label = row->to ? xg_labels_of(bench->labels, XG_LABEL_STATUS,
                                               row->to)
                                : "",
            .unmet = unmet,
            .blocked = is_blocked(unmet)};
    }
    *count = n;
    return XG_OK;
}

/* ---- said ---- */

/* Of the unmet: what is in the way, what is to be given, what is wanted. */
static uint32_t in_the_way(uint32_t unmet)
{
    uint32_t bits = 0;

    for (const struct xg_need *n = xg_needs; n->bit; n++)
        bits |= can_be_given(n) ? 0 : n->bit;
    bits &= unmet;
    /* Where nobody asked, it does not matter who would grant it. */
    return bits & XG_NEED_ASKED ? bits & ~(uint32_t)XG_NEED_OTHER : bits;
}

static void put_needs(struct xg_buf *out, const char *before, uint32_t bits)
{
    size_t said = 0;

    for (const struct xg_need *n = xg_needs; n->bit; n++)
        if (bits & n->bit)
            xg_buf_format(out, "%s%s",
                          said++ == 0       ? before
                          : can_be_given(n) ? XG_T("、", "; ")
                                            : XG_T("；", "; "),
                          xg_label(n->zh, n->en));
}

static void put_move(struct xg_buf *out, const struct view_move *m)
{
    uint32_t hard = m->unmet & (uint32_t)XG_NEED_HARD;
    uint32_t blocks = in_the_way(hard);

    xg_buf_format(out, "  %s %s", m->move->name, m->label);
    if (m->to)
        xg_buf_format(out, " → %s", m->to_label);
    put_needs(out, XG_T("：暂不能：", ": not yet: "), blocks);
    put_needs(out,
              blocks ? XG_T("；另要 ", "; and it needs ")
                     : XG_T("：要 ", ": needs "),
              hard & ~blocks & ~(uint32_t)XG_NEED_OTHER);
    put_needs(out,
              hard ? XG_T("；最好有 ", "; wanted ")
                   : XG_T("：最好有 ", ": wanted "),
              m->unmet & ~(uint32_t)XG_NEED_HARD);
    xg_buf_text(out, "\n");
}

void view_put_moves(struct xg_buf *out, const struct view_move *moves,
                    size_t count)
{
    if (count == 0) {
        xg_buf_text(out, XG_T("现在没有可做的动作\n",
                              "nothing can be done from here\n"));
        return;
    }
    xg_buf_text(out, XG_T("现在可以：\n", "possible from here:\n"));
    for (size_t i = 0; i < count; i++)
        if (!moves[i].blocked)
            put_move(out, &moves[i]);
    for (size_t i = 0; i < count; i++)
        if (moves[i].blocked)
            put_move(out, &moves[i]);
}

static json_t *needs_json(const struct view_move *m)
{
    json_t *list = json_array();

    for (const struct xg_need *n = xg_needs; n->bit; n++) {
        json_t *need;
        if (!(m->transition->needs & n->bit))
            continue;
        need = json_object();
        view_json_set(&need, "need", json_string(view_need_name(n)));
        view_json_set(&need, "label", json_string(xg_label(n->zh, n->en)));
        view_json_set(&need, "met", json_boolean((m->unmet & n->bit) == 0));
        view_json_set(&need, "wanted", json_boolean(is_wanted(n)));
        view_json_append(&list, need);
    }
    return list;
}

json_t *view_moves_json(const struct view_move *moves, size_t count)
{
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++) {
        const struct view_move *m = &moves[i];
        json_t *move = json_object();
        view_json_set(&move, "move", json_string(m->move->name));
        view_json_set(&move, "label", json_string(m->label));
        view_json_set(&move, "to",
                      m->to ? json_string(m->to->name) : json_null());
        view_json_set(&move, "blocked", json_boolean(m->blocked));
        view_json_set(&move, "needs", needs_json(m));
        view_json_append(&list, move);
    }
    return list;
}

void view_put_remarks(struct xg_buf *out, uint32_t missing)
{
    missing &= ~(uint32_t)XG_NEED_HARD;
    if (!missing)
        return;
    put_needs(out, XG_T("还缺：", "still missing: "), missing);
    xg_buf_text(out, "\n");
}

json_t *view_needs_json(uint32_t bits)
{
    json_t *list = json_array();

    for (const struct xg_need *n = xg_needs; n->bit; n++)
        if (bits & n->bit)
            view_json_append(&list, json_string(view_need_name(n)));
    return list;
}

/* ---- beginning a move ---- */

static enum xg_status unknown_move(const char *name,
                                   const struct xg_labels *labels,
                                   struct xg_error *err)
{
    unsigned edits = VIEW_FAR;
    const char *near = NULL;

    for (const struct xg_choice *m = xg_moves; m->name; m++) {
        const char *words[] = {
            m->name, xg_labels_of(labels, XG_LABEL_MOVE, m->number), m->zh};
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (view_nearer(&edits, name, words[i]))
                near = words[i];
    }
    return xg_fail(
        err, XG_USAGE,
        XG_T("没有“%.60s”这个动作%s%s%s", "there is no move \"%.60s\"%s%s%s"),
        name, near ? XG_T("，是否指 ", ", did you mean ") : "",
        near ? near : "", near ? XG_T("？", "?") : "");
}

static enum xg_status not_from_here(const struct xg_state *s,
                                    const struct xg_choice *move,
                                    const struct xg_labels *labels,
                                    struct xg_error *err)
{
    const char *what = xg_labels_of(labels, XG_LABEL_MOVE, move->number);

    if (!xg_choice_find(xg_statuses, s->status))
        return xg_fail(err, XG_REFUSED,
                       XG_T("没有保存：%s没有办理流程，不能“%s”",
                            "not saved: a %s does not go through the loop: no "
                            "\"%s\""),
                       s->kind ? xg_label(s->kind->zh, s->kind->en)
                               : XG_T("这一件", "record of unknown kind"),
                       what);
    return xg_fail(err, XG_REFUSED,
                   XG_T("没有保存，“%s”现在办不了：现在是“%s”",
                        "not saved, no \"%s\" now: it is \"%s\""),
                   what, xg_labels_of(labels, XG_LABEL_STATUS, s->status));
}

enum xg_status view_move_begin(struct xg_draft *draft,
                               const struct xg_state *state,
                               const struct xg_labels *labels, const char *name,
                               struct xg_error *err)
{
    const struct xg_choice *move = xg_labels_move(labels, name);

    if (!move)
        return unknown_move(name, labels, err);
    if (!state->kind || !xg_transition_find(state->status, move->number))
        return not_from_here(state, move, labels, err);
    draft->head.move = move->number;
    draft->head.from = state->status;
    return XG_OK;
}

/* ---- on trial ---- */

enum xg_status view_no_effect(const struct xg_state *s, uint32_t op,
                              const struct xg_labels *labels,
                              struct xg_error *err)
{
    const struct xg_op *o = &s->ops[op];
    const struct xg_role *role = xg_role_find(o->role);
    uint64_t move = o->record->malformed ? 0 : o->record->head.move;
    const char *what = move ? xg_labels_of(labels, XG_LABEL_MOVE, move)
                            : XG_T("这一改动", "the change");
    const char *reason = s->reasons[op] ? s->reasons[op] : "";

    if (s->effects[op] == XG_EFFECT_NO_RIGHT && !o->no_right && role)
        return xg_fail(
            err, XG_REFUSED,
            XG_T("没有保存，%s（%s）不能“%s”；请找有权限的人，或看 do 编号",
                 "not saved: %s (%s) may not \"%s\"; ask who may, or see do "
                 "ID"),
            o->author, xg_labels_of(labels, XG_LABEL_ROLE, o->role), what);
    for (const struct xg_need *n = xg_needs; n->bit; n++)
        if (s->effects[op] == XG_EFFECT_LACKING &&
            strcmp(reason, xg_label(n->zh, n->en)) == 0)
            return xg_fail(err, XG_REFUSED,
                           can_be_given(n)
                               ? XG_T("没有保存，“%s”现在办不了：还要 %s",
                                      "not saved, no \"%s\" now: it needs %s")
                               : XG_T("没有保存，“%s”现在办不了：%s",
                                      "not saved, no \"%s\" now: %s"),
                           what, reason);
    return xg_fail(err, XG_REFUSED,
                   XG_T("没有保存，“%s”现在办不了：%s%s%s",
                        "not saved, no \"%s\" now: it would be %s%s%s"),
                   what, xg_effect_label(s->effects[op]),
                   *reason ? XG_T("，", ": ") : "", reason);
}

static uint32_t missing_of(const struct xg_state *s, const struct xg_draft *d)
{
    const struct xg_transition *row =
        s && d->head.move ? xg_transition_find(s->status, d->head.move) : NULL;
    uint32_t missing = 0;

    for (const struct xg_need *n = xg_needs; row && n->bit; n++)
        if (row->needs & n->bit && is_wanted(n) && !wanted_is_met(s, d, n->bit))
            missing |= n->bit;
    return missing;
}

/* Is the case at home with the actor, or in their hands now? Who had it once
 * keeps the right, so that what was written before they knew still counts; but
 * nobody goes on working on what they know to be gone. */
static enum xg_status holds_still(bool *holds, const struct trial *t,
                                  const struct view_bench *bench,
                                  struct xg_error *err)
{
    const struct xg_judgement *actor = bench->actor;
    const struct xg_state *s = bench->state;
    struct xg_bytes units[XG_UNITS_MAX];
    char code[XG_CODE_MAX + 1];

    *holds = true;
    if (!s || !s->kind || !s->kind->first_status || !*actor->unit ||
        strcmp(actor->author, t->home.author) == 0 ||
        (actor->role && actor->role->number == XG_ROLE_SERVER))
        return XG_OK;
    if (xg_unit_within(holds, bench->registry, t->home.unit, actor->unit,
                       actor->size, err) != XG_OK)
        return err->status;
    size_t count = xg_state_units(s, units);
    for (size_t i = 0; i < count && !*holds; i++) {
        snprintf(code, sizeof code, "%.*s", (int)units[i].len,
                 (const char *)units[i].at);
        if (xg_unit_within(holds, bench->registry, code, actor->unit,
                           actor->size, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

enum xg_status view_try(struct view_trial *out, struct xg_arena *arena,
                        const struct view_bench *bench,
                        const struct xg_draft *draft, const struct xg_env *env,
                        struct xg_error *err)
{
    const struct xg_state *s = bench->state;
    struct trial *t = xg_arena_alloc(arena, sizeof *t);
    struct view_trial trial = {.missing = missing_of(s, draft)};

    if (!t)
        return xg_fail_nomem(err);
    if (encode(t, arena, s, draft, env, err) != XG_OK ||
        add_op(t, arena, bench, err) != XG_OK ||
        xg_merge(&trial.after, arena, &t->id, t->ops, t->count, NULL, err) !=
            XG_OK)
        return err->status;
    trial.effect = trial.after.effects[t->count - 1];
    if (trial.effect != XG_EFFECT_FULL)
        return view_no_effect(&trial.after, (uint32_t)t->count - 1,
                              bench->labels, err);
    bool holds;
    if (holds_still(&holds, t, bench, err) != XG_OK)
        return err->status;
    if (!holds)
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("没有保存：这件已转出，现在不在您单位手里；"
                            "有话请写 note，或告诉调度员",
                            "not saved: the case went to others and is no "
                            "longer with your unit; write a note, or tell the "
                            "dispatcher"));
    if (draft->head.move == XG_MOVE_SELF_HANDLE &&
        trial.missing & WANTS_PHOTOS && !gives(draft, XG_FIELD_WHY))
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("没有保存：自行处置要有处置前、处置后照片；没有的"
                            "请写明理由 why=",
                            "not saved: to settle it on the spot takes a photo from "
                            "before and one from after; without them, a "
                            "reason: why="));
    *out = trial;
    return XG_OK;
}
