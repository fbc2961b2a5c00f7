/* csv.c - libcsv fed one line at a time, so that every error knows its line. */
#include "shared/guide/csv.h"

#include <csv.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/buf.h"
#include "shared/base/lang.h"
#include "shared/core/cbor.h"
#include "shared/core/registry.h"

#define NOT_ASKED SIZE_MAX

struct reader {
    struct xg_arena *arena;
    struct xg_error *err;
    enum xg_status status;
    const struct xg_csv_column *columns;
    size_t column_count;
    size_t line;    /* at which the row began */
    bool row_ended; /* during the line just fed */
    const char *cells[XG_CSV_COLUMNS_MAX];
    size_t cell_count;
    bool filled;                      /* a cell of this row is not empty */
    size_t file_columns;              /* 0: the header was not read yet */
    size_t asked[XG_CSV_COLUMNS_MAX]; /* column of the file: which of ours */
    const char **headers, **unknown;
    size_t unknown_count;
    struct xg_csv_row *rows;
    size_t row_count, row_room;
};

XG_PRINTF(3, 4)
static void fail_at(struct reader *r, enum xg_status status, const char *format,
                    ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    r->status = xg_fail(r->err, status, XG_T("第 %zu 行：%s", "line %zu: %s"),
                        r->line, text);
}

static void fail_nomem(struct reader *r)
{
    r->status = xg_fail_nomem(r->err);
}

/* White space that a person does not see at the ends of a cell. */
static size_t space_at(const char *text, size_t len)
{
    if (len >= 3 && memcmp(text, "\u3000", 3) == 0)
        return 3;
    if (len >= 2 && memcmp(text, "\u00a0", 2) == 0)
        return 2;
    return len && strchr(" \t\r\n", *text) && *text;
}

static struct xg_bytes trimmed(const char *text, size_t len)
{
    size_t n;

    while ((n = space_at(text, len)) > 0) {
        text += n;
        len -= n;
    }
    for (;;) {
        if (len >= 1 && space_at(text + len - 1, 1))
            len -= 1;
        else if (len >= 2 && space_at(text + len - 2, 2) == 2)
            len -= 2;
        else if (len >= 3 && space_at(text + len - 3, 3) == 3)
            len -= 3;
        else
            return xg_bytes(text, len);
    }
}

static void on_cell(void *data, size_t len, void *ctx)
{
    struct reader *r = ctx;
    struct xg_bytes text = trimmed(len ? data : "", len);

    if (r->status != XG_OK)
        return;
    if (r->cell_count == XG_CSV_COLUMNS_MAX) {
        if (text.len)
            fail_at(r, XG_TOOBIG,
                    XG_T("超过 %d 列", "there are more than %d columns"),
                    XG_CSV_COLUMNS_MAX);
        return;
    }
    if (text.len > XG_CSV_CELL_MAX) {
        fail_at(r, XG_TOOBIG,
                XG_T("第 %zu 列的内容超过 %d 字节",
                     "the cell in column %zu is over %d bytes"),
                r->cell_count + 1, XG_CSV_CELL_MAX);
        return;
    }
    const char *cell = "";
    if (text.len) {
        cell = xg_arena_str(r->arena, (const char *)text.at, text.len);
        r->filled = true;
    }
    if (!cell) {
        fail_nomem(r);
        return;
    }
    r->cells[r->cell_count++] = cell;
}

static bool same_ascii_case(const char *a, size_t len, const char *b)
{
    if (strlen(b) != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        char x = a[i], y = b[i];
        if (x >= 'A' && x <= 'Z')
            x += 'a' - 'A';
        if (y >= 'A' && y <= 'Z')
            y += 'a' - 'A';
        if (x != y)
            return false;
    }
    return true;
}

static bool is_called(const struct xg_csv_column *column, const char *header)
{
    if (same_ascii_case(column->name, strlen(column->name), header))
        return true;
    for (const char *at = column->aliases; at && *at;) {
        size_t len = strcspn(at, "|");
        if (same_ascii_case(at, len, header))
            return true;
        at += len + (at[len] == '|');
    }
    return false;
}

/* The column's name for a person: its first alias in Chinese. */
static void put_name(struct xg_buf *out, const struct xg_csv_column *column)
{
    if (xg_lang() == XG_LANG_ZH && column->aliases && *column->aliases)
        xg_buf_append(out, column->aliases, strcspn(column->aliases, "|"));
    else
        xg_buf_text(out, column->name);
}

static void require_columns(struct reader *r)
{
    for (size_t i = 0; i < r->column_count; i++) {
        if (r->headers[i] || !(r->columns[i].flags & XG_CSV_REQUIRED))
            continue;
        struct xg_buf name = XG_BUF(256);
        put_name(&name, &r->columns[i]);
        fail_at(r, XG_FORMAT,
                XG_T("表头缺少“%s”列（%s）",
                     "the header lacks the column \"%s\" (%s)"),
                xg_buf_str(&name), r->columns[i].name);
        xg_buf_clear(&name);
        return;
    }
}

static void take_header(struct reader *r)
{
    r->headers =
        xg_arena_array(r->arena, r->column_count + 1, sizeof *r->headers);
    r->unknown =
        xg_arena_array(r->arena, r->cell_count + 1, sizeof *r->unknown);
    if (!r->headers || !r->unknown) {
        fail_nomem(r);
        return;
    }
    for (size_t i = 0; i < r->cell_count; i++) {
        size_t c = 0;
        while (c < r->column_count && !is_called(&r->columns[c], r->cells[i]))
            c++;
        if (c == r->column_count) {
            r->asked[i] = NOT_ASKED;
            if (*r->cells[i])
                r->unknown[r->unknown_count++] = r->cells[i];
            continue;
        }
        if (r->headers[c]) {
            fail_at(r, XG_FORMAT,
                    XG_T("“%s”和“%s”是同一列，请删去一列",
                         "\"%s\" and \"%s\" are the same column; leave out "
                         "one"),
                    r->headers[c], r->cells[i]);
            return;
        }
        r->headers[c] = r->cells[i];
        r->asked[i] = c;
    }
    r->file_columns = r->cell_count;
    require_columns(r);
}

static bool room_for_row(struct reader *r)
{
    if (r->row_count < r->row_room)
        return true;
    if (r->row_count == XG_CSV_ROWS_MAX) {
        fail_at(r, XG_TOOBIG,
                XG_T("超过 %d 行，请分成几个文件",
                     "there are more than %d rows; split the file"),
                XG_CSV_ROWS_MAX);
        return false;
    }
    size_t room = r->row_room ? 2 * r->row_room : 64;
    struct xg_csv_row *rows = xg_arena_array(r->arena, room, sizeof *rows);
    if (!rows) {
        fail_nomem(r);
        return false;
    }
    if (r->row_count)
        memcpy(rows, r->rows, r->row_count * sizeof *rows);
    r->rows = rows;
    r->row_room = room;
    return true;
}

static void take_row(struct reader *r)
{
    const char **cells;

    if (!room_for_row(r))
        return;
    cells = xg_arena_array(r->arena, r->column_count + 1, sizeof *cells);
    if (!cells) {
        fail_nomem(r);
        return;
    }
    for (size_t i = 0; i < r->column_count; i++)
        cells[i] = "";
    for (size_t i = 0; i < r->cell_count; i++) {
        if (i >= r->file_columns && *r->cells[i]) {
            fail_at(r, XG_FORMAT,
                    XG_T("比表头多出一格“%.60s”；内容里有逗号的，"
                         "整格请加双引号",
                         "\"%.60s\" has no column in the header; a cell "
                         "with a comma in it goes in quotes"),
                    r->cells[i]);
            return;
        }
        if (i < r->file_columns && r->asked[i] != NOT_ASKED)
            cells[r->asked[i]] = r->cells[i];
    }
    for (size_t i = 0; i < r->column_count; i++)
        if (r->columns[i].flags & XG_CSV_FILLED && !*cells[i]) {
            fail_at(r, XG_FORMAT,
                    XG_T("“%s”不能为空", "\"%s\" may not be empty"),
                    r->headers[i] ? r->headers[i] : r->columns[i].name);
            return;
        }
    r->rows[r->row_count++] =
        (struct xg_csv_row){.line = r->line, .cells = cells};
}

static void on_row(int terminator, void *ctx)
{
    struct reader *r = ctx;

    (void)terminator;
    r->row_ended = true;
    if (r->status == XG_OK && r->filled) {
        if (r->file_columns == 0)
            take_header(r);
        else
            take_row(r);
    }
    r->cell_count = 0;
    r->filled = false;
}

/* The next line with its end, which is LF, CR LF, or CR alone. */
static struct xg_bytes next_line(struct xg_bytes *rest)
{
    size_t n = 0;

    while (n < rest->len && rest->at[n] != '\n' && rest->at[n] != '\r')
        n++;
    if (n < rest->len)
        n += rest->at[n] == '\r' && n + 1 < rest->len && rest->at[n + 1] == '\n'
                 ? 2
                 : 1;
    struct xg_bytes line = xg_bytes(rest->at, n);
    *rest = xg_bytes(rest->at + n, rest->len - n);
    return line;
}

static bool blank(struct xg_bytes line)
{
    for (size_t i = 0; i < line.len; i++)
        if (!memchr(" \t\r\n", line.at[i], 4))
            return false;
    return true;
}

static void check_text(struct reader *r, struct xg_bytes line)
{
    if (xg_utf8_valid(line.at, line.len) &&
        (line.len == 0 || !memchr(line.at, '\0', line.len)))
        return;
    fail_at(r, XG_FORMAT, "%s",
            XG_T("不是 UTF-8 文字；请在表格软件里另存为“CSV UTF-8”",
                 "this is no UTF-8 text; save it from the spreadsheet as "
                 "\"CSV UTF-8\""));
}

static void fail_parse(struct reader *r, struct csv_parser *p)
{
    if (r->status != XG_OK)
        return;
    if (csv_error(p) == CSV_EPARSE)
        fail_at(r, XG_FORMAT, "%s",
                XG_T("双引号没有成对；内容里的双引号要写两个，整格再加双引号",
                     "quotes do not match; a quote in a cell is written "
                     "twice, and the cell goes in quotes"));
    else
        fail_nomem(r);
}

static void feed(struct reader *r, struct csv_parser *p, struct xg_bytes rest)
{
    bool in_row = false;
    size_t number = 0;

    while (rest.len && r->status == XG_OK) {
        struct xg_bytes line = next_line(&rest);
        number++;
        if (!in_row)
            r->line = number;
        check_text(r, line);
        if (r->status != XG_OK)
            return;
        r->row_ended = false;
        if (csv_parse(p, line.at, line.len, on_cell, on_row, r) != line.len)
            fail_parse(r, p);
        in_row = !r->row_ended && (in_row || !blank(line));
    }
    if (r->status == XG_OK && csv_fini(p, on_cell, on_row, r) != 0)
        fail_parse(r, p);
}

enum xg_status xg_csv_load(struct xg_csv *out, struct xg_arena *arena,
                           struct xg_bytes content,
                           const struct xg_csv_column *columns,
                           struct xg_error *err)
{
    struct reader r = {.arena = arena, .err = err, .columns = columns};
    struct csv_parser parser;

    while (columns[r.column_count].name)
        r.column_count++;
    if (content.len > XG_CSV_BYTES_MAX)
        return xg_fail(err, XG_TOOBIG,
                       XG_T("文件超过 %d 兆字节", "the file is over %d MiB"),
                       XG_CSV_BYTES_MAX >> 20);
    if (content.len >= 3 && memcmp(content.at, "\xef\xbb\xbf", 3) == 0)
        content = xg_bytes(content.at + 3, content.len - 3);
    if (csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) != 0)
        return xg_fail_nomem(err);
    feed(&r, &parser, content);
    csv_free(&parser);
    if (r.status == XG_OK && r.file_columns == 0)
        r.status = xg_fail(err, XG_FORMAT, "%s",
                           XG_T("文件是空的，第一行应是表头",
                                "the file is empty; its first line is to "
                                "name the columns"));
    if (r.status != XG_OK)
        return r.status;
    *out = (struct xg_csv){
        .columns = columns,
        .headers = r.headers,
        .rows = r.rows,
        .row_count = r.row_count,
        .unknown = r.unknown,
        .unknown_count = r.unknown_count,
    };
    return XG_OK;
}

/* ---- cells ---- */

enum xg_status xg_csv_wrong(struct xg_error *err, const struct xg_csv *t,
                            const struct xg_csv_row *row, size_t column,
                            const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return xg_fail(
        err, XG_FORMAT,
        XG_T("第 %zu 行“%s”列：%s", "line %zu, column \"%s\": %s"), row->line,
        t->headers[column] ? t->headers[column] : t->columns[column].name,
        text);
}

enum xg_status xg_csv_uint(uint64_t *out, const struct xg_csv *t,
                           const struct xg_csv_row *row, size_t column,
                           uint64_t min, uint64_t max, struct xg_error *err)
{
    const char *text = row->cells[column];
    uint64_t value = 0;
    bool good = true;

    if (!*text)
        return XG_OK;
    for (const char *at = text; *at && good; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        good = *at >= '0' && *at <= '9' && value <= (UINT64_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    if (!good || value < min || value > max)
        return xg_csv_wrong(err, t, row, column,
                            XG_T("“%.60s”应是 %llu 到 %llu 的整数",
                                 "\"%.60s\" is to be a whole number from "
                                 "%llu to %llu"),
                            text, (unsigned long long)min,
                            (unsigned long long)max);
    *out = value;
    return XG_OK;
}

enum xg_status xg_csv_choice(uint32_t *out, const struct xg_csv *t,
                             const struct xg_csv_row *row, size_t column,
                             const struct xg_choice *choices,
                             struct xg_error *err)
{
    const char *text = row->cells[column];
    size_t len = strlen(text);

    if (!len)
        return XG_OK;
    for (const struct xg_choice *c = choices; c->name; c++)
        if (same_ascii_case(text, len, c->name) || strcmp(text, c->zh) == 0 ||
            same_ascii_case(text, len, c->en)) {
            *out = c->number;
            return XG_OK;
        }
    struct xg_buf list = XG_BUF(300);
    for (const struct xg_choice *c = choices; c->name; c++)
        xg_buf_format(&list, XG_T("%s%s（%s）", "%s%s (%s)"),
                      c == choices ? "" : XG_T("、", ", "),
                      xg_label(c->zh, c->name), xg_label(c->name, c->zh));
    xg_csv_wrong(err, t, row, column,
                 XG_T("没有“%.60s”；可以是 %s", "there is no \"%.60s\"; it is "
                                                "one of %s"),
                 text, xg_buf_str(&list));
    xg_buf_clear(&list);
    return err->status;
}

enum xg_status xg_csv_code(const char **out, const struct xg_csv *t,
                           const struct xg_csv_row *row, size_t column,
                           struct xg_error *err)
{
    const char *text = row->cells[column];
    size_t len = strlen(text);

    if (!len)
        return XG_OK;
    if (len > XG_CODE_MAX ||
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                     "0123456789._/-") != len)
        return xg_csv_wrong(err, t, row, column,
                            XG_T("“%.60s”不是编码：至多 %d 个字母、数字或 "
                                 ". _ / -",
                                 "\"%.60s\" is no code: at most %d letters, "
                                 "digits, and . _ / -"),
                            text, XG_CODE_MAX);
    *out = text;
    return XG_OK;
}

enum xg_status xg_csv_bool(bool *out, const struct xg_csv *t,
                           const struct xg_csv_row *row, size_t column,
                           struct xg_error *err)
{
    static const struct xg_choice answers[] = {
        {1, "yes", "是", "true"}, {1, "1", "有", "y"},
        {2, "no", "否", "false"}, {2, "0", "无", "n"},
        {0, NULL, NULL, NULL},
    };
    uint32_t answer = *out ? 1 : 2;

    if (xg_csv_choice(&answer, t, row, column, answers, err) != XG_OK)
        return err->status;
    *out = answer == 1;
    return XG_OK;
}
