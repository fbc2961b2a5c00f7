/* keeper.c - see keeper.h. */
#include "server/ledger/keeper.h"

#include <inttypes.h>
#include <stdlib.h>

#include "shared/base/log.h"

void keeper_begin(struct keeper *k, const struct xg_env *machine,
                  const struct keeper_kept *kept)
{
    int64_t mono_ms = xg_mono_ms(machine);

    *k = (struct keeper){.machine = *machine,
                         .boot = machine->boot(machine->ctx),
                         .follows = kept->follows};
    pthread_mutex_init(&k->mutex, NULL);
    if (kept->boot && kept->boot == k->boot && kept->mono_ms <= mono_ms) {
        k->sure = true;
        k->ahead_ms = kept->ms - kept->mono_ms;
        return;
    }
    bool known = kept->ms >= XG_CLOCK_FLOOR_MS;
    k->ahead_ms = (known ? kept->ms : XG_CLOCK_FLOOR_MS) - mono_ms;
    k->away_ms = known ? KEEPER_AWAY_MS : KEEPER_FIRST_MS;
}

void keeper_end(struct keeper *k)
{
    pthread_mutex_destroy(&k->mutex);
}

/* Not a line for each of a hundred jumps a second. */
static void say(struct keeper *k, const char *what, int64_t off_ms,
                int64_t mono_ms)
{
    if (k->said && mono_ms - k->said_mono_ms < KEEPER_SAY_MS)
        return;
    k->said = true;
    k->said_mono_ms = mono_ms;
    xg_log(XG_LOG_WARN, what, "machine_ahead_s=%" PRId64, off_ms / 1000);
}

static void agree(struct keeper *k, int64_t ahead_ms)
{
    k->ahead_ms = ahead_ms;
    k->sure = true;
    k->doubts = false;
}

static bool is_plausible(const struct keeper *k, int64_t off_ms)
{
    return off_ms >= -KEEPER_NEAR_MS &&
           off_ms <= (k->sure ? KEEPER_NEAR_MS : k->away_ms);
}

/* `off_ms` ahead of our time: is it a jump that it stands by? */
static void doubt(struct keeper *k, int64_t off_ms, int64_t mono_ms)
{
    int64_t wall_ahead_ms = k->ahead_ms + off_ms;

    if (!k->doubts || llabs(wall_ahead_ms - k->doubted_ms) > KEEPER_NEAR_MS) {
        k->doubts = true;
        k->doubted_ms = wall_ahead_ms;
        k->doubted_mono_ms = mono_ms;
        say(k, "clock.doubted", off_ms, mono_ms);
    } else if (mono_ms - k->doubted_mono_ms >=
               llabs(off_ms) / KEEPER_STANDS_BY) {
        k->said = false;
        say(k, "clock.believed", off_ms, mono_ms);
        agree(k, wall_ahead_ms);
    }
}

/* Under the mutex: our time, after a look at the machine's. */
static int64_t look(struct keeper *k, int64_t *wall_ms, int64_t *mono_ms)
{
    *wall_ms = xg_wall_ms(&k->machine);
    *mono_ms = xg_mono_ms(&k->machine);
    if (k->follows || !k->boot) {
        agree(k, *wall_ms - *mono_ms);
        return *wall_ms;
    }
    int64_t off_ms = *wall_ms - *mono_ms - k->ahead_ms;
    if (is_plausible(k, off_ms))
        agree(k, *wall_ms - *mono_ms);
    else
        doubt(k, off_ms, *mono_ms);
    return *mono_ms + k->ahead_ms;
}

int64_t keeper_ms(struct keeper *k)
{
    int64_t wall_ms, mono_ms;

    pthread_mutex_lock(&k->mutex);
    int64_t ms = look(k, &wall_ms, &mono_ms);
    pthread_mutex_unlock(&k->mutex);
    return ms;
}

/* To be put into the store. */
static void keep(struct keeper *k, struct keeper_kept *kept)
{
    int64_t wall_ms, mono_ms;

    pthread_mutex_lock(&k->mutex);
    kept->ms = look(k, &wall_ms, &mono_ms);
    kept->mono_ms = mono_ms;
    kept->boot = k->sure ? k->boot : 0;
    kept->follows = k->follows;
    pthread_mutex_unlock(&k->mutex);
}

void keeper_look(struct keeper *k, struct ledger_clock *out)
{
    int64_t mono_ms;

    pthread_mutex_lock(&k->mutex);
    out->ms = look(k, &out->machine_ms, &mono_ms);
    out->follows = k->follows;
    out->doubted = k->doubts;
    out->believed_in_ms =
        k->doubts ? llabs(out->machine_ms - out->ms) / KEEPER_STANDS_BY -
                        (mono_ms - k->doubted_mono_ms)
                  : 0;
    pthread_mutex_unlock(&k->mutex);
}

void keeper_believe(struct keeper *k)
{
    pthread_mutex_lock(&k->mutex);
    agree(k, xg_wall_ms(&k->machine) - xg_mono_ms(&k->machine));
    pthread_mutex_unlock(&k->mutex);
}

void keeper_follow(struct keeper *k, bool follows)
{
    pthread_mutex_lock(&k->mutex);
    k->follows = follows;
    pthread_mutex_unlock(&k->mutex);
}

/* ---- in the store ---- */

enum xg_status keeper_load(struct keeper_kept *kept, struct store *s,
                           struct xg_error *err)
{
    uint64_t ms = 0, mono_ms = 0, boot = 0, follows = 0;

    if (s->ops->get_value(s, &ms, "clock_ms", err) != XG_OK ||
        s->ops->get_value(s, &mono_ms, "clock_mono_ms", err) != XG_OK ||
        s->ops->get_value(s, &boot, "clock_boot", err) != XG_OK ||
        s->ops->get_value(s, &follows, "clock_follows", err) != XG_OK ||
        /* Written by a program that kept no more than this. */
        (!ms && s->ops->get_value(s, &ms, "time_ms", err) != XG_OK))
        return err->status;
    *kept = (struct keeper_kept){.ms = (int64_t)ms,
                                 .mono_ms = (int64_t)mono_ms,
                                 .boot = (uint32_t)boot,
                                 .follows = follows};
    return XG_OK;
}

enum xg_status keeper_save(struct keeper *k, struct store *s,
                           struct xg_error *err)
{
    struct keeper_kept kept;

    keep(k, &kept);
    const uint64_t ms = kept.ms > 0 ? (uint64_t)kept.ms : 0;
    if (s->ops->put_value(s, "clock_ms", ms, err) != XG_OK ||
        s->ops->put_value(s, "clock_mono_ms", (uint64_t)kept.mono_ms, err) !=
            XG_OK ||
        s->ops->put_value(s, "clock_boot", kept.boot, err) != XG_OK)
        return err->status;
    return s->ops->put_value(s, "clock_follows", kept.follows, err);
}
