/* sim.c - the program: the storm, healing, the verdict; see sim.h, README.md.
 */
#include "tests/sim/sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/log.h"

enum { SETTLE_ROUNDS = 16, CLONES_MAX_PERMILLE = 100, LIVES_MAX = 12 };

static const int64_t day_ms = 24ll * 3600 * 1000;

/* ---- beginning ---- */

static void hire(struct sim_world *w, struct sim_device *d)
{
    static const struct {
        const char *role;
        unsigned until, dashes; /* of a hundred; of its unit's code */
    } people[] = {
        {"helper", 10, 3},     {"worker", 70, 3},     {"grid_head", 80, 2},
        {"community", 88, 2},  {"delegate", 91, 2},   {"handler", 94, 1},
        {"dispatcher", 97, 1}, {"supervisor", 99, 0}, {"auditor", 100, 0}};
    uint64_t n = sim_below(&w->rng, 100);
    size_t i = 0;

    while (n >= people[i].until)
        i++;
    snprintf(d->role, sizeof d->role, "%s", people[i].role);
    snprintf(d->unit, sizeof d->unit, "%.*s", (int)(1 + 2 * people[i].dashes),
             sim_grid_pick(&w->rng, w->options.devices));
    snprintf(d->worker, sizeof d->worker, "w%04u", d->index);
    /* Now and then one person has two devices. */
    if (d->index > 0 && sim_chance(&w->rng, 50)) {
        const struct sim_device *o = w->devices[sim_below(&w->rng, d->index)];
        memcpy(d->worker, o->worker, sizeof d->worker);
        memcpy(d->role, o->role, sizeof d->role);
        memcpy(d->unit, o->unit, sizeof d->unit);
        return;
    }
    sim_server_worker(w->server, d->worker, d->role, d->unit);
}

static void begin(struct sim_world *w)
{
    w->server = sim_server_new(w);
    for (unsigned i = 0; i < w->options.devices; i++) {
        struct sim_device *d = sim_device_new(w, i);
        w->devices = sim_grow(w->devices, w->device_count, &w->device_room,
                              sizeof *w->devices);
        w->devices[w->device_count++] = d;
        hire(w, d);
        sim_server_code(w->server, &d->code, d->worker,
                        sim_chance(&w->rng, 100));
    }
}

/* ---- the storm ---- */

static struct sim_device *any(struct sim_world *w)
{
    return w->devices[sim_below(&w->rng, w->device_count)];
}

static void change_weather(struct sim_world *w, struct sim_device *d)
{
    static const enum sim_weather weathers[] = {
        SIM_GOOD,    SIM_GOOD,    SIM_GOOD,  SIM_FLAKY, SIM_FLAKY,
        SIM_OFFLINE, SIM_OFFLINE, SIM_AWFUL, SIM_PORTAL};

    d->weather =
        weathers[sim_below(&w->rng, sizeof weathers / sizeof *weathers)];
}

static void move_worker(struct sim_world *w, struct sim_device *d)
{
    char unit[XG_CODE_MAX + 1], worker[XG_CODE_MAX + 1];

    if (strcmp(d->role, "worker") != 0 && strcmp(d->role, "helper") != 0)
        return;
    w->act = "moving a worker";
    memcpy(worker, d->worker, sizeof worker);
    snprintf(unit, sizeof unit, "%s",
             sim_grid_pick(&w->rng, w->options.devices));
    sim_server_worker(w->server, worker, d->role, unit);
    /* The person knows by word of mouth, the device by its next sync. */
    for (size_t i = 0; i < w->device_count; i++)
        if (strcmp(w->devices[i]->worker, worker) == 0)
            memcpy(w->devices[i]->unit, unit, sizeof unit);
    sim_count(w, SIM_F_MOVED);
    sim_note(w, "moved", d->index, NULL);
    sim_say(w, "%s goes to %s", worker, unit);
}

static void revoke(struct sim_world *w, struct sim_device *d)
{
    if (!*d->name || d->revoked)
        return;
    w->act = "revoking";
    sim_server_revoke(w->server, d->name);
    for (size_t i = 0; i < w->device_count; i++)
        if (strcmp(w->devices[i]->name, d->name) == 0)
            w->devices[i]->revoked = true;
    sim_count(w, SIM_F_REVOKED);
    sim_note(w, "revoked", d->index, NULL);
    sim_say(w, "%04u (%s) is revoked", d->index, d->name);
}

static void clone(struct sim_world *w, struct sim_device *d)
{
    size_t most = w->options.devices + 1 +
                  w->options.devices * CLONES_MAX_PERMILLE / 1000;

    if (w->device_count < most && d->lives < LIVES_MAX)
        sim_device_clone(d);
}

/* What befalls besides sessions, each with its chance of a thousand steps. */
static void befall(struct sim_world *w)
{
    struct sim_device *d = any(w);
    const unsigned wild = w->options.wild;

    if (sim_chance(&w->rng, 300))
        change_weather(w, any(w));
    if (sim_chance(&w->rng, 40 * wild))
        sim_device_clock(d);
    if (sim_chance(&w->rng, 8 * wild))
        clone(w, d);
    if (sim_chance(&w->rng, 80 * wild) && *d->name)
        sim_device_keep_image(d);
    if (sim_chance(&w->rng, 25 * wild) && d->lives < LIVES_MAX)
        sim_device_restore(d);
    if (sim_chance(&w->rng, 12 * wild))
        move_worker(w, any(w));
    if (sim_chance(&w->rng, 2 * wild))
        revoke(w, any(w));
    if (sim_chance(&w->rng, 20 * wild))
        sim_server_approve_all(w->server);
    if (sim_chance(&w->rng, 15 * wild))
        sim_server_operate(w->server);
    if (sim_chance(&w->rng, 5 * wild)) {
        w->act = "restarting the server";
        sim_server_restart(w->server);
        sim_count(w, SIM_F_RESTART);
    }
}

void sim_step(struct sim_world *w)
{
    int64_t pace = w->options.days * day_ms / (w->options.steps + 1);

    w->now_ms += 1 + (int64_t)sim_below(&w->rng, (uint64_t)(2 * pace + 1));
    w->act = "between sessions";
    sim_net_deliver(w);
    befall(w);
    sim_session(any(w));
}

/* ---- after it ---- */

static void settle(struct sim_world *w)
{
    bool quiet = false;

    w->act = "healing";
    w->healed = true;
    sim_server_heal(w->server);
    w->now_ms += 2 * day_ms;
    sim_net_deliver(w);
    sim_net_forget(w);
    for (int round = 0; !quiet; round++) {
        uint64_t before = sim_server_size(w->server);
        if (round == SETTLE_ROUNDS)
            sim_fail(w, "after %d rounds devices still have something to say",
                     round);
        w->act = "healing";
        sim_server_approve_all(w->server);
        quiet = true;
        for (size_t i = 0; i < w->device_count; i++)
            quiet = sim_device_settle(w->devices[i]) && quiet;
        quiet = quiet && sim_server_size(w->server) == before;
        sim_say(w, "settling round %d: log of %" PRIu64 "%s", round,
                sim_server_size(w->server), quiet ? ", quiet" : "");
    }
}

/* Copies of a device may go on in one chain only while they are one. */
static void judge_copies(struct sim_world *w)
{
    w->act = "judging copies of a device";
    for (size_t i = 0; i < w->device_count; i++)
        for (size_t k = 0; k < i; k++) {
            const struct xg_chain_tip *a = &w->devices[i]->writes;
            const struct xg_chain_tip *b = &w->devices[k]->writes;
            if (!w->devices[i]->revoked &&
                xg_hash_equal(&a->chain, &b->chain) &&
                (a->next != b->next || !xg_hash_equal(&a->last, &b->last)))
                sim_fail(w, "%04zu and %04zu write one chain, and differ", k,
                         i);
        }
}

static void judge(struct sim_world *w, struct sim_log *log)
{
    struct xg_hash hash;

    w->act = "checking the server";
    sim_server_check(w->server);
    sim_log_load(log, w);
    for (size_t i = 0; i < w->seen_count; i++) {
        sim_server_root(w->server, &hash, w->seen[i].size);
        if (!xg_hash_equal(&hash, &w->seen[i].root))
            sim_fail(w,
                     "a checkpoint of size %" PRIu64
                     " that devices verified is not in the log",
                     w->seen[i].size);
    }
    for (size_t i = 0; i < w->must_count; i++) {
        const struct sim_held *held = sim_log_find(log, &w->must[i]);
        if (!held || held->rows != 1)
            sim_fail(w, "a record that the server had is gone");
    }
    for (size_t i = 0; i < w->device_count; i++)
        sim_device_verdict(w->devices[i], log);
    judge_copies(w);
    sim_server_digest(w->server, &hash);
    sim_note(w, "server", log->count, &hash);
    sim_server_root(w->server, &hash, log->size);
    sim_note(w, "log", log->size, &hash);
}

static void report(const struct sim_world *w, const struct sim_log *log)
{
    static const char *const labels[] = {
#define X(name, label) label,
        SIM_COUNTERS(X)
#undef X
    };
    double days = (double)(w->now_ms - w->start_ms) / (double)day_ms;

    printf("%12.0f device-days (%zu devices, %.1f days)\n",
           days * (double)w->device_count, w->device_count, days);
    for (size_t i = 0; i < SIM_COUNTER_COUNT; i++)
        printf("%12" PRIu64 " %s\n", w->counters[i], labels[i]);
    printf("%12" PRIu64 " entries in the log, %zu batches, %zu records, %zu "
           "entities\n",
           log->size, log->batches, log->count, log->entities);
    printf("%12zu chains, %zu forked, %zu notes of forks\n", log->chains,
           log->forked, log->fork_notes);
    printf("%12zu checkpoints seen, all of this log\n", w->seen_count);
}

/* ---- a run ---- */

static void run(const struct sim_options *options, struct xg_hash *digest,
                bool tell)
{
    struct sim_world w;
    struct sim_log log;

    sim_world_init(&w, options);
    begin(&w);
    for (w.step = 1; w.step <= options->steps; w.step++)
        sim_step(&w);
    settle(&w);
    judge(&w, &log);
    sim_digest_take(&w, digest);
    if (tell)
        report(&w, &log);
    sim_log_clear(&log);
    sim_world_clear(&w);
}

static void run_in_folder(struct sim_options *options, struct xg_hash *digest,
                          bool tell)
{
    const char *tmp = getenv("TMPDIR");
    char dir[160];

    if (access("/dev/shm", W_OK) == 0)
        tmp = "/dev/shm";
    snprintf(dir, sizeof dir, "%.100s/xunge-sim-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        perror(dir);
        exit(3);
    }
    options->dir = dir;
    run(options, digest, tell);
    sim_remove(dir);
}

static void usage(void)
{
    fputs("usage: simulate [--seed N] [--devices N] [--steps N] [--days N] "
          "[--wild N]\n"
          "                [--seeds N] [--twice] [--keep] [--verbose]\n"
          "XG_SEED gives the seed where --seed does not.\n",
          stderr);
    exit(2);
}

static uint64_t number(const char *text)
{
    char *end;

    errno = 0;
    uint64_t value = text ? strtoull(text, &end, 0) : 0;
    if (!text || !*text || *end || errno)
        usage();
    return value;
}

struct flags {
    struct sim_options options;
    uint64_t seeds;
    bool twice;
};

static void parse(struct flags *f, char **argv)
{
    const char *seed = getenv("XG_SEED");
    struct sim_options *o = &f->options;

    *f = (struct flags){.options = {.seed = 1,
                                    .devices = 200,
                                    .steps = 2400,
                                    .days = 14,
                                    .wild = 1},
                        .seeds = 1};
    if (seed && *seed)
        o->seed = number(seed);
    for (argv++; *argv; argv++) {
        if (strcmp(*argv, "--twice") == 0)
            f->twice = true;
        else if (strcmp(*argv, "--keep") == 0)
            o->keep = true;
        else if (strcmp(*argv, "--verbose") == 0)
            o->verbose = true;
        else if (strcmp(*argv, "--seed") == 0)
            o->seed = number(*++argv);
        else if (strcmp(*argv, "--seeds") == 0)
            f->seeds = number(*++argv);
        else if (strcmp(*argv, "--devices") == 0)
            o->devices = (unsigned)number(*++argv);
        else if (strcmp(*argv, "--steps") == 0)
            o->steps = (unsigned)number(*++argv);
        else if (strcmp(*argv, "--days") == 0)
            o->days = (unsigned)number(*++argv);
        else if (strcmp(*argv, "--wild") == 0)
            o->wild = (unsigned)number(*++argv);
        else
            usage();
        if (!*argv)
            usage();
    }
    if (o->devices == 0 || o->devices > 100000 || o->steps == 0)
        usage();
}

static void run_seed(const struct flags *f, uint64_t seed)
{
    struct sim_options options = f->options;
    struct xg_hash first, second;
    char hex[2 * XG_HASH_SIZE + 1];

    options.seed = seed;
    printf("sim: seed %" PRIu64 "\n", seed);
    fflush(stdout);
    run_in_folder(&options, &first, true);
    xg_hex(hex, first.b, sizeof first.b);
    printf("sim: seed %" PRIu64 " holds, digest %s\n", seed, hex);
    fflush(stdout);
    if (!f->twice)
        return;
    run_in_folder(&options, &second, false);
    if (!xg_hash_equal(&first, &second)) {
        fprintf(stderr,
                "sim: FAILED  seed %" PRIu64
                "  two runs of it are not the same\n",
                seed);
        exit(1);
    }
    puts("sim: the same once more");
}

int main(int argc, char **argv)
{
    struct flags flags;

    (void)argc;
    if (xg_base_init() != 0 || xg_lang_init("en") != 0)
        return 3;
    parse(&flags, argv);
    /* Of faults made on purpose the server need not tell. */
    if (!flags.options.verbose)
        xg_log_level((enum xg_log_level)(XG_LOG_ERROR + 1));
    for (uint64_t i = 0; i < flags.seeds; i++)
        run_seed(&flags, flags.options.seed + i);
    return 0;
}
