/* wait.h - a thread that waits for another, or for a while.
 *
 * By CLOCK_MONOTONIC, which nobody sets: by the time of day, a thread that
 * rests for half a second rests for an hour when the clock is set back by one,
 * and for a lifetime where it comes back from 2099. No other file waits with a
 * limit (tests/lint/includes.py).
 */
#ifndef XG_BASE_WAIT_H
#define XG_BASE_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* The moment so many ms from now. */
struct timespec xg_wait_until(uint64_t ms);

/* Wait, `held` given back meanwhile, until somebody signals (true, also now and
 * then without a signal: look what you wait for again) or that moment has come
 * (false). */
bool xg_wait(pthread_cond_t *wake, pthread_mutex_t *held,
             const struct timespec *until);

#endif
