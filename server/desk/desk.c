/* desk.c - see desk.h. */
#include "server/desk/desk.h"

#include <stdio.h>
#include <string.h>

#include "server/merge/source.h"
#include "server/photo/staged.h"
#include "shared/base/lang.h"
#include "shared/core/calendar.h"

enum {
    TRIAL_ARENA = 256 << 20,
    NUMBERS_TRIED = 100000, /* in a row, that some case has already */
};

#define YEAR_NAME "case-"

/* ---- who ---- */

enum xg_status desk_person(struct xg_judgement *person, struct data *d,
                           const char *operator_code, struct xg_error *err)
{
    struct xg_registry registry = registry_view(d->registry);
    struct xg_judgement j;

    if (strcmp(operator_code, REGISTRY_SERVER) == 0)
        return xg_fail(err, XG_REFUSED, "%s",
                       XG_T("--as 请写办理人的工号；server 只供平台自动办理用",
                            "--as wants the code of who acts; server is what "
                            "the platform itself goes by"));
    if (xg_judge_author(&j, &registry, d->device.verifier.name, operator_code,
                        false, INT64_MAX, err) != XG_OK)
        return err->status;
    if (j.no_right && !*j.unit)
        return xg_fail(err, XG_NOTFOUND,
                       XG_T("没有工号为 %s 的人员，见 worker list",
                            "nobody has the code %s: see worker list"),
                       operator_code);
    *person = j;
    return XG_OK;
}

enum xg_status desk_actor(struct xg_judgement *actor, struct data *d,
                          const char *operator_code, struct xg_error *err)
{
    struct xg_judgement j;

    if (desk_person(&j, d, operator_code, err) != XG_OK)
        return err->status;
    if (j.no_right)
        return xg_fail(err, XG_REFUSED,
                       XG_T("%s 的角色不作记录，不能办理",
                            "%s has a role that records nothing"),
                       operator_code);
    *actor = j;
    return XG_OK;
}

static enum xg_status
make_bench(struct view_bench *bench, struct xg_arena *arena,
           const struct fold *fold, const struct xg_registry *registry,
           const struct xg_judgement *actor, const struct xg_labels *labels,
           struct xg_error *err)
{
    size_t count = fold ? fold->count : 0;
    const struct xg_judgement **judged =
        xg_arena_array(arena, count + 1, sizeof *judged);

    if (!judged)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < count; i++)
        judged[i] = &fold->judgements[i];
    *bench = (struct view_bench){fold ? &fold->state : NULL, judged, registry,
                                 actor, labels};
    return XG_OK;
}

enum xg_status desk_moves(struct view_move **moves, size_t *count,
                          const char **no_right, struct xg_arena *arena,
                          const struct fold *fold,
                          const struct xg_registry *registry,
                          const struct xg_judgement *actor,
                          const struct xg_labels *labels, struct xg_error *err)
{
    struct view_bench bench;

    if (make_bench(&bench, arena, fold, registry, actor, labels, err) != XG_OK)
        return err->status;
    return view_moves_of(moves, count, no_right, arena, &bench, NULL, err);
}

/* ---- official numbers ---- */

/* The year that it is in China. */
static int year_of(int64_t ms)
{
    int64_t days = (ms / 60000 + XG_ZONE_CHINA_MIN) / (24 * 60);
    int year = 1970;

    for (;; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        if (days < 365 + leap)
            return year;
        days -= 365 + leap;
    }
}

static bool gives_number(const struct xg_draft *draft,
                         const struct xg_state *state)
{
    struct xg_cbor_item value;

    return draft->head.move != XG_MOVE_FILE ||
           xg_draft_get(draft, XG_CASE_NUMBER).len != 0 ||
           (xg_state_value(state, XG_CASE_NUMBER, &value) &&
            value.type == XG_CBOR_TEXT);
}

/* A number on its way to a case: the counter is raised once it is taken. */
struct proposal {
    char counter[32];
    uint64_t last;
    char text[XG_CODE_MAX + 1]; /* "": none */
};

static enum xg_status next_number(struct proposal *p, struct store *store,
                                  int year, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct store_entity *rows;
    size_t count = 1;

    snprintf(p->counter, sizeof p->counter, YEAR_NAME "%d", year);
    enum xg_status status =
        store->ops->get_value(store, &p->last, p->counter, err);
    for (int i = 0; status == XG_OK && count && i < NUMBERS_TRIED; i++) {
        xg_arena_reset(&arena);
        snprintf(p->text, sizeof p->text, "%d-%06llu", year,
                 (unsigned long long)++p->last);
        status = store->ops->read_entities_numbered(store, &arena, &rows,
                                                    &count, p->text, 1, err);
    }
    xg_arena_clear(&arena);
    return status;
}

enum xg_status desk_skip_numbers(struct store *store, uint64_t count,
                                 struct xg_error *err)
{
    char counter[sizeof((struct proposal *)NULL)->counter];
    uint64_t time_ms, last;

    if (store->ops->get_value(store, &time_ms, "time_ms", err) != XG_OK)
        return err->status;
    snprintf(counter, sizeof counter, YEAR_NAME "%d",
             year_of((int64_t)time_ms));
    if (store->ops->get_value(store, &last, counter, err) != XG_OK)
        return err->status;
    return store->ops->put_value(store, counter, last + count, err);
}

static enum xg_status propose(struct proposal *p, struct xg_draft *draft,
                              struct store *store, const struct data *d,
                              struct xg_error *err)
{
    struct xg_buf value = XG_BUF(2 * XG_CODE_MAX);
    int year = year_of((int64_t)ledger_time_ms(d->ledger));
    enum xg_status status = next_number(p, store, year, err);

    if (status == XG_OK) {
        xg_cbor_put_text(&value, p->text, strlen(p->text));
        status = xg_buf_check(&value, err);
    }
    if (status == XG_OK)
        status = xg_draft_set(draft, XG_CASE_NUMBER, xg_buf_bytes(&value), err);
    xg_buf_clear(&value);
    return status;
}

/* ---- writing ---- */

struct act {
    const struct desk_act *by;
    struct data *d;
    const struct xg_judgement *actor;
    const struct xg_draft *draft;
    const struct ingest_before *before;
    struct desk_done *done;
    bool again; /* it was done before, by the same key */
};

enum xg_status desk_try(struct view_trial *trial, struct xg_error *answer,
                        struct xg_arena *arena, const struct data *d,
                        const struct fold *fold,
                        const struct xg_judgement *actor,
                        const struct xg_draft *draft,
                        const struct xg_labels *labels, struct xg_error *err)
{
    struct xg_registry registry = registry_view(d->registry);
    struct view_bench bench;

    if (make_bench(&bench, arena, fold, &registry, actor, labels, err) !=
        XG_OK)
        return err->status;
    enum xg_status status =
        view_try(trial, arena, &bench, draft, &d->env, answer);
    if (status == XG_OK || status == XG_REFUSED || status == XG_USAGE ||
        status == XG_TOOBIG)
        return XG_OK; /* the answer says why */
    *err = *answer;
    return err->status;
}

/* What has come from there already is not made again. */
static enum xg_status ask_source(struct xg_error *answer, struct store *store,
                                 const struct xg_draft *draft,
                                 struct xg_error *err)
{
    struct xg_id id;
    bool found = false;

    if (draft->head.creates &&
        source_find_of(store, &id, &found, draft, err) != XG_OK)
        return err->status;
    if (found)
        xg_ignore(xg_fail(answer, XG_REFUSED, "%s",
                          XG_T("这个来源编号的已经收过",
                               "one of this source number was taken before")));
    return XG_OK;
}

/* Would it put its value in the place of one that nobody was shown? Sets only
 * gain and lose what is named. */
static void ask_seen(struct xg_error *answer, const struct fold *fold,
                     const struct xg_draft *draft, uint64_t seen)
{
    for (size_t i = 0; i < draft->field_count; i++) {
        const struct xg_register *reg =
            xg_state_register(&fold->state, draft->fields[i].number);
        for (size_t n = 0; reg && n < reg->head_count; n++) {
            if (fold->rows[reg->heads[n]].shown <= seen)
                continue;
            xg_ignore(xg_fail(answer, XG_STALE,
                              XG_T("“%s”刚被别人改过，没有写入；请看过新的值再改",
                                   "\"%s\" was changed by somebody else just "
                                   "now, and nothing was written; look at the "
                                   "new value first"),
                              reg->field ? xg_label(reg->field->zh, reg->field->en)
                                         : "?"));
            return;
        }
    }
}

/* Whoever asked first by this key may have been at it meanwhile. */
static enum xg_status ask_again(struct act *a, struct xg_error *answer,
                                struct store *store, struct xg_error *err)
{
    struct xg_error other = XG_ERROR_NONE;

    a->again = false;
    if (!a->by->key)
        return XG_OK;
    if (desk_again(a->done, &a->again, store, a->by->code, a->by->key,
                   &other) != XG_OK) {
        *(other.status == XG_REFUSED ? answer : err) = other;
        return other.status == XG_REFUSED ? XG_OK : err->status;
    }
    if (a->again)
        xg_ignore(xg_fail(answer, XG_REFUSED, "done before"));
    return XG_OK;
}

/* Is what it hangs on still as it was? */
static enum xg_status ask_first(struct act *a, struct xg_error *answer,
                                struct store *store, const struct fold *fold,
                                const struct xg_draft *draft,
                                struct xg_error *err)
{
    const struct desk_act *by = a->by;

    if (ask_again(a, answer, store, err) != XG_OK)
        return err->status;
    if (answer->status != XG_OK)
        return XG_OK;
    if (!fold && !draft->head.creates)
        xg_ignore(xg_fail(answer, XG_NOTFOUND, "%s",
                          XG_T("没有这一件", "it is not here")));
    else if (fold && fold->state.conflict_count < by->open)
        xg_ignore(xg_fail(answer, XG_REFUSED, "%s",
                          XG_T("刚才有人先作了决定，没有写入；请再看一遍",
                               "somebody else decided just now, and nothing "
                               "was written; look again")));
    else if (fold && by->has_seen)
        ask_seen(answer, fold, draft, by->seen);
    if (answer->status != XG_OK)
        return XG_OK;
    if (photo_staged_ask(answer, store, a->d, by->code, draft, err) != XG_OK)
        return err->status;
    return ask_source(answer, store, draft, err);
}

static enum xg_status ask(void *ctx, struct xg_error *answer,
                          struct store *store, const struct fold *fold,
                          struct xg_draft *draft, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(TRIAL_ARENA);
    struct act *a = ctx;
    struct proposal number = {.text = ""};
    struct view_trial trial = {.missing = 0};
    enum xg_status status = ask_first(a, answer, store, fold, draft, err);

    if (status != XG_OK || answer->status != XG_OK)
        return status;
    if (fold && fold->state.status && !gives_number(draft, &fold->state))
        status = propose(&number, draft, store, a->d, err);
    if (status == XG_OK)
        status =
            desk_try(&trial, answer, &arena, a->d, fold, a->actor, draft,
                     a->by->labels, err);
    if (status == XG_OK && answer->status == XG_OK) {
        a->done->status = trial.after.status;
        a->done->conflicts = trial.after.conflict_count;
        a->done->missing = trial.missing;
        if (*number.text)
            status =
                store->ops->put_value(store, number.counter, number.last, err);
    }
    memcpy(a->done->case_number, number.text, sizeof number.text);
    xg_arena_clear(&arena);
    return status;
}

/* The rest of what came of it, now that it lies there. */
static void fill_done(struct act *a, const struct xg_hash *record)
{
    const struct xg_head *head = &a->draft->head;
    struct desk_done *done = a->done;

    done->record = *record;
    done->id = head->creates ? xg_id_of_hash(record) : head->entity;
    done->kind = head->kind;
    done->move = head->move;
    done->has_contact = a->before != NULL;
    if (a->before)
        done->contact = xg_id_of_hash(&a->before->hash);
}

static enum xg_status wrote(void *ctx, struct store *store,
                            const struct xg_hash *record, struct xg_error *err)
{
    struct act *a = ctx;
    const struct desk_act *by = a->by;
    const struct desk_done *done = a->done;

    fill_done(a, record);
    if (!by->key)
        return XG_OK;
    struct store_act act = {.asked = by->key->asked,
                            .done_ms = (int64_t)ledger_time_ms(a->d->ledger),
                            .record = done->record,
                            .entity = done->id,
                            .contact = done->contact,
                            .kind = done->kind,
                            .move = done->move,
                            .status = done->status,
                            .conflicts = done->conflicts,
                            .missing = done->missing};
    memcpy(act.key, by->key->key, sizeof act.key);
    snprintf(act.author, sizeof act.author, "%s", by->code);
    snprintf(act.number, sizeof act.number, "%s", done->case_number);
    return again_keep(store, &act, err);
}

enum xg_status desk_again(struct desk_done *done, bool *found,
                          struct store *store, const char *operator_code,
                          const struct again_key *key, struct xg_error *err)
{
    static const struct xg_id none;
    struct store_act act;
    bool is_kept = false;

    if (again_find(&act, &is_kept, store, operator_code, key, err) != XG_OK)
        return err->status;
    *found = is_kept;
    if (!is_kept)
        return XG_OK;
    *done = (struct desk_done){.record = act.record,
                               .id = act.entity,
                               .kind = act.kind,
                               .move = act.move,
                               .status = act.status,
                               .conflicts = act.conflicts,
                               .missing = (uint32_t)act.missing,
                               .has_contact = !xg_id_equal(&act.contact, &none),
                               .contact = act.contact};
    snprintf(done->case_number, sizeof done->case_number, "%s", act.number);
    return XG_OK;
}

enum xg_status desk_act(struct desk_done *done, struct data *d,
                        struct xg_draft *draft, const struct desk_act *by,
                        struct xg_error *err)
{
    struct ingest_before before = {.draft = by->contact,
                                   .field = XG_INCIDENT_CONTACT};
    struct xg_judgement actor;
    struct desk_done made = {.conflicts = 0};
    struct act a = {.by = by,
                    .d = d,
                    .actor = &actor,
                    .draft = draft,
                    .before = by->contact ? &before : NULL,
                    .done = &made};
    struct ingest_ask asking = {.ctx = &a, .ask = ask, .wrote = wrote};
    struct xg_hash record;

    if (by->contact)
        by->contact->author_secret = draft->author_secret;
    if (desk_actor(&actor, d, by->code, err) != XG_OK)
        return err->status;
    enum xg_status status =
        ingest_record_after(d->ingest, &record, by->contact ? &before : NULL,
                            draft, by->code, &asking, err);
    if (status == XG_REFUSED && a.again)
        *err = XG_ERROR_NONE;
    else if (status != XG_OK)
        return status;
    else
        photo_staged_named(d, draft);
    *done = made;
    return XG_OK;
}

enum xg_status desk_write(struct desk_done *done, struct data *d,
                          struct xg_draft *draft, const char *operator_code,
                          const struct xg_labels *labels, struct xg_error *err)
{
    const struct desk_act by = {.code = operator_code, .labels = labels};

    return desk_act(done, d, draft, &by, err);
}

/* ---- before writing ---- */

static enum xg_status try_whole(struct view_judged *j,
                                const struct desk_asked *asked,
                                const struct xg_draft *draft,
                                struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(TRIAL_ARENA);
    struct xg_error answer = XG_ERROR_NONE;
    struct view_trial trial;
    enum xg_status status =
        desk_try(&trial, &answer, &arena, asked->data, asked->fold,
                 asked->actor, draft, asked->labels, err);

    if (status == XG_OK && answer.status != XG_OK)
        status = view_judged_problem(j, asked->field, &answer);
    if (answer.status != XG_OK) /* which no problem could be */
        *err = answer;
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status judge_needs(struct view_judged *j, bool *try_it,
                                  const struct desk_asked *asked,
                                  const struct xg_draft *draft,
                                  struct xg_error *err)
{
    struct xg_registry registry = registry_view(asked->data->registry);
    struct xg_arena arena = XG_ARENA(TRIAL_ARENA);
    struct view_bench bench;
    enum xg_status status = make_bench(&bench, &arena, asked->fold, &registry,
                                       asked->actor, asked->labels, err);

    if (status == XG_OK)
        status = view_judge_needs(j, try_it, &arena, &bench, draft, err);
    xg_arena_clear(&arena);
    return status;
}

enum xg_status desk_judge(struct view_judged *j, const struct desk_asked *asked,
                          struct xg_error *err)
{
    /* Values in its arena are never written again: a whole copy. */
    struct xg_draft draft = *j->draft;
    struct proposal number = {.text = ""};
    bool try_it = true;

    if (asked->fold && asked->fold->state.status &&
        !gives_number(&draft, &asked->fold->state) &&
        propose(&number, &draft, asked->store, asked->data, err) != XG_OK)
        return err->status;
    if (draft.head.move &&
        judge_needs(j, &try_it, asked, &draft, err) != XG_OK)
        return err->status;
    /* One thing after the other: no trial of what is not right yet. */
    if (!try_it || json_array_size(j->problems) ||
        (!draft.head.move && json_array_size(j->missing)))
        return XG_OK;
    return try_whole(j, asked, &draft, err);
}

/* ---- links ---- */

static bool names(const struct xg_element *e, const struct xg_id *other)
{
    struct xg_cbor c = xg_cbor_over(e->value);
    struct xg_cbor_item item;

    return !e->removed && xg_cbor_next(&c, &item) &&
           item.type == XG_CBOR_BYTES && item.bytes.len == XG_ID_SIZE &&
           memcmp(item.bytes.at, other->b, XG_ID_SIZE) == 0;
}

bool desk_links(const struct xg_state *state, const struct xg_id *other)
{
    const struct xg_set *set = xg_state_set(state, XG_FIELD_SAME_AS);

    for (size_t i = 0; set && i < set->count; i++)
        if (names(&set->elements[i], other))
            return true;
    return false;
}

enum xg_status desk_unlink(size_t *count, struct xg_draft *draft,
                           const struct fold *fold, const struct xg_id *other,
                           struct xg_error *err)
{
    const struct xg_set *set = xg_state_set(&fold->state, XG_FIELD_SAME_AS);
    size_t n = 0;

    for (size_t i = 0; set && i < set->count; i++) {
        const struct xg_element *e = &set->elements[i];
        if (!names(e, other))
            continue;
        if (xg_draft_remove(draft, XG_FIELD_SAME_AS,
                            &fold->state.ops[e->op].record->hash, e->index,
                            err) != XG_OK)
            return err->status;
        n++;
    }
    *count = n;
    return XG_OK;
}
