/* labels.h - a label pack: what this place calls statuses, moves and the rest;
 * and the names of its boards: CSV.
 *
 *      sort,code,zh,en
 *      move,dispatch,分拨,
 *      move,hand_down,转办,
 *      status,filed,待分拨,
 *      board,safety,平安法治,peace and law
 *
 *  sort      status, move, stage, role: `code` is a name of the table (loop.h,
 *            schema.h). board: any code; only those that are named here are
 *            boards of this place
 *  zh, en    each may be empty (not both): then the usual label stays, of a
 *            board the other language's
 *
 * Two moves do not get the same label, nor two statuses; a label that is the
 * usual one of another move is refused too, unless that one is renamed: what a
 * person types must mean one thing.
 */
#ifndef XG_GUIDE_LABELS_H
#define XG_GUIDE_LABELS_H

#include "shared/base/arena.h"
#include "shared/base/bytes.h"
#include "shared/base/error.h"
#include "shared/core/loop.h"

enum { XG_LABELS_MAX = 1000 };

enum xg_label_sort {
    XG_LABEL_STATUS,
    XG_LABEL_MOVE,
    XG_LABEL_STAGE,
    XG_LABEL_ROLE,
    XG_LABEL_BOARD,
    XG_LABEL_SORTS,
};

struct xg_label_row {
    enum xg_label_sort sort;
    const char *code;
    uint32_t number; /* of the table; 0: a board */
    const char *zh, *en; /* "" : as usual */
};

struct xg_labels {
    const struct xg_label_row *rows; /* by sort, then as in the file */
    size_t count;
};

/* Texts are copied into the arena. XG_FORMAT names the line. */
XG_MUST_CHECK enum xg_status xg_labels_read(struct xg_labels *out,
                                            struct xg_arena *arena,
                                            struct xg_bytes content,
                                            struct xg_error *err);

/* The label of a status, move, stage or role, in the language that was set:
 * the pack's, else the usual one. `l` may be NULL: no pack. Never NULL; a
 * number that nobody knows is "?". */
const char *xg_labels_of(const struct xg_labels *l, enum xg_label_sort sort,
                         uint64_t number);
/* The board's name, or its code where the pack does not know it. */
const char *xg_labels_board(const struct xg_labels *l, const char *code);
bool xg_labels_has_board(const struct xg_labels *l, const char *code);
/* A move or status by its name, by the pack's label in either language, else
 * by the usual Chinese one; NULL. `l` may be NULL. */
const struct xg_choice *xg_labels_move(const struct xg_labels *l,
                                       const char *name);
const struct xg_choice *xg_labels_status(const struct xg_labels *l,
                                         const char *name);

#endif
