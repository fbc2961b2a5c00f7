/* sim_device.c - a device: its home on disk, its lying clock, its sessions;
 * see sim.h. */
#include "tests/sim/sim_agent.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HOUR_MS = 3600 * 1000,
    SETTLE_TRIES = 3,
    CUT_CALLS = 9, /* 2^n: a cut falls within so many calls on files */
    LIVES_MAX = 12,
};

/* ---- its clock ---- */

static int64_t wall_ms(void *ctx)
{
    struct sim_device *d = ctx;

    return d->stuck_ms ? d->stuck_ms : d->world->now_ms + d->wall_ahead_ms;
}

static int64_t mono_ms(void *ctx)
{
    struct sim_device *d = ctx;

    return d->world->now_ms - d->boot_ms;
}

static uint32_t boot(void *ctx)
{
    return ((struct sim_device *)ctx)->boot;
}

static void draw(void *ctx, void *out, size_t len)
{
    sim_fill(&((struct sim_device *)ctx)->rng, out, len);
}

void sim_device_clock(struct sim_device *d)
{
    const int64_t year = 365ll * 24 * HOUR_MS, now = d->world->now_ms;

    sim_count(d->world, SIM_F_CLOCK);
    d->stuck_ms = 0;
    switch (sim_below(&d->rng, 7)) {
    case 0: /* an empty battery */
        d->wall_ahead_ms = -now + (int64_t)sim_below(&d->rng, HOUR_MS);
        break;
    case 1: /* before that */
        d->wall_ahead_ms = -now - year;
        break;
    case 2:
        d->wall_ahead_ms = 4070908800000 - now; /* 2099 */
        break;
    case 3: /* the GPS week rolled over */
        d->wall_ahead_ms = -1024ll * 7 * 24 * HOUR_MS;
        break;
    case 4:
        d->wall_ahead_ms =
            (int64_t)sim_below(&d->rng, 96) * HOUR_MS - 48ll * HOUR_MS;
        break;
    case 5: /* it stands still */
        d->stuck_ms = now;
        break;
    default:
        d->wall_ahead_ms = 0;
        break;
    }
    if (sim_chance(&d->rng, 500)) { /* that was a boot */
        d->boot = (uint32_t)sim_next(&d->rng);
        d->boot_ms = now;
    }
}

/* ---- files ---- */

static const char *const files[] = {"vault", "vault.key", "sent",
                                    "agent.db-wal", "agent.db"};
static const char *const derived[] = {"agent.db-shm", "agent.db.lock",
                                      "sync.lock"};

enum { FILE_COUNT = sizeof files / sizeof *files };

static void copy_file(struct sim_device *d, const char *from, const char *to)
{
    static char block[64 << 10];
    int in = open(from, O_RDONLY | O_CLOEXEC);

    unlink(to);
    if (in < 0) {
        if (errno == ENOENT)
            return;
        sim_fail(d->world, "cannot read %s", from);
    }
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t n = out < 0 ? -1 : 1;
    while (n > 0) {
        n = read(in, block, sizeof block);
        if (n > 0 && write(out, block, (size_t)n) != n)
            n = -1;
    }
    if (n < 0)
        sim_fail(d->world, "cannot write %s", to);
    close(in);
    close(out);
}

/* What lies in one folder, and nothing else, into another. `skip` leaves out
 * that file: the other folder keeps its own. */
static void copy_home(struct sim_device *d, const char *from, const char *to,
                      const char *skip)
{
    char a[SIM_PATH + 32], b[SIM_PATH + 32];

    if (mkdir(to, 0700) != 0 && errno != EEXIST)
        sim_fail(d->world, "cannot make %s", to);
    for (size_t i = 0; i < sizeof derived / sizeof *derived; i++) {
        snprintf(b, sizeof b, "%s/%s", to, derived[i]);
        unlink(b);
    }
    for (size_t i = 0; i < FILE_COUNT; i++) {
        if (skip && strcmp(files[i], skip) == 0)
            continue;
        snprintf(a, sizeof a, "%s/%s", from, files[i]);
        snprintf(b, sizeof b, "%s/%s", to, files[i]);
        copy_file(d, a, b);
    }
}

/* ---- being ---- */

struct sim_device *sim_device_new(struct sim_world *w, unsigned index)
{
    struct sim_device *d = sim_alloc(sizeof *d);

    *d = (struct sim_device){.world = w,
                             .index = index,
                             .parent = index,
                             .rng = sim_rng(w->script->seed, 1000 + index),
                             .boot = index + 1,
                             .boot_ms = w->now_ms - 1000,
                             .cached = {.body = XG_BUF(XG_ANSWER_MAX)}};
    d->env = (struct xg_env){d, wall_ms, mono_ms, boot, draw};
    snprintf(d->home, sizeof d->home, "%.200s/%04u", w->options.dir, index);
    snprintf(d->image, sizeof d->image, "%.200s/%04u.old", w->options.dir,
             index);
    snprintf(d->spare, sizeof d->spare, "%.200s/%04u.new", w->options.dir,
             index);
    w->devices =
        sim_grow(w->devices, w->device_count, &w->device_room,
                 sizeof *w->devices);
    w->devices[w->device_count++] = d;
    w->slots[index] = d;
    return d;
}

struct sim_device *sim_device_at(struct sim_world *w, unsigned slot)
{
    return slot < w->script->slots ? w->slots[slot] : NULL;
}

void sim_device_free(struct sim_device *d)
{
    if (!d)
        return;
    sim_disk_settled(d);
    xg_buf_clear(&d->cached.body);
    free(d->saved);
    free(d);
}

/* Of what a killed process does on, nobody is told. */
void sim_saved_put(struct sim_device *d, const struct sim_saved *saved)
{
    if (d->dead)
        return;
    d->saved =
        sim_grow(d->saved, d->saved_count, &d->saved_room, sizeof *d->saved);
    d->saved[d->saved_count++] = *saved;
    sim_count(d->world, SIM_SAVED);
    sim_note(d->world, "saved", d->index, &saved->record);
}

bool sim_allowed(struct sim_device *d, const char *what, enum xg_status status,
                 const struct xg_error *err)
{
    if (status == XG_OK)
        return true;
    if (status != XG_FULL || !sim_disk_refused(d))
        sim_refused(d->world, what, err);
    sim_count(d->world, SIM_F_REFUSED);
    sim_say(d->world, "%04u has no space: %s", d->index, xg_error_text(err));
    return false;
}

bool sim_home_open(struct sim_device *d, struct home *home)
{
    struct xg_error err = XG_ERROR_NONE;

    return sim_allowed(d, "home_open",
                       home_open(home, d->home, true, &d->env, &err), &err);
}

void sim_device_keep_image(struct sim_device *d)
{
    copy_home(d, d->home, d->image, NULL);
    d->imaged = true;
    d->image_saved = d->saved_count;
}

/* What was saved after the copy was made is gone with the newer home, unless
 * the server has it. */
static void forget(struct sim_device *d, size_t keep)
{
    struct sim_world *w = d->world;

    for (size_t i = keep; i < d->saved_count; i++) {
        if (!sim_server_has_record(w->server, &d->saved[i].record)) {
            sim_count(w, SIM_F_LOSTWORK);
            continue;
        }
        w->must =
            sim_grow(w->must, w->must_count, &w->must_room, sizeof *w->must);
        w->must[w->must_count++] = d->saved[i].record;
    }
    d->saved_count = keep;
}

void sim_device_restore(struct sim_device *d)
{
    if (!d->imaged || d->busy || d->lives >= LIVES_MAX)
        return;
    /* The whole folder, or the database alone while "sent" stays. */
    bool whole = sim_chance(&d->rng, 500);
    d->excused = d->excused || whole;
    d->world->act = "putting back an old copy";
    sim_say(d->world, "%04u is put back (%s)", d->index,
            whole ? "whole" : "database");
    sim_disk_settled(d);
    copy_home(d, d->image, d->home, whole ? NULL : "sent");
    forget(d, d->image_saved);
    d->held_size = 0;
    d->lives++;
    sim_count(d->world, SIM_F_RESTORED);
    sim_note(d->world, "restored", d->index, NULL);
}

void sim_device_clone(struct sim_device *d, unsigned slot)
{
    struct sim_world *w = d->world;

    if (d->busy || !*d->name || d->lives >= LIVES_MAX ||
        sim_device_at(w, slot))
        return;
    w->act = "cloning";
    struct sim_device *c = sim_device_new(w, slot);
    struct sim_rng rng = c->rng;
    char home[SIM_PATH], image[SIM_PATH], spare[SIM_PATH];
    unsigned index = c->index;

    memcpy(home, c->home, sizeof home);
    memcpy(image, c->image, sizeof image);
    memcpy(spare, c->spare, sizeof spare);
    *c = *d;
    memcpy(c->home, home, sizeof home);
    memcpy(c->image, image, sizeof image);
    memcpy(c->spare, spare, sizeof spare);
    c->index = index;
    c->rng = rng;
    c->env.ctx = c;
    c->disk = (struct sim_disk){.calls = 0};
    c->saved = NULL;
    c->saved_count = c->saved_room = 0;
    c->imaged = false;
    c->cached = (struct transport_answer){.body = XG_BUF(XG_ANSWER_MAX)};
    c->cached_path[0] = '\0';
    for (size_t i = 0; i < d->saved_count; i++) {
        c->saved = sim_grow(c->saved, c->saved_count, &c->saved_room,
                            sizeof *c->saved);
        c->saved[c->saved_count++] = d->saved[i];
    }
    c->lives = ++d->lives;
    c->excused = d->excused = true;
    copy_home(c, d->home, c->home, NULL);
    sim_passed(w, d, c);
    sim_count(w, SIM_F_CLONED);
    sim_note(w, "cloned", d->index, NULL);
    sim_say(w, "%04u is cloned to %04u", d->index, c->index);
}

/* ---- syncing ---- */

static bool wait_ms(void *ctx, int64_t ms)
{
    struct sim_device *d = ctx;

    if (d->dead)
        return false;
    d->world->now_ms += ms;
    sim_net_deliver(d->world);
    return true;
}

/* Received is said of nothing that the server does not have. */
static void hear(void *ctx, const struct store_batch *batch,
                 enum xg_batch_state state, uint64_t entry)
{
    struct sim_device *d = ctx;

    sim_count(d->world, SIM_RECEIPTS);
    sim_note(d->world, xg_batch_state_name(state), entry, &batch->id);
    if (!sim_server_has_batch(d->world->server, &batch->id, entry))
        sim_fail(d->world,
                 "%04u takes a batch for received that is not in the log at "
                 "%" PRIu64,
                 d->index, entry);
}

static enum xg_status sync_home(struct sim_device *d, struct home *home,
                                int64_t give_up_ms, struct sync_report *report,
                                struct xg_error *err)
{
    const struct xg_transport transport = {d, sim_net_request};
    const struct sync_host host = {.ctx = d, .wait_ms = wait_ms, .batch = hear};
    const struct sync_options options = {.give_up_ms = give_up_ms};

    *report = (struct sync_report){.reached = false};
    if (*d->name)
        return sync_run(home, &transport, &host, &options, report, err);
    enum xg_status status =
        sync_enrol(home, &transport, &host, &options, &d->code, report, err);
    if (status != XG_OK)
        return status;
    snprintf(d->name, sizeof d->name, "%s", report->device);
    if (d->dead) {
        *d->name = '\0';
        return xg_fail(err, XG_NET, "dead");
    }
    return sync_run(home, &transport, &host, &options, report, err);
}

/* Does a checkpoint that it holds fit what it and others saw? */
static void look_at_log(struct sim_device *d, struct home *home)
{
    struct xg_error err = XG_ERROR_NONE;
    struct xg_checkpoint c;
    bool found;

    sim_ok(d->world, store_get_checkpoint(home->store, &c, NULL, &found, &err));
    if (!found)
        c.size = 0;
    if (c.size < d->held_size)
        sim_fail(d->world, "%04u held a log of %" PRIu64 ", now of %" PRIu64,
                 d->index, d->held_size, c.size);
    d->held_size = c.size;
    sim_saw(d->world, c.size, &c.root);
}

static void judge_sync(struct sim_device *d, enum xg_status status,
                       const struct sync_report *report,
                       const struct xg_error *err)
{
    sim_say(d->world, "%04u sync: %s, %" PRIu64 " out, %" PRIu64 " in%s%s",
            d->index, xg_status_name(status), report->records_received,
            report->records_pulled, status ? ": " : "",
            status ? xg_error_text(err) : "");
    if (report->batches_refused)
        sim_fail(d->world, "%04u: the server refused a batch: %s", d->index,
                 report->reasons[0]);
    if (report->new_chain != SYNC_CHAIN_KEPT)
        sim_count(d->world, SIM_NEW_CHAINS);
    if (status == XG_OK)
        sim_count(d->world, SIM_SYNCS_DONE);
    else if (status == XG_FULL && sim_disk_refused(d))
        sim_count(d->world, SIM_F_REFUSED);
    else if (status != XG_NET &&
             !(status == XG_REFUSED && (d->revoked || d->damaged ||
                                        report->state == XG_DEVICE_PENDING)))
        sim_fail(d->world, "%04u sync: %s: %s", d->index,
                 xg_status_name(status), xg_error_text(err));
    sim_note(d->world, "synced", (uint64_t)status << 32 | d->index, NULL);
}

/* Is there all that its person was ever told is saved? */
static void judge_kept(struct sim_device *d, struct home *home)
{
    struct xg_error err = XG_ERROR_NONE;
    bool has;

    d->world->act = "looking for what was saved";
    for (size_t i = 0; i < d->saved_count; i++) {
        sim_ok(d->world, store_has_record(home->store, &has,
                                          &d->saved[i].record, &err));
        if (!has)
            sim_fail(d->world, "%04u was told that a record is saved, and it "
                               "is not there any more",
                     d->index);
    }
    sim_count(d->world, SIM_CHECKED_SAVED);
    d->world->act = "recording";
}

static enum xg_status sync_once(struct sim_device *d, struct home *home,
                                int64_t give_up_ms, struct sync_report *report)
{
    struct xg_error err = XG_ERROR_NONE;

    d->world->act = "syncing";
    sim_count(d->world, SIM_SYNCS);
    d->dead = d->damaged = false;
    enum xg_status status = sync_home(d, home, give_up_ms, report, &err);
    if (!d->dead) {
        judge_sync(d, status, report, &err);
        look_at_log(d, home);
    }
    return status;
}

/* Its process was killed, or the power went: what lay on the disk at that
 * moment is what there is. */
static void come_back(struct sim_device *d)
{
    sim_say(d->world, "%04u died", d->index);
    sim_disk_settled(d);
    copy_home(d, d->spare, d->home, NULL);
    d->dead = d->dying = false;
    sim_note(d->world, "died", d->index, NULL);
}

static void die(struct sim_device *d)
{
    copy_home(d, d->home, d->spare, NULL);
    sim_disk_lose(d, d->spare);
    d->given = d->giving && access(d->giving, F_OK) == 0;
    d->dead = true;
    d->dying = false;
}

void sim_device_cut(struct sim_device *d)
{
    die(d);
    sim_count(d->world, SIM_F_POWER);
}

void sim_device_recover(struct sim_device *d)
{
    if (d->dead)
        come_back(d);
    d->dying = false;
    d->disk.dies_at = 0;
}

bool sim_device_dies(struct sim_device *d)
{
    if (d->dead)
        return true;
    if (!d->dying || d->dies_at-- > 0)
        return false;
    die(d);
    sim_count(d->world, SIM_F_DEVICE);
    return true;
}

/* ---- sessions ---- */

void sim_device_tempt(struct sim_device *d)
{
    struct sim_disk *k = &d->disk;
    bool dying = sim_chance(&d->rng, 60), cut = sim_chance(&d->rng, 60);
    /* Also at the moment at which the home is made. */
    bool full = sim_chance(&d->rng, *d->name ? 40 : 300);
    unsigned calm = d->world->healed ? SIM_CALM_ALL : d->world->calm;
    unsigned width = (unsigned)sim_below(&d->rng, CUT_CALLS + 1);

    d->dies_at = (unsigned)sim_below(&d->rng, 6);
    uint64_t cut_at = k->calls + 1 + sim_below(&d->rng, 1ull << width);
    uint64_t full_from = k->calls + sim_below(&d->rng, 1ull << width);
    uint64_t span = 1 + sim_below(&d->rng, 1ull << sim_below(&d->rng, 10));
    d->dying = dying && !(calm & SIM_CALM_DEATH);
    k->dies_at = cut && !(calm & SIM_CALM_DEATH) ? cut_at : 0;
    if (calm & SIM_CALM_DISK) {
        k->full_from = 0;
    } else if (full) {
        k->full_from = full_from;
        k->full_until = full_from + span;
        sim_count(d->world, SIM_F_FULL);
    }
    k->refused = false;
}

/* What a new process of it does on the first occasion. */
static bool record(struct sim_device *d, struct home *home,
                   const struct sim_plan *plan)
{
    struct xg_error err = XG_ERROR_NONE;
    enum sync_new_chain why;
    struct store_identity id;

    sim_ok(d->world, store_get_identity(home->store, &id, &err));
    /* It may have died after it was taken in, before it was told. */
    if (!d->dead)
        snprintf(d->name, sizeof d->name, "%s", id.device);
    if (!d->dead)
        judge_kept(d, home);
    if (!sim_allowed(d, "sync_notice_restore",
                     sync_notice_restore(&why, home, &err), &err))
        return true;
    for (uint64_t i = 0; i < plan->saves && id.joined; i++) {
        sim_capture(d, home);
        d->world->now_ms += (int64_t)sim_below(&d->rng, 60 * 1000);
    }
    if (!id.joined || !sim_chance(&d->rng, 30))
        return true;
    sim_capture_abandoned(d, home);
    return sim_home_open(d, home);
}

void sim_session(struct sim_device *d, const struct sim_plan *plan)
{
    struct sync_report report;
    struct home home;

    d->rng = sim_rng(plan->seed, 1000 + d->index);
    sim_device_tempt(d);
    d->busy = true;
    d->world->act = "recording";
    sim_count(d->world, SIM_SESSIONS);
    if (sim_home_open(d, &home) && record(d, &home, plan) && plan->sync &&
        sync_once(d, &home, sim_chance(&d->rng, 300) ? 10 * 60 * 1000 : 0,
                  &report) == XG_OK &&
        !d->dead)
        sim_judge_step(d, &home);
    home_close(&home);
    sim_device_recover(d);
    d->busy = false;
}

void sim_device_meanwhile(struct sim_device *d)
{
    struct home home;

    if (d->dead || !*d->name)
        return;
    if (sim_home_open(d, &home))
        sim_capture(d, &home);
    home_close(&home);
    d->world->act = "syncing";
}

bool sim_device_settle(struct sim_device *d)
{
    struct home home;
    struct sync_report r;
    enum xg_status status = XG_NET;

    d->busy = true;
    d->rng = sim_rng(d->world->script->seed ^ d->world->step, 1000 + d->index);
    sim_device_tempt(d);
    if (!sim_home_open(d, &home))
        sim_fail(d->world, "%04u has no space on an empty disk", d->index);
    for (int i = 0; i < SETTLE_TRIES && status == XG_NET; i++)
        status = sync_once(d, &home, 0, &r);
    home_close(&home);
    d->busy = false;
    if (status != XG_OK && !d->revoked && r.state != XG_DEVICE_PENDING)
        sim_fail(d->world, "%04u cannot sync although the network is well: %s",
                 d->index, xg_status_name(status));
    /* What waits for a batch that is kept apart is sent again each time. */
    return d->revoked || (r.records_received == 0 && r.records_pulled == 0 && r.gone == 0 &&
                          r.registry_notes == 0);
}
