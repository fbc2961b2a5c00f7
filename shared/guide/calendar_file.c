/* calendar_file.c - see calendar_file.h for both formats. */
#include "shared/guide/calendar_file.h"

#include <jansson.h>
#include <string.h>

#include "shared/base/lang.h"
#include "shared/guide/csv.h"

/* ---- days ---- */

struct years {
    struct xg_calendar_year list[XG_CALENDAR_YEARS_MAX];
    size_t count;
};

/* Digits up to what follows; false: none, or more than four. */
static bool read_number(uint32_t *out, const char **at)
{
    uint32_t value = 0;
    int digits = 0;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        if (++digits > 4)
            return false;
        value = value * 10 + (uint32_t)(**at - '0');
    }
    *out = value;
    return digits > 0;
}

static bool skip(const char **at, const char *text)
{
    size_t len = strlen(text);

    if (strncmp(*at, text, len) != 0)
        return false;
    *at += len;
    return true;
}

/* "2026-10-01", exactly. */
static bool read_day(int32_t *year, uint32_t *month, uint32_t *day,
                     const char *text)
{
    const char *at = text;
    uint32_t y;
    int64_t days;

    if (strlen(text) != 10 || !read_number(&y, &at) || !skip(&at, "-") ||
        !read_number(month, &at) || !skip(&at, "-") || !read_number(day, &at) ||
        *at || !xg_date_days(&days, (int32_t)y, *month, *day))
        return false;
    *year = (int32_t)y;
    return true;
}

static struct xg_calendar_year *find_year(struct years *y, int32_t year)
{
    for (size_t i = 0; i < y->count; i++)
        if (y->list[i].year == year)
            return &y->list[i];
    return NULL;
}

static enum xg_status add_year(struct years *y, int64_t year,
                               struct xg_error *err)
{
    size_t at;

    if (year < 1970 || year > 9999)
        return xg_fail(
            err, XG_FORMAT,
            XG_T("“years”里的 %lld 不是年份", "%lld in \"years\" is no year"),
            (long long)year);
    if (find_year(y, (int32_t)year))
        return XG_OK;
    if (y->count == XG_CALENDAR_YEARS_MAX)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("超过 %d 年", "there are more than %d years"),
                       XG_CALENDAR_YEARS_MAX);
    for (at = y->count; at > 0 && y->list[at - 1].year > year; at--)
        y->list[at] = y->list[at - 1];
    y->list[at] = (struct xg_calendar_year){.year = (int32_t)year};
    y->count++;
    return XG_OK;
}

typedef enum xg_status use_day(struct years *y, bool off, const char *text,
                               struct xg_error *err);

static enum xg_status fail_shape(const char *key, struct xg_error *err)
{
    return xg_fail(err, XG_FORMAT,
                   XG_T("“%s”应是以日期为键的对象，或日期的数组",
                        "\"%s\" is to be an object whose keys are days, or an "
                        "array of days"),
                   key);
}

/* Every day of "holidays" or "workdays", as an object's keys or an array. */
static enum xg_status each_day(const json_t *root, bool off, use_day *use,
                               struct years *y, struct xg_error *err)
{
    const char *name = off ? "holidays" : "workdays", *key;
    json_t *days = json_object_get(root, name), *value;
    size_t i;

    if (!days)
        return XG_OK;
    if (!json_is_object(days) && !json_is_array(days))
        return fail_shape(name, err);
    json_object_foreach(days, key, value) if (use(y, off, key, err) !=
                                              XG_OK) return err->status;
    json_array_foreach(days, i, value)
    {
        if (!json_is_string(value))
            return fail_shape(name, err);
        if (use(y, off, json_string_value(value), err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

static enum xg_status find_october(struct years *y, bool off, const char *text,
                                   struct xg_error *err)
{
    int32_t year;
    uint32_t month, day;

    (void)off;
    if (!read_day(&year, &month, &day, text))
        return xg_fail(err, XG_FORMAT,
                       XG_T("“%.40s”不是日期；应写成 2026-10-01",
                            "\"%.40s\" is no day; write 2026-10-01"),
                       text);
    return month == 10 && day == 1 ? add_year(y, year, err) : XG_OK;
}

static enum xg_status mark_day(struct years *y, bool off, const char *text,
                               struct xg_error *err)
{
    struct xg_calendar_year *of;
    int32_t year;
    uint32_t month, day;

    if (!read_day(&year, &month, &day, text))
        return find_october(y, off, text, err);
    of = find_year(y, year);
    if (!of)
        return xg_fail(err, XG_FORMAT,
                       XG_T("%s 不在本文件的年份里；请写进那一年的文件，"
                            "或加上 \"years\": [%d]",
                            "%s is of no year of this file; put it into the "
                            "file of its year, or add \"years\": [%d]"),
                       text, (int)year);
    uint32_t n = xg_date_yday(year, month, day);
    uint8_t bit = (uint8_t)(1u << n % 8);
    if ((off ? of->on : of->off)[n / 8] & bit)
        return xg_fail(err, XG_FORMAT,
                       XG_T("%s 既在 holidays 又在 workdays 里，请删去一个",
                            "%s is both in holidays and in workdays; leave "
                            "out one"),
                       text);
    (off ? of->off : of->on)[n / 8] |= bit;
    return XG_OK;
}

static enum xg_status read_years(struct years *y, const json_t *root,
                                 struct xg_error *err)
{
    const json_t *told = json_object_get(root, "years");
    json_t *value;
    size_t i;

    if (told && !json_is_array(told))
        return xg_fail(err, XG_FORMAT, "%s",
                       XG_T("“years”应是年份的数组，如 [2026]",
                            "\"years\" is to be an array such as [2026]"));
    json_array_foreach(told, i,
                       value) if (add_year(y, json_integer_value(value), err) !=
                                  XG_OK) return err->status;
    if (!told && each_day(root, true, find_october, y, err) != XG_OK)
        return err->status;
    if (y->count == 0)
        return xg_fail(err, XG_FORMAT, "%s",
                       XG_T("看不出是哪一年的日历：holidays 里没有 10 月 1 "
                            "日；请加上 \"years\": [2026]",
                            "this tells of no year: holidays lacks 1 October; "
                            "add \"years\": [2026]"));
    if (each_day(root, true, mark_day, y, err) != XG_OK)
        return err->status;
    return each_day(root, false, mark_day, y, err);
}

static enum xg_status load_object(json_t **out, struct xg_bytes content,
                                  struct xg_error *err)
{
    json_error_t where;
    json_t *root;

    if (content.len > XG_CALENDAR_BYTES_MAX)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("文件超过 %d 字节", "the file is over %d bytes"),
                       XG_CALENDAR_BYTES_MAX);
    if (content.len >= 3 && memcmp(content.at, "\xef\xbb\xbf", 3) == 0)
        content = xg_bytes(content.at + 3, content.len - 3);
    root = json_loadb((const char *)content.at, content.len,
                      JSON_REJECT_DUPLICATES, &where);
    if (!root)
        return xg_fail(
            err, XG_FORMAT,
            XG_T("第 %d 行不是合格的 JSON：%s", "line %d: no valid JSON: %s"),
            where.line, where.text);
    if (!json_is_object(root)) {
        json_decref(root);
        return xg_fail(
            err, XG_FORMAT, "%s",
            XG_T("应是一个 JSON 对象", "this is to be a JSON object"));
    }
    *out = root;
    return XG_OK;
}

enum xg_status xg_calendar_years_load(struct xg_calendar_year **years,
                                      size_t *count, struct xg_arena *arena,
                                      struct xg_bytes content,
                                      struct xg_error *err)
{
    struct years *y = xg_arena_alloc(arena, sizeof *y);
    json_t *root = NULL;

    if (!y)
        return xg_fail_nomem(err);
    if (load_object(&root, content, err) != XG_OK)
        return err->status;
    enum xg_status status = read_years(y, root, err);
    json_decref(root);
    if (status != XG_OK)
        return status;
    *years = y->list;
    *count = y->count;
    return XG_OK;
}

enum xg_status xg_calendar_years_join(struct xg_calendar_year **years,
                                      size_t *count, struct xg_arena *arena,
                                      const struct xg_calendar_year *older,
                                      size_t older_count,
                                      const struct xg_calendar_year *newer,
                                      size_t newer_count, struct xg_error *err)
{
    struct xg_calendar_year *out =
        xg_arena_array(arena, older_count + newer_count + 1, sizeof *out);
    size_t n = 0, i = 0, k = 0;

    if (!out)
        return xg_fail_nomem(err);
    while (i < older_count || k < newer_count) {
        bool take_newer = i == older_count ||
                          (k < newer_count && newer[k].year <= older[i].year);
        if (take_newer && i < older_count && older[i].year == newer[k].year)
            i++;
        out[n++] = take_newer ? newer[k++] : older[i++];
    }
    *years = out;
    *count = n;
    return XG_OK;
}

/* ---- office hours ---- */

enum { FROM, TO, OPEN, CLOSE, ZONE };

static const struct xg_csv_column columns[] = {
    {"from", "开始日期|起", 0},
    {"to", "结束日期|止", 0},
    {"open", "上班|上班时间", XG_CSV_REQUIRED | XG_CSV_FILLED},
    {"close", "下班|下班时间", XG_CSV_REQUIRED | XG_CSV_FILLED},
    {"zone", "时区", 0},
    {NULL, NULL, 0},
};

/* 06-01, 6/1, 6月1日, and with a year before it. */
static bool read_month_day(uint16_t *md, const char *text)
{
    uint32_t a, b, month, day;
    const char *at = text;
    int64_t days;

    if (!read_number(&a, &at) ||
        !(skip(&at, "-") || skip(&at, "/") || skip(&at, "年") ||
          skip(&at, "月")) ||
        !read_number(&b, &at))
        return false;
    month = a;
    day = b;
    if (skip(&at, "-") || skip(&at, "/") || skip(&at, "月")) {
        month = b;
        if (!read_number(&day, &at))
            return false;
    }
    skip(&at, "日");
    /* 2024 has a 29 February */
    if (*at || !xg_date_days(&days, 2024, month, day))
        return false;
    *md = (uint16_t)(month * 100 + day);
    return true;
}

/* 08:30, 8:30, 8：30, 8:30:00. */
static bool read_minute(uint16_t *minute, const char *text)
{
    const char *at = text;
    uint32_t h, m, s = 0;

    if (!read_number(&h, &at) || !(skip(&at, ":") || skip(&at, "：")) ||
        !read_number(&m, &at))
        return false;
    if ((skip(&at, ":") || skip(&at, "：")) && !read_number(&s, &at))
        return false;
    if (*at || s != 0 || m > 59 || h > 24 || (h == 24 && m))
        return false;
    *minute = (uint16_t)(h * 60 + m);
    return true;
}

static bool read_zone(int32_t *zone, const char *text)
{
    bool west = *text == '-';
    uint16_t minute;

    text += *text == '+' || *text == '-';
    if (!read_minute(&minute, text) || minute > XG_ZONE_MAX_MIN)
        return false;
    *zone = west ? -minute : minute;
    return true;
}

static enum xg_status read_season(struct xg_office_span *s,
                                  const struct xg_csv *t,
                                  const struct xg_csv_row *row,
                                  struct xg_error *err)
{
    const char *from = row->cells[FROM], *to = row->cells[TO];

    s->from_md = 101;
    s->to_md = 1231;
    if (!*from != !*to)
        return xg_csv_wrong(err, t, row, *from ? TO : FROM, "%s",
                            XG_T("开始和结束日期要么都填，要么都空（全年）",
                                 "give both the first and the last day, or "
                                 "neither (all year)"));
    for (size_t column = FROM; column <= TO; column++)
        if (*row->cells[column] &&
            !read_month_day(column == FROM ? &s->from_md : &s->to_md,
                            row->cells[column]))
            return xg_csv_wrong(err, t, row, column,
                                XG_T("“%.40s”不是日期；应写成 06-01",
                                     "\"%.40s\" is no day; write 06-01"),
                                row->cells[column]);
    return XG_OK;
}

static enum xg_status read_span(struct xg_office_span *s,
                                const struct xg_csv *t,
                                const struct xg_csv_row *row,
                                struct xg_error *err)
{
    if (read_season(s, t, row, err) != XG_OK)
        return err->status;
    for (size_t column = OPEN; column <= CLOSE; column++)
        if (!read_minute(column == OPEN ? &s->open_min : &s->close_min,
                         row->cells[column]))
            return xg_csv_wrong(err, t, row, column,
                                XG_T("“%.40s”不是时间；应写成 08:30",
                                     "\"%.40s\" is no time; write 08:30"),
                                row->cells[column]);
    if (s->open_min >= s->close_min)
        return xg_csv_wrong(err, t, row, CLOSE,
                            XG_T("下班 %s 不晚于上班 %s；"
                                 "过零点的请分成两行",
                                 "%s is not after %s; what goes over midnight "
                                 "is two rows"),
                            row->cells[CLOSE], row->cells[OPEN]);
    return XG_OK;
}

static bool season_meets(const struct xg_office_span *a,
                         const struct xg_office_span *b)
{
    for (uint16_t month = 1; month <= 12; month++)
        for (uint16_t day = 1; day <= 31; day++) {
            uint16_t md = (uint16_t)(month * 100 + day);
            bool in_a = a->from_md <= a->to_md
                            ? md >= a->from_md && md <= a->to_md
                            : md >= a->from_md || md <= a->to_md;
            bool in_b = b->from_md <= b->to_md
                            ? md >= b->from_md && md <= b->to_md
                            : md >= b->from_md || md <= b->to_md;
            if (in_a && in_b)
                return true;
        }
    return false;
}

/* Two rows that overlap are a slip: seasons that were not told apart. */
static enum xg_status check_overlap(const struct xg_office_span *spans,
                                    size_t i, const struct xg_csv *t,
                                    struct xg_error *err)
{
    for (size_t k = 0; k < i; k++)
        if (spans[k].open_min < spans[i].close_min &&
            spans[i].open_min < spans[k].close_min &&
            season_meets(&spans[k], &spans[i]))
            return xg_csv_wrong(err, t, &t->rows[i], OPEN,
                                XG_T("与第 %zu 行的时间重叠；"
                                     "两个季节的请写明起止日期",
                                     "this overlaps line %zu; tell seasons "
                                     "apart by their days"),
                                t->rows[k].line);
    return XG_OK;
}

static enum xg_status read_zone_cell(int32_t *zone, bool *told,
                                     const struct xg_csv *t,
                                     const struct xg_csv_row *row,
                                     struct xg_error *err)
{
    int32_t here;

    if (!*row->cells[ZONE])
        return XG_OK;
    if (!read_zone(&here, row->cells[ZONE]))
        return xg_csv_wrong(err, t, row, ZONE,
                            XG_T("“%.40s”不是时区；应写成 +08:00",
                                 "\"%.40s\" is no zone; write +08:00"),
                            row->cells[ZONE]);
    if (*told && here != *zone)
        return xg_csv_wrong(err, t, row, ZONE, "%s",
                            XG_T("与前面的时区不同；一个文件只有一个时区",
                                 "another zone than above; a file has one"));
    *zone = here;
    *told = true;
    return XG_OK;
}

enum xg_status xg_office_hours_load(struct xg_office_hours *out,
                                    struct xg_arena *arena,
                                    struct xg_bytes content,
                                    struct xg_error *err)
{
    int32_t zone = XG_ZONE_CHINA_MIN;
    bool told = false;
    struct xg_csv t;

    if (xg_csv_load(&t, arena, content, columns, err) != XG_OK)
        return err->status;
    if (t.row_count == 0)
        return xg_fail(err, XG_FORMAT, "%s",
                       XG_T("只有表头，没有办公时间",
                            "there is a header but no office hours"));
    if (t.row_count > XG_OFFICE_SPANS_MAX)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("超过 %d 行", "there are more than %d rows"),
                       XG_OFFICE_SPANS_MAX);
    struct xg_office_span *spans =
        xg_arena_array(arena, t.row_count, sizeof *spans);
    if (!spans)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < t.row_count; i++)
        if (read_span(&spans[i], &t, &t.rows[i], err) != XG_OK ||
            check_overlap(spans, i, &t, err) != XG_OK ||
            read_zone_cell(&zone, &told, &t, &t.rows[i], err) != XG_OK)
            return err->status;
    *out = (struct xg_office_hours){
        .zone_min = zone, .spans = spans, .span_count = t.row_count};
    return XG_OK;
}
