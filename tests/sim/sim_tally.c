/* sim_tally.c - how often what happened, in one run or in all of a test, and
 * whether that is enough; see sim.h. */
#include "tests/sim/sim.h"

#include <inttypes.h>
#include <stdio.h>

#include "shared/core/loop.h"

static const struct {
    uint64_t least; /* in PER steps */
    const char *label;
} counters[] = {
#define X(name, least, label) {least, label},
    SIM_COUNTERS(X)
#undef X
};

enum { PER = 10000, MOVES_LEAST = 30 /* of 38; which ones is chance */ };

void sim_tally_add(struct sim_tally *to, const struct sim_tally *more)
{
    to->steps += more->steps;
    to->device_hours += more->device_hours;
    for (size_t i = 0; i < SIM_COUNTER_COUNT; i++)
        to->counters[i] += more->counters[i];
    for (size_t i = 0; i < SIM_KINDS; i++)
        to->kinds[i] += more->kinds[i];
    for (size_t i = 0; i < SIM_MOVE_NUMBERS; i++)
        to->moves[i] += more->moves[i];
}

/* Kinds that somebody in the simulator may begin; a patrol's track, an author's
 * key and who read what have tests of their own. */
static bool is_begun(const struct xg_kind *k)
{
    return k->entity;
}

void sim_tally_print(const struct sim_tally *t)
{
    for (size_t i = 0; i < SIM_COUNTER_COUNT; i++)
        printf("%12" PRIu64 " %s\n", t->counters[i], counters[i].label);
    printf("             moves with effect:");
    for (const struct xg_choice *m = xg_moves; m->name; m++)
        printf(" %s %" PRIu64, m->name, t->moves[m->number]);
    printf("\n             begun, by kind:");
    for (const struct xg_kind *k = xg_kinds; k->name; k++)
        if (is_begun(k))
            printf(" %s %" PRIu64, k->name, t->kinds[k->number]);
    putchar('\n');
}

static bool suffices(const char *what, uint64_t count, uint64_t least)
{
    if (count >= least)
        return true;
    fprintf(stderr, "sim: FAILED  %s: %" PRIu64 ", and at least %" PRIu64
                    " are expected\n",
            what, count, least);
    return false;
}

bool sim_tally_is_enough(const struct sim_tally *t)
{
    uint64_t moves = 0;
    bool enough = true;

    for (size_t i = 0; i < SIM_COUNTER_COUNT; i++)
        enough = suffices(counters[i].label, t->counters[i],
                          counters[i].least * t->steps / PER) &&
                 enough;
    for (const struct xg_choice *m = xg_moves; m->name; m++)
        moves += t->moves[m->number] > 0;
    enough = suffices("different moves with effect", moves, MOVES_LEAST) &&
             enough;
    for (const struct xg_kind *k = xg_kinds; k->name; k++)
        if (is_begun(k))
            enough = suffices(k->name, t->kinds[k->number], 1) && enough;
    return enough;
}
