/* cost.h - what something costs, on a machine that does other things too: time
 * of the processor, and of several turns the one in the middle. */
#ifndef XG_TESTS_LIB_COST_H
#define XG_TESTS_LIB_COST_H

#include <stddef.h>

/* Microseconds of the processor so far: of this thread, of all of them. */
double test_thread_us(void);
double test_process_us(void);

/* The one in the middle. On return they ascend. */
double test_median(double *turns, size_t count);

#endif
