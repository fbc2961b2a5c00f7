/* show.h - figures for people and programs: a table, CSV, JSON, XLSX.
 *
 * A value is in ten-thousandths, rounded down: 100.00 % is all of them. Where
 * the denominator is zero there is none: "-", an empty cell, null.
 */
#ifndef XG_SERVER_REPORT_SHOW_H
#define XG_SERVER_REPORT_SHOW_H

#include <jansson.h>

#include "server/report/read.h"
#include "shared/base/buf.h"

struct report_sheet {
    const char *name; /* of the report: what was asked for */
    const char *unit; /* "" for all */
    bool by_hands;    /* of it, with what is or was in its hands */
    char from[REPORT_DAY_TEXT], to[REPORT_DAY_TEXT]; /* days, both counted */
    const struct report_set *set;
    const struct report_units *units;
    const struct report_answer *answers;
    const struct report_asked *asked; /* parallel */
    size_t count;
};

/* How far what was read is: "as of log entry 48213; 5 are not taken in yet". */
void report_put_lag(struct xg_buf *out, uint64_t size, uint64_t behind);
/* The same as the last line of a sheet of CSV, in its cell `at` of `columns`. */
void report_csv_lag(struct xg_buf *out, uint64_t size, uint64_t behind,
                    unsigned at, unsigned columns);

/* Whose figures they are, in words. */
void report_put_whose(struct xg_buf *out, const struct report_sheet *s);

void report_put_table(struct xg_buf *out, const struct report_sheet *s);
void report_put_csv(struct xg_buf *out, const struct report_sheet *s);
/* NULL: no memory. */
json_t *report_json(const struct report_sheet *s);
/* A workbook, appended. */
XG_MUST_CHECK enum xg_status report_put_xlsx(struct xg_buf *out,
                                             const struct report_sheet *s,
                                             struct xg_error *err);

/* Why the case is where it is in the figure, in words. */
void report_put_why(struct xg_buf *out, const struct report_set *set,
                    size_t row, const struct report_asked *asked,
                    enum report_part part);

#endif
