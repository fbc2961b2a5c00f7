/* sheet.h - a table as an office keeps it, CSV or XLSX, as plain CSV.
 *
 * What comes is of anyone: CSV in UTF-8 (with a mark or without), UTF-16 with a
 * mark, or GB18030, which older hotlines write; or a workbook of Office Open
 * XML, of which one sheet is read: shared and inline strings, numbers as they
 * are shown (no "1.38E10" of a phone), dates by their style as
 * "2026-05-15 08:30:00", formulas by the value that was saved.
 *
 * What goes out is UTF-8 CSV, a line a row from the first row on, so that the
 * line is the row's number as a spreadsheet shows it: a new line within a cell
 * is U+2028, a row that is empty is an empty line.
 *
 * Nothing of it opens a file, and every size is bounded before it is believed:
 * a workbook may promise a million rows, or inflate for ever. An XML part with
 * a document type is refused, so there are no entities.
 *
 * Sources: ECMA-376 part 1, 18 (SpreadsheetML); RFC 4180.
 */
#ifndef XG_SERVER_SHEET_SHEET_H
#define XG_SERVER_SHEET_SHEET_H

#include <iconv.h>

#include "server/sheet/protocol.h"
#include "shared/base/buf.h"
#include "shared/base/bytes.h"

enum {
    SHEET_COLUMNS_MAX = 256,
    SHEET_ROWS_MAX = 200000,
    SHEET_CELL_MAX = 32 << 10,
    SHEET_PART_MAX = 256 << 20, /* inflated, of one part of a workbook */
    SHEET_TEXTS_MAX = 32 << 20, /* bytes of its shared strings */
    SHEET_ENTRIES_MAX = 4096,
};

/* What has to be opened while files may be. */
struct sheet_tools {
    iconv_t gb18030, utf16le, utf16be; /* to UTF-8 */
    unsigned long salt;                /* for expat's tables */
};
/* False: the system lacks one of them. */
bool sheet_prepare(struct sheet_tools *tools);

/* Append the table; `which` is the sheet's name or number, "" for the first.
 * SHEET_FINE, or why not: then `out` holds nothing of use. */
enum sheet_answer sheet_convert(struct xg_buf *out, struct xg_bytes file,
                                const char *which,
                                const struct sheet_tools *tools);

/* ---- between its parts ---- */

/* Rows in the making. Rows and columns are from 0, and ascend; what does not,
 * or is empty, is not put. */
struct sheet_writer {
    struct xg_buf *out;
    uint32_t row, column; /* the place that comes next */
};
enum sheet_answer sheet_put(struct sheet_writer *w, uint32_t row,
                            uint32_t column, struct xg_bytes text);
/* After the last. */
void sheet_end(struct sheet_writer *w);

enum sheet_answer sheet_from_csv(struct sheet_writer *w, struct xg_bytes file,
                                 const struct sheet_tools *tools);
enum sheet_answer sheet_from_xlsx(struct sheet_writer *w, struct xg_bytes file,
                                  const char *which,
                                  const struct sheet_tools *tools);

/* A number as a person reads it; `is_date`: as a date and time. */
enum { SHEET_NUMBER_SIZE = 40 };
void sheet_number(char out[static SHEET_NUMBER_SIZE], const char *text,
                  bool is_date, bool from_1904);

#endif
