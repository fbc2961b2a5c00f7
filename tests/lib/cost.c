/* cost.c - see cost.h. */
#include "tests/lib/cost.h"

#include <stdlib.h>
#include <time.h>

static double us_of(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

double test_thread_us(void)
{
    return us_of(CLOCK_THREAD_CPUTIME_ID);
}

double test_process_us(void)
{
    return us_of(CLOCK_PROCESS_CPUTIME_ID);
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

double test_median(double *turns, size_t count)
{
    qsort(turns, count, sizeof *turns, by_size);
    return turns[count / 2];
}
