/* board.h - what lists, filters, counts and figures read: DIR/board.db.
 *
 * A database of its own, derived from the store and never backed up. One row
 * an entity (`line`), what is searched of it (`words`, `pair`), the units that
 * it was given to (`hand`), of a case its clocks (`clock`)
 * and its group (`course`), who says to be the same as whom (`link`); a row a
 * patrol and a visit, and what they come to a unit, a day and a worker
 * (`cover`). What a column means
 * stands beside it in server/sql/board/0001_start.sql. Each row is a pure
 * function of its entity, of what is imported, and (course.grouped) of the
 * links: a board that followed the log for a year is the one that is made anew
 * today.
 *
 *      board_take_in()     the entities that changed since, until nothing is
 *                          left or `most` were looked at
 *      board_begin()       a snapshot of it; filters are asked of that
 *      board_end()
 *
 * It follows what is published (ledger.h). Nothing waits for it: it reads the
 * store as any command does, and writes a file that nobody else writes. What is
 * killed, cut or lost of it comes again from the store; a file that is damaged,
 * of another version or of another log is dropped and made anew.
 *
 * A case is reckoned again when its records change; when the calendar, the
 * catalogue or any other imported file does (in the background); when a link
 * reaches its group; when a pause of its clock ends. Which light is on is not
 * written: it follows from `due_ms` and `yellow_ms` at the moment of the
 * question.
 *
 * Figures (server/report*) read rows of their own (`figure`), by
 * board_figures(). `behind` 0 means that all of it is exact.
 *
 * Units: `unit_at` and `holder_at` are places in a tree, so that a unit and all
 * below it are one range: board_unit_range(). Codes stand beside them.
 */
#ifndef XG_SERVER_BOARD_H
#define XG_SERVER_BOARD_H

#include "server/data/data.h"
#include "server/board/patrol.h"
#include "shared/core/deadline.h"
#include "shared/view/account.h"

struct board;
struct board_reader;

/* No time, no due: what never comes. */
#define BOARD_NEVER INT64_MAX

enum {
    BOARD_TAKE_IN = 400,  /* entities that a command takes in before it reads,
                           * where the thread is not at work on more */
    BOARD_BEHIND_MAX = 10000, /* that are counted */
    BOARD_ROWS_MAX = 100000,
    BOARD_TERMS = 3, /* words of a search */
};

/* Opens nothing yet. Borrows the data; data_open() does it. */
XG_MUST_CHECK enum xg_status board_new(struct board **b, struct data *d,
                                       struct xg_error *err);
void board_free(struct board *b);

/* How far it is: everything below log entry `size`, but for `behind` entities
 * that are still to be looked at (or again); of each sort up to
 * BOARD_BEHIND_MAX are counted. */
struct board_at {
    uint64_t size, behind;
};
/* Any thread. */
XG_MUST_CHECK enum xg_status board_take_in(struct board *b, struct board_at *at,
                                           uint64_t most, struct xg_error *err);

/* What an act erased stands nowhere in the board's files any more: what changed
 * is taken in, all of it, the index of words is made anew of what is left, and
 * the log is emptied in which the pages lie as they were. XG_BUSY: somebody reads; again later. Nothing without a file. Any
 * thread. */
XG_MUST_CHECK enum xg_status board_forget(struct board *b, struct xg_error *err);

/* A thread that takes in what comes, and what is to be reckoned again. */
struct board_thread;
XG_MUST_CHECK enum xg_status board_start(struct board_thread **t,
                                         struct board *b, struct xg_error *err);
void board_stop(struct board_thread *t); /* NULL is fine */
/* Does one run? Else a command takes in all there is. */
bool board_is_followed(const struct board *b);

/* NULL: in memory. The file is there after the first board_take_in(). */
const char *board_path(const struct board *b);

/* Drop it; it is made anew when it is next asked. For `rebuild`. */
XG_MUST_CHECK enum xg_status board_drop(struct board *b, struct xg_error *err);

/* ---- asking ---- */

enum board_order {
    BOARD_BY_CHANGED, /* the last change first */
    BOARD_BY_DUE,     /* what is due next; then what has no deadline, the newest
                       * first */
    BOARD_BY_CREATED, /* the newest first */
};

#define BOARD_NONE "-"

/* All zeros: everything. Of sets any element, of the rest all must hold. */
struct board_filter {
    uint64_t kinds, statuses, urgencies, sources; /* 1 << number; 0: any */
    uint64_t stages; /* the same: of the clock that matters most; 0: none runs */
    uint64_t lights;                              /* 1 << enum xg_light */
    bool open, settled; /* needs somebody; came to an end */
    bool decide;        /* a person must: a conflict, or too large to fold */
    /* NULL: any. A unit, and all below it: */
    const char *unit;     /* at home there */
    const char *holder;   /* has it, or was called to it */
    bool alone;           /* of both: that unit, and not those below it, nor
                           * those that were called */
    const char *within;   /* at home there, or ever given to it: who asks may
                           * see no more (server/sight/sight.h) */
    uint64_t reaching;    /* kinds that `within` lets through: who asks looks at
                           * each whether it is seen */
    const char *category; /* and all below it */
    const char *level;  /* BOARD_NONE: those that have none */
    const char *number; /* human or official, whole */
    const char *text;   /* all words of it, each somewhere in what is searched */
    int64_t since_ms, until_ms; /* received from, before; 0: any */
};

struct board_after {
    int64_t key; /* as board_row.key */
    uint64_t number;
};

struct board_row {
    uint64_t number; /* of the entity, in the store */
    struct xg_id id;
    uint64_t kind, status, urgency, source;
    enum xg_light light;
    bool placed;
    int32_t lat_e7, lon_e7;
    int64_t created_ms, due_ms; /* due: BOARD_NEVER where none runs */
    uint64_t stage; /* of the clock that matters most; 0: none runs */
    int64_t since_ms, stage_ms; /* who has it, and that clock, since; or 0 */
    unsigned waits;             /* view_waits_set() */
    uint64_t changed;
    int64_t key; /* its place in the order asked for */
    char unit[XG_CODE_MAX + 1], holder[XG_CODE_MAX + 1];
    char level[XG_CODE_MAX + 1], category[XG_CODE_MAX + 1];
};

/* So many snapshots at once: two of each command that may run (cli/order.c holds
 * that), since one that goes through the board may ask whom a case hangs with. */
enum { BOARD_READERS = 32 };

/* A snapshot, lent by the board until board_end(). XG_BUSY: all are. */
XG_MUST_CHECK enum xg_status board_begin(struct board *b,
                                         struct board_reader **r,
                                         struct xg_error *err);
void board_end(struct board *b, struct board_reader *r); /* NULL is fine */

/* Up to `limit` rows after `after` (NULL: from the first); lights as at
 * `now_ms`. In the arena. */
XG_MUST_CHECK enum xg_status
board_list(struct board_reader *r, struct xg_arena *arena,
           struct board_row **rows, size_t *count,
           const struct board_filter *filter, enum board_order by,
           const struct board_after *after, size_t limit, int64_t now_ms,
           struct xg_error *err);
/* Where a row stands in an order now. *found false: there is none of that id.
 */
XG_MUST_CHECK enum xg_status board_find(struct board_reader *r,
                                        struct board_after *after, bool *found,
                                        const struct xg_id *id,
                                        enum board_order by,
                                        struct xg_error *err);
XG_MUST_CHECK enum xg_status board_count(struct board_reader *r,
                                         uint64_t *count,
                                         const struct board_filter *filter,
                                         int64_t now_ms, struct xg_error *err);

enum { BOARD_STATUSES = 32, BOARD_LIGHTS = 4 };
struct board_counts {
    uint64_t total, decide;
    uint64_t statuses[BOARD_STATUSES]; /* by number; 0: of no loop */
    uint64_t lights[BOARD_LIGHTS];     /* by enum xg_light */
};
XG_MUST_CHECK enum xg_status board_counts(struct board_reader *r,
                                          struct board_counts *counts,
                                          const struct board_filter *filter,
                                          int64_t now_ms, struct xg_error *err);

/* Numbers of the entities that somebody must look at because of any of that
 * set (1 << enum attention_what, attention.h): those above `after`, ascending,
 * at most `limit`, into `numbers`. */
XG_MUST_CHECK enum xg_status board_look(struct board_reader *r,
                                        uint64_t *numbers, size_t *count,
                                        unsigned set, uint64_t after,
                                        size_t limit, struct xg_error *err);

/* The clocks that run, in the order in which they began; as at `now_ms`. What
 * they lend is the arena's. */
XG_MUST_CHECK enum xg_status
board_clocks(struct board_reader *r, struct xg_clock **clocks, size_t *count,
             struct xg_arena *arena, uint64_t number, int64_t now_ms,
             struct xg_error *err);

/* Those that links hold together with it, itself among them, and the least of
 * their ids, by which the group is called; *count 0: it is alone. In the arena.
 */
XG_MUST_CHECK enum xg_status board_group(struct board_reader *r,
                                         struct xg_arena *arena,
                                         struct xg_id **ids, size_t *count,
                                         struct xg_id *group,
                                         const struct xg_id *id,
                                         struct xg_error *err);

/* A case that was overdue at a moment: whom it was given to then, in what status
 * it was, and the due that was over. `fold`: it may have been, and who asks
 * folds it as it was then. */
struct board_late {
    uint64_t number; /* of the entity, in the store */
    int64_t from_ms, to_ms; /* since then, before that: BOARD_NEVER, it lasts */
    bool fold;
    int64_t due_ms;
    uint64_t status;
    char holder[XG_CODE_MAX + 1];
};
/* By number; in the arena. */
XG_MUST_CHECK enum xg_status board_lates(struct board_reader *r,
                                         struct xg_arena *arena,
                                         struct board_late **lates,
                                         size_t *count, int64_t at_ms,
                                         struct xg_error *err);

/* Cases of which what was decided may ever have stood against each other, and
 * that changed from that log entry on, in that order: up to `limit`; or of these
 * all that a person must decide now. In the arena. */
struct board_fork {
    uint64_t number; /* of the entity, in the store */
    struct xg_id id;
};
XG_MUST_CHECK enum xg_status board_forked(struct board_reader *r,
                                          struct xg_arena *arena,
                                          struct board_fork **forks,
                                          size_t *count, uint64_t changed,
                                          size_t limit, struct xg_error *err);
XG_MUST_CHECK enum xg_status
board_forked_decide(struct board_reader *r, struct xg_arena *arena,
                    struct board_fork **forks, size_t *count, uint64_t changed,
                    struct xg_error *err);

/* What figures read (report/read.h): the row (case.h; empty: it could not
 * be folded) of every case that is open, or to which anything happened since,
 * and of those that hang together with one. `group` NULL: it is in none. With
 * `until_ms` only what is open, or was received, filed or settled before that,
 * or is of `lates`: a day's review asks for no more. BOARD_NEVER: all. */
struct board_period {
    int64_t since_ms, until_ms;
    const struct board_late *lates;
    size_t late_count;
};
struct board_figures {
    void *ctx;
    enum xg_status (*visit)(void *ctx, uint64_t number, struct xg_bytes row,
                            const struct xg_id *group, struct xg_error *err);
};
XG_MUST_CHECK enum xg_status board_figures(struct board_reader *r,
                                           const struct board_period *period,
                                           const struct board_figures *to,
                                           struct xg_error *err);

/* Numbers of the cases that are, or ever were, in the hands of the unit or of
 * one below it: ascending, in the arena. */
XG_MUST_CHECK enum xg_status board_figures_in_hands(struct board_reader *r,
                                                    struct xg_arena *arena,
                                                    uint64_t **numbers,
                                                    size_t *count,
                                                    const char *unit,
                                                    struct xg_error *err);

/* ---- patrols and visits ---- */

/* Patrols that touch `from_ms` or begin after it, but before `before_ms`; the
 * latest start first, in the arena. */
XG_MUST_CHECK enum xg_status board_walks(struct board_reader *r,
                                         struct xg_arena *arena,
                                         struct report_walk **walks,
                                         size_t *count, int64_t from_ms,
                                         int64_t before_ms,
                                         struct xg_error *err);

struct board_visit {
    uint64_t number; /* of the entity, in the store */
    int64_t ms;
};
/* A worker's up to `to_ms`, in the order of time: those after that moment and
 * number; at most `limit`. */
XG_MUST_CHECK enum xg_status board_visits(struct board_reader *r,
                                          struct board_visit *rows,
                                          size_t *count, const char *worker,
                                          int64_t after_ms, uint64_t after,
                                          int64_t to_ms, size_t limit,
                                          struct xg_error *err);

/* The day of China's calendar that holds the moment, from 1970-01-01. False: it
 * is of no year that has four digits, and in no `cover`. */
bool board_day_of(int64_t *day, int64_t ms);

/* What a worker did for a unit on a day: patrols that began, places of visits
 * (board_cover_place()), visited subjects (struct xg_id). Lent. */
struct board_cover {
    const char *worker;
    uint64_t patrols;
    int64_t distance_mm;
    struct xg_bytes places, subjects;
};
enum { BOARD_PLACE_SIZE = 8 };
/* The i-th place: a number of its own, but that the last bit says whether a
 * visit there was to a subject. */
uint64_t board_cover_place(const struct board_cover *c, size_t i);
/* Of the units for which anything was done the first after that code, which it
 * replaces. */
XG_MUST_CHECK enum xg_status board_covered(struct board_reader *r,
                                           char unit[static XG_CODE_MAX + 1],
                                           bool *found, struct xg_error *err);
/* Of a unit and a period, both days included. */
XG_MUST_CHECK enum xg_status
board_cover(struct board_reader *r, const char *unit, int64_t from_day,
            int64_t to_day, void *ctx,
            enum xg_status (*visit)(void *ctx, const struct board_cover *c,
                                    struct xg_error *err),
            struct xg_error *err);
/* How many subjects are on the lists now, by their homes. */
XG_MUST_CHECK enum xg_status
board_listed(struct board_reader *r, void *ctx,
             enum xg_status (*visit)(void *ctx, const char *unit,
                                     uint64_t count, struct xg_error *err),
             struct xg_error *err);
/* The home of a subject; *found false: it is on no list. */
XG_MUST_CHECK enum xg_status
board_find_listed(struct board_reader *r, char unit[static XG_CODE_MAX + 1],
                  bool *found, const struct xg_id *id, struct xg_error *err);

/* ---- what people did ---- */

/* What a worker made, without what was withdrawn: view/account.h. */
struct board_account {
    uint64_t patrols, visits, reports, valid;
    int64_t distance_mm;
};
XG_MUST_CHECK enum xg_status board_account(struct board_reader *r,
                                           struct board_account *out,
                                           const char *worker,
                                           struct xg_error *err);

/* What is marked about something that she made. */
struct board_flag {
    uint64_t number; /* of the entity, in the store */
    struct xg_id id;
    uint64_t kind;
    char name[XG_NUMBER_SIZE];
    enum view_flag flag;
    uint64_t count;
    bool answered;
};
/* The newest entity first; in the arena. */
XG_MUST_CHECK enum xg_status board_flags(struct board_reader *r,
                                         struct xg_arena *arena,
                                         struct board_flag **flags,
                                         size_t *count, const char *worker,
                                         struct xg_error *err);

/* A move of a case that counts, of those that a day's review lists
 * (board_lists_move()). */
struct board_act {
    uint64_t number, record; /* of the entity and the record, in the store */
    int64_t ms;              /* effective */
    uint64_t move;
    bool sensitive; /* the case holds personal fields (access.h) */
    char author[XG_CODE_MAX + 1];
};
bool board_lists_move(uint64_t move);
/* In [from_ms, to_ms), in the order of time; in the arena. */
XG_MUST_CHECK enum xg_status board_acts(struct board_reader *r,
                                        struct xg_arena *arena,
                                        struct board_act **acts, size_t *count,
                                        int64_t from_ms, int64_t to_ms,
                                        struct xg_error *err);

/* What a sheet shows of a case. */
struct board_case {
    uint64_t number; /* of the entity, in the store */
    struct xg_id id;
    uint64_t kind, status;
    char unit[XG_CODE_MAX + 1]; /* its home */
    char name[XG_NUMBER_SIZE];
    const char *title; /* "": none, or it may tell of persons; in the arena */
};
XG_MUST_CHECK enum xg_status board_case(struct board_reader *r,
                                        struct board_case *out,
                                        struct xg_arena *arena, uint64_t number,
                                        struct xg_error *err);

/* The human number of an entity, or "". */
XG_MUST_CHECK enum xg_status board_name(struct board_reader *r,
                                        char name[static XG_NUMBER_SIZE],
                                        uint64_t number, struct xg_error *err);

/* Where a unit and all below it stand: from, to, both included. A code that
 * nobody knows stands alone. */
struct board_range {
    int64_t from, to;
};
struct board_range board_unit_range(const struct board_reader *r,
                                    const char *unit);
bool board_knows_unit(const struct board_reader *r, const char *unit);
struct board_range board_category_range(const struct board_reader *r,
                                        const char *category);

#endif
