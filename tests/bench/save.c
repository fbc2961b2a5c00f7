/* save.c - how long a durable save takes in a program that runs already.
 *
 *      save HOME COUNT
 *
 * records COUNT incidents in the home of an enrolled device, one transaction
 * each, and prints the microseconds of each, one a line, at once: who traces
 * it sees between two writes what one save did.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "agent/home/home.h"
#include "agent/record/capture.h"

static void check(enum xg_status status, const struct xg_error *err)
{
    if (status == XG_OK)
        return;
    fprintf(stderr, "save: %s\n", xg_error_text(err));
    exit(1);
}

int main(int argc, char **argv)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_arena arena = XG_ARENA(1 << 20);
    size_t count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    struct xg_draft draft;
    struct captured made;
    struct home home;

    if (count == 0 || xg_base_init() != 0) {
        fputs("usage: save HOME COUNT\n", stderr);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct xg_env env = xg_env_system();
    check(home_open(&home, argv[1], false, &env, &err), &err);
    for (size_t i = 0; i < count; i++) {
        char text[200];
        xg_arena_reset(&arena);
        xg_draft_init(&draft, &arena, XG_KIND_INCIDENT);
        snprintf(
            text, sizeof text,
            "楼道堆放纸箱和旧家具，疏散通道被占用，第%zu处，已要求当日整改", i);
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        check(capture_set_text(&draft, XG_INCIDENT_CATEGORY, "fire_passage",
                               &err),
              &err);
        check(capture_set_text(&draft, XG_INCIDENT_DESCRIPTION, text, &err),
              &err);
        check(capture_create(home.store, &made, &draft, NULL, &err), &err);
        clock_gettime(CLOCK_MONOTONIC, &to);
        printf("%.1f\n", (double)(to.tv_sec - from.tv_sec) * 1e6 +
                             (double)(to.tv_nsec - from.tv_nsec) / 1e3);
    }
    home_close(&home);
    xg_arena_clear(&arena);
    return 0;
}
