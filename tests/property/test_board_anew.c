/* test_board_anew.c - the board (board.h) that followed a server through
 * whatever happened to it holds what one does that is made anew, row for row;
 * and each way to find rows finds the same.
 *
 * The seed is XG_SEED or 1; a failure prints it.
 */
#include "tests/lib/test.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/board/board.h"
#include "server/board/case.h"
#include "server/data/guide.h"
#include "shared/core/loop.h"
#include "shared/core/track.h"
#include "tests/lib/office.h"

enum {
    ROUNDS = 6,
    STEPS = 400,
    CASES_MAX = 25,
    ROWS_MAX = 400,
    WALKS_MAX = 80,
    POINTS = 30,
    PLACES_MAX = 1000,
};

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

struct world {
    struct office o;
    struct xg_id cases[CASES_MAX];
    struct xg_id walks[WALKS_MAX]; /* patrols, visits, subjects */
    size_t count, walk_count, editions;
    size_t late_count; /* spans that were read off, and compared */
};

static uint64_t below(struct world *w, uint64_t bound)
{
    return test_below(&w->o.world, bound);
}

static const char *one_of(struct world *w, const char *const *list)
{
    size_t n = 0;

    while (list[n])
        n++;
    return list[below(w, n)];
}

static const char *const units[] = {"top", "north", "south", "dept", NULL};
static const char *const people[] = {"wn", "hn", "head", "boss",
                                     "head", "boss", NULL};
static const char *const categories[] = {"lamp", "hole", "deep", "gone", NULL};
static const char *const places[] = {"通达路 120 号", "东街12号井盖", "Ｇ３４２ Bridge",
                                     "一", "", NULL};

/* ---- what happens ---- */

static void import_catalogue(struct world *w)
{
    char text[512], edition[16];

    snprintf(text, sizeof text,
             "code,parent,name,accept,file,dispatch,sign,handle,inspect\n"
             "*,,其他,%u小时,2u,8h,4u,%u工作日,2u\n"
             "lamp,,路灯,,,,,,\nhole,,坑洞,1u,,,,,\n%s",
             (unsigned)below(w, 30) + 1, (unsigned)below(w, 4) + 1,
             below(w, 2) ? "deep,hole,深坑,,,,,,\n" : "deep,lamp,深坑,,,,,,\n");
    snprintf(edition, sizeof edition, "c%zu", ++w->editions);
    office_import(&w->o, "catalogue", edition, text);
}

static void import_territory(struct world *w)
{
    char text[256], edition[16];

    snprintf(text, sizeof text,
             "code,level,parent,name\ntop,district,,Top\nnorth,grid,top,North\n"
             "south,grid,top,South\ndept,department,%s,Dept\n",
             below(w, 2) ? "top" : "north");
    snprintf(edition, sizeof edition, "t%zu", ++w->editions);
    office_import(&w->o, "territory", edition, text);
}

static void move_unit(struct world *w)
{
    struct xg_statement says = {.kind = XG_SAYS_UNIT, .subject = "south"};
    struct xg_error err = XG_ERROR_NONE;

    snprintf(says.unit, sizeof says.unit, "%s", below(w, 2) ? "north" : "top");
    assert_ok(registry_put(w->o.d->registry, &says, 1, &err));
}

static void put_position(struct world *w, struct xg_draft *d)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(64);

    xg_cbor_put_array(&value, 2);
    xg_cbor_put_int(&value, 351000000 + (int64_t)below(w, 1000));
    xg_cbor_put_int(&value, 1183000000 + (int64_t)below(w, 1000));
    assert_ok(xg_draft_set(d, XG_FIELD_POSITION, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
}

static void report(struct world *w)
{
    struct xg_error err = XG_ERROR_NONE;
    const char *place = one_of(w, places);
    struct desk_done done;
    struct xg_draft d;

    if (w->count == CASES_MAX)
        return;
    xg_draft_init(&d, &w->o.arena,
                  below(w, 5) ? XG_KIND_INCIDENT : XG_KIND_TASK);
    d.head.creates = true;
    if (d.head.kind == XG_KIND_INCIDENT) {
        test_text(&d, XG_INCIDENT_CATEGORY, one_of(w, categories));
        test_uint(&d, XG_INCIDENT_URGENCY, 1 + below(w, 3));
        if (*place)
            test_text(&d, XG_INCIDENT_ADDRESS, place);
        if (below(w, 2))
            put_position(w, &d);
    } else {
        test_text(&d, 12, "巡查东街");
    }
    test_uint(&d, XG_CASE_CHANNEL, 1 + below(w, 8));
    test_text(&d, XG_FIELD_GRID, below(w, 2) ? "north" : "south");
    if (desk_write(&done, w->o.d, &d, below(w, 2) ? "wn" : "head", NULL,
                   &err) == XG_OK)
        w->cases[w->count++] = done.id;
}

/* Mostly what leads on, that cases come far; now and then anything. */
static uint64_t move_of(struct world *w, uint64_t status)
{
    static const uint64_t on[][4] = {
        [XG_STATUS_REPORTED] = {XG_MOVE_ACCEPT, XG_MOVE_ACCEPT,
                                XG_MOVE_ACCEPT, XG_MOVE_SELF_HANDLE},
        [XG_STATUS_ACCEPTED] = {XG_MOVE_FILE, XG_MOVE_FILE, XG_MOVE_FILE,
                                XG_MOVE_VOID},
        [XG_STATUS_FILED] = {XG_MOVE_DISPATCH, XG_MOVE_DISPATCH,
                             XG_MOVE_WHISTLE, XG_MOVE_HAND_DOWN},
        [XG_STATUS_DISPATCHED] = {XG_MOVE_SIGN, XG_MOVE_SIGN, XG_MOVE_RETURN,
                                  XG_MOVE_ASK_EXTEND},
        [XG_STATUS_HANDLING] = {XG_MOVE_ASK_SHELVE, XG_MOVE_SHELVE,
                                XG_MOVE_FINISH, XG_MOVE_TRIAGE},
        [XG_STATUS_HANDLED] = {XG_MOVE_CLOSE, XG_MOVE_CLOSE, XG_MOVE_REWORK,
                               XG_MOVE_INSPECT},
        [XG_STATUS_RETURNED] = {XG_MOVE_DISPATCH, XG_MOVE_DESIGNATE,
                                XG_MOVE_REVIEW, XG_MOVE_ESCALATE},
        [XG_STATUS_REWORK] = {XG_MOVE_FINISH, XG_MOVE_ASK_DEFER, XG_MOVE_DEFER,
                              XG_MOVE_SUPERVISE},
        [XG_STATUS_CLOSED] = {XG_MOVE_REOPEN, XG_MOVE_RATE, XG_MOVE_ANSWER,
                              XG_MOVE_REOPEN},
        [XG_STATUS_SHELVED] = {XG_MOVE_REMIND, XG_MOVE_RESUME, XG_MOVE_WHISTLE,
                               XG_MOVE_ESCALATE},
        [XG_STATUS_DEFERRED] = {XG_MOVE_REMIND, XG_MOVE_RESUME, XG_MOVE_REMIND,
                                XG_MOVE_ESCALATE},
    };

    if (status >= sizeof on / sizeof *on || !on[status][0] || below(w, 8) == 0)
        return 1 + below(w, XG_MOVE_RECALL);
    return on[status][below(w, 4)];
}

/* A move with whatever it may need; some are refused. */
static void act(struct world *w)
{
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;
    struct xg_draft d;

    if (w->count == 0)
        return;
    struct xg_id id = w->cases[below(w, w->count)];
    struct fold f = office_fold(&w->o, &id);
    uint64_t move = move_of(w, f.state.status);
    xg_draft_init(&d, &w->o.arena, f.state.kind->number);
    d.head.creates = false;
    d.head.entity = id;
    d.head.move = move;
    d.head.from = f.state.status;
    for (const struct xg_need *n = xg_needs; n->bit; n++) {
        const struct xg_transition *t =
            xg_transition_find(f.state.status, move);
        if (!t || !(t->needs & n->bit) || !n->field)
            continue;
        if (n->field == XG_CASE_UNTIL || n->field == XG_CASE_REPORT_BY)
            test_uint(&d, n->field,
                      (uint64_t)(w->o.world.wall_ms +
                                 (int64_t)below(w, 40) * HOUR_MS));
        else if (n->field == XG_CASE_CLASS || n->field == XG_CASE_RATING)
            test_uint(&d, n->field, 1 + below(w, 3));
        else if (n->field == XG_CASE_CALLED || n->field == XG_CASE_PRESENT)
            test_add_text(&d, n->field, one_of(w, units));
        else if (n->field == XG_CASE_REPLY)
            test_add_text(&d, n->field, "回复");
        else
            test_text(&d, n->field, one_of(w, units));
    }
    xg_ignore(desk_write(&done, w->o.d, &d, one_of(w, people), NULL, &err));
}

static void change(struct world *w)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(64);
    struct desk_done done;
    struct xg_draft d;

    if (w->count == 0)
        return;
    struct xg_id id = w->cases[below(w, w->count)];
    struct xg_id other = w->cases[below(w, w->count)];
    struct fold f = office_fold(&w->o, &id);
    xg_draft_init(&d, &w->o.arena, f.state.kind->number);
    d.head.creates = false;
    d.head.entity = id;
    switch (below(w, 4)) {
    case 0:
        if (d.head.kind != XG_KIND_INCIDENT)
            return;
        test_text(&d, 14, one_of(w, categories));
        break;
    case 1:
        xg_cbor_put_bytes(&value, other.b, sizeof other.b);
        assert_ok(xg_draft_add(&d, XG_FIELD_SAME_AS, xg_buf_bytes(&value),
                               &err));
        break;
    case 2: {
        size_t count;
        assert_ok(desk_unlink(&count, &d, &f, &other, &err));
        if (!count)
            return;
        break;
    }
    default:
        if (below(w, 4))
            return;
        xg_cbor_put_bool(&value, true);
        assert_ok(xg_draft_set(&d, XG_FIELD_WITHDRAWN, xg_buf_bytes(&value),
                               &err));
        break;
    }
    xg_buf_clear(&value);
    xg_ignore(desk_write(&done, w->o.d, &d, "head", NULL, &err));
}

/* ---- patrols, visits, subjects ---- */

/* Now and then of another year, or of none. */
static int64_t some_time(struct world *w)
{
    int64_t ms = w->o.world.wall_ms - (int64_t)below(w, 200) * HOUR_MS;

    if (below(w, 20) == 0)
        ms -= (int64_t)(UINT64_C(1) << below(w, 60));
    return ms;
}

static void put_time(struct xg_draft *d, uint64_t field, int64_t ms)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(64);

    xg_cbor_put_int(&value, ms);
    assert_ok(xg_draft_set(d, field, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
}

static void put_track(struct world *w, struct xg_draft *d, int64_t start_ms)
{
    struct xg_track_point points[POINTS];
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf track = XG_BUF(64 << 10), value = XG_BUF(64 << 10);
    bool mock = below(w, 4) == 0;

    for (size_t i = 0; i < POINTS; i++)
        points[i] = (struct xg_track_point){
            .t_ms = start_ms + (int64_t)i * 10000,
            .lat_e6 = 35100000 + (int32_t)below(w, 1000),
            .lon_e6 = 118300000 + (int32_t)below(w, 1000),
            .acc_dm = 50,
            .flags = mock ? XG_POINT_MOCK : XG_POINT_TRUSTED};
    assert_ok(xg_track_pack(&track, points, POINTS, &err));
    xg_cbor_put_bytes(&value, track.data, track.len);
    assert_ok(xg_draft_add(d, XG_PATROL_SEGMENT, xg_buf_bytes(&value), &err));
    xg_buf_clear(&track);
    xg_buf_clear(&value);
}

static void put_subject(struct world *w, struct xg_draft *d)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(64);
    struct xg_id id = w->walks[below(w, w->walk_count)];

    if (office_fold(&w->o, &id).state.kind->number != XG_KIND_SUBJECT)
        return;
    xg_cbor_put_bytes(&value, id.b, sizeof id.b);
    assert_ok(xg_draft_set(d, XG_VISIT_SUBJECT_ID, xg_buf_bytes(&value), &err));
    xg_buf_clear(&value);
}

static void fill_walk(struct world *w, struct xg_draft *d, bool creates)
{
    int64_t start_ms = some_time(w);

    switch (d->head.kind) {
    case XG_KIND_PATROL:
        if (creates)
            put_time(d, XG_PATROL_START, start_ms);
        if (below(w, 2))
            put_time(d, XG_PATROL_END,
                     start_ms + (int64_t)below(w, 60) * HOUR_MS);
        if (below(w, 2) && start_ms > 0)
            put_track(w, d, start_ms);
        break;
    case XG_KIND_VISIT:
        if (creates || below(w, 2))
            test_text(d, XG_VISIT_PLACE, one_of(w, units));
        if (creates)
            test_uint(d, XG_VISIT_RESULT, 1 + below(w, 2));
        if (below(w, 2))
            put_time(d, XG_FIELD_HAPPENED, some_time(w));
        if (w->walk_count && below(w, 2))
            put_subject(w, d);
        break;
    default:
        if (!creates)
            return;
        test_uint(d, 12, 1);
        test_text(d, 13, "液化气站");
    }
}

static void walk(struct world *w)
{
    static const uint64_t kinds[] = {XG_KIND_PATROL, XG_KIND_VISIT,
                                     XG_KIND_VISIT, XG_KIND_SUBJECT};
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;
    struct xg_draft d;

    if (w->walk_count == WALKS_MAX)
        return;
    xg_draft_init(&d, &w->o.arena, kinds[below(w, 4)]);
    d.head.creates = true;
    test_text(&d, XG_FIELD_GRID, below(w, 2) ? "north" : "south");
    fill_walk(w, &d, true);
    if (desk_write(&done, w->o.d, &d, below(w, 2) ? "wn" : "head", NULL,
                   &err) == XG_OK)
        w->walks[w->walk_count++] = done.id;
}

static void change_walk(struct world *w)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(64);
    struct desk_done done;
    struct xg_draft d;

    if (w->walk_count == 0)
        return;
    struct xg_id id = w->walks[below(w, w->walk_count)];
    struct fold f = office_fold(&w->o, &id);
    xg_draft_init(&d, &w->o.arena, f.state.kind->number);
    d.head.creates = false;
    d.head.entity = id;
    fill_walk(w, &d, false);
    xg_cbor_put_bool(&value, below(w, 2));
    if (d.head.kind == XG_KIND_SUBJECT)
        assert_ok(xg_draft_set(&d, XG_SUBJECT_RELEASED, xg_buf_bytes(&value),
                               &err));
    else if (below(w, 6) == 0)
        assert_ok(xg_draft_set(&d, XG_FIELD_WITHDRAWN, xg_buf_bytes(&value),
                               &err));
    xg_buf_clear(&value);
    xg_ignore(desk_write(&done, w->o.d, &d, below(w, 2) ? "wn" : "head", NULL,
                         &err));
}

static void take_in(struct world *w, uint64_t most)
{
    struct xg_error err = XG_ERROR_NONE;
    struct board_at at;

    assert_ok(board_take_in(w->o.d->board, &at, most, &err));
    if (most == UINT64_MAX)
        assert_int_equal(at.behind, 0);
}

static void open_again(struct world *w)
{
    struct xg_error err = XG_ERROR_NONE;
    char inside[600];

    snprintf(inside, sizeof inside, "%s/data", w->o.folder);
    data_close(w->o.d);
    assert_ok(data_open(&w->o.d, inside, &w->o.env, &err));
}

static void step(struct world *w)
{
    switch (below(w, 30)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        report(w);
        break;
    case 5:
    case 6:
    case 7:
        change(w);
        break;
    case 13:
    case 14:
    case 15:
        walk(w);
        break;
    case 16:
        change_walk(w);
        break;
    case 8:
        w->o.world.wall_ms += (int64_t)below(w, 12) * HOUR_MS;
        break;
    case 9:
        if (below(w, 4) == 0)
            import_catalogue(w);
        else if (below(w, 3) == 0)
            import_territory(w);
        else if (below(w, 3) == 0)
            move_unit(w);
        else if (below(w, 3) == 0)
            open_again(w);
        break;
    case 10:
    case 11:
        take_in(w, 1 + below(w, 9));
        break;
    case 12:
        take_in(w, UINT64_MAX);
        break;
    default:
        act(w);
    }
    xg_arena_reset(&w->o.arena);
}

/* ---- what the board holds ---- */

static sqlite3 *open_board(struct world *w)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(board_path(w->o.d->board), &db), SQLITE_OK);
    return db;
}

static void put_cell(struct xg_buf *out, sqlite3_stmt *s, int column)
{
    if (sqlite3_column_type(s, column) == SQLITE_BLOB)
        xg_buf_hex(out, sqlite3_column_blob(s, column),
                   (size_t)sqlite3_column_bytes(s, column));
    else if (sqlite3_column_type(s, column) != SQLITE_NULL)
        xg_buf_text(out, (const char *)sqlite3_column_text(s, column));
    xg_buf_byte(out, '|');
}

static void dump(struct xg_buf *out, sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(s); i++)
            put_cell(out, s, i);
        xg_buf_byte(out, '\n');
    }
    sqlite3_finalize(s);
}

static void dump_all(struct xg_buf *out, struct world *w)
{
    static const char *const tables[] = {
        "line", "hand",   "words", "course", "clock", "link",
        "figure", "patrol", "visit", "cover",  "listed", "report",
        "flag", "act", "late", NULL};
    sqlite3 *db = open_board(w);
    char sql[64];

    xg_buf_reset(out);
    for (size_t i = 0; tables[i]; i++) {
        xg_buf_format(out, "-- %s\n", tables[i]);
        snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1, 2%s", tables[i],
                 strcmp(tables[i], "cover") == 0 ? ", 3" : "");
        dump(out, db, sql);
    }
    /* The words by which rows are found, with how many rows each finds. */
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE VIRTUAL TABLE temp.v USING "
                                  "fts5vocab(main, pair, row)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    dump(out, db, "SELECT term, doc FROM temp.v WHERE doc > 0 ORDER BY term");
    sqlite3_close(db);
}

static void must_equal(const struct xg_buf *a, const struct xg_buf *b)
{
    const char *x = xg_buf_str(a), *y = xg_buf_str(b);
    size_t i = 0, line = 0;

    if (strcmp(x, y) == 0)
        return;
    for (; x[i] && x[i] == y[i]; i++)
        line = x[i] == '\n' ? i + 1 : line;
    fail_msg("followed:\n%.*s\nanew:\n%.*s", (int)strcspn(x + line, "\n"),
             x + line, (int)strcspn(y + line, "\n"), y + line);
}

/* ---- each way finds the same ---- */

/* A row as SQL has it, judged here. */
struct plain {
    uint64_t number, kind, status, urgency, source, changed;
    bool open, settled, decide;
    int64_t unit_at, holder_at, category_at, created_ms, due_ms, yellow_ms;
    char level[XG_CODE_MAX + 1], text[1024];
    char name[64], case_number[64];
};

static void copy_text(char *out, size_t size, sqlite3_stmt *s, int column)
{
    snprintf(out, size, "%s", (const char *)sqlite3_column_text(s, column));
}

static size_t read_plain(struct plain *rows, sqlite3 *db)
{
    sqlite3_stmt *s;
    size_t n = 0;

    assert_int_equal(
        sqlite3_prepare_v2(
            db,
            "SELECT number, kind, status, urgency, source, changed, open, "
            "settled, decide, unit_at, holder_at, category_at, created_ms, "
            "due_ms, yellow_ms, level, text, name, case_number FROM line JOIN "
            "words USING (number)",
            -1, &s, NULL),
        SQLITE_OK);
    while (sqlite3_step(s) == SQLITE_ROW) {
        struct plain *p = &rows[n++];
        assert_true(n <= ROWS_MAX);
        p->number = (uint64_t)sqlite3_column_int64(s, 0);
        p->kind = (uint64_t)sqlite3_column_int64(s, 1);
        p->status = (uint64_t)sqlite3_column_int64(s, 2);
        p->urgency = (uint64_t)sqlite3_column_int64(s, 3);
        p->source = (uint64_t)sqlite3_column_int64(s, 4);
        p->changed = (uint64_t)sqlite3_column_int64(s, 5);
        p->open = sqlite3_column_int(s, 6);
        p->settled = sqlite3_column_int(s, 7);
        p->decide = sqlite3_column_int(s, 8) > 0;
        p->unit_at = sqlite3_column_int64(s, 9);
        p->holder_at = sqlite3_column_int64(s, 10);
        p->category_at = sqlite3_column_int64(s, 11);
        p->created_ms = sqlite3_column_int64(s, 12);
        p->due_ms = sqlite3_column_int64(s, 13);
        p->yellow_ms = sqlite3_column_int64(s, 14);
        copy_text(p->level, sizeof p->level, s, 15);
        copy_text(p->text, sizeof p->text, s, 16);
        copy_text(p->name, sizeof p->name, s, 17);
        copy_text(p->case_number, sizeof p->case_number, s, 18);
    }
    sqlite3_finalize(s);
    return n;
}

static bool in_set(uint64_t set, uint64_t number)
{
    return set == 0 || set >> number & 1;
}

static bool in_range(const struct board_reader *r, const char *unit, int64_t at)
{
    struct board_range range = board_unit_range(r, unit);

    return at >= range.from && at <= range.to;
}

static bool has_hand(sqlite3 *db, const struct plain *p,
                     const struct board_reader *r, const char *unit,
                     bool called)
{
    struct board_range range = board_unit_range(r, unit);
    sqlite3_stmt *s;

    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT 1 FROM hand WHERE number = ?1 "
                                        "AND at BETWEEN ?2 AND ?3 AND called "
                                        ">= ?4",
                                        -1, &s, NULL),
                     SQLITE_OK);
    sqlite3_bind_int64(s, 1, (int64_t)p->number);
    sqlite3_bind_int64(s, 2, range.from);
    sqlite3_bind_int64(s, 3, range.to);
    sqlite3_bind_int(s, 4, called);
    bool has = sqlite3_step(s) == SQLITE_ROW;
    sqlite3_finalize(s);
    return has;
}

static enum xg_light light_of(const struct plain *p, int64_t now_ms)
{
    if (!p->open || p->due_ms == BOARD_NEVER)
        return XG_LIGHT_NONE;
    return now_ms > p->due_ms       ? XG_LIGHT_RED
           : now_ms >= p->yellow_ms ? XG_LIGHT_YELLOW
                                    : XG_LIGHT_GREEN;
}

static bool passes(const struct plain *p, const struct board_filter *f,
                   const struct board_reader *r, sqlite3 *db, int64_t now_ms)
{
    struct board_range category =
        board_category_range(r, f->category ? f->category : "");

    return in_set(f->kinds, p->kind) && in_set(f->statuses, p->status) &&
           in_set(f->urgencies, p->urgency) && in_set(f->sources, p->source) &&
           in_set(f->lights, light_of(p, now_ms)) && (!f->open || p->open) &&
           (!f->settled || p->settled) && (!f->decide || p->decide) &&
           (!f->unit || in_range(r, f->unit, p->unit_at)) &&
           (!f->holder || in_range(r, f->holder, p->holder_at) ||
            has_hand(db, p, r, f->holder, true)) &&
           (!f->within || in_range(r, f->within, p->unit_at) ||
            has_hand(db, p, r, f->within, false)) &&
           (!f->category || (p->category_at >= category.from &&
                             p->category_at <= category.to)) &&
           (!f->level || strcmp(f->level, p->level) == 0) &&
           (!f->since_ms || p->created_ms >= f->since_ms) &&
           (!f->until_ms || p->created_ms < f->until_ms) &&
           (!f->text || strstr(p->text, f->text)) &&
           (!f->number || strcmp(f->number, p->name) == 0 ||
            strcmp(f->number, p->case_number) == 0);
}

static struct board_filter random_filter(struct world *w,
                                         const struct plain *rows, size_t n)
{
    static const char *const words[] = {"东街", "井盖", "通",   "g342",
                                        "12",   "号",   "没有", "12号",
                                        "东街12号井盖", "东街井盖", NULL};
    struct board_filter f = {.open = below(w, 3) == 0,
                             .settled = below(w, 9) == 0,
                             .decide = below(w, 20) == 0};
    int64_t now_ms = w->o.world.wall_ms;

    if (below(w, 5) == 0)
        f.kinds = UINT64_C(1) << XG_KIND_INCIDENT;
    if (below(w, 5) == 0)
        f.statuses = below(w, 1 << 14);
    if (below(w, 5) == 0)
        f.urgencies = UINT64_C(1) << below(w, 4);
    if (below(w, 5) == 0)
        f.sources = UINT64_C(1) << below(w, 9);
    if (below(w, 5) == 0)
        f.lights = 1 + below(w, 15);
    if (below(w, 4) == 0)
        f.unit = one_of(w, units);
    if (below(w, 4) == 0)
        f.holder = one_of(w, units);
    if (below(w, 4) == 0)
        f.within = one_of(w, units);
    if (below(w, 4) == 0)
        f.category = one_of(w, categories);
    if (below(w, 9) == 0)
        f.level = one_of(w, units);
    if (below(w, 5) == 0)
        f.since_ms = now_ms - (int64_t)below(w, 500) * HOUR_MS;
    if (below(w, 5) == 0)
        f.until_ms = now_ms - (int64_t)below(w, 200) * HOUR_MS;
    if (below(w, 4) == 0)
        f.text = one_of(w, words);
    if (n && below(w, 12) == 0)
        f.number = rows[below(w, n)].case_number;
    if (f.number && !*f.number)
        f.number = NULL;
    return f;
}

static int64_t key_of(const struct plain *p, enum board_order by)
{
    return by == BOARD_BY_DUE       ? p->due_ms
           : by == BOARD_BY_CREATED ? -p->created_ms
                                    : -(int64_t)p->changed;
}

static void sort(const struct plain **rows, size_t n, enum board_order by)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0; k--) {
            int64_t a = key_of(rows[k - 1], by), b = key_of(rows[k], by);
            if (a < b || (a == b && rows[k - 1]->number > rows[k]->number))
                break;
            const struct plain *swapped = rows[k];
            rows[k] = rows[k - 1];
            rows[k - 1] = swapped;
        }
}

static void ask_one(struct world *w, struct board_reader *r,
                    const struct plain *all, size_t n, sqlite3 *db)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(16 << 20);
    int64_t now_ms = w->o.world.wall_ms;
    struct board_filter f = random_filter(w, all, n);
    enum board_order by = (enum board_order)below(w, 3);
    const struct plain *want[ROWS_MAX];
    size_t wanted = 0, got = 0, count = 1, page = 1 + below(w, 30);
    struct board_after after = {0, 0};
    struct board_counts counts;
    struct board_row *rows;
    uint64_t total;

    for (size_t i = 0; i < n; i++)
        if (passes(&all[i], &f, r, db, now_ms))
            want[wanted++] = &all[i];
    sort(want, wanted, by);
    while (count) {
        assert_ok(board_list(r, &arena, &rows, &count, &f, by,
                             got ? &after : NULL, page, now_ms, &err));
        for (size_t i = 0; i < count; i++, got++) {
            assert_true(got < wanted);
            assert_int_equal(rows[i].number, want[got]->number);
            assert_int_equal(rows[i].light, light_of(want[got], now_ms));
            after = (struct board_after){rows[i].key, rows[i].number};
        }
    }
    assert_int_equal(got, wanted);
    assert_ok(board_count(r, &total, &f, now_ms, &err));
    assert_int_equal(total, wanted);
    assert_ok(board_counts(r, &counts, &f, now_ms, &err));
    assert_int_equal(counts.total, wanted);
    xg_arena_clear(&arena);
}

/* ---- what is covered, counted the long way ---- */

static int64_t asked(sqlite3 *db, const char *sql, const char *unit,
                     int64_t from_ms, int64_t to_ms)
{
    sqlite3_stmt *s;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    sqlite3_bind_text(s, 1, unit, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, from_ms);
    sqlite3_bind_int64(s, 3, to_ms);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

struct covered {
    uint64_t places[PLACES_MAX], patrols;
    size_t place_count, subject_count;
    struct xg_id subjects[PLACES_MAX];
    int64_t distance_mm;
};

static enum xg_status add_day(void *ctx, const struct board_cover *c,
                              struct xg_error *err)
{
    struct covered *all = ctx;

    (void)err;
    all->patrols += c->patrols;
    all->distance_mm += c->distance_mm;
    for (size_t i = 0; i < c->places.len / BOARD_PLACE_SIZE; i++) {
        uint64_t place = board_cover_place(c, i) >> 1;
        size_t k = 0;
        while (k < all->place_count && all->places[k] != place)
            k++;
        all->places[k] = place;
        all->place_count += k == all->place_count;
    }
    for (size_t i = 0; i < c->subjects.len / XG_ID_SIZE; i++) {
        struct xg_id id;
        size_t k = 0;
        memcpy(id.b, c->subjects.at + i * XG_ID_SIZE, XG_ID_SIZE);
        while (k < all->subject_count && !xg_id_equal(&all->subjects[k], &id))
            k++;
        all->subjects[k] = id;
        all->subject_count += k == all->subject_count;
    }
    return XG_OK;
}

static void ask_cover(struct world *w, struct board_reader *r, sqlite3 *db)
{
    static const char visits[] = "FROM visit WHERE unit = ?1 AND ms >= ?2 AND "
                                 "ms < ?3 AND place <> 0";
    struct xg_error err = XG_ERROR_NONE;
    struct covered found = {.patrols = 0};
    const char *unit = one_of(w, units);
    int64_t day, last;
    char sql[256];

    assert_true(board_day_of(&day, w->o.world.wall_ms));
    last = day - (int64_t)below(w, 4);
    day = last - (int64_t)below(w, 8);
    int64_t from = day * DAY_MS - 8 * HOUR_MS;
    int64_t to = (last + 1) * DAY_MS - 8 * HOUR_MS;
    assert_ok(board_cover(r, unit, day, last, &found, add_day, &err));
    snprintf(sql, sizeof sql, "SELECT count(DISTINCT place) %s", visits);
    assert_int_equal(found.place_count, asked(db, sql, unit, from, to));
    snprintf(sql, sizeof sql, "SELECT count(DISTINCT subject) %s", visits);
    assert_int_equal(found.subject_count, asked(db, sql, unit, from, to));
    assert_int_equal(found.patrols,
                     asked(db,
                           "SELECT count(*) FROM patrol WHERE unit = ?1 AND "
                           "start_ms >= ?2 AND start_ms < ?3",
                           unit, from, to));
    assert_int_equal(found.distance_mm,
                     asked(db,
                           "SELECT coalesce(sum(distance_mm), 0) FROM patrol "
                           "WHERE unit = ?1 AND start_ms >= ?2 AND "
                           "start_ms < ?3",
                           unit, from, to));
}

/* By spans, and by looking at all. */
static void ask_walks(struct world *w, struct board_reader *r, sqlite3 *db)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(16 << 20);
    int64_t from = some_time(w), to = from + (int64_t)below(w, 60) * HOUR_MS;
    struct report_walk *walks;
    size_t count;

    assert_ok(board_walks(r, &arena, &walks, &count, from, to, &err));
    assert_int_equal(count,
                     asked(db,
                           "SELECT count(*) FROM patrol WHERE ?1 <> '' AND "
                           "start_ms < ?3 AND (start_ms >= ?2 OR "
                           "coalesce(end_ms, came_ms) >= ?2)",
                           "any", from, to));
    for (size_t i = 1; i < count; i++)
        assert_true(walks[i - 1].start_ms >= walks[i].start_ms);
    xg_arena_clear(&arena);
}

/* ---- what was overdue, folded as it was ---- */

/* How a case stood: the first due that was over; XG_NO_TIME: none. */
struct stood {
    int64_t due_ms;
    uint64_t status;
    char holder[XG_CODE_MAX + 1];
};

static struct stood stood_at(struct world *w, struct store *store,
                             struct xg_guide *guide, const struct fold *now,
                             int64_t at_ms)
{
    const struct xg_registry registry = registry_view(w->o.d->registry);
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena *arena = &w->o.arena;
    struct fold_rows rows = {.show = true};
    struct stood out = {.due_ms = XG_NO_TIME};
    struct guide_rules rules;
    struct xg_clock *clocks;
    struct xg_cbor_item unit;
    struct fold then;
    int64_t *times_ms;
    size_t count;

    assert_ok(xg_effective_of(&times_ms, arena, &now->state, now->whens, &err));
    rows.rows = xg_arena_array(arena, now->count + 1, sizeof *rows.rows);
    assert_non_null(rows.rows);
    for (size_t i = 0; i < now->count; i++)
        if (times_ms[i] <= at_ms)
            rows.rows[rows.count++] = now->rows[i];
    if (rows.count == 0)
        return out;
    assert_ok(fold_of_rows(&then, arena, store, &registry, &now->entity, &rows,
                           &err));
    assert_ok(guide_rules_of(&rules, guide, now, &err));
    assert_ok(guide_clocks(&clocks, &count, arena, &then, &rules, at_ms, &err));
    for (size_t i = 0; i < count; i++)
        if (clocks[i].end_ms == XG_NO_TIME && clocks[i].limited &&
            !clocks[i].paused && clocks[i].due_ms < at_ms &&
            (out.due_ms == XG_NO_TIME || clocks[i].due_ms < out.due_ms))
            out.due_ms = clocks[i].due_ms;
    out.status = then.state.status;
    if (xg_state_value(&then.state, XG_CASE_UNIT, &unit) &&
        unit.type == XG_CBOR_TEXT && unit.bytes.len <= XG_CODE_MAX)
        memcpy(out.holder, unit.bytes.at, unit.bytes.len);
    return out;
}

static bool must_have_stood(const struct board_late *lates, size_t count,
                            const struct stood *want, uint64_t number)
{
    const struct board_late *found = NULL;

    for (size_t i = 0; i < count; i++)
        if (lates[i].number == number) {
            assert_null(found); /* its spans do not overlap */
            found = &lates[i];
        }
    if (found && found->fold)
        return false;
    assert_int_equal(found ? found->due_ms : XG_NO_TIME, want->due_ms);
    if (!found)
        return false;
    assert_int_equal(found->status, want->status);
    assert_string_equal(found->holder, want->holder);
    return true;
}

static void ask_lates(struct world *w, struct board_reader *r)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(16 << 20);
    struct board_late *lates;
    struct xg_guide *guide;
    struct store *written = w->o.d->store, *store;
    size_t count;

    /* its own: what is asked for below borrows another */
    assert_ok(written->ops->open_reader(written, &store, &err));
    assert_ok(store->ops->begin_read(store, &err));
    struct xg_guide_source source = guide_source(store);
    assert_ok(xg_guide_new(&guide, &source, &err));
    int64_t at_ms =
        w->o.world.wall_ms - (int64_t)below(w, 300) * HOUR_MS - 1;
    assert_ok(board_lates(r, &arena, &lates, &count, at_ms, &err));
    for (size_t i = 0; i < w->count; i++) {
        struct fold now = office_fold(&w->o, &w->cases[i]);
        if (!report_counts_kind(now.entity.kind))
            continue;
        struct stood want = stood_at(w, store, guide, &now, at_ms);
        w->late_count +=
            must_have_stood(lates, count, &want, now.entity.number);
    }
    xg_guide_free(guide);
    store_close(store);
    xg_arena_clear(&arena);
}

static void ask(struct world *w)
{
    static struct plain rows[ROWS_MAX];
    struct xg_error err = XG_ERROR_NONE;
    struct board_reader *r;
    sqlite3 *db = open_board(w);
    size_t n = read_plain(rows, db);

    assert_ok(board_begin(w->o.d->board, &r, &err));
    for (int i = 0; i < 150; i++)
        ask_one(w, r, rows, n, db);
    for (int i = 0; i < 60; i++) {
        ask_cover(w, r, db);
        ask_walks(w, r, db);
    }
    for (int i = 0; i < 10; i++)
        ask_lates(w, r);
    board_end(w->o.d->board, r);
    sqlite3_close(db);
}

/* ---- the laws ---- */

/* How many spans of lateness were compared. */
static size_t one_round(uint64_t seed)
{
    struct xg_buf followed = XG_BUF(64 << 20), anew = XG_BUF(64 << 20);
    struct world *w = calloc(1, sizeof *w);
    struct xg_error err = XG_ERROR_NONE;

    assert_non_null(w);
    office_open_files(&w->o);
    w->o.world.seed = seed;
    import_catalogue(w);
    for (int i = 0; i < STEPS; i++)
        step(w);
    take_in(w, UINT64_MAX);
    dump_all(&followed, w);
    ask(w);
    assert_ok(board_drop(w->o.d->board, &err));
    take_in(w, UINT64_MAX);
    dump_all(&anew, w);
    must_equal(&followed, &anew);
    office_close(&w->o);
    size_t lates = w->late_count;
    free(w);
    xg_buf_clear(&followed);
    xg_buf_clear(&anew);
    return lates;
}

static void test_followed_is_anew(void **state)
{
    const char *text = getenv("XG_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 10) : 1;
    size_t lates = 0;

    (void)state;
    for (int i = 0; i < TEST_DRAWS(ROUNDS); i++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        lates += one_round(seed++);
    }
    assert_true(lates > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_followed_is_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
