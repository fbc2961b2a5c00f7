/* report.c - see report.h. Each figure is one small function, which says of one
 * case what docs/figures.md says in words. */
#include "server/report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/core/loop.h"
#include "shared/guide/posts.h"

enum { MINUTE_MS = 60000, WHOLE = 10000 };

/* ---- parts ---- */

static bool in_period(const struct report_eye *e, int64_t ms)
{
    return ms != XG_NO_TIME && e->from_ms <= ms && ms < e->to_ms;
}

static enum report_part counted(bool is)
{
    return is ? REPORT_NUMERATOR : REPORT_OUT;
}

static enum report_part of_those(bool is, bool among)
{
    return is ? REPORT_NUMERATOR : among ? REPORT_REST : REPORT_OUT;
}

static enum report_part received(const struct report_eye *e)
{
    return counted(e->fate == REPORT_COUNTS &&
                   in_period(e, e->row->received_ms));
}

static enum report_part filed(const struct report_eye *e)
{
    return counted(e->fate == REPORT_COUNTS && in_period(e, e->row->filed_ms));
}

static bool is_settled(const struct report_eye *e, enum report_way way)
{
    return e->fate == REPORT_COUNTS && e->row->way == way &&
           in_period(e, e->row->settled_ms);
}

static enum report_part closed(const struct report_eye *e)
{
    return counted(is_settled(e, REPORT_CLOSED) ||
                   is_settled(e, REPORT_SELF_HANDLED));
}

static enum report_part self_handled(const struct report_eye *e)
{
    return of_those(is_settled(e, REPORT_SELF_HANDLED),
                    is_settled(e, REPORT_CLOSED));
}

static enum report_part reopened(const struct report_eye *e)
{
    return counted(e->fate == REPORT_COUNTS &&
                   in_period(e, e->row->reopened_ms));
}

static bool is_open(const struct report_eye *e)
{
    return e->fate == REPORT_COUNTS && e->row->way == REPORT_OPEN;
}

static enum report_part open_now(const struct report_eye *e)
{
    return counted(is_open(e));
}

static enum report_part overdue_now(const struct report_eye *e)
{
    bool over = report_term_overdue(&e->row->close, e->now_ms) ||
                report_term_overdue(&e->row->report_in, e->now_ms);

    return of_those(is_open(e) && over, is_open(e));
}

static enum report_part in_time(const struct report_eye *e,
                                const struct report_term *t, bool plain)
{
    bool good;
    int64_t settled_ms = report_term_settled(t, e->now_ms, plain, &good);

    if (e->fate != REPORT_COUNTS || !in_period(e, settled_ms))
        return REPORT_OUT;
    return good ? REPORT_NUMERATOR : REPORT_REST;
}

#define TERM(name, term, plain)                                                \
    static enum report_part name(const struct report_eye *e)                   \
    {                                                                          \
        return in_time(e, &e->row->term, plain);                               \
    }
TERM(filed_in_time, file, false)
TERM(filed_in_time_plain, file, true)
TERM(handled_in_time, handle, false)
TERM(handled_in_time_plain, handle, true)
TERM(closed_in_time, close, false)
TERM(closed_in_time_plain, close, true)
TERM(reported_in_in_time, report_in, false)
#undef TERM

static enum report_part settled_level(const struct report_eye *e)
{
    return counted(is_settled(e, REPORT_CLOSED) && e->row->settled.len);
}

static enum report_part returned(const struct report_eye *e)
{
    bool counts = e->fate == REPORT_COUNTS;

    return of_those(counts && in_period(e, e->row->returned_ms),
                    counts && in_period(e, e->row->dispatched_ms));
}

static enum report_part rework(const struct report_eye *e)
{
    return of_those(e->fate == REPORT_COUNTS &&
                        in_period(e, e->row->reworked_ms),
                    is_settled(e, REPORT_CLOSED));
}

static enum report_part linked(const struct report_eye *e)
{
    bool among =
        e->fate != REPORT_TAKEN_BACK && in_period(e, e->row->received_ms);

    return of_those(among && e->fate == REPORT_LINKED, among);
}

static enum report_part voided(const struct report_eye *e)
{
    return counted(e->fate == REPORT_IS_VOID &&
                   in_period(e, e->row->received_ms));
}

static enum report_part withdrawn(const struct report_eye *e)
{
    return counted(e->fate == REPORT_TAKEN_BACK &&
                   in_period(e, e->row->received_ms));
}

/* clang-format off */
const struct report_figure report_figures[] = {
    {"received", "收到", "received", received, false, false, REPORT_BY_NOTHING,
     "期间内收到的事件和矛盾纠纷；关联的算一件，作废和撤回的不计。",
     "Incidents and disputes received in the period; linked ones are "
     "one, voided and withdrawn ones none."},
    {"filed", "立案", "filed", filed, false, false, REPORT_BY_NOTHING,
     "期间内立案的；重新办理的以最后一次为准。",
     "Filed in the period; of a reopened one the last time counts."},
    {"closed", "办结", "closed", closed, false, false, REPORT_BY_NOTHING,
     "期间内结案或自行处置、现在仍是办结的。",
     "Closed or settled on the spot in the period, and so still now."},
    {"self_handled", "其中自行处置",
     "of them settled on the spot",
     self_handled, true, false, REPORT_BY_NOTHING,
     "办结的当中，网格员自行处置的占多少。",
     "Of what was settled: how much by the worker on the spot."},
    {"reopened", "重新办理", "reopened", reopened, false, false, REPORT_BY_NOTHING,
     "期间内最后一次重新办理的。",
     "Reopened in the period, for the last time."},
    {"open", "在办", "open now", open_now, false, false, REPORT_BY_STATUS,
     "现在还没有办结的，不论期间；按状态分。",
     "Not settled now, whatever the period; by status."},
    {"overdue_now", "现已超期",
     "overdue now",
     overdue_now, true, false, REPORT_BY_STATUS,
     "在办的当中，此刻有环节或吹哨报到已过时限的占多少。收件里的“已超期”"
     "每件各算一件，任务、考评和经手过的也算，所以会多些。",
     "Of what is open: where a stage, or a whistle, is past its due now. In the "
     "inbox each counts by itself, with tasks, assessments and what was ever in "
     "one's hands, so it has more."},
    {"filed_in_time", "按期立案",
     "filed in time",
     filed_in_time, true, false, REPORT_BY_NOTHING,
     "立案时限见了分晓的当中，按时的占多少：超期的在时限用完时计，按时的在立案时计。",
     "Of the limits of filing that were settled: how many in time. A "
     "late one counts when its limit ran out, one in time when it was "
     "filed."},
    {"filed_in_time_plain", "按期立案（不算暂停和延期）",
     "filed in time (without pauses and extensions)",
     filed_in_time_plain, true, false, REPORT_BY_NOTHING,
     "同上，不算暂停和延期。",
     "The same without pauses and extensions."},
    {"handled_in_time", "按期处置",
     "handled in time",
     handled_in_time, true, false, REPORT_BY_NOTHING,
     "处置时限见了分晓的当中，按时的占多少；返工的每一轮都要按时，准许的暂停和延期不算进去。",
     "Of the limits of handling that were settled: how many in time, "
     "each rework as well; granted pauses and extensions do not count "
     "against it."},
    {"handled_in_time_plain", "按期处置（不算暂停和延期）",
     "handled in time (without pauses and extensions)",
     handled_in_time_plain, true, false, REPORT_BY_NOTHING,
     "同上，不算暂停和延期。",
     "The same without pauses and extensions."},
    {"closed_in_time", "按期结案",
     "closed in time",
     closed_in_time, true, false, REPORT_BY_NOTHING,
     "从受理到核查每个环节都按时、已结案的，占见了分晓的多少；自行处置的不计。",
     "Closed with every stage from accepting to inspecting in time, of "
     "those that were settled; what was settled on the spot is left "
     "out."},
    {"closed_in_time_plain", "按期结案（不算暂停和延期）",
     "closed in time (without pauses and extensions)",
     closed_in_time_plain, true, false, REPORT_BY_NOTHING,
     "同上，不算暂停和延期。",
     "The same without pauses and extensions."},
    {"reported_in_in_time", "吹哨按时报到",
     "whistles answered in time",
     reported_in_in_time, true, false, REPORT_BY_NOTHING,
     "吹哨要求的时间内，叫到的单位全部报到的占多少。",
     "Of whistles with a time to report in by: where all called units "
     "were there in time."},
    {"settled_level", "办结层级（6-3-1）",
     "settling level (6-3-1)",
     settled_level, false, true, REPORT_BY_SETTLED,
     "期间内结案、写明办结层级的，各层级占多少；自行处置的不计。",
     "Of what was closed in the period with a settling level: the "
     "share of each; what was settled on the spot is left out."},
    {"returned", "退单", "returned", returned, true, false, REPORT_BY_NOTHING,
     "期间内最后一次被退回的，占退回的和最后一次派出的；每件计一次。",
     "Last returned in the period, of those and what was last sent out "
     "in it; each case once."},
    {"rework", "返工",
     "sent back for rework",
     rework, true, false, REPORT_BY_NOTHING,
     "期间内最后一次被退回返工的，占返工的和结案的；每件计一次。",
     "Last sent back for rework in the period, of those and what was "
     "closed in it; each case once."},
    {"linked", "重复上报",
     "duplicates linked",
     linked, true, false, REPORT_BY_NOTHING,
     "期间内收到的当中，与别件关联、由别件代表的占多少。",
     "Of what was received: what is linked to another, which counts "
     "for it."},
    {"voided", "作废（不计）",
     "voided (not counted)",
     voided, false, false, REPORT_BY_NOTHING,
     "期间内收到、后来作废的；不在别的指标里。",
     "Received in the period and voided since; in no other figure."},
    {"withdrawn", "撤回（不计）",
     "withdrawn (not counted)",
     withdrawn, false, false, REPORT_BY_NOTHING,
     "期间内收到、上报人自己撤回的；不在别的指标里。",
     "Received in the period and taken back; in no other figure."},
    {"by_source", "来源构成", "by source", received, false, true, REPORT_BY_SOURCE,
     "收到的，按来源渠道分。",
     "What was received, by how it came."},
    {"by_unit", "单位构成", "by unit", received, false, true, REPORT_BY_UNIT,
     "收到的，按案发地单位分。",
     "What was received, by where it lies."},
    {"by_category", "类别构成",
     "by category",
     received, false, true, REPORT_BY_CATEGORY,
     "收到的，按类别分。",
     "What was received, by category."},
    {NULL, NULL, NULL, NULL, false, false, REPORT_BY_NOTHING, NULL, NULL},
};
/* clang-format on */

const struct report_figure *report_figure_named(const char *name)
{
    for (const struct report_figure *f = report_figures; f->name; f++)
        if (strcmp(f->name, name) == 0 || strcmp(f->zh, name) == 0)
            return f;
    return NULL;
}

/* ---- fates ---- */

static int compare_ms(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

/* Of one group: who has come farthest first, then the earliest. */
static int by_group(const void *x, const void *y)
{
    const struct report_case *a = *(const struct report_case *const *)x;
    const struct report_case *b = *(const struct report_case *const *)y;
    int order = memcmp(a->group.b, b->group.b, XG_ID_SIZE);
    bool a_counts = a->way < REPORT_VOIDED, b_counts = b->way < REPORT_VOIDED;
    bool a_filed = a->filed_ms != XG_NO_TIME,
         b_filed = b->filed_ms != XG_NO_TIME;
    bool a_open = a->way == REPORT_OPEN, b_open = b->way == REPORT_OPEN;

    if (order)
        return order;
    if (a_counts != b_counts)
        return a_counts ? -1 : 1;
    if (a_filed != b_filed)
        return a_filed ? -1 : 1;
    if (a_open != b_open)
        return a_open ? 1 : -1;
    order = compare_ms(a->received_ms, b->received_ms);
    return order ? order : memcmp(a->id.b, b->id.b, XG_ID_SIZE);
}

static enum report_fate own_fate(const struct report_case *row)
{
    return row->way == REPORT_VOIDED      ? REPORT_IS_VOID
           : row->way == REPORT_WITHDRAWN ? REPORT_TAKEN_BACK
                                          : REPORT_COUNTS;
}

/* Rows of one group, in the order of by_group(). */
static void decide_group(struct report_set *set, struct report_case **rows,
                         size_t count)
{
    bool has_one = own_fate(rows[0]) == REPORT_COUNTS;

    for (size_t i = 0; i < count; i++) {
        enum report_fate *fate = &set->fates[rows[i] - set->rows];
        if (i == 0 || !has_one || *fate == REPORT_TAKEN_BACK)
            continue;
        if (*fate == REPORT_COUNTS &&
            rows[i]->received_ms < rows[0]->received_ms)
            rows[0]->received_ms = rows[i]->received_ms;
        *fate = REPORT_LINKED;
    }
}

enum xg_status report_decide(struct report_set *set, struct xg_error *err)
{
    struct report_case **order;
    size_t count = 0;

    if (set->count == 0)
        return XG_OK;
    order = calloc(set->count, sizeof(struct report_case *));
    if (!order)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < set->count; i++) {
        set->fates[i] = own_fate(&set->rows[i]);
        if (set->rows[i].grouped)
            order[count++] = &set->rows[i];
    }
    if (count)
        qsort(order, count, sizeof(struct report_case *), by_group);
    for (size_t i = 0, n; i < count; i += n) {
        for (n = 1; i + n < count &&
                    xg_id_equal(&order[i]->group, &order[i + n]->group);
             n++)
            ;
        decide_group(set, &order[i], n);
    }
    free(order);
    return XG_OK;
}

/* ---- computing ---- */

static struct xg_bytes name_of(const struct xg_choice *choice)
{
    return xg_bytes_of(choice ? choice->name : "");
}

static struct xg_bytes key_of(const struct report_set *set, size_t i,
                              const struct report_asked *asked)
{
    const struct report_case *row = &set->rows[i];
    const struct report_classes *classes = asked->classes;
    const struct xg_kind *kind = xg_kind_find(row->kind);

    switch (asked->by) {
    case REPORT_BY_UNIT:
        return set->places ? set->places[i] : row->unit;
    case REPORT_BY_SOURCE:
        return name_of(xg_choice_find(
            xg_field_find(kind, XG_CASE_CHANNEL)->choices, row->channel));
    case REPORT_BY_CATEGORY:
        return row->category;
    case REPORT_BY_SETTLED:
        return classes ? classes->settles(classes->ctx, row->settled)
                       : row->settled;
    case REPORT_BY_STATUS:
        return name_of(xg_choice_find(xg_statuses, row->status));
    case REPORT_BY_HOLDER:
        return row->holder;
    case REPORT_BY_KIND:
        return xg_bytes_of(kind->name);
    case REPORT_BY_NOTHING:
        break;
    }
    return xg_bytes("", 0);
}

enum report_part report_part_of(const struct report_set *set, size_t row,
                                const struct report_asked *asked)
{
    struct report_eye eye = {&set->rows[row], set->fates[row], asked->from_ms,
                             asked->to_ms, set->now_ms};
    enum report_part part = asked->figure->part(&eye);

    if (part == REPORT_OUT || (set->places && !set->places[row].at))
        return REPORT_OUT;
    return asked->key && !xg_bytes_equal(*asked->key, key_of(set, row, asked))
               ? REPORT_OUT
               : part;
}

static int by_key(const void *x, const void *y)
{
    const struct report_row *a = x, *b = y;

    return xg_bytes_compare(a->key, b->key);
}

/* Rows of one key become one. */
static size_t gather(struct report_row *rows, size_t count)
{
    size_t kept = 0;

    if (count)
        qsort(rows, count, sizeof *rows, by_key);
    for (size_t i = 0; i < count; i++) {
        if (kept && xg_bytes_equal(rows[kept - 1].key, rows[i].key)) {
            rows[kept - 1].numerator += rows[i].numerator;
            rows[kept - 1].denominator += rows[i].denominator;
        } else {
            rows[kept++] = rows[i];
        }
    }
    return kept;
}

/* So that not every case is a row before they are gathered: the last few keys
 * are remembered. */
enum { RECENT = 8 };

static void add(struct report_row *rows, size_t *count, struct xg_bytes key,
                bool numerator)
{
    size_t least = *count > RECENT ? *count - RECENT : 0;

    for (size_t i = *count; i > least; i--)
        if (xg_bytes_equal(rows[i - 1].key, key)) {
            rows[i - 1].numerator += numerator;
            rows[i - 1].denominator++;
            return;
        }
    rows[(*count)++] = (struct report_row){key, numerator, 1};
}

enum xg_status report_compute(struct report_answer *out, struct xg_arena *arena,
                              const struct report_set *set,
                              const struct report_asked *asked,
                              struct xg_error *err)
{
    struct report_answer a = {.figure = asked->figure};

    if (asked->by != REPORT_BY_NOTHING)
        a.rows = xg_arena_array(arena, set->count + 1, sizeof *a.rows);
    if (asked->by != REPORT_BY_NOTHING && !a.rows)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < set->count; i++) {
        enum report_part part = report_part_of(set, i, asked);
        if (part == REPORT_OUT)
            continue;
        a.numerator += part == REPORT_NUMERATOR;
        a.denominator++;
        if (a.rows)
            add(a.rows, &a.row_count, key_of(set, i, asked),
                part == REPORT_NUMERATOR);
    }
    a.row_count = gather(a.rows, a.row_count);
    for (size_t i = 0; i < a.row_count; i++)
        if (asked->figure->shares)
            a.rows[i].denominator = a.numerator;
        else if (!asked->figure->rate)
            a.rows[i].denominator = 0;
    if (!asked->figure->rate)
        a.denominator = 0;
    *out = a;
    return XG_OK;
}

bool report_value(uint64_t *value, uint64_t numerator, uint64_t denominator)
{
    if (denominator == 0)
        return false;
    *value = numerator > UINT64_MAX / WHOLE ? numerator / denominator * WHOLE
                                            : numerator * WHOLE / denominator;
    return true;
}

/* ---- days ---- */

bool report_day_read(int64_t *begins_ms, const char *text)
{
    xg_day day;
    int64_t days;

    if (!xg_day_read(&day, text, strlen(text)) ||
        !xg_date_days(&days, (int32_t)(day / 10000), day / 100 % 100,
                      day % 100))
        return false;
    *begins_ms = days * REPORT_DAY_MS - XG_ZONE_CHINA_MIN * (int64_t)MINUTE_MS;
    return true;
}

int64_t report_day_text(char text[static REPORT_DAY_TEXT], int64_t ms)
{
    int64_t begins = 0;
    xg_day day = xg_day_of(ms, XG_ZONE_CHINA_MIN);

    snprintf(text, REPORT_DAY_TEXT, "%04u-%02u-%02u", day / 10000 % 10000,
             day / 100 % 100, day % 100);
    (void)report_day_read(&begins, text);
    return begins;
}
