/* gate.c - see gate.h. */
#include "shared/web/gate.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "shared/web/web.h"

enum xg_status gate_init(struct gate *g, unsigned max, unsigned max_per_address,
                         int64_t idle_ms, size_t bodies_max,
                         struct xg_error *err)
{
    struct gate_seat *seats = calloc(max + GATE_SPARE, sizeof *seats);
    struct gate_share *shares = calloc(max + GATE_SPARE, sizeof *shares);

    if (!seats || !shares) {
        free(seats);
        free(shares);
        return xg_fail_nomem(err);
    }
    *g = (struct gate){
        .seats = seats,
        .shares = shares,
        .count = max + GATE_SPARE,
        .max = max,
        .max_per_address = max_per_address,
        .idle_ms = idle_ms,
        .bodies_max = bodies_max,
    };
    pthread_mutex_init(&g->lock, NULL);
    return XG_OK;
}

void gate_clear(struct gate *g)
{
    pthread_mutex_destroy(&g->lock);
    free(g->seats);
    free(g->shares);
    g->seats = NULL;
    g->shares = NULL;
}

/* Fill address and peer. What is neither IPv4 nor IPv6 counts as one. */
static void name(uint8_t out[static 16], char peer[static INET6_ADDRSTRLEN],
                 const struct sockaddr *address)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

    memset(out, 0, 16);
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        memcpy(out, mapped, sizeof mapped);
        memcpy(out + 12, &in.sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        memcpy(out, &in6.sin6_addr, 16);
    }

    if (memcmp(out, mapped, sizeof mapped) == 0) {
        inet_ntop(AF_INET, out + 12, peer, INET6_ADDRSTRLEN);
    } else {
        inet_ntop(AF_INET6, out, peer, INET6_ADDRSTRLEN);
        memset(out + 8, 0, 8);
    }
}

/* That of the address, which nobody may hold yet. NULL: all are others'. */
static struct gate_share *share_of(struct gate *g, const uint8_t address[16])
{
    struct gate_share *unused = NULL;

    for (size_t i = 0; i < g->count; i++) {
        struct gate_share *s = &g->shares[i];
        if (s->seats && memcmp(s->address, address, sizeof s->address) == 0)
            return s;
        if (!s->seats && !unused)
            unused = s;
    }
    if (unused)
        memcpy(unused->address, address, sizeof unused->address);
    return unused;
}

static bool seat_counts(const struct gate_seat *seat)
{
    return seat->state != GATE_FREE && !seat->closing;
}

static void seat_shut(struct gate_seat *seat)
{
    seat->closing = true;
    seat->share->count--;
    shutdown(seat->fd, SHUT_RDWR);
}

static bool may_go(const struct gate_seat *s, bool also_busy)
{
    return seat_counts(s) && s->started &&
           (s->state == GATE_IDLE || (also_busy && s->state != GATE_WORK));
}

/* The idle first, then whoever was longest in its state. */
static bool goes_before(const struct gate_seat *s, const struct gate_seat *best)
{
    bool idle = s->state == GATE_IDLE;

    if (idle != (best->state == GATE_IDLE))
        return idle;
    return s->since_ms < best->since_ms;
}

/* The idle one of that address that was it longest. */
static struct gate_seat *oldest(struct gate *g, const struct gate_share *of)
{
    struct gate_seat *best = NULL;

    for (size_t i = 0; i < g->count; i++) {
        struct gate_seat *s = &g->seats[i];
        if (may_go(s, false) && s->share == of &&
            (!best || goes_before(s, best)))
            best = s;
    }
    return best;
}

/* Whom a newcomer replaces when all places are taken: somebody of the address
 * that holds the most, if that is more than the newcomer's own would. */
static struct gate_seat *over_share(struct gate *g,
                                    const struct gate_share *newcomers)
{
    struct gate_seat *best = NULL;

    for (size_t i = 0; i < g->count; i++) {
        struct gate_seat *s = &g->seats[i];
        if (!may_go(s, true) || s->share->count <= newcomers->count + 1)
            continue;
        if (!best || s->share->count > best->share->count ||
            (s->share->count == best->share->count && goes_before(s, best)))
            best = s;
    }
    return best ? best : oldest(g, newcomers);
}

/* A free seat, after making place. NULL: there is none. */
static struct gate_seat *find_seat(struct gate *g,
                                   const struct gate_share *newcomers)
{
    struct gate_seat *seat = NULL, *victim = NULL;
    unsigned counted = 0, closing = 0;

    for (size_t i = 0; i < g->count; i++) {
        counted += seat_counts(&g->seats[i]);
        closing += g->seats[i].closing;
        if (!seat && g->seats[i].state == GATE_FREE)
            seat = &g->seats[i];
    }
    if (!seat)
        return NULL;

    bool address_full = newcomers->count >= g->max_per_address;
    if (!address_full && counted < g->max)
        return seat;
    victim = address_full ? oldest(g, newcomers) : over_share(g, newcomers);
    /* A crowd that replaces its own faster than they go leaves half of the
     * spare seats to others. */
    if (!victim ||
        (victim->share == newcomers && closing >= GATE_SPARE / 2))
        return NULL;
    seat_shut(victim);
    g->stats.evicted++;
    return seat;
}

static void seat_free(struct gate *g, struct gate_seat *seat)
{
    g->bodies_bytes -= seat->body_bytes;
    seat->share->seats--;
    if (!seat->closing)
        seat->share->count--;
    *seat = (struct gate_seat){.state = GATE_FREE};
}

/* A seat by its descriptor; those that a thread serves, or those that not. */
static struct gate_seat *find_fd(struct gate *g, int fd, bool started)
{
    for (size_t i = 0; i < g->count; i++) {
        struct gate_seat *s = &g->seats[i];
        if (s->state != GATE_FREE && s->fd == fd && s->started == started)
            return s;
    }
    return NULL;
}

bool gate_enter(struct gate *g, int fd, const struct sockaddr *address,
                int64_t now_ms)
{
    struct gate_seat newcomer = {
        .state = GATE_IDLE,
        .fd = fd,
        .since_ms = now_ms,
        .deadline_ms = now_ms + g->idle_ms,
    };
    uint8_t from[16];

    name(from, newcomer.peer, address);
    pthread_mutex_lock(&g->lock);
    /* The library found no memory for the one that had this number. */
    struct gate_seat *stale = find_fd(g, fd, false);
    if (stale)
        seat_free(g, stale);
    newcomer.share = share_of(g, from);
    struct gate_seat *seat =
        newcomer.share ? find_seat(g, newcomer.share) : NULL;
    if (seat) {
        *seat = newcomer;
        seat->share->seats++;
        seat->share->count++;
        g->stats.accepted++;
    } else {
        g->stats.refused++;
    }
    pthread_mutex_unlock(&g->lock);
    return seat != NULL;
}

struct gate_seat *gate_started(struct gate *g, int fd)
{
    pthread_mutex_lock(&g->lock);
    struct gate_seat *seat = find_fd(g, fd, false);
    if (seat)
        seat->started = true;
    pthread_mutex_unlock(&g->lock);
    return seat;
}

void gate_leave(struct gate *g, struct gate_seat *seat)
{
    pthread_mutex_lock(&g->lock);
    seat_free(g, seat);
    pthread_mutex_unlock(&g->lock);
}

void gate_drop(struct gate *g, int fd)
{
    pthread_mutex_lock(&g->lock);
    struct gate_seat *seat = find_fd(g, fd, false);
    if (seat)
        seat_free(g, seat);
    pthread_mutex_unlock(&g->lock);
}

void gate_turn(struct gate *g, struct gate_seat *seat, enum gate_state state,
               int64_t now_ms)
{
    pthread_mutex_lock(&g->lock);
    seat->state = state;
    seat->since_ms = now_ms;
    seat->deadline_ms = now_ms + g->idle_ms;
    if (state == GATE_IDLE)
        seat->flows = false;
    pthread_mutex_unlock(&g->lock);
}

void gate_moved(struct gate *g, struct gate_seat *seat, size_t bytes,
                int64_t now_ms)
{
    int64_t latest_ms = now_ms + g->idle_ms;

    pthread_mutex_lock(&g->lock);
    seat->deadline_ms += (int64_t)(bytes * 1000 / XG_WEB_RATE_BYTES);
    if (seat->deadline_ms > latest_ms)
        seat->deadline_ms = latest_ms;
    pthread_mutex_unlock(&g->lock);
}

bool gate_take(struct gate *g, struct gate_seat *seat, size_t bytes)
{
    pthread_mutex_lock(&g->lock);
    size_t mine = bytes;
    for (size_t i = 0; i < g->count; i++)
        if (g->seats[i].body_bytes && g->seats[i].share == seat->share)
            mine += g->seats[i].body_bytes;
    bool fits =
        mine <= g->bodies_max / 2 && bytes <= g->bodies_max - g->bodies_bytes;
    if (fits) {
        seat->body_bytes += bytes;
        g->bodies_bytes += bytes;
    }
    pthread_mutex_unlock(&g->lock);
    return fits;
}

void gate_give(struct gate *g, struct gate_seat *seat)
{
    pthread_mutex_lock(&g->lock);
    g->bodies_bytes -= seat->body_bytes;
    seat->body_bytes = 0;
    pthread_mutex_unlock(&g->lock);
}

bool gate_flow(struct gate *g, struct gate_seat *seat)
{
    unsigned all = 0, mine = 0;

    pthread_mutex_lock(&g->lock);
    for (size_t i = 0; i < g->count; i++) {
        const struct gate_seat *s = &g->seats[i];
        if (!seat_counts(s) || !s->flows)
            continue;
        all++;
        mine += s->share == seat->share;
    }
    seat->flows = all < g->max - g->max / 4 &&
                  mine < g->max_per_address - g->max_per_address / 4;
    bool may = seat->flows;
    pthread_mutex_unlock(&g->lock);
    return may;
}

int64_t gate_sweep(struct gate *g, int64_t now_ms)
{
    int64_t next_ms = g->idle_ms;

    pthread_mutex_lock(&g->lock);
    for (size_t i = 0; i < g->count; i++) {
        struct gate_seat *s = &g->seats[i];
        if (!seat_counts(s) || !s->started || s->state == GATE_WORK)
            continue;
        if (s->deadline_ms <= now_ms) {
            seat_shut(s);
            g->stats.timed_out++;
        } else if (s->deadline_ms - now_ms < next_ms) {
            next_ms = s->deadline_ms - now_ms;
        }
    }
    pthread_mutex_unlock(&g->lock);
    return next_ms;
}

bool gate_drain(struct gate *g)
{
    bool working = false;

    pthread_mutex_lock(&g->lock);
    for (size_t i = 0; i < g->count; i++) {
        struct gate_seat *s = &g->seats[i];
        if (!seat_counts(s))
            continue;
        if (s->state != GATE_IDLE)
            working = true;
        else if (s->started)
            seat_shut(s);
    }
    pthread_mutex_unlock(&g->lock);
    return working;
}

struct gate_stats gate_stats(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    struct gate_stats stats = g->stats;
    for (size_t i = 0; i < g->count; i++)
        stats.open += seat_counts(&g->seats[i]);
    pthread_mutex_unlock(&g->lock);
    return stats;
}
