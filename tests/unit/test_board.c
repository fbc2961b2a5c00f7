/* test_board.c - the board's file: which index each question goes by, what
 * becomes of a file that is damaged, another's, cut or full, and of what was
 * imported meanwhile. That it says the same whichever way it came to be is
 * property/test_board_anew.
 */
#include "tests/lib/test.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/board/inside.h"
#include "server/desk/redact.h"
#include "shared/base/os.h"
#include "shared/core/loop.h"
#include "shared/db/internal.h"
#include "tests/lib/office.h"

#define HOUR_MS INT64_C(3600000)

static const char catalogue[] = "code,parent,name,handle,sign\n"
                                "*,,其他,5工作日,4u\nlamp,,路灯,,\n"
                                "hole,,坑洞,,\ndeep,hole,深坑,,\n";

static void wait_us(long us)
{
    const struct timespec pause = {us / 1000000, us % 1000000 * 1000};

    nanosleep(&pause, NULL);
}

static struct board_at take_in(struct office *o)
{
    struct xg_error err = XG_ERROR_NONE;
    struct board_at at = {.behind = 1};

    assert_ok(board_take_in(o->d->board, &at, UINT64_MAX, &err));
    assert_int_equal(at.behind, 0);
    return at;
}

static uint64_t count(struct office *o, struct board_filter f)
{
    struct xg_error err = XG_ERROR_NONE;
    struct board_reader *r;
    uint64_t n;

    assert_ok(board_begin(o->d->board, &r, &err));
    assert_ok(board_count(r, &n, &f, o->world.wall_ms, &err));
    board_end(o->d->board, r);
    return n;
}

static void act(struct office *o, const struct xg_id *id, const char *who,
                uint64_t move, const char *unit)
{
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;

    assert_ok(office_do(o, &done, id, who, move, &err,
                        unit ? (uint32_t)XG_CASE_UNIT : 0u, unit, 0u));
}

static void open_again(struct office *o)
{
    struct xg_error err = XG_ERROR_NONE;
    char inside[600];

    snprintf(inside, sizeof inside, "%s/data", o->folder);
    if (o->d)
        data_close(o->d);
    assert_ok(data_open(&o->d, inside, &o->env, &err));
}

/* ---- indices ---- */

/* Statements that go over a table that grows, or a partial index that does, and
 * why they may. */
static const struct excuse {
    const char *statement, *why;
} excuses[] = {
    {"count_all", "counts all that there is: it is asked to"},
    {"counts_all", "the same"},
    {"figure_groups", "who is in a group, which few are"},
    {"listed_count", "how many households are known: a list, no history"},
    {NULL, NULL},
};

static bool may_scan(const char *name)
{
    for (size_t i = 0; excuses[i].statement; i++)
        if (strcmp(excuses[i].statement, name) == 0)
            return true;
    return false;
}

/* A step of a plan that reads a whole table: not what is open or needs
 * somebody, which are few at any time, the words' own index, or rows that were
 * found before. */
static bool scans(const char *step)
{
    static const char *const few[] = {"line_open", "figure_open", NULL};

    if (strncmp(step, "SCAN ", 5) != 0 || strstr(step, "VIRTUAL TABLE") ||
        strcmp(step, "SCAN some") == 0 ||
        strncmp(step, "SCAN (subquery", 14) == 0 ||
        strcmp(step, "SCAN CONSTANT ROW") == 0)
        return false;
    for (size_t i = 0; few[i]; i++)
        if (strstr(step, few[i]))
            return false;
    return true;
}

static void test_every_question_has_an_index(void **state)
{
    struct office o;
    sqlite3 *db;

    (void)state;
    office_open_files(&o);
    take_in(&o);
    assert_int_equal(sqlite3_open(board_path(o.d->board), &db), SQLITE_OK);
    for (size_t i = 0; i < board_sql.statement_count; i++) {
        struct xg_buf sql = XG_BUF(64 << 10);
        sqlite3_stmt *s;
        xg_buf_format(&sql, "EXPLAIN QUERY PLAN %s", board_sql.statements[i]);
        assert_int_equal(
            sqlite3_prepare_v2(db, xg_buf_str(&sql), -1, &s, NULL), SQLITE_OK);
        bool scanned = false, excused = may_scan(board_sql.names[i]);
        while (sqlite3_step(s) == SQLITE_ROW) {
            const char *step = (const char *)sqlite3_column_text(s, 3);
            scanned |= scans(step);
            if (!excused && scans(step))
                fail_msg("%s: %s", board_sql.names[i], step);
        }
        if (excused && !scanned)
            fail_msg("%s needs no excuse", board_sql.names[i]);
        sqlite3_finalize(s);
        xg_buf_clear(&sql);
    }
    sqlite3_close(db);
    office_close(&o);
}

/* ---- history ---- */

/* Rows as a year leaves them: of four three are visits, one a case that
 * was settled long ago. */
static const char history[] =
    "WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n"
    " WHERE i < %d) "
    "INSERT INTO line (number, id, kind, loops, status, open, settled,"
    " withdrawn, decide, unit, unit_at, holder, holder_at, level, category,"
    " category_at, urgency, source, name, case_number, created_ms, changed,"
    " stage, due_ms, yellow_ms, wake_ms, look, since_ms, stage_ms, waits,"
    " title, forked) "
    "SELECT i, randomblob(16), CASE WHEN i %% 4 THEN 5 ELSE 3 END,"
    " i %% 4 = 0, CASE WHEN i %% 4 THEN 0 ELSE %d END, %d, i %% 4 = 0 AND"
    " %d = 0, 0, 0, 'u' || i %% 40, i %% 40, 'u' || i %% 40, i %% 40, '', '',"
    " 1000, 1, 1, 'N' || i, '', i, i, 0, 9223372036854775807,"
    " 9223372036854775807, 9223372036854775807, 0, 0, 0, 0, '', 0 FROM n";

static void add_rows(struct office *o, int from, int to, int status, bool open)
{
    char sql[2000];
    sqlite3 *db;

    snprintf(sql, sizeof sql, history, from, to, status, open, open);
    assert_int_equal(sqlite3_open(board_path(o->d->board), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* What SQLite's machine did for it: the same on any computer. */
static int steps_of(struct office *o, const struct board_filter *f,
                    enum board_order by)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(16 << 20);
    struct board_counts counts;
    struct board_reader *r;
    struct board_row *rows;
    int steps = 0;
    size_t n;

    assert_ok(board_begin(o->d->board, &r, &err));
    for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(r->db->handle, s));)
        sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
    assert_ok(board_list(r, &arena, &rows, &n, f, by, NULL, 20, 1, &err));
    if (f->open)
        assert_ok(board_counts(r, &counts, f, 1, &err));
    for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(r->db->handle, s));)
        steps += sqlite3_stmt_status(s, SQLITE_STMTSTATUS_VM_STEP, 1);
    board_end(o->d->board, r);
    xg_arena_clear(&arena);
    return steps;
}

static const struct asked {
    const char *what;
    struct board_filter filter;
    enum board_order by;
} all_asked[] = {
    {"everything", {.kinds = 0}, BOARD_BY_CHANGED},
    {"everything, by its age", {.kinds = 0}, BOARD_BY_CREATED},
    {"cases", {.kinds = 1u << XG_KIND_INCIDENT}, BOARD_BY_CHANGED},
    {"cases, by their age", {.kinds = 1u << XG_KIND_INCIDENT}, BOARD_BY_CREATED},
    {"what is open", {.open = true}, BOARD_BY_CHANGED},
    {"what is open, by its age", {.open = true}, BOARD_BY_CREATED},
    {"what is due", {.open = true}, BOARD_BY_DUE},
    {"what is overdue",
     {.lights = 1u << XG_LIGHT_RED},
     BOARD_BY_CHANGED},
    {"open cases of one source",
     {.open = true, .kinds = 1u << XG_KIND_INCIDENT, .sources = 2},
     BOARD_BY_CHANGED},
    {"conflicts", {.decide = true}, BOARD_BY_CHANGED},
    {"settled cases",
     {.settled = true, .kinds = 1u << XG_KIND_INCIDENT},
     BOARD_BY_CHANGED},
    {"a number", {.number = "N400"}, BOARD_BY_CHANGED},
};

static void test_history_costs_nothing_that_is_not_shown(void **state)
{
    enum { MANY = sizeof all_asked / sizeof *all_asked, FIRST = 100000 };
    int before[MANY], after;
    struct office o;

    (void)state;
    office_open_files(&o);
    take_in(&o);
    add_rows(&o, FIRST - 1000, FIRST - 1, XG_STATUS_FILED, true);
    add_rows(&o, FIRST, FIRST + 10000, XG_STATUS_CLOSED, false);
    for (size_t i = 0; i < MANY; i++)
        before[i] = steps_of(&o, &all_asked[i].filter, all_asked[i].by);
    add_rows(&o, FIRST + 10001, FIRST + 40000, XG_STATUS_CLOSED, false);
    for (size_t i = 0; i < MANY; i++) {
        after = steps_of(&o, &all_asked[i].filter, all_asked[i].by);
        if (after > before[i] + before[i] / 4)
            fail_msg("%s: %d steps, after four times as much history %d",
                     all_asked[i].what, before[i], after);
    }
    office_close(&o);
}

static void test_statements_are_well_formed(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct office o;

    (void)state;
    office_open_files(&o);
    take_in(&o);
    assert_ok(xg_db_check_statements(o.d->board->db, &err));
    office_close(&o);
}

/* ---- what it says ---- */

static void test_a_row_follows_its_case(void **state)
{
    struct office o;

    (void)state;
    office_open_files(&o);
    office_import(&o, "catalogue", "1", catalogue);
    struct xg_id one = office_report(&o, "lamp");
    struct xg_id two = office_report(&o, "deep");
    uint64_t size = take_in(&o).size;
    assert_int_equal(size, office_log_size(&o));
    assert_int_equal(count(&o, (struct board_filter){.open = true}), 2);
    assert_int_equal(count(&o, (struct board_filter){.category = "hole"}), 1);
    assert_int_equal(count(&o, (struct board_filter){.text = "深坑"}), 1);
    assert_int_equal(count(&o, (struct board_filter){.unit = "top"}), 2);
    assert_int_equal(count(&o, (struct board_filter){.unit = "south"}), 0);
    act(&o, &one, "head", XG_MOVE_ACCEPT, NULL);
    act(&o, &one, "head", XG_MOVE_FILE, NULL);
    act(&o, &one, "head", XG_MOVE_DISPATCH, "south");
    assert_int_equal(count(&o, (struct board_filter){.holder = "south"}), 0);
    take_in(&o);
    assert_int_equal(count(&o, (struct board_filter){.holder = "south"}), 1);
    assert_int_equal(count(&o, (struct board_filter){.within = "south"}), 1);
    assert_int_equal(count(&o, (struct board_filter){.within = "north"}), 2);
    /* Lights are of the moment. */
    const struct board_filter red = {.lights = 1u << XG_LIGHT_RED};
    assert_int_equal(count(&o, red), 0);
    o.world.wall_ms += 5 * HOUR_MS;
    assert_int_equal(count(&o, red), 1); /* 4 hours to sign for it */
    act(&o, &two, "head", XG_MOVE_ACCEPT, NULL);
    take_in(&o);
    assert_int_equal(count(&o, red), 1);
    office_close(&o);
}

static void test_an_import_is_heeded(void **state)
{
    struct office o;

    (void)state;
    office_open_files(&o);
    struct xg_id one = office_report(&o, "deep");
    take_in(&o);
    assert_int_equal(count(&o, (struct board_filter){.category = "hole"}), 0);
    assert_int_equal(count(&o, (struct board_filter){.category = "deep"}), 1);
    assert_int_equal(count(&o, (struct board_filter){.text = "深坑"}), 0);
    office_import(&o, "catalogue", "1", catalogue);
    take_in(&o);
    assert_int_equal(count(&o, (struct board_filter){.category = "hole"}), 1);
    assert_int_equal(count(&o, (struct board_filter){.text = "深坑"}), 1);
    act(&o, &one, "head", XG_MOVE_ACCEPT, NULL);
    /* A unit that comes to lie elsewhere takes its cases along. */
    struct xg_error err = XG_ERROR_NONE;
    struct xg_statement says = {.kind = XG_SAYS_UNIT,
                                .subject = "north",
                                .unit = "south"};
    assert_int_equal(count(&o, (struct board_filter){.unit = "south"}), 0);
    assert_ok(registry_put(o.d->registry, &says, 1, &err));
    take_in(&o);
    assert_int_equal(count(&o, (struct board_filter){.unit = "south"}), 1);
    office_close(&o);
}

/* Another number once anything was written. */
static int64_t version_of(sqlite3 *db)
{
    sqlite3_stmt *s;

    assert_int_equal(
        sqlite3_prepare_v2(db, "PRAGMA data_version", -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t version = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return version;
}

static void test_a_budget_leaves_the_rest(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct board_at at;
    struct office o;

    (void)state;
    office_open_files(&o);
    for (int i = 0; i < 30; i++)
        office_report(&o, "lamp");
    assert_ok(board_take_in(o.d->board, &at, 10, &err));
    assert_int_equal(at.behind, 20);
    assert_int_equal(count(&o, (struct board_filter){.open = true}), 10);
    open_again(&o); /* goes on where it was */
    assert_ok(board_take_in(o.d->board, &at, 10, &err));
    assert_int_equal(at.behind, 10);
    take_in(&o);
    assert_int_equal(count(&o, (struct board_filter){.open = true}), 30);
    /* Nothing new: nothing is written. */
    sqlite3 *db;
    assert_int_equal(sqlite3_open(board_path(o.d->board), &db), SQLITE_OK);
    int64_t before = version_of(db);
    take_in(&o);
    assert_int_equal(version_of(db), before);
    office_report(&o, "lamp");
    take_in(&o);
    assert_true(version_of(db) != before);
    sqlite3_close(db);
    office_close(&o);
}

static void test_pages_are_stable(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    const struct board_filter all = {.open = true};
    struct board_reader *r;
    struct board_row *rows;
    struct xg_id ids[6];
    struct office o;
    size_t n;

    (void)state;
    office_open_files(&o);
    for (int i = 0; i < 6; i++)
        ids[i] = office_report(&o, "lamp");
    take_in(&o);
    assert_ok(board_begin(o.d->board, &r, &err));
    assert_ok(board_list(r, &arena, &rows, &n, &all, BOARD_BY_CHANGED, NULL, 3,
                         o.world.wall_ms, &err));
    board_end(o.d->board, r);
    assert_int_equal(n, 3);
    assert_true(xg_id_equal(&rows[2].id, &ids[3]));
    struct board_after after = {rows[2].key, rows[2].number};
    /* The last one shown, and another, move up. */
    act(&o, &ids[3], "head", XG_MOVE_ACCEPT, NULL);
    act(&o, &ids[5], "head", XG_MOVE_ACCEPT, NULL);
    office_report(&o, "lamp");
    take_in(&o);
    assert_ok(board_begin(o.d->board, &r, &err));
    assert_ok(board_list(r, &arena, &rows, &n, &all, BOARD_BY_CHANGED, &after,
                         9, o.world.wall_ms, &err));
    board_end(o.d->board, r);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(xg_id_equal(&rows[i].id, &ids[2 - i]));
    xg_arena_clear(&arena);
    office_close(&o);
}

static void test_what_cannot_be_searched_for(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct board_reader *r;
    struct office o;
    uint64_t n;
    char many[3000];

    (void)state;
    office_open_files(&o);
    office_report(&o, "lamp");
    take_in(&o);
    memset(many, 'x', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    static const char *const odd[] = {"\"", "a\" OR \"b", "*", "%", "_", "NEAR(",
                                      "', ''", ";", "\x01\x02", NULL};
    assert_ok(board_begin(o.d->board, &r, &err));
    for (size_t i = 0; odd[i]; i++) {
        const struct board_filter f = {.text = odd[i]};
        assert_ok(board_count(r, &n, &f, 0, &err));
        assert_int_equal(n, i == 8); /* spaces are no words */
    }
    const struct board_filter long_one = {.text = many};
    assert_status(board_count(r, &n, &long_one, 0, &err), XG_USAGE);
    const struct board_filter four = {.text = "a b c d"};
    assert_status(board_count(r, &n, &four, 0, &err), XG_USAGE);
    board_end(o.d->board, r);
    office_close(&o);
}

/* ---- what becomes of the file ---- */

static void overwrite(const char *path, off_t at, const char *with)
{
    int fd = open(path, O_WRONLY);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, with, strlen(with), at), strlen(with));
    close(fd);
}

static void test_a_damaged_file_is_made_anew(void **state)
{
    char path[700];
    struct office o;

    (void)state;
    office_open_files(&o);
    for (int i = 0; i < 50; i++)
        office_report(&o, "lamp");
    take_in(&o);
    struct xg_error err = XG_ERROR_NONE;
    assert_ok(xg_db_checkpoint(o.d->board->db, &err));
    snprintf(path, sizeof path, "%s", board_path(o.d->board));
    data_close(o.d);
    o.d = NULL;
    overwrite(path, 0, "this was a database, once upon a time");
    open_again(&o);
    take_in(&o);
    assert_int_equal(count(&o, (struct board_filter){.open = true}), 50);
    /* In the middle of it. */
    assert_ok(xg_db_checkpoint(o.d->board->db, &err));
    data_close(o.d);
    o.d = NULL;
    for (off_t at = 4096; at < 40960; at += 4096)
        overwrite(path, at, "nonsense nonsense nonsense nonsense");
    open_again(&o);
    office_report(&o, "lamp");
    take_in(&o);
    assert_int_equal(count(&o, (struct board_filter){.open = true}), 51);
    /* Gone, but for its log. */
    data_close(o.d);
    o.d = NULL;
    assert_int_equal(unlink(path), 0);
    open_again(&o);
    take_in(&o);
    assert_int_equal(count(&o, (struct board_filter){.open = true}), 51);
    office_close(&o);
}

static void test_the_file_of_another_log_is_made_anew(void **state)
{
    struct office o, other;
    char command[1500];

    (void)state;
    office_open_files(&o);
    office_open_files(&other);
    other.world.seed = 2;
    for (int i = 0; i < 3; i++)
        office_report(&o, "lamp");
    for (int i = 0; i < 20; i++)
        office_report(&other, "hole");
    take_in(&o);
    take_in(&other);
    data_close(o.d);
    data_close(other.d);
    o.d = other.d = NULL;
    for (int turn = 0; turn < 2; turn++) {
        struct office *from = turn ? &o : &other, *to = turn ? &other : &o;
        snprintf(command, sizeof command, "cp %s/data/board.db* %s/data/",
                 from->folder, to->folder);
        assert_int_equal(system(command), 0);
        open_again(to);
        take_in(to);
        assert_int_equal(count(to, (struct board_filter){.open = true}),
                         turn ? 20 : 3);
        data_close(to->d);
        to->d = NULL;
    }
    open_again(&o);
    open_again(&other);
    office_close(&o);
    office_close(&other);
}

/* A child takes in and is killed at any moment; what it left is gone on with.
 */
static void test_killed_at_any_moment(void **state)
{
    struct office o;

    (void)state;
    office_open_files(&o);
    for (int i = 0; i < 120; i++)
        office_report(&o, i % 2 ? "lamp" : "hole");
    data_close(o.d);
    o.d = NULL;
    for (long us = 0; us < 60000; us += 5000 * TEST_STRIDE) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct xg_error err = XG_ERROR_NONE;
            struct board_at at;
            open_again(&o);
            for (int i = 0; i < 100; i++)
                if (board_take_in(o.d->board, &at, 3, &err) != XG_OK)
                    _exit(1);
            for (;;)
                pause();
        }
        wait_us(us);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, NULL, 0), child);
    }
    open_again(&o);
    take_in(&o);
    assert_int_equal(count(&o, (struct board_filter){.open = true}), 120);
    assert_int_equal(count(&o, (struct board_filter){.text = "lamp"}), 60);
    office_close(&o);
}

/* No file may grow beyond so many bytes: each write fails once. */
static void test_a_full_disk_is_no_end(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct rlimit whole, less;
    struct board_at at;
    struct office o;
    size_t failed = 0;

    (void)state;
    office_open_files(&o);
    for (int i = 0; i < 40; i++)
        office_report(&o, "lamp");
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &whole), 0);
    for (rlim_t room = 4096; room < 600000; room += 24000 * TEST_STRIDE) {
        assert_ok(board_drop(o.d->board, &err));
        less = whole;
        less.rlim_cur = room;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &less), 0);
        enum xg_status status =
            board_take_in(o.d->board, &at, UINT64_MAX, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &whole), 0);
        failed += status != XG_OK;
        err = XG_ERROR_NONE;
        take_in(&o);
        assert_int_equal(count(&o, (struct board_filter){.open = true}), 40);
        assert_int_equal(count(&o, (struct board_filter){.text = "lamp"}), 40);
    }
    assert_true(failed > 2 / TEST_STRIDE);
    signal(SIGXFSZ, SIG_DFL);
    office_close(&o);
}

/* ---- beside who reads ---- */

/* Who holds a reader of the store until they are told. */
struct holder {
    struct data *d;
    pthread_barrier_t *held, *over;
};

static void *hold(void *ctx)
{
    const struct holder *h = ctx;
    struct xg_error err = XG_ERROR_NONE;
    struct store *reader;

    if (data_borrow(h->d, &reader, &err) != XG_OK)
        abort();
    pthread_barrier_wait(h->held);
    pthread_barrier_wait(h->over);
    data_return(h->d, reader);
    return NULL;
}

/* Those who ask for it hold a reader of the store, as many as there are. */
static void test_it_takes_in_while_all_readers_are_lent(void **state)
{
    pthread_t threads[DATA_READERS_MAX];
    pthread_barrier_t held, over;
    struct office o;

    (void)state;
    office_open_files(&o);
    office_report(&o, "lamp");
    pthread_barrier_init(&held, NULL, DATA_READERS_MAX + 1);
    pthread_barrier_init(&over, NULL, DATA_READERS_MAX + 1);
    struct holder h = {o.d, &held, &over};
    for (size_t i = 0; i < DATA_READERS_MAX; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold, &h), 0);
    pthread_barrier_wait(&held);
    alarm(60); /* it would wait for good */
    take_in(&o);
    assert_int_equal(count(&o, (struct board_filter){.text = "lamp"}), 1);
    alarm(0);
    pthread_barrier_wait(&over);
    for (size_t i = 0; i < DATA_READERS_MAX; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&held);
    pthread_barrier_destroy(&over);
    office_close(&o);
}

/* It would be waited for by who holds it. */
static void test_a_second_reader_in_a_thread_is_refused(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct store *one, *two = NULL;
    struct office o;

    (void)state;
    office_open_files(&o);
    assert_ok(data_borrow(o.d, &one, &err));
    assert_status(data_borrow(o.d, &two, &err), XG_IO);
    assert_null(two);
    data_return(o.d, one);
    assert_ok(data_borrow(o.d, &two, &err));
    data_return(o.d, two);
    office_close(&o);
}

/* As many as there are; the next is told so, and few stay open afterwards. */
static void test_so_many_may_ask_at_once(void **state)
{
    struct board_reader *readers[BOARD_READERS], *more;
    struct xg_error err = XG_ERROR_NONE;
    struct office o;
    size_t open = 0;

    (void)state;
    office_open_files(&o);
    office_report(&o, "lamp");
    take_in(&o);
    for (size_t i = 0; i < BOARD_READERS; i++)
        assert_ok(board_begin(o.d->board, &readers[i], &err));
    assert_status(board_begin(o.d->board, &more, &err), XG_BUSY);
    for (size_t i = 0; i < BOARD_READERS; i++)
        board_end(o.d->board, readers[i]);
    for (size_t i = 0; i < BOARD_READERS; i++)
        open += o.d->board->readers[i].db != NULL;
    assert_int_equal(open, BOARD_READERS_KEPT);
    assert_int_equal(count(&o, (struct board_filter){.text = "lamp"}), 1);
    office_close(&o);
}

/* ---- what was erased ---- */

/* A word that is told from all others in the index of pairs, too: there terms
 * that begin alike share their beginnings. */
#define SECRET "\xf0\x9f\x94\xa5\xf0\x9f\x94\xa5"
#define SECRET_PAIR "1f5251f525"

static bool holds(const char *path, const char *suffix, const char *text)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf data = XG_BUF(64 << 20);
    char name[700];
    bool found = false;

    snprintf(name, sizeof name, "%s%s", path, suffix);
    if (access(name, F_OK) == 0) {
        assert_ok(xg_os_read(&data, name, &err));
        for (size_t i = 0, n = strlen(text); !found && i + n <= data.len; i++)
            found = memcmp(data.data + i, text, n) == 0;
    }
    xg_buf_clear(&data);
    return found;
}

/* Anywhere in the board's files, free pages and its log included. */
static bool board_holds(struct office *o, const char *text)
{
    return holds(board_path(o->d->board), "", text) ||
           holds(board_path(o->d->board), "-wal", text);
}

static struct xg_id report_secret(struct office *o)
{
    struct xg_error err = XG_ERROR_NONE;
    struct desk_done done;
    struct xg_draft d;

    xg_draft_init(&d, &o->arena, XG_KIND_INCIDENT);
    d.head.creates = true;
    test_text(&d, XG_INCIDENT_CATEGORY, "lamp");
    test_text(&d, XG_FIELD_GRID, "north");
    test_text(&d, XG_INCIDENT_DESCRIPTION, SECRET);
    assert_ok(desk_write(&done, o->d, &d, "wn", NULL, &err));
    return done.id;
}

static enum xg_status erase(struct office *o, const struct xg_id *id)
{
    const struct redact_wish wish = {.fields = {XG_INCIDENT_DESCRIPTION},
                                     .field_count = 1};
    struct xg_error err = XG_ERROR_NONE;
    struct fold f = office_fold(o, id);
    struct redact_plan plan;
    struct store *reader;
    size_t acts;

    assert_ok(data_borrow(o->d, &reader, &err));
    assert_ok(redact_plan(&plan, &o->arena, reader, &f, &wish, &err));
    data_return(o->d, reader);
    return redact_write(&acts, o->d, &f, &plan, "a ground", "boss", NULL, &err);
}

static void test_what_is_erased_is_forgotten(void **state)
{
    const struct board_filter secret = {.text = SECRET};
    struct xg_error err = XG_ERROR_NONE;
    struct office o;

    (void)state;
    office_open_files(&o);
    struct xg_id id = report_secret(&o);
    for (int i = 0; i < 40; i++)
        office_report(&o, "hole");
    take_in(&o);
    assert_ok(xg_db_checkpoint(o.d->board->db, &err));
    assert_int_equal(count(&o, secret), 1);
    assert_true(board_holds(&o, SECRET));
    assert_true(board_holds(&o, SECRET_PAIR));
    assert_int_equal(erase(&o, &id), XG_OK);
    assert_false(board_holds(&o, SECRET));
    assert_false(board_holds(&o, SECRET_PAIR));
    assert_int_equal(count(&o, secret), 0);
    assert_int_equal(count(&o, (struct board_filter){.open = true}), 41);
    office_check(&o);
    office_close(&o);
}

/* The bytes are gone from the records, and a reader holds on to the board as it
 * was; then all of it ends. What is left to do is done at the next start. */
static void test_killed_before_it_is_forgotten(void **state)
{
    struct office o;

    (void)state;
    office_open_files(&o);
    struct xg_id id = report_secret(&o);
    take_in(&o);
    data_close(o.d);
    o.d = NULL;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct xg_error err = XG_ERROR_NONE;
        struct board_reader *r;
        open_again(&o);
        take_in(&o);
        bool reads = board_begin(o.d->board, &r, &err) == XG_OK;
        sqlite3_busy_timeout(o.d->board->db->handle, 1);
        _exit(!reads || erase(&o, &id) != XG_BUSY);
    }
    int ended;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(ended, 0);
    char path[700];
    snprintf(path, sizeof path, "%s/data/board.db", o.folder);
    assert_true(holds(path, "", SECRET) || holds(path, "-wal", SECRET));
    open_again(&o);
    assert_false(board_holds(&o, SECRET));
    assert_false(board_holds(&o, SECRET_PAIR));
    office_check(&o);
    office_close(&o);
}

/* ---- beside others ---- */

static void test_a_thread_follows(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct board_thread *t;
    struct office o;
    uint64_t n = 0;

    (void)state;
    office_open_files(&o);
    assert_ok(board_start(&t, o.d->board, &err));
    for (int i = 0; i < 20; i++)
        office_report(&o, "lamp");
    for (int i = 0; i < 400 && n < 20; i++) {
        struct board_reader *r;
        const struct board_filter f = {.open = true};
        wait_us(20000);
        if (board_begin(o.d->board, &r, &err) != XG_OK) {
            err = XG_ERROR_NONE;
            continue;
        }
        assert_ok(board_count(r, &n, &f, 0, &err));
        board_end(o.d->board, r);
    }
    assert_int_equal(n, 20);
    board_stop(t);
    office_close(&o);
}

/* A job that is being written until it is told to end. */
struct rush {
    struct ledger_job job;
    struct ledger *ledger;
    pthread_barrier_t begun, over;
    pthread_t thread;
};

static enum xg_status hold_log(struct ledger_job *job, struct ledger *l,
                               struct store *store, struct xg_error *err)
{
    struct rush *r = (struct rush *)job;

    (void)l, (void)store, (void)err;
    pthread_barrier_wait(&r->begun);
    pthread_barrier_wait(&r->over);
    return XG_OK;
}

static void *submit_rush(void *ctx)
{
    struct rush *r = ctx;
    struct xg_error err = XG_ERROR_NONE;

    if (ledger_submit(r->ledger, &r->job, &err) != XG_OK)
        abort();
    return NULL;
}

static void rush_begin(struct rush *r, struct ledger *l)
{
    *r = (struct rush){.job = {.run = hold_log}, .ledger = l};
    pthread_barrier_init(&r->begun, NULL, 2);
    pthread_barrier_init(&r->over, NULL, 2);
    assert_int_equal(pthread_create(&r->thread, NULL, submit_rush, r), 0);
    pthread_barrier_wait(&r->begun);
}

static void rush_end(struct rush *r)
{
    pthread_barrier_wait(&r->over);
    assert_int_equal(pthread_join(r->thread, NULL), 0);
    pthread_barrier_destroy(&r->begun);
    pthread_barrier_destroy(&r->over);
}

static uint64_t ms_since(const struct timespec *start)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)((now.tv_sec - start->tv_sec) * 1000 +
                      (now.tv_nsec - start->tv_nsec) / 1000000);
}

/* Far behind, while the log is written, it leaves the processor to who reports,
 * though not for ever. */
static void test_its_thread_stands_back_in_a_rush(void **state)
{
    enum { MORE = BOARD_TAKE_IN + 100, BACK_MS = 1500, LATEST_MS = 60000 };
    const struct board_filter all = {.open = true};
    struct xg_error err = XG_ERROR_NONE;
    struct board_thread *thread;
    struct timespec start;
    struct office o;
    struct rush r;
    uint64_t little, n;

    (void)state;
    office_open_files(&o);
    office_report(&o, "lamp");
    take_in(&o);
    for (size_t i = 0; i < MORE; i++)
        office_report(&o, "lamp");
    rush_begin(&r, o.d->ledger);
    clock_gettime(CLOCK_MONOTONIC, &start);
    assert_ok(board_start(&thread, o.d->board, &err));
    do {
        wait_us(2000);
        little = count(&o, all);
    } while (little == 1 && ms_since(&start) < LATEST_MS);
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        wait_us(20000);
        n = count(&o, all);
    } while (n == little && ms_since(&start) < LATEST_MS);
    assert_true(little > 1 && little < 100);
    assert_true(n > little);
    assert_true(ms_since(&start) >= BACK_MS);
    rush_end(&r);
    for (clock_gettime(CLOCK_MONOTONIC, &start);
         n < 1 + MORE && ms_since(&start) < LATEST_MS; n = count(&o, all))
        wait_us(20000);
    assert_int_equal(n, 1 + MORE);
    board_stop(thread);
    office_close(&o);
}

static long log_bytes(const struct office *o)
{
    struct stat info;
    char path[256];

    snprintf(path, sizeof path, "%s/board.db-wal", o->d->dir);
    return stat(path, &info) == 0 ? (long)info.st_size : 0;
}

static int highest_nice(void)
{
    DIR *tasks = opendir("/proc/self/task");
    const struct dirent *task;
    int highest = 0;

    assert_non_null(tasks);
    while ((task = readdir(tasks))) {
        long tid = strtol(task->d_name, NULL, 10);
        int nice = tid > 0 ? getpriority(PRIO_PROCESS, (id_t)tid) : 0;
        highest = nice > highest ? nice : highest;
    }
    closedir(tasks);
    return highest;
}

/* It gives way to who reports, and empties its log when nothing comes. */
static void test_its_thread_tidies_in_quiet_moments(void **state)
{
    enum { LONG_LOG = 5 << 20, TRIES = 200 };
    const int before = highest_nice();
    struct xg_error err = XG_ERROR_NONE;
    struct board_thread *thread;
    struct office o;
    int during = 0;

    (void)state;
    office_open_files(&o);
    while (log_bytes(&o) < LONG_LOG) {
        office_report(&o, "lamp");
        take_in(&o);
    }
    assert_ok(board_start(&thread, o.d->board, &err));
    for (int i = 0; i < TRIES && log_bytes(&o) > 0; i++) {
        during = highest_nice();
        wait_us(100000);
    }
    assert_int_equal(log_bytes(&o), 0);
    assert_true(during > before);
    board_stop(thread);
    office_close(&o);
}

/* ---- trees ---- */

/* A device signs what it likes: its tracks are no reason to stop. */
static void test_bytes_that_are_no_track(void **state)
{
    static const uint8_t junk[][8] = {
        {0x10, 0x01, 0xff, 0xff}, {0xff}, {0x10, 0x80, 0x80, 0x04, 1, 2, 3, 4}};
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf value = XG_BUF(64);
    struct report_walk *walks;
    struct board_reader *r;
    struct desk_done done;
    struct office o;
    size_t n;

    (void)state;
    office_open(&o, NULL);
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        struct xg_draft d;
        xg_draft_init(&d, &o.arena, XG_KIND_PATROL);
        d.head.creates = true;
        xg_buf_reset(&value);
        xg_cbor_put_int(&value, o.world.wall_ms - HOUR_MS);
        assert_ok(
            xg_draft_set(&d, XG_PATROL_START, xg_buf_bytes(&value), &err));
        xg_buf_reset(&value);
        xg_cbor_put_bytes(&value, junk[i], sizeof junk[i]);
        assert_ok(
            xg_draft_add(&d, XG_PATROL_SEGMENT, xg_buf_bytes(&value), &err));
        assert_ok(desk_write(&done, o.d, &d, "wn", NULL, &err));
    }
    office_report(&o, "lamp");
    take_in(&o);
    assert_ok(board_begin(o.d->board, &r, &err));
    assert_ok(board_walks(r, &o.arena, &walks, &n, 0, BOARD_NEVER, &err));
    assert_int_equal(n, sizeof junk / sizeof *junk);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(walks[i].distance_mm, 0);
    board_end(o.d->board, r);
    assert_int_equal(
        count(&o, (struct board_filter){.kinds = 1u << XG_KIND_INCIDENT}), 1);
    xg_buf_clear(&value);
    office_close(&o);
}

static void test_trees(void **state)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    struct board_node nodes[] = {
        {.code = "b", .above = "a"},  {.code = "a", .above = ""},
        {.code = "c", .above = "a"},  {.code = "d", .above = "b"},
        {.code = "z", .above = "??"}, {.code = "x", .above = "y"},
        {.code = "y", .above = "x"},  {.code = "s", .above = "s"}};
    struct board_tree t;

    (void)state;
    assert_ok(board_tree_make(&t, &arena, nodes, 8, &err));
    assert_int_equal(board_tree_at(&t, "a"), 1);
    assert_int_equal(board_tree_last(&t, "a"), 4);
    assert_int_equal(board_tree_at(&t, "b"), 2);
    assert_int_equal(board_tree_last(&t, "b"), 3);
    assert_int_equal(board_tree_at(&t, "d"), 3);
    assert_int_equal(board_tree_at(&t, "c"), 4);
    assert_int_equal(board_tree_last(&t, "z"), board_tree_at(&t, "z"));
    assert_int_equal(board_tree_at(&t, ""), 0);
    /* A circle has an end somewhere; all are numbered, each once. */
    int64_t sum = 0;
    for (size_t i = 0; i < t.count; i++)
        sum += t.nodes[i].at;
    assert_int_equal(sum, 36);
    assert_true(board_tree_at(&t, "nobody") > 1000000);
    assert_int_equal(board_tree_at(&t, "nobody"),
                     board_tree_last(&t, "nobody"));
    assert_true(board_tree_at(&t, "nobody") != board_tree_at(&t, "no one"));
    xg_arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_question_has_an_index),
        cmocka_unit_test(test_history_costs_nothing_that_is_not_shown),
        cmocka_unit_test(test_statements_are_well_formed),
        cmocka_unit_test(test_a_row_follows_its_case),
        cmocka_unit_test(test_an_import_is_heeded),
        cmocka_unit_test(test_a_budget_leaves_the_rest),
        cmocka_unit_test(test_pages_are_stable),
        cmocka_unit_test(test_what_cannot_be_searched_for),
        cmocka_unit_test(test_a_damaged_file_is_made_anew),
        cmocka_unit_test(test_the_file_of_another_log_is_made_anew),
        cmocka_unit_test(test_killed_at_any_moment),
        cmocka_unit_test(test_a_full_disk_is_no_end),
        cmocka_unit_test(test_it_takes_in_while_all_readers_are_lent),
        cmocka_unit_test(test_its_thread_tidies_in_quiet_moments),
        cmocka_unit_test(test_a_second_reader_in_a_thread_is_refused),
        cmocka_unit_test(test_so_many_may_ask_at_once),
        cmocka_unit_test(test_what_is_erased_is_forgotten),
        cmocka_unit_test(test_killed_before_it_is_forgotten),
        cmocka_unit_test(test_a_thread_follows),
        cmocka_unit_test(test_its_thread_stands_back_in_a_rush),
        cmocka_unit_test(test_bytes_that_are_no_track),
        cmocka_unit_test(test_trees),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
