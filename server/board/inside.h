/* inside.h - what the files of the board share; of this room only. */
#ifndef XG_SERVER_BOARD_INSIDE_H
#define XG_SERVER_BOARD_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "board_sql.h"
#include "server/board/board.h"
#include "server/board/tree.h"
#include "server/data/guide.h"
#include "shared/core/number.h"
#include "shared/db/db.h"

/* Another one where rows say another thing of the same entity: the file is made
 * anew. (Another schema is seen without.) */
enum { BOARD_VERSION = 3 };

/* Readers that stay open, with their caches. */
enum { BOARD_READERS_KEPT = 8, BOARD_CASE_ARENA = 256 << 20 };

/* The trees, by one state of what is imported and of the registry. Shared by
 * whoever reads by them, and freed by the last. */
struct board_shape {
    unsigned users; /* under the board's mutex */
    uint64_t guide, registry;
    struct xg_arena arena;
    struct board_tree units, categories;
};

struct board_reader {
    struct xg_db *db;
    struct board_shape *shape;
    uint64_t drops; /* of the board, when it was opened */
    bool lent;
};

struct board {
    struct data *d;
    char *path; /* NULL: in memory, one connection for all */
    pthread_mutex_t taking; /* who holds it writes; over what follows */
    struct xg_db *db;
    struct store *reader; /* of the store, its own; NULL: none yet, or in memory */
    struct xg_guide *guide;
    struct store *guide_store; /* that the guide reads from, while it is lent */
    uint64_t guide_mark;
    bool looked; /* the file is this log's */
    /* The pass that goes on: up to this pair it is done. */
    uint64_t at_changed, at_number;
    bool at_known, at_end;
    uint64_t passed; /* size of the log up to which a pass was made; 0: none */
    pthread_mutex_t mutex; /* over the rest; taken last */
    struct board_shape *shape;
    struct board_reader readers[BOARD_READERS];
    uint64_t drops;
    atomic_bool followed;
    /* What the thread left, under the mutex: more than a command takes in. */
    bool lags;
    struct board_at left;
};

/* ---- a row (row.c) ---- */

/* By what a row is reckoned. */
struct board_by {
    struct store *store; /* a reader */
    struct xg_registry registry;
    struct xg_guide *guide;
    const struct board_shape *shape;
    int64_t now_ms;
};

struct board_hand {
    const char *unit;
    bool called;
};

/* Everything that the tables hold of one entity; lent by the arena. */
struct board_entry {
    struct store_entity entity;
    bool loops; /* a case: course and clocks hold */
    unsigned look; /* 1 << enum attention_what */
    bool settled;
    const char *holder, *level, *category;
    uint64_t urgency, source;
    char name[XG_NUMBER_SIZE];
    bool placed;
    int32_t lat_e7, lon_e7;
    int64_t created_ms;
    uint64_t stage;
    int64_t due_ms, yellow_ms, wake_ms;
    const char *text, *title;
    struct board_hand *hands;
    size_t hand_count;
    struct xg_id *links;
    size_t link_count;
    /* of a case */
    unsigned waits; /* view_waits_set() */
    int64_t since_ms, stage_ms; /* 0: not open */
    struct xg_clock *clocks; /* paused_ms without the pause that lasts */
    size_t clock_count;
    int64_t paused_from; /* of the one that is paused */
    struct xg_bytes figure; /* report_case_put(); empty: not folded, or none */
    bool figure_open;
    int64_t touched_ms;
    int64_t received_ms, filed_ms, settled_ms; /* XG_NO_TIME: it was not */
    struct board_late *lates;
    size_t late_count;
    bool forked; /* board_forked() */
    /* of a patrol, of a visit, of a subject */
    bool walked, visited, listed;
    struct report_walk walk;
    int64_t visit_ms;
    uint64_t place; /* 64 bits of its hash; 0: none */
    bool has_subject;
    struct xg_id subject;
    struct view_route route; /* of a patrol that `walked` */
    /* what its maker made of it, and what was done (deeds.c) */
    bool reported, valid;
    struct board_flag *flags;
    size_t flag_count;
    struct board_act *acts;
    size_t act_count;
};

XG_MUST_CHECK enum xg_status board_entry_of(struct board_entry *out,
                                            struct xg_arena *arena,
                                            const struct board_by *by,
                                            uint64_t number,
                                            struct xg_error *err);
/* What a case has beside that (course.c). */
XG_MUST_CHECK enum xg_status board_course_of(struct board_entry *e,
                                             struct xg_arena *arena,
                                             const struct board_by *by,
                                             const struct fold *fold,
                                             struct xg_error *err);

/* What figures read of it (figure.c). */
XG_MUST_CHECK enum xg_status board_figure_of(struct board_entry *e,
                                             struct xg_arena *arena,
                                             const struct fold *fold,
                                             const struct guide_rules *rules,
                                             struct xg_error *err);
XG_MUST_CHECK enum xg_status board_figure_put(struct xg_db *db,
                                              const struct board_entry *e,
                                              struct xg_error *err);

/* ---- when it was overdue (late.c) ---- */

/* After its clocks. */
XG_MUST_CHECK enum xg_status board_late_of(struct board_entry *e,
                                           struct xg_arena *arena,
                                           const struct board_by *by,
                                           const struct fold *fold,
                                           struct xg_error *err);
XG_MUST_CHECK enum xg_status board_late_put(struct xg_db *db,
                                            const struct board_entry *e,
                                            struct xg_error *err);

/* ---- what is read (walk_ask.c, deeds.c) ---- */

/* What is too long for a code is none. */
void board_copy_code(char out[static XG_CODE_MAX + 1], const char *text);
/* ---- lists (list.c) ---- */

/* One row into what is zeros. */
typedef void board_read_row(struct xg_stmt *s, void *item);
/* What was gathered, `each` bytes an element, into the arena; the list is
 * cleared. */
XG_MUST_CHECK enum xg_status board_keep(void **out, size_t *count,
                                        struct xg_arena *arena,
                                        struct xg_buf *list, size_t each,
                                        struct xg_error *err);
/* All that the statement finds. */
XG_MUST_CHECK enum xg_status board_read(void **out, size_t *count,
                                        struct xg_arena *arena, size_t each,
                                        struct xg_stmt *s, board_read_row *read,
                                        struct xg_error *err);

/* ---- spans of time (list.c) ---- */

/* 0: less than a day; else less than 2^span days. */
int64_t board_span_of(int64_t from_ms, int64_t to_ms);

/* A table that is found by its spans: what touches a moment began at most so
 * much before it. */
struct board_spans {
    size_t spans; /* statement: the least span over ?1 */
    size_t list;  /* of span ?1, begun at ?2 or later, those between ?3 and ?4 */
    size_t each;
    board_read_row *read;
};
/* All of them, span by span. */
XG_MUST_CHECK enum xg_status board_read_spans(void **out, size_t *count,
                                              struct xg_arena *arena,
                                              struct board_reader *r,
                                              const struct board_spans *table,
                                              int64_t from_ms, int64_t to_ms,
                                              struct xg_error *err);

/* ---- what people did (deeds.c) ---- */

XG_MUST_CHECK enum xg_status board_deeds_of(struct board_entry *e,
                                            struct xg_arena *arena,
                                            const struct fold *fold,
                                            struct xg_error *err);
XG_MUST_CHECK enum xg_status board_deeds_put(struct xg_db *db,
                                             const struct board_entry *e,
                                             struct xg_error *err);

/* ---- patrols and visits (walk.c) ---- */

/* What a worker did for a unit on a day. */
struct board_cover_key {
    char unit[XG_CODE_MAX + 1], worker[XG_CODE_MAX + 1];
    int64_t day;
};
XG_MUST_CHECK enum xg_status board_walk_of(struct board_entry *e,
                                           struct xg_arena *arena,
                                           const struct board_by *by,
                                           const struct xg_brief *brief,
                                           struct xg_error *err);
/* The days that are others now are added to `days`. */
XG_MUST_CHECK enum xg_status board_walk_put(struct xg_db *db,
                                            const struct board_entry *e,
                                            struct xg_buf *days,
                                            struct xg_error *err);
/* Those days anew, of the rows that there are now; `days` is put in order. */
XG_MUST_CHECK enum xg_status board_cover_put(struct xg_db *db,
                                             struct xg_buf *days,
                                             struct xg_error *err);

/* ---- writing it (put.c); in a transaction ---- */

/* Ids whose groups may be others now are added to `touched`, days to `days`. */
XG_MUST_CHECK enum xg_status board_put(struct xg_db *db,
                                       const struct board_entry *e,
                                       const struct board_shape *shape,
                                       struct xg_buf *touched,
                                       struct xg_buf *days,
                                       struct xg_error *err);
/* Groups of all that hang with those ids (struct xg_id, one after another). */
XG_MUST_CHECK enum xg_status board_regroup(struct xg_db *db,
                                           struct xg_bytes touched,
                                           struct xg_error *err);

/* ---- words (words.c) ---- */

/* In small letters, where there are some. */
void board_fold_text(struct xg_buf *out, struct xg_bytes text);
/* The pairs and threes of a folded text, as FTS5 is given them. */
XG_MUST_CHECK enum xg_status board_pairs(struct xg_buf *out,
                                         struct xg_bytes text,
                                         struct xg_error *err);
/* As a question: all that there must be; *any false: it has none, and finds
 * nothing. */
XG_MUST_CHECK enum xg_status board_pairs_query(struct xg_buf *out, bool *any,
                                               struct xg_bytes text,
                                               struct xg_error *err);

/* ---- the file (board.c) ---- */

XG_MUST_CHECK enum xg_status board_open_file(struct board *b,
                                             struct xg_error *err);
/* Under `taking`. */
XG_MUST_CHECK enum xg_status board_wipe(struct board *b, struct xg_error *err);
XG_MUST_CHECK enum xg_status board_mark_get(struct xg_db *db, uint64_t *number,
                                            struct xg_hash *bytes, bool *found,
                                            const char *name,
                                            struct xg_error *err);
XG_MUST_CHECK enum xg_status board_mark_put(struct xg_db *db, const char *name,
                                            uint64_t number,
                                            const struct xg_hash *bytes,
                                            struct xg_error *err);

/* The shape by what is imported (b->guide) and registered now; the caller has a
 * user of it. Under `taking`. */
XG_MUST_CHECK enum xg_status board_shape_of(struct board *b,
                                            struct board_shape **shape,
                                            uint64_t guide_mark,
                                            struct xg_error *err);
/* By this one rows are placed from now on. */
void board_shape_set(struct board *b, struct board_shape *shape);
void board_shape_release(struct board *b, struct board_shape *shape);

#endif
