/* board.c - lists over a district's year: how long each filter takes.
 *
 *      bench-board FOLDER [CASES [OPEN]]
 *          FOLDER is a folder to be made: a data folder with 2,000 units, on
 *          whose board rows are written as the server's own code writes them,
 *          60,000 of them with 3,000 open where nothing else is said.
 *
 * Prints a line of JSON a question: its name, the median and the longest of
 * RUNS in milliseconds of the processor, and how many rows it gave.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/board/inside.h"
#include "shared/core/loop.h"
#include "tests/lib/cost.h"

enum {
    STREETS = 16,
    COMMUNITIES = 12,
    GRIDS = 10,
    CATEGORIES = 12,
    KINDS_EACH = 15,
    CASES = 60000,
    OPEN = 3000,
    RUNS = 15,
    PAGE = 100,
    DAYS = 365,
};

#define DAY_MS INT64_C(86400000)
#define NOW_MS INT64_C(1790000000000)

static void check(enum xg_status status, const struct xg_error *err)
{
    if (status == XG_OK)
        return;
    fprintf(stderr, "bench-board: %s\n", xg_error_text(err));
    exit(1);
}

static uint64_t seed = 1;

static uint64_t below(uint64_t bound)
{
    uint64_t z = seed += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (z ^ z >> 31) % bound;
}

/* ---- the district ---- */

static void grid_of(char *out, size_t size, unsigned street, unsigned community,
                    unsigned grid)
{
    snprintf(out, size, "371302%03u%03u%03u", street, community, grid);
}

static void import_units(struct data *d)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf csv = XG_BUF(4 << 20);
    struct xg_reference kept;

    xg_buf_text(&csv, "code,level,parent,name\n371302,district,,兰山区\n"
                      "371302-cg,department,371302,综合行政执法局\n");
    for (unsigned s = 1; s <= STREETS; s++) {
        xg_buf_format(&csv, "371302%03u,street,371302,第%u街道\n", s, s);
        for (unsigned c = 1; c <= COMMUNITIES; c++) {
            xg_buf_format(&csv, "371302%03u%03u,community,371302%03u,社区%u\n",
                          s, c, s, c);
            for (unsigned g = 1; g <= GRIDS; g++)
                xg_buf_format(&csv,
                              "371302%03u%03u%03u,grid,371302%03u%03u,网格%u\n",
                              s, c, g, s, c, g);
        }
    }
    check(xg_buf_check(&csv, &err), &err);
    check(registry_put_reference(d->registry, &kept, "territory", "1",
                                 xg_buf_bytes(&csv), &err),
          &err);
    xg_buf_clear(&csv);
}

static void import_catalogue(struct data *d)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_buf csv = XG_BUF(1 << 20);
    struct xg_reference kept;

    xg_buf_text(&csv, "code,parent,name,handle\n*,,其他,5工作日\n");
    for (unsigned c = 1; c <= CATEGORIES; c++) {
        xg_buf_format(&csv, "%02u,,大类%u,\n", c, c);
        for (unsigned k = 1; k <= KINDS_EACH; k++)
            xg_buf_format(&csv, "%02u%02u,%02u,小类%u,\n", c, k, c, k);
    }
    check(xg_buf_check(&csv, &err), &err);
    check(registry_put_reference(d->registry, &kept, "catalogue", "1",
                                 xg_buf_bytes(&csv), &err),
          &err);
    xg_buf_clear(&csv);
}

/* ---- rows ---- */

static const char *const streets[] = {"通达路", "解放路", "沂蒙路", "银雀山路",
                                      "金雀山路", "考棚街", "砚池街", "启阳路"};
static const char *const things[] = {"井盖丢失", "路灯不亮", "垃圾堆积",
                                     "占道经营", "电动车飞线充电", "楼道堆物"};

static void make_entry(struct board_entry *e, struct xg_arena *arena,
                       uint64_t number, bool open)
{
    unsigned s = 1 + (unsigned)below((uint64_t)STREETS);
    struct store_entity *row;
    int64_t age_ms = (int64_t)((open ? below(30) : below(DAYS)) *
                                   (uint64_t)DAY_MS +
                               below((uint64_t)DAY_MS));

    *e = (struct board_entry){.loops = true,
                              .settled = !open,
                              .due_ms = BOARD_NEVER,
                              .yellow_ms = BOARD_NEVER,
                              .wake_ms = BOARD_NEVER,
                              .paused_from = XG_NO_TIME,
                              .level = below(3) ? "grid" : "street"};
    row = &e->entity;
    row->number = number;
    for (size_t i = 0; i < XG_ID_SIZE; i++)
        row->id.b[i] = (uint8_t)below(256);
    row->kind = (uint64_t)(below(40) ? XG_KIND_INCIDENT : XG_KIND_TASK);
    row->status = 1 + below(8);
    if (!open)
        row->status = (uint64_t)(below(9) ? XG_STATUS_CLOSED : XG_STATUS_VOIDED);
    row->open = open;
    row->folded = true;
    row->conflicts = below(500) ? 0 : 1;
    row->changed = number * 3;
    grid_of(row->unit, sizeof row->unit, s, 1 + (unsigned)below(COMMUNITIES),
            1 + (unsigned)below(GRIDS));
    e->holder = below(3) ? row->unit : "371302-cg";
    e->category = xg_arena_format(arena, "%02u%02u",
                                  1 + (unsigned)below(CATEGORIES),
                                  1 + (unsigned)below(KINDS_EACH));
    e->urgency = below(10) ? 1 : 2 + below(2);
    e->source = below(3) ? 1 : 1 + below(8);
    snprintf(e->name, sizeof e->name, "%04u-%05u-1", (unsigned)(number % 1900),
             (unsigned)(number / 1900));
    snprintf(row->case_number, sizeof row->case_number, "2026-%06u",
             (unsigned)number);
    e->placed = true;
    e->lat_e7 = 350500000 + (int32_t)below(2000000);
    e->lon_e7 = 1183000000 + (int32_t)below(2000000);
    e->created_ms = NOW_MS - age_ms;
    if (open && below(10)) {
        e->due_ms = e->created_ms + (int64_t)below(40) * DAY_MS;
        e->yellow_ms = e->due_ms - DAY_MS;
        e->stage = 5;
    }
    e->text = xg_arena_format(
        arena, "%s %s %s%u号 %s门口有%s，已经三天没有人来处理，请尽快安排",
        e->name, row->case_number, streets[below(8)], 1 + (unsigned)below(300),
        streets[below(8)], things[below(6)]);
    e->hands = xg_arena_array(arena, 1, sizeof *e->hands);
    if (!e->category || !e->text || !e->hands)
        exit(1);
    if (e->holder != row->unit)
        e->hands[e->hand_count++] = (struct board_hand){"371302-cg", false};
    e->clocks = xg_arena_array(arena, 5, sizeof *e->clocks);
    if (!e->clocks)
        exit(1);
    e->clock_count = 5;
    for (size_t i = 0; i < 5; i++)
        e->clocks[i] = (struct xg_clock){.stage = (enum xg_stage)(i + 1),
                                         .turn = 1,
                                         .start_ms = e->created_ms,
                                         .end_ms = e->created_ms,
                                         .unit = xg_bytes("", 0),
                                         .level = xg_bytes("", 0)};
}

static void fill(struct board *b, uint64_t cases, uint64_t open)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(16 << 20);
    struct xg_buf touched = XG_BUF(64 << 20), days = XG_BUF(64 << 20);
    struct board_entry e;

    check(xg_db_begin(b->db, &err), &err);
    for (uint64_t i = 1; i <= cases; i++) {
        make_entry(&e, &arena, i, below(cases) < open);
        check(board_put(b->db, &e, b->shape, &touched, &days, &err), &err);
        xg_arena_reset(&arena);
        xg_buf_reset(&touched);
        if (i % 1000 == 0) {
            check(xg_db_commit(b->db, &err), &err);
            check(xg_db_begin(b->db, &err), &err);
        }
    }
    check(xg_db_commit(b->db, &err), &err);
    xg_arena_clear(&arena);
    xg_buf_clear(&touched);
    xg_buf_clear(&days);
}

/* ---- questions ---- */

struct question {
    const char *name;
    struct board_filter f;
    enum board_order by;
    enum { LIST, DEEP, COUNT, COUNTS, POINTS } how;
};

static const struct question questions[] = {
    {"inbox", {.open = true}, BOARD_BY_CHANGED, LIST},
    {"all", {0}, BOARD_BY_CHANGED, LIST},
    {"all, the 600th page", {0}, BOARD_BY_CHANGED, DEEP},
    {"by due", {.open = true}, BOARD_BY_DUE, LIST},
    {"all by due", {0}, BOARD_BY_DUE, LIST},
    {"by created", {0}, BOARD_BY_CREATED, LIST},
    {"kind", {.kinds = 1 << XG_KIND_TASK}, BOARD_BY_CHANGED, LIST},
    {"street", {.unit = "371302007"}, BOARD_BY_CHANGED, LIST},
    {"grid", {.unit = "371302007003002"}, BOARD_BY_CHANGED, LIST},
    {"district", {.unit = "371302"}, BOARD_BY_CHANGED, LIST},
    {"open of a street", {.open = true, .unit = "371302007"}, BOARD_BY_DUE,
     LIST},
    {"holder", {.holder = "371302-cg"}, BOARD_BY_CHANGED, LIST},
    {"within street", {.within = "371302003"}, BOARD_BY_CHANGED, LIST},
    {"within department", {.within = "371302-cg", .open = true},
     BOARD_BY_CHANGED, LIST},
    {"category", {.category = "0703"}, BOARD_BY_CHANGED, LIST},
    {"categories", {.category = "07"}, BOARD_BY_CHANGED, LIST},
    {"urgency", {.urgencies = 1 << 3}, BOARD_BY_CHANGED, LIST},
    {"source", {.sources = 1 << 3}, BOARD_BY_CHANGED, LIST},
    {"level", {.level = "street"}, BOARD_BY_CHANGED, LIST},
    {"status", {.statuses = 1 << XG_STATUS_HANDLING}, BOARD_BY_CHANGED, LIST},
    {"statuses", {.statuses = 1 << 4 | 1 << 5}, BOARD_BY_CHANGED, LIST},
    {"red", {.lights = 1 << XG_LIGHT_RED}, BOARD_BY_DUE, LIST},
    {"settled", {.settled = true}, BOARD_BY_CHANGED, LIST},
    {"conflict", {.decide = true}, BOARD_BY_CHANGED, LIST},
    {"a day", {.since_ms = NOW_MS - 40 * DAY_MS,
               .until_ms = NOW_MS - 39 * DAY_MS},
     BOARD_BY_CREATED, LIST},
    {"text", {.text = "井盖"}, BOARD_BY_CHANGED, LIST},
    {"rare text", {.text = "通达路217号"}, BOARD_BY_CHANGED, LIST},
    {"text of one character", {.text = "雀"}, BOARD_BY_CHANGED, LIST},
    {"text that is nowhere", {.text = "直升机"}, BOARD_BY_CHANGED, LIST},
    {"three words", {.text = "启阳路 飞线 考棚街"}, BOARD_BY_CHANGED, LIST},
    {"number", {.number = "2026-031415"}, BOARD_BY_CHANGED, LIST},
    {"street, source, category, settled",
     {.unit = "371302007", .sources = 1 << 3, .category = "07",
      .settled = true},
     BOARD_BY_CHANGED, LIST},
    {"common, but never together",
     {.level = "street", .settled = true, .sources = 1 << 1,
      .text = "井盖丢失，已经三天没有人来处理，请尽快安排了"},
     BOARD_BY_CHANGED, LIST},
    {"count of all", {0}, BOARD_BY_CHANGED, COUNT},
    {"count of a street", {.unit = "371302007"}, BOARD_BY_CHANGED, COUNT},
    {"count of a text", {.text = "井盖"}, BOARD_BY_CHANGED, COUNT},
    {"counts", {.open = true}, BOARD_BY_CHANGED, COUNTS},
    {"counts within a street", {.open = true, .within = "371302007"},
     BOARD_BY_CHANGED, COUNTS},
    {"points of what is open", {.open = true}, BOARD_BY_CHANGED, POINTS},
};

/* As a command does it: a snapshot, the question, and the end. */
static uint64_t ask(struct board *b, const struct question *q)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(256 << 20);
    struct board_after deep = {(int64_t)CASES * 3 / 60, CASES};
    struct board_counts counts;
    struct board_reader *r;
    struct board_row *rows;
    uint64_t total = 0;
    size_t count = 0;

    check(board_begin(b, &r, &err), &err);
    if (q->how == COUNT) {
        check(board_count(r, &total, &q->f, NOW_MS, &err), &err);
    } else if (q->how == COUNTS) {
        check(board_counts(r, &counts, &q->f, NOW_MS, &err), &err);
        total = counts.total;
    } else {
        check(board_list(r, &arena, &rows, &count, &q->f, q->by,
                         q->how == DEEP ? &deep : NULL,
                         q->how == POINTS ? BOARD_ROWS_MAX : PAGE, NOW_MS,
                         &err),
              &err);
        total = count;
    }
    board_end(b, r);
    xg_arena_clear(&arena);
    return total;
}

static void measure(struct board *b, const struct question *q)
{
    double took[RUNS];
    uint64_t rows = 0;

    for (int i = 0; i < RUNS; i++) {
        double start = test_process_us();
        rows = ask(b, q);
        took[i] = (test_process_us() - start) / 1e3;
    }
    double median = test_median(took, RUNS);
    printf("{\"question\": \"%s\", \"median_ms\": %.2f, \"longest_ms\": %.2f, "
           "\"rows\": %" PRIu64 "}\n",
           q->name, median, took[RUNS - 1], rows);
}

int main(int argc, char **argv)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_env env = xg_env_system();
    struct board_at at;
    struct data *d;

    if (argc < 2) {
        fprintf(stderr, "bench-board FOLDER [CASES [OPEN]]\n");
        return 2;
    }
    uint64_t cases = argc > 2 ? strtoull(argv[2], NULL, 10) : CASES;
    uint64_t open = argc > 3 ? strtoull(argv[3], NULL, 10) : OPEN;
    check(data_init(argv[1], "bench.example", NULL, &env, &err), &err);
    check(data_open(&d, argv[1], &env, &err), &err);
    import_units(d);
    import_catalogue(d);
    check(board_take_in(d->board, &at, UINT64_MAX, &err), &err);
    double start = test_process_us();
    fill(d->board, cases, open);
    printf("{\"question\": \"rows written\", \"ms_a_row\": %.3f, \"rows\": "
           "%" PRIu64 "}\n",
           (test_process_us() - start) / 1e3 / (double)cases, cases);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        measure(d->board, &questions[i]);
    data_close(d);
    return 0;
}
