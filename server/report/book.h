/* book.h - a workbook (XLSX), line by line.
 *
 * Text goes in as text, never as a formula. The file is made in memory: nothing
 * is left on a disk, whatever happens meanwhile.
 */
#ifndef XG_SERVER_REPORT_BOOK_H
#define XG_SERVER_REPORT_BOOK_H

#include "shared/base/buf.h"
#include "shared/base/error.h"

struct report_book;

enum { REPORT_COLUMNS_MAX = 16 };

enum xg_status report_book_new(struct report_book **book, struct xg_error *err);
/* NULL is fine. */
void report_book_free(struct report_book *book);

/* A new sheet; what follows goes there. `widths` in characters, ends with 0. */
void report_book_sheet(struct report_book *book, const char *name,
                       const unsigned *widths);
void report_book_title(struct report_book *book, const char *text);
/* A line of cells; the next one begins below. */
void report_book_text(struct report_book *book, struct xg_bytes text);
void report_book_number(struct report_book *book, uint64_t number);
/* `value` in ten-thousandths, as a percentage. */
void report_book_percent(struct report_book *book, uint64_t value);
/* A moment as a date of the workbook, by China's clock, to the minute. */
void report_book_time(struct report_book *b, int64_t ms);
void report_book_empty(struct report_book *book);
void report_book_line(struct report_book *book);
/* The cells of the line so far are its heading. */
void report_book_heading(struct report_book *book, const char *const *names);

/* Appended; the book takes no more then. XG_IO, XG_NOMEM. */
XG_MUST_CHECK enum xg_status report_book_put(struct xg_buf *out,
                                             struct report_book *book,
                                             struct xg_error *err);

#endif
