/* follow.c - how the board comes to hold what the store does.
 *
 * Entities are looked at in the order in which they changed. How far that went
 * is written in the transaction that writes their rows; what changes later has
 * a `changed` that is no less than the log was long, so everything below the
 * published size is done for good, and what lies above it is looked at again.
 */
#include "server/board/case.h"
#include "server/board/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/log.h"
#include "shared/base/wait.h"

enum {
    CHUNK = 200,     /* entities a transaction */
    PLACES = 500,    /* rows read at a time when all are placed anew */
    ROWS_ARENA = 64 << 20,
    TOUCHED_MAX = 64 << 20,
    EVERY_MS = 500,
    REST = 3,     /* of the thread, for each moment at work, while something
                   * comes; and */
    REST_DIV = 4, /* the part of that moment, while nothing does */
    LITTLE = 20,  /* entities a transaction, beside a log that is written */
    STAND_BACK_MS = 2000, /* at most, for who reports; and how often it looks */
    LOOK_MS = 50,
    NICE = 5,     /* a third of the weight of another thread */
    QUIET = 4,    /* rounds of EVERY_MS until the log is emptied, where it has */
    TIDY_PAGES = 1024,
    FACTS = BOARD_VERSION * 1000 + REPORT_CASE_VERSION,
};

/* In the place of a number: nothing is to be reckoned again. */
#define REDONE ((uint64_t)INT64_MAX)

/* One chunk at work. */
struct take {
    struct board *b;
    struct xg_checkpoint published;
    struct board_by by;
    struct board_shape *shape; /* ours */
    uint64_t changed, number;  /* up to where it is done; of the pair before */
    uint64_t guide, redo;      /* numbers up to `redo` are reckoned again */
    bool redoes;
    struct xg_arena arena;     /* of a case */
    struct xg_buf touched, days;
    uint64_t budget, done;
    bool wrote;
};

/* ---- what it was reckoned by ---- */

/* The guide is kept as long as nothing is imported; it reads from the store
 * that is lent just now. */
static enum xg_status each_now(void *ctx, const char *kind, uint64_t size,
                               enum xg_status visit(void *visitor,
                                                    const struct xg_guide_file *,
                                                    struct xg_error *err),
                               void *visitor, struct xg_error *err)
{
    const struct board *b = ctx;
    struct xg_guide_source now = guide_source(b->guide_store);

    return now.each(now.ctx, kind, size, visit, visitor, err);
}

static enum xg_status need_guide(struct take *t, struct xg_error *err)
{
    struct board *b = t->b;
    const struct xg_guide_source source = {b, each_now};

    b->guide_store = t->by.store;
    if (guide_mark(&t->guide, t->by.store, err) != XG_OK)
        return err->status;
    if (b->guide && b->guide_mark == t->guide)
        return XG_OK;
    xg_guide_free(b->guide);
    b->guide = NULL;
    if (xg_guide_new(&b->guide, &source, err) != XG_OK)
        return err->status;
    b->guide_mark = t->guide;
    return XG_OK;
}

/* Is the file of this log, and no further than it? */
static enum xg_status look_whose(struct board *b, struct store *store,
                                 const struct xg_checkpoint *published,
                                 struct xg_error *err)
{
    struct xg_hash root, ours;
    bool found, has_version, same = true;
    uint64_t size, version;

    if (b->looked)
        return XG_OK;
    if (board_mark_get(b->db, &size, &root, &found, "log", err) != XG_OK ||
        board_mark_get(b->db, &version, NULL, &has_version, "facts", err) !=
            XG_OK)
        return err->status;
    if (found && (!has_version || version != FACTS ||
                  size > published->size)) {
        same = false;
    } else if (found && size) {
        if (ledger_root(&ours, store, size, err) != XG_OK)
            return err->status;
        same = xg_hash_equal(&ours, &root);
    }
    if (!same) {
        xg_log(XG_LOG_INFO, "board.anew", "why=another log or version");
        if (board_wipe(b, err) != XG_OK || board_open_file(b, err) != XG_OK)
            return err->status;
    }
    b->looked = true;
    return XG_OK;
}

static enum xg_status read_marks(struct take *t, struct xg_error *err)
{
    struct xg_db *db = t->b->db;
    uint64_t guide;
    bool found;

    if (board_mark_get(db, &t->changed, NULL, &found, "changed", err) !=
            XG_OK ||
        board_mark_get(db, &t->number, NULL, &found, "number", err) != XG_OK ||
        board_mark_get(db, &t->redo, NULL, &t->redoes, "redo", err) != XG_OK ||
        board_mark_get(db, &guide, NULL, &found, "guide", err) != XG_OK)
        return err->status;
    t->redoes = t->redoes && t->redo != REDONE;
    if (found && guide != t->guide) { /* imported meanwhile: all once more */
        t->redoes = true;
        t->redo = 0;
    }
    return XG_OK;
}

static enum xg_status write_marks(struct take *t, uint64_t changed,
                                  uint64_t number, struct xg_error *err)
{
    struct xg_db *db = t->b->db;

    if (board_mark_put(db, "changed", changed, NULL, err) != XG_OK ||
        board_mark_put(db, "number", number, NULL, err) != XG_OK ||
        board_mark_put(db, "redo", t->redoes ? t->redo : REDONE, NULL,
                       err) != XG_OK ||
        board_mark_put(db, "guide", t->guide, NULL, err) != XG_OK ||
        board_mark_put(db, "facts", FACTS, NULL, err) != XG_OK ||
        board_mark_put(db, "log", t->published.size, &t->published.root, err) !=
            XG_OK)
        return err->status;
    return XG_OK;
}

/* ---- places in the trees ---- */

struct placed {
    uint64_t number;
    int64_t unit, holder, category;
};

static enum xg_status find_misplaced(struct placed *rows, size_t *count,
                                     uint64_t *last, struct take *t,
                                     struct xg_error *err)
{
    struct xg_stmt *list = xg_stmt(t->b->db, BOARD_STMT_PLACE_LIST);
    const struct board_tree *units = &t->shape->units;
    uint64_t after = *last;
    size_t n = 0;

    xg_bind_u64(list, 1, after);
    xg_bind_i64(list, 2, PLACES);
    while (xg_stmt_next(list)) {
        struct placed p = {
            xg_col_u64(list, 0), board_tree_at(units, xg_col_text(list, 1)),
            board_tree_at(units, xg_col_text(list, 3)),
            board_tree_at(&t->shape->categories, xg_col_text(list, 5))};
        *last = p.number;
        if (p.unit != xg_col_i64(list, 2) || p.holder != xg_col_i64(list, 4) ||
            p.category != xg_col_i64(list, 6))
            rows[n++] = p;
    }
    *count = n;
    return xg_stmt_done(list, err);
}

static enum xg_status place_lines(struct take *t, struct xg_error *err)
{
    struct placed rows[PLACES];
    uint64_t last = 0, before;
    size_t count;

    do {
        before = last;
        if (find_misplaced(rows, &count, &last, t, err) != XG_OK)
            return err->status;
        for (size_t i = 0; i < count; i++) {
            struct xg_stmt *put = xg_stmt(t->b->db, BOARD_STMT_PLACE_PUT);
            xg_bind_u64(put, 1, rows[i].number);
            xg_bind_i64(put, 2, rows[i].unit);
            xg_bind_i64(put, 3, rows[i].holder);
            xg_bind_i64(put, 4, rows[i].category);
            if (xg_stmt_run(put, err) != XG_OK)
                return err->status;
        }
    } while (last != before);
    return XG_OK;
}

struct hand_row {
    uint64_t number;
    int64_t at;
    bool moved;
    char unit[STORE_UNIT_MAX + 1];
};

static enum xg_status list_hands(struct hand_row *rows, size_t *count,
                                 const struct hand_row *after, struct take *t,
                                 struct xg_error *err)
{
    struct xg_stmt *list = xg_stmt(t->b->db, BOARD_STMT_HAND_LIST);
    size_t n = 0;

    xg_bind_u64(list, 1, after->number);
    xg_bind_text(list, 2, after->unit);
    xg_bind_i64(list, 3, PLACES);
    while (xg_stmt_next(list)) {
        struct hand_row *h = &rows[n++];
        h->number = xg_col_u64(list, 0);
        snprintf(h->unit, sizeof h->unit, "%s", xg_col_text(list, 1));
        h->at = board_tree_at(&t->shape->units, h->unit);
        h->moved = h->at != xg_col_i64(list, 2);
    }
    *count = n;
    return xg_stmt_done(list, err);
}

static enum xg_status place_hands(struct take *t, struct xg_error *err)
{
    struct hand_row *rows = malloc(PLACES * sizeof *rows);
    struct hand_row after = {.number = 0};
    enum xg_status status = rows ? XG_OK : xg_fail_nomem(err);
    size_t count = 1;

    while (status == XG_OK && count) {
        status = list_hands(rows, &count, &after, t, err);
        for (size_t i = 0; status == XG_OK && i < count; i++) {
            after = rows[i];
            if (!rows[i].moved)
                continue;
            struct xg_stmt *put = xg_stmt(t->b->db, BOARD_STMT_HAND_PLACE);
            xg_bind_u64(put, 1, rows[i].number);
            xg_bind_text(put, 2, rows[i].unit);
            xg_bind_i64(put, 3, rows[i].at);
            status = xg_stmt_run(put, err);
        }
    }
    free(rows);
    return status;
}

/* All rows stand by one pair of trees: they are placed in one transaction. */
static enum xg_status place_all(struct take *t, struct xg_error *err)
{
    struct xg_hash units, categories;
    bool has_units, has_categories;
    uint64_t number;

    if (board_mark_get(t->b->db, &number, &units, &has_units, "units", err) !=
            XG_OK ||
        board_mark_get(t->b->db, &number, &categories, &has_categories,
                       "categories", err) != XG_OK)
        return err->status;
    if (has_units && has_categories &&
        xg_hash_equal(&units, &t->shape->units.digest) &&
        xg_hash_equal(&categories, &t->shape->categories.digest))
        return XG_OK;
    if (xg_db_begin(t->b->db, err) != XG_OK)
        return err->status;
    if (place_lines(t, err) != XG_OK || place_hands(t, err) != XG_OK ||
        board_mark_put(t->b->db, "units", 0, &t->shape->units.digest, err) !=
            XG_OK ||
        board_mark_put(t->b->db, "categories", 0,
                       &t->shape->categories.digest, err) != XG_OK) {
        xg_db_rollback(t->b->db);
        return err->status;
    }
    return xg_db_commit(t->b->db, err);
}

/* ---- entities ---- */

static enum xg_status take_one(struct take *t, uint64_t number,
                               struct xg_error *err)
{
    struct board_entry entry;

    xg_arena_reset(&t->arena);
    if (board_entry_of(&entry, &t->arena, &t->by, number, err) != XG_OK)
        return err->status;
    t->done++;
    return board_put(t->b->db, &entry, t->shape, &t->touched, &t->days, err);
}

/* The next that changed. *changed, *number: up to where it is done for good. */
static enum xg_status take_changed(struct take *t, uint64_t *changed,
                                   uint64_t *number, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(ROWS_ARENA);
    struct store *s = t->by.store;
    struct store_entity *rows;
    uint64_t limit = t->budget < CHUNK ? t->budget : CHUNK;
    size_t count = 0;
    enum xg_status status =
        s->ops->read_entities_changed(s, &arena, &rows, &count, t->b->at_changed,
                                      t->b->at_number, limit, err);

    for (size_t i = 0; status == XG_OK && i < count; i++)
        status = take_one(t, rows[i].number, err);
    if (status == XG_OK && count) {
        *changed = rows[count - 1].changed;
        *number = rows[count - 1].number;
    }
    t->b->at_end = status == XG_OK && count < limit;
    xg_arena_clear(&arena);
    return status;
}

static enum xg_status take_numbers(struct take *t, size_t statement,
                                   int64_t from, uint64_t *last, size_t *count,
                                   struct xg_error *err)
{
    uint64_t numbers[CHUNK];
    uint64_t room = t->done < t->budget ? t->budget - t->done : 0;
    struct xg_stmt *list = xg_stmt(t->b->db, statement);
    size_t n = 0;

    xg_bind_i64(list, 1, from);
    xg_bind_u64(list, 2, room < CHUNK ? room : CHUNK);
    while (xg_stmt_next(list))
        numbers[n++] = xg_col_u64(list, 0);
    if (xg_stmt_done(list, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < n; i++)
        if (take_one(t, numbers[i], err) != XG_OK)
            return err->status;
    if (n)
        *last = numbers[n - 1];
    *count = n;
    return XG_OK;
}

/* Pauses that are over; then what an import left to be reckoned again. */
static enum xg_status take_again(struct take *t, struct xg_error *err)
{
    uint64_t room, last = 0;
    size_t count;

    if (take_numbers(t, BOARD_STMT_WAKE_LIST, t->by.now_ms, &last, &count,
                     err) != XG_OK)
        return err->status;
    room = t->done < t->budget ? t->budget - t->done : 0;
    if (!t->redoes || room == 0)
        return XG_OK;
    last = t->redo;
    if (take_numbers(t, BOARD_STMT_NUMBER_LIST, (int64_t)t->redo, &last, &count,
                     err) != XG_OK)
        return err->status;
    t->redo = last;
    t->redoes = count == (room < CHUNK ? room : CHUNK);
    return XG_OK;
}

static enum xg_status count_behind(struct take *t, uint64_t *behind,
                                   struct xg_error *err)
{
    struct store *s = t->by.store;
    uint64_t changed = 0, again = 0;

    if (!t->b->at_end &&
        s->ops->count_entities_changed(s, &changed, t->b->at_changed,
                                       t->b->at_number, err) != XG_OK)
        return err->status;
    if (t->redoes) {
        struct xg_stmt *get = xg_stmt(t->b->db, BOARD_STMT_NUMBER_COUNT);
        xg_bind_u64(get, 1, t->redo);
        if (xg_stmt_number(&again, NULL, get, err) != XG_OK)
            return err->status;
    }
    *behind = changed + again;
    return XG_OK;
}

/* ---- a chunk ---- */

/* Is there nothing to write? Asked before a transaction is begun. */
static enum xg_status is_idle(struct take *t, bool *idle, struct xg_error *err)
{
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct xg_stmt *wake;
    struct store_entity *rows;
    struct store *s = t->by.store;
    uint64_t guide;
    size_t count = 0;
    bool found;
    enum xg_status status = XG_OK;

    /* Nothing changes but with an entry. */
    if (t->published.size != t->b->passed)
        status = s->ops->read_entities_changed(s, &arena, &rows, &count,
                                               t->b->at_changed,
                                               t->b->at_number, 1, err);
    xg_arena_clear(&arena);
    if (status != XG_OK ||
        board_mark_get(t->b->db, &guide, NULL, &found, "guide", err) != XG_OK)
        return err->status;
    wake = xg_stmt(t->b->db, BOARD_STMT_WAKE_LIST);
    xg_bind_i64(wake, 1, t->by.now_ms);
    xg_bind_i64(wake, 2, 1);
    bool wakes = xg_stmt_next(wake);
    if (xg_stmt_done(wake, err) != XG_OK)
        return err->status;
    *idle = count == 0 && !wakes && !t->redoes && found && guide == t->guide;
    return XG_OK;
}

static enum xg_status write_chunk(struct take *t, struct xg_error *err)
{
    struct board *b = t->b;
    uint64_t changed = b->at_changed, number = b->at_number;

    if (xg_db_begin(b->db, err) != XG_OK)
        return err->status;
    enum xg_status status = take_changed(t, &changed, &number, err);
    if (status == XG_OK && b->at_end)
        status = take_again(t, err);
    if (status == XG_OK)
        status = xg_buf_check(&t->touched, err);
    if (status == XG_OK)
        status = board_regroup(b->db, xg_buf_bytes(&t->touched), err);
    if (status == XG_OK)
        status = board_cover_put(b->db, &t->days, err);
    /* What was told later than what is published may change once more under
     * the same place. */
    bool above = changed >= t->published.size;
    uint64_t done_changed = above || b->at_end ? t->published.size : changed;
    uint64_t done_number = above || b->at_end ? 0 : number;
    if (status == XG_OK)
        status = write_marks(t, done_changed, done_number, err);
    if (status != XG_OK) {
        xg_db_rollback(b->db);
        return status;
    }
    if (xg_db_commit(b->db, err) != XG_OK)
        return err->status;
    b->at_changed = changed;
    b->at_number = number;
    if (b->at_end)
        b->passed = t->published.size;
    return XG_OK;
}

/* A later pass begins at what was done for good. */
static void begin_pass(struct take *t)
{
    struct board *b = t->b;

    if (!b->at_end && b->at_known)
        return;
    b->at_changed = t->changed;
    b->at_number = t->number;
    b->at_known = true;
}

static enum xg_status chunk_over(struct take *t, struct board_at *at,
                                 struct xg_error *err)
{
    struct board *b = t->b;
    bool idle = false;

    if (look_whose(b, t->by.store, &t->published, err) != XG_OK ||
        need_guide(t, err) != XG_OK ||
        board_shape_of(b, &t->shape, t->guide, err) != XG_OK)
        return err->status;
    t->by.guide = b->guide;
    t->by.shape = t->shape;
    t->by.registry = registry_view(b->d->registry);
    t->by.now_ms = (int64_t)ledger_time_ms(b->d->ledger);
    if (place_all(t, err) != XG_OK || read_marks(t, err) != XG_OK)
        return err->status;
    board_shape_set(b, t->shape);
    begin_pass(t);
    if (is_idle(t, &idle, err) != XG_OK)
        return err->status;
    if (idle) {
        b->at_end = true;
        b->passed = t->published.size;
    } else if (write_chunk(t, err) != XG_OK) {
        return err->status;
    }
    at->size = t->published.size;
    return count_behind(t, &at->behind, err);
}

/* A snapshot of the store. Whoever waits for `taking` may hold one of those that
 * data_borrow() lends, all of them may; so the board has one of its own. */
static enum xg_status begin_store(struct board *b, struct store **out,
                                  struct xg_error *err)
{
    struct store *written = b->d->store;

    if (!b->path)
        return data_borrow(b->d, out, err);
    if ((!b->reader &&
         written->ops->open_reader(written, &b->reader, err) != XG_OK) ||
        b->reader->ops->begin_read(b->reader, err) != XG_OK)
        return err->status;
    *out = b->reader;
    return XG_OK;
}

static void end_store(struct board *b, struct store *store)
{
    if (store && store == b->reader)
        store->ops->rollback(store);
    else if (store)
        data_return(b->d, store);
}

static enum xg_status chunk(struct board *b, struct board_at *at,
                            uint64_t budget, uint64_t *done,
                            struct xg_error *err)
{
    struct take t = {.b = b,
                     .budget = budget,
                     .arena = XG_ARENA(BOARD_CASE_ARENA),
                     .touched = XG_BUF(TOUCHED_MAX),
                     .days = XG_BUF(TOUCHED_MAX)};
    struct store *store = NULL;
    enum xg_status status = ledger_published(b->d->ledger, &t.published, NULL,
                                             err);

    if (status == XG_OK)
        status = begin_store(b, &store, err);
    if (status == XG_OK) {
        t.by.store = store;
        status = board_open_file(b, err);
    }
    if (status == XG_OK)
        status = chunk_over(&t, at, err);
    b->guide_store = NULL;
    end_store(b, store);
    board_shape_release(b, t.shape);
    xg_arena_clear(&t.arena);
    xg_buf_clear(&t.touched);
    xg_buf_clear(&t.days);
    *done = t.done;
    return status;
}

/* What is damaged is made anew, once. */
static enum xg_status chunk_or_anew(struct board *b, struct board_at *at,
                                    uint64_t budget, uint64_t *done,
                                    struct xg_error *err)
{
    pthread_mutex_lock(&b->taking);
    enum xg_status status = chunk(b, at, budget, done, err);
    if (status == XG_CORRUPT && b->path) {
        xg_log(XG_LOG_WARN, "board.anew", "why=%s", xg_error_text(err));
        *err = XG_ERROR_NONE;
        status = board_wipe(b, err);
        if (status == XG_OK)
            status = chunk(b, at, budget, done, err);
    }
    if (status != XG_OK) {
        b->at_known = false;
        b->passed = 0;
    }
    pthread_mutex_unlock(&b->taking);
    return status;
}

/* More is left than a command takes in, and the thread is at it: then each who
 * asks would do the thread's work, all of them one after another. */
static bool lags(struct board *b, struct board_at *at)
{
    pthread_mutex_lock(&b->mutex);
    bool is = b->followed && b->lags;
    if (is)
        *at = b->left;
    pthread_mutex_unlock(&b->mutex);
    return is;
}

static void tell_left(struct board *b, const struct board_at *at)
{
    pthread_mutex_lock(&b->mutex);
    b->lags = at->behind > BOARD_TAKE_IN;
    b->left = *at;
    pthread_mutex_unlock(&b->mutex);
}

enum xg_status board_take_in(struct board *b, struct board_at *out,
                             uint64_t most, struct xg_error *err)
{
    struct board_at at = {.behind = 1};
    uint64_t done = 1, left = most;

    if (most == BOARD_TAKE_IN && lags(b, &at)) {
        *out = at;
        return XG_OK;
    }
    for (bool last = false; at.behind && !last;) {
        last = left <= CHUNK || !done;
        if (chunk_or_anew(b, &at, left, &done, err) != XG_OK)
            return err->status;
        left -= done < left ? done : left;
    }
    *out = at;
    return XG_OK;
}

/* ---- the thread ---- */

struct board_thread {
    struct board *b;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool stop;
};

static bool rest(struct board_thread *t, uint64_t ms)
{
    const struct timespec until = xg_wait_until(ms);

    pthread_mutex_lock(&t->mutex);
    while (!t->stop && xg_wait(&t->wake, &t->mutex, &until))
        ;
    bool stop = t->stop;
    pthread_mutex_unlock(&t->mutex);
    return !stop;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* The index keeps the pairs of a text that it was told to drop, too. */
static enum xg_status merge_pairs(struct board *b, struct xg_error *err)
{
    if (xg_db_begin(b->db, err) != XG_OK)
        return err->status;
    if (xg_stmt_run(xg_stmt(b->db, BOARD_STMT_PAIR_MERGE), err) == XG_OK)
        return xg_db_commit(b->db, err);
    xg_db_rollback(b->db);
    return err->status;
}

enum xg_status board_forget(struct board *b, struct xg_error *err)
{
    struct board_at at;

    if (!b->path || access(b->path, F_OK) != 0)
        return XG_OK;
    if (board_take_in(b, &at, UINT64_MAX, err) != XG_OK)
        return err->status;
    pthread_mutex_lock(&b->taking);
    enum xg_status status = board_open_file(b, err);
    if (status == XG_OK)
        status = merge_pairs(b, err);
    if (status == XG_OK)
        status = xg_db_checkpoint(b->db, err);
    pthread_mutex_unlock(&b->taking);
    return status;
}

/* What was written goes to its place in the file in a quiet moment, not in the
 * middle of the next rush. */
static void tidy(struct board *b)
{
    struct xg_error err = XG_ERROR_NONE;

    pthread_mutex_lock(&b->taking);
    if (b->db && xg_db_tidy(b->db, TIDY_PAGES, &err) != XG_OK)
        xg_log(XG_LOG_WARN, "board.tidy", "error=%s", xg_error_text(&err));
    pthread_mutex_unlock(&b->taking);
}

/* Whoever reports goes first: while something comes it rests thrice as long as
 * it works, and has a third of the processor's time that another thread has.
 * Linux knows a priority of a thread; where it is refused, all are equal. In a
 * rush, when it is far behind and the log is being written, it stands back, but
 * not for ever. How far behind it is a little work tells. */
static void *follow(void *ctx)
{
    struct board_thread *t = ctx;
    uint64_t pause_ms = 0, size = 0, ended = now_ms();
    unsigned quiet = 0; /* rounds in which there was nothing to do */

    if (setpriority(PRIO_PROCESS, 0, NICE) != 0)
        xg_log(XG_LOG_DEBUG, "board.nice", "error=%s", strerror(errno));
    while (rest(t, pause_ms)) {
        struct xg_error err = XG_ERROR_NONE;
        struct board_at at = {.behind = 0};
        uint64_t done = 0, start = now_ms();
        bool busy = ledger_is_busy(t->b->d->ledger), far = lags(t->b, &at);
        if (busy && far && start - ended < STAND_BACK_MS) {
            pause_ms = LOOK_MS;
            continue;
        }
        if (chunk_or_anew(t->b, &at, busy && !far ? LITTLE : CHUNK, &done,
                          &err) != XG_OK)
            xg_log(XG_LOG_WARN, "board.follow", "error=%s", xg_error_text(&err));
        ended = now_ms();
        uint64_t worked = ended - start;
        pause_ms = !at.behind || !done ? EVERY_MS
                   : at.size == size   ? worked / REST_DIV
                                       : REST * worked;
        quiet = done || at.behind ? 0 : quiet + 1;
        if (quiet == QUIET)
            tidy(t->b);
        size = at.size;
        tell_left(t->b, &at);
    }
    return NULL;
}

enum xg_status board_start(struct board_thread **out, struct board *b,
                           struct xg_error *err)
{
    struct board_thread *t = calloc(1, sizeof *t);

    if (!t)
        return xg_fail_nomem(err);
    t->b = b;
    pthread_mutex_init(&t->mutex, NULL);
    pthread_cond_init(&t->wake, NULL);
    b->followed = true;
    if (pthread_create(&t->thread, NULL, follow, t) != 0) {
        b->followed = false;
        pthread_cond_destroy(&t->wake);
        pthread_mutex_destroy(&t->mutex);
        free(t);
        return xg_fail(err, XG_IO, "the thread of the board");
    }
    *out = t;
    return XG_OK;
}

void board_stop(struct board_thread *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->mutex);
    t->stop = true;
    pthread_cond_signal(&t->wake);
    pthread_mutex_unlock(&t->mutex);
    pthread_join(t->thread, NULL);
    t->b->followed = false;
    tell_left(t->b, &(struct board_at){.behind = 0});
    pthread_cond_destroy(&t->wake);
    pthread_mutex_destroy(&t->mutex);
    free(t);
}
