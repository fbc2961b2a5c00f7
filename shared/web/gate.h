/* gate.h - who is connected: a seat a connection, caps, eviction, deadlines.
 *
 * Internal to the room; web.c feeds it. It knows sockets only to shut them
 * down, which wakes the thread that serves them. A descriptor is shut down
 * under the gate's lock and only between gate_started() and gate_leave(); the
 * library closes it after gate_leave(), so a number that was given to another
 * file meanwhile is never hit.
 *
 * All times are milliseconds of a clock that never goes back.
 */
#ifndef XG_WEB_GATE_H
#define XG_WEB_GATE_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "shared/base/error.h"

enum { GATE_SPARE = 32 }; /* seats over the cap, for those being closed */

enum gate_state {
    GATE_FREE,
    GATE_IDLE,  /* connected, or between requests, or amid headers */
    GATE_BODY,  /* sending a body */
    GATE_WORK,  /* in a handler: no deadline, never evicted */
    GATE_REPLY, /* reading an answer */
};

/* What an address has, counted as it comes and goes: who comes to a full gate
 * is weighed against all others. */
struct gate_share {
    uint8_t address[16]; /* IPv4 mapped; of IPv6 the /64 */
    unsigned seats;      /* 0: nobody's */
    unsigned count;      /* of those, the ones that are not being closed */
};

struct gate_seat {
    enum gate_state state;
    int fd;
    bool started; /* a thread serves it */
    bool closing; /* shut down, and waiting for that thread to see it */
    bool flows;   /* its answer is one that may last for ever */
    struct gate_share *share;
    char peer[INET6_ADDRSTRLEN];
    int64_t since_ms, deadline_ms; /* of the state */
    size_t body_bytes;
};

struct gate_stats {
    unsigned open;
    uint64_t accepted, evicted, refused, timed_out;
};

struct gate {
    pthread_mutex_t lock;
    struct gate_seat *seats;
    struct gate_share *shares;
    size_t count; /* of each: cap + GATE_SPARE */
    unsigned max, max_per_address;
    int64_t idle_ms;
    size_t bodies_bytes, bodies_max;
    struct gate_stats stats;
};

XG_MUST_CHECK enum xg_status gate_init(struct gate *g, unsigned max,
                                       unsigned max_per_address,
                                       int64_t idle_ms, size_t bodies_max,
                                       struct xg_error *err);
void gate_clear(struct gate *g);

/* Seat a newcomer, whose `fd` stays the caller's, evicting another if need
 * be. False: no place. */
bool gate_enter(struct gate *g, int fd, const struct sockaddr *address,
                int64_t now_ms);
/* The seat of a descriptor that a thread is about to serve. */
struct gate_seat *gate_started(struct gate *g, int fd);
/* A seat whose descriptor is about to be closed. */
void gate_leave(struct gate *g, struct gate_seat *seat);
/* The same for one that never started. */
void gate_drop(struct gate *g, int fd);

/* The seat's next state, with idle_ms to go. */
void gate_turn(struct gate *g, struct gate_seat *seat, enum gate_state state,
               int64_t now_ms);
/* `bytes` of a body or an answer moved: they buy time at XG_WEB_RATE_BYTES a
 * second, but never more than idle_ms ahead. So a burst is no credit for
 * silence later. */
void gate_moved(struct gate *g, struct gate_seat *seat, size_t bytes,
                int64_t now_ms);
/* Account for `bytes` more of a body; false over the ceiling. */
bool gate_take(struct gate *g, struct gate_seat *seat, size_t bytes);
void gate_give(struct gate *g, struct gate_seat *seat);

/* May this one's answer last for ever? Only while a quarter of all places, and
 * of those of its address, is left to the others. Until the seat is idle. */
bool gate_flow(struct gate *g, struct gate_seat *seat);

/* Shut down what is over its deadline; the time until the next, at most
 * idle_ms. */
int64_t gate_sweep(struct gate *g, int64_t now_ms);
/* Shut down the idle; false when none is at work any more. */
bool gate_drain(struct gate *g);

struct gate_stats gate_stats(struct gate *g);

#endif
