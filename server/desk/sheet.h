/* sheet.h - a table that somebody brought, CSV or XLSX, as plain CSV: by
 * xunge-sheet, a process that can do nothing but that (sheet/sheet.h). */
#ifndef XG_SERVER_DESK_SHEET_H
#define XG_SERVER_DESK_SHEET_H

#include "shared/base/buf.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"

enum { SHEET_TIMEOUT_MS = 40000, SHEET_TABLE_MAX = 8 << 20 };

/* Append the table. `which`: a sheet's name or number, NULL for the first;
 * `name` is the file's, for the error. XG_FORMAT, XG_TOOBIG, XG_NOTFOUND (no
 * such sheet), XG_BUSY (it takes too long). */
XG_MUST_CHECK enum xg_status sheet_read(struct xg_buf *table,
                                        struct xg_bytes file, const char *name,
                                        const char *which,
                                        struct xg_error *err);

#endif
