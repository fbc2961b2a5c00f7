/* put.c - one entity's rows, put in the place of those that it had; and
 * the groups that links make. */
#include "server/board/inside.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS_MAX = 16 << 20 };

static void bind_time(struct xg_stmt *s, int at, int64_t ms)
{
    if (ms == XG_NO_TIME)
        xg_bind_null(s, at);
    else
        xg_bind_i64(s, at, ms);
}

/* ---- the line ---- */

static enum xg_status put_line(struct xg_db *db, const struct board_entry *e,
                               const struct board_shape *shape,
                               struct xg_error *err)
{
    const struct store_entity *row = &e->entity;
    struct xg_stmt *put = xg_stmt(db, BOARD_STMT_LINE_PUT);

    xg_bind_u64(put, 1, row->number);
    xg_bind_id(put, 2, &row->id);
    xg_bind_u64(put, 3, row->kind);
    xg_bind_u64(put, 4, row->status);
    xg_bind_i64(put, 5, row->open);
    xg_bind_i64(put, 6, e->settled);
    xg_bind_i64(put, 7, row->withdrawn);
    xg_bind_i64(put, 8, row->conflicts > 0 || !row->folded);
    xg_bind_text(put, 9, row->unit);
    xg_bind_i64(put, 10, board_tree_at(&shape->units, row->unit));
    xg_bind_text(put, 11, e->holder);
    xg_bind_i64(put, 12, board_tree_at(&shape->units, e->holder));
    xg_bind_text(put, 13, e->level);
    xg_bind_text(put, 14, e->category);
    xg_bind_i64(put, 15, board_tree_at(&shape->categories, e->category));
    xg_bind_u64(put, 16, e->urgency);
    xg_bind_u64(put, 17, e->source);
    xg_bind_text(put, 18, e->name);
    xg_bind_text(put, 19, row->case_number);
    if (e->placed) {
        xg_bind_i64(put, 20, e->lat_e7);
        xg_bind_i64(put, 21, e->lon_e7);
    } else {
        xg_bind_null(put, 20);
        xg_bind_null(put, 21);
    }
    xg_bind_i64(put, 22, e->created_ms);
    xg_bind_u64(put, 23, row->changed);
    xg_bind_u64(put, 24, e->stage);
    xg_bind_i64(put, 25, e->due_ms);
    xg_bind_i64(put, 26, e->yellow_ms);
    xg_bind_i64(put, 27, e->wake_ms);
    xg_bind_i64(put, 28, (int64_t)e->look);
    xg_bind_i64(put, 29, e->since_ms);
    xg_bind_i64(put, 30, e->stage_ms);
    xg_bind_i64(put, 31, e->loops);
    xg_bind_i64(put, 32, e->waits);
    xg_bind_text(put, 33, e->title);
    xg_bind_i64(put, 34, e->forked);
    return xg_stmt_run(put, err);
}

/* ---- words ---- */

/* The index holds no text of its own: what it forgets has to be told to it. */
static enum xg_status change_pairs(struct xg_db *db, size_t statement,
                                   uint64_t number, struct xg_bytes text,
                                   struct xg_error *err)
{
    struct xg_buf pairs = XG_BUF(PAIRS_MAX);
    enum xg_status status = board_pairs(&pairs, text, err);

    if (status == XG_OK) {
        struct xg_stmt *s = xg_stmt(db, statement);
        xg_bind_u64(s, 1, number);
        xg_bind_text_bytes(s, 2, xg_buf_bytes(&pairs));
        status = xg_stmt_run(s, err);
    }
    xg_buf_clear(&pairs);
    return status;
}

static enum xg_status put_words(struct xg_db *db, const struct board_entry *e,
                                struct xg_error *err)
{
    struct xg_buf old = XG_BUF(PAIRS_MAX);
    struct xg_stmt *get = xg_stmt(db, BOARD_STMT_WORDS_GET);
    uint64_t number = e->entity.number;
    bool there = false;

    xg_bind_u64(get, 1, number);
    if (xg_stmt_row(get)) {
        struct xg_bytes text = xg_col_text_bytes(get, 0);
        xg_buf_append(&old, text.at, text.len);
        there = true;
    }
    enum xg_status status = xg_stmt_done(get, err);
    if (status == XG_OK)
        status = xg_buf_check(&old, err);
    bool same = there && xg_bytes_equal(xg_buf_bytes(&old),
                                        xg_bytes_of(e->text));
    if (status == XG_OK && there && !same)
        status = change_pairs(db, BOARD_STMT_PAIR_DROP, number,
                              xg_buf_bytes(&old), err);
    xg_buf_clear(&old);
    if (status != XG_OK || same)
        return status;
    struct xg_stmt *put = xg_stmt(db, BOARD_STMT_WORDS_PUT);
    xg_bind_u64(put, 1, number);
    xg_bind_text(put, 2, e->text);
    if (xg_stmt_run(put, err) != XG_OK)
        return err->status;
    return change_pairs(db, BOARD_STMT_PAIR_PUT, number, xg_bytes_of(e->text),
                        err);
}

/* ---- course, clocks, hands ---- */

static enum xg_status put_course(struct xg_db *db, const struct board_entry *e,
                                 struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(db, BOARD_STMT_COURSE_PUT);

    xg_bind_u64(put, 1, e->entity.number);
    return xg_stmt_run(put, err);
}

static enum xg_status put_clock(struct xg_db *db, uint64_t number, size_t place,
                                const struct xg_clock *c, int64_t paused_from,
                                struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(db, BOARD_STMT_CLOCK_PUT);

    xg_bind_u64(put, 1, number);
    xg_bind_u64(put, 2, place);
    xg_bind_i64(put, 3, c->stage);
    xg_bind_u64(put, 4, c->turn);
    xg_bind_i64(put, 5, c->start_ms);
    bind_time(put, 6, c->end_ms);
    bind_time(put, 7, c->limited ? c->due_ms : XG_NO_TIME);
    bind_time(put, 8, c->limited ? c->due_plain_ms : XG_NO_TIME);
    if (c->limited && c->end_ms != XG_NO_TIME)
        xg_bind_i64(put, 9, xg_clock_overdue(c, c->end_ms, false));
    else
        xg_bind_null(put, 9);
    xg_bind_i64(put, 10, c->limited ? c->limit.unit : 0);
    xg_bind_i64(put, 11, c->limited ? c->limit.milli : 0);
    bind_time(put, 12, c->paused ? paused_from : XG_NO_TIME);
    xg_bind_i64(put, 13, c->paused ? c->paused_left : 0);
    xg_bind_i64(put, 14, c->paused_ms);
    xg_bind_i64(put, 15, c->extended);
    xg_bind_i64(put, 16, c->guessed);
    xg_bind_i64(put, 17, c->provisional);
    xg_bind_text_bytes(put, 18, c->unit);
    xg_bind_text_bytes(put, 19, c->level);
    return xg_stmt_run(put, err);
}

static enum xg_status drop(struct xg_db *db, size_t statement, uint64_t number,
                           struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(db, statement);

    xg_bind_u64(s, 1, number);
    return xg_stmt_run(s, err);
}

static enum xg_status put_clocks(struct xg_db *db, const struct board_entry *e,
                                 struct xg_error *err)
{
    if (drop(db, BOARD_STMT_CLOCK_DROP, e->entity.number, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < e->clock_count; i++)
        if (put_clock(db, e->entity.number, i, &e->clocks[i], e->paused_from,
                      err) != XG_OK)
            return err->status;
    return XG_OK;
}

static enum xg_status put_hands(struct xg_db *db, const struct board_entry *e,
                                const struct board_shape *shape,
                                struct xg_error *err)
{
    if (drop(db, BOARD_STMT_HAND_DROP, e->entity.number, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < e->hand_count; i++) {
        struct xg_stmt *put = xg_stmt(db, BOARD_STMT_HAND_PUT);
        xg_bind_u64(put, 1, e->entity.number);
        xg_bind_text(put, 2, e->hands[i].unit);
        xg_bind_i64(put, 3, board_tree_at(&shape->units, e->hands[i].unit));
        xg_bind_i64(put, 4, e->hands[i].called);
        if (xg_stmt_run(put, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

/* ---- links ---- */

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, XG_ID_SIZE);
}

static size_t settle(struct xg_id *ids, size_t count)
{
    size_t kept = 0;

    if (count)
        qsort(ids, count, sizeof *ids, by_id);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !xg_id_equal(&ids[kept - 1], &ids[i]))
            ids[kept++] = ids[i];
    return kept;
}

/* Old and new ones go to `touched` where they are others than before. */
static enum xg_status put_links(struct xg_db *db, const struct board_entry *e,
                                struct xg_buf *touched, struct xg_error *err)
{
    size_t count = settle(e->links, e->link_count), start = touched->len;
    struct xg_stmt *list = xg_stmt(db, BOARD_STMT_LINK_LIST);
    bool same = true;
    size_t at = 0;

    xg_bind_u64(list, 1, e->entity.number);
    while (xg_stmt_next(list)) {
        struct xg_id id = xg_col_id(list, 0);
        same &= at < count && xg_id_equal(&e->links[at], &id);
        at++;
        xg_buf_append(touched, id.b, sizeof id.b);
    }
    if (xg_stmt_done(list, err) != XG_OK)
        return err->status;
    if (same && at == count) {
        touched->len = start;
        return XG_OK;
    }
    if (drop(db, BOARD_STMT_LINK_DROP, e->entity.number, err) != XG_OK)
        return err->status;
    for (size_t i = 0; i < count; i++) {
        struct xg_stmt *put = xg_stmt(db, BOARD_STMT_LINK_PUT);
        xg_bind_u64(put, 1, e->entity.number);
        xg_bind_id(put, 2, &e->links[i]);
        if (xg_stmt_run(put, err) != XG_OK)
            return err->status;
        xg_buf_append(touched, e->links[i].b, XG_ID_SIZE);
    }
    xg_buf_append(touched, e->entity.id.b, XG_ID_SIZE);
    return xg_buf_check(touched, err);
}

static enum xg_status has_course(struct xg_db *db, bool *has, uint64_t number,
                                 struct xg_error *err)
{
    struct xg_stmt *get = xg_stmt(db, BOARD_STMT_COURSE_HAS);
    bool found;

    xg_bind_u64(get, 1, number);
    found = xg_stmt_row(get);
    if (xg_stmt_done(get, err) != XG_OK)
        return err->status;
    *has = found;
    return XG_OK;
}

enum xg_status board_put(struct xg_db *db, const struct board_entry *e,
                         const struct board_shape *shape,
                         struct xg_buf *touched, struct xg_buf *days,
                         struct xg_error *err)
{
    bool old = false;

    if (put_line(db, e, shape, err) != XG_OK || put_words(db, e, err) != XG_OK ||
        put_hands(db, e, shape, err) != XG_OK)
        return err->status;
    if (e->loops && (has_course(db, &old, e->entity.number, err) != XG_OK ||
                     put_course(db, e, err) != XG_OK ||
                     put_clocks(db, e, err) != XG_OK))
        return err->status;
    if (board_figure_put(db, e, err) != XG_OK ||
        board_late_put(db, e, err) != XG_OK ||
        board_walk_put(db, e, days, err) != XG_OK ||
        board_deeds_put(db, e, err) != XG_OK)
        return err->status;
    if (e->loops && !old) /* others may name it already */
        xg_buf_append(touched, e->entity.id.b, XG_ID_SIZE);
    return put_links(db, e, touched, err);
}

/* ---- groups ---- */

/* Ids that were met, in the order in which they were. */
struct ids {
    struct xg_buf list; /* struct xg_id */
    size_t *slots;      /* open addressing, index + 1 */
    size_t room;
    /* Links name what their authors like: they shall not know the slots. */
    uint8_t key[crypto_shorthash_KEYBYTES];
};

static struct xg_id id_at(const struct xg_buf *list, size_t i)
{
    struct xg_id id;

    memcpy(id.b, list->data + i * XG_ID_SIZE, XG_ID_SIZE);
    return id;
}

static size_t slot_of(const struct ids *ids, const struct xg_id *id)
{
    uint64_t mixed;

    crypto_shorthash((uint8_t *)&mixed, id->b, XG_ID_SIZE, ids->key);
    size_t at = (size_t)mixed & (ids->room - 1);
    while (ids->slots[at]) {
        struct xg_id there = id_at(&ids->list, ids->slots[at] - 1);
        if (xg_id_equal(&there, id))
            break;
        at = (at + 1) & (ids->room - 1);
    }
    return at;
}

static enum xg_status grow(struct ids *ids, struct xg_error *err)
{
    size_t count = ids->list.len / XG_ID_SIZE;

    if (ids->room > 2 * count)
        return XG_OK;
    ids->room = ids->room ? 2 * ids->room : 64;
    free(ids->slots);
    ids->slots = calloc(ids->room, sizeof *ids->slots);
    if (!ids->slots)
        return xg_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        struct xg_id id = id_at(&ids->list, i);
        ids->slots[slot_of(ids, &id)] = i + 1;
    }
    return XG_OK;
}

static enum xg_status add_id(struct ids *ids, bool *is_new,
                             const struct xg_id *id, struct xg_error *err)
{
    if (grow(ids, err) != XG_OK)
        return err->status;
    size_t at = slot_of(ids, id);
    *is_new = ids->slots[at] == 0;
    if (!*is_new)
        return XG_OK;
    xg_buf_append(&ids->list, id->b, XG_ID_SIZE);
    ids->slots[at] = ids->list.len / XG_ID_SIZE;
    return xg_buf_check(&ids->list, err);
}

static enum xg_status add_beside(struct ids *ids, struct xg_db *db,
                                 const struct xg_id *id, struct xg_error *err)
{
    struct xg_stmt *list = xg_stmt(db, BOARD_STMT_LINK_BESIDE);
    enum xg_status status = XG_OK;
    bool is_new;

    xg_bind_id(list, 1, id);
    while (status == XG_OK && xg_stmt_next(list)) {
        struct xg_id beside = xg_col_id(list, 0);
        status = add_id(ids, &is_new, &beside, err);
    }
    struct xg_error ended = XG_ERROR_NONE;
    if (xg_stmt_done(list, &ended) != XG_OK && status == XG_OK) {
        *err = ended;
        status = ended.status;
    }
    return status;
}

/* All that hang together with those from place `from` of the list on; they are
 * called by the least, one alone by nothing. */
static enum xg_status name_group(struct ids *ids, struct xg_db *db, size_t from,
                                 struct xg_error *err)
{
    struct xg_id least = id_at(&ids->list, from);

    for (size_t i = from; i < ids->list.len / XG_ID_SIZE; i++) {
        struct xg_id id = id_at(&ids->list, i);
        if (memcmp(id.b, least.b, XG_ID_SIZE) < 0)
            least = id;
        if (add_beside(ids, db, &id, err) != XG_OK)
            return err->status;
    }
    size_t end = ids->list.len / XG_ID_SIZE;
    for (size_t i = from; i < end; i++) {
        struct xg_id id = id_at(&ids->list, i);
        struct xg_stmt *put = xg_stmt(db, BOARD_STMT_GROUP_PUT);
        xg_bind_id(put, 1, &id);
        xg_bind_bytes(put, 2,
                      xg_bytes(least.b, end - from > 1 ? XG_ID_SIZE : 0));
        if (xg_stmt_run(put, err) != XG_OK)
            return err->status;
    }
    return XG_OK;
}

enum xg_status board_regroup(struct xg_db *db, struct xg_bytes touched,
                             struct xg_error *err)
{
    struct ids ids = {.list = XG_BUF(256 << 20)};
    enum xg_status status = XG_OK;

    randombytes_buf(ids.key, sizeof ids.key);
    for (size_t i = 0; status == XG_OK && i + XG_ID_SIZE <= touched.len;
         i += XG_ID_SIZE) {
        size_t from = ids.list.len / XG_ID_SIZE;
        struct xg_id id;
        bool is_new;
        memcpy(id.b, touched.at + i, XG_ID_SIZE);
        status = add_id(&ids, &is_new, &id, err);
        if (status == XG_OK && is_new)
            status = name_group(&ids, db, from, err);
    }
    xg_buf_clear(&ids.list);
    free(ids.slots);
    return status;
}
