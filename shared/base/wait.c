/* wait.c - see wait.h. */
#include "shared/base/wait.h"

#include <errno.h>

/* With glibc and musl none of these can fail: nothing is allocated, and each
 * has that clock. */
void xg_wait_init(pthread_cond_t *wake)
{
    pthread_condattr_t by;

    pthread_condattr_init(&by);
    pthread_condattr_setclock(&by, CLOCK_MONOTONIC);
    pthread_cond_init(wake, &by);
    pthread_condattr_destroy(&by);
}

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
    return pthread_cond_timedwait(wake, held, until) != ETIMEDOUT;
}
