/* walk.c - patrols and visits: a row each, and what they come to a day
 * (`cover`), of which a year costs a unit some hundred rows to add up. */
#include "server/board/inside.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "shared/core/calendar.h"

enum { KEY_BYTES = BOARD_PLACE_SIZE };

#define DAY_MS INT64_C(86400000)
#define ZONE_MS (INT64_C(60000) * XG_ZONE_CHINA_MIN)
/* Years that somebody can ask for; what a device says outside of them is of no
 * day. */
#define DAY_LEAST INT64_C(-719529)
#define DAY_MOST INT64_C(2932898)

bool board_day_of(int64_t *day, int64_t ms)
{
    int64_t days = ms / DAY_MS, rest = ms % DAY_MS;

    if (rest < 0) {
        days--;
        rest += DAY_MS;
    }
    days += rest + ZONE_MS >= DAY_MS;
    *day = days;
    return days >= DAY_LEAST && days <= DAY_MOST;
}

static int64_t day_begins(int64_t day)
{
    return day * DAY_MS - ZONE_MS;
}

/* ---- from an entity ---- */

static uint64_t place_key(struct xg_bytes place)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    uint64_t key = 0;

    if (place.len == 0)
        return 0;
    crypto_hash_sha256(hash, place.at, place.len);
    for (size_t i = 0; i < KEY_BYTES; i++)
        key = key << 8 | hash[i];
    return key & ~UINT64_C(1);
}

static void take_visit(struct board_entry *e, const struct xg_brief *brief)
{
    struct report_visit v = report_visit_of(brief);

    e->visited = true;
    e->visit_ms = v.happened ? v.ms : e->created_ms;
    e->place = place_key(v.place);
    e->has_subject = v.has_subject;
    e->subject = v.subject;
}

enum xg_status board_walk_of(struct board_entry *e, struct xg_arena *arena,
                             const struct board_by *by,
                             const struct xg_brief *brief, struct xg_error *err)
{
    if (e->entity.withdrawn || !e->entity.creator)
        return XG_OK;
    switch (e->entity.kind) {
    case XG_KIND_PATROL:
        return report_walk_of(&e->walk, &e->route, &e->walked, arena,
                              by->store, &e->entity, brief, err);
    case XG_KIND_VISIT:
        take_visit(e, brief);
        break;
    case XG_KIND_SUBJECT:
        e->listed = report_is_listed(brief);
        break;
    default:
        break;
    }
    return XG_OK;
}

/* ---- writing ---- */

/* What a worker did for a unit on a day is another now. */
static enum xg_status touch(struct xg_buf *days, const char *unit,
                            const char *worker, int64_t ms,
                            struct xg_error *err)
{
    struct board_cover_key key = {.day = 0};

    if (!board_day_of(&key.day, ms))
        return XG_OK;
    memcpy(key.unit, unit, strlen(unit) + 1);
    memcpy(key.worker, worker, strlen(worker) + 1);
    xg_buf_append(days, &key, sizeof key);
    return xg_buf_check(days, err);
}

static enum xg_status drop_old(struct xg_db *db, size_t statement,
                               uint64_t number, struct xg_buf *days,
                               struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(db, statement);
    enum xg_status status = XG_OK;

    xg_bind_u64(s, 1, number);
    while (status == XG_OK && xg_stmt_next(s)) {
        const char *unit = xg_col_text(s, 0), *worker = xg_col_text(s, 1);
        if (strlen(unit) <= XG_CODE_MAX && strlen(worker) <= XG_CODE_MAX)
            status = touch(days, unit, worker, xg_col_i64(s, 2), err);
    }
    struct xg_error ended = XG_ERROR_NONE;
    if (xg_stmt_done(s, &ended) != XG_OK && status == XG_OK) {
        *err = ended;
        status = ended.status;
    }
    return status;
}

static enum xg_status put_patrol(struct xg_db *db, const struct report_walk *w,
                                 struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(db, BOARD_STMT_PATROL_PUT);

    xg_bind_u64(put, 1, w->number);
    xg_bind_text(put, 2, w->worker);
    xg_bind_text(put, 3, w->unit);
    xg_bind_i64(put, 4, w->start_ms);
    if (w->end_ms == XG_NO_TIME)
        xg_bind_null(put, 5);
    else
        xg_bind_i64(put, 5, w->end_ms);
    xg_bind_i64(put, 6, report_walk_until(w));
    xg_bind_i64(put, 7, board_span_of(w->start_ms, report_walk_until(w)));
    xg_bind_i64(put, 8, w->came_ms);
    xg_bind_i64(put, 9, w->distance_mm);
    xg_bind_u64(put, 10, w->points);
    xg_bind_u64(put, 11, w->gaps);
    xg_bind_i64(put, 12, w->gap_ms);
    for (int i = 13; i <= 15 && !w->has_last; i++)
        xg_bind_null(put, i);
    if (w->has_last) {
        xg_bind_i64(put, 13, w->last.t_ms);
        xg_bind_i64(put, 14, w->last.lat_e6);
        xg_bind_i64(put, 15, w->last.lon_e6);
    }
    return xg_stmt_run(put, err);
}

static enum xg_status put_visit(struct xg_db *db, const struct board_entry *e,
                                struct xg_error *err)
{
    struct xg_stmt *put = xg_stmt(db, BOARD_STMT_VISIT_PUT);
    int64_t key;

    memcpy(&key, &e->place, sizeof key); /* all 64 bits */
    xg_bind_u64(put, 1, e->entity.number);
    xg_bind_text(put, 2, e->entity.author);
    xg_bind_text(put, 3, e->entity.unit);
    xg_bind_i64(put, 4, e->visit_ms);
    xg_bind_i64(put, 5, key);
    if (e->has_subject)
        xg_bind_id(put, 6, &e->subject);
    else
        xg_bind_null(put, 6);
    return xg_stmt_run(put, err);
}

static enum xg_status put_listed(struct xg_db *db, const struct board_entry *e,
                                 struct xg_error *err)
{
    struct xg_stmt *s = xg_stmt(db, e->listed ? BOARD_STMT_LISTED_PUT
                                              : BOARD_STMT_LISTED_DROP);

    xg_bind_u64(s, 1, e->entity.number);
    if (e->listed)
        xg_bind_text(s, 2, e->entity.unit);
    return xg_stmt_run(s, err);
}

enum xg_status board_walk_put(struct xg_db *db, const struct board_entry *e,
                              struct xg_buf *days, struct xg_error *err)
{
    const struct store_entity *row = &e->entity;

    switch (row->kind) {
    case XG_KIND_PATROL:
        if (drop_old(db, BOARD_STMT_PATROL_DROP, row->number, days, err) !=
                XG_OK ||
            (e->walked && put_patrol(db, &e->walk, err) != XG_OK))
            return err->status;
        return e->walked ? touch(days, row->unit, row->author,
                                 e->walk.start_ms, err)
                         : XG_OK;
    case XG_KIND_VISIT:
        if (drop_old(db, BOARD_STMT_VISIT_DROP, row->number, days, err) !=
                XG_OK ||
            (e->visited && put_visit(db, e, err) != XG_OK))
            return err->status;
        return e->visited
                   ? touch(days, row->unit, row->author, e->visit_ms, err)
                   : XG_OK;
    case XG_KIND_SUBJECT:
        return put_listed(db, e, err);
    default:
        return XG_OK;
    }
}

/* ---- what it comes to a day ---- */

struct covering {
    struct xg_buf places, subjects; /* uint64_t; struct xg_id */
    uint64_t patrols;
    int64_t distance_mm;
};

static int by_key(const void *x, const void *y)
{
    uint64_t a, b;

    memcpy(&a, x, sizeof a);
    memcpy(&b, y, sizeof b);
    return a < b ? -1 : a > b;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(a, b, XG_ID_SIZE);
}

static struct xg_stmt *ask_day(struct xg_db *db, size_t statement,
                               const struct board_cover_key *key)
{
    struct xg_stmt *s = xg_stmt(db, statement);

    xg_bind_text(s, 1, key->worker);
    xg_bind_i64(s, 2, day_begins(key->day));
    xg_bind_i64(s, 3, day_begins(key->day + 1));
    xg_bind_text(s, 4, key->unit);
    return s;
}

static enum xg_status gather(struct covering *c, struct xg_db *db,
                             const struct board_cover_key *key,
                             struct xg_error *err)
{
    struct xg_stmt *s = ask_day(db, BOARD_STMT_COVER_PATROLS, key);

    while (xg_stmt_next(s)) {
        c->patrols++;
        c->distance_mm += xg_col_i64(s, 0);
    }
    if (xg_stmt_done(s, err) != XG_OK)
        return err->status;
    s = ask_day(db, BOARD_STMT_COVER_VISITS, key);
    while (xg_stmt_next(s)) {
        int64_t column = xg_col_i64(s, 0);
        bool to_subject = !xg_col_is_null(s, 1);
        uint64_t place;
        memcpy(&place, &column, sizeof place);
        place += place && to_subject;
        if (place)
            xg_buf_append(&c->places, &place, sizeof place);
        if (to_subject) {
            struct xg_id id = xg_col_id(s, 1);
            xg_buf_append(&c->subjects, id.b, sizeof id.b);
        }
    }
    if (xg_stmt_done(s, err) != XG_OK ||
        xg_buf_check(&c->places, err) != XG_OK)
        return err->status;
    return xg_buf_check(&c->subjects, err);
}

/* Each once, with the sign that one was to a subject, as bytes. */
static void settle_places(struct xg_buf *places)
{
    size_t count = places->len / KEY_BYTES, kept = 0;

    if (count)
        qsort(places->data, count, KEY_BYTES, by_key);
    for (size_t i = 0; i < count; i++) {
        uint64_t key, next = 0;
        memcpy(&key, places->data + i * KEY_BYTES, KEY_BYTES);
        if (i + 1 < count)
            memcpy(&next, places->data + (i + 1) * KEY_BYTES, KEY_BYTES);
        if (i + 1 < count && next >> 1 == key >> 1)
            continue; /* the last of them has the sign, if one has */
        for (size_t k = 0; k < KEY_BYTES; k++)
            places->data[kept * KEY_BYTES + k] =
                (uint8_t)(key >> 8 * (KEY_BYTES - 1 - k));
        kept++;
    }
    places->len = kept * KEY_BYTES;
}

static void settle_subjects(struct xg_buf *subjects)
{
    size_t count = subjects->len / XG_ID_SIZE, kept = 0;

    if (count)
        qsort(subjects->data, count, XG_ID_SIZE, by_id);
    for (size_t i = 0; i < count; i++) {
        uint8_t *at = subjects->data + i * XG_ID_SIZE;
        uint8_t *to = subjects->data + kept * XG_ID_SIZE;
        if (kept && by_id(to - XG_ID_SIZE, at) == 0)
            continue;
        memmove(to, at, XG_ID_SIZE);
        kept++;
    }
    subjects->len = kept * XG_ID_SIZE;
}

static enum xg_status put_cover(struct xg_db *db, const struct covering *c,
                                const struct board_cover_key *key,
                                struct xg_error *err)
{
    bool any = c->patrols || c->places.len || c->subjects.len;
    struct xg_stmt *s =
        xg_stmt(db, any ? BOARD_STMT_COVER_PUT : BOARD_STMT_COVER_DROP);

    xg_bind_text(s, 1, key->unit);
    xg_bind_i64(s, 2, key->day);
    xg_bind_text(s, 3, key->worker);
    if (any) {
        xg_bind_u64(s, 4, c->patrols);
        xg_bind_i64(s, 5, c->distance_mm);
        xg_bind_bytes(s, 6, xg_buf_bytes(&c->places));
        xg_bind_bytes(s, 7, xg_buf_bytes(&c->subjects));
    }
    return xg_stmt_run(s, err);
}

static int by_cover(const void *x, const void *y)
{
    const struct board_cover_key *a = x, *b = y;
    int order = strcmp(a->unit, b->unit);

    order = order ? order : strcmp(a->worker, b->worker);
    return order ? order : (a->day > b->day) - (a->day < b->day);
}

enum xg_status board_cover_put(struct xg_db *db, struct xg_buf *days,
                               struct xg_error *err)
{
    struct covering c = {.places = XG_BUF(SIZE_MAX / 2),
                         .subjects = XG_BUF(SIZE_MAX / 2)};
    struct board_cover_key *keys = (void *)days->data;
    size_t count = days->len / sizeof *keys;
    enum xg_status status = XG_OK;

    if (count)
        qsort(keys, count, sizeof *keys, by_cover);
    for (size_t i = 0; status == XG_OK && i < count; i++) {
        if (i && by_cover(&keys[i - 1], &keys[i]) == 0)
            continue;
        xg_buf_reset(&c.places);
        xg_buf_reset(&c.subjects);
        c.patrols = 0;
        c.distance_mm = 0;
        status = gather(&c, db, &keys[i], err);
        settle_places(&c.places);
        settle_subjects(&c.subjects);
        if (status == XG_OK)
            status = put_cover(db, &c, &keys[i], err);
    }
    xg_buf_clear(&c.places);
    xg_buf_clear(&c.subjects);
    return status;
}
