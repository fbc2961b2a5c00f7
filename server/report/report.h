/* report.h - figures from rows: what each counts is docs/figures.md, and this
 * is all that computes it, whoever asks (the command, the console, a review).
 *
 * Pure: rows in, numbers out. A figure has a numerator and, where it is a rate,
 * a denominator; it can list the cases of both. Nothing is ever divided: who
 * prints asks report_value(), for which a denominator of zero is no value.
 */
#ifndef XG_SERVER_REPORT_REPORT_H
#define XG_SERVER_REPORT_REPORT_H

#include "server/board/case.h"

/* What one case does in a figure. */
enum report_part {
    REPORT_OUT,       /* nothing */
    REPORT_REST,      /* in the denominator only */
    REPORT_NUMERATOR, /* in both; of a figure that is no rate, counted */
};

/* What becomes of a row before any figure. */
enum report_fate {
    REPORT_COUNTS,
    REPORT_LINKED, /* its group is counted by another */
    REPORT_IS_VOID,
    REPORT_TAKEN_BACK, /* withdrawn */
};

struct report_set {
    struct report_case *rows;
    enum report_fate *fates; /* parallel */
    /* Parallel: under the name of which unit, of those asked for, it is told;
     * `at` NULL: of none. NULL: all are asked for, by their own. */
    struct xg_bytes *places;
    size_t count;
    int64_t now_ms;    /* of the log: its last time note */
    uint64_t size;     /* of the log */
    uint64_t unfolded; /* cases too big to be folded, and in no figure */
    uint64_t behind;   /* that are still to be looked at: not exact yet */
};

/* By what a figure's rows are told apart. */
enum report_by {
    REPORT_BY_NOTHING,
    REPORT_BY_UNIT, /* the unit asked for itself, and each right below it */
    REPORT_BY_SOURCE,
    REPORT_BY_CATEGORY,
    REPORT_BY_SETTLED, /* class of the level that settled it */
    REPORT_BY_STATUS,
    REPORT_BY_HOLDER,
    REPORT_BY_KIND,
};

/* One case, and by what it is looked at. */
struct report_eye {
    const struct report_case *row;
    enum report_fate fate;
    int64_t from_ms, to_ms; /* [from, to) */
    int64_t now_ms;
};

struct report_figure {
    const char *name, *zh, *en;
    enum report_part (*part)(const struct report_eye *eye);
    bool rate;         /* has a denominator */
    bool shares;       /* each row's denominator is the figure's numerator */
    enum report_by by; /* where nobody asks otherwise */
    const char *means_zh, *means_en; /* what it counts, in a sentence */
};
/* All, in the order of a report; ends with a NULL name. */
extern const struct report_figure report_figures[];
const struct report_figure *report_figure_named(const char *name);

/* The class in which a level settles (guide/levels.h), or the level. */
struct report_classes {
    void *ctx;
    struct xg_bytes (*settles)(void *ctx, struct xg_bytes level);
};

struct report_asked {
    const struct report_figure *figure;
    enum report_by by;
    int64_t from_ms, to_ms;               /* [from, to) */
    const struct report_classes *classes; /* or NULL: levels as they are */
    const struct xg_bytes *key; /* NULL, or only those of that row of `by` */
};

struct report_row {
    struct xg_bytes key; /* lent by the rows, their places, or the classes */
    uint64_t numerator, denominator;
};

struct report_answer {
    const struct report_figure *figure;
    uint64_t numerator, denominator; /* that of no rate is 0 */
    struct report_row *rows;         /* by keys; lent by the arena */
    size_t row_count;
};

/* Decide every row's fate: links are followed by `group`; the one that counts
 * for a group is given the earliest reception of it. `fates` is filled in. */
XG_MUST_CHECK enum xg_status report_decide(struct report_set *set,
                                           struct xg_error *err);

XG_MUST_CHECK enum xg_status report_compute(struct report_answer *out,
                                            struct xg_arena *arena,
                                            const struct report_set *set,
                                            const struct report_asked *asked,
                                            struct xg_error *err);

/* What one row does in the figure asked for, its place heeded. */
enum report_part report_part_of(const struct report_set *set, size_t row,
                                const struct report_asked *asked);

/* In ten-thousandths, rounded down: only all of them are 100 %. False where the
 * denominator is zero: then there is no value. */
bool report_value(uint64_t *value, uint64_t numerator, uint64_t denominator);

/* ---- days, by China's calendar ---- */

/* "2026-10-01". False: no such day. */
bool report_day_read(int64_t *begins_ms, const char *text);
/* The day that holds the moment, and where it begins. */
enum { REPORT_DAY_TEXT = 16 };
#define REPORT_DAY_MS INT64_C(86400000)
int64_t report_day_text(char text[static REPORT_DAY_TEXT], int64_t ms);

#endif
