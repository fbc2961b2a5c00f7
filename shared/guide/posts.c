/* posts.c - see posts.h. */
#include "shared/guide/posts.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/core/schema.h"
#include "shared/guide/csv.h"
#include "shared/guide/words.h"

enum { CODE, UNIT, BOARD, ZH, EN, A, B, FROM, TO, COVER };

static const struct xg_csv_column columns[] = {
    [CODE] = {"code", "岗位|编码", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [UNIT] = {"unit", "单位", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [BOARD] = {"board", "板块", 0},
    [ZH] = {"zh", "名称|中文", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [EN] = {"en", "英文", 0},
    [A] = {"a", "A角", XG_CSV_REQUIRED | XG_CSV_FILLED},
    [B] = {"b", "B角", 0},
    [FROM] = {"from", "起", 0},
    [TO] = {"to", "止", 0},
    [COVER] = {"cover", "替岗", 0},
    {NULL, NULL, 0},
};

/* ---- days ---- */

static const unsigned days_before[] = {0,   31,  59,  90,  120, 151, 181,
                                       212, 243, 273, 304, 334, 365};

static bool is_leap(unsigned year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days of the year before the first of the month (1 to 13). */
static unsigned month_begin(unsigned year, unsigned month)
{
    return days_before[month - 1] + (month > 2 && is_leap(year));
}

xg_day xg_day_of(int64_t ms, int32_t zone_min)
{
    int64_t local = ms + (int64_t)zone_min * 60000;
    int64_t days = local / 86400000 - (local % 86400000 < 0);
    unsigned year = 1970, month = 1;

    if (days < 0)
        days = 0;
    while (year < 9999 && days >= month_begin(year, 13)) {
        days -= month_begin(year, 13);
        year++;
    }
    if (days >= month_begin(year, 13))
        return XG_DAY_MAX;
    while (days >= month_begin(year, month + 1))
        month++;
    return year * 10000 + month * 100 +
           (unsigned)(days - month_begin(year, month)) + 1;
}

bool xg_day_read(xg_day *day, const char *text, size_t len)
{
    unsigned part[3] = {0};

    if (len != 10 || text[4] != '-' || text[7] != '-')
        return false;
    for (size_t i = 0; i < 10; i++) {
        if (i == 4 || i == 7)
            continue;
        if (text[i] < '0' || text[i] > '9')
            return false;
        unsigned *at = &part[i < 4 ? 0 : i < 7 ? 1 : 2];
        *at = *at * 10 + (unsigned)(text[i] - '0');
    }
    if (part[0] < 1970 || part[1] < 1 || part[1] > 12 || part[2] < 1 ||
        part[2] > month_begin(part[0], part[1] + 1) -
                      month_begin(part[0], part[1]))
        return false;
    *day = part[0] * 10000 + part[1] * 100 + part[2];
    return true;
}

/* ---- reading ---- */

static enum xg_status read_day(xg_day *day, const struct xg_csv *t,
                               const struct xg_csv_row *row, size_t column,
                               struct xg_error *err)
{
    const char *text = row->cells[column];

    if (!*text || xg_day_read(day, text, strlen(text)))
        return XG_OK;
    return xg_csv_wrong(err, t, row, column,
                        XG_T("“%.60s”不是日期，应写作 2026-02-10",
                             "\"%.60s\" is no date; write it like 2026-02-10"),
                        text);
}

/* FROM..TO, or one day. */
static bool read_days(struct xg_days *days, struct xg_bytes word)
{
    const char *text = (const char *)word.at;

    if (xg_day_read(&days->from, text, word.len)) {
        days->to = days->from;
        return true;
    }
    return word.len == 22 && memcmp(text + 10, "..", 2) == 0 &&
           xg_day_read(&days->from, text, 10) &&
           xg_day_read(&days->to, text + 12, 10) && days->from <= days->to;
}

static int compare_days(const void *a, const void *b)
{
    const struct xg_days *x = a, *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

static enum xg_status read_covers(struct xg_post *p, struct xg_arena *arena,
                                  const struct xg_csv *t,
                                  const struct xg_csv_row *row,
                                  struct xg_error *err)
{
    struct xg_bytes rest = xg_bytes_of(row->cells[COVER]), word;
    struct xg_days *list;

    if (!rest.len)
        return XG_OK;
    list = xg_arena_array(arena, XG_POST_COVERS_MAX, sizeof *list);
    if (!list)
        return xg_fail_nomem(err);
    if (!*p->b)
        return xg_csv_wrong(err, t, row, COVER, "%s",
                            XG_T("没有 B 角，谁来替岗？",
                                 "there is no B holder who could stand in"));
    while (xg_words_next(&rest, &word)) {
        struct xg_days days;
        if (!read_days(&days, word))
            return xg_csv_wrong(
                err, t, row, COVER,
                XG_T("“%.*s”应写作 2026-02-10..2026-02-24",
                     "\"%.*s\" is to be like 2026-02-10..2026-02-24"),
                word.len < 60 ? (int)word.len : 60, (const char *)word.at);
        if (days.from < p->days.from || days.to > p->days.to)
            return xg_csv_wrong(err, t, row, COVER,
                                XG_T("%.*s 不在本行起止之内",
                                     "%.*s lies outside the line's own days"),
                                (int)word.len, (const char *)word.at);
        if (p->cover_count == XG_POST_COVERS_MAX)
            return xg_csv_wrong(err, t, row, COVER,
                                XG_T("超过 %d 段", "more than %d periods"),
                                XG_POST_COVERS_MAX);
        list[p->cover_count++] = days;
    }
    qsort(list, p->cover_count, sizeof *list, compare_days);
    for (size_t i = 1; i < p->cover_count; i++)
        if (list[i].from <= list[i - 1].to)
            return xg_csv_wrong(err, t, row, COVER, "%s",
                                XG_T("各段日期有重叠", "the periods overlap"));
    p->covers = list;
    return XG_OK;
}

static enum xg_status read_row(struct xg_post *out, struct xg_arena *arena,
                               const struct xg_csv *t,
                               const struct xg_csv_row *row,
                               struct xg_error *err)
{
    struct xg_post p = {.board = "", .b = "", .zh = row->cells[ZH],
                        .en = row->cells[EN], .days = {0, XG_DAY_MAX},
                        .line = row->line};

    if (!*p.en)
        p.en = p.zh;
    if (xg_csv_code(&p.code, t, row, CODE, err) != XG_OK ||
        xg_csv_code(&p.unit, t, row, UNIT, err) != XG_OK ||
        xg_csv_code(&p.board, t, row, BOARD, err) != XG_OK ||
        xg_csv_code(&p.a, t, row, A, err) != XG_OK ||
        xg_csv_code(&p.b, t, row, B, err) != XG_OK ||
        read_day(&p.days.from, t, row, FROM, err) != XG_OK ||
        read_day(&p.days.to, t, row, TO, err) != XG_OK)
        return err->status;
    if (p.days.from > p.days.to)
        return xg_csv_wrong(err, t, row, TO, "%s",
                            XG_T("止日早于起日", "it ends before it begins"));
    if (strcmp(p.a, p.b) == 0)
        return xg_csv_wrong(err, t, row, B, "%s",
                            XG_T("A 角和 B 角是同一人",
                                 "A and B are the same person"));
    if (read_covers(&p, arena, t, row, err) != XG_OK)
        return err->status;
    *out = p;
    return XG_OK;
}

static int compare_posts(const void *a, const void *b)
{
    const struct xg_post *x = a, *y = b;
    int order = strcmp(x->code, y->code);

    if (order)
        return order;
    if (x->days.from != y->days.from)
        return x->days.from < y->days.from ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

/* Lines of one post, by their days. */
static enum xg_status check_neighbours(const struct xg_post *p,
                                       const struct xg_post *next,
                                       struct xg_error *err)
{
    if (strcmp(p->code, next->code) != 0)
        return XG_OK;
    if (strcmp(p->unit, next->unit) != 0 || strcmp(p->board, next->board) != 0)
        return xg_fail(err, XG_FORMAT,
                       XG_T("岗位 %s 在第 %zu 行和第 %zu 行的单位或板块不同",
                            "post %s has another unit or board in line %zu "
                            "than in line %zu"),
                       p->code, p->line, next->line);
    if (next->days.from <= p->days.to)
        return xg_fail(err, XG_FORMAT,
                       XG_T("岗位 %s 第 %zu 行和第 %zu 行的日期重叠",
                            "the days of post %s overlap in lines %zu and "
                            "%zu"),
                       p->code, p->line, next->line);
    return XG_OK;
}

enum xg_status xg_posts_read(struct xg_posts *out, struct xg_arena *arena,
                             struct xg_bytes content, struct xg_error *err)
{
    struct xg_csv t;

    if (xg_csv_load(&t, arena, content, columns, err) != XG_OK)
        return err->status;
    if (t.row_count > XG_POSTS_MAX)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("超过 %d 行", "there are more than %d lines"),
                       XG_POSTS_MAX);
    struct xg_post *rows = xg_arena_array(arena, t.row_count + 1, sizeof *rows);
    if (!rows)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < t.row_count; i++)
        if (read_row(&rows[i], arena, &t, &t.rows[i], err) != XG_OK)
            return err->status;
    qsort(rows, t.row_count, sizeof *rows, compare_posts);
    for (size_t i = 1; i < t.row_count; i++)
        if (check_neighbours(&rows[i - 1], &rows[i], err) != XG_OK)
            return err->status;
    *out = (struct xg_posts){rows, t.row_count};
    return XG_OK;
}

/* ---- asking ---- */

/* The first row of the post, or `count`. */
static size_t first_row(const struct xg_posts *p, const char *code)
{
    size_t low = 0, high = p->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(p->rows[middle].code, code) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct xg_post *xg_posts_find(const struct xg_posts *p, const char *code,
                                    xg_day day)
{
    size_t i = first_row(p, code);

    if (i == p->count || strcmp(p->rows[i].code, code) != 0)
        return NULL;
    while (i + 1 < p->count && strcmp(p->rows[i + 1].code, code) == 0 &&
           p->rows[i + 1].days.from <= day)
        i++;
    return &p->rows[i];
}

bool xg_post_covered(const struct xg_post *post, xg_day day)
{
    for (size_t i = 0; i < post->cover_count; i++)
        if (post->covers[i].from <= day && day <= post->covers[i].to)
            return true;
    return false;
}

const char *xg_post_holder(const struct xg_post *post, xg_day day)
{
    if (day < post->days.from || day > post->days.to)
        return NULL;
    return xg_post_covered(post, day) ? post->b : post->a;
}

const char *xg_post_label(const struct xg_post *post)
{
    return xg_label(post->zh, post->en);
}
