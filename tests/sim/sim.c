/* sim.c - the program: the storm, healing, the verdict; see sim.h, README.md.
 */
#include "tests/sim/sim.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "shared/base/lang.h"
#include "shared/base/log.h"

enum { SETTLE_ROUNDS = 16, MANY = 1000, LOT = 100 };

static const int64_t day_ms = 24ll * 3600 * 1000;

/* ---- beginning ---- */

static bool is_hired(const struct sim_world *w, size_t before)
{
    const struct sim_person *people = w->script->people;

    for (size_t i = 0; i < before; i++)
        if (strcmp(people[i].worker, people[before].worker) == 0)
            return true;
    return false;
}

/* Is somebody of that unit hired before? With the first the registry says where
 * the unit lies. */
static bool is_known(const struct sim_world *w, size_t before)
{
    const struct sim_person *people = w->script->people;

    for (size_t i = 0; i < before; i++)
        if (strcmp(people[i].unit, people[before].unit) == 0)
            return true;
    return false;
}

/* The people of a whole district stand in a table, many in one note: else it is
 * one note each, and most of a run is thousands of devices that take in
 * thousands of notes. */
static void hire_many(struct sim_world *w)
{
    const struct sim_person *lot[LOT], *p = w->script->people;
    size_t count = 0;

    for (size_t i = 0; i < w->script->person_count; i++) {
        if (is_hired(w, i))
            continue;
        if (is_known(w, i))
            lot[count++] = &p[i];
        else
            sim_server_worker(w->server, p[i].worker, p[i].role, p[i].unit);
        if (count == LOT) {
            sim_server_workers(w->server, lot, count);
            count = 0;
        }
    }
    if (count)
        sim_server_workers(w->server, lot, count);
}

static void begin(struct sim_world *w)
{
    bool many = w->script->person_count >= MANY;

    w->server = sim_server_new(w);
    if (many)
        hire_many(w);
    for (size_t i = 0; i < w->script->person_count; i++) {
        const struct sim_person *p = &w->script->people[i];
        struct sim_device *d = sim_device_new(w, p->slot);
        sim_server_fate(w->server, w->script->seed + p->slot);
        memcpy(d->worker, p->worker, sizeof d->worker);
        memcpy(d->role, p->role, sizeof d->role);
        memcpy(d->unit, p->unit, sizeof d->unit);
        if (!many && !is_hired(w, i))
            sim_server_worker(w->server, d->worker, d->role, d->unit);
        sim_server_code(w->server, &d->code, d->worker, p->approval);
    }
}

/* ---- the storm ---- */

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
             sim_grid_pick(&w->rng, w->script->devices));
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
    if (!*d->name || d->revoked || !sim_server_knows(w->server, d->name))
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

static void restart(struct sim_world *w)
{
    w->act = "restarting the server";
    sim_server_restart(w->server);
    sim_count(w, SIM_F_RESTART);
}

static void befall_device(struct sim_world *w, struct sim_device *d,
                          const struct sim_event *e)
{
    const struct sim_plan plan = {
        .seed = e->seed, .saves = e->saves, .sync = e->sync};

    d->rng = sim_rng(e->seed, 1000 + d->index);
    switch (e->deed) {
    case SIM_SESSION:
        sim_session(d, &plan);
        break;
    case SIM_WEATHER:
        change_weather(w, d);
        break;
    case SIM_CLOCK:
        sim_device_clock(d);
        break;
    case SIM_CLONE:
        sim_device_clone(d, e->to);
        break;
    case SIM_IMAGE:
        if (*d->name)
            sim_device_keep_image(d);
        break;
    case SIM_RESTORE:
        sim_device_restore(d);
        break;
    case SIM_MOVE:
        move_worker(w, d);
        break;
    case SIM_REVOKE:
        revoke(w, d);
        break;
    case SIM_HANDOVER:
        if (sim_device_at(w, e->to))
            sim_handover(d, sim_device_at(w, e->to));
        break;
    case SIM_APPROVE:
    case SIM_OPERATE:
    case SIM_RESTART:
    case SIM_DEED_COUNT:
        break;
    }
}

/* Cases that were filed before are timed by the one before. */
static void import_catalogues(struct sim_world *w, int64_t at_ms)
{
    int64_t each_ms = (int64_t)w->script->days * day_ms / SIM_EDITIONS;

    while (w->catalogues < SIM_EDITIONS && at_ms >= w->catalogues * each_ms) {
        w->catalogues++;
        sim_server_catalogue(w->server);
    }
}

static void happen(struct sim_world *w, const struct sim_event *e)
{
    struct sim_device *d = sim_device_at(w, e->slot);

    w->step = e->step;
    w->rng = sim_rng(e->seed, 1);
    w->calm = e->calm;
    sim_server_fate(w->server, e->seed);
    /* A session may have lasted longer than the next one waits. */
    if (w->now_ms < w->start_ms + e->at_ms)
        w->now_ms = w->start_ms + e->at_ms;
    import_catalogues(w, e->at_ms);
    w->act = "between sessions";
    sim_net_deliver(w);
    if (e->deed == SIM_APPROVE)
        sim_server_approve_all(w->server);
    else if (e->deed == SIM_OPERATE)
        sim_server_operate(w->server);
    else if (e->deed == SIM_RESTART)
        restart(w);
    else if (d)
        befall_device(w, d, e);
}

/* ---- after it ---- */

static uint64_t last_step(const struct sim_script *s)
{
    return s->event_count ? s->events[s->event_count - 1].step : 0;
}

static void settle(struct sim_world *w)
{
    bool quiet = false;

    w->act = w->phase = "healing";
    w->healed = true;
    w->step = last_step(w->script);
    w->rng = sim_rng(w->script->seed, 2);
    sim_server_fate(w->server, w->script->seed);
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
        w->step++; /* each round draws anew */
        sim_server_approve_all(w->server);
        quiet = true;
        for (size_t i = 0; i < w->device_count; i++) {
            sim_tell(w, i, w->device_count);
            quiet = sim_device_settle(w->devices[i]) && quiet;
        }
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

    w->phase = "the verdict";
    w->act = "checking the server";
    sim_server_check(w->server);
    sim_server_judge_down(w->server);
    w->act = "checking the server";
    sim_log_load(log, w);
    for (size_t i = 0; i < w->seen_count; i++) {
        if (!xg_hash_equal(sim_log_root(log, w, w->seen[i].size),
                           &w->seen[i].root))
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
    for (size_t i = 0; i < w->passed_count; i++) {
        const struct sim_device *from = w->slots[w->passed[i].from];
        if (from->revoked || from->aside)
            w->slots[w->passed[i].to]->aside = true;
    }
    for (size_t i = 0; i < w->device_count; i++) {
        sim_tell(w, i, w->device_count);
        sim_device_verdict(w->devices[i], log);
    }
    judge_copies(w);
    for (size_t i = 0; i < log->forked; i++)
        sim_count(w, SIM_FORKED);
    sim_server_digest(w->server, &hash);
    sim_note(w, "server", log->count, &hash);
    sim_note(w, "log", log->size, sim_log_root(log, w, log->size));
}

static void report(const struct sim_world *w, const struct sim_log *log)
{
    double days = (double)(w->now_ms - w->start_ms) / (double)day_ms;

    printf("%12.0f device-days (%zu devices, %.1f days)\n",
           days * (double)w->device_count, w->device_count, days);
    sim_tally_print(&w->tally);
    printf("%12" PRIu64 " entries in the log, %zu batches, %zu records, %zu "
           "entities\n",
           log->size, log->batches, log->count, log->entities);
    printf("%12zu chains, %zu forked, %zu notes of forks\n", log->chains,
           log->forked, log->fork_notes);
    printf("%12zu checkpoints seen, all of this log\n", w->seen_count);
}

/* ---- a run ---- */

/* In a process of its own: what the product does wrong may end it. */
static _Noreturn void run_here(const struct sim_options *options)
{
    const struct sim_script *script = options->script;
    struct sim_verdict verdict = {.holds = true};
    struct sim_world w;
    struct sim_log log;

    sim_world_init(&w, options);
    sim_disk_install(&w);
    sim_warning_install(&w);
    begin(&w);
    w.phase = "the storm";
    for (size_t i = 0; i < script->event_count; i++) {
        sim_tell(&w, i, script->event_count);
        happen(&w, &script->events[i]);
    }
    settle(&w);
    judge(&w, &log);
    sim_digest_take(&w, &verdict.digest);
    w.tally.steps = last_step(script);
    w.tally.device_hours = (uint64_t)((w.now_ms - w.start_ms) / 3600000) *
                           w.device_count;
    verdict.tally = w.tally;
    report(&w, &log);
    fflush(stdout);
    sim_log_clear(&log);
    sim_world_clear(&w);
    exit(write(options->verdict_fd, &verdict, sizeof verdict) ==
                 (ssize_t)sizeof verdict
             ? 0
             : 1);
}

static void hush(void)
{
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
}

/* What the other process says, within the time that it has. */
static void hear_verdict(struct sim_verdict *verdict, int fd, pid_t child,
                         unsigned limit_s)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int status;
    bool late =
        poll(&wait, 1, limit_s ? (int)limit_s * 1000 : -1) == 0;

    if (late)
        kill(child, SIGKILL);
    bool said = read(fd, verdict, sizeof *verdict) == (ssize_t)sizeof *verdict;
    waitpid(child, &status, 0);
    if (said)
        return;
    *verdict = (struct sim_verdict){.holds = false};
    if (late)
        snprintf(verdict->signature, SIM_SIGNATURE, "too slow");
    else
        snprintf(verdict->signature, SIM_SIGNATURE, "ended by signal %d",
                 WIFSIGNALED(status) ? WTERMSIG(status) : 0);
}

void sim_run(struct sim_verdict *verdict, const struct sim_run *run)
{
    const char *tmp = getenv("TMPDIR");
    char dir[160];
    int ends[2];

    if (access("/dev/shm", W_OK) == 0)
        tmp = "/dev/shm";
    snprintf(dir, sizeof dir, "%.100s/xunge-sim-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir) || pipe(ends) != 0) {
        perror(dir);
        exit(3);
    }
    fflush(stdout);
    pid_t child = fork();
    if (child < 0) {
        perror("fork");
        exit(3);
    }
    if (child == 0) {
        close(ends[0]);
        if (run->quiet)
            hush();
        run_here(&(struct sim_options){.script = run->script,
                                       .dir = dir,
                                       .verbose = run->verbose,
                                       .verdict_fd = ends[1]});
    }
    close(ends[1]);
    hear_verdict(verdict, ends[0], child, run->limit_s);
    close(ends[0]);
    if (run->keep && !verdict->holds)
        fprintf(stderr, "     everything lies in %s\n", dir);
    else
        sim_remove(dir);
}

/* ---- the program ---- */

struct flags {
    struct sim_measure measure;
    const char *script, *write;
    uint64_t seeds, seconds, shrink_s;
    bool twice, keep, verbose, floors;
};

static void usage(void)
{
    fputs("usage: simulate [--seed N] [--devices N] [--steps N] [--days N] "
          "[--wild N]\n"
          "                [--seeds N | --seconds N] [--twice] [--keep] "
          "[--verbose]\n"
          "                [--floors] [--shrink-seconds N] [--write FILE] "
          "[--script FILE]\n"
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

static bool parse_switch(struct flags *f, const char *word)
{
    if (strcmp(word, "--twice") == 0)
        f->twice = true;
    else if (strcmp(word, "--keep") == 0)
        f->keep = true;
    else if (strcmp(word, "--verbose") == 0)
        f->verbose = true;
    else if (strcmp(word, "--floors") == 0)
        f->floors = true;
    else
        return false;
    return true;
}

static void parse_value(struct flags *f, const char *word, const char *value)
{
    struct sim_measure *m = &f->measure;

    if (strcmp(word, "--seed") == 0)
        m->seed = number(value);
    else if (strcmp(word, "--seeds") == 0)
        f->seeds = number(value);
    else if (strcmp(word, "--seconds") == 0)
        f->seconds = number(value);
    else if (strcmp(word, "--shrink-seconds") == 0)
        f->shrink_s = number(value);
    else if (strcmp(word, "--devices") == 0)
        m->devices = (unsigned)number(value);
    else if (strcmp(word, "--steps") == 0)
        m->steps = (unsigned)number(value);
    else if (strcmp(word, "--days") == 0)
        m->days = (unsigned)number(value);
    else if (strcmp(word, "--wild") == 0)
        m->wild = (unsigned)number(value);
    else if (strcmp(word, "--script") == 0 && value)
        f->script = value;
    else if (strcmp(word, "--write") == 0 && value)
        f->write = value;
    else
        usage();
}

static void parse(struct flags *f, char **argv)
{
    const char *seed = getenv("XG_SEED");

    *f = (struct flags){
        .measure =
            {.seed = 1, .devices = 200, .steps = 2400, .days = 14, .wild = 1},
        .seeds = 1,
        .shrink_s = 300};
    if (seed && *seed)
        f->measure.seed = number(seed);
    for (argv++; *argv; argv++) {
        if (parse_switch(f, *argv))
            continue;
        parse_value(f, argv[0], argv[1]);
        argv++;
    }
    if (f->measure.devices == 0 || f->measure.devices > 100000 ||
        f->measure.steps == 0)
        usage();
}

static void write_script(const struct sim_script *s, const char *path)
{
    FILE *out = fopen(path, "we");

    if (out)
        sim_script_write(s, out);
    if (!out || fclose(out) != 0) {
        perror(path);
        exit(3);
    }
}

/* Make it small, and say how to see it again. */
static void explain(struct sim_script *s, const struct sim_verdict *verdict,
                    const struct flags *f)
{
    char path[64];

    if (f->shrink_s == 0 || !*verdict->signature)
        return;
    fprintf(stderr, "sim: looking for the smallest script that fails like "
                    "this, for %" PRIu64 " s at most\n",
            f->shrink_s);
    sim_shrink(s, verdict, (unsigned)f->shrink_s);
    snprintf(path, sizeof path, "sim-%" PRIu64 ".script", s->seed);
    write_script(s, path);
    sim_script_write(s, stderr);
    fprintf(stderr,
            "sim: %zu devices, %zu events; again with: simulate --script %s "
            "--verbose\n",
            s->person_count, s->event_count, path);
}

static void fail(struct sim_script *s, const struct sim_verdict *verdict,
                 const struct flags *f)
{
    fprintf(stderr, "sim: seed %" PRIu64 " does not hold: %s\n", s->seed,
            verdict->signature);
    explain(s, verdict, f);
    exit(1);
}

static void run_script(struct sim_script *s, const struct flags *f,
                       struct sim_tally *tally)
{
    struct sim_run run = {
        .script = s, .verbose = f->verbose, .keep = f->keep};
    struct sim_verdict first, second;
    char hex[2 * XG_HASH_SIZE + 1];

    printf("sim: seed %" PRIu64 "\n", s->seed);
    sim_run(&first, &run);
    if (!first.holds)
        fail(s, &first, f);
    sim_tally_add(tally, &first.tally);
    xg_hex(hex, first.digest.b, sizeof first.digest.b);
    printf("sim: seed %" PRIu64 " holds, digest %s\n", s->seed, hex);
    fflush(stdout);
    if (!f->twice)
        return;
    run.quiet = true;
    sim_run(&second, &run);
    if (!xg_hash_equal(&first.digest, &second.digest)) {
        fprintf(stderr,
                "sim: FAILED  seed %" PRIu64
                "  two runs of it are not the same\n",
                s->seed);
        exit(1);
    }
    puts("sim: the same once more");
}

/* Seed after seed, until there were so many or the time is over. */
static void run_seeds(const struct flags *f)
{
    time_t end = time(NULL) + (time_t)f->seconds;
    struct sim_measure m = f->measure;
    struct sim_script s;
    struct sim_tally tally = {.steps = 0};
    uint64_t done = 0;

    while (f->seconds ? time(NULL) < end : done < f->seeds) {
        sim_script_draw(&s, &m);
        if (f->write)
            write_script(&s, f->write);
        run_script(&s, f, &tally);
        sim_script_clear(&s);
        m.seed++;
        done++;
    }
    if (done > 1) {
        puts("sim: in all");
        sim_tally_print(&tally);
    }
    printf("sim: %" PRIu64 " seeds hold, %" PRIu64 " device-days\n", done,
           tally.device_hours / 24);
    if (f->floors && !sim_tally_is_enough(&tally))
        exit(1);
}

int main(int argc, char **argv)
{
    struct flags flags;
    struct sim_script s;
    struct sim_tally tally = {.steps = 0};

    (void)argc;
    if (xg_base_init() != 0 || xg_lang_init("en") != 0)
        return 3;
    parse(&flags, argv);
    /* Of faults made on purpose the server need not tell. */
    if (!flags.verbose)
        xg_log_level((enum xg_log_level)(XG_LOG_ERROR + 1));
    if (!flags.script) {
        run_seeds(&flags);
        return 0;
    }
    if (!sim_script_read(&s, flags.script))
        return 2;
    flags.shrink_s = 0;
    run_script(&s, &flags, &tally);
    sim_script_clear(&s);
    return 0;
}
