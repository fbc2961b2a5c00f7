/* csv.h - tables as a clerk keeps them in a spreadsheet: RFC 4180 by libcsv.
 *
 * UTF-8 with or without a byte order mark, comma, quotes doubled in quotes,
 * line ends of any system. The first line that is not blank names the columns,
 * in any order, by name or by one of its aliases (English ones in either
 * case). Columns that nobody asks for are skipped and named in `unknown`; blank
 * lines and rows whose cells are all empty are skipped. White space around a
 * cell is cut off, the ideographic space too. No cell holds a NUL.
 *
 *      static const struct xg_csv_column columns[] = {
 *          {"code", "编码|编号", XG_CSV_REQUIRED | XG_CSV_FILLED},
 *          {"name", "名称", XG_CSV_REQUIRED},
 *          {NULL, NULL, 0},
 *      };
 *      if (xg_csv_load(&t, &arena, content, columns, err) != XG_OK) ...
 *      for (size_t i = 0; i < t.row_count; i++)
 *          use(t.rows[i].cells[COLUMN_CODE]);
 *
 * Errors name the line (of a row that spans several: its first) and the column
 * as the file writes it.
 */
#ifndef XG_GUIDE_CSV_H
#define XG_GUIDE_CSV_H

#include <stdint.h>

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"
#include "shared/core/schema.h"

enum {
    XG_CSV_BYTES_MAX = 8 << 20,
    XG_CSV_ROWS_MAX = 200000,
    XG_CSV_COLUMNS_MAX = 64, /* of the file */
    XG_CSV_CELL_MAX = 8 << 10,
};

enum xg_csv_flags {
    XG_CSV_REQUIRED = 1, /* the file has this column */
    XG_CSV_FILLED = 2,   /* and no row leaves it empty */
};

/* An array of these ends with a NULL name. `aliases` are separated by '|';
 * may be NULL. */
struct xg_csv_column {
    const char *name, *aliases;
    unsigned flags;
};

struct xg_csv_row {
    size_t line;              /* from 1 */
    const char *const *cells; /* one a column asked for; "" where it is empty
                               * or the file has no such column */
};

struct xg_csv {
    const struct xg_csv_column *columns; /* borrowed, as given */
    const char *const *headers; /* as the file writes them; NULL: not there */
    const struct xg_csv_row *rows;
    size_t row_count;
    const char *const *unknown; /* headers that nobody asked for */
    size_t unknown_count;
};

/* Everything is lent by the arena, which needs about three times the bytes of
 * the file. O(bytes). XG_FORMAT, XG_TOOBIG, XG_NOMEM. */
XG_MUST_CHECK enum xg_status
xg_csv_load(struct xg_csv *out, struct xg_arena *arena, struct xg_bytes content,
            const struct xg_csv_column *columns, struct xg_error *err);

/* Fails with XG_FORMAT: "line 3, column name: ..." */
XG_PRINTF(5, 6)
enum xg_status xg_csv_wrong(struct xg_error *err, const struct xg_csv *t,
                            const struct xg_csv_row *row, size_t column,
                            const char *format, ...);

/* A cell as what it is to be. An empty one leaves *out as it was (put the
 * default there first). */

/* Decimal digits, min..max. */
XG_MUST_CHECK enum xg_status xg_csv_uint(uint64_t *out, const struct xg_csv *t,
                                         const struct xg_csv_row *row,
                                         size_t column, uint64_t min,
                                         uint64_t max, struct xg_error *err);
/* By its name, its Chinese or its English label; the error lists them. */
XG_MUST_CHECK enum xg_status
xg_csv_choice(uint32_t *out, const struct xg_csv *t,
              const struct xg_csv_row *row, size_t column,
              const struct xg_choice *choices, struct xg_error *err);
/* A code of [A-Za-z0-9._/-], at most XG_CODE_MAX bytes; *out is lent by the
 * row. */
XG_MUST_CHECK enum xg_status xg_csv_code(const char **out,
                                         const struct xg_csv *t,
                                         const struct xg_csv_row *row,
                                         size_t column, struct xg_error *err);
/* Yes or no: 1 0, yes no, true false, 是 否. */
XG_MUST_CHECK enum xg_status xg_csv_bool(bool *out, const struct xg_csv *t,
                                         const struct xg_csv_row *row,
                                         size_t column, struct xg_error *err);

#endif
