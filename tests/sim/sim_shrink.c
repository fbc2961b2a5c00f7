/* sim_shrink.c - thinning a script that fails: leave something out, run it
 * again, keep it out while the same thing fails; see sim_script.h.
 *
 * First what comes after the failure, then devices (with all that names them),
 * then events, each in ever smaller pieces; then, for what is left, faults and
 * acts; and again until nothing more can go or the time is over.
 */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <time.h>

struct thinning {
    struct sim_script *best;
    const char *signature;
    time_t end;
    unsigned limit_s; /* for one run */
    unsigned runs;
};

static bool is_over(const struct thinning *t)
{
    return time(NULL) >= t->end;
}

/* Does it still fail so? Then it is the best one now. Takes `s`. */
static bool try(struct thinning *t, struct sim_script *s)
{
    const struct sim_run run = {
        .script = s, .quiet = true, .limit_s = t->limit_s};
    struct sim_verdict verdict;

    sim_run(&verdict, &run);
    t->runs++;
    bool same =
        !verdict.holds && strcmp(verdict.signature, t->signature) == 0;
    if (same) {
        sim_script_clear(t->best);
        *t->best = *s;
    } else {
        sim_script_clear(s);
    }
    return same;
}

/* ---- leaving out ---- */

static void drop_events(struct sim_script *s, size_t at, size_t count)
{
    memmove(s->events + at, s->events + at + count,
            (s->event_count - at - count) * sizeof *s->events);
    s->event_count -= count;
}

static bool is_about(const struct sim_event *e, unsigned slot)
{
    bool of_all = e->deed == SIM_APPROVE || e->deed == SIM_OPERATE ||
                  e->deed == SIM_RESTART;
    bool names_two = e->deed == SIM_CLONE || e->deed == SIM_HANDOVER;

    return (!of_all && e->slot == slot) || (names_two && e->to == slot);
}

static void drop_people(struct sim_script *s, size_t at, size_t count)
{
    for (size_t i = at; i < at + count; i++) {
        size_t kept = 0;
        for (size_t k = 0; k < s->event_count; k++)
            if (!is_about(&s->events[k], s->people[i].slot))
                s->events[kept++] = s->events[k];
        s->event_count = kept;
    }
    memmove(s->people + at, s->people + at + count,
            (s->person_count - at - count) * sizeof *s->people);
    s->person_count -= count;
}

/* In pieces of half of them, of a quarter, down to one. */
static bool thin(struct thinning *t, const size_t *count,
                 void (*drop)(struct sim_script *s, size_t at, size_t count))
{
    bool thinner = false;

    for (size_t piece = *count / 2 + 1; piece > 0 && !is_over(t);
         piece = piece == 1 ? 0 : (piece + 1) / 2)
        for (size_t at = 0; at < *count && !is_over(t);) {
            size_t n = *count - at < piece ? *count - at : piece;
            struct sim_script s;
            sim_script_copy(&s, t->best);
            drop(&s, at, n);
            if (try(t, &s))
                thinner = true;
            else
                at += n;
        }
    return thinner;
}

/* ---- calming ---- */

/* Change one event, or (at == SIZE_MAX) all of them. False: nothing to do. */
static bool calm(struct sim_event *e, unsigned bits)
{
    if ((e->calm & bits) == bits)
        return false;
    e->calm |= bits;
    return true;
}

static bool try_calm_all(struct thinning *t, unsigned bits)
{
    struct sim_script s;
    bool changes = false;

    sim_script_copy(&s, t->best);
    for (size_t i = 0; i < s.event_count; i++)
        changes = calm(&s.events[i], bits) || changes;
    if (changes)
        return try(t, &s);
    sim_script_clear(&s);
    return false;
}

static bool try_event(struct thinning *t, size_t i,
                      const struct sim_event *changed)
{
    struct sim_script s;

    if (is_over(t) || memcmp(&t->best->events[i], changed, sizeof *changed) == 0)
        return false;
    sim_script_copy(&s, t->best);
    s.events[i] = *changed;
    return try(t, &s);
}

static bool soften(struct thinning *t, size_t i)
{
    bool softer = false;
    struct sim_event e;

    for (unsigned bit = 1; bit < SIM_CALM_ALL; bit <<= 1) {
        e = t->best->events[i];
        softer = (calm(&e, bit) && try_event(t, i, &e)) || softer;
    }
    e = t->best->events[i];
    e.sync = false;
    softer = try_event(t, i, &e) || softer;
    for (unsigned saves = 0; saves < t->best->events[i].saves; saves++) {
        e = t->best->events[i];
        e.saves = saves;
        if (try_event(t, i, &e))
            return true;
    }
    return softer;
}

static bool soften_all(struct thinning *t)
{
    bool softer = false;

    for (unsigned bit = 1; bit < SIM_CALM_ALL && !is_over(t); bit <<= 1)
        softer = try_calm_all(t, bit) || softer;
    for (size_t i = 0; i < t->best->event_count && !is_over(t); i++)
        softer = soften(t, i) || softer;
    return softer;
}

/* ---- all of it ---- */

static void cut_tail(struct thinning *t, uint64_t step)
{
    struct sim_script s;
    size_t at = t->best->event_count;

    while (at > 0 && t->best->events[at - 1].step > step)
        at--;
    if (at == t->best->event_count)
        return;
    sim_script_copy(&s, t->best);
    drop_events(&s, at, s.event_count - at);
    try(t, &s);
}

void sim_shrink(struct sim_script *s, const struct sim_verdict *verdict,
                unsigned limit_s)
{
    struct thinning t = {.best = s,
                         .signature = verdict->signature,
                         .end = time(NULL) + (time_t)limit_s,
                         .limit_s = limit_s};
    bool again = true;

    cut_tail(&t, verdict->step);
    while (again && !is_over(&t)) {
        again = thin(&t, &s->person_count, drop_people);
        again = thin(&t, &s->event_count, drop_events) || again;
        again = soften_all(&t) || again;
    }
    fprintf(stderr, "sim: %u runs%s\n", t.runs,
            again ? ", and no time for more" : "");
}
