/* fuzz.h - what every fuzz target has: the one function, and a way to fail. */
#ifndef XG_TESTS_FUZZ_FUZZ_H
#define XG_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Called with any bytes, any number of times; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Must hold whatever the bytes are. */
#define FUZZ_MUST(condition)                                                 \
    do {                                                                     \
        if (!(condition)) {                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);  \
            abort();                                                         \
        }                                                                    \
    } while (0)

#endif
