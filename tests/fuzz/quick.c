/* quick.c - a part of every fuzzer, so that a run takes little time:
 *
 *  - what was freed is kept from use until 4 MiB more were, which is more than
 *    a run frees: with 256 MiB, the default, every run asks the kernel for new
 *    pages, and half of the time is spent there;
 *  - nothing is waited for until it is on a disk: what a cut leaves is held by
 *    other tests (tests/fault, tests/sim), and the files lie in memory anyway.
 *
 * ASAN_OPTIONS says otherwise where a crash is looked at. */
#define _DEFAULT_SOURCE
#include <unistd.h>

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=4:malloc_context_size=6";
}

int fsync(int fd)
{
    (void)fd;
    return 0;
}

int fdatasync(int fd)
{
    (void)fd;
    return 0;
}
