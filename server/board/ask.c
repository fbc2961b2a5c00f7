/* ask.c - lists, counts and clocks of a snapshot.
 *
 * A list goes one of two ways. Either along the index of its order, passing
 * over what the filter leaves out, until it has enough; or over all that one
 * filter leaves, by its index, and these are sorted. Which is cheaper is
 * reckoned by how many each filter leaves. So a page of a rare thing costs what
 * there is of it, a page of a common one what it shows.
 */
#include "server/board/inside.h"

#include <stdio.h>
#include <string.h>

#include "shared/base/lang.h"

enum {
    MEASURE_MAX = 2000, /* that are counted of one filter; of what is open, */
    OPEN_MAX = 20000,   /* which is few at any time, all */
    WORDS_MAX = 5000,   /* that hold a text: they may all be old, and the order
                         * would be gone along to there */
    TEXT_MAX = 4096,
    TERM_MAX = 200, /* bytes of one word */
    SORTING = 2,    /* a row that is sorted costs as many that are passed */
};

/* As ?28 in the statements. */
enum board_way {
    WAY_ORDER,
    WAY_OPEN,
    WAY_SETTLED,
    WAY_DECIDE,
    WAY_UNIT,
    WAY_CATEGORY,
    WAY_HOLDER,
    WAY_WITHIN,
    WAY_CREATED,
    WAY_LEVEL,
    WAY_NUMBER,
    WAY_TEXT,
    WAY_KIND,
    WAY_STATUS,
    WAY_URGENCY,
    WAY_SOURCE,
};

/* A filter, as the statements take it. */
struct ask {
    const struct board_filter *f;
    struct xg_db *db;
    int64_t now_ms;
    const struct board_tree *units;
    struct board_range unit, category, holder, within;
    int64_t since_ms, until_ms;
    char terms[BOARD_TERMS][TERM_MAX + 1];
    struct xg_buf pairs; /* FTS5's question */
    bool has_pairs;
    bool cases;     /* only cases are asked for */
    uint64_t total; /* rows of those, about */
    uint64_t rows;  /* of all kinds, about */
    uint64_t share; /* of a million, that all filters together may leave */
    enum board_way way;
    uint64_t way_count, choice;
};

/* ---- reading the filter ---- */

/* A place, or a time, below 0 is any. */
static const struct board_range anywhere = {-1, -1};

static enum xg_status take_terms(struct ask *a, const char *text,
                                 struct xg_error *err)
{
    struct xg_buf folded = XG_BUF(TEXT_MAX);
    enum xg_status status;
    size_t n = 0;

    board_fold_text(&folded, xg_bytes_of(text));
    status = xg_buf_check(&folded, err);
    const char *at = xg_buf_str(&folded);
    while (status == XG_OK && *(at += strspn(at, " "))) {
        size_t len = strcspn(at, " ");
        if (n == BOARD_TERMS || len > TERM_MAX)
            status = xg_fail(
                err, XG_USAGE,
                XG_T("要找的词太多或太长：最多 %d 个，每个不超过 %d 字节",
                     "too much to search for: at most %d words, of up to %d "
                     "bytes each"),
                BOARD_TERMS, TERM_MAX);
        else
            snprintf(a->terms[n++], sizeof a->terms[0], "%.*s", (int)len, at);
        at += len;
    }
    if (status == XG_OK)
        status = board_pairs_query(&a->pairs, &a->has_pairs,
                                   xg_buf_bytes(&folded), err);
    if (status == XG_TOOBIG)
        status = xg_fail(err, XG_USAGE, "%s",
                         XG_T("要找的词太长", "too long to search for"));
    xg_buf_clear(&folded);
    return status;
}

static enum xg_status read_filter(struct ask *a, const struct board_reader *r,
                                  const struct board_filter *f, int64_t now_ms,
                                  struct xg_error *err)
{
    *a = (struct ask){.f = f,
                      .db = r->db,
                      .now_ms = now_ms,
                      .units = &r->shape->units,
                      .unit = anywhere,
                      .category = anywhere,
                      .holder = anywhere,
                      .within = anywhere,
                      .since_ms = f->since_ms ? f->since_ms : -1,
                      .until_ms = f->until_ms ? f->until_ms : -1,
                      .pairs = XG_BUF(1 << 20),
                      .share = 1000000};
    if (f->unit)
        a->unit = board_unit_range(r, f->unit);
    if (f->category)
        a->category = board_category_range(r, f->category);
    if (f->holder)
        a->holder = board_unit_range(r, f->holder);
    if (f->alone) {
        a->unit.to = a->unit.from;
        a->holder.to = a->holder.from;
    }
    if (f->within)
        a->within = board_unit_range(r, f->within);
    return take_terms(a, f->text ? f->text : "", err);
}

/* ---- which way ---- */

static bool single(uint64_t *number, uint64_t set)
{
    if (set == 0 || set & (set - 1))
        return false;
    for (*number = 0; !(set & 1); set >>= 1)
        ++*number;
    return true;
}

static uint64_t root_of(uint64_t n)
{
    uint64_t root = 0;

    for (uint64_t bit = UINT64_C(1) << 31; bit; bit >>= 1)
        if ((root | bit) * (root | bit) <= n)
            root |= bit;
    return root;
}

/* What is more than was counted lies somewhere up to all: taken to be as many
 * times more than that as it is less than all. */
static uint64_t more_than(uint64_t counted, uint64_t total)
{
    return total <= counted ? counted : root_of(counted * total);
}

/* The statement counts up to so many of its way; it stands with what it takes
 * beside that. `likely`: how many there are, where they are more than that; 0:
 * nobody knows. */
static enum xg_status measure(struct ask *a, enum board_way way,
                              struct xg_stmt *s, uint64_t choice,
                              uint64_t likely, struct xg_error *err)
{
    /* cases are passed over among cases, whatever kind else there is */
    uint64_t among = way == WAY_KIND ? a->total : a->rows, count = 0;
    uint64_t most = way == WAY_OPEN   ? OPEN_MAX
                    : way == WAY_TEXT ? WORDS_MAX
                                      : MEASURE_MAX;

    xg_bind_u64(s, 1, most);
    if (xg_stmt_number(&count, NULL, s, err) != XG_OK)
        return err->status;
    if (count >= most)
        count = likely > count ? likely : more_than(count, among);
    if (count < among)
        a->share = a->share * count / among;
    if (a->way == WAY_ORDER || count < a->way_count) {
        a->way = way;
        a->way_count = count;
        a->choice = choice;
    }
    return XG_OK;
}

static enum xg_status measure_range(struct ask *a, bool given,
                                    enum board_way way, size_t statement,
                                    struct board_range range,
                                    const struct board_tree *tree,
                                    struct xg_error *err)
{
    /* unsigned: of times, a range may be all that there are */
    uint64_t places = (uint64_t)range.to - (uint64_t)range.from + 1;

    if (!given)
        return XG_OK;
    struct xg_stmt *s = xg_stmt(a->db, statement);
    xg_bind_i64(s, 2, range.from);
    xg_bind_i64(s, 3, range.to);
    return measure(a, way, s, 0,
                   tree && tree->count >= places
                       ? a->rows / tree->count * places
                       : 0,
                   err);
}

static enum xg_status measure_choice(struct ask *a, uint64_t set,
                                     enum board_way way, size_t statement,
                                     struct xg_error *err)
{
    uint64_t number;

    if (!single(&number, set))
        return XG_OK;
    struct xg_stmt *s = xg_stmt(a->db, statement);
    xg_bind_u64(s, 2, number);
    return measure(a, way, s, number, 0, err);
}

static enum xg_status measure_flag(struct ask *a, bool given,
                                   enum board_way way, size_t statement,
                                   struct xg_error *err)
{
    return given ? measure(a, way, xg_stmt(a->db, statement), 0, 0, err) : XG_OK;
}

static enum xg_status measure_words(struct ask *a, struct xg_error *err)
{
    if (a->f->level && strcmp(a->f->level, BOARD_NONE) != 0) {
        struct xg_stmt *s = xg_stmt(a->db, BOARD_STMT_MEASURE_LEVEL);
        xg_bind_text(s, 2, a->f->level);
        if (measure(a, WAY_LEVEL, s, 0, 0, err) != XG_OK)
            return err->status;
    }
    if (a->has_pairs) {
        struct xg_stmt *s = xg_stmt(a->db, BOARD_STMT_MEASURE_TEXT);
        xg_bind_text(s, 2, xg_buf_str(&a->pairs));
        if (measure(a, WAY_TEXT, s, 0, 0, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* Lights other than none are of open cases alone, and so is a clock that runs.
 */
static bool asks_open(const struct board_filter *f)
{
    return f->open || (f->lights && !(f->lights & 1u << XG_LIGHT_NONE)) ||
           (f->stages && !(f->stages & 1));
}

static bool only_cases(uint64_t kinds)
{
    uint64_t cases = 0;

    for (const struct xg_kind *k = xg_kinds; k->name; k++)
        if (k->first_status)
            cases |= UINT64_C(1) << k->number;
    return kinds && !(kinds & ~cases);
}

static enum xg_status count_rows(struct ask *a, struct xg_error *err)
{
    uint64_t cases = 0;

    if (xg_stmt_number(&a->rows, NULL, xg_stmt(a->db, BOARD_STMT_MEASURE_ALL),
                       err) != XG_OK)
        return err->status;
    a->total = a->rows;
    a->cases = only_cases(a->f->kinds);
    if (!a->cases)
        return XG_OK;
    struct xg_stmt *s = xg_stmt(a->db, BOARD_STMT_MEASURE_CASES);
    xg_bind_i64(s, 1, MEASURE_MAX);
    if (xg_stmt_number(&cases, NULL, s, err) != XG_OK)
        return err->status;
    a->total = cases < MEASURE_MAX ? cases : more_than(cases, a->rows);
    return XG_OK;
}

static enum xg_status find_way(struct ask *a, struct xg_error *err)
{
    const struct board_filter *f = a->f;

    if (f->number) { /* nothing leaves fewer */
        a->way = WAY_NUMBER;
        a->way_count = 1;
        a->total = a->rows = INT64_MAX;
        a->share = 0;
        return XG_OK;
    }
    if (count_rows(a, err) != XG_OK ||
        measure_flag(a, asks_open(f), WAY_OPEN, BOARD_STMT_MEASURE_OPEN, err) !=
            XG_OK ||
        measure_flag(a, f->settled, WAY_SETTLED, BOARD_STMT_MEASURE_SETTLED,
                     err) != XG_OK ||
        measure_flag(a, f->decide, WAY_DECIDE, BOARD_STMT_MEASURE_DECIDE,
                     err) != XG_OK ||
        measure_range(a, f->unit, WAY_UNIT, BOARD_STMT_MEASURE_UNIT, a->unit,
                      a->units, err) != XG_OK ||
        measure_range(a, f->category, WAY_CATEGORY, BOARD_STMT_MEASURE_CATEGORY,
                      a->category, NULL, err) != XG_OK ||
        measure_range(a, f->holder, WAY_HOLDER, BOARD_STMT_MEASURE_HOLDER,
                      a->holder, a->units, err) != XG_OK ||
        measure_range(a, f->within && !f->reaching, WAY_WITHIN,
                      BOARD_STMT_MEASURE_WITHIN, a->within, a->units,
                      err) != XG_OK ||
        measure_range(a, f->since_ms || f->until_ms, WAY_CREATED,
                      BOARD_STMT_MEASURE_CREATED,
                      (struct board_range){a->since_ms,
                                           f->until_ms ? f->until_ms
                                                       : BOARD_NEVER},
                      NULL, err) !=
            XG_OK ||
        measure_choice(a, f->kinds, WAY_KIND, BOARD_STMT_MEASURE_KIND, err) !=
            XG_OK ||
        measure_choice(a, f->statuses, WAY_STATUS, BOARD_STMT_MEASURE_STATUS,
                       err) != XG_OK ||
        measure_choice(a, f->urgencies, WAY_URGENCY,
                       BOARD_STMT_MEASURE_URGENCY, err) != XG_OK ||
        measure_choice(a, f->sources, WAY_SOURCE, BOARD_STMT_MEASURE_SOURCE,
                       err) != XG_OK)
        return err->status;
    return measure_words(a, err);
}

/* Is it cheaper to go along the order until there are `limit`? */
static bool goes_along(const struct ask *a, size_t limit)
{
    uint64_t passed = a->total;

    if (a->way == WAY_ORDER)
        return true;
    if (a->way == WAY_TEXT && a->way_count < WORDS_MAX)
        return false;
    if (a->share && limit < a->total)
        passed = limit * UINT64_C(1000000) / a->share;
    if (passed > a->total)
        passed = a->total;
    return passed < SORTING * a->way_count;
}

/* ---- binding ---- */

static void bind_range(struct xg_stmt *s, int at, struct board_range range)
{
    xg_bind_i64(s, at, range.from);
    xg_bind_i64(s, at + 1, range.to);
}

/* A set of none is any. */
static void bind_set(struct xg_stmt *s, int at, uint64_t set)
{
    xg_bind_i64(s, at, set ? (int64_t)(set & INT64_MAX) : -1);
}

/* ?1 to ?27. */
static void bind_sifted(struct xg_stmt *s, const struct ask *a)
{
    const struct board_filter *f = a->f;

    bind_range(s, 1, a->unit);
    bind_range(s, 3, a->category);
    bind_range(s, 5, a->holder);
    bind_range(s, 7, a->within);
    xg_bind_i64(s, 9, a->since_ms);
    xg_bind_i64(s, 10, a->until_ms);
    xg_bind_text(s, 11, f->level ? f->level : "");
    xg_bind_text(s, 12, f->number ? f->number : "");
    bind_set(s, 13, f->kinds);
    bind_set(s, 14, f->statuses);
    bind_set(s, 15, f->urgencies);
    bind_set(s, 16, f->sources);
    bind_set(s, 17, f->lights);
    xg_bind_i64(s, 18, asks_open(f));
    xg_bind_i64(s, 19, f->settled);
    xg_bind_i64(s, 20, f->decide);
    xg_bind_i64(s, 21, a->now_ms);
    for (int i = 0; i < BOARD_TERMS; i++)
        xg_bind_text(s, 22 + i, a->terms[i]);
    bind_set(s, 25, f->stages);
    xg_bind_i64(s, 26, f->alone);
    xg_bind_u64(s, 27, f->reaching);
}

/* ?28 to ?30. */
static void bind_some(struct xg_stmt *s, const struct ask *a)
{
    xg_bind_i64(s, 28, a->way);
    xg_bind_u64(s, 29, a->choice);
    xg_bind_text(s, 30, xg_buf_str(&a->pairs));
}

/* ---- lists ---- */

static void text_of(struct xg_stmt *s, int column, char *out)
{
    snprintf(out, XG_CODE_MAX + 1, "%.*s", XG_CODE_MAX, xg_col_text(s, column));
}

static void read_row(struct board_row *row, struct xg_stmt *s,
                     enum board_order by)
{
    row->number = xg_col_u64(s, 0);
    row->id = xg_col_id(s, 1);
    row->kind = xg_col_u64(s, 2);
    row->status = xg_col_u64(s, 3);
    row->light = (enum xg_light)xg_col_u64(s, 4);
    row->placed = !xg_col_is_null(s, 5);
    if (row->placed) {
        row->lat_e7 = (int32_t)xg_col_i64(s, 5);
        row->lon_e7 = (int32_t)xg_col_i64(s, 6);
    }
    text_of(s, 7, row->category);
    row->urgency = xg_col_u64(s, 8);
    text_of(s, 9, row->unit);
    text_of(s, 10, row->holder);
    text_of(s, 11, row->level);
    row->source = xg_col_u64(s, 12);
    row->created_ms = xg_col_i64(s, 13);
    row->changed = xg_col_u64(s, 14);
    row->due_ms = xg_col_i64(s, 15);
    row->stage = xg_col_u64(s, 16);
    row->since_ms = xg_col_i64(s, 17);
    row->stage_ms = xg_col_i64(s, 18);
    row->waits = (unsigned)xg_col_u64(s, 19);
    row->key = by == BOARD_BY_DUE       ? row->due_ms
               : by == BOARD_BY_CREATED ? row->created_ms
                                        : (int64_t)row->changed;
}

static enum xg_status read_rows(struct xg_arena *arena, struct board_row **rows,
                                size_t *count, struct xg_stmt *s,
                                enum board_order by, size_t limit,
                                struct xg_error *err)
{
    struct board_row *list = NULL;
    size_t n = 0, room = 0;
    bool full = false;

    while (!full && n < limit && xg_stmt_next(s)) {
        if (n == room) {
            size_t grown = room ? room * 2 : 64;
            struct board_row *moved =
                xg_arena_array(arena, grown, sizeof *moved);
            full = !moved;
            if (moved && n)
                memcpy(moved, list, n * sizeof *moved);
            list = moved;
            room = grown;
        }
        if (!full)
            read_row(&list[n++], s, by);
    }
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    if (full)
        return xg_fail_nomem(err);
    *rows = list;
    *count = n;
    return XG_OK;
}

/* Over which rows it goes. */
enum lane { LANE_ALL, LANE_CASES, LANE_OPEN, LANE_SOME };

static enum lane lane_of(const struct ask *a, size_t limit)
{
    if (goes_along(a, limit))
        return a->cases ? LANE_CASES : LANE_ALL;
    return a->way == WAY_OPEN ? LANE_OPEN : LANE_SOME;
}

/* By due all go along one index: what has a due is a case. */
static size_t list_statement(enum lane lane, enum board_order by)
{
    static const size_t statements[][3] = {
        [LANE_ALL] = {BOARD_STMT_LIST_CHANGED, BOARD_STMT_LIST_DUE,
                      BOARD_STMT_LIST_CREATED},
        [LANE_CASES] = {BOARD_STMT_LIST_CASE_CHANGED, BOARD_STMT_LIST_DUE,
                        BOARD_STMT_LIST_CASE_CREATED},
        [LANE_OPEN] = {BOARD_STMT_LIST_OPEN_CHANGED, BOARD_STMT_LIST_OPEN_DUE,
                       BOARD_STMT_LIST_OPEN_CREATED},
        [LANE_SOME] = {BOARD_STMT_LIST_SOME_CHANGED, BOARD_STMT_LIST_SOME_DUE,
                       BOARD_STMT_LIST_SOME_CREATED},
    };

    return statements[lane][by];
}

enum xg_status board_list(struct board_reader *r, struct xg_arena *arena,
                          struct board_row **rows, size_t *count,
                          const struct board_filter *filter,
                          enum board_order by, const struct board_after *after,
                          size_t limit, int64_t now_ms, struct xg_error *err)
{
    struct board_after from = {by == BOARD_BY_DUE ? INT64_MIN : INT64_MAX,
                               INT64_MAX};
    struct ask a;
    enum xg_status status = read_filter(&a, r, filter, now_ms, err);

    if (after)
        from = *after;
    if (status == XG_OK)
        status = find_way(&a, err);
    if (status == XG_OK) {
        enum lane lane = lane_of(&a, limit);
        struct xg_stmt *s = xg_stmt(r->db, list_statement(lane, by));
        int at = lane == LANE_SOME ? 31 : 28;
        bind_sifted(s, &a);
        if (lane == LANE_SOME)
            bind_some(s, &a);
        xg_bind_i64(s, at, from.key);
        xg_bind_u64(s, at + 1, from.number);
        xg_bind_u64(s, at + 2, limit);
        status = read_rows(arena, rows, count, s, by, limit, err);
    }
    xg_buf_clear(&a.pairs);
    return status;
}

enum xg_status board_find(struct board_reader *r, struct board_after *after,
                          bool *found, const struct xg_id *id,
                          enum board_order by, struct xg_error *err)
{
    static const int keys[] = {1, 3, 2}; /* columns, by enum board_order */
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_LINE_FIND);
    struct board_after at = {0, 0};

    xg_bind_id(s, 1, id);
    bool any = xg_stmt_row(s);
    if (any)
        at = (struct board_after){xg_col_i64(s, keys[by]), xg_col_u64(s, 0)};
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    *found = any;
    *after = at;
    return XG_OK;
}

/* ---- counts ---- */

/* Of what all is counted: none can be left out. */
static enum lane lane_of_all(const struct ask *a)
{
    if (a->way == WAY_OPEN)
        return LANE_OPEN;
    return a->way == WAY_ORDER || SORTING * a->way_count > a->rows ? LANE_ALL
                                                                   : LANE_SOME;
}

/* The statement of the lane, with all that it asks for. */
static struct xg_stmt *stmt_of_all(const struct ask *a, struct board_reader *r,
                                   size_t open, size_t some, size_t all)
{
    enum lane lane = lane_of_all(a);
    struct xg_stmt *s = xg_stmt(r->db, lane == LANE_OPEN   ? open
                                       : lane == LANE_SOME ? some
                                                           : all);

    bind_sifted(s, a);
    if (lane == LANE_SOME)
        bind_some(s, a);
    return s;
}

enum xg_status board_count(struct board_reader *r, uint64_t *count,
                           const struct board_filter *filter, int64_t now_ms,
                           struct xg_error *err)
{
    struct ask a;
    enum xg_status status = read_filter(&a, r, filter, now_ms, err);

    if (status == XG_OK)
        status = find_way(&a, err);
    if (status == XG_OK)
        status = xg_stmt_number(count, NULL,
                                stmt_of_all(&a, r, BOARD_STMT_COUNT_OPEN,
                                            BOARD_STMT_COUNT_SOME,
                                            BOARD_STMT_COUNT_ALL),
                                err);
    xg_buf_clear(&a.pairs);
    return status;
}

static enum xg_status read_counts(struct board_counts *out, struct xg_stmt *s,
                                  struct xg_error *err)
{
    struct board_counts c = {.total = 0};

    while (xg_stmt_next(s)) {
        uint64_t status = xg_col_u64(s, 0), light = xg_col_u64(s, 1);
        uint64_t n = xg_col_u64(s, 2);
        c.total += n;
        c.decide += xg_col_u64(s, 3);
        if (status < BOARD_STATUSES)
            c.statuses[status] += n;
        if (light < BOARD_LIGHTS)
            c.lights[light] += n;
    }
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    *out = c;
    return XG_OK;
}

enum xg_status board_counts(struct board_reader *r, struct board_counts *counts,
                            const struct board_filter *filter, int64_t now_ms,
                            struct xg_error *err)
{
    struct ask a;
    enum xg_status status = read_filter(&a, r, filter, now_ms, err);

    if (status == XG_OK)
        status = find_way(&a, err);
    if (status == XG_OK)
        status = read_counts(counts,
                             stmt_of_all(&a, r, BOARD_STMT_COUNTS_OPEN,
                                         BOARD_STMT_COUNTS_SOME,
                                         BOARD_STMT_COUNTS_ALL),
                             err);
    xg_buf_clear(&a.pairs);
    return status;
}

/* ---- clocks ---- */

static int64_t time_or_none(struct xg_stmt *s, int column)
{
    return xg_col_is_null(s, column) ? XG_NO_TIME : xg_col_i64(s, column);
}

static struct xg_bytes text_in(struct xg_arena *arena, struct xg_stmt *s,
                               int column, bool *full)
{
    struct xg_bytes text = xg_col_text_bytes(s, column);
    const char *copy = xg_arena_str(arena, (const char *)text.at, text.len);

    *full |= !copy;
    return xg_bytes(copy ? copy : "", copy ? text.len : 0);
}

static void read_clock(struct xg_clock *c, struct xg_arena *arena,
                       struct xg_stmt *s, int64_t now_ms, bool *full)
{
    int64_t paused_from = time_or_none(s, 7);

    *c = (struct xg_clock){.stage = (enum xg_stage)xg_col_u64(s, 0),
                           .turn = (uint32_t)xg_col_u64(s, 1),
                           .begun_by = XG_NONE,
                           .ended_by = XG_NONE,
                           .start_ms = xg_col_i64(s, 2),
                           .end_ms = XG_NO_TIME,
                           .limited = xg_col_u64(s, 5) != 0,
                           .due_ms = time_or_none(s, 3),
                           .due_plain_ms = time_or_none(s, 4),
                           .limit = {(enum xg_limit_unit)xg_col_u64(s, 5),
                                     xg_col_i64(s, 6)},
                           .paused = paused_from != XG_NO_TIME,
                           .paused_left = xg_col_i64(s, 8),
                           .paused_ms = xg_col_i64(s, 9),
                           .extended = xg_col_bool(s, 10),
                           .guessed = xg_col_bool(s, 11),
                           .provisional = xg_col_bool(s, 12),
                           .unit = text_in(arena, s, 13, full),
                           .level = text_in(arena, s, 14, full),
                           .climb = ""};
    if (c->paused && now_ms > paused_from)
        c->paused_ms += now_ms - paused_from;
}

enum xg_status board_clocks(struct board_reader *r, struct xg_clock **clocks,
                            size_t *count, struct xg_arena *arena,
                            uint64_t number, int64_t now_ms,
                            struct xg_error *err)
{
    enum { RUNNING_MAX = XG_STAGES };
    struct xg_clock *list = xg_arena_array(arena, RUNNING_MAX, sizeof *list);
    struct xg_stmt *s;
    bool full = false;
    size_t n = 0;

    if (!list)
        return xg_fail_nomem(err);
    s = xg_stmt(r->db, BOARD_STMT_CLOCK_RUNNING);
    xg_bind_u64(s, 1, number);
    while (n < RUNNING_MAX && xg_stmt_next(s))
        read_clock(&list[n++], arena, s, now_ms, &full);
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    if (full)
        return xg_fail_nomem(err);
    *clocks = list;
    *count = n;
    return XG_OK;
}

/* ---- what a person must look at ---- */

enum xg_status board_look(struct board_reader *r, uint64_t *numbers,
                          size_t *count, unsigned set, uint64_t after,
                          size_t limit, struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_LOOK_LIST);
    size_t n = 0;

    xg_bind_u64(s, 1, set);
    xg_bind_u64(s, 2, after);
    xg_bind_u64(s, 3, limit);
    while (n < limit && xg_stmt_next(s))
        numbers[n++] = xg_col_u64(s, 0);
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    *count = n;
    return XG_OK;
}

/* ---- groups ---- */

enum xg_status board_group(struct board_reader *r, struct xg_arena *arena,
                           struct xg_id **ids, size_t *count,
                           struct xg_id *group, const struct xg_id *id,
                           struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(r->db, BOARD_STMT_GROUP_LIST);
    struct xg_buf found = XG_BUF(64 << 20);
    struct xg_id least = *id;
    void *list;

    xg_bind_id(s, 1, id);
    while (xg_stmt_next(s)) {
        struct xg_id one = xg_col_id(s, 0);
        least = xg_col_id(s, 1);
        xg_buf_append(&found, one.b, sizeof one.b);
    }
    if (xg_stmt_done(s, err) != XG_OK) {
        xg_buf_clear(&found);
        return err->status;
    }
    if (board_keep(&list, count, arena, &found, sizeof **ids, err) != XG_OK)
        return err->status;
    *ids = list;
    *group = least;
    return XG_OK;
}
