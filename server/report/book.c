/* book.c - see book.h: libxlsxwriter over a memory file, which it
 * opens by its path in /proc. Its own temporary files have no names. */
#define _GNU_SOURCE /* memfd_create */
#include "server/report/book.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "shared/core/calendar.h"
#include "shared/view/text.h"

enum { BOOK_MAX = 64 << 20, CELL_MAX = 30000, READ_BYTES = 65536 };
enum { MINUTE_MS = 60000 };
#define TEN_THOUSAND 10000.0
#define DAY_MIN 1440.0
#define UNIX_DAY 25569 /* 1970-01-01 */

struct report_book {
    int file;
    lxw_workbook *work;
    lxw_worksheet *sheet;
    lxw_format *heading, *title, *percent, *number, *time;
    lxw_row_t row;
    lxw_col_t column;
    bool failed; /* a call of the library did not do it */
};

static void note(struct report_book *b, lxw_error e)
{
    b->failed |= e != LXW_NO_ERROR;
}

/* ---- opening ---- */

static bool make_formats(struct report_book *b)
{
    b->heading = workbook_add_format(b->work);
    b->title = workbook_add_format(b->work);
    b->percent = workbook_add_format(b->work);
    b->number = workbook_add_format(b->work);
    b->time = workbook_add_format(b->work);
    if (!b->heading || !b->title || !b->percent || !b->number || !b->time)
        return false;
    format_set_bold(b->heading);
    format_set_bottom(b->heading, LXW_BORDER_THIN);
    format_set_bold(b->title);
    format_set_font_size(b->title, 14);
    format_set_num_format(b->percent, "0.00%");
    format_set_num_format(b->number, "#,##0");
    format_set_num_format(b->time, "yyyy-mm-dd hh:mm");
    format_set_align(b->time, LXW_ALIGN_LEFT);
    return true;
}

enum xg_status report_book_new(struct report_book **book, struct xg_error *err)
{
    char path[64];
    struct report_book *b = calloc(1, sizeof *b);

    if (!b)
        return xg_fail_nomem(err);
    b->file = memfd_create("book", MFD_CLOEXEC);
    if (b->file < 0) {
        free(b);
        return xg_fail(err, XG_IO, "memfd_create: %s", strerror(errno));
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", b->file);
    b->work = workbook_new(path);
    if (!b->work || !make_formats(b)) {
        report_book_free(b);
        return xg_fail_nomem(err);
    }
    *book = b;
    return XG_OK;
}

void report_book_free(struct report_book *b)
{
    if (!b)
        return;
    if (b->work)
        lxw_workbook_free(b->work);
    close(b->file);
    free(b);
}

/* ---- writing ---- */

void report_book_sheet(struct report_book *b, const char *name,
                       const unsigned *widths)
{
    b->sheet = workbook_add_worksheet(b->work, name);
    b->row = 0;
    b->column = 0;
    b->failed |= !b->sheet;
    for (lxw_col_t i = 0; b->sheet && widths[i]; i++)
        note(b, worksheet_set_column(b->sheet, i, i, widths[i], NULL));
    if (b->sheet) {
        worksheet_set_landscape(b->sheet);
        worksheet_set_paper(b->sheet, 9); /* A4 */
        worksheet_fit_to_pages(b->sheet, 1, 0);
    }
}

static void put_text(struct report_book *b, struct xg_bytes text,
                     lxw_format *format)
{
    struct xg_buf safe = XG_BUF(CELL_MAX * 4);

    view_put_line(&safe,
                  xg_bytes(text.at, text.len < CELL_MAX ? text.len : CELL_MAX));
    b->failed |= safe.failed != XG_OK;
    if (b->sheet && safe.len)
        note(b, worksheet_write_string(b->sheet, b->row, b->column,
                                       xg_buf_str(&safe), format));
    b->column++;
    xg_buf_clear(&safe);
}

void report_book_title(struct report_book *b, const char *text)
{
    put_text(b, xg_bytes_of(text), b->title);
    report_book_line(b);
}

void report_book_text(struct report_book *b, struct xg_bytes text)
{
    put_text(b, text, NULL);
}

void report_book_number(struct report_book *b, uint64_t number)
{
    if (b->sheet)
        note(b, worksheet_write_number(b->sheet, b->row, b->column,
                                       (double)number, b->number));
    b->column++;
}

void report_book_percent(struct report_book *b, uint64_t value)
{
    if (b->sheet)
        note(b,
             worksheet_write_number(b->sheet, b->row, b->column,
                                    (double)value / TEN_THOUSAND, b->percent));
    b->column++;
}

/* Days since the end of 1899, by China's clock. */
void report_book_time(struct report_book *b, int64_t ms)
{
    int64_t minutes = ms / MINUTE_MS + XG_ZONE_CHINA_MIN;
    double days = (double)minutes / DAY_MIN;

    if (b->sheet)
        note(b, worksheet_write_number(b->sheet, b->row, b->column,
                                       days + UNIX_DAY, b->time));
    b->column++;
}

void report_book_empty(struct report_book *b)
{
    b->column++;
}

void report_book_line(struct report_book *b)
{
    b->row++;
    b->column = 0;
}

void report_book_heading(struct report_book *b, const char *const *names)
{
    for (; *names; names++)
        put_text(b, xg_bytes_of(*names), b->heading);
    report_book_line(b);
    if (!b->sheet)
        return;
    worksheet_freeze_panes(b->sheet, b->row, 0);
    note(b, worksheet_repeat_rows(b->sheet, b->row - 1, b->row - 1));
}

/* ---- out ---- */

static enum xg_status read_all(struct xg_buf *out, int fd, struct xg_error *err)
{
    uint8_t bytes[READ_BYTES];
    ssize_t n = 0;

    for (off_t at = 0; (n = pread(fd, bytes, sizeof bytes, at)) > 0; at += n) {
        if (at > BOOK_MAX)
            return xg_fail(err, XG_TOOBIG, "a workbook of more than %d MiB",
                           BOOK_MAX >> 20);
        xg_buf_append(out, bytes, (size_t)n);
    }
    if (n < 0)
        return xg_fail(err, XG_IO, "workbook: %s", strerror(errno));
    return xg_buf_check(out, err);
}

enum xg_status report_book_put(struct xg_buf *out, struct report_book *b,
                               struct xg_error *err)
{
    lxw_error e = workbook_close(b->work); /* frees it */

    b->work = NULL;
    if (e != LXW_NO_ERROR || b->failed)
        return xg_fail(err, XG_IO, "workbook: %s", lxw_strerror(e));
    return read_all(out, b->file, err);
}
