/* read.h - rows for figures, and the words for their keys.
 *
 * As of now they come from the board, which keeps them (board.h). As of
 * a size of the log only what lay below it counts, by the registry and the
 * imported files of then: every case is folded anew, which takes some seconds
 * for a district's year. What was erased since is not known any more (erase.h),
 * and counts with what is left of it. Both ways make the same rows.
 */
#ifndef XG_SERVER_REPORT_READ_H
#define XG_SERVER_REPORT_READ_H

#include "server/board/board.h"
#include "server/report/report.h"
#include "shared/guide/guide.h"

/* What a report reads from; borrows all. `size` of the log. */
struct report_source {
    struct store *store;
    const struct xg_registry *registry;
    struct xg_guide *guide; /* of that size: report_guide() */
    uint64_t size;
};

/* A guide that knows what was imported below `size`. `limited` outlives it. */
struct report_limited {
    struct xg_guide_source inner;
    uint64_t size;
};
XG_MUST_CHECK enum xg_status report_guide(struct xg_guide **guide,
                                          struct report_limited *limited,
                                          struct store *store, uint64_t size,
                                          struct xg_error *err);

/* Every case, its fate decided; lent by the arena. XG_TOOBIG: more than the
 * arena holds. */
XG_MUST_CHECK enum xg_status report_read(struct report_set *out,
                                         struct xg_arena *arena,
                                         const struct report_source *from,
                                         struct xg_error *err);

/* The same from the board's snapshot, which is as far as `from` says, and holds
 * all that a figure of that period may count. With a period that ends only what
 * is open, received, filed and closed may be asked, and what was overdue of its
 * `lates`. */
XG_MUST_CHECK enum xg_status
report_read_board(struct report_set *out, struct xg_arena *arena,
                  const struct report_source *from, struct board_reader *board,
                  const struct board_period *period, struct xg_error *err);
/* The log's time then: its last time note below that size. */
XG_MUST_CHECK enum xg_status report_now(int64_t *now_ms,
                                        const struct report_source *from,
                                        struct xg_error *err);

/* ---- places ---- */

/* Cases that are or were in the hands of a unit, by number, ascending. */
struct report_hands {
    const uint64_t *numbers;
    size_t count;
};
bool report_in_hands(const struct report_hands *h, uint64_t number);
/* Of the rows of a set, as of the source's size; in the arena. */
XG_MUST_CHECK enum xg_status
report_hands_read(struct report_hands *out, struct xg_arena *arena,
                  const struct report_source *from, const char *unit,
                  const struct report_set *set, struct xg_error *err);

/* `top`: the unit asked for, "" for all; where all stand under one, that is the
 * top then. The places of the set's rows are filled in. With `hands` (not NULL)
 * those count as well wherever they are at home, and all are told apart as if
 * all were asked for. */
struct report_units;
XG_MUST_CHECK enum xg_status
report_units_open(struct report_units **out, struct xg_arena *arena,
                  const struct report_source *from, const char *top,
                  const struct report_hands *hands, struct report_set *set,
                  struct xg_error *err);
/* Lent by the units, which are lent by the arena. */
const struct report_classes *report_units_classes(const struct report_units *u);
/* A key in words, for who reads the row; the key itself where there are none.
 */
struct xg_bytes report_key_name(const struct report_units *u, enum report_by by,
                                struct xg_bytes key);
/* A class that is to settle a share has a row, though it settled nothing. */
XG_MUST_CHECK enum xg_status report_add_classes(struct report_answer *answer,
                                                const struct report_units *u,
                                                struct xg_error *err);
/* What share the class is to settle, in percent; 0: nobody said. */
uint32_t report_target(const struct report_units *u, struct xg_bytes key);

#endif
