/* fuzz_file.h - the bytes as a file, for what reads a descriptor. */
#ifndef XG_TESTS_FUZZ_FUZZ_FILE_H
#define XG_TESTS_FUZZ_FUZZ_FILE_H

#include <sys/mman.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

/* At its start; the same descriptor every time. Define _GNU_SOURCE. */
static inline int fuzz_file(const uint8_t *data, size_t size)
{
    static int fd = -1;

    if (fd < 0)
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    FUZZ_MUST(fd >= 0 && ftruncate(fd, 0) == 0 &&
              pwrite(fd, data, size, 0) == (ssize_t)size &&
              lseek(fd, 0, SEEK_SET) == 0);
    return fd;
}

#endif
