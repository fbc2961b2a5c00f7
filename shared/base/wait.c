/* wait.c - see wait.h. */
#define _GNU_SOURCE /* pthread_cond_clockwait(): glibc 2.30, POSIX of 2024 */
#include "shared/base/wait.h"

#include <errno.h>

struct timespec xg_wait_until(uint64_t ms)
{
    enum { SECOND = 1000000000 };
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(ms / 1000);
    at.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (at.tv_nsec >= SECOND) {
        at.tv_nsec -= SECOND;
        at.tv_sec++;
    }
    return at;
}

bool xg_wait(pthread_cond_t *wake, pthread_mutex_t *held,
             const struct timespec *until)
{
    return pthread_cond_clockwait(wake, held, CLOCK_MONOTONIC, until) !=
           ETIMEDOUT;
}
