/* list_sheet.h - the ledger of cases (台账): what `list` found, as a sheet, CSV
 * or a workbook. A line each, numbered, in China's time wherever it is made;
 * in a workbook times are dates.
 * Of this room only. */
#ifndef SERVER_CLI_LIST_SHEET_H
#define SERVER_CLI_LIST_SHEET_H

#include <jansson.h>

#include "shared/base/buf.h"
#include "shared/base/error.h"
#include "shared/guide/labels.h"

struct list_sheet;

enum list_format { LIST_LINES, LIST_CSV, LIST_XLSX };

/* CSV goes to `out`, a line as it is added; a workbook at the end. Both are
 * borrowed until list_sheet_free(). */
XG_MUST_CHECK enum xg_status list_sheet_new(struct list_sheet **sheet,
                                            enum list_format format,
                                            struct xg_buf *out,
                                            const struct xg_labels *labels,
                                            struct xg_error *err);
/* NULL is fine. */
void list_sheet_free(struct list_sheet *sheet);
/* One more, as `list --json` tells it. */
void list_sheet_add(struct list_sheet *sheet, const json_t *row);
/* Its end says how far the board was that it was read from: a workbook on a
 * sheet of its own; where `behind` are not in it, both in the last line. */
XG_MUST_CHECK enum xg_status list_sheet_end(struct list_sheet *sheet,
                                            uint64_t size, uint64_t behind,
                                            struct xg_error *err);

#endif
