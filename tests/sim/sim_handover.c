/* sim_handover.c - one device writes what it hands over, another takes it in;
 * see sim.h. */
#include "agent/handover/handover.h"
#include "tests/sim/sim_agent.h"

#include <stdio.h>
#include <unistd.h>

/* Without a word about why: not enrolled, not addressed to this device, no
 * device of that worker known here, taken before. */
static bool may_refuse(enum xg_status status)
{
    return status == XG_REFUSED || status == XG_LOCKED || status == XG_AUTH;
}

static bool judge(struct sim_device *d, const char *what,
                  enum xg_status status, const struct xg_error *err)
{
    if (may_refuse(status)) {
        sim_say(d->world, "%04u %s: %s", d->index, what, xg_error_text(err));
        return false;
    }
    return sim_allowed(d, what, status, err);
}

/* Each side is a session: it can die, and its disk can be full. */
static bool begin(struct sim_device *d, struct home *home)
{
    struct xg_error err = XG_ERROR_NONE;
    enum sync_new_chain why;

    d->busy = true;
    sim_device_tempt(d);
    /* As each command that records looks first. */
    return sim_home_open(d, home) &&
           sim_allowed(d, "sync_notice_restore",
                       sync_notice_restore(&why, home, &err), &err);
}

static void end(struct sim_device *d, struct home *home)
{
    home_close(home);
    sim_device_recover(d);
    d->busy = false;
}

static bool give(struct sim_device *d, const char *path, const char *to)
{
    struct handover_write_options options = {.to = to};
    struct xg_verifier devices[XG_SEAL_SLOTS_MAX];
    struct xg_error err = XG_ERROR_NONE;
    struct handover_written written;
    struct home home;
    bool done = false;

    d->giving = path;
    if (begin(d, &home)) {
        sim_ok(d->world, handover_devices(home.store, devices,
                                          &options.slots.count, to, &err));
        for (size_t i = 0; i < options.slots.count; i++)
            memcpy(options.slots.keys[i], devices[i].key, XG_PUBLIC_KEY_SIZE);
        done = options.slots.count > 0 &&
               judge(d, "handover write",
                     handover_write(&home, &written, path, &options, &err),
                     &err);
    }
    /* What the dead went on to write was never there. */
    done = d->dead ? d->given : done;
    d->giving = NULL;
    if (done)
        sim_count(d->world, SIM_GIVEN);
    end(d, &home);
    return done;
}

static void take(struct sim_device *d, const char *path)
{
    const struct handover_accept_options options = {.again = true};
    struct xg_error err = XG_ERROR_NONE;
    struct handover_accepted accepted;
    struct home home;

    d->took = true;
    if (begin(d, &home) &&
        judge(d, "handover accept",
              handover_accept(&home, &accepted, path, &options, &err), &err) &&
        !d->dead) {
        sim_count(d->world, SIM_TAKEN);
        sim_judge_rows(d, &home);
    }
    end(d, &home);
}

void sim_handover(struct sim_device *d, struct sim_device *to)
{
    char path[SIM_PATH];

    if (d == to || !*d->name || !*to->name || strcmp(d->worker, to->worker) == 0)
        return;
    d->world->act = "handing over";
    snprintf(path, sizeof path, "%.200s/handover", d->world->options.dir);
    to->rng = sim_rng(sim_next(&d->rng), 1000 + to->index);
    if (give(d, path, to->worker)) {
        sim_passed(d->world, d, to);
        take(to, path);
        if (sim_chance(&d->rng, 300)) /* a second time does no harm */
            take(to, path);
    }
    unlink(path);
    sim_note(d->world, "handed over", d->index, NULL);
}
