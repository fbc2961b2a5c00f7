/* scope_inside.h - what the files of a page share (scope.h).
 *
 * They build on one another in this order: scope_see.c (what belongs to a
 * scope), scope_put.c (items), scope_run.c (what was written down of who
 * listens), scope_change.c (a worker or a unit that moves), scope.c (the page).
 * Errors go to page.err, which every function that fails has filled.
 */
#ifndef XG_SERVER_MERGE_SCOPE_INSIDE_H
#define XG_SERVER_MERGE_SCOPE_INSIDE_H

#include "server/merge/scope.h"

enum { SCOPE_READ_STEP = 64 }; /* rows that are read at once */

/* What is told at one entry to whoever listens to the key. */
struct run {
    uint64_t shown, first, last;
    unsigned more;
    const char *key;
};

struct runs {
    struct run *list;
    size_t count, room;
    uint64_t end; /* what is shown at or after it was left out */
};

/* A place in the log and the time note that bounds it. */
struct bound {
    bool known, any;
    uint64_t place;
    struct store_time note;
};

struct page {
    struct xg_buf *raw;
    struct store *store;
    struct registry *registry;
    struct xg_arena arena; /* of the page */
    struct xg_arena step;  /* of a few records */
    struct xg_arena walk;  /* of a few rows that lead to records */
    struct xg_error *err;
    struct registry_scope scope; /* at the entries that are told */
    struct registry_scope now;   /* at the end */
    const char *own_key;         /* "@device" */
    const struct scope_held *held;
    struct xg_tree tree; /* over the records put */
    /* The hands of the entity looked at last. */
    struct xg_arena look;
    struct store_hand *hands;
    size_t hand_count;
    uint64_t hands_of; /* 0: none */
    /* What was said before in this body. */
    uint64_t chain; /* number; 0: none */
    struct store_chain chain_row;
    struct xg_hash last_hash;
    bool last_any;
    uint64_t *branches_told;
    size_t told_count, told_room;
    uint64_t *times; /* positions of time notes told, ascending */
    size_t time_count, time_room;
    struct bound below, from; /* looked up last */
};

/* ---- scope_see.c ---- */

enum level { UNSEEN, IN_PART, WHOLE };

static inline enum level scope_least(enum level a, enum level b)
{
    return a < b ? a : b;
}

/* An entity, and by which of its hands it is looked at. */
struct subject {
    uint64_t entity, kind;
    const char *home;
    enum store_handed handed;
};
struct subject scope_subject_of(const struct store_record *row);

enum by { BY_NOW, BY_RECORD, BY_ENTRY };

struct look {
    enum by by;
    uint64_t at; /* record's number; log position */
};

/* Of a sorted list. */
bool scope_has_text(const char *const *list, size_t count, const char *text);
bool scope_informed(const struct registry_scope *s);
/* By one of its hands; by its home alone, where it always was; by all of them.
 */
enum level scope_key_level(const struct registry_scope *s, const char *key);
enum level scope_home_level(const struct registry_scope *s,
                            const struct subject *e);
XG_MUST_CHECK enum xg_status scope_see(enum level *level, struct page *p,
                                       const struct registry_scope *s,
                                       const struct subject *e,
                                       const struct look *look);
XG_MUST_CHECK enum xg_status scope_see_now(enum level *level, struct page *p,
                                           const struct subject *e);
bool scope_shows(enum level level, const struct store_record *row);
/* Had it the entity, looked at so? */
bool scope_hand_counts(const struct store_hand *hand, const struct look *look);
/* Read into page.hands. */
XG_MUST_CHECK enum xg_status scope_hands_of(struct page *p,
                                            const struct subject *e);

/* ---- scope_put.c ---- */

XG_MUST_CHECK enum xg_status scope_put_row(struct page *p,
                                           const struct store_record *row);
/* The last time note below an anchor's size: what others are judged by too, so
 * the device needs the very one. */
XG_MUST_CHECK enum xg_status scope_put_below(struct page *p, uint64_t size);
/* The notes that bound the record's time. */
XG_MUST_CHECK enum xg_status scope_put_bounds(struct page *p,
                                              const struct store_record *row);
/* Known records that are on another branch now, of several keys each once. */
XG_MUST_CHECK enum xg_status scope_put_all_moved(struct page *p,
                                                 const struct run *runs,
                                                 size_t run_count);

/* ---- scope_run.c ---- */

/* Add what is told at the entries [from, to) to who listens to the key, or is
 * below the unit; `limit` rows at most, then runs.end is where the rest begins.
 */
XG_MUST_CHECK enum xg_status scope_key_runs(struct page *p, struct runs *r,
                                            const char *key, uint64_t from,
                                            uint64_t to, size_t limit);
XG_MUST_CHECK enum xg_status scope_down_runs(struct page *p, struct runs *r,
                                             const char *unit, uint64_t from,
                                             uint64_t to, size_t limit);
void scope_sort_runs(struct runs *r);
/* How many runs from the i-th on are told at its entry; *all is the records
 * of them all: those of one entry lie together. */
size_t scope_one_entry(const struct runs *r, size_t i, struct run *all);

/* What to do with the rows of a run. */
typedef enum xg_status on_row(struct page *p, void *ctx,
                              const struct store_record *row);
XG_MUST_CHECK enum xg_status scope_walk_run(struct page *p,
                                            const struct run *run,
                                            on_row *each, void *ctx);

/* ---- scope_change.c ---- */

/* The first change of the scope in [from, to) that somebody can notice, or
 * `to`. */
XG_MUST_CHECK enum xg_status scope_next_change(struct page *p, uint64_t from,
                                               uint64_t to, uint64_t *at);
/* The parts of earlier changes that are told of at entry `at`; *more: there are
 * others after them. */
XG_MUST_CHECK enum xg_status scope_put_changes(struct page *p, uint64_t at,
                                               bool *more);

#endif
