/* sim_script.h - what a run does, as a list: who is there, and one line for
 * each thing that happens, with its time and a seed of its own.
 *
 *      sim_script.c     drawing one from a seed, writing and reading it
 *      sim_shrink.c     finding the smallest one that fails in the same way
 *
 * Because each line brings its own randomness, a line can be taken out and the
 * others stay what they were. As text (lines of # are remarks):
 *
 *      xunge-sim 1
 *      world seed 7 devices 25 slots 28 days 10
 *      person 3 worker w0003 role worker unit d-1-2-3 approval 0
 *      at 86400123 step 12 session 3 seed 81723 saves 2 sync 1 calm net,disk
 *      at 86400555 step 13 clone 3 seed 5 to 26
 *
 * `slot` numbers devices: those that are there from the beginning, then copies.
 * What names a slot where no device is does nothing.
 */
#ifndef XG_TESTS_SIM_SCRIPT_H
#define XG_TESTS_SIM_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "shared/core/protocol.h"

/* One line a thing that happens: name, word. */
#define SIM_DEEDS(X)                                                           \
    X(SIM_SESSION, "session")                                                  \
    X(SIM_WEATHER, "weather")                                                  \
    X(SIM_CLOCK, "clock")                                                      \
    X(SIM_CLONE, "clone")                                                      \
    X(SIM_IMAGE, "image")                                                      \
    X(SIM_RESTORE, "restore")                                                  \
    X(SIM_MOVE, "move")                                                        \
    X(SIM_REVOKE, "revoke")                                                    \
    X(SIM_HANDOVER, "handover")                                                \
    X(SIM_APPROVE, "approve")                                                  \
    X(SIM_OPERATE, "operate")                                                  \
    X(SIM_RESTART, "restart")

enum sim_deed {
#define X(name, word) name,
    SIM_DEEDS(X)
#undef X
        SIM_DEED_COUNT
};

/* What may befall a session, and can be left out. */
#define SIM_CALMS(X)                                                           \
    X(SIM_CALM_NET, 0, "net")       /* the network does as it should */        \
    X(SIM_CALM_SERVER, 1, "server") /* its store does not fail */              \
    X(SIM_CALM_OTHERS, 2, "others") /* nobody else acts while it waits */      \
    X(SIM_CALM_DEATH, 3, "death")   /* the device is not killed */             \
    X(SIM_CALM_DISK, 4, "disk")     /* its disk has room */

enum sim_calm {
#define X(name, bit, word) name = 1 << bit,
    SIM_CALMS(X)
#undef X
        SIM_CALM_ALL = 31
};

struct sim_event {
    int64_t at_ms; /* since the beginning */
    uint64_t step, seed;
    enum sim_deed deed;
    unsigned slot, to; /* to: of a clone, of a handover */
    unsigned saves;    /* at most so many acts of its person */
    bool sync;
    unsigned calm; /* bits of enum sim_calm */
};

struct sim_person {
    unsigned slot;
    char worker[XG_CODE_MAX + 1], role[16], unit[XG_CODE_MAX + 1];
    bool approval; /* the device waits for one */
};

struct sim_script {
    uint64_t seed;
    unsigned devices, slots, days;
    size_t person_count, person_room, event_count, event_room;
    struct sim_person *people;
    struct sim_event *events;
};

/* How much of it. */
struct sim_measure {
    uint64_t seed;
    unsigned devices, steps, days;
    unsigned wild; /* what befalls rarely comes that many times as often */
};

void sim_script_draw(struct sim_script *s, const struct sim_measure *m);
void sim_script_copy(struct sim_script *to, const struct sim_script *from);
void sim_script_clear(struct sim_script *s);
/* Fit for an empty one too. */
void sim_script_write(const struct sim_script *s, FILE *out);
/* False, with a word on standard error, where the file is none. */
bool sim_script_read(struct sim_script *s, const char *path);

#endif
