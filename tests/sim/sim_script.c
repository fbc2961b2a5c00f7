/* sim_script.c - drawing a script from a seed, writing and reading it; see
 * sim_script.h. */
#include "tests/sim/sim_script.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

enum { COPIES_PERMILLE = 100, SAVES_MAX = 4, LINE = 512 };

static const int64_t day_ms = 24ll * 3600 * 1000;

/* ---- who is there ---- */

static void put_person(struct sim_script *s, const struct sim_person *p)
{
    s->people = sim_grow(s->people, s->person_count, &s->person_room,
                         sizeof *s->people);
    s->people[s->person_count++] = *p;
}

static void hire(struct sim_script *s, struct sim_rng *rng, unsigned slot)
{
    static const struct {
        const char *role;
        unsigned until, dashes; /* of a hundred; of its unit's code */
    } posts[] = {
        {"helper", 10, 3},     {"worker", 70, 3},     {"grid_head", 80, 2},
        {"community", 88, 2},  {"delegate", 91, 2},   {"handler", 94, 1},
        {"dispatcher", 97, 1}, {"supervisor", 99, 0}, {"auditor", 100, 0}};
    uint64_t n = sim_below(rng, 100);
    size_t i = 0;

    while (n >= posts[i].until)
        i++;
    struct sim_person p = {.slot = slot, .approval = sim_chance(rng, 100)};
    snprintf(p.role, sizeof p.role, "%s", posts[i].role);
    snprintf(p.unit, sizeof p.unit, "%.*s", (int)(1 + 2 * posts[i].dashes),
             sim_grid_pick(rng, s->devices));
    snprintf(p.worker, sizeof p.worker, "w%04u", slot);
    /* Now and then one person has two devices. */
    if (slot > 0 && sim_chance(rng, 50)) {
        bool approval = p.approval;
        p = s->people[sim_below(rng, slot)];
        p.slot = slot;
        p.approval = approval;
    }
    put_person(s, &p);
}

/* ---- what happens ---- */

static void put_event(struct sim_script *s, struct sim_rng *rng,
                      const struct sim_event *e)
{
    s->events = sim_grow(s->events, s->event_count, &s->event_room,
                         sizeof *s->events);
    s->events[s->event_count] = *e;
    s->events[s->event_count++].seed = sim_next(rng);
}

/* What befalls besides sessions, each with its chance of a thousand steps. */
static void befall(struct sim_script *s, struct sim_rng *rng, unsigned wild,
                   const struct sim_event *now)
{
    static const struct {
        enum sim_deed deed;
        unsigned permille;
        bool tame; /* as often in a wild world */
    } odds[] = {{SIM_WEATHER, 300, true}, {SIM_CLOCK, 40, false},
                {SIM_CLONE, 8, false},    {SIM_IMAGE, 80, false},
                {SIM_RESTORE, 25, false}, {SIM_MOVE, 12, false},
                {SIM_REVOKE, 2, false},   {SIM_HANDOVER, 6, false},
                {SIM_APPROVE, 20, false}, {SIM_OPERATE, 60, true},
                {SIM_RESTART, 5, false}};
    unsigned copies = s->devices + 1 + s->devices * COPIES_PERMILLE / 1000;

    for (size_t i = 0; i < sizeof odds / sizeof *odds; i++) {
        struct sim_event e = *now;
        if (!sim_chance(rng, odds[i].permille * (odds[i].tame ? 1 : wild)))
            continue;
        e.deed = odds[i].deed;
        e.slot = (unsigned)sim_below(rng, s->slots);
        e.to = (unsigned)sim_below(rng, s->slots);
        if (e.deed == SIM_CLONE && s->slots == copies)
            continue;
        if (e.deed == SIM_CLONE)
            e.to = s->slots++;
        put_event(s, rng, &e);
    }
}

void sim_script_draw(struct sim_script *s, const struct sim_measure *m)
{
    struct sim_rng rng = sim_rng(m->seed, 1);
    int64_t pace = m->days * day_ms / (m->steps + 1);
    struct sim_event e = {.at_ms = 0};

    *s = (struct sim_script){.seed = m->seed,
                             .devices = m->devices,
                             .slots = m->devices,
                             .days = m->days};
    for (unsigned i = 0; i < m->devices; i++)
        hire(s, &rng, i);
    for (e.step = 1; e.step <= m->steps; e.step++) {
        e.at_ms += 1 + (int64_t)sim_below(&rng, (uint64_t)(2 * pace + 1));
        befall(s, &rng, m->wild, &e);
        struct sim_event session = e;
        session.deed = SIM_SESSION;
        session.slot = (unsigned)sim_below(&rng, s->slots);
        session.saves = (unsigned)sim_below(&rng, SAVES_MAX + 1);
        session.sync = sim_chance(&rng, 700);
        put_event(s, &rng, &session);
    }
}

static void *copy_of(const void *from, size_t size)
{
    void *to = sim_alloc(size ? size : 1);

    if (size)
        memcpy(to, from, size);
    return to;
}

void sim_script_copy(struct sim_script *to, const struct sim_script *from)
{
    *to = *from;
    to->person_room = from->person_count;
    to->event_room = from->event_count;
    to->people =
        copy_of(from->people, from->person_count * sizeof *from->people);
    to->events =
        copy_of(from->events, from->event_count * sizeof *from->events);
}

void sim_script_clear(struct sim_script *s)
{
    free(s->people);
    free(s->events);
    *s = (struct sim_script){.people = NULL};
}

/* ---- as text ---- */

static const char *const deeds[] = {
#define X(name, word) word,
    SIM_DEEDS(X)
#undef X
};

static const struct {
    unsigned bit;
    const char *word;
} calms[] = {
#define X(name, bit, word) {name, word},
    SIM_CALMS(X)
#undef X
};

static void write_calm(unsigned calm, FILE *out)
{
    const char *before = " calm ";

    for (size_t i = 0; i < sizeof calms / sizeof *calms; i++) {
        if (!(calm & calms[i].bit))
            continue;
        fprintf(out, "%s%s", before, calms[i].word);
        before = ",";
    }
}

static void write_event(const struct sim_event *e, FILE *out)
{
    fprintf(out,
            "at %" PRId64 " step %" PRIu64 " %s %u seed %" PRIu64, e->at_ms,
            e->step, deeds[e->deed], e->slot, e->seed);
    if (e->deed == SIM_CLONE || e->deed == SIM_HANDOVER)
        fprintf(out, " to %u", e->to);
    if (e->deed == SIM_SESSION)
        fprintf(out, " saves %u sync %d", e->saves, e->sync);
    write_calm(e->calm, out);
    fputc('\n', out);
}

void sim_script_write(const struct sim_script *s, FILE *out)
{
    fprintf(out,
            "xunge-sim 1\nworld seed %" PRIu64
            " devices %u slots %u days %u\n",
            s->seed, s->devices, s->slots, s->days);
    for (size_t i = 0; i < s->person_count; i++) {
        const struct sim_person *p = &s->people[i];
        fprintf(out, "person %u worker %s role %s unit %s approval %d\n",
                p->slot, p->worker, p->role, p->unit, p->approval);
    }
    for (size_t i = 0; i < s->event_count; i++)
        write_event(&s->events[i], out);
}

/* The number after a word of the line; `fallback` without such a word. */
static uint64_t number_after(const char *line, const char *word,
                             uint64_t fallback)
{
    char spaced[32];

    snprintf(spaced, sizeof spaced, " %s ", word);
    const char *at = strstr(line, spaced);
    return at ? strtoull(at + strlen(spaced), NULL, 10) : fallback;
}

static bool read_calm(unsigned *calm, const char *line)
{
    const char *at = strstr(line, " calm ");

    *calm = 0;
    if (!at)
        return true;
    at += strlen(" calm ");
    while (*at && *at != '\n') {
        size_t len = strcspn(at, ",\n"), i = 0;
        while (i < sizeof calms / sizeof *calms &&
               (strlen(calms[i].word) != len ||
                strncmp(calms[i].word, at, len) != 0))
            i++;
        if (i == sizeof calms / sizeof *calms)
            return false;
        *calm |= calms[i].bit;
        at += len;
        at += *at == ',';
    }
    return true;
}

static bool read_event(struct sim_script *s, const char *line)
{
    struct sim_event e = {.at_ms = 0};
    char word[16];
    int deed = 0;

    if (sscanf(line,
               "at %" SCNd64 " step %" SCNu64 " %15s %u seed %" SCNu64,
               &e.at_ms, &e.step, word, &e.slot, &e.seed) != 5)
        return false;
    while (deed < SIM_DEED_COUNT && strcmp(word, deeds[deed]) != 0)
        deed++;
    if (deed == SIM_DEED_COUNT || !read_calm(&e.calm, line))
        return false;
    e.deed = (enum sim_deed)deed;
    e.to = (unsigned)number_after(line, "to", 0);
    e.saves = (unsigned)number_after(line, "saves", 0);
    e.sync = number_after(line, "sync", 0) != 0;
    if (e.slot >= s->slots || e.to >= s->slots)
        return false;
    s->events = sim_grow(s->events, s->event_count, &s->event_room,
                         sizeof *s->events);
    s->events[s->event_count++] = e;
    return true;
}

static bool read_person(struct sim_script *s, const char *line)
{
    struct sim_person p;
    int approval;

    if (sscanf(line, "person %u worker %64s role %15s unit %64s approval %d",
               &p.slot, p.worker, p.role, p.unit, &approval) != 5 ||
        p.slot >= s->slots)
        return false;
    p.approval = approval != 0;
    put_person(s, &p);
    return true;
}

static bool read_line(struct sim_script *s, const char *line, unsigned number)
{
    if (*line == '#' || *line == '\n')
        return true;
    if (number == 1)
        return strcmp(line, "xunge-sim 1\n") == 0;
    if (strncmp(line, "world ", 6) == 0)
        return sscanf(line,
                      "world seed %" SCNu64 " devices %u slots %u days %u",
                      &s->seed, &s->devices, &s->slots, &s->days) == 4;
    return strncmp(line, "person ", 7) == 0 ? read_person(s, line)
                                            : read_event(s, line);
}

bool sim_script_read(struct sim_script *s, const char *path)
{
    _Static_assert(XG_CODE_MAX == 64, "the %64s above");
    FILE *in = fopen(path, "re");
    char line[LINE];
    unsigned number = 0;
    bool good = in != NULL;

    *s = (struct sim_script){.people = NULL};
    if (!in)
        perror(path);
    while (good && fgets(line, sizeof line, in)) {
        good = read_line(s, line, ++number);
        if (!good)
            fprintf(stderr, "%s:%u: not a line of a script: %s", path, number,
                    line);
    }
    if (good && s->slots == 0) {
        fprintf(stderr, "%s: not a script\n", path);
        good = false;
    }
    if (in)
        fclose(in);
    if (!good)
        sim_script_clear(s);
    return good;
}
