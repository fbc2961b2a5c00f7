/* growth_agent.c - what one more act costs a device that holds much already.
 *
 *      growth_agent HOME SIZE [SIZE ...]
 *
 * The home of an enrolled device is filled with incidents up to each size in
 * turn; at each, notes are added to ones drawn from all of them, one durable
 * save each. Prints a line of JSON for each size: the microseconds of the
 * processor that a save took, the median.
 */
#include <stdio.h>
#include <stdlib.h>

#include "agent/home/home.h"
#include "agent/record/capture.h"
#include "tests/lib/cost.h"

enum { TOGETHER = 1000, ROUNDS = 300 };

struct growth {
    struct home home;
    struct xg_arena arena;
    struct xg_id *ids;
    size_t count, room;
    uint64_t seed;
};

static void check(enum xg_status status, const struct xg_error *err)
{
    if (status == XG_OK)
        return;
    fprintf(stderr, "growth_agent: %s\n", xg_error_text(err));
    exit(1);
}

static void create(struct growth *g)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;
    struct captured made;
    char text[80];

    if (g->count == g->room) {
        g->room = g->room ? g->room * 2 : 1024;
        g->ids = realloc(g->ids, g->room * sizeof *g->ids);
        if (!g->ids)
            exit(1);
    }
    xg_arena_reset(&g->arena);
    xg_draft_init(&draft, &g->arena, XG_KIND_INCIDENT);
    snprintf(text, sizeof text, "书香苑%zu号楼2单元", g->count);
    check(capture_set_text(&draft, XG_INCIDENT_CATEGORY, "fire_passage", &err),
          &err);
    check(capture_set_text(&draft, XG_INCIDENT_ADDRESS, text, &err), &err);
    check(capture_append(g->home.store, &made, NULL, &draft, NULL, &err), &err);
    g->ids[g->count++] = made.id;
}

static void fill(struct growth *g, size_t size)
{
    struct xg_error err = XG_ERROR_NONE;

    while (g->count < size) {
        check(store_begin(g->home.store, &err), &err);
        for (size_t i = 0; i < TOGETHER && g->count < size; i++)
            create(g);
        check(store_commit(g->home.store, &err), &err);
    }
}

static double save(struct growth *g)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_draft draft;
    struct captured made;

    g->seed = g->seed * 6364136223846793005u + 1442695040888963407u;
    xg_arena_reset(&g->arena);
    xg_draft_init(&draft, &g->arena, XG_KIND_INCIDENT);
    check(capture_set_text(&draft, XG_INCIDENT_DESCRIPTION, "已要求当日整改",
                           &err),
          &err);
    double from = test_process_us();
    check(capture_change(g->home.store, &made,
                         &g->ids[(g->seed >> 33) % g->count], &draft, NULL,
                         &err),
          &err);
    return test_process_us() - from;
}

int main(int argc, char **argv)
{
    struct growth g = {.arena = XG_ARENA(1 << 20), .seed = 1};
    struct xg_error err = XG_ERROR_NONE;
    double each[ROUNDS];

    if (argc < 3 || xg_base_init() != 0) {
        fputs("usage: growth_agent HOME SIZE...\n", stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct xg_env env = xg_env_system();
    check(home_open(&g.home, argv[1], false, &env, &err), &err);
    for (int i = 2; i < argc; i++) {
        fill(&g, strtoul(argv[i], NULL, 10));
        for (size_t n = 0; n < ROUNDS; n++)
            each[n] = save(&g);
        printf("{\"entities\": %s, \"us\": %.1f}\n", argv[i],
               test_median(each, ROUNDS));
    }
    home_close(&g.home);
    xg_arena_clear(&g.arena);
    free(g.ids);
    return 0;
}
